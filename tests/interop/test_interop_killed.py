"""Clients that are killed, at every phase of what clients do: nothing of theirs is left, and others notice nothing."""

from __future__ import annotations

import asyncio
import sys
from collections.abc import AsyncIterator
from contextlib import suppress
from pathlib import Path

import pytest
from tests.interop.callback import vanishing
from tests.interop.callback.vanishing import entered
from tests.interop.serving import PASSWORD, USER
from tests.interop.wmiquery import free_host

from openwmi.base import limits
from openwmi.engine import Engine, MethodCall, Provider, Request, Row, method
from openwmi.interfaces import IEnumWbemClassObject
from openwmi.model import CimClass, CimType, Method, Property, Qualifier, Type, qualifier_set
from openwmi.net import Address
from openwmi.security import UsersFile, add_user
from openwmi.server import CallbackPolicy, Server

PHASES = ("connect", "bind", "login", "enter", "query", "middle", "result", "sink")
READING = {"query", "middle", "sink"}
PROGRAM = Path(vanishing.__file__)
KEY = (Property("N", Type(CimType.UINT32), qualifiers=qualifier_set(Qualifier("key"))),)
WAIT = Method("Wait", (), Type(CimType.UINT32), qualifier_set(Qualifier("static")))
ATTEMPTS = 200


class Endless(Provider):
    cim_class = CimClass("Test_Endless", properties=KEY)
    reading = 0

    async def instances(self, request: Request) -> AsyncIterator[Row]:
        self.reading += 1
        try:
            number = 0
            while True:
                yield {"N": number}
                number += 1
                await asyncio.sleep(0.001)
        finally:
            self.reading -= 1


class Slow(Provider):
    cim_class = CimClass("Test_Slow", properties=KEY, methods=(WAIT,))

    def __init__(self) -> None:
        self.gate = asyncio.Event()
        self.ended = 0

    @method("Wait")
    async def wait(self, call: MethodCall) -> Row:
        await self.gate.wait()
        self.ended += 1
        return {"ReturnValue": 0}


@pytest.mark.parametrize("phases", [*((each,) for each in PHASES), PHASES], ids=[*PHASES, "all at once"])
async def test_a_client_that_is_killed(
    phases: tuple[str, ...], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """With SIGKILL. Another one, who was there before, is served afterwards."""
    monkeypatch.setattr(limits, "PING_PERIOD_SECONDS", 0.5)
    monkeypatch.setattr(limits, "PING_TIMEOUT_SECONDS", 1.0)
    here = free_host()
    if here is None and "sink" in phases:
        pytest.skip("a sink's resolver wants port 135, which cannot be had here")
    add_user(tmp_path / "users", USER, PASSWORD)
    endless, slow = Endless(), Slow()
    server = Server(
        Engine("SRV1", [endless, slow]),
        UsersFile(tmp_path / "users"),
        admins=[USER],
        callbacks=CallbackPolicy(anonymous=True),
    )
    port = (await server.listen(Address("127.0.0.1", 0))).port
    machine, services = await entered("127.0.0.1", port, USER, PASSWORD)
    before = len(server.endpoint), len(server._exporter)
    clients = await asyncio.gather(*(started(here or "127.0.0.1", port, each) for each in phases))
    assert len(server.endpoint) > before[0]
    assert endless.reading == len(READING.intersection(phases))
    for client in clients:
        client.kill()
        await client.wait()
    found = await services.ExecQuery("WQL", "SELECT * FROM Test_Endless", 0x30, None)
    exporter, ipid = await machine.adopt(found.ppEnum or b"")
    assert (await exporter.proxy(IEnumWbemClassObject, ipid).Next(-1, 5)).puReturned == 5
    await exporter.release(ipid)
    slow.gate.set()  # what was called is done, whoever is gone
    for _ in range(ATTEMPTS):
        if (len(server.endpoint), endless.reading) == (before[0], 0) and len(server._exporter) <= before[1]:
            break
        await asyncio.sleep(0.05)
    assert (len(server.endpoint), endless.reading, len(server._shared.calls)) == (before[0], 0, 0)
    assert len(server._exporter) <= before[1]
    assert slow.ended == phases.count("result")
    assert len(server._shared.allowances.enumerators.open) == len(server._shared.allowances.results.open) == 0
    await machine.close()
    await server.close()


async def started(here: str, port: int, far: str) -> asyncio.subprocess.Process:
    """A client that has come so far."""
    command = [str(PROGRAM), here, str(port), USER, PASSWORD, far]
    process = await asyncio.create_subprocess_exec(sys.executable, *command, stdout=asyncio.subprocess.PIPE)
    assert process.stdout is not None
    async with asyncio.timeout(60):
        line = await process.stdout.readline()
    if line != b"there\n":
        with suppress(ProcessLookupError):
            process.kill()
        raise AssertionError(f"{far}: {line!r}")
    return process
