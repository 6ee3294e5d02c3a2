"""The packages of dpkg(1): /var/lib/dpkg/status, paragraphs as of deb822(5). When they were installed is the time of
the list of their files, which dpkg writes then.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from functools import partial

from openwmi.providers.host import Host
from openwmi.providers.software.package import BROKEN, INSTALLED, Package

STATUS = "/var/lib/dpkg/status"


def packages(host: Host) -> Iterator[Package]:
    """Those whose files are there; one that was removed but for its configuration is not installed."""
    text = host.read(STATUS) or ""
    for paragraph in text.split("\n\n"):
        found = dict(_FIELD.findall(paragraph))
        state = _STATES.get(found.get("Status", "").rpartition(" ")[2])
        name, version = found.get("Package"), found.get("Version")
        if state is None or not name or not version:
            continue
        architecture = found.get("Architecture", "")
        yield Package(
            f"{name}:{architecture}",
            name,
            version,
            found.get("Maintainer", ""),
            found.get("Description", ""),
            found.get("Homepage", ""),
            state,
            partial(_installed, host, name, architecture),
        )


# Values that go on in further lines are not wanted further than the first.
_FIELD = re.compile(r"^(Package|Status|Version|Architecture|Maintainer|Description|Homepage): *(.*?) *$", re.MULTILINE)

_STATES = {
    "installed": INSTALLED,
    "triggers-pending": INSTALLED,
    "triggers-awaited": INSTALLED,
    "half-configured": BROKEN,
    "unpacked": BROKEN,
    "half-installed": BROKEN,
}


def _installed(host: Host, name: str, architecture: str) -> float | None:
    for file in (f"{name}.list", f"{name}:{architecture}.list"):
        try:
            return host.status(f"/var/lib/dpkg/info/{file}").st_mtime
        except OSError:
            continue
    return None
