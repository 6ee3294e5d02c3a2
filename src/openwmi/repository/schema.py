"""The classes of one namespace at one moment.

What is kept of a class is what it declares; the class itself, with all that it inherits, is made when somebody asks for
it, and then known. A schema that was published never changes: a change is made to a copy.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Self

from openwmi.base.case import fold
from openwmi.model import CimClass
from openwmi.repository import class_record
from openwmi.repository.damage import damaged
from openwmi.repository.layers import GivenLayer, Layer
from openwmi.repository.table import Table

Named = tuple[str, int | None]
"""A namespace: its name, and its number in the file."""
Names = dict[str, Named]
"""Namespaces by their folded names."""


@dataclass(frozen=True, slots=True)
class Entry:
    """One class.

    Attributes:
        name: its name.
        parent: the folded name of its superclass.
        record: what it declares, if the user's file holds it.
        layer: where its record is else.
        superclass: the name of its superclass, as it is written.
    """

    name: str
    superclass: str | None
    record: bytes | None = None
    layer: Layer | None = None

    @property
    def parent(self) -> str | None:
        return None if self.superclass is None else fold(self.superclass)


@dataclass(frozen=True, slots=True)
class Stored:
    """What the user's file has for a class: its number there, and how its instances are laid out."""

    id: int
    layout: str | None = None


class Schema:
    """See the module.

    Attributes:
        namespace: with backslashes.
        server: this machine's name.
        number: of the namespace in the user's file; None where that does not know it.
    """

    __slots__ = (
        "__weakref__",
        "_children",
        "_entries",
        "_file",
        "_holders",
        "_resolved",
        "_stored",
        "_tables",
        "namespace",
        "number",
        "server",
    )

    def __init__(self, namespace: str, server: str, file: Path | None = None, number: int | None = None) -> None:
        self.namespace = namespace
        self.server = server
        self.number = number
        self._file = file
        self._entries: dict[str, Entry] = {}
        self._children: dict[str | None, list[str]] = {}
        self._stored: dict[str, Stored] = {}
        self._holders: dict[int, str] = {}
        self._resolved: dict[str, CimClass] = {}
        self._tables: dict[str, Table] = {}

    # --------------------------------------------------------------------------------------------------------- reading

    def names(self) -> list[str]:
        """Of all classes."""
        return [entry.name for entry in self._entries.values()]

    def __contains__(self, name: str) -> bool:
        return fold(name) in self._entries

    def find(self, name: str) -> CimClass | None:
        """The class of that name, complete; None if there is none, or if its superclass is not there.

        CRITICAL_ERROR for one whose line of ancestors in the user's file has no end.
        """
        key = fold(name)
        found = self._resolved.get(key)
        if found is not None:
            return found
        line: list[str] = []
        seen: set[str] = set()
        above: str | None = key
        while above is not None and above not in self._resolved:
            if above in seen:
                if all(self._entries[each].record is not None for each in line[line.index(above) :]):
                    raise damaged(self._file, f"and {self._entries[above].name} is derived from itself")
                return None  # classes of two layers may be derived from each other in a circle
            if above not in self._entries:
                return None
            line.append(above)
            seen.add(above)
            above = self._entries[above].parent
        class_ = None if above is None else self._resolved[above]
        for each in reversed(line):
            class_ = self._resolved[each] = self._decoded(self._entries[each], class_)
        return class_

    def derived(self, class_: CimClass | None, *, deep: bool) -> Iterator[CimClass]:
        """The classes below one, or those without a superclass; with `deep` theirs as well, each before its own."""
        pending = list(reversed(self._children.get(None if class_ is None else fold(class_.name), ())))
        while pending:
            key = pending.pop()
            found = self.find(self._entries[key].name)
            if found is not None:
                yield found
            if deep:
                pending.extend(reversed(self._children.get(key, ())))

    def is_alone(self, class_: CimClass) -> bool:
        """Whether no class beside this one can have instances with its keys: none above with keys, none below."""
        if any((above := self.find(name)) is None or above.keys for name in class_.derivation):
            return False
        return not self._children.get(fold(class_.name))

    def below(self, name: str) -> Iterator[str]:
        """The folded names of all classes derived from one, each before its own; no class is made for it."""
        pending = list(reversed(self._children.get(fold(name), ())))
        while pending:
            key = pending.pop()
            yield key
            pending.extend(reversed(self._children.get(key, ())))

    def stored(self, name: str) -> Stored | None:
        """What the user's file has for a class; None if nothing, so that there can be no instances, either."""
        return self._stored.get(fold(name))

    def entry(self, name: str) -> Entry | None:
        return self._entries.get(fold(name))

    def table(self, class_: CimClass) -> Table | None:
        """How the instances of a class are kept; None if there are none."""
        key = fold(class_.name)
        found = self._tables.get(key)
        if found is not None and found.class_ is class_:
            return found
        stored = self._stored.get(key)
        if stored is None:
            return None
        found = Table(class_, stored.id, stored.layout, self._file)
        if self._resolved.get(key) is class_:
            self._tables[key] = found
        return found

    def holder(self, number: int) -> CimClass | None:
        """The class that has this number in the user's file; None if it is in another namespace."""
        name = self._holders.get(number)
        return None if name is None else self.find(name)

    # ------------------------------------------------------------------------------------ making one, before it is seen

    def copy(self) -> Self:
        """Another one, to be changed."""
        twin = type(self)(self.namespace, self.server, self._file, self.number)
        twin._entries = dict(self._entries)  # noqa: SLF001 - of the same class
        twin._children = {parent: list(children) for parent, children in self._children.items()}  # noqa: SLF001
        twin._stored = dict(self._stored)  # noqa: SLF001
        twin._holders = dict(self._holders)  # noqa: SLF001
        twin._resolved = dict(self._resolved)  # noqa: SLF001
        twin._tables = dict(self._tables)  # noqa: SLF001
        return twin

    def put(self, entry: Entry, class_: CimClass | None = None) -> None:
        """Adds a class or replaces it; `class_` is what it becomes, if that is known."""
        key = fold(entry.name)
        before = self._entries.get(key)
        if before is not None and before.parent != entry.parent:
            self._children[before.parent].remove(key)
        if before is None or before.parent != entry.parent:
            self._children.setdefault(entry.parent, []).append(key)
        self._entries[key] = entry
        self._forget(key)
        if class_ is not None:
            self._resolved[key] = class_

    def remove(self, name: str) -> None:
        """Takes a class out. What is derived from it has to go as well."""
        key = fold(name)
        entry = self._entries.pop(key)
        self._children[entry.parent].remove(key)
        stored = self._stored.pop(key, None)
        if stored is not None:
            self._holders.pop(stored.id, None)
        self._forget(key)

    def keep(self, name: str, stored: Stored) -> None:
        """Notes what the user's file has for a class."""
        key = fold(name)
        self._stored[key] = stored
        self._holders[stored.id] = key
        self._tables.pop(key, None)

    def _forget(self, key: str) -> None:
        """What was made of a class, and of those below it, may be different now."""
        pending, seen = [key], {key}
        while pending:
            each = pending.pop()
            self._resolved.pop(each, None)
            self._tables.pop(each, None)
            for below in self._children.get(each, ()):
                if below not in seen:  # classes of two layers may be derived from each other in a circle
                    seen.add(below)
                    pending.append(below)

    def _decoded(self, entry: Entry, parent: CimClass | None) -> CimClass:
        if entry.record is not None:
            record = entry.record
        else:
            layer = entry.layer
            assert layer is not None
            if isinstance(layer, GivenLayer):
                whole = layer.whole(self.namespace, entry.name, parent, self.server)
                if whole is not None:
                    return whole
            record = layer.record(self.namespace, entry.name)
        class_ = class_record.decode(record, parent, self.namespace, self.server)
        if fold(class_.name) != fold(entry.name):
            raise damaged(self._file, f"where {entry.name} should be is {class_.name}")
        return class_
