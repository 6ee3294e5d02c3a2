"""What must not be stored: what could not be named, exported, sent or listed afterwards."""

from __future__ import annotations

import math
from collections.abc import Callable

import pytest
from tests.engine.storing import Place, refuses

from openwmi.base.limits import MOF_DEPTH, OBJECT_PATH_CHARS
from openwmi.base.status import WbemStatus
from openwmi.engine.plain_puts import _path_chars
from openwmi.model import (
    CimClass,
    CimInstance,
    CimType,
    Method,
    Parameter,
    Property,
    Qualifier,
    Type,
    qualifier_set,
)
from openwmi.mof import format as format_mof

STRING, REAL, OBJECT = Type(CimType.STRING), Type(CimType.REAL64), Type(CimType.OBJECT)
KEY = qualifier_set(Qualifier("key"))
BOX = "class Box { [key] string Name; object In; object Ins[]; real64 R; real32 S; real64 Rs[]; };"


# ----------------------------------------------------------------------------------------------------- lengths of paths


def keyed(name: str, *keys: str) -> CimClass:
    return CimClass(name, properties=tuple([Property(each, STRING, qualifiers=KEY) for each in keys]))


@pytest.mark.parametrize(
    ("class_", "value"),
    [
        (keyed("Many", *[f"K{number}" for number in range(60)]), '"' * 80),
        (keyed("C" * 4000, "K" * 5000), "x"),
    ],
)
async def test_a_path_that_is_too_long_for_its_escapes_and_names(place: Place, class_: CimClass, value: str) -> None:
    ns = await place.open()
    await ns.put(class_)
    async with refuses(ns, WbemStatus.QUOTA_VIOLATION, class_.name, str(OBJECT_PATH_CHARS)):
        await ns.put(class_.instance(dict.fromkeys(class_.keys, value)))


async def test_what_is_put_can_be_got_at_any_length(place: Place) -> None:
    ns = await place.open("class Pair { [key] string A; [key] string B; };")
    class_ = await ns.get("Pair")
    free = OBJECT_PATH_CHARS - len('Pair.A="",B=""')
    for length in (free // 4 - 5, free // 4, free // 2 - 1, free // 2):
        path = await ns.put(class_.instance({"A": '"' * length, "B": "x" * (free - 2 * length)}))
        assert len(str(path.relative)) == OBJECT_PATH_CHARS
        found = await ns.get(path.relative)
        assert len(found.A) == length
        await ns.delete(path.relative)
    async with refuses(ns, WbemStatus.QUOTA_VIOLATION, "Pair"):
        await ns.put(class_.instance({"A": "\\" * (free // 2), "B": "x"}))


def test_the_bound_of_the_short_way_is_one() -> None:
    """Each kind of key at its longest."""
    longest: dict[CimType, object] = {
        CimType.SINT64: -(2**63),
        CimType.UINT64: 2**64 - 1,
        CimType.BOOLEAN: False,
        CimType.DATETIME: "20240131120000.000000+060",
        CimType.STRING: '"\\' * 9,
    }
    members = tuple([Property(each.name, Type(each), qualifiers=KEY) for each in longest])
    class_ = CimClass("Longest", properties=members)
    path = class_.instance({each.name: value for each, value in longest.items()}).path_
    assert path is not None
    assert len(str(path.relative)) <= _path_chars(class_) + 2 * len('"\\' * 9) <= len(str(path.relative)) + 40


@pytest.mark.parametrize("value", ["a\ud800", "\udc00", "\ud83d\ude00"])
async def test_a_key_with_half_a_character(place: Place, value: str) -> None:
    ns = await place.open(BOX)
    class_ = await ns.get("Box")
    simple = keyed("Simple", "Name")
    await ns.put(simple)
    async with refuses(ns, WbemStatus.INVALID_OBJECT, "Box.Name", "surrogate"):
        await ns.put(class_.instance({"Name": value}))
    async with refuses(ns, WbemStatus.INVALID_OBJECT, "Simple.Name", "surrogate"):
        await ns.put(simple.instance({"Name": value}))
    whole = await ns.put(simple.instance({"Name": "\U0001f600"}))
    assert (await ns.get(whole)).Name == "\U0001f600"


# ----------------------------------------------------------------------------------------------- numbers without a form


@pytest.mark.parametrize("number", [math.nan, math.inf, -math.inf])
async def test_a_number_that_is_not_finite(place: Place, number: float) -> None:
    ns = await place.open(BOX + "class Plain { [key] string Name; real64 R; real64 Rs[]; };")
    box, plain = await ns.get("Box"), await ns.get("Plain")
    inner = box.instance({"Name": "inner", "R": number})
    for name, values in (
        ("Box.R", {"R": number}),
        ("Box.S", {"S": number}),
        ("Box.Rs", {"Rs": (1.0, number)}),
        ("Box.In", {"In": inner}),
        ("Box.Ins", {"Ins": (inner,)}),
        ("Box.In", {"In": CimClass("Odd", properties=(Property("R", REAL, number),))}),
    ):
        async with refuses(ns, WbemStatus.TYPE_MISMATCH, name, str(number), "MOF"):
            await ns.put(box.instance({"Name": "x", **values}))
    for name, values in (("Plain.R", {"R": number}), ("Plain.Rs", {"Rs": (number,)})):
        async with refuses(ns, WbemStatus.TYPE_MISMATCH, name, str(number), "MOF"):
            await ns.put(plain.instance({"Name": "x", **values}))
    marked = CimInstance(plain, ("x", None, None), qualifier_set(Qualifier("Odd", number, REAL)))
    async with refuses(ns, WbemStatus.TYPE_MISMATCH, "Odd", "Plain"):
        await ns.put(marked)
    await ns.put(plain.instance({"Name": "most", "R": 1.7976931348623157e308, "Rs": (-5e-324,)}))


def _method(number: float) -> Method:
    return Method("Do", (Parameter("P", REAL, default=number),))


@pytest.mark.parametrize(
    ("make", "word"),
    [
        (lambda number: CimClass("Odd", properties=(Property("R", REAL, number),)), "Odd.R"),
        (lambda number: CimClass("Odd", qualifiers=qualifier_set(Qualifier("Q", number, REAL))), "Q"),
        (lambda number: CimClass("Odd", methods=(_method(number),)), "parameter P"),
    ],
)
async def test_a_class_with_a_number_that_is_not_finite(
    place: Place, make: Callable[[float], CimClass], word: str
) -> None:
    ns = await place.open()
    async with refuses(ns, WbemStatus.TYPE_MISMATCH, "Odd", word, "nan"):
        await ns.put(make(math.nan))
    await ns.put(make(0.5))


async def test_a_default_of_a_parameter_that_does_not_fit(place: Place) -> None:
    ns = await place.open()
    wrong = Method("Do", (Parameter("P", REAL, default="text"),))
    async with refuses(ns, WbemStatus.TYPE_MISMATCH, "Odd", "parameter P"):
        await ns.put(CimClass("Odd", methods=(wrong,)))


# -------------------------------------------------------------------------------------------------------------- nesting


def nested(box: CimClass, levels: int, *, arrays: bool) -> CimInstance:
    made = box.instance({"Name": "x"})
    for _ in range(levels):
        made = box.instance({"Name": "x", **({"Ins": (made,)} if arrays else {"In": made})})
    return made


@pytest.mark.parametrize(("arrays", "most"), [(False, MOF_DEPTH), (True, MOF_DEPTH // 2)])
async def test_objects_that_nest_too_deep(place: Place, arrays: bool, most: int) -> None:
    ns = await place.open(BOX)
    box = await ns.get("Box")
    deepest = nested(box, most, arrays=arrays)
    await ns.put(deepest)
    found = await ns.get('Box.Name="x"')
    await ns.load_mof(format_mof(found))  # MOF can say it
    assert await ns.get('Box.Name="x"') == deepest
    for levels in (most + 1, 120):
        async with refuses(ns, WbemStatus.QUOTA_VIOLATION, "Box.In", str(MOF_DEPTH)):
            await ns.put(nested(box, levels, arrays=arrays))
        inner = Property("D", OBJECT, nested(box, levels, arrays=arrays))
        outer = CimClass("Deep", properties=(inner,))
        if not arrays:
            async with refuses(ns, WbemStatus.QUOTA_VIOLATION, "default of Deep.D"):
                await ns.put(outer)


# -------------------------------------------------------------------------------------------------- namespaces, methods


async def test_a_class_derived_from_that_of_namespaces(place: Place) -> None:
    ns = await place.open()
    before = [one.Name for one in await ns.instances("__NAMESPACE")]
    derived = (await ns.get("__NAMESPACE")).derive("Room")
    async with refuses(ns, WbemStatus.INVALID_OPERATION, "Room", "__NAMESPACE"):
        await ns.put(derived)
    async with refuses(ns, WbemStatus.INVALID_CLASS, "Room"):
        await ns.put(derived.instance({"Name": "attic"}))
    assert [one.Name for one in await ns.instances("__NAMESPACE")] == before


@pytest.mark.parametrize("name", ["ReturnValue", "RETURNVALUE"])
async def test_a_return_value_and_a_parameter_of_its_name(place: Place, name: str) -> None:
    ns = await place.open()
    out = Parameter(name, STRING, is_out=True)
    returning = Method("F", (out,), Type(CimType.UINT32))
    async with refuses(ns, WbemStatus.INVALID_METHOD_PARAMETERS, "Tool.F()", name):
        await ns.put(CimClass("Tool", methods=(returning,)))
    await ns.put(CimClass("Tool", methods=(Method("F", (Parameter("Value", STRING, is_out=True),), STRING),)))
