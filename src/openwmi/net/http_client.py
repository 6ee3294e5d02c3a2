"""A client of HTTP: connections that are kept for the next request, a few to each address.

    async with HttpClient() as client:
        response = await client.send(url, request, timeout=10, limit=32_767)
        client.begin(exchange, url, request)    # the same without a task, for an `Exchange` of a class of one's own

It follows no redirection. A request is sent a second time only where a connection that was kept turned out to be
closed before any octet of an answer, and soon: then the server had closed it before it read that.
"""

from __future__ import annotations

import asyncio
import ssl
from collections import deque
from collections.abc import Awaitable, Callable
from typing import Protocol, Self, cast

from openwmi.base.error import Timeout, Unreachable, WbemError, from_exception
from openwmi.base.fault import LocalProtocolError
from openwmi.base.limits import (
    HTTP_AGAIN_SECONDS,
    HTTP_CLIENT_CONNECTIONS,
    HTTP_CLIENT_WAITING,
    HTTP_EXCHANGE_SECONDS,
    HTTP_KEPT_SECONDS,
)
from openwmi.base.status import WbemStatus
from openwmi.net import connector
from openwmi.net.http import Request, Response, Url
from openwmi.net.http_exchange import Connection, Exchange, closed
from openwmi.net.http_login import Authenticator

Factory = Callable[[], asyncio.Protocol]


AS_GOOD_AS_SECONDS = 0.001


class Connect(Protocol):
    """What opens a connection: `openwmi.net.connect`, or that of a network in memory."""

    def __call__(
        self, protocol: Factory, host: str, port: int, timeout: float, /
    ) -> Awaitable[tuple[asyncio.BaseTransport, asyncio.Protocol]]: ...


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

    def begin(self, exchange: Exchange, url: Url, request: Request, *, once: bool = False) -> None:
        """Sends a request, now or when there is a connection, and returns at once.

        The exchange is told once what came of it, on the loop, and never from within this call. With `once` it has a
        new connection, and so is never sent a second time. WbemError(QUOTA_VIOLATION) where too many wait for that
        address.
        """
        if self._closed:
            raise LocalProtocolError("a request by a client of HTTP that was closed")
        key = (url.secure, url.host, url.port)
        place = self._places.get(key)
        if place is None:
            place = self._places[key] = _Place(self, url)
        once = once or request.pieces is not None  # it may be long, and cannot be sent twice for nothing
        place.check_room(once=once)
        exchange.prepare(place, request)
        if once:
            exchange.be_fresh()
        place.begin(exchange)

    def forget(self, url: Url) -> None:
        """Nothing will be sent there for long: closes what is kept, unless something is under way."""
        key = (url.secure, url.host, url.port)
        place = self._places.get(key)
        if place is not None and place.rests:
            del self._places[key]
            place.close()

    async def send(self, url: Url, request: Request, *, timeout: float, limit: int) -> Response:
        """The same, waiting for the response at most `timeout` seconds. Raises the exchange's error."""
        exchange = _Awaited(limit)
        self.begin(exchange, url, request)
        try:
            async with asyncio.timeout(timeout):
                return await exchange.future
        except TimeoutError as error:
            if isinstance(error, WbemError):
                raise
            text = f"{url.authority} did not answer within {timeout:g} s"
            raise Timeout(WbemStatus.TIMED_OUT, text) from None
        finally:
            exchange.withdraw()

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

    async def open(self, url: Url, factory: Callable[[], Connection]) -> Connection:
        """A new connection. Unreachable."""
        try:
            if self._connect is not None:
                async with asyncio.timeout(self._connecting):
                    _, made = await self._connect(factory, url.host, url.port, self._connecting)
                return cast(Connection, made)
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
    authenticator: Authenticator | None = None,
) -> Response:
    """Sends one request on a connection of its own. See `HttpClient` for the arguments, and for what is raised."""
    if authenticator is None:  # who logs in may have to say more on the same connection
        request = Request(request.method, request.target, (("Connection", "close"), *request.headers), request.body)
    async with HttpClient(tls=tls, connect=connect, connecting=timeout, authenticator=authenticator) as client:
        return await client.send(url, request, timeout=timeout, limit=limit)


class _Awaited(Exchange):
    """One that a task waits for."""

    __slots__ = (*Exchange.SLOTS, "_limit", "future")

    def __init__(self, limit: int) -> None:
        self._limit = limit
        self.future: asyncio.Future[Response] = asyncio.get_running_loop().create_future()

    def limit(self) -> int:
        return self._limit

    def answered(self, response: Response) -> None:
        if not self.future.done():
            self.future.set_result(response)

    def unanswered(self, error: WbemError) -> None:
        if not self.future.done():
            self.future.set_exception(error)


class _Place:
    """An address that requests go to, its connections, and who waits for one."""

    def __init__(self, client: HttpClient, url: Url) -> None:
        self._client = client
        self.url = self._url = url
        self.authenticator = client.authenticator
        self._loop = asyncio.get_running_loop()
        self._idle: list[Connection] = []  # the one that was used last stands last
        self._open: set[Connection] = set()
        self._waiting: deque[Exchange] = deque()
        self._connecting: set[asyncio.Task[None]] = set()
        self._sweep: asyncio.TimerHandle | None = None
        self._forgetting: asyncio.TimerHandle | None = None
        self.unasked = 0

    def check_room(self, *, once: bool) -> None:
        """Whether one more may wait, if it has to. WbemError(QUOTA_VIOLATION)."""
        if len(self._waiting) >= HTTP_CLIENT_WAITING and (once or not self._idle):
            raise WbemError(
                WbemStatus.QUOTA_VIOLATION, f"{HTTP_CLIENT_WAITING} requests wait for {self._url.authority} already"
            )

    def begin(self, exchange: Exchange) -> None:
        assert exchange.request is not None, "what was let go is not sent again"
        if self._idle and not exchange.fresh:
            self._idle.pop().start(exchange)
            return
        exchange.at = self
        self._waiting.append(exchange)
        self._connect()

    @property
    def open_connections(self) -> int:
        return len(self._open)

    @property
    def rests(self) -> bool:
        """Whether nothing is under way."""
        return not self._waiting and not self._connecting and len(self._idle) == len(self._open)

    def withdraw(self, exchange: Exchange) -> None:
        """Nobody waits for it any more. What is cancelled is passed over when its turn comes."""
        if self._waiting and self._waiting[-1] is exchange:
            self._waiting.pop()
        while self._waiting and self._waiting[0].at is None:
            self._waiting.popleft()
        if not self._waiting:
            for task in self._connecting:
                task.cancel()

    def free(self, connection: Connection) -> None:
        """A connection has nothing to do."""
        exchange = self._next(connection)
        if exchange is not None:
            connection.start(exchange)
            return
        connection.idle_since = self._loop.time()
        self._idle.append(connection)
        if self._sweep is None:
            self._sweep = self._loop.call_later(HTTP_KEPT_SECONDS, self._swept)
        if self._waiting:  # for a new one, and there may have been no room for that
            self._connect()

    def watch(self) -> None:
        """A request was sent that is kept in case that it has to be sent again; one timer looks after all."""
        if self._forgetting is None:
            self._forgetting = self._loop.call_later(HTTP_AGAIN_SECONDS, self._forget)

    def lost(self, connection: Connection) -> None:
        """One is no more."""
        self._open.discard(connection)
        if connection in self._idle:
            self._idle.remove(connection)
        self._connect()

    def close(self) -> None:
        for timer in (self._sweep, self._forgetting):
            if timer is not None:
                timer.cancel()
        for task in self._connecting:
            task.cancel()
        waiting, self._waiting = self._waiting, deque()
        for exchange in waiting:
            exchange.lose(closed(self._url))
        for connection in list(self._open):
            connection.end(closed(self._url))

    def _next(self, connection: Connection) -> Exchange | None:
        waiting = self._waiting
        while waiting:
            exchange = waiting.popleft()
            if exchange.at is None:
                continue
            if exchange.fresh and connection.used:  # it gets the next new one; the others are not held up by it
                later = next((each for each in waiting if each.at is not None and not each.fresh), None)
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
            connection = await self._client.open(self._url, lambda: Connection(self))
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
            if exchange.at is not None:
                exchange.lose(error)
                break
        if self._waiting:
            self._loop.call_soon(self._connect)

    def _forget(self) -> None:
        self._forgetting = None
        now = self._loop.time()
        kept = [each for each in self._open if each.forget_request(now)]
        if kept:
            self.watch()

    def _swept(self) -> None:
        """Closes what nobody has used for long."""
        self._sweep = None
        # A loop wakes a moment early, and seconds are rounded: who compares exactly is woken again and again.
        limit = self._loop.time() - HTTP_KEPT_SECONDS + AS_GOOD_AS_SECONDS
        for connection in [each for each in self._idle if each.idle_since <= limit]:
            self._idle.remove(connection)
            connection.abort()
        if self._idle:
            self._sweep = self._loop.call_at(self._idle[0].idle_since + HTTP_KEPT_SECONDS, self._swept)
