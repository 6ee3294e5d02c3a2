"""Who serves which class: providers that are there, and those that are loaded when somebody first wants one.

A provider names its class by a CimClass, by MOF text, or by the name of a class that is there without it
([MS-WMI] 3.1.4.17). What it serves is known before any code of it runs.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable
from dataclasses import dataclass, replace

from openwmi.base.case import fold
from openwmi.base.error import WbemError
from openwmi.base.status import WbemStatus
from openwmi.engine.provider import MethodTable, Provider
from openwmi.model import CimClass
from openwmi.repository import Layers, ShippedLayer, class_record

DEFAULT_NAMESPACE = r"root\cimv2"
"""Where a class lives that does not say."""


@dataclass(frozen=True, slots=True)
class Registration:
    """A provider that is not loaded yet.

    Attributes:
        class_name: the class that it serves, which is there without it.
        namespace: of the class.
        provider: the name of the provider, for messages.
        load: makes it; called once, when it is first needed, and again only where that failed.
    """

    class_name: str
    namespace: str
    provider: str
    load: Callable[[], Provider]


class ClassesByName:
    """The classes that are known while providers are registered: those of the layers, and those that came since.

    Attributes:
        added: what providers brought along and nobody gave beside them, in that order.
    """

    def __init__(self, given: Iterable[CimClass], layers: Layers) -> None:
        self._known = {_key(class_): class_ for class_ in given}
        self._layers = layers
        self.added: list[CimClass] = []

    def served(self, provider: Provider) -> CimClass:
        """The class of a provider that has what a provider must have. INVALID_PROVIDER_REGISTRATION."""
        if not isinstance(provider, Provider):
            raise unfit(f"{provider!r} is no instance of a class derived from openwmi.Provider")
        kind = type(provider).__name__
        named = getattr(provider, "cim_class", None)
        declared = [self._add(class_) for class_ in _declared(provider.mof, self.find)] if provider.mof else []
        if isinstance(named, CimClass):
            class_ = self._add(placed(named))
        elif isinstance(named, str):
            class_ = self._named(named, kind)
        elif declared:
            class_ = declared[-1]
        else:
            raise unfit(f"{kind} does not say which class it serves: set cim_class to its name or a CimClass, or mof")
        for name in MethodTable(type(provider)).names:
            try:
                class_.method(name)
            except KeyError as error:
                raise unfit(f"{kind} serves a method that is not declared: {error.args[0]}") from None
        return class_

    def find(self, namespace: str, name: str) -> CimClass | None:
        """A class that is known by now."""
        key = fold(namespace), fold(name)
        if key not in self._known:
            entry = self._layers.classes(namespace).get(fold(name))
            if entry is None:
                return None
            found, superclass, layer = entry
            parent = None if superclass is None else self.find(namespace, superclass)
            self._known[key] = class_record.decode(layer.record(namespace, found), parent, namespace, "")
        return self._known[key]

    def _named(self, text: str, kind: str) -> CimClass:
        namespace, _, name = text.replace("/", "\\").rpartition(":")
        found = self.find(namespace or DEFAULT_NAMESPACE, name)
        if found is None:
            raise unfit(f"{kind} serves {name}, and {namespace or DEFAULT_NAMESPACE} has no such class")
        return found

    def _add(self, class_: CimClass) -> CimClass:
        if _key(class_) not in self._known:
            self.added.append(class_)
        return self._known.setdefault(_key(class_), class_)


def shipped_class(name: str, namespace: str = DEFAULT_NAMESPACE) -> CimClass:
    """A class that comes with the package, as a namespace has it that nobody changed. KeyError."""
    found = ClassesByName((), Layers([ShippedLayer.load()])).find(namespace, name)
    if found is None:
        raise KeyError(f"{namespace}:{name}")
    return found


def placed(class_: CimClass) -> CimClass:
    """The class in its namespace, as that is written with backslashes."""
    namespace = class_.namespace.replace("/", "\\") or DEFAULT_NAMESPACE
    return class_ if namespace == class_.namespace else replace(class_, namespace=namespace)


def unfit(text: str) -> WbemError:
    """INVALID_PROVIDER_REGISTRATION."""
    return WbemError(WbemStatus.INVALID_PROVIDER_REGISTRATION, text)


def _declared(text: str, find: Callable[[str, str], CimClass | None]) -> list[CimClass]:
    """The classes of a MOF text, in root\\cimv2 until a pragma says otherwise. MofError says where it is wrong."""
    from openwmi.mof import parse, resolve  # noqa: PLC0415 - only who declares by MOF pays for a compiler

    return list(resolve(parse(text, "the provider's MOF"), find, DEFAULT_NAMESPACE).classes)


def _key(class_: CimClass) -> tuple[str, str]:
    return fold(class_.namespace), fold(class_.name)
