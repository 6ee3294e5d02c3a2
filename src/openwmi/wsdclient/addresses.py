"""Addresses, and what is known of the way of a message (wsdbase.h).

Texts that C++ has in a buffer of its caller's are out parameters here, and the buffer is none.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from ipaddress import ip_address
from typing import Any, Final
from uuid import UUID

from openwmi.base import guid
from openwmi.base.error import WbemError
from openwmi.blocking.com.unknown import IUnknown
from openwmi.wsdclient.asyncresult import held
from openwmi.wsdclient.calling import argument, given_up, not_here, pointer, short, wsd_method
from openwmi.wsdclient.constants import ONE_WAY, TWO_WAY
from openwmi.wsdclient.statuses import (
    E_FAIL,
    E_INVALIDARG,
    HRESULT_FROM_WIN32,
    S_FALSE,
    S_OK,
    WSAEINVAL,
)

PORTS: Final = 0x10000
HTTP_PORT, HTTPS_PORT, DISCOVERY_PORT = 80, 443, 3702
_PLACE: Final = re.compile(r"(?:\[(?P<six>[^\]]+)\]|(?P<host>[^\[\]:/?#]*))(?::(?P<port>[0-9]{1,5}))?")
_SCHEME: Final = re.compile(r"(?P<scheme>https?|soap\.udp)://(?P<place>[^/?#]*)(?P<path>[/?][^#]*)?", re.IGNORECASE)


class IWSDAddress(IUnknown, iid="b9574c6c-12a6-4f74-93a1-3318ff605759"):
    """Where somebody is."""

    @wsd_method(1)
    def Serialize(self, cchLength: int | None = None, fSafe: bool = False) -> tuple[int, str | None]:
        """(hresult, pszBuffer): the address as a text; with `fSafe` such as others may be told: without a scope.

        `cchLength` is how many characters there is room for, with the one that ends it; None is as many as it takes.
        E_ABORT: there is not enough.
        """
        text = self._text(fSafe)
        if cchLength is not None and cchLength <= len(text):
            raise given_up(f"the text has {len(text)} characters")
        return S_OK, text

    @wsd_method()
    def Deserialize(self, pszBuffer: str | None) -> int:
        """Takes the address from a text. E_INVALIDARG for one that is none, and for NULL."""
        argument(isinstance(pszBuffer, str), "pszBuffer is NULL")
        short(pszBuffer, "pszBuffer")
        self._take(pszBuffer or "")
        return S_OK

    def _text(self, safe: bool) -> str:
        return ""

    def _take(self, text: str) -> None:
        raise WbemError(E_INVALIDARG, "an address of no kind takes no text")


class IWSDTransportAddress(IWSDAddress, iid="70d23498-4ee6-4340-a3df-d845d2235467"):
    """A machine, and a port on it."""

    scheme_ = ""
    default_port_ = 0

    def __init__(self) -> None:
        self._host = ""
        self._port = self.default_port_

    @wsd_method(1)
    def GetPort(self) -> tuple[int, int | None]:
        """(hresult, pwPort)."""
        return S_OK, self._port

    @wsd_method()
    def SetPort(self, wPort: int) -> int:
        argument(0 <= wPort < PORTS, f"{wPort!r} is no port")
        self._port = wPort
        return S_OK

    @wsd_method(1)
    def GetTransportAddress(self) -> tuple[int, str | None]:
        """(hresult, ppszAddress): the name of the machine, or its number. S_FALSE where none was set."""
        return self._machine(safe=False)

    @wsd_method(1)
    def GetTransportAddressEx(self, fSafe: bool) -> tuple[int, str | None]:
        """(hresult, ppszAddress): the same; with `fSafe` without the scope of an address of IPv6."""
        return self._machine(safe=fSafe)

    @wsd_method()
    def SetTransportAddress(self, pszAddress: str | None) -> int:
        """The name of a machine, or its number; a port may follow. E_INVALIDARG for anything else, and for NULL."""
        argument(isinstance(pszAddress, str), "pszAddress is NULL")
        short(pszAddress, "pszAddress")
        self._take_place(pszAddress or "")
        return S_OK

    def _machine(self, *, safe: bool) -> tuple[int, str | None]:
        if not self._host:
            return S_FALSE, None
        return S_OK, self._host.partition("%")[0] if safe else self._host

    def _place(self, safe: bool) -> str:
        host = self._host.partition("%")[0] if safe else self._host
        return f"[{host}]:{self._port}" if ":" in host else f"{host}:{self._port}"

    def _take_place(self, text: str) -> None:
        match = _PLACE.fullmatch(text)
        six = text.count(":") > 1 and not text.startswith("[")
        port = None if match is None or six else match["port"]
        argument(six or match is not None, f"{text[:80]!r} is no address of a machine")
        argument(port is None or int(port) < PORTS, f"{text[:80]!r} has no port")
        self._host = text if six or match is None else match["six"] or match["host"]
        self._port = self.default_port_ if port is None else int(port)


class IWSDHttpAddress(IWSDTransportAddress, iid="d09ac7bd-2a3e-4b85-8605-2737ff3e4ea0"):
    """A URL of HTTP or HTTPS."""

    default_port_ = HTTP_PORT

    def __init__(self) -> None:
        super().__init__()
        self._secure = False
        self._path = "/"

    @wsd_method()
    def GetSecure(self) -> int:
        """S_OK for HTTPS, S_FALSE for HTTP."""
        return S_OK if self._secure else S_FALSE

    @wsd_method()
    def SetSecure(self, fSecure: bool) -> int:
        if self._port in {HTTP_PORT, HTTPS_PORT}:
            self._port = HTTPS_PORT if fSecure else HTTP_PORT
        self._secure = bool(fSecure)
        return S_OK

    @wsd_method(1)
    def GetPath(self) -> tuple[int, str | None]:
        """(hresult, ppszPath)."""
        return S_OK, self._path

    @wsd_method()
    def SetPath(self, pszPath: str | None) -> int:
        """E_INVALIDARG for NULL, and for what is too long."""
        argument(isinstance(pszPath, str), "pszPath is NULL")
        short(pszPath, "pszPath")
        path = pszPath or ""
        self._path = path if path.startswith("/") else f"/{path}"
        return S_OK

    def _text(self, safe: bool) -> str:
        return f"{'https' if self._secure else 'http'}://{self._place(safe)}{self._path}"

    def _take(self, text: str) -> None:
        match = _SCHEME.fullmatch(text)
        argument(match is not None and match["scheme"].lower() in {"http", "https"}, f"{text[:80]!r} is no URL of HTTP")
        assert match is not None
        self._secure = match["scheme"].lower() == "https"
        self._take_place(match["place"])
        if self._secure and self._port == HTTP_PORT:
            self._port = HTTPS_PORT
        self._path = match["path"] or "/"


class IWSDUdpAddress(IWSDTransportAddress, iid="74d6124a-a441-4f78-a1eb-97a8d1996893"):
    """Where datagrams go. `Sockaddr` is a tuple of Python's: (host, port)."""

    default_port_ = DISCOVERY_PORT

    def __init__(self) -> None:
        super().__init__()
        self._exclusive = False
        self._type = ONE_WAY
        self._ttl = 1
        self._alias = guid.NULL

    @wsd_method()
    def SetSockaddr(self, pSockAddr: tuple[str, int] | None) -> int:
        """E_INVALIDARG for NULL; Windows' WSAEINVAL for what is no address of a socket."""
        argument(pSockAddr is not None, "pSockAddr is NULL")
        assert pSockAddr is not None
        host, port = pSockAddr[:2]
        try:
            ip_address(host)
        except ValueError as error:
            raise WbemError(HRESULT_FROM_WIN32(WSAEINVAL), str(error)) from None
        if not 0 <= port < PORTS:
            raise WbemError(HRESULT_FROM_WIN32(WSAEINVAL), f"{port!r} is no port")
        self._host, self._port = host, port
        return S_OK

    @wsd_method(1)
    def GetSockaddr(self) -> tuple[int, tuple[str, int] | None]:
        """(hresult, pSockAddr): E_FAIL where no address was set."""
        if not self._host:
            raise WbemError(E_FAIL, "no address was set")
        return S_OK, (self._host, self._port)

    @wsd_method()
    def SetExclusive(self, fExclusive: bool) -> int:
        """Whether the port is to be used by nobody else."""
        self._exclusive = bool(fExclusive)
        return S_OK

    @wsd_method()
    def GetExclusive(self) -> int:
        """S_OK if it is, S_FALSE if not."""
        return S_OK if self._exclusive else S_FALSE

    @wsd_method()
    def SetMessageType(self, messageType: int) -> int:
        """ONE_WAY or TWO_WAY. E_INVALIDARG for another."""
        argument(messageType in {ONE_WAY, TWO_WAY}, f"{messageType!r} is no WSDUdpMessageType")
        self._type = messageType
        return S_OK

    @wsd_method(1)
    def GetMessageType(self) -> tuple[int, int | None]:
        """(hresult, pMessageType)."""
        return S_OK, self._type

    @wsd_method()
    def SetTTL(self, dwTTL: int) -> int:
        """How many links a datagram may pass. E_INVALIDARG above 255."""
        argument(0 <= dwTTL <= 255, f"{dwTTL!r} is no time to live")
        self._ttl = dwTTL
        return S_OK

    @wsd_method(1)
    def GetTTL(self) -> tuple[int, int | None]:
        """(hresult, pdwTTL)."""
        return S_OK, self._ttl

    @wsd_method()
    def SetAlias(self, pAlias: UUID | None) -> int:
        """A name for the address of a discovery provider."""
        pointer(pAlias, "pAlias")
        assert pAlias is not None
        self._alias = pAlias
        return S_OK

    @wsd_method(1)
    def GetAlias(self) -> tuple[int, UUID | None]:
        """(hresult, pAlias)."""
        return S_OK, self._alias

    def _text(self, safe: bool) -> str:
        return f"soap.udp://{self._place(safe)}"

    def _take(self, text: str) -> None:
        match = _SCHEME.fullmatch(text)
        self._take_place(text if match is None else match["place"])


class IWSDMessageParameters(IUnknown, iid="1fafe8a2-e6fc-4b80-b6cf-b7d45c416d7c"):
    """Where a message came from, and where to."""

    def __init__(self, local: IWSDAddress | None = None, remote: IWSDAddress | None = None) -> None:
        self._local = local
        self._remote = remote

    @wsd_method(1)
    def GetLocalAddress(self) -> tuple[int, IWSDAddress | None]:
        """(hresult, ppAddress): ours; E_ABORT where it was not set."""
        return S_OK, _known(self._local)

    @wsd_method()
    def SetLocalAddress(self, pAddress: IWSDAddress | None) -> int:
        pointer(pAddress, "pAddress")
        self._local = held(pAddress)
        return S_OK

    @wsd_method(1)
    def GetRemoteAddress(self) -> tuple[int, IWSDAddress | None]:
        """(hresult, ppAddress): the other's; E_ABORT where it was not set."""
        return S_OK, _known(self._remote)

    @wsd_method()
    def SetRemoteAddress(self, pAddress: IWSDAddress | None) -> int:
        pointer(pAddress, "pAddress")
        self._remote = held(pAddress)
        return S_OK

    @wsd_method(1)
    def GetLowerParameters(self) -> tuple[int, IWSDMessageParameters | None]:
        """(hresult, ppTxParams): there are none below these: E_NOTIMPL."""
        raise not_here("there is nothing below these")


@dataclass(frozen=True, slots=True)
class WSDUdpRetransmitParams:
    """When a datagram is sent again: milliseconds, and how often."""

    ulSendDelay: int = 0
    ulRepeat: int = 1
    ulRepeatMinDelay: int = 50
    ulRepeatMaxDelay: int = 250
    ulRepeatUpperDelay: int = 450


class IWSDUdpMessageParameters(IWSDMessageParameters, iid="9934149f-8f0c-447b-aa0b-73124b0ca7f0"):
    """The same of a datagram, and when it is sent again."""

    def __init__(self, local: IWSDAddress | None = None, remote: IWSDAddress | None = None) -> None:
        super().__init__(local, remote)
        self._retransmit = WSDUdpRetransmitParams()

    @wsd_method()
    def SetRetransmitParams(self, pParams: WSDUdpRetransmitParams | None) -> int:
        """E_INVALIDARG for NULL, and for delays that do not grow from the least to the longest."""
        argument(pParams is not None, "pParams is NULL")
        assert pParams is not None
        delays = (pParams.ulRepeatMinDelay, pParams.ulRepeatMaxDelay, pParams.ulRepeatUpperDelay)
        argument(sorted(delays) == list(delays), "the delays do not grow")
        argument(0 <= pParams.ulRepeat <= 256, "it is repeated up to 256 times")
        self._retransmit = pParams
        return S_OK

    @wsd_method(1)
    def GetRetransmitParams(self) -> tuple[int, WSDUdpRetransmitParams | None]:
        """(hresult, pParams)."""
        return S_OK, self._retransmit


class IWSDHttpMessageParameters(IWSDMessageParameters, iid="540bd122-5c83-4dec-b396-ea62a2697fdf"):
    """The same of a message over HTTP, and its headers. The message they belong to is sent without them.

    A text that is set may be as long as any: E_INVALIDARG for a longer one, and for NULL. What was not set is E_FAIL.
    """

    def __init__(self, local: IWSDAddress | None = None, remote: IWSDAddress | None = None) -> None:
        super().__init__(local, remote)
        self._values: dict[str, Any] = {}

    @wsd_method()
    def SetInboundHttpHeaders(self, pszHeaders: str | None) -> int:
        return self._set("inbound", pszHeaders)

    @wsd_method(1)
    def GetInboundHttpHeaders(self) -> tuple[int, str | None]:
        """(hresult, ppszHeaders)."""
        return S_OK, self._known("inbound")

    @wsd_method()
    def SetOutboundHttpHeaders(self, pszHeaders: str | None) -> int:
        return self._set("outbound", pszHeaders)

    @wsd_method(1)
    def GetOutboundHttpHeaders(self) -> tuple[int, str | None]:
        """(hresult, ppszHeaders)."""
        return S_OK, self._known("outbound")

    @wsd_method()
    def SetID(self, pszId: str | None) -> int:
        return self._set("id", pszId)

    @wsd_method(1)
    def GetID(self) -> tuple[int, str | None]:
        """(hresult, ppszId)."""
        return S_OK, self._known("id")

    @wsd_method()
    def SetContext(self, pContext: Any) -> int:
        self._values["context"] = pContext
        return S_OK

    @wsd_method(1)
    def GetContext(self) -> tuple[int, Any]:
        """(hresult, ppContext)."""
        return S_OK, held(self._known("context"))

    @wsd_method()
    def Clear(self) -> int:
        """Nothing is set any more."""
        self._values.clear()
        return S_OK

    def _set(self, name: str, text: str | None) -> int:
        argument(isinstance(text, str), "the text is NULL")
        short(text, "the text")
        self._values[name] = text
        return S_OK

    def _known(self, name: str) -> Any:
        if name not in self._values:
            raise WbemError(E_FAIL, f"there is none: the {name} was not set")
        return self._values[name]


def _known(address: IWSDAddress | None) -> IWSDAddress:
    if address is None:
        raise given_up("that address was not set")
    address.AddRef()
    return address


def same_where_secure(one: str | None, other: str | None) -> None:
    """What the pages of the WSDCreate…Advanced functions ask: where either is a URL of HTTPS, the other is the same."""
    if any(isinstance(each, str) and each.lower().startswith("https:") for each in (one, other)):
        urls = [IWSDHttpAddress(), IWSDHttpAddress()]
        same = [url.Deserialize(text) for url, text in zip(urls, (one, other), strict=True)] == [S_OK, S_OK]
        argument(same and urls[0].Serialize() == urls[1].Serialize(), "two addresses, one of HTTPS, are not the same")


@wsd_method(1)
def WSDCreateHttpAddress() -> tuple[int, IWSDHttpAddress | None]:
    """(hresult, ppAddress)."""
    return S_OK, IWSDHttpAddress()


@wsd_method(1)
def WSDCreateUdpAddress() -> tuple[int, IWSDUdpAddress | None]:
    """(hresult, ppAddress)."""
    return S_OK, IWSDUdpAddress()


@wsd_method(1)
def WSDCreateHttpMessageParameters() -> tuple[int, IWSDHttpMessageParameters | None]:
    """(hresult, ppTxParams)."""
    return S_OK, IWSDHttpMessageParameters()


@wsd_method(1)
def WSDCreateUdpMessageParameters() -> tuple[int, IWSDUdpMessageParameters | None]:
    """(hresult, ppTxParams)."""
    return S_OK, IWSDUdpMessageParameters()
