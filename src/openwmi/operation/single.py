"""The result of a call that has one: an object, or nothing. It can be read again, and is not spooled."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TypeVar

from openwmi.operation.context import LOCAL, CallContext
from openwmi.operation.results import ResultSet

T = TypeVar("T")


class SingleResult(ResultSet[T]):
    """A call with one result goes on when nobody looks at it any more: what it does is not only to answer."""

    __slots__ = ("_object",)

    rewindable = True
    single = True

    def __init__(self, name: str = "", context: CallContext = LOCAL) -> None:
        ResultSet.__init__(self, name, context)
        self._object: T | None = None

    def read(self, position: int, count: int) -> list[T]:
        return [] if self._object is None or position or not count else [self._object]

    def whole(self) -> T | None:
        return self._object

    def _store(self, objects: Sequence[T]) -> None:
        (self._object,) = objects

    async def _room(self) -> None:
        """Nothing follows that room would be needed for."""

    def _free(self) -> None:
        self._object = None
