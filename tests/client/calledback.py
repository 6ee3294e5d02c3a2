"""A client whose sinks a server calls, in memory: the server of tests/server, our exporter, and one connection."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncGenerator
from contextlib import asynccontextmanager
from functools import partial
from typing import Any

from tests.dcom.fakes import HOST, ME, PORT
from tests.server.fakes import Wmi, wmi
from tests.server.sinks import THERE, policy

from openwmi.client.pushed import PushedCall, Pushing
from openwmi.client.sinkhost import SinkHosts
from openwmi.dcom import Machine, Means, Pool
from openwmi.engine import Provider
from openwmi.interfaces import IWbemLevel1Login, IWbemServices
from openwmi.net import Address
from openwmi.operation import CallContext, CallFlags, Operation, ResultSet
from openwmi.orpc.wellknown import CLSID_WbemLevel1Login
from openwmi.rpc import AuthLevel
from openwmi.security import NtlmInitiator


class Client:
    """One connection.

    Attributes:
        made: the server.
        machine, services: as the client sees it.
        pushing: what is tested.
    """

    def __init__(self, made: Wmi, hosts: SinkHosts) -> None:
        self.made = made
        self.hosts = hosts
        self.machine: Machine
        self.services: IWbemServices
        self.pushing: Pushing

    async def open(self) -> None:
        means = Means(
            lambda: NtlmInitiator(*ME, "DOM"),
            AuthLevel.PRIVACY,
            connect=partial(self.made.network.connect, source=THERE),
        )
        self.machine = await Machine.open(Address(HOST, PORT), means)
        exporter, (login,) = await self.machine.activate(CLSID_WbemLevel1Login, IWbemLevel1Login)
        assert login is not None
        reply = await exporter.proxy(IWbemLevel1Login, login).NTLMLogin("//./root/cimv2", None, 0, None)
        exporter, ipid = await self.machine.adopt(reply.ppNamespace or b"")
        self.services = exporter.proxy(IWbemServices, ipid)
        self.pushing = Pushing(self.machine.ends, self.hosts)
        assert isinstance(exporter.pool, Pool)
        exporter.pool.watch(self.pushing.ended)

    async def close(self) -> None:
        await self.pushing.close()
        await self.machine.close()

    async def ready(self, mode: Any = "auto") -> bool:
        return await self.pushing.ready(self.services, mode)

    def call(self, method: str, *arguments: Any, single: bool = False) -> Operation[Any]:
        """An asynchronous call of IWbemServices as an operation; flags, context and sink stand where they belong."""

        async def work(results: ResultSet[Any]) -> Any:
            assert await self.pushing.ready(self.services, "require")
            asked = getattr(self.services, method)
            inputs = (None,) if method == "ExecMethodAsync" else ()
            call: PushedCall = await self.pushing.begin(
                self.services, lambda sink: asked(*arguments, 0, None, *inputs, sink), results
            )
            if not results.began:
                results.begin()
            said = await call.outcome()
            return (said.object or said.text) if single else None

        context = CallContext(flags=CallFlags.FORWARD_ONLY, pushed=True)
        return Operation.start(work, method, single=single, context=context)


@asynccontextmanager
async def called_back(*providers: Provider, **how: Any) -> AsyncGenerator[Client, None]:
    """A server that may call sinks, and a client that has some; in the end nothing of either may be left."""
    async with wmi(*providers) as made:
        made.server._shared.callbacks.policy = policy(made, **how)
        hosts = SinkHosts(open_port=made.network.listen)
        client = Client(made, hosts)
        await client.open()
        yield client
        await client.close()
        assert hosts._hosts == {}
        assert not [each for each in made.network._ports if each.host == THERE]


async def turns(count: int = 50) -> None:
    """Lets whatever is ready be done."""
    for _ in range(count):
        await asyncio.sleep(0)
