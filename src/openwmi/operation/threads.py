"""Threads of our own for code that may block: a sink has one, so that its callbacks come in order; a provider a few.

They are made when there is work, end when there is none, and are daemons: code that hangs holds its own threads and
nothing else, neither other calls nor the end of the process.
"""

from __future__ import annotations

import asyncio
import os
import threading
from collections import deque
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any, ClassVar, TypeVar

from openwmi.base.limits import IDLE_THREAD_SECONDS, SPARE_THREAD_SECONDS, SPARE_THREADS

T = TypeVar("T")


@dataclass(slots=True, eq=False)
class _Job:
    function: Callable[..., Any]
    arguments: tuple[Any, ...]
    future: asyncio.Future[Any]

    def run(self) -> None:
        try:
            if self.future.cancelled():
                result, error = None, None
            else:
                result, error = self.function(*self.arguments), None
        except BaseException as caught:  # noqa: BLE001 - it belongs to the one who waits, not to this thread
            result, error = None, caught
        try:
            self.future.get_loop().call_soon_threadsafe(self.settle, result, error)
        except RuntimeError:
            pass  # the loop was closed meanwhile: nobody waits any more
        finally:
            Workers.count(-1)  # not before: a loop with a fake clock would see neither the job nor its result

    def settle(self, result: object, error: BaseException | None) -> None:
        if self.future.done():
            return
        if error is None:
            self.future.set_result(result)
        elif isinstance(error, Exception) and not isinstance(error, StopIteration):
            self.future.set_exception(error)
        else:
            # SystemExit ends a thread, not the loop of those who wait; StopIteration would end a coroutine that waits.
            self.future.set_exception(RuntimeError(f"{error!r} out of a blocking function"))


class Workers:
    """Up to `limit` threads that take jobs in the order in which they were given."""

    jobs_under_way: ClassVar[int] = 0
    """Jobs of all workers whose results have not been given to their loop yet."""
    _counting: ClassVar = threading.Lock()

    @classmethod
    def count(cls, change: int) -> None:
        """A job comes or goes, on whatever thread."""
        with cls._counting:
            cls.jobs_under_way += change

    @classmethod
    def forget(cls) -> None:
        """In the child of a fork, which has neither the threads nor their jobs: nobody gives back what they held."""
        cls._counting = threading.Lock()
        cls.jobs_under_way = 0
        _spares.forget()

    def __init__(self, name: str, limit: int) -> None:
        self.name = name
        self._limit = limit
        self._changed = threading.Condition()
        self._jobs: deque[_Job] = deque()
        self._threads = 0
        self._idle = 0
        self._closed = False

    def run(self, function: Callable[..., T], *arguments: Any) -> asyncio.Future[T]:
        """Calls `function` on one of the threads; the future is of the running loop.

        Cancelling the future drops a job that waits; one that runs goes on, and its result is forgotten.
        """
        future: asyncio.Future[T] = asyncio.get_running_loop().create_future()
        self.give(future, function, *arguments)
        return future

    def give(self, future: asyncio.Future[T], function: Callable[..., T], *arguments: Any) -> None:
        """The same from whatever thread, for a future of a loop that runs."""
        Workers.count(1)
        with self._changed:
            self._jobs.append(_Job(function, arguments, future))
            if self._idle >= len(self._jobs):
                self._changed.notify()
            elif self._threads < self._limit:
                self._threads += 1
                try:
                    _spares.hire(self)
                except RuntimeError as error:
                    self._threads -= 1
                    self._without_a_thread(error)

    def close(self) -> None:
        """No more jobs will come: idle threads end now, others after what they were given."""
        with self._changed:
            self._closed = True
            self._changed.notify_all()

    def work(self) -> None:
        """What each of the threads does, until it is not needed any more."""
        while (job := self._take()) is not None:
            job.run()
            del job  # an idle thread must not keep the last job's objects alive

    def _without_a_thread(self, error: RuntimeError) -> None:
        """The system has no thread more: the last job waits for another one to be free, or fails where there is none.

        At the end of the interpreter it is done at once: Python 3.12 and later start no thread while they wait for what
        is to be done at exit, such as a put.
        """
        if self._threads:
            return
        job = self._jobs.pop()
        if "shutdown" in str(error):
            job.future.get_loop().call_soon_threadsafe(job.run)
        else:
            Workers.count(-1)
            job.future.get_loop().call_soon_threadsafe(job.settle, None, error)

    def _take(self) -> _Job | None:
        """The next job, or None for a thread that is not needed any more; it has then been signed off."""
        with self._changed:
            if not self._jobs:
                self._idle += 1
                self._changed.wait_for(lambda: self._jobs or self._closed, IDLE_THREAD_SECONDS)
                self._idle -= 1
            if self._jobs:
                return self._jobs.popleft()
            self._threads -= 1
            return None


class _Spares:
    """Threads that were let go, and wait a moment for other workers: starting one takes longer than most jobs."""

    def __init__(self) -> None:
        self.forget()

    def forget(self) -> None:
        self._guard = threading.Lock()
        self._waiting: list[_Place] = []

    def hire(self, workers: Workers) -> None:
        """One more thread works for them."""
        with self._guard:
            place = self._waiting.pop() if self._waiting else None
        if place is None:
            threading.Thread(target=self._main, args=([workers],), name=workers.name, daemon=True).start()
        else:
            place.workers = workers
            place.thread.name = workers.name
            place.hired.release()

    def _main(self, first: list[Workers]) -> None:
        workers: Workers | None = first.pop()  # a thread keeps what it was started with
        while workers is not None:
            workers.work()
            workers = None  # nothing is kept alive by a thread that waits
            threading.current_thread().name = "openwmi-spare"
            workers = self._wait()

    def _wait(self) -> Workers | None:
        place = _Place()
        with self._guard:
            if len(self._waiting) >= SPARE_THREADS:
                return None
            self._waiting.append(place)
        if not place.hired.acquire(timeout=SPARE_THREAD_SECONDS):
            with self._guard:
                if place in self._waiting:
                    self._waiting.remove(place)
                    return None
            place.hired.acquire()  # it was, in the last moment
        return place.workers


class _Place:
    """Where a spare thread waits: until its lock is free."""

    __slots__ = ("hired", "thread", "workers")

    def __init__(self) -> None:
        self.thread = threading.current_thread()
        self.workers: Workers | None = None
        self.hired = threading.Lock()
        self.hired.acquire()


_spares = _Spares()

if hasattr(os, "register_at_fork"):
    os.register_at_fork(after_in_child=Workers.forget)
