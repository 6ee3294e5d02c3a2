"""HTTP/1.1 as SOAP uses it (RFC 9112), on top of h11: octets in, messages out, and back, at both ends of a connection.

    client = ClientWire(); client.begin(url, request, limit); client.receive(octets)
    server = Session(limit); server.receive(octets); server.respond(response)

Nothing here opens a connection. How long a message may be is checked as it comes, before anybody reads it. This module
knows nothing of SOAP.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable
from http import HTTPStatus
from typing import Final

import h11

from openwmi.base.fault import LocalProtocolError, RemoteProtocolError
from openwmi.base.limits import HTTP_HEADER_OCTETS, HTTP_INTERIM_RESPONSES
from openwmi.net.http import Headers, Pieces, Request, Response, Url
from openwmi.net.http_plain import (
    encode_request,
    encode_response,
    plain_request,
    plain_response,
    request_headers,
    response_headers,
)

CUT_SHORT: Final = "the connection ended before the response did"


class Ended:
    """The last event of a message."""


ENDED: Final = Ended()

Event = Response | bytes | Ended
"""Of a response: its head, as one without a body; pieces of the body; its end."""


class ClientWire:
    """The client's side of a connection: requests one after the other, each answered before the next is sent.

    Plain messages are read and written by `http_plain`; with the first that is not plain h11 takes over for good.

    Attributes:
        ready: whether another request may follow.
        more: whether more came than the answer to a request: what follows it answers nothing.
    """

    __slots__ = ("_connection", "_head", "_interim", "_left", "_limit", "_method", "more", "ready")

    def __init__(self) -> None:
        self._connection: h11.Connection | None = None
        self._left = 0  # octets of a body that may still come, or of a plain one that do
        self._head = False  # whether the head of a plain response was there
        self._limit: Callable[[Response], int] = _nothing
        self._method = ""
        self._interim = 0
        self.more = False
        self.ready = True

    def begin(self, url: Url, request: Request, limit: Callable[[Response], int]) -> bytes:
        """The request; of one in pieces the head. `limit` says of a response's head how many octets may follow."""
        if not self.ready:
            raise LocalProtocolError("a request before the last one was answered")
        self.ready = False
        self._head = False
        self._limit = limit
        self._interim = 0
        self._method = request.method
        connection = self._connection
        if request.pieces is None:
            octets = encode_request(request, url.authority)
            if connection is not None:
                _pretend(connection, request.method)
            return octets
        if connection is None:
            connection = self._connection = _client()
        headers = request_headers(request, url.authority, ("Transfer-Encoding", "chunked"))
        try:
            asked = h11.Request(method=request.method, target=request.target, headers=headers)
            return connection.send(asked) or b""
        except h11.LocalProtocolError as error:
            raise LocalProtocolError(f"HTTP cannot say that: {error}") from None

    def send(self, octets: bytes) -> bytes:
        """A piece of the request's body."""
        assert self._connection is not None, "what is sent in pieces, is by h11"
        return self._connection.send(h11.Data(octets)) or b""

    def finish(self) -> bytes:
        """Its end."""
        assert self._connection is not None, "what is sent in pieces, is by h11"
        return self._connection.send(h11.EndOfMessage()) or b""

    def receive(self, octets: bytes) -> list[Event]:
        """Octets of the response; none means that there are no more. RemoteProtocolError."""
        if self._connection is not None:
            return self._receive(self._connection, octets)
        if not octets:
            raise RemoteProtocolError(CUT_SHORT)
        found: list[Event] = []
        if not self._head:
            plain = plain_response(octets) if self._method == "POST" else None
            if plain is None:
                self._connection = _client()
                _pretend(self._connection, self._method)
                return self._receive(self._connection, octets)
            head, self._left, start = plain
            allowed = self._limit(head)
            if self._left > allowed:
                raise RemoteProtocolError(f"a body that is {self._left - allowed} octets longer than it may be")
            self._head = True
            found.append(head)
            octets = octets[start:]
        if octets:
            found.append(octets[: self._left])
            rest = len(octets) - self._left
            self._left = max(0, -rest)
        else:
            rest = -self._left
        if rest >= 0:
            found.append(ENDED)
            self.more = bool(rest)
            self.ready = not rest
        return found

    def _receive(self, connection: h11.Connection, octets: bytes) -> list[Event]:
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
                    self._cycle(connection)
                    return found
                elif isinstance(event, h11.InformationalResponse):
                    self._interim += 1
                    if self._interim > HTTP_INTERIM_RESPONSES:
                        raise RemoteProtocolError(f"more than {HTTP_INTERIM_RESPONSES} responses before the response")
                else:
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

    def _cycle(self, connection: h11.Connection) -> None:
        done = connection.our_state is h11.DONE and connection.their_state is h11.DONE
        self.more = bool(connection.trailing_data[0])
        if done and not self.more:
            connection.start_next_cycle()
            self.ready = True


class Session:
    """The server's side of a connection: requests one after the other, each answered before the next is read.

    Plain messages are read and written by `http_plain`; with the first that is not plain h11 takes over for good.

    Args:
        limit: octets that the body of a request may have.
        streams: says, of the head of a request, how many octets its body may have where it is given out in pieces as
            it comes (`pieces`); 0 where it is wanted whole.

    Attributes:
        ended: whether nothing more is read: the connection is to be closed once all is sent.
        streaming: whether pieces of a request that was given out are still to come.
    """

    def __init__(self, limit: int, streams: Callable[[Request], int] | None = None) -> None:
        self._connection: h11.Connection | None = None
        self._buffer = bytearray()  # of plain messages: what follows the one that is being answered, or its body
        self._length = 0
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
        rest = self._buffer if self._connection is None else self._connection.trailing_data[0]
        return self.streaming or self._head is not None or bool(rest)

    def receive(self, octets: bytes) -> Request | Response | bytes | None:
        """Octets of requests; none means that there are no more.

        Returns: a request to answer with `respond`, its body still to come where `streaming` is set; or a response to
        `refuse` with, since this is no request; or octets to send before asking again with `proceed`; or None: more is
        needed.
        """
        if self.ended:
            return None
        if self._connection is None:
            if octets:
                self._buffer += octets
                return self.proceed()
            if self._head is None and not self._buffer and not self._open:
                self.ended = True
                return None
            if self._head is not None and not self._open:
                return self._refusal(HTTPStatus.BAD_REQUEST)
            self._hand_over()
        assert self._connection is not None, "it has been handed over"
        try:
            self._connection.receive_data(octets)
        except h11.RemoteProtocolError as error:
            return self._refusal(error.error_status_hint)
        return self.proceed()

    def proceed(self) -> Request | Response | bytes | None:
        """The same with what was received before."""
        if self._open or self.ended or self.streaming:
            return None
        if self._connection is None:
            if self._plain():
                return self._whole_plain()
            self._hand_over()
        try:
            return self._next(self._h11)
        except h11.RemoteProtocolError as error:
            return self._refusal(error.error_status_hint)
        except RemoteProtocolError:
            return self._refusal(HTTPStatus.REQUEST_ENTITY_TOO_LARGE)

    def pieces(self) -> list[bytes]:
        """What is here of the body of a request that is given out in pieces. RemoteProtocolError."""
        found: list[bytes] = []
        try:
            while self.streaming:
                event = self._h11.next_event()
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
        if self._connection is None and response.pieces is None:
            return encode_response(response)
        if self._connection is None:
            self._hand_over(asked=True)
        octets = self._encode(response)
        if response.pieces is None:
            self._cycle()
        return octets

    def send(self, octets: bytes) -> bytes:
        """A piece of a response."""
        return self._h11.send(h11.Data(octets)) or b""

    def finish(self) -> bytes:
        """The end of one that was sent in pieces."""
        octets = self._h11.send(h11.EndOfMessage()) or b""
        self._cycle()
        return octets

    def refuse(self, response: Response) -> bytes:
        """The octets of a response to what was no request. Nothing more is read after it."""
        self.ended = True
        if self._h11.our_state not in {h11.IDLE, h11.SEND_RESPONSE}:
            return b""
        closing = Response(response.status, (*response.headers, ("connection", "close")), response.body)
        return self._encode(closing)

    @property
    def _h11(self) -> h11.Connection:
        if self._connection is None:
            self._connection = _server()
        return self._connection

    def _hand_over(self, *, asked: bool = False) -> None:
        """From here on h11 reads and writes; `asked`: a plain request was read, and is still to be answered."""
        connection = self._connection = _server()
        if asked or self._open:
            connection.receive_data(b"POST / HTTP/1.1\r\nHost: a\r\nContent-Length: 0\r\n\r\n")
            while not isinstance(connection.next_event(), h11.EndOfMessage):
                pass
        if self._buffer:
            connection.receive_data(bytes(self._buffer))
            self._buffer.clear()

    def _plain(self) -> bool:
        """Whether what is here is plain, or nothing."""
        if self._head is not None or not self._buffer:
            return True
        found = plain_request(bytes(self._buffer))
        if found is None or found[1] > self._limit or (self._streams is not None and self._streams(found[0])):
            return False
        self._head, self._length, start = found
        del self._buffer[:start]
        return True

    def _whole_plain(self) -> Request | None:
        head, length = self._head, self._length
        if head is None or len(self._buffer) < length:
            return None
        body = bytes(self._buffer[:length])
        del self._buffer[:length]
        self._head = None
        self._open = True
        return Request(head.method, head.target, head.headers, body)

    def _cycle(self) -> None:
        connection = self._h11
        if connection.our_state is h11.DONE and connection.their_state is h11.DONE:
            connection.start_next_cycle()
        else:
            self.ended = True

    def _next(self, connection: h11.Connection) -> Request | bytes | None:
        while True:
            head = self._head
            if head is not None and head.pieces is not None:
                self._head = None
                self._open = self.streaming = True
                return head
            event = connection.next_event()
            if isinstance(event, h11.Request):
                self._head = self._begun(event)
                if connection.they_are_waiting_for_100_continue:
                    return connection.send(h11.InformationalResponse(status_code=100, headers=[])) or b""
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
        framing = ("Content-Length", str(len(response.body))) if whole else ("Transfer-Encoding", "chunked")
        headers = response_headers(response, framing)
        head = h11.Response(status_code=status.value, reason=status.phrase.encode(), headers=headers)
        events = (head, h11.Data(response.body), h11.EndOfMessage()) if whole else (head,)
        return b"".join(self._h11.send(event) or b"" for event in events)


def _client() -> h11.Connection:
    return h11.Connection(h11.CLIENT, max_incomplete_event_size=HTTP_HEADER_OCTETS)


def _server() -> h11.Connection:
    return h11.Connection(h11.SERVER, max_incomplete_event_size=HTTP_HEADER_OCTETS)


def _pretend(connection: h11.Connection, method: str) -> None:
    """A request was sent that h11 has not written: it has only to know of what kind, and that all of it was sent."""
    connection.send(h11.Request(method=method, target="/", headers=[("Host", "a"), ("Content-Length", "0")]))
    connection.send(h11.EndOfMessage())


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
