"""XML of strangers: what is refused, and that every limit holds."""

from __future__ import annotations

import time

import pytest
from hypothesis import given
from tests.soap.given import fragments

from openwmi.base.fault import LocalProtocolError, RemoteProtocolError
from openwmi.base.limits import XML_ATTRIBUTES, XML_DEPTH, XML_TAGS, XML_TEXT_CHARS
from openwmi.soap import ENVELOPE, Fragment, Limits, QName
from openwmi.soap.markup import parse_xml, resolve_qnames
from openwmi.soap.name import is_ncname

LAUGHS = b'<!DOCTYPE r [<!ENTITY a "ha"><!ENTITY b "&a;&a;&a;&a;">]><r>&b;</r>'


@pytest.mark.parametrize(
    "octets",
    [
        LAUGHS,
        b'<!DOCTYPE r SYSTEM "http://192.0.2.1/x.dtd"><r/>',
        b'<!DOCTYPE r [<!ENTITY x SYSTEM "file:///etc/passwd">]><r>&x;</r>',
        LAUGHS.decode().encode("utf-16"),
        LAUGHS.decode().encode("utf-16-le"),
        LAUGHS.decode().encode("utf-16-be"),
        b'<?xml version="1.0" encoding="utf-7"?>+ADwAIQ-DOCTYPE r><r/>',
        '<?xml version="1.0" encoding="iso-8859-1"?><r>\u00e9</r>'.encode("iso-8859-1"),
        '<?xml version="1.0" encoding="utf-32"?><r/>'.encode("utf-32"),
        b"<r>&nbsp;</r>",
        b"\xff\xfe<\0r\0/\0>",
        b"\xff\xfe\x00\xd8",
        b"",
        b"<r>\0</r>",
        b"<r/><r/>",
        b"<p:r/>",
        b"<r a='1' a='2'/>",
    ],
)
def test_what_is_refused(octets: bytes) -> None:
    with pytest.raises(RemoteProtocolError):
        parse_xml(octets)


def test_what_looks_like_an_instruction_is_passed_over() -> None:
    root = parse_xml(b'<?xml-stylesheet href="http://192.0.2.1/"?><r>a<!-- b -->c<?d e?></r>')
    assert (root.text, len(root)) == ("ac", 0)


@pytest.mark.parametrize("depth", [XML_DEPTH, XML_DEPTH + 1, 250, 10_000])
def test_depth(depth: int) -> None:
    octets = b"<a>" * (depth - 1) + b"<a/>" + b"</a>" * (depth - 1)
    _check(octets, allowed=depth <= XML_DEPTH)


@pytest.mark.parametrize("count", [XML_ATTRIBUTES, XML_ATTRIBUTES + 1])
@pytest.mark.parametrize("attribute", ['a{0}="1"', 'xmlns:a{0}="urn:{0}"'])
def test_attributes(count: int, attribute: str) -> None:
    inside = " ".join(attribute.format(number) for number in range(count))
    _check(f"<r><s {inside}/></r>".encode(), allowed=count <= XML_ATTRIBUTES)


@pytest.mark.parametrize("chars", [XML_TEXT_CHARS, XML_TEXT_CHARS + 1])
@pytest.mark.parametrize("form", ["<r><s>{}</s></r>", "<r><s/>{}</r>", "<r><s a='{}'/></r>"])
def test_texts(chars: int, form: str) -> None:
    _check(form.format("x" * chars).encode(), allowed=chars <= XML_TEXT_CHARS)


@pytest.mark.parametrize("count", [XML_TAGS, XML_TAGS + 1])
def test_tags(count: int) -> None:
    _check(b"<r>" + b"<a/>" * (count - 2) + b"</r>", allowed=count <= XML_TAGS)


def test_prefixes_are_counted_with_those_around() -> None:
    """However many elements declare them anew, one after the other."""
    for count in (XML_ATTRIBUTES, XML_ATTRIBUTES + 1):
        half = count // 2
        outer, inner = (
            " ".join(f'xmlns:{name}{number}="urn:u"' for number in range(most))
            for name, most in (("a", half), ("b", count - half))
        )
        _check(f"<r {outer}><s/><s {inner}/><s {inner}/></r>".encode(), allowed=count <= XML_ATTRIBUTES)


def test_octets() -> None:
    _check(b"<r>" + b" " * (ENVELOPE.octets - 7) + b"</r>", allowed=True, limits=Limits(text=1 << 20))
    _check(b"<r>" + b" " * (ENVELOPE.octets - 6) + b"</r>", allowed=False, limits=Limits(text=1 << 20))


@pytest.mark.parametrize(
    "octets",
    [
        b"<r>" + b"<a/>" * 8000 + b"</r>",
        b"<r "
        + b" ".join(b"xmlns:a%d='u'" % number for number in range(127))
        + b">"
        + b"<a xmlns='u'/>" * 2000
        + b"</r>",
        b"<r " + b" ".join(b"xmlns:a%d='u%d'" % (number, number) for number in range(1800)) + b"/>",
        b"<r>" + b"<" * 32_000,
        b"<r " + b"xmlns:a='u' " * 2600 + b"/>",
        b"<r>" + b"<a xmlns='u'>" * 2500,
        b"<r a='" + b"&#65;" * 6000 + b"'/>",
    ],
)
def test_the_worst_takes_no_time(octets: bytes) -> None:
    began = time.process_time()
    for _ in range(10):
        try:
            parse_xml(octets)
        except RemoteProtocolError:
            continue
    assert time.process_time() - began < 2


@given(fragments())
def test_a_fragment_is_complete_in_itself(fragment: Fragment) -> None:
    assert Fragment.parse(fragment.text) == fragment
    assert fragment.element().tag == str(fragment.name)


@pytest.mark.parametrize("text", ["", "text", "<a", "<p:a/>", LAUGHS.decode(), "<a>\ud800</a>"])
def test_no_fragment(text: str) -> None:
    with pytest.raises(LocalProtocolError):
        Fragment.parse(text)


def test_a_fragment_keeps_the_prefixes_that_its_texts_use_and_no_others() -> None:
    kept = Fragment.parse('<p:a xmlns:p="urn:p" xmlns:q="urn:q" xmlns:r="urn:r" b="r:x">q:y <p:c>z</p:c></p:a>')
    assert kept.text == '<p:a xmlns:p="urn:p" xmlns:q="urn:q" xmlns:r="urn:r" b="r:x">q:y <p:c>z</p:c></p:a>'
    assert Fragment.parse('<p:a xmlns:p="urn:p" xmlns:q="urn:q"/>').text == '<p:a xmlns:p="urn:p"></p:a>'
    assert Fragment.parse('<a xmlns="relative" xmlns:q="w">q:y</a>').text == '<a xmlns="relative" xmlns:q="w">q:y</a>'


def test_names_in_a_text_take_the_prefixes_around_them() -> None:
    root = parse_xml(b'<r xmlns="urn:d" xmlns:p="urn:p"><s xmlns:p="urn:q"> p:a b p:a\n other:c </s></r>')
    names = (QName("urn:q", "a"), QName("urn:d", "b"), QName("", "c"))
    assert resolve_qnames(root[0], 4) == names
    with pytest.raises(RemoteProtocolError):
        resolve_qnames(root[0], 3)


@pytest.mark.parametrize(("text", "right"), [("a", True), ("_a.b-1", True), ("", False), ("1a", False), ("a b", False)])
def test_local_names(text: str, right: bool) -> None:
    assert is_ncname(text) is right
    if right:
        assert QName.parse(f"{{urn:x}}{text}") == QName("urn:x", text)
        assert str(QName("urn:x", text)) == f"{{urn:x}}{text}"
        assert QName.parse(text) == QName("", text)
    else:
        with pytest.raises(ValueError, match="no qualified name"):
            QName.parse(f"{{urn:x}}{text}")


def _check(octets: bytes, *, allowed: bool, limits: Limits = ENVELOPE) -> None:
    if allowed:
        assert parse_xml(octets, limits) is not None
    else:
        with pytest.raises(RemoteProtocolError):
            parse_xml(octets, limits)
