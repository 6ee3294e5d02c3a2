"""Win32_Volume and Win32_MountPoint: each file system once, mounted or not, and every place where it is seen.

Pages of Win32_Volume and Win32_MountPoint in Microsoft's documentation of the VDS provider. DeviceID does not depend on
where a volume is mounted: `/dev/disk/by-uuid/…`, as Windows has its GUID there; without udev the device; what has no
device, of the network or in memory, goes by its mount point. Name is the mount point, the same as
Win32_LogicalDisk.DeviceID, and DeviceID where it is not mounted. All subvolumes of one btrfs are one volume.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping

from openwmi.engine.provider import Request
from openwmi.providers.host import Host, text
from openwmi.providers.reading import HostProvider, Null, Reads, Table, always, path_to
from openwmi.providers.storage.block import CLASS, Block, Disks
from openwmi.providers.storage.device import EXTENT, named
from openwmi.providers.storage.filesystem import STATVFS, STORED, Stored, begun, quotas_enabled
from openwmi.providers.storage.linking import LinkProvider, pointed
from openwmi.providers.storage.mounts import FileSystem, Mounts
from openwmi.providers.storage.pagefile import swap_areas

_STARTED_FROM = ("/boot/efi", "/efi", "/boot")


class Volume(Stored):
    """A volume of a host."""

    def __init__(self, disks: Disks, mounted: FileSystem | None, block: Block | None = None) -> None:
        super().__init__(disks, mounted, block)
        self._mounts = disks.mounts

    @property
    def identity(self) -> str:
        """DeviceID."""
        block = self.block
        if block is None:
            return self.point or ""
        link = f"/dev/disk/by-uuid/{block.uuid}"
        leads = self.host.link(link) if block.uuid else None
        return link if leads and leads.rpartition("/")[2] == block.name else block.node

    @property
    def name(self) -> str:
        return self.point or self.identity

    def has(self, path: str) -> bool:
        """Whether a path is on it; links are not followed."""
        mount = self._mounts.of(path)
        return mount is not None and self.mounted is not None and mount.device == self.mounted.main.device

    @property
    def is_started_from(self) -> bool:
        """Whether it has what the firmware loads, or the kernel."""
        found = next((path for path in _STARTED_FROM if path in self._mounts.at), "/")
        return self.block is not None and self.has(found)

    @property
    def has_page_file(self) -> bool:
        return any(self.has(area.path) for area in swap_areas(self.host) if area.is_file)

    @property
    def number(self) -> int | None:
        """What Windows takes for the serial number: 32 bits, which FAT and NTFS have."""
        found = _SERIAL.fullmatch(self.uuid or "") if self.kind in _WITH_SERIAL else None
        return int("".join(found.groups("")), 16) if found else None


_WITH_SERIAL = frozenset({"exfat", "fuseblk", "msdos", "ntfs", "ntfs3", "vfat"})
_SERIAL = re.compile(r"([0-9A-Fa-f]{4})-([0-9A-Fa-f]{4})|[0-9A-Fa-f]{8}([0-9A-Fa-f]{8})")

TABLE: Table[Volume] = {
    **EXTENT,
    **STORED,
    "Caption": Reads("as Name", lambda it: it.name),
    "Description": Null("nobody described it"),
    "Name": Reads(
        "/proc/self/mountinfo: the shortest mount point; as DeviceID where there is none", lambda it: it.name
    ),
    "Status": Null("the kernel does not tell"),
    "CreationClassName": always("Win32_Volume"),
    "DeviceID": Reads(
        "/dev/disk/by-uuid; without that the device; without a device the mount point", lambda it: it.identity
    ),
    "Automount": Null("no table says it of every volume"),
    "BootVolume": Reads("/proc/self/mountinfo: whether / is on it", lambda it: it.has("/")),
    "Capacity": Reads(f"f_blocks * f_frsize of {STATVFS}", lambda it: it.space.total),
    "DirtyBitSet": Null("the kernel does not tell"),
    "DriveLetter": Null("there are no letters; see Name"),
    "IndexingEnabled": Null("it belongs to Windows"),
    "Label": Reads("udev ID_FS_LABEL, else /dev/disk/by-label; NULL without a label", lambda it: it.label),
    "MaximumFileNameLength": Reads(f"f_namemax of {STATVFS}", lambda it: it.space.name_length),
    "PageFilePresent": Reads("/proc/swaps: whether a file of it is one", lambda it: it.has_page_file),
    "QuotasEnabled": Reads("the options in /proc/self/mountinfo; NULL where these do not say it", quotas_enabled),
    "QuotasIncomplete": Null("it is of NTFS"),
    "QuotasRebuilding": Null("it is of NTFS"),
    "SerialNumber": Reads("udev ID_FS_UUID of FAT and NTFS, its last 32 bits; NULL for others", lambda it: it.number),
    "SystemVolume": Reads(
        "/proc/self/mountinfo: whether /boot/efi, /efi, /boot or else / is on it", lambda it: it.is_started_from
    ),
}


def volumes(host: Host) -> Iterator[Volume]:
    """Those that are mounted, then those of which udev knows that they hold a file system."""
    mounts = Mounts(host)
    disks = Disks(host, mounts)
    taken: set[Block] = set()
    for mounted in mounts.volumes():
        volume = Volume(disks, mounted)
        taken.update(volume.blocks)
        yield volume
    for name in host.names(CLASS):
        block = Block(host, name)
        if block not in taken and block.udev.get("ID_FS_USAGE") == "filesystem" and not _is_path(block):
            yield Volume(disks, None, block)


def _is_path(block: Block) -> bool:
    """Whether multipath has it, or another device that shows the same."""
    return bool(block.above)


def _identity(volume: Volume) -> str:
    return volume.identity


class VolumeProvider(HostProvider[Volume]):
    """The volumes."""

    cim_class = "Win32_Volume"
    table = TABLE

    def samples(self, request: Request) -> list[Volume]:
        return begun(volumes(self.host), request, TABLE)

    def find(self, request: Request, keys: Mapping[str, object]) -> Volume | None:  # noqa: ARG002 - as of any provider
        return named(volumes(self.host), keys["DeviceID"], _identity)


LINKS: Table[tuple[str, str]] = {
    "Directory": Reads("/proc/self/mountinfo: the mount point, as Win32_Directory", lambda pair: pair[0]),
    "Volume": Reads("/proc/self/mountinfo: the file system, as Win32_Volume", lambda pair: pair[1]),
}


class MountPointProvider(LinkProvider[tuple[str, str]]):
    """Every folder in which a volume is seen, binds and subvolumes among them."""

    cim_class = "Win32_MountPoint"
    table = LINKS

    def samples(self, request: Request) -> Iterator[tuple[str, str]]:
        is_folder, is_volume = pointed(request, "Directory"), pointed(request, "Volume")
        mounts = Mounts(self.host)
        disks = Disks(self.host, mounts)
        for mounted in mounts.volumes():
            folders = [point for mount in mounted.mounts if is_folder(point := text(mount.point))]
            volume = Volume(disks, mounted) if folders else None
            if volume is None or not is_volume(volume.identity):
                continue
            path = path_to(request, "Win32_Volume", DeviceID=volume.identity)
            for folder in folders:
                yield path_to(request, "Win32_Directory", Name=folder), path
