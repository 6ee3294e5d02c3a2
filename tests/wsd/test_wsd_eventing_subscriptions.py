"""Subscriptions as a table: filters, how long they last, what is due, limits; and which expirations are granted."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from random import Random

import pytest

from openwmi.base.eventing_limits import EVENTING_LONGEST_SECONDS, EVENTING_SECONDS
from openwmi.soap import DPWS_2006, DPWS_2009, Refusal, Refused
from openwmi.wsd.eventing.subscriptions import Room, Subscription, Subscriptions, granted

A, B, C = "http://x.example/s/A", "http://x.example/s/B", "urn:other:C"
NOW = datetime(2026, 1, 1, tzinfo=UTC)


def table(room: Room | None = None) -> Subscriptions[str]:
    return Subscriptions((A, B, C), room or Room())


def add(made: Subscriptions[str], name: str, ends: float, actions: tuple[str, ...] = (A,)) -> Subscription[str]:
    subscription = Subscription(name, "192.0.2.8", actions, name)
    made.add(subscription, ends, DPWS_2006)
    return subscription


def refused(caught: pytest.ExceptionInfo[Refused]) -> Refusal | None:
    return Refusal.of(caught.value.fault)


@pytest.mark.parametrize(
    ("filtered", "chosen"),
    [
        (None, (A, B, C)),
        ((A,), (A,)),
        ((C, A), (A, C)),
        (("http://x.example/s",), (A, B)),
        (("http://x.example/s/",), (A, B)),
        (("HTTP://X.example/s/A", "urn:none"), (A,)),
    ],
)
def test_what_a_filter_means(filtered: tuple[str, ...] | None, chosen: tuple[str, ...]) -> None:
    assert table().chosen(filtered, DPWS_2006) == chosen


@pytest.mark.parametrize("filtered", [(), ("urn:none",), ("http://x.example/s/AB",), ("http://x.example/s/A/b",)])
def test_a_filter_that_means_nothing(filtered: tuple[str, ...]) -> None:
    with pytest.raises(Refused) as caught:
        table().chosen(filtered, DPWS_2009)
    assert refused(caught) is Refusal.FILTER_ACTION_NOT_SUPPORTED


def test_an_action_by_its_own_name_is_always_meant() -> None:
    """Though no rule for scopes takes a path such as this."""
    odd = "http://x.example/s/../A"
    assert Subscriptions((odd,), Room()).chosen((odd,), DPWS_2006) == (odd,)


def test_who_is_told_what() -> None:
    made = table()
    both, one = add(made, "both", 10, (A, B)), add(made, "one", 10, (B,))
    assert [*made.of(A)] == [both]
    assert [*made.of(B)] == [both, one]
    assert [*made.of(C)] == []
    with pytest.raises(KeyError):
        made.of("urn:none")
    assert made.remove(both)
    assert not made.remove(both)
    assert [*made.of(A)] == []
    assert [*made] == [one]


def test_subscriptions_end_in_time() -> None:
    made = table()
    first, second = add(made, "first", 10), add(made, "second", 20)
    assert made.deadline() == 10
    assert made.find("first", 9.9) is first
    assert made.find("first", 10) is None
    assert made.due(9.9) == []
    assert made.due(10) == [first]
    assert made.deadline() == 20
    made.remove(second)
    assert made.deadline() is None
    assert made.due(99) == []
    assert len(made) == 0


def test_renewals_move_the_end_either_way() -> None:
    made = table()
    one = add(made, "one", 10)
    made.renew(one, 30)
    assert made.due(10) == []
    assert made.deadline() == 30
    made.renew(one, 20)
    assert made.deadline() == 20
    made.renew(one, 25)
    assert made.due(20) == []
    assert made.due(25) == [one]
    assert made.due(99) == []


def test_renewals_to_and_fro_take_no_memory() -> None:
    made = table()
    one = add(made, "one", 10)
    for turn in range(1000):
        made.renew(one, 1000 - turn)
    assert len(made._heap) < 100
    assert made.due(1) == [one]


def test_whatever_happens_each_ends_when_it_should() -> None:
    chance = Random(7)
    made = table()
    alive: dict[str, Subscription[str]] = {}
    now = 0.0
    for turn in range(3000):
        now += chance.random()
        known = [*alive]
        what = chance.randrange(4)
        if what == 0 or not known:
            alive[str(turn)] = add(made, str(turn), now + chance.uniform(0.1, 50))
        elif what == 1:
            made.renew(alive[chance.choice(known)], now + chance.uniform(0.1, 50))
        elif what == 2:
            made.remove(alive.pop(chance.choice(known)))
        over = {each.identifier for each in made.due(now)}
        assert over == {name for name, each in alive.items() if each.ends <= now}
        for name in over:
            del alive[name]
        deadline = made.deadline()
        assert (deadline is None) == (not alive)
        assert deadline is None or deadline <= min(each.ends for each in alive.values())
    assert len(made) == len(alive)


def test_there_is_room_for_so_many() -> None:
    room = Room(in_all=3, per_peer=2)
    made, other = table(room), table(room)
    add(made, "one", 10)
    add(other, "two", 10)
    with pytest.raises(Refused) as caught:
        add(made, "three", 10)
    assert refused(caught) is Refusal.EVENT_SOURCE_UNABLE_TO_PROCESS
    made.add(Subscription("three", "192.0.2.9", (A,), ""), 10, DPWS_2006)
    with pytest.raises(Refused):
        made.add(Subscription("four", "192.0.2.10", (A,), ""), 10, DPWS_2006)
    made.due(10)
    add(made, "five", 20)


@pytest.mark.parametrize(
    ("asked", "seconds"),
    [
        (None, EVENTING_SECONDS),
        (timedelta(seconds=90), 90),
        (timedelta(days=400), EVENTING_LONGEST_SECONDS),
        (timedelta.max, EVENTING_LONGEST_SECONDS),
        (timedelta(microseconds=1), 1),
        (timedelta(seconds=7.9), 7),
        (NOW + timedelta(minutes=5), 300),
    ],
)
def test_how_long_it_lasts(asked: timedelta | datetime | None, seconds: float) -> None:
    assert granted(asked, NOW, DPWS_2006) == seconds


@pytest.mark.parametrize("asked", [timedelta(), timedelta(seconds=-1), timedelta.min, NOW, NOW - timedelta(days=1)])
def test_what_is_over_before_it_begins(asked: timedelta | datetime) -> None:
    with pytest.raises(Refused) as caught:
        granted(asked, NOW, DPWS_2006)
    assert refused(caught) is Refusal.INVALID_EXPIRATION_TIME
