"""Which providers there are: those that come with openwmi, and those that other packages bring along.

Nothing is imported to know it. A family of ours has a table in its `__init__`; another package has an entry point in
the group `openwmi.providers`, named for the class that it serves: `Win32_Battery`, or with its namespace in front,
`root.home.Home_Lamp`. Its provider is imported at once where the class comes with it, since somebody has to declare
it; for a class that is shipped, when it is first asked for. One that is broken keeps no other from working.
"""

from __future__ import annotations

import logging
import os
import sys
from collections.abc import Iterable, Iterator
from functools import partial
from importlib import import_module
from typing import TYPE_CHECKING

from openwmi.base.case import fold
from openwmi.engine.provider import Provider
from openwmi.engine.registration import DEFAULT_NAMESPACE, ClassesByName, Registration, shipped_class, unfit
from openwmi.repository import Layers, ShippedLayer

if TYPE_CHECKING:
    from importlib.metadata import EntryPoint
    from pathlib import Path

log = logging.getLogger("openwmi.providers")

GROUP = "openwmi.providers"

FAMILIES = (
    "openwmi.providers.system",
    "openwmi.providers.time",
    "openwmi.providers.processes",
    "openwmi.providers.counters",
    "openwmi.providers.hardware",
    "openwmi.providers.storage",
    "openwmi.providers.network",
    "openwmi.providers.services",
    "openwmi.providers.accounts",
    "openwmi.providers.software",
    "openwmi.providers.logs",
    "openwmi.providers.registry",
    "openwmi.providers.sharing",
)
"""Each has `PROVIDERS`: the class, with its namespace where that is not root\\cimv2 -> (module, provider)."""


def registrations(repository: Path) -> list[Registration | Provider]:
    """Whatever serves a class of this machine, none of ours loaded. Another package's goes before ours.

    What a provider of ours keeps is beside the repository.
    """
    found: dict[tuple[str, str], Registration | Provider] = {}
    for point, namespace, name in installed():
        key = fold(namespace), fold(name)
        if key in found:
            log.warning("%s: %s has a provider already", _where(point), name)
        elif _is_shipped(namespace, name):
            found[key] = Registration(name, namespace, point.value, partial(make, point))
        else:
            try:
                found[key] = checked(make(point), key)
            except Exception as error:  # noqa: BLE001 - whatever another package does, the others go on
                log.warning("%s cannot be used: %s: %s", _where(point), type(error).__name__, error)
    for registration in builtin(repository):
        found.setdefault((fold(registration.namespace), fold(registration.class_name)), registration)
    return list(found.values())


def builtin(repository: Path | None = None) -> Iterator[Registration]:
    """Those that come with openwmi. One that keeps something has `beside`, which makes it for a repository."""
    for family in FAMILIES:
        for path, (module, provider) in import_module(family).PROVIDERS.items():
            namespace, _, name = path.rpartition(":")
            yield Registration(
                name, namespace or DEFAULT_NAMESPACE, provider, partial(_load, module, provider, repository)
            )


def package_of(point: EntryPoint) -> str:
    """The package that an entry point comes with, and its release."""
    return "" if point.dist is None else f"{point.dist.name} {point.dist.version}"


def make(point: EntryPoint) -> Provider:
    """Loads a provider. It raises whatever another package's code raises."""
    made: Provider = point.load()()
    return made


def checked(made: Provider, key: tuple[str, str]) -> Provider:
    """A provider that brings its class along. INVALID_PROVIDER_REGISTRATION, MofError."""
    served = ClassesByName((), Layers([ShippedLayer.load()])).served(made)
    if (fold(served.namespace), fold(served.name)) != key:
        raise unfit(f"it serves {served.namespace}:{served.name}, and its entry point has another name")
    return made


def installed() -> Iterator[tuple[EntryPoint, str, str]]:
    """The entry points of other packages, each with the namespace and the class that its name says."""
    if not any(map(_announces, sys.path)):
        return
    from importlib.metadata import entry_points  # noqa: PLC0415 - it costs as much as all providers together

    for point in sorted(entry_points(group=GROUP), key=lambda each: (each.name, each.value)):
        namespace, _, name = point.name.rpartition(".")
        yield point, namespace.replace(".", "\\") or DEFAULT_NAMESPACE, name


def _load(module: str, provider: str, repository: Path | None) -> Provider:
    kind = getattr(import_module(module), provider)
    made: Provider = kind() if repository is None or not hasattr(kind, "beside") else kind.beside(repository)
    return made


def _announces(folder: str) -> bool:
    """Whether some package in a folder of the search path has the group: looked up without importlib.metadata."""
    try:
        names = os.listdir(folder or ".")  # noqa: PTH208 - hundreds of names, and no Path is needed
    except OSError:
        return False
    return any(map(_has_group, _files_of(folder, names)))


def _files_of(folder: str, names: Iterable[str]) -> Iterator[str]:
    for name in names:
        if name.endswith((".dist-info", ".egg-info")):
            yield f"{folder}/{name}/entry_points.txt"


def _has_group(path: str) -> bool:
    try:
        with open(path, "rb") as file:  # noqa: PTH123 - likewise
            return GROUP.encode() in file.read()
    except OSError:
        return False


def _is_shipped(namespace: str, name: str) -> bool:
    try:
        shipped_class(name, namespace)
    except KeyError:
        return False
    return True


def _where(point: EntryPoint) -> str:
    return f"the provider {point.name} = {point.value} of {package_of(point)}"
