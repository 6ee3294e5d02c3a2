"""Threads of our own for code that may block: a sink has one, so that its callbacks come in order; a provider a few.

They are made when there is work, end when there is none, and are daemons: code that hangs holds its own threads and
nothing else, neither other calls nor the end of the process.
"""

from __future__ import annotations

import asyncio
import threading
from collections import deque
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any, ClassVar, TypeVar

from openwmi.base.limits import IDLE_THREAD_SECONDS

T = TypeVar("T")

_counting = threading.Lock()


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
            self.future.get_loop().call_soon_threadsafe(self._settle, result, error)
        except RuntimeError:
            pass  # the loop was closed meanwhile: nobody waits any more
        finally:
            Workers.count(-1)  # not before: a loop with a fake clock would see neither the job nor its result

    def _settle(self, result: object, error: BaseException | None) -> None:
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

    @classmethod
    def count(cls, change: int) -> None:
        """A job comes or goes, on whatever thread."""
        with _counting:
            cls.jobs_under_way += change

    def __init__(self, name: str, limit: int) -> None:
        self._name = name
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
        Workers.count(1)
        with self._changed:
            self._jobs.append(_Job(function, arguments, future))
            if self._idle >= len(self._jobs):
                self._changed.notify()
            elif self._threads < self._limit:
                self._threads += 1
                threading.Thread(target=self._work, name=self._name, daemon=True).start()
        return future

    def close(self) -> None:
        """No more jobs will come: idle threads end now, others after what they were given."""
        with self._changed:
            self._closed = True
            self._changed.notify_all()

    def _work(self) -> None:
        while (job := self._take()) is not None:
            job.run()
            del job  # an idle thread must not keep the last job's objects alive

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
