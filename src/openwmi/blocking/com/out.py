"""Which out parameters a caller wants: how Python says what C++ says with a pointer or NULL.

Out parameters are returned, all of them, in the header's order. Where the header lets a caller pass NULL for one, and
that changes what the method does, the parameter is there, too: `OUT` stands for the address of a variable, None for
NULL.

    hr, obj, _ = services.GetObject(path, 0, None)
    hr, _, call = services.GetObject(path, WBEM_FLAG_RETURN_IMMEDIATELY, None, None, OUT)
                                                          # in C++: (path, flags, NULL, NULL, &pCallResult)
"""

from __future__ import annotations

from enum import Enum
from typing import Final, TypeAlias

from openwmi.base.error import WbemError
from openwmi.base.status import WbemStatus


class _Marker(Enum):
    OUT = "&"

    def __repr__(self) -> str:
        return "OUT"


OUT: Final = _Marker.OUT
"""This out parameter is wanted."""

Out: TypeAlias = _Marker | None
"""`OUT`, or None for NULL."""


def wanted(parameter: str, given: object) -> bool:
    """Whether the caller wants it. INVALID_PARAMETER for anything but OUT and None."""
    if given is OUT:
        return True
    if given is None:
        return False
    raise WbemError(WbemStatus.INVALID_PARAMETER, f"{parameter} is OUT where it is wanted, or None, and not {given!r}")
