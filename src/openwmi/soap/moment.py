"""How long something lasts, or until when: xs:duration and xs:dateTime (XML Schema part 2, 3.2.6 and 3.2.7)."""

from __future__ import annotations

import re
from datetime import UTC, datetime, timedelta, timezone
from typing import Final

from openwmi.base.fault import LocalProtocolError, RemoteProtocolError

Expires = timedelta | datetime

# Days of a year and of a month in a duration, which has no date to count them from.
YEAR, MONTH = 365, 30


def parse_expires(text: str) -> Expires:
    """Either of the two; a moment without a zone is taken for UTC. RemoteProtocolError.

    What is too long for a timedelta is the longest that there is: nobody lives to see it.
    """
    return _duration(text) if "P" in text[:2] else _moment(text)


def format_expires(expires: Expires) -> str:
    """As XML Schema writes it. LocalProtocolError for a moment without a zone, and for one beyond the years of UTC."""
    if isinstance(expires, timedelta):
        return _format_duration(expires)
    if expires.tzinfo is None:
        raise LocalProtocolError(f"{expires} is in no zone of time")
    try:
        return f"{expires.astimezone(UTC).replace(tzinfo=None).isoformat()}Z"
    except OverflowError:
        raise LocalProtocolError(f"{expires} is in no year of UTC") from None


def _duration(text: str) -> timedelta:
    found = _DURATION.fullmatch(text)
    if found is None or text[-1] in "PT":
        raise RemoteProtocolError(f"{text[:80]!r} is no duration, such as PT1H")
    sign, *whole, seconds, fraction = found.groups()
    years, months, days, hours, minutes = (int(each or 0) for each in whole)
    micros = int((fraction or "")[:6].ljust(6, "0"))
    try:
        lasting = timedelta(
            years * YEAR + months * MONTH + days, int(seconds or 0), micros, hours=hours, minutes=minutes
        )
        return -lasting if sign else lasting  # there are more days to come than there were
    except OverflowError:
        return timedelta.min if sign else timedelta.max


def _moment(text: str) -> datetime:
    found = _MOMENT.fullmatch(text)
    if found is None:
        raise RemoteProtocolError(f"{text[:80]!r} is neither a duration nor a moment")
    whole, fraction, zone = found.groups()
    midnight = "T24:00:00" in whole  # of the next day
    try:
        moment = datetime.fromisoformat(whole.replace("T24:00:00", "T00:00:00"))
        moment += timedelta(days=midnight, microseconds=int((fraction or "")[:6].ljust(6, "0")))
        return moment.replace(tzinfo=_zone(zone)).astimezone(UTC)
    except (ValueError, OverflowError):
        raise RemoteProtocolError(f"there is no moment {text[:80]!r}") from None


def _zone(text: str | None) -> timezone:
    if text is None or text == "Z":
        return UTC
    offset = timedelta(hours=int(text[1:3]), minutes=int(text[4:]))
    return timezone(-offset if text[0] == "-" else offset)


def _format_duration(lasting: timedelta) -> str:
    """In seconds: some read no days."""
    sign = "-" if lasting < timedelta(0) else ""
    lasting = abs(lasting)
    fraction = f".{lasting.microseconds:06d}".rstrip("0") if lasting.microseconds else ""
    return f"{sign}PT{lasting // _SECOND}{fraction}S"


_SECOND: Final = timedelta(seconds=1)
_DURATION: Final = re.compile(
    r"(-)?P(?:([0-9]{1,18})Y)?(?:([0-9]{1,18})M)?(?:([0-9]{1,18})D)?"
    r"(?:T(?:([0-9]{1,18})H)?(?:([0-9]{1,18})M)?(?:([0-9]{1,18})(?:\.([0-9]{1,40}))?S)?)?"
)
_MOMENT: Final = re.compile(
    r"([0-9]{4}-[0-9]{2}-[0-9]{2}T[0-9]{2}:[0-9]{2}:[0-9]{2})(?:\.([0-9]{1,40}))?(Z|[+-][0-9]{2}:[0-9]{2})?"
)
