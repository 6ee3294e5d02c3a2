"""What an observer is told: sessions, calls as they end, logins that are refused."""

from __future__ import annotations

import asyncio

import pytest
from tests.dcom.fakes import ME, standard
from tests.server.fakes import ALL, RETURN_IMMEDIATELY, SEMISYNC, Services, Things, things, wmi

from openwmi.base import limits
from openwmi.base.error import WbemError
from openwmi.base.status import HResult, WbemStatus
from openwmi.interfaces import IWbemLevel1Login, IWbemServices
from openwmi.ndr import Cell
from openwmi.server import Ended, Visit

SYNCHRONOUS = 0


class Notes:
    """Keeps what it is told."""

    def __init__(self) -> None:
        self.visits: list[Visit] = []
        self.gone: list[Visit] = []
        self.calls: list[tuple[str, int, int, float]] = []
        self.refused: list[str] = []

    def session_began(self, visit: Visit) -> None:
        self.visits.append(visit)

    def session_ended(self, visit: Visit) -> None:
        self.gone.append(visit)

    def call_ended(self, visit: Visit, call: Ended) -> None:
        assert visit in self.visits
        self.calls.append((call.method, call.status, call.objects, call.seconds))

    def login_refused(self, peer: str) -> None:
        self.refused.append(peer)


async def test_a_session_from_its_login_to_its_end() -> None:
    notes = Notes()
    async with wmi(observer=notes) as made:
        services = await made.enter("//./ROOT/cimv2")
        (visit,) = notes.visits
        assert (visit.number, visit.user, visit.peer, visit.namespace) == (1, r"DOM\me", "192.0.2.100", r"root\cimv2")
        enumerator = await services.query()
        assert await enumerator.next() == ([1, 2, 3], WbemStatus.FALSE)
        assert notes.calls == [("ExecQuery", WbemStatus.NO_ERROR, 3, 0.0)]
        await enumerator.release(made)
        assert notes.gone == []
        await services.client.release(made.rem_unknown, services.ipid)
        assert notes.gone == [visit]
        assert (visit.calls, visit.failures, visit.objects) == (1, 0, 3)


async def test_each_login_is_a_session_and_ends_with_the_server() -> None:
    notes = Notes()
    async with wmi(observer=notes) as made:
        await made.enter()
        await made.enter("root")
        assert [(visit.number, visit.namespace) for visit in notes.visits] == [(1, r"root\cimv2"), (2, "root")]
        assert notes.gone == []
    assert notes.gone == notes.visits


async def test_a_namespace_that_is_opened_from_another_is_a_session_too() -> None:
    notes = Notes()
    async with wmi(observer=notes) as made:
        root = await made.enter("root")
        reply = await root.client.call(
            IWbemServices, "OpenNamespace", "cimv2", 0, None, Cell(None), None, target=root.ipid
        )
        assert reply.hresult == 0
        inner = Services(root.client, standard(reply.ppWorkingNamespace.value).ipid)
        await (await inner.query()).next()
        assert [(visit.number, visit.namespace) for visit in notes.visits] == [(1, "root"), (2, r"root\cimv2")]
        assert [visit.calls for visit in notes.visits] == [1, 1]


async def test_a_namespace_that_is_asked_for_twice_ends_as_often_as_it_began() -> None:
    notes = Notes()
    async with wmi(observer=notes) as made:
        root = await made.enter("root")
        opened = await root.begun("OpenNamespace", "cimv2", RETURN_IMMEDIATELY, None, None)
        for _ in range(2):
            _, pointer = await opened.ask("GetResultServices")
            inner = Services(root.client, standard(pointer).ipid)
            assert await (await inner.query()).next() == ([1, 2, 3], WbemStatus.FALSE)
            await root.client.release(made.rem_unknown, inner.ipid)
        assert [each.number for each in notes.gone] == [2, 3]
    assert sorted(each.number for each in notes.gone) == [each.number for each in notes.visits] == [1, 2, 3]


async def test_a_session_that_its_client_cannot_hold_ends_at_once(monkeypatch: pytest.MonkeyPatch) -> None:
    """Who holds as much as one user may logs in again and again: nothing of that is left open."""
    notes = Notes()
    async with wmi(observer=notes) as made:
        client, login = await made.login()
        root = await made.enter("root")
        assert len(notes.visits) == 1
        opened = await root.begun("OpenNamespace", "cimv2", RETURN_IMMEDIATELY, None, None)
        monkeypatch.setattr(limits, "EXPORTS_PER_PRINCIPAL", 0)
        for _ in range(3):
            reply = await client.call(IWbemLevel1Login, "NTLMLogin", "root", None, 0, None, target=login)
            assert reply.hresult == HResult.E_OUTOFMEMORY
            assert (await root.call("OpenNamespace", "cimv2", 0, None, Cell(None), None)).hresult == reply.hresult
            assert (await opened.ask("GetResultServices"))[0] == reply.hresult
        assert len(notes.visits) > 3
        assert [each for each in notes.visits if each not in notes.gone] == notes.visits[:1]


@pytest.mark.parametrize("flags", [SEMISYNC, SYNCHRONOUS])
async def test_a_call_that_fails_later_and_one_that_fails_at_once(flags: int) -> None:
    notes = Notes()
    broken = Things(things(1), WbemError(WbemStatus.PROVIDER_FAILURE, "it broke"))
    async with wmi(broken, observer=notes) as made:
        services = await made.enter()
        reply = await services.exec_query(ALL, flags)
        assert reply.hresult == (0 if flags else WbemStatus.PROVIDER_FAILURE)
        await asyncio.sleep(1)
        assert notes.calls == [("ExecQuery", WbemStatus.PROVIDER_FAILURE, 1, 0.0)]
        assert (notes.visits[0].calls, notes.visits[0].failures) == (1, 1)


async def test_what_is_refused_before_there_is_a_call() -> None:
    notes = Notes()
    async with wmi(observer=notes) as made:
        services = await made.enter()
        await services.exec_query(ALL, SEMISYNC, "SQL")
        await services.exec_query("", SEMISYNC)
        assert [(method, status) for method, status, *_ in notes.calls] == [
            ("ExecQuery", WbemStatus.INVALID_QUERY_TYPE),
            ("ExecQuery", WbemStatus.INVALID_PARAMETER),
        ]
        assert notes.visits[0].failures == 2


async def test_what_its_caller_gives_up_is_no_failure() -> None:
    notes = Notes()
    async with wmi(Things(things(1), asyncio.Event()), observer=notes) as made:
        services = await made.enter()
        enumerator = await services.query()
        await asyncio.sleep(7)
        await enumerator.release(made)
        await asyncio.sleep(0)
        assert notes.calls == [("ExecQuery", WbemStatus.CALL_CANCELLED, 1, 7.0)]
        assert (notes.visits[0].calls, notes.visits[0].failures) == (1, 0)


async def test_calls_at_the_same_time_are_told_apart() -> None:
    notes = Notes()
    gate = asyncio.Event()
    async with wmi(Things(gate, things(1)), observer=notes) as made:
        services = await made.enter()
        enumerator = await services.query()
        await asyncio.sleep(2)
        await services.exec_query(ALL, SEMISYNC, "SQL")
        gate.set()
        await enumerator.next()
        assert [(status, seconds) for _, status, _, seconds in notes.calls] == [
            (WbemStatus.INVALID_QUERY_TYPE, 0.0),
            (WbemStatus.NO_ERROR, 2.0),
        ]


async def test_a_login_that_is_refused() -> None:
    notes = Notes()
    async with wmi(observer=notes) as made:
        await made.enter()
        with pytest.raises(Exception, match="0x"):
            await asyncio.wait_for(made.enter(user=(ME[0], "wrong")), 30)
        assert notes.refused == ["192.0.2.100"]
        assert len(notes.visits) == 1
