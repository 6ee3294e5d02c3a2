"""The resolver of a machine alone: where the exporters of its processes are, and nothing to activate."""

from __future__ import annotations

from openwmi.dcom import Endpoint, EndpointMapper, Exporter, Registry, Resolver
from openwmi.net import Address, Listener, listen
from openwmi.security import Logins, ServerNames


class ResolverHost:
    """Answers without a login, as resolvers do, and takes none.

    Args:
        registry: the processes.
    """

    def __init__(self, registry: Registry) -> None:
        names = ServerNames.of_this_host()
        self._listener: Listener | None = None
        self._exporter = Exporter((names.dns_computer,), self._port, pings=registry.pings)
        registry.changed = self._exporter.watch
        mapper = EndpointMapper(lambda: self._endpoint.interfaces, self._port)
        services = (Resolver(self._exporter, registry), mapper)
        self._endpoint = Endpoint(self._exporter, services, (), lambda peer: Logins(_Nobody(), names, peer=peer))

    async def listen(self, address: Address) -> Address:
        """Opens the port; returns where it is."""
        self._listener = await listen(self._endpoint, address)
        return self._listener.address

    async def close(self) -> None:
        """Ends every connection."""
        if self._listener is not None:
            await self._listener.close()
        await self._endpoint.close()
        self._exporter.close()

    def _port(self) -> int:
        assert self._listener is not None, "nobody asks before it listens"
        return self._listener.address.port


class _Nobody:
    """Users of whom there are none."""

    def lookup(self, domain: str, name: str, computer: str) -> None:
        return None
