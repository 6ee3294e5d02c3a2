"""What the provider of a method returned, against the method's declaration ([MS-WMI] 3.1.4.3.22)."""

from __future__ import annotations

from openwmi.engine.hosting import ProviderHost
from openwmi.engine.provider import Row
from openwmi.model import CimClass, CimInstance, Method, output_class


def checked_outputs(class_: CimClass, method: Method, row: Row, host: ProviderHost) -> CimInstance:
    """What the provider returned, as an instance of `__PARAMETERS`. PROVIDER_FAILURE if it does not fit."""
    outputs = output_class(method) or CimClass("__PARAMETERS")
    return CimInstance(outputs, host.fitted(outputs, row, f"what {class_.name}.{method.name} returned"))
