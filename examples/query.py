"""The processes of this machine, by a query."""

import asyncio

import openwmi


async def main() -> None:
    async with openwmi.connect("root/cimv2") as ns:
        async for process in ns.query("SELECT Name, ProcessId FROM Win32_Process WHERE ProcessId < :limit", limit=10):
            print(process.ProcessId, process.Name)


if __name__ == "__main__":
    asyncio.run(main())
