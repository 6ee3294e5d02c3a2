"""Providers that take puts and deletes, and what the engine tells them of what a caller looks for."""

from __future__ import annotations

import threading
from collections.abc import Iterable, Mapping
from typing import Any

import pytest
from tests.engine.fakes import KEY, STRING, UINT32, KeyedRows, Rows
from tests.engine.storing import MODES, NAMESPACE, Place, called, refuses, relpaths

from openwmi.base.case import fold
from openwmi.base.error import NotFound, Timeout, WbemError
from openwmi.base.status import WbemStatus
from openwmi.engine import Provider, Request, Row
from openwmi.engine.provider import PutCall
from openwmi.model import ChangeFlag, CimClass, Property, Qualifier, qualifier_set
from openwmi.operation import CallFlags

DYNAMIC = qualifier_set(Qualifier("Dynamic"), Qualifier("Provider", "Jobs", STRING))
BASE = CimClass(
    "Work_Item",
    properties=(Property("Id", STRING, qualifiers=KEY), Property("Note", STRING)),
    qualifiers=qualifier_set(Qualifier("Abstract")),
    namespace=NAMESPACE,
)
JOB = BASE.derive("Work_Job", [Property("Pages", UINT32, 1)], qualifiers=DYNAMIC)


class Jobs(Provider):
    """Keeps jobs in memory, as a program would that has some."""

    cim_class = JOB

    def __init__(self) -> None:
        self.jobs: dict[str, dict[str, object]] = {}
        self.puts: list[PutCall] = []
        self.deletes: list[dict[str, object]] = []
        self.threads: set[bool] = set()

    def instances(self, request: Request) -> Iterable[Row]:
        return list(self.jobs.values())

    def get(self, request: Request, keys: Mapping[str, object]) -> Row | None:
        return self.jobs.get(fold(str(keys["Id"])))

    def put(self, call: PutCall) -> Row | None:
        self.puts.append(call)
        self.threads.add(threading.current_thread() is threading.main_thread())
        return self._kept(call)

    def delete(self, request: Request, keys: Mapping[str, object]) -> None:
        self.deletes.append(dict(keys))
        if self.jobs.pop(fold(str(keys["Id"])), None) is None:
            raise NotFound(WbemStatus.NOT_FOUND, f"there is no job {keys['Id']}")

    def _kept(self, call: PutCall) -> Row | None:
        name = call.values["Id"] or f"job{len(self.jobs)}"
        before = self.jobs.get(fold(str(name)))
        if before is None and ChangeFlag.UPDATE_ONLY in call.flags:
            raise NotFound(WbemStatus.NOT_FOUND, f"there is no job {name}")
        if before is not None and ChangeFlag.CREATE_ONLY in call.flags:
            raise WbemError(WbemStatus.ALREADY_EXISTS, f"there is a job {name}")
        written = call.values if call.properties is None else {each: call.values[each] for each in call.properties}
        self.jobs[fold(str(name))] = {**(before or {}), **written, "Id": name}
        return None if call.values["Id"] else {"Id": name}


class AsyncJobs(Jobs):
    """The same on the loop."""

    async def put(self, call: PutCall) -> Row | None:  # type: ignore[override]  # either kind is allowed
        self.puts.append(call)
        self.threads.add(threading.current_thread() is threading.main_thread())
        return self._kept(call)

    async def delete(self, request: Request, keys: Mapping[str, object]) -> None:  # type: ignore[override]  # likewise
        super().delete(request, keys)


KINDS = pytest.mark.parametrize("kind", [Jobs, AsyncJobs])
STORED = "class Work_Stored : Work_Item { uint8 Size; };"


@KINDS
@pytest.mark.parametrize("mode", MODES)
async def test_put_update_and_delete_in_each_mode(place: Place, kind: type[Jobs], mode: str) -> None:
    provider = kind()
    ns = await place.open("", provider, Rows(BASE, []))
    job = await ns.get("Work_Job")
    (path,) = await called(mode, ns, "put", job.instance({"Id": "a", "Note": "n"}))
    assert (str(path), path.namespace) == ((await ns.get('Work_Job="A"'))["__PATH"], NAMESPACE)
    await called(mode, ns, "put", job.instance({"Id": "a", "Pages": 3}))
    assert [(one.Id, one.Note, one.Pages) for one in await ns.instances("Work_Item")] == [("a", None, 3)]
    assert provider.threads == {kind is AsyncJobs}
    assert await called(mode, ns, "delete", path) == []
    assert await ns.instances("Work_Item") == []
    with pytest.raises(WbemError) as caught:
        await called(mode, ns, "delete", path)
    assert caught.value.status == WbemStatus.NOT_FOUND


@KINDS
async def test_what_a_provider_is_told_of_a_put(place: Place, kind: type[Jobs]) -> None:
    provider = kind()
    ns = await place.open("", provider, Rows(BASE, []))
    job = await ns.get("Work_Job")
    await ns.put(job.instance({"id": "a"}), flags=ChangeFlag.CREATE_ONLY)
    await ns.put(job.instance({"Id": "a", "Note": "x", "Pages": 9}), properties=["pages"])
    await ns.options(context={"Mine": 1}).put(job.instance({"Id": "a"}))
    first, second, third = provider.puts
    assert dict(first.values) == {"Id": "a", "Note": None, "Pages": 1}
    assert (first.flags, first.properties) == (ChangeFlag.CREATE_ONLY, None)
    assert (second.flags, second.properties) == (ChangeFlag.UPDATE_ONLY, ("Pages",))
    assert second.values["Pages"] == 9
    assert third.request.context.values == {"Mine": 1}
    assert third.request.cim_class == job
    assert provider.jobs["a"]["Note"] is None


@KINDS
async def test_keys_that_the_provider_chooses(place: Place, kind: type[Jobs]) -> None:
    provider = kind()
    ns = await place.open("", provider, Rows(BASE, []))
    job = await ns.get("Work_Job")
    path = await ns.put(job.instance({"Note": "first"}))
    assert str(path.relative) == 'Work_Job.Id="job0"'
    assert (await ns.get(path)).Note == "first"


async def test_statuses_of_a_provider_are_the_callers(place: Place) -> None:
    ns = await place.open("", Jobs(), Rows(BASE, []))
    one = (await ns.get("Work_Job")).instance({"Id": "a"})
    async with refuses(ns, WbemStatus.NOT_FOUND, "job a"):
        await ns.put(one, flags=ChangeFlag.UPDATE_ONLY)
    await ns.put(one)
    async with refuses(ns, WbemStatus.ALREADY_EXISTS, "job a"):
        await ns.put(one, flags=ChangeFlag.CREATE_ONLY)


async def test_what_does_not_reach_a_provider(place: Place) -> None:
    provider = Jobs()
    ns = await place.open("", provider, Rows(BASE, []))
    job = await ns.get("Work_Job")
    one = job.instance({"Id": "a"})
    for flags in (ChangeFlag.CREATE_ONLY | ChangeFlag.UPDATE_ONLY, ChangeFlag.UPDATE_FORCE_MODE, ChangeFlag(0x8)):
        async with refuses(ns, WbemStatus.INVALID_PARAMETER):
            await ns.put(one, flags=flags)
    async with refuses(ns, WbemStatus.INVALID_PROPERTY, "Work_Job", "Page", "Pages"):
        await ns.put(one, properties=["Page"])
    async with refuses(ns, WbemStatus.INVALID_CONTEXT):
        await ns.options(context={"__PUT_EXTENSIONS": "yes"}).put(one)
    other = CimClass("Work_Job", properties=(*job.properties[:1], Property("Colour", STRING)))
    async with refuses(ns, WbemStatus.NOT_FOUND, "Work_Job", "Colour"):
        await ns.put(other.instance({"Id": "a", "Colour": "red"}))
    odd = CimClass("Work_Job", properties=(*job.properties[:1], Property("Pages", STRING)))
    async with refuses(ns, WbemStatus.TYPE_MISMATCH, "Work_Job.Pages"):
        await ns.put(odd.instance({"Id": "a", "Pages": "many"}))
    for path, status in (
        ("Work_Job=@", WbemStatus.INVALID_OBJECT_PATH),
        ('Work_Job.Note="a"', WbemStatus.INVALID_OBJECT_PATH),
        (r'root\default:Work_Job="a"', WbemStatus.INVALID_NAMESPACE),
    ):
        async with refuses(ns, status):
            await ns.delete(path)
    assert (provider.puts, provider.deletes) == ([], [])


async def test_a_provider_that_cannot(place: Place) -> None:
    """[MS-WMI] 3.1.4.3.12 and 3.1.4.3.14: SupportsPut, SupportsDelete."""
    ns = await place.open("", KeyedRows(JOB, [{"Id": "a"}]), Rows(BASE, []))
    one = (await ns.get("Work_Job")).instance({"Id": "a"})
    async with refuses(ns, WbemStatus.PROVIDER_NOT_CAPABLE, "KeyedRows", "Work_Job"):
        await ns.put(one)
    for path in ('Work_Job="a"', 'Work_Item="a"'):
        async with refuses(ns, WbemStatus.PROVIDER_NOT_CAPABLE, "KeyedRows", "Work_Job"):
            await ns.delete(path)
    assert relpaths(await ns.instances("Work_Job")) == ['Work_Job.Id="a"']


@pytest.mark.parametrize("error", [ValueError("it broke"), KeyError("x"), StopIteration(), SystemExit(3)], ids=repr)
@KINDS
async def test_a_provider_that_fails(place: Place, kind: type[Jobs], error: BaseException) -> None:
    class Failing(kind):  # type: ignore[misc, valid-type]  # one of two
        def _kept(self, call: PutCall) -> Row | None:
            raise error

    ns = await place.open("", Failing(), Rows(BASE, []))
    async with refuses(ns, WbemStatus.PROVIDER_FAILURE, "Failing", "Work_Job"):
        await ns.put((await ns.get("Work_Job")).instance({"Id": "a"}))


@pytest.mark.parametrize(
    ("chosen", "word"),
    [({"Id": 7}, "Id"), ({"Nothing": "x"}, "Nothing"), ("x", "str"), ({"Id": "a", "Pages": -1}, "Pages")],
)
async def test_keys_that_do_not_fit(place: Place, chosen: Any, word: str) -> None:
    class Odd(Jobs):
        def put(self, call: PutCall) -> Row | None:
            result: Row = chosen
            return result

    ns = await place.open("", Odd(), Rows(BASE, []))
    async with refuses(ns, WbemStatus.PROVIDER_FAILURE, "Odd", word):
        await ns.put((await ns.get("Work_Job")).instance())


async def test_no_key_at_all(place: Place) -> None:
    class Forgetful(Jobs):
        def put(self, call: PutCall) -> Row | None:
            return None

    ns = await place.open("", Forgetful(), Rows(BASE, []))
    async with refuses(ns, WbemStatus.NO_KEY, "Work_Job"):
        await ns.put((await ns.get("Work_Job")).instance())


async def test_a_list_with_an_instance_of_a_provider_is_refused(place: Place) -> None:
    provider = Jobs()
    ns = await place.open(STORED, provider, Rows(BASE, []))
    job, stored = await ns.get("Work_Job"), await ns.get("Work_Stored")
    async with refuses(ns, WbemStatus.NOT_SUPPORTED, "Work_Job", "alone"):
        await ns.put([stored.instance({"Id": "s"}), job.instance({"Id": "a"})])
    assert provider.puts == []
    (path,) = await ns.put([job.instance({"Id": "a"})])
    assert str(path.relative) == 'Work_Job.Id="a"'
    async with refuses(ns, WbemStatus.PROVIDER_NOT_CAPABLE, "Work_Job"):
        await ns.load_mof('instance of Work_Job { Id = "b"; };')


async def test_delete_through_the_base_class(place: Place) -> None:
    """As a get finds it: whoever has the instance deletes it."""
    provider = Jobs()
    ns = await place.open(STORED, provider, Rows(BASE, []))
    await ns.put((await ns.get("Work_Job")).instance({"Id": "a"}))
    await ns.put((await ns.get("Work_Stored")).instance({"Id": "b"}))
    await ns.delete('Work_Item.Id="A"')
    await ns.delete('Work_Item.Id="B"')
    assert await (await place.seen(ns)).instances("Work_Item") == []
    assert len(provider.deletes) == 1
    async with refuses(ns, WbemStatus.PROVIDER_NOT_CAPABLE, "Work_Item"):  # that of the class that is named
        await ns.delete('Work_Item.Id="c"')


async def test_what_is_stored_and_what_is_provided_are_listed_together(place: Place) -> None:
    ns = await place.open(STORED, Jobs(), Rows(BASE, []))
    await ns.put((await ns.get("Work_Job")).instance({"Id": "a", "Note": "n"}))
    await ns.put((await ns.get("Work_Stored")).instance({"Id": "b", "Note": "n"}))
    later = await place.seen(ns)
    assert relpaths(await later.instances("Work_Item")) == ['Work_Job.Id="a"', 'Work_Stored.Id="b"']
    assert relpaths(await later.query("SELECT * FROM Work_Item WHERE Note = 'N'")) == [
        'Work_Job.Id="a"',
        'Work_Stored.Id="b"',
    ]
    assert (await later.get('Work_Item="b"'))["__CLASS"] == "Work_Stored"
    part = await later.get('Work_Item="a"', properties=["Note"])
    assert (part.Id, part.Note, part.Pages) == ("a", "n", None)


async def test_equalities_and_properties_are_pushed_down(place: Place) -> None:
    given = Rows(JOB, [{"Id": "a", "Note": "n", "Pages": 2}, {"Id": "b", "Note": "m"}])
    ns = await place.open("", given, Rows(BASE, []))
    for text, equalities, wanted in (
        ("SELECT Id FROM Work_Job WHERE Note = 'N' AND Pages > 1", {"Note": "N"}, {"id", "note", "pages"}),
        ("SELECT * FROM Work_Item WHERE Note = 'n' AND Id LIKE '%'", {"Note": "n"}, None),
        ("SELECT Id FROM Work_Job WHERE Id = 'a'", {"Id": "a"}, {"id"}),
        ("SELECT Id FROM Work_Job WHERE Note = 'n' OR Note = 'x'", {}, {"id", "note"}),
    ):
        given.requests.clear()
        assert relpaths(await ns.options(flags=CallFlags.ENSURE_LOCATABLE).query(text)) == ['Work_Job.Id="a"']
        (request,) = given.requests
        assert dict(request.equalities) == equalities
        assert request.properties == wanted


async def test_keys_are_looked_up_where_a_provider_can(place: Place) -> None:
    given = KeyedRows(JOB, [{"Id": "a"}, {"Id": "b"}, {"Id": "c"}])
    ns = await place.open("", given, Rows(BASE, []))
    assert relpaths(await ns.query("SELECT * FROM Work_Item WHERE Id = 'B' OR Id = 'c' OR Id = 'x'")) == [
        'Work_Job.Id="b"',
        'Work_Job.Id="c"',
    ]
    assert (await ns.get('Work_Item="A"')).Id == "a"
    assert sorted(str(keys["Id"]) for keys in given.looked_up) == ["A", "B", "c", "x"]


async def test_a_put_that_takes_too_long(place: Place, end_of_test: threading.Event) -> None:
    class Slow(Jobs):
        def put(self, call: PutCall) -> Row | None:
            end_of_test.wait()
            return None

    ns = await place.open("", Slow(), Rows(BASE, []))
    one = (await ns.get("Work_Job")).instance({"Id": "a"})
    with pytest.raises(Timeout) as caught:
        await ns.options(timeout=3).put(one)
    assert "provider Slow of Work_Job" in caught.value.message
    operation = ns.put(one)
    assert await operation.status(1) == WbemStatus.TIMEDOUT
    operation.cancel()
    assert await operation.status() == WbemStatus.CALL_CANCELLED
    await ns.load_mof("class Free { [key] uint8 Id; };")  # nobody else waits for it
