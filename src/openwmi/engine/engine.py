"""The engine: its classes, its providers, and a session for whoever asks."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING

from openwmi.base.case import fold
from openwmi.base.error import WbemError
from openwmi.base.status import WbemStatus
from openwmi.engine.access import Access
from openwmi.engine.hosting import ProviderHost
from openwmi.engine.local import LocalSession
from openwmi.engine.provider import Provider
from openwmi.engine.registration import ClassesByName, Registration, placed, unfit
from openwmi.model import CimClass
from openwmi.repository import GivenLayer, Layers, Repository, ShippedLayer

if TYPE_CHECKING:
    from openwmi.engine.events import Hub


class Engine:
    """The object manager of one machine.

    Args:
        server: this machine's name, as `__SERVER` gives it.
        providers: what serves instances and methods, one provider a class; or what loads it at its first use.
        classes: every class; those of the providers, and those that come with the package, may be left out.
        repository: the file in which what is put is kept; None keeps it in memory.
        wall: the date and time, aware of its offset: for TIME_CREATED, and for timers.

    Errors: INVALID_PROVIDER_REGISTRATION; INVALID_SUPERCLASS, ALREADY_EXISTS for classes; MofError for a
    provider's MOF.
    """

    def __init__(
        self,
        server: str,
        providers: Iterable[Provider | Registration] = (),
        classes: Iterable[CimClass] = (),
        repository: Path | None = None,
        wall: Callable[[], datetime] = lambda: datetime.now(UTC),
    ) -> None:
        known, shipped = [placed(class_) for class_ in classes], ShippedLayer.load()
        below = Layers([GivenLayer(known), shipped])
        by_name = ClassesByName(known, below)
        self._hosts: dict[str, dict[str, ProviderHost]] = {}
        for provider in providers:
            if isinstance(provider, Registration):
                self._register(provider, below)
            else:
                class_ = by_name.served(provider)
                self._add(class_.namespace, ProviderHost.of(class_.name, provider))
        known.extend(by_name.added)
        layers = Layers([GivenLayer(known), shipped]) if by_name.added else below
        self._repository = Repository(server, layers, repository)
        self._wall = wall
        self._hub: Hub | None = None
        for class_ in known:
            superclass = class_.superclass
            if superclass is not None and fold(superclass) not in layers.classes(class_.namespace):
                raise WbemError(
                    WbemStatus.INVALID_SUPERCLASS,
                    f"{class_.name} derives from {superclass}, which {class_.namespace} does not have",
                )

    def session(self, namespace: str, access: Access | None = None) -> LocalSession:
        """A connection to a namespace, whose callers may do what `access` grants them; everything without one.

        INVALID_NAMESPACE.
        """
        return LocalSession(self._repository, self._hosts_of, self._events, namespace, access)

    def close(self) -> None:
        """Lets the repository's file go. Nothing may be under way."""
        self._repository.close()

    def _events(self) -> Hub:
        if self._hub is None:
            from openwmi.engine.events import Hub  # noqa: PLC0415 - most programs subscribe to nothing

            self._hub = Hub(self._repository, self._hosts_of, self._wall)
        return self._hub

    def _register(self, registration: Registration, layers: Layers) -> None:
        if fold(registration.class_name) not in layers.classes(registration.namespace):
            raise unfit(f"{registration.namespace} has no class {registration.class_name} for a provider to serve")
        host = ProviderHost(registration.class_name, registration.provider, registration.load)
        self._add(registration.namespace, host)

    def _add(self, namespace: str, host: ProviderHost) -> None:
        hosts = self._hosts.setdefault(fold(namespace), {})
        if fold(host.class_name) in hosts:
            raise unfit(f"{host.class_name} of {namespace} has two providers, and can have one")
        hosts[fold(host.class_name)] = host

    def _hosts_of(self, namespace: str) -> Mapping[str, ProviderHost]:
        return self._hosts.get(fold(namespace), {})
