"""The DCE/RPC association: one connection as one state machine with a role ([C706] 9.3, 11; [MS-RPCE] 3.3).

Octets go in by `receive`, come out by `data_to_send`; what they mean comes out of `next_event`. It makes no token and
knows no algorithm, no interface's methods, no clock and no socket.
"""

from __future__ import annotations

from collections.abc import Container, Sequence

from openwmi.base import guid, limits
from openwmi.base.fault import LocalProtocolError, RemoteProtocolError
from openwmi.rpc.bind import BindNak, NakReason
from openwmi.rpc.call import Fault
from openwmi.rpc.client import AuthOffer, Client
from openwmi.rpc.event import ConnectionClosed, Event
from openwmi.rpc.group import AssociationGroups
from openwmi.rpc.header import WHOLE, Header, PduFlags, PduType, peek_header
from openwmi.rpc.link import FaultError, Link
from openwmi.rpc.protection import AuthType, SecurityContext
from openwmi.rpc.server import Server
from openwmi.rpc.state import ALLOWED, ENDED, Role, State
from openwmi.rpc.status import FaultStatus
from openwmi.rpc.syntax import NDR, BindFeatures, SyntaxId


class RpcAssociation:
    """One end of one connection.

    Args:
        role: which end.
        interfaces: server: the interfaces that a bind may name; anything with `in`.
        transfers: the transfer syntaxes that are spoken, best first; a client offers them.
        auth_types: server: the security providers that the driver can answer for.
        groups: server: the association groups of this endpoint, shared by its connections.
        peer: server: the machine at the other end, such as its address; a group is of one machine.
        endpoint: server: the secondary address that the bind_ack names, such as "135".
        max_fragment: octets of the largest fragment, both ways.
        familiar: server: whether requests may be as long without a login as with one.

    Attributes:
        whole: how many messages have come from the first octet to the last, with all their fragments.
    """

    def __init__(
        self,
        role: Role,
        *,
        interfaces: Container[SyntaxId] = (),
        transfers: Sequence[SyntaxId] = (NDR,),
        auth_types: Container[int] = (AuthType.WINNT,),
        groups: AssociationGroups | None = None,
        peer: str = "",
        endpoint: str = "",
        max_fragment: int = limits.RPC_FRAGMENT,
        familiar: bool = False,
    ) -> None:
        self.role = role
        self._link = Link(max_fragment)
        self._side: Server | Client
        if role is Role.SERVER:
            shared = AssociationGroups() if groups is None else groups
            self._side = Server(
                self._link,
                interfaces=interfaces,
                transfers=transfers,
                auth_types=auth_types,
                groups=shared,
                peer=peer,
                endpoint=endpoint,
                familiar=familiar,
            )
        else:
            self._side = Client(self._link, transfers)
        self._buffer: bytes | bytearray = b""  # what came; octets before `_at` are done with
        self._at = 0
        self._allowed = ALLOWED[role, self._link.state]
        self._allowed_in = self._link.state
        self.whole = 0
        self._ended = False

    @property
    def state(self) -> State:
        return self._link.state

    @property
    def closed(self) -> bool:
        """Whether it is over: send what `data_to_send` still has, then close."""
        return self._link.state in ENDED

    @property
    def waiting(self) -> bool:
        """Whether a TokenNeeded is not answered yet: nothing more is parsed, so stop reading."""
        return self._link.exchange is not None

    @property
    def group(self) -> int:
        """The association group; 0 before the bind and after the end."""
        return self._link.group

    @property
    def max_transmit(self) -> int:
        return self._link.max_transmit

    @property
    def multiplexed(self) -> bool:
        """Whether several calls may be open at once."""
        return self._link.multiplexed

    @property
    def header_signing(self) -> bool:
        """Whether both sides set PFC_SUPPORT_HEADER_SIGN: what a verification trailer's bit mask is compared with."""
        return self._link.header_signing

    @property
    def features(self) -> BindFeatures:
        return self._link.features

    @property
    def pending(self) -> tuple[int, ...]:
        """The ids of the calls that are not answered yet."""
        return self._side.pending

    @property
    def partial(self) -> bool:
        """Whether a PDU, or a request of several, has begun to come and is not whole."""
        return (bool(self._buffer) or self._side.partial) and not self.closed and not self.waiting

    @property
    def late(self) -> int:
        """Client: how many answers came to calls that were given up, and were dropped."""
        return self._side.late if isinstance(self._side, Client) else 0

    @property
    def abandoned(self) -> int:
        """Client: how many calls were given up and are not answered yet."""
        return self._side.abandoned if isinstance(self._side, Client) else 0

    def transfer(self, context_id: int) -> SyntaxId:
        """In which syntax the stubs of a presentation context are written."""
        return self._link.transfers[context_id]

    def receive(self, data: bytes) -> None:
        """Octets from the peer; b"" says that it closed. After the end they are dropped."""
        if self._ended or self._link.state in ENDED:
            return
        if not data:
            self._ended = True
        elif not self._buffer:
            self._buffer = data  # a PDU that comes alone and whole is never copied
        else:
            rest = self._buffer if isinstance(self._buffer, bytearray) else bytearray(self._buffer)
            del rest[: self._at]
            rest += data
            self._buffer, self._at = rest, 0

    def next_event(self) -> Event | None:
        """The next thing that happened; None where more octets are needed, or the answer to a TokenNeeded.

        Raises RemoteProtocolError once the peer broke the protocol, and each time after that.
        """
        link = self._link
        while True:
            if link.events:
                return link.events.popleft()
            if link.state in ENDED:
                if link.failure is None:
                    return None
                self._side.leave()
                raise RemoteProtocolError(link.failure)
            if not (self._buffer and link.exchange is None and self._handle_next()) and link.state not in ENDED:
                if not self._ended:
                    return None
                pending = self.pending
                self.close()
                return ConnectionClosed(pending)

    def close(self) -> None:
        """We end the connection, or it ended. Calls that are open are over; harmless when it is over already."""
        self._side.leave()
        self._buffer, self._at = b"", 0
        self._link.exchange = None
        if self._link.state not in ENDED:
            self._link.state = State.CLOSED

    def data_to_send(self, most: int | None = None) -> bytes:
        """What is to be written to the peer, in this order; each octet is given once.

        `most`: about so many octets of long messages, since to protect them takes time; `unsent` says whether there is
        more.
        """
        return self._link.take(most) if self._link.unsent else b""

    @property
    def unsent(self) -> bool:
        """Whether `data_to_send` has something to give."""
        return self._link.unsent

    def accept_token(self, auth_context_id: int, token: bytes, context: SecurityContext | None = None) -> None:
        """Answers a TokenNeeded: `token` goes to the peer, and `context` is there once the login is complete."""
        self._side.accept_token(auth_context_id, token, context)

    def refuse_token(self, auth_context_id: int) -> None:
        """Answers a TokenNeeded: the login failed."""
        self._side.refuse_token(auth_context_id)

    def send_response(self, call_id: int, stub: bytes) -> None:
        """Server: answers a call, protected as its request was. Each call is answered once, by this or `send_fault`."""
        self._server().send_response(call_id, stub)

    def send_fault(self, call_id: int, status: int, *, executed: bool = True) -> None:
        """Server: the call failed below its interface, with a FaultStatus or an HRESULT."""
        self._server().send_fault(call_id, status, executed=executed)

    def bind(self, interfaces: Sequence[SyntaxId], *, auth: AuthOffer | None = None, group: int = 0) -> list[int]:
        """Client: opens the association; the ids of the presentation contexts, good once BindAccepted says so."""
        return self._client().bind(interfaces, auth, group)

    def alter_context(self, interfaces: Sequence[SyntaxId], *, auth: AuthOffer | None = None) -> list[int]:
        """Client: more interfaces, or another login, or both."""
        return self._client().alter_context(interfaces, auth)

    def send_request(
        self,
        context_id: int,
        opnum: int,
        stub: bytes,
        *,
        target: guid.Guid | None = None,
        auth_context_id: int | None = None,
        vouch: bool = False,
    ) -> int:
        """Client: makes a call, and returns its id. `target` is the object UUID, in DCOM the IPID.

        `vouch`: where its level is INTEGRITY or more, the first request of each context gets a verification trailer.
        """
        return self._client().send_request(context_id, opnum, stub, target, auth_context_id, vouch=vouch)

    def abandon(self, call_id: int) -> None:
        """Client: nobody waits for this call any more: a co_cancel asks for its end, and a late answer is dropped."""
        self._client().abandon(call_id)

    def orphan(self, call_id: int) -> None:
        """Client: an abandoned call is not answered in time; harmless if it was. An orphaned says so, if it may."""
        self._client().orphan(call_id)

    def _handle_next(self) -> bool:
        """Handles the next PDU; False where that is not there to its last octet."""
        buffer, start, state = self._buffer, self._at, self._link.state
        header = None
        try:
            header = peek_header(buffer, start)
            if header is None or header.fragment_length > len(buffer) - start:
                if start:  # what came before it may be much, and its end never come
                    self._buffer, self._at = buffer[start:], 0
                return False
            self._at = end = start + header.fragment_length
            if end == len(buffer):  # an idle connection keeps nothing
                self._buffer, self._at = b"", 0
            octets = bytes(buffer[start:end])
            if state is not self._allowed_in:
                self._allowed, self._allowed_in = ALLOWED[self.role, state], state
            if header.type not in self._allowed:
                raise RemoteProtocolError(f"a {header.type.name} while the connection is {state.value}")
            self._side.handlers[header.type](octets, header)
            self.whole += not self._side.partial
        except RemoteProtocolError as error:
            self._link.fail(str(error))
            if header is not None and self.role is Role.SERVER:
                self._tell(header, error.status if isinstance(error, FaultError) else FaultStatus.PROTOCOL_ERROR)
        return True

    def _tell(self, header: Header, status: int) -> None:
        """The last word to a client that broke the protocol, in the form that its PDU is answered with."""
        if header.type is PduType.BIND:
            self._link.send(BindNak(header.call_id, NakReason.PROTOCOL_ERROR))
        elif header.type in {PduType.REQUEST, PduType.ALTER_CONTEXT}:
            self._link.send(Fault(header.call_id, 0, status, flags=WHOLE | PduFlags.DID_NOT_EXECUTE))

    def _server(self) -> Server:
        if not isinstance(self._side, Server):
            raise LocalProtocolError("a client does not answer calls")
        return self._side

    def _client(self) -> Client:
        if not isinstance(self._side, Client):
            raise LocalProtocolError("a server makes no calls")
        return self._side
