"""The lines of crontab(5) on this host, with the days and the time that they say; no CIM class is known here."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass

from openwmi.providers.host import Host

SYSTEM = "/etc/crontab"
SYSTEM_FOLDER = "/etc/cron.d"
USER_FOLDERS = ("/var/spool/cron/crontabs", "/var/spool/cron", "/etc/crontabs")
"""Of Debian, of Red Hat, and of Alpine; each file is named as the account that it is of."""


@dataclass(frozen=True, slots=True)
class Entry:
    """One line.

    Attributes:
        source: the file.
        text: the whole line.
        owner: the account that the command is run as.
        command: for its shell.
        fields: minute, hour, day of the month, month, day of the week; none for `@reboot`.
    """

    source: str
    text: str
    owner: str
    command: str
    fields: tuple[str, ...]


def entries(host: Host) -> Iterator[Entry]:
    """Those of the system, then those of the accounts whose files this process may read."""
    system = [SYSTEM, *(f"{SYSTEM_FOLDER}/{name}" for name in host.names(SYSTEM_FOLDER) if _NAME.fullmatch(name))]
    for path in system:
        for line in host.lines(path):
            yield from _entry(path, line, None)
    for folder in USER_FOLDERS:
        for owner in host.names(folder):
            if _NAME.fullmatch(owner):
                for line in host.lines(f"{folder}/{owner}"):
                    yield from _entry(f"{folder}/{owner}", line, owner)


def numbers(field: str, least: int, most: int, names: tuple[str, ...] = ()) -> frozenset[int]:
    """What a field stands for: `*`, `5`, `1-5`, `*/10`, `mon,wed`. ValueError."""
    found: set[int] = set()
    for part in field.lower().split(","):
        spread, _, step = part.partition("/")
        first, dash, last = spread.partition("-")
        if spread in ("*", "?"):
            start, end = least, most
        else:
            start = _number(first, names, least)
            end = _number(last, names, least) if dash else most if step else start
        if not least <= start <= end <= most or (step and not int(step) > 0):
            raise ValueError(f"{part} is no part of {least} to {most}")
        found.update(range(start, end + 1, int(step or 1)))
    return frozenset(found)


def is_any(field: str) -> bool:
    """Whether a field says nothing."""
    return field in ("*", "?")


DAYS = ("sun", "mon", "tue", "wed", "thu", "fri", "sat")

_NAME = re.compile(
    r"[\w][\w.-]*(?<!\.dpkg-old)(?<!\.dpkg-dist)(?<!\.dpkg-new)(?<!\.rpmsave)(?<!\.rpmnew)(?<!\.rpmorig)"
)
_SETTING = re.compile(r"""\s*["']?\w+["']?\s*=""")
_MACROS = {
    "@reboot": (),
    "@yearly": ("0", "0", "1", "1", "*"),
    "@annually": ("0", "0", "1", "1", "*"),
    "@monthly": ("0", "0", "1", "*", "*"),
    "@weekly": ("0", "0", "*", "*", "0"),
    "@daily": ("0", "0", "*", "*", "*"),
    "@midnight": ("0", "0", "*", "*", "*"),
    "@hourly": ("0", "*", "*", "*", "*"),
}


def _number(text: str, names: tuple[str, ...], least: int) -> int:
    return names.index(text[:3]) + least if text[:3] in names else int(text)


def _entry(source: str, line: str, owner: str | None) -> Iterator[Entry]:
    """None for comments, settings, and what is no entry. In files of the system the account stands in the line."""
    text = line.strip()
    if not text or text.startswith("#") or _SETTING.match(text):
        return
    is_macro = text.startswith("@")
    whens, others = (1 if is_macro else 5), (1 if owner is None else 0)
    parts = text.split(None, whens + others)
    if len(parts) <= whens + others:
        return
    fields = _MACROS.get(parts[0].lower()) if is_macro else tuple(parts[:5])
    if fields is not None:
        yield Entry(source, text, parts[whens] if owner is None else owner, parts[-1], fields)
