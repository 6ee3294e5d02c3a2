"""Plain messages: what is read without h11 is what h11 reads; what is not plain is left to it."""

from __future__ import annotations

import h11
import pytest
from hypothesis import given
from hypothesis import strategies as st

from openwmi.base.fault import LocalProtocolError
from openwmi.net.http import Headers, Request, Response, Url
from openwmi.net.http_plain import encode_request, encode_response, plain_request, plain_response
from openwmi.net.http_wire import ENDED, ClientWire, Session

LIMIT = 1000
HERE = Url(False, "192.0.2.1", 5357, "/device")
FIELDS = st.sampled_from(
    [
        b"Host: a",
        b"host:b:80 ",
        b"Content-Length: 3",
        b"content-length:\t3",
        b"Content-Length: 3, 3",
        b"Content-Length: +3",
        b"Content-Length: 0",
        b"Content-Length: \xb2",
        b"Content-Length: 9999999999",
        b"Transfer-Encoding: chunked",
        b"Connection: close",
        b"Expect: 100-continue",
        b"X: \xe9\t y",
        b"X :y",
        b" folded",
        b"X: \x00",
        b"X:",
        b": y",
        b"no field",
        b"X: a\nY: b",
        b"X: a\rY: b",
    ]
)
LINES = st.lists(FIELDS, max_size=5).map(lambda fields: [b"Host: h", *fields, b"Content-Length: 3"])
REQUESTS = st.sampled_from(
    [
        b"POST / HTTP/1.1",
        b"POST /a?b HTTP/1.1",
        b"POST  / HTTP/1.1",
        b"POST / HTTP/1.0",
        b"POST /\xe9 HTTP/1.1",
        b"GET / HTTP/1.1",
    ]
)
RESPONSES = st.sampled_from(
    [
        b"HTTP/1.1 200 OK",
        b"HTTP/1.1 202 ",
        b"HTTP/1.1 500 No\xe9",
        b"HTTP/1.0 200 OK",
        b"HTTP/1.1 204 x",
        b"HTTP/1.1 100 x",
        b"HTTP/1.1 20 x",
    ]
)


def texts(headers: object) -> Headers:
    assert isinstance(headers, h11._headers.Headers)
    return tuple((name.decode(), value.decode("latin-1")) for name, value in headers)


@given(REQUESTS, LINES | st.lists(FIELDS, max_size=6))
def test_requests(line: bytes, fields: list[bytes]) -> None:
    octets = b"\r\n".join([line, *fields, b"", b"abc"])
    found = plain_request(octets)
    if found is None:
        return
    server = h11.Connection(h11.SERVER)
    server.receive_data(octets)
    event = server.next_event()  # which raises where it is not well made
    assert isinstance(event, h11.Request)
    head, length, start = found
    assert (head.method.encode(), head.target.encode(), head.headers) == (
        event.method,
        event.target,
        texts(event.headers),
    )
    assert octets[start:] == b"abc"
    data = server.next_event()
    assert (len(data.data) if isinstance(data, h11.Data) else 0) == min(length, 3)
    assert isinstance(data, h11.Data) == bool(length)
    assert not server.they_are_waiting_for_100_continue
    if length == 3:
        assert isinstance(server.next_event(), h11.EndOfMessage)
        assert server.their_state is h11.DONE


@given(RESPONSES, LINES | st.lists(FIELDS, max_size=6))
def test_responses(line: bytes, fields: list[bytes]) -> None:
    octets = b"\r\n".join([line, *fields, b"", b"abc"])
    found = plain_response(octets)
    if found is None:
        return
    client = h11.Connection(h11.CLIENT)
    client.send(h11.Request(method="POST", target="/", headers=[("Host", "a"), ("Content-Length", "0")]))
    client.send(h11.EndOfMessage())
    client.receive_data(octets)
    event = client.next_event()
    assert isinstance(event, h11.Response)
    head, length, _ = found
    assert (head.status, head.headers) == (event.status_code, texts(event.headers))
    data = client.next_event()
    assert (len(data.data) if isinstance(data, h11.Data) else 0) == min(length, 3)
    if length == 3:
        assert isinstance(client.next_event(), h11.EndOfMessage)
        assert client.their_state is h11.DONE


def test_the_ordinary_is_plain() -> None:
    """Else all of this would be for nothing."""
    asked = encode_request(Request("POST", "/x", (("Content-Type", "application/soap+xml"),), b"abc"), "a:80")
    assert plain_request(asked) is not None
    assert (
        plain_response(encode_response(Response(200, (("Content-Type", "application/soap+xml"),), b"abc"))) is not None
    )


@pytest.mark.parametrize(
    ("method", "target", "headers"),
    [("PO ST", "/", ()), ("POST", "/a b", ()), ("POST", "/", (("X", "a\r\nY: b"),)), ("POST", "/", (("X y", "a"),))],
)
def test_what_cannot_be_said(method: str, target: str, headers: Headers) -> None:
    with pytest.raises(LocalProtocolError):
        encode_request(Request(method, target, headers), "a")


PLAIN = b"POST /%d HTTP/1.1\r\nHost: a\r\nContent-Length: 2\r\n\r\nhi"
CHUNKED = b"POST /%d HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked\r\n\r\n2\r\nhi\r\n0\r\n\r\n"


@given(st.lists(st.sampled_from([PLAIN, CHUNKED]), min_size=1, max_size=5), st.integers(1, 200))
def test_a_server_that_changes_over(kinds: list[bytes], step: int) -> None:
    octets = b"".join(kind % number for number, kind in enumerate(kinds))
    session = Session(LIMIT)
    found = []
    for at in range(0, len(octets), step):
        one = session.receive(octets[at : at + step])
        while one is not None:
            assert isinstance(one, Request)
            found.append((one.target, one.body))
            assert session.respond(Response(200, (), b"x")).endswith(b"x")
            one = session.proceed()
    assert found == [(f"/{number}", b"hi") for number in range(len(kinds))]
    assert not session.amid
    assert session.receive(b"") is None
    assert session.ended


ANSWERS = [
    b"HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nhi",
    b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n2\r\nhi\r\n0\r\n\r\n",
]


@given(st.lists(st.sampled_from(ANSWERS), min_size=1, max_size=5), st.integers(1, 100))
def test_a_client_that_changes_over(answers: list[bytes], step: int) -> None:
    wire = ClientWire()
    for answer in answers:
        wire.begin(HERE, Request("POST", "/", (), b"abc"), lambda _: LIMIT)
        events = [event for at in range(0, len(answer), step) for event in wire.receive(answer[at : at + step])]
        assert isinstance(events[0], Response)
        assert b"".join(event for event in events if isinstance(event, bytes)) == b"hi"
        assert events[-1] is ENDED
        assert wire.ready


def test_an_answer_to_nothing_ends_a_connection() -> None:
    wire = ClientWire()
    wire.begin(HERE, Request("POST", "/"), lambda _: LIMIT)
    assert wire.receive(ANSWERS[0] * 2)[-1] is ENDED
    assert not wire.ready


def test_a_request_cut_short_is_refused() -> None:
    session = Session(LIMIT)
    assert session.receive((PLAIN % 1)[:-1]) is None
    assert session.amid
    refusal = session.receive(b"")
    assert isinstance(refusal, Response)
    assert session.refuse(refusal).startswith(b"HTTP/1.1 400 ")
