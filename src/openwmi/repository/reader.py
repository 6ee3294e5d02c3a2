"""One namespace as somebody sees it: its classes, and the instances that the user's file has of them."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from typing import TYPE_CHECKING, Any

from openwmi.base.limits import HOT_INSTANCES
from openwmi.model import CimClass, CimInstance, ObjectPath
from openwmi.repository.damage import damaged
from openwmi.repository.keys import target
from openwmi.repository.rows import fits, reference_checksum, shown
from openwmi.repository.schema import Schema
from openwmi.repository.table import Mismatch, Table

if TYPE_CHECKING:
    from openwmi.repository.database import Database

_ANY = "SELECT 1 FROM instance WHERE class = ? LIMIT 1"
_ROWS = "SELECT key, body, checksum FROM instance"
# All at one moment: what a row is, and under which layout it was written.
_ROWS_AND_LAYOUT = (
    "SELECT key, body, instance.checksum, layout FROM instance JOIN class AS known ON known.id = instance.class"
)
_GET, _FIRST, _NEXT = (
    (f"{_ROWS} {which}", f"{_ROWS_AND_LAYOUT} {which}")
    for which in (
        "WHERE class = ? AND key = ?",
        "WHERE class = ? ORDER BY key LIMIT ?",
        "WHERE class = ? AND key > ? ORDER BY key LIMIT ?",
    )
)
_REFERRING = (
    "SELECT target, reference.class, reference.key, reference.checksum, body, instance.checksum"
    " FROM reference LEFT JOIN instance ON instance.class = reference.class AND instance.key = reference.key"
    " WHERE target IN (%s)"
)


class Hot:
    """Instances that were read lately, by the number of their class and their key."""

    __slots__ = ("_kept", "_retired")

    def __init__(self) -> None:
        self._kept: dict[tuple[int, bytes], CimInstance] = {}
        self._retired = False

    def get(self, row: tuple[int, bytes]) -> CimInstance | None:
        return self._kept.get(row)

    def keep(self, row: tuple[int, bytes], instance: CimInstance) -> None:
        """The one that was kept first makes room."""
        if self._retired:
            return
        if len(self._kept) >= HOT_INSTANCES:
            del self._kept[next(iter(self._kept))]
        self._kept[row] = instance

    def drop(self, rows: Iterable[tuple[int, bytes]]) -> None:
        for row in rows:
            self._kept.pop(row, None)

    def retire(self) -> None:
        """Keeps nothing any more: who still reads knows classes that are others by now."""
        self._retired = True
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
        found = self._row(table, key)
        if found is not None and hot is not None:
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
            found, last = self._paged(table, _FIRST, (table.id, count))
        else:
            found, last = self._paged(table, _NEXT, (table.id, after, count))
            if last is not None and last <= after:
                raise damaged(self._database.file, f"and the instances of {class_.name} are out of order")
        return found, last if len(found) == count else None

    def referring(self, paths: Iterable[ObjectPath]) -> list[CimInstance]:
        """The instances of this namespace that refer to an object by one of these paths."""
        database = self._database
        if database is None:
            return []
        schema = self.schema
        targets = {target(path, schema.namespace, schema.server) for path in paths}
        known: dict[int, tuple[Table, dict[bytes, tuple[bytes, bytes, int]]]] = {}
        for to, number, key, check, body, own in database.rows(_REFERRING % ",".join("?" * len(targets)), *targets):
            if not fits(check, reference_checksum, to, number, key) or body is None:
                raise damaged(database.file, f"in the index of references, to {shown(to)}")
            if number not in known:
                class_ = schema.holder(number)
                table = None if class_ is None else schema.table(class_)
                if table is None:  # of another namespace
                    continue
                known[number] = table, {}
            known[number][1][key] = key, body, own
        found: list[CimInstance] = []
        for table, rows in known.values():
            try:
                found += table.decode_many(list(rows.values()))
            except Mismatch:
                for key in rows:
                    found += self._paged(table, _GET, (table.id, key))[0]
        return found

    def _row(self, table: Table, key: bytes) -> CimInstance | None:
        """The instance with a key; None if there is none."""
        database = self._database
        assert database is not None
        row = database.row(_GET[0], table.id, key)
        if row is None:
            return None
        try:
            found = table.decode(*row)
        except Mismatch:
            others, _ = self._paged(table, _GET, (table.id, key))
            if not others:
                return None
            (found,) = others
        if not table.keys.fits(key, found.values_):
            raise table.damaged(key)
        return found

    def _paged(
        self, table: Table, statements: tuple[str, str], arguments: tuple[object, ...]
    ) -> tuple[list[CimInstance], bytes | None]:
        """The instances, and the key of the last one."""
        database = self._database
        assert database is not None
        rows = database.rows(statements[0], *arguments)
        if not rows:
            return [], None
        try:
            return table.decode_many(rows), rows[-1][0]
        except Mismatch:
            pass
        # The class has become another one since this schema was made; or else the rows are damaged.
        rows = database.rows(statements[1], *arguments)
        if not rows:
            return [], None
        try:
            return table.older(rows[0][3]).decode_many([row[:3] for row in rows]), rows[-1][0]
        except Mismatch as error:
            raise table.damaged(error.key) from None
        except (ValueError, TypeError, LookupError):
            raise table.damaged(rows[0][0]) from None
