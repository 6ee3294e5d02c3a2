"""The server: an engine's namespaces, at an address."""

from __future__ import annotations

import asyncio
import contextlib
from collections.abc import Awaitable, Callable, Iterable
from typing import Protocol

from openwmi.base.error import WbemError
from openwmi.base.status import HResult
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
from openwmi.engine import Access
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
from openwmi.operation import CallTable
from openwmi.orpc import SecurityBinding
from openwmi.orpc.wellknown import CLSID_WbemLevel1Login
from openwmi.pointers import failure_pointer
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
from openwmi.server.allowance import Allowances
from openwmi.server.callbacks import CallbackPolicy, Callbacks
from openwmi.server.login import Level1Login
from openwmi.server.observing import Observation, Observer
from openwmi.server.shared import Shared
from openwmi.session import Session

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


class Namespaces(Protocol):
    """What is served: an Engine, or something around one."""

    def session(self, namespace: str, access: Access | None = None) -> Session:
        """A connection to a namespace, whose callers may do what `access` grants them. INVALID_NAMESPACE."""


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
        callbacks: how the sinks of asynchronous calls are called; without a policy they are not.
        legacy: whether activation is allowed at CONNECT, for clients from before 2021 (dcom.LEGACY_LEVELS).
        registry: where other processes of this machine share its resolver: who they are.
        observer: is told of sessions and of their calls.
        before: see dcom.Endpoint.
    """

    def __init__(
        self,
        engine: Namespaces,
        users: UserLookup,
        names: ServerNames | None = None,
        *,
        open_port: OpenPort = listen,
        kerberos: Callable[[], Acceptor] | None = None,
        admins: Iterable[str] = (),
        callbacks: CallbackPolicy | None = None,
        legacy: bool = False,
        registry: Registry | None = None,
        observer: Observer | None = None,
        before: Callable[[str], Awaitable[None]] | None = None,
    ) -> None:
        self._engine = engine
        self._open_port = open_port
        self._users = users
        self._names = names or ServerNames.of_this_host()
        self._kerberos = kerberos
        self._throttle = Throttle()
        self._listeners: list[Port] = []
        self._for_objects: Port | None = None
        clock = asyncio.get_running_loop().time
        self._observation = None if observer is None else Observation(observer, clock)
        securities = [SecurityBinding(AUTH_TYPE_NEGOTIATE), SecurityBinding(AUTH_TYPE_NTLM)]
        if kerberos is not None:
            securities.append(SecurityBinding(AUTH_TYPE_KERBEROS, f"host/{self._names.dns_computer}"))
        pings = None if registry is None else registry.pings
        self._exporter = Exporter((self._names.dns_computer,), self._port, securities=tuple(securities), pings=pings)
        if registry is not None:
            registry.changed = self._exporter.watch
        self._access = Access.of_admins(admins)
        calls = CallTable()
        sinks = Callbacks(callbacks or CallbackPolicy(), calls)
        allowances = Allowances(lambda principal: self.endpoint.untaken[principal])
        self._shared = Shared(self._exporter, self._session, sinks, calls, self._takes_more, allowances)
        classes = ClassTable(self._exporter, {CLSID_WbemLevel1Login: self._login})
        mapper = EndpointMapper(lambda: self.endpoint.interfaces, self._port)
        services = (Resolver(self._exporter, registry), Activator(classes), OldActivator(classes), mapper)
        levels = {**LEVELS, **LEGACY_LEVELS} if legacy else LEVELS
        self.endpoint = Endpoint(
            self._exporter, services, OBJECTS, self._logins, levels, explain=_explanation, before=before
        )

    async def listen(self, address: Address, *, objects: bool = False, open_port: OpenPort | None = None) -> Address:
        """Opens a port; returns where it is.

        Args:
            address: where.
            objects: whether references lead clients there; else they lead to the port that was opened first.
            open_port: another way to open this one.
        """
        listener = await (open_port or self._open_port)(self.endpoint, address)
        self._listeners.append(listener)
        if objects:
            self._for_objects = listener
        return listener.address

    async def stop(self, seconds: float) -> None:
        """Ends what is under way with CALL_CANCELLED, and gives callers and sinks so long to hear of it.

        No more connections and logins from here on. `close` has to follow.
        """
        self._shared.stopping = True
        for listener in self._listeners:
            await listener.close()
        for session in list(self._shared.sessions):
            await session.close()
        with contextlib.suppress(TimeoutError):
            async with asyncio.timeout(seconds):
                await self._shared.calls.settled()
                await self.endpoint.settled()

    async def close(self) -> None:
        """Ends every connection, and with them what was under way; returns when nothing of it is left."""
        for listener in self._listeners:
            await listener.close()
        await self.endpoint.close()
        self._exporter.close()
        self._shared.calls.cancel_all()
        await self._shared.callbacks.close()

    def _port(self) -> int:
        return (self._for_objects or self._listeners[0]).address.port

    def _session(self, namespace: str) -> Session:
        self._shared.check_running()
        return self._engine.session(namespace, self._access)

    def _takes_more(self, group: object) -> None:
        self.endpoint.groups.note(group)

    def _login(self) -> Level1Login:
        return Level1Login(self._shared, self._observation)

    def _logins(self, peer: str) -> Logins:
        kind = Logins if self._observation is None else self._observation.logins
        clock = asyncio.get_running_loop().time
        return kind(self._users, self._names, peer=peer, kerberos=self._kerberos, throttle=self._throttle, clock=clock)


def _explanation(error: WbemError) -> bytes | None:
    """What a client is told of a failure besides its status; of what it lacks as an object, nothing."""
    return None if error.status == HResult.E_NOINTERFACE else failure_pointer(error)
