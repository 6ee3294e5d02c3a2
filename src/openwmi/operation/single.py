"""The result of a call that has one: an object, or nothing. It can be read again, and is not spooled."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TypeVar

from openwmi.operation.results import ResultSet

T = TypeVar("T")


class SingleResult(ResultSet[T]):
    """A call with one result goes on when nobody looks at it any more: what it does is not only to answer."""

    __slots__ = ("_object",)

    rewindable = True
    single = True

    _object: T | None  # there is one when `total` is 1

    def finish(self, result: T | None = None) -> None:
        # As the base does it, without a sequence of one: most calls of a monitor end here.
        if self.finished:
            self._late()
            return
        self.began = True
        if result is not None:
            self._object = result
            self.total = 1
        self._close()

    def read(self, position: int, count: int) -> list[T]:
        found = self.whole()
        return [] if found is None or position or not count else [found]

    def whole(self) -> T | None:
        return self._object if self.total else None

    def _store(self, objects: Sequence[T]) -> None:
        (self._object,) = objects

    async def _room(self) -> None:
        """Nothing follows that room would be needed for."""

    def _free(self) -> None:
        self._object = None
