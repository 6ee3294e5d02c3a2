"""The user's file: one SQLite database in WAL mode, what is in it, who may open it, and how it comes to be.

A commit has been written to the disk when it returns (synchronous=FULL). The file is made beside its place and moved
there, so that there is either a whole repository or none.
"""

from __future__ import annotations

import os
import sqlite3
import time
from collections.abc import Sequence
from contextlib import suppress
from pathlib import Path
from typing import Any, Final
from urllib.parse import quote

from openwmi.base.error import WbemError
from openwmi.base.limits import REPOSITORY_LOCK_SECONDS
from openwmi.base.status import WbemStatus
from openwmi.repository.damage import named
from openwmi.repository.failure import failure, translated

APPLICATION_ID: Final = 0x6F776D69
"""`owmi`: by this a file says that it is a repository."""
VERSION: Final = 1
"""Of the tables below."""

TABLES: Final = """
CREATE TABLE namespace (id INTEGER PRIMARY KEY, folded TEXT NOT NULL UNIQUE, name TEXT NOT NULL);
CREATE TABLE class (
    id INTEGER PRIMARY KEY, namespace INTEGER NOT NULL, folded TEXT NOT NULL, name TEXT NOT NULL, superclass TEXT,
    state INTEGER NOT NULL, record BLOB, layout TEXT, checksum INTEGER NOT NULL, UNIQUE (namespace, folded));
CREATE TABLE instance (
    class INTEGER NOT NULL, key BLOB NOT NULL, body BLOB NOT NULL, checksum INTEGER NOT NULL,
    PRIMARY KEY (class, key)) WITHOUT ROWID;
CREATE TABLE reference (
    target BLOB NOT NULL, class INTEGER NOT NULL, key BLOB NOT NULL,
    PRIMARY KEY (target, class, key)) WITHOUT ROWID;
"""
"""`class.id` numbers the instances' rows; `reference` tells, by `keys.target`, which instances refer to an object."""

_PAGE_OCTETS = 4096
_BUSY_SECONDS = 1.0


class Database:
    """One connection to the file. What SQLite raises comes out as a WbemError that names the file.

    Attributes:
        file: it; None for a repository in memory.
    """

    __slots__ = ("_connection", "file")

    def __init__(self, connection: sqlite3.Connection, file: Path | None) -> None:
        self._connection = connection
        self.file = file

    def row(self, statement: str, *arguments: object) -> Any:
        """The first row that a statement gives; None if it gives none."""
        try:
            return self._connection.execute(statement, arguments).fetchone()
        except sqlite3.Error as error:
            raise failure(self.file, error) from error

    def rows(self, statement: str, *arguments: object) -> list[Any]:
        """All rows that a statement gives."""
        try:
            return self._connection.execute(statement, arguments).fetchall()
        except sqlite3.Error as error:
            raise failure(self.file, error) from error

    def run(self, statement: str, *arguments: object) -> int | None:
        """The number of the row that a statement has inserted last."""
        try:
            return self._connection.execute(statement, arguments).lastrowid
        except sqlite3.Error as error:
            raise failure(self.file, error) from error

    def run_many(self, statement: str, rows: Sequence[tuple[object, ...]]) -> None:
        """Runs a statement for each of these."""
        try:
            self._connection.executemany(statement, rows)
        except sqlite3.Error as error:
            raise failure(self.file, error) from error

    @property
    def version(self) -> int:
        """A number that is another one when somebody else has changed the file."""
        found: int = self.row("PRAGMA data_version")[0]
        return found

    def roll_back(self) -> bool:
        """Ends the transaction that is open, if one is; whether the connection can be used again."""
        try:
            if self._connection.in_transaction:
                self._connection.execute("ROLLBACK")
        except sqlite3.Error:
            return False
        return True

    def close(self) -> None:
        with suppress(sqlite3.Error):
            self._connection.close()


def open_memory() -> Database:
    """A repository that nobody keeps."""
    connection = sqlite3.connect(":memory:", isolation_level=None, check_same_thread=False)
    _fill(connection)
    return Database(connection, None)


def open_reading(file: Path) -> Database | None:
    """A connection that reads, or None while there is no repository. It works where nothing can be written, too."""
    with translated(file):
        try:
            if not file.stat().st_size:
                return None
        except FileNotFoundError:
            return None
        except (NotADirectoryError, PermissionError) as error:
            raise WbemError(WbemStatus.ACCESS_DENIED, f"{named(file)} cannot be looked at: {error.strerror}") from None
        if not file.is_file():
            raise WbemError(WbemStatus.INVALID_PARAMETER, f"{named(file)} is no file: name another")
        return Database(_readable(file), file)


def open_writing(file: Path) -> Database:
    """A connection that writes; the file is made if need be. Only for who holds its Lock."""
    with translated(file):
        if not file.exists() or not file.stat().st_size:
            _create(file)
        connection = _connect(file, "mode=rw")
        try:
            _check(connection, file)
            connection.execute("PRAGMA synchronous = FULL")
            connection.execute("PRAGMA journal_size_limit = 67108864")
        except BaseException:
            connection.close()
            raise
        return Database(connection, file)


class Lock:
    """The right to write a repository, which one program at a time has. Others go on reading.

    It is a lock on a file beside the repository, and ends with its process, however that ends.
    """

    def __init__(self, file: Path) -> None:
        self._file = file
        self._beside = file.with_name(file.name + ".lock")
        self._descriptor: int | None = None

    @property
    def held(self) -> bool:
        return self._descriptor is not None

    def acquire(self, seconds: float = REPOSITORY_LOCK_SECONDS) -> None:
        """Waits for it so long. SERVER_TOO_BUSY names the program that has it; ACCESS_DENIED."""
        import fcntl  # noqa: PLC0415 - not on Windows, which has a repository of its own

        try:
            self._file.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
            descriptor = os.open(self._beside, os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o600)
        except OSError as error:
            raise _unwritable(self._file, error) from None
        until = time.monotonic() + seconds
        while True:
            try:
                fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
            except OSError:
                if time.monotonic() >= until:
                    holder = os.pread(descriptor, 32, 0).decode("ascii", "replace").strip()
                    os.close(descriptor)
                    raise WbemError(
                        WbemStatus.SERVER_TOO_BUSY,
                        f"{named(self._file)} is being written by process {holder or 'unknown'}: try again later",
                    ) from None
                time.sleep(0.02)
                continue
            break
        with suppress(OSError):  # a full disk does not keep the lock from being one
            os.ftruncate(descriptor, 0)
            os.pwrite(descriptor, f"{os.getpid()}\n".encode("ascii"), 0)
        self._descriptor = descriptor

    def release(self) -> None:
        if self._descriptor is not None:
            os.close(self._descriptor)
            self._descriptor = None


def _connect(file: Path, mode: str) -> sqlite3.Connection:
    uri = f"file:{quote(str(file.absolute()))}?{mode}"
    return sqlite3.connect(uri, uri=True, isolation_level=None, check_same_thread=False, timeout=_BUSY_SECONDS)


def _readable(file: Path) -> sqlite3.Connection:
    """Where the folder cannot be written SQLite needs to be told that nobody else does either."""
    modes = ["mode=rw", "mode=ro"]
    if not file.with_name(file.name + "-wal").exists():
        modes.append("mode=ro&immutable=1")
    while True:
        mode = modes.pop(0)
        connection = _connect(file, mode)
        try:
            _check(connection, file)
            connection.execute("PRAGMA query_only = ON")
            connection.execute("SELECT count(*) FROM sqlite_schema").fetchone()
        except sqlite3.OperationalError as error:
            connection.close()
            if not modes or error.sqlite_errorcode & 0xFF not in _UNWRITABLE:
                raise
        except BaseException:
            connection.close()
            raise
        else:
            return connection


_UNWRITABLE = {sqlite3.SQLITE_CANTOPEN, sqlite3.SQLITE_READONLY, sqlite3.SQLITE_PERM}


_MARKS = "application_id", "user_version"


def _check(connection: sqlite3.Connection, file: Path) -> None:
    """INVALID_PARAMETER for a file of somebody else; NOT_SUPPORTED for one that a later release has made."""
    application, version = (
        connection.execute(f"PRAGMA {name}").fetchone()[0] for name in ("application_id", "user_version")
    )
    if application != APPLICATION_ID:
        raise WbemError(
            WbemStatus.INVALID_PARAMETER, f"{named(file)} is a database of another program: name another file"
        )
    if version != VERSION:
        raise WbemError(
            WbemStatus.NOT_SUPPORTED,
            f"{named(file)} has version {version}, and this openwmi knows version {VERSION}: use a later openwmi",
        )


def _create(file: Path) -> None:
    new = file.with_name(f"{file.name}.{os.getpid()}.new")
    try:
        file.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
        os.close(os.open(new, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600))
        connection = _connect(new, "mode=rw")
        try:
            connection.execute(f"PRAGMA page_size = {_PAGE_OCTETS}")
            _fill(connection)
            connection.execute("PRAGMA journal_mode = WAL")
        finally:
            connection.close()
        _sync(new)
        new.replace(file)
        _sync(file.parent)
    except OSError as error:
        raise _unwritable(file, error) from None
    finally:
        for suffix in ("", "-wal", "-shm", "-journal"):
            with suppress(OSError):
                new.with_name(new.name + suffix).unlink()


def _fill(connection: sqlite3.Connection) -> None:
    connection.executescript(
        f"BEGIN; {TABLES} PRAGMA application_id = {APPLICATION_ID}; PRAGMA user_version = {VERSION}; COMMIT;"
    )


def _sync(path: Path) -> None:
    descriptor = os.open(path, os.O_RDONLY)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)


def _unwritable(file: Path, error: OSError) -> WbemError:
    return WbemError(
        WbemStatus.ACCESS_DENIED,
        f"{named(file)} cannot be written: {error.strerror}: name another with --repository, or look at the rights",
    )
