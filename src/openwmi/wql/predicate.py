"""Tests that take more than one comparison of Python: dates, paths, objects. Each is a function of one value."""

from __future__ import annotations

import operator
from collections.abc import Callable
from typing import Any, Final

from openwmi.base.case import fold
from openwmi.base.error import WbemError
from openwmi.model import (
    SYSTEM_PROPERTIES,
    CimClass,
    CimDateTime,
    CimInstance,
    CimInterval,
    CimObject,
    CimType,
    ObjectPath,
    Store,
    Type,
    Value,
)
from openwmi.wql.kind import KINDS, UNCOMPARABLE, Form
from openwmi.wql.tree import Operator

COMPARE: Final[dict[Operator, Callable[[Any, Any], bool]]] = {
    Operator.EQUAL: operator.eq,
    Operator.UNEQUAL: operator.ne,
    Operator.LESS: operator.lt,
    Operator.GREATER: operator.gt,
    Operator.LESS_OR_EQUAL: operator.le,
    Operator.GREATER_OR_EQUAL: operator.ge,
}
"""What the operators do with two values of one kind. LIKE is none of them."""


def date_test(relation: Operator, wanted: CimDateTime | CimInterval) -> Callable[[object], bool]:
    """TRUE where a date is in this relation to `wanted`; not where the two have no order, nor for the other kind."""
    if isinstance(wanted, CimInterval):
        return _interval_test(relation, wanted)
    compare, text, zone = COMPARE[relation], wanted.text, wanted.text[21:]
    by_text = _is_simple(text)

    def test(value: object) -> bool:
        if type(value) is not CimDateTime:
            return False
        other = value.text
        if by_text and other[21:] == zone and _is_simple(other):
            return compare(other, text)
        try:
            return compare(value, wanted)
        except WbemError:  # one of them is no single point in time
            return False

    return test


def _is_simple(text: str) -> bool:
    """Whether this is certainly a point in time, so that in one zone its text sorts as it does; many times faster."""
    return "*" not in text and text[4:8] not in _DOUBTFUL_DAYS and text >= "0001"


_DOUBTFUL_DAYS = frozenset("0229 0230 0231 0431 0631 0931 1131".split())


def _interval_test(relation: Operator, wanted: CimInterval) -> Callable[[object], bool]:
    compare, microseconds = COMPARE[relation], wanted.microseconds
    return lambda value: isinstance(value, CimInterval) and compare(value.microseconds, microseconds)


def path_test(relation: Operator, wanted: ObjectPath) -> Callable[[str], bool]:
    """TRUE where the text of a path is (EQUAL) or is not (UNEQUAL) a path to the same object."""
    expected = relation is Operator.EQUAL

    def test(value: str) -> bool:
        try:
            return _same_object(ObjectPath.parse(value), wanted) is expected
        except WbemError:  # no path, so certainly not this one
            return not expected

    return test


def isa_test(class_name: str, *, negated: bool) -> Callable[[object], bool]:
    """TRUE where an object is, or (`negated`) is not, of a class or of one derived from it."""
    return lambda value: isinstance(value, CimObject) and value.isa_(class_name) is not negated


def inner_test(
    names: tuple[str, ...], make: Callable[[Type], Callable[[Store], bool]], *, of_null: bool
) -> Callable[[object], bool]:
    """A test of the property to which `names` lead from an object.

    Only the object tells its type: `make` gives the test of a row with nothing but that value. The SDK ("SELECT
    Statement for Data Queries"): a path that leads nowhere is no error, and has no results. Where an object on the way
    is NULL all that is in it is NULL too, of which `of_null` says whether it passes.
    """
    tests: dict[tuple[CimType, bool], Callable[[Store], bool]] = {}
    *outer, last = names

    def test(value: object) -> bool:
        for name in outer:
            if value is None:
                return of_null
            found = _property_of(value, name)
            if found is None:
                return False
            value = found[1]
        if value is None:
            return of_null
        found = _property_of(value, last)
        if found is None:
            return False
        type_, inner = found
        passes = tests.get((type_.cim, type_.array))
        if passes is None:
            passes = tests[type_.cim, type_.array] = make(type_)
        return passes((inner,))

    return test


def pair_test(
    left: tuple[Type, tuple[str, ...]], relation: Operator, right: tuple[Type, tuple[str, ...]]
) -> Callable[[Value, Value], bool]:
    """A test of two values of one row, each given with its type and the names that lead on from it, into an object.

    The second one takes the type of the first, as a constant does. What is not there, is NULL or cannot be compared
    passes no test.
    """

    def test(one: Value, other: Value) -> bool:
        found, wanted = _led(*left, one), _led(*right, other)
        return found is not None and wanted is not None and _related(*found, relation, *wanted)

    return test


def _led(type_: Type, names: tuple[str, ...], value: Value) -> tuple[Type, Value] | None:
    """The type and the value to which `names` lead from a value; None where they lead nowhere, or to an array."""
    for name in names:
        found = _property_of(value, name)
        if found is None:
            return None
        type_, value = found
    return None if value is None or type_.array else (type_, value)


def _related(type_: Type, value: Any, relation: Operator, other_type: Type, other: Any) -> bool:
    kind = KINDS.get(type_.cim, UNCOMPARABLE)
    if relation not in kind.operators or other_type.cim not in KINDS:
        return False
    try:
        wanted = kind.coerce(str(other) if isinstance(other, CimDateTime | CimInterval) else other, type_)
    except ValueError:
        return False
    match kind.form, wanted:
        case Form.DATE, CimDateTime() | CimInterval():
            return date_test(relation, wanted)(value)
        case Form.PATH, ObjectPath():
            return path_test(relation, wanted)(value)
        case Form.FOLDED, str():
            return COMPARE[relation](fold(value), fold(wanted))
    return COMPARE[relation](value, wanted)


def _property_of(value: object, name: str) -> tuple[Type, Value] | None:
    """The type and the value of a property of an embedded object; None if it is no object, or has no such property."""
    if not isinstance(value, CimInstance | CimClass) or name not in value:
        return None
    class_ = value.class_ if isinstance(value, CimInstance) else value
    position = class_.positions.get(fold(name))
    return (SYSTEM_PROPERTIES[name] if position is None else class_.properties[position].type), value[name]


def _same_object(left: ObjectPath, right: ObjectPath) -> bool:
    """Equal as far as both tell: a path without its server or namespace is meant where the other one is."""
    for one, other in ((_server(left), _server(right)), (left.namespace, right.namespace)):
        if one is not None and other is not None and fold(one) != fold(other):
            return False
    if None in (_only_key(left), _only_key(right)):  # K="4" is the only key, whatever its name
        left, right = _unnamed(left), _unnamed(right)
    return left.relative == right.relative


def _server(path: ObjectPath) -> str | None:
    return None if path.server == "." else path.server


def _only_key(path: ObjectPath) -> str | None:
    """The name of the single key; "" if there is not exactly one."""
    return path.keys[0][0] if path.keys is not None and len(path.keys) == 1 else ""


def _unnamed(path: ObjectPath) -> ObjectPath:
    """The path with its single key stripped of the name."""
    if path.keys is None or len(path.keys) != 1:
        return path
    return ObjectPath(None, None, path.class_name, ((None, path.keys[0][1]),))
