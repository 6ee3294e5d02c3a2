"""Win32_NetworkAdapterSetting: which configuration an adapter has. Page win32-networkadaptersetting."""

from __future__ import annotations

from collections.abc import Iterator

from openwmi.engine.provider import Request
from openwmi.providers.network.interface import Network
from openwmi.providers.reading import HostProvider, Reads, Table, path_to

TABLE: Table[tuple[str, str]] = {
    "Element": Reads("the interface, as Win32_NetworkAdapter", lambda pair: pair[0]),
    "Setting": Reads("the interface, as Win32_NetworkAdapterConfiguration", lambda pair: pair[1]),
}


class NetworkAdapterSettingProvider(HostProvider[tuple[str, str]]):
    """Each adapter with its configuration."""

    cim_class = "Win32_NetworkAdapterSetting"
    table = TABLE

    def samples(self, request: Request) -> Iterator[tuple[str, str]]:
        for interface in Network(self.host).interfaces:
            number = interface.link.index
            yield (
                path_to(request, "Win32_NetworkAdapter", DeviceID=str(number)),
                path_to(request, "Win32_NetworkAdapterConfiguration", Index=number),
            )
