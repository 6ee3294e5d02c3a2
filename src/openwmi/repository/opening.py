"""The user's file: one SQLite database in WAL mode, what is in it, who may open it, and how it comes to be.

A commit has been written to the disk when it returns (synchronous=FULL). The file is made beside its place and moved
there, so that there is either a whole repository or none.
"""

from __future__ import annotations

import os
import sqlite3
from collections.abc import Callable, Iterator
from contextlib import closing, contextmanager, suppress
from itertools import count
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any, Final
from urllib.parse import quote

from openwmi.base.error import WbemError
from openwmi.base.limits import REPOSITORY_CHECKED_PAGES
from openwmi.base.status import WbemStatus
from openwmi.repository import logfile
from openwmi.repository.damage import damaged, named, unwritable
from openwmi.repository.database import Database, mark_of
from openwmi.repository.failure import translated
from openwmi.repository.rows import damage

APPLICATION_ID: Final = 0x6F776D69
"""`owmi`: by this a file says that it is a repository."""
VERSION: Final = 1
"""Of the tables below."""

TABLES: Final = (
    """CREATE TABLE namespace (
    id INTEGER PRIMARY KEY AUTOINCREMENT, folded TEXT NOT NULL UNIQUE, name TEXT NOT NULL,
    checksum INTEGER NOT NULL)""",
    """CREATE TABLE class (
    id INTEGER PRIMARY KEY AUTOINCREMENT, namespace INTEGER NOT NULL, folded TEXT NOT NULL, name TEXT NOT NULL,
    superclass TEXT, state INTEGER NOT NULL, record BLOB, layout TEXT, checksum INTEGER NOT NULL,
    UNIQUE (namespace, folded))""",
    """CREATE TABLE instance (
    class INTEGER NOT NULL, key BLOB NOT NULL, body BLOB NOT NULL, checksum INTEGER NOT NULL,
    PRIMARY KEY (class, key)) WITHOUT ROWID""",
    """CREATE TABLE reference (
    target BLOB NOT NULL, class INTEGER NOT NULL, key BLOB NOT NULL, checksum INTEGER NOT NULL,
    PRIMARY KEY (target, class, key)) WITHOUT ROWID""",
)
"""`class.id` numbers the instances' rows; `reference` tells, by `keys.target`, which instances refer to an object.

A number is never given twice (AUTOINCREMENT): who still reads a class that was deleted must not see another's rows.
"""

SUFFIXES: Final = ("-wal", "-shm", "-journal")
"""Of what SQLite keeps beside a file."""

_PAGE_OCTETS = 4096
_HEAD_OCTETS = 512  # no database is smaller
_BUSY_SECONDS = 1.0
_LOG_OCTETS = 64 << 20  # what a log may keep of the disk when a great change is done


def open_memory() -> Database:
    """A repository that nobody keeps."""
    connection = sqlite3.connect(":memory:", isolation_level=None, check_same_thread=False)
    made = Database(connection, None)
    _fill(made)
    return made


def open_reading(file: Path) -> Database | None:
    """A connection that reads, or None while there is no repository. It works where nothing can be written, too.

    CRITICAL_ERROR for one that is damaged, as far as it is found at once: a small one is looked through.
    """
    if not _is_there(file):
        return None
    with translated(file):
        connection, is_still = _readable(file)
    found = Still(connection, file) if is_still else Database(connection, file)
    try:
        if not is_still:
            _check_log(found, file)
        _look_through(found, file)
    except BaseException:
        _leave(found, file)
        raise
    return found


def open_writing(file: Path) -> Database:
    """A connection that writes; the file is made if need be. Only for who holds its Lock."""
    if not _is_there(file):
        create(file)
    with translated(file):
        connection = _connect(file, "mode=rw")
        found = Database(connection, file)
        try:
            _check(connection, file)
            connection.execute("PRAGMA journal_mode = WAL")
            connection.execute("PRAGMA synchronous = FULL")
            connection.execute(f"PRAGMA journal_size_limit = {_LOG_OCTETS}")
            if _check_log(found, file):
                # What a failed power supply left at the end of the log is not to be taken for damage later.
                connection.execute("PRAGMA wal_checkpoint(TRUNCATE)")
        except BaseException:
            _leave(found, file)
            raise
        return found


class Still(Database):
    """A connection to a file in a place where this process cannot write, as if nobody wrote it.

    SQLite then takes no locks. If somebody does write it after all, what was read meanwhile is read again.
    """

    __slots__ = ("_is_still", "_opened", "_seen")

    def __init__(self, connection: sqlite3.Connection, file: Path) -> None:
        super().__init__(connection, file)
        self._is_still = True
        self._opened = 0
        self._seen = _state(file)

    def row(self, statement: str, *arguments: object) -> Any:
        return (
            self._steadily(super().row, statement, arguments) if self._is_still else super().row(statement, *arguments)
        )

    def rows(self, statement: str, *arguments: object) -> list[Any]:
        found: list[Any] = (
            self._steadily(super().rows, statement, arguments)
            if self._is_still
            else super().rows(statement, *arguments)
        )
        return found

    @property
    def version(self) -> tuple[int, ...]:
        if self._is_still:
            self._look()
        return self._opened, *(() if self._is_still else super().version)

    def _steadily(self, read: Callable[..., Any], statement: str, arguments: tuple[object, ...]) -> Any:
        while True:
            if not self._is_still:
                return read(statement, *arguments)
            try:
                found = read(statement, *arguments)
            except WbemError:
                if not self._look():
                    raise
            else:
                if not self._look():
                    return found

    def _look(self) -> bool:
        """Whether somebody has written the file, which is then opened anew."""
        assert self.file is not None
        seen = _state(self.file)
        if seen == self._seen:
            return False
        with translated(self.file):
            self._connection, self._is_still = _readable(self.file)
        self._execute = self._connection.execute
        self._seen, self._mark = seen, mark_of(self.file)
        self._opened += 1
        return True


def create(file: Path, fill_from: Database | None = None) -> None:
    """Makes a repository, empty or with the content of another, where none is. OUT_OF_DISK_SPACE, ACCESS_DENIED."""
    with beside(file) as new, closing(open_new(new, file)) as database:
        if fill_from is None:
            _fill(database)
        else:
            fill_from.copy_to(database)
        database.run("PRAGMA journal_mode = WAL")


def open_new(new: Path, file: Path) -> Database:
    """A connection to an empty file that this process has just made, to become `file`."""
    with translated(file):
        return Database(_connect(new, "mode=rw"), file)


@contextmanager
def beside(file: Path) -> Iterator[Path]:
    """A new file in the folder of `file`, for its owner alone; it takes the place of `file` when all went well.

    The log of a file that is not there any more must not be taken for the new one's.
    """
    try:
        file.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
        new = _made_beside(file)
    except OSError as error:
        raise unwritable(file, error) from None
    try:
        yield new
        sync(new)
        for suffix in SUFFIXES:
            file.with_name(file.name + suffix).unlink(missing_ok=True)
        new.replace(file)
        sync(file.parent)
    except OSError as error:
        if isinstance(error, WbemError):
            raise
        raise unwritable(file, error) from None
    finally:
        for suffix in ("", *SUFFIXES):
            with suppress(OSError):
                new.with_name(new.name + suffix).unlink()


def _made_beside(file: Path) -> Path:
    """A new empty file; what has such a name already, be it a link, is somebody else's and stays."""
    for number in count(1):
        new = file.with_name(f"{file.name}.{os.getpid()}-{number}.new")
        if any(os.path.lexists(new.with_name(new.name + suffix)) for suffix in SUFFIXES):
            continue
        with suppress(FileExistsError):
            os.close(os.open(new, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600))
            return new
    raise AssertionError  # numbers do not end


def sync(path: Path) -> None:
    """What was written to a file, or to the list of a folder, is on the disk when it returns."""
    descriptor = os.open(path, os.O_RDONLY)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)


# -------------------------------------------------------------------------------------------------------- how it opens


def _is_there(file: Path) -> bool:
    """INVALID_PARAMETER for what is no file, CRITICAL_ERROR for one without content, which no repository ever is."""
    try:
        size = file.stat().st_size
    except (FileNotFoundError, NotADirectoryError) as error:
        if isinstance(error, NotADirectoryError):
            raise WbemError(WbemStatus.INVALID_PARAMETER, f"{named(file)} lies in what is no folder") from None
        return False
    except OSError as error:
        raise WbemError(WbemStatus.ACCESS_DENIED, f"{named(file)} cannot be looked at: {error.strerror}") from None
    if not file.is_file():
        raise WbemError(WbemStatus.INVALID_PARAMETER, f"{named(file)} is no file: name another")
    if size < _HEAD_OCTETS:
        raise damaged(file, "and cut off" if size else "and empty (delete it to begin a new one)")
    return True


def _connect(file: Path, mode: str) -> sqlite3.Connection:
    uri = f"file:{quote(str(file.absolute()))}?{mode}"
    connection = sqlite3.connect(uri, uri=True, isolation_level=None, check_same_thread=False, timeout=_BUSY_SECONDS)
    connection.execute("PRAGMA cell_size_check = ON")
    connection.execute("PRAGMA trusted_schema = OFF")
    return connection


def _readable(file: Path) -> tuple[sqlite3.Connection, bool]:
    """A connection, and whether SQLite was told that nobody writes: it needs that where it can write nothing itself."""
    for mode in ("mode=rw", "mode=ro"):
        try:
            return _reading(file, mode), False
        except sqlite3.OperationalError as error:
            if getattr(error, "sqlite_errorcode", 0) & 0xFF not in _UNWRITABLE:
                raise
    if file.with_name(file.name + "-wal").exists():
        return _copied_aside(file), True
    return _reading(file, "mode=ro&immutable=1"), True


_UNWRITABLE: Final = {sqlite3.SQLITE_CANTOPEN, sqlite3.SQLITE_READONLY, sqlite3.SQLITE_PERM}


def _reading(file: Path, mode: str) -> sqlite3.Connection:
    connection = _connect(file, mode)
    try:
        _check(connection, file)
        connection.execute("PRAGMA query_only = ON")
    except BaseException:
        connection.close()
        raise
    return connection


def _copied_aside(file: Path) -> sqlite3.Connection:
    """Of a file and a log that somebody left, where nothing can be written that SQLite needs to read them together."""
    with TemporaryDirectory(prefix="openwmi-") as folder:
        copy = Path(folder) / "copy"
        for suffix in ("", "-wal"):
            copy.with_name(f"copy{suffix}").write_bytes(file.with_name(file.name + suffix).read_bytes())
        return _reading(copy, "mode=rw")  # it goes on when the names are gone


def _state(file: Path) -> tuple[int, ...]:
    """By what it is seen that somebody has written a file."""
    found: list[int] = []
    for suffix in ("", "-wal"):
        try:
            each = file.with_name(file.name + suffix).stat()
        except OSError:
            found.append(0)
        else:
            found += (each.st_dev, each.st_ino, each.st_size, each.st_mtime_ns)
    return tuple(found)


# ------------------------------------------------------------------------------------------------------ what is in it


def _check(connection: sqlite3.Connection, file: Path) -> None:
    """INVALID_PARAMETER for a file of somebody else; NOT_SUPPORTED for one of another release; CRITICAL_ERROR."""
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
    statements = {statement for (statement,) in connection.execute(_STATEMENTS)}
    if statements != _EXPECTED:
        raise damaged(file, "in what it says of its tables")


_STATEMENTS: Final = "SELECT sql FROM sqlite_schema WHERE sql IS NOT NULL AND name NOT LIKE 'sqlite_stat%'"
_EXPECTED: Final = {*TABLES, "CREATE TABLE sqlite_sequence(name,seq)"}


def _fill(database: Database) -> None:
    database.run(f"PRAGMA page_size = {_PAGE_OCTETS}")
    database.run("BEGIN")
    for statement in TABLES:
        database.run(statement)
    database.run(f"PRAGMA application_id = {APPLICATION_ID}")
    database.run(f"PRAGMA user_version = {VERSION}")
    database.run("COMMIT")


def _check_log(database: Database, file: Path) -> bool:
    """Whether there is a log with something in it. CRITICAL_ERROR if it has lost changes that were on the disk."""
    try:
        if file.with_name(file.name + "-wal").stat().st_size == 0:
            return False
    except OSError:
        return False
    before = _frames(database)
    if before is not None and logfile.is_cut(file, before) and _frames(database) == before:
        raise damaged(file, f"in the log of its last changes, {file.name}-wal")
    return True


def _leave(database: Database, file: Path) -> None:
    """Closes it and leaves all as it is: who closes a file last takes the log into it, and what was lost is lost then.

    A connection that only reads does not, and keeps the other from being the last.
    """
    with suppress(sqlite3.Error), closing(_connect(file, "mode=ro")) as last:
        last.execute("SELECT 1 FROM sqlite_schema").fetchall()
        database.close()
    database.close()


def _frames(database: Database) -> int | None:
    """How many pages are in the log, of those that are whole; None where it cannot be known."""
    try:
        busy, frames, _ = database.row("PRAGMA wal_checkpoint(PASSIVE)")
    except WbemError as error:
        if error.status in (WbemStatus.ACCESS_DENIED, WbemStatus.SERVER_TOO_BUSY, WbemStatus.OUT_OF_DISK_SPACE):
            return None
        raise
    return None if busy or frames < 0 else int(frames)


def _look_through(database: Database, file: Path) -> None:
    """All of a small file: a bit that changed may hide a row from SQLite, and nobody would know."""
    if database.row("PRAGMA page_count")[0] > REPOSITORY_CHECKED_PAGES:
        return
    database.run("BEGIN")  # all of it as it is at one moment
    try:
        (found,) = database.row("PRAGMA integrity_check(1)")
        if found != "ok":
            raise damaged(file, " ".join(str(found).split()))
        problem = next(damage(database), None)
        if problem is not None:
            raise damaged(file, problem)
    finally:
        database.roll_back()
