"""Win32_OperatingSystem beside uname, os-release, free, ps and date."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from tests.providers.truth import Truth


def one_line(text: str) -> Mapping[str, Any]:
    """The answer is one value, of the only instance."""
    return {"": text.strip()}


def words(text: str) -> Mapping[str, Any]:
    return {"": text.split()}


def assignments(text: str) -> Mapping[str, Any]:
    pairs = [line.partition("=") for line in text.splitlines()]
    return {"": {name: value.strip("\"'") for name, _, value in pairs}}


def of_free(text: str) -> Mapping[str, Any]:
    """`free -k`: a line of memory, one of swap, each of numbers under a heading."""
    rows = {line.split(":")[0]: list(map(int, line.split()[1:])) for line in text.splitlines()[1:]}
    return {"": rows}


OPERATING_SYSTEM = "Win32_OperatingSystem"
MEMORY = 200_000  # kilobytes: what programs of this very machine take and give back in between

TABLES = [
    Truth(OPERATING_SYSTEM, ("uname", "-r"), one_line, {"BuildNumber": str}),
    Truth(OPERATING_SYSTEM, ("uname", "-n"), one_line, {"CSName": str}),
    Truth(
        OPERATING_SYSTEM, ("uname", "-m"), one_line, {"OSArchitecture": lambda it: "64-bit" if "64" in it else "32-bit"}
    ),
    Truth(
        OPERATING_SYSTEM,
        ("cat", "/etc/os-release"),
        assignments,
        {"Caption": lambda it: it["PRETTY_NAME"], "Name": lambda it: it["PRETTY_NAME"]},
    ),
    Truth(
        OPERATING_SYSTEM,
        ("free", "-k"),
        of_free,
        {
            "TotalVisibleMemorySize": lambda it: it["Mem"][0],
            "FreePhysicalMemory": lambda it: it["Mem"][5],
            "TotalVirtualMemorySize": lambda it: it["Mem"][0] + it["Swap"][0],
            "FreeVirtualMemory": lambda it: it["Mem"][5] + it["Swap"][2],
            "SizeStoredInPagingFiles": lambda it: it["Swap"][0],
            "FreeSpaceInPagingFiles": lambda it: it["Swap"][2],
        },
        moves={"FreePhysicalMemory": MEMORY, "FreeVirtualMemory": MEMORY, "FreeSpaceInPagingFiles": MEMORY},
    ),
    Truth(
        OPERATING_SYSTEM,
        ("ps", "-A", "-o", "pid="),
        words,
        {"NumberOfProcesses": lambda it: len(it) - 1},  # ps itself
        moves={"NumberOfProcesses": 20},
    ),
    Truth(
        OPERATING_SYSTEM,
        ("date", "+%s.%N"),
        one_line,
        {"LocalDateTime": float},
        moves={"LocalDateTime": 0.001},
    ),
    Truth(
        OPERATING_SYSTEM,
        ("date", "+%z"),
        one_line,
        {"CurrentTimeZone": lambda it: (-1 if it[0] == "-" else 1) * (int(it[1:3]) * 60 + int(it[3:]))},
    ),
]
