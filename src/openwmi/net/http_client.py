"""Sending one request of HTTP, and reading its response."""

from __future__ import annotations

import asyncio
import ssl
from collections.abc import Awaitable, Callable
from typing import Protocol, cast

from openwmi.base.error import Timeout, Unreachable, WbemError
from openwmi.base.fault import RemoteProtocolError
from openwmi.base.status import WbemStatus
from openwmi.net import connector
from openwmi.net.http import Exchange, Request, Response, Url

Factory = Callable[[], asyncio.Protocol]


class Connect(Protocol):
    """What opens a connection: `openwmi.net.connect`, or that of a network in memory."""

    def __call__(
        self, protocol: Factory, host: str, port: int, timeout: float, /
    ) -> Awaitable[tuple[asyncio.BaseTransport, asyncio.Protocol]]: ...


async def exchange(
    url: Url,
    request: Request,
    *,
    timeout: float,
    limit: int,
    tls: ssl.SSLContext | None = None,
    connect: Connect | None = None,
) -> Response:
    """Sends a request on a connection of its own, and reads the response. Follows no redirection.

    Args:
        timeout: seconds for all of it.
        limit: octets that the body of the response may have; beyond, nothing more is read.
        tls: for https, whom to trust and who to be; None is what the system trusts.
        connect: what opens the connection; TLS is then its own affair.

    Raises: Unreachable; Timeout; WbemError(FAILED) for what is no response.
    """
    where = url.authority
    client: _Client | None = None
    try:
        async with asyncio.timeout(timeout):
            client = await _connected(url, Exchange(url, request, limit), timeout, tls, connect)
            return await client.response
    except TimeoutError as error:
        if isinstance(error, WbemError):
            raise
        raise Timeout(WbemStatus.TIMED_OUT, f"{where} did not answer within {timeout:g} s") from None
    except RemoteProtocolError as error:
        raise WbemError(WbemStatus.FAILED, f"{where}: {error}") from None
    except ssl.SSLError as error:
        raise Unreachable(WbemStatus.TRANSPORT_FAILURE, f"{where} could not be trusted: {error}") from None
    except ConnectionError as error:
        if isinstance(error, WbemError):
            raise
        raise Unreachable(WbemStatus.TRANSPORT_FAILURE, f"the connection to {where} was lost") from None
    finally:
        if client is not None:
            client.close()


async def _connected(
    url: Url, exchanged: Exchange, timeout: float, tls: ssl.SSLContext | None, connect: Connect | None
) -> _Client:
    def client() -> _Client:
        return _Client(exchanged)

    if connect is not None:
        _, made = await connect(client, url.host, url.port, timeout)
        return cast(_Client, made)
    context = (tls or ssl.create_default_context()) if url.secure else None
    _, found = await connector.connect(client, url.host, url.port, timeout, tls=context)
    return found


class _Client(asyncio.Protocol):
    """Sends the request once there is a connection. `response` is its end."""

    def __init__(self, exchanged: Exchange) -> None:
        self._exchange = exchanged
        self._transport: asyncio.Transport | None = None
        self.response: asyncio.Future[Response] = asyncio.get_running_loop().create_future()

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        self._transport = cast(asyncio.Transport, transport)
        self._transport.write(self._exchange.encode())

    def data_received(self, data: bytes) -> None:
        if self.response.done():
            return
        try:
            self._exchange.receive(data)
        except RemoteProtocolError as error:
            self.response.set_exception(error)
            self.close()
        else:
            if self._exchange.response is not None:
                self.response.set_result(self._exchange.response)

    def eof_received(self) -> None:
        self.data_received(b"")

    def connection_lost(self, exc: Exception | None) -> None:
        if not self.response.done():
            self.response.set_exception(exc or ConnectionResetError())

    def close(self) -> None:
        """Nobody waits for the rest."""
        self.response.cancel()
        if self._transport is not None:
            self._transport.abort()
