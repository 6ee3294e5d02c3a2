"""What a query says about the rows before any of them is fetched: which properties are needed, which values are fixed.

For whoever has to find the rows; the filter is applied to them afterwards all the same.
"""

from __future__ import annotations

from openwmi.base.case import NameMap, fold
from openwmi.base.error import WbemError
from openwmi.model import CimClass, ObjectPath
from openwmi.wql.check import AllOf, Condition, ValueTest, check, columns
from openwmi.wql.tree import Operator, Select


def key_lookup(query: Select, class_: CimClass) -> NameMap[object] | None:
    """The keys of the only instance that can match, if WHERE fixes all of them; else None, as for a class without keys.

    Values are checked against the types of the keys. Text is as it was written, and so is a reference: it has to be
    looked up without regard to case, or as a path. Raises as `check` does.
    """
    fixed = equalities(query, class_)
    if not class_.keys or not all(key in fixed for key in class_.keys):
        return None
    return NameMap((key, fixed[key]) for key in class_.keys)


def equalities(query: Select, class_: CimClass) -> NameMap[object]:
    """The values that properties have in every instance that matches, by the class's spelling of their names.

    Only those that WHERE states outright, not under OR. System properties are left out, and so is a value that the
    property cannot have. If WHERE wants two values of one property, the first is given. Raises as `check` does.
    """
    found: dict[str, object] = {}
    pending: list[Condition | None] = [check(query, class_)]
    while pending:
        match pending.pop():
            case AllOf(terms):
                pending += reversed(terms)
            case ValueTest(column, Operator.EQUAL, value) if column.index is not None and column.name not in found:
                try:
                    found[column.name] = column.type.check(str(value) if isinstance(value, ObjectPath) else value)
                except WbemError:
                    continue
    return NameMap(found)


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


def referenced(query: Select, class_: CimClass) -> frozenset[str] | None:
    """The names, as the class spells them, of the properties that must be fetched; None is all of them (`SELECT *`).

    Those of the select list and of WHERE, and the keys if a path is asked for. Raises INVALID_QUERY for a name that the
    class does not have.
    """
    if query.columns is None:
        return None
    named = columns(query, class_)
    wanted = {column.name for column in named if column.index is not None}
    if any(column.name in ("__PATH", "__RELPATH") for column in named):
        wanted.update(class_.keys)
    return frozenset(wanted)
