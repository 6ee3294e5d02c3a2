"""Encoded-String, the dictionary, and CIM types: [MS-WMIO] 2.2.78, 2.2.80, 2.2.82, 2.3.1, 2.3.2."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from openwmi.base.fault import RemoteProtocolError
from openwmi.model import CimType, Type
from openwmi.wmio import cim_type, dictionary, encoded_string

TEXTS = st.text(st.characters(blacklist_characters="\0", blacklist_categories=()), max_size=40)
LATIN = st.text(st.characters(min_codepoint=1, max_codepoint=255), max_size=40)


@given(TEXTS, st.binary(max_size=5), st.binary(max_size=5))
def test_a_string_comes_back_from_anywhere(text: str, before: bytes, after: bytes) -> None:
    octets = encoded_string.encode(text)
    data = before + octets + after
    assert encoded_string.decode(data, len(before), len(data)) == (text, len(before) + len(octets))


@given(LATIN)
def test_latin_text_takes_an_octet_per_character(text: str) -> None:
    assert encoded_string.encode(text) == b"\0" + text.encode("latin-1") + b"\0"


def test_other_text_is_utf_16() -> None:
    assert encoded_string.encode("Ж") == b"\1\x16\x04\0\0"
    assert encoded_string.encode("\U0001f600") == b"\1\x3d\xd8\x00\xde\0\0"


def test_the_terminator_of_utf_16_is_aligned() -> None:
    # U+0100 U+0001 is 00 01 01 00, so that the first two zeros in a row are one octet too early; U+0001 U+0100 has them
    # in its middle.
    assert encoded_string.decode(b"\1\x00\x01\x01\x00\x00\x00\xff", 0, 8) == ("Ā\x01", 7)
    assert encoded_string.decode(b"\1\x01\x00\x00\x01\x00\x00", 0, 7) == ("\x01Ā", 7)


def test_half_a_surrogate_pair_passes() -> None:
    assert encoded_string.decode(encoded_string.encode("a\ud800b"), 0, 9) == ("a\ud800b", 9)


def test_a_string_ends_at_its_first_nul() -> None:
    assert encoded_string.encode("ab\0cd") == b"\0ab\0"
    assert encoded_string.encode("Ж\0cd") == b"\1\x16\x04\0\0"


@pytest.mark.parametrize(
    "octets",
    [b"", b"\0", b"\0abc", b"\1", b"\1a\0", b"\1a\0\0", b"\2a\0", b"\xff\0\0"],
    ids=lambda octets: octets.hex(),
)
def test_what_is_no_string_is_an_error(octets: bytes) -> None:
    with pytest.raises(RemoteProtocolError):
        encoded_string.decode(octets, 0, len(octets))


def test_a_terminator_beyond_the_end_does_not_count() -> None:
    with pytest.raises(RemoteProtocolError):
        encoded_string.decode(b"\0abc\0", 0, 4)


def test_the_dictionary_is_that_of_the_document() -> None:
    assert dictionary.decode(0x80000000) == '"'
    assert dictionary.decode(0x80000002) == ""
    assert dictionary.decode(0x80000007) == "dynamic"
    assert dictionary.encode("CIMTYPE") == 0x8000000A
    assert dictionary.encode("CimType") is None, "another spelling would not come back"
    assert [dictionary.usual(word) for word in ("Key", "WRITE", "Keys")] == ["key", "write", "Keys"]
    with pytest.raises(RemoteProtocolError):
        dictionary.decode(0x8000000B)


@pytest.mark.parametrize("cim", CimType)
@pytest.mark.parametrize("array", [False, True])
def test_every_type_has_a_number(cim: CimType, array: bool) -> None:
    number = cim_type.encode(Type(cim, array))
    assert number == cim | (0x2000 if array else 0)
    assert cim_type.decode(number | cim_type.INHERITED) == Type(cim, array)
    assert cim_type.decode(number | 0xABCD0000) == Type(cim, array), "the upper half is not used"


@pytest.mark.parametrize("number", [0, 1, 6, 14, 22, 100, 0x2000, 0x1003])
def test_a_type_that_does_not_exist_is_an_error(number: int) -> None:
    with pytest.raises(RemoteProtocolError):
        cim_type.decode(number)


@pytest.mark.parametrize(
    ("type_", "text"),
    [
        (Type(CimType.UINT32), "uint32"),
        (Type(CimType.STRING, True), "string"),
        (Type(CimType.DATETIME), "datetime"),
        (Type(CimType.REFERENCE, class_name="Win32_Disk"), "ref:Win32_Disk"),
        (Type(CimType.REFERENCE), "ref:object"),
        (Type(CimType.OBJECT, class_name="Win32_Trustee"), "object:Win32_Trustee"),
        (Type(CimType.OBJECT, True), "object"),
    ],
    ids=str,
)
def test_cimtype_says_the_type_in_words(type_: Type, text: str) -> None:
    assert cim_type.format_cimtype(type_) == text
    assert cim_type.with_cimtype(Type(type_.cim, type_.array), text) == type_


def test_a_datetime_without_cimtype_is_a_string() -> None:
    assert cim_type.with_cimtype(Type(CimType.DATETIME), None) == Type(CimType.STRING)
    assert cim_type.with_cimtype(Type(CimType.REFERENCE), None) == Type(CimType.REFERENCE)
