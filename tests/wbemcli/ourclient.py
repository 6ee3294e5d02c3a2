"""`openwmi.wbemcli` over our own client: a session behind a server in memory, which calls the sinks back."""

from __future__ import annotations

from functools import partial
from typing import Any

from tests.dcom.fakes import HOST, ME, NAMES, PORT, Users
from tests.server.sinks import THERE
from tests.wbemcli.wire import OneSession, WireLocator

from openwmi.blocking.runner import runner
from openwmi.client import Credentials, open_session
from openwmi.client.pushed import EVERYWHERE
from openwmi.client.sinkhost import SinkHosts
from openwmi.model import CimClass, CimType, Method, Type
from openwmi.net import Address
from openwmi.operation import Operation, ResultSet
from openwmi.server import CallbackPolicy, Server
from openwmi.session import Session
from openwmi.session.forwarding import Forwarding, Verb, forwarding
from openwmi.testing import MemoryNetwork
from openwmi.wbemcli.services import IWbemServices

CLASSES = {
    EVERYWHERE: CimClass(EVERYWHERE),
    "A": CimClass("A", methods=(Method("Do", (), Type(CimType.UINT32)),)),
}


class Classes(Forwarding):
    """A session whose classes are there, whatever a test has it do with everything else."""

    def forward(self, name: str, verb: Verb, arguments: tuple[Any, ...], named: dict[str, Any]) -> Operation[Any]:
        found = CLASSES.get(arguments[0]) if name == "get" else None
        if found is None:
            return verb(self.inner)

        async def work(results: ResultSet[CimClass]) -> CimClass:
            results.begin()
            assert found is not None
            return found

        return Operation.start(work, "get a class", single=True)


class ClientWorld:
    """A server, its network, and a session of ours with it. Made on the loop's thread."""

    def __init__(self, session: Session) -> None:
        self.network = MemoryNetwork()
        policy = CallbackPolicy(anonymous=True, connect=partial(self.network.connect, source=HOST))
        self.server = Server(
            OneSession(forwarding(Classes)(session)),
            Users(),
            NAMES,
            open_port=self.network.listen,
            admins=[r"DOM\me"],
            callbacks=policy,
        )
        self.hosts = SinkHosts(open_port=self.network.listen)

    async def open(self) -> Session:
        where = await self.server.listen(Address(HOST, PORT))
        self.session = await open_session(
            r"root\cimv2",
            where=where,
            credentials=Credentials(f"DOM\\{ME[0]}", ME[1]),
            callbacks="require",
            connect=partial(self.network.connect, source=THERE),
            sinks=self.hosts,
        )
        return self.session

    async def close(self) -> None:
        await self.session.close()
        await self.server.close()
        assert self.hosts._hosts == {}


async def _opened(session: Session) -> ClientWorld:
    world = ClientWorld(session)
    await world.open()
    return world


def reached(session: Session) -> IWbemServices:
    """The services of a session, by our client. WireLocator.close_all ends it."""
    world = runner().run(_opened, session)
    WireLocator.worlds = [*WireLocator.worlds, world]  # type: ignore[list-item]  # all that it does there is close
    return IWbemServices(world.session)
