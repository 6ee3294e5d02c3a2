"""HTTP/1.1 as SOAP uses it: a request with a body, a response with a body, both whole, on top of h11.

Nothing here opens a connection: octets go in and come out (RFC 9112). How long a message may be is checked as it comes,
before anybody reads it. This module knows nothing of SOAP, and needs h11, which the extra `wsd` brings.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from http import HTTPStatus
from urllib.parse import urlsplit

from openwmi.base.error import WbemError
from openwmi.base.fault import LocalProtocolError, RemoteProtocolError
from openwmi.base.limits import HTTP_HEADER_OCTETS
from openwmi.base.status import WbemStatus

try:
    import h11
except ImportError as error:
    raise ImportError("web services for devices need h11: pip install 'openwmi[wsd]'", name="h11") from error

Headers = tuple[tuple[str, str], ...]

PORTS = {"http": 80, "https": 443}
CUT_SHORT = "the connection ended before the response did"


@dataclass(frozen=True, slots=True)
class Url:
    """Where a request goes. `host` may be an address of IPv6 with the interface that it is good for, `fe80::1%eth0`."""

    secure: bool
    host: str
    port: int
    target: str = "/"

    @property
    def authority(self) -> str:
        """The field Host: what the interfaces are called here is nobody else's business."""
        host = self.host.partition("%")[0]
        host = f"[{host}]" if ":" in host else host
        return host if self.port == PORTS["https" if self.secure else "http"] else f"{host}:{self.port}"


@dataclass(frozen=True, slots=True)
class Request:
    """A request, whole. The names of the headers are in lower case."""

    method: str
    target: str
    headers: Headers = ()
    body: bytes = b""

    def header(self, name: str) -> str:
        """The value of one; empty if there is none."""
        return _header(self.headers, name)


@dataclass(frozen=True, slots=True)
class Response:
    """A response, whole. The names of the headers are in lower case."""

    status: int
    headers: Headers = ()
    body: bytes = b""

    def header(self, name: str) -> str:
        """The value of one; empty if there is none."""
        return _header(self.headers, name)


def parse_url(text: str) -> Url:
    """An absolute URL of HTTP. WbemError(INVALID_PARAMETER)."""
    try:
        parts = urlsplit(text)
        secure, host, port = parts.scheme == "https", parts.hostname, parts.port or PORTS[parts.scheme]
        if not host or not text.isascii() or not text.isprintable() or " " in text or "@" in parts.netloc:
            raise ValueError("it has no host, or characters that none has")
    except (ValueError, KeyError) as error:
        raise WbemError(
            WbemStatus.INVALID_PARAMETER, f"{text!r} is no address of HTTP, such as http://192.0.2.1:5357/: {error}"
        ) from None
    return Url(secure, host.replace("%25", "%"), port, (parts.path or "/") + (f"?{parts.query}" if parts.query else ""))


class Exchange:
    """The client's side of one request and its response; then the connection ends.

    Args:
        url, request: what to ask; the host, the length and who asks are added.
        limit: octets that the body of the response may have.
    """

    def __init__(self, url: Url, request: Request, limit: int) -> None:
        self._connection = h11.Connection(h11.CLIENT, max_incomplete_event_size=HTTP_HEADER_OCTETS)
        self._url = url
        self._request = request
        self._body = _Body(limit)
        self._head: h11.Response | None = None
        self.response: Response | None = None
        """Set once all of it is here."""

    def encode(self) -> bytes:
        """The request."""
        headers = [
            ("Host", self._url.authority),
            ("User-Agent", "openwmi"),
            ("Content-Length", str(len(self._request.body))),
            ("Connection", "close"),
            *self._request.headers,
        ]
        asked = h11.Request(method=self._request.method, target=self._request.target, headers=headers)
        return b"".join(
            self._connection.send(event) or b"" for event in (asked, h11.Data(self._request.body), h11.EndOfMessage())
        )

    def receive(self, octets: bytes) -> None:
        """Octets of the response; none means that there are no more. RemoteProtocolError."""
        try:
            self._connection.receive_data(octets)
            while self.response is None:
                event = self._connection.next_event()
                if event is h11.NEED_DATA or event is h11.PAUSED or isinstance(event, h11.ConnectionClosed):
                    break
                self._take(event)
        except h11.RemoteProtocolError as error:
            said = f"what came is no response of HTTP: {error}" if octets else CUT_SHORT
            raise RemoteProtocolError(said) from None
        if not octets and self.response is None:
            raise RemoteProtocolError(CUT_SHORT)

    def _take(self, event: object) -> None:
        if isinstance(event, h11.Response):
            self._head = event
            self._body.announce(_length(event.headers))
        elif isinstance(event, h11.Data):
            self._body.add(event.data)
        elif isinstance(event, h11.EndOfMessage):
            assert self._head is not None
            self.response = Response(self._head.status_code, _texts(self._head.headers), self._body.octets())


class Session:
    """The server's side of a connection: requests one after the other, each answered before the next is read.

    Args:
        limit: octets that the body of a request may have.

    Attributes:
        ended: whether nothing more is read: the connection is to be closed once all is sent.
    """

    def __init__(self, limit: int) -> None:
        self._connection = h11.Connection(h11.SERVER, max_incomplete_event_size=HTTP_HEADER_OCTETS)
        self._limit = limit
        self._body = _Body(limit)
        self._head: h11.Request | None = None
        self._open = False
        self.ended = False

    @property
    def amid(self) -> bool:
        """Whether a part of a request is here, and the rest is not."""
        return self._head is not None or bool(self._connection.trailing_data[0])

    def receive(self, octets: bytes) -> Request | Response | bytes | None:
        """Octets of requests; none means that there are no more.

        Returns: a request to answer with `respond`; or a response to `refuse` with, since this is no request; or
        octets to send before asking again with `proceed`; or None: more is needed.
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
        if self._open or self.ended:
            return None
        try:
            return self._next()
        except h11.RemoteProtocolError as error:
            return self._refusal(error.error_status_hint)
        except RemoteProtocolError:
            return self._refusal(HTTPStatus.REQUEST_ENTITY_TOO_LARGE)

    def respond(self, response: Response) -> bytes:
        """The octets of a response; `proceed` then gives the next request that is here."""
        if not self._open:
            raise LocalProtocolError("a response without a request")
        self._open = False
        octets = self._encode(response)
        if self._connection.our_state is h11.DONE and self._connection.their_state is h11.DONE:
            self._connection.start_next_cycle()
        else:
            self.ended = True
        return octets

    def refuse(self, response: Response) -> bytes:
        """The octets of a response to what was no request. Nothing more is read after it."""
        self.ended = True
        if self._connection.our_state not in {h11.IDLE, h11.SEND_RESPONSE}:
            return b""
        closing = Response(response.status, (*response.headers, ("connection", "close")), response.body)
        return self._encode(closing)

    def _next(self) -> Request | bytes | None:
        while True:
            event = self._connection.next_event()
            if isinstance(event, h11.Request):
                self._head = event
                self._body.announce(_length(event.headers))
                if self._connection.they_are_waiting_for_100_continue:
                    return self._connection.send(h11.InformationalResponse(status_code=100, headers=[])) or b""
            elif isinstance(event, h11.Data):
                self._body.add(event.data)
            elif isinstance(event, h11.EndOfMessage):
                return self._whole()
            else:  # more is needed, or there is no more
                self.ended = isinstance(event, h11.ConnectionClosed)
                return None

    def _whole(self) -> Request:
        assert self._head is not None
        head, self._head = self._head, None
        body, self._body = self._body.octets(), _Body(self._limit)
        self._open = True
        return Request(head.method.decode("ascii"), head.target.decode("latin-1"), _texts(head.headers), body)

    def _refusal(self, status: int) -> Response:
        self._head = None
        return Response(status)

    def _encode(self, response: Response) -> bytes:
        status = HTTPStatus(response.status)
        headers = [("Server", "openwmi"), ("Content-Length", str(len(response.body))), *response.headers]
        head = h11.Response(status_code=status.value, reason=status.phrase.encode(), headers=headers)
        events = (head, h11.Data(response.body), h11.EndOfMessage())
        return b"".join(self._connection.send(event) or b"" for event in events)


class _Body:
    """Collects a body that is no longer than allowed. RemoteProtocolError."""

    def __init__(self, limit: int) -> None:
        self._limit = limit
        self._octets = bytearray()

    def announce(self, length: int) -> None:
        if length > self._limit:
            raise RemoteProtocolError(f"a body of {length} octets is longer than {self._limit}")

    def add(self, octets: bytes | bytearray) -> None:
        self.announce(len(self._octets) + len(octets))
        self._octets += octets

    def octets(self) -> bytes:
        return bytes(self._octets)


def _length(headers: Iterable[tuple[bytes, bytes]]) -> int:
    return next((int(value) for name, value in headers if name == b"content-length"), 0)  # h11 has checked it


def _texts(headers: Iterable[tuple[bytes, bytes]]) -> Headers:
    return tuple((name.decode("ascii"), value.decode("latin-1")) for name, value in headers)


def _header(headers: Headers, name: str) -> str:
    return next((value for known, value in headers if known == name), "")
