"""One namespace as somebody sees it: its classes, and the instances that the user's file has of them."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from typing import TYPE_CHECKING, Any

from openwmi.base.limits import HOT_INSTANCES
from openwmi.model import CimClass, CimInstance, ObjectPath

if TYPE_CHECKING:
    from openwmi.repository.database import Database

from openwmi.repository.keys import target
from openwmi.repository.schema import Schema

_GET = "SELECT body, checksum FROM instance WHERE class = ? AND key = ?"
_ANY = "SELECT 1 FROM instance WHERE class = ? LIMIT 1"
_FIRST = "SELECT key, body, checksum FROM instance WHERE class = ? ORDER BY key LIMIT ?"
_NEXT = "SELECT key, body, checksum FROM instance WHERE class = ? AND key > ? ORDER BY key LIMIT ?"
_REFERRING = (
    "SELECT DISTINCT instance.class, instance.key, body, checksum FROM reference JOIN instance"
    " ON instance.class = reference.class AND instance.key = reference.key WHERE target IN (%s)"
)


class Hot:
    """Instances that were read lately, by the number of their class and their key."""

    __slots__ = ("_kept",)

    def __init__(self) -> None:
        self._kept: dict[tuple[int, bytes], CimInstance] = {}

    def get(self, row: tuple[int, bytes]) -> CimInstance | None:
        return self._kept.get(row)

    def keep(self, row: tuple[int, bytes], instance: CimInstance) -> None:
        """The one that was kept first makes room."""
        if len(self._kept) >= HOT_INSTANCES:
            del self._kept[next(iter(self._kept))]
        self._kept[row] = instance

    def drop(self, rows: Iterable[tuple[int, bytes]]) -> None:
        for row in rows:
            self._kept.pop(row, None)

    def clear(self) -> None:
        self._kept.clear()


class Reader:
    """See the module. Nothing stays open between two calls: an enumeration holds its place by a key."""

    __slots__ = ("_database", "_hot", "schema")

    def __init__(self, schema: Schema, database: Database | None, hot: Hot | None = None) -> None:
        self.schema = schema
        self._database = database
        self._hot = hot

    @property
    def namespace(self) -> str:
        return self.schema.namespace

    @property
    def server(self) -> str:
        return self.schema.server

    def find(self, name: str) -> CimClass | None:
        """The class of that name, complete, or None."""
        return self.schema.find(name)

    def derived(self, class_: CimClass | None, *, deep: bool) -> Iterator[CimClass]:
        """As `Schema.derived`."""
        return self.schema.derived(class_, deep=deep)

    def has_instances(self, class_: CimClass) -> bool:
        """Whether there is an instance of exactly this class."""
        stored = self.schema.stored(class_.name)
        if stored is None or self._database is None:
            return False
        return self._database.row(_ANY, stored.id) is not None

    def get(self, class_: CimClass, keys: Mapping[str, Any]) -> CimInstance | None:
        """The instance of exactly this class with these keys, by their declared names; None if there is none."""
        table = self.schema.table(class_)
        if table is None or self._database is None:
            return None
        key = table.keys.of_keys(keys)
        place = table.id, key
        hot = self._hot
        found = None if hot is None else hot.get(place)
        if found is not None:
            return found
        row = self._database.row(_GET, *place)
        if row is None:
            return None
        found = table.decode(key, *row)
        if hot is not None:
            hot.keep(place, found)
        return found

    def instance(self, class_: CimClass, keys: Mapping[str, Any]) -> CimInstance | None:
        """The same of a class, or else of one derived from it."""
        found = self.get(class_, keys)
        if found is not None:
            return found
        schema = self.schema
        for name in schema.below(class_.name):
            below = schema.find(name) if schema.stored(name) is not None else None
            found = None if below is None else self.get(below, keys)
            if found is not None:
                return found
        return None

    def page(self, class_: CimClass, after: bytes | None, count: int) -> tuple[list[CimInstance], bytes | None]:
        """The next instances of exactly this class, and where the page after them begins; None at the end."""
        table = self.schema.table(class_)
        if table is None or self._database is None:
            return [], None
        if after is None:
            rows = self._database.rows(_FIRST, table.id, count)
        else:
            rows = self._database.rows(_NEXT, table.id, after, count)
        return table.decode_many(rows), rows[-1][0] if len(rows) == count else None

    def referring(self, paths: Iterable[ObjectPath]) -> list[CimInstance]:
        """The instances of this namespace that refer to an object by one of these paths."""
        if self._database is None:
            return []
        schema = self.schema
        targets = [target(path, schema.namespace, schema.server) for path in paths]
        rows = self._database.rows(_REFERRING % ",".join("?" * len(targets)), *targets)
        return self._of_rows(rows)

    def _of_rows(self, rows: Sequence[tuple[int, bytes, bytes, int]]) -> list[CimInstance]:
        """Instances of several classes; those of other namespaces are left out."""
        found = []
        for number, key, body, check in rows:
            class_ = self.schema.holder(number)
            table = None if class_ is None else self.schema.table(class_)
            if table is not None:
                found.append(table.decode(key, body, check))
        return found
