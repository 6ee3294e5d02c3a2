"""The server: an engine's namespaces, at an address."""

from __future__ import annotations

from openwmi.dcom import Activator, ClassTable, Endpoint, Exporter, OldActivator, Resolver
from openwmi.engine import Engine
from openwmi.interfaces import (
    IEnumWbemClassObject,
    IWbemFetchSmartEnum,
    IWbemLevel1Login,
    IWbemLoginClientID,
    IWbemLoginClientIDEx,
    IWbemServices,
    IWbemWCOSmartEnum,
)
from openwmi.net import Address, Listener, listen
from openwmi.rpc import AuthLevel
from openwmi.security import Logins, ServerNames, UserLookup
from openwmi.server.login import CLSID_WbemLevel1Login, Level1Login

OBJECTS = (
    IEnumWbemClassObject,
    IWbemFetchSmartEnum,
    IWbemLevel1Login,
    IWbemLoginClientID,
    IWbemLoginClientIDEx,
    IWbemServices,
    IWbemWCOSmartEnum,
)

LEVELS = {
    # Windows: its clients say who they are, and log in, at PKT.
    IWbemLevel1Login.iid: AuthLevel.PKT,
    IWbemLoginClientID.iid: AuthLevel.PKT,
    IWbemLoginClientIDEx.iid: AuthLevel.PKT,
}


class Server:
    """Serves WMI: activation and objects at one port.

    Args:
        engine: what is served.
        users: who may log in.
        names: what this machine calls itself.
    """

    def __init__(self, engine: Engine, users: UserLookup, names: ServerNames | None = None) -> None:
        self._engine = engine
        self._users = users
        self._names = names or ServerNames.of_this_host()
        self._listeners: list[Listener] = []
        self._exporter = Exporter((self._names.dns_computer,), self._port)
        classes = ClassTable(self._exporter, {CLSID_WbemLevel1Login: self._login})
        services = (Resolver(self._exporter), Activator(classes), OldActivator(classes))
        self.endpoint = Endpoint(self._exporter, services, OBJECTS, self._logins, LEVELS)

    async def listen(self, address: Address) -> Address:
        """Opens a port; returns where it is. References lead clients to the first one that was opened."""
        listener = await listen(self.endpoint, address)
        self._listeners.append(listener)
        return listener.address

    async def close(self) -> None:
        """Ends every connection, and with them what was under way."""
        for listener in self._listeners:
            await listener.close()
        self.endpoint.close()
        self._exporter.close()

    def _port(self) -> int:
        return self._listeners[0].address.port

    def _login(self) -> Level1Login:
        return Level1Login(self._exporter, self._engine.session)

    def _logins(self, peer: str) -> Logins:
        return Logins(self._users, self._names, peer=peer)
