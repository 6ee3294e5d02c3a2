"""Events of devices: how many a second come to one sink, what subscribers that are gone cost the others, and expiries.

A bare POST carries the same octets, by the same client of HTTP to the same sink, and by aiohttp to one of its own. Who
is gone takes connections and never answers, which is the worst that it can do.
"""

from __future__ import annotations

import asyncio
import gc
from collections.abc import Callable
from datetime import timedelta
from functools import partial
from statistics import median
from time import perf_counter

from bench.figure import Figure, Goal, Printed
from bench.peer import answering
from openwmi.net import Address
from openwmi.net.http import Request, Response, parse_url
from openwmi.net.http_client import HttpClient
from openwmi.net.http_server import HttpServer
from openwmi.soap import DPWS_2006, EndpointReference, Headers, Metadata, encode
from openwmi.soap import eventing as e
from openwmi.testing import MemoryLink, MemoryNetwork
from openwmi.wsd import Endpoint, Host, Service
from openwmi.wsd.eventing.subscriptions import Room, Subscription, Subscriptions

EVENTS = 1000
TURNS = 7
SUBSCRIBERS = 1000
GONE = 100
EXPIRING = 10_000
ACTION = "http://example.org/Changed"
BODY = b'<x:Changed xmlns:x="http://example.org/">' + b"y" * 300 + b"</x:Changed>"
NAME = "urn:uuid:00000000-0000-0000-0000-000000000007"
POST = (("Content-Type", "application/soap+xml; charset=utf-8"),)


async def took(request: Request, peer: Address, local: Address) -> Response:  # noqa: ARG001 - whatever it was
    """A sink that does nothing with what it is told."""
    return Response(202)


def device(http: HttpClient | None = None, network: MemoryNetwork | None = None) -> tuple[Host, Service]:
    """One whose service sends events."""
    service = Service("tide", events=(ACTION,))
    where = Address("127.0.0.1", 0)
    link = MemoryLink().machine("127.0.0.1/8")
    listen = None if network is None else network.listen
    made = Host(
        NAME, Metadata(), instance=1, services=[service], listen=where, network=link, http=http, listen_with=listen
    )
    return made, service


# One sink.


async def _sent(bare: bool) -> float:
    sink = HttpServer(took)
    at = await sink.listen(Address("127.0.0.1", 0))
    url = f"http://127.0.0.1:{at.port}/sink"
    host, service = device()
    request = Request("POST", "/sink", POST, encode(DPWS_2006, Headers(ACTION, NAME, url), BODY))
    async with host, HttpClient() as http:
        if not bare:
            async with Endpoint(host.url(service)) as endpoint:
                await endpoint.two_way(e.SUBSCRIBE, e.Subscribe(EndpointReference(url)))
        where = parse_url(url)
        for turn in range(EVENTS + 10):
            if turn == 10:
                began = perf_counter()
            if bare:
                await http.send(where, request, timeout=30, limit=1000)
            else:
                await service.signal(ACTION, BODY)
        seconds = perf_counter() - began
    await sink.close()
    return seconds


def one_sink(measure: Callable[[], float]) -> tuple[float, float]:
    """Events a second, and bare requests."""
    ours, theirs = [], []
    for turn in range(TURNS + 1):
        gc.collect()
        mine, other = asyncio.run(_sent(bare=False)), measure()
        if turn:
            ours.append(mine)
            theirs.append(other)
    return EVENTS / median(ours), EVENTS / median(theirs)


def beside_itself() -> tuple[float, float]:
    return one_sink(lambda: asyncio.run(_sent(bare=True)))


def beside_aiohttp() -> tuple[float, float]:
    octets = encode(DPWS_2006, Headers(ACTION, NAME, "http://127.0.0.1:12345/sink"), BODY)
    request = {"octets": octets.decode(), "times": EVENTS, "together": 1}
    with answering("aiohttp", "http_aiohttp.py") as ask:
        return one_sink(lambda: float(ask(request)["seconds"]))


# Many, some of whom are gone.


class Crowd:
    """A thousand subscribers, each a machine of its own.

    Attributes:
        late: seconds from the last event to when each that answers has had it.
    """

    def __init__(self, gone: int) -> None:
        self.gone = gone
        self.network = MemoryNetwork()
        self.late: list[float] = []
        self._began = 0.0
        self._all = asyncio.Event()

    async def answer(self, request: Request, peer: Address, local: Address) -> Response:  # noqa: ARG002 - as above
        self.late.append(perf_counter() - self._began)
        if len(self.late) == SUBSCRIBERS - self.gone:
            self._all.set()
        return Response(202)

    async def subscribe(self, url: str) -> None:
        every = SUBSCRIBERS // self.gone if self.gone else SUBSCRIBERS + 1
        for number in range(SUBSCRIBERS):
            machine = Address(f"10.0.{number // 250}.{number % 250 + 1}", 80)
            if number % every == every - 1:
                await self.network.listen(asyncio.Protocol, machine)
            else:
                await HttpServer(self.answer).listen(machine, listen_with=self.network.listen)
            async with HttpClient(connect=partial(self.network.connect, source=machine.host)) as http:
                wanted = e.Subscribe(EndpointReference(f"http://{machine.host}/"), expires=timedelta(days=1))
                await Endpoint(url, http=http).two_way(e.SUBSCRIBE, wanted)

    async def tell(self, service: Service) -> float:
        """Seconds until the last of those that are not gone has an event."""
        self.late.clear()
        self._all.clear()
        gc.collect()
        self._began = perf_counter()
        service.signal(ACTION, BODY)
        await self._all.wait()
        return max(self.late)


async def _crowded(gone: int, later: int) -> float:
    crowd = Crowd(gone)
    async with HttpClient(connect=crowd.network.connect) as http:
        host, service = device(http, crowd.network)
        async with host:
            await crowd.subscribe(host.url(service))
            times = [await crowd.tell(service) for _ in range(1 + later)]
    return median(times[1:]) if later else times[0]


def crowd(later: int) -> tuple[float, float]:
    """Milliseconds with some gone, and with none; of the first event, or of so many later ones."""
    with_gone, without = [], []
    for _ in range(1 if later else 5):
        with_gone.append(asyncio.run(_crowded(GONE, later)))
        without.append(asyncio.run(_crowded(0, later)))
    return 1e3 * median(with_gone), 1e3 * median(without)


# Expiries.


def _table() -> Subscriptions[None]:
    made: Subscriptions[None] = Subscriptions((ACTION,), Room(EXPIRING, EXPIRING))
    for number in range(EXPIRING):
        made.add(Subscription(str(number), "192.0.2.1", (ACTION,), None), 1000 + number * 7919 % EXPIRING, DPWS_2006)
    return made


def expiring(ticks: int, seconds: float) -> tuple[float, float]:
    """Microseconds of a tick, where the first is at second 1000."""
    table = _table()
    began = perf_counter()
    for tick in range(ticks):
        table.due(1000 + tick * seconds)
        table.deadline()
    return 1e6 * (perf_counter() - began) / ticks, 0.0


FIGURES = [
    Figure("events to one sink", "the same POSTs alone", "/s", Goal(">=", 0.6), beside_itself),
    Figure("events to one sink", "aiohttp POSTs", "/s", Goal(">=", 0.6), beside_aiohttp),
    Figure(f"an event to {SUBSCRIBERS:,}, {GONE} gone: the first", "none gone", "ms", Goal("<=", 2), partial(crowd, 0)),
    Figure(f"an event to {SUBSCRIBERS:,}, {GONE} gone: later", "none gone", "ms", Goal("<=", 2), partial(crowd, 11)),
    Figure(f"a tick, 1 of {EXPIRING:,} ends", "", "us", Printed(), partial(expiring, EXPIRING, 1.0)),
    Figure(f"a tick, 100 of {EXPIRING:,} end", "", "us", Printed(), partial(expiring, EXPIRING // 100, 100.0)),
    Figure(f"a tick, none of {EXPIRING:,} ends", "", "us", Printed(), partial(expiring, EXPIRING, 0.0)),
]
