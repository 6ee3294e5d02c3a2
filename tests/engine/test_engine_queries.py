"""Queries, instances and classes in process: what comes, of which class, and what is wrong with the rest."""

from __future__ import annotations

import asyncio
from typing import Any

import pytest
from tests.engine.fakes import CLOCK, DESK, ELEMENT, LAMP, LAMPS, NAMESPACE, Rows, names, serve

from openwmi.base.error import NotFound, WbemError
from openwmi.base.limits import CLASS_NAME_CHARS, QUERY_CHARS, QUERY_TEXT_KEPT_CHARS
from openwmi.base.status import WbemStatus
from openwmi.engine import local
from openwmi.model import CimClass, CimInstance, CimType, Property, Type
from openwmi.session import Namespace

DESKS = [{"Name": "oak", "Note": "old", "Height": 70}, {"Name": "attic", "Height": 75}]
SPOT = LAMP.derive("Demo_Spot")


@pytest.fixture
def ns() -> Namespace:
    return serve(Rows(SPOT, [{"Name": "spot", "Watts": 90}]), Rows(LAMP, LAMPS), Rows(DESK, DESKS), Rows(CLOCK, [{}]))


async def test_a_query_on_a_base_class_gives_instances_of_the_derived_ones(ns: Namespace) -> None:
    found = await ns.query("SELECT * FROM Demo_Element")
    assert [(one["__CLASS"], one.Name) for one in found] == [
        ("Demo_Lamp", "hall"),
        ("Demo_Lamp", "attic"),
        ("Demo_Lamp", "Cellar"),
        ("Demo_Spot", "spot"),
        ("Demo_Desk", "oak"),
        ("Demo_Desk", "attic"),
    ]
    assert found[-1].Height == 75, "with the properties that only they have"
    assert found[3]["__DERIVATION"] == ("Demo_Lamp", "Demo_Element")


@pytest.mark.parametrize(
    ("wql", "found"),
    [
        ("SELECT * FROM Demo_Element WHERE Name = 'ATTIC'", ["attic", "attic"]),
        ("SELECT Name FROM Demo_Element WHERE Note IS NOT NULL", ["oak"]),
        ("SELECT * FROM Demo_Element WHERE __CLASS = 'demo_desk'", ["oak", "attic"]),
        ("SELECT * FROM Demo_Lamp WHERE Watts >= 60", ["attic", "spot"]),
        ("select * from demo_lamp where watts = '60'", ["attic"]),
        ("SELECT * FROM Demo_Lamp WHERE NOT Watts = 60", ["hall", "spot"]),
        ("SELECT * FROM Demo_Lamp WHERE NULL = Watts", ["Cellar"]),
        ("SELECT * FROM Demo_Lamp WHERE Name LIKE '%l%'", ["hall", "Cellar"]),
        ("SELECT * FROM Demo_Lamp WHERE Watts > 1000", []),
    ],
)
async def test_where(ns: Namespace, wql: str, found: list[str]) -> None:
    assert names(await ns.query(wql)) == found


async def test_a_projection_has_what_was_asked_for_and_no_path(ns: Namespace) -> None:
    (attic,) = await ns.query("SELECT watts, On FROM Demo_Lamp WHERE Name = 'attic'")
    assert attic.to_dict_() == {"Watts": 60, "On": False}
    assert attic["__PROPERTY_COUNT"] == 2
    assert attic["__CLASS"] == "Demo_Lamp"
    # Windows: these four are NULL where a key is missing.
    assert [attic[name] for name in ("__PATH", "__RELPATH", "__SERVER", "__NAMESPACE")] == [None] * 4
    with pytest.raises(AttributeError, match="projected"):
        _ = attic.Note


async def test_a_projection_of_one_property_and_one_with_the_key(ns: Namespace) -> None:
    assert [one.to_dict_() for one in await ns.query("SELECT Note FROM Demo_Desk")] == [{"Note": "old"}, {"Note": None}]
    (oak,) = await ns.query("SELECT Name FROM Demo_Element WHERE Name = 'oak'")
    assert str(oak.path_) == r'\\HOST1\root\cimv2:Demo_Desk.Name="oak"'
    (oak,) = await ns.query("SELECT __RELPATH FROM Demo_Desk WHERE Name = 'oak'")
    assert oak["__RELPATH"] == 'Demo_Desk.Name="oak"'


async def test_system_properties(ns: Namespace) -> None:
    async def found(condition: str) -> list[str]:
        return names(await ns.query(f"SELECT * FROM Demo_Element WHERE {condition}"))

    assert await found("__SUPERCLASS = 'Demo_Lamp'") == ["spot"]
    assert await found("__SUPERCLASS = 'Demo_Element' AND NOT __CLASS LIKE '%desk'") == ["hall", "attic", "Cellar"]
    assert await found("__DYNASTY <> 'Demo_Element' OR __GENUS <> 2") == []
    assert await found("__RELPATH = 'demo_desk.name=\"OAK\"' OR __PATH LIKE '%=\"spot\"'") == ["spot", "oak"]
    assert await found("__PROPERTY_COUNT = 3 AND __NAMESPACE = 'root\\\\cimv2' AND __SERVER = 'host1'") == [
        "oak",
        "attic",
    ]
    (spot,) = await ns.query("SELECT __DERIVATION, __PATH, __DYNASTY, Watts FROM Demo_Spot")
    assert spot["__DERIVATION"] == ("Demo_Lamp", "Demo_Element")
    assert spot["__DYNASTY"] == "Demo_Element"
    assert spot["__PATH"] == r'\\HOST1\root\cimv2:Demo_Spot.Name="spot"'


async def test_embedded_objects() -> None:
    element = CimClass("Demo_Part", properties=(Property("Size", Type(CimType.UINT32)),))
    made = [element.instance({"Size": 5}), element.derive("Demo_Screw").instance({"Size": 6}), None]
    whole = CimClass(
        "Demo_Whole", properties=(ELEMENT.property("Name"), Property("Part", Type(CimType.OBJECT))), namespace=NAMESPACE
    )
    ns = serve(Rows(whole, [{"Name": name, "Part": part} for name, part in zip("abc", made, strict=True)]))
    assert names(await ns.query("SELECT * FROM Demo_Whole WHERE Part ISA 'Demo_Screw'")) == ["b"]
    assert names(await ns.query("SELECT * FROM Demo_Whole WHERE Part.Size < 6")) == ["a"]
    (second,) = await ns.query("SELECT Part.Size FROM Demo_Whole WHERE Part.__CLASS = 'Demo_Screw'")
    assert second.to_dict_() == {"Part": made[1]}


@pytest.mark.parametrize(
    ("condition", "found"),
    [
        ("", ["Demo_Element", "Demo_Lamp", "Demo_Spot", "Demo_Desk", "Demo_Clock"]),
        ("WHERE __this ISA 'demo_lamp'", ["Demo_Lamp", "Demo_Spot"]),
        ("WHERE __CLASS = 'demo_lamp'", ["Demo_Lamp"]),
        ("WHERE __CLASS LIKE '%l%' AND __SUPERCLASS = 'Demo_Element'", ["Demo_Lamp"]),
        ("WHERE __SUPERCLASS IS NULL", ["Demo_Element", "Demo_Clock"]),
        ("WHERE NOT __DYNASTY = 'Demo_Element'", ["Demo_Clock"]),
        ("WHERE __CLASS = 'Demo_Nothing'", []),
    ],
)
async def test_a_query_for_classes(ns: Namespace, condition: str, found: list[str]) -> None:
    classes = [one for one in await ns.query(f"SELECT * FROM meta_class {condition}") if one.name[:5] == "Demo_"]
    assert all(isinstance(one, CimClass) for one in classes)
    assert [one.name for one in classes] == found
    assert classes == [await ns.get(name) for name in found]


@pytest.mark.parametrize(
    ("wql", "status", "said"),
    [
        ("", WbemStatus.INVALID_PARAMETER, "the query is empty"),
        ("SELECT * FROM Demo_Nothing", WbemStatus.INVALID_CLASS, "has no class Demo_Nothing"),
        ("SELECT * FROM Demo_Lampp", WbemStatus.INVALID_CLASS, "did you mean Demo_Lamp?"),
        ("SELECT Height FROM Demo_Lamp", WbemStatus.INVALID_QUERY, "Demo_Lamp has no property 'Height'"),
        ("SELECT Height FROM Demo_Element", WbemStatus.INVALID_QUERY, "Demo_Element has no property 'Height'"),
        ("SELECT * FROM Demo_Lamp WHERE Wats = 5", WbemStatus.INVALID_QUERY, "did you mean 'Watts'?"),
        ("SELECT * FROM Demo_Lamp WHERE Watts = 'many'", WbemStatus.INVALID_QUERY, "Watts is"),
        ("SELECT * FROM Demo_Lamp WHERE Watts LIKE '%5'", WbemStatus.INVALID_QUERY, "fits only text"),
        ("SELECT * FROM Demo_Lamp WHERE", WbemStatus.INVALID_QUERY, "expected"),
        ("SELECT * FROM", WbemStatus.INVALID_QUERY, "a class name"),
        ("SELEKT * FROM Demo_Lamp", WbemStatus.INVALID_QUERY, "SELECT"),
        ("SELECT * FROM Demo_Lamp WHERE Name LIKE 'a\\%'", WbemStatus.INVALID_QUERY, ""),
        ("SELECT Name FROM meta_class", WbemStatus.INVALID_QUERY, "whole classes"),
        ("SELECT * FROM meta_class WHERE Watts = 5", WbemStatus.INVALID_QUERY, "meta_class has no property 'Watts'"),
        ("ASSOCIATORS OF {Demo_Lamp}} ", WbemStatus.INVALID_QUERY, "WHERE or the end"),
        ("SELECT * FROM Demo_Lamp WHERE Name ISA 'Demo_Lamp'", WbemStatus.INVALID_QUERY, "ISA asks about"),
        ("SELECT Name.Length FROM Demo_Lamp", WbemStatus.INVALID_QUERY, "only an embedded object has properties"),
        ("SELECT * FROM Demo_Lamp WHERE Name = :name", WbemStatus.INVALID_PARAMETER, "name"),
        ("SELECT * FROM Demo_Lamp " + " " * QUERY_CHARS, WbemStatus.QUOTA_VIOLATION, "characters"),
    ],
)
async def test_what_is_wrong_with_a_query(ns: Namespace, wql: str, status: WbemStatus, said: str) -> None:
    with pytest.raises(WbemError) as caught:
        await ns.query(wql)
    assert caught.value.status == status
    assert said in caught.value.message


@pytest.mark.parametrize(
    ("wql", "said"),
    [
        ("SELECT * FROM Demo_Lamp WHERE Watts ! 5", "column 37: expected an operator, found '!'"),
        (
            "SELECT * FROM Demo_Lamp WHERE Watts = ",
            "column 39: expected a constant (text stands in quotes), found",
        ),
        ("SELECT Watts Name FROM Demo_Lamp", "column 14: expected FROM, or a comma, found 'Name'"),
    ],
)
async def test_a_bad_query_says_where_and_what_was_expected(ns: Namespace, wql: str, said: str) -> None:
    with pytest.raises(WbemError) as caught:
        await ns.query(wql)
    assert said in caught.value.message


async def test_a_query_that_does_not_fit_is_an_error_even_without_a_provider() -> None:
    with pytest.raises(WbemError) as caught:
        await serve().query("SELECT Nmae FROM Demo_Element")
    assert caught.value.status == WbemStatus.INVALID_QUERY


async def test_an_unknown_class_is_the_result_of_a_query_and_not_its_refusal(ns: Namespace) -> None:
    """Windows: semisynchronously ExecQuery succeeds, and Next gives WBEM_E_INVALID_CLASS."""
    call = ns.query("SELECT a FROM b")
    await call.started()
    with pytest.raises(NotFound):
        await call.next(1)
    assert await call.status() == WbemStatus.INVALID_CLASS
    bad = ns.query("SELECT FROM")
    with pytest.raises(WbemError):
        await bad.started()


# --------------------------------------------------------------------------------------------- instances and classes


async def test_instances_deep_and_shallow(ns: Namespace) -> None:
    assert len(await ns.instances("Demo_Element")) == 6
    assert await ns.instances("Demo_Element", deep=False) == []
    assert names(await ns.instances("DEMO_LAMP", deep=False)) == ["hall", "attic", "Cellar"]


async def test_classes_deep_and_shallow(ns: Namespace) -> None:
    def spelt(found: Any) -> list[str]:
        assert all(isinstance(one, CimClass) for one in found)
        return [one.name for one in found if one.name[:5] == "Demo_"]

    assert spelt(await ns.classes()) == ["Demo_Element", "Demo_Lamp", "Demo_Spot", "Demo_Desk", "Demo_Clock"]
    assert spelt(await ns.classes(deep=False)) == ["Demo_Element", "Demo_Clock"]
    assert spelt(await ns.classes("demo_element")) == ["Demo_Lamp", "Demo_Spot", "Demo_Desk"]
    assert spelt(await ns.classes("Demo_Element", deep=False)) == ["Demo_Lamp", "Demo_Desk"]
    assert spelt(await ns.classes("Demo_Spot")) == []


@pytest.mark.parametrize("name", ["Demo_Nothing", "", "Demo_Lamp.Name='hall'", "x" * CLASS_NAME_CHARS])
async def test_of_an_unknown_class(ns: Namespace, name: str) -> None:
    for call in (ns.instances(name), ns.classes(name)):
        with pytest.raises(WbemError) as caught:
            await call
        assert caught.value.status == WbemStatus.INVALID_CLASS
        await call.started()


async def test_a_name_that_is_too_long_breaks_a_quota(ns: Namespace) -> None:
    name = "x" * (CLASS_NAME_CHARS + 1)
    calls = [ns.instances(name).status(), ns.classes(name).status(), ns.get(name).status()]
    assert [await call for call in calls] == [WbemStatus.QUOTA_VIOLATION] * 3


async def test_a_class_without_a_provider_has_no_instances() -> None:
    ns = serve(classes=(ELEMENT, LAMP))
    assert await ns.instances("Demo_Element") == []
    assert await ns.query("SELECT * FROM Demo_Lamp") == []
    with pytest.raises(WbemError) as caught:
        await ns.get("Demo_Lamp='x'")
    assert caught.value.status == WbemStatus.NOT_FOUND


async def test_kept_results_can_be_read_again_and_others_cannot(ns: Namespace) -> None:
    kept = ns.options(keep=True).instances("Demo_Desk")
    assert names(await kept) == names(await kept) == ["oak", "attic"]
    once = ns.instances("Demo_Desk")
    assert isinstance((await once.next(1))[0], CimInstance)
    with pytest.raises(WbemError) as caught:
        once.reset()
    assert caught.value.status == WbemStatus.INVALID_OPERATION


async def test_calls_in_the_same_words_share_them_and_no_more_is_kept_of_what_strangers_write(ns: Namespace) -> None:
    long = f"x{'x' * QUERY_TEXT_KEPT_CHARS}"
    for word, shared in (("Demo_Lamp='hall'", True), (f"Demo_Lamp='{long}'", False)):
        calls = [ns.get(word) for _ in range(2)]
        one, other = (each.name for each in calls)
        await asyncio.gather(*(each.status() for each in calls))
        assert (one == other, one is other) == (True, shared)
    kept = local._kept.cache_info()
    assert kept.currsize <= (kept.maxsize or 0) <= 1024


async def test_who_asks_for_a_part_takes_nothing_from_who_asks_the_same_for_all() -> None:
    lamps = Rows(LAMP, LAMPS)
    ns = serve(lamps)
    part = {"__GET_EXTENSIONS": True, "__GET_EXT_CLIENT_REQUEST": True, "__GET_EXT_PROPERTIES": ["On"]}
    for given in (part, {}, part):
        await ns.options(context=given).query("SELECT * FROM Demo_Lamp")
    some, all_, again = (request.properties for request in lamps.requests)
    assert (all_, some) == (None, again)
    assert some is not None
    assert "on" in some
