"""Entries of systemd's journal, out of the fields of systemd.journal-fields(7)."""

from __future__ import annotations

from collections.abc import Iterator, Mapping

from openwmi.providers.host import Host
from openwmi.providers.logs.entry import LogEntry

NAME = "journal"

FOLDERS = ("/var/log/journal", "/run/log/journal")
"""Where it is kept, and where it is if it is not."""


def file(host: Host) -> str | None:
    """The file that journald writes into, or None without one."""
    machine = (host.read("/etc/machine-id") or "").strip()
    paths = [f"{folder}/{machine}/system.journal" for folder in FOLDERS if machine]
    return next(filter(host.exists, paths), None)


def entries(host: Host, since: float | None = None, until: float | None = None) -> Iterator[LogEntry]:
    """All of them, or those that were written between these POSIX times, to the second; the newest first. OSError."""
    for fields in host.journal.entries(since, until):
        found = decode_fields(fields)
        if found is not None:
            yield found


def entry(host: Host, number: int) -> LogEntry | None:
    """The one with this number. OSError."""
    found = host.journal.entry(number)
    return None if found is None else decode_fields(found)


def decode_fields(fields: Mapping[str, object]) -> LogEntry | None:
    """An entry; None for one without a number that fits."""
    from openwmi.providers.host.journal import number_of  # noqa: PLC0415 - hosts without a journal do not load it

    number = number_of(fields)
    if number is None or number >= 1 << 32:
        return None
    written = _number(fields, "__REALTIME_TIMESTAMP")
    generated = _number(fields, "_SOURCE_REALTIME_TIMESTAMP")
    generated = written if generated is None else generated
    return LogEntry(
        NAME,
        number,
        None if generated is None else generated / 1e6,
        None if written is None else written / 1e6,
        _text(fields, "_HOSTNAME"),
        _text(fields, "SYSLOG_IDENTIFIER") or _text(fields, "_COMM"),
        _text(fields, "MESSAGE") or "",
        _number(fields, "PRIORITY"),
        _number(fields, "_UID"),
    )


def _text(fields: Mapping[str, object], name: str) -> str | None:
    """The first value where there are several; one that is no text comes as the numbers of its octets."""
    found = fields.get(name)
    if isinstance(found, list) and found and all(isinstance(each, int) for each in found):
        return bytes(each & 0xFF for each in found).decode("utf-8", "replace")
    if isinstance(found, list):
        found = found[0] if found else None
    return found if isinstance(found, str) else None


def _number(fields: Mapping[str, object], name: str) -> int | None:
    found = _text(fields, name) or ""
    return int(found) if found.isdecimal() else None
