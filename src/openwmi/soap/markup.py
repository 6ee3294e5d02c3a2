"""XML that strangers sent: octets -> elements of lxml, or a RemoteProtocolError. Nothing is ever fetched or expanded.

What is refused: document types, and with them all entities but XML's own five; encodings other than UTF-8 and UTF-16;
what is longer, deeper or wider than the limits say. Comments and processing instructions are passed over.

It knows no SOAP.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Final, NamedTuple

from openwmi.base.fault import RemoteProtocolError
from openwmi.base.limits import (
    SOAP_DATAGRAM_OCTETS,
    SOAP_ENVELOPE_OCTETS,
    SOAP_LARGE_METADATA_OCTETS,
    XML_ATTRIBUTES,
    XML_DEPTH,
    XML_LARGE_TAGS,
    XML_TAGS,
    XML_TEXT_CHARS,
)
from openwmi.soap.name import QName

try:
    from lxml import etree
    from lxml.etree import _Element as Element
except ImportError as error:
    raise ImportError("web services for devices need lxml: pip install 'openwmi[wsd]'", name="lxml") from error

__all__ = ["DATAGRAM", "ENVELOPE", "LARGE_METADATA", "Element", "Limits", "elements", "etree", "parse_xml", "text_of"]


class Limits(NamedTuple):
    """What a document may have at most: octets, tags, levels of elements, attributes of one, characters of a text."""

    octets: int = SOAP_ENVELOPE_OCTETS
    tags: int = XML_TAGS
    depth: int = XML_DEPTH
    attributes: int = XML_ATTRIBUTES
    text: int = XML_TEXT_CHARS


ENVELOPE: Final = Limits()
DATAGRAM: Final = Limits(SOAP_DATAGRAM_OCTETS)
LARGE_METADATA: Final = Limits(SOAP_LARGE_METADATA_OCTETS, XML_LARGE_TAGS)

_WIDE: Final = (b"\xff\xfe", b"\xfe\xff", b"<\0", b"\0<")

# The encoding is given, so that no declaration makes other octets of markup than those that are looked at below.
_PARSER: Final = etree.XMLParser(
    encoding="utf-8",
    attribute_defaults=False,
    dtd_validation=False,
    load_dtd=False,
    no_network=True,
    resolve_entities=False,
    huge_tree=False,
    recover=False,
    remove_comments=True,
    remove_pis=True,
    strip_cdata=True,
    collect_ids=False,
)


def parse_xml(octets: bytes, limits: Limits = ENVELOPE) -> Element:
    """The outermost element."""
    if len(octets) > limits.octets:
        raise RemoteProtocolError(f"{len(octets)} octets of XML, where {limits.octets} are allowed")
    octets = _as_utf8(octets)
    if b"<!DOCTYPE" in octets:
        raise RemoteProtocolError("a document type, which SOAP has none of (SOAP 1.2 part 1, 5)")
    tags = octets.count(b"<")
    if tags > limits.tags:
        raise RemoteProtocolError(f"{tags} tags of XML, where {limits.tags} are allowed")
    try:
        root = etree.fromstring(octets, _PARSER)
    except etree.XMLSyntaxError as error:
        raise RemoteProtocolError(f"not XML: {error.msg}") from None
    _check(root, octets, limits)
    return root


def elements(parent: Element, namespace: str, local: str) -> Iterator[Element]:
    """The children of that name."""
    return parent.iterchildren(f"{{{namespace}}}{local}")


def text_of(element: Element) -> str:
    """What it says, without the white space around it. RemoteProtocolError where it holds elements."""
    if len(element):
        raise RemoteProtocolError(f"{element.tag} holds elements where a text is expected")
    return (element.text or "").strip()


def name_of(element: Element) -> QName:
    """Its own name."""
    namespace, brace, local = str(element.tag).rpartition("}")
    return QName(namespace[1:] if brace else "", local)


def resolve_qnames(element: Element, limit: int) -> tuple[QName, ...]:
    """The qualified names that its text lists, each once, in order; what has an unknown prefix has no namespace."""
    words = text_of(element).split()
    if len(words) > limit:
        raise RemoteProtocolError(f"{len(words)} names in {element.tag}, where {limit} are allowed")
    prefixes = element.nsmap if words else {}
    found = []
    for word in words:
        prefix, colon, local = word.rpartition(":")
        found.append(QName(prefixes.get(prefix if colon else None) or "", local))
    return tuple(dict.fromkeys(found))


def _as_utf8(octets: bytes) -> bytes:
    if not octets.startswith(_WIDE):
        return octets.strip()
    encoding = "utf-16" if octets[0] > 0x7F else "utf-16-le" if octets[0] else "utf-16-be"
    try:
        return octets.decode(encoding).strip().encode()
    except UnicodeError:
        raise RemoteProtocolError("neither UTF-8 nor UTF-16") from None


def _check(root: Element, octets: bytes, limits: Limits) -> None:
    """Most documents are too short to break a limit, and need not be walked through."""
    deep = octets.count(b"<") >= 2 * limits.depth  # of a depth of n there are at least 2n - 1 tags
    wide = octets.count(b"=") > limits.attributes
    long = len(octets) > limits.text
    if not (deep or wide or long):
        return
    depth = declared = 0  # prefixes are counted as they come: to ask an element for those around it takes long
    for event, element in etree.iterwalk(root, events=("start", "end", "start-ns", "end-ns")):
        if event == "start-ns":
            declared += 1
            continue
        if event == "end-ns":
            declared -= 1
            continue
        if event == "end":
            depth -= 1
            continue
        depth += 1
        if depth > limits.depth:
            raise RemoteProtocolError(f"elements nest deeper than {limits.depth} levels")
        if len(element.attrib) > limits.attributes or declared > limits.attributes:
            raise RemoteProtocolError(f"more than {limits.attributes} attributes of {element.tag}")
        if long and _longest(element) > limits.text:
            raise RemoteProtocolError(f"a text of more than {limits.text} characters in {element.tag}")


def _longest(element: Element) -> int:
    texts = (element.text or "", element.tail or "", *element.attrib.values())
    return max(map(len, texts))
