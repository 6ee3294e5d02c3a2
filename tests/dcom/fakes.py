"""Lamps to serve, and a client that binds, logs in, activates and calls anything by its declaration, in memory."""

# A declaration has no body.
# mypy: disable-error-code="empty-body"

from __future__ import annotations

import asyncio
import uuid
from collections.abc import AsyncGenerator, Awaitable, Callable, Sequence
from contextlib import asynccontextmanager
from typing import Annotated, Any, NamedTuple

from openwmi.base.error import WbemError
from openwmi.base.guid import Guid
from openwmi.base.status import WbemStatus
from openwmi.dcom import (
    Activator,
    Channel,
    ClassTable,
    Connection,
    Endpoint,
    EndpointMapper,
    Exporter,
    OldActivator,
    Resolver,
    Served,
    partial,
    proxy,
)
from openwmi.interfaces import Interface, IRemoteSCMActivator, IRemUnknown2, IUnknown, RemInterfaceRef, call
from openwmi.ndr import HRESULT, U32, InterfacePointer, NdrReader, NdrWriter, SizeIs, codec
from openwmi.net import Address
from openwmi.orpc import (
    ActivationReply,
    ActivationRequest,
    ComVersion,
    ObjRefStandard,
    OrpcThat,
    OrpcThis,
    StdObjRef,
    objref,
)
from openwmi.orpc.headers import OUR_VERSION
from openwmi.rpc import (
    AuthLevel,
    AuthOffer,
    AuthType,
    BindAccepted,
    BindRefused,
    ConnectionClosed,
    FaultReceived,
    ResponseReceived,
    Role,
    RpcAssociation,
    SyntaxId,
    TokenNeeded,
)
from openwmi.security import Logins, NtlmInitiator, ServerNames, User, nt_hash
from openwmi.testing import MemoryNetwork, MemoryTransport

HOST, PORT = "192.0.2.1", 135
CLSID_LAMP = Guid("6d6d1f5a-6a0e-4a1c-9d3c-1b7c1c1d0001")
NAMES = ServerNames.of_host("host1.example.org")
ME, YOU = ("me", "secret"), ("you", "hidden")


class SwitchReply(NamedTuple):
    before: U32
    hresult: HRESULT = 0


class OctetsReply(NamedTuple):
    size: U32
    octets: Annotated[bytes, SizeIs("size")]
    hresult: HRESULT = 0


class PointerReply(NamedTuple):
    lamp: InterfacePointer
    hresult: HRESULT = 0


class ILamp(IUnknown, iid="6d6d1f5a-6a0e-4a1c-9d3c-1b7c1c1d0002"):
    """What a test wants to see happen."""

    @call(3)
    async def Switch(self, on: U32) -> SwitchReply:
        """Remembers `on`."""

    @call(4)
    async def Wait(self) -> HRESULT:
        """Until it is cancelled."""

    @call(5)
    async def Break(self) -> SwitchReply:
        """Has a bug."""

    @call(6)
    async def Shine(self, size: U32) -> OctetsReply:
        """So many octets."""

    @call(7)
    async def Next(self) -> PointerReply:
        """Another lamp."""

    @call(8)
    async def Melt(self) -> SwitchReply:
        """Nobody implements it."""


class IShade(IUnknown, iid="6d6d1f5a-6a0e-4a1c-9d3c-1b7c1c1d0003"):
    """A second interface."""

    @call(3)
    async def Draw(self) -> HRESULT:
        """Nothing to see."""


class INothing(IUnknown, iid="6d6d1f5a-6a0e-4a1c-9d3c-1b7c1c1d0004"):
    """An interface that no lamp has."""

    @call(3)
    async def Nothing(self) -> HRESULT:
        """Nothing."""


@partial
class Lamp(Served, ILamp, IShade):
    """Remembers what became of it."""

    def __init__(self, world: World) -> None:
        self.world = world
        self.on = 0
        self.released_times = 0
        self.waiting = self.cancelled = 0
        self.go_on: asyncio.Future[None] | None = None
        world.lamps.append(self)

    async def Switch(self, on: int) -> SwitchReply:
        if on > 1:
            raise WbemError(WbemStatus.INVALID_PARAMETER, "on or off")
        before, self.on = self.on, on
        return SwitchReply(before)

    async def Wait(self) -> int:
        self.waiting += 1
        try:
            await asyncio.get_running_loop().create_future()
        except asyncio.CancelledError:
            self.cancelled += 1
            raise
        finally:
            self.waiting -= 1
        return 0

    async def Break(self) -> SwitchReply:
        raise KeyError(self.world.given)

    async def Shine(self, size: int) -> OctetsReply:
        return OctetsReply(size, bytes(size))

    async def Next(self) -> PointerReply:
        return PointerReply(self.world.exporter.export(Lamp(self.world), ILamp))

    async def Draw(self) -> int:
        return 0

    def released(self) -> None:
        self.released_times += 1
        if self.world.trouble:
            raise RuntimeError("cannot be let go")


class Users:
    """Two users, of any domain."""

    def lookup(self, domain: str, name: str, computer: str) -> User | None:
        passwords = dict((ME, YOU))
        return User("DOM", name, nt_hash(passwords[name])) if name in passwords else None


class Refused(Exception):
    """A fault, or a bind that was refused."""

    def __init__(self, status: int, executed: bool = False) -> None:
        super().__init__(f"0x{status:08X}")
        self.status = status
        self.executed = executed


class Client(asyncio.Protocol):
    """One connection of a client."""

    def __init__(self, max_fragment: int = 5840) -> None:
        self.association = RpcAssociation(Role.CLIENT, max_fragment=max_fragment)
        self.contexts: dict[Guid, int] = {}
        self.closed = asyncio.Event()
        self._binding: asyncio.Future[None] | None = None
        self._initiators: dict[int, NtlmInitiator] = {}
        self._answers: dict[int, asyncio.Future[bytes]] = {}

    async def bind(
        self,
        *interfaces: type[Interface],
        user: tuple[str, str] | None = None,
        level: AuthLevel = AuthLevel.INTEGRITY,
        auth_context: int = 0,
        group: int = 0,
    ) -> None:
        """Opens the association, or adds to it, with a login where there is a user."""
        offer = None
        if user is not None:
            self._initiators[auth_context] = initiator = NtlmInitiator(*user, "DOM")
            offer = AuthOffer(AuthType.WINNT, level, initiator.step().token, auth_context)
        syntaxes = [SyntaxId(interface.iid, *interface.version) for interface in interfaces]
        if self.contexts:
            numbers = self.association.alter_context(syntaxes, auth=offer)
        else:
            numbers = self.association.bind(syntaxes, auth=offer, group=group)
        self.contexts.update(zip((interface.iid for interface in interfaces), numbers, strict=True))
        self._binding = asyncio.get_running_loop().create_future()
        self.flush()
        await self._binding

    async def call(
        self,
        interface: type[Interface],
        name: str,
        *arguments: Any,
        target: Guid | None = None,
        auth_context: int | None = 0,
        version: ComVersion = OUR_VERSION,
        tail: bytes = b"",
    ) -> Any:
        """What the declaration says that the call returns, whatever its HRESULT. Refused for a fault."""
        declared = next(each for each in interface.calls.values() if each.name == name)
        writer = NdrWriter()
        if interface.orpc:
            codec(OrpcThis).encode(writer, OrpcThis.of(uuid.uuid4(), version))
        declared.encode_request(writer, arguments)
        stub = await self.request(
            interface, declared.opnum, bytes(writer) + tail, target=target, auth_context=auth_context
        )
        reader = NdrReader(stub)
        if interface.orpc:
            codec(OrpcThat).decode(reader)
        reply = declared.decode_reply(reader, arguments)
        reader.expect_end()
        return reply

    async def request(
        self,
        interface: type[Interface],
        opnum: int,
        stub: bytes,
        *,
        target: Guid | None = None,
        auth_context: int | None = 0,
    ) -> bytes:
        """Octets of a request -> octets of its answer."""
        return await self.ask(interface, opnum, stub, target=target, auth_context=auth_context)[1]

    def ask(
        self,
        interface: type[Interface],
        opnum: int,
        stub: bytes,
        *,
        target: Guid | None = None,
        auth_context: int | None = 0,
    ) -> tuple[int, asyncio.Future[bytes]]:
        """The same without waiting: the call's id, and its answer to come."""
        if not self._initiators:
            auth_context = None
        context = self.contexts.get(interface.iid, 0)
        call_id = self.association.send_request(context, opnum, stub, target=target, auth_context_id=auth_context)
        self._answers[call_id] = answer = asyncio.get_running_loop().create_future()
        self.flush()
        return call_id, answer

    async def activate(self, interface: type[Interface], *more: type[Interface], clsid: Guid = CLSID_LAMP) -> Any:
        """A new object's reference to the interface; an ActivationReply where several are asked for."""
        request = ActivationRequest(clsid, tuple(each.iid for each in (interface, *more)))
        reply = await self.call(
            IRemoteSCMActivator, "RemoteCreateInstance", OrpcThis.of(uuid.uuid4()), None, request.encode()
        )
        if reply.hresult:
            raise Refused(reply.hresult)
        made = ActivationReply.decode(reply.ppActProperties)
        return made if more else standard(made.results[0].reference)

    async def release(self, rem_unknown: Guid, *references: StdObjRef | Guid, count: int = 1) -> int:
        """RemRelease of each."""
        elements = [
            RemInterfaceRef(each, count, 0)
            if isinstance(each, Guid)
            else RemInterfaceRef(each.ipid, each.public_refs, 0)
            for each in references
        ]
        status: int = await self.call(IRemUnknown2, "RemRelease", len(elements), tuple(elements), target=rem_unknown)
        return status

    def flush(self) -> None:
        """Sends what is to be sent."""
        self.transport.write(self.association.data_to_send())

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        assert isinstance(transport, MemoryTransport | asyncio.Transport)
        self.transport = transport

    def data_received(self, data: bytes) -> None:
        self.association.receive(data)
        self._pump()

    def connection_lost(self, exc: Exception | None) -> None:
        self.association.receive(b"")
        self._pump()
        self.closed.set()
        for future in (*self._answers.values(), self._binding):
            if future is not None and not future.done():
                future.set_exception(ConnectionError("the server closed the connection"))

    def _pump(self) -> None:
        while (event := self.association.next_event()) is not None:
            match event:
                case BindAccepted():
                    self._settle(self._binding, None)
                case BindRefused(reason):
                    self._settle(self._binding, Refused(reason))
                case TokenNeeded(number, token=token):
                    step = self._initiators[number].step(token)
                    self.association.accept_token(number, step.token, step.context)
                case ResponseReceived(call_id, stub):
                    self._settle(self._answers.pop(call_id), stub)
                case FaultReceived(call_id, status, executed):
                    self._settle(self._answers.pop(call_id), Refused(status, executed))
                case ConnectionClosed():
                    pass
        if not self.transport.is_closing():
            self.flush()

    def _settle(self, future: asyncio.Future[Any] | None, outcome: Any) -> None:
        if future is None or future.done():
            return
        if isinstance(outcome, Exception):
            future.set_exception(outcome)
        else:
            future.set_result(outcome)


class World:
    """An endpoint with lamps, on a network in memory."""

    def __init__(self, chunk: int) -> None:
        self.network = MemoryNetwork(chunk)
        self.lamps: list[Lamp] = []
        self.trouble = False
        self.given = "a secret\nforged line"
        self.connections: list[Connection] = []
        self.exporter = Exporter([NAMES.dns_computer], lambda: PORT)
        self.classes = ClassTable(self.exporter, {CLSID_LAMP: lambda: Lamp(self)})
        mapper = EndpointMapper(lambda: self.endpoint.interfaces, lambda: PORT)
        services = [Resolver(self.exporter), Activator(self.classes), OldActivator(self.classes), mapper]
        self.endpoint = Endpoint(
            self.exporter, services, [ILamp, IShade, INothing], lambda peer: Logins(Users(), NAMES, peer=peer)
        )

    def accept(self) -> Connection:
        """The protocol of a new connection."""
        self.connections.append(self.endpoint())
        return self.connections[-1]

    async def connect(self, source: str = "192.0.2.100", *, max_fragment: int = 5840) -> Client:
        """A connection that has said nothing yet."""
        _, client = await self.network.connect(lambda: Client(max_fragment), HOST, PORT, source=source)
        return client

    async def enter(
        self, *interfaces: type[Interface], user: tuple[str, str] = ME, level: AuthLevel = AuthLevel.INTEGRITY
    ) -> Client:
        """A connection of somebody who has logged in, with everything bound."""
        client = await self.connect()
        await client.bind(IRemoteSCMActivator, IRemUnknown2, ILamp, IShade, *interfaces, user=user, level=level)
        return client

    async def channel(
        self, user: tuple[str, str] | None = ME, level: AuthLevel = AuthLevel.INTEGRITY, timeout: float = 10
    ) -> Channel:
        """The real client's end."""
        login = None if user is None else NtlmInitiator(*user, "DOM")
        return await Channel.open(HOST, PORT, login=login, level=level, timeout=timeout, connect=self.network.connect)

    @property
    def rem_unknown(self) -> Guid:
        """Where IRemUnknown is called."""
        return self.exporter.entry(HOST).ipid_rem_unknown


async def lit(channel: Channel) -> tuple[ILamp, StdObjRef]:
    """A new lamp."""
    request = ActivationRequest(CLSID_LAMP, (ILamp.iid,))
    activator = proxy(IRemoteSCMActivator, channel)
    reply = await activator.RemoteCreateInstance(OrpcThis.of(uuid.uuid4()), None, request.encode())
    made = standard(ActivationReply.decode(reply.ppActProperties or b"").results[0].reference)
    return proxy(ILamp, channel, made.ipid), made


@asynccontextmanager
async def world(chunk: int = 1 << 16) -> AsyncGenerator[World, None]:
    """A world to test in. In the end nothing may be left of it: no task, no timer, no complaint of the loop."""
    async with nothing_left():
        made = World(chunk)
        await made.network.listen(made.accept, Address(HOST, PORT))
        async with ended_by(made.endpoint.close):
            yield made
        made.exporter.close()
        assert len(made.endpoint) == len(made.endpoint.groups) == 0


PATIENCE_SECONDS = 200_000
"""Longer than any test waits for what has to come."""


@asynccontextmanager
async def ended_by(
    *ends: Callable[[], Awaitable[None]], seconds: float = PATIENCE_SECONDS
) -> AsyncGenerator[None, None]:
    """What a test does, and then the end of what it did it with, whether it failed or not.

    Both have an end themselves: where pings and polls go on, the fake clock would jump from one to the next for ever,
    and a test that waits for what never comes would never fail.
    """
    try:
        async with asyncio.timeout(seconds):
            yield
    finally:
        async with asyncio.timeout(seconds):
            for each in ends:
                await each()


@asynccontextmanager
async def nothing_left() -> AsyncGenerator[None, None]:
    """What is begun here ends here: tasks, timers; and the loop's handler hears of nothing."""
    loop = asyncio.get_running_loop()
    complaints: list[dict[str, Any]] = []
    before = asyncio.all_tasks()
    loop.set_exception_handler(lambda _, context: complaints.append(context))
    yield
    for _ in range(10):
        await asyncio.sleep(0)
    assert asyncio.all_tasks() - before == set()
    assert timers(loop) == []
    assert complaints == []


def timers(loop: asyncio.AbstractEventLoop) -> Sequence[asyncio.TimerHandle]:
    """The timers that are set."""
    scheduled: list[asyncio.TimerHandle] = loop._scheduled  # type: ignore[attr-defined]  # of asyncio's own loops
    return [timer for timer in scheduled if not timer.cancelled()]


def standard(reference: object) -> StdObjRef:
    """The STDOBJREF of a reference, or of its octets."""
    decoded = objref.decode(reference) if isinstance(reference, bytes) else reference
    assert isinstance(decoded, ObjRefStandard)
    return decoded.std
