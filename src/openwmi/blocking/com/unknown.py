"""IUnknown: what all faces have in common (COM, unknwn.h).

A face is one Python object with the methods of one interface, and of those below it. It is let go when the last
reference is: by Release, or when Python collects it. A program that never calls AddRef and Release is right as well.
"""

from __future__ import annotations

from threading import Lock
from typing import ClassVar, TypeVar, overload
from uuid import UUID

from openwmi.base import guid
from openwmi.base.status import HResult

S_OK = int(HResult.S_OK)
E_NOINTERFACE = int(HResult.E_NOINTERFACE)
E_POINTER = int(HResult.E_POINTER)

I = TypeVar("I", bound="IUnknown")  # noqa: E741 - an interface

# One for all: it is held for an addition.
_counting = Lock()


class IUnknown:
    """Base of all faces. `class IX(IUnknown, iid="…")` is one with an identifier of its own.

    Attributes:
        iid: of the interface.
    """

    __slots__ = ()  # most faces have a dictionary; one of which there are thousands need not

    iid: ClassVar[UUID] = guid.parse("00000000-0000-0000-c000-000000000046")

    # Of the class, so that somebody's sink need not call `super().__init__()`.
    _references = 1

    def __init_subclass__(cls, *, iid: UUID | str | None = None, **kwargs: object) -> None:
        super().__init_subclass__(**kwargs)
        if iid is not None:
            cls.iid = guid.parse(iid) if isinstance(iid, str) else iid

    @overload
    def QueryInterface(self, riid: type[I]) -> tuple[int, I | None]: ...
    @overload
    def QueryInterface(self, riid: UUID | str) -> tuple[int, IUnknown | None]: ...
    def QueryInterface(self, riid: type[I] | UUID | str | None) -> tuple[int, IUnknown | None]:
        """(hresult, ppvObject): the interface of this object with that identifier, by IID or by its class.

        What it gives has one more reference. E_NOINTERFACE if the object has no such interface, E_POINTER for None.
        """
        if riid is None:
            return E_POINTER, None
        wanted = riid.iid if isinstance(riid, type) else guid.parse(riid) if isinstance(riid, str) else riid
        found = self._interface(wanted)
        if found is None:
            return E_NOINTERFACE, None
        found.AddRef()
        return S_OK, found

    def AddRef(self) -> int:
        """One more reference; returns how many there are."""
        with _counting:
            self._references += 1  # type: ignore[misc]  # in the dictionary, or a slot of that name
            return self._references

    def Release(self) -> int:
        """One reference less; returns how many there are. With the last one the object lets go of what it holds."""
        with _counting:
            if not self._references:
                return 0
            self._references -= 1  # type: ignore[misc]  # the same
            left = self._references
        if not left:
            self._released()
        return left

    def _interface(self, iid: UUID) -> IUnknown | None:
        """The face with that identifier; for an override that has more than its own and those below it."""
        known = (base.iid for base in type(self).__mro__ if issubclass(base, IUnknown))
        return self if iid in known else None

    def _released(self) -> None:
        """Called once, after the last Release; for an override."""
