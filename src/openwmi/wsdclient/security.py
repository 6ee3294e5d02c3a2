"""Who sent a request (wsdbase.h): what a device's stub asks of the message parameters that it is given.

    hr, certificate = event.MessageParameters.QueryInterface(IWSDSSLClientCertificate)

E_NOINTERFACE there is that the client has shown no certificate, or has not logged in. Windows gives handles of tokens
of its own accounts, which there are none of here: who logged in has a name.
"""

from __future__ import annotations

from openwmi.blocking.com.unknown import IUnknown
from openwmi.wsdclient.calling import not_here, wsd_method
from openwmi.wsdclient.statuses import S_FALSE, S_OK


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

    def __init__(self, principal: str) -> None:
        self._principal = principal

    @wsd_method(1)
    def GetClientAccessToken(self) -> tuple[int, str | None]:
        """(hresult, phToken): his name, DOMAIN\\USER, in place of a handle."""
        return S_OK, self._principal

    @wsd_method(1)
    def GetAuthType(self) -> tuple[int, int | None]:
        """(hresult, pAuthType): E_NOTIMPL: which scheme it was is not kept."""
        raise not_here("which scheme a client has logged in by is not kept")
