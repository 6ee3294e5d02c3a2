"""Clocks and time zones."""

PROVIDERS: dict[str, tuple[str, str]] = {
    "Win32_LocalTime": ("openwmi.providers.time.clock", "LocalTimeProvider"),
    "Win32_UTCTime": ("openwmi.providers.time.clock", "UTCTimeProvider"),
    "Win32_TimeZone": ("openwmi.providers.time.zone", "TimeZoneProvider"),
}
"""Class -> (module, provider)."""
