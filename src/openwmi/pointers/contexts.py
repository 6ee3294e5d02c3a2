"""Named values as an interface pointer: an OBJREF_CUSTOM that holds an IWbemContext ([MS-WMI] 2.2.13)."""

from __future__ import annotations

from collections.abc import Mapping

from openwmi.base.error import WbemError
from openwmi.base.fault import RemoteProtocolError
from openwmi.base.status import WbemStatus
from openwmi.orpc import ObjRefCustom, objref
from openwmi.orpc.wellknown import CLSID_WbemContext, IID_IWbemContext
from openwmi.pointers.custom import decode_custom
from openwmi.wmio import decode_context, encode_context


def values_pointer(values: Mapping[str, object]) -> bytes | None:
    """The values by value; NULL for none. LocalProtocolError for a value that no context can hold."""
    return objref.encode(ObjRefCustom(IID_IWbemContext, CLSID_WbemContext, encode_context(values))) if values else None


def pointed_values(pCtx: bytes) -> Mapping[str, object]:  # noqa: N803 - the parameter's name in every call
    """What the caller says by name: the IWbemContext that comes with a call.

    INVALID_CONTEXT if it is none. The document has that status for a context that lacks something; the SDK for one that
    is not valid.
    """
    try:
        return decode_custom(pCtx, CLSID_WbemContext, decode_context)
    except RemoteProtocolError as error:
        raise WbemError(WbemStatus.INVALID_CONTEXT, f"pCtx is no context: {error}") from None
