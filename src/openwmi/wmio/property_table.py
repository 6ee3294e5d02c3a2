"""PropertyLookupTable, PropertyInfo and the ValueTable of defaults ([MS-WMIO] 2.2.21-2.2.36).

The table is sorted by name; values, NdTable and the model's properties follow DeclarationOrder. This module must not
know what surrounds it in a class part.
"""

from __future__ import annotations

from array import array
from collections.abc import Sequence
from dataclasses import dataclass
from struct import Struct, calcsize

from openwmi.base.case import fold
from openwmi.base.cursor import Reader, Writer
from openwmi.base.fault import RemoteProtocolError
from openwmi.model import CimClass, Property, Type, qualifier_set
from openwmi.wmio import cim_type, nd_table, origin, qualifiers, values
from openwmi.wmio.heap import HeapReader, HeapWriter
from openwmi.wmio.instance_layout import InstanceLayout, Owner
from openwmi.wmio.unique_names import UniqueNames

_LOOKUP = Struct("<II")  # PropertyNameRef, PropertyInfoRef
_INFO = Struct("<IHII")  # PropertyType, DeclarationOrder, ValueTableOffset, ClassOfOrigin


def encode(cls: CimClass, heap: HeapWriter) -> tuple[bytes, bytes]:
    """The PropertyLookupTable, and NdTable + ValueTable, of a class."""
    names = origin.chain(cls.name, cls.derivation)
    offsets = value_offsets([prop.type for prop in cls.properties])
    table = Writer()
    table.u32(len(cls.properties))
    for order in lookup_order(cls):
        prop = cls.properties[order]
        declared_by, inherited = origin.encode(names, prop.origin)
        info = Writer()
        info.pack(_INFO, cim_type.encode(prop.type, inherited=inherited), order, offsets[order], declared_by)
        table.u32(heap.name(prop.name))
        chosen = qualifiers.join_cimtype(prop.qualifiers.values(), prop.type, inherited=inherited)
        table.u32(qualifiers.encode_item(chosen, heap, f"{cls.name}.{prop.name}", bytes(info)))
    flags, slots = [], bytearray()
    for prop in cls.properties:
        flag = nd_table.IS_NULL if prop.default is None else 0
        flags.append(flag | (nd_table.IS_DEFAULT if prop.inherited_default else 0))
        slots += _default(cls, prop, heap)
    return bytes(table), nd_table.encode(flags) + slots


def lookup_order(cls: CimClass) -> list[int]:
    """The places of the properties in the order of the table."""
    return sorted(range(len(cls.properties)), key=lambda place: fold(cls.properties[place].name))


def check(lookup: Reader, table: Reader, heap: HeapReader, owner: Owner) -> InstanceLayout:
    """The errors of `decode`, and RemoteProtocolError for a DeclarationOrder that comes twice. How instances lie."""
    size, count = table.remaining, lookup.remaining // _LOOKUP.size
    flags = _decode_flags(table, count)
    kinds, offsets, order = (array(letter, bytes(count * calcsize(letter))) for letter in "HII")
    seen, names = bytearray(count), UniqueNames()
    heap.decoding.spend(lookup.remaining)
    for each in range(count):
        name_reference, info_reference = lookup.unpack(_LOOKUP)
        names.add(heap.required(name_reference))
        info = heap.item(info_reference)
        heap.decoding.spend(_INFO.size)
        number, place, offset, _ = info.unpack(_INFO)
        if place >= count or seen[place]:
            raise RemoteProtocolError(f"a property is number {place} of {count}, or two are")
        seen[place] = True
        qualifiers.check(qualifiers.skip(info), heap)
        type_ = cim_type.decode(number)
        slot = values.unpack(type_, table, offset)
        if not flags[place] & nd_table.IS_NULL:
            values.check(type_, slot, heap)
        kinds[place], offsets[place], order[each] = cim_type.encode(type_), offset, place
    names.check("property")
    return InstanceLayout(kinds, offsets, size, order, owner)


def decode(lookup: Reader, table: Reader, names: Sequence[str], heap: HeapReader) -> tuple[Property, ...]:
    """The properties of a class, in declaration order.

    `lookup` holds the PropertyLookups, `table` NdTable + ValueTable, `names` the classes from the topmost one down to
    the class itself.
    """
    count = lookup.remaining // _LOOKUP.size
    flags = _decode_flags(table, count)
    found: list[Property | None] = [None] * count
    while lookup.remaining:
        place, prop = _decode_entry(lookup, flags, table, names, heap)
        found[place] = prop
    return tuple([prop for prop in found if prop is not None])


def _decode_flags(table: Reader, count: int) -> bytes:
    """The NdTable; the reader moves on behind it."""
    return nd_table.decode(table.octets(nd_table.size(count)), count)


def _decode_entry(
    lookup: Reader, flags: bytes, table: Reader, names: Sequence[str], heap: HeapReader
) -> tuple[int, Property]:
    """A property, and its place."""
    name_reference, info_reference = lookup.unpack(_LOOKUP)
    name = heap.required(name_reference)
    info = heap.item(info_reference)
    number, place, offset, index = info.unpack(_INFO)
    found = qualifiers.decode(qualifiers.skip(info), heap)
    rest, type_ = qualifiers.split_cimtype(found, cim_type.decode(number))
    slot, flag = values.unpack(type_, table, offset), flags[place]
    default = None if flag & nd_table.IS_NULL else values.decode(type_, slot, heap)
    declared_by = origin.decode(names, index, inherited=bool(number & cim_type.INHERITED))
    return place, Property(
        name, type_, default, qualifier_set(*rest), declared_by, inherited_default=bool(flag & nd_table.IS_DEFAULT)
    )


def layout(cls: CimClass) -> InstanceLayout:
    """How instances lie of a class that `encode` encodes."""
    *offsets, size = value_offsets([prop.type for prop in cls.properties])
    return InstanceLayout(
        array("H", [cim_type.encode(prop.type) for prop in cls.properties]),
        array("I", offsets),
        nd_table.size(len(cls.properties)) + size,
        array("I", lookup_order(cls)),
        _Made(cls.properties),
    )


@dataclass(frozen=True, slots=True)
class _Made:
    """Properties that are there: not their class, since what is kept of a class must not keep it."""

    properties: tuple[Property, ...]


def value_offsets(types: Sequence[Type]) -> list[int]:
    """Where the value of each property stands in a packed value table; one more, the size of the table."""
    offsets = [0]
    for type_ in types:
        offsets.append(offsets[-1] + calcsize("<" + cim_type.slot(type_)))
    return offsets


def _default(cls: CimClass, prop: Property, heap: HeapWriter) -> bytes:
    """The slot of the default value; NoValue (2.2.74), all ones, if it has none."""
    if prop.default is None:
        return b"\xff" * calcsize("<" + cim_type.slot(prop.type))
    return values.pack(prop.type, prop.default, heap, f"default of {cls.name}.{prop.name}")
