"""The in-parameters of a method against their declaration ([MS-WMI] 3.1.4.3.22): the same for every session."""

from __future__ import annotations

from collections.abc import Mapping

from openwmi.base.case import NameMap
from openwmi.base.error import WbemError
from openwmi.base.status import WbemStatus
from openwmi.model import CimClass, Method, is_set
from openwmi.operation import NO_VALUES


def find_method(class_: CimClass, name: str) -> Method:
    """INVALID_METHOD names the nearest one; METHOD_DISABLED ([MS-WMI] 3.1.4.3.22) for one that may not be called."""
    try:
        method = class_.method(name)
    except KeyError as error:
        raise WbemError(WbemStatus.INVALID_METHOD, error.args[0]) from None
    if is_set(method.qualifiers, "disabled"):
        raise WbemError(WbemStatus.METHOD_DISABLED, f"{class_.name}.{method.name} is declared as disabled")
    return method


def checked_inputs(class_: CimClass, method: Method, inputs: Mapping[str, object]) -> Mapping[str, object]:
    """Every in-parameter by its declared name, None where none was given. INVALID_METHOD_PARAMETERS."""
    if not inputs and not method.inputs:
        return NO_VALUES
    given = NameMap(inputs)
    if len(given) < len(inputs):
        raise WbemError(
            WbemStatus.INVALID_METHOD_PARAMETERS,
            f"{class_.name}.{method.name}: an in-parameter was given twice, spelt differently: {', '.join(inputs)}",
        )
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
