"""The provider API: what somebody writes who has values to publish as WMI ([MS-WMI] 3.1.4.17).

A provider is a plain class that serves one CIM class, which it declares by MOF text (`mof`), by a CimClass or, if the
class is there without it, by its name (`cim_class`)::

    class Lamps(Provider):
        mof = "[Dynamic] class Home_Lamp { [Key] string Name; real64 Watts; uint32 Switch([in] boolean On); };"

        def instances(self, request):
            for lamp in read_lamps():
                yield {"Name": lamp.name, "Watts": lamp.watts if request.wants("Watts") else None}

        @method("Switch")
        async def switch(self, call):
            await set_lamp(call.keys["Name"], on=call.inputs["On"])
            return {"ReturnValue": 0}

Each function may be a coroutine or an asynchronous generator, which runs on the loop, or an ordinary function or
generator, which runs on threads that this provider shares with no other: it may block. One thread at a time runs a
generator, but not always the same one; it is closed when nobody wants its rows any more. A provider that raises, gives
a value of a wrong type or outlasts the call's deadline fails that call and no other.

A provider hears of classes, keys and values; never of modes, wires or callers' formats.
"""

from __future__ import annotations

from collections.abc import AsyncIterable, Awaitable, Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from types import MappingProxyType
from typing import Any, ClassVar, Final, TypeVar, final

from openwmi.base.case import fold
from openwmi.model import ChangeFlag, CimClass
from openwmi.operation import NO_VALUES, CallContext
from openwmi.wql import Bounds

Row = Mapping[str, object]
"""Values by property name; a property without one is NULL."""


_NO_BOUNDS: Final[Mapping[str, Bounds]] = MappingProxyType({})


@dataclass(frozen=True, slots=True)
class Request:
    """What a caller wants of a class.

    Attributes:
        context: who asks, by when.
        cim_class: the class whose instances are wanted.
        properties: the folded names of the properties that will be read; None means all of them.
        equalities: values that every wanted instance has, by the declared names of the properties. What does not fit is
            left out by the engine, too; a provider that can look by them saves work. Text compares without regard to
            case, a reference as the path that it is.
        bounds: between which values a property of every wanted instance lies, for numbers and points in time, in the
            same way. An end is included, and None where it is open.
        choices: equalities for what is under OR: every wanted instance has those of one of them at least, and may have
            those of several. Empty where that is open; `A = 1 OR A = 2` has two.
    """

    context: CallContext
    cim_class: CimClass
    properties: frozenset[str] | None = None
    equalities: Mapping[str, object] = field(default_factory=lambda: NO_VALUES, hash=False)
    bounds: Mapping[str, Bounds] = field(default_factory=lambda: _NO_BOUNDS, hash=False)
    choices: Sequence[Mapping[str, object]] = field(default=(), hash=False)

    def wants(self, *names: str) -> bool:
        """Whether any of these properties will be read: what is costly and not wanted need not be found out."""
        return self.properties is None or any(fold(name) in self.properties for name in names)


@dataclass(frozen=True, slots=True)
class MethodCall:
    """One call of a method.

    Attributes:
        request: who calls, and the class.
        keys: the keys of the instance that the method is called on; None where it was called on the class.
        inputs: every in-parameter by its declared name, checked against its type; None where none was given.
    """

    request: Request
    keys: Mapping[str, object] | None
    inputs: Mapping[str, object]


@dataclass(frozen=True, slots=True)
class PutCall:
    """One instance to be created or updated.

    Attributes:
        request: who asks, and the class.
        values: of every property, checked; what was not given is the default. Only those in `properties` count.
        flags: CREATE_ONLY, UPDATE_ONLY or neither: whether the instance has to exist is for the provider to see.
        properties: the declared names of those that are to be written; None means all of them.
    """

    request: Request
    values: Mapping[str, object]
    flags: ChangeFlag
    properties: tuple[str, ...] | None = None


class Provider:
    """Derive from this, name the class that is served, and override what it can do.

    Attributes:
        cim_class: the class that is served: a CimClass, or the name of one that is there: `Win32_Printer`,
            `root\\home:Home_Lamp`. Where only `mof` is given, the last class of that text.
        mof: declares classes, in root\\cimv2 or where `#pragma namespace` says.
    """

    cim_class: ClassVar[CimClass | str]
    mof: ClassVar[str] = ""

    def instances(self, request: Request) -> Iterable[Row] | AsyncIterable[Row] | Awaitable[Iterable[Row]]:
        """All instances, in any order, each at least with its keys. PROVIDER_NOT_CAPABLE if it is not overridden."""
        raise NotImplementedError(f"{type(self).__name__} does not enumerate")

    def get(self, request: Request, keys: Mapping[str, object]) -> Row | Awaitable[Row | None] | None:
        """One instance by its keys, or None; the engine searches `instances` where this is not overridden.

        The values are of the types of the keys and otherwise as the caller wrote them: text is to be compared without
        regard to case, and references as the paths that they are.
        """
        raise NotImplementedError(f"{type(self).__name__} does not look up keys")

    def put(self, call: PutCall) -> Row | Awaitable[Row | None] | None:
        """Creates or updates an instance; keys that the provider chose are returned. PROVIDER_NOT_CAPABLE if it is not
        overridden.
        """
        raise NotImplementedError(f"{type(self).__name__} does not write")

    def delete(self, request: Request, keys: Mapping[str, object]) -> Awaitable[None] | None:
        """Deletes an instance; WbemError(NOT_FOUND) if there is none. PROVIDER_NOT_CAPABLE if it is not overridden."""
        raise NotImplementedError(f"{type(self).__name__} does not delete")


F = TypeVar("F", bound=Callable[..., Any])


def method(name: str) -> Callable[[F], F]:
    """Marks the function of a provider that serves the WMI method `name`: `(self, call: MethodCall) -> Row`.

    The row holds the out-parameters, and the return value as `ReturnValue`. Whether there is an instance with these
    keys is for the function to see: WbemError(NOT_FOUND) says that there is none.
    """

    def mark(function: F) -> F:
        function.__dict__[_MARK] = name
        return function

    return mark


@final
class MethodTable:
    """The marked functions of a provider's class, by the WMI names of their methods.

    Attributes:
        names: as they were marked.
    """

    __slots__ = ("_functions", "names")

    def __init__(self, provider: type[Provider]) -> None:
        marked = [f for f in (getattr(provider, attribute) for attribute in dir(provider)) if hasattr(f, _MARK)]
        self.names: tuple[str, ...] = tuple([getattr(f, _MARK) for f in marked])
        self._functions = dict(zip(map(fold, self.names), marked, strict=True))

    def find(self, name: str) -> Callable[..., Any] | None:
        """The function for the WMI method `name`, or None."""
        return self._functions.get(fold(name))


_MARK = "_wmi_method"
