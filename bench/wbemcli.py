"""What a call by the header's names costs, beside the same call with asyncio; and how soon a cancel is heard."""

from __future__ import annotations

import asyncio
import threading
from collections.abc import AsyncIterator, Mapping
from functools import partial
from statistics import median
from time import perf_counter, perf_counter_ns

from bench.figure import Figure, Goal, Printed
from openwmi.blocking.runner import runner
from openwmi.engine import Engine, Provider, Request, Row
from openwmi.model import CimClass, CimType, Property, Qualifier, Type, qualifier_set
from openwmi.session import Namespace
from openwmi.wbemcli import (
    S_OK,
    WBEM_E_CALL_CANCELLED,
    WBEM_FLAG_FORWARD_ONLY,
    WBEM_FLAG_RETURN_IMMEDIATELY,
    WBEM_INFINITE,
    IWbemClassObject,
    IWbemObjectSink,
    IWbemServices,
)

PENDING = 10_000
CANCELLED = 500
CALLS = 5_000
PATH = 'Bench_Lamp.Name="hall"'
QUERY = "SELECT Name, Watts FROM Bench_Lamp WHERE Name = 'hall'"
WALK_THROUGH = WBEM_FLAG_RETURN_IMMEDIATELY | WBEM_FLAG_FORWARD_ONLY

KEY = qualifier_set(Qualifier("key"))
LAMP = CimClass(
    "Bench_Lamp",
    properties=(Property("Name", Type(CimType.STRING), qualifiers=KEY), Property("Watts", Type(CimType.UINT32))),
)
EMPTY = CimClass("Bench_Nothing", properties=(Property("Name", Type(CimType.STRING), qualifiers=KEY),))


class Lamps(Provider):
    """One lamp."""

    cim_class = LAMP

    async def instances(self, request: Request) -> AsyncIterator[Row]:  # noqa: ARG002
        yield {"Name": "hall", "Watts": 40}

    async def get(self, request: Request, keys: Mapping[str, object]) -> Row | None:  # noqa: ARG002
        return {"Name": "hall", "Watts": 40} if keys["Name"] == "hall" else None


class Nothing(Provider):
    """Never comes to an end, nor to an instance."""

    cim_class = EMPTY

    async def instances(self, request: Request) -> AsyncIterator[Row]:  # noqa: ARG002
        await asyncio.Event().wait()
        yield {}


def _engine() -> Engine:
    return Engine("bench", [Lamps(), Nothing()])


def _services() -> IWbemServices:
    return IWbemServices(runner().call(lambda: _engine().session(r"root\cimv2")))


# A cancel.


class Hearing(IWbemObjectSink):
    """Notes when it hears the end."""

    def __init__(self) -> None:
        super().__init__()
        self.heard = 0
        self.ended = threading.Event()

    def SetStatus(  # noqa: N802
        self,
        lFlags: int,  # noqa: ARG002, N803
        hResult: int,  # noqa: N803
        strParam: str | None,  # noqa: ARG002, N803
        pObjParam: IWbemClassObject | None,  # noqa: ARG002, N803
    ) -> int:
        if hResult == WBEM_E_CALL_CANCELLED:
            self.heard = perf_counter_ns()
            self.ended.set()
        return S_OK


def cancel() -> tuple[float, float]:
    """Microseconds from CancelAsyncCall to SetStatus on its thread, the median, with thousands of calls under way."""
    services = _services()
    sinks = [Hearing() for _ in range(PENDING)]
    for sink in sinks:
        if services.ExecQueryAsync("WQL", "SELECT * FROM Bench_Nothing", 0, None, sink) != S_OK:
            raise SystemExit("a query could not be begun")
    took = []
    for sink in sinks[:: PENDING // CANCELLED]:
        for _ in range(3):
            runner().call(int)  # what the one before has left to do is no part of this one
        began = perf_counter_ns()
        services.CancelAsyncCall(sink)
        sink.ended.wait()
        took.append(sink.heard - began)
    for sink in sinks:
        if not sink.heard:
            services.CancelAsyncCall(sink)
    return median(took) / 1e3, 0


# A call.


async def _each(call: str, target: str) -> float:
    ns = Namespace(_engine().session(r"root\cimv2"))
    verb = getattr(ns, call)
    for _ in range(100):
        await verb(target)
    began = perf_counter()
    for _ in range(CALLS):
        await verb(target)
    return CALLS / (perf_counter() - began)


def gets() -> tuple[float, float]:
    """GetObject, a second, on a thread of its own; and the same with asyncio."""
    services = _services()
    for _ in range(100):
        services.GetObject(PATH)
    began = perf_counter()
    for _ in range(CALLS):
        hr, found, _ = services.GetObject(PATH)
        if found is None:
            raise SystemExit(f"GetObject: 0x{hr:08X}")
    rate = CALLS / (perf_counter() - began)
    return rate, asyncio.run(_each("get", PATH))


def queries(flags: int) -> tuple[float, float]:
    """ExecQuery and Next of the one instance, a second; and the same with asyncio."""
    services = _services()
    began = perf_counter()
    for _ in range(CALLS):
        hr, enumerator = services.ExecQuery("WQL", QUERY, flags)
        if enumerator is None:
            raise SystemExit(f"ExecQuery: 0x{hr:08X}")
        hr, _, returned = enumerator.Next(WBEM_INFINITE, 1)
        if returned != 1:
            raise SystemExit(f"Next: 0x{hr:08X}")
        enumerator.Release()
    rate = CALLS / (perf_counter() - began)
    return rate, asyncio.run(_each("query", QUERY))


FIGURES = [
    Figure(f"CancelAsyncCall to SetStatus, {PENDING:,} pending", "", "us", Goal("<=", 100, "us"), cancel),
    Figure("GetObject by the header's names, a second", "with asyncio", "/s", Printed(), gets),
    Figure("one-instance queries a second", "with asyncio", "/s", Printed(), partial(queries, 0)),
    Figure("the same, semisynchronous", "with asyncio", "/s", Printed(), partial(queries, WALK_THROUGH)),
]
