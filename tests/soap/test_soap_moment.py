"""Durations and moments: what comes back, what others write, and what is neither."""

from __future__ import annotations

from contextlib import suppress
from datetime import UTC, datetime, timedelta, timezone

import pytest
from hypothesis import given
from hypothesis import strategies as st

from openwmi.base.fault import LocalProtocolError, RemoteProtocolError
from openwmi.soap.moment import format_expires, parse_expires

SAID = {
    "PT1H": timedelta(hours=1),
    "P1DT2H3M4.5S": timedelta(1, 4, 0, 500, 3, 2),
    "P1Y2M": timedelta(365 + 60),
    "-PT5S": timedelta(seconds=-5),
    "PT0S": timedelta(),
    "PT0.1234567S": timedelta(microseconds=123456),
    "P999999999999Y": timedelta.max,
    "-P999999999999Y": timedelta.min,
    "-P999999999DT1S": timedelta.min,
    "2026-01-02T03:04:05Z": datetime(2026, 1, 2, 3, 4, 5, tzinfo=UTC),
    "2026-01-02T03:04:05": datetime(2026, 1, 2, 3, 4, 5, tzinfo=UTC),
    "2026-01-02T03:04:05.25+05:30": datetime(2026, 1, 1, 21, 34, 5, 250_000, tzinfo=UTC),
    "2026-01-02T03:04:05-01:00": datetime(2026, 1, 2, 4, 4, 5, tzinfo=UTC),
    "2026-12-31T24:00:00Z": datetime(2027, 1, 1, tzinfo=UTC),
}

WRONG = """
P -P PT P1DT P1H PT1D 1H P-1D PT1.S PT.5S p1d PT1H2H P1234567890123456789D +PT1S
2026-01-02 2026-13-02T03:04:05Z 2026-02-30T00:00:00Z 2026-01-02T25:00:00Z 0000-01-01T00:00:00Z 9999-12-31T24:00:00Z
0001-01-01T00:00:00+14:00 2026-01-02T03:04:05+99:00 2026-01-02T03:04:05z 2026-01-02T03:04Z 20260102T030405Z never
""".split()


@pytest.mark.parametrize("text", SAID)
def test_what_others_write(text: str) -> None:
    assert parse_expires(text) == SAID[text]


@pytest.mark.parametrize("text", [*WRONG, "", " PT1S", "PT1S ", "P\N{ARABIC-INDIC DIGIT ONE}D"])
def test_what_is_neither(text: str) -> None:
    with pytest.raises(RemoteProtocolError):
        parse_expires(text)


@given(st.timedeltas())
def test_a_duration_comes_back(lasting: timedelta) -> None:
    assert parse_expires(format_expires(lasting)) == lasting


@given(st.datetimes(timezones=st.just(UTC)), st.integers(-14, 14))
def test_a_moment_comes_back(moment: datetime, hours: int) -> None:
    with suppress(OverflowError):  # where there is no such year in that zone
        moment = moment.astimezone(timezone(timedelta(hours=hours)))
    assert parse_expires(format_expires(moment)) == moment


@given(st.text(alphabet="P-T0123456789YMDHS.:Z+", max_size=24))
def test_nothing_else_comes_out(text: str) -> None:
    with suppress(RemoteProtocolError):
        parse_expires(text)


def test_days_are_written_in_seconds() -> None:
    assert format_expires(timedelta(days=1)) == "PT86400S"
    assert format_expires(timedelta()) == "PT0S"
    assert format_expires(timedelta(hours=-1, microseconds=-500)) == "-PT3600.0005S"


def test_a_moment_of_no_zone_is_not_written() -> None:
    with pytest.raises(LocalProtocolError):
        format_expires(datetime(2026, 1, 2, tzinfo=UTC).replace(tzinfo=None))


def test_a_moment_that_utc_does_not_have_is_not_written() -> None:
    with pytest.raises(LocalProtocolError):
        format_expires(datetime.max.replace(tzinfo=timezone(timedelta(hours=-5))))
