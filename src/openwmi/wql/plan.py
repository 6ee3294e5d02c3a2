"""All that a query says about the rows of a class before any is fetched: worked out once, and kept with the query.

For whoever has to find the rows: which properties are needed, which values are fixed, by which keys to look, whether to
look at all. What is found that way is filtered all the same.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, replace
from operator import itemgetter
from typing import TypeAlias

from openwmi.base.case import NameMap, fold
from openwmi.base.error import WbemError
from openwmi.model import CimClass, CimType, Qualifier, Store, Type, Value, qualifier_set
from openwmi.wql.bounds import Bounds, bounds_of
from openwmi.wql.check import AllOf, AnyOf, Checked, Column, Condition, PairTest, ValueTest, check
from openwmi.wql.compiler import RowFilter, row_filter
from openwmi.wql.keep import keeping, projection
from openwmi.wql.lookup import choices, fixed, key_lookups
from openwmi.wql.reduce import reduced
from openwmi.wql.tree import Operator, Select

Shape: TypeAlias = Callable[[Store], tuple[Value, ...]]


@dataclass(frozen=True, slots=True)
class Plan:
    """A query against one class.

    Attributes:
        impossible: whether no instance of the class can match (`__CLASS` is another's, a key has two values).
        filter: picks the rows that match; None where all do.
        lookups: all keys of each instance that can match, () if none can, where WHERE fixes them; else None. Text is
            to be looked up without regard to case, and a reference as a path. No two find the same instance.
        equalities: the values that properties have in every row that matches, by the class's spelling of their names.
            Only those that WHERE states outright, not under OR, and that the property can have.
        choices: equalities of which each row that matches has those of one at least, for `A = 1 OR A = 2`; () where
            OR leaves it open.
        bounds: between which values numbers and points in time lie in every row that matches, in the same way.
        properties: the folded names of what must be fetched: the select list, what WHERE asks for, and the keys. None
            for all.
        shown: the class of the results: with the properties of the select list alone.
        shape: makes of a row of the class one of `shown`; None where they are the same.
    """

    impossible: bool
    filter: RowFilter | None
    lookups: tuple[NameMap[object], ...] | None
    equalities: NameMap[object]
    choices: tuple[NameMap[object], ...]
    bounds: NameMap[Bounds]
    properties: frozenset[str] | None
    shown: CimClass
    shape: Shape | None


def plan(query: Select, class_: CimClass, *, locatable: bool = False) -> Plan:
    """The plan of a query for instances of exactly this class; those of a derived class need a plan of their own.

    With `locatable` the results have their keys although the select list may leave them out, so that none of their
    paths is NULL (WBEM_FLAG_ENSURE_LOCATABLE).

    Raises:
        WbemError: INVALID_QUERY if the query does not fit the class, QUOTA_VIOLATION; see `check`.
    """
    return _planned(query, class_, locatable)


def prototype(query: Select, class_: CimClass, *, locatable: bool = False) -> CimClass:
    """The class that tells what the results of a query look like ([MS-WMI] 2.2.4.1).

    Each property has a qualifier `Order`, the positions from 0 at which it stands in the select list, or the one at
    which it stands in the class for `*`. Properties that are there without having been asked for have none: the keys of
    a `__PATH`. A property of an embedded object stands for the object, which is what the query gives. Raises as `plan`
    does; WHERE is checked as well.
    """
    checked = check(query, class_)
    orders: dict[str, tuple[int, ...]] = {}
    for position, name in enumerate(class_.names if query.columns is None else [c.name for c in checked.columns]):
        orders[name] = (*orders.get(name, ()), position)
    shown = _shown(checked, query, class_, locatable)
    properties = [
        replace(member, qualifiers=qualifier_set(*member.qualifiers.values(), _order(orders[member.name])))
        if member.name in orders
        else member
        for member in shown.properties
    ]
    return replace(shown, properties=tuple(properties))


def selected(query: Select) -> tuple[str, ...] | None:
    """The properties of the select list, each once, as they were written; None is all of them (`SELECT *`).

    Who selects a property of an embedded object gets that object, whole.
    """
    if query.columns is None:
        return None
    found: dict[str, str] = {}
    for column in query.columns:
        name = column.partition(".")[0]
        found.setdefault(fold(name), name)
    return tuple(found.values())


@keeping
def _planned(query: Select, class_: CimClass, locatable: bool) -> Plan:
    checked = check(query, class_)
    condition = reduced(checked.condition, class_)
    lookups = None if isinstance(condition, bool) else key_lookups(condition, class_)
    shown = _shown(checked, query, class_, locatable)
    properties: frozenset[str] | None = None
    if query.columns is not None:
        properties = frozenset(map(fold, (*_needed(checked.columns, condition), *class_.keys)))
    return Plan(
        impossible=condition is False or lookups == (),
        filter=None if condition is True else row_filter(condition, class_),
        lookups=() if condition is False else lookups,
        equalities=_equalities(condition),
        choices=() if isinstance(condition, bool) else choices(condition, class_),
        bounds=bounds_of(condition),
        properties=properties,
        shown=shown,
        shape=None if shown is class_ else _shape([class_.positions[name] for name in shown.names]),
    )


def _shown(checked: Checked, query: Select, class_: CimClass, locatable: bool) -> CimClass:
    if query.columns is None:
        return class_
    keys = class_.keys if locatable else ()
    return projection(class_, (*[column.name for column in checked.columns], *keys))


def _shape(positions: list[int]) -> Shape:
    """A function that picks these places out of a row, as a tuple."""
    if len(positions) > 1:
        return itemgetter(*positions)
    return lambda row: tuple([row[position] for position in positions])


def _equalities(condition: Condition | bool) -> NameMap[object]:
    """If WHERE wants two values of one property, the first is given."""
    found: dict[str, object] = {}
    pending: list[Condition | bool] = [condition]
    while pending:
        match pending.pop():
            case AllOf(terms):
                pending += reversed(terms)
            case ValueTest(column, Operator.EQUAL, value) if column.index is not None and column.name not in found:
                try:
                    found[column.name] = fixed(column, value)
                except WbemError:
                    continue
    return NameMap(found)


def _needed(columns: list[Column], condition: Condition | bool) -> set[str]:
    """The properties of the select list and of a condition."""
    wanted = {column.name for column in columns if column.index is not None}
    pending: list[Condition | bool] = [condition]
    while pending:
        match pending.pop():
            case AllOf(terms) | AnyOf(terms):
                pending += terms
            case bool():
                continue
            case PairTest(column, _, other):
                wanted |= {each.name for each in (column, other) if each.index is not None}
            case test:
                if test.column.index is not None:
                    wanted.add(test.column.name)
    return wanted


def _order(positions: tuple[int, ...]) -> Qualifier:
    return Qualifier("Order", positions, _POSITIONS)


_POSITIONS = Type(CimType.SINT32, array=True)
