"""Tests of other rooms, which ask an engine in process, run over the wire: every session that an engine makes for
whoever asks in process is a client's, of a server around that engine.
"""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Container
from types import FunctionType, ModuleType
from typing import Any

import pytest
from tests.dcom.fakes import ME, NAMES, Users

from openwmi import net
from openwmi.client import Credentials, RemoteSession
from openwmi.client.link import Link
from openwmi.dcom import Means
from openwmi.engine import Access, Engine
from openwmi.net import Address
from openwmi.rpc import AuthLevel
from openwmi.server import Server
from openwmi.session import Session
from openwmi.testing import MemoryNetwork

MEMORY = Address("192.0.2.1", 135)
LOOPBACK = Address("127.0.0.1", 0)


class Wire:
    """Servers around engines, and links to them.

    Args:
        way: "memory" or "TCP".
    """

    def __init__(self, way: str) -> None:
        self._way = way
        self._session = Engine.session
        self._links: dict[int, Link] = {}
        self._servers: list[Server] = []

    def session(self, engine: Engine, namespace: str, access: Access | None = None) -> Session:
        """In place of Engine.session."""
        if access is not None:  # the server's own
            return self._session(engine, namespace, access)
        self._session(engine, namespace)  # which says at once what is wrong with the namespace
        link = self._links.get(id(engine))
        if link is None or link.closed:
            link = self._links[id(engine)] = self._link(engine)
        return RemoteSession(link, namespace)

    async def close(self) -> None:
        """Ends all of them."""
        for server in self._servers:
            await server.stop(0)
            await server.close()

    def _link(self, engine: Engine) -> Link:
        network = MemoryNetwork()
        opening: list[asyncio.Future[Address]] = []

        async def connect(protocol: Callable[[], Any], host: str, port: int, timeout: float) -> tuple[Any, Any]:
            if not opening:
                opening.append(asyncio.ensure_future(self._serve(engine, network)))
            host, port = await opening[0]
            if self._way == "memory":
                return await network.connect(protocol, host, port)
            return await net.connect(protocol, host, port, timeout)

        credentials = Credentials(f"DOM\\{ME[0]}", ME[1])
        return Link(MEMORY, Means(credentials.login(MEMORY.host), AuthLevel.PRIVACY, 10, connect), ME[0])

    async def _serve(self, engine: Engine, network: MemoryNetwork) -> Address:
        listen = network.listen if self._way == "memory" else net.listen
        server = Server(engine, Users(), NAMES, open_port=listen, admins=[f"dom\\{ME[0]}"])
        self._servers.append(server)
        return await server.listen(MEMORY if self._way == "memory" else LOOPBACK)


@pytest.fixture(autouse=True, params=["memory", "TCP"])
async def wire(request: pytest.FixtureRequest, monkeypatch: pytest.MonkeyPatch) -> Any:
    """Every engine is asked over the wire."""
    made = Wire(request.param)

    def session(engine: Engine, namespace: str, access: Access | None = None) -> Session:
        return made.session(engine, namespace, access)

    monkeypatch.setattr(Engine, "session", session)
    yield made
    await made.close()


def lifted(*modules: ModuleType, but: Container[str]) -> dict[str, object]:
    """The tests and fixtures of these modules, by their names, but for some."""
    found: dict[str, object] = {}
    for module in modules:
        for name, value in vars(module).items():
            is_test = name.startswith("test_") and isinstance(value, FunctionType)
            if name not in but and (is_test or type(value).__name__ == "FixtureFunctionDefinition"):
                assert found.setdefault(name, value) is value, f"{name} is there twice"
    return found
