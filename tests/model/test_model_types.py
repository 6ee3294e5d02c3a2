"""What each CIM type takes, at its bounds and beyond, and what the refusal says."""

import math
from datetime import UTC, datetime, timedelta
from enum import IntEnum, StrEnum

import pytest
from hypothesis import given
from hypothesis import strategies as st

from openwmi.base.error import WbemError
from openwmi.base.status import WbemStatus
from openwmi.model import (
    CimClass,
    CimDateTime,
    CimInterval,
    CimType,
    ObjectPath,
    Property,
    Qualifier,
    Type,
    qualifier_set,
)

BOUNDS = {
    CimType.SINT8: (-128, 127),
    CimType.UINT8: (0, 255),
    CimType.SINT16: (-32768, 32767),
    CimType.UINT16: (0, 65535),
    CimType.SINT32: (-2147483648, 2147483647),
    CimType.UINT32: (0, 4294967295),
    CimType.SINT64: (-9223372036854775808, 9223372036854775807),
    CimType.UINT64: (0, 18446744073709551615),
}

# [MS-WMIO] 2.2.82, and the keywords of MOF.
NUMBERS = {
    "sint8": 16,
    "uint8": 17,
    "sint16": 2,
    "uint16": 18,
    "sint32": 3,
    "uint32": 19,
    "sint64": 20,
    "uint64": 21,
    "real32": 4,
    "real64": 5,
    "boolean": 11,
    "string": 8,
    "datetime": 101,
    "ref": 102,
    "char16": 103,
    "object": 13,
}


def refusal(type_: Type, value: object) -> str:
    with pytest.raises(WbemError) as caught:
        type_.check(value)
    assert caught.value.status is WbemStatus.TYPE_MISMATCH
    return caught.value.message


def test_numbers_and_keywords_are_those_of_the_documents() -> None:
    assert {cim.keyword: int(cim) for cim in CimType} == NUMBERS
    assert CimType(19) is CimType.UINT32


@pytest.mark.parametrize("cim", BOUNDS)
def test_integers_end_at_their_bounds(cim: CimType) -> None:
    low, high = BOUNDS[cim]
    for value in (low, high, 0):
        assert Type(cim).check(value) == value
    for value in (low - 1, high + 1):
        said = refusal(Type(cim), value)
        assert cim.keyword in said
        assert str(low) in said
        assert str(high) in said
        assert str(value) in said


@pytest.mark.parametrize("cim", BOUNDS)
@pytest.mark.parametrize("value", [True, False, 1.0, "1", "", b"\1", (1,), (), CimType])
def test_an_integer_is_nothing_else(cim: CimType, value: object) -> None:
    said = refusal(Type(cim), value)
    assert cim.keyword in said
    assert type(value).__name__ in said


def test_members_of_enumerations_become_plain_values() -> None:
    class Level(IntEnum):
        HIGH = 3

    class Colour(StrEnum):
        RED = "red"

    assert type(Type(CimType.UINT8).check(Level.HIGH)) is int
    assert type(Type(CimType.STRING).check(Colour.RED)) is str
    assert Type(CimType.STRING).check(Colour.RED) == "red"


@pytest.mark.parametrize("type_", [Type(cim, array) for cim in CimType for array in (False, True)], ids=str)
def test_null_passes_everywhere(type_: Type) -> None:
    assert type_.check(None) is None


def test_null_zero_empty_false_and_nothing_stay_five_things() -> None:
    takes = {
        CimType.UINT32: 0,
        CimType.STRING: "",
        CimType.BOOLEAN: False,
    }
    for cim in takes:
        for other, value in takes.items():
            if other is cim:
                checked = Type(cim).check(value)
                assert (checked, type(checked)) == (value, type(value))
            else:
                refusal(Type(cim), value)
        refusal(Type(cim), ())
        assert Type(cim, array=True).check(()) == ()


@given(st.floats(allow_nan=False))
def test_a_real64_is_kept(value: float) -> None:
    assert Type(CimType.REAL64).check(value) == value


@given(st.floats(width=32, allow_nan=False))
def test_a_real32_that_fits_is_kept(value: float) -> None:
    assert Type(CimType.REAL32).check(value) == value


def test_a_real32_is_rounded_to_what_the_wire_carries() -> None:
    rounded = Type(CimType.REAL32).check(0.1)
    assert rounded != 0.1
    assert rounded == Type(CimType.REAL32).check(rounded)
    assert math.isclose(rounded, 0.1, rel_tol=1e-7)


def test_reals_take_integers_infinities_and_nan() -> None:
    for cim in (CimType.REAL32, CimType.REAL64):
        checked = Type(cim).check(3)
        assert (checked, type(checked)) == (3.0, float)
        assert Type(cim).check(math.inf) == math.inf
        assert math.isnan(Type(cim).check(math.nan))


@pytest.mark.parametrize(
    ("cim", "value"),
    [(CimType.REAL32, 1e39), (CimType.REAL64, 10**400), (CimType.REAL32, True), (CimType.REAL64, "1.5")],
)
def test_reals_refuse_what_is_none_or_too_large(cim: CimType, value: object) -> None:
    assert cim.keyword in refusal(Type(cim), value)


@pytest.mark.parametrize("value", [0, 1, "TRUE", 1.0, ()])
def test_a_boolean_is_nothing_else(value: object) -> None:
    assert "boolean" in refusal(Type(CimType.BOOLEAN), value)
    assert Type(CimType.BOOLEAN).check(True) is True


def test_a_string_has_no_nul() -> None:
    assert Type(CimType.STRING).check("\U0001f600 \ud800 ß\r\n") == "\U0001f600 \ud800 ß\r\n"
    assert "NUL" in refusal(Type(CimType.STRING), "a\0b")
    assert "str" in refusal(Type(CimType.STRING), b"bytes")


def test_a_char16_is_one_code_unit() -> None:
    for value in ("a", "\0", "\uffff"):
        assert Type(CimType.CHAR16).check(value) == value
    for bad in ("", "ab", "\U0001f600", 97):
        assert "char16" in refusal(Type(CimType.CHAR16), bad)


def test_datetimes_come_from_python_and_from_text() -> None:
    check = Type(CimType.DATETIME).check
    moment = CimDateTime.parse("20240229120000.000000+060")
    assert check(moment) is moment
    assert check("20240229120000.000000+060") == moment
    assert check(datetime(2024, 2, 29, 11, tzinfo=UTC)) == moment
    assert check(timedelta(days=1)) == CimInterval.parse("00000001000000.000000:000")
    assert "time zone" in refusal(Type(CimType.DATETIME), datetime(2024, 2, 29))  # noqa: DTZ001 - that is the case
    assert "2024-02-29" in refusal(Type(CimType.DATETIME), "2024-02-29")
    refusal(Type(CimType.DATETIME), 20240229)


KEYED = CimClass(
    "Disk",
    properties=(Property("Id", Type(CimType.STRING), qualifiers=qualifier_set(Qualifier("Key"))),),
    namespace="root\\cimv2",
    server="srv1",
)


def test_a_reference_is_a_path_as_text() -> None:
    check = Type(CimType.REFERENCE, class_name="Disk").check
    assert check('Disk.Id="C:"') == 'Disk.Id="C:"'
    assert check(ObjectPath.parse("Disk.Id='C:'")) == 'Disk.Id="C:"'
    assert check(KEYED.instance({"Id": "C:"})) == '\\\\srv1\\root\\cimv2:Disk.Id="C:"'
    assert check(KEYED) == "\\\\srv1\\root\\cimv2:Disk"
    assert "ref:Disk" in refusal(Type(CimType.REFERENCE, class_name="Disk"), 3)
    assert "path" in refusal(Type(CimType.REFERENCE), KEYED.instance())


def test_an_object_is_of_its_class_or_of_a_derived_one() -> None:
    derived = KEYED.derive("FloppyDisk")
    for value in (KEYED.instance(), KEYED, derived.instance(), derived):
        assert Type(CimType.OBJECT).check(value) is value
        assert Type(CimType.OBJECT, class_name="DISK").check(value) is value
    said = refusal(Type(CimType.OBJECT, class_name="FloppyDisk"), KEYED.instance())
    assert "FloppyDisk" in said
    assert "Disk" in said
    refusal(Type(CimType.OBJECT), {"Id": "C:"})


def test_arrays_become_tuples_of_checked_elements() -> None:
    numbers = Type(CimType.UINT8, array=True)
    for value in ([1, 2], (1, 2), range(1, 3), b"\1\2", bytearray(b"\1\2"), memoryview(b"\1\2")):
        assert numbers.check(value) == (1, 2)
    assert Type(CimType.STRING, array=True).check(["a", ""]) == ("a", "")
    once = numbers.check((1, 2))
    assert isinstance(once, tuple)
    assert Type(CimType.REAL64, array=True).check([1]) == (1.0,)


@pytest.mark.parametrize("value", ["ab", 1, {1, 2}, {1: 2}, None.__class__, iter([1])])
def test_an_array_needs_a_sequence(value: object) -> None:
    assert "uint8[]" in refusal(Type(CimType.UINT8, array=True), value)


def test_the_refusal_of_an_array_names_the_element() -> None:
    said = refusal(Type(CimType.UINT8, array=True), [1, 256])
    assert "element 1" in said
    assert "256" in said
    assert "NULL" in refusal(Type(CimType.STRING, array=True), ["a", None])
    # Octets are numbers from 0 to 255, and nothing but integers may be made of them.
    refusal(Type(CimType.STRING, array=True), b"ab")


def test_types_have_a_text_and_are_read_from_it() -> None:
    texts = ["uint32", "string[]", "ref", "ref:CIM_Disk", "object", "object:Win32_X[]", "char16", "datetime[]"]
    assert [str(Type.parse(text)) for text in texts] == texts
    assert Type.parse("UINT32") == Type(CimType.UINT32)
    assert Type.parse("object:Win32_X[]") == Type(CimType.OBJECT, array=True, class_name="Win32_X")


@pytest.mark.parametrize("text", ["", "uint31", "uint32[", "uint32:X", "ref:", "object:1X", "string [] "])
def test_a_text_that_names_no_type(text: str) -> None:
    with pytest.raises(WbemError) as caught:
        Type.parse(text)
    assert caught.value.status is WbemStatus.INVALID_CIM_TYPE


def test_long_values_do_not_flood_the_message() -> None:
    assert len(refusal(Type(CimType.UINT8), "x" * 100_000)) < 300
