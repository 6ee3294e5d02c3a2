"""Win32_Process of this host. Each value is gathered only for those who read it.

Page win32-process of the documentation says what a value means, and proc(5) where it comes from. A process that ends
while it is asked leaves no row; one that must not be asked is NULL there, and so is a zombie, of which little is left.
The counters of a row are not all of one instant.
"""

from __future__ import annotations

import re
import shlex
from collections.abc import Callable, Iterator, Mapping
from typing import TypeAlias

from openwmi.base.error import WbemError
from openwmi.base.status import WbemStatus
from openwmi.engine.provider import MethodCall, Request, Row, method
from openwmi.providers.host import Host
from openwmi.providers.processes import spawn
from openwmi.providers.processes.linux import LinuxProcess, Surroundings
from openwmi.providers.processes.priority import base_priority
from openwmi.providers.reading import GoneError, HostProvider, Null, Reads, Table, always

Read: TypeAlias = Callable[[LinuxProcess], object]


def _command_line(process: LinuxProcess) -> str | None:
    """The arguments, quoted as a shell would have to be told; NULL for kernel threads, which have none."""
    return shlex.join(process.arguments) if process.arguments else None


def _kilobytes(field: str) -> Read:
    def read(process: LinuxProcess) -> int | None:
        value = process.memory(field)
        return None if value is None else value // 1024

    return read


def _page_faults(process: LinuxProcess) -> int | None:
    """The property has 32 bits; so has the counter of Windows, which begins again at 0, and so does this."""
    value = process.page_faults
    return None if value is None else value & 0xFFFFFFFF


# Linux does not tell a process that runs from one that waits for a processor: both are "running".
_STATES = {"R": 3, "S": 4, "D": 4, "I": 4, "T": 8, "t": 8, "Z": 7, "X": 7, "x": 7}

_NO_POOLS = Null("Windows keeps memory of the kernel's by process, Linux does not")
_IO = "; NULL for processes that this one may not trace"

# Pools and their quotas, working set limits, "other" operations and the version of Windows have no counterpart.
TABLE: Table[LinuxProcess] = {
    "Caption": Reads("as Name", lambda p: p.name),
    "Description": Reads("as Name", lambda p: p.name),
    "InstallDate": Null("processes are not installed"),
    "Name": Reads("/proc/PID/stat comm; whole from /proc/PID/cmdline where that is cut off", lambda p: p.name),
    "Status": Null("the page says that it is always NULL"),
    "CreationClassName": always("Win32_Process"),
    "CreationDate": Reads("/proc/PID/stat starttime", lambda p: p.around.host.local_time(p.started)),
    "CSCreationClassName": always("Win32_ComputerSystem"),
    "CSName": Reads("uname(2) nodename", lambda p: p.around.kernel.node),
    "ExecutionState": Reads("/proc/PID/stat state", lambda p: _STATES.get(p.state)),
    "Handle": Reads("the process ID, in decimal", lambda p: str(p.pid)),
    "KernelModeTime": Reads("/proc/PID/stat stime", lambda p: round(p.system_seconds * 10_000_000)),
    "OSCreationClassName": always("Win32_OperatingSystem"),
    "OSName": Reads("os-release(5) PRETTY_NAME", lambda p: p.around.os_name),
    "Priority": Reads("/proc/PID/stat nice, as the base priority of a class", lambda p: base_priority(p.nice)),
    "TerminationDate": Null("a process that has ended is no instance any more"),
    "UserModeTime": Reads("/proc/PID/stat utime", lambda p: round(p.user_seconds * 10_000_000)),
    "WorkingSetSize": Reads("/proc/PID/statm resident", lambda p: p.resident_size),
    "CommandLine": Reads("/proc/PID/cmdline, quoted for a shell; NULL for kernel threads and zombies", _command_line),
    "ExecutablePath": Reads("/proc/PID/exe; NULL for kernel threads, zombies and other users'", lambda p: p.program),
    "HandleCount": Reads("entries of /proc/PID/fd; NULL for other users' processes", lambda p: p.handles),
    "MaximumWorkingSetSize": Null("Linux does not limit what is resident"),
    "MinimumWorkingSetSize": Null("Linux does not limit what is resident"),
    "OtherOperationCount": Null("Linux counts reads and writes only"),
    "OtherTransferCount": Null("Linux counts reads and writes only"),
    "PageFaults": Reads("/proc/PID/stat minflt + majflt, its lower 32 bits", _page_faults),
    # "Page file space that a process is using", by the property's own words, so what of it is swapped out.
    "PageFileUsage": Reads("/proc/PID/status VmSwap; NULL for kernel threads", _kilobytes("VmSwap")),
    "ParentProcessId": Reads("/proc/PID/stat ppid", lambda p: p.parent),
    "PeakPageFileUsage": Null("Linux does not keep it"),
    "PeakVirtualSize": Reads("/proc/PID/status VmPeak; NULL for kernel threads", lambda p: p.memory("VmPeak")),
    "PeakWorkingSetSize": Reads("/proc/PID/status VmHWM; NULL for kernel threads", _kilobytes("VmHWM")),
    "PrivatePageCount": Null("it takes a walk through all of the process's memory"),
    "ProcessId": Reads("the process ID", lambda p: p.pid),
    "QuotaNonPagedPoolUsage": _NO_POOLS,
    "QuotaPagedPoolUsage": _NO_POOLS,
    "QuotaPeakNonPagedPoolUsage": _NO_POOLS,
    "QuotaPeakPagedPoolUsage": _NO_POOLS,
    # What was read and written, wherever it came from: Windows counts the calls and their octets, not the disk's.
    "ReadOperationCount": Reads(f"/proc/PID/io syscr{_IO}", lambda p: p.counter("syscr")),
    "ReadTransferCount": Reads(f"/proc/PID/io rchar{_IO}", lambda p: p.counter("rchar")),
    # The login session ("from logon until logoff"); the session of setsid(2) is another thing.
    "SessionId": Reads("/proc/PID/sessionid; NULL for the system's own", lambda p: p.login_session),
    "ThreadCount": Reads("/proc/PID/stat num_threads", lambda p: p.threads),
    "VirtualSize": Reads("/proc/PID/statm size", lambda p: p.virtual_size),
    "WindowsVersion": Null("there is none"),
    "WriteOperationCount": Reads(f"/proc/PID/io syscw{_IO}", lambda p: p.counter("syscw")),
    "WriteTransferCount": Reads(f"/proc/PID/io wchar{_IO}", lambda p: p.counter("wchar")),
}


class ProcessProvider(HostProvider[LinuxProcess]):
    """Instances, Create, Terminate and GetOwner."""

    cim_class = "Win32_Process"
    table = TABLE

    def __init__(self, host: Host | None = None) -> None:
        super().__init__(host)
        self._kind = kind_of(self.host)

    def samples(self, request: Request) -> Iterator[LinuxProcess]:  # noqa: ARG002 - as of any provider
        around = Surroundings(self.host)
        for pid in self.host.pids():
            yield self._kind(around, pid)

    def find(self, request: Request, keys: Mapping[str, object]) -> LinuxProcess | None:  # noqa: ARG002 - likewise
        """The process that a Handle spells, if there is one.

        Only the spelling that an instance has itself: neither `04` nor the ID of a thread, which proc(5) answers to.
        """
        handle = keys["Handle"]
        if not isinstance(handle, str) or not _HANDLE.fullmatch(handle) or int(handle) > _MAX_PID:
            return None
        found = self._kind(Surroundings(self.host), int(handle))
        try:
            return found if found.is_process else None
        except GoneError:
            return None

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
        try:
            if process.pid == 1 or process.is_kernel_thread:
                return {"ReturnValue": spawn.ACCESS_DENIED}  # the kernel would accept the signal and do nothing
            self.host.kill(process.pid)
        except PermissionError:
            return {"ReturnValue": spawn.ACCESS_DENIED}
        except (GoneError, ProcessLookupError):
            raise _no_such_process(process.pid) from None
        return {"ReturnValue": spawn.SUCCESS}

    @method("GetOwner")
    def get_owner(self, call: MethodCall) -> Row:
        """The account and its domain: this host's name, unless the name service put a domain before the account."""
        process = self._process(call)
        try:
            owner = process.owner
        except GoneError:
            raise _no_such_process(process.pid) from None
        if owner is None:
            return {"ReturnValue": spawn.ACCESS_DENIED}
        domain, _, user = (self.host.account(owner) or str(owner)).rpartition("\\")
        return {"User": user, "Domain": domain or self.host.kernel.node, "ReturnValue": spawn.SUCCESS}

    def _process(self, call: MethodCall) -> LinuxProcess:
        """The process that a method is called on. WbemError(INVALID_METHOD_PARAMETERS, NOT_FOUND)."""
        if call.keys is None:
            raise WbemError(
                WbemStatus.INVALID_METHOD_PARAMETERS,
                'Win32_Process: the method needs an instance, such as Win32_Process.Handle="4", not the class',
            )
        found = self.find(call.request, call.keys)
        if found is None:
            raise _no_such_process(call.keys["Handle"])
        return found


def kind_of(host: Host) -> Callable[[Surroundings, int], LinuxProcess]:
    """What makes a process out of its surroundings and its number."""
    if host.system == "Linux":
        return LinuxProcess
    from openwmi.providers.processes.mac import MacProcess  # noqa: PLC0415 - it loads psutil

    return MacProcess  # type: ignore[return-value]  # it has the same words, and None where it knows less


_HANDLE = re.compile(r"0|[1-9][0-9]{,9}")
_MAX_PID = 2**31 - 1  # pid_t has 32 bits and a sign, wherever this runs


def _no_such_process(handle: object) -> WbemError:
    return WbemError(WbemStatus.NOT_FOUND, f'Win32_Process.Handle="{handle}": there is no such process')
