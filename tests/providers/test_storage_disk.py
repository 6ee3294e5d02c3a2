"""Disks and their partitions: NVMe, paravirtual, SAS, USB and multipath; with udev and without."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

import pytest

from openwmi.engine import Engine
from openwmi.engine.provider import Request
from openwmi.engine.registration import shipped_class
from openwmi.providers.host import Host, Kernel
from openwmi.providers.storage.block import Block, Disks, decoded
from openwmi.providers.storage.disk import DiskDriveProvider
from openwmi.providers.storage.partition import DiskPartitionProvider, DiskToPartitionProvider
from openwmi.session import Namespace

Make = Callable[..., Host]
Asking = Callable[..., Request]
Rows = Callable[..., dict[str, Mapping[str, Any]]]


@pytest.fixture
def disks(asking: Asking) -> Rows:
    """`disks(host)`: the rows of Win32_DiskDrive by DeviceID, each checked by the class."""
    return lambda host, *names: _rows(DiskDriveProvider(host), asking("Win32_DiskDrive", *names))


@pytest.fixture
def partitions(asking: Asking) -> Rows:
    return lambda host, *names: _rows(DiskPartitionProvider(host), asking("Win32_DiskPartition", *names))


def _rows(provider: Any, request: Request) -> dict[str, Mapping[str, Any]]:
    rows = list(provider.instances(request))
    for row in rows:
        shipped_class(provider.cim_class).instance(row)
    return {row["DeviceID"]: row for row in rows}


def section(path: str, text: str = "", form: str = "") -> str:
    return f"== {path}{form and ' ' + form}\n{text}\n"


def device(name: str, number: str, real: str, **files: str) -> str:
    """The sections of a block device, whose files are named with __ for a slash."""
    path = f"/sys/devices/{real}/{name}"
    found = [section(f"/sys/{of}/{name}", form=f"-> {up}/devices/{real}/{name}") for of, up in _CLASSES]
    found.append(section(f"{path}/dev", number))
    found += [section(f"{path}/{file.replace('__', '/')}", text) for file, text in files.items()]
    return "".join(found)


_CLASSES = (("block", ".."), ("class/block", "../.."))

# A LUN of a storage system, over two paths, with two partitions.
LUN = {"size": "2097152", "removable": "0", "ro": "0", "queue__logical_block_size": "512"}
SCSI = {**LUN, "device__vendor": "NETAPP  ", "device__model": "LUN C-Mode      ", "device__state": "running"}
MULTIPATH = "".join(
    (
        *(device(f"sd{x}", f"65:{n}", f"pci0000:17/host1{n}/0:0:{n}:7/block", **SCSI) for n, x in ((1, "x"), (2, "y"))),
        device("dm-7", "253:7", "virtual/block", dm__name="mpatha", dm__uuid="mpath-3600a0980", **LUN),
        section("/sys/devices/virtual/block/dm-7/slaves/sdx", form="dir"),
        section("/sys/devices/virtual/block/dm-7/slaves/sdy", form="dir"),
        section("/sys/devices/virtual/block/dm-7/holders/dm-8", form="dir"),
        section("/sys/devices/virtual/block/dm-7/holders/dm-9", form="dir"),
        device("dm-8", "253:8", "virtual/block", dm__name="mpatha1", dm__uuid="part1-mpath-3600a0980", size="2048"),
        device("dm-9", "253:9", "virtual/block", dm__name="mpatha2", dm__uuid="part2-mpath-3600a0980", size="4096"),
        section("/sys/devices/virtual/block/dm-8/slaves/dm-7", form="dir"),
        section("/sys/devices/virtual/block/dm-9/slaves/dm-7", form="dir"),
        section("/run/udev/data/b253:9", "E:ID_PART_ENTRY_SCHEME=dos\nE:ID_PART_ENTRY_OFFSET=4096\nE:ID_FS_TYPE=xfs"),
        section("/run/udev/data/b65:1", "E:ID_SERIAL=3600a0980\nE:ID_SERIAL_SHORT=600a0980"),
    )
)

STICK = device(
    "sdz",
    "65:144",
    "pci0000:00/0000:00:14.0/usb2/2-3/2-3:1.0/host9/target9:0:0/9:0:0:0/block",
    size="60000000",
    removable="1",
    ro="1",
    queue__logical_block_size="4096",
    device__vendor="SanDisk ",
    device__model="Ultra USB 3.0   ",
    sdz1__partition="1",
    sdz1__dev="65:145",
    sdz1__start="2048",
    sdz1__size="59997952",
    sdz1__ro="1",
    sdz5__partition="5",
    sdz5__dev="65:149",
)
STICK_UDEV = (
    section("/run/udev/data/b65:144", "E:ID_PART_TABLE_TYPE=dos\nE:ID_PART_TABLE_UUID=8badf00d")
    + section(
        "/run/udev/data/b65:145", "E:ID_PART_ENTRY_SCHEME=dos\nE:ID_PART_ENTRY_TYPE=0xc\nE:ID_PART_ENTRY_FLAGS=0x80"
    )
    + section("/run/udev/data/b65:149", "E:ID_PART_ENTRY_SCHEME=dos\nE:ID_PART_ENTRY_TYPE=0x83")
    + section("/sys/class/block/sdz1", form="-> ../block/sdz/sdz1")
    + section("/sys/class/block/sdz5", form="-> ../block/sdz/sdz5")
)


def test_a_laptop(disks: Rows, host: Make) -> None:
    (row,) = disks(host("laptop")).values()
    expected = {
        "Caption": "SAMSUNG MZVLB512HBJQ-000L7",
        "DeviceID": "/dev/nvme0n1",
        "Name": "/dev/nvme0n1",
        "Index": 0,
        "InterfaceType": "SCSI",
        "MediaType": "Fixed hard disk media",
        "MediaLoaded": True,
        "Model": "SAMSUNG MZVLB512HBJQ-000L7",
        "Manufacturer": None,
        "SerialNumber": "S4ENNX0R123456",
        "FirmwareRevision": "5M2QEXF7",
        "Partitions": 3,
        "BytesPerSector": 512,
        "Size": 1000215216 * 512,
        "TotalSectors": 1000215216,
        "TotalCylinders": None,
        "Status": "OK",
        "SystemName": "thinbook",
        "SCSIPort": None,
        "Signature": None,
        "Capabilities": (3, 4),
        "CapabilityDescriptions": ("Random Access", "Supports Writing"),
    }
    assert {name: row[name] for name in expected} == expected


def test_a_cloud_says_little_of_its_disks(disks: Rows, host: Make) -> None:
    row = disks(host("cloud"))["/dev/vda"]
    assert (row["Model"], row["Status"], row["Manufacturer"], row["SerialNumber"]) == (None, None, None, None)
    assert (row["InterfaceType"], row["Size"], row["Partitions"]) == ("SCSI", 10737418240, 3)


def test_a_server_has_twelve_disks_and_its_raids_are_none(disks: Rows, host: Make) -> None:
    rows = disks(host("server"))
    assert list(rows) == [f"/dev/sd{letter}" for letter in "abcdefghijkl"]
    assert [row["Index"] for row in rows.values()] == list(range(12))
    last = rows["/dev/sdl"]
    assert [last[f"SCSI{part}"] for part in ("Port", "Bus", "TargetId", "LogicalUnit")] == [0, 0, 11, 0]
    assert (last["Manufacturer"], last["Model"], last["SerialNumber"]) == ("SEAGATE", "ST4000NM0295", "ZC1EXM11")


@pytest.mark.parametrize("nowhere", ["container", None])
def test_where_there_are_none(nowhere: str | None, disks: Rows, partitions: Rows, host: Make) -> None:
    found = host(nowhere) if nowhere else Host("/no/such/root", kernel=Kernel("n", "6.1"))
    assert (disks(found), partitions(found)) == ({}, {})


def test_paths_to_one_disk_are_one_disk(disks: Rows, partitions: Rows, host: Make) -> None:
    rows = disks(host("cloud", MULTIPATH))
    assert list(rows) == ["/dev/vda", "/dev/mapper/mpatha"]
    row = rows["/dev/mapper/mpatha"]
    assert (row["Manufacturer"], row["Model"], row["SerialNumber"]) == ("NETAPP", "LUN C-Mode", "600a0980")
    assert (row["Partitions"], row["Size"], row["SCSITargetId"], row["SCSILogicalUnit"]) == (2, 1 << 30, 1, 7)
    first, second = list(partitions(host("cloud", MULTIPATH)).values())[-2:]
    assert (first["DeviceID"], first["StartingOffset"], first["Type"]) == ("/dev/mapper/mpatha1", None, None)
    assert (second["DeviceID"], second["StartingOffset"], second["Size"]) == (
        "/dev/mapper/mpatha2",
        4096 * 512,
        4096 * 512,
    )
    assert (second["DiskIndex"], second["Index"], second["PrimaryPartition"]) == (1, 1, True)


def test_a_stick(disks: Rows, partitions: Rows, host: Make) -> None:
    made = host("cloud", STICK + STICK_UDEV)
    row = disks(made)["/dev/sdz"]
    assert (row["InterfaceType"], row["MediaType"], row["Signature"]) == ("USB", "Removable Media", 0x8BADF00D)
    assert (row["Capabilities"], row["BytesPerSector"], row["TotalSectors"]) == ((3, 7), 4096, 60000000 // 8)
    found = partitions(made)
    first, logical = found["/dev/sdz1"], found["/dev/sdz5"]
    assert (first["Type"], first["BootPartition"], first["Access"]) == ("Win95 w/Extended Int 13", True, 1)
    assert (first["StartingOffset"], first["BlockSize"], first["NumberOfBlocks"]) == (1 << 20, 4096, 59997952 // 8)
    assert (logical["Type"], logical["PrimaryPartition"], logical["Bootable"]) == ("Unknown", False, False)


def test_a_drive_without_a_medium(disks: Rows, host: Make) -> None:
    row = disks(host("cloud", STICK, section("/sys/block/sdz/size", "0")))["/dev/sdz"]
    assert (row["MediaLoaded"], row["Size"], row["TotalSectors"]) == (False, None, None)


@pytest.mark.parametrize(
    ("name", "real"),
    [("sr0", "pci0/ata1/host0/0:0:0:0/block"), ("fd0", "platform/floppy.0/block"), ("loop0", "virtual/block")],
)
def test_what_is_no_disk(name: str, real: str, disks: Rows, host: Make) -> None:
    assert f"/dev/{name}" not in disks(host("cloud", device(name, "11:0", real, size="2048")))


def test_the_disk_of_several_nvme_controllers_is_one(disks: Rows, host: Make) -> None:
    made = host(
        "cloud",
        device("nvme0n1", "259:0", "virtual/nvme-subsystem/nvme-subsys0", size="2048"),
        device("nvme0c0n1", "259:1", "pci0/nvme/nvme0", size="2048", hidden="1"),
    )
    assert list(disks(made)) == ["/dev/vda", "/dev/nvme0n1"]


@pytest.mark.parametrize(
    ("real", "word"),
    [
        ("pci0/ata3/host2", "IDE"),
        ("pci0/fw1/fw1.0/host3", "1394"),
        ("platform/mmc_host/mmc0", None),
        ("vbd-51712", "SCSI"),
    ],
)
def test_interfaces(real: str, word: str | None, disks: Rows, host: Make) -> None:
    assert disks(host("cloud", device("sdz", "65:1", f"{real}/block", size="8")))["/dev/sdz"]["InterfaceType"] == word


def test_partitions_of_a_laptop(partitions: Rows, host: Make) -> None:
    rows = partitions(host("laptop"))
    efi = rows["/dev/nvme0n1p1"]
    expected = {
        "Type": "GPT: System",
        "Description": "GPT: System",
        "Bootable": True,
        "BootPartition": True,
        "PrimaryPartition": True,
        "DiskIndex": 0,
        "Index": 0,
        "Size": 1048576 * 512,
        "NumberOfBlocks": 1048576,
        "BlockSize": 512,
        "StartingOffset": 1 << 20,
        "Access": 3,
        "SystemName": "thinbook",
        "HiddenSectors": None,
    }
    assert {name: efi[name] for name in expected} == expected
    assert [row["Type"] for row in rows.values()] == ["GPT: System", "GPT: Unknown", "GPT: Unknown"]


def test_partitions_go_by_number_and_not_by_place(partitions: Rows, host: Make) -> None:
    rows = partitions(host("cloud"), "Index")
    assert {name: row["Index"] for name, row in rows.items()} == {"/dev/vda1": 0, "/dev/vda14": 1, "/dev/vda15": 2}


def test_without_udev_the_table_of_partitions_is_not_known(partitions: Rows, host: Make) -> None:
    row = partitions(host("laptop", section("/run/udev/data/b259:1")))["/dev/nvme0n1p1"]
    assert [row[name] for name in ("Type", "Bootable", "PrimaryPartition")] == [None, None, None]
    assert row["Size"] == 1 << 29


@pytest.mark.parametrize(
    ("sections", "count"),
    [
        (section("/run/udev/data/b65:1", "E:ID_FS_TYPE=ext4"), 1),
        (section("/sys/devices/x/block/sdz/holders/dm-0", form="dir"), 1),
        (section("/proc/self/mountinfo", "1 0 65:1 / / rw - ext4 /dev/sdz rw"), 1),
        ("", 0),
    ],
)
def test_a_disk_in_use_without_partitions_is_one(
    sections: str, count: int, disks: Rows, partitions: Rows, host: Make
) -> None:
    made = host("container", device("sdz", "65:1", "x/block", size="2048", queue__logical_block_size="512"), sections)
    assert disks(made)["/dev/sdz"]["Partitions"] == count
    rows = partitions(made)
    assert [(row["StartingOffset"], row["Size"], row["Type"]) for row in rows.values()] == [(0, 1 << 20, None)] * count


def test_one_is_found_by_its_name(host: Make, asking: Asking) -> None:
    provider, request = DiskPartitionProvider(host("laptop")), asking("Win32_DiskPartition", "Index")
    assert provider.get(request, {"DeviceID": "/DEV/nvme0n1p2"}) == {"DeviceID": "/dev/nvme0n1p2", "Index": 1}
    assert provider.get(request, {"DeviceID": "/dev/nvme0n1p9"}) is None
    assert DiskDriveProvider(host("laptop")).get(request, {"DeviceID": 4}) is None


@pytest.mark.parametrize("name", ["laptop", "cloud", "container", "server"])
async def test_every_path_between_them_leads_somewhere(name: str, host: Make) -> None:
    made = host(name)
    engine = Engine(
        "HOST1", [kind(made) for kind in (DiskDriveProvider, DiskPartitionProvider, DiskToPartitionProvider)]
    )
    ns = Namespace(engine.session(r"root\cimv2"))
    links = await ns.query("SELECT * FROM Win32_DiskDriveToDiskPartition")
    for link in links:
        assert (await ns.get(link.Antecedent)).Partitions
        assert (await ns.get(link.Dependent)).DeviceID
        assert await ns.get(str(link.path_)) == link
    assert len(links) == len(await ns.query("SELECT DeviceID FROM Win32_DiskPartition"))


async def test_from_a_disk_to_its_partitions_and_back(host: Make) -> None:
    made = host("server")
    engine = Engine(
        "HOST1", [kind(made) for kind in (DiskDriveProvider, DiskPartitionProvider, DiskToPartitionProvider)]
    )
    ns = Namespace(engine.session(r"root\cimv2"))
    found = await ns.query("ASSOCIATORS OF {Win32_DiskDrive.DeviceID='/dev/sdb'}")
    assert [each.DeviceID for each in found] == ["/dev/sdb1", "/dev/sdb2", "/dev/sdb3"]
    back = await ns.query("ASSOCIATORS OF {Win32_DiskPartition.DeviceID='/dev/sdb2'}")
    assert [each.DeviceID for each in back] == ["/dev/sdb"]


def test_nothing_is_read_that_nobody_wants(disks: Rows, host: Make, monkeypatch: pytest.MonkeyPatch) -> None:
    made, read = host("server"), Host.read
    asked: list[str] = []

    def watched(self: Host, path: str) -> str | None:
        asked.append(path)
        return read(self, path)

    monkeypatch.setattr(Host, "read", watched)
    disks(made, "Index")
    assert not [path for path in asked if path.endswith(("/size", "/model")) or "udev" in path]


def test_names_as_udev_writes_them() -> None:
    assert decoded(r"Ultra\x20USB\x2fä") == "Ultra USB/ä"
    assert decoded("plain") == "plain"


def test_a_device_in_a_folder_of_dev() -> None:
    block = Block(Host("/no/such/root", kernel=Kernel("n", "6.1")), "cciss!c0d0")
    assert (block.node, block.size, block.udev, block.real) == ("/dev/cciss/c0d0", 0, {}, "")
    assert {block, Block(block.host, "cciss!c0d0")} == {block}
    assert list(Disks(block.host).partitions_under(block)) == []
