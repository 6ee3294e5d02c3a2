"""The two ends of a connection, by the addresses that its socket knows."""

from __future__ import annotations

import asyncio
from ipaddress import ip_address
from typing import NamedTuple


class Ends(NamedTuple):
    """Addresses, without ports; IPv4 in IPv6 as IPv4, and "" for what is no address.

    Attributes:
        here: ours, by which the other side reaches us.
        there: the other side's, as we see it.
    """

    here: str
    there: str

    @classmethod
    def of(cls, transport: asyncio.BaseTransport) -> Ends:
        return cls(*(_host(transport.get_extra_info(name)) for name in ("sockname", "peername")))


def same_place(one: str, other: str) -> bool:
    """Whether two addresses are one machine's, as far as they say so: a machine calls itself from any loopback one."""
    return one == other or (_is_loopback(one) and _is_loopback(other))


def _is_loopback(address: str) -> bool:
    try:
        return ip_address(address).is_loopback
    except ValueError:
        return False


def _host(address: object) -> str:
    host = str(address[0]) if isinstance(address, tuple) and address else ""
    return host.removeprefix("::ffff:")
