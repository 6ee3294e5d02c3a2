"""A query against one class, ready to run: what to ask the provider for, what to keep, what to show."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from operator import itemgetter

from openwmi.base.case import fold
from openwmi.engine.hosting import Values
from openwmi.model import CimClass, CimInstance
from openwmi.wql import (
    And,
    Comparison,
    Operator,
    RowFilter,
    Select,
    compile_row_filter,
    key_lookup,
    referenced,
    selected,
)

_Shape = Callable[[Values], Values]


class Selection:
    """Which rows of a class are wanted, and what of them.

    Attributes:
        cim_class: the class whose instances are read.
        properties: the folded names that are needed; None for all.
        keys: the keys of the only instance that can match, if the query fixes them all; else None.
    """

    __slots__ = ("_filter", "_shape", "_shown", "cim_class", "keys", "properties")

    def __init__(self, query: Select | None, class_: CimClass) -> None:
        """No query selects everything. INVALID_QUERY if the query does not fit the class."""
        self.cim_class = class_
        self.properties: frozenset[str] | None = None
        self.keys: Mapping[str, object] | None = None
        self._filter: RowFilter | None = None
        self._shown = class_
        self._shape: _Shape | None = None
        if query is None:
            return
        if query.where is not None:
            self._filter = compile_row_filter(query, class_)
            self.keys = key_lookup(query, class_)
        names = referenced(query, class_)
        if names is not None:
            self.properties = frozenset(map(fold, names)) | frozenset(map(fold, class_.keys))
        columns = selected(query)
        if columns is not None:
            self._shown = class_.project(columns)
            self._shape = _shape([class_.index(name) for name in self._shown.names])

    @classmethod
    def of_keys(cls, class_: CimClass, keys: Mapping[str, object]) -> Selection:
        """The one instance with these keys, which compare as WQL compares: a path and a query find the same."""
        terms = tuple(
            Comparison(name, Operator.EQUAL, value if isinstance(value, str | int) else str(value))
            for name, value in keys.items()
        )
        where = And(terms) if len(terms) > 1 else terms[0] if terms else None
        selection = cls(Select(None, class_.name, where), class_)
        selection.keys = keys
        return selection

    def pick(self, rows: list[Values]) -> list[CimInstance]:
        """The instances to show of these rows."""
        # What the filter keeps of a list of tuples is tuples.
        kept: list[Values] = rows if self._filter is None else self._filter(rows)  # type: ignore[assignment]
        shown, shape = self._shown, self._shape
        if shape is None:
            return [CimInstance(shown, row) for row in kept]
        return [CimInstance(shown, shape(row)) for row in kept]


def _shape(positions: list[int]) -> _Shape:
    """A function that picks these places out of a row, as a tuple."""
    if len(positions) > 1:
        return itemgetter(*positions)
    return lambda row: tuple([row[position] for position in positions])
