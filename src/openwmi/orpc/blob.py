"""The activation properties BLOB: a header and up to ten properties, each serialized by itself ([MS-DCOM] 2.2.22).

It travels as the data of an OBJREF_CUSTOM, which `openwmi.orpc.activation` wraps around it.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Annotated, TypeVar

from openwmi.base import guid
from openwmi.base.cursor import Reader, Writer
from openwmi.base.fault import LocalProtocolError, RemoteProtocolError
from openwmi.base.guid import Guid
from openwmi.ndr import GUID, U32, SizeIs, Unique, decode_type, encode_type
from openwmi.orpc.properties import (
    CLSID_OF,
    Property,
    SpecialPropertiesData,
    SpecialPropertiesDataAlternate,
    UnknownProperty,
)

MAX_PROPERTIES = 10  # MAX_ACTPROP_LIMIT (2.2.28.1)
DIFFERENT_MACHINE = 2  # what Windows puts into destCtx: MSHCTX_DIFFERENTMACHINE

_TYPE_OF: dict[Guid, type[Property]] = {
    clsid: kind for kind, clsid in CLSID_OF.items() if kind is not SpecialPropertiesDataAlternate
}
_ALTERNATE_SIZE = 96  # SpecialPropertiesDataAlternate with both headers; the other form has 104

P = TypeVar("P")


@dataclass(frozen=True, slots=True)
class CustomHeader:
    """2.2.22.1: sizes in octets, that of the header with its own two headers."""

    total_size: U32
    header_size: U32
    reserved: U32
    dest_ctx: U32
    count: U32
    class_info_clsid: GUID
    clsids: Unique[Annotated[tuple[GUID, ...], SizeIs("count")]]
    sizes: Unique[Annotated[tuple[U32, ...], SizeIs("count")]]
    reserved_pointer: Unique[U32]


@dataclass(frozen=True, slots=True)
class ActivationProperties:
    """The properties in their order, which some clients rely on."""

    items: tuple[Property | UnknownProperty, ...]
    dest_ctx: int = DIFFERENT_MACHINE

    def find(self, kind: type[P]) -> P | None:
        """The first property of that type, or None."""
        return next((item for item in self.items if isinstance(item, kind)), None)

    @classmethod
    def decode(cls, octets: bytes) -> ActivationProperties:
        """RemoteProtocolError where a size or a count does not fit. A property's padding may be anything."""
        reader = Reader(octets)
        size = reader.u32()
        reader.u32()  # dwReserved
        start = reader.offset
        reader.skip(size)
        header, end = decode_type(CustomHeader, octets, start)
        if not 1 <= header.count <= MAX_PROPERTIES or header.clsids is None or header.sizes is None:
            raise RemoteProtocolError(f"an activation BLOB of {header.count} properties")
        if start + header.header_size < end:
            raise RemoteProtocolError(f"an activation BLOB whose header is longer than its {header.header_size} octets")
        reader = Reader(octets, start, start + size)
        reader.skip(header.header_size)
        pairs = zip(header.clsids, header.sizes, strict=True)
        return cls(tuple(_decode_property(clsid, reader.octets(length)) for clsid, length in pairs), header.dest_ctx)

    def encode(self) -> bytes:
        """LocalProtocolError for no property, or more than ten."""
        if not 1 <= len(self.items) <= MAX_PROPERTIES:
            raise LocalProtocolError(
                f"an activation BLOB holds 1 to {MAX_PROPERTIES} properties, not {len(self.items)}"
            )
        clsids, bodies = zip(*(_encode_property(item) for item in self.items), strict=True)
        sizes = tuple(map(len, bodies))
        header_size = len(encode_type(CustomHeader, self._header(0, 0, clsids, sizes)))
        total_size = header_size + sum(sizes)
        writer = Writer()
        writer.u32(total_size)
        writer.u32(0)
        writer.octets(encode_type(CustomHeader, self._header(total_size, header_size, clsids, sizes)))
        for body in bodies:
            writer.octets(body)
        return bytes(writer)

    def _header(self, total: int, size: int, clsids: tuple[Guid, ...], sizes: tuple[int, ...]) -> CustomHeader:
        return CustomHeader(total, size, 0, self.dest_ctx, len(sizes), guid.NULL, clsids, sizes, None)


def _decode_property(clsid: Guid, octets: bytes) -> Property | UnknownProperty:
    kind = _TYPE_OF.get(clsid)
    if kind is None:
        return UnknownProperty(clsid, octets)
    if kind is SpecialPropertiesData and len(octets) <= _ALTERNATE_SIZE:
        kind = SpecialPropertiesDataAlternate
    return decode_type(kind, octets)[0]


def _encode_property(item: Property | UnknownProperty) -> tuple[Guid, bytes]:
    if isinstance(item, UnknownProperty):
        return item.clsid, item.octets
    return CLSID_OF[type(item)], encode_type(type(item), item)
