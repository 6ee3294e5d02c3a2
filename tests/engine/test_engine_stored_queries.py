"""WQL over what is stored: base classes, projections, system properties, look-ups by keys that scan nothing."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import pytest
from tests.engine.storing import MODES, Place, called, refuses, relpaths

from openwmi.base.error import WbemError
from openwmi.base.limits import QUERY_CHARS
from openwmi.base.status import WbemStatus
from openwmi.model import CimClass, CimInstance
from openwmi.operation import CallFlags
from openwmi.repository import Reader
from openwmi.session import Namespace

BEASTS = """
class Beast { [key] string Name; uint32 Legs = 4; datetime Born; string Tags[]; Beast ref Mother; object Home; };
class Dog : Beast { string Breed; };
class Bird : Beast { boolean Sings; real32 Span; };
class Plant { [key] uint8 Row; [key] uint8 Column; string Kind; };

instance of Beast { Name = "ox"; Born = "20200101000000.000000+000"; };
instance of Dog { Name = "Rex"; Breed = "pug"; Mother = "Dog.Name=\\"Bella\\""; Tags = {"old", "tame"}; };
instance of Dog { Name = "Bella"; Breed = "Pug"; Legs = 3; };
instance of Bird {
    Name = "Tit"; Legs = 2; Sings = TRUE; Span = 0.5; Home = instance of Plant { Row = 1; Column = 2; };
};
instance of Plant { Row = 1; Column = 1; Kind = "oak"; };
instance of Plant { Row = 1; Column = 2; Kind = "elm"; };
instance of Plant { Row = 2; Column = 1; };
"""


class Watch:
    """What a Reader was asked for."""

    def __init__(self, monkeypatch: pytest.MonkeyPatch) -> None:
        self.pages: list[str] = []
        self.looked_up: list[tuple[str, dict[str, Any]]] = []
        page, get = Reader.page, Reader.get

        def watched_page(reader: Reader, class_: CimClass, after: bytes | None, count: int) -> Any:
            self.pages.append(class_.name)
            return page(reader, class_, after, count)

        def watched_get(reader: Reader, class_: CimClass, keys: Mapping[str, Any]) -> CimInstance | None:
            self.looked_up.append((class_.name, dict(keys)))
            return get(reader, class_, keys)

        monkeypatch.setattr(Reader, "page", watched_page)
        monkeypatch.setattr(Reader, "get", watched_get)


async def ask(ns: Namespace, text: str, **parameters: object) -> list[str]:
    return relpaths(await ns.query(text, **parameters))


@pytest.mark.parametrize("mode", MODES)
async def test_a_query_in_each_mode(place: Place, mode: str) -> None:
    ns = await place.seen(await place.open(BEASTS))
    found = await called(mode, ns, "query", "SELECT * FROM Beast WHERE Legs >= 4")
    assert relpaths(found) == ['Beast.Name="ox"', 'Dog.Name="Rex"']
    with pytest.raises(WbemError) as caught:
        await called(mode, ns, "query", "SELECT * FROM Beest")
    assert caught.value.status == WbemStatus.INVALID_CLASS
    assert "did you mean Beast" in caught.value.message


@pytest.mark.parametrize(
    ("where", "found"),
    [
        ("Name = 'REX'", ["Rex"]),
        ("Name > 'c' AND Name < 'S'", ["Rex", "ox"]),
        ("NOT Legs = 4", ["Bella", "Tit"]),
        ("Legs <> 4 AND (Name LIKE 'b%' OR Name LIKE '_it')", ["Bella", "Tit"]),
        ("Born IS NOT NULL", ["ox"]),
        ("Born = '20200101010000.000000+060'", ["ox"]),
        ("Born > '20191231235959.999999+000'", ["ox"]),
        ("Mother = 'dog=\"bella\"'", ["Rex"]),
        ("Home.Column = 2", ["Tit"]),
        ("Home ISA 'Plant'", ["Tit"]),
        ("__CLASS = 'Dog'", ["Bella", "Rex"]),
        ("__RELPATH = 'Dog.Name=\"Rex\"'", ["Rex"]),
        ("__SUPERCLASS IS NULL", ["ox"]),
        ("Legs = '3'", ["Bella"]),
        ("Legs > 99", []),
    ],
)
async def test_conditions(place: Place, where: str, found: list[str]) -> None:
    ns = await place.seen(await place.open(BEASTS))
    assert sorted(one.Name for one in await ns.query(f"SELECT * FROM Beast WHERE {where}")) == sorted(found)


async def test_a_derived_class_has_columns_that_its_base_has_not(place: Place) -> None:
    ns = await place.seen(await place.open(BEASTS))
    for text in (
        "SELECT Breed FROM Beast",
        "SELECT * FROM Beast WHERE Breed = 'pug'",
        "SELECT Name, Sings FROM Beast WHERE Name = 'Tit'",
        "SELECT Name FROM Beast WHERE Home.Breed = 1 AND Span > 1",
    ):
        async with refuses(ns, WbemStatus.INVALID_QUERY, "Beast"):
            await ns.query(text)
    assert sorted(one.Breed for one in await ns.query("SELECT Breed FROM Dog")) == ["Pug", "pug"]
    (tit,) = await ns.query("SELECT * FROM Beast WHERE Name = 'tit'")
    assert (tit["__CLASS"], tit.Sings, tit.Span) == ("Bird", True, 0.5)


async def test_system_properties_of_what_is_projected(place: Place) -> None:
    """Facts of real Windows: a path only where the keys are there; the others always."""
    ns = await place.seen(await place.open(BEASTS))
    (whole,) = await ns.query("SELECT * FROM Dog WHERE Name = 'Rex'")
    (part,) = await ns.query("SELECT Breed FROM Dog WHERE Name = 'Rex'")
    (keyed,) = await ns.query("SELECT name, BREED FROM Beast WHERE Name = 'Rex'".replace("BREED", "Legs"))
    for name in ("__PATH", "__RELPATH", "__SERVER", "__NAMESPACE"):
        assert part[name] is None
        assert whole[name] is not None
    assert whole["__RELPATH"] == keyed["__RELPATH"] == 'Dog.Name="Rex"'
    assert (part["__CLASS"], part["__GENUS"], part["__PROPERTY_COUNT"]) == ("Dog", 2, 1)
    assert (whole["__PROPERTY_COUNT"], keyed["__PROPERTY_COUNT"]) == (7, 2)
    assert whole["__DERIVATION"] == ("Beast",)
    assert list(part) == ["Breed"]
    assert list(keyed) == ["Name", "Legs"]


async def test_ensure_locatable_brings_the_path(place: Place) -> None:
    ns = (await place.seen(await place.open(BEASTS))).options(flags=CallFlags.ENSURE_LOCATABLE)
    (part,) = await ns.query("SELECT Breed FROM Dog WHERE Name = 'Rex'")
    assert part["__RELPATH"] == 'Dog.Name="Rex"'
    assert (await ns.get(part["__PATH"])).Breed == part.Breed == "pug"
    (kind,) = await ns.query("SELECT Kind FROM Plant WHERE Kind = 'elm'")
    assert kind["__RELPATH"] == "Plant.Column=2,Row=1" or kind["__RELPATH"] == "Plant.Row=1,Column=2"


async def test_a_prototype_is_the_shape_of_a_result(place: Place, monkeypatch: pytest.MonkeyPatch) -> None:
    ns = (await place.seen(await place.open(BEASTS))).options(flags=CallFlags.PROTOTYPE)
    watch = Watch(monkeypatch)
    (shape,) = await ns.query("SELECT Legs, Name FROM Dog WHERE Legs > 2")
    assert (shape["__CLASS"], shape["__GENUS"], shape["__PROPERTY_COUNT"]) == ("Dog", 1, 2)
    assert sorted(shape.names) == ["Legs", "Name"]
    (one,) = await ns.options(flags=CallFlags.NONE).query("SELECT Legs, Name FROM Dog WHERE Name = 'Rex'")
    assert list(one) == list(shape.names)
    assert watch.pages == []
    async with refuses(ns, WbemStatus.INVALID_QUERY, "Dog"):
        await ns.query("SELECT Sings FROM Dog")


async def test_direct_read_asks_one_class(place: Place) -> None:
    ns = (await place.seen(await place.open(BEASTS))).options(flags=CallFlags.DIRECT_READ)
    assert await ask(ns, "SELECT * FROM Beast") == ['Beast.Name="ox"']
    assert await ask(ns, "SELECT * FROM Beast WHERE Name = 'Rex'") == []
    assert await ask(ns, "SELECT * FROM Dog WHERE Name = 'Rex'") == ['Dog.Name="Rex"']


async def test_where_keys_are_known_nothing_is_scanned(place: Place, monkeypatch: pytest.MonkeyPatch) -> None:
    ns = await place.seen(await place.open(BEASTS))
    watch = Watch(monkeypatch)
    assert await ask(ns, "SELECT * FROM Dog WHERE Name = 'REX'") == ['Dog.Name="Rex"']
    assert await ask(ns, "SELECT * FROM Dog WHERE Name = 'Rex' OR Name = 'bella' OR Name = 'No'") == [
        'Dog.Name="Bella"',
        'Dog.Name="Rex"',
    ]
    assert await ask(ns, "SELECT * FROM Beast WHERE Name = :name AND Legs = 2", name="tit") == ['Bird.Name="Tit"']
    assert await ask(ns, "SELECT Kind FROM Plant WHERE Row = 2 AND Column = 2") == []
    assert len(await ns.query("SELECT * FROM Plant WHERE Column = 1 AND (Row = 1 OR Row = 2)")) == 2
    assert await ask(ns, "SELECT * FROM Dog WHERE Name = 'Rex' AND Breed = 'poodle'") == []
    await ns.get("Plant.Row=1,Column=1")
    await ns.get('Beast.Name="Rex"')
    await ns.delete("Plant.Row=1,Column=1")
    await ns.put((await ns.get("Dog")).instance({"Name": "Rex"}))
    assert watch.pages == []
    assert ("Dog", {"Name": "REX"}) in watch.looked_up


async def test_where_they_are_not_all_known_pages_are_read(place: Place, monkeypatch: pytest.MonkeyPatch) -> None:
    ns = await place.seen(await place.open(BEASTS))
    watch = Watch(monkeypatch)
    assert len(await ns.query("SELECT * FROM Plant WHERE Row = 1")) == 2
    assert watch.pages == ["Plant"]
    assert await ask(ns, "SELECT * FROM Dog WHERE Name = 'Rex' AND Name = 'Bella'") == []
    assert watch.pages == ["Plant"]  # nothing can match
    assert len(await ns.instances("Beast")) == 4
    assert sorted(watch.pages) == ["Beast", "Bird", "Dog", "Plant"]


async def test_more_than_a_page(place: Place) -> None:
    ns = await place.open(BEASTS)
    plant = await ns.get("Plant")
    await ns.put([plant.instance({"Row": at // 250, "Column": at % 250, "Kind": str(at)}) for at in range(1000)])
    later = await place.seen(ns)
    found = await later.instances("Plant")
    assert len({one["__RELPATH"] for one in found}) == len(found) == 1000
    assert len(await later.query("SELECT Kind FROM Plant WHERE Kind LIKE '%9'")) == 100
    operation = later.instances("Plant")
    some = await operation.next(300)
    await later.delete("Plant")  # what was under way goes on with what there is
    rest = await operation.next(1000)
    assert len(some) == 300
    assert 0 <= len(rest) <= 700
    assert await operation.status() in {WbemStatus.NO_ERROR, WbemStatus.INVALID_CLASS}


async def test_queries_about_classes(place: Place) -> None:
    ns = await place.seen(await place.open(BEASTS))
    assert await ask(ns, "SELECT * FROM meta_class WHERE __THIS ISA 'Beast'") == ["Beast", "Bird", "Dog"]
    assert await ask(ns, "SELECT * FROM meta_class WHERE __SUPERCLASS = 'beast'") == ["Bird", "Dog"]
    assert await ask(ns, "SELECT * FROM meta_class WHERE __CLASS LIKE 'b%'") == ["Beast", "Bird"]
    assert await ask(ns, "SELECT * FROM meta_class WHERE __DYNASTY = 'Plant'") == ["Plant"]
    assert await ask(ns, "SELECT * FROM meta_class WHERE __CLASS = 'Nothing'") == []


async def test_a_query_may_have_16384_characters(place: Place) -> None:
    ns = await place.seen(await place.open(BEASTS))
    text = "SELECT * FROM Dog WHERE Name = 'Rex'"
    assert len(await ns.query(text + " " * (QUERY_CHARS - len(text)))) == 1
    async with refuses(ns, WbemStatus.QUOTA_VIOLATION, str(QUERY_CHARS)):
        await ns.query(text + " " * (QUERY_CHARS - len(text) + 1))


async def test_a_dynamic_class_whose_provider_is_not_here(place: Place) -> None:
    """Asked itself it says so; below its base class it keeps nobody from being seen."""
    ns = await place.seen(await place.open(BEASTS + '[Dynamic, Provider("Zoo")] class Ape : Beast { uint8 Arms; };'))
    for call in (
        lambda: ns.instances("Ape"),
        lambda: ns.query("SELECT * FROM Ape"),
        lambda: ns.query("SELECT * FROM Ape WHERE Name = 'x'"),
        lambda: ns.get('Ape.Name="x"'),
        lambda: ns.delete('Ape.Name="x"'),
    ):
        async with refuses(ns, WbemStatus.PROVIDER_NOT_FOUND, "Ape", "Zoo"):
            await call()
    assert len(await ns.instances("Beast")) == 4
    assert len(await ns.query("SELECT * FROM Beast")) == 4
    assert (await ns.get('Beast.Name="Rex"')).Breed == "pug"
    with pytest.raises(WbemError) as caught:
        await ns.get('Beast.Name="King Kong"')
    assert caught.value.status == WbemStatus.NOT_FOUND


async def test_what_no_query_is(place: Place) -> None:
    ns = await place.seen(await place.open(BEASTS))
    for text, status in (
        ("", WbemStatus.INVALID_PARAMETER),
        ("SELECT", WbemStatus.INVALID_QUERY),
        ("SELECT * FROM Dog WHERE", WbemStatus.INVALID_QUERY),
        ("SELECT * FROM Dog WHERE Name LIKE 3 4", WbemStatus.INVALID_QUERY),
        ("SELECT Nose FROM Dog", WbemStatus.INVALID_QUERY),
    ):
        async with refuses(ns, status):
            await ns.query(text)
