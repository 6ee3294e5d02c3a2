"""IEnumWbemClassObject ([MS-WMI] 3.1.4.4): how many, how long, and back again."""

from __future__ import annotations

import asyncio
import uuid
from collections.abc import Awaitable
from typing import Any

import pytest
from tests.dcom.fakes import ME, YOU, Refused
from tests.server.devices import Devices
from tests.server.fakes import (
    ALL,
    FORWARD_ONLY,
    INFINITE,
    RETURN_IMMEDIATELY,
    SEMISYNC,
    Enumerator,
    Things,
    things,
    wmi,
)

from openwmi.base import limits
from openwmi.base.error import WbemError
from openwmi.base.status import HResult, WbemStatus
from openwmi.model import CimClass, CimInstance
from openwmi.ndr import Cell
from openwmi.operation import StreamResults
from openwmi.pointers import object_pointer
from openwmi.server.enumerators import PIECE
from openwmi.server.enumerators import Enumerator as ServedEnumerator

OK, FALSE, TIMEDOUT = WbemStatus.NO_ERROR, WbemStatus.FALSE, WbemStatus.TIMEDOUT


async def test_counts() -> None:
    async with wmi(Things(things(*range(10)))) as made:
        enumerator = await (await made.enter()).query()
        assert await enumerator.next(1) == ([0], OK)
        assert await enumerator.next(3) == ([1, 2, 3], OK)
        assert await enumerator.next(6) == ([4, 5, 6, 7, 8, 9], OK)
        for _ in range(3):
            assert await enumerator.next(1) == ([], FALSE)


async def test_the_last_objects_come_with_the_end() -> None:
    async with wmi() as made:
        enumerator = await (await made.enter()).query()
        assert await enumerator.next(0xFFFFFFFF) == ([1, 2, 3], FALSE)
        assert await enumerator.next(5) == ([], FALSE)


async def test_nothing_at_all() -> None:
    async with wmi(Things()) as made:
        assert await (await (await made.enter()).query()).next() == ([], FALSE)


async def test_no_objects_are_asked_for() -> None:
    async with wmi() as made:
        enumerator = await (await made.enter()).query()
        assert await enumerator.next(0) == ([], WbemStatus.INVALID_PARAMETER)
        assert await enumerator.next() == ([1, 2, 3], FALSE)


@pytest.mark.parametrize("flags", [SEMISYNC, RETURN_IMMEDIATELY])
async def test_time_outs(flags: int) -> None:
    gate = asyncio.Event()
    async with wmi(Things(things(1, 2), gate, things(3))) as made:
        enumerator = await (await made.enter()).query(ALL, flags)
        loop = asyncio.get_running_loop()
        await asyncio.sleep(1)
        before = loop.time()
        assert await enumerator.next(5, timeout=0) == ([1, 2], TIMEDOUT)
        assert await enumerator.next(5, timeout=0) == ([], TIMEDOUT)
        assert loop.time() == before
        assert await enumerator.next(5, timeout=2500) == ([], TIMEDOUT)
        assert loop.time() - before == pytest.approx(2.5)
        waiting = asyncio.create_task(enumerator.next(5, timeout=INFINITE))
        await asyncio.sleep(100_000)
        assert not waiting.done()
        gate.set()
        assert await waiting == ([3], FALSE)


async def test_as_many_as_there_are_until_the_time_is_over() -> None:
    async with wmi(Things(things(1), asyncio.Event())) as made:
        enumerator = await (await made.enter()).query()
        assert await enumerator.next(5, timeout=1000) == ([1], TIMEDOUT)


async def test_back_to_the_beginning() -> None:
    async with wmi() as made:
        services = await made.enter()
        for flags in (0, RETURN_IMMEDIATELY):
            enumerator = await services.query(ALL, flags)
            assert await enumerator.next() == ([1, 2, 3], FALSE)
            assert await enumerator.call("Reset") == 0
            assert await enumerator.next(1) == ([1], OK)


async def test_a_clone_has_a_place_of_its_own() -> None:
    provider = Things(things(1, 2, 3))
    async with wmi(provider) as made:
        enumerator = await (await made.enter()).query(ALL, RETURN_IMMEDIATELY)
        assert await enumerator.next(1) == ([1], OK)
        clone = await enumerator.clone()
        assert await enumerator.next() == ([2, 3], FALSE)
        await enumerator.release(made)
        assert await clone.next(1) == ([2], OK)
        assert await clone.call("Reset") == 0
        assert await clone.next() == ([1, 2, 3], FALSE)
        await clone.release(made)
        assert len(provider.calls) == 1
        assert len(made.server._shared.allowances.enumerators.open) == 0


async def test_passing_over_objects() -> None:
    async with wmi(Things(things(*range(200)), asyncio.Event())) as made:
        enumerator = await (await made.enter()).query()
        assert await enumerator.call("Skip", INFINITE, 0) == OK
        assert await enumerator.call("Skip", INFINITE, 150) == OK
        assert await enumerator.next(1) == ([150], OK)
        assert await enumerator.call("Skip", 100, 100) == TIMEDOUT
        assert await enumerator.next(1, timeout=0) == ([], TIMEDOUT)


async def test_passing_over_everything() -> None:
    async with wmi() as made:
        services = await made.enter()
        for flags in (0, SEMISYNC):
            enumerator = await services.query(ALL, flags)
            assert await enumerator.call("Skip", INFINITE, 0xFFFFFFFF) == FALSE
            assert await enumerator.next() == ([], FALSE)


async def test_passing_over_many_lets_the_backlog_stay_small() -> None:
    gate = asyncio.Event()
    provider = Things(things(*range(5 * limits.STREAM_BACKLOG)), gate)
    async with wmi(provider) as made:
        enumerator = await (await made.enter()).query()
        skipping = asyncio.create_task(enumerator.call("Skip", INFINITE, 0xFFFFFFFF))
        await asyncio.sleep(1)
        assert not skipping.done()
        exports = made.server._exporter._table._exports.values()
        (read,) = [export.object for export in exports if isinstance(export.object, ServedEnumerator)]
        assert isinstance(read._rows.results, StreamResults)
        assert len(read._rows.results._backlog) < limits.STREAM_BACKLOG
        gate.set()
        assert await skipping == FALSE


@pytest.mark.parametrize("flags", [FORWARD_ONLY, SEMISYNC])
async def test_forward_only_is_forward_only(flags: int) -> None:
    async with wmi() as made:
        enumerator = await (await made.enter()).query(ALL, flags)
        assert await enumerator.next(1) == ([1], OK)
        assert await enumerator.call("Reset") == WbemStatus.INVALID_OPERATION
        assert (await enumerator.call("Clone")).hresult == WbemStatus.INVALID_OPERATION
        assert await enumerator.next() == ([2, 3], FALSE)
        assert await enumerator.call("Reset") == WbemStatus.INVALID_OPERATION


async def test_one_call_after_the_other() -> None:
    """A second Next waits for the first, but no longer than it was told to."""
    gate = asyncio.Event()
    async with wmi(Things(gate, things(1, 2, 3, 4))) as made:
        enumerator = await (await made.enter()).query(ALL, RETURN_IMMEDIATELY)
        first = asyncio.create_task(enumerator.next(2))
        await asyncio.sleep(1)
        assert await enumerator.next(1, timeout=100) == ([], TIMEDOUT)
        assert await enumerator.next(1, timeout=0) == ([], TIMEDOUT)
        second, reset = asyncio.create_task(enumerator.next(1)), asyncio.create_task(enumerator.call("Reset"))
        await asyncio.sleep(1)
        gate.set()
        assert await first == ([1, 2], OK)
        assert await second == ([3], OK)
        assert await reset == 0
        assert await enumerator.next(1) == ([1], OK)


async def test_a_reply_has_an_end(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(limits, "REPLY_OCTETS", 20_000)
    numbers = list(range(1000))
    async with wmi(Things(things(*numbers))) as made:
        enumerator = await (await made.enter()).query()
        first, status = await enumerator.next(1000)
        assert 0 < len(first) < 1000
        assert status == TIMEDOUT
        found = first
        while status != FALSE:
            more, status = await enumerator.next(1000)
            found = found + more
        assert found == numbers


async def test_a_reply_with_large_objects_is_not_much_longer(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(limits, "REPLY_OCTETS", 1)
    async with wmi(Things(things(*range(100)))) as made:
        enumerator = await (await made.enter()).query()
        assert await enumerator.next(100) == (list(range(PIECE)), TIMEDOUT)
        assert await enumerator.next(PIECE) == (list(range(PIECE, 2 * PIECE)), OK)


async def test_others_have_their_turn_while_many_objects_are_encoded(monkeypatch: pytest.MonkeyPatch) -> None:
    turns = 0
    seen: set[int] = set()

    def encode(thing: CimInstance | CimClass) -> bytes:
        seen.add(turns)
        return object_pointer(thing)

    async def take_turns() -> None:
        nonlocal turns
        while True:
            turns += 1
            await asyncio.sleep(0)

    monkeypatch.setattr("openwmi.server.enumerators.object_pointer", encode)
    numbers = list(range(1280))
    async with wmi(Things(things(*numbers))) as made:
        enumerator = await (await made.enter()).query(ALL, 0)
        other = asyncio.create_task(take_turns())
        assert (await enumerator.next(len(numbers)))[0] == numbers
        # Others come often enough, and not after each object, which would take longer than the objects.
        assert 10 <= len(seen) <= 80
        other.cancel()


async def test_letting_go_ends_the_query() -> None:
    provider = Things(things(1), asyncio.Event())
    async with wmi(provider) as made:
        enumerator = await (await made.enter()).query()
        assert await enumerator.next(1) == ([1], OK)
        assert provider.reading == 1
        await enumerator.release(made)
        await asyncio.sleep(1)
        assert provider.reading == 0
        with pytest.raises(Refused) as caught:
            await enumerator.next(1)
        assert caught.value.status == HResult.RPC_E_DISCONNECTED


async def test_letting_go_while_somebody_waits() -> None:
    provider = Things(asyncio.Event())
    async with wmi(provider) as made:
        enumerator = await (await made.enter()).query()
        waiting = asyncio.create_task(enumerator.next(1))
        await asyncio.sleep(1)
        await enumerator.release(made)
        assert await waiting == ([], WbemStatus.INVALID_OPERATION)
        assert provider.reading == 0


@pytest.mark.parametrize("how", ["close", "abort"])
async def test_a_client_that_vanishes_while_it_waits(how: str) -> None:
    provider = Things(asyncio.Event())
    async with wmi(provider) as made:
        enumerator = await (await made.enter()).query()
        waiting = asyncio.create_task(enumerator.next(1))
        await asyncio.sleep(1)
        getattr(enumerator.client.transport, how)()
        with pytest.raises(ConnectionError):
            await waiting
        await asyncio.sleep(limits.PING_TIMEOUT_SECONDS + limits.PING_PERIOD_SECONDS + 1)
        assert provider.reading == 0
        assert len(made.server._exporter) == 0
        assert len(made.server._shared.allowances.enumerators.open) == 0


async def test_closing_the_server_ends_everything() -> None:
    provider = Things(things(1), asyncio.Event())
    async with wmi(provider) as made:
        enumerator = await (await made.enter()).query()
        waiting = asyncio.create_task(enumerator.next(5))
        await asyncio.sleep(1)
        await made.server.close()
        with pytest.raises(ConnectionError):
            await waiting
        await asyncio.sleep(1)
        assert provider.reading == 0


async def test_an_enumerator_belongs_to_its_user() -> None:
    async with wmi() as made:
        mine, yours = await made.enter(user=ME), await made.enter(user=YOU)
        enumerator = await mine.query()
        theirs = Enumerator(yours.client, enumerator.ipid)
        assert await theirs.next() == ([], WbemStatus.ACCESS_DENIED)
        for name, *arguments in (("Reset",), ("Skip", 0, 1), ("NextAsync", 1, None)):
            assert await theirs.call(name, *arguments) == WbemStatus.ACCESS_DENIED
        assert await theirs.call("Clone") == (None, WbemStatus.ACCESS_DENIED)
        await theirs.release(made)  # which only those can who hold it
        assert await enumerator.next() == ([1, 2, 3], FALSE)


async def test_so_many_result_sets_and_no_more(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(limits, "ENUMERATORS_PER_PRINCIPAL", 3)
    async with wmi() as made:
        mine, yours = await made.enter(user=ME), await made.enter(user=YOU)
        kept, stream = await mine.query(ALL, 0), await mine.query()
        clone = await kept.clone()
        assert (await mine.exec_query()).hresult == WbemStatus.QUOTA_VIOLATION
        assert (await kept.call("Clone")).hresult == WbemStatus.QUOTA_VIOLATION
        assert await (await yours.query()).next() == ([1, 2, 3], FALSE)
        assert await stream.next() == ([1, 2, 3], FALSE), "what was read to its end does not count"
        another = await mine.query()
        assert (await mine.exec_query()).hresult == WbemStatus.QUOTA_VIOLATION
        for each in (kept, clone, another, stream):
            await each.release(made)
        assert len(made.server._shared.allowances.enumerators.open) == 0


async def test_a_query_that_does_not_start_does_not_count(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(limits, "ENUMERATORS_PER_PRINCIPAL", 1)
    async with wmi() as made:
        services = await made.enter()
        for text in ("SELECT", "SELECT * FROM Demo_Dummy"):
            assert (await services.exec_query(text, 0)).hresult
        monkeypatch.setattr(limits, "EXPORTS_PER_PRINCIPAL", 0)
        assert (await services.exec_query()).hresult == HResult.E_OUTOFMEMORY
        assert len(made.server._shared.allowances.enumerators.open) == 0


@pytest.mark.parametrize(
    ("error", "status"),
    [
        (WbemError(HResult.E_OUTOFMEMORY, "no more of them"), HResult.E_OUTOFMEMORY),
        (RuntimeError("a mistake of ours"), HResult.RPC_E_SERVERFAULT),
    ],
)
async def test_what_there_is_no_reference_for_is_let_go(
    error: Exception, status: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Enumerators, clones and IWbemCallResults, whatever went wrong: nobody else could release them."""
    provider = Things(asyncio.Event())
    async with wmi(provider, Devices()) as made:
        services = await made.enter()
        enumerator = await services.query(ALL, RETURN_IMMEDIATELY)
        allowances = made.server._shared.allowances

        def no_more(*_: object) -> bytes:
            raise error

        async def failed(calling: Awaitable[Any]) -> int:
            try:
                return int((await calling).hresult)
            except Refused as refused:
                return refused.status

        with monkeypatch.context() as patched:
            patched.setattr(made.server._exporter, "export", no_more)
            for calling in (
                enumerator.call("Clone"),
                services.exec_query(),
                services.call("GetObject", "Demo_Device", RETURN_IMMEDIATELY, None, None, Cell(None)),
            ):
                assert await failed(calling) == status
        assert (list(allowances.enumerators.open.values()), len(allowances.results.open)) == ([1], 0)
        await enumerator.release(made)
        await asyncio.sleep(1)
        assert (len(allowances.enumerators.open), provider.reading) == (0, 0)


async def test_things_of_another_namespace_are_not_there() -> None:
    async with wmi() as made:
        reply = await (await made.enter("root")).exec_query(ALL, 0)
        assert reply.hresult == WbemStatus.INVALID_CLASS


async def test_an_enumerator_that_its_client_forgot_is_collected_though_the_client_stays() -> None:
    async with wmi() as made:
        services = await made.enter()
        for _ in range(20):
            await (await (await services.query()).smart(made)).next(uuid.uuid4())
        await asyncio.sleep(2 * limits.PING_TIMEOUT_SECONDS)
        assert len(made.server._exporter) == 2, "the login and the services are left"
        assert await (await services.query()).next() == ([1, 2, 3], FALSE)


async def test_a_next_that_waits_for_long_keeps_its_enumerator() -> None:
    more = asyncio.Event()
    async with wmi(Things(things(1), more, things(2))) as made:
        enumerator = await (await made.enter()).query()
        waiting = asyncio.create_task(enumerator.next(2))
        await asyncio.sleep(5 * limits.PING_TIMEOUT_SECONDS)
        more.set()
        assert await waiting == ([1, 2], WbemStatus.NO_ERROR)
        assert await enumerator.next() == ([], FALSE)
