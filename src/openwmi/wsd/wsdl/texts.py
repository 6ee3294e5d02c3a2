"""Texts of the built-in types (XML Schema part 2, 3) <-> values of Python. What a schema adds to them is in `simple`.

    str         all kinds of strings and names, anyURI, and dates without a year, a month or a day
    int         integer and what is derived from it; Decimal: decimal; float: float, double; bool
    datetime, date, time, Duration
    bytes       hexBinary, base64Binary
    QName       QName, NOTATION, whose text here has the namespace and no prefix: `{namespace}local`

What is read raises ValueError for what is no such text, and nothing else.
"""

from __future__ import annotations

import base64
import binascii
import re
from collections.abc import Callable
from dataclasses import dataclass
from datetime import UTC, date, datetime, time, timedelta, timezone
from decimal import Decimal
from math import inf, isinf, isnan, nan
from typing import Any, Final, NamedTuple

from openwmi.soap.name import QName, is_ncname
from openwmi.soap.writer import escape


class Duration(NamedTuple):
    """A length of time: months have none of their own, so that they are kept apart."""

    months: int = 0
    rest: timedelta = timedelta()

    @classmethod
    def parse(cls, text: str) -> Duration:
        """`P1Y2M3DT4H5M6.7S`. ValueError."""
        found = _DURATION.fullmatch(text)
        if found is None or text.endswith(("P", "T")):
            raise ValueError(f"{text[:80]!r} is no duration, such as P1DT12H")
        years, months, days, hours, minutes, seconds = (Decimal(each or 0) for each in found.groups()[1:])
        try:
            micros = round(((days * 24 + hours) * 60 + minutes) * 60_000_000 + seconds * 1_000_000)
            sign = -1 if found[1] else 1
            return cls(sign * int(years * 12 + months), sign * timedelta(microseconds=micros))
        except (OverflowError, ArithmeticError):
            raise ValueError(f"{text[:80]!r} is longer than can be told") from None

    def __str__(self) -> str:
        months, rest = abs(self.months), abs(self.rest)
        if self.months * (self.rest // timedelta.resolution) < 0:
            raise ValueError(f"months and days of {self!r} go different ways")
        sign = "-" if self.months < 0 or self.rest < timedelta() else ""
        day = (
            f"{months // 12}Y" * bool(months // 12)
            + f"{months % 12}M" * bool(months % 12)
            + f"{rest.days}D" * bool(rest.days)
        )
        fraction = f".{rest.microseconds:06}".rstrip("0") if rest.microseconds else ""
        clock = f"T{rest.seconds}{fraction}S" if rest.seconds or fraction or not day else ""
        return f"{sign}P{day}{clock}"


@dataclass(frozen=True, slots=True)
class Text:
    """A built-in type.

    Attributes:
        python: the type of its values, as annotations say it.
        types: what is taken for a value of it.
        parse, format: read a text whose white space has been seen to; write a value, ready to stand in XML.
        space: `preserve`, `replace` or `collapse`.
        least, most: the range of an integer.
    """

    python: str
    types: tuple[type, ...]
    parse: Callable[[str], Any]
    format: Callable[[Any], str]
    space: str = "collapse"
    least: int | None = None
    most: int | None = None


_DURATION: Final = re.compile(
    r"(-)?P(?:(\d{1,9})Y)?(?:(\d{1,9})M)?(?:(\d{1,9})D)?"
    r"(?:T(?:(\d{1,9})H)?(?:(\d{1,9})M)?(?:(\d{1,9}(?:\.\d{1,32})?)S)?)?"
)
_ZONE: Final = r"(Z|[+-](?:0\d|1[0-4]):[0-5]\d)?"
_DATE: Final = re.compile(rf"(\d{{4}})-(\d\d)-(\d\d){_ZONE}")
_TIME: Final = re.compile(rf"(\d\d):(\d\d):(\d\d)(?:\.(\d{{1,32}}))?{_ZONE}")
_DATE_TIME: Final = re.compile(rf"(\d{{4}})-(\d\d)-(\d\d)T(\d\d):(\d\d):(\d\d)(?:\.(\d{{1,32}}))?{_ZONE}")
_INTEGER: Final = re.compile(r"[+-]?\d{1,1000}", re.ASCII)
_DECIMAL: Final = re.compile(r"[+-]?(?:\d{1,1000}(?:\.\d{0,1000})?|\.\d{1,1000})", re.ASCII)
_FLOAT: Final = re.compile(r"[+-]?(?:\d{1,400}(?:\.\d{0,400})?|\.\d{1,400})(?:[eE][+-]?\d{1,9})?", re.ASCII)
_SPECIAL: Final = {"INF": inf, "-INF": -inf, "NaN": nan}
_BOOLEANS: Final = {"true": True, "1": True, "false": False, "0": False}
_NMTOKEN: Final = re.compile(r"[\w.:\-·]+")
_NAME: Final = re.compile(r"[^\W\d][\w.:\-·]*|:[\w.:\-·]*")
_LANGUAGE: Final = re.compile(r"[a-zA-Z]{1,8}(-[a-zA-Z0-9]{1,8})*")


def _matching(pattern: re.Pattern[str], what: str) -> Callable[[str], str]:
    def parse(text: str) -> str:
        if pattern.fullmatch(text) is None:
            raise ValueError(f"{text[:80]!r} is no {what}")
        return text

    return parse


def _parse_ncname(text: str) -> str:
    if not is_ncname(text):
        raise ValueError(f"{text[:80]!r} is no name without a colon")
    return text


def _parse_integer(text: str) -> int:
    if _INTEGER.fullmatch(text) is None:
        raise ValueError(f"{text[:80]!r} is no whole number")
    return int(text)


def _parse_decimal(text: str) -> Decimal:
    if _DECIMAL.fullmatch(text) is None:
        raise ValueError(f"{text[:80]!r} is no decimal number")
    return Decimal(text)


def _format_decimal(value: Decimal) -> str:
    if not value.is_finite() or abs(value.adjusted()) > 900:
        raise ValueError(f"{value} is no decimal number that XML can say")
    return format(value, "f")


def _parse_float(text: str) -> float:
    if _FLOAT.fullmatch(text) is not None:
        return float(text)
    if text not in _SPECIAL:
        raise ValueError(f"{text[:80]!r} is no number")
    return _SPECIAL[text]


def _format_float(value: float) -> str:
    if isinf(value):
        return "INF" if value > 0 else "-INF"
    return "NaN" if isnan(value) else repr(float(value))


def _parse_boolean(text: str) -> bool:
    if text not in _BOOLEANS:
        raise ValueError(f"{text[:80]!r} is neither true nor false")
    return _BOOLEANS[text]


def _zone(text: str | None) -> timezone | None:
    if text is None:
        return None
    if text == "Z":
        return UTC
    offset = timedelta(hours=int(text[1:3]), minutes=int(text[4:]))
    return timezone(-offset if text[0] == "-" else offset)


def _format_zone(value: datetime | time) -> str:
    offset = value.utcoffset()
    if offset is None:
        return ""
    minutes, odd = divmod(offset, timedelta(minutes=1))
    if odd:
        raise ValueError(f"the offset {offset} is of no whole minutes")
    return "Z" if not minutes else f"{'-' if minutes < 0 else '+'}{abs(minutes) // 60:02}:{abs(minutes) % 60:02}"


def _micros(text: str | None) -> int:
    return int((text or "")[:6].ljust(6, "0"))


def _parse_date_time(text: str) -> datetime:
    found = _DATE_TIME.fullmatch(text)
    if found is None:
        raise ValueError(f"{text[:80]!r} is no date and time, such as 2026-01-31T12:00:00Z")
    year, month, day, hour, minute, second = map(int, found.groups()[:6])
    end_of_day = (hour, minute, second, _micros(found[7])) == (24, 0, 0, 0)
    at = datetime(year, month, day, 0 if end_of_day else hour, minute, second, _micros(found[7]), _zone(found[8]))
    try:
        return at + timedelta(days=1) if end_of_day else at
    except OverflowError:
        raise ValueError(f"{text[:80]!r} is later than can be told") from None


def _format_clock(value: datetime | time) -> str:
    fraction = f".{value.microsecond:06}".rstrip("0") if value.microsecond else ""
    return f"{value.hour:02}:{value.minute:02}:{value.second:02}{fraction}{_format_zone(value)}"


def _format_date_time(value: datetime) -> str:
    return f"{value.year:04}-{value.month:02}-{value.day:02}T{_format_clock(value)}"


def _parse_date(text: str) -> date:
    found = _DATE.fullmatch(text)
    if found is None:
        raise ValueError(f"{text[:80]!r} is no date, such as 2026-01-31")
    return date(int(found[1]), int(found[2]), int(found[3]))


def _parse_time(text: str) -> time:
    found = _TIME.fullmatch(text)
    if found is None:
        raise ValueError(f"{text[:80]!r} is no time, such as 12:00:00")
    hour = 0 if text.startswith("24:00:00") else int(found[1])
    return time(hour, int(found[2]), int(found[3]), _micros(found[4]), _zone(found[5]))


def _parse_hex(text: str) -> bytes:
    try:
        return binascii.unhexlify(text)
    except (binascii.Error, ValueError):
        raise ValueError(f"{text[:80]!r} are no octets in hexadecimal") from None


def _parse_base64(text: str) -> bytes:
    try:
        return base64.b64decode("".join(text.split()), validate=True)
    except (binascii.Error, ValueError):
        raise ValueError(f"{text[:80]!r} are no octets in base64") from None


def _integer(least: int | None = None, most: int | None = None) -> Text:
    return Text("int", (int,), _parse_integer, str, least=least, most=most)


def _string(parse: Callable[[str], str] = str, space: str = "collapse") -> Text:
    return Text("str", (str,), parse, escape, space)


_DATES: Final = {
    "gYear": rf"-?\d{{4,9}}{_ZONE}",
    "gYearMonth": rf"-?\d{{4,9}}-\d\d{_ZONE}",
    "gMonth": rf"--\d\d{_ZONE}",
    "gMonthDay": rf"--\d\d-\d\d{_ZONE}",
    "gDay": rf"---\d\d{_ZONE}",
}

TEXTS: Final[dict[str, Text]] = {
    "string": _string(space="preserve"),
    "anySimpleType": _string(space="preserve"),
    "anyAtomicType": _string(space="preserve"),
    "untypedAtomic": _string(space="preserve"),
    "normalizedString": _string(space="replace"),
    "token": _string(),
    "anyURI": _string(),
    "language": _string(_matching(_LANGUAGE, "language, such as en-US")),
    "Name": _string(_matching(_NAME, "name")),
    "NMTOKEN": _string(_matching(_NMTOKEN, "word of a name's characters")),
    **dict.fromkeys(("NCName", "ID", "IDREF", "ENTITY"), _string(_parse_ncname)),
    **{name: _string(_matching(re.compile(pattern, re.ASCII), name)) for name, pattern in _DATES.items()},
    "boolean": Text("bool", (bool,), _parse_boolean, lambda value: "true" if value else "false"),
    "decimal": Text("Decimal", (Decimal, int), _parse_decimal, lambda value: _format_decimal(Decimal(value))),
    **dict.fromkeys(("float", "double"), Text("float", (float, int), _parse_float, _format_float)),
    "integer": _integer(),
    "nonPositiveInteger": _integer(most=0),
    "negativeInteger": _integer(most=-1),
    "nonNegativeInteger": _integer(0),
    "positiveInteger": _integer(1),
    **{
        name: _integer(-(1 << bits - 1), (1 << bits - 1) - 1)
        for name, bits in (("long", 64), ("int", 32), ("short", 16), ("byte", 8))
    },
    **{
        f"unsigned{name}": _integer(0, (1 << bits) - 1)
        for name, bits in (("Long", 64), ("Int", 32), ("Short", 16), ("Byte", 8))
    },
    "dateTime": Text("datetime", (datetime,), _parse_date_time, _format_date_time),
    "date": Text("date", (date,), _parse_date, lambda value: f"{value.year:04}-{value.month:02}-{value.day:02}"),
    "time": Text("time", (time,), _parse_time, _format_clock),
    "duration": Text("Duration", (Duration,), Duration.parse, str),
    "hexBinary": Text("bytes", (bytes,), _parse_hex, lambda value: value.hex().upper()),
    "base64Binary": Text("bytes", (bytes,), _parse_base64, lambda value: base64.b64encode(value).decode()),
    **dict.fromkeys(("QName", "NOTATION"), Text("QName", (QName,), QName.parse, str)),
}
