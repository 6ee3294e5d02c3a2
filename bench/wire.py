"""Rows over the wire: what other people's clients reach against a server of ours, on loopback, NTLM, a row a call.

Beside it what they reach with the same octets from memory, where nothing is left but their own decoder: the ratio is
what they keep of it. There is no goal, since it is their speed.
"""

from __future__ import annotations

import asyncio
from collections.abc import Iterator
from functools import partial
from pathlib import Path
from tempfile import TemporaryDirectory

import pytest
from tests.interop.peer import logged_in
from tests.interop.serving import in_process

from bench.figure import Figure, Printed
from openwmi.engine import Engine, Provider, Request, Row, shipped_class
from openwmi.model import CimClass

ROWS = CimClass("Bench_Process", properties=shipped_class("Win32_Process").properties)
VALUES = {
    "string": "a text of an ordinary length",
    "datetime": "20240131120000.123456+060",
    "uint16": 4,
    "uint32": 4711,
    "uint64": 1 << 40,
}


class Rows(Provider):
    """As many rows as one wants, each with a value in all 45 properties of Win32_Process."""

    cim_class = ROWS

    def __init__(self, count: int) -> None:
        values = {prop.name: prop.type.check(VALUES[prop.type.cim.keyword]) for prop in ROWS.properties}
        self._rows = [{**values, "Handle": str(number), "ProcessId": number} for number in range(count)]

    def instances(self, request: Request) -> Iterator[Row]:  # noqa: ARG002 - of any provider
        return iter(self._rows)


def rates(package: str, count: int, times: int, **how: object) -> tuple[float, float]:
    """Rows a second, the best of a few times."""
    try:
        answer = asyncio.run(_ask(package, count, times, how))
    except pytest.skip.Exception as missing:
        raise SystemExit(f"{missing}: `make bench` installs it") from None
    if answer["rows"] != count:
        raise SystemExit(f"{package} was sent {count} rows and read {answer['rows']:g}")
    return count / answer["seconds"], count / answer["alone"]


async def _ask(package: str, count: int, times: int, how: dict[str, object]) -> dict[str, float]:
    with TemporaryDirectory() as folder:
        async with (
            in_process(Engine("SRV1", [Rows(count)]), Path(folder) / "users") as (_, port),
            logged_in(package, port) as client,
        ):
            answers = [await client.do("rate", text="SELECT * FROM Bench_Process", **how) for _ in range(times)]
    return min(answers, key=lambda answer: float(answer["seconds"]))


FIGURES = [
    Figure(f"{count:,} rows of 45 properties to {title}", "its decoder alone", "/s", Printed(), measure)
    for title, count, measure in (
        ("aiowmi, smart", 2000, partial(rates, "aiowmi", 2000, 3, smart=True)),
        ("aiowmi, plain", 2000, partial(rates, "aiowmi", 2000, 3, smart=False)),
        ("impacket", 100, partial(rates, "impacket", 100, 1)),
    )
]
