"""Counters of logical disks: raw values of their devices, what two looks make of them, and all disks together."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any

import pytest

from openwmi.engine.provider import Request
from openwmi.engine.registration import shipped_class
from openwmi.providers.host import Host
from openwmi.providers.reading import HostProvider
from openwmi.providers.storage.counters import DriveProvider, RawDriveProvider

Make = Callable[..., Host]
Asking = Callable[..., Request]
Rows = Callable[..., dict[str, Mapping[str, Any]]]

VDA1 = "/sys/devices/pci0000:00/0000:00:03.0/virtio0/block/vda/vda1/stat"
VDA15 = "/sys/devices/pci0000:00/0000:00:03.0/virtio0/block/vda/vda15/stat"


@pytest.fixture
def rows(asking: Asking) -> Rows:
    def read(provider: HostProvider[Any], *names: str, **equalities: object) -> dict[str, Mapping[str, Any]]:
        class_ = shipped_class(str(provider.cim_class))
        found = list(provider.instances(asking(class_, *names, **equalities)))
        for row in found:
            class_.instance(row)
        return {str(row["Name"]): row for row in found}

    return read


def stat(reads: int, read: int, reading: int, writes: int, written: int, writing: int, busy: int) -> str:
    """With times in milliseconds."""
    return f"{reads} 0 {read} {reading} {writes} 0 {written} {writing} 1 {busy} {reading + writing} 0 0 0 0 0 0\n"


def write(host: Host, path: str, text: str) -> None:
    Path(host.root + path).write_text(text, encoding="ascii")


@pytest.mark.parametrize(
    ("name", "disks"),
    [
        ("laptop", ["/", "/boot", "/boot/efi", "_Total"]),
        ("cloud", ["/", "/boot/efi", "_Total"]),
        ("container", ["/", "_Total"]),
        ("server", ["/", "/boot", "/var/lib/pgsql", "/boot/efi", "_Total"]),
    ],
)
def test_disks_of_this_machine_alone(name: str, disks: list[str], host: Make, rows: Rows) -> None:
    assert list(rows(RawDriveProvider(host(name)))) == disks
    assert list(rows(DriveProvider(host(name)))) == disks


def test_raw_values_of_a_laptop(host: Make, rows: Rows) -> None:
    root = rows(RawDriveProvider(host("laptop")))["/"]
    both = (45678 + 34567) * 10_000
    expected = {
        "AvgDiskBytesPerRead": 9876543 * 512,
        "AvgDiskBytesPerRead_Base": 120345,
        "AvgDiskBytesPerTransfer": (9876543 + 8765432) * 512,
        "AvgDiskBytesPerTransfer_Base": 120345 + 98765,
        "AvgDiskBytesPerWrite": 8765432 * 512,
        "AvgDiskQueueLength": both,
        "AvgDiskReadQueueLength": 456_780_000,
        "AvgDiskWriteQueueLength": 345_670_000,
        "AvgDisksecPerRead": 456_780_000,
        "AvgDisksecPerTransfer": both,
        "CurrentDiskQueueLength": 0,
        "DiskBytesPersec": (9876543 + 8765432) * 512,
        "DiskReadsPersec": 120345,
        "DiskWritesPersec": 98765,
        "DiskTransfersPersec": 120345 + 98765,
        "FreeMegabytes": 276123456512 >> 20,
        "PercentFreeSpace": 276123456512 >> 20,
        "PercentFreeSpace_Base": 492995784704 >> 20,
        "PercentDiskReadTime": 456_780_000,
        "PercentDiskTime": both,
        "PercentDiskTime_Base": 2_604_345_600_000,
        "PercentIdleTime": 2_604_345_600_000 - 567_890_000,
        "SplitIOPerSec": None,
    }
    assert {name: root[name] for name in expected} == expected


def test_all_disks_of_a_laptop(host: Make, rows: Rows) -> None:
    total = rows(RawDriveProvider(host("laptop")))["_Total"]
    assert total["DiskReadsPersec"] == 3 * 120345
    assert total["FreeMegabytes"] == (276123456512 + 650117120 + 529530880) >> 20
    assert total["PercentDiskReadTime"] == 456_780_000  # the mean
    assert total["AvgDiskReadQueueLength"] == 3 * 456_780_000


def test_without_a_device_there_is_only_room(host: Make, rows: Rows) -> None:
    for row in rows(RawDriveProvider(host("container"))).values():
        assert row["FreeMegabytes"] > 0
        assert row["DiskBytesPersec"] is row["PercentIdleTime"] is row["AvgDisksecPerRead"] is None


def test_two_looks(host: Make, rows: Rows) -> None:
    made = host("cloud")
    write(made, VDA1, stat(100, 1000, 500, (1 << 32) - 50, 0, 100, 1000))
    write(made, VDA15, stat(0, 0, 0, 0, 0, 0, 0))
    write(made, "/proc/uptime", "1000.00 0\n")
    provider = DriveProvider(made)
    first = rows(provider)["/"]
    assert first["PercentFreeSpace"] is not None
    assert first["DiskReadsPersec"] is first["AvgDiskBytesPerRead"] is None
    write(made, VDA1, stat(300, 1000 + 3200, 500 + 6000, 150, 800, 100 + 30000, 1000 + 5000))
    write(made, "/proc/uptime", "1010.00 0\n")
    second = rows(provider)
    expected = {
        "DiskReadsPersec": 20,
        "DiskWritesPersec": 20,  # it began again at 2 ** 32
        "DiskTransfersPersec": 40,
        "DiskReadBytesPersec": 320 * 512,
        "DiskBytesPersec": 400 * 512,
        "AvgDiskBytesPerRead": 16 * 512,
        "AvgDiskBytesPerWrite": 4 * 512,
        "AvgDiskBytesPerTransfer": 10 * 512,
        "AvgDiskQueueLength": 4,
        "AvgDiskReadQueueLength": 1,
        "AvgDiskWriteQueueLength": 3,
        "AvgDisksecPerRead": 0,
        "CurrentDiskQueueLength": 1,
        "PercentDiskReadTime": 60,
        "PercentDiskWriteTime": 300,  # requests that overlap
        "PercentIdleTime": 50,
    }
    assert {name: second["/"][name] for name in expected} == expected
    quiet = second["/boot/efi"]
    assert (quiet["AvgDiskBytesPerRead"], quiet["DiskReadsPersec"], quiet["PercentIdleTime"]) == (0, 0, 100)
    assert (second["_Total"]["PercentIdleTime"], second["_Total"]["DiskReadsPersec"]) == (75, 20)


def test_all_disks_have_no_rates_when_one_has_come(host: Make, rows: Rows) -> None:
    """What the new one counted before is not of the time between."""
    mounts = "== /proc/self/mountinfo\n24 1 253:1 / / rw - ext4 /dev/vda1 rw\n"
    made = host("cloud", mounts, f"== {VDA1}\n{stat(0, 0, 0, 0, 0, 0, 0)}", "== /proc/uptime\n1000.00 0\n")
    provider = DriveProvider(made)
    rows(provider)
    write(
        made, "/proc/self/mountinfo", mounts.partition("\n")[2] + "30 24 253:15 / /boot/efi rw - vfat /dev/vda15 rw\n"
    )
    write(made, VDA1, stat(100, 0, 0, 0, 0, 0, 0))
    write(made, VDA15, stat(5_000_000, 1, 1, 1, 1, 1, 1))
    write(made, "/proc/uptime", "1010.00 0\n")
    found = rows(provider)
    assert [found[name]["DiskReadsPersec"] for name in ("/", "/boot/efi", "_Total")] == [10, None, None]


def test_seconds_of_each_transfer(host: Make, rows: Rows) -> None:
    made = host("cloud")
    write(made, VDA1, stat(0, 0, 0, 0, 0, 0, 0))
    write(made, "/proc/uptime", "1000.00 0\n")
    provider = DriveProvider(made)
    rows(provider)
    write(made, VDA1, stat(2, 8, 5000, 0, 0, 0, 5000))
    write(made, "/proc/uptime", "1010.00 0\n")
    row = rows(provider)["/"]
    assert (row["AvgDisksecPerRead"], row["AvgDisksecPerWrite"], row["AvgDisksecPerTransfer"]) == (2, 0, 2)


def test_a_device_that_two_share_counts_once(host: Make, rows: Rows) -> None:
    made = host(
        "cloud",
        "== /proc/self/mountinfo\n"
        "1 0 0:30 /@ / rw - btrfs /dev/vda1 rw,subvol=/@\n"
        "2 1 0:30 /@home /home rw - btrfs /dev/vda1 rw,subvol=/@home\n",
        '== @space\n{"/": [1, 8388608, 4, 3145728, 2, 9], "/home": [1, 8388608, 4, 3145728, 2, 9]}\n',
        f"== {VDA1}\n{stat(7, 1, 1, 1, 1, 1, 1)}",
    )
    found = rows(RawDriveProvider(made))
    assert {name: (row["DiskReadsPersec"], row["FreeMegabytes"]) for name, row in found.items()} == {
        "/": (7, 3),
        "/home": (7, 3),
        "_Total": (7, 3),
    }


def test_room_is_asked_for_only_if_it_is_wanted(host: Make, rows: Rows) -> None:
    asked: list[str] = []
    whole = host("cloud")

    def space(path: str) -> Any:
        asked.append(path)
        raise OSError(5, "it does not say")

    made = Host(whole.root, kernel=whole.kernel, space=space)
    rows(RawDriveProvider(made), "DiskReadsPersec")
    rows(DriveProvider(made), "PercentIdleTime")
    assert asked == []
    found = rows(DriveProvider(made), "PercentFreeSpace")
    assert {row["PercentFreeSpace"] for row in found.values()} == {None}
    assert set(asked) == {"/", "/boot/efi"}


def test_one_of_all_by_its_name(host: Make, asking: Asking) -> None:
    provider = RawDriveProvider(host("cloud"))
    request = asking("Win32_PerfRawData_PerfDisk_LogicalDisk", "CurrentDiskQueueLength")
    assert provider.get(request, {"Name": "_total"}) == {"Name": "_Total", "CurrentDiskQueueLength": 0}
    assert provider.get(request, {"Name": "/srv/data"}) is None
