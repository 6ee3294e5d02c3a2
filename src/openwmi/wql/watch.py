"""What a notification query says of the objects inside of events, before there is an event.

`TargetInstance ISA "X"` names the classes that have to be watched; `TargetInstance.P` names properties that these must
have. Like `scope`, which does the same for questions about classes.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable, Iterator

from openwmi.base.case import fold
from openwmi.model import CimClass
from openwmi.wql.check import AllOf, AnyOf, Condition, InnerTest, IsaTest, check
from openwmi.wql.place import invalid_query, shown
from openwmi.wql.scope import ALL_CLASSES, ClassScope, narrowest, united
from openwmi.wql.tree import NOWHERE, And, Comparison, Expression, Isa, IsNull, Not, Operator, Or, Relation, Select


def class_scope(query: Select, event: CimClass, roles: Collection[str]) -> ClassScope:
    """The classes that alone the object in one of the properties `roles` (folded names) of a matching event can be of.

    INVALID_QUERY if the query does not fit the class of events.
    """
    # What the class says of itself is not put in: events of derived classes match as well.
    return _scope(check(query, event).condition, roles)


def check_inner_names(query: Select, classes: Iterable[CimClass], roles: Collection[str]) -> None:
    """INVALID_QUERY for a property of the object in one of the `roles` that none of these classes has.

    [MS-WMI] 3.1.4.3.20 wants that for the select list. In WHERE it would never match, for ever: who waits for an event
    is told so at once, while a data query just has no results.
    """
    asked = [(name, offset) for name, offset in _paths(query) if "." in name and fold(name.split(".")[0]) in roles]
    if not asked:
        return
    known = list(classes)
    for name, offset in asked:
        inner = name.split(".")[1]
        if known and not any(inner in class_ for class_ in known):
            raise invalid_query(query.text, offset, known[0].unknown(shown(inner)))


def _scope(condition: Condition | None, roles: Collection[str]) -> ClassScope:
    match condition:
        case AllOf(terms):
            return narrowest(_scope(term, roles) for term in terms)
        case AnyOf(terms):
            return united([_scope(term, roles) for term in terms])
        case IsaTest(column, name, False) if fold(column.name) in roles:
            return ClassScope(trees=(name,))
        case InnerTest(column, Comparison(_, Operator.EQUAL, str(text)), False) if fold(column.name) in roles:
            if [fold(name) for name in column.inner] == ["__class"]:
                return ClassScope(names=(text,))
    return ALL_CLASSES


def _paths(query: Select) -> Iterator[tuple[str, int]]:
    """Every property that a query names, and where."""
    columns = query.columns or ()
    yield from zip(columns, query.offsets or (NOWHERE,) * len(columns), strict=True)
    pending: list[Expression] = [] if query.where is None else [query.where]
    while pending:
        match pending.pop():
            case And(terms) | Or(terms):
                pending += reversed(terms)
            case Not(operand):
                pending.append(operand)
            case Relation(name, _, other, offset):
                yield name, offset
                yield other, offset
            case Comparison(name, offset=offset) | IsNull(name, offset=offset) | Isa(name, offset=offset):
                yield name, offset
