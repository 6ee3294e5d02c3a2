"""IObjectExporter: where an exporter is reached, and pings ([MS-DCOM] 3.1.2.5.1).

All of it is answered without a login: a client asks before it knows how to prove itself, and what it learns is no
secret. Objects stay out of reach: an IPID leads its own principal to them, and nobody else.
"""

from __future__ import annotations

from openwmi.base import guid
from openwmi.base.status import HResult
from openwmi.dcom.caller import current_caller
from openwmi.dcom.exporter import Exporter
from openwmi.dcom.registry import Registry
from openwmi.interfaces import (
    ComplexPingReply,
    IObjectExporter,
    ResolveOxid2Reply,
    ResolveOxidReply,
    ServerAlive2Reply,
)
from openwmi.orpc import OUR_VERSION, ComVersion, OxidEntry, error_status

_NO_OXID = error_status(HResult.RPC_E_INVALID_OXID)


class Resolver(IObjectExporter):
    """The resolver of one exporter, and of those of other processes where there is a registry.

    What its methods return is a Win32 code.
    """

    def __init__(self, exporter: Exporter, registry: Registry | None = None) -> None:
        self._exporter = exporter
        self._registry = registry

    async def ResolveOxid(self, pOxid: int, cRequestedProtseqs: int, arRequestedProtseqs: object) -> ResolveOxidReply:
        entry = self._find(pOxid)
        if entry is None:
            return ResolveOxidReply(None, guid.NULL, 0, _NO_OXID)
        return ResolveOxidReply(entry.bindings.array, entry.ipid_rem_unknown, entry.authn_hint)

    async def ResolveOxid2(self, pOxid: int, cRequestedProtseqs: int, arRequestedProtseqs: object) -> ResolveOxid2Reply:
        entry = self._find(pOxid)
        if entry is None:
            return ResolveOxid2Reply(None, guid.NULL, 0, ComVersion(0, 0), _NO_OXID)
        return ResolveOxid2Reply(entry.bindings.array, entry.ipid_rem_unknown, entry.authn_hint, entry.version)

    async def SimplePing(self, pSetId: int) -> int:
        return error_status(self._exporter.simple_ping(pSetId))

    async def ComplexPing(
        self,
        pSetId: int,
        SequenceNum: int,
        cAddToSet: int,
        cDelFromSet: int,
        AddToSet: tuple[int, ...] | None,
        DelFromSet: tuple[int, ...] | None,
    ) -> ComplexPingReply:
        reply = self._exporter.complex_ping(pSetId, SequenceNum, AddToSet or (), DelFromSet or ())
        return ComplexPingReply(reply.set_id, reply.backoff_factor, error_status(reply.status))

    async def ServerAlive(self) -> int:
        return 0

    async def ServerAlive2(self) -> ServerAlive2Reply:
        return ServerAlive2Reply(OUR_VERSION, self._exporter.resolver(current_caller().host).array, 0)

    def _find(self, oxid: int) -> OxidEntry | None:
        host = current_caller().host
        entry = self._exporter.entry(host)
        if entry.oxid == oxid:
            return entry
        return None if self._registry is None else self._registry.entry(oxid, host)
