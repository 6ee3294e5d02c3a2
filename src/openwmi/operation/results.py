"""Where a call's objects go: the producer's end of an Operation, and all that its consumers share.

This is [MS-WMI] 3.1.1's SemiSinkResultSetObject and WbemCallResultTable entry in one: the objects, how many there were,
whether the call has finished and how, and how many still look at it. What differs is whether objects are kept (`kept`)
or forgotten once read (`stream`); the life of the call is the same and stands here:

    STARTING --begin--> RUNNING --finish--> FINISHED
    STARTING ----------finish-------------> FINISHED     (with a failure: the call could not start)

A producer calls `begin`, `put`, `report` and, once, `finish` or `fail`. It never learns who reads, or in which mode.
All of it happens on the loop's thread.
"""

from __future__ import annotations

import asyncio
import logging
from abc import ABC, abstractmethod
from collections.abc import Callable, Sequence
from enum import Enum
from functools import partial
from typing import Generic, NamedTuple, TypeVar

from openwmi.base.clock import Deadline
from openwmi.base.error import WbemError
from openwmi.base.fault import LocalProtocolError
from openwmi.base.status import HResult, WbemStatus
from openwmi.operation.context import LOCAL, CallContext
from openwmi.operation.timers import Timer, Timers

T = TypeVar("T")

log = logging.getLogger("openwmi.operation")

EVERYTHING = 1 << 62
"""As a number of objects to wait for: until the call has finished."""


class State(Enum):
    """The life of a call."""

    STARTING = "starting"
    RUNNING = "running"
    FINISHED = "finished"


NEXT_STATES: dict[State, frozenset[State]] = {
    State.STARTING: frozenset({State.RUNNING, State.FINISHED}),
    State.RUNNING: frozenset({State.FINISHED}),
    State.FINISHED: frozenset(),
}


class Progress(NamedTuple):
    """How far a call has come: `done` of `total` in the producer's units, and after how many objects it said so."""

    done: int
    total: int
    text: str = ""
    after: int = 0


class ResultSet(ABC, Generic[T]):
    """The state of one call and its objects. See the module's text for who calls what."""

    __slots__ = (
        "_aborted",
        "_callbacks",
        "_holders",
        "_seen",
        "_stop",
        "_timer",
        "_waiters",
        "began",
        "context",
        "error",
        "loop",
        "name",
        "progress",
        "single",
        "state",
        "total",
        "waits_for",
    )

    rewindable: bool
    """Whether objects can be read more than once."""

    def __init__(self, name: str = "", *, single: bool = False, context: CallContext = LOCAL) -> None:
        self.name = name
        self.single = single
        self.context = context
        self.loop = asyncio.get_running_loop()
        self.state = State.STARTING
        self.began = False
        self.error: WbemError | None = None
        self.progress: Progress | None = None
        self.waits_for = ""
        self.total = 0
        self._seen = False
        self._aborted = False
        self._holders = 0
        self._waiters: list[tuple[int, asyncio.Future[None]]] | None = None
        self._callbacks: list[Callable[[], object]] | None = None
        self._stop: Callable[[], object] | None = None
        self._timer: Timer | None = None
        if context.deadline.at is not None:
            self._timer = Timers.of(self.loop).call_at(context.deadline.at, self._expire)

    # What a producer does.

    def on_stop(self, stop: Callable[[], object]) -> None:
        """`stop` is called once, if the call is cancelled, let go or out of time before it has finished."""
        if self.finished:
            stop()
        else:
            self._stop = stop

    def begin(self) -> None:
        """The call has started: from here on a failure is its result, not its refusal."""
        self._move(State.RUNNING)
        self.began = True
        self._wake(0)

    async def put(self, objects: Sequence[T]) -> None:
        """Adds objects, then waits while there is no room for more. WbemError(CALL_CANCELLED) after the end."""
        if self.state is State.STARTING:
            self.begin()
        if self.finished:
            raise self.error or WbemError(WbemStatus.CALL_CANCELLED)
        if objects:
            self._store(objects)
            self.total += len(objects)
            self._wake(self.total)
        await self._room()

    def report(self, done: int, total: int, text: str = "") -> None:
        """Progress, to be seen after the objects that were put before it. A slow reader sees the last one only."""
        if not self.finished:
            self.progress = Progress(done, total, text, self.total)
            self._wake(EVERYTHING)

    def finish(self, result: T | None = None) -> None:
        """The call succeeded; `result` is the object of a call that has one."""
        if self.state is State.STARTING:
            self.begin()
        if result is not None and not self.finished:
            self._store((result,))
            self.total += 1
        self._end(None)

    def fail(self, error: WbemError) -> None:
        """The call failed; in state STARTING that means: it could not start."""
        self._end(error)

    # What consumers do.

    @property
    def finished(self) -> bool:
        return self.state is State.FINISHED

    @property
    def cancelled(self) -> bool:
        """Whether the call was ended before its producer had finished: what was not read by then is gone."""
        return self._aborted

    @property
    def status(self) -> WbemStatus | HResult | int:
        """The final status; TIMEDOUT while there is none."""
        if self.state is not State.FINISHED:
            return WbemStatus.TIMEDOUT
        self._seen = True
        return WbemStatus.NO_ERROR if self.error is None else self.error.status

    def check(self) -> None:
        """Raises the failure of a finished call."""
        if self.error is not None and self.state is State.FINISHED:
            self._seen = True
            raise self.error.with_traceback(None)

    def cancel(self) -> bool:
        """Ends the call with CALL_CANCELLED, unless it has ended, and waits for nobody. Whether this has ended it."""
        return self._abort(WbemStatus.CALL_CANCELLED, "the call was cancelled")

    def when_finished(self, callback: Callable[[], object]) -> None:
        """Calls `callback` at the end, before anybody who waits goes on; at once if the call has ended."""
        if self.finished:
            callback()
        elif self._callbacks is None:
            self._callbacks = [callback]
        else:
            self._callbacks.append(callback)

    def waiter(self, wanted: int) -> asyncio.Future[None]:
        """A future that is done when there have been `wanted` objects in all, or there is progress, or the end."""
        future = self.loop.create_future()
        if self._waiters is None:
            self._waiters = []
        self._waiters.append((wanted, future))
        return future

    async def wait(self, wanted: int, deadline: Deadline) -> None:
        """Waits for one change that `waiter` describes, or for the deadline; which it was, the caller looks up."""
        future = self.waiter(wanted)
        timer = None
        if deadline.at is not None:
            timer = Timers.of(self.loop).call_at(deadline.at, partial(_settle, future))
        try:
            await future
        finally:
            if timer is not None:
                timer.cancel()
            self._forget(future)

    def hold(self) -> None:
        """One more looks at the results."""
        self._holders += 1

    def release(self) -> None:
        """One less looks at them. With the last one they are freed, and a call that only reads is cancelled."""
        self._holders -= 1
        if self._holders > 0:
            return
        if not self.single and not self.finished:
            self._seen = True
            self._abort(WbemStatus.CALL_CANCELLED, "nobody reads its results any more")
        self._free()
        self._log_unseen()

    @abstractmethod
    def read(self, position: int, count: int) -> list[T]:
        """Up to `count` objects from `position` on, as many as there are."""

    @abstractmethod
    def _store(self, objects: Sequence[T]) -> None:
        """Adds objects at the end."""

    @abstractmethod
    async def _room(self) -> None:
        """Returns when there is room for more objects, or the call has ended."""

    @abstractmethod
    def _free(self) -> None:
        """Drops all objects."""

    # How it ends.

    def _move(self, state: State) -> None:
        if state not in NEXT_STATES[self.state]:
            raise LocalProtocolError(f"a call that is {self.state.value} cannot become {state.value}: {self.name}")
        self.state = state

    def _end(self, error: WbemError | None) -> None:
        if self._aborted and self.finished:
            return  # it was cancelled or out of time, and the producer could not know
        self._move(State.FINISHED)
        if error is not None and error.operation is None:
            error.operation = self.name or None
        self.error = error
        self._stop = None
        if self._timer is not None:
            self._timer.cancel()
            self._timer = None
        if self._callbacks is not None:
            self._call_back()
        if self._waiters is not None:
            self._wake(EVERYTHING)
        if self._holders <= 0:
            self._log_unseen()

    def _abort(self, status: WbemStatus, text: str) -> bool:
        if self.finished:
            return False
        stop = self._stop
        self._aborted = True
        self._free()
        self._end(WbemError(status, text))
        if stop is not None:
            stop()
        return True

    def _expire(self) -> None:
        culprit = f", waiting for {self.waits_for}" if self.waits_for else ""
        text = f"the call did not end by its deadline{culprit}: give it more time, or ask for less"
        self._abort(WbemStatus.TIMED_OUT, text)

    def _call_back(self) -> None:
        callbacks, self._callbacks = self._callbacks or (), None
        for callback in callbacks:
            try:
                callback()
            except Exception:
                log.exception("a callback at the end of %s failed", self.name or "a call")

    def _wake(self, total: int) -> None:
        """Wakes those who wait for up to `total` objects."""
        if self._waiters is None:
            return
        waiting, self._waiters = self._waiters, None
        for wanted, future in waiting:
            if wanted > total:
                self._keep_waiting(wanted, future)
            else:
                _settle(future)

    def _keep_waiting(self, wanted: int, future: asyncio.Future[None]) -> None:
        if self._waiters is None:
            self._waiters = []
        self._waiters.append((wanted, future))

    def _forget(self, future: asyncio.Future[None]) -> None:
        if self._waiters is not None:
            self._waiters = [entry for entry in self._waiters if entry[1] is not future] or None

    def _log_unseen(self) -> None:
        if self.finished and self.error is not None and not self._seen:
            self._seen = True
            log.error("nobody saw the failure of %s: %s", self.name or "a call", self.error)


def _settle(future: asyncio.Future[None]) -> None:
    if not future.done():
        future.set_result(None)
