"""Runs the cases of the text files beside this one; class.test says how to read them."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path

import pytest
from tests.mof.fakes import compiled

from openwmi.base.status import MofStatus, WbemStatus
from openwmi.model import CimClass, CimInstance
from openwmi.mof import MofError, PutClass, PutInstance, format  # noqa: A004

FILES = sorted(Path(__file__).parent.glob("*.test"))


@dataclass
class Case:
    title: str
    known: str
    text: list[str] = field(default_factory=list)
    outcome: str = ""
    expected: list[str] = field(default_factory=list)


def read(path: Path) -> Iterator[Case]:
    known: list[str] = []
    case: Case | None = None
    into = known
    blank = 0
    for number, line in enumerate(path.read_text(encoding="utf-8").splitlines(), 1):
        word, _, rest = line.partition(" ")
        if not line:
            blank += 1
            continue
        if line.startswith("    "):
            into.extend(["", *[""] * (blank - 1)] if blank and into else [])
            into.append(line[4:])
        elif word == "case":
            if case is not None:
                yield case
            case = Case(rest, "\n".join(known))
            into = case.text
        elif word in ("same", "gives", "error") and case is not None:
            case.outcome = line
            into = case.expected
        elif word not in ("#", "known"):
            raise AssertionError(f"{path.name}:{number}: {line}")
        blank = 0
    if case is not None:
        yield case


CASES = [pytest.param(case, id=f"{path.stem}: {case.title}") for path in FILES for case in read(path)]


@pytest.mark.parametrize("case", CASES)
def test_case(case: Case) -> None:
    text = "\n".join(case.text)
    word, _, rest = case.outcome.partition(" ")
    if word == "error":
        status, place, message = [*rest.split(" ", 2), ""][:3]
        with pytest.raises(MofError) as caught:
            compiled(text, case.known)
        assert caught.value.status in named(status)
        assert f"{caught.value.line}:{caught.value.column}" == place
        assert message in caught.value.problem
        return
    expected = text if word == "same" else "\n".join(case.expected)
    assert written(text, case.known).rstrip("\n") == expected
    assert written(expected, case.known).rstrip("\n") == expected


def named(status: str) -> tuple[int, ...]:
    """The statuses of that name, of one list or of both."""
    kinds = {"MofStatus": (MofStatus,), "WbemStatus": (WbemStatus,), "": (MofStatus, WbemStatus)}
    prefix, _, name = status.rpartition(".")
    return tuple(int(kind[name]) for kind in kinds[prefix] if name in kind.__members__)


def written(text: str, known: str) -> str:
    found: list[CimClass | CimInstance] = []
    for step in compiled(text, known).steps:
        if isinstance(step, PutClass):
            found.append(step.class_)
        elif isinstance(step, PutInstance):
            found.append(step.instance)
    return format(found)
