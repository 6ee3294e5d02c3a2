"""What an engine takes: classes in any order, in whatever namespace, and providers that fit them."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace

import pytest
from tests.engine.fakes import CLOCK, DESK, ELEMENT, LAMP, LAMPS, Rows, names, serve

from openwmi.base.error import NotFound, WbemError
from openwmi.base.status import WbemStatus
from openwmi.engine import Engine, MethodCall, Provider, Row, method
from openwmi.session import Namespace


class Nameless(Provider):
    """Forgets to say what it serves."""


class Misnamed(Provider):
    cim_class = LAMP

    @method("Swich")
    def switch(self, call: MethodCall) -> Row:
        return {}


@pytest.mark.parametrize(
    ("providers", "said"),
    [
        ([Nameless()], "Nameless does not say which class it serves"),
        ([Nameless], "is no instance of a class derived from openwmi.Provider"),
        ([object()], "is no instance of a class derived from openwmi.Provider"),
        ([Misnamed()], "Misnamed serves a method that is not declared: Demo_Lamp has no method 'Swich'; did you mean"),
        ([Rows(LAMP, []), Rows(LAMP, LAMPS)], "Demo_Lamp of root\\cimv2 has two providers"),
    ],
)
def test_a_provider_that_does_not_fit(providers: list[Provider], said: str) -> None:
    with pytest.raises(WbemError) as caught:
        Engine("HOST1", providers, [ELEMENT])
    assert caught.value.status == WbemStatus.INVALID_PROVIDER_REGISTRATION
    assert said in caught.value.message


def test_a_class_whose_superclass_is_missing() -> None:
    with pytest.raises(WbemError, match="Demo_Lamp derives from Demo_Element") as caught:
        Engine("HOST1", [Rows(LAMP, [])])
    assert caught.value.status == WbemStatus.INVALID_SUPERCLASS


def test_a_class_that_is_given_twice() -> None:
    with pytest.raises(WbemError, match=r"root\\cimv2:DEMO_CLOCK is given twice") as caught:
        Engine("HOST1", classes=[CLOCK, replace(CLOCK, name="DEMO_CLOCK")])
    assert caught.value.status == WbemStatus.ALREADY_EXISTS


async def test_the_order_of_classes_and_providers_does_not_matter() -> None:
    spot = LAMP.derive("Demo_Spot")
    ns = serve(Rows(spot, [{"Name": "spot"}]), Rows(LAMP, LAMPS[:1]), classes=(spot, LAMP, ELEMENT))
    assert names(await ns.instances("Demo_Element")) == ["hall", "spot"]


@pytest.mark.parametrize("namespace", ["", r"root\cimv2", "root/cimv2", "ROOT/CIMV2"])
async def test_a_class_lives_where_it_says_or_where_all_live(namespace: str) -> None:
    ns = serve(Rows(replace(CLOCK, namespace=namespace), [{"Time": "noon"}]), classes=())
    (clock,) = await ns.instances("Demo_Clock")
    assert clock["__NAMESPACE"].lower() == r"root\cimv2"


async def test_namespaces_do_not_see_each_other() -> None:
    engine = Engine(
        "HOST1",
        [Rows(CLOCK, [{"Time": "noon"}]), Rows(replace(CLOCK, namespace=r"root\other"), [{"Time": "night"}])],
    )
    for namespace, time in ((r"root\cimv2", "noon"), (r"ROOT\Other", "night")):
        ns = Namespace(engine.session(namespace))
        assert ns.name == namespace.lower()
        assert (await ns.get("Demo_Clock=@")).Time == time
    with pytest.raises(NotFound):
        await Namespace(engine.session("root")).get("Demo_Clock")


def test_an_unknown_namespace_names_those_that_there_are() -> None:
    engine = Engine("HOST1", [Rows(CLOCK, [])])
    with pytest.raises(WbemError, match=r"there are root, root\\cimv2, root\\default, root\\subscription$") as caught:
        engine.session(r"root\nothing")
    assert caught.value.status == WbemStatus.INVALID_NAMESPACE


@pytest.mark.parametrize("make", [lambda: Rows(LAMP, LAMPS), lambda: Rows(DESK, [])])
def test_a_function_that_was_not_overridden_says_so(make: Callable[[], Provider]) -> None:
    """Only somebody who calls it past the engine hears this."""
    with pytest.raises(NotImplementedError, match="Rows does not look up keys"):
        make().get(None, {})  # type: ignore[arg-type]
    with pytest.raises(NotImplementedError, match="Nameless does not enumerate"):
        Nameless().instances(None)  # type: ignore[arg-type]
