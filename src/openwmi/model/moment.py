"""CIM datetime: points in time and intervals, in the two fixed-length forms of the WMI SDK ("CIM_DATETIME", "Interval
Format"; DSP0004 5.2.4).

A point keeps its text, since any of its fields may be left open with asterisks; an interval is a count of microseconds.
What time it is now is not known here.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta, timezone
from functools import total_ordering
from typing import Final

from openwmi.base.error import WbemError
from openwmi.base.status import WbemStatus

MIN_OFFSET: Final = -720
MAX_OFFSET: Final = 840
"""How far from UTC a time zone can be, in minutes: from UTC-12 to UTC+14."""


@total_ordering
@dataclass(frozen=True, slots=True, eq=False, repr=False)
class CimDateTime:
    """A point in time, `yyyymmddHHMMSS.mmmmmmsUUU`: microseconds, then the offset from UTC in minutes.

    Two are equal, and ordered, by their instants. One that leaves a field open, or names a day that no calendar has, is
    equal only to the same text, as the SDK has it, and has no place in the order.

    Errors: TYPE_MISMATCH for another text, and for comparing the order of what has none.
    """

    text: str

    @classmethod
    def parse(cls, text: str) -> CimDateTime:
        return cls(text)

    @classmethod
    def from_datetime(cls, when: datetime) -> CimDateTime:
        """From a datetime that knows its offset; TYPE_MISMATCH if it does not.

        An offset of odd seconds, or beyond the zones of this world, has no room in the form: then it is given in UTC.
        """
        offset = when.utcoffset()
        if offset is None:
            raise _mismatch(f"{when.isoformat()} has no time zone: give it one, such as datetime.UTC")
        minutes, odd = divmod(offset, timedelta(minutes=1))
        if odd or not MIN_OFFSET <= minutes <= MAX_OFFSET:
            try:
                when, minutes = when.astimezone(UTC), 0
            except OverflowError:
                raise _mismatch(f"{when.isoformat()} lies outside of the years 1 to 9999 in UTC") from None
        return cls(f"{when.year:04}{when:%m%d%H%M%S.%f}{minutes:+04}")

    def __post_init__(self) -> None:
        text = self.text
        if not _is_usual(text) and not (_DATETIME.fullmatch(text) and _offset_fits(text)):
            raise _explain(text, _DATETIME_FORM, _DATETIME_FIELDS)

    def to_datetime(self) -> datetime:
        """An aware datetime; TYPE_MISMATCH where a field is left open or the calendar has no such day."""
        text = self.text
        if "*" in text:
            raise _mismatch(f"{text} is no single point in time: it leaves fields open (*)")
        minutes = int(text[21:])
        zone = timezone(timedelta(minutes=minutes)) if minutes else UTC
        day, clock = (int(text[:4]), int(text[4:6]), int(text[6:8])), (int(text[8:10]), int(text[10:12]))
        try:
            return datetime(*day, *clock, int(text[12:14]), int(text[15:21]), tzinfo=zone)
        except ValueError:
            raise _mismatch(f"{text} is no point in time: no calendar has that day") from None

    def isoformat(self) -> str:
        """ISO 8601, as `datetime.isoformat` writes it.

        A time or offset that is left open is left out. Where the date has open fields this is the CIM text: ISO 8601
        has no form for it.
        """
        text = self.text
        if "*" in text[:8] or ("*" in text[8:14] and text[8:14] != "******"):
            return text
        day = f"{text[:4]}-{text[4:6]}-{text[6:8]}"
        if "*" in text[8:14]:
            return day
        fraction = "" if "*" in text[15:21] or text[15:21] == "000000" else text[14:21]
        return f"{day}T{text[8:10]}:{text[10:12]}:{text[12:14]}{fraction}{_iso_offset(text[21:])}"

    def format(self) -> str:
        return self.text

    def __str__(self) -> str:
        return self.text

    def __repr__(self) -> str:
        return f"CimDateTime({self.text!r})"

    def __eq__(self, other: object) -> bool:
        if not isinstance(other, CimDateTime):
            return NotImplemented
        return self.text == other.text or (self._instant() or self.text) == (other._instant() or other.text)

    def __hash__(self) -> int:
        return hash(self._instant() or self.text)

    def __lt__(self, other: object) -> bool:
        if not isinstance(other, CimDateTime):
            return NotImplemented
        mine, theirs = self._instant(), other._instant()
        if mine is None or theirs is None:
            raise _mismatch(
                f"{self.text if mine is None else other.text} has no place in an order: it is no single point in time"
            )
        return mine < theirs

    def _instant(self) -> int | None:
        """Microseconds of UTC since before year 1; None where there is no single point in time. Never 0."""
        text = self.text
        if "*" in text:
            return None
        try:
            days = date(int(text[:4]), int(text[4:6]), int(text[6:8])).toordinal()
        except ValueError:
            return None
        minutes = (days * 24 + int(text[8:10])) * 60 + int(text[10:12]) - int(text[21:])
        return (minutes * 60 + int(text[12:14])) * 1_000_000 + int(text[15:21])


@dataclass(frozen=True, slots=True, order=True, repr=False)
class CimInterval:
    """A span of time, `ddddddddHHMMSS.mmmmmm:000`. It is never negative, and no field of it can be left open (SDK).

    Errors: TYPE_MISMATCH for less than nothing or more than 99,999,999 days and 24 hours.
    """

    microseconds: int

    @classmethod
    def parse(cls, text: str) -> CimInterval:
        """TYPE_MISMATCH names the field that is wrong."""
        if not _INTERVAL.fullmatch(text):
            raise _explain(text, _INTERVAL_FORM, _INTERVAL_FIELDS)
        minutes = (int(text[:8]) * 24 + int(text[8:10])) * 60 + int(text[10:12])
        return cls((minutes * 60 + int(text[12:14])) * 1_000_000 + int(text[15:21]))

    @classmethod
    def from_timedelta(cls, delta: timedelta) -> CimInterval:
        return cls(delta // timedelta(microseconds=1))

    def __post_init__(self) -> None:
        if not 0 <= self.microseconds < _INTERVAL_END:
            raise _mismatch(f"an interval lies between 0 and 99,999,999 days, not at {self.microseconds} microseconds")

    def to_timedelta(self) -> timedelta:
        return timedelta(microseconds=self.microseconds)

    def isoformat(self) -> str:
        """An ISO 8601 duration: `P1DT12H32S`."""
        days, hours, minutes, seconds, micros = self._fields()
        fraction = f"{seconds}.{micros:06}".rstrip("0") if micros else str(seconds)
        parts = ((hours, f"{hours}H"), (minutes, f"{minutes}M"), (seconds or micros, f"{fraction}S"))
        time = "".join(text for value, text in parts if value)
        day = f"{days}D" if days else ""
        return f"P{day}T{time}" if time else f"P{day or 'T0S'}"

    def format(self) -> str:
        days, hours, minutes, seconds, micros = self._fields()
        return f"{days:08}{hours:02}{minutes:02}{seconds:02}.{micros:06}:000"

    def __str__(self) -> str:
        return self.format()

    def __repr__(self) -> str:
        return f"CimInterval.parse({self.format()!r})"

    def _fields(self) -> tuple[int, int, int, int, int]:
        seconds, micros = divmod(self.microseconds, 1_000_000)
        minutes, seconds = divmod(seconds, 60)
        hours, minutes = divmod(minutes, 60)
        days, hours = divmod(hours, 24)
        return days, hours, minutes, seconds, micros


def parse_datetime(text: str) -> CimDateTime | CimInterval:
    """Either form, told apart by the colon of an interval. TYPE_MISMATCH as above."""
    return CimInterval.parse(text) if text[21:22] == ":" else CimDateTime.parse(text)


_INTERVAL_END = 10**8 * 86_400 * 10**6

_DATETIME_FORM = "a datetime (yyyymmddHHMMSS.mmmmmmsUUU)"
_INTERVAL_FORM = "an interval (ddddddddHHMMSS.mmmmmm:000)"

_TWENTY_FOUR, _SIXTY = r"(?:[01][0-9]|2[0-3])", r"[0-5][0-9]"

_Field = tuple[str, slice, str, str]
# Name, place, what it may be, and that in words. The day is not held against its month: the SDK does not ask for it,
# and what a peer sends can then still be shown. Open digits of a second come last (DSP0004; Windows sends `******`).
_DATETIME_FIELDS: tuple[_Field, ...] = (
    ("year", slice(0, 4), r"[0-9]{4}|\*{4}", "0000 to 9999 or ****"),
    ("month", slice(4, 6), r"0[1-9]|1[0-2]|\*\*", "01 to 12 or **"),
    ("day", slice(6, 8), r"0[1-9]|[12][0-9]|3[01]|\*\*", "01 to 31 or **"),
    ("hour", slice(8, 10), rf"{_TWENTY_FOUR}|\*\*", "00 to 23 or **"),
    ("minute", slice(10, 12), rf"{_SIXTY}|\*\*", "00 to 59 or **"),
    ("second", slice(12, 14), rf"{_SIXTY}|\*\*", "00 to 59 or **"),
    ("microsecond", slice(15, 21), r"(?=[0-9*]{6}(?![0-9*]))[0-9]*\**", "six digits, of which the last may be *"),
    ("offset", slice(21, 25), r"[+-](?:[0-9]{3}|\*{3})", f"{MIN_OFFSET} to +{MAX_OFFSET} minutes or +***"),
)
_INTERVAL_FIELDS: tuple[_Field, ...] = (
    ("day", slice(0, 8), r"[0-9]{8}", "eight digits"),
    ("hour", slice(8, 10), _TWENTY_FOUR, "00 to 23"),
    ("minute", slice(10, 12), _SIXTY, "00 to 59"),
    ("second", slice(12, 14), _SIXTY, "00 to 59"),
    ("microsecond", slice(15, 21), r"[0-9]{6}", "six digits"),
)


def _form(fields: tuple[_Field, ...]) -> str:
    """The pattern of the whole, from those of its fields and the point before the microseconds."""
    return "".join((r"\." if name == "microsecond" else "") + f"(?:{pattern})" for name, _, pattern, _ in fields)


_DATETIME = re.compile(_form(_DATETIME_FIELDS))
_INTERVAL = re.compile(_form(_INTERVAL_FIELDS) + ":000")

# What nearly every row of a result has, twice as fast: no field is open, and the offset surely fits.
_is_usual = re.compile(
    rf"[0-9]{{4}}(?:0[1-9]|1[0-2])(?:0[1-9]|[12][0-9]|3[01]){_TWENTY_FOUR}{_SIXTY}{_SIXTY}\.[0-9]{{6}}[+-][0-6][0-9]{{2}}"
).fullmatch


def _offset_fits(text: str) -> bool:
    return text[22] == "*" or MIN_OFFSET <= int(text[21:]) <= MAX_OFFSET


def _iso_offset(offset: str) -> str:
    if "*" in offset:
        return ""
    hours, minutes = divmod(int(offset[1:]), 60)
    return f"{offset[0] if hours or minutes else '+'}{hours:02}:{minutes:02}"


def _explain(text: str, form: str, fields: tuple[_Field, ...]) -> WbemError:
    """Which field is wrong, if the frame of the text is right."""
    if len(text) == 25 and text[14] == ".":
        for name, place, pattern, allowed in fields:
            field = text[place]
            if not re.fullmatch(pattern, field) or (name == "offset" and not _offset_fits(text)):
                return _mismatch(f"{text!r} is not {form}: the {name} is {field!r}, not {allowed}")
    shown = repr(text) if len(text) <= 60 else f"{text[:60]!r}…"
    return _mismatch(f"{shown} is not {form}")


def _mismatch(message: str) -> WbemError:
    return WbemError(WbemStatus.TYPE_MISMATCH, message)
