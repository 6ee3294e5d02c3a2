"""The two faces that every fact of real Windows holds for."""

from __future__ import annotations

from collections.abc import Iterator

import pytest
from tests.wbemcli import wire
from tests.wbemcli.faces import BIOS, CIMV2, DISKS, OK, Face, Given

from openwmi.wbemcli.locator import IWbemLocator
from openwmi.wbemcli.services import IWbemServices


@pytest.fixture(params=["in process", "over the wire"])
def face(request: pytest.FixtureRequest) -> Iterator[Face]:
    """Servers that it has begun end behind the test."""
    yield Face(wired=request.param == "over the wire")
    wire.WireLocator.close_all()


@pytest.fixture
def locator(face: Face) -> IWbemLocator:
    """Of a machine that has what the facts speak of."""
    return face.locator(
        providers=[
            Given("Win32_LogicalDisk", *DISKS),
            Given("Win32_Service", {"Name": "ssh"}),
            Given("Win32_OperatingSystem", {"Name": "Demo"}),
            Given("Win32_BIOS", BIOS),
        ]
    )


@pytest.fixture
def svc(locator: IWbemLocator) -> IWbemServices:
    """Its services in root/cimv2."""
    hr, services = locator.ConnectServer(CIMV2)
    assert hr == OK
    assert services is not None
    return services
