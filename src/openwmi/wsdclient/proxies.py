"""IWSDDeviceProxy and IWSDServiceProxy: a device somewhere, and a service on it (wsdclient.h).

    hr, device = WSDCreateDeviceProxy("urn:uuid:…", "urn:uuid:…")      finds it, and asks what it is
    hr, service = device.GetServiceProxyById("http://…/files")
    hr, endpoint = service.GetEndpointProxy()                          to which generated code sends its messages

Both kinds of EndGetMetadata obey one rule, that of any End: they do not wait, and are E_FAIL before the end.
Events are not here yet: the methods of IWSDServiceProxyEventing, and those that subscribe, return E_NOTIMPL.
"""

from __future__ import annotations

import ssl
from collections.abc import Sequence
from typing import Any, TypeVar

from openwmi.base.error import WbemError
from openwmi.base.fault import RemoteProtocolError
from openwmi.base.status import HResult, WbemStatus
from openwmi.blocking.com.unknown import IUnknown
from openwmi.blocking.runner import runner
from openwmi.net.datagram import DatagramNetwork
from openwmi.net.http_client import HttpClient
from openwmi.net.interfaces import list_interfaces
from openwmi.operation import Operation, ResultSet
from openwmi.soap import DPWS_2006, GET, GET_RESPONSE, EndpointReference, Metadata, Relationship, decode_get_response
from openwmi.soap import Service as Hosted
from openwmi.wsd import Device, Endpoint, metadata, metadata_at, resolve, usable_xaddrs
from openwmi.wsdclient import constants as c
from openwmi.wsdclient.addresses import IWSDAddress, same_where_secure
from openwmi.wsdclient.asyncresult import held
from openwmi.wsdclient.calling import argument, given_up, not_here, pointer, short, wsd_method
from openwmi.wsdclient.endpointproxy import IWSDAsyncResult, IWSDEndpointProxy
from openwmi.wsdclient.events import Answer
from openwmi.wsdclient.statuses import E_FAIL, S_OK
from openwmi.wsdclient.structures import (
    WSD_CONFIG_PARAM,
    WSD_EVENTING_EXPIRES,
    WSD_HOST_METADATA,
    WSD_OPERATION,
    WSD_SERVICE_METADATA,
    WSD_THIS_DEVICE_METADATA,
    WSD_THIS_MODEL_METADATA,
    WSDXML_ELEMENT,
    WSDXML_NAME,
)

T = TypeVar("T")

EVENTS = "events of devices (WS-Eventing) are not here yet"


class IWSDEventingStatus(IUnknown, iid="49b17f52-637a-407a-ae99-fbe82a4d38c0"):
    """Derive from this to hear what becomes of subscriptions."""

    def SubscriptionRenewed(self, pszSubscriptionAction: str) -> None:
        """It goes on."""

    def SubscriptionRenewalFailed(self, pszSubscriptionAction: str, hr: int) -> None:
        """It could not be renewed."""

    def SubscriptionEnded(self, pszSubscriptionAction: str) -> None:
        """The device has ended it."""


class IWSDMetadataExchange(IUnknown, iid="06996d57-1d67-4928-9307-3d7833fdb846"):
    """What can be asked for its metadata. `Metadata` is the list of sections, by what they say."""

    @wsd_method(1)
    def GetMetadata(self) -> tuple[int, Metadata | None]:
        """(hresult, MetadataOut): asks, and waits for the answer."""
        raise not_here("a metadata exchange of no kind")


class IWSDServiceProxy(IWSDMetadataExchange, iid="d4c7fb9c-03ab-4175-9d67-094fafebf487"):
    """One service. GetServiceProxyById and GetServiceProxyByType of its device return it."""

    def __init__(self, endpoint: IWSDEndpointProxy, hosted: Hosted) -> None:
        self._endpoint = endpoint
        self._hosted = hosted

    @wsd_method(1)
    def GetMetadata(self) -> tuple[int, Metadata | None]:
        """(hresult, MetadataOut): asks, and waits for the answer."""
        answer = runner().complete(self._get)
        return S_OK, _metadata_in(answer)

    @wsd_method(1)
    def BeginGetMetadata(self) -> tuple[int, IWSDAsyncResult | None]:
        """(hresult, ppResult): asks, and returns at once."""
        return S_OK, self._endpoint.begin_(self._get)

    @wsd_method(1)
    def EndGetMetadata(self, pResult: IWSDAsyncResult | None) -> tuple[int, Metadata | None]:
        """(hresult, ppMetadata): what the service says. E_FAIL before the end: unlike Windows' it does not wait."""
        return S_OK, _metadata_in(_end(pResult))

    @wsd_method(1)
    def GetServiceMetadata(self) -> tuple[int, WSD_SERVICE_METADATA | None]:
        """(hresult, ppServiceMetadata): what its device said of it."""
        return S_OK, self._hosted

    @wsd_method(1)
    def SubscribeToOperation(
        self, pOperation: WSD_OPERATION | None, pUnknown: Any, pAny: WSDXML_ELEMENT | None = None
    ) -> tuple[int, WSDXML_ELEMENT | None]:
        """(hresult, ppAny): E_NOTIMPL."""
        raise not_here(EVENTS)

    @wsd_method()
    def UnsubscribeToOperation(self, pOperation: WSD_OPERATION | None) -> int:
        """E_NOTIMPL."""
        raise not_here(EVENTS)

    @wsd_method()
    def SetEventingStatusCallback(self, pStatus: IWSDEventingStatus | None) -> int:
        """E_NOTIMPL."""
        raise not_here(EVENTS)

    @wsd_method(1)
    def GetEndpointProxy(self) -> tuple[int, IWSDEndpointProxy | None]:
        """(hresult, ppProxy): what messages for it are sent to."""
        return S_OK, held(self._endpoint)

    def _get(self) -> Operation[Any]:
        return self._endpoint.two_way_(GET, GET_RESPONSE)


Operations = Sequence[WSD_OPERATION]
Expires = WSD_EVENTING_EXPIRES | None
Any_ = WSDXML_ELEMENT | None


class IWSDServiceProxyEventing(IWSDServiceProxy, iid="f9279d6d-1012-4a94-b8cc-fd35d2202bfe"):
    """The four calls of WS-Eventing, each synchronous and asynchronous. Each returns E_NOTIMPL."""

    @wsd_method(2)
    def SubscribeToMultipleOperations(
        self, pOperations: Operations, pUnknown: Any, pExpires: Expires = None, pAny: Any_ = None
    ) -> tuple[int, Expires, Any_]:
        """(hresult, ppExpires, ppAny)."""
        raise not_here(EVENTS)

    @wsd_method(1)
    def BeginSubscribeToMultipleOperations(
        self,
        pOperations: Operations,
        pUnknown: Any,
        pExpires: Expires = None,
        pAny: Any_ = None,
        pAsyncState: Any = None,
        pAsyncCallback: Any = None,
    ) -> tuple[int, IWSDAsyncResult | None]:
        """(hresult, ppResult)."""
        raise not_here(EVENTS)

    @wsd_method(2)
    def EndSubscribeToMultipleOperations(
        self, pOperations: Operations, pResult: IWSDAsyncResult | None
    ) -> tuple[int, Expires, Any_]:
        """(hresult, ppExpires, ppAny)."""
        raise not_here(EVENTS)

    @wsd_method()
    def UnsubscribeToMultipleOperations(self, pOperations: Operations, pAny: Any_ = None) -> int:
        raise not_here(EVENTS)

    @wsd_method(1)
    def BeginUnsubscribeToMultipleOperations(
        self, pOperations: Operations, pAny: Any_ = None, pAsyncState: Any = None, pAsyncCallback: Any = None
    ) -> tuple[int, IWSDAsyncResult | None]:
        """(hresult, ppResult)."""
        raise not_here(EVENTS)

    @wsd_method()
    def EndUnsubscribeToMultipleOperations(self, pOperations: Operations, pResult: IWSDAsyncResult | None) -> int:
        raise not_here(EVENTS)

    @wsd_method(2)
    def RenewMultipleOperations(
        self, pOperations: Operations, pExpires: Expires = None, pAny: Any_ = None
    ) -> tuple[int, Expires, Any_]:
        """(hresult, ppExpires, ppAny)."""
        raise not_here(EVENTS)

    @wsd_method(1)
    def BeginRenewMultipleOperations(
        self,
        pOperations: Operations,
        pExpires: Expires = None,
        pAny: Any_ = None,
        pAsyncState: Any = None,
        pAsyncCallback: Any = None,
    ) -> tuple[int, IWSDAsyncResult | None]:
        """(hresult, ppResult)."""
        raise not_here(EVENTS)

    @wsd_method(2)
    def EndRenewMultipleOperations(
        self, pOperations: Operations, pResult: IWSDAsyncResult | None
    ) -> tuple[int, Expires, Any_]:
        """(hresult, ppExpires, ppAny)."""
        raise not_here(EVENTS)

    @wsd_method(2)
    def GetStatusForMultipleOperations(self, pOperations: Operations, pAny: Any_ = None) -> tuple[int, Expires, Any_]:
        """(hresult, ppExpires, ppAny)."""
        raise not_here(EVENTS)

    @wsd_method(1)
    def BeginGetStatusForMultipleOperations(
        self, pOperations: Operations, pAny: Any_ = None, pAsyncState: Any = None, pAsyncCallback: Any = None
    ) -> tuple[int, IWSDAsyncResult | None]:
        """(hresult, ppResult)."""
        raise not_here(EVENTS)

    @wsd_method(2)
    def EndGetStatusForMultipleOperations(
        self, pOperations: Operations, pResult: IWSDAsyncResult | None
    ) -> tuple[int, Expires, Any_]:
        """(hresult, ppExpires, ppAny)."""
        raise not_here(EVENTS)


class IWSDDeviceProxy(IUnknown, iid="eee0c031-c578-4c0e-9a3b-973c35f409db"):
    """One device. WSDCreateDeviceProxy returns it.

    Attributes:
        network_: another than this machine's, to find it on. The header has no such thing.
    """

    def __init__(self) -> None:
        self.network_: DatagramNetwork | None = None
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
        """Says which device it is; WSDCreateDeviceProxy does. `pSponsor` is one whose connections it shares."""
        for text, name in ((pszDeviceId, "pszDeviceId"), (pszLocalId, "pszLocalId")):
            argument(text, f"{name} is NULL")
            short(text, name)
        self._id = (pszDeviceId or "").removeprefix("@")
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
        self._take(_end(pResult))
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
        return IWSDServiceProxyEventing(self._proxy(endpoint.address, endpoint), hosted)

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


def _end(result: IWSDAsyncResult | None) -> Any:
    """What an operation brought. E_INVALIDARG for NULL, E_FAIL before the end, E_ABORT after Abort, else why."""
    argument(isinstance(result, IWSDAsyncResult), f"pResult is an IWSDAsyncResult, and not {result!r}")
    assert result is not None
    if result.HasCompleted() != S_OK:
        raise WbemError(HResult.E_FAIL, "the operation has not ended: wait for it, or have it call you back")
    results = result.results_
    results.check()
    return results.whole()


def _metadata_in(answer: Answer) -> Metadata:
    try:
        return decode_get_response(answer.message)
    except RemoteProtocolError as error:
        raise WbemError(E_FAIL, f"that is no metadata: {error}") from None
