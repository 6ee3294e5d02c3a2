"""What SQLite raises, in WMI's words: which file, what is wrong with it, and what to do."""

from __future__ import annotations

import sqlite3
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Final

from openwmi.base.error import WbemError
from openwmi.base.status import WbemStatus
from openwmi.repository.damage import REPAIR, named

FAILURES: Final = (sqlite3.Error, MemoryError, UnicodeDecodeError)
"""What a call of SQLite may raise: in a damaged file a row may seem huge, and what SQLite quotes need not be text."""

# Primary result code (sqlite.org/rescode.html) -> status, what is wrong, and what to do.
_FAILURES: Final = {
    sqlite3.SQLITE_BUSY: (WbemStatus.SERVER_TOO_BUSY, "is locked by another program", "try again when that has ended"),
    sqlite3.SQLITE_LOCKED: (WbemStatus.SERVER_TOO_BUSY, "is locked", "try again"),
    sqlite3.SQLITE_FULL: (WbemStatus.OUT_OF_DISK_SPACE, "cannot grow", "make room on its disk"),
    sqlite3.SQLITE_IOERR: (WbemStatus.CRITICAL_ERROR, "cannot be read or written", "look at its disk, and its rights"),
    sqlite3.SQLITE_CORRUPT: (WbemStatus.CRITICAL_ERROR, "is damaged", REPAIR),
    sqlite3.SQLITE_NOTADB: (WbemStatus.CRITICAL_ERROR, "is no repository", "name another file, or move it away"),
    sqlite3.SQLITE_READONLY: (WbemStatus.ACCESS_DENIED, "cannot be written", "look at the rights of file and folder"),
    sqlite3.SQLITE_CANTOPEN: (WbemStatus.ACCESS_DENIED, "cannot be opened", "look at the rights of file and folder"),
    sqlite3.SQLITE_PERM: (WbemStatus.ACCESS_DENIED, "cannot be opened", "look at the rights of file and folder"),
    sqlite3.SQLITE_NOMEM: (WbemStatus.OUT_OF_MEMORY, "needs more memory than there is", "end other programs"),
    sqlite3.SQLITE_TOOBIG: (WbemStatus.QUOTA_VIOLATION, "cannot hold a value of that size", "make it smaller"),
}


@contextmanager
def translated(file: Path | None) -> Iterator[None]:
    """What SQLite raises inside comes out as a WbemError about `file`; None is a repository in memory."""
    try:
        yield
    except FAILURES as error:
        raise failure(file, error) from error


def failure(file: Path | None, error: BaseException) -> WbemError:
    """The WbemError for what a call of SQLite has raised."""
    code = sqlite3.SQLITE_NOMEM if isinstance(error, MemoryError) else getattr(error, "sqlite_errorcode", None)
    status, problem, remedy = _FAILURES.get(
        -1 if code is None else code & 0xFF, (WbemStatus.CRITICAL_ERROR, "cannot be used", REPAIR)
    )
    return WbemError(status, f"{named(file)} {problem} ({' '.join(str(error).split())[:200]}): {remedy}")
