"""Win32_PerfRawData_PerfOS_System and its formatted values: what is counted of the host as a whole.

Page win32-perfformatteddata-perfos-system. Windows counts what programs read and write through its file system;
Linux counts it by process and by disk, and not as a whole.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from functools import cached_property

from openwmi.engine.provider import Request
from openwmi.providers.counting import (
    TIMES,
    Counted,
    FormattedProvider,
    Instant,
    RawProvider,
    added,
    filetime,
    formatted,
)
from openwmi.providers.host import Host
from openwmi.providers.reading import Null, Reads, Table

STAT = "/proc/stat"


class System(Counted):
    """A host at one look."""

    def __init__(self, host: Host) -> None:
        super().__init__(Instant(host))
        self._host = host

    @cached_property
    def stat(self) -> Mapping[str, int]:
        """The first number of each line of /proc/stat."""
        lines = [line.split() for line in self._host.lines(STAT)]
        return {line[0]: int(line[1]) for line in lines if len(line) > 1}

    @property
    def started(self) -> int | None:
        """100 ns since 1601, so that what has gone by since then is the uptime, whenever the clock was set."""
        if self.at.since_start is not None:
            return self.at.filetime - self.at.since_start
        boot_time = self._host.boot_time()
        return None if boot_time is None else filetime(boot_time)

    @cached_property
    def processes(self) -> list[int]:
        return self._host.pids()

    @property
    def threads(self) -> int | None:
        """Of the processes that are seen, since a container sees /proc/loadavg of the whole machine."""
        return added(map(self._threads, self.processes), missing=0)

    def _threads(self, pid: int) -> int | None:
        fields = (self._host.octets(f"/proc/{pid}/stat") or b"").rpartition(b")")[2].split()
        return int(fields[_NUM_THREADS]) if fields else None

    @property
    def queue(self) -> int:
        """Threads that are ready to run beyond those that the processors run. LookupError."""
        processors = sum(1 for name in self.stat if name.startswith("cpu") and name != "cpu")
        return max(0, self.stat["procs_running"] - processors)


_NUM_THREADS = 17  # of /proc/PID/stat, counted after the name

_BY_PROCESS = Null("Linux counts it by process and by disk, and not as a whole")
_BY_PROCESSOR = Null("it is of processors and systems that Linux counts none of here")
_NO_QUOTA = Null("the registry has no quota")

TABLE: Table[System] = {
    **TIMES,
    "Caption": Null("there is one instance, which needs no name"),
    "Description": Null("there is one instance, which needs no name"),
    "Name": Null("there is one instance, which needs no name"),
    "AlignmentFixupsPersec": _BY_PROCESSOR,
    "ContextSwitchesPersec": Reads(f"{STAT} ctxt, its lower 32 bits", lambda it: it.stat["ctxt"] & 0xFFFFFFFF),
    "ExceptionDispatchesPersec": _BY_PROCESSOR,
    "FileControlBytesPersec": _BY_PROCESS,
    "FileControlOperationsPersec": _BY_PROCESS,
    "FileDataOperationsPersec": _BY_PROCESS,
    "FileReadBytesPersec": _BY_PROCESS,
    "FileReadOperationsPersec": _BY_PROCESS,
    "FileWriteBytesPersec": _BY_PROCESS,
    "FileWriteOperationsPersec": _BY_PROCESS,
    "FloatingEmulationsPersec": _BY_PROCESSOR,
    "PercentRegistryQuotaInUse": _NO_QUOTA,
    "PercentRegistryQuotaInUse_Base": _NO_QUOTA,
    "Processes": Reads("folders of /proc named by a number", lambda it: len(it.processes)),
    "ProcessorQueueLength": Reads(f"{STAT} procs_running without one for each processor", lambda it: it.queue),
    "SystemCallsPersec": Null("Linux does not count them"),
    "SystemUpTime": Reads("the clock without CLOCK_BOOTTIME: when the kernel was started", lambda it: it.started),
    "Threads": Reads("/proc/PID/stat num_threads, of all processes", lambda it: it.threads),
}


class RawSystemProvider(RawProvider[System]):
    """The one instance; none where there is no /proc/stat."""

    cim_class = "Win32_PerfRawData_PerfOS_System"
    table = TABLE

    def samples(self, request: Request) -> Iterator[System]:  # noqa: ARG002 - as of any provider
        if self.host.exists(STAT):
            yield System(self.host)


class SystemProvider(FormattedProvider[System]):
    """A second, and in seconds."""

    cim_class = "Win32_PerfFormattedData_PerfOS_System"
    raw = RawSystemProvider
    table = formatted(RawSystemProvider)
