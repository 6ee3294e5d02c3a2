"""ClassPart ([MS-WMIO] 2.2.15-2.2.20): name, ancestors, qualifiers and properties of a class, without its methods.

Decoded parts are kept by their octets, because a reply of IEnumWbemClassObject::Next repeats the part in every object.
"""

from __future__ import annotations

from collections.abc import Sequence
from struct import Struct

from openwmi.base import limits
from openwmi.base.cursor import Reader, Writer
from openwmi.base.error import WbemError
from openwmi.base.fault import RemoteProtocolError
from openwmi.model import CimClass, Method, Qualifier, qualifier_set
from openwmi.wmio import class_image, encoded_string, heap, origin, property_table, qualifiers
from openwmi.wmio.class_image import ClassImage
from openwmi.wmio.heap import Decoding, HeapWriter
from openwmi.wmio.instance_layout import InstanceLayout

_HEADER = Struct("<IBII")  # EncodingLength, ReservedOctet, ClassNameRef, NdTableValueTableLength


class ClassPart:
    """A decoded class part, the layout of its instances, its image if that can be sent on, and the classes made of it.

    Attributes:
        image: None if it cannot.
    """

    __slots__ = ("_classes", "derivation", "image", "layout", "name", "properties", "qualifiers")

    def __init__(
        self,
        name: str,
        derivation: tuple[str, ...],
        found: list[Qualifier],
        entries: Sequence[property_table.Entry],
        table_size: int,
    ) -> None:
        """`entries` are in the order of the PropertyLookupTable, and have each DeclarationOrder once."""
        ordered = sorted(entries, key=lambda entry: entry.order)
        self.name = name
        self.derivation = derivation
        self.qualifiers = qualifier_set(*found)
        self.properties = tuple(entry.property for entry in ordered)
        lookup = [entry.order for entry in entries]
        self.layout = InstanceLayout(self.properties, [entry.offset for entry in ordered], table_size, lookup)
        self.image: ClassImage | None = None
        self._classes: dict[tuple[str, str], CimClass] = {}

    def without_methods(self, server: str, namespace: str) -> CimClass:
        """The class as an instance knows it; the same object for the same decoration."""
        known = self._classes.get((server, namespace))
        if known is None:
            if len(self._classes) >= limits.WMIO_CLASS_PARTS:
                self._classes.clear()
            # Windows: a query's projection loses the ancestors, and says so in class objects only (2.2.6).
            projected = not all(prop.origin for prop in self.properties)
            known = self.with_methods((), server, namespace, projected=projected)
            self._classes[server, namespace] = known
            if self.image is not None:
                class_image.keep(known, self.image)
        return known

    def with_methods(
        self,
        methods: tuple[Method, ...],
        server: str,
        namespace: str,
        *,
        projected: bool = False,
        lost_keys: bool = False,
    ) -> CimClass:
        """The class as a class object describes it."""
        try:
            return CimClass(
                name=self.name,
                derivation=self.derivation,
                properties=self.properties,
                methods=methods,
                qualifiers=self.qualifiers,
                namespace=namespace,
                server=server,
                projected=projected,
                lost_keys=lost_keys,
            )
        except WbemError as error:  # a name that is declared twice
            raise RemoteProtocolError(error.message) from None


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
    size = int.from_bytes(reader.data[reader.offset : reader.offset + 4], "little")
    start = reader.skip(size)
    decoding.spend(size)
    octets = reader.data[start : reader.offset]
    known = _parts.get(octets)
    if known is None:
        before = decoding.spent
        known = _decode(Reader(octets), decoding)
        kept = size <= limits.WMIO_CLASS_PART_BYTES
        if (kept or decoding.depth == 0) and class_image.is_sendable(known.layout, size, decoding.spent - before):
            known.image = ClassImage(octets, known.layout)
        if kept:
            if len(_parts) >= limits.WMIO_CLASS_PARTS:
                _parts.clear()
            _parts[octets] = known
    return known


_parts: dict[bytes, ClassPart] = {}


def _decode(reader: Reader, decoding: Decoding) -> ClassPart:
    _, _, name_reference, table_size = reader.unpack(_HEADER)
    derivation = _decode_derivation(reader)
    own = qualifiers.skip(reader)
    count = reader.u32()
    lookup_start = reader.skip(count * 8)
    lookup = Reader(reader.data, lookup_start, reader.offset)
    table = reader.octets(table_size)
    items = heap.decode(reader, decoding)
    name = items.string(name_reference) or ""
    names = origin.chain(name, derivation)
    found = qualifiers.decode(own, items)
    return ClassPart(name, derivation, found, property_table.decode(lookup, table, names, items), table_size)


def _decode_derivation(reader: Reader) -> tuple[str, ...]:
    """DerivationList: Encoded-Strings, each with its size behind it."""
    size = reader.u32()
    if size < 4:
        raise RemoteProtocolError(f"a DerivationList of {size} octets")
    start = reader.skip(size - 4)
    names = []
    while start < reader.offset:
        name, after = encoded_string.decode(reader.data, start, reader.offset)
        names.append(name)
        start = after + 4
    if start != reader.offset:
        raise RemoteProtocolError("a DerivationList that ends within a name's length")
    return tuple(names)


def _encode_derivation(names: Sequence[str]) -> bytes:
    writer = Writer()
    writer.u32(0)
    for name in names:
        octets = encoded_string.encode(name)
        writer.octets(octets)
        writer.u32(len(octets))
    writer.patch_u32(0, len(writer))
    return bytes(writer)
