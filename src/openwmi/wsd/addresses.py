"""Transport addresses of devices (XAddrs): how ours are made, and which of a stranger's may be used.

Windows' own rules are Microsoft's "XAddr Validation Rules"; an address of IPv6 that is good for one link alone travels
without its scope, which whoever received it puts back.
"""

from __future__ import annotations

import ipaddress
import re
from collections.abc import Iterable
from typing import Final

from openwmi.net.interfaces import Interface

IpAddress = ipaddress.IPv4Address | ipaddress.IPv6Address

_XADDR: Final = re.compile(
    r"(?P<scheme>https?)://(?:\[(?P<six>[0-9A-Fa-f:.]+)(?:%[^\]]*)?\]|(?P<host>[A-Za-z0-9._-]+))(?P<port>:[0-9]{1,5})?"
    r"(?P<rest>(?:[/?][!-\"$-~]*)?)",
    re.IGNORECASE,
)


def parse_host(host: str) -> IpAddress | None:
    """An address in numbers; None for a name."""
    try:
        return ipaddress.ip_address(host)
    except ValueError:
        return None


def format_xaddr(scheme: str, host: str, port: int, path: str) -> str:
    """`http://192.0.2.1:5357/…`; the scope of an address of IPv6 is left out."""
    host = host.partition("%")[0]
    return f"{scheme}://[{host}]:{port}{path}" if ":" in host else f"{scheme}://{host}:{port}{path}"


def local_address(interface: Interface, asker: str) -> str | None:
    """Our address that the asker can reach best: of its kind, of its subnet, or good for the link alone as its own."""
    there = parse_host(asker)
    if there is None:
        return None
    own = [each for each in interface.addresses if each.version == there.version]
    own.sort(key=lambda each: (there not in each.network, each.is_link_local != there.is_link_local))
    return str(own[0].ip).partition("%")[0] if own else None


def usable_xaddrs(xaddrs: Iterable[str], interface: Interface, sender: str = "") -> tuple[str, ...]:
    """Those to which a request may be sent, in their order, with the scope that a link's own address needs.

    Only HTTP; none at all where secure and insecure ones are mixed. An address in numbers must be of the interface's
    subnets, or the sender's own: a stranger must not send us to others. Names are left for whoever looks them up, and
    then asks for the same `at` each address.
    """
    found = [match for each in xaddrs if (match := _XADDR.fullmatch(each)) is not None]
    if len({match["scheme"].lower() for match in found}) > 1:
        return ()
    return tuple(usable for match in found if (usable := _usable(match, interface, sender)) is not None)


def name_in(xaddr: str) -> str:
    """The name of a machine in a usable one; empty where an address in numbers stands there."""
    match = _XADDR.fullmatch(xaddr)
    host = "" if match is None else match["host"] or ""
    return "" if parse_host(host) is not None else host


def path_in(xaddr: str) -> str:
    """What stands behind the machine; empty in what is no address of HTTP."""
    match = _XADDR.fullmatch(xaddr)
    return "" if match is None else match["rest"] or "/"


def at(xaddr: str, number: str) -> str:
    """The same of a machine that has that address, instead of its name."""
    match = _XADDR.fullmatch(xaddr)
    assert match is not None
    host = f"[{number}]" if ":" in number else number
    return f"{match['scheme'].lower()}://{host}{match['port'] or ''}{match['rest']}"


def _usable(match: re.Match[str], interface: Interface, sender: str) -> str | None:
    host = match["six"] or match["host"]
    number = parse_host(host)
    if number is None:
        return None if match["six"] else match[0]
    local = number.is_loopback and not interface.loopback
    if local or number.is_unspecified or number.is_multicast:
        return None
    if not interface.reaches(number) and parse_host(sender) != number:
        return None
    if match["six"] is None:
        return match[0]
    scope = f"%{interface.name}" if number.is_link_local else ""
    return f"{match['scheme'].lower()}://[{match['six']}{scope}]{match['port'] or ''}{match['rest']}"
