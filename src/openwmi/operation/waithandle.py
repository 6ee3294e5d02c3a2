"""A handle that the operating system can wait for: what joins the end of a call to select, poll, or another loop.

It is an event that stays set until it is cleared (CreateEvent with bManualReset). While it is set its descriptor can be
read from. Linux has eventfd for that, which is one descriptor; elsewhere it is a pair of sockets.
"""

from __future__ import annotations

import os
import select
import socket
import threading
from typing import Final, Self

HAS_EVENTFD: Final = hasattr(os, "eventfd")

# One for all: it is held for one call of the system.
_changing = threading.Lock()


class WaitHandle:
    """May be set, cleared, waited for and closed on any thread. Whoever forgets to close it leaks nothing.

    Closing one that something will still set is no mistake: it is then set no more.
    """

    __slots__ = ("__weakref__", "_set", "_socket", "_waits")

    def __init__(self) -> None:
        """OSError when the process has no descriptor left."""
        self._set = False
        self._socket: socket.socket | None = None
        self._waits: int | socket.socket | None = None
        if HAS_EVENTFD:
            self._waits = os.eventfd(0, os.EFD_CLOEXEC | os.EFD_NONBLOCK)
        else:
            self._waits, self._socket = socket.socketpair()
            self._waits.setblocking(False)
            self._socket.setblocking(False)

    @property
    def closed(self) -> bool:
        return self._waits is None

    @property
    def is_set(self) -> bool:
        return self._set

    def fileno(self) -> int:
        """The descriptor, for select and its like: it can be read from while the handle is set. Do not read from it."""
        waits = self._waits
        if waits is None:
            raise ValueError("the handle is closed")
        return waits if isinstance(waits, int) else waits.fileno()

    def set(self) -> None:
        """Whoever waits goes on. Harmless when repeated."""
        with _changing:
            if self._set:
                return
            self._set = True
            if isinstance(self._waits, int):
                os.eventfd_write(self._waits, 1)
            elif self._socket is not None:
                self._socket.send(b"\0")

    def clear(self) -> None:
        """It is set no more. Harmless when it was not."""
        with _changing:
            if not self._set:
                return
            self._set = False
            if isinstance(self._waits, int):
                os.eventfd_read(self._waits)
            elif self._waits is not None:
                self._waits.recv(1)

    def wait(self, timeout: float | None = None) -> bool:
        """Waits until it is set, so many seconds at most: whether it is. 0 only looks. Not for the thread of a loop."""
        if self._set or timeout == 0:
            return self._set
        if hasattr(select, "poll"):
            poll = select.poll()
            poll.register(self.fileno(), select.POLLIN)
            poll.poll(None if timeout is None else max(0.0, timeout) * 1000)
        else:
            select.select([self.fileno()], [], [], timeout)
        return self._set

    def close(self) -> None:
        """Gives the descriptor back. Harmless when repeated."""
        with _changing:
            waits, self._waits = self._waits, None
            other, self._socket = self._socket, None
        _close(waits)
        _close(other)

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    def __del__(self) -> None:
        # Without the lock: a collector may run on the thread that holds it, and nobody else has this handle any more.
        _close(getattr(self, "_waits", None))
        _close(getattr(self, "_socket", None))


def _close(descriptor: int | socket.socket | None) -> None:
    if isinstance(descriptor, int):
        os.close(descriptor)
    elif descriptor is not None:
        descriptor.close()
