"""Generated objects beyond the plain round trip: damaged at random, projected, not a number; and NULL in every way."""

from dataclasses import replace
from itertools import product
from math import copysign
from struct import pack, unpack

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from tests.wmio.examined import is_sound, kind
from tests.wmio.made import VALUES, classes, instances

from openwmi.base import limits
from openwmi.model import CimClass, CimInstance, CimType, Property, Type, Value
from openwmi.wmio import ObjectArrayDecoder, ObjectArrayEncoder, decode_object, encode_object

OBJECT = CimClass("Inner", properties=(Property("T", Type(CimType.STRING)),)).instance({"T": "x"})


@pytest.mark.no_cover  # other tests show that each line is run
@settings(max_examples=300)
@given(instances(2) | classes(2), st.data())
def test_damaged_anywhere(obj: CimInstance | CimClass, data: st.DataObject) -> None:
    octets = bytearray(encode_object(obj))
    for _ in range(data.draw(st.integers(1, 4))):
        at = data.draw(st.integers(8, len(octets) - 1))
        octets[at] = data.draw(st.integers(0, 255))
    is_sound(bytes(octets[: data.draw(st.integers(8, len(octets)))]))
    is_sound(bytes(octets))


@pytest.mark.no_cover  # other tests show that each line is run
@settings(max_examples=100)
@given(st.lists(instances(1), min_size=1, max_size=3), st.data())
def test_an_array_damaged_anywhere(rows: list[CimInstance], data: st.DataObject) -> None:
    octets = bytearray(ObjectArrayEncoder().encode([*rows, *rows]))
    at = data.draw(st.integers(12, len(octets) - 1))
    octets[at] = data.draw(st.integers(0, 255))
    is_sound(bytes(octets))


@given(classes(1), st.booleans(), st.booleans())
def test_a_prototype(cls: CimClass, projected: bool, lost_keys: bool) -> None:
    sent = replace(cls, projected=projected, lost_keys=lost_keys)
    found = decode_object(encode_object(sent))
    assert isinstance(found, CimClass)
    assert found == sent
    assert (found.projected, found.lost_keys) == (projected, lost_keys)


@pytest.mark.parametrize(("cim", "letter"), [(CimType.REAL32, "f"), (CimType.REAL64, "d")])
def test_reals_that_are_no_numbers(cim: CimType, letter: str) -> None:
    """NaN is kept as a NaN; infinities and the zero below zero as what they are."""
    cls = CimClass("C", properties=(Property("One", Type(cim)), Property("All", Type(cim, array=True))))
    odd = (float("inf"), float("-inf"), -0.0, unpack("<" + letter, pack("<" + letter, float("nan")))[0])
    for each in odd:
        octets = encode_object(cls.instance({"One": each, "All": odd}))
        found = decode_object(octets)
        assert isinstance(found, CimInstance)
        assert pack("<d", found["One"]) == pack("<d", each)
        assert [pack("<d", value) for value in found["All"]] == [pack("<d", value) for value in odd]
        assert encode_object(found) == octets
    assert copysign(1, odd[2]) == -1


# ------------------------------------------------------------------------------------------------------------- NULL

# Two values of each type that are not NULL, among them those whose slot is all zeros or all ones.
SOME: dict[CimType, tuple[Value, ...]] = {
    CimType.SINT8: (0, -1),
    CimType.UINT8: (0, 255),
    CimType.SINT16: (0, -1),
    CimType.UINT16: (0, 65535),
    CimType.SINT32: (0, -1),
    CimType.UINT32: (0, 4294967295),
    CimType.SINT64: (0, -1),
    CimType.UINT64: (0, 2**64 - 1),
    CimType.REAL32: (0.0, float("-inf")),
    CimType.REAL64: (0.0, float("-inf")),
    CimType.BOOLEAN: (False, True),
    CimType.CHAR16: ("\0", "\uffff"),
    CimType.STRING: ("", "x"),
    CimType.REFERENCE: ("", "C=@"),
    CimType.DATETIME: ("", "x"),
    CimType.OBJECT: (OBJECT, OBJECT.class_),
}


def kinds() -> list[tuple[Type, tuple[Value, ...]]]:
    arrays = [(Type(cim, array=True), ((), values)) for cim, values in SOME.items()]
    return [*((Type(cim), values) for cim, values in SOME.items()), *arrays]


def test_every_type_is_there() -> None:
    assert set(SOME) == set(CimType) == set(VALUES) | {CimType.OBJECT}


@pytest.mark.parametrize(("type_", "values"), kinds(), ids=lambda each: str(each) if isinstance(each, Type) else "")
def test_null_is_what_the_nd_table_says_and_nothing_else(type_: Type, values: tuple[Value, ...]) -> None:
    """Every value over every default: in a class, in an instance, in a row without its class; and all of it again by
    the encoder that is made for the class.
    """
    choices = (None, *values)
    defaults = list(product(choices, (False, True)))
    cls = CimClass(
        "C",
        properties=tuple(
            Property(f"P{number}", type_, default, inherited_default=inherited)
            for number, (default, inherited) in enumerate(defaults)
        ),
    )
    found = decode_object(encode_object(cls))
    assert isinstance(found, CimClass)
    assert found.defaults == cls.defaults
    assert alike(found.defaults, cls.defaults)
    shifts = range(len(choices))
    rows = [
        CimInstance(cls, tuple(choices[(number + shift) % len(choices)] for number in range(len(defaults))))
        for shift in shifts
    ]
    rows += [CimInstance(cls, (value,) * len(defaults)) for value in choices]
    encoder, decoder = ObjectArrayEncoder(), ObjectArrayDecoder()
    for _ in range(limits.WMIO_COMPILE_AFTER // len(rows) + 2):
        for row, again in zip(rows, decoder.decode(encoder.encode(rows)), strict=True):
            assert isinstance(again, CimInstance)
            assert alike(again.values_, row.values_)
    for row in rows:
        alone = decode_object(encode_object(row))
        assert isinstance(alone, CimInstance)
        assert alike(alone.values_, row.values_)


def alike(some: tuple[Value, ...], others: tuple[Value, ...]) -> bool:
    """Equal, and of the same types, since 0, False and 0.0 are equal."""
    return some == others and list(map(kind, some)) == list(map(kind, others))


def test_six_values_in_one_array_of_rows() -> None:
    """NULL, 0, 4294967295, "", False and an empty array stay six different things, whatever the class's default is."""
    for number, text, flag, many in product((None, 0, 4294967295), (None, ""), (None, False), (None, ())):
        cls = CimClass(
            "C",
            properties=(
                Property("N", Type(CimType.UINT32), number),
                Property("S", Type(CimType.STRING), text),
                Property("B", Type(CimType.BOOLEAN), flag),
                Property("A", Type(CimType.UINT32, array=True), many),
            ),
        )
        rows = [CimInstance(cls, row) for row in product((None, 0, 4294967295), (None, ""), (None, False), (None, ()))]
        found = ObjectArrayDecoder().decode(ObjectArrayEncoder().encode(rows))
        seen = {repr(each.values_) for each in found if isinstance(each, CimInstance)}
        assert seen == {repr(row.values_) for row in rows}
        assert len(seen) == 24
