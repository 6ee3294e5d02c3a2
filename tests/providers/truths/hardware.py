"""The machine beside lscpu, uname, free, getconf, date, /proc, and what the kernel kept of the firmware."""

from __future__ import annotations

import json
import re
from collections.abc import Callable, Mapping
from functools import partial
from typing import Any

from tests.providers.truth import Truth
from tests.providers.truths.system import of_free, one_line

COMPUTER, PROCESSOR = "Win32_ComputerSystem", "Win32_Processor"

# Architecture and SystemType, by uname.
MACHINES = {
    "x86_64": (9, "x64-based PC"),
    "i686": (0, "X86-based PC"),
    "aarch64": (12, "ARM64-based PC"),
    "armv7l": (5, "ARM-based PC"),
}


def of_lscpu(text: str) -> Mapping[str, Any]:
    """`lscpu -J`: the machine's fields."""
    fields: dict[str, str] = {}
    pending = list(json.loads(text)["lscpu"])
    while pending:
        each = pending.pop(0)
        fields[each["field"].rstrip(":")] = each["data"] or ""
        pending += each.get("children", [])  # as newer ones nest them
    return {"": fields}


def each_socket(text: str) -> Mapping[str, Any]:
    """The same for each processor; of those of x86 alone, since it makes up names for others."""
    fields = of_lscpu(text)[""]
    if not fields["Architecture"].startswith(("x86", "i")):
        return {}
    return {f"CPU{number}": fields for number in range(int(fields["Socket(s)"]))}


def first_of(read: Callable[[str], Mapping[str, Any]]) -> Callable[[str], Mapping[str, Any]]:
    """What is said of the machine, as of its first processor."""
    return lambda text: {"CPU0": read(text)[""]}


def cache(level: str) -> Callable[[Mapping[str, str]], int | None]:
    """Kilobytes of all caches of a level in one socket."""

    def read(fields: Mapping[str, str]) -> int | None:
        octets = fields.get(f"{level} cache", "").split()
        return int(octets[0]) // 1024 // int(fields["Socket(s)"]) if octets else None

    return read


def of_cpuinfo(text: str) -> Mapping[str, Any]:
    found = re.search(r"^cpu MHz\s*: (.*)", text, re.MULTILINE)
    return {"CPU0": float(found[1])} if found else {}


def online(fields: Mapping[str, str]) -> int:
    """How many are in a list such as 0-3,8."""
    parts = [part.split("-") for part in fields["On-line CPU(s) list"].split(",")]
    return sum(int(part[-1]) - int(part[0]) + 1 for part in parts)


def has(*flags: str) -> Callable[[Mapping[str, str]], bool]:
    return lambda fields: not set(flags).isdisjoint(fields["Flags"].split())


def described(fields: Mapping[str, str]) -> str:
    kind = "Intel64" if fields["Vendor ID"] == "GenuineIntel" else "AMD64"
    kind = kind if "64-bit" in fields["CPU op-mode(s)"] else "x86"
    return f"{kind} Family {fields['CPU family']} Model {fields['Model']} Stepping {fields['Stepping']}"


# What the kernel kept of the firmware, with the name of its file before each; nothing, and no error, without firmware.
KEPT = (
    *("find", "/sys/devices/virtual", "-maxdepth", "3", "-path", "*/dmi/id/*", "-type", "f", "-readable"),
    *("-exec", "head", "-v", "-n", "1", "{}", "+"),
)


def kept(key: str) -> Callable[[str], Mapping[str, Any]]:
    """File -> its line, None for a blank one; of the instance with this key."""

    def read(text: str) -> Mapping[str, Any]:
        pairs = re.findall(r"^==> \S+/dmi/id/(\w+) <==\n(.*)$", text, re.MULTILINE)
        files = {name: line if line.strip() else None for name, line in pairs}
        return {key: files} if files.get("sys_vendor") else {}

    return read


def files(**names: str) -> Mapping[str, Callable[[Any], object]]:
    """Property -> the file that has it."""
    return {name: partial(_line, file) for name, file in names.items()}


def _line(file: str, found: Mapping[str, str | None]) -> str | None:
    return found.get(file)


TABLES = [
    Truth(
        COMPUTER,
        ("uname", "-n"),
        one_line,
        {"Name": str, "Caption": str, "DNSHostName": lambda it: it.split(".")[0]},
    ),
    Truth(COMPUTER, ("uname", "-m"), one_line, {"SystemType": lambda it: MACHINES[it][1]}),
    Truth(COMPUTER, ("free", "-b"), of_free, {"TotalPhysicalMemory": lambda it: it["Mem"][0]}),
    Truth(
        COMPUTER,
        ("lscpu", "-J"),
        of_lscpu,
        {
            "NumberOfLogicalProcessors": online,
            "NumberOfProcessors": lambda it: int(it["Socket(s)"]),
            "HypervisorPresent": lambda it: "Hypervisor vendor" in it,
        },
    ),
    Truth(
        COMPUTER,
        ("date", "+%z"),
        one_line,
        {"CurrentTimeZone": lambda it: (-1 if it[0] == "-" else 1) * (int(it[1:3]) * 60 + int(it[3:]))},
    ),
    Truth(
        COMPUTER,
        ("cat", "/proc/sys/kernel/panic"),
        one_line,
        {"AutomaticResetBootOption": lambda it: it != "0"},
    ),
    Truth(
        PROCESSOR,
        ("lscpu", "-B", "-J"),
        each_socket,
        {
            "Name": lambda it: " ".join(it["Model name"].split()),
            "Manufacturer": lambda it: it["Vendor ID"],
            "Caption": described,
            "Description": described,
            "Level": lambda it: int(it["CPU family"]),
            "Stepping": lambda it: it["Stepping"],
            "Revision": lambda it: int(it["Model"]) * 256 + int(it["Stepping"]),
            "Version": lambda it: f"Model {it['Model']}, Stepping {it['Stepping']}",
            "NumberOfCores": lambda it: int(it["Core(s) per socket"]),
            "NumberOfLogicalProcessors": lambda it: online(it) // int(it["Socket(s)"]),
            "DataWidth": lambda it: 64 if "64-bit" in it["CPU op-mode(s)"] else 32,
            "L2CacheSize": cache("L2"),
            "L3CacheSize": cache("L3"),
            "SecondLevelAddressTranslationExtensions": has("ept", "npt"),
            "VirtualizationFirmwareEnabled": has("vmx", "svm"),
            "VMMonitorModeExtensions": has("vmx", "svm"),
        },
        key="DeviceID",
    ),
    Truth(
        PROCESSOR,
        ("cat", "/proc/cpuinfo"),
        of_cpuinfo,
        {"CurrentClockSpeed": float},
        key="DeviceID",
        moves={"CurrentClockSpeed": 1500},
        subset=True,
    ),
    Truth(
        PROCESSOR,
        ("uname", "-m"),
        first_of(one_line),
        {"Architecture": lambda it: MACHINES[it][0]},
        key="DeviceID",
        subset=True,
    ),
    Truth(PROCESSOR, ("uname", "-n"), first_of(one_line), {"SystemName": str}, key="DeviceID", subset=True),
    Truth(PROCESSOR, ("getconf", "LONG_BIT"), first_of(one_line), {"AddressWidth": int}, key="DeviceID", subset=True),
    Truth(
        COMPUTER,
        KEPT,
        kept(""),
        files(Manufacturer="sys_vendor", Model="product_name", SystemFamily="product_family"),
    ),
    Truth("Win32_ComputerSystemProduct", KEPT, kept(""), files(Vendor="sys_vendor", Name="product_name")),
    Truth("Win32_BIOS", KEPT, kept(""), files(Manufacturer="bios_vendor", SMBIOSBIOSVersion="bios_version")),
    Truth(
        "Win32_BaseBoard",
        KEPT,
        kept("Base Board"),
        files(Manufacturer="board_vendor", Product="board_name", Version="board_version"),
        key="Tag",
        subset=True,
    ),
    Truth(
        "Win32_SystemEnclosure",
        KEPT,
        kept("System Enclosure 0"),
        files(Manufacturer="chassis_vendor", Version="chassis_version"),
        key="Tag",
        subset=True,
    ),
]
