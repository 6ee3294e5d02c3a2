"""A namespace in memory, as a transaction would see it, and short ways to write classes."""

from __future__ import annotations

from collections.abc import Iterator, Mapping

import pytest

from openwmi.base.case import fold
from openwmi.base.error import WbemError
from openwmi.base.status import WbemStatus
from openwmi.engine.class_changes import ClassChange, check_class_put
from openwmi.engine.instance_changes import InstanceChange
from openwmi.model import (
    ChangeFlag,
    CimClass,
    CimInstance,
    Flavor,
    Method,
    Property,
    Qualifier,
    Type,
    Value,
    qualifier_set,
)

NAMESPACE, SERVER = r"root\demo", "HOST"
DEFAULT = ChangeFlag.CREATE_OR_UPDATE
SAFE, FORCE = ChangeFlag.UPDATE_SAFE_MODE, ChangeFlag.UPDATE_FORCE_MODE
CREATE, UPDATE = ChangeFlag.CREATE_ONLY, ChangeFlag.UPDATE_ONLY
TO_CLASS = Flavor.PROPAGATE_TO_DERIVED_CLASS
AMENDED = Flavor.AMENDED | TO_CLASS
FIXED = Flavor.NOT_OVERRIDABLE | TO_CLASS


def text(name: str, value: str, flavor: Flavor = TO_CLASS) -> Qualifier:
    return Qualifier(name, value, Type.parse("string"), flavor)


def of(name: str, type_: str, *qualifiers: str | Qualifier, default: Value = None) -> Property:
    """A property; a qualifier that is given by its name alone is TRUE."""
    return Property(name, Type.parse(type_), default, qualifier_set(*_made(qualifiers)))


def class_(
    name: str,
    *members: Property | Method,
    below: CimClass | None = None,
    qualifiers: tuple[str | Qualifier, ...] = (),
) -> CimClass:
    """A class with these members, derived from `below`."""
    properties = [each for each in members if isinstance(each, Property)]
    methods = [each for each in members if isinstance(each, Method)]
    made = qualifier_set(*_made(qualifiers))
    if below is not None:
        return below.derive(name, properties, methods, made)
    return CimClass(name, properties=tuple(properties), methods=tuple(methods), qualifiers=made)


def _made(qualifiers: tuple[str | Qualifier, ...]) -> list[Qualifier]:
    return [Qualifier(each) if isinstance(each, str) else each for each in qualifiers]


class MemoryStore:
    """What is put here is there for those who ask afterwards."""

    def __init__(self, *classes: CimClass) -> None:
        self.namespace = NAMESPACE
        self.server = SERVER
        self.classes: dict[str, CimClass] = {}
        self.instances: list[CimInstance] = []
        for each in classes:
            self.apply(check_class_put(each, DEFAULT, self))

    def apply(self, change: ClassChange | InstanceChange) -> None:
        if isinstance(change, ClassChange):
            for each in (change.class_, *change.derived):
                self.classes[fold(each.name)] = each
        else:
            self.instances = [each for each in self.instances if each is not change.before]
            self.instances.append(change.instance)

    def add(self, class_name: str, **values: object) -> CimInstance:
        """A stored instance, unchecked."""
        self.instances.append(self.classes[fold(class_name)].instance(values))
        return self.instances[-1]

    def find(self, name: str) -> CimClass | None:
        return self.classes.get(fold(name))

    def derived(self, class_: CimClass, *, deep: bool) -> Iterator[CimClass]:
        for each in list(self.classes.values()):
            if fold(each.superclass or "") == fold(class_.name):
                yield each
                if deep:
                    yield from self.derived(each, deep=True)

    def has_instances(self, class_: CimClass) -> bool:
        return any(fold(each.class_.name) == fold(class_.name) for each in self.instances)

    def instance(self, class_: CimClass, keys: Mapping[str, Value]) -> CimInstance | None:
        for each in self.instances:
            if each.isa_(class_.name) and all(_same(each[name], value) for name, value in keys.items()):
                return each
        return None


def _same(one: Value, other: Value) -> bool:
    return fold(one) == fold(other) if isinstance(one, str) and isinstance(other, str) else bool(one == other)


def refused(status: WbemStatus, *words: str) -> pytest.RaisesExc[WbemError]:
    """Expects this status, and a message with these words."""

    def fits(error: WbemError) -> bool:
        assert error.status == status, error
        assert [word for word in words if word not in error.message] == [], error.message
        return True

    return pytest.RaisesExc(WbemError, check=fits)
