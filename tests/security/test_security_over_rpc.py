"""Logins as a connection makes them: an association at each end, our acceptor behind one, pyspnego behind the other."""

from __future__ import annotations

import logging
from dataclasses import dataclass, field
from datetime import UTC, datetime
from pathlib import Path

import pytest

from openwmi.base.fault import RemoteProtocolError
from openwmi.base.guid import Guid
from openwmi.rpc import (
    AuthLevel,
    AuthOffer,
    AuthType,
    Event,
    FaultReceived,
    FaultStatus,
    RequestReceived,
    ResponseReceived,
    Role,
    RpcAssociation,
    SyntaxId,
    TokenNeeded,
)
from openwmi.security import AUTH_TYPE_NTLM, Logins, NtlmInitiator, ServerNames, UsersFile, add_user

FIRST = SyntaxId(Guid("000001a0-0000-0000-c000-000000000046"))
PASSWORD = "Passw0rd"
SECOND = SyntaxId(Guid("f309ad18-d86a-11d0-a075-00c04fb68820"))


@dataclass
class Connection:
    """A client and a server in memory."""

    users: UsersFile
    server: RpcAssociation = field(default_factory=lambda: RpcAssociation(Role.SERVER, interfaces={FIRST, SECOND}))
    client: RpcAssociation = field(default_factory=lambda: RpcAssociation(Role.CLIENT))
    initiators: dict[int, NtlmInitiator] = field(default_factory=dict)

    def __post_init__(self) -> None:
        names = ServerNames.of_host("srv1.example")
        self.logins = Logins(self.users, names, peer="192.0.2.9", now=lambda: datetime(2024, 1, 1, tzinfo=UTC))

    def offer(self, level: AuthLevel, context_id: int = 1, user: str = "me", secret: str = PASSWORD) -> AuthOffer:
        initiator = self.initiators[context_id] = NtlmInitiator(user, secret, "DOM")
        return AuthOffer(AuthType.WINNT, level, initiator.step().token, context_id)

    def pump(self) -> list[Event]:
        """Until nothing moves; the server answers each request with its stub and who asked."""
        events: list[Event] = []
        while True:
            if sent := self.client.data_to_send():
                self.server.receive(sent)
            while (event := self.server.next_event()) is not None:
                events.append(event)
                if isinstance(event, TokenNeeded):
                    self.logins.answer(self.server, event)
                elif isinstance(event, RequestReceived):
                    self.server.send_response(event.call_id, event.stub + f" {event.principal}".encode())
            answered = self.server.data_to_send()
            if answered:
                self.client.receive(answered)
            while (event := self.client.next_event()) is not None:
                events.append(event)
                if isinstance(event, TokenNeeded):
                    step = self.initiators[event.auth_context_id].step(event.token)
                    self.client.accept_token(event.auth_context_id, step.token, step.context)
            if not sent and not answered:
                return events


@pytest.fixture
def connection(tmp_path: Path) -> Connection:
    add_user(tmp_path / "users", "DOM\\me", "Passw0rd")
    add_user(tmp_path / "users", "DOM\\you", "Secret12")
    return Connection(UsersFile(tmp_path / "users"))


def test_the_number_of_ntlm_is_the_number_of_ntlm() -> None:
    assert AuthType(AUTH_TYPE_NTLM) is AuthType.WINNT


@pytest.mark.parametrize("level", [AuthLevel.CONNECT, AuthLevel.PKT, AuthLevel.INTEGRITY, AuthLevel.PRIVACY])
@pytest.mark.parametrize("size", [0, 1, 16, 20_000])
def test_calls_at_every_level(connection: Connection, level: AuthLevel, size: int) -> None:
    connection.client.bind([FIRST], auth=connection.offer(level))
    connection.pump()
    for _ in range(2):
        call_id = connection.client.send_request(0, 4, bytes(size), auth_context_id=1)
        *_, answer = connection.pump()
        assert answer == ResponseReceived(call_id, bytes(size) + b" DOM\\me")


def test_privacy_hides_and_integrity_does_not(connection: Connection) -> None:
    connection.client.bind([FIRST], auth=connection.offer(AuthLevel.PRIVACY))
    connection.pump()
    connection.client.alter_context([FIRST], auth=connection.offer(AuthLevel.INTEGRITY, 2))
    connection.pump()
    for login, seen in ((1, False), (2, True)):
        connection.client.send_request(0, 4, b"a secret, or not", auth_context_id=login)
        octets = connection.client.data_to_send()
        assert (b"a secret, or not" in octets) is seen
        connection.server.receive(octets)
        connection.pump()


def test_two_people_on_one_connection(connection: Connection) -> None:
    connection.client.bind([FIRST], auth=connection.offer(AuthLevel.INTEGRITY, 1))
    connection.pump()
    connection.client.alter_context([SECOND], auth=connection.offer(AuthLevel.PRIVACY, 79232, "you", "Secret12"))
    connection.pump()
    for context_id, login, who in ((0, 1, b"DOM\\me"), (2, 79232, b"DOM\\you"), (0, 79232, b"DOM\\you")):
        call_id = connection.client.send_request(context_id, 4, b"hi", auth_context_id=login)
        assert connection.pump()[-1] == ResponseReceived(call_id, b"hi " + who)


@pytest.mark.parametrize(("user", "password"), [("me", "guessed1"), ("nobody", "Passw0rd")])
def test_wrong_password_and_unknown_user_look_alike(
    connection: Connection, caplog: pytest.LogCaptureFixture, user: str, password: str
) -> None:
    caplog.set_level(logging.DEBUG)
    connection.client.bind([FIRST], auth=connection.offer(AuthLevel.PRIVACY, 1, user, password))
    connection.pump()
    call_id = connection.client.send_request(0, 4, b"let me in", auth_context_id=1)
    assert connection.pump() == [FaultReceived(call_id, FaultStatus.ACCESS_DENIED, False)]
    (record,) = caplog.records
    assert record.levelno == logging.WARNING
    assert f"DOM\\{user}: unknown user or wrong password" in record.getMessage()
    assert "192.0.2.9" in record.getMessage()
    assert password not in caplog.text


def test_a_token_that_is_none_is_refused_in_the_same_words(connection: Connection) -> None:
    connection.client.bind([FIRST], auth=AuthOffer(AuthType.WINNT, AuthLevel.PRIVACY, b"rubbish"))
    (needed, refused) = connection.pump()
    assert isinstance(needed, TokenNeeded)
    assert type(refused).__name__ == "BindRefused"


def test_a_users_file_that_cannot_be_read_any_more_lets_nobody_in(connection: Connection, tmp_path: Path) -> None:
    (tmp_path / "users").unlink()
    connection.client.bind([FIRST], auth=connection.offer(AuthLevel.PRIVACY))
    connection.pump()
    call_id = connection.client.send_request(0, 4, b"let me in", auth_context_id=1)
    assert connection.pump() == [FaultReceived(call_id, FaultStatus.ACCESS_DENIED, False)]


def test_a_changed_octet_in_any_protected_place(connection: Connection) -> None:
    connection.client.bind([FIRST], auth=connection.offer(AuthLevel.PRIVACY))
    connection.pump()
    connection.client.send_request(0, 4, b"hello", auth_context_id=1)
    octets = bytearray(connection.client.data_to_send())
    octets[22] ^= 1  # the opnum, which only the token protects
    connection.server.receive(bytes(octets))
    with pytest.raises(RemoteProtocolError, match="does not fit"):
        connection.server.next_event()


@pytest.mark.parametrize("level", [AuthLevel.PKT, AuthLevel.INTEGRITY, AuthLevel.PRIVACY])
@pytest.mark.parametrize("how", ["replayed", "left out", "sent back", "of another connection", "of another login"])
def test_what_was_signed_elsewhere_or_before(connection: Connection, level: AuthLevel, how: str) -> None:
    client, server = connection.client, connection.server
    client.bind([FIRST], auth=connection.offer(level))
    connection.pump()
    first = client.send_request(0, 4, b"one", auth_context_id=1)
    one = client.data_to_send()
    second = client.send_request(0, 4, b"two", auth_context_id=1)
    two = client.data_to_send()
    if how == "replayed":
        server.receive(one)
        assert isinstance(server.next_event(), RequestReceived)
        server.send_response(first, b"")
        two = one
    elif how == "sent back":
        server.receive(one)
        assert isinstance(server.next_event(), RequestReceived)
        server.send_response(first, b"")
        answer = bytearray(server.data_to_send())
        answer[2] = one[2]  # a request
        two = bytes(answer)
    elif how == "of another connection":
        other = Connection(connection.users)
        other.client.bind([FIRST], auth=other.offer(level))
        other.pump()
        server = other.server
        two = one
    elif how == "of another login":
        client.abandon(first)
        client.abandon(second)
        client.data_to_send()
        client.alter_context([FIRST], auth=connection.offer(level, 2, "you", "Secret12"))
        connection.pump()
        changed = bytearray(one)
        changed[-20:-16] = (2).to_bytes(4, "little")  # auth_context_id
        two = bytes(changed)
    server.receive(two)
    with pytest.raises(RemoteProtocolError, match="does not fit"):
        server.next_event()
    assert server.closed


@pytest.mark.parametrize("level", [AuthLevel.PKT, AuthLevel.INTEGRITY, AuthLevel.PRIVACY])
def test_no_octet_of_a_signed_request_can_be_changed(connection: Connection, level: AuthLevel) -> None:
    size = at = 0
    while at <= size:
        made = Connection(connection.users)
        made.client.bind([FIRST], auth=made.offer(level))
        made.pump()
        made.client.send_request(0, 4, b"hello", auth_context_id=1)
        octets = bytearray(made.client.data_to_send())
        size = len(octets) - 1
        octets[at] ^= 0x40
        made.server.receive(bytes(octets))
        try:
            event = made.server.next_event()
        except RemoteProtocolError:
            event = None
        assert event is None, f"octet {at} was changed, and {event} came of it"
        at += 1


def test_names_of_a_host() -> None:
    assert ServerNames.of_host("Very-Long-Host-Name.Dom.Example") == ServerNames(
        "VERY-LONG-HOST-", "WORKGROUP", "very-long-host-name.dom.example", "dom.example"
    )
    assert ServerNames.of_this_host().computer
