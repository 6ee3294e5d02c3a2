"""The system properties, which every class and every instance has (WMI SDK, "WMI System Properties").

They are NULL where they do not apply: __PATH of what has no key, __SERVER of what never was on one.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Final, Protocol

from openwmi.base.case import NameMap, fold
from openwmi.model.cimtype import CimType, Type, Value
from openwmi.model.path import ObjectPath

GENUS_CLASS: Final = 1
GENUS_INSTANCE: Final = 2

LOCATING: Final = frozenset({"__path", "__relpath", "__server", "__namespace"})
"""The folded names of those that say where an object is."""

_STRING, _SINT32 = Type(CimType.STRING), Type(CimType.SINT32)

SYSTEM_PROPERTIES: Final[NameMap[Type]] = NameMap(
    {
        "__GENUS": _SINT32,
        "__CLASS": _STRING,
        "__SUPERCLASS": _STRING,
        "__DYNASTY": _STRING,
        "__RELPATH": _STRING,
        "__PROPERTY_COUNT": _SINT32,
        "__DERIVATION": Type(CimType.STRING, array=True),
        "__SERVER": _STRING,
        "__NAMESPACE": _STRING,
        "__PATH": _STRING,
    }
)
"""Their types by name, in the order in which WMI lists them."""


class ClassFacts(Protocol):
    """What they tell of a class."""

    @property
    def name(self) -> str: ...
    @property
    def superclass(self) -> str | None: ...
    @property
    def dynasty(self) -> str | None: ...
    @property
    def derivation(self) -> tuple[str, ...]: ...
    @property
    def names(self) -> tuple[str, ...]: ...
    @property
    def server(self) -> str: ...
    @property
    def namespace(self) -> str: ...


class Owner(Protocol):
    """Whose they are: an instance or a class."""

    @property
    def path_(self) -> ObjectPath | None: ...


def system_value(name: str, genus: int, class_: ClassFacts, owner: Owner) -> Value:
    """The value of the system property `name`. KeyError, with the name alone, if there is none of that name."""
    return _VALUES[fold(name)](genus, class_, owner)


def _relpath(owner: Owner) -> str | None:
    path = owner.path_
    return None if path is None else str(path.relative)


def _path(class_: ClassFacts, owner: Owner) -> str | None:
    # A full path has a server and a namespace; an object that was never anywhere has only a relative one.
    path = owner.path_ if class_.server and class_.namespace else None
    return None if path is None else str(path)


_VALUES: dict[str, Callable[[int, ClassFacts, Owner], Value]] = {
    "__genus": lambda genus, _, __: genus,
    "__class": lambda _, class_, __: class_.name,
    "__superclass": lambda _, class_, __: class_.superclass,
    "__dynasty": lambda _, class_, __: class_.dynasty,
    "__relpath": lambda _, __, owner: _relpath(owner),
    "__property_count": lambda _, class_, __: len(class_.names),
    "__derivation": lambda _, class_, __: class_.derivation,
    "__server": lambda _, class_, __: class_.server or None,
    "__namespace": lambda _, class_, __: class_.namespace or None,
    "__path": lambda _, class_, owner: _path(class_, owner),
}
