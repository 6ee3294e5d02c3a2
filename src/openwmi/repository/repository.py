"""The repository: namespaces, classes and instances, as they are below and as the user's file has changed them.

Whoever reads gets a Reader of one namespace, on the loop, in microseconds: what is read often is in memory. Whoever
writes hands over a function, which runs on the thread that writes; when its result comes, it is on the disk.
"""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from contextlib import suppress
from pathlib import Path
from typing import TYPE_CHECKING, TypeVar, cast
from weakref import WeakMethod, finalize

from openwmi.base.case import fold
from openwmi.base.error import WbemError
from openwmi.base.limits import REPOSITORY_REST_SECONDS
from openwmi.base.status import WbemStatus
from openwmi.operation import Workers
from openwmi.repository import loading
from openwmi.repository.layers import Layers
from openwmi.repository.reader import Hot, Reader
from openwmi.repository.schema import Names, Schema

if TYPE_CHECKING:  # who has no file and writes nothing does without SQLite
    from openwmi.repository.database import Database
    from openwmi.repository.transaction import Changes, Transaction
    from openwmi.repository.writer import Job, Writer

T = TypeVar("T")


class Repository:
    """See the module. It belongs to the loop that uses it first.

    Args:
        server: this machine's name.
        layers: what lies below the user's file.
        file: the user's file, which need not exist: the first write makes it. None keeps what is written in memory.
    """

    def __init__(self, server: str, layers: Layers, file: Path | None = None) -> None:
        self.server = server
        self.file = file
        self._layers = layers
        self._writer: Writer | None = None
        self._threads = None if file is None else Workers("openwmi-repository", 1)
        self._database: Database | None = None
        self._loop: asyncio.AbstractEventLoop | None = None
        self._names: Names | None = None
        self._schemas: dict[str, Schema] = {}
        self._hot = Hot()
        self._owned = False
        self._version = -1
        self._resting: asyncio.TimerHandle | None = None
        self._busy_until = 0.0

    def namespaces(self) -> dict[str, str]:
        """The names of all namespaces by their folded forms, each after those that it is in."""
        self._refresh()
        return {folded: name for folded, (name, _) in self._known().items()}

    def reader(self, namespace: str) -> Reader:
        """The namespace as it is now. INVALID_NAMESPACE names those that there are; CRITICAL_ERROR, ACCESS_DENIED."""
        self._refresh()
        folded = fold(namespace)
        schema = self._schemas.get(folded)
        if schema is None:
            found = self._known().get(folded)
            if found is None:
                known = ", ".join(name for name, _ in self._known().values())
                raise WbemError(
                    WbemStatus.INVALID_NAMESPACE, f"there is no namespace {namespace!r} here: there are {known}"
                )
            schema = loading.schema(found, self.server, self._layers, self._database, self.file)
            self._schemas[folded] = schema
        return Reader(schema, self._database, self._hot)

    async def write(self, change: Callable[[Transaction], T]) -> T:
        """Runs `change` on the thread that writes; its result, once that is on the disk, or what it raised.

        It goes on if the caller does not wait any more.
        """
        from openwmi.repository.writer import Job  # noqa: PLC0415 - see the imports above

        loop = self._loop = asyncio.get_running_loop()
        writer = self._writer or self._start()
        job = Job(change, loop.create_future())
        if self._threads is None:
            writer.add(job)
            writer.run()
        elif writer.add(job):
            self._threads.run(writer.run)
        return cast(T, await job.future)

    def close(self) -> None:
        """Lets the file go. Nothing may be under way."""
        if self._resting is not None:
            self._resting.cancel()
            self._resting = None
        if self._database is not None and self.file is not None:
            self._database.close()
        self._database = None
        if self._writer is not None:
            self._writer.close()
            self._writer = None
        self._owned = False
        self._forget()

    def _start(self) -> Writer:
        from openwmi.repository.writer import Writer  # noqa: PLC0415 - see the imports above

        writer = self._writer = Writer(self.file, self._layers, self.server, _weakly(self._written))
        finalize(self, writer.close)
        return writer

    # ------------------------------------------------------------------------------------------------- what was written

    def _written(self, jobs: list[Job], changes: Changes) -> None:
        """On the thread that writes."""
        if self._threads is None:
            self._settle(jobs, changes)
            return
        assert self._loop is not None
        with suppress(RuntimeError):  # of a loop that was closed meanwhile: nobody waits any more
            self._loop.call_soon_threadsafe(self._settle, jobs, changes)

    def _settle(self, jobs: list[Job], changes: Changes) -> None:
        self._adopt(changes)
        for job in jobs:
            if job.future.done():
                continue
            if job.error is None:
                job.future.set_result(job.result)
            elif isinstance(job.error, Exception) and not isinstance(job.error, StopIteration):
                job.future.set_exception(job.error)
            else:
                job.future.set_exception(RuntimeError(f"{job.error!r} out of a change"))

    def _adopt(self, changes: Changes) -> None:
        """What is known here becomes what is in the file now."""
        assert self._writer is not None
        if not self._owned and self._writer.owns:
            self._forget()
            self._owned = True
        if self.file is None:
            self._database = self._writer.database
        for folded, schema in changes.schemas.items():
            if schema is None:
                self._schemas.pop(folded, None)
            else:
                self._schemas[folded] = schema
        if changes.schemas:
            self._hot.clear()
        else:
            self._hot.drop(changes.rows)
        if changes.names is not None:
            self._names = changes.names
        if self.file is not None and self._owned:
            assert self._loop is not None
            self._busy_until = self._loop.time() + REPOSITORY_REST_SECONDS
            if self._resting is None:
                self._resting = self._loop.call_later(REPOSITORY_REST_SECONDS, self._rest)

    def _rest(self) -> None:
        """Nothing was written for a while: another program may."""
        assert self._loop is not None
        self._resting = None
        left = self._busy_until - self._loop.time()
        assert self._writer is not None
        if left > 0 or not self._writer.idle:
            self._resting = self._loop.call_later(max(left, REPOSITORY_REST_SECONDS / 2), self._rest)
            return
        self._open()
        if self._database is not None:
            self._version = self._database.version
        self._owned = False
        self._writer.rest()

    # -------------------------------------------------------------------------------------------- what others may write

    def _refresh(self) -> None:
        """Notices what another program has written, or that there is a file now."""
        if self.file is None:
            return
        if self._database is None:
            self._open()
        elif not self._owned:
            version = self._database.version
            if version != self._version:
                self._forget()
                self._version = version

    def _open(self) -> None:
        if self._database is not None or self.file is None:
            return
        with suppress(OSError):  # what is wrong with the file is said below
            if not self.file.stat().st_size:
                return
        if not self.file.exists():
            return
        from openwmi.repository.database import open_reading  # noqa: PLC0415 - see the imports above

        self._database = open_reading(self.file)
        if self._database is not None:
            self._forget()
            self._version = self._database.version

    def _forget(self) -> None:
        self._names = None
        self._schemas = {}
        self._hot.clear()

    def _known(self) -> Names:
        if self._names is None:
            self._names = loading.namespaces(self._layers, self._database)
        return self._names


def _weakly(method: Callable[[list[Job], Changes], None]) -> Callable[[list[Job], Changes], None]:
    """Calls the method as long as its object is wanted by somebody else."""
    weak = WeakMethod(method)

    def call(jobs: list[Job], changes: Changes) -> None:
        strong = weak()
        if strong is not None:
            strong(jobs, changes)

    return call
