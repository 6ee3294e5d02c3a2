"""A server that is stopped, over TCP: sinks are told, whoever waits is, and whoever asks meanwhile is, too."""

from __future__ import annotations

import asyncio
from pathlib import Path
from typing import Any

import pytest
from tests.interop.callback.vanishing import Told, entered, published
from tests.interop.serving import PASSWORD, USER
from tests.interop.test_interop_killed import Endless

from openwmi import net
from openwmi.base.error import WbemError
from openwmi.base.status import WbemStatus
from openwmi.engine import Engine
from openwmi.net import Address
from openwmi.security import UsersFile, add_user
from openwmi.server import CallbackPolicy, Server

HERE = "127.0.0.1"
QUERY = "WQL", "SELECT * FROM Test_Endless"


async def test_sinks_hear_that_their_calls_are_cancelled(tmp_path: Path) -> None:
    add_user(tmp_path / "users", USER, PASSWORD)
    sinks = [Told(), Told()]
    references, ports = await published(HERE, *sinks, resolver=0)

    async def connect(protocol: Any, host: str, port: int, timeout: float) -> tuple[Any, Any]:
        """A resolver is at port 135, which not everybody may open."""
        return await net.connect(protocol, host, ports[0].address.port if port == 135 else port, timeout)

    server = Server(
        Engine("SRV1", [Endless()]),
        UsersFile(tmp_path / "users"),
        callbacks=CallbackPolicy(anonymous=True, connect=connect),
    )
    port = (await server.listen(Address(HERE, 0))).port
    machine, services = await entered(HERE, port, USER, PASSWORD)
    for sink, reference in zip(sinks, references, strict=True):
        assert await services.ExecQueryAsync(*QUERY, 0, None, reference) == 0
        async with asyncio.timeout(10):
            await sink.indicated.wait()
    stopping = asyncio.ensure_future(server.stop(10))
    await asyncio.sleep(0)
    with pytest.raises(WbemError) as refused:
        await services.ExecQuery(*QUERY, 0x30, None)
    assert refused.value.status == WbemStatus.SHUTTING_DOWN
    async with asyncio.timeout(10):
        await stopping
    assert [sink.statuses for sink in sinks] == [[(0, WbemStatus.CALL_CANCELLED)]] * 2
    await machine.close()
    await server.close()
    for each in ports:
        await each.close()
