"""Runs a command's work against a namespace, with its rows going to standard output."""

from __future__ import annotations

import asyncio
import logging
import re
from collections.abc import AsyncIterator, Awaitable, Callable, Iterator
from contextlib import asynccontextmanager, contextmanager, nullcontext
from dataclasses import replace
from typing import Any

import click

from openwmi.base.error import AccessDenied, Timeout, Unreachable, WbemError
from openwmi.base.status import WbemStatus
from openwmi.cli.access import AT_ONCE, HERE, Target
from openwmi.cli.failure import DONE, NoEntry, SomeFailed, complain
from openwmi.cli.hosted import HostWriter
from openwmi.cli.login import Login
from openwmi.cli.modes import MODES, Take, Verb
from openwmi.cli.options import Settings
from openwmi.cli.output import Writer, writer_for
from openwmi.cli.progress import Progress
from openwmi.cli.several import Several
from openwmi.cli.stream import ClosedPipe, standard_output
from openwmi.cli.values import one_line
from openwmi.locator import connect
from openwmi.model import CimClass, ObjectPath, parse_namespace
from openwmi.session import Namespace

Work = Callable[["Caller"], Awaitable[None]]


class EnoughError(Exception):
    """A command has what it wanted; whoever still works for it may stop."""


class Caller:
    """Makes calls as the settings say, and hands their objects to the writer.

    Attributes:
        namespace: the name of the namespace, such as `root\\cimv2`.
        writer: writes rows.
        host: the machine, where there are several.
    """

    def __init__(self, ns: Namespace, settings: Settings, writer: HostWriter, host: str | None = None) -> None:
        self._ns = ns.options(timeout=settings.timeout)
        self._settings = settings
        self._make = MODES[settings.mode]
        self.namespace = ns.name
        self.writer = writer
        self.host = host

    async def show(self, verb: Verb) -> None:
        """Writes the objects of a call as they come."""
        await self.each(verb, self.writer.write)

    async def each(self, verb: Verb, take: Take) -> None:
        """Gives the objects of a call to `take` as they come."""
        await self._make(self._ns, verb, take)

    async def fetch(self, verb: Verb) -> list[Any]:
        """The objects of a call."""
        objects: list[Any] = []
        await self.each(verb, objects.extend)
        return objects

    async def fetch_class(self, path: str) -> CimClass:
        """The class at a path. INVALID_CLASS for what is the path of an instance, or none."""
        if not _NAMES_A_CLASS.search(path):
            raise WbemError(WbemStatus.INVALID_CLASS, f"{path!r} is not the name of a class")
        (found,) = await self.fetch(lambda ns: ns.get(path))
        assert isinstance(found, CimClass)
        return found

    async def has_any(self, verb: Verb) -> bool:
        """Whether a call has a result; the others are not waited for."""
        async with verb(self._ns) as operation:
            return bool(await operation.next(1))

    def full(self, path: ObjectPath) -> ObjectPath:
        """The path with the machine and the namespace that it is of."""
        return replace(path, server=self.host, namespace=self.namespace)

    @asynccontextmanager
    async def within(self, name: str) -> AsyncIterator[Caller]:
        """The same in a namespace within this one."""
        (inner,) = await self.fetch(lambda ns: ns.namespace(name))
        async with inner:
            yield Caller(inner, self._settings, self.writer, self.host)


_NAMES_A_CLASS = re.compile(r"(?:^|:)\w+$")


def run(
    settings: Settings,
    work: Work,
    *,
    on_terminal: str,
    elsewhere: str = "jsonl",
    columns: tuple[str, ...] | None = None,
    endless: bool = False,
) -> None:
    """Connects, works and closes; at each machine that was named.

    Args:
        settings: the options.
        work: makes the calls. EnoughError ends it everywhere.
        on_terminal, elsewhere: the format where none was asked for.
        columns: the properties to show, in their order; None for all.
        endless: it goes on until somebody ends it: all machines are worked at, failures told when they happen, and
            rows are whole when it is interrupted.

    Raises: WbemError, NoEntry, SomeFailed, UsageError, ClosedPipe, CannotWrite.
    """
    # A failure is one line. Without a handler of ours Python prints what the library logs about it as well.
    logging.getLogger("openwmi").addHandler(logging.NullHandler())
    access = settings.access
    targets = access.targets(settings.namespace)
    if targets != (HERE,) and settings.repository is not None:
        raise click.UsageError("--repository is a file of this machine, and --host asks another one")
    login = Login() if targets == (HERE,) else access.login()
    out = standard_output()
    format_ = settings.format or (on_terminal if out.is_terminal else elsewhere)
    writer = writer_for(format_, out, columns, hosted=access.several)
    running = _Running(settings, login, work, writer, endless=endless)
    with _warnings("openwmi.client", *(("openwmi.engine",) if endless else ())):
        if access.several:
            limit = len(targets) if endless else access.at_once or AT_ONCE
            several = Several(targets, limit, told_at_once=endless)
            asyncio.run(running.everywhere(several))
            if writer.count or several.any_answered:
                writer.close()
            status = several.report()
            if status != DONE:
                raise SomeFailed(status)
            return
        try:
            asyncio.run(running.at(targets[0]))
        except WbemError:
            if writer.count:  # what came before the failure is not withheld
                writer.close()
            raise
        writer.close()


class _Running:
    """A command under way."""

    def __init__(self, settings: Settings, login: Login, work: Work, writer: Writer, *, endless: bool) -> None:
        self._settings = settings
        self._login = login
        self._work = work
        self._writer = writer
        self._endless = endless
        self._is_closed = False

    async def at(self, target: Target) -> None:
        """At the only machine."""
        with Progress(self._writer), self._ends():
            await self._at(target, None)

    async def everywhere(self, several: Several) -> None:
        """At several ones."""
        try:
            with Progress(self._writer, lambda: several.progress), self._ends():
                await several.work(lambda target: self._at(target, target.name))
        except asyncio.CancelledError:
            several.report()
            raise

    async def _at(self, target: Target, host: str | None) -> None:
        async with await self._connect(target) as ns:
            await self._work(Caller(ns, self._settings, HostWriter(self._writer, host), host))

    async def _connect(self, target: Target) -> Namespace:
        settings, login = self._settings, self._login
        server, namespace = parse_namespace(settings.namespace)
        try:
            if target.host is None:
                return await connect(settings.namespace, repository=settings.repository)
            return await connect(
                namespace,
                host=target.host,
                port=target.port,
                user=login.user,
                password=login.password,
                timeout=settings.timeout,
            )
        except (AccessDenied, Timeout, Unreachable) as error:
            if target.host is None and server is None:
                raise  # nobody logs in to this machine: it is a file that cannot be read
            raise NoEntry(error) from None

    @contextmanager
    def _ends(self) -> Iterator[None]:
        """Whatever ends the work early: enough of it, Ctrl-C, a reader that goes away."""
        out, task = self._writer.out, asyncio.current_task()
        assert task is not None

        def reader_gone() -> None:
            self._is_closed = True
            task.cancel()

        try:
            with out.reader_watched(reader_gone) if self._endless else nullcontext():
                yield
        except EnoughError:
            return
        except asyncio.CancelledError:
            if self._is_closed:
                raise ClosedPipe from None
            if self._endless:
                self._writer.close()  # Ctrl-C: what was written is whole all the same
            raise


@contextmanager
def _warnings(*names: str) -> Iterator[None]:
    """What goes otherwise than was asked for, such as a poll that failed, is said on standard error."""
    logs, handler = [logging.getLogger(name) for name in names], _Complaints(logging.WARNING)
    for log in logs:
        log.addHandler(handler)
    try:
        yield
    finally:
        for log in logs:
            log.removeHandler(handler)


class _Complaints(logging.Handler):
    def emit(self, record: logging.LogRecord) -> None:
        if record.levelno == logging.WARNING:  # an error is a bug of somebody's, with its place in the source
            complain(one_line(record.getMessage()))
