"""What was found, for strangers: numbers, and words of this program. No text that came from over there, and no name."""

from __future__ import annotations

import platform
from collections.abc import Mapping, Sequence
from typing import Any, Final

from openwmi.base.status import describe
from openwmi.client.doctor.check import Code, Fact, Finding
from openwmi.client.doctor.visit import Visit

FORMAT: Final = 1


def report_of(visit: Visit, findings: Sequence[Finding], *, version: str, names: bool = False) -> dict[str, Any]:
    """A document for JSON.

    Args:
        visit: the machine.
        findings: what the checks found.
        version: this program's.
        names: whether host, user, addresses and texts are in it, too.
    """
    document: dict[str, Any] = {
        "report": "openwmi doctor",
        "format": FORMAT,
        "openwmi": version,
        "python": platform.python_version(),
        "system": platform.system(),
        "names": names,
    }
    if names:
        document |= {"host": str(visit.where), "user": visit.user, "namespace": visit.namespace}
    document["checks"] = [_check(each, names=names) for each in findings]
    return document


def _check(finding: Finding, *, names: bool) -> dict[str, Any]:
    told: dict[str, Any] = {"check": finding.check, "status": finding.status.value}
    if finding.seconds is not None:
        told["milliseconds"] = round(1000 * finding.seconds, 1)
    if finding.code is not None:
        told["code"] = describe(finding.code)
    if finding.layer is not None:
        told["layer"] = finding.layer.value
    if finding.facts:
        told["facts"] = _numbers(finding.facts)
    if names:
        told |= {"found": finding.text, "todo": finding.todo}
        told |= {"names": {key: list(each) for key, each in finding.names.items()}} if finding.names else {}
    return told


def _numbers(fact: Fact) -> Any:
    """Nothing but numbers gets out, whatever a check took for one."""
    if isinstance(fact, Mapping):
        return {key: _numbers(each) for key, each in fact.items()}
    if isinstance(fact, list | tuple):
        return [_numbers(each) for each in fact]
    if isinstance(fact, Code):
        return describe(fact)
    if fact is None or isinstance(fact, bool | int | float):
        return round(fact, 3) if isinstance(fact, float) else fact
    raise AssertionError("a fact is a number")
