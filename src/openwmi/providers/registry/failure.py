"""The codes that the methods of StdRegProv return: those of winerror.h that a registry has, and one of WMI's.

The pages of the methods say no more than that 0 is success, and that others are of winerror.h or of WbemErrorEnum.
"""

from __future__ import annotations

import sqlite3
from enum import IntEnum


class Code(IntEnum):
    """See the module.

    Windows: a value that is not there is 1 to those who want it, and 2 to those who delete it; a key is always 2.
    """

    SUCCESS = 0
    NO_VALUE = 1
    NOT_FOUND = 2
    ACCESS_DENIED = 5
    INVALID_HANDLE = 6
    GENERAL_FAILURE = 31
    INVALID_PARAMETER = 87
    DISK_FULL = 112
    BUSY = 170
    DAMAGED = 1009
    INPUT_OUTPUT = 1117
    TYPE_MISMATCH = 0x80041005


class RegistryError(Exception):
    """What cannot be done, as its code."""

    def __init__(self, code: Code, text: str) -> None:
        super().__init__(text)
        self.code = code


def code_of(error: Exception) -> Code:
    """Of whatever the store raises: RegistryError, OSError, sqlite3.Error."""
    if isinstance(error, RegistryError):
        return error.code
    if isinstance(error, PermissionError):
        return Code.ACCESS_DENIED
    if isinstance(error, sqlite3.Error):
        # Whatever is raised without a code is about the statement, not about the file.
        return _CODES.get(getattr(error, "sqlite_errorcode", 0) & 0xFF, Code.GENERAL_FAILURE)
    return Code.INPUT_OUTPUT


_CODES = {
    sqlite3.SQLITE_BUSY: Code.BUSY,
    sqlite3.SQLITE_LOCKED: Code.BUSY,
    sqlite3.SQLITE_PERM: Code.ACCESS_DENIED,
    sqlite3.SQLITE_READONLY: Code.ACCESS_DENIED,
    sqlite3.SQLITE_CANTOPEN: Code.ACCESS_DENIED,
    sqlite3.SQLITE_FULL: Code.DISK_FULL,
    sqlite3.SQLITE_IOERR: Code.INPUT_OUTPUT,
    sqlite3.SQLITE_CORRUPT: Code.DAMAGED,
    sqlite3.SQLITE_NOTADB: Code.DAMAGED,
}
