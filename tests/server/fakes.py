"""A WMI server in memory, things for it to serve, and a client that reads them."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncGenerator, Iterable
from contextlib import asynccontextmanager
from typing import Any

from tests.dcom.fakes import HOST, ME, NAMES, PORT, Client, Users, ended_by, nothing_left, standard

from openwmi.base.guid import Guid
from openwmi.engine import Engine, Provider, Request, Row
from openwmi.interfaces import (
    IEnumWbemClassObject,
    IRemoteSCMActivator,
    IRemUnknown2,
    IWbemCallResult,
    IWbemFetchSmartEnum,
    IWbemLevel1Login,
    IWbemServices,
    IWbemWCOSmartEnum,
)
from openwmi.model import CimClass, CimInstance, CimType, Property, Qualifier, Type, qualifier_set
from openwmi.ndr import Cell
from openwmi.net import Address
from openwmi.orpc import ObjRefCustom, ObjRefStandard, objref
from openwmi.orpc.wellknown import CLSID_WbemLevel1Login
from openwmi.pointers import object_pointer
from openwmi.rpc import AuthLevel
from openwmi.server import Observer, Server
from openwmi.server.host import OBJECTS
from openwmi.testing import MemoryNetwork
from openwmi.wmio import ObjectArrayDecoder, decode_object

CIMV2 = r"root\cimv2"
RETURN_IMMEDIATELY, FORWARD_ONLY = 0x10, 0x20
SEMISYNC = RETURN_IMMEDIATELY | FORWARD_ONLY
INFINITE = -1
ALL = "SELECT * FROM Demo_Thing"

THING = CimClass(
    "Demo_Thing",
    properties=(
        Property("Name", Type(CimType.STRING), qualifiers=qualifier_set(Qualifier("key"))),
        Property("Size", Type(CimType.UINT32)),
    ),
    namespace=CIMV2,
)


def things(*numbers: int) -> list[Row]:
    return [{"Name": f"thing {number}", "Size": number} for number in numbers]


class Things(Provider):
    """Gives what a test puts into `plan`: rows, something to wait for, a failure; and counts its calls.

    Attributes:
        reading: calls under way.
        ended: calls that came to their end, or were ended.
    """

    cim_class = THING

    def __init__(self, *plan: Iterable[Row] | asyncio.Event | Exception) -> None:
        self.plan = plan
        self.calls: list[Request] = []
        self.reading = self.ended = 0

    async def instances(self, request: Request) -> AsyncGenerator[Row, None]:
        self.calls.append(request)
        self.reading += 1
        try:
            for step in self.plan:
                if isinstance(step, Exception):
                    raise step
                if isinstance(step, asyncio.Event):
                    await step.wait()
                else:
                    for row in step:
                        yield row
        finally:
            self.reading -= 1
            self.ended += 1


class Wmi:
    """A server and its network."""

    def __init__(self, *providers: Provider, observer: Observer | None = None) -> None:
        self.network = MemoryNetwork()
        self.engine = Engine("HOST1", providers)
        self.server = Server(
            self.engine, Users(), NAMES, open_port=self.network.listen, admins=["dom\\ME"], observer=observer
        )

    async def connect(self, *, user: tuple[str, str] = ME, level: AuthLevel = AuthLevel.INTEGRITY) -> Client:
        """A client that has logged in, everything bound."""
        _, client = await self.network.connect(Client, HOST, PORT)
        await client.bind(IRemoteSCMActivator, IRemUnknown2, *OBJECTS, user=user, level=level)
        return client

    async def login(self, *, user: tuple[str, str] = ME) -> tuple[Client, Guid]:
        """The same, and the IPID of its IWbemLevel1Login."""
        client = await self.connect(user=user)
        login = await client.activate(IWbemLevel1Login, clsid=CLSID_WbemLevel1Login)
        return client, login.ipid

    async def enter(self, namespace: str = "//./root/cimv2", *, user: tuple[str, str] = ME) -> Services:
        """The services of a namespace."""
        client, login = await self.login(user=user)
        reply = await client.call(IWbemLevel1Login, "NTLMLogin", namespace, None, 0, None, target=login)
        assert reply.hresult == 0
        return Services(client, standard(reply.ppNamespace).ipid)

    @property
    def rem_unknown(self) -> Guid:
        return self.server._exporter.entry(HOST).ipid_rem_unknown


class Services:
    """IWbemServices, as a client sees it."""

    def __init__(self, client: Client, ipid: Guid) -> None:
        self.client = client
        self.ipid = ipid

    async def call(self, name: str, *arguments: Any) -> Any:
        """Any method; what it returns, whatever its HRESULT."""
        return await self.client.call(IWbemServices, name, *arguments, target=self.ipid)

    async def get(self, path: str | None) -> Any:
        reply = await self.call("GetObject", path, 0, None, Cell(None), None)
        assert reply.hresult == 0, hex(reply.hresult)
        return pointed(reply.ppObject.value)

    async def put(self, obj: CimClass | CimInstance, flags: int = 0) -> int:
        name = "PutClass" if isinstance(obj, CimClass) else "PutInstance"
        reply = await self.call(name, object_pointer(obj), flags, None, None)
        assert reply.ppCallResult is None
        return int(reply.hresult)

    async def begun(self, name: str, *arguments: Any) -> Result:
        """A method, by its IWbemCallResult; the cell for that is added."""
        reply = await self.call(name, *arguments, Cell(None))
        assert reply.hresult == 0, hex(reply.hresult)
        *others, cell, _ = reply
        assert all(other is None or other.value is None for other in others)
        reference = objref.decode(cell.value)
        assert isinstance(reference, ObjRefStandard)
        assert reference.iid == IWbemCallResult.iid
        return Result(self.client, reference.std.ipid)

    async def exec_query(self, text: str | None = ALL, flags: int = SEMISYNC, language: str | None = "WQL") -> Any:
        return await self.client.call(IWbemServices, "ExecQuery", language, text, flags, None, target=self.ipid)

    async def query(self, text: str = ALL, flags: int = SEMISYNC) -> Enumerator:
        reply = await self.exec_query(text, flags)
        assert reply.hresult == 0, hex(reply.hresult)
        return Enumerator(self.client, standard(reply.ppEnum).ipid)


class Result:
    """IWbemCallResult, as a client sees it."""

    def __init__(self, client: Client, ipid: Guid) -> None:
        self.client = client
        self.ipid = ipid

    async def ask(self, getter: str, timeout: int = INFINITE) -> tuple[int, Any]:
        reply = await self.client.call(IWbemCallResult, getter, timeout, target=self.ipid)
        return int(reply.hresult), reply[0]

    async def release(self, wmi: Wmi) -> None:
        await self.client.release(wmi.rem_unknown, self.ipid)


class Enumerator:
    """IEnumWbemClassObject, as a client sees it."""

    def __init__(self, client: Client, ipid: Guid) -> None:
        self.client = client
        self.ipid = ipid

    async def next(self, count: int = 100, timeout: int = INFINITE) -> tuple[list[int], int]:
        """The sizes of the things, and the status."""
        reply = await self.client.call(IEnumWbemClassObject, "Next", timeout, count, target=self.ipid)
        assert reply.puReturned == len(reply.apObjects)
        return [size_of(pointer) for pointer in reply.apObjects], int(reply.hresult)

    async def call(self, name: str, *arguments: Any) -> Any:
        return await self.client.call(IEnumWbemClassObject, name, *arguments, target=self.ipid)

    async def clone(self) -> Enumerator:
        reply = await self.call("Clone")
        assert reply.hresult == 0
        return Enumerator(self.client, standard(reply.ppEnum).ipid)

    async def smart(self, wmi: Wmi) -> Smart:
        """A smart enumerator of it."""
        asked = (IWbemFetchSmartEnum.iid,)
        found = await self.client.call(
            IRemUnknown2, "RemQueryInterface", self.ipid, 1, 1, asked, target=wmi.rem_unknown
        )
        fetch = found.ppQIResults[0].std
        reply = await self.client.call(IWbemFetchSmartEnum, "GetSmartEnum", target=fetch.ipid)
        await self.client.release(wmi.rem_unknown, fetch.ipid)
        return Smart(self.client, standard(reply.ppSmartEnum).ipid)

    async def release(self, wmi: Wmi) -> None:
        await self.client.release(wmi.rem_unknown, self.ipid)


class Smart:
    """IWbemWCOSmartEnum, as a client sees it, with several proxies if it likes."""

    def __init__(self, client: Client, ipid: Guid) -> None:
        self.client = client
        self.ipid = ipid
        self.decoders: dict[Guid, ObjectArrayDecoder] = {}

    async def raw(self, proxy: Guid, count: int = 100, timeout: int = INFINITE) -> Any:
        return await self.client.call(IWbemWCOSmartEnum, "Next", proxy, timeout, count, target=self.ipid)

    async def next(self, proxy: Guid, count: int = 100, timeout: int = INFINITE) -> tuple[list[int], int]:
        reply = await self.raw(proxy, count, timeout)
        if reply.pBuffer is None:
            assert (reply.puReturned, reply.pdwBuffSize) == (0, 0)
            return [], int(reply.hresult)
        assert len(reply.pBuffer) == reply.pdwBuffSize
        objects: list[Any] = self.decoders.setdefault(proxy, ObjectArrayDecoder()).decode(reply.pBuffer)
        assert len(objects) == reply.puReturned
        return [each.Size for each in objects], int(reply.hresult)

    async def release(self, wmi: Wmi) -> None:
        await self.client.release(wmi.rem_unknown, self.ipid)


@asynccontextmanager
async def wmi(*providers: Provider, observer: Observer | None = None) -> AsyncGenerator[Wmi, None]:
    """A server of things; in the end nothing may be left of it."""
    async with nothing_left():
        made = Wmi(*(providers or (Things(things(1, 2, 3)),)), observer=observer)
        await made.server.listen(Address(HOST, PORT))
        async with ended_by(made.server.close):
            yield made
        assert len(made.server.endpoint) == 0


def pointed(pointer: bytes | None) -> Any:
    """The object in an interface pointer."""
    assert pointer is not None
    reference = objref.decode(pointer)
    assert isinstance(reference, ObjRefCustom)
    return decode_object(reference.data)


def size_of(pointer: bytes) -> int:
    """Of the thing in an interface pointer."""
    size: int = pointed(pointer).Size
    return size
