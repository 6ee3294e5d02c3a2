"""The pythonic face of a session: verbs with keyword arguments, views with options."""

from __future__ import annotations

import asyncio
from dataclasses import dataclass, replace
from math import isnan
from typing import Any, Self, TypeVar

from openwmi.base.clock import NEVER, Deadline
from openwmi.base.error import WbemError
from openwmi.base.status import WbemStatus
from openwmi.model import CimClass, CimInstance, ObjectPath
from openwmi.operation import CallContext, CallFlags, Operation, Sink
from openwmi.session.verbs import Session

T = TypeVar("T")


@dataclass(frozen=True, slots=True)
class _Options:
    timeout: float | None = None
    locale: str = ""
    flags: CallFlags = CallFlags.FORWARD_ONLY
    sink: Sink[Any] | None = None


class Namespace:
    """A namespace to ask. Each verb returns an Operation that runs already: await it, hold it, or give it a sink.

    Options never mix with parameters: `options` and `with_sink` return views of the same namespace.
    """

    __slots__ = ("_options", "_session")

    def __init__(self, session: Session, options: _Options = _Options()) -> None:
        self._session = session
        self._options = options

    @property
    def name(self) -> str:
        """Such as `root\\cimv2`."""
        return self._session.namespace

    def __repr__(self) -> str:
        return f"<namespace {self.name}>"

    def options(
        self,
        *,
        timeout: float | None = None,
        locale: str | None = None,
        flags: CallFlags | None = None,
        keep: bool | None = None,
    ) -> Namespace:
        """A view of this namespace whose calls differ; what is not given stays as it is here.

        Args:
            timeout: seconds that a call may take; then it ends with Timeout. INVALID_PARAMETER for what is no number.
            locale: the preferred locale, such as `ms_409`.
            flags: see CallFlags. FORWARD_ONLY among them is `keep=False`; without it, what was said of keeping stays.
            keep: whether many results can be read again (reset, clone); else each is forgotten once it has been read.
        """
        changed = self._options
        if timeout is not None:
            changed = replace(changed, timeout=_seconds(timeout))
        if locale is not None:
            changed = replace(changed, locale=locale)
        if flags is not None:
            changed = replace(changed, flags=flags | changed.flags & CallFlags.FORWARD_ONLY)
        if keep is not None:
            forward_only = CallFlags.NONE if keep else CallFlags.FORWARD_ONLY
            changed = replace(changed, flags=changed.flags & ~CallFlags.FORWARD_ONLY | forward_only)
        return Namespace(self._session, changed)

    def with_sink(self, sink: Sink[Any]) -> Namespace:
        """A view of this namespace whose calls push their objects and status to `sink`. INVALID_PARAMETER."""
        if not isinstance(sink, Sink):
            raise WbemError(WbemStatus.INVALID_PARAMETER, f"{sink!r} is no sink: derive its class from openwmi.Sink")
        return Namespace(self._session, replace(self._options, sink=sink))

    def cancel_calls(self, sink: Sink[Any]) -> None:
        """Cancels every call that delivers to `sink`, as IWbemServices::CancelAsyncCall does. NOT_FOUND if none."""
        self._session.calls.cancel(sink)

    def get(self, path: str | ObjectPath) -> Operation[Any]:
        """The instance at a path (`Win32_Process.Handle="4"`, `Win32_OperatingSystem=@`), or a class by its name.

        Typed loosely, since the path alone says which of the two it is. INVALID_PARAMETER at once for what is no path.
        """
        return self._ready(self._session.get(_path(path), self._context()))

    def query(self, text: str, /, **parameters: object) -> Operation[Any]:
        """What a WQL query selects; `:name` in its text stands for the parameter `name`, as a value, never as text.

        Typed loosely, since the text alone says whether instances or (`FROM meta_class`) classes are asked for.
        """
        return self._ready(self._session.query(text, parameters, self._context()))

    def instances(self, class_name: str, *, deep: bool = True) -> Operation[CimInstance]:
        """All instances of a class, and unless `deep` is false of the classes derived from it."""
        return self._ready(self._session.instances(class_name, deep=deep, context=self._context()))

    def classes(self, superclass: str | None = None, *, deep: bool = True) -> Operation[CimClass]:
        """The classes derived from `superclass`, or all; with `deep` false only the next generation."""
        return self._ready(self._session.classes(superclass, deep=deep, context=self._context()))

    def call(self, path: str | ObjectPath, method: str, /, **parameters: object) -> Operation[CimInstance]:
        """Runs a method of an instance, or a static one of a class. A ReturnValue other than 0 is a value, no error."""
        return self._ready(self._session.call(_path(path), method, parameters, self._context()))

    async def close(self) -> None:
        """Ends the connection, for every view of it."""
        await self._session.close()

    async def __aenter__(self) -> Self:
        return self

    async def __aexit__(self, *_: object) -> None:
        await self.close()

    def _context(self) -> CallContext:
        options = self._options
        deadline = NEVER
        if options.timeout is not None:
            deadline = Deadline.after(asyncio.get_running_loop().time(), options.timeout)
        return CallContext(locale=options.locale, deadline=deadline, flags=options.flags)

    def _ready(self, operation: Operation[T]) -> Operation[T]:
        if self._options.sink is not None:
            operation.deliver(self._options.sink, self._session.calls)
        return operation


def _seconds(timeout: object) -> float:
    if isinstance(timeout, bool) or not isinstance(timeout, int | float) or isnan(timeout):
        raise _unfit("a timeout is a number of seconds", timeout)
    return timeout


def _path(path: object) -> str:
    if not isinstance(path, str | ObjectPath):
        raise _unfit("a path is a str or an ObjectPath", path)
    return str(path)


def _unfit(expected: str, given: object) -> WbemError:
    return WbemError(WbemStatus.INVALID_PARAMETER, f"{expected}, and this is {given!r} ({type(given).__name__})")
