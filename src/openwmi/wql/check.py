"""A query meets a class: names are found, operators and constants are checked against types ([MS-WMI] 2.2.1.1).

The outcome has no NOT any more. It is pushed down to the single tests, which three-valued logic allows: NOT of an AND
is the OR of the NOTs, also where something is unknown. So whoever evaluates only ever asks whether a test is TRUE.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import NamedTuple, TypeAlias

from openwmi.base.case import fold
from openwmi.base.error import WbemError
from openwmi.base.limits import QUERY_DEPTH
from openwmi.base.status import WbemStatus
from openwmi.model import SYSTEM_PROPERTIES, CimClass, CimType, Type
from openwmi.wql.kind import KINDS, UNCOMPARABLE, Kind
from openwmi.wql.like import BadPatternError, Pattern, has_wildcards, parse_pattern
from openwmi.wql.place import invalid_query, shown
from openwmi.wql.tree import (
    NOWHERE,
    And,
    Comparison,
    Expression,
    Isa,
    IsNull,
    Leaf,
    Not,
    Operator,
    Or,
    Relation,
    Select,
)

_INVERTED = {
    Operator.EQUAL: Operator.UNEQUAL,
    Operator.UNEQUAL: Operator.EQUAL,
    Operator.LESS: Operator.GREATER_OR_EQUAL,
    Operator.GREATER_OR_EQUAL: Operator.LESS,
    Operator.GREATER: Operator.LESS_OR_EQUAL,
    Operator.LESS_OR_EQUAL: Operator.GREATER,
}


@dataclass(frozen=True, slots=True)
class Column:
    """A property that a query names.

    Attributes:
        name: as the class spells it.
        type: its type.
        index: its position in a row; None for a system property.
        inner: the names that lead on from it, into the object that it holds; then the type is not the last one's.
    """

    name: str
    type: Type
    index: int | None
    inner: tuple[str, ...] = ()

    @property
    def kind(self) -> Kind:
        return UNCOMPARABLE if self.type.array else KINDS.get(self.type.cim, UNCOMPARABLE)

    @property
    def is_object(self) -> bool:
        return self.type.cim is CimType.OBJECT and not self.type.array

    @property
    def what(self) -> str:
        """What its values are, for a message."""
        return "an array" if self.type.array else self.kind.what


@dataclass(frozen=True, slots=True)
class NullTest:
    """Whether a column is NULL, or (`negated`) is not."""

    column: Column
    negated: bool


@dataclass(frozen=True, slots=True)
class ValueTest:
    """A column compared with a value of its kind; unknown where the column is NULL."""

    column: Column
    operator: Operator
    value: object


@dataclass(frozen=True, slots=True)
class PatternTest:
    """Whether a text fits a pattern, or (`negated`) does not; unknown where the column is NULL."""

    column: Column
    pattern: Pattern
    negated: bool


@dataclass(frozen=True, slots=True)
class IsaTest:
    """Whether an object is of this class or of a derived one, or (`negated`) is not; unknown where it is NULL."""

    column: Column
    class_name: str
    negated: bool


@dataclass(frozen=True, slots=True)
class InnerTest:
    """A test of what is in an embedded object. `test` does not know its type before it has the object."""

    column: Column
    test: Leaf
    negated: bool


@dataclass(frozen=True, slots=True)
class PairTest:
    """A column compared with another one of the row, as if that were a constant; unknown where either is NULL."""

    column: Column
    operator: Operator
    other: Column


@dataclass(frozen=True, slots=True)
class AllOf:
    """TRUE if all terms are."""

    terms: tuple[Condition, ...]


@dataclass(frozen=True, slots=True)
class AnyOf:
    """TRUE if a term is."""

    terms: tuple[Condition, ...]


Condition: TypeAlias = NullTest | ValueTest | PatternTest | IsaTest | InnerTest | PairTest | AllOf | AnyOf


class Checked(NamedTuple):
    """A query that fits a class: the columns of its select list (none for `*`), and what an instance must fulfil."""

    columns: list[Column]
    condition: Condition | None


def check(query: Select, class_: CimClass) -> Checked:
    """The query, understood for a class.

    Raises:
        WbemError: INVALID_QUERY for a property that the class does not have, for an operator that its type does not
            have (the section asks for this status, not for INVALID_OPERATION) and for a constant that cannot be of the
            type, each with its place; QUOTA_VIOLATION if a tree built by hand is deeper than QUERY_DEPTH.
    """
    checker = _Checker(query, class_)
    columns = checker.columns()
    return Checked(columns, None if query.where is None else checker.condition(query.where, negated=False))


def check_inner(test: InnerTest, type_: Type) -> Condition:
    """What a row must fulfil whose only value is the one that `test` is about, now that its type is known.

    INVALID_QUERY if the test does not fit the type.
    """
    query = Select(None, "")
    return _Checker(query, CimClass("")).leaf(Column("", type_, 0), test.test, negated=test.negated)


# A parenthesis of the text is up to two nodes of the tree, an OR of ANDs, and the outermost pair of them needs none.
_DEEPEST = 2 * QUERY_DEPTH + 2


class _Checker:
    def __init__(self, query: Select, class_: CimClass) -> None:
        self.query = query
        self.class_ = class_

    def columns(self) -> list[Column]:
        """Those of the select list."""
        names = self.query.columns or ()
        offsets = self.query.offsets or (NOWHERE,) * len(names)
        return [self.column(name, offset) for name, offset in zip(names, offsets, strict=True)]

    def column(self, name: str, offset: int) -> Column:
        first, *inner = name.split(".")
        if not inner:
            return self.own_column(name, offset)
        outer = self.own_column(first, offset)
        if not outer.is_object:
            raise self.error(f"{outer.name} is {outer.what}: only an embedded object has properties", offset)
        return Column(outer.name, outer.type, outer.index, tuple(inner))

    def own_column(self, name: str, offset: int) -> Column:
        index = self.class_.positions.get(fold(name))
        if index is not None:
            found = self.class_.properties[index]
            return Column(found.name, found.type, index)
        if name in SYSTEM_PROPERTIES:
            return Column(SYSTEM_PROPERTIES.spelling(name), SYSTEM_PROPERTIES[name], None)
        raise self.error(self.class_.unknown(shown(name)), offset)

    def condition(self, node: Expression, *, negated: bool, depth: int = 0) -> Condition:
        if depth > _DEEPEST:
            raise WbemError(WbemStatus.QUOTA_VIOLATION, f"the query is nested more than {QUERY_DEPTH} deep")
        match node:
            case Not(operand):
                return self.condition(operand, negated=not negated, depth=depth + 1)
            case And(terms) | Or(terms):
                parts: list[Condition] = []
                for term in terms:  # a comprehension would be a call of its own on each level
                    parts.append(self.condition(term, negated=negated, depth=depth + 1))  # noqa: PERF401
                return AllOf(tuple(parts)) if isinstance(node, And) is not negated else AnyOf(tuple(parts))
            case Relation(name, operator, other, offset):
                column = self.column(name, offset)
                if operator is Operator.LIKE or not (column.inner or operator in column.kind.operators):
                    raise self.unfit(column, node)
                return PairTest(column, _INVERTED[operator] if negated else operator, self.column(other, offset))
            case IsNull(name, offset=offset) | Comparison(name, offset=offset) | Isa(name, offset=offset):
                return self.leaf(self.column(name, offset), node, negated=negated)

    def leaf(self, column: Column, node: Leaf, *, negated: bool) -> Condition:
        if column.inner:
            if isinstance(node, Comparison) and node.operator is Operator.LIKE and isinstance(node.constant, str):
                self.pattern(node.constant, node.offset)  # what is wrong for every type need not wait for one
            return InnerTest(column, node, negated)
        match node:
            case IsNull():
                return NullTest(column, negated)
            case Isa(_, class_name, offset):
                if not column.is_object:
                    raise self.error(f"{column.name} is {column.what}: ISA asks about an embedded object", offset)
                return IsaTest(column, class_name, negated)
            case Comparison():
                return self.comparison(column, node, negated=negated)

    def comparison(self, column: Column, node: Comparison, *, negated: bool) -> Condition:
        operator, constant = node.operator, node.constant
        if operator is Operator.LIKE and isinstance(constant, str):
            if not has_wildcards(constant):
                operator = Operator.EQUAL
            elif Operator.LIKE in column.kind.operators:
                return PatternTest(column, self.pattern(constant, node.offset), negated)
        if operator not in column.kind.operators:
            raise self.unfit(column, node)
        try:
            value = column.kind.coerce(constant, column.type)
        except ValueError as error:
            raise self.error(f"{column.name} is {column.kind.what}: {error}", node.offset) from None
        return ValueTest(column, _INVERTED[operator] if negated else operator, value)

    def pattern(self, text: str, offset: int) -> Pattern:
        try:
            return parse_pattern(text)
        except BadPatternError as error:
            raise self.error(f"the pattern '{shown(text)}' is not valid: {error}", offset) from None

    def unfit(self, column: Column, node: Comparison | Relation) -> WbemError:
        kind = column.what
        if node.operator is Operator.LIKE and column.kind.operators:
            return self.error(f"{column.name} is {kind}: a pattern with wildcards fits only text", node.offset)
        allowed = " ".join(o.value for o in Operator if o in column.kind.operators) or "IS NULL and IS NOT NULL"
        problem = f"{column.name} is {kind}, which does not have the operator {node.operator.value}; it has {allowed}"
        return self.error(problem, node.offset)

    def error(self, problem: str, offset: int) -> WbemError:
        return invalid_query(self.query.text, offset, problem)
