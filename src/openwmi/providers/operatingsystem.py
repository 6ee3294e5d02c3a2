"""Win32_OperatingSystem of this host, over psutil, os-release(5) and the kernel's name. There is one instance.

Page win32-operatingsystem of the documentation says what a value means. Where it says what to give for "none" or
"unlimited" that is given; what belongs to Windows alone (directories, editions, licences, registered users) is NULL.
"""

from __future__ import annotations

import platform
import re
import resource
import sys
import time
from collections.abc import Callable, Iterator, Mapping
from functools import cached_property
from pathlib import Path
from typing import Any

import psutil

from openwmi.engine.provider import Provider, Request, Row
from openwmi.providers import host
from openwmi.providers.schema.operatingsystem import WIN32_OPERATING_SYSTEM

SYSTEMD = Path("/run/systemd")
"""Has a folder `system` where systemd runs (sd_booted(3)), and in `sessions` a file for each that logind knows of."""

UTMP = Path("/run/utmp")
"""utmp(5): no longer kept by every distribution, and then its absence must not read as "nobody"."""


class OperatingSystemProvider(Provider):
    """The operating system that this process runs on."""

    cim_class = WIN32_OPERATING_SYSTEM

    def instances(self, request: Request) -> Iterator[Row]:
        yield self.get(request, {})

    def get(self, request: Request, keys: Mapping[str, object]) -> Row:  # noqa: ARG002 - a singleton has no keys
        sample = _Sample()
        return {name: read(sample) for name, read in _VALUES.items() if request.wants(name)}


class _Sample:
    """The sources that several properties share, each asked once for an answer."""

    @cached_property
    def release(self) -> Mapping[str, str]:
        return host.release()

    @cached_property
    def memory(self) -> Any:  # psutil's named tuple has fields of its own on each system
        return psutil.virtual_memory()

    @cached_property
    def swap(self) -> Any:
        return psutil.swap_memory()

    @cached_property
    def now(self) -> float:
        return time.time()

    @cached_property
    def language(self) -> int | None:
        return host.language_id()


def _version(sample: _Sample) -> str | None:
    """Major, minor and revision number: of the kernel on Linux, of the product on macOS.

    The version of Windows that stands here is its kernel's, too; the product's is part of Caption. It has the form
    that programs compare, and every system has it, while a rolling distribution has no VERSION_ID.
    """
    number = re.match(r"\d+(\.\d+)*", sample.release.get("VERSION_ID", "") if _MAC else platform.release())
    return number[0] if number else None


def _build_number(sample: _Sample) -> str | None:
    """What names the build: of the kernel on Linux, its whole release (`6.1.0-18-amd64`); of macOS `23F79`."""
    return (sample.release.get("BUILD_ID") if _MAC else platform.release()) or None


def _architecture(_: _Sample) -> str | None:
    """As Windows spells it, by the machine that the kernel says it runs on."""
    machine = platform.machine().lower()
    if "64" in machine or machine in {"s390x", "alpha"}:
        return "64-bit"
    return "32-bit" if re.fullmatch(r"i[3-6]86|x86|arm(v\d+\w*)?|mips\w*|ppc\w*|riscv32|s390", machine) else None


def _install_date(_: _Sample) -> object:
    """When the root folder was made, where its file system noted it."""
    born = host.birth_time("/")
    return None if born is None else host.local_time(born)


def _time_zone(sample: _Sample) -> int:
    """Minutes east of Greenwich, now: summer time included, as on Windows."""
    return time.localtime(sample.now).tm_gmtoff // 60


def _max_processes(_: _Sample) -> int:
    """The lower of the kernel's two limits; where they are not known, what the page asks for then."""
    limits = [_kernel_number("pid_max"), _kernel_number("threads-max")]
    return min((limit for limit in limits if limit is not None), default=0xFFFFFFFF)


def _max_process_memory(_: _Sample) -> int:
    """Kilobytes that this process was told at its start; 0 stands for no limit, by the page."""
    hard = resource.getrlimit(resource.RLIMIT_AS)[1]
    return 0 if hard == resource.RLIM_INFINITY else hard // 1024


def _user_sessions(_: _Sample) -> int | None:
    """The sessions of people: the login manager's list, else utmp's; NULL where the system keeps neither."""
    sessions = SYSTEMD / "sessions"
    if (SYSTEMD / "system").is_dir() and sessions.is_dir():
        kinds = [host.read_assignments(file).get("CLASS", "") for file in sessions.iterdir() if not file.suffix]
        return sum(kind.startswith("user") for kind in kinds)
    return len(psutil.users()) if _MAC or UTMP.exists() else None


def _system_device(_: _Sample) -> str | None:
    """The partition of the root folder; none where that is no partition, as in a container."""
    mounted = [part.device for part in psutil.disk_partitions() if part.mountpoint == "/"]
    return host.text(mounted[-1]) if mounted and mounted[-1].startswith("/dev/") else None


def _kernel_number(name: str) -> int | None:
    try:
        return int(Path("/proc/sys/kernel", name).read_text(encoding="ascii"))
    except (OSError, ValueError):
        return None


_MAC = sys.platform == "darwin"
_OS_TYPES = {"linux": 36, "darwin": 2}

# Property -> how to read it. What is not here is NULL, but see the last line.
_VALUES: Mapping[str, Callable[[_Sample], object]] = {
    "Caption": lambda sample: sample.release["PRETTY_NAME"],
    "InstallDate": _install_date,
    # Windows: its directory and its partition follow the caption there, with bars between.
    "Name": lambda sample: sample.release["PRETTY_NAME"],
    "Status": lambda _: "OK",
    "CreationClassName": lambda _: "Win32_OperatingSystem",
    "CSCreationClassName": lambda _: "Win32_ComputerSystem",
    "CSName": lambda _: host.computer_name(),
    "CurrentTimeZone": _time_zone,
    "Distributed": lambda _: False,
    "FreePhysicalMemory": lambda sample: sample.memory.available // 1024,
    "FreeSpaceInPagingFiles": lambda sample: sample.swap.free // 1024,
    "FreeVirtualMemory": lambda sample: (sample.memory.available + sample.swap.free) // 1024,
    "LastBootUpTime": lambda _: host.local_time(psutil.boot_time()),
    "LocalDateTime": lambda sample: host.local_time(sample.now),
    "MaxNumberOfProcesses": _max_processes,
    "MaxProcessMemorySize": _max_process_memory,
    "NumberOfLicensedUsers": lambda _: 0,  # "unlimited"
    "NumberOfProcesses": lambda _: len(psutil.pids()),
    "NumberOfUsers": _user_sessions,
    "OSType": lambda _: _OS_TYPES.get(sys.platform),
    "SizeStoredInPagingFiles": lambda sample: sample.swap.total // 1024,
    # TotalSwapSpaceSize is NULL where swap space is the same as paging files, says the page.
    "TotalVirtualMemorySize": lambda sample: (sample.memory.total + sample.swap.total) // 1024,
    "TotalVisibleMemorySize": lambda sample: sample.memory.total // 1024,
    "Version": _version,
    "BuildNumber": _build_number,
    "CodeSet": lambda _: host.code_page(),
    "Locale": lambda sample: None if sample.language is None else f"{sample.language:04x}",
    "OSLanguage": lambda sample: sample.language,
    "Manufacturer": lambda sample: sample.release.get("VENDOR_NAME"),
    "OSArchitecture": _architecture,
    "Primary": lambda _: True,
    "ServicePackMajorVersion": lambda _: 0,  # "if no service pack has been installed"
    "ServicePackMinorVersion": lambda _: 0,
    "SystemDevice": _system_device,
    # The class has a default, 2, for what this system does not have; so its absence must be said.
    "ForegroundApplicationBoost": lambda _: None,
}
