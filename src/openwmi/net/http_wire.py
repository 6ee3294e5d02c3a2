"""HTTP/1.1 as SOAP uses it (RFC 9112), on top of h11: octets in, messages out, and back, at both ends of a connection.

    client = ClientWire(); client.begin(url, request, limit); client.receive(octets)
    server = Session(limit); server.receive(octets); server.respond(response)

Nothing here opens a connection. How long a message may be is checked as it comes, before anybody reads it. This module
knows nothing of SOAP, and needs h11, which the extra `wsd` brings.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable
from http import HTTPStatus
from typing import Final

from openwmi.base.fault import LocalProtocolError, RemoteProtocolError
from openwmi.base.limits import HTTP_HEADER_OCTETS
from openwmi.net.http import Headers, Pieces, Request, Response, Url

try:
    import h11
except ImportError as error:
    raise ImportError("web services for devices need h11: pip install 'openwmi[wsd]'", name="h11") from error

CUT_SHORT: Final = "the connection ended before the response did"


class Ended:
    """The last event of a message."""


ENDED: Final = Ended()

Event = Response | bytes | Ended
"""Of a response: its head, as one without a body; pieces of the body; its end."""


class ClientWire:
    """The client's side of a connection: requests one after the other, each answered before the next is sent.

    Attributes:
        ready: whether another request may follow.
    """

    __slots__ = ("_connection", "_left", "_limit", "ready")

    def __init__(self) -> None:
        self._connection = h11.Connection(h11.CLIENT, max_incomplete_event_size=HTTP_HEADER_OCTETS)
        self._left = 0
        self._limit: Callable[[Response], int] = _nothing
        self.ready = True

    def begin(self, url: Url, request: Request, limit: Callable[[Response], int]) -> bytes:
        """The request; of one in pieces the head. `limit` says of a response's head how many octets may follow."""
        if not self.ready:
            raise LocalProtocolError("a request before the last one was answered")
        self.ready = False
        self._limit = limit
        headers = [("Host", url.authority), ("User-Agent", "openwmi")]
        if request.pieces is None:
            headers.append(("Content-Length", str(len(request.body))))
        else:
            headers.append(("Transfer-Encoding", "chunked"))
        headers += request.headers
        try:
            head = self._connection.send(h11.Request(method=request.method, target=request.target, headers=headers))
        except h11.LocalProtocolError as error:
            raise LocalProtocolError(f"HTTP cannot say that: {error}") from None
        if request.pieces is not None:
            return head or b""
        return (head or b"") + self.send(request.body) + self.finish()

    def send(self, octets: bytes) -> bytes:
        """A piece of the request's body."""
        return self._connection.send(h11.Data(octets)) or b""

    def finish(self) -> bytes:
        """Its end."""
        return self._connection.send(h11.EndOfMessage()) or b""

    def receive(self, octets: bytes) -> list[Event]:
        """Octets of the response; none means that there are no more. RemoteProtocolError."""
        connection = self._connection
        found: list[Event] = []
        try:
            connection.receive_data(octets)
            while True:
                event = connection.next_event()
                if isinstance(event, h11.Data):
                    self._count(len(event.data))
                    found.append(bytes(event.data))
                elif isinstance(event, h11.Response):
                    head = Response(event.status_code, _texts(event.headers))
                    found.append(head)
                    self._left = self._limit(head)
                    self._count(_length(event.headers), announced=True)
                elif isinstance(event, h11.EndOfMessage):
                    found.append(ENDED)
                    self._cycle()
                    return found
                elif not isinstance(event, h11.InformationalResponse):
                    break
        except h11.RemoteProtocolError as error:
            said = f"what came is no response of HTTP: {error}" if octets else CUT_SHORT
            raise RemoteProtocolError(said) from None
        if not octets:
            raise RemoteProtocolError(CUT_SHORT)
        return found

    def _count(self, octets: int, *, announced: bool = False) -> None:
        if octets > self._left:
            raise RemoteProtocolError(f"a body that is {octets - self._left} octets longer than it may be")
        if not announced:
            self._left -= octets

    def _cycle(self) -> None:
        connection = self._connection
        done = connection.our_state is h11.DONE and connection.their_state is h11.DONE
        if done and not connection.trailing_data[0]:  # octets that follow would be an answer to nothing
            connection.start_next_cycle()
            self.ready = True


class Session:
    """The server's side of a connection: requests one after the other, each answered before the next is read.

    Args:
        limit: octets that the body of a request may have.
        streams: says, of the head of a request, how many octets its body may have where it is given out in pieces as
            it comes (`pieces`); 0 where it is wanted whole.

    Attributes:
        ended: whether nothing more is read: the connection is to be closed once all is sent.
        streaming: whether pieces of a request that was given out are still to come.
    """

    def __init__(self, limit: int, streams: Callable[[Request], int] | None = None) -> None:
        self._connection = h11.Connection(h11.SERVER, max_incomplete_event_size=HTTP_HEADER_OCTETS)
        self._limit = limit
        self._streams = streams
        self._body = _Body(limit)
        self._head: Request | None = None
        self._open = False
        self.ended = False
        self.streaming = False

    @property
    def amid(self) -> bool:
        """Whether a part of a request is here, and the rest is not."""
        return self.streaming or self._head is not None or bool(self._connection.trailing_data[0])

    def receive(self, octets: bytes) -> Request | Response | bytes | None:
        """Octets of requests; none means that there are no more.

        Returns: a request to answer with `respond`, its body still to come where `streaming` is set; or a response to
        `refuse` with, since this is no request; or octets to send before asking again with `proceed`; or None: more is
        needed.
        """
        if self.ended:
            return None
        try:
            self._connection.receive_data(octets)
        except h11.RemoteProtocolError as error:
            return self._refusal(error.error_status_hint)
        return self.proceed()

    def proceed(self) -> Request | Response | bytes | None:
        """The same with what was received before."""
        if self._open or self.ended or self.streaming:
            return None
        try:
            return self._next()
        except h11.RemoteProtocolError as error:
            return self._refusal(error.error_status_hint)
        except RemoteProtocolError:
            return self._refusal(HTTPStatus.REQUEST_ENTITY_TOO_LARGE)

    def pieces(self) -> list[bytes]:
        """What is here of the body of a request that is given out in pieces. RemoteProtocolError."""
        found: list[bytes] = []
        try:
            while self.streaming:
                event = self._connection.next_event()
                if isinstance(event, h11.Data):
                    self._body.count(len(event.data))
                    found.append(bytes(event.data))
                elif isinstance(event, h11.EndOfMessage):
                    self.streaming = False
                    self._body = _Body(self._limit)
                elif isinstance(event, h11.ConnectionClosed):
                    raise RemoteProtocolError("the connection ended before the request did")
                else:
                    break
        except h11.RemoteProtocolError as error:
            raise RemoteProtocolError(f"the body of a request is not well made: {error}") from None
        return found

    def respond(self, response: Response) -> bytes:
        """The octets of a response; `proceed` then gives the next request that is here.

        Of one in pieces the head: `send` and `finish` follow.
        """
        if not self._open:
            raise LocalProtocolError("a response without a request")
        self._open = False
        octets = self._encode(response)
        if response.pieces is None:
            self._cycle()
        return octets

    def send(self, octets: bytes) -> bytes:
        """A piece of a response."""
        return self._connection.send(h11.Data(octets)) or b""

    def finish(self) -> bytes:
        """The end of one that was sent in pieces."""
        octets = self._connection.send(h11.EndOfMessage()) or b""
        self._cycle()
        return octets

    def refuse(self, response: Response) -> bytes:
        """The octets of a response to what was no request. Nothing more is read after it."""
        self.ended = True
        if self._connection.our_state not in {h11.IDLE, h11.SEND_RESPONSE}:
            return b""
        closing = Response(response.status, (*response.headers, ("connection", "close")), response.body)
        return self._encode(closing)

    def _cycle(self) -> None:
        if self._connection.our_state is h11.DONE and self._connection.their_state is h11.DONE:
            self._connection.start_next_cycle()
        else:
            self.ended = True

    def _next(self) -> Request | bytes | None:
        while True:
            head = self._head
            if head is not None and head.pieces is not None:
                self._head = None
                self._open = self.streaming = True
                return head
            event = self._connection.next_event()
            if isinstance(event, h11.Request):
                self._head = self._begun(event)
                if self._connection.they_are_waiting_for_100_continue:
                    return self._connection.send(h11.InformationalResponse(status_code=100, headers=[])) or b""
            elif isinstance(event, h11.Data):
                self._body.add(event.data)
            elif isinstance(event, h11.EndOfMessage):
                return self._whole()
            else:  # more is needed, or there is no more
                self.ended = isinstance(event, h11.ConnectionClosed)
                return None

    def _begun(self, event: h11.Request) -> Request:
        texts = _texts(event.headers)
        head = Request(event.method.decode("ascii"), event.target.decode("latin-1"), texts)
        limit = 0 if self._streams is None else self._streams(head)
        if limit:
            self._body = _Body(limit)
            head = Request(head.method, head.target, texts, pieces=_none_yet)
        self._body.announce(_length(event.headers))
        return head

    def _whole(self) -> Request:
        assert self._head is not None
        head, self._head = self._head, None
        body, self._body = self._body.octets(), _Body(self._limit)
        self._open = True
        return Request(head.method, head.target, head.headers, body)

    def _refusal(self, status: int) -> Response:
        self._head = None
        return Response(status)

    def _encode(self, response: Response) -> bytes:
        status = HTTPStatus(response.status)
        whole = response.pieces is None
        length = ("Content-Length", str(len(response.body))) if whole else ("Transfer-Encoding", "chunked")
        headers = [("Server", "openwmi"), length, *response.headers]
        head = h11.Response(status_code=status.value, reason=status.phrase.encode(), headers=headers)
        events = (head, h11.Data(response.body), h11.EndOfMessage()) if whole else (head,)
        return b"".join(self._connection.send(event) or b"" for event in events)


class _Body:
    """Collects a body that is no longer than allowed. RemoteProtocolError."""

    def __init__(self, limit: int) -> None:
        self._limit = limit
        self._length = 0
        self._octets = bytearray()

    def announce(self, length: int) -> None:
        if length > self._limit:
            raise RemoteProtocolError(f"a body of {length} octets is longer than {self._limit}")

    def count(self, octets: int) -> None:
        self._length += octets
        self.announce(self._length)

    def add(self, octets: bytes | bytearray) -> None:
        self.count(len(octets))
        self._octets += octets

    def octets(self) -> bytes:
        return bytes(self._octets)


def _nothing(_: Response) -> int:
    return 0


def _none_yet() -> Pieces:
    raise LocalProtocolError("the pieces of a request are its connection's to give")


def _length(headers: Iterable[tuple[bytes, bytes]]) -> int:
    return next((int(value) for name, value in headers if name == b"content-length"), 0)  # h11 has checked it


def _texts(headers: Iterable[tuple[bytes, bytes]]) -> Headers:
    return tuple((name.decode("ascii"), value.decode("latin-1")) for name, value in headers)
