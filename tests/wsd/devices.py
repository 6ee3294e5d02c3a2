"""A computer on a link in memory, for the tests of what goes over HTTP."""

from __future__ import annotations

from random import Random
from typing import Any

from openwmi.net import Address
from openwmi.net.http import Request, Response
from openwmi.net.http_client import HttpClient
from openwmi.net.http_server import HttpServer
from openwmi.soap import Metadata
from openwmi.testing import MemoryLink, MemoryNetwork
from openwmi.wsd import COMPUTER, Computer, Device, Host, find, metadata

ADDRESS = "urn:uuid:00000000-0000-0000-0000-000000000007"
PATH = "/00000000-0000-0000-0000-000000000007"
OURS, THEIRS = "192.0.2.7", "192.0.2.8"
URL = f"http://{OURS}:5357{PATH}"


class World:
    """A host at 192.0.2.7 and a client at 192.0.2.8, on one link; with `tcp` HTTP goes over this machine's loopback."""

    def __init__(self, *, tcp: bool = False, **host: Any) -> None:
        self.tcp = tcp
        self.link = MemoryLink(Random(7))
        self.web = MemoryNetwork()
        self.here = self.link.machine(f"{OURS}/24")
        self.there = self.link.machine(f"{THEIRS}/24")
        self.computer = Computer("box")
        given: dict[str, Any] = {
            "instance": 1,
            "types": (COMPUTER,),
            "listen": Address(OURS, 5357),
            "network": self.here,
            "listen_with": self.web.listen,
        }
        if tcp:
            given |= {"listen": Address("127.0.0.1", 0), "listen_with": None}
        self.host = Host(ADDRESS, self.computer.metadata(ADDRESS), **(given | host))

    def http(self, **how: Any) -> HttpClient:
        """A client of HTTP that can reach the host."""
        return HttpClient(connect=None if self.tcp else self.web.connect, **how)

    async def find(self, **how: Any) -> list[Device]:
        """Those that answer the client."""
        found: list[Device] = await find(network=self.there, **how)
        return found

    async def read(self, device: Device, **how: Any) -> Metadata:
        """What the device says to the client."""
        given: dict[str, Any] = {
            "network": self.there,
            "connect": self.web.connect,
            "listing": lambda: self.there.interfaces,
        }
        said: Metadata = await metadata(device, **(given | how))
        return said


class Answering:
    """A device that answers every request with the same, at an address."""

    def __init__(self, web: MemoryNetwork, body: bytes, status: int = 200) -> None:
        self.web = web
        self.body = body
        self.status = status
        self.asked: list[Request] = []
        self.server = HttpServer(self.answer)

    async def answer(self, request: Request, peer: Address, local: Address) -> Response:
        self.asked.append(request)
        return Response(self.status, (), self.body)

    async def listen(self, host: str = OURS, port: int = 80) -> None:
        await self.server.listen(Address(host, port), listen_with=self.web.listen)
