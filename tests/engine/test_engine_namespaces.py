"""Namespaces as instances of __NAMESPACE: created, listed, opened, deleted with all that is in them."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from typing import Any

import pytest
from tests.engine.storing import MODES, NAMESPACE, Place, called, refuses, relpaths

import openwmi
from openwmi.base.error import WbemError
from openwmi.base.limits import NAMESPACE_CHARS
from openwmi.base.status import WbemStatus
from openwmi.model import ChangeFlag, CimClass, CimInstance
from openwmi.operation import Operation
from openwmi.session import Namespace

LAMP = 'class Lamp { [key] string Name; }; instance of Lamp { Name = "hall"; };'


async def named(ns: Namespace, name: str | None) -> CimInstance:
    """An instance of __NAMESPACE."""
    class_ = await ns.get("__NAMESPACE")
    found: CimInstance = class_.instance({"Name": name})
    return found


async def within(ns: Namespace) -> list[str]:
    return sorted(str(one.Name) for one in await ns.instances("__NAMESPACE"))


@pytest.mark.parametrize("mode", MODES)
async def test_create_open_and_delete_in_each_mode(place: Place, mode: str) -> None:
    ns = await place.open(namespace="root")
    before = await within(ns)
    (path,) = await called(mode, ns, "put", await named(ns, "Attic"))
    assert str(path.relative) == '__NAMESPACE.Name="Attic"'
    later = await place.seen(ns)
    (found,) = await called(mode, later, "get", path)
    assert (found.Name, found["__PATH"]) == ("Attic", str(path))
    assert await within(later) == sorted([*before, "Attic"])
    (attic,) = await called(mode, later, "namespace", "ATTIC")
    assert attic.name == r"root\Attic"
    assert await called(mode, later, "delete", path) == []
    assert await within(await place.seen(later)) == before
    with pytest.raises(WbemError) as caught:
        await called(mode, later, "get", path)
    assert caught.value.status == WbemStatus.NOT_FOUND


async def test_namespaces_within_namespaces(place: Place) -> None:
    ns = await place.open()
    names = ["a", "b", "c", "d"]
    inner = ns
    for name in names:
        await inner.put(await named(inner, name))
        inner = await inner.namespace(name)
    assert inner.name == rf"{NAMESPACE}\a\b\c\d"
    await inner.load_mof(LAMP)
    later = await place.seen(inner)
    assert (await later.get('Lamp="hall"'))["__PATH"].endswith(r'\root\cimv2\a\b\c\d:Lamp.Name="hall"')
    seen = await place.seen(ns)
    assert await within(seen) == ["a"]
    assert (await seen.namespace(r"a\b/c")).name == rf"{NAMESPACE}\a\b\c"
    assert await within(await seen.namespace("a")) == ["b"]
    with pytest.raises(WbemError) as caught:
        await (await seen.namespace("a")).get("Lamp")
    assert caught.value.status == WbemStatus.NOT_FOUND


async def test_a_namespace_has_the_system_classes_and_no_others(place: Place) -> None:
    """[MS-WMI] 2.2.31."""
    ns = await place.open(LAMP)
    await ns.put(await named(ns, "new"))
    new = await (await place.seen(ns)).namespace("new")
    found = relpaths(await new.classes())
    assert all(name.startswith("__") for name in found)
    for name in ("__SystemClass", "__NAMESPACE", "__PARAMETERS", "__SystemSecurity", "__InstanceModificationEvent"):
        assert name in found
        assert (await new.get(name))["__NAMESPACE"] == rf"{NAMESPACE}\new"
    assert await within(new) == []


async def test_a_namespace_is_deleted_with_all_its_content(place: Place) -> None:
    ns = await place.open()
    await ns.put(await named(ns, "a"))
    a = await ns.namespace("a")
    await a.load_mof(LAMP)
    await a.put(await named(a, "b"))
    b = await a.namespace("b")
    await b.load_mof(LAMP)
    await ns.delete('__namespace.name="A"')
    later = await place.seen(ns)
    assert await within(later) == []
    await later.put(await named(later, "a"))
    again = await (await place.seen(later)).namespace("a")
    assert await within(again) == []
    assert "Lamp" not in relpaths(await again.classes())
    await again.put(await named(again, "b"))
    await (await again.namespace("b")).load_mof("class Lamp { [key] uint8 Id; };")
    assert await (await again.namespace("b")).instances("Lamp") == []


async def test_who_is_in_a_deleted_namespace_hears_so(place: Place) -> None:
    ns = await place.open()
    await ns.put(await named(ns, "a"))
    a = await ns.namespace("a")
    await a.load_mof(LAMP)
    lamp = await a.get("Lamp")
    outer = await place.seen(ns)
    await outer.delete('__NAMESPACE="a"')
    if place.kind == "reopened":  # who wrote last holds the right to write for a moment, and then looks around
        await asyncio.sleep(10)
    calls: list[Callable[[], Operation[Any]]] = [
        lambda: a.get("Lamp"),
        lambda: a.instances("Lamp"),
        a.classes,
        lambda: a.query("SELECT * FROM Lamp"),
        lambda: a.put(lamp),
        lambda: a.put(lamp.instance({"Name": "x"})),
        lambda: a.delete("Lamp"),
        lambda: a.load_mof(LAMP),
        lambda: a.call("Lamp", "Go"),
        lambda: a.namespace("b"),
        lambda: a.associators('Lamp="hall"'),
    ]
    for call in calls:
        with pytest.raises(WbemError) as caught:
            await call()
        assert caught.value.status == WbemStatus.INVALID_NAMESPACE
        assert "there is no namespace" in caught.value.message


async def test_one_that_is_there_is_updated_and_stays_as_it_is(place: Place) -> None:
    ns = await place.open()
    await ns.put(await named(ns, "a"), flags=ChangeFlag.CREATE_ONLY)
    await (await ns.namespace("a")).load_mof(LAMP)
    for flags in (ChangeFlag.CREATE_OR_UPDATE, ChangeFlag.UPDATE_ONLY):
        await ns.put(await named(ns, "A"), flags=flags)
    assert relpaths(await (await (await place.seen(ns)).namespace("a")).instances("Lamp")) == ['Lamp.Name="hall"']
    assert await within(ns) == ["a"]
    async with refuses(ns, WbemStatus.ALREADY_EXISTS, "cimv2\\A"):
        await ns.put(await named(ns, "A"), flags=ChangeFlag.CREATE_ONLY)
    async with refuses(ns, WbemStatus.NOT_FOUND, "cimv2\\b"):
        await ns.put(await named(ns, "b"), flags=ChangeFlag.UPDATE_ONLY)
    async with refuses(ns, WbemStatus.INVALID_PARAMETER):
        await ns.put(await named(ns, "b"), flags=ChangeFlag.UPDATE_ONLY | ChangeFlag.CREATE_ONLY)


async def test_a_namespace_without_the_property_for_its_name(place: Place) -> None:
    ns = await place.open()
    async with refuses(ns, WbemStatus.NO_KEY, "__NAMESPACE.Name"):
        await ns.put(CimClass("__NAMESPACE").instance())


LONG = "n" * (NAMESPACE_CHARS - len(NAMESPACE) - 1)


@pytest.mark.no_cover  # many rounds, which tracing makes several times as long
@pytest.mark.parametrize(
    ("name", "status"),
    [
        (None, WbemStatus.NO_KEY),
        ("", WbemStatus.NO_KEY),
        ("a\\b", WbemStatus.INVALID_PARAMETER),
        ("a/b", WbemStatus.INVALID_PARAMETER),
        ("\\a", WbemStatus.INVALID_PARAMETER),
        ("a:b", WbemStatus.INVALID_PARAMETER),
        ("a b", WbemStatus.INVALID_PARAMETER),
        (".", WbemStatus.INVALID_PARAMETER),
        ("a\nb", WbemStatus.INVALID_PARAMETER),
        ("a\ud800", WbemStatus.INVALID_PARAMETER),
        (LONG + "n", WbemStatus.QUOTA_VIOLATION),
    ],
    ids=lambda each: repr(each)[:10],
)
async def test_names_that_no_namespace_can_have(place: Place, name: str | None, status: WbemStatus) -> None:
    ns = await place.open()
    async with refuses(ns, status):
        await ns.put(await named(ns, name))


async def test_the_longest_name(place: Place) -> None:
    ns = await place.open()
    await ns.put(await named(ns, LONG))
    later = await place.seen(ns)
    assert len((await later.namespace(LONG)).name) == NAMESPACE_CHARS
    assert await within(later) == [LONG]


async def test_what_cannot_be_deleted(place: Place) -> None:
    ns = await place.open(namespace="root")
    for name in ("cimv2", "DEFAULT", "subscription"):
        async with refuses(ns, WbemStatus.INVALID_OPERATION, "system"):
            await ns.delete(f'__NAMESPACE.Name="{name}"')
    for path, status in (
        ('__NAMESPACE="nothing"', WbemStatus.NOT_FOUND),
        ("__NAMESPACE.Nom='cimv2'", WbemStatus.INVALID_OBJECT_PATH),
        ("__NAMESPACE=@", WbemStatus.INVALID_OBJECT_PATH),
        ("__NAMESPACE", WbemStatus.INVALID_OPERATION),
    ):
        async with refuses(ns, status):
            await ns.delete(path)


@pytest.mark.parametrize("name", ["nothing", "", "\\", "a\\", "..", "root", "\\root\\cimv2", "cimv2:x"])
async def test_what_cannot_be_opened(place: Place, name: str) -> None:
    """[MS-WMI] 3.1.4.3.1: what is not a child of the namespace."""
    ns = await place.open(namespace="root")
    with pytest.raises(WbemError) as caught:
        await ns.namespace(name)
    assert caught.value.status == WbemStatus.INVALID_NAMESPACE


async def test_namespaces_and_what_is_in_a_list_with_them(place: Place) -> None:
    ns = await place.open(LAMP)
    lamp = await ns.get("Lamp")
    paths = await ns.put([await named(ns, "a"), lamp.instance({"Name": "new"}), await named(ns, "b")])
    assert [str(path.relative) for path in paths] == [
        '__NAMESPACE.Name="a"',
        'Lamp.Name="new"',
        '__NAMESPACE.Name="b"',
    ]
    assert await within(await place.seen(ns)) == ["a", "b"]
    async with refuses(ns, WbemStatus.INVALID_PARAMETER, "x/y"):
        await ns.put([await named(ns, "c"), lamp.instance({"Name": "newer"}), await named(ns, "x/y")])


async def test_queries_for_namespaces(place: Place) -> None:
    ns = await place.open()
    await ns.put([await named(ns, name) for name in ("ant", "bee", "cat")])
    later = await place.seen(ns)
    assert relpaths(await later.query("SELECT * FROM __NAMESPACE WHERE Name LIKE '%t'")) == [
        '__NAMESPACE.Name="ant"',
        '__NAMESPACE.Name="cat"',
    ]
    assert [one.Name for one in await later.query("SELECT Name FROM __NAMESPACE WHERE Name = 'BEE'")] == ["bee"]
    below = relpaths(await later.instances("__SystemClass", deep=True))
    assert sorted(below) == [*(f'__NAMESPACE.Name="{name}"' for name in ("ant", "bee", "cat")), "__SystemSecurity=@"]
    with pytest.raises(WbemError) as caught:
        await later.get('__NAMESPACE="dog"')
    assert caught.value.status == WbemStatus.NOT_FOUND


async def test_connections_to_namespaces_that_were_created(place: Place) -> None:
    ns = await place.open()
    await ns.put(await named(ns, "Deep"))
    if place.file is None:
        with pytest.raises(WbemError) as caught:  # each connection has a memory of its own
            await openwmi.connect(r"root\cimv2\deep", providers=())
        assert caught.value.status == WbemStatus.INVALID_NAMESPACE
        return
    deep = await openwmi.connect("//./ROOT/CIMV2/deep", providers=(), repository=place.file)
    assert deep.name == r"root\cimv2\Deep"
