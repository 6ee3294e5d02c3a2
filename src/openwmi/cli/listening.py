"""What the commands that serve other machines have in common: a port, a resolver that is shared, an end by SIGTERM."""

from __future__ import annotations

import asyncio
import secrets
import signal
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any, Protocol

import click

from openwmi.cli.failure import complain
from openwmi.cli.stream import Out
from openwmi.dcom import Registry
from openwmi.net import Address, listen_unix


class Listening(Protocol):
    """What serves; openwmi.server has two of them."""

    async def listen(self, address: Address) -> Address: ...
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


async def until_ended(server: Listening, address: Address, said: Callable[[Address], str], out: Out) -> None:
    """Serves until SIGTERM comes. The address is a line of `out`, and what is said of it goes to standard error."""
    ended = asyncio.Event()
    asyncio.get_running_loop().add_signal_handler(signal.SIGTERM, ended.set)
    try:
        where = await server.listen(address)
        complain(said(where))
        out.write(f"{where}\n")
        out.flush()
        await ended.wait()
    finally:
        await server.close()
