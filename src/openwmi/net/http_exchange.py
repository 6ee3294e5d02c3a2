"""One request of HTTP and what becomes of it, and the connection that it is on: the inside of `http_client`."""

from __future__ import annotations

import asyncio
from dataclasses import replace
from http import HTTPStatus
from typing import ClassVar, Final, Protocol, cast

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


_DECLARED_BELOW: Final[tuple[str, ...]] = ()


class Exchange:
    """One request, until it has its response. Derive from it to be told: a class of whatever waits for an answer.

    Thousands may be pending, so that it holds no more than it must, in slots that the class itself declares (SLOTS);
    what of a response has come is with the connection.

    Attributes:
        at: who sends it: the address while it waits for a connection, and then that; None once it has ended.
        request: what is sent; None once that cannot be sent again.
    """

    __slots__ = _DECLARED_BELOW
    SLOTS: ClassVar = ("_past", "at", "request")

    at: Place | Connection | None
    request: Request | None
    _past: int  # twice the challenges that were answered; one more where it must have a new connection

    @property
    def fresh(self) -> bool:
        """Whether it must have a connection that nobody used before."""
        return bool(self._past & 1)

    @property
    def logins(self) -> int:
        """Challenges that were answered."""
        return self._past >> 1

    def be_fresh(self) -> None:
        """Nothing else will do from now on."""
        self._past |= 1

    def challenged(self) -> None:
        """One more."""
        self._past += 2

    def answered(self, response: Response) -> None:
        """All of the response is here, or the head of one that is given out in pieces. Called once, on the loop."""
        raise NotImplementedError

    def unanswered(self, error: WbemError) -> None:
        """The same where there is none: Unreachable, Timeout, WbemError(FAILED) for what is no response."""
        raise NotImplementedError

    def limit(self) -> int:
        """Octets that the body of the response may have; beyond, nothing more is read."""
        raise NotImplementedError

    def streamed(self, head: Response) -> int:  # noqa: ARG002 - it is for classes below
        """Octets that a body may have which is given out in pieces; 0 where the whole of it is wanted."""
        return 0

    def prepare(self, place: Place, request: Request) -> None:
        """It is about to begin."""
        self.at = place
        self.request = request
        self._past = 0

    def withdraw(self) -> None:
        """Ends it at once, with its connection; nobody is told. Harmless once it has ended."""
        at, self.at = self.at, None
        if isinstance(at, Connection):
            at.abort()
        elif at is not None:
            at.withdraw(self)

    def lose(self, error: WbemError) -> None:
        """There will be no response."""
        if self.at is not None:
            self.at = self.request = None
            self.unanswered(error)


class Connection(asyncio.Protocol):
    """One connection. It has at most one exchange."""

    def __init__(self, place: Place) -> None:
        self._place = place
        self._wire = ClientWire()
        self._transport: asyncio.Transport | None = None
        self._exchange: Exchange | None = None
        self._loop = asyncio.get_running_loop()
        self._began = 0.0  # when a request was sent that may be sent again
        self._limits = self._limit_of  # made once
        self._knocking = False  # whether what is sent is without a body, since a challenge is expected
        self._anew()
        self._login: Login | None = None
        self._sending: asyncio.Task[None] | None = None
        self._brake = Brake()
        self.lost = False
        self.used = False
        self.idle_since = 0.0

    def start(self, exchange: Exchange) -> None:
        """Sends its request, or first says who we are."""
        self._exchange = exchange
        exchange.at = self
        self._knocking = False
        self._anew()
        assert exchange.request is not None, "what was let go is not sent again"
        if self._place.authenticator is None:
            self._begin(exchange, exchange.request)
            return
        if self._login is None:
            self._login = self._place.authenticator.login(self._place.url)
            # What may be long is not sent before it is known to be welcome.
            self._knocking = exchange.request.pieces is not None and not exchange.logins
        self._challenged(exchange, self._login, ())

    def _anew(self) -> None:
        """What was heard counts for nothing."""
        self._heard = self._complete = False
        self._head: Response | None = None
        self._body: bytes | bytearray = b""
        self._inflow: Inflow | None = None

    def _limit_of(self, head: Response) -> int:
        """Octets that the body after this head may have."""
        exchange = self._exchange
        return 0 if exchange is None else exchange.streamed(head) or exchange.limit()

    def _begin(self, exchange: Exchange, request: Request) -> None:
        assert self._transport is not None
        try:
            octets = self._wire.begin(self._place.url, request, self._limits)
        except LocalProtocolError as mistake:
            error = WbemError(WbemStatus.INVALID_PARAMETER, str(mistake))
            asyncio.get_running_loop().call_soon(self.end, error)
            return
        self._transport.write(octets)
        if self.used and self._login is None and not exchange.fresh:
            self._began = self._loop.time()
            self._place.watch()
        elif self._login is None:
            exchange.request = None
            exchange.be_fresh()
        if request.pieces is not None:
            self._sending = asyncio.get_running_loop().create_task(self._send(request.pieces()))

    def _challenged(self, exchange: Exchange, login: Login, challenges: tuple[Challenge, ...]) -> None:
        """Asks who we are what to say next, and says it."""
        url, request = self._place.url, exchange.request
        assert request is not None, "who logs in keeps it"
        if not login.blocks or not challenges:
            try:
                credentials = login.answer(url, request, challenges)
            except Exception as error:  # noqa: BLE001 - it is somebody else's code
                asyncio.get_running_loop().call_soon(self.end, from_exception(error))
            else:
                self._say(exchange, credentials)
            return
        asked = _LOGINS.run(login.answer, url, request, challenges)

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
            text = f"{self._place.url.authority} does not let us in"
            self.end(AccessDenied(WbemStatus.ACCESS_DENIED, text))
            return
        if not self._wire.ready:  # the server has ended the connection, and what is said is not of this one alone
            self._exchange = None
            self.abort()
            exchange.be_fresh()
            self._place.begin(exchange)
            return
        request = exchange.request
        assert request is not None, "the same"
        if credentials.last and exchange.logins:
            self._knocking = False
        if self._knocking:
            request = replace(request, body=b"", pieces=None)
        if credentials.value:
            request = replace(request, headers=(*request.headers, ("Authorization", credentials.value)))
        self._begin(exchange, request)

    def _goes_on(self, exchange: Exchange, response: Response | None) -> bool:
        """Whether a response was not the last word."""
        login = self._login
        if login is None or response is None:
            return False
        if response.status != HTTPStatus.UNAUTHORIZED:
            if not self._knocking:
                return False
            self._knocking = False  # it is welcome
            self._anew()
            self._say(exchange, Credentials(""))
            return True
        exchange.challenged()
        challenges = parse_challenges(value for name, value in response.headers if name == "www-authenticate")
        if exchange.logins > HTTP_LOGIN_STEPS or not challenges:
            return False
        self._anew()
        self._challenged(exchange, login, challenges)
        return True

    def forget_request(self, now: float) -> bool:
        """Lets go of a request whose time to be sent again is over; says whether it may still be."""
        exchange = self._exchange
        if exchange is None or not self.used or self._login is not None or exchange.fresh:
            return False
        if now - self._began < HTTP_AGAIN_SECONDS:
            return True
        exchange.request = None
        exchange.be_fresh()
        self._began = 0.0
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
        self._heard = True
        self._receive(exchange, data)

    def eof_received(self) -> None:
        exchange = self._exchange
        if exchange is not None and self._heard:
            self._receive(exchange, b"")
        elif exchange is not None and not self._again(exchange):
            self.end(Unreachable(WbemStatus.TRANSPORT_FAILURE, f"{self._place.url.authority}: {CUT_SHORT}"))

    def connection_lost(self, exc: Exception | None) -> None:  # noqa: ARG002 - the signature is asyncio's
        self.lost = True
        self._brake.lose()
        self._stop_sending()
        exchange = self._exchange
        if exchange is not None and not self._again(exchange):
            self._exchange = None
            text = f"the connection to {self._place.url.authority} was lost"
            self._fail(exchange, Unreachable(WbemStatus.TRANSPORT_FAILURE, text))
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
            self._fail(exchange, error)

    def _fail(self, exchange: Exchange, error: WbemError) -> None:
        """There will be no response, or not all of it."""
        if self._inflow is not None:
            self._inflow.fail(error)
        exchange.lose(error)

    def _receive(self, exchange: Exchange, data: bytes) -> None:
        try:
            events = self._wire.receive(data)
        except RemoteProtocolError as error:
            self.end(WbemError(WbemStatus.FAILED, f"{self._place.url.authority}: {error}"))
            return
        for event in events:
            if self._exchange is None:  # who was told has let it go
                return
            self._take(self._exchange, event)
        if self._exchange is None:
            return
        exchange = self._exchange
        if self._complete:
            self.used = True
            self._stop_sending()
            head = self._head
            response = None
            if head is not None and self._inflow is None:
                response = Response(head.status, head.headers, bytes(self._body))
            if self._goes_on(exchange, response):
                return
            self._anew()
            self._exchange = None
            if self._wire.ready:
                self.resume_reading()  # a body may all be here that nobody has read yet
                self._place.free(self)  # first: who is told may have another request
            else:
                self._place.unasked += self._wire.more
                self.abort()
            if response is not None:
                _tell(exchange, response)

    def _take(self, exchange: Exchange, event: Response | bytes | Ended) -> None:
        """The next part of the response."""
        if isinstance(event, Response):
            self._head = event
            if not self._knocking and exchange.streamed(event):
                inflow = self._inflow = Inflow(
                    self.pause_reading, self.resume_reading, self.abort, patience=HTTP_ANSWER_STALLED_SECONDS
                )
                self._exchange = _TOLD  # so that what nobody reads can be collected
                _tell(exchange, Response(event.status, event.headers, pieces=lambda: inflow))
        elif isinstance(event, Ended):
            self._complete = True
            if self._inflow is not None:
                self._inflow.end()
        elif self._inflow is not None:
            self._inflow.feed(event)
        else:
            self._body = bytearray(self._body) + event if self._body else event

    async def _send(self, pieces: Pieces) -> None:
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
            if self._sending is asyncio.current_task():
                self._sending = None
                self.end(from_exception(error))

    def _stop_sending(self) -> None:
        sending, self._sending = self._sending, None
        if sending is not None and sending is not asyncio.current_task():
            sending.cancel()

    def _again(self, exchange: Exchange) -> bool:
        """Whether the request is sent once more, on a new connection."""
        if not self.used or self._heard or exchange.fresh:
            return False
        self._exchange = None
        exchange.be_fresh()
        self._place.begin(exchange)
        return True


class _Told(Exchange):
    """In place of one that has been given the head of its response, and reads the rest as it comes."""

    __slots__ = Exchange.SLOTS

    def __init__(self) -> None:
        self.at = self.request = None
        self._past = 1


_TOLD: Final = _Told()


def _tell(exchange: Exchange, response: Response) -> None:
    """Once: who has had its head, or has withdrawn, hears no more."""
    if exchange.at is not None:
        exchange.at = exchange.request = None
        exchange.answered(response)


_LOGINS: Final = Workers("openwmi-http-logins", LOGIN_THREADS)


def closed(url: Url) -> WbemError:
    """A connection there was closed under what was on it."""
    return Unreachable(WbemStatus.TRANSPORT_FAILURE, f"the connection to {url.authority} was closed")
