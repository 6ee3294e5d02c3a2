"""The two ends of a connection, by the addresses that its socket knows."""

from __future__ import annotations

import asyncio
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


def _host(address: object) -> str:
    host = str(address[0]) if isinstance(address, tuple) and address else ""
    return host.removeprefix("::ffff:")
