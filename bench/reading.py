"""A client in a process of its own, for `bench.client`: reads what it is told to, and prints what it took as JSON.

python -m bench.reading {"port": 1234, "text": "SELECT …", "times": 3}
"""

from __future__ import annotations

import asyncio
import json
import sys
from time import perf_counter
from typing import Any
from zlib import crc32

import psutil

from openwmi.client import Credentials, open_session
from openwmi.net import Address
from openwmi.session import Namespace

USER, PASSWORD = "DOM\\me", "Passw0rd"
SETTLED_ROWS = 100_000
"""After so many rows a stream has whatever it needs; from there on memory is flat, or it is not."""


async def entered(port: int) -> Namespace:
    """A namespace of one server."""
    where = Address("127.0.0.1", port)
    return Namespace(await open_session(r"root\cimv2", where=where, credentials=Credentials(USER, PASSWORD)))


async def read(asked: dict[str, Any]) -> dict[str, object]:
    """Seconds of the best time, how many rows there were, and the sum over all of their values."""
    async with await entered(asked["port"]) as ns:
        total = 0
        async for row in ns.query(asked["text"]):
            total = crc32(repr(row.values_).encode(), total)
        taken = []
        for _ in range(asked["times"]):
            rows, began = 0, perf_counter()
            async for row in ns.query(asked["text"]):
                rows += 1
                for _value in row.store_:
                    pass
            taken.append(perf_counter() - began)
    return {"seconds": min(taken), "rows": rows, "sum": total}


async def hosts(asked: dict[str, Any]) -> dict[str, object]:
    """Rows a second of one host, asked again and again, and of all at once."""
    spaces = [await entered(port) for port in asked["ports"]]

    async def one(ns: Namespace) -> int:
        rows = 0
        async for row in ns.query(asked["text"]):
            rows += 1
            for _value in row.store_:
                pass
        return rows

    for ns in spaces:  # whatever a first query costs once
        await one(ns)
    began = perf_counter()
    alone = sum([await one(spaces[0]) for _ in range(len(spaces) // 4)])
    alone_seconds = perf_counter() - began
    began = perf_counter()
    together = sum(await asyncio.gather(*map(one, spaces)))
    seconds = perf_counter() - began
    for ns in spaces:
        await ns.close()
    return {"alone": alone / alone_seconds, "together": together / seconds, "rows": together}


async def stream(asked: dict[str, Any]) -> dict[str, object]:
    """Megabytes that a stream takes more at its end than when it had settled."""
    process = psutil.Process()
    async with await entered(asked["port"]) as ns:
        rows = settled = most = 0
        async for _ in ns.query(asked["text"]):
            rows += 1
            if rows == SETTLED_ROWS:
                settled = process.memory_info().rss
            elif rows > SETTLED_ROWS and not rows % 10_000:
                most = max(most, process.memory_info().rss)
    return {"rows": rows, "grown": (most - settled) / 1e6}


def main(text: str) -> None:
    asked = json.loads(text)
    work = {"read": read, "hosts": hosts, "stream": stream}[asked.pop("do")]
    print(json.dumps(asyncio.run(work(asked))))


if __name__ == "__main__":
    main(sys.argv[1])
