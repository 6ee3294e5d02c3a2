"""What the tests of discovery share: interfaces, messages by hand, and a world in which machines of state talk."""

from __future__ import annotations

import ipaddress
from dataclasses import dataclass, field
from heapq import heappop, heappush
from itertools import count
from random import Random
from typing import Any
from uuid import UUID

from openwmi.net.datagram import DISCOVERY_PORT, Datagram, Endpoint
from openwmi.net.interfaces import Interface
from openwmi.soap import DPWS_2006, EndpointReference, Headers, Profile, QName
from openwmi.wsd import Announced, Client, Event, Target
from openwmi.wsd.messages import Content, Discovery, decode_discovery, encode_discovery
from openwmi.wsd.outbox import Outgoing

PRINTER = QName("http://schemas.microsoft.com/windows/2006/08/wdp/print", "PrintDeviceType")
SCANNER = QName("http://schemas.microsoft.com/windows/2006/08/wdp/scan", "ScanDeviceType")
ASKER = Endpoint("192.0.2.99", 40_000)


def interface(*addresses: str, name: str = "eth0", index: int = 2) -> Interface:
    return Interface(index, name, tuple(map(ipaddress.ip_interface, addresses or ("192.0.2.1/24", "fe80::1/64"))))


ETHERNET = interface()


def urn(number: int) -> str:
    return UUID(int=number).urn


def device(number: int = 1, **changes: Any) -> Announced:
    values: dict[str, Any] = {"types": (PRINTER,), "scopes": ("http://example.org/floor1/room2",), "path": "/d"}
    return Announced(urn(number), **(values | changes))


def message(content: Content, name: str, profile: Profile = DPWS_2006, **headers: Any) -> bytes:
    """A message as a client or device might send it."""
    values: dict[str, Any] = {"to": profile.everybody, "reply_to": EndpointReference(profile.anonymous)}
    made = Headers(profile.action(content.name), name, **(values | headers))
    return encode_discovery(profile, made, content)


def came(data: bytes, source: Endpoint = ASKER, *, by: Interface = ETHERNET, multicast: bool = True) -> Datagram:
    return Datagram(data, source, by, multicast)


def sent(target: Target | Client, until: float, start: float = 0.0) -> list[tuple[float, Outgoing]]:
    """All that it sends, with the time at which it wanted to."""
    found = []
    while (at := target.deadline()) is not None and at <= until:
        now = max(at, start)
        found += [(now, each) for each in target.due(now)]
    return found


def read(outgoing: Outgoing) -> Discovery:
    return decode_discovery(outgoing.data)


@dataclass
class Node:
    """A machine on the link. Its clock may be `ahead` of the world's, and jump."""

    machine: Target | Client
    endpoint: Endpoint
    interface: Interface
    ahead: float = 0.0
    events: list[Event] = field(default_factory=list)
    octets_in: dict[str, int] = field(default_factory=dict)
    octets_out: dict[str, int] = field(default_factory=dict)


class World:
    """Machines on one link, a clock of their own, and datagrams that are lost, doubled, late, and swapped by that."""

    def __init__(self, chance: Random, *, loss: float = 0.0, doubled: float = 0.0, delay: float = 0.001) -> None:
        self.now = 0.0
        self.nodes: list[Node] = []
        self._chance = chance
        self._loss, self._doubled, self._delay = loss, doubled, delay
        self._flying: list[tuple[float, int, Node, Datagram]] = []
        self._number = count()

    def add(self, machine: Target | Client, host: str, port: int = DISCOVERY_PORT) -> Node:
        node = Node(machine, Endpoint(host, port), interface(f"{host}/16"))
        self.nodes.append(node)
        return node

    def run(self, until: float) -> None:
        """Lets time pass."""
        while True:
            times = [at - node.ahead for node in self.nodes if (at := node.machine.deadline()) is not None]
            if self._flying:
                times.append(self._flying[0][0])
            if not times or min(times) > until:
                break
            self.now = max(self.now, min(times))
            self._step()
        self.now = max(self.now, until)

    def _step(self) -> None:
        while self._flying and self._flying[0][0] <= self.now:
            _, _, node, datagram = heappop(self._flying)
            host = datagram.source.host
            node.octets_in[host] = node.octets_in.get(host, 0) + len(datagram.data)
            node.events += node.machine.receive(datagram, self.now + node.ahead) or ()
        for node in self.nodes:
            # What was added and taken away again may leave a difference in the last digit.
            at, now = node.machine.deadline(), self.now + node.ahead + 1e-9
            if at is not None and at <= now:
                for outgoing in node.machine.due(now):
                    self._send(node, outgoing)

    def _send(self, sender: Node, outgoing: Outgoing) -> None:
        to = outgoing.to
        multicast = ipaddress.ip_address(to.host).is_multicast
        if not multicast:
            sender.octets_out[to.host] = sender.octets_out.get(to.host, 0) + len(outgoing.data)
        for node in self.nodes:
            if node is sender or not (node.endpoint.port == DISCOVERY_PORT if multicast else node.endpoint == to):
                continue
            copies = 0 if self._chance.random() < self._loss else 1 + (self._chance.random() < self._doubled)
            for _ in range(copies):
                at = self.now + self._chance.random() * self._delay
                datagram = Datagram(outgoing.data, sender.endpoint, node.interface, multicast)
                heappush(self._flying, (at, next(self._number), node, datagram))
