"""IWbemClassObject::CompareTo: whether two objects are the same, but for what its flags leave out.

Names are compared without regard to case ("Property and qualifier names are always compared in a case-insensitive
manner"), and the order of properties, methods and qualifiers counts for nothing.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Final, TypeVar

from openwmi.base.case import fold
from openwmi.base.error import WbemError
from openwmi.base.status import WbemStatus
from openwmi.model import CimClass, CimInstance, Flavor, Method, Property, Qualifier, Qualifiers, Value
from openwmi.wbemcli import constants as c

_FLAGS: Final = 0x3F
_V = TypeVar("_V")

# Where it came from is not what it does.
_BEHAVIOUR: Final = ~int(Flavor.ORIGIN_PROPAGATED | Flavor.ORIGIN_SYSTEM)


def same(mine: CimClass | CimInstance, theirs: CimClass | CimInstance, flags: int) -> bool:
    """Whether the objects are the same. INVALID_PARAMETER for flags that are none of WBEM_COMPARISON_FLAG."""
    if flags & ~_FLAGS:
        raise WbemError(WbemStatus.INVALID_PARAMETER, f"lFlags 0x{flags:X} has bits that are no WBEM_COMPARISON_FLAG")
    return _Comparison(flags).objects(mine, theirs)


class _Comparison:
    def __init__(self, flags: int) -> None:
        self._qualifiers_count = not flags & c.WBEM_FLAG_IGNORE_QUALIFIERS
        self._source_counts = not flags & c.WBEM_FLAG_IGNORE_OBJECT_SOURCE
        self._defaults_count = not flags & c.WBEM_FLAG_IGNORE_DEFAULT_VALUES
        self._class_counts = not flags & c.WBEM_FLAG_IGNORE_CLASS
        self._case_counts = not flags & c.WBEM_FLAG_IGNORE_CASE
        self._flavors_count = not flags & c.WBEM_FLAG_IGNORE_FLAVOR

    def objects(self, mine: CimClass | CimInstance, theirs: CimClass | CimInstance) -> bool:
        if isinstance(mine, CimClass):
            return isinstance(theirs, CimClass) and self._sources(mine, theirs) and self._classes(mine, theirs, True)
        return isinstance(theirs, CimInstance) and self._instances(mine, theirs)

    def _sources(self, mine: CimClass, theirs: CimClass) -> bool:
        if not self._source_counts:
            return True
        return fold(mine.server) == fold(theirs.server) and fold(mine.namespace) == fold(theirs.namespace)

    def _classes(self, mine: CimClass, theirs: CimClass, with_defaults: bool) -> bool:
        """`with_defaults` is false where instances are compared, which have values."""
        if mine is theirs:
            return True
        return (
            _ancestry(mine) == _ancestry(theirs)
            and self._qualifiers(mine.qualifiers, theirs.qualifiers)
            and _all(
                {each.name: each for each in mine.properties},
                {each.name: each for each in theirs.properties},
                lambda one, other: self._properties(one, other, with_defaults),
            )
            and _all(
                {each.name: each for each in mine.methods}, {each.name: each for each in theirs.methods}, self._methods
            )
        )

    def _properties(self, mine: Property, theirs: Property, with_defaults: bool) -> bool:
        return (
            mine.type == theirs.type
            and self._qualifiers(mine.qualifiers, theirs.qualifiers)
            and not (with_defaults and self._defaults_count and not self._values(mine.default, theirs.default))
        )

    def _methods(self, mine: Method, theirs: Method) -> bool:
        if len(mine.parameters) != len(theirs.parameters) or mine.returns != theirs.returns:
            return False
        for one, other in zip(mine.parameters, theirs.parameters, strict=True):
            alike = (fold(one.name), one.type, one.is_in, one.is_out, one.id)
            if alike != (fold(other.name), other.type, other.is_in, other.is_out, other.id):
                return False
            if not self._qualifiers(one.qualifiers, other.qualifiers):
                return False
        return self._qualifiers(mine.qualifiers, theirs.qualifiers)

    def _qualifiers(self, mine: Qualifiers, theirs: Qualifiers) -> bool:
        return not self._qualifiers_count or _all(mine, theirs, self._qualifier)

    def _qualifier(self, mine: Qualifier, theirs: Qualifier) -> bool:
        if mine.type != theirs.type or not self._values(mine.value, theirs.value):
            return False
        return not self._flavors_count or int(mine.flavor) & _BEHAVIOUR == int(theirs.flavor) & _BEHAVIOUR

    def _instances(self, mine: CimInstance, theirs: CimInstance) -> bool:
        one, other = mine.class_, theirs.class_
        if not self._sources(one, other) or (self._class_counts and not self._classes(one, other, False)):
            return False
        return (
            _all(mine.to_dict_(), theirs.to_dict_(), self._values)
            and self._qualifiers(mine.own_qualifiers_, theirs.own_qualifiers_)
            and (
                not self._qualifiers_count
                or _all(mine.own_property_qualifiers_, theirs.own_property_qualifiers_, self._qualifiers)
            )
        )

    def _values(self, mine: Value, theirs: Value) -> bool:
        if isinstance(mine, tuple):
            if not isinstance(theirs, tuple) or len(mine) != len(theirs):
                return False
            return all(self._values(one, other) for one, other in zip(mine, theirs, strict=True))
        if isinstance(mine, CimClass | CimInstance):
            return isinstance(theirs, CimClass | CimInstance) and self.objects(mine, theirs)
        if isinstance(mine, str) and isinstance(theirs, str) and not self._case_counts:
            return fold(mine) == fold(theirs)
        return type(mine) is type(theirs) and bool(mine == theirs)


def _ancestry(class_: CimClass) -> list[str]:
    return [fold(name) for name in (class_.name, *class_.derivation)]


def _all(mine: Mapping[str, _V], theirs: Mapping[str, _V], same: Callable[[_V, _V], bool]) -> bool:
    """Whether both have the same names, and under each the same."""
    others = {fold(name): value for name, value in theirs.items()}
    if len(mine) != len(others):
        return False
    return all(fold(name) in others and same(value, others[fold(name)]) for name, value in mine.items())
