"""Sockets of the Unix kind: who may open them, and what was left behind."""

from __future__ import annotations

import asyncio
import os
import socket
import stat
from pathlib import Path

import pytest

from openwmi.base.error import Unreachable, WbemError
from openwmi.net import connect_unix, listen_unix


class Upper(asyncio.Protocol):
    def __init__(self) -> None:
        self.heard = asyncio.get_running_loop().create_future()

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        assert isinstance(transport, asyncio.Transport)
        self.transport = transport

    def data_received(self, data: bytes) -> None:
        self.heard.set_result(data)
        if data.islower():
            self.transport.write(data.upper())


@pytest.mark.parametrize("mode", [0o600, 0o660, 0o666])
async def test_there_and_back(tmp_path: Path, mode: int) -> None:
    path, umask = tmp_path / "socket", os.umask(0)
    os.umask(umask)
    listener = await listen_unix(Upper, path, mode)
    assert stat.S_IMODE(path.stat().st_mode) == mode
    assert os.umask(umask) == umask
    transport, client = await connect_unix(Upper, path)
    client.transport.write(b"hello")
    assert await client.heard == b"HELLO"
    transport.close()
    with pytest.raises(WbemError, match="in use"):
        await listen_unix(Upper, path)
    await listener.close()
    assert not path.exists()
    await listener.close()


async def test_what_a_process_left_behind_is_replaced(tmp_path: Path) -> None:
    path = tmp_path / "socket"
    with socket.socket(socket.AF_UNIX) as left:
        left.bind(str(path))
    with pytest.raises(Unreachable, match="refused"):
        await connect_unix(Upper, path)
    await (await listen_unix(Upper, path)).close()
    with pytest.raises(Unreachable, match="No such file"):
        await connect_unix(Upper, path)


async def test_who_is_too_busy_to_answer_is_there(tmp_path: Path) -> None:
    path = tmp_path / "socket"
    with socket.socket(socket.AF_UNIX) as busy, socket.socket(socket.AF_UNIX) as first:
        busy.bind(str(path))
        busy.listen(0)
        first.connect(str(path))
        with pytest.raises(WbemError, match="in use"):
            await listen_unix(Upper, path)
    assert path.exists()


async def test_a_file_is_not_replaced(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("precious")
    with pytest.raises(WbemError, match="cannot listen"):
        await listen_unix(Upper, tmp_path / "file")
    assert (tmp_path / "file").read_text() == "precious"
