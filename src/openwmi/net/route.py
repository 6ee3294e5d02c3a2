"""Which of its addresses this machine has towards another: where that one can answer."""

from __future__ import annotations

import ipaddress
import socket

from openwmi.base.error import Unreachable
from openwmi.base.limits import HTTP_EXCHANGE_SECONDS
from openwmi.base.status import WbemStatus
from openwmi.net.connector import look_up


async def own_address(host: str, port: int, timeout: float = HTTP_EXCHANGE_SECONDS) -> str:
    """The address from which a connection to that host would come, in numbers, with its scope where it needs one.

    Nothing is sent. Unreachable.
    """
    for address in (host,) if _is_number(host) else await look_up(host, timeout):
        family = socket.AF_INET6 if ":" in address else socket.AF_INET
        try:
            with socket.socket(family, socket.SOCK_DGRAM) as probe:
                probe.connect((address, port))
                own, _, *more = probe.getsockname()
        except OSError:  # there is no way to that one; there may be to the next
            continue
        scope = more[1] if more else 0
        return f"{own}%{scope}" if scope and "%" not in own else str(own)
    raise Unreachable(WbemStatus.TRANSPORT_FAILURE, f"no address is known for {host}, or there is no way to it")


def _is_number(host: str) -> bool:
    try:
        ipaddress.ip_address(host)
    except ValueError:
        return False
    return True
