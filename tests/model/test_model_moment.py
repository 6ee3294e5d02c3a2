"""datetime and interval: the text forms of the WMI SDK (CIM_DATETIME, Interval Format), order, Python's own types."""

import pickle
from datetime import UTC, datetime, timedelta, timezone

import pytest
from hypothesis import given
from hypothesis import strategies as st

from openwmi.base.error import WbemError
from openwmi.base.status import WbemStatus
from openwmi.model import CimDateTime, CimInterval, parse_datetime

offsets = st.integers(-720, 840)
moments = st.builds(
    lambda when, minutes: when.replace(tzinfo=timezone(timedelta(minutes=minutes))), st.datetimes(), offsets
)
intervals = st.integers(0, 10**8 * 86_400 * 10**6 - 1).map(CimInterval)


def maybe(text: str) -> st.SearchStrategy[str]:
    """A field, or asterisks in its place."""
    return st.sampled_from([text, "*" * len(text)])


@st.composite
def wild_texts(draw: st.DrawFn) -> str:
    """Texts in which any field may be left open."""
    when = draw(st.datetimes())
    fields = [f"{when.year:04}", f"{when.month:02}", f"{when.day:02}", f"{when.hour:02}", f"{when.minute:02}"]
    date = "".join(draw(maybe(field)) for field in [*fields, f"{when.second:02}"])
    known = draw(st.integers(0, 6))
    micro = f"{when.microsecond:06}"[:known].ljust(6, "*")
    minutes = draw(offsets)
    zone = draw(maybe(f"{abs(minutes):03}"))
    return f"{date}.{micro}{'-' if minutes < 0 else '+'}{zone}"


def mismatch(parse: object, argument: object) -> str:
    assert callable(parse)
    with pytest.raises(WbemError) as caught:
        parse(argument)
    assert caught.value.status is WbemStatus.TYPE_MISMATCH
    return caught.value.message


@given(moments)
def test_moments_go_to_text_and_back(when: datetime) -> None:
    moment = CimDateTime.from_datetime(when)
    text = str(moment)
    assert len(text) == 25
    assert text == moment.format()
    assert CimDateTime.parse(text) == moment
    back = moment.to_datetime()
    assert (back, back.utcoffset()) == (when, when.utcoffset())
    assert moment.isoformat() == when.isoformat()


@given(moments, moments)
def test_the_order_is_that_of_the_instants(one: datetime, other: datetime) -> None:
    left, right = CimDateTime.from_datetime(one), CimDateTime.from_datetime(other)
    assert (left < right, left <= right, left == right) == (one < other, one <= other, one == other)
    if left == right:
        assert hash(left) == hash(right)


def test_one_instant_in_two_zones_is_equal() -> None:
    assert CimDateTime.parse("20240101120000.000000+060") == CimDateTime.parse("20240101110000.000000+000")
    assert CimDateTime.parse("20240101000000.000000+840") < CimDateTime.parse("20240101000000.000000-720")
    # Beyond what Python's own datetime can turn into UTC.
    assert CimDateTime.parse("00010101000000.000000+840") < CimDateTime.parse("00010101000000.000000+839")


@given(wild_texts())
def test_open_fields_are_kept(text: str) -> None:
    moment = CimDateTime.parse(text)
    assert str(moment) == text
    assert parse_datetime(text) == moment
    if "*" in text:
        assert "*" in mismatch(CimDateTime.to_datetime, moment)
        with pytest.raises(WbemError):
            _ = moment < CimDateTime.parse("20240101000000.000000+000")
    assert isinstance(moment.isoformat(), str)


# The SDK's examples of what may be left open, and what may not.
@pytest.mark.parametrize(
    "text",
    [
        "19980416******.000000+***",
        "****0401******.000000+***",
        "19980401135809.000000+***",
        "19980401135809.000000-***",
        "20090814000000.******+***",
        "20240101000000.12****+000",
        "00000101000000.000000+000",
        "20240231000000.000000+000",
    ],
)
def test_legal(text: str) -> None:
    assert str(CimDateTime.parse(text)) == text


@pytest.mark.parametrize(
    ("text", "what"),
    [
        ("1998-04-16 ******:***", "yyyymmddHHMMSS"),
        ("199*0416******.000000+***", "year"),
        ("20241301000000.000000+000", "month"),
        ("20240001000000.000000+000", "month"),
        ("20240132000000.000000+000", "day"),
        ("20240100000000.000000+000", "day"),
        ("20240101240000.000000+000", "hour"),
        ("20240101006000.000000+000", "minute"),
        ("20240101000060.000000+000", "second"),
        ("20240101000000.*0****+000", "microsecond"),
        ("20240101000000.00000x+000", "microsecond"),
        ("20240101000000.000000 000", "offset"),
        ("20240101000000.000000+841", "offset"),
        ("20240101000000.000000-721", "offset"),
        ("20240101000000.000000+00*", "offset"),
        ("2024010100000*.000000+000", "second"),
        ("２0240101000000.000000+000", "year"),
        ("20240101000000,000000+000", "yyyymmddHHMMSS"),
        ("20240101000000.000000+000 ", "yyyymmddHHMMSS"),
        ("20240101000000.000000+000\n", "yyyymmddHHMMSS"),
        ("", "yyyymmddHHMMSS"),
    ],
)
def test_illegal(text: str, what: str) -> None:
    said = mismatch(CimDateTime.parse, text)
    assert what in said
    assert repr(text) in said


def test_zones_without_a_known_time_are_not_equal_to_utc() -> None:
    """The SDK: two texts of which one leaves its offset open are not considered equal."""
    assert CimDateTime.parse("19980401135809.000000+***") != CimDateTime.parse("19980401135809.000000+000")
    assert CimDateTime.parse("19980401135809.000000+***") == CimDateTime.parse("19980401135809.000000+***")


def test_a_date_that_no_calendar_has_is_kept_but_not_converted() -> None:
    """The SDK: an implementation need not check that the day fits the month; so a peer's value can be shown."""
    moment = CimDateTime.parse("20240231000000.000000+000")
    assert "calendar" in mismatch(CimDateTime.to_datetime, moment)
    assert moment.isoformat() == "2024-02-31T00:00:00+00:00"
    assert moment == CimDateTime.parse("20240231000000.000000+000")
    assert "calendar" in mismatch(CimDateTime.to_datetime, CimDateTime.parse("00000101000000.000000+000"))


@pytest.mark.parametrize(
    ("text", "iso"),
    [
        ("20240229123456.000000+000", "2024-02-29T12:34:56+00:00"),
        ("20240229123456.000000-000", "2024-02-29T12:34:56+00:00"),
        ("20240229123456.000120-330", "2024-02-29T12:34:56.000120-05:30"),
        ("20240229123456.******+060", "2024-02-29T12:34:56+01:00"),
        ("20240229123456.000000+***", "2024-02-29T12:34:56"),
        ("19980416******.000000+***", "1998-04-16"),
        ("****0401******.000000+***", "****0401******.000000+***"),
    ],
)
def test_iso_8601(text: str, iso: str) -> None:
    assert CimDateTime.parse(text).isoformat() == iso


def test_python_times_that_have_no_cim_form() -> None:
    said = mismatch(CimDateTime.from_datetime, datetime(2024, 1, 1))  # noqa: DTZ001 - that is the case
    assert "time zone" in said
    # Offsets that the form has no room for become UTC: the instant stays.
    for zone in (timezone(timedelta(hours=15)), timezone(timedelta(hours=1, seconds=30))):
        when = datetime(2024, 1, 1, tzinfo=zone)
        moment = CimDateTime.from_datetime(when)
        assert str(moment).endswith("+000")
        assert moment.to_datetime() == when
    mismatch(CimDateTime.from_datetime, datetime.min.replace(tzinfo=timezone(timedelta(hours=15))))


@given(intervals)
def test_intervals_go_to_text_and_back(interval: CimInterval) -> None:
    text = str(interval)
    assert len(text) == 25
    assert text == interval.format()
    assert text.endswith(":000")
    assert CimInterval.parse(text) == interval
    assert parse_datetime(text) == interval
    assert CimInterval.from_timedelta(interval.to_timedelta()) == interval


@given(intervals, intervals)
def test_intervals_have_an_order(one: CimInterval, other: CimInterval) -> None:
    assert (one < other) == (one.to_timedelta() < other.to_timedelta())
    assert (str(one) < str(other)) == (one < other)


def test_the_interval_of_the_sdk() -> None:
    interval = CimInterval.parse("00000001120032.000000:000")
    assert interval.to_timedelta() == timedelta(days=1, hours=12, seconds=32)
    assert interval.isoformat() == "P1DT12H32S"


@pytest.mark.parametrize(
    ("delta", "iso"),
    [
        (timedelta(0), "PT0S"),
        (timedelta(days=3), "P3D"),
        (timedelta(minutes=1, microseconds=500_000), "PT1M0.5S"),
        (timedelta(microseconds=1), "PT0.000001S"),
        (timedelta(days=99_999_999, hours=23, minutes=59, seconds=59), "P99999999DT23H59M59S"),
    ],
)
def test_iso_8601_durations(delta: timedelta, iso: str) -> None:
    assert CimInterval.from_timedelta(delta).isoformat() == iso


@pytest.mark.parametrize(
    ("text", "what"),
    [
        ("00000001240000.000000:000", "hour"),
        ("00000001006000.000000:000", "minute"),
        ("00000001000060.000000:000", "second"),
        ("********120032.000000:000", "day"),
        ("00000001120032.******:000", "microsecond"),
        ("00000001120032.000000:001", "ddddddddHHMMSS"),
        ("00000001120032.000000", "ddddddddHHMMSS"),
        ("", "ddddddddHHMMSS"),
    ],
)
def test_what_is_no_interval(text: str, what: str) -> None:
    assert what in mismatch(CimInterval.parse, text)


@pytest.mark.parametrize("delta", [timedelta(microseconds=-1), timedelta(days=100_000_000)])
def test_intervals_end_at_their_bounds(delta: timedelta) -> None:
    assert "interval" in mismatch(CimInterval.from_timedelta, delta)


@given(st.text(max_size=30) | st.text("0123456789*.:+-", min_size=25, max_size=25))
def test_any_text_parses_or_is_refused(text: str) -> None:
    try:
        value = parse_datetime(text)
    except WbemError as error:
        assert error.status is WbemStatus.TYPE_MISMATCH
    else:
        assert str(value) == text


def test_they_are_values() -> None:
    for value in (CimDateTime.parse("20240229123456.000000+060"), CimInterval.parse("00000001120032.000000:000")):
        assert pickle.loads(pickle.dumps(value)) == value
        assert hash(pickle.loads(pickle.dumps(value))) == hash(value)
        assert str(value) in repr(value)
        with pytest.raises(AttributeError):
            setattr(value, value.__slots__[0], "x")
    assert CimDateTime.parse("20240229123456.000000+060") != CimInterval.parse("00000001120032.000000:000")
    assert CimDateTime.from_datetime(datetime(2024, 1, 1, tzinfo=UTC)) != datetime(2024, 1, 1, tzinfo=UTC)


def test_there_is_no_order_between_a_moment_and_anything_else() -> None:
    moment, interval = CimDateTime.parse("20240229123456.000000+060"), CimInterval(0)
    for other in (interval, 1, "20240229123456.000000+060"):
        with pytest.raises(TypeError):
            _ = moment < other
        assert moment != other
