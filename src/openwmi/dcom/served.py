"""What can be exported: objects that implement declared interfaces."""

from __future__ import annotations

from abc import update_abstractmethods
from collections.abc import Callable, Mapping
from functools import cache
from types import MappingProxyType
from typing import Any, ClassVar, TypeVar

from openwmi.base.error import WbemError
from openwmi.base.guid import Guid
from openwmi.base.status import HResult
from openwmi.interfaces import Call, Interface, IUnknown


class Served(IUnknown):
    """Base of objects that clients hold references to. Derive from it and from the interfaces that the object has.

    Attributes:
        tied: whether an open connection of its client keeps it, though it be neither pinged nor used. Clients that
            never ping want that for what they log in to, and it is wrong for what they get with each call and forget.
        foreign: the HRESULT that anybody else's calls of the object get; None: for them there is no such object.
    """

    __slots__ = ()

    tied: ClassVar[bool] = True
    foreign: ClassVar[int | None] = None

    def released(self) -> None:
        """No client holds the object any more: it was released, or nobody pings or uses it."""


class Foreign(Served):
    """An object as anybody sees it who does not hold it: every call of it fails with this HRESULT."""

    def __init__(self, status: int) -> None:
        self._status = status

    def __getattr__(self, name: str) -> Callable[..., Any]:
        async def refused(*_: object) -> Any:
            raise WbemError(self._status, "this object is only for the one who holds it")

        return refused


T = TypeVar("T", bound=Served)


@cache
def interfaces_of(type_: type[Interface]) -> Mapping[Guid, type[Interface]]:
    """The interfaces that a class implements, by IID; what it derives them from is not counted."""
    declared = [base for base in type_.__mro__ if issubclass(base, Interface) and "iid" in vars(base) and base.calls]
    return MappingProxyType({base.iid: base for base in reversed(declared)})


def partial(type_: type[T]) -> type[T]:
    """Decorates a class that implements some calls of its interfaces: the others answer E_NOTIMPL."""

    def refuse(call: Call) -> Callable[..., Any]:
        async def refused(*_: object) -> Any:
            raise WbemError(HResult.E_NOTIMPL, f"{call} is not implemented")

        return refused

    for interface in interfaces_of(type_).values():
        for call in interface.calls.values():
            if call.name in type_.__abstractmethods__:
                setattr(type_, call.name, refuse(call))
    return update_abstractmethods(type_)
