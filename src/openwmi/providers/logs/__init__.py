"""Logs and their entries."""

PROVIDERS: dict[str, tuple[str, str]] = {
    "Win32_NTEventlogFile": ("openwmi.providers.logs.eventlogfile", "EventlogFileProvider"),
    "Win32_NTLogEvent": ("openwmi.providers.logs.event", "LogEventProvider"),
}
"""Class -> (module, provider)."""
