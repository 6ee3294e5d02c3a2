"""The packages of apk(8): its list of what is installed, paragraphs of lines that begin with a letter and a colon."""

from __future__ import annotations

import re
from collections.abc import Iterator

from openwmi.providers.host import Host
from openwmi.providers.software.package import INSTALLED, Package, unknown

LISTS = ("/lib/apk/db/installed", "/usr/lib/apk/db/installed")
"""Before version 3, and since."""


def packages(host: Host) -> Iterator[Package]:
    """All of them. Its `t:` is when a package was made, not when it was installed."""
    text = next(filter(None, map(host.read, LISTS)), "")
    for paragraph in text.split("\n\n"):
        found = dict(_FIELD.findall(paragraph))
        if found.get("P") and found.get("V"):
            yield Package(
                found["P"],
                found["P"],
                found["V"],
                found.get("m", ""),
                found.get("T", ""),
                found.get("U", ""),
                INSTALLED,
                unknown,
            )


_FIELD = re.compile(r"^([PVTUm]):(.*)$", re.MULTILINE)
