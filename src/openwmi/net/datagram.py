"""Datagrams as values, and what those who exchange them ask of each other: nothing here touches a socket.

The group and the port are WS-Discovery's (2.4 of the 2005 text, 3.1.1 of the 1.1 one; IANA has them registered).
"""

from __future__ import annotations

from collections.abc import Collection, Sequence
from dataclasses import dataclass
from typing import Final, NamedTuple, Protocol

from openwmi.net.interfaces import Interface

DISCOVERY_PORT: Final = 3702
GROUP_V4: Final = "239.255.255.250"
GROUP_V6: Final = "ff02::c"


class Endpoint(NamedTuple):
    """An address of UDP. `host` is a number; where it is good for one link alone, the interface says for which."""

    host: str
    port: int

    def __str__(self) -> str:
        return f"[{self.host}]:{self.port}" if ":" in self.host else f"{self.host}:{self.port}"


@dataclass(frozen=True, slots=True)
class Datagram:
    """One that came in.

    Attributes:
        data: what it holds.
        source: who sent it, as far as one can say.
        interface: where it came in.
        multicast: whether it was sent to the group, and not to us alone.
    """

    data: bytes
    source: Endpoint
    interface: Interface
    multicast: bool


class DatagramReceiver(Protocol):
    """What is told of datagrams, on the loop."""

    def datagram_received(self, datagram: Datagram) -> None:
        """One came in. Must not raise."""
        ...

    def interfaces_changed(self, interfaces: Sequence[Interface]) -> None:
        """The interfaces that are used are these now. Must not raise."""
        ...


class DatagramTransport(Protocol):
    """Open sockets on some interfaces."""

    @property
    def interfaces(self) -> Sequence[Interface]:
        """Those that are used just now."""
        ...

    def send(self, data: bytes, to: Endpoint, interface: Interface) -> None:
        """Sends one, by that interface. Neither waits nor raises: a datagram may be lost, here as anywhere."""
        ...

    def close(self) -> None:
        """Nothing is received any more. Harmless when repeated."""
        ...


class DatagramNetwork(Protocol):
    """Where transports come from: this machine's network, or one in memory."""

    async def open(
        self, receiver: DatagramReceiver, *, names: Collection[str] | None = None, group: bool = False
    ) -> DatagramTransport:
        """Opens sockets.

        Args:
            receiver: is told of what comes in.
            names: the interfaces to use; None for all that reach others.
            group: whether to take part in the group at its port, which is shared with other programs; else at a port
                of our own, where answers come to.
        """
        ...
