"""The engine: its classes, its providers, and a session for whoever asks."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import replace
from pathlib import Path

from openwmi.base.case import fold
from openwmi.base.error import WbemError
from openwmi.base.status import WbemStatus
from openwmi.engine.hosting import ProviderHost
from openwmi.engine.local import LocalSession
from openwmi.engine.provider import MethodTable, Provider
from openwmi.model import CimClass
from openwmi.repository import GivenLayer, Layers, Repository, ShippedLayer

DEFAULT_NAMESPACE = r"root\cimv2"
"""Where a class lives that does not say."""


class Engine:
    """The object manager of one machine.

    Args:
        server: this machine's name, as `__SERVER` gives it.
        providers: what serves instances and methods, one provider a class.
        classes: every class; those of the providers may be left out.
        repository: the file in which what is put is kept; None keeps it in memory.

    Errors: INVALID_PROVIDER_REGISTRATION; INVALID_SUPERCLASS, ALREADY_EXISTS for classes.
    """

    def __init__(
        self,
        server: str,
        providers: Iterable[Provider] = (),
        classes: Iterable[CimClass] = (),
        repository: Path | None = None,
    ) -> None:
        known = [_placed(class_) for class_ in classes]
        names = {_key(class_) for class_ in known}
        self._hosts: dict[str, dict[str, ProviderHost]] = {}
        for provider in providers:
            class_ = _placed(_served(provider))
            hosts = self._hosts.setdefault(fold(class_.namespace), {})
            if fold(class_.name) in hosts:
                raise _unfit(f"{class_.name} of {class_.namespace} has two providers, and can have one")
            hosts[fold(class_.name)] = ProviderHost(provider)
            if _key(class_) not in names:
                known.append(class_)
        layers = Layers([GivenLayer(known), ShippedLayer.load()])
        self._repository = Repository(server, layers, repository)
        for class_ in known:
            superclass = class_.superclass
            if superclass is not None and fold(superclass) not in layers.classes(class_.namespace):
                raise WbemError(
                    WbemStatus.INVALID_SUPERCLASS,
                    f"{class_.name} derives from {superclass}, which {class_.namespace} does not have",
                )

    def session(self, namespace: str) -> LocalSession:
        """A connection to a namespace. INVALID_NAMESPACE."""
        return LocalSession(self._repository, self._hosts_of, namespace)

    def close(self) -> None:
        """Lets the repository's file go. Nothing may be under way."""
        self._repository.close()

    def _hosts_of(self, namespace: str) -> Mapping[str, ProviderHost]:
        return self._hosts.get(fold(namespace), {})


def _placed(class_: CimClass) -> CimClass:
    namespace = class_.namespace.replace("/", "\\") or DEFAULT_NAMESPACE
    return class_ if namespace == class_.namespace else replace(class_, namespace=namespace)


def _key(class_: CimClass) -> tuple[str, str]:
    return fold(class_.namespace), fold(class_.name)


def _served(provider: Provider) -> CimClass:
    """The class of a provider that has what a provider must have. INVALID_PROVIDER_REGISTRATION."""
    if not isinstance(provider, Provider):
        raise _unfit(f"{provider!r} is no instance of a class derived from openwmi.Provider")
    class_ = getattr(provider, "cim_class", None)
    if not isinstance(class_, CimClass):
        raise _unfit(f"{type(provider).__name__} does not say which class it serves: set cim_class to a CimClass")
    for name in MethodTable(type(provider)).names:
        try:
            class_.method(name)
        except KeyError as error:
            raise _unfit(f"{type(provider).__name__} serves a method that is not declared: {error.args[0]}") from None
    return class_


def _unfit(text: str) -> WbemError:
    return WbemError(WbemStatus.INVALID_PROVIDER_REGISTRATION, text)
