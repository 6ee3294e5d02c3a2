"""Results that are kept: rewindable, shared by cursors, in memory up to a limit and on disk beyond it."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Generic, TypeVar

from openwmi.base.limits import KEPT_IN_MEMORY, SPOOL_PAGE
from openwmi.operation.context import LOCAL, CallContext
from openwmi.operation.results import ResultSet
from openwmi.operation.spool import Spool

T = TypeVar("T")


class KeptResults(ResultSet[T]):
    """The first objects stay in memory; further ones go to disk in pages, but for the page that is being filled."""

    __slots__ = ("_objects", "_spool")

    rewindable = True

    def __init__(self, name: str = "", context: CallContext = LOCAL) -> None:
        ResultSet.__init__(self, name, context)
        self._objects: list[T] | None = None  # a call that is still under way need not have a list
        self._spool: _Tail[T] | None = None

    def read(self, position: int, count: int) -> list[T]:
        if self._objects is None:
            return []
        found = self._objects[position : position + count]
        if self._spool is not None:
            start, end = max(position, KEPT_IN_MEMORY), min(position + count, self.total)
            found += self._spool.read(start - KEPT_IN_MEMORY, end - KEPT_IN_MEMORY)
        return found

    def _store(self, objects: Sequence[T]) -> None:
        if self._objects is None:
            if len(objects) <= KEPT_IN_MEMORY:
                self._objects = list(objects)
                return
            self._objects = []
        room = KEPT_IN_MEMORY - len(self._objects)
        if len(objects) <= room:
            self._objects.extend(objects)
            return
        self._objects.extend(objects[:room])
        if self._spool is None:
            self._spool = _Tail()
        self._spool.extend(objects[room:])

    async def _room(self) -> None:
        """There is always room: what limits a kept set is the quota of the spool, which fails the call."""

    def _free(self) -> None:
        self._objects = None
        if self._spool is not None:
            self._spool.close()
            self._spool = None


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
