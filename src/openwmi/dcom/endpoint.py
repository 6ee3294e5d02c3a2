"""An endpoint: the connections that come in at a port, and which object or service each of their calls is for."""

from __future__ import annotations

import asyncio
import logging
from collections import Counter
from collections.abc import Callable, Container, Hashable, Iterable, Mapping, Sequence

from openwmi.base import limits
from openwmi.base.guid import Guid
from openwmi.base.status import HResult
from openwmi.dcom.caller import Caller
from openwmi.dcom.connection import Connection, TokenAnswerer
from openwmi.dcom.dispatch import Before, Explain, Fault, dispatch
from openwmi.dcom.exporter import Exporter
from openwmi.interfaces import (
    IActivation,
    IClassFactory,
    IEndpointMapper,
    Interface,
    IObjectExporter,
    IRemoteSCMActivator,
    IRemUnknown,
    IRemUnknown2,
)
from openwmi.rpc import NDR, AssociationGroups, AuthLevel, FaultStatus, RequestReceived, SyntaxId

log = logging.getLogger("openwmi.dcom")

LEAST_LEVELS: Mapping[Guid, AuthLevel] = {
    IEndpointMapper.iid: AuthLevel.NONE,
    IObjectExporter.iid: AuthLevel.NONE,
    IActivation.iid: AuthLevel.INTEGRITY,
    IRemoteSCMActivator.iid: AuthLevel.INTEGRITY,
    IRemUnknown.iid: AuthLevel.PKT,
    IRemUnknown2.iid: AuthLevel.PKT,
}
"""Below these levels a call is refused. Windows: activation wants INTEGRITY since 2021, and clients release at PKT."""

LEGACY_LEVELS: Mapping[Guid, AuthLevel] = {
    IActivation.iid: AuthLevel.CONNECT,
    IRemoteSCMActivator.iid: AuthLevel.CONNECT,
}
"""For clients from before 2021, which activate at CONNECT: whoever sits on the wire can then activate as they can."""


class Endpoint:
    """Gives each call to the object that its IPID names, or to the service that its interface names.

    Args:
        exporter: whose objects are called.
        services: implementations of interfaces that are not on objects.
        interfaces: that the objects have; a bind may name these, and those of DCOM itself, and no others.
        logins: what answers for the tokens of one connection from this address.
        levels: the least authentication level of each interface; INTEGRITY where there is none.
        transfers: the transfer syntaxes that are spoken, best first. Windows: its WMI declines NDR64.
        explain: what there is to say of a failure besides its status, as an OBJREF, if anything. It is sent to clients
            of whose association group it is noted in `groups` that they can take it: a well-known one cannot.
        familiar: addresses from which nobody needs to log in: connections stay open without, and requests may be as
            long as with a login.
        before: is waited for before each call; what it raises is the call's failure. For tests of clients.

    Attributes:
        untaken: octets of long answers, by user, that clients have not taken yet.
    """

    def __init__(
        self,
        exporter: Exporter,
        services: Iterable[Interface],
        interfaces: Iterable[type[Interface]],
        logins: Callable[[str], TokenAnswerer],
        levels: Mapping[Guid, AuthLevel] | None = None,
        *,
        transfers: Sequence[SyntaxId] = (NDR,),
        explain: Explain | None = None,
        familiar: Container[str] = (),
        before: Before | None = None,
    ) -> None:
        self._exporter = exporter
        self._services = {type(service).iid: service for service in services}
        served: list[type[Interface]] = [IRemUnknown, IRemUnknown2, IClassFactory, *interfaces]
        served += [type(service) for service in self._services.values()]
        self.interfaces = frozenset(SyntaxId(each.iid, *each.version) for each in served)
        self.transfers = transfers
        self._explain = explain
        self._before = before
        self.familiar = familiar
        self.logins = logins
        self._levels = {**LEAST_LEVELS, **(levels or {})}
        self.groups = AssociationGroups()
        self.untaken: Counter[str] = Counter()
        self._connections: set[Connection] = set()
        self._closed = False

    def __call__(self) -> Connection:
        """A protocol for the next connection, as asyncio's create_server wants one."""
        return Connection(self)

    def admit(self, connection: Connection) -> bool:
        """Whether one more connection is served."""
        if self._closed:
            return False
        same = sum(1 for other in self._connections if other.origin == connection.origin)
        if len(self._connections) >= limits.CONNECTIONS or same >= limits.CONNECTIONS_PER_PEER:
            log.warning("%s: refused, %d connections are open, %d from there", connection.peer, len(self), same)
            return False
        self._connections.add(connection)
        return True

    def leave(self, connection: Connection, group: int) -> None:
        """A connection is closed; with the last of its group, nothing ties the group's objects any more."""
        self._connections.discard(connection)
        if group and not any(other.group == group for other in self._connections):
            self._exporter.disconnect(group)

    def __len__(self) -> int:
        return len(self._connections)

    async def answer(self, request: RequestReceived, caller: Caller, *, header_signing: bool) -> bytes:
        """Carries out a call and returns the stub of its reply; raises Fault."""
        # The IPID decides, and not the presentation context: a well-known client binds one interface and calls all.
        target_id = request.object
        if target_id is None or not target_id.int:
            service = self._services.get(request.interface.uuid)
            if service is None:
                raise Fault(FaultStatus.UNKNOWN_INTERFACE, f"{request.interface} is called on objects")
            self._check_level(type(service), caller)
            return await dispatch(type(service), service, request, header_signing=header_signing, before=self._before)
        with self._exporter.calling(target_id, caller) as found:
            if found is None:
                raise Fault(HResult.RPC_E_DISCONNECTED, f"{caller.principal} holds no object {target_id}")
            target, interface = found
            self._check_level(interface, caller)
            return await dispatch(
                interface,
                target,
                request,
                header_signing=header_signing,
                explain=self._explain if self.groups.noted(caller.connection) else None,
                before=self._before,
            )

    def cut(self, group: Hashable) -> None:
        """Ends the connections of an association group at once, as a network does that fails."""
        for connection in list(self._connections):
            if connection.group == group:
                connection.cut()

    def cut_all(self) -> None:
        """The same of all of them."""
        for connection in list(self._connections):
            connection.cut()

    async def settled(self) -> None:
        """Returns when no call is being carried out any more, and every answer is on its way."""
        while under_way := [call for connection in self._connections for call in connection.under_way]:
            await asyncio.wait(under_way)

    async def close(self) -> None:
        """Ends every connection, and returns when none is left; what comes later is refused."""
        self._closed = True
        ending = list(self._connections)
        for connection in ending:
            connection.close()
        for connection in ending:
            await connection.wait_closed()

    def _check_level(self, interface: type[Interface], caller: Caller) -> None:
        least = self._levels.get(interface.iid, AuthLevel.INTEGRITY)
        if caller.level < least:
            raise Fault(FaultStatus.ACCESS_DENIED, f"{interface.__name__} wants {least.name}, not {caller.level.name}")
