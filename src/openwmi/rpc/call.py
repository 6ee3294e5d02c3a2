"""PDUs of one call: request, response, fault, co_cancel, orphaned ([C706] 12.6.4.7-11); and auth3, shutdown.

A request's or response's stub is what the fragment carries, decrypted by whoever could; the padding in front of the
sec_trailer is not part of it. Nothing here knows a key.
"""

from __future__ import annotations

from dataclasses import dataclass
from struct import Struct
from typing import ClassVar, Final, Self

from openwmi.base import guid
from openwmi.base.cursor import Reader, Writer
from openwmi.base.fault import RemoteProtocolError
from openwmi.rpc.header import HEADER_SIZE, WHOLE, Header, PduFlags, PduType, Verifier

CALL: Final = Struct("<IHH")
"""What requests and responses have behind the common header: alloc_hint, p_cont_id, and opnum or cancel_count."""
CALL_HEADER_SIZE: Final = HEADER_SIZE + CALL.size


@dataclass(frozen=True, slots=True)
class Request:
    """One fragment of a request. `alloc_hint` is the peer's word on how much is to come: never trusted with memory."""

    call_id: int
    context_id: int
    opnum: int
    stub: bytes
    object: guid.Guid | None = None
    alloc_hint: int = 0
    auth: Verifier | None = None
    flags: int = WHOLE
    TYPE: ClassVar[PduType] = PduType.REQUEST

    @classmethod
    def decode(cls, header: Header, reader: Reader, auth: Verifier | None) -> Self:
        alloc_hint, context_id, opnum = reader.unpack(CALL)
        target = reader.guid() if header.flags & PduFlags.OBJECT_UUID else None
        stub = _without_padding(reader.rest(), auth)
        return cls(header.call_id, context_id, opnum, stub, target, alloc_hint, auth, header.flags)

    def encode(self, writer: Writer) -> None:
        writer.pack(CALL, self.alloc_hint, self.context_id, self.opnum)
        if self.object is not None:
            writer.guid(self.object)
        writer.octets(self.stub)


@dataclass(frozen=True, slots=True)
class Response:
    """One fragment of a response."""

    call_id: int
    context_id: int
    stub: bytes
    cancel_count: int = 0
    alloc_hint: int = 0
    auth: Verifier | None = None
    flags: int = WHOLE
    TYPE: ClassVar[PduType] = PduType.RESPONSE

    @classmethod
    def decode(cls, header: Header, reader: Reader, auth: Verifier | None) -> Self:
        alloc_hint, context_id, cancels = reader.unpack(CALL)
        stub = _without_padding(reader.rest(), auth)
        return cls(header.call_id, context_id, stub, cancels & 0xFF, alloc_hint, auth, header.flags)

    def encode(self, writer: Writer) -> None:
        writer.pack(CALL, self.alloc_hint, self.context_id, self.cancel_count)
        writer.octets(self.stub)


FAULT: Final = Struct("<IHBBII")
"""alloc_hint, p_cont_id, cancel_count, reserved, status, and reserved2."""


@dataclass(frozen=True, slots=True)
class Fault:
    """A call that failed below its interface. Stub data behind it is ignored ([MS-RPCE] 2.2.2.8)."""

    call_id: int
    context_id: int
    status: int
    cancel_count: int = 0
    auth: Verifier | None = None
    flags: int = WHOLE
    TYPE: ClassVar[PduType] = PduType.FAULT

    @classmethod
    def decode(cls, header: Header, reader: Reader, auth: Verifier | None) -> Self:
        _, context_id, cancel_count, _, status, _ = reader.unpack(FAULT)
        return cls(header.call_id, context_id, status, cancel_count, auth, header.flags)

    def encode(self, writer: Writer) -> None:
        # alloc_hint 0x20: no extended error information follows.
        writer.pack(FAULT, 0x20, self.context_id, self.cancel_count, 0, self.status, 0)


@dataclass(frozen=True, slots=True)
class _Bodyless:
    """A PDU whose header says it all. Whatever stands in front of a sec_trailer is padding."""

    call_id: int
    auth: Verifier | None = None
    flags: int = WHOLE

    @classmethod
    def decode(cls, header: Header, reader: Reader, auth: Verifier | None) -> Self:
        reader.rest()
        return cls(header.call_id, auth, header.flags)

    def encode(self, writer: Writer) -> None:
        """Nothing to write."""


@dataclass(frozen=True, slots=True)
class CoCancel(_Bodyless):
    """The client asks for the call to be cancelled, and still wants its answer."""

    TYPE: ClassVar[PduType] = PduType.CO_CANCEL


@dataclass(frozen=True, slots=True)
class Orphaned(_Bodyless):
    """The client has given the call up, and wants no answer."""

    TYPE: ClassVar[PduType] = PduType.ORPHANED


@dataclass(frozen=True, slots=True)
class Shutdown(_Bodyless):
    """The server wants the connection to end."""

    TYPE: ClassVar[PduType] = PduType.SHUTDOWN


@dataclass(frozen=True, slots=True)
class Auth3(_Bodyless):
    """The last leg of a security exchange with an odd number of them; never answered ([MS-RPCE] 2.2.2.10)."""

    TYPE: ClassVar[PduType] = PduType.AUTH3

    def encode(self, writer: Writer) -> None:
        writer.zeros(4)


def _without_padding(body: bytes, auth: Verifier | None) -> bytes:
    if auth is None or not auth.pad_length:
        return body
    if auth.pad_length > len(body):
        raise RemoteProtocolError(f"auth_pad_length {auth.pad_length} in a body of {len(body)} octets")
    return body[: -auth.pad_length]
