"""Messages that are cut short, too long, too slow, changed or nonsense, at both ends: a fault or a close, and soon.

Octets go over connections in memory, so that whatever a peer may send can be sent.
"""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from random import Random
from typing import cast

import pytest
from tests.wsd.devices import OURS, PATH, World
from tests.wsd.test_wsd_endpoint import BODY, ECHO, Echo

from openwmi.base.error import Timeout, WbemError
from openwmi.base.limits import HTTP_IDLE_SECONDS, HTTP_REQUEST_SECONDS, HTTP_STALLED_SECONDS, SOAP_ENVELOPE_OCTETS
from openwmi.net import Address
from openwmi.net.http_client import HttpClient
from openwmi.soap import DPWS_2006, EndpointReference, Headers, encode
from openwmi.testing import MemoryNetwork
from openwmi.wsd import Call, Endpoint

REPLY_TO = EndpointReference(DPWS_2006.anonymous)
MESSAGE = encode(DPWS_2006, Headers(ECHO, "urn:m", "urn:x", reply_to=REPLY_TO), BODY)
TARGET = f"{PATH}/urn%3Ax%2Fecho".encode()


def post(body: bytes, content_type: bytes = b"application/soap+xml", *, chunked: bool = False) -> bytes:
    head = b"POST %b HTTP/1.1\r\nHost: a\r\nContent-Type: %b\r\n" % (TARGET, content_type)
    if not chunked:
        return head + b"Content-Length: %d\r\n\r\n%b" % (len(body), body)
    pieces = [body[at : at + 100] for at in range(0, len(body), 100)]
    return head + b"Transfer-Encoding: chunked\r\n\r\n" + b"".join(map(_chunk, [*pieces, b""]))


def _chunk(octets: bytes) -> bytes:
    return b"%x\r\n%b\r\n" % (len(octets), octets)


RELATED = b'multipart/related; type="application/xop+xml"; boundary=b; start="<0>"'
PARTS = (
    b"--b\r\nContent-Type: application/xop+xml\r\nContent-ID: <0>\r\n\r\n%b\r\n--b\r\nContent-ID: <1>\r\n\r\n"
    b"octets\r\n--b--\r\n"
) % MESSAGE
FORMS = {
    "whole": post(MESSAGE),
    "chunked": post(MESSAGE, chunked=True),
    "parts": post(PARTS, RELATED),
    "parts in chunks": post(PARTS, RELATED, chunked=True),
}


class Attentive(Echo):
    """Looks at its attachments, too."""

    async def echo(self, call: Call) -> bytes:
        async for attachment in call.attachments:
            await attachment.read()
        return await super().echo(call)


class Peer(asyncio.Protocol):
    """One end of a connection, by hand."""

    def __init__(self) -> None:
        self.heard = b""
        self.ended: asyncio.Future[float] = asyncio.get_running_loop().create_future()

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        self.transport = cast(asyncio.Transport, transport)

    def data_received(self, data: bytes) -> None:
        self.heard += data

    def connection_lost(self, exc: Exception | None) -> None:
        self.ended.set_result(asyncio.get_running_loop().time())


@asynccontextmanager
async def serving() -> AsyncIterator[World]:
    world = World(services=[Attentive()])
    async with world.host:
        yield world


async def said(world: World, octets: bytes) -> bytes:
    """What the device says until it closes the connection, which it does soon."""
    began = asyncio.get_running_loop().time()
    _, peer = await world.web.connect(Peer, OURS, 5357)
    peer.transport.write(octets)
    ended = await peer.ended
    longest = HTTP_REQUEST_SECONDS + HTTP_STALLED_SECONDS + HTTP_IDLE_SECONDS
    assert ended - began <= longest + 1
    return peer.heard


def needed(octets: bytes) -> int:
    """How many of them a message needs: what follows the last boundary is nobody's."""
    last = octets.rfind(b"--b--")
    return len(octets) if last < 0 else last + len(b"--b-")


def statuses(heard: bytes) -> set[bytes]:
    return {line[9:12] for line in heard.split(b"\r\n") if line.startswith(b"HTTP/1.1 ")}


@pytest.mark.parametrize("form", FORMS)
async def test_what_is_right_is_answered(form: str) -> None:
    async with serving() as world:
        assert statuses(await said(world, FORMS[form])) == {b"200"}


@pytest.mark.parametrize("form", FORMS)
async def test_requests_that_are_cut_short(form: str, caplog: pytest.LogCaptureFixture) -> None:
    octets = FORMS[form]
    async with serving() as world:
        for length in range(0, needed(octets), 7):
            assert statuses(await said(world, octets[:length])) <= {b"400", b"500"}
    assert "could not be answered" not in caplog.text


@pytest.mark.parametrize("form", FORMS)
async def test_requests_that_are_changed(form: str, caplog: pytest.LogCaptureFixture) -> None:
    chance = Random(form)
    async with serving() as world:
        for _ in range(150):
            octets = bytearray(FORMS[form])
            for _ in range(chance.randint(1, 4)):
                octets[chance.randrange(len(octets))] = chance.choice(b"\x00\r\n<>&;:=-0f\xff ")
            heard = await said(world, bytes(octets))
            assert statuses(heard) <= {b"200", b"202", b"400", b"404", b"405", b"413", b"415", b"500", b"501"}
    assert "could not be answered" not in caplog.text


@pytest.mark.parametrize(
    ("octets", "status"),
    [
        (post(b"x" * (SOAP_ENVELOPE_OCTETS + 1)), b"413"),
        (post(b"x" * (SOAP_ENVELOPE_OCTETS + 1), chunked=True), b"413"),
        (post(b"<a>" * 10_000), b"400"),
        (post(MESSAGE.replace(BODY, b"<a>" * 100 + b"</a>" * 100)), b"400"),
        (post(MESSAGE.replace(BODY, b"<a>" + b"x" * 9000 + b"</a>")), b"400"),
        (post(b'<!DOCTYPE x [<!ENTITY a "b">]>' + MESSAGE), b"400"),
        (post(PARTS.replace(BODY, b"x" * SOAP_ENVELOPE_OCTETS), RELATED), b"400"),
        (post(PARTS, b"multipart/related"), b"400"),
        (post(PARTS, b"multipart/related; boundary=c"), b"400"),
        (post(PARTS.replace(b"<0>", b"<2>"), RELATED), b"400"),
        (post(PARTS.replace(b"application/xop+xml\r\nContent-ID", b"image/png\r\nContent-ID"), RELATED), b"400"),
        (post(PARTS, b"multipart/mixed; boundary=b"), b"415"),
    ],
)
async def test_requests_that_are_too_much_or_wrong(octets: bytes, status: bytes) -> None:
    async with serving() as world:
        assert statuses(await said(world, octets)) == {status}


@pytest.mark.parametrize("form", FORMS)
async def test_requests_that_come_slowly(form: str) -> None:
    """However often there is another octet."""
    async with serving() as world:
        _, peer = await world.web.connect(Peer, OURS, 5357)
        for octet in FORMS[form]:
            if peer.ended.done():
                break
            peer.transport.write(bytes([octet]))
            await asyncio.sleep(0.5)
        assert await peer.ended <= HTTP_REQUEST_SECONDS + 2 * HTTP_STALLED_SECONDS + 1
        assert statuses(peer.heard) <= {b"400"}


# ------------------------------------------------------------------------------------------------------ at the client

ANSWER = encode(DPWS_2006, Headers(f"{ECHO}Response", "urn:n"), BODY)
PARTS_BACK = PARTS.replace(MESSAGE, ANSWER)


def back(body: bytes, content_type: bytes = b"application/soap+xml", *, chunked: bool = False) -> bytes:
    asked = post(body, content_type, chunked=chunked)
    return b"HTTP/1.1 200 OK\r\n" + asked.partition(b"\r\n")[2].replace(b"Host: a\r\n", b"")


ANSWERS = {
    "whole": back(ANSWER),
    "chunked": back(ANSWER, chunked=True),
    "parts": back(PARTS_BACK, RELATED),
    "parts in chunks": back(PARTS_BACK, RELATED, chunked=True),
}


class Answering(Peer):
    """A device that says what it is given to whatever it hears; and then it ends, or says nothing more."""

    octets = b""
    closes = True

    def data_received(self, data: bytes) -> None:
        self.transport.write(self.octets)
        if self.closes:
            self.transport.close()


async def answered(octets: bytes, *, closes: bool = True) -> bool:
    """Whether a call that gets this for an answer succeeds; all that it can be otherwise is a WbemError."""
    network = MemoryNetwork()
    device = type("_", (Answering,), {"octets": octets, "closes": closes})
    await network.listen(device, Address(OURS, 80))
    async with HttpClient(connect=network.connect) as http:
        try:
            reply = await Endpoint(f"http://{OURS}/", http=http).two_way(ECHO, BODY, timeout=20)
            async for attachment in reply.attachments:
                await attachment.read()
        except WbemError:
            return False
    return True


@pytest.mark.parametrize("form", ANSWERS)
async def test_answers(form: str) -> None:
    octets = ANSWERS[form]
    assert await answered(octets)
    assert await answered(octets, closes=False)
    end = needed(octets)
    for length in range(0, end, 5):
        assert not await answered(octets[:length])
    assert not await answered(octets[: end // 2], closes=False)


@pytest.mark.parametrize("form", ANSWERS)
async def test_answers_that_are_changed(form: str) -> None:
    chance = Random(form)
    for _ in range(200):
        octets = bytearray(ANSWERS[form])
        for _ in range(chance.randint(1, 4)):
            octets[chance.randrange(len(octets))] = chance.choice(b"\x00\r\n<>&;:=-0f\xff ")
        await answered(bytes(octets), closes=chance.random() < 0.5)


@pytest.mark.parametrize(
    "octets",
    [
        back(b"x" * (SOAP_ENVELOPE_OCTETS + 1)),
        back(b"x" * (SOAP_ENVELOPE_OCTETS + 1), chunked=True),
        back(PARTS_BACK.replace(ANSWER, b"x" * (SOAP_ENVELOPE_OCTETS + 1)), RELATED),
        back(PARTS_BACK, b"multipart/related"),
        back(b"<a>" * 10_000),
        b"HTTP/1.1 200 OK\r\nX: " + b"y" * 20_000,
        b"HTTP/1.1 100 Continue\r\n\r\n" * 10,
    ],
)
async def test_answers_that_are_too_much_or_wrong(octets: bytes) -> None:
    assert not await answered(octets)


async def test_answers_that_come_slowly() -> None:
    class Slow(Peer):
        def data_received(self, data: bytes) -> None:
            self.task = asyncio.create_task(self.trickle())

        async def trickle(self) -> None:
            for octet in ANSWERS["whole"]:
                self.transport.write(bytes([octet]))
                await asyncio.sleep(0.1)

    network = MemoryNetwork()
    await network.listen(Slow, Address(OURS, 80))
    async with HttpClient(connect=network.connect) as http:
        with pytest.raises(Timeout):
            await Endpoint(f"http://{OURS}/", http=http).two_way(ECHO, BODY, timeout=20)
        assert asyncio.get_running_loop().time() == pytest.approx(20, abs=0.1)
