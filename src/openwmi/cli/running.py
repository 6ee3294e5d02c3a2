"""Runs a command's work against a namespace, with its rows going to standard output."""

from __future__ import annotations

import asyncio
import logging
import re
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager
from typing import Any

from openwmi.base.error import AccessDenied, WbemError
from openwmi.base.status import WbemStatus
from openwmi.cli.failure import LoginRefused
from openwmi.cli.modes import MODES, Take, Verb
from openwmi.cli.options import Settings
from openwmi.cli.output import Writer, writer_for
from openwmi.cli.progress import Progress
from openwmi.cli.stream import standard_output
from openwmi.locator import connect
from openwmi.model import CimClass, parse_namespace
from openwmi.session import Namespace


class Caller:
    """Makes calls as the settings say, and hands their objects to the writer.

    Attributes:
        namespace: the name of the namespace, such as `root\\cimv2`.
        writer: writes rows.
    """

    def __init__(self, ns: Namespace, settings: Settings, writer: Writer) -> None:
        self._ns = ns.options(timeout=settings.timeout)
        self._settings = settings
        self._make = MODES[settings.mode]
        self.namespace = ns.name
        self.writer = writer

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

    @asynccontextmanager
    async def within(self, name: str) -> AsyncIterator[Caller]:
        """The same in a namespace within this one."""
        (inner,) = await self.fetch(lambda ns: ns.namespace(name))
        async with inner:
            yield Caller(inner, self._settings, self.writer)


_NAMES_A_CLASS = re.compile(r"(?:^|:)\w+$")


def run(
    settings: Settings,
    work: Callable[[Caller], Awaitable[None]],
    *,
    on_terminal: str,
    elsewhere: str = "jsonl",
    columns: tuple[str, ...] | None = None,
) -> None:
    """Connects, works and closes.

    Args:
        settings: the options.
        work: makes the calls.
        on_terminal, elsewhere: the format where none was asked for.
        columns: the properties to show, in their order; None for all.

    Raises: WbemError, LoginRefused, ClosedPipe, CannotWrite.
    """
    # A failure is one line. Without a handler of ours Python prints what the library logs about it as well.
    logging.getLogger("openwmi").addHandler(logging.NullHandler())
    out = standard_output()
    writer = writer_for(settings.format or (on_terminal if out.is_terminal else elsewhere), out, columns)
    try:
        asyncio.run(_work(settings, work, writer))
    except WbemError:
        if writer.count:  # what came before the failure is not withheld
            writer.close()
        raise
    writer.close()


async def _work(settings: Settings, work: Callable[[Caller], Awaitable[None]], writer: Writer) -> None:
    with Progress(writer):
        try:
            ns = await connect(settings.namespace, repository=settings.repository)
        except AccessDenied as error:
            if parse_namespace(settings.namespace)[0] is None:
                raise  # nobody logs in to this machine: it is a file that cannot be read
            raise LoginRefused(error) from None
        async with ns:
            await work(Caller(ns, settings, writer))
