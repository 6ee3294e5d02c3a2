"""What the classes of storage say alike: of CIM_LogicalDevice little, since it is of Windows' device manager."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from typing import Protocol, TypeVar

from openwmi.base.case import fold
from openwmi.providers.host import Host
from openwmi.providers.reading import Null, Reads, Table, always


class OfHost(Protocol):
    """A sample that knows its host."""

    @property
    def host(self) -> Host: ...


S = TypeVar("S")

_MANAGER = Null("it belongs to the device manager of Windows")
_ERRORS = Null("Linux keeps no last error of a device")
_POWER = Null("the kernel does not tell")

DEVICE: Table[OfHost] = {
    "InstallDate": Null("nobody notes it"),
    "Availability": _MANAGER,
    "ConfigManagerErrorCode": _MANAGER,
    "ConfigManagerUserConfig": _MANAGER,
    "PNPDeviceID": _MANAGER,
    "ErrorCleared": _ERRORS,
    "ErrorDescription": _ERRORS,
    "LastErrorCode": _ERRORS,
    "PowerManagementCapabilities": _POWER,
    "PowerManagementSupported": _POWER,
    "StatusInfo": _MANAGER,
    "SystemCreationClassName": always("Win32_ComputerSystem"),
    "SystemName": Reads("uname(2) nodename", lambda it: it.host.kernel.node),
}
"""The inherited columns of every device."""

EXTENT: Table[OfHost] = {
    **DEVICE,
    "ErrorMethodology": Null("the kernel does not tell"),
    "Purpose": Null("nobody described it"),
}
"""Likewise of CIM_StorageExtent."""


def named(samples: Iterable[S], name: object, of: Callable[[S], str]) -> S | None:
    """The sample with a name: the same letters first, else without regard to case, as WMI compares keys."""
    if not isinstance(name, str):
        return None
    alike = [sample for sample in samples if fold(of(sample)) == fold(name)]
    return next((sample for sample in alike if of(sample) == name), alike[0] if alike else None)
