"""Rows as ObjectArrays (IWbemFetchSmartEnum, IWbemWCOSmartEnum; [MS-WMI] 3.1.4.6-7), and the same one at a time."""

from __future__ import annotations

import asyncio
import uuid
from typing import Final

from openwmi.base.guid import Guid
from openwmi.client.doctor.check import Check, Found, Status
from openwmi.client.doctor.denied import Layer
from openwmi.client.doctor.visit import Visit
from openwmi.client.link import Entered
from openwmi.dcom import RemoteExporter
from openwmi.interfaces import IEnumWbemClassObject, IWbemFetchSmartEnum, IWbemWCOSmartEnum
from openwmi.pointers import pointed_object
from openwmi.wmio import ObjectArrayDecoder

ABOVE: Final = "__SystemClass"
"""Every namespace has the classes derived from it."""
FLAGS: Final = 0x30
COUNT, MOST_BATCHES, MILLISECONDS = 100, 20, 5000


async def _run(visit: Visit) -> Found:
    entered = visit.inside
    rows, octets = await _plainly(entered)
    facts = {"plain": {"rows": rows, "octets": octets}}
    held = await _opened(entered)
    exporter, ipid = held
    (fetch,) = await exporter.query(ipid, IWbemFetchSmartEnum)
    if fetch is None:
        entered.login.let_go(exporter, ipid)
        text = "it gives rows one object at a time: there is no IWbemFetchSmartEnum"
        return Found(text, "queries take more of the line than need be", facts | {"smart": None}, status=Status.SLOW)
    loop = asyncio.get_running_loop()
    began = loop.time()
    made = await exporter.proxy(IWbemFetchSmartEnum, fetch).GetSmartEnum()
    exporter, smart = await entered.login.machine.adopt(made.ppSmartEnum or b"")
    proxy, decoder, name = exporter.proxy(IWbemWCOSmartEnum, smart), ObjectArrayDecoder(), uuid.uuid4()
    rows, sizes, status = 0, list[int](), 0
    try:
        while status != 1 and len(sizes) < MOST_BATCHES:
            reply = await proxy.Next(name, MILLISECONDS, COUNT)
            buffer, status = reply.pBuffer or b"", reply.hresult
            rows += len(decoder.decode(buffer)) if buffer else 0
            sizes.append(len(buffer))
    finally:
        entered.login.let_go(exporter, ipid, fetch, smart)
    seconds = loop.time() - began
    told = {"rows": rows, "octets": sum(sizes), "batches": len(sizes), "last_status": status}
    rate = rows / seconds if seconds else 0.0
    text = f"{rows} classes in {sum(sizes)} octets, batches: {len(sizes)}; {rate:.0f} a second"
    return Found(text, facts=facts | {"smart": told, "rows_per_second": rate})


async def _opened(entered: Entered) -> tuple[RemoteExporter, Guid]:
    reply = await entered.services.CreateClassEnum(ABOVE, FLAGS, None)
    return await entered.login.machine.adopt(reply.ppEnum or b"")


async def _plainly(entered: Entered) -> tuple[int, int]:
    """Some of them, one object at a time: how many, and their octets."""
    exporter, ipid = await _opened(entered)
    try:
        reply = await exporter.proxy(IEnumWbemClassObject, ipid).Next(MILLISECONDS, 10)
        for each in reply.apObjects:
            pointed_object(each, "apObjects")
        return len(reply.apObjects), sum(len(each or b"") for each in reply.apObjects)
    finally:
        entered.login.let_go(exporter, ipid)


CHECK = Check(
    "smartenum",
    _run,
    needs=("namespace",),
    layer=Layer.NAMESPACE,
    todo="rows that are not understood are a fault of one of the two programs: please post the report",
    slow=3.0,
    slow_todo="the line is narrow, or the machine is busy",
)
