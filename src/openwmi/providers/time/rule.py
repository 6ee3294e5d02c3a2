"""The rule of a time zone as POSIX writes it (`CET-1CEST,M3.5.0,M10.5.0/3`): text <-> values, and nothing else.

tzset(3), and RFC 9636 3.3.1, where it is the last line of a file of zoneinfo.
"""

from __future__ import annotations

import re
from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Change:
    """When the clock is changed, each year, by the clock before the change.

    Attributes:
        month: from 1.
        week: the how manieth weekday of the month; 5 is the last.
        weekday: 0 is Sunday.
        seconds: after midnight; more than a day or less than none is allowed.
    """

    month: int
    week: int
    weekday: int
    seconds: int = 2 * 3600


@dataclass(frozen=True, slots=True)
class Rule:
    """A zone from now on. Summer time is what is ahead, also where the law says that winter is the exception (Dublin).

    Attributes:
        name, summer_name: abbreviations; the second is empty where there is no summer time.
        offset, summer_offset: seconds east of Greenwich.
        begins, ends: summer time; None where there is none, or where it is said by the day of the year.
    """

    name: str
    offset: int
    summer_name: str = ""
    summer_offset: int = 0
    begins: Change | None = None
    ends: Change | None = None


def parse(text: str) -> Rule:
    """ValueError for what is no rule."""
    found = _RULE.fullmatch(text.strip())
    if found is None:
        raise ValueError(f"{text!r} is no rule of a time zone")
    offset = -_seconds(found["offset"])
    if not found["summer"]:
        return Rule(_name(found["name"]), offset)
    ahead = -_seconds(found["ahead"]) if found["ahead"] else offset + 3600
    changes = [_change(each) for each in (found["begins"], found["ends"]) if each]
    begins, ends = changes if len(changes) == 2 else (None, None)
    name, summer = _name(found["name"]), _name(found["summer"])
    if ahead < offset:
        return Rule(summer, ahead, name, offset, ends, begins)
    return Rule(name, offset, summer, ahead, begins, ends)


_ZONE = r"[A-Za-z]{3,}|<[A-Za-z0-9+-]{3,}>"
_TIME = r"[+-]?\d{1,3}(?::\d{1,2}(?::\d{1,2})?)?"
_WHEN = rf"(?:M\d+\.\d+\.\d+|J?\d+)(?:/{_TIME})?"
_RULE = re.compile(
    rf"(?P<name>{_ZONE})(?P<offset>{_TIME})"
    rf"(?:(?P<summer>{_ZONE})(?P<ahead>{_TIME})?(?:,(?P<begins>{_WHEN}),(?P<ends>{_WHEN}))?)?"
)
_MONTHLY = re.compile(rf"M(\d+)\.(\d+)\.(\d+)(?:/({_TIME}))?")


def _name(text: str) -> str:
    return text.strip("<>")


def _seconds(text: str) -> int:
    """`5`, `-5:45`, `+10:30:15`."""
    hours, minutes, seconds = [*map(int, text.lstrip("+-").split(":")), 0, 0][:3]
    total = hours * 3600 + minutes * 60 + seconds
    return -total if text.startswith("-") else total


def _change(text: str) -> Change | None:
    found = _MONTHLY.fullmatch(text)
    if found is None:
        return None
    month, week, weekday = int(found[1]), int(found[2]), int(found[3])
    if not (1 <= month <= 12 and 1 <= week <= 5 and weekday <= 6):
        raise ValueError(f"{text!r} is no day of a year")
    return Change(month, week, weekday, _seconds(found[4]) if found[4] else 2 * 3600)
