"""Sockets of the Unix kind, for processes of one machine: a path, and who may open it."""

from __future__ import annotations

import asyncio
import contextlib
import os
import socket
import stat
from collections.abc import Callable
from pathlib import Path
from typing import TypeVar

from openwmi.base.error import Unreachable, WbemError
from openwmi.base.status import HResult, WbemStatus

P = TypeVar("P", bound=asyncio.Protocol)


class UnixListener:
    """An open socket. Attributes: path: where it is."""

    def __init__(self, server: asyncio.AbstractServer, path: Path) -> None:
        self._server = server
        self.path = path

    async def close(self) -> None:
        """Takes no more connections, and takes the path away; those that are open stay open."""
        self._server.close()
        with contextlib.suppress(FileNotFoundError):
            self.path.unlink()


async def listen_unix(protocol: Callable[[], asyncio.Protocol], path: Path, mode: int = 0o600) -> UnixListener:
    """Listens at a path that users may open as its mode says. WbemError(FAILED) where somebody else listens there.

    A socket that was left behind by a process that is gone is replaced.
    """
    _remove_left_behind(path)
    made = socket.socket(socket.AF_UNIX, socket.SOCK_STREAM)
    try:
        before = os.umask(0o777 & ~mode)  # the socket has its mode from its first moment
        try:
            made.bind(str(path))
        finally:
            os.umask(before)
        made.setblocking(False)
        server = await asyncio.get_running_loop().create_unix_server(protocol, sock=made)
    except OSError as error:
        made.close()
        reason = os.strerror(error.errno) if error.errno else str(error)
        raise WbemError(WbemStatus.FAILED, f"cannot listen at {path}: {reason}") from None
    return UnixListener(server, path)


async def connect_unix(protocol: Callable[[], P], path: Path) -> tuple[asyncio.BaseTransport, P]:
    """Opens a connection. Unreachable."""
    try:
        return await asyncio.get_running_loop().create_unix_connection(protocol, str(path))
    except OSError as error:
        reason = os.strerror(error.errno) if error.errno else str(error)
        raise Unreachable(HResult.RPC_S_SERVER_UNAVAILABLE, f"{path}: {reason}") from None


def _answers(path: Path) -> bool:
    with socket.socket(socket.AF_UNIX, socket.SOCK_STREAM) as probe:
        probe.setblocking(False)  # who has let its queue fill up is there, too
        try:
            probe.connect(str(path))
        except (ConnectionRefusedError, FileNotFoundError):
            return False
        except OSError:
            return True
        return True


def _remove_left_behind(path: Path) -> None:
    with contextlib.suppress(FileNotFoundError):
        if stat.S_ISSOCK(path.stat().st_mode) and not _answers(path):
            path.unlink()
