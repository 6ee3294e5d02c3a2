"""What a WMI program in C++ calls of COM itself, as far as it means something here (objbase.h, combaseapi.h).

There are no apartments and no marshalling: every face may be used on any thread. So these functions keep count, say
what COM would say, and change nothing; but CoCreateInstance makes objects, and CoSetProxyBlanket says who calls.
"""

from __future__ import annotations

import threading
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any, Final, TypeVar
from uuid import UUID

from openwmi.base import guid
from openwmi.base.case import fold
from openwmi.base.error import WbemError
from openwmi.base.status import HResult, WbemStatus
from openwmi.blocking.com.calling import com_method
from openwmi.blocking.com.unknown import S_OK, IUnknown
from openwmi.wbemcli import identifiers
from openwmi.wbemcli.context import IWbemContext
from openwmi.wbemcli.enumerator import IEnumWbemClassObject
from openwmi.wbemcli.locator import IWbemLocator
from openwmi.wbemcli.services import IWbemCallResult, IWbemServices

I = TypeVar("I", bound=IUnknown)  # noqa: E741 - an interface

S_FALSE: Final = int(WbemStatus.FALSE)

COINIT_MULTITHREADED: Final = 0x0
COINIT_APARTMENTTHREADED: Final = 0x2
CLSCTX_INPROC_SERVER: Final = 0x1

RPC_C_AUTHN_WINNT: Final = 10
RPC_C_AUTHZ_NONE: Final = 0
RPC_C_AUTHN_LEVEL_DEFAULT: Final = 0
RPC_C_AUTHN_LEVEL_CALL: Final = 3
RPC_C_AUTHN_LEVEL_PKT: Final = 4
RPC_C_AUTHN_LEVEL_PKT_INTEGRITY: Final = 5
RPC_C_AUTHN_LEVEL_PKT_PRIVACY: Final = 6
RPC_C_IMP_LEVEL_IDENTIFY: Final = 2
RPC_C_IMP_LEVEL_IMPERSONATE: Final = 3
RPC_C_IMP_LEVEL_DELEGATE: Final = 4
EOAC_NONE: Final = 0


@dataclass(frozen=True, slots=True)
class COAUTHIDENTITY:
    """Whom a proxy calls as: SEC_WINNT_AUTH_IDENTITY, without its lengths and flags."""

    User: str
    Domain: str = ""
    Password: str = ""

    @property
    def principal(self) -> str:
        """`DOM\\me`, or `me`."""
        return f"{self.Domain}\\{self.User}" if self.Domain else self.User

    def is_user(self, account: str) -> bool:
        """Whether that is this user, as far as both say it; `DOM\\me`, `me@REALM` and `me` may be the same."""
        own_domain, own = _parted(self.principal)
        domain, name = _parted(account)
        return own == name and (not own_domain or not domain or own_domain == domain)

    def __repr__(self) -> str:
        return f"COAUTHIDENTITY({self.principal!r})"  # without the password


def _parted(account: str) -> tuple[str, str]:
    """Domain and name, folded."""
    if "\\" in account:
        domain, _, name = account.partition("\\")
    else:
        name, _, domain = account.partition("@")
    return fold(domain), fold(name)


class _Thread(threading.local):
    count = 0
    model = 0


class _Process:
    def __init__(self) -> None:
        self.lock = threading.Lock()
        self.count = 0
        self.secured = False


_thread, _process = _Thread(), _Process()


@com_method()
def CoInitializeEx(pvReserved: object = None, dwCoInit: int = COINIT_MULTITHREADED) -> int:
    """S_OK the first time on a thread, S_FALSE after that; RPC_E_CHANGED_MODE for another concurrency model."""
    if pvReserved is not None:
        raise WbemError(HResult.E_INVALIDARG, "pvReserved must be NULL")
    if dwCoInit & ~0xE:
        raise WbemError(HResult.E_INVALIDARG, f"0x{dwCoInit:X} is no value of COINIT")
    model = dwCoInit & COINIT_APARTMENTTHREADED
    if _thread.count and _thread.model != model:
        raise WbemError(HResult.RPC_E_CHANGED_MODE, "this thread was set up with another concurrency model")
    first = not _thread.count
    _thread.count += 1
    _thread.model = model
    with _process.lock:
        _process.count += 1
    return S_OK if first else S_FALSE


def CoInitialize(pvReserved: object = None) -> int:
    """As CoInitializeEx with COINIT_APARTMENTTHREADED."""
    return CoInitializeEx(pvReserved, COINIT_APARTMENTTHREADED)


def CoUninitialize() -> None:
    """Once for each CoInitializeEx that succeeded; after the last one of all, CoInitializeSecurity may come again.

    What was made lives on, unlike with COM, until it is let go.
    """
    if _thread.count:
        _thread.count -= 1
        with _process.lock:
            _process.count -= 1
            if not _process.count:
                _process.secured = False


@com_method()
def CoInitializeSecurity(
    pSecDesc: object = None,
    cAuthSvc: int = -1,
    asAuthSvc: object = None,
    pReserved1: object = None,
    dwAuthnLevel: int = RPC_C_AUTHN_LEVEL_DEFAULT,
    dwImpLevel: int = RPC_C_IMP_LEVEL_IMPERSONATE,
    pAuthList: object = None,
    dwCapabilities: int = EOAC_NONE,
    pReserved3: object = None,
) -> int:
    """S_OK once for a process, RPC_E_TOO_LATE after that. Within a process there is nothing to secure."""
    if pReserved1 is not None or pReserved3 is not None:
        raise WbemError(HResult.E_INVALIDARG, "what is reserved must be NULL")
    with _process.lock:
        if _process.secured:
            raise WbemError(HResult.RPC_E_TOO_LATE, "CoInitializeSecurity was called already")
        _process.secured = True
    return S_OK


@com_method()
def CoSetProxyBlanket(
    pProxy: IUnknown | None,
    dwAuthnSvc: int = RPC_C_AUTHN_WINNT,
    dwAuthzSvc: int = RPC_C_AUTHZ_NONE,
    pServerPrincName: str | None = None,
    dwAuthnLevel: int = RPC_C_AUTHN_LEVEL_CALL,
    dwImpLevel: int = RPC_C_IMP_LEVEL_IMPERSONATE,
    pAuthInfo: COAUTHIDENTITY | None = None,
    dwCapabilities: int = EOAC_NONE,
) -> int:
    """How this face calls from here on; pAuthInfo is as whom, and NULL as whoever this process is.

    As with COM it is this face alone: an enumerator that IWbemServices returned has to be told, too, or it is used by
    another principal than the one whose it is, which is WBEM_E_ACCESS_DENIED.

    Of another machine all is called as who logged in there (ConnectServer), sealed whatever dwAuthnLevel says:
    pAuthInfo is that user or NULL, and E_ACCESSDENIED for anybody else.
    """
    if not isinstance(pProxy, IWbemServices | IEnumWbemClassObject | IWbemCallResult):
        raise WbemError(HResult.E_NOINTERFACE, f"{pProxy!r} is no proxy: it makes no calls")
    if pProxy.login_ is not None:
        if pAuthInfo is not None and not pAuthInfo.is_user(pProxy.login_):
            who = pProxy.login_ or "whoever the Kerberos cache is of"
            raise WbemError(
                HResult.E_ACCESSDENIED,
                f"this connection logged in as {who}: connect again for {pAuthInfo.principal}",
            )
        return S_OK
    pProxy.principal_ = "" if pAuthInfo is None else pAuthInfo.principal
    return S_OK


@com_method(1)
def CoCreateInstance(
    rclsid: UUID | str,
    pUnkOuter: IUnknown | None = None,
    dwClsContext: int = CLSCTX_INPROC_SERVER,
    riid: UUID | str | type[IUnknown] | None = None,
) -> tuple[int, IUnknown | None]:
    """(hresult, ppv): a new object of a class: CLSID_WbemLocator, CLSID_WbemContext and others.

    REGDB_E_CLASSNOTREG for a class that is not here, E_NOINTERFACE for an interface that the object does not have.
    """
    if pUnkOuter is not None:
        raise WbemError(HResult.CLASS_E_NOAGGREGATION, "none of these classes can be part of another object")
    clsid = guid.parse(rclsid) if isinstance(rclsid, str) else rclsid
    make = CLASSES.get(clsid)
    if make is None:
        raise WbemError(HResult.REGDB_E_CLASSNOTREG, f"there is no class {clsid} here")
    made = make()
    hr, found = made.QueryInterface(IUnknown if riid is None else riid)
    made.Release()  # the reference that it was made with: QueryInterface took another
    return hr, found


class IUnsecuredApartment(IUnknown, iid="1cfaba8c-1523-11d1-ad79-00c04fd8fdff"):
    """Wraps sinks, so that another machine may call them without saying who it is (the SDK's page). Here one does only
    where its user has set it up so: see docs/another-machine.md.
    """

    @com_method(1)
    def CreateObjectStub(self, pObject: I | None) -> tuple[int, I | None]:
        """(hresult, ppStub): the sink itself, with one more reference: it is what CancelAsyncCall will be asked for."""
        if not isinstance(pObject, IUnknown):
            raise WbemError(HResult.E_POINTER, "a sink must be given")
        pObject.AddRef()
        return S_OK, pObject


def _status_code_text() -> IUnknown:
    from openwmi.wbemcli.statuscodetext import IWbemStatusCodeText  # noqa: PLC0415 - few programs ask for it

    return IWbemStatusCodeText()


def _path() -> IUnknown:
    from openwmi.wbemcli.path import IWbemPath  # noqa: PLC0415 - the same

    return IWbemPath()


CLASSES: Final[Mapping[UUID, Callable[[], Any]]] = {
    identifiers.CLSID_WbemLocator: IWbemLocator,
    identifiers.CLSID_WbemContext: IWbemContext,
    identifiers.CLSID_WbemStatusCodeText: _status_code_text,
    identifiers.CLSID_WbemDefPath: _path,
    identifiers.CLSID_UnsecuredApartment: IUnsecuredApartment,
}
