"""Win32_Process of this host, over psutil. Each value is gathered only for those who read it.

Page win32-process of the documentation says what a value means, and psutil or proc(5) where it comes from. A process
that ends while it is asked leaves no row; one that must not be asked is NULL there, and so is a zombie, of which little
is left. The counters of a row are not all of one instant.
"""

from __future__ import annotations

import re
import shlex
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from functools import cached_property
from typing import Any

import psutil

from openwmi.base.error import WbemError
from openwmi.base.status import WbemStatus
from openwmi.engine.provider import MethodCall, Provider, Request, Row, method
from openwmi.providers import host, spawn
from openwmi.providers.priority import base_priority
from openwmi.providers.procfs import ProcFiles, ReadFile, read_file
from openwmi.providers.schema.process import WIN32_PROCESS


@dataclass(frozen=True, slots=True)
class ProcessTable:
    """Where processes come from: this host's, or those that a test makes up."""

    pids: Callable[[], list[int]] = psutil.pids
    exists: Callable[[int], bool] = psutil.pid_exists
    open: Callable[[int], psutil.Process] = psutil.Process
    read_file: ReadFile = read_file


class ProcessProvider(Provider):
    """Instances, Create, Terminate and GetOwner."""

    cim_class = WIN32_PROCESS

    def __init__(self, table: ProcessTable | None = None) -> None:
        self._table = table or ProcessTable()

    def instances(self, request: Request) -> Iterator[Row]:
        constants, wanted = _constants(request), _wanted(request)
        for pid in self._table.pids():
            row = self._row(pid, constants, wanted)
            if row is not None:
                yield row

    def get(self, request: Request, keys: Mapping[str, object]) -> Row | None:
        pid = self._pid(keys)
        return None if pid is None else self._row(pid, _constants(request), _wanted(request))

    @method("Create")
    def create(self, call: MethodCall) -> Row:
        code, pid = spawn.create(call.inputs)
        return {"ProcessId": pid, "ReturnValue": code}

    @method("Terminate")
    def terminate(self, call: MethodCall) -> Row:
        """Ends the process at once, with SIGKILL.

        Windows ends it without asking it, and so must this: a caller who gets 0 relies on the end, and a process that
        hangs does not hear SIGTERM. A signal carries no exit status, so Reason is lost.
        """
        process = self._process(call)
        if process.pid == 1 or ProcFiles(process.pid, self._table.read_file).is_kernel_thread:
            return {"ReturnValue": spawn.ACCESS_DENIED}  # the kernel would accept the signal and do nothing
        try:
            process.kill()
        except psutil.AccessDenied:
            return {"ReturnValue": spawn.ACCESS_DENIED}
        except psutil.NoSuchProcess:
            raise _no_such_process(process.pid) from None
        return {"ReturnValue": spawn.SUCCESS}

    @method("GetOwner")
    def get_owner(self, call: MethodCall) -> Row:
        """The account and its domain: this host's name, unless the name service put a domain before the account."""
        process = self._process(call)
        try:
            name = host.text(process.username())
        except psutil.AccessDenied:
            return {"ReturnValue": spawn.ACCESS_DENIED}
        except psutil.NoSuchProcess:
            raise _no_such_process(process.pid) from None
        domain, _, user = name.rpartition("\\")
        return {"User": user, "Domain": domain or host.computer_name(), "ReturnValue": spawn.SUCCESS}

    def _pid(self, keys: Mapping[str, object]) -> int | None:
        """The process ID that a Handle spells, if there is such a process.

        Only the spelling that an instance has itself: neither `04` nor the ID of a thread, which proc(5) answers to.
        """
        handle = keys["Handle"]
        if not isinstance(handle, str) or not _HANDLE.fullmatch(handle) or int(handle) > _MAX_PID:
            return None
        return int(handle) if self._table.exists(int(handle)) else None

    def _process(self, call: MethodCall) -> psutil.Process:
        """The process that a method is called on. WbemError(INVALID_METHOD_PARAMETERS, NOT_FOUND)."""
        if call.keys is None:
            raise WbemError(
                WbemStatus.INVALID_METHOD_PARAMETERS,
                'Win32_Process: the method needs an instance, such as Win32_Process.Handle="4", not the class',
            )
        pid = self._pid(call.keys)
        if pid is None:
            raise _no_such_process(call.keys["Handle"])
        try:
            return self._table.open(pid)
        except psutil.NoSuchProcess:
            raise _no_such_process(pid) from None

    def _row(self, pid: int, constants: Row, wanted: list[tuple[str, _Read]]) -> Row | None:
        """The row of one process; None if it has ended."""
        row = {**constants, "Handle": str(pid)}
        try:
            sample = _Sample(self._table.open(pid), ProcFiles(pid, self._table.read_file))
            with sample.process.oneshot():
                for name, read in wanted:
                    try:
                        row[name] = read(sample)
                    except (psutil.AccessDenied, psutil.ZombieProcess, OSError):
                        row[name] = None
        except psutil.NoSuchProcess:
            return None
        return row


class _Sample:
    """One process while it is read. What several properties need is asked for once, here or by psutil's oneshot."""

    def __init__(self, process: psutil.Process, files: ProcFiles) -> None:
        self.process = process
        self.files = files

    @cached_property
    def name(self) -> str:
        return host.text(self.process.name())

    @cached_property
    def io(self) -> Any:  # psutil's named tuple has fields of its own on each system
        # psutil leaves the call away where the kernel keeps no such counters, as on macOS.
        ask = getattr(self.process, "io_counters", None)
        try:
            return None if ask is None else ask()
        except (psutil.AccessDenied, RuntimeError, ValueError):  # the last two for a file that is empty or odd
            return None


_Read = Callable[[_Sample], object]


def _command_line(sample: _Sample) -> str | None:
    """The arguments, quoted as a shell would have to be told; NULL for kernel threads, which have none.

    Where a process wrote over them psutil takes blanks for what separates them, and may leave a NUL that did so before.
    """
    arguments = [part for argument in sample.process.cmdline() for part in argument.split("\0")]
    return host.text(shlex.join(arguments)) if arguments else None


def _execution_state(sample: _Sample) -> int | None:
    return _STATES.get(sample.process.status())


def _io(counter: str) -> _Read:
    return lambda sample: getattr(sample.io, counter, None)


def _bytes(field_name: str) -> _Read:
    def read(sample: _Sample) -> int | None:
        value = sample.files.kilobytes(field_name)
        return None if value is None else value * 1024

    return read


def _page_faults(sample: _Sample) -> int | None:
    """The property has 32 bits; so has the counter of Windows, which begins again at 0, and so does this."""
    value = sample.files.page_faults
    return None if value is None else value & 0xFFFFFFFF


# Linux does not tell a process that runs from one that waits for a processor: both are "running".
_STATES = {
    psutil.STATUS_RUNNING: 3,
    psutil.STATUS_SLEEPING: 4,
    psutil.STATUS_DISK_SLEEP: 4,
    psutil.STATUS_IDLE: 4,
    psutil.STATUS_STOPPED: 8,
    psutil.STATUS_TRACING_STOP: 8,
    psutil.STATUS_ZOMBIE: 7,
    psutil.STATUS_DEAD: 7,
}

# Property -> how to read it. What is not here is NULL: pools and their quotas, working set limits, "other" operations
# and the version of Windows have no counterpart; Status is always NULL by its page; the private pages of a process
# could only be had by walking through its memory map, which takes longer than all of this together.
_VALUES: Mapping[str, _Read] = {
    "Caption": lambda sample: sample.name,
    "Description": lambda sample: sample.name,
    "Name": lambda sample: sample.name,
    "CreationDate": lambda sample: host.local_time(sample.process.create_time()),
    "ExecutionState": _execution_state,
    "KernelModeTime": lambda sample: round(sample.process.cpu_times().system * 10_000_000),
    "UserModeTime": lambda sample: round(sample.process.cpu_times().user * 10_000_000),
    "Priority": lambda sample: base_priority(sample.process.nice()),
    "WorkingSetSize": lambda sample: sample.process.memory_info().rss,
    "CommandLine": _command_line,
    "ExecutablePath": lambda sample: host.text(sample.process.exe()) or None,
    "HandleCount": lambda sample: sample.process.num_fds(),
    "PageFaults": _page_faults,
    # "Page file space that a process is using", by the property's own words, so what of it is swapped out.
    "PageFileUsage": lambda sample: sample.files.kilobytes("VmSwap"),
    "ParentProcessId": lambda sample: sample.process.ppid(),
    "PeakVirtualSize": _bytes("VmPeak"),
    "PeakWorkingSetSize": lambda sample: sample.files.kilobytes("VmHWM"),
    "ProcessId": lambda sample: sample.process.pid,
    # What was read and written, wherever it came from: Windows counts the calls and their octets, not the disk's.
    "ReadOperationCount": _io("read_count"),
    "ReadTransferCount": _io("read_chars"),
    "WriteOperationCount": _io("write_count"),
    "WriteTransferCount": _io("write_chars"),
    # The login session ("from logon until logoff"); the session of setsid(2) is another thing.
    "SessionId": lambda sample: sample.files.login_session,
    "ThreadCount": lambda sample: sample.process.num_threads(),
    "VirtualSize": lambda sample: sample.process.memory_info().vms,
}

_CONSTANTS: Mapping[str, Callable[[], str]] = {
    "CreationClassName": lambda: "Win32_Process",
    "CSCreationClassName": lambda: "Win32_ComputerSystem",
    "CSName": host.computer_name,
    "OSCreationClassName": lambda: "Win32_OperatingSystem",
    "OSName": host.os_name,
}

_HANDLE = re.compile(r"0|[1-9][0-9]{,9}")
_MAX_PID = 2**31 - 1  # pid_t has 32 bits and a sign, wherever this runs


def _constants(request: Request) -> Row:
    """What is the same in every row of an answer."""
    return {name: read() for name, read in _CONSTANTS.items() if request.wants(name)}


def _wanted(request: Request) -> list[tuple[str, _Read]]:
    return [(name, read) for name, read in _VALUES.items() if request.wants(name)]


def _no_such_process(handle: object) -> WbemError:
    return WbemError(WbemStatus.NOT_FOUND, f'Win32_Process.Handle="{handle}": there is no such process')
