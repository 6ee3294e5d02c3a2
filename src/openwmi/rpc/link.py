"""What both roles share of one connection: its state, what it negotiated, its security contexts, what is to be sent.

Decides nothing: `server` and `client` do, each for its role.
"""

from __future__ import annotations

from collections import deque
from collections.abc import Iterator
from typing import Final

from openwmi.base import limits
from openwmi.base.fault import LocalProtocolError, RemoteProtocolError
from openwmi.rpc import pdu
from openwmi.rpc.bind import AlterContext, AlterContextResp, Bind, BindAck
from openwmi.rpc.call import Auth3
from openwmi.rpc.event import Event, TokenNeeded
from openwmi.rpc.fragment import Message, fragments
from openwmi.rpc.header import TRAILER, TRAILER_SIZE, Header
from openwmi.rpc.protection import AuthLevel, Slot, SlotState, unprotect
from openwmi.rpc.state import State
from openwmi.rpc.status import FaultStatus
from openwmi.rpc.syntax import BindFeatures, SyntaxId

MUST_RECEIVE: Final = 1432
"""Octets of a fragment that every implementation takes ([C706] 12.6.3.1): a peer that says less is not believed."""


class FaultError(RemoteProtocolError):
    """The peer broke a rule that has a status of its own; the connection ends after the fault that tells it."""

    def __init__(self, status: int, message: str) -> None:
        super().__init__(message)
        self.status = status


class Exchange:
    """A token that the driver was asked about, and the PDU that brought it."""

    __slots__ = ("origin", "slot")

    def __init__(self, slot: Slot, origin: Bind | AlterContext | Auth3 | BindAck | AlterContextResp) -> None:
        self.slot = slot
        self.origin = origin


class Link:
    """Plain state; its methods are what the roles do alike."""

    def __init__(self, max_fragment: int) -> None:
        self.state = State.ESTABLISHED
        self.max_fragment = max_fragment
        self.max_transmit = max_fragment
        self.max_receive = max_fragment
        self.group = 0
        self.multiplexed = False
        self.header_signing = False
        self.features = BindFeatures.NONE
        self.contexts: dict[int, SyntaxId] = {}
        self.transfers: dict[int, SyntaxId] = {}
        self.slots: dict[int, Slot] = {}
        self.exchange: Exchange | None = None
        self.failure: str | None = None
        self.events: deque[Event] = deque()
        self._out: list[bytes] = []
        self._later: deque[bytes | Iterator[bytes]] = deque()  # behind it: long messages, and what has to follow them

    def send(self, message: pdu.Pdu) -> None:
        if self._later:
            self._later.append(pdu.encode(message))
        else:
            self._out.append(pdu.encode(message))

    def send_message(self, message: Message) -> None:
        """A long message is protected piece by piece as it is taken, and no other before it is: tokens have the order
        of the wire.
        """
        slot = message.slot
        signing = slot is not None and slot.signing(self.header_signing)
        made = fragments(message, self.max_transmit, sign_header=signing)
        if self._later or len(message.stub) > limits.RPC_SENT_AT_ONCE:
            self._later.append(made)
        else:
            self._out += made

    @property
    def unsent(self) -> bool:
        """Whether `take` has something to give."""
        return bool(self._out or self._later)

    def take(self, most: int | None) -> bytes:
        """What is to be sent next: all of it, or not many octets more than `most`."""
        out, self._out = self._out, []
        size = sum(map(len, out)) if self._later else 0
        while self._later and (most is None or size < most):
            first = self._later[0]
            piece = first if isinstance(first, bytes) else next(first, b"")
            if piece is first or not piece:
                self._later.popleft()
            out.append(piece)
            size += len(piece)
        return out[0] if len(out) == 1 else b"".join(out)

    def ask_token(
        self, slot: Slot, origin: Bind | AlterContext | Auth3 | BindAck | AlterContextResp, token: bytes, *, reply: bool
    ) -> None:
        self.exchange = Exchange(slot, origin)
        self.events.append(TokenNeeded(slot.context_id, slot.type, slot.level, token, reply))

    def take_exchange(self, auth_context_id: int) -> Exchange:
        """The exchange that the driver answers. LocalProtocolError where it was not asked about that context."""
        exchange = self.exchange
        if exchange is None or exchange.slot.context_id != auth_context_id:
            raise LocalProtocolError(f"no token was asked for security context {auth_context_id}")
        self.exchange = None
        return exchange

    def fail(self, reason: str) -> None:
        """Ends the connection through the peer's fault; what is to be sent still is."""
        self.state = State.FAILED
        self.failure = reason

    def pending_logins(self) -> int:
        return sum(slot.state is SlotState.PENDING for slot in self.slots.values())

    def open(self, octets: bytes, header: Header, start: int) -> tuple[bytes, Slot | None]:
        """What a PDU of a call carries from `start` on, in clear and without padding, its token checked; and whose.

        It is as it came where nothing protects it, and where the login of its context is not finished: then the caller
        of this refuses it.
        """
        end = header.fragment_length
        if header.auth_length:
            end -= header.auth_length + TRAILER_SIZE
        if start > end:
            raise RemoteProtocolError(f"the body of a {header.type.name} ends at offset {end}, inside of the header")
        if not header.auth_length:
            return octets[start:], self._unnamed() if self.slots else None
        type_, level, pad, _, context_id = TRAILER.unpack_from(octets, end)
        slot = self.slots.get(context_id)
        if slot is None or not slot.matches(type_, level):
            raise _no_slot(slot, type_, level, context_id)
        if slot.state is not SlotState.READY or not slot.protects:
            body = octets[start:end]
        else:
            try:
                body = unprotect(octets, start, end, slot, sign_header=slot.signing(self.header_signing))
            except RemoteProtocolError as error:
                raise FaultError(FaultStatus.SEC_PKG_ERROR, f"call {header.call_id}: {error}") from error
        if not pad:
            return body, slot
        if pad > len(body):
            raise RemoteProtocolError(f"auth_pad_length {pad} in a body of {len(body)} octets")
        return body[:-pad], slot

    def _unnamed(self) -> Slot | None:
        """Whose a PDU without a verifier is: nobody's, as a rule.

        A connection whose only context is at CONNECT level leaves the verifier out ([MS-RPCE] 3.3.1.5.4).
        """
        if len(self.slots) == 1:
            (only,) = self.slots.values()
            if only.level is AuthLevel.CONNECT:
                return only
        return None

    def check_size(self, size: int, *, known: bool) -> bool:
        """Whether a request may grow to `size` octets; strangers get less room."""
        return size <= (limits.RPC_REQUEST_OCTETS if known else limits.RPC_ANONYMOUS_REQUEST_OCTETS)


def _no_slot(slot: Slot | None, type_: int, level: int, context_id: int) -> FaultError:
    """Why a PDU is refused that names a security context which there is not, or not by that level."""
    if slot is None:
        return FaultError(FaultStatus.ACCESS_DENIED, f"there is no security context {context_id}")
    return FaultError(
        FaultStatus.ACCESS_DENIED,
        f"security context {context_id} was made for provider {slot.type} at level {slot.level.name}, "
        f"not for {type_} at level {level}",
    )
