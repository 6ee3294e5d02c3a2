"""Subscriptions as Operations: in each mode, with too much to read, until their end. What comes is in events.test."""

from __future__ import annotations

import asyncio
import gc
from collections.abc import Sequence
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
from tests.engine.event_cases import NAMESPACE, START, Fans
from tests.engine.storing import Kept

from openwmi.base.error import Timeout, WbemError
from openwmi.base.limits import EVENT_BURST_SECONDS, EVENT_DROP_LIMIT, EVENT_TURN
from openwmi.base.status import WbemStatus
from openwmi.engine import Engine
from openwmi.model import CimInstance
from openwmi.operation import CallContext, CallFlags, Operation, Sink
from openwmi.session import Namespace

LAMP = "class Demo_Lamp { [key] string Name; uint32 Watts; };"
ALARM = "class Demo_Alarm : __ExtrinsicEvent { string Text; uint32 Level; };"
LAMPS = "SELECT * FROM __InstanceOperationEvent WHERE TargetInstance ISA 'Demo_Lamp'"
FANS = "SELECT * FROM __InstanceOperationEvent WITHIN 1 WHERE TargetInstance ISA 'Demo_Fan'"


def engine_of(fans: Fans | None = None, file: Path | None = None) -> Engine:
    loop = asyncio.get_running_loop()
    return Engine("HOST1", [fans or Fans()], (), file, lambda: START + timedelta(seconds=loop.time()))


async def opened(mof: str = LAMP, fans: Fans | None = None, file: Path | None = None) -> Namespace:
    ns = Namespace(engine_of(fans, file).session(NAMESPACE))
    await ns.load_mof(mof)
    return ns


async def lamps(ns: Namespace, *names: str, watts: int | None = None) -> None:
    class_ = await ns.get("Demo_Lamp")
    await ns.put([class_.instance({"Name": name, "Watts": watts}) for name in names])


async def alarm(ns: Namespace, text: str = "", **values: object) -> CimInstance:
    made: CimInstance = (await ns.get("Demo_Alarm")).instance({"Text": text, **values})
    return made


def names(events: Sequence[CimInstance]) -> list[Any]:
    return [event.TargetInstance["Name"] for event in events]


async def only_this_task() -> None:
    """What was let go has gone."""
    gc.collect()
    for _ in range(5):
        await asyncio.sleep(0)
    assert asyncio.all_tasks() == {asyncio.current_task()}


# ---------------------------------------------------------------------------------------------------------------- modes


async def test_one_by_one() -> None:
    ns = await opened()
    found: list[Any] = []
    async with ns.events(LAMPS) as events:
        await events.started()
        await lamps(ns, "a", "b")
        async for event in events:
            found.append(event.TargetInstance["Name"])
            if len(found) == 2:
                break
    assert found == ["a", "b"]
    await only_this_task()


async def test_what_there_is_by_then() -> None:
    ns = await opened()
    events = ns.events(LAMPS)
    await events.started()
    assert await events.status(timeout=1) == WbemStatus.TIMEDOUT
    await lamps(ns, "a")
    batch = await events.next(10, timeout=1)
    assert (names(batch), batch.status) == (["a"], WbemStatus.TIMEDOUT)
    assert await events.next(1, timeout=0) == []
    events.close()
    await only_this_task()


async def test_a_put_has_told_before_its_caller_goes_on() -> None:
    ns = await opened()
    events = ns.events(LAMPS)
    await events.started()
    for name in "abc":
        await lamps(ns, name)
        assert names(await events.next(1, timeout=0)) == [name]
    events.close()


async def test_pushed_to_a_sink_which_never_hears_of_success() -> None:
    """[MS-WMI] 3.1.4.3.21: "The server MUST NOT call SetStatus to send success or operation progress information"."""
    ns, sink = await opened(), Kept()
    operation = ns.options(flags=CallFlags.SEND_STATUS).with_sink(sink).events(LAMPS)
    await operation.started()
    await lamps(ns, "a", "b")
    await asyncio.sleep(100)
    assert (names(sink.objects), sink.statuses) == (["a", "b"], [])
    ns.cancel_calls(sink)
    await asyncio.sleep(1)
    assert sink.statuses == [WbemStatus.CALL_CANCELLED]
    await lamps(ns, "c")
    assert names(sink.objects) == ["a", "b"]
    await only_this_task()


async def test_a_query_that_cannot_start_never_touches_its_sink() -> None:
    ns, sink = await opened(), Kept()
    operation = ns.with_sink(sink).events("SELECT * FROM Demo_Lamp")
    with pytest.raises(WbemError) as caught:
        await operation.started()
    assert caught.value.status == WbemStatus.NOT_EVENT_CLASS
    assert sink.statuses == []
    await only_this_task()


async def test_it_is_forward_only_whatever_was_asked_for() -> None:
    ns = await opened()
    events = ns.options(keep=True).events(LAMPS)
    await events.started()
    with pytest.raises(WbemError) as caught:
        events.clone()
    assert caught.value.status == WbemStatus.INVALID_OPERATION
    events.close()


async def test_parameters_are_values() -> None:
    ns = await opened()
    where = "WHERE TargetInstance ISA :kind AND TargetInstance.Name = :n"
    events = ns.events(f"SELECT * FROM __InstanceCreationEvent WITHIN :often {where}", often=1, kind="Demo_Lamp", n="b")
    await events.started()
    await lamps(ns, "a", "b")
    assert names(await events.next(5, timeout=5)) == ["b"]
    events.close()


async def test_a_deadline_ends_it_and_says_for_what_it_waited() -> None:
    fans = Fans()
    ns = await opened(fans=fans)
    events = ns.options(timeout=5).events(FANS)
    assert await events.status() == WbemStatus.TIMED_OUT
    fans.seconds = 100
    with pytest.raises(Timeout) as caught:
        await ns.options(timeout=5).events(FANS).started()
    assert "waiting for Demo_Fan" in caught.value.message
    await only_this_task()


# --------------------------------------------------------------------------------------------- what an event looks like


async def test_the_moment_of_an_event() -> None:
    ns = await opened(LAMP + ALARM)
    every = ns.events("SELECT * FROM __ExtrinsicEvent")
    stored = ns.events(LAMPS)
    await every.started()
    await stored.started()
    await asyncio.sleep(60)
    await lamps(ns, "a")
    await ns.emit(await alarm(ns))
    await ns.emit([await alarm(ns, TIME_CREATED=7)])
    moment = (START + timedelta(seconds=60) - datetime(1601, 1, 1, tzinfo=START.tzinfo)).total_seconds() * 10**7
    found = [*await stored.next(1), *await every.next(2)]
    assert [event.TIME_CREATED for event in found] == [moment, moment, 7]
    stored.close()
    every.close()


async def test_nobody_else_is_given_what_carries_a_descriptor() -> None:
    """Until descriptors are read: [MS-WMI] 3.1.6.1, "If the client does not have access … ignore this indication"."""
    engine = engine_of()
    session = engine.session(NAMESPACE)
    ns = Namespace(session)
    await ns.load_mof(ALARM)
    owner = ns.events("SELECT Text FROM Demo_Alarm")
    other = session.events("SELECT Text FROM Demo_Alarm", None, CallContext(principal=r"DOM\me"))
    await owner.started()
    await other.started()
    await ns.emit([await alarm(ns, "secret", SECURITY_DESCRIPTOR=(1, 0, 4, 128)), await alarm(ns, "open")])
    assert [event.Text for event in await owner.next(5, timeout=0)] == ["secret", "open"]
    assert [event.Text for event in await other.next(5, timeout=0)] == ["open"]
    owner.close()
    other.close()


async def test_a_subscription_that_breaks_ends_and_the_others_go_on(
    monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    def broken(event: CimInstance, principal: str) -> bool:
        if principal:
            raise RuntimeError("no")
        return True

    monkeypatch.setattr("openwmi.engine.events.subscription.may_see", broken)
    session = engine_of().session(NAMESPACE)
    await Namespace(session).load_mof(LAMP)
    broken_, sound = [session.events(LAMPS, None, CallContext(principal=who)) for who in ("me", "")]
    await broken_.started()
    await sound.started()
    await lamps(Namespace(session), "a", "b")
    assert await broken_.status(timeout=1) == WbemStatus.FAILED
    assert names(await sound.next(5, timeout=0)) == ["a", "b"]
    assert "an event cannot be told: RuntimeError" in caplog.text
    sound.close()


async def test_all_of_several_events_or_none() -> None:
    ns = await opened(ALARM + LAMP)
    events = ns.events("SELECT * FROM Demo_Alarm")
    await events.started()
    lamp = (await ns.get("Demo_Lamp")).instance({"Name": "a"})
    for wrong, status in (
        (lamp, WbemStatus.NOT_EVENT_CLASS),
        ((await alarm(ns)).class_.derive("Demo_Other").instance(), WbemStatus.INVALID_CLASS),
    ):
        with pytest.raises(WbemError) as caught:
            await ns.emit([await alarm(ns), wrong])
        assert caught.value.status == status
    with pytest.raises(WbemError) as caught:
        ns.emit([5])  # type: ignore[list-item]  # as somebody without a type checker may
    assert caught.value.status == WbemStatus.INVALID_PARAMETER
    assert await events.next(1, timeout=0) == []
    events.close()


async def test_an_event_is_what_its_class_is_here() -> None:
    ns = await opened(ALARM)
    old = await alarm(ns, "x")
    events = ns.events("SELECT * FROM Demo_Alarm WHERE Level IS NULL")
    await events.started()
    await ns.load_mof("class Demo_Alarm : __ExtrinsicEvent { string Place; string Text; uint32 Level; };")
    await ns.emit(old)
    (event,) = await events.next(1, timeout=0)
    assert (event.Place, event.Text, event.class_.names[-3:]) == (None, "x", ("Place", "Text", "Level"))
    events.close()


async def test_a_query_that_its_class_has_outgrown_matches_nothing() -> None:
    ns = await opened(ALARM)
    events = ns.events("SELECT * FROM Demo_Alarm WHERE Level = 3")
    await events.started()
    await ns.delete("Demo_Alarm")
    await ns.load_mof("class Demo_Alarm : __ExtrinsicEvent { string Text; };")
    await ns.emit((await ns.get("Demo_Alarm")).instance({"Text": "x"}))
    assert await events.next(1, timeout=1) == []
    events.close()


# -------------------------------------------------------------------------------------------------- too much to be read


async def read_to_the_end(events: Operation[CimInstance]) -> tuple[list[CimInstance], WbemError]:
    found: list[CimInstance] = []
    with pytest.raises(WbemError) as caught:
        while True:
            found += await events.next(100)
    return found, caught.value


async def test_a_reader_that_never_reads() -> None:
    """[MS-WMI] 3.1.6.1: "more than EventDropLimit, return WBEM_E_QUEUE_OVERFLOW to the client"."""
    ns = await opened()
    events = ns.events(LAMPS)
    await events.started()
    for count in range(EVENT_DROP_LIMIT):
        await lamps(ns, f"lamp {count}")
    assert await events.status(timeout=1000) == WbemStatus.TIMEDOUT
    await lamps(ns, "one more")
    assert await events.status(timeout=EVENT_BURST_SECONDS + 1) == WbemStatus.QUEUE_OVERFLOW
    await lamps(ns, "after the end")
    found, error = await read_to_the_end(events)
    assert names(found) == [f"lamp {count}" for count in range(EVENT_DROP_LIMIT)], "those that had room"
    assert "1 or more after them are lost" in error.message
    await only_this_task()


async def test_a_burst_that_is_read_in_time() -> None:
    ns = await opened()
    events = ns.events(LAMPS)
    await events.started()
    many = [f"{count:04}" for count in range(5 * EVENT_DROP_LIMIT)]
    await lamps(ns, *many)
    found: list[Any] = []
    while len(found) < len(many):
        found += names(await events.next(500))
        await asyncio.sleep(0.1)
    assert found == many
    assert await events.status(timeout=1000) == WbemStatus.TIMEDOUT
    await lamps(ns, "z")
    assert names(await events.next(1)) == ["z"]
    events.close()
    await only_this_task()


async def test_a_burst_that_is_read_too_slowly() -> None:
    ns = await opened()
    events = ns.events(LAMPS)
    await events.started()
    many = [f"{count:04}" for count in range(3 * EVENT_DROP_LIMIT)]
    await lamps(ns, *many)
    await asyncio.sleep(EVENT_BURST_SECONDS / 2)
    found = await events.next(500)
    await asyncio.sleep(EVENT_BURST_SECONDS)
    more, error = await read_to_the_end(events)
    assert names([*found, *more]) == many[: EVENT_DROP_LIMIT + 500], "without a gap"
    assert error.status == WbemStatus.QUEUE_OVERFLOW


async def test_a_burst_that_is_more_than_a_burst(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("openwmi.engine.events.queue.EVENT_BURST", 100)
    ns = await opened()
    events = ns.events(LAMPS)
    await events.started()
    await lamps(ns, *[f"{count:04}" for count in range(EVENT_DROP_LIMIT + 101)])
    assert await events.status(timeout=0.5) == WbemStatus.QUEUE_OVERFLOW


async def test_a_slow_sink_is_told_what_was_lost() -> None:
    class Slow(Sink[CimInstance]):
        def __init__(self) -> None:
            self.seen = 0
            self.statuses: list[Any] = []

        async def indicate(self, objects: Sequence[CimInstance]) -> None:
            self.seen += len(objects)
            await asyncio.sleep(29)

        async def set_status(self, status: object, error: WbemError | None) -> None:
            self.statuses.append(status)

    ns, sink = await opened(), Slow()
    await ns.with_sink(sink).events(LAMPS).started()
    await lamps(ns, *[f"{count:04}" for count in range(2 * EVENT_DROP_LIMIT)])
    await asyncio.sleep(1000)
    assert sink.statuses == [WbemStatus.QUEUE_OVERFLOW]
    assert EVENT_DROP_LIMIT <= sink.seen < 2 * EVENT_DROP_LIMIT
    await only_this_task()


async def test_timers_are_merged_and_never_overflow() -> None:
    ns = await opened('instance of __IntervalTimerInstruction { TimerId = "T"; IntervalBetweenEvents = 1000; };' + LAMP)
    await ns.load_mof('instance of __IntervalTimerInstruction { TimerId = "u"; IntervalBetweenEvents = 2000; };')
    events = ns.events("SELECT * FROM __TimerEvent WHERE NumFirings > 0")
    await events.started()
    await asyncio.sleep(10_000.5)
    assert await events.status(timeout=0) == WbemStatus.TIMEDOUT
    found = await events.next(5000, timeout=0.1)
    assert len(found) == EVENT_DROP_LIMIT + 2
    firings = {which: sum(e.NumFirings for e in found if e.TimerId == which) for which in ("T", "u")}
    assert firings == {"T": 10_000, "u": 5000}
    await asyncio.sleep(1)
    assert [event.NumFirings for event in await events.next(5, timeout=0)] == [1]
    events.close()
    await only_this_task()


# ------------------------------------------------------------------------------------------------------- beginning, end


async def test_who_begins_to_listen_and_then_looks_misses_nothing(tmp_path: Path) -> None:
    """Whatever is being written meanwhile is seen by one of the two."""
    ns = await opened(file=tmp_path / "repository.db")
    for count in range(20):
        writing = [asyncio.ensure_future(lamps(ns, f"{count} {each}")) for each in range(5)]
        for _ in range(count):
            await asyncio.sleep(0)
        events = ns.events(LAMPS)
        await events.started()
        there = {each["Name"] for each in await ns.instances("Demo_Lamp")}
        await asyncio.gather(*writing)
        there |= set(names(await events.next(10, timeout=0)))
        assert {f"{count} {each}" for each in range(5)} <= there
        events.close()


async def test_a_connection_that_is_closed_ends_its_subscriptions() -> None:
    ns = await opened()
    events = ns.events(FANS)
    await events.started()
    await ns.close()
    assert await events.status() == WbemStatus.CALL_CANCELLED
    with pytest.raises(WbemError) as caught:
        await ns.events(LAMPS).started()
    assert caught.value.status == WbemStatus.INVALID_OPERATION
    await only_this_task()


async def test_an_operation_that_is_forgotten_ends() -> None:
    ns = await opened()
    await ns.events(FANS).started()
    await only_this_task()


async def test_without_subscribers_nothing_is_noted(tmp_path: Path) -> None:
    engine = engine_of(file=tmp_path / "repository.db")
    ns = Namespace(engine.session(NAMESPACE))
    await ns.load_mof(LAMP)
    assert engine._hub is None, "nor is any code loaded"
    events = ns.events(LAMPS)
    await events.started()
    assert engine._repository._interests
    events.close()
    await only_this_task()
    assert not engine._repository._interests
    assert engine._repository._watcher is None
    engine.close()


async def test_a_thousand_subscriptions_share_a_poll() -> None:
    fans = Fans()
    ns = await opened(fans=fans)
    all_of_them = [ns.events(FANS) for _ in range(1000)]
    for events in all_of_them:
        await events.started()
    assert fans.asked == 1
    assert len(asyncio.all_tasks()) == 1000 + 2, "one each, the poll and this one"
    fans.rows = [{"Name": "a", "Speed": 1}]
    await asyncio.sleep(10.5)
    assert fans.asked == 11
    for events in all_of_them:
        assert names(await events.next(5, timeout=0)) == ["a"]
        events.close()
    await only_this_task()
    asked = fans.asked
    await asyncio.sleep(10)
    assert fans.asked == asked


async def test_a_burst_gives_others_their_turn_and_keeps_its_order() -> None:
    ns = await opened()
    early = ns.events(LAMPS)
    await early.started()
    turns = 0

    async def others() -> None:
        nonlocal turns
        while True:
            turns += 1
            await asyncio.sleep(0)

    many = [f"{count:04}" for count in range(20 * EVENT_TURN)]
    ticking = asyncio.ensure_future(others())
    await lamps(ns, *many)
    late = ns.events(LAMPS)
    await late.started()
    assert turns < 20, "all is not told yet"
    await lamps(ns, "x")
    assert names(await early.next(len(many) + 1)) == [*many, "x"]
    assert turns >= 20
    ticking.cancel()
    assert names(await late.next(5, timeout=1)) == ["x"], "and not the rest of what was there when it began"
    early.close()
    late.close()
