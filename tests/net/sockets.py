"""What the system says of a socket."""

from __future__ import annotations

import socket

from openwmi.base.limits import PING_PERIOD_SECONDS


def seconds_until_lost(opened: socket.socket) -> int:
    """Seconds from the last word of the other machine until a connection on which nothing is said is lost."""
    assert opened.getsockopt(socket.SOL_SOCKET, socket.SO_KEEPALIVE)
    if not hasattr(socket, "TCP_KEEPIDLE"):
        return int(PING_PERIOD_SECONDS)  # this system does not say
    idle, interval, probes = (
        opened.getsockopt(socket.IPPROTO_TCP, option)
        for option in (socket.TCP_KEEPIDLE, socket.TCP_KEEPINTVL, socket.TCP_KEEPCNT)
    )
    return idle + interval * probes
