"""Polls: what they cost, what is said when they fail or are slow, and who shares which."""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Iterable, Sequence
from math import inf
from typing import Any

import pytest
from tests.engine.event_cases import NAMESPACE, Fans
from tests.engine.test_engine_events import FANS, engine_of, names, only_this_task, opened

from openwmi.base.error import WbemError
from openwmi.base.status import WbemStatus
from openwmi.engine.events.poll import Member, Poll
from openwmi.engine.events.snapshot import Snapshot
from openwmi.model import CimClass, CimInstance, CimType, Property, Qualifier, Type, qualifier_set
from openwmi.operation import CallContext
from openwmi.repository import Note
from openwmi.repository.noting import Noted
from openwmi.session import Namespace

NOTE = Note("root", None, "new")


class Told:
    """A member that remembers what it is told."""

    def __init__(self) -> None:
        self.notes: list[Note] = []
        self.reports: list[tuple[int, int, str]] = []

    def report(self, succeeded: int, made: int, text: str) -> None:
        self.reports.append((succeeded, made, text))


class Things:
    """Something that is polled, and takes as long, or fails, as a test wants."""

    name = "Things"

    def __init__(self) -> None:
        self.at: list[float] = []
        self.seconds = 0.0
        self.failure: Exception | None = None
        self.found: Sequence[Note] = ()
        self.running = 0

    async def changes(self) -> Sequence[Note]:
        self.at.append(asyncio.get_running_loop().time())
        self.running += 1
        assert self.running == 1, "it never overlaps itself"
        try:
            await asyncio.sleep(self.seconds)
        finally:
            self.running -= 1
        if self.failure is not None:
            raise self.failure
        return self.found


def tell(notes: Sequence[Note], members: Iterable[Member]) -> None:
    for member in members:
        assert isinstance(member, Told)
        member.notes += notes


def poll_of(things: Things, interval: float) -> tuple[Poll, list[str]]:
    gone: list[str] = []
    return Poll(things, interval, tell, lambda: gone.append("gone")), gone


async def test_when_it_is_made() -> None:
    things, one = Things(), Told()
    poll, gone = poll_of(things, 2)
    assert await poll.join(one) is None
    await asyncio.sleep(9)
    assert things.at == [0, 2, 4, 6, 8]
    poll.leave(one)
    assert gone == ["gone"]
    await asyncio.sleep(10)
    assert len(things.at) == 5
    await only_this_task()


async def test_one_that_takes_long_rests_for_as_long() -> None:
    things, one = Things(), Told()
    things.seconds = 1.5
    poll, _ = poll_of(things, 2)
    await poll.join(one)
    await asyncio.sleep(9)
    assert things.at == [0, 3, 6, 9]
    things.seconds = 0.5
    await asyncio.sleep(6)
    assert things.at == [0, 3, 6, 9, 12, 14, 16]
    poll.leave(one)


async def test_who_joins_has_one_made_at_once_and_the_others_come_as_before() -> None:
    things, one, two, three = Things(), Told(), Told(), Told()
    poll, _ = poll_of(things, 10)
    await poll.join(one)
    await asyncio.sleep(4)
    things.found = (NOTE,)
    together = [poll.join(two), poll.join(three)]
    assert [await each for each in together] == [None, None]
    assert (one.notes, two.notes, three.notes) == ([NOTE], [], [])
    await asyncio.sleep(7)
    assert things.at == [0, 4, 10]
    assert (one.notes, two.notes) == ([NOTE, NOTE], [NOTE])
    for each in (one, two, three):
        poll.leave(each)


async def test_who_joins_while_one_is_made_waits_for_the_next() -> None:
    things, one, two = Things(), Told(), Told()
    things.seconds = 1
    poll, _ = poll_of(things, 10)
    first = poll.join(one)
    await asyncio.sleep(0.5)
    second = poll.join(two)
    await first
    assert asyncio.get_running_loop().time() == 1
    assert not second.done()
    await second
    assert things.at == [0, 1]
    poll.leave(one)
    poll.leave(two)


async def test_who_leaves_before_it_has_joined() -> None:
    things, one, two = Things(), Told(), Told()
    things.seconds = 1
    poll, gone = poll_of(things, 10)
    left = poll.join(one)
    stays = poll.join(two)
    await asyncio.sleep(0.5)
    poll.leave(one)
    assert left.cancelled()
    assert await stays is None
    poll.leave(two)
    assert gone == ["gone"]
    await only_this_task()


async def test_one_for_those_who_join_alone() -> None:
    things, one = Things(), Told()
    poll, _ = poll_of(things, inf)
    await poll.join(one)
    await asyncio.sleep(10_000)
    assert things.at == [0]
    poll.leave(one)


async def test_failures_are_logged_once_and_all_reported(caplog: pytest.LogCaptureFixture) -> None:
    caplog.set_level(logging.INFO, "openwmi.engine")
    things, one, two = Things(), Told(), Told()
    poll, _ = poll_of(things, 1)
    await poll.join(one)
    things.failure = WbemError(WbemStatus.PROVIDER_FAILURE, "the password is 1234")
    await asyncio.sleep(2.5)
    things.failure = ValueError("5678")
    error = await poll.join(two)
    assert error is not None
    assert error.status == WbemStatus.FAILED
    things.failure = None
    await asyncio.sleep(2)
    assert [report[:2] for report in one.reports] == [(1, 2), (1, 3), (1, 4), (2, 5)]
    assert [report[2] for report in one.reports] == [
        "WBEM_E_PROVIDER_FAILURE (0x80041004): the password is 1234",
        "WBEM_E_PROVIDER_FAILURE (0x80041004): the password is 1234",
        "WBEM_E_FAILED (0x80041001): ValueError: 5678",
        "",
    ]
    assert two.reports == []
    said = [record.getMessage().split("\n")[0] for record in caplog.records]
    assert said == [
        "the poll of Things failed: WBEM_E_PROVIDER_FAILURE (0x80041004); it goes on",
        "the poll of Things failed: ValueError",
        "the poll of Things succeeds again",
    ]
    assert "1234" not in caplog.text
    assert "5678" not in caplog.text
    poll.leave(one)


async def test_a_slow_one_is_said_once(caplog: pytest.LogCaptureFixture) -> None:
    things, one = Things(), Told()
    poll, _ = poll_of(things, 1)
    await poll.join(one)
    things.seconds = 5
    await asyncio.sleep(1.5)
    assert caplog.text == ""
    await asyncio.sleep(30)
    assert [record.getMessage() for record in caplog.records] == [
        "a poll of Things takes longer than the 1 s between two"
    ]
    poll.leave(one)


async def test_somebody_who_cannot_be_told_ends_no_poll(caplog: pytest.LogCaptureFixture) -> None:
    def fail(notes: Sequence[Note], members: Iterable[Member]) -> None:
        if notes:
            raise RuntimeError

    things, one = Things(), Told()
    poll = Poll(things, 1, fail, lambda: None)
    await poll.join(one)
    things.found = (NOTE,)
    await asyncio.sleep(3.5)
    assert len(things.at) == 4
    assert "the poll of Things failed: RuntimeError" in caplog.text
    poll.leave(one)


# -------------------------------------------------------------------------------------------------------- subscriptions


async def test_a_subscriber_sees_how_its_polls_do() -> None:
    fans = Fans()
    ns = await opened(fans=fans)
    events = ns.events(FANS)
    await events.started()
    fans.failure = WbemStatus.PROVIDER_FAILURE
    await asyncio.sleep(2.5)
    assert events.progress is not None
    assert events.progress[:3] == (1, 3, "WBEM_E_PROVIDER_FAILURE (0x80041004): as the case says")
    fans.failure, fans.rows = None, [{"Name": "a"}]
    assert names(await events.next(1)) == ["a"]
    assert events.progress[:3] == (2, 4, "")
    events.close()


async def test_callers_do_not_share_what_a_provider_says_to_one_of_them() -> None:
    fans = Fans()
    session = engine_of(fans).session(NAMESPACE)
    contexts = [
        CallContext(),
        CallContext(principal=r"A\b"),
        CallContext(principal=r"A\b"),
        CallContext(locale="ms_409"),
    ]
    opened_ = [session.events(FANS, None, context) for context in contexts]
    for events in opened_:
        await events.started()
    before = fans.asked
    await asyncio.sleep(1.5)
    assert fans.asked - before == 3
    for events in opened_:
        events.close()


async def test_the_provider_is_asked_for_everything_in_the_name_of_its_caller() -> None:
    asked: list[Any] = []

    class Asked(Fans):
        async def instances(self, request: Any) -> Any:
            asked.append((request.context.principal, request.properties, dict(request.equalities)))
            return [{"Name": "a", "Speed": 1}]

    text = "SELECT __CLASS FROM __InstanceCreationEvent WITHIN 1 WHERE TargetInstance ISA 'Demo_Fan'"
    events = (
        engine_of(Asked())
        .session(NAMESPACE)
        .events(f"{text} AND TargetInstance.Name = 'a'", None, CallContext(principal=r"A\b"))
    )
    await events.started()
    assert asked == [(r"A\b", None, {})], "what has left the condition would look deleted"
    events.close()


async def test_there_are_so_many_polls_and_no_more(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("openwmi.engine.events.space.EVENT_POLLS", 3)
    ns = await opened()
    intervals = [FANS.replace("WITHIN 1", f"WITHIN {seconds}") for seconds in (1, 2, 3, 4)]
    watching = [ns.events(text) for text in (*intervals[:3], *intervals[:3])]
    for events in watching:
        await events.started()
    with pytest.raises(WbemError) as caught:
        await ns.events(intervals[3]).started()
    assert caught.value.status == WbemStatus.QUOTA_VIOLATION
    for events in watching[::3]:
        events.close()
    await asyncio.sleep(0.1)
    last = ns.events(intervals[3])
    await last.started()
    last.close()
    for events in watching:
        events.close()
    await only_this_task()


async def test_a_class_that_goes_is_a_poll_that_fails() -> None:
    fans = Fans()
    fans.rows = [{"Name": "a"}]
    ns = Namespace(engine_of(fans).session(NAMESPACE))
    events = ns.events(FANS)
    await events.started()
    await ns.delete("Demo_Fan")
    await asyncio.sleep(1.5)
    assert await events.next(1, timeout=0) == []
    assert events.progress is not None
    assert events.progress.text.startswith("WBEM_E_INVALID_CLASS")
    events.close()


# ------------------------------------------------------------------------------------------------------------ snapshots

KEYLESS = CimClass("Loose", properties=(Property("A", Type(CimType.UINT8)), Property("B", Type(CimType.STRING))))
ONE = CimClass(
    "One", properties=(Property("A", Type(CimType.UINT8)),), qualifiers=qualifier_set(Qualifier("singleton"))
)


def changes(class_: CimClass, then: Sequence[dict[str, object]], now: Sequence[dict[str, object]]) -> list[str]:
    before, after = Snapshot(class_), Snapshot(class_)
    before.add([class_.instance(row) for row in then])
    after.add([class_.instance(row) for row in now])
    return [f"{value(note.before)}>{value(note.after)}" for note in after.since(before, "root")]


def value(noted: Noted | None) -> Any:
    return noted["A"] if isinstance(noted, CimInstance) else noted


def test_instances_without_keys_come_and_go() -> None:
    assert changes(KEYLESS, [{"A": 1}, {"A": 1, "B": "x"}], [{"A": 1}, {"A": 2}]) == ["None>2", "1>None"]


def test_there_is_one_singleton() -> None:
    assert changes(ONE, [{"A": 1}], [{"A": 2}]) == ["1>2"]
    assert changes(ONE, [{"A": 1}], []) == ["1>None"]
