"""The parts of an operation by themselves: spool, stream, timers, context, and how a set ends."""

from __future__ import annotations

import asyncio
import errno
import gc
import logging
import os
import sys
import weakref
from functools import partial
from typing import Any

import pytest
from tests.operation.fakes import counting, counting_endlessly, forever, turn

from openwmi.base.clock import NEVER, Deadline
from openwmi.base.error import WbemError
from openwmi.base.fault import LocalProtocolError
from openwmi.base.limits import KEPT_IN_MEMORY, KEPT_UNCOUNTED, SPOOL_PAGE, STREAM_BACKLOG
from openwmi.base.status import WbemStatus
from openwmi.operation import (
    CallContext,
    CallFlags,
    Cursor,
    KeptResults,
    Operation,
    ResultSet,
    SingleResult,
    StreamResults,
)
from openwmi.operation import kept as kept_module
from openwmi.operation.kept import PLACES
from openwmi.operation.spool import QUOTA, Quota, Spool
from openwmi.operation.timers import TICKS_PER_SECOND, Timer, Timers


class Heard:
    """Somebody who reads."""

    def of(self) -> None: ...


# Spool.


def test_a_spool_gives_back_its_pages_in_any_order_and_its_disk_once() -> None:
    quota = Quota(1 << 20)
    spool: Spool[Any] = Spool(quota)
    pages: list[list[Any]] = [[1, "two", None], [], [(3.5, b"x")] * 100]
    for page in pages:
        spool.append(page)
    assert len(spool) == 3
    assert [spool.page(number) for number in (2, 0, 1, 2)] == [pages[2], pages[0], pages[1], pages[2]]
    assert quota.used > 0
    for _ in range(2):
        spool.close()
    assert quota.used == 0


def test_a_forgotten_spool_gives_back_its_disk() -> None:
    quota = Quota(1 << 20)
    spool: Spool[int] = Spool(quota)
    spool.append([1])
    del spool
    gc.collect()
    assert quota.used == 0


def test_a_page_beyond_the_quota_is_refused_and_changes_nothing() -> None:
    quota = Quota(200)
    first: Spool[str] = Spool(quota)
    second: Spool[str] = Spool(quota)
    first.append(["x" * 100])
    with pytest.raises(WbemError) as caught:
        second.append(["y" * 100])
    assert caught.value.status == WbemStatus.QUOTA_VIOLATION
    assert len(second) == 0
    first.close()
    second.append(["y" * 100])
    assert second.page(0) == ["y" * 100]
    second.close()


def test_a_full_disk_is_said_and_the_quota_given_back(monkeypatch: pytest.MonkeyPatch) -> None:
    quota = Quota(1 << 20)
    spool: Spool[int] = Spool(quota)

    def full(descriptor: int, octets: bytes) -> int:
        raise OSError(errno.ENOSPC, "no space left")

    monkeypatch.setattr(os, "write", full)
    with pytest.raises(WbemError, match="no space left") as caught:
        spool.append([1])
    assert caught.value.status == WbemStatus.OUT_OF_DISK_SPACE
    assert (len(spool), quota.used) == (0, 0)


def test_a_disk_that_takes_a_few_octets_at_a_time(monkeypatch: pytest.MonkeyPatch) -> None:
    spool: Spool[int] = Spool(Quota(10_000))
    write, read = os.write, os.read
    monkeypatch.setattr(os, "write", lambda descriptor, octets: write(descriptor, octets[:7]))
    monkeypatch.setattr(os, "read", lambda descriptor, size: read(descriptor, min(size, 7)))
    spool.append(list(range(100)))
    spool.append([1])
    assert (spool.page(0), spool.page(1)) == (list(range(100)), [1])


def test_the_quota_comes_back_with_what_nobody_closed() -> None:
    """A spool in a circle of objects may be finalized after its own parts."""
    quota = Quota(10_000)
    spool: Spool[object] = Spool(quota)
    spool.append([1])
    circle = [spool]
    circle.append(circle)  # type: ignore[arg-type] # a list in itself
    del spool, circle
    gc.collect()
    assert quota.used == 0


def test_the_quota_may_be_given_back_in_the_midst_of_taking() -> None:
    """As the collector does, on the same thread."""
    quota = Quota(100)
    quota.take(60)
    with quota._lock:
        quota.give_back(60)
    quota.take(100)
    assert quota.used == 100


# Kept.


async def test_a_call_fails_when_its_kept_results_exceed_the_quota_and_its_disk_is_given_back(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    before = QUOTA.used
    monkeypatch.setattr(QUOTA, "limit", before + 1000)

    async def much(results: ResultSet[str]) -> None:
        while True:
            await results.put(["x" * 100] * SPOOL_PAGE)

    operation = Operation.start(much, keep=True)
    assert await operation.status() == WbemStatus.QUOTA_VIOLATION
    first = await operation.next(KEPT_IN_MEMORY)
    assert len(first) == KEPT_IN_MEMORY
    operation.close()
    assert QUOTA.used == before


@pytest.mark.parametrize("end", [0, 1, 9, 10, 11, 13, 14, 15, 18, 41])
async def test_each_slice_of_kept_results_is_right_around_every_border(
    end: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(kept_module, "KEPT_IN_MEMORY", 10)
    monkeypatch.setattr(kept_module, "SPOOL_PAGE", 4)
    for batch in (1, 3, 50):
        results: KeptResults[int] = KeptResults()
        for start in range(0, end, batch):
            await results.put(list(range(start, min(start + batch, end))))
        results.finish()
        for position in range(end + 2):
            for count in (1, 4, 7, 60):
                assert results.read(position, count) == list(range(end))[position : position + count]
        results.release()


async def test_many_kept_sets_share_the_memory(monkeypatch: pytest.MonkeyPatch) -> None:
    """Who comes later goes to disk; the first few of each set always have their place."""
    monkeypatch.setattr(PLACES, "limit", PLACES.used + 100)
    before = QUOTA.used
    sets: list[KeptResults[int]] = [KeptResults() for _ in range(3)]
    for each in sets:
        await each.put(range(KEPT_UNCOUNTED))
        assert each.in_memory
    for each in sets:
        await each.put(range(KEPT_UNCOUNTED, 200 + SPOOL_PAGE))
        each.finish()
        assert each.read(0, 10_000) == list(range(200 + SPOOL_PAGE))
    assert PLACES.used == PLACES.limit
    assert (QUOTA.used > before, [each.in_memory for each in sets]) == (True, [False] * 3)
    sets.pop(0).release()
    assert PLACES.limit - PLACES.used == 100
    forgotten: KeptResults[int] = KeptResults()
    await forgotten.put(range(200))
    assert PLACES.used == PLACES.limit
    del forgotten, sets, each  # whoever forgets one without a word gives its places back, too
    gc.collect()
    assert (PLACES.limit - PLACES.used, QUOTA.used) == (100, before)


async def test_disk_is_given_back_with_the_last_cursor_not_before() -> None:
    before = QUOTA.used
    results: KeptResults[int] = KeptResults()
    operation = Operation(results)
    await results.put(list(range(KEPT_IN_MEMORY + 2 * SPOOL_PAGE)))
    results.finish()
    clone = operation.clone()
    operation.close()
    assert QUOTA.used > before
    assert len(await clone.next(10_000)) == KEPT_IN_MEMORY + 2 * SPOOL_PAGE
    clone.close()
    assert QUOTA.used == before


# Stream.


async def test_what_is_asked_of_one_stream_is_not_asked_of_others() -> None:
    for ask in (lambda each: setattr(each, "room", 1), lambda each: each.waiter(STREAM_BACKLOG * 2)):
        one, other = StreamResults[int](), StreamResults[int]()
        ask(one)
        for each in (one, other):
            each.add([1] * STREAM_BACKLOG)
        assert other.full
        other.read(0, 1)
        assert (other.full, other.room) == (False, STREAM_BACKLOG)


async def test_a_stream_is_full_again_for_whoever_has_read_what_they_wanted() -> None:
    results: StreamResults[int] = StreamResults()
    results.waiter(STREAM_BACKLOG * 3)
    results.add([1] * STREAM_BACKLOG)
    assert not results.full
    assert len(results.read(0, 1)) == 1
    results.add([1])
    assert results.full


async def test_a_stream_that_is_let_go_forgets_who_was_to_read_it() -> None:
    results: StreamResults[int] = StreamResults()
    heard = Heard()
    results.when_full(heard.of)
    gone = weakref.ref(heard)
    results.release()
    del heard
    gc.collect()
    assert gone() is None


@pytest.mark.parametrize("end", ["cancel", "deadline"])
async def test_awaiting_a_stream_that_ends_with_unread_objects_raises(end: str) -> None:
    """What was not read is gone, and nobody waits for it."""
    loop = asyncio.get_running_loop()

    async def work(results: ResultSet[int]) -> None:
        await results.put([1, 2])
        await asyncio.Event().wait()

    deadline = Deadline.after(loop.time(), 1) if end == "deadline" else NEVER
    operation = Operation.start(work, context=CallContext(deadline=deadline))
    await turn()
    if end == "cancel":
        operation.cancel()
    else:
        await asyncio.sleep(2)
    with pytest.raises(WbemError) as caught:
        await operation
    assert caught.value.status == (WbemStatus.CALL_CANCELLED if end == "cancel" else WbemStatus.TIMED_OUT)


async def test_a_stream_has_one_reader() -> None:
    results: StreamResults[int] = StreamResults()
    first, second = Operation(results), Cursor(results)
    await results.put([1, 2])
    assert await first.next() == [1]
    with pytest.raises(LocalProtocolError, match="one reader"):
        await second.next()
    first.close()
    second.close()


async def test_cancel_wakes_a_producer_that_waits_for_room() -> None:
    operation = Operation.start(counting_endlessly)
    await turn(2 * STREAM_BACKLOG)
    operation.cancel()
    await turn()
    assert len(asyncio.all_tasks()) == 1


async def test_a_stream_s_backlog_is_dropped_when_it_is_cancelled() -> None:
    operation = Operation.start(counting_endlessly)
    await turn(2 * STREAM_BACKLOG)
    operation.cancel()
    with pytest.raises(WbemError, match="cancelled"):
        await operation.next(10)


# Timers.


async def test_a_time_out_is_never_early_and_at_most_a_tick_late() -> None:
    loop = asyncio.get_running_loop()
    timers = Timers.of(loop)
    late: list[float] = []
    for when in (0.001, 0.5, 0.5, 1 / 3, 7.77):
        timers.call_at(when, partial(lambda due: late.append(loop.time() - due), when))
    assert len(timers) == 4, "two of them share a tick"
    await asyncio.sleep(10)
    assert len(late) == 5
    assert all(0 <= seconds <= 1 / TICKS_PER_SECOND for seconds in late)
    assert len(timers) == 0


async def test_a_cancelled_timer_leaves_nothing() -> None:
    loop = asyncio.get_running_loop()
    timers = Timers.of(loop)
    ran: list[int] = []
    first, second = (timers.call_at(1000, partial(ran.append, n)) for n in (1, 2))
    first.cancel()
    first.cancel()
    assert len(timers) == 1
    second.cancel()
    assert len(timers) == 0
    again = timers.call_at(1000, lambda: ran.append(3))
    second.cancel()
    assert len(timers) == 1, "a timer that is gone does not take the next one of its tick with it"
    await asyncio.sleep(1001)
    again.cancel()
    assert ran == [3]


async def test_timers_of_one_tick_may_cancel_each_other_and_start_others() -> None:
    timers = Timers.of(asyncio.get_running_loop())
    ran: list[str] = []
    made: dict[str, Timer] = {}

    def run(own: str, other: str) -> None:
        ran.append(own)
        made[other].cancel()
        timers.call_at(1, partial(ran.append, "again"))

    made["a"] = timers.call_at(1, partial(run, "a", "b"))
    made["b"] = timers.call_at(1, partial(run, "b", "a"))
    await asyncio.sleep(2)
    assert len(ran) == 2
    assert ran[1] == "again"
    assert len(timers) == 0


async def test_a_hundred_thousand_deadlines_are_a_handful_of_loop_timers() -> None:
    timers = Timers.of(asyncio.get_running_loop())
    waiting = [timers.call_at(1 + number / 1e6, lambda: None) for number in range(100_000)]
    assert len(timers) <= TICKS_PER_SECOND / 10 + 2
    for timer in waiting:
        timer.cancel()
    assert len(timers) == 0


@pytest.mark.parametrize("seconds", [1e12, 1e300, 1e308, sys.float_info.max, float("inf")])
async def test_a_deadline_may_be_as_far_away_as_one_likes(seconds: float) -> None:
    deadline = Deadline.after(asyncio.get_running_loop().time(), seconds)
    operation = Operation.start(forever, context=CallContext(deadline=deadline))
    waiting = asyncio.ensure_future(operation.status(seconds))
    await turn()
    assert not waiting.done()
    operation.cancel()
    assert await waiting == WbemStatus.CALL_CANCELLED


@pytest.mark.parametrize("keep", [False, True])
async def test_one_may_ask_for_more_objects_than_there_can_be(keep: bool) -> None:
    batch = await counting(10, keep=keep).next(10**30)
    assert (list(batch), batch.status) == (list(range(10)), WbemStatus.FALSE)


# Context.


def test_a_context_takes_the_earlier_deadline_and_keeps_the_rest() -> None:
    context = CallContext("DOM\\me", "ms_409", Deadline(5.0), CallFlags.SEND_STATUS)
    for other, at in ((Deadline(3.0), 3.0), (Deadline(9.0), 5.0), (NEVER, 5.0)):
        changed = context.with_deadline(other)
        assert changed.deadline.at == at
        assert (changed.principal, changed.locale, changed.flags) == ("DOM\\me", "ms_409", CallFlags.SEND_STATUS)
    assert CallContext().with_deadline(Deadline(1.0)).deadline.at == 1.0


async def test_a_call_whose_deadline_has_passed_is_not_begun() -> None:
    begun: list[int] = []

    async def work(results: ResultSet[int]) -> None:
        begun.append(1)

    operation = Operation.start(work, "put", single=True, context=CallContext(deadline=Deadline(0.0)))
    with pytest.raises(TimeoutError):
        await operation.started()
    await turn()
    assert begun == []


async def test_a_time_out_names_whom_the_call_waited_for() -> None:
    async def work(results: ResultSet[int]) -> None:
        results.begin()
        results.waits_for = "the provider of Win32_Thing"
        await asyncio.Event().wait()

    operation = Operation.start(work, context=CallContext(deadline=Deadline(1.0)))
    with pytest.raises(WbemError, match="waiting for the provider of Win32_Thing"):
        await operation


# How a set ends.


async def test_putting_after_the_end_is_a_mistake_of_the_producer() -> None:
    results: KeptResults[int] = KeptResults("a call")
    results.finish()
    with pytest.raises(LocalProtocolError, match="cannot put"):
        await results.put([1])


async def test_a_stop_that_fails_hurts_neither_the_canceller_nor_other_deadlines(
    caplog: pytest.LogCaptureFixture,
) -> None:
    loop = asyncio.get_running_loop()
    context = CallContext(deadline=Deadline.after(loop.time(), 1))
    sets: list[KeptResults[int]] = [KeptResults(context=context) for _ in range(3)]
    for results in sets:
        results.on_stop(lambda: 1 // 0)
    await asyncio.sleep(2)
    assert [results.status for results in sets] == [WbemStatus.TIMED_OUT] * 3
    assert caplog.text.count("ZeroDivisionError") == 3


async def test_what_is_told_to_stop_after_the_end_stops_at_once() -> None:
    results: KeptResults[int] = KeptResults()
    results.cancel()
    stopped: list[int] = []
    results.on_stop(lambda: stopped.append(1))
    assert stopped == [1]


async def test_a_cancel_that_was_asked_for_is_no_unseen_failure(caplog: pytest.LogCaptureFixture) -> None:
    operation = Operation.start(forever, "put", single=True)
    await operation.started()
    operation.cancel()
    operation.close()
    await turn()
    assert caplog.records == []


async def test_who_is_cancelled_as_the_call_fails_needs_no_word_of_that(caplog: pytest.LogCaptureFixture) -> None:
    results: SingleResult[int] = SingleResult("get")

    async def wait(operation: Operation[int]) -> None:
        await operation

    waiting = asyncio.ensure_future(wait(Operation(results)))
    await turn()
    results.fail(WbemError(WbemStatus.NOT_FOUND, "there is none"))
    waiting.cancel()
    del results
    await asyncio.wait([waiting])
    assert waiting.cancelled()
    del waiting
    gc.collect()
    await turn()
    assert caplog.records == []


async def test_a_task_that_is_cancelled_from_outside_ends_its_call_and_says_so(
    caplog: pytest.LogCaptureFixture,
) -> None:
    operation = Operation.start(forever, "put Win32_Thing", single=True)
    await operation.started()
    operation.close()
    for task in asyncio.all_tasks() - {asyncio.current_task()}:
        task.cancel()
    with caplog.at_level(logging.ERROR):
        await turn()
    assert "nobody saw the failure of put: " in caplog.text


async def test_a_finished_call_with_one_result_posts_nothing_when_it_is_collected() -> None:
    loop = asyncio.get_running_loop()
    results: SingleResult[int] = SingleResult()
    operation = Operation(results)
    results.finish(1)
    assert await operation == 1
    posted: list[object] = []
    original = loop.call_soon_threadsafe
    loop.call_soon_threadsafe = lambda *arguments: posted.append(arguments)  # type: ignore[method-assign, assignment] # a spy
    del operation
    loop.call_soon_threadsafe = original  # type: ignore[method-assign] # no spy any more
    assert posted == []


async def test_one_result_ends_its_call_once_and_may_come_too_late() -> None:
    results: SingleResult[int] = SingleResult("get")
    async with Operation(results) as operation:
        results.finish(1)
        with pytest.raises(LocalProtocolError, match="cannot end again"):
            results.finish(2)
        assert await operation == 1
    cancelled: SingleResult[int] = SingleResult("get")
    async with Operation(cancelled) as operation:
        operation.cancel()
        cancelled.finish(1)
        assert await operation.status() == WbemStatus.CALL_CANCELLED
        assert cancelled.total == 0
