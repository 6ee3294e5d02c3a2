"""This thread's last failure, as GetErrorInfo gives it (the SDK, "Retrieving an Error Code"; oleauto.h).

A method that fails leaves it; GetErrorInfo hands it out once. QueryInterface(IWbemClassObject) on what that gives is
an instance of `__ExtendedStatus`. Nothing is left by calls whose status goes to a sink: SetStatus gets the object.
"""

from __future__ import annotations

from typing import Final
from uuid import UUID

from openwmi.base import guid
from openwmi.base.error import WbemError
from openwmi.base.status import WbemStatus
from openwmi.blocking.com.calling import com_method, require
from openwmi.blocking.com.failure import set_error, take_error
from openwmi.blocking.com.unknown import S_OK, IUnknown
from openwmi.session import failure
from openwmi.wbemcli.classobject import IWbemClassObject

S_FALSE: Final = int(WbemStatus.FALSE)


class IErrorInfo(IUnknown, iid="1cf2b120-547d-101b-8e65-08002b2bd119"):
    """oaidl.h: what is known of one failure."""

    def __init__(self, error: WbemError) -> None:
        self.error_ = error

    @com_method(1)
    def GetGUID(self) -> tuple[int, UUID | None]:
        """(hresult, pGUID): the interface that failed, which is not said: GUID_NULL."""
        return S_OK, guid.NULL

    @com_method(1)
    def GetSource(self) -> tuple[int, str | None]:
        """(hresult, pBstrSource): who failed: the provider, or "Windows Management"."""
        return S_OK, str((self.error_.extended or {}).get("ProviderName") or failure.WINDOWS_MANAGEMENT)

    @com_method(1)
    def GetDescription(self) -> tuple[int, str | None]:
        """(hresult, pBstrDescription): what, where, and what to do."""
        return S_OK, self.error_.message

    @com_method(1)
    def GetHelpFile(self) -> tuple[int, None]:
        """(hresult, pBstrHelpFile): there is none."""
        return S_OK, None

    @com_method(1)
    def GetHelpContext(self) -> tuple[int, int | None]:
        """(hresult, pdwHelpContext): there is none."""
        return S_OK, 0

    def _interface(self, iid: UUID) -> IUnknown | None:
        return extended_status(self.error_) if iid == IWbemClassObject.iid else super()._interface(iid)


@com_method(1)
def GetErrorInfo(dwReserved: int = 0) -> tuple[int, IErrorInfo | None]:
    """(hresult, pperrinfo): the last failure of the calling thread, which is then forgotten; S_FALSE without one."""
    require(dwReserved == 0, f"dwReserved is 0, and not {dwReserved!r}")
    error = take_error()
    return (S_FALSE, None) if error is None else (S_OK, IErrorInfo(error))


@com_method()
def SetErrorInfo(dwReserved: int = 0, perrinfo: IErrorInfo | None = None) -> int:
    """Makes a failure that GetErrorInfo gave the last one again; None forgets the last one."""
    require(dwReserved == 0, f"dwReserved is 0, and not {dwReserved!r}")
    if perrinfo is None:
        take_error()
    else:
        set_error(perrinfo.error_)
    return S_OK


def extended_status(error: WbemError) -> IWbemClassObject:
    """The failure as an instance of `__ExtendedStatus`; what a provider said of it comes first."""
    return IWbemClassObject(failure.extended_status(error))
