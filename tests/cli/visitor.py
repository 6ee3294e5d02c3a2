"""A client that logs in to a server that runs as a process."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

from tests.dcom.fakes import ME, Client, standard
from tests.server.fakes import Services

from openwmi.interfaces import IRemoteSCMActivator, IRemUnknown2, IWbemLevel1Login, IWbemServices
from openwmi.orpc.wellknown import CLSID_WbemLevel1Login
from openwmi.server.host import OBJECTS


@asynccontextmanager
async def entered(port: int, user: tuple[str, str] = ME, namespace: str = "root/cimv2") -> AsyncIterator[Services]:
    """The services of a namespace, as long as the connection is open."""
    _, client = await asyncio.get_running_loop().create_connection(Client, "127.0.0.1", port)
    try:
        await client.bind(IRemoteSCMActivator, IRemUnknown2, *OBJECTS, user=user)
        login = await client.activate(IWbemLevel1Login, clsid=CLSID_WbemLevel1Login)
        reply = await client.call(IWbemLevel1Login, "NTLMLogin", namespace, None, 0, None, target=login.ipid)
        assert reply.hresult == 0
        yield Services(client, standard(reply.ppNamespace).ipid)
    finally:  # whether or not it was let in
        client.transport.close()
        await client.closed.wait()


async def delete(services: Services, name: str) -> int:
    """The status of deleting a class."""
    reply = await services.client.call(IWbemServices, "DeleteClass", name, 0, None, None, target=services.ipid)
    return int(reply.hresult)
