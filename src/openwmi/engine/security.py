"""What `__SystemSecurity` tells of a namespace ([MS-WMI] 2.2.30): the access that `access` decides, which is fixed.

So there is nothing to set: SetSD and its like have nobody who runs them.
"""

from __future__ import annotations

from collections.abc import Coroutine
from typing import Any, Final

from openwmi.base.case import fold
from openwmi.engine.access import EVERYTHING, GRANTS, Access
from openwmi.engine.descriptor import ADMINISTRATORS, encode
from openwmi.engine.sources import SECURITY_CLASS
from openwmi.model import CimClass, CimInstance, Method, output_class
from openwmi.operation import CallContext

_DESCRIPTOR: Final = tuple(encode(ADMINISTRATORS, GRANTS))


def telling(
    class_: CimClass, method: Method, access: Access | None, context: CallContext
) -> Coroutine[Any, Any, CimInstance] | None:
    """The out-parameters of a method that tells of access, for whoever may call methods; None for any other."""
    if fold(class_.name) != SECURITY_CLASS:
        return None
    match fold(method.name):
        case "getsd":
            return _told(method, "SD", _DESCRIPTOR)
        case "getcalleraccessrights":
            return _told(method, "rights", int(EVERYTHING if access is None else access.granted(context)))
    return None


async def _told(method: Method, name: str, value: object) -> CimInstance:
    outputs = output_class(method)
    assert outputs is not None, "each of them has out-parameters"
    return outputs.instance({name: value, "ReturnValue": 0})
