"""What Samba is configured to share: smb.conf(5) read as data, with the files that it includes, and users' own shares.

Nothing is expanded but the name of the share itself: what a path is for some client is not what is asked here.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass

from openwmi.base.case import fold
from openwmi.base.limits import SAMBA_FILES, SAMBA_INCLUDE_DEPTH
from openwmi.providers.host import Host

FILE = "/etc/samba/smb.conf"
USERS_FOLDER = "/var/lib/samba/usershares"

Section = dict[str, str]
"""Parameters by their names in small letters and without blanks: Samba knows `Max Connections` as `maxconnections`."""


@dataclass(frozen=True, slots=True)
class Share:
    """A share.

    Attributes:
        name: what clients ask for.
        path: the folder; None for one that is another one for each client, or not given.
        comment: what it is, in words.
        limit: how many may use it at a time; 0 without a limit.
        is_printer: whether what is put there is printed.
    """

    name: str
    path: str | None
    comment: str
    limit: int
    is_printer: bool


def shares(host: Host) -> Iterator[Share]:
    """All that are offered by name. Templates, which Samba makes others of, are none: `homes` and `printers`."""
    sections = configuration(host)
    common = sections.get("global", ("", {}))[1]
    for folded, (name, own) in sections.items():
        found = {**common, **own}
        if folded not in _TEMPLATES and _is_true(found.get("available"), default=True):
            yield _share(name, found)
    limit = common.get("usersharemaxshares", "0")
    if limit.isdecimal() and int(limit) > 0:
        for share in _of_users(host, common.get("usersharepath", USERS_FOLDER)):
            if fold(share.name) not in sections:
                yield share


def configuration(host: Host) -> dict[str, tuple[str, Section]]:
    """The sections by their names in small letters, each with its name as it is written; what comes later counts."""
    found: dict[str, tuple[str, Section]] = {}
    name, left = "global", SAMBA_FILES

    def read(file: str, depth: int) -> None:
        nonlocal name, left
        if depth > SAMBA_INCLUDE_DEPTH or left == 0:
            return
        left -= 1
        for line in _lines(host, file):
            if line.startswith("["):
                name = line[1:].partition("]")[0].strip()
                found.setdefault(fold(name), (name, {}))
                continue
            parameter, given, value = line.partition("=")
            parameter, value = "".join(parameter.lower().split()), value.strip()
            section = found.setdefault(fold(name), (name, {}))[1]
            if not given:
                continue
            if parameter == "include":
                read(value, depth + 1)  # one with `%` in its name is another one for each client, and is not there
            elif parameter == "copy":
                section.update(found.get(fold(value), ("", {}))[1])
            else:
                section[_SYNONYMS.get(parameter, parameter)] = value.strip('"')

    read(FILE, 0)
    return found


_TEMPLATES = {"global", "homes", "printers"}
_SYNONYMS = {"directory": "path", "printok": "printable"}


def _lines(host: Host, file: str) -> Iterator[str]:
    """Without comments; one that ends with a backslash goes on in the next."""
    begun = ""
    for line in host.lines(file):
        text = begun + line.strip()
        if not begun and text[:1] in {"#", ";"}:
            continue
        if text.endswith("\\"):
            begun = text[:-1]
            continue
        begun = ""
        if text:
            yield text


def _share(name: str, found: Mapping[str, str]) -> Share:
    path = found.get("path", "").replace("%S", name)
    limit = found.get("maxconnections", "0")
    return Share(
        name,
        path if path and "%" not in path else None,
        found.get("comment", ""),
        int(limit) if limit.isdecimal() else 0,
        _is_true(found.get("printable"), default=False),
    )


def _of_users(host: Host, folder: str) -> Iterator[Share]:
    """A file for each, which `net usershare` writes (net(8))."""
    for name in host.names(folder):
        found = host.fields(f"{folder}/{name}", "=")
        if found.get("path"):
            yield Share(found.get("sharename", name), found["path"], found.get("comment", ""), 0, is_printer=False)


def _is_true(value: str | None, *, default: bool) -> bool:
    return default if value is None else value.lower() in {"yes", "true", "1", "on"}
