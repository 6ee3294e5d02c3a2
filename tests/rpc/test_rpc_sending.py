"""Long messages are made and protected piece by piece, and all that follows them comes behind."""

from __future__ import annotations

from typing import Any

import pytest

from openwmi.base import limits
from openwmi.rpc import AuthLevel, FaultReceived, FaultStatus, ResponseReceived

LONG = bytes(range(251)) * (5 * limits.RPC_SENT_AT_ONCE // 251)
MOST = limits.RPC_SENT_AT_ONCE


@pytest.mark.parametrize("level", [AuthLevel.NONE, AuthLevel.INTEGRITY, AuthLevel.PRIVACY])
def test_a_long_answer_is_sent_in_pieces_and_what_follows_behind_it(kit: Any, level: AuthLevel) -> None:
    pair = kit.pair.bound(level)
    login = None if level is AuthLevel.NONE else 7
    calls = [pair.client.send_request(0, 4, b"ask", auth_context_id=login) for _ in range(4)]
    pair.pump()
    pair.server.send_response(calls[0], b"first")
    pair.server.send_response(calls[1], LONG)
    pair.server.send_response(calls[2], b"behind it")
    pair.server.send_fault(calls[3], FaultStatus.SERVER_TOO_BUSY)
    protected = [0] if login is None else [pair.contexts[-1].sent, *(each.sent for each in pair.contexts)]
    pieces = []
    while pair.server.unsent:
        pieces.append(pair.server.data_to_send(MOST))
    assert login is None or max(each.sent for each in pair.contexts) > max(protected) + len(LONG) // 5840
    assert len(pieces) >= 5
    assert all(0 < len(each) <= MOST + pair.server.max_transmit for each in pieces)
    for each in pieces:
        pair.client.receive(each)
    assert pair.pump()[1] == [
        ResponseReceived(calls[0], b"first"),
        ResponseReceived(calls[1], LONG),
        ResponseReceived(calls[2], b"behind it"),
        FaultReceived(calls[3], FaultStatus.SERVER_TOO_BUSY, executed=True),
    ]


def test_all_of_it_at_once_is_the_same(kit: Any) -> None:
    pair = kit.pair.bound()
    call = pair.client.send_request(0, 4, b"ask")
    pair.pump()
    pair.server.send_response(call, LONG)
    assert pair.pump()[1] == [ResponseReceived(call, LONG)]
    assert not pair.server.unsent
    assert pair.server.data_to_send(MOST) == b""
