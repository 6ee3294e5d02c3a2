"""Random stories of producers and consumers under the fake clock; at the end of each the rules must still hold.

A story is made of a seed, which the failure names: `play(seed)` tells it again. Where sinks are heard on threads, the
seed says what is done, and not which of two threads is first.
"""

from __future__ import annotations

import asyncio
import gc
import logging
import random
import sys
import threading
from collections import Counter
from collections.abc import Awaitable, Callable, Sequence

import psutil
import pytest

from openwmi.base.clock import NEVER, Deadline
from openwmi.base.error import WbemError
from openwmi.base.limits import SINK_CALLBACK_SECONDS, STREAM_BACKLOG
from openwmi.base.status import HResult, WbemStatus
from openwmi.operation import (
    CallContext,
    CallFlags,
    CallTable,
    Cursor,
    Operation,
    Progress,
    ResultSet,
    Sink,
    State,
    Workers,
)
from openwmi.operation import kept as kept_module
from openwmi.operation.spool import QUOTA
from openwmi.operation.timers import Timers
from openwmi.testing import FakeClockLoop

OPERATIONS = 100_000
PARTS = 20
SEEDS = 2_600
"""In each of the parts: a few more operations than its share, two for each seed in the mean."""
FINAL = {
    WbemStatus.NO_ERROR,
    WbemStatus.PROVIDER_FAILURE,
    WbemStatus.CALL_CANCELLED,
    WbemStatus.TIMED_OUT,
    WbemStatus.INVALID_QUERY,
}


class Story:
    """One call and what was seen of it."""

    def __init__(self, chance: random.Random, table: CallTable, *, threads: bool) -> None:
        self.chance = chance
        self.table = table
        self.threads = threads
        self.put = 0
        """How many objects the producer has put: they are the numbers from 0."""
        self.whole = False
        """Whether the producer came to its own end, whatever that was."""
        self.cancelled = False
        """Whether somebody cancelled it, be its producer at work or not."""
        self.single = chance.random() < 0.2
        self.keep = chance.random() < 0.5
        deadline = Deadline.after(0.0, chance.uniform(0, 20)) if chance.random() < 0.2 else NEVER
        flags = CallFlags.SEND_STATUS if chance.random() < 0.5 else CallFlags.NONE
        self.operation: Operation[int] | None = Operation.start(
            self.produce,
            "story",
            single=self.single,
            keep=self.keep,
            context=CallContext(deadline=deadline, flags=flags),
        )
        self.results = self.operation.results
        self.ends: list[WbemStatus | HResult | int] = []
        self.results.when_finished(lambda: self.ends.append(self.results.status))
        self.notes: list[object] = []
        """What happened, and when."""
        if chance.random() < 0.03:
            self.operation.cancel()  # before its producer has had a turn
            self.cancelled = True

    def note(self, *what: object) -> None:
        self.notes.append((asyncio.get_running_loop().time(), *what))

    async def produce(self, results: ResultSet[int]) -> int | None:
        chance = self.chance
        if chance.random() < 0.1:
            raise WbemError(WbemStatus.INVALID_QUERY, "refused")
        pause = chance.choice([0, 0, 0.01, 1.0])
        if self.single:
            await asyncio.sleep(pause)
            if chance.random() < 0.2:
                await asyncio.Event().wait()
            self.whole, self.put = True, 1
            return 0
        for _ in range(chance.choice([0, 1, 3, 20])):
            count = chance.choice([0, 1, 7, STREAM_BACKLOG])
            objects = list(range(self.put, self.put + count))
            self.put += count
            await results.put(objects)
            if chance.random() < 0.2:
                results.report(self.put, self.put + 1)
            if chance.random() < 0.5:
                await asyncio.sleep(pause)
        if chance.random() < 0.15:
            await asyncio.Event().wait()
        self.whole = True
        if chance.random() < 0.2:
            raise WbemError(WbemStatus.PROVIDER_FAILURE, "broken")
        return None

    def check_order(self, seen: Sequence[int], start: int = 0) -> None:
        """What comes out is what was put, in order and without a gap, from `start` on."""
        assert list(seen) == list(range(start, start + len(seen)))
        assert start + len(seen) <= self.put

    # What a consumer may do.

    async def awaits(self, operation: Operation[int]) -> None:
        try:
            async with asyncio.timeout(self.chance.choice([None, 0, 1, 100])):
                found = await operation
        except TimeoutError:
            self.cancelled = True
            assert operation.state is State.FINISHED, "giving up waiting cancels"
        except WbemError as error:
            assert error.status in {*FINAL, WbemStatus.INVALID_OPERATION}
        else:
            objects = [found] if self.single else found
            self.check_order(objects)
            assert self.whole
            assert len(objects) == self.put, "nothing is lost before the end"

    async def polls(self, operation: Operation[int]) -> None:
        for _ in range(self.chance.randrange(1, 6)):
            status = await operation.status(self.chance.choice([0, 0.1, 3]))
            assert status in FINAL or status == WbemStatus.TIMEDOUT
            assert (status != WbemStatus.TIMEDOUT) == (operation.state is State.FINISHED)

    async def reads(self, operation: Cursor[int]) -> None:
        """With time-outs that lose nothing, tasks that give up, resets and clones."""
        chance, results = self.chance, self.results
        start = operation.position
        seen: list[int] = []
        try:
            while True:
                if results.rewindable and chance.random() < 0.1:
                    operation.reset()
                    start, seen = 0, []
                clone = operation.clone() if results.rewindable and chance.random() < 0.1 else None
                try:
                    async with asyncio.timeout(chance.choice([None, 0.5])):
                        batch = await operation.next(chance.choice([1, 5, 100, 700]), chance.choice([0, 0.3, 2]))
                except TimeoutError as error:
                    if isinstance(error, WbemError):
                        raise
                    continue
                finally:
                    if clone is not None:
                        clone.close()
                seen += batch
                self.check_order(seen, start)
                if batch.status == WbemStatus.FALSE:
                    assert self.whole
                    assert start + len(seen) == self.put, "nothing is lost before the end"
                    return
                if chance.random() < 0.05:
                    return
        except WbemError as error:
            assert error.status in {*FINAL, WbemStatus.INVALID_OPERATION}
            if error.status == WbemStatus.PROVIDER_FAILURE:
                assert start + len(seen) == self.put, "what came before the failure is not lost"

    async def iterates(self, operation: Operation[int]) -> None:
        start, seen = operation.position, []
        try:
            async for number in operation:
                seen.append(number)  # noqa: PERF401 - they count if it fails, too
        except WbemError as error:
            assert error.status in {*FINAL, WbemStatus.INVALID_OPERATION}
        else:
            assert start + len(seen) == self.put
        self.check_order(seen, max(start, 0))

    async def pushes(self, operation: Operation[int]) -> None:
        chance = self.chance
        seconds = chance.choice([0, 0, 0.01, 5, 40])
        mood = chance.choice(["", "", "", "", "raises", "cancels", "calls", "stays"])
        listener = Listener(self, operation.position, 40 if mood == "stays" else seconds, mood)
        kind = chance.choice([AsyncListener, PlainListener])
        sink = kind(listener) if self.threads else AsyncListener(listener)
        delivery = operation.deliver(sink, self.table)
        if chance.random() < 0.2:
            await asyncio.sleep(chance.choice([0, 0.1]))
            if self.table._rows.get(sink.identity):
                self.table.cancel(sink)
                self.cancelled = True
        await delivery
        self.note(listener.seen, listener.statuses)
        assert not delivery.callback_in_progress
        listener.check(refused=not self.results.began)

    async def disturbs(self, operation: Operation[int]) -> None:
        await asyncio.sleep(self.chance.choice([0, 0.01, 0.5, 5]))
        for _ in range(self.chance.randrange(1, 3)):
            operation.cancel()
        self.cancelled = True
        self.note("cancelled")
        assert operation.state is State.FINISHED

    async def races(self, operation: Operation[int]) -> None:
        """Several threads cancel it at once, and nobody knows when."""
        loop, threads = asyncio.get_running_loop(), Workers("racing", 2)

        def cancel() -> None:
            self.cancelled = True
            operation.cancel()

        await asyncio.gather(*(threads.run(loop.call_soon_threadsafe, cancel) for _ in range(2)))
        threads.close()

    async def consumed(self) -> None:
        """One handle, one or two consumers; at the end it is closed or simply forgotten."""
        operation, self.operation = self.operation, None
        assert operation is not None
        chance = self.chance
        readers = [self.reads, self.iterates, self.pushes]
        ways: list[Callable[[Operation[int]], Awaitable[None]]] = [chance.choice([self.awaits, *readers])]
        if self.results.rewindable and chance.random() < 0.3:
            ways.append(self.awaits)  # beside a reader, whose place it does not touch
        ways += [way for way, share in ((self.polls, 0.5), (self.disturbs, 0.3)) if chance.random() < share]
        if self.threads and chance.random() < 0.02:
            ways.append(self.races)
        if chance.random() < 0.1:
            ways = []
        hanging = asyncio.get_running_loop().call_later(200, self.results.cancel)
        await asyncio.gather(*(way(operation) for way in ways))
        hanging.cancel()
        self.note(self.put, self.results.total)
        if chance.random() < 0.5:
            operation.close()


class Listener:
    """What a sink has heard, and the rules of hearing."""

    def __init__(self, story: Story, start: int, seconds: float, mood: str) -> None:
        self.story = story
        self.start = start
        self.seconds = seconds
        self.mood = mood
        self.seen: list[int] = []
        self.statuses: list[WbemStatus | HResult | int] = []
        self.busy = False
        self.faults: list[str] = []

    def enter(self, what: str, objects: Sequence[int] = ()) -> None:
        if self.busy:
            self.faults.append(f"{what} while another callback runs")
        if self.statuses:
            self.faults.append(f"{what} after the final status")
        if what != "status" and (self.story.cancelled or self.story.results.cancelled):
            self.faults.append(f"{what} after cancel")
        if what == "indicate" and not objects:
            self.faults.append("an indicate without objects")
        self.seen += objects

    def check(self, *, refused: bool) -> None:
        assert self.faults == []
        assert len(self.statuses) == (0 if refused else 1)
        self.story.check_order(self.seen, self.start)
        if self.statuses and self.statuses[0] == WbemStatus.CALL_CANCELLED:
            assert self.story.cancelled or self.story.results.cancelled or self.seconds > SINK_CALLBACK_SECONDS
        elif self.statuses and not self.story.results.cancelled:
            assert self.start + len(self.seen) == self.story.put, "nothing is lost before the end"


async def answer(results: ResultSet[int]) -> int:
    results.begin()
    return 42


class AsyncListener(Sink[int]):
    def __init__(self, listener: Listener) -> None:
        self.listener = listener

    async def _take(self) -> None:
        self.listener.busy = True
        try:
            await asyncio.sleep(self.listener.seconds)
        finally:
            self.listener.busy = False

    async def _act(self) -> None:
        listener = self.listener
        if listener.mood == "raises":
            listener.story.cancelled = True
            raise ValueError("a sink that fails")
        if listener.mood == "cancels" and listener.story.table._rows.get(self.identity):
            listener.story.cancelled = True
            listener.story.table.cancel(self)
        if listener.mood == "calls" and await Operation.start(answer, "answer", single=True) != 42:
            listener.faults.append("a call out of a callback")

    async def indicate(self, objects: Sequence[int]) -> None:
        self.listener.enter("indicate", objects)
        await self._take()
        await self._act()

    async def set_progress(self, progress: Progress) -> None:
        self.listener.enter("progress")
        await self._take()
        await self._act()

    async def set_status(self, status: WbemStatus | HResult | int, error: WbemError | None) -> None:
        self.listener.enter("status")
        self.listener.statuses.append(status)
        await self._take()


class PlainListener(Sink[int]):
    """Hears on a thread of its own; a cancel may come at any moment of a callback, so that rule is not for this one."""

    def __init__(self, listener: Listener) -> None:
        self.listener = listener
        self.loop = asyncio.get_running_loop()
        self.gate = threading.Event()

    def indicate(self, objects: Sequence[int]) -> None:
        listener = self.listener
        if not objects or listener.statuses or listener.busy:
            listener.faults.append(f"an indicate of {len(objects)} objects after {listener.statuses}")
        listener.busy = True
        listener.seen += objects
        if listener.mood == "stays":
            # Until its call ends: as a rule longer than a sink may. The clock does not wait for it.
            self.loop.call_soon_threadsafe(self._until_cancelled)
            self.gate.wait()
        if listener.mood == "calls":
            call = asyncio.run_coroutine_threadsafe(_called(), self.loop)
            if call.result() != 42:
                listener.faults.append("a call out of a callback")
        listener.busy = False
        if listener.mood == "raises":
            listener.story.cancelled = True
            raise ValueError("a sink that fails")
        if listener.mood == "cancels":
            listener.story.cancelled = True
            self.loop.call_soon_threadsafe(self._cancel)

    def _until_cancelled(self) -> None:
        results = self.listener.story.results
        if results.cancelled:
            self.gate.set()
        elif not self.gate.is_set():
            Workers.count(-1)
            (results.when_cancelled if results.finished else results.when_finished)(self._go_on)

    def _go_on(self) -> None:
        if not self.gate.is_set():
            Workers.count(1)
            self.gate.set()

    def _cancel(self) -> None:
        if self.listener.story.table._rows.get(self.identity):
            self.listener.story.table.cancel(self)

    def set_status(self, status: WbemStatus | HResult | int, error: WbemError | None) -> None:
        self.listener.statuses.append(status)


async def _called() -> int:
    found: int = await Operation.start(answer, "answer", single=True)
    return found


async def settled() -> None:
    """Lets everything run that is ready, and what that makes ready."""
    ready = asyncio.get_running_loop()._ready  # type: ignore[attr-defined]  # no number of turns is enough and few
    while True:
        await asyncio.sleep(0)
        if not ready:
            return


async def tell(seed: int, *, threads: bool) -> list[Story]:
    chance = random.Random(seed)
    loop = asyncio.get_running_loop()
    table = CallTable()
    stories = [Story(chance, table, threads=threads) for _ in range(chance.randrange(1, 4))]
    await asyncio.gather(*(story.consumed() for story in stories))
    if any(not story.results.finished for story in stories):
        gc.collect()  # what they raised may hold their handles
    await settled()
    for story in stories:
        results = story.results
        if not results.finished:
            assert story.single, "a query that nobody looks at is cancelled"
            results.cancel()
        assert len(story.ends) == 1, "one end"
        assert story.ends[0] in FINAL
        assert results.status == story.ends[0], "a final status stays"
        assert results._waiters is None
        assert results._timer is None
    await settled()
    assert len(table) == 0
    left = [task for task in asyncio.all_tasks() if task is not asyncio.current_task()]
    assert left == [], "no task is left"
    assert len(Timers.of(loop)) == 0, "no timer is left"
    return stories


def play(seed: int, *, threads: bool = True) -> list[Story]:
    """Tells the story of that seed; without threads, all of it happens in one order."""
    try:
        with asyncio.Runner(loop_factory=FakeClockLoop) as runner:
            return runner.run(tell(seed, threads=threads))
    except BaseException as fault:
        fault.add_note(f"the seed is {seed}")
        raise


def living() -> Counter[str]:
    """How many objects of operations there are, by their classes."""
    gc.collect()
    rooms = ("openwmi.operation", __name__)
    found = Counter(type(each).__name__ for each in gc.get_objects() if type(each).__module__.startswith(rooms))
    del found["_Place"]  # of threads that wait for somebody's sink
    return found


class Log(logging.Filter):
    """Notes what is said, and lets no record pass: it would hold the frames of what failed, and with them objects."""

    def __init__(self) -> None:
        super().__init__()
        self.said: set[str] = set()

    def filter(self, record: logging.LogRecord) -> bool:
        self.said.add(record.getMessage())
        return False


@pytest.fixture
def log(monkeypatch: pytest.MonkeyPatch) -> Log:
    log = Log()
    monkeypatch.setattr(logging.getLogger("openwmi.operation"), "filters", [log])
    return log


@pytest.fixture
def rest_of_the_world() -> None:
    """What other tests have left is not gone through each time that garbage is collected here."""
    gc.collect()
    gc.freeze()


@pytest.fixture
def few_in_memory(monkeypatch: pytest.MonkeyPatch) -> None:
    """What is kept goes to the disk soon."""
    monkeypatch.setattr(kept_module, "KEPT_IN_MEMORY", 500)
    monkeypatch.setattr(kept_module, "SPOOL_PAGE", 64)


@pytest.mark.no_cover  # other tests show that each line is run; here it would cost minutes
@pytest.mark.usefixtures("rest_of_the_world", "few_in_memory")
@pytest.mark.parametrize("part", range(PARTS))
def test_the_rules_hold_in_every_story(part: int, log: Log) -> None:
    for seed in range(WARMING):
        play(seed)
    end_threads()
    before, octets, files, blocks = living(), QUOTA.used, open_files(), sys.getallocatedblocks()
    operations = 0
    for seed in range(part * SEEDS, (part + 1) * SEEDS):
        operations += len(play(seed))
    assert operations >= OPERATIONS / PARTS
    failed = {text for text in log.said if " failed" in text}
    assert all(text.startswith("a sink of story failed, and the call is cancelled") for text in failed), failed
    end_threads()
    assert Workers.jobs_under_way == 0
    assert living() - before == Counter(), "no object is left"
    assert sys.getallocatedblocks() - blocks < operations // 2, "nor anything else that is not the interpreter's own"
    assert QUOTA.used == octets, "the disk has been given back"
    assert open_files() == files


WARMING = 100
"""Stories after which the interpreter has in its caches what it wants there."""


def end_threads() -> None:
    """A sink's thread is let go with its sink: it ends, or waits under another name for somebody else's."""
    for _ in range(200):
        left = [thread for thread in threading.enumerate() if thread.name.startswith(("openwmi-sink", "racing"))]
        if not left:
            return
        left[0].join(0.01)
    raise AssertionError(f"threads are left: {left}")


def open_files() -> int:
    return psutil.Process().num_fds() if hasattr(psutil.Process, "num_fds") else 0


@pytest.mark.usefixtures("few_in_memory", "log")
def test_a_seed_tells_the_same_story_again() -> None:
    for seed in range(150):
        told = [[(story.notes, story.ends) for story in play(seed, threads=False)] for _ in range(2)]
        assert told[0] == told[1]
