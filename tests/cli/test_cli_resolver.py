"""`openwmi resolver`, and the resolver of `openwmi serve`: other processes are found through them, whatever happens."""

from __future__ import annotations

import asyncio
import signal
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path

import pytest
from tests.cli.fakes import Command
from tests.cli.servers import ANYWHERE, port_of, serving

from openwmi.base import limits
from openwmi.dcom import Channel, Exporter, ForwardedPings, Registration, proxy
from openwmi.interfaces import IObjectExporter
from openwmi.orpc.bindings import TOWER_TCP
from openwmi.security import add_user

PORT = 4711
SOCKET = "resolver.sock"


@pytest.fixture(autouse=True)
def _here(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    monkeypatch.setattr(limits, "REGISTRY_RETRY_SECONDS", 0.01)


def there() -> bool:
    return Path(SOCKET).exists()


@asynccontextmanager
async def exporting() -> AsyncIterator[Exporter]:
    pings = ForwardedPings()
    exporter = Exporter((), lambda: PORT, pings=pings)
    registration = Registration(exporter, pings, Path(SOCKET))
    await registration.start()
    yield exporter
    await registration.close()
    exporter.close()


async def found(port: int, exporter: Exporter) -> bool:
    """Whether the resolver says where the exporter is, sooner or later."""
    entry = exporter.entry("127.0.0.1")
    channel = await Channel.open("127.0.0.1", port)
    async with asyncio.timeout(20):
        while (reply := await proxy(IObjectExporter, channel).ResolveOxid2(entry.oxid, 1, (TOWER_TCP,))).hresult:  # noqa: ASYNC110 - nothing tells
            await asyncio.sleep(0.01)
    channel.close()
    assert reply.ppdsaOxidBindings is not None
    assert [each.port for each in reply.ppdsaOxidBindings.bindings.strings] == [PORT]
    return reply.pipidRemUnknown == entry.ipid_rem_unknown


async def test_a_resolver_that_is_killed_and_comes_again() -> None:
    arguments = "--listen", ANYWHERE, "--resolver-socket", SOCKET
    with serving(*arguments, name="resolver") as (first, line):
        async with exporting() as exporter:
            assert await found(port_of(line), exporter)
            first.send_signal(signal.SIGKILL)
            await asyncio.to_thread(first.wait)
            assert there(), "it is left behind"
            with serving(*arguments, name="resolver") as (second, again):
                assert await found(port_of(again), exporter)
                second.send_signal(signal.SIGTERM)
                assert await asyncio.to_thread(second.wait) == 0
    assert not there()


async def test_a_server_is_a_resolver_too() -> None:
    add_user("users.txt", "me", "secret")
    arguments = "--users", "users.txt", "--listen", ANYWHERE, "--resolver-socket", SOCKET
    with serving(*arguments) as (_, line):
        async with exporting() as exporter:
            assert await found(port_of(line), exporter)


def test_a_socket_that_somebody_else_has(openwmi: Command) -> None:
    Path(SOCKET).write_text("not a socket")
    done = openwmi("resolver", "--listen", ANYWHERE, "--resolver-socket", SOCKET)
    assert (done.status, done.out, len(done.err.splitlines())) == (1, "", 1)
    assert f"cannot listen at {SOCKET}: Address already in use" in done.err
    assert Path(SOCKET).read_text() == "not a socket"


@pytest.mark.parametrize("given", [(), ("--resolver-socket", SOCKET, "--listen", "::1:x")])
def test_wrong_usage(openwmi: Command, given: tuple[str, ...]) -> None:
    assert openwmi("resolver", *given).status == 2
