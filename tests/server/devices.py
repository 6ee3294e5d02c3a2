"""A class of devices whose provider can do everything: methods with objects and arrays, puts and deletes."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncGenerator

from tests.server.fakes import CIMV2

from openwmi.base.error import WbemError
from openwmi.base.status import WbemStatus
from openwmi.engine import MethodCall, Provider, Request, Row, method
from openwmi.model import CimClass, CimInstance, CimType, Method, Parameter, Property, Qualifier, Type, qualifier_set

STRING, UINT32 = Type(CimType.STRING), Type(CimType.UINT32)
KEY = qualifier_set(Qualifier("Key"))  # as MOF of others has it
STATIC = qualifier_set(Qualifier("static"))

SETTING = CimClass(
    "Demo_Setting",
    properties=(Property("Name", STRING, qualifiers=KEY), Property("Level", UINT32)),
    namespace=CIMV2,
)

DEVICE = CimClass(
    "Demo_Device",
    properties=(
        Property("Name", STRING, qualifiers=KEY),
        Property("Reading", UINT32),
        Property("Levels", Type(CimType.UINT32, array=True)),
        Property("Setting", Type(CimType.OBJECT, class_name="Demo_Setting")),
    ),
    methods=(
        Method(
            "Adjust",
            (
                Parameter("By", UINT32, id=0),
                Parameter("Setting", Type(CimType.OBJECT, class_name="Demo_Setting"), id=1),
                Parameter("Levels", Type(CimType.UINT32, array=True), id=2),
                Parameter("Reading", UINT32, is_in=False, is_out=True, id=3),
                Parameter("Used", Type(CimType.OBJECT, class_name="Demo_Setting"), is_in=False, is_out=True, id=4),
                Parameter("Seen", Type(CimType.UINT32, array=True), is_in=False, is_out=True, id=5),
            ),
            UINT32,
        ),
        Method("Count", (), UINT32, STATIC),
        Method("Wait", (), UINT32, STATIC),
        Method("Forget", (), UINT32, qualifier_set(Qualifier("static"), Qualifier("disabled"))),
    ),
    namespace=CIMV2,
)


class Devices(Provider):
    """Two devices.

    Attributes:
        gate: what `Wait` waits for.
        waited: how often it came to its end; `waiting`: how many wait.
        requests: of the calls of methods.
    """

    cim_class = DEVICE

    def __init__(self) -> None:
        self.readings = {"east": 1, "west": 2}
        self.gate = asyncio.Event()
        self.waiting = self.waited = 0
        self.requests: list[Request] = []

    async def instances(self, request: Request) -> AsyncGenerator[Row, None]:
        for name, reading in self.readings.items():
            yield {"Name": name, "Reading": reading}

    @method("Adjust")
    async def adjust(self, call: MethodCall) -> Row:
        assert call.keys is not None
        name = str(call.keys["Name"])
        if name not in self.readings:
            raise WbemError(WbemStatus.NOT_FOUND, f"there is no device {name}")
        setting, by = call.inputs["Setting"], call.inputs["By"]
        assert isinstance(by, int)
        assert setting is None or isinstance(setting, CimInstance)
        self.readings[name] += by + (0 if setting is None else setting["Level"])
        return {
            "Reading": self.readings[name],
            "Used": setting,
            "Seen": call.inputs["Levels"],
            "ReturnValue": 0,
        }

    @method("Count")
    async def count(self, call: MethodCall) -> Row:
        self.requests.append(call.request)
        return {"ReturnValue": len(self.readings)}

    @method("Wait")
    async def wait(self, call: MethodCall) -> Row:
        self.requests.append(call.request)
        self.waiting += 1
        try:
            await self.gate.wait()
            self.waited += 1
        finally:
            self.waiting -= 1
        return {"ReturnValue": 7}
