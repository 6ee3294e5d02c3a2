"""From a reference that somebody else's exporter made to a channel that reaches it ([MS-DCOM] 3.2.4.1.2).

A reference names an exporter by its OXID, and the machines whose resolver knows where that is. A resolver listens at
port 135 and nowhere else: its bindings carry no endpoint (2.2.19.3).
"""

from __future__ import annotations

from collections.abc import Iterable

from openwmi.base.error import Unreachable, WbemError
from openwmi.base.status import HResult
from openwmi.dcom.channel import CONNECT_SECONDS, Channel, Initiator
from openwmi.dcom.proxy import proxy
from openwmi.interfaces import IObjectExporter
from openwmi.orpc import ObjRefStandard, OxidEntry, StringBinding
from openwmi.orpc.bindings import TOWER_TCP
from openwmi.rpc import AuthLevel

RESOLVER_PORT = 135


async def resolve(reference: ObjRefStandard, *, timeout: float = CONNECT_SECONDS) -> OxidEntry:
    """Asks the resolvers that the reference names, in order. Unreachable if none answers, within `timeout` each."""
    oxid, problems = reference.std.oxid, []
    for binding in _tcp(reference.resolver.strings):
        try:
            channel = await Channel.open(binding.host, binding.port or RESOLVER_PORT, timeout=timeout)
        except Unreachable as error:
            problems.append(error.message)
            continue
        try:
            reply = await proxy(IObjectExporter, channel).ResolveOxid2(oxid, 1, (TOWER_TCP,))
        finally:
            channel.close()
        if reply.hresult or reply.ppdsaOxidBindings is None:
            raise WbemError(HResult.RPC_E_INVALID_OXID, f"the resolver of {binding.host} knows no exporter {oxid:016x}")
        bindings = reply.ppdsaOxidBindings.bindings
        return OxidEntry(oxid, bindings, reply.pipidRemUnknown, reply.pAuthnHint, reply.pComVersion)
    raise _unreachable(f"no resolver of exporter {oxid:016x}", problems)


async def reach(
    exporter: OxidEntry,
    *,
    login: Initiator | None = None,
    level: AuthLevel = AuthLevel.INTEGRITY,
    timeout: float = CONNECT_SECONDS,
) -> Channel:
    """A channel to an exporter, by the first of its bindings that answers within `timeout`. Unreachable."""
    problems = []
    for binding in _tcp(exporter.bindings.strings):
        if binding.port is None:
            continue
        try:
            return await Channel.open(binding.host, binding.port, login=login, level=level, timeout=timeout)
        except Unreachable as error:
            problems.append(error.message)
    raise _unreachable(f"no way to exporter {exporter.oxid:016x}", problems)


def _tcp(bindings: Iterable[StringBinding]) -> list[StringBinding]:
    return [binding for binding in bindings if binding.tower == TOWER_TCP]


def _unreachable(what: str, problems: list[str]) -> Unreachable:
    return Unreachable(HResult.RPC_S_SERVER_UNAVAILABLE, f"{what}: {'; '.join(problems) or 'it has no TCP address'}")
