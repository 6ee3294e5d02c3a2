"""Opening TCP connections, with errors that say which machine did not answer."""

from __future__ import annotations

import asyncio
import os
import socket
import ssl
from collections.abc import Callable
from typing import Final, TypeVar

from openwmi.base.error import Unreachable
from openwmi.base.limits import KEEP_ALIVE_INTERVAL_SECONDS, KEEP_ALIVE_PROBES, KEEP_ALIVE_SECONDS
from openwmi.base.status import HResult
from openwmi.net.keepalive import keep_alive

P = TypeVar("P", bound=asyncio.Protocol)


async def connect(
    protocol: Callable[[], P], host: str, port: int, timeout: float, *, tls: ssl.SSLContext | None = None
) -> tuple[asyncio.BaseTransport, P]:
    """Opens a connection within `timeout` seconds, finding the host's address included. Unreachable.

    Where the system can, the connection is lost when the other machine has not been heard of for two minutes, though
    nothing be asked: whoever only waits to hear something would wait for ever.

    `tls` has whom to trust: ssl.SSLError where the other end is not such a one.
    """
    where = f"{host}:{port}"
    try:
        async with asyncio.timeout(timeout):
            transport, made = await asyncio.get_running_loop().create_connection(protocol, host, port, ssl=tls)
    except TimeoutError:
        raise _unreachable(f"{where} did not answer within {timeout:g} s") from None
    except socket.gaierror as error:
        raise _unreachable(f"no address is known for {host}: {error.strerror}") from None
    except ssl.SSLError:
        raise
    except OSError as error:
        reason = os.strerror(error.errno) if error.errno else str(error)
        raise _unreachable(f"{where}: {reason}") from None
    except ValueError as error:  # such as a part of a name that is longer than a name's part may be
        raise _unreachable(f"{host!r} is no name of a machine: {error}") from None
    opened = transport.get_extra_info("socket")
    if opened is not None:
        keep_alive(opened, _UNANSWERED)
    return transport, made


async def look_up(host: str, timeout: float) -> tuple[str, ...]:
    """The addresses of a machine, as numbers; none where nobody knows them, or not within `timeout` seconds."""
    try:
        async with asyncio.timeout(timeout):
            found = await asyncio.get_running_loop().getaddrinfo(host, None, type=socket.SOCK_STREAM)
    except (OSError, ValueError):  # a TimeoutError is an OSError, and names may be longer than they may be
        return ()
    return tuple(dict.fromkeys(str(address[0]) for *_, address in found))


_UNANSWERED: Final = {
    "TCP_USER_TIMEOUT": 1000 * (KEEP_ALIVE_SECONDS + KEEP_ALIVE_PROBES * KEEP_ALIVE_INTERVAL_SECONDS),
}
"""For what was sent, and not acknowledged: no probes are sent then."""


def _unreachable(text: str) -> Unreachable:
    return Unreachable(HResult.RPC_S_SERVER_UNAVAILABLE, text)
