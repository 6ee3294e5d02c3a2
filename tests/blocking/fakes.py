"""Producers that a test steers from its own thread, and what is asked of them."""

from __future__ import annotations

import asyncio
import signal
import threading
from collections.abc import Callable, Coroutine, Iterator
from contextlib import contextmanager
from typing import Any

from openwmi.base.error import WbemError
from openwmi.base.status import WbemStatus
from openwmi.blocking import Operation
from openwmi.blocking.runner import Runner
from openwmi.operation import CallContext, ResultSet
from openwmi.operation import Operation as AskedOperation

SECONDS = 20
"""How long a test waits for what must come."""

Work = Callable[[ResultSet[Any]], Coroutine[Any, Any, Any]]


class Produced:
    """A producer that puts what it is told to, when it is told to.

    Attributes:
        results: those of the call, once `running` is set.
        ended: is set when its task has ended, however.
    """

    results: ResultSet[Any]

    def __init__(self, own: Runner) -> None:
        self._own = own
        self._orders: asyncio.Queue[Callable[[], Coroutine[Any, Any, bool]]] = own.call(asyncio.Queue)
        self.running = threading.Event()
        self.ended = threading.Event()
        self._result: Any = None

    async def work(self, results: ResultSet[Any]) -> Any:
        """For `Operation.start`."""
        self.results = results
        results.begin()
        self.running.set()
        try:
            while await (await self._orders.get())():
                pass
        finally:
            self.ended.set()
        return self._result

    def put(self, *objects: Any) -> None:
        """They follow those before."""

        async def putting() -> bool:
            await self.results.put(objects)
            return True

        self._own.post(self._orders.put_nowait, putting)

    def finish(self, result: Any = None) -> None:
        """The call ends well."""

        async def finishing() -> bool:
            self._result = result
            return False

        self._own.post(self._orders.put_nowait, finishing)

    def fail(self, status: WbemStatus = WbemStatus.FAILED) -> None:
        """The call fails."""

        async def failing() -> bool:
            raise WbemError(status, "as it was told to")

        self._own.post(self._orders.put_nowait, failing)


def begun(own: Runner, work: Work, *, single: bool = False, keep: bool = False, name: str = "query") -> Operation[Any]:
    """An operation that runs `work`."""
    return Operation(own.begin(lambda: AskedOperation.start(work, name, single=single, keep=keep)), own)


def counting(count: int) -> Work:
    """Puts the numbers below it, a hundred at a time."""

    async def work(results: ResultSet[Any]) -> None:
        for start in range(0, count, 100):
            await results.put(range(start, min(start + 100, count)))

    return work


def started(own: Runner, work: Work, context: CallContext) -> AskedOperation[Any]:
    """To be run on the loop's thread."""
    del own
    return AskedOperation.start(work, "get", single=True, context=context)


@contextmanager
def interrupted_when(ready: Callable[[], bool]) -> Iterator[None]:
    """As somebody at the keyboard does it, to the main thread, as soon as `ready`."""
    over = threading.Event()

    def press() -> None:
        while not ready():
            over.wait(0.001)
        signal.pthread_kill(threading.main_thread().ident or 0, signal.SIGINT)

    thread = threading.Thread(target=press)
    before = signal.signal(
        signal.SIGINT, signal.default_int_handler
    )  # what runs in the background of a shell ignores it
    thread.start()
    try:
        yield
    finally:
        over.set()
        thread.join(SECONDS)
        signal.signal(signal.SIGINT, before)


def in_threads(count: int, work: Callable[[int], object]) -> None:
    """Runs it on so many threads at once; what one of them raises is raised here."""
    errors: list[BaseException] = []
    gate = threading.Barrier(count)

    def run(number: int) -> None:
        try:
            gate.wait(SECONDS)
            work(number)
        except BaseException as error:  # noqa: BLE001 - it is raised again, where it is seen
            errors.append(error)

    threads = [threading.Thread(target=run, args=(number,), daemon=True) for number in range(count)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(SECONDS)
        assert not thread.is_alive(), "it hangs"
    if errors:
        raise errors[0]
