"""Does the machine take the user? A call that needs no right is made with a login: nothing else can refuse it."""

from __future__ import annotations

from typing import Final

from openwmi.client.doctor.check import Check, Fact, Found
from openwmi.client.doctor.denied import Layer
from openwmi.client.doctor.visit import Visit
from openwmi.dcom import proxy
from openwmi.interfaces import IObjectExporter

KINDS: Final = {9: "SPNEGO", 10: "NTLM", 16: "Kerberos"}
"""[MS-RPCE] 2.2.1.1.7."""


async def _run(visit: Visit) -> Found:
    channel = await visit.means().open(visit.where)
    try:
        await proxy(IObjectExporter, channel).ServerAlive2()
    finally:
        channel.close()
    kind = KINDS.get(visit.kind, "another way")
    system = f"; its NTLM says version {'.'.join(map(str, visit.system))}" if visit.system else ""
    facts: dict[str, Fact] = {"authentication": visit.kind, "system": visit.system}
    return Found(f"{visit.user or 'whoever the Kerberos cache is of'} is let in by {kind}{system}", facts=facts)


CHECK = Check(
    "login",
    _run,
    needs=("resolver",),
    layer=Layer.LOGIN,
    todo="the machine may not reach its domain controller: its event log says so",
    slow_todo="the machine asks somebody who is slow to answer: its domain controller, or a name server",
    door=True,
)
