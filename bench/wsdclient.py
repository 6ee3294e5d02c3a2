"""What a pending IWSDAsyncResult takes, and how soon Abort is heard.

What sends and receives is left out: a call's connection is there in any case, and the octets in it. What is measured is
all that the call itself holds: its Operation, its deadline, and the result that a program holds.
"""

from __future__ import annotations

import asyncio
import threading
import tracemalloc
from collections.abc import Callable
from statistics import median
from time import perf_counter_ns
from typing import Any

from bench.figure import Figure, Goal, Printed, in_fresh_process
from openwmi.operation import Operation, SingleResult
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


class Silent:
    """An endpoint that never answers, with what the real one holds for a call beside its connection."""

    def two_way(self, action: str, body: Any, *, timeout: float | None = 30.0, **_: Any) -> Operation[Any]:  # noqa: ARG002
        results: SingleResult[Any] = SingleResult(action)
        if timeout is not None:
            results.expire_at(results.loop.time() + timeout)
        results.begin()
        return Operation(results)

    one_way = two_way


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


# Memory.


async def _each(timeout: float | None, callback: IWSDAsyncCallback | None) -> float:
    proxy = IWSDEndpointProxy(Silent(), asyncio.get_running_loop())
    proxy.timeout_ = timeout
    kept: list[IWSDAsyncResult | None] = [None] * PENDING
    kept[0] = _begun(proxy, callback)
    tracemalloc.start()
    before, _ = tracemalloc.get_traced_memory()
    for number in range(1, PENDING):
        kept[number] = _begun(proxy, callback)
    after, _ = tracemalloc.get_traced_memory()
    tracemalloc.stop()
    return (after - before) / (PENDING - 1)


def idle() -> float:
    return asyncio.run(_each(None, None))


def with_deadline() -> float:
    return asyncio.run(_each(30.0, None))


def with_callback() -> float:
    return asyncio.run(_each(30.0, Hearing()))


def _alone(measured: Callable[[], float]) -> Callable[[], tuple[float, float]]:
    return lambda: (in_fresh_process(measured), 0)


# Abort.


def abort() -> tuple[float, float]:
    """Microseconds from Abort to its callback, the median, with thousands of calls under way."""
    proxy = IWSDEndpointProxy(Silent())
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
