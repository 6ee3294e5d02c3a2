"""What the tests of .NET's System.Management expect of Windows is expected here: their cases, from their facts."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import pytest
from tests.engine.fakes import KEY, STRING, KeyedRows, Rows
from tests.engine.storing import NAMESPACE, Place, relpaths

from openwmi.base.error import NotFound
from openwmi.base.status import WbemStatus
from openwmi.model import CimClass, CimType, Property, Qualifier, Type, qualifier_set
from openwmi.session import Namespace

SINT32 = Type(CimType.SINT32)
# A character for private use, one that is not assigned, a letter of the Inuit, and two beyond the basic plane.
NAMES = ["Demo\uee68\ud79d\u1659", "Demo\U00010400\U0001f600", "\u1659Demo", "D\u00e9mo_\u4e2d"]


async def gone(ns: Namespace, path: str) -> None:
    """It is NotFound."""
    with pytest.raises(NotFound) as caught:
        await ns.get(path)
    assert caught.value.status == WbemStatus.NOT_FOUND


@pytest.mark.parametrize("name", NAMES, ids=ascii)
async def test_create_modify_and_delete_a_class(place: Place, name: str) -> None:
    ns = await place.open()
    class_ = CimClass(name, properties=(Property("Key", SINT32, qualifiers=KEY),))
    path = await ns.put(class_)
    assert (await (await place.seen(ns)).get(name)).property("Key").default is None
    await ns.put(replace(class_, properties=(Property("Key", SINT32, 10, KEY),)))
    later = await place.seen(ns)
    assert (await later.get(name)).property("Key").default == 10
    assert (await later.get(path)).name == name
    assert relpaths(await later.query(f"SELECT * FROM meta_class WHERE __THIS ISA '{name}'")) == [name]
    await later.delete(path)
    await gone(await place.seen(later), name)


@pytest.mark.parametrize("name", ["Demo_Static", *NAMES], ids=ascii)
async def test_create_modify_and_delete_a_class_and_an_instance(place: Place, name: str) -> None:
    ns = await place.open()
    await ns.put(
        CimClass(name, properties=(Property("Key", SINT32, qualifiers=KEY), Property(f"Movie{name[-1]}", STRING)))
    )
    class_ = await ns.get(name)
    movie = class_.names[1]
    one = class_.instance({"Key": 1, movie: "Sequel I"})
    path = await ns.put(one)
    later = await place.seen(ns)
    assert (await later.get(f"{name}.Key='1'"))[movie] == "Sequel I"  # a number in quotes
    await later.put(one.replace_(**{movie: "Sequel II"}))
    last = await place.seen(later)
    assert (await last.get(path))[movie] == "Sequel II"
    assert [found[movie] for found in await last.query(f"SELECT {movie} FROM {name} WHERE Key = '1'")] == ["Sequel II"]
    await last.delete(f"{name}.Key='1'")
    await gone(await place.seen(last), f"{name}.Key=1")
    await last.delete(name)
    await gone(await place.seen(last), name)


@pytest.mark.parametrize("name", ["Demo_Create_Delete", "\u1659\u4e2d", "ns\uee68", "ns\U00010400"], ids=ascii)
async def test_create_and_delete_a_namespace(place: Place, name: str) -> None:
    root = await place.open(namespace="root")
    await root.put((await root.get("__namespace")).instance({"Name": name}))
    later = await place.seen(root)
    path = f"root:__namespace.Name='{name}'"
    assert (await later.get(path)).Name == name
    inner = await later.namespace(name)
    await inner.put(CimClass("Demo"))
    assert (await inner.get("Demo"))["__PATH"].endswith(rf"\root\{name}:Demo")
    await later.delete(path)
    await gone(await place.seen(later), path)


LINKED = r"""
class Demo_A { [key] string MyKey; };
class Demo_B { [key] string MyKey; };
class Demo_C { [key] string ThirdKey; };
class Demo_D { [key] string FourthKey; };
[Association] class Demo_AB { [key] Demo_A ref One; [key] Demo_B ref Two; };
[Association] class Demo_CD { [key] Demo_C ref Three; [key] Demo_D ref Four; };
instance of Demo_A { MyKey = "One1"; };
instance of Demo_A { MyKey = "One2"; };
instance of Demo_B { MyKey = "Two1"; };
instance of Demo_B { MyKey = "Two2"; };
instance of Demo_C { ThirdKey = "Three1"; };
instance of Demo_C { ThirdKey = "Three2"; };
instance of Demo_D { FourthKey = "Four1"; };
instance of Demo_AB { One = "Demo_A.MyKey=\"One2\""; Two = "Demo_B.MyKey=\"Two1\""; };
instance of Demo_CD { Three = "Demo_C.ThirdKey=\"Three2\""; Four = "Demo_D.FourthKey=\"Four1\""; };
"""


async def test_static_instances_and_what_is_linked_with_them(place: Place) -> None:
    ns = await place.seen(await place.open(LINKED))
    found = await ns.query("select * from Demo_B")
    assert [one["__CLASS"] for one in found] == ["Demo_B"] * 2
    (related,) = await ns.query("associators of {Demo_C.ThirdKey='Three2'}")
    assert related["__CLASS"] == "Demo_D"
    (relationship,) = await ns.query("references of {Demo_A.MyKey='One2'}")
    assert relationship["__CLASS"] == "Demo_AB"
    assert await ns.query("associators of {Demo_A.MyKey='One1'}") == []


def _association(name: str, *ends: str) -> CimClass:
    return CimClass(
        name,
        properties=tuple(
            [
                Property(f"End{at}", Type(CimType.REFERENCE, class_name=end), qualifiers=KEY)
                for at, end in enumerate(ends)
            ]
        ),
        qualifiers=qualifier_set(Qualifier("Association"), Qualifier("Dynamic"), Qualifier("Provider", "p", STRING)),
        namespace=NAMESPACE,
    )


def _disks() -> list[Any]:
    disk, folder, machine = [
        CimClass(name, properties=(Property("DeviceID", STRING, qualifiers=KEY),), namespace=NAMESPACE)
        for name in ("Demo_Disk", "Demo_Folder", "Demo_Machine")
    ]
    to_folder = _association("Demo_DiskToFolder", "Demo_Disk", "Demo_Folder")
    to_machine = _association("Demo_MachineToDisk", "Demo_Machine", "Demo_Disk")
    return [
        KeyedRows(disk, [{"DeviceID": "C:"}, {"DeviceID": "D:"}]),
        KeyedRows(folder, [{"DeviceID": "C:\\"}]),
        KeyedRows(machine, [{"DeviceID": "HOST"}]),
        Rows(to_folder, [{"End0": 'Demo_Disk.DeviceID="C:"', "End1": r'Demo_Folder.DeviceID="C:\\"'}]),
        Rows(to_machine, [{"End0": 'Demo_Machine="HOST"', "End1": f'Demo_Disk.DeviceID="{name}:"'} for name in "CD"]),
    ]


async def test_dynamic_instances_and_what_is_linked_with_them(place: Place) -> None:
    ns = await place.open("", *_disks())
    assert {one["__CLASS"] for one in await ns.query("select * from Demo_Disk")} == {"Demo_Disk"}
    related = await ns.query("associators of {Demo_Disk.DeviceID='c:'}")
    assert sorted(one["__CLASS"] for one in related) == ["Demo_Folder", "Demo_Machine"]
    assert all(one["__NAMESPACE"] == NAMESPACE for one in related)
    found = await ns.query("references of {Demo_Disk.DeviceID='C:'}")
    assert sorted(one["__CLASS"] for one in found) == ["Demo_DiskToFolder", "Demo_MachineToDisk"]
    assert relpaths(await ns.associators('Demo_Machine="HOST"')) == [
        'Demo_Disk.DeviceID="C:"',
        'Demo_Disk.DeviceID="D:"',
    ]
    await gone(ns, 'Demo_Disk.DeviceID="InvalidDeviceId"')
