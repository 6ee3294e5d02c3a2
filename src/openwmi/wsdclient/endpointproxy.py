"""IWSDEndpointProxy: a device or one of its services, as what messages are sent to (wsdclient.h).

It is a face of `openwmi.wsd.Endpoint`. Generated code calls its methods; so does `end_operation`, which is what each
End<Op> of generated code does.
"""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Sequence
from typing import Any, Protocol, TypeVar

from openwmi.base.error import WbemError
from openwmi.base.fault import RemoteProtocolError
from openwmi.base.status import HResult
from openwmi.blocking.com.failure import set_error
from openwmi.blocking.com.unknown import IUnknown
from openwmi.blocking.runner import runner
from openwmi.operation import Operation
from openwmi.soap import Part, SoapFault
from openwmi.wsd.endpoint import Endpoint as Carrier
from openwmi.wsdclient import constants as c
from openwmi.wsdclient.asyncresult import AsyncResult
from openwmi.wsdclient.attachments import as_outbound
from openwmi.wsdclient.callbacks import IWSDAsyncCallback
from openwmi.wsdclient.calling import argument, not_here, on_loop, pointer, wsd_method
from openwmi.wsdclient.events import Answer, event_of, fault_of
from openwmi.wsdclient.statuses import E_ABORT, E_FAIL, E_INVALIDARG, S_FALSE, S_OK, hresult
from openwmi.wsdclient.structures import (
    WSD_EVENT,
    WSD_OPERATION,
    WSD_SOAP_FAULT,
    WSD_SYNCHRONOUS_RESPONSE_CONTEXT,
    WSDXML_TYPE,
)

T = TypeVar("T")

CALL_SECONDS = 30.0
"""The deadline of a call, unless the endpoint or the call is told another (`timeout_`)."""


class Endpoint(Protocol):
    """What an endpoint's face stands on: `openwmi.wsd.Endpoint`."""

    def two_way(
        self,
        action: str,
        body: Part | bytes | None,
        *,
        reply_action: str | None = None,
        attachments: Sequence[Any] = (),
        timeout: float | None = 30.0,
    ) -> Operation[Any]: ...

    def one_way(
        self,
        action: str,
        body: Part | bytes | None,
        *,
        attachments: Sequence[Any] = (),
        timeout: float | None = 30.0,
    ) -> Operation[Any]: ...


class IWSDAsyncResult(AsyncResult["IWSDEndpointProxy"], iid="11a9852a-8dd8-423e-b537-9356db4fbfb8"):
    """See `openwmi.wsdclient.asyncresult`."""

    __slots__ = ()


class IWSDEndpointProxy(IUnknown, iid="1860d430-b24c-4975-9f90-dbb39baa24ec"):
    """GetEndpointProxy of a device's or a service's proxy returns it. It may be used by several threads at once.

    Args:
        endpoint: what sends and receives.
        loop: whose it is; None is the loop of the blocking faces.

    Attributes:
        timeout_: seconds for each call that is not told another; None is no deadline. The header has no such thing.
    """

    def __init__(self, endpoint: Endpoint, loop: asyncio.AbstractEventLoop | None = None) -> None:
        self._endpoint = endpoint
        self._loop = loop
        self._fault: SoapFault | None = None
        self._error = ""
        self.timeout_: float | None = CALL_SECONDS

    @property
    def loop_(self) -> asyncio.AbstractEventLoop | None:
        """Where its calls are; None is the loop of the blocking faces."""
        return self._loop

    @property
    def carrier_(self) -> Carrier:
        """What it is a face of. E_NOTIMPL where that is something else than an endpoint of `openwmi.wsd`."""
        if not isinstance(self._endpoint, Carrier):
            raise not_here("what carries these calls knows no events")
        return self._endpoint

    @wsd_method()
    def SendOneWayRequest(
        self, pBody: Any, pOperation: WSD_OPERATION | None, *, attachments_: Sequence[Any] = ()
    ) -> int:
        """Sends a message that has no answer, and waits until the other side has taken it. See BeginOneWay_."""
        self._waited(self._one_way(pBody, pOperation, attachments_))
        return S_OK

    @wsd_method()
    def SendTwoWayRequest(
        self,
        pBody: Any,
        pOperation: WSD_OPERATION | None,
        pResponseContext: WSD_SYNCHRONOUS_RESPONSE_CONTEXT | None = None,
        *,
        attachments_: Sequence[Any] = (),
    ) -> int:
        """Sends a message, and waits for its answer, which is then in the context. E_POINTER without an operation.

        S_OK is that there was an end: `hr` of the context says which. Without a context it is that `hr` itself.
        """
        context = pResponseContext if pResponseContext is not None else WSD_SYNCHRONOUS_RESPONSE_CONTEXT()
        start = self._two_way(pBody, pOperation, attachments_)
        try:
            event = event_of(None, self._waited(start), pOperation, self)
        except WbemError as error:
            event = event_of(error, None, pOperation, self)
            set_error(error)
        context.hr, context.results = self._outcome(event)
        context.messageParameters = event.MessageParameters
        if context.eventHandle is not None:
            context.eventHandle.set()
        return S_OK if pResponseContext is not None else context.hr

    @wsd_method(1)
    def SendTwoWayRequestAsync(
        self,
        pBody: Any,
        pOperation: WSD_OPERATION | None,
        pAsyncState: Any = None,
        pCallback: IWSDAsyncCallback | None = None,
        *,
        attachments_: Sequence[Any] = (),
        timeout_: float | None = None,
    ) -> tuple[int, IWSDAsyncResult | None]:
        """(hresult, pResult): sends a message, and returns at once. E_POINTER without an operation.

        Args:
            pBody: what the codec of the operation's RequestType takes; without one a Part, or octets.
            pOperation: which operation it is.
            pAsyncState, pCallback: as SetCallback sets them; so the end cannot come before they are.
            attachments_: what goes along.
            timeout_: seconds for it, instead of those of the endpoint.
        """
        argument(
            pCallback is None or isinstance(pCallback, IWSDAsyncCallback),
            f"pCallback is of a class derived from IWSDAsyncCallback, not {pCallback!r}",
        )
        start = self._two_way(pBody, pOperation, attachments_, timeout_)
        return S_OK, self._begun(start, pOperation, pCallback, pAsyncState)

    @wsd_method()
    def AbortAsyncOperation(self, pAsyncResult: IWSDAsyncResult | None) -> int:
        """As Abort of the result. E_INVALIDARG for NULL, and for what is no result."""
        argument(isinstance(pAsyncResult, IWSDAsyncResult), f"pAsyncResult is an IWSDAsyncResult, not {pAsyncResult!r}")
        assert pAsyncResult is not None
        return pAsyncResult.Abort()

    @wsd_method()
    def ProcessFault(self, pFault: WSD_SOAP_FAULT | None) -> int:
        """Keeps a fault, for GetFaultInfo. S_FALSE for what is none, E_POINTER for NULL."""
        pointer(pFault, "pFault")
        if not isinstance(pFault, SoapFault):
            return S_FALSE
        self._fault = pFault
        self._error = f"{pFault.subcode or pFault.code}: {pFault.reason}"
        return S_OK

    @wsd_method(1)
    def GetErrorInfo(self) -> tuple[int, str | None]:
        """(hresult, ppszErrorInfo): the last failure in words; empty where there was none."""
        return S_OK, self._error

    @wsd_method(1)
    def GetFaultInfo(self) -> tuple[int, WSD_SOAP_FAULT | None]:
        """(hresult, ppFault): the last fault of any call; S_FALSE without one. That of one call is its `fault_`."""
        return (S_FALSE, None) if self._fault is None else (S_OK, self._fault)

    # Not in the header.

    @wsd_method(1)
    def BeginOneWay_(
        self,
        pBody: Any,
        pOperation: WSD_OPERATION | None,
        pAsyncState: Any = None,
        pCallback: IWSDAsyncCallback | None = None,
        *,
        attachments_: Sequence[Any] = (),
    ) -> tuple[int, IWSDAsyncResult | None]:
        """(hresult, pResult): SendOneWayRequest that returns at once."""
        return S_OK, self._begun(self._one_way(pBody, pOperation, attachments_), pOperation, pCallback, pAsyncState)

    def begin_(
        self,
        start: Callable[[], Operation[Any]],
        callback: IWSDAsyncCallback | None = None,
        state: Any = None,
    ) -> IWSDAsyncResult:
        """A result over whatever operation `start` starts, on the loop's thread."""
        return self._begun(start, None, callback, state)

    def two_way_(self, action: str, body: Part | None, reply_action: str) -> Operation[Any]:
        """On the loop's thread: a message, and the one that answers it."""
        return self._endpoint.two_way(action, body, reply_action=reply_action, timeout=self.timeout_)

    def complete_(self, event: WSD_EVENT) -> tuple[int, Any]:
        """What generated code returns for the event of a call: (hresult, body). A fault is kept, as by ProcessFault."""
        return self._outcome(event)

    def failed_(self, error: BaseException) -> None:
        """Notes a failure for GetErrorInfo, and a fault for GetFaultInfo."""
        self._error = str(error)
        self._fault = fault_of(error) or self._fault

    def _outcome(self, event: WSD_EVENT) -> tuple[int, Any]:
        body = None if event.Soap is None else event.Soap.Body
        if event.EventType == c.WSDET_INCOMING_MESSAGE:
            return S_OK, body
        if event.EventType == c.WSDET_INCOMING_FAULT:
            self.ProcessFault(body)
            return E_FAIL, body
        return event.Hr or E_FAIL, None

    def _one_way(
        self, body: Any, kind: WSD_OPERATION | None, attachments: Sequence[Any]
    ) -> Callable[[], Operation[Any]]:
        pointer(kind, "pOperation")
        assert kind is not None
        request = _request(kind)
        octets = _encoded(body, request)
        return lambda: self._endpoint.one_way(
            request.Uri, octets, attachments=[as_outbound(each) for each in attachments], timeout=self.timeout_
        )

    def _two_way(
        self, body: Any, kind: WSD_OPERATION | None, attachments: Sequence[Any], timeout: float | None = None
    ) -> Callable[[], Operation[Any]]:
        pointer(kind, "pOperation")
        assert kind is not None
        request = _request(kind)
        octets = _encoded(body, request)
        expected = None if kind.ResponseType is None else kind.ResponseType.Uri
        return lambda: self._endpoint.two_way(
            request.Uri,
            octets,
            reply_action=expected,
            attachments=[as_outbound(each) for each in attachments],
            timeout=self.timeout_ if timeout is None else timeout,
        )

    def _begun(
        self,
        start: Callable[[], Operation[Any]],
        kind: WSD_OPERATION | None,
        callback: IWSDAsyncCallback | None,
        state: Any,
    ) -> IWSDAsyncResult:
        def begin() -> IWSDAsyncResult:
            return IWSDAsyncResult(start(), self, kind, callback, state)

        return on_loop(self._loop, begin)

    def _waited(self, start: Callable[[], Operation[T]]) -> Any:
        """What an operation brings, waited for."""
        try:
            return runner().complete(start)
        except WbemError as error:
            self.failed_(error)
            raise


def end_operation(
    endpoint: IWSDEndpointProxy | None,
    result: IWSDAsyncResult | None,
    decode: Callable[[Answer], T] | None = None,
) -> tuple[int, T | Any]:
    """What each End<Op> of generated code does: (hresult, body). It does not wait.

        def EndGetFileList(self, pResult):
            return end_operation(self._endpoint, pResult)

    S_OK with the body of the answer, which may be None. E_INVALIDARG: no result was given. E_ABORT: there is no
    endpoint, or the call was aborted. E_FAIL: the call has not ended, or a fault came, which the endpoint then has
    (GetFaultInfo), and the result (`fault_`). Whatever else it met on its way: why.

    Args:
        endpoint: that made the call.
        result: the call.
        decode: makes the body of the whole answer, its attachments too, in place of the codec of the operation.
    """
    if result is None:
        return E_INVALIDARG, None
    if endpoint is None:
        return E_ABORT, None
    hr, event = result.GetEvent()
    if hr != S_OK or event is None:
        return hr, None
    error = result.error_
    if error is not None:
        endpoint.failed_(error)
    hr, body = endpoint.complete_(event)
    if hr != S_OK:
        return hr, None
    if decode is None:
        return S_OK, body
    try:
        answer = result.results_.whole()
        return S_OK, None if answer is None else decode(answer)
    except RemoteProtocolError as problem:
        set_error(problem)
        endpoint.failed_(problem)
        return hresult(problem), None


def _request(kind: WSD_OPERATION) -> WSDXML_TYPE:
    argument(kind.RequestType is not None, "pOperation is an event: it comes to those who subscribe")
    assert kind.RequestType is not None
    return kind.RequestType


def _encoded(body: Any, kind: WSDXML_TYPE) -> Part | bytes | None:
    if kind.Table is not None:
        return kind.Table.encode(body)
    if body is None or isinstance(body, bytes):
        return body
    if hasattr(body, "format") and not isinstance(body, str):
        part: Part = body  # which is known by its method alone
        return part
    raise WbemError(HResult.E_INVALIDARG, f"a body without a codec is a Part or octets, and not {type(body).__name__}")
