"""Win32_PerfRawData_Tcpip_NetworkInterface and its formatted values: the interfaces, by their names.

Page win32-perfformatteddata-tcpip-networkinterface. Windows: no `_Total` is among them, so there is none here.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING

from openwmi.engine.provider import Request
from openwmi.providers.counting import TIMES, Counted, FormattedProvider, Instant, RawProvider, formatted
from openwmi.providers.host import Host
from openwmi.providers.reading import Null, Reads, Table

if TYPE_CHECKING:
    from openwmi.providers.host.routing import Link


class Interface(Counted):
    """One interface at one look."""

    def __init__(self, host: Host, at: Instant, link: Link) -> None:
        super().__init__(at, (link.index, link.name))
        self._host = host
        self._link = link

    @property
    def name(self) -> str:
        return self._link.name

    def count(self, *names: str) -> int:
        """The sum of these of its counters. LookupError."""
        return sum(self._link.counters[name] for name in names)

    @property
    def bandwidth(self) -> int | None:
        """Bits a second; the kernel says -1 where there is no carrier."""
        megabits = self._host.number(f"/sys/class/net/{self._link.name}/speed")
        return megabits * 1_000_000 if megabits is not None and megabits > 0 else None


def _counted(*names: str) -> Reads[Interface]:
    return Reads(f"rtnetlink(7) IFLA_STATS64 {' + '.join(names)}", lambda it: it.count(*names))


_NOT_APART = Null("Linux counts what went to many only where it came in, and not with every driver")

TABLE: Table[Interface] = {
    **TIMES,
    "Caption": Null("there is no text beside the name"),
    "Description": Null("there is no text beside the name"),
    "Name": Reads("rtnetlink(7) IFLA_IFNAME", lambda it: it.name),
    "BytesReceivedPersec": _counted("rx_bytes"),
    "BytesSentPersec": _counted("tx_bytes"),
    "BytesTotalPersec": _counted("rx_bytes", "tx_bytes"),
    "CurrentBandwidth": Reads(
        "/sys/class/net/NAME/speed, in bits a second; NULL without a carrier, and of Wi-Fi", lambda it: it.bandwidth
    ),
    "OffloadedConnections": Null("Linux hands no connections over to its cards"),
    "OutputQueueLength": Null("the kernel tells it of queueing disciplines, and not of interfaces"),
    "PacketsOutboundDiscarded": _counted("tx_dropped"),
    "PacketsOutboundErrors": _counted("tx_errors"),
    "PacketsPersec": _counted("rx_packets", "tx_packets"),
    "PacketsReceivedDiscarded": _counted("rx_dropped"),
    "PacketsReceivedErrors": _counted("rx_errors"),
    "PacketsReceivedNonUnicastPersec": _NOT_APART,
    "PacketsReceivedPersec": _counted("rx_packets"),
    "PacketsReceivedUnicastPersec": _NOT_APART,
    "PacketsReceivedUnknown": Null("they are among those that were dropped"),
    "PacketsSentNonUnicastPersec": _NOT_APART,
    "PacketsSentPersec": _counted("tx_packets"),
    "PacketsSentUnicastPersec": _NOT_APART,
}


class RawInterfaceProvider(RawProvider[Interface]):
    """All interfaces, the loopback included."""

    cim_class = "Win32_PerfRawData_Tcpip_NetworkInterface"
    table = TABLE

    def samples(self, request: Request) -> Iterator[Interface]:  # noqa: ARG002 - as of any provider
        at = Instant(self.host)
        for link in self.host.routing.links():
            yield Interface(self.host, at, link)


class InterfaceProvider(FormattedProvider[Interface]):
    """A second."""

    cim_class = "Win32_PerfFormattedData_Tcpip_NetworkInterface"
    raw = RawInterfaceProvider
    table = formatted(RawInterfaceProvider)
