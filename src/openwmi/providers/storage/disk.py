"""Win32_DiskDrive of this host, from /sys/block and the udev database. Page win32-diskdrive.

A disk has hardware behind it: LVM, mdraid, dm-crypt and loop devices are none, but show in what lies on which. Several
paths to one disk are one disk, where multipath knows of them. DeviceID is what programs open: `/dev/sda`. An Index is
the place in the order of the names, and may change from one start of the system to the next, as on Windows.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping

from openwmi.engine.provider import Request
from openwmi.providers.reading import HostProvider, Null, Reads, Table, always
from openwmi.providers.storage.block import Disk, Disks
from openwmi.providers.storage.device import DEVICE, named

_FIXED, _EXTERNAL, _REMOVABLE = (
    "Fixed hard disk media",
    "External hard disk media",
    "Removable Media",
)

_STATES = {
    "running": "OK",
    "live": "OK",
    "quiesce": "Degraded",
    "blocked": "Degraded",
    "connecting": "Lost Comm",
    "transport-offline": "Lost Comm",
    "offline": "Error",
    "dead": "Error",
}
"""The words of SCSI and NVMe for the state of a device."""


def _status(disk: Disk) -> str | None:
    return _STATES.get(disk.hardware.said("device/state") or "")


def _interface(disk: Disk) -> str | None:
    """One of the five words of the page: NVMe and paravirtual disks are SCSI, as on Windows."""
    real = disk.hardware.real
    return next((word for pattern, word in _INTERFACES if pattern.search(real)), None)


_INTERFACES = [
    (re.compile(r"/usb\d+/"), "USB"),
    (re.compile(r"/fw\d+"), "1394"),
    (re.compile(r"/ata\d+/|/ide\d+/"), "IDE"),
    (re.compile(r"/host\d+/|/nvme|/virtio\d+/|/vbd-"), "SCSI"),
]


def _model(disk: Disk) -> str | None:
    """Whole from udev, where it asked the disk; /sys may cut it off after 16 letters."""
    block = disk.hardware
    return block.encoded("ID_MODEL_ENC") or block.said("device/model") or block.encoded("ID_MODEL")


def _manufacturer(disk: Disk) -> str | None:
    """SCSI's vendor. What stands there for ATA disks and paravirtual ones is no name of anybody."""
    block = disk.hardware
    found = block.encoded("ID_VENDOR_ENC") or block.said("device/vendor") or block.encoded("ID_VENDOR")
    return None if found is None or found == "ATA" or found.startswith("0x") else found


def _serial(disk: Disk) -> str | None:
    block = disk.hardware
    return (
        block.encoded("SCSI_IDENT_SERIAL", "ID_SCSI_SERIAL", "ID_SERIAL_SHORT", "ID_SERIAL")
        or block.said("device/serial")
        or block.said("serial")
    )


def _firmware(disk: Disk) -> str | None:
    block = disk.hardware
    return block.said("device/firmware_rev") or block.said("device/rev") or block.encoded("ID_REVISION")


def _media_type(disk: Disk) -> str:
    if disk.hardware.is_removable:
        return _REMOVABLE
    return _EXTERNAL if _interface(disk) in ("USB", "1394") else _FIXED


def _capabilities(disk: Disk) -> dict[int, str]:
    """Random access, writing unless the kernel forbids it, and a medium that can be changed."""
    found = {3: "Random Access"}
    if not disk.block.number("ro"):
        found[4] = "Supports Writing"
    if disk.hardware.is_removable:
        found[7] = "Supports Removable Media"
    return found


def _address(part: int, most: int = 0xFFFF) -> Reads[Disk]:
    """A part of `host:channel:target:unit`; what the property is too small for is NULL."""

    def read(disk: Disk) -> int | None:
        target = (disk.host.link(f"{disk.hardware.path}/device") or "").rpartition("/")[2]
        real = target if target.count(":") == 3 else disk.hardware.real.split("/block/")[0].rpartition("/")[2]
        found = _ADDRESS.fullmatch(real)
        value = int(found[part]) if found else None
        return value if value is not None and value <= most else None

    return Reads("the SCSI address in /sys/block/NAME/device; NULL for other disks", read)


_ADDRESS = re.compile(r"(\d+):(\d+):(\d+):(\d+)")


def _signature(disk: Disk) -> int | None:
    udev = disk.block.udev
    found = udev.get("ID_PART_TABLE_UUID", "") if udev.get("ID_PART_TABLE_TYPE") == "dos" else ""
    return int(found, 16) if re.fullmatch(r"[0-9a-fA-F]{8}", found) else None


def _sectors(disk: Disk) -> int | None:
    return disk.block.size // disk.block.sector if disk.block.size and disk.block.sector else None


_GEOMETRY = Null("cylinders, heads and tracks are made up on today's disks")
_NOT_TOLD = Null("the kernel does not tell")

TABLE: Table[Disk] = {
    **DEVICE,
    "Caption": Reads("as Model", _model),
    "Description": always("Disk drive"),
    "Name": Reads("as DeviceID", lambda disk: disk.block.node),
    "Status": Reads("/sys/block/NAME/device/state; NULL for paravirtual disks, which have none", _status),
    "CreationClassName": always("Win32_DiskDrive"),
    "DeviceID": Reads(
        "/dev and the name in /sys/block; /dev/mapper and its name for multipath", lambda d: d.block.node
    ),
    "Capabilities": Reads("/sys/block/NAME/ro, removable", lambda disk: tuple(_capabilities(disk))),
    "CapabilityDescriptions": Reads("/sys/block/NAME/ro, removable", lambda d: tuple(_capabilities(d).values())),
    "CompressionMethod": _NOT_TOLD,
    "DefaultBlockSize": _NOT_TOLD,
    "ErrorMethodology": _NOT_TOLD,
    "MaxBlockSize": _NOT_TOLD,
    "MaxMediaSize": _NOT_TOLD,
    "MinBlockSize": _NOT_TOLD,
    "NeedsCleaning": _NOT_TOLD,
    "NumberOfMediaSupported": _NOT_TOLD,
    "BytesPerSector": Reads("/sys/block/NAME/queue/logical_block_size", lambda disk: disk.block.sector),
    "FirmwareRevision": Reads("/sys/block/NAME/device/firmware_rev or rev, else udev ID_REVISION", _firmware),
    "Index": Reads("its place in the order of the names", lambda disk: disk.index),
    "InterfaceType": Reads("the bus in the path of /sys/block/NAME; NULL for others than the page has", _interface),
    "Manufacturer": Reads(
        "udev ID_VENDOR_ENC, else /sys/block/NAME/device/vendor; NULL where it names nobody", _manufacturer
    ),
    "MediaLoaded": Reads("/sys/block/NAME/size is not 0", lambda disk: disk.block.size > 0),
    "MediaType": Reads("/sys/block/NAME/removable, and the bus", _media_type),
    "Model": Reads("udev ID_MODEL_ENC, else /sys/block/NAME/device/model; NULL for most paravirtual disks", _model),
    "Partitions": Reads("the folders in /sys/block/NAME that are partitions", lambda disk: len(disk.partitions)),
    "SCSIBus": _address(2, 0xFFFFFFFF),
    "SCSILogicalUnit": _address(4),
    "SCSIPort": _address(1),
    "SCSITargetId": _address(3),
    "SectorsPerTrack": _GEOMETRY,
    "SerialNumber": Reads(
        "udev ID_SCSI_SERIAL, ID_SERIAL_SHORT, else /sys/block/NAME/device/serial or serial", _serial
    ),
    "Signature": Reads("udev ID_PART_TABLE_UUID of an MBR disk; NULL for those with GPT", _signature),
    "Size": Reads("/sys/block/NAME/size; NULL without a medium", lambda disk: disk.block.size or None),
    "TotalCylinders": _GEOMETRY,
    "TotalHeads": _GEOMETRY,
    "TotalSectors": Reads("/sys/block/NAME/size, in sectors of the disk; NULL without a medium", _sectors),
    "TotalTracks": _GEOMETRY,
    "TracksPerCylinder": _GEOMETRY,
}


class DiskDriveProvider(HostProvider[Disk]):
    """The disks."""

    cim_class = "Win32_DiskDrive"
    table = TABLE

    def samples(self, request: Request) -> Iterable[Disk]:  # noqa: ARG002 - as of any provider
        return Disks(self.host).all

    def find(self, request: Request, keys: Mapping[str, object]) -> Disk | None:
        return named(self.samples(request), keys["DeviceID"], lambda disk: disk.block.node)
