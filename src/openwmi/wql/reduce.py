"""What a condition says of a class before there is a row: tests of system properties that are alike for all instances.

`__CLASS = 'X'` is TRUE of every instance of X itself and of no other, so that a query for a base class need not read
the instances of a class that cannot match.
"""

from __future__ import annotations

import re

from openwmi.base.case import fold
from openwmi.model import CimClass, CimInstance, Value
from openwmi.wql.check import AllOf, AnyOf, Column, Condition, NullTest, PatternTest, ValueTest
from openwmi.wql.like import Pattern, Shape
from openwmi.wql.predicate import COMPARE

# The system properties that depend on the values; all others are the same for each instance of a class.
_OF_THE_INSTANCE = frozenset({"__PATH", "__RELPATH"})


def reduced(condition: Condition | None, class_: CimClass) -> Condition | bool:
    """The condition without the tests that the class alone answers; TRUE or FALSE if nothing else is left of it."""
    match condition:
        case None:
            return True
        case AllOf(terms) | AnyOf(terms):
            decisive = isinstance(condition, AnyOf)  # the value of a term that settles the whole
            left: list[Condition] = []
            for term in terms:
                outcome = reduced(term, class_)
                if outcome is decisive:
                    return decisive
                if not isinstance(outcome, bool):
                    left.append(outcome)
            if len(left) == len(terms) and all(map(_same, left, terms)):
                return condition
            if not left:
                return not decisive
            return left[0] if len(left) == 1 else type(condition)(tuple(left))
        case NullTest(column) | ValueTest(column) | PatternTest(column) if _is_constant(column):
            return _holds(condition, _value(column, class_))
    return condition


def _same(one: object, other: object) -> bool:
    return one is other


def _is_constant(column: Column) -> bool:
    return column.index is None and column.name not in _OF_THE_INSTANCE


def _value(column: Column, class_: CimClass) -> Value:
    return CimInstance(class_, (None,) * len(class_.properties))[column.name]


def _holds(test: NullTest | ValueTest | PatternTest, value: Value) -> bool:
    """Whether a test is TRUE of a value, which is text, a number, an array or NULL."""
    match test:
        case NullTest(_, negated):
            return (value is None) is not negated
        case ValueTest(_, operator, wanted):
            if isinstance(value, str) and isinstance(wanted, str):
                value, wanted = fold(value), fold(wanted)
            return value is not None and COMPARE[operator](value, wanted)
        case PatternTest(_, pattern, negated):
            return isinstance(value, str) and _fits(fold(value), pattern) is not negated


def _fits(text: str, pattern: Pattern) -> bool:
    match pattern.shape:
        case Shape.PREFIX:
            return text.startswith(pattern.text)
        case Shape.SUFFIX:
            return text.endswith(pattern.text)
        case Shape.INFIX:
            return pattern.text in text
        case Shape.REGEX:
            return re.match(pattern.text, text) is not None
