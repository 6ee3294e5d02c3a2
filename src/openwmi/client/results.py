"""Calls with one result: as the answer of the call itself, or later, by an IWbemCallResult ([MS-WMI] 3.1.4.5).

Which of the two is the caller's to say, by CallFlags.RETURN_IMMEDIATELY. The first is one round trip; the second leaves
the connection to others meanwhile, and a call that takes hours needs no answer that is hours away.
"""

from __future__ import annotations

from collections.abc import Callable, Coroutine
from functools import partial
from typing import Any, TypeAlias

from openwmi.base.error import WbemError
from openwmi.base.fault import RemoteProtocolError
from openwmi.base.guid import Guid
from openwmi.base.record import printable
from openwmi.base.status import SEVERITY, HResult, WbemStatus
from openwmi.client.failures import GONE
from openwmi.client.link import Entered
from openwmi.client.waiting import BEGUN_MILLISECONDS, POLL_MILLISECONDS, in_time
from openwmi.dcom import RemoteExporter
from openwmi.interfaces import IWbemCallResult
from openwmi.ndr import Cell
from openwmi.operation import CallFlags, ResultSet
from openwmi.session.modes import CallRule, Gives

Out: TypeAlias = Cell[bytes | None] | None
Answered: TypeAlias = tuple[Out, Out]
"""What a method returned: in its own out parameter, and in ppCallResult."""
Ask: TypeAlias = Callable[[Entered, int, Out, Out], Coroutine[Any, Any, Answered]]
"""Makes the call with these flags and these cells."""


async def result_of(entered: Entered, rule: CallRule, ask: Ask, flags: int, results: ResultSet[Any]) -> Any:
    """The octets of an object or of services, a path, or None: what the call brings.

    `results` begin as soon as the call is on its way, or, by a call result, has started.
    """
    out: Out = None
    if flags & CallFlags.RETURN_IMMEDIATELY:
        later = in_time(ask(entered, flags, None, Cell(None)), BEGUN_MILLISECONDS)
        _, result = await entered.login.brought(later, partial(_unwanted, entered))
        if result is None or result.value is None:
            raise RemoteProtocolError("the call was taken, and nothing came that tells how it ends")
        _begin(results)
    else:
        _begin(results)
        at_once = ask(entered, flags, Cell(None), None)
        if rule.gives is Gives.SERVICES:
            at_once = entered.login.brought(in_time(at_once, BEGUN_MILLISECONDS), partial(_unwanted, entered))
        out, result = await at_once
    if result is None or result.value is None:
        return None if out is None else out.value
    try:
        exporter, ipid = await in_time(entered.login.machine.adopt(result.value))
        try:
            return await _collected(exporter, ipid, rule.gives)
        finally:
            entered.login.let_go(exporter, ipid)
    except WbemError as error:
        if error.status not in GONE:
            raise
        # The call itself was taken: it must not look as if it had not been, and be made again.
        text = f"the server has let go of the call, and has not said how it ended ({printable(error.message)})"
        raise WbemError(HResult.RPC_S_CALL_FAILED, text) from error


def _unwanted(entered: Entered, answered: Answered) -> None:
    for each in answered:
        if each is not None and each.value is not None:
            entered.login.disown(each.value)


def _begin(results: ResultSet[Any]) -> None:
    if not results.began and not results.finished:  # it may be made again where the objects over there were gone
        results.begin()


async def _collected(exporter: RemoteExporter, ipid: Guid, gives: Gives) -> Any:
    proxy = exporter.proxy(IWbemCallResult, ipid)
    while True:
        status = await in_time(proxy.GetCallStatus(POLL_MILLISECONDS), POLL_MILLISECONDS)
        if status.hresult != WbemStatus.TIMEDOUT:
            break
    if gives is Gives.OBJECT:
        return (await in_time(proxy.GetResultObject(0))).ppResultObject
    if gives is Gives.STRING:
        return (await in_time(proxy.GetResultString(0))).pstrResultString
    if gives is Gives.SERVICES:
        return (await in_time(proxy.GetResultServices(0))).ppServices
    if status.plStatus & SEVERITY:
        raise WbemError(status.plStatus)
    return None
