"""This machine, answered as WMI, in each of the three ways to make a call. `make demo` runs it."""

import asyncio
import platform
import sys
from collections.abc import Sequence

import openwmi
from openwmi.base.status import HResult, WbemStatus, describe
from openwmi.session import Namespace

FIRST_POLL_SECONDS = 0.005
ELEMENTS = "SELECT * FROM CIM_LogicalElement"


class FirstIsEnough(openwmi.Sink[openwmi.CimInstance]):
    """Cancels its own call when its first objects have come."""

    def __init__(self, ns: Namespace, full: int) -> None:
        self.ns = ns
        self.full = full
        self.received = 0
        self.ended = asyncio.Event()

    async def indicate(self, objects: Sequence[openwmi.CimInstance]) -> None:
        self.received += len(objects)
        print(f"   Indicate: {counted(len(objects))}, the first a {objects[0].class_.name}")
        print("   That will do: CancelAsyncCall.")
        self.ns.cancel_calls(self)

    async def set_status(self, status: WbemStatus | HResult | int, error: openwmi.WbemError | None) -> None:  # noqa: ARG002
        print(f"   SetStatus: {describe(status)},")
        print(f"   after {counted(self.received)} of the {self.full} that a full query has.\n")
        self.ended.set()


async def synchronous(ns: Namespace) -> None:
    print("1. Synchronous: wait for the answer.")
    for system in await ns.query("SELECT Caption, Version, LastBootUpTime FROM Win32_OperatingSystem"):
        print(f"   {readable(system.Caption, 44)}, kernel {readable(system.Version, 20)}")
        print(f"   up since {system.LastBootUpTime.to_datetime():%Y-%m-%d %H:%M %Z}\n")


async def semisynchronous(ns: Namespace) -> None:
    print("2. Semisynchronous: the call runs; hold it, poll it, collect the result.")
    call = ns.options(keep=True).query("SELECT * FROM Win32_Process")
    status = await call.status(timeout=0)  # does not wait, so that nothing can have come yet
    seconds = FIRST_POLL_SECONDS
    while status == WbemStatus.TIMEDOUT:
        print(f"   {describe(status)}: {call.results.total:5} objects so far")
        status = await call.status(timeout=seconds)
        seconds *= 2  # a few lines, however many processes there are
    processes = await call
    print(f"   {describe(status)}: {len(processes):5} objects\n")


async def asynchronous(ns: Namespace) -> None:
    print("3. Asynchronous: objects are pushed to a sink, which cancels half-way.")
    # Each class below the one that is asked for gives its objects by itself: the operating system comes before the
    # processes, however few of them there are.
    sink = FirstIsEnough(ns, full=len(await ns.query(ELEMENTS)))
    ns.with_sink(sink).query(ELEMENTS)
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


def counted(objects: int) -> str:
    return "1 object" if objects == 1 else f"{objects} objects"


def readable(text: str | None, width: int) -> str:
    """On one line and not too long: a process may call itself anything."""
    shown = "".join(char if char.isprintable() else "?" for char in text or "")
    return shown if len(shown) <= width else shown[: width - 3] + "..."


async def main() -> None:
    print(f"openwmi {openwmi.__version__} on {readable(platform.node(), 60)}\n")
    async with openwmi.connect("root/cimv2") as ns:
        await synchronous(ns)
        await semisynchronous(ns)
        await asynchronous(ns)
        await largest_processes(ns)


if __name__ == "__main__":
    if hasattr(sys.stdout, "reconfigure"):
        sys.stdout.reconfigure(errors="replace")  # for terminals that cannot show every character
    asyncio.run(main())
