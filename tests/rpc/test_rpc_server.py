"""The server's end against clients that break the rules, PDU by PDU."""

from __future__ import annotations

import tracemalloc
from typing import Any

import pytest

from openwmi.base import limits
from openwmi.base.fault import RemoteProtocolError
from openwmi.base.guid import Guid
from openwmi.rpc import (
    NDR,
    AssociationGroups,
    AuthLevel,
    CallCancelled,
    CallOrphaned,
    ConnectionClosed,
    Event,
    FaultStatus,
    NakReason,
    RequestReceived,
    Role,
    RpcAssociation,
    State,
    SyntaxId,
    TokenNeeded,
    pdu,
)
from openwmi.rpc.bind import AlterContext, AlterContextResp, Bind, BindAck, BindNak, ContextElement
from openwmi.rpc.call import Auth3, CoCancel, Fault, Orphaned, Request, Response
from openwmi.rpc.header import WHOLE, PduFlags, Verifier

FIRST = SyntaxId(Guid("000001a0-0000-0000-c000-000000000046"))
CONTEXT = ContextElement(0, FIRST, (NDR,))
REFUSED_EARLY = WHOLE | PduFlags.DID_NOT_EXECUTE


def server() -> RpcAssociation:
    return RpcAssociation(Role.SERVER, interfaces={FIRST}, endpoint="135")


def bind(auth: Verifier | None = None, flags: int = WHOLE, receives: int = 4280) -> Bind:
    return Bind(1, (CONTEXT,), 4280, receives, 0, auth, flags)


def token(value: bytes, level: int = 5, context_id: int = 7, kind: int = 10) -> Verifier:
    return Verifier(kind, level, context_id, value)


def feed(association: RpcAssociation, *messages: pdu.Pdu) -> list[Event]:
    for message in messages:
        association.receive(pdu.encode(message))
    events = []
    while (event := association.next_event()) is not None:
        events.append(event)
    return events


def sent(association: RpcAssociation) -> list[pdu.Pdu]:
    out, messages = association.data_to_send(), []
    while out:
        length = int.from_bytes(out[8:10], "little")
        messages.append(pdu.decode(out[:length]))
        out = out[length:]
    return messages


def bound() -> RpcAssociation:
    association = server()
    assert feed(association, bind()) == []
    sent(association)
    return association


def logged_in(kit: Any, level: AuthLevel = AuthLevel.INTEGRITY) -> RpcAssociation:
    association = server()
    feed(association, bind(token(kit.hello, level)))
    association.accept_token(7, kit.who)
    feed(association, Auth3(1, token(kit.me, level)))
    association.accept_token(7, b"", kit.context())
    sent(association)
    return association


def refused(association: RpcAssociation, *messages: pdu.Pdu, words: str) -> list[pdu.Pdu]:
    """The association fails; what it still says."""
    with pytest.raises(RemoteProtocolError, match=words):
        feed(association, *messages)
    assert association.state is State.FAILED
    return sent(association)


def test_the_answer_to_a_bind() -> None:
    association = server()
    feed(association, bind())
    (ack,) = sent(association)
    assert isinstance(ack, BindAck)
    assert (ack.address, ack.max_transmit, ack.max_receive, ack.group) == ("135", 4280, 4280, association.group)


@pytest.mark.parametrize(("receives", "expected"), [(0, 1432), (1000, 1432), (4280, 4280), (65535, 5840)])
def test_fragments_are_never_smaller_than_everybody_must_take(receives: int, expected: int) -> None:
    association = server()
    feed(association, bind(receives=receives))
    assert association.max_transmit == expected


def test_a_login_asks_for_tokens_and_holds_everything_else_back(kit: Any) -> None:
    association = server()
    first = pdu.encode(bind(token(kit.hello)))
    third = pdu.encode(Auth3(1, token(kit.me)))
    association.receive(first + third)
    assert association.next_event() == TokenNeeded(7, 10, AuthLevel.INTEGRITY, kit.hello, reply=True)
    assert association.waiting
    assert association.next_event() is None
    association.accept_token(7, kit.who)
    (ack,) = sent(association)
    assert ack.auth == token(kit.who)
    assert association.next_event() == TokenNeeded(7, 10, AuthLevel.INTEGRITY, kit.me, reply=False)
    association.accept_token(7, b"ignored", kit.context())
    assert sent(association) == [], "an auth3 is never answered"


@pytest.mark.parametrize(("number", "level"), [(0, AuthLevel.CONNECT), (3, AuthLevel.PKT), (6, AuthLevel.PRIVACY)])
def test_levels_are_treated_as_the_document_says(kit: Any, number: int, level: AuthLevel) -> None:
    (event,) = feed(server(), bind(token(kit.hello, number)))
    assert isinstance(event, TokenNeeded)
    assert event.level is level


@pytest.mark.parametrize("number", [1, 7, 255])
def test_levels_that_there_are_not(kit: Any, number: int) -> None:
    association = server()
    feed(association, bind(token(kit.hello, number)))
    assert sent(association) == [BindNak(1, NakReason.AUTHENTICATION_TYPE_NOT_RECOGNIZED)]


def test_a_wrong_password_shows_at_the_first_request(kit: Any) -> None:
    association = server()
    feed(association, bind(token(kit.hello)))
    association.accept_token(7, kit.who)
    feed(association, Auth3(1, token(kit.wrong)))
    association.refuse_token(7)
    sent(association)
    part = PduFlags.FIRST
    assert feed(association, Request(2, 0, 4, b"x", auth=token(b"signature"), flags=part)) == []
    assert sent(association) == [Fault(2, 0, FaultStatus.ACCESS_DENIED, flags=REFUSED_EARLY)]
    assert feed(association, Request(2, 0, 4, b"x", auth=token(b"signature"), flags=PduFlags.LAST)) == []
    assert sent(association) == [], "the rest of a refused call is dropped"
    assert not association.closed


def test_a_request_before_the_login_is_finished(kit: Any) -> None:
    association = server()
    feed(association, bind(token(kit.hello)))
    association.accept_token(7, kit.who)
    sent(association)
    assert feed(association, Request(2, 0, 4, b"x", auth=token(b"signature"))) == []
    assert sent(association) == [Fault(2, 0, FaultStatus.ACCESS_DENIED, flags=REFUSED_EARLY)]


def test_guessing_on_one_connection_ends(kit: Any) -> None:
    association = bound()
    for number in range(limits.RPC_REFUSED_LOGINS):
        feed(association, AlterContext(number + 2, (CONTEXT,), 4280, 4280, 0, token(kit.wrong, context_id=number)))
        association.refuse_token(number)
    assert len(sent(association)) == limits.RPC_REFUSED_LOGINS
    with pytest.raises(RemoteProtocolError, match="3 logins were refused"):
        association.next_event()


def test_logins_begun_and_not_finished_are_few(kit: Any) -> None:
    association = bound()
    for number in range(limits.RPC_PENDING_LOGINS + 1):
        events = feed(association, AlterContext(2, (), 4280, 4280, 0, token(kit.hello, context_id=number)))
        if events:
            association.accept_token(number, kit.who)
    assert [type(message).__name__ for message in sent(association)] == ["AlterContextResp"] * 4 + ["Fault"]


def test_logins_of_one_connection_are_limited(kit: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(limits, "RPC_SECURITY_CONTEXTS", 2)
    association = logged_in(kit)
    for number in (8, 9):
        feed(association, AlterContext(number, (), 4280, 4280, 0, token(kit.hello, context_id=number)))
        if association.waiting:
            association.accept_token(number, b"", kit.context())
    answers = sent(association)
    assert isinstance(answers[0], AlterContextResp)
    assert answers[1:] == [Fault(9, 0, FaultStatus.PROTOCOL_ERROR_WIN32, flags=REFUSED_EARLY)]


@pytest.mark.parametrize("level", [AuthLevel.CONNECT, AuthLevel.PRIVACY])
def test_the_legs_of_a_login_are_at_one_level(kit: Any, level: AuthLevel) -> None:
    """Or whoever is on the way would choose how calls are protected."""

    def begun() -> RpcAssociation:
        association = server()
        feed(association, bind(token(kit.hello)))
        association.accept_token(7, kit.who)
        sent(association)
        return association

    out = refused(begun(), AlterContext(2, (), 4280, 4280, 0, token(kit.me, level)), words="exists and is not pending")
    assert out == [Fault(2, 0, FaultStatus.ACCESS_DENIED, flags=REFUSED_EARLY)]
    assert refused(begun(), Auth3(1, token(kit.me, level)), words="waits for none") == []


def test_a_bind_that_is_refused_leaves_no_group(kit: Any) -> None:
    groups = AssociationGroups()
    association = RpcAssociation(Role.SERVER, interfaces={FIRST}, groups=groups)
    feed(association, bind(token(kit.hello, level=1)))
    assert len(groups) == 0
    feed(association, bind(token(kit.wrong)))
    association.refuse_token(7)
    assert len(groups) == 0
    feed(association, bind())
    assert (len(groups), association.state) == (1, State.BOUND)
    association.close()
    assert len(groups) == 0


def test_headers_are_signed_below_integrity_where_the_login_asked_for_it(kit: Any) -> None:
    association = server()
    feed(association, bind(token(kit.hello, AuthLevel.PKT), WHOLE | PduFlags.SUPPORT_HEADER_SIGN))
    asked = kit.context()
    association.accept_token(7, b"", asked)
    feed(association, AlterContext(2, (), 4280, 4280, 0, token(kit.hello, AuthLevel.PKT, 8)))
    silent = kit.context()
    association.accept_token(8, b"", silent)
    for number, context in ((7, asked), (8, silent)):
        context.verify = lambda *_, **__: None
        feed(association, Request(number, 0, 4, b"x", auth=token(bytes(8), AuthLevel.PKT, number)))
        association.send_response(number, b"y")
    assert (asked.header_signing, silent.header_signing) == ([True], [False])


def test_a_changed_signature_ends_the_connection(kit: Any) -> None:
    association = logged_in(kit)
    out = refused(association, Request(2, 0, 4, b"x", auth=token(b"forged--")), words="toy signature")
    assert out == [Fault(2, 0, FaultStatus.SEC_PKG_ERROR, flags=REFUSED_EARLY)]


@pytest.mark.parametrize(
    "verifier", [token(b"--------", context_id=8), token(b"--------", level=6), token(b"--------", kind=9)]
)
def test_a_request_for_another_login_than_was_made(kit: Any, verifier: Verifier) -> None:
    out = refused(logged_in(kit), Request(2, 0, 4, b"x", auth=verifier), words="security context")
    assert out == [Fault(2, 0, FaultStatus.ACCESS_DENIED, flags=REFUSED_EARLY)]


def test_a_request_without_a_verifier_is_nobodys(kit: Any) -> None:
    (event,) = feed(logged_in(kit), Request(2, 0, 4, b"x"))
    assert event == RequestReceived(2, 0, FIRST, 4, None, b"x", AuthLevel.NONE, None, None)


def test_at_connect_level_the_only_login_is_meant(kit: Any) -> None:
    association = logged_in(kit, AuthLevel.CONNECT)
    (event,) = feed(association, Request(2, 0, 4, b"x"))
    assert isinstance(event, RequestReceived)
    assert (event.level, event.principal) == (AuthLevel.CONNECT, "DOM\\me")
    (named,) = feed(association, Request(3, 0, 4, b"xyz", auth=token(bytes(16), 2)))
    assert isinstance(named, RequestReceived)
    assert (named.stub, named.principal) == (b"xyz", "DOM\\me")
    feed(association, AlterContext(4, (), 4280, 4280, 0, token(kit.hello, 2, 8)))
    association.accept_token(8, b"", kit.context("DOM\\other"))
    (event,) = feed(association, Request(5, 0, 4, b"x"))
    assert isinstance(event, RequestReceived)
    assert event.principal is None, "of two logins neither is meant"


def test_more_padding_than_there_is_body(kit: Any) -> None:
    verifier = Verifier(10, 2, 7, bytes(16), pad_length=4)
    octets = bytearray(pdu.encode(Request(2, 0, 4, b"abcd", auth=verifier)))
    octets[-16 - 6] = 200  # auth_pad_length
    association = logged_in(kit, AuthLevel.CONNECT)
    association.receive(bytes(octets))
    with pytest.raises(RemoteProtocolError, match="auth_pad_length 200 in a body of 4 octets"):
        association.next_event()


def test_at_connect_level_a_refused_login_is_not_nobody(kit: Any) -> None:
    association = server()
    feed(association, bind(token(kit.hello, 2)))
    association.accept_token(7, kit.who)
    feed(association, Auth3(1, token(kit.wrong, 2)))
    association.refuse_token(7)
    sent(association)
    assert feed(association, Request(2, 0, 4, b"x")) == []
    assert sent(association) == [Fault(2, 0, FaultStatus.ACCESS_DENIED, flags=REFUSED_EARLY)]


def test_unknown_presentation_context() -> None:
    association = bound()
    assert feed(association, Request(2, 9, 4, b"x")) == []
    assert sent(association) == [Fault(2, 9, FaultStatus.UNKNOWN_INTERFACE, flags=REFUSED_EARLY)]
    assert len(feed(association, Request(3, 0, 4, b"x"))) == 1


def test_fragments_have_to_belong_together() -> None:
    first = Request(2, 0, 4, b"x", flags=PduFlags.FIRST)
    for message, words in (
        (Request(3, 0, 4, b"x", flags=PduFlags.LAST), "call 3, which has no first one"),
        (Request(2, 0, 5, b"x", flags=PduFlags.LAST), "do not belong together"),
        (Request(2, 1, 4, b"x", flags=PduFlags.LAST), "do not belong together"),
        (Request(3, 0, 4, b"x"), "call 3 begins before call 2 is whole"),
    ):
        out = refused(bound(), first, message, words=words)
        assert out == [Fault(message.call_id, 0, FaultStatus.PROTOCOL_ERROR, flags=REFUSED_EARLY)]


def test_fragments_belong_to_one_login(kit: Any) -> None:
    association = logged_in(kit, AuthLevel.CONNECT)
    feed(association, AlterContext(4, (), 4280, 4280, 0, token(kit.hello, 2, 8)))
    association.accept_token(8, b"", kit.context("DOM\\other"))
    sent(association)
    mine = Request(5, 0, 4, b"x", auth=token(bytes(16), 2, 7), flags=PduFlags.FIRST)
    others = Request(5, 0, 4, b"x", auth=token(bytes(16), 2, 8), flags=PduFlags.LAST)
    assert refused(association, mine, others, words="do not belong together")


def test_fragments_of_old_calls_are_dropped_and_those_of_very_old_ones_are_errors() -> None:
    association = bound()
    (request,) = feed(association, Request(400, 0, 4, b"x"))
    assert isinstance(request, RequestReceived)
    assert feed(association, Request(251, 0, 4, b"x", flags=PduFlags.LAST)) == []
    refused(association, Request(250, 0, 4, b"x", flags=PduFlags.LAST), words="call 250")


def test_a_call_id_is_open_once() -> None:
    refused(bound(), Request(2, 0, 4, b"x"), Request(2, 0, 4, b"y"), words="call 2 is open already")


def test_a_request_that_is_too_long(kit: Any) -> None:
    association = bound()
    flags = PduFlags.FIRST
    for number in range(limits.RPC_ANONYMOUS_REQUEST_OCTETS // 60_000 + 1):
        feed(association, Request(2, 0, 4, bytes(60_000), flags=flags if not number else PduFlags.NONE))
    assert sent(association) == [Fault(2, 0, FaultStatus.ACCESS_DENIED, flags=REFUSED_EARLY)]
    assert feed(association, Request(2, 0, 4, bytes(60_000), flags=PduFlags.LAST)) == []
    assert len(feed(association, Request(3, 0, 4, b"x"))) == 1


@pytest.mark.parametrize("size", [0, 1])
def test_fragments_of_next_to_nothing_take_next_to_no_memory(size: int) -> None:
    association = bound()
    feed(association, Request(2, 0, 4, b"", flags=PduFlags.FIRST))
    fragment = pdu.encode(Request(2, 0, 4, bytes(size), flags=PduFlags.NONE))
    association.receive(fragment * 100)
    assert association.next_event() is None
    tracemalloc.start()
    for _ in range(20):
        association.receive(fragment * 1000)
        assert association.next_event() is None
    held, _ = tracemalloc.get_traced_memory()
    tracemalloc.stop()
    assert held < 60_000
    (request,) = feed(association, Request(2, 0, 4, b"end", flags=PduFlags.LAST))
    assert isinstance(request, RequestReceived)
    assert request.stub == bytes(20_100 * size) + b"end"


def test_what_is_done_with_is_not_kept_for_the_sake_of_what_is_not_whole() -> None:
    association = bound()
    whole, begun = pdu.encode(CoCancel(9)), pdu.encode(Request(2, 0, 4, b"x"))
    tracemalloc.start()
    association.receive(whole * 10_000 + begun[:5])
    assert association.next_event() is None
    held, _ = tracemalloc.get_traced_memory()
    tracemalloc.stop()
    assert held < 2000
    association.receive(begun[5:])
    assert isinstance(association.next_event(), RequestReceived)


def test_calls_that_are_open_at_once_are_limited() -> None:
    association = bound()
    events = feed(association, *(Request(number + 2, 0, 4, b"") for number in range(limits.RPC_OPEN_CALLS + 1)))
    assert len(events) == limits.RPC_OPEN_CALLS
    last = limits.RPC_OPEN_CALLS + 2
    assert sent(association) == [Fault(last, 0, FaultStatus.SERVER_TOO_BUSY, flags=REFUSED_EARLY)]
    association.send_response(2, b"")
    assert len(feed(association, Request(last, 0, 4, b""))) == 1


def test_presentation_contexts_are_limited(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(limits, "RPC_PRESENTATION_CONTEXTS", 2)
    association = bound()
    more = tuple(ContextElement(number, FIRST, (NDR,)) for number in (1, 2))
    feed(association, AlterContext(2, more, 4280, 4280))
    assert sent(association) == [BindNak(2, NakReason.LOCAL_LIMIT_EXCEEDED)]


def test_cancelled_and_orphaned_calls() -> None:
    association = bound()
    feed(association, Request(2, 0, 4, b""), Request(3, 0, 4, b"", flags=PduFlags.FIRST))
    assert feed(association, CoCancel(2), CoCancel(3), Orphaned(3), Orphaned(9)) == [CallCancelled(2)]
    assert feed(association, Orphaned(2), Orphaned(2)) == [CallOrphaned(2)]
    association.send_response(2, b"")
    assert sent(association) == []
    assert len(feed(association, Request(4, 0, 4, b""))) == 1


@pytest.mark.parametrize(
    "message", [Request(1, 0, 4, b""), AlterContext(1, (CONTEXT,), 4280, 4280), Auth3(1, token(b"x")), CoCancel(1)]
)
def test_nothing_comes_before_a_bind(message: pdu.Pdu) -> None:
    out = refused(server(), message, words="while the connection is established")
    assert out == (
        [Fault(1, 0, FaultStatus.PROTOCOL_ERROR, flags=REFUSED_EARLY)]
        if isinstance(message, Request | AlterContext)
        else []
    )


@pytest.mark.parametrize("message", [bind(), Response(1, 0, b""), Fault(1, 0, 5), BindNak(1, 0)])
def test_what_a_bound_server_does_not_take(message: pdu.Pdu) -> None:
    refused(bound(), message, words="while the connection is bound")


def test_a_bind_in_fragments() -> None:
    out = refused(server(), bind(flags=PduFlags.FIRST), words="a BIND in fragments")
    assert out == [BindNak(1, NakReason.PROTOCOL_ERROR)]


def test_logins_that_are_finished_are_not_begun_again(kit: Any) -> None:
    refused(logged_in(kit), AlterContext(2, (), 4280, 4280, 0, token(kit.hello)), words="exists and is not pending")
    refused(logged_in(kit), Auth3(2, token(kit.me)), words="waits for none")
    refused(logged_in(kit), Auth3(2), words="waits for none")


def test_the_end() -> None:
    association = bound()
    feed(association, Request(2, 0, 4, b""))
    association.receive(b"\x05\x00\x00\x03\x10")
    association.receive(b"")
    assert association.next_event() == ConnectionClosed((2,))
    assert association.next_event() is None
    assert association.closed
    assert association.group == 0


def test_the_end_in_the_middle_of_a_login(kit: Any) -> None:
    association = server()
    feed(association, bind(token(kit.hello)))
    association.receive(b"")
    assert association.next_event() == ConnectionClosed(())
    assert not association.waiting


def test_closing_is_idempotent() -> None:
    association = bound()
    association.close()
    association.close()
    assert association.state is State.CLOSED
    assert association.next_event() is None


def test_a_sec_trailer_inside_of_the_header(kit: Any) -> None:
    association = logged_in(kit)
    octets = bytes.fromhex("05000003100000002000080002000000") + bytes((10, 5, 0, 0, 7, 0, 0, 0)) + b"--------"
    association.receive(octets)
    with pytest.raises(RemoteProtocolError, match="inside of the header"):
        association.next_event()


def test_a_last_leg_that_completes_nothing_is_a_refusal(kit: Any) -> None:
    association = server()
    feed(association, bind(token(kit.hello)))
    association.accept_token(7, kit.who)
    feed(association, Auth3(1, token(kit.me)))
    association.accept_token(7, b"another leg")
    sent(association)
    feed(association, Request(2, 0, 4, b"x", auth=token(b"--------")))
    assert sent(association) == [Fault(2, 0, FaultStatus.ACCESS_DENIED, flags=REFUSED_EARLY)]
