"""The rules of the Operation as it pushes: sinks, the table by which they are cancelled, and their threads."""

from __future__ import annotations

import asyncio
import gc
import threading
from collections.abc import Sequence
from typing import Any
from weakref import ref

import pytest
from tests.operation.fakes import Recorder, counting, counting_endlessly, fail_later, forever, refuse, turn

from openwmi.base.clock import Deadline
from openwmi.base.error import WbemError
from openwmi.base.limits import SINK_BATCH
from openwmi.base.status import HResult, WbemStatus
from openwmi.operation import (
    Batch,
    CallContext,
    CallFlags,
    CallTable,
    Cursor,
    Group,
    Operation,
    ResultSet,
    Sink,
    State,
    tasks,
)

# Objects, progress, one final status.


async def test_a_call_that_could_not_start_never_touches_its_sink() -> None:
    sink, table = Recorder(), CallTable()
    operation = Operation.start(refuse)
    await operation.deliver(sink, table)
    assert sink.heard == []
    assert len(table) == 0
    assert await operation.status() == WbemStatus.INVALID_QUERY


async def test_a_sink_gets_objects_in_order_then_one_final_status() -> None:
    sink = Recorder(seconds=0.1)
    await counting(1000).deliver(sink)
    assert sink.objects == list(range(1000))
    assert sink.statuses == [WbemStatus.NO_ERROR]
    assert sink.heard[-1] == "status"
    assert set(sink.heard[:-1]) == {"indicate"}


async def test_indicate_only_with_objects() -> None:
    sink = Recorder()
    await counting(0).deliver(sink)
    assert sink.heard == ["status"]


async def test_the_objects_before_a_failure_are_delivered() -> None:
    sink = Recorder()
    await Operation.start(fail_later).deliver(sink)
    assert sink.objects == [1, 2]
    assert sink.statuses == [WbemStatus.PROVIDER_FAILURE]


async def test_no_callback_after_cancel_but_the_final_status_which_follows_a_running_one() -> None:
    sink = Recorder(seconds=5)
    operation = counting(1000)
    delivery = operation.deliver(sink)
    await sink.entered.wait()
    began = asyncio.get_running_loop().time()
    operation.cancel()
    assert asyncio.get_running_loop().time() == began, "nobody waits for a client"
    assert await operation.status(0) == WbemStatus.CALL_CANCELLED
    await turn()
    assert delivery.callback_in_progress
    assert not delivery.final_status_sent
    await delivery
    assert sink.heard == ["indicate", "status"]
    assert sink.statuses == [WbemStatus.CALL_CANCELLED]


@pytest.mark.parametrize("keep", [False, True])
@pytest.mark.parametrize("how", ["operation", "delivery", "table"])
async def test_cancel_when_the_producer_has_finished_and_the_sink_has_not(keep: bool, how: str) -> None:
    sink, table = Recorder(seconds=5), CallTable()
    operation = counting(SINK_BATCH + 10, keep=keep)
    assert await operation.status() == WbemStatus.NO_ERROR
    delivery = operation.deliver(sink, table)
    await sink.entered.wait()
    if how == "table":
        table.cancel(sink)
    else:
        (operation if how == "operation" else delivery).cancel()
    await delivery
    assert sink.heard == ["indicate", "status"]
    assert sink.statuses == [WbemStatus.CALL_CANCELLED]
    assert await operation.status() == WbemStatus.NO_ERROR, "a call ends once"


async def test_no_progress_after_cancel() -> None:
    async def work(results: ResultSet[int]) -> None:
        await results.put([1])
        results.report(1, 2)
        await asyncio.Event().wait()

    sink = Recorder(seconds=5)
    operation = Operation.start(work, context=CallContext(flags=CallFlags.SEND_STATUS))
    delivery = operation.deliver(sink)
    await sink.entered.wait()
    operation.cancel()
    await delivery
    assert sink.heard == ["indicate", "status"]


async def test_a_sink_that_raises_at_last_hears_of_no_success() -> None:
    class Broken(Recorder):
        async def indicate(self, objects: Sequence[int]) -> None:
            await super().indicate(objects)
            raise RuntimeError("no")

    operation = counting(2 * SINK_BATCH, keep=True)
    await operation.status()
    await operation.deliver(sink := Broken())
    assert sink.heard == ["indicate", "status"]
    assert sink.statuses == [WbemStatus.CALL_CANCELLED]


async def test_a_sink_is_let_go_though_its_operation_is_held() -> None:
    sink = Recorder()
    known = ref(sink)
    operation = counting(10)
    await operation.deliver(sink)
    del sink
    await turn()
    gc.collect()
    assert known() is None
    operation.cancel()


async def test_a_callback_that_lasts_30_seconds_cancels_its_call() -> None:
    sink = Recorder(seconds=1000)
    operation = counting(10)
    began = asyncio.get_running_loop().time()
    await operation.deliver(sink)
    assert await operation.status() == WbemStatus.NO_ERROR, "its producer had finished long before"
    assert sink.statuses == [WbemStatus.CALL_CANCELLED], "its sink had not"
    assert 60 <= asyncio.get_running_loop().time() - began < 61, "30 s for Indicate and 30 s for SetStatus"
    await Operation.start(counting_endlessly).deliver(slow := Recorder(seconds=1000))
    assert slow.statuses == [WbemStatus.CALL_CANCELLED]


async def test_a_sink_that_raises_cancels_its_call(caplog: pytest.LogCaptureFixture) -> None:
    class Broken(Recorder):
        async def indicate(self, objects: Sequence[int]) -> None:
            raise RuntimeError("no")

    sink = Broken()
    operation = Operation.start(counting_endlessly, "query SELECT")
    await operation.deliver(sink)
    assert sink.statuses == [WbemStatus.CALL_CANCELLED]
    assert "a sink of query failed" in caplog.text


async def test_the_sink_is_let_go_after_the_final_status() -> None:
    class Watched(Recorder):
        pass

    sinks: list[Watched] = [Watched()]
    table = CallTable()
    operation = counting(3)
    await operation.deliver(sinks[0], table)
    assert len(table) == 0
    assert [type(holder) for holder in gc.get_referrers(sinks[0]) if holder is not sinks] == []


async def test_progress_comes_in_between_and_only_if_it_was_asked_for() -> None:
    async def work(results: ResultSet[int]) -> None:
        await results.put([1])
        results.report(1, 2)
        await results.put([2])
        await asyncio.sleep(1)
        results.report(2, 2)

    for flags, heard in (
        (CallFlags.SEND_STATUS, ["indicate", "progress 1/2", "indicate", "progress 2/2", "status"]),
        (CallFlags.NONE, ["indicate", "status"]),
    ):
        sink = Recorder()
        await Operation.start(work, context=CallContext(flags=flags)).deliver(sink)
        assert sink.heard == heard


async def test_a_delivered_stream_cannot_be_read_beside_its_sink() -> None:
    sink = Recorder()
    operation = counting(5)
    delivery = operation.deliver(sink)
    for read in (operation.next(1), operation._gather(), anext(operation)):
        with pytest.raises(WbemError) as caught:
            await read
        assert caught.value.status == WbemStatus.INVALID_OPERATION
    await delivery
    assert sink.objects == [0, 1, 2, 3, 4]


async def test_cancel_during_a_callback_that_hangs_gives_the_final_status_after_its_30_seconds() -> None:
    sink = Recorder(seconds=1000)
    operation = counting(1000)
    delivery = operation.deliver(sink)
    await sink.entered.wait()
    await asyncio.sleep(10)
    operation.cancel()
    await asyncio.sleep(19)
    assert sink.heard == ["indicate"]
    await asyncio.sleep(2)
    assert sink.heard == ["indicate", "status"]
    await delivery


@pytest.mark.parametrize("error", [TimeoutError("the sink's own"), asyncio.CancelledError(), WbemError()])
async def test_whatever_a_sink_raises_there_is_one_final_status(
    error: BaseException, caplog: pytest.LogCaptureFixture
) -> None:
    class Broken(Recorder):
        async def indicate(self, objects: Sequence[int]) -> None:
            raise error

    sink, table = Broken(), CallTable()
    await Operation.start(counting_endlessly, "query SELECT").deliver(sink, table)
    assert sink.statuses == [WbemStatus.CALL_CANCELLED]
    assert len(table) == 0
    assert "a sink of query failed" in caplog.text


async def test_a_stream_has_one_sink_and_kept_results_as_many_as_come() -> None:
    stream = counting(5)
    first = stream.deliver(Recorder())
    with pytest.raises(WbemError, match="go to a sink"):
        stream.deliver(Recorder())
    await first
    kept = counting(5, keep=True)
    await kept.next(2)
    sinks = [Recorder(), Recorder()]
    await asyncio.gather(*(kept.deliver(sink) for sink in sinks))
    assert [sink.objects for sink in sinks] == [[2, 3, 4]] * 2
    assert await kept == [0, 1, 2, 3, 4]


async def test_a_plain_sink_that_exits_ends_its_own_call_only(caplog: pytest.LogCaptureFixture) -> None:
    class Exiting(Sink[int]):
        def indicate(self, objects: Sequence[int]) -> None:
            raise SystemExit(3)

    operation = Operation.start(counting_endlessly, "query SELECT")
    await operation.deliver(Exiting())
    assert await operation.status(0) == WbemStatus.CALL_CANCELLED
    assert "a sink of query failed" in caplog.text


async def test_what_would_end_more_than_its_task_fails_the_call(caplog: pytest.LogCaptureFixture) -> None:
    class Odd(BaseException):
        """Such as a test framework's own."""

    async def odd(_: ResultSet[int]) -> None:
        raise Odd("a secret")

    operation = Operation.start(odd, "query SELECT")
    assert await operation.status(60) == WbemStatus.FAILED
    assert "query failed: Odd" in caplog.text
    assert "a secret" not in caplog.text


async def test_a_deadline_is_the_final_status_of_a_sink() -> None:
    sink = Recorder()
    deadline = Deadline.after(asyncio.get_running_loop().time(), 5)
    await Operation.start(forever, context=CallContext(deadline=deadline)).deliver(sink)
    assert sink.statuses == [WbemStatus.TIMED_OUT]


# The CallTable.


async def test_the_table_cancels_every_call_of_a_sink_and_refuses_an_unknown_one() -> None:
    table, sink, other = CallTable(), Recorder(), Recorder()
    operations = [Operation.start(forever) for _ in range(3)]
    deliveries = [operation.deliver(sink, table) for operation in operations]
    untouched = Operation.start(forever)
    kept = untouched.deliver(other, table)
    await turn()
    assert len(table) == 4
    table.cancel(sink)
    assert {await operation.status(0) for operation in operations} == {WbemStatus.CALL_CANCELLED}
    await asyncio.gather(*deliveries)
    assert sink.statuses == [WbemStatus.CALL_CANCELLED] * 3
    assert untouched.state is State.RUNNING
    with pytest.raises(WbemError, match="no call under way"):
        table.cancel(sink)
    with pytest.raises(WbemError, match="a sink must be given"):
        table.cancel(None)
    table.cancel(other)
    await kept
    assert len(table) == 0


# Threads.


async def test_a_blocking_sink_runs_in_order_on_one_thread_of_its_own() -> None:
    class Blocking(Sink[int]):
        def __init__(self) -> None:
            self.objects: list[int] = []
            self.threads: set[int] = set()

        def indicate(self, objects: Sequence[int]) -> None:
            self.threads.add(threading.get_ident())
            self.objects += objects

        def set_status(self, status: WbemStatus | HResult | int, error: WbemError | None) -> None:
            self.threads.add(threading.get_ident())
            self.objects.append(-1)

    sink = Blocking()
    await counting(500).deliver(sink)
    assert sink.objects == [*range(500), -1]
    assert len(sink.threads) == 1
    assert threading.get_ident() not in sink.threads


async def test_a_hung_sink_delays_only_its_own_call(caplog: pytest.LogCaptureFixture) -> None:
    release = threading.Event()

    class Hung(Sink[int]):
        def indicate(self, objects: Sequence[int]) -> None:
            release.wait()

    try:
        hung = Operation.start(counting_endlessly).deliver(Hung())
        good = Recorder()
        await counting(300).deliver(good)
        assert good.objects == list(range(300))
        await hung
        assert "took more than 30 s" in caplog.text
    finally:
        release.set()


async def test_a_sink_on_its_thread_may_call_back_into_the_loop() -> None:
    loop = asyncio.get_running_loop()

    async def total() -> int:
        return sum(await counting(10))

    class Calling(Sink[int]):
        totals: list[int] = []  # noqa: RUF012 - one sink in one test

        def indicate(self, objects: Sequence[int]) -> None:
            self.totals.append(asyncio.run_coroutine_threadsafe(total(), loop).result(10))

    sink = Calling()
    await counting(3).deliver(sink)
    assert sink.totals == [45]


def test_a_loop_that_ends_cuts_off_what_only_reads_and_says_nothing(caplog: pytest.LogCaptureFixture) -> None:
    async def leave() -> None:
        for _ in range(3):
            operation: Operation[int] = Operation.start(forever, "query")
            operation.deliver(Recorder())
            operation.close()
        await turn()

    asyncio.run(leave())
    assert caplog.messages == []


@pytest.mark.parametrize("single", [False, True], ids=["pushed", "one result"])
async def test_what_goes_on_when_it_is_let_go_is_not_collected(single: bool, caplog: pytest.LogCaptureFixture) -> None:
    sink = Recorder()
    operation = Operation.start(forever, single=single)
    if not single:
        operation.deliver(sink)
    del operation
    await turn()
    gc.collect()
    assert caplog.messages == []


async def test_what_a_cancelled_call_has_still_to_clean_up_is_not_collected(caplog: pytest.LogCaptureFixture) -> None:
    async def cleaning(_: ResultSet[int]) -> None:
        try:
            await asyncio.get_running_loop().create_future()
        finally:
            await asyncio.get_running_loop().create_future()

    operation = Operation.start(cleaning)
    await turn()
    operation.cancel()
    del operation
    await turn()
    gc.collect()
    assert caplog.messages == []


async def test_a_group_is_kept_while_a_call_of_it_is_under_way_and_no_longer() -> None:
    gate: asyncio.Future[None] = asyncio.get_running_loop().create_future()

    async def waiting(_: ResultSet[int]) -> None:
        await gate

    group: Group[ResultSet[Any]] = Group()
    first, second = (Operation.start(waiting, group=group) for _ in range(2))
    assert set(group) == {first.results, second.results}
    first.cancel()
    assert (list(group), group in tasks._groups) == ([second.results], True)
    gate.set_result(None)
    await second.status()
    assert (len(group), group in tasks._groups) == (0, False)


@pytest.mark.parametrize("ended", [False, True])
async def test_a_cancel_from_another_thread_between_reading_objects_and_telling_them(
    ended: bool, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Whoever is first calls the sink: never both at once, nor objects behind the final status."""
    table = CallTable()
    heard: list[object] = []

    class Ordinary(Sink[int]):
        def indicate(self, objects: Sequence[int]) -> None:
            heard.append(list(objects))

        def set_status(self, status: WbemStatus | HResult | int, error: WbemError | None) -> None:
            heard.append(status)

    sink, read = Ordinary(), Cursor.next
    loop = asyncio.get_running_loop()

    async def slow(cursor: Cursor[int], *arguments: int) -> Batch[int]:
        objects = await read(cursor, *arguments)
        other = threading.Thread(target=table.cancel_aside, args=(sink, loop.call_soon_threadsafe))
        other.start()
        other.join()
        return objects

    monkeypatch.setattr(Cursor, "next", slow)
    operation = counting(3) if ended else Operation.start(counting_endlessly)
    await operation.deliver(sink, table)
    assert heard == [WbemStatus.CALL_CANCELLED]
    with pytest.raises(WbemError, match="no call under way"):
        table.cancel_aside(sink, loop.call_soon_threadsafe)


async def test_a_cancel_from_another_thread_of_a_call_that_has_not_started_leaves_the_sink_alone() -> None:
    heard: list[int] = []

    class Plain(Sink[int]):
        def set_status(self, status: WbemStatus | HResult | int, error: WbemError | None) -> None:
            heard.append(int(status))

    async def starting(_: ResultSet[int]) -> None:
        await asyncio.get_running_loop().create_future()

    sink, table, loop = Plain(), CallTable(), asyncio.get_running_loop()
    operation = Operation.start(starting)
    delivery = operation.deliver(sink, table)
    await asyncio.sleep(1)
    other = threading.Thread(target=table.cancel_aside, args=(sink, loop.call_soon_threadsafe))
    other.start()
    other.join()
    await delivery
    assert (heard, await operation.status(0)) == ([], WbemStatus.CALL_CANCELLED)
