"""A device whose service sends events, and machines that subscribe to them, over a network in memory."""

from __future__ import annotations

import asyncio
from functools import partial
from typing import Any, Self

from tests.wsd.devices import THEIRS, World

from openwmi.net import Address
from openwmi.net.http import Request, Response
from openwmi.net.http_client import HttpClient
from openwmi.net.http_server import HttpServer
from openwmi.soap import DPWS_2006, DPWS_2009, EndpointReference, Message, Part, Profile, QName, decode
from openwmi.soap import eventing as e
from openwmi.testing import MemoryNetwork
from openwmi.wsd import Endpoint, Service

RISEN, FALLEN = "http://vendor.example/Tide/Risen", "http://vendor.example/Tide/Fallen"


class SinkServer:
    """A machine that takes events, and what else comes.

    Attributes:
        came: all messages; `told` are the texts in the bodies of events, and `ends` the SubscriptionEnds.
        status: of HTTP, with which it answers.
        gate: it answers while this is set.
    """

    def __init__(self, web: MemoryNetwork, host: str = THEIRS) -> None:
        self.web = web
        self.host = host
        self.came: list[Message] = []
        self.status = 202
        self.gate = asyncio.Event()
        self.gate.set()
        self.server = HttpServer(self.answer)
        self.url = ""

    async def answer(self, request: Request, peer: Address, local: Address) -> Response:
        await self.gate.wait()
        if self.status == 202:
            self.came.append(decode(request.body))
        return Response(self.status)

    async def listen(self, port: int = 0) -> SinkServer:
        where = await self.server.listen(Address(self.host, port), listen_with=self.web.listen)
        self.url = f"http://{where.host}:{where.port}/sink"
        return self

    @property
    def told(self) -> list[str]:
        return [each.body.text or "" for each in self.came if each.body is not None and "Tide" in str(each.name)]

    @property
    def ends(self) -> list[e.SubscriptionEnd]:
        return [e.SubscriptionEnd.parse(each) for each in self.came if each.headers.action == e.SUBSCRIPTION_END]


def tide(text: object) -> bytes:
    return f'<v:Tide xmlns:v="http://vendor.example/Tide">{text}</v:Tide>'.encode()


class Watching:
    """The device, and whoever subscribes."""

    def __init__(self, **host: Any) -> None:
        self.service = Service("urn:x/tide", types=(QName("urn:x", "Tide"),), events=(RISEN, FALLEN))
        self.web = MemoryNetwork()
        self.outward = HttpClient(connect=self.web.connect)
        given: dict[str, Any] = {"services": [self.service], "http": self.outward, "profiles": (DPWS_2006, DPWS_2009)}
        self.world = World(listen_with=self.web.listen, **(given | host))
        self.host = self.world.host

    async def __aenter__(self) -> Self:
        await self.host.start()
        return self

    async def __aexit__(self, *_: object) -> None:
        await self.host.stop()
        await self.outward.aclose()

    async def sink(self, host: str = THEIRS) -> SinkServer:
        return await SinkServer(self.web, host).listen()

    async def ask(
        self,
        action: str,
        body: Part,
        *,
        peer: str = THEIRS,
        to: EndpointReference | None = None,
        profile: Profile = DPWS_2006,
    ) -> Message:
        """What the device answers a machine."""
        url = self.host.url(self.service)
        async with HttpClient(connect=partial(self.web.connect, source=peer)) as http:
            reply = await Endpoint(url, to=to, profile=profile, http=http).two_way(action, body)
        message: Message = reply.message
        return message

    async def subscribe(self, sink: SinkServer, *, peer: str = "", **how: Any) -> e.SubscribeResponse:
        profile = how.pop("profile", DPWS_2006)
        if how.pop("end", False):
            how["end_to"] = EndpointReference(sink.url)
        wanted = e.Subscribe(how.pop("notify_to", None) or EndpointReference(sink.url), **how)
        said = await self.ask(e.SUBSCRIBE, wanted, peer=peer or sink.host, profile=profile)
        return e.SubscribeResponse.parse(said)
