"""The VARIANT conventions: the SDK's "Numbers", and IWbemClassObject::Put for what is coerced."""

from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from tests.wbemcli.objects_fakes import pump

from openwmi.base.error import WbemError
from openwmi.base.status import WbemStatus
from openwmi.model import INTEGER_RANGES, CimDateTime, CimInterval, CimType
from openwmi.wbemcli import (
    CIM_BOOLEAN,
    CIM_CHAR16,
    CIM_DATETIME,
    CIM_FLAG_ARRAY,
    CIM_OBJECT,
    CIM_REAL32,
    CIM_REAL64,
    CIM_REFERENCE,
    CIM_SINT8,
    CIM_SINT16,
    CIM_SINT32,
    CIM_SINT64,
    CIM_STRING,
    CIM_UINT8,
    CIM_UINT16,
    CIM_UINT32,
    CIM_UINT64,
    VARIANT,
    VARIANT_FALSE,
    VARIANT_TRUE,
    VT_ARRAY,
    VT_BOOL,
    VT_BSTR,
    VT_EMPTY,
    VT_I1,
    VT_I2,
    VT_I4,
    VT_I8,
    VT_NULL,
    VT_R4,
    VT_R8,
    VT_UI1,
    VT_UI4,
    VT_UNKNOWN,
    VT_VARIANT,
    WBEM_E_INVALID_PROPERTY_TYPE,
    IWbemClassObject,
    from_variant,
    to_variant,
)
from openwmi.wbemcli.variant import as_variant

NOON = CimDateTime.parse("20240229120000.000000+060")
DAY = CimInterval.parse("00000001000000.000000:000")

# (CIM type, value, VARIANT): the table of "Numbers (WMI)", and of the pages on boolean and DATETIME.
CONVENTIONS: list[tuple[int, Any, VARIANT]] = [
    (CIM_SINT8, -128, VARIANT(VT_I2, -128)),
    (CIM_SINT16, -1445, VARIANT(VT_I2, -1445)),
    (CIM_SINT32, -455589, VARIANT(VT_I4, -455589)),
    (CIM_SINT64, -1, VARIANT(VT_BSTR, "-1")),
    (CIM_REAL32, 1.5, VARIANT(VT_R4, 1.5)),
    (CIM_REAL64, 99987.3654, VARIANT(VT_R8, 99987.3654)),
    (CIM_UINT8, 122, VARIANT(VT_UI1, 122)),
    (CIM_UINT16, 65535, VARIANT(VT_I4, 65535)),
    (CIM_UINT32, 6987777, VARIANT(VT_I4, 6987777)),
    (CIM_UINT32, 0xFFFFFFFF, VARIANT(VT_I4, -1)),
    (CIM_UINT64, 18446744073709551615, VARIANT(VT_BSTR, "18446744073709551615")),
    (CIM_BOOLEAN, True, VARIANT(VT_BOOL, VARIANT_TRUE)),
    (CIM_BOOLEAN, False, VARIANT(VT_BOOL, VARIANT_FALSE)),
    (CIM_STRING, "text", VARIANT(VT_BSTR, "text")),
    (CIM_DATETIME, NOON, VARIANT(VT_BSTR, "20240229120000.000000+060")),
    (CIM_DATETIME, DAY, VARIANT(VT_BSTR, "00000001000000.000000:000")),
    (CIM_REFERENCE, 'Acme_Pump.Id="p1"', VARIANT(VT_BSTR, 'Acme_Pump.Id="p1"')),
    (CIM_CHAR16, "A", VARIANT(VT_I2, 65)),
    (CIM_CHAR16, "\uffff", VARIANT(VT_I2, -1)),
    (CIM_STRING, None, VARIANT(VT_NULL)),
    (CIM_UINT64 | CIM_FLAG_ARRAY, (1, 2), VARIANT(VT_ARRAY | VT_BSTR, ("1", "2"))),
    (CIM_UINT32 | CIM_FLAG_ARRAY, (), VARIANT(VT_ARRAY | VT_I4, ())),
    (CIM_UINT8 | CIM_FLAG_ARRAY, (255, 0), VARIANT(VT_ARRAY | VT_UI1, (255, 0))),
]


@pytest.mark.parametrize(("cimtype", "value", "variant"), CONVENTIONS)
def test_a_value_and_its_variant(cimtype: int, value: object, variant: VARIANT) -> None:
    assert to_variant(value, cimtype) == variant
    back = from_variant(variant, cimtype)
    assert back == value
    assert type(back) is type(value)


def test_an_object_is_a_face() -> None:
    face = IWbemClassObject(pump())
    assert to_variant(face, CIM_OBJECT) == VARIANT(VT_UNKNOWN, face)
    assert from_variant(VARIANT(VT_UNKNOWN, pump()), CIM_OBJECT) == pump()


@given(
    st.sampled_from(sorted(INTEGER_RANGES)).flatmap(
        lambda cim: st.tuples(st.just(cim), st.integers(*INTEGER_RANGES[cim]))
    )
)
def test_every_integer_comes_back(given_: tuple[CimType, int]) -> None:
    cim, number = given_
    variant = to_variant(number, int(cim))
    assert from_variant(variant, int(cim)) == number
    if variant.vt == VT_I4:
        assert -(1 << 31) <= variant.value < 1 << 31
    if variant.vt == VT_I2:
        assert -(1 << 15) <= variant.value < 1 << 15


@pytest.mark.parametrize(
    ("variant", "cimtype", "value"),
    [
        (VARIANT(VT_NULL), CIM_UINT32, None),
        (VARIANT(VT_EMPTY), CIM_STRING, None),
        (VARIANT(VT_R8, 2.0), CIM_UINT32, 2),  # the page: S_OK
        (VARIANT(VT_R8, 2.5), CIM_SINT32, 2),  # to even
        (VARIANT(VT_UI4, 0xFFFFFFFF), CIM_UINT32, 0xFFFFFFFF),
        (VARIANT(VT_I8, 7), CIM_UINT8, 7),
        (VARIANT(VT_BSTR, "33"), CIM_SINT16, 33),
        (VARIANT(VT_BSTR, " 1.5e1 "), CIM_SINT16, 15),
        (VARIANT(VT_BSTR, "2.25"), CIM_REAL64, 2.25),
        (VARIANT(VT_I4, 3), CIM_REAL32, 3.0),
        (VARIANT(VT_BOOL, VARIANT_TRUE), CIM_SINT32, -1),
        (VARIANT(VT_BOOL, VARIANT_TRUE), CIM_UINT8, 255),
        (VARIANT(VT_BOOL, True), CIM_BOOLEAN, True),
        (VARIANT(VT_I4, 2), CIM_BOOLEAN, True),
        (VARIANT(VT_BSTR, "FALSE"), CIM_BOOLEAN, False),
        (VARIANT(VT_BSTR, "0"), CIM_BOOLEAN, False),
        (VARIANT(VT_I4, 5), CIM_STRING, "5"),
        (VARIANT(VT_R8, 5.0), CIM_STRING, "5"),
        (VARIANT(VT_BOOL, VARIANT_TRUE), CIM_STRING, "-1"),
        (VARIANT(VT_I4, 1033), CIM_UINT64, 1033),
        (VARIANT(VT_R8, 5.0), CIM_SINT64, 5),
        (VARIANT(VT_BSTR, "1033"), CIM_UINT64, 1033),
        (VARIANT(VT_I4, 66), CIM_CHAR16, "B"),
        (VARIANT(VT_ARRAY | VT_VARIANT, ()), CIM_UINT32 | CIM_FLAG_ARRAY, ()),  # the page: no exact VT needed
        (VARIANT(VT_ARRAY | VT_VARIANT, (1, "2")), CIM_UINT32 | CIM_FLAG_ARRAY, (1, 2)),
        (VARIANT(VT_ARRAY | VT_I4, [1, 2]), CIM_UINT8 | CIM_FLAG_ARRAY, (1, 2)),
        (VARIANT(VT_ARRAY | VT_BSTR, ["a"]), CIM_STRING | CIM_FLAG_ARRAY, ("a",)),
    ],
)
def test_what_is_coerced(variant: VARIANT, cimtype: int, value: object) -> None:
    back = from_variant(variant, cimtype)
    assert back == value
    assert type(back) is type(value)


@pytest.mark.parametrize(
    ("variant", "cimtype"),
    [
        (VARIANT(VT_I2, 1), CIM_UINT32),  # the page: WBEM_E_TYPE_MISMATCH
        (VARIANT(VT_ARRAY | VT_R8, (1.0,)), CIM_UINT32 | CIM_FLAG_ARRAY),  # "will fail"
        (VARIANT(VT_BSTR, "0x409"), CIM_UINT64),  # "decimal format, not hex"
        (VARIANT(VT_BSTR, "-1"), CIM_UINT64),
        (VARIANT(VT_I4, -1), CIM_UINT16),
        (VARIANT(VT_I4, 70000), CIM_SINT16),
        (VARIANT(VT_R8, 1e300), CIM_SINT32),
        (VARIANT(VT_R8, float("nan")), CIM_SINT32),
        (VARIANT(VT_BSTR, "five"), CIM_SINT32),
        (VARIANT(VT_BSTR, "maybe"), CIM_BOOLEAN),
        (VARIANT(VT_BSTR, "yesterday"), CIM_DATETIME),
        (VARIANT(VT_I4, 5), CIM_OBJECT),
        (VARIANT(VT_BSTR, "AB"), CIM_CHAR16),
        (VARIANT(VT_UNKNOWN, pump()), CIM_STRING),
        (VARIANT(VT_UNKNOWN, pump()), CIM_SINT32),
        (VARIANT(VT_I4, "5"), CIM_SINT32),  # a VARIANT that lies
        (VARIANT(VT_BSTR, 5), CIM_STRING),
        (VARIANT(7, 0.5), CIM_REAL64),  # VT_DATE
        (VARIANT(VT_I4, 1), CIM_SINT32 | CIM_FLAG_ARRAY),
        (VARIANT(VT_ARRAY | VT_I4, (1,)), CIM_SINT32),
        (VARIANT(VT_ARRAY | VT_I4, 1), CIM_SINT32 | CIM_FLAG_ARRAY),
        (VARIANT(VT_ARRAY | VT_I4, (1, -1)), CIM_UINT8 | CIM_FLAG_ARRAY),
    ],
)
def test_what_cannot_be_coerced(variant: VARIANT, cimtype: int) -> None:
    with pytest.raises(WbemError) as caught:
        from_variant(variant, cimtype)
    assert caught.value.status == WbemStatus.TYPE_MISMATCH


def test_without_a_cim_type_a_variant_says_it_itself() -> None:
    assert from_variant(VARIANT(VT_I4, -1)) == -1
    assert from_variant(VARIANT(VT_NULL)) is None
    assert from_variant(VARIANT(VT_ARRAY | VT_BOOL, (VARIANT_TRUE, False))) == (True, False)
    assert from_variant(VARIANT(VT_I1, -3)) == -3


@pytest.mark.parametrize("cimtype", [1, 0xFFF, CIM_FLAG_ARRAY])
def test_no_cim_type(cimtype: int) -> None:
    for call in (lambda: to_variant(5, cimtype), lambda: from_variant(VARIANT(VT_I4, 5), cimtype)):
        with pytest.raises(WbemError) as caught:
            call()
        assert caught.value.status == WBEM_E_INVALID_PROPERTY_TYPE


@pytest.mark.parametrize(
    ("value", "variant"),
    [
        (None, VARIANT(VT_NULL)),
        (True, VARIANT(VT_BOOL, VARIANT_TRUE)),
        (5, VARIANT(VT_I4, 5)),
        (0x80000000, VARIANT(VT_UI4, 0x80000000)),
        (-(1 << 40), VARIANT(VT_I8, -(1 << 40))),
        (1.0, VARIANT(VT_R8, 1.0)),
        ("x", VARIANT(VT_BSTR, "x")),
        (DAY, VARIANT(VT_BSTR, str(DAY))),
        ([1, 1 << 31], VARIANT(VT_ARRAY | VT_UI4, (1, 1 << 31))),
        ((), VARIANT(VT_ARRAY | VT_VARIANT, ())),
        ([1, "a"], VARIANT(VT_ARRAY | VT_VARIANT, (1, "a"))),
        (b"\1\2", VARIANT(VT_ARRAY | VT_I4, (1, 2))),
    ],
)
def test_what_a_plain_value_would_be(value: object, variant: VARIANT) -> None:
    assert as_variant(value) == variant
