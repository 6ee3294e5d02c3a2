"""Win32_Product beside dpkg-query."""

from __future__ import annotations

from collections.abc import Mapping

from tests.providers.truth import Truth

FIELDS = (
    *("Package", "Architecture", "Version", "Maintainer", "Homepage", "db:Status-Status", "db-fsys:Last-Modified"),
    "binary:Summary",
)


def of_dpkg(text: str) -> Mapping[str, dict[str, str]]:
    rows = [dict(zip(FIELDS, line.split("\t"), strict=True)) for line in text.splitlines()]
    installed = [row for row in rows if row["db:Status-Status"] == "installed"]
    return {f"{row['Package']}:{row['Architecture']}": row for row in installed}


TABLES = [
    Truth(
        "Win32_Product",
        ("dpkg-query", "--show", "--showformat", "\t".join(f"${{{name}}}" for name in FIELDS) + "\n"),
        of_dpkg,
        {
            "IdentifyingNumber": lambda it: f"{it['Package']}:{it['Architecture']}",
            "Name": lambda it: it["Package"],
            "Caption": lambda it: it["Package"],
            "Version": lambda it: it["Version"],
            "Vendor": lambda it: it["Maintainer"],
            "URLInfoAbout": lambda it: it["Homepage"] or None,
            "InstallState": lambda _: 5,
            "InstallDate2": lambda it: float(it["db-fsys:Last-Modified"]),
            "Description": lambda it: it["binary:Summary"].strip(),
        },
        key="IdentifyingNumber",
        moves={"InstallDate2": 1},  # dpkg tells whole seconds
    )
]
