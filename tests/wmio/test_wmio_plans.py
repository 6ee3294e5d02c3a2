"""The hot part, whichever implementation of it: what it takes it reads as the general code does; the rest it leaves."""

from __future__ import annotations

from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from tests.wmio.made import classes, values

from openwmi.base import limits
from openwmi.base.cursor import Reader
from openwmi.base.fault import RemoteProtocolError
from openwmi.model import CimClass, CimInstance, CimType, Property, Type
from openwmi.wmio import ObjectArrayDecoder, ObjectArrayEncoder, instance, nd_table, object_block, property_table, seam
from openwmi.wmio.heap import Decoding, HeapWriter
from openwmi.wmio.instance_layout import InstanceLayout

STRING, UINT8 = Type(CimType.STRING), Type(CimType.UINT8)
IMPLEMENTATIONS = pytest.mark.parametrize("hot", seam.IMPLEMENTATIONS.values(), ids=seam.IMPLEMENTATIONS)
AFTER = limits.WMIO_PLAN_AFTER


@st.composite
def flat_instances(draw: st.DrawFn) -> CimInstance:
    """Of a class with properties, none of which is an object."""
    cls = draw(classes(0, methods=False).filter(lambda cls: bool(cls.properties)))
    return CimInstance(cls, tuple(draw(st.none() | values(prop.type, 0)) for prop in cls.properties))


def encoded(obj: CimInstance, layout: InstanceLayout) -> bytes:
    return instance.encode(obj.class_, obj.values_, (), HeapWriter(object_block.encode_embedded), layout)


def plan_for(hot: seam.Implementation, octets: bytes, layout: InstanceLayout) -> seam.Plan:
    """A plan for the NULL pattern of these octets of an instance."""
    flags = octets[9 : 9 + layout.flags_size]
    fixed = layout.pattern(flags).fixed(layout.properties)
    return hot.plan(layout.properties, layout.offsets, layout.size, flags, fixed)


@IMPLEMENTATIONS
@settings(max_examples=40)
@given(obj=flat_instances())
def test_a_plan_reads_what_was_written(hot: seam.Implementation, obj: CimInstance) -> None:
    layout = property_table.layout(obj.class_)
    octets = encoded(obj, layout)
    found = plan_for(hot, octets, layout).row(b"before" + octets + b"behind", 6, 6 + len(octets), obj.class_)
    if found is None:  # elements that are NULL are left to the general code
        assert any(None in value for value in obj.values_ if isinstance(value, tuple))
        return
    assert found.class_ is obj.class_
    assert found == obj
    assert [found[name] for name in found] == list(obj.values_)
    assert [type(value) for value in found.values_] == [type(value) for value in obj.values_]


@IMPLEMENTATIONS
@settings(max_examples=40)
@given(obj=flat_instances(), number=st.integers(0, 2**32 - 1), data=st.data())
def test_a_plan_takes_nothing_that_the_general_code_refuses(
    hot: seam.Implementation, obj: CimInstance, number: int, data: st.DataObject
) -> None:
    """Four octets anywhere behind the NdTable become something else."""
    layout = property_table.layout(obj.class_)
    octets = bytearray(encoded(obj, layout))
    plan = plan_for(hot, bytes(octets), layout)
    at = data.draw(st.integers(9 + layout.flags_size, len(octets) - 4))
    octets[at : at + 4] = number.to_bytes(4, "little")
    found = plan.row(bytes(octets), 0, len(octets), obj.class_)
    fresh = property_table.layout(obj.class_)
    try:
        decoding = Decoding(len(octets), object_block.decode)
        expected = instance.decode(Reader(bytes(octets)), obj.class_, fresh, decoding)
    except RemoteProtocolError:
        assert found is None
        return
    if found is not None:
        assert not expected.own_qualifiers_
        assert not expected.own_property_qualifiers_
        assert repr(found.values_) == repr(expected.values_)


@IMPLEMENTATIONS
@settings(max_examples=40)
@given(obj=flat_instances(), length=st.integers(0, 400))
def test_a_plan_reads_nothing_beyond_the_end(hot: seam.Implementation, obj: CimInstance, length: int) -> None:
    layout = property_table.layout(obj.class_)
    octets = encoded(obj, layout)
    plan = plan_for(hot, octets, layout)
    if length < len(octets):
        assert plan.row(octets, 0, length, obj.class_) is None
        assert plan.row(octets[:length], 0, length, obj.class_) is None


@IMPLEMENTATIONS
@settings(max_examples=40)
@given(obj=flat_instances())
def test_the_encoders_write_what_the_general_one_does(hot: seam.Implementation, obj: CimInstance) -> None:
    layout = property_table.layout(obj.class_)
    _, wide = hot.encoders(obj.class_, object_block.encode_embedded, layout.whole)
    assert wide(obj.values_) == encoded(obj, layout)


@settings(max_examples=10)
@given(st.lists(flat_instances(), min_size=1, max_size=3), st.data())
def test_instances_in_any_order(objects: list[CimInstance], data: st.DataObject) -> None:
    """Of several classes and NULL patterns, before and after there are plans, with every kind of damage in between."""
    nothing = [CimInstance(obj.class_, (None,) * len(obj.values_)) for obj in objects]
    rows = data.draw(st.permutations([*objects, *nothing])) * (AFTER + 2)
    encoder, decoder = ObjectArrayEncoder(), ObjectArrayDecoder()
    for _ in range(2):
        assert decoder.decode(encoder.encode(rows)) == rows


# --------------------------------------------------------------------------------------------------- how many there are


def kinds(cls: CimClass, rows: list[tuple[Any, ...]]) -> list[str]:
    """What keeps the octets of each row that was received."""
    found = ObjectArrayDecoder().decode(ObjectArrayEncoder().encode([CimInstance(cls, row) for row in rows]))
    assert [obj.values_ for obj in found if isinstance(obj, CimInstance)] == rows
    stores = [obj.store_ if type(obj) is CimInstance else obj for obj in found]
    return [type(store).__name__ for store in stores]


def class_of(name: str, *types: Type) -> CimClass:
    """Names that no other test uses: what is known of a class part outlives a conversation."""
    return CimClass(name, properties=tuple(Property(f"P{place}", type_) for place, type_ in enumerate(types)))


def test_a_pattern_gets_a_plan_once_it_was_seen_often() -> None:
    found = kinds(class_of("Often", STRING), [("text",)] * (AFTER + 5))
    assert found == ["LazyRow"] * (AFTER - 1) + ["LazyInstance"] * 6


def test_few_patterns_of_a_class_get_one() -> None:
    cls = class_of("Patterns", *[UINT8] * 8)
    patterns = [tuple(None if number >> bit & 1 else 1 for bit in range(8)) for number in range(limits.WMIO_PLANS + 3)]
    found = kinds(cls, [row for row in patterns for _ in range(AFTER)])
    assert found[AFTER - 1 :: AFTER] == ["LazyInstance"] * limits.WMIO_PLANS + ["LazyRow"] * 3


def test_more_patterns_than_are_kept() -> None:
    count = limits.WMIO_NULL_PATTERNS + 5
    cls = class_of("Kept", *[UINT8] * 8)
    rows = [tuple(None if number >> bit & 1 else 1 for bit in range(8)) for number in range(count)]
    kinds(cls, rows * 2)


def test_text_of_any_script_has_a_row_of_its_own_kind() -> None:
    found = kinds(class_of("Scripts", STRING, STRING), [("a", "b")] * AFTER + [("ж", "b"), ("a", "b"), ("", "\ud83d")])
    assert found[AFTER - 1 :] == ["LazyInstance", "WideInstance", "LazyInstance", "WideInstance"]


def test_unused_bits_of_the_null_table_do_not_matter() -> None:
    cls = class_of("Bits", STRING)
    encoder = ObjectArrayEncoder()
    packets = [encoder.packet(CimInstance(cls, ("text",))) for _ in range(AFTER + 5)]
    at = len(packets[-1]) - len(b"\0Bits\0\0text\0") - 9 - 4 - 1
    odd = packets[-1][:at] + b"\xfc" + packets[-1][at + 1 :]
    assert odd != packets[-1]
    found = ObjectArrayDecoder().decode(encoder.array([*packets, odd, packets[-1]]))
    assert found == [CimInstance(cls, ("text",))] * (AFTER + 7)


def test_references_in_another_order() -> None:
    """As after a client changed a value: the heap is not in the order of the properties."""
    cls = class_of("Order", STRING, STRING, Type(CimType.STRING, array=True))
    layout = property_table.layout(cls)
    octets = bytearray(encoded(CimInstance(cls, ("one", "two", ("three", "four"))), layout))
    table = 9 + nd_table.size(3)
    first, second = octets[table : table + 4], octets[table + 4 : table + 8]
    octets[table : table + 8] = second + first
    found = plan_for(seam.USED, bytes(octets), layout).row(bytes(octets), 0, len(octets), cls)
    assert found is not None
    assert found.values_ == ("two", "one", ("three", "four"))
    octets[table : table + 8] = first + first
    assert plan_for(seam.USED, bytes(octets), layout).row(bytes(octets), 0, len(octets), cls) is None
