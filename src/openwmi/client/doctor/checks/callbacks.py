"""Can the machine call us? Asynchronous calls need it: it asks our resolver, and then calls the sink."""

from __future__ import annotations

from openwmi.base import limits
from openwmi.base.error import WbemError
from openwmi.client.doctor.check import Check, Found, Skip
from openwmi.client.doctor.denied import Layer
from openwmi.client.doctor.visit import Visit

WITHOUT = "without them the same calls are made semisynchronously: nothing is lost but the round trips of polling"


async def _run(visit: Visit) -> Found:
    if visit.callbacks == "never":
        raise Skip("it was told to leave them out")
    entered = visit.inside
    ends = entered.login.machine.ends
    try:
        host = await visit.sinks.hold(ends)
    except WbemError as error:
        raise Skip(f"nobody can call this machine: {error.message}", WITHOUT) from None
    try:
        await entered.login.pushing.proved(entered.services)
    finally:
        await visit.sinks.release(host, ends)
    return Found("it calls us back: asynchronous calls are pushed")


CHECK = Check(
    "callbacks",
    _run,
    needs=("namespace",),
    layer=Layer.CALLBACK,
    todo=(
        f"{WITHOUT}; for them let that machine in at port 135 here and at the port of the program, on every packet"
        " filter in between; behind a translator of addresses they do not come"
    ),
    seconds=limits.CALLBACK_PROOF_SECONDS + 5,
    slow=3.0,
    slow_todo="it looks for a way to this machine: it may try names or addresses that do not answer from there",
)
