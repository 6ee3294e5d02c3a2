"""The verbs of a session, over the wire in memory."""

from __future__ import annotations

from typing import Any

import pytest
from tests.client.fakes import world

from openwmi.base.error import NotFound, WbemError
from openwmi.base.status import WbemStatus
from openwmi.model import CimClass, CimInstance
from openwmi.operation import CallFlags

GROWN: dict[str, Any] = {"Demo_Thing.Grow": lambda keys, inputs: {"ReturnValue": 0, "Now": 10 + inputs["By"]}}


async def test_what_is_read() -> None:
    async with world() as there, there.entered() as ns:
        rows = await ns.query("SELECT * FROM Demo_Thing")
        assert sorted(row.Size for row in rows) == [1, 2, 3]
        assert [row.Name for row in await ns.query("SELECT * FROM Demo_Thing WHERE Size = :size", size=2)] == ["two"]
        assert sorted(row.Size for row in await ns.instances("Demo_Thing", deep=False)) == [1, 2]
        assert [each.name for each in await ns.classes("Demo_Thing")] == ["Demo_Big"]
        three = await ns.get("Demo_Big='three'")
        assert isinstance(three, CimInstance)
        assert three.Colors == ("red", "green")
        assert isinstance(await ns.get("Demo_Big"), CimClass)
        with pytest.raises(NotFound):
            await ns.get("Demo_Thing='four'")


@pytest.mark.parametrize("flags", [CallFlags.NONE, CallFlags.RETURN_IMMEDIATELY])
async def test_what_is_changed(flags: CallFlags) -> None:
    async with world() as there, there.entered() as face:
        ns = face.options(flags=flags)
        thing = await ns.get("Demo_Thing")
        path = await ns.put(thing.instance({"Name": "four", "Size": 4}))
        assert str(path.relative) == 'Demo_Thing.Name="four"'
        assert (await ns.get(path)).Size == 4
        await ns.delete(path)
        with pytest.raises(NotFound):
            await ns.get(path)
        await ns.put(thing.derive("Demo_Small"))
        assert (await ns.get("Demo_Small")).superclass == "Demo_Thing"
        await ns.delete("Demo_Small")
        with pytest.raises(WbemError) as failure:
            await ns.delete("Demo_Small")
        assert failure.value.status == WbemStatus.NOT_FOUND


@pytest.mark.parametrize("flags", [CallFlags.NONE, CallFlags.RETURN_IMMEDIATELY])
async def test_a_method(flags: CallFlags) -> None:
    async with world(methods=GROWN) as there, there.entered() as face:
        ns = face.options(flags=flags)
        out = await ns.call("Demo_Thing='one'", "Grow", By=5)
        assert (out.ReturnValue, out.Now) == (0, 15)


@pytest.mark.parametrize("flags", [CallFlags.NONE, CallFlags.RETURN_IMMEDIATELY])
async def test_a_namespace_below(flags: CallFlags) -> None:
    async with world() as there, there.entered("root") as root:
        async with await root.options(flags=flags).namespace("cimv2") as ns:
            assert ns.name == r"root\cimv2"
            assert (await ns.get("Demo_Thing='one'")).Size == 1
        with pytest.raises(NotFound):
            await root.options(flags=flags).namespace("none")


async def test_a_session_that_was_closed() -> None:
    async with world() as there:
        async with there.entered() as ns:
            pass
        with pytest.raises(WbemError) as failure:
            await ns.get("Demo_Thing='one'")
        assert failure.value.status == WbemStatus.INVALID_OPERATION
