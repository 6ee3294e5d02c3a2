"""What the command line does with the user's file as a whole: to look through it, to save it, to put a saved one in its
place, to make it small.

Others may read all the while. Who changes the file holds its Lock, and changes it in one transaction of SQLite, or puts
a whole file in its place: whenever the process ends, what is there is either what was or what should be.
"""

from __future__ import annotations

import os
import shutil
from collections.abc import Iterator
from contextlib import closing, contextmanager
from functools import partial
from itertools import count
from pathlib import Path

from openwmi.base.error import WbemError
from openwmi.base.status import WbemStatus
from openwmi.repository.checking import problems
from openwmi.repository.damage import REPAIR, named, unwritable
from openwmi.repository.database import Database
from openwmi.repository.lock import Lock
from openwmi.repository.opening import SUFFIXES, beside, create, open_new, open_reading, open_writing
from openwmi.repository.writer import let_rest


def check(file: Path) -> list[str]:
    """Reads all of a repository; what is wrong with it, a line each that names where.

    NOT_FOUND where none is; INVALID_PARAMETER for what is no repository, NOT_SUPPORTED for one of a later release;
    ACCESS_DENIED, SERVER_TOO_BUSY.
    """
    file = _real(file)
    try:
        database = _opened(file)
    except WbemError as error:
        if error.status != WbemStatus.CRITICAL_ERROR:
            raise
        return [error.message]
    with closing(database):
        return list(problems(database))


def backup(file: Path, to: Path, *, overwrite: bool = False) -> None:
    """Saves a repository as it is at one moment, whoever writes it meanwhile, in one file that needs no other.

    Errors: ALREADY_EXISTS if there is something at `to` and it may not be overwritten; INVALID_PARAMETER for a `to`
    that is the repository itself, or another one that is being written; CRITICAL_ERROR for one that is damaged, of
    which nothing is saved; OUT_OF_DISK_SPACE; those of `check`.
    """
    file, to = _real(file), _real(to)
    if to == file:
        raise WbemError(WbemStatus.INVALID_PARAMETER, f"{named(file)} cannot be saved in itself: name another file")
    if to.exists():
        if not overwrite:
            raise WbemError(WbemStatus.ALREADY_EXISTS, f"there is a file {to} already: name another, or delete it")
        if not to.is_file() or _octets(to.with_name(to.name + "-wal")):
            raise WbemError(WbemStatus.INVALID_PARAMETER, f"{to} is in use, or no file: name another")
    with closing(_opened(file)) as database:
        _save(database, to)


def restore(file: Path, source: Path) -> Path | None:
    """Makes a repository what was saved in `source`. Others that have it open see that as a change like any other.

    Returns: where the old file was put, if that was so damaged that nothing could be written into it; or None.

    Errors: CRITICAL_ERROR if the saved one is damaged, NOT_FOUND if it is not there; SERVER_TOO_BUSY while another
    program may be writing; INVALID_PARAMETER if `file` belongs to another program, which is left alone, or if both are
    one; NOT_SUPPORTED for those of a later release; ACCESS_DENIED, OUT_OF_DISK_SPACE.
    """
    file, source = _real(file), _real(source)
    if file == source:
        raise WbemError(WbemStatus.INVALID_PARAMETER, f"{source} is the repository itself: name another file")
    with closing(_opened(source)) as saved:
        _be_sound(saved, source)
        with _locked(file):
            if not file.exists():
                create(file, saved)
                return None
            try:
                live = open_writing(file)
            except WbemError as error:
                if error.status != WbemStatus.CRITICAL_ERROR:
                    raise
                return _replace(file, saved)
            with closing(live):
                try:
                    saved.copy_to(live)
                except WbemError as error:
                    if error.status != WbemStatus.CRITICAL_ERROR:
                        raise
                    live.close()
                    return _replace(file, saved)
                _settle(live)
    return None


def compact(file: Path) -> tuple[int, int]:
    """Gives back what the file does not need any more; (octets before, octets after).

    Errors: CRITICAL_ERROR for one that is damaged, which is left as it is; SERVER_TOO_BUSY while another program may be
    writing; OUT_OF_DISK_SPACE: it needs as much room again for a moment; those of `check`.
    """
    file = _real(file)
    _opened(file).close()
    with _locked(file):
        before = _octets(file) + _octets(file.with_name(file.name + "-wal"))
        with closing(open_writing(file)) as database:
            _be_sound(database, file)
            database.run("VACUUM")
            _settle(database)
        return before, _octets(file) + _octets(file.with_name(file.name + "-wal"))


# ---------------------------------------------------------------------------------------------------------------- parts


def _real(file: Path) -> Path:
    return Path(os.path.realpath(file))


def _opened(file: Path) -> Database:
    database = open_reading(file)
    if database is None:
        raise WbemError(WbemStatus.NOT_FOUND, f"there is no repository {file}")
    return database


def _be_sound(database: Database, file: Path) -> None:
    found = list(problems(database))
    if found:
        more = f" and {len(found) - 1} more" if len(found) > 1 else ""
        raise WbemError(WbemStatus.CRITICAL_ERROR, f"{named(file)} is damaged, {found[0]}{more}: {REPAIR}")


@contextmanager
def _locked(file: Path) -> Iterator[None]:
    lock = Lock(file)
    lock.acquire(ask=partial(let_rest, file))
    try:
        yield
    finally:
        lock.release()


def _save(database: Database, to: Path) -> None:
    with beside(to) as new, closing(open_new(new, to)) as copied:
        database.copy_to(copied)
        copied.run("PRAGMA journal_mode = DELETE")
        _be_sound(copied, database.file or to)


def _replace(file: Path, saved: Database) -> Path:
    """Puts a copy of `saved` in the place of a file that cannot be used; where that is now.

    The old file keeps its place until the new one takes it, and has its other name before.
    """
    aside = next(each for number in count(1) if not (each := file.with_name(f"{file.name}.damaged-{number}")).exists())
    try:
        _link(file, aside)
        for suffix in SUFFIXES:
            left = file.with_name(file.name + suffix)
            if left.exists():
                left.replace(aside.with_name(aside.name + suffix))
    except OSError as error:
        raise unwritable(file, error) from None
    create(file, saved)
    return aside


def _link(file: Path, other: Path) -> None:
    try:
        os.link(file, other)
    except OSError:  # not on every disk
        shutil.copyfile(file, other)


def _settle(database: Database) -> None:
    """Takes the log into the file, as far as nobody reads what was before."""
    database.run("PRAGMA wal_checkpoint(TRUNCATE)")


def _octets(file: Path) -> int:
    try:
        return file.stat().st_size
    except OSError:
        return 0
