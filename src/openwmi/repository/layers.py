"""What lies below the user's file and never changes: classes shipped with the package, classes given in Python."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import replace
from typing import Protocol

from openwmi.base.case import fold
from openwmi.base.error import WbemError
from openwmi.base.status import WbemStatus
from openwmi.model import CimClass
from openwmi.repository import class_record


class Layer(Protocol):
    """Classes by namespace, each as what it declares beyond its superclass."""

    def namespaces(self) -> Sequence[str]:
        """Those that exist even if nobody ever put anything there."""

    def classes(self, namespace: str) -> Iterable[tuple[str, str | None]]:
        """(name, superclass) of each, ancestors first."""

    def record(self, namespace: str, name: str) -> bytes:
        """What `class_record.encode` made of a class that is there."""


class GivenLayer:
    """Classes given in Python, complete as they are, in namespaces that come to be by that.

    Errors: ALREADY_EXISTS for a class that is given twice.
    """

    def __init__(self, classes: Iterable[CimClass]) -> None:
        self._schemas: dict[str, dict[str, CimClass]] = {}
        self._names: dict[str, str] = {}
        for class_ in sorted(classes, key=lambda each: len(each.derivation)):
            folded = fold(class_.namespace)
            self._names.setdefault(folded, class_.namespace)
            schema = self._schemas.setdefault(folded, {})
            if fold(class_.name) in schema:
                raise WbemError(WbemStatus.ALREADY_EXISTS, f"{class_.namespace}:{class_.name} is given twice")
            schema[fold(class_.name)] = class_

    def namespaces(self) -> Sequence[str]:
        return tuple(self._names.values())

    def classes(self, namespace: str) -> Iterable[tuple[str, str | None]]:
        return [(class_.name, class_.superclass) for class_ in self._schemas.get(fold(namespace), {}).values()]

    def record(self, namespace: str, name: str) -> bytes:
        schema = self._schemas[fold(namespace)]
        class_ = schema[fold(name)]
        parent = None if class_.superclass is None else schema.get(fold(class_.superclass))
        return class_record.encode(class_, parent)

    def whole(self, namespace: str, name: str, parent: CimClass | None, server: str) -> CimClass | None:
        """The class itself, if what it was derived from is still what it was; else its record has to do."""
        schema = self._schemas[fold(namespace)]
        class_ = schema[fold(name)]
        given = None if class_.superclass is None else schema.get(fold(class_.superclass))
        if given is not None and (parent is None or replace(given, server=server) != parent):
            return None
        return replace(class_, server=server)


class Layers:
    """All that lies below the user's file; of two layers that have a class the first one counts."""

    def __init__(self, layers: Iterable[Layer]) -> None:
        self._layers = tuple(layers)
        self._known: dict[str, dict[str, tuple[str, str | None, Layer]]] = {}
        self._namespaces: dict[str, str] | None = None

    def namespaces(self) -> Mapping[str, str]:
        """Folded name -> name, of those that are always there."""
        if self._namespaces is None:
            found = {"root": "root"}
            for layer in self._layers:
                for name in layer.namespaces():
                    for above in line_of(name):
                        found.setdefault(fold(above), above)
            self._namespaces = found
        return self._namespaces

    def classes(self, namespace: str) -> Mapping[str, tuple[str, str | None, Layer]]:
        """Folded name -> (name, superclass, where its record is), ancestors of a layer first."""
        folded = fold(namespace)
        known = self._known.get(folded)
        if known is None:
            known = self._known[folded] = {}
            for layer in self._layers:
                for name, superclass in layer.classes(namespace):
                    known.setdefault(fold(name), (name, superclass, layer))
        return known


def line_of(namespace: str) -> list[str]:
    """The namespaces on the way to one, and that itself."""
    parts = namespace.split("\\")
    return ["\\".join(parts[: count + 1]) for count in range(len(parts))]
