"""Classes as a user puts, changes and deletes them, with what becomes of their instances and of those derived."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import pytest
from tests.engine.fakes import KeyedRows
from tests.engine.storing import MODES, NAMESPACE, Place, called, refuses, relpaths

import openwmi
from openwmi.base.case import NameMap
from openwmi.base.error import WbemError
from openwmi.base.limits import CLASS_NAME_CHARS
from openwmi.base.status import WbemStatus
from openwmi.model import (
    ChangeFlag,
    CimClass,
    CimType,
    Flavor,
    Method,
    Parameter,
    Property,
    Qualifier,
    Type,
    qualifier_set,
)
from openwmi.operation import CallFlags
from openwmi.session import Namespace

STRING, UINT32, UINT8 = Type(CimType.STRING), Type(CimType.UINT32), Type(CimType.UINT8)
SAFE, FORCE = ChangeFlag.UPDATE_SAFE_MODE, ChangeFlag.UPDATE_FORCE_MODE

TOOLS = """
class Tool { [key] string Name; uint32 Weight = 5; };
class Saw : Tool { uint8 Teeth; };
class Handsaw : Saw { string Grip; };
class Hammer : Tool { };
"""


def grown(class_: CimClass, *properties: Property) -> CimClass:
    """The class with more properties."""
    return replace(class_, properties=(*class_.properties, *properties))


async def status_of(ns: Namespace, path: str) -> object:
    """With which a get fails; None where it does not."""
    try:
        await ns.get(path)
    except WbemError as error:
        return error.status
    return None


@pytest.mark.parametrize("mode", MODES)
async def test_put_change_and_delete_in_each_mode(place: Place, mode: str) -> None:
    ns = await place.open()
    tool = CimClass("Tool", properties=(Property("Name", STRING, qualifiers=qualifier_set(Qualifier("key"))),))
    (path,) = await called(mode, ns, "put", tool)
    assert str(path) == (await ns.get("tool"))["__PATH"]
    await called(mode, ns, "put", grown(tool, Property("Weight", UINT32, 5)))
    later = await place.seen(ns)
    (found,) = await called(mode, later, "get", "TOOL")
    assert found.names == ("Name", "Weight")
    assert (found.namespace, found.server) == (ns.name, (await ns.get("__SystemClass")).server)
    assert [each.name for each in await called(mode, later, "classes", "Tool")] == []
    assert await called(mode, later, "delete", "Tool") == []
    assert await status_of(await place.seen(later), "Tool") == WbemStatus.NOT_FOUND


async def test_classes_deep_and_shallow(place: Place) -> None:
    later = await place.seen(await place.open(TOOLS))
    assert relpaths(await later.classes("tool")) == ["Hammer", "Handsaw", "Saw"]
    assert relpaths(await later.classes("Tool", deep=False)) == ["Hammer", "Saw"]
    top = await later.classes(deep=False)
    assert "Tool" in relpaths(top)
    assert all(each.superclass is None for each in top)
    names = [each.name for each in await later.classes()]
    assert names.index("Tool") < names.index("Saw") < names.index("Handsaw")
    async with refuses(later, WbemStatus.INVALID_CLASS, "Tol", "did you mean Tool"):
        await later.classes("Tol")


async def test_what_is_inherited_comes_from_the_superclass_that_is_there(place: Place) -> None:
    ns = await place.open(TOOLS)
    later = await place.seen(ns)
    saw = await later.get("Handsaw")
    assert saw.names == ("Name", "Weight", "Teeth", "Grip")
    assert saw.keys == ("Name",)
    assert [saw.property(name).origin for name in saw.names] == ["Tool", "Tool", "Saw", "Handsaw"]
    assert saw["__DERIVATION"] == ("Saw", "Tool")
    assert (saw["__DYNASTY"], saw["__SUPERCLASS"], saw["__PROPERTY_COUNT"]) == ("Tool", "Saw", 4)
    await ns.put(grown(await ns.get("Tool"), Property("Owner", STRING, "me")), flags=SAFE)
    saw = await (await place.seen(ns)).get("Handsaw")
    assert saw.names == ("Name", "Weight", "Owner", "Teeth", "Grip")
    assert saw.instance().Owner == "me"


async def test_create_only_and_update_only(place: Place) -> None:
    ns = await place.open(TOOLS)
    hammer = await ns.get("Hammer")
    async with refuses(ns, WbemStatus.ALREADY_EXISTS, "Hammer", "CREATE_ONLY"):
        await ns.put(hammer, flags=ChangeFlag.CREATE_ONLY)
    async with refuses(ns, WbemStatus.NOT_FOUND, "Anvil", "UPDATE_ONLY"):
        await ns.put(hammer.derive("Anvil"), flags=ChangeFlag.UPDATE_ONLY)
    await ns.put(hammer.derive("Anvil"), flags=ChangeFlag.CREATE_ONLY)
    await ns.put(grown(hammer, Property("Head", STRING)), flags=ChangeFlag.UPDATE_ONLY | FORCE)
    assert "Head" in await (await place.seen(ns)).get("Anvil")
    for flags in (ChangeFlag.CREATE_ONLY | ChangeFlag.UPDATE_ONLY, SAFE | FORCE, ChangeFlag(0x1000)):
        async with refuses(ns, WbemStatus.INVALID_PARAMETER):
            await ns.put(hammer, flags=flags)


async def test_a_compatible_update_leaves_instances_and_derived_classes_alone(place: Place) -> None:
    """[MS-WMI] 3.1.4.3.6: without a mode only where there are none, or where nothing changes."""
    ns = await place.open(TOOLS)
    tool, hammer = await ns.get("Tool"), await ns.get("Hammer")
    async with refuses(ns, WbemStatus.CLASS_HAS_CHILDREN, "Tool", "Owner"):
        await ns.put(grown(tool, Property("Owner", STRING)))
    await ns.put(hammer.instance({"Name": "a"}))
    async with refuses(ns, WbemStatus.CLASS_HAS_INSTANCES, "Hammer", "Owner"):
        await ns.put(grown(hammer, Property("Owner", STRING)))
    await ns.put([tool, hammer])
    described = replace(hammer, qualifiers=qualifier_set(Qualifier("Description", "It hits.", STRING)))
    await ns.put(described)
    later = await place.seen(ns)
    assert (await later.get("Hammer")).qualifiers["description"].value == "It hits."
    assert relpaths(await later.instances("Tool")) == ['Hammer.Name="a"']
    await ns.delete('Hammer="a"')
    await ns.put(grown(described, Property("Owner", STRING)))
    assert "Owner" in await (await place.seen(ns)).get("Hammer")


@pytest.mark.parametrize("mode", [SAFE, FORCE], ids=["safe", "force"])
async def test_what_instances_do_not_survive_is_refused_in_both_modes(place: Place, mode: ChangeFlag) -> None:
    """SDK, "Creating and Declaring an Instance Using C++"."""
    ns = await place.open(TOOLS)
    tool, hammer = await ns.get("Tool"), await ns.get("Hammer")
    await ns.put(hammer.instance({"Name": "a", "Weight": 9}))
    for changed in (
        grown(hammer, Property("Owner", STRING)),
        grown(tool, Property("Owner", STRING)),
        replace(tool, properties=tool.properties[:1]),
        replace(tool, properties=(tool.properties[0], Property("Weight", STRING))),
        replace(hammer, qualifiers=qualifier_set(Qualifier("Dynamic"), Qualifier("Provider", "Far", STRING))),
    ):
        async with refuses(ns, WbemStatus.CLASS_HAS_INSTANCES, "Hammer", "delete them first"):
            await ns.put(changed, flags=mode)


async def test_another_default_is_that_of_new_instances(place: Place) -> None:
    ns = await place.open(TOOLS)
    hammer, tool = await ns.get("Hammer"), await ns.get("Tool")
    await ns.put(hammer.instance({"Name": "old"}))
    changed = replace(tool, properties=(tool.properties[0], Property("Weight", UINT32, 7)))
    await ns.put(changed, flags=SAFE)
    later = await place.seen(ns)
    await later.put((await later.get("Hammer")).instance({"Name": "new"}))
    assert {one.Name: one.Weight for one in await later.instances("Tool")} == {"old": 5, "new": 7}


async def test_force_takes_a_conflict_out_of_a_derived_class(place: Place) -> None:
    ns = await place.open(TOOLS)
    tool = await ns.get("Tool")
    changed = grown(tool, Property("Teeth", STRING))
    async with refuses(ns, WbemStatus.CLASS_HAS_CHILDREN, "Saw", "Teeth"):
        await ns.put(changed, flags=SAFE)
    await ns.put(changed, flags=FORCE)
    later = await place.seen(ns)
    saw = await later.get("Handsaw")
    assert (saw.property("Teeth").type, saw.property("Teeth").origin) == (STRING, "Tool")
    await later.put(saw.instance({"Name": "a", "Teeth": "sharp"}))
    assert [one.Teeth for one in await (await place.seen(later)).instances("Tool")] == ["sharp"]


async def test_deleting_a_class_deletes_its_instances_and_what_is_derived(place: Place) -> None:
    ns = await place.open(TOOLS)
    for name in ("Tool", "Saw", "Handsaw", "Hammer"):
        await ns.put((await ns.get(name)).instance({"Name": name}))
    await ns.delete("saw")
    later = await place.seen(ns)
    assert relpaths(await later.instances("Tool")) == ['Hammer.Name="Hammer"', 'Tool.Name="Tool"']
    assert [await status_of(later, name) for name in ("Saw", "Handsaw")] == [WbemStatus.NOT_FOUND] * 2
    assert await status_of(later, 'Saw="Saw"') == WbemStatus.NOT_FOUND
    await later.load_mof("class Saw : Tool { uint8 Teeth; };")
    assert await (await place.seen(later)).instances("Saw") == []
    await later.delete("Tool")
    assert await status_of(await place.seen(later), "Hammer") == WbemStatus.NOT_FOUND


SHIPPED = CimClass(
    "Given_Lamp",
    properties=(Property("Name", STRING, qualifiers=qualifier_set(Qualifier("key"))), Property("Watts", UINT32, 40)),
    namespace=NAMESPACE,
)


async def test_a_class_given_in_python_is_changed_deleted_and_created_again(place: Place) -> None:
    provider = KeyedRows(SHIPPED.derive("Given_Bulb"), [{"Name": "live"}])
    ns = await place.open("", provider, KeyedRows(SHIPPED, [{"Name": "base"}]))
    lamp = await ns.get("Given_Lamp")
    async with refuses(ns, WbemStatus.CLASS_HAS_CHILDREN, "Given_Bulb"):
        await ns.put(grown(lamp, Property("On", UINT8, 1)))
    await ns.put(grown(lamp, Property("On", UINT8, 1)), flags=SAFE)
    later = await place.seen(ns)
    assert [one.On for one in await later.instances("Given_Lamp")] == [1, 1]
    assert (await later.get('Given_Bulb="live"')).Watts == 40
    await later.delete("Given_Lamp")
    last = await place.seen(later)
    assert [await status_of(last, name) for name in ("Given_Lamp", "Given_Bulb")] == [WbemStatus.NOT_FOUND] * 2
    await last.put(replace(SHIPPED, properties=SHIPPED.properties[:1]))
    assert (await (await place.seen(last)).get("Given_Lamp")).names == ("Name",)


async def test_instances_of_classes_that_come_with_the_package(place: Place) -> None:
    ns = await place.open()
    timer = await ns.get("__IntervalTimerInstruction")
    path = await ns.put(timer.instance({"TimerId": "t", "IntervalBetweenEvents": 1000}))
    later = await place.seen(ns)
    assert (await later.get(path)).IntervalBetweenEvents == 1000
    assert relpaths(await later.instances("__EventGenerator")) == ['__IntervalTimerInstruction.TimerId="t"']
    assert relpaths(await later.query("SELECT * FROM __TimerInstruction WHERE TimerId = 'T'")) == [
        '__IntervalTimerInstruction.TimerId="t"'
    ]
    async with refuses(later, WbemStatus.INVALID_OPERATION, "__IntervalTimerInstruction", "system"):
        await later.delete("__IntervalTimerInstruction")
    async with refuses(later, WbemStatus.INVALID_OPERATION, "__IntervalTimerInstruction"):
        await later.put(timer)
    await later.delete('__TimerInstruction.TimerId="T"')
    assert await (await place.seen(later)).instances("__EventGenerator") == []


BAD: list[tuple[str, WbemStatus, tuple[str, ...]]] = [
    ("_Thing", WbemStatus.INVALID_OPERATION, ("_Thing",)),
    ("Thing_", WbemStatus.INVALID_OBJECT, ("Thing_",)),
    ("Th ing", WbemStatus.INVALID_PARAMETER, ("Th ing",)),
    ("9Thing", WbemStatus.INVALID_PARAMETER, ("9Thing",)),
    ("T" * (CLASS_NAME_CHARS + 1), WbemStatus.QUOTA_VIOLATION, (str(CLASS_NAME_CHARS),)),
]


@pytest.mark.parametrize(("name", "status", "words"), BAD, ids=[name[:9] for name, _, _ in BAD])
async def test_names_that_no_class_can_have(
    place: Place, name: str, status: WbemStatus, words: tuple[str, ...]
) -> None:
    ns = await place.open()
    async with refuses(ns, status, *words):
        await ns.put(CimClass(name))


async def test_the_longest_name(place: Place) -> None:
    ns = await place.open()
    name = "T" * CLASS_NAME_CHARS
    await ns.put(CimClass(name))
    assert (await (await place.seen(ns)).get(name)).name == name
    for verb in (ns.get, ns.delete, ns.instances, ns.classes):
        async with refuses(ns, WbemStatus.QUOTA_VIOLATION, str(CLASS_NAME_CHARS)):
            await verb(name + "T")


def _class(*properties: Property, qualifiers: tuple[Qualifier, ...] = (), methods: tuple[Method, ...] = ()) -> CimClass:
    return CimClass("Bad", properties=properties, methods=methods, qualifiers=qualifier_set(*qualifiers))


KEY = qualifier_set(Qualifier("key"))
REFUSED: list[tuple[CimClass, WbemStatus, tuple[str, ...]]] = [
    (_class(Property("_A", UINT32)), WbemStatus.INVALID_OPERATION, ("Bad", "_A")),
    (_class(Property("A_", UINT32)), WbemStatus.INVALID_OBJECT, ("Bad", "A_")),
    (_class(methods=(Method("Do_", (), None),)), WbemStatus.INVALID_OBJECT, ("Bad", "Do_")),
    (_class(qualifiers=(Qualifier("Key"),)), WbemStatus.INVALID_QUALIFIER, ("Bad", "Key")),
    (_class(Property("A", Type(CimType.REAL32), qualifiers=KEY)), WbemStatus.CANNOT_BE_KEY, ("Bad", "A", "real")),
    (
        _class(Property("A", UINT32, qualifiers=KEY), qualifiers=(Qualifier("singleton"),)),
        WbemStatus.CANNOT_BE_SINGLETON,
        ("Bad", "A"),
    ),
    (_class(Property("A", UINT32, "x")), WbemStatus.TYPE_MISMATCH, ("Bad.A", "default", "uint32")),
    (_class(Property("A", UINT8, 256)), WbemStatus.TYPE_MISMATCH, ("Bad.A", "default", "255")),
    (_class(qualifiers=(Qualifier("Description", "x"),)), WbemStatus.TYPE_MISMATCH, ("Bad", "Description", "boolean")),
    (
        _class(Property("A", UINT32, qualifiers=qualifier_set(Qualifier("Max", "9", UINT32)))),
        WbemStatus.TYPE_MISMATCH,
        ("Bad.A", "Max", "uint32"),
    ),
    (
        _class(methods=(Method("Do", (Parameter("In", UINT32, qualifier_set(Qualifier("Q", 1))),), UINT32),)),
        WbemStatus.TYPE_MISMATCH,
        ("Bad.Do()", "In", "Q", "boolean"),
    ),
    (CimClass("Bad", "Tol", ("Tol",)), WbemStatus.NOT_FOUND, ("Bad", "Tol")),
    (CimClass("Tool", "Handsaw", ("Handsaw",)), WbemStatus.CIRCULAR_REFERENCE, ("Tool", "Handsaw")),
    (CimClass("Tool", "Tool", ("Tool",)), WbemStatus.CIRCULAR_REFERENCE, ("Tool",)),
    (
        CimClass("Bad", "Saw", ("Saw",), properties=(Property("Serial", UINT32, qualifiers=KEY, origin="Bad"),)),
        WbemStatus.CANNOT_BE_KEY,
        ("Bad", "Serial"),
    ),
]


@pytest.mark.parametrize(("class_", "status", "words"), REFUSED, ids=range(len(REFUSED)))
async def test_classes_that_are_refused(
    place: Place, class_: CimClass, status: WbemStatus, words: tuple[str, ...]
) -> None:
    ns = await place.open(TOOLS)
    async with refuses(ns, status, *words):
        await ns.put(class_)


async def test_a_superclass_that_cannot_be(place: Place) -> None:
    ns = await place.open(TOOLS + '[Dynamic, Provider("Far")] class Live { [key] uint8 Id; };')
    tool = await ns.get("Tool")
    async with refuses(ns, WbemStatus.INVALID_SUPERCLASS, "Lively", "Live", "Dynamic"):
        await ns.put((await ns.get("Live")).derive("Lively"))
    async with refuses(ns, WbemStatus.CANNOT_BE_ABSTRACT, "Idea", "Tool"):
        await ns.put(tool.derive("Idea", qualifiers=qualifier_set(Qualifier("abstract"))))
    await ns.put(tool.derive("Idea", qualifiers=qualifier_set(Qualifier("abstract"))), flags=FORCE)
    assert (await (await place.seen(ns)).get("Idea")).is_abstract
    (part,) = await ns.options(flags=CallFlags.PROTOTYPE).query("SELECT Name FROM Saw")
    async with refuses(ns, WbemStatus.INVALID_OBJECT, "Saw", "query"):
        await ns.put(part if isinstance(part, CimClass) else part.class_)


async def test_a_class_with_arrays_that_are_lists_is_kept_with_tuples(place: Place) -> None:
    """Who writes Python need not know which of the two it is."""
    ns = await place.open()
    texts = Type(CimType.STRING, array=True)
    values: list[str] = ["a", "b"]
    of_property = NameMap({"Values": Qualifier("Values", values, texts)})
    of_class = qualifier_set(Qualifier("Words", values, texts))
    given = CimClass("Listed", properties=(Property("A", texts, values, of_property),), qualifiers=of_class)
    await ns.put(given)
    for found in (await ns.get("Listed"), await (await place.seen(ns)).get("Listed")):
        assert found.property("A").default == found.qualifiers["Words"].value == ("a", "b")
        assert found.property("A").qualifiers["Values"].value == ("a", "b")


async def test_amended_qualifiers_are_left_out_of_an_update(place: Place) -> None:
    """[MS-WMI] 3.1.1.2."""
    ns = await place.open(TOOLS)
    described = qualifier_set(
        Qualifier("Description", "Es schlägt.", STRING, Flavor.AMENDED), Qualifier("Maker", "x", STRING)
    )
    amended = ns.options(flags=CallFlags.USE_AMENDED_QUALIFIERS)
    hammer = replace(await ns.get("Hammer"), qualifiers=described)
    await amended.put(hammer)
    assert list((await (await place.seen(ns)).get("Hammer")).qualifiers) == ["Maker"]
    await ns.put(hammer)
    assert list((await (await place.seen(ns)).get("Hammer")).qualifiers) == ["Description", "Maker"]
    async with refuses(ns, WbemStatus.INVALID_PARAMETER, "Hammer", "USE_AMENDED_QUALIFIERS"):
        await amended.delete("Hammer")


async def test_a_class_that_another_program_ships_anew_keeps_its_instances(tmp_path: Path) -> None:
    """What lies below the file has changed: values stay with their names, new properties have their defaults."""
    file = tmp_path / "repository.db"
    base = CimClass("Given_Base", properties=SHIPPED.properties, namespace=NAMESPACE)
    first = KeyedRows(base.derive("Given_Any"), [])
    ns = await openwmi.connect(providers=[first, KeyedRows(base, [])], repository=file)
    stored = base.derive("Mine", [Property("Mark", STRING, "m")])
    await ns.put([stored, stored.instance({"Name": "a", "Watts": 60})])
    newer = replace(base, properties=(base.properties[0], Property("On", UINT8, 1), Property("WATTS", STRING)))
    again = await openwmi.connect(providers=[KeyedRows(newer, [])], repository=file)
    (found,) = await again.instances("Mine")
    assert found.to_dict_() == {"Name": "a", "On": 1, "WATTS": None, "Mark": "m"}
    await again.put(found.replace_(On=0))
    assert [one.On for one in await again.instances("Given_Base", deep=True) if one.isa_("Mine")] == [0]
