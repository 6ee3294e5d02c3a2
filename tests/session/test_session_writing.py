"""Many who write at once, readers beside them, and puts whose callers do not wait for them."""

from __future__ import annotations

import asyncio
import sqlite3
from pathlib import Path
from typing import Any

import pytest
from tests.session.fakes import RecordingSession

import openwmi
from openwmi.base.error import Timeout, WbemError
from openwmi.base.status import WbemStatus
from openwmi.model import ChangeFlag, CimClass, CimType, Property, Qualifier, Type, qualifier_set
from openwmi.operation import ResultSet
from openwmi.session import Namespace

STRING, UINT32 = Type(CimType.STRING), Type(CimType.UINT32)
COUNTER = CimClass(
    "Counter",
    properties=(Property("Name", STRING, qualifiers=qualifier_set(Qualifier("key"))), Property("Value", UINT32, 0)),
)
KINDS = pytest.mark.parametrize("kind", ["memory", "file"])


async def opened(kind: str, folder: Path) -> Namespace:
    """A namespace with counters."""
    file = None if kind == "memory" else folder / "repository.db"
    ns = await openwmi.connect(providers=(), repository=file)
    await ns.put(COUNTER)
    return ns


def counter(name: str, value: int = 0) -> Any:
    return COUNTER.instance({"Name": name, "Value": value})


@KINDS
async def test_two_hundred_puts_at_once(kind: str, tmp_path: Path) -> None:
    ns = await opened(kind, tmp_path)
    operations = [ns.put(counter(f"c{at}", at)) for at in range(200)]
    paths = await asyncio.gather(*operations)
    assert len(set(paths)) == 200
    assert sum(int(one.Value) for one in await ns.instances("Counter")) == sum(range(200))


@KINDS
async def test_one_bad_put_among_many_fails_alone(kind: str, tmp_path: Path) -> None:
    ns = await opened(kind, tmp_path)
    flags = ChangeFlag.CREATE_ONLY
    operations = [ns.put(counter(f"c{at % 40}", at), flags=flags) for at in range(60)]
    operations += [ns.put(CimClass("Bad_"))]
    statuses = [await operation.status() for operation in operations]
    assert statuses == [WbemStatus.NO_ERROR] * 40 + [WbemStatus.ALREADY_EXISTS] * 20 + [WbemStatus.INVALID_OBJECT]
    assert sorted(int(one.Value) for one in await ns.instances("Counter")) == list(range(40))


@KINDS
async def test_puts_of_one_object_happen_in_their_order(kind: str, tmp_path: Path) -> None:
    ns = await opened(kind, tmp_path)
    await asyncio.gather(*[ns.put(counter("c", at)) for at in range(50)])
    assert (await ns.get('Counter="c"')).Value == 49
    first, second, third = ns.put(counter("d")), ns.delete('Counter="d"'), ns.put(counter("d", 3))
    await asyncio.gather(first, second, third)
    assert (await ns.get('Counter="d"')).Value == 3


@KINDS
async def test_who_reads_sees_what_was_written_when_its_put_has_ended(kind: str, tmp_path: Path) -> None:
    ns = await opened(kind, tmp_path)

    async def write(who: int) -> None:
        for at in range(20):
            path = await ns.put(counter(f"w{who}", at))
            assert (await ns.get(path)).Value >= at

    async def read() -> None:
        before = 0
        for _ in range(40):
            found = await ns.instances("Counter")
            total = sum(int(one.Value) for one in found)
            assert total >= before
            before = total

    await asyncio.gather(*map(write, range(5)), read(), read())
    assert [one.Value for one in await ns.instances("Counter")] == [19] * 5


@KINDS
async def test_an_enumeration_goes_on_while_others_write(kind: str, tmp_path: Path) -> None:
    ns = await opened(kind, tmp_path)
    await ns.put([counter(f"c{at:04}") for at in range(1500)])
    operation = ns.instances("Counter")
    names = [one.Name for one in await operation.next(10)]
    await ns.put([counter(f"c{at:04}", 1) for at in range(1500)])
    await ns.put(COUNTER.derive("Better", [Property("Unit", STRING)]))
    await ns.delete('Counter="c1499"')
    while batch := await operation.next(100):
        names += [one.Name for one in batch]
    assert await operation.status() == WbemStatus.NO_ERROR
    assert names == sorted(set(names))
    assert len(names) in {1499, 1500}


async def test_a_put_goes_on_when_its_caller_cancels(tmp_path: Path) -> None:
    """What was handed over is written: a caller that must know asks again."""
    ns = await opened("file", tmp_path)
    operation = ns.put(counter("c", 5))
    await operation.started()
    operation.cancel()
    assert await operation.status() == WbemStatus.CALL_CANCELLED
    with pytest.raises(WbemError) as caught:
        await operation
    assert caught.value.status == WbemStatus.CALL_CANCELLED
    await ns.put(counter("d"))
    assert {one.Name for one in await ns.instances("Counter")} == {"c", "d"}


@KINDS
async def test_a_put_that_is_let_go_is_done(kind: str, tmp_path: Path) -> None:
    ns = await opened(kind, tmp_path)
    ns.put(counter("c", 5))
    await ns.put(counter("d"))
    assert {one.Name for one in await ns.instances("Counter")} == {"c", "d"}


async def test_a_deadline_behind_a_locked_file(tmp_path: Path) -> None:
    ns = await opened("file", tmp_path)
    await asyncio.sleep(60)  # it has let the file go
    other = sqlite3.connect(tmp_path / "repository.db", isolation_level=None)
    try:
        other.execute("BEGIN IMMEDIATE")
        with pytest.raises(Timeout) as caught:
            await ns.options(timeout=0.5).put(counter("c"))
        assert "the repository" in caught.value.message
        assert await ns.instances("Counter") == []  # who reads does not wait
        other.execute("ROLLBACK")
    finally:
        other.close()
    await ns.put(counter("d"))
    assert "d" in {one.Name for one in await ns.instances("Counter")}


@KINDS
async def test_two_sessions_of_one_engine(kind: str, tmp_path: Path) -> None:
    ns = await opened(kind, tmp_path)
    await ns.put((await ns.get("__NAMESPACE")).instance({"Name": "inner"}))
    inner = await ns.namespace("inner")
    await inner.put(COUNTER)
    await asyncio.gather(*[each.put(counter("c", at)) for at, each in enumerate((ns, inner))])
    assert [(await each.get('Counter="c"')).Value for each in (ns, inner)] == [0, 1]
    await inner.close()
    with pytest.raises(WbemError) as caught:
        await inner.put(counter("d"))
    assert caught.value.status == WbemStatus.INVALID_OPERATION
    await ns.put(counter("d"))


async def test_two_engines_of_one_file(tmp_path: Path) -> None:
    """As two programs: each sees what the other wrote, and waits while it writes."""
    one, two = (
        await opened("file", tmp_path),
        await openwmi.connect(providers=(), repository=tmp_path / "repository.db"),
    )
    for at in range(3):
        await asyncio.sleep(10)
        await one.put(counter(f"one{at}", at))
        assert (await two.get(f'Counter="one{at}"')).Value == at
        await asyncio.sleep(10)
        await two.put(counter(f"one{at}", at + 100))
        assert (await one.get(f'Counter="one{at}"')).Value == at + 100
    await asyncio.sleep(10)
    await two.put(CimClass("Other", properties=COUNTER.properties))
    assert (await one.get("Other")).keys == ("Name",)
    await asyncio.sleep(10)
    await one.delete("Counter")
    with pytest.raises(WbemError) as caught:
        await two.put(counter("late"))
    assert caught.value.status == WbemStatus.INVALID_CLASS


async def test_what_is_put_has_to_be_an_object() -> None:
    async def work(_: ResultSet[Any]) -> None:
        raise AssertionError

    session = RecordingSession(work)
    ns = Namespace(session)
    for wrong in ({"Name": "c"}, ["c"], [COUNTER, None], "Counter"):
        with pytest.raises(WbemError) as caught:
            ns.put(wrong)  # type: ignore[arg-type]  # what is tested
        assert caught.value.status == WbemStatus.INVALID_PARAMETER
    for path in (None, 5, b"x"):
        with pytest.raises(WbemError) as caught:
            ns.delete(path)  # type: ignore[arg-type]  # the same
        assert caught.value.status == WbemStatus.INVALID_PARAMETER
    assert session.asked == []


async def test_what_a_session_is_told() -> None:
    async def work(_: ResultSet[Any]) -> str:
        return "done"

    session = RecordingSession(work)
    ns = Namespace(session)
    one = counter("c")
    assert await ns.put(one, properties=["Value"]) == "done"
    assert await ns.put(iter([COUNTER, one]), flags=ChangeFlag.CREATE_ONLY) == "done"
    await ns.get("Counter", properties=("a", "b"))
    assert session.asked == [
        ("put", one, ChangeFlag.UPDATE_ONLY),
        ("put", (COUNTER, one), ChangeFlag.CREATE_ONLY),
        ("get", "Counter"),
    ]
    assert dict(session.contexts[0].values) == {
        "__PUT_EXTENSIONS": True,
        "__PUT_EXT_CLIENT_REQUEST": True,
        "__PUT_EXT_PROPERTIES": ("Value",),
    }
    assert session.contexts[1].values == {}
    assert session.contexts[2].values["__GET_EXT_PROPERTIES"] == ("a", "b")
