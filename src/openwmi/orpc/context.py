"""Contexts by value: what an activation carries of its caller's surroundings ([MS-DCOM] 2.2.20).

A context property is opaque here. A client must send a context, and most have nothing to say in it.
"""

from __future__ import annotations

from dataclasses import dataclass
from struct import Struct
from typing import Final

from openwmi.base.cursor import Reader, Writer
from openwmi.base.fault import RemoteProtocolError
from openwmi.base.guid import Guid
from openwmi.orpc.objref import ObjRefCustom
from openwmi.orpc.wellknown import CLSID_ContextMarshaler, IID_IContext

CPFLAG_PROPAGATE: Final = 0x1
CPFLAG_EXPOSE: Final = 0x2
CPFLAG_ENVOY: Final = 0x4

_BY_VALUE: Final = 0x2
_VERSION: Final = (1, 1)
_COUNTS = Struct("<IIIIIII")  # Flags, Reserved, dwNumExtents, cbExtents, MshlFlags, Count, Frozen


@dataclass(frozen=True, slots=True)
class ContextProperty:
    """PROPMARSHALHEADER (2.2.20.1)."""

    clsid: Guid
    policy: Guid
    flags: int
    data: bytes


@dataclass(frozen=True, slots=True)
class Context:
    """The context itself. `marshal_flags` are ignored by everyone."""

    id: Guid
    properties: tuple[ContextProperty, ...] = ()
    marshal_flags: int = 0

    @classmethod
    def decode(cls, octets: bytes) -> Context:
        """RemoteProtocolError also where extents are announced, which 3.1.2.5.2.3 answers with RPC_E_INVALID_OBJREF."""
        reader = Reader(octets)
        version = (reader.u16(), reader.u16())
        context_id = reader.guid()
        flags, _, extents, extent_octets, marshal_flags, count, _ = reader.unpack(_COUNTS)
        if version != _VERSION or flags != _BY_VALUE or extents or extent_octets:
            raise RemoteProtocolError(f"a context of version {version}, flags 0x{flags:X} and {extents} extents")
        if count * 40 > reader.remaining:  # 40 octets are the least that a property has
            raise RemoteProtocolError(f"{count} context properties in {reader.remaining} octets")
        properties = tuple(_decode_property(reader) for _ in range(count))
        reader.expect_end()
        return cls(context_id, properties, marshal_flags)

    def encode(self) -> bytes:
        writer = Writer()
        for number in _VERSION:
            writer.u16(number)
        writer.guid(self.id)
        writer.pack(_COUNTS, _BY_VALUE, 0, 0, 0, self.marshal_flags, len(self.properties), 1)
        for item in self.properties:
            writer.guid(item.clsid)
            writer.guid(item.policy)
            writer.u32(item.flags)
            writer.u32(len(item.data))
            writer.octets(item.data)
        return bytes(writer)

    @property
    def reference(self) -> ObjRefCustom:
        """The OBJREF that carries it. Windows: its size field counts the context alone, without 8 more."""
        octets = self.encode()
        return ObjRefCustom(IID_IContext, CLSID_ContextMarshaler, octets, len(octets))


def _decode_property(reader: Reader) -> ContextProperty:
    clsid, policy, flags, size = reader.guid(), reader.guid(), reader.u32(), reader.u32()
    return ContextProperty(clsid, policy, flags, reader.octets(size))
