"""The part of an InstanceType behind its class ([MS-WMIO] 2.2.53-2.2.58, 2.2.65): values, qualifiers and heap.

The same octets make up an EncodingUnitInstanceNoClass (2.2.3). The encoder here takes every value of every class; the
one in `compiled` is made for one class, and writes the same octets. Decoding looks at everything and keeps the octets.

Kept are values and qualifiers, flavors that nobody knows among them. InstanceFlags, which must be zero, unused bits of
the NdTable and what nothing refers to in the heap are not sent on: 2.3.4 leaves it to the encoder to sweep its heap.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from struct import Struct

from openwmi.base.case import NameMap, fold
from openwmi.base.cursor import Reader, Writer
from openwmi.base.fault import LocalProtocolError, RemoteProtocolError
from openwmi.model import CimClass, Qualifier, Qualifiers, Store, Value, qualifier_set
from openwmi.wmio import cim_type, heap, nd_table, qualifiers, values
from openwmi.wmio.heap import Decoding, HeapWriter
from openwmi.wmio.instance_fields import HEAD, HEAD_SIZE, NO_SETS, SETS
from openwmi.wmio.instance_layout import InstanceLayout
from openwmi.wmio.null_pattern import LazyRow, NullPattern

_HEAD = Struct("<" + HEAD)
_NOTHING: Mapping[str, Qualifiers] = {}


@dataclass(frozen=True, slots=True)
class Decoded:
    """An instance of the rare kind: its values, its own qualifiers and those on its properties."""

    store: Store
    qualifiers: list[Qualifier]
    of_properties: NameMap[Qualifiers]


def decode(reader: Reader, layout: InstanceLayout, decoding: Decoding) -> Store | Decoded:
    """The values of an instance, and its qualifiers if it has any; the reader moves on behind it, slack included."""
    data = reader.data
    size = int.from_bytes(data[reader.offset : reader.offset + 4], "little")
    start = reader.skip(size)
    if size < HEAD_SIZE + layout.size:
        raise RemoteProtocolError(f"an instance of {size} octets with a value table of {layout.size}")
    flags = data[start + HEAD_SIZE : start + HEAD_SIZE + layout.flags_size]
    pattern = layout.pattern(flags)
    if not pattern.objects:
        decoding.spend(size)  # since the octets are copied
        plan = layout.plan(flags, pattern)
        row = None if plan is None else plan.row(data, start, reader.offset)
        if row is not None:
            return row
    return _decode_parts(Reader(data, start, reader.offset), layout, pattern, decoding)


def _decode_parts(body: Reader, layout: InstanceLayout, pattern: NullPattern, decoding: Decoding) -> Store | Decoded:
    if not pattern.objects or decoding.depth == 0:
        # Its own octets, so that one instance does not keep a thousand. Objects inside share those of the outermost.
        body = Reader(body.octets(body.remaining))
    data = body.data
    _, _, name = body.unpack(_HEAD)
    table = body.skip(layout.size)
    own = qualifiers.skip(body)
    flag = body.u8()
    if flag not in (NO_SETS, SETS):
        raise RemoteProtocolError(f"InstPropQualSetFlag {flag}: 1 or 2 expected")
    sets = [(place, qualifiers.skip(body)) for place in layout.lookup] if flag == SETS else []
    items = heap.decode(body, decoding, name)
    decoding.spend(layout.size)
    row = LazyRow(pattern, data, table, items.start, pattern.decode(data, table, items))
    of_instance = qualifiers.decode(own, items)
    of_properties = NameMap(
        (layout.properties[place].name, qualifier_set(*qualifiers.decode(each, items)))
        for place, each in sets
        if each.remaining
    )
    return Decoded(row, of_instance, of_properties) if of_instance or of_properties else row


def encode(
    cls: CimClass,
    found: Sequence[Value],
    own: Iterable[Qualifier],
    items: HeapWriter,
    layout: InstanceLayout,
    of_properties: Mapping[str, Qualifiers] = _NOTHING,
) -> bytes:
    """The values of an instance in declaration order, its qualifiers, and those on its properties -> octets.

    `items` is an empty heap.
    """
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
        0 if value is not None else nd_table.null_flag(prop.default)
        for value, prop in zip(found, cls.properties, strict=True)
    ]
    sets = qualifiers.encode(own, items, f"an instance of {cls.name}") + _encode_sets(cls, layout, of_properties, items)
    writer = Writer()
    writer.pack(_HEAD, 0, 0, name)
    writer.octets(nd_table.encode(flags))
    writer.octets(layout.table(slots))
    writer.octets(sets)
    items.encode(writer)
    writer.patch_u32(0, len(writer))
    return bytes(writer)


def _encode_sets(cls: CimClass, layout: InstanceLayout, sets: Mapping[str, Qualifiers], items: HeapWriter) -> bytes:
    """InstancePropQualifierSet: a flag, and if any property has qualifiers a set for each of them."""
    unknown = [name for name in sets if fold(name) not in cls.positions]
    if unknown:
        raise LocalProtocolError(
            f"an instance of {cls.name} has qualifiers on {unknown[0]}, which is no property of it"
        )
    if not any(sets.values()):
        return bytes((NO_SETS,))
    names = [cls.properties[place].name for place in layout.lookup]
    folded = {fold(name): each for name, each in sets.items()}
    encoded = [qualifiers.encode(folded.get(fold(name), {}).values(), items, f"{cls.name}.{name}") for name in names]
    return bytes((SETS,)) + b"".join(encoded)
