"""The part of an InstanceType behind its class ([MS-WMIO] 2.2.53-2.2.58, 2.2.65): values, qualifiers and heap.

The same octets make up an EncodingUnitInstanceNoClass (2.2.3). The encoder here takes every value of every class; the
one in `compiled` is made for one class, and writes the same octets. Decoding looks at everything and keeps the octets.

Kept are values and qualifiers, flavors that nobody knows among them. InstanceFlags, which must be zero, unused bits of
the NdTable and what nothing refers to in the heap are not sent on: 2.3.4 leaves it to the encoder to sweep its heap.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from struct import Struct
from typing import Any

from openwmi.base.case import NameMap, fold
from openwmi.base.cursor import Reader, Writer
from openwmi.base.fault import LocalProtocolError, RemoteProtocolError
from openwmi.model import BareInstance, CimClass, CimInstance, Qualifier, Qualifiers, Value, qualifier_set
from openwmi.wmio import cim_type, heap, nd_table, qualifiers, values
from openwmi.wmio.heap import Decoding, HeapWriter
from openwmi.wmio.instance_fields import HEAD, HEAD_SIZE, NO_SETS, SETS
from openwmi.wmio.instance_layout import InstanceLayout
from openwmi.wmio.lazy_row import BlockRow, LazyRow, ObjectRow
from openwmi.wmio.null_pattern import NullPattern

_HEAD = Struct("<" + HEAD)
_NOTHING: Mapping[str, Qualifiers] = {}


def decode(reader: Reader, cls: CimClass, layout: InstanceLayout, decoding: Decoding) -> CimInstance:
    """The instance at the reader, which moves on behind it, slack included."""
    data = reader.data
    size = int.from_bytes(data[reader.offset : reader.offset + 4], "little")
    start = reader.skip(size)
    if size < HEAD_SIZE + layout.size:
        raise RemoteProtocolError(f"an instance of {size} octets with a value table of {layout.size}")
    flags = data[start + HEAD_SIZE : start + HEAD_SIZE + layout.flags_size]
    pattern = layout.pattern(flags, size)
    if not pattern.objects:
        decoding.spend(size)  # since a plan copies the octets
        plan = layout.plan(flags, pattern, size)
        found = None if plan is None else plan.row(data, start, reader.offset, cls)
        if found is not None:
            return found
    return _decode_parts(Reader(data, start, reader.offset), cls, layout, pattern, decoding)


def _decode_parts(
    body: Reader, cls: CimClass, layout: InstanceLayout, pattern: NullPattern, decoding: Decoding
) -> CimInstance:
    if decoding.depth == 0:
        # Its own octets, so that one instance does not keep a thousand. Objects inside share those of the outermost.
        body = Reader(body.octets(body.remaining))
    _, _, name = body.unpack(_HEAD)
    table = body.skip(layout.size)
    tail = body.offset
    told = sum(found.remaining for _, found in _sets(body, layout)) > 0
    items = heap.decode(body, decoding, name)
    decoding.spend(layout.size)
    objects: dict[int, Value] = {}
    if not decoding.trusts:
        objects = pattern.check(layout.kinds, layout.offsets, body.data, table + layout.flags_size, items)
        for _, found in _sets(Reader(body.data, tail), layout):
            qualifiers.check(found, items)
    where = layout, pattern.flags, body.data, table, items.start
    row: LazyRow = LazyRow(*where)
    if pattern.objects:
        row = ObjectRow(*where, decoding.block, objects)
    elif told:
        row = BlockRow(*where, decoding.block)
    return _QualifiedInstance.of(cls, row) if told else CimInstance(cls, row)


def _sets(body: Reader, layout: InstanceLayout) -> Iterator[tuple[int, Reader]]:
    """The qualifiers of an instance, for which the place is -1, and those of its properties by their places. When all
    were asked for, the reader has moved on behind them.
    """
    yield -1, qualifiers.skip(body)
    flag = body.u8()
    if flag not in (NO_SETS, SETS):
        raise RemoteProtocolError(f"InstPropQualSetFlag {flag}: 1 or 2 expected")
    if flag == SETS:
        for place in layout.lookup:
            yield place, qualifiers.skip(body)


class _QualifiedInstance(CimInstance):
    """One that has qualifiers of its own, or on its properties. They are decoded when asked for."""

    __slots__ = ()

    store_: LazyRow

    @classmethod
    def of(cls, class_: CimClass, row: LazyRow) -> CimInstance:
        """The instance, without what is not asked for yet."""
        made: Any = BareInstance()
        made.class_, made.store_, made.__class__ = class_, row, cls
        found: CimInstance = made
        return found

    def __getattr__(self, name: str) -> Value:
        if name != "_qualifiers":
            return super().__getattr__(name)
        row, items = self.store_, self.store_.items()
        sets = {
            place: qualifier_set(*qualifiers.decode(found, items))
            for place, found in _sets(Reader(row.data, row.tail), row.layout)
            if found.remaining
        }
        own = sets.pop(-1, qualifier_set())
        properties = row.layout.properties
        of_properties = NameMap((properties[place].name, found) for place, found in sets.items())
        CimInstance.__init__(self, self.class_, row, own, of_properties)
        return object.__getattribute__(self, name)


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
