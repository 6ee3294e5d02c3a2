"""Providers as tests ask them: their rows, each checked against its class, and a namespace that has them alone."""

from collections.abc import Callable
from pathlib import Path
from typing import Any

from tests.providers.trees import unpacked

from openwmi.engine import Engine
from openwmi.engine.provider import Request
from openwmi.engine.registration import shipped_class
from openwmi.providers.host import Host
from openwmi.session import Namespace

BARE = '== @kernel\n{"node": "bare", "release": "6.1.0", "version": "#1", "machine": "x86_64", "uid": 1000}\n'

Make = Callable[..., Host]
Asking = Callable[..., Request]


def rows(provider: Any, asking: Asking, *names: str, **equalities: object) -> list[dict[str, Any]]:
    """What a provider has for a request, each value of its property's type."""
    found = [dict(row) for row in provider.instances(asking(provider.cim_class, *names, **equalities))]
    for row in found:
        shipped_class(provider.cim_class).instance(row)
    return found


def namespace(*providers: Any) -> Namespace:
    """root\\cimv2 with these."""
    return Namespace(Engine("HOST1", list(providers)).session(r"root\cimv2"))


def bare(folder: Path, *sections: str) -> Host:
    """A host with nothing but these, in the form of `hosts/README.md`: quicker to make than a whole one."""
    return unpacked(BARE + "".join(sections), folder)
