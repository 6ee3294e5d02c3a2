"""A query and a class become one Python function that picks the rows that match.

The function is generated: a list comprehension over the rows, with one test after the other. Its source holds column
numbers and names such as `c1`, never a piece of the query: the constants are values in its namespace, so that no text
of a query is ever executed. Queries that differ in nothing but constants have the same source, which is compiled once.

Only rows for which WHERE is TRUE come out. What is compared with NULL is unknown, which the tests express by asking for
`not None` first; see `openwmi.wql.check` for why NOT needs no more than that.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable
from functools import lru_cache, partial
from types import CodeType
from typing import Any, TypeAlias, cast

from openwmi.base.case import fold
from openwmi.base.error import WbemError
from openwmi.base.limits import QUERY_SOURCE_KEPT_CHARS, QUERY_SOURCES_KEPT
from openwmi.model import (
    SYSTEM_PROPERTIES,
    CimClass,
    CimDateTime,
    CimInstance,
    CimInterval,
    CimType,
    ObjectPath,
    Property,
    Store,
    Type,
    Value,
)
from openwmi.wql.check import (
    AllOf,
    AnyOf,
    Column,
    Condition,
    InnerTest,
    IsaTest,
    NullTest,
    PairTest,
    PatternTest,
    ValueTest,
    check,
    check_inner,
)
from openwmi.wql.keep import keeping
from openwmi.wql.kind import Form
from openwmi.wql.like import Shape
from openwmi.wql.predicate import date_test, inner_test, isa_test, pair_test, path_test
from openwmi.wql.reduce import reduced
from openwmi.wql.tree import META_CLASS, IsNull, Operator, SchemaQuery, Select

RowFilter: TypeAlias = Callable[[Iterable[Store]], list[Store]]
InstanceFilter: TypeAlias = Callable[[Iterable[CimInstance]], list[CimInstance]]
ClassFilter: TypeAlias = Callable[[Iterable[CimClass]], list[CimClass]]


def compile_row_filter(query: Select, class_: CimClass) -> RowFilter:
    """The function that gives those rows of `class_` that match, in their order; a row has a value for each property.

    Raises:
        WbemError: INVALID_QUERY if the query does not fit the class; see `check`.
    """
    return row_filter(reduced(check(query, class_).condition, class_), class_)


def compile_filter(query: Select, class_: CimClass) -> InstanceFilter:
    """The same for instances of `class_`, or of a class that equals it; a derived class needs a function of its own."""
    condition = reduced(check(query, class_).condition, class_)
    if isinstance(condition, bool):
        return list if condition else _none
    code = _Code(class_)
    source = f"select = lambda objects: [o for o in objects for r in [o.store_] if {code.condition(condition)}]"
    return cast(InstanceFilter, code.run(source))


@keeping
def compile_class_filter(query: SchemaQuery) -> ClassFilter:
    """The function that gives those classes that match, in their order.

    Raises:
        WbemError: INVALID_QUERY for what is neither a system property nor `__this`, and as for `compile_row_filter`.
    """
    pick = row_filter(checked_classes(query), META)
    return lambda classes: [cast(_ClassRow, row).class_ for row in pick(map(_ClassRow, classes))]


def row_filter(condition: Condition | bool, class_: CimClass) -> RowFilter:
    """The function that gives those rows that fulfil a condition, which is reduced for the class."""
    if isinstance(condition, bool):
        return list if condition else _none
    code = _Code(class_)
    source = f"select = lambda rows: [r for r in rows if {code.condition(condition)}]"
    return cast(RowFilter, code.run(source))


def checked_classes(query: SchemaQuery) -> Condition | bool:
    """What a class must fulfil, as a row of META. INVALID_QUERY for what is neither a system property nor `__this`."""
    condition = check(Select(None, META_CLASS, query.where, query.text), META).condition
    return True if condition is None else condition


META = CimClass(
    META_CLASS,
    properties=(
        Property("__this", Type(CimType.OBJECT)),
        *(Property(name, type_) for name, type_ in SYSTEM_PROPERTIES.items()),
    ),
)
"""The class of all classes: its instances are classes, and have their system properties for properties."""


class _ClassRow:
    """A class as a row of META. What no test asks for is not made."""

    __slots__ = ("class_",)

    def __init__(self, class_: CimClass) -> None:
        self.class_ = class_

    def __getitem__(self, position: int) -> Value:
        return self.class_[META.names[position]] if position else self.class_

    def __len__(self) -> int:
        return len(META.names)


# {x} gets the value out of the row, {c} is the name of the constant. One variable is enough: nothing reads it later.
_PLAIN = {
    Operator.EQUAL: "{x} == {c}",  # NULL equals no constant
    Operator.UNEQUAL: "(v := {x}) is not None and v != {c}",
    Operator.LESS: "(v := {x}) is not None and v < {c}",
    Operator.GREATER: "(v := {x}) is not None and v > {c}",
    Operator.LESS_OR_EQUAL: "(v := {x}) is not None and v <= {c}",
    Operator.GREATER_OR_EQUAL: "(v := {x}) is not None and v >= {c}",
}
# {f} is the folded text. `v.lower()` is openwmi.base.case.fold for all texts but those with a capital sigma, and many
# times faster; a small sigma in the constant is what it takes to notice.
_FOLDED = {
    operator: f"(v := {{x}}) is not None and {{f}} {sign} {{c}}"
    for operator, sign in zip(_PLAIN, ("==", "!=", "<", ">", "<=", ">="), strict=True)
}
_CALLED = "(v := {x}) is not None and {c}(v)"
_PATTERNS = {
    (Shape.PREFIX, False): "(v := {x}) is not None and {f}.startswith({c})",
    (Shape.PREFIX, True): "(v := {x}) is not None and not {f}.startswith({c})",
    (Shape.SUFFIX, False): "(v := {x}) is not None and {f}.endswith({c})",
    (Shape.SUFFIX, True): "(v := {x}) is not None and not {f}.endswith({c})",
    (Shape.INFIX, False): "(v := {x}) is not None and {c} in {f}",
    (Shape.INFIX, True): "(v := {x}) is not None and {c} not in {f}",
    (Shape.REGEX, False): "(v := {x}) is not None and {c}({f}) is not None",
    (Shape.REGEX, True): "(v := {x}) is not None and {c}({f}) is None",
}
_NULLS = {False: "{x} is None", True: "{x} is not None"}


class _Code:
    """Source under construction, and the namespace of its constants."""

    def __init__(self, class_: CimClass) -> None:
        self.class_ = class_
        # Without builtins: the source needs none.
        self.namespace: dict[str, object] = {"__builtins__": {}}

    def condition(self, node: Condition) -> str:
        match node:
            case AllOf(terms) | AnyOf(terms):
                word = " and " if isinstance(node, AllOf) else " or "
                parts: list[str] = []
                for term in terms:
                    source = self.condition(term)
                    # Python's precedence is WQL's: only an OR within an AND needs parentheses.
                    nested = isinstance(node, AllOf) and isinstance(term, AnyOf)
                    parts.append(f"({source})" if nested else source)
                return word.join(parts)
            case NullTest(column, negated):
                return _NULLS[negated].format(x=self.value(column))
            case ValueTest(column, operator, value):
                return self.comparison(column, operator, value)
            case IsaTest(column, class_name, negated):
                return self.filled(_CALLED, column, isa_test(class_name, negated=negated))
            case PairTest(column, operator, other):
                pair = pair_test((column.type, column.inner), operator, (other.type, other.inner))
                return f"{self.constant(pair)}({self.value(column)}, {self.value(other)})"
            case InnerTest(column, test, negated):
                of_null = isinstance(test, IsNull) and not negated
                inner = inner_test(column.inner, partial(_compile_inner, node), of_null=of_null)
                return f"{self.constant(inner)}({self.value(column)})"
            case PatternTest(column, pattern, negated):
                is_regex = pattern.shape is Shape.REGEX
                constant = re.compile(pattern.text).match if is_regex else pattern.text
                return self.folded(_PATTERNS[pattern.shape, negated], column, constant, pattern.text)

    def comparison(self, column: Column, operator: Operator, value: object) -> str:
        match column.kind.form, value:
            case Form.FOLDED, str():
                return self.folded(_FOLDED[operator], column, fold(value), fold(value))
            case Form.DATE, CimDateTime() | CimInterval():
                return self.filled(_CALLED, column, date_test(operator, value))
            case Form.PATH, ObjectPath():
                return self.filled(_CALLED, column, path_test(operator, value))
        return self.filled(_PLAIN[operator], column, value)

    def folded(self, template: str, column: Column, constant: object, text: str) -> str:
        """A test of folded text, whose constant is made of `text`."""
        simple = not any(sigma in text for sigma in "σς")
        return self.filled(template, column, constant, "v.lower()" if simple else f"{self.constant(fold)}(v)")

    def filled(self, template: str, column: Column, constant: object, folding: str = "") -> str:
        return template.format(x=self.value(column), c=self.constant(constant), f=folding)

    def value(self, column: Column) -> str:
        """The expression for a column's value in the row `r`."""
        if column.index is not None:
            return f"r[{column.index:d}]"
        class_, name = self.class_, column.name
        return f"{self.constant(lambda row: CimInstance(class_, row)[name])}(r)"

    def constant(self, value: object) -> str:
        """The name under which the source finds `value`."""
        name = f"c{len(self.namespace)}"
        self.namespace[name] = value
        return name

    def run(self, source: str) -> object:
        kept = len(source) <= QUERY_SOURCE_KEPT_CHARS
        code = _compiled_once(source) if kept else compile(source, "<WQL>", "exec")
        exec(code, self.namespace)  # noqa: S102 - generated above, from templates and column numbers alone
        return self.namespace["select"]


def _compile_inner(test: InnerTest, type_: Type) -> Callable[[Store], bool]:
    """The test of a row whose only value has this type. What does not fit the type is never TRUE."""
    try:
        condition = check_inner(test, type_)
    except WbemError:
        return _never
    code = _Code(META)  # no system property is asked for, so any class will do
    return cast(Callable[[Store], bool], code.run(f"select = lambda r: {code.condition(condition)}"))


def _never(_: Store) -> bool:
    return False


def _none(_: Iterable[object]) -> list[Any]:
    return []


@lru_cache(maxsize=QUERY_SOURCES_KEPT)
def _compiled_once(source: str) -> CodeType:
    return compile(source, "<WQL>", "exec")
