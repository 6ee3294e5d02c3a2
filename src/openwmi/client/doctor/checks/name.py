"""Does anybody know where the machine is?"""

from __future__ import annotations

import ipaddress

from openwmi.base.error import Unreachable
from openwmi.base.status import HResult
from openwmi.client.doctor.check import Check, Found
from openwmi.client.doctor.visit import Visit
from openwmi.net import look_up

SECONDS = 10.0


async def _run(visit: Visit) -> Found:
    host = visit.where.host
    try:
        ipaddress.ip_address(host.partition("%")[0])
    except ValueError:
        visit.addresses = await look_up(host, SECONDS)
        text = f"{host} is {', '.join(visit.addresses)}"
        named = True
    else:
        visit.addresses = (host,)
        text = f"{host} is an address, and needs none"
        named = False
    if not visit.addresses:
        raise Unreachable(HResult.RPC_S_SERVER_UNAVAILABLE, f"nobody knows an address of {host}")
    six = sum(":" in each for each in visit.addresses)
    facts = {"name": named, "ipv4": len(visit.addresses) - six, "ipv6": six}
    return Found(text, facts=facts, names={"addresses": visit.addresses})


CHECK = Check(
    "name",
    _run,
    todo="check the spelling, DNS and /etc/hosts, or give the address; without a domain a name may need one",
    seconds=SECONDS + 1,
    slow=0.5,
    slow_todo="names are found slowly: a server in /etc/resolv.conf may not answer",
    door=True,
)
