"""A session of ours with a server that may call sinks back: in memory, or over TCP on loopback."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncGenerator, Sequence
from contextlib import asynccontextmanager
from dataclasses import replace
from functools import partial
from typing import Any

from tests.client.calledback import turns
from tests.client.trips import Trips
from tests.dcom.fakes import HOST, ME, NAMES, PORT, Users, nothing_left
from tests.server.fakes import ALL, Things, things
from tests.server.sinks import THERE

from openwmi import net
from openwmi.base.error import WbemError
from openwmi.base.status import WbemStatus
from openwmi.client import Credentials, RemoteSession, open_session
from openwmi.client.sinkhost import SinkHosts
from openwmi.dcom.resolution import RESOLVER_PORT
from openwmi.engine import Engine, Provider
from openwmi.net import Address
from openwmi.operation import Progress, Sink
from openwmi.server import CallbackPolicy, Server
from openwmi.session import Namespace
from openwmi.testing import MemoryNetwork

WIRES = ("memory", "TCP", "IPv6")


PLACES = {"memory": Address(HOST, PORT), "TCP": Address("127.0.0.1", 0), "IPv6": Address("::1", 0)}


class Remote:
    """Both ends.

    Attributes:
        server: one.
        hosts: where the other one's sinks are.
        ns: the namespace root\\cimv2, as an admin of it.
    """

    def __init__(self, wire: str, engine: Any, policy: dict[str, Any]) -> None:
        self.network = MemoryNetwork() if wire == "memory" else None
        open_port: Any = net.listen if self.network is None else self.network.listen
        self.address = PLACES[wire]
        # Nobody but root opens port 135; what needs it is in tests/interop.
        self.hosts = SinkHosts(open_port=open_port, port=0 if self.network is None else RESOLVER_PORT)
        back: Any = self._back if self.network is None else partial(self.network.connect, source=HOST)
        self.engine = engine
        self.server = Server(
            self.engine,
            Users(),
            NAMES,
            open_port=open_port,
            admins=[r"dom\ME"],
            callbacks=CallbackPolicy(connect=back, **({"anonymous": True} | policy)),
        )
        self.ns: Namespace

    @property
    def connect(self) -> Any:
        """How the client reaches the server."""
        return net.connect if self.network is None else partial(self.network.connect, source=THERE)

    async def enter(self, **how: Any) -> RemoteSession:
        """One more session."""
        connect: Any = how.pop("connect", None) or self.connect
        credentials = Credentials(f"DOM\\{ME[0]}", ME[1])
        return await open_session(
            r"root\cimv2", where=self.address, credentials=credentials, connect=connect, sinks=self.hosts, **how
        )

    async def open(self, **how: Any) -> None:
        self.address = await self.server.listen(self.address)
        self.session = await self.enter(**how)
        self.ns = Namespace(self.session)

    async def close(self) -> None:
        """Nothing is left then."""
        await self.ns.close()
        await self.server.close()
        assert self.hosts._hosts == {}

    @property
    def under_way(self) -> int:
        """Asynchronous calls, as the server counts them."""
        return len(self.server._shared.calls)

    @property
    def pushed(self) -> int:
        """Calls that were made with a sink on the wire, the one among them that finds out whether that can be done."""
        login = self.session.link._login
        assert login is not None
        return login.pushing.made

    async def _back(self, protocol: Any, host: str, port: int, timeout: float) -> Any:
        if port == RESOLVER_PORT:
            port = self.hosts._hosts[host]._port.address.port
        return await net.connect(protocol, host, port, timeout)


class Hearing(Sink[Any]):
    """Writes down what it hears. `gate`: what each Indicate waits for."""

    def __init__(self, gate: asyncio.Event | None = None) -> None:
        self.objects: list[Any] = []
        self.progress: list[Progress] = []
        self.statuses: list[int] = []
        self.errors: list[WbemError | None] = []
        self.heard = asyncio.Event()
        self.ended = asyncio.Event()
        self.gate = gate

    async def indicate(self, objects: Sequence[Any]) -> None:
        assert not self.statuses, "nothing follows the final status"
        self.objects += objects
        self.heard.set()
        if self.gate is not None:
            await self.gate.wait()

    async def set_progress(self, progress: Progress) -> None:
        self.progress.append(progress)

    async def set_status(self, status: int, error: WbemError | None) -> None:
        self.statuses.append(status)
        self.errors.append(error)
        self.ended.set()

    async def final(self) -> int:
        """The one status."""
        await self.ended.wait()
        (status,) = self.statuses
        return status


@asynccontextmanager
async def remote(
    *providers: Provider, wire: str = "memory", callbacks: Any = "auto", **policy: Any
) -> AsyncGenerator[Remote, None]:
    """In the end nothing may be left of either."""
    async with nothing_left():
        engine = Engine("HOST1", providers)
        made = Remote(wire, engine, policy)
        await made.open(callbacks=callbacks)
        try:
            yield made
        finally:
            await made.close()
        engine.close()


async def trips_of_a_cancel(*, heard: bool) -> int:
    """Round trips of both sides from a cancel to the end of it. `heard`: whether there were objects before."""
    async with remote(Things(things(1) if heard else (), asyncio.Event()), callbacks="require") as made:
        policy = made.server._shared.callbacks.policy
        back, forth = Trips(policy.connect), Trips(made.connect)
        made.server._shared.callbacks.policy = replace(policy, connect=back.connect)
        async with Namespace(await made.enter(connect=forth.connect, callbacks="require")) as ns:
            sink = Hearing()
            call = ns.with_sink(sink).query(ALL)
            await call.started()
            if heard:
                await sink.heard.wait()
            await turns()
            before = forth.count + back.count
            ns.cancel_calls(sink)
            assert await sink.final() == WbemStatus.CALL_CANCELLED
            await turns()
            assert made.under_way == 0
            return forth.count + back.count - before
