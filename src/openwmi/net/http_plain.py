"""The plainest messages of HTTP, read and written without h11: most of those that devices and their clients exchange.

h11 takes four tenths of the time of a call (measured), for rules that a plain message has no use for: one whose head
comes whole, has a Content-Length and nothing that changes how it is framed or what becomes of its connection. Whatever
is not surely such a one is left to h11, which is the judge of all else; a test has both read the same octets. What is
written is what h11 wrote the first time.
"""

from __future__ import annotations

import re
from functools import lru_cache
from http import HTTPStatus
from typing import Final

from openwmi.base.fault import LocalProtocolError
from openwmi.base.limits import HTTP_HEADER_OCTETS
from openwmi.net.http import Headers, Request, Response

try:
    import h11
except ImportError as error:
    raise ImportError("web services for devices need h11: pip install 'openwmi[wsd]'", name="h11") from error

Plain = tuple[Headers, int, int]
"""Of a message: its headers, the length of its body, and where that begins."""

_REQUEST: Final = re.compile(rb"POST (/[!-~]*) HTTP/1\.1\r\n")
_RESPONSE: Final = re.compile(rb"HTTP/1\.1 ([245][0-9][0-9]) [ -~]*\r\n")
_FIELD: Final = re.compile(rb"([!#$%&'*+.^_`|~0-9A-Za-z-]+):([^\x00-\x08\x0a-\x1f\x7f]*)\r\n")
_FIELD_MARKS: Final = len(":\r\n")
_LENGTH_DIGITS: Final = 9
_WITHOUT_BODY: Final = {HTTPStatus.NO_CONTENT, HTTPStatus.RESET_CONTENT}

# What changes how a message is framed, or what becomes of its connection, or wants something of us before its body.
_NOT_PLAIN: Final = frozenset(
    "connection expect keep-alive proxy-connection te trailer transfer-encoding upgrade".split()
)


def plain_request(octets: bytes) -> tuple[Request, int, int] | None:
    """The head of a request, the length of its body, and where that begins; None for what is h11's to read."""
    line = _REQUEST.match(octets)
    found = None if line is None else _fields(octets, line.end())
    if line is None or found is None or sum(name == "host" for name, _ in found[0]) != 1:
        return None
    return Request("POST", line[1].decode("ascii"), found[0]), found[1], found[2]


def plain_response(octets: bytes) -> tuple[Response, int, int] | None:
    """The same of a response to a POST."""
    line = _RESPONSE.match(octets)
    found = None if line is None else _fields(octets, line.end())
    if line is None or found is None or int(line[1]) in _WITHOUT_BODY:
        return None
    return Response(int(line[1]), found[0]), found[1], found[2]


def encode_request(request: Request, authority: str) -> bytes:
    """A request whole. LocalProtocolError for what HTTP cannot say."""
    secret = any(name.lower() == "authorization" for name, _ in request.headers)
    head = (_asking.__wrapped__ if secret else _asking)(request.method, request.target, authority, request.headers)
    return b"%bContent-Length: %d\r\n\r\n%b" % (head, len(request.body), request.body)


def encode_response(response: Response) -> bytes:
    """A response whole."""
    return b"%bContent-Length: %d\r\n\r\n%b" % (
        _answering(response.status, response.headers),
        len(response.body),
        response.body,
    )


def response_headers(response: Response, framing: tuple[str, str]) -> list[tuple[str, str]]:
    """Those of a response of ours; `framing` says how long it is."""
    return [("Server", "openwmi"), *response.headers, framing]


def request_headers(request: Request, authority: str, framing: tuple[str, str]) -> list[tuple[str, str]]:
    """And those of a request."""
    return [("Host", authority), ("User-Agent", "openwmi"), *request.headers, framing]


def _fields(octets: bytes, start: int) -> Plain | None:
    end = octets.find(b"\r\n\r\n", start - 2, HTTP_HEADER_OCTETS)
    if end < 0:
        return None
    fields = _FIELD.findall(octets, start, end + 2)
    if sum(len(name) + len(value) + _FIELD_MARKS for name, value in fields) != end + 2 - start:
        return None  # something between them that is no field
    headers = tuple([(name.lower().decode("ascii"), value.strip(b" \t").decode("latin-1")) for name, value in fields])
    lengths = [value for name, value in headers if name == "content-length"]
    if len(lengths) != 1 or len(lengths[0]) > _LENGTH_DIGITS or not (lengths[0].isascii() and lengths[0].isdecimal()):
        return None
    if any(name in _NOT_PLAIN for name, _ in headers):
        return None
    return headers, int(lengths[0]), end + 4


_NO_BODY: Final = ("Content-Length", "0")
_LAST: Final = b"Content-Length: 0\r\n\r\n"


@lru_cache(256)
def _asking(method: str, target: str, authority: str, headers: Headers) -> bytes:
    """All of the head of a request but its length: programs send the same again and again."""
    fields = request_headers(Request(method, target, headers), authority, _NO_BODY)
    try:
        head = h11.Connection(h11.CLIENT).send(h11.Request(method=method, target=target, headers=fields))
    except h11.LocalProtocolError as error:
        raise LocalProtocolError(f"HTTP cannot say that: {error}") from None
    assert head is not None, "a head is octets"
    assert head.endswith(_LAST), "fields stay in their order"
    return head.removesuffix(_LAST)


@lru_cache(256)
def _answering(status: int, headers: Headers) -> bytes:
    connection = h11.Connection(h11.SERVER)
    connection.receive_data(b"POST / HTTP/1.1\r\nHost: a\r\nContent-Length: 0\r\n\r\n")
    connection.next_event()
    known = HTTPStatus(status)
    fields = response_headers(Response(status, headers), _NO_BODY)
    head = connection.send(h11.Response(status_code=known.value, reason=known.phrase.encode(), headers=fields))
    assert head is not None, "a head is octets"
    assert head.endswith(_LAST), "fields stay in their order"
    return head.removesuffix(_LAST)
