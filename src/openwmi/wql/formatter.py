"""Tree to text, so that `parse(format(query)) == query`; in the spellings that every WMI server understands."""

from __future__ import annotations

from math import isfinite

from openwmi.base.case import fold
from openwmi.base.error import WbemError
from openwmi.base.limits import QUERY_DEPTH
from openwmi.base.status import WbemStatus
from openwmi.wql.association import format_association
from openwmi.wql.event import seconds_problem
from openwmi.wql.lexer import is_name, is_path, writable
from openwmi.wql.place import shown
from openwmi.wql.tree import (
    META_CLASS,
    And,
    AssociatorsOf,
    Comparison,
    Constant,
    EventQuery,
    Expression,
    Group,
    Isa,
    IsNull,
    Not,
    Operator,
    Or,
    Query,
    ReferencesOf,
    Relation,
    SchemaQuery,
    Select,
)


def format(query: Query | EventQuery) -> str:  # noqa: A001 - parse and format are the two verbs for text
    """The text of a query, in one line; strings in double quotes.

    Raises:
        WbemError: INVALID_QUERY if a tree that was built by hand has a name or a constant that WQL cannot write;
            QUOTA_VIOLATION if it is deeper than QUERY_DEPTH.
    """
    match query:
        case AssociatorsOf() | ReferencesOf():
            return format_association(query)
        case SchemaQuery(where):
            return f"SELECT * FROM {META_CLASS}{_clause('WHERE', where)}"
        case Select(where=where):
            return f"{_head(query)}{_clause('WHERE', where)}"
        case EventQuery(select, within, group):
            polled = "" if within is None else f" WITHIN {_seconds(within)}"
            grouped = "" if group is None else _group(group)
            return f"{_head(select)}{polled}{_clause('WHERE', select.where)}{grouped}"


def _head(query: Select) -> str:
    columns = "*" if query.columns is None else ", ".join(_path(column) for column in query.columns)
    if fold(query.class_name) == META_CLASS:
        raise _unwritable(f"a Select cannot be from {META_CLASS}, which is for a SchemaQuery,")
    return f"SELECT {columns or _path('')} FROM {_name(query.class_name)}"


def _group(group: Group) -> str:
    by = f" BY {', '.join(map(_path, group.by))}" if group.by else ""
    return f" GROUP WITHIN {_seconds(group.within)}{by}{_clause('HAVING', group.having)}"


def _clause(keyword: str, condition: Expression | None) -> str:
    return "" if condition is None else f" {keyword} {_expression(condition, 0)}"


def _seconds(value: float) -> str:
    problem = seconds_problem(value)
    if problem is not None:
        raise WbemError(WbemStatus.INVALID_QUERY, problem)
    return repr(int(value) if value == int(value) else value)


def _expression(node: Expression, depth: int) -> str:
    """One call for each level: a deep tree must not meet the interpreter's limit before ours."""
    if depth > QUERY_DEPTH:
        raise WbemError(WbemStatus.QUOTA_VIOLATION, f"the query is nested more than {QUERY_DEPTH} deep")
    match node:
        case Or(terms) | And(terms):
            word, weaker = (" OR ", (Or,)) if isinstance(node, Or) else (" AND ", (Or, And))
            parts: list[str] = []
            for term in terms:
                nested = isinstance(term, weaker)
                text = _expression(term, depth + nested)
                parts.append(f"({text})" if nested else text)
            return word.join(parts)
        case Not(IsNull(name)):
            return f"{_path(name)} IS NOT NULL"
        case Not(operand):
            nested = isinstance(operand, Or | And)
            text = _expression(operand, depth + 1 + nested)
            return f"NOT ({text})" if nested else f"NOT {text}"
        case IsNull(name):
            return f"{_path(name)} IS NULL"
        case Isa(name, class_name):
            return f'{_path(name)} ISA "{_name(class_name)}"'
        case Relation(name, operator, other):
            if operator is Operator.LIKE or "." not in other:
                raise _unwritable(f"{operator.value} '{shown(other)}' is no comparison of two properties")
            return f"{_path(name)} {operator.value} {_path(other)}"
        case Comparison(name, operator, constant):
            if operator is Operator.LIKE and not isinstance(constant, str):
                raise _unwritable(f"{constant!r} is no pattern for LIKE")
            return f"{_path(name)} {operator.value} {_constant(constant)}"


def _constant(value: Constant) -> str:
    if isinstance(value, bool):
        return "TRUE" if value else "FALSE"
    if isinstance(value, str):
        return '"' + value.replace("\\", "\\\\").replace('"', '\\"') + '"'
    if writable(value) if isinstance(value, int) else isfinite(value):
        return repr(value)
    raise _unwritable("a number is too large, or is none")


def _name(name: str) -> str:
    if not is_name(name):
        raise _unwritable(f"'{shown(name)}' cannot be a name")
    return name


def _path(name: str) -> str:
    if not is_path(name):
        raise _unwritable(f"'{shown(name)}' cannot be the name of a property")
    return name


def _unwritable(problem: str) -> WbemError:
    return WbemError(WbemStatus.INVALID_QUERY, f"{problem} in a query")
