"""The providers that come with openwmi: what this host, Linux or macOS, can say of itself in the classes of Win32.

Their values are honest: what the system does not know, or will not tell this process, is NULL. Nothing registers itself
by being imported: an engine takes the list, and the classes from `openwmi.providers.schema`. A provider knows keys,
names and values, and never hears who asks over which wire.
"""

from __future__ import annotations

from openwmi.engine.provider import Provider


def builtin() -> tuple[type[Provider], ...]:
    """The provider classes, each of which can be made without arguments. psutil is loaded here and not before."""
    from openwmi.providers.operatingsystem import OperatingSystemProvider  # noqa: PLC0415 - it loads psutil
    from openwmi.providers.process import ProcessProvider  # noqa: PLC0415 - it loads psutil

    return (OperatingSystemProvider, ProcessProvider)
