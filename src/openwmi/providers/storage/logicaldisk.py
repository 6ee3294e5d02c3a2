"""Win32_LogicalDisk and Win32_LogicalDiskToPartition: the file systems that names lead to, by where they are seen.

Page win32-logicaldisk. On Windows a logical disk is a letter: what a path begins with, so that it says which file
system a file is on. On Linux the mount point is that, so DeviceID is the mount point: `/`, `/home`. It is what people
know it by, what df(1) and monitoring say, it stays when a disk gets another device name, and network and RAM disks,
which have no device, have one, too.

What is a logical disk is what df(1) shows: a file system that keeps files, once, at its shortest mount point, however
often it is bound elsewhere; of btrfs, each subvolume that is mounted, which so share the room that they have. All
mount points are in Win32_MountPoint, and what is not mounted is in Win32_Volume.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from functools import partial

from openwmi.engine.provider import Request
from openwmi.providers.reading import HostProvider, Null, Reads, Table, always, path_to
from openwmi.providers.storage.block import SECTOR, Block, Disks
from openwmi.providers.storage.device import EXTENT, named
from openwmi.providers.storage.filesystem import (
    FIXED,
    NETWORK,
    OPTICAL,
    REMOVABLE,
    STATVFS,
    STORED,
    WORDS,
    Stored,
    begun,
    quotas_enabled,
)
from openwmi.providers.storage.linking import LinkProvider, pointed
from openwmi.providers.storage.mounts import Mounts

# MEDIA_TYPE of winioctl.h. Windows: 0, "unknown", for what has no medium.
_MEDIA = {FIXED: 12, REMOVABLE: 11, OPTICAL: 11}


def _source(disk: Stored) -> str | None:
    return disk.mount.source if disk.mount and disk.drive_type == NETWORK else None


def _quotas_disabled(disk: Stored) -> bool | None:
    enabled = quotas_enabled(disk)
    return None if enabled is None else not enabled


def _media_type(disk: Stored) -> int:
    return _MEDIA.get(disk.drive_type, 0) if disk.blocks else 0


_POINT = "/proc/self/mountinfo: the mount point"

TABLE: Table[Stored] = {
    **EXTENT,
    **STORED,
    "Caption": Reads("as DeviceID", lambda disk: disk.point),
    "Description": Reads("DriveType, in words", lambda disk: WORDS[disk.drive_type]),
    "Name": Reads("as DeviceID", lambda disk: disk.point),
    "Status": Null("the kernel does not tell"),
    "CreationClassName": always("Win32_LogicalDisk"),
    "DeviceID": Reads(_POINT, lambda disk: disk.point),
    "Size": Reads(f"f_blocks * f_frsize of {STATVFS}", lambda disk: disk.space.total),
    "MaximumComponentLength": Reads(f"f_namemax of {STATVFS}", lambda disk: disk.space.name_length),
    "MediaType": Reads("DriveType: 12 is fixed, 11 removable; 0 without a device", _media_type),
    "ProviderName": Reads("/proc/self/mountinfo: the source of a network drive; NULL for others", _source),
    "QuotasDisabled": Reads("the options in /proc/self/mountinfo; NULL where these do not say it", _quotas_disabled),
    "QuotasIncomplete": Null("it is of NTFS"),
    "QuotasRebuilding": Null("it is of NTFS"),
    "VolumeDirty": Null("the kernel does not tell"),
    "VolumeName": Reads("udev ID_FS_LABEL, else /dev/disk/by-label; NULL without a label", lambda disk: disk.label),
    "VolumeSerialNumber": Reads("udev ID_FS_UUID, else /dev/disk/by-uuid; NULL without udev", lambda disk: disk.uuid),
}


def _point(disk: Stored) -> str:
    return disk.point or ""


class LogicalDiskProvider(HostProvider[Stored]):
    """The file systems that are mounted."""

    cim_class = "Win32_LogicalDisk"
    table = TABLE

    def samples(self, request: Request) -> list[Stored]:
        return begun(self._all(), request, TABLE)

    def find(self, request: Request, keys: Mapping[str, object]) -> Stored | None:  # noqa: ARG002 - as of any provider
        return named(self._all(), keys["DeviceID"], _point)

    def _all(self) -> Iterator[Stored]:
        mounts = Mounts(self.host)
        return map(partial(Stored, Disks(self.host, mounts)), mounts.file_systems())


class _OnPartition:
    """A logical disk on a partition."""

    def __init__(self, request: Request, disk: Stored, partition: Block) -> None:
        self.paths = (
            path_to(request, "Win32_DiskPartition", DeviceID=partition.node),
            path_to(request, "Win32_LogicalDisk", DeviceID=_point(disk)),
        )
        self._partition = partition
        self._is_direct = partition in disk.blocks and len(disk.blocks) == 1

    @property
    def start(self) -> int | None:
        """Octets from the start of the hardware's disk."""
        if not self._is_direct:
            return None
        sectors = self._partition.number("start") if self._partition.is_partition else 0
        return None if sectors is None else sectors * SECTOR

    @property
    def end(self) -> int | None:
        """Of its last octet."""
        return None if self.start is None else self.start + self._partition.size - 1


_DIRECTLY = "of the partition; NULL where LVM, a RAID or encryption lies between"


LINKS: Table[_OnPartition] = {
    "Antecedent": Reads(
        "/sys/class/block/NAME/slaves down to partitions, as Win32_DiskPartition", lambda it: it.paths[0]
    ),
    "Dependent": Reads("as Win32_LogicalDisk", lambda it: it.paths[1]),
    "StartingAddress": Reads(f"/sys/class/block/NAME/start {_DIRECTLY}", lambda it: it.start),
    "EndingAddress": Reads(f"/sys/class/block/NAME/start and size {_DIRECTLY}", lambda it: it.end),
}


class DiskToPartitionProvider(LinkProvider[_OnPartition]):
    """Which partitions a logical disk is on; several, where it lies on a RAID or a group of volumes."""

    cim_class = "Win32_LogicalDiskToPartition"
    table = LINKS

    def samples(self, request: Request) -> Iterator[_OnPartition]:
        is_partition, is_disk = pointed(request, "Antecedent"), pointed(request, "Dependent")
        mounts = Mounts(self.host)
        disks = Disks(self.host, mounts)
        for disk in map(partial(Stored, disks), mounts.file_systems()):
            if not is_disk(_point(disk)):
                continue
            found = {part.name: part for block in disk.blocks for part in disks.partitions_under(block)}
            for part in found.values():
                if is_partition(part.node):
                    yield _OnPartition(request, disk, part)
