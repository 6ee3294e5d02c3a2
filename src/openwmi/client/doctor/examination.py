"""Carries the checks out, one after the other, each within its time; those that need a failed one are skipped."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Iterable, Sequence
from dataclasses import replace

from openwmi.base.error import AccessDenied, Timeout, Unreachable, WbemError
from openwmi.base.fault import RemoteProtocolError
from openwmi.base.record import printable
from openwmi.base.status import describe
from openwmi.client.doctor.check import Broken, Check, Finding, Found, Skip, Status
from openwmi.client.doctor.denied import WHAT_TO_DO, WHO
from openwmi.client.doctor.table import CHECKS
from openwmi.client.doctor.visit import Visit
from openwmi.client.failures import explained

Failure = WbemError | RemoteProtocolError


async def examine(
    visit: Visit, tell: Callable[[Finding], object] | None = None, checks: Sequence[Check] = CHECKS
) -> list[Finding]:
    """What each check finds; `tell` hears of it at once."""
    findings: list[Finding] = []
    bad: dict[str, str] = {}  # checks that were not good, and why those that need them are skipped
    try:
        for check in checks:
            reason = next((bad[name] for name in check.needs if name in bad), None)
            if reason is not None:
                finding = Finding(check.name, Status.SKIPPED, reason)
            else:
                finding = await _carried_out(check, visit)
            if finding.status is Status.FAILED:
                bad[check.name] = f"{check.name} has failed"
            elif finding.status is Status.SKIPPED:
                bad[check.name] = reason or f"{check.name} was skipped"
            findings.append(finding)
            if tell is not None:
                tell(finding)
    finally:
        await visit.close()
    return findings


def shut_out(findings: Iterable[Finding]) -> bool:
    """Whether the machine was not reached, or did not let us in."""
    return any(each.shut for each in findings)


async def _carried_out(check: Check, visit: Visit) -> Finding:
    loop = asyncio.get_running_loop()
    limit = check.seconds if visit.timeout is None else min(check.seconds, visit.timeout)
    began = loop.time()
    try:
        async with asyncio.timeout(limit):
            found = await check.run(visit)
    except Skip as skip:
        return Finding(check.name, Status.SKIPPED, skip.found.text, skip.found.todo)
    except Broken as broken:
        finding = _failed(check, broken.error, visit, broken.todo)
    except (WbemError, RemoteProtocolError) as error:
        finding = _failed(check, error, visit)
    except TimeoutError:
        finding = _failed(check, Timeout(None, f"there was no end to it within {limit:g} s"), visit)
    else:
        finding = _good(check, found, loop.time() - began)
    visit.seconds[check.name] = loop.time() - began
    return replace(finding, seconds=loop.time() - began)


def _good(check: Check, found: Found, seconds: float) -> Finding:
    status, todo = found.status, found.todo
    if status is Status.OK and seconds >= check.slow:
        status, todo = Status.SLOW, "; ".join(filter(None, (check.slow_todo, todo)))
    return Finding(check.name, status, found.text, todo, facts=found.facts, names=found.names)


def _failed(check: Check, failure: Exception, visit: Visit, todo: str = "") -> Finding:
    assert isinstance(failure, WbemError | RemoteProtocolError), "nothing else is a failure of the other side"
    error = explained(failure, visit.where)
    text = f"{describe(error.status)}: {printable(error.message)}"
    layer = None
    if isinstance(error, AccessDenied):
        layer = check.layer if check.layer_of is None else check.layer_of(failure)
        todo = todo or WHAT_TO_DO[layer]
        text = f"{text}; who refuses is {WHO[layer]}"
    shut = check.door and isinstance(error, AccessDenied | Unreachable | Timeout)
    return Finding(check.name, Status.FAILED, text, todo or check.todo, layer=layer, code=int(error.status), shut=shut)
