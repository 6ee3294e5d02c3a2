"""Win32_LocalTime and Win32_UTCTime: what the clock says, taken apart. Each has one instance."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import UTC, datetime

from openwmi.engine.provider import Request
from openwmi.providers.reading import HostProvider, Reads, Table


def _week_in_month(now: datetime) -> int:
    """Weeks begin on Sunday, and the first is the one that the month begins in."""
    first_weekday = now.replace(day=1).isoweekday() % 7
    return (now.day - 1 + first_weekday) // 7 + 1


TABLE: Table[datetime] = {
    "Day": Reads("the clock", lambda now: now.day),
    "DayOfWeek": Reads("the clock; 0 is Sunday", lambda now: now.isoweekday() % 7),
    "Hour": Reads("the clock", lambda now: now.hour),
    "Milliseconds": Reads("the clock", lambda now: now.microsecond // 1000),
    "Minute": Reads("the clock", lambda now: now.minute),
    "Month": Reads("the clock", lambda now: now.month),
    "Quarter": Reads("the month", lambda now: (now.month + 2) // 3),
    "Second": Reads("the clock", lambda now: now.second),
    "WeekInMonth": Reads("the day and the weekday of the month's first", _week_in_month),
    "Year": Reads("the clock", lambda now: now.year),
}


class LocalTimeProvider(HostProvider[datetime]):
    """The time in the host's zone."""

    cim_class = "Win32_LocalTime"
    table = TABLE

    def samples(self, request: Request) -> Iterator[datetime]:  # noqa: ARG002 - as of any provider
        yield self.host.local(self.host.now())


class UTCTimeProvider(HostProvider[datetime]):
    """The time in Greenwich, without summer time."""

    cim_class = "Win32_UTCTime"
    table = TABLE

    def samples(self, request: Request) -> Iterator[datetime]:  # noqa: ARG002 - as of any provider
        yield datetime.fromtimestamp(self.host.now(), UTC)
