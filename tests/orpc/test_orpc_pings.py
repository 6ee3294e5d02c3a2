"""Ping sets: what they hold, who may change them, and when they end."""

from __future__ import annotations

from random import Random

import pytest

from openwmi.base import limits
from openwmi.base.limits import PING_TIMEOUT_SECONDS as TIMEOUT
from openwmi.base.status import HResult
from openwmi.orpc import PingReply, PingSets


def sets_of(*oids: int) -> PingSets:
    pings = PingSets(Random(1).randbytes)
    for oid in oids:
        pings.add(oid, 0.0)
    return pings


def new_set(pings: PingSets, *oids: int, now: float = 0.0, principal: str | None = "ada") -> int:
    reply = pings.complex_ping(0, 1, oids, (), principal=principal, now=now)
    assert reply.status == HResult.S_OK
    assert reply.set_id
    return reply.set_id


def test_the_time_is_the_documents() -> None:
    """3.1.2.2: two minutes, three times."""
    assert TIMEOUT == 360


def test_a_set_keeps_what_it_holds() -> None:
    pings = sets_of(1, 2)
    set_id = new_set(pings, 1, now=100.0)
    assert pings.deadline() == TIMEOUT  # the OID 2, which nobody pings
    assert pings.expire(TIMEOUT) == (2,)
    assert pings.simple_ping(set_id, "ada", 400.0) == HResult.S_OK
    assert pings.deadline() == 400.0 + TIMEOUT
    assert pings.expire(400.0 + TIMEOUT - 1) == ()
    assert pings.holds(1)
    assert pings.expire(400.0 + TIMEOUT) == (1,)
    assert not pings.holds(1)
    assert pings.simple_ping(set_id, "ada", 800.0) == HResult.RPC_E_INVALID_SET
    assert pings.deadline() is None


def test_a_set_without_anything_in_it() -> None:
    """Clients make one to try out whether the server pings."""
    pings = sets_of()
    set_id = new_set(pings)
    assert pings.simple_ping(set_id, "ada", 1.0) == HResult.S_OK
    assert pings.expire(1.0 + TIMEOUT) == ()
    assert pings.simple_ping(set_id, "ada", 1.0 + TIMEOUT) == HResult.RPC_E_INVALID_SET


def test_an_oid_in_two_sets_lives_as_long_as_either() -> None:
    pings = sets_of(1)
    new_set(pings, 1, now=0.0)
    new_set(pings, 1, now=50.0, principal="eve")
    assert pings.expire(TIMEOUT) == ()
    assert pings.expire(50.0 + TIMEOUT) == (1,)


def test_what_a_client_deletes_has_a_term_of_its_own() -> None:
    """It is not collected at once: the references may be on their way back."""
    pings = sets_of(1, 2)
    set_id = new_set(pings, 1, 2)
    reply = pings.complex_ping(set_id, 2, [1, 1, 2], [2, 7], principal="ada", now=60.0)
    assert reply == PingReply(HResult.S_OK, set_id, 0)
    assert not pings.holds(2)
    assert pings.simple_ping(set_id, "ada", 300.0) == HResult.S_OK
    assert pings.expire(60.0 + TIMEOUT) == (2,)
    assert pings.holds(1)


def test_sequence_numbers() -> None:
    """What was overtaken changes nothing, not even the time; a repetition does (3.1.2.5.1.3)."""
    pings = sets_of(1, 2)
    set_id = new_set(pings)
    assert pings.complex_ping(set_id, 5, [1], (), principal="ada", now=1.0).status == HResult.S_OK
    assert pings.complex_ping(set_id, 4, [2], [1], principal="ada", now=9.0).status == HResult.S_OK
    assert (pings.holds(1), pings.holds(2)) == (True, False)
    assert pings.expire(1.0 + TIMEOUT) == (1, 2)
    assert pings.simple_ping(set_id, "ada", 2.0 + TIMEOUT) == HResult.RPC_E_INVALID_SET


def test_sequence_numbers_come_round() -> None:
    """They have 16 bits, and a client that stays for months goes through them all."""
    pings = sets_of(1, 2)
    set_id = new_set(pings)
    for sequence in (0x7FFF, 0xFFFE, 0xFFFF, 0, 1):
        pings.complex_ping(set_id, sequence, [1] if sequence == 1 else (), (), principal="ada", now=1.0)
    assert pings.holds(1)
    pings.complex_ping(set_id, 0xFFFF, [2], (), principal="ada", now=1.0)
    assert not pings.holds(2)


def test_an_unknown_oid_does_not_harm_the_others() -> None:
    pings = sets_of(1, 2)
    set_id = new_set(pings, 7, 1)  # a new set says nothing of it
    reply = pings.complex_ping(set_id, 2, [8, 2], [1], principal="ada", now=1.0)
    assert reply == PingReply(HResult.RPC_E_INVALID_OID, set_id)
    assert (pings.holds(1), pings.holds(2)) == (False, True)


def test_a_set_belongs_to_who_made_it() -> None:
    pings = sets_of(1)
    set_id = new_set(pings, 1)
    for other in ("eve", None):
        assert pings.simple_ping(set_id, other, 1.0) == HResult.RPC_E_INVALID_SET
        reply = pings.complex_ping(set_id, 2, (), [1], principal=other, now=1.0)
        assert reply == PingReply(HResult.RPC_E_INVALID_SET, set_id)
    assert pings.holds(1)
    assert pings.expire(TIMEOUT) == (1,)  # and the others' pings did not prolong it


def test_what_is_gone_may_still_be_in_a_set() -> None:
    pings = sets_of(1)
    set_id = new_set(pings, 1)
    pings.discard(1)
    assert not pings.holds(1)
    pings.complex_ping(set_id, 2, (), [1], principal="ada", now=1.0)
    assert pings.expire(1.0 + TIMEOUT) == ()
    assert pings.deadline() is None


def test_a_number_that_comes_again_is_another_object() -> None:
    """The old set let go of the old object; that it still lists the number does not count for the new one."""
    pings = sets_of(1)
    new_set(pings, 1)
    pings.discard(1)
    pings.add(1, 10.0)
    assert not pings.holds(1)
    assert pings.expire(TIMEOUT) == ()
    assert pings.expire(10.0 + TIMEOUT) == (1,)


def test_what_is_not_collected_is_never_due() -> None:
    pings = PingSets(Random(1).randbytes)
    pings.add(1, 0.0, collect=False)
    assert pings.deadline() is None
    assert pings.expire(1e9) == ()


def test_sets_of_one_principal_are_limited(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(limits, "PING_SETS_PER_PRINCIPAL", 2)
    pings = sets_of()
    new_set(pings)
    new_set(pings, now=1.0)
    assert pings.complex_ping(0, 1, (), (), principal="ada", now=2.0) == PingReply(HResult.E_OUTOFMEMORY, 0)
    new_set(pings, principal="eve")
    pings.expire(TIMEOUT)
    new_set(pings, now=TIMEOUT)  # the first of them has ended


def test_what_a_set_holds_is_limited(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(limits, "PING_SET_OIDS", 2)
    pings = sets_of(1, 2, 3)
    set_id = new_set(pings, 1, 2)
    assert pings.complex_ping(set_id, 2, [3], [1], principal="ada", now=1.0).status == HResult.E_OUTOFMEMORY
    assert [pings.holds(oid) for oid in (1, 2, 3)] == [False, True, False]
    assert pings.complex_ping(set_id, 3, [3], (), principal="ada", now=1.0).status == HResult.S_OK


def test_set_numbers_are_never_0() -> None:
    octets = iter([bytes(8), bytes([5] + [0] * 7), bytes([5] + [0] * 7), bytes([6] + [0] * 7)])
    pings = PingSets(lambda count: next(octets))
    assert [new_set(pings), new_set(pings)] == [5, 6]


def test_what_is_due_at_its_deadline_is_due() -> None:
    """To the last bit: a timer that is set for a deadline would be set again and again."""
    random = Random(1)
    for _ in range(1000):
        pings = PingSets(random.randbytes)
        pings.add(1, random.random() * 1e5)
        due = pings.deadline()
        assert due is not None
        assert pings.expire(due) == (1,)
        pings.add(1, due)
        new_set(pings, 1, now=random.random() * 1e5)
        due = pings.deadline()
        assert due is not None
        assert pings.expire(due) == (1,)
