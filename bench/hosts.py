"""Reading this host: what a thousand processes cost through WMI, beside psutil asked for the same."""

from __future__ import annotations

import asyncio
import os
import signal
import sys
from collections.abc import Callable

import openwmi
from bench.figure import Absent, Figure, Goal, in_turns
from openwmi.session import Namespace

PROCESSES = 1000
QUERY = "SELECT Name, ProcessId, ParentProcessId FROM Win32_Process"
ONE = "SELECT Name, ProcessId, ParentProcessId FROM Win32_Process WHERE Handle = '{}'"


def list_all() -> tuple[float, float]:
    """Milliseconds for each, over the same processes."""
    import psutil  # noqa: PLC0415 - the peer

    def peer() -> None:
        for each in psutil.process_iter(["name", "ppid"]):
            _ = each.info["name"], each.pid, each.info["ppid"]

    return _measured(QUERY, peer)


def find_one() -> tuple[float, float]:
    """Milliseconds; the peer is one process of psutil's."""
    import psutil  # noqa: PLC0415 - the peer

    pid = os.getpid()

    def peer() -> None:
        for _ in range(100):
            process = psutil.Process(pid)
            _ = process.name(), process.ppid()

    ours, theirs = _measured(ONE.format(pid), peer, times=100)
    return ours / 100, theirs / 100


def _measured(query: str, peer: Callable[[], None], times: int = 1) -> tuple[float, float]:
    if sys.platform != "linux":
        raise Absent("processes are read from /proc")
    children = [_sleeper() for _ in range(PROCESSES - 100)]
    loop = asyncio.new_event_loop()
    ns = loop.run_until_complete(_open())

    async def ask() -> None:
        for _ in range(times):
            await ns.query(query)

    try:
        ours, theirs = in_turns(lambda: loop.run_until_complete(ask()), peer)
    finally:
        loop.run_until_complete(ns.close())
        loop.close()
        for child in children:
            os.kill(child, signal.SIGKILL)
            os.waitpid(child, 0)
    return ours * 1e3, theirs * 1e3


async def _open() -> Namespace:
    return await openwmi.connect()


def _sleeper() -> int:
    pid = os.fork()
    if pid == 0:
        signal.pause()
        os._exit(0)
    return pid


FIGURES = [
    Figure("1,000 processes, three properties", "psutil.process_iter", "ms", Goal("<=", 1.5), list_all),
    Figure("one process of 1,000 by its Handle", "psutil.Process", "ms", Goal("<=", 2, "ms"), find_one),
]
