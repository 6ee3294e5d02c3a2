"""The signature of a method, which IWbemClassObject hands around as two classes named __PARAMETERS: PutMethod's rules.

The SDK's "Creating a WMI Method", and IWbemClassObject::PutMethod error for error.
"""

from __future__ import annotations

from typing import Final

from openwmi.base.case import fold
from openwmi.base.error import WbemError
from openwmi.base.status import LocalStatus, WbemStatus
from openwmi.model import CimClass, Method, Property, Value, method_from_classes
from openwmi.model.parameters import RETURN_VALUE

_ID: Final = "id"
_DIRECTIONS: Final = frozenset({"in", "out"})


def method_of(name: str, inputs: CimClass | None, outputs: CimClass | None) -> Method:
    """The method that these classes describe, without qualifiers and origin.

    MISSING_PARAMETER_ID, INVALID_PARAMETER_ID, NONCONSECUTIVE_PARAMETER_IDS, PARAMETER_ID_ON_RETVAL,
    INVALID_DUPLICATE_PARAMETER.
    """
    ids: dict[str, int] = {}
    incoming: dict[str, Property] = {}
    for each in inputs.properties if inputs is not None else ():
        ids[fold(each.name)] = _id(name, each)
        incoming[fold(each.name)] = each
    for each in outputs.properties if outputs is not None else ():
        if fold(each.name) == fold(RETURN_VALUE):
            if _ID in each.qualifiers:
                raise WbemError(
                    LocalStatus.PARAMETER_ID_ON_RETVAL, f"{name}: ReturnValue is no parameter, so has no ID"
                )
            continue
        twin = incoming.get(fold(each.name))
        if twin is not None and (twin.type != each.type or _described(twin) != _described(each)):
            raise WbemError(
                LocalStatus.INVALID_DUPLICATE_PARAMETER,
                f"{name}: {each.name} goes in and out, and is not declared alike in both signatures",
            )
        ids[fold(each.name)] = _id(name, each)
    if sorted(ids.values()) != list(range(len(ids))):
        raise WbemError(
            LocalStatus.NONCONSECUTIVE_PARAMETER_IDS,
            f"{name}: the IDs of its parameters are {sorted(ids.values())}, and not 0 to {len(ids) - 1}",
        )
    return method_from_classes(name, inputs, outputs)


def check_inherited(given: Method, inherited: Method) -> None:
    """PROPAGATED_METHOD unless a method of the superclass is declared again with its own signature."""
    if _signature(given) != _signature(inherited):
        raise WbemError(
            WbemStatus.PROPAGATED_METHOD,
            f"{given.name} is a method of {inherited.origin}, and cannot have another signature below it",
        )


def _id(method: str, parameter: Property) -> int:
    qualifier = parameter.qualifiers.get(_ID)
    if qualifier is None:
        raise WbemError(
            LocalStatus.MISSING_PARAMETER_ID, f"{method}: the parameter {parameter.name} has no qualifier ID"
        )
    if not isinstance(qualifier.value, int) or isinstance(qualifier.value, bool) or qualifier.value < 0:
        raise WbemError(
            LocalStatus.INVALID_PARAMETER_ID, f"{method}: the ID of {parameter.name} is {qualifier.value!r}: 0, 1, …"
        )
    return qualifier.value


def _described(parameter: Property) -> dict[str, Value]:
    """Its qualifiers: "Other than the [in, out] qualifiers, the remaining qualifiers must be exactly the same"."""
    return {
        fold(name): qualifier.value for name, qualifier in parameter.qualifiers.items() if fold(name) not in _DIRECTIONS
    }


def _signature(method: Method) -> tuple[object, ...]:
    return (
        method.returns,
        *[(fold(each.name), each.type, each.is_in, each.is_out, each.id) for each in method.parameters],
    )
