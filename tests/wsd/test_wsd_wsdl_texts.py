"""Simple types: texts <-> values, facets, lists, unions, enumerations; patterns that a stranger wrote."""

from __future__ import annotations

import time
from datetime import UTC, date, datetime, timedelta, timezone
from datetime import time as clock
from decimal import Decimal
from math import inf, isnan
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from tests.wsd.contracts import again, codec_of, load

from openwmi.base.fault import LocalProtocolError, RemoteProtocolError
from openwmi.soap import QName
from openwmi.soap.markup import parse_xml
from openwmi.wsd.wsdl import Duration
from openwmi.wsd.wsdl.patterns import ways
from openwmi.wsd.wsdl.shapes import Facets, Simple
from openwmi.wsd.wsdl.simple import compile_simple
from openwmi.wsd.wsdl.texts import TEXTS


def parse(base: str, text: str) -> Any:
    return compile_simple(Simple(base), {}).parse(text)


def written(base: str, value: object) -> str:
    return compile_simple(Simple(base), {}).format(value)


@pytest.mark.parametrize(
    ("base", "text", "value"),
    [
        ("string", " a\n ", " a\n "),
        ("normalizedString", " a\n\tb", " a  b"),
        ("token", " a \n b ", "a b"),
        ("token", "a\u00a0b", "a\u00a0b"),
        ("anyURI", " http://x/ ", "http://x/"),
        ("language", "en-US", "en-US"),
        ("NMTOKEN", "1-a.b", "1-a.b"),
        ("Name", "a:b", "a:b"),
        ("NCName", "a-b", "a-b"),
        ("gYear", "2026Z", "2026Z"),
        ("boolean", " 1 ", True),
        ("boolean", "false", False),
        ("int", "+005", 5),
        ("unsignedLong", str((1 << 64) - 1), (1 << 64) - 1),
        ("integer", "-" + "9" * 30, -int("9" * 30)),
        ("decimal", "-1.50", Decimal("-1.50")),
        ("decimal", ".5", Decimal("0.5")),
        ("double", "1e3", 1000.0),
        ("float", "-INF", -inf),
        ("dateTime", "2026-01-31T12:00:00.1234567Z", datetime(2026, 1, 31, 12, 0, 0, 123456, UTC)),
        ("dateTime", "2026-01-31T24:00:00", datetime(2026, 2, 1)),  # noqa: DTZ001 - it has none
        ("dateTime", "2026-01-31T12:00:00-05:30", datetime(2026, 1, 31, 12, tzinfo=timezone(timedelta(minutes=-330)))),
        ("date", "2026-01-31+02:00", date(2026, 1, 31)),
        ("time", "24:00:00", clock(0)),
        ("time", "12:30:15.5Z", clock(12, 30, 15, 500_000, UTC)),
        ("duration", "P1Y2M3DT4H5M6.7S", Duration(14, timedelta(days=3, hours=4, minutes=5, seconds=6.7))),
        ("duration", "-PT1S", Duration(0, timedelta(seconds=-1))),
        ("duration", "P0Y", Duration()),
        ("hexBinary", "0aFF", b"\n\xff"),
        ("base64Binary", "aGk =\n", b"hi"),
        ("QName", "{urn:a}b", QName("urn:a", "b")),
    ],
)
def test_texts_of_built_in_types(base: str, text: str, value: object) -> None:
    assert parse(base, text) == value
    assert parse(base, written(base, value)) == value


@pytest.mark.parametrize(
    ("base", "text"),
    [
        *(
            (base, "")
            for base in ("int", "boolean", "decimal", "float", "dateTime", "date", "time", "duration", "QName")
        ),
        ("int", "1 2"),
        ("int", "1.0"),
        ("int", "٣"),
        ("int", "2147483648"),
        ("byte", "-129"),
        ("unsignedInt", "-1"),
        ("positiveInteger", "0"),
        ("boolean", "TRUE"),
        ("decimal", "1e3"),
        ("decimal", "."),
        ("float", "inf"),
        ("double", "0x1"),
        ("dateTime", "2026-02-30T00:00:00"),
        ("dateTime", "2026-01-01 00:00:00"),
        ("dateTime", "9999-12-31T24:00:00"),
        ("dateTime", "2026-01-01T00:00:00+15:00"),
        ("time", "25:00:00"),
        ("date", "26-01-01"),
        ("duration", "P"),
        ("duration", "PT"),
        ("duration", "1D"),
        ("duration", "P999999999DT99H"),
        ("hexBinary", "0"),
        ("hexBinary", "xx"),
        ("base64Binary", "a"),
        ("base64Binary", "a!aa"),
        ("NCName", "a:b"),
        ("language", "e_n"),
        ("NMTOKEN", "a b"),
        ("Name", "1a"),
        ("gMonth", "-01"),
    ],
)
def test_what_is_no_such_text(base: str, text: str) -> None:
    with pytest.raises(ValueError, match=r"."):
        parse(base, text)


@pytest.mark.parametrize(
    ("base", "value"),
    [
        ("int", "5"),
        ("int", True),
        ("int", 5.0),
        ("string", b"x"),
        ("boolean", 1),
        ("float", "1"),
        ("hexBinary", "00"),
        ("decimal", Decimal("NaN")),
        ("decimal", Decimal("1e5000")),
        ("dateTime", "2026"),
        ("QName", "a"),
        ("duration", Duration(1, timedelta(days=-1))),
        ("NCName", "a b"),
        ("byte", 128),
        ("duration", timedelta(1)),
        ("dateTime", datetime(2026, 1, 1, tzinfo=timezone(timedelta(seconds=30)))),
        ("string", "\x00"),
        ("token", None),
    ],
)
def test_values_that_no_text_stands_for(base: str, value: object) -> None:
    with pytest.raises(LocalProtocolError):
        written(base, value)


VALUES: dict[str, st.SearchStrategy[Any]] = {
    "string": st.text(st.characters(codec="utf-8", exclude_characters="\ufffe\uffff", exclude_categories=("Cc", "Cs"))),
    "boolean": st.booleans(),
    "decimal": st.decimals(allow_nan=False, allow_infinity=False, min_value=-(10**20), max_value=10**20),
    "double": st.floats(allow_nan=False),
    "long": st.integers(-(1 << 63), (1 << 63) - 1),
    "unsignedByte": st.integers(0, 255),
    "dateTime": st.datetimes(timezones=st.just(UTC) | st.none()),
    "date": st.dates(),
    "time": st.times(timezones=st.just(UTC) | st.none()),
    "duration": st.builds(
        Duration, st.integers(0, 10**6), st.timedeltas(min_value=timedelta(), max_value=timedelta(10**6))
    ),
    "hexBinary": st.binary(),
    "base64Binary": st.binary(),
}


@given(st.data())
def test_values_come_back_as_they_went(data: st.DataObject) -> None:
    base = data.draw(st.sampled_from(sorted(VALUES)))
    value = data.draw(VALUES[base])
    simple = compile_simple(Simple(base), {})
    node = parse_xml(f"<a>{simple.format(value)}</a>".encode())
    assert simple.parse(node.text or "") == value


@given(st.sampled_from(sorted(TEXTS)), st.text(max_size=30))
def test_nothing_but_a_value_error_comes_of_a_text(base: str, text: str) -> None:
    try:
        value = parse(base, text)
    except ValueError:
        return
    assert isinstance(value, TEXTS[base].types)


def test_nan_is_itself() -> None:
    assert isnan(parse("float", written("float", float("nan"))))


TYPES = """
<xs:simpleType name="Size"><xs:restriction base="xs:string"><xs:enumeration value="S"/><xs:enumeration value="X L"/>
  <xs:enumeration value="class"/><xs:enumeration value="title"/></xs:restriction></xs:simpleType>
<xs:simpleType name="Level"><xs:restriction base="xs:int"><xs:minInclusive value="-5"/><xs:maxExclusive value="7"/>
  </xs:restriction></xs:simpleType>
<xs:simpleType name="Price"><xs:restriction base="xs:decimal"><xs:totalDigits value="4"/><xs:fractionDigits value="2"/>
  </xs:restriction></xs:simpleType>
<xs:simpleType name="Code"><xs:restriction base="xs:token"><xs:pattern value="[A-Z]{2}"/><xs:pattern value="\\d+"/>
  </xs:restriction></xs:simpleType>
<xs:simpleType name="Short"><xs:restriction base="t:Code"><xs:maxLength value="3"/><xs:pattern value="\\S*"/>
  </xs:restriction></xs:simpleType>
<xs:simpleType name="Sizes"><xs:restriction><xs:simpleType><xs:list itemType="t:Level"/></xs:simpleType>
  <xs:maxLength value="2"/></xs:restriction></xs:simpleType>
<xs:simpleType name="Either"><xs:union memberTypes="t:Level t:Size"/></xs:simpleType>
<xs:simpleType name="Seven"><xs:restriction base="xs:int"><xs:enumeration value="7"/><xs:enumeration value="07"/>
  </xs:restriction></xs:simpleType>
<xs:simpleType name="Until"><xs:restriction base="xs:dateTime"><xs:maxInclusive value="2026-01-01T00:00:00Z"/>
  </xs:restriction></xs:simpleType>
<xs:element name="Root"><xs:complexType><xs:attribute name="size" type="t:Size"/>
<xs:attribute name="level" type="t:Level"/>
<xs:attribute name="price" type="t:Price"/><xs:attribute name="code" type="t:Code"/>
<xs:attribute name="short" type="t:Short"/><xs:attribute name="sizes" type="t:Sizes"/>
<xs:attribute name="either" type="t:Either"/><xs:attribute name="seven" type="t:Seven"/>
<xs:attribute name="tokens" type="xs:NMTOKENS"/><xs:attribute name="fixed" type="xs:string" fixed="it"/>
<xs:attribute name="until" type="t:Until"/><xs:attribute name="usual" type="t:Size" default="S"/>
<xs:attribute name="names"><xs:simpleType><xs:list itemType="xs:QName"/></xs:simpleType></xs:attribute>
</xs:complexType></xs:element>
"""


@pytest.fixture(scope="module")
def kinds(tmp_path_factory: pytest.TempPathFactory) -> Any:
    return load(tmp_path_factory.mktemp("simple"), TYPES)


@pytest.mark.parametrize(
    ("field", "value", "why"),
    [
        ("size", "X L", ""),
        ("size", "M", "one of the values S, X L, class, title"),
        ("level", -5, ""),
        ("level", -6, "a value of at least -5"),
        ("level", 7, "a value below 7"),
        ("price", Decimal("12.34"), ""),
        ("price", Decimal("123.45"), "at most 4 digits"),
        ("price", Decimal("0.001"), "at most 2 digits behind the point"),
        ("code", "AB", ""),
        ("code", "1234", ""),
        ("code", "ABC", r"the form [A-Z]{2} or \d+"),
        ("short", "AB", ""),
        ("short", "1234", "at most the length 3"),
        ("short", "ab", "the form"),
        ("sizes", (1, 2), ""),
        ("sizes", (1, 2, 3), "at most the length 2"),
        ("sizes", 5, "a list is wanted"),
        ("sizes", (9,), "a value below 7"),
        ("either", 5, ""),
        ("either", "S", ""),
        ("either", 9, "of none of the types"),
        ("seven", 7, ""),
        ("seven", 8, "one of the values"),
        ("tokens", ("a", "b"), ""),
        ("tokens", (), "at least the length 1"),
        ("tokens", ("a b",), "is no word"),
        ("fixed", "that", "one of the values it"),
        ("until", datetime(2025, 1, 1, tzinfo=UTC), ""),
        ("until", datetime(2027, 1, 1, tzinfo=UTC), "a value of at most"),
        ("names", (QName("urn:a", "b"), QName("", "c")), ""),
    ],
)
def test_facets(kinds: Any, field: str, value: object, why: str) -> None:
    message = kinds.type("Root")(**{field: value})
    if not why:
        assert getattr(again(codec_of(kinds), message), field) == value
        return
    with pytest.raises(LocalProtocolError) as raised:
        codec_of(kinds).encode(message)
    assert why in str(raised.value)
    assert f"Root.{field}: " in str(raised.value)


def test_enumerations_are_classes_whose_members_have_names(kinds: Any) -> None:
    size = kinds.type("Size")
    assert {each.name: each.value for each in size} == {"S": "S", "X_L": "X L", "class_": "class", "title_": "title"}
    root = kinds.type("Root")
    assert (root().usual, root().fixed, root().usual is size.S) == ("S", "it", True)
    read = codec_of(kinds).decode(parse_xml(b'<Root xmlns="urn:t" size="X L" either="S"/>'))
    assert (read.size, read.either, read.fixed) == (size.X_L, size.S, "it")
    with pytest.raises(RemoteProtocolError, match="its attribute size: 'M' does not have one of the values"):
        codec_of(kinds).decode(parse_xml(b'<Root xmlns="urn:t" size="M"/>'))


@pytest.mark.parametrize(
    ("pattern", "length", "at_most"),
    [
        ("abc", 100, 1),
        ("a|b|c", 100, 3),
        ("a*", 100, 101),
        ("a*b*", 9, 100),
        ("[a-z-[aeiou]]+", 10, 10),
        (r"\p{L}\.\+", 100, 1),
        ("(ab){3}", 100, 1),
        ("(a|b){2,3}", 100, 16),
        (r"[\]*]+", 5, 5),
        ("a{2,5}", 100, 4),
        ("a{2,}", 10, 9),
        ("(a?){3}", 10, 8),
    ],
)
def test_in_how_many_ways_a_pattern_may_match(pattern: str, length: int, at_most: int) -> None:
    assert ways(pattern, length) == at_most


@pytest.mark.parametrize("pattern", ["(a+)+", "(a|aa)*", "a*a*a*a*a*b", "((a{1,9}){1,9}){1,9}"])
def test_a_pattern_that_would_take_for_ever_is_not_looked_at(pattern: str) -> None:
    codec = compile_simple(Simple("string", Facets(patterns=((pattern,),))), {})
    began = time.monotonic()
    assert codec.parse("a" * 5000 + "!") == "a" * 5000 + "!"
    assert time.monotonic() - began < 5


def test_what_becomes_of_white_space_may_be_said(tmp_path: Path) -> None:
    wsdl = load(
        tmp_path,
        '<xs:element name="Root"><xs:simpleType><xs:restriction base="xs:string"><xs:whiteSpace value="collapse"/>'
        "</xs:restriction></xs:simpleType></xs:element>",
    )
    assert codec_of(wsdl).decode(parse_xml(b'<Root xmlns="urn:t"> a  b </Root>')) == "a b"
