"""What a figure is, and how two things are measured side by side.

Absolute times differ from machine to machine and from minute to minute, so that each figure is measured beside a peer,
the two in turns. A new topic is a new module here with a list called FIGURES.
"""

from __future__ import annotations

import gc
import subprocess
import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from statistics import median
from tempfile import TemporaryDirectory
from time import perf_counter

REPEATS = 9
ROOT = Path(__file__).parents[1]

Timed = Callable[[], object]


class Absent(Exception):  # noqa: N818 - not a fault: the figure is skipped, for the reason that this says
    """What a figure needs is not on this machine."""


@dataclass(frozen=True, slots=True)
class Goal:
    """A bound on ours divided by the peer's, or, with a unit, on ours alone."""

    sign: str
    bound: float
    unit: str = ""

    def __str__(self) -> str:
        return f"{self.sign} {self.bound:g}{f' {self.unit}' if self.unit else 'x'}"

    def met(self, ours: float, peer: float) -> bool:
        value = ours if self.unit else ours / peer
        return value <= self.bound if self.sign == "<=" else value >= self.bound


@dataclass(frozen=True, slots=True)
class Printed(Goal):
    """No bound."""

    sign: str = ""
    bound: float = 0

    def __str__(self) -> str:
        return "printed"

    def met(self, ours: float, peer: float) -> bool:  # noqa: ARG002 - of any goal
        return True


@dataclass(frozen=True, slots=True)
class Figure:
    """One line of the table.

    Attributes:
        name: what is measured.
        peer: what it is measured beside; empty where the goal is on ours alone.
        unit: of both numbers.
        goal: what counts as good enough.
        measure: gives ours and the peer's, or raises Absent.
    """

    name: str
    peer: str
    unit: str
    goal: Goal
    measure: Callable[[], tuple[float, float]]


def in_turns(
    ours: Timed, peer: Timed, repeats: int = REPEATS, pick: Callable[[list[float]], float] = median
) -> tuple[float, float]:
    """Seconds of both: one uncounted run each, then `repeats` in turns, of which `pick` takes one."""
    seconds: tuple[list[float], list[float]] = [], []
    for turn in range(repeats + 1):
        for run, times in zip((ours, peer), seconds, strict=True):
            gc.collect()
            began = perf_counter()
            run()
            if turn:
                times.append(perf_counter() - began)
    return pick(seconds[0]), pick(seconds[1])


def in_fresh_process(function: Callable[..., float], *arguments: object) -> float:
    """What a function of a module returns in an interpreter that has done nothing else; arguments come as text."""
    module, name = function.__module__, function.__name__
    program = f"import sys; from {module} import {name} as measured; print(measured(*sys.argv[1:]))"
    command = [sys.executable, "-c", program, *map(str, arguments)]
    done = subprocess.run(command, check=True, stdout=subprocess.PIPE, text=True)
    return float(done.stdout)


@contextmanager
def scratch() -> Iterator[Path]:
    """A folder on the project's own disk, since what is temporary elsewhere may be memory; removed afterwards."""
    (ROOT / "build").mkdir(exist_ok=True)
    with TemporaryDirectory(prefix="bench-", dir=ROOT / "build") as folder:
        yield Path(folder)
