"""A DCOM server with a class that other people's tests of DCOM activate: CLSID_EventSystem, which does next to nothing.

As a program it serves one user at an address until its input ends: python -m tests.interop.eventsystem HOST:PORT
"""

# A declaration has no body.
# mypy: disable-error-code="empty-body"

from __future__ import annotations

import asyncio
import sys
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from typing import NamedTuple

from tests.interop.serving import DOMAIN, PASSWORD, USER

from openwmi.base.guid import Guid
from openwmi.dcom import (
    Activator,
    ClassTable,
    Endpoint,
    EndpointMapper,
    Exporter,
    OldActivator,
    Resolver,
    Served,
)
from openwmi.interfaces import IUnknown, call
from openwmi.ndr import HRESULT, U32
from openwmi.net import Address, listen, parse_address
from openwmi.rpc import NDR, NDR64
from openwmi.security import Acceptor, Logins, ServerNames, User, nt_hash

CLSID_EventSystem = Guid("4e14fba2-2e22-11d1-9964-00c04fbbb345")
NAMES = ServerNames.of_host("srv1.example")


class GetTypeInfoCountReply(NamedTuple):
    pctinfo: U32
    hresult: HRESULT = 0


class IEventSystem(IUnknown, iid="4e14fb9f-2e22-11d1-9964-00c04fbbb345"):
    """The first call of the IDispatch that it is."""

    @call(3)
    async def GetTypeInfoCount(self) -> GetTypeInfoCountReply:
        """How many type libraries describe it."""


class EventSystem(Served, IEventSystem):
    """Has none."""

    async def GetTypeInfoCount(self) -> GetTypeInfoCountReply:
        return GetTypeInfoCountReply(0)


class Users:
    """One user."""

    def lookup(self, domain: str, name: str, computer: str) -> User | None:
        return User(DOMAIN, USER, nt_hash(PASSWORD)) if name == USER else None


@asynccontextmanager
async def serving(address: Address, kerberos: Callable[[], Acceptor] | None = None) -> AsyncIterator[int]:
    """The server's port, until the block ends."""
    ports: list[int] = []
    exporter = Exporter(["localhost"], lambda: ports[0])
    classes = ClassTable(exporter, {CLSID_EventSystem: EventSystem})
    services = [
        Resolver(exporter),
        Activator(classes),
        OldActivator(classes),
        EndpointMapper(lambda: endpoint.interfaces, lambda: ports[0]),
    ]
    endpoint = Endpoint(
        exporter,
        services,
        [IEventSystem],
        lambda peer: Logins(Users(), NAMES, peer=peer, kerberos=kerberos),
        transfers=(NDR, NDR64),
    )
    listener = await listen(endpoint, address)
    ports.append(listener.address.port)
    try:
        yield ports[0]
    finally:
        await listener.close()
        await endpoint.close()
        exporter.close()


async def main(where: str) -> None:
    async with serving(parse_address(where, 135)):
        print("listening", flush=True)  # noqa: T201 - what the test waits for
        await asyncio.get_running_loop().run_in_executor(None, sys.stdin.read)


if __name__ == "__main__":
    asyncio.run(main(sys.argv[1]))
