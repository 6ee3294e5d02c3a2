"""Win32_NTLogEvent of this host: the files of syslog and the journal of systemd. Its page is that of the class.

The newest entry comes first, as on Windows, and each is read when it is wanted: who stops after ten has read ten, and
who asks for those since yesterday (`TimeGenerated >= …`) has read those.
"""

from __future__ import annotations

import logging
from collections.abc import Iterable, Iterator, Mapping
from itertools import chain

from openwmi.base.case import fold
from openwmi.base.limits import LOG_WRITTEN_SECONDS
from openwmi.engine.provider import Request
from openwmi.providers.host import Host
from openwmi.providers.logs import journal, syslog
from openwmi.providers.logs.entry import LogEntry
from openwmi.providers.reading import HostProvider, Null, Reads, Table
from openwmi.wql import Bounds

log = logging.getLogger("openwmi.providers")

Sample = tuple[Host, LogEntry]

_ERROR, _WARNING, _INFORMATION = 1, 2, 3
_TYPES = {_ERROR: "Error", _WARNING: "Warning", _INFORMATION: "Information"}
_KINDS = (*[_ERROR] * 4, _WARNING, *[_INFORMATION] * 3)
"""By the severity of syslog(3): emergency, alert, critical, error; warning; notice, information, debugging."""


def _kind(of: Sample) -> int | None:
    return None if of[1].severity is None else _KINDS[of[1].severity]


def _type(of: Sample) -> str | None:
    kind = _kind(of)
    return None if kind is None else _TYPES[kind]


def _user(of: Sample) -> str | None:
    """Domain and account."""
    name = None if of[1].uid is None else of[0].account(of[1].uid)
    return None if name is None else f"{of[0].kernel.node}\\{name}"


def _local(host: Host, moment: float | None) -> object:
    return None if moment is None else host.local_time(moment)


_SEVERITY = "the severity: the journal's PRIORITY, or busybox's; NULL in files that do not have it"
_CODES = Null("syslog does not number its messages")

TABLE: Table[Sample] = {
    "Category": _CODES,
    "CategoryString": _CODES,
    "ComputerName": Reads("the line's, or the journal's _HOSTNAME", lambda of: of[1].computer),
    "Data": Null("messages are text"),
    "EventCode": _CODES,
    "EventIdentifier": _CODES,
    "EventType": Reads(_SEVERITY, _kind),
    "InsertionStrings": Null("messages come as they are, and not as forms to be filled in"),
    "Logfile": Reads("the name of the file in /var/log, or `journal`", lambda of: of[1].log),
    "Message": Reads(
        "the line behind the program's name, and those that go on from it; MESSAGE", lambda of: of[1].message
    ),
    "RecordNumber": Reads(
        "where the line begins in its file, from 1; the number in the journal's cursor", lambda of: of[1].number
    ),
    "SourceName": Reads("the program's name: the line's tag, SYSLOG_IDENTIFIER, _COMM", lambda of: of[1].source),
    "TimeGenerated": Reads(
        "the line's time, of the last year if it has none; _SOURCE_REALTIME_TIMESTAMP",
        lambda of: _local(of[0], of[1].generated),
    ),
    "TimeWritten": Reads(
        "the journal's __REALTIME_TIMESTAMP; NULL in files, which have one time only",
        lambda of: _local(of[0], of[1].written),
    ),
    "Type": Reads(f"EventType in words: {_SEVERITY}", _type),
    "User": Reads("the journal's _UID, as DOMAIN\\NAME; NULL in files", _user),
}


class LogEventProvider(HostProvider[Sample]):
    """The entries of all logs; of one log only those, and of one number only that one, are read."""

    cim_class = "Win32_NTLogEvent"
    table = TABLE

    def samples(self, request: Request) -> Iterator[Sample]:
        name, number = request.equalities.get("Logfile"), request.equalities.get("RecordNumber")
        for each in self._logs():
            if isinstance(name, str) and fold(name) != fold(each):
                continue
            found = _one(self.host, each, number) if isinstance(number, int) else _all(self.host, each, request.bounds)
            for entry in _readable(each, found):
                yield self.host, entry

    def find(self, request: Request, keys: Mapping[str, object]) -> Sample | None:  # noqa: ARG002 - as of any provider
        name, number = keys["Logfile"], keys["RecordNumber"]
        logs = [each for each in self._logs() if isinstance(name, str) and fold(name) == fold(each)]
        if not logs or not isinstance(number, int):
            return None
        found = next(_readable(logs[0], _one(self.host, logs[0], number)), None)
        return None if found is None else (self.host, found)

    def _logs(self) -> Iterable[str]:
        return chain(syslog.logs(self.host), [journal.NAME] if journal.file(self.host) else ())


def _all(host: Host, name: str, bounds: Mapping[str, Bounds]) -> Iterator[LogEntry]:
    """Those of a log; none that lies between the bounds is missing."""
    least, greatest = _moments(bounds, "TimeGenerated")
    if name != journal.NAME:
        return syslog.entries(host, name, least)
    first, last = _moments(bounds, "TimeWritten")
    since = [first] if first is not None else []
    until = [last] if last is not None else []
    since += [least - LOG_WRITTEN_SECONDS] if least is not None else []
    until += [greatest + LOG_WRITTEN_SECONDS] if greatest is not None else []
    return journal.entries(host, max(since, default=None), min(until, default=None))


def _moments(bounds: Mapping[str, Bounds], name: str) -> list[float | None]:
    """The bounds of a property as POSIX times."""
    return [None if end is None else end.to_datetime().timestamp() for end in bounds.get(name, Bounds())]


def _one(host: Host, name: str, number: int) -> Iterator[LogEntry]:
    found = journal.entry(host, number) if name == journal.NAME else syslog.entry(host, name, number)
    if found is not None:
        yield found


def _readable(name: str, found: Iterator[LogEntry]) -> Iterator[LogEntry]:
    """What can be read: a log that this process must not read has nothing for it."""
    try:
        yield from found
    except (OSError, ValueError) as error:
        log.warning("Win32_NTLogEvent: %s: %s", name, error)
