"""Parts of instances as named values of a call's context (SDK, "Requesting Part of an Instance" and "Updating …")."""

from __future__ import annotations

from collections.abc import Iterable, Mapping

from openwmi.base.error import WbemError
from openwmi.base.status import WbemStatus
from openwmi.operation import NO_VALUES


def partial_get(properties: Iterable[str] | None) -> Mapping[str, object]:
    """What makes a get bring these properties alone; None: all. INVALID_PARAMETER for what are no names."""
    if properties is None:
        return NO_VALUES
    return {
        "__GET_EXTENSIONS": True,
        "__GET_EXT_CLIENT_REQUEST": True,
        "__GET_EXT_PROPERTIES": _names(properties),
    }


def partial_put(properties: Iterable[str] | None) -> Mapping[str, object]:
    """What makes a put write these properties alone; None: all. INVALID_PARAMETER for what are no names."""
    if properties is None:
        return NO_VALUES
    return {
        "__PUT_EXTENSIONS": True,
        "__PUT_EXT_CLIENT_REQUEST": True,
        "__PUT_EXT_PROPERTIES": _names(properties),
    }


def _names(properties: Iterable[str]) -> tuple[str, ...]:
    names = () if isinstance(properties, str) else tuple(properties)
    if not names or not all(isinstance(name, str) for name in names):
        raise WbemError(
            WbemStatus.INVALID_PARAMETER, f"properties are a list of names, one at least, and not {properties!r}"
        )
    return names
