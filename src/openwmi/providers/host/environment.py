"""The variables that every login gets from the system's files."""

from __future__ import annotations

import re
from collections.abc import Iterator

from openwmi.providers.host.files import Files

FILES = ("/etc/environment", "/etc/default/locale", "/etc/locale.conf")
"""Of two that set the same variable the later one counts, as at a login."""


def system_variables(files: Files) -> dict[str, str]:
    """Name -> value."""
    found: dict[str, str] = {}
    for file in FILES:
        found.update(_variables(files.lines(file)))
    return found


def _variables(lines: list[str]) -> Iterator[tuple[str, str]]:
    """Lines like `export NAME="value"`; pam_env(8) knows no escapes, and takes off one pair of quotes."""
    for line in lines:
        found = _LINE.fullmatch(line.strip())
        if found:
            yield found[1], found[3]


_LINE = re.compile(r"""(?:export\s+)?([^\s=#]+)=(["']?)(.*)\2""")
