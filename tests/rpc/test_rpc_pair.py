"""Two ends joined in memory: binds, logins, calls, fragments, at every level."""

from __future__ import annotations

from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from openwmi.base import limits
from openwmi.base.fault import LocalProtocolError, RemoteProtocolError
from openwmi.base.guid import Guid
from openwmi.rpc import (
    NDR,
    NDR64,
    AuthLevel,
    AuthOffer,
    AuthType,
    BindAccepted,
    BindFeatures,
    BindRefused,
    CallCancelled,
    CallOrphaned,
    ConnectionClosed,
    ContextResult,
    FaultReceived,
    FaultStatus,
    NakReason,
    RejectReason,
    RequestReceived,
    ResponseReceived,
    State,
    SyntaxId,
    TokenNeeded,
    pdu,
)
from openwmi.rpc.bind import BindAck, BindNak
from openwmi.rpc.call import CoCancel, Fault, Orphaned, Response, Shutdown
from openwmi.rpc.header import PduFlags, Verifier

IPID = Guid("8bc3f05e-d86b-11d0-a075-00c04fb68820")
LEVELS = [level for level in AuthLevel if level is not AuthLevel.CALL]


@pytest.mark.parametrize("level", LEVELS)
def test_a_call_and_its_answer(kit: Any, level: AuthLevel) -> None:
    pair = kit.pair.bound(level)
    assert pair.client.state is pair.server.state is State.BOUND
    assert pair.client.group == pair.server.group != 0
    login = None if level is AuthLevel.NONE else 7
    call_id = pair.client.send_request(0, 4, b"ask", target=IPID, auth_context_id=login)
    (request,), _ = pair.pump()
    who = None if level is AuthLevel.NONE else "DOM\\me"
    assert request == RequestReceived(
        call_id, 0, kit.first, 4, IPID, b"ask", level, who, login, impersonation=0 if who is None else 3
    )
    assert pair.client.pending == pair.server.pending == (call_id,)
    pair.server.send_response(call_id, b"answer")
    assert pair.pump() == ([], [ResponseReceived(call_id, b"answer")])
    assert pair.client.pending == pair.server.pending == ()


@given(
    st.sampled_from(LEVELS),
    st.binary(max_size=20_000),
    st.binary(max_size=20_000),
    st.integers(1432, 6000),
    st.booleans(),
)
def test_stubs_of_any_size_in_fragments_of_any_size(
    kit: Any, level: AuthLevel, stub: bytes, answer: bytes, size: int, with_object: bool
) -> None:
    pair = kit.pair.bound(level, size)
    assert pair.server.max_transmit == pair.client.max_transmit == size
    login = None if level is AuthLevel.NONE else 7
    call_id = pair.client.send_request(0, 4, stub, target=IPID if with_object else None, auth_context_id=login)
    ((request,), _) = pair.pump()
    assert request.stub == stub
    pair.server.send_response(call_id, answer)
    data = pair.server.data_to_send()
    assert longest(data) <= size
    pair.client.receive(data)
    assert pair.pump() == ([], [ResponseReceived(call_id, answer)])


def longest(data: bytes) -> int:
    """Octets of the longest PDU."""
    most = 0
    while data:
        length = int.from_bytes(data[8:10], "little")
        most, data = max(most, length), data[length:]
    return most


def test_fragments_are_those_that_windows_makes(kit: Any) -> None:
    pair = kit.pair.bound(AuthLevel.INTEGRITY)
    pair.client.send_request(0, 4, bytes(6000), target=IPID, auth_context_id=7)
    data = pair.client.data_to_send()
    length = int.from_bytes(data[8:10], "little")
    first, last = data[:length], data[length:]
    # The stub of each is a multiple of 16, alloc_hint is what is left, and the object stands in all of them.
    assert (length - 40 - 8 - 8) % 16 == 0
    assert (first[3], last[3]) == (0x81, 0x82)
    assert first[24:40] == last[24:40] == IPID.bytes_le
    assert [int.from_bytes(part[16:20], "little") for part in (first, last)] == [6000, 6000 - (length - 56)]
    assert last[-8 - 8 + 2] == -(6000 - (length - 56)) % 16


def test_the_smaller_fragment_wins(kit: Any) -> None:
    pair = kit.pair.make(5840, 2000)
    pair.client.bind([kit.first])
    pair.pump()
    assert pair.server.max_transmit == pair.client.max_transmit == 2000


def test_features_and_multiplexing_are_negotiated(kit: Any) -> None:
    pair = kit.pair.bound()
    assert pair.client.features == pair.server.features == BindFeatures(3)
    assert pair.client.multiplexed
    assert pair.server.multiplexed
    ids = [pair.client.send_request(0, number, b"%d" % number) for number in range(3)]
    requests, _ = pair.pump()
    assert [request.call_id for request in requests] == ids
    for call_id in reversed(ids):
        pair.server.send_response(call_id, b"%d" % call_id)
    _, answers = pair.pump()
    assert [answer.call_id for answer in answers] == ids[::-1]


@pytest.mark.parametrize(("level", "expected"), [(AuthLevel.PKT, False), (AuthLevel.INTEGRITY, True)])
def test_header_signing_is_asked_for_from_integrity_upwards(kit: Any, level: AuthLevel, expected: bool) -> None:
    pair = kit.pair.bound(level)
    assert pair.client.header_signing is pair.server.header_signing is expected
    pair.client.send_request(0, 1, b"", auth_context_id=7)
    pair.pump()
    assert pair.contexts[0].header_signing + pair.contexts[1].header_signing == [expected]


def test_more_interfaces_and_more_logins_on_one_connection(kit: Any) -> None:
    pair = kit.pair.bound(AuthLevel.PKT)
    assert pair.client.alter_context([kit.second, kit.first], auth=kit.offer(AuthLevel.PRIVACY, 9)) == [2, 3]
    _, (accepted,) = pair.pump()
    assert isinstance(accepted, BindAccepted)
    assert [result.accepted for result in accepted.results] == [True, True]
    pair.client.alter_context([kit.second])
    pair.pump()
    for context_id, login in ((0, 7), (2, 9), (4, 9), (2, 7)):
        call_id = pair.client.send_request(context_id, 3, b"x", auth_context_id=login)
        (request,), _ = pair.pump()
        assert request.auth_context_id == login
        assert request.level == {7: AuthLevel.PKT, 9: AuthLevel.PRIVACY}[login]
        assert request.interface == (kit.first if context_id == 0 else kit.second)
        pair.server.send_response(call_id, b"y")
        assert pair.pump() == ([], [ResponseReceived(call_id, b"y")])


def test_an_exchange_of_four_legs(kit: Any) -> None:
    # What is not NTLM ends with an alter_context, which is answered; NTLM ends with an auth3, which is not.
    pair = kit.pair.make()
    pair.server = type(pair.server)(pair.server.role, interfaces={kit.first}, auth_types={AuthType.NEGOTIATE})
    pair.client.bind([kit.first], auth=AuthOffer(AuthType.NEGOTIATE, AuthLevel.PRIVACY, kit.hello, 7))
    _, events = pair.pump()
    assert [type(event) for event in events] == [BindAccepted, BindAccepted]
    pair.client.send_request(0, 1, b"secret", auth_context_id=7)
    ((request,), _) = pair.pump()
    assert request.stub == b"secret"


def test_rejected_contexts(kit: Any) -> None:
    pair = kit.pair.make()
    strange = SyntaxId(Guid("99fcfec4-5260-101b-bbcb-00aa0021347a"))
    ids = pair.client.bind([strange, kit.first])
    _, (accepted,) = pair.pump()
    assert [(result.accepted, result.reason) for result in accepted.results] == [
        (False, RejectReason.ABSTRACT_SYNTAX_NOT_SUPPORTED),
        (True, 0),
    ]
    with pytest.raises(LocalProtocolError, match="was not accepted"):
        pair.client.send_request(ids[0], 1, b"")
    assert pair.client.send_request(ids[1], 1, b"")


def test_refused_binds(kit: Any) -> None:
    pair = kit.pair.make()
    pair.client.bind([kit.first], auth=AuthOffer(AuthType.KERBEROS, AuthLevel.PRIVACY, kit.hello))
    assert pair.pump() == ([], [BindRefused(NakReason.AUTHENTICATION_TYPE_NOT_RECOGNIZED, False)])
    assert pair.client.state is pair.server.state is State.ESTABLISHED
    pair.client.bind([kit.first], auth=AuthOffer(AuthType.WINNT, AuthLevel.PRIVACY, kit.wrong))
    assert pair.pump() == ([], [BindRefused(NakReason.INVALID_CHECKSUM, False)])
    pair.client.bind([kit.first], group=99)
    assert pair.pump() == ([], [BindRefused(NakReason.NOT_SPECIFIED, False)])
    pair.client.bind([kit.first])
    assert isinstance(pair.pump()[1][0], BindAccepted)


def test_refused_alter_contexts(kit: Any) -> None:
    pair = kit.pair.bound()
    pair.client.alter_context([kit.second], auth=AuthOffer(AuthType.WINNT, AuthLevel.PRIVACY, kit.wrong, 3))
    assert pair.pump() == ([], [BindRefused(FaultStatus.ACCESS_DENIED, True)])
    pair.client.alter_context([kit.second], auth=AuthOffer(AuthType.KERBEROS, AuthLevel.PRIVACY, kit.hello, 3))
    assert pair.pump() == ([], [BindRefused(FaultStatus.ACCESS_DENIED, True)])
    assert pair.client.send_request(0, 1, b"still bound")


def test_faults(kit: Any) -> None:
    pair = kit.pair.bound(AuthLevel.PRIVACY)
    for status, executed in ((0x80010108, True), (FaultStatus.OP_RANGE_ERROR, False)):
        call_id = pair.client.send_request(0, 1, b"", auth_context_id=7)
        pair.pump()
        pair.server.send_fault(call_id, status, executed=executed)
        assert pair.pump() == ([], [FaultReceived(call_id, status, executed)])
    call_id = pair.client.send_request(0, 1, b"after faults", auth_context_id=7)
    pair.pump()
    pair.server.send_response(call_id, b"in step")
    assert pair.pump() == ([], [ResponseReceived(call_id, b"in step")])


def test_what_cancels_a_call_needs_no_signature_and_moves_no_number(kit: Any) -> None:
    pair = kit.pair.bound(AuthLevel.PRIVACY)
    calls = [pair.client.send_request(0, 1, b"", auth_context_id=7) for _ in range(2)]
    pair.pump()
    pair.server.receive(pdu.encode(CoCancel(calls[0])) + pdu.encode(Orphaned(calls[1])))
    assert pair.pump()[0] == [CallCancelled(calls[0]), CallOrphaned(calls[1])]
    pair.server.send_response(calls[0], b"in step")
    assert pair.pump() == ([], [ResponseReceived(calls[0], b"in step")])


@pytest.mark.parametrize("kind", [CoCancel, Orphaned, Fault])
def test_a_signature_that_need_not_be_there_is_verified_all_the_same(kit: Any, kind: Any) -> None:
    pair = kit.pair.bound(AuthLevel.INTEGRITY)
    call_id = pair.client.send_request(0, 1, b"", auth_context_id=7)
    pair.pump()
    end = pair.client if kind is Fault else pair.server
    forged = kind(call_id, *((0, 5) if kind is Fault else ()), auth=Verifier(10, AuthLevel.INTEGRITY, 7, bytes(8)))
    end.receive(pdu.encode(forged))
    with pytest.raises(RemoteProtocolError, match="the toy signature does not fit"):
        end.next_event()


def test_a_call_is_answered_once(kit: Any) -> None:
    pair = kit.pair.bound()
    call_id = pair.client.send_request(0, 1, b"")
    pair.pump()
    with pytest.raises(LocalProtocolError, match="must not stand in a fault"):
        pair.server.send_fault(call_id, 0)
    pair.server.send_response(call_id, b"")
    with pytest.raises(LocalProtocolError, match="answered once"):
        pair.server.send_response(call_id, b"")
    with pytest.raises(LocalProtocolError, match="answered once"):
        pair.server.send_fault(call_id, 5)


def test_a_call_that_nobody_waits_for_any_more(kit: Any) -> None:
    pair = kit.pair.bound()
    call_id = pair.client.send_request(0, 1, b"")
    pair.pump()
    pair.client.abandon(call_id)
    assert pair.pump() == ([CallCancelled(call_id)], [])
    assert (pair.client.pending, pair.client.abandoned, pair.server.pending) == ((), 1, (call_id,))
    pair.client.orphan(call_id)
    pair.client.orphan(call_id)
    pair.client.orphan(77)
    assert pair.pump() == ([CallOrphaned(call_id)], [])
    pair.server.send_response(call_id, b"too late")
    assert pair.server.data_to_send() == b""
    assert pair.server.pending == ()


@pytest.mark.parametrize("answers", [True, False])
def test_a_cancelled_call_that_is_answered_all_the_same(kit: Any, answers: bool) -> None:
    pair = kit.pair.bound()
    call_id = pair.client.send_request(0, 1, b"")
    pair.pump()
    pair.client.abandon(call_id)
    assert pair.pump() == ([CallCancelled(call_id)], [])
    if answers:
        pair.server.send_response(call_id, b"done by then")
    else:
        pair.server.send_fault(call_id, FaultStatus.CANCELLED)
    assert pair.pump() == ([], [])
    assert (pair.client.late, pair.client.abandoned) == (1, 0)
    pair.client.orphan(call_id)
    assert pair.client.data_to_send() == b""


def test_a_late_answer_is_dropped_and_the_connection_goes_on(kit: Any) -> None:
    pair = kit.pair.bound(AuthLevel.PRIVACY)
    late = pair.client.send_request(0, 1, b"", auth_context_id=7)
    pair.pump()
    pair.client.abandon(late)
    pair.server.send_response(late, bytes(9000))
    assert pair.pump() == ([], [])  # the co_cancel comes too late
    pair.client.orphan(late)
    assert pair.client.data_to_send() == b""
    assert (pair.client.late, pair.server.late) == (1, 0)
    call_id = pair.client.send_request(0, 1, b"", auth_context_id=7)
    pair.pump()
    pair.server.send_response(call_id, b"in step")
    assert pair.pump() == ([], [ResponseReceived(call_id, b"in step")])


def test_the_end_fails_what_is_open(kit: Any) -> None:
    pair = kit.pair.bound()
    call_id = pair.client.send_request(0, 1, b"")
    pair.pump()
    pair.client.receive(b"")
    assert pair.client.next_event() == ConnectionClosed((call_id,))
    assert pair.client.next_event() is None
    assert pair.client.closed
    pair.client.receive(b"anything")
    assert pair.client.next_event() is None
    with pytest.raises(LocalProtocolError, match="closed"):
        pair.client.send_request(0, 1, b"")


def test_misuse_of_a_client_is_our_own_fault(kit: Any) -> None:
    pair = kit.pair.make()
    client, server = pair.client, pair.server
    with pytest.raises(LocalProtocolError, match="while the connection is established"):
        client.send_request(0, 1, b"")
    with pytest.raises(LocalProtocolError, match="no interface"):
        client.bind([])
    client.bind([kit.first], auth=kit.offer(AuthLevel.PKT))
    with pytest.raises(LocalProtocolError, match="while the connection is binding"):
        client.bind([kit.first])
    with pytest.raises(LocalProtocolError, match="no token was asked"):
        client.accept_token(7, b"", None)
    pair.pump()
    with pytest.raises(LocalProtocolError, match="security context 7 exists"):
        client.alter_context([kit.second], auth=kit.offer(AuthLevel.PKT))
    with pytest.raises(LocalProtocolError, match="is not finished"):
        client.send_request(0, 1, b"", auth_context_id=8)
    with pytest.raises(LocalProtocolError, match="not open"):
        client.abandon(1234)
    with pytest.raises(LocalProtocolError, match="a server makes no calls"):
        server.send_request(0, 1, b"")
    with pytest.raises(LocalProtocolError, match="does not answer calls"):
        client.send_response(1, b"")


def test_a_client_refuses_what_it_did_not_ask_for(kit: Any) -> None:
    pair = kit.pair.bound(AuthLevel.PRIVACY)
    call_id = pair.client.send_request(0, 1, b"", auth_context_id=7)
    pair.pump()
    pair.server.send_response(call_id, b"answer")
    octets = bytearray(pair.server.data_to_send())
    octets[30] ^= 1
    pair.client.receive(bytes(octets))
    with pytest.raises(RemoteProtocolError, match="toy signature"):
        pair.client.next_event()


def test_an_answer_without_the_protection_of_its_request_is_refused(kit: Any) -> None:
    pair = kit.pair.bound(AuthLevel.PRIVACY)
    pair.client.send_request(0, 1, b"", auth_context_id=7)
    stranger = kit.pair.bound()
    call_id = stranger.client.send_request(0, 1, b"")
    stranger.pump()
    assert pair.client.pending == (call_id,)
    stranger.server.send_response(call_id, b"forged")
    pair.client.receive(stranger.server.data_to_send())
    with pytest.raises(RemoteProtocolError, match="does not have the protection"):
        pair.client.next_event()
    with pytest.raises(RemoteProtocolError, match="does not have the protection"):
        pair.client.next_event()


@pytest.mark.parametrize("kind", [Response, Fault])
def test_an_answer_under_another_login_than_its_request_is_refused(kit: Any, kind: Any) -> None:
    pair = kit.pair.bound(AuthLevel.CONNECT)
    pair.client.alter_context([kit.second], auth=kit.offer(AuthLevel.CONNECT, 9))
    pair.pump()
    call_id = pair.client.send_request(0, 1, b"", auth_context_id=7)
    answer = (call_id, 0, b"forged") if kind is Response else (call_id, 0, 5)
    pair.client.receive(pdu.encode(kind(*answer, auth=Verifier(10, AuthLevel.CONNECT, 9, bytes(16)))))
    with pytest.raises(RemoteProtocolError, match="does not have the protection"):
        pair.client.next_event()


def test_groups_are_joined_and_left(kit: Any) -> None:
    pair = kit.pair.bound()
    again = type(pair.client)(pair.client.role)
    pair.client = again
    again.bind([kit.first], group=pair.server.group)
    with pytest.raises(RemoteProtocolError, match="a BIND while the connection is bound"):
        pair.pump()
    assert pair.server.group == 0


def answered_with(kit: Any, message: pdu.Pdu) -> None:
    """What a client makes of this as the answer to its bind."""
    pair = kit.pair.make()
    pair.client.bind([kit.first])
    pair.client.receive(pdu.encode(message))
    assert pair.client.next_event() is None


@pytest.mark.parametrize(("receives", "expected"), [(0, 1432), (16, 1432), (1432, 1432), (4280, 4280), (65535, 5840)])
def test_a_server_cannot_ask_for_fragments_without_room(kit: Any, receives: int, expected: int) -> None:
    pair = kit.pair.make()
    pair.client.bind([kit.first])
    results = ContextResult(0, 0, NDR), ContextResult(3, 3)
    pair.client.receive(pdu.encode(BindAck(1, results, 5840, receives, 1)))
    assert isinstance(pair.client.next_event(), BindAccepted)
    assert pair.client.max_transmit == expected
    assert pair.client.send_request(0, 1, bytes(10_000)) == 2


@pytest.mark.parametrize(
    ("message", "words"),
    [
        (BindAck(2, (), 5840, 5840, 1), "does not answer what was asked"),
        (BindAck(1, (), 5840, 5840, 1), "does not answer what was asked"),
        (BindAck(1, (ContextResult(0, 0, NDR64), ContextResult(3, 3)), 5840, 5840, 1), "was not offered"),
        (BindNak(5, 0), "call 5 was not asked"),
        (Fault(5, 0, 5), "call 5 was not asked"),
        (Response(1, 0, b""), "a RESPONSE while the connection is binding"),
    ],
)
def test_answers_that_are_none(kit: Any, message: pdu.Pdu, words: str) -> None:
    with pytest.raises(RemoteProtocolError, match=words):
        answered_with(kit, message)


@pytest.mark.parametrize(
    ("messages", "words"),
    [
        ([Response(9, 0, b"")], "call 9, which was not made"),
        ([Fault(9, 0, 5)], "call 9, which was not made"),
        ([Response(2, 0, b"x", flags=PduFlags.LAST)], "out of order"),
        ([Response(2, 0, b"x", flags=PduFlags.FIRST)] * 2, "out of order"),
        ([Response(2, 0, b"x", flags=PduFlags.FIRST), Response(2, 0, b"y")], "out of order"),
        ([Response(2, 0, bytes(200))], "longer than a client takes in"),
        ([Response(2, 0, bytes(200), flags=PduFlags.FIRST)], "longer than a client takes in"),
    ],
)
def test_responses_that_are_none(
    kit: Any, monkeypatch: pytest.MonkeyPatch, messages: list[pdu.Pdu], words: str
) -> None:
    monkeypatch.setattr(limits, "RPC_RESPONSE_OCTETS", 100)
    pair = kit.pair.bound()
    assert pair.client.send_request(0, 1, b"") == 2
    for message in messages:
        pair.client.receive(pdu.encode(message))
    with pytest.raises(RemoteProtocolError, match=words):
        pair.client.next_event()


def test_a_shutdown_is_taken_note_of(kit: Any) -> None:
    pair = kit.pair.bound()
    pair.client.receive(pdu.encode(Shutdown(0)))
    assert pair.client.next_event() is None
    assert not pair.client.closed


def test_an_exclusive_connection_has_one_call(kit: Any) -> None:
    pair = kit.pair.make()
    pair.client.bind([kit.first])
    octets = bytearray(pair.client.data_to_send())
    octets[3] &= ~PduFlags.CONC_MPX
    pair.server.receive(bytes(octets))
    pair.pump()
    assert not pair.client.multiplexed
    first = pair.client.send_request(0, 1, b"")
    with pytest.raises(LocalProtocolError, match="exclusive"):
        pair.client.send_request(0, 1, b"")
    pair.client.abandon(first)
    with pytest.raises(LocalProtocolError, match="exclusive"):
        pair.client.send_request(0, 1, b"")
    pair.pump()
    pair.server.send_response(first, b"")
    assert pair.pump() == ([], [])


def test_a_servers_token_that_is_not_good(kit: Any) -> None:
    pair = kit.pair.make()
    pair.client.bind([kit.first], auth=kit.offer(AuthLevel.PRIVACY))
    pair.server.receive(pair.client.data_to_send())
    assert isinstance(pair.server.next_event(), TokenNeeded)
    pair.server.accept_token(7, b"rubbish")
    pair.client.receive(pair.server.data_to_send())
    assert isinstance(pair.client.next_event(), BindAccepted)
    assert isinstance(pair.client.next_event(), TokenNeeded)
    with pytest.raises(LocalProtocolError, match="neither a token nor"):
        pair.client.accept_token(7, b"")


def test_a_client_that_refuses_sends_nothing_more(kit: Any) -> None:
    pair = kit.pair.make()
    pair.client.bind([kit.first], auth=kit.offer(AuthLevel.PRIVACY))
    pair.server.receive(pair.client.data_to_send())
    pair.server.next_event()
    pair.server.accept_token(7, b"rubbish")
    pair.client.receive(pair.server.data_to_send())
    pair.client.next_event()
    pair.client.next_event()
    pair.client.refuse_token(7)
    assert pair.client.data_to_send() == b""
    with pytest.raises(RemoteProtocolError, match="token was refused"):
        pair.client.next_event()


def test_a_token_for_another_login(kit: Any) -> None:
    pair = kit.pair.make()
    pair.client.bind([kit.first], auth=kit.offer(AuthLevel.PRIVACY))
    ack = BindAck(1, (ContextResult(0, 0, NDR), ContextResult(3, 3)), 5840, 5840, 1, "", Verifier(10, 6, 8, b"who"))
    pair.client.receive(pdu.encode(ack))
    assert isinstance(pair.client.next_event(), BindAccepted)
    with pytest.raises(RemoteProtocolError, match="another security context"):
        pair.client.next_event()


def test_numbers_that_are_used_up(kit: Any) -> None:
    pair = kit.pair.bound()
    side = pair.client._client()
    side._next_call = 0x80000000
    with pytest.raises(LocalProtocolError, match="call ids of this connection are used up"):
        pair.client.send_request(0, 1, b"")
    side._next_context = 0x10000
    with pytest.raises(LocalProtocolError, match="presentation contexts of this connection are used up"):
        pair.client.alter_context([kit.second])
