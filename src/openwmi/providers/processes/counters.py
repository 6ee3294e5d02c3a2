"""Win32_PerfRawData_PerfProc_Process and its formatted values: the processes, and all of them together.

Page win32-perfformatteddata-perfproc-process. Windows: of several with one name the second is `name#1`, and which of
them is which changes when one ends; so looks are compared by number and birth, and never by name. There is no `Idle`,
since Linux has no such process.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Hashable, Iterator, Sequence
from typing import TypeAlias

from openwmi.engine.provider import Request, Row
from openwmi.providers.counting import (
    SECOND,
    TIMES,
    Counted,
    FormattedProvider,
    Instant,
    Look,
    RawProvider,
    added,
    formatted,
)
from openwmi.providers.processes.linux import LinuxProcess, Surroundings
from openwmi.providers.processes.priority import base_priority
from openwmi.providers.processes.process import kind_of
from openwmi.providers.reading import GoneError, Null, Reads, Table

Read: TypeAlias = Callable[[LinuxProcess], int | None]

TOTAL = "_Total"


class Running(Counted):
    """A process, or all of them, at one look.

    Attributes:
        name: that no other has in this look.
        processes: those that it stands for.
        process: the one that it is; None for all.
    """

    def __init__(self, at: Instant, name: str, processes: Sequence[LinuxProcess], *, is_total: bool = False) -> None:
        self.name = name
        self.processes = processes
        self.process = None if is_total else processes[0]
        super().__init__(at, TOTAL if self.process is None else (self.process.pid, self.process.born))


def _sum(read: Read, missing: int | None = None) -> Callable[[Running], int | None]:
    """The value of a process, and of all the sum; `missing` stands there for the value of one that has none."""

    def value(it: Running) -> int | None:
        return read(it.process) if it.process else added(_living(it.processes, read), missing)

    return value


def _living(processes: Sequence[LinuxProcess], read: Read) -> Iterator[int | None]:
    for process in processes:
        try:
            yield read(process)
        except GoneError:
            continue


def _of_one(read: Read) -> Callable[[Running], int | None]:
    return lambda it: read(it.process) if it.process else None


def _sum_of(*names: str) -> Callable[[Running], int | None]:
    """Lines of /proc/PID/io."""
    return _sum(lambda process: added(process.counter(name) for name in names))


def _time(seconds: Callable[[LinuxProcess], float]) -> Callable[[Running], int | None]:
    """In 100 ns."""
    return _sum(lambda process: round(seconds(process) * SECOND))


def _page_faults(it: Running) -> int | None:
    found = _sum(lambda process: process.page_faults)(it)
    return None if found is None else found & 0xFFFFFFFF


def _started(it: Running) -> int | None:
    """100 ns since 1601, so that what has gone by since then is its age, whenever the clock was set."""
    if it.process is None or it.at.since_start is None:
        return None
    return it.at.filetime - it.at.since_start + round(it.process.born * SECOND)


_IO = "; NULL for processes that this one may not trace, and so for _Total"
_OTHER = Null("Linux counts reads and writes only")
_NO_POOLS = Null("Windows keeps memory of the kernel's by process, Linux does not")
_ONE = "; NULL for _Total"

TABLE: Table[Running] = {
    **TIMES,
    "Caption": Null("there is no text beside the name"),
    "Description": Null("there is no text beside the name"),
    "Name": Reads(
        'as Win32_Process; of several with one name, by number, the second is "name#1"; "_Total" for all',
        lambda it: it.name,
    ),
    "CreatingProcessID": Reads(f"/proc/PID/stat ppid{_ONE}", _of_one(lambda p: p.parent)),
    "ElapsedTime": Reads(f"/proc/PID/stat starttime, in 100 ns since 1601{_ONE}", _started),
    "HandleCount": Reads(
        "entries of /proc/PID/fd; NULL for other users' processes, and so for _Total", _sum(lambda p: p.handles)
    ),
    "IDProcess": Reads(f"the process ID{_ONE}", _of_one(lambda p: p.pid)),
    "IODataBytesPersec": Reads(f"/proc/PID/io rchar + wchar{_IO}", _sum_of("rchar", "wchar")),
    "IODataOperationsPersec": Reads(f"/proc/PID/io syscr + syscw{_IO}", _sum_of("syscr", "syscw")),
    "IOOtherBytesPersec": _OTHER,
    "IOOtherOperationsPersec": _OTHER,
    "IOReadBytesPersec": Reads(f"/proc/PID/io rchar{_IO}", _sum_of("rchar")),
    "IOReadOperationsPersec": Reads(f"/proc/PID/io syscr{_IO}", _sum_of("syscr")),
    "IOWriteBytesPersec": Reads(f"/proc/PID/io wchar{_IO}", _sum_of("wchar")),
    "IOWriteOperationsPersec": Reads(f"/proc/PID/io syscw{_IO}", _sum_of("syscw")),
    "PageFaultsPersec": Reads("/proc/PID/stat minflt + majflt, its lower 32 bits", _page_faults),
    "PageFileBytes": Reads(
        "/proc/PID/status VmSwap, in octets; NULL for kernel threads", _sum(lambda p: p.memory("VmSwap"), 0)
    ),
    "PageFileBytesPeak": Null("Linux does not keep it"),
    "PercentPrivilegedTime": Reads("/proc/PID/stat stime, in 100 ns", _time(lambda p: p.system_seconds)),
    # Windows: a process on two processors has up to 200 percent.
    "PercentProcessorTime": Reads(
        "/proc/PID/stat utime + stime, in 100 ns", _time(lambda p: p.user_seconds + p.system_seconds)
    ),
    "PercentUserTime": Reads("/proc/PID/stat utime, in 100 ns", _time(lambda p: p.user_seconds)),
    "PoolNonpagedBytes": _NO_POOLS,
    "PoolPagedBytes": _NO_POOLS,
    "PriorityBase": Reads(
        f"/proc/PID/stat nice, as the base priority of a class{_ONE}", _of_one(lambda p: base_priority(p.nice))
    ),
    "PrivateBytes": Reads(
        "/proc/PID/statm data: what may be written to and is not shared, in octets", _sum(lambda p: p.private_size, 0)
    ),
    "ThreadCount": Reads("/proc/PID/stat num_threads", _sum(lambda p: p.threads)),
    "VirtualBytes": Reads("/proc/PID/statm size, in octets", _sum(lambda p: p.virtual_size, 0)),
    "VirtualBytesPeak": Reads(
        "/proc/PID/status VmPeak, in octets; NULL for kernel threads", _sum(lambda p: p.memory("VmPeak"), 0)
    ),
    "WorkingSet": Reads("/proc/PID/statm resident, in octets", _sum(lambda p: p.resident_size, 0)),
    "WorkingSetPeak": Reads(
        "/proc/PID/status VmHWM, in octets; NULL for kernel threads", _sum(lambda p: p.memory("VmHWM"), 0)
    ),
    "WorkingSetPrivate": Reads(
        "/proc/PID/statm resident - shared, in octets", _sum(lambda p: p.private_resident_size, 0)
    ),
}


class RawProcessProvider(RawProvider[Running]):
    """The processes, and _Total."""

    cim_class = "Win32_PerfRawData_PerfProc_Process"
    table = TABLE

    def samples(self, request: Request) -> Iterator[Running]:  # noqa: ARG002 - as of any provider
        at, around, kind = Instant(self.host), Surroundings(self.host), kind_of(self.host)
        processes, seen = [], Counter[str]()
        for pid in self.host.pids():
            process = kind(around, pid)
            try:
                name = process.name
                found = Running(at, f"{name}#{seen[name]}" if seen[name] else name, [process])
            except GoneError:
                continue
            seen[name] += 1
            processes.append(process)
            yield found
        if processes:
            yield Running(at, TOTAL, processes, is_total=True)


class ProcessCounterProvider(FormattedProvider[Running]):
    """In percent, octets, and a second."""

    cim_class = "Win32_PerfFormattedData_PerfProc_Process"
    raw = RawProcessProvider
    table = formatted(RawProcessProvider)

    def earlier(self, identity: Hashable, now: Look, before: Look) -> Row | None:
        """Of all, what it was without those that have ended since: what they had counted is gone from the sum."""
        found = before.rows.get(identity)
        if identity != TOTAL or found is None:
            return found
        ended = [row for each, row in before.rows.items() if each not in now.rows]
        return {name: _without(value, [row.get(name) for row in ended]) for name, value in found.items()}


def _without(total: object, parts: Sequence[object]) -> object:
    return total - sum(part for part in parts if isinstance(part, int)) if isinstance(total, int) else total
