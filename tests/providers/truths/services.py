"""Modules of the kernel beside /proc/modules."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path

from tests.providers.truth import Truth


def of_modules(text: str) -> Mapping[str, list[str]]:
    return {line.split()[0]: line.split() for line in text.splitlines()}


TABLE = [
    Truth(
        "Win32_SystemDriver",
        ("cat", "/proc/modules"),
        of_modules,
        {
            "DisplayName": lambda it: it[0],
            "Started": lambda it: it[4] == "Live",
            "State": lambda it: {"Live": "Running", "Loading": "Start Pending"}.get(it[4], "Stop Pending"),
        },
        key="Name",
    )
]

# A kernel may have been built without modules.
TABLES = TABLE if Path("/proc/modules").exists() else []
