"""TCP's own question whether the other machine is still there, for connections on which nothing is said for long."""

from __future__ import annotations

import contextlib
import socket
from collections.abc import Mapping
from typing import Final

from openwmi.base.limits import KEEP_ALIVE_INTERVAL_SECONDS, KEEP_ALIVE_PROBES, KEEP_ALIVE_SECONDS


def keep_alive(opened: socket.socket, more: Mapping[str, int] | None = None) -> None:
    """This connection, or each that this listening socket accepts, is lost when nobody answers for two minutes.

    `more` are options of TCP beside those. Where a system has no such option its own times hold.
    """
    with contextlib.suppress(OSError):  # the connection is over, or this is no TCP
        opened.setsockopt(socket.SOL_SOCKET, socket.SO_KEEPALIVE, 1)
        for name, value in {**_PROBES, **(more or {})}.items():
            option = getattr(socket, name, None)
            if option is not None:
                opened.setsockopt(socket.IPPROTO_TCP, option, value)


_PROBES: Final = {
    "TCP_KEEPIDLE": KEEP_ALIVE_SECONDS,
    "TCP_KEEPINTVL": KEEP_ALIVE_INTERVAL_SECONDS,
    "TCP_KEEPCNT": KEEP_ALIVE_PROBES,
}
