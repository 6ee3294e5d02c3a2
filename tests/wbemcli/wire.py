"""The header's names over the wire: what `openwmi.wbemcli` gives in process, asked of a server in memory.

For tests of facts and rules that hold whichever way a call is made: a server, a network and a client with proxies of
our own stand between the test and the session. Each face has the methods of its namesake, with the same results.
"""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Sequence
from copy import copy
from functools import partial
from typing import Any

from tests.dcom.fakes import HOST, ME, NAMES, PORT, YOU, Client, Users, standard
from tests.server.sinks import THERE

from openwmi.base.guid import Guid
from openwmi.base.status import SEVERITY
from openwmi.blocking.com.out import OUT
from openwmi.blocking.runner import runner
from openwmi.dcom import Endpoint, Exporter, Resolver, Served
from openwmi.engine import Engine, Provider
from openwmi.interfaces import (
    IEnumWbemClassObject,
    IRemoteSCMActivator,
    IRemUnknown2,
    IWbemCallResult,
    IWbemLevel1Login,
    IWbemServices,
)
from openwmi.interfaces import IWbemObjectSink as WireSink
from openwmi.locator import local_engine, this_host
from openwmi.model import CimClass, parse_namespace
from openwmi.ndr import Cell
from openwmi.net import Address
from openwmi.orpc.wellknown import CLSID_WbemLevel1Login
from openwmi.pointers import object_pointer, pointed_object
from openwmi.rpc import AuthLevel
from openwmi.security import Logins
from openwmi.server import CallbackPolicy, Server
from openwmi.server.host import OBJECTS
from openwmi.session import Session
from openwmi.testing import MemoryNetwork
from openwmi.wbemcli.classobject import IWbemClassObject
from openwmi.wbemcli.origin import Origin
from openwmi.wbemcli.sink import IWbemObjectSink

SINK_PORT = 4000


class OneSession:
    """In place of an engine: one session for whoever asks."""

    def __init__(self, session: Session) -> None:
        self._session = session

    def session(self, namespace: str, access: object = None) -> Session:
        return self._session


class Sink(Served, WireSink):
    """A client's sink, as DCOM calls it."""

    def __init__(self, sink: IWbemObjectSink, origin: Origin, done: Callable[[IWbemObjectSink], None]) -> None:
        self._sink = sink
        self._origin = origin
        self._done = done

    async def Indicate(self, lObjectCount: int, apObjArray: tuple[bytes | None, ...] | bytes) -> int:
        assert isinstance(apObjArray, tuple)
        faces = [self._origin.face(pointed_object(each, "apObjArray")) for each in apObjArray]
        return await asyncio.to_thread(self._sink.Indicate, lObjectCount, faces) or 0

    async def SetStatus(self, lFlags: int, hResult: int, strParam: str | None, pObjParam: bytes | None) -> int:
        told = None if pObjParam is None else self._origin.face(pointed_object(pObjParam, "pObjParam"))
        answer = await asyncio.to_thread(self._sink.SetStatus, lFlags, hResult, strParam, told)
        if lFlags == 0:
            self._done(self._sink)
        return answer or 0


class World:
    """A server, its network, and a client's machine. Made on the loop's thread."""

    def __init__(self, engine: Any) -> None:
        self.engine = engine
        self.network = MemoryNetwork()
        policy = CallbackPolicy(anonymous=True, connect=partial(self.network.connect, source=HOST))
        self.server = Server(
            engine, Users(), NAMES, open_port=self.network.listen, admins=[r"DOM\me"], callbacks=policy
        )
        self.exporter = Exporter([], lambda: SINK_PORT)
        levels = {each.iid: AuthLevel.NONE for each in (WireSink, IRemUnknown2)}
        self.endpoint = Endpoint(
            self.exporter, [Resolver(self.exporter)], [WireSink], lambda peer: Logins(Users(), NAMES, peer=peer), levels
        )
        self.sinks: dict[int, tuple[IWbemObjectSink, Sink, int]] = {}

    async def open(self) -> Client:
        await self.server.listen(Address(HOST, PORT))
        for port in (135, SINK_PORT):
            await self.network.listen(self.endpoint, Address(THERE, port))
        self.client = await self.connected(ME)
        return self.client

    async def connected(self, user: tuple[str, str]) -> Client:
        """A client that has logged in."""
        _, client = await self.network.connect(Client, HOST, PORT)
        await client.bind(IRemoteSCMActivator, IRemUnknown2, *OBJECTS, user=user)
        return client

    async def close(self) -> None:
        self.client.transport.close()
        await self.server.close()
        await self.endpoint.close()
        self.exporter.close()

    def call(self, interface: Any, ipid: Guid, name: str, *arguments: Any) -> Any:
        """One call, from a test's thread."""
        return runner().run(partial(self.client.call, interface, name, *arguments, target=ipid))

    def reference(self, sink: object, origin: Origin) -> bytes | None:
        """A sink as it is passed; None, too, for what is none."""
        if not isinstance(sink, IWbemObjectSink):
            return None
        _, served, _ = self.sinks.get(id(sink)) or (sink, Sink(sink, origin, self._done), 0)
        self.sinks.setdefault(id(sink), (sink, served, 0))
        return runner().call(self.exporter.publish, served, WireSink, THERE)

    def held(self, sink: IWbemObjectSink) -> None:
        """A call tells it: as a stub would, the client's end holds it so long."""
        sink.AddRef()

    def _done(self, sink: IWbemObjectSink) -> None:
        sink.Release()


class WireServices:
    """IWbemServices."""

    def __init__(self, world: World, ipid: Guid, session: Any = None) -> None:
        self._world = world
        self._ipid = ipid
        self._session = session
        self._origin = Origin("", "", self._class)

    def OpenNamespace(
        self, name: Any, flags: int = 0, ctx: Any = None, out: Any = OUT, result: Any = None
    ) -> tuple[int, Any, Any]:
        reply = self._ask("OpenNamespace", name, flags, ctx, cell(out), cell(result))
        opened = pointer(reply.ppWorkingNamespace)
        services = None if opened is None else WireServices(self._world, standard(opened).ipid)
        return reply.hresult, services, self._result(reply.ppResult)

    def GetObject(
        self, path: Any = None, flags: int = 0, ctx: Any = None, out: Any = OUT, result: Any = None
    ) -> tuple[int, Any, Any]:
        reply = self._ask("GetObject", path, flags, ctx, cell(out), cell(result))
        return reply.hresult, self._face(pointer(reply.ppObject)), self._result(reply.ppCallResult)

    def PutClass(self, obj: Any, flags: int = 0, ctx: Any = None, result: Any = None) -> tuple[int, Any]:
        return self._changed("PutClass", sent(obj), flags, ctx, cell(result))

    def PutInstance(self, obj: Any, flags: int = 0, ctx: Any = None, result: Any = None) -> tuple[int, Any]:
        return self._changed("PutInstance", sent(obj), flags, ctx, cell(result))

    def DeleteClass(self, name: Any, flags: int = 0, ctx: Any = None, result: Any = None) -> tuple[int, Any]:
        return self._changed("DeleteClass", name, flags, ctx, cell(result))

    def DeleteInstance(self, path: Any, flags: int = 0, ctx: Any = None, result: Any = None) -> tuple[int, Any]:
        return self._changed("DeleteInstance", path, flags, ctx, cell(result))

    def CreateClassEnum(self, name: Any = None, flags: int = 0, ctx: Any = None) -> tuple[int, Any]:
        return self._rows("CreateClassEnum", name, flags, ctx)

    def CreateInstanceEnum(self, name: Any, flags: int = 0, ctx: Any = None) -> tuple[int, Any]:
        return self._rows("CreateInstanceEnum", name, flags, ctx)

    def ExecQuery(self, language: Any, text: Any, flags: int = 0, ctx: Any = None) -> tuple[int, Any]:
        return self._rows("ExecQuery", language, text, flags, ctx)

    def ExecNotificationQuery(self, language: Any, text: Any, flags: int = 0, ctx: Any = None) -> tuple[int, Any]:
        return self._rows("ExecNotificationQuery", language, text, flags, ctx)

    def ExecMethod(
        self,
        path: Any,
        method: Any,
        flags: int = 0,
        ctx: Any = None,
        given: Any = None,
        out: Any = OUT,
        result: Any = None,
    ) -> tuple[int, Any, Any]:
        reply = self._ask("ExecMethod", path, method, flags, ctx, sent(given), cell(out), cell(result))
        return reply.hresult, self._face(pointer(reply.ppOutParams)), self._result(reply.ppCallResult)

    def CancelAsyncCall(self, sink: Any) -> int:
        return int(self._ask("CancelAsyncCall", self._world.reference(sink, self._origin)))

    def __getattr__(self, name: str) -> Callable[..., int]:
        """The ten asynchronous methods: all of them end with the sink."""
        if not name.endswith("Async"):
            raise AttributeError(name)

        def told(*arguments: Any) -> int:
            *given, sink = arguments
            reference = self._world.reference(sink, self._origin)
            if reference is not None:
                self._world.held(sink)
            status = int(self._ask(name, *map(sent, given), reference))
            if status & SEVERITY and reference is not None:
                sink.Release()
            return status

        return told

    def _ask(self, name: str, *arguments: Any) -> Any:
        return self._world.call(IWbemServices, self._ipid, name, *arguments)

    def _changed(self, *arguments: Any) -> tuple[int, Any]:
        reply = self._ask(*arguments)
        return reply.hresult, self._result(reply.ppCallResult)

    def _rows(self, *arguments: Any) -> tuple[int, Any]:
        reply = self._ask(*arguments)
        if reply.ppEnum is None:
            return reply.hresult, None
        return reply.hresult, WireEnumerator(self._world, standard(reply.ppEnum).ipid, self._origin)

    def _face(self, octets: bytes | None) -> IWbemClassObject | None:
        return None if octets is None else self._origin.face(pointed_object(octets, "an object"))

    def _result(self, given: Cell[bytes | None] | None) -> Any:
        octets = pointer(given)
        return None if octets is None else WireCallResult(self._world, standard(octets).ipid, self._origin)

    def _class(self, name: str) -> CimClass | None:
        found = self._ask("GetObject", name, 0, None, Cell(None), None)
        octets = pointer(found.ppObject)
        model = None if octets is None else pointed_object(octets, "a class")
        return model if isinstance(model, CimClass) else None


class WireCallResult:
    """IWbemCallResult."""

    def __init__(self, world: World, ipid: Guid, origin: Origin) -> None:
        self._world = world
        self._ipid = ipid
        self._origin = origin

    def GetResultObject(self, timeout: int) -> tuple[int, Any]:
        reply = self._ask("GetResultObject", timeout)
        found = reply.ppResultObject
        return reply.hresult, None if found is None else self._origin.face(pointed_object(found, "an object"))

    def GetResultString(self, timeout: int) -> tuple[int, str | None]:
        reply = self._ask("GetResultString", timeout)
        return reply.hresult, reply.pstrResultString

    def GetResultServices(self, timeout: int) -> tuple[int, Any]:
        reply = self._ask("GetResultServices", timeout)
        found = reply.ppServices
        return reply.hresult, None if found is None else WireServices(self._world, standard(found).ipid)

    def GetCallStatus(self, timeout: int) -> tuple[int, int | None]:
        reply = self._ask("GetCallStatus", timeout)
        return reply.hresult, reply.plStatus if reply.hresult == 0 else None

    def _ask(self, name: str, timeout: int) -> Any:
        return self._world.call(IWbemCallResult, self._ipid, name, signed(timeout))


class WireEnumerator:
    """IEnumWbemClassObject."""

    def __init__(self, world: World, ipid: Guid, origin: Origin) -> None:
        self._world = world
        self._ipid = ipid
        self._origin = origin

    def Next(self, timeout: int, count: int) -> tuple[int, list[IWbemClassObject], int]:
        reply = self._ask("Next", signed(timeout), count)
        faces = [self._origin.face(pointed_object(each, "an object")) for each in reply.apObjects]
        return reply.hresult, faces, reply.puReturned

    def of_somebody_else(self) -> WireEnumerator:
        """The same object, called by another user."""
        world = copy(self._world)
        world.client = runner().run(self._world.connected, YOU)
        return WireEnumerator(world, self._ipid, self._origin)

    def NextAsync(self, count: int, sink: Any) -> int:
        return int(self._ask("NextAsync", count, self._world.reference(sink, self._origin)))

    def Reset(self) -> int:
        return int(self._ask("Reset"))

    def Skip(self, timeout: int, count: int) -> int:
        return int(self._ask("Skip", signed(timeout), count))

    def Clone(self) -> tuple[int, Any]:
        reply = self._ask("Clone")
        found = reply.ppEnum
        return reply.hresult, None if found is None else WireEnumerator(self._world, standard(found).ipid, self._origin)

    def Release(self) -> int:
        entry = self._world.server._exporter.entry(HOST)
        runner().run(partial(self._world.client.release, entry.ipid_rem_unknown, self._ipid))
        return 0

    def _ask(self, name: str, *arguments: Any) -> Any:
        return self._world.call(IEnumWbemClassObject, self._ipid, name, *arguments)


class WireLocator:
    """IWbemLocator, whose every instance has a server of its own."""

    worlds: Sequence[World] = ()

    def __init__(self, providers: Sequence[Provider] | None = None) -> None:
        self._world = runner().run(_opened, partial(_engine, providers))
        WireLocator.worlds = [*WireLocator.worlds, self._world]

    def ConnectServer(self, resource: str) -> tuple[int, Any]:
        hresult, ipid = runner().run(_entered, self._world, resource)
        if ipid is None:
            return hresult, None
        _, namespace = parse_namespace(resource)
        return hresult, WireServices(self._world, ipid, self._world.engine.session(namespace))

    @classmethod
    def close_all(cls) -> None:
        """Ends the servers."""
        worlds, cls.worlds = cls.worlds, ()
        for each in worlds:
            runner().run(each.close)


def wired(session: Session) -> Any:
    """The services of a session, over the wire."""
    world = runner().run(_opened, lambda: OneSession(session))
    WireLocator.worlds = [*WireLocator.worlds, world]
    _, ipid = runner().run(_entered, world, "root")
    assert ipid is not None
    return WireServices(world, ipid, session)


async def _opened(engine: Callable[[], Any]) -> World:
    world = World(engine())
    await world.open()
    return world


async def _entered(world: World, resource: str) -> tuple[int, Guid | None]:
    login = await world.client.activate(IWbemLevel1Login, clsid=CLSID_WbemLevel1Login)
    reply = await world.client.call(IWbemLevel1Login, "NTLMLogin", resource, None, 0, None, target=login.ipid)
    return reply.hresult, None if reply.ppNamespace is None else standard(reply.ppNamespace).ipid


def _engine(providers: Sequence[Provider] | None) -> Engine:
    return local_engine() if providers is None else Engine(this_host(), providers)


def cell(given: object) -> Cell[bytes | None] | None:
    return Cell(None) if given is OUT else None


def pointer(given: Cell[bytes | None] | None) -> bytes | None:
    return None if given is None else given.value


def sent(given: Any) -> Any:
    """An argument as it travels."""
    return object_pointer(given.model_) if isinstance(given, IWbemClassObject) else given


def signed(timeout: int) -> int:
    return timeout - (1 << 32) if timeout > 0x7FFFFFFF else timeout
