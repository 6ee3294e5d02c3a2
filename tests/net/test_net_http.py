"""Messages of HTTP: whole, octet by octet, too long, wrong."""

from __future__ import annotations

import contextlib

import pytest
from hypothesis import given
from hypothesis import strategies as st

from openwmi.base.error import WbemError
from openwmi.base.fault import LocalProtocolError, RemoteProtocolError
from openwmi.base.status import WbemStatus
from openwmi.net.http import Request, Response, Url, parse_url
from openwmi.net.http_wire import ENDED, ClientWire, Session

LIMIT = 100
HERE = Url(False, "192.0.2.1", 5357, "/device")


@pytest.mark.parametrize(
    ("text", "url", "authority"),
    [
        ("http://192.0.2.1:5357/device", HERE, "192.0.2.1:5357"),
        ("http://camera.example", Url(False, "camera.example", 80, "/"), "camera.example"),
        ("https://[2001:db8::1]/a?b=c", Url(True, "2001:db8::1", 443, "/a?b=c"), "[2001:db8::1]"),
        ("http://[fe80::1%eth0]:80/", Url(False, "fe80::1%eth0", 80, "/"), "[fe80::1]"),
        ("http://[fe80::1%25eth0]:81/", Url(False, "fe80::1%eth0", 81, "/"), "[fe80::1]:81"),
        ("HTTP://EXAMPLE:8080/X", Url(False, "example", 8080, "/X"), "example:8080"),
    ],
)
def test_addresses(text: str, url: Url, authority: str) -> None:
    assert parse_url(text) == url
    assert url.authority == authority


@pytest.mark.parametrize(
    "text",
    [
        "",
        "ftp://192.0.2.1/",
        "http:///path",
        "192.0.2.1:5357",
        "http://192.0.2.1:99999/",
        "http://[fe80::1/",
        "http://192.0.2.1/a b",
        "http://192.0.2.1/a\r\nX: y",
        "http://\u00e9/",
        "http://user:password@192.0.2.1/",
    ],
)
def test_what_is_no_address(text: str) -> None:
    with pytest.raises(WbemError, match="is no address of HTTP") as caught:
        parse_url(text)
    assert caught.value.status == WbemStatus.INVALID_PARAMETER


@given(st.text(max_size=40))
def test_any_text(text: str) -> None:
    try:
        parse_url(f"http://{text}")
    except WbemError as error:
        assert error.status == WbemStatus.INVALID_PARAMETER


class Exchange:
    """One request and its response, at the client's end."""

    def __init__(self, url: Url, request: Request, limit: int) -> None:
        self.wire = ClientWire()
        self.sent = self.wire.begin(url, request, lambda _: limit)
        self.head: Response | None = None
        self.body = b""
        self.response: Response | None = None

    def receive(self, octets: bytes) -> None:
        if self.response is not None:
            return
        for event in self.wire.receive(octets):
            if isinstance(event, Response):
                self.head = event
            elif isinstance(event, bytes):
                self.body += event
            else:
                assert event is ENDED
                assert self.head is not None
                self.response = Response(self.head.status, self.head.headers, self.body)


def asked(body: bytes = b"<soap/>") -> bytes:
    return Exchange(HERE, Request("POST", "/device", (("Content-Type", "application/soap+xml"),), body), LIMIT).sent


def received(session: Session, octets: bytes, step: int) -> list[Request | Response | bytes]:
    """What came of it; requests are answered."""
    found: list[Request | Response | bytes] = []
    for at in range(0, len(octets), step):
        one = session.receive(octets[at : at + step])
        while one is not None:
            found.append(one)
            if isinstance(one, Request):
                session.respond(Response(200))
            elif isinstance(one, Response):
                session.refuse(one)
            one = session.proceed()
    return found


@pytest.mark.parametrize("step", [1, 7, 1000])
def test_a_request(step: int) -> None:
    (request,) = received(Session(LIMIT), asked(), step)
    assert isinstance(request, Request)
    assert (request.method, request.target, request.body) == ("POST", "/device", b"<soap/>")
    assert request.header("host") == "192.0.2.1:5357"
    assert request.header("content-type") == "application/soap+xml"
    assert request.header("user-agent") == "openwmi"
    assert request.header("x-none") == ""


KEPT = b"POST /%d HTTP/1.1\r\nHost: a\r\nContent-Length: 2\r\n\r\nhi"


@pytest.mark.parametrize("step", [1, 7, 1000])
def test_requests_one_after_the_other(step: int) -> None:
    """Whether or not the client waits for the responses."""
    session = Session(LIMIT)
    requests = received(session, KEPT % 1 + KEPT % 2 + KEPT % 3, step)
    assert [one.target for one in requests if isinstance(one, Request)] == ["/1", "/2", "/3"]
    assert not session.ended
    assert not session.amid


def test_one_is_answered_before_the_next_is_read() -> None:
    session = Session(LIMIT)
    assert isinstance(session.receive(KEPT % 1 + KEPT % 2), Request)
    assert session.proceed() is None
    session.respond(Response(200))
    assert isinstance(session.proceed(), Request)


def test_a_response_without_a_request_is_our_mistake() -> None:
    with pytest.raises(LocalProtocolError):
        Session(LIMIT).respond(Response(200))


@pytest.mark.parametrize("step", [1, 1000])
def test_a_body_in_chunks(step: int) -> None:
    octets = b"POST / HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked\r\n\r\n3\r\nabc\r\n2\r\nde\r\n0\r\n\r\n"
    (request,) = received(Session(LIMIT), octets, step)
    assert isinstance(request, Request)
    assert request.body == b"abcde"


def test_who_asks_whether_to_go_on_is_told_to() -> None:
    session = Session(LIMIT)
    head = b"POST / HTTP/1.1\r\nHost: a\r\nExpect: 100-continue\r\nContent-Length: 2\r\n\r\n"
    assert session.receive(head) == b"HTTP/1.1 100 \r\n\r\n"
    assert session.proceed() is None
    assert session.amid
    assert isinstance(session.receive(b"hi"), Request)


@pytest.mark.parametrize("step", [1, 1000])
@pytest.mark.parametrize(
    ("octets", "status"),
    [
        (b"POST / HTTP/1.1\r\nHost: a\r\nContent-Length: 101\r\n\r\n", 413),
        (b"POST / HTTP/1.1\r\nHost: a\r\nExpect: 100-continue\r\nContent-Length: 101\r\n\r\n", 413),
        (b"POST / HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked\r\n\r\n65\r\n" + b"x" * 101, 413),
        (b"POST / HTTP/1.1\r\nHost: a\r\nContent-Length: -1\r\n\r\n", 400),
        (b"POST / HTTP/1.1\r\nHost: a\r\nContent-Length: " + b"9" * 5000 + b"\r\n\r\n", 400),
        (b"POST / HTTP/1.1\r\nHost: a\r\nContent-Length: 1\r\nContent-Length: 2\r\n\r\n", 400),
        (b"POST / HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: gzip\r\n\r\n", 501),
        (b"POST / HTTP/1.1\r\n\r\n", 400),
        (b"nonsense\r\n\r\n", 400),
        (b"\x16\x03\x01\x02\x00\x01\x00\r\n\r\n", 400),
        (b"POST / HTTP/1.1\r\nX: " + b"y" * 20_000, 431),
    ],
)
def test_what_is_refused(octets: bytes, status: int, step: int) -> None:
    session = Session(LIMIT)
    found = received(session, octets, step)
    assert [one.status for one in found if isinstance(one, Response)] == [status]
    assert not any(isinstance(one, Request) for one in found)
    assert session.ended
    assert session.receive(KEPT % 1) is None


def test_a_refusal_says_that_the_connection_ends() -> None:
    session = Session(LIMIT)
    refusal = session.receive(b"nonsense\r\n\r\n")
    assert isinstance(refusal, Response)
    octets = session.refuse(refusal)
    assert octets.startswith(b"HTTP/1.1 400 Bad Request\r\n")
    assert b"connection: close" in octets.lower()


@given(st.binary(max_size=300), st.integers(1, 50))
def test_any_octets_of_a_client(octets: bytes, step: int) -> None:
    received(Session(LIMIT), octets, step)


@given(st.binary(max_size=LIMIT), st.integers(1, 50))
def test_there_and_back(body: bytes, step: int) -> None:
    exchange = Exchange(HERE, Request("POST", "/", (("Connection", "close"),), body), LIMIT)
    session = Session(LIMIT)
    request = session.receive(exchange.sent)
    assert isinstance(request, Request)
    answer = session.respond(Response(400, (("Content-Type", "text/plain"),), request.body[::-1]))
    assert session.ended  # a client that asks one thing says so
    for at in range(0, len(answer), step):
        exchange.receive(answer[at : at + step])
    assert exchange.response is not None
    assert (exchange.response.status, exchange.response.body) == (400, body[::-1])
    assert exchange.response.header("content-type") == "text/plain"
    assert exchange.response.header("x-none") == ""


def read(octets: bytes, step: int = 1000) -> Response | None:
    exchange = Exchange(HERE, Request("POST", "/"), LIMIT)
    for at in range(0, len(octets), step):
        exchange.receive(octets[at : at + step])
    if exchange.response is None:
        exchange.receive(b"")
    return exchange.response


@pytest.mark.parametrize("step", [1, 1000])
@pytest.mark.parametrize(
    "octets",
    [
        b"HTTP/1.1 200 OK\r\nContent-Length: 3\r\n\r\nabc",
        b"HTTP/1.1 100 Continue\r\n\r\nHTTP/1.1 200 OK\r\nContent-Length: 3\r\n\r\nabc",
        b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n3\r\nabc\r\n0\r\n\r\n",
        b"HTTP/1.1 200 OK\r\n\r\nabc",
        b"HTTP/1.0 200 OK\r\n\r\nabc",
    ],
)
def test_responses(octets: bytes, step: int) -> None:
    response = read(octets, step)
    assert response is not None
    assert (response.status, response.body) == (200, b"abc")


WHOLE = b"HTTP/1.1 200 OK\r\nContent-Length: 3\r\n\r\nabc"


@pytest.mark.parametrize("length", range(len(WHOLE)))
def test_a_response_that_is_cut_short(length: int) -> None:
    with pytest.raises(RemoteProtocolError):
        read(WHOLE[:length])


@pytest.mark.parametrize(
    "octets",
    [
        b"nonsense\r\n\r\n",
        b"HTTP/1.1 200 OK\r\nContent-Length: 101\r\n\r\n",
        b"HTTP/1.1 200 OK\r\n\r\n" + b"x" * 101,
        b"HTTP/1.1 200 OK\r\nX: " + b"y" * 20_000,
    ],
)
def test_what_is_no_response(octets: bytes) -> None:
    with pytest.raises(RemoteProtocolError):
        read(octets)


@given(st.binary(max_size=300))
def test_any_octets_of_a_server(octets: bytes) -> None:
    with contextlib.suppress(RemoteProtocolError):
        assert read(octets) is not None
