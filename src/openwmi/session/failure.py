"""A failure as WMI tells of it: which call met it, and `__ExtendedStatus` (the SDK's page of that class).

For every face that has the header's methods, on the wire or off it.
"""

from __future__ import annotations

from typing import Final

from openwmi.base.error import WbemError
from openwmi.model import CimClass, CimInstance, CimType, Property, Type

WINDOWS_MANAGEMENT: Final = "Windows Management"
"""ProviderName where no provider is involved (the SDK, "__ExtendedStatus")."""


def noted(error: WbemError, method: str, parameter: str) -> WbemError:
    """The failure as this method met it: `Operation` and `ParameterInfo` of its extended status."""
    operation = f"{method} {parameter}".rstrip()
    return WbemError(error.status, error.message, operation=operation, extended=error.extended)


def extended_status(error: WbemError) -> CimInstance:
    """The failure as an instance of `__ExtendedStatus`; what a provider said of it comes first."""
    operation, _, parameter = (error.operation or "").partition(" ")
    values: dict[str, object] = {
        "StatusCode": int(error.status),
        "Description": error.message,
        "Operation": operation or None,
        "ParameterInfo": parameter or None,
        "ProviderName": WINDOWS_MANAGEMENT,
    }
    said = error.extended or {}
    values.update({name: said[name] for name in values if said.get(name) is not None})
    # It quotes what it was asked, and a string of CIM has no NUL: where that was the failure, it still has to be told.
    return EXTENDED_STATUS.instance(
        {name: each.replace("\0", "\ufffd") if isinstance(each, str) else each for name, each in values.items()}
    )


def _property(name: str, cim: CimType, origin: str) -> Property:
    return Property(name, Type(cim), origin=origin)


# As in schema/system.mof; a failure must not wait until that is loaded.
EXTENDED_STATUS: Final = CimClass(
    "__ExtendedStatus",
    superclass="__NotifyStatus",
    derivation=("__NotifyStatus",),
    properties=(
        _property("StatusCode", CimType.UINT32, "__NotifyStatus"),
        *(
            _property(name, CimType.STRING, "__ExtendedStatus")
            for name in ("Description", "Operation", "ParameterInfo", "ProviderName")
        ),
    ),
)
