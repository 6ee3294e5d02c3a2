"""A session of ours with a server that may call sinks back: in memory, or over TCP on loopback."""

from __future__ import annotations

from collections.abc import AsyncGenerator
from contextlib import asynccontextmanager
from functools import partial
from typing import Any

from tests.dcom.fakes import HOST, ME, NAMES, PORT, Users, nothing_left
from tests.server.sinks import THERE

from openwmi import net
from openwmi.client import Credentials, RemoteSession, open_session
from openwmi.client.sinkhost import SinkHosts
from openwmi.dcom.resolution import RESOLVER_PORT
from openwmi.engine import Engine, Provider
from openwmi.net import Address
from openwmi.server import CallbackPolicy, Server
from openwmi.session import Namespace
from openwmi.testing import MemoryNetwork

WIRES = ("memory", "TCP")


class Remote:
    """Both ends.

    Attributes:
        server: one.
        hosts: where the other one's sinks are.
        ns: the namespace root\\cimv2, as an admin of it.
    """

    def __init__(self, wire: str, providers: tuple[Provider, ...], policy: dict[str, Any]) -> None:
        self.network = MemoryNetwork() if wire == "memory" else None
        open_port: Any = net.listen if self.network is None else self.network.listen
        self.address = Address("127.0.0.1", 0) if self.network is None else Address(HOST, PORT)
        # Nobody but root opens port 135; what needs it is in tests/interop.
        self.hosts = SinkHosts(open_port=open_port, port=0 if self.network is None else RESOLVER_PORT)
        back: Any = self._back if self.network is None else partial(self.network.connect, source=HOST)
        self.engine = Engine("HOST1", providers)
        self.server = Server(
            self.engine,
            Users(),
            NAMES,
            open_port=open_port,
            admins=[r"dom\ME"],
            callbacks=CallbackPolicy(connect=back, **({"anonymous": True} | policy)),
        )
        self.ns: Namespace

    async def enter(self, **how: Any) -> RemoteSession:
        """One more session."""
        connect: Any = net.connect if self.network is None else partial(self.network.connect, source=THERE)
        credentials = Credentials(f"DOM\\{ME[0]}", ME[1])
        return await open_session(
            r"root\cimv2", where=self.address, credentials=credentials, connect=connect, sinks=self.hosts, **how
        )

    async def open(self, **how: Any) -> None:
        self.address = await self.server.listen(self.address)
        self.session = await self.enter(**how)
        self.ns = Namespace(self.session)

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


@asynccontextmanager
async def remote(
    *providers: Provider, wire: str = "memory", callbacks: Any = "auto", **policy: Any
) -> AsyncGenerator[Remote, None]:
    """In the end nothing may be left of either."""
    async with nothing_left():
        made = Remote(wire, providers, policy)
        await made.open(callbacks=callbacks)
        try:
            yield made
        finally:
            await made.ns.close()
            await made.server.close()
        assert made.hosts._hosts == {}
        made.engine.close()
