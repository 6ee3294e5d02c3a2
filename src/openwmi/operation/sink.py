"""A sink: what receives a call's objects and its final status ([MS-WMI] 3.1.4.2, IWbemObjectSink)."""

from __future__ import annotations

import asyncio
import inspect
from collections.abc import Awaitable, Callable, Hashable, Sequence
from typing import Any, Generic, TypeVar

from openwmi.base.error import WbemError
from openwmi.base.status import HResult, WbemStatus
from openwmi.operation.results import Progress
from openwmi.operation.threads import Workers

T = TypeVar("T")


class Sink(Generic[T]):
    """Derive from this and override what you want to hear.

    One callback runs at a time. `async def` methods run on the loop; ordinary ones run in order on a thread of the
    sink's own, so that they may block and may call WMI. All this holds for each call: one that is given to several
    hears of them side by side. A callback that raises, or takes more than 30 seconds, cancels its call. After
    `set_status` nothing follows, and the sink is let go.
    """

    def indicate(self, objects: Sequence[T]) -> Awaitable[None] | None:
        """The next objects, at least one."""

    def set_progress(self, progress: Progress) -> Awaitable[None] | None:
        """How far the call has come; only if it was made with CallFlags.SEND_STATUS."""

    def set_status(self, status: WbemStatus | HResult | int, error: WbemError | None) -> Awaitable[None] | None:
        """The final status, once: NO_ERROR, or that of `error`."""

    def is_news(self) -> bool:
        """Its call is cancelled, as it has failed: whether the log is to say so. No, for one of many that are gone."""
        return True

    @property
    def identity(self) -> Hashable:
        """What makes this sink the same one when it is named again, as CancelAsyncCall does."""
        return id(self)


class Callbacks:
    """Calls one sink: each method on the loop or on the sink's thread, as it was written."""

    __slots__ = ("_sink", "_thread")

    def __init__(self, sink: Sink[Any]) -> None:
        self._sink = sink
        self._thread: Workers | None = None

    async def indicate(self, objects: Sequence[Any]) -> None:
        await self._call(self._sink.indicate, objects)

    async def set_progress(self, progress: Progress) -> None:
        await self._call(self._sink.set_progress, progress)

    async def set_status(self, status: WbemStatus | HResult | int, error: WbemError | None) -> None:
        await self._call(self._sink.set_status, status, error)

    @property
    def end_on_thread(self) -> bool:
        """Whether the sink hears its final status on its thread, and not on the loop."""
        return not inspect.iscoroutinefunction(self._sink.set_status)

    def end(self, future: asyncio.Future[object], status: WbemStatus | HResult | int, error: WbemError | None) -> None:
        """The final status on the sink's thread, from whatever thread, while nobody else calls the sink.

        `future`, of the loop, then has its outcome.
        """
        self._workers().give(future, self._sink.set_status, status, error)

    def is_news(self) -> bool:
        """See Sink."""
        return self._sink.is_news()

    def close(self) -> None:
        """The sink is let go, and with it its thread."""
        if self._thread is not None:
            self._thread.close()

    async def _call(self, callback: Callable[..., object], *arguments: object) -> None:
        if inspect.iscoroutinefunction(callback):
            await callback(*arguments)
            return
        # Shielded: when the 30 seconds are over, the thread's job cannot be stopped, only no longer waited for.
        await asyncio.shield(self._workers().run(callback, *arguments))

    def _workers(self) -> Workers:
        if self._thread is None:
            self._thread = Workers(f"openwmi-sink-{type(self._sink).__name__}", 1)
        return self._thread
