"""The part of an InstanceType behind its class ([MS-WMIO] 2.2.53-2.2.58, 2.2.65): values, qualifiers and heap.

The same octets make up an EncodingUnitInstanceNoClass (2.2.3). The encoder here takes every value of every class; the
one in `compiled` is made for one class, and writes the same octets.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from struct import Struct

from openwmi.base.cursor import Reader, Writer
from openwmi.base.fault import LocalProtocolError, RemoteProtocolError
from openwmi.model import CimClass, Qualifier, Value
from openwmi.wmio import cim_type, heap, nd_table, qualifiers, values
from openwmi.wmio.heap import Decoding, HeapReader, HeapWriter
from openwmi.wmio.instance_layout import HEAD, InstanceLayout

_HEAD = Struct("<" + HEAD)
_NO_QUALIFIERS = (4, 0)  # Windows: an empty set may say that it is 0 octets long
NO_SETS, SETS = 1, 2  # InstPropQualSetFlag


def decode(reader: Reader, layout: InstanceLayout, decoding: Decoding) -> tuple[tuple[Value, ...], list[Qualifier]]:
    """The values in declaration order and the qualifiers of an instance; the reader moves on behind it, slack included.

    Qualifiers of single properties of an instance are stepped over: the model has no place for them.
    """
    data, start, whole = reader.data, reader.offset, layout.whole
    if whole is None or reader.end - start < whole.size:
        return _decode_parts(reader, layout, decoding)
    size, _, name, flags, *slots, qualifiers_size, sets, heap_size = whole.unpack_from(data, start)
    if qualifiers_size not in _NO_QUALIFIERS or sets != NO_SETS:
        return _decode_parts(reader, layout, decoding)
    reader.skip(size)
    heap_start = start + whole.size
    heap_end = heap_start + (heap_size & ~heap.LENGTH_BIT)
    if heap_end > reader.offset:
        raise RemoteProtocolError(f"an instance of {size} octets whose heap ends beyond it")
    decoding.spend(layout.size)
    return layout.values(flags, slots, HeapReader(data, heap_start, heap_end, decoding, name)), []


def _decode_parts(
    reader: Reader, layout: InstanceLayout, decoding: Decoding
) -> tuple[tuple[Value, ...], list[Qualifier]]:
    size = int.from_bytes(reader.data[reader.offset : reader.offset + 4], "little")
    start = reader.skip(size)
    body = Reader(reader.data, start, reader.offset)
    _, _, name = body.unpack(_HEAD)
    flags, slots = layout.slots(body.octets(layout.size))
    own = qualifiers.skip(body)
    sets = body.u8()
    if sets == SETS:
        for _ in range(layout.count):
            qualifiers.skip(body)
    elif sets != NO_SETS:
        raise RemoteProtocolError(f"InstPropQualSetFlag {sets}: 1 or 2 expected")
    items = heap.decode(body, decoding, name)
    decoding.spend(layout.size)
    return layout.values(flags, list(slots), items), qualifiers.decode(own, items)


def encode(cls: CimClass, found: Sequence[Value], own: Iterable[Qualifier], items: HeapWriter) -> bytes:
    """The values of an instance in declaration order, and its qualifiers -> octets. `items` is an empty heap."""
    if len(found) != len(cls.properties):
        raise LocalProtocolError(f"{len(found)} values for the {len(cls.properties)} properties of {cls.name}")
    name = items.string(cls.name)
    slots = [b""] * len(found)
    # Strings first: so does the compiled encoder, which joins them before it turns to the rest.
    for strings in (True, False):
        for place, prop in enumerate(cls.properties):
            if cim_type.is_text(prop.type) is strings:
                slots[place] = values.pack(prop.type, found[place], items, f"{cls.name}.{prop.name}")
    flags = [
        0 if value is not None else null_flag(prop.default) for value, prop in zip(found, cls.properties, strict=True)
    ]
    sets = qualifiers.encode(own, items, f"an instance of {cls.name}")
    writer = Writer()
    writer.pack(_HEAD, 0, 0, name)
    writer.octets(nd_table.encode(flags))
    writer.octets(b"".join(slots))
    writer.octets(sets)
    writer.u8(NO_SETS)
    items.encode(writer)
    writer.patch_u32(0, len(writer))
    return bytes(writer)


def null_flag(default: Value) -> int:
    """The flags of a NULL value. Windows: one that agrees with the class's default says that it is the default, too."""
    return nd_table.IS_NULL | nd_table.IS_DEFAULT if default is None else nd_table.IS_NULL
