"""Runs a command's work against a namespace, with its rows going to standard output."""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Awaitable, Callable
from typing import Any

from openwmi.base.error import AccessDenied, WbemError
from openwmi.cli.failure import LoginRefused
from openwmi.cli.modes import MODES, Verb
from openwmi.cli.options import Settings
from openwmi.cli.output import Writer, writer_for
from openwmi.cli.progress import Progress
from openwmi.cli.stream import standard_output
from openwmi.locator import connect
from openwmi.session import Namespace


class Caller:
    """Makes calls as the settings say, and hands their objects to the writer."""

    def __init__(self, ns: Namespace, settings: Settings, writer: Writer) -> None:
        self._ns = ns.options(timeout=settings.timeout)
        self._make = MODES[settings.mode]
        self.writer = writer

    async def show(self, verb: Verb) -> None:
        """Writes the objects of a call as they come."""
        await self._make(self._ns, verb, self.writer.write)

    async def fetch(self, verb: Verb) -> list[Any]:
        """The objects of a call."""
        objects: list[Any] = []
        await self._make(self._ns, verb, objects.extend)
        return objects


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
            ns = await connect(settings.namespace)
        except AccessDenied as error:
            raise LoginRefused(error) from None
        async with ns:
            await work(Caller(ns, settings, writer))
