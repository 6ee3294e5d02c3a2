"""What is stored, for the sake of what other programs write: compared when they may have written, and not before.

What this process writes is told of at once. It is learnt here as well, so that it is not told of twice.
"""

from __future__ import annotations

import asyncio
from collections.abc import Iterable, Iterator, Sequence
from typing import Protocol

from openwmi.base.case import fold
from openwmi.base.limits import REPOSITORY_PAGE
from openwmi.engine.events.snapshot import Snapshot
from openwmi.model import CimClass, CimInstance
from openwmi.repository import Note, Reader, Repository, Schema
from openwmi.wql import ClassScope


class Learner(Protocol):
    """What is polled, and learns of what is written here."""

    @property
    def name(self) -> str:
        """As `Watched` has it."""

    async def changes(self) -> Sequence[Note]:
        """As `Watched` has it."""

    def learn(self, note: Note) -> None:
        """This process has just written something."""


class StoredInstances:
    """The stored instances of some classes.

    Args:
        repository: where they are.
        namespace: in this one.
        scope: of which classes.
        as_new: whether those that are there at first are told of, too.
    """

    def __init__(self, repository: Repository, namespace: str, scope: ClassScope, *, as_new: bool = False) -> None:
        self.name = f"what is stored in {namespace}"
        self._repository = repository
        self._namespace = namespace
        self._scope = scope
        self._known: dict[str, Snapshot] | None = {} if as_new else None
        self._rumours: int | None = None
        self._meanwhile: list[Note] | None = None

    async def changes(self) -> Sequence[Note]:
        """WbemError: what the repository cannot be read for."""
        reader = self._repository.reader(self._namespace)
        rumours = self._repository.rumours
        if rumours == self._rumours:
            return ()
        meanwhile: list[Note] = []
        self._meanwhile = meanwhile
        try:
            found = await self._read(reader)
            # By then it has learnt of all that it has read and this process has written.
            await self._repository.settled()
        finally:
            self._meanwhile = None
        for note in meanwhile:
            _learn(found, note)
        before, self._known = self._known, found
        # What others have written meanwhile to what was written here, too, is seen the next time.
        self._rumours = None if meanwhile else rumours
        return () if before is None else list(self._differences(before, found))

    def learn(self, note: Note) -> None:
        if not isinstance(note.what, CimInstance) or not self._covers(note.what.class_):
            return
        if self._known is not None:
            _learn(self._known, note)
        if self._meanwhile is not None:
            self._meanwhile.append(note)

    def _covers(self, class_: CimClass) -> bool:
        scope = self._scope
        return any(root is None or class_.isa_(root) for root in scope.trees) or any(
            fold(class_.name) == fold(name) for name in scope.names
        )

    async def _read(self, reader: Reader) -> dict[str, Snapshot]:
        found: dict[str, Snapshot] = {}
        for class_ in self._with_rows(reader.schema):
            snapshot = found[fold(class_.name)] = Snapshot(class_)
            after: bytes | None = None
            while True:
                rows, after = reader.page(class_, after, REPOSITORY_PAGE)
                snapshot.add(rows)
                await asyncio.sleep(0)
                if after is None:
                    break
        return found

    def _with_rows(self, schema: Schema) -> Iterator[CimClass]:
        """The classes of the scope that have ever had instances; no other class is even made."""
        for name in self._names(schema):
            stored = schema.stored(name)
            if stored is not None and stored.layout is not None and (class_ := schema.find(name)) is not None:
                yield class_

    def _names(self, schema: Schema) -> Iterable[str]:
        if None in self._scope.trees:
            return schema.names()
        trees = [name for root in self._scope.trees if root is not None for name in (root, *schema.below(root))]
        return dict.fromkeys(map(fold, [*trees, *self._scope.names]))

    def _differences(self, before: dict[str, Snapshot], found: dict[str, Snapshot]) -> Iterator[Note]:
        for folded in {**before, **found}:
            then, now = before.get(folded), found.get(folded)
            if now is None and then is not None:
                now = Snapshot(then.class_)
            assert now is not None, "it is in one of the two"
            yield from now.since(then or Snapshot(now.class_), self._namespace)


def _learn(snapshots: dict[str, Snapshot], note: Note) -> None:
    what = note.what
    assert isinstance(what, CimInstance)
    folded = fold(what.class_.name)
    snapshots[folded] = (snapshots.get(folded) or Snapshot(what.class_)).learn(note)
