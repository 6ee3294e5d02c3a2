"""Activation: a class named by a client becomes an object."""

from __future__ import annotations

import uuid
from typing import Any

import pytest
from tests.dcom.fakes import (
    CLSID_LAMP,
    Client,
    ILamp,
    INothing,
    IShade,
    Lamp,
    Refused,
    SwitchReply,
    standard,
    world,
)

from openwmi.base.error import WbemError
from openwmi.base.guid import Guid
from openwmi.base.status import HResult, WbemStatus
from openwmi.dcom import ClassTable
from openwmi.dcom.activation import CLASS_OBJECT
from openwmi.interfaces import IActivation, IClassFactory, IRemoteSCMActivator, IUnknown
from openwmi.orpc import ActivationReply, ActivationRequest, ComVersion, OrpcThis, StdObjRef
from openwmi.orpc.bindings import TOWER_TCP
from openwmi.orpc.properties import MAX_REQUESTED_INTERFACES
from openwmi.rpc import FaultStatus

UNKNOWN_CLASS = Guid("6d6d1f5a-6a0e-4a1c-9d3c-1b7c1c1d00bb")


async def remote_activation(client: Client, iids: tuple[Guid, ...], clsid: Guid = CLSID_LAMP, mode: int = 0) -> Any:
    arguments = clsid, None, None, 2, mode, len(iids), iids or None, 1, (TOWER_TCP,)
    return await client.call(IActivation, "RemoteActivation", OrpcThis.of(uuid.uuid4()), *arguments)


async def class_object(client: Client, request: ActivationRequest) -> Any:
    ask = OrpcThis.of(uuid.uuid4()), request.encode()
    return await client.call(IRemoteSCMActivator, "RemoteGetClassObject", *ask)


async def use(client: Client, lamp: StdObjRef) -> None:
    assert await client.call(ILamp, "Switch", 1, target=lamp.ipid) == SwitchReply(0)


async def test_a_count_without_anything_behind_it_costs_nothing() -> None:
    """The answer would repeat it: four thousand million statuses."""
    async with world() as made:
        client = await made.enter(IActivation)
        old = OrpcThis.of(uuid.uuid4(), ComVersion(6, 0))
        with pytest.raises(Refused) as refused:
            await client.call(
                IActivation, "RemoteActivation", old, CLSID_LAMP, None, None, 2, 0, 0xFFFFFFFF, None, 1, (7,)
            )
        assert refused.value.status == FaultStatus.BAD_STUB_DATA


async def test_with_properties() -> None:
    async with world() as made:
        client = await made.enter()
        reply = await client.activate(ILamp, INothing, IShade, IUnknown)
        assert [result.status for result in reply.results] == [0, HResult.E_NOINTERFACE, 0, 0]
        await use(client, standard(reply.results[0].reference))
        assert len({standard(reply.results[index].reference).oid for index in (0, 2, 3)}) == 1
        assert reply.exporter == made.exporter.entry("192.0.2.1")
        assert len(made.lamps) == 1


async def test_with_plain_parameters() -> None:
    async with world() as made:
        client = await made.enter(IActivation)
        reply = await remote_activation(client, (ILamp.iid, INothing.iid))
        assert (reply.phr, reply.hresult) == (0, 0)
        assert reply.pResults == (0, HResult.E_NOINTERFACE)
        assert reply.ppInterfaceData[1] is None
        assert reply.pipidRemUnknown == made.rem_unknown
        await use(client, standard(reply.ppInterfaceData[0]))


async def test_the_class_object_makes_objects() -> None:
    async with world() as made:
        client = await made.enter(IClassFactory, IActivation)
        answer = await class_object(client, ActivationRequest(CLSID_LAMP, (IClassFactory.iid,)))
        first = ActivationReply.decode(answer.ppActProperties).results[0].reference
        second = (await remote_activation(client, (IClassFactory.iid,), mode=CLASS_OBJECT)).ppInterfaceData[0]
        for reference in (first, second):
            factory = standard(reference)
            made_one = await client.call(IClassFactory, "RemoteCreateInstance", ILamp.iid, target=factory.ipid)
            await use(client, standard(made_one.ppvObject))
            none = await client.call(IClassFactory, "RemoteCreateInstance", INothing.iid, target=factory.ipid)
            assert (none.ppvObject, none.hresult) == (None, HResult.E_NOINTERFACE)
            assert await client.call(IClassFactory, "RemoteLockServer", 1, target=factory.ipid) == 0
        assert [lamp.released_times for lamp in made.lamps] == [0, 1, 0, 1]


async def test_a_class_that_there_is_not() -> None:
    async with world() as made:
        client = await made.enter(IActivation)
        with pytest.raises(Refused) as caught:
            await client.activate(ILamp, clsid=UNKNOWN_CLASS)
        assert caught.value.status == HResult.REGDB_E_CLASSNOTREG
        answer = await class_object(client, ActivationRequest(UNKNOWN_CLASS, (IClassFactory.iid,)))
        assert (answer.ppActProperties, answer.hresult) == (None, HResult.REGDB_E_CLASSNOTREG)
        reply = await remote_activation(client, (ILamp.iid, IShade.iid), UNKNOWN_CLASS)
        assert reply.phr == HResult.REGDB_E_CLASSNOTREG
        assert reply.ppInterfaceData == (None, None)
        assert set(reply.pResults) == {HResult.REGDB_E_CLASSNOTREG}


async def test_none_of_the_interfaces() -> None:
    async with world() as made:
        client = await made.enter(IActivation)
        with pytest.raises(Refused) as caught:
            await client.activate(INothing)
        assert caught.value.status == HResult.E_NOINTERFACE
        assert (await remote_activation(client, (INothing.iid,))).phr == HResult.E_NOINTERFACE
        assert [lamp.released_times for lamp in made.lamps] == [1, 1]
        assert len(made.exporter) == 0


@pytest.mark.parametrize("count", [0, MAX_REQUESTED_INTERFACES + 1])
async def test_no_interfaces_or_too_many(count: int) -> None:
    async with world() as made:
        client = await made.enter(IActivation)
        assert (await remote_activation(client, (ILamp.iid,) * count)).phr == HResult.E_INVALIDARG
        assert made.lamps == []


async def test_a_class_that_refuses_with_a_status_of_management() -> None:
    async with world() as made:

        def refuse() -> Lamp:
            raise WbemError(WbemStatus.OUT_OF_MEMORY)

        made.classes._factories[UNKNOWN_CLASS] = refuse
        client = await made.enter(IActivation)
        assert (await remote_activation(client, (ILamp.iid,), UNKNOWN_CLASS)).phr == WbemStatus.OUT_OF_MEMORY
        with pytest.raises(Refused) as caught:
            await client.activate(ILamp, clsid=UNKNOWN_CLASS)
        assert caught.value.status == WbemStatus.OUT_OF_MEMORY


@pytest.mark.parametrize("octets", [None, b"", b"MEOW", bytes(100)])
async def test_properties_that_are_none(octets: bytes | None) -> None:
    async with world() as made:
        client = await made.enter()
        for name, more in (("RemoteCreateInstance", (None,)), ("RemoteGetClassObject", ())):
            this = OrpcThis.of(uuid.uuid4())
            reply = await client.call(IRemoteSCMActivator, name, this, *more, octets)
            assert (reply.ppActProperties, reply.hresult) == (None, HResult.E_INVALIDARG)


async def test_a_table_knows_its_classes() -> None:
    async with world() as made:
        with pytest.raises(WbemError):
            ClassTable(made.exporter, {}).create(CLSID_LAMP, [ILamp.iid])
