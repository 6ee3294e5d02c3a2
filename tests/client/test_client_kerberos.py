"""Logins with tickets, of the cache or by a password, to a server that the client reaches by an address."""

from __future__ import annotations

from collections.abc import AsyncIterator, Iterator
from contextlib import asynccontextmanager
from functools import partial
from typing import Any, Literal

import pytest
from tests.client.fakes import HOST, PORT
from tests.dcom.fakes import NAMES, Users
from tests.security.kdc import USER, running_kdc
from tests.server.fakes import ALL, Things, things

from openwmi.base.error import AccessDenied
from openwmi.client import Credentials, RemoteSession, open_session
from openwmi.engine import Engine
from openwmi.net import Address
from openwmi.operation import LOCAL
from openwmi.security import KerberosAcceptor
from openwmi.server import Server
from openwmi.testing import MemoryNetwork


@pytest.fixture(scope="module")
def kdc() -> Iterator[Any]:
    with running_kdc() as made:
        yield made


@asynccontextmanager
async def logged_in(kdc: Any, credentials: Credentials, **how: Any) -> AsyncIterator[RemoteSession]:
    network, provider = MemoryNetwork(), Things(things(1, 2))
    kerberos = partial(KerberosAcceptor, lambda principal: principal == USER, kdc.keytab)
    server = Server(Engine("HOST1", [provider]), Users(), NAMES, open_port=network.listen, kerberos=kerberos)
    await server.listen(Address(HOST, PORT))
    try:
        session = await open_session(
            r"root\cimv2", where=Address(HOST, PORT), credentials=credentials, connect=network.connect, **how
        )
        yield session
        await session.close()
        assert {request.context.principal for request in provider.calls} == {USER}
    finally:
        await server.close()


@pytest.mark.parametrize("way", ["cache", "cache alone", "password", "password alone"])
async def test_a_ticket(kdc: Any, way: str) -> None:
    kerberos: Literal["auto"] | bool = True if way.endswith("alone") else "auto"
    password = kdc.password("user") if way.startswith("password") else None
    user = USER if password else None
    async with logged_in(kdc, Credentials(user, password, None, kerberos, kdc.hostname)) as session:
        assert len(await session.query(ALL, None, LOCAL)) == 2


async def test_no_ticket(kdc: Any) -> None:
    with pytest.raises(AccessDenied, match="refused the login of whoever the Kerberos cache is of") as failure:
        async with logged_in(kdc, Credentials(spn_host="elsewhere.example.org")):
            pass
    assert "elsewhere" in failure.value.message
