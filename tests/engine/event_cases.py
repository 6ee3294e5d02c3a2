"""Reads the cases of events (events.test says how they are written) and plays them."""

from __future__ import annotations

import asyncio
from collections.abc import Iterable
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

from openwmi.base.error import WbemError
from openwmi.base.status import WbemStatus
from openwmi.engine import Engine, Provider, Request, Row
from openwmi.model import CimClass, CimInstance
from openwmi.mof import parse, resolve
from openwmi.operation import Operation
from openwmi.session import Namespace

NAMESPACE = r"root\cimv2"
START = datetime(2026, 5, 1, 12, 0, 0, tzinfo=UTC)
"""When the fake clock is at 0."""


@dataclass
class Step:
    number: int
    verb: str
    text: str


@dataclass
class Case:
    title: str
    steps: list[Step] = field(default_factory=list)

    @property
    def shares_a_file(self) -> bool:
        """Whether another program has a part in it."""
        return any(step.verb == "elsewhere" for step in self.steps)


def read_cases(file: Path) -> list[Case]:
    cases: list[Case] = []
    for number, line in enumerate(file.read_text(encoding="utf-8").splitlines(), 1):
        verb, _, text = line.strip().partition(" ")
        if not verb or verb == "#":
            continue
        if verb == "case":
            cases.append(Case(text))
        elif line.startswith(" "):
            cases[-1].steps[-1].text += "\n" + line.strip()
        else:
            assert verb in VERBS, f"{file.name}:{number}: {line}"
            cases[-1].steps.append(Step(number, verb, text.strip()))
    return cases


class Fans(Provider):
    """Gives what the case says, or fails, or hangs for a while."""

    mof = """
        class Demo_Thing { [Key] string Name; };
        [Dynamic, Provider("Fans")] class Demo_Fan : Demo_Thing { uint32 Speed; string Note; };
    """

    def __init__(self) -> None:
        self.rows: list[Row] = []
        self.failure: WbemStatus | None = None
        self.seconds = 0.0
        self.asked = 0

    async def instances(self, request: Request) -> list[Row]:
        self.asked += 1
        rows = list(self.rows)
        await asyncio.sleep(self.seconds)
        if self.failure is not None:
            raise WbemError(self.failure, "as the case says")
        return rows


class Player:
    """Plays one case: each verb of the file is a method."""

    def __init__(self, file: Path | None) -> None:
        self._file = file
        self._fans = Fans()
        self._loop = asyncio.get_running_loop()
        self._engine = self._engine_of(self._fans)
        self._ns = self._connected(NAMESPACE)
        self._other: Engine | None = None
        self._watchers: dict[str, Operation[Any]] = {}
        self._current = ""

    def close(self) -> None:
        for operation in self._watchers.values():
            operation.close()
        self._engine.close()
        if self._other is not None:
            self._other.close()

    async def play(self, case: Case) -> None:
        for step in case.steps:
            try:
                await getattr(self, f"do_{step.verb}")(step.text)
            except (AssertionError, WbemError) as error:
                error.add_note(f"in line {step.number}: {step.verb} {step.text}")
                raise

    async def do_mof(self, text: str) -> None:
        await self._ns.load_mof(text)

    async def do_delete(self, path: str) -> None:
        await self._ns.delete(path)

    async def do_emit(self, text: str) -> None:
        await self._ns.emit(self._instances(text))

    async def do_cannot(self, text: str) -> None:
        """`cannot emit STATUS what`"""
        verb, status, what = text.split(" ", 2)
        try:
            await getattr(self, f"do_{verb}")(what)
        except WbemError as error:
            assert error.status == WbemStatus[status], error
            return
        raise AssertionError(f"{verb} succeeded")

    async def do_elsewhere(self, text: str) -> None:
        """Another program writes into the same file."""
        assert self._file is not None
        if self._other is None:
            self._other = self._engine_of(Fans())
        ns = Namespace(self._other.session(NAMESPACE))
        verb, _, what = text.partition(" ")
        await (ns.delete(what) if verb == "delete" else ns.load_mof(what))
        self._other.close()

    async def do_fans(self, text: str) -> None:
        """`fans name=speed …`: what the provider has from now on; `fail STATUS`, `take SECONDS` how it behaves."""
        verb, _, what = text.partition(" ")
        if verb == "fail":
            self._fans.failure = WbemStatus[what] if what else None
        elif verb == "take":
            self._fans.seconds = float(what)
        else:
            pairs = [each.split("=") for each in text.split()]
            self._fans.rows = [{"Name": name, "Speed": int(speed)} for name, speed in pairs]

    async def do_asked(self, text: str) -> None:
        """How often the provider has been asked."""
        assert self._fans.asked == int(text)

    async def do_watch(self, text: str) -> None:
        name, query = ("", text) if text.startswith(("SELECT", "in:")) else text.split(" ", 1)
        where, _, rest = query.partition(" ")
        ns = self._ns
        if where.startswith("in:"):
            ns, query = self._connected(rf"root\{where[3:]}"), rest
        self._current = name
        self._watchers[name] = operation = ns.events(query)
        await operation.started()

    async def do_refused(self, text: str) -> None:
        """A query that cannot be subscribed to: the status, a part of the message behind a colon, and the query."""
        expected, _, query = text.partition("\n")
        status, _, message = expected.partition(": ")
        try:
            await self._ns.events(query).started()
        except WbemError as error:
            assert error.status == WbemStatus[status], error
            assert message in error.message, error
            return
        raise AssertionError("it was subscribed to")

    async def do_to(self, name: str) -> None:
        """Whose events are meant from here on."""
        assert name in self._watchers
        self._current = name

    async def do_event(self, text: str) -> None:
        batch = await self._watchers[self._current].next(1, timeout=0)
        assert batch, "there is no event"
        assert shown(batch[0]) == text

    async def do_nothing(self, _: str) -> None:
        batch = await self._watchers[self._current].next(1, timeout=0)
        assert [shown(each) for each in batch] == []

    async def do_wait(self, seconds: str) -> None:
        await asyncio.sleep(float(seconds))

    async def do_ends(self, status: str) -> None:
        assert await self._watchers[self._current].status(timeout=1) == WbemStatus[status]

    async def do_close(self, name: str) -> None:
        self._watchers.pop(name).close()
        await asyncio.sleep(0.001)

    async def do_timers(self, text: str) -> None:
        """How many events there are by now, and how many firings they stand for."""
        events = await self._watchers[self._current].next(10_000, timeout=0)
        assert f"{len(events)} {sum(each.NumFirings for each in events)}" == text

    def _instances(self, text: str) -> list[CimInstance]:
        def find(namespace: str, name: str) -> CimClass | None:
            return self._engine._repository.reader(namespace).find(name)

        return list(resolve(parse(text, "the case"), find, NAMESPACE).instances)

    def _engine_of(self, fans: Fans) -> Engine:
        return Engine("HOST1", [fans], (), self._file, lambda: START + timedelta(seconds=self._loop.time()))

    def _connected(self, namespace: str) -> Namespace:
        return Namespace(self._engine.session(namespace))


VERBS = [name.removeprefix("do_") for name in vars(Player) if name.startswith("do_")]


def shown(event: CimInstance) -> str:
    """An event on one line: its class, and its values without TIME_CREATED and what is NULL."""
    assert [event[name] for name in ("__PATH", "__RELPATH", "__NAMESPACE", "__SERVER")] == [None] * 4
    values = [f"{name}={_value(value)}" for name, value in _given(event) if name != "TIME_CREATED"]
    return " ".join([event.class_.name, *values])


def _given(instance: CimInstance) -> Iterable[tuple[str, Any]]:
    return [(name, instance[name]) for name in instance if instance[name] is not None]


def _value(value: object) -> str:
    if isinstance(value, CimClass):
        return f"class {value.name}({','.join(value.names)})"
    if isinstance(value, CimInstance):
        assert str(value["__PATH"]).startswith("\\\\HOST1\\"), "what is in an event is where it is"
        inside = ",".join(f"{name}={_value(each)}" for name, each in _given(value))
        return f"{value.class_.name}{{{inside}}}"
    return f'"{value}"' if isinstance(value, str) else str(value)
