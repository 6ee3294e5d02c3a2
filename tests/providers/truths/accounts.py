"""Win32_UserAccount, Win32_Group and Win32_SystemUsers beside getent and passwd."""

from __future__ import annotations

import os
from collections.abc import Mapping
from typing import Any

from tests.providers.truth import Truth

NODE = os.uname().nodename


def entries(text: str) -> Mapping[str, list[str]]:
    """A line each, of fields between colons, by the first."""
    return {line.split(":")[0]: line.split(":") for line in text.splitlines()}


def by_path(text: str) -> Mapping[str, str]:
    return {f'\\\\{NODE}\\root\\cimv2:Win32_UserAccount.Domain="{NODE}",Name="{name}"': name for name in entries(text)}


def of_passwd(text: str) -> Mapping[str, dict[str, Any]]:
    """`passwd -S -a`: name, L or P or NP, the day of the last change, the least and the greatest age."""
    rows = [line.split() for line in text.splitlines()]
    return {row[0]: {"status": row[1], "least": int(row[3]), "most": int(row[4])} for row in rows}


LOCKED, NONE, NEVER = "L", "NP", (-1, 99999)

TABLES = [
    Truth(
        "Win32_UserAccount",
        ("getent", "-s", "files", "passwd"),
        entries,
        {
            "Name": lambda it: it[0],
            "Domain": lambda _: NODE,
            "Caption": lambda it: f"{NODE}\\{it[0]}",
            "SID": lambda it: f"S-1-22-1-{it[2]}",
            "FullName": lambda it: it[4].split(",")[0],
        },
        key="Name",
    ),
    Truth(
        "Win32_Group",
        ("getent", "-s", "files", "group"),
        entries,
        {
            "Name": lambda it: it[0],
            "Domain": lambda _: NODE,
            "Caption": lambda it: f"{NODE}\\{it[0]}",
            "SID": lambda it: f"S-1-22-2-{it[2]}",
        },
        key="Name",
    ),
    Truth(
        "Win32_SystemUsers",
        ("getent", "-s", "files", "passwd"),
        by_path,
        {"GroupComponent": lambda _: f'\\\\{NODE}\\root\\cimv2:Win32_ComputerSystem.Name="{NODE}"'},
        key="PartComponent",
    ),
]

if os.geteuid() == 0:  # nobody else may ask about others
    TABLES.append(
        Truth(
            "Win32_UserAccount",
            ("passwd", "-S", "-a"),
            of_passwd,
            {
                "Disabled": lambda it: it["status"] == LOCKED,
                "Status": lambda it: "Degraded" if it["status"] == LOCKED else "OK",
                "PasswordRequired": lambda it: it["status"] != NONE,
                "PasswordExpires": lambda it: it["most"] not in NEVER,
                "PasswordChangeable": lambda it: it["most"] < 0 or it["least"] <= it["most"],
            },
            key="Name",
        )
    )
