"""The Operation: one management call, however its caller wants to see it."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Coroutine, Generator
from functools import partial
from typing import Any, TypeVar

from openwmi.base.clock import NEVER
from openwmi.base.error import WbemError
from openwmi.base.status import HResult, WbemStatus
from openwmi.operation import tasks
from openwmi.operation.context import LOCAL, CallContext
from openwmi.operation.cursor import HANDED_OVER, Cursor
from openwmi.operation.delivery import CallTable, Delivery
from openwmi.operation.kept import KeptResults
from openwmi.operation.results import EVERYTHING, Progress, ResultSet
from openwmi.operation.single import SingleResult
from openwmi.operation.sink import Sink
from openwmi.operation.states import State
from openwmi.operation.stream import StreamResults
from openwmi.operation.waithandle import WaitHandle

T = TypeVar("T")


class Operation(Cursor[T]):
    """Objects in order, progress in between, then exactly one final status. It runs without being awaited.

    Synchronous: `await op` gives the object of a call with one result, else the list of all, or raises; `async for`
    gives them one by one. Cancelling the task that does so cancels the call; `asyncio.shield(op)` keeps it.

    Semisynchronous: `status(timeout)` and `next(count, timeout)` return what there is when the time is over, lose
    nothing, and can be repeated.

    Asynchronous: `deliver(sink)` pushes objects and the final status to a sink.

    `cancel()` ends it in each of them. Leaving `async with`, or `close()`, lets it go.
    """

    __slots__ = ()

    @classmethod
    def start(
        cls,
        work: Callable[[ResultSet[T]], Coroutine[Any, Any, T | None]],
        name: str = "",
        *,
        single: bool = False,
        keep: bool = False,
        context: CallContext = LOCAL,
        group: tasks.Group[ResultSet[Any]] | None = None,
    ) -> Operation[T]:
        """Runs `work(results)` as a task and returns at once.

        Args:
            work: puts objects into the set that it is given, or returns the one object of a call with one result; what
                it raises is the failure: before `results.begin()` or the first `put`, the call could not start.
            name: what the call is, for errors and logs: "query SELECT * FROM Win32_Process".
            single: whether it has one result. Such a call goes on when it is let go, any other is cancelled.
            keep: whether its objects can be read again; else they are forgotten as they are read.
            context: who calls, by when.
            group: of which it is until it has ended.
        """
        results: ResultSet[T]
        if single:
            results = SingleResult(name, context)
        elif keep:
            results = KeptResults(name, context)
        else:
            results = StreamResults(name, context)
        operation = cls(results)
        if context.deadline.passed(results.loop.time()):
            results.expire()
        else:
            _run(work, results, group)
        return operation

    @property
    def name(self) -> str:
        """What was called."""
        return self.results.name

    @property
    def state(self) -> State:
        """STARTING, RUNNING or FINISHED."""
        return self.results.state

    @property
    def progress(self) -> Progress | None:
        """What the producer reported last."""
        return self.results.progress

    async def started(self) -> None:
        """Returns when the call has started. Raises its failure if it could not start."""
        results = self.results
        while results.state is State.STARTING:
            await results.wait(0, NEVER)
        if not results.began:
            results.check()

    async def status(self, timeout: float | None = None) -> WbemStatus | HResult | int:
        """The final status, or TIMEDOUT if there is none after `timeout` seconds; never raises for a failed call.

        A forward-only call with more objects than fit into its backlog only ends when somebody reads them.
        """
        results = self.results
        await results.ended(timeout)
        return results.status

    def cancel(self) -> None:
        """Ends the call with CALL_CANCELLED and returns at once; harmless when repeated or too late."""
        if self._results is not None:
            self._results.cancel()

    def add_done_callback(self, callback: Callable[[Operation[T]], object]) -> None:
        """Calls `callback(operation)` on the loop's thread when the call has ended; at once if it has."""
        self.results.when_finished(partial(callback, self))

    def wait_handle(self) -> WaitHandle:
        """A handle that the end of the call sets, for select and poll; set if it has ended. Close it when done."""
        handle = WaitHandle()
        self.results.when_finished(handle.set)
        return handle

    def deliver(self, sink: Sink[T], table: CallTable | None = None) -> Delivery[T]:
        """Pushes the objects from here on, and the final status, to `sink`; see `openwmi.operation.sink`.

        A forward-only call's objects can then not be read here any more; `status` and `cancel` stay.
        """
        self._not_handed_over()
        cursor = Cursor(self.results, self._position)
        if not self.results.rewindable:
            self._position = HANDED_OVER
        return Delivery(cursor, sink, table)

    def __await__(self) -> Generator[Any, None, Any]:
        results = self.results
        if not results.single and not results.rewindable:
            return (yield from self._gather().__await__())
        try:
            while not results.finished:
                yield from results.ending()
        except asyncio.CancelledError:
            results.cancel()
            raise
        if results.failure is not None:
            results.check()
        return results.whole()

    async def __anext__(self) -> T:
        try:
            return await super().__anext__()
        except asyncio.CancelledError:
            self.cancel()
            raise

    async def __aenter__(self) -> Operation[T]:
        return self

    async def _gather(self) -> list[T]:
        """All objects of a forward-only call that nobody has read from yet."""
        if self._position:
            raise WbemError(
                WbemStatus.INVALID_OPERATION,
                "the first objects of this forward-only operation have been read and forgotten: "
                "ask for a kept one to have all of them",
            )
        results = self.results
        found: list[T] = []
        results.when_full(lambda: found.extend(self._take(EVERYTHING)))
        try:
            while not results.finished:
                await results.ending()
        except asyncio.CancelledError:
            self.cancel()
            raise
        finally:
            results.when_full(None)
        results.check()
        return found + self._take(EVERYTHING)


def _run(
    work: Callable[[ResultSet[T]], Coroutine[Any, Any, T | None]],
    results: ResultSet[T],
    group: tasks.Group[ResultSet[Any]] | None,
) -> None:
    """A hundred thousand may wait: so the work is the task, with nothing around it, and one name does for all."""
    try:
        working = work(results)
    except Exception as error:  # noqa: BLE001 - whatever it is, it is the call's failure
        results.loop.call_soon(results.failed, error)  # whoever asked has the call in hand before it ends
        return
    runs_in = tasks.context_of_call()
    task = results.loop.create_task(working, name="an operation", context=runs_in)
    results.produced_by(task, group)
    task.add_done_callback(results, context=runs_in)
