"""Without asyncio, the same question in the three ways: wait, hold the call, be called back."""

import threading
from collections.abc import Sequence

import openwmi
from openwmi.base.status import HResult, WbemStatus, describe

QUESTION = "Win32_OperatingSystem=@"


class Told(openwmi.Sink[openwmi.CimInstance]):
    """Ordinary methods run on a thread of the sink's own, and may block."""

    def __init__(self) -> None:
        self.ended = threading.Event()

    def indicate(self, objects: Sequence[openwmi.CimInstance]) -> None:
        print(f"asynchronous: {objects[0].CSName}")

    def set_status(self, status: WbemStatus | HResult | int, error: openwmi.WbemError | None) -> None:  # noqa: ARG002
        print(f"asynchronous: {describe(status)}")
        self.ended.set()


def main() -> None:
    with openwmi.blocking.connect("root/cimv2") as ns:
        system = ns.get(QUESTION)
        print(f"synchronous: {system.CSName}")

        call = ns.begin.get(QUESTION)
        while call.status(timeout=0.1) == WbemStatus.TIMEDOUT:
            pass
        print(f"semisynchronous: {call.result().CSName}")

        sink = Told()
        ns.with_sink(sink).get(QUESTION)
        sink.ended.wait()


if __name__ == "__main__":
    main()
