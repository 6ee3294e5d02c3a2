"""WHERE over rows in memory, beside the same predicate as a Python programmer would write it.

The peer is a generator expression that does what WQL asks for: no value of NULL matches, and text compares without
regard to case. A row is a tuple with a value for each property of the class.
"""

from __future__ import annotations

import random
from collections.abc import Callable, Iterator
from functools import partial
from typing import Any

from bench.figure import Figure, Goal, in_turns
from openwmi.model import CimClass, CimType, Property, Type
from openwmi.wql import compile_row_filter, parse_select

ROWS = 100_000

Row = tuple[Any, ...]

NAME, PID, THREADS, PRIORITY, WORKING_SET, COMMAND_LINE = range(6)
CLASS = CimClass(
    "Win32_Process",
    properties=(
        Property("Name", Type(CimType.STRING)),
        Property("ProcessId", Type(CimType.UINT32)),
        Property("ThreadCount", Type(CimType.UINT32)),
        Property("Priority", Type(CimType.UINT32)),
        Property("WorkingSetSize", Type(CimType.UINT64)),
        Property("CommandLine", Type(CimType.STRING)),
    ),
)


def _rows() -> list[Row]:
    chance = random.Random(1)  # noqa: S311 - the same rows each time
    names = ["sshd", "Bash", "python3", "systemd", "kworker", "Postgres", "nginx", "cron"]
    return [
        (
            name := chance.choice(names),
            number,
            chance.randrange(1, 64),
            chance.randrange(0, 32),
            chance.randrange(1 << 32),
            None if number % 20 == 0 else f"/usr/bin/{name} --number {number}",
        )
        for number in range(ROWS)
    ]


def _number(rows: list[Row]) -> Iterator[Row]:
    return (r for r in rows if r[THREADS] is not None and r[THREADS] > 50)


def _text(rows: list[Row]) -> Iterator[Row]:
    return (r for r in rows if r[NAME] is not None and r[NAME].lower() == "postgres")


def _like(rows: list[Row]) -> Iterator[Row]:
    return (r for r in rows if r[COMMAND_LINE] is not None and "postgres" in r[COMMAND_LINE].lower())


def _and_or(rows: list[Row]) -> Iterator[Row]:
    return (
        r
        for r in rows
        if r[THREADS] is not None
        and r[THREADS] >= 8
        and (
            (r[NAME] is not None and r[NAME].lower().startswith("p"))
            or (r[WORKING_SET] is not None and r[WORKING_SET] > 1 << 31)
        )
        and r[PRIORITY] != 8
        and r[PRIORITY] is not None
    )


AND_OR = "ThreadCount >= 8 AND (Name LIKE 'p%' OR WorkingSetSize > 2147483648) AND Priority <> 8"


def where(predicate: str, by_hand: Callable[[list[Row]], Iterator[Row]]) -> tuple[float, float]:
    """Millions of rows a second. Compiling the query is part of ours."""
    rows = _rows()
    query = f"SELECT * FROM Win32_Process WHERE {predicate}"  # noqa: S608 - WQL, and no database sees it

    def ours() -> list[Any]:
        return compile_row_filter(parse_select(query), CLASS)(rows)

    if ours() != list(by_hand(rows)):
        raise SystemExit(f"the two do not find the same rows: {predicate}")
    seconds = in_turns(ours, lambda: list(by_hand(rows)))
    return ROWS / seconds[0] / 1e6, ROWS / seconds[1] / 1e6


FIGURES = [
    Figure(f"WHERE {title}", "a generator expression by hand", "M/s", Goal(">=", 0.5), partial(where, text, by_hand))
    for title, text, by_hand in (
        ("ThreadCount > 50", "ThreadCount > 50", _number),
        ("Name = 'POSTGRES'", "Name = 'POSTGRES'", _text),
        ("CommandLine LIKE '%postgres%'", "CommandLine LIKE '%postgres%'", _like),
        ("of four terms, AND and OR", AND_OR, _and_or),
    )
]
