"""From an association to what a query shows of it: itself or its endpoints, whole, their keys or their classes."""

from __future__ import annotations

from typing import Final, NamedTuple

from openwmi.base.case import fold
from openwmi.base.error import WbemError
from openwmi.base.status import WbemStatus
from openwmi.engine.associations.objects import Found, Objects
from openwmi.engine.associations.roles import Role, facts_of, related
from openwmi.engine.associations.target import on_machine
from openwmi.model import CimClass, CimInstance, ObjectPath
from openwmi.wql import AssociatorsOf, ReferencesOf


class Link(NamedTuple):
    """An association that refers to the source, and its references to endpoints."""

    association: CimInstance
    far: tuple[Role, ...]


class _Shape:
    """What is shown of an object: itself, its keys or its class."""

    def __init__(self, query: AssociatorsOf | ReferencesOf) -> None:
        self.class_only = query.class_defs_only
        self.keys_only = query.keys_only
        self._shown: set[tuple[str, str]] = set()

    def shown(self, found: Found) -> Found | None:
        """None for a class that was shown before."""
        if self.class_only:
            class_ = found if isinstance(found, CimClass) else found.class_
            if self.has_shown(class_):
                return None
            self._shown.add(_identity(class_))
            return class_
        if not self.keys_only or isinstance(found, CimClass):
            return found
        class_ = facts_of(found.class_).keys_only(found.class_)
        values = [found.store_[found.class_.positions[key]] for key in class_.names]
        return CimInstance(class_, tuple(values), found.own_qualifiers_)

    def has_shown(self, class_: CimClass) -> bool:
        return _identity(class_) in self._shown


class References:
    """The associations themselves."""

    def __init__(self, query: ReferencesOf) -> None:
        self._qualifier = query.required_qualifier
        self._shape = _Shape(query)

    async def of(self, link: Link) -> list[Found]:
        found = self._shape.shown(link.association) if has_qualifier(link.association, self._qualifier) else None
        return [] if found is None else [found]


class Endpoints:
    """What associations lead to."""

    def __init__(self, query: AssociatorsOf, objects: Objects) -> None:
        self._objects = objects
        self._namespace = fold(objects.namespace)
        self._qualifier = query.required_qualifier
        self._result_class = query.result_class
        self._wanted = None if query.result_class is None else objects.classes.find(query.result_class)
        self._shape = _Shape(query)

    async def of(self, link: Link) -> list[Found]:
        found: list[Found] = []
        reached: set[ObjectPath | None] = set()
        for role in link.far:
            end = await self._end(link.association, role)
            if end is None:
                continue
            if len(link.far) > 1:
                if end.path_ in reached:
                    continue
                reached.add(end.path_)
            shown = self._shape.shown(end)
            if shown is not None:
                found.append(shown)
        return found

    async def _end(self, association: CimInstance, role: Role) -> Found | None:
        """The object that a reference leads to; None if it is not there or not wanted."""
        reference = association.store_[role.position]
        if not isinstance(reference, str):
            return None
        try:
            path = ObjectPath.parse(reference)
            if (path.is_class and not role.weak) or not self._may_be_wanted(path, fold(association.class_.server)):
                return None
            end = await self._objects.get(path, keys_only=self._shape.keys_only or self._shape.class_only)
        except WbemError as error:
            if error.status in _NOWHERE:
                return None
            raise
        if end is None or not has_qualifier(end, self._qualifier):
            return None
        class_ = end if isinstance(end, CimClass) else end.class_
        wanted = self._result_class
        return end if wanted is None or fold(wanted) in facts_of(class_).lineage else None

    def _may_be_wanted(self, path: ObjectPath, server: str) -> bool:
        """As far as the path tells. An object may be of a class that derives from the one in its path."""
        if path.namespace is not None and fold(path.namespace) != self._namespace:
            return True
        if path.server is not None and not on_machine(path.server, server):
            return True
        classes = self._objects.classes
        class_ = classes.find(path.class_name)
        if class_ is None or (self._wanted is not None and not related(class_, self._wanted)):
            return False
        if not self._shape.class_only or not self._shape.has_shown(class_):
            return True
        return not path.is_class and next(iter(classes.derived(class_, deep=False)), None) is not None


# What a reference raises that leads to nothing.
_NOWHERE: Final = frozenset(
    {
        WbemStatus.NOT_FOUND,
        WbemStatus.INVALID_OBJECT_PATH,
        WbemStatus.INVALID_NAMESPACE,
        WbemStatus.INVALID_CLASS,
        WbemStatus.PROVIDER_NOT_FOUND,
    }
)


def has_qualifier(object_: Found, name: str | None) -> bool:
    """Whether an object or its class has the qualifier, whatever its value; None is required of none."""
    if name is None:
        return True
    if isinstance(object_, CimClass):
        return name in object_.qualifiers
    return name in object_.class_.qualifiers or name in object_.own_qualifiers_


def _identity(class_: CimClass) -> tuple[str, str]:
    return fold(class_.namespace), fold(class_.name)
