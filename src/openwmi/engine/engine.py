"""The engine: its classes, its providers, and a session for whoever asks."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import replace

from openwmi.base.case import fold
from openwmi.base.error import WbemError
from openwmi.base.status import WbemStatus
from openwmi.engine.catalog import Catalog
from openwmi.engine.hosting import ProviderHost
from openwmi.engine.local import LocalSession
from openwmi.engine.provider import MethodTable, Provider
from openwmi.model import CimClass

DEFAULT_NAMESPACE = r"root\cimv2"
"""Where a class lives that does not say."""


class Engine:
    """The object manager of one machine.

    Args:
        server: this machine's name, as `__SERVER` gives it.
        providers: what serves instances and methods, one provider a class.
        classes: every class; those of the providers may be left out.

    Errors: INVALID_PROVIDER_REGISTRATION; INVALID_SUPERCLASS, ALREADY_EXISTS for classes.
    """

    def __init__(self, server: str, providers: Iterable[Provider] = (), classes: Iterable[CimClass] = ()) -> None:
        known = [_placed(class_) for class_ in classes]
        names = {_key(class_) for class_ in known}
        self._hosts: dict[tuple[str, str], ProviderHost] = {}
        for provider in providers:
            class_ = _placed(_served(provider))
            key = _key(class_)
            if key in self._hosts:
                raise _unfit(f"{class_.name} of {class_.namespace} has two providers, and can have one")
            self._hosts[key] = ProviderHost(provider)
            if key not in names:
                known.append(class_)
        known.sort(key=lambda class_: len(class_.derivation))  # ancestors first
        self._catalog = Catalog(server, known)

    def session(self, namespace: str) -> LocalSession:
        """A connection to a namespace. INVALID_NAMESPACE."""
        schema = self._catalog.schema(namespace)
        folded = fold(schema.namespace)
        hosts = {name: host for (where, name), host in self._hosts.items() if where == folded}
        return LocalSession(self._catalog.server, schema, hosts)


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
