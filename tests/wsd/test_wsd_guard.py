"""What is remembered and what waits is bounded, and rates hold whatever the clock does."""

from __future__ import annotations

from itertools import pairwise
from random import Random

import pytest
from hypothesis import given
from hypothesis import strategies as st
from tests.wsd.world import ASKER, ETHERNET

from openwmi.base.limits import (
    DISCOVERY_ALL_READS,
    DISCOVERY_AMPLIFICATION,
    DISCOVERY_CREDIT_OCTETS,
    DISCOVERY_CREDIT_SECONDS,
    DISCOVERY_READS,
)
from openwmi.soap import DPWS_2006
from openwmi.wsd.guard import Bucket, Guard, Seen
from openwmi.wsd.outbox import Outbox, Posted


def test_copies_are_known_until_enough_others_have_come() -> None:
    seen = Seen(2)
    assert [seen.before(name) for name in ("a", "a", "b", "a", "c", "b", "a")] == [
        False,
        True,
        False,
        True,
        False,
        False,
        False,
    ]
    assert len(seen) == 2


@given(st.lists(st.floats(-1e6, 1e6, allow_nan=False), max_size=50))
def test_a_bucket_never_gives_more_than_its_rate(moves: list[float]) -> None:
    bucket, now, earned = Bucket(5, 2, 0.0), 0.0, 5.0
    given_out = 0
    for move in moves:
        now += move
        earned += max(0.0, move) * 2
        given_out += bucket.take(now)
    assert given_out <= earned + 1


@given(st.lists(st.tuples(st.booleans(), st.integers(1, 70_000)), max_size=50))
def test_nobody_is_sent_more_than_he_is_worth(steps: list[tuple[bool, int]]) -> None:
    guard = Guard()
    guard.may_read("a", 0.0)
    received = sent = 0
    for incoming, octets in steps:
        if incoming:
            guard.received("a", octets, 0.0)
            received += octets
        elif guard.may_send("a", octets):
            sent += octets
            assert octets <= DISCOVERY_CREDIT_OCTETS
    assert sent <= DISCOVERY_AMPLIFICATION * received


def test_sources_are_forgotten_the_oldest_first() -> None:
    guard = Guard(2)
    for host in ("a", "b", "a", "c"):
        assert guard.may_read(host, 0.0)
    guard.received("a", 100, 0.0)
    guard.received("b", 100, 0.0)
    assert len(guard) == 2
    assert guard.is_worth("a", 150)
    assert not guard.is_worth("a", 151)
    assert not guard.is_worth("b", 1)
    assert not guard.may_answer("b", 0.0)
    assert not guard.may_send("b", 1)


def test_one_source_cannot_keep_the_reader_busy() -> None:
    guard = Guard()
    assert sum(guard.may_read("a", 0.0) for _ in range(10_000)) == DISCOVERY_READS
    assert guard.may_read("b", 0.0)
    assert sum(guard.may_read("c", 0.0, 32 * 1024) for _ in range(10_000)) == DISCOVERY_READS / 32


def test_nor_can_one_that_writes_the_addresses_of_others() -> None:
    guard = Guard()
    assert sum(guard.may_read(str(number), 0.0) for number in range(10_000)) == DISCOVERY_ALL_READS
    assert not guard.may_read("a", 0.0)
    assert guard.may_read("a", 1.0)


def test_what_is_owed_is_forgotten() -> None:
    """Who said much long ago is not sent more than what he says now is worth."""
    guard = Guard()
    guard.may_read("a", 0.0)
    guard.received("a", 10_000, 0.0)
    guard.received("a", 100, DISCOVERY_CREDIT_SECONDS)
    assert guard.is_worth("a", 15_150)
    for later in (3 * DISCOVERY_CREDIT_SECONDS, 0.0):  # a clock that goes back is another time, too
        guard.received("a", 100, later)
        assert guard.is_worth("a", 150)
        assert not guard.is_worth("a", 151)


@pytest.mark.parametrize("copies", [0, 1, 4])
def test_copies_follow_each_other_as_soap_over_udp_says(copies: int) -> None:
    """The first wait is 50 to 250 ms, and each further one twice as long, up to 450."""
    for seed in range(50):
        outbox = Outbox(DPWS_2006.timing, Random(seed), 10)
        outbox.post(1.0, _posted(copies))
        times = []
        while (at := outbox.deadline()) is not None:
            times += [at for _ in outbox.due(at, lambda posted: posted.forms[0])]
        waits = [after - before for before, after in pairwise(times)]
        assert (len(times), times[0]) == (copies + 1, 1.0)
        assert all(0.05 - 1e-9 <= wait <= 0.25 + 1e-9 for wait in waits[:1])
        for before, after in pairwise(waits):
            assert after == pytest.approx(min(2 * before, 0.45))


def test_what_waits_is_bounded_and_expires() -> None:
    outbox = Outbox(DPWS_2006.timing, Random(1), 2)
    assert [outbox.post(at, _posted(3)) for at in (3.0, 1.0, 2.0)] == [True, True, False]
    assert len(outbox) == 2
    assert outbox.due(0.5, lambda posted: posted.forms[0]) == []
    assert outbox.due(200.0, lambda posted: posted.forms[0]) == []
    assert outbox.deadline() is None


def test_what_is_dropped_is_not_sent() -> None:
    outbox = Outbox(DPWS_2006.timing, Random(1), 9)
    for at in (3.0, 1.0, 2.0):
        outbox.post(at, _posted(0, str(at).encode()))
    outbox.drop(lambda posted: posted.forms == (b"1.0",))
    assert [each.data for each in outbox.due(9.0, lambda posted: posted.forms[0])] == [b"2.0", b"3.0"]


def _posted(copies: int, data: bytes = b"x") -> Posted:
    return Posted((data,), ASKER, ETHERNET, copies, 100.0)
