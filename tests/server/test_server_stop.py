"""How a server ends: what is under way ends with a status that its caller hears of, and in time."""

from __future__ import annotations

import asyncio
from typing import Any

import pytest
from tests.dcom.fakes import HOST, standard
from tests.server.fakes import ALL, CIMV2, THING, Things, things, wmi

from openwmi.base.error import Unreachable, WbemError
from openwmi.base.status import WbemStatus
from openwmi.interfaces import IWbemLevel1Login, IWbemObjectSink
from openwmi.ndr import Cell
from openwmi.net import Address
from openwmi.operation import CallContext, Sink
from openwmi.pointers import object_pointer


async def test_whoever_waits_hears_that_the_call_was_cancelled() -> None:
    async with wmi(Things(things(1), asyncio.Event())) as made:
        enumerator = await (await made.enter()).query()
        waiting = asyncio.create_task(enumerator.next())
        idle = await (await made.enter()).query()
        await asyncio.sleep(1)
        began = asyncio.get_running_loop().time()
        await made.server.stop(10)
        assert await waiting == ([], WbemStatus.CALL_CANCELLED)
        assert asyncio.get_running_loop().time() == began
        assert (await idle.next())[1] == WbemStatus.CALL_CANCELLED


async def test_nobody_logs_in_meanwhile_and_no_call_begins() -> None:
    async with wmi() as made:
        client, login = await made.login()
        services = await made.enter()
        events = standard((await services.call("QueryObjectSink", 0)).ppResponseHandler).ipid
        await made.server.stop(10)
        reply = await client.call(IWbemLevel1Login, "NTLMLogin", "root", None, 0, None, target=login)
        assert reply.hresult == WbemStatus.SHUTTING_DOWN
        assert (await services.exec_query()).hresult == WbemStatus.SHUTTING_DOWN
        for begin in (
            services.call("GetObject", "Demo_Thing", 0, None, Cell(None), None),
            services.call("OpenNamespace", "sub", 0, None, Cell(None), None),
            services.call("GetObject", "Demo_Thing", 0x10, None, None, Cell(None)),
            services.call("QueryObjectSink", 0),
        ):
            assert (await begin).hresult == WbemStatus.SHUTTING_DOWN
        event = object_pointer(THING.instance({}))
        given = await services.client.call(IWbemObjectSink, "Indicate", 1, (event,), target=events)
        assert given == WbemStatus.SHUTTING_DOWN
        with pytest.raises(Unreachable):
            await made.connect()


class Listener(Sink[Any]):
    """Hears the final status, and thinks about it for so many seconds."""

    def __init__(self, seconds: float) -> None:
        self.seconds = seconds
        self.heard: list[int] = []

    async def set_status(self, status: int, error: WbemError | None) -> None:
        self.heard.append(status)
        await asyncio.sleep(self.seconds)


@pytest.mark.parametrize(("thinks", "taken"), [(0, 0), (3, 3), (25, 10)])
async def test_sinks_are_told_and_waited_for_and_not_for_long(thinks: float, taken: float) -> None:
    sink, loop = Listener(thinks), asyncio.get_running_loop()
    async with wmi(Things(asyncio.Event())) as made:
        session = made.server._shared.opened(made.engine.session(CIMV2))
        delivery = session.query(ALL, None, CallContext()).deliver(sink, made.server._shared.calls)
        await asyncio.sleep(1)
        began = loop.time()
        await made.server.stop(10)
        assert (loop.time() - began, sink.heard) == (taken, [WbemStatus.CALL_CANCELLED])
        await delivery


async def test_references_lead_to_the_port_for_objects() -> None:
    async with wmi() as made:
        where = await made.server.listen(Address(HOST, 0), objects=True)
        entry = made.server._exporter.entry(HOST)
        assert where.port != 135
        assert {binding.port for binding in entry.bindings.strings} == {where.port}
