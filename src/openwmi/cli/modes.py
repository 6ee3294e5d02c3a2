"""The three ways to make a call: waited for, polled, pushed to a sink. What comes out is the same."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable, Sequence
from typing import Any, Final, TypeAlias

from openwmi.base.error import WbemError
from openwmi.base.status import HResult, WbemStatus
from openwmi.operation import Operation, Sink
from openwmi.session import Namespace

POLL_SECONDS = 0.25
AT_ONCE = 1000
"""Objects that are taken in one go: enough for a fast provider, few enough that a reader sees them as they come."""

Verb: TypeAlias = Callable[[Namespace], Operation[Any]]
Take: TypeAlias = Callable[[Sequence[Any]], None]


async def synchronous(ns: Namespace, verb: Verb, take: Take) -> None:
    """Waits for an object, and takes those that came with it."""
    async with verb(ns) as operation:
        while first := await operation.next(1):
            take(first)
            # What is there already. A failure stays for the next call, which has nothing in hand that would be lost.
            if waiting := operation.results.total - operation.position:
                take(await operation.next(min(waiting, AT_ONCE)))


async def semisynchronous(ns: Namespace, verb: Verb, take: Take) -> None:
    """Asks again and again for what there is."""
    async with verb(ns) as operation:
        status = WbemStatus.TIMEDOUT
        while status != WbemStatus.FALSE:
            batch = await operation.next(AT_ONCE, timeout=POLL_SECONDS)
            status = batch.status
            if batch:
                take(batch)


async def asynchronous(ns: Namespace, verb: Verb, take: Take) -> None:
    """Makes the asynchronous call itself; the sink hears of the objects and of the end."""
    receiver = _Receiver(take)
    operation = verb(ns.with_sink(receiver))
    receiver.cancel = operation.cancel
    try:
        await operation.started()  # a call that could not start never touches its sink
        await receiver.ended.wait()
    except asyncio.CancelledError:
        operation.cancel()
        raise
    if receiver.failure is not None:
        raise receiver.failure


class _Receiver(Sink[Any]):
    """Takes on the loop, since a writer belongs to one thread."""

    def __init__(self, take: Take) -> None:
        self._take = take
        self.cancel: Callable[[], None] = lambda: None
        self.ended = asyncio.Event()
        self.failure: Exception | None = None

    async def indicate(self, objects: Sequence[Any]) -> None:
        try:
            self._take(objects)
        except Exception as error:  # noqa: BLE001 - ours, not the call's: whoever waits gets it
            self.failure = error
            self.cancel()

    async def set_status(
        self,
        status: WbemStatus | HResult | int,  # noqa: ARG002 - the error has it, too
        error: WbemError | None,
    ) -> None:
        self.failure = self.failure or error
        self.ended.set()


MODES: Final[dict[str, Callable[[Namespace, Verb, Take], Awaitable[None]]]] = {
    "sync": synchronous,
    "semisync": semisynchronous,
    "async": asynchronous,
}
