"""Win32_OperatingSystem: its values on hosts that are made up, and on this one against the kernel and psutil."""

import os
import sys
import time
from collections import Counter
from collections.abc import Callable
from pathlib import Path
from typing import Any

import psutil
import pytest

from openwmi.engine.provider import Request
from openwmi.engine.registration import shipped_class
from openwmi.model import CimDateTime
from openwmi.providers.host import Host, Kernel
from openwmi.providers.system.operatingsystem import OperatingSystemProvider

Make = Callable[..., Host]
Asking = Callable[..., Request]
Values = Callable[..., dict[str, Any]]

WIN32_OPERATING_SYSTEM = shipped_class("Win32_OperatingSystem")

linux = pytest.mark.skipif(sys.platform != "linux", reason="what is expected is Linux's")


@pytest.fixture
def values(asking: Asking) -> Values:
    """`values(host, *names)`: these properties of the only instance, or all."""

    def read(host: Host, *names: str) -> dict[str, Any]:
        (row,) = OperatingSystemProvider(host).instances(asking(WIN32_OPERATING_SYSTEM, *names))
        return dict(row)

    return read


@pytest.fixture
def kernel() -> Callable[..., Host]:
    """`kernel(machine="i686")`: a host of which nothing is known but what its kernel says."""
    return lambda **named: Host("/no/such/root", kernel=Kernel(**{"node": "n", "release": "6.1", **named}))


def test_there_is_one_and_it_is_found_without_a_key(asking: Asking, host: Make) -> None:
    provider, request = OperatingSystemProvider(host("laptop")), asking(WIN32_OPERATING_SYSTEM, "Caption")
    assert [*provider.instances(request)] == [provider.get(request, {})]


@pytest.mark.parametrize("name", ["laptop", "cloud", "container", "server"])
def test_each_value_is_of_its_type(name: str, values: Values, host: Make) -> None:
    instance = WIN32_OPERATING_SYSTEM.instance(values(host(name)))
    assert instance["Status"] == "OK"
    assert instance["ForegroundApplicationBoost"] is None  # and not the default of the class


def test_a_laptop(values: Values, host: Make) -> None:
    row = values(host("laptop"))
    assert {name: row[name] for name in ("Caption", "Name", "CSName", "Version", "BuildNumber")} == {
        "Caption": "Debian GNU/Linux 12 (bookworm)",
        "Name": "Debian GNU/Linux 12 (bookworm)",
        "CSName": "thinbook",
        "Version": "6.1.0",
        "BuildNumber": "6.1.0-18-amd64",
    }
    assert (row["OSType"], row["OSArchitecture"], row["MaxNumberOfProcesses"]) == (36, "64-bit", 125846)
    assert (row["Locale"], row["OSLanguage"], row["CodeSet"]) == ("0407", 1031, "65001")
    assert (str(row["LocalDateTime"]), row["CurrentTimeZone"]) == ("20231114231320.250000+060", 60)
    assert str(row["LastBootUpTime"]) == "20231111230000.000000+060"
    assert (row["NumberOfProcesses"], row["NumberOfUsers"]) == (9, 1)
    assert (row["TotalVisibleMemorySize"], row["FreePhysicalMemory"]) == (16166888, 9876544)
    assert (row["SizeStoredInPagingFiles"], row["FreeSpaceInPagingFiles"]) == (8388604, 8388604)
    assert (row["TotalVirtualMemorySize"], row["FreeVirtualMemory"]) == (16166888 + 8388604, 9876544 + 8388604)
    assert row["SystemDevice"] == "/dev/mapper/vg-root"


def test_a_container(values: Values, host: Make) -> None:
    row = values(host("container"))
    assert (row["Caption"], row["SystemDevice"], row["NumberOfUsers"]) == ("Alpine Linux v3.19", None, None)
    assert (row["Locale"], row["Manufacturer"], row["CurrentTimeZone"]) == (None, None, 0)


def test_a_server(values: Values, host: Make) -> None:
    row = values(host("server"), "Manufacturer", "NumberOfUsers", "CurrentTimeZone", "OSLanguage")
    assert row == {"Manufacturer": "RESF", "NumberOfUsers": 1, "CurrentTimeZone": -240, "OSLanguage": 1033}


def test_a_host_that_says_nothing(values: Values, kernel: Make) -> None:
    row = values(kernel())
    assert (row["Caption"], row["Version"], row["MaxNumberOfProcesses"]) == ("Linux 6.1", "6.1", 0xFFFFFFFF)
    assert {row[name] for name in ("TotalVisibleMemorySize", "LastBootUpTime", "NumberOfUsers", "InstallDate")} == {
        None
    }


@pytest.mark.parametrize(
    ("release", "version"),
    [
        ("6.1.0-18-amd64", "6.1.0"),
        ("5.15.153.1-microsoft-standard-WSL2", "5.15.153.1"),
        ("6.9-rc1", "6.9"),
        ("x", None),
    ],
)
def test_the_form_of_a_version(release: str, version: str | None, values: Values, kernel: Make) -> None:
    assert values(kernel(release=release), "Version", "BuildNumber") == {"Version": version, "BuildNumber": release}


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
def test_architectures(machine: str, bits: str | None, values: Values, kernel: Make) -> None:
    assert values(kernel(machine=machine), "OSArchitecture") == {"OSArchitecture": bits}


@pytest.mark.parametrize(("limit", "kilobytes"), [(4 << 20, 4096), (None, 0)])
def test_a_limit_of_memory(limit: int | None, kilobytes: int, values: Values, kernel: Make) -> None:
    assert values(kernel(memory_limit=limit), "MaxProcessMemorySize") == {"MaxProcessMemorySize": kilobytes}


@pytest.mark.parametrize(("zone", "minutes"), [("UTC0", 0), ("ABC-5:45", 345), ("ABC+9:30", -570)])
def test_the_zone_of_this_process(zone: str, minutes: int, values: Values, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("TZ", zone)
    time.tzset()
    try:
        row = values(Host(), "CurrentTimeZone", "LocalDateTime")
    finally:
        monkeypatch.undo()
        time.tzset()
    assert row["CurrentTimeZone"] == minutes
    assert str(row["LocalDateTime"]).endswith(f"{minutes:+04d}")


UTMP = "== /run/utmp hex\n" + "".join(f"{kind:02x}00" + "00" * 382 + "\n" for kind in (2, 7, 7, 8))
SESSION = "".join(
    f"== /run/systemd/sessions/{name}\nUID=0\nCLASS={kind}\n"
    for name, kind in {"1": "user", "2": "greeter", "c3": "user-light", "4": "manager", "1.ref": "user"}.items()
)
SYSTEMD = "== /run/systemd/system dir\n"


@pytest.mark.parametrize(
    ("sections", "users"),
    [
        ((), None),  # nobody keeps a list
        ((UTMP,), 2),
        ((UTMP, SESSION), 2),  # a package made the folder; nothing runs that fills it
        ((UTMP, SESSION, SYSTEMD), 2),
        ((SYSTEMD, "== /run/systemd/sessions dir\n"), 0),
    ],
)
def test_users(sections: tuple[str, ...], users: int | None, values: Values, host: Make) -> None:
    assert values(host("container", *sections), "NumberOfUsers") == {"NumberOfUsers": users}


def test_the_partition_of_the_root_folder(values: Values, host: Make) -> None:
    def device(*mounts: str) -> object:
        lines = "".join(f"{mount} / ext4 rw 0 0\n" for mount in mounts)
        return values(host("container", f"== /proc/self/mounts\n{lines}x /boot ext4 rw 0 0\n"), "SystemDevice")

    assert device("/dev/sda1", "/dev/vda2") == {"SystemDevice": "/dev/vda2"}
    assert device("overlay") == {"SystemDevice": None}
    assert device() == {"SystemDevice": None}


def test_the_date_of_installation(values: Values, host: Make, monkeypatch: pytest.MonkeyPatch) -> None:
    made = host("cloud")
    monkeypatch.setattr(made, "birth_time", lambda _: 1_700_000_000.25)
    assert str(values(made, "InstallDate")["InstallDate"]) == "20231114221320.250000+000"
    monkeypatch.setattr(made, "birth_time", lambda _: None)
    assert values(made, "InstallDate") == {"InstallDate": None}


def test_what_belongs_to_windows_alone_is_null(values: Values, host: Make) -> None:
    row = values(host("laptop"))
    absent = {
        *("SystemDrive", "SystemDirectory", "WindowsDirectory", "BootDevice", "CountryCode", "SerialNumber"),
        *("RegisteredUser", "Organization", "OperatingSystemSKU", "ProductType", "TotalSwapSpaceSize"),
    }
    assert {name for name in absent if row.get(name) is not None} == set()


@linux
def test_this_machine(values: Values) -> None:
    before = time.time()
    row = values(Host())
    text = Path("/etc/os-release").read_text(encoding="utf-8")
    (line,) = [line for line in text.splitlines() if line.startswith("PRETTY_NAME=")]
    assert row["Caption"] == row["Name"] == line.partition("=")[2].strip("\"'")
    assert (row["CSName"], row["BuildNumber"]) == (os.uname().nodename, os.uname().release)
    assert f"{row['TotalVisibleMemorySize']} kB" in Path("/proc/meminfo").read_text(encoding="ascii").splitlines()[0]
    now, booted = row["LocalDateTime"], row["LastBootUpTime"]
    assert isinstance(now, CimDateTime)
    assert before - 1e-3 <= now.to_datetime().timestamp() <= time.time()
    assert abs(booted.to_datetime().timestamp() - psutil.boot_time()) < 1
    assert row["CurrentTimeZone"] * 60 == time.localtime().tm_gmtoff


@pytest.mark.parametrize(
    ("wanted", "source"),
    [("Status", None), ("Caption", "/etc/os-release"), ("FreePhysicalMemory", "/proc/meminfo"), ("CSName", None)],
)
def test_only_what_is_read_is_asked_for(
    wanted: str, source: str | None, values: Values, host: Make, monkeypatch: pytest.MonkeyPatch
) -> None:
    asked: Counter[str] = Counter()
    made = host("laptop")
    load = made.load
    monkeypatch.setattr(made, "load", lambda path: (asked.update([path]), load(path))[1])
    assert list(values(made, wanted)) == [wanted]
    assert asked == ({} if source is None else {source: 1})
