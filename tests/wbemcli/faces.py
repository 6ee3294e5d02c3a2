"""Real Windows' facts are asked of two faces of the same engine, by the same names; tests name the rows they show.

The facts are the numbered rows of a table beside the project. What a row needs of a machine a small world serves, by
the classes that the package ships: disks, a service, an operating system, a BIOS.
"""

from __future__ import annotations

from collections.abc import AsyncGenerator, Callable
from typing import Any, TypeVar

from tests.wbemcli import wire
from tests.wbemcli.services_fakes import Script, scripted

from openwmi.base.status import WbemStatus
from openwmi.engine import Provider, Request, Row
from openwmi.wbemcli import constants as c
from openwmi.wbemcli.classobject import IWbemClassObject
from openwmi.wbemcli.locator import IWbemLocator
from openwmi.wbemcli.services import IWbemServices

CIMV2 = r"root\cimv2"
NOW, FORWARD, INFINITE = c.WBEM_FLAG_RETURN_IMMEDIATELY, c.WBEM_FLAG_FORWARD_ONLY, c.WBEM_INFINITE
SEMISYNC = NOW | FORWARD
OK, FALSE = 0, 1
INVALID_PARAMETER, NOT_FOUND = int(WbemStatus.INVALID_PARAMETER), int(WbemStatus.NOT_FOUND)
INVALID_CLASS, INVALID_QUERY = int(WbemStatus.INVALID_CLASS), int(WbemStatus.INVALID_QUERY)
INVALID_NAMESPACE, INVALID_OPERATION = int(WbemStatus.INVALID_NAMESPACE), int(WbemStatus.INVALID_OPERATION)

shown: set[int] = set()
F = TypeVar("F", bound=Callable[..., Any])


def row(*numbers: int) -> Callable[[F], F]:
    """The rows of the facts that a test shows."""
    shown.update(numbers)

    def mark(test: F) -> F:
        return test

    return mark


class Given(Provider):
    """Rows of a class that the package ships."""

    def __init__(self, class_name: str, *rows: Row) -> None:
        self.cim_class = class_name  # type: ignore[misc]  # one provider class for many CIM classes
        self.rows = rows

    async def instances(self, request: Request) -> AsyncGenerator[Row, None]:
        for each in self.rows:
            yield each


DISKS = (
    {"DeviceID": "C:", "Name": "C:", "FileSystem": "NTFS", "Availability": 3, "PNPDeviceID": "PCI\\VEN_1"},
    {"DeviceID": "D:", "Name": "D:", "FileSystem": "FAT", "Availability": 4, "PNPDeviceID": "USB\\VID_2"},
    {"DeviceID": "E:", "Name": None, "FileSystem": None, "Availability": None, "PNPDeviceID": None},
)

BIOS = {
    "Name": "Demo",
    "SoftwareElementID": "Demo",
    "SoftwareElementState": 3,
    "TargetOperatingSystem": 0,
    "Version": "1",
}


class Face:
    """`openwmi.wbemcli` itself, or, wired, the server, asked by proxies in memory."""

    def __init__(self, *, wired: bool) -> None:
        self.wired = wired

    def locator(self, providers: list[Provider] | None = None) -> IWbemLocator:
        """Of this machine, or of one that has what these provide."""
        make: Any = wire.WireLocator if self.wired else IWbemLocator
        made: IWbemLocator = make(providers=providers)
        return made

    def scripted(self, *steps: Any) -> IWbemServices:
        """Services whose calls go by these steps."""
        if self.wired:
            services: IWbemServices = wire.wired(Script(*steps))
            return services
        return scripted(*steps)


def query(services: IWbemServices, text: str, flags: int = 0) -> tuple[int, list[IWbemClassObject]]:
    hr, each = services.ExecQuery("WQL", text, flags)
    if each is None:
        return hr, []
    hr, objects, _ = each.Next(INFINITE, 1000)
    return OK if hr == FALSE else hr, objects
