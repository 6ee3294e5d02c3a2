"""What it costs to ask from a thread that has no event loop.

The peer is what one would use without `openwmi.blocking`: a loop on a thread, and `asyncio.run_coroutine_threadsafe`
with the async API. All threads stay on one core where the system can do that: what another core takes to wake up, ten
times as long as the rest, and whether one is woken at all, is the system's and differs from run to run.
"""

from __future__ import annotations

import asyncio
import os
import sys
import threading
from collections.abc import Callable, Coroutine, Iterator
from contextlib import contextmanager
from functools import partial
from itertools import cycle
from pathlib import Path
from typing import Any

import openwmi
from bench.figure import Figure, Goal, Printed, in_turns, scratch
from bench.mofs import CREATE_NAMESPACE, NAMESPACE
from bench.repository import CLASS, FEW, KEY, MOF, some_keys, values
from openwmi.blocking.runner import runner
from openwmi.operation import Operation, ResultSet
from openwmi.session import Namespace

ROUNDS = 2_000
QUERIES = 1_000
THREADS = 8
ITERATED = 10_000


class Yardstick:
    """A loop on a thread, as everybody writes it."""

    def __init__(self) -> None:
        self._loop = asyncio.new_event_loop()
        self._thread = threading.Thread(target=self._loop.run_forever, daemon=True)
        self._thread.start()

    def run(self, coroutine: Coroutine[Any, Any, Any]) -> Any:
        return asyncio.run_coroutine_threadsafe(coroutine, self._loop).result()

    async def call(self, function: Callable[..., Any], *arguments: object) -> Any:
        return function(*arguments)

    def close(self) -> None:
        self._loop.call_soon_threadsafe(self._loop.stop)
        self._thread.join()
        self._loop.close()


@contextmanager
def yardstick() -> Iterator[Yardstick]:
    """It, the process's runner and this thread on one core."""
    made = Yardstick()
    cores = os.sched_getaffinity(0) if sys.platform == "linux" else {0}
    try:
        _stay_on(made, {min(cores)})
        yield made
    finally:
        _stay_on(made, cores)
        made.close()


def _stay_on(peer: Yardstick, cores: set[int]) -> None:
    if sys.platform == "linux":
        os.sched_setaffinity(0, cores)
        runner().call(os.sched_setaffinity, 0, cores)
        peer.run(peer.call(os.sched_setaffinity, 0, cores))


# A round trip.


async def _work(_: ResultSet[int]) -> int:
    return 7


def _operation() -> Operation[int]:
    return Operation.start(_work, "get", single=True)


async def _awaited(verb: Callable[..., Operation[Any]], *arguments: object) -> Any:
    return await verb(*arguments)


def _repeated(work: Callable[[], object], times: int, threads: int) -> None:
    """`times` in all."""

    def run() -> None:
        for _ in range(times // threads):
            work()

    if threads == 1:
        run()
        return
    running = [threading.Thread(target=run) for _ in range(threads)]
    for thread in running:
        thread.start()
    for thread in running:
        thread.join()


def call(threads: int) -> tuple[float, float]:
    """Microseconds for a plain function."""
    own = runner()
    with yardstick() as peer:
        seconds = in_turns(
            lambda: _repeated(lambda: own.call(int), ROUNDS, threads),
            lambda: _repeated(lambda: peer.run(peer.call(int)), ROUNDS, threads),
        )
    return seconds[0] / ROUNDS * 1e6, seconds[1] / ROUNDS * 1e6


def operation(threads: int) -> tuple[float, float]:
    """Microseconds for an operation that is begun, runs as a task, and is waited for."""
    own = runner()
    with yardstick() as peer:
        seconds = in_turns(
            lambda: _repeated(lambda: own.complete(_operation), ROUNDS, threads),
            lambda: _repeated(lambda: peer.run(_awaited(_operation)), ROUNDS, threads),
        )
    return seconds[0] / ROUNDS * 1e6, seconds[1] / ROUNDS * 1e6


# Queries.


def _filled(file: Path, number: int) -> openwmi.blocking.Namespace:
    with openwmi.blocking.connect("root", repository=file) as root:
        root.load_mof(CREATE_NAMESPACE)
    namespace = openwmi.blocking.connect(NAMESPACE, repository=file)
    namespace.load_mof(MOF)
    class_ = namespace.get(CLASS)
    namespace.put(class_.instance(values(each)) for each in range(number))
    return namespace


@contextmanager
def both(number: int) -> Iterator[tuple[openwmi.blocking.Namespace, Namespace, Yardstick]]:
    """A repository with so many instances: ours, and the async API on the peer's loop."""

    async def connected() -> Namespace:
        return await openwmi.connect(NAMESPACE, repository=file)

    with scratch() as folder, yardstick() as peer:
        file = folder / "repository"
        with _filled(file, number) as namespace:
            yield namespace, peer.run(connected()), peer


def query(threads: int) -> tuple[float, float]:
    """Queries a second, each for one instance by its key."""
    texts = cycle([f'SELECT * FROM {CLASS} WHERE {KEY} = "{each}"' for each in some_keys(QUERIES, FEW)])  # noqa: S608
    with both(FEW) as (namespace, there, peer):

        def ours() -> None:
            (_,) = namespace.query(next(texts))

        def theirs() -> None:
            (_,) = peer.run(_awaited(there.query, next(texts)))

        # The goal is a number by itself: what else the machine does meanwhile is no part of it.
        seconds = in_turns(
            lambda: _repeated(ours, QUERIES, threads), lambda: _repeated(theirs, QUERIES, threads), 15, min
        )
    return QUERIES / seconds[0], QUERIES / seconds[1]


def on_the_loop() -> tuple[float, float]:
    """Queries a second, beside the async API without any thread between."""
    texts = cycle([f'SELECT * FROM {CLASS} WHERE {KEY} = "{each}"' for each in some_keys(QUERIES, FEW)])  # noqa: S608
    with both(FEW) as (namespace, there, peer):

        async def awaited() -> None:
            for _ in range(QUERIES):
                (_,) = await there.query(next(texts))

        seconds = in_turns(
            lambda: _repeated(lambda: namespace.query(next(texts)), QUERIES, 1), lambda: peer.run(awaited()), 15, min
        )
    return QUERIES / seconds[0], QUERIES / seconds[1]


def iterated() -> tuple[float, float]:
    """Rows a second out of a stream, beside `async for`."""
    with both(ITERATED) as (namespace, there, peer):

        def ours() -> None:
            if sum(1 for _ in namespace.begin.instances(CLASS)) != ITERATED:
                raise SystemExit("some instances are missing")

        async def theirs() -> None:
            if len([each async for each in there.instances(CLASS)]) != ITERATED:
                raise SystemExit("some instances are missing")

        seconds = in_turns(ours, lambda: peer.run(theirs()), repeats=5)
    return ITERATED / seconds[0], ITERATED / seconds[1]


THREADSAFE = "run_coroutine_threadsafe"
MANY = f"the same, {THREADS} threads at once"

FIGURES = [
    Figure("a function on the loop, from a thread", THREADSAFE, "us", Goal("<=", 0.7), partial(call, 1)),
    Figure(MANY, THREADSAFE, "us", Goal("<=", 0.7), partial(call, THREADS)),
    Figure("an Operation, from a thread", THREADSAFE, "us", Goal("<=", 0.7), partial(operation, 1)),
    Figure(MANY, THREADSAFE, "us", Goal("<=", 0.7), partial(operation, THREADS)),
    Figure("blocking queries of one stored instance", THREADSAFE, "/s", Goal(">=", 10_000, "/s"), partial(query, 1)),
    Figure(MANY, THREADSAFE, "/s", Goal(">=", 10_000, "/s"), partial(query, THREADS)),
    Figure("the same, from one thread", "await, on the loop", "/s", Printed(), on_the_loop),
    Figure(f"{ITERATED:,} stored instances, iterated", "async for", "/s", Goal(">=", 0.7), iterated),
]
