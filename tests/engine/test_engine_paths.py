"""`get` by path: what is found, and which status says what is wrong."""

from __future__ import annotations

import pytest
from tests.engine.fakes import (
    CLOCK,
    DESK,
    ELEMENT,
    KEY,
    LAMP,
    LAMPS,
    NAMESPACE,
    PAIR,
    STRING,
    KeyedRows,
    Rows,
    serve,
)

from openwmi.base.error import WbemError
from openwmi.base.limits import OBJECT_PATH_CHARS
from openwmi.base.status import WbemStatus
from openwmi.model import CimClass, CimInstance, CimType, ObjectPath, Property, Qualifier, Type, qualifier_set
from openwmi.operation import State
from openwmi.session import Namespace

PAIRS = [{"Left": "a", "Right": 1, "Value": "A1"}, {"Left": "b", "Right": 2, "Value": "B2"}]


@pytest.fixture
def ns() -> Namespace:
    return serve(KeyedRows(LAMP, LAMPS), Rows(DESK, []), Rows(CLOCK, [{"Time": "noon"}]), KeyedRows(PAIR, PAIRS))


@pytest.mark.parametrize(
    "path",
    [
        "Demo_Pair.Left='b',Right=2",
        'Demo_Pair.Right=2,Left="b"',
        "demo_pair.LEFT='B',right=0x2",
        r"root\cimv2:Demo_Pair.Left='b',Right=2",
        r"\\.\root\cimv2:Demo_Pair.Left='b',Right=2",
        r"\\localhost\ROOT\CIMV2:Demo_Pair.Left='b',Right=2",
        r"\\host1\Root\CimV2:Demo_Pair.Left='b',Right=2",
        "//HOST1/root/cimv2:Demo_Pair.Left='b',Right=2",
        ObjectPath.parse("Demo_Pair.Left='b',Right=2"),
    ],
)
async def test_an_instance_by_its_path(ns: Namespace, path: str | ObjectPath) -> None:
    assert (await ns.get(path)).Value == "B2"


@pytest.mark.parametrize("path", ["Demo_Lamp", "demo_lamp", r"\\HOST1\root\cimv2:Demo_Lamp", "Demo_Element"])
async def test_a_class_by_its_name(ns: Namespace, path: str) -> None:
    found = await ns.get(path)
    assert isinstance(found, CimClass)
    assert found.name.lower() == ObjectPath.parse(path).class_name.lower()
    assert (found["__SERVER"], found["__NAMESPACE"]) == ("HOST1", r"root\cimv2")


async def test_what_is_found_is_found_again_by_its_own_path(ns: Namespace) -> None:
    for class_name in ("Demo_Lamp", "Demo_Pair", "Demo_Clock"):
        for one in await ns.instances(class_name):
            assert await ns.get(one.path_) == one
            assert await ns.get(one["__RELPATH"]) == one


@pytest.mark.parametrize(
    ("path", "status", "said"),
    [
        # The object or class is not there: facts of real Windows, and [MS-WMI] 3.1.4.3.4.
        ("Demo_Lamp.Name='nowhere'", WbemStatus.NOT_FOUND, "there is no Demo_Lamp.Name="),
        ("Demo_Element.Name='nowhere'", WbemStatus.NOT_FOUND, "there is no Demo_Element"),
        ("Demo_Pair.Left='a',Right=2", WbemStatus.NOT_FOUND, "there is no"),
        ("Demo_Lampp", WbemStatus.NOT_FOUND, "did you mean Demo_Lamp?"),
        ("Demo_Lampp.Name='hall'", WbemStatus.NOT_FOUND, "has no class Demo_Lampp"),
        # Another place.
        (r"root\default:Demo_Lamp", WbemStatus.INVALID_NAMESPACE, r"connect to root\default"),
        (r"\\other\root\cimv2:Demo_Lamp", WbemStatus.INVALID_NAMESPACE, "connect to other"),
        # Keys that the class does not have, has not all, or has of another type.
        ("Demo_Lamp.Watts=40", WbemStatus.INVALID_OBJECT_PATH, "Watts is no key of it (keys of Demo_Lamp: Name)"),
        ("Demo_Lamp.Nam='hall'", WbemStatus.INVALID_OBJECT_PATH, "Nam is no key"),
        ("Demo_Lamp.Name='hall',Watts=40", WbemStatus.INVALID_OBJECT_PATH, "2 keys were given"),
        ("Demo_Pair.Left='a'", WbemStatus.INVALID_OBJECT_PATH, "1 keys were given (keys of Demo_Pair: Left, Right)"),
        ("Demo_Pair='a'", WbemStatus.INVALID_OBJECT_PATH, "1 keys were given"),
        ("Demo_Pair.Left='a',Right='two'", WbemStatus.INVALID_OBJECT_PATH, "Right: uint32 takes an integer"),
        ("Demo_Pair.Left='a',Right=-1", WbemStatus.INVALID_OBJECT_PATH, "Right: uint32 takes an integer from 0"),
        ("Demo_Pair.Left=TRUE,Right=1", WbemStatus.INVALID_OBJECT_PATH, "Left: string takes a str"),
        # Singletons and others.
        ("Demo_Lamp=@", WbemStatus.INVALID_OBJECT_PATH, "Demo_Lamp is not a singleton"),
        ("Demo_Clock.Time='noon'", WbemStatus.INVALID_OBJECT_PATH, "its path is Demo_Clock=@"),
        ("Demo_Clock='noon'", WbemStatus.INVALID_OBJECT_PATH, "Demo_Clock is a singleton"),
        ("Demo_Lamp.Name='" + "x" * OBJECT_PATH_CHARS + "'", WbemStatus.QUOTA_VIOLATION, "8192 are allowed"),
        # No path at all.
        ("Demo_Lamp.Name=", WbemStatus.INVALID_OBJECT_PATH, "expected at position 15"),
        ("Demo_Lamp.", WbemStatus.INVALID_OBJECT_PATH, "a key name expected at position 10"),
        ("Demo_Pair.Left='a',Left='b'", WbemStatus.INVALID_OBJECT_PATH, "given twice"),
        ("SELECT * FROM Demo_Lamp", WbemStatus.INVALID_OBJECT_PATH, "expected at position 6"),
    ],
)
async def test_what_is_wrong_with_a_path(ns: Namespace, path: str, status: WbemStatus, said: str) -> None:
    with pytest.raises(WbemError) as caught:
        await ns.get(path)
    assert caught.value.status == status
    assert said in caught.value.message
    assert caught.value.operation == f"get {path}"


async def test_a_bad_path_cannot_start_and_a_missing_object_can_be_asked_for(ns: Namespace) -> None:
    """Semisynchronously: the first is the call's own status, the second that of its IWbemCallResult."""
    bad, missing = ns.get("Demo_Lamp."), ns.get("Demo_Lamp='nowhere'")
    with pytest.raises(WbemError) as caught:
        await bad.started()
    assert caught.value.status == WbemStatus.INVALID_OBJECT_PATH
    await missing.started()
    assert missing.state is not State.STARTING
    assert await missing.status() == WbemStatus.NOT_FOUND


async def test_a_number_may_stand_for_its_text(ns: Namespace) -> None:
    """Windows: Win32_Process.Handle=4 finds the process, though Handle is a string."""
    ns = serve(KeyedRows(LAMP, [{"Name": "4"}]))
    assert (await ns.get("Demo_Lamp.Name=4")).Name == "4"
    assert (await ns.get("Demo_Lamp=4")).Name == "4"


async def test_the_path_of_an_ancestor_finds_the_instance_with_its_own_class(ns: Namespace) -> None:
    lamp = await ns.get("Demo_Element.Name='attic'")
    assert isinstance(lamp, CimInstance)
    assert (lamp["__CLASS"], lamp.Watts) == ("Demo_Lamp", 60)


async def test_a_derived_class_with_other_keys_is_no_obstacle() -> None:
    """It has no instance with this path; the others may."""
    odd = ELEMENT.derive("Demo_Odd", qualifiers=qualifier_set(Qualifier("singleton")))
    ns = serve(Rows(odd, [{"Name": "odd"}]), Rows(LAMP, LAMPS))
    assert (await ns.get("Demo_Element.Name='attic'")).Watts == 60
    assert (await ns.get("Demo_Odd=@")).Name == "odd"
    with pytest.raises(WbemError) as caught:
        await ns.get("Demo_Element=@")
    assert caught.value.status == WbemStatus.INVALID_OBJECT_PATH


async def test_keys_of_other_types() -> None:
    """Dates and references stand in a path as text, and compare as what they are."""
    when, where = "20240229120000.000000+060", r'\\HOST1\root\cimv2:Demo_Lamp.Name="hall"'
    linked = CimClass(
        "Demo_Link",
        properties=(
            Property("At", Type(CimType.DATETIME), qualifiers=KEY),
            Property("Lamp", Type(CimType.REFERENCE), qualifiers=KEY),
            Property("Yes", Type(CimType.BOOLEAN), qualifiers=KEY),
            Property("Letter", Type(CimType.CHAR16), qualifiers=KEY),
            Property("Value", STRING),
        ),
        namespace=NAMESPACE,
    )
    ns = serve(Rows(linked, [{"At": when, "Lamp": where, "Yes": True, "Letter": "x", "Value": "found"}]))
    (one,) = await ns.instances("Demo_Link")
    assert (await ns.get(one["__PATH"])).Value == "found"
    same_instant = "20240229110000.000000+000"
    path = f"Demo_Link.At='{same_instant}',Lamp='demo_lamp.name=\"HALL\"',Yes=TRUE,Letter='X'"
    assert (await ns.get(path)).Value == "found"
    with pytest.raises(WbemError) as caught:
        await ns.get(path.replace("TRUE", "FALSE"))
    assert caught.value.status == WbemStatus.NOT_FOUND
    with pytest.raises(WbemError, match="At: ") as caught:
        await ns.get(path.replace(same_instant, "yesterday"))
    assert caught.value.status == WbemStatus.INVALID_OBJECT_PATH


async def test_a_derived_singleton_is_not_found_by_keys() -> None:
    """Its path is another one, whatever its properties are called."""
    single = ELEMENT.derive("Demo_Single", qualifiers=qualifier_set(Qualifier("singleton")))
    ns = serve(Rows(single, [{"Name": "hall"}]), KeyedRows(LAMP, LAMPS))
    assert (await ns.get("Demo_Element.Name='hall'")).class_.name == "Demo_Lamp"
    with pytest.raises(WbemError) as caught:
        await serve(Rows(single, [{"Name": "hall"}])).get("Demo_Element.Name='hall'")
    assert caught.value.status == WbemStatus.NOT_FOUND
    assert (await ns.get("Demo_Single=@")).Name == "hall"
