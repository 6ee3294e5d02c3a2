"""Associations that are asked by one of their ends: only what belongs to that end is looked at."""

from __future__ import annotations

import dataclasses
from collections.abc import Callable, Mapping

from openwmi.base.case import fold
from openwmi.base.error import WbemError
from openwmi.engine.provider import Request
from openwmi.model import ObjectPath
from openwmi.providers.reading import HostProvider, S


class LinkProvider(HostProvider[S]):
    """An association whose samples heed the equalities of a request: a path to one of them says its two ends."""

    def find(self, request: Request, keys: Mapping[str, object]) -> S | None:
        return super().find(dataclasses.replace(request, equalities=keys), keys)


def pointed(request: Request, role: str) -> Callable[[str], bool]:
    """Whether a thing with a key may be the one that a request asks for in a role; all, where it asks for none."""
    wanted = request.equalities.get(role)
    if not isinstance(wanted, str):
        return lambda _: True
    try:
        keys = ObjectPath.parse(wanted).keys or ()
    except WbemError:
        return lambda _: False
    values = [value for _, value in keys]
    return lambda key: len(values) == 1 and fold(key) == fold(str(values[0]))
