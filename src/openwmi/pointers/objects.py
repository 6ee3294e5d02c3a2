"""CIM objects as interface pointers: an OBJREF_CUSTOM that holds the object ([MS-WMI] 2.2.4)."""

from __future__ import annotations

from openwmi.base.error import WbemError
from openwmi.base.fault import RemoteProtocolError
from openwmi.base.status import WbemStatus
from openwmi.model import CimClass, CimInstance
from openwmi.orpc import objref
from openwmi.orpc.wellknown import CLSID_WbemClassObject, IID_IWbemClassObject
from openwmi.pointers.custom import decode_custom
from openwmi.wmio import decode_object, encode_object


def object_pointer(obj: CimInstance | CimClass) -> bytes:
    """The object by value."""
    return objref.encode_by_value(IID_IWbemClassObject, CLSID_WbemClassObject, encode_object(obj))


def pointed_object(pointer: bytes | None, name: str) -> CimInstance | CimClass:
    """The object that a client sent as the parameter `name`.

    INVALID_PARAMETER for NULL; INVALID_OBJECT for what is no object, and says why.
    """
    if pointer is None:
        raise WbemError(WbemStatus.INVALID_PARAMETER, f"{name} must not be NULL")
    try:
        return decode_custom(pointer, CLSID_WbemClassObject, decode_object)
    except RemoteProtocolError as error:
        raise WbemError(WbemStatus.INVALID_OBJECT, f"{name} is no object: {error}") from None
