"""What the provider of a method returned, against the method's declaration ([MS-WMI] 3.1.4.3.22)."""

from __future__ import annotations

from openwmi.engine.hosting import ProviderHost
from openwmi.engine.provider import MethodCall, Row
from openwmi.model import CimClass, CimInstance, Method, output_class


async def carry_out(host: ProviderHost, method: Method, call: MethodCall) -> CimInstance:
    """Calls a method of a provider: its out-parameters. METHOD_NOT_IMPLEMENTED, PROVIDER_FAILURE."""
    try:
        row = await host.call(method.name, call)
    except BaseException as error:  # noqa: BLE001 - it is raised again
        host.reraise(error)
    return checked_outputs(call.request.cim_class, method, row, host)


def checked_outputs(class_: CimClass, method: Method, row: Row, host: ProviderHost) -> CimInstance:
    """What the provider returned, as an instance of `__PARAMETERS`. PROVIDER_FAILURE if it does not fit."""
    outputs = output_class(method) or CimClass("__PARAMETERS")
    return CimInstance(outputs, host.fitted(outputs, row, f"what {class_.name}.{method.name} returned"))
