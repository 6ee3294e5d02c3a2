"""A call that is held and polled: IWbemCallResult ([MS-WMI] 3.1.4.5)."""

from __future__ import annotations

from openwmi.base.error import Timeout, WbemError
from openwmi.base.status import SEVERITY, WbemStatus
from openwmi.client.doctor.check import Check, Found
from openwmi.client.doctor.denied import Layer
from openwmi.client.doctor.visit import Visit
from openwmi.interfaces import IWbemCallResult
from openwmi.ndr import Cell
from openwmi.operation import CallFlags
from openwmi.pointers import pointed_object

MILLISECONDS, MOST = 2000, 5


async def _run(visit: Visit) -> Found:
    flags = CallFlags.RETURN_IMMEDIATELY
    made = (await visit.inside.services.GetObject("__SystemClass", flags, None, None, Cell(None))).ppCallResult
    if made is None or made.value is None:
        raise WbemError(WbemStatus.UNEXPECTED, "the call returned at once, and without a call result")
    async with visit.held(made.value) as (exporter, ipid):
        proxy = exporter.proxy(IWbemCallResult, ipid)
        polls, status = 1, await proxy.GetCallStatus(MILLISECONDS)
        while status.hresult == WbemStatus.TIMEDOUT and polls < MOST:
            polls, status = polls + 1, await proxy.GetCallStatus(MILLISECONDS)
        if status.hresult == WbemStatus.TIMEDOUT:
            raise Timeout(None, f"the call has not ended within {polls * MILLISECONDS / 1000:g} s")
        if status.plStatus & SEVERITY:
            raise WbemError(status.plStatus)
        octets = (await proxy.GetResultObject(0)).ppResultObject
        pointed_object(octets, "ppResultObject")
    return Found("calls can be held and polled", facts={"polls": polls, "octets": len(octets or b"")})


CHECK = Check(
    "results",
    _run,
    needs=("namespace",),
    layer=Layer.NAMESPACE,
    todo="calls of --mode semisync with one result do not work there; the others do",
)
