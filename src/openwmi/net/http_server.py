"""Serving HTTP: connections that are kept, requests that are short and come quickly, one after the other.

Whoever connects may be anybody. So before a request is read it is known how long it is; who sends it too slowly, or
does not take the response, is cut off; and nobody has more than a few connections.
"""

from __future__ import annotations

import asyncio
import contextlib
import logging
import ssl
from collections import Counter
from collections.abc import Awaitable, Callable
from dataclasses import replace
from http import HTTPStatus
from typing import Protocol, cast

from openwmi.base.error import Unreachable, WbemError
from openwmi.base.fault import RemoteProtocolError
from openwmi.base.limits import (
    HTTP_CONNECTIONS,
    HTTP_CONNECTIONS_PER_PEER,
    HTTP_HEADER_OCTETS,
    HTTP_IDLE_SECONDS,
    HTTP_LINGER_SECONDS,
    HTTP_REQUEST_SECONDS,
    HTTP_STALLED_SECONDS,
    SOAP_ENVELOPE_OCTETS,
)
from openwmi.base.record import log_bug
from openwmi.base.status import WbemStatus
from openwmi.net.http import Pieces, Request, Response
from openwmi.net.http_login import Door, Gate
from openwmi.net.http_pieces import Brake, Inflow
from openwmi.net.http_wire import Session
from openwmi.net.listener import Address, listen

log = logging.getLogger("openwmi.net")

EVERY_ADDRESS = ""
"""As the host of an Address to listen at: all that this machine has, or will have, at one port."""


class Handler(Protocol):
    """What answers: it is told who asks, and at which address of this machine. What it raises is an error of ours."""

    def __call__(self, request: Request, peer: Address, local: Address, /) -> Awaitable[Response]: ...


class Port(Protocol):
    """An open port."""

    @property
    def address(self) -> Address: ...

    async def close(self) -> None: ...


class Listen(Protocol):
    """What opens a port: `openwmi.net.listen`, or that of a network in memory."""

    def __call__(self, protocol: Callable[[], asyncio.Protocol], address: Address, /) -> Awaitable[Port]: ...


class HttpServer:
    """Answers requests until it is closed.

    Args:
        handler: makes the responses.
        limit: octets that the body of a request may have; longer ones are refused.
        streams: says of the head of a request how many octets its body may have where the handler wants it in pieces;
            0 where it is wanted whole.
        gate: what clients have to log in by; None where they need not.
    """

    def __init__(
        self,
        handler: Handler,
        limit: int = SOAP_ENVELOPE_OCTETS,
        streams: Callable[[Request], int] | None = None,
        gate: Gate | None = None,
    ) -> None:
        self.gate = gate
        self.handler = handler
        self.limit = limit
        self.streams = streams
        self._ports: list[Port] = []
        self._connections: set[_Connection] = set()
        self._peers: Counter[str] = Counter()

    async def listen(
        self, address: Address, *, tls: ssl.SSLContext | None = None, listen_with: Listen | None = None
    ) -> Address:
        """Opens a port, and says where; see `openwmi.net.listen` for what it raises."""
        port: Port
        if listen_with is not None:
            port = await listen_with(self._connection, address)
        else:
            port = await listen(self._connection, address, tls=tls)
        self._ports.append(port)
        return port.address

    async def close(self) -> None:
        """Closes the ports, and every connection."""
        for port in self._ports:
            await port.close()
        self._ports.clear()
        for connection in list(self._connections):
            connection.abort()

    def admit(self, connection: _Connection, host: str) -> bool:
        """Whether there is room for one more from that host."""
        if len(self._connections) >= HTTP_CONNECTIONS or self._peers[host] >= HTTP_CONNECTIONS_PER_PEER:
            return False
        self._connections.add(connection)
        self._peers[host] += 1
        return True

    def forget(self, connection: _Connection, host: str) -> None:
        """It is over."""
        self._connections.remove(connection)
        self._peers[host] -= 1
        if not self._peers[host]:
            del self._peers[host]

    def _connection(self) -> asyncio.Protocol:
        return _Connection(self)


class _Connection(asyncio.Protocol):
    """One connection. A single timer says by when the next thing has to happen."""

    def __init__(self, server: HttpServer) -> None:
        self._server = server
        self._loop = asyncio.get_running_loop()
        self._session = Session(server.limit, server.streams)
        self._transport: asyncio.Transport | None = None
        self._peer = self._local = Address("", 0)
        self._admitted = False
        self._began: float | None = None  # when the request that is not whole yet did
        self._timer: asyncio.TimerHandle | None = None
        self._task: asyncio.Task[None] | None = None
        self._inflow: Inflow | None = None
        self._door: Door | None = None
        self._certificate = b""
        self._early = 0  # octets that came while a request was answered
        self._brake = Brake()

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        self._transport = cast(asyncio.Transport, transport)
        self._peer = _address(transport.get_extra_info("peername"))
        self._local = _address(transport.get_extra_info("sockname"))
        secured = transport.get_extra_info("ssl_object")
        if secured is not None:
            self._certificate = secured.getpeercert(True) or b""
        if self._server.gate is not None:
            self._door = self._server.gate(self._peer.host, secured is not None)
        self._admitted = self._server.admit(self, self._peer.host)
        if not self._admitted:
            log.debug("a connection of %s is one too many", self._peer.host)
            self._transport.abort()
            return
        self._transport.set_write_buffer_limits(0)
        self._limit(HTTP_REQUEST_SECONDS)  # whoever connects has something to say

    def data_received(self, data: bytes) -> None:
        if self._session.ended:
            return
        if self._task is not None and self._inflow is None:
            # What is asked meanwhile waits. It is read all the same, up to a limit: so a client that goes is noticed.
            self._early += len(data)
            if self._early > HTTP_HEADER_OCTETS and self._transport is not None:
                self._transport.pause_reading()
        self._handle(self._session.receive(data))
        if self._inflow is not None:
            self._feed(self._inflow)

    def eof_received(self) -> bool:
        self._handle(self._session.receive(b""))
        if self._inflow is not None:
            self._feed(self._inflow)
        return self._task is not None  # what was asked before is answered

    def pause_writing(self) -> None:
        self._brake.pause()
        self._limit(HTTP_STALLED_SECONDS)

    def resume_writing(self) -> None:
        self._brake.resume()
        if self._task is not None:
            self._stop_timer()
        self._rest()

    def connection_lost(self, exc: Exception | None) -> None:  # noqa: ARG002 - the signature is asyncio's
        self._stop_timer()
        self._brake.lose()
        if self._inflow is not None:
            self._inflow.fail(_gone(self._peer))
        if self._task is not None:
            self._task.cancel()
        if self._admitted:
            self._server.forget(self, self._peer.host)

    def abort(self) -> None:
        """Ends it at once."""
        if self._transport is not None:
            self._transport.abort()

    def _handle(self, received: Request | Response | bytes | None) -> None:
        assert self._transport is not None
        while isinstance(received, bytes):  # "go on"
            self._transport.write(received)
            received = self._session.proceed()
        if isinstance(received, Request):
            self._stop_timer()
            self._began = None
            if self._session.streaming:
                received = self._in_pieces(received)
            self._task = self._loop.create_task(self._answer(received))
        elif received is not None:
            self._transport.write(self._session.refuse(received))
            self._transport.close()
        elif self._session.ended and self._task is None and not self._session.streaming:
            self._transport.close()
        elif self._session.amid and self._began is None:
            self._began = self._loop.time()
            self._rest()

    async def _answer(self, request: Request) -> None:
        assert self._transport is not None
        try:
            response = await self._respond(request)
        except Exception as error:  # noqa: BLE001 - whatever it is, the client gets a response
            log_bug(log, "a request of HTTP could not be answered", error)
            response = Response(HTTPStatus.INTERNAL_SERVER_ERROR)
        self._transport.write(self._session.respond(response))
        if response.pieces is not None and not await self._send(response.pieces()):
            return
        self._inflow = self._task = None
        if self._session.ended:
            self._end()
            return
        self._rest()
        self._transport.resume_reading()
        self._early = 0
        self._handle(self._session.proceed())

    async def _respond(self, request: Request) -> Response:
        if self._certificate:
            request = replace(request, certificate=self._certificate)
        if self._door is not None:
            admitted = await self._door.admit(request)
            if isinstance(admitted, Response):
                return admitted
            request = replace(request, principal=admitted, scheme=self._door.scheme)
        return await self._server.handler(request, self._peer, self._local)

    def _in_pieces(self, request: Request) -> Request:
        """The same, its body being given out as it comes."""
        transport = self._transport
        assert transport is not None
        inflow = self._inflow = Inflow(transport.pause_reading, self._go_on_reading, self.abort)
        self._feed(inflow)
        return replace(request, pieces=lambda: inflow)

    def _go_on_reading(self) -> None:
        if self._transport is not None and not self._transport.is_closing():
            self._transport.resume_reading()

    def _feed(self, inflow: Inflow) -> None:
        assert self._transport is not None
        try:
            for piece in self._session.pieces():
                inflow.feed(piece)
        except RemoteProtocolError as error:
            inflow.fail(WbemError(WbemStatus.FAILED, f"{self._peer.host}: {error}"))
            return
        if not self._session.streaming and not inflow.over:
            inflow.end()

    async def _send(self, pieces: Pieces) -> bool:
        """The body of a response in pieces, as fast as it is taken; whether all of it was sent."""
        assert self._transport is not None
        try:
            async for piece in pieces:
                if piece:
                    self._transport.write(self._session.send(piece))
                    await self._brake.wait()
            self._transport.write(self._session.finish())
        except ConnectionResetError:
            return False
        except Exception as error:  # noqa: BLE001 - they come from somebody else's code; the client sees that more is missing
            log_bug(log, "the body of a response could not be sent", error)
            self.abort()
            return False
        return True

    def _end(self) -> None:
        """Closes it; where the client still speaks, once that has had the time to hear the answer."""
        assert self._transport is not None
        if self._session.streaming:
            self._transport.resume_reading()
            self._limit(HTTP_LINGER_SECONDS)
        else:
            self._transport.close()

    def _rest(self) -> None:
        """It is the client's turn to speak, or first to take what it was sent."""
        assert self._transport is not None
        if self._task is not None or self._session.ended or self._transport.get_write_buffer_size():
            return
        if self._began is None:
            self._limit(HTTP_IDLE_SECONDS)
        else:
            self._limit(self._began + HTTP_REQUEST_SECONDS - self._loop.time())

    def _limit(self, seconds: float) -> None:
        self._stop_timer()
        self._timer = self._loop.call_later(seconds, self.abort)

    def _stop_timer(self) -> None:
        if self._timer is not None:
            self._timer.cancel()
            self._timer = None


def _gone(peer: Address) -> WbemError:
    return Unreachable(WbemStatus.TRANSPORT_FAILURE, f"{peer.host} went away before all of its request was here")


def _address(given: object) -> Address:
    """A scope after the address of IPv6, as `%eth0`, is no part of who somebody is."""
    with contextlib.suppress(TypeError, ValueError):
        host, port, *_ = cast(tuple[str, int], given)
        return Address(host.partition("%")[0], port)
    return Address("", 0)
