"""Who a stranger is, as far as limits go that are counted by address."""

from __future__ import annotations

import ipaddress
from typing import Final

NETWORK: Final = ipaddress.IPv6Address("ffff:ffff:ffff:ffff::")
"""The half of an address of IPv6 that its owner does not choose ([RFC4291] 2.5.4)."""


def origin(peer: str) -> str:
    """What a peer cannot change by itself: an address of IPv4, or the network of one of IPv6, as `2001:db8::/64`.

    Whoever has one address of IPv6 has 2^64 of them. An interface that goes with it stays (`fe80::%eth0/64`), and what
    is no address is itself.
    """
    if ":" not in peer:
        return peer
    address, percent, interface = peer.partition("%")
    try:
        network = ipaddress.IPv6Address(int(ipaddress.IPv6Address(address)) & int(NETWORK))
    except ValueError:
        return peer
    return f"{network}{percent}{interface}/64"
