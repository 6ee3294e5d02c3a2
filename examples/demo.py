"""This machine, answered as WMI, in each of the three ways to make a call. `make demo` runs it."""

import asyncio
import platform
from collections.abc import Sequence

import openwmi
from openwmi.base.status import HResult, describe


class FirstOnes(openwmi.Sink[openwmi.CimInstance]):
    """Hears of processes until it has seen enough."""

    def __init__(self, enough: int) -> None:
        self.enough = enough
        self.seen = 0
        self.operation: openwmi.Operation[openwmi.CimInstance] | None = None

    async def indicate(self, objects: Sequence[openwmi.CimInstance]) -> None:
        self.seen += len(objects)
        print(f"   Indicate: {len(objects)} objects, the first is {objects[0]['Name']}")
        if self.seen >= self.enough and self.operation is not None:
            print("   enough: cancel")
            self.operation.cancel()

    async def set_status(self, status: openwmi.WbemStatus | HResult | int, error: openwmi.WbemError | None) -> None:
        print(f"   SetStatus: {describe(status)}")


async def main() -> None:
    print(f"openwmi {openwmi.__version__} on {platform.node()}\n")
    async with openwmi.connect("root/cimv2") as ns:
        print("1. Synchronous: wait for it.")
        for system in await ns.query("SELECT Caption, Version, LastBootUpTime FROM Win32_OperatingSystem"):
            print(f"   {system.Caption}, kernel {system.Version}, up since {system.LastBootUpTime}\n")

        print("2. Semisynchronous: it runs; hold it and poll it.")
        call = ns.options(keep=True).query("SELECT * FROM Win32_Process")
        status = await call.status(timeout=0)
        while status == openwmi.WbemStatus.TIMEDOUT:
            print(f"   {describe(status)}: {call.results.total} objects so far")
            status = await call.status(timeout=0.02)
        print(f"   {describe(status)}: {len(await call)} objects\n")

        print("3. Asynchronous: objects are pushed to a sink, which cancels half-way.")
        sink = FirstOnes(enough=1)
        sink.operation = ns.query("SELECT Name FROM Win32_Process")
        await sink.operation.deliver(sink)

        print("\nThe largest processes:\n")
        wql = "SELECT ProcessId, Name, WorkingSetSize FROM Win32_Process WHERE WorkingSetSize > :least"
        rows = await ns.query(wql, least=0)
        print(f"   {'ProcessId':>9}  {'WorkingSetSize':>14}  Name")
        for row in sorted(rows, key=lambda row: -row.WorkingSetSize)[:8]:
            print(f"   {row.ProcessId:>9}  {row.WorkingSetSize:>14,}  {row.Name}")


if __name__ == "__main__":
    asyncio.run(main())
