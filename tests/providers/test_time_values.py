"""Win32_LocalTime, Win32_UTCTime, Win32_TimeZone, and the rules of time zones."""

from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from openwmi.engine.provider import Request
from openwmi.engine.registration import shipped_class
from openwmi.providers.host import Host
from openwmi.providers.time.clock import LocalTimeProvider, UTCTimeProvider
from openwmi.providers.time.rule import Change, Rule, parse
from openwmi.providers.time.zone import TimeZoneProvider

Make = Callable[..., Host]
Asking = Callable[..., Request]


def only(provider: Any, asking: Asking) -> dict[str, Any]:
    (row,) = provider.instances(asking(provider.cim_class))
    shipped_class(provider.cim_class).instance(row)  # each value is of its property's type
    return dict(row)


def test_the_time_here_and_in_greenwich(host: Make, asking: Asking) -> None:
    laptop = host("laptop")  # 14 November 2023, a Tuesday, 23:13 in Berlin
    common = {"Year": 2023, "Month": 11, "Day": 14, "DayOfWeek": 2, "Minute": 13, "Second": 20, "Milliseconds": 250}
    common |= {"Quarter": 4, "WeekInMonth": 3}
    assert only(LocalTimeProvider(laptop), asking) == {**common, "Hour": 23}
    assert only(UTCTimeProvider(laptop), asking) == {**common, "Hour": 22}


@pytest.mark.parametrize(
    ("day", "week"), [("1700000000", 3), ("1698796800", 1), ("1698969600", 1), ("1699142400", 2), ("1701302400", 5)]
)
def test_weeks_begin_on_sunday(day: str, week: int, host: Make, asking: Asking) -> None:
    """1 November 2023 is a Wednesday, 3 a Friday, 5 a Sunday, 30 a Thursday."""
    made = host("cloud", f"== @clock\n{day}\n")
    assert only(UTCTimeProvider(made), asking)["WeekInMonth"] == week


def test_a_zone_with_summer_time(host: Make, asking: Asking) -> None:
    row = only(TimeZoneProvider(host("laptop")), asking)
    assert (row["StandardName"], row["DaylightName"], row["Caption"]) == ("CET", "CEST", "(UTC+01:00) CET")
    assert (row["Bias"], row["StandardBias"], row["DaylightBias"]) == (60, 0, -60)
    assert [row[f"Daylight{part}"] for part in ("Month", "Day", "DayOfWeek", "Hour")] == [3, 5, 0, 2]
    assert [row[f"Standard{part}"] for part in ("Month", "Day", "DayOfWeek", "Hour")] == [10, 5, 0, 3]
    assert (row["Description"], row["SettingID"]) == ("Europe/Berlin", None)


def test_a_zone_without(host: Make, asking: Asking) -> None:
    row = only(TimeZoneProvider(host("container")), asking)
    assert (row["StandardName"], row["DaylightName"], row["Bias"], row["DaylightMonth"]) == ("UTC", "UTC", 0, 0)
    assert row["Description"] is None


def test_a_zone_is_found_by_its_name(host: Make, asking: Asking) -> None:
    provider = TimeZoneProvider(host("server"))
    row = provider.get(asking("Win32_TimeZone", "Bias"), {"StandardName": "est"})
    assert row == {"Bias": -300, "StandardName": "EST"}
    assert provider.get(asking("Win32_TimeZone"), {"StandardName": "CET"}) is None


@pytest.mark.parametrize(
    ("text", "rule"),
    [
        ("UTC0", Rule("UTC", 0)),
        ("<+0545>-5:45", Rule("+0545", 20700)),
        ("<-03>3", Rule("-03", -10800)),
        ("EST5EDT,M3.2.0,M11.1.0", Rule("EST", -18000, "EDT", -14400, Change(3, 2, 0), Change(11, 1, 0))),
        (
            "CET-1CEST,M3.5.0,M10.5.0/3",
            Rule("CET", 3600, "CEST", 7200, Change(3, 5, 0), Change(10, 5, 0, 10800)),
        ),
        (
            "<+1030>-10:30<+11>-11,M10.1.0,M4.1.0",
            Rule("+1030", 37800, "+11", 39600, Change(10, 1, 0), Change(4, 1, 0)),
        ),
        ("IST-2IDT,M3.4.4/26,M10.5.0", Rule("IST", 7200, "IDT", 10800, Change(3, 4, 4, 93600), Change(10, 5, 0))),
        ("IST-1GMT0,M10.5.0,M3.5.0/1", Rule("GMT", 0, "IST", 3600, Change(3, 5, 0, 3600), Change(10, 5, 0))),
        ("ABC3DEF,J60/0,J300", Rule("ABC", -10800, "DEF", -7200)),
    ],
)
def test_rules(text: str, rule: Rule) -> None:
    assert parse(text) == rule


@pytest.mark.parametrize("text", ["", "UTC", "Europe/Berlin", "A5", "CET-1CEST,M13.1.0,M10.5.0", "CET-1CEST,M3.5.0"])
def test_what_is_no_rule(text: str) -> None:
    with pytest.raises(ValueError, match=r"no rule|no day"):
        parse(text)


@pytest.mark.parametrize(
    ("named", "zone", "bias"),
    [
        ("Asia/Kolkata", "Asia/Kolkata", 330),
        (":Europe/Dublin", "Europe/Dublin", 0),
        ("/usr/share/zoneinfo/America/St_Johns", "America/St_Johns", -210),
        ("EST5EDT,M3.2.0,M11.1.0", None, -300),
        ("No/Such", None, 0),
    ],
)
def test_the_zone_of_this_process(
    named: str, zone: str | None, bias: int, asking: Asking, monkeypatch: pytest.MonkeyPatch
) -> None:
    """TZ is what all of its times are in, so it is what the zone is called by, too."""
    if zone and not Path("/usr/share/zoneinfo", zone).is_file():
        pytest.skip("this host has no zoneinfo")
    monkeypatch.setenv("TZ", named)
    row = only(TimeZoneProvider(), asking)
    assert (row["Description"], row["Bias"], row["DaylightBias"]) == (zone, bias, -60)
