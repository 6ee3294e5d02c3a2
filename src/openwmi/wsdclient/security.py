"""Who sent a request (wsdbase.h): what a device's stub asks of the message parameters that it is given.

    hr, certificate = event.MessageParameters.QueryInterface(IWSDSSLClientCertificate)

E_NOINTERFACE there is that the client has shown no certificate, or has not logged in. Windows gives handles of tokens
of its own accounts, which there are none of here: who logged in has a name.
"""

from __future__ import annotations

from typing import Final

from openwmi.base.error import WbemError
from openwmi.blocking.com.unknown import IUnknown
from openwmi.wsdclient.calling import wsd_method
from openwmi.wsdclient.constants import (
    WSD_SECURITY_HTTP_AUTH_SCHEME_NEGOTIATE,
    WSD_SECURITY_HTTP_AUTH_SCHEME_NTLM,
)
from openwmi.wsdclient.statuses import E_FAIL, S_FALSE, S_OK

_SCHEMES: Final = {
    "negotiate": WSD_SECURITY_HTTP_AUTH_SCHEME_NEGOTIATE,
    "ntlm": WSD_SECURITY_HTTP_AUTH_SCHEME_NTLM,
}


class IWSDSSLClientCertificate(IUnknown, iid="de105e87-a0da-418e-98ad-27b9eed87bdc"):
    """The certificate of a client, which TLS has checked."""

    def __init__(self, certificate: bytes) -> None:
        self._certificate = certificate

    @wsd_method(1)
    def GetClientCertificate(self) -> tuple[int, bytes | None]:
        """(hresult, ppCertContext): it, in DER."""
        return S_OK, self._certificate

    @wsd_method(1)
    def GetMappedAccessToken(self) -> tuple[int, None]:
        """(hresult, phToken): S_FALSE: certificates are mapped to no accounts."""
        return S_FALSE, None


class IWSDHttpAuthParameters(IUnknown, iid="0b476df0-8dac-480d-b05c-99781a5884aa"):
    """Who has logged in by HTTP."""

    def __init__(self, principal: str, scheme: str = "") -> None:
        self._principal = principal
        self._scheme = scheme

    @wsd_method(1)
    def GetClientAccessToken(self) -> tuple[int, str | None]:
        """(hresult, phToken): his name, DOMAIN\\USER, in place of a handle."""
        return S_OK, self._principal

    @wsd_method(1)
    def GetAuthType(self) -> tuple[int, int | None]:
        """(hresult, pAuthType): WSD_SECURITY_HTTP_AUTH_SCHEME_NEGOTIATE or _NTLM. E_FAIL: a gate did not say."""
        if self._scheme not in _SCHEMES:
            raise WbemError(E_FAIL, f"{self._principal} has logged in by {self._scheme or 'no scheme'}")
        return S_OK, _SCHEMES[self._scheme]
