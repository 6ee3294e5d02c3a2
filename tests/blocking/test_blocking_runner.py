"""The loop on a thread of its own: what can be handed to it, how one waits, and what cannot end it."""

from __future__ import annotations

import asyncio
import contextvars
import gc
import logging
import socket
import threading
import weakref
from collections.abc import Callable
from contextlib import suppress
from threading import get_ident
from typing import Any

import pytest
from tests.blocking.fakes import SECONDS, Produced, begun, counting, in_threads, interrupted_when

from openwmi import WbemError
from openwmi.base.clock import Deadline
from openwmi.base.fault import LocalProtocolError
from openwmi.base.limits import STREAM_BACKLOG
from openwmi.base.status import WbemStatus
from openwmi.blocking.runner import Runner, runner
from openwmi.operation import CallContext, Operation, ResultSet


async def _echo(value: Any) -> Any:
    await asyncio.sleep(0)
    return value


async def _fail(error: BaseException) -> None:
    raise error


def _raise(error: BaseException) -> None:
    raise error


# ------------------------------------------------------------------------------------------------- what is handed over


def test_one_thread_runs_all_of_it(own: Runner) -> None:
    async def ident() -> int:
        return get_ident()

    found = {own.call(get_ident), own.run(ident), own.call(get_ident)}
    assert found == {thread.ident for thread in threading.enumerate() if thread.name == "openwmi-loop"} - _others()
    assert get_ident() not in found


def _others() -> set[int | None]:
    """The loop of the process itself, if another test has used it."""
    process = runner.__globals__["_OWN"][0]
    return {process._thread.ident} if process._thread is not None else set()


def test_no_thread_is_made_before_there_is_something_to_do() -> None:
    before = threading.active_count()
    Runner().close()
    assert threading.active_count() == before


def test_results_and_errors_of_functions_and_coroutines(own: Runner) -> None:
    assert own.call(divmod, 7, 3) == (2, 1)
    assert own.run(_echo, 5) == 5
    with pytest.raises(ZeroDivisionError):
        own.call(divmod, 7, 0)
    with pytest.raises(KeyError, match="gone"):
        own.run(_fail, KeyError("gone"))
    with pytest.raises(TypeError):
        own.run(_echo)
    with pytest.raises(TypeError, match="coroutine"):
        own.run(int)  # type: ignore[arg-type]  # the point of the test


def test_what_is_posted_runs_in_its_order_and_before_later_calls(own: Runner) -> None:
    seen: list[int] = []
    for number in range(100):
        own.post(seen.append, number)
    assert own.call(lambda: list(seen)) == list(range(100))


def test_what_a_posted_function_raises_goes_to_the_log(own: Runner, caplog: pytest.LogCaptureFixture) -> None:
    own.post(_raise, KeyError("secret"))
    own.post(_raise, SystemExit(3))
    assert own.call(int, "7") == 7
    assert [record.levelno for record in caplog.records] == [logging.ERROR, logging.ERROR]
    assert "secret" not in caplog.text


def test_an_error_leaves_no_circle_that_keeps_what_was_given_alive(own: Runner) -> None:
    class Argument:
        pass

    missing: dict[Argument, int] = {}

    async def look_up(argument: Argument) -> int:
        return missing[argument]

    def ask() -> weakref.ref[Argument]:
        argument = Argument()
        with suppress(KeyError):
            own.call(missing.__getitem__, argument)
        with suppress(KeyError):
            own.run(look_up, argument)
        return weakref.ref(argument)

    gc.collect()
    gc.disable()
    try:
        kept = ask()
        own.call(int)
        assert kept() is None
    finally:
        gc.enable()


def test_the_loop_is_the_one_that_runs(own: Runner) -> None:
    assert own.call(asyncio.get_running_loop) is own.loop
    assert not own.on_its_thread
    assert own.call(lambda: own.on_its_thread)


def test_it_is_woken_by_other_threads_that_know_nothing_of_it(own: Runner) -> None:
    heard = threading.Event()
    own.loop.call_soon_threadsafe(heard.set)
    assert heard.wait(SECONDS)


def test_what_one_coroutine_sets_in_its_context_another_does_not_see(own: Runner) -> None:
    variable: contextvars.ContextVar[int] = contextvars.ContextVar("variable", default=0)

    async def use(value: int) -> int:
        before = variable.get()
        variable.set(value)
        return before

    assert [own.run(use, 1), own.run(use, 2)] == [0, 0]


# ---------------------------------------------------------------------------------------------------------- operations


def test_an_operation_is_completed_in_one_go(own: Runner) -> None:
    async def work(_: ResultSet[int]) -> int:
        return 7

    assert own.complete(lambda: Operation.start(work, single=True)) == 7
    assert own.complete(Operation.start, counting(3), "query") == [0, 1, 2]
    assert own.complete(lambda: Operation.start(counting(3), keep=True)) == [0, 1, 2]
    assert own.complete(Operation.start, counting(0), "query") == []


def test_a_stream_longer_than_its_backlog_is_gathered_and_others_have_their_turns(own: Runner) -> None:
    count, turns = STREAM_BACKLOG * 20, 0

    def turn() -> None:
        nonlocal turns
        turns += 1
        if turns < 1_000:
            own.loop.call_soon(turn)

    own.post(turn)
    assert own.complete(Operation.start, counting(count), "query") == list(range(count))
    assert turns >= 20


def test_a_failure_is_raised_and_names_its_call(own: Runner) -> None:
    async def work(results: ResultSet[int]) -> None:
        await results.put([1])
        raise WbemError(WbemStatus.INVALID_CLASS, "no such class")

    for keep in (False, True):
        with pytest.raises(LookupError, match=r"no such class \[query x\]"):
            own.complete(lambda keep=keep: Operation.start(work, "query x", keep=keep))
    with pytest.raises(TypeError):
        own.complete(Operation.start)


def test_a_call_that_ends_by_its_deadline_is_a_timeout(own: Runner) -> None:
    def late() -> Operation[Any]:
        context = CallContext(deadline=Deadline.after(asyncio.get_running_loop().time(), 0.001))
        return Operation.start(lambda _: asyncio.sleep(SECONDS), "get", single=True, context=context)

    with pytest.raises(TimeoutError, match="deadline"):
        own.complete(late)


def test_waiting_for_the_end(own: Runner) -> None:
    produced = Produced(own)
    operation = own.begin(Operation.start, produced.work, "query")
    assert not own.wait(operation, 0)
    assert not own.wait(operation, 0.001)
    produced.finish()
    assert own.wait(operation, SECONDS)
    assert own.wait(operation)
    assert own.wait(operation, 0)
    assert own.wait(operation, -1)


def test_polling_for_ever_leaves_nothing_behind(own: Runner) -> None:
    produced = Produced(own)
    operation = own.begin(lambda: Operation.start(produced.work, single=True))
    for _ in range(200):
        own.wait(operation, 1e-6)
    own.call(int)
    assert len(operation.results._callbacks or ()) <= 1, "the one by which the runner counts what is under way"
    produced.finish(1)
    assert own.wait(operation, 1e9)


# --------------------------------------------------------------------------------------------- on the loop's own thread


def test_waiting_on_the_loops_own_thread_is_refused_with_advice(own: Runner) -> None:
    operation = begun(own, Produced(own).work)._asked

    def waiting() -> list[str]:
        said = []
        for attempt in (
            lambda: own.run(_echo, 1),
            lambda: own.complete(Operation.start, counting(1), ""),
            lambda: own.wait(operation),
        ):
            with pytest.raises(LocalProtocolError, match="on another thread") as caught:
                attempt()
            said.append(str(caught.value))
        return said

    assert len(own.call(waiting)) == 3


def test_what_need_not_wait_works_there(own: Runner) -> None:
    seen: list[int] = []

    def inside() -> Any:
        own.post(seen.append, 1)
        ended = own.begin(lambda: Operation.start(counting(1), keep=True))
        return own.call(divmod, 7, 3), own.wait(ended, 0)

    assert own.call(inside) == ((2, 1), False)
    assert own.call(lambda: list(seen)) == [1]


# -------------------------------------------------------------------------------------- what cannot harm it


def test_a_callback_that_raises_systemexit_ends_neither_the_loop_nor_others(
    own: Runner, caplog: pytest.LogCaptureFixture
) -> None:
    own.loop.call_soon_threadsafe(_raise, SystemExit(1))
    own.loop.call_soon_threadsafe(_raise, KeyboardInterrupt())
    assert own.run(_echo, 1) == 1
    with pytest.raises(SystemExit):
        own.run(_fail, SystemExit(2))
    with pytest.raises(SystemExit):
        own.call(_raise, SystemExit(2))
    assert own.run(_echo, 1) == 1
    assert "would end it" in caplog.text


def test_somebody_who_stops_the_loop_does_not(own: Runner) -> None:
    own.loop.call_soon_threadsafe(own.loop.stop)
    assert own.run(_echo, 1) == 1


def test_a_coroutine_that_cancels_itself_is_no_foreign_error(own: Runner) -> None:
    with pytest.raises(WbemError, match="cancelled") as caught:
        own.run(_fail, asyncio.CancelledError())
    assert caught.value.status is WbemStatus.CALL_CANCELLED


def test_a_packet_is_seen_although_the_loop_is_never_idle(own: Runner) -> None:
    """The kernel is not asked in each turn, but soon."""
    ours, theirs = socket.socketpair()
    heard = threading.Event()

    def spin() -> None:
        if not heard.is_set():
            own.loop.call_soon(spin)

    with ours, theirs:
        own.call(own.loop.add_reader, ours, heard.set)
        own.post(spin)
        theirs.send(b"x")
        assert heard.wait(SECONDS)
        own.call(own.loop.remove_reader, ours)


def test_a_timer_fires_although_the_loop_is_never_idle(own: Runner) -> None:
    heard = threading.Event()

    def spin() -> None:
        if not heard.is_set():
            own.loop.call_soon(spin)

    own.post(spin)
    own.call(own.loop.call_later, 0.01, heard.set)
    assert heard.wait(SECONDS)


# ---------------------------------------------------------------------------------------------------------- interrupts


def test_an_interrupt_gives_up_a_coroutine_and_the_loop_goes_on(own: Runner) -> None:
    running, cancelled = threading.Event(), threading.Event()

    async def long() -> None:
        running.set()
        try:
            await asyncio.sleep(SECONDS)
        except asyncio.CancelledError:
            cancelled.set()
            raise

    with interrupted_when(running.is_set), pytest.raises(KeyboardInterrupt):
        own.run(long)
    assert cancelled.wait(SECONDS)
    assert own.run(_echo, 1) == 1


def test_an_interrupt_cancels_the_operation_that_is_completed(own: Runner) -> None:
    for single in (False, True):
        produced = Produced(own)
        with interrupted_when(produced.running.is_set), pytest.raises(KeyboardInterrupt):
            own.complete(lambda produced=produced, single=single: Operation.start(produced.work, single=single))
        assert produced.ended.wait(SECONDS)
        assert own.call(lambda produced=produced: produced.results.status) == WbemStatus.CALL_CANCELLED


def test_an_interrupt_leaves_alone_what_was_only_waited_for(own: Runner) -> None:
    produced = Produced(own)
    operation = own.begin(lambda: Operation.start(produced.work, single=True))
    with interrupted_when(lambda: len(operation.results._callbacks or ()) > 1), pytest.raises(KeyboardInterrupt):
        own.wait(operation)
    produced.finish(3)
    assert own.wait(operation, SECONDS)
    assert operation.results.whole() == 3


@pytest.mark.parametrize("how", ["call", "run", "complete"])
def test_an_interrupt_drops_what_has_not_begun(own: Runner, how: str) -> None:
    reached, over = threading.Event(), threading.Event()
    ran: list[int] = []

    def hold() -> None:
        reached.set()
        over.wait(SECONDS)

    own.post(hold)
    assert reached.wait(SECONDS)
    thread = own._thread
    assert thread is not None
    with interrupted_when(lambda: len(thread._posted) > 0), pytest.raises(KeyboardInterrupt):
        getattr(own, how)(ran.append, 1)
    over.set()
    own.call(int)
    assert ran == []


# ------------------------------------------------------------------------------------------------------------ its end


def test_closing_ends_the_thread_and_later_calls_say_so() -> None:
    own = Runner()
    own.call(int)
    thread = own._thread
    own.close()
    own.close()
    assert thread is not None
    assert not thread._thread.is_alive()
    assert thread.loop.is_closed()
    attempts: tuple[Callable[[], Any], ...] = (
        lambda: own.call(int),
        lambda: own.run(_echo, 1),
        lambda: own.complete(Operation.start, counting(1)),
    )
    for attempt in attempts:
        with pytest.raises(LocalProtocolError, match="has ended"):
            attempt()
    own.post(int)


def test_one_that_was_never_used_can_be_closed() -> None:
    own = Runner()
    own.close()
    own.post(int)
    with pytest.raises(LocalProtocolError, match="has ended"):
        own.loop  # noqa: B018 - the point of the test


def test_closing_releases_whoever_waits() -> None:
    own = Runner()
    ended: list[Exception] = []
    waiting = threading.Barrier(4)

    def wait(attempt: Any) -> None:
        try:
            waiting.wait(SECONDS)
            attempt()
        except (WbemError, LocalProtocolError) as error:
            ended.append(error)

    first, second = Produced(own), Produced(own)
    held = own.begin(lambda: Operation.start(second.work, single=True))
    attempts = (
        lambda: own.run(asyncio.sleep, SECONDS),
        lambda: own.complete(lambda: Operation.start(first.work, single=True)),
        lambda: own.wait(held) and held.results.check(),  # type: ignore[func-returns-value]  # it raises
    )
    threads = [threading.Thread(target=wait, args=(attempt,)) for attempt in attempts]
    for thread in threads:
        thread.start()
    waiting.wait(SECONDS)
    assert first.running.wait(SECONDS)
    own.close(0)
    for thread in threads:
        thread.join(SECONDS)
        assert not thread.is_alive()
    assert len(ended) == 3


def test_closing_gives_a_put_the_time_to_end_and_says_what_has_not(caplog: pytest.LogCaptureFixture) -> None:
    own = Runner()
    done = threading.Event()

    async def put(_: ResultSet[None]) -> None:
        for _turn in range(1_000):
            await asyncio.sleep(0)
        done.set()

    own.begin(lambda: Operation.start(put, "put lamp", single=True)).close  # noqa: B018 - it is let go at once
    own.close()
    assert done.is_set()
    assert caplog.records == []

    own = Runner()
    produced = Produced(own)
    operation = own.begin(lambda: Operation.start(produced.work, "put password", single=True))
    own.close(0.001)
    assert operation.results.status == WbemStatus.CALL_CANCELLED
    assert [record.getMessage() for record in caplog.records] == [
        "the process ends, and put has not ended: its outcome is unknown"
    ]


def test_calls_that_race_with_the_end_are_answered_or_refused() -> None:
    for _ in range(20):
        own = Runner()
        own.call(int)
        gate = threading.Barrier(5)

        def call(number: int, own: Runner = own, gate: threading.Barrier = gate) -> None:
            gate.wait(SECONDS)
            if number == 0:
                own.close(0)
                return
            for _ in range(100):
                try:
                    assert own.call(int, "7") == 7
                except LocalProtocolError:
                    return

        in_threads(5, call)


def test_where_there_can_be_no_thread_it_says_so(monkeypatch: pytest.MonkeyPatch) -> None:
    def refuse(_: threading.Thread) -> None:
        raise RuntimeError("can't start new thread")

    own = Runner()
    monkeypatch.setattr(threading.Thread, "start", refuse)
    for _ in range(2):
        with pytest.raises(LocalProtocolError, match="can't start new thread"):
            own.call(int)
    monkeypatch.undo()
    assert own.call(int, "7") == 7
    own.close()


# --------------------------------------------------------------------------------------------------------------- forks


def test_before_a_fork_the_loop_is_held_and_goes_on_behind_it(own: Runner) -> None:
    assert own.pause() is None, "there is no thread yet"
    own.call(int)
    assert own.call(own.pause) is None, "it is its own thread that forks"
    pause = own.pause()
    assert pause is not None
    waiting = threading.Thread(target=own.call, args=(int,))
    waiting.start()
    waiting.join(0.01)
    assert waiting.is_alive()
    pause.over.release()
    waiting.join(SECONDS)
    assert not waiting.is_alive()


def test_in_the_child_what_was_made_before_is_refused(own: Runner) -> None:
    own.call(int)
    thread = own._thread
    assert thread is not None
    loop = thread.loop
    own.disown()
    with pytest.raises(LocalProtocolError, match="forked: connect anew"):
        own.call(int)
    own.post(int)
    with pytest.raises(LocalProtocolError, match="forked: connect anew"):
        own.run(_echo, 1)
    assert own.pause() is None
    loop.call_soon_threadsafe(thread._stop)  # this is no child, and has the thread
    thread._thread.join(SECONDS)
    assert loop.is_closed()
