"""The device that a scan service is on: what it says of itself, so that clients know it for a scanner."""

from __future__ import annotations

import socket
from dataclasses import dataclass
from typing import Final

from openwmi.base.error import WbemError
from openwmi.base.limits import DPWS_FIELD_CHARS
from openwmi.base.status import WbemStatus
from openwmi.soap import (
    EndpointReference,
    Fragment,
    Metadata,
    QName,
    Relationship,
    Service,
    ThisDevice,
    ThisModel,
    localized,
)
from openwmi.soap.namespaces import PNPX, SCAN
from openwmi.wsd.computer import program_version

SCAN_DEVICE: Final = QName(SCAN, "ScanDeviceType")
"""Its type in discovery."""
MODEL: Final = "openwmi scanner"


@dataclass(frozen=True, slots=True)
class Scanner:
    """Attributes: name: what people call it."""

    name: str

    def __post_init__(self) -> None:
        if not self.name.strip() or len(self.name) >= DPWS_FIELD_CHARS or not self.name.isprintable():
            text = f"{self.name!r} cannot be the name of a scanner: it has 1 to {DPWS_FIELD_CHARS - 1} characters"
            raise WbemError(WbemStatus.INVALID_PARAMETER, text)

    def metadata(self, address: str) -> Metadata:
        """Of the device at that address, `urn:uuid:…`."""
        category = Fragment.parse(f'<PNPX:DeviceCategory xmlns:PNPX="{PNPX}">Scanners</PNPX:DeviceCategory>')
        host = Service((EndpointReference(address),), (SCAN_DEVICE,), address)
        return Metadata(
            ThisModel(localized("openwmi"), localized(MODEL), extensions=(category,)),
            ThisDevice(localized(self.name), program_version(), "1"),
            (Relationship(host),),
        )


def this_scanner(name: str = "") -> Scanner:
    """Called after this machine unless another name is given. WbemError(INVALID_PARAMETER)."""
    return Scanner(name or f"Scanner of {socket.gethostname().partition('.')[0]}"[: DPWS_FIELD_CHARS - 1])
