"""Win32_PerfRawData_PerfDisk_LogicalDisk and its formatted values: what is read from and written to file systems.

Page win32-perfformatteddata-perfdisk-logicaldisk. Names are those of Win32_LogicalDisk, the mount points. Windows: file
systems of the network and in memory are not among them. `_Total` has the mean of the percentages and the sum of all
else; a device that several file systems share is in it once.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from functools import cached_property
from typing import TypeAlias

from openwmi.engine.provider import Request
from openwmi.providers.counting import TIMES, Counted, FormattedProvider, Instant, RawProvider, added, formatted
from openwmi.providers.host import Host, Space
from openwmi.providers.reading import Null, Reads, Table
from openwmi.providers.storage.block import SECTOR, Disks
from openwmi.providers.storage.filesystem import FIXED, OPTICAL, REMOVABLE, STATVFS, Stored
from openwmi.providers.storage.mounts import Mounts

TOTAL = "_Total"
MILLISECOND = 10_000
"""In units of 100 ns."""


class Drives(Counted):
    """A file system, or all of them, at one look.

    Attributes:
        name: the mount point.
        disks: the file systems that it stands for.
    """

    def __init__(self, at: Instant, disks: Sequence[Stored], *, is_total: bool = False) -> None:
        self.name = TOTAL if is_total else disks[0].point or ""
        self.disks = disks
        # All of other devices than before are another sum.
        super().__init__(at, (self.name, *(block.name for disk in disks for block in disk.blocks)))

    def sum(self, *fields: int) -> int:
        """Of these fields of /sys/class/block/NAME/stat, over the devices. LookupError without any."""
        if not self._stats:
            raise LookupError("no device is behind it")
        return sum(stat[field] for stat in self._stats for field in fields)

    def mean(self, *fields: int) -> int:
        """Milliseconds of a device, in 100 ns. LookupError without any."""
        return self.sum(*fields) * MILLISECOND // len(self._stats)

    def space(self, read: Callable[[Space], int]) -> int | None:
        """The sum over the file systems, in octets; what two share, as subvolumes do, once."""
        sources = {each.mount.device if each.mount else "": each for each in self.disks}
        return added(read(each.space) for each in sources.values())

    @cached_property
    def _stats(self) -> Sequence[Sequence[int]]:
        blocks = dict.fromkeys(block for disk in self.disks for block in disk.blocks)
        lines = [(block.said("stat") or "").split() for block in blocks]
        return [[int(part) for part in line] for line in lines if len(line) > _QUEUED]


# Documentation/block/stat.rst of the kernel.
_READS, _READ_SECTORS, _READ_TIME = 0, 2, 3
_WRITES, _WRITTEN_SECTORS, _WRITE_TIME = 4, 6, 7
_IN_FLIGHT, _BUSY_TIME, _QUEUED = 8, 9, 10

Read: TypeAlias = Callable[[Drives], object]


def _counts(*fields: int) -> Read:
    return lambda it: it.sum(*fields) & 0xFFFFFFFF


def _octets(*fields: int) -> Read:
    return lambda it: it.sum(*fields) * SECTOR


def _time(*fields: int) -> Read:
    """100 ns, with several devices the mean: at most all the time, unless requests overlap."""
    return lambda it: it.mean(*fields)


def _whole_time(*fields: int) -> Read:
    """100 ns of all devices together."""
    return lambda it: it.sum(*fields) * MILLISECOND


def _low_time(*fields: int) -> Read:
    return lambda it: it.sum(*fields) * MILLISECOND & 0xFFFFFFFF


def _idle(it: Drives) -> int | None:
    return None if it.at.since_start is None else it.at.since_start - it.mean(_BUSY_TIME)


def _megabytes(read: Callable[[Space], int]) -> Callable[[Drives], int | None]:
    def value(it: Drives) -> int | None:
        octets = it.space(read)
        return None if octets is None else octets >> 20

    return value


_STAT = "/sys/class/block/NAME/stat"
_NONE = "; NULL without a device"
_IS_TIME: Reads[Drives] = Reads("CLOCK_BOOTTIME, in 100 ns", lambda it: it.at.since_start)

_READ_COUNT = Reads(f"{_STAT} read I/Os, its lower 32 bits{_NONE}", _counts(_READS))
_WRITE_COUNT = Reads(f"{_STAT} write I/Os, its lower 32 bits{_NONE}", _counts(_WRITES))
_COUNT = Reads(f"{_STAT} read + write I/Os, its lower 32 bits{_NONE}", _counts(_READS, _WRITES))
_READ_OCTETS = Reads(f"{_STAT} read sectors * 512{_NONE}", _octets(_READ_SECTORS))
_WRITTEN_OCTETS = Reads(f"{_STAT} write sectors * 512{_NONE}", _octets(_WRITTEN_SECTORS))
_OCTETS = Reads(f"{_STAT} read + write sectors * 512{_NONE}", _octets(_READ_SECTORS, _WRITTEN_SECTORS))
_BOTH = (_READ_TIME, _WRITE_TIME)

TABLE: Table[Drives] = {
    **TIMES,
    "Caption": Null("there is no text beside the name"),
    "Description": Null("there is no text beside the name"),
    "Name": Reads('/proc/self/mountinfo: the mount point; "_Total" for all', lambda it: it.name),
    "AvgDiskBytesPerRead": _READ_OCTETS,
    "AvgDiskBytesPerRead_Base": _READ_COUNT,
    "AvgDiskBytesPerTransfer": _OCTETS,
    "AvgDiskBytesPerTransfer_Base": _COUNT,
    "AvgDiskBytesPerWrite": _WRITTEN_OCTETS,
    "AvgDiskBytesPerWrite_Base": _WRITE_COUNT,
    "AvgDiskQueueLength": Reads(f"{_STAT} read + write ticks, in 100 ns{_NONE}", _whole_time(*_BOTH)),
    "AvgDiskReadQueueLength": Reads(f"{_STAT} read ticks, in 100 ns{_NONE}", _whole_time(_READ_TIME)),
    "AvgDisksecPerRead": Reads(f"{_STAT} read ticks, in 100 ns, its lower 32 bits{_NONE}", _low_time(_READ_TIME)),
    "AvgDisksecPerRead_Base": _READ_COUNT,
    "AvgDisksecPerTransfer": Reads(
        f"{_STAT} read + write ticks, in 100 ns, its lower 32 bits{_NONE}", _low_time(*_BOTH)
    ),
    "AvgDisksecPerTransfer_Base": _COUNT,
    "AvgDisksecPerWrite": Reads(f"{_STAT} write ticks, in 100 ns, its lower 32 bits{_NONE}", _low_time(_WRITE_TIME)),
    "AvgDisksecPerWrite_Base": _WRITE_COUNT,
    "AvgDiskWriteQueueLength": Reads(f"{_STAT} write ticks, in 100 ns{_NONE}", _whole_time(_WRITE_TIME)),
    "CurrentDiskQueueLength": Reads(f"{_STAT} in_flight{_NONE}", lambda it: it.sum(_IN_FLIGHT)),
    "DiskBytesPersec": _OCTETS,
    "DiskReadBytesPersec": _READ_OCTETS,
    "DiskReadsPersec": _READ_COUNT,
    "DiskTransfersPersec": _COUNT,
    "DiskWriteBytesPersec": _WRITTEN_OCTETS,
    "DiskWritesPersec": _WRITE_COUNT,
    "FreeMegabytes": Reads(f"f_bavail of {STATVFS}, in MiB", _megabytes(lambda space: space.available)),
    "PercentDiskReadTime": Reads(f"{_STAT} read ticks, in 100 ns{_NONE}", _time(_READ_TIME)),
    "PercentDiskReadTime_Base": _IS_TIME,
    "PercentDiskTime": Reads(f"{_STAT} read + write ticks, in 100 ns{_NONE}", _time(*_BOTH)),
    "PercentDiskTime_Base": _IS_TIME,
    "PercentDiskWriteTime": Reads(f"{_STAT} write ticks, in 100 ns{_NONE}", _time(_WRITE_TIME)),
    "PercentDiskWriteTime_Base": _IS_TIME,
    "PercentFreeSpace": Reads(f"f_bavail of f_blocks of {STATVFS}, in MiB", _megabytes(lambda space: space.available)),
    "PercentFreeSpace_Base": Reads(f"f_blocks of {STATVFS}, in MiB", _megabytes(lambda space: space.total)),
    "PercentIdleTime": Reads(f"CLOCK_BOOTTIME without {_STAT} io_ticks, in 100 ns{_NONE}", _idle),
    "PercentIdleTime_Base": _IS_TIME,
    "SplitIOPerSec": Null("Linux counts the requests that it merged, and none that it split"),
}


class RawDriveProvider(RawProvider[Drives]):
    """The file systems of disks that are mounted, and _Total."""

    cim_class = "Win32_PerfRawData_PerfDisk_LogicalDisk"
    table = TABLE

    def samples(self, request: Request) -> Iterable[Drives]:
        at, disks = Instant(self.host), _local(self.host)
        if request.wants("FreeMegabytes", "PercentFreeSpace", "PercentFreeSpace_Base"):
            for disk in disks:
                _ = disk.answer  # it begins to ask
        if disks:
            yield from (Drives(at, [disk]) for disk in disks)
            yield Drives(at, disks, is_total=True)


def _local(host: Host) -> list[Stored]:
    mounts = Mounts(host)
    disks = Disks(host, mounts)
    found = [Stored(disks, each) for each in mounts.file_systems()]
    return [each for each in found if each.drive_type in (FIXED, REMOVABLE, OPTICAL)]


class DriveProvider(FormattedProvider[Drives]):
    """In percent, octets, and a second."""

    cim_class = "Win32_PerfFormattedData_PerfDisk_LogicalDisk"
    raw = RawDriveProvider
    table = formatted(RawDriveProvider)
