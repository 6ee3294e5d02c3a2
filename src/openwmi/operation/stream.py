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


class _Flow:
    """What a reader has asked for, and the producers that wait until it reads."""

    __slots__ = ("producers", "reader", "room", "wanted")

    def __init__(self) -> None:
        self.room = STREAM_BACKLOG
        self.wanted = 0
        self.reader: Callable[[], object] | None = None
        self.producers: list[asyncio.Future[None]] | None = None


_AT_REST: Final = _Flow()
"""That of every set of which nobody has asked anything yet, for the same reason. Nobody changes it."""


class StreamResults(ResultSet[T]):
    """The forward-only set ([MS-WMI] WBEM_FLAG_FORWARD_ONLY)."""

    __slots__ = ("_backlog", "_flow")

    rewindable = False

    def __init__(self, name: str = "", context: CallContext = LOCAL) -> None:
        super().__init__(name, context)
        self._backlog: deque[T] = _EMPTY
        self._flow = _AT_REST

    @property
    def room(self) -> int:
        """How many objects may wait for their reader before a producer waits; it may be changed."""
        return self._flow.room

    @room.setter
    def room(self, room: int) -> None:
        self._asked().room = room

    def when_full(self, callback: Callable[[], object] | None) -> None:
        self._asked().reader = callback
        if callback is not None and self.full:
            callback()

    def waiter(self, wanted: int) -> asyncio.Future[None]:
        # Whoever waits for more objects than the backlog holds would wait for ever if the producer did not go on. Who
        # waits for the end alone takes no objects: for them it does not go on.
        if wanted != EVERYTHING:
            flow = self._asked()
            flow.wanted = max(flow.wanted, wanted)
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
        self._make_room(read=True)
        return objects

    def _store(self, objects: Sequence[T]) -> None:
        if self._backlog is _EMPTY:
            self._backlog = deque(objects)
        else:
            self._backlog.extend(objects)

    async def _room(self) -> None:
        while not self.finished and self.full:
            if self._flow.reader is not None:
                self._flow.reader()
                await asyncio.sleep(0)  # others have their turn, whoever wants to cancel this among them
                continue
            future, flow = self.loop.create_future(), self._asked()
            flow.producers = [*(flow.producers or ()), future]
            await future

    @property
    def _late_for(self) -> str:
        return "whoever reads the results" if self._flow.producers else super()._late_for

    @property
    def full(self) -> bool:
        """Whether a producer that put something now would wait."""
        flow = self._flow
        return len(self._backlog) >= flow.room and self.total >= flow.wanted

    def _asked(self) -> _Flow:
        if self._flow is _AT_REST:
            self._flow = _Flow()
        return self._flow

    def _make_room(self, *, read: bool = False) -> None:
        flow = self._flow
        if read and flow.wanted:
            flow.wanted = 0
        if flow.producers and (self.finished or not self.full):
            waiting, flow.producers = flow.producers, None
            for future in waiting:
                if not future.done():
                    future.set_result(None)

    def _free(self) -> None:
        self._backlog.clear()
        self._make_room(read=True)
        self._flow = _AT_REST
