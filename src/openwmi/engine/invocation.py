"""Method calls against their declaration: parameters in, parameters out ([MS-WMI] 3.1.4.3.22)."""

from __future__ import annotations

from collections.abc import Mapping

from openwmi.base.case import NameMap
from openwmi.base.error import WbemError
from openwmi.base.status import WbemStatus
from openwmi.model import CimClass, CimInstance, Method, nearest, output_class


def find_method(class_: CimClass, name: str) -> Method:
    """INVALID_METHOD names the nearest one."""
    try:
        return class_.method(name)
    except KeyError:
        near = nearest(name, [method.name for method in class_.methods])
        hint = f": did you mean {near}?" if near else ""
        raise WbemError(WbemStatus.INVALID_METHOD, f"{class_.name} has no method {name}{hint}") from None


def checked_inputs(class_: CimClass, method: Method, inputs: Mapping[str, object]) -> Mapping[str, object]:
    """Every in-parameter by its declared name, None where none was given. INVALID_METHOD_PARAMETERS."""
    given = NameMap(inputs)
    declared = NameMap((parameter.name, parameter) for parameter in method.inputs)
    for name in given:
        if name not in declared:
            names = ", ".join(declared) or "none"
            raise WbemError(
                WbemStatus.INVALID_METHOD_PARAMETERS,
                f"{class_.name}.{method.name} has no in-parameter {name}: it has {names}",
            )
    checked: dict[str, object] = {}
    for parameter in method.inputs:
        try:
            checked[parameter.name] = parameter.type.check(given.get(parameter.name))
        except WbemError as error:
            raise WbemError(
                WbemStatus.INVALID_METHOD_PARAMETERS,
                f"{class_.name}.{method.name}, parameter {parameter.name}: {error.message}",
            ) from None
    return checked


def checked_outputs(class_: CimClass, method: Method, row: Mapping[str, object], provider: str) -> CimInstance:
    """What the provider returned, as an instance of `__PARAMETERS`. PROVIDER_FAILURE if it does not fit."""
    outputs = output_class(method) or CimClass("__PARAMETERS")
    try:
        return outputs.instance(row)
    except WbemError as error:
        raise WbemError(
            WbemStatus.PROVIDER_FAILURE, f"{provider} failed: {class_.name}.{method.name}: {error.message}"
        ) from None
