"""A client that goes as far as it is told, says so, and then waits to be killed.

Arguments: its own address, the server's port, a user, a password, and how far: connect, bind, login, enter, query,
middle, result, sink.
"""

from __future__ import annotations

import asyncio
import socket
import sys
from collections.abc import Callable
from functools import partial
from typing import Any

from openwmi.dcom import Endpoint, Exporter, Machine, Means, Resolver, Served
from openwmi.interfaces import (
    IEnumWbemClassObject,
    IObjectExporter,
    IRemUnknown2,
    IWbemLevel1Login,
    IWbemObjectSink,
    IWbemServices,
)
from openwmi.ndr import Cell
from openwmi.net import Address, Listener, listen
from openwmi.orpc.wellknown import CLSID_WbemLevel1Login
from openwmi.rpc import AuthLevel, Role, RpcAssociation, SyntaxId
from openwmi.security import Logins, NtlmInitiator, ServerNames

SEMISYNC, NOW, INFINITE = 0x30, 0x10, -1
HOST = "127.0.0.1"


class Sink(Served, IWbemObjectSink):
    """Takes everything."""

    async def Indicate(self, lObjectCount: int, apObjArray: object) -> int:
        return 0

    async def SetStatus(self, lFlags: int, hResult: int, strParam: str | None, pObjParam: bytes | None) -> int:
        return 0


class Told(Sink):
    """Knows whether objects have come, and writes down each status; thinks a while about it."""

    def __init__(self) -> None:
        self.indicated = asyncio.Event()
        self.statuses: list[tuple[int, int]] = []

    async def Indicate(self, lObjectCount: int, apObjArray: object) -> int:
        assert not self.statuses
        self.indicated.set()
        return 0

    async def SetStatus(self, lFlags: int, hResult: int, strParam: str | None, pObjParam: bytes | None) -> int:
        await asyncio.sleep(0.05)
        self.statuses.append((lFlags, hResult))
        return 0


class NoUsers:
    def lookup(self, domain: str, name: str, computer: str) -> None:
        return None


async def published(here: str, *sinks: Sink, resolver: int = 135) -> tuple[list[bytes], list[Listener]]:
    """Sinks that servers reach at this address, without a login, and the ports for that, the resolver's first."""
    port = 0
    exporter = Exporter([], lambda: port)
    levels = {each.iid: AuthLevel.NONE for each in (IWbemObjectSink, IRemUnknown2)}
    endpoint = Endpoint(
        exporter,
        [Resolver(exporter)],
        [IWbemObjectSink],
        lambda peer: Logins(NoUsers(), ServerNames.of_this_host(), peer=peer),
        levels,
    )
    opened = [await listen(endpoint, Address(here, each)) for each in (resolver, 0)]
    port = opened[1].address.port
    return [exporter.publish(each, IWbemObjectSink, here) for each in sinks], opened


async def entered(here: str, port: int, user: str, password: str) -> tuple[Machine, IWbemServices]:
    async def connect(protocol: Callable[[], Any], host: str, port: int, timeout: float) -> tuple[Any, Any]:
        return await asyncio.get_running_loop().create_connection(protocol, host, port, local_addr=(here, 0))

    machine = await Machine.open(Address(HOST, port), Means(partial(NtlmInitiator, user, password), connect=connect))
    exporter, (login,) = await machine.activate(CLSID_WbemLevel1Login, IWbemLevel1Login)
    assert login is not None
    reply = await exporter.proxy(IWbemLevel1Login, login).NTLMLogin("//./root/cimv2", None, 0, None)
    exporter, ipid = await machine.adopt(reply.ppNamespace or b"")
    return machine, exporter.proxy(IWbemServices, ipid)


async def asked(far: str, here: str, machine: Machine, services: IWbemServices) -> None:
    text = "SELECT * FROM Test_Endless"
    if far == "sink":
        (sink,), _ = await published(here, Sink())
        assert await services.ExecQueryAsync("WQL", text, 0, None, sink) == 0
    elif far == "result":
        reply = await services.ExecMethod("Test_Slow", "Wait", NOW, None, None, None, Cell(None))
        assert reply.ppCallResult is not None
    elif far != "enter":
        found = await services.ExecQuery("WQL", text, SEMISYNC, None)
        exporter, ipid = await machine.adopt(found.ppEnum or b"")
        if far == "middle":
            rows = exporter.proxy(IEnumWbemClassObject, ipid)
            assert (await rows.Next(INFINITE, 3)).puReturned == 3
            asyncio.ensure_future(rows.Next(INFINITE, 1 << 20))  # noqa: RUF006 - nobody waits for its end
            await asyncio.sleep(0.1)


async def main(here: str, port: int, user: str, password: str, far: str) -> None:
    raw = None
    if far in {"connect", "bind", "login"}:
        raw = socket.create_connection((HOST, port))
        association = RpcAssociation(Role.CLIENT)
        if far != "connect":
            association.bind([SyntaxId(IObjectExporter.iid, 0, 0)])
            octets = association.data_to_send()
            raw.sendall(octets if far == "bind" else octets[:20])  # and half of what begins a login
    else:
        await asked(far, here, *await entered(here, port, user, password))
    print("there", flush=True)
    await asyncio.Event().wait()
    assert raw is not None


if __name__ == "__main__":
    asyncio.run(main(sys.argv[1], int(sys.argv[2]), *sys.argv[3:]))
