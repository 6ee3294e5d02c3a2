"""The endpoint mapper of a server: where the interfaces are that it serves, and of no others ([MS-RPCE] 2.2.1.2.5)."""

from __future__ import annotations

import ipaddress
from collections.abc import Callable, Container
from typing import Final

from openwmi.base.fault import RemoteProtocolError
from openwmi.base.guid import Guid
from openwmi.dcom.caller import current_caller
from openwmi.interfaces import EncodedTower, IEndpointMapper, LookupHandle, MapReply
from openwmi.rpc import NDR, SyntaxId, Tower

NOT_REGISTERED: Final = 0x16C9A0D6
"""EPT_S_NOT_REGISTERED, which is no HRESULT though it stands in its place."""


class EndpointMapper(IEndpointMapper):
    """Answers with one port: all of a server's interfaces are at it.

    Args:
        interfaces: that are served.
        port: where.
    """

    def __init__(self, interfaces: Callable[[], Container[SyntaxId]], port: Callable[[], int]) -> None:
        self._interfaces = interfaces
        self._port = port

    async def ept_map(
        self, obj: Guid | None, map_tower: EncodedTower | None, entry_handle: LookupHandle, max_towers: int
    ) -> MapReply:
        try:
            asked = Tower.decode(map_tower.tower_octet_string) if map_tower is not None else None
        except RemoteProtocolError:  # over named pipes, or over what nobody speaks any more
            asked = None
        if asked is None or asked.transfer != NDR or asked.interface not in self._interfaces() or not max_towers:
            return MapReply(LookupHandle(), 0, (), NOT_REGISTERED)
        octets = Tower(asked.interface, NDR, self._port(), _address(current_caller().host)).encode()
        return MapReply(LookupHandle(), 1, (EncodedTower(len(octets), octets),))


def _address(host: str) -> ipaddress.IPv4Address:
    """Where the client came to, which is a way that works; none over IPv6, for which towers have no room."""
    try:
        return ipaddress.IPv4Address(host)
    except ValueError:
        return ipaddress.IPv4Address(0)
