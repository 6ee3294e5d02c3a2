"""PDUs that set up a connection: bind, bind_ack, bind_nak, alter_context, alter_context_resp ([C706] 12.6.4.3-5, .1-2).

Layouts only: whether a context is accepted is decided by the state machine.
"""

from __future__ import annotations

from dataclasses import dataclass
from enum import IntEnum
from typing import ClassVar, Self

from openwmi.base.cursor import Reader, Writer
from openwmi.base.fault import RemoteProtocolError
from openwmi.rpc.header import WHOLE, Header, PduType, Verifier
from openwmi.rpc.syntax import NULL_SYNTAX, SyntaxId


class ContextOutcome(IntEnum):
    """p_cont_def_result_t, with [MS-RPCE] 2.2.2.4's fourth member."""

    ACCEPTANCE = 0
    USER_REJECTION = 1
    PROVIDER_REJECTION = 2
    NEGOTIATE_ACK = 3


class RejectReason(IntEnum):
    """p_provider_reason_t: why one presentation context was rejected."""

    NOT_SPECIFIED = 0
    ABSTRACT_SYNTAX_NOT_SUPPORTED = 1
    TRANSFER_SYNTAXES_NOT_SUPPORTED = 2
    LOCAL_LIMIT_EXCEEDED = 3


class NakReason(IntEnum):
    """Why a whole bind was refused ([MS-RPCE] 2.2.2.5)."""

    NOT_SPECIFIED = 0
    TEMPORARY_CONGESTION = 1
    LOCAL_LIMIT_EXCEEDED = 2
    PROTOCOL_ERROR = 4
    AUTHENTICATION_TYPE_NOT_RECOGNIZED = 8
    INVALID_CHECKSUM = 9


@dataclass(frozen=True, slots=True)
class ContextElement:
    """p_cont_elem_t: an interface that the client wants to call, and the transfer syntaxes that it can speak."""

    context_id: int
    abstract: SyntaxId
    transfers: tuple[SyntaxId, ...]

    @classmethod
    def decode(cls, reader: Reader) -> ContextElement:
        context_id = reader.u16()
        count = reader.u8()
        reader.skip(1)
        abstract = SyntaxId.decode(reader)
        return cls(context_id, abstract, tuple(SyntaxId.decode(reader) for _ in range(count)))

    def encode(self, writer: Writer) -> None:
        writer.u16(self.context_id)
        writer.u8(len(self.transfers))
        writer.u8(0)
        self.abstract.encode(writer)
        for transfer in self.transfers:
            transfer.encode(writer)


@dataclass(frozen=True, slots=True)
class ContextResult:
    """p_result_t. `reason` is a RejectReason, or the granted features where `result` is NEGOTIATE_ACK."""

    result: int
    reason: int = 0
    transfer: SyntaxId = NULL_SYNTAX

    @property
    def accepted(self) -> bool:
        return self.result == ContextOutcome.ACCEPTANCE

    @classmethod
    def decode(cls, reader: Reader) -> ContextResult:
        return cls(reader.u16(), reader.u16(), SyntaxId.decode(reader))

    def encode(self, writer: Writer) -> None:
        writer.u16(self.result)
        writer.u16(self.reason)
        self.transfer.encode(writer)


@dataclass(frozen=True, slots=True)
class Bind:
    """The first PDU of a client. Sizes are octets of a fragment; `group` 0 asks for a new association."""

    call_id: int
    contexts: tuple[ContextElement, ...]
    max_transmit: int
    max_receive: int
    group: int = 0
    auth: Verifier | None = None
    flags: int = WHOLE
    TYPE: ClassVar[PduType] = PduType.BIND

    @classmethod
    def decode(cls, header: Header, reader: Reader, auth: Verifier | None) -> Self:
        max_transmit, max_receive, group = reader.u16(), reader.u16(), reader.u32()
        count = reader.u8()
        reader.skip(3)
        contexts = tuple(ContextElement.decode(reader) for _ in range(count))
        if cls.TYPE is PduType.BIND:
            _expect_padding(reader, auth)
        else:
            # Windows: does not look at what follows. A well-known client has its elements a second time in the
            # alter_context of a Kerberos login.
            reader.rest()
        return cls(header.call_id, contexts, max_transmit, max_receive, group, auth, header.flags)

    def encode(self, writer: Writer) -> None:
        writer.u16(self.max_transmit)
        writer.u16(self.max_receive)
        writer.u32(self.group)
        writer.u8(len(self.contexts))
        writer.zeros(3)
        for context in self.contexts:
            context.encode(writer)


@dataclass(frozen=True, slots=True)
class AlterContext(Bind):
    """More contexts, or a further leg of a security exchange. Sizes and group are ignored on receipt."""

    TYPE: ClassVar[PduType] = PduType.ALTER_CONTEXT


@dataclass(frozen=True, slots=True)
class BindAck:
    """`address` is the secondary endpoint address, such as "135"; `results` answer the bind's contexts in order."""

    call_id: int
    results: tuple[ContextResult, ...]
    max_transmit: int
    max_receive: int
    group: int
    address: str = ""
    auth: Verifier | None = None
    flags: int = WHOLE
    TYPE: ClassVar[PduType] = PduType.BIND_ACK

    @classmethod
    def decode(cls, header: Header, reader: Reader, auth: Verifier | None) -> Self:
        max_transmit, max_receive, group = reader.u16(), reader.u16(), reader.u32()
        address = reader.octets(reader.u16()).split(b"\0", 1)[0].decode("latin-1")
        reader.align(4)
        count = reader.u8()
        reader.skip(3)
        results = tuple(ContextResult.decode(reader) for _ in range(count))
        _expect_padding(reader, auth)
        return cls(header.call_id, results, max_transmit, max_receive, group, address, auth, header.flags)

    def encode(self, writer: Writer) -> None:
        address = self.address.encode("latin-1") + b"\0" if self.address else b""
        writer.u16(self.max_transmit)
        writer.u16(self.max_receive)
        writer.u32(self.group)
        writer.u16(len(address))
        writer.octets(address)
        writer.align(4)
        writer.u8(len(self.results))
        writer.zeros(3)
        for result in self.results:
            result.encode(writer)


@dataclass(frozen=True, slots=True)
class AlterContextResp(BindAck):
    """The answer to an alter_context; its address is empty."""

    TYPE: ClassVar[PduType] = PduType.ALTER_CONTEXT_RESP


@dataclass(frozen=True, slots=True)
class BindNak:
    """The bind was refused. Extended error information behind it ([MS-RPCE] 2.2.2.9) is dropped."""

    call_id: int
    reason: int
    versions: tuple[tuple[int, int], ...] = ((5, 0),)
    auth: Verifier | None = None
    flags: int = WHOLE
    TYPE: ClassVar[PduType] = PduType.BIND_NAK

    @classmethod
    def decode(cls, header: Header, reader: Reader, auth: Verifier | None) -> Self:
        reason = reader.u16()
        # Windows: a bind_nak may end right after its reason.
        versions = tuple((reader.u8(), reader.u8()) for _ in range(reader.u8())) if reader.remaining else ()
        return cls(header.call_id, reason, versions, auth, header.flags)

    def encode(self, writer: Writer) -> None:
        writer.u16(self.reason)
        writer.u8(len(self.versions))
        for major, minor in self.versions:
            writer.u8(major)
            writer.u8(minor)


def _expect_padding(reader: Reader, auth: Verifier | None) -> None:
    """Behind the last element stands exactly the padding that the sec_trailer speaks of."""
    expected = auth.pad_length if auth is not None else 0
    if reader.remaining != expected:
        raise RemoteProtocolError(f"{reader.remaining} octets behind the last element, {expected} of them padding")
