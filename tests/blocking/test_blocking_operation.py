"""An operation that was begun: polled, read, waited for, cancelled and let go by threads that know no asyncio."""

from __future__ import annotations

import gc
import inspect
import select
import threading
from collections.abc import Callable
from functools import partial
from typing import Any

import pytest
from tests.blocking.fakes import SECONDS, Produced, begun, counting, in_threads, interrupted_when

from openwmi import Timeout, WbemError, operation
from openwmi.base.fault import LocalProtocolError
from openwmi.base.limits import STREAM_BACKLOG
from openwmi.base.status import WbemStatus
from openwmi.blocking import Cursor, Operation
from openwmi.blocking.runner import Runner
from openwmi.operation import Progress, ResultSet, State

MANY = STREAM_BACKLOG * 3 + 7


def _raises(status: WbemStatus) -> Any:
    return pytest.raises(WbemError, check=lambda error: error.status is status)


def _waited_for(results: ResultSet[Any]) -> bool:
    return bool(results._waiters)


def test_it_has_what_the_async_one_has() -> None:
    """But what belongs to the loop; `next(count, 0)` and `with_sink` do here what those are for."""
    for_the_loop = {"deliver", "drop", "hand_over", "poll", "ready", "results", "start", "take", "taking_over"}
    for ours, theirs in ((Cursor, operation.Cursor), (Operation, operation.Operation)):
        offered = {name for name in dir(theirs) if not name.startswith("_")}
        assert offered - for_the_loop <= set(dir(ours))
        for name in offered & set(dir(ours)) - {"result"}:
            function = getattr(theirs, name)
            if inspect.isfunction(function):
                expected = inspect.signature(function).parameters
                assert list(inspect.signature(getattr(ours, name)).parameters) == list(expected), name


# ----------------------------------------------------------------------------------------------------- to wait, to poll


def test_the_status_is_polled_and_the_result_had_as_often_as_wanted(own: Runner) -> None:
    produced = Produced(own)
    call = begun(own, produced.work, single=True, name="get lamp")
    assert call.status(0) == call.status(0.001) == WbemStatus.TIMEDOUT
    with pytest.raises(Timeout, match="goes on"):
        call.result(0.001)
    with pytest.raises(TimeoutError):
        call.result(0)
    produced.finish("a lamp")
    assert call.result(SECONDS) == call.result() == call.result(0) == "a lamp"
    assert call.status() == call.status(0) == WbemStatus.NO_ERROR
    assert (call.name, call.state, repr(call)) == ("get lamp", State.FINISHED, "<operation get lamp: finished>")


def test_a_failure_is_the_status_and_is_raised_by_the_result(own: Runner) -> None:
    produced = Produced(own)
    call = begun(own, produced.work, single=True, name="get lamp")
    produced.fail(WbemStatus.NOT_FOUND)
    assert call.status() == WbemStatus.NOT_FOUND
    for _ in range(2):
        with pytest.raises(LookupError, match=r"\[get lamp\]"):
            call.result()


def test_it_has_started_or_could_not(own: Runner) -> None:
    produced = Produced(own)
    call = begun(own, produced.work)
    call.started()
    assert produced.running.is_set()
    assert call.state is State.RUNNING
    call.started()

    async def refused(_: ResultSet[int]) -> None:
        raise WbemError(WbemStatus.INVALID_QUERY, "no such word")

    with _raises(WbemStatus.INVALID_QUERY):
        begun(own, refused).started()


def test_progress(own: Runner) -> None:
    produced = Produced(own)
    call = begun(own, produced.work)
    call.started()
    assert call.progress is None
    own.call(produced.results.report, 3, 7, "lamps")
    assert call.progress == Progress(3, 7, "lamps", 0)


# -------------------------------------------------------------------------------------------------------------- to read


@pytest.mark.parametrize("keep", [False, True])
def test_the_next_ones(own: Runner, keep: bool) -> None:
    produced = Produced(own)
    call = begun(own, produced.work, keep=keep)
    batch = call.next(3, timeout=0)
    assert (batch, batch.status) == ([], WbemStatus.TIMEDOUT)
    produced.put(1, 2)
    assert call.next(1, SECONDS) == [1]
    batch = call.next(3, timeout=0.01)
    assert (batch, batch.status, call.position) == ([2], WbemStatus.TIMEDOUT, 2)
    produced.put(3, 4, 5)
    batch = call.next(2)
    assert (batch, batch.status) == ([3, 4], WbemStatus.NO_ERROR)
    produced.finish()
    batch = call.next(2)
    assert (batch, batch.status) == ([5], WbemStatus.FALSE)
    batch = call.next(2)
    assert (batch, batch.status) == ([], WbemStatus.FALSE)


def test_a_timeout_below_zero_is_none_at_all(own: Runner) -> None:
    produced = Produced(own)
    call = begun(own, produced.work)
    for _ in range(2):
        assert call.next(1, -1).status is WbemStatus.TIMEDOUT
        assert call.status(-1) is WbemStatus.TIMEDOUT
        with pytest.raises(Timeout):
            call.result(-1)
    produced.put(1)
    assert call.next(1, float("inf")) == [1]
    produced.finish()
    assert call.status(float("inf")) == WbemStatus.NO_ERROR


@pytest.mark.parametrize("count", [0, -1, True, 1.5, "2", None])
def test_a_count_is_checked_even_where_objects_are_at_hand(own: Runner, count: Any) -> None:
    call = begun(own, counting(10))
    assert next(call) == 0
    with _raises(WbemStatus.INVALID_PARAMETER):
        call.next(count)


def test_objects_come_before_the_failure(own: Runner) -> None:
    produced = Produced(own)
    call = begun(own, produced.work)
    produced.put(*range(10))
    produced.fail(WbemStatus.PROVIDER_FAILURE)
    assert next(call) == 0
    batch = call.next(20)
    assert (batch, batch.status) == ([*range(1, 10)], WbemStatus.TIMEDOUT)
    with _raises(WbemStatus.PROVIDER_FAILURE):
        call.next()
    with _raises(WbemStatus.PROVIDER_FAILURE):
        next(call)


@pytest.mark.parametrize("keep", [False, True])
def test_iterating_gives_each_in_order_and_then_ends(own: Runner, keep: bool) -> None:
    call = begun(own, counting(MANY), keep=keep)
    assert list(call) == list(range(MANY))
    assert list(call) == []
    assert call.status() == WbemStatus.NO_ERROR


def test_an_object_is_given_as_soon_as_it_is_there(own: Runner) -> None:
    produced = Produced(own)
    call = begun(own, produced.work)
    for number in range(5):
        produced.put(number)
        assert next(call) == number
    produced.finish()
    assert next(call, None) is None


def test_a_slow_reader_makes_the_producer_wait(own: Runner) -> None:
    put = 0

    async def endless(results: ResultSet[int]) -> None:
        nonlocal put
        while True:
            await results.put([put])
            put += 1

    with begun(own, endless) as call:
        assert next(call) == 0
        own.call(int)
        assert put <= 2 * STREAM_BACKLOG + 1
    assert own.call(lambda: put) <= 2 * STREAM_BACKLOG + 1


def test_all_ways_of_reading_share_one_place(own: Runner) -> None:
    call = begun(own, counting(MANY))
    assert next(call) == 0
    assert call.next(2) == [1, 2]
    assert call.skip(2) == WbemStatus.NO_ERROR
    assert next(call) == 5
    assert call.position == 6
    assert call.next(MANY) == list(range(6, MANY))
    assert call.skip(1) == WbemStatus.FALSE


def test_kept_objects_are_read_again_and_by_clones(own: Runner) -> None:
    call = begun(own, counting(MANY), keep=True)
    assert next(call) == 0
    clone = call.clone()
    assert type(clone) is Cursor
    assert (clone.position, clone.next(2), call.next(1)) == (1, [1, 2], [1])
    call.reset()
    assert (call.position, next(call), call.result()) == (0, 0, list(range(MANY)))
    call.close()
    assert list(clone) == list(range(3, MANY))
    clone.close()
    with _raises(WbemStatus.INVALID_OPERATION):
        clone.next()


def test_forward_only_ones_are_not(own: Runner) -> None:
    call = begun(own, counting(3))
    for attempt in (call.reset, call.clone):
        with _raises(WbemStatus.INVALID_OPERATION):
            attempt()
    assert call.next(3) == [0, 1, 2]


# --------------------------------------------------------------------------------------------- the list of all of them


@pytest.mark.parametrize("keep", [False, True])
def test_the_result_of_many_is_the_list_of_all(own: Runner, keep: bool) -> None:
    call = begun(own, counting(MANY), keep=keep)
    assert call.result() == call.result() == list(range(MANY))
    assert call.next(2) == [0, 1], "they are not lost for those who read on"


def test_what_was_gathered_when_the_time_was_over_is_not_lost(own: Runner) -> None:
    produced = Produced(own)
    call = begun(own, produced.work)
    produced.put(1, 2)
    with pytest.raises(Timeout):
        call.result(0.01)
    produced.put(3)
    with pytest.raises(Timeout):
        call.result(0.01)
    produced.put(*range(4, 1_000))
    produced.finish()
    assert call.result(SECONDS) == list(range(1, 1_000))


def test_a_forward_only_call_that_was_read_from_has_no_list_of_all(own: Runner) -> None:
    call = begun(own, counting(10))
    assert next(call) == 0
    with _raises(WbemStatus.INVALID_OPERATION):
        call.result()
    kept = begun(own, counting(3), keep=True)
    assert (next(kept), kept.result()) == (0, [0, 1, 2])


def test_the_calls_own_deadline_is_no_timeout_of_the_waiting(own: Runner) -> None:
    produced = Produced(own)
    call = begun(own, produced.work)
    call.started()
    own.call(produced.results.expire)
    with pytest.raises(Timeout, match="deadline"):
        call.result(SECONDS)


# ------------------------------------------------------------------------------------------------------------ to cancel


@pytest.mark.parametrize("single", [False, True])
def test_cancel_ends_it_at_once_and_may_be_repeated(own: Runner, single: bool) -> None:
    produced = Produced(own)
    call = begun(own, produced.work, single=single)
    call.cancel()
    call.cancel()
    assert call.status(0) == WbemStatus.CALL_CANCELLED
    for attempt in (call.result, call.next, lambda: next(call)):
        with _raises(WbemStatus.CALL_CANCELLED):
            attempt()


def test_cancel_wakes_whoever_waits(own: Runner) -> None:
    calls = [begun(own, Produced(own).work, single=number == 0) for number in range(4)]

    def wait(number: int) -> None:
        if number == 4:
            for call in calls:
                call.cancel()
            return
        with _raises(WbemStatus.CALL_CANCELLED):
            (calls[0].result, calls[1].result, calls[2].next, lambda: next(calls[3]))[number]()

    in_threads(5, wait)


def test_nothing_comes_after_cancel_although_it_was_read_ahead(own: Runner) -> None:
    produced = Produced(own)
    call = begun(own, produced.work)
    produced.put(*range(100))
    assert next(call) == 0
    call.cancel()
    with _raises(WbemStatus.CALL_CANCELLED):
        next(call)
    with _raises(WbemStatus.CALL_CANCELLED):
        call.result()


def test_cancelling_what_has_ended_loses_nothing(own: Runner) -> None:
    call = begun(own, counting(100))
    assert call.status() == WbemStatus.NO_ERROR
    assert next(call) == 0
    call.cancel()
    assert list(call) == list(range(1, 100))


def test_an_interrupt_cancels_what_is_iterated_or_waited_for(own: Runner) -> None:
    attempts: tuple[Callable[[Operation[Any]], Any], ...] = (next, Operation.result)
    for attempt in attempts:
        produced = Produced(own)
        call = begun(own, produced.work)
        call.started()
        with interrupted_when(partial(_waited_for, produced.results)), pytest.raises(KeyboardInterrupt):
            attempt(call)
        assert call.status(SECONDS) == WbemStatus.CALL_CANCELLED


def test_an_interrupt_of_next_or_status_loses_nothing(own: Runner) -> None:
    produced = Produced(own)
    call = begun(own, produced.work)
    call.started()
    produced.put(1)
    with interrupted_when(partial(_waited_for, produced.results)), pytest.raises(KeyboardInterrupt):
        call.next(2)
    with interrupted_when(lambda: bool(produced.results._callbacks)), pytest.raises(KeyboardInterrupt):
        call.status()
    produced.put(2)
    assert call.next(2, SECONDS) == [1, 2]


# ------------------------------------------------------------------------------------------------------------ callbacks


def test_a_callback_at_the_end_reads_the_result_and_must_not_wait(
    own: Runner, caplog: pytest.LogCaptureFixture
) -> None:
    heard: list[Any] = []
    called = threading.Event()
    produced, other = Produced(own), begun(own, Produced(own).work)

    def ended(call: Operation[Any]) -> None:
        heard.extend((own.on_its_thread, call.status(), call.result(), call.next(2), other.next(1, 0)))
        for attempt in (other.result, other.next, other.status, lambda: next(other)):
            with pytest.raises(LocalProtocolError):
                attempt()
        called.set()

    call = begun(own, produced.work)
    call.add_done_callback(ended)
    call.add_done_callback(lambda _: 1 / 0)
    produced.put(1, 2, 3)
    produced.finish()
    assert called.wait(SECONDS)
    assert heard == [True, WbemStatus.NO_ERROR, [1, 2, 3], [1, 2], []]
    again: list[Operation[Any]] = []
    call.add_done_callback(again.append)
    assert again == [call], "at once, where it has ended"
    assert "ZeroDivisionError" in caplog.text


def test_the_end_sets_a_handle_that_select_can_wait_for(own: Runner) -> None:
    produced = Produced(own)
    call = begun(own, produced.work)
    with call.wait_handle() as handle:
        assert select.select([handle], [], [], 0) == ([], [], [])
        produced.finish()
        assert select.select([handle], [], [], SECONDS) == ([handle], [], [])


def test_the_loop_does_not_wait_for_a_thread_that_reads(own: Runner) -> None:
    call = begun(own, Produced(own).work)
    with call._reading, pytest.raises(LocalProtocolError, match="another thread reads"):
        own.call(lambda: call.next(1, 0))


# ----------------------------------------------------------------------------------------------------------- let it go


def test_leaving_with_cancels_a_query_and_lets_a_put_go_on(own: Runner) -> None:
    query, put = Produced(own), Produced(own)
    with begun(own, query.work) as call:
        call.started()
    with begun(own, put.work, single=True) as call:
        call.started()
    assert query.ended.wait(SECONDS)
    assert not put.ended.is_set()
    for attempt in (call.status, call.result, call.next, lambda: call.state):
        with _raises(WbemStatus.INVALID_OPERATION):
            attempt()
    call.close()
    call.cancel()
    assert repr(call) == "<operation, closed>"
    put.finish()
    assert put.ended.wait(SECONDS)


def test_forgetting_it_cancels_a_query_and_lets_a_put_go_on(own: Runner) -> None:
    query, put = Produced(own), Produced(own)
    begun(own, query.work).started()
    begun(own, put.work, single=True).started()
    gc.collect()
    assert query.ended.wait(SECONDS)
    assert not put.ended.is_set()
    put.finish()
    assert put.ended.wait(SECONDS)


def test_it_can_be_let_go_when_the_loop_has_ended() -> None:
    own = Runner()
    call = begun(own, Produced(own).work)
    own.close(0)
    call.close()
    with pytest.raises(LocalProtocolError, match="has ended"):
        call.cancel()


# ------------------------------------------------------------------------------------------------------------- threads


def test_threads_that_read_take_turns_and_each_object_goes_to_one(own: Runner) -> None:
    call = begun(own, counting(MANY * 4))
    found: list[int] = []

    def read(number: int) -> None:
        if number % 2:
            found.extend(call)
        else:
            while batch := call.next(7):
                found.extend(batch)

    in_threads(8, read)
    assert sorted(found) == list(range(MANY * 4))


def test_whoever_waits_for_his_turn_is_out_of_time_as_well(own: Runner) -> None:
    produced = Produced(own)
    call = begun(own, produced.work)

    def use(number: int) -> None:
        if number == 0:
            assert call.next(1, SECONDS) == [1]
            return
        assert produced.running.wait(SECONDS)
        while not own.call(_waited_for, produced.results):
            assert call.status(0) == WbemStatus.TIMEDOUT
        assert call.next(1, 0.001).status == call.next(1, 0).status == WbemStatus.TIMEDOUT
        with pytest.raises(Timeout):
            call.result(0.001)
        produced.put(1)

    in_threads(2, use)
