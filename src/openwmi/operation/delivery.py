"""Delivery of a call's results to a sink, and the table of all under way ([MS-WMI] 3.1.1, AsyncOperationTable)."""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Awaitable, Callable, Generator, Hashable
from threading import Lock
from typing import Any, Generic, TypeVar

from openwmi.base.clock import NEVER
from openwmi.base.error import WbemError
from openwmi.base.limits import SINK_BATCH, SINK_CALLBACK_SECONDS
from openwmi.base.record import log_bug
from openwmi.base.status import WbemStatus, describe
from openwmi.operation import tasks
from openwmi.operation.context import CallFlags
from openwmi.operation.cursor import Cursor
from openwmi.operation.sink import Callbacks, Sink
from openwmi.operation.states import State

T = TypeVar("T")

log = logging.getLogger("openwmi.operation")


class Delivery(Generic[T]):
    """One row of the AsyncOperationTable: pumps results into a sink. `await` it to know that the sink was let go.

    Attributes:
        key: the identity of the sink.
        callback_in_progress: whether the sink is being called just now.
        final_status_sent: whether `set_status` has been called.
    """

    __slots__ = (
        "_callbacks",
        "_cancelled",
        "_cursor",
        "_ending",
        "_guard",
        "_results",
        "_seen",
        "_table",
        "_task",
        "callback_in_progress",
        "final_status_sent",
        "key",
    )

    def __init__(self, cursor: Cursor[T], sink: Sink[T], table: CallTable | None = None) -> None:
        self._cursor = cursor
        self._results = cursor.results
        self.key = sink.identity
        self.callback_in_progress = False
        self.final_status_sent = False
        self._cancelled = False
        self._guard = Lock()  # for the moments in which it is decided who calls the sink
        self._ending: asyncio.Future[object] | None = None  # the final status, where another thread told it
        self._callbacks = Callbacks(sink)
        self._seen = self._results.progress
        self._table = table
        if table is not None:
            table.add(self)
        self._results.when_finished(self._outlive)
        self._task = tasks.run(self._results.loop, self._run())

    def __await__(self) -> Generator[Any, None, None]:
        # Whoever waits for a delivery is not part of it: giving up waiting leaves the sink its final status.
        return asyncio.shield(self._task).__await__()

    def cancel(self) -> None:
        """Cancels the call; the final status follows a callback that is running, or its 30 seconds.

        It is under way until its sink has heard the final status, however long ago its producer has finished.
        """
        self._results.cancel()

    def cancel_aside(self, post: Callable[[Callable[[], object]], object]) -> None:
        """As `cancel`, on any thread: the sink hears no more objects, and one at rest hears its final status at once.

        To wake the loop, so that it wakes the sink's thread, would take twice as long. `post` has the rest done on the
        loop.
        """
        ending: asyncio.Future[object] = self._results.loop.create_future()
        with self._guard:
            self._cancelled = True
            at_rest = not (self.callback_in_progress or self.final_status_sent)
            if at_rest and self._results.began and not self._results.finished and self._callbacks.end_on_thread:
                self.callback_in_progress = self.final_status_sent = True
                self._ending = ending
        if self._ending is ending:
            error = self._cancellation()
            self._callbacks.end(ending, error.status, error)
        post(self.cancel)

    async def _run(self) -> None:
        try:
            if await self._pump():
                await self._finish()
        finally:
            if self._table is not None:
                self._table.remove(self)
            self._callbacks.close()
            self._results.ignore_cancel(self._stop)
            self._cursor.close()

    async def _pump(self) -> bool:
        """Objects and progress, until the call has ended; False if it could not start: the sink is never touched."""
        cursor, results = self._cursor, self._results
        while results.state is State.STARTING:
            await results.wait(0, NEVER)
        if not results.began:
            return False
        while True:
            progress = results.progress if CallFlags.SEND_STATUS in results.context.flags else self._seen
            position = cursor.position
            if self._cancelled or results.cancelled:
                return True
            if progress is not None and progress is not self._seen and progress.after <= position:
                self._seen = progress
                await self._call(self._callbacks.set_progress, progress)
            elif results.finished and position >= results.total:
                return True
            elif results.total > position:
                ahead = progress.after - position if progress is not None and progress is not self._seen else SINK_BATCH
                objects = await cursor.next(min(SINK_BATCH, ahead, results.total - position))
                await self._call(self._callbacks.indicate, objects)
            else:
                await results.wait(position + 1, NEVER)

    def _outlive(self) -> None:
        """The producer has ended, and the sink has not heard all of it."""
        self._results.when_cancelled(self._stop)

    def _stop(self) -> None:
        self._cancelled = True

    async def _finish(self) -> None:
        with self._guard:
            self.callback_in_progress = self.final_status_sent = True
        if self._ending is not None:
            await self._heard(asyncio.shield(self._ending))
            return
        status, error = self._results.status, self._results.error
        if self._cancelled and not self._results.cancelled:
            error = self._cancellation()
            status = error.status
        await self._heard(self._callbacks.set_status(status, error))

    def _cancellation(self) -> WbemError:
        return WbemError(WbemStatus.CALL_CANCELLED, "the call was cancelled", operation=self._results.name or None)

    async def _call(self, callback: Callable[[Any], Awaitable[None]], argument: object) -> None:
        """One callback, unless the call was cancelled meanwhile."""
        with self._guard:
            if self._cancelled:
                return
            self.callback_in_progress = True
        await self._heard(callback(argument))

    async def _heard(self, callback: Awaitable[object]) -> None:
        """The end of a callback. If it fails or lasts too long, the call is cancelled ([MS-WMI] 3.1.1.1.3)."""
        limit = asyncio.timeout(SINK_CALLBACK_SECONDS)
        try:
            async with limit:
                await callback
        except (Exception, asyncio.CancelledError) as error:
            if self._task.cancelling():  # the loop is shutting down, and it was not the sink that raised this
                raise
            self._tell(error, late=limit.expired())
            self.cancel()
        finally:
            self.callback_in_progress = False

    def _tell(self, error: BaseException, *, late: bool) -> None:
        kind = self._results.kind
        if late or isinstance(error, WbemError):
            level = logging.WARNING if self._callbacks.is_news() else logging.DEBUG
        if late:
            log.log(level, "a sink of %s took more than %g s: the call is cancelled", kind, SINK_CALLBACK_SECONDS)
        elif isinstance(error, WbemError):
            log.log(level, "a sink of %s failed, and the call is cancelled: %s", kind, describe(error.status))
        else:
            log_bug(log, f"a sink of {kind} failed, and the call is cancelled", error)


class CallTable:
    """The deliveries under way, by the identity of their sinks."""

    def __init__(self) -> None:
        self._rows: dict[Hashable, list[Delivery[Any]]] = {}

    def __len__(self) -> int:
        return sum(map(len, self._rows.values()))

    def __contains__(self, identity: object) -> bool:
        return identity in self._rows

    def add(self, delivery: Delivery[Any]) -> None:
        """A delivery does this itself, before its call starts."""
        self._rows.setdefault(delivery.key, []).append(delivery)

    def remove(self, delivery: Delivery[Any]) -> None:
        """A delivery does this itself, after the final status."""
        rows = self._rows[delivery.key]
        rows.remove(delivery)
        if not rows:
            del self._rows[delivery.key]

    def forget(self) -> None:
        """In the child of a fork, where none of them goes on."""
        self._rows.clear()

    async def settled(self) -> None:
        """Returns when each sink of the deliveries that are under way now has heard its final status."""
        for delivery in [each for rows in self._rows.values() for each in rows]:
            await delivery

    def cancel_all(self) -> None:
        """Cancels every call, and waits for none of them."""
        for delivery in [each for rows in self._rows.values() for each in rows]:
            delivery.cancel()

    def cancel(self, sink: Sink[Any] | None) -> None:
        """Cancels every call whose objects go to this sink, and waits for none of them ([MS-WMI] 3.1.4.3.2).

        WbemError(INVALID_PARAMETER) without a sink, WbemError(NOT_FOUND) if no call under way uses it.
        """
        if sink is None:
            raise WbemError(WbemStatus.INVALID_PARAMETER, "a sink must be given, whose calls are to be cancelled")
        for delivery in self._to(sink):
            delivery.cancel()

    def cancel_aside(self, sink: Sink[Any], post: Callable[[Callable[[], object]], object]) -> None:
        """As `cancel`, on any thread, without waiting for the loop's; `post` has functions called there.

        WbemError(NOT_FOUND) as above.
        """
        for delivery in self._to(sink):
            delivery.cancel_aside(post)

    def _to(self, sink: Sink[Any]) -> list[Delivery[Any]]:
        rows = list(self._rows.get(sink.identity, ()))
        if not rows:
            raise WbemError(WbemStatus.NOT_FOUND, "no call under way delivers to this sink: it may have ended")
        return rows
