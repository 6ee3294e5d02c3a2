"""What a figure is, and how two things are measured side by side.

Absolute times differ from machine to machine and from minute to minute, so that each figure is measured beside a peer,
the two in turns. A new topic is a new module here with a list called FIGURES.
"""

from __future__ import annotations

import gc
import subprocess
import sys
from collections.abc import Callable
from dataclasses import dataclass
from statistics import median
from time import perf_counter

REPEATS = 9

Timed = Callable[[], object]


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
class Figure:
    """One line of the table.

    Attributes:
        name: what is measured.
        peer: what it is measured beside.
        unit: of both numbers.
        goal: what counts as good enough.
        measure: gives ours and the peer's.
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


def in_fresh_process(function: Callable[[], float]) -> float:
    """What a function of a module returns in an interpreter that has done nothing else."""
    program = f"from {function.__module__} import {function.__name__} as measured; print(measured())"
    done = subprocess.run([sys.executable, "-c", program], check=True, capture_output=True, text=True)
    return float(done.stdout)
