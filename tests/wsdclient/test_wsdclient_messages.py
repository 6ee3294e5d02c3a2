"""The rules of IWSDAsyncResult once more, over real messages of SOAP and HTTP on a network in memory: answers, faults,
nonsense, answers to something else, silence, and connections that are cut. In half of the stories answers come on
connections that the device opens, some of them twice, and late.
"""

from __future__ import annotations

import asyncio
import logging
import random
from collections import Counter
from typing import Any

import pytest
from tests.wsd.devices import World

from openwmi.net import Address
from openwmi.net.http import Request, Response, Url, parse_url
from openwmi.net.http_client import HttpClient
from openwmi.net.http_server import HttpServer
from openwmi.soap import DPWS_2006, Fragment, Headers, Message, SoapFault, decode, encode, encode_fault
from openwmi.testing import FakeClockLoop, MemoryNetwork
from openwmi.wsd import Endpoint
from openwmi.wsdclient import (
    E_ABORT,
    E_FAIL,
    S_OK,
    WSD_OPERATION,
    WSDET_INCOMING_FAULT,
    WSDET_INCOMING_MESSAGE,
    WSDET_RESPONSE_TIMEOUT,
    WSDET_TRANSMISSION_FAILURE,
    WSDXML_TYPE,
    IWSDAsyncCallback,
    IWSDAsyncResult,
    IWSDEndpointProxy,
    end_operation,
)

CALLS = 300
WHERE = Address("192.0.2.7", 80)
ASK = WSD_OPERATION(WSDXML_TYPE("urn:x/Ask"), WSDXML_TYPE("urn:x/AskResponse"))
BODY = b'<x:Text xmlns:x="urn:x">hello</x:Text>'


class Device:
    """Answers as chance has it."""

    def __init__(self, chance: random.Random, web: MemoryNetwork) -> None:
        self.chance = chance
        self.web = web
        self.server = HttpServer(self.answer)
        self.connections: list[asyncio.BaseTransport] = []
        self.others = 0
        self.delivered = 0
        self.http = HttpClient(connect=web.connect)

    async def answer(self, request: Request, peer: Address, local: Address) -> Response:
        chance, message = self.chance, decode(request.body)
        reply_to = message.headers.reply_to
        assert reply_to is not None
        if reply_to.address != DPWS_2006.anonymous and chance.random() < 0.9:
            for _ in range(chance.choice((0, 1, 1, 1, 2, 3))):
                asyncio.get_running_loop().create_task(self.deliver(message, parse_url(reply_to.address)))
            return Response(202)
        await asyncio.sleep(chance.choice((0, 0.01, 0.3, 1.2)))
        kind = chance.choice(("answer", "answer", "answer", "fault", "nonsense", "other", "silence"))
        if kind == "silence":
            await asyncio.sleep(1000)
        if kind == "nonsense":
            return Response(200, (), b"<nonsense>")
        if kind == "fault":
            return self._response(encode_fault(message, SoapFault("Sender", reason="no"), "urn:uuid:1"), 400)
        self.others += kind == "other"
        return self._response(self._reply(message, "urn:uuid:other" if kind == "other" else ""), 200)

    async def deliver(self, message: Message, url: Url) -> None:
        """An answer on another connection; there may be several."""
        chance = self.chance
        await asyncio.sleep(chance.choice((0, 0.01, 0.3, 1.2, 3)))
        other = "urn:uuid:other" if chance.random() < 0.1 else ""
        octets = self._reply(message, other)
        if not other and chance.random() < 0.2:
            octets = encode_fault(message, SoapFault("Sender", reason="no"), "urn:uuid:1")
        request = Request("POST", url.target, (("Content-Type", "application/soap+xml"),), octets)
        assert (await self.http.send(url, request, timeout=50, limit=1 << 15)).status == 202
        self.delivered += 1

    def _reply(self, message: Message, other: str) -> bytes:
        relates_to = other or message.headers.message_id
        headers = Headers("urn:x/AskResponse", "urn:uuid:1", DPWS_2006.anonymous, relates_to)
        return encode(DPWS_2006, headers, _Text())

    def _response(self, octets: bytes, status: int) -> Response:
        return Response(status, (("Content-Type", "application/soap+xml"),), octets)

    async def connect(self, make: Any, host: str, port: int, timeout: float) -> Any:
        made = await self.web.connect(make, host, port, timeout)
        self.connections.append(made[0])
        return made

    def cut(self) -> None:
        for each in self.chance.sample(self.connections, min(2, len(self.connections))):
            each.abort()  # type: ignore[attr-defined]  # it is a Transport


class _Text:
    def format(self, writer: Any) -> None:
        writer.fragments((Fragment.parse(BODY.decode()),))


class Hearing(IWSDAsyncCallback):
    def __init__(self) -> None:
        super().__init__()
        self.heard = 0

    async def AsyncOperationComplete(self, pAsyncResult: IWSDAsyncResult, pAsyncState: Any) -> None:
        assert pAsyncResult.HasCompleted() == S_OK
        self.heard += 1


async def tell(seed: int, *, elsewhere: bool) -> Counter[int | None]:
    chance, loop = random.Random(seed), asyncio.get_running_loop()
    world = World()
    device = Device(chance, world.web)
    await world.host.start()
    await device.server.listen(WHERE, listen_with=device.web.listen)
    http = HttpClient(connect=device.connect)
    endpoint = Endpoint("http://192.0.2.7/", http=http, reply_to=world.host if elsewhere else None)
    proxy = IWSDEndpointProxy(endpoint, loop)
    begun: list[tuple[IWSDAsyncResult, Hearing]] = []
    for _ in range(CALLS):
        heard = Hearing()
        _, result = proxy.SendTwoWayRequestAsync(BODY, ASK, None, heard, timeout_=chance.choice((0.5, 2, 20)))
        assert result is not None
        begun.append((result, heard))
        if chance.random() < 0.15:
            loop.call_later(chance.uniform(0, 3), result.Abort)
        if chance.random() < 0.03:
            loop.call_later(chance.uniform(0, 3), device.cut)
        if chance.random() < 0.3:
            await asyncio.sleep(chance.uniform(0, 0.2))
    await asyncio.sleep(60)
    ends: Counter[int | None] = Counter()
    for result, heard in begun:
        assert result.HasCompleted() == S_OK
        assert heard.heard == 1, "one callback"
        hr, event = result.GetEvent()
        kind = None if event is None else event.EventType
        ends[kind] += 1
        assert (hr == E_ABORT) == (kind is None)
        end, body = end_operation(proxy, result)
        assert (end == S_OK) == (kind == WSDET_INCOMING_MESSAGE)
        assert (body is not None) == (end == S_OK)
        assert (result.fault_ is not None) == (kind == WSDET_INCOMING_FAULT)
        assert end != E_FAIL or kind in {WSDET_INCOMING_FAULT, WSDET_TRANSMISSION_FAILURE}
    if elsewhere:
        here = ends[WSDET_INCOMING_MESSAGE] + ends[WSDET_INCOMING_FAULT]
        assert device.delivered > here > 100
        assert device.delivered - here <= endpoint.late <= device.delivered + device.others
    else:
        assert endpoint.late <= device.others
    await http.aclose()
    await device.http.aclose()
    await world.host.stop()
    await device.server.close()
    return ends


@pytest.mark.parametrize("elsewhere", [False, True])
@pytest.mark.parametrize("seed", range(2))
def test_each_call_ends_once(seed: int, elsewhere: bool, monkeypatch: pytest.MonkeyPatch) -> None:
    for name in ("openwmi.operation", "openwmi.net", "openwmi.wsd"):
        monkeypatch.setattr(logging.getLogger(name), "disabled", True)
    with asyncio.Runner(loop_factory=FakeClockLoop) as own:
        ends = own.run(tell(seed, elsewhere=elsewhere))
    assert sum(ends.values()) == CALLS
    assert set(ends) == {
        None,
        WSDET_INCOMING_MESSAGE,
        WSDET_INCOMING_FAULT,
        WSDET_TRANSMISSION_FAILURE,
        WSDET_RESPONSE_TIMEOUT,
    }, "each way to end is in it"
