"""Win32_TimeZone: the zone that the host's clock is set to, by the rule at the end of its zoneinfo file.

Page win32-timezone. Names are abbreviations, since zoneinfo has no others: `CET`, where Windows has a sentence.
"""

from __future__ import annotations

import os
from collections.abc import Callable, Iterator
from functools import cached_property

from openwmi.engine.provider import Request
from openwmi.providers.host import Host
from openwmi.providers.reading import HostProvider, Null, Reads, Table, always
from openwmi.providers.time.rule import Change, Rule, parse

ZONES = "/usr/share/zoneinfo/"


class Zone:
    """What is known of the zone."""

    def __init__(self, host: Host) -> None:
        self.host = host

    @cached_property
    def rule(self) -> Rule:
        """Of TZ, if this process has it, else of /etc/localtime; UTC where there is neither, as the C library does."""
        if self._named:
            try:
                return parse(self._named)
            except ValueError:
                pass
        data = self._data
        if data is None or not data.startswith(b"TZif"):
            return Rule("UTC", 0)
        return parse(data.rstrip(b"\n").rpartition(b"\n")[2].decode("ascii"))

    @property
    def name(self) -> str | None:
        """Of the file, such as Europe/Berlin; of no file where the rule itself is told."""
        if self._named:
            file = self._named.removeprefix(":")
            return file.removeprefix(ZONES) if self._data else None
        target = self.host.link("/etc/localtime") or ""
        return target.partition("zoneinfo/")[2] or self.host.read("/etc/timezone") or None

    @cached_property
    def _named(self) -> str:
        return os.environ.get("TZ", "") if self.host.is_live else ""

    @cached_property
    def _data(self) -> bytes | None:
        file = self._named.removeprefix(":")
        return self.host.octets(file if file.startswith("/") else ZONES + file if file else "/etc/localtime")


_Read = Callable[[Zone], object]


def _ends(part: Callable[[Change], int]) -> _Read:
    """Of the change to standard time; where there is none Windows has a date of zeros."""
    return lambda zone: 0 if zone.rule.ends is None else part(zone.rule.ends)


def _begins(part: Callable[[Change], int]) -> _Read:
    return lambda zone: 0 if zone.rule.begins is None else part(zone.rule.begins)


_BEGINS, _ENDS = "the rule's first change; 0 without summer time", "the rule's second change; 0 without summer time"

TABLE: Table[Zone] = {
    "Caption": Reads(
        "the rule, as Windows writes it: (UTC+01:00) CET",
        lambda zone: f"(UTC{_clock(zone.rule.offset)}) {zone.rule.name}",
    ),
    "Description": Reads(
        "the file that TZ names, else where /etc/localtime leads, else /etc/timezone; NULL without",
        lambda zone: zone.name,
    ),
    "SettingID": Null("it is found by its name"),
    "Bias": Reads("the rule; minutes east of Greenwich", lambda zone: zone.rule.offset // 60),
    "DaylightBias": Reads(
        "the rule; minutes west of standard time", lambda zone: (zone.rule.offset - _ahead(zone.rule)) // 60
    ),
    # Windows: wDay of TIME_ZONE_INFORMATION is the week of the month.
    "DaylightDay": Reads(f"{_BEGINS}: the week, 5 is the last", _begins(lambda change: change.week)),
    "DaylightDayOfWeek": Reads(_BEGINS, _begins(lambda change: change.weekday)),
    "DaylightHour": Reads(_BEGINS, _begins(lambda change: change.seconds // 3600 % 24)),
    "DaylightMillisecond": always(0),
    "DaylightMinute": Reads(_BEGINS, _begins(lambda change: change.seconds // 60 % 60)),
    "DaylightMonth": Reads(_BEGINS, _begins(lambda change: change.month)),
    "DaylightName": Reads("the rule; the name of standard time without summer time", lambda zone: _summer(zone.rule)),
    "DaylightSecond": Reads(_BEGINS, _begins(lambda change: change.seconds % 60)),
    "DaylightYear": always(0),  # "each year"
    "StandardBias": always(0),
    "StandardDay": Reads(f"{_ENDS}: the week, 5 is the last", _ends(lambda change: change.week)),
    "StandardDayOfWeek": Reads(_ENDS, _ends(lambda change: change.weekday)),
    "StandardHour": Reads(_ENDS, _ends(lambda change: change.seconds // 3600 % 24)),
    "StandardMillisecond": always(0),
    "StandardMinute": Reads(_ENDS, _ends(lambda change: change.seconds // 60 % 60)),
    "StandardMonth": Reads(_ENDS, _ends(lambda change: change.month)),
    "StandardName": Reads("the rule", lambda zone: zone.rule.name),
    "StandardSecond": Reads(_ENDS, _ends(lambda change: change.seconds % 60)),
    "StandardYear": always(0),
}


def _clock(seconds: int) -> str:
    sign, minutes = "-" if seconds < 0 else "+", abs(seconds) // 60
    return f"{sign}{minutes // 60:02}:{minutes % 60:02}"


def _ahead(rule: Rule) -> int:
    """Summer's offset; without summer time Windows still has an hour here, which nothing uses."""
    return rule.summer_offset if rule.summer_name else rule.offset + 3600


def _summer(rule: Rule) -> str:
    return rule.summer_name or rule.name


class TimeZoneProvider(HostProvider[Zone]):
    """The one zone that is in force."""

    cim_class = "Win32_TimeZone"
    table = TABLE

    def samples(self, request: Request) -> Iterator[Zone]:  # noqa: ARG002 - as of any provider
        yield Zone(self.host)
