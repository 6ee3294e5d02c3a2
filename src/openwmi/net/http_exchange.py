"""One request of HTTP and what becomes of it, and the connection that it is on: the inside of `http_client`."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from dataclasses import replace
from http import HTTPStatus
from typing import Final, Protocol, cast

from openwmi.base.error import AccessDenied, Unreachable, WbemError, from_exception
from openwmi.base.fault import LocalProtocolError, RemoteProtocolError
from openwmi.base.limits import HTTP_AGAIN_SECONDS, HTTP_ANSWER_STALLED_SECONDS, HTTP_LOGIN_STEPS, LOGIN_THREADS
from openwmi.base.status import WbemStatus
from openwmi.net.http import Pieces, Request, Response, Url
from openwmi.net.http_login import Authenticator, Challenge, Credentials, Login, parse_challenges
from openwmi.net.http_pieces import Brake, Inflow
from openwmi.net.http_wire import CUT_SHORT, ClientWire, Ended
from openwmi.net.listener import reset_when_closed
from openwmi.operation import Workers


class Place(Protocol):
    """An address with its connections, as they see it.

    Attributes:
        url: where it is.
        authenticator: who we are there.
        unasked: how often something came that answered nothing.
    """

    url: Url
    authenticator: Authenticator | None
    unasked: int

    def begin(self, exchange: Exchange, /) -> None:
        """It needs a connection."""
        ...

    def withdraw(self, exchange: Exchange, /) -> None:
        """It needs none any more."""
        ...

    def free(self, connection: Connection, /) -> None:
        """It has nothing to do."""
        ...

    def lost(self, connection: Connection, /) -> None:
        """It is no more."""
        ...

    def watch(self) -> None:
        """It has sent a request that may have to be sent again."""
        ...


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
        place: Place,
        url: Url,
        request: Request,
        limit: int,
        done: Callable[[Exchange], object],
        streams: Callable[[Response], int] | None,
    ) -> None:
        self.url = url
        self.request = request
        self.limit = limit
        self.connection: Connection | None = None
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
        inflow = self._inflow = Inflow(
            connection.pause_reading, connection.resume_reading, connection.abort, patience=HTTP_ANSWER_STALLED_SECONDS
        )
        self.response = Response(head.status, head.headers, pieces=lambda: inflow)
        self.finish()


class Connection(asyncio.Protocol):
    """One connection. It has at most one exchange."""

    def __init__(self, place: Place) -> None:
        self._place = place
        self._wire = ClientWire()
        self._transport: asyncio.Transport | None = None
        self._exchange: Exchange | None = None
        self._loop = asyncio.get_running_loop()
        self._began = 0.0  # when a request was sent that may be sent again
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
        if self.used and self._login is None and not exchange.fresh:
            self._began = self._loop.time()
            self._place.watch()
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

    def forget_request(self, now: float) -> bool:
        """Lets go of a request whose time to be sent again is over; says whether it may still be."""
        exchange = self._exchange
        if exchange is None or not self.used or self._login is not None or exchange.fresh:
            return False
        if now - self._began < HTTP_AGAIN_SECONDS:
            return True
        exchange.request, exchange.fresh = _SENT, True
        return False

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
            self.end(closed(self._place.url))
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


_SENT: Final = Request("POST", "/")
_LOGINS: Final = Workers("openwmi-http-logins", LOGIN_THREADS)


def closed(url: Url) -> WbemError:
    """A connection there was closed under what was on it."""
    return Unreachable(WbemStatus.TRANSPORT_FAILURE, f"the connection to {url.authority} was closed")
