"""Threads for code that may block: order, limits, errors, and that they go when they are not needed."""

from __future__ import annotations

import asyncio
import threading
from collections.abc import Callable

import pytest

from openwmi.operation import Workers
from openwmi.operation import threads as threads_module
from openwmi.testing import FakeClockLoop


def _threads(name: str) -> list[threading.Thread]:
    return [thread for thread in threading.enumerate() if thread.name == name]


async def test_one_thread_takes_jobs_in_order() -> None:
    workers = Workers("in-order", 1)
    seen: list[int] = []
    await asyncio.gather(*(workers.run(seen.append, number) for number in range(50)))
    assert seen == list(range(50))
    workers.close()


async def test_never_more_threads_than_the_limit() -> None:
    workers = Workers("capped", 3)
    barrier = threading.Barrier(3, timeout=10)
    names = await asyncio.gather(*(workers.run(lambda: (barrier.wait(), threading.get_ident())[1]) for _ in range(9)))
    assert len(set(names)) == 3
    workers.close()


async def test_what_a_job_raises_is_raised_where_it_is_awaited() -> None:
    workers = Workers("failing", 1)
    with pytest.raises(ValueError, match="seven"):
        await workers.run(int, "seven")
    assert await workers.run(int, "7") == 7, "the thread lives on"
    workers.close()


@pytest.mark.parametrize("error", [StopIteration(), SystemExit(3)])
async def test_what_would_end_more_than_the_job_arrives_as_an_ordinary_error(error: BaseException) -> None:
    def fail() -> None:
        raise error

    workers = Workers("stopping", 1)
    with pytest.raises(RuntimeError, match=type(error).__name__):
        await workers.run(fail)
    assert await workers.run(int, "7") == 7
    workers.close()


async def test_a_job_that_was_cancelled_while_it_waited_is_not_run() -> None:
    workers = Workers("cancelled", 1)
    release = threading.Event()
    ran: list[int] = []
    first = workers.run(release.wait, 10)
    second = workers.run(ran.append, 1)
    second.cancel()
    release.set()
    assert await first
    await workers.run(ran.append, 2)
    assert ran == [2]
    workers.close()


async def test_idle_threads_end_when_their_time_is_over_and_come_back(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(threads_module, "IDLE_THREAD_SECONDS", 0.001)
    workers = Workers("idle", 2)
    await workers.run(int)
    for thread in _threads("idle"):
        thread.join(10)
    assert _threads("idle") == []
    assert await workers.run(int, "5") == 5


async def test_closing_ends_idle_threads_at_once_and_busy_ones_after_their_jobs() -> None:
    workers = Workers("closing", 1)
    release = threading.Event()
    ran: list[int] = []
    first = workers.run(release.wait, 10)
    second = workers.run(ran.append, 1)
    workers.close()
    release.set()
    await asyncio.gather(first, second)
    for thread in _threads("closing"):
        thread.join(10)
    assert (_threads("closing"), ran) == ([], [1])


def test_a_job_that_ends_after_its_loop_was_closed_is_forgotten() -> None:
    workers = Workers("orphan", 1)
    release = threading.Event()
    before = Workers.jobs_under_way

    async def leave() -> None:
        workers.run(release.wait, 10)

    with asyncio.Runner(loop_factory=FakeClockLoop) as runner:
        runner.run(leave())
    release.set()
    workers.close()
    for thread in _threads("orphan"):
        thread.join(10)
    assert Workers.jobs_under_way == before


def test_a_result_that_its_loop_never_took_is_not_counted_for_ever() -> None:
    """Else the fake clock of every later loop would wait for it."""
    workers = Workers("untaken", 1)
    before = Workers.jobs_under_way
    loop = FakeClockLoop()

    async def leave() -> None:
        workers.run(int)

    loop.run_until_complete(leave())
    workers.close()
    for thread in _threads("untaken"):
        thread.join(10)
    loop.close()
    assert Workers.jobs_under_way == before


async def test_a_thread_that_was_let_go_works_for_others() -> None:
    """Starting one takes longer than most jobs."""
    idents = set()
    for number in range(5):
        workers = Workers(f"spare-{number}", 1)
        idents.add(await workers.run(threading.get_ident))
        assert await workers.run(lambda: threading.current_thread().name) == f"spare-{number}"
        workers.close()
        parked = threading.Event()
        for _ in range(10_000):
            if not _threads(f"spare-{number}"):
                break
            parked.wait(0.001)
    assert len(idents) == 1


async def test_spare_threads_go_after_a_moment(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(threads_module, "SPARE_THREAD_SECONDS", 0.001)
    workers = Workers("going", 3)
    barrier = threading.Barrier(3, timeout=10)
    both = (workers.run(lambda: (barrier.wait(), threading.current_thread())[1]) for _ in range(3))
    ended = await asyncio.gather(*both)
    workers.close()
    for thread in ended:
        thread.join(10)
        assert not thread.is_alive()


async def test_so_many_spare_threads_and_no_more(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(threads_module, "SPARE_THREADS", 0)
    workers = Workers("unwanted", 1)
    thread = await workers.run(threading.current_thread)
    workers.close()
    thread.join(10)
    assert not thread.is_alive()


def _no_thread(reason: str) -> Callable[[threading.Thread], None]:
    def start(_: threading.Thread) -> None:
        raise RuntimeError(reason)

    return start


async def test_where_the_system_has_no_thread_the_job_fails_and_later_ones_do_not(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(threads_module, "_spares", threads_module._Spares())
    monkeypatch.setattr(threads_module, "SPARE_THREADS", 0)
    workers, before = Workers("too-many", 2), Workers.jobs_under_way
    with monkeypatch.context() as patched:
        patched.setattr(threading.Thread, "start", _no_thread("can't start new thread"))
        with pytest.raises(RuntimeError, match="new thread"):
            await workers.run(int, "7")
        assert Workers.jobs_under_way == before
        patched.undo()
        release = threading.Event()
        first = workers.run(release.wait, 10)
        patched.setattr(threading.Thread, "start", _no_thread("can't start new thread"))
        second = workers.run(int, "7")
        release.set()
        assert (await first, await second) == (True, 7)
    workers.close()
    for thread in _threads("too-many"):
        thread.join(10)  # a job is counted until just after its result has been given
    assert Workers.jobs_under_way == before


async def test_where_the_interpreter_ends_the_job_is_done_without_a_thread(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(threads_module, "_spares", threads_module._Spares())
    workers, before = Workers("at-exit", 1), Workers.jobs_under_way
    monkeypatch.setattr(threading.Thread, "start", _no_thread("can't create new thread at interpreter shutdown"))
    assert await workers.run(threading.get_ident) == threading.get_ident()
    with pytest.raises(ValueError, match="seven"):
        await workers.run(int, "seven")
    assert Workers.jobs_under_way == before
