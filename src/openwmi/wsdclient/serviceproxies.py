"""IWSDServiceProxy and IWSDServiceProxyEventing: a service of a device, and the events of it (wsdclient.h).

    hr, expires, any = service.SubscribeToMultipleOperations([CHANGED], sink, WSD_EVENTING_EXPIRES(600))
    hr, result = service.BeginRenewMultipleOperations([CHANGED], WSD_EVENTING_EXPIRES(600), None, state, callback)

A subscription is renewed until it is unsubscribed, or the proxy is released. Every End obeys one rule: it does not
wait, and is E_FAIL before the end. What `openwmi.wsdclient.eventing` says of subscriptions holds for all methods here.
"""

from __future__ import annotations

from collections.abc import Callable
from contextlib import suppress
from typing import Any

from openwmi.base.error import WbemError
from openwmi.base.fault import RemoteProtocolError
from openwmi.base.status import HResult
from openwmi.blocking.com.unknown import IUnknown
from openwmi.blocking.runner import runner
from openwmi.operation import Operation, ResultSet
from openwmi.soap import (
    GET,
    GET_METADATA,
    GET_METADATA_RESPONSE,
    GET_RESPONSE,
    GetMetadata,
    Metadata,
    decode_get_response,
    is_no_answer_to_get,
)
from openwmi.soap import Service as Hosted
from openwmi.wsd import Faulted, Receiver
from openwmi.wsdclient.asyncresult import held
from openwmi.wsdclient.callbacks import IWSDAsyncCallback
from openwmi.wsdclient.calling import argument, not_here, on_loop, wsd_method
from openwmi.wsdclient.endpointproxy import IWSDAsyncResult, IWSDEndpointProxy
from openwmi.wsdclient.eventing import Granted, IWSDEventingStatus, Operations, Subscriptions, inside
from openwmi.wsdclient.events import Answer
from openwmi.wsdclient.statuses import E_FAIL, S_OK
from openwmi.wsdclient.structures import WSD_EVENTING_EXPIRES, WSD_OPERATION, WSD_SERVICE_METADATA, WSDXML_ELEMENT

Expires = WSD_EVENTING_EXPIRES | None
Any_ = WSDXML_ELEMENT | None
Told = tuple[int, Expires, Any_]


class IWSDMetadataExchange(IUnknown, iid="06996d57-1d67-4928-9307-3d7833fdb846"):
    """What can be asked for its metadata. `Metadata` is the list of sections, by what they say."""

    @wsd_method(1)
    def GetMetadata(self) -> tuple[int, Metadata | None]:
        """(hresult, MetadataOut): asks, and waits for the answer."""
        raise not_here("a metadata exchange of no kind")


class IWSDServiceProxy(IWSDMetadataExchange, iid="d4c7fb9c-03ab-4175-9d67-094fafebf487"):
    """One service. GetServiceProxyById and GetServiceProxyByType of its device return it."""

    def __init__(
        self,
        endpoint: IWSDEndpointProxy,
        hosted: Hosted,
        receiver: Callable[[], Receiver | None] = lambda: None,
    ) -> None:
        self._endpoint = endpoint
        self._hosted = hosted
        self._subscriptions = Subscriptions(receiver)

    def __del__(self) -> None:
        self._released()

    @wsd_method(1)
    def GetMetadata(self) -> tuple[int, Metadata | None]:
        """(hresult, MetadataOut): asks, and waits for the answer."""
        answer = runner().complete(self._get)
        return S_OK, metadata_in(answer)

    @wsd_method(1)
    def BeginGetMetadata(self) -> tuple[int, IWSDAsyncResult | None]:
        """(hresult, ppResult): asks, and returns at once."""
        return S_OK, self._endpoint.begin_(self._get)

    @wsd_method(1)
    def EndGetMetadata(self, pResult: IWSDAsyncResult | None) -> tuple[int, Metadata | None]:
        """(hresult, ppMetadata): what the service says. E_FAIL before the end: unlike Windows' it does not wait."""
        return S_OK, metadata_in(ended(pResult))

    @wsd_method(1)
    def GetServiceMetadata(self) -> tuple[int, WSD_SERVICE_METADATA | None]:
        """(hresult, ppServiceMetadata): what its device said of it."""
        return S_OK, self._hosted

    @wsd_method(1)
    def SubscribeToOperation(
        self, pOperation: WSD_OPERATION | None, pUnknown: Any, pAny: WSDXML_ELEMENT | None = None
    ) -> tuple[int, WSDXML_ELEMENT | None]:
        """(hresult, ppAny): has an event told from now on, and waits until it is granted.

        `pUnknown` is what the stub of the operation is given. E_INVALIDARG for one that is subscribed to already, or
        that has no stub; E_POINTER for NULL; E_FAIL for a fault, which the endpoint then has (GetFaultInfo).
        """
        _, anything = self._waited(lambda: self._subscribe([pOperation], pUnknown, None, pAny)).told
        return S_OK, anything

    @wsd_method()
    def UnsubscribeToOperation(self, pOperation: WSD_OPERATION | None) -> int:
        """Ends that, and waits until the device knows, and no stub is called any more; not from within that stub.

        E_INVALIDARG for one that is not subscribed to, and E_POINTER for NULL. It is over whatever this returns.
        """
        self._left([pOperation], None)
        return S_OK

    @wsd_method()
    def SetEventingStatusCallback(self, pStatus: IWSDEventingStatus | None) -> int:
        """Has it called when something becomes of subscriptions, in place of one before; NULL: nobody.

        It comes on a thread of its own, where it may block.
        """
        argument(
            pStatus is None or isinstance(pStatus, IWSDEventingStatus),
            f"pStatus is of a class derived from IWSDEventingStatus, not {pStatus!r}",
        )
        if pStatus is not None:
            pStatus.AddRef()
        before = on_loop(self._endpoint.loop_, self._subscriptions.tell, pStatus)
        if before is not None:
            before.Release()
        return S_OK

    @wsd_method(1)
    def GetEndpointProxy(self) -> tuple[int, IWSDEndpointProxy | None]:
        """(hresult, ppProxy): what messages for it are sent to."""
        return S_OK, held(self._endpoint)

    def _released(self) -> None:
        """Its subscriptions end, in a while: it may be that a collection of garbage has led here."""
        with suppress(AttributeError, RuntimeError):  # its construction failed; its loop has ended
            close, loop = self._subscriptions.close, self._endpoint.loop_
            if loop is None:
                runner().post(close)
            else:
                loop.call_soon_threadsafe(close)

    def _get(self) -> Operation[Any]:
        return Operation.start(self._asked, "metadata", single=True)

    async def _asked(self, results: ResultSet[Answer]) -> Answer:
        """What the service says of itself: some answer the one request alone, some the other."""
        results.begin()
        ask = self._endpoint.two_way_
        answer: Answer
        try:
            answer = await ask(GET, None, GET_RESPONSE)
        except Faulted as error:
            if not is_no_answer_to_get(error.fault):
                raise
            try:
                answer = await ask(GET_METADATA, GetMetadata(), GET_METADATA_RESPONSE)
            except Faulted:
                raise error from None
        return answer

    # On the loop's thread.

    def _subscribe(self, operations: Operations, unknown: Any, expires: Expires, anything: Any_) -> Operation[Granted]:
        endpoint = self._endpoint.carrier_
        return self._subscriptions.subscribe(endpoint, operations, unknown, expires, anything)

    # On any.

    def _left(self, operations: Operations, anything: Any_) -> None:
        within = inside()
        self._waited(lambda: self._subscriptions.unsubscribe(operations, anything, inside=within))

    def _waited(self, start: Callable[[], Operation[Any]]) -> Any:
        """What an operation brings, waited for."""
        try:
            return runner().complete(start)
        except WbemError as error:
            self._endpoint.failed_(error)
            raise


class IWSDServiceProxyEventing(IWSDServiceProxy, iid="f9279d6d-1012-4a94-b8cc-fd35d2202bfe"):
    """The four calls of WS-Eventing for several operations at once, each synchronous and asynchronous.

    Expiry is for how long (seconds), or until when; NULL leaves it to this side. Elements of `pAny` travel in the
    request; ppAny is the first that the answer has beside its own.
    """

    @wsd_method(2)
    def SubscribeToMultipleOperations(
        self, pOperations: Operations, pUnknown: Any, pExpires: Expires = None, pAny: Any_ = None
    ) -> Told:
        """(hresult, ppExpires, ppAny): as SubscribeToOperation, all by one message. It fails for all, or for none."""
        granted = self._waited(lambda: self._subscribe(pOperations, pUnknown, pExpires, pAny))
        return S_OK, *granted.told

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
        """(hresult, ppResult): the same, and returns at once. Abort ends the subscription, too."""
        return self._begin(lambda: self._subscribe(pOperations, pUnknown, pExpires, pAny), pAsyncState, pAsyncCallback)

    @wsd_method(2)
    def EndSubscribeToMultipleOperations(self, pOperations: Operations, pResult: IWSDAsyncResult | None) -> Told:
        """(hresult, ppExpires, ppAny)."""
        return self._told(pResult)

    @wsd_method()
    def UnsubscribeToMultipleOperations(self, pOperations: Operations, pAny: Any_ = None) -> int:
        """As UnsubscribeToOperation. The device hears of it when the last that share a subscription are left."""
        self._left(pOperations, pAny)
        return S_OK

    @wsd_method(1)
    def BeginUnsubscribeToMultipleOperations(
        self, pOperations: Operations, pAny: Any_ = None, pAsyncState: Any = None, pAsyncCallback: Any = None
    ) -> tuple[int, IWSDAsyncResult | None]:
        """(hresult, ppResult): the same, and returns at once."""
        within = inside()
        return self._begin(
            lambda: self._subscriptions.unsubscribe(pOperations, pAny, inside=within), pAsyncState, pAsyncCallback
        )

    @wsd_method()
    def EndUnsubscribeToMultipleOperations(self, pOperations: Operations, pResult: IWSDAsyncResult | None) -> int:
        """How it went."""
        self._ended(pResult)
        return S_OK

    @wsd_method(2)
    def RenewMultipleOperations(self, pOperations: Operations, pExpires: Expires = None, pAny: Any_ = None) -> Told:
        """(hresult, ppExpires, ppAny): has them last anew, now and from now on. E_INVALIDARG as of Unsubscribe."""
        granted = self._waited(lambda: self._subscriptions.renew(pOperations, pExpires, pAny))
        return S_OK, *granted.told

    @wsd_method(1)
    def BeginRenewMultipleOperations(
        self,
        pOperations: Operations,
        pExpires: Expires = None,
        pAny: Any_ = None,
        pAsyncState: Any = None,
        pAsyncCallback: Any = None,
    ) -> tuple[int, IWSDAsyncResult | None]:
        """(hresult, ppResult): the same, and returns at once."""
        return self._begin(lambda: self._subscriptions.renew(pOperations, pExpires, pAny), pAsyncState, pAsyncCallback)

    @wsd_method(2)
    def EndRenewMultipleOperations(self, pOperations: Operations, pResult: IWSDAsyncResult | None) -> Told:
        """(hresult, ppExpires, ppAny)."""
        return self._told(pResult)

    @wsd_method(2)
    def GetStatusForMultipleOperations(self, pOperations: Operations, pAny: Any_ = None) -> Told:
        """(hresult, ppExpires, ppAny): how long they last, as the device says. E_INVALIDARG as of Unsubscribe."""
        granted = self._waited(lambda: self._subscriptions.get_status(pOperations, pAny))
        return S_OK, *granted.told

    @wsd_method(1)
    def BeginGetStatusForMultipleOperations(
        self, pOperations: Operations, pAny: Any_ = None, pAsyncState: Any = None, pAsyncCallback: Any = None
    ) -> tuple[int, IWSDAsyncResult | None]:
        """(hresult, ppResult): the same, and returns at once."""
        return self._begin(lambda: self._subscriptions.get_status(pOperations, pAny), pAsyncState, pAsyncCallback)

    @wsd_method(2)
    def EndGetStatusForMultipleOperations(self, pOperations: Operations, pResult: IWSDAsyncResult | None) -> Told:
        """(hresult, ppExpires, ppAny)."""
        return self._told(pResult)

    def _begin(
        self, start: Callable[[], Operation[Any]], state: Any, callback: Any
    ) -> tuple[int, IWSDAsyncResult | None]:
        argument(
            callback is None or isinstance(callback, IWSDAsyncCallback),
            f"pAsyncCallback is of a class derived from IWSDAsyncCallback, not {callback!r}",
        )
        return S_OK, self._endpoint.begin_(start, callback, state)

    def _told(self, result: IWSDAsyncResult | None) -> Told:
        granted = self._ended(result)
        argument(isinstance(granted, Granted), "pResult is of another call")
        return S_OK, *granted.told

    def _ended(self, result: IWSDAsyncResult | None) -> Any:
        try:
            return ended(result)
        except WbemError as error:
            if result is not None and result.error_ is error:
                self._endpoint.failed_(error)
            raise


def ended(result: IWSDAsyncResult | None) -> Any:
    """What an operation brought. E_INVALIDARG for NULL, E_FAIL before the end, E_ABORT after Abort, else why."""
    argument(isinstance(result, IWSDAsyncResult), f"pResult is an IWSDAsyncResult, and not {result!r}")
    assert result is not None
    if result.HasCompleted() != S_OK:
        raise WbemError(HResult.E_FAIL, "the operation has not ended: wait for it, or have it call you back")
    error, results = result.error_, result.results_
    if error is not None:
        _ = results.status  # which notes that somebody has seen it
        raise error.with_traceback(None)
    return results.whole()


def metadata_in(answer: Answer) -> Metadata:
    """What the answer to Get says. E_FAIL."""
    try:
        return decode_get_response(answer.message)
    except RemoteProtocolError as error:
        raise WbemError(E_FAIL, f"that is no metadata: {error}") from None
