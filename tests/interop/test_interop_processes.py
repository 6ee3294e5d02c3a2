"""Win32_Process of this host, as other people's clients read it from `openwmi serve`, against psutil."""

from __future__ import annotations

import shlex
import subprocess
import sys
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from typing import Any

import psutil
import pytest
from tests.interop import serving
from tests.interop.peer import CLIENTS, Peer, logged_in

from openwmi.engine import shipped_class
from openwmi.model import CimDateTime, CimType, Type

WIN32_PROCESS = shipped_class("Win32_Process")

# A program that calls itself by a Cyrillic name, as the kernel keeps it, and waits to be ended.
NAME, ARGUMENT = "часы", "у с п е х"
PROGRAM = f"""
import ctypes, sys
ctypes.CDLL(None).prctl(15, {NAME.encode()!r} + bytes(1), 0, 0, 0)
print("ready", flush=True)
sys.stdin.read()
"""
COLUMNS = "Handle, ProcessId, ParentProcessId, Name, CommandLine, ExecutablePath, CreationDate, ThreadCount"
# Linux has no such thing, or the page of the class says that it is always NULL.
ALWAYS_NULL = {"InstallDate", "Status", "TerminationDate", "WindowsVersion", "OtherOperationCount", "PrivatePageCount"}


@pytest.fixture
def clock() -> Iterator[psutil.Process]:
    """A process with a Cyrillic name and a Cyrillic argument."""
    with subprocess.Popen(
        [sys.executable, "-c", PROGRAM, ARGUMENT], stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True
    ) as process:
        assert process.stdout is not None
        assert process.stdout.readline() == "ready\n"
        found = psutil.Process(process.pid)
        assert found.name() == NAME
        yield found
        process.kill()


def snapshot() -> dict[int, dict[str, Any]]:
    """By process ID, in psutil's words; processes that nobody may look at say less."""
    wanted = ["pid", "ppid", "name", "cmdline", "exe", "create_time", "num_threads"]
    return {process.pid: process.info for process in psutil.process_iter(wanted)}


@pytest.mark.parametrize("package", CLIENTS)
async def test_all_processes_are_those_of_psutil(package: str, served: serving.Command, clock: psutil.Process) -> None:
    """One that changes may be as it was before when it is looked at again: so it is to agree in one of a few rounds."""
    async with logged_in(package, served.address.port) as client:
        differing = await differences(client, clock, served.pid)
        for _ in range(4):
            if differing:
                again = await differences(client, clock, served.pid)
                differing = {pid: how for pid, how in differing.items() if pid in again}
    assert differing == {}


async def differences(client: Peer, clock: psutil.Process, server: int) -> dict[int, tuple[object, object]]:
    """What of the processes that did not change between two looks is not as psutil has it, by process ID.

    How many threads the server has is left out: it begins one to look at processes, and that ends when it is idle.
    """
    start = datetime.now(UTC) - timedelta(seconds=1)  # the kernel's clock ticks in hundredths
    before = snapshot()
    rows = await client.instances(f"SELECT {COLUMNS} FROM Win32_Process")
    after = snapshot()
    found = {row.ProcessId: row for row in rows}
    assert len(found) == len(rows)
    stayed = {pid for pid in before.keys() & after.keys() if before[pid]["create_time"] == after[pid]["create_time"]}
    assert clock.pid in stayed
    assert stayed <= found.keys()
    came = [found[pid].CreationDate.to_datetime() for pid in found.keys() - before.keys()]
    assert [moment for moment in came if moment < start] == []
    differing: dict[int, tuple[object, object]] = {}
    for pid in stayed:
        row, info = found[pid], after[pid]
        assert row.Handle == str(pid)
        assert row.CreationDate.to_datetime().timestamp() == pytest.approx(info["create_time"], abs=0.001)
        threads = info["num_threads"] if pid == server else row.ThreadCount
        seen = row.ParentProcessId, threads, row.Name, row.CommandLine, row.ExecutablePath
        command = shlex.join(info["cmdline"]) if info["cmdline"] else None
        right = info["ppid"], info["num_threads"], info["name"], command, info["exe"] or None
        if before[pid] == info and seen != right:
            differing[pid] = seen, right
    return differing


@pytest.mark.parametrize("package", CLIENTS)
async def test_every_property_of_a_process_with_a_cyrillic_name(package: str, port: int, clock: psutil.Process) -> None:
    """Read twice: as it came over the wire, and as the client understands it."""
    query = f"SELECT * FROM Win32_Process WHERE Handle = '{clock.pid}'"
    async with logged_in(package, port) as client:
        [row] = await client.instances(query)
        [shown] = await client.values(query)
    assert {prop.name: prop.type for prop in row.class_.properties} == {
        prop.name: prop.type for prop in WIN32_PROCESS.properties
    }
    assert (row.Name, row.Caption, row.Description) == (NAME,) * 3
    assert row.CommandLine == shlex.join(clock.cmdline())
    assert row.CommandLine.endswith(f"'{ARGUMENT}'")
    memory = clock.memory_info()
    assert (row.WorkingSetSize, row.VirtualSize) == (memory.rss, memory.vms)
    assert (row.ProcessId, row.ParentProcessId, row.ThreadCount) == (clock.pid, clock.ppid(), 1)
    assert (row.Priority, row.PageFileUsage, row.CreationClassName) == (8, 0, "Win32_Process")
    assert {name for name in row if row[name] is None} >= ALWAYS_NULL
    times = clock.cpu_times()
    assert (row.KernelModeTime, row.UserModeTime) == (round(times.system * 1e7), round(times.user * 1e7))
    assert list(shown) == list(row)
    assert [name for name in row if shown[name] not in SHOWN[package](row[name], row.class_.property(name).type)] == []
    assert sum(row[name] is not None for name in row) > 25


def shown_by_impacket(value: Any, type_: Type) -> list[object]:
    return [str(value) if isinstance(value, CimDateTime) else value]


def shown_by_aiowmi(value: Any, type_: Type) -> list[object]:
    """It knows no NULL, and takes the slot of the class, all ones, where a number is 0; UTF-16 it reads as nothing."""
    if isinstance(value, CimDateTime):
        return [value.to_datetime().isoformat()]
    if not value:
        return ["" if type_.cim in {CimType.STRING, CimType.DATETIME} else 0, 2**64 - 1]
    return [value, ""] if not str(value).isascii() else [value]


SHOWN = {"impacket": shown_by_impacket, "aiowmi": shown_by_aiowmi}
