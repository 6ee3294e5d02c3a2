"""Between which values a condition keeps a property, so that who fetches rows need not fetch those beyond."""

from __future__ import annotations

from math import isnan
from typing import Any, NamedTuple

from openwmi.base.case import NameMap
from openwmi.base.error import WbemError
from openwmi.model import CimDateTime
from openwmi.wql.check import AllOf, Condition, ValueTest
from openwmi.wql.tree import Operator


class Bounds(NamedTuple):
    """Numbers, or points in time: no row that matches has less than `least` or more than `greatest`.

    None is an open end. A row at an end itself need not match.
    """

    least: Any = None
    greatest: Any = None


def bounds_of(condition: Condition | bool) -> NameMap[Bounds]:
    """Those of the numbers and points in time that WHERE states outright, not under OR; of two the narrower."""
    found: dict[str, Bounds] = {}
    pending: list[Condition | bool] = [condition]
    while pending:
        match pending.pop():
            case AllOf(terms):
                pending += terms
            case ValueTest(column, operator, value) if column.index is not None and _has_order(value):
                least: Any
                greatest: Any
                least, greatest = found.get(column.name, Bounds())
                if operator in _FROM_BELOW and (least is None or least < value):
                    least = value
                if operator in _FROM_ABOVE and (greatest is None or value < greatest):
                    greatest = value
                if least is not None or greatest is not None:
                    found[column.name] = Bounds(least, greatest)
    return NameMap(found)


_FROM_BELOW = frozenset({Operator.EQUAL, Operator.GREATER, Operator.GREATER_OR_EQUAL})
_FROM_ABOVE = frozenset({Operator.EQUAL, Operator.LESS, Operator.LESS_OR_EQUAL})


def _has_order(value: object) -> bool:
    """Not of an interval, since a property of datetimes may hold either; nor of a date with open fields."""
    if isinstance(value, CimDateTime):
        try:
            value.to_datetime()
        except WbemError:
            return False
        return True
    return isinstance(value, int | float) and not isinstance(value, bool) and not isnan(value)
