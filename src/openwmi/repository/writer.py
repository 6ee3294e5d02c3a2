"""The one thread that writes: takes what waits, writes it in one transaction, and tells how it went.

What was given while a commit was under way is committed together: so many callers share one wait for the disk.
"""

from __future__ import annotations

import asyncio
import threading
from collections.abc import Callable
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from typing import Any
from weakref import WeakSet

from openwmi.base.limits import REPOSITORY_GROUP
from openwmi.repository import loading
from openwmi.repository.database import Database
from openwmi.repository.layers import Layers
from openwmi.repository.lock import Lock
from openwmi.repository.noting import NO_INTERESTS, Interests
from openwmi.repository.opening import open_memory, open_writing
from openwmi.repository.schema import Named, Names, Schema
from openwmi.repository.transaction import Changes, Transaction

Change = Callable[[Transaction], Any]


def no_change(_: Transaction) -> None:
    """As a job: it ends when those before it have ended, and opens no file."""


@dataclass(slots=True, eq=False)
class Job:
    """One change, and what came of it."""

    change: Change
    future: asyncio.Future[Any]
    result: Any = None
    error: BaseException | None = None


Publish = Callable[["Writer", int, list[Job], Changes], None]


class Writer:
    """Writes a repository. All but `add` and `rest` happens on its thread; for one in memory, on the caller's.

    Args:
        file: the user's file; None keeps all in memory.
        layers: what lies below.
        server: this machine's name.
        publish: is given, on the thread that wrote, itself, its turn, the jobs that have ended and what they
            have changed.
        database: in memory, if there is something in it already.

    Attributes:
        file: the same.
        interests: of which changes notes are taken, from the next one on.
        turn: how often the right to write was taken, while it is held: who knows that number knows all changes since.
            0 while others may write.
    """

    def __init__(
        self,
        file: Path | None,
        layers: Layers,
        server: str,
        publish: Publish,
        database: Database | None = None,
    ) -> None:
        self.file = file
        self.interests: Interests = NO_INTERESTS
        self._layers = layers
        self._server = server
        self._publish = publish
        self._database = database
        self._lock = None if file is None else Lock(file)
        self._jobs: list[Job] = []
        self._mutex = threading.Lock()
        self._closed = False
        self._turns = 0
        self.turn = 1 if file is None else 0
        self._names: Names = {}
        self._schemas: dict[str, Schema] = {}
        if file is not None:
            _writers.add(self)

    @property
    def database(self) -> Database | None:
        """On which it writes, once there is one."""
        return self._database

    def add(self, job: Job) -> bool:
        """Whether `run` has to be called for it, and is not under way for others."""
        with self._mutex:
            self._jobs.append(job)
            return len(self._jobs) == 1

    def run(self) -> None:
        """Writes what waits, until nothing does."""
        while jobs := self._waiting():
            changes = Changes()
            left = [job for job in jobs if job.change is not no_change]
            while left:
                try:
                    self._begin()
                    changes = self._write(left)
                    left = []
                except BaseException as error:  # noqa: BLE001 - whatever it is belongs to those who wait
                    self._roll_back()
                    left = _without_culprit(left, error)
            with self._mutex:
                turn = self.turn
                del self._jobs[: len(jobs)]
                if self._closed and not self._jobs:
                    self._let_go()
            # Not before: who has been told may close the file, and then it is closed.
            self._publish(self, turn, jobs, changes)

    def rest(self) -> bool:
        """Others may write from now on, unless there is something to be written; whether that is so."""
        with self._mutex:
            if self._jobs:
                return False
            self._release()
            return True

    def close(self) -> None:
        """Lets the file go, now or when what was added has been written."""
        with self._mutex:
            self._closed = True
            if not self._jobs:
                self._let_go()

    def _let_go(self) -> None:
        if self._database is not None and self.file is not None:
            self._database.close()
            self._database = None
        self._release()

    def _release(self) -> None:
        if self._lock is not None and self._lock.held:
            self._forget()
            self.turn = 0
            self._lock.release()

    def _waiting(self) -> list[Job]:
        with self._mutex:
            return self._jobs[:REPOSITORY_GROUP]

    def _begin(self) -> None:
        if self._lock is not None and not self._lock.held:
            self._lock.acquire(ask=partial(let_rest, self._lock.file))
            self._turns += 1
            self.turn = self._turns
            self._forget()
        if self._database is not None and self._database.moved:
            self._database = None  # somebody has put another file in its place
            self._forget()
        if self._database is None:
            self._database = open_memory() if self.file is None else open_writing(self.file)
        self._database.begin()
        if not self._names:
            self._names = loading.namespaces(self._layers, self._database)

    def _write(self, jobs: list[Job]) -> Changes:
        """Each job changes what it changes, or nothing; then all of it is on the disk."""
        database = self._database
        assert database is not None
        changes = Changes()
        names, schemas = self._names, self._schemas
        alone = len(jobs) == 1
        try:
            for job in jobs:
                if not alone:
                    database.run("SAVEPOINT job")
                transaction = Transaction(database, self._names, self._schema, self._layers, self.interests)
                try:
                    job.result = job.change(transaction)
                except BaseException as error:
                    job.error = error
                    if alone or database.is_undone:
                        raise
                    database.run("ROLLBACK TO job")
                else:
                    self._take(transaction.changes)
                    changes.add(transaction.changes)
                if not alone:
                    database.run("RELEASE job")
            database.commit()
        except BaseException:
            self._names, self._schemas = names, schemas
            raise
        return changes

    def _take(self, changes: Changes) -> None:
        if changes.names is not None:
            self._names = changes.names
        if changes.schemas:
            kept = {name: schema for name, schema in self._schemas.items() if name not in changes.schemas}
            self._schemas = kept | {name: schema for name, schema in changes.schemas.items() if schema is not None}

    def _schema(self, folded: str, named: Named) -> Schema:
        """Of a namespace with this name and number; kept, unless a transaction has just made the namespace."""
        kept = self._names.get(folded) == named
        schema = self._schemas.get(folded) if kept else None
        if schema is None:
            schema = loading.schema(named, self._server, self._layers, self._database, self.file)
            if kept:
                self._schemas = {**self._schemas, folded: schema}
        return schema

    def _roll_back(self) -> None:
        database = self._database
        if database is not None and not database.roll_back() and self.file is not None:
            self._database = None  # it is opened anew, which finds what was committed last
            database.close()

    def _forget(self) -> None:
        """What was known of the file, which somebody else may have changed meanwhile."""
        self._names, self._schemas = {}, {}


def let_rest(file: Path) -> None:
    """Whoever of this process may write a file, and has nothing to write, lets others; its loop may be closed."""
    for writer in list(_writers):
        if writer.file == file:
            writer.rest()


def _without_culprit(jobs: list[Job], error: BaseException) -> list[Job]:
    """Those that are tried once more, since it was another one for which SQLite has undone what all had changed."""
    left = [job for job in jobs if job.error is not error]
    if len(left) == len(jobs):  # it was nobody's
        for job in jobs:
            job.error = job.error or error
        return []
    return [job for job in left if job.error is None]


_writers: WeakSet[Writer] = WeakSet()
