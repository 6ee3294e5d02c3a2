"""The classes of a namespace and the namespaces within it, for the sake of what other programs write. See `stored`.

What this process has written since the last comparison is left out of the next one: it was told of at once.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence

from openwmi.base.case import fold
from openwmi.model import CimClass
from openwmi.repository import Note, Repository, Schema


class _Own:
    """Names that this process has written to, until a comparison has left them out."""

    def __init__(self) -> None:
        self._names: set[str] = set()
        self._meanwhile: set[str] = set()

    def add(self, name: str) -> None:
        self._names.add(fold(name))
        self._meanwhile.add(fold(name))

    def look(self) -> None:
        """What is there is looked at now."""
        self._meanwhile = set()

    def taken(self) -> set[str]:
        """The names up to now. Those written since it was looked may be seen the next time only: they stay."""
        names, self._names = self._names, set(self._meanwhile)
        return names


class StoredClasses:
    """The classes of a namespace. A Schema never changes, so that the one of then is the picture of then."""

    def __init__(self, repository: Repository, namespace: str) -> None:
        self.name = f"the classes of {namespace}"
        self._repository = repository
        self._namespace = namespace
        self._schema: Schema | None = None
        self._rumours: int | None = None
        self._own = _Own()

    async def changes(self) -> Sequence[Note]:
        """WbemError: what the repository cannot be read for."""
        schema = self._repository.reader(self._namespace).schema
        rumours = self._repository.rumours
        if rumours == self._rumours:
            return ()
        self._own.look()
        await self._repository.settled()
        before, self._schema = self._schema, schema
        own = self._own.taken()
        self._rumours = rumours
        return () if before is None else list(self._differences(before, schema, own))

    def learn(self, note: Note) -> None:
        if isinstance(note.what, CimClass):
            self._own.add(note.what.name)

    def _differences(self, before: Schema, now: Schema, own: set[str]) -> Iterator[Note]:
        known = own | {below for schema in (before, now) for name in own for below in schema.below(name)}
        for name in dict.fromkeys([*now.names(), *before.names()]):
            if fold(name) not in known and before.entry(name) != now.entry(name):
                then = before.find(name) if name in before else None
                after = now.find(name) if name in now else None
                if then != after:
                    yield Note(self._namespace, then, after)


class StoredNamespaces:
    """The namespaces directly within one."""

    def __init__(self, repository: Repository, namespace: str) -> None:
        self.name = f"the namespaces in {namespace}"
        self._repository = repository
        self._namespace = namespace
        self._known: Mapping[str, str] | None = None
        self._rumours: int | None = None
        self._own = _Own()

    async def changes(self) -> Sequence[Note]:
        """WbemError: what the repository cannot be read for."""
        names = self._repository.namespaces()
        rumours = self._repository.rumours
        if rumours == self._rumours:
            return ()
        self._own.look()
        await self._repository.settled()
        found = _within(self._namespace, names)
        before, self._known = self._known, found
        own = self._own.taken()
        self._rumours = rumours
        if before is None:
            return ()
        return [
            Note(self._namespace, before.get(folded), found.get(folded))
            for folded in {**found, **before}
            if folded not in own and (folded in before) != (folded in found)
        ]

    def learn(self, note: Note) -> None:
        if isinstance(note.what, str):
            self._own.add(note.what)


def _within(namespace: str, names: Mapping[str, str]) -> dict[str, str]:
    """Folded name -> name, without that of the namespace that they are in."""
    start = fold(namespace) + "\\"
    found = {folded[len(start) :]: name[len(start) :] for folded, name in names.items() if folded.startswith(start)}
    return {folded: name for folded, name in found.items() if "\\" not in folded}
