"""The providers as a list for people: what each serves, where it comes from, and what is wrong with it.

Each is loaded for it, which nobody does who only wants to use them.
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import partial

from openwmi.base.case import fold
from openwmi.engine.provider import MethodTable
from openwmi.engine.registration import Registration
from openwmi.providers.catalogue import builtin, checked, installed, make, package_of

OURS = "openwmi"


@dataclass(frozen=True, slots=True)
class Listed:
    """One provider, for people.

    Attributes:
        class_name, namespace: what it serves.
        provider: its name; of another package's as its entry point writes it.
        origin: the package that it comes with.
        methods: those that it carries out.
        problem: why it cannot be used; empty if it can.
    """

    class_name: str
    namespace: str
    provider: str
    origin: str
    methods: tuple[str, ...] = ()
    problem: str = ""


def listed() -> list[Listed]:
    """All of them, each loaded for it, by class."""
    found = [_listed(each.class_name, each.namespace, each.provider, OURS, each) for each in builtin()]
    for point, namespace, name in installed():
        lazy = Registration(name, namespace, point.value, partial(make, point))
        found.append(_listed(name, namespace, point.value, package_of(point), lazy))
    return sorted(found, key=lambda each: (fold(each.namespace), fold(each.class_name), each.origin))


def _listed(name: str, namespace: str, provider: str, origin: str, registration: Registration) -> Listed:
    try:
        made = registration.load()
        if origin != OURS:
            checked(made, (fold(namespace), fold(name)))
    except Exception as error:  # noqa: BLE001 - whatever is wrong with it is what the list is to say
        return Listed(name, namespace, provider, origin, problem=f"{type(error).__name__}: {error}")
    return Listed(name, namespace, provider, origin, tuple(sorted(MethodTable(type(made)).names)))
