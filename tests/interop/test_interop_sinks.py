"""Sinks of our client on another machine than the server: in both directions, over a bad line, behind a router."""

from __future__ import annotations

import asyncio
import json
import sys
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any

import pytest
from tests.interop import serving
from tests.interop.link import OPENWMI, Machine
from tests.interop.router import INSIDE, OUTSIDE, PUBLIC, Router, routed

from openwmi.security import add_user

CLIENT = str(Path(__file__).parent / "callback" / "sinking.py")
MANY = "SELECT * FROM meta_class"
FEW = "SELECT * FROM meta_class WHERE __this ISA 'CIM_Setting'"
CANCELLED = 0x80041032


@asynccontextmanager
async def served(machine: Machine, folder: Path) -> AsyncIterator[None]:
    """`openwmi serve` there, which calls sinks."""
    users = str(folder / "users")
    add_user(users, serving.USER, serving.PASSWORD)
    listen = ("--listen", f"{machine.address}:135", "--users", users, "--anonymous-callbacks")
    async with machine.running(*OPENWMI, "serve", *listen, state=folder) as server:
        await server.until(f"{machine.address}:135")
        yield


def heard(machine: Machine, host: str, callbacks: str, *cancel: str, query: str = FEW) -> Any:
    """What the sink of a client there heard."""
    said = machine.run(sys.executable, CLIENT, host, serving.USER, serving.PASSWORD, query, callbacks, *cancel)
    found = json.loads(said.splitlines()[-1])
    assert len(found["statuses"]) == 1
    assert len(set(found["names"])) == len(found["names"])
    return found


async def test_a_line_that_is_slow_and_loses_packets(tmp_path: Path) -> None:
    router = Router(loss=0.02, delay=0.01)
    with routed(router) as (client, server):
        async with served(server, tmp_path):
            found = heard(client, OUTSIDE, "require", query=MANY)
            assert (found["statuses"], found["log"]) == ([0], [])
            assert len(found["names"]) > 100
            assert heard(client, OUTSIDE, "require", "cancel", query=MANY)["statuses"] in ([CANCELLED], [0])
    assert router.lost > 0


async def test_a_client_behind_a_router(tmp_path: Path) -> None:
    """The server asks where its caller seems to be; what is forwarded there is one port, and sinks are at that, too."""
    router = Router(translates=True)
    with routed(router) as (client, server):
        async with served(server, tmp_path):
            without = heard(client, OUTSIDE, "auto")
            router.forwarded = frozenset({135})
            found = heard(client, OUTSIDE, "require")
    (said,) = without["log"]
    assert "asynchronous calls are made semisynchronously" in said
    assert f"finds no way to port 135 of {INSIDE}" in said
    assert (found["statuses"], found["log"]) == ([0], []) == (without["statuses"], without["log"][1:])
    assert len(found["names"]) == len(without["names"]) > 1


async def test_a_server_behind_a_router(tmp_path: Path) -> None:
    """It calls back from the address by which it is known outside."""
    with routed(Router(translates=True, forwarded=frozenset({135}))) as (server, client):
        async with served(server, tmp_path):
            found = heard(client, PUBLIC, "require")
    assert (found["statuses"], found["log"]) == ([0], [])
    assert len(found["names"]) > 1


async def test_processes_of_one_machine_share_its_resolver(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """`openwmi resolver` listens at port 135 for them, and only it needs the right to."""
    socket = tmp_path / "socket"
    resolver = (*OPENWMI, "resolver", "--listen", f"{INSIDE}:135", "--resolver-socket", str(socket))
    with routed(Router()) as (client, server):
        async with served(server, tmp_path), client.running(*resolver) as resolving:
            await resolving.until(f"{INSIDE}:135")
            monkeypatch.setenv("OPENWMI_RESOLVER_SOCKET", str(socket))
            both = [asyncio.to_thread(heard, client, OUTSIDE, "require") for _ in range(2)]
            for found in await asyncio.gather(*both):
                assert (found["statuses"], found["log"]) == ([0], [])
                assert len(found["names"]) > 1
