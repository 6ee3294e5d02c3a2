"""What a client changes at another machine: objects in objects, arrays, MOF, events; and what it cannot promise."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
from tests.client.fakes import THINGS, bugs, world

from openwmi.base.error import AccessDenied, NotFound, WbemError
from openwmi.base.status import HResult, WbemStatus
from openwmi.model import ChangeFlag, CimInstance
from openwmi.mof import MofError

SHAPES = """
class Demo_Point { sint32 X; sint32 Y; };
class Demo_Shape {
    [key] string Name;
    Demo_Point Center;
    Demo_Point Corners[];
    string Notes[];
    [Implemented, Static] uint32 Turn(
        [in] Demo_Point About, [in] uint32 Steps[], [out] Demo_Point Corners[], [out] string Said[]);
};
"""
EVENTS = "class Demo_Event : __ExtrinsicEvent { string Text; uint32 Number; };"


def turned(_: Any, inputs: Any) -> dict[str, object]:
    about: CimInstance = inputs["About"]
    corners = [about.replace_(X=about.X + step) for step in inputs["Steps"]]
    return {"ReturnValue": len(corners), "Corners": corners, "Said": ["Ж", ""]}


async def test_objects_in_objects_and_arrays_both_ways() -> None:
    async with world(SHAPES, methods={"Demo_Shape.Turn": turned}) as there, there.entered() as ns:
        point = await ns.get("Demo_Point")
        out = await ns.call("Demo_Shape", "Turn", About=point.instance({"X": 1, "Y": 2}), Steps=[1, 2, 4])
        assert (out.ReturnValue, out.Said) == (3, ("Ж", ""))
        assert [(each.X, each.Y) for each in out.Corners] == [(2, 2), (3, 2), (5, 2)]
    async with world(SHAPES.replace("[Implemented, Static]", "[Static]")) as there, there.entered() as ns:
        point, shape = await ns.get("Demo_Point"), await ns.get("Demo_Shape")
        corners = [point.instance({"X": x, "Y": None}) for x in range(3)]
        await ns.put(shape.instance({"Name": "a", "Center": corners[1], "Corners": corners, "Notes": ["x", "Ж"]}))
        (found,) = await ns.query("SELECT * FROM Demo_Shape")
        assert found.Center.X == 1
        assert [(each.X, each.Y) for each in found.Corners] == [(0, None), (1, None), (2, None)]
        assert found.Notes == ("x", "Ж")
        await ns.put(found.replace_(Corners=(), Center=None))
        again = await ns.get("Demo_Shape='a'")
        assert (again.Corners, again.Center) == ((), None)


async def test_a_part_of_an_instance() -> None:
    async with world() as there, there.entered() as ns:
        three = await ns.get("Demo_Big='three'")
        await ns.put(three.replace_(Size=30, Colors=None), properties=["Size"])
        again = await ns.get("Demo_Big='three'")
        assert (again.Size, again.Colors) == (30, ("red", "green"))
        assert (await ns.get("Demo_Big='three'", properties=["Size"])).Colors is None


async def test_of_several_those_before_the_bad_one_are_put() -> None:
    async with world() as there, there.entered() as ns:
        thing = await ns.get("Demo_Thing")
        good = [thing.instance({"Name": name, "Size": 9}) for name in ("x", "y")]
        paths = await ns.put(good)
        assert [str(path.relative) for path in paths] == ['Demo_Thing.Name="x"', 'Demo_Thing.Name="y"']
        with pytest.raises(WbemError, match="the 2 of 3 before it have been put") as failure:
            await ns.put([*good, thing.derive("Demo_Unknown").instance({"Name": "z"})])
        assert "there is no class Demo_Unknown" in failure.value.message
        assert failure.value.status == WbemStatus.INVALID_CLASS
        with pytest.raises(WbemError) as first:
            await ns.options().put([good[0]], flags=ChangeFlag.CREATE_ONLY)
        assert first.value.status == WbemStatus.ALREADY_EXISTS
        assert "before it" not in first.value.message


async def test_a_key_that_the_server_makes() -> None:
    async with world() as there, there.entered() as ns:
        thing = await ns.get("Demo_Thing")
        path = await ns.put(thing.instance({"Size": 9}))
        assert (await ns.get(path)).Size == 9


async def test_a_class_that_changes_between_two_calls() -> None:
    answers: dict[str, Any] = {"Demo_Thing.Grow": lambda keys, inputs: 7}
    async with world(methods=answers) as there, there.entered() as ns, there.entered() as other:
        assert (await ns.call("Demo_Thing='one'", "Grow", By=1)).ReturnValue == 7
        grown = THINGS.partition("class Demo_Big")[0].replace("uint32 By,", "uint32 By, [in] string Why,")
        await other.load_mof(grown, class_flags=ChangeFlag.UPDATE_FORCE_MODE)
        assert (await ns.call("Demo_Thing='one'", "Grow", By=1, Why="so")).ReturnValue == 7
        with pytest.raises(WbemError) as failure:
            await ns.call("Demo_Thing='one'", "Grow", By=1, Who="me")
        assert failure.value.status == WbemStatus.INVALID_METHOD_PARAMETERS
        with pytest.raises(NotFound):
            await ns.call("Demo_Nothing='one'", "Grow", By=1)


async def test_what_is_known_of_a_class_when_it_changes() -> None:
    """It is asked for once; and once more after it may have changed, also where nobody says that it has."""
    asked: list[str] = []

    async def before(call: str) -> None:
        asked.append(call)

    methods: dict[str, Any] = {"Demo_Thing.Grow": lambda keys, inputs: 0}
    async with world(methods=methods) as there, there.entered() as ns:
        there.server._server.endpoint._before = before
        paths = await ns.load_mof("class A { [key] string K; }; class B : A { }; class C : A { };")
        assert [path.server for path in paths] == ["TESTHOST"] * 3
        assert asked.count("GetObject") == 4, "each of the three, and what the server is called"
        thing = await ns.get("Demo_Thing")
        asked.clear()
        for _ in range(2):
            await ns.call("Demo_Thing='one'", "Grow", By=1)
        assert asked == ["GetObject", "ExecMethod", "ExecMethod"]

        async def lost(call: str) -> None:
            asked.append(call)
            if call in {"PutClass", "DeleteClass"}:
                raise WbemError(HResult.RPC_S_CALL_FAILED, "nobody knows")

        there.server._server.endpoint._before = lost
        for change in (lambda: ns.put(thing), lambda: ns.delete("Demo_Thing")):
            with pytest.raises(WbemError, match="nobody knows"):
                await change()
            asked.clear()
            await ns.call("Demo_Thing='one'", "Grow", By=1)
            assert asked == ["GetObject", "ExecMethod"]


async def test_a_method_that_fails_is_called_again_only_if_its_class_was_known_before() -> None:
    async with world() as there, there.entered() as ns:
        await ns.load_mof('instance of Demo_Big { Name = "big"; };')  # which looks up others
        refused = there.server.fault(call="ExecMethod", error=WbemStatus.METHOD_NOT_IMPLEMENTED)
        for seen in (1, 3):
            with pytest.raises(WbemError):
                await ns.call("Demo_Thing='one'", "Grow", By=1)
            assert refused.seen == seen


async def test_mof() -> None:
    async with world() as there, there.entered() as ns:
        paths = await ns.load_mof(
            SHAPES
            + """
            class Demo_Round : Demo_Shape { real64 Radius; };
            instance of Demo_Round as $r { Name = "r"; Radius = 1.5; Center = instance of Demo_Point { X = 1; }; };
            class Demo_Huge : Demo_Big { };
            instance of Demo_Huge { Name = "h"; };
            #pragma deleteclass("Demo_Nothing", nofail)
            #pragma namespace("\\\\\\\\.\\\\root")
            instance of __Namespace { Name = "lower"; };
            #pragma namespace("\\\\\\\\.\\\\root\\\\lower")
            class Low { [key] uint32 Id; };
            instance of Low { Id = 1; };
            """
        )
        assert len(paths) == 9
        assert str(paths[-1]) == r"\\TESTHOST\root\lower:Low.Id=1"
        assert (await ns.get("Demo_Round='r'")).Center.X == 1
        async with there.entered(r"root\lower") as lower:
            assert (await lower.get("Low=1")).Id == 1


@pytest.mark.parametrize(
    ("mof", "line", "said"),
    [
        ("class A {", 1, "expected"),
        ("\nclass A : Demo_Missing { };", 2, "Demo_Missing"),
        ("\n\ninstance of Demo_Thing { Nme = 1; };", 3, "Nme"),
        ('class A { [key] string K; };\n#pragma deleteclass("Demo_Missing", fail)', 2, "1 of 2, has been stored"),
        ('#pragma namespace("root\\\\lower")\nclass A { [key] string K; };', 2, "no namespace"),
        ("\ninstance of Demo_Thing { Size = -1; };", 2, "Size"),
    ],
)
async def test_mof_that_is_wrong(mof: str, line: int, said: str) -> None:
    async with world() as there, there.entered() as ns:
        with pytest.raises(MofError) as failure:
            await ns.load_mof(mof)
        assert failure.value.line == line
        assert said in failure.value.message


async def test_what_may_be_missing_may_not_be_denied() -> None:
    async with world() as there, there.entered() as ns:
        there.server.fault(call="DeleteClass", error=WbemStatus.ACCESS_DENIED)
        with pytest.raises(MofError) as failure:
            await ns.load_mof('#pragma deleteclass("Demo_Big", nofail)')
        assert failure.value.status == WbemStatus.ACCESS_DENIED


@pytest.mark.parametrize("verb", ["load_mof", "check_mof"])
async def test_a_class_that_cannot_be_looked_up(verb: str, caplog: pytest.LogCaptureFixture) -> None:
    """What the server says of it is told, though several are looked up at once."""
    mof = "class A : Demo_Thing { }; class B : Demo_Big { };"
    async with world() as there, there.entered() as ns:
        there.server.fault(call="GetObject", number=3, error=WbemStatus.ACCESS_DENIED)
        with pytest.raises(AccessDenied):
            await (ns.load_mof(mof) if verb == "load_mof" else ns.check_mof([mof]))
    assert bugs(caplog) == []


async def test_mof_is_checked_without_being_put(tmp_path: Path) -> None:
    good, bad = tmp_path / "good.mof", tmp_path / "bad.mof"
    good.write_text('#include "inner.mof"\nclass B : A { };')
    (tmp_path / "inner.mof").write_text("class A { [key] string K; };")
    bad.write_text("class C : Missing { };")
    async with world() as there, there.entered() as ns:
        texts: list[str | Path] = [good, bad, "class D : B { };", '#pragma deleteclass("D", fail)', "class E : D { };"]
        problems = await ns.check_mof(texts)
        assert ["Missing" in problem.message for problem in problems] == [True, False]
        with pytest.raises(NotFound):
            await ns.get("A")


async def test_events_both_ways() -> None:
    async with world(THINGS, EVENTS) as there, there.entered() as ns:
        heard = ns.events("SELECT * FROM Demo_Event WHERE Number > :least", least=1)
        created = ns.events("SELECT * FROM __InstanceCreationEvent WHERE TargetInstance ISA 'Demo_Thing'")
        await heard.started()
        await created.started()
        class_ = await ns.get("Demo_Event")
        await ns.emit([class_.instance({"Text": "a", "Number": number}) for number in range(4)])
        assert [each.Number for each in await heard.next(2, timeout=5)] == [2, 3]
        await ns.emit(class_.instance({"Text": "b", "Number": 9}))
        assert (await heard.next(1, timeout=5))[0].Text == "b"
        assert await heard.next(1, timeout=0) == []
        await ns.emit([])
        thing = await ns.get("Demo_Thing")
        await ns.put([thing.instance({"Name": f"n{number}"}) for number in range(300)])
        found = await created.next(300, timeout=5)
        assert [each.TargetInstance.Name for each in found] == [f"n{number}" for number in range(300)]
        heard.close()
        created.close()
        with pytest.raises(WbemError) as failure:
            await ns.emit(thing.instance({"Name": "x"}))
        assert failure.value.status == WbemStatus.NOT_EVENT_CLASS
        with pytest.raises(WbemError, match="Demo_Nothing"):
            await ns.events("SELECT * FROM Demo_Nothing").started()
