"""Which classes there are in which namespace, and which derive from which ([MS-WMI] 3.1.1, ClassTable)."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import replace

from openwmi.base.case import fold
from openwmi.base.error import WbemError
from openwmi.base.limits import CLASS_NAME_CHARS
from openwmi.base.status import WbemStatus
from openwmi.model import CimClass, nearest


class Schema:
    """The classes of one namespace."""

    def __init__(self, namespace: str) -> None:
        self.namespace = namespace
        self._classes: dict[str, CimClass] = {}
        self._derived: dict[str | None, list[str]] = {}

    def add(self, class_: CimClass) -> None:
        """INVALID_SUPERCLASS, ALREADY_EXISTS."""
        key, parent = fold(class_.name), None if class_.superclass is None else fold(class_.superclass)
        if key in self._classes:
            raise WbemError(WbemStatus.ALREADY_EXISTS, f"{self.namespace}:{class_.name} exists already")
        if parent is not None and parent not in self._classes:
            raise WbemError(
                WbemStatus.INVALID_SUPERCLASS,
                f"{class_.name} derives from {class_.superclass}, which {self.namespace} does not have",
            )
        self._classes[key] = class_
        self._derived.setdefault(parent, []).append(key)

    def find(self, name: str, status: WbemStatus) -> CimClass:
        """The class of that name, or an error of `status` that names the nearest one. QUOTA_VIOLATION."""
        if len(name) > CLASS_NAME_CHARS:  # [MS-WMI] 3.1.4.3.10, strSuperClass
            raise WbemError(
                WbemStatus.QUOTA_VIOLATION, f"a class name of {len(name)} characters; {CLASS_NAME_CHARS} are allowed"
            )
        class_ = self._classes.get(fold(name))
        if class_ is None:
            near = nearest(name, [known.name for known in self._classes.values()])
            hint = f": did you mean {near}?" if near else ""
            raise WbemError(status, f"{self.namespace} has no class {name}{hint}")
        return class_

    def derived(self, class_: CimClass | None, *, deep: bool) -> Iterator[CimClass]:
        """The classes below one, or those without a superclass; with `deep` theirs as well, each before its own."""
        for key in self._derived.get(None if class_ is None else fold(class_.name), ()):
            yield self._classes[key]
            if deep:
                yield from self.derived(self._classes[key], deep=True)


class Catalog:
    """The namespaces of this machine."""

    def __init__(self, server: str, classes: Iterable[CimClass]) -> None:
        self.server = server
        self._schemas: dict[str, Schema] = {"root": Schema("root")}
        for class_ in classes:
            schema = self._schemas.setdefault(fold(class_.namespace), Schema(class_.namespace))
            schema.add(replace(class_, server=server))

    def schema(self, namespace: str) -> Schema:
        """INVALID_NAMESPACE names those that there are."""
        schema = self._schemas.get(fold(namespace))
        if schema is None:
            known = ", ".join(sorted(known.namespace for known in self._schemas.values()))
            raise WbemError(
                WbemStatus.INVALID_NAMESPACE, f"there is no namespace {namespace!r} here: there are {known}"
            )
        return schema
