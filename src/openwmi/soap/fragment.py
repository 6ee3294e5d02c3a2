"""XML that nobody here has a class for, kept as it came: extensions of metadata, headers of vendors, details."""

from __future__ import annotations

import re
from copy import deepcopy
from dataclasses import dataclass

from openwmi.base.fault import LocalProtocolError, RemoteProtocolError
from openwmi.base.limits import SOAP_LARGE_METADATA_OCTETS, XML_LARGE_TAGS
from openwmi.soap.markup import Element, Limits, etree, name_of, parse_xml
from openwmi.soap.name import QName

_PREFIX = re.compile(r"(?<![\w.-])([^\W\d][\w.-]*):")

# Canonical XML is longer than what was read: an empty element has two tags, and a quote in an attribute six characters.
_OWN = Limits(8 * SOAP_LARGE_METADATA_OCTETS, 2 * XML_LARGE_TAGS)


@dataclass(frozen=True, slots=True)
class Fragment:
    """An element with all that it holds, complete in itself.

    Attributes:
        name: of the element.
        text: its XML, canonical (C14N 1.0) where it can be, with the prefixes that its names, texts or attributes use.
    """

    name: QName
    text: str

    @classmethod
    def parse(cls, text: str) -> Fragment:
        """An element written out, such as `<p:Computer xmlns:p="…">SRV1</p:Computer>`. LocalProtocolError."""
        try:
            return keep(parse_xml(text.encode("utf-8", "surrogatepass"), _OWN))
        except RemoteProtocolError as error:
            raise LocalProtocolError(f"not an element of XML: {error}") from None

    def element(self) -> Element:
        """For those who look into it."""
        return parse_xml(self.text.encode(), _OWN)


def keep(element: Element) -> Fragment:
    """An element of a document, for itself."""
    alone = deepcopy(element)
    alone.tail = None
    used = {prefix for text in _texts(alone) if ":" in text for prefix in _PREFIX.findall(text)}
    used &= {prefix for prefix in element.nsmap if prefix} if used else set()
    if not used <= alone.nsmap.keys():
        # A copy forgets the prefixes that texts alone use, as types do; written out, it declares all there are.
        alone = parse_xml(etree.tostring(element, with_tail=False, encoding="utf-8"), _OWN)
    etree.cleanup_namespaces(alone, keep_ns_prefixes=sorted(used))
    try:
        octets = etree.tostring(alone, method="c14n")
    except etree.C14NError:  # it has namespaces that are no whole URIs
        octets = etree.tostring(alone, encoding="utf-8", xml_declaration=False)
    return Fragment(name_of(element), octets.decode())


def _texts(root: Element) -> list[str]:
    return [text for element in root.iter() for text in (element.text, element.tail, *element.attrib.values()) if text]
