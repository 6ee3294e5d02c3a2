"""A hundred thousand calls that end in every way there is, at random, under the fake clock; the rules must still hold.

A story is a thousand of them, made of a seed, which a failure names: `play(seed)` tells it again, the same to the last
step. Another story is told by real threads, and is another one each time.
"""

from __future__ import annotations

import asyncio
import gc
import logging
import random
import threading
from collections.abc import Sequence
from typing import Any

import pytest
from tests.wsdclient.fakes import GET_LIST, faulted, reply

from openwmi.base.error import Unreachable
from openwmi.base.status import WbemStatus
from openwmi.blocking.runner import runner
from openwmi.operation import Operation, SingleResult, WaitHandle
from openwmi.operation.timers import Timers
from openwmi.testing import FakeClockLoop
from openwmi.wsdclient import constants as c
from openwmi.wsdclient.callbacks import IWSDAsyncCallback
from openwmi.wsdclient.endpointproxy import IWSDAsyncResult, IWSDEndpointProxy, end_operation
from openwmi.wsdclient.statuses import E_ABORT, E_FAIL, ERROR_TIMEOUT, HRESULT_FROM_WIN32, S_FALSE, S_OK

CALLS = 1_000
"""In each story."""
SEEDS = 25
PARTS = 4
CONNECTIONS = 8
CUT = Unreachable(WbemStatus.TRANSPORT_FAILURE, "the connection was cut")

# What GetEvent may say: its HRESULT, the type of the event, and what End then returns.
ENDS = {
    (S_OK, c.WSDET_INCOMING_MESSAGE): S_OK,
    (S_OK, c.WSDET_INCOMING_FAULT): E_FAIL,
    (S_OK, c.WSDET_RESPONSE_TIMEOUT): HRESULT_FROM_WIN32(ERROR_TIMEOUT),
    (S_OK, c.WSDET_TRANSMISSION_FAILURE): HRESULT_FROM_WIN32(1232),
    (E_ABORT, None): E_ABORT,
}


class Wire:
    """An endpoint whose answers come when chance has it: late, twice, as faults, or never; connections are cut."""

    def __init__(self, chance: random.Random, loop: asyncio.AbstractEventLoop) -> None:
        self.chance = chance
        self.loop = loop
        self.waiting: dict[int, SingleResult[Any]] = {}
        self.answers = self.late = self.begun = 0

    def two_way(self, action: str, body: Any, *, timeout: float | None = 30.0, **more: Any) -> Operation[Any]:
        chance, number = self.chance, self.begun
        self.begun = number + 1
        results: SingleResult[Any] = SingleResult(action)
        if timeout is not None:
            results.expire_at(self.loop.time() + timeout)
        results.on_stop(lambda: self.waiting.pop(number))
        results.begin()
        self.waiting[number] = results
        for _ in range(chance.choice((0, 1, 1, 1, 2))):
            self.answers += 1
            self.loop.call_later(chance.uniform(0, 2), self.answer, number, chance.random() < 0.2)
        return Operation(results)

    one_way = two_way

    def answer(self, number: int, fault: bool) -> None:
        results = self.waiting.pop(number, None)
        if results is None:
            self.late += 1
        elif fault:
            results.fail(faulted())
        else:
            results.finish(reply("files"))

    def cut(self, connection: int) -> None:
        for number in [number for number in self.waiting if number % CONNECTIONS == connection]:
            self.waiting.pop(number).fail(Unreachable(CUT.status, CUT.message))


class Caller:
    """One call, what is done with it, and what was seen of it."""

    def __init__(self, story: Story, number: int) -> None:
        chance = self.chance = story.chance
        self.story = story
        self.number = number
        self.ends = 0
        self.awaited = 0
        self.replaced: list[Hearing] = []
        self.hearings = [Hearing(self, 0)] if chance.random() < 0.6 else []
        hr, result = story.proxy.SendTwoWayRequestAsync(
            None,
            GET_LIST,
            0,
            self.hearings[0] if self.hearings else None,
            timeout_=chance.choice((0.5, 1.5, 30)),
        )
        assert hr == S_OK
        assert result is not None
        self.result = result
        result.results_.when_finished(self.ended)
        self.handle = WaitHandle() if chance.random() < 0.2 else None
        loop = story.loop
        if self.handle is not None:
            loop.call_later(chance.choice((0, 1, 3)), result.SetWaitHandle, self.handle)
        for step, share in ((self.set_callback, 0.3), (self.abort, 0.25), (self.poll, 0.3), (self.wait, 0.1)):
            if chance.random() < share:
                loop.call_later(chance.uniform(0, 2.5), step)

    def ended(self) -> None:
        self.ends += 1

    def set_callback(self) -> None:
        if self.hearings and self.result.HasCompleted() == S_FALSE:
            self.replaced.append(self.hearings.pop())
        hearing = Hearing(self, self.number + 1)
        self.hearings.append(hearing)
        assert self.result.SetCallback(hearing, hearing.state) == S_OK

    def abort(self) -> None:
        for _ in range(self.chance.choice((1, 1, 2))):
            assert self.story.proxy.AbortAsyncOperation(self.result) == S_OK
        assert self.result.HasCompleted() == S_OK

    def poll(self) -> None:
        completed = self.result.HasCompleted()
        hr, event = self.result.GetEvent()
        assert (completed == S_FALSE) == (hr == E_FAIL)
        assert (event is None) == (hr != S_OK)

    def wait(self) -> None:
        self.story.tasks.append(self.story.loop.create_task(self._wait()))

    async def _wait(self) -> None:
        assert (await self.result) == self.result.GetEvent()
        self.awaited += 1

    def check(self) -> None:
        result = self.result
        assert self.ends == 1, "it ends once"
        assert result.HasCompleted() == S_OK
        hr, event = result.GetEvent()
        end = ENDS[hr, None if event is None else event.EventType]
        assert end_operation(self.story.proxy, result) == (end, "files" if end == S_OK else None)
        assert (result.fault_ is not None) == (event is not None and event.EventType == c.WSDET_INCOMING_FAULT)
        assert [each.heard for each in self.hearings] == [[(each.state, hr)] for each in self.hearings], "called once"
        assert all(each.heard == [] for each in self.replaced), "what was replaced before the end is not called"
        if self.handle is not None:
            assert self.handle.is_set
            assert self.handle.wait(0)
            self.handle.close()
        self.story.trace.append((self.number, hr, end, len(self.hearings)))
        for hearing in (*self.hearings, *self.replaced):
            del hearing.caller  # a result keeps its callback, and this the result


class Hearing(IWSDAsyncCallback):
    """May abort its own call, or another, and ends its own as generated code does."""

    def __init__(self, caller: Caller, state: int) -> None:
        super().__init__()
        self.caller = caller
        self.state = state
        self.heard: list[tuple[Any, int]] = []

    async def AsyncOperationComplete(self, pAsyncResult: IWSDAsyncResult, pAsyncState: Any) -> None:
        chance, story = self.caller.chance, self.caller.story
        assert pAsyncResult.HasCompleted() == S_OK
        self.heard.append((pAsyncState, pAsyncResult.GetEvent()[0]))
        if chance.random() < 0.1:
            await asyncio.sleep(chance.uniform(0, 1))
        if chance.random() < 0.1:
            assert pAsyncResult.Abort() == S_OK
        if chance.random() < 0.05:
            assert chance.choice(story.callers).result.Abort() == S_OK
        if chance.random() < 0.02:
            raise ValueError("a program that fails")


class Story:
    """A thousand calls of one endpoint."""

    def __init__(self, seed: int) -> None:
        self.chance = random.Random(seed)
        self.loop = asyncio.get_running_loop()
        self.wire = Wire(self.chance, self.loop)
        self.proxy = IWSDEndpointProxy(self.wire, self.loop)
        self.callers: list[Caller] = []
        self.tasks: list[asyncio.Task[None]] = []
        self.trace: list[tuple[Any, ...]] = []

    async def tell(self) -> None:
        chance = self.chance
        for number in range(CALLS):
            self.callers.append(Caller(self, number))
            if chance.random() < 0.05:
                await asyncio.sleep(chance.uniform(0, 0.2))
            if chance.random() < 0.005:
                self.wire.cut(chance.randrange(CONNECTIONS))
        await asyncio.sleep(40)
        await asyncio.gather(*self.tasks)
        for caller in self.callers:
            caller.check()
        assert self.wire.waiting == {}
        assert self.wire.late == self.wire.answers - sum(end in {S_OK, E_FAIL} for _, _, end, _ in self.trace)
        assert sum(caller.awaited for caller in self.callers) == len(self.tasks)
        assert len(Timers.of(self.loop)) == 0, "no timer is left"
        self.callers.clear()
        self.tasks.clear()
        del caller
        left = [task for task in asyncio.all_tasks() if task is not asyncio.current_task()]
        assert left == [], "no task is left"


def living() -> int:
    return sum(isinstance(each, IWSDAsyncResult) for each in gc.get_objects())


def play(seed: int) -> Sequence[tuple[Any, ...]]:
    async def tell() -> Sequence[tuple[Any, ...]]:
        gc.collect()
        before = living()
        story = Story(seed)
        await story.tell()
        assert living() == before, "nothing is left of what was let go, and nobody had to collect it"
        return story.trace

    with asyncio.Runner(loop_factory=FakeClockLoop) as own:
        return own.run(tell())


@pytest.fixture(autouse=True)
def quiet(monkeypatch: pytest.MonkeyPatch) -> None:
    """What programs fail of, and nobody looks at, is said thousands of times."""
    for name in ("openwmi.wsdclient", "openwmi.operation"):
        monkeypatch.setattr(logging.getLogger(name), "disabled", True)


@pytest.mark.no_cover  # other tests show that each line is run
@pytest.mark.parametrize("part", range(PARTS))
def test_the_rules_hold_in_every_story(part: int) -> None:
    for seed in range(part * SEEDS, (part + 1) * SEEDS):
        try:
            play(seed)
        except BaseException as fault:
            fault.add_note(f"the seed is {seed}")
            raise


def test_a_story_is_the_same_each_time() -> None:
    assert play(7) == play(7)
    assert {end for _, _, end, _ in play(7)} == set(ENDS.values()), "each way to end is in it"


class Counting(IWSDAsyncCallback):
    """On a thread; aborts calls of others."""

    def __init__(self, others: list[IWSDAsyncResult], chance: random.Random) -> None:
        super().__init__()
        self.others = others
        self.chance = chance
        self.heard = 0

    def AsyncOperationComplete(self, pAsyncResult: IWSDAsyncResult, pAsyncState: Any) -> int:
        self.heard += 1
        if self.chance.random() < 0.3:
            self.chance.choice(self.others).Abort()
        return S_OK


def test_threads_that_begin_and_abort_at_once() -> None:
    chance = random.Random(1)
    wire = runner().call(lambda: Wire(chance, asyncio.get_running_loop()))
    wire.two_way = _soon(wire)  # type: ignore[method-assign]  # the clock is a real one
    proxy = IWSDEndpointProxy(wire)
    results: list[IWSDAsyncResult] = []
    callbacks: list[Counting] = []

    def work(seed: int) -> None:
        own = random.Random(seed)
        for _ in range(150):
            callback = Counting(results, own)
            _, result = proxy.SendTwoWayRequestAsync(None, GET_LIST, None, callback)
            assert result is not None
            callbacks.append(callback)
            results.append(result)
            if own.random() < 0.5:
                own.choice(results).Abort()

    threads = [threading.Thread(target=work, args=(seed,), daemon=True) for seed in range(6)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(30)
        assert not thread.is_alive(), "no deadlock"
    for result in results:
        result.Abort()  # which waits for its callback
        assert result.GetEvent()[0] in {S_OK, E_ABORT}
    assert [callback.heard for callback in callbacks] == [1] * len(callbacks)


def _soon(wire: Wire) -> Any:
    def two_way(action: str, body: Any, **_: Any) -> Operation[Any]:
        number = wire.begun
        wire.begun += 1
        results: SingleResult[Any] = SingleResult(action)
        results.on_stop(lambda: wire.waiting.pop(number, None))
        wire.waiting[number] = results
        if number % 3:
            wire.loop.call_soon(wire.answer, number, number % 2 == 0)
        return Operation(results)

    return two_way
