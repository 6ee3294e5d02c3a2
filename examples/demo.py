"""This machine, answered as WMI, in each of the three ways to make a call. `make demo` runs it."""

import asyncio
import platform
import sys
from collections.abc import Iterator, Sequence

import psutil

import openwmi
from openwmi.base.status import HResult, WbemStatus, describe
from openwmi.engine import Request, Row
from openwmi.model import CimType, Property, Qualifier, Qualifiers, Type
from openwmi.session import Namespace

SAMPLES = 12
SECONDS_PER_SAMPLE = 0.05
POLL_SECONDS = 0.2
LOAD = "SELECT * FROM Demo_ProcessorLoad"


class LoadProvider(openwmi.Provider):
    """Measures how busy the processors are. That takes its time: a caller can watch the call while it runs."""

    cim_class = openwmi.CimClass(
        "Demo_ProcessorLoad",
        namespace=r"root\cimv2",
        properties=(
            Property(
                "Sample",
                Type(CimType.UINT32),
                qualifiers=Qualifiers({"Key": Qualifier("Key", True, Type(CimType.BOOLEAN))}),
            ),
            Property("PercentBusy", Type(CimType.REAL64)),
        ),
    )

    def instances(self, request: Request) -> Iterator[Row]:  # noqa: ARG002 - whatever is wanted costs the same
        for sample in range(1, SAMPLES + 1):
            yield {"Sample": sample, "PercentBusy": psutil.cpu_percent(SECONDS_PER_SAMPLE)}


class HalfIsEnough(openwmi.Sink[openwmi.CimInstance]):
    """Cancels its own call when it has received half of the samples."""

    def __init__(self, ns: Namespace) -> None:
        self.ns = ns
        self.received = 0
        self.ended = asyncio.Event()

    async def indicate(self, objects: Sequence[openwmi.CimInstance]) -> None:
        for sample in objects:
            self.received += 1
            print(f"   Indicate: sample {sample.Sample:2} of {SAMPLES}, {sample.PercentBusy:5.1f} % busy")
        if self.received >= SAMPLES // 2:
            print("   Half of them will do: CancelAsyncCall.")
            self.ns.cancel_calls(self)

    async def set_status(self, status: WbemStatus | HResult | int, error: openwmi.WbemError | None) -> None:  # noqa: ARG002
        print(f"   SetStatus: {describe(status)}, after {self.received} objects\n")
        self.ended.set()


async def synchronous(ns: Namespace) -> None:
    print("1. Synchronous: wait for the answer.")
    for system in await ns.query("SELECT Caption, Version, LastBootUpTime FROM Win32_OperatingSystem"):
        print(f"   {readable(system.Caption, 50)}, kernel {readable(system.Version, 20)}")
        print(f"   up since {system.LastBootUpTime.to_datetime():%Y-%m-%d %H:%M %Z}\n")


async def semisynchronous(ns: Namespace) -> None:
    print("2. Semisynchronous: the call runs; hold it, poll it, collect the result.")
    print(f"   (It asks a provider in this example, which measures the load {SAMPLES} times.)")
    call = ns.options(keep=True).query(LOAD)
    while (status := await call.status(timeout=POLL_SECONDS)) == WbemStatus.TIMEDOUT:
        print(f"   {describe(status)}: {call.results.total:2} objects so far")
    samples = await call
    print(f"   {describe(status)}:  {len(samples):2} objects")
    busy = sum(sample.PercentBusy for sample in samples) / len(samples)
    print(f"   The processors were {busy:.1f} % busy meanwhile.\n")


async def asynchronous(ns: Namespace) -> None:
    print("3. Asynchronous: objects are pushed to a sink, which cancels half-way.")
    sink = HalfIsEnough(ns)
    ns.with_sink(sink).query(LOAD)
    await sink.ended.wait()


async def largest_processes(ns: Namespace) -> None:
    print("The largest processes:\n")
    wql = "SELECT ProcessId, Name, ThreadCount, WorkingSetSize FROM Win32_Process WHERE WorkingSetSize > :least"
    rows = await ns.query(wql, least=0)
    print(f"   {'ProcessId':>9}  {'Threads':>7}  {'Memory':>10}  Name")
    print(f"   {'-' * 9}  {'-' * 7}  {'-' * 10}  {'-' * 24}")
    for row in sorted(rows, key=lambda row: -row.WorkingSetSize)[:8]:
        threads = "" if row.ThreadCount is None else row.ThreadCount
        print(f"   {row.ProcessId:>9}  {threads:>7}  {row.WorkingSetSize / 2**20:>7,.1f} MB  {readable(row.Name, 24)}")


def readable(text: str | None, width: int) -> str:
    """On one line and not too long: a process may call itself anything."""
    shown = "".join(char if char.isprintable() else "?" for char in text or "")
    return shown if len(shown) <= width else shown[: width - 3] + "..."


async def main() -> None:
    print(f"openwmi {openwmi.__version__} on {platform.node()}\n")
    async with openwmi.connect("root/cimv2") as ns:
        await synchronous(ns)
    async with openwmi.connect("root/cimv2", providers=[LoadProvider()]) as ns:
        await semisynchronous(ns)
        await asynchronous(ns)
    async with openwmi.connect("root/cimv2") as ns:
        await largest_processes(ns)


if __name__ == "__main__":
    if hasattr(sys.stdout, "reconfigure"):
        sys.stdout.reconfigure(errors="replace")  # for terminals that cannot show every character
    asyncio.run(main())
