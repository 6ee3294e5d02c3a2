"""A server of things, in memory or on loopback, and sessions of ours with it."""

from __future__ import annotations

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import Any

import pytest
from tests.dcom.fakes import nothing_left

from openwmi.client import Credentials, RemoteSession, open_session
from openwmi.client.sinkhost import SinkHosts
from openwmi.net import Address
from openwmi.session import Namespace
from openwmi.testing import MemoryNetwork, WmiServer

HOST, PORT = "192.0.2.1", 135

THINGS = """
class Demo_Thing {
    [key] string Name;
    uint32 Size;
    [Implemented] uint32 Grow([in] uint32 By, [out] uint32 Now);
};
class Demo_Big : Demo_Thing { string Colors[]; };
instance of Demo_Thing { Name = "one"; Size = 1; };
instance of Demo_Thing { Name = "two"; Size = 2; };
instance of Demo_Big { Name = "three"; Size = 3; Colors = {"red", "green"}; };
"""


class World:
    """A server in memory.

    Attributes:
        network: where it is.
        server: it.
        sinks: where it calls sinks of ours, if it does (`callbacks=CallbackPolicy(…)`).
    """

    def __init__(self, server: WmiServer, network: MemoryNetwork) -> None:
        self.server = server
        self.network = network
        self.sinks = SinkHosts(open_port=network.listen)

    async def enter(self, namespace: str = r"root\cimv2", **how: Any) -> RemoteSession:
        """A session with it."""
        return await open_session(
            namespace,
            where=Address(self.server.host, self.server.port),
            credentials=how.pop("credentials", self.credentials),
            connect=how.pop("connect", self.network.connect),
            sinks=self.sinks,
            **how,
        )

    @property
    def credentials(self) -> Credentials:
        domain, user = self.server.domain, self.server.user
        return Credentials(f"{domain}\\{user}" if domain else user, self.server.password)

    @asynccontextmanager
    async def entered(self, namespace: str = r"root\cimv2", **how: Any) -> AsyncIterator[Namespace]:
        """The pythonic face of one."""
        async with Namespace(await self.enter(namespace, **how)) as ns:
            yield ns


def bugs(caplog: pytest.LogCaptureFixture) -> list[str]:
    """What the log has of errors that nobody foresaw: `log_bug` says where each of them came from."""
    found = [record for record in caplog.records if record.exc_info or '\n  File "' in record.getMessage()]
    return [record.getMessage() for record in found]


@asynccontextmanager
async def world(*contents: Any, **options: Any) -> AsyncIterator[World]:
    """A server in memory; in the end nothing may be left of it, nor of its clients."""
    network = MemoryNetwork()
    async with (
        nothing_left(),
        WmiServer(*(contents or (THINGS,)), network=network, host=HOST, port=PORT, **options) as server,
    ):
        made = World(server, network)
        yield made
        assert made.sinks._hosts == {}
