"""The program that the crash test kills: it forks a child for each run, which works on a repository until it dies.

It reads lines `seed has_saved file` and writes what its children say: `pid N`, then `begin N`, `put N I` for each put
of a group that is on the disk, `done N`; and, after an empty line, `end` when the child is gone. What a child does
follows from its line.
"""

from __future__ import annotations

import asyncio
import os
import random
import sys
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import TypeAlias

from tests.repository.lamps import LAMP, NAMESPACE, UINT32, cim_class, lamp, put, put_class, repository

import openwmi.engine.mofload
import openwmi.engine.writing
from openwmi import connect
from openwmi.model import CimClass, Property
from openwmi.repository import Repository, maintenance, opening, transaction, writer
from openwmi.repository.transaction import Transaction

NAMES = [f"lamp {number}" for number in range(120)]
SAVED = "saved.db"
_KINDS = ["puts"] * 5 + ["list"] * 4 + ["delete", "change", "load", "load", "mof", "compact", "backup", "restore"]

Lamps: TypeAlias = dict[str, int]


@dataclass(frozen=True)
class Deed:
    """Something that a child does: all of it or nothing, but for the single puts of a group."""

    number: int
    kind: str
    lamps: tuple[tuple[str, int], ...] = ()
    version: int = 0


@dataclass
class State:
    """What is in the repository.

    Attributes:
        version: of the class of the lamps; an odd one has one property more.
        loaded: what was loaded: class -> its version, which its instances have, too.
    """

    lamps: Lamps = field(default_factory=dict)
    version: int = 0
    loaded: dict[str, int] = field(default_factory=dict)

    def after(self, deed: Deed, saved: State) -> State:
        lamps, version, loaded = dict(self.lamps), self.version, dict(self.loaded)
        if deed.kind in {"puts", "list"}:
            lamps.update(deed.lamps)
        elif deed.kind == "delete":
            for name, _ in deed.lamps:
                lamps.pop(name, None)
        elif deed.kind == "change":
            version = deed.version
        elif deed.kind in {"load", "mof"}:
            loaded[_loaded_name(deed)] = deed.version
        elif deed.kind == "restore":
            return saved
        return State(lamps, version, loaded)


def deeds(seed: int, has_saved: bool) -> Iterator[Deed]:
    chance = random.Random(seed)
    for number in range(10_000):
        kind = chance.choice(_KINDS)
        if kind == "restore" and not has_saved:
            kind = "backup"
        has_saved = has_saved or kind == "backup"
        names = chance.sample(NAMES, chance.randint(1, 30))
        stamp = seed * 10_000 + number
        yield Deed(number, kind, tuple((name, stamp) for name in names), stamp)


def lamp_class(version: int) -> CimClass:
    more = [Property("Extra", UINT32)] if version % 2 else []
    return cim_class("Lamp", *LAMP.properties, *more, Property("Version", UINT32, version))


def loaded_class(name: str, version: int) -> CimClass:
    return cim_class(name, *LAMP.properties, Property("Version", UINT32, version))


def observed(where: Repository) -> State:
    """What a reader finds."""
    reader = where.reader(NAMESPACE)
    state = State()
    for name in reader.schema.names():
        class_ = reader.find(name)
        assert class_ is not None
        if name != "Lamp" and not name.startswith("Loaded"):
            continue
        version = class_["Version"]
        assert isinstance(version, int)
        found, after = reader.page(class_, None, 1000)
        assert after is None
        rows = {each.Name: each.Watts for each in found}
        assert len(rows) == len(found)
        if name == "Lamp":
            state.version, state.lamps = version, rows
            assert ("Extra" in class_) == bool(version % 2)
        else:
            if name.endswith("mof"):  # the engine lets no class change that has instances
                version = rows["0"]
            assert rows == {f"{number}": version for number in range(LOADED)}, name
            state.loaded[name] = version
    return state


LOADED = 7
WARM = (openwmi.engine.mofload, openwmi.engine.writing, opening, transaction, writer)
"""What is imported when it is needed, so that not every child has to."""


def _loaded_name(deed: Deed) -> str:
    return f"Loaded{deed.version % 5}{deed.kind}"


# ------------------------------------------------------------------------------------------------------------ the child


async def work(seed: int, has_saved: bool, file: Path) -> None:
    where = repository(file)
    for deed in deeds(seed, has_saved):
        _tell(f"begin {deed.number}")
        if deed.kind == "puts":
            await asyncio.gather(*[_put(where, deed, place) for place in range(len(deed.lamps))])
        elif deed.kind in {"compact", "backup", "restore"}:
            where.close()
            _maintain(deed.kind, file)
        elif deed.kind == "mof":
            where.close()
            async with connect(NAMESPACE, providers=[], repository=file) as namespace:
                await namespace.load_mof(_mof(deed))
        else:
            await where.write(lambda transaction, deed=deed: _carry_out(transaction, deed))  # type: ignore[misc]  # bound early
        _tell(f"done {deed.number}")


async def _put(where: Repository, deed: Deed, place: int) -> None:
    name, value = deed.lamps[place]
    await where.write(lambda transaction: put(transaction, lamp(name, value)))
    _tell(f"put {deed.number} {place}")


def _maintain(kind: str, file: Path) -> None:
    if kind == "compact":
        maintenance.compact(file)
    elif kind == "backup":
        maintenance.backup(file, file.with_name(SAVED), overwrite=True)
    else:
        maintenance.restore(file, file.with_name(SAVED))


def _carry_out(transaction: Transaction, deed: Deed) -> None:
    draft = transaction.namespace(NAMESPACE)
    if deed.kind == "list":
        put(transaction, *[lamp(name, value) for name, value in deed.lamps])
    elif deed.kind == "delete":
        class_ = draft.find("Lamp")
        assert class_ is not None
        for name, _ in deed.lamps:
            found = draft.get(class_, {"Name": name})
            if found is not None:
                draft.delete_instance(found)
    elif deed.kind == "change":
        put_class(transaction, lamp_class(deed.version))
    else:
        class_ = loaded_class(_loaded_name(deed), deed.version)
        put_class(transaction, class_)
        put(transaction, *[lamp(f"{number}", deed.version, class_) for number in range(LOADED)])


def _mof(deed: Deed) -> str:
    name = _loaded_name(deed)
    instances = [f'instance of {name} {{ Name = "{number}"; Watts = {deed.version}; }};' for number in range(LOADED)]
    return f"""
        Qualifier Key : boolean = false, Scope(property, reference), Flavor(DisableOverride, ToSubclass);
        class {name} {{ [Key] string Name; uint32 Watts; string Room; uint32 Version = 0; }};
        {" ".join(instances)}
    """


def _tell(line: str) -> None:
    os.write(1, f"{line}\n".encode())


def main() -> None:
    while line := sys.stdin.readline():
        seed, has_saved, file = line.rstrip("\n").split(" ", 2)
        child = os.fork()
        if not child:
            try:
                asyncio.run(work(int(seed), has_saved == "True", Path(file)))
            except BaseException as error:  # noqa: BLE001 - whatever it is, the test has to see it
                _tell(f"failed {error!r}")
                os._exit(1)
        _tell(f"pid {child}")
        sys.stdin.readline()
        os.waitpid(child, 0)
        _tell("end")


if __name__ == "__main__":
    main()
