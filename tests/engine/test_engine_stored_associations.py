"""Associations between stored objects, between those of providers, between both, and across namespaces."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from typing import Any

import pytest
from tests.engine.fakes import KEY, STRING, UINT32, KeyedRows, Rows
from tests.engine.storing import MODES, NAMESPACE, Place, called, refuses, relpaths

from openwmi.base.error import WbemError
from openwmi.base.status import WbemStatus
from openwmi.engine import Request, Row
from openwmi.model import (
    ChangeFlag,
    CimClass,
    CimType,
    ObjectPath,
    Property,
    Qualifier,
    Type,
    qualifier_set,
)
from openwmi.operation import Operation
from openwmi.repository import Reader
from openwmi.session import Namespace

HOUSE = r"""
class Part { [key] string Name; string Note; };
[Big(TRUE): ToInstance] class Room : Part { uint32 Size; };
class Door : Part { };
class Cellar : Room { };
[Association] class Link { [key] Part ref Near; [key] Part ref Far; };
[Association, Useful] class Leads : Link { uint8 Steps = 1; };
[Association] class Wired { [key] uint32 Number; Part ref Lamp; Part ref Switch; };

instance of Room { Name = "hall"; };
instance of Room { Name = "attic"; };
instance of Cellar { Name = "cellar"; };
instance of Door { Name = "front"; };
instance of Link { Near = "Room.Name=\"hall\""; Far = "Door.Name=\"front\""; };
instance of Leads { Near = "Room.Name=\"hall\""; Far = "Room.Name=\"attic\""; };
instance of Leads { Near = "Room.Name=\"attic\""; Far = "Cellar.Name=\"cellar\""; };
instance of Wired { Number = 1; Lamp = "Room=\"HALL\""; Switch = "\\\\.\\root\\cimv2:Door.Name=\"front\""; };
"""

HALL, ATTIC, FRONT = 'Room.Name="hall"', 'Room.Name="attic"', 'Door.Name="front"'
CELLAR = 'Cellar.Name="cellar"'


def short(objects: Iterable[Any]) -> list[str]:
    """Names, or what the references lead to, sorted."""
    return sorted(_short(one) for one in objects)


def _short(one: Any) -> str:
    if isinstance(one, CimClass):
        return one.name
    if "Name" in one.class_:
        return str(one.Name)
    ends = [ObjectPath.parse(one[name]) for name in one if one.class_.property(name).type.cim is CimType.REFERENCE]
    return "-".join(sorted(str(end.keys[0][1]).lower() for end in ends if end.keys))


@pytest.mark.parametrize("mode", MODES)
async def test_associators_and_references_in_each_mode(place: Place, mode: str) -> None:
    ns = await place.seen(await place.open(HOUSE))
    assert short(await called(mode, ns, "associators", HALL)) == ["attic", "front", "front"]
    assert short(await called(mode, ns, "references", HALL)) == ["attic-hall", "front-hall", "front-hall"]
    with pytest.raises(WbemError) as caught:
        await called(mode, ns, "associators", 'Room="roof"')
    assert caught.value.status == WbemStatus.NOT_FOUND


@pytest.mark.parametrize(
    ("path", "conditions", "found"),
    [
        (HALL, {"assoc_class": "Link"}, ["attic", "front"]),
        (HALL, {"assoc_class": "leads"}, ["attic"]),
        (HALL, {"result_class": "Door"}, ["front", "front"]),
        (HALL, {"result_class": "Part", "assoc_class": "Wired"}, ["front"]),
        (HALL, {"role": "Near"}, ["attic", "front"]),
        (ATTIC, {"role": "Far"}, ["hall"]),
        (ATTIC, {"result_role": "Far"}, ["cellar"]),
        (HALL, {"result_role": "Switch", "role": "Lamp"}, ["front"]),
        (HALL, {"required_assoc_qualifier": "Useful"}, ["attic"]),
        (HALL, {"required_qualifier": "Big"}, ["attic"]),
        (HALL, {"required_qualifier": "Nothing"}, []),
        (ATTIC, {"keys_only": True}, ["cellar", "hall"]),
        (ATTIC, {"class_defs_only": True}, ["Cellar", "Room"]),
        ('Part.Name="attic"', {}, ["cellar", "hall"]),
        (CELLAR, {"result_class": "Cellar"}, []),
    ],
)
async def test_conditions_of_associators(place: Place, path: str, conditions: dict[str, Any], found: list[str]) -> None:
    ns = await place.seen(await place.open(HOUSE))
    assert short(await ns.associators(path, **conditions)) == found


@pytest.mark.parametrize(
    ("conditions", "found"),
    [
        ({"result_class": "Link"}, ["attic-hall", "front-hall"]),
        ({"result_class": "Wired"}, ["front-hall"]),
        ({"role": "far"}, []),
        ({"role": "lamp"}, ["front-hall"]),
        ({"required_qualifier": "Useful"}, ["attic-hall"]),
        ({"class_defs_only": True}, ["Leads", "Link", "Wired"]),
    ],
)
async def test_conditions_of_references(place: Place, conditions: dict[str, Any], found: list[str]) -> None:
    ns = await place.seen(await place.open(HOUSE))
    assert short(await ns.references(HALL, **conditions)) == found


async def test_only_the_keys(place: Place) -> None:
    ns = await place.seen(await place.open(HOUSE))
    for one in await ns.associators(ATTIC, keys_only=True):
        assert one.path_ is not None
        assert (await ns.get(one.path_)).Name == one.Name
    (leads,) = await ns.references(CELLAR, keys_only=True)
    assert leads.path_ is not None


async def test_associations_of_classes(place: Place) -> None:
    ns = await place.seen(await place.open(HOUSE))
    assert short(await ns.references("Room", schema_only=True)) == ["Leads", "Link", "Wired"]
    assert set(short(await ns.associators("Door", schema_only=True))) == {"Part"}
    assert short(await ns.references("Room", schema_only=True, result_class="Wired")) == ["Wired"]


async def test_what_is_refused(place: Place) -> None:
    ns = await place.seen(await place.open(HOUSE))
    calls: list[tuple[Callable[[], Operation[Any]], WbemStatus]] = [
        (lambda: ns.associators('Room="roof"'), WbemStatus.NOT_FOUND),
        (lambda: ns.references("Nothing.A=1"), WbemStatus.NOT_FOUND),
        (lambda: ns.associators(HALL, assoc_class="Nothing"), WbemStatus.INVALID_CLASS),
        (lambda: ns.associators(HALL, result_class="Nothing"), WbemStatus.INVALID_CLASS),
        (lambda: ns.references(HALL, result_class="Nothing"), WbemStatus.INVALID_CLASS),
        (lambda: ns.associators(HALL, role="a b"), WbemStatus.INVALID_PARAMETER),
        (lambda: ns.associators(HALL, schema_only=True), WbemStatus.INVALID_QUERY),
        (lambda: ns.associators('Room.Size="x"'), WbemStatus.INVALID_OBJECT_PATH),
    ]
    for call, status in calls:
        async with refuses(ns, status):
            await call()


async def test_the_index_follows_updates_and_deletes(place: Place) -> None:
    ns = await place.open(HOUSE)
    wired = await ns.get("Wired")
    await ns.put(wired.instance({"Number": 1, "Lamp": ATTIC, "Switch": FRONT}))
    later = await place.seen(ns)
    assert short(await later.references(HALL, result_class="Wired")) == []
    assert short(await later.references('Part="attic"', result_class="Wired")) == ["attic-front"]
    await later.put(wired.instance({"Number": 1, "Switch": HALL}), properties=["Switch"])
    later = await place.seen(later)
    assert short(await later.references(FRONT, result_class="Wired")) == []
    assert short(await later.associators(HALL, assoc_class="Wired")) == ["attic"]
    await later.put(wired.instance({"Number": 1}))
    later = await place.seen(later)
    assert await later.references(HALL, result_class="Wired") == []
    await later.delete(r'Leads.Far="Cellar.Name=\"cellar\"",Near="Room.Name=\"attic\""')
    later = await place.seen(later)
    assert short(await later.associators(ATTIC)) == ["hall"]


async def test_an_end_that_is_gone_is_left_out(place: Place) -> None:
    ns = await place.open(HOUSE)
    await ns.delete(ATTIC)
    later = await place.seen(ns)
    assert short(await later.associators(HALL)) == ["front", "front"]
    assert short(await later.references(HALL)) == ["attic-hall", "front-hall", "front-hall"]
    async with refuses(later, WbemStatus.NOT_FOUND, "attic"):
        await later.associators(ATTIC)
    await later.put((await later.get("Room")).instance({"Name": "Attic"}))
    assert short(await (await place.seen(later)).associators('Room="ATTIC"')) == ["cellar", "hall"]


async def test_a_class_of_associations_that_is_deleted(place: Place) -> None:
    ns = await place.open(HOUSE)
    await ns.delete("Leads")
    later = await place.seen(ns)
    assert short(await later.associators(HALL)) == ["front", "front"]
    await later.delete("Room")  # with Cellar; what refers to rooms stays
    later = await place.seen(later)
    assert short(await later.references(FRONT)) == ["front-hall", "front-hall"]
    assert await later.associators(FRONT) == []
    await later.delete("Link")
    await later.delete("Wired")
    later = await place.seen(later)
    assert await later.references(FRONT) == []
    await later.load_mof("[Association] class Link { [key] Part ref Near; [key] Part ref Far; };")
    assert await (await place.seen(later)).references(FRONT) == []


async def test_references_survive_a_change_of_their_class(place: Place) -> None:
    ns = await place.open(HOUSE + "[Association] class Bolted : Wired { };")
    await ns.put((await ns.get("Bolted")).instance({"Number": 7, "Lamp": CELLAR, "Switch": FRONT}))
    wired = await ns.get("Bolted")
    described = CimClass(
        wired.name,
        wired.superclass,
        wired.derivation,
        wired.properties,
        qualifiers=qualifier_set(*wired.qualifiers.values(), Qualifier("Description", "fast", STRING)),
    )
    await ns.put(described, flags=ChangeFlag.UPDATE_SAFE_MODE)
    later = await place.seen(ns)
    assert short(await later.associators(CELLAR, assoc_class="Bolted")) == ["front"]


async def test_looking_for_references_scans_nothing(place: Place, monkeypatch: pytest.MonkeyPatch) -> None:
    ns = await place.seen(await place.open(HOUSE))

    def fail(*_: object) -> None:
        raise AssertionError("a scan")

    monkeypatch.setattr(Reader, "page", fail)
    assert len(await ns.associators(HALL)) == 3
    assert len(await ns.references(HALL)) == 3


async def test_across_namespaces(place: Place) -> None:
    """The SDK's "Associations": a reference may be a full path into another namespace."""
    ns = await place.open(HOUSE)
    space = await ns.get("__NAMESPACE")
    await ns.put(space.instance({"Name": "garden"}))
    garden = await ns.namespace("garden")
    await garden.load_mof('class Tree { [key] string Name; }; instance of Tree { Name = "oak"; };')
    link = CimClass(
        "Near",
        properties=(
            Property("Tree", Type(CimType.REFERENCE), qualifiers=KEY),
            Property("Room", Type(CimType.REFERENCE, class_name="Room"), qualifiers=KEY),
        ),
        qualifiers=qualifier_set(Qualifier("Association")),
    )
    oak = (await garden.get('Tree="oak"'))["__PATH"]
    await ns.put([link, link.instance({"Tree": oak, "Room": HALL})])
    later = await place.seen(ns)
    (found,) = await later.associators(HALL, assoc_class="Near")
    assert (found.Name, found["__PATH"], found["__NAMESPACE"]) == ("oak", oak, rf"{NAMESPACE}\garden")
    assert short(await later.references(HALL, result_class="Near")) == ["hall-oak"]
    await later.delete('__NAMESPACE="garden"')
    assert await (await place.seen(later)).associators(HALL, assoc_class="Near") == []


# ----------------------------------------------------------------------------------------- with objects of providers

DISK = CimClass(
    "Live_Disk",
    properties=(Property("Id", STRING, qualifiers=KEY), Property("Size", UINT32)),
    qualifiers=qualifier_set(Qualifier("Dynamic"), Qualifier("Provider", "Disks", STRING)),
    namespace=NAMESPACE,
)
MOUNT = CimClass(
    "Live_Mount",
    properties=(
        Property("Disk", Type(CimType.REFERENCE, class_name="Live_Disk"), qualifiers=KEY),
        Property("Other", Type(CimType.REFERENCE, class_name="Live_Disk"), qualifiers=KEY),
    ),
    qualifiers=qualifier_set(Qualifier("Association"), Qualifier("Dynamic"), Qualifier("Provider", "Disks", STRING)),
    namespace=NAMESPACE,
)
OWNED = r"""
class Owner { [key] string Name; };
[Association] class Owns { [key] Owner ref Owner; [key] Live_Disk ref Disk; };
instance of Owner { Name = "me"; };
instance of Owns { Owner = "Owner.Name=\"me\""; Disk = "Live_Disk.Id=\"sda\""; };
instance of Owns { Owner = "Owner.Name=\"me\""; Disk = "Live_Disk.Id=\"gone\""; };
"""


class Mounts(Rows):
    """Looks for what refers to one disk where it is told which."""

    def instances(self, request: Request) -> Iterable[Row]:
        self.requests.append(request)
        wanted = request.equalities.get("Disk")
        if wanted is None:
            return self.rows
        path = ObjectPath.parse(str(wanted))
        return [row for row in self.rows if ObjectPath.parse(str(row["Disk"])) == path.relative]


def disks() -> KeyedRows:
    return KeyedRows(DISK, [{"Id": "sda", "Size": 1}, {"Id": "sdb", "Size": 2}])


def mounts() -> Mounts:
    return Mounts(MOUNT, [{"Disk": 'Live_Disk.Id="sda"', "Other": 'Live_Disk.Id="sdb"'}])


async def world(place: Place, *providers: Rows) -> Namespace:
    return await place.seen(await place.open(OWNED, *providers))


async def test_dynamic_associations(place: Place) -> None:
    given = mounts()
    ns = await world(place, disks(), given)
    assert [one.Id for one in await ns.associators('Live_Disk="sda"', assoc_class="Live_Mount")] == ["sdb"]
    assert [one.Id for one in await ns.associators('Live_Disk="SDB"', result_class="Live_Disk")] == ["sda"]
    given.requests.clear()
    found = await ns.references('Live_Disk="sda"', role="Disk")
    assert sorted(one["__CLASS"] for one in found) == ["Live_Mount", "Owns"]
    assert any("Disk" in request.equalities for request in given.requests)


async def test_stored_associations_of_dynamic_objects(place: Place) -> None:
    ns = await world(place, disks(), mounts())
    assert [one.Id for one in await ns.associators('Owner="me"')] == ["sda"]
    assert sorted(one["__CLASS"] for one in await ns.associators('Live_Disk="sda"')) == ["Live_Disk", "Owner"]
    assert len(await ns.references('Owner="me"')) == 2
    await ns.delete('Owner="me"')
    assert [one["__CLASS"] for one in await (await place.seen(ns)).associators('Live_Disk="sda"')] == ["Live_Disk"]


async def test_a_provider_that_is_not_asked(place: Place) -> None:
    """What cannot refer to the source, or is not of the class that was asked for, need not be listed."""
    given = mounts()
    ns = await world(place, disks(), given)
    given.requests.clear()
    await ns.associators('Owner="me"')
    await ns.references('Live_Disk="sda"', result_class="Owns")
    assert given.requests == []


async def test_objects_whose_provider_is_not_here(place: Place) -> None:
    """They cannot be had, which keeps the others from nobody."""
    ns = await place.open('[Dynamic, Provider("Far")] class Live_Disk { [key] string Id; };' + OWNED)
    await ns.load_mof(
        'class Box { [key] string Id; }; instance of Box { Id = "b"; }; [Association] class Keeps : Owns { };'
        r'instance of Keeps { Owner = "Owner.Name=\"me\""; Disk = "Box.Id=\"b\""; };'
    )
    later = await place.seen(ns)
    assert relpaths(await later.associators('Owner="me"')) == ['Box.Id="b"']
    assert len(await later.references('Owner="me"')) == 3
    async with refuses(later, WbemStatus.PROVIDER_NOT_FOUND, "Live_Disk", "Far"):
        await later.associators('Live_Disk="sda"')
