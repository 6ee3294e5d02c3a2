"""This machine, answered as WMI, in each of the three ways to make a call, and watched. `make demo` runs it."""

import asyncio
import platform
import sys
from collections.abc import Sequence

import openwmi
from openwmi import wbemcli
from openwmi.base.status import HResult, WbemStatus, describe
from openwmi.session import Namespace

FIRST_POLL_SECONDS = 0.005
WATCH_SECONDS = 30
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


async def a_process_is_born(ns: Namespace) -> None:
    print("5. Events: a watch that sees a process being born.")
    born = ns.events(
        "SELECT * FROM __InstanceCreationEvent WITHIN 0.2"
        " WHERE TargetInstance ISA 'Win32_Process' AND TargetInstance.CommandLine = :line",
        line="sleep 30",
    )
    await born.started()
    out = await ns.call("Win32_Process", "Create", CommandLine="sleep 30")
    print(f"   Win32_Process.Create returned {out.ReturnValue}: process {out.ProcessId}")
    for event in await born.next(1, timeout=WATCH_SECONDS):
        process = event.TargetInstance
        print(f"   {event.class_.name}: {process.Name}, process {process.ProcessId}")
        await ns.call(process.path_, "Terminate")
    born.cancel()
    print()


def by_the_header() -> None:
    """On a thread that may not block, as C++ programs for Windows do it."""
    print("4. By the names of wbemcli.h: IWbemServices, IWbemCallResult.")
    hr, services = wbemcli.IWbemLocator().ConnectServer(r"root\cimv2")
    assert services is not None, describe(hr)
    flags = wbemcli.WBEM_FLAG_RETURN_IMMEDIATELY
    hr, _, call = services.GetObject("Win32_OperatingSystem=@", flags, None, None, wbemcli.OUT)
    assert call is not None, describe(hr)
    print(f"   GetObject: {describe(hr)}, and an {type(call).__name__}")
    hr, status = call.GetCallStatus(0)
    while hr == wbemcli.WBEM_S_TIMEDOUT:
        print(f"   GetCallStatus(0): {describe(hr)}")
        hr, status = call.GetCallStatus(1000)
    print(f"   GetCallStatus: plStatus {describe(status or 0)}")
    hr, system = call.GetResultObject(0)
    assert system is not None, describe(hr)
    hr, caption, *_ = system.Get("Caption")
    print(f"   GetResultObject: {readable(str(caption), 40)}\n")


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
        await asyncio.to_thread(by_the_header)
        await a_process_is_born(ns)
        await largest_processes(ns)


if __name__ == "__main__":
    if hasattr(sys.stdout, "reconfigure"):
        sys.stdout.reconfigure(errors="replace")  # for terminals that cannot show every character
    asyncio.run(main())
