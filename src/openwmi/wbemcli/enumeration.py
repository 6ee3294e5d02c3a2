"""BeginEnumeration, Next, EndEnumeration: the way in which a face hands out one thing after another."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Generic, TypeVar

from openwmi.base.error import WbemError
from openwmi.base.status import WbemStatus

T = TypeVar("T")


class Enumeration(Generic[T]):
    """One enumeration of an object: not begun, under way, or at its end.

    What it goes through is what there was when it began, whatever changes meanwhile.

    BeginEnumeration's page has UNEXPECTED for a second call without EndEnumeration between, and EndEnumeration's says
    that it need not be called, since "the resources are deallocated automatically when the next enumeration is
    started". Both are right if one that has come to its end is over.
    """

    __slots__ = ("_begun", "_left")

    def __init__(self) -> None:
        self._begun = False
        self._left: list[T] = []

    def begin(self, items: Iterable[T], *, again: bool = False) -> None:
        """UNEXPECTED if one is under way, unless it may begin `again`."""
        if self._left and not again:
            raise WbemError(WbemStatus.UNEXPECTED, "an enumeration is under way: call EndEnumeration first")
        self._left = list(items)[::-1]
        self._begun = True

    def next(self) -> T | None:
        """The next, or None at the end. UNEXPECTED unless it was begun."""
        if not self._begun:
            raise WbemError(WbemStatus.UNEXPECTED, "there is no enumeration: call BeginEnumeration first")
        try:
            return self._left.pop()
        except IndexError:
            return None

    def end(self) -> None:
        """Ends it, whether or not there is one."""
        self._begun = False
        self._left = []
