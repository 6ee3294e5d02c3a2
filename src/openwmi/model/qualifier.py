"""Qualifiers and their flavors ([MS-WMIO] 2.2.60-2.2.64), and the rules by which they are handed on.

What a qualifier means is for those to know who act on it. Some are no Qualifier here, since a field says the same:
CIMTYPE is the Type of a property, and In, Out and ID are fields of a Parameter.
"""

from __future__ import annotations

from dataclasses import dataclass
from enum import IntFlag
from typing import Final, TypeAlias

from openwmi.base.case import NameMap, fold
from openwmi.base.error import WbemError
from openwmi.base.status import WbemStatus
from openwmi.model.cimtype import CimType, Type, Value


class Flavor(IntFlag):
    """[MS-WMIO] 2.2.62. Bits that are not listed there are kept."""

    PROPAGATE_TO_INSTANCE = 0x01
    PROPAGATE_TO_DERIVED_CLASS = 0x02
    NOT_OVERRIDABLE = 0x10
    ORIGIN_PROPAGATED = 0x20
    ORIGIN_SYSTEM = 0x40
    AMENDED = 0x80


_BOOLEAN = Type(CimType.BOOLEAN)
_LOCAL = Flavor(0)


@dataclass(frozen=True, slots=True)
class Qualifier:
    """One qualifier. Without a value it is a boolean that is TRUE, as in MOF."""

    name: str
    value: Value = True
    type: Type = _BOOLEAN
    flavor: Flavor = _LOCAL


Qualifiers: TypeAlias = NameMap[Qualifier]
"""The qualifiers of one class, property, method, parameter or instance, by name."""

NO_QUALIFIERS: Final[Qualifiers] = NameMap()


def qualifier_set(*qualifiers: Qualifier) -> Qualifiers:
    """These, by their names; the last of one name counts."""
    return NameMap((qualifier.name, qualifier) for qualifier in qualifiers) if qualifiers else NO_QUALIFIERS


def is_set(qualifiers: Qualifiers, name: str) -> bool:
    """Whether there is a qualifier of that name that is neither FALSE nor NULL."""
    return name in qualifiers and bool(qualifiers[name].value)


# DSP0004 5.6.3 declares these ToSubclass: what a class is, its derived classes are. Windows has the flavor in its MOF
# compiler; who writes a class in Python should not have to know it.
_ALWAYS_INHERITED = frozenset({"association", "indication", "key", "singleton", "static"})

_TO_INSTANCE = int(Flavor.PROPAGATE_TO_INSTANCE)
_TO_CLASS = int(Flavor.PROPAGATE_TO_DERIVED_CLASS)
_PROPAGATED = int(Flavor.ORIGIN_PROPAGATED)


def inherited(qualifiers: Qualifiers) -> Qualifiers:
    """What a derived class gets of these."""
    return _handed_on(qualifiers, _TO_CLASS, _ALWAYS_INHERITED)


def of_instance(qualifiers: Qualifiers) -> Qualifiers:
    """What an instance gets of those of its class."""
    return _handed_on(qualifiers, _TO_INSTANCE, frozenset())


def overridden(parent: Qualifiers, own: Qualifiers, where: str, origin: str) -> Qualifiers:
    """Inherited qualifiers with a class's own over them.

    OVERRIDE_NOT_ALLOWED if one that is not overridable would get another value; it names `where`, and `origin`, from
    which the qualifier comes.
    """
    if not own:
        return parent
    for name, qualifier in own.items():
        before = parent.get(name)
        if before is not None and before.flavor & Flavor.NOT_OVERRIDABLE and before.value != qualifier.value:
            raise WbemError(
                WbemStatus.OVERRIDE_NOT_ALLOWED,
                f"{where}: the qualifier {before.name} is {before.value!r} in {origin} and cannot become "
                f"{qualifier.value!r}: it was declared with DisableOverride",
            )
    return NameMap([*parent.items(), *own.items()])


def _handed_on(qualifiers: Qualifiers, wanted: int, always: frozenset[str]) -> Qualifiers:
    if not qualifiers:
        return qualifiers
    kept = [q for name, q in qualifiers.items() if int(q.flavor) & wanted or fold(name) in always]
    if len(kept) == len(qualifiers) and all(int(q.flavor) & _PROPAGATED for q in kept):
        return qualifiers
    return qualifier_set(*map(_propagated, kept))


def _propagated(qualifier: Qualifier) -> Qualifier:
    flavor = int(qualifier.flavor)
    if flavor & _PROPAGATED:
        return qualifier
    return Qualifier(qualifier.name, qualifier.value, qualifier.type, Flavor(flavor | _PROPAGATED))
