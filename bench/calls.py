"""Calls of devices: how many a second on a connection that is kept, and what one that waits takes.

The peer is a bare echo of aiohttp, client and server in one process as ours are: it parses by its C extension, and
knows nothing of XML. Both send what a small call takes.
"""

from __future__ import annotations

import asyncio
import gc
import tracemalloc
from functools import partial
from statistics import median
from time import perf_counter
from typing import cast

from bench.figure import Figure, Goal
from bench.peer import answering
from openwmi.base.limits import HTTP_AGAIN_SECONDS
from openwmi.net import Address
from openwmi.net.http_client import HttpClient
from openwmi.operation import Operation
from openwmi.soap import DPWS_2006, EndpointReference, Headers, Metadata, encode
from openwmi.testing import MemoryLink, MemoryNetwork
from openwmi.wsd import Call, Endpoint, Host, Reply, Service

CALLS = 1000
TURNS = 7
WAITING = 1000
ACTION = "http://example.org/Echo"
BODY = b'<x:Say xmlns:x="http://example.org/">' + b"y" * 300 + b"</x:Say>"
NAME = "urn:uuid:00000000-0000-0000-0000-000000000007"


async def echo(call: Call) -> bytes:  # noqa: ARG001 - what came has been read and taken apart
    return BODY


def calling(together: int) -> tuple[float, float]:
    """Calls a second, so many of them at once; and the peer's."""
    reply_to = EndpointReference(DPWS_2006.anonymous)
    octets = encode(DPWS_2006, Headers(ACTION, NAME, f"http://127.0.0.1/{NAME}", reply_to=reply_to), BODY)
    request = {"octets": octets.decode(), "times": CALLS, "together": together}
    ours, theirs = [], []
    with answering("aiohttp", "http_aiohttp.py") as ask, asyncio.Runner() as runner:
        for turn in range(TURNS + 1):
            gc.collect()
            mine, other = runner.run(_called(together)), ask(request)["seconds"]
            if turn:
                ours.append(mine)
                theirs.append(other)
    return CALLS / median(ours), CALLS / median(theirs)


async def _called(together: int) -> float:
    service = Service("echo", actions={ACTION: echo})
    link = MemoryLink().machine("127.0.0.1/8")
    host = Host(NAME, Metadata(), instance=1, services=[service], listen=Address("127.0.0.1", 0), network=link)
    async with host, Endpoint(host.url(service)) as endpoint:

        async def ask(times: int) -> None:
            for _ in range(times):
                await endpoint.two_way(ACTION, BODY)

        await ask(10)
        began = perf_counter()
        await asyncio.gather(*(ask(CALLS // together) for _ in range(together)))
        return perf_counter() - began


class Silent(asyncio.Protocol):
    """A server that answers the first request of each connection, and no other."""

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        self.transport = cast(asyncio.Transport, transport)
        self.answered = False

    def data_received(self, data: bytes) -> None:  # noqa: ARG002 - the signature is asyncio's
        if not self.answered:
            self.answered = True
            octets = encode(DPWS_2006, Headers(f"{ACTION}Response", NAME), BODY)
            self.transport.write(b"HTTP/1.1 200 OK\r\nContent-Length: %d\r\n\r\n%b" % (len(octets), octets))


async def _waiting() -> float:
    network = MemoryNetwork()
    await network.listen(Silent, Address("192.0.2.1", 80))
    client = HttpClient(connect=network.connect, connections=WAITING)
    async with client:
        endpoint = Endpoint("http://192.0.2.1/", http=client)
        opened: list[Operation[Reply]] = [endpoint.two_way(ACTION, BODY) for _ in range(WAITING)]
        for operation in opened:
            await operation
        opened.clear()
        del operation
        gc.collect()
        tracemalloc.start(1)
        before = tracemalloc.get_traced_memory()[0]
        waiting = [endpoint.two_way(ACTION, BODY, timeout=None) for _ in range(WAITING)]
        await asyncio.sleep(2.1 * HTTP_AGAIN_SECONDS)
        gc.collect()
        octets = tracemalloc.get_traced_memory()[0] - before
        tracemalloc.stop()
        for each in waiting:
            each.cancel()
    return octets / WAITING


def waiting() -> tuple[float, float]:
    """Octets that a call which waits takes above its connection."""
    return asyncio.run(_waiting()), 0.0


FIGURES = [
    Figure("two-way calls, one after the other", "aiohttp echo", "/s", Goal(">=", 0.6), partial(calling, 1)),
    Figure("two-way calls, eight at once", "the same", "/s", Goal(">=", 0.6), partial(calling, 8)),
    Figure("a two-way call that waits", "", "B", Goal("<=", 400, "B"), waiting),
]
