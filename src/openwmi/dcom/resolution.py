"""From a reference that somebody else's exporter made to a channel that reaches it ([MS-DCOM] 3.2.4.1.2).

A reference names an exporter by its OXID, and the machines whose resolver knows where that is. A resolver listens at
port 135 and nowhere else: its bindings carry no endpoint (2.2.19.3).
"""

from __future__ import annotations

import asyncio
from collections.abc import Iterable
from itertools import islice

from openwmi import net
from openwmi.base import limits
from openwmi.base.error import Unreachable, WbemError
from openwmi.base.fault import RemoteProtocolError
from openwmi.base.record import printable
from openwmi.base.status import HResult
from openwmi.dcom.channel import CONNECT_SECONDS, Channel, Connect, Initiator
from openwmi.dcom.proxy import proxy
from openwmi.dcom.route import Means, Route
from openwmi.interfaces import IObjectExporter
from openwmi.orpc import ObjRefStandard, OxidEntry, StringBinding
from openwmi.orpc.bindings import TOWER_TCP
from openwmi.rpc import AuthLevel

RESOLVER_PORT = 135


async def resolve(
    reference: ObjRefStandard,
    *,
    timeout: float = CONNECT_SECONDS,
    connect: Connect = net.connect,
    only: str | None = None,
) -> OxidEntry:
    """Asks the resolvers that the reference names, in order. Unreachable if none answers, within `timeout` each.

    `only`: the one machine that may be asked, whatever the reference names; a server gives the address that its caller
    came from, or whoever holds a login could make it knock anywhere. `reach` then gets the same.
    WbemError(RPC_E_INVALID_OXID) if the first that answers knows of no such exporter: all of them are one machine.
    """
    oxid, problems = reference.std.oxid, []
    for binding in _tcp(reference.resolver.strings) if only is None else [StringBinding(TOWER_TCP, only)]:
        try:
            async with asyncio.timeout(timeout):
                return await _ask(binding, oxid, timeout, connect)
        except TimeoutError:  # connecting has the same limit, and may be the first to notice
            problems.append(f"{binding.host} did not answer within {timeout:g} s")
        except Unreachable as error:
            problems.append(error.message)
        except RemoteProtocolError as error:
            problems.append(f"{binding.host} gave no answer that makes sense: {error}")
    raise _unreachable(f"no resolver of exporter {oxid:016x}", problems)


async def reach(
    exporter: OxidEntry,
    *,
    login: Initiator | None = None,
    level: AuthLevel = AuthLevel.INTEGRITY,
    timeout: float = CONNECT_SECONDS,
    connect: Connect = net.connect,
    only: str | None = None,
) -> Channel:
    """A channel to an exporter, by the first of its bindings that answers within `timeout`. Unreachable."""
    means = Means(None if login is None else lambda: login, level, timeout, connect)
    return await Route(exporter, means, only=only).open()


async def _ask(binding: StringBinding, oxid: int, timeout: float, connect: Connect) -> OxidEntry:
    port = binding.port or RESOLVER_PORT
    channel = await Channel.open(binding.host, port, timeout=timeout, connect=connect)
    try:
        reply = await proxy(IObjectExporter, channel).ResolveOxid2(oxid, 1, (TOWER_TCP,))
    finally:
        channel.close()
    if reply.hresult or reply.ppdsaOxidBindings is None:
        raise WbemError(HResult.RPC_E_INVALID_OXID, f"the resolver of {binding.host} knows no exporter {oxid:016x}")
    bindings = reply.ppdsaOxidBindings.bindings
    return OxidEntry(oxid, bindings, reply.pipidRemUnknown, reply.pAuthnHint, reply.pComVersion)


def _tcp(bindings: Iterable[StringBinding]) -> Iterable[StringBinding]:
    return islice((binding for binding in bindings if binding.tower == TOWER_TCP), limits.BINDINGS_TRIED)


def _unreachable(what: str, problems: list[str]) -> Unreachable:
    reasons = "; ".join(map(printable, problems)) or "it has no TCP address"
    return Unreachable(HResult.RPC_S_SERVER_UNAVAILABLE, f"{what}: {reasons}")
