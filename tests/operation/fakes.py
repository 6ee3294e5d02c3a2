"""What the tests of operations share: a sink that writes down what it hears, and producers of numbers."""

from __future__ import annotations

import asyncio
from collections.abc import Sequence

from openwmi.base.error import WbemError
from openwmi.base.status import HResult, WbemStatus
from openwmi.operation import Operation, Progress, ResultSet, Sink


class Recorder(Sink[int]):
    """Writes down what it hears; every callback takes `seconds`."""

    def __init__(self, seconds: float = 0.0) -> None:
        self.seconds = seconds
        self.objects: list[int] = []
        self.heard: list[str] = []
        self.statuses: list[int] = []
        self.entered = asyncio.Event()

    async def indicate(self, objects: Sequence[int]) -> None:
        self.entered.set()
        self.heard.append("indicate")
        await asyncio.sleep(self.seconds)
        self.objects += objects

    async def set_progress(self, progress: Progress) -> None:
        self.heard.append(f"progress {progress.done}/{progress.total}")

    async def set_status(self, status: WbemStatus | HResult | int, error: WbemError | None) -> None:
        self.heard.append("status")
        self.statuses.append(int(status))
        await asyncio.sleep(self.seconds)


async def count_to(results: ResultSet[int], end: int) -> None:
    for number in range(end):
        await results.put([number])


def counting(end: int, *, keep: bool = False) -> Operation[int]:
    return Operation.start(lambda results: count_to(results, end), f"count to {end}", keep=keep)


async def forever(results: ResultSet[int]) -> None:
    results.begin()
    await asyncio.Event().wait()


async def refuse(results: ResultSet[int]) -> None:
    raise WbemError(WbemStatus.INVALID_QUERY, "no")


async def fail_later(results: ResultSet[int]) -> None:
    await results.put([1, 2])
    raise WbemError(WbemStatus.PROVIDER_FAILURE, "broken")


async def turn(times: int = 20) -> None:
    """Lets everything that is ready run."""
    for _ in range(times):
        await asyncio.sleep(0)


async def counting_endlessly(results: ResultSet[int]) -> None:
    while True:
        await results.put([0])
