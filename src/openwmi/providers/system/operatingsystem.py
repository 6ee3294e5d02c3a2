"""Win32_OperatingSystem of this host, from /proc, os-release(5) and the kernel's name. There is one instance.

Page win32-operatingsystem of the documentation says what a value means. Where it says what to give for "none" or
"unlimited" that is given; what belongs to Windows alone (directories, editions, licences, registered users) is NULL.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from functools import cached_property

from openwmi.engine.provider import Request
from openwmi.providers.host import Host
from openwmi.providers.host.identity import code_page, language_id, release
from openwmi.providers.reading import HostProvider, Null, Reads, Table, always

SYSTEMD = "/run/systemd"
"""Has a folder `system` where systemd runs (sd_booted(3)), and in `sessions` a file for each that logind knows of."""

UTMP = "/run/utmp"
"""utmp(5): no longer kept by every distribution, and then its absence must not read as "nobody"."""


class Snapshot:
    """The sources that several properties share, each asked once for an answer."""

    def __init__(self, host: Host) -> None:
        self.host = host
        self.kernel = host.kernel
        self.is_mac = host.system == "Darwin"

    @cached_property
    def release(self) -> Mapping[str, str]:
        return release(self.host)

    @cached_property
    def memory(self) -> Mapping[str, int]:
        """Kilobytes by the names of /proc/meminfo. KeyError for what the kernel does not tell."""
        if self.is_mac:
            return _mac_memory()
        found = self.host.fields("/proc/meminfo")
        return {name: int(value.removesuffix(" kB")) for name, value in found.items()}

    @cached_property
    def now(self) -> float:
        return self.host.now()

    @cached_property
    def language(self) -> int | None:
        return language_id(self.host)


def _mac_memory() -> Mapping[str, int]:
    import psutil  # noqa: PLC0415 - on macOS alone

    memory, swap = psutil.virtual_memory(), psutil.swap_memory()
    found = {
        "MemTotal": memory.total,
        "MemAvailable": memory.available,
        "SwapTotal": swap.total,
        "SwapFree": swap.free,
    }
    return {name: octets // 1024 for name, octets in found.items()}


def _name(of: Snapshot) -> str:
    return of.release["PRETTY_NAME"]


def _version(of: Snapshot) -> str | None:
    """Major, minor and revision number: of the kernel on Linux, of the product on macOS.

    The version of Windows that stands here is its kernel's, too; the product's is part of Caption. It has the form
    that programs compare, and every system has it, while a rolling distribution has no VERSION_ID.
    """
    number = re.match(r"\d+(\.\d+)*", of.release.get("VERSION_ID", "") if of.is_mac else of.kernel.release)
    return number[0] if number else None


def _build_number(of: Snapshot) -> str | None:
    """What names the build: of the kernel on Linux, its whole release (`6.1.0-18-amd64`); of macOS `23F79`."""
    return (of.release.get("BUILD_ID") if of.is_mac else of.kernel.release) or None


def _architecture(of: Snapshot) -> str | None:
    """As Windows spells it, by the machine that the kernel says it runs on."""
    machine = of.kernel.machine.lower()
    if "64" in machine or machine in {"s390x", "alpha"}:
        return "64-bit"
    return "32-bit" if re.fullmatch(r"i[3-6]86|x86|arm(v\d+\w*)?|mips\w*|ppc\w*|riscv32|s390", machine) else None


def _install_date(of: Snapshot) -> object:
    """When the root folder was made, where its file system noted it."""
    born = of.host.birth_time("/")
    return None if born is None else of.host.local_time(born)


def _booted(of: Snapshot) -> object:
    started = of.host.boot_time()
    return None if started is None else of.host.local_time(started)


def _time_zone(of: Snapshot) -> int | None:
    """Minutes east of Greenwich, now: summer time included, as on Windows."""
    offset = of.host.local(of.now).utcoffset()
    return None if offset is None else int(offset.total_seconds()) // 60


def _max_processes(of: Snapshot) -> int:
    """The lower of the kernel's two limits; where they are not known, what the page asks for then."""
    limits = [of.host.number(f"/proc/sys/kernel/{name}") for name in ("pid_max", "threads-max")]
    return min((limit for limit in limits if limit is not None), default=0xFFFFFFFF)


def _user_sessions(of: Snapshot) -> int | None:
    """The sessions of people: the login manager's list, else utmp's; NULL where the system keeps neither."""
    host = of.host
    if host.is_dir(f"{SYSTEMD}/system") and host.is_dir(f"{SYSTEMD}/sessions"):
        sessions = [name for name in host.names(f"{SYSTEMD}/sessions") if "." not in name]
        kinds = [host.assignments(f"{SYSTEMD}/sessions/{name}").get("CLASS", "") for name in sessions]
        return sum(kind.startswith("user") for kind in kinds)
    if of.is_mac:
        import psutil  # noqa: PLC0415 - on macOS alone

        return len(psutil.users())
    logins = host.octets(UTMP)
    return None if logins is None else _count_logins(logins)


def _count_logins(utmp: bytes) -> int:
    """The entries of utmp(5) that are of users: of 384 octets each, the first two of which say what it is."""
    return sum(int.from_bytes(utmp[at : at + 2], "little") == _USER_PROCESS for at in range(0, len(utmp), _ENTRY))


def _system_device(of: Snapshot) -> str | None:
    """The partition of the root folder; none where that is no partition, as in a container."""
    mounts = [line.split() for line in of.host.lines("/proc/self/mounts")]
    devices = [mount[0] for mount in mounts if len(mount) > 1 and mount[1] == "/"]
    return devices[-1] if devices and devices[-1].startswith("/dev/") else None


_OS_TYPES = {"Linux": 36, "Darwin": 2}
_ENTRY, _USER_PROCESS = 384, 7

_WINDOWS = Null("it belongs to Windows")
_LICENCE = Null("it is about a licence or an edition of Windows")

TABLE: Table[Snapshot] = {
    "Caption": Reads("os-release(5) PRETTY_NAME; the kernel's name and release without it", _name),
    "Description": Null("nobody described it"),
    "InstallDate": Reads("statx(2) birth time of /; NULL where the file system did not note it", _install_date),
    # Windows: its directory and its partition follow the caption there, with bars between.
    "Name": Reads("as Caption", _name),
    "Status": always("OK"),
    "CreationClassName": always("Win32_OperatingSystem"),
    "CSCreationClassName": always("Win32_ComputerSystem"),
    "CSName": Reads("uname(2) nodename", lambda of: of.kernel.node),
    "CurrentTimeZone": Reads("the offset of the local time", _time_zone),
    "Distributed": always(False),
    "FreePhysicalMemory": Reads("/proc/meminfo MemAvailable", lambda of: of.memory["MemAvailable"]),
    "FreeSpaceInPagingFiles": Reads("/proc/meminfo SwapFree", lambda of: of.memory["SwapFree"]),
    "FreeVirtualMemory": Reads(
        "/proc/meminfo MemAvailable + SwapFree", lambda of: of.memory["MemAvailable"] + of.memory["SwapFree"]
    ),
    "LastBootUpTime": Reads("/proc/stat btime", _booted),
    "LocalDateTime": Reads("the clock", lambda of: of.host.local_time(of.now)),
    "MaxNumberOfProcesses": Reads("/proc/sys/kernel/pid_max or threads-max, whichever is less", _max_processes),
    "MaxProcessMemorySize": Reads(
        "getrlimit(2) RLIMIT_AS of this process; 0 without a limit", lambda of: (of.kernel.memory_limit or 0) // 1024
    ),
    "NumberOfLicensedUsers": always(0),  # "unlimited"
    "NumberOfProcesses": Reads("the numbers in /proc", lambda of: len(of.host.pids())),
    "NumberOfUsers": Reads(
        "/run/systemd/sessions of the class user, else utmp(5); NULL where neither is kept", _user_sessions
    ),
    "OSType": Reads("the kernel: 36 is Linux, 2 macOS", lambda of: _OS_TYPES.get(of.kernel.system)),
    "OtherTypeDescription": Null("the type is none of the others"),
    "SizeStoredInPagingFiles": Reads("/proc/meminfo SwapTotal", lambda of: of.memory["SwapTotal"]),
    "TotalSwapSpaceSize": Null("swap space is the same as paging files, and then the page wants NULL"),
    "TotalVirtualMemorySize": Reads(
        "/proc/meminfo MemTotal + SwapTotal", lambda of: of.memory["MemTotal"] + of.memory["SwapTotal"]
    ),
    "TotalVisibleMemorySize": Reads("/proc/meminfo MemTotal", lambda of: of.memory["MemTotal"]),
    "Version": Reads("the number that the kernel's release begins with", _version),
    "BootDevice": _WINDOWS,
    "BuildNumber": Reads("uname(2) release", _build_number),
    "BuildType": _WINDOWS,
    "CodeSet": Reads(
        "the encoding of the locale; NULL where Windows has no number for it", lambda of: code_page(of.host)
    ),
    "CountryCode": Null("telephone numbers of countries are not kept"),
    "CSDVersion": _WINDOWS,
    "DataExecutionPrevention_Available": _WINDOWS,
    "DataExecutionPrevention_32BitApplications": _WINDOWS,
    "DataExecutionPrevention_Drivers": _WINDOWS,
    "DataExecutionPrevention_SupportPolicy": _WINDOWS,
    "Debug": _WINDOWS,
    "EncryptionLevel": _WINDOWS,
    # The class has a default, 2, for what this system does not have; so its absence is said.
    "ForegroundApplicationBoost": _WINDOWS,
    "LargeSystemCache": _WINDOWS,
    "Locale": Reads(
        "locale.conf(5) LANG as a Windows language; NULL for C and POSIX",
        lambda of: None if of.language is None else f"{of.language:04x}",
    ),
    "Manufacturer": Reads("os-release(5) VENDOR_NAME; NULL without it", lambda of: of.release.get("VENDOR_NAME")),
    "MUILanguages": _WINDOWS,
    "OperatingSystemSKU": _LICENCE,
    "Organization": _LICENCE,
    "OSArchitecture": Reads("uname(2) machine; NULL for one that is not known", _architecture),
    "OSLanguage": Reads("as Locale", lambda of: of.language),
    "OSProductSuite": _LICENCE,
    "PAEEnabled": _WINDOWS,
    "PlusProductID": _LICENCE,
    "PlusVersionNumber": _LICENCE,
    "PortableOperatingSystem": _WINDOWS,
    "Primary": always(True),
    "ProductType": _LICENCE,
    "RegisteredUser": _LICENCE,
    "SerialNumber": _LICENCE,
    "ServicePackMajorVersion": always(0),  # "if no service pack has been installed"
    "ServicePackMinorVersion": always(0),
    "SuiteMask": _LICENCE,
    "SystemDevice": Reads("/proc/self/mounts, the device of /; NULL where it is none", _system_device),
    "SystemDirectory": _WINDOWS,
    "SystemDrive": _WINDOWS,
    "WindowsDirectory": _WINDOWS,
    "QuantumLength": _WINDOWS,
    "QuantumType": _WINDOWS,
}


class OperatingSystemProvider(HostProvider[Snapshot]):
    """The operating system of the host."""

    cim_class = "Win32_OperatingSystem"
    table = TABLE

    def samples(self, request: Request) -> Iterator[Snapshot]:  # noqa: ARG002 - as of any provider
        yield Snapshot(self.host)
