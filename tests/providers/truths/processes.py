"""Win32_Process beside ps."""

from __future__ import annotations

from collections.abc import Mapping

from tests.providers.truth import Truth

COLUMNS = ("pid", "ppid", "nlwp", "ni", "vsz", "rss", "etimes", "comm")


def of_ps(text: str) -> Mapping[str, dict[str, str]]:
    """A line each, the name last, since it may hold blanks."""
    rows = [dict(zip(COLUMNS, line.split(None, len(COLUMNS) - 1), strict=True)) for line in text.splitlines()]
    return {row["pid"]: row for row in rows}


TABLES = [
    Truth(
        "Win32_Process",
        ("ps", "-A", "-o", ",".join(f"{name}=" for name in COLUMNS)),
        of_ps,
        {
            "ProcessId": lambda it: int(it["pid"]),
            "ParentProcessId": lambda it: int(it["ppid"]),
            "ThreadCount": lambda it: int(it["nlwp"]),
            "VirtualSize": lambda it: int(it["vsz"]) * 1024,
            "WorkingSetSize": lambda it: int(it["rss"]) * 1024,
        },
        key="Handle",
        moves={"ThreadCount": 8, "VirtualSize": 1 << 30, "WorkingSetSize": 1 << 28},
        subset=True,
    )
]
