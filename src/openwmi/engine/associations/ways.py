"""What a query and the declarations of classes let each association class do, before any instance is looked at."""

from __future__ import annotations

from collections.abc import Iterable
from typing import NamedTuple

from openwmi.base.case import fold
from openwmi.engine.associations.roles import Classes, Role, facts_of, related
from openwmi.model import CimClass, CimInstance
from openwmi.wql import AssociatorsOf, ReferencesOf


class Way(NamedTuple):
    """How the instances of a class may refer to the source by a reference, and then by which ones to endpoints."""

    near: Role
    far: tuple[Role, ...]


class Ways:
    """What the query and the declarations let each association class do; found out once for each."""

    def __init__(self, query: AssociatorsOf | ReferencesOf, source: CimInstance | CimClass, classes: Classes) -> None:
        self._query = query
        self._lineage = facts_of(source.class_).lineage if isinstance(source, CimInstance) else None
        self._classes = classes
        self._associators = query if isinstance(query, AssociatorsOf) else None
        wanted = query.result_class if isinstance(query, ReferencesOf) else query.assoc_class
        self._association_class = None if wanted is None else fold(wanted)
        self._role = None if query.role is None else fold(query.role)
        self._known: dict[CimClass, tuple[Way, ...]] = {}

    def of(self, class_: CimClass) -> tuple[Way, ...]:
        """Empty where its instances cannot be, or lead to, a result."""
        ways = self._known.get(class_)
        if ways is None:
            ways = self._known[class_] = tuple(self._find(class_))
        return ways

    def properties(self, class_: CimClass) -> frozenset[str] | None:
        """The folded names of those that are read of an association of this class; None: all."""
        if self._associators is None and not self._query.keys_only and not self._query.class_defs_only:
            return None
        return frozenset(map(fold, class_.keys)).union(role.name for role in facts_of(class_).roles)

    def _find(self, class_: CimClass) -> Iterable[Way]:
        facts, query = facts_of(class_), self._associators
        if self._association_class is not None and self._association_class not in facts.lineage:
            return
        if query and query.required_assoc_qualifier and query.required_assoc_qualifier not in class_.qualifiers:
            return
        for near in facts.roles:
            if self._role not in (None, near.name) or not self._may_refer_to_source(near):
                continue
            far = tuple([each for each in facts.roles if each is not near and query and self._leads(each)])
            if far or query is None:
                yield Way(near, far)

    def _may_refer_to_source(self, near: Role) -> bool:
        # Only a weak reference can be to a class.
        return near.weak if self._lineage is None else near.may_refer_to(self._lineage)

    def _leads(self, far: Role) -> bool:
        """Whether a reference has the ResultRole, and can lead to an object of the ResultClass."""
        query = self._associators
        assert query is not None
        if query.result_role is not None and far.name != fold(query.result_role):
            return False
        if query.result_class is None or far.weak or far.elsewhere:
            return True
        wanted, declared = self._classes.find(query.result_class), self._classes.find(far.class_names[0])
        return wanted is None or declared is None or related(wanted, declared)
