"""May the user enter the namespace? NTLMLogin ([MS-WMI] 3.1.4.1.4) asks for Enable and Remote Enable."""

from __future__ import annotations

from openwmi.base.error import WbemError
from openwmi.client.doctor.check import Check, Found
from openwmi.client.doctor.denied import Layer
from openwmi.client.doctor.visit import Visit
from openwmi.client.link import resource_of


async def _run(visit: Visit) -> Found:
    assert visit.login is not None, "activation made it"
    resource = resource_of(visit.where.host, visit.namespace)
    visit.entered = await visit.login.enter(resource, visit.namespace, "")
    return Found(f"{visit.namespace} is open")


def _layer(error: Exception) -> Layer:
    """What the method itself returns carries its name; a fault is from below it."""
    return Layer.NAMESPACE if isinstance(error, WbemError) and error.operation else Layer.ACCESS


CHECK = Check(
    "namespace",
    _run,
    needs=("objects",),
    layer=Layer.NAMESPACE,
    layer_of=_layer,
    todo="'openwmi namespaces --host HOST' lists the namespaces; root\\cimv2 is on every machine",
    slow_todo="WMI had to start, or its repository is slow: on Windows winmgmt /verifyrepository, and look at its disk",
    door=True,
)
