"""The short way of most puts: whole instances, without flags, of classes whose instances nothing refers from.

What is decided once for a class is decided once; what has to be looked at in each instance is looked at in one pass.
Whatever does not go this way goes the long one (`instance_changes`), which says what is wrong with it, if anything is.
"""

from __future__ import annotations

import re
import weakref
from collections.abc import Callable
from math import isfinite
from typing import Any, Final

from openwmi.base.limits import CLASS_KEYS, OBJECT_PATH_CHARS
from openwmi.model import (
    INTEGER_RANGES,
    CimClass,
    CimDateTime,
    CimInstance,
    CimInterval,
    CimType,
    Property,
    Value,
    is_set,
)
from openwmi.repository.transaction import Draft

Fits = Callable[[Any], bool]


class PlainPuts:
    """The instances of one namespace that can be put the short way, gathered until they are written.

    A change of what was put otherwise comes after `write`, so that all happens in the order in which it was asked for.
    """

    def __init__(self, draft: Draft) -> None:
        self._draft = draft
        self._class: CimClass | None = None
        self._given: tuple[str, CimClass, _Plan] | None = None
        self._waiting: list[CimInstance] = []

    def add(self, given: CimInstance) -> CimInstance | None:
        """The instance as it will be stored; None if it has to go the long way."""
        known = self._given
        name = given.class_.name
        if known is None or known[0] != name:
            found = self._plan(name)
            if found is None:
                return None
            known = self._given = (name, *found)
        _, class_, plan = known
        if given.class_.names != class_.names or given.own_qualifiers_ or given.own_property_qualifiers_:
            return None
        values = given.values_
        if not plan.takes(values):
            return None
        if class_ is not self._class:
            self.write()
            self._class = class_
        made = CimInstance(class_, values)
        self._waiting.append(made)
        return made

    def write(self) -> None:
        """Writes what waits."""
        if self._waiting and self._class is not None:
            waiting, self._waiting = self._waiting, []
            self._draft.put_whole(self._class, waiting)

    def forget(self) -> None:
        """The classes may have become others."""
        self._given = None

    def _plan(self, name: str) -> tuple[CimClass, _Plan] | None:
        class_ = self._draft.find(name)
        if class_ is None or not self._draft.schema.is_alone(class_):
            return None
        plan = _plan_of(class_)
        return (class_, plan) if plan.possible else None


class _Plan:
    """What the instances of a class must be to go the short way.

    Attributes:
        possible: whether any can.
    """

    def __init__(self, class_: CimClass) -> None:
        barred = ("abstract", "amendment", "dynamic", "singleton", "association")
        self._tests = tuple([_test(each) for each in class_.properties])
        self._keys = tuple([class_.positions[key] for key in class_.keys])
        self._path_chars = _path_chars(class_)
        self._needed = tuple(
            [place for place, each in enumerate(class_.properties) if _is_needed(each) or place in self._keys]
        )
        self.possible = (
            0 < len(self._keys) <= CLASS_KEYS
            and not class_.name.startswith("_")  # what puts of __NAMESPACE do, and later others, is no plain put
            and not class_.isa_("__NAMESPACE")
            and not any(is_set(class_.qualifiers, name) for name in barred)
            and all(each.type.cim is not CimType.REFERENCE for each in class_.properties)
        )

    def takes(self, values: tuple[Value, ...]) -> bool:
        """Whether these are values that the properties have, and the keys some that a path has."""
        for value, fits in zip(values, self._tests, strict=True):
            if value is not None and not fits(value):
                return False
        for place in self._needed:
            if values[place] is None:
                return False
        chars = self._path_chars
        for place in self._keys:
            value = values[place]
            if type(value) is str:
                if _UNFIT.search(value):
                    return False
                chars += 2 * len(value)  # as if each had a backslash before it
        return chars <= OBJECT_PATH_CHARS


_UNFIT: Final = re.compile("[\x00-\x1f\ud800-\udfff]")
_OTHER_KEY_CHARS: Final = 25  # a moment; the longest number has twenty


def _path_chars(class_: CimClass) -> int:
    """How long the paths of the instances are at most, without what their string keys hold."""
    chars = len(class_.name)
    for key in class_.keys:
        chars += len(key) + len('.=""')
        if class_.property(key).type.cim is not CimType.STRING:
            chars += _OTHER_KEY_CHARS
    return chars


_plans: dict[int, tuple[weakref.ref[CimClass], _Plan]] = {}


def _plan_of(class_: CimClass) -> _Plan:
    """Made once. By identity, since comparing classes is dear."""
    key = id(class_)
    entry = _plans.get(key)
    if entry is not None and entry[0]() is class_:
        return entry[1]
    plan = _Plan(class_)
    _plans[key] = weakref.ref(class_, lambda _: _plans.pop(key, None)), plan
    return plan


def _is_needed(each: Property) -> bool:
    return is_set(each.qualifiers, "not_null") or is_set(each.qualifiers, "indexed")


def _integer(low: int, high: int) -> Fits:
    return lambda value: type(value) is int and low <= value <= high


_TESTS: Final[dict[CimType, Fits]] = {
    **{cim: _integer(*limits) for cim, limits in INTEGER_RANGES.items()},
    CimType.REAL64: lambda value: type(value) is float and isfinite(value),
    CimType.BOOLEAN: lambda value: value is True or value is False,
    CimType.STRING: lambda value: type(value) is str and "\0" not in value,
    CimType.DATETIME: lambda value: type(value) is CimDateTime or type(value) is CimInterval,
}


def _test(each: Property) -> Fits:
    """Of other types the long way knows more."""
    fits = _TESTS.get(each.type.cim)
    if fits is None:
        return lambda _: False
    return _of_all(fits) if each.type.array else fits


def _of_all(fits: Fits) -> Fits:
    def test(value: Any) -> bool:
        if type(value) is not tuple:
            return False
        for element in value:  # noqa: SIM110 - a loop is faster than a generator
            if not fits(element):
                return False
        return True

    return test
