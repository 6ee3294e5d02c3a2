"""Where a call's objects go: the producer's end of an Operation, and all that its consumers share.

This is [MS-WMI] 3.1.1's SemiSinkResultSetObject and WbemCallResultTable entry in one: the objects, how many there were,
whether the call has finished and how, and how many still look at it. What differs is whether objects are kept (`kept`)
or forgotten once read (`stream`); the life of the call is the same for both, and a table in `states`:

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
from functools import lru_cache, partial
from typing import Any, ClassVar, Generic, NamedTuple, TypeVar

from openwmi.base.clock import NEVER, Deadline
from openwmi.base.error import WbemError, from_exception
from openwmi.base.fault import LocalProtocolError
from openwmi.base.record import log_bug
from openwmi.base.status import HResult, WbemStatus, describe
from openwmi.operation import tasks
from openwmi.operation.context import LOCAL, CallContext
from openwmi.operation.states import State
from openwmi.operation.timers import Tick, Timers

T = TypeVar("T")

log = logging.getLogger("openwmi.operation")

EVERYTHING = 1 << 62
"""As a number of objects to wait for: until the call has finished."""


class Progress(NamedTuple):
    """How far a call has come: `done` of `total` in the producer's units, and after how many objects it said so."""

    done: int
    total: int
    text: str = ""
    after: int = 0


class _Aborted:
    """A call was ended before its producer had finished: why, and the error that says so once it is asked for."""

    __slots__ = ("_error", "_status", "_text")

    def __init__(self, status: WbemStatus, text: str) -> None:
        self._status = status
        self._text = text
        self._error: WbemError | None = None  # most calls that are cancelled are never looked at again

    def error(self, operation: str) -> WbemError:
        if self._error is None:
            self._error = WbemError(self._status, self._text, operation=operation or None)
        return self._error


class ResultSet(ABC, Generic[T]):
    """The state of one call and its objects. See the module's text for who calls what."""

    __slots__ = (
        "_callbacks",
        "_ending",
        "_group",
        "_seen",
        "_stop",
        "_timer",
        "_waiters",
        "_words",
        "began",
        "context",
        "failure",
        "finished",
        "holders",
        "loop",
        "name",
        "progress",
        "total",
    )

    rewindable: ClassVar[bool]
    """Whether objects can be read more than once."""
    single: ClassVar[bool] = False
    """Whether the call has one result, and goes on when it is let go."""

    def __init__(self, name: str = "", context: CallContext = LOCAL) -> None:
        self.name = name
        self.context = context
        self.loop = asyncio.get_running_loop()
        self.began = False
        self.finished = False
        self.failure: WbemError | _Aborted | None = None
        self.progress: Progress | None = None
        self._words = ("", "")
        self.total = 0
        self._seen = False
        self.holders = 0
        self._waiters: list[tuple[int, asyncio.Future[None]]] | None = None
        self._ending: asyncio.Future[None] | None = None
        self._callbacks: list[Callable[[], object]] | None = None
        self._stop: Callable[[], object] | asyncio.Task[Any] | None = None
        self._group: tasks.Group[ResultSet[Any]] | None = None
        self._timer: Tick | None = None
        if context.deadline.at is not None:
            self.expire_at(context.deadline.at)

    # What a producer does.

    def on_stop(self, stop: Callable[[], object]) -> None:
        """`stop` is called once, if the call is cancelled, let go or out of time before it has finished."""
        if self.finished:
            stop()
        else:
            self._stop = stop

    def produced_by(self, task: asyncio.Task[Any], group: tasks.Group[ResultSet[Any]] | None) -> None:
        """The same of a task, which is held together with the call, in its group."""
        self._stop = task
        self._group = group = _ANY if group is None else group
        group.add(self)

    def begin(self) -> None:
        """The call has started: from here on a failure is its result, not its refusal."""
        if self.began or self.finished:
            raise LocalProtocolError(f"a call that is {self.state.value} cannot begin: {self.kind}")
        self.began = True
        self._wake(0)

    async def put(self, objects: Sequence[T]) -> None:
        """Adds objects, then waits while there is no room for more. Raises why the call was ended, if it was."""
        self.add(objects)
        await self._room()

    def add(self, objects: Sequence[T]) -> None:
        """The same without waiting: for a producer that cannot wait, and sees to what nobody reads itself."""
        if self.finished:
            raise self.error or LocalProtocolError(f"a call that is finished cannot put more objects: {self.kind}")
        if not self.began:
            self.begin()
        if objects:
            self._store(objects)
            self.total += len(objects)
            self._wake(self.total)

    def report(self, done: int, total: int, text: str = "") -> None:
        """Progress, to be seen after the objects that were put before it. A slow reader sees the last one only."""
        if not self.finished:
            self.progress = Progress(done, total, text, self.total)
            self._wake(EVERYTHING)

    def finish(self, result: T | None = None) -> None:
        """The call succeeded; `result` is the object of a call that has one."""
        if self.finished:
            self._late()
            return
        self.began = True
        if result is not None:
            self._store((result,))
            self.total += 1
        self._close()

    def fail(self, error: WbemError) -> None:
        """The call failed; in state STARTING that means: it could not start."""
        if self.finished:
            self._late()
            return
        if error.operation is None:
            error.operation = self.name or None
        self.failure = error
        self._close()

    def __call__(self, task: asyncio.Task[T | None]) -> None:
        """The task that ran the call has ended: with its result, or what it was that failed.

        The call is the callback of its task, since a method bound to it would be one object more for each that waits.
        """
        if self.finished and self._stop is task:  # see `_has_just_ended`
            self._stop = None
            return
        if task.cancelled():
            if not self.finished:  # it was not the call that was cancelled: the loop is shutting down
                self.fail(WbemError(WbemStatus.CALL_CANCELLED, "the task that ran the call was cancelled"))
            return
        error = task.exception()
        if error is None:
            self.finish(task.result())
        else:
            self.failed(error)

    def failed(self, error: BaseException) -> None:
        """`fail` with what code raised that knows nothing of statuses, too."""
        if not isinstance(error, WbemError):
            log_bug(log, f"{self.kind} failed", error)
        self.fail(from_exception(error))

    # What consumers do.

    @property
    def kind(self) -> str:
        """What kind of call it is, such as "query": for logs, since its name holds what the caller wrote."""
        words = self.name.split(maxsplit=1)
        return words[0] if words else "a call"

    @property
    def state(self) -> State:
        if self.finished:
            return State.FINISHED
        return State.RUNNING if self.began else State.STARTING

    @property
    def waits_for(self) -> str:
        """What the call waits for, as the message says whose time is over; empty for nothing special."""
        return self._words[0]

    @waits_for.setter
    def waits_for(self, what: str) -> None:
        self._words = _words(what, self._words[1])

    @property
    def aftermath(self) -> str:
        """What the message also says of a call that is cancelled or out of time; empty for one that is then over."""
        return self._words[1]

    @aftermath.setter
    def aftermath(self, what: str) -> None:
        self._words = _words(self._words[0], what)

    @property
    def in_memory(self) -> bool:
        """Whether all objects are; then any thread can read them once the call has finished."""
        return True

    @property
    def cancelled(self) -> bool:
        """Whether the call was ended before its producer had finished: what was not read by then is gone."""
        return isinstance(self.failure, _Aborted)

    @property
    def error(self) -> WbemError | None:
        """Why a finished call failed; None if it did not."""
        return self.failure.error(self.name) if isinstance(self.failure, _Aborted) else self.failure

    @property
    def status(self) -> WbemStatus | HResult | int:
        """The final status; TIMEDOUT while there is none."""
        if not self.finished:
            return WbemStatus.TIMEDOUT
        self._seen = True
        return WbemStatus.NO_ERROR if self.error is None else self.error.status

    def check(self) -> None:
        """Raises the failure of a finished call."""
        error = self.error
        if error is not None:
            self._seen = True
            raise error.with_traceback(None)

    def cancel(self) -> None:
        """Ends the call with CALL_CANCELLED, or what sinks still hear of one that has ended, and waits for nobody."""
        self._seen = True  # whoever cancels has no use for how the call ends, or has just ended
        if not self.finished:
            self._abort(WbemStatus.CALL_CANCELLED, f"the call was cancelled{self.aftermath}")
        elif self._callbacks is not None:
            for callback in self._callbacks:
                self._call(callback)

    def expire_at(self, when: float) -> None:
        """Has it out of time at `when` (seconds on the loop's clock): a deadline for a call whose context has none."""
        if not self.finished:
            if self._timer is not None:
                self._timer.drop(self)
            self._timer = Timers.of(self.loop).enter(when, self)

    def expire(self) -> None:
        """The same with TIMED_OUT: the call's deadline has passed."""
        culprit = f", waiting for {self._late_for}" if self._late_for else ""
        text = f"the call did not end by its deadline{culprit}: give it more time, or ask for less{self.aftermath}"
        self._abort(WbemStatus.TIMED_OUT, text)

    def when_finished(self, callback: Callable[[], object]) -> None:
        """Calls `callback` at the end, before anybody who waits goes on; at once if the call has ended."""
        if self.finished:
            callback()
        elif self._callbacks is None:
            self._callbacks = [callback]
        else:
            self._callbacks.append(callback)

    def when_cancelled(self, callback: Callable[[], object]) -> None:
        """Calls `callback` whenever a call that has ended is cancelled: somebody still takes its objects."""
        self._callbacks = [*(self._callbacks or ()), callback]  # those of the end are done with

    def ignore_cancel(self, callback: Callable[[], object]) -> None:
        """Nobody does any more. Harmless when it was never asked for."""
        if self._callbacks is not None:
            self._callbacks = [other for other in self._callbacks if other != callback] or None

    def waiter(self, wanted: int) -> asyncio.Future[None]:
        """A future that is done when there have been `wanted` objects in all, or there is progress, or the end."""
        future = self.loop.create_future()
        if self._waiters is None:
            self._waiters = [(wanted, future)]
        else:
            self._waiters.append((wanted, future))
        return future

    def ending(self) -> asyncio.Future[None]:
        """The same for the end alone, and cheaper for the first who waits for it; most calls have no second."""
        if self._ending is not None and not self._ending.done():
            return self.waiter(EVERYTHING)
        self._ending = self.loop.create_future()
        return self._ending

    async def wait(self, wanted: int, deadline: Deadline) -> None:
        """Waits for one change that `waiter` describes, or for the deadline; which it was, the caller looks up."""
        if self._has_just_ended():
            return
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

    async def ended(self, timeout: float | None) -> bool:
        """Waits for the end, or so many seconds; whether it has come."""
        deadline = NEVER if timeout is None else Deadline.after(self.loop.time(), timeout)
        while not self.finished and not deadline.passed(self.loop.time()):
            await self.wait(EVERYTHING, deadline)
        return self.finished

    def release(self) -> None:
        """One less looks at them. With the last one they are freed, and a call that only reads is cancelled."""
        self.holders -= 1
        if self.holders > 0:
            return
        if not self.single:
            self._seen = self._seen or not self.finished
            self._abort(WbemStatus.CALL_CANCELLED, "nobody reads its results any more")
        self._free()
        self._log_unseen()

    def when_full(self, callback: Callable[[], object] | None) -> None:
        """Where a producer would wait for a reader, calls `callback`, which reads; others only have their turn then."""

    @abstractmethod
    def read(self, position: int, count: int) -> list[T]:
        """Up to `count` objects from `position` on, as many as there are."""

    def whole(self) -> Any:
        """What awaiting the call gives: the list of all objects, or the object of a call with one result."""
        return self.read(0, self.total)

    @abstractmethod
    def _store(self, objects: Sequence[T]) -> None:
        """Adds objects at the end."""

    @property
    def _late_for(self) -> str:
        """What a call that is out of time waits for."""
        return self.waits_for

    @abstractmethod
    async def _room(self) -> None:
        """Returns when there is room for more objects, or the call has ended."""

    @abstractmethod
    def _free(self) -> None:
        """Drops all objects."""

    # How it ends.

    def _has_just_ended(self) -> bool:
        """Whether the task has ended in this turn of the loop, which says so in the next: for whoever is to wait.

        Where a server has much to do, turns are long, and this saves two of them. Callbacks run in their own turn.
        """
        task = self._stop
        if not isinstance(task, asyncio.Task) or not task.done() or self._callbacks is not None:
            return False
        self(task)
        self._stop = task  # so that its own word of it is no second end
        return True

    def _late(self) -> None:
        """The producer ends a call that has ended: a mistake, unless it could not know of a cancel or a deadline."""
        if not self.cancelled:
            raise LocalProtocolError(f"a call that is finished cannot end again: {self.kind}")

    def _abort(self, status: WbemStatus, text: str) -> None:
        if self.finished:
            return
        self.failure = _Aborted(status, text)
        stop = self._stop
        self._free()
        self._close()
        if stop is not None:
            self._call(stop.cancel if isinstance(stop, asyncio.Task) else stop)

    def _close(self) -> None:
        self.finished = True
        stop, self._stop = self._stop, None
        if self._group is not None:
            if isinstance(stop, asyncio.Task):
                tasks.hold(stop)  # it has still to clean up, unless it was that which ended the call
            self._group.discard(self)
            self._group = None
        if self._timer is not None:
            self._timer.drop(self)
            self._timer = None
        if self._callbacks is not None:
            callbacks, self._callbacks = self._callbacks, None
            for callback in callbacks:
                self._call(callback)
        if self._waiters is not None:
            self._wake(EVERYTHING)
        if self._ending is not None and not self._ending.done():
            self._ending.set_result(None)
        if self.failure is not None and self.holders <= 0:
            self._log_unseen()

    def _call(self, callback: Callable[[], object]) -> None:
        try:
            callback()
        except Exception as error:  # noqa: BLE001 - it is somebody else's code, and the call's end goes on
            log_bug(log, f"a callback at the end of {self.kind} failed", error)

    def _wake(self, total: int) -> None:
        """Wakes those who wait for up to `total` objects."""
        if self._waiters is None:
            return
        waiting, self._waiters = self._waiters, None
        for wanted, future in waiting:
            if (wanted <= total or total == EVERYTHING) and not future.done():
                future.set_result(None)
        if total < EVERYTHING:
            self._waiters = [entry for entry in waiting if entry[0] > total] or None

    def _forget(self, future: asyncio.Future[None]) -> None:
        if self._waiters is not None:
            self._waiters = [entry for entry in self._waiters if entry[1] is not future] or None

    def _log_unseen(self) -> None:
        if self.finished and self.failure is not None and not self._seen:
            self._seen = True
            if self.status is WbemStatus.CALL_CANCELLED and not self.single:
                return  # its loop has ended, with all who read
            # Its text may hold what the caller gave, such as a command line with a password.
            log.error("nobody saw the failure of %s: %s", self.kind, describe(self.status))


@lru_cache(maxsize=256)
def _words(waits_for: str, aftermath: str) -> tuple[str, str]:
    """Few are said of many calls: they share them, and each has one place for both."""
    return waits_for, aftermath


_ANY: tasks.Group[ResultSet[Any]] = tasks.Group()
"""Calls of no group."""


def _settle(future: asyncio.Future[None]) -> None:
    if not future.done():
        future.set_result(None)
