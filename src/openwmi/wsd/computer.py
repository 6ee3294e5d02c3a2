"""This computer as a device, as Windows' Network view and those that imitate it expect one.

Windows publishes a computer as a device of the type pub:Computer, whose element of that name in the metadata's Host
says what the computer is called and what it belongs to: `NAME/Workgroup:GROUP` or `name/Domain:domain`.
"""

from __future__ import annotations

import socket
from dataclasses import dataclass
from importlib.metadata import PackageNotFoundError, version

from openwmi.base.error import WbemError
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
from openwmi.soap.namespaces import PNPX, PUB
from openwmi.soap.writer import escape

COMPUTER = QName(PUB, "Computer")
WORKGROUP = "WORKGROUP"

NAME_CHARS = 63  # a label of a host's name (RFC 1035)
GROUP_CHARS = 253
# What separates the parts, and what no name of a machine or workgroup may hold in Windows.
IMPOSSIBLE = frozenset('/\\:*?"<>|,;=+[]')


@dataclass(frozen=True, slots=True)
class Computer:
    """What is published of a computer.

    Attributes:
        name: of the machine; without a domain it is shown in capitals, with one in small letters, as Windows does.
        workgroup: what it belongs to,
        domain: unless it is in one.
    """

    name: str
    workgroup: str = WORKGROUP
    domain: str = ""

    def __post_init__(self) -> None:
        for what, text, most in (
            ("computer", self.name, NAME_CHARS),
            ("workgroup", self.workgroup, GROUP_CHARS),
            ("domain", self.domain or "-", GROUP_CHARS),
        ):
            if not text or len(text) > most or not text.isprintable() or text != text.strip() or IMPOSSIBLE & {*text}:
                raise WbemError(
                    WbemStatus.INVALID_PARAMETER,
                    f"{text!r} cannot be the name of a {what}: it has 1 to {most} characters, and none of "
                    f"{' '.join(sorted(IMPOSSIBLE))}",
                )

    @property
    def shown(self) -> str:
        """The text of pub:Computer."""
        if self.domain:
            return f"{self.name.lower()}/Domain:{self.domain}"
        return f"{self.name.upper()}/Workgroup:{self.workgroup.upper()}"

    def metadata(self, address: str) -> Metadata:
        """Of the device at that address, `urn:uuid:…`."""
        shown = Fragment.parse(f'<pub:Computer xmlns:pub="{PUB}">{escape(self.shown)}</pub:Computer>')
        category = Fragment.parse(f'<PNPX:DeviceCategory xmlns:PNPX="{PNPX}">Computers</PNPX:DeviceCategory>')
        host = Service((EndpointReference(address),), (COMPUTER,), address, (shown,))
        return Metadata(
            ThisModel(localized("openwmi"), localized("openwmi"), extensions=(category,)),
            ThisDevice(localized(self.name), program_version(), "1"),
            (Relationship(host),),
        )


def this_computer(name: str = "", workgroup: str = WORKGROUP, domain: str = "") -> Computer:
    """This machine, by its own name unless another one is given. WbemError(INVALID_PARAMETER)."""
    return Computer(name or socket.gethostname().partition(".")[0][:NAME_CHARS], workgroup, domain)


def program_version() -> str:
    """Empty where this program was never installed."""
    try:
        return version("openwmi")
    except PackageNotFoundError:
        return ""
