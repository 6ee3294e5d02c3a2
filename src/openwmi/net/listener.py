"""Listening for TCP connections, and what those who accept them ask of TCP."""

from __future__ import annotations

import asyncio
import contextlib
import errno
import ipaddress
import os
import socket
import ssl
import struct
from collections.abc import Callable
from typing import NamedTuple

from openwmi.base.error import WbemError
from openwmi.base.limits import TLS_HANDSHAKE_SECONDS
from openwmi.base.status import WbemStatus
from openwmi.net.keepalive import keep_alive

BACKLOG = 256
ACCEPTING_TURNS = 3
PORT_DIGITS = 5
QUICK: int | None = getattr(socket, "TCP_QUICKACK", None)  # Linux alone has it


class Address(NamedTuple):
    """Where to listen: port 0 is any free one, and no host is every address of this machine, written `*`."""

    host: str
    port: int

    def __str__(self) -> str:
        return f"[{self.host}]:{self.port}" if ":" in self.host else f"{self.host or '*'}:{self.port}"


def parse_address(text: str, default_port: int) -> Address:
    """`host`, `host:port`, `[v6]:port` or `[v6]`, with `*` for every address. WbemError(INVALID_PARAMETER)."""
    host, port = text, str(default_port)
    if text.startswith("["):
        host, bracket, rest = text[1:].partition("]")
        if bracket and (not rest or rest.startswith(":")):
            port = rest[1:] if rest else port
        else:
            host = ""
    elif text.count(":") == 1:
        host, _, port = text.partition(":")
    # A name without brackets that has colons is an address of IPv6, or none.
    number = int(port) if port.isascii() and port.isdecimal() and len(port) <= PORT_DIGITS else -1
    if not host or not host.isprintable() or not 0 <= number <= 0xFFFF or (":" in host and not _is_ipv6(host)):
        raise WbemError(
            WbemStatus.INVALID_PARAMETER,
            f"{text!r} is no address to listen at: it is HOST:PORT, such as 127.0.0.1:135 or [::1]:135",
        )
    return Address("" if host == "*" else host, number)


class Listener:
    """An open port. `address` is where it really listens."""

    def __init__(self, server: asyncio.Server, address: Address) -> None:
        self._server = server
        self.address = address

    async def close(self) -> None:
        """Takes no more connections; those that are open stay open."""
        # One that asyncio accepts in this very turn of the loop begins in the next: on a server that is closed by then
        # it fails an assertion of asyncio's, and its socket is forgotten.
        for _ in range(ACCEPTING_TURNS):
            await asyncio.sleep(0)
        self._server.close()


async def listen(
    protocol: Callable[[], asyncio.Protocol], address: Address, *, tls: ssl.SSLContext | None = None
) -> Listener:
    """Listens, at all addresses of this machine where the host is empty, and with TLS where that is given.

    TCP keep-alive is on for each connection, so that a client whose machine vanished is noticed.

    WbemError(ACCESS_DENIED) where the port needs a right that is missing, WbemError(FAILED) where it is in use or the
    address is not ours.
    """
    try:
        server = await _listen(protocol, address.host, address.port, tls)
        port = server.sockets[0].getsockname()[1]
        if len({listening.getsockname()[1] for listening in server.sockets}) > 1:
            # "Any free port" of a name with several addresses is another one for each: all take the first one's.
            server.close()
            server = await _listen(protocol, address.host, port, tls)
    except OSError as error:
        raise _explained(error, address) from error
    except ValueError as error:  # such as a part of a name that is longer than a name's part may be
        raise WbemError(WbemStatus.FAILED, f"{address.host!r} is no name of a machine: {error}") from error
    for listening in server.sockets:  # what is accepted inherits it
        keep_alive(listening)
    return Listener(server, Address(address.host, port))


async def listen_at(
    protocol: Callable[[], asyncio.Protocol],
    address: Address,  # noqa: ARG001 - so that it can stand where `listen` does
    *,
    listening: socket.socket,
) -> Listener:
    """As `listen`, at a socket that somebody else has opened and that listens already. `address` is not looked at."""
    server = await asyncio.get_running_loop().create_server(protocol, sock=listening, backlog=BACKLOG)
    keep_alive(listening)
    host, port, *_ = listening.getsockname()
    return Listener(server, Address(host, port))


def acknowledge(transport: asyncio.BaseTransport) -> None:
    """Tells the peer's TCP at once that its octets came, where the system can.

    For messages that get no answer: many peers hold the next one back until then (Nagle), while systems wait some 40 ms
    for an answer that the acknowledgement could travel with.
    """
    sock = transport.get_extra_info("socket")
    if QUICK is not None and sock is not None:
        with contextlib.suppress(OSError):  # the connection is over
            sock.setsockopt(socket.IPPROTO_TCP, QUICK, 1)


def reset_when_closed(transport: asyncio.BaseTransport) -> None:
    """Closing it now tells the peer that nobody listens any more, and not only that nobody speaks (TCP's RST)."""
    sock = transport.get_extra_info("socket")
    if sock is not None:
        with contextlib.suppress(OSError):  # the connection is over
            sock.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))


async def _listen(
    protocol: Callable[[], asyncio.Protocol], host: str, port: int, tls: ssl.SSLContext | None
) -> asyncio.Server:
    return await asyncio.get_running_loop().create_server(
        protocol,
        host,
        port,
        backlog=BACKLOG,
        ssl=tls,
        ssl_handshake_timeout=None if tls is None else TLS_HANDSHAKE_SECONDS,
    )


def _is_ipv6(host: str) -> bool:
    try:
        ipaddress.IPv6Address(host)
    except ValueError:
        return False
    return True


def _explained(error: OSError, address: Address) -> WbemError:
    if error.errno in {errno.EACCES, errno.EPERM}:
        return WbemError(
            WbemStatus.ACCESS_DENIED,
            f"no right to listen at {address}: ports below 1024 need root or CAP_NET_BIND_SERVICE; choose a higher one",
        )
    if error.errno == errno.EADDRINUSE:
        return WbemError(WbemStatus.FAILED, f"{address} is in use: something else listens there; choose another port")
    if error.errno == errno.EADDRNOTAVAIL or isinstance(error, socket.gaierror):
        return WbemError(WbemStatus.FAILED, f"{address.host} is not an address of this machine")
    reason = os.strerror(error.errno) if error.errno else str(error)
    return WbemError(WbemStatus.FAILED, f"cannot listen at {address}: {reason}")
