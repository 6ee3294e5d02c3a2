"""Tree to text, so that `parse(format(query)) == query`; in the spellings that every WMI server understands."""

from __future__ import annotations

from math import isfinite

from openwmi.base.error import WbemError
from openwmi.base.limits import QUERY_DEPTH
from openwmi.base.status import WbemStatus
from openwmi.wql.lexer import is_name, writable
from openwmi.wql.place import shown
from openwmi.wql.tree import And, Comparison, Constant, Expression, IsNull, Not, Operator, Or, Select


def format(query: Select) -> str:  # noqa: A001 - parse and format are the two verbs for text
    """The text of a query, in one line; strings in double quotes.

    Raises:
        WbemError: INVALID_QUERY if a tree that was built by hand has a name or a constant that WQL cannot write;
            QUOTA_VIOLATION if it is deeper than QUERY_DEPTH.
    """
    columns = "*" if query.columns is None else ", ".join(_name(column) for column in query.columns)
    text = f"SELECT {columns or _name('')} FROM {_name(query.class_name)}"
    return text if query.where is None else f"{text} WHERE {_expression(query.where, 0)}"


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
            return f"{_name(name)} IS NOT NULL"
        case Not(operand):
            nested = isinstance(operand, Or | And)
            text = _expression(operand, depth + 1 + nested)
            return f"NOT ({text})" if nested else f"NOT {text}"
        case IsNull(name):
            return f"{_name(name)} IS NULL"
        case Comparison(name, operator, constant):
            if operator is Operator.LIKE and not isinstance(constant, str):
                raise _unwritable(f"{constant!r} is no pattern for LIKE")
            return f"{_name(name)} {operator.value} {_constant(constant)}"


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


def _unwritable(problem: str) -> WbemError:
    return WbemError(WbemStatus.INVALID_QUERY, f"{problem} in a query")
