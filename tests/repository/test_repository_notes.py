"""Notes of what was written: of what somebody wants to know, in the order of the commits, and of nothing else."""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Callable
from functools import partial
from pathlib import Path

import pytest
from tests.repository.lamps import LAMP, LINK, NAMESPACE, delete, fill, lamp, put, put_class, repository

from openwmi.base.case import fold
from openwmi.model import CimClass, CimInstance, Property
from openwmi.repository import Interest, Note, Repository
from openwmi.repository.noting import Noted
from openwmi.repository.transaction import Changes, Transaction

ALL = Interest(None, True, True)
LAMPS = Interest(frozenset({"lamp"}))


class Watcher:
    """Remembers what it is told."""

    def __init__(self, where: Repository, interest: Interest = ALL, namespace: str = NAMESPACE) -> None:
        self.notes: list[Note] = []
        where.watch({fold(namespace): interest}, self._told)

    def _told(self, changes: Changes) -> None:
        self.notes += changes.notes

    def taken(self) -> list[str]:
        notes, self.notes = self.notes, []
        return [f"{_shown(note.before)} > {_shown(note.after)}" for note in notes]


def _shown(what: Noted | None) -> str:
    if isinstance(what, CimInstance):
        return "=".join(str(each) for each in what.values_[:2])
    return what.name if isinstance(what, CimClass) else what or "-"


@pytest.fixture(params=["file", "memory"])
def place(request: pytest.FixtureRequest, tmp_path: Path) -> Path | None:
    return tmp_path / "repository.db" if request.param == "file" else None


async def filled(place: Path | None) -> Repository:
    where = repository(place)
    await where.write(lambda transaction: fill(transaction, 2))
    return where


def whole(*instances: CimInstance) -> Callable[[Transaction], None]:
    def change(transaction: Transaction) -> None:
        draft = transaction.namespace(NAMESPACE)
        class_ = draft.find(instances[0].class_.name)
        assert class_ is not None
        draft.put_whole(class_, [CimInstance(class_, each.values_) for each in instances])

    return change


async def test_instances_are_noted_with_what_they_were(place: Path | None) -> None:
    where = await filled(place)
    watcher = Watcher(where)
    await where.write(lambda transaction: put(transaction, lamp("new", 5), lamp("L0", 6), lamp("l1", 1)))
    assert watcher.taken() == ["- > new=5", "l0=0 > L0=6"], "l1 is what it was"
    await where.write(lambda transaction: delete(transaction, LAMP, Name="NEW"))
    assert watcher.taken() == ["new=5 > -"]


async def test_those_that_are_put_whole_as_well(place: Path | None) -> None:
    where = await filled(place)
    watcher = Watcher(where)
    await where.write(whole(lamp("x", 1), lamp("l0", 0), lamp("l1", 7), lamp("X", 2), lamp("x", 2)))
    assert watcher.taken() == ["- > x=1", "l1=1 > l1=7", "x=1 > X=2", "X=2 > x=2"], "case is a difference of values"


async def test_classes_are_noted_if_they_change(place: Path | None) -> None:
    where = await filled(place)
    watcher = Watcher(where)
    spot = LAMP.derive("Spot")
    await where.write(lambda transaction: put_class(transaction, spot))
    await where.write(lambda transaction: put_class(transaction, spot))
    assert watcher.taken() == ["- > Spot"]
    wider = LAMP.derive("Spot", [Property("Angle", LAMP.properties[1].type)])
    await where.write(lambda transaction: put_class(transaction, wider))
    await where.write(lambda transaction: put(transaction, lamp("s", 1, wider)))
    assert watcher.taken() == ["Spot > Spot", "- > s=1"]
    await where.write(lambda transaction: transaction.namespace(NAMESPACE).delete_class("Spot"))
    assert watcher.taken() == ["s=1 > -", "Spot > -"]


async def test_a_class_that_goes_along_is_not_noted_and_its_instances_are(place: Path | None) -> None:
    where = await filled(place)
    spot = LAMP.derive("Spot")
    await where.write(lambda transaction: put_class(transaction, spot))
    await where.write(lambda transaction: put(transaction, lamp("s", 1, spot)))
    watcher = Watcher(where)

    def change(transaction: Transaction) -> None:
        draft = transaction.namespace(NAMESPACE)
        draft.delete_class("Spot", along=True)
        draft.delete_class("Link")
        draft.delete_class("Lamp")

    await where.write(change)
    assert [each for each in watcher.taken() if "Lamp.Name" not in each] == [
        "s=1 > -",
        "Link > -",
        "l0=0 > -",
        "l1=1 > -",
        "Lamp > -",
    ]


async def test_namespaces_are_noted_where_they_are_in(place: Path | None) -> None:
    where = await filled(place)
    watcher = Watcher(where)
    await where.write(lambda transaction: transaction.create_namespace(rf"{NAMESPACE}\One"))
    await where.write(lambda transaction: transaction.create_namespace(rf"{NAMESPACE}\One\Two"))
    await where.write(lambda transaction: transaction.create_namespace(r"root\other"))
    await where.write(lambda transaction: transaction.delete_namespace(rf"{NAMESPACE}\ONE"))
    assert watcher.taken() == ["- > One", "One > -"]


async def test_only_what_is_wanted_is_noted(place: Path | None) -> None:
    where = await filled(place)
    spot, desk = LAMP.derive("Spot"), CimClass("Desk", properties=LAMP.properties, namespace=NAMESPACE, server="here")
    watcher = Watcher(where, LAMPS)

    def change(transaction: Transaction) -> None:
        put_class(transaction, spot)
        put_class(transaction, desk)
        put(transaction, lamp("s", 1, spot), lamp("d", 1, desk), lamp("l", 1))
        transaction.namespace(NAMESPACE).delete_class("Desk")
        transaction.create_namespace(rf"{NAMESPACE}\one")

    await where.write(change)
    assert watcher.taken() == ["- > s=1", "- > l=1"]
    other = Watcher(where, ALL, r"root\default")
    await where.write(lambda transaction: put(transaction, lamp("m", 1)))
    assert (watcher.taken(), other.taken()) == ([], []), "and by one watcher alone"


async def test_a_change_that_failed_leaves_no_note(place: Path | None) -> None:
    where = await filled(place)
    watcher = Watcher(where)

    def fail(transaction: Transaction) -> None:
        put(transaction, lamp("lost", 1))
        raise ValueError

    changes: list[Callable[[Transaction], None]] = [
        partial(lambda number, transaction: put(transaction, lamp(f"x{number}", number)), number) for number in range(9)
    ]
    changes[4] = fail
    await asyncio.gather(*[where.write(each) for each in changes], return_exceptions=True)
    assert watcher.taken() == [f"- > x{number}={number}" for number in range(9) if number != 4], "in their order"


async def test_the_watcher_is_told_before_the_caller_and_sees_what_was_written(place: Path | None) -> None:
    where = await filled(place)
    order: list[object] = []

    def told(changes: Changes) -> None:
        class_ = where.reader(NAMESPACE).find("Lamp")
        assert class_ is not None
        found = where.reader(NAMESPACE).get(class_, {"Name": "new"})
        order.append((len(changes.notes), found and found["Watts"]))

    where.watch({NAMESPACE: ALL}, told)
    await where.write(lambda transaction: put(transaction, lamp("new", 5)))
    order.append("caller")
    assert order == [(1, 5), "caller"]


async def test_a_watcher_that_fails_hurts_nobody(place: Path | None, caplog: pytest.LogCaptureFixture) -> None:
    where = await filled(place)

    def fail(changes: Changes) -> None:
        raise RuntimeError("no")

    where.watch({NAMESPACE: ALL}, fail)
    await where.write(lambda transaction: put(transaction, lamp("new", 5)))
    assert "whoever watches the repository failed: RuntimeError" in caplog.text
    where.watch({}, None)
    caplog.set_level(logging.INFO)
    await where.write(lambda transaction: put(transaction, lamp("new", 6)))
    assert caplog.text.count("RuntimeError") == 1


async def test_settled_waits_for_what_is_under_way_and_for_nothing_else(tmp_path: Path) -> None:
    file = tmp_path / "repository.db"
    where = repository(file)
    await where.settled()
    assert not file.exists(), "it makes no file"
    await where.write(lambda transaction: fill(transaction, 2))
    watcher = Watcher(where)
    writing = asyncio.ensure_future(where.write(lambda transaction: put(transaction, lamp("new", 5))))
    await asyncio.sleep(0)
    await where.settled()
    assert watcher.taken() == ["- > new=5"]
    await writing
    where.close()


async def test_settled_opens_no_transaction_of_its_own(tmp_path: Path) -> None:
    where = await filled(tmp_path / "repository.db")
    turns = where._writer._turns if where._writer else 0
    failing = asyncio.ensure_future(where.write(lambda transaction: put_class(transaction, LINK)))
    await asyncio.gather(where.settled(), where.settled(), failing)
    assert where._writer is not None
    assert where._writer._turns == turns
    assert where._under_way == 0


async def test_rumours_are_of_others(tmp_path: Path) -> None:
    where, other = await filled(tmp_path / "repository.db"), repository(tmp_path / "repository.db")
    where.reader(NAMESPACE)
    before = where.rumours
    for number in range(3):
        await where.write(partial(lambda number, transaction: put(transaction, lamp("x", number)), number))
        where.reader(NAMESPACE)
    assert where.rumours == before
    await other.write(lambda transaction: put(transaction, lamp("theirs", 1)))
    other.close()
    where.reader(NAMESPACE)
    assert where.rumours > before
    before = where.rumours
    where.reader(NAMESPACE)
    assert where.rumours == before
    where.close()
