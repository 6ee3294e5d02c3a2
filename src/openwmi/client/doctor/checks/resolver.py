"""Is it DCOM that listens there? ServerAlive2 is answered without a login ([MS-DCOM] 3.1.2.5.1.6)."""

from __future__ import annotations

import asyncio
from typing import Final

from openwmi.client.doctor.check import Check, Fact, Found, Status
from openwmi.client.doctor.visit import Visit
from openwmi.dcom import Means, proxy
from openwmi.interfaces import IObjectExporter
from openwmi.orpc.bindings import TOWER_TCP

LONG: Final = 0.2
"""Seconds of a round trip."""
LONG_TODO: Final = "the line is long or busy, or the machine is: compare with ping"


async def _run(visit: Visit) -> Found:
    loop = asyncio.get_running_loop()
    visit.resolver = await Means(timeout=visit.each, connect=visit.connect).open(visit.where)
    resolver = proxy(IObjectExporter, visit.resolver)
    reply = await resolver.ServerAlive2()
    began = loop.time()
    await resolver.ServerAlive2()
    trip = loop.time() - began
    version, told = reply.pComVersion, reply.ppdsaOrBindings
    hosts = [] if told is None else [each.host for each in told.bindings.strings if each.tower == TOWER_TCP]
    kinds = [] if told is None else sorted({each.authentication for each in told.bindings.securities})
    facts: dict[str, Fact] = {
        "com": (version.major, version.minor),
        "addresses": len(hosts),
        "authentication": kinds,
        "trip_milliseconds": 1000 * trip,
    }
    return Found(
        f"DCOM {version.major}.{version.minor} answers, a round trip is {1000 * trip:.1f} ms; it calls itself "
        f"{', '.join(hosts) or 'nothing'}",
        LONG_TODO if trip >= LONG else "",
        facts,
        {"bindings": hosts},
        Status.SLOW if trip >= LONG else Status.OK,
    )


CHECK = Check(
    "resolver",
    _run,
    needs=("port",),
    todo=(
        "something else than DCOM listens there, or a proxy in between takes the connection: check --port; on Windows"
        " the services RpcSs and DcomLaunch have to run"
    ),
    slow_todo=LONG_TODO,
    door=True,
)
