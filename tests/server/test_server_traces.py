"""The traces of [MS-WMI] 4.2.3 and 4.3.3, call by call: the same order, flags and results."""

from __future__ import annotations

from collections.abc import AsyncGenerator
from typing import Any
from uuid import UUID

from tests.dcom.fakes import standard
from tests.server.fakes import Result, Services, Wmi, wmi

from openwmi.base.status import WbemStatus
from openwmi.engine import MethodCall, Provider, Request, Row, method
from openwmi.interfaces import IEnumWbemClassObject, IRemUnknown2, IWbemFetchSmartEnum, IWbemWCOSmartEnum
from openwmi.model import CimClass, CimType, Property, Qualifier, Type, input_class, qualifier_set
from openwmi.ndr import Cell
from openwmi.orpc import ObjRefStandard, objref
from openwmi.pointers import object_pointer, pointed_object
from openwmi.wmio import ObjectArrayDecoder

OK, FALSE = 0, WbemStatus.FALSE
CALC = "select * from win32_process where Name='calc.exe'"
NUMBER = Type(CimType.UINT32)
TEST = CimClass(
    "TestWMI", properties=(Property("x", NUMBER, qualifiers=qualifier_set(Qualifier("key"))), Property("y", NUMBER))
)
X10 = r"\\HOST1\ROOT\cimv2\MyTest:TestWMI.x=10"


class Processes(Provider):
    cim_class = "Win32_Process"

    def __init__(self) -> None:
        self.names = {"724": "calc.exe", "1": "init"}

    async def instances(self, request: Request) -> AsyncGenerator[Row, None]:
        for handle, name in list(self.names.items()):
            yield {"Handle": handle, "Name": name}

    @method("Terminate")
    async def terminate(self, call: MethodCall) -> Row:
        assert call.keys is not None
        del self.names[str(call.keys["Handle"])]
        return {"ReturnValue": 0}


class Trace:
    """A client as the traces show it: one that knows ObjectArrays."""

    def __init__(self, made: Wmi, services: Services) -> None:
        self.made = made
        self.services = services
        self.client = services.client

    async def enumerated(self, timeout: int, name: str, *arguments: Any) -> list[Any]:
        """A call with an enumerator; RemQueryInterface, GetSmartEnum, and IWbemWCOSmartEnum::Next to its end."""
        reply = await self.services.call(name, *arguments)
        assert reply.hresult == OK
        reference = objref.decode(reply.ppEnum)
        assert isinstance(reference, ObjRefStandard)
        assert reference.iid == IEnumWbemClassObject.iid
        found = await self.client.call(
            IRemUnknown2,
            "RemQueryInterface",
            reference.std.ipid,
            5,
            1,
            (IWbemFetchSmartEnum.iid,),
            target=self.made.rem_unknown,
        )
        assert (found.hresult, found.ppQIResults[0].hResult) == (OK, OK)
        fetched = await self.client.call(IWbemFetchSmartEnum, "GetSmartEnum", target=found.ppQIResults[0].std.ipid)
        assert fetched.hresult == OK
        smart = objref.decode(fetched.ppSmartEnum)
        assert isinstance(smart, ObjRefStandard)
        assert smart.iid == IWbemWCOSmartEnum.iid
        proxy = UUID("90b8134c-f980-415c-92e3-511819bc3bc5")
        reply = await self.client.call(IWbemWCOSmartEnum, "Next", proxy, timeout, 10, target=smart.std.ipid)
        assert reply.hresult == FALSE
        if not reply.puReturned:
            assert (reply.pdwBuffSize, reply.pBuffer) == (0, None)
            return []
        return list(ObjectArrayDecoder().decode(reply.pBuffer))

    async def in_parameters(self, path: str) -> bytes:
        class_ = await self.services.get(path)
        inputs = input_class(class_.method("Terminate"))
        assert inputs is not None
        return object_pointer(inputs.instance({"Reason": 0}))

    async def waited(self, result: Result) -> None:
        """GetCallStatus, as both traces have it."""
        assert await result.ask("GetCallStatus", 5000) == (OK, OK)


async def my_test(made: Wmi) -> Services:
    r"""The services of root\cimv2\MyTest, where there is one instance (x=3, y=5)."""
    parent = await made.enter()
    namespace = (await parent.get("__Namespace")).instance({"Name": "MyTest"})
    assert await parent.put(namespace) == OK
    services = await made.enter("root/cimv2/MyTest")
    assert await services.put(TEST) == OK
    assert await services.put((await services.get("TestWMI")).instance({"x": 3, "y": 5})) == OK
    return services


def pairs(objects: list[Any]) -> list[tuple[int, int]]:
    return sorted((each.x, each.y) for each in objects)


async def test_exec_query_and_exec_method_synchronously() -> None:
    """4.2.3.1."""
    async with wmi(Processes()) as made:
        trace = Trace(made, await made.enter())
        (calc,) = await trace.enumerated(0, "ExecQuery", "WQL", CALC, 32, None)
        path = calc["__PATH"]
        assert path == r'\\HOST1\root\cimv2:Win32_Process.Handle="724"'
        given = await trace.in_parameters("Win32_Process")
        reply = await trace.services.call("ExecMethod", path, "Terminate", 0, None, given, Cell(None), None)
        assert (reply.ppCallResult, reply.hresult) == (None, OK)
        told: Any = pointed_object(reply.ppOutParams.value, "ppOutParams")
        assert told.ReturnValue == 0
        assert await trace.enumerated(0, "ExecQuery", "WQL", CALC, 32, None) == []


async def test_put_delete_and_create_instance_enum_synchronously() -> None:
    """4.2.3.2."""
    async with wmi(Processes()) as made:
        trace = Trace(made, await my_test(made))
        class_ = await trace.services.get("TestWMI")
        for y in (15, 20):
            reply = await trace.services.call(
                "PutInstance", object_pointer(class_.instance({"x": 10, "y": y})), 0, None, None
            )
            assert (reply.ppCallResult, reply.hresult) == (None, OK)
            found = await trace.enumerated(0, "CreateInstanceEnum", "tESTWMI", 33, None)
            assert pairs(found) == [(3, 5), (10, y)]
        reply = await trace.services.call("DeleteInstance", X10, 0, None, None)
        assert (reply.ppCallResult, reply.hresult) == (None, OK)
        assert pairs(await trace.enumerated(0, "CreateInstanceEnum", "TESTWMI", 33, None)) == [(3, 5)]


async def test_exec_query_and_exec_method_semisynchronously() -> None:
    """4.3.3.1."""
    async with wmi(Processes()) as made:
        trace = Trace(made, await made.enter())
        (calc,) = await trace.enumerated(5000, "ExecQuery", "WQL", CALC, 48, None)
        given = await trace.in_parameters("Win32_Process")
        result = await trace.services.begun("ExecMethod", calc["__PATH"], "Terminate", 16, None, given, Cell(None))
        await trace.waited(result)
        status, pointer = await result.ask("GetResultObject", 5000)
        told: Any = pointed_object(pointer, "ppResultObject")
        assert (status, told.ReturnValue) == (OK, 0)
        assert await trace.enumerated(5000, "ExecQuery", "WQL", CALC, 48, None) == []


async def test_put_delete_and_create_instance_enum_semisynchronously() -> None:
    """4.3.3.2."""
    async with wmi(Processes()) as made:
        trace = Trace(made, await my_test(made))
        class_ = await trace.services.get("TestWMI")
        new = object_pointer(class_.instance({"x": 10, "y": 15}))
        result = await trace.services.begun("PutInstance", new, 16, None)
        await trace.waited(result)
        assert await trace.client.release(made.rem_unknown, result.ipid) == OK
        found = await trace.enumerated(5000, "CreateInstanceEnum", "tESTWMI", 49, None)
        assert pairs(found) == [(3, 5), (10, 15)]
        result = await trace.services.begun("DeleteInstance", X10, 16, None)
        await trace.waited(result)
        assert pairs(await trace.enumerated(5000, "CreateInstanceEnum", "TESTWMI", 49, None)) == [(3, 5)]


async def test_a_client_that_knows_no_object_arrays() -> None:
    """4.2.2.1: IEnumWbemClassObject::Next, one at a time, till WBEM_S_FALSE."""
    async with wmi(Processes()) as made:
        services = await made.enter()
        reply = await services.call("CreateInstanceEnum", "Win32_Process", 16, None)
        enumerator = standard(reply.ppEnum).ipid
        seen = []
        while True:
            reply = await services.client.call(IEnumWbemClassObject, "Next", -1, 1, target=enumerator)
            if reply.hresult == FALSE:
                break
            assert (reply.hresult, reply.puReturned) == (OK, 1)
            one: Any = pointed_object(reply.apObjects[0], "apObjects")
            seen.append(one.Name)
        assert (seen, reply.apObjects) == (["calc.exe", "init"], ())
