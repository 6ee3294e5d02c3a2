"""What Win32_LogicalDisk and Win32_Volume say alike: of a file system, how it is mounted, and how much room it has."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable
from functools import cached_property
from typing import TypeVar

from openwmi.engine.provider import Request
from openwmi.providers.host import Answer, Host, Space, text
from openwmi.providers.reading import Reads, Table, same
from openwmi.providers.storage.block import Block, Disks
from openwmi.providers.storage.mounts import RAM, FileSystem, Mount

UNKNOWN, REMOVABLE, FIXED, NETWORK, OPTICAL, RAM_DISK = 0, 2, 3, 4, 5, 6
"""DriveType."""

WORDS = {
    UNKNOWN: "Unknown",
    REMOVABLE: "Removable Disk",
    FIXED: "Local Fixed Disk",
    NETWORK: "Network Connection",
    OPTICAL: "CD-ROM Disc",
    RAM_DISK: "RAM Disk",
}

_QUOTAS = frozenset({"ext2", "ext3", "ext4", "f2fs", "gfs2", "jfs", "ocfs2", "reiserfs", "xfs"})
_NO_QUOTAS = frozenset({"erofs", "exfat", "iso9660", "msdos", "overlay", "squashfs", "udf", "vfat"})
_QUOTA_OPTION = re.compile(r"(usr|grp|prj|[ugp])?quota|(usr|grp)jquota=.+|[ugp]qnoenforce")

_BY_FILE = frozenset({"bcachefs", "btrfs", "jffs2", "ntfs", "ntfs3", "ubifs"})
_AS_A_WHOLE = frozenset({"cramfs", "erofs", "squashfs"})


class Stored:
    """A file system of a host, mounted or not.

    Attributes:
        host: where it is.
        mounted: None for one that nobody sees.
        block: the device that it is on, the first of several; None for those without.
    """

    def __init__(self, disks: Disks, mounted: FileSystem | None, block: Block | None = None) -> None:
        self.host: Host = disks.host
        self.mounted = mounted
        self.blocks = disks.of(mounted.main) if mounted else [block] if block else []
        self.block = self.blocks[0] if self.blocks else None

    @property
    def mount(self) -> Mount | None:
        """The main one."""
        return self.mounted.main if self.mounted else None

    @property
    def point(self) -> str | None:
        """Where it is seen, as text."""
        return text(self.mounted.main.point) if self.mounted else None

    @property
    def kind(self) -> str | None:
        if self.mounted:
            return self.mounted.main.kind
        return self.block.udev.get("ID_FS_TYPE") if self.block else None

    @cached_property
    def answer(self) -> Answer[Space] | None:
        """The question how much room there is; it begins with the first look at this."""
        return self.host.space(self.mounted.main.point) if self.mounted else None

    @property
    def space(self) -> Space:
        """LookupError for one that is not mounted; SilentError; OSError."""
        if self.answer is None:
            raise LookupError("it is not mounted")
        return self.answer.get()

    @cached_property
    def drive_type(self) -> int:
        mount, block = self.mount, self.block
        if mount and mount.is_network:
            return NETWORK
        if mount and mount.kind in RAM:
            return RAM_DISK
        if mount and mount.kind.startswith("fuse.") and not mount.is_block and mount.kind != "fuse.mergerfs":
            return UNKNOWN
        if block and block.is_optical:
            return OPTICAL
        return REMOVABLE if block and block.is_removable else FIXED

    @property
    def label(self) -> str | None:
        return self.block.label if self.block else None

    @property
    def uuid(self) -> str | None:
        return self.block.uuid if self.block else None


def _block_size(of: Stored) -> int | None:
    return of.space.block_size or None


def _blocks(of: Stored) -> int | None:
    size = of.space.block_size
    return of.space.total // size if size else None


def _access(of: Stored) -> int | None:
    return None if of.mount is None else 1 if of.mount.is_read_only else 3


def has_quotas(of: Stored) -> bool | None:
    """Whether the type can limit what an account may use; None where that is not known."""
    return True if of.kind in _QUOTAS else False if of.kind in _NO_QUOTAS else None


def quotas_enabled(of: Stored) -> bool | None:
    """Whether an option of the mount turns them on."""
    supported, mount = has_quotas(of), of.mount
    if supported is None or mount is None:
        return None
    return supported and any(_QUOTA_OPTION.fullmatch(option) for option in mount.super_options | mount.options)


def _compressed(of: Stored) -> bool | None:
    """Whether all of it is one compressed entity."""
    return None if of.kind is None or of.drive_type in (NETWORK, UNKNOWN) else of.kind in _AS_A_WHOLE


def _compresses_files(of: Stored) -> bool | None:
    return None if of.kind is None or of.drive_type in (NETWORK, UNKNOWN) else of.kind in _BY_FILE


STATVFS = "statvfs(3); NULL where that does not answer in time"

STORED: Table[Stored] = {
    "Access": Reads("the option ro in /proc/self/mountinfo: 1 is readable, 3 writeable, too", _access),
    "BlockSize": Reads(f"f_frsize of {STATVFS}", _block_size),
    "NumberOfBlocks": Reads(f"f_blocks of {STATVFS}", _blocks),
    "Compressed": Reads("the type: squashfs, erofs and cramfs are; NULL for what is not of this machine", _compressed),
    "DriveType": Reads("the type of the file system, and what /sys/class/block/NAME says", lambda it: it.drive_type),
    "FileSystem": Reads("/proc/self/mountinfo; of what is not mounted, udev ID_FS_TYPE", lambda it: it.kind),
    "FreeSpace": Reads(f"f_bavail of {STATVFS}", lambda it: it.space.available),
    "SupportsDiskQuotas": Reads("the type of the file system; NULL where that does not say it", has_quotas),
    "SupportsFileBasedCompression": Reads(
        "the type: btrfs and some others; NULL for what is not of this machine", _compresses_files
    ),
}
"""The columns that both classes have under one name."""

SPACE = (
    "BlockSize",
    "NumberOfBlocks",
    "FreeSpace",
    "Size",
    "Capacity",
    "MaximumComponentLength",
    "MaximumFileNameLength",
)
"""The properties of both that are asked of the file system itself."""

S = TypeVar("S", bound=Stored)


def begun(found: Iterable[S], request: Request, table: Table[S]) -> list[S]:
    """The samples that a request may want. Those that may not answer are all asked before the first is waited for.

    Whoever asks for local disks alone does not make the network's file systems answer.
    """
    tests: list[tuple[Callable[[S], object], object]] = []
    for name, wanted in request.equalities.items():
        column = table.get(name)
        if isinstance(column, Reads) and name not in SPACE:
            tests.append((column.read, wanted))
    picked = [each for each in found if all(same(read(each), wanted) for read, wanted in tests)]
    if request.wants(*SPACE) or any(name in SPACE for name in request.equalities):
        for each in picked:
            if each.mount and not each.mount.is_local:
                _ = each.answer
    return picked
