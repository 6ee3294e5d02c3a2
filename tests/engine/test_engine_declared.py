"""How a provider says which class it serves: by MOF, by a name; and providers that are loaded when they are wanted."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from openwmi.base.error import WbemError
from openwmi.base.status import WbemStatus
from openwmi.engine import Engine, MethodCall, Provider, Registration, Request, Row, method, shipped_class
from openwmi.model import CimClass
from openwmi.mof import MofError
from openwmi.session import Namespace

PLANTS = """
#pragma namespace("root\\\\garden")
[Abstract] class Garden_Plant { [Key] string Name; };
[Dynamic] class Garden_Tree : Garden_Plant { real32 Height; uint32 Water([in] uint32 Litres); };
"""


class Trees(Provider):
    """Declares two classes and serves the last."""

    mof = PLANTS

    def instances(self, request: Request) -> Iterator[Row]:
        yield {"Name": "oak", "Height": 12.5}

    @method("Water")
    def water(self, call: MethodCall) -> Row:
        return {"ReturnValue": call.inputs["Litres"]}


class Plants(Trees):
    """The same, of another class of its text."""

    mof = PLANTS + "[Dynamic] class Garden_Flower : Garden_Plant {};"
    cim_class = r"root\garden:garden_tree"


class Variables(Provider):
    """A class that comes with openwmi."""

    cim_class = "Win32_Environment"

    def instances(self, request: Request) -> Iterator[Row]:
        yield {"Name": "A", "UserName": "u", "VariableValue": "b"}


def serve(*providers: Provider | Registration, namespace: str = r"root\cimv2") -> Namespace:
    return Namespace(Engine("HOST1", providers).session(namespace))


@pytest.mark.parametrize("kind", [Trees, Plants])
async def test_a_class_by_mof(kind: type[Provider]) -> None:
    ns = serve(kind(), namespace=r"root\garden")
    assert [(tree.Name, tree.Height) for tree in await ns.query("SELECT * FROM Garden_Plant")] == [("oak", 12.5)]
    assert (await ns.call("Garden_Tree='oak'", "Water", Litres=5)).ReturnValue == 5


async def test_a_class_by_its_name() -> None:
    assert [each.VariableValue for each in await serve(Variables()).query("SELECT * FROM Win32_Environment")] == ["b"]


async def test_a_text_may_derive_from_what_is_there() -> None:
    class Lamps(Variables):
        cim_class = "Demo_Lamp"
        mof = '[Dynamic] class Demo_Lamp : CIM_LogicalDevice { [Key, Override("DeviceID")] string DeviceID; };'

        def instances(self, request: Request) -> Iterator[Row]:
            yield {"DeviceID": "1"}

    class Spots(Lamps):
        cim_class = "Demo_Spot"
        mof = "[Dynamic] class Demo_Spot : Demo_Lamp {};"

    ns = serve(Lamps(), Spots())
    assert len(await ns.query("SELECT DeviceID FROM CIM_LogicalDevice")) == 2


@pytest.mark.parametrize(
    ("members", "said"),
    [
        ({"cim_class": "Win32_Nowhere"}, "has no such class"),
        ({"cim_class": r"root\nowhere:Win32_Process"}, r"root\\nowhere has no such class"),
        ({"cim_class": 5}, "does not say which class"),
        ({}, "does not say which class"),
        ({"cim_class": "Win32_Environment", "x": method("Fly")(lambda self, call: {})}, "'Fly'"),
    ],
)
def test_what_serves_nothing(members: dict[str, object], said: str) -> None:
    kind = type("Odd", (Provider,), members)
    with pytest.raises(WbemError, match=said) as caught:
        serve(kind())
    assert caught.value.status == WbemStatus.INVALID_PROVIDER_REGISTRATION


def test_mof_that_does_not_compile() -> None:
    with pytest.raises(MofError, match="Demo_Nothing"):
        serve(type("Odd", (Provider,), {"mof": "class Demo_A : Demo_Nothing {};"})())


# ------------------------------------------------------------------------------------------------- when they are wanted


@pytest.fixture
def registered() -> tuple[list[str], Callable[..., Registration]]:
    """What was loaded, and a maker of registrations."""
    loaded: list[str] = []

    def make(name: str, provider: type[Provider] = Variables) -> Registration:
        def load() -> Provider:
            loaded.append(name)
            return provider()

        return Registration(name, r"root\cimv2", provider.__name__, load)

    return loaded, make


async def test_nothing_is_loaded_before_its_class_is_wanted(
    registered: tuple[list[str], Callable[..., Registration]],
) -> None:
    loaded, make = registered
    ns = serve(make("Win32_Environment"), make("Win32_BIOS"), make("Win32_SystemUsers"))
    assert isinstance(await ns.get("Win32_Environment"), CimClass)
    assert loaded == []
    for _ in range(2):
        assert len(await ns.query("SELECT Name FROM Win32_Environment")) == 1
    assert loaded == ["Win32_Environment"]
    await ns.query("ASSOCIATORS OF {Win32_Environment.Name='A',UserName='u'}")
    assert loaded == ["Win32_Environment", "Win32_SystemUsers"]  # the only one that may link something


async def test_one_that_cannot_be_loaded_fails_for_its_own_class_alone(
    registered: tuple[list[str], Callable[..., Registration]],
) -> None:
    def load() -> Provider:
        raise ImportError("no module named 'somewhere'")

    ns = serve(registered[1]("Win32_Environment"), Registration("Win32_Group", r"root\cimv2", "Broken", load))
    with pytest.raises(WbemError, match="provider Broken of Win32_Group cannot be loaded: ImportError") as caught:
        await ns.query("SELECT * FROM Win32_Group")
    assert caught.value.status == WbemStatus.PROVIDER_LOAD_FAILURE
    assert [each.Name for each in await ns.query("SELECT Name FROM CIM_LogicalElement")] == ["A"]
    with pytest.raises(WbemError, match="cannot be loaded"):
        await ns.get("Win32_Group.Domain='d',Name='n'")


def test_a_registration_of_a_class_that_is_not_there(tmp_path: Path) -> None:
    with pytest.raises(WbemError, match="no class Win32_Nowhere") as caught:
        Engine("HOST1", [Registration("Win32_Nowhere", r"root\cimv2", "X", Variables)], repository=tmp_path / "r.db")
    assert caught.value.status == WbemStatus.INVALID_PROVIDER_REGISTRATION


def test_shipped_classes() -> None:
    assert shipped_class("win32_process").derivation[-1] == "CIM_ManagedSystemElement"
    with pytest.raises(KeyError):
        shipped_class("Win32_Nowhere")
