"""What a resolver knows of exporters: OXID -> bindings ([MS-DCOM] 3.1.2.1), for ResolveOxid2 and ServerAlive2.

Pinging is in `openwmi.orpc.pings`. A resolver holds no object and knows nothing of what an exporter's objects do.
"""

from __future__ import annotations

from dataclasses import dataclass

from openwmi.base.guid import Guid
from openwmi.base.status import HResult
from openwmi.orpc.bindings import Bindings
from openwmi.orpc.headers import OUR_VERSION, ComVersion


@dataclass(frozen=True, slots=True)
class OxidEntry:
    """An exporter: where it listens (bindings with endpoints) and by which IPID its IRemUnknown is called.

    `authn_hint` is the least authentication level it serves ([MS-RPCE] 2.2.1.1.8). 5, PKT_INTEGRITY, is what every
    client can follow: one that knows only 5 for NTLM fails on 6, and at 1 some do not authenticate at all.
    """

    oxid: int
    bindings: Bindings
    ipid_rem_unknown: Guid
    authn_hint: int = 5
    version: ComVersion = OUR_VERSION


class OxidTable:
    """The exporters of one resolver."""

    def __init__(self) -> None:
        self._entries: dict[int, OxidEntry] = {}

    def add(self, entry: OxidEntry) -> None:
        """Registers an exporter, or replaces what is known of it."""
        self._entries[entry.oxid] = entry

    def remove(self, oxid: int) -> None:
        self._entries.pop(oxid, None)

    def resolve(self, oxid: int) -> OxidEntry | None:
        """What ResolveOxid and ResolveOxid2 answer; None is OR_INVALID_OXID (`HResult.RPC_E_INVALID_OXID`)."""
        return self._entries.get(oxid)


def error_status(status: HResult) -> int:
    """The error_status_t (a Win32 code) that IObjectExporter's methods return for this HRESULT."""
    return int(status) & 0xFFFF
