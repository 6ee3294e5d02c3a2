"""Do providers answer the user? One class that every machine has is read, by its enumerator."""

from __future__ import annotations

import asyncio

from openwmi.base.case import fold
from openwmi.base.fault import RemoteProtocolError
from openwmi.client.doctor.check import Check, Fact, Found, Skip
from openwmi.client.doctor.denied import Layer
from openwmi.client.doctor.visit import Visit
from openwmi.client.session import SEMISYNCHRONOUS
from openwmi.interfaces import IEnumWbemClassObject
from openwmi.model import CimClass, CimInstance
from openwmi.pointers import pointed_object

CLASS, WHERE = "Win32_OperatingSystem", r"root\cimv2"
MILLISECONDS = 10_000


async def _run(visit: Visit) -> Found:
    if fold(visit.namespace) != fold(WHERE):
        raise Skip(f"only of {WHERE} is it known what has to be there")
    loop = asyncio.get_running_loop()
    reply = await visit.inside.services.CreateInstanceEnum(CLASS, SEMISYNCHRONOUS, None)
    async with visit.held(reply.ppEnum) as (exporter, ipid):
        began = loop.time()
        batch = await exporter.proxy(IEnumWbemClassObject, ipid).Next(MILLISECONDS, 1)
        first = loop.time() - began
    octets = [len(each or b"") for each in batch.apObjects]
    values = [_size(pointed_object(each, "apObjects")) for each in batch.apObjects]
    facts: dict[str, Fact] = {
        "rows": len(octets),
        "octets": octets,
        "properties": values,
        "first_milliseconds": 1000 * first,
    }
    return Found(f"{CLASS} is answered in {1000 * first:.0f} ms", facts=facts)


def _size(row: CimInstance | CimClass) -> int:
    """How many properties it has; each is read."""
    if isinstance(row, CimClass):
        raise RemoteProtocolError("a class came where an instance was to come")
    return len(row.to_dict_())


CHECK = Check(
    "provider",
    _run,
    needs=("namespace",),
    layer=Layer.PROVIDER,
    todo="the provider of the class fails: on Windows the log Microsoft-Windows-WMI-Activity/Operational says how",
    slow=2.0,
    slow_todo="the provider had to start, or it is busy: ask again; if it stays so look at WmiPrvSE on that machine",
)
