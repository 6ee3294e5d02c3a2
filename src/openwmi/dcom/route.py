"""The ways to an exporter: which address is tried first, and which may be tried at all ([MS-DCOM] 3.2.4.1.2.4).

What a server says of its addresses is true where it stands. A client behind a translator of addresses, one that was
told a name in /etc/hosts, one that goes through a forwarded port: each knows a way that works, the one that it came by.
It is also the only safe one: whoever goes where a server says lets it choose who gets the login, and the calls.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from itertools import islice

from openwmi import net
from openwmi.base import limits
from openwmi.base.error import Unreachable
from openwmi.base.guid import Guid
from openwmi.base.record import printable
from openwmi.base.status import HResult
from openwmi.dcom.channel import CONNECT_SECONDS, Channel, Connect, Initiator
from openwmi.net import Address
from openwmi.orpc import OxidEntry
from openwmi.orpc.bindings import TOWER_TCP
from openwmi.rpc import AuthLevel


@dataclass(frozen=True, slots=True)
class Means:
    """How connections are made and protected; the same for all that a client does with one machine.

    Attributes:
        login: makes the login of a connection; None for nobody.
        level: how calls are protected where somebody logs in.
        timeout: seconds for each connection, and then for each bind.
        connect: how connections are opened; tests give another way than TCP.
    """

    login: Callable[[], Initiator] | None = None
    level: AuthLevel = AuthLevel.INTEGRITY
    timeout: float = CONNECT_SECONDS
    connect: Connect = net.connect

    async def open(self, where: Address, group: int = 0, also: Sequence[Guid] = ()) -> Channel:
        """A connection, on which these interfaces are bound with the first. Unreachable."""
        return await Channel.open(
            where.host,
            where.port,
            login=None if self.login is None else self.login(),
            level=self.level,
            timeout=self.timeout,
            connect=self.connect,
            group=group,
            also=also,
        )


class Route:
    """The ways to one exporter, the one that worked before the others.

    Args:
        exporter: where it says that it is.
        means: how connections are made.
        only: the one host that may be tried, by which the machine was reached, whatever the exporter says: a reference
            must not lead us elsewhere. None: all that it says.
        also: interfaces that are bound with the first.
    """

    def __init__(
        self,
        exporter: OxidEntry,
        means: Means,
        *,
        only: str | None = None,
        also: Sequence[Guid] = (),
    ) -> None:
        self._name = f"exporter {exporter.oxid:016x}"
        self._means = means
        self._also = also
        told = [each for each in exporter.bindings.strings if each.tower == TOWER_TCP and each.port is not None]
        if only is None:
            ways = [Address(each.host, each.port or 0) for each in told]
        else:
            ways = [Address(only, port) for port in dict.fromkeys(each.port or 0 for each in told)]
        self.ways = list(islice(dict.fromkeys(ways), limits.BINDINGS_TRIED))

    async def open(self, group: int = 0) -> Channel:
        """A connection, by the first way that answers. Unreachable says what became of each."""
        problems = []
        for way in list(self.ways):
            try:
                channel = await self._means.open(way, group, self._also)
            except Unreachable as error:
                problems.append(error.message)
            else:
                self.worked(way)
                return channel
        reasons = "; ".join(map(printable, problems)) or "it has no TCP address"
        raise Unreachable(HResult.RPC_S_SERVER_UNAVAILABLE, f"no way to {self._name}: {reasons}")

    def worked(self, way: Address) -> None:
        """This one is tried first from now on."""
        self.ways.remove(way)
        self.ways.insert(0, way)
