"""Rows as ObjectArrays (IWbemFetchSmartEnum, IWbemWCOSmartEnum; [MS-WMI] 3.1.4.6-7), and the same one at a time."""

from __future__ import annotations

import asyncio
import uuid
from typing import Final

from openwmi.base.status import WbemStatus
from openwmi.client.doctor.check import Check, Found, Status
from openwmi.client.doctor.denied import Layer
from openwmi.client.doctor.visit import Visit
from openwmi.client.session import SEMISYNCHRONOUS
from openwmi.interfaces import IEnumWbemClassObject, IWbemFetchSmartEnum, IWbemWCOSmartEnum
from openwmi.pointers import pointed_object
from openwmi.wmio import ObjectArrayDecoder

ABOVE: Final = "__SystemClass"
"""Every namespace has the classes derived from it."""
COUNT, MOST_BATCHES, MILLISECONDS = 100, 20, 5000


async def _run(visit: Visit) -> Found:
    plain, octets = await _plainly(visit)
    facts = {"plain": {"rows": plain, "octets": octets}}
    async with visit.held(await _opened(visit)) as (exporter, ipid):
        (fetch,) = await exporter.query(ipid, IWbemFetchSmartEnum)
        if fetch is None:
            text = "it gives rows one object at a time: there is no IWbemFetchSmartEnum"
            return Found(
                text, "queries take more of the line than need be", facts | {"smart": None}, status=Status.SLOW
            )
        loop = asyncio.get_running_loop()
        began = loop.time()
        try:
            made = await exporter.proxy(IWbemFetchSmartEnum, fetch).GetSmartEnum()
            rows, sizes, status = await _packed(visit, made.ppSmartEnum)
        finally:
            visit.inside.login.let_go(exporter, fetch)
        seconds = loop.time() - began
    told = {"rows": rows, "octets": sum(sizes), "batches": len(sizes), "last_status": status}
    rate = rows / seconds if seconds else 0.0
    text = f"{rows} classes in {sum(sizes)} octets, batches: {len(sizes)}; {rate:.0f} a second"
    return Found(text, facts=facts | {"smart": told, "rows_per_second": rate})


async def _opened(visit: Visit) -> bytes | None:
    reference: bytes | None = (await visit.inside.services.CreateClassEnum(ABOVE, SEMISYNCHRONOUS, None)).ppEnum
    return reference


async def _plainly(visit: Visit) -> tuple[int, int]:
    """Some of them, one object at a time: how many, and their octets."""
    async with visit.held(await _opened(visit)) as (exporter, ipid):
        reply = await exporter.proxy(IEnumWbemClassObject, ipid).Next(MILLISECONDS, 10)
        for each in reply.apObjects:
            pointed_object(each, "apObjects")
        return len(reply.apObjects), sum(len(each or b"") for each in reply.apObjects)


async def _packed(visit: Visit, reference: bytes | None) -> tuple[int, list[int], int]:
    """All of them in ObjectArrays: how many, the octets of each batch, and the status of the last."""
    rows, sizes, status = 0, list[int](), 0
    async with visit.held(reference) as (exporter, ipid):
        proxy, decoder, name = exporter.proxy(IWbemWCOSmartEnum, ipid), ObjectArrayDecoder(), uuid.uuid4()
        while status != WbemStatus.FALSE and len(sizes) < MOST_BATCHES:
            reply = await proxy.Next(name, MILLISECONDS, COUNT)
            buffer, status = reply.pBuffer or b"", reply.hresult
            rows += len(decoder.decode(buffer)) if buffer else 0
            sizes.append(len(buffer))
    return rows, sizes, status


CHECK = Check(
    "smartenum",
    _run,
    needs=("namespace",),
    layer=Layer.NAMESPACE,
    todo="rows that are not understood are a fault of one of the two programs: please post the report",
    slow=3.0,
    slow_todo="the line is narrow, or the machine is busy",
)
