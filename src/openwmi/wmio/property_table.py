"""PropertyLookupTable, PropertyInfo and the ValueTable of defaults ([MS-WMIO] 2.2.21-2.2.36).

The table is sorted by name; values, NdTable and the model's properties follow DeclarationOrder. This module must not
know what surrounds it in a class part.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from struct import Struct, calcsize

from openwmi.base.case import fold
from openwmi.base.cursor import Reader, Writer
from openwmi.base.fault import RemoteProtocolError
from openwmi.model import CimClass, Property, Type, qualifier_set
from openwmi.wmio import cim_type, nd_table, origin, qualifiers, values
from openwmi.wmio.heap import HeapReader, HeapWriter
from openwmi.wmio.instance_layout import InstanceLayout

_LOOKUP = Struct("<II")  # PropertyNameRef, PropertyInfoRef
_INFO = Struct("<IHII")  # PropertyType, DeclarationOrder, ValueTableOffset, ClassOfOrigin


@dataclass(frozen=True, slots=True)
class Entry:
    """A property of a lookup table: what the model keeps of it, and where its value stands in a value table."""

    property: Property
    order: int
    offset: int


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


def decode(lookup: Reader, table: bytes, names: Sequence[str], heap: HeapReader) -> list[Entry]:
    """The entries, in their order; each DeclarationOrder from 0 on is there once.

    `lookup` holds the PropertyLookups, `table` NdTable + ValueTable, `names` the classes from the topmost one down to
    the class itself.
    """
    count = lookup.remaining // _LOOKUP.size
    flags_size = nd_table.size(count)
    if flags_size > len(table):
        raise RemoteProtocolError(f"an NdTable and value table of {len(table)} octets for {count} properties")
    flags, slots = nd_table.decode(table[:flags_size], count), table[flags_size:]
    entries: dict[int, Entry] = {}
    heap.decoding.spend(lookup.remaining)
    while lookup.remaining:
        entry = _decode_entry(lookup, flags, slots, names, heap)
        if entry.order in entries:
            raise RemoteProtocolError(f"two properties are number {entry.order}")
        entries[entry.order] = entry
    return list(entries.values())


def _decode_entry(lookup: Reader, flags: bytes, slots: bytes, names: Sequence[str], heap: HeapReader) -> Entry:
    name_reference, info_reference = lookup.unpack(_LOOKUP)
    name = heap.required(name_reference)
    info = heap.item(info_reference)
    heap.decoding.spend(_INFO.size)
    number, order, offset, index = info.unpack(_INFO)
    found = qualifiers.decode(qualifiers.skip(info), heap)
    rest, type_ = qualifiers.split_cimtype(found, cim_type.decode(number))
    if order >= len(flags):
        raise RemoteProtocolError(f"property {name} is number {order} of {len(flags)}")
    slot = values.unpack(type_, slots, offset)
    flag = flags[order]
    default = None if flag & nd_table.IS_NULL else values.decode(type_, slot, heap)
    declared_by = origin.decode(names, index, inherited=bool(number & cim_type.INHERITED))
    named = qualifier_set(*rest)
    prop = Property(name, type_, default, named, declared_by, bool(flag & nd_table.IS_DEFAULT))
    return Entry(prop, order, offset)


def layout(cls: CimClass) -> InstanceLayout:
    """How instances lie of a class that `encode` encodes."""
    *offsets, size = value_offsets([prop.type for prop in cls.properties])
    return InstanceLayout(cls.properties, offsets, nd_table.size(len(cls.properties)) + size, lookup_order(cls))


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
