"""A query against one class, ready to run: what to ask the provider for, what to keep, what to show.

Two flags of the caller's are about this ([MS-WMI] 2.2.6, WBEM_GENERIC_FLAG_TYPE, and the SDK's IWbemServices pages):

- ENSURE_LOCATABLE: results "have enough information in them so that system properties, such as __PATH, __RELPATH, and
  __SERVER, are non-NULL". An object's path is made of its keys, so they are added to what the select list names:
  `locatable` here. An object of a class without keys has no path either way.
- DIRECT_READ: "the server MUST disregard any derived class when it searches the result" (3.1.4.3.18, and likewise for
  the other verbs); the SDK has "direct access to the provider for the class specified without any regard to its parent
  class or subclasses". Nothing of a Selection depends on it, since it is of one class: the caller makes one for the
  class that was named, and none for those below it. Values are never merged with those of a parent's provider, so there
  is nothing to leave out above it.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from openwmi.base.case import NameMap
from openwmi.engine.hosting import Values
from openwmi.engine.provider import Request
from openwmi.model import CimClass, CimInstance
from openwmi.operation import CallContext
from openwmi.wql import Bounds, Plan, RowFilter, Select, keeping, key_filter, plan

_NO_VALUES: Mapping[str, object] = NameMap()
_NO_BOUNDS: Mapping[str, Bounds] = NameMap()


REQUESTS_KEPT = 256
"""Of a query: as many users as ask it in turns, and no more of what they asked with."""


@keeping
def selection_of(query: Select, class_: CimClass, locatable: bool) -> Selection:
    """The Selection of a query; for nobody to change, since a query that comes again has the same one."""
    return Selection(query, class_, locatable)


class Selection:
    """Which rows of a class are wanted, and what of them.

    Attributes:
        cim_class: the class whose instances are read.
        properties: the folded names that are needed; None for all. They stay as they are once a request was made.
        lookups: the keys of the only instances that can match, if the query fixes them all; else None. No two find the
            same instance.
        equalities: the values that some properties have in every row that matches, by their declared names.
        choices: the like under OR: every row that matches has those of one of them at least; () where that is open.
        bounds: between which values some properties lie in every row that matches.
        impossible: whether nothing can match, so that nothing need be read.
    """

    __slots__ = (
        *("_filter", "_keyed", "_plan", "_requests", "bounds", "choices"),
        *("cim_class", "equalities", "impossible", "lookups", "properties"),
    )

    def __init__(self, query: Select | None, class_: CimClass, locatable: bool = False) -> None:
        """No query selects everything. INVALID_QUERY if the query does not fit the class."""
        self.cim_class = class_
        self.properties: frozenset[str] | None = None
        self.lookups: Sequence[Mapping[str, object]] | None = None
        self.equalities: Mapping[str, object] = _NO_VALUES
        self.choices: Sequence[Mapping[str, object]] = ()
        self.bounds: Mapping[str, Bounds] = _NO_BOUNDS
        self.impossible = False
        self._requests: dict[int, Request] | None = None
        self._filter: RowFilter | None = None
        self._keyed = False
        self._plan: Plan | None = None
        if query is None:
            return
        self._plan = made = plan(query, class_, locatable=locatable)
        self.properties, self.lookups, self.equalities = made.properties, made.lookups, made.equalities
        self.choices, self.bounds, self.impossible = made.choices, made.bounds, made.impossible
        self._filter = made.filter

    @classmethod
    def of_keys(cls, class_: CimClass, keys: Mapping[str, object]) -> Selection:
        """The one instance with these keys, which compare as WQL compares: a path and a query find the same.

        The keys have their declared names and checked values.
        """
        selection = cls(None, class_)
        selection.lookups = (keys,)
        selection.equalities = keys
        selection._keyed = bool(keys)
        return selection

    @property
    def keys(self) -> Mapping[str, object] | None:
        """The keys of the only instance that can match; None where they are open, or there are several or none."""
        lookups = self.lookups
        return lookups[0] if lookups is not None and len(lookups) == 1 else None

    def request(self, context: CallContext) -> Request:
        """What a provider is asked with. Callers that ask in the same words, again and again, share one."""
        if context.values:  # they may be much, and come with one call only
            return Request(context, self.cim_class, self.properties, self.equalities, self.bounds, self.choices)
        if self._requests is None or len(self._requests) >= REQUESTS_KEPT:
            self._requests = {}
        request = self._requests.get(id(context))  # which that request keeps from being another's
        if request is None:
            request = Request(context, self.cim_class, self.properties, self.equalities, self.bounds, self.choices)
            self._requests[id(context)] = request
        return request

    def pick(self, rows: list[Values]) -> list[CimInstance]:
        """The instances to show of these rows: of those that match."""
        if self._keyed and self._filter is None:
            self._filter = key_filter(self.cim_class, self.equalities)
        # What the filter keeps of a list of tuples is tuples.
        return self.show(rows if self._filter is None else self._filter(rows))  # type: ignore[arg-type]

    def matches(self, instance: CimInstance) -> bool:
        """Whether an instance of the class, as it is, is wanted."""
        return self._filter is None or bool(self._filter([instance.store_]))

    def show(self, rows: Sequence[Values]) -> list[CimInstance]:
        """The instances to show of rows that match, as the one does that was found by all keys of a path."""
        if self._plan is None:
            class_ = self.cim_class
            return [CimInstance(class_, row) for row in rows]
        shown, shape = self._plan.shown, self._plan.shape
        if shape is None:
            return [CimInstance(shown, row) for row in rows]
        return [CimInstance(shown, shape(row)) for row in rows]

    def choose(self, instances: list[CimInstance]) -> list[CimInstance]:
        """The instances to show of these, which are as they are stored: those that match."""
        if self._keyed and self._filter is None:
            self._filter = key_filter(self.cim_class, self.equalities)
        kept = instances
        if self._filter is not None:
            rows = {id(each.store_): each for each in instances}
            kept = [rows[id(row)] for row in self._filter([each.store_ for each in instances])]
        if self._plan is None:
            return kept
        shown, shape = self._plan.shown, self._plan.shape
        if shape is None:
            return kept if shown is self.cim_class else self.show([each.values_ for each in kept])
        return [CimInstance(shown, shape(each.store_), each.own_qualifiers_) for each in kept]
