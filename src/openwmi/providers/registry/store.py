"""A registry in a file: keys below keys, and values in them, in SQLite.

Each change is one transaction that is on the disk when it returns, so that what ends the process, or the machine, ends
none in between; programs may share the file. A file is opened for each call and closed after it: nothing is held.
"""

from __future__ import annotations

import os
import sqlite3
from collections.abc import Iterator
from contextlib import closing, contextmanager
from dataclasses import dataclass
from pathlib import Path

from openwmi.base.case import fold
from openwmi.base.limits import HOST_SECONDS, REGISTRY_FILE_OCTETS
from openwmi.providers.registry.failure import Code, RegistryError
from openwmi.providers.registry.path import FIXED, Parts
from openwmi.providers.registry.values import Kind


@dataclass(frozen=True, slots=True)
class Store:
    """See the module. Its functions raise what `failure.code_of` knows.

    Attributes:
        file: it is made by the first change; until then there are the fixed keys alone.
    """

    file: Path

    @contextmanager
    def reading(self) -> Iterator[Keys]:
        """All as it is at one moment."""
        # Opened to be written where that is possible: else what a program left in the middle of a change stays there.
        with closing(self._opened() if self.file.exists() else _in_memory()) as database:
            database.execute("BEGIN")
            if _is_empty(database):  # what made it was ended before its first change was on the disk
                _prepare(database)
            _check(database)
            yield Keys(database)

    @contextmanager
    def writing(self) -> Iterator[Keys]:
        """All or nothing: what fails in between leaves everything as it was."""
        self.file.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
        os.close(os.open(self.file, os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o600))
        with closing(self._opened()) as database:
            size = database.execute("PRAGMA page_size").fetchone()[0]
            database.execute(f"PRAGMA max_page_count = {REGISTRY_FILE_OCTETS // size}")
            database.execute("PRAGMA synchronous = FULL")
            database.execute("BEGIN IMMEDIATE")
            if _is_empty(database):
                _prepare(database)
            _check(database)
            yield Keys(database)
            database.execute("COMMIT")  # what was not, closing undoes

    def _opened(self) -> sqlite3.Connection:
        return sqlite3.connect(f"{self.file.absolute().as_uri()}?mode=rw", HOST_SECONDS, uri=True, isolation_level=None)


class Keys:
    """What is in the file while it is open. Names compare without regard to case."""

    def __init__(self, database: sqlite3.Connection) -> None:
        self._execute = database.execute

    def find(self, parts: Parts) -> int | None:
        """A key by its way from the top, or None."""
        key: int | None = _TOP
        for part in parts:
            if key is None:
                return None
            row = self._execute("SELECT id FROM keys WHERE parent = ? AND folded = ?", (key, _folded(part))).fetchone()
            key = None if row is None else row[0]
        return key

    def need(self, parts: Parts) -> int:
        """The key. NOT_FOUND."""
        key = self.find(parts)
        if key is None:
            raise RegistryError(Code.NOT_FOUND, "there is no such key")
        return key

    def make(self, parts: Parts) -> int:
        """The key, made with all above it where they are not there."""
        key = _TOP
        for part in parts:
            statement = "INSERT INTO keys (parent, folded, name) VALUES (?, ?, ?) ON CONFLICT DO NOTHING"
            self._execute(statement, (key, _folded(part), _text(part)))
            key = self._execute("SELECT id FROM keys WHERE parent = ? AND folded = ?", (key, _folded(part))).fetchone()[
                0
            ]
        return key

    def children(self, key: int) -> list[str]:
        """The names of the keys in a key, in order."""
        rows = self._execute("SELECT name FROM keys WHERE parent = ? ORDER BY folded", (key,))
        return [_shown(name) for (name,) in rows]

    def remove(self, key: int) -> None:
        """A key with its values. ACCESS_DENIED where it has keys in it."""
        if self._execute("SELECT 1 FROM keys WHERE parent = ?", (key,)).fetchone():
            raise RegistryError(Code.ACCESS_DENIED, "there are keys in the key")
        self._execute("DELETE FROM entries WHERE key = ?", (key,))
        self._execute("DELETE FROM keys WHERE id = ?", (key,))

    def values(self, key: int) -> list[tuple[str, Kind]]:
        """The names and types of a key's values, as they came."""
        rows = self._execute("SELECT name, kind FROM entries WHERE key = ? ORDER BY id", (key,))
        return [(_shown(name), Kind(kind)) for name, kind in rows]

    def value(self, key: int, name: str) -> tuple[Kind, bytes] | None:
        """A value, or None."""
        row = self._execute(
            "SELECT kind, data FROM entries WHERE key = ? AND folded = ?", (key, _folded(name))
        ).fetchone()
        return None if row is None else (Kind(row[0]), bytes(row[1]))

    def put(self, key: int, name: str, kind: Kind, data: bytes) -> None:
        """A value that is new, or another one; its name stays as it was first written."""
        self._execute(
            "INSERT INTO entries (key, folded, name, kind, data) VALUES (?, ?, ?, ?, ?) "
            "ON CONFLICT (key, folded) DO UPDATE SET kind = excluded.kind, data = excluded.data",
            (key, _folded(name), _text(name), int(kind), data),
        )

    def drop(self, key: int, name: str) -> None:
        """A value. NOT_FOUND."""
        if not self._execute("DELETE FROM entries WHERE key = ? AND folded = ?", (key, _folded(name))).rowcount:
            raise RegistryError(Code.NOT_FOUND, "there is no such value")


_TOP = 0
_VERSION = 1
_APPLICATION = 0x4F575247  # "OWRG"

_SCHEMA: tuple[str, ...] = (
    """CREATE TABLE keys (id INTEGER PRIMARY KEY, parent INTEGER NOT NULL, folded BLOB NOT NULL, name BLOB NOT NULL,
    UNIQUE (parent, folded))""",
    """CREATE TABLE entries (id INTEGER PRIMARY KEY, key INTEGER NOT NULL, folded BLOB NOT NULL, name BLOB NOT NULL,
    kind INTEGER NOT NULL, data BLOB NOT NULL, UNIQUE (key, folded))""",
    f"PRAGMA application_id = {_APPLICATION}",
    f"PRAGMA user_version = {_VERSION}",
)


def _in_memory() -> sqlite3.Connection:
    return sqlite3.connect(":memory:", isolation_level=None)


def _is_empty(database: sqlite3.Connection) -> bool:
    return database.execute("SELECT 1 FROM sqlite_schema").fetchone() is None


def _prepare(database: sqlite3.Connection) -> None:
    for statement in _SCHEMA:
        database.execute(statement)
    for parts in sorted(FIXED):
        Keys(database).make(parts)


def _check(database: sqlite3.Connection) -> None:
    """DAMAGED for a file of something else, or of a later release."""
    found = [database.execute(f"PRAGMA {name}").fetchone()[0] for name in ("application_id", "user_version")]
    if found != [_APPLICATION, _VERSION]:
        raise RegistryError(Code.DAMAGED, "the file is no registry, or one of a later release")


def _text(name: str) -> bytes:
    return name.encode("utf-8", "surrogatepass")


def _folded(name: str) -> bytes:
    return _text(fold(name))


def _shown(name: bytes) -> str:
    return name.decode("utf-8", "surrogatepass")
