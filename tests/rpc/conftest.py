"""What the tests of rpc share: a toy security context, and two ends of a connection joined in memory."""

from __future__ import annotations

import hashlib
from dataclasses import dataclass, field

import pytest

from openwmi.base.fault import RemoteProtocolError
from openwmi.base.guid import Guid
from openwmi.rpc import (
    AssociationGroups,
    AuthLevel,
    AuthOffer,
    AuthType,
    Event,
    Role,
    RpcAssociation,
    SyntaxId,
    TokenNeeded,
)

FIRST = SyntaxId(Guid("000001a0-0000-0000-c000-000000000046"))
SECOND = SyntaxId(Guid("f309ad18-d86a-11d0-a075-00c04fb68820"))
HELLO, WHO, ME, WRONG = b"hello", b"who are you?", b"me", b"somebody else"


class ToyContext:
    """Counts, adds a constant to each octet and hashes: order and content matter as they do for real ones."""

    def __init__(self, principal: str = "DOM\\me", *, server: bool = True) -> None:
        self.principal = principal
        self.impersonation = 3
        self.sent = self.received = 0
        self.header_signing: list[bool] = []
        self.server = server

    def signature_size(self, *, sealed: bool) -> int:
        return 12 if sealed else 8

    def sign(self, pdu: bytes, start: int, end: int, *, sign_header: bool) -> bytes:
        self.header_signing.append(sign_header)
        self.sent += 1
        return self._hash(pdu, self.server, self.sent)[:8]

    def seal(self, pdu: bytes, start: int, end: int, *, sign_header: bool) -> tuple[bytes, bytes]:
        self.header_signing.append(sign_header)
        self.sent += 1
        return bytes((octet + 1) & 0xFF for octet in pdu[start:end]), self._hash(pdu, self.server, self.sent)[:12]

    def verify(self, pdu: bytes, start: int, end: int, token: bytes, *, sign_header: bool) -> None:
        self.received += 1
        if self._hash(pdu, not self.server, self.received)[: len(token)] != token or not token:
            raise RemoteProtocolError("the toy signature does not fit")

    def unseal(self, pdu: bytes, start: int, end: int, token: bytes, *, sign_header: bool) -> bytes:
        body = bytes((octet - 1) & 0xFF for octet in pdu[start:end])
        self.verify(pdu[:start] + body + pdu[end:], start, end, token, sign_header=sign_header)
        return body

    @staticmethod
    def _hash(pdu: bytes, server: bool, count: int) -> bytes:
        return hashlib.sha256(b"%d %d " % (server, count) + pdu).digest()


@dataclass
class Pair:
    """A client and a server. Their logins are answered as toys answer; all other events are collected."""

    server: RpcAssociation
    client: RpcAssociation
    contexts: list[ToyContext] = field(default_factory=list)

    @classmethod
    def make(cls, max_fragment: int = 5840, client_fragment: int | None = None) -> Pair:
        server = RpcAssociation(
            Role.SERVER,
            interfaces={FIRST, SECOND},
            groups=AssociationGroups(),
            peer="192.0.2.1",
            endpoint="135",
            max_fragment=max_fragment,
        )
        return cls(server, RpcAssociation(Role.CLIENT, max_fragment=client_fragment or max_fragment))

    @classmethod
    def bound(cls, level: AuthLevel = AuthLevel.NONE, max_fragment: int = 5840) -> Pair:
        """Bound to FIRST as context 0, logged in as security context 7 unless the level is NONE."""
        pair = cls.make(max_fragment)
        pair.client.bind([FIRST], auth=offer(level))
        pair.pump()
        return pair

    def pump(self) -> tuple[list[Event], list[Event]]:
        """Carries octets to and fro until nothing moves; the events of the server and of the client."""
        seen: tuple[list[Event], list[Event]] = [], []
        ends = (self.server, self.client)
        moved = True
        while moved:
            moved = False
            for end, other, events in zip(ends, ends[::-1], seen, strict=True):
                while (event := end.next_event()) is not None:
                    moved = True
                    if isinstance(event, TokenNeeded):
                        self.answer(end, event)
                    else:
                        events.append(event)
                if data := end.data_to_send():
                    moved = True
                    other.receive(data)
        return seen

    def answer(self, end: RpcAssociation, event: TokenNeeded) -> None:
        if event.token == WRONG:
            end.refuse_token(event.auth_context_id)
            return
        reply = {HELLO: WHO, WHO: ME, ME: b""}[event.token]
        context = None
        if reply != WHO:
            context = ToyContext(server=end is self.server)
            self.contexts.append(context)
        end.accept_token(event.auth_context_id, reply, context)


def offer(level: AuthLevel, context_id: int = 7) -> AuthOffer | None:
    return None if level is AuthLevel.NONE else AuthOffer(AuthType.WINNT, level, HELLO, context_id)


@dataclass(frozen=True)
class Kit:
    """The helpers, as one fixture: tests do not import from each other."""

    context = ToyContext
    pair = Pair
    offer = staticmethod(offer)
    first = FIRST
    second = SECOND
    hello, who, me, wrong = HELLO, WHO, ME, WRONG


@pytest.fixture(scope="session")
def kit() -> Kit:
    return Kit()
