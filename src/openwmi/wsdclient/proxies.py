"""IWSDDeviceProxy: a device somewhere, what it says of itself, and its services (wsdclient.h).

    hr, device = WSDCreateDeviceProxy("urn:uuid:…", "urn:uuid:…")      finds it, and asks what it is
    hr, service = device.GetServiceProxyById("http://…/files")
    hr, endpoint = service.GetEndpointProxy()                          to which generated code sends its messages

An End does not wait, and is E_FAIL before the end. What a service's proxy can do stands in `serviceproxies`.
"""

from __future__ import annotations

import ssl
from collections.abc import Sequence
from typing import Any, TypeVar

from openwmi.base.error import WbemError
from openwmi.base.status import HResult, WbemStatus
from openwmi.blocking.com.unknown import IUnknown
from openwmi.blocking.runner import runner
from openwmi.net.datagram import DatagramNetwork
from openwmi.net.http import parse_url
from openwmi.net.http_client import HttpClient
from openwmi.net.interfaces import list_interfaces
from openwmi.net.listener import Address
from openwmi.operation import Operation, ResultSet
from openwmi.soap import DPWS_2006, EndpointReference, Metadata, Relationship
from openwmi.soap import Service as Hosted
from openwmi.wsd import Device, Endpoint, Receiver, metadata, metadata_at, resolve, usable_xaddrs
from openwmi.wsdclient import constants as c
from openwmi.wsdclient.addresses import IWSDAddress, same_where_secure
from openwmi.wsdclient.asyncresult import held
from openwmi.wsdclient.calling import argument, given_up, not_here, pointer, short, wsd_method
from openwmi.wsdclient.endpointproxy import IWSDAsyncResult, IWSDEndpointProxy
from openwmi.wsdclient.serviceproxies import IWSDServiceProxy, IWSDServiceProxyEventing, ended
from openwmi.wsdclient.statuses import S_OK
from openwmi.wsdclient.structures import (
    WSD_CONFIG_PARAM,
    WSD_HOST_METADATA,
    WSD_THIS_DEVICE_METADATA,
    WSD_THIS_MODEL_METADATA,
    WSDXML_NAME,
)

T = TypeVar("T")


class IWSDDeviceProxy(IUnknown, iid="eee0c031-c578-4c0e-9a3b-973c35f409db"):
    """One device. WSDCreateDeviceProxy returns it.

    Attributes:
        network_: another than this machine's, to find it on. The header has no such thing.
        event_options_: how events are received, as of `openwmi.wsd.Receiver`; before the first subscription.
    """

    def __init__(self) -> None:
        self.network_: DatagramNetwork | None = None
        self.event_options_: dict[str, Any] = {}
        self._local_id = ""
        self._receiver: Receiver | None = None
        self._id = ""
        self._url = ""
        self._metadata: Metadata | None = None
        self._http: HttpClient | None = None
        self._tls: ssl.SSLContext | None = None
        self._endpoint: IWSDEndpointProxy | None = None

    @wsd_method()
    def Init(
        self,
        pszDeviceId: str | None,
        pDeviceAddress: IWSDAddress | None,
        pszLocalId: str | None,
        pContext: Any = None,
        pSponsor: IWSDDeviceProxy | None = None,
    ) -> int:
        """Says which device it is; WSDCreateDeviceProxy does. `pSponsor` is one whose connections it shares.

        Where `pszLocalId` is a URL, events of its services come there; HTTPS needs `event_options_["tls"]`.
        """
        for text, name in ((pszDeviceId, "pszDeviceId"), (pszLocalId, "pszLocalId")):
            argument(text, f"{name} is NULL")
            short(text, name)
        self._id, self._local_id = (pszDeviceId or "").removeprefix("@"), pszLocalId or ""
        if pDeviceAddress is not None:
            self._url = pDeviceAddress.Serialize()[1] or ""
        elif self._id.lower().startswith(("http:", "https:")):
            self._url = self._id
        else:
            argument(self._id.lower().startswith("urn:"), f"{self._id[:80]!r} is neither urn:uuid:… nor a URL")
        if pSponsor is not None:
            self._tls, self._http = pSponsor.shared_
        if self._http is None:
            self._http = runner().call(lambda: HttpClient(tls=self._tls))
        return S_OK

    @wsd_method(1)
    def BeginGetMetadata(self) -> tuple[int, IWSDAsyncResult | None]:
        """(hresult, ppResult): asks the device what it is, and returns at once; where it is is asked first."""
        self._known()
        return S_OK, runner().call(lambda: IWSDAsyncResult(self._asking(), self._endpoint))

    @wsd_method()
    def EndGetMetadata(self, pResult: IWSDAsyncResult | None) -> int:
        """Takes the metadata that were asked for. E_FAIL before the end; E_INVALIDARG for NULL."""
        self._take(ended(pResult))
        return S_OK

    @wsd_method(1)
    def GetHostMetadata(self) -> tuple[int, WSD_HOST_METADATA | None]:
        """(hresult, ppHostMetadata): the device, and the services on it, as it said last; it is not asked again."""
        known = self._told()
        return S_OK, Relationship(known.host, known.hosted)

    @wsd_method(1)
    def GetThisModelMetadata(self) -> tuple[int, WSD_THIS_MODEL_METADATA | None]:
        """(hresult, ppManufacturerMetadata): the same of its model."""
        return S_OK, self._told().model

    @wsd_method(1)
    def GetThisDeviceMetadata(self) -> tuple[int, WSD_THIS_DEVICE_METADATA | None]:
        """(hresult, ppThisDeviceMetadata): the same of itself."""
        return S_OK, self._told().device

    @wsd_method(1)
    def GetAllMetadata(self) -> tuple[int, Metadata | None]:
        """(hresult, ppMetadata): all sections."""
        return S_OK, self._told()

    @wsd_method(1)
    def GetServiceProxyById(self, pszServiceId: str | None) -> tuple[int, IWSDServiceProxy | None]:
        """(hresult, ppServiceProxy). E_INVALIDARG for a service that metadata do not name, E_FAIL if it is nowhere."""
        short(pszServiceId, "pszServiceId")
        hosted = next((each for each in self._hosted() if each.service_id == pszServiceId), None)
        return S_OK, self._service(hosted, f"of the id {pszServiceId}")

    @wsd_method(1)
    def GetServiceProxyByType(self, pType: WSDXML_NAME | None) -> tuple[int, IWSDServiceProxy | None]:
        """(hresult, ppServiceProxy): the first of that type. E_POINTER for NULL; otherwise as the same by id."""
        pointer(pType, "pType")
        hosted = next((each for each in self._hosted() if pType in each.types), None)
        return S_OK, self._service(hosted, f"of the type {pType}")

    @wsd_method(1)
    def GetEndpointProxy(self) -> tuple[int, IWSDEndpointProxy | None]:
        """(hresult, ppProxy): what messages for the device itself are sent to. E_ABORT before its metadata are here."""
        if self._endpoint is None:
            raise given_up(f"it is not known where {self._id} is: ask for its metadata first")
        return S_OK, held(self._endpoint)

    # Not in the header.

    def use_tls_(self, tls: ssl.SSLContext | None) -> None:
        """For https: whom to trust, and who to be. Before Init."""
        self._tls = tls

    @property
    def shared_(self) -> tuple[ssl.SSLContext | None, HttpClient | None]:
        """What those share whose sponsor it is."""
        return self._tls, self._http

    def _known(self) -> None:
        if not self._id:
            raise given_up("Init has not been called")

    def _told(self) -> Metadata:
        if self._metadata is None:
            raise given_up(f"{self._id or 'the device'} has not been asked for its metadata")
        return self._metadata

    def _hosted(self) -> tuple[Hosted, ...]:
        return () if self._metadata is None else self._metadata.hosted

    def _take(self, found: tuple[str, Metadata]) -> None:
        self._url, self._metadata = found
        host = self._metadata.host
        to = host.endpoints[0] if host is not None and host.endpoints else EndpointReference(self._id)
        self._endpoint = self._proxy(self._url, to)

    def _service(self, hosted: Hosted | None, what: str) -> IWSDServiceProxy:
        argument(hosted is not None, f"the metadata of {self._id} name no service {what}")
        assert hosted is not None
        endpoint = next((each for each in hosted.endpoints if each.address.lower().startswith("http")), None)
        if endpoint is None:
            raise WbemError(HResult.E_FAIL, f"the service {what} says of no endpoint where it is")
        return IWSDServiceProxyEventing(self._proxy(endpoint.address, endpoint), hosted, self._receiving)

    def _receiving(self) -> Receiver | None:
        """On the loop's thread: what events come by; None is what all share."""
        if self._receiver is None and (self._local_id.lower().startswith("http") or self.event_options_):
            given = dict(self.event_options_)
            if self._local_id.lower().startswith("http"):
                where = parse_url(self._local_id)
                given.setdefault("listen", Address(where.host, where.port))
                if where.secure and given.get("tls") is None:
                    raise WbemError(
                        HResult.E_FAIL, "events by HTTPS need a certificate: set tls of event_options_ before"
                    )
            self._receiver = Receiver(**given)
        return self._receiver

    def _proxy(self, url: str, to: EndpointReference) -> IWSDEndpointProxy:
        return IWSDEndpointProxy(runner().call(lambda: Endpoint(url, to=to, profile=DPWS_2006, http=self._http)))

    def _asking(self) -> Operation[tuple[str, Metadata]]:
        async def work(results: ResultSet[tuple[str, Metadata]]) -> tuple[str, Metadata]:
            results.begin()
            if self._url:
                return self._url, await metadata_at(self._url, tls=self._tls)
            device = await resolve(self._id, network=self.network_)
            return _url_of(device), await metadata(device, tls=self._tls)

        return Operation.start(work, f"metadata {self._id}", single=True)

    def _released(self) -> None:
        """Its connections close when they have not been used for a while; services may go on using them."""


@wsd_method(1)
def WSDCreateDeviceProxy(
    pszDeviceId: str | None, pszLocalId: str | None, pContext: Any = None
) -> tuple[int, IWSDDeviceProxy | None]:
    """(hresult, ppDeviceProxy): a device by what it is called (urn:uuid:…) or where it is (a URL), and its metadata.

    It waits for them; with an @ before the id it does not ask: BeginGetMetadata does, without waiting.
    """
    return S_OK, _created(pszDeviceId, pszLocalId, None, ())


@wsd_method(1)
def WSDCreateDeviceProxyAdvanced(
    pszDeviceId: str | None, pDeviceAddress: IWSDAddress | None, pszLocalId: str | None, pContext: Any = None
) -> tuple[int, IWSDDeviceProxy | None]:
    """(hresult, ppDeviceProxy): the same, and it is known where it is.

    E_INVALIDARG where either id is a URL of HTTPS, and the other is not the same.
    """
    same_where_secure((pszDeviceId or "").removeprefix("@"), pszLocalId)
    return S_OK, _created(pszDeviceId, pszLocalId, pDeviceAddress, ())


@wsd_method(1)
def WSDCreateDeviceProxy2(
    pszDeviceId: str | None,
    pszLocalId: str | None,
    pContext: Any = None,
    pConfigParams: Sequence[WSD_CONFIG_PARAM] = (),
) -> tuple[int, IWSDDeviceProxy | None]:
    """(hresult, ppDeviceProxy): the same with options.

    WSD_SECURITY_SSL_CERT_FOR_CLIENT_AUTH and WSD_SECURITY_SSL_SERVER_CERT_VALIDATION take an `ssl.SSLContext`; any
    other is E_NOTIMPL.
    """
    return S_OK, _created(pszDeviceId, pszLocalId, None, pConfigParams)


def _created(
    device_id: str | None, local_id: str | None, address: IWSDAddress | None, options: Sequence[WSD_CONFIG_PARAM]
) -> IWSDDeviceProxy:
    proxy = IWSDDeviceProxy()
    for option in options:
        if option.configParamType not in {
            c.WSD_SECURITY_SSL_CERT_FOR_CLIENT_AUTH,
            c.WSD_SECURITY_SSL_SERVER_CERT_VALIDATION,
        }:
            raise not_here(f"there is no option {option.configParamType} here")
        proxy.use_tls_(option.pConfigData)
    hr = proxy.Init(device_id, address, local_id)
    if hr != S_OK:
        raise WbemError(hr, f"{device_id!r} or {local_id!r} is not valid")
    if not (device_id or "").startswith("@"):
        proxy._take(runner().complete(proxy._asking))  # noqa: SLF001 - it is ours, and new
    return proxy


def _url_of(device: Device) -> str:
    interface = next((each for each in list_interfaces() if each.name == device.interface), None)
    usable = () if interface is None else usable_xaddrs(device.xaddrs, interface, device.source.host)
    if not usable:
        raise WbemError(WbemStatus.FAILED, f"{device.address} does not say where it listens")
    return usable[0]
