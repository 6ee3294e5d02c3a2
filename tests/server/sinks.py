"""A client's machine with sinks: its resolver at port 135, an exporter, and sinks that write down what they hear."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncGenerator, Callable, Iterable
from contextlib import asynccontextmanager
from functools import partial
from typing import Any, NamedTuple

from tests.dcom.fakes import HOST, NAMES, Users, ended_by
from tests.server.fakes import Wmi, pointed, wmi

from openwmi.base.error import WbemError
from openwmi.base.status import WbemStatus
from openwmi.dcom import Endpoint, Exporter, Resolver, Served, current_caller
from openwmi.engine import Provider
from openwmi.interfaces import IRemUnknown, IRemUnknown2, IWbemObjectSink
from openwmi.net import Address
from openwmi.orpc import PingReply, Reference
from openwmi.rpc import AuthLevel
from openwmi.security import Logins, NtlmInitiator
from openwmi.server import CallbackPolicy
from openwmi.testing import MemoryNetwork
from openwmi.wmio import ObjectArrayDecoder

THERE, PORT = "192.0.2.100", 4000
"""Where clients of the network in memory are, and their exporter."""

SINKS_PATIENCE_SECONDS = 10_000
"""More than any machine takes to be given up."""


class Heard(NamedTuple):
    """One callback. `packed`: whether the objects came as an ObjectArray."""

    name: str
    objects: tuple[Any, ...] = ()
    packed: bool = False
    flags: int = 0
    status: int = 0
    text: str | None = None
    object: Any = None


class RecordingSink(Served, IWbemObjectSink):
    """Writes down what it hears.

    Args:
        style: what its first Indicate returns.
        gate: what each Indicate waits for.
        answers: what is returned first, or raised.
    """

    def __init__(
        self,
        style: int = WbemStatus.NO_ERROR,
        gate: asyncio.Event | None = None,
        answers: Iterable[int | Exception] = (),
    ) -> None:
        self.heard: list[Heard] = []
        self.style = style
        self.gate = gate
        self.answers = list(answers)
        self.callers: list[tuple[str | None, AuthLevel]] = []
        self.peers: set[str] = set()
        self.finished = asyncio.Event()
        self.decoder = ObjectArrayDecoder()
        self.running = self.most = 0

    async def Indicate(self, lObjectCount: int, apObjArray: tuple[bytes | None, ...] | bytes) -> int:
        packed = isinstance(apObjArray, bytes)
        if isinstance(apObjArray, bytes):
            objects = tuple(self.decoder.decode(apObjArray))
        else:
            objects = tuple(map(pointed, apObjArray))
            assert len(objects) == lObjectCount > 0
        first = not any(each.name == "Indicate" for each in self.heard)
        return await self._hear(Heard("Indicate", objects, packed), self.style if first else 0)

    async def SetStatus(self, lFlags: int, hResult: int, strParam: str | None, pObjParam: bytes | None) -> int:
        told = None if pObjParam is None else pointed(pObjParam)
        heard = Heard("SetStatus", flags=lFlags, status=hResult, text=strParam, object=told)
        if lFlags == 0:
            self.finished.set()
        return await self._hear(heard, 0)

    async def _hear(self, heard: Heard, answer: int) -> int:
        caller = current_caller()
        self.callers.append((caller.principal, caller.level))
        self.peers.add(caller.peer)
        self.heard.append(heard)
        self.running += 1
        self.most = max(self.most, self.running)
        try:
            if self.gate is not None and heard.name == "Indicate":
                await self.gate.wait()
        finally:
            self.running -= 1
        said = self.answers.pop(0) if self.answers else answer
        if isinstance(said, Exception):
            raise said
        return said

    @property
    def objects(self) -> list[Any]:
        return [each for heard in self.heard for each in heard.objects]

    @property
    def final(self) -> Heard:
        """The final status, which came once and last."""
        finals = [each for each in self.heard if each.name == "SetStatus" and each.flags == 0]
        assert len(finals) == 1
        assert self.heard[-1] is finals[0]
        return finals[0]


class _Exporter(Exporter):
    """Counts what is given back, and pings."""

    def __init__(self, *arguments: Any, **named: Any) -> None:
        super().__init__(*arguments, **named)
        self.given_back: list[Reference] = []
        self.pinged: list[tuple[int, ...]] = []
        self.simple = 0

    def release(self, references: Iterable[Reference]) -> None:
        given = list(references)
        self.given_back += given
        super().release(given)

    def complex_ping(self, set_id: int, sequence: int, add: Iterable[int], delete: Iterable[int]) -> PingReply:
        added = tuple(add)
        self.pinged.append(added)
        return super().complex_ping(set_id, sequence, added, delete)

    def simple_ping(self, set_id: int) -> Any:
        self.simple += 1
        return super().simple_ping(set_id)


class ClientHost:
    """The machine of a client.

    Attributes:
        resolved: how often its resolver was asked.
    """

    def __init__(self, network: MemoryNetwork, least: AuthLevel = AuthLevel.NONE) -> None:
        self.network = network
        self.resolved = 0
        self.exporter = _Exporter([], lambda: PORT)
        host = self

        class CountingResolver(Resolver):
            async def ResolveOxid2(self, pOxid: int, cRequestedProtseqs: int, arRequestedProtseqs: object) -> Any:
                host.resolved += 1
                return await super().ResolveOxid2(pOxid, cRequestedProtseqs, arRequestedProtseqs)

        levels = {each.iid: least for each in (IWbemObjectSink, IRemUnknown, IRemUnknown2)}
        resolver = CountingResolver(self.exporter)
        self.endpoint = Endpoint(
            self.exporter, [resolver], [IWbemObjectSink], lambda peer: Logins(Users(), NAMES, peer=peer), levels
        )
        self.ports: list[Any] = []

    async def open(self) -> None:
        for port in (135, PORT):
            self.ports.append(await self.network.listen(self.endpoint, Address(THERE, port)))

    async def shut(self) -> None:
        """Nobody gets in any more, and who was is thrown out."""
        for each in self.ports:
            await each.close()
        await self.endpoint.close()
        self.exporter.close()

    def sink(self, sink: RecordingSink) -> bytes:
        """A reference to it, as a client passes it."""
        return self.exporter.publish(sink, IWbemObjectSink, THERE)


def policy(made: Wmi, *, login: tuple[str, str] | None = None, **options: Any) -> CallbackPolicy:
    """Calls from the server's address."""
    initiator: Callable[[], NtlmInitiator] | None = None if login is None else partial(NtlmInitiator, *login, "DOM")
    options.setdefault("anonymous", login is None)
    return CallbackPolicy(initiator, connect=partial(made.network.connect, source=HOST), **options)


def failing() -> WbemError:
    return WbemError(WbemStatus.FAILED, "the sink wants no more")


@asynccontextmanager
async def with_sinks(
    *providers: Provider, least: AuthLevel = AuthLevel.NONE, **how: Any
) -> AsyncGenerator[tuple[Wmi, ClientHost], None]:
    """A server of things that may call sinks, and its client's machine."""
    async with wmi(*providers) as made:
        made.server._shared.callbacks.policy = policy(made, **how)
        host = ClientHost(made.network, least)
        await host.open()
        async with ended_by(made.server.close, host.shut, seconds=SINKS_PATIENCE_SECONDS):
            yield made, host
