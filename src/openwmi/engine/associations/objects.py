"""What association queries ask of whoever has the objects."""

from __future__ import annotations

from collections.abc import AsyncGenerator, Iterable, Sequence
from typing import Protocol, TypeAlias

from openwmi.engine.associations.roles import AssociationClasses, Classes
from openwmi.model import CimClass, CimInstance, ObjectPath

Found: TypeAlias = CimInstance | CimClass
"""What such a query can find."""


class Objects(Protocol):
    """The objects of one namespace, and those of other namespaces of this machine by their paths."""

    @property
    def namespace(self) -> str:
        """With backslashes."""

    @property
    def classes(self) -> Classes:
        """At one moment, from the beginning of the query to its end."""

    @property
    def provided(self) -> AssociationClasses:
        """Of the classes whose instances come from providers."""

    async def get(self, path: ObjectPath, *, keys_only: bool) -> Found | None:
        """The instance or class at a path, which may be of another namespace; None if there is none.

        With `keys_only` nothing but its keys, qualifiers and class will be looked at; the class is complete all the
        same. NOT_FOUND, INVALID_OBJECT_PATH, INVALID_NAMESPACE and INVALID_CLASS say the same as None where a path
        stands in a reference.
        """

    def stored_references(self, paths: Sequence[ObjectPath]) -> Iterable[Sequence[CimInstance]]:
        """The stored instances that refer to an object, in pages, each once. These are all paths that it has.

        There may be more among them, that refer to others.
        """

    def instances(
        self, class_: CimClass, roles: Sequence[str], target: ObjectPath, properties: frozenset[str] | None
    ) -> AsyncGenerator[Sequence[CimInstance], None]:
        """A provider's instances of exactly this class that refer to `target` by any of the references `roles`.

        There may be more among them. Only these properties will be read, by their folded names; None: all. The class of
        the instances is complete all the same.
        """
