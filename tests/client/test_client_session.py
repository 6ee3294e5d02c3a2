"""The verbs of a session, over the wire in memory."""

from __future__ import annotations

import asyncio
from typing import Any

import pytest
from tests.client.fakes import world

from openwmi.base.error import NotFound, WbemError
from openwmi.base.status import WbemStatus
from openwmi.model import CimClass, CimInstance
from openwmi.operation import CallFlags
from openwmi.rpc import AuthLevel

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


async def test_closing_cancels_what_is_under_way() -> None:
    async with world() as there:
        there.server.fault(of="Demo_Thing", delay=20.0)
        async with there.entered() as ns:
            waiting = [ns.get("Demo_Thing='one'"), ns.query("SELECT * FROM Demo_Thing")]
            for each in waiting:
                await each.started()
            await asyncio.sleep(0.5)
        assert [await each.status() for each in waiting] == [WbemStatus.CALL_CANCELLED] * 2
        await asyncio.sleep(20)


@pytest.mark.parametrize("elsewhere", [r"root\default:Demo_Thing", r"\\other\root\default:Demo_Thing"])
async def test_a_class_of_another_namespace_is_not_taken_for_the_one_here(elsewhere: str) -> None:
    async with world() as there, there.entered() as ns:
        with pytest.raises(WbemError):
            await ns.delete(elsewhere)
        assert len(await ns.query("SELECT * FROM Demo_Thing")) == 3
        await ns.delete(r"root\cimv2:Demo_Big")
        with pytest.raises(NotFound):
            await ns.get("Demo_Big")


async def test_what_nobody_says_is_in_clear() -> None:
    """Calls are sealed unless somebody asks for less."""
    async with world() as there:
        levels: dict[str, set[int]] = {}
        answer = there.server._server.endpoint.answer

        async def noting(request: Any, caller: Any, **named: Any) -> bytes:
            levels.setdefault(str(request.interface.uuid), set()).add(caller.level)
            return await answer(request, caller, **named)

        there.server._server.endpoint.answer = noting  # type: ignore[method-assign]  # to look on
        async with there.entered() as ns:
            assert len(await ns.query("SELECT * FROM Demo_Thing")) == 3
        assert len(levels) > 3
        assert set().union(*levels.values()) == {AuthLevel.PRIVACY}


@pytest.mark.parametrize("pushed", [False, True])
async def test_what_has_no_name_is_refused_as_in_process(pushed: bool) -> None:
    async with world() as there, there.entered(callbacks="auto" if pushed else "never") as ns:
        for face in (there.server.namespace(), ns):
            for verb, status in (
                (face.instances, WbemStatus.INVALID_CLASS),
                (face.classes, WbemStatus.INVALID_CLASS),
                (face.namespace, WbemStatus.INVALID_NAMESPACE),
                (face.get, WbemStatus.INVALID_OBJECT_PATH),
                (face.query, WbemStatus.INVALID_PARAMETER),
            ):
                with pytest.raises(WbemError) as failure:
                    await verb("")
                assert failure.value.status == status, verb
            for path in ("x\0y", "Demo_Thing='x\0y'"):  # what quotes it has none
                with pytest.raises(WbemError) as failure:
                    await face.get(path)
                assert failure.value.status in {WbemStatus.INVALID_OBJECT_PATH, WbemStatus.NOT_FOUND}


async def test_the_path_of_what_was_put_names_the_server() -> None:
    async with world() as there, there.entered() as ns:
        thing = await ns.get("Demo_Thing")
        for what in (CimClass("Demo_New"), thing, thing.instance({"Name": "five"})):
            path = await ns.put(what)
            assert (path.server, path.namespace) == (thing.server, r"root\cimv2")
            await ns.get(path)
