"""Which interfaces have the objects? RemQueryInterface tells ([MS-DCOM] 3.1.1.5.6.1.1)."""

from __future__ import annotations

from openwmi.client.doctor.check import Check, Found
from openwmi.client.doctor.denied import Layer
from openwmi.client.doctor.visit import Visit
from openwmi.interfaces import IWbemLoginClientID, IWbemLoginClientIDEx

ASKED = (IWbemLoginClientID, IWbemLoginClientIDEx)


async def _run(visit: Visit) -> Found:
    exporter, ipid = visit.activated
    # One by one: where an object has none of those that are asked for, the call fails.
    found = {each.__name__: (await exporter.query(ipid, each))[0] is not None for each in ASKED}
    having = [name for name, there in found.items() if there]
    return Found(f"the login has {', '.join(having) or 'nothing besides'}", facts=found)


CHECK = Check("interfaces", _run, needs=("objects",), layer=Layer.ACCESS)
