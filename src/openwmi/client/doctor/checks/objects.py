"""Is the port reached at which WMI's objects are, and may the user call them? EstablishPosition asks for no right."""

from __future__ import annotations

from openwmi.client.doctor.check import Check, Found
from openwmi.client.doctor.denied import Layer
from openwmi.client.doctor.visit import Visit
from openwmi.interfaces import IWbemLevel1Login


async def _run(visit: Visit) -> Found:
    exporter, ipid = visit.activated
    await exporter.proxy(IWbemLevel1Login, ipid).EstablishPosition(None, 0)
    way = visit.ways[-1]
    several = exporter.multiplexed
    facts = {"same_port": way.port == visit.where.port, "multiplexed": several}
    calls = "several calls" if several else "one call"
    text = f"WMI's objects are reached at {way}; {calls} at a time on a connection"
    return Found(text, facts=facts, names={"way": [str(way)]})


CHECK = Check(
    "objects",
    _run,
    needs=("activation",),
    layer=Layer.ACCESS,
    todo=(
        "a packet filter lets the resolver's port through and not that of the objects: Windows takes one from 49152 to"
        " 65535, which 'Windows Management Instrumentation (WMI-In)' opens; winmgmt /standalonehost and a fixed"
        " endpoint make it one port; 'openwmi serve' without --object-port needs no other one"
    ),
    slow_todo="the first address that the machine names for itself may not answer from here",
    door=True,
)
