"""Which rights has the user in the namespace? __SystemSecurity::GetCallerAccessRights tells, if anything does."""

from __future__ import annotations

from typing import Final

from openwmi.base.error import WbemError
from openwmi.base.fault import RemoteProtocolError
from openwmi.base.status import WbemStatus, describe
from openwmi.client.doctor.check import Check, Code, Found
from openwmi.client.doctor.denied import Layer
from openwmi.client.doctor.visit import Visit
from openwmi.model import CimInstance
from openwmi.ndr import Cell
from openwmi.pointers import pointed_object

RIGHTS: Final = {
    0x1: "Enable",
    0x2: "Execute Methods",
    0x4: "Full Write",
    0x8: "Partial Write",
    0x10: "Provider Write",
    0x20: "Remote Enable",
    0x40: "Subscribe",
    0x80: "Publish",
    0x20000: "Read Security",
    0x40000: "Edit Security",
}
"""The access mask of a namespace: the WMI SDK's "Namespace Access Rights Constants"."""

UNTOLD: Final = frozenset(
    {
        WbemStatus.PROVIDER_NOT_CAPABLE,
        WbemStatus.METHOD_NOT_IMPLEMENTED,
        WbemStatus.INVALID_METHOD,
        WbemStatus.NOT_SUPPORTED,
        WbemStatus.NOT_FOUND,
        WbemStatus.INVALID_CLASS,
        WbemStatus.ACCESS_DENIED,
    }
)
"""What says no more than that nobody tells: without Execute Methods nobody may ask."""


async def _run(visit: Visit) -> Found:
    services = visit.inside.services
    read = (await services.GetObject("__SystemSecurity", 0, None, Cell(None), None)).ppObject
    octets = 0 if read is None or read.value is None else len(read.value)
    try:
        reply = await services.ExecMethod("__SystemSecurity", "GetCallerAccessRights", 0, None, None, Cell(None), None)
    except WbemError as error:
        if error.status not in UNTOLD:
            raise
        facts = {"code": Code(error.status), "class_octets": octets}
        denied = error.status == WbemStatus.ACCESS_DENIED
        why = "and methods may not be called" if denied else f"and it does not tell rights: {describe(error.status)}"
        return Found(f"classes can be read, {why}", facts=facts)
    out = reply.ppOutParams
    told = pointed_object(None if out is None else out.value, "ppOutParams")
    given = told.to_dict_().get("rights") if isinstance(told, CimInstance) else None
    if not isinstance(given, int):
        raise RemoteProtocolError("GetCallerAccessRights has succeeded, and told no rights")
    mask = given & 0xFFFFFFFF
    held = [name for bit, name in RIGHTS.items() if mask & bit]
    return Found(f"the user has {', '.join(held) or 'none'}", facts={"mask": mask, "class_octets": octets})


CHECK = Check("rights", _run, needs=("namespace",), layer=Layer.NAMESPACE)
