"""Discovery: reading an answer, how soon it is seen, and what ten thousand devices take.

The peer is sdc11073, which reads with lxml, too. It is a process of its own, and tells the time that its reading took.
As it stands it checks each message against the schema; beside that stands what is left without the check.
"""

from __future__ import annotations

import asyncio
import gc
import tracemalloc
from collections.abc import Collection
from functools import partial
from ipaddress import ip_interface
from random import Random
from statistics import median
from time import perf_counter
from uuid import UUID

from bench.figure import Figure, Goal, Printed
from bench.peer import answering
from openwmi.net.datagram import Datagram, DatagramReceiver, DatagramTransport, Endpoint
from openwmi.net.interfaces import Interface
from openwmi.soap import DPWS_2006, DPWS_2009, AppSequence, Headers, Profile, QName
from openwmi.wsd import Client, find
from openwmi.wsd.messages import Description, Probe, ProbeMatches, decode_discovery, encode_discovery

MESSAGES = 2000
TURNS = 7
SEARCHES = 20
DEVICES = 10_000

LOOPBACK = Interface(1, "lo", (ip_interface("127.0.0.1/8"),), loopback=True)
NETWORK = Interface(2, "eth0", (ip_interface("10.0.0.1/8"),))


def answer(profile: Profile, number: int, relates_to: str) -> bytes:
    """What a device of an ordinary size says."""
    types = (profile.device_type, QName("http://standards.ieee.org/downloads/11073/11073-20702-2016", "MedicalDevice"))
    scopes = ("sdc.ctxt.loc:/sdc.ctxt.loc.detail/b%2Fr?fac=b&bed=r", "sdc.mds.pkp:1.2.840.10004.20701.1.1")
    name = UUID(int=number).urn
    match = Description(name, types, scopes, (f"http://192.0.2.7:5357/{number}",), 1)
    headers = Headers(
        profile.action("ProbeMatches"), name, profile.anonymous, relates_to, app_sequence=AppSequence(1, 7)
    )
    return encode_discovery(profile, headers, ProbeMatches((match,)))


# To read.


def reading(validate: bool) -> tuple[float, float]:
    """Messages a second."""
    octets = answer(DPWS_2009, 1, UUID(int=2).urn)
    request = {"octets": octets.decode(), "times": MESSAGES, "validate": validate}
    ours, theirs = [], []
    with answering("sdc11073", "wsd_sdc11073.py") as ask:
        same(octets, ask({**request, "times": 1})["read"])
        for _ in range(TURNS):
            gc.collect()
            began = perf_counter()
            for _ in range(MESSAGES):
                decode_discovery(octets)
            ours.append(perf_counter() - began)
            theirs.append(ask(request)["seconds"])
    return MESSAGES / median(ours), MESSAGES / median(theirs)


def same(octets: bytes, theirs: object) -> None:
    content = decode_discovery(octets).content
    assert isinstance(content, ProbeMatches)
    match = content.matches[0]
    ours = [match.address, [*map(str, match.types)], [*match.scopes], [*match.xaddrs], match.metadata_version]
    if ours != theirs:
        raise SystemExit(f"the two do not read the same: {ours} here, {theirs} there")


# To see.


class Answering(asyncio.DatagramProtocol):
    """A device on the loopback interface, and the client's socket; when it answered stands in `sent`."""

    def __init__(self) -> None:
        self.interfaces = (LOOPBACK,)
        self.sent = 0.0
        self._receiver: DatagramReceiver | None = None
        self._transport: asyncio.DatagramTransport | None = None

    async def open(
        self,
        receiver: DatagramReceiver,
        *,
        names: Collection[str] | None = None,  # noqa: ARG002 - of any DatagramNetwork
        group: bool = False,  # noqa: ARG002
    ) -> DatagramTransport:
        self._receiver = receiver
        loop = asyncio.get_running_loop()
        self._transport, _ = await loop.create_datagram_endpoint(lambda: self, ("127.0.0.1", 0))
        return self

    def send(self, data: bytes, to: Endpoint, interface: Interface) -> None:  # noqa: ARG002 - the same
        question = decode_discovery(data)
        if isinstance(question.content, Probe) and not self.sent:
            assert self._transport is not None
            octets = answer(question.profile, 1, question.headers.message_id)
            self.sent = perf_counter()
            self._transport.sendto(octets, self._transport.get_extra_info("sockname"))

    def close(self) -> None:
        assert self._transport is not None
        self._transport.close()

    def datagram_received(self, data: bytes, addr: tuple[str, int]) -> None:
        assert self._receiver is not None
        self._receiver.datagram_received(Datagram(data, Endpoint(*addr[:2]), LOOPBACK, False))


def first() -> tuple[float, float]:
    """Milliseconds from a device's datagram to the one who iterates over the search; the worst of some searches."""

    async def search() -> float:
        network = Answering()
        async with find(network=network, profiles=(DPWS_2006,)) as devices:
            async for _ in devices:
                return perf_counter() - network.sent
        raise SystemExit("the device was not found")

    return max(asyncio.run(search()) for _ in range(SEARCHES)) * 1e3, 0.0


# To keep.


def many() -> tuple[float, float]:
    """Octets that each of the last five thousand takes, and each of the first."""
    client = Client(Random(1), (DPWS_2006,))  # noqa: S311 - the same names each time
    search = client.probe([NETWORK], 0.0)
    name = decode_discovery(client.due(0.0)[0].data).headers.message_id
    held = [0]
    tracemalloc.start(1)
    for number in range(DEVICES):
        source = Endpoint(f"10.1.{number >> 8}.{number & 255}", 3702)
        client.receive(Datagram(answer(DPWS_2006, number, name), source, NETWORK, False), 1.0)
        search.take()
        if number + 1 in {DEVICES // 2, DEVICES}:
            held.append(tracemalloc.get_traced_memory()[0])
    tracemalloc.stop()
    if len(client) != DEVICES:
        raise SystemExit(f"of {DEVICES} devices {len(client)} were found")
    half = DEVICES // 2
    return (held[2] - held[1]) / half, held[1] / half


FIGURES = [
    Figure("a ProbeMatches read", "sdc11073", "/s", Goal(">=", 3), partial(reading, True)),
    Figure("the same", "sdc11073 without its schema", "/s", Printed(), partial(reading, False)),
    Figure("a device seen after its datagram", "", "ms", Goal("<=", 50, "ms"), first),
    Figure("each of 10,000 devices", "each of the first 5,000", "B", Goal("<=", 1.2), many),
]
