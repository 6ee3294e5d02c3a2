"""Win32_DiskPartition and Win32_DiskDriveToDiskPartition, from /sys/class/block and the udev database.

Page win32-diskpartition. DeviceID is what programs open, `/dev/sda1`; numbers of disks and partitions are in DiskIndex
and Index. What udev read from the table of partitions is NULL where udev does not run, as in a container.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass

from openwmi.engine.provider import Request
from openwmi.providers.host import Host
from openwmi.providers.reading import HostProvider, Null, Reads, Table, always, path_to
from openwmi.providers.storage.block import SECTOR, Block, Disk, Disks
from openwmi.providers.storage.device import EXTENT, named
from openwmi.providers.storage.linking import LinkProvider, pointed

_EFI, _BASIC = "c12a7328-f81f-11d2-ba4b-00a0c93ec93b", "ebd0a0a2-b9e5-4433-87c0-68b6b72699c7"

# Windows: of GPT it knows these two; all others, among them those of Linux, are "GPT: Unknown".
_GPT = {_EFI: "GPT: System", _BASIC: "GPT: Basic Data"}

_MBR = {
    0x00: "Unused",
    0x01: "12-bit FAT",
    0x02: "Xenix Type 1",
    0x03: "Xenix Type 2",
    0x04: "16-bit FAT",
    0x05: "Extended Partition",
    0x06: "MS-DOS V4 Huge",
    0x07: "Installable File System",
    0x0C: "Win95 w/Extended Int 13",
    0x0E: "Win95 w/Extended Int 13",
    0x0F: "Extended w/Extended Int 13",
    0x41: "PowerPC Reference Platform",
    0x42: "Logical Disk Manager",
    0x63: "UNIX",
}
"""The words of the page for the numbers of an MBR."""


@dataclass(frozen=True, slots=True)
class Partition:
    """A partition of a disk; the whole disk, where it has none and is in use."""

    disk: Disk
    block: Block
    index: int

    @property
    def host(self) -> Host:
        return self.disk.host

    @property
    def scheme(self) -> str:
        """`gpt`, `dos`, or empty where udev does not say."""
        return self.block.udev.get("ID_PART_ENTRY_SCHEME", "")

    @property
    def kind(self) -> str:
        return self.block.udev.get("ID_PART_ENTRY_TYPE", "").lower()


def _type(partition: Partition) -> str | None:
    if partition.scheme == "gpt":
        return _GPT.get(partition.kind, "GPT: Unknown")
    return _MBR.get(int(partition.kind, 16), "Unknown") if partition.scheme == "dos" else None


def _bootable(partition: Partition) -> bool | None:
    """The one that firmware starts from: EFI's of a GPT, the active one of an MBR."""
    if partition.scheme == "gpt":
        return partition.kind == _EFI
    flags = partition.block.udev.get("ID_PART_ENTRY_FLAGS", "0")
    return int(flags, 0) & 0x80 != 0 if partition.scheme == "dos" else None


def _primary(partition: Partition) -> bool | None:
    """Of an MBR those in its own four places; of a GPT all."""
    if partition.scheme == "dos":
        return (partition.block.partition_number or 0) in range(1, 5)
    return True if partition.scheme == "gpt" else None


def _start(partition: Partition) -> int | None:
    """Octets. The device mapper does not tell it of a partition on multipath, but udev has read the table."""
    block = partition.block
    if not block.is_partition:
        return 0
    sectors = block.number("start")
    return int(block.udev["ID_PART_ENTRY_OFFSET"]) * SECTOR if sectors is None else sectors * SECTOR


def _blocks(partition: Partition) -> int | None:
    sector = partition.block.sector
    return partition.block.size // sector if sector else None


def _access(partition: Partition) -> int | None:
    read_only = partition.block.number("ro")
    return None if read_only is None else 1 if read_only else 3


_TABLE_OF_PARTITIONS = "of the partition's entry, from udev; NULL without udev"
_EXTRA = Null("no page says what it would be of a partition")

TABLE: Table[Partition] = {
    **EXTENT,
    "Caption": Reads("as DeviceID", lambda it: it.block.node),
    "Description": Reads("as Type", _type),
    "Name": Reads("as DeviceID", lambda it: it.block.node),
    "Status": Null("the kernel does not tell"),
    "CreationClassName": always("Win32_DiskPartition"),
    "DeviceID": Reads(
        "/dev and the name in /sys/class/block; the disk's own without partitions", lambda it: it.block.node
    ),
    "Access": Reads("/sys/class/block/NAME/ro: 1 is readable, 3 writeable, too", _access),
    "BlockSize": Reads("/sys/block/DISK/queue/logical_block_size", lambda it: it.block.sector),
    "NumberOfBlocks": Reads("/sys/class/block/NAME/size, in blocks of the disk", _blocks),
    "Bootable": Reads(f"as BootPartition: {_TABLE_OF_PARTITIONS}", _bootable),
    "PrimaryPartition": Reads(f"the scheme {_TABLE_OF_PARTITIONS}", _primary),
    "AdditionalAvailability": _EXTRA,
    "IdentifyingDescriptions": _EXTRA,
    "MaxQuiesceTime": _EXTRA,
    "OtherIdentifyingInfo": _EXTRA,
    "PowerOnHours": _EXTRA,
    "TotalPowerOnHours": _EXTRA,
    "BootPartition": Reads(
        f"EFI's of a GPT, the active one of an MBR: type and flags {_TABLE_OF_PARTITIONS}", _bootable
    ),
    "DiskIndex": Reads("as Win32_DiskDrive.Index", lambda it: it.disk.index),
    "HiddenSectors": Null("it is of FAT's boot sectors"),
    "Index": Reads("its place among those of the disk, from 0", lambda it: it.index),
    "RewritePartition": Null("the kernel does not tell"),
    "Size": Reads("/sys/class/block/NAME/size", lambda it: it.block.size),
    "StartingOffset": Reads("/sys/class/block/NAME/start, in octets", _start),
    "Type": Reads(f"the type {_TABLE_OF_PARTITIONS}", _type),
}


def partitions(host: Host) -> Iterator[Partition]:
    """Those of all disks, disk by disk."""
    for disk in Disks(host).all:
        for index, block in enumerate(disk.partitions):
            yield Partition(disk, block, index)


def _node(partition: Partition) -> str:
    return partition.block.node


class DiskPartitionProvider(HostProvider[Partition]):
    """The partitions."""

    cim_class = "Win32_DiskPartition"
    table = TABLE

    def samples(self, request: Request) -> Iterable[Partition]:  # noqa: ARG002 - as of any provider
        return partitions(self.host)

    def find(self, request: Request, keys: Mapping[str, object]) -> Partition | None:
        return named(self.samples(request), keys["DeviceID"], _node)


LINKS: Table[tuple[str, str]] = {
    "Antecedent": Reads("the disk, as Win32_DiskDrive", lambda pair: pair[0]),
    "Dependent": Reads("its partition, as Win32_DiskPartition", lambda pair: pair[1]),
}


class DiskToPartitionProvider(LinkProvider[tuple[str, str]]):
    """Which partitions a disk has."""

    cim_class = "Win32_DiskDriveToDiskPartition"
    table = LINKS

    def samples(self, request: Request) -> Iterator[tuple[str, str]]:
        is_disk, is_partition = pointed(request, "Antecedent"), pointed(request, "Dependent")
        for disk in Disks(self.host).all:
            if not is_disk(disk.block.node):
                continue
            antecedent = path_to(request, "Win32_DiskDrive", DeviceID=disk.block.node)
            for block in disk.partitions:
                if is_partition(block.node):
                    yield antecedent, path_to(request, "Win32_DiskPartition", DeviceID=block.node)
