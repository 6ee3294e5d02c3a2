"""IWbemServices' methods with one result, and its enumerations, waited for ([MS-WMI] 3.1.4.3)."""

from __future__ import annotations

import asyncio
from contextlib import AbstractAsyncContextManager
from typing import Any

import pytest
from tests.dcom.fakes import ME, YOU, standard
from tests.server.devices import SETTING, Devices
from tests.server.fakes import ALL, CIMV2, INFINITE, SEMISYNC, Enumerator, Services, Things, Wmi, pointed, things, wmi

from openwmi.base import limits
from openwmi.base.guid import Guid
from openwmi.base.status import HResult, WbemStatus
from openwmi.engine.local import LocalSession
from openwmi.interfaces import IRemUnknown2, IWbemLevel1Login, IWbemServices
from openwmi.model import CimClass, CimInstance, CimType, Property, Qualifier, Type, input_class, qualifier_set
from openwmi.ndr import Cell
from openwmi.operation import Impersonation
from openwmi.orpc import ObjRefCustom, objref
from openwmi.orpc.wellknown import CLSID_WbemClassObject, CLSID_WbemContext, CLSID_WbemLevel1Login, IID_IWbemClassObject
from openwmi.pointers import object_pointer
from openwmi.pointers.contexts import values_pointer
from openwmi.rpc import AuthLevel
from openwmi.security.mechanism import IDENTIFY
from openwmi.wmio import encode_object

UPDATE_ONLY, CREATE_ONLY, NOW, SHALLOW = 1, 2, 0x10, 1
STORED = CimClass(
    "Demo_Stored",
    properties=(
        Property("Id", Type(CimType.UINT32), qualifiers=qualifier_set(Qualifier("key"))),
        Property("Text", Type(CimType.STRING)),
        Property("Numbers", Type(CimType.SINT64, array=True)),
    ),
    namespace=CIMV2,
)


def world() -> AbstractAsyncContextManager[Wmi]:
    return wmi(Devices(), Things(things(1, 2, 3)))


async def names(services: Services, method: str, name: str | None, flags: int = 0) -> tuple[int, list[str]]:
    reply = await services.call(method, name, flags, None)
    if reply.hresult:
        assert reply.ppEnum is None
        return int(reply.hresult), []
    enumerator = Enumerator(services.client, standard(reply.ppEnum).ipid)
    found = await enumerator.call("Next", INFINITE, 10000)
    assert found.hresult == WbemStatus.FALSE
    objects = [pointed(each) for each in found.apObjects]
    return 0, [each.name if isinstance(each, CimClass) else str(each["Name"]) for each in objects]


async def test_a_class_and_an_instance() -> None:
    async with world() as made:
        services = await made.enter()
        class_ = await services.get("demo_device")
        assert isinstance(class_, CimClass)
        assert class_.name == "Demo_Device"
        assert [each.name for each in class_.methods] == ["Adjust", "Count", "Wait", "Forget"]
        device = await services.get(r'\\HOST1\ROOT\CIMV2:Demo_Device.Name="east"')
        assert isinstance(device, CimInstance)
        assert (device["Reading"], device["__PATH"]) == (1, r'\\HOST1\root\cimv2:Demo_Device.Name="east"')


@pytest.mark.parametrize("path", [None, ""])
async def test_without_a_path_it_is_an_empty_class(path: str | None) -> None:
    async with world() as made:
        found = await (await made.enter()).get(path)
        assert isinstance(found, CimClass)
        assert (found.name, found.properties, found.methods) == ("", (), ())


@pytest.mark.parametrize(
    ("path", "flags", "status"),
    [
        ("Demo_Device.Name='north'", 0, WbemStatus.NOT_FOUND),
        ("Demo_Nothing", 0, WbemStatus.NOT_FOUND),
        ("Demo_Device.Name=", 0, WbemStatus.INVALID_OBJECT_PATH),
        ("Demo_Device", 1, WbemStatus.INVALID_PARAMETER),
        ("Demo_Device", NOW, WbemStatus.INVALID_PARAMETER),
        ("D" * (limits.OBJECT_PATH_CHARS + 1), 0, WbemStatus.QUOTA_VIOLATION),
    ],
)
async def test_what_cannot_be_got(path: str, flags: int, status: WbemStatus) -> None:
    async with world() as made:
        reply = await (await made.enter()).call("GetObject", path, flags, None, Cell(None), None)
        assert (reply.ppObject, reply.ppCallResult, reply.hresult) == (Cell(None), None, status)


async def test_nobody_wants_the_object() -> None:
    """Both pointers may be NULL: then it is only a question of whether it is there."""
    async with world() as made:
        services = await made.enter()
        for path, status in (("Demo_Device", 0), ("Demo_Nothing", WbemStatus.NOT_FOUND)):
            reply = await services.call("GetObject", path, 0, None, None, None)
            assert reply == (None, None, status)


async def test_classes_and_instances_come_and_go() -> None:
    async with world() as made:
        services = await made.enter()
        assert await services.put(STORED, UPDATE_ONLY) == WbemStatus.NOT_FOUND
        assert await services.put(STORED, CREATE_ONLY) == 0
        assert await services.put(STORED, CREATE_ONLY) == WbemStatus.ALREADY_EXISTS
        class_ = await services.get("Demo_Stored")
        assert (class_.names, class_.keys) == (STORED.names, ("Id",))
        new = class_.instance({"Id": 7, "Text": "sieben", "Numbers": (1, -2)})
        assert await services.put(new) == 0
        back = await services.get("Demo_Stored=7")
        assert back == new
        assert await services.put(back.replace_(Text="siete"), UPDATE_ONLY) == 0
        assert (await services.get("Demo_Stored.Id=7"))["Text"] == "siete"
        for method, path in (("DeleteInstance", "Demo_Stored=7"), ("DeleteClass", "Demo_Stored")):
            assert (await services.call(method, path, 0, None, None)).hresult == 0
            assert (await services.call(method, path, 0, None, None)).hresult == WbemStatus.NOT_FOUND
            reply = await services.call("GetObject", path, 0, None, Cell(None), None)
            assert reply.hresult == WbemStatus.NOT_FOUND


async def test_a_class_that_gets_one_more_property() -> None:
    async with world() as made:
        services = await made.enter()
        assert await services.put(STORED) == 0
        class_ = await services.get("Demo_Stored")
        more = Property("More", Type(CimType.STRING))
        assert await services.put(CimClass(class_.name, properties=(*class_.properties, more), namespace=CIMV2)) == 0
        assert (await services.get("Demo_Stored")).names == (*STORED.names, "More")


@pytest.mark.parametrize(
    ("method", "argument", "status"),
    [
        ("DeleteClass", None, WbemStatus.INVALID_PARAMETER),
        ("DeleteClass", "Demo_Device=1", WbemStatus.INVALID_CLASS),
        ("DeleteInstance", "Demo_Device", WbemStatus.INVALID_OBJECT_PATH),
        ("DeleteInstance", None, WbemStatus.INVALID_PARAMETER),
        ("PutClass", None, WbemStatus.INVALID_PARAMETER),
        ("PutInstance", None, WbemStatus.INVALID_PARAMETER),
        ("PutClass", object_pointer(SETTING.instance({"Name": "x"})), WbemStatus.INVALID_OBJECT),
        ("PutInstance", object_pointer(SETTING), WbemStatus.INVALID_OBJECT),
    ],
)
async def test_what_cannot_be_written(method: str, argument: Any, status: WbemStatus) -> None:
    async with world() as made:
        reply = await (await made.enter()).call(method, argument, 0, None, Cell(None))
        assert reply == (Cell(None), status)


OBJECT = encode_object(STORED)


@pytest.mark.parametrize(
    "pointer",
    [
        pytest.param(b"", id="no octets"),
        pytest.param(b"nonsense", id="no OBJREF"),
        pytest.param(objref.encode(ObjRefCustom(IID_IWbemClassObject, CLSID_WbemContext, OBJECT)), id="a context"),
        *(
            pytest.param(
                objref.encode(ObjRefCustom(IID_IWbemClassObject, CLSID_WbemClassObject, OBJECT[:size])), id=f"{size}"
            )
            for size in range(0, len(OBJECT) - 1, 29)
        ),
    ],
)
async def test_what_is_no_object_costs_the_call_alone(pointer: bytes) -> None:
    async with world() as made:
        services = await made.enter()
        for method, *after in (
            ("PutClass", 0, None, None),
            ("PutInstance", 0, None, None),
        ):
            assert (await services.call(method, pointer, *after)).hresult == WbemStatus.INVALID_OBJECT
        asked = ("Demo_Device=@", "Count", 0, None, pointer, Cell(None), None)
        assert (await services.call("ExecMethod", *asked)).hresult == WbemStatus.INVALID_OBJECT
        assert await services.put(STORED) == 0


async def test_a_method_with_objects_and_arrays() -> None:
    async with world() as made:
        services = await made.enter()
        class_ = await services.get("Demo_Device")
        inputs = input_class(class_.method("Adjust"))
        assert inputs is not None
        given = inputs.instance({"By": 10, "Setting": SETTING.instance({"Name": "s", "Level": 5}), "Levels": (1, 2, 3)})
        pointer = objref.encode(
            ObjRefCustom(IID_IWbemClassObject, CLSID_WbemClassObject, encode_object(given, decorated=False))
        )
        asked = ("Demo_Device.Name='east'", "adjust", 0, None, pointer, Cell(None), None)
        reply = await services.call("ExecMethod", *asked)
        assert (reply.ppCallResult, reply.hresult) == (None, 0)
        found = pointed(reply.ppOutParams.value)
        assert (found.ReturnValue, found.Reading, found.Seen) == (0, 16, (1, 2, 3))
        assert (found.Used["__CLASS"], found.Used.Level) == ("Demo_Setting", 5)


@pytest.mark.parametrize(
    ("path", "method", "flags", "out", "status"),
    [
        ("Demo_Device", "Count", 0, Cell(None), 0),
        ("Demo_Device", "Count", 0, None, WbemStatus.INVALID_PARAMETER),
        ("Demo_Device", "Count", NOW, Cell(None), WbemStatus.INVALID_PARAMETER),
        ("Demo_Device", "Count", 0x80, Cell(None), WbemStatus.INVALID_PARAMETER),
        ("Demo_Device", None, 0, Cell(None), WbemStatus.INVALID_PARAMETER),
        (None, "Count", 0, Cell(None), WbemStatus.INVALID_PARAMETER),
        ("Demo_Device", "Nothing", 0, Cell(None), WbemStatus.INVALID_METHOD),
        ("Demo_Device", "Forget", 0, Cell(None), WbemStatus.METHOD_DISABLED),
        ("Demo_Nothing", "Count", 0, Cell(None), WbemStatus.NOT_FOUND),
        ("Demo_Device", "Adjust", 0, Cell(None), WbemStatus.INVALID_METHOD_PARAMETERS),
    ],
)
async def test_methods_and_their_parameters(
    path: str | None, method: str | None, flags: int, out: Cell[bytes] | None, status: int
) -> None:
    async with world() as made:
        reply = await (await made.enter()).call("ExecMethod", path, method, flags, None, None, out, None)
        assert reply.hresult == status
        if status:
            assert reply.ppOutParams == out
        else:
            assert pointed(reply.ppOutParams.value).ReturnValue == 2


@pytest.mark.no_cover  # many rounds, which tracing makes several times as long
@pytest.mark.parametrize("flags", [0, NOW, SEMISYNC, 0x20])
async def test_enumerations(flags: int) -> None:
    async with world() as made:
        services = await made.enter()
        assert await names(services, "CreateInstanceEnum", "Demo_Device", flags) == (0, ["east", "west"])
        assert await names(services, "CreateClassEnum", "Demo_Device", flags) == (0, [])
        deep = await names(services, "CreateClassEnum", None, flags)
        roots = await names(services, "CreateClassEnum", "", flags | SHALLOW)
        assert {"Demo_Device", "Demo_Thing"} <= set(roots[1]) < set(deep[1])


@pytest.mark.parametrize(
    ("method", "name", "flags", "status"),
    [
        ("CreateInstanceEnum", None, 0, WbemStatus.INVALID_PARAMETER),
        ("CreateInstanceEnum", "Demo_Nothing", 0, WbemStatus.INVALID_CLASS),
        ("CreateInstanceEnum", "Demo_Device", 0x80, WbemStatus.INVALID_PARAMETER),
        ("CreateClassEnum", "Demo_Nothing", 0, WbemStatus.INVALID_CLASS),
        ("CreateClassEnum", "Demo_Device", 0x200, WbemStatus.INVALID_PARAMETER),
    ],
)
async def test_what_cannot_be_enumerated(method: str, name: str | None, flags: int, status: WbemStatus) -> None:
    async with world() as made:
        assert await names(await made.enter(), method, name, flags) == (status, [])


@pytest.mark.parametrize("flags", [0, NOW, 0x20])
async def test_events_have_no_end_and_no_other_mode(flags: int) -> None:
    async with world() as made:
        text = "SELECT * FROM __InstanceCreationEvent WITHIN 1 WHERE TargetInstance ISA 'Demo_Stored'"
        reply = await (await made.enter()).call("ExecNotificationQuery", "WQL", text, flags, None)
        assert reply == (None, WbemStatus.INVALID_PARAMETER)


async def test_events() -> None:
    async with world() as made:
        services = await made.enter()
        assert await services.put(STORED) == 0
        text = "SELECT * FROM __InstanceCreationEvent WITHIN 1 WHERE TargetInstance ISA 'Demo_Stored'"
        reply = await services.call("ExecNotificationQuery", "WQL", text, SEMISYNC, None)
        enumerator = Enumerator(services.client, standard(reply.ppEnum).ipid)
        assert (await enumerator.call("Next", 3000, 1)).hresult == WbemStatus.TIMEDOUT
        assert await services.put(STORED.instance({"Id": 5})) == 0
        found = await enumerator.call("Next", 60000, 1)
        assert pointed(found.apObjects[0]).TargetInstance.Id == 5
        await enumerator.release(made)


async def test_a_namespace_within_this_one() -> None:
    async with world() as made:
        root = await made.enter("root")
        reply = await root.call("OpenNamespace", "cimv2", 0, None, Cell(None), None)
        assert (reply.ppResult, reply.hresult) == (None, 0)
        inner = Services(root.client, standard(reply.ppWorkingNamespace.value).ipid)
        assert (await inner.get("Demo_Device")).name == "Demo_Device"


@pytest.mark.parametrize(
    ("name", "flags", "context", "out", "status"),
    [
        (None, 0, None, Cell(None), WbemStatus.INVALID_PARAMETER),
        (r"\\.\root\cimv2", 0, None, Cell(None), WbemStatus.INVALID_PARAMETER),
        ("nowhere", 0, None, Cell(None), WbemStatus.INVALID_NAMESPACE),
        ("cimv2", 0, None, None, WbemStatus.INVALID_PARAMETER),
        ("cimv2", NOW, None, Cell(None), WbemStatus.INVALID_PARAMETER),
        ("cimv2", 0x20, None, Cell(None), WbemStatus.INVALID_PARAMETER),
        ("cimv2", 0, b"any", Cell(None), WbemStatus.INVALID_PARAMETER),
    ],
)
async def test_what_cannot_be_opened(
    name: str | None, flags: int, context: bytes | None, out: Cell[bytes] | None, status: WbemStatus
) -> None:
    async with world() as made:
        reply = await (await made.enter("root")).call("OpenNamespace", name, flags, context, out, None)
        assert (reply.ppWorkingNamespace, reply.hresult) == (out, status)


@pytest.mark.parametrize("method", ["Wait", "get", "query"])
async def test_what_is_done_when_its_client_goes_away(method: str) -> None:
    """A method that was called goes on; what only reads ends with the client who waits for it."""
    devices, things_ = Devices(), Things(asyncio.Event())
    async with wmi(devices, things_) as made:
        services = await made.enter()
        calls: dict[str, tuple[Any, ...]] = {
            "Wait": ("ExecMethod", "Demo_Device", "Wait", 0, None, None, Cell(None), None),
            "get": ("GetObject", "Demo_Thing='thing 1'", 0, None, Cell(None), None),
            "query": ("ExecQuery", "WQL", ALL, 0, None),
        }
        asked = asyncio.create_task(services.call(*calls[method]))
        await asyncio.sleep(1)
        assert devices.waiting + things_.reading == 1
        services.client.transport.abort()
        with pytest.raises(ConnectionError):
            await asked
        await asyncio.sleep(1)
        assert (devices.waiting, things_.reading) == (int(method == "Wait"), 0)
        devices.gate.set()
        await asyncio.sleep(1)
        assert devices.waited == int(method == "Wait")


WRITES = (
    ("PutClass", (object_pointer(STORED), 0, None, None)),
    ("PutInstance", (object_pointer(STORED.instance({"Id": 1})), 0, None, None)),
    ("DeleteClass", ("Demo_Stored", 0, None, None)),
    ("DeleteInstance", ("Demo_Stored=1", 0, None, None)),
    ("ExecMethod", ("Demo_Device", "Count", 0, None, None, Cell(None), None)),
    ("ExecMethod", ("__SystemSecurity", "GetSD", 0, None, None, Cell(None), None)),
)


@pytest.mark.parametrize(("method", "arguments"), WRITES)
async def test_a_user_who_is_no_administrator_may_not(method: str, arguments: tuple[object, ...]) -> None:
    """Neither here nor in a namespace that is opened from here; and no call result says so, the method itself does."""
    async with world() as made:
        mine, yours = await made.enter(), await made.enter("root", user=YOU)
        reply = await yours.call("OpenNamespace", "cimv2", 0, None, Cell(None), None)
        inner = Services(yours.client, standard(reply.ppWorkingNamespace.value).ipid)
        await mine.put(STORED)
        await mine.put(STORED.instance({"Id": 1}))
        for services in (yours, inner, await made.enter(user=YOU)):
            assert (await services.call(method, *arguments)).hresult == WbemStatus.ACCESS_DENIED
            reply = await services.call(method, *arguments[:-1], Cell(None))
            assert (reply[-2], reply.hresult) == (Cell(None), WbemStatus.ACCESS_DENIED)
        assert (await inner.get("Demo_Stored=1"))["Id"] == 1
        assert await names(inner, "CreateInstanceEnum", "Demo_Device") == (0, ["east", "west"])
        assert (await mine.call(method, *arguments)).hresult == 0


async def test_who_calls_reaches_the_provider() -> None:
    devices = Devices()
    async with wmi(devices) as made:
        services = await made.enter()
        await services.call("ExecMethod", "Demo_Device", "Count", 0, None, None, Cell(None), None)
        context = devices.requests[0].context
        assert (context.principal, context.locale) == ("DOM\\me", "")
        assert (context.encrypted, context.impersonation) == (False, Impersonation.IMPERSONATE)
        client = await made.connect(level=AuthLevel.PRIVACY)
        login = await client.activate(IWbemLevel1Login, clsid=CLSID_WbemLevel1Login)
        reply = await client.call(IWbemLevel1Login, "NTLMLogin", "root/cimv2", "ms_407", 0, None, target=login.ipid)
        sealed = Services(client, standard(reply.ppNamespace).ipid)
        await sealed.call("ExecMethod", "Demo_Device", "Count", 0, None, None, Cell(None), None)
        context = devices.requests[1].context
        assert (context.encrypted, context.locale) == (True, "ms_407")


async def test_how_a_call_is_protected_reaches_the_provider_whatever_the_calls_before_it_were(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    devices = Devices()
    async with wmi(devices) as made:
        services = await made.enter()
        client = services.client
        await client.bind(IWbemServices, user=ME, level=AuthLevel.PRIVACY, auth_context=2)
        count = ("Demo_Device", "Count", 0, None, None, Cell(None), None)
        for context in (0, 2):
            await client.call(IWbemServices, "ExecMethod", *count, target=services.ipid, auth_context=context)
        (slot,) = (each._association._link.slots[2] for each in made.server.endpoint._connections)
        monkeypatch.setattr(slot.context, "impersonation", IDENTIFY)
        for context in (2, 0):
            await client.call(IWbemServices, "ExecMethod", *count, target=services.ipid, auth_context=context)
        heard = [(each.context.encrypted, each.context.impersonation) for each in devices.requests]
        as_me = Impersonation.IMPERSONATE
        assert heard == [(False, as_me), (True, as_me), (True, Impersonation.IDENTIFY), (False, as_me)]


async def test_what_is_said_by_name_is_forgotten_with_its_call() -> None:
    devices = Devices()
    async with wmi(devices) as made:
        services = await made.enter()
        for pointer in (None, values_pointer({"Wanted": "much"})):
            arguments = ("Demo_Device", "Count", 0, pointer, None, Cell(None), None)
            assert (await services.call("ExecMethod", *arguments)).hresult == 0
        assert [dict(each.context.values) for each in devices.requests] == [{}, {"Wanted": "much"}]
        (session,) = made.server._shared.sessions
        assert isinstance(session, LocalSession)
        assert list(session._requests.values()) == devices.requests[:1]


async def test_interfaces_that_come_later() -> None:
    """IWbemRefreshingServices, IWbemBackupRestore: E_NOINTERFACE."""
    async with world() as made:
        services = await made.enter()
        iids = (Guid("2c9273e0-1dc3-11d3-b364-00105a1f8177"), Guid("c49e32c7-bc8b-11d2-85d4-00105a1f8304"))
        found = await services.client.call(
            IRemUnknown2, "RemQueryInterface", services.ipid, 1, 2, iids, target=made.rem_unknown
        )
        assert [each.hResult for each in found.ppQIResults] == [HResult.E_NOINTERFACE] * 2
