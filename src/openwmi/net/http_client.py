"""A client of HTTP: connections that are kept for the next request, a few to each address.

    async with HttpClient() as client:
        response = await client.send(url, request, timeout=10, limit=32_767)
        exchange = client.begin(url, request, limit, done)      # the same without a task: done(exchange) at its end

It follows no redirection. A request is sent a second time only where a connection that was kept turned out to be
closed before any octet of an answer: then the server has not read it, or does not say.
"""

from __future__ import annotations

import asyncio
import ssl
from collections import deque
from collections.abc import Awaitable, Callable
from dataclasses import replace
from http import HTTPStatus
from typing import Final, Protocol, Self, cast

from openwmi.base.error import AccessDenied, Timeout, Unreachable, WbemError, from_exception
from openwmi.base.fault import LocalProtocolError, RemoteProtocolError
from openwmi.base.limits import (
    HTTP_CLIENT_CONNECTIONS,
    HTTP_CLIENT_WAITING,
    HTTP_EXCHANGE_SECONDS,
    HTTP_KEPT_SECONDS,
    HTTP_LOGIN_STEPS,
    LOGIN_THREADS,
)
from openwmi.base.status import WbemStatus
from openwmi.net import connector
from openwmi.net.http import Pieces, Request, Response, Url
from openwmi.net.http_login import Authenticator, Challenge, Credentials, Login, parse_challenges
from openwmi.net.http_pieces import Brake, Inflow
from openwmi.net.http_wire import CUT_SHORT, ClientWire, Ended
from openwmi.net.listener import reset_when_closed
from openwmi.operation import Workers

Factory = Callable[[], asyncio.Protocol]


class Connect(Protocol):
    """What opens a connection: `openwmi.net.connect`, or that of a network in memory."""

    def __call__(
        self, protocol: Factory, host: str, port: int, timeout: float, /
    ) -> Awaitable[tuple[asyncio.BaseTransport, asyncio.Protocol]]: ...


class Exchange:
    """One request, until it has its response.

    Attributes:
        response: set once all of it is here, or the head of one that is given out in pieces,
        error: or why there is none: Unreachable, Timeout, WbemError(FAILED) for what is no response.
        complete: whether the end of the response is here.
    """

    __slots__ = (
        "_body",
        "_done",
        "_head",
        "_inflow",
        "_place",
        "_streams",
        "authorization",
        "complete",
        "connection",
        "error",
        "fresh",
        "heard",
        "knocking",
        "limit",
        "logins",
        "request",
        "response",
        "url",
    )

    def __init__(
        self,
        place: _Place,
        url: Url,
        request: Request,
        limit: int,
        done: Callable[[Exchange], object],
        streams: Callable[[Response], int] | None,
    ) -> None:
        self.url = url
        self.request = request
        self.limit = limit
        self.connection: _Connection | None = None
        self.fresh = False  # whether it must have a connection that nobody used before
        self.heard = False
        self.response: Response | None = None
        self.error: WbemError | None = None
        self._place = place
        self._done: Callable[[Exchange], object] | None = done
        self._head: Response | None = None
        self._body: bytes | bytearray = b""
        self._streams = streams
        self._inflow: Inflow | None = None
        self.complete = False
        self.authorization = ""
        self.logins = 0  # challenges that were answered
        self.knocking = False  # whether what is sent is without a body, since a challenge is expected

    @property
    def ended(self) -> bool:
        """Whether `done` was called, or never will be."""
        return self._done is None

    def cancel(self) -> None:
        """Ends it at once, with its connection; `done` is not called. Harmless once it has ended."""
        if self._done is None:
            return
        self._done = None
        connection, self.connection = self.connection, None
        if connection is None:
            self._place.withdraw(self)
        else:
            connection.abort()

    def begin_again(self) -> None:
        """It is sent once more: what was heard counts for nothing."""
        self.heard = self.complete = False
        self.response = self._head = None
        self._body = b""

    def limit_of(self, head: Response) -> int:
        """Octets that the body after this head may have."""
        return (0 if self._streams is None else self._streams(head)) or self.limit

    def take(self, event: Response | bytes | Ended) -> None:
        """The next part of the response."""
        if isinstance(event, Response):
            self._head = event
            if self._streams is not None and not self.knocking and self._streams(event):
                self._stream(event)
        elif isinstance(event, Ended):
            self.complete = True
            if self._inflow is not None:
                self._inflow.end()
            elif self._head is not None:
                self.response = Response(self._head.status, self._head.headers, bytes(self._body))
        elif self._inflow is not None:
            self._inflow.feed(event)
        else:
            self._body = bytearray(self._body) + event if self._body else event

    def fail(self, error: WbemError) -> None:
        """There will be no response, or not all of it."""
        if self._inflow is not None:
            self._inflow.fail(error)
        if self._done is not None:
            self.error = error
            self.finish()

    def finish(self) -> None:
        """Tells whoever waits."""
        done, self._done = self._done, None
        if self._inflow is None or self.complete:
            self.connection = None
        if done is not None:
            done(self)

    def _stream(self, head: Response) -> None:
        """Whoever waits is given the head, and reads the rest as it comes."""
        connection = self.connection
        assert connection is not None, "what answers came by one"
        inflow = self._inflow = Inflow(connection.pause_reading, connection.resume_reading, connection.abort)
        self.response = Response(head.status, head.headers, pieces=lambda: inflow)
        self.finish()


class HttpClient:
    """Sends requests; use it on one loop, and close it.

    Args:
        tls: for https, whom to trust and who to be; None is what the system trusts.
        connect: what opens connections, which then does TLS itself.
        connections: how many to one address; who comes later waits.
        connecting: seconds that opening one may take.
        authenticator: answers a server that wants to know who asks (401).

    Attributes:
        opened: connections that there have been in all.
    """

    def __init__(
        self,
        *,
        tls: ssl.SSLContext | None = None,
        connect: Connect | None = None,
        connections: int = HTTP_CLIENT_CONNECTIONS,
        connecting: float = HTTP_EXCHANGE_SECONDS,
        authenticator: Authenticator | None = None,
    ) -> None:
        self.authenticator = authenticator
        self.connections = connections
        self._tls = tls
        self._connect = connect
        self._connecting = connecting
        self._places: dict[tuple[bool, str, int], _Place] = {}
        self._closed = False
        self.opened = 0

    @property
    def open_connections(self) -> int:
        """How many there are just now."""
        return sum(place.open_connections for place in self._places.values())

    def unasked(self, url: Url) -> int:
        """How often something came from there that answered nothing; its connection was closed each time."""
        place = self._places.get((url.secure, url.host, url.port))
        return 0 if place is None else place.unasked

    def begin(
        self,
        url: Url,
        request: Request,
        limit: int,
        done: Callable[[Exchange], object],
        *,
        streams: Callable[[Response], int] | None = None,
    ) -> Exchange:
        """Sends a request, now or when there is a connection, and returns at once.

        Args:
            limit: octets that the body of the response may have; beyond, nothing more is read.
            done: is called once with the exchange, on the loop; never from within this call.
            streams: says of the head of a response how many octets its body may have where it is given out in pieces,
                `done` then being called when the head is here; 0 where it is wanted whole.
        """
        if self._closed:
            raise LocalProtocolError("a request by a client of HTTP that was closed")
        key = (url.secure, url.host, url.port)
        place = self._places.get(key)
        if place is None:
            place = self._places[key] = _Place(self, url)
        exchange = Exchange(place, url, request, limit, done, streams)
        place.begin(exchange)
        return exchange

    async def send(self, url: Url, request: Request, *, timeout: float, limit: int) -> Response:
        """The same, waiting for the response at most `timeout` seconds. Raises the exchange's error."""
        future: asyncio.Future[Response] = asyncio.get_running_loop().create_future()

        def done(exchange: Exchange) -> None:
            if future.done():
                return
            if exchange.error is not None:
                future.set_exception(exchange.error)
            else:
                assert exchange.response is not None
                future.set_result(exchange.response)

        exchange = self.begin(url, request, limit, done)
        try:
            async with asyncio.timeout(timeout):
                return await future
        except TimeoutError as error:
            if isinstance(error, WbemError):
                raise
            text = f"{url.authority} did not answer within {timeout:g} s"
            raise Timeout(WbemStatus.TIMED_OUT, text) from None
        finally:
            exchange.cancel()

    async def aclose(self) -> None:
        """Closes every connection; requests that are under way fail. Harmless when repeated."""
        self._closed = True
        places, self._places = list(self._places.values()), {}
        for place in places:
            place.close()

    async def __aenter__(self) -> Self:
        return self

    async def __aexit__(self, *_: object) -> None:
        await self.aclose()

    async def open(self, url: Url, factory: Callable[[], _Connection]) -> _Connection:
        """A new connection. Unreachable."""
        try:
            if self._connect is not None:
                async with asyncio.timeout(self._connecting):
                    _, made = await self._connect(factory, url.host, url.port, self._connecting)
                return cast(_Connection, made)
            if url.secure and self._tls is None:
                self._tls = ssl.create_default_context()
            context = self._tls if url.secure else None
            _, found = await connector.connect(factory, url.host, url.port, self._connecting, tls=context)
            return found
        except ssl.SSLError as error:
            text = f"{url.authority} could not be trusted: {error}"
            raise Unreachable(WbemStatus.TRANSPORT_FAILURE, text) from None
        except TimeoutError:
            text = f"{url.authority} did not answer within {self._connecting:g} s"
            raise Unreachable(WbemStatus.TRANSPORT_FAILURE, text) from None


async def exchange(
    url: Url,
    request: Request,
    *,
    timeout: float,
    limit: int,
    tls: ssl.SSLContext | None = None,
    connect: Connect | None = None,
) -> Response:
    """Sends one request on a connection of its own. See `HttpClient` for the arguments, and for what is raised."""
    closing = Request(request.method, request.target, (("Connection", "close"), *request.headers), request.body)
    async with HttpClient(tls=tls, connect=connect, connecting=timeout) as client:
        return await client.send(url, closing, timeout=timeout, limit=limit)


class _Place:
    """An address that requests go to, its connections, and who waits for one."""

    def __init__(self, client: HttpClient, url: Url) -> None:
        self._client = client
        self.url = self._url = url
        self.authenticator = client.authenticator
        self._loop = asyncio.get_running_loop()
        self._idle: list[_Connection] = []  # the one that was used last stands last
        self._open: set[_Connection] = set()
        self._waiting: deque[Exchange] = deque()
        self._connecting: set[asyncio.Task[None]] = set()
        self._sweep: asyncio.TimerHandle | None = None
        self.unasked = 0

    def begin(self, exchange: Exchange) -> None:
        if exchange.request.pieces is not None:
            exchange.fresh = True  # it may be long, and cannot be sent twice for nothing
        if self._idle and not exchange.fresh:
            self._idle.pop().start(exchange)
            return
        if len(self._waiting) >= HTTP_CLIENT_WAITING:
            raise WbemError(
                WbemStatus.QUOTA_VIOLATION, f"{HTTP_CLIENT_WAITING} requests wait for {self._url.authority} already"
            )
        self._waiting.append(exchange)
        self._connect()

    @property
    def open_connections(self) -> int:
        return len(self._open)

    def withdraw(self, exchange: Exchange) -> None:
        """Nobody waits for it any more. What is cancelled is passed over when its turn comes."""
        if self._waiting and self._waiting[-1] is exchange:
            self._waiting.pop()
        while self._waiting and self._waiting[0].ended:
            self._waiting.popleft()
        if not self._waiting:
            for task in self._connecting:
                task.cancel()

    def free(self, connection: _Connection) -> None:
        """A connection has nothing to do."""
        exchange = self._next(connection)
        if exchange is not None:
            connection.start(exchange)
            return
        connection.idle_since = self._loop.time()
        self._idle.append(connection)
        if self._sweep is None:
            self._sweep = self._loop.call_later(HTTP_KEPT_SECONDS, self._swept)

    def lost(self, connection: _Connection) -> None:
        """One is no more."""
        self._open.discard(connection)
        if connection in self._idle:
            self._idle.remove(connection)
        self._connect()

    def close(self) -> None:
        if self._sweep is not None:
            self._sweep.cancel()
        for task in self._connecting:
            task.cancel()
        waiting, self._waiting = self._waiting, deque()
        for exchange in waiting:
            exchange.fail(_closed(self._url))
        for connection in list(self._open):
            connection.end(_closed(self._url))

    def _next(self, connection: _Connection) -> Exchange | None:
        waiting = self._waiting
        while waiting:
            exchange = waiting.popleft()
            if exchange.ended:
                continue
            if exchange.fresh and connection.used:  # it gets the next new one; the others are not held up by it
                later = next((each for each in waiting if not each.ended and not each.fresh), None)
                waiting.appendleft(exchange)
                if later is not None:
                    waiting.remove(later)
                return later
            return exchange
        return None

    def _connect(self) -> None:
        """Opens as many connections as are wanted and allowed."""
        room = self._client.connections - len(self._open) - len(self._connecting)
        if room <= 0 and self._idle and self._waiting and self._waiting[0].fresh:
            self._idle.pop(0).abort()  # `lost` comes back here
            return
        for _ in range(min(room, len(self._waiting) - len(self._connecting))):
            task = self._loop.create_task(self._opened())
            self._connecting.add(task)
            task.add_done_callback(self._connecting.discard)

    async def _opened(self) -> None:
        ours = asyncio.current_task()
        try:
            connection = await self._client.open(self._url, lambda: _Connection(self))
        except Exception as error:  # noqa: BLE001 - whatever it is, it is the fate of who waits
            self._connecting.discard(cast("asyncio.Task[None]", ours))
            self._refused(from_exception(error))
            return
        self._connecting.discard(cast("asyncio.Task[None]", ours))
        if connection.lost:
            self._refused(Unreachable(WbemStatus.TRANSPORT_FAILURE, f"{self._url.authority} hung up at once"))
            return
        self._open.add(connection)
        self._client.opened += 1
        self.free(connection)

    def _refused(self, error: WbemError) -> None:
        """Who has waited longest learns of it; each of the others has an attempt of its own, or the next."""
        while self._waiting:
            exchange = self._waiting.popleft()
            if not exchange.ended:
                exchange.fail(error)
                break
        if self._waiting:
            self._loop.call_soon(self._connect)

    def _swept(self) -> None:
        """Closes what nobody has used for long."""
        self._sweep = None
        limit = self._loop.time() - HTTP_KEPT_SECONDS
        for connection in [each for each in self._idle if each.idle_since <= limit]:
            self._idle.remove(connection)
            connection.abort()
        if self._idle:
            self._sweep = self._loop.call_at(self._idle[0].idle_since + HTTP_KEPT_SECONDS, self._swept)


class _Connection(asyncio.Protocol):
    """One connection. It has at most one exchange."""

    def __init__(self, place: _Place) -> None:
        self._place = place
        self._wire = ClientWire()
        self._transport: asyncio.Transport | None = None
        self._exchange: Exchange | None = None
        self._login: Login | None = None
        self._sending: asyncio.Task[None] | None = None
        self._brake = Brake()
        self.lost = False
        self.used = False
        self.idle_since = 0.0

    def start(self, exchange: Exchange) -> None:
        """Sends its request, or first says who we are."""
        self._exchange = exchange
        exchange.connection = self
        if self._place.authenticator is None:
            self._begin(exchange, exchange.request)
            return
        if self._login is None:
            self._login = self._place.authenticator.login(exchange.url)
            # What may be long is not sent before it is known to be welcome.
            exchange.knocking = exchange.request.pieces is not None and not exchange.logins
        self._challenged(exchange, self._login, ())

    def _begin(self, exchange: Exchange, request: Request) -> None:
        assert self._transport is not None
        try:
            octets = self._wire.begin(exchange.url, request, exchange.limit_of)
        except LocalProtocolError as mistake:
            error = WbemError(WbemStatus.INVALID_PARAMETER, str(mistake))
            asyncio.get_running_loop().call_soon(self.end, error)
            return
        self._transport.write(octets)
        if request.pieces is not None:
            self._sending = asyncio.get_running_loop().create_task(self._send(exchange, request.pieces()))

    def _challenged(self, exchange: Exchange, login: Login, challenges: tuple[Challenge, ...]) -> None:
        """Asks who we are what to say next, and says it."""
        if not login.blocks or not challenges:
            try:
                credentials = login.answer(exchange.url, exchange.request, challenges)
            except Exception as error:  # noqa: BLE001 - it is somebody else's code
                asyncio.get_running_loop().call_soon(self.end, from_exception(error))
            else:
                self._say(exchange, credentials)
            return
        asked = _LOGINS.run(login.answer, exchange.url, exchange.request, challenges)

        def answered(future: asyncio.Future[Credentials | None]) -> None:
            if self._exchange is not exchange or future.cancelled():
                return
            error = future.exception()
            if error is not None:
                self.end(from_exception(error))
            else:
                self._say(exchange, future.result())

        asked.add_done_callback(answered)

    def _say(self, exchange: Exchange, credentials: Credentials | None) -> None:
        if credentials is None:
            text = f"{exchange.url.authority} does not let us in"
            self.end(AccessDenied(WbemStatus.ACCESS_DENIED, text))
            return
        if not self._wire.ready:  # the server has ended the connection, and what is said is not of this one alone
            self._exchange = exchange.connection = None
            self.abort()
            exchange.fresh = True
            self._place.begin(exchange)
            return
        request = exchange.request
        if credentials.last and exchange.logins:
            exchange.knocking = False
        if exchange.knocking:
            request = replace(request, body=b"", pieces=None)
        if credentials.value:
            request = replace(request, headers=(*request.headers, ("Authorization", credentials.value)))
        self._begin(exchange, request)

    def _goes_on(self, exchange: Exchange) -> bool:
        """Whether a response was not the last word."""
        login, response = self._login, exchange.response
        if login is None or response is None:
            return False
        if response.status != HTTPStatus.UNAUTHORIZED:
            if not exchange.knocking:
                return False
            exchange.knocking = False  # it is welcome
            exchange.begin_again()
            self._say(exchange, Credentials(""))
            return True
        exchange.logins += 1
        challenges = parse_challenges(value for name, value in response.headers if name == "www-authenticate")
        if exchange.logins > HTTP_LOGIN_STEPS or not challenges:
            return False
        exchange.begin_again()
        self._challenged(exchange, login, challenges)
        return True

    def pause_reading(self) -> None:
        """Who reads a body has enough for now."""
        if self._transport is not None:
            self._transport.pause_reading()

    def resume_reading(self) -> None:
        """And wants more."""
        if self._transport is not None and not self._transport.is_closing():
            self._transport.resume_reading()

    def pause_writing(self) -> None:
        self._brake.pause()

    def resume_writing(self) -> None:
        self._brake.resume()

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        self._transport = cast(asyncio.Transport, transport)

    def data_received(self, data: bytes) -> None:
        exchange = self._exchange
        if exchange is None or self._wire.ready:
            self._place.unasked += 1
            self.end(_closed(self._place.url))
            return
        exchange.heard = True
        self._receive(exchange, data)

    def eof_received(self) -> None:
        exchange = self._exchange
        if exchange is not None and exchange.heard:
            self._receive(exchange, b"")
        elif exchange is not None and not self._again(exchange):
            self.end(Unreachable(WbemStatus.TRANSPORT_FAILURE, f"{exchange.url.authority}: {CUT_SHORT}"))

    def connection_lost(self, exc: Exception | None) -> None:  # noqa: ARG002 - the signature is asyncio's
        self.lost = True
        self._brake.lose()
        self._stop_sending()
        exchange = self._exchange
        if exchange is not None and not self._again(exchange):
            self._exchange = None
            text = f"the connection to {exchange.url.authority} was lost"
            exchange.fail(Unreachable(WbemStatus.TRANSPORT_FAILURE, text))
        self._place.lost(self)

    def abort(self) -> None:
        """Ends it at once; nobody here is told. A server that is still at work is, and may stop."""
        amid, self._exchange = self._exchange is not None, None
        self._stop_sending()
        if self._transport is not None:
            if amid:
                reset_when_closed(self._transport)
            self._transport.abort()

    def end(self, error: WbemError) -> None:
        """Ends it, and what is under way on it."""
        exchange = self._exchange
        self.abort()
        if exchange is not None:
            exchange.fail(error)

    def _receive(self, exchange: Exchange, data: bytes) -> None:
        try:
            events = self._wire.receive(data)
        except RemoteProtocolError as error:
            self.end(WbemError(WbemStatus.FAILED, f"{exchange.url.authority}: {error}"))
            return
        for event in events:
            exchange.take(event)
        if self._exchange is not exchange:  # who was told has let it go
            return
        if exchange.complete:
            self.used = True
            self._stop_sending()
            if self._goes_on(exchange):
                return
            self._exchange = None
            if self._wire.ready:
                self.resume_reading()  # a body may all be here that nobody has read yet
                self._place.free(self)  # first: who is told may have another request
            else:
                self._place.unasked += self._wire.more
                self.abort()
            exchange.finish()

    async def _send(self, exchange: Exchange, pieces: Pieces) -> None:
        """The body of a request in pieces, as fast as it is taken."""
        assert self._transport is not None
        try:
            async for piece in pieces:
                if piece:
                    self._transport.write(self._wire.send(piece))
                    await self._brake.wait()
            self._transport.write(self._wire.finish())
        except ConnectionResetError:
            return  # who is told otherwise, is told of that
        except Exception as error:  # noqa: BLE001 - they come from somebody else's code
            if self._exchange is exchange:
                self._sending = None
                self.end(from_exception(error))

    def _stop_sending(self) -> None:
        sending, self._sending = self._sending, None
        if sending is not None and sending is not asyncio.current_task():
            sending.cancel()

    def _again(self, exchange: Exchange) -> bool:
        """Whether the request is sent once more, on a new connection."""
        if not self.used or exchange.heard or exchange.fresh:
            return False
        self._exchange = exchange.connection = None
        exchange.fresh = True
        self._place.begin(exchange)
        return True


_LOGINS: Final = Workers("openwmi-http-logins", LOGIN_THREADS)


def _closed(url: Url) -> WbemError:
    return Unreachable(WbemStatus.TRANSPORT_FAILURE, f"the connection to {url.authority} was closed")
