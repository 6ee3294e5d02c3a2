"""The thread that writes, and what readers see of it: groups, callers that go, loops that end, rights given back."""

from __future__ import annotations

import asyncio
import gc
import logging
import os
import threading
import weakref
from collections.abc import Callable
from functools import partial
from pathlib import Path

import pytest
from tests.repository.children import in_child
from tests.repository.lamps import (
    LAMP,
    LINK,
    NAMESPACE,
    delete,
    fill,
    lamp,
    link,
    path,
    put,
    put_class,
    repository,
    watts,
)

from openwmi.base.error import WbemError
from openwmi.base.limits import REPOSITORY_REST_SECONDS
from openwmi.base.status import WbemStatus
from openwmi.model import ObjectPath
from openwmi.operation import Workers
from openwmi.repository import Repository, maintenance
from openwmi.repository.lock import Lock
from openwmi.repository.transaction import Transaction
from openwmi.testing import FakeClockLoop


async def filled(file: Path | None, count: int = 20) -> Repository:
    where = repository(file)
    await where.write(lambda transaction: fill(transaction, count))
    return where


@pytest.fixture(params=["file", "memory"])
def place(request: pytest.FixtureRequest, tmp_path: Path) -> Path | None:
    return tmp_path / "repository.db" if request.param == "file" else None


def held(where: Repository) -> bool:
    """Whether it keeps others from writing."""
    return where._writer is not None and where._writer.turn > 0


# ------------------------------------------------------------------------------------------------------------- groups


async def test_of_many_writers_the_one_that_fails_is_the_only_one(place: Path | None) -> None:
    where = await filled(place)

    def fail(transaction: Transaction) -> None:
        put(transaction, lamp("l1", 999), lamp("half", 1))
        put_class(transaction, LAMP)
        transaction.create_namespace(r"root\half")
        raise ValueError("no")

    changes: list[Callable[[Transaction], None]] = [partial(put_one, f"new {number}", number) for number in range(50)]
    changes[17] = fail
    changes[30] = lambda transaction: transaction.create_namespace(r"root\whole")
    results = await asyncio.gather(*[where.write(each) for each in changes], return_exceptions=True)
    assert isinstance(results[17], ValueError)
    assert [each for number, each in enumerate(results) if number != 17] == [None] * 49
    found = watts(where)
    assert found == {f"l{number}": number for number in range(20)} | {
        f"new {number}": number for number in range(50) if number not in {17, 30}
    }
    assert r"root\whole" in where.namespaces()
    assert r"root\half" not in where.namespaces()
    where.close()


def put_one(name: str, value: int, transaction: Transaction) -> None:
    put(transaction, lamp(name, value))


async def test_a_group_is_one_transaction(tmp_path: Path) -> None:
    where = await filled(tmp_path / "repository.db")
    assert where._writer is not None
    database = where._writer.database
    assert database is not None
    before = database.row("PRAGMA wal_checkpoint(PASSIVE)")[1]
    gate, started = threading.Event(), asyncio.Event()
    loop = asyncio.get_running_loop()

    def wait(transaction: Transaction) -> None:
        loop.call_soon_threadsafe(started.set)
        assert gate.wait(10)

    first = asyncio.ensure_future(where.write(wait))
    await started.wait()
    rest = [asyncio.ensure_future(where.write(partial(put_one, "l1", number))) for number in range(100)]
    await asyncio.sleep(0)
    gate.set()
    await asyncio.gather(first, *rest)
    assert database.row("PRAGMA wal_checkpoint(PASSIVE)")[1] - before < 5
    assert watts(where)["l1"] == 99
    where.close()


async def test_a_change_in_a_group_sees_what_came_before_it(place: Path | None) -> None:
    where = await filled(place)
    seen: list[int] = []

    def count_up(transaction: Transaction) -> None:
        draft = transaction.namespace(NAMESPACE)
        class_ = draft.find("Lamp")
        assert class_ is not None
        found = draft.get(class_, {"Name": "l0"})
        assert found is not None
        seen.append(found.Watts)
        draft.put_instance(found.replace_(Watts=found.Watts + 1), found)

    await asyncio.gather(*[where.write(count_up) for _ in range(20)])
    assert seen == list(range(20))
    assert watts(where)["l0"] == 20
    where.close()


@pytest.mark.parametrize("error", [SystemExit(1), StopIteration(), KeyboardInterrupt()])
async def test_what_ends_a_program_ends_no_loop(place: Path | None, error: BaseException) -> None:
    where = await filled(place)

    def fail(transaction: Transaction) -> None:
        raise error

    with pytest.raises(RuntimeError, match="out of a change"):
        await where.write(fail)
    await where.write(partial(put_one, "l1", 5))
    assert watts(where)["l1"] == 5
    where.close()


async def test_a_namespace_made_and_used_at_once(place: Path | None) -> None:
    where = await filled(place)

    def change(transaction: Transaction) -> int:
        transaction.create_namespace(r"root\new")
        transaction.namespace(r"ROOT\New").put_class(LAMP.project(LAMP.names).derive("Own"))
        transaction.delete_namespace(r"root\new")
        transaction.create_namespace(r"root\new")
        assert transaction.namespace(r"root\new").find("Own") is None
        with pytest.raises(WbemError, match="already"):
            transaction.create_namespace(r"root\NEW")
        with pytest.raises(WbemError, match="no namespace"):
            transaction.create_namespace(r"root\no\new")
        with pytest.raises(WbemError, match="no namespace"):
            transaction.namespace(r"root\no")
        with pytest.raises(WbemError, match="no namespace"):
            transaction.delete_namespace(r"root\no")
        return 5

    assert await where.write(change) == 5
    assert where.reader(r"root\new").find("Own") is None
    with pytest.raises(WbemError) as caught:
        where.reader(r"root\no")
    assert caught.value.status == WbemStatus.INVALID_NAMESPACE
    assert "root\\new" in caught.value.message
    where.close()


# -------------------------------------------------------------------------------------------------- who does not wait


async def test_a_caller_that_goes_leaves_its_change(tmp_path: Path, caplog: pytest.LogCaptureFixture) -> None:
    where = await filled(tmp_path / "repository.db")
    gate, started = threading.Event(), asyncio.Event()
    loop = asyncio.get_running_loop()

    def slow(transaction: Transaction) -> None:
        loop.call_soon_threadsafe(started.set)
        assert gate.wait(10)
        put(transaction, lamp("l1", 77))

    def fail(transaction: Transaction) -> None:
        raise ValueError("nobody hears this")

    calls = [asyncio.ensure_future(where.write(each)) for each in (slow, fail, partial(put_one, "l2", 78))]
    await started.wait()
    for each in calls:
        each.cancel()
    await asyncio.gather(*calls, return_exceptions=True)
    assert all(each.cancelled() for each in calls)
    with caplog.at_level(logging.WARNING, "openwmi.repository"):
        gate.set()
        await where.write(partial(put_one, "l3", 79))
    assert [watts(where)[name] for name in ("l1", "l2", "l3")] == [77, 78, 79]
    assert ["nobody hears this" in each.message for each in caplog.records] == [True]
    where.close()


async def test_closing_with_work_under_way(tmp_path: Path) -> None:
    file = tmp_path / "repository.db"
    where = await filled(file)
    gate, started = threading.Event(), asyncio.Event()
    loop = asyncio.get_running_loop()

    def slow(transaction: Transaction) -> None:
        loop.call_soon_threadsafe(started.set)
        assert gate.wait(10)
        put(transaction, lamp("l1", 77))

    calls = [asyncio.ensure_future(where.write(each)) for each in (slow, partial(put_one, "l2", 78))]
    await started.wait()
    where.close()
    assert watts(where)["l1"] == 1  # it can be used on
    third = asyncio.ensure_future(where.write(partial(put_one, "l3", 79)))
    gate.set()
    await asyncio.gather(*calls, third)
    assert [watts(where)[name] for name in ("l1", "l2", "l3")] == [77, 78, 79]
    where.close()
    where.close()
    assert sorted(os.listdir(tmp_path)) == ["repository.db", "repository.db.lock"]  # noqa: PTH208 - no I/O that blocks


# ------------------------------------------------------------------------------------------------- the right to write


def test_the_right_to_write_is_given_back_after_a_while(tmp_path: Path) -> None:
    file = tmp_path / "repository.db"

    async def run() -> None:
        where = await filled(file)
        assert held(where)
        for _ in range(3):
            await asyncio.sleep(REPOSITORY_REST_SECONDS * 0.7)
            await where.write(partial(put_one, "l1", 5))
            assert held(where)
        await asyncio.sleep(REPOSITORY_REST_SECONDS * 0.9)
        assert held(where)
        await asyncio.sleep(REPOSITORY_REST_SECONDS * 0.7)
        assert not held(where)
        lock = Lock(file)
        lock.acquire(0)
        lock.release()
        assert watts(where)["l1"] == 5
        in_child(lambda: asyncio.run(elsewhere(file)))
        assert watts(where)["l1"] == 6
        await where.write(partial(put_one, "l2", 7))
        assert held(where)
        assert (watts(where)["l1"], watts(where)["l2"]) == (6, 7)
        where.close()
        assert not held(where)

    with asyncio.Runner(loop_factory=FakeClockLoop) as runner:
        runner.run(run())


async def elsewhere(file: Path) -> None:
    other = repository(file)
    await other.write(partial(put_one, "l1", 6))
    other.close()


async def test_two_repositories_of_one_process_take_turns(tmp_path: Path) -> None:
    """None waits for the other to rest: who has nothing to write lets go when it is asked."""
    file = tmp_path / "repository.db"
    one, two = await filled(file), repository(file)
    for number in range(10):
        await one.write(partial(put_one, "l1", number))
        await two.write(partial(put_one, "l2", number))
        assert [watts(each)["l1"] for each in (one, two)] == [number] * 2
        assert [watts(each)["l2"] for each in (one, two)] == [number] * 2
    assert held(two)
    assert not held(one)
    await asyncio.gather(*[each.write(partial(put_one, f"{number}", 1)) for number in range(30) for each in (one, two)])
    assert watts(one) == watts(two)
    await two.write(lambda transaction: transaction.namespace(NAMESPACE).delete_class("Link"))
    assert one.reader(NAMESPACE).find("Link") is None
    one.close()
    two.close()


def test_one_loop_after_another(tmp_path: Path) -> None:
    """The timer that would give the right back goes with its loop."""
    file = tmp_path / "repository.db"
    where = repository(file)
    asyncio.run(where.write(lambda transaction: fill(transaction, 5)))
    asyncio.run(where.write(partial(put_one, "l1", 2)))
    assert held(where)

    async def rest() -> None:
        await where.write(partial(put_one, "l2", 3))
        await asyncio.sleep(REPOSITORY_REST_SECONDS * 2)

    with asyncio.Runner(loop_factory=FakeClockLoop) as runner:
        runner.run(rest())
    assert not held(where)
    assert watts(where) == {"l0": 0, "l1": 2, "l2": 3, "l3": 3, "l4": 4}
    where.close()


def test_two_loops_in_two_threads(tmp_path: Path) -> None:
    file = tmp_path / "repository.db"
    asyncio.run(_make(file))
    done: list[int] = []

    async def work(mine: int) -> None:
        where = repository(file)
        for number in range(25):
            await where.write(partial(put_one, f"of {mine}", number))
            assert watts(where)[f"of {mine}"] == number
        where.close()
        done.append(mine)

    threads = [threading.Thread(target=lambda mine=mine: asyncio.run(work(mine))) for mine in range(2)]
    for each in threads:
        each.start()
    for each in threads:
        each.join(30)
    assert sorted(done) == [0, 1]
    assert maintenance.check(file) == []


async def _make(file: Path) -> None:
    (await filled(file)).close()


def test_one_that_is_dropped_leaves_nothing(tmp_path: Path) -> None:
    def open_files() -> list[str]:
        found = []
        for each in Path("/proc/self/fd").iterdir():
            try:
                found.append(str(each.readlink()))
            except OSError:
                continue
        return [each for each in found if str(tmp_path) in each]

    if not Path("/proc/self/fd").is_dir():
        pytest.skip("no list of open files here")
    dropped: list[weakref.ref[Repository]] = []

    async def use(number: int) -> None:
        where = await filled(tmp_path / f"{number}.db")
        watts(where)
        with pytest.raises(ValueError, match="no"):
            await where.write(_fail)
        dropped.append(weakref.ref(where))

    before = set(threading.enumerate())
    for number in range(5):
        asyncio.run(use(number))
    _until(lambda: not any(each() for each in dropped))
    _until(lambda: set(threading.enumerate()) <= before)
    _until(lambda: open_files() == [])
    assert Workers.jobs_under_way == 0


def _fail(transaction: Transaction) -> None:
    raise ValueError("no")


def _until(is_so: Callable[[], bool]) -> None:
    """A thread that has told its last result is a moment later at its end."""
    for _ in range(500):
        gc.collect()
        if is_so():
            return
        threading.Event().wait(0.01)
    raise AssertionError("it never came to be so")


def test_a_loop_can_be_forgotten_with_its_repository(tmp_path: Path) -> None:
    """Who keeps one by its loop, weakly, must not keep the loop by that."""
    kept: weakref.WeakKeyDictionary[asyncio.AbstractEventLoop, Repository] = weakref.WeakKeyDictionary()

    async def use() -> None:
        kept[asyncio.get_running_loop()] = await filled(tmp_path / "repository.db")

    asyncio.run(use())
    _until(lambda: len(kept) == 0)
    Lock(tmp_path / "repository.db").acquire(1)


def test_a_forked_child_does_not_keep_the_lock(tmp_path: Path) -> None:
    lock = Lock(tmp_path / "repository.db")
    lock.acquire(0)
    assert in_child(lambda: lock.held) is False
    assert lock.held
    other = Lock(tmp_path / "repository.db")
    with pytest.raises(WbemError, match=f"process {os.getpid()}"):
        other.acquire(0)
    lock.release()
    other.acquire(0)
    other.release()


# ------------------------------------------------------------------------------------------------------------ reading


async def test_paging_while_others_write(place: Path | None) -> None:
    """No row twice, and none missing that was there all the while."""
    where = await filled(place, 200)
    reader = where.reader(NAMESPACE)
    class_ = reader.find("Lamp")
    assert class_ is not None
    seen: list[str] = []
    after: bytes | None = None
    step = 0
    while True:
        rows, after = reader.page(class_, after, 7)
        seen += [each.Name for each in rows]
        if after is None:
            break
        step += 1

        def change(transaction: Transaction, step: int = step) -> None:
            delete(transaction, LAMP, Name=f"l{step * 5}")
            put(transaction, lamp(f"a{step}"), lamp(f"m{step}"), lamp(f"l{step * 5 + 1}", 1000))

        await where.write(change)
    assert len(set(seen)) == len(seen)
    throughout = {f"l{number}" for number in range(200)} - {f"l{each * 5}" for each in range(1, step + 1)}
    assert throughout <= set(seen)
    where.close()


async def test_a_reader_goes_on_when_the_class_becomes_another(place: Path | None) -> None:
    where = await filled(place, 60)
    reader = where.reader(NAMESPACE)
    class_ = reader.find("Lamp")
    assert class_ is not None
    first, after = reader.page(class_, None, 30)
    turned = LAMP.derive("Turned")
    assert turned.superclass == "Lamp"
    changed = type(LAMP)(
        "Lamp",
        properties=(LAMP.properties[2], LAMP.properties[1], LAMP.properties[0]),
        namespace=NAMESPACE,
        server="here",
    )
    await where.write(lambda transaction: put_class(transaction, changed))
    rest, after = reader.page(class_, after, 100)
    assert after is None
    assert {each.Name: each.Watts for each in first + rest} == {f"l{number}": number for number in range(60)}
    assert {each.class_ for each in first + rest} == {class_}
    assert reader.get(class_, {"Name": "l7"}) == lamp("l7", 7)
    links = reader.referring([ObjectPath.parse(path("l7"))])
    assert {each.From for each in links} == {path("l6"), path("l7")}
    again = where.reader(NAMESPACE)
    now = again.find("Lamp")
    assert now is not None
    assert now.names == ("Room", "Watts", "Name")
    found = again.get(now, {"Name": "l7"})
    assert found is not None
    assert found.class_ is now  # and not what the older reader has just kept
    await where.write(lambda transaction: transaction.namespace(NAMESPACE).delete_class("Lamp"))
    assert reader.page(class_, None, 10) == ([], None)
    assert reader.get(class_, {"Name": "l8"}) is None
    where.close()


async def test_a_class_that_comes_after_one_that_went_is_not_read_as_that(place: Path | None) -> None:
    where = await filled(place, 5)
    reader = where.reader(NAMESPACE)
    class_ = reader.find("Lamp")
    assert class_ is not None

    def change(transaction: Transaction) -> None:
        draft = transaction.namespace(NAMESPACE)
        draft.delete_class("Lamp")
        draft.delete_class("Link")
        other = type(LAMP)("Other", properties=LAMP.properties, namespace=NAMESPACE, server="here")
        draft.put_class(other)
        put(transaction, lamp("l1", 9, other))

    await where.write(change)
    assert reader.page(class_, None, 10) == ([], None)
    assert reader.get(class_, {"Name": "l1"}) is None
    where.close()


async def test_what_was_read_lately_is_never_old(place: Path | None) -> None:
    where = await filled(place)
    for number in range(30):
        assert where.reader(NAMESPACE).get(LAMP, {"Name": "L1"}) == lamp("l1", number or 1)
        await where.write(partial(put_one, "l1", number + 1))
    await where.write(lambda transaction: delete(transaction, LAMP, Name="l1"))
    assert where.reader(NAMESPACE).get(LAMP, {"Name": "l1"}) is None
    with pytest.raises(ValueError, match="no"):
        await where.write(_put_and_fail)
    assert where.reader(NAMESPACE).get(LAMP, {"Name": "l2"}) == lamp("l2", 2)
    where.close()


def _put_and_fail(transaction: Transaction) -> None:
    put(transaction, lamp("l2", 99))
    raise ValueError("no")


async def test_who_refers_to_what(place: Path | None) -> None:
    where = await filled(place)

    def referring(name: str) -> set[str]:
        reader = where.reader(NAMESPACE)
        spellings = [ObjectPath.parse(path(name.upper())), ObjectPath.parse(rf"\\.\root\CIMV2:{path(name)}")]
        return {f"{each.From}-{each.To}" for each in reader.referring(spellings)}

    assert referring("l3") == {f"{path('l2')}-{path('l3')}", f"{path('l3')}-{path('l4')}"}
    await where.write(lambda transaction: delete(transaction, LINK, From=path("l3"), To=path("l4")))
    assert referring("l3") == {f"{path('l2')}-{path('l3')}"}
    await where.write(lambda transaction: put(transaction, link("l3", "l3", "itself")))
    assert len(referring("l3")) == 2
    await where.write(lambda transaction: put(transaction, link("l3", "l3", "still")))
    assert len(referring("l3")) == 2
    await where.write(lambda transaction: transaction.namespace(NAMESPACE).delete_class("Link"))
    assert referring("l3") == set()
    where.close()


async def test_a_trial_changes_nothing(place: Path | None) -> None:
    where = await filled(place)
    trial = where.trial()
    await trial.write(partial(put_one, "l1", 99))
    assert (watts(trial)["l1"], watts(where)["l1"]) == (99, 1)
    where.close()
