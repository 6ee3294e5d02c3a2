"""The service manager that started this process, if one did: sockets that it opened, and what it is told.

Two small protocols of environment variables, which systemd's sd_listen_fds(3) and sd_notify(3) describe.
"""

from __future__ import annotations

import os
import socket
from collections.abc import MutableMapping
from contextlib import suppress
from typing import NamedTuple

from openwmi.base.error import WbemError
from openwmi.base.status import WbemStatus

FIRST_DESCRIPTOR = 3
MICROSECONDS = 1_000_000


class Opened(NamedTuple):
    """A socket that listens, and the name that its unit gives it (FileDescriptorName=)."""

    name: str
    socket: socket.socket


class Manager:
    """Made at the start of a process: the variables are for it alone, and are taken away from those that it starts.

    Args:
        environment: of the process.
        first: the descriptor of the first socket.

    Attributes:
        sockets: that were opened for this process.
        watchdog: how often to say that all is well, in seconds; None where nobody waits for that.
    """

    def __init__(self, environment: MutableMapping[str, str] = os.environ, first: int = FIRST_DESCRIPTOR) -> None:
        taken = {name: environment.pop(name, "") for name in _VARIABLES}
        self._address = taken["NOTIFY_SOCKET"]
        self.sockets = _sockets(taken, first)
        self.watchdog = _watchdog(taken)

    @property
    def told(self) -> bool:
        """Whether there is somebody to tell."""
        return bool(self._address)

    def ready(self) -> None:
        """Clients can connect."""
        self._say("READY=1")

    def status(self, text: str) -> None:
        """A line that `systemctl status` shows."""
        self._say(f"STATUS={text}")

    def alive(self) -> None:
        """The loop turns."""
        self._say("WATCHDOG=1")

    def stopping(self) -> None:
        """The end has begun."""
        self._say("STOPPING=1")

    def _say(self, text: str) -> None:
        if not self._address:
            return
        address = f"\0{self._address[1:]}" if self._address.startswith("@") else self._address
        with socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM | socket.SOCK_CLOEXEC) as sender, suppress(OSError):
            sender.setblocking(False)
            sender.sendto(text.encode(), address)


_VARIABLES = ("LISTEN_PID", "LISTEN_FDS", "LISTEN_FDNAMES", "NOTIFY_SOCKET", "WATCHDOG_PID", "WATCHDOG_USEC")


def _sockets(taken: dict[str, str], first: int) -> list[Opened]:
    if taken["LISTEN_PID"] != str(os.getpid()) or not taken["LISTEN_FDS"].isdecimal():
        return []
    count = int(taken["LISTEN_FDS"])
    names = taken["LISTEN_FDNAMES"].split(":") if taken["LISTEN_FDNAMES"] else []
    names += [""] * (count - len(names))
    return [Opened(name, _listening(first + number)) for number, name in enumerate(names[:count])]


def _listening(descriptor: int) -> socket.socket:
    """The socket. WbemError(INVALID_PARAMETER) for what is none, or takes no connections of TCP."""
    try:
        os.set_inheritable(descriptor, False)
        found = socket.socket(fileno=descriptor)
        listens = found.getsockopt(socket.SOL_SOCKET, socket.SO_ACCEPTCONN)
    except OSError as error:
        raise _unfit(descriptor, str(error.strerror)) from None
    if found.family not in {socket.AF_INET, socket.AF_INET6} or found.type != socket.SOCK_STREAM or not listens:
        found.detach()
        raise _unfit(descriptor, "it does not listen for TCP: use ListenStream=PORT")
    return found


def _unfit(descriptor: int, why: str) -> WbemError:
    return WbemError(WbemStatus.INVALID_PARAMETER, f"descriptor {descriptor}, from the service manager: {why}")


def _watchdog(taken: dict[str, str]) -> float | None:
    if not taken["WATCHDOG_USEC"].isdecimal() or taken["WATCHDOG_PID"] not in {"", str(os.getpid())}:
        return None
    return int(taken["WATCHDOG_USEC"]) / MICROSECONDS / 2 or None  # twice as often as it has to be
