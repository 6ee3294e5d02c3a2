"""The operating system as a whole."""

PROVIDERS: dict[str, tuple[str, str]] = {
    "Win32_OperatingSystem": ("openwmi.providers.system.operatingsystem", "OperatingSystemProvider"),
}
"""Class -> (module, provider)."""
