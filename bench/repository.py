"""Instances that are stored: to enumerate, to get, to query, to associate and to put them.

The peer of reading is pywbem's server, which keeps its instances in memory; ours come from the repository's file. What
is written is measured beside ourselves, and beside what the disk does at best.
"""

from __future__ import annotations

import asyncio
import os
import random
import re
from collections import Counter
from collections.abc import Callable, Coroutine, Iterable, Iterator
from contextlib import contextmanager
from functools import cache
from pathlib import Path
from typing import Any, TypeAlias

from bench.alike import differences, plain
from bench.figure import Figure, Goal, Timed, in_turns, scratch
from bench.mofs import CREATE_NAMESPACE, NAMESPACE
from bench.peer import answering
from openwmi import connect
from openwmi.model import CimClass, CimInstance
from openwmi.session import Namespace

INSTANCES = 10_000
MANY = 100_000
FEW = 100
GETS = 1_000
QUERIES = 500
ASSOCIATIONS = 1_000
SINGLE_PUTS = 300
PUT_AT_ONCE = 1_000
A_TRANSACTION = 10_000

CLASS = "Bench_Item"
KEY = "Id"
MOF = """
Qualifier Key : boolean = false, Scope(property, reference), Flavor(DisableOverride, ToSubclass);
Qualifier Association : boolean = false, Scope(association), Flavor(DisableOverride, ToSubclass);
class Bench_Item {
    [Key] string Id;
    uint32 Number;
    uint64 Size;
    sint32 Offset;
    boolean Enabled;
    real64 Share;
    datetime Changed;
    string Caption;
    string Words[];
    uint16 Codes[];
};
[Association] class Bench_Link {
    [Key] Bench_Item ref Antecedent;
    [Key] Bench_Item ref Dependent;
};
"""

Values: TypeAlias = dict[str, Any]


def key(number: int) -> str:
    return f"item-{number:06}"


def values(number: int) -> Values:
    """Those of one instance; a list of them is the same each time."""
    return {
        "Id": key(number),
        "Number": number,
        "Size": number << 20,
        "Offset": -number,
        "Enabled": number % 3 == 0,
        "Share": number / 7,
        "Changed": f"20240131{number % 24:02}{number % 60:02}00.{number:06}+060",
        "Caption": None if number % 20 == 0 else f"what people call item {number}",
        "Words": ["a", "few", f"words-{number % 100}"],
        "Codes": [number % 7, number % 11, 65535],
    }


def some_keys(number: int, among: int) -> list[str]:
    chance = random.Random(1)  # noqa: S311 - the same each time
    return [key(chance.randrange(among)) for _ in range(number)]


class Store:
    """A repository in a file, and the loop in which it is asked."""

    def __init__(self, path: Path) -> None:
        self._path = str(path)
        self._runner = asyncio.Runner()
        self._added = 0
        self.run(self._create())
        self.namespace: Namespace = self.run(self._open())

    def run(self, work: Coroutine[Any, Any, Any]) -> Any:
        return self._runner.run(work)

    def timed(self, work: Callable[[], Coroutine[Any, Any, object]]) -> Timed:
        """For `in_turns`."""
        return lambda: self.run(work())

    async def _create(self) -> None:
        async with connect("root", repository=self._path) as root:
            await root.load_mof(CREATE_NAMESPACE)

    async def _open(self) -> Namespace:
        namespace = await connect(NAMESPACE, repository=self._path)
        await namespace.load_mof(MOF)
        return namespace

    def close(self) -> None:
        self.run(self.namespace.close())
        self._runner.close()

    def fill(self, number: int) -> None:
        """With that many instances of the class."""
        while self._added < number:
            self.run(self.put_at_once(self.new(min(A_TRANSACTION, number - self._added))))

    def new(self, number: int) -> list[CimInstance]:
        """Instances that are not stored yet."""
        class_ = self.run(self._class())
        first, self._added = self._added, self._added + number
        return [class_.instance(values(each)) for each in range(first, self._added)]

    async def _class(self) -> CimClass:
        found: CimClass = await self.namespace.get(CLASS)
        return found

    async def put_at_once(self, instances: list[CimInstance]) -> None:
        await self.namespace.put(instances)

    async def put_one_by_one(self, instances: Iterable[CimInstance]) -> None:
        for instance in instances:
            await self.namespace.put(instance)

    async def get(self, wanted: Iterable[str]) -> list[CimInstance]:
        return [await self.namespace.get(f'{CLASS}.{KEY}="{each}"') for each in wanted]

    async def query(self, wanted: Iterable[str]) -> int:
        """Each in a text of its own, spaces apart: the plan of one that comes again is kept."""
        found, before = 0, Counter[str]()
        for each in wanted:
            text = f'SELECT * FROM {CLASS} WHERE {KEY} = "{each}"'  # noqa: S608 - WQL
            found += len(await self.namespace.query(text + " " * before[each]))
            before[each] += 1
        return found


@contextmanager
def store(number: int, folder: Path | None = None) -> Iterator[Store]:
    """A repository with that many instances, in a folder of its own unless one is given."""
    with scratch() as made:
        opened = Store((folder or made) / f"repository-{number}")
        try:
            opened.fill(number)
            yield opened
        finally:
            opened.close()


# To read, beside pywbem.


@cache
def reading() -> dict[str, tuple[float, float]]:
    """Instances a second, and gets."""
    wanted = some_keys(GETS, INSTANCES)
    with store(INSTANCES) as here, answering("pywbem", "instances_pywbem.py") as ask:
        instances = list(map(values, range(INSTANCES)))
        ask({"mof": MOF, "class": CLASS, "key": KEY, "wanted": wanted, "instances": instances})
        _same_values(here, ask("values"))

        async def enumerate_ours() -> None:
            _expect("instances", len([_made(each) async for each in here.namespace.instances(CLASS)]), INSTANCES)

        async def get_ours() -> None:
            _expect("gets", len([_made(each) for each in await here.get(wanted)]), GETS)

        enumerated = in_turns(
            here.timed(enumerate_ours), lambda: _expect("pywbem's instances", ask("enumerate"), INSTANCES), 3
        )
        got = in_turns(here.timed(get_ours), lambda: _expect("pywbem's gets", ask("get"), GETS), 5)
    return {
        "enumerate": (INSTANCES / enumerated[0], INSTANCES / enumerated[1]),
        "get": (GETS / got[0], GETS / got[1]),
    }


def _made(instance: CimInstance) -> list[object]:
    """Each of its values, since pywbem's instances have theirs."""
    return [instance.store_[position] for position in range(len(instance.store_))]


def _same_values(here: Store, there: list[Values]) -> None:
    async def read() -> list[Values]:
        return [{name: plain(each[name]) for name in each} async for each in here.namespace.instances(CLASS)]

    ours, theirs = ({each[KEY]: each for each in found} for found in (here.run(read()), there))
    _expect("instances that both have", len(ours.keys() & theirs.keys()), INSTANCES)
    if found := next(differences(ours, theirs), None):
        raise SystemExit(f"pywbem reads something else: {found}")


def _expect(what: str, found: int, number: int) -> None:
    if found != number:
        raise SystemExit(f"{what}: found {found:,}, and there are {number:,}")


# To associate.


def _dependent(number: int) -> int:
    """Where the link of an item leads; each item is led to once."""
    return (number * 7_919 + 1) % INSTANCES


async def _link(namespace: Namespace) -> None:
    class_ = await namespace.get("Bench_Link")
    paths = [f'{CLASS}.{KEY}="{key(number)}"' for number in range(INSTANCES)]
    await namespace.put(
        [
            class_.instance({"Antecedent": path, "Dependent": paths[_dependent(number)]})
            for number, path in enumerate(paths)
        ]
    )


async def _associators(namespace: Namespace, wanted: Iterable[int]) -> list[set[str]]:
    return [
        {each[KEY] for each in await namespace.query(f'ASSOCIATORS OF {{{CLASS}.{KEY}="{key(number)}"}}')}
        for number in wanted
    ]


def associators() -> tuple[float, float]:
    """Queries a second; each has two results, or one where the two are the same."""
    wanted = random.Random(1).sample(range(INSTANCES), ASSOCIATIONS)  # noqa: S311 - the same each time
    leads_here = {_dependent(number): number for number in range(INSTANCES)}
    right = [{key(_dependent(number)), key(leads_here[number])} for number in wanted]
    with store(INSTANCES) as here:
        here.run(_link(here.namespace))
        if here.run(_associators(here.namespace, wanted)) != right:
            raise SystemExit("ASSOCIATORS OF finds others than were linked")
        seconds, _ = in_turns(here.timed(lambda: _associators(here.namespace, wanted)), int, 3)
    return ASSOCIATIONS / seconds, 0


# To query by key.


def key_query() -> tuple[float, float]:
    """Microseconds a query."""
    with store(MANY) as many, store(FEW) as few:

        def asked(here: Store, among: int) -> Timed:
            wanted = some_keys(QUERIES, among)
            return lambda: _expect("queries by key", here.run(here.query(wanted)), QUERIES)

        seconds = in_turns(asked(many, MANY), asked(few, FEW), 5)
    return seconds[0] / QUERIES * 1e6, seconds[1] / QUERIES * 1e6


# To put.


def at_once() -> tuple[float, float]:
    """Puts a second. None is of an instance that is there already, and making them is not counted."""
    turns = 5
    with store(FEW) as here:
        together = iter([here.new(PUT_AT_ONCE) for _ in range(turns + 1)])
        alone = iter([here.new(SINGLE_PUTS) for _ in range(turns + 1)])
        seconds = in_turns(
            here.timed(lambda: here.put_at_once(next(together))),
            here.timed(lambda: here.put_one_by_one(next(alone))),
            turns,
        )
    return PUT_AT_ONCE / seconds[0], SINGLE_PUTS / seconds[1]


def durable() -> tuple[float, float]:
    """Puts a second, beside writes of as many octets, each followed by fdatasync, at the end of a file."""
    turns = 5
    with scratch() as folder, store(FEW, folder) as here, (folder / "beside").open("wb", buffering=0) as beside:
        alone = iter([here.new(SINGLE_PUTS) for _ in range(turns + 2)])
        before = _octets_written()
        here.run(here.put_one_by_one(next(alone)))
        octets = os.urandom((_octets_written() - before) // SINGLE_PUTS or PAGE)
        sync = getattr(os, "fdatasync", os.fsync)

        def bare() -> None:
            for _ in range(SINGLE_PUTS):
                beside.write(octets)
                sync(beside.fileno())

        seconds = in_turns(here.timed(lambda: here.put_one_by_one(next(alone))), bare, turns)
    return SINGLE_PUTS / seconds[0], SINGLE_PUTS / seconds[1]


PAGE = 4096  # octets that a database writes at least, where nobody counts them


def _octets_written() -> int:
    """What this process has handed to the kernel so far; 0 where the kernel does not say."""
    try:
        found = re.search(r"wchar: (\d+)", Path("/proc/self/io").read_text("ascii"))
    except OSError:
        found = None
    return int(found[1]) if found else 0


FIGURES = [
    Figure(
        f"{INSTANCES:,} stored instances, enumerated",
        "pywbem, in memory",
        "/s",
        Goal(">=", 15),
        lambda: reading()["enumerate"],
    ),
    Figure(f"one of {INSTANCES:,} by its key", "pywbem, in memory", "/s", Goal(">=", 5), lambda: reading()["get"]),
    Figure(f"ASSOCIATORS OF, {INSTANCES:,} associations", "", "/s", Goal(">=", 1000, "/s"), associators),
    Figure(f"a query by key, {MANY:,} instances", f"{FEW} instances", "us", Goal("<=", 2), key_query),
    Figure(f"{PUT_AT_ONCE:,} puts in one transaction", "each its own", "/s", Goal(">=", 15), at_once),
    Figure("durable puts, each its own", "write and fdatasync", "/s", Goal(">=", 0.6), durable),
]
