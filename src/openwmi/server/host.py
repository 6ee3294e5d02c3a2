"""The server: an engine's namespaces, at an address."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable, Iterable
from typing import Protocol

from openwmi.dcom import (
    LEGACY_LEVELS,
    Activator,
    ClassTable,
    Endpoint,
    EndpointMapper,
    Exporter,
    OldActivator,
    Registry,
    Resolver,
)
from openwmi.engine import Access, Engine
from openwmi.interfaces import (
    IEnumWbemClassObject,
    IWbemCallResult,
    IWbemFetchSmartEnum,
    IWbemLevel1Login,
    IWbemLoginClientID,
    IWbemLoginClientIDEx,
    IWbemObjectSink,
    IWbemServices,
    IWbemWCOSmartEnum,
)
from openwmi.net import Address, listen
from openwmi.orpc import SecurityBinding
from openwmi.rpc import AuthLevel
from openwmi.security import (
    AUTH_TYPE_KERBEROS,
    AUTH_TYPE_NEGOTIATE,
    AUTH_TYPE_NTLM,
    Acceptor,
    Logins,
    ServerNames,
    Throttle,
    UserLookup,
)
from openwmi.server.login import CLSID_WbemLevel1Login, Level1Login
from openwmi.server.shared import Shared

OBJECTS = (
    IEnumWbemClassObject,
    IWbemCallResult,
    IWbemFetchSmartEnum,
    IWbemLevel1Login,
    IWbemLoginClientID,
    IWbemLoginClientIDEx,
    IWbemObjectSink,
    IWbemServices,
    IWbemWCOSmartEnum,
)


class Port(Protocol):
    """An open port, such as openwmi.net's Listener."""

    address: Address

    async def close(self) -> None:
        """Takes no more connections."""


LEVELS = {
    # Windows: its clients say who they are, and log in, at PKT.
    IWbemLevel1Login.iid: AuthLevel.PKT,
    IWbemLoginClientID.iid: AuthLevel.PKT,
    IWbemLoginClientIDEx.iid: AuthLevel.PKT,
}

OpenPort = Callable[[Callable[[], asyncio.Protocol], Address], Awaitable[Port]]


class Server:
    """Serves WMI: activation and objects at one port.

    Args:
        engine: what is served.
        users: who may log in, and read.
        names: what this machine calls itself.
        open_port: how a port is opened; tests give another way than TCP.
        kerberos: makes what accepts a Kerberos login, such as a KerberosAcceptor with a keytab; None for NTLM alone.
        admins: who of them may also write and call methods, spelled as they log in: `DOM\\me`, or `me` where the users
            have no domain, or `me@REALM`.
        legacy: whether activation is allowed at CONNECT, for clients from before 2021 (dcom.LEGACY_LEVELS).
        registry: where other processes of this machine share its resolver: who they are.
    """

    def __init__(
        self,
        engine: Engine,
        users: UserLookup,
        names: ServerNames | None = None,
        *,
        open_port: OpenPort = listen,
        kerberos: Callable[[], Acceptor] | None = None,
        admins: Iterable[str] = (),
        legacy: bool = False,
        registry: Registry | None = None,
    ) -> None:
        self._open_port = open_port
        self._users = users
        self._names = names or ServerNames.of_this_host()
        self._kerberos = kerberos
        self._throttle = Throttle()
        self._listeners: list[Port] = []
        securities = [SecurityBinding(AUTH_TYPE_NEGOTIATE), SecurityBinding(AUTH_TYPE_NTLM)]
        if kerberos is not None:
            securities.append(SecurityBinding(AUTH_TYPE_KERBEROS, f"host/{self._names.dns_computer}"))
        pings = None if registry is None else registry.pings
        self._exporter = Exporter((self._names.dns_computer,), self._port, securities=tuple(securities), pings=pings)
        if registry is not None:
            registry.changed = self._exporter.watch
        access = Access.of_admins(admins)
        self._shared = Shared(self._exporter, lambda namespace: engine.session(namespace, access))
        classes = ClassTable(self._exporter, {CLSID_WbemLevel1Login: self._login})
        mapper = EndpointMapper(lambda: self.endpoint.interfaces, self._port)
        services = (Resolver(self._exporter, registry), Activator(classes), OldActivator(classes), mapper)
        levels = {**LEVELS, **LEGACY_LEVELS} if legacy else LEVELS
        self.endpoint = Endpoint(self._exporter, services, OBJECTS, self._logins, levels)

    async def listen(self, address: Address) -> Address:
        """Opens a port; returns where it is. References lead clients to the first one that was opened."""
        listener = await self._open_port(self.endpoint, address)
        self._listeners.append(listener)
        return listener.address

    async def close(self) -> None:
        """Ends every connection, and with them what was under way; returns when nothing of it is left."""
        for listener in self._listeners:
            await listener.close()
        await self.endpoint.close()
        self._exporter.close()

    def _port(self) -> int:
        return self._listeners[0].address.port

    def _login(self) -> Level1Login:
        return Level1Login(self._shared)

    def _logins(self, peer: str) -> Logins:
        clock = asyncio.get_running_loop().time
        return Logins(
            self._users, self._names, peer=peer, kerberos=self._kerberos, throttle=self._throttle, clock=clock
        )
