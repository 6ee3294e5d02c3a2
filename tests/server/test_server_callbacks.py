"""Exporters of clients' sinks: how many the server keeps connections to."""

from __future__ import annotations

import asyncio
from dataclasses import replace
from typing import Any

import pytest
from tests.server.fakes import ALL, Things, things
from tests.server.sinks import RecordingSink, with_sinks

from openwmi.base import limits
from openwmi.dcom import Resolver
from openwmi.interfaces import IObjectExporter
from openwmi.orpc import ObjRefStandard, objref


async def test_who_names_another_exporter_with_each_call_has_few_connections_kept(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """Its resolver knows them all, and its sinks answer: the last ones are kept for the next calls, and no more."""
    monkeypatch.setattr(limits, "CALLBACK_IDLE", 3)
    async with with_sinks(Things(things(1))) as (made, host):
        services, oxid = await made.enter(), host.exporter._table.oxid

        async def resolved(_: int, *asked: Any) -> Any:
            return await resolver.ResolveOxid2(oxid, *asked)

        resolver = Resolver(host.exporter)
        monkeypatch.setattr(host.endpoint._services[IObjectExporter.iid], "ResolveOxid2", resolved)
        for number in (*range(10), 9, 8, 7):
            sink = RecordingSink()
            reference = objref.decode(host.sink(sink))
            assert isinstance(reference, ObjRefStandard)
            another = replace(reference, std=replace(reference.std, oxid=number))
            assert await services.call("ExecQueryAsync", "WQL", ALL, 0, None, objref.encode(another)) == 0
            await sink.finished.wait()
            await asyncio.sleep(0.1)
            assert len(host.endpoint) == min(number + 1, 3)
        callbacks = made.server._shared.callbacks
        assert [each.key[1] for each in callbacks._idle] == [9, 8, 7]
        await asyncio.sleep(limits.CALLBACK_IDLE_SECONDS + 1)
        assert (len(host.endpoint), callbacks._hosts, callbacks._idle) == (0, {}, {})
