"""What a pending IWSDAsyncResult takes, and how soon Abort is heard.

The endpoint is the real one, over a network in memory, with as many kept connections as there are calls. What is
measured is all that an idle call holds, its octets being on their way: what it will answer to and by when, its exchange
of HTTP, and the result that a program holds.
"""

from __future__ import annotations

import asyncio
import gc
import threading
import tracemalloc
from collections.abc import Callable
from statistics import median
from time import perf_counter_ns
from typing import Any, cast

from bench.figure import Figure, Goal, Printed, in_fresh_process
from openwmi.base.limits import HTTP_AGAIN_SECONDS
from openwmi.blocking.runner import runner
from openwmi.net import Address
from openwmi.net.http_client import HttpClient
from openwmi.operation import Operation
from openwmi.soap import DPWS_2006, Headers, encode
from openwmi.testing import MemoryNetwork
from openwmi.wsd import Endpoint
from openwmi.wsdclient import (
    S_OK,
    WSD_OPERATION,
    WSDXML_TYPE,
    IWSDAsyncCallback,
    IWSDAsyncResult,
    IWSDEndpointProxy,
)

PENDING = 10_000
ABORTED = 500
OPERATION = WSD_OPERATION(WSDXML_TYPE("urn:bench/Wait"), WSDXML_TYPE("urn:bench/WaitResponse"))


class Silent(asyncio.Protocol):
    """A device that answers the first request of each connection, and no other."""

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        self._transport = cast(asyncio.Transport, transport)
        self._answered = False

    def data_received(self, data: bytes) -> None:  # noqa: ARG002 - the signature is asyncio's
        if not self._answered:
            self._answered = True
            octets = encode(DPWS_2006, Headers("urn:bench/WaitResponse", "urn:bench"), None)
            self._transport.write(b"HTTP/1.1 200 OK\r\nContent-Length: %d\r\n\r\n%b" % (len(octets), octets))


async def _endpoint() -> Endpoint:
    """An endpoint with a kept connection for each call."""
    network = MemoryNetwork()
    await network.listen(Silent, Address("192.0.2.1", 80))
    http = HttpClient(connect=network.connect, connections=PENDING)
    endpoint = Endpoint("http://192.0.2.1/", http=http)
    for call in [endpoint.two_way("urn:bench/Wait", None) for _ in range(PENDING)]:
        await call
    return endpoint


class Hearing(IWSDAsyncCallback):
    """Notes when it is called."""

    def __init__(self) -> None:
        super().__init__()
        self.heard = 0

    def AsyncOperationComplete(self, pAsyncResult: IWSDAsyncResult, pAsyncState: Any) -> int:  # noqa: ARG002, N802, N803
        self.heard = perf_counter_ns()
        return S_OK


def _begun(proxy: IWSDEndpointProxy, callback: IWSDAsyncCallback | None = None) -> IWSDAsyncResult:
    hr, result = proxy.SendTwoWayRequestAsync(None, OPERATION, None, callback)
    if hr != S_OK or result is None:
        raise SystemExit("a call could not be begun")
    return result


def _started() -> Operation[Endpoint]:
    return Operation.start(lambda _: _endpoint(), single=True)


# Memory.


async def _each(timeout: float | None, callback: IWSDAsyncCallback | None) -> float:
    proxy = IWSDEndpointProxy(await _endpoint(), asyncio.get_running_loop())
    proxy.timeout_ = timeout
    kept: list[IWSDAsyncResult | None] = [None] * PENDING
    gc.collect()
    tracemalloc.start()
    before, _ = tracemalloc.get_traced_memory()
    for number in range(PENDING):
        kept[number] = _begun(proxy, callback)
    await asyncio.sleep(2.1 * HTTP_AGAIN_SECONDS)  # until no request is kept that might have to be sent again
    gc.collect()
    after, _ = tracemalloc.get_traced_memory()
    tracemalloc.stop()
    for result in kept:
        assert result is not None
        result.Abort()
    return (after - before) / PENDING


def idle() -> float:
    return asyncio.run(_each(None, None))


def with_deadline() -> float:
    return asyncio.run(_each(300.0, None))


def with_callback() -> float:
    return asyncio.run(_each(300.0, Hearing()))


def _alone(measured: Callable[[], float]) -> Callable[[], tuple[float, float]]:
    return lambda: (in_fresh_process(measured), 0)


# Abort.


def abort() -> tuple[float, float]:
    """Microseconds from Abort to its callback, the median, with thousands of calls under way."""
    proxy = IWSDEndpointProxy(runner().complete(_started))
    proxy.timeout_ = 300.0
    callbacks = [Hearing() for _ in range(PENDING)]
    results = [_begun(proxy, callback) for callback in callbacks]
    took = []
    for number in range(0, PENDING, PENDING // ABORTED):
        began = perf_counter_ns()
        results[number].Abort()
        took.append(callbacks[number].heard - began)
    for result in results:
        result.Abort()
    if threading.active_count() > PENDING:
        raise SystemExit("each callback has a thread of its own")
    return median(took) / 1e3, 0


FIGURES = [
    Figure(
        "a pending IWSDAsyncResult, its deadline too", "", "octets", Goal("<=", 400, "octets"), _alone(with_deadline)
    ),
    Figure("the same without a deadline", "", "octets", Printed(), _alone(idle)),
    Figure("the same with a callback, too", "", "octets", Printed(), _alone(with_callback)),
    Figure(f"Abort to callback, {PENDING:,} pending", "", "us", Goal("<=", 100, "us"), abort),
]
