"""Protocol towers: how an endpoint mapper says where an interface is reached ([C706] appendices I and L).

A tower is a list of floors, the interface on top and the address at the bottom; only those over TCP are understood.
"""

from __future__ import annotations

import ipaddress
from dataclasses import dataclass
from struct import Struct
from typing import Final

from openwmi.base import guid
from openwmi.base.cursor import Reader, Writer
from openwmi.base.fault import RemoteProtocolError
from openwmi.rpc.syntax import NDR, SyntaxId

NO_ADDRESS: Final = ipaddress.IPv4Address(0)

_UUID, _CONNECTIONS, _TCP, _IP = 0x0D, 0x0B, 0x07, 0x09
_PORT: Final = Struct(">H")
_UUID_FLOOR: Final = Struct("<16sH")


@dataclass(frozen=True, slots=True)
class Tower:
    """An interface over TCP. `port` and `address` are 0 and 0.0.0.0 in a question."""

    interface: SyntaxId
    transfer: SyntaxId = NDR
    port: int = 0
    address: ipaddress.IPv4Address = NO_ADDRESS

    @classmethod
    def decode(cls, octets: bytes) -> Tower:
        """RemoteProtocolError for what is no tower over TCP."""
        reader = Reader(octets)
        count = reader.u16()
        floors = [(reader.octets(reader.u16()), reader.octets(reader.u16())) for _ in range(count)]
        reader.expect_end()
        protocols = [left[:1] for left, _ in floors]
        if protocols != [bytes((each,)) for each in (_UUID, _UUID, _CONNECTIONS, _TCP, _IP)]:
            raise RemoteProtocolError(f"a tower of protocols {b''.join(protocols).hex(' ')}, and not of RPC over TCP")
        interface, transfer = (_syntax(left, right) for left, right in floors[:2])
        port, address = floors[3][1], floors[4][1]
        if len(port) != 2 or len(address) != 4:
            raise RemoteProtocolError(f"a tower with a port of {len(port)} and an address of {len(address)} octets")
        return cls(interface, transfer, int.from_bytes(port, "big"), ipaddress.IPv4Address(address))

    def encode(self) -> bytes:
        floors = [
            *(
                (
                    bytes((_UUID,)) + _UUID_FLOOR.pack(guid.encode(each.uuid), each.major),
                    each.minor.to_bytes(2, "little"),
                )
                for each in (self.interface, self.transfer)
            ),
            (bytes((_CONNECTIONS,)), bytes(2)),
            (bytes((_TCP,)), _PORT.pack(self.port)),
            (bytes((_IP,)), self.address.packed),
        ]
        writer = Writer()
        writer.u16(len(floors))
        for left, right in floors:
            for part in (left, right):
                writer.u16(len(part))
                writer.octets(part)
        return bytes(writer)


def _syntax(left: bytes, right: bytes) -> SyntaxId:
    if len(left) != 1 + _UUID_FLOOR.size or len(right) != 2:
        raise RemoteProtocolError(f"a floor of {len(left)} and {len(right)} octets names no interface")
    uuid, major = _UUID_FLOOR.unpack_from(left, 1)
    return SyntaxId(guid.decode(uuid), major, int.from_bytes(right, "little"))
