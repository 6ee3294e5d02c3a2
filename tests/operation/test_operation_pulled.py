"""The rules of the Operation as its caller pulls: started, read, awaited, polled, cancelled, let go."""

from __future__ import annotations

import asyncio
import gc
import logging
from typing import Any, NoReturn

import pytest
from tests.operation.fakes import counting, fail_later, forever, refuse, turn

from openwmi.base.clock import Deadline
from openwmi.base.error import WbemError
from openwmi.base.fault import LocalProtocolError
from openwmi.base.limits import KEPT_IN_MEMORY, STREAM_BACKLOG
from openwmi.base.status import WbemStatus
from openwmi.operation import (
    CallContext,
    KeptResults,
    Operation,
    ResultSet,
    SingleResult,
    State,
    StreamResults,
)
from openwmi.operation.timers import Timers

# States: starting -> running -> finished(status), each once.


async def test_states_follow_each_other_once() -> None:
    results: KeptResults[int] = KeptResults("a call")
    operation = Operation(results)
    states = [operation.state]
    results.begin()
    states.append(operation.state)
    with pytest.raises(LocalProtocolError, match="running cannot begin"):
        results.begin()
    results.finish()
    states.append(operation.state)
    assert states == [State.STARTING, State.RUNNING, State.FINISHED]
    for again in (results.begin, results.finish, lambda: results.fail(WbemError())):
        with pytest.raises(LocalProtocolError, match="finished cannot"):
            again()


async def test_started_returns_when_it_runs_and_raises_what_refused_it() -> None:
    operation = Operation.start(forever)
    await operation.started()
    assert operation.state is State.RUNNING
    operation.close()
    refused = Operation.start(refuse, "query nonsense")
    with pytest.raises(WbemError) as caught:
        await refused.started()
    assert caught.value.status == WbemStatus.INVALID_QUERY
    assert caught.value.operation == "query nonsense"


async def test_a_failure_after_the_start_is_no_refusal() -> None:
    operation = Operation.start(fail_later)
    await operation.started()
    assert await operation.next(2) == [1, 2]
    with pytest.raises(WbemError, match="broken"):
        await operation.next()


async def test_it_starts_without_being_awaited() -> None:
    operation = counting(3)
    await turn()
    assert operation.state is State.FINISHED


# How results leave: kept.


async def test_kept_results_are_rewindable_and_shared_by_clones() -> None:
    operation = counting(5, keep=True)
    assert await operation.next(2) == [0, 1]
    clone = operation.clone()
    assert await operation.next(9) == [2, 3, 4]
    assert await clone.next(1) == [2]
    clone.reset()
    assert await clone.next(1) == [0]
    assert await operation == [0, 1, 2, 3, 4]


async def test_kept_results_go_to_disk_past_the_limit_and_come_back_in_order() -> None:
    end = KEPT_IN_MEMORY + 2000
    operation = counting(end, keep=True)
    assert await operation == list(range(end))
    middle = operation.clone()
    assert await middle.skip(KEPT_IN_MEMORY - 10) == WbemStatus.NO_ERROR
    assert await middle.next(1500) == list(range(KEPT_IN_MEMORY - 10, KEPT_IN_MEMORY + 1490))


async def test_the_set_is_freed_with_its_last_cursor() -> None:
    operation = Operation.start(forever, keep=True)
    clone = operation.clone()
    results = operation.results
    await turn()
    operation.close()
    await turn()
    assert results.state is State.RUNNING
    clone.close()
    assert results.status == WbemStatus.CALL_CANCELLED


# How results leave: forgotten as read.


async def test_a_stream_s_producer_waits_for_its_reader() -> None:
    operation = counting(10 * STREAM_BACKLOG)
    await turn(30 * STREAM_BACKLOG)
    assert operation.results.total == STREAM_BACKLOG
    await operation.next(10)
    await turn(100)
    assert operation.results.total == STREAM_BACKLOG + 10
    operation.close()


async def test_a_stream_may_be_asked_for_more_than_its_backlog_holds() -> None:
    operation = counting(10 * STREAM_BACKLOG)
    assert len(await operation.next(5 * STREAM_BACKLOG, timeout=1)) == 5 * STREAM_BACKLOG
    operation.close()


async def test_asking_a_stream_for_its_status_does_not_make_its_backlog_grow() -> None:
    async with counting(100_000) as operation:
        assert await operation.status(timeout=5) == WbemStatus.TIMEDOUT
        assert operation.results.total <= STREAM_BACKLOG + 1
        assert [number async for number in operation] == list(range(100_000))
        assert await operation.status() == WbemStatus.NO_ERROR


async def test_a_stream_refuses_reset_and_clone() -> None:
    operation = counting(3)
    for refused in (operation.reset, operation.clone):
        with pytest.raises(WbemError) as caught:
            refused()
        assert caught.value.status == WbemStatus.INVALID_OPERATION


async def test_a_stream_that_was_read_from_cannot_be_gathered_whole() -> None:
    operation = counting(3)
    await operation.next(1)
    with pytest.raises(WbemError, match="read and forgotten"):
        await operation


# Synchronous.


async def test_await_gives_the_list_or_the_one_object() -> None:
    async def one(results: ResultSet[int]) -> int:
        return 7

    async def none(results: ResultSet[int]) -> None:
        return None

    assert await counting(600) == list(range(600))
    assert await counting(600, keep=True) == list(range(600))
    call = Operation.start(one, single=True)
    assert await call == 7
    assert await call == 7
    assert await Operation.start(none, single=True) is None


async def test_await_raises_the_failure() -> None:
    for keep in (False, True):
        with pytest.raises(WbemError, match="broken"):
            await Operation.start(fail_later, keep=keep)


async def test_async_for_gives_objects_one_by_one_and_then_the_failure() -> None:
    assert [number async for number in counting(600)] == list(range(600))
    seen = []
    with pytest.raises(WbemError, match="broken"):
        async for number in Operation.start(fail_later):
            seen.append(number)  # noqa: PERF401 - a comprehension would lose them with the failure
    assert seen == [1, 2]


@pytest.mark.parametrize("keep", [False, True])
async def test_cancelling_the_task_that_awaits_cancels_the_operation(keep: bool) -> None:
    operation = Operation.start(forever, keep=keep)
    with pytest.raises(TimeoutError):
        async with asyncio.timeout(1):
            await operation
    assert await operation.status(0) == WbemStatus.CALL_CANCELLED


async def test_cancelling_the_task_that_iterates_cancels_the_operation() -> None:
    operation = Operation.start(forever)
    with pytest.raises(TimeoutError):
        async with asyncio.timeout(1):
            async for _ in operation:
                pass
    assert await operation.status(0) == WbemStatus.CALL_CANCELLED


async def test_shield_keeps_the_operation() -> None:
    release = asyncio.Event()

    async def work(results: ResultSet[int]) -> int:
        await release.wait()
        return 1

    operation = Operation.start(work, single=True)
    with pytest.raises(TimeoutError):
        async with asyncio.timeout(1):
            await asyncio.shield(operation)
    release.set()
    assert await operation == 1


async def test_awaiting_what_someone_else_cancelled_raises_call_cancelled() -> None:
    operation = Operation.start(forever)
    asyncio.get_running_loop().call_later(1, operation.cancel)
    with pytest.raises(WbemError) as caught:
        await operation
    assert caught.value.status == WbemStatus.CALL_CANCELLED


async def test_async_with_lets_an_unfinished_query_go() -> None:
    async with Operation.start(forever, "a query") as operation:
        results = operation.results
        await operation.started()
    assert results.status == WbemStatus.CALL_CANCELLED
    with pytest.raises(WbemError, match="closed"):
        await operation.next()


# Semisynchronous.


async def test_status_times_out_and_never_raises() -> None:
    loop = asyncio.get_running_loop()

    async def work(results: ResultSet[int]) -> int:
        await asyncio.sleep(10)
        raise WbemError(WbemStatus.NOT_FOUND, "gone")

    operation = Operation.start(work, single=True)
    began = loop.time()
    assert await operation.status(0) == WbemStatus.TIMEDOUT
    assert loop.time() == began
    assert await operation.status(3) == WbemStatus.TIMEDOUT
    assert 3 <= loop.time() - began < 3.1
    assert await operation.status(30) == WbemStatus.NOT_FOUND
    assert 10 <= loop.time() - began < 10.1


async def test_next_returns_what_there_is_and_a_time_out_loses_nothing() -> None:
    async def slowly(results: ResultSet[int]) -> None:
        for number in range(5):
            await asyncio.sleep(1)
            await results.put([number])

    for keep in (False, True):
        operation = Operation.start(slowly, keep=keep)
        first = await operation.next(10, timeout=2.5)
        assert first == [0, 1]
        assert first.status == WbemStatus.TIMEDOUT
        nothing = await operation.next(10, timeout=0)
        assert nothing == []
        assert nothing.status == WbemStatus.TIMEDOUT
        second = await operation.next(2)
        assert second == [2, 3]
        assert second.status == WbemStatus.NO_ERROR
        last = await operation.next(2)
        assert last == [4]
        assert last.status == WbemStatus.FALSE


@pytest.mark.parametrize("keep", [True, False])
async def test_who_asks_in_the_turn_in_which_a_call_ends_does_not_wait(
    keep: bool, caplog: pytest.LogCaptureFixture
) -> None:
    operation = counting(3, keep=keep)
    asking = operation.next(5)

    async def ask() -> None:  # behind the call's own task, in the same turn of the loop
        with pytest.raises(StopIteration) as answer:
            asking.send(None)
        assert (answer.value.value, answer.value.value.status) == ([0, 1, 2], WbemStatus.FALSE)

    await asyncio.create_task(ask())
    await turn()
    assert await operation.status() == WbemStatus.NO_ERROR
    assert not caplog.records  # of a second end


async def test_so_does_who_asks_for_a_status(caplog: pytest.LogCaptureFixture) -> None:
    failing = Operation.start(refuse)

    async def ask() -> None:
        with pytest.raises(StopIteration) as answer:
            failing.status().send(None)
        assert answer.value.value == WbemStatus.INVALID_QUERY

    await asyncio.create_task(ask())
    await turn()
    assert not caplog.records


async def test_who_is_to_be_called_at_the_end_is_not_called_by_whoever_asks() -> None:
    operation = counting(3)
    ended = asyncio.Event()
    operation.add_done_callback(lambda _: ended.set())
    asking = operation.status()

    async def ask() -> None:
        assert asking.send(None) is not None  # it waits
        assert not ended.is_set()
        asking.close()

    await asyncio.create_task(ask())
    assert await operation.status() == WbemStatus.NO_ERROR
    assert ended.is_set()


async def test_cancelling_a_poll_leaves_the_operation_running() -> None:
    operation = Operation.start(forever)
    for poll in (operation.next(1), operation.status()):
        with pytest.raises(TimeoutError):
            async with asyncio.timeout(1):
                await poll
    assert operation.state is State.RUNNING
    operation.close()


# cancel().


async def test_cancel_is_idempotent_and_stops_the_producer() -> None:
    stopped = asyncio.Event()

    async def work(results: ResultSet[int]) -> None:
        results.begin()
        try:
            await asyncio.Event().wait()
        finally:
            stopped.set()

    operation = Operation.start(work)
    await operation.started()
    for _ in range(3):
        operation.cancel()
    assert await operation.status(0) == WbemStatus.CALL_CANCELLED
    async with asyncio.timeout(1):
        await stopped.wait()


async def test_cancel_after_the_end_changes_nothing() -> None:
    operation = counting(3, keep=True)
    await operation.status()
    operation.cancel()
    assert await operation == [0, 1, 2]


# Release.


async def test_a_forgotten_query_is_cancelled_by_the_collector() -> None:
    operation = Operation.start(forever)
    await turn()
    results = operation.results
    del operation
    gc.collect()
    await turn()
    assert results.status == WbemStatus.CALL_CANCELLED


async def test_the_collector_only_posts_to_the_loop() -> None:
    operation = Operation.start(forever)
    await turn()
    results = operation.results
    del operation
    gc.collect()
    assert results.status == WbemStatus.TIMEDOUT
    await turn()
    assert results.status == WbemStatus.CALL_CANCELLED


async def test_an_unfinished_put_goes_on_when_let_go_and_its_unseen_failure_is_logged(
    caplog: pytest.LogCaptureFixture,
) -> None:
    done = []

    async def put(results: ResultSet[str]) -> None:
        results.begin()
        await asyncio.sleep(5)
        done.append("written")
        raise WbemError(WbemStatus.VETO_PUT, "refused")

    async with Operation.start(put, "put Win32_Thing", single=True) as operation:
        await operation.started()
    del operation
    await asyncio.sleep(6)
    assert done == ["written"]
    assert "nobody saw the failure of put: WBEM_E_VETO_PUT" in caplog.text


async def test_a_failure_that_was_seen_is_not_logged(caplog: pytest.LogCaptureFixture) -> None:
    operation = Operation.start(refuse, single=True)
    await operation.status()
    operation.close()
    assert caplog.records == []


# Deadlines and costs.


async def test_a_call_ends_with_timed_out_at_its_deadline() -> None:
    loop = asyncio.get_running_loop()
    context = CallContext(deadline=Deadline.after(loop.time(), 5))
    operation = Operation.start(forever, "a query", context=context)
    with pytest.raises(TimeoutError) as caught:
        await operation
    assert isinstance(caught.value, WbemError)
    assert caught.value.status == WbemStatus.TIMED_OUT
    assert 5 <= loop.time() < 5.1


async def test_an_operation_that_nobody_awaits_has_no_future_and_no_task() -> None:
    results: SingleResult[int] = SingleResult()
    operation = Operation(results)
    assert len(asyncio.all_tasks()) == 1
    assert not [held for held in gc.get_referents(results) if isinstance(held, asyncio.Future)]
    results.finish(1)
    assert await operation == 1


@pytest.mark.parametrize("count", ["1", None, 1.0, True])
async def test_a_count_is_an_int(count: Any) -> None:
    operation = counting(3)
    for ask in (operation.next, operation.skip):
        with pytest.raises(WbemError, match="a count of objects is an int, and this is ") as caught:
            await ask(count)
        assert caught.value.status == WbemStatus.INVALID_PARAMETER
        assert f"{count!r} ({type(count).__name__})" in caught.value.message
    assert await operation == [0, 1, 2], "nothing was lost"


async def test_a_bug_in_a_producer_is_a_failure_and_logged(caplog: pytest.LogCaptureFixture) -> None:
    async def buggy(results: ResultSet[int]) -> None:
        await results.put([1])
        raise KeyError("oops")

    with caplog.at_level(logging.ERROR), pytest.raises(WbemError) as caught:
        await Operation.start(buggy, "query SELECT")
    assert caught.value.status == WbemStatus.FAILED
    assert "oops" in str(caught.value)
    assert "query failed: KeyError\n" in caplog.text
    assert "in buggy" in caplog.text, "it says where"
    assert "oops" not in caplog.text, "whoever called has read it"


async def test_a_producer_without_a_task_learns_that_its_call_was_cancelled() -> None:
    results: StreamResults[int] = StreamResults("events")
    operation = Operation(results)
    stopped: list[bool] = []
    results.on_stop(lambda: stopped.append(True))
    await results.put([1])
    operation.cancel()
    assert stopped == [True]
    with pytest.raises(WbemError, match="cancelled"):
        await results.put([2])
    results.finish()
    assert await operation.status(0) == WbemStatus.CALL_CANCELLED


async def test_done_callbacks_run_at_the_end_and_cannot_hurt(caplog: pytest.LogCaptureFixture) -> None:
    operation = counting(1, keep=True)
    called: list[State] = []
    operation.add_done_callback(lambda op: called.append(op.state))
    operation.add_done_callback(lambda op: called.append(1 / 0))  # type: ignore[arg-type] # it is meant to fail
    operation.add_done_callback(lambda op: called.append(op.state))
    await operation.status()
    assert called == [State.FINISHED, State.FINISHED]
    assert "ZeroDivisionError" in caplog.text
    operation.add_done_callback(lambda op: called.append(op.state))
    assert len(called) == 3


async def test_a_deadline_that_is_not_its_contexts() -> None:
    results: SingleResult[int] = SingleResult("answer", CallContext(deadline=Deadline.after(0.0, 1)))
    results.expire_at(5)
    await asyncio.sleep(4)
    assert not results.finished, "the later word counts"
    await asyncio.sleep(2)
    assert results.status == WbemStatus.TIMED_OUT
    results.expire_at(9)  # too late to matter
    assert len(Timers.of(results.loop)) == 0


async def test_work_that_cannot_even_be_begun_fails_its_call_when_its_caller_has_it() -> None:
    def work(_: ResultSet[int]) -> NoReturn:
        raise WbemError(WbemStatus.NOT_FOUND, "there is none")

    call: Operation[int] = Operation.start(work, "query", keep=True)
    assert call.state is not State.FINISHED
    with pytest.raises(WbemError) as failed:
        await call
    assert failed.value.status == WbemStatus.NOT_FOUND
    cancelled: Operation[int] = Operation.start(work, "query", keep=True)
    cancelled.cancel()
    await asyncio.sleep(0)
    assert await cancelled.status() == WbemStatus.CALL_CANCELLED
