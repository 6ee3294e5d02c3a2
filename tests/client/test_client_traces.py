"""What our client says, call by call, where [MS-WMI] 4.2 and 4.3 show traces; and what it does without ObjectArrays."""

from __future__ import annotations

from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from typing import Any

import pytest
from tests.client.fakes import THINGS, World, world

from openwmi.base.guid import Guid
from openwmi.dcom import RemoteExporter
from openwmi.interfaces import IWbemFetchSmartEnum
from openwmi.operation import CallFlags
from openwmi.session import Namespace

GROWN: dict[str, Any] = {"Demo_Thing.Grow": lambda keys, inputs: {"ReturnValue": 0, "Now": 10}}
Asked = Callable[[], list[str]]


@asynccontextmanager
async def told() -> AsyncIterator[tuple[World, Namespace, Asked]]:
    """A namespace, and the calls that its server was asked for since the last time."""
    async with world(THINGS, methods=GROWN) as there:
        names: list[str] = []
        before = there.server._faults.before

        async def noted(call: str) -> None:
            names.append(call)
            await before(call)

        there.server._faults.before = noted  # type: ignore[method-assign]  # so that it is noted
        there.server._server.endpoint._before = noted
        async with there.entered() as ns:

            def asked() -> list[str]:
                said = [name for name in names if name != "RemRelease"]
                names.clear()
                return said

            yield there, ns, asked


async def test_the_login() -> None:
    """4.1; Windows asks for IWbemLoginClientID later, and does not wait for IRemoteSCMActivator's answer to know it."""
    async with told() as (_, _, asked):
        assert asked() == ["RemoteCreateInstance", "SetClientInfo", "NTLMLogin"]


async def test_calls_that_are_waited_for() -> None:
    """4.2.3: rows come by ObjectArrays, and each other result with the answer to its call."""
    async with told() as (_, ns, asked):
        asked()
        (thing,) = await ns.query("SELECT * FROM Demo_Thing WHERE Name = 'one'")
        assert asked() == ["ExecQuery", "RemQueryInterface", "GetSmartEnum", "Next"]
        await ns.call("Demo_Thing='one'", "Grow", By=1)
        assert asked() == ["GetObject", "ExecMethod"]
        await ns.put(thing.replace_(Size=5))
        assert asked() == ["PutInstance"]
        assert len(await ns.instances("Demo_Thing")) == 3
        assert asked() == ["CreateInstanceEnum", "RemQueryInterface", "GetSmartEnum", "Next"]
        await ns.delete("Demo_Thing='one'")
        assert asked() == ["DeleteInstance"]


async def test_calls_that_are_asked_after() -> None:
    """4.3.3: an IWbemCallResult says when it is done, and what came of it."""
    async with told() as (_, face, asked):
        ns = face.options(flags=CallFlags.RETURN_IMMEDIATELY)
        asked()
        thing = await ns.get("Demo_Thing='one'")
        assert asked() == ["GetObject", "GetCallStatus", "GetResultObject"]
        await ns.call("Demo_Thing='one'", "Grow", By=1)
        assert asked() == ["GetObject", "ExecMethod", "GetCallStatus", "GetResultObject"]
        await ns.put(thing.replace_(Size=5))
        assert asked() == ["PutInstance", "GetCallStatus", "GetResultString"]
        await ns.delete("Demo_Thing='one'")
        assert asked() == ["DeleteInstance", "GetCallStatus"]


async def test_a_server_without_object_arrays(monkeypatch: pytest.MonkeyPatch) -> None:
    """4.2.2.4: rows come one by one, in an array of references."""
    query = RemoteExporter.query

    async def without(self: RemoteExporter, ipid: Guid, *interfaces: type) -> Any:
        found = await query(self, ipid, *interfaces)
        return [None if each is IWbemFetchSmartEnum else one for each, one in zip(interfaces, found, strict=True)]

    monkeypatch.setattr(RemoteExporter, "query", without)
    async with told() as (_, ns, asked):
        asked()
        rows = await ns.query("SELECT * FROM Demo_Thing")
        assert sorted(row.Size for row in rows) == [1, 2, 3]
        assert asked() == ["ExecQuery", "RemQueryInterface", "Next"]
        assert len(await ns.classes()) > 100
        assert asked()[:4] == ["CreateClassEnum", "RemQueryInterface", "Next", "Next"]
