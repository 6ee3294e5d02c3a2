"""Method calls: what goes in, what comes out, and which status says that one of them is wrong."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from typing import Any

import pytest
from tests.engine.fakes import ELEMENT, LAMP, LAMPS, Rows, serve

from openwmi.base.error import WbemError
from openwmi.base.status import WbemStatus
from openwmi.engine import MethodCall, Provider, Row, method
from openwmi.operation import State
from openwmi.session import Namespace


class Switches(Provider):
    """Gives back what a test wants, and remembers its calls."""

    cim_class = LAMP

    def __init__(self, answer: Any = None) -> None:
        self.answer = {"ReturnValue": 0} if answer is None else answer
        self.calls: list[MethodCall] = []

    def _answer(self, call: MethodCall) -> Row:
        self.calls.append(call)
        row: Row = self.answer
        return row

    @method("Switch")
    def switch(self, call: MethodCall) -> Row:
        return self._answer(call)

    @method("ADD")
    async def add(self, call: MethodCall) -> Row:
        return self._answer(call)


async def _fails(ns: Namespace, path: str, name: str, status: WbemStatus, said: str, **inputs: object) -> None:
    with pytest.raises(WbemError) as caught:
        await ns.call(path, name, **inputs)
    assert caught.value.status == status
    assert said in caught.value.message
    assert caught.value.operation == f"call {path} {name}"


async def test_a_method_of_an_instance() -> None:
    provider = Switches()
    out = await serve(provider).call("demo_lamp.name='hall'", "SWITCH", ON=True)
    assert out["__CLASS"] == "__PARAMETERS"
    assert out.to_dict_() == {"ReturnValue": 0}
    (call,) = provider.calls
    assert call.keys == {"Name": "hall"}
    assert call.inputs == {"On": True, "Who": None}, "by their declared names, and NULL where none was given"
    assert call.request.cim_class.name == "Demo_Lamp"


async def test_a_static_method_of_the_class_or_of_an_instance() -> None:
    provider = Switches({"name": "new", "returnvalue": 3})
    ns = serve(provider)
    out = await ns.call("Demo_Lamp", "Add", Watts=40)
    assert (out.Name, out.ReturnValue) == ("new", 3)
    await ns.call("Demo_Lamp='hall'", "Add")
    assert [(call.keys, call.inputs) for call in provider.calls] == [
        (None, {"Watts": 40}),
        ({"Name": "hall"}, {"Watts": None}),
    ]


@pytest.mark.parametrize("value", [1, 21, 2**32 - 1, None])
async def test_a_return_value_is_a_value_and_no_error(value: int | None) -> None:
    out = await serve(Switches({"ReturnValue": value})).call("Demo_Lamp", "Add")
    assert out.ReturnValue == value
    assert out.Name is None


@pytest.mark.parametrize(
    ("inputs", "said"),
    [
        ({"Wats": 5}, "Demo_Lamp.Add has no in-parameter Wats: it has Watts"),
        ({"Name": "x"}, "Demo_Lamp.Add has no in-parameter Name"),
        ({"ReturnValue": 0}, "Demo_Lamp.Add has no in-parameter ReturnValue"),
        ({"Watts": "many"}, "Demo_Lamp.Add, parameter Watts: uint32 takes an integer"),
        ({"Watts": -1}, "Demo_Lamp.Add, parameter Watts: uint32 takes an integer from 0 to 4294967295"),
        ({"Watts": True}, "Demo_Lamp.Add, parameter Watts: "),
        ({"Watts": 1, "watts": 2}, "an in-parameter was given twice, spelt differently: Watts, watts"),
    ],
)
async def test_in_parameters_that_do_not_fit(inputs: dict[str, object], said: str) -> None:
    provider = Switches()
    await _fails(serve(provider), "Demo_Lamp", "Add", WbemStatus.INVALID_METHOD_PARAMETERS, said, **inputs)
    assert provider.calls == []


@pytest.mark.parametrize(
    ("answer", "said"),
    [
        ({"ReturnValue": "fine"}, "what Demo_Lamp.Add returned: __PARAMETERS.ReturnValue: uint32 takes an integer"),
        ({"ReturnValue": 0, "Name": 5}, "what Demo_Lamp.Add returned: __PARAMETERS.Name: string takes a str"),
        ({"Nmae": "x"}, "what Demo_Lamp.Add returned: __PARAMETERS has no property 'Nmae'; did you mean 'Name'?"),
        ({5: "x"}, "failed: "),
        ("fine", "what Demo_Lamp.Add returned is str, not a mapping of values"),
        ([], "what Demo_Lamp.Add returned is list, not a mapping of values"),
        (0, "what Demo_Lamp.Add returned is int, not a mapping of values"),
    ],
)
async def test_what_a_provider_returns_must_fit_as_well(answer: object, said: str) -> None:
    ns = serve(Switches(answer))
    await _fails(ns, "Demo_Lamp", "Add", WbemStatus.PROVIDER_FAILURE, said)
    await _fails(ns, "Demo_Lamp", "Add", WbemStatus.PROVIDER_FAILURE, "provider Switches of Demo_Lamp failed: ")


@pytest.mark.parametrize(
    ("path", "name", "status", "said"),
    [
        ("Demo_Nothing", "Add", WbemStatus.NOT_FOUND, "has no class Demo_Nothing"),
        ("Demo_Lamp", "Ad", WbemStatus.INVALID_METHOD, "Demo_Lamp has no method 'Ad'; did you mean 'Add'?"),
        ("Demo_Lamp", "", WbemStatus.INVALID_METHOD, "Demo_Lamp has no method ''"),
        ("Demo_Lamp", "Switch", WbemStatus.INVALID_METHOD_PARAMETERS, "such as Demo_Lamp.Name=…"),
        ("Demo_Lamp.Watts=5", "Switch", WbemStatus.INVALID_OBJECT_PATH, "Watts is no key"),
        ("Demo_Lamp.", "Switch", WbemStatus.INVALID_OBJECT_PATH, "expected at position 10"),
        (r"root\x:Demo_Lamp", "Add", WbemStatus.INVALID_NAMESPACE, r"connect to root\x"),
        (
            "Demo_Lamp='hall'",
            "Burn",
            WbemStatus.METHOD_NOT_IMPLEMENTED,
            "Demo_Lamp.Burn is declared; provider",
        ),
        ("Demo_Lamp='hall'", "Melt", WbemStatus.METHOD_DISABLED, "Demo_Lamp.Melt"),
        ("Demo_Element='hall'", "Rename", WbemStatus.PROVIDER_NOT_CAPABLE, "no provider runs methods of Demo_Element"),
    ],
)
async def test_what_cannot_be_called(path: str, name: str, status: WbemStatus, said: str) -> None:
    provider = Switches()
    await _fails(serve(provider), path, name, status, said)
    assert provider.calls == []


async def test_what_cannot_be_called_does_not_start() -> None:
    call = serve(Switches()).call("Demo_Lamp", "Add", Watts="many")
    with pytest.raises(WbemError):
        await call.started()


async def test_a_method_that_was_inherited() -> None:
    class Renames(Provider):
        cim_class = LAMP

        @method("Rename")
        def rename(self, call: MethodCall) -> Row:
            assert call.keys is not None
            return {"ReturnValue": len(str(call.keys["Name"]))}

    assert (await serve(Renames()).call("Demo_Lamp='hall'", "rename", To="x")).ReturnValue == 4


async def test_a_provider_says_that_there_is_no_such_instance() -> None:
    class Switch(Provider):
        cim_class = LAMP

        @method("Switch")
        def switch(self, call: MethodCall) -> Row:
            raise WbemError(WbemStatus.NOT_FOUND, "no such lamp")

    await _fails(serve(Switch()), "Demo_Lamp='x'", "Switch", WbemStatus.NOT_FOUND, "no such lamp")


async def test_a_method_of_a_provider_that_has_none() -> None:
    ns = serve(Rows(LAMP, LAMPS))
    await _fails(ns, "Demo_Lamp", "Add", WbemStatus.METHOD_NOT_IMPLEMENTED, "provider Rows of Demo_Lamp has no code")


@pytest.mark.parametrize("let_go", [lambda call: call.close(), lambda call: None])
async def test_a_method_goes_on_when_its_call_is_let_go(let_go: Callable[[Any], None]) -> None:
    """It has been started, and taking it back is not possible."""
    done = asyncio.Event()

    class Slow(Provider):
        cim_class = LAMP

        @method("Add")
        async def add(self, call: MethodCall) -> Row:
            await asyncio.sleep(5)
            done.set()
            return {"ReturnValue": 0}

    call = serve(Slow()).call("Demo_Lamp", "Add")
    await call.started()
    assert call.state is State.RUNNING
    let_go(call)
    del call
    await asyncio.wait_for(done.wait(), 10)


async def test_a_method_without_results_gives_an_empty_object() -> None:
    from openwmi.model import Method

    quiet = ELEMENT.derive("Demo_Quiet", methods=[Method("Hush")])

    class Quiet(Provider):
        cim_class = quiet

        @method("Hush")
        def hush(self, call: MethodCall) -> Row:
            return {}

    out = await serve(Quiet()).call("Demo_Quiet='x'", "Hush")
    assert (out["__CLASS"], out.to_dict_()) == ("__PARAMETERS", {})
