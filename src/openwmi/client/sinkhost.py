"""Where servers call the sinks of this process: an exporter for each address of ours by which servers are reached.

A reference names no port for its resolver ([MS-DCOM] 2.2.19.3): that is at 135. Either this process listens there
itself, or it shares the resolver of this machine, another process ("openwmi resolver", "openwmi serve").

Who may call ([MS-WMI] 3.2.4.1, note 16): a server seldom has an account that we could verify. So nobody comes in but
from the address of a server that was given a sink; and with a keytab also whoever has a ticket for this machine.
"""

from __future__ import annotations

import asyncio
import logging
import os
from collections import Counter
from collections.abc import Callable, Sequence
from functools import partial
from pathlib import Path
from typing import Any, Final
from weakref import WeakKeyDictionary

from openwmi.base.error import Unreachable, WbemError
from openwmi.base.record import printable
from openwmi.base.status import WbemStatus
from openwmi.dcom import Endpoint, Exporter, ForwardedPings, Registration, Resolver, Served
from openwmi.dcom.ends import Ends, same_place
from openwmi.dcom.resolution import RESOLVER_PORT
from openwmi.interfaces import IRemUnknown, IRemUnknown2, IWbemObjectSink
from openwmi.net import Address, listen
from openwmi.orpc import SecurityBinding
from openwmi.rpc import AuthLevel
from openwmi.security import AUTH_TYPE_KERBEROS, AUTH_TYPE_NEGOTIATE, KerberosAcceptor, Logins, NoUsers, ServerNames

log = logging.getLogger("openwmi.client")

SOCKET_VARIABLE: Final = "OPENWMI_RESOLVER_SOCKET"
KEYTAB_VARIABLE: Final = "KRB5_KTNAME"
SOCKETS: Final = ("/run/openwmi.sock",)
"""Where the machine's resolver is shared if nobody says where."""

LEVELS: Final = {each.iid: AuthLevel.NONE for each in (IWbemObjectSink, IRemUnknown, IRemUnknown2)}


class SinkHosts:
    """Those of one process, by addresses of ours; each is there as long as somebody holds it.

    Args:
        open_port: how a port is opened; tests give another way than TCP.
        port: the resolver's.
        sockets: where the resolver of this machine may be shared.
        keytab: the file of this machine's keys, for servers that log in by Kerberos.
    """

    def __init__(
        self,
        *,
        open_port: Callable[..., Any] = listen,
        port: int = RESOLVER_PORT,
        sockets: Sequence[Path] = (),
        keytab: str | None = None,
    ) -> None:
        self._open_port = open_port
        self._port = port
        self._sockets = tuple(sockets)
        self._keytab = keytab
        self._hosts: dict[str, SinkHost] = {}
        self._turn = asyncio.Lock()

    @classmethod
    def of_loop(cls) -> SinkHosts:
        """The running loop's, as the environment has it."""
        loop = asyncio.get_running_loop()
        found = _of_loop.get(loop)
        if found is None:
            named = os.environ.get(SOCKET_VARIABLE)
            sockets = [Path(each) for each in ((named,) if named else SOCKETS)]
            found = _of_loop[loop] = cls(sockets=sockets, keytab=os.environ.get(KEYTAB_VARIABLE))
        return found

    async def hold(self, ends: Ends) -> SinkHost:
        """The one at our end of a connection, for the server at the other; `release` lets it go.

        TRANSPORT_FAILURE where no server could call this process: it says why not, and what to do.
        """
        async with self._turn:
            host = self._hosts.get(ends.here)
            if host is None:
                host = SinkHost(ends.here, self._keytab)
                await self._open(host)
                self._hosts[ends.here] = host
        host.servers[ends.there] += 1
        return host

    async def release(self, host: SinkHost, ends: Ends) -> None:
        """One less wants to be called there. With the last one it is closed."""
        async with self._turn:
            host.servers -= Counter([ends.there])
            if not host.servers and self._hosts.get(host.address) is host:
                del self._hosts[host.address]
                await host.close()

    async def _open(self, host: SinkHost) -> None:
        problems = []
        for socket in self._sockets:
            try:
                if socket.exists():
                    return await host.share(socket, self._open_port)
            except WbemError as error:
                problems.append(error.message)
            except OSError as error:  # not even that is ours to know
                problems.append(str(error))
        try:
            return await host.listen(self._port, self._open_port)
        except WbemError as error:
            problems.append(error.message)
        reasons = "; ".join(map(printable, problems))
        raise Unreachable(
            WbemStatus.TRANSPORT_FAILURE,
            f"no server can call the sinks of this process: they need a resolver at {Address(host.address, self._port)}"
            f" ({reasons}). Run 'openwmi resolver --listen {Address(host.address, self._port)} --resolver-socket FILE',"
            f" and set {SOCKET_VARIABLE}=FILE here",
        )


class SinkHost:
    """An address of ours. Made by `SinkHosts.hold`.

    Attributes:
        address: it.
        servers: the addresses of the servers that may call, each as often as it is held.
        stranger: another address, from which somebody wanted to call last.
    """

    def __init__(self, address: str, keytab: str | None) -> None:
        self.address = address
        self.servers = _Servers()
        self.stranger = ""
        self._keytab = keytab
        self._names = ServerNames.of_this_host()
        self._port: Any = None
        self._registration: Registration | None = None

    def publish(self, sink: Served) -> bytes:
        """A reference to it, as a call passes it; the same object is the same sink, however often.

        It is there as long as a server holds it, and pings it: that it does not any more says that it is done with it.
        """
        return self._exporter.publish(sink, IWbemObjectSink, self.address, kept=False)

    def withdraw(self, sink: Served) -> None:
        """Nobody reaches it any more."""
        self._exporter.withdraw(sink)

    async def listen(self, port: int, open_port: Callable[..., Any]) -> None:
        """Sinks and resolver at one port: whoever forwards it to us forwards all."""
        self._make(None)
        await self._open(port, open_port)

    async def share(self, socket: Path, open_port: Callable[..., Any]) -> None:
        """The resolver is another process's. Unreachable if there is none now."""
        pings = ForwardedPings()
        self._make(pings)
        await self._open(0, open_port)
        registration = Registration(self._exporter, pings, socket)
        try:
            await registration.start()
        except BaseException:
            await self.close()
            raise
        self._registration = registration

    async def close(self) -> None:
        """Ends every connection, and returns when none is left."""
        if self._registration is not None:
            await self._registration.close()
        await self._port.close()
        await self._endpoint.close()
        self._exporter.close()

    def _make(self, pings: ForwardedPings | None) -> None:
        securities: tuple[SecurityBinding, ...] = ()
        if self._keytab is not None:
            name = f"host/{self._names.dns_computer}"
            securities = SecurityBinding(AUTH_TYPE_NEGOTIATE, name), SecurityBinding(AUTH_TYPE_KERBEROS, name)
        hint = AuthLevel.NONE if self._keytab is None else AuthLevel.INTEGRITY
        self._exporter = Exporter((), self._at, securities=securities, hint=hint, pings=pings)
        services = [Resolver(self._exporter)] if pings is None else []
        kind = partial(_Closed, self) if self._keytab is None else Endpoint
        self._endpoint = kind(self._exporter, services, [IWbemObjectSink], self._logins, LEVELS, familiar=self.servers)

    async def _open(self, port: int, open_port: Callable[..., Any]) -> None:
        try:
            self._port = await open_port(self._endpoint, Address(self.address, port))
        except BaseException:
            self._exporter.close()
            raise

    def _at(self) -> int:
        port: int = self._port.address.port
        return port

    def _logins(self, peer: str) -> Logins:
        if self._keytab is not None:
            kerberos = partial(KerberosAcceptor, _anybody, self._keytab)
            return Logins(NoUsers(), self._names, peer=peer, kerberos=kerberos)
        made = Logins(NoUsers(), self._names, peer=peer)
        made.auth_types = frozenset()  # who cannot be let in is not asked for a password, which others could use
        return made


class _Servers(Counter[str]):
    """Addresses of servers; that from which one calls may be another one of the same machine."""

    def __contains__(self, peer: object) -> bool:
        return super().__contains__(peer) or any(same_place(str(peer), each) for each in self)


class _Closed(Endpoint):
    """Lets only familiar addresses in."""

    def __init__(self, host: SinkHost, *arguments: Any, **named: Any) -> None:
        super().__init__(*arguments, **named)
        self._host = host

    def admit(self, connection: Any) -> bool:
        if connection.peer not in self.familiar:
            log.info("%s is no server that was given a sink: its connection is refused", connection.peer)
            self._host.stranger = connection.peer
            return False
        return super().admit(connection)


def _anybody(_: str) -> bool:
    """Whoever has a ticket for this machine was made known by the realm; which sink is called, its IPID says."""
    return True


_of_loop: WeakKeyDictionary[asyncio.AbstractEventLoop, SinkHosts] = WeakKeyDictionary()
