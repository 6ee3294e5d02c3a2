"""An asynchronous call: readings are pushed to a sink, until somebody cancels the call.

The provider never ends by itself, so only the cancel ends this call: the final status is WBEM_E_CALL_CANCELLED.
"""

import asyncio
import threading
from collections.abc import AsyncIterator, Sequence

import openwmi
from openwmi.base.status import HResult, WbemStatus, describe
from openwmi.engine import Request, Row
from openwmi.model import CimType, Property, Qualifier, Qualifiers, Type


class ClockProvider(openwmi.Provider):
    """The clock of the loop, as long as somebody listens: an asynchronous generator."""

    cim_class = openwmi.CimClass(
        "Demo_Tick",
        namespace=r"root\demo",
        properties=(
            Property(
                "Tick",
                Type(CimType.UINT32),
                qualifiers=Qualifiers({"Key": Qualifier("Key", True, Type(CimType.BOOLEAN))}),
            ),
            Property("Seconds", Type(CimType.REAL64)),
        ),
    )

    async def instances(self, request: Request) -> AsyncIterator[Row]:  # noqa: ARG002 - all there is costs the same
        loop = asyncio.get_running_loop()
        began, tick = loop.time(), 0
        while True:
            tick += 1
            yield {"Tick": tick, "Seconds": loop.time() - began}
            await asyncio.sleep(0.1)


class Printer(openwmi.Sink[openwmi.CimInstance]):
    """Its methods are ordinary functions: they run on a thread of the sink's own, and may block."""

    def __init__(self) -> None:
        self.ended = threading.Event()

    def indicate(self, objects: Sequence[openwmi.CimInstance]) -> None:
        for tick in objects:
            print(f"Indicate: tick {tick.Tick} after {tick.Seconds:.1f} s")

    def set_status(self, status: WbemStatus | HResult | int, error: openwmi.WbemError | None) -> None:  # noqa: ARG002
        print(f"SetStatus: {describe(status)}")
        self.ended.set()


async def main() -> None:
    async with openwmi.connect("root/demo", providers=[ClockProvider()]) as ns:
        sink = Printer()
        call = ns.with_sink(sink).query("SELECT * FROM Demo_Tick")
        print(f"the call is under way: {describe(await call.status(timeout=0.35))}")
        print("cancel")
        call.cancel()
        await asyncio.to_thread(sink.ended.wait)


if __name__ == "__main__":
    asyncio.run(main())
