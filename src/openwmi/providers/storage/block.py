"""The block devices of this host, from /sys/class/block and the udev database; no CIM class is known here.

A device may lie on others (`slaves` in /sys): a logical volume on a RAID, that on partitions. `Disks` says which are
disks: those with hardware behind them, where multipath makes several paths to one disk one disk again. What is only
made of others (LVM, mdraid, dm-crypt, loop, zram) is none.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping, Sequence
from functools import cached_property

from openwmi.providers.host import Host
from openwmi.providers.storage.mounts import Mount, Mounts

CLASS = "/sys/class/block"
SECTOR = 512
"""Octets of what /sys counts in, whatever the sectors of the disk are."""


class Block:
    """One device.

    Attributes:
        name: of the kernel, `sda1`, `dm-0`.
        path: its folder below /sys/class/block.
    """

    def __init__(self, host: Host, name: str) -> None:
        self.host = host
        self.name = name
        self.path = f"{CLASS}/{name}"

    def __eq__(self, other: object) -> bool:
        return isinstance(other, Block) and other.name == self.name

    def __hash__(self) -> int:
        return hash(self.name)

    def number(self, attribute: str) -> int | None:
        """A file of /sys about it that holds one number."""
        return self.host.number(f"{self.path}/{attribute}")

    def said(self, attribute: str) -> str | None:
        """A file of /sys about it, blanks around it taken off; None where there is none or it says nothing."""
        return (self.host.read(f"{self.path}/{attribute}") or "").strip() or None

    @cached_property
    def mapped(self) -> str:
        """Its name for the device mapper; empty for other devices."""
        return self.said("dm/name") or ""

    @cached_property
    def mapper(self) -> str:
        """What of the device mapper it is, and its identity: `LVM-…`, `mpath-…`, `part1-mpath-…`, `CRYPT-…`."""
        return self.said("dm/uuid") or ""

    @property
    def node(self) -> str:
        """Where programs open it: /dev/sda1, /dev/mapper/vg-root."""
        return f"/dev/mapper/{self.mapped}" if self.mapped else f"/dev/{self.name.replace('!', '/')}"

    @cached_property
    def device(self) -> str:
        """Major and minor number, `8:1`."""
        return self.said("dev") or ""

    @cached_property
    def size(self) -> int:
        """Octets; 0 for a drive without a medium."""
        return (self.number("size") or 0) * SECTOR

    @cached_property
    def sector(self) -> int | None:
        """Octets that are addressed at once; a partition has those of its disk."""
        return self.number("queue/logical_block_size") or self.number("../queue/logical_block_size")

    @cached_property
    def real(self) -> str:
        """Its folder below /sys/devices, which shows what it is part of."""
        return self.host.target(self.path) or ""

    @cached_property
    def is_partition(self) -> bool:
        """Of a disk, by the kernel or, on multipath, by the device mapper."""
        return self.number("partition") is not None or _PART.match(self.mapper) is not None

    @cached_property
    def partition_number(self) -> int | None:
        found = _PART.match(self.mapper)
        return int(found[1]) if found else self.number("partition")

    @property
    def is_multipath(self) -> bool:
        return self.mapper.startswith("mpath-")

    @property
    def is_removable(self) -> bool:
        """Whether its medium can be changed; of a partition, that of its disk."""
        return (self.number("removable") or self.number("../removable") or 0) == 1

    @property
    def is_optical(self) -> bool:
        return _OPTICAL.fullmatch(self.name) is not None

    @cached_property
    def below(self) -> list[Block]:
        """What it is made of."""
        return [Block(self.host, name) for name in self.host.names(f"{self.path}/slaves")]

    @cached_property
    def above(self) -> list[Block]:
        """What is made of it."""
        return [Block(self.host, name) for name in self.host.names(f"{self.path}/holders")]

    @cached_property
    def udev(self) -> Mapping[str, str]:
        """Its properties in the udev database, udevadm(8); nothing where udev does not run."""
        lines = self.host.lines(f"/run/udev/data/b{self.device}") if self.device else []
        pairs = [line[2:].partition("=") for line in lines if line.startswith("E:")]
        return {name: value for name, _, value in pairs}

    def encoded(self, *names: str) -> str | None:
        """The first of these properties of udev that is there, `\\x20` as a blank, and blanks around it taken off."""
        for name in names:
            found = decoded(self.udev.get(name, "")).strip()
            if found:
                return found
        return None

    @cached_property
    def label(self) -> str | None:
        """Of the file system on it."""
        return self.encoded("ID_FS_LABEL_ENC", "ID_FS_LABEL") or self._linked("by-label")

    @cached_property
    def uuid(self) -> str | None:
        """Of the file system on it."""
        return self.encoded("ID_FS_UUID_ENC", "ID_FS_UUID") or self._linked("by-uuid")

    def _linked(self, folder: str) -> str | None:
        """The name by which a folder of /dev/disk has it."""
        for name in self.host.names(f"/dev/disk/{folder}"):
            if (self.host.link(f"/dev/disk/{folder}/{name}") or "").rpartition("/")[2] == self.name:
                return decoded(name)
        return None


class Disk:
    """A disk, and where it stands among the others.

    Attributes:
        block: what programs open.
        hardware: what /sys describes: one of the paths, where there are several, else the same.
    """

    def __init__(self, block: Block, index: int, mounted: frozenset[str]) -> None:
        self.host = block.host
        self.block = block
        self.index = index
        self.hardware = block.below[0] if block.is_multipath and block.below else block
        self._mounted = mounted

    @cached_property
    def partitions(self) -> list[Block]:
        """By number. A disk in use without a table of partitions is the only one that there is.

        Windows: so it is there; without it no way would lead from the disk to what is on it.
        """
        block = self.block
        inside = [Block(self.host, name) for name in self.host.names(block.path) if name.startswith(block.name)]
        found = [each for each in [*inside, *block.above] if each.is_partition]
        if found:
            return sorted(found, key=lambda each: each.partition_number or 0)
        in_use = block.device in self._mounted or block.above or "ID_FS_TYPE" in block.udev
        return [block] if in_use and block.size else []


class Disks:
    """The disks of a host."""

    def __init__(self, host: Host, mounts: Mounts | None = None) -> None:
        self.host = host
        self._mounts = mounts

    @cached_property
    def mounts(self) -> Mounts:
        return self._mounts or Mounts(self.host)

    @cached_property
    def all(self) -> Sequence[Disk]:
        """In the order of their names: sda, sdb, …, sdaa."""
        blocks = [Block(self.host, name) for name in self.host.names("/sys/block")]
        paths = {path for block in blocks if block.is_multipath for path in block.below}
        found = [each for each in blocks if each.is_multipath or (is_hardware(each) and each not in paths)]
        found.sort(key=lambda each: (len(each.name), each.name))
        mounted = frozenset(mount.device for mount in self.mounts.all)
        return [Disk(block, index, mounted) for index, block in enumerate(found)]

    def of(self, mount: Mount) -> list[Block]:
        """The devices that a mounted file system is on: several for btrfs, none for one of another kind."""
        if mount.is_block:
            name = (self.host.link(f"/sys/dev/block/{mount.device}") or "").rpartition("/")[2]
            return [Block(self.host, name)] if name else []
        return self._of_btrfs(mount.source) if mount.kind == "btrfs" else []

    def _of_btrfs(self, source: str) -> list[Block]:
        """Its device numbers are of no device: the source is one of those that it is on."""
        node = self.host.link(source) or source
        name = node.rpartition("/")[2]
        for identity in self.host.names("/sys/fs/btrfs"):
            members = self.host.names(f"/sys/fs/btrfs/{identity}/devices")
            if name in members:
                return [Block(self.host, member) for member in members]
        return [Block(self.host, name)] if self.host.exists(f"{CLASS}/{name}") else []

    @cached_property
    def partitions(self) -> Mapping[str, tuple[Disk, int]]:
        """The name of a partition -> its disk, and which of that disk's it is, from 0."""
        return {part.name: (disk, at) for disk in self.all for at, part in enumerate(disk.partitions)}

    def partitions_under(self, block: Block) -> Iterator[Block]:
        """The partitions that a device lies on, however many layers there are between."""
        seen: set[str] = set()
        todo = [block]
        while todo:
            each = todo.pop(0)
            if each.name in seen:
                continue
            seen.add(each.name)
            if each.name in self.partitions:
                yield each
            elif not each.is_multipath:
                todo.extend(each.below)


def is_hardware(block: Block) -> bool:
    """Whether it is a disk of its own: no partition, nothing made of others, no drive for discs or floppies."""
    if block.is_optical or _FLOPPY.fullmatch(block.name) or block.number("hidden"):
        return False
    return bool(block.real) and not block.real.startswith("/sys/devices/virtual/block/")


def decoded(value: str) -> str:
    """What udev wrote with `\\x20` for a blank, and so for all that could be misread."""
    if "\\x" not in value:
        return value
    octets = re.sub(rb"\\x([0-9a-fA-F]{2})", lambda found: bytes.fromhex(found[1].decode()), value.encode())
    return octets.decode("utf-8", "replace")


_PART = re.compile(r"part(\d+)-mpath-")
_OPTICAL = re.compile(r"sr\d+")
_FLOPPY = re.compile(r"fd\d+")
