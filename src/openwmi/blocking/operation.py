"""A call that was begun and not waited for: to hold, to poll, to read from and to cancel, without asyncio.

These are the Operation and the Cursor of `openwmi.operation`, asked from other threads. Objects that the loop has read
for somebody stay in `_ahead` until he has taken them: whoever is interrupted, or out of time, loses none.
"""

from __future__ import annotations

import asyncio
import threading
from collections import deque
from collections.abc import Callable
from contextlib import suppress
from functools import partial
from time import monotonic
from typing import Any, Generic, Self, TypeVar

from openwmi.base.error import WbemError
from openwmi.base.fault import LocalProtocolError
from openwmi.base.limits import STREAM_BACKLOG
from openwmi.base.status import HResult, WbemStatus
from openwmi.blocking.runner import Runner
from openwmi.operation import Batch, Progress, State, WaitHandle
from openwmi.operation import Cursor as AskedCursor
from openwmi.operation import Operation as AskedOperation
from openwmi.operation.cursor import check_count
from openwmi.operation.results import EVERYTHING

R = TypeVar("R")
T = TypeVar("T")


class Cursor(Generic[T]):
    """Reads objects in order. Close it (or leave `with`) when done: the results are freed with their last cursor.

    Several threads may read from one: they take turns.
    """

    __slots__ = ("__weakref__", "_ahead", "_asked", "_reading", "_runner")

    _asked: AskedCursor[T]

    def __init__(self, asked: AskedCursor[T], runner: Runner) -> None:
        self._asked = asked
        self._runner = runner
        self._ahead: deque[T] = deque()  # filled on the loop's thread, by whoever has the turn
        self._reading = threading.RLock()  # it knows whose it is

    @property
    def position(self) -> int:
        """How many objects lie before this place."""
        return self._asked.position - len(self._ahead)

    def next(self, count: int = 1, timeout: float | None = None) -> Batch[T]:
        """The next objects: `count` of them, or what there is when the call has ended or `timeout` seconds have passed.

        A time-out loses nothing. If the call failed, the objects before the failure come first; then it is raised. None
        waits for ever; 0 does not wait. INVALID_PARAMETER for a count that is no int, or below 1.

        Its `status` is NO_ERROR where they are as many as asked for; FALSE where these were the last; TIMEDOUT where
        there may be more: ask again.
        """
        check_count(count)
        batch = self._in_turn(timeout, lambda left: self._batch(count, left))
        return Batch((), WbemStatus.TIMEDOUT) if batch is None else batch

    def skip(self, count: int, timeout: float | None = None) -> WbemStatus:
        """Passes over objects: NO_ERROR, or FALSE at the end, or TIMEDOUT; then fewer were passed over."""
        return self.next(count, timeout).status

    def reset(self) -> None:
        """Back to the first object. WbemError(INVALID_OPERATION) on a forward-only call."""
        self._in_turn(None, lambda _: self._runner.call(self._reset))

    def clone(self) -> Cursor[T]:
        """A second cursor on the same set, at the same place. WbemError(INVALID_OPERATION) on a forward-only call."""
        clone = self._in_turn(None, lambda _: self._cloned())
        assert clone is not None
        return clone

    def close(self) -> None:
        """Lets the results go. The last of a call's cursors cancels a query; a call with one result goes on."""
        with suppress(LocalProtocolError):  # the loop has ended, and everything with it
            self._runner.call(self._asked.close)
        self._ahead.clear()

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    def __iter__(self) -> Self:
        return self

    def __next__(self) -> T:
        while True:
            try:
                return self._ahead.popleft()
            except IndexError:
                if not self._in_turn(None, lambda _: bool(self._ahead) or self._more()):
                    raise StopIteration from None

    def _in_turn(self, timeout: float | None, work: Callable[[float | None], R]) -> R | None:
        """What `work` gives, when nobody else reads, with the seconds that are left. None: it was not to be in time."""
        try:
            left = None if timeout is None else max(0.0, timeout)
            if not self._reading.acquire(False):
                if self._runner.on_its_thread:
                    raise LocalProtocolError("another thread reads from this operation, and the loop must not wait")
                began = monotonic()
                if not self._reading.acquire(True, -1 if left is None else min(left, threading.TIMEOUT_MAX)):
                    return None
                left = None if left is None else max(0.0, left - (monotonic() - began))
            return work(left)
        finally:
            with suppress(RuntimeError):  # it was not acquired; an interrupt may come right behind that, or before
                self._reading.release()

    # In turn.

    def _batch(self, count: int, timeout: float | None) -> Batch[T]:
        missing = count - len(self._ahead)
        status = self._read(missing, timeout) if missing > 0 else WbemStatus.NO_ERROR
        objects: list[T] = []
        with suppress(IndexError):
            while len(objects) < count:
                objects.append(self._ahead.popleft())
        if status is WbemStatus.NO_ERROR and len(objects) < count:
            status = WbemStatus.TIMEDOUT  # somebody cancelled, or took some meanwhile who iterates
        return Batch(objects, status)

    def _cloned(self) -> Cursor[T]:
        clone = Cursor(self._runner.call(self._asked.clone), self._runner)
        clone._ahead.extend(self._ahead)
        return clone

    def _read(self, count: int, timeout: float | None) -> WbemStatus:
        """Has so many more read ahead: the status of `next`."""
        try:
            status = self._runner.call(self._read_now, count, timeout is None or timeout > 0)
            return self._runner.run(self._read_later, count, timeout) if status is None else status
        except WbemError:
            if not self._ahead:
                raise
            return WbemStatus.TIMEDOUT  # the failure waits for the next call

    def _more(self) -> bool:
        """Has some read ahead, one at least. False: these were all."""
        more = self._runner.call(self._more_now)
        return self._runner.run(self._more_later) if more is None else more

    # On the loop's thread.

    def _reset(self) -> None:
        self._asked.reset()
        self._ahead.clear()

    def _read_now(self, count: int, wait: bool) -> WbemStatus | None:
        """None: they are not there yet, and are to be waited for."""
        batch = self._asked.poll(count)
        if batch is not None:
            self._ahead.extend(batch)
            return batch.status
        if wait:
            return None
        self._fetch()
        return WbemStatus.TIMEDOUT

    async def _read_later(self, count: int, timeout: float | None) -> WbemStatus:
        batch = await self._asked.next(count, timeout)
        self._ahead.extend(batch)
        return batch.status

    def _more_now(self) -> bool | None:
        """None: there is nothing yet, and it has to be waited for."""
        if self._fetch(STREAM_BACKLOG):
            return True
        batch = self._asked.poll()  # raises the failure, if the call has failed
        if batch is None:
            return None
        self._ahead.extend(batch)
        return bool(batch)

    async def _more_later(self) -> bool:
        batch = await self._asked.next()
        self._ahead.extend(batch)
        self._fetch(STREAM_BACKLOG)
        return bool(batch)

    def _fetch(self, most: int = EVERYTHING) -> bool:
        """Reads what is there, at most so many. Whether there was any."""
        there = min(most, self._asked.results.total - self._asked.position)
        batch = self._asked.poll(there) if there > 0 else None
        self._ahead.extend(batch or ())
        return bool(batch)


class Operation(Cursor[T]):
    """Objects in order, progress in between, then exactly one final status. It runs without being waited for.

    `result(timeout)` gives the object of a call with one result, else the list of all. Iterating gives the objects of a
    call with many, as they come. `status(timeout)` and `next(count, timeout)` return what there is when the time is
    over, lose nothing, and can be repeated. `cancel()` ends the call in each of them.

    Leaving `with`, `close()` and forgetting it let it go: a query is cancelled then, a put goes on.

    On the thread of the event loop, as in a callback of `add_done_callback`, whatever need not wait works, and what has
    to wait raises LocalProtocolError.
    """

    __slots__ = ()

    _asked: AskedOperation[T]

    def __init__(self, asked: AskedOperation[T], runner: Runner) -> None:
        super().__init__(asked, runner)

    @property
    def name(self) -> str:
        """What was called."""
        return self._asked.name

    @property
    def state(self) -> State:
        """STARTING, RUNNING or FINISHED."""
        return self._asked.state

    @property
    def progress(self) -> Progress | None:
        """What the producer reported last."""
        return self._asked.progress

    def __repr__(self) -> str:
        try:
            return f"<operation {self.name}: {self.state.value}>"
        except WbemError:
            return "<operation, closed>"

    def started(self) -> None:
        """Returns when the call has started. Raises its failure if it could not start."""
        if not self._asked.results.began:
            self._runner.run(self._asked.started)

    def status(self, timeout: float | None = None) -> WbemStatus | HResult | int:
        """The final status, or TIMEDOUT if there is none after `timeout` seconds; never raises for a failed call.

        A forward-only call with more objects than fit into its backlog only ends when somebody reads them.
        """
        self._runner.wait(self._asked, timeout)
        return self._asked.results.status

    def result(self, timeout: float | None = None) -> Any:
        """The object of a call with one result, else the list of all; the failure of a call that failed is raised.

        Timeout after so many seconds: the call goes on, and may be asked again. A result can be had again, too.
        INVALID_OPERATION for a forward-only call whose first objects were read by other means, and are forgotten.
        """
        try:
            if self._asked.results.rewindable:
                return self._kept(timeout)
            found = self._in_turn(timeout, self._gathered)
            if found is None:
                raise self._not_yet()
            return found
        except KeyboardInterrupt:  # as cancelling the task that awaits an operation does
            self.cancel()
            raise

    def cancel(self) -> None:
        """Ends the call with CALL_CANCELLED and waits for nobody; harmless when repeated or too late."""
        self._runner.call(self._cancel)

    def add_done_callback(self, callback: Callable[[Operation[T]], object]) -> None:
        """Calls `callback(operation)` on the loop's thread when the call has ended; at once if it has.

        It must not block: to wait for other calls, have it wake a thread of yours. What it raises goes to the log.
        """
        self._runner.call(self._asked.results.when_finished, partial(callback, self))

    def wait_handle(self) -> WaitHandle:
        """A handle that the end of the call sets, for select and poll; set if it has ended. Close it when done."""
        return self._runner.call(self._asked.wait_handle)

    def _more(self) -> bool:
        try:
            return super()._more()
        except KeyboardInterrupt:
            self.cancel()
            raise

    def _kept(self, timeout: float | None) -> Any:
        results = self._asked.results
        if not self._runner.wait(self._asked, timeout):
            raise self._not_yet()
        results.check()
        return results.whole() if results.single else self._runner.call(results.whole)

    def _gathered(self, timeout: float | None) -> list[T]:
        if self.position and not self._asked.results.cancelled:
            raise WbemError(
                WbemStatus.INVALID_OPERATION,
                "the first objects of this forward-only operation have been read and forgotten: "
                "ask for a kept one to have all of them",
            )
        if not self._runner.call(self._gather_now) and not self._runner.run(self._gather_later, timeout):
            raise self._not_yet()
        return list(self._ahead)

    def _not_yet(self) -> WbemError:
        return WbemError(
            WbemStatus.TIMED_OUT, "the call has not ended in this time: it goes on, and may be asked again"
        )

    # On the loop's thread.

    def _cancel(self) -> None:
        self._asked.cancel()
        with suppress(WbemError):  # it was closed, which is too late
            if self._asked.results.cancelled:
                self._ahead.clear()

    def _gather_now(self) -> bool:
        self._fetch()
        results = self._asked.results
        if results.finished:
            results.check()
        return results.finished

    async def _gather_later(self, timeout: float | None) -> bool:
        limit = asyncio.timeout(timeout)
        try:
            async with limit:
                while batch := await self._asked.next(STREAM_BACKLOG):
                    self._ahead.extend(batch)
        except TimeoutError:
            if not limit.expired():
                raise  # the call's own deadline has passed
            return False
        return True
