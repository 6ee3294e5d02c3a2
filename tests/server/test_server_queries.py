"""IWbemServices::ExecQuery: what it refuses, and when a failure is seen ([MS-WMI] 3.1.4.3.18)."""

from __future__ import annotations

import asyncio
from uuid import uuid4

import pytest
from tests.dcom.fakes import standard
from tests.server.fakes import (
    ALL,
    FORWARD_ONLY,
    INFINITE,
    RETURN_IMMEDIATELY,
    SEMISYNC,
    Enumerator,
    Things,
    things,
    wmi,
)

from openwmi.base import limits
from openwmi.base.status import WbemStatus
from openwmi.model import CimClass
from openwmi.orpc import ObjRefCustom, objref
from openwmi.server.enumerators import STEP
from openwmi.wmio import ObjectArrayDecoder, decode_object


@pytest.mark.parametrize(
    ("language", "text", "status"),
    [
        (None, None, WbemStatus.INVALID_PARAMETER),
        (None, ALL, WbemStatus.INVALID_PARAMETER),
        ("", ALL, WbemStatus.INVALID_PARAMETER),
        ("WQL", None, WbemStatus.INVALID_PARAMETER),
        ("SQL", None, WbemStatus.INVALID_PARAMETER),
        ("WQL", "", WbemStatus.INVALID_PARAMETER),
        ("SQL", ALL, WbemStatus.INVALID_QUERY_TYPE),
        ("WQL\n", ALL, WbemStatus.INVALID_QUERY_TYPE),
        ("wql", ALL, WbemStatus.NO_ERROR),
        ("WQL", "SELECT", WbemStatus.INVALID_QUERY),
        ("WQL", "SELECT __CLASS FROM meta_class", WbemStatus.INVALID_QUERY),
        ("WQL", "ASSOCIATORS OF {Demo_Thing='a'} WHERE ClassDefsOnly ResultClass = B", WbemStatus.INVALID_QUERY),
        ("WQL", ALL.ljust(limits.QUERY_CHARS), WbemStatus.NO_ERROR),
        ("WQL", ALL.ljust(limits.QUERY_CHARS + 1), WbemStatus.QUOTA_VIOLATION),
    ],
)
@pytest.mark.parametrize("flags", [0, SEMISYNC])
async def test_languages_and_texts(language: str | None, text: str | None, flags: int, status: WbemStatus) -> None:
    async with wmi() as made:
        services = await made.enter()
        reply = await services.exec_query(text, flags, language)
        assert reply.hresult == status
        assert (reply.ppEnum is None) == status.failed


@pytest.mark.parametrize(
    ("flags", "allowed"),
    [
        (0x0, True),
        (0x10, True),
        (0x20, True),
        (0x30, True),
        (0x20230, True),
        (0x1, False),
        (0x2, True),
        (0x100, True),
        (0x32, True),
        (0x80, False),
        (0x30 | 0x40000, False),
        (-1, False),
        (-0x80000000, False),
    ],
)
async def test_flags(flags: int, allowed: bool) -> None:
    async with wmi() as made:
        reply = await (await made.enter()).exec_query(ALL, flags)
        assert reply.hresult == (0 if allowed else WbemStatus.INVALID_PARAMETER)


async def test_a_prototype_is_a_class_and_no_instance() -> None:
    """[MS-WMI] 3.1.4.3.18: "the server MUST only return the class schema of the resulting objects"."""
    async with wmi() as made:
        services = await made.enter()
        enumerator = await services.query(ALL, SEMISYNC | 0x2)
        reply = await enumerator.call("Next", INFINITE, 5)
        (pointer,) = reply.apObjects
        reference = objref.decode(pointer)
        assert isinstance(reference, ObjRefCustom)
        found = decode_object(reference.data)
        assert isinstance(found, CimClass)
        assert reply.hresult == WbemStatus.FALSE


@pytest.mark.parametrize(
    ("text", "status"),
    [
        ("SELECT a FROM b", WbemStatus.INVALID_CLASS),
        ("SELECT * FROM Demo_Dummy", WbemStatus.INVALID_CLASS),
        ("SELECT a FROM Demo_Thing", WbemStatus.INVALID_QUERY),
    ],
)
async def test_a_failure_is_seen_at_once_or_with_the_first_objects(text: str, status: WbemStatus) -> None:
    async with wmi() as made:
        services = await made.enter()
        for flags in (0, FORWARD_ONLY):
            reply = await services.exec_query(text, flags)
            assert (reply.ppEnum, reply.hresult) == (None, status)
        for flags in (RETURN_IMMEDIATELY, SEMISYNC):
            enumerator = await services.query(text, flags)
            for _ in range(2):
                assert await enumerator.next() == ([], status)
            await enumerator.release(made)


async def test_a_synchronous_call_returns_when_everything_is_there() -> None:
    gate = asyncio.Event()
    provider = Things(things(1, 2), gate, things(3))
    async with wmi(provider) as made:
        services = await made.enter()
        asked = asyncio.create_task(services.exec_query(ALL, 0))
        await asyncio.sleep(60)
        assert not asked.done()
        gate.set()
        enumerator = Enumerator(services.client, standard((await asked).ppEnum).ipid)
        assert provider.reading == 0
        assert await enumerator.next(timeout=0) == ([1, 2, 3], WbemStatus.FALSE)


async def test_a_synchronous_call_that_fails_halfway() -> None:
    async with wmi(Things(things(1, 2), RuntimeError("broken"))) as made:
        services = await made.enter()
        assert (await services.exec_query(ALL, 0)).hresult == WbemStatus.PROVIDER_FAILURE
        assert len(made.server._shared.allowances.enumerators.open) == 0


async def test_a_semisynchronous_call_that_fails_halfway_gives_what_it_had() -> None:
    async with wmi(Things(things(1, 2), RuntimeError("broken"))) as made:
        enumerator = await (await made.enter()).query()
        assert await enumerator.next() == ([1, 2], WbemStatus.TIMEDOUT)
        assert await enumerator.next() == ([], WbemStatus.PROVIDER_FAILURE)


async def test_a_failure_after_many_objects_loses_none() -> None:
    """More than are taken from the call at one go."""
    numbers = list(range(3 * STEP))
    async with wmi(Things(things(*numbers), RuntimeError("broken"))) as made:
        enumerator = await (await made.enter()).query()
        assert await enumerator.next(1000) == (numbers, WbemStatus.TIMEDOUT)
        assert await enumerator.next() == ([], WbemStatus.PROVIDER_FAILURE)


@pytest.mark.parametrize("flags", [0, RETURN_IMMEDIATELY, SEMISYNC])
async def test_a_query_for_classes(flags: int) -> None:
    wql = "SELECT * FROM meta_class WHERE __this ISA 'Demo_Thing'"
    async with wmi() as made:
        services = await made.enter()
        enumerator = await services.query(wql, flags)
        reply = await enumerator.call("Next", INFINITE, 10)
        (pointer,) = reply.apObjects
        reference = objref.decode(pointer)
        assert isinstance(reference, ObjRefCustom)
        plain = decode_object(reference.data)
        smart = await (await services.query(wql, flags)).smart(made)
        (packed,) = ObjectArrayDecoder().decode((await smart.raw(uuid4(), 10)).pBuffer)
        for class_ in (plain, packed):
            assert isinstance(class_, CimClass)
            assert (class_.name, class_.names, class_.keys) == ("Demo_Thing", ("Name", "Size"), ("Name",))


@pytest.mark.parametrize("how", ["close", "abort"])
async def test_a_query_ends_with_the_client_who_waits_for_it(how: str) -> None:
    provider = Things(asyncio.Event())
    async with wmi(provider) as made:
        services = await made.enter()
        asked = asyncio.create_task(services.exec_query(ALL, 0))
        await asyncio.sleep(1)
        assert provider.reading == 1
        getattr(services.client.transport, how)()
        with pytest.raises(ConnectionError):
            await asked
        await asyncio.sleep(1)
        assert provider.reading == 0
        assert len(made.server._shared.allowances.enumerators.open) == 0
