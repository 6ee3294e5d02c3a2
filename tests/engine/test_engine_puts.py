"""Instances as a user puts, gets, lists and deletes them: over memory, over a file, and through a file opened anew."""

from __future__ import annotations

import math
from typing import Any

import pytest
from tests.engine.storing import MODES, Place, called, refuses, relpaths

from openwmi.base.case import NameMap
from openwmi.base.error import WbemError
from openwmi.base.limits import OBJECT_PATH_CHARS
from openwmi.base.status import WbemStatus
from openwmi.model import (
    ChangeFlag,
    CimClass,
    CimDateTime,
    CimInstance,
    CimInterval,
    CimType,
    Flavor,
    ObjectPath,
    Qualifier,
    Type,
    parse_datetime,
    qualifier_set,
)
from openwmi.operation import CallFlags

STRING = Type(CimType.STRING)

SHELF = """
class Shelf { [key] string Name; uint32 Width = 80; string Note; };
class Rack : Shelf { uint32 Units; };
class Cupboard : Shelf { boolean Locked = TRUE; };
"""

MANY_KEYS = """
class Crossing {
    [key] string Road; [key] uint32 Number; [key] boolean Lights; [key] datetime Built; [key] sint64 Depth;
    [key] char16 Letter; string Note;
};
"""

VALUES = r"""
class Value {
    [key] uint8 Id; boolean B; boolean Bs[]; sint8 S1; sint8 S1s[]; uint8 U1; uint8 U1s[]; sint16 S2; sint16 S2s[];
    uint16 U2; uint16 U2s[]; sint32 S4; sint32 S4s[]; uint32 U4; uint32 U4s[]; sint64 S8; sint64 S8s[]; uint64 U8;
    uint64 U8s[]; real32 R4; real32 R4s[]; real64 R8; real64 R8s[]; char16 C; char16 Cs[]; string T; string Ts[];
    datetime D; datetime Ds[]; Value ref R; Value ref Rs[]; object O; object Os[];
};
"""


@pytest.mark.parametrize("mode", MODES)
async def test_put_get_update_and_delete_in_each_mode(place: Place, mode: str) -> None:
    ns = await place.open(SHELF)
    shelf = await ns.get("Shelf")
    (path,) = await called(mode, ns, "put", shelf.instance({"Name": "low", "Width": 40}))
    assert path == ObjectPath.parse('Shelf.Name="low"') or str(path).endswith(r':Shelf.Name="low"')
    assert [one["Width"] for one in await called(mode, ns, "get", path)] == [40]
    await called(mode, ns, "put", shelf.instance({"Name": "LOW", "Width": 41}))
    later = await place.seen(ns)
    assert [one["Width"] for one in await called(mode, later, "instances", "Shelf")] == [41]
    assert await called(mode, later, "delete", path) == []
    assert await called(mode, await place.seen(later), "instances", "Shelf") == []
    with pytest.raises(WbemError) as caught:
        await called(mode, later, "get", path)
    assert caught.value.status == WbemStatus.NOT_FOUND


async def test_a_path_comes_back_as_the_object_has_it(place: Place) -> None:
    ns = await place.open(SHELF)
    path = await ns.put((await ns.get("Rack")).instance({"Name": 'a "b" \\c'}))
    found = await (await place.seen(ns)).get(path)
    assert str(path) == found["__PATH"]
    assert path.namespace == ns.name
    assert found["__RELPATH"] == r'Rack.Name="a \"b\" \\c"'
    assert (await ns.get(found["__RELPATH"])) == found


async def test_a_list_of_classes_and_instances_is_put_in_its_order(place: Place) -> None:
    ns = await place.open(SHELF)
    shelf = await ns.get("Shelf")
    drawer = shelf.derive("Drawer")
    things = [shelf.instance({"Name": "1"}), drawer, drawer.instance({"Name": "2"}), shelf.instance({"Name": "3"})]
    paths = await ns.put(things)
    assert isinstance(paths, tuple)
    assert [str(each.relative) for each in paths] == [
        'Shelf.Name="1"',
        "Drawer",
        'Drawer.Name="2"',
        'Shelf.Name="3"',
    ]
    assert relpaths(await (await place.seen(ns)).instances("Shelf")) == [
        'Drawer.Name="2"',
        'Shelf.Name="1"',
        'Shelf.Name="3"',
    ]
    assert await ns.put([]) == ()


@pytest.mark.parametrize("mode", MODES)
async def test_a_list_is_put_whole_or_not_at_all(place: Place, mode: str) -> None:
    ns = await place.open(SHELF)
    shelf = await ns.get("Shelf")
    await ns.put(shelf.instance({"Name": "old"}))
    things = [shelf.derive("Drawer"), shelf.instance({"Name": "new"}), shelf.instance({"Name": "old", "Note": "x"})]
    broken = CimClass("Lost", "Nobody", ("Nobody",))
    async with refuses(ns, WbemStatus.NOT_FOUND, "Nobody", "Lost"):
        await called(mode, ns, "put", [*things, broken])
    async with refuses(ns, WbemStatus.ALREADY_EXISTS, "old"):
        await called(mode, ns, "put", things, flags=ChangeFlag.CREATE_ONLY)
    later = await place.seen(ns)
    assert relpaths(await later.instances("Shelf")) == ['Shelf.Name="old"']
    assert (await later.get('Shelf.Name="old"')).Note is None


async def test_of_a_key_twice_in_one_list_the_last_counts(place: Place) -> None:
    ns = await place.open(SHELF)
    shelf = await ns.get("Shelf")
    paths = await ns.put([shelf.instance({"Name": "a", "Width": each}) for each in (1, 2)])
    assert paths[0] == paths[1]
    assert [one.Width for one in await (await place.seen(ns)).instances("Shelf")] == [2]
    async with refuses(ns, WbemStatus.ALREADY_EXISTS):
        await ns.put([shelf.instance({"Name": "b"}), shelf.instance({"Name": "B"})], flags=ChangeFlag.CREATE_ONLY)


async def test_create_only_and_update_only(place: Place) -> None:
    ns = await place.open(SHELF)
    shelf = await ns.get("Shelf")
    one = shelf.instance({"Name": "a"})
    async with refuses(ns, WbemStatus.NOT_FOUND, 'Shelf.Name="a"', "UPDATE_ONLY"):
        await ns.put(one, flags=ChangeFlag.UPDATE_ONLY)
    await ns.put(one, flags=ChangeFlag.CREATE_ONLY)
    async with refuses(ns, WbemStatus.ALREADY_EXISTS, 'Shelf.Name="a"', "CREATE_ONLY"):
        await ns.put(one.replace_(Width=5), flags=ChangeFlag.CREATE_ONLY)
    await ns.put(one.replace_(Width=6), flags=ChangeFlag.UPDATE_ONLY)
    assert (await (await place.seen(ns)).get('Shelf.Name="a"')).Width == 6
    for flags in (ChangeFlag.CREATE_ONLY | ChangeFlag.UPDATE_ONLY, ChangeFlag.UPDATE_SAFE_MODE, ChangeFlag(0x8)):
        async with refuses(ns, WbemStatus.INVALID_PARAMETER):
            await ns.put(one, flags=flags)


async def test_get_through_a_base_class_and_enumeration_deep_and_shallow(place: Place) -> None:
    ns = await place.open(SHELF)
    for name in ("Shelf", "Rack", "Cupboard"):
        await ns.put((await ns.get(name)).instance({"Name": name.lower()}))
    later = await place.seen(ns)
    found = await later.get('Shelf.Name="rack"')
    assert (found["__CLASS"], found["__RELPATH"]) == ("Rack", 'Rack.Name="rack"')
    with pytest.raises(WbemError) as caught:
        await later.get('Rack.Name="shelf"')
    assert caught.value.status == WbemStatus.NOT_FOUND
    assert relpaths(await later.instances("shelf")) == [
        'Cupboard.Name="cupboard"',
        'Rack.Name="rack"',
        'Shelf.Name="shelf"',
    ]
    assert relpaths(await later.instances("Shelf", deep=False)) == ['Shelf.Name="shelf"']
    assert relpaths(await later.instances("Rack")) == ['Rack.Name="rack"']
    await later.delete('Shelf.Name="rack"')  # through the base class, too
    assert await (await place.seen(later)).instances("Rack") == []


async def test_direct_read_disregards_derived_classes(place: Place) -> None:
    """[MS-WMI] 3.1.4.3.4, 3.1.4.3.16 and 3.1.4.3.18."""
    ns = (await place.open(SHELF)).options(flags=CallFlags.DIRECT_READ)
    for name in ("Shelf", "Rack"):
        await ns.put((await ns.get(name)).instance({"Name": name.lower()}))
    assert relpaths(await ns.instances("Shelf")) == ['Shelf.Name="shelf"']
    assert relpaths(await ns.query("SELECT * FROM Shelf")) == ['Shelf.Name="shelf"']
    with pytest.raises(WbemError) as caught:
        await ns.get('Shelf.Name="rack"')
    assert caught.value.status == WbemStatus.NOT_FOUND
    assert (await ns.get('Rack.Name="rack"'))["__CLASS"] == "Rack"


async def test_the_keys_of_a_base_class_are_there_once(place: Place) -> None:
    ns = await place.open(SHELF)
    await ns.put((await ns.get("Rack")).instance({"Name": "a"}))
    for name in ("Shelf", "Cupboard"):
        async with refuses(ns, WbemStatus.ALREADY_EXISTS, "Rack", name):
            await ns.put((await ns.get(name)).instance({"Name": "A"}))
    assert (await (await place.seen(ns)).get('Shelf="a"'))["__CLASS"] == "Rack"


async def test_system_properties_of_stored_objects(place: Place) -> None:
    ns = await place.open(SHELF)
    await ns.put((await ns.get("Rack")).instance({"Name": "r"}))
    later = await place.seen(ns)
    for instance, class_ in ((await later.get('Rack="r"'), await later.get("Rack")),):
        server = class_["__SERVER"]
        assert instance["__SERVER"] == server == (await ns.get("__SystemClass"))["__SERVER"]
        for each, genus, relpath in ((class_, 1, "Rack"), (instance, 2, 'Rack.Name="r"')):
            assert each["__GENUS"] == genus
            assert each["__CLASS"] == "Rack"
            assert each["__SUPERCLASS"] == each["__DYNASTY"] == "Shelf"
            assert each["__DERIVATION"] == ("Shelf",)
            assert each["__PROPERTY_COUNT"] == 4
            assert each["__NAMESPACE"] == ns.name
            assert each["__RELPATH"] == relpath
            assert each["__PATH"] == rf"\\{server}\{ns.name}:{relpath}"


TOP: dict[str, tuple[object, object]] = {
    "B": (False, True),
    "S1": (-128, 127),
    "U1": (0, 255),
    "S2": (-(2**15), 2**15 - 1),
    "U2": (0, 2**16 - 1),
    "S4": (-(2**31), 2**31 - 1),
    "U4": (0, 2**32 - 1),
    "S8": (-(2**63), 2**63 - 1),
    "U8": (0, 2**64 - 1),
    "R4": (-3.4028234663852886e38, 1.401298464324817e-45),
    "R8": (-1.7976931348623157e308, 5e-324),
    "C": ("\0", "\uffff"),
    "T": ("", "\x01\r\n\"'\\ \u00e4\u4e2d \U0001f600 \ud800" + "x" * 70_000),
    "D": (parse_datetime("00010101000000.000000-720"), parse_datetime("99991231235959.999999+840")),
    "R": ("", 'Value.Id=1,"odd'),
}


async def test_every_type_with_its_extremes_and_null(place: Place) -> None:
    ns = await place.open(VALUES)
    class_ = await ns.get("Value")
    rows: list[dict[str, object]] = [
        {"Id": 0},
        {"Id": 1, **{name: ends[0] for name, ends in TOP.items()}, **{f"{name}s": () for name in TOP}},
        {
            "Id": 255,
            **{name: ends[1] for name, ends in TOP.items()},
            **{f"{name}s": ends for name, ends in TOP.items()},
        },
    ]
    given = [class_.instance(row) for row in rows]
    await ns.put(given)
    later = await place.seen(ns)
    for one in given:
        found = await later.get(f"Value.Id={one.Id}")
        assert list(map(repr, found.values_)) == list(map(repr, one.values_))
        assert found == one
    assert sorted(await later.instances("Value"), key=lambda each: int(each.Id)) == given
    back = given[1].replace_(**{name: None for name in given[1] if name != "Id"})
    await ns.put(back)
    assert (await (await place.seen(ns)).get("Value=1")).values_ == back.values_


async def test_odd_reals_and_moments_are_kept(place: Place) -> None:
    ns = await place.open(VALUES)
    class_ = await ns.get("Value")
    wild = parse_datetime("2024**********.******+***")
    span = CimInterval.parse("99999999235959.999999:000")
    await ns.put(class_.instance({"Id": 9, "R8": 5e-324, "R8s": (1e308, -0.0), "D": wild, "Ds": (span,)}))
    found = await (await place.seen(ns)).get("Value=9")
    assert (found.R8, found.R8s[0], math.copysign(1, found.R8s[1])) == (5e-324, 1e308, -1)
    assert (found.D, found.Ds) == (wild, (span,))


async def test_embedded_objects_are_kept_with_their_classes(place: Place) -> None:
    ns = await place.open(VALUES + SHELF)
    rack, value = await ns.get("Rack"), await ns.get("Value")
    elsewhere = CimClass("Elsewhere", properties=rack.properties).instance({"Name": "x", "Units": 3})
    inner = value.instance({"Id": 2, "O": rack.instance({"Name": "in", "Units": 7}), "Os": (elsewhere, rack)})
    await ns.put(value.instance({"Id": 1, "O": inner}))
    found = (await (await place.seen(ns)).get("Value=1")).O
    assert found == inner
    assert found.O.Units == 7
    assert found.O.isa_("Shelf")
    assert found.Os == (elsewhere, rack)
    assert [one.Id for one in await ns.query("SELECT * FROM Value WHERE O.Id = 2")] == [1]
    assert await ns.instances("Rack") == []  # what is embedded is not stored


async def test_several_keys_in_any_order_and_case(place: Place) -> None:
    ns = await place.open(MANY_KEYS)
    class_ = await ns.get("Crossing")
    built = CimDateTime.parse("20240229235959.000001+060")
    keys = {"Road": "High Street", "Number": 4294967295, "Lights": True, "Built": built, "Depth": -5, "Letter": "x"}
    path = await ns.put(class_.instance({**keys, "Note": "busy"}))
    later = await place.seen(ns)
    assert (await later.get(path)).Note == "busy"
    spelt = (
        r'\\.\ROOT/cimv2:crossing.letter="X",depth=-5,BUILT="20240229235959.000001+060",lights=true,'
        r'number=0xFFFFFFFF,rOAD="high street"'
    )
    assert (await later.get(spelt)).Note == "busy"
    other = spelt.replace("lights=true", "lights=false")
    with pytest.raises(WbemError) as caught:
        await later.get(other)
    assert caught.value.status == WbemStatus.NOT_FOUND
    await ns.put(class_.instance({**keys, "Lights": False}))
    assert (await (await place.seen(ns)).get(other)).Lights is False
    for wrong in ('Crossing="x"', 'Crossing.Road="a"', 'Crossing.Road="a",Nothing=1', "Crossing=@"):
        async with refuses(ns, WbemStatus.INVALID_OBJECT_PATH, "Road, Number, Lights"):
            await ns.delete(wrong)


async def test_keys_that_are_references_are_paths(place: Place) -> None:
    ns = await place.open(
        SHELF + "[Association] class On { [key] Shelf ref Lower; [key] Shelf ref Upper; uint8 Gap; };"
    )
    low, high = await ns.put([(await ns.get("Shelf")).instance({"Name": name}) for name in ("low", "high")])
    on = await ns.get("On")
    path = await ns.put(on.instance({"Lower": str(low), "Upper": 'Shelf.Name="high"', "Gap": 30}))
    later = await place.seen(ns)
    assert (await later.get(path)).Gap == 30
    same = on.instance({"Lower": 'shelf="LOW"', "Upper": str(high), "Gap": 31})
    async with refuses(ns, WbemStatus.ALREADY_EXISTS):
        await ns.put(same, flags=ChangeFlag.CREATE_ONLY)
    await ns.put(same)
    assert [one.Gap for one in await (await place.seen(ns)).instances("On")] == [31]


async def test_a_singleton_is_there_once(place: Place) -> None:
    ns = await place.open('[Singleton] class Clock { string Time = "noon"; }; class Sun : Clock { uint8 Rays; };')
    with pytest.raises(WbemError) as caught:
        await ns.get("Clock=@")
    assert caught.value.status == WbemStatus.NOT_FOUND
    path = await ns.put((await ns.get("Clock")).instance())
    assert str(path.relative) == "Clock=@"
    await ns.put((await ns.get("Clock")).instance({"Time": "one"}))
    later = await place.seen(ns)
    assert [one.Time for one in await later.instances("Clock")] == ["one"]
    await later.put((await later.get("Sun")).instance({"Rays": 4}))
    assert relpaths(await (await place.seen(later)).instances("Clock")) == ["Clock=@", "Sun=@"]
    await later.delete("Clock=@")
    assert relpaths(await (await place.seen(later)).instances("Clock")) == ["Sun=@"]


async def test_qualifiers_of_an_instance_are_its_own(place: Place) -> None:
    ns = await place.open(SHELF)
    shelf = await ns.get("Shelf")
    plain = shelf.instance({"Name": "a"})
    own = qualifier_set(Qualifier("Seen", "yes", STRING, Flavor.PROPAGATE_TO_INSTANCE))
    of_note = qualifier_set(Qualifier("Ink", "blue", STRING))
    await ns.put(CimInstance(shelf, plain.values_, own, NameMap({"Note": of_note})))
    found = await (await place.seen(ns)).get('Shelf="a"')
    assert dict(found.own_qualifiers_) == dict(own)
    assert {name: dict(each) for name, each in found.own_property_qualifiers_.items()} == {"Note": dict(of_note)}
    await ns.put(found.replace_(Width=1), properties=["Width"])
    assert "Seen" in (await (await place.seen(ns)).get('Shelf="a"')).own_qualifiers_
    await ns.put(plain)
    found = await (await place.seen(ns)).get('Shelf="a"')
    assert (dict(found.own_qualifiers_), dict(found.own_property_qualifiers_)) == ({}, {})


async def test_a_qualifier_of_an_instance_has_to_fit_its_type(place: Place) -> None:
    ns = await place.open(SHELF)
    shelf = await ns.get("Shelf")
    odd = qualifier_set(Qualifier("Ink", "blue"))
    async with refuses(ns, WbemStatus.TYPE_MISMATCH, "Ink", "Shelf", "boolean"):
        await ns.put(CimInstance(shelf, ("a", 1, None), odd))
    async with refuses(ns, WbemStatus.TYPE_MISMATCH, "Ink", "Shelf.Note", "boolean"):
        await ns.put(CimInstance(shelf, ("a", 1, None), qualifier_set(), NameMap({"Note": odd})))


async def test_a_key_that_is_null(place: Place) -> None:
    ns = await place.open(SHELF + MANY_KEYS)
    path = await ns.put((await ns.get("Shelf")).instance({"Note": "new"}))
    assert (await (await place.seen(ns)).get(path)).Note == "new"  # with a GUID for its name
    async with refuses(ns, WbemStatus.NO_KEY, "Crossing.Number"):
        await ns.put((await ns.get("Crossing")).instance({"Road": "x"}))
    async with refuses(ns, WbemStatus.NO_KEY, "Shelf.Name"):
        await ns.put((await ns.get("Shelf")).instance({"Note": "new"}), flags=ChangeFlag.UPDATE_ONLY)


async def test_what_cannot_be_put(place: Place) -> None:
    ns = await place.open(
        SHELF + "[Abstract] class Idea { [key] uint8 Id; }; class Keyless { uint8 A; };"
        'class Strict { [key] uint8 Id; [Not_Null] string Must; }; [Dynamic, Provider("Far")] class Live '
        "{ [key] uint8 Id; };"
    )
    shelf = await ns.get("Shelf")
    async with refuses(ns, WbemStatus.INVALID_OPERATION, "Idea", "abstract"):
        await ns.put((await ns.get("Idea")).instance({"Id": 1}))
    async with refuses(ns, WbemStatus.NO_KEY, "Keyless"):
        await ns.put((await ns.get("Keyless")).instance({"A": 1}))
    async with refuses(ns, WbemStatus.ILLEGAL_NULL, "Strict.Must", "Not_Null"):
        await ns.put((await ns.get("Strict")).instance({"Id": 1}))
    async with refuses(ns, WbemStatus.PROVIDER_NOT_FOUND, "Live", "Far"):
        await ns.put((await ns.get("Live")).instance({"Id": 1}))
    async with refuses(ns, WbemStatus.INVALID_CLASS, "Nothing", ns.name):
        await ns.put(CimClass("Nothing", properties=shelf.properties).instance({"Name": "a"}))
    grown = CimClass("Shelf", properties=(*shelf.properties, *(await ns.get("Idea")).properties))
    async with refuses(ns, WbemStatus.NOT_FOUND, "Shelf", "Id"):
        await ns.put(grown.instance({"Name": "a", "Id": 1}))
    async with refuses(ns, WbemStatus.INVALID_OBJECT, "Shelf.Name"):
        await ns.put(shelf.instance({"Name": "a\nb"}))
    async with refuses(ns, WbemStatus.QUOTA_VIOLATION, "Shelf", str(OBJECT_PATH_CHARS)):
        await ns.put(shelf.instance({"Name": "x" * OBJECT_PATH_CHARS}))
    own = qualifier_set(Qualifier("Amended"))
    async with refuses(ns, WbemStatus.AMENDED_OBJECT, "Shelf", "USE_AMENDED_QUALIFIERS"):
        await ns.put(CimInstance(shelf, ("a", 1, None), own))


async def test_a_path_may_have_8192_characters(place: Place) -> None:
    ns = await place.open(SHELF)
    shelf = await ns.get("Shelf")
    longest = "x" * (OBJECT_PATH_CHARS - len('Shelf.Name=""'))
    path = await ns.put(shelf.instance({"Name": longest}))
    later = await place.seen(ns)
    assert (await later.get(path.relative)).Name == longest
    assert [one.Name for one in await later.instances("Shelf")] == [longest]
    await later.delete(path.relative)
    for verb in (ns.get, ns.delete):
        async with refuses(ns, WbemStatus.QUOTA_VIOLATION, str(OBJECT_PATH_CHARS)):
            await verb('Shelf.Name="' + "x" * OBJECT_PATH_CHARS + '"')


async def test_an_instance_of_another_edition_of_the_class(place: Place) -> None:
    """Its values count by their names; what its class does not have stays as it is."""
    ns = await place.open(SHELF)
    shelf = await ns.get("Shelf")
    await ns.put(shelf.instance({"Name": "a", "Width": 1, "Note": "n"}))
    small = CimClass("SHELF", properties=(shelf.property("Note"), shelf.property("Name")))
    await ns.put(small.instance({"Name": "a", "Note": "m"}))
    found = await (await place.seen(ns)).get('Shelf="a"')
    assert (found["__CLASS"], found.Width, found.Note) == ("Shelf", 1, "m")


async def test_partial_puts_and_gets(place: Place) -> None:
    ns = await place.open(SHELF)
    rack = await ns.get("Rack")
    await ns.put(rack.instance({"Name": "a", "Width": 1, "Note": "n", "Units": 9}))
    await ns.put(rack.instance({"Name": "A", "Units": 10}), properties=["UNITS"])
    later = await place.seen(ns)
    assert (await later.get('Rack="a"')).to_dict_() == {"Name": "a", "Width": 1, "Note": "n", "Units": 10}
    part = await later.get('Shelf="a"', properties=["note"])
    assert part.to_dict_() == {"Name": "a", "Width": None, "Note": "n", "Units": None}
    assert part["__PATH"] == (await later.get('Rack="a"'))["__PATH"]
    context: dict[str, Any] = {
        "__PUT_EXTENSIONS": True,
        "__PUT_EXT_CLIENT_REQUEST": True,
        "__PUT_EXT_PROPERTIES": ["Note", "Width"],
    }
    await ns.options(context=context).put(rack.instance({"Name": "a", "Width": 2}), flags=ChangeFlag.UPDATE_ONLY)
    asked = {"__GET_EXTENSIONS": True, "__GET_EXT_CLIENT_REQUEST": True, "__GET_EXT_PROPERTIES": ["Width", "Units"]}
    later = await place.seen(ns)
    for found in (
        await later.options(context=asked).get('Rack="a"'),
        *await later.options(context=asked).instances("Rack"),
    ):
        assert found.to_dict_() == {"Name": "a", "Width": 2, "Note": None, "Units": 10}
    keys = {"__GET_EXTENSIONS": True, "__GET_EXT_CLIENT_REQUEST": True, "__GET_EXT_KEYS_ONLY": True}
    assert (await later.options(context=keys).get('Rack="a"')).to_dict_() == {
        "Name": "a",
        "Width": None,
        "Note": None,
        "Units": None,
    }


async def test_partial_puts_and_gets_that_are_refused(place: Place) -> None:
    ns = await place.open(SHELF)
    shelf = await ns.get("Shelf")
    one = shelf.instance({"Name": "a", "Width": 1})
    async with refuses(ns, WbemStatus.NOT_FOUND, 'Shelf.Name="a"'):
        await ns.put(one, properties=["Width"])
    await ns.put(one)
    async with refuses(ns, WbemStatus.INVALID_PROPERTY, "Shelf", "Widht", "Width"):
        await ns.put(one, properties=["Widht"])
    async with refuses(ns, WbemStatus.INVALID_PROPERTY, "Shelf", "Widht", "Width"):
        await ns.get('Shelf="a"', properties=["Widht"])
    async with refuses(ns, WbemStatus.INVALID_PARAMETER):
        await ns.put(one, properties="Width")
    async with refuses(ns, WbemStatus.INVALID_PARAMETER):
        await ns.get('Shelf="a"', properties=[])
    for context in (
        {"__PUT_EXTENSIONS": 1},
        {"__PUT_EXTENSIONS": True},
        {"__PUT_EXTENSIONS": True, "__PUT_EXT_PROPERTIES": "a"},
    ):
        async with refuses(ns, WbemStatus.INVALID_CONTEXT, "__PUT_EXT"):
            await ns.options(context=context).put(one, flags=ChangeFlag.UPDATE_ONLY)


async def test_what_cannot_be_deleted(place: Place) -> None:
    ns = await place.open(SHELF + '[Dynamic, Provider("Far")] class Live { [key] uint8 Id; };')
    await ns.put((await ns.get("Shelf")).instance({"Name": "a"}))
    for path, status in (
        ('Shelf="b"', WbemStatus.NOT_FOUND),
        ('Rack="a"', WbemStatus.NOT_FOUND),
        ("Nothing.Id=1", WbemStatus.NOT_FOUND),
        ("Nothing", WbemStatus.NOT_FOUND),
        ("Shelf.Width=80", WbemStatus.INVALID_OBJECT_PATH),
        ("Shelf=@", WbemStatus.INVALID_OBJECT_PATH),
        ("Live.Id=1", WbemStatus.PROVIDER_NOT_FOUND),
        (r'\\elsewhere\root\cimv2:Shelf="a"', WbemStatus.INVALID_NAMESPACE),
        (r'root\default:Shelf="a"', WbemStatus.INVALID_NAMESPACE),
        ("Shelf.Name=", WbemStatus.INVALID_OBJECT_PATH),
    ):
        async with refuses(ns, status):
            await ns.delete(path)
