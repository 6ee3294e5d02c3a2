"""What is told of a failure besides its status: an `__ExtendedStatus` by value.

It is the object that a final SetStatus has for pObjParam ([MS-WMI] 3.1.4.2.2), and the error information of a reply
([MS-DCOM] 2.2.21.1).
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from openwmi.base.error import WbemError
from openwmi.model import CimInstance
from openwmi.pointers.objects import object_pointer, pointed_object
from openwmi.session.failure import extended_status


def failure_pointer(error: WbemError) -> bytes:
    """The failure, as `__ExtendedStatus`."""
    return object_pointer(extended_status(error))


def pointed_failure(pointer: bytes) -> Mapping[str, Any] | None:
    """What it says of a failure, by the names of its properties; None for what is nothing of the kind."""
    try:
        found = pointed_object(pointer, "the error object")
        if isinstance(found, CimInstance):
            said = {name: found[name] for name in found}
            return {name: value for name, value in said.items() if value is not None}
    except WbemError:
        pass
    return None
