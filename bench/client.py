"""Rows from another machine: our client beside other people's, over loopback, NTLM, from one server of ours.

All 45 properties of each row are read; one more time, which is not measured, they are compared with their source. Each
client is a process of its own; ours seals what it sends, which the others do not.
"""

from __future__ import annotations

import asyncio
import json
import sys
from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager
from functools import cache, partial
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any
from zlib import crc32

import pytest
from tests.client.fakes import world
from tests.client.remote import trips_of_a_cancel
from tests.client.trips import Trips
from tests.interop import peer
from tests.interop.serving import DOMAIN, USER

from bench.figure import ROOT, Figure, Goal
from bench.loading import Many
from bench.reading import PASSWORD as READERS_PASSWORD
from bench.reading import USER as READER
from bench.wire import ROWS, VALUES, Rows
from openwmi.engine import Engine
from openwmi.net import Address
from openwmi.security import UsersFile, add_user
from openwmi.server import Server
from openwmi.session import Namespace

STORED, ROWS_OF_A_SLOW_PEER, ROWS_OF_A_SLOWER_ONE = 20_000, 2000, 500
HOSTS, ROWS_OF_A_HOST = 100, 1000
STREAMED = 1_000_000
ALL = "SELECT * FROM Bench_Process"

peer.ANSWER_SECONDS = 600


async def stored(count: int) -> tuple[Engine, int]:
    """An engine with so many stored instances, and the sum over all of their values."""
    engine = Engine("SRV1", (), [ROWS])
    namespace = Namespace(engine.session(r"root\cimv2"))
    class_ = await namespace.get(ROWS.name)
    values = {prop.name: prop.type.check(VALUES[prop.type.cim.keyword]) for prop in ROWS.properties}
    rows = [class_.instance({**values, "Handle": str(number), "ProcessId": number}) for number in range(count)]
    await namespace.put(rows)
    total = 0
    async for row in namespace.query(ALL):
        total = crc32(repr(row.values_).encode(), total)
    return engine, total


@asynccontextmanager
async def serving(*engines: Engine) -> AsyncIterator[list[int]]:
    """Servers of these engines, and their ports."""
    with TemporaryDirectory() as folder:
        users = Path(folder) / "users"
        add_user(users, READER, READERS_PASSWORD)
        if f"{DOMAIN}\\{USER}" != READER:
            add_user(users, f"{DOMAIN}\\{USER}", READERS_PASSWORD)
        servers = [Server(engine, UsersFile(users)) for engine in engines]
        try:
            yield [(await server.listen(Address("127.0.0.1", 0))).port for server in servers]
        finally:
            for server in servers:
                await server.close()


async def child(**asked: Any) -> dict[str, Any]:
    """What our client in a process of its own took."""
    process = await asyncio.create_subprocess_exec(
        sys.executable, "-m", "bench.reading", json.dumps(asked), cwd=ROOT, stdout=asyncio.subprocess.PIPE
    )
    said, _ = await process.communicate()
    if process.returncode:
        raise SystemExit("our client failed")
    answer: dict[str, Any] = json.loads(said)
    return answer


@cache
def rates() -> dict[str, float]:
    """Rows a second by client, from one server."""
    return asyncio.run(_rates())


async def _rates() -> dict[str, float]:
    engine, total = await stored(STORED)
    few, _ = await stored(ROWS_OF_A_SLOW_PEER)
    fewer, _ = await stored(ROWS_OF_A_SLOWER_ONE)
    found: dict[str, float] = {}
    try:
        async with serving(engine, few, fewer) as (port, few_port, fewer_port):
            found["ours"] = await _ours(port, total)
            found["aiowmi"] = await _peer("aiowmi", few_port, 3, ROWS_OF_A_SLOW_PEER, smart=True)
            found["impacket"] = await _peer("impacket", fewer_port, 1, ROWS_OF_A_SLOWER_ONE)
            found["ours"] = max(found["ours"], await _ours(port, total))  # before and behind: others are here, too
    except pytest.skip.Exception as missing:
        raise SystemExit(f"{missing}: `make bench` installs it") from None
    finally:
        for each in (engine, few, fewer):
            each.close()
    return found


async def _ours(port: int, total: int) -> float:
    ours = await child(do="read", port=port, text=ALL, times=3)
    if (ours["rows"], ours["sum"]) != (STORED, total):
        raise SystemExit("our client read other rows than there are")
    return STORED / float(ours["seconds"])


async def _peer(package: str, port: int, times: int, count: int, **how: object) -> float:
    async with peer.logged_in(package, port) as client:
        answers = [await client.do("rate", text=ALL, **how) for _ in range(times)]
    if any(answer["rows"] != count for answer in answers):
        raise SystemExit(f"{package} was sent {count} rows and read others")
    return count / min(float(answer["seconds"]) for answer in answers)


def beside(package: str) -> tuple[float, float]:
    found = rates()
    return found["ours"], found[package]


def hosts() -> tuple[float, float]:
    async def measure() -> tuple[float, float]:
        engine = Engine("SRV1", [Rows(ROWS_OF_A_HOST)])
        async with serving(*[engine] * HOSTS) as ports:
            found = await child(do="hosts", ports=ports, text=ALL)
        engine.close()
        if found["rows"] != HOSTS * ROWS_OF_A_HOST:
            raise SystemExit("not all hosts gave all rows")
        return found["together"], found["alone"]

    return asyncio.run(measure())


def grown() -> tuple[float, float]:
    async def measure() -> tuple[float, float]:
        engine = Engine("SRV1", [Many()])
        async with serving(engine) as (port,):
            found = await child(do="stream", port=port, text="SELECT * FROM Bench_Many")
        engine.close()
        if found["rows"] != STREAMED:
            raise SystemExit(f"{found['rows']} rows came")
        return found["grown"], 0

    return asyncio.run(measure())


def trips(warm: bool) -> tuple[float, float]:
    """Round trips to the first row."""

    async def measure() -> Sequence[float]:
        async with world() as there:
            counted = Trips(there.network.connect)
            async with there.entered(connect=counted.connect) as ns:
                found = []
                before = 0
                for _ in range(2):
                    async for _row in (rows := ns.query("SELECT * FROM Demo_Thing")):
                        found.append(counted.count - before)
                        break
                    rows.close()
                    await ns.get("Demo_Thing")  # whatever was still to be said has been
                    before = counted.count
                return found

    return asyncio.run(measure())[warm], 0


def cancel() -> tuple[float, float]:
    """Round trips from CancelAsyncCall to the final SetStatus, what releases the sink among them."""
    return asyncio.run(trips_of_a_cancel(heard=True)), 0


FIGURES = [
    Figure(f"{STORED:,} stored rows read", "aiowmi, from 2,000", "/s", Goal(">=", 15), partial(beside, "aiowmi")),
    Figure(
        f"{STORED:,} stored rows read",
        "impacket, from 500",
        "/s",
        Goal(">=", 600),
        partial(beside, "impacket"),
    ),
    Figure("round trips to a first row, cold", "", "", Goal("<=", 10, "trips"), partial(trips, False)),
    Figure("round trips to a first row, warm", "", "", Goal("<=", 4, "trips"), partial(trips, True)),
    Figure("round trips from a cancel to its end", "", "", Goal("<=", 5, "trips"), cancel),
    Figure(f"{HOSTS} hosts, {ROWS_OF_A_HOST:,} rows each", "one host", "/s", Goal(">=", 0.7), hosts),
    Figure(f"memory over {STREAMED:,} rows", "", "MB", Goal("<=", 4, "MB"), grown),
]
