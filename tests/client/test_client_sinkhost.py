"""Where servers call the sinks of this process: its own port 135, or the resolver that it shares with others."""

from __future__ import annotations

import asyncio
import secrets
from collections.abc import AsyncGenerator, Iterator
from contextlib import asynccontextmanager
from functools import partial
from pathlib import Path
from typing import Any

import pytest
from tests.client.calledback import called_back
from tests.dcom.fakes import HOST
from tests.security.kdc import ENCRYPTIONS, running_kdc
from tests.server.fakes import ALL, Things, Wmi, things
from tests.server.sinks import THERE

from openwmi.base.error import AccessDenied, Unreachable, WbemError
from openwmi.base.status import WbemStatus
from openwmi.client.sinkhost import KEYTAB_VARIABLE, SOCKET_VARIABLE, SinkHosts
from openwmi.client.wiresink import WireSink
from openwmi.dcom import Channel, Registration, Registry, current_caller, proxy
from openwmi.dcom.ends import Ends
from openwmi.dcom.resolution import RESOLVER_PORT
from openwmi.interfaces import IObjectExporter
from openwmi.net import Address, listen_unix
from openwmi.rpc import AuthLevel
from openwmi.security import KerberosInitiator, NtlmInitiator
from openwmi.server import CallbackPolicy
from openwmi.server.resolver import ResolverHost
from openwmi.testing import MemoryNetwork

ENDS = Ends(THERE, HOST)


@asynccontextmanager
async def resolver(made: Wmi, path: Path) -> AsyncGenerator[Registry, None]:
    """That of the client's machine, which processes share."""
    registry = Registry(secrets.token_bytes)
    socket = await listen_unix(registry, path)
    host = ResolverHost(registry)
    await host.listen(Address(THERE, 135), open_port=made.network.listen)
    yield registry
    await host.close()
    await socket.close()


async def test_processes_share_the_resolver_of_their_machine(tmp_path: Path) -> None:
    path = tmp_path / "socket"
    async with called_back(Things(things(1, 2, 3))) as client, resolver(client.made, path) as registry:
        client.hosts._sockets = (tmp_path / "nothing is here", path)
        rows = await client.call("ExecQueryAsync", "WQL", ALL)
        assert [each.Size for each in rows] == [1, 2, 3]
        assert len(registry) == 1
        (host,) = client.hosts._hosts.values()
        assert host._port.address != Address(THERE, 135)
        await client.close()
        async with asyncio.timeout(1000):
            while len(registry):  # noqa: ASYNC110 - nothing tells
                await asyncio.sleep(1)
        await client.open()


async def test_what_to_do_where_servers_cannot_call(tmp_path: Path) -> None:
    network = MemoryNetwork()
    taken = await network.listen(asyncio.Protocol, Address(THERE, 135))
    dead = tmp_path / "dead"
    (await listen_unix(asyncio.Protocol, dead))._server.close()
    hosts = SinkHosts(open_port=_explaining(network), sockets=[dead])
    with pytest.raises(Unreachable) as caught:
        await hosts.hold(ENDS)
    assert caught.value.status == WbemStatus.TRANSPORT_FAILURE
    for part in (f"{THERE}:135", "in use", str(dead), "openwmi resolver --listen", SOCKET_VARIABLE):
        assert part in caught.value.message
    await taken.close()
    host = await hosts.hold(ENDS)  # the next one may have more luck
    assert await hosts.hold(Ends(THERE, "192.0.2.2")) is host
    assert await hosts.hold(Ends("192.0.2.101", HOST)) is not host
    assert sorted(each.host for each in network._ports) == [THERE, "192.0.2.101"]
    await hosts.release(host, ENDS)
    assert dict(host.servers) == {"192.0.2.2": 1}
    await hosts.release(host, Ends(THERE, "192.0.2.2"))
    assert [each.host for each in network._ports] == ["192.0.2.101"]


async def test_who_gives_up_while_the_resolver_is_asked_leaves_no_port_open(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    async def never(_: Registration) -> None:
        await asyncio.sleep(3600)

    monkeypatch.setattr(Registration, "start", never)
    socket = tmp_path / "socket"
    socket.touch()
    network = MemoryNetwork()
    hosts = SinkHosts(open_port=network.listen, sockets=[socket])
    with pytest.raises(TimeoutError):
        async with asyncio.timeout(1):
            await hosts.hold(ENDS)
    assert not network._ports


async def test_a_resolver_that_cannot_even_be_looked_for() -> None:
    """Where the way to its socket is closed to us, or is none."""
    network = MemoryNetwork()
    hosts = SinkHosts(open_port=network.listen, sockets=[Path("/", "x" * 300)])
    host = await hosts.hold(ENDS)
    assert [each.host for each in network._ports] == [THERE]
    await hosts.release(host, ENDS)


async def test_the_environment_says_where_the_resolver_is(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv(SOCKET_VARIABLE, "/somewhere/socket")
    monkeypatch.setenv(KEYTAB_VARIABLE, "/somewhere/keytab")
    hosts = SinkHosts.of_loop()
    assert (hosts._sockets, hosts._keytab) == ((Path("/somewhere/socket"),), "/somewhere/keytab")
    assert SinkHosts.of_loop() is hosts


@pytest.fixture(scope="module")
def kdc() -> Iterator[Any]:
    with running_kdc(ENCRYPTIONS[0]) as made:
        yield made


async def test_a_server_with_a_ticket_calls_as_itself_and_in_secret(kdc: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    """From PRIVACY downwards (note 16 of [MS-WMI]); with a keytab the highest will do."""
    callers: set[tuple[bool, AuthLevel]] = set()
    verify = WireSink._verify

    def noting(sink: WireSink) -> None:
        caller = current_caller()
        callers.add((caller.principal is not None, caller.level))
        verify(sink)

    monkeypatch.setattr(WireSink, "_verify", noting)
    async with called_back(Things(things(1, 2))) as client:
        client.hosts._keytab = kdc.keytab
        # From another address of its own than the one that we know.
        connect = partial(client.made.network.connect, source="192.0.2.2")
        login = partial(KerberosInitiator, kdc.hostname)
        client.made.server._shared.callbacks.policy = CallbackPolicy(login, connect=connect)
        assert len(await client.call("ExecQueryAsync", "WQL", ALL)) == 2
    assert callers == {(True, AuthLevel.PRIVACY)}


async def test_a_login_that_nobody_can_verify_is_not_taken() -> None:
    """The server then tries it without, if it may."""
    async with called_back(Things(things(1)), login=("server", "secret"), anonymous=True) as client:
        assert len(await client.call("ExecQueryAsync", "WQL", ALL)) == 1
    async with called_back(Things(things(1)), login=("server", "secret"), anonymous=False) as client:
        assert await client.ready() is False


async def test_nobody_is_asked_for_a_password_that_cannot_be_verified() -> None:
    """An answer to a challenge of ours would be of use to others."""
    network = MemoryNetwork()
    hosts = SinkHosts(open_port=network.listen)
    host = await hosts.hold(ENDS)
    login, heard = NtlmInitiator("server", "secret"), []
    step = login.step

    def noting(token: bytes = b"") -> Any:
        heard.append(token)
        return step(token)

    login.step = noting  # type: ignore[method-assign]  # to look on
    connect = partial(network.connect, source=HOST)
    channel = await Channel.open(THERE, RESOLVER_PORT, login=login, connect=connect)
    with pytest.raises(AccessDenied):
        await proxy(IObjectExporter, channel).ServerAlive()
    assert heard == [b""]
    channel.close()
    await hosts.release(host, ENDS)


def _explaining(network: MemoryNetwork) -> Any:
    """As openwmi.net explains what the system says."""

    async def opened(protocol: Any, address: Address) -> Any:
        try:
            return await network.listen(protocol, address)
        except OSError as error:
            raise WbemError(WbemStatus.FAILED, str(error)) from None

    return opened
