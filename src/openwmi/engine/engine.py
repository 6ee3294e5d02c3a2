"""The engine: its classes, its providers, and a session for whoever asks."""

from __future__ import annotations

from collections.abc import Iterable

from openwmi.base.case import fold
from openwmi.engine.catalog import Catalog
from openwmi.engine.hosting import ProviderHost
from openwmi.engine.local import LocalSession
from openwmi.engine.provider import Provider
from openwmi.model import CimClass


class Engine:
    """The object manager of one machine.

    Args:
        server: this machine's name, as `__SERVER` gives it.
        classes: every class, each after its superclass; those of the providers may be left out.
        providers: what serves instances and methods, one provider a class.
    """

    def __init__(self, server: str, providers: Iterable[Provider] = (), classes: Iterable[CimClass] = ()) -> None:
        providers = tuple(providers)
        known = list(classes)
        names = {(fold(class_.namespace), fold(class_.name)) for class_ in known}
        for provider in providers:
            served = provider.cim_class
            if (fold(served.namespace), fold(served.name)) not in names:
                known.append(served)
        self._catalog = Catalog(server, known)
        self._hosts = {
            (fold(provider.cim_class.namespace), fold(provider.cim_class.name)): ProviderHost(provider)
            for provider in providers
        }

    @property
    def server(self) -> str:
        """This machine's name."""
        return self._catalog.server

    def session(self, namespace: str) -> LocalSession:
        """A connection to a namespace. INVALID_NAMESPACE."""
        schema = self._catalog.schema(namespace)
        folded = fold(schema.namespace)
        hosts = {name: host for (where, name), host in self._hosts.items() if where == folded}
        return LocalSession(self.server, schema, hosts)
