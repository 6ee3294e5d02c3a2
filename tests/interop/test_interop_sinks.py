"""Sinks of our client on another machine than the server: in both directions, over a bad line, behind a router."""

from __future__ import annotations

import json
import sys
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any

from tests.interop import serving
from tests.interop.link import OPENWMI, Machine
from tests.interop.router import INSIDE, OUTSIDE, PUBLIC, Router, routed

CLIENT = str(Path(__file__).parent / "callback" / "sinking.py")
QUERY = "SELECT * FROM meta_class"
CANCELLED = 0x80041032


@asynccontextmanager
async def served(machine: Machine, folder: Path) -> AsyncIterator[None]:
    """`openwmi serve` there, which calls sinks."""
    users = str(folder / "users")
    serving.run("users", "add", users, serving.USER, password=serving.PASSWORD)
    listen = ("--listen", f"{machine.address}:135", "--users", users, "--anonymous-callbacks")
    async with machine.running(*OPENWMI, "serve", *listen, state=folder) as server:
        await server.until(f"{machine.address}:135")
        yield


def heard(machine: Machine, host: str, callbacks: str, *cancel: str) -> Any:
    """What the sink of a client there heard."""
    said = machine.run(sys.executable, CLIENT, host, serving.USER, serving.PASSWORD, QUERY, callbacks, *cancel)
    found = json.loads(said.splitlines()[-1])
    assert len(found["statuses"]) == 1
    assert len(set(found["names"])) == len(found["names"])
    return found


async def test_a_line_that_loses_packets(tmp_path: Path) -> None:
    router = Router(loss=0.02)
    with routed(router) as (client, server):
        async with served(server, tmp_path):
            found = heard(client, OUTSIDE, "require")
            assert (found["statuses"], found["log"]) == ([0], [])
            assert len(found["names"]) > 100
            assert heard(client, OUTSIDE, "require", "cancel")["statuses"] in ([CANCELLED], [0])
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
    assert len(found["names"]) == len(without["names"]) > 100


async def test_a_server_behind_a_router(tmp_path: Path) -> None:
    """It calls back from the address by which it is known outside."""
    with routed(Router(translates=True, forwarded=frozenset({135}))) as (server, client):
        async with served(server, tmp_path):
            found = heard(client, PUBLIC, "require")
    assert (found["statuses"], found["log"]) == ([0], [])
    assert len(found["names"]) > 100
