"""Processes and their threads."""

PROVIDERS: dict[str, tuple[str, str]] = {
    "Win32_Process": ("openwmi.providers.processes.process", "ProcessProvider"),
}
"""Class -> (module, provider)."""
