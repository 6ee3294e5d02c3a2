"""Where events may be sent to: whoever subscribes must not make a device send to others.

A NotifyTo or EndTo has to be an address of HTTP at the machine that the subscription comes from, unless the device's
owner allows others. Names are not looked up for that: they may mean one machine now, and another one later.
"""

from __future__ import annotations

import ipaddress
from collections.abc import Iterable
from dataclasses import replace

from openwmi.base.error import WbemError
from openwmi.base.eventing_limits import EVENTING_PARAMETERS_CHARS
from openwmi.base.status import WbemStatus
from openwmi.net.http import Url, parse_url
from openwmi.soap import EndpointReference, Profile, Refusal, Refused
from openwmi.soap.eventing import not_reachable
from openwmi.wsd.addresses import IpAddress, parse_host


class AllowedSinks:
    """What a device's owner allows beside the subscriber's own address.

    Args:
        allowed: names of machines, addresses, and networks (`192.0.2.0/24`). WbemError(INVALID_PARAMETER).
    """

    def __init__(self, allowed: Iterable[str] = ()) -> None:
        self._names: set[str] = set()
        self._networks: list[ipaddress.IPv4Network | ipaddress.IPv6Network] = []
        for each in allowed:
            try:
                self._networks.append(ipaddress.ip_network(each))
            except ValueError:
                if "/" in each or not each:
                    raise WbemError(
                        WbemStatus.INVALID_PARAMETER, f"{each!r} is no machine, address or network, as 192.0.2.0/24"
                    ) from None
                self._names.add(each.lower())

    def place(self, endpoint: EndpointReference, peer: str, profile: Profile) -> Url:
        """Where messages for that endpoint are sent, if `peer` may have them sent there. Refused.

        An address of IPv6 that is good for one link alone is taken for that by which the peer has come.
        """
        if sum(len(each.text) for each in endpoint.parameters) > EVENTING_PARAMETERS_CHARS:
            raise Refused(Refusal.INVALID_MESSAGE.fault(profile, "The parameters of an endpoint are too long."))
        try:
            url = parse_url(endpoint.address)
        except WbemError:
            raise not_reachable(profile, endpoint.address) from None
        number, own = _number(url.host), _number(peer)
        if own is not None and number is not None and _same(number, own):
            return replace(url, host=peer)
        named = number is None and url.host.lower() in self._names
        if named or (number is not None and any(number in each for each in self._networks)):
            return url
        raise not_reachable(profile, endpoint.address)


def _number(host: str) -> IpAddress | None:
    """An address; one of IPv4 that is written as one of IPv6 is one of IPv4."""
    number = parse_host(host)
    mapped = number.ipv4_mapped if isinstance(number, ipaddress.IPv6Address) else None
    return mapped or number


def _same(one: IpAddress, other: IpAddress) -> bool:
    """Whether they are the same, where the scope of the first may be left out or be another machine's name for it."""
    if isinstance(one, ipaddress.IPv6Address) and isinstance(other, ipaddress.IPv6Address):
        return int(one) == int(other)
    return one == other
