"""Win32_ScheduledJob of this host: the timers of systemd and the lines of cron.

Page win32-scheduledjob. Windows: the class shows jobs of AT, which are one time of day on some days; what cannot be
said so has a NULL there. JobId is made out of what the job is, so that it stays while others come and go.
"""

from __future__ import annotations

import re
import zlib
from collections.abc import Iterator
from functools import cached_property
from typing import Any, TypeAlias

from openwmi.base.error import WbemError
from openwmi.engine.provider import Request
from openwmi.model import CimDateTime
from openwmi.providers.host import Host
from openwmi.providers.reading import HostProvider, Null, Reads, Table, always
from openwmi.providers.services.cron import DAYS, Entry, entries, is_any, numbers
from openwmi.providers.services.service import command_line
from openwmi.providers.services.systemd import SUFFIX, Service, Systemd

TIMER = ".timer"
EVERY_DAY = 127
"""DaysOfWeek with all seven bits; that of Monday is 1."""


class CronJob:
    """A line of cron."""

    description = status = None
    repeats = True

    def __init__(self, host: Host, entry: Entry) -> None:
        self.host = host
        self._entry = entry
        self.identity = f"{entry.source}\n{entry.text}"
        self.name = entry.source
        self.command = entry.command
        self.owner = entry.owner

    @property
    def start(self) -> CimDateTime | None:
        """The time of day, where it is one. ValueError."""
        if not self._entry.fields:
            return None
        minutes, hours = numbers(self._entry.fields[0], 0, 59), numbers(self._entry.fields[1], 0, 23)
        if len(minutes) > 1 or len(hours) > 1:
            return None
        now = self.host.local_time(self.host.now())
        return CimDateTime.parse(f"********{min(hours):02}{min(minutes):02}00.000000{str(now)[-4:]}")

    @property
    def weekdays(self) -> int | None:
        """ValueError."""
        if not self._entry.fields:
            return None
        _, _, day, _, weekday = self._entry.fields
        if is_any(weekday):
            return EVERY_DAY if is_any(day) else None
        return _weekdays(numbers(weekday, 0, 7, DAYS))

    @property
    def days(self) -> int | None:
        """ValueError."""
        if not self._entry.fields or is_any(self._entry.fields[2]):
            return None
        return sum(1 << (day - 1) for day in numbers(self._entry.fields[2], 1, 31))


class TimerJob:
    """A timer of systemd."""

    def __init__(self, systemd: Systemd, unit: str) -> None:
        self.host = systemd.host
        self.identity = self.name = unit
        self._systemd = systemd
        self._unit = systemd.units[unit]

    @property
    def description(self) -> str:
        return str(self._unit[1])

    @property
    def command(self) -> str | None:
        """OSError."""
        return None if self._service is None else command_line(self._service)

    @property
    def owner(self) -> str | None:
        """OSError."""
        return None if self._service is None else str(self._service.special["User"] or "root")

    @property
    def status(self) -> str | None:
        """Of the last time. OSError."""
        if self._service is None or not self._timer.get("LastTriggerUSec"):
            return None
        return "Success" if self._service.special["Result"] == "success" else "Failure"

    @property
    def repeats(self) -> bool:
        """OSError."""
        again = [base for base, *_ in self._timer.get("TimersMonotonic", ()) if str(base).startswith("OnUnit")]
        return bool(self._timer.get("TimersCalendar") or again)

    @property
    def start(self) -> CimDateTime | None:
        """The next time. OSError."""
        microseconds = int(self._timer["NextElapseUSecRealtime"])
        return self.host.local_time(microseconds / 1e6) if 0 < microseconds < _NEVER else None

    @property
    def weekdays(self) -> int | None:
        """LookupError, ValueError for a calendar that says it otherwise."""
        weekday, day = self._calendar
        if not weekday:
            return EVERY_DAY if day == "*" else None
        return _weekdays(numbers(weekday.replace("..", "-"), 0, 6, DAYS[1:] + DAYS[:1]), first=0)

    @property
    def days(self) -> int | None:
        """LookupError, ValueError for a calendar that says it otherwise."""
        day = self._calendar[1]
        return None if day == "*" else sum(1 << (day - 1) for day in numbers(day.replace("..", "-"), 1, 31))

    @property
    def _calendar(self) -> tuple[str, str]:
        """Days of the week and of the month of systemd.time(7), where there is one such line."""
        calendars = self._timer.get("TimersCalendar", ())
        found = _CALENDAR.match(str(calendars[0][1])) if len(calendars) == 1 else None
        if found is None:
            raise LookupError("there are several, or none")
        return found[1] or "", found[2]

    @property
    def _timer(self) -> Any:
        return self._systemd.properties(str(self._unit[6]), "Timer")

    @cached_property
    def _service(self) -> Service | None:
        """What it starts; None where that is another kind of unit. OSError."""
        unit = str(self._timer["Unit"])
        return Service(self._systemd, unit) if unit.endswith(SUFFIX) else None


_NEVER = (1 << 64) - 1
_CALENDAR = re.compile(r"(?:([A-Za-z][A-Za-z.,]*) )?[^\s-]+-[^\s~-]+-([^\s~]+)(?: |$)")


def _weekdays(found: frozenset[int], first: int = 1) -> int:
    """Bits from Monday on; `first` is Monday's number."""
    return sum({1 << ((day - first) % 7) for day in found})


Job: TypeAlias = CronJob | TimerJob


class Numbered:
    """A job and its number."""

    def __init__(self, number: int, job: Job) -> None:
        self.number = number
        self.job = job


_CRON = "crontab(5)"
_TIMER = "org.freedesktop.systemd1.Timer"

TABLE: Table[Numbered] = {
    "Caption": Reads("as Name", lambda it: it.job.name),
    "Description": Reads("the timer's Description; NULL for a line of cron", lambda it: it.job.description),
    "InstallDate": Null("nobody notes it"),
    "Name": Reads("the name of the timer; for a line of cron its file", lambda it: it.job.name),
    "Status": Null("see JobStatus"),
    "ElapsedTime": Null("nobody notes it"),
    "JobStatus": Reads(
        "Result of the service that the timer starts: Success or Failure; NULL before its first time, and for cron",
        lambda it: it.job.status,
    ),
    "Notify": Null("cron mails to accounts, and a timer tells nobody"),
    "Owner": Reads(f"{_CRON}: whom the command is run as; for a timer User of its service", lambda it: it.job.owner),
    "Priority": Null("jobs have none"),
    "StartTime": Reads(
        f"{_CRON}: the time of day, NULL where there are several; {_TIMER} NextElapseUSecRealtime",
        lambda it: it.job.start,
    ),
    "TimeSubmitted": Null("nobody notes it"),
    "UntilTime": Null("jobs do not end by themselves"),
    "Command": Reads(f"{_CRON}: the command; for a timer ExecStart of its service", lambda it: it.job.command),
    "DaysOfMonth": Reads(
        f"{_CRON}, {_TIMER} TimersCalendar: a bit for each day; NULL where any day will do", lambda it: it.job.days
    ),
    "DaysOfWeek": Reads(
        f"{_CRON}, {_TIMER} TimersCalendar: a bit for each day from Monday on; NULL where days of the month say it",
        lambda it: it.job.weekdays,
    ),
    "InteractWithDesktop": always(False),
    "JobId": Reads("a checksum of the timer's name, or of the file of cron and the line", lambda it: it.number),
    "RunRepeatedly": Reads(
        f"true for cron; {_TIMER}: whether it has a calendar, or OnUnitActive or OnUnitInactive",
        lambda it: it.job.repeats,
    ),
}


class ScheduledJobProvider(HostProvider[Numbered]):
    """Timers that are loaded, then the lines of cron."""

    cim_class = "Win32_ScheduledJob"
    table = TABLE

    def samples(self, request: Request) -> Iterator[Numbered]:  # noqa: ARG002 - as of any provider
        taken: set[int] = set()
        for job in self._jobs():
            number = zlib.crc32(job.identity.encode())
            while number in taken:
                number = (number + 1) & 0xFFFFFFFF
            taken.add(number)
            yield Numbered(number, job)

    def _jobs(self) -> Iterator[Job]:
        """Where systemd does not answer cron has its jobs all the same; then the failure is raised."""
        systemd, failure = Systemd(self.host), None
        try:
            units = sorted(systemd.units)
        except WbemError as error:
            units, failure = [], error
        for unit in units:
            if unit.endswith(TIMER):
                yield TimerJob(systemd, unit)
        for entry in entries(self.host):
            yield CronJob(self.host, entry)
        if failure is not None:
            raise failure
