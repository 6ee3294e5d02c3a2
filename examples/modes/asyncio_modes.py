"""With asyncio, the same question in the three ways: wait, hold the call, be called back."""

import asyncio
from collections.abc import Sequence

import openwmi
from openwmi.base.status import HResult, WbemStatus, describe

QUESTION = "Win32_OperatingSystem=@"


class Told(openwmi.Sink[openwmi.CimInstance]):
    """`async def` methods run on the loop."""

    def __init__(self) -> None:
        self.ended = asyncio.Event()

    async def indicate(self, objects: Sequence[openwmi.CimInstance]) -> None:
        print(f"asynchronous: {objects[0].CSName}")

    async def set_status(self, status: WbemStatus | HResult | int, error: openwmi.WbemError | None) -> None:  # noqa: ARG002
        print(f"asynchronous: {describe(status)}")
        self.ended.set()


async def main() -> None:
    async with openwmi.connect("root/cimv2") as ns:
        system = await ns.get(QUESTION)
        print(f"synchronous: {system.CSName}")

        call = ns.get(QUESTION)
        while await call.status(timeout=0.1) == WbemStatus.TIMEDOUT:
            pass
        print(f"semisynchronous: {(await call).CSName}")

        sink = Told()
        ns.with_sink(sink).get(QUESTION)
        await sink.ended.wait()


if __name__ == "__main__":
    asyncio.run(main())
