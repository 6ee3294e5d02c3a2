"""Win32_OperatingSystem: its values against the kernel, os-release and psutil; and on hosts that are made up."""

import os
import platform
import resource
import sys
import time
from collections.abc import Callable
from datetime import datetime
from pathlib import Path
from typing import Any

import psutil
import pytest

from openwmi.base.case import fold
from openwmi.engine.provider import Request
from openwmi.model import CimDateTime
from openwmi.operation import CallContext
from openwmi.providers import host, operatingsystem
from openwmi.providers.operatingsystem import OperatingSystemProvider
from openwmi.providers.schema.operatingsystem import WIN32_OPERATING_SYSTEM

linux = pytest.mark.skipif(sys.platform != "linux", reason="what is expected is Linux's")


def values(*names: str) -> dict[str, Any]:
    properties = frozenset(map(fold, names)) if names else None
    (row,) = OperatingSystemProvider().instances(Request(CallContext(), WIN32_OPERATING_SYSTEM, properties))
    return dict(row)


def test_there_is_one_and_it_is_found_without_a_key() -> None:
    request = Request(CallContext(), WIN32_OPERATING_SYSTEM, frozenset({"caption"}))
    assert [*OperatingSystemProvider().instances(request)] == [OperatingSystemProvider().get(request, {})]


def test_each_value_is_of_its_type() -> None:
    instance = WIN32_OPERATING_SYSTEM.instance(values())
    assert instance["Status"] == "OK"
    assert instance["ForegroundApplicationBoost"] is None  # and not the default of the class


def test_names() -> None:
    row = values()
    assert row["Caption"] == row["Name"] == host.os_name()
    assert row["CSName"] == platform.node()
    assert (row["CreationClassName"], row["CSCreationClassName"]) == ("Win32_OperatingSystem", "Win32_ComputerSystem")


@linux
def test_the_caption_is_that_of_os_release() -> None:
    text = Path("/etc/os-release").read_text(encoding="utf-8")
    (line,) = [line for line in text.splitlines() if line.startswith("PRETTY_NAME=")]
    assert values("Caption") == {"Caption": line.partition("=")[2].strip("\"'")}


@linux
def test_version_and_build_are_the_kernels() -> None:
    row = values("Version", "BuildNumber", "OSType")
    release = os.uname().release
    assert row["BuildNumber"] == release
    assert release.startswith(row["Version"])
    assert all(part.isdigit() for part in row["Version"].split("."))
    assert row["OSType"] == 36


@pytest.mark.parametrize(
    ("release", "version"),
    [
        ("6.1.0-18-amd64", "6.1.0"),
        ("5.15.153.1-microsoft-standard-WSL2", "5.15.153.1"),
        ("6.9-rc1", "6.9"),
        ("x", None),
    ],
)
@linux
def test_the_form_of_a_version(release: str, version: str | None, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(platform, "release", lambda: release)
    assert values("Version", "BuildNumber") == {"Version": version, "BuildNumber": release}


@pytest.mark.parametrize(
    ("machine", "bits"),
    [
        ("x86_64", "64-bit"),
        ("AMD64", "64-bit"),
        ("aarch64", "64-bit"),
        ("arm64", "64-bit"),
        ("ppc64le", "64-bit"),
        ("s390x", "64-bit"),
        ("riscv64", "64-bit"),
        ("i686", "32-bit"),
        ("armv7l", "32-bit"),
        ("armv8l", "32-bit"),
        ("arm", "32-bit"),
        ("mips", "32-bit"),
        ("", None),
        ("pdp11", None),
    ],
)
def test_architectures(machine: str, bits: str | None, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(platform, "machine", lambda: machine)
    assert values("OSArchitecture") == {"OSArchitecture": bits}


def test_dates() -> None:
    before = time.time()
    row = values("LocalDateTime", "LastBootUpTime", "CurrentTimeZone")
    now, booted = row["LocalDateTime"].to_datetime(), row["LastBootUpTime"].to_datetime()
    assert before - 1e-3 <= now.timestamp() <= time.time()
    assert abs(booted.timestamp() - psutil.boot_time()) < 1
    assert now.utcoffset().total_seconds() == row["CurrentTimeZone"] * 60 == time.localtime().tm_gmtoff


@pytest.mark.parametrize(("zone", "minutes"), [("UTC0", 0), ("ABC-5:45", 345), ("ABC+9:30", -570)])
def test_time_zones(zone: str, minutes: int, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("TZ", zone)
    time.tzset()
    try:
        row = values("CurrentTimeZone", "LocalDateTime")
    finally:
        monkeypatch.undo()
        time.tzset()
    assert row["CurrentTimeZone"] == minutes
    assert str(row["LocalDateTime"]).endswith(f"{minutes:+04d}")


def test_memory(monkeypatch: pytest.MonkeyPatch) -> None:
    """Frozen, since the real one changes while it is looked at."""
    memory, swap = psutil.virtual_memory(), psutil.swap_memory()._replace(total=3 << 20, free=1 << 20)
    monkeypatch.setattr(psutil, "virtual_memory", lambda: memory)
    monkeypatch.setattr(psutil, "swap_memory", lambda: swap)
    row = values()
    assert row["TotalVisibleMemorySize"] == memory.total // 1024
    assert row["FreePhysicalMemory"] == memory.available // 1024
    assert row["TotalVirtualMemorySize"] == (memory.total + (3 << 20)) // 1024
    assert row["FreeVirtualMemory"] == (memory.available + (1 << 20)) // 1024
    assert (row["SizeStoredInPagingFiles"], row["FreeSpaceInPagingFiles"]) == (3 << 10, 1 << 10)


@linux
def test_memory_is_the_kernels() -> None:
    line = Path("/proc/meminfo").read_text(encoding="ascii").splitlines()[0]
    assert f"{values('TotalVisibleMemorySize')['TotalVisibleMemorySize']} kB" in line


def test_a_limit_of_memory(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(resource, "getrlimit", lambda _: (1 << 20, 4 << 20))
    assert values("MaxProcessMemorySize") == {"MaxProcessMemorySize": 4096}
    monkeypatch.setattr(resource, "getrlimit", lambda _: (1 << 20, resource.RLIM_INFINITY))
    assert values("MaxProcessMemorySize") == {"MaxProcessMemorySize": 0}


def test_processes(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(psutil, "pids", lambda: [1, 2, 3])
    assert values("NumberOfProcesses") == {"NumberOfProcesses": 3}


@linux
def test_the_greatest_number_of_processes() -> None:
    limits = [int(Path("/proc/sys/kernel", name).read_text()) for name in ("pid_max", "threads-max")]
    assert values("MaxNumberOfProcesses") == {"MaxNumberOfProcesses": min(limits)}


def test_a_greatest_number_that_is_not_known(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(operatingsystem, "_kernel_number", lambda _: None)
    assert values("MaxNumberOfProcesses") == {"MaxNumberOfProcesses": 0xFFFFFFFF}


@linux
def test_users(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(operatingsystem, "SYSTEMD", tmp_path)
    monkeypatch.setattr(operatingsystem, "UTMP", tmp_path / "utmp")
    monkeypatch.setattr(psutil, "users", lambda: ["one", "two"])
    assert values("NumberOfUsers") == {"NumberOfUsers": None}  # nobody keeps a list
    (tmp_path / "utmp").touch()
    assert values("NumberOfUsers") == {"NumberOfUsers": 2}
    (tmp_path / "sessions").mkdir()
    assert values("NumberOfUsers") == {"NumberOfUsers": 2}  # a package made the folder; nothing runs that fills it
    (tmp_path / "system").mkdir()
    for name, kind in {
        "1": "user",
        "2": "greeter",
        "c3": "user-light",
        "4": "manager",
        "5": "user",
        "1.ref": "user",
    }.items():
        (tmp_path / "sessions" / name).write_text(f"UID=0\nCLASS={kind}\n", encoding="ascii")
    assert values("NumberOfUsers") == {"NumberOfUsers": 3}


def test_the_partition_of_the_root_folder(monkeypatch: pytest.MonkeyPatch) -> None:
    def mounted(*devices: str) -> None:
        parts = [part._replace(device=device, mountpoint="/") for part, device in zip(blank, devices, strict=False)]
        monkeypatch.setattr(psutil, "disk_partitions", lambda: [*blank[:1], *parts])

    blank = [type(psutil.disk_partitions(all=True)[0])("/dev/sdb1", "/boot", "ext4", "rw")] * 2
    mounted("/dev/vda2")
    assert values("SystemDevice") == {"SystemDevice": "/dev/vda2"}
    mounted("overlay")
    assert values("SystemDevice") == {"SystemDevice": None}
    mounted()
    assert values("SystemDevice") == {"SystemDevice": None}


def test_languages(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(host, "language_id", lambda: 0x0407)
    assert values("Locale", "OSLanguage") == {"Locale": "0407", "OSLanguage": 1031}
    monkeypatch.setattr(host, "language_id", lambda: None)
    assert values("Locale", "OSLanguage") == {"Locale": None, "OSLanguage": None}


def test_the_date_of_installation(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(host, "birth_time", lambda _: 1_700_000_000.25)
    installed = values("InstallDate")["InstallDate"]
    assert isinstance(installed, CimDateTime)
    assert installed.to_datetime() == datetime.fromisoformat("2023-11-14T22:13:20.250000+00:00")
    monkeypatch.setattr(host, "birth_time", lambda _: None)
    assert values("InstallDate") == {"InstallDate": None}


def test_what_belongs_to_windows_alone_is_null() -> None:
    row = values()
    absent = {
        *("SystemDrive", "SystemDirectory", "WindowsDirectory", "BootDevice", "CountryCode", "SerialNumber"),
        *("RegisteredUser", "Organization", "OperatingSystemSKU", "ProductType", "TotalSwapSpaceSize"),
    }
    assert {name for name in absent if row.get(name) is not None} == set()


@pytest.mark.parametrize(
    ("wanted", "source"),
    [("Status", None), ("Caption", None), ("FreePhysicalMemory", "virtual_memory"), ("NumberOfProcesses", "pids")],
)
def test_only_what_is_read_is_asked_for(wanted: str, source: str | None, monkeypatch: pytest.MonkeyPatch) -> None:
    asked: list[str] = []

    def counted(name: str, real: Callable[[], Any]) -> Callable[[], Any]:
        def call() -> Any:
            asked.append(name)
            return real()

        return call

    for name in ("virtual_memory", "swap_memory", "pids", "users", "boot_time", "disk_partitions"):
        monkeypatch.setattr(psutil, name, counted(name, getattr(psutil, name)))
    assert list(values(wanted)) == [wanted]
    assert asked == ([] if source is None else [source])
