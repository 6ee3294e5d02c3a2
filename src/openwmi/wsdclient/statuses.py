"""The HRESULTs of WSDAPI by the headers' names, unsigned ints, and which of them an error is.

Microsoft's pages name COM's own for almost everything. What a call met on its way they leave open; here that is
Windows' error for it as an HRESULT: a time-out ERROR_TIMEOUT, a device that cannot be reached ERROR_HOST_UNREACHABLE.
"""

from openwmi.base.error import Unreachable as _Unreachable
from openwmi.base.error import from_exception as _from_exception
from openwmi.base.fault import RemoteProtocolError as _RemoteProtocolError
from openwmi.base.status import SEVERITY as _SEVERITY
from openwmi.base.status import HResult as _HResult
from openwmi.base.status import WbemStatus as _WbemStatus


def SUCCEEDED(hr: int) -> bool:
    """Whether an HRESULT, signed or unsigned, is a success: S_OK or S_FALSE."""
    return not hr & _SEVERITY


def FAILED(hr: int) -> bool:
    """Whether an HRESULT, signed or unsigned, is a failure."""
    return bool(hr & _SEVERITY)


def HRESULT_FROM_WIN32(x: int) -> int:
    """A number of winerror.h as an HRESULT; what is one already stays (the SDK's macro)."""
    return x if x & _SEVERITY or not x else 0x80070000 | (x & 0xFFFF)


S_OK = int(_HResult.S_OK)
S_FALSE = 0x00000001
E_NOTIMPL = int(_HResult.E_NOTIMPL)
E_NOINTERFACE = int(_HResult.E_NOINTERFACE)
E_POINTER = int(_HResult.E_POINTER)
E_ABORT = int(_HResult.E_ABORT)
E_FAIL = int(_HResult.E_FAIL)
E_UNEXPECTED = int(_HResult.E_UNEXPECTED)
E_ACCESSDENIED = int(_HResult.E_ACCESSDENIED)
E_OUTOFMEMORY = int(_HResult.E_OUTOFMEMORY)
E_INVALIDARG = int(_HResult.E_INVALIDARG)
STG_S_BLOCK = 0x00030201
STG_E_INVALIDFUNCTION = 0x80030001

ERROR_NO_CALLBACK_ACTIVE = 614
ERROR_NOT_FOUND = 1168
ERROR_HOST_UNREACHABLE = 1232
ERROR_TIMEOUT = 1460
ERROR_INVALID_OPERATION = 4317
WSAEINVAL = 10022
WSAESOCKTNOSUPPORT = 10044

_HRESULTS: dict[int, int] = {
    _WbemStatus.CALL_CANCELLED: E_ABORT,
    _WbemStatus.INVALID_PARAMETER: E_INVALIDARG,
    _WbemStatus.OUT_OF_MEMORY: E_OUTOFMEMORY,
    _WbemStatus.NOT_SUPPORTED: E_NOTIMPL,
    _WbemStatus.ACCESS_DENIED: E_ACCESSDENIED,
    _WbemStatus.TIMED_OUT: HRESULT_FROM_WIN32(ERROR_TIMEOUT),
    _WbemStatus.TRANSPORT_FAILURE: HRESULT_FROM_WIN32(ERROR_HOST_UNREACHABLE),
    _WbemStatus.NOT_FOUND: HRESULT_FROM_WIN32(ERROR_NOT_FOUND),
}
_WBEM_FACILITY = 0x80040000


def hresult(error: BaseException) -> int:
    """The HRESULT of whatever was raised; E_FAIL where there is none that says more."""
    if isinstance(error, _RemoteProtocolError):
        return E_FAIL
    known = _from_exception(error)
    status = int(_Unreachable.default_status if isinstance(known, _Unreachable) else known.status)
    return _HRESULTS.get(status, E_FAIL if status & 0xFFFF0000 == _WBEM_FACILITY else status)
