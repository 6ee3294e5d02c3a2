"""Two associations in memory, the real logins behind one of them and any initiators behind the other."""

from __future__ import annotations

from dataclasses import dataclass, field

from openwmi.base.guid import Guid
from openwmi.rpc import (
    AuthLevel,
    AuthOffer,
    Event,
    RequestReceived,
    ResponseReceived,
    Role,
    RpcAssociation,
    SyntaxId,
    TokenNeeded,
)
from openwmi.security import Initiator, Logins

SERVICE = SyntaxId(Guid("000001a0-0000-0000-c000-000000000046"))


@dataclass
class Wire:
    """A client and a server. The server answers each request with its stub and who asked."""

    logins: Logins
    initiators: dict[int, Initiator] = field(default_factory=dict)
    tokens: list[tuple[str, bytes]] = field(default_factory=list)

    def __post_init__(self) -> None:
        self.server = RpcAssociation(Role.SERVER, interfaces={SERVICE}, auth_types=self.logins.auth_types)
        self.client = RpcAssociation(Role.CLIENT)

    def login(self, initiator: Initiator, level: AuthLevel, context_id: int = 0) -> list[Event]:
        """By bind, or by alter_context where that was done."""
        self.initiators[context_id] = initiator
        offer = AuthOffer(initiator.auth_type, level, initiator.step().token, context_id)
        ask = self.client.alter_context if self.client.group else self.client.bind
        ask([SERVICE], auth=offer)
        return self.pump()

    def call(self, stub: bytes, context_id: int = 0) -> bytes:
        """What came back."""
        number = self.client.send_request(0, 4, stub, auth_context_id=context_id)
        *_, answer = self.pump()
        assert isinstance(answer, ResponseReceived), answer
        assert answer.call_id == number
        return answer.stub

    def pump(self) -> list[Event]:
        """Until nothing moves."""
        events: list[Event] = []
        moved = True
        while moved:
            sent = self.client.data_to_send()
            self.server.receive(sent) if sent else None
            while (event := self.server.next_event()) is not None:
                events.append(event)
                if isinstance(event, TokenNeeded):
                    self.tokens.append(("client", event.token))
                    self.logins.answer(self.server, event)
                elif isinstance(event, RequestReceived):
                    self.server.send_response(event.call_id, event.stub + f" {event.principal}".encode())
            answered = self.server.data_to_send()
            self.client.receive(answered) if answered else None
            while (event := self.client.next_event()) is not None:
                events.append(event)
                if isinstance(event, TokenNeeded):
                    self.tokens.append(("server", event.token))
                    step = self.initiators[event.auth_context_id].step(event.token)
                    self.client.accept_token(event.auth_context_id, step.token, step.context)
            moved = bool(sent or answered)
        return events
