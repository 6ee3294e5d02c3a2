"""Win32_NetworkAdapterConfiguration of this host, from rtnetlink, resolv.conf(5), leases and /proc/sys/net/ipv4.

Page win32-networkadapterconfiguration. One for each Win32_NetworkAdapter, with its numbers. What Linux configures once
for all interfaces is said of each that has an address; what it has no setting for is NULL.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable
from functools import cached_property
from typing import TypeVar

from openwmi.engine.provider import Request
from openwmi.model import CimDateTime
from openwmi.providers.host import Host
from openwmi.providers.network.adapter import caption
from openwmi.providers.network.interface import Interface, Network
from openwmi.providers.network.lease import Lease, end_of, is_configured_by_dhcp, lease_of
from openwmi.providers.network.resolver import Resolver, resolver
from openwmi.providers.reading import HostProvider, Null, Reads, Table, always

T = TypeVar("T")


class Configuration:
    """An interface, and what configures it."""

    def __init__(self, interface: Interface) -> None:
        self.interface = interface

    @property
    def host(self) -> Host:
        return self.interface.host

    @cached_property
    def lease(self) -> Lease | None:
        return lease_of(self.interface)

    @cached_property
    def is_by_dhcp(self) -> bool:
        return is_configured_by_dhcp(self.interface) or self.lease is not None

    @cached_property
    def resolver(self) -> Resolver:
        return resolver(self.host)

    @cached_property
    def gateways(self) -> list[tuple[str, int]]:
        """The next hops of its default routes with their metrics, of IPv4 before those of IPv6."""
        found = {
            str(route.gateway): route.metric
            for route in reversed(self.interface.routes)
            if route.network.prefixlen == 0 and route.gateway is not None
        }
        return list(reversed(found.items()))


def _some(values: Iterable[T]) -> tuple[T, ...] | None:
    """Windows: of what an adapter has none of, there is no array."""
    return tuple(values) or None


def _subnets(it: Configuration) -> tuple[str, ...] | None:
    """Beside IPAddress: a mask of IPv4, the length of the prefix of IPv6."""
    networks = [each.interface.network for each in it.interface.addresses]
    return _some(str(each.netmask) if each.version == 4 else str(each.prefixlen) for each in networks)


def _costs(it: Configuration) -> tuple[int, ...] | None:
    """One too large for the property makes it NULL, since it goes with DefaultIPGateway one by one."""
    found = _some(metric for _, metric in it.gateways)
    return None if found and max(found) > 0xFFFF else found


def _zero_broadcast(it: Configuration) -> bool | None:
    found = [each for each in it.interface.addresses if each.broadcast is not None]
    return any(each.broadcast == each.interface.network.network_address for each in found) if found else None


def _obtained(it: Configuration) -> CimDateTime | None:
    end = end_of(it.interface, it.lease)
    if end is None or it.lease is None or it.lease.seconds is None:
        return None
    return it.host.local_time(end - it.lease.seconds)


def _expires(it: Configuration) -> CimDateTime | None:
    end = end_of(it.interface, it.lease) if it.is_by_dhcp else None
    return None if end is None else it.host.local_time(end)


def _by_dhcp(it: Configuration) -> bool | None:
    """Without an address nobody can tell what would give it one."""
    return it.is_by_dhcp or (False if any(each.interface.version == 4 for each in it.interface.addresses) else None)


def _domain(it: Configuration) -> str | None:
    return (it.lease.domain if it.lease else None) or it.resolver.domain or None


def _resolved(source: str, read: Callable[[Configuration], object]) -> Reads[Configuration]:
    """What is said of interfaces that have an address, and not of others."""
    return Reads(f"{source}; NULL where IPEnabled is not true", lambda it: read(it) if it.interface.has_ip else None)


def _sysctl(name: str, convert: Callable[[int], object], note: str = "") -> Reads[Configuration]:
    path = f"/proc/sys/net/ipv4/{name}"

    def read(it: Configuration) -> object:
        found = it.host.number(path)
        return None if found is None else convert(found)

    return Reads(path + note, read)


_NAMES = Null("Linux tells no server of names of its addresses by itself")
_FILTER = Null("what is let through is a matter of netfilter, which has no such lists")
_IPX = Null("Linux has no IPX any more")
_NETBIOS = Null("NetBIOS is no part of Linux")
_NO_SETTING = Null("Linux has no such setting")
_DHCP = "the lease of systemd-networkd, NetworkManager or dhclient"
_UNREAD = "NULL without one that can be read"

TABLE: Table[Configuration] = {
    "Index": Reads("as InterfaceIndex", lambda it: it.interface.link.index),
    "InterfaceIndex": Reads("rtnetlink: the number of the interface", lambda it: it.interface.link.index),
    "Caption": Reads("as Win32_NetworkAdapter.Caption", lambda it: caption(it.interface)),
    "Description": Reads("as Win32_NetworkAdapter.Name", lambda it: it.interface.label),
    "SettingID": Null("Linux has no such name of a connection"),
    "ServiceName": Reads("as Win32_NetworkAdapter.ServiceName", lambda it: it.interface.driver),
    "MACAddress": Reads(
        "the link's address; NULL where it has none of 48 bits", lambda it: it.interface.hardware_address
    ),
    "MTU": Reads("the link's MTU, which is in force", lambda it: it.interface.link.mtu),
    "IPEnabled": Reads("the link's flag UP, and whether it has an address", lambda it: it.interface.has_ip),
    "IPAddress": Reads(
        "rtnetlink, of IPv4 first; NULL without any",
        lambda it: _some(str(each.interface.ip) for each in it.interface.addresses),
    ),
    "IPSubnet": Reads("beside IPAddress: the mask of IPv4, the length of the prefix of IPv6", _subnets),
    "IPUseZeroBroadcast": Reads(
        "the broadcast address of IPv4 is that of the network; NULL without one", _zero_broadcast
    ),
    "DefaultIPGateway": Reads(
        "the next hops of default routes, of IPv4 first; NULL without any",
        lambda it: _some(address for address, _ in it.gateways),
    ),
    "GatewayCostMetric": Reads(
        "beside DefaultIPGateway: the metrics of these routes; NULL if one is above 65535", _costs
    ),
    "IPConnectionMetric": Reads(
        "the least metric of its routes of IPv4, else of IPv6; NULL without routes",
        lambda it: it.interface.routes[0].metric,
    ),
    "DHCPEnabled": Reads(
        "routes made by DHCP, addresses of IPv4 that end, /run/udhcpc.NAME.pid, leases; NULL if it has neither these "
        "nor an address of IPv4",
        _by_dhcp,
    ),
    "DHCPServer": Reads(f"{_DHCP}; {_UNREAD}", lambda it: it.lease.server if it.lease else None),
    "DHCPLeaseExpires": Reads(
        "the time that the address of IPv4 is still valid, or dhclient's lease; NULL for addresses that stay", _expires
    ),
    "DHCPLeaseObtained": Reads(f"DHCPLeaseExpires less the length of {_DHCP}; {_UNREAD}", _obtained),
    "DNSHostName": _resolved(
        "uname(2) nodename, to the first dot", lambda it: it.host.kernel.node.partition(".")[0] or None
    ),
    "DNSDomain": _resolved(f"{_DHCP}, else /etc/resolv.conf domain", _domain),
    "DNSDomainSuffixSearchOrder": _resolved("/etc/resolv.conf search", lambda it: it.resolver.domains),
    "DNSServerSearchOrder": _resolved(
        "/etc/resolv.conf nameserver, or those behind the stub of systemd-resolved",
        lambda it: _some(it.resolver.servers),
    ),
    "DatabasePath": always("/etc"),
    "DefaultTTL": _sysctl("ip_default_ttl", lambda found: found),
    "IGMPLevel": Reads(
        "2 where /proc/net/igmp is there, else NULL", lambda it: 2 if it.host.exists("/proc/net/igmp") else None
    ),
    "KeepAliveInterval": _sysctl("tcp_keepalive_intvl", lambda found: found * 1000, ", in milliseconds"),
    "KeepAliveTime": _sysctl("tcp_keepalive_time", lambda found: found * 1000, ", in milliseconds"),
    "PMTUBHDetectEnabled": _sysctl("tcp_mtu_probing", lambda found: found != 0, " is not 0"),
    "PMTUDiscoveryEnabled": _sysctl("ip_no_pmtu_disc", lambda found: found in (0, 3), " is 0 or 3"),
    "TcpMaxConnectRetransmissions": _sysctl("tcp_syn_retries", lambda found: found),
    "TcpMaxDataRetransmissions": _sysctl("tcp_retries2", lambda found: found),
    "TcpUseRFC1122UrgentPointer": _sysctl("tcp_stdurg", lambda found: found != 0, " is not 0"),
    "TcpNumConnections": Null("memory alone limits them"),
    "TcpWindowSize": Null("windows are larger than the property, and grow by themselves"),
    "DefaultTOS": Null("each program sets its own"),
    "ArpAlwaysSourceRoute": _NO_SETTING,
    "ArpUseEtherSNAP": _NO_SETTING,
    "DeadGWDetectEnabled": _NO_SETTING,
    "ForwardBufferMemory": _NO_SETTING,
    "NumForwardPackets": _NO_SETTING,
    "DomainDNSRegistrationEnabled": _NAMES,
    "FullDNSRegistrationEnabled": _NAMES,
    "IPFilterSecurityEnabled": _FILTER,
    "IPPortSecurityEnabled": _FILTER,
    "IPSecPermitIPProtocols": _FILTER,
    "IPSecPermitTCPPorts": _FILTER,
    "IPSecPermitUDPPorts": _FILTER,
    "IPXAddress": _IPX,
    "IPXEnabled": _IPX,
    "IPXFrameType": _IPX,
    "IPXMediaType": _IPX,
    "IPXNetworkNumber": _IPX,
    "IPXVirtualNetNumber": _IPX,
    "DNSEnabledForWINSResolution": _NETBIOS,
    "TcpipNetbiosOptions": _NETBIOS,
    "WINSEnableLMHostsLookup": _NETBIOS,
    "WINSHostLookupFile": _NETBIOS,
    "WINSPrimaryServer": _NETBIOS,
    "WINSScopeID": _NETBIOS,
    "WINSSecondaryServer": _NETBIOS,
}


class NetworkAdapterConfigurationProvider(HostProvider[Configuration]):
    """The configurations, one for each adapter."""

    cim_class = "Win32_NetworkAdapterConfiguration"
    table = TABLE

    def samples(self, request: Request) -> Iterable[Configuration]:  # noqa: ARG002 - as of any provider
        return map(Configuration, Network(self.host).interfaces)
