"""Win32_Thread and Win32_SystemProcesses of this host.

Pages win32-thread and win32-systemprocesses. A thread is a folder of /proc/PID/task; a query for the threads of one
process, or for one thread, looks at no other process.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from functools import cached_property
from operator import itemgetter

from openwmi.base.error import WbemError
from openwmi.engine.provider import Request
from openwmi.model import ObjectPath
from openwmi.providers.processes.linux import Surroundings, stat
from openwmi.providers.processes.priority import base_priority
from openwmi.providers.reading import HostProvider, Null, Reads, Table, always, path_to

SECOND = 10_000_000
"""In units of 100 ns."""


class Thread:
    """One thread, by its number and that of its process. GoneError, once it has ended."""

    def __init__(self, around: Surroundings, pid: int, number: int) -> None:
        self.around = around
        self.pid = pid
        self.number = number

    @property
    def name(self) -> str:
        return self._stat[0].decode("utf-8", "replace")

    @property
    def state(self) -> str:
        """The letter."""
        return self._stat[1].decode("ascii")

    def time(self, *fields: int, units: int = SECOND) -> int:
        """The sum of these fields, in units of which `units` make a second."""
        return sum(int(self._stat[field]) for field in fields) * units // self.around.kernel.ticks

    @property
    def base_priority(self) -> int:
        """As Windows has them, where 16 to 31 are of real time."""
        if int(self._stat[_POLICY]) in _REAL_TIME:
            return 16 + int(self._stat[_REAL_TIME_PRIORITY]) * 15 // 99
        return base_priority(int(self._stat[_NICE]))

    @cached_property
    def _stat(self) -> list[bytes]:
        return stat(self.around.host, f"/proc/{self.pid}/task/{self.number}/stat")


# Fields of proc_pid_stat(5), the name being 0.
_USER, _SYSTEM, _NICE, _REAL_TIME_PRIORITY, _POLICY = 12, 13, 17, 38, 39
_REAL_TIME = (1, 2)  # SCHED_FIFO, SCHED_RR

# Linux does not tell a thread that runs from one that waits for a processor: both are "running".
_EXECUTION_STATES = {"R": 3, "S": 4, "D": 4, "I": 4, "T": 6, "t": 6, "Z": 1, "X": 1, "x": 1}
_STATES = {"R": 2, "S": 5, "D": 5, "I": 5, "T": 5, "t": 5, "Z": 4, "X": 4, "x": 4}

_STAT = "/proc/PID/task/TID/stat"
_PRIORITY = f"{_STAT} nice, as the base priority of a class; of real time rt_priority, as 16 to 31"

TABLE: Table[Thread] = {
    "Caption": Reads("as Name", lambda it: it.name),
    "Description": Reads("as Name", lambda it: it.name),
    "InstallDate": Null("threads are not installed"),
    "Name": Reads(f"{_STAT} comm", lambda it: it.name),
    "Status": Null("the kernel tells states, and not whether they are well"),
    "CreationClassName": always("Win32_Thread"),
    "CSCreationClassName": always("Win32_ComputerSystem"),
    "CSName": Reads("uname(2) nodename", lambda it: it.around.kernel.node),
    "ElapsedTime": Reads(f"{_STAT} utime + stime, in milliseconds", lambda it: it.time(_USER, _SYSTEM, units=1000)),
    "ExecutionState": Reads(
        f"{_STAT} state; one that was stopped is Suspended Ready", lambda it: _EXECUTION_STATES.get(it.state)
    ),
    "Handle": Reads("the thread ID, in decimal", lambda it: str(it.number)),
    "KernelModeTime": Reads(f"{_STAT} stime, in 100 ns", lambda it: it.time(_SYSTEM)),
    "OSCreationClassName": always("Win32_OperatingSystem"),
    "OSName": Reads("os-release(5) PRETTY_NAME", lambda it: it.around.os_name),
    # The schedulers of Linux share out time, and raise nobody's priority for a while.
    "Priority": Reads(f"as PriorityBase, which stays: {_PRIORITY}", lambda it: it.base_priority),
    "PriorityBase": Reads(_PRIORITY, lambda it: it.base_priority),
    "ProcessCreationClassName": always("Win32_Process"),
    "ProcessHandle": Reads("the process ID, in decimal", lambda it: str(it.pid)),
    "StartAddress": Null("Linux does not keep it"),
    "ThreadState": Reads(f"{_STAT} state", lambda it: _STATES.get(it.state)),
    "ThreadWaitReason": Null("the page says that it is of state 6, Transition, alone, which Linux has not"),
    "UserModeTime": Reads(f"{_STAT} utime, in 100 ns", lambda it: it.time(_USER)),
}


class ThreadProvider(HostProvider[Thread]):
    """The threads of all processes."""

    cim_class = "Win32_Thread"
    table = TABLE

    def samples(self, request: Request) -> Iterator[Thread]:
        around = Surroundings(self.host)
        for pid in self._processes(request.equalities):
            for name in self.host.names(f"/proc/{pid}/task"):
                if name.isdecimal():
                    yield Thread(around, pid, int(name))

    def find(self, request: Request, keys: Mapping[str, object]) -> Thread | None:  # noqa: ARG002 - as of any provider
        pid, number = _number(keys["ProcessHandle"]), _number(keys["Handle"])
        if pid is None or number is None:
            return None
        # /proc/TID leads to threads, too, and its `task` to the others of the process.
        is_process = pid in self._processes({"Handle": str(number)})
        return Thread(Surroundings(self.host), pid, number) if is_process else None

    def _processes(self, equalities: Mapping[str, object]) -> list[int]:
        """Those that may have the threads that are wanted."""
        wanted = _number(equalities.get("Handle"))
        if wanted is not None:
            found = self.host.fields(f"/proc/{wanted}/status").get("Tgid", "")
            return [int(found)] if found.isdecimal() else []
        process = _number(equalities.get("ProcessHandle"))
        return [pid for pid in self.host.pids() if process is None or pid == process]


LINKS: Table[tuple[str, str]] = {
    "GroupComponent": Reads("this computer, as Win32_ComputerSystem", itemgetter(0)),
    "PartComponent": Reads("as Win32_Process", itemgetter(1)),
}


class SystemProcessesProvider(HostProvider[tuple[str, str]]):
    """This computer, and each of its processes."""

    cim_class = "Win32_SystemProcesses"
    table = LINKS

    def samples(self, request: Request) -> Iterator[tuple[str, str]]:
        computer = path_to(request, "Win32_ComputerSystem", Name=self.host.kernel.node)
        wanted = request.equalities.get("PartComponent")
        handle = None if wanted is None else _handle(str(wanted))
        for pid in self.host.pids():
            if wanted is None or str(pid) == handle:
                yield computer, path_to(request, "Win32_Process", Handle=str(pid))


_NUMBER = re.compile(r"[1-9][0-9]{,9}")


def _number(handle: object) -> int | None:
    """What a handle spells, spelled as an instance has it."""
    return int(handle) if isinstance(handle, str) and _NUMBER.fullmatch(handle) else None


def _handle(path: str) -> str | None:
    """The process that a path names; None if it names none."""
    try:
        keys = ObjectPath.parse(path).keys
    except WbemError:
        return None
    return str(keys[0][1]) if keys else None
