"""Results that are forgotten as they are read: one pass, a bounded backlog, a producer that waits, flat memory."""

from __future__ import annotations

import asyncio
from collections import deque
from collections.abc import Callable, Sequence
from itertools import islice
from typing import Any, Final, TypeVar

from openwmi.base.fault import LocalProtocolError
from openwmi.base.limits import STREAM_BACKLOG
from openwmi.operation.context import LOCAL, CallContext
from openwmi.operation.results import EVERYTHING, ResultSet

T = TypeVar("T")

_EMPTY: Final[deque[Any]] = deque()
"""The backlog of every set that has had no object yet: a deque of one's own costs more than the rest of a call."""


class StreamResults(ResultSet[T]):
    """The forward-only set ([MS-WMI] WBEM_FLAG_FORWARD_ONLY).

    Attributes:
        room: how many objects may wait for their reader before a producer waits; it may be changed.
    """

    __slots__ = ("_backlog", "_producers", "_reader", "_wanted", "room")

    rewindable = False

    def __init__(self, name: str = "", context: CallContext = LOCAL) -> None:
        super().__init__(name, context)
        self.room = STREAM_BACKLOG
        self._backlog: deque[T] = _EMPTY
        self._producers: list[asyncio.Future[None]] | None = None
        self._reader: Callable[[], object] | None = None
        self._wanted = 0

    def when_full(self, callback: Callable[[], object] | None) -> None:
        self._reader = callback
        if callback is not None and self.full:
            callback()

    def waiter(self, wanted: int) -> asyncio.Future[None]:
        # Whoever waits for more objects than the backlog holds would wait for ever if the producer did not go on. Who
        # waits for the end alone takes no objects: for them it does not go on.
        if wanted != EVERYTHING:
            self._wanted = max(self._wanted, wanted)
            self._make_room()
        return super().waiter(wanted)

    def read(self, position: int, count: int) -> list[T]:
        backlog = self._backlog
        if position != self.total - len(backlog) and not self.cancelled:
            raise LocalProtocolError("a forward-only set has one reader, and this is not the one that read before")
        if count >= len(backlog):
            objects = list(backlog)
            backlog.clear()
        else:
            objects = list(islice(backlog, count))
            for _ in range(count):
                backlog.popleft()
        self._wanted = 0
        self._make_room()
        return objects

    def _store(self, objects: Sequence[T]) -> None:
        if self._backlog is _EMPTY:
            self._backlog = deque(objects)
        else:
            self._backlog.extend(objects)

    async def _room(self) -> None:
        while not self.finished and self.full:
            if self._reader is not None:
                self._reader()
                await asyncio.sleep(0)  # others have their turn, whoever wants to cancel this among them
                continue
            future = self.loop.create_future()
            self._producers = [*(self._producers or ()), future]
            await future

    @property
    def full(self) -> bool:
        """Whether a producer that put something now would wait."""
        return len(self._backlog) >= self.room and self.total >= self._wanted

    def _make_room(self) -> None:
        if self._producers and (self.finished or not self.full):
            waiting, self._producers = self._producers, None
            for future in waiting:
                if not future.done():
                    future.set_result(None)

    def _free(self) -> None:
        self._reader = None
        self._backlog.clear()
        self._wanted = 0
        self._make_room()
