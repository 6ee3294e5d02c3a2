"""The endpoint mapper: at what port an interface is, asked by whoever comes."""

from __future__ import annotations

import ipaddress

import pytest
from tests.dcom.fakes import HOST, PORT, Client, ILamp, world

from openwmi.base.guid import Guid
from openwmi.dcom.mapper import NOT_REGISTERED
from openwmi.interfaces import EncodedTower, IEndpointMapper, LookupHandle, MapReply
from openwmi.net import Address
from openwmi.rpc import NDR, NDR64, SyntaxId, Tower

LAMP, MAPPER = SyntaxId(ILamp.iid), SyntaxId(IEndpointMapper.iid, 3)
NOWHERE = MapReply(LookupHandle(), 0, (), NOT_REGISTERED)


def encoded(tower: Tower) -> EncodedTower:
    return EncodedTower(len(tower.encode()), tower.encode())


@pytest.mark.parametrize("interface", [LAMP, MAPPER])
async def test_where_an_interface_is(interface: SyntaxId) -> None:
    async with world() as made:
        client = await made.connect()
        await client.bind(IEndpointMapper)
        reply = await client.call(IEndpointMapper, "ept_map", None, encoded(Tower(interface)), LookupHandle(), 4)
        found = encoded(Tower(interface, NDR, PORT, ipaddress.IPv4Address(HOST)))
        assert reply == MapReply(LookupHandle(), 1, (found,))


@pytest.mark.parametrize(
    ("tower", "most"),
    [
        (encoded(Tower(SyntaxId(Guid("6d6d1f5a-6a0e-4a1c-9d3c-1b7c1c1dffff")))), 4),
        (encoded(Tower(SyntaxId(MAPPER.uuid, 4))), 4),
        (encoded(Tower(LAMP, NDR64)), 4),
        (encoded(Tower(LAMP)), 0),
        (EncodedTower(3, b"abc"), 4),
        (None, 4),
    ],
)
async def test_what_is_nowhere(tower: EncodedTower | None, most: int) -> None:
    async with world() as made:
        client = await made.connect()
        await client.bind(IEndpointMapper)
        assert await client.call(IEndpointMapper, "ept_map", None, tower, LookupHandle(), most) == NOWHERE


async def test_over_ipv6_the_port_alone_is_told() -> None:
    async with world() as made:
        await made.network.listen(made.accept, Address("2001:db8::1", PORT))
        _, client = await made.network.connect(Client, "2001:db8::1", PORT)
        await client.bind(IEndpointMapper)
        reply = await client.call(IEndpointMapper, "ept_map", None, encoded(Tower(LAMP)), LookupHandle(), 4)
        assert Tower.decode(reply.ITowers[0].tower_octet_string) == Tower(LAMP, NDR, PORT)
