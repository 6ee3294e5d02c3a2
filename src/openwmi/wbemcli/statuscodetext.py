"""IWbemStatusCodeText: what an HRESULT means, and which subsystem it is of (wbemcli.h)."""

from __future__ import annotations

from typing import Final

from openwmi.base.status import LocalStatus, MofStatus, WbemStatus, lookup
from openwmi.blocking.com.calling import com_method, require
from openwmi.blocking.com.unknown import IUnknown
from openwmi.wbemcli.statuses import WBEM_S_NO_ERROR, WBEMESS_E_AUTHZ_NOT_PRIVILEGED

WINDOWS: Final = "Windows"

# [MS-ERREF] 2.1: bits 16 to 26. The page names these subsystems: "Windows", "WBEM", "SSPI", or "RPC".
_FACILITIES: Final = {1: "RPC", 9: "SSPI"}
_FACILITY_ITF: Final = 4

# What the tables have no entry for, since nothing here returns it.
_OTHERS: Final = {WBEMESS_E_AUTHZ_NOT_PRIVILEGED: "the computer may not look up the rights of the subscription's owner"}
_WBEM_CODES: Final = range(0x1001, 0x4100)


class IWbemStatusCodeText(IUnknown, iid="eb87e1bc-3233-11d2-aec9-00c04fb68820"):
    """Texts for people."""

    @com_method(1)
    def GetErrorCodeText(self, hRes: int, LocaleId: int = 0, lFlags: int = 0) -> tuple[int, str | None]:
        """(hresult, MessageText): what an HRESULT, signed or unsigned, means. INVALID_PARAMETER for a locale or flags.

        Windows' own have no texts here: of these it says the number.
        """
        _check(LocaleId, lFlags)
        known = lookup(hRes)
        code = hRes & 0xFFFFFFFF
        text = _OTHERS.get(code) if known is None else known.text
        return WBEM_S_NO_ERROR, f"0x{code:08X}" if text is None else text

    @com_method(1)
    def GetFacilityCodeText(self, hRes: int, LocaleId: int = 0, lFlags: int = 0) -> tuple[int, str | None]:
        """(hresult, MessageText): "WBEM", "RPC", "SSPI" or "Windows". INVALID_PARAMETER for a locale or flags."""
        _check(LocaleId, lFlags)
        return WBEM_S_NO_ERROR, _facility(hRes & 0xFFFFFFFF)


def _check(locale: int, flags: int) -> None:
    require(locale == 0 and flags == 0, "LocaleId and lFlags are reserved and must be 0")


def _facility(code: int) -> str:
    facility = code >> 16 & 0x7FF
    if facility == _FACILITY_ITF:
        known = isinstance(lookup(code), WbemStatus | LocalStatus | MofStatus)
        return "WBEM" if known or (code & 0xFFFF) in _WBEM_CODES else WINDOWS
    return _FACILITIES.get(facility, WINDOWS)
