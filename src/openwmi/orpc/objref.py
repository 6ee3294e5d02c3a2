"""OBJREF: a reference to an object, or the object itself by value, as it travels ([MS-DCOM] 2.2.18).

A call carries it inside an MInterfacePointer, which `openwmi.ndr` reads and writes as octets: those octets are what
`decode` takes and `encode` gives. Looking up or calling what it refers to is not done here.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from functools import lru_cache
from struct import Struct
from typing import ClassVar, Final, TypeAlias

from openwmi.base import guid
from openwmi.base.cursor import Reader, Writer
from openwmi.base.fault import RemoteProtocolError
from openwmi.base.guid import Guid
from openwmi.ndr import GUID, U32, U64
from openwmi.orpc.bindings import Bindings

SORF_NOPING: Final = 0x00001000  # the client is asked not to ping this object

_SIGNATURE: Final = 0x574F454D  # "MEOW"
_EXTENDED_SIGNATURE: Final = 0x4E535956
_HEADER = Struct("<II16s")
_STD = Struct("<IIQQ16s")
_CUSTOM = Struct("<16sII")
_SIZES = Struct("<II")

# A row of a query is a reference each, all of the same IID and CLSID, and making a GUID costs more than the rest.
_known_guid = lru_cache(maxsize=64)(guid.decode)


@dataclass(frozen=True, slots=True)
class StdObjRef:
    """STDOBJREF (2.2.18.1): an interface of an object of an exporter, and how many references come with it."""

    flags: U32
    public_refs: U32
    oxid: U64
    oid: U64
    ipid: GUID

    @property
    def noping(self) -> bool:
        return bool(self.flags & SORF_NOPING)

    @classmethod
    def decode_from(cls, reader: Reader) -> StdObjRef:
        """The packet form (2.2.18.2), which is also what NDR makes of it at a multiple of 8."""
        flags, public_refs, oxid, oid, ipid = reader.unpack(_STD)
        return cls(flags, public_refs, oxid, oid, guid.decode(ipid))

    def encode_into(self, writer: Writer) -> None:
        writer.pack(_STD, self.flags, self.public_refs, self.oxid, self.oid, guid.encode(self.ipid))


@dataclass(frozen=True, slots=True)
class ObjRefStandard:
    """OBJREF_STANDARD (2.2.18.4). `resolver` says where the OXID is resolved."""

    KIND: ClassVar[int] = 0x1

    iid: Guid
    std: StdObjRef
    resolver: Bindings

    @classmethod
    def decode_from(cls, reader: Reader, iid: Guid) -> ObjRefStandard:
        return cls(iid, StdObjRef.decode_from(reader), Bindings.decode_from(reader))

    def encode_into(self, writer: Writer) -> None:
        self.std.encode_into(writer)
        self.resolver.encode_into(writer)


@dataclass(frozen=True, slots=True)
class ObjRefHandler:
    """OBJREF_HANDLER (2.2.18.5): standard, with the class of a helper that the client may use."""

    KIND: ClassVar[int] = 0x2

    iid: Guid
    std: StdObjRef
    clsid: Guid
    resolver: Bindings

    @classmethod
    def decode_from(cls, reader: Reader, iid: Guid) -> ObjRefHandler:
        return cls(iid, StdObjRef.decode_from(reader), reader.guid(), Bindings.decode_from(reader))

    def encode_into(self, writer: Writer) -> None:
        self.std.encode_into(writer)
        writer.guid(self.clsid)
        self.resolver.encode_into(writer)


@dataclass(frozen=True, slots=True)
class ObjRefCustom:
    """OBJREF_CUSTOM (2.2.18.6): an object by value. `clsid` says who reads `data`, which is opaque here.

    `size` is the field that the document calls reserved; None stands for the length of `data` plus 8, as Windows writes
    it for activation properties. `extension` is 0 in all that is sent.
    """

    KIND: ClassVar[int] = 0x4

    iid: Guid
    clsid: Guid
    data: bytes
    size: int | None = None
    extension: int = 0

    @classmethod
    def decode_from(cls, reader: Reader, iid: Guid) -> ObjRefCustom:
        clsid, extension, size = reader.unpack(_CUSTOM)
        data = reader.rest()
        # Windows: for a marshaled context `size` is the length alone, as it is everywhere in some clients: no one may
        # rely on it.
        return cls(iid, _known_guid(clsid), data, None if size == len(data) + 8 else size, extension)

    def encode_into(self, writer: Writer) -> None:
        size = len(self.data) + 8 if self.size is None else self.size
        writer.pack(_CUSTOM, guid.encode(self.clsid), self.extension, size)
        writer.octets(self.data)


@dataclass(frozen=True, slots=True)
class ObjRefExtended:
    """OBJREF_EXTENDED (2.2.18.7): standard, with one marshaled context (2.2.18.8) under its identifier."""

    KIND: ClassVar[int] = 0x8

    iid: Guid
    std: StdObjRef
    resolver: Bindings
    context_id: Guid
    context: bytes

    @classmethod
    def decode_from(cls, reader: Reader, iid: Guid) -> ObjRefExtended:
        std = StdObjRef.decode_from(reader)
        _expect(reader, _EXTENDED_SIGNATURE, "Signature1")
        resolver = Bindings.decode_from(reader)
        _expect(reader, 1, "nElms")
        _expect(reader, _EXTENDED_SIGNATURE, "Signature2")
        context_id, size, rounded = reader.guid(), reader.u32(), reader.u32()
        if rounded != _rounded(size):
            raise RemoteProtocolError(f"a DATAELEMENT of {size} octets in {rounded}")
        return cls(iid, std, resolver, context_id, reader.octets(rounded)[:size])

    def encode_into(self, writer: Writer) -> None:
        size = len(self.context)
        self.std.encode_into(writer)
        writer.u32(_EXTENDED_SIGNATURE)
        self.resolver.encode_into(writer)
        writer.u32(1)
        writer.u32(_EXTENDED_SIGNATURE)
        writer.guid(self.context_id)
        writer.u32(size)
        writer.u32(_rounded(size))
        writer.octets(self.context)
        writer.zeros(_rounded(size) - size)


ObjRef: TypeAlias = ObjRefStandard | ObjRefHandler | ObjRefCustom | ObjRefExtended

_DECODERS: dict[int, Callable[[Reader, Guid], ObjRef]] = {
    kind.KIND: kind.decode_from for kind in (ObjRefStandard, ObjRefHandler, ObjRefCustom, ObjRefExtended)
}


def decode(octets: bytes) -> ObjRef:
    """RemoteProtocolError where 3.2.4.1.2 says RPC_E_INVALID_OBJREF. Octets after the reference are not looked at."""
    reader = Reader(octets)
    signature, kind, octets_of_iid = reader.unpack(_HEADER)
    iid = _known_guid(octets_of_iid)
    if signature != _SIGNATURE:
        raise RemoteProtocolError(f"an OBJREF begins with 0x{_SIGNATURE:08X}, not 0x{signature:08X}")
    if iid == guid.NULL:
        raise RemoteProtocolError("an OBJREF whose IID is NULL")
    decoder = _DECODERS.get(kind)
    if decoder is None:
        raise RemoteProtocolError(f"an OBJREF of kind 0x{kind:08X}")
    return decoder(reader, iid)


def encode(reference: ObjRef) -> bytes:
    """LocalProtocolError for a value that does not fit its field."""
    writer = Writer()
    writer.pack(_HEADER, _SIGNATURE, reference.KIND, guid.encode(reference.iid))
    reference.encode_into(writer)
    return bytes(writer)


def encode_by_value(iid: Guid, clsid: Guid, data: bytes) -> bytes:
    """The same of an ObjRefCustom with the usual size: a reply may hold thousands, which differ in their data alone."""
    return _custom_head(iid, clsid) + _SIZES.pack(0, len(data) + 8) + data


@lru_cache(maxsize=64)
def _custom_head(iid: Guid, clsid: Guid) -> bytes:
    return encode(ObjRefCustom(iid, clsid, b""))[: -_SIZES.size]


def _rounded(size: int) -> int:
    return size + -size % 8


def _expect(reader: Reader, wanted: int, field: str) -> None:
    value = reader.u32()
    if value != wanted:
        raise RemoteProtocolError(f"OBJREF_EXTENDED.{field} is 0x{value:08X}, not 0x{wanted:08X}")
