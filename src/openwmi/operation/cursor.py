"""A place in a call's results: the enumerator ([MS-WMI] 3.1.4.4), several of which may share one kept set."""

from __future__ import annotations

from collections.abc import Iterable
from contextlib import suppress
from typing import Generic, Self, TypeVar

from openwmi.base.clock import NEVER, Deadline
from openwmi.base.error import WbemError
from openwmi.base.status import WbemStatus
from openwmi.operation.results import ResultSet

T = TypeVar("T")


class Batch(list[T]):
    """The objects that one `next` returned, and why there are not more of them.

    Attributes:
        status: NO_ERROR: as many as asked for; FALSE: these were the last; TIMEDOUT: there may be more, ask again.
    """

    __slots__ = ("status",)

    def __init__(self, objects: Iterable[T], status: WbemStatus) -> None:
        super().__init__(objects)
        self.status = status


class Cursor(Generic[T]):
    """Reads objects in order. Close it (or leave `async with`) when done: the set is freed with its last cursor."""

    __slots__ = ("__weakref__", "_position", "_results")

    def __init__(self, results: ResultSet[T], position: int = 0) -> None:
        self._results: ResultSet[T] | None = results
        self._position = position
        results.holders += 1  # until `release`

    @property
    def results(self) -> ResultSet[T]:
        """The set that is read. WbemError(INVALID_OPERATION) once closed."""
        if self._results is None:
            raise WbemError(WbemStatus.INVALID_OPERATION, "the operation was closed: its results are gone")
        return self._results

    @property
    def position(self) -> int:
        """How many objects lie before this place."""
        return self._position

    async def next(self, count: int = 1, timeout: float | None = None) -> Batch[T]:
        """The next objects: `count` of them, or what there is when the call has ended or `timeout` seconds have passed.

        A time-out loses nothing, nor does cancelling the task that waits here. If the call failed, the objects before
        the failure come first; then it is raised. None waits for ever; 0 does not wait. INVALID_PARAMETER for a count
        that is no int, or below 1.
        """
        await self.ready(count, timeout)
        return self.take(count)

    async def ready(self, count: int = 1, timeout: float | None = None) -> None:
        """Waits as `next` does, and leaves the objects where they are."""
        check_count(count)
        results = self.results
        await self._wait(count, NEVER if timeout is None else Deadline.after(results.loop.time(), timeout))

    def poll(self, count: int = 1) -> Batch[T] | None:
        """What `next` would give, if it need not wait for that; else None."""
        check_count(count)
        results = self.results
        self._not_handed_over()
        return self.take(count) if results.finished or results.total - self._position >= count else None

    def take(self, count: int) -> Batch[T]:
        """What `next` gives when the time is over: up to `count` objects that are there. `count` has been checked."""
        results = self.results
        objects = self._take(count)
        if len(objects) == count:
            return Batch(objects, WbemStatus.NO_ERROR)
        if not results.finished:
            return Batch(objects, WbemStatus.TIMEDOUT)
        if not objects:
            results.check()
        # With objects in hand a failure waits for the next call, so that none of them is lost.
        return Batch(objects, WbemStatus.TIMEDOUT if results.failure is not None else WbemStatus.FALSE)

    async def skip(self, count: int, timeout: float | None = None) -> WbemStatus:
        """Passes over objects: NO_ERROR, or FALSE at the end, or TIMEDOUT; then fewer were passed over."""
        return (await self.next(count, timeout)).status

    def reset(self) -> None:
        """Back to the first object. WbemError(INVALID_OPERATION) on a forward-only call."""
        self._rewindable("reset")
        self._position = 0

    def clone(self) -> Cursor[T]:
        """A second cursor on the same set, at the same place. WbemError(INVALID_OPERATION) on a forward-only call."""
        self._rewindable("cloned")
        return Cursor(self.results, self._position)

    def close(self) -> None:
        """Lets the results go. The last of a call's cursors cancels a query; a call with one result goes on."""
        results, self._results = self._results, None
        if results is not None:
            results.release()

    def hand_over(self) -> ResultSet[T]:
        """The set, whose hold goes from here to whoever asks, who lets go of it by `let_go`."""
        results = self.results
        self._results = None
        return results

    @classmethod
    def taking_over(cls, results: ResultSet[T]) -> Self:
        """A cursor with the hold that was handed over."""
        cursor = cls(results)
        results.holders -= 1
        return cursor

    def drop(self) -> bool:
        """As `close`, on any thread: for a call that has ended well. False for others, which have to be told.

        Nothing goes on that a release would end, and what it would free goes with the last cursor.
        """
        results = self._results
        if results is not None and results.finished and results.failure is None:
            self._results = None
        return self._results is None

    async def __aenter__(self) -> Cursor[T]:
        return self

    async def __aexit__(self, *_: object) -> None:
        self.close()

    def __aiter__(self) -> Cursor[T]:
        return self

    async def __anext__(self) -> T:
        if not 0 <= self._position < self.results.total:
            await self._wait(1, NEVER)
        objects = self._take(1)
        if objects:
            return objects[0]
        self.results.check()
        raise StopAsyncIteration

    def __del__(self) -> None:
        try:
            results = self._results
        except AttributeError:  # its construction failed
            return
        if results is None or self.drop():
            return
        let_go(results)

    async def _wait(self, count: int, deadline: Deadline) -> None:
        """Waits until `count` more objects are there, the call has ended or the deadline has passed."""
        results = self.results
        self._not_handed_over()
        while (
            results.total - self._position < count and not results.finished and not deadline.passed(results.loop.time())
        ):
            await results.wait(self._position + count, deadline)

    def _not_handed_over(self) -> None:
        if self._position == HANDED_OVER:
            raise WbemError(WbemStatus.INVALID_OPERATION, "the objects of this forward-only operation go to a sink")

    def _take(self, count: int) -> list[T]:
        objects = self.results.read(self._position, count)
        self._position += len(objects)
        return objects

    def _rewindable(self, verb: str) -> None:
        if not self.results.rewindable:
            raise WbemError(
                WbemStatus.INVALID_OPERATION,
                f"a forward-only operation cannot be {verb}: ask for a kept one",
            )


HANDED_OVER = -1
"""As a position: the objects of a forward-only set are read by another cursor."""


def check_count(count: object) -> None:
    """INVALID_PARAMETER for what is no number of objects to ask for."""
    if isinstance(count, bool) or not isinstance(count, int):
        kind = type(count).__name__
        raise WbemError(WbemStatus.INVALID_PARAMETER, f"a count of objects is an int, and this is {count!r} ({kind})")
    if count < 1:
        raise WbemError(WbemStatus.INVALID_PARAMETER, f"at least one object must be asked for, not {count}")


def let_go(results: ResultSet[T]) -> None:
    """One less looks at a set, from now or soon on: for what is collected, on any thread and at any time."""
    if results.finished and results.failure is None:  # nothing goes on, and what there is goes with the last of them
        return
    with suppress(RuntimeError):  # the loop may be closed, and with it everything that this set could hold up
        results.loop.call_soon_threadsafe(results.release)
