"""Win32_LocalTime, Win32_UTCTime and Win32_TimeZone beside date."""

from __future__ import annotations

from tests.providers.truth import Truth
from tests.providers.truths.system import one_line, words

DATE = ("date", "+%Y %m %d %w %H %M %q")
PARTS = ("Year", "Month", "Day", "DayOfWeek", "Hour", "Minute", "Quarter")


VALUES = {name: (lambda it, position=position: int(it[position])) for position, name in enumerate(PARTS)}

TABLES = [
    Truth("Win32_LocalTime", DATE, words, VALUES),
    Truth("Win32_UTCTime", DATE, words, VALUES, environment={"TZ": "UTC0"}),
    Truth("Win32_TimeZone", ("date", "-d", "2024-01-15", "+%Z"), one_line, {"StandardName": str}),
]
