"""How checks are carried out: their order, their time, and what becomes of those that need a failed one."""

from __future__ import annotations

import asyncio
from collections.abc import Sequence
from pathlib import Path

import pytest

from openwmi.base.error import AccessDenied, Unreachable, WbemError
from openwmi.base.fault import RemoteProtocolError
from openwmi.base.status import HResult, WbemStatus
from openwmi.client import Credentials
from openwmi.client.doctor import Status, Visit, checks, examine, shut_out
from openwmi.client.doctor.check import Broken, Check, Found, Skip
from openwmi.client.doctor.denied import WHAT_TO_DO, WHO, Layer
from openwmi.client.doctor.table import CHECKS
from openwmi.net import Address


def visit(**how: float) -> Visit:
    return Visit(Address("h", 135), Credentials("me", "x"), **how)  # type: ignore[arg-type]  # numbers alone


def failing(error: Exception) -> Check:
    async def run(_: Visit) -> Found:
        raise error

    return Check("bad", run, layer=Layer.PROVIDER, todo="mend it", door=True)


async def fine(_: Visit) -> Found:
    return Found("fine", "or do better")


async def slowly(_: Visit) -> Found:
    await asyncio.sleep(2)
    return Found("at last")


async def one(*table: Check, **how: float) -> Sequence[object]:
    """How each came out: status, todo."""
    return [(each.status, each.todo) for each in await examine(visit(**how), checks=table)]


async def test_a_check_by_its_time() -> None:
    quick = Check("quick", fine)
    slow = Check("slow", slowly, slow=1.0, slow_todo="hurry")
    assert await one(quick, slow) == [(Status.OK, "or do better"), (Status.SLOW, "hurry")]
    endless = Check("endless", slowly, seconds=1.0, todo="give up")
    assert await one(endless) == [(Status.FAILED, "give up")]
    assert await one(slow, timeout=0.5) == [(Status.FAILED, "")]


@pytest.mark.parametrize(
    ("error", "todo", "shut"),
    [
        (WbemError(WbemStatus.FAILED, "no"), "mend it", False),
        (AccessDenied(None, "no"), WHAT_TO_DO[Layer.PROVIDER], True),
        (Unreachable(None, "no"), "mend it", True),
        (RemoteProtocolError("odd"), "mend it", True),
        (Broken(Unreachable(None, "no"), "do that"), "do that", True),
    ],
)
async def test_a_check_that_fails(error: Exception, todo: str, shut: bool) -> None:
    (finding,) = findings = await examine(visit(), checks=[failing(error)])
    assert (finding.status, finding.todo, finding.shut) == (Status.FAILED, todo, shut)
    assert shut_out(findings) is shut
    assert finding.code is not None


async def test_those_that_need_it_say_what_failed_first() -> None:
    bad = failing(WbemError(HResult.E_FAIL, "no"))
    table = [bad, Check("next", fine, needs=("bad",)), Check("last", fine, needs=("next",)), Check("other", fine)]
    findings = await examine(visit(), checks=table)
    assert [each.status for each in findings] == [Status.FAILED, Status.SKIPPED, Status.SKIPPED, Status.OK]
    assert findings[1].text == findings[2].text == "bad has failed"


async def test_those_that_need_a_skipped_one() -> None:
    table = [failing(Skip("nothing to see", "look elsewhere")), Check("next", fine, needs=("bad",))]
    findings = await examine(visit(), checks=table)
    assert [(each.status, each.text, each.todo) for each in findings] == [
        (Status.SKIPPED, "nothing to see", "look elsewhere"),
        (Status.SKIPPED, "bad was skipped", ""),
    ]


async def test_a_bug_is_no_finding() -> None:
    with pytest.raises(ZeroDivisionError):
        await examine(visit(), checks=[failing(ZeroDivisionError())])


def test_the_table() -> None:
    """What a check needs stands before it, and each file of checks is in it."""
    names: list[str] = []
    for check in CHECKS:
        assert set(check.needs) <= set(names), check.name
        names.append(check.name)
    assert len(set(names)) == len(CHECKS)
    files = {path.stem for path in Path(checks.__path__[0]).glob("*.py")} - {"__init__"}
    assert {check.run.__module__.rpartition(".")[2] for check in CHECKS} == files
    assert set(WHO) == set(WHAT_TO_DO) == set(Layer)
