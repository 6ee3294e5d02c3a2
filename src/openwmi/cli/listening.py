"""What the commands that serve other machines have in common: a port, a resolver that is shared, an end by a signal."""

from __future__ import annotations

import asyncio
import secrets
import signal
from collections.abc import AsyncIterator, Awaitable, Callable, Coroutine, Iterator
from contextlib import AbstractContextManager, asynccontextmanager, contextmanager, nullcontext
from functools import partial
from pathlib import Path
from typing import Any, Protocol

import click

from openwmi.base.limits import STOP_SECONDS
from openwmi.cli.journal import Say
from openwmi.cli.stream import Out
from openwmi.cli.systemd import Manager
from openwmi.dcom import Registry
from openwmi.net import Address, listen_at, listen_unix
from openwmi.server import OpenPort

STATUS_SECONDS = 10.0
PATIENCE_SECONDS = 0.5
"""An end that takes no longer needs no word."""


class Listening(Protocol):
    """What serves; openwmi.server has two of them."""

    async def listen(self, address: Address, *, open_port: OpenPort | None = None) -> Address: ...
    async def close(self) -> None: ...


def resolver_socket_option(*, required: bool = False) -> Callable[[Any], Any]:
    """`--resolver-socket FILE`."""
    return click.option(
        "--resolver-socket",
        metavar="FILE",
        type=click.Path(path_type=Path),
        required=required,
        help="A socket to make, at which other processes of this user share this one's resolver.",
    )


@asynccontextmanager
async def sharing(socket: Path | None) -> AsyncIterator[Registry | None]:
    """The processes that share the resolver, by this socket; None where there is none. WbemError."""
    if socket is None:
        yield None
        return
    registry = Registry(secrets.token_bytes)
    listener = await listen_unix(registry, socket)
    try:
        yield registry
    finally:
        await listener.close()


class Service:
    """Serves until a signal comes: SIGTERM, or Ctrl-C. A second one ends the process at once.

    Args:
        server: what serves.
        out: gets the address as a line.
        say: tells whoever started it the rest.
        manager: the service manager.
        stop: ends what is under way, in so many seconds.
        more: opens what else there is to open, before clients can connect.
        shown: what is to be seen meanwhile.
        status: how the server does, in a line.
    """

    def __init__(
        self,
        server: Listening,
        out: Out,
        say: Say,
        manager: Manager,
        *,
        stop: Callable[[float], Coroutine[Any, Any, None]] | None = None,
        more: Callable[[], Awaitable[None]] | None = None,
        shown: AbstractContextManager[object] | None = None,
        status: Callable[[], str] | None = None,
    ) -> None:
        self._server = server
        self._out = out
        self._say = say
        self._manager = manager
        self._stop = stop
        self._more = more
        self._shown = nullcontext() if shown is None else shown
        self._status = status

    async def run(self, address: Address, said: Callable[[Address], str]) -> None:
        """Listens at the sockets that the service manager opened, else at `address`. `said`: what is said of that.

        KeyboardInterrupt at the end if it was Ctrl-C.
        """
        ended: asyncio.Future[int] = asyncio.get_running_loop().create_future()
        with _signals(ended):
            try:
                if self._more is not None:
                    await self._more()
                where = await self._listen(address)
                self._say("serving", said(where))
                self._out.write(f"{where}\n")
                self._out.flush()
                self._manager.ready()
                with self._shown, self._told():
                    number = await ended
                self._manager.stopping()
                if self._stop is not None:
                    await self._end(asyncio.ensure_future(self._stop(STOP_SECONDS)))
            finally:
                await self._server.close()
        if number == signal.SIGINT:
            raise KeyboardInterrupt

    async def _end(self, stopping: asyncio.Future[None]) -> None:
        if not (await asyncio.wait([stopping], timeout=PATIENCE_SECONDS))[0]:
            self._say("stopping", "stopping: waiting for those whose calls are cancelled; a second signal does not")
        await stopping

    async def _listen(self, address: Address) -> Address:
        own = [opened.socket for opened in self._manager.sockets if opened.name not in NAMED]
        if not own:
            return await self._server.listen(address)
        found = [await self._server.listen(address, open_port=partial(listen_at, listening=each)) for each in own]
        return found[0]

    @contextmanager
    def _told(self) -> Iterator[None]:
        """The service manager hears now and then that the loop turns, and how the server does."""
        loop = asyncio.get_running_loop()
        timers: dict[str, asyncio.TimerHandle] = {}

        def each(seconds: float, name: str, tell: Callable[[], object]) -> None:
            tell()
            timers[name] = loop.call_later(seconds, each, seconds, name, tell)

        if self._manager.watchdog is not None:
            each(self._manager.watchdog, "watchdog", self._manager.alive)
        if self._manager.told and self._status is not None:
            status = self._status
            each(STATUS_SECONDS, "status", lambda: self._manager.status(status()))
        try:
            yield
        finally:
            for timer in timers.values():
                timer.cancel()


OBJECTS, METRICS = "objects", "metrics"
NAMED = frozenset({OBJECTS, METRICS})
"""Sockets of these names (FileDescriptorName=) are for that; any other one is where clients connect."""


@contextmanager
def _signals(ended: asyncio.Future[int]) -> Iterator[None]:
    """The first signal is the result of `ended`; the next one does what it does to any process."""
    loop = asyncio.get_running_loop()
    # What runs in the background of a shell ignores Ctrl-C, and goes on doing so.
    found = {number: signal.getsignal(number) for number in (signal.SIGTERM, signal.SIGINT)}
    before = {number: handler for number, handler in found.items() if handler != signal.SIG_IGN}

    def first(number: int) -> None:
        ended.set_result(number)
        for each in before:
            loop.remove_signal_handler(each)
            signal.signal(each, signal.SIG_DFL)

    for number in before:
        loop.add_signal_handler(number, first, number)
    try:
        yield
    finally:
        for number, handler in before.items():
            loop.remove_signal_handler(number)
            signal.signal(number, handler)
