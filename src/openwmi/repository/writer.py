"""The one thread that writes: takes what waits, writes it in one transaction, and tells how it went.

What was given while a commit was under way is committed together: so many callers share one wait for the disk.
"""

from __future__ import annotations

import asyncio
import threading
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from openwmi.base.limits import REPOSITORY_GROUP
from openwmi.repository import loading
from openwmi.repository.database import Database, Lock, open_memory, open_writing
from openwmi.repository.layers import Layers
from openwmi.repository.schema import Names, Schema
from openwmi.repository.transaction import Changes, Transaction

Change = Callable[[Transaction], Any]


@dataclass(slots=True, eq=False)
class Job:
    """One change, and what came of it."""

    change: Change
    future: asyncio.Future[Any]
    result: Any = None
    error: BaseException | None = None


class Writer:
    """Writes a repository. All but `add` happens on its thread; for one in memory, on the caller's.

    Args:
        file: the user's file; None keeps all in memory.
        layers: what lies below.
        server: this machine's name.
        publish: is given, on the thread that wrote, the jobs that have ended, and what they have changed.
    """

    def __init__(
        self,
        file: Path | None,
        layers: Layers,
        server: str,
        publish: Callable[[list[Job], Changes], None],
    ) -> None:
        self._file = file
        self._layers = layers
        self._server = server
        self._publish = publish
        self._database: Database | None = None
        self._lock = None if file is None else Lock(file)
        self._jobs: list[Job] = []
        self._mutex = threading.Lock()
        self._names: Names = {}
        self._schemas: dict[str, Schema] = {}

    @property
    def database(self) -> Database | None:
        """On which it writes, once there is one."""
        return self._database

    @property
    def owns(self) -> bool:
        """Whether nobody else can write now."""
        return self._lock is None or self._lock.held

    @property
    def idle(self) -> bool:
        """Whether nothing waits to be written."""
        with self._mutex:
            return not self._jobs

    def add(self, job: Job) -> bool:
        """Whether `run` has to be called for it, and is not under way for others."""
        with self._mutex:
            self._jobs.append(job)
            return len(self._jobs) == 1

    def run(self) -> None:
        """Writes what waits, until nothing does."""
        while jobs := self._waiting():
            changes = Changes()
            try:
                self._begin()
                changes = self._write(jobs)
            except BaseException as error:  # noqa: BLE001 - whatever it is belongs to those who wait
                self._roll_back()
                for job in jobs:
                    job.error = job.error or error
            with self._mutex:
                del self._jobs[: len(jobs)]
            self._publish(jobs, changes)

    def rest(self) -> None:
        """Others may write from now on."""
        if self._lock is not None and self._lock.held:
            self._forget()
            self._lock.release()

    def close(self) -> None:
        """The last thing that is done with it."""
        if self._database is not None:
            self._database.close()
            self._database = None
        self.rest()

    def _waiting(self) -> list[Job]:
        with self._mutex:
            return self._jobs[:REPOSITORY_GROUP]

    def _begin(self) -> None:
        if self._lock is not None and not self._lock.held:
            self._lock.acquire()
            self._forget()
        if self._database is None:
            self._database = open_memory() if self._file is None else open_writing(self._file)
        self._database.run("BEGIN IMMEDIATE")
        if not self._names:
            self._names = loading.namespaces(self._layers, self._database)

    def _write(self, jobs: list[Job]) -> Changes:
        """Each job changes what it changes, or nothing; then all of it is on the disk."""
        assert self._database is not None
        changes = Changes()
        names, schemas = self._names, self._schemas
        alone = len(jobs) == 1
        try:
            for job in jobs:
                if not alone:
                    self._database.run("SAVEPOINT job")
                transaction = Transaction(self._database, self._names, self._schema, self._layers)
                try:
                    job.result = job.change(transaction)
                except BaseException as error:
                    job.error = error
                    if alone:
                        raise
                    self._database.run("ROLLBACK TO job")
                else:
                    self._take(transaction.changes)
                    changes.add(transaction.changes)
                if not alone:
                    self._database.run("RELEASE job")
            self._database.run("COMMIT")
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

    def _schema(self, folded: str) -> Schema:
        schema = self._schemas.get(folded)
        if schema is None:
            schema = loading.schema(self._names[folded], self._server, self._layers, self._database, self._file)
            self._schemas = {**self._schemas, folded: schema}
        return schema

    def _roll_back(self) -> None:
        database = self._database
        if database is not None and not database.roll_back() and self._file is not None:
            self._database = None  # it is opened anew, which finds what was committed last
            database.close()

    def _forget(self) -> None:
        """What was known of the file, which somebody else may have changed meanwhile."""
        self._names, self._schemas = {}, {}
