"""One connection to the user's file, or to a repository in memory. Whatever SQLite raises comes out as a WbemError.

How a file is opened and what is in it is for `opening` to know.
"""

from __future__ import annotations

import os
import sqlite3
from collections.abc import Callable, Sequence
from contextlib import suppress
from pathlib import Path
from typing import Any, Final

from openwmi.base.error import WbemError
from openwmi.repository.failure import FAILURES, failure

Mark = tuple[int, ...]
"""By what a file is known again; empty where there is none."""


class Database:
    """See the module. It goes from thread to thread, but only one may use it at a time.

    Attributes:
        file: the user's file; None for a repository in memory.
    """

    __slots__ = ("_changing", "_connection", "_execute", "_mark", "file")

    def __init__(self, connection: sqlite3.Connection, file: Path | None) -> None:
        self._connection = connection
        self._execute: Callable[..., sqlite3.Cursor] = connection.execute
        self._changing = False
        self.file = file
        self._mark = mark_of(file)

    def row(self, statement: str, *arguments: object) -> Any:
        """The first row that a statement gives; None if it gives none."""
        try:
            return self._execute(statement, arguments).fetchone()
        except FAILURES as error:
            raise self._failed(error) from error

    def rows(self, statement: str, *arguments: object) -> list[Any]:
        """All rows that a statement gives."""
        try:
            return self._execute(statement, arguments).fetchall()
        except FAILURES as error:
            raise self._failed(error) from error

    def run(self, statement: str, *arguments: object) -> int | None:
        """The number of the row that a statement has inserted last."""
        try:
            return self._execute(statement, arguments).lastrowid
        except FAILURES as error:
            raise self._failed(error) from error

    def run_many(self, statement: str, rows: Sequence[tuple[object, ...]]) -> None:
        """Runs a statement for each of these."""
        try:
            if self.is_undone:
                _refuse()
            self._connection.executemany(statement, rows)
        except FAILURES as error:
            raise self._failed(error) from error

    def begin(self) -> None:
        """Begins to change the file."""
        self._execute = self._connection.execute
        self.run("BEGIN IMMEDIATE")
        self._changing = True

    def commit(self) -> None:
        """What was changed is on the disk when it returns."""
        self.run("COMMIT")
        self._changing = False

    def roll_back(self) -> bool:
        """Ends the transaction that is open, if one is; whether the connection can be used again."""
        self._changing = False
        self._execute = self._connection.execute
        try:
            if self._connection.in_transaction:
                self._connection.execute("ROLLBACK")
        except sqlite3.Error:
            return False
        return True

    @property
    def is_undone(self) -> bool:
        """Whether SQLite has undone all that was changed since `begin`."""
        return self._execute is _refuse

    @property
    def version(self) -> tuple[int, ...]:
        """Another one when somebody else has changed the file."""
        found: tuple[int, ...] = self.row("PRAGMA data_version")
        return found

    @property
    def moved(self) -> bool:
        """Whether what is at the file's place now is not what was opened."""
        return mark_of(self.file) != self._mark

    def copied(self) -> Database:
        """The same in memory, which nobody keeps."""
        twin = sqlite3.connect(":memory:", isolation_level=None, check_same_thread=False)
        made = Database(twin, None)
        self.copy_to(made)
        return made

    def copy_to(self, other: Database) -> None:
        """Makes the other one what this one is, in one transaction."""
        try:
            self._connection.backup(other._connection)
        except FAILURES as error:
            raise failure(other.file or self.file, error) from error

    def close(self) -> None:
        with suppress(sqlite3.Error):
            self._connection.close()

    def __del__(self) -> None:
        # Who lets it go, because the file is another one now, may not be the last who reads from it.
        try:  # noqa: SIM105 - at the interpreter's end `suppress` is gone, and so are the names in `close`
            self.close()
        except (AttributeError, TypeError):
            pass

    def _failed(self, error: BaseException) -> WbemError:
        if self._changing and not self._connection.in_transaction:
            # SQLite has undone everything, as it may when a disk is full; what comes now would be written for itself.
            self._execute = _refuse
        return failure(self.file, error)


def mark_of(file: Path | None) -> Mark:
    """Of the file that is there now."""
    if file is None:
        return ()
    try:
        found = os.stat(file)  # noqa: PTH116 - Path.stat takes twice as long
    except OSError:
        return ()
    return found.st_dev, found.st_ino


_UNDONE: Final = "the transaction was undone after an earlier failure"


def _refuse(*_: object) -> sqlite3.Cursor:
    raise sqlite3.OperationalError(_UNDONE)
