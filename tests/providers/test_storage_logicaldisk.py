"""Logical disks, volumes, and the places where they are seen; what is on which partition; one that hangs."""

from __future__ import annotations

import logging
import threading
from collections.abc import Callable, Iterator, Mapping
from typing import Any

import pytest

from openwmi.engine import Engine
from openwmi.engine.provider import Request
from openwmi.engine.registration import shipped_class
from openwmi.providers.host import Host, Kernel, Space
from openwmi.providers.storage.datafile import DirectoryProvider
from openwmi.providers.storage.disk import DiskDriveProvider
from openwmi.providers.storage.logicaldisk import DiskToPartitionProvider, LogicalDiskProvider
from openwmi.providers.storage.pagefile import PageFileUsageProvider
from openwmi.providers.storage.partition import DiskPartitionProvider
from openwmi.providers.storage.partition import DiskToPartitionProvider as DriveLinks
from openwmi.providers.storage.volume import MountPointProvider, VolumeProvider
from openwmi.session import Namespace

Make = Callable[..., Host]
Asking = Callable[..., Request]
Rows = Callable[..., dict[str, Mapping[str, Any]]]

HOSTS = ("laptop", "cloud", "container", "server")
ALL = (
    DiskDriveProvider,
    DiskPartitionProvider,
    DriveLinks,
    LogicalDiskProvider,
    DiskToPartitionProvider,
    VolumeProvider,
    MountPointProvider,
    DirectoryProvider,
)


@pytest.fixture
def rows(asking: Asking) -> Rows:
    """`rows(provider, host, …)`: by the first key, each checked by its class."""

    def read(provider: Any, host: Host, *names: str, **equalities: object) -> dict[str, Mapping[str, Any]]:
        class_ = shipped_class(provider.cim_class)
        found = list(provider(host).instances(asking(class_, *names, **equalities)))
        for row in found:
            class_.instance(row)
        return {row[class_.keys[0]]: row for row in found}

    return read


@pytest.fixture
def namespace() -> Callable[[Host], Namespace]:
    return lambda host: Namespace(Engine("HOST1", [kind(host) for kind in ALL]).session(r"root\cimv2"))


@pytest.fixture
def hanging(host: Make) -> Iterator[tuple[Host, list[str]]]:
    """The host `cloud` with its NFS mount hung, and what was asked for its room."""
    ended, asked, whole = threading.Event(), list[str](), host("cloud")

    def space(path: str) -> Space:
        asked.append(path)
        if path == "/srv/data":
            ended.wait(60)
        return Space(4096, 1 << 30, 1 << 29, 1 << 28, 7, 255)

    yield Host(whole.root, kernel=whole.kernel, space=space, seconds=0.1), asked
    ended.set()


def test_a_laptop(rows: Rows, host: Make) -> None:
    found = rows(LogicalDiskProvider, host("laptop"))
    assert list(found) == ["/", "/run", "/boot", "/boot/efi"]
    root = found["/"]
    expected = {
        "Caption": "/",
        "Name": "/",
        "Description": "Local Fixed Disk",
        "DriveType": 3,
        "MediaType": 12,
        "FileSystem": "ext4",
        "Size": 492995784704,
        "FreeSpace": 276123456512,
        "BlockSize": 4096,
        "NumberOfBlocks": 492995784704 // 4096,
        "MaximumComponentLength": 255,
        "VolumeName": None,
        "VolumeSerialNumber": "e0a1b2c3-1234-4bcd-9ef0-aabbccddeeff",
        "ProviderName": None,
        "Access": 3,
        "Compressed": False,
        "SupportsFileBasedCompression": False,
        "SupportsDiskQuotas": True,
        "QuotasDisabled": True,
        "SystemName": "thinbook",
    }
    assert {name: root[name] for name in expected} == expected
    assert (found["/run"]["DriveType"], found["/run"]["MediaType"], found["/run"]["SupportsDiskQuotas"]) == (6, 0, None)
    assert (found["/boot/efi"]["VolumeSerialNumber"], found["/boot/efi"]["SupportsDiskQuotas"]) == ("7C1E-52A0", False)


def test_a_network_drive(rows: Rows, host: Make) -> None:
    found = rows(LogicalDiskProvider, host("cloud"))
    drive = found["/srv/data"]
    assert (drive["DriveType"], drive["Description"], drive["FileSystem"]) == (4, "Network Connection", "nfs4")
    assert (drive["ProviderName"], drive["Size"], drive["Compressed"]) == ("192.0.2.250:/export/data", 1 << 41, None)
    assert found["/"]["VolumeName"] == "cloudimg-rootfs"


def test_a_container(rows: Rows, host: Make) -> None:
    found = rows(LogicalDiskProvider, host("container"))
    assert {name: (row["FileSystem"], row["DriveType"], row["MediaType"]) for name, row in found.items()} == {
        "/": ("overlay", 3, 0),
        "/dev": ("tmpfs", 6, 0),
    }
    assert found["/"]["VolumeSerialNumber"] is None


def test_nothing_is_known_of_no_host(rows: Rows) -> None:
    nowhere = Host("/no/such/root", kernel=Kernel("n", "6.1"))
    for provider in ALL[:-1]:
        assert rows(provider, nowhere) == {}


def mountinfo(*lines: str) -> str:
    return "== /proc/self/mountinfo\n" + "\n".join(lines) + "\n"


def test_odd_names(rows: Rows, host: Make) -> None:
    made = host(
        "cloud",
        mountinfo(
            r"1 0 253:1 / / rw - ext4 /dev/vda1 rw", r"2 1 0:40 / /mnt/My\040Files\011ü rw - cifs //nas/a\040b ro"
        ),
        '== @space\n{"/mnt/My Files\\tü": [1, 5, 4, 3, 2, 9]}\n',
    )
    row = rows(LogicalDiskProvider, made)["/mnt/My Files\tü"]
    assert (row["Size"], row["FreeSpace"], row["ProviderName"], row["Access"]) == (5, 3, "//nas/a b", 1)
    assert rows(LogicalDiskProvider, made)["/"]["Size"] is None  # statvfs failed


def test_a_name_that_is_no_text_is_asked_as_it_is(rows: Rows, host: Make) -> None:
    line = rb"1 0 0:9 / /mnt/\377 rw - tmpfs t rw".hex(" ")
    made = host("cloud", f"== /proc/self/mountinfo hex\n{line}\n", '== @space\n{"/mnt/\\udcff": [1, 2, 3, 4, 5, 6]}\n')
    assert rows(LogicalDiskProvider, made)["/mnt/\ufffd"]["Size"] == 2


@pytest.mark.parametrize(
    ("line", "kind", "removable"),
    [
        ("1 0 11:0 / /media/cd ro - iso9660 /dev/sr0 ro", 5, "1"),
        ("1 0 253:1 / /media/stick rw - vfat /dev/vda1 rw", 2, "1"),
        ("1 0 253:1 / /data rw - xfs /dev/vda1 rw,usrquota", 3, "0"),
        ("1 0 0:9 / /b rw - btrfs /dev/vda1 rw", 3, "0"),
        ("1 0 0:9 / /s rw - fuse.sshfs a:/ rw", 4, "0"),
        ("1 0 0:9 / /f rw - fuse.encfs encfs rw", 0, "0"),
        ("1 0 0:9 / /w rw - 9p C: rw", 4, "0"),
    ],
)
def test_kinds_of_drives(line: str, kind: int, removable: str, rows: Rows, host: Make) -> None:
    disk = "/sys/devices/pci0000:00/0000:00:03.0/virtio0/block/vda"
    made = host(
        "cloud",
        mountinfo(line),
        f"== {disk}/removable\n{removable}\n== /sys/dev/block/11:0 -> ../../devices/x/block/sr0\n",
    )
    (row,) = rows(LogicalDiskProvider, made).values()
    assert row["DriveType"] == kind
    assert row["QuotasDisabled"] is (False if "usrquota" in line else True if "vfat" in line or "iso" in line else None)


def test_one_that_hangs_hangs_its_own_room_alone(
    hanging: tuple[Host, list[str]], rows: Rows, caplog: pytest.LogCaptureFixture
) -> None:
    host, asked = hanging
    with caplog.at_level(logging.WARNING, "openwmi.providers"):
        found = rows(LogicalDiskProvider, host, "Size", "FileSystem")
    assert {name: row["Size"] for name, row in found.items()} == {
        "/": 1 << 30,
        "/boot/efi": 1 << 30,
        "/srv/data": None,
        "/run": 1 << 30,
    }
    assert found["/srv/data"]["FileSystem"] == "nfs4"
    assert caplog.messages == ["Win32_LogicalDisk.Size: statvfs of /srv/data did not answer within 0.1 s: NULL"]
    assert sorted(asked) == ["/", "/boot/efi", "/run", "/srv/data"]


def test_who_wants_local_disks_does_not_ask_the_network(
    hanging: tuple[Host, list[str]], rows: Rows, asking: Asking
) -> None:
    host, asked = hanging
    assert list(rows(LogicalDiskProvider, host, "Size", DriveType=3)) == ["/", "/boot/efi"]
    assert LogicalDiskProvider(host).get(asking("Win32_LogicalDisk", "Size"), {"DeviceID": "/run"}) == {
        "DeviceID": "/run",
        "Size": 1 << 30,
    }
    assert list(rows(LogicalDiskProvider, host, "FileSystem")) == ["/", "/boot/efi", "/srv/data", "/run"]
    assert sorted(asked) == ["/", "/boot/efi", "/run"]


async def test_a_folder_that_hangs_is_a_folder_all_the_same(
    hanging: tuple[Host, list[str]], namespace: Callable[[Host], Namespace]
) -> None:
    ns = namespace(hanging[0])
    (volume,) = await ns.query("ASSOCIATORS OF {Win32_Directory.Name='/srv/data'}")
    assert (volume.DeviceID, volume.Capacity, volume.DriveType) == ("/srv/data", None, 4)


def test_names_that_differ_in_case_alone(host: Make, asking: Asking) -> None:
    made = host("cloud", mountinfo("1 0 0:8 / /Data rw - tmpfs t rw", "2 1 0:9 / /data rw - tmpfs t rw"))
    provider, request = LogicalDiskProvider(made), asking("Win32_LogicalDisk", "Name")
    found = [provider.get(request, {"DeviceID": name}) for name in ("/Data", "/data", "/DATA", "/dat")]
    assert [row and row["Name"] for row in found] == ["/Data", "/data", "/Data", None]


# ------------------------------------------------------------------------------------------------------------- volumes


def test_volumes_of_a_laptop(rows: Rows, host: Make) -> None:
    found = rows(VolumeProvider, host("laptop"))
    by_name = {row["Name"]: row for row in found.values()}
    root, efi = by_name["/"], by_name["/boot/efi"]
    assert [by_name[name]["DeviceID"] for name in ("/", "/run", "/boot/efi")] == [
        "/dev/mapper/vg-root",
        "/run",
        "/dev/disk/by-uuid/7C1E-52A0",
    ]
    assert (root["BootVolume"], root["SystemVolume"], efi["BootVolume"], efi["SystemVolume"]) == (
        True,
        False,
        False,
        True,
    )
    assert (root["SerialNumber"], efi["SerialNumber"], root["DriveLetter"]) == (None, 0x7C1E52A0, None)
    assert (root["Capacity"], root["FreeSpace"], root["PageFilePresent"]) == (492995784704, 276123456512, False)
    assert (root["QuotasEnabled"], root["MaximumFileNameLength"], root["Compressed"]) == (False, 255, False)


def test_a_volume_that_is_not_mounted(rows: Rows, host: Make) -> None:
    row = rows(VolumeProvider, host("server"))["/dev/disk/by-uuid/AB11-0001"]
    assert (row["Name"], row["FileSystem"], row["DriveType"]) == ("/dev/disk/by-uuid/AB11-0001", "vfat", 3)
    assert (row["Capacity"], row["Access"], row["QuotasEnabled"]) == (None, None, None)
    assert row["SystemVolume"] is row["BootVolume"] is False


def test_a_file_to_swap_to(rows: Rows, host: Make) -> None:
    swaps = "== /proc/swaps\nFilename Type Size Used Priority\n/srv\\040x/swap file 2097148 5120 -2\n"
    made = host("cloud", swaps)
    (usage,) = rows(PageFileUsageProvider, made).values()
    assert {name: usage[name] for name in ("Name", "AllocatedBaseSize", "CurrentUsage", "PeakUsage")} == {
        "Name": "/srv x/swap",
        "AllocatedBaseSize": 2047,
        "CurrentUsage": 5,
        "PeakUsage": None,
    }
    present = {row["Name"]: row["PageFilePresent"] for row in rows(VolumeProvider, made).values()}
    assert present == {"/": True, "/boot/efi": False, "/srv/data": False, "/run": False}


@pytest.mark.parametrize(
    ("name", "megabytes"), [("laptop", [8191]), ("server", [32767]), ("cloud", []), ("container", [])]
)
def test_swap_areas(name: str, megabytes: list[int], rows: Rows, host: Make) -> None:
    found = rows(PageFileUsageProvider, host(name))
    assert [row["AllocatedBaseSize"] for row in found.values()] == megabytes
    assert {row["InstallDate"] for row in found.values()} <= {None}


def test_a_swap_area_is_found_by_its_name(host: Make, asking: Asking) -> None:
    provider = PageFileUsageProvider(host("laptop"))
    assert provider.get(asking("Win32_PageFileUsage", "Name"), {"Name": "/dev/DM-2"}) == {"Name": "/dev/dm-2"}


@pytest.mark.parametrize(
    ("kind", "uuid", "number"),
    [
        ("ntfs", "01D5A6B7C8D9E0F1", 0xC8D9E0F1),
        ("vfat", "A1B2-C3D4", 0xA1B2C3D4),
        ("vfat", "odd", None),
        ("ext4", "A1B2-C3D4", None),
    ],
)
def test_serial_numbers(kind: str, uuid: str, number: int | None, rows: Rows, host: Make) -> None:
    made = host(
        "cloud",
        mountinfo(f"1 0 253:1 / / rw - {kind} /dev/vda1 rw"),
        f"== /run/udev/data/b253:1\nE:ID_FS_UUID={uuid}\nE:ID_FS_LABEL=a_b\nE:ID_FS_LABEL_ENC=a\\x20b\n",
        "== /run/udev/data/b253:15\n",
    )
    (row,) = rows(VolumeProvider, made).values()
    assert (row["SerialNumber"], row["Label"], row["DeviceID"]) == (number, "a b", "/dev/vda1")


def test_without_udev_the_links_in_dev_say_it(rows: Rows, host: Make) -> None:
    made = host("cloud", "== /run/udev/data/b253:1\n", "== /dev/disk/by-label/a\\x20b -> ../../vda1\n")
    row = rows(LogicalDiskProvider, made)["/"]
    assert (row["VolumeName"], row["VolumeSerialNumber"]) == ("a b", "11111111-2222-4333-8444-555555555555")


BTRFS = mountinfo(
    "1 0 0:30 /@ / rw - btrfs /dev/vda15 rw,subvol=/@",
    "2 1 0:30 /@home /home rw - btrfs /dev/vda15 rw,subvol=/@home",
    "3 1 0:26 / /run rw - tmpfs tmpfs rw",
)
MEMBERS = (
    "== /sys/fs/btrfs/features dir\n== /sys/fs/btrfs/u-u/devices/vda1 dir\n== /sys/fs/btrfs/u-u/devices/vda15 dir\n"
)


async def test_a_btrfs_over_two_partitions(host: Make, namespace: Callable[[Host], Namespace]) -> None:
    ns = namespace(host("cloud", BTRFS, MEMBERS, "== /home/x\n"))
    parts = await ns.query("ASSOCIATORS OF {Win32_LogicalDisk.DeviceID='/home'}")
    assert [part.DeviceID for part in parts] == ["/dev/vda1", "/dev/vda15"]
    assert {link.StartingAddress for link in await ns.query("SELECT * FROM Win32_LogicalDiskToPartition")} == {None}
    (volume, _) = await ns.query("SELECT * FROM Win32_Volume")
    assert (volume.Name, volume.SupportsFileBasedCompression) == ("/", True)
    folders = await ns.query(f"ASSOCIATORS OF {{{volume.path_}}}")
    assert [each.Name for each in folders] == ["/", "/home"]


# --------------------------------------------------------------------------------------------------------- associations


@pytest.mark.parametrize("name", HOSTS)
@pytest.mark.parametrize("link_class", ["Win32_LogicalDiskToPartition", "Win32_MountPoint"])
async def test_every_path_leads_somewhere(
    link_class: str, name: str, host: Make, namespace: Callable[[Host], Namespace]
) -> None:
    ns = namespace(host(name))
    ends = shipped_class(link_class).keys
    for link in await ns.query(f"SELECT * FROM {link_class}"):
        assert await ns.get(str(link.path_)) == link
        for role in ends:
            there = await ns.get(link[role])
            assert str(there.path_) == link[role]
            assert str(link.path_) in [str(each.path_) for each in await ns.query(f"REFERENCES OF {{{there.path_}}}")]


async def test_from_a_logical_disk_through_lvm_and_a_raid_to_the_hardware(
    host: Make, namespace: Callable[[Host], Namespace]
) -> None:
    ns = namespace(host("server"))

    async def linked(path: str, result: str) -> list[str]:
        query = f"ASSOCIATORS OF {{{path}}} WHERE ResultClass = {result}"
        return [each.DeviceID for each in await ns.query(query)]

    assert await linked("Win32_LogicalDisk.DeviceID='/'", "Win32_DiskPartition") == ["/dev/sda3", "/dev/sdb3"]
    assert await linked("Win32_DiskPartition.DeviceID='/dev/sdb3'", "Win32_DiskDrive") == ["/dev/sdb"]
    assert await linked("Win32_DiskPartition.DeviceID='/dev/sdb3'", "Win32_LogicalDisk") == ["/"]
    assert len(await linked("Win32_LogicalDisk.DeviceID='/var/lib/pgsql'", "Win32_DiskPartition")) == 10
    assert await linked("Win32_DiskPartition.DeviceID='/dev/sda1'", "Win32_LogicalDisk") == ["/boot/efi"]


async def test_where_on_the_disk(host: Make, namespace: Callable[[Host], Namespace]) -> None:
    links = await namespace(host("laptop")).query("SELECT * FROM Win32_LogicalDiskToPartition")
    by_disk = {link.Dependent.rpartition("=")[2]: (link.StartingAddress, link.EndingAddress) for link in links}
    assert by_disk == {'"/"': (None, None), '"/boot"': (537919488, 1561329663), '"/boot/efi"': (1 << 20, 537919487)}


@pytest.mark.parametrize("wanted", ["no path", "Win32_LogicalDisk", r'Win32_LogicalDisk.DeviceID="/nowhere"'])
def test_an_end_that_is_none(wanted: str, rows: Rows, host: Make) -> None:
    assert rows(DiskToPartitionProvider, host("laptop"), Dependent=wanted) == {}
