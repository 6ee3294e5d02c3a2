"""Many threads at once, cancels that race with ends, sinks that call back, and that nothing is left behind."""

from __future__ import annotations

import asyncio
import gc
import random
import threading
import time
import tracemalloc
import weakref
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any

import pytest
from tests.blocking.fakes import SECONDS, Work, begun, counting, in_threads

import openwmi
from openwmi import Sink, WbemError
from openwmi.base.limits import STREAM_BACKLOG
from openwmi.base.status import HResult, WbemStatus
from openwmi.blocking import Namespace, Operation
from openwmi.blocking.runner import Runner
from openwmi.operation import Operation as AskedOperation
from openwmi.operation import ResultSet, Workers

CANCELLED = WbemStatus.CALL_CANCELLED
THREADS = 64


def _status(attempt: Callable[[], object]) -> object:
    """NO_ERROR, or what was raised."""
    try:
        attempt()
    except WbemError as error:
        return error.status
    return WbemStatus.NO_ERROR


def _turning(count: int) -> Work:
    """A few turns of the loop, with an object in each where there may be several."""

    async def work(results: ResultSet[Any]) -> Any:
        for number in range(count % 7):
            await asyncio.sleep(0)
            if not results.single:
                await results.put([number])
        return count if results.single else None

    return work


def _made(own: Runner, kind: int, count: int) -> Operation[Any]:
    if kind == 0:
        return begun(own, _turning(count), single=True)
    return begun(own, _turning(count) if kind == 1 else counting(count), keep=kind == 3)


@pytest.fixture
def settled(own: Runner) -> Callable[[], None]:
    """Lets the loop do what finalizers have posted, and collects."""

    def settle() -> None:
        for _ in range(3):
            gc.collect()
            own.run(asyncio.sleep, 0)
        give_up = time.monotonic() + SECONDS
        while Workers.jobs_under_way and time.monotonic() < give_up:  # counted until just after the result is given
            own.run(asyncio.sleep, 0)

    return settle


@pytest.mark.parametrize("seed", range(4))
def test_calls_that_are_cancelled_while_they_end(own: Runner, seed: int, settled: Callable[[], None]) -> None:
    """Whatever wins: all who look at one call see the same end, nobody hangs, and each is cancelled or right."""
    chance = random.Random(seed)
    plans = [(chance.randrange(4), chance.randrange(STREAM_BACKLOG * 2), chance.random()) for _ in range(40)]
    under_way: list[Operation[Any] | None] = [None] * len(plans)
    gates = [threading.Barrier(3) for _ in plans]
    ends: list[set[object]] = [set() for _ in plans]

    def take_part(role: int) -> None:
        for number in range(len(plans)):
            if role == 0:
                under_way[number] = _made(own, *plans[number][:2])
            gates[number].wait(SECONDS)
            call = under_way[number]
            assert call is not None
            if role == 0:
                ends[number].add(_status(call.result))
            elif role == 1:
                assert call.status(0 if plans[number][2] < 0.3 else None) in {
                    WbemStatus.NO_ERROR,
                    WbemStatus.TIMEDOUT,
                    CANCELLED,
                }
            elif plans[number][2] < 0.7:
                call.cancel()
                assert call.status(0) in {WbemStatus.NO_ERROR, CANCELLED}
            gates[number].wait(SECONDS)
            ends[number].add(_status(call.result))
            ends[number].add(call.status())

    in_threads(3, take_part)
    assert all(len(found) == 1 and found <= {WbemStatus.NO_ERROR, CANCELLED} for found in ends), ends
    under_way.clear()
    settled()
    assert own._under_way == set()
    assert own.run(_tasks) == 1


async def _tasks() -> int:
    return len(asyncio.all_tasks())


def test_sixty_four_threads_call_back_and_forth(own: Runner, settled: Callable[[], None]) -> None:
    async def one(_: ResultSet[Any]) -> int:
        await asyncio.sleep(0)
        return 7

    async def fails(_: ResultSet[Any]) -> int:
        raise WbemError(WbemStatus.NOT_FOUND, "nothing there")

    def ask(number: int) -> None:
        for turn in range(30):
            match (number + turn) % 6:
                case 0:
                    assert own.complete(lambda: AskedOperation.start(one, single=True)) == 7
                case 1:
                    assert own.complete(AskedOperation.start, counting(STREAM_BACKLOG + 9), "query")[-1] == 264
                case 2:
                    assert _status(lambda: own.complete(AskedOperation.start, fails)) == WbemStatus.NOT_FOUND
                case 3:
                    assert sum(begun(own, counting(300))) == 44_850
                case 4:
                    assert next(begun(own, counting(10_000))) == 0  # and it is forgotten
                case 5:
                    assert own.run(asyncio.sleep, 0, number) == number

    in_threads(THREADS, ask)
    settled()
    assert own._under_way == set()
    assert own.run(_tasks) == 1


def test_sinks_of_many_threads_that_call_back_and_cancel(own: Runner) -> None:
    ended: list[object] = []

    class CallingBack(Sink[int]):
        """Waits for a call of its own in each callback, and cancels the call that it belongs to in the second."""

        def __init__(self) -> None:
            self.seen = 0
            self.call: Operation[Any]
            self.ready, self.over = threading.Event(), threading.Event()

        def indicate(self, objects: Sequence[int]) -> None:
            assert self.ready.wait(SECONDS)
            assert len(own.complete(AskedOperation.start, counting(10), "query")) == 10
            self.seen += 1
            if self.seen == 2:
                self.call.cancel()

        def set_status(self, status: WbemStatus | HResult | int, error: WbemError | None) -> None:
            assert self.call.status() == status
            ended.append(status)
            self.over.set()

    def push(_: int) -> None:
        for _turn in range(5):
            sink = CallingBack()

            def start(sink: CallingBack = sink) -> AskedOperation[Any]:
                operation: AskedOperation[Any] = AskedOperation.start(counting(10_000), "query")
                operation.deliver(sink)
                return operation

            sink.call = Operation(own.begin(start), own)
            sink.ready.set()
            assert sink.over.wait(SECONDS)
            assert sink.seen == 2

    in_threads(8, push)
    assert ended == [CANCELLED] * 40


@pytest.mark.no_cover  # other tests show that each line is run
def test_connecting_ten_thousand_times_leaves_nothing(own: Runner, tmp_path: Path, settled: Callable[[], None]) -> None:
    file = tmp_path / "store.db"

    def connect(times: int) -> None:
        for _ in range(times):
            with openwmi.blocking.connect("root/default", repository=file):
                pass

    connect(200)
    settled()
    threads = threading.active_count()
    tracemalloc.start()
    connect(100)
    settled()
    before, _ = tracemalloc.get_traced_memory()
    connect(1_000)
    settled()
    after, _ = tracemalloc.get_traced_memory()
    tracemalloc.stop()
    connect(8_700)
    assert after - before < 20_000, "octets a thousand connections"
    assert threading.active_count() <= threads
    assert Workers.jobs_under_way == 0


def test_finalizers_post_to_the_loop_and_do_nothing_else(
    own: Runner, settled: Callable[[], None], monkeypatch: pytest.MonkeyPatch
) -> None:
    """A collection may come at any time, on any thread, and in the midst of a call."""
    released: list[int] = []
    release = ResultSet.release

    def noted(results: ResultSet[Any]) -> None:
        released.append(threading.get_ident())
        release(results)

    async def endless(results: ResultSet[Any]) -> None:
        results.begin()
        await asyncio.sleep(SECONDS)

    def forget(_: int) -> None:
        for _turn in range(50):
            call = begun(own, endless)
            circle: list[Any] = [call]
            circle.append(circle)
            del call, circle
            gc.collect(0)

    monkeypatch.setattr(ResultSet, "release", noted)
    in_threads(8, forget)
    settled()
    assert released == [own.call(threading.get_ident)] * 400
    assert own.run(_tasks) == 1


def test_a_namespace_that_is_forgotten_is_gone_and_its_call_goes_on(own: Runner, tmp_path: Path) -> None:
    ns = openwmi.blocking.connect("root/default", repository=tmp_path / "store.db")
    kept = weakref.ref(ns._asked._session)
    call = ns.begin.classes()
    del ns
    gc.collect()
    assert any(each.name == "__SystemClass" for each in call)
    call.close()
    del call
    own.run(asyncio.sleep, 0)
    gc.collect()
    assert kept() is None
    assert isinstance(openwmi.blocking.connect("root", repository=tmp_path / "store.db"), Namespace)
