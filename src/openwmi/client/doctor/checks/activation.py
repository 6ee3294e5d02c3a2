"""May the user activate WMI? [MS-DCOM] 3.2.4.1.1: an object of CLSID_WbemLevel1Login, the first of every WMI client."""

from __future__ import annotations

from openwmi.base.error import WbemError
from openwmi.base.status import HResult
from openwmi.client.doctor.check import Check, Fact, Found
from openwmi.client.doctor.denied import Layer
from openwmi.client.doctor.visit import Visit
from openwmi.client.link import INTERFACES, Login
from openwmi.dcom import Machine
from openwmi.interfaces import IWbemLevel1Login, IWbemLoginClientID
from openwmi.orpc.wellknown import CLSID_WbemLevel1Login


async def _run(visit: Visit) -> Found:
    visit.machine = machine = await Machine.open(visit.where, visit.means(), INTERFACES)
    asked = IWbemLevel1Login, IWbemLoginClientID
    exporter, (ipid, client_id) = await machine.activate(CLSID_WbemLevel1Login, *asked)
    if ipid is None:
        raise WbemError(HResult.E_NOINTERFACE, "it has no login to WMI")
    visit.exporter, visit.ipid = exporter, ipid
    visit.login = Login(machine, exporter, ipid, visit.sinks)
    facts: dict[str, Fact] = {
        "com": (machine.version.major, machine.version.minor),
        "IWbemLoginClientID": client_id is not None,
    }
    return Found("WMI can be activated", facts=facts)


CHECK = Check(
    "activation",
    _run,
    needs=("login",),
    layer=Layer.ACTIVATION,
    todo=(
        "WMI is not there or does not start: on Windows look whether the service Winmgmt runs, and at winmgmt"
        " /verifyrepository"
    ),
    slow_todo="the service was not running and had to start, or it is busy: look at Winmgmt and its WmiPrvSE processes",
    door=True,
)
