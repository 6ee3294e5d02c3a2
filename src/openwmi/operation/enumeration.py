"""An enumerator: a cursor that several callers may use at once, whose calls are carried out one after the other.

[MS-WMI] 3.1.4.4 and its EnumWbemClassObjectTable: CurrentIndex is the cursor's position, SinkQueue the calls of
`next_async` that wait for their turn. In turn is whoever moves the position or copies it; sinks are called outside of
it, so that a callback may use the enumerator that called it.

All of it happens on the loop's thread, but for `glance` and `drop`: most enumerators are read and let go when their
call has ended, and a thread that asks the loop for what lies there takes longer for that than the call itself took.
"""

from __future__ import annotations

import asyncio
import os
from collections.abc import Callable, Sequence
from dataclasses import replace
from threading import RLock
from typing import Generic, TypeVar

from openwmi.base.case import fold
from openwmi.base.clock import NEVER
from openwmi.base.error import WbemError
from openwmi.base.limits import NEXT_ASYNC_PENDING
from openwmi.base.status import HResult, WbemStatus
from openwmi.operation import tasks
from openwmi.operation.context import CallContext
from openwmi.operation.cursor import Batch, Cursor, check_count
from openwmi.operation.delivery import CallTable, Delivery
from openwmi.operation.results import ResultSet
from openwmi.operation.sink import Sink
from openwmi.operation.stream import StreamResults

T = TypeVar("T")


class Enumeration(Generic[T]):
    """The place of one enumerator in a call's results, and the queue of those who want to move it.

    Args:
        cursor: whose it is from here on.
        rewindable: whether its caller asked for an enumerator that can go back: a set that was gathered for a
            synchronous call could, where the caller gave that away.
    """

    __slots__ = (
        "__weakref__",
        "_context",
        "_cursor",
        "_last",
        "_name",
        "_portions",
        "_queued",
        "_read_to_the_end",
        "_results",
        "_the_turn",
        "rewindable",
    )

    def __init__(self, cursor: Cursor[T], *, rewindable: bool) -> None:
        self._cursor = cursor
        results = cursor.results
        self._results: ResultSet[T] | None = results  # None: it was let go
        self._name = results.name
        self._context = results.context
        self.rewindable = rewindable and results.rewindable
        self._the_turn: asyncio.Lock | None = None  # nobody may ever ask for it, and a hundred thousand may wait
        self._read_to_the_end = False
        self._queued = 0
        self._portions: set[_Portion[T]] | None = None
        self._last: Delivery[T] | None = None

    @property
    def results(self) -> ResultSet[T]:
        """The set that is read. WbemError(INVALID_OPERATION) once closed, or read to the end where that frees it."""
        return self._cursor.results

    @property
    def principal(self) -> str:
        """Whose call it is."""
        return self._context.principal

    def allow(self, principal: str) -> None:
        """ACCESS_DENIED for anyone but the caller whose call it is ([MS-WMI] 3.1.4.4, ClientSecurityContext)."""
        if fold(principal) != fold(self._context.principal):
            raise WbemError(WbemStatus.ACCESS_DENIED, "an enumerator is only for the one who made the call")

    async def next(self, count: int = 1, timeout: float | None = None) -> Batch[T]:
        """As Cursor's, when it is this call's turn; the time that it waits for that counts."""
        objects: list[T] = []

        def use(more: Sequence[T]) -> bool:
            objects.extend(more)
            return True

        status = await self.read(count, timeout, use, count)
        return Batch(objects, status)

    def poll(self, count: int) -> Batch[T] | None:
        """What `next` would give, if it need not wait for that; else None."""
        if self._busy:
            return None
        with self._taking:
            if self._read_to_the_end:
                return Batch((), WbemStatus.FALSE)
            batch = self._cursor.poll(count)
        if batch is not None:
            self._look(batch.status)
        return batch

    def glance(self, count: int) -> Batch[T] | None:
        """As `poll`, on any thread: for a call that has ended, and whose objects are all in memory; else None.

        Such a set changes no more but by its cursors, and nobody waits for it.
        """
        results = self._results
        if results is not None and not (results.finished and results.in_memory):
            return None
        with self._taking:
            if self._busy:
                return None
            if self._read_to_the_end:
                return Batch((), WbemStatus.FALSE)
            batch = self._cursor.poll(count)
            if batch is not None and batch.status is WbemStatus.FALSE and not self.rewindable:
                self._read_to_the_end = self._let_go()
            return batch

    async def read(
        self,
        count: int,
        timeout: float | None,
        use: Callable[[Sequence[T]], bool],
        step: int,
        piece: int | None = None,
    ) -> WbemStatus:
        """Passes the next `count` objects to `use`, up to `piece` at a time and all of them in one turn.

        After each `step` of them others get to run. `use` says whether it can take more; if not, and more were asked
        for, the status is TIMEDOUT. Otherwise it is that of `Cursor.next`, and so are the errors; a failure after some
        objects waits for the next call.
        """
        loop = asyncio.get_running_loop()
        until = None if timeout is None else loop.time() + timeout
        if not await self._in_turn(until):
            return WbemStatus.TIMEDOUT
        try:
            if self._at_its_end():
                return WbemStatus.FALSE
            left, ready = count, 0
            while True:
                try:
                    if not ready:
                        ready = min(left, step)
                        await self._cursor.ready(ready, None if until is None else max(0.0, until - loop.time()))
                    with self._taking:
                        batch = self._cursor.take(min(ready, piece or ready))
                except WbemError:
                    if left == count:
                        raise
                    return WbemStatus.TIMEDOUT
                enough = not use(batch)
                left -= len(batch)
                ready -= len(batch)
                self._look(batch.status)
                if batch.status is not WbemStatus.NO_ERROR or not left:
                    return batch.status
                if enough:
                    return WbemStatus.TIMEDOUT
                if not ready:
                    await asyncio.sleep(0)
        finally:
            self._turn.release()

    async def skip(self, count: int, timeout: float | None = None) -> WbemStatus:
        """Passes over objects, a bounded number at a time: the status of `next`. NO_ERROR for none."""
        if _is_nothing(count):
            return WbemStatus.NO_ERROR
        return await self.read(count, timeout, lambda _: True, SKIP_STEP)

    async def reset(self) -> None:
        """Back to the first object. INVALID_OPERATION on a forward-only enumerator."""
        self._check_rewindable("reset")
        async with self._turn:
            with self._taking:
                self._cursor.reset()

    async def clone(self) -> Enumeration[T]:
        """A second one at the same place of the same objects, without what waits here for its turn.

        INVALID_OPERATION on a forward-only enumerator; the failure of a call that has failed.
        """
        self._check_rewindable("cloned")
        async with self._turn:
            if self.results.finished:
                self.results.check()
            return Enumeration(self._cursor.clone(), rewindable=True)

    def next_async(self, count: int, sink: Sink[T] | None, table: CallTable | None = None) -> WbemStatus:
        """Has the next `count` objects delivered to `sink`, in turn with everything else; returns at once.

        The sink hears the objects, none if there are none, and then NO_ERROR; FALSE when these were the last, or the
        failure of the call. What was asked for first is delivered first. FALSE for a count of 0: the sink is then not
        touched. INVALID_PARAMETER without a sink, QUOTA_VIOLATION for too many that wait.

        The SDK's page also says that the call returns FALSE, and that SetStatus is not called, when there are no more
        objects; [MS-WMI] 3.1.4.4.3 evaluates uCount alone before it returns, and is followed here.
        """
        if sink is None:
            raise WbemError(WbemStatus.INVALID_PARAMETER, "a sink must be given, to which the objects go")
        if _is_nothing(count):
            return WbemStatus.FALSE
        if self._portions is None:
            self._portions = set()
        portions = self._portions
        if len(portions) >= NEXT_ASYNC_PENDING:
            raise WbemError(
                WbemStatus.QUOTA_VIOLATION, f"{NEXT_ASYNC_PENDING} calls of NextAsync wait for this enumerator already"
            )
        if not self._read_to_the_end:
            _ = self.results  # INVALID_OPERATION once closed
        # The call's deadline is not that of whoever reads what it brought.
        context = replace(self._context, deadline=NEVER)
        portion: _Portion[T] = _Portion(f"{self._name}, next {count}", context)
        portion.begin()
        before, self._last = self._last, Delivery(Cursor(portion), sink, table)
        portions.add(portion)
        portion.when_finished(lambda: portions.discard(portion))
        self._queued += 1
        portion.on_stop(tasks.run(portion.loop, self._fill(portion, count, before)).cancel)
        return WbemStatus.NO_ERROR

    def close(self) -> None:
        """Lets the results go; what was to be delivered by `next_async` and has not been is cancelled."""
        self._cursor.close()
        for portion in list(self._portions or ()):
            portion.cancel()

    def drop(self) -> bool:
        """As `close`, on any thread: for a call that has ended well, and while nobody has a turn. False for others."""
        with self._taking:
            return not (self._portions or self._busy) and self._let_go()

    async def _fill(self, portion: _Portion[T], count: int, before: Delivery[T] | None) -> None:
        try:
            try:
                await self._turn.acquire()
            finally:
                self._queued -= 1
            try:
                batch = await self._take(count)
            finally:
                self._turn.release()
            if before is not None:
                await before  # whose sink hears of its objects first
            if batch:
                await portion.put(batch)
            if batch.status is WbemStatus.TIMEDOUT:  # there was no time: the call failed after these
                self.results.check()
            portion.outcome = batch.status
            portion.finish()
        except WbemError as error:
            if not portion.finished:
                portion.fail(error)
        except asyncio.CancelledError:
            portion.cancel()
            raise

    async def _take(self, count: int) -> Batch[T]:
        if self._at_its_end():
            return Batch((), WbemStatus.FALSE)
        batch = await self._next(count, None)
        self._look(batch.status)
        return batch

    async def _next(self, count: int, timeout: float | None) -> Batch[T]:
        await self._cursor.ready(count, timeout)
        with self._taking:
            return self._cursor.take(count)

    @property
    def _taking(self) -> RLock:
        """For the moments in which the place moves: one of a few, which all enumerations share."""
        return _LOCKS[id(self) // 64 % len(_LOCKS)]

    @property
    def _turn(self) -> asyncio.Lock:
        if self._the_turn is None:
            self._the_turn = asyncio.Lock()
        return self._the_turn

    @property
    def _busy(self) -> bool:
        """Whether somebody has the turn, or waits for it."""
        return self._queued > 0 or (self._the_turn is not None and self._the_turn.locked())

    def _let_go(self) -> bool:
        if not self._cursor.drop():
            return False
        self._results = None
        return True

    def _at_its_end(self) -> bool:
        """Whether it was read to the end, and let go. For whoever has the turn: a `glance` before it is over then."""
        with self._taking:
            return self._read_to_the_end

    async def _in_turn(self, until: float | None) -> bool:
        """Whether it became this call's turn in time; then it has to be given back."""
        if until is None:  # a timeout, even one without a time, costs more than the turn
            return await self._turn.acquire()
        try:
            async with asyncio.timeout_at(until):  # a free turn is taken at once, whatever the time
                await self._turn.acquire()
        except TimeoutError:
            return False
        return True

    def _look(self, status: WbemStatus) -> None:
        if status is WbemStatus.FALSE and not self.rewindable:
            self._read_to_the_end = True
            self._cursor.close()

    def _check_rewindable(self, verb: str) -> None:
        if not self.rewindable:
            raise WbemError(WbemStatus.INVALID_OPERATION, f"an enumerator of a forward-only call cannot be {verb}")


def _is_nothing(count: int) -> bool:
    """Whether it is 0, which some calls may be asked for. INVALID_PARAMETER for what is no number of objects."""
    if type(count) is int and count == 0:
        return True
    check_count(count)
    return False


_LOCKS = [RLock() for _ in range(64)]
"""Held for moments. A collector that runs within one may let go of an enumeration that has the same."""


def _in_the_child() -> None:
    """Another thread may have held one of them when this process was forked, and it is not here."""
    _LOCKS[:] = [RLock() for _ in _LOCKS]


if hasattr(os, "register_at_fork"):
    os.register_at_fork(after_in_child=_in_the_child)


SKIP_STEP = 256
"""Objects that are passed over at a time: so many are read, and may come from the disk."""


class _Portion(StreamResults[T]):
    """The objects of one `next_async`, which may end well with less than NO_ERROR."""

    __slots__ = ("outcome",)

    def __init__(self, name: str, context: CallContext) -> None:
        super().__init__(name, context)
        self.outcome = WbemStatus.NO_ERROR

    @property
    def status(self) -> WbemStatus | HResult | int:
        status = super().status
        return self.outcome if status is WbemStatus.NO_ERROR else status
