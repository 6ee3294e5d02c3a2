"""The machine that is looked at, and what the checks have opened there so far: each leaves it for those that follow."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager, suppress
from typing import Any, Final, TypeVar

from openwmi import net
from openwmi.base.error import WbemError
from openwmi.base.fault import RemoteProtocolError
from openwmi.base.guid import Guid
from openwmi.client.credentials import Credentials
from openwmi.client.link import Entered, Login
from openwmi.client.pushed import Mode
from openwmi.client.sinkhost import SinkHosts
from openwmi.dcom import Channel, Machine, Means, RemoteExporter
from openwmi.dcom.channel import CONNECT_SECONDS, Connect
from openwmi.net import Address
from openwmi.rpc import AuthLevel
from openwmi.security import Initiator, Step

P = TypeVar("P", bound=asyncio.Protocol)

_SIGNATURE: Final = b"NTLMSSP\0"
_CHALLENGE: Final = 2
_HAS_VERSION: Final = 0x02000000
_CHALLENGE_SIZE: Final = 56


class Visit:
    """One machine, as one user.

    Args:
        where: its resolver.
        credentials: who logs in.
        namespace: such as `root\\cimv2`.
        timeout: the most seconds for each check; None: as long as each may take.
        callbacks: "never" leaves them out.
        connect: how connections are opened; tests give another way than TCP.
        sinks: where the server calls our sinks; None: where all of this process are called.

    Attributes:
        addresses: of the machine.
        resolver: a connection to it, without a login.
        machine, login, entered: what was opened, in that order.
        exporter, ipid: of the login.
        kind: of the login ([MS-RPCE] 2.2.1.1.7); 0 before it.
        system: major, minor and build, as the server's NTLM says them; () where it does not.
        seconds: that each check took, by its name.
        each: seconds for a connection.
        ways: where a connection was opened, in that order.
    """

    def __init__(
        self,
        where: Address,
        credentials: Credentials,
        namespace: str = r"root\cimv2",
        *,
        timeout: float | None = None,
        callbacks: Mode = "auto",
        connect: Connect = net.connect,
        sinks: SinkHosts | None = None,
    ) -> None:
        self.where = where
        self.user = credentials.user or ""
        self.namespace = namespace
        self.timeout = timeout
        self.callbacks = callbacks
        self._connect = connect
        self._begin = credentials.login(where.host)
        self._sinks = sinks
        # Less than a check may take: which connection was not answered says more than that the time is up.
        self.each = CONNECT_SECONDS if timeout is None else min(CONNECT_SECONDS, 0.9 * timeout)
        self.addresses: tuple[str, ...] = ()
        self.resolver: Channel | None = None
        self.machine: Machine | None = None
        self.login: Login | None = None
        self.entered: Entered | None = None
        self.exporter: RemoteExporter | None = None
        self.ipid: Guid | None = None
        self.kind = 0
        self.system: tuple[int, ...] = ()
        self.seconds: dict[str, float] = {}
        self.ways: list[Address] = []

    @property
    def sinks(self) -> SinkHosts:
        """Where the server calls our sinks."""
        return self._sinks or SinkHosts.of_loop()

    @property
    def inside(self) -> Entered:
        """The namespace, for checks that need it to be entered."""
        assert self.entered is not None, "the check needs the one that enters it"
        return self.entered

    @property
    def activated(self) -> tuple[RemoteExporter, Guid]:
        """The login, for checks that need it to be activated."""
        assert self.exporter is not None, "the check needs the one that activates it"
        assert self.ipid is not None, "likewise"
        return self.exporter, self.ipid

    async def connect(self, protocol: Callable[[], P], host: str, port: int, timeout: float, /) -> tuple[Any, P]:
        """As a Connect does."""
        opened = await self._connect(protocol, host, port, timeout)
        self.ways.append(Address(host, port))
        return opened

    def means(self, level: AuthLevel = AuthLevel.PRIVACY) -> Means:
        """How connections are made with a login."""
        return Means(lambda: _Watched(self._begin(), self), level, self.each, self.connect)

    @asynccontextmanager
    async def held(self, reference: bytes | None) -> AsyncIterator[tuple[RemoteExporter, Guid]]:
        """An object that a call in the namespace has returned: where it is. It is given back at the end."""
        login = self.inside.login
        exporter, ipid = await login.machine.adopt(reference or b"")
        try:
            yield exporter, ipid
        finally:
            login.let_go(exporter, ipid)

    async def close(self) -> None:
        """Gives everything back."""
        if self.resolver is not None:
            self.resolver.close()
        # What it says then was said before: a check has failed with it.
        with suppress(WbemError, RemoteProtocolError):
            if self.login is not None:
                await self.login.close()
            elif self.machine is not None:
                await self.machine.close()


class _Watched:
    """A login, of which is noted what the server says of itself ([MS-NLMP] 2.2.1.2)."""

    def __init__(self, login: Initiator, visit: Visit) -> None:
        self._login = login
        self._visit = visit
        self.auth_type: int = login.auth_type
        self.blocks: bool = login.blocks
        visit.kind = self.auth_type

    def step(self, token: bytes = b"") -> Step:
        self._visit.system = _system_in(token) or self._visit.system
        return self._login.step(token)


def _system_in(token: bytes) -> tuple[int, ...]:
    """The VERSION of a CHALLENGE (2.2.2.10): major, minor, build."""
    at = token.find(_SIGNATURE)
    challenge = token[at : at + _CHALLENGE_SIZE] if at >= 0 else b""
    if len(challenge) < _CHALLENGE_SIZE or int.from_bytes(challenge[8:12], "little") != _CHALLENGE:
        return ()
    if not int.from_bytes(challenge[20:24], "little") & _HAS_VERSION:
        return ()
    return challenge[48], challenge[49], int.from_bytes(challenge[50:52], "little")
