"""Enumerators: one place for several callers, in turn; and objects that sinks ask for ([MS-WMI] 3.1.4.4)."""

from __future__ import annotations

import asyncio
import gc
import weakref
from collections.abc import Sequence
from typing import Any

import pytest
from tests.operation.fakes import Recorder, count_to, counting, counting_endlessly, fail_later, forever, turn

from openwmi.base.clock import Deadline
from openwmi.base.error import WbemError
from openwmi.base.limits import KEPT_IN_MEMORY, NEXT_ASYNC_PENDING, SINK_BATCH, STREAM_BACKLOG
from openwmi.base.status import WbemStatus
from openwmi.operation import CallContext, CallTable, Enumeration, Operation, ResultSet, Workers

OK, FALSE, TIMEDOUT = WbemStatus.NO_ERROR, WbemStatus.FALSE, WbemStatus.TIMEDOUT


def enumeration(end: int, *, keep: bool = True) -> Enumeration[int]:
    return Enumeration(counting(end, keep=keep), rewindable=keep)


class Gate:
    """A producer that gives some numbers whenever it is told to."""

    def __init__(self, *pieces: Sequence[int], keep: bool = True) -> None:
        self.opened = [asyncio.Event() for _ in pieces]
        self._pieces = pieces
        self.enumeration = Enumeration(Operation.start(self._work, "query", keep=keep), rewindable=keep)

    def open(self, piece: int) -> None:
        self.opened[piece].set()

    async def _work(self, results: ResultSet[int]) -> None:
        results.begin()
        for opened, piece in zip(self.opened, self._pieces, strict=True):
            await opened.wait()
            await results.put(piece)


class Thing:
    """An object of which it can be seen that it has gone."""


# Taking, passing over, going back.


async def test_next_gives_what_a_cursor_gives() -> None:
    each = enumeration(5)
    assert ((batch := await each.next(2)), batch.status) == ([0, 1], OK)
    assert ((batch := await each.next(3)), batch.status) == ([2, 3, 4], OK)
    assert ((batch := await each.next(1)), batch.status) == ([], FALSE)


async def test_no_objects_cannot_be_asked_for() -> None:
    each = enumeration(5)
    for count in (0, -1):
        with pytest.raises(WbemError) as caught:
            await each.next(count)
        assert caught.value.status == WbemStatus.INVALID_PARAMETER
    assert await each.next(5) == [0, 1, 2, 3, 4], "and nothing was lost, nor is it still somebody's turn"


async def test_passing_over() -> None:
    each = enumeration(10)
    assert await each.skip(0) == OK
    assert await each.skip(4) == OK
    assert await each.next(1) == [4]
    assert await each.skip(100) == FALSE
    assert ((batch := await each.next(1)), batch.status) == ([], FALSE)
    gate = Gate([1], [2])
    gate.open(0)
    assert await gate.enumeration.skip(5, 1) == TIMEDOUT
    gate.open(1)
    assert await gate.enumeration.next(1) == [2]


@pytest.mark.parametrize("keep", [False, True])
async def test_what_was_forward_only_for_its_caller_stays_so(keep: bool) -> None:
    """Also where the set was gathered for a synchronous call, and could be read again (3.1.4.4.1, 3.1.4.4.4)."""
    each = Enumeration(counting(5, keep=keep), rewindable=False)
    for refused in (each.reset, each.clone):
        with pytest.raises(WbemError) as caught:
            await refused()
        assert caught.value.status == WbemStatus.INVALID_OPERATION
    results = each.results
    assert await each.next(100) == [0, 1, 2, 3, 4]
    assert results.holders == 0, "what was read to the end is let go"
    assert [(await each.next(1)).status, await each.skip(1), each.poll(1)] == [FALSE, FALSE, []]


async def test_clones_share_one_set_and_keep_their_own_places() -> None:
    each = enumeration(4)
    await each.next(1)
    clone = await each.clone()
    assert clone.results is each.results
    assert await each.next(3) == [1, 2, 3]
    assert await clone.next(1) == [1]
    await clone.reset()
    each.close()
    assert await clone.next(4) == [0, 1, 2, 3]
    clone.close()


async def test_a_clone_of_what_has_failed_is_the_failure() -> None:
    """3.1.4.4.4: "If the original semisynchronous operation fails, the server MUST return the error code"."""
    each = Enumeration(Operation.start(fail_later, keep=True), rewindable=True)
    await turn()
    with pytest.raises(WbemError) as caught:
        await each.clone()
    assert caught.value.status == WbemStatus.PROVIDER_FAILURE
    await each.reset()
    assert ((batch := await each.next(5)), batch.status) == ([1, 2], TIMEDOUT)


async def test_another_principal_may_not() -> None:
    """3.1.4.4: the security principal has to be that of ClientSecurityContext."""
    each = Enumeration(Operation.start(forever, keep=True, context=CallContext(r"DOM\me")), rewindable=True)
    each.allow(r"dom\ME")
    for other in (r"DOM\you", "", "me"):
        with pytest.raises(WbemError) as caught:
            each.allow(other)
        assert caught.value.status == WbemStatus.ACCESS_DENIED
    each.close()


async def test_poll_never_waits() -> None:
    gate = Gate([1, 2], [3])
    await turn()
    assert gate.enumeration.poll(1) is None
    gate.open(0)
    await turn()
    assert gate.enumeration.poll(3) is None
    assert ((batch := gate.enumeration.poll(1)), batch and batch.status) == ([1], OK)
    gate.open(1)
    await turn()
    assert ((batch := gate.enumeration.poll(3)), batch and batch.status) == ([2, 3], FALSE)
    with pytest.raises(WbemError):
        gate.enumeration.poll(0)


@pytest.mark.parametrize("keep", [False, True])
async def test_glance_takes_what_a_call_that_has_ended_brought_on_any_thread(keep: bool) -> None:
    each = enumeration(4, keep=keep)
    assert each.glance(1) is None, "it has not ended"
    await turn()
    threads = Workers("glancing", 3)
    taken = await asyncio.gather(*(threads.run(each.glance, 1) for _ in range(3)))
    threads.close()
    assert sorted(batch[0] for batch in taken if batch) == [0, 1, 2]
    assert ((batch := each.glance(2)), batch and batch.status) == ([3], FALSE)
    assert await each.next(1) == []
    assert ((batch := each.glance(1)), batch is not None and batch.status) == ([], FALSE)


async def test_what_glance_read_to_the_end_is_let_go() -> None:
    things: list[Any] = [Thing(), Thing()]
    gate = Gate(things)  # gathered for who asked for a forward-only enumerator
    gate.enumeration.rewindable = False
    freed = weakref.ref(things[0])
    gate.open(0)
    await turn()
    assert gate.enumeration.glance(2) == things
    assert ((batch := gate.enumeration.glance(1)), batch is not None and batch.status) == ([], FALSE)
    del things
    gate._pieces = ()
    await turn()
    gc.collect()
    assert freed() is None
    assert ((batch := gate.enumeration.glance(1)), batch is not None and batch.status) == ([], FALSE)
    assert ((batch := gate.enumeration.poll(1)), batch is not None and batch.status) == ([], FALSE)
    assert ((batch := await gate.enumeration.next(1)), batch.status) == ([], FALSE)
    assert gate.enumeration.drop()


async def test_glance_goes_before_nobody() -> None:
    each = enumeration(4)
    await turn()
    sink = Recorder()
    each.next_async(2, sink)
    assert each.glance(1) is None
    await turn()
    assert each.glance(1) == [2]
    failed = Enumeration(Operation.start(fail_later, keep=True), rewindable=True)
    await turn()
    assert ((batch := failed.glance(5)), batch and batch.status) == ([1, 2], TIMEDOUT)
    with pytest.raises(WbemError):
        failed.glance(1)
    each.close()
    with pytest.raises(WbemError):
        each.glance(1)


async def test_drop_lets_go_on_any_thread_what_has_ended_well() -> None:
    things: list[Any] = [Thing(), Thing(), Thing()]
    gate, threads = Gate(things), Workers("drop", 1)
    each = gate.enumeration
    freed = weakref.ref(things[0])
    assert not each.drop(), "it has not ended: `close` has to end it"
    gate.open(0)
    await turn()
    clone = await each.clone()
    assert await threads.run(each.drop)
    assert each.drop(), "repeated, it is harmless"
    with pytest.raises(WbemError, match="was closed"):
        await each.next()
    assert await clone.next(2) == things[:2], "a clone keeps the objects"
    assert clone.next_async(1, Recorder()) == OK
    assert not clone.drop(), "and what waits for its turn goes first"
    await turn()
    assert clone.drop()
    threads.close()
    gate._pieces = ()
    del things
    await turn()
    gc.collect()
    assert freed() is None


async def test_drop_leaves_a_failure_to_close() -> None:
    failed = Enumeration(Operation.start(fail_later, keep=True), rewindable=True)
    await turn()
    assert not failed.drop(), "whether it was seen is for the log"
    failed.close()
    assert failed.drop()


async def test_glance_leaves_what_is_on_disk_to_the_loop() -> None:
    each = enumeration(KEPT_IN_MEMORY + 1)
    await each.skip(KEPT_IN_MEMORY)
    assert each.glance(1) is None
    assert await each.next(1) == [KEPT_IN_MEMORY]


# One after the other.


async def test_callers_wait_for_their_turn_in_order() -> None:
    """3.1.4.4.3: Next, NextAsync, Reset and Clone are serialized."""
    gate = Gate([1, 2], [3, 4], [5])
    each = gate.enumeration
    calls = [asyncio.create_task(each.next(count)) for count in (2, 1)]
    await turn()
    clone = asyncio.create_task(each.clone())
    reset = asyncio.create_task(each.reset())
    last = asyncio.create_task(each.next(1))
    gate.open(0)
    await turn()
    assert [call.done() for call in (*calls, clone, reset, last)] == [True, False, False, False, False]
    assert each.poll(1) is None, "it would go before those who wait"
    gate.open(1)
    assert [await call for call in calls] == [[1, 2], [3]]
    assert await last == [1]
    assert await (await clone).next(1) == [4]


async def test_waiting_for_ones_turn_takes_ones_time() -> None:
    gate = Gate([1])
    waiting = asyncio.create_task(gate.enumeration.next(1))
    await turn()
    loop = asyncio.get_running_loop()
    before = loop.time()
    assert ((batch := await gate.enumeration.next(1, 3)), batch.status) == ([], TIMEDOUT)
    assert ((batch := await gate.enumeration.next(1, 0)), batch.status) == ([], TIMEDOUT)
    assert loop.time() - before == pytest.approx(3)
    gate.open(0)
    assert await waiting == [1]


async def test_a_turn_that_comes_is_not_lost_with_the_caller_who_gave_up() -> None:
    gate = Gate([1, 2])
    first = asyncio.create_task(gate.enumeration.next(1))
    second = asyncio.create_task(gate.enumeration.next(1))
    await turn()
    second.cancel()
    gate.open(0)
    assert await first == [1]
    assert await gate.enumeration.next(1) == [2]


# Sinks that ask for so many.


async def test_next_async_delivers_so_many_and_says_how_it_ended() -> None:
    """3.1.4.4.3: NO_ERROR with as many as asked for, FALSE with fewer, and no Indicate without objects."""
    each = enumeration(5)
    sinks = [Recorder() for _ in range(4)]
    assert [each.next_async(count, sink) for count, sink in zip((2, 2, 2, 2), sinks, strict=True)] == [OK] * 4
    await turn(100)
    assert [sink.objects for sink in sinks] == [[0, 1], [2, 3], [4], []]
    assert [sink.statuses for sink in sinks] == [[OK], [OK], [FALSE], [FALSE]]
    assert sinks[3].heard == ["status"]


async def test_next_async_of_nothing_leaves_the_sink_alone() -> None:
    each, sink = enumeration(5), Recorder()
    assert each.next_async(0, sink) == FALSE
    with pytest.raises(WbemError) as caught:
        each.next_async(1, None)
    assert caught.value.status == WbemStatus.INVALID_PARAMETER
    await turn()
    assert sink.heard == []


async def test_next_async_is_in_turn_with_next() -> None:
    gate = Gate([1, 2, 3, 4])
    each, sink = gate.enumeration, Recorder()
    first = asyncio.create_task(each.next(1))
    await turn()
    each.next_async(2, sink)
    assert each.poll(1) is None
    last = asyncio.create_task(each.next(1))
    gate.open(0)
    assert [await first, await last] == [[1], [4]]
    await turn(100)
    assert sink.objects == [2, 3]


async def test_a_slow_sink_holds_up_later_deliveries_and_nobody_else() -> None:
    """The SDK's page: "logically queued and the order of calls and object delivery is preserved"."""
    each = enumeration(10)
    slow, quick = Recorder(seconds=5), Recorder()
    each.next_async(2, slow)
    each.next_async(2, quick)
    await slow.entered.wait()
    assert await each.next(1) == [4]
    await turn()
    assert quick.heard == []
    await asyncio.sleep(11)
    assert [slow.objects, quick.objects] == [[0, 1], [2, 3]]


async def test_a_callback_may_use_its_own_enumerator() -> None:
    found: list[list[int]] = []

    class Nosy(Recorder):
        async def indicate(self, objects: Sequence[int]) -> None:
            await super().indicate(objects)
            found.append(list(await each.next(1)))
            await each.reset()
            found.append(list(await (await each.clone()).next(1)))

    each, sink, other = enumeration(10), Nosy(), Recorder()
    each.next_async(2, sink)
    each.next_async(2, other)
    await turn(100)
    assert [sink.objects, other.objects, found] == [[0, 1], [2, 3], [[4], [0]]]
    assert sink.statuses == [OK]


async def test_a_failure_comes_after_the_objects_before_it() -> None:
    each = Enumeration(Operation.start(fail_later, keep=True), rewindable=True)
    first, second = Recorder(), Recorder()
    each.next_async(5, first)
    each.next_async(5, second)
    await turn(100)
    assert [first.objects, first.statuses] == [[1, 2], [WbemStatus.PROVIDER_FAILURE]]
    assert [second.heard, second.statuses] == [["status"], [WbemStatus.PROVIDER_FAILURE]]


async def test_more_than_one_indicate_takes() -> None:
    each, sink = enumeration(3 * STREAM_BACKLOG, keep=False), Recorder()
    each.next_async(3 * STREAM_BACKLOG, sink)
    await turn(2000)
    assert sink.objects == list(range(3 * STREAM_BACKLOG))
    assert sink.heard.count("indicate") >= 3 * STREAM_BACKLOG // SINK_BATCH


async def test_a_sink_is_cancelled_alone() -> None:
    """CancelAsyncCall ends what goes to this sink, wherever it stands; the enumeration goes on."""
    gate, table = Gate([1, 2, 3]), CallTable()
    waiting, queued, other = Recorder(), Recorder(), Recorder()
    for sink in (waiting, queued, other):
        gate.enumeration.next_async(1, sink, table)
    await turn()
    table.cancel(waiting)
    table.cancel(queued)
    await turn()
    assert [waiting.statuses, queued.statuses] == [[WbemStatus.CALL_CANCELLED]] * 2
    gate.open(0)
    await turn(100)
    assert other.objects == [1], "nothing was taken for the others"
    assert len(table) == 0


async def test_a_sink_that_fails_ends_its_own_delivery() -> None:
    class Broken(Recorder):
        async def indicate(self, objects: Sequence[int]) -> None:
            raise RuntimeError("no")

    each, broken, sound = enumeration(3 * SINK_BATCH), Broken(), Recorder()
    each.next_async(2 * SINK_BATCH, broken)
    each.next_async(1, sound)
    await turn(100)
    assert broken.statuses == [WbemStatus.CALL_CANCELLED]
    assert sound.objects == [2 * SINK_BATCH]


async def test_closing_ends_what_waits() -> None:
    """The SDK: "Calling Release results in WMI canceling the delivery of all objects that remain"."""
    gate, sink = Gate([1]), Recorder()
    gate.enumeration.next_async(1, sink)
    waiting = asyncio.create_task(gate.enumeration.next(1))
    await turn()
    gate.enumeration.close()
    gate.enumeration.close()
    await turn()
    assert sink.statuses == [WbemStatus.CALL_CANCELLED]
    with pytest.raises(WbemError):
        await waiting
    for refused in (lambda: gate.enumeration.next_async(1, sink), lambda: gate.enumeration.poll(1)):
        with pytest.raises(WbemError) as caught:
            refused()
        assert caught.value.status == WbemStatus.INVALID_OPERATION


async def test_a_stream_that_was_read_to_the_end_says_so_to_sinks() -> None:
    each, sink = enumeration(3, keep=False), Recorder()
    await each.next(10)
    assert each.next_async(1, sink) == OK
    await turn()
    assert [sink.heard, sink.statuses] == [["status"], [FALSE]]


async def test_too_many_that_wait() -> None:
    each = Enumeration(Operation.start(forever, keep=True), rewindable=True)
    for _ in range(NEXT_ASYNC_PENDING):
        each.next_async(1, Recorder())
    with pytest.raises(WbemError) as caught:
        each.next_async(1, Recorder())
    assert caught.value.status == WbemStatus.QUOTA_VIOLATION
    each.close()
    await turn()


async def test_an_endless_stream_stays_small() -> None:
    each = Enumeration(Operation.start(counting_endlessly), rewindable=False)
    for _ in range(3):
        sink = Recorder()
        each.next_async(1000, sink)
        await turn(3000)
        assert len(sink.objects) == 1000
    assert each.results.total <= 3000 + STREAM_BACKLOG
    each.close()


async def test_the_deadline_of_the_call_is_not_that_of_its_readers() -> None:
    loop = asyncio.get_running_loop()
    context = CallContext(deadline=Deadline.after(loop.time(), 5))
    operation: Operation[int] = Operation.start(lambda results: count_to(results, 3), keep=True, context=context)
    await operation.status()
    await asyncio.sleep(10)
    each, sink = Enumeration(operation, rewindable=True), Recorder()
    each.next_async(3, sink)
    await turn()
    assert [sink.objects, sink.statuses] == [[0, 1, 2], [OK]]
