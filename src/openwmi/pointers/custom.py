"""Values in an OBJREF_CUSTOM, which whoever gets it unmarshals by its clsid ([MS-DCOM] 2.2.18.6)."""

from __future__ import annotations

from collections.abc import Callable
from typing import TypeVar

from openwmi.base.fault import RemoteProtocolError
from openwmi.base.guid import Guid
from openwmi.orpc import ObjRefCustom, objref

T = TypeVar("T")


def decode_custom(pointer: bytes, clsid: Guid, decode: Callable[[bytes], T]) -> T:
    """What `decode` finds in a pointer of this clsid. RemoteProtocolError says what it is instead."""
    reference = objref.decode(pointer)
    if not isinstance(reference, ObjRefCustom) or reference.clsid != clsid:
        raise RemoteProtocolError("it is not custom marshaled, or by somebody else")
    return decode(reference.data)
