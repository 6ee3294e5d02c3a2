"""What an association tells its driver."""

from __future__ import annotations

from dataclasses import dataclass
from typing import NamedTuple, TypeAlias

from openwmi.base import guid
from openwmi.rpc.bind import ContextResult
from openwmi.rpc.protection import AuthLevel
from openwmi.rpc.syntax import NDR, SyntaxId


@dataclass(frozen=True, slots=True)
class TokenNeeded:
    """A token of the peer; answer with `accept_token` or `refuse_token`.

    Until then nothing more is parsed. `reply` False: this was the last leg (auth3), and the answer's token is not sent.
    """

    auth_context_id: int
    auth_type: int
    level: AuthLevel
    token: bytes
    reply: bool = True


class RequestReceived(NamedTuple):
    """Server: one whole request, its protection checked and taken off.

    `object` is the object UUID, in DCOM the IPID; `stub` ends with whatever the client put behind its parameters, a
    verification trailer among it, and is written in the syntax `transfer`. `principal` None and level NONE: nobody
    logged in for this call. `impersonation` is an RPC_C_IMP_LEVEL; 0 where nobody did.
    """

    call_id: int
    context_id: int
    interface: SyntaxId
    opnum: int
    object: guid.Guid | None
    stub: bytes
    level: AuthLevel
    principal: str | None
    auth_context_id: int | None
    transfer: SyntaxId = NDR
    impersonation: int = 0


@dataclass(frozen=True, slots=True)
class CallCancelled:
    """Server: the client wants the call ended early, and still waits for its answer."""

    call_id: int


@dataclass(frozen=True, slots=True)
class CallOrphaned:
    """Server: nobody waits for the answer of this call any more. Answering it is harmless, and sends nothing."""

    call_id: int


@dataclass(frozen=True, slots=True)
class BindAccepted:
    """Client: the answer to `bind` or `alter_context`; `results` are in the order of what was asked for."""

    results: tuple[ContextResult, ...]
    group: int


@dataclass(frozen=True, slots=True)
class BindRefused:
    """Client: bind or alter_context failed, by a NakReason (`fault` False) or by the status of a fault."""

    reason: int
    fault: bool


class ResponseReceived(NamedTuple):
    """Client: the whole stub of an answer."""

    call_id: int
    stub: bytes


@dataclass(frozen=True, slots=True)
class FaultReceived:
    """Client: the call failed. `executed` False: the server says that it did not begin with it."""

    call_id: int
    status: int
    executed: bool


@dataclass(frozen=True, slots=True)
class ConnectionClosed:
    """The peer closed; `pending` are the calls that nobody answers any more. Nothing follows."""

    pending: tuple[int, ...]


Event: TypeAlias = (
    TokenNeeded
    | RequestReceived
    | CallCancelled
    | CallOrphaned
    | BindAccepted
    | BindRefused
    | ResponseReceived
    | FaultReceived
    | ConnectionClosed
)
