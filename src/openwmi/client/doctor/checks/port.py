"""Does anything listen at the port of the resolver, at each of the machine's addresses?"""

from __future__ import annotations

import asyncio
import errno
from itertools import islice
from typing import Final

from openwmi.base.error import Unreachable
from openwmi.client.doctor.check import Broken, Check, Found, Status
from openwmi.client.doctor.visit import Visit

MOST: Final = 8
"""Addresses that are tried."""

NOTHING_THERE: Final = (
    "the machine is there, and nothing listens at that port: on Windows it is 135, and its firewall has to have"
    " 'Windows Management Instrumentation (DCOM-In)'; 'openwmi serve' listens where its --listen says: give that port"
    " by --port"
)
SILENCE: Final = (
    "no answer at all: the machine is off, the address is another one's, or a packet filter in between drops what is"
    " sent to that port; on Windows: netsh advfirewall firewall set rule"
    ' group="windows management instrumentation (wmi)" new enable=yes'
)
UNROUTED: Final = "there is no way to that address from here: check this machine's routes, and whether a VPN is up"


async def _run(visit: Visit) -> Found:
    addresses = tuple(islice(visit.addresses, MOST))
    failures = await asyncio.gather(*(_tried(visit, each) for each in addresses))
    bad = [each for each in failures if each is not None]
    if len(bad) == len(addresses):
        raise Broken(bad[0], _todo(bad[0]))
    facts = {"addresses": len(addresses), "open": len(addresses) - len(bad)}
    if bad:
        text = f"{len(bad)} of {len(addresses)} addresses do not answer: {'; '.join(each.message for each in bad)}"
        todo = "take them out of DNS, or give one that answers as --host: they may be tried first, and waited for"
        return Found(text, todo, facts, status=Status.SLOW)
    return Found(f"port {visit.where.port} is open", facts=facts)


async def _tried(visit: Visit, address: str) -> Unreachable | None:
    try:
        transport, _ = await visit.connect(asyncio.Protocol, address, visit.where.port, visit.each)
    except Unreachable as error:
        return error
    transport.close()
    return None


def _todo(error: Unreachable) -> str:
    reason = error.__context__
    if isinstance(reason, TimeoutError):
        return SILENCE
    number = reason.errno if isinstance(reason, OSError) else None
    return UNROUTED if number in {errno.ENETUNREACH, errno.EHOSTUNREACH} else NOTHING_THERE


CHECK = Check(
    "port",
    _run,
    needs=("name",),
    todo=SILENCE,
    slow_todo="packets may be lost on the way, or dropped at first: after a second the first one is sent again",
    door=True,
)
