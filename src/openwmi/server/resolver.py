"""The resolver of a machine alone: where the exporters of its processes are, and nothing to activate."""

from __future__ import annotations

from openwmi.dcom import Endpoint, EndpointMapper, Exporter, Registry, Resolver
from openwmi.net import Address, listen
from openwmi.security import Logins, NoUsers, ServerNames
from openwmi.server.host import OpenPort, Port


class ResolverHost:
    """Answers without a login, as resolvers do, and takes none.

    Args:
        registry: the processes.
    """

    def __init__(self, registry: Registry) -> None:
        names = ServerNames.of_this_host()
        self._listeners: list[Port] = []
        self._exporter = Exporter((names.dns_computer,), self._port, pings=registry.pings)
        registry.changed = self._exporter.watch
        mapper = EndpointMapper(lambda: self._endpoint.interfaces, self._port)
        services = (Resolver(self._exporter, registry), mapper)
        self._endpoint = Endpoint(self._exporter, services, (), lambda peer: Logins(NoUsers(), names, peer=peer))

    async def listen(self, address: Address, *, open_port: OpenPort | None = None) -> Address:
        """Opens a port; returns where it is. `open_port`: another way than TCP's."""
        listener = await (open_port or listen)(self._endpoint, address)
        self._listeners.append(listener)
        return listener.address

    async def close(self) -> None:
        """Ends every connection."""
        for listener in self._listeners:
            await listener.close()
        await self._endpoint.close()
        self._exporter.close()

    def _port(self) -> int:
        return self._listeners[0].address.port
