"""Results that are kept: rewindable, shared by cursors, in memory up to limits and on disk beyond them."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Final, Generic, TypeVar

from openwmi.base.limits import KEPT_IN_MEMORY, KEPT_IN_MEMORY_TOGETHER, KEPT_UNCOUNTED, SPOOL_PAGE
from openwmi.operation.context import LOCAL, CallContext
from openwmi.operation.results import ResultSet
from openwmi.operation.spool import Quota, Spool

T = TypeVar("T")

PLACES: Final = Quota(KEPT_IN_MEMORY_TOGETHER)
"""Those in memory, for all sets of the process."""


class KeptResults(ResultSet[T]):
    """The first objects stay in memory; further ones go to disk in pages, but for the page that is being filled."""

    __slots__ = ("_objects", "_spool")

    rewindable = True

    def __init__(self, name: str = "", context: CallContext = LOCAL) -> None:
        self._objects: list[T] | None = None  # a call that is still under way need not have a list
        self._spool: _Tail[T] | None = None
        ResultSet.__init__(self, name, context)

    @property
    def in_memory(self) -> bool:
        return self._spool is None

    def read(self, position: int, count: int) -> list[T]:
        if self._objects is None:
            return []
        found = self._objects[position : position + count]
        if self._spool is not None:
            here = len(self._objects)
            start, end = max(position, here), min(position + count, self.total)
            found += self._spool.read(start - here, end - here)
        return found

    def _store(self, objects: Sequence[T]) -> None:
        if self._spool is None:
            room = self._place(len(objects))
            here = objects if room == len(objects) else objects[:room]
            if self._objects is None:
                self._objects = list(here)
            else:
                self._objects.extend(here)
            if here is objects:
                return
            self._spool = _Tail()
            objects = objects[room:]
        self._spool.extend(objects)

    def _place(self, count: int) -> int:
        """How many of so many more objects stay in memory."""
        had = len(self._objects or ())
        room = min(count, KEPT_IN_MEMORY - had)
        uncounted = max(KEPT_UNCOUNTED - had, 0)
        return room if room <= uncounted else uncounted + PLACES.take_up_to(room - uncounted)

    async def _room(self) -> None:
        """There is always room: what limits a kept set is the quota of the spool, which fails the call."""

    def _free(self) -> None:
        counted, self._objects = len(self._objects or ()) - KEPT_UNCOUNTED, None
        if counted > 0:
            PLACES.give_back(counted)
        if self._spool is not None:
            self._spool.close()
            self._spool = None

    def __del__(self) -> None:
        self._free()


class _Tail(Generic[T]):
    """What does not fit into memory: full pages on disk, and the page that is being filled."""

    __slots__ = ("_page", "_spool")

    def __init__(self) -> None:
        self._spool: Spool[T] = Spool()
        self._page: list[T] = []

    def extend(self, objects: Sequence[T]) -> None:
        self._page.extend(objects)
        while len(self._page) >= SPOOL_PAGE:
            self._spool.append(self._page[:SPOOL_PAGE])
            del self._page[:SPOOL_PAGE]

    def read(self, start: int, end: int) -> list[T]:
        """The objects `start:end`, counted from the first that is not in memory."""
        found: list[T] = []
        while start < end:
            number, offset = divmod(start, SPOOL_PAGE)
            page = self._spool.page(number) if number < len(self._spool) else self._page
            piece = page[offset : offset + end - start]
            found += piece
            start += len(piece)
        return found

    def close(self) -> None:
        self._spool.close()
