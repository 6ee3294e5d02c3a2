"""The client's side of an association ([MS-RPCE] 3.3.2): what it asks, and what it makes of the answers."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass

from openwmi.base import guid, limits
from openwmi.base.fault import LocalProtocolError, RemoteProtocolError
from openwmi.rpc import pdu
from openwmi.rpc.bind import AlterContext, AlterContextResp, Bind, BindAck, BindNak, ContextElement, ContextOutcome
from openwmi.rpc.call import CALL_HEADER_SIZE, FAULT, Auth3, CoCancel, Orphaned
from openwmi.rpc.event import BindAccepted, BindRefused, FaultReceived, ResponseReceived
from openwmi.rpc.fragment import Incoming, Message
from openwmi.rpc.header import HEADER_SIZE, WHOLE, Header, PduFlags, PduType, Verifier
from openwmi.rpc.link import MUST_RECEIVE, FaultError, Link
from openwmi.rpc.protection import ODD_LEGS, AuthLevel, SecurityContext, Slot, SlotState
from openwmi.rpc.state import State
from openwmi.rpc.syntax import ALL_FEATURES, BindFeatures, SyntaxId, features_syntax
from openwmi.rpc.verification import CLIENT_SUPPORT_HEADER_SIGNING, VerificationTrailer


@dataclass(frozen=True, slots=True)
class AuthOffer:
    """The first leg of a login that a client begins; `context_id` is its own choice, unique on the connection."""

    type: int
    level: AuthLevel
    token: bytes
    context_id: int = 0


class Client:
    """Handles each PDU that a client may get, and asks for its driver."""

    def __init__(self, link: Link, transfers: Sequence[SyntaxId]) -> None:
        self._link = link
        self._transfers = tuple(transfers)
        self._next_call = 1
        self._next_context = 0
        self._asked: Bind | None = None
        self._calls: dict[int, Incoming] = {}
        self._abandoned: dict[int, bool] = {}  # calls whose answer is still to come; whether an orphaned may be sent
        self._vouched: set[int] = set()  # contexts whose first request had a verification trailer
        self._begun: set[int] = set()  # calls of whose answers a part is there
        self.late = 0
        self.handlers: dict[PduType, Callable[[bytes, Header], None]] = {
            PduType.BIND_ACK: self._on_ack,
            PduType.ALTER_CONTEXT_RESP: self._on_ack,
            PduType.BIND_NAK: self._on_nak,
            PduType.RESPONSE: self._on_response,
            PduType.FAULT: self._on_fault,
            PduType.SHUTDOWN: self._on_shutdown,
        }

    @property
    def pending(self) -> tuple[int, ...]:
        return tuple(self._calls)

    @property
    def abandoned(self) -> int:
        return len(self._abandoned)

    @property
    def partial(self) -> bool:
        return bool(self._begun)

    def leave(self) -> None:
        """The connection is over."""

    def bind(self, interfaces: Sequence[SyntaxId], auth: AuthOffer | None, group: int) -> list[int]:
        self._expect(State.ESTABLISHED, "bind")
        elements = self._elements(interfaces)
        features = ContextElement(self._take_context(), interfaces[0], (features_syntax(ALL_FEATURES),))
        flags = WHOLE | PduFlags.CONC_MPX
        self._ask(Bind, (*elements, features), auth, group, flags)
        self._link.state = State.BINDING
        return [element.context_id for element in elements]

    def alter_context(self, interfaces: Sequence[SyntaxId], auth: AuthOffer | None) -> list[int]:
        self._expect(State.BOUND, "alter_context")
        elements = self._elements(interfaces)
        self._ask(AlterContext, elements, auth, self._link.group, WHOLE)
        self._link.state = State.ALTERING
        return [element.context_id for element in elements]

    def accept_token(self, auth_context_id: int, token: bytes, context: SecurityContext | None) -> None:
        exchange = self._link.take_exchange(auth_context_id)
        slot, asked = exchange.slot, self._asked
        assert asked is not None, "a token is only asked for after a bind or alter_context"
        if context is not None:
            slot.complete(context)
        if not token:
            if context is None:
                raise LocalProtocolError("neither a token nor a finished login")
            return
        verifier = Verifier(slot.type, slot.level, slot.context_id, token)
        if context is not None and slot.type in ODD_LEGS:
            self._link.send(Auth3(asked.call_id, verifier))
        else:
            self._send(AlterContext, asked.contexts, verifier, self._link.group, asked.flags)
            self._link.state = State.ALTERING

    def refuse_token(self, auth_context_id: int) -> None:
        """The server's token is not good: nothing more may be sent ([MS-RPCE] 3.3.1.5.2.1)."""
        exchange = self._link.take_exchange(auth_context_id)
        exchange.slot.state = SlotState.REFUSED
        self._link.fail("the server's token was refused")

    def send_request(
        self,
        context_id: int,
        opnum: int,
        stub: bytes,
        target: guid.Guid | None,
        auth_context_id: int | None,
        *,
        vouch: bool,
    ) -> int:
        link = self._link
        if link.state is not State.BOUND or link.exchange is not None:
            self._expect(State.BOUND, "send_request")
        if context_id not in link.contexts:
            raise LocalProtocolError(f"presentation context {context_id} was not accepted")
        if (self._calls or self._abandoned) and not link.multiplexed:
            raise LocalProtocolError("the connection is exclusive, and a call is open on it")
        slot = None if auth_context_id is None else link.slots.get(auth_context_id)
        if auth_context_id is not None and (slot is None or slot.state is not SlotState.READY):
            raise LocalProtocolError(f"the login of security context {auth_context_id} is not finished")
        call_id = self._take_call()
        octets = b"" if target is None else guid.encode(target)
        if vouch and context_id not in self._vouched and slot is not None and slot.level >= AuthLevel.INTEGRITY:
            stub = self._vouch(context_id, stub)
        link.send_message(Message(PduType.REQUEST, call_id, context_id, opnum, stub, octets, slot))
        self._calls[call_id] = Incoming(context_id, opnum, target, slot)
        return call_id

    def abandon(self, call_id: int) -> None:
        """Nobody waits for this call any more: the server is asked to end it, and its answer is dropped.

        The co_cancel has no token, whatever the level: some servers pass over it unseen, token and all, and would be
        out of step from there on.
        """
        call = self._calls.pop(call_id, None)
        if call is None:
            raise LocalProtocolError(f"call {call_id} is not open")
        keeps = bool(self._link.features & BindFeatures.KEEP_CONNECTION_ON_ORPHAN)
        self._abandoned[call_id] = keeps and (call.slot is None or not call.slot.protects)
        self._begun.discard(call_id)
        self._link.send(CoCancel(call_id))

    def orphan(self, call_id: int) -> None:
        """An abandoned call was not answered in time: the server is told that nobody wants the answer, if it may be."""
        if self._abandoned.get(call_id) and self._link.state is State.BOUND:
            self._abandoned[call_id] = False
            self._link.send(Orphaned(call_id))

    def _vouch(self, context_id: int, stub: bytes) -> bytes:
        """The first stub of a context, with a verification trailer ([MS-RPCE] notes 41 and 43)."""
        bits = CLIENT_SUPPORT_HEADER_SIGNING if not self._vouched and self._link.header_signing else None
        self._vouched.add(context_id)
        trailer = VerificationTrailer(bits, self._link.contexts[context_id], self._link.transfers[context_id])
        return stub + bytes(-len(stub) % 4) + trailer.encode()

    def _expect(self, state: State, what: str) -> None:
        if self._link.state is not state or self._link.exchange is not None:
            raise LocalProtocolError(f"{what} while the connection is {self._link.state.value}")

    def _take_call(self) -> int:
        call_id = self._next_call
        # Windows: an id above 0x7FFFFFFF is refused, and so is beginning again ([MS-RPCE] note 123).
        if call_id > 0x7FFFFFFF:
            raise LocalProtocolError("the call ids of this connection are used up")
        self._next_call += 1
        return call_id

    def _take_context(self) -> int:
        context_id = self._next_context
        if context_id > 0xFFFF:
            raise LocalProtocolError("the presentation contexts of this connection are used up")
        self._next_context += 1
        return context_id

    def _elements(self, interfaces: Sequence[SyntaxId]) -> tuple[ContextElement, ...]:
        if not interfaces:
            raise LocalProtocolError("no interface to bind")
        return tuple(ContextElement(self._take_context(), interface, self._transfers) for interface in interfaces)

    def _ask(
        self,
        kind: type[Bind],
        elements: tuple[ContextElement, ...],
        auth: AuthOffer | None,
        group: int,
        flags: int,
    ) -> None:
        verifier = None
        if auth is not None:
            if auth.context_id in self._link.slots:
                raise LocalProtocolError(f"security context {auth.context_id} exists")
            self._link.slots[auth.context_id] = Slot(auth.context_id, auth.type, auth.level)
            verifier = Verifier(auth.type, auth.level, auth.context_id, auth.token)
            if auth.level >= AuthLevel.INTEGRITY:
                flags |= PduFlags.SUPPORT_HEADER_SIGN
        self._send(kind, elements, verifier, group, flags)

    def _send(
        self,
        kind: type[Bind],
        elements: tuple[ContextElement, ...],
        verifier: Verifier | None,
        group: int,
        flags: int,
    ) -> None:
        size = self._link.max_fragment
        self._asked = kind(self._take_call(), elements, size, size, group, verifier, flags)
        self._link.send(self._asked)

    def _on_ack(self, octets: bytes, header: Header) -> None:
        ack, asked, link = pdu.decode(octets), self._asked, self._link
        assert isinstance(ack, BindAck)
        assert asked is not None, "the state says that something was asked"
        if ack.call_id != asked.call_id or len(ack.results) != len(asked.contexts):
            raise RemoteProtocolError(f"the {header.type.name} does not answer what was asked")
        if not isinstance(ack, AlterContextResp):
            link.group = ack.group
            link.multiplexed = bool(ack.flags & PduFlags.CONC_MPX)
            link.max_transmit = min(link.max_fragment, max(ack.max_receive, MUST_RECEIVE))
        if ack.flags & asked.flags & PduFlags.SUPPORT_HEADER_SIGN:
            link.header_signing = True
            if asked.auth is not None:
                link.slots[asked.auth.context_id].signs_header = True
        shown = []
        for element, result in zip(asked.contexts, ack.results, strict=True):
            if result.result == ContextOutcome.NEGOTIATE_ACK:
                link.features = BindFeatures(result.reason & int(ALL_FEATURES))
                continue
            if result.accepted:
                if result.transfer not in element.transfers:
                    raise RemoteProtocolError(f"transfer syntax {result.transfer} was not offered")
                link.contexts[element.context_id] = element.abstract
                link.transfers[element.context_id] = result.transfer
            if element.transfers == self._transfers:
                shown.append(result)
        link.state = State.BOUND
        link.events.append(BindAccepted(tuple(shown), link.group))
        self._continue_login(asked, ack)

    def _continue_login(self, asked: Bind, ack: BindAck) -> None:
        if asked.auth is None:
            return
        slot = self._link.slots[asked.auth.context_id]
        if slot.state is not SlotState.PENDING:
            return
        if ack.auth is not None and (
            ack.auth.context_id != slot.context_id or not slot.matches(ack.auth.type, ack.auth.level)
        ):
            raise RemoteProtocolError("the server's token is for another security context")
        self._link.ask_token(slot, ack, b"" if ack.auth is None else ack.auth.value, reply=True)

    def _on_nak(self, octets: bytes, header: Header) -> None:
        nak = pdu.decode(octets)
        assert isinstance(nak, BindNak)
        self._refused(header, nak.reason, fault=False)

    def _refused(self, header: Header, reason: int, *, fault: bool) -> None:
        asked = self._asked
        if asked is None or header.call_id != asked.call_id:
            raise RemoteProtocolError(f"call {header.call_id} was not asked")
        if asked.auth is not None:
            self._link.slots.pop(asked.auth.context_id, None)
        self._link.state = State.BOUND if isinstance(asked, AlterContext) else State.ESTABLISHED
        self._link.events.append(BindRefused(reason, fault))

    def _on_response(self, octets: bytes, header: Header) -> None:
        stub, slot = self._link.open(octets, header, CALL_HEADER_SIZE)
        if header.call_id in self._abandoned:
            if header.flags & PduFlags.LAST:
                del self._abandoned[header.call_id]
                self.late += 1
            return
        incoming = self._calls.get(header.call_id)
        if incoming is None:
            raise RemoteProtocolError(f"a response to call {header.call_id}, which was not made")
        if slot is not incoming.slot:
            self._check_slot(header, incoming, slot)
        if header.flags & WHOLE == WHOLE and not incoming.begun and len(stub) <= limits.RPC_RESPONSE_OCTETS:
            del self._calls[header.call_id]
            self._link.events.append(ResponseReceived(header.call_id, stub))
            return
        if bool(header.flags & PduFlags.FIRST) is incoming.begun:
            raise RemoteProtocolError(f"the fragments of the response to call {header.call_id} are out of order")
        incoming.append(stub)
        if incoming.size > limits.RPC_RESPONSE_OCTETS:
            raise RemoteProtocolError(f"the response to call {header.call_id} is longer than a client takes in")
        if not header.flags & PduFlags.LAST:
            self._begun.add(header.call_id)
        else:
            self._begun.discard(header.call_id)
            del self._calls[header.call_id]
            self._link.events.append(ResponseReceived(header.call_id, incoming.take()))

    def _on_fault(self, octets: bytes, header: Header) -> None:
        _, slot = self._link.open(octets, header, HEADER_SIZE + FAULT.size)
        _, _, _, _, status, _ = FAULT.unpack_from(octets, HEADER_SIZE)
        call_id = header.call_id
        if call_id in self._abandoned:
            del self._abandoned[call_id]
            self.late += 1
        elif call_id in self._calls:
            # A fault without a verifier is taken: servers that cannot unseal a request have no other way to say so.
            if slot is not None:
                self._check_slot(header, self._calls[call_id], slot)
            del self._calls[call_id]
            self._begun.discard(call_id)
            executed = not header.flags & PduFlags.DID_NOT_EXECUTE
            self._link.events.append(FaultReceived(call_id, status, executed))
        elif self._link.state in {State.BINDING, State.ALTERING}:
            self._refused(header, status, fault=True)
        else:
            raise RemoteProtocolError(f"a fault for call {call_id}, which was not made")

    def _check_slot(self, header: Header, incoming: Incoming, slot: Slot | None) -> None:
        expected = incoming.slot
        if slot is not expected and (expected is None or expected.protects or slot is not None):
            raise FaultError(5, f"the answer to call {header.call_id} does not have the protection of its request")

    def _on_shutdown(self, octets: bytes, header: Header) -> None:
        """The server would like to be rid of the connection ([MS-RPCE] 3.3.3.4.2); it closes it by itself."""
