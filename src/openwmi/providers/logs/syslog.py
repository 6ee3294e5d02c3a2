"""The files of syslog: lines of a time, a computer, a program and a message, as rsyslogd(8) and syslogd(8) write them.

An entry is known by where it begins in its file, so that one is found without reading those before it, and a number
that is greater is later. Files are read from their ends, in parts, and no further than somebody asks.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from datetime import date, datetime, time
from typing import BinaryIO

from openwmi.base.limits import LOG_LINE_OCTETS, LOG_OLDER_LINES
from openwmi.providers.host import Host
from openwmi.providers.logs.entry import LogEntry

FOLDER = "/var/log"
NAMES = (
    *("syslog", "messages", "auth.log", "secure", "kern.log", "daemon.log", "user.log"),
    *("cron", "cron.log", "mail.log", "maillog"),
)
"""What distributions call them; other files there are of other forms."""


def logs(host: Host) -> list[str]:
    """The logs that are there, by name."""
    return [name for name in NAMES if host.exists(f"{FOLDER}/{name}") and not host.is_dir(f"{FOLDER}/{name}")]


def entries(host: Host, log: str, since: float | None = None) -> Iterator[LogEntry]:
    """Those of a log, the newest first, or those since a POSIX time. OSError where it must not be read.

    Where a clock was set, or the lines are of several machines, one may stand before what is older than it.
    """
    more: list[str] = []
    older = 0
    with host.stream(f"{FOLDER}/{log}") as file:
        for offset, line in backwards(file):
            found = parse(host, log, offset, line, more)
            if found is not None:
                more.clear()
                if since is None or found.generated is None or found.generated >= since:
                    older = 0
                    yield found
                else:
                    older += 1
                    if older > LOG_OLDER_LINES:
                        return
            else:
                more.insert(0, line)
                del more[_MORE_LINES:]


def entry(host: Host, log: str, number: int) -> LogEntry | None:
    """The one with this number: what begins there, if a line begins there. OSError."""
    offset = number - 1
    if offset < 0:
        return None
    with host.stream(f"{FOLDER}/{log}") as file:
        file.seek(max(offset - 1, 0))
        data = file.read(LOG_LINE_OCTETS)
    if offset > 0:
        if data[:1] != b"\n":
            return None
        data = data[1:]
    lines = data.decode("utf-8", "replace").split("\n")[:-1]  # what is behind the last end is not whole
    if not lines:
        return None
    ends = (at for at, line in enumerate(lines) if at > 0 and _HEAD.match(line))
    return parse(host, log, offset, lines[0], lines[1 : next(ends, len(lines))][:_MORE_LINES])


def count(host: Host, log: str) -> int:
    """How many entries a log has. OSError."""
    with host.stream(f"{FOLDER}/{log}") as file:
        return sum(1 for _, line in backwards(file) if _HEAD.match(line))


def parse(host: Host, log: str, offset: int, line: str, more: list[str]) -> LogEntry | None:
    """The entry that a line begins, with the lines behind it; None for a line that begins none."""
    found = _HEAD.match(line)
    if found is None:
        return None
    return LogEntry(
        log,
        offset + 1,
        _time(host, found["time"]),
        None,
        found["host"],
        found["tag"],
        "\n".join([found["text"], *more]),
        _SEVERITIES.get(found["level"] or ""),
    )


def backwards(file: BinaryIO) -> Iterator[tuple[int, str]]:
    """The lines of a file that have an end, the last one first, each with where it begins.

    One that is longer than LOG_LINE_OCTETS is left out: it is none of syslog's. What is so far from the beginning that
    it has no number is left out, too.
    """
    start = min(file.seek(0, 2), _MAX_OFFSET)
    rest: bytes | None = b""  # the beginning is not read yet; None while it is too long
    is_ended = False  # what is behind the last end of a line is still being written
    while start > 0:
        size = min(_CHUNK, start)
        start -= size
        file.seek(start)
        data = file.read(size)
        first, *others = data.split(b"\n")
        if others:
            others[-1] = b"" if rest is None else others[-1] + rest
            if rest is None or not is_ended:
                others.pop()
            is_ended = True
            at = start + len(first) + 1 + sum(len(each) + 1 for each in others)
            for line in reversed(others):
                at -= len(line) + 1
                if len(line) <= LOG_LINE_OCTETS:
                    yield at, line.decode("utf-8", "replace")
            rest = first
        elif rest is not None:
            rest = data + rest
        if rest is not None and len(rest) > LOG_LINE_OCTETS:
            rest = None
    if rest is not None and is_ended:
        yield 0, rest.decode("utf-8", "replace")


_CHUNK = 1 << 16
_MORE_LINES = 64
_MAX_OFFSET = 2**32 - 2  # RecordNumber has 32 bits, and the first is 1

# `Nov 14 22:13:20` of RFC 3164, or RFC 3339 as rsyslog writes by default; busybox has `daemon.info` before the program.
_HEAD = re.compile(
    r"(?P<time>[A-Z][a-z]{2} [ \d]\d \d\d:\d\d:\d\d|\d{4}-\d\d-\d\dT[\d:.]+(?:Z|[+-]\d\d:\d\d)) (?P<host>\S+) "
    r"(?:[a-z]\w{2,7}\.(?P<level>[a-z]{3,7}) )?(?P<tag>[^\s:\[]+)(?:\[[^\]]*\])?:? ?(?P<text>.*)"
)

_SEVERITIES = {
    name: number
    for number, names in enumerate(
        ("emerg panic", "alert", "crit", "err error", "warning warn", "notice", "info", "debug")
    )
    for name in names.split()
}

_MONTHS = {name: at for at, name in enumerate("Jan Feb Mar Apr May Jun Jul Aug Sep Oct Nov Dec".split(), start=1)}
_DAY_SECONDS = 86400


def _time(host: Host, text: str) -> float | None:
    """Without a year it is the last one in which the time is not to come; without a zone it is the host's."""
    try:
        if text[0].isdigit():
            return datetime.fromisoformat(text).timestamp()
        month, day = _MONTHS[text[:3]], int(text[4:6])
        clock = time.fromisoformat(text[7:])
    except (ValueError, LookupError):
        return None
    now = host.now()
    for year in range(host.local(now).year + 1, 0, -1):
        try:
            # Without a zone it is that of this process, as Host.zone says.
            moment = datetime.combine(date(year, month, day), clock, host.zone).timestamp()
        except ValueError:
            if month == 2 and day == 29:
                continue
            return None
        if moment <= now + _DAY_SECONDS:
            return moment
    return None
