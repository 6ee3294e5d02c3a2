"""What is slow: a round trip on a connection that is open, and the slowest of the steps before."""

from __future__ import annotations

import asyncio
from statistics import median
from typing import Final

from openwmi.client.doctor.check import Check, Found, Status
from openwmi.client.doctor.denied import Layer
from openwmi.client.doctor.visit import Visit
from openwmi.interfaces import IWbemLevel1Login

TRIPS: Final = 7
LONG: Final = 0.2
LONG_TODO: Final = (
    "each call takes at least that: ask for much at once (one query instead of many gets), and from a place that is"
    " nearer"
)


async def _run(visit: Visit) -> Found:
    exporter, ipid = visit.activated
    proxy = exporter.proxy(IWbemLevel1Login, ipid)
    loop = asyncio.get_running_loop()
    trips = []
    for _ in range(TRIPS):
        began = loop.time()
        await proxy.EstablishPosition(None, 0)
        trips.append(loop.time() - began)
    middle = median(trips)
    slowest = max(visit.seconds, key=lambda name: visit.seconds[name])
    text = (
        f"a round trip is {1000 * middle:.1f} ms ({1000 * min(trips):.1f} to {1000 * max(trips):.1f});"
        f" what took longest was '{slowest}', {1000 * visit.seconds[slowest]:.0f} ms"
    )
    milliseconds = {"least": 1000 * min(trips), "median": 1000 * middle, "most": 1000 * max(trips)}
    long = middle >= LONG
    return Found(
        text, LONG_TODO if long else "", {"trip_milliseconds": milliseconds}, status=Status.SLOW if long else Status.OK
    )


CHECK = Check("speed", _run, needs=("objects",), layer=Layer.ACCESS, slow=TRIPS * LONG, slow_todo=LONG_TODO)
