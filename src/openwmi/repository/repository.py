"""The repository: namespaces, classes and instances, as they are below and as the user's file has changed them.

Whoever reads gets a Reader of one namespace, on the loop, in microseconds: what is read often is in memory. Whoever
writes hands over a function, which runs on the thread that writes; when its result comes, it is on the disk.
"""

from __future__ import annotations

import asyncio
import logging
import os
from collections.abc import Callable
from contextlib import suppress
from pathlib import Path
from typing import TYPE_CHECKING, Any, TypeAlias, TypeVar, cast
from weakref import WeakMethod, finalize, ref

from openwmi.base.case import fold
from openwmi.base.error import WbemError
from openwmi.base.limits import REPOSITORY_REST_SECONDS
from openwmi.base.record import log_bug
from openwmi.base.status import WbemStatus
from openwmi.operation import Workers
from openwmi.repository import loading
from openwmi.repository.layers import Layers
from openwmi.repository.noting import NO_INTERESTS, Interests
from openwmi.repository.reader import Hot, Reader
from openwmi.repository.schema import Names, Schema

if TYPE_CHECKING:  # who has no file and writes nothing does without SQLite
    from openwmi.repository.database import Database
    from openwmi.repository.transaction import Changes, Transaction
    from openwmi.repository.writer import Change, Job, Publish, Writer

T = TypeVar("T")
Watcher: TypeAlias = "Callable[[Changes], None]"
log = logging.getLogger("openwmi.repository")


class Repository:
    """See the module. It belongs to the loop that uses it first.

    Args:
        server: this machine's name.
        layers: what lies below the user's file.
        file: the user's file, which need not exist: the first write makes it. None keeps what is written in memory.

    Attributes:
        rumours: how often another program may have written, as far as the last read or write has noticed.
    """

    def __init__(self, server: str, layers: Layers, file: Path | None = None) -> None:
        self.server = server
        # As the disk has it, so that all who name the file otherwise find the same lock beside it.
        self.file = None if file is None else Path(os.path.realpath(file))
        self._layers = layers
        self._writer: Writer | None = None
        self._let_go: finalize[Any, Any] | None = None
        self._threads = None if file is None else _threads()
        self._database: Database | None = None
        self._names: Names | None = None
        self._schemas: dict[str, Schema] = {}
        self._hot = Hot()
        self._turn = 0
        self._version: tuple[int, ...] = ()
        self._under_way = 0
        self._interests: Interests = NO_INTERESTS
        self._watcher: Watcher | None = None
        self.rumours = 0
        # Neither the loop nor its timer is kept: who has an engine by its loop must be able to forget both.
        self._resting: ref[asyncio.TimerHandle] | None = None
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

        It goes on if the caller does not wait any more. It may be run again, when nothing of what it did is left
        because the disk was full for another one.
        """
        return cast(T, await self._given(change))

    async def settled(self) -> None:
        """Returns when the changes that are under way now have ended, and their watcher has been told."""
        if self._under_way and self._writer is not None:
            from openwmi.repository.writer import no_change  # noqa: PLC0415 - see the imports above

            await self._given(no_change)

    def watch(self, interests: Interests, watcher: Watcher | None) -> None:
        """From the next change on, `watcher` is told of all that are written here and in which there is an interest.

        It is called on the loop, once they are on the disk and before their callers go on, in the order of the commits;
        of what other programs write it is not told: see `rumours`. There is one watcher; None is nobody.
        """
        self._interests, self._watcher = interests, watcher
        if self._writer is not None:
            self._writer.interests = interests

    def trial(self) -> Repository:
        """A copy in memory, to try changes on: what is written to it goes nowhere."""
        self._refresh()
        twin = Repository(self.server, self._layers)
        if self._database is not None:
            twin._database = self._database.copied()
        return twin

    def close(self) -> None:
        """Lets the file go. What is being written goes on; a repository that is used again opens it again."""
        timer = None if self._resting is None else self._resting()
        if timer is not None:
            timer.cancel()
        self._resting = None
        if self._database is not None and self.file is not None:
            self._database.close()
            self._database = None
        if self._writer is not None and self.file is not None:
            self._writer.close()
            self._writer = None
            self._under_way = 0
        if self._let_go is not None and self._threads is not None:
            self._let_go.detach()
            self._threads.close()
            self._threads = _threads()
        self._turn = 0
        self._forget()

    def _given(self, change: Change) -> asyncio.Future[Any]:
        """Hands a change to the writer; what comes of it."""
        from openwmi.repository.writer import Job  # noqa: PLC0415 - see the imports above

        writer = self._writer or self._start()
        job = Job(change, asyncio.get_running_loop().create_future())
        self._under_way += 1
        if self._threads is None:
            writer.add(job)
            writer.run()
        elif writer.add(job):
            self._threads.run(writer.run)
        return job.future

    def _start(self) -> Writer:
        from openwmi.repository.writer import Writer  # noqa: PLC0415 - see the imports above

        memory = self._database if self.file is None else None
        writer = self._writer = Writer(self.file, self._layers, self.server, _weakly(self._written), memory)
        writer.interests = self._interests
        self._let_go = finalize(self, _let_go, writer, self._threads)
        return writer

    # ------------------------------------------------------------------------------------------------- what was written

    def _written(self, writer: Writer, turn: int, jobs: list[Job], changes: Changes) -> None:
        """On the thread that writes."""
        if self._threads is None:
            self._settle(writer, turn, jobs, changes)
            return
        for loop, own in _by_loop(jobs).items():
            with suppress(RuntimeError):  # of a loop that was closed meanwhile: nobody waits any more
                loop.call_soon_threadsafe(self._settle, writer, turn, own, changes)

    def _settle(self, writer: Writer, turn: int, jobs: list[Job], changes: Changes) -> None:
        if writer is self._writer:  # or else it was closed with work under way, and nothing is known any more
            self._under_way -= len(jobs)
            if turn and turn == writer.turn:  # or else somebody may have written since
                self._adopt(writer, turn, changes)
        self._tell(changes)
        for job in jobs:
            error, job.error = job.error, None  # whose traceback has the job in it
            if job.future.done():
                if error is not None:
                    log.warning("a change that nobody waits for any more has failed: %s", error)
            elif error is None:
                job.future.set_result(job.result)
            elif isinstance(error, Exception) and not isinstance(error, StopIteration):
                job.future.set_exception(error)
            else:
                job.future.set_exception(RuntimeError(f"{error!r} out of a change"))

    def _tell(self, changes: Changes) -> None:
        if self._watcher is None:
            return
        try:
            self._watcher(changes)
        except Exception as error:  # noqa: BLE001 - what was written is written, and its callers go on
            log_bug(log, "whoever watches the repository failed", error)

    def _adopt(self, writer: Writer, turn: int, changes: Changes) -> None:
        """What is known here becomes what is in the file now."""
        if self._turn != turn:
            self._forget()
            self._turn = turn
        if self.file is None:
            self._database = writer.database
        for folded, schema in changes.schemas.items():
            if schema is None:
                self._schemas.pop(folded, None)
            else:
                self._schemas[folded] = schema
        if changes.schemas:
            self._cool()
        else:
            self._hot.drop(changes.rows)
        if changes.names is not None:
            self._names = changes.names
        if self.file is not None:
            self._rest_later(asyncio.get_running_loop())

    def _rest_later(self, loop: asyncio.AbstractEventLoop) -> None:
        self._busy_until = loop.time() + REPOSITORY_REST_SECONDS
        if self._resting is None or self._resting() is None:
            self._resting = ref(loop.call_later(REPOSITORY_REST_SECONDS, self._rest, loop))

    def _rest(self, loop: asyncio.AbstractEventLoop) -> None:
        """Nothing was written for a while: another program may."""
        self._resting = None
        if self._writer is None:
            return
        left = self._busy_until - loop.time()
        if left > 0 or self._under_way:
            self._resting = ref(loop.call_later(max(left, REPOSITORY_REST_SECONDS / 2), self._rest, loop))
            return
        if self._turn and self._writer.turn == self._turn:  # else another program has written since, which is noticed
            self._disown()
        self._writer.rest()

    # -------------------------------------------------------------------------------------------- what others may write

    def _refresh(self) -> None:
        """Notices what another program has written, or that there is a file now, or another one."""
        if self.file is None:
            return
        if self._turn:
            if self._writer is not None and self._writer.turn == self._turn:
                if self._database is None:
                    self._open()
                return
            self._turn = 0
            self._version = ()
        if self._database is not None and self._database.moved:
            self._database = None
            self._forget()
        if self._database is None:
            self._open()
            return
        version = self._database.version
        if version != self._version:
            self._forget()
            self._version = version

    def _disown(self) -> None:
        """Before another program may write: what is known is that of now."""
        if self._database is None or self._database.moved:
            self._database = None
            self._forget()
            self._open()
        if self._database is not None:
            self._version = self._database.version
        self._turn = 0

    def _open(self) -> None:
        assert self.file is not None
        try:
            self.file.stat()
        except FileNotFoundError:
            return  # without SQLite
        except OSError:
            pass  # what is wrong is said below
        from openwmi.repository.opening import open_reading  # noqa: PLC0415 - see the imports above

        self._database = open_reading(self.file)
        if self._database is not None:
            self._forget()
            self._version = self._database.version

    def _forget(self) -> None:
        self.rumours += 1
        self._names = None
        self._schemas = {}
        self._cool()

    def _cool(self) -> None:
        self._hot.retire()
        self._hot = Hot()

    def _known(self) -> Names:
        if self._names is None:
            self._names = loading.namespaces(self._layers, self._database)
        return self._names


def _weakly(method: Publish) -> Publish:
    """Calls the method as long as its object is wanted by somebody else."""
    weak = WeakMethod(method)

    def call(writer: Writer, turn: int, jobs: list[Job], changes: Changes) -> None:
        strong = weak()
        if strong is not None:
            strong(writer, turn, jobs, changes)

    return call


def _threads() -> Workers:
    return Workers("openwmi-repository", 1)


def _let_go(writer: Writer, threads: Workers | None) -> None:
    """When the repository is not wanted any more."""
    writer.close()
    if threads is not None:
        threads.close()


def _by_loop(jobs: list[Job]) -> dict[asyncio.AbstractEventLoop, list[Job]]:
    found: dict[asyncio.AbstractEventLoop, list[Job]] = {}
    for job in jobs:
        found.setdefault(job.future.get_loop(), []).append(job)
    return found
