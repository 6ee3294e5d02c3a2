"""Parts of instances as named values of a call's context (SDK, "Requesting Part of an Instance" and "Updating …")."""

from __future__ import annotations

from collections.abc import Iterable, Mapping

from openwmi.base.error import WbemError
from openwmi.base.status import WbemStatus
from openwmi.operation import NO_VALUES


def partial_get(properties: Iterable[str] | None) -> Mapping[str, object]:
    """What makes a get bring these properties alone; None: all. INVALID_PARAMETER for what are no names."""
    return _values("__GET_EXT", properties)


def partial_put(properties: Iterable[str] | None) -> Mapping[str, object]:
    """What makes a put write these properties alone; None: all. INVALID_PARAMETER for what are no names."""
    return _values("__PUT_EXT", properties)


def _values(prefix: str, properties: Iterable[str] | None) -> Mapping[str, object]:
    if properties is None:
        return NO_VALUES
    return {
        f"{prefix}ENSIONS": True,
        f"{prefix}_CLIENT_REQUEST": True,
        f"{prefix}_PROPERTIES": _names(properties),
    }


def _names(properties: Iterable[str]) -> tuple[str, ...]:
    names = () if isinstance(properties, str) else tuple(properties)
    if not names or not all(isinstance(name, str) for name in names):
        raise WbemError(
            WbemStatus.INVALID_PARAMETER, f"properties are a list of names, one at least, and not {properties!r}"
        )
    return names
