"""What an Operation costs: to make and to end, to keep under way, to cancel, and to read a long stream of.

The peer is what one would use without it: a bare asyncio Future, which has neither a sink, a deadline, objects nor a
final status; or a Task that waits for one.
"""

from __future__ import annotations

import asyncio
import re
import resource
import sys
import tracemalloc
from collections.abc import Callable, Coroutine
from pathlib import Path
from statistics import median
from time import perf_counter_ns
from typing import Any

import psutil

from bench.figure import Figure, Goal, in_fresh_process, in_turns
from openwmi.operation import Operation, ResultSet, SingleResult, StreamResults

ROUNDS = 10_000
OUTSTANDING = 100_000
CANCELLED = 1_000
STREAMED = 1_000_000
MEGABYTE = 1e6


def _single() -> tuple[SingleResult[int], Operation[int]]:
    """A call with one result, whose producer is no task."""
    results: SingleResult[int] = SingleResult("get Win32_Process.Handle=1")
    return results, Operation(results)


# To make, to end, to await.


async def _operations_ended_later() -> None:
    loop = asyncio.get_running_loop()
    for number in range(ROUNDS):
        results, operation = _single()
        loop.call_soon(results.finish, number)
        await operation


async def _futures_ended_later() -> None:
    loop = asyncio.get_running_loop()
    for number in range(ROUNDS):
        future = loop.create_future()
        loop.call_soon(future.set_result, number)
        await future


def round_trip() -> tuple[float, float]:
    """Microseconds. The result comes in a later turn of the loop, as it does for whoever has to wait."""
    ours, peer = in_turns(lambda: asyncio.run(_operations_ended_later()), lambda: asyncio.run(_futures_ended_later()))
    return ours / ROUNDS * 1e6, peer / ROUNDS * 1e6


# To keep under way.


async def _traced(make: Callable[[], object]) -> float:
    tracemalloc.start()
    before, _ = tracemalloc.get_traced_memory()
    kept = [make() for _ in range(OUTSTANDING)]
    after, _ = tracemalloc.get_traced_memory()
    tracemalloc.stop()
    del kept
    return (after - before) / MEGABYTE


def operations_under_way() -> float:
    return asyncio.run(_traced(lambda: _single()[1]))


def streams_under_way() -> float:
    return asyncio.run(_traced(lambda: Operation(StreamResults("query SELECT * FROM Win32_Process"))))


def futures_under_way() -> float:
    return asyncio.run(_traced(lambda: asyncio.get_running_loop().create_future()))


def under_way() -> tuple[float, float]:
    """Megabytes, counted by tracemalloc, the list that holds them included."""
    return in_fresh_process(operations_under_way), in_fresh_process(futures_under_way)


def queries_under_way() -> tuple[float, float]:
    """The same of forward-only calls that have no objects yet."""
    return in_fresh_process(streams_under_way), in_fresh_process(futures_under_way)


# To cancel.


async def _from_cancel_to_callback(make: Callable[[], Any]) -> float:
    under_way = [make() for _ in range(OUTSTANDING)]
    chosen = under_way[:: OUTSTANDING // CANCELLED]
    heard: list[int] = []
    took: list[int] = []
    for call in chosen:
        call.add_done_callback(lambda _: heard.append(perf_counter_ns()))
    for call in chosen:
        began = perf_counter_ns()
        call.cancel()
        if not heard:
            await asyncio.sleep(0)  # a Future calls back in the next turn of the loop
        took.append(heard.pop() - began)
    for call in under_way:
        call.cancel()
    return median(took) / 1e3


def cancel() -> tuple[float, float]:
    """Microseconds, the median."""

    async def ours() -> float:
        return await _from_cancel_to_callback(lambda: _single()[1])

    async def peer() -> float:
        return await _from_cancel_to_callback(asyncio.get_running_loop().create_future)

    return asyncio.run(ours()), asyncio.run(peer())


# To read a long stream.


async def _produce(results: ResultSet[tuple[int, str]]) -> None:
    for start in range(0, STREAMED, 100):
        await results.put([(number, f"row {number}") for number in range(start, start + 100)])


async def _read_all() -> None:
    async with Operation.start(_produce, "a long query") as operation:
        count = 0
        async for _ in operation:
            count += 1
    if count != STREAMED:
        raise SystemExit(f"{count:,} rows came out of the stream, and {STREAMED:,} were put in")


async def _read_all_of_a_queue() -> None:
    queue: asyncio.Queue[tuple[int, str] | None] = asyncio.Queue(256)

    async def produce() -> None:
        for number in range(STREAMED):
            await queue.put((number, f"row {number}"))
        await queue.put(None)

    task = asyncio.create_task(produce())
    while await queue.get() is not None:
        pass
    await task


def _peak_growth(read: Callable[[], Coroutine[Any, Any, None]]) -> float:
    before = psutil.Process().memory_info().rss
    asyncio.run(read())
    return (_peak() - before) / MEGABYTE


def _peak() -> int:
    """Octets that this process has held at once at most."""
    try:
        # Linux hands ru_maxrss on from the process that started this one; this number begins anew.
        found = re.search(r"VmHWM:\s+(\d+) kB", Path("/proc/self/status").read_text("ascii"))
    except OSError:
        found = None
    if found is not None:
        return int(found[1]) * 1024
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss * (1 if sys.platform == "darwin" else 1024)


def stream_growth() -> float:
    return _peak_growth(_read_all)


def queue_growth() -> float:
    return _peak_growth(_read_all_of_a_queue)


def stream() -> tuple[float, float]:
    """Megabytes by which the process grew at its peak."""
    return in_fresh_process(stream_growth), in_fresh_process(queue_growth)


FIGURES = [
    Figure("an Operation: make, end later, await", "a bare Future", "us", Goal("<=", 1.5), round_trip),
    Figure(f"{OUTSTANDING:,} Operations under way", "bare Futures", "MB", Goal("<=", 25, "MB"), under_way),
    Figure("the same, forward-only", "bare Futures", "MB", Goal("<=", 25, "MB"), queries_under_way),
    Figure(f"cancel() to callback, {OUTSTANDING:,} under way", "a bare Future", "us", Goal("<=", 1, "us"), cancel),
    Figure(f"a stream of {STREAMED:,} rows, growth", "an asyncio.Queue", "MB", Goal("<=", 32, "MB"), stream),
]
