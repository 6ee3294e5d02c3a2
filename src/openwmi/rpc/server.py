"""The server's side of an association ([MS-RPCE] 3.3.3): what it answers, and what it hands to its driver."""

from __future__ import annotations

from collections.abc import Callable, Container, Sequence
from typing import Final

from openwmi.base import guid, limits
from openwmi.base.fault import LocalProtocolError, RemoteProtocolError
from openwmi.rpc import pdu
from openwmi.rpc.bind import AlterContext, AlterContextResp, Bind, BindAck, BindNak, NakReason
from openwmi.rpc.call import CALL, CALL_HEADER_SIZE, Auth3, Fault
from openwmi.rpc.event import CallCancelled, CallOrphaned, RequestReceived
from openwmi.rpc.fragment import Incoming, Message
from openwmi.rpc.group import AssociationGroups
from openwmi.rpc.header import HEADER_SIZE, WHOLE, Header, PduFlags, PduType, Verifier
from openwmi.rpc.link import MUST_RECEIVE, FaultError, Link
from openwmi.rpc.negotiation import negotiate
from openwmi.rpc.protection import AuthLevel, SecurityContext, Slot, SlotState, level_of
from openwmi.rpc.state import State
from openwmi.rpc.status import NEVER_SENT, FaultStatus
from openwmi.rpc.syntax import SyntaxId

OLD_CALLS: Final = 150
"""So far back a fragment of a call that is over is dropped; further back it is an error ([MS-RPCE] 3.3.3.5.6)."""


class Server:
    """Handles each PDU that a server may get, and answers for its driver."""

    def __init__(
        self,
        link: Link,
        *,
        interfaces: Container[SyntaxId],
        transfers: Sequence[SyntaxId],
        auth_types: Container[int],
        groups: AssociationGroups,
        peer: str,
        endpoint: str,
        familiar: bool,
    ) -> None:
        self._link = link
        self._interfaces = interfaces
        self._transfers = transfers
        self._auth_types = auth_types
        self._groups = groups
        self._peer = peer
        self._endpoint = endpoint
        self._familiar = familiar
        self._refused = 0
        self._incoming: tuple[int, Incoming] | None = None
        self._dropped: int | None = None
        self._latest_call = 0
        self._calls: dict[int, Incoming | None] = {}
        self.handlers: dict[PduType, Callable[[bytes, Header], None]] = {
            PduType.BIND: self._on_bind,
            PduType.ALTER_CONTEXT: self._on_alter_context,
            PduType.AUTH3: self._on_auth3,
            PduType.REQUEST: self._on_request,
            PduType.CO_CANCEL: self._on_cancel,
            PduType.ORPHANED: self._on_orphaned,
        }

    @property
    def pending(self) -> tuple[int, ...]:
        return tuple(self._calls)

    @property
    def partial(self) -> bool:
        return self._incoming is not None

    def leave(self) -> None:
        """The connection is over."""
        if self._link.group:
            self._groups.leave(self._link.group)
            self._link.group = 0

    def accept_token(self, auth_context_id: int, token: bytes, context: SecurityContext | None) -> None:
        exchange = self._link.take_exchange(auth_context_id)
        slot, origin = exchange.slot, exchange.origin
        if context is not None:
            slot.complete(context)
        if isinstance(origin, Auth3):
            if context is None:
                self._refuse(slot)
                slot.state = SlotState.REFUSED
        elif isinstance(origin, Bind):
            self._acknowledge(origin, Verifier(slot.type, slot.level, slot.context_id, token) if token else None)

    def refuse_token(self, auth_context_id: int) -> None:
        exchange = self._link.take_exchange(auth_context_id)
        slot, origin = exchange.slot, exchange.origin
        if isinstance(origin, Auth3):
            # Never answered: the first request that uses the context is ([MS-RPCE] 3.3.1.5.2.1).
            slot.state = SlotState.REFUSED
        else:
            del self._link.slots[slot.context_id]
            if isinstance(origin, AlterContext):
                self._send_fault(origin.call_id, 0, FaultStatus.ACCESS_DENIED, executed=False)
            else:
                self._link.send(BindNak(origin.call_id, NakReason.INVALID_CHECKSUM))
                self.leave()
        self._refuse(slot)

    def send_response(self, call_id: int, stub: bytes) -> None:
        call = self._take_call(call_id)
        if call is not None:
            self._link.send_message(Message(PduType.RESPONSE, call_id, call.context_id, 0, stub, slot=call.slot))

    def send_fault(self, call_id: int, status: int, *, executed: bool) -> None:
        if status & 0xFFFFFFFF in NEVER_SENT:
            raise LocalProtocolError(f"status 0x{status & 0xFFFFFFFF:08X} must not stand in a fault")
        call = self._take_call(call_id)
        if call is not None:
            self._send_fault(call_id, call.context_id, status, executed=executed)

    def _on_bind(self, octets: bytes, header: Header) -> None:
        bind = self._decode_negotiation(octets, header)
        group = self._groups.join(bind.group, self._peer)
        if group is None:
            self._link.send(BindNak(bind.call_id, NakReason.NOT_SPECIFIED))
            return
        self._link.group = group
        self._link.max_transmit = min(max(bind.max_receive, MUST_RECEIVE), self._link.max_fragment)
        self._link.max_receive = min(max(bind.max_transmit, MUST_RECEIVE), self._link.max_fragment)
        self._link.multiplexed = bool(bind.flags & PduFlags.CONC_MPX)
        self._negotiate_security(bind)

    def _on_alter_context(self, octets: bytes, header: Header) -> None:
        self._negotiate_security(self._decode_negotiation(octets, header))

    def _decode_negotiation(self, octets: bytes, header: Header) -> Bind:
        decoded = pdu.decode(octets)
        assert isinstance(decoded, Bind)
        if header.flags & WHOLE != WHOLE:
            raise RemoteProtocolError(f"a {header.type.name} in fragments")
        return decoded

    def _negotiate_security(self, bind: Bind) -> None:
        """Answers at once where no token came; otherwise asks the driver first."""
        auth = bind.auth
        if auth is None:
            self._acknowledge(bind, None)
            return
        level = level_of(auth.level)
        if auth.type not in self._auth_types or level is None:
            self._reject(bind, NakReason.AUTHENTICATION_TYPE_NOT_RECOGNIZED, FaultStatus.ACCESS_DENIED)
            return
        slot = self._link.slots.get(auth.context_id)
        if slot is None:
            full = len(self._link.slots) >= limits.RPC_SECURITY_CONTEXTS
            if full or self._link.pending_logins() >= limits.RPC_PENDING_LOGINS:
                self._reject(bind, NakReason.LOCAL_LIMIT_EXCEEDED, FaultStatus.PROTOCOL_ERROR_WIN32)
                return
            slot = self._link.slots[auth.context_id] = Slot(auth.context_id, auth.type, level)
        elif slot.state is not SlotState.PENDING or not slot.matches(auth.type, auth.level):
            raise FaultError(FaultStatus.ACCESS_DENIED, f"security context {auth.context_id} exists and is not pending")
        if bind.flags & PduFlags.SUPPORT_HEADER_SIGN:
            self._link.header_signing = slot.signs_header = True
        self._link.ask_token(slot, bind, auth.value, reply=True)

    def _acknowledge(self, bind: Bind, auth: Verifier | None) -> None:
        link = self._link
        if len(link.contexts) + len(bind.contexts) > limits.RPC_PRESENTATION_CONTEXTS:
            link.send(BindNak(bind.call_id, NakReason.LOCAL_LIMIT_EXCEEDED))
            return
        agreed = negotiate(bind.contexts, self._interfaces, link.contexts, self._transfers, link.transfers)
        link.contexts.update(agreed.accepted)
        link.transfers.update(agreed.transfers)
        if agreed.features is not None:
            link.features = agreed.features
        flags = WHOLE
        if link.header_signing and bind.flags & PduFlags.SUPPORT_HEADER_SIGN:
            flags |= PduFlags.SUPPORT_HEADER_SIGN
        if link.multiplexed and bind.flags & PduFlags.CONC_MPX:
            flags |= PduFlags.CONC_MPX
        kind = AlterContextResp if isinstance(bind, AlterContext) else BindAck
        address = "" if kind is AlterContextResp else self._endpoint
        link.send(
            kind(bind.call_id, agreed.results, link.max_transmit, link.max_receive, link.group, address, auth, flags)
        )
        link.state = State.BOUND

    def _reject(self, bind: Bind, reason: NakReason, status: FaultStatus) -> None:
        """A bind is refused by a bind_nak, an alter_context by a fault; both leave the connection as it was."""
        if isinstance(bind, AlterContext):
            self._send_fault(bind.call_id, 0, status, executed=False)
        else:
            self._link.send(BindNak(bind.call_id, reason))
            self.leave()

    def _refuse(self, slot: Slot) -> None:
        """Counts a login that failed."""
        slot.context = None
        self._refused += 1
        if self._refused >= limits.RPC_REFUSED_LOGINS:
            self._link.fail(f"{self._refused} logins were refused")

    def _on_auth3(self, octets: bytes, header: Header) -> None:
        auth3 = pdu.decode(octets)
        assert isinstance(auth3, Auth3)
        auth = auth3.auth
        slot = None if auth is None else self._link.slots.get(auth.context_id)
        if (
            auth is None
            or slot is None
            or slot.state is not SlotState.PENDING
            or not slot.matches(auth.type, auth.level)
        ):
            raise RemoteProtocolError(f"an auth3 (call {header.call_id}) for a security context that waits for none")
        self._link.ask_token(slot, auth3, auth.value, reply=False)

    def _on_request(self, octets: bytes, header: Header) -> None:
        start = CALL_HEADER_SIZE + guid.SIZE if header.flags & PduFlags.OBJECT_UUID else CALL_HEADER_SIZE
        stub, slot = self._link.open(octets, header, start)
        if not header.flags & PduFlags.FIRST and self._is_dropped(header.call_id):
            return
        _, context_id, opnum = CALL.unpack_from(octets, HEADER_SIZE)
        if header.flags & PduFlags.FIRST:
            if not self._admit(header, context_id, slot):
                return
            target = guid.decode(octets[CALL_HEADER_SIZE:start]) if start > CALL_HEADER_SIZE else None
            incoming = Incoming(context_id, opnum, target, slot)
        else:
            incoming = self._continue(header.call_id, (context_id, opnum, slot))
        incoming.append(stub)
        if not self._link.check_size(incoming.size, known=self._familiar or slot is not None):
            self._deny(header, context_id, FaultStatus.ACCESS_DENIED)
        elif header.flags & PduFlags.LAST:
            self._incoming = None
            self._dispatch(header.call_id, incoming)
        else:
            self._incoming = header.call_id, incoming

    def _is_dropped(self, call_id: int) -> bool:
        """Whether a later fragment belongs to a call that is over: refused before its end, or long answered."""
        if self._dropped == call_id:
            return True
        return self._incoming is None and 0 < self._latest_call - call_id < OLD_CALLS

    def _admit(self, header: Header, context_id: int, slot: Slot | None) -> bool:
        """Whether a new call may begin; where it may not, the fault has been sent."""
        call_id = header.call_id
        self._dropped = None
        if self._incoming is not None:
            raise RemoteProtocolError(f"call {call_id} begins before call {self._incoming[0]} is whole")
        if call_id in self._calls:
            raise RemoteProtocolError(f"call {call_id} is open already")
        self._latest_call = max(self._latest_call, call_id)
        if slot is not None and slot.state is not SlotState.READY:
            problem = FaultStatus.ACCESS_DENIED
        elif context_id not in self._link.contexts:
            problem = FaultStatus.UNKNOWN_INTERFACE
        elif len(self._calls) >= limits.RPC_OPEN_CALLS:
            problem = FaultStatus.SERVER_TOO_BUSY
        else:
            return True
        self._deny(header, context_id, problem)
        return False

    def _continue(self, call_id: int, belongs: tuple[int, int, Slot | None]) -> Incoming:
        if self._incoming is None or self._incoming[0] != call_id:
            raise RemoteProtocolError(f"a fragment of call {call_id}, which has no first one")
        incoming = self._incoming[1]
        if (incoming.context_id, incoming.opnum, incoming.slot) != belongs:
            raise RemoteProtocolError(f"the fragments of call {call_id} do not belong together")
        return incoming

    def _deny(self, header: Header, context_id: int, status: FaultStatus) -> None:
        self._incoming = None
        self._drop(header.call_id, header.flags)
        self._send_fault(header.call_id, context_id, status, executed=False)

    def _drop(self, call_id: int, flags: int) -> None:
        if not flags & PduFlags.LAST:
            self._dropped = call_id

    def _dispatch(self, call_id: int, call: Incoming) -> None:
        # Unless CONC_MPX was negotiated, a client has to wait for one answer before it asks again, and Windows does.
        # One that does not wait is served all the same: calls have ids, and nobody was promised an order.
        slot = call.slot
        context = None if slot is None else slot.context
        self._calls[call_id] = call
        self._link.events.append(
            RequestReceived(
                call_id,
                call.context_id,
                self._link.contexts[call.context_id],
                call.opnum,
                call.object,
                call.take(),
                AuthLevel.NONE if slot is None else slot.level,
                None if context is None else context.principal,
                None if slot is None else slot.context_id,
                self._link.transfers[call.context_id],
                0 if context is None else context.impersonation,
            )
        )

    def _on_cancel(self, octets: bytes, header: Header) -> None:
        self._link.open(octets, header, HEADER_SIZE)
        if header.call_id in self._calls:
            self._link.events.append(CallCancelled(header.call_id))

    def _on_orphaned(self, octets: bytes, header: Header) -> None:
        self._link.open(octets, header, HEADER_SIZE)
        if self._incoming is not None and self._incoming[0] == header.call_id:
            self._incoming = None
        elif self._calls.get(header.call_id) is not None:
            self._calls[header.call_id] = None
            self._link.events.append(CallOrphaned(header.call_id))

    def _take_call(self, call_id: int) -> Incoming | None:
        """The call that is answered; None if nobody waits for it. LocalProtocolError where there is no such call."""
        if call_id not in self._calls:
            raise LocalProtocolError(f"call {call_id} is not open: a call is answered once")
        return self._calls.pop(call_id)

    def _send_fault(self, call_id: int, context_id: int, status: int, *, executed: bool) -> None:
        # Windows and others take a fault without a verifier, and some keep no count of a fault's token: with one, their
        # sequence numbers would be off from here on.
        flags = WHOLE if executed else WHOLE | PduFlags.DID_NOT_EXECUTE
        self._link.send(Fault(call_id, context_id, status & 0xFFFFFFFF, flags=flags))
