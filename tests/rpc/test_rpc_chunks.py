"""Octets in whatever pieces: the same events. Any octets: events or RemoteProtocolError, and nothing else."""

from __future__ import annotations

from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from openwmi.base.fault import RemoteProtocolError
from openwmi.base.guid import Guid
from openwmi.rpc import AuthLevel, ConnectionClosed, Event, RequestReceived, Role, RpcAssociation, TokenNeeded

Changes = list[tuple[int, int]]
changes = st.lists(st.tuples(st.integers(0, 1 << 20), st.integers(0, 255)), min_size=1, max_size=4)
IPID = Guid("8bc3f05e-d86b-11d0-a075-00c04fb68820")


def recorded(kit: Any) -> tuple[bytes, bytes]:
    """All that a client sends in a conversation with two logins and seven calls, and all that a server does."""
    pair = kit.pair.make(1500)
    from_client, from_server = bytearray(), bytearray()
    pair.client.receive = tapped(pair.client.receive, from_server)
    pair.server.receive = tapped(pair.server.receive, from_client)
    pair.client.bind([kit.first], auth=kit.offer(AuthLevel.PRIVACY))
    pair.pump()
    pair.client.alter_context([kit.second], auth=kit.offer(AuthLevel.INTEGRITY, 8))
    pair.pump()
    for number in range(7):
        login = (7, 8, None)[number % 3]
        target = IPID if number % 2 else None
        call_id = pair.client.send_request(0, number, bytes(number * 600), target=target, auth_context_id=login)
        pair.pump()
        pair.server.send_response(call_id, bytes(number * 700))
        pair.pump()
    return bytes(from_client), bytes(from_server)


def tapped(receive: Any, record: bytearray) -> Any:
    def both(data: bytes) -> None:
        record.extend(data)
        receive(data)

    return both


def run(kit: Any, chunks: list[bytes]) -> tuple[list[Event], str]:
    """A server's events for octets in these pieces, and the words of the error that ended it, if one did."""
    association = RpcAssociation(Role.SERVER, interfaces={kit.first, kit.second}, max_fragment=1500)
    events: list[Event] = []
    try:
        for chunk in chunks:
            association.receive(chunk)
            while (event := association.next_event()) is not None:
                events.append(event)
                if isinstance(event, TokenNeeded):
                    context = None if event.token == kit.hello else kit.context()
                    association.accept_token(event.auth_context_id, kit.who, context)
                elif isinstance(event, RequestReceived):
                    association.send_response(event.call_id, b"answer")
    except RemoteProtocolError as error:
        return events, str(error)
    return events, ""


def test_whole_octet_by_octet_and_in_pieces(kit: Any) -> None:
    octets, _ = recorded(kit)
    whole = run(kit, [octets, b""])
    assert [type(event).__name__ for event in whole[0]].count("RequestReceived") == 7
    assert whole[0][-1] == ConnectionClosed(())
    assert run(kit, [octets[at : at + 1] for at in range(len(octets))] + [b""]) == whole
    for size in (3, 15, 17, 1499):
        assert run(kit, [octets[at : at + size] for at in range(0, len(octets), size)] + [b""]) == whole


@pytest.mark.no_cover  # other tests show that each line is run
def test_truncated_anywhere_gives_the_same_events_up_to_there(kit: Any) -> None:
    octets, _ = recorded(kit)
    whole, _ = run(kit, [octets])
    for cut in range(0, len(octets), 7):
        events, error = run(kit, [octets[:cut], b""])
        assert not error
        assert events[:-1] == whole[: len(events) - 1]
        assert isinstance(events[-1], ConnectionClosed)


@pytest.mark.no_cover  # other tests show that each line is run
@settings(max_examples=300)
@given(changes, st.integers(0))
def test_changed_octets(kit: Any, conversation: tuple[bytes, bytes], changed: Changes, cut: int) -> None:
    octets = changed_in(conversation[0], changed)
    middle = cut % (len(octets) - 1) + 1
    assert run(kit, [octets[:middle], octets[middle:], b""]) == run(kit, [octets, b""])


@settings(max_examples=300)
@given(changes)
def test_changed_octets_to_a_client(kit: Any, conversation: tuple[bytes, bytes], changed: Changes) -> None:
    client = RpcAssociation(Role.CLIENT, max_fragment=1500)
    client.bind([kit.first], auth=kit.offer(AuthLevel.PRIVACY))
    client.receive(changed_in(conversation[1], changed))
    try:
        while (event := client.next_event()) is not None:
            if isinstance(event, TokenNeeded):
                client.accept_token(event.auth_context_id, kit.me, kit.context(server=False))
    except RemoteProtocolError:
        assert client.closed


def changed_in(octets: bytes, changed: Changes) -> bytes:
    copy = bytearray(octets)
    for where, value in changed:
        copy[where % len(copy)] = value
    return bytes(copy)


@given(st.binary(max_size=300))
def test_any_octets(kit: Any, octets: bytes) -> None:
    whole = run(kit, [octets, b""])
    single = run(kit, [octets[at : at + 1] for at in range(len(octets))] + [b""])
    assert bool(single[1]) is bool(whole[1])
    assert single[0] == whole[0]


@pytest.fixture(scope="module")
def conversation(kit: Any) -> tuple[bytes, bytes]:
    return recorded(kit)
