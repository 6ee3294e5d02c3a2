"""At which levels of protection may WMI be activated? KB5004442 says: at none below PKT_INTEGRITY."""

from __future__ import annotations

from typing import Final

from openwmi.base.error import WbemError
from openwmi.client.doctor.check import Check, Code, Found
from openwmi.client.doctor.denied import Layer
from openwmi.client.doctor.visit import Visit
from openwmi.client.failures import LOST
from openwmi.client.link import INTERFACES
from openwmi.dcom import Machine
from openwmi.interfaces import IWbemLevel1Login
from openwmi.orpc.wellknown import CLSID_WbemLevel1Login
from openwmi.rpc import AuthLevel

LEVELS: Final = {
    "CONNECT": AuthLevel.CONNECT,
    "PKT": AuthLevel.PKT,
    "PKT_INTEGRITY": AuthLevel.INTEGRITY,
    "PKT_PRIVACY": AuthLevel.PRIVACY,
}
UNPROTECTED: Final = (
    "whoever sits on the wire can activate as its users: on Windows install the updates, and take"
    " RequireIntegrityActivationAuthenticationLevel=0 out of the registry; leave out --legacy of 'openwmi serve'"
)


async def _run(visit: Visit) -> Found:
    codes = {name: await _status(visit, level) for name, level in LEVELS.items()}
    taken = [name for name, code in codes.items() if not code]
    weak = "CONNECT" in taken or "PKT" in taken
    hardened = "KB5004442 is not in force there" if weak else "less is refused, as KB5004442 wants it"
    return Found(f"activated at {', '.join(taken) or 'none'}; {hardened}", UNPROTECTED if weak else "", codes)


async def _status(visit: Visit, level: AuthLevel) -> Code:
    """0, or why not. Where the connection was lost, that is raised."""
    machine = await Machine.open(visit.where, visit.means(level), INTERFACES)
    try:
        await machine.activate(CLSID_WbemLevel1Login, IWbemLevel1Login)
    except WbemError as error:
        if error.status in LOST:
            raise
        return Code(error.status)
    finally:
        await machine.close()
    return Code(0)


CHECK = Check("levels", _run, needs=("activation",), layer=Layer.ACTIVATION, seconds=30.0, slow=8.0)
