"""ClassPart ([MS-WMIO] 2.2.15-2.2.20): name, ancestors, qualifiers and properties of a class, without its methods.

What came in is looked over, and its octets are kept; objects are made of them when somebody asks. Parts are kept by
their octets, because a reply of IEnumWbemClassObject::Next repeats the part in every object.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from struct import Struct
from typing import NamedTuple

from openwmi.base import limits
from openwmi.base.cursor import Reader, Writer
from openwmi.base.fault import RemoteProtocolError
from openwmi.model import CimClass, DeferredClass, Property, Qualifiers, qualifier_set
from openwmi.wmio import class_image, encoded_string, heap, origin, property_table, qualifiers
from openwmi.wmio.class_image import WireSource
from openwmi.wmio.heap import DecodeBlock, Decoding, HeapReader, HeapWriter
from openwmi.wmio.instance_layout import InstanceLayout

_HEADER = Struct("<IBII")  # EncodingLength, ReservedOctet, ClassNameRef, NdTableValueTableLength


class Said(NamedTuple):
    """What a class part says."""

    name: str
    derivation: tuple[str, ...]
    properties: tuple[Property, ...]
    qualifiers: Qualifiers


class Content:
    """The octets of a class part that was looked over, and what they say, once somebody asked."""

    __slots__ = ("_block", "_said", "octets")

    def __init__(self, octets: bytes, block: DecodeBlock) -> None:
        """`block` decodes an object inside a heap."""
        self.octets = octets
        self._block = block
        self._said: Said | None = None

    @property
    def properties(self) -> tuple[Property, ...]:
        return self.said.properties

    @property
    def said(self) -> Said:
        if self._said is None:
            self._said = _decode(self.octets, heap.checked(self._block))
        return self._said


@dataclass(frozen=True, slots=True)
class _OfInstance(WireSource):
    """The source of the class of instances that are from one place."""

    content: Content
    layout: InstanceLayout
    sendable: bool
    server: str
    namespace: str

    def decode_class(self) -> CimClass:
        name, derivation, properties, found = self.content.said
        # Windows: a query's projection loses the ancestors, and says so in class objects only (2.2.6).
        projected = not all(prop.origin for prop in properties)
        return CimClass(name, None, derivation, properties, (), found, self.namespace, self.server, projected)

    @property
    def image(self) -> _OfInstance | None:
        return self if self.sendable else None

    @property
    def class_part(self) -> bytes:
        return self.content.octets

    @property
    def class_type(self) -> None:
        return None


class ClassPart:
    """A class part that was looked over, and the classes made of it.

    Attributes:
        content: what it says.
        layout: of its instances.
        sendable: whether it can be sent on as it is.
    """

    __slots__ = ("_first", "_others", "content", "layout", "sendable")

    def __init__(self, content: Content, layout: InstanceLayout) -> None:
        self.content = content
        self.layout = layout
        self.sendable = False
        # Where the first class is from, and it; nearly always there is no other one.
        self._first: tuple[tuple[str, str], CimClass] | None = None
        self._others: dict[tuple[str, str], CimClass] | None = None

    def without_methods(self, server: str, namespace: str) -> CimClass:
        """The class as an instance knows it; the same object for the same decoration."""
        where = server, namespace
        if self._first is None:
            self._first = where, self._made(where)
        if where == self._first[0]:
            return self._first[1]
        others = self._others = self._others or {}
        known = others.get(where)
        if known is None:
            if len(others) >= limits.WMIO_CLASS_PARTS:
                others.clear()
            known = others[where] = self._made(where)
        return known

    def _made(self, where: tuple[str, str]) -> CimClass:
        return DeferredClass(_OfInstance(self.content, self.layout, self.sendable, *where))


def encode(cls: CimClass, items: HeapWriter) -> bytes:
    """A class -> its class part. `items` is an empty heap."""
    # By reference to the text, never by the dictionary: peers look a class's name up in the heap.
    name = items.string(cls.name) if cls.name else heap.NULL
    own = qualifiers.encode(cls.qualifiers.values(), items, cls.name)
    lookup, table = property_table.encode(cls, items)
    writer = Writer()
    writer.pack(_HEADER, 0, 0, name, len(table))
    writer.octets(_encode_derivation(cls.derivation))
    writer.octets(own)
    writer.octets(lookup)
    writer.octets(table)
    items.encode(writer)
    writer.patch_u32(0, len(writer))
    return bytes(writer)


def decode(reader: Reader, decoding: Decoding) -> ClassPart:
    """The class part at the reader, which moves on behind it, slack included."""
    octets = _octets(reader)
    decoding.spend(len(octets))
    known = _parts.get(octets)
    if known is None:
        before = decoding.spent
        content = Content(octets, decoding.block)
        known = ClassPart(content, _check(content, decoding))
        kept = len(octets) <= limits.WMIO_CLASS_PART_BYTES
        known.sendable = (kept or decoding.depth == 0) and class_image.is_sendable(
            known.layout, len(octets), decoding.spent - before
        )
        if kept:
            if len(_parts) >= limits.WMIO_CLASS_PARTS:
                _parts.clear()
            _parts[octets] = known
    return known


def content(reader: Reader, block: DecodeBlock) -> Content:
    """The same of one that was looked over before."""
    octets = _octets(reader)
    known = _parts.get(octets)
    return Content(octets, block) if known is None else known.content


def _octets(reader: Reader) -> bytes:
    size = int.from_bytes(reader.data[reader.offset : reader.offset + 4], "little")
    start = reader.skip(size)
    return reader.data[start : reader.offset]


_parts: dict[bytes, ClassPart] = {}


class _Fields(NamedTuple):
    """Where everything is in a class part."""

    name: int
    derivation: Reader
    qualifiers: Reader
    lookup: Reader
    table: Reader
    heap: HeapReader


def _fields(octets: bytes, decoding: Decoding) -> _Fields:
    reader = Reader(octets)
    _, _, name, table_size = reader.unpack(_HEADER)
    size = reader.u32()
    if size < 4:
        raise RemoteProtocolError(f"a DerivationList of {size} octets")
    derivation = _part(reader, size - 4)
    own = qualifiers.skip(reader)
    lookup = _part(reader, reader.u32() * 8)
    table = _part(reader, table_size)
    return _Fields(name, derivation, own, lookup, table, heap.decode(reader, decoding))


def _part(reader: Reader, size: int) -> Reader:
    start = reader.skip(size)
    return Reader(reader.data, start, reader.offset)


def _check(content: Content, decoding: Decoding) -> InstanceLayout:
    """Looks at everything. How instances of the class lie."""
    found = _fields(content.octets, decoding)
    found.heap.check(found.name)
    for _ in _derivation(found.derivation):
        pass
    qualifiers.check(found.qualifiers, found.heap)
    return property_table.check(found.lookup, found.table, found.heap, content)


def _decode(octets: bytes, decoding: Decoding) -> Said:
    found = _fields(octets, decoding)
    name = found.heap.string(found.name) or ""
    derivation = tuple(_derivation(found.derivation))
    chain = origin.chain(name, derivation)
    properties = property_table.decode(found.lookup, found.table, chain, found.heap)
    return Said(name, derivation, properties, qualifier_set(*qualifiers.decode(found.qualifiers, found.heap)))


def _derivation(reader: Reader) -> Iterator[str]:
    """DerivationList: Encoded-Strings, each with its size behind it."""
    while reader.remaining:
        name, reader.offset = encoded_string.decode(reader.data, reader.offset, reader.end)
        reader.skip(4)
        yield name


def _encode_derivation(names: Sequence[str]) -> bytes:
    writer = Writer()
    writer.u32(0)
    for name in names:
        octets = encoded_string.encode(name)
        writer.octets(octets)
        writer.u32(len(octets))
    writer.patch_u32(0, len(writer))
    return bytes(writer)
