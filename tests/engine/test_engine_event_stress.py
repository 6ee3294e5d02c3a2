"""Subscribers who come and go at random, in every mode and at the worst moments: nothing of them is left."""

from __future__ import annotations

import asyncio
import gc
from collections.abc import Sequence
from random import Random
from typing import Any

import pytest
from tests.engine.event_cases import NAMESPACE, Fans
from tests.engine.test_engine_events import ALARM, LAMP, engine_of

from openwmi.base.error import WbemError
from openwmi.base.status import HResult, WbemStatus
from openwmi.engine import Engine
from openwmi.engine.events.poll import Poll
from openwmi.engine.events.queue import EventQueue
from openwmi.engine.events.snapshot import Snapshot
from openwmi.engine.events.space import Space
from openwmi.engine.events.subscription import Subscription
from openwmi.model import CimInstance
from openwmi.operation import CallContext, Operation, Sink
from openwmi.operation.timers import Timers
from openwmi.session import Namespace

QUERIES = (
    "SELECT * FROM __InstanceOperationEvent WITHIN 0.3 WHERE TargetInstance ISA 'Demo_Fan'",
    "SELECT * FROM __InstanceOperationEvent WITHIN 2 WHERE TargetInstance ISA 'Demo_Thing'",
    "SELECT * FROM __InstanceCreationEvent WITHIN 1 WHERE TargetInstance ISA 'Demo_Lamp'",
    "SELECT TargetInstance FROM __InstanceDeletionEvent WHERE TargetInstance ISA 'Demo_Lamp'",
    "SELECT * FROM __ClassOperationEvent WITHIN 5",
    "SELECT * FROM __NamespaceOperationEvent WITHIN 5",
    "SELECT * FROM __TimerEvent",
    "SELECT * FROM Demo_Alarm WHERE Level > 2",
    "SELECT * FROM __ExtrinsicEvent",
    "SELECT * FROM Demo_Lamp",
    "SELECT * FROM __InstanceCreationEvent WITHIN 1 WHERE TargetInstance ISA 'Demo_Nothing'",
    "no query at all",
)
KINDS = (Subscription, EventQueue, Space, Poll, Snapshot)


class Wild(Sink[CimInstance]):
    """Fails now and then, calls back, and knows how often it has heard of its end."""

    def __init__(self, random: Random, ns: Namespace) -> None:
        self.random = random
        self.ns = ns
        self.ended = 0

    async def indicate(self, objects: Sequence[CimInstance]) -> None:
        assert not self.ended, "nothing comes after the end"
        chance = self.random.random()
        if chance < 0.05:
            raise RuntimeError
        if chance < 0.1:
            self.ns.cancel_calls(self)
        elif chance < 0.3:
            await asyncio.sleep(self.random.random())

    async def set_status(self, status: WbemStatus | HResult | int, error: WbemError | None) -> None:
        self.ended += 1
        assert status != WbemStatus.NO_ERROR


class Crowd:
    def __init__(self, random: Random, engine: Engine, fans: Fans) -> None:
        self.random = random
        self.session = engine.session(NAMESPACE)
        self.ns = Namespace(self.session)
        self.fans = fans
        self.there: list[Operation[Any]] = []
        self.sinks: list[tuple[Wild, Operation[Any]]] = []
        self.waiting: list[asyncio.Task[Any]] = []

    def act(self) -> None:
        verbs = (self.subscribe, self.subscribe, self.subscribe, self.push, self.leave, self.leave, self.read)
        self.random.choice((*verbs, self.write, self.change_fans, self.emit))()

    def subscribe(self) -> None:
        ns = self.ns.options(timeout=self.random.choice([0.01, 1, 5])) if self.random.random() < 0.2 else self.ns
        self.there.append(ns.events(self.random.choice(QUERIES)))

    def push(self) -> None:
        sink = Wild(self.random, self.ns)
        self.sinks.append((sink, self.ns.with_sink(sink).events(self.random.choice(QUERIES))))

    def leave(self) -> None:
        if not self.there:
            return
        operation = self.there.pop(self.random.randrange(len(self.there)))
        way = self.random.randrange(4)
        if way == 0:
            operation.cancel()
        elif way == 1:
            operation.close()
        elif way == 2:
            self.waiting.append(asyncio.ensure_future(_given_up(operation, self.random.random())))
        # or it is dropped, and the collector finds it

    def read(self) -> None:
        if self.there:
            self.waiting.append(asyncio.ensure_future(_read(self.random.choice(self.there))))

    def write(self) -> None:
        name = self.random.choice("abc")
        text = f'instance of Demo_Lamp {{ Name = "{name}"; Watts = {self.random.randrange(9)}; }};'
        timer = f'instance of __IntervalTimerInstruction {{ TimerId = "{name}"; IntervalBetweenEvents = 70; }};'
        self.waiting.append(asyncio.ensure_future(_quiet(self.ns.load_mof(self.random.choice([text, text, timer])))))

    def change_fans(self) -> None:
        self.fans.rows = [{"Name": name, "Speed": self.random.randrange(9)} for name in self.random.sample("abcdef", 3)]
        self.fans.failure = self.random.choice([None, None, WbemStatus.PROVIDER_FAILURE])
        self.fans.seconds = self.random.choice([0, 0, 0.5, 3])

    def emit(self) -> None:
        class_ = self.session._view(CallContext()).find("Demo_Alarm", WbemStatus.NOT_FOUND)
        self.waiting.append(asyncio.ensure_future(_quiet(self.ns.emit(class_.instance({"Level": 3})))))


async def _quiet(operation: Operation[Any]) -> None:
    try:
        await operation
    except WbemError:
        return


async def _read(operation: Operation[Any]) -> None:
    try:
        await operation.next(2, timeout=0.2)
    except WbemError:
        return


async def _given_up(operation: Operation[Any], seconds: float) -> None:
    try:
        async with asyncio.timeout(seconds), operation:
            async for _ in operation:
                await asyncio.sleep(0.01)
    except (TimeoutError, WbemError):
        return


def _left() -> list[object]:
    gc.collect()
    return [each for each in gc.get_objects() if isinstance(each, KINDS)]


@pytest.mark.no_cover  # other tests show that each line is run
@pytest.mark.parametrize("seed", range(6))
async def test_nothing_is_left(seed: int) -> None:
    random, fans, loop = Random(seed), Fans(), asyncio.get_running_loop()
    assert _left() == []
    engine = engine_of(fans)
    crowd = Crowd(random, engine, fans)
    await crowd.ns.load_mof(LAMP + ALARM)
    for _ in range(600):
        crowd.act()
        if random.random() < 0.3:
            await asyncio.sleep(random.choice([0, 0, 0.05, 1]))
    for operation in crowd.there:
        operation.cancel()
    for _, operation in crowd.sinks:
        operation.cancel()
    await asyncio.gather(*crowd.waiting)
    await asyncio.sleep(60)
    for sink, operation in crowd.sinks:
        began = operation.results.began if operation._results is not None else True
        assert sink.ended == began, f"seed {seed}: the end is told once"
    del operation
    crowd.there.clear()
    crowd.sinks.clear()
    await asyncio.sleep(0.01)
    assert asyncio.all_tasks() == {asyncio.current_task()}, f"seed {seed}"
    assert engine._hub is not None
    assert engine._hub._spaces == {}
    assert engine._repository._watcher is None
    assert len(crowd.session.calls) == 0
    assert _left() == [], f"seed {seed}"
    timers = [each for each in loop._scheduled if not each.cancelled()]  # type: ignore[attr-defined]  # of asyncio's own loop
    assert timers == [], f"seed {seed}"
    assert len(Timers.of(loop)) == 0


async def test_who_cancels_while_the_first_poll_runs_leaves_the_others_alone() -> None:
    fans = Fans()
    fans.seconds = 1
    ns = Namespace(engine_of(fans).session(NAMESPACE))
    operations = [ns.events(QUERIES[0]) for _ in range(50)]
    await asyncio.sleep(0.5)
    for operation in operations[::2]:
        operation.cancel()
    for operation in operations[1::2]:
        await operation.started()
    assert fans.asked == 1
    for operation in operations:
        operation.close()
    await asyncio.sleep(0)
    await asyncio.sleep(0)
    assert asyncio.all_tasks() == {asyncio.current_task()}
