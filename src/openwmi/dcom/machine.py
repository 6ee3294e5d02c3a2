"""A machine whose objects we use: activation, its exporters, what we hold of them, and pings ([MS-DCOM] 3.2.4.1)."""

from __future__ import annotations

import secrets
from collections.abc import Awaitable, Callable, Sequence
from typing import Final, TypeVar

from openwmi.base import guid
from openwmi.base.error import WbemError
from openwmi.base.guid import Guid
from openwmi.base.status import HResult
from openwmi.dcom.caller import causality
from openwmi.dcom.channel import Channel
from openwmi.dcom.ends import Ends
from openwmi.dcom.pinger import Pinger
from openwmi.dcom.pool import Pool
from openwmi.dcom.proxy import proxy
from openwmi.dcom.remote import RemoteExporter
from openwmi.dcom.route import Means, Route
from openwmi.interfaces import Interface, IObjectExporter, IRemoteSCMActivator
from openwmi.net import Address
from openwmi.orpc import (
    OUR_VERSION,
    ActivationReply,
    ActivationRequest,
    ComVersion,
    Context,
    ObjRef,
    ObjRefStandard,
    OrpcThis,
    OxidEntry,
    objref,
)
from openwmi.orpc.bindings import TOWER_TCP

T = TypeVar("T")

OTHER_VERSION: Final = {HResult.RPC_E_VERSION_MISMATCH, 0x80010111}
"""What servers say to a version that they do not speak: theirs is lower; and RPC_E_INVALID_HEADER: theirs is higher."""
NO_SUCH_CALL: Final = 0x800706D1
OLDEST: Final = ComVersion(5, 1)
MINORS: Final = (6, 4, 2, 1)
"""Those below ours that were ever spoken (1.7)."""


class Machine:
    """Made by `Machine.open`.

    Attributes:
        version: of COM, that was agreed upon.
        pinger: of the objects that we hold there.
    """

    def __init__(self, where: Address, means: Means, channel: Channel, interfaces: Sequence[type[Interface]]) -> None:
        self._also = tuple(each.iid for each in interfaces)
        self._where = where
        self._means = means
        self._channel = channel
        self._exporters: dict[int, RemoteExporter] = {}
        self.version = OUR_VERSION
        self.pinger = Pinger(proxy(IObjectExporter, _Again(self._resolver)), self._held)

    @classmethod
    async def open(cls, where: Address, means: Means, interfaces: Sequence[type[Interface]] = ()) -> Machine:
        """A connection to the machine's resolver; the login is made with the first call. Unreachable.

        `interfaces` are those that its objects will be called by: they are bound together, once.
        """
        return cls(where, means, await means.open(where), interfaces)

    async def activate(self, clsid: Guid, *interfaces: type[Interface]) -> tuple[RemoteExporter, list[Guid | None]]:
        """A new object of a class: its exporter, and the IPIDs of its interfaces, held; None for one it does not have.

        WbemError: E_ACCESSDENIED, REGDB_E_CLASSNOTREG, E_NOINTERFACE where it has none of them, Unreachable.
        """
        context = objref.encode(Context(guid.decode(secrets.token_bytes(guid.SIZE))).reference)
        request = ActivationRequest(
            clsid, tuple(each.iid for each in interfaces), context=context, server_name=self._where.host
        )

        async def create() -> bytes:
            channel = await self._resolver()
            channel.version = self.version
            this = OrpcThis.of(causality(), self.version)
            reply = await proxy(IRemoteSCMActivator, channel).RemoteCreateInstance(this, None, request.encode())
            return reply.ppActProperties or b""

        made = ActivationReply.decode(await self._in_a_version(create))
        self.version = self.version.negotiate(made.exporter.version)
        exporter = self._exporter(made.exporter)
        given = {each.iid: each.reference for each in made.results}
        ipids = []
        for each in interfaces:
            reference = given.get(each.iid)
            ipids.append(await exporter.adopt(reference.std) if isinstance(reference, ObjRefStandard) else None)
        self.pinger.start()
        return exporter, ipids

    async def adopt(self, reference: ObjRef | bytes) -> tuple[RemoteExporter, Guid]:
        """A reference that came with an answer: its exporter, and the IPID, held. WbemError(E_NOINTERFACE)."""
        found = objref.decode(reference) if isinstance(reference, bytes) else reference
        if not isinstance(found, ObjRefStandard):
            raise WbemError(HResult.E_NOINTERFACE, "an object that is sent by value, or by a handler of its own")
        exporter = self._exporters.get(found.std.oxid)
        if exporter is None:
            exporter = self._exporter(await self._resolve(found.std.oxid))
        self.pinger.start()
        return exporter, await exporter.adopt(found.std)

    @property
    def ends(self) -> Ends:
        """The address of ours by which the machine reaches us, and its own."""
        return self._channel.ends

    async def close(self) -> None:
        """Gives everything back and ends all connections."""
        exporters, self._exporters = list(self._exporters.values()), {}
        try:
            await self.pinger.close()
            for exporter in exporters:
                await exporter.close()
        finally:  # whoever closes may be cancelled meanwhile
            for exporter in exporters:
                exporter.pool.close()
            self._channel.close()

    def _exporter(self, entry: OxidEntry) -> RemoteExporter:
        exporter = self._exporters.get(entry.oxid)
        if exporter is None:
            route = Route(entry, self._means, only=self._where.host, also=self._also)
            pool = Pool(route.open)
            pool.version = self.version
            exporter = self._exporters[entry.oxid] = RemoteExporter(entry, pool)
        return exporter

    def _held(self) -> frozenset[int]:
        return frozenset().union(*(each.pinged for each in self._exporters.values()))

    async def _resolver(self) -> Channel:
        """The connection to the resolver: another one where it was closed meanwhile, as Windows does it after 10 s."""
        if self._channel.closed:
            self._channel = await self._means.open(self._where)
            self._channel.version = self.version
        return self._channel

    async def _resolve(self, oxid: int) -> OxidEntry:
        reply = await proxy(IObjectExporter, await self._resolver()).ResolveOxid2(oxid, 1, (TOWER_TCP,))
        if reply.hresult or reply.ppdsaOxidBindings is None:
            raise WbemError(HResult.RPC_E_INVALID_OXID, f"{self._where.host} knows no exporter {oxid:016x}")
        return OxidEntry(
            oxid, reply.ppdsaOxidBindings.bindings, reply.pipidRemUnknown, reply.pAuthnHint, reply.pComVersion
        )

    async def _in_a_version(self, ask: Callable[[], Awaitable[T]]) -> T:
        """What is asked, in the newest version that both speak (1.7): ours, what the server says, and lower ones."""
        try:
            return await ask()
        except WbemError as error:
            if error.status not in OTHER_VERSION:
                raise
        self.version = OUR_VERSION.negotiate(await self._their_version())
        lower = [ComVersion(5, minor) for minor in MINORS if minor < self.version.minor]
        for following in lower:
            try:
                return await ask()
            except WbemError as error:
                if error.status not in OTHER_VERSION:
                    raise
            self.version = following
        return await ask()

    async def _their_version(self) -> ComVersion:
        try:
            return (await proxy(IObjectExporter, await self._resolver()).ServerAlive2()).pComVersion
        except WbemError as error:
            if error.status != NO_SUCH_CALL:
                raise
            return OLDEST


class _Again:
    """Calls by whatever connection there is when they are made."""

    def __init__(self, channel: Callable[[], Awaitable[Channel]]) -> None:
        self._channel = channel
        self.version = OUR_VERSION

    async def request(self, interface: Guid, opnum: int, stub: bytes, target: Guid | None) -> bytes:
        return await (await self._channel()).request(interface, opnum, stub, target)
