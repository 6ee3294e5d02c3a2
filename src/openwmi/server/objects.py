"""CIM objects as interface pointers: an OBJREF_CUSTOM that holds the object ([MS-WMI] 2.2.4)."""

from __future__ import annotations

from openwmi.model import CimClass, CimInstance
from openwmi.orpc import ObjRefCustom, objref
from openwmi.orpc.wellknown import CLSID_WbemClassObject, IID_IWbemClassObject
from openwmi.wmio import encode_object


def object_pointer(obj: CimInstance | CimClass) -> bytes:
    """The object by value."""
    return objref.encode(ObjRefCustom(IID_IWbemClassObject, CLSID_WbemClassObject, encode_object(obj)))
