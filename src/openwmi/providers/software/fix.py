"""Win32_QuickFixEngineering of this host: none. Page win32-quickfixengineering.

An instance is an update of Windows, known by its number (KB5034441). A distribution mends its packages by new versions
of them, which Win32_Product has; no update of several packages is known to the system by a name, and a made-up number
would be taken by programs for one of Microsoft's.
"""

from __future__ import annotations

from openwmi.engine.provider import Request
from openwmi.providers.reading import HostProvider, Null, Reads, Table

_WHY = "there are no instances: updates here are new versions of packages, see Win32_Product"
_NONE = Null(_WHY)

TABLE: Table[str] = {
    "Caption": _NONE,
    "Description": _NONE,
    "InstallDate": _NONE,
    "Name": _NONE,
    "Status": _NONE,
    "CSName": _NONE,
    "FixComments": _NONE,
    "HotFixID": Reads(_WHY, str),
    "InstalledBy": _NONE,
    "InstalledOn": _NONE,
    "ServicePackInEffect": Reads(_WHY, str),
}


class FixProvider(HostProvider[str]):
    """See the module."""

    cim_class = "Win32_QuickFixEngineering"
    table = TABLE

    def samples(self, request: Request) -> tuple[str, ...]:  # noqa: ARG002 - as of any provider
        return ()
