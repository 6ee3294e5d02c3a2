"""What generated modules derive their header-faithful proxies from: Begin<Op> and End<Op>, as Microsoft's generator
writes them for `<functionDeclarations Async="1">`. A message is what the contract's codec takes.
"""

from __future__ import annotations

from typing import Any, ClassVar

from openwmi.base.error import WbemError
from openwmi.base.fault import LocalProtocolError
from openwmi.base.status import HResult
from openwmi.wsd.attachments import Outbound
from openwmi.wsd.wsdl.contract import PortType, WsdlOperation
from openwmi.wsd.wsdl.proxy import decode_body, encode_body
from openwmi.wsdclient.callbacks import IWSDAsyncCallback
from openwmi.wsdclient.calling import wsd_method
from openwmi.wsdclient.endpointproxy import IWSDAsyncResult, IWSDEndpointProxy, end_operation
from openwmi.wsdclient.events import Answer
from openwmi.wsdclient.serviceproxies import IWSDServiceProxy
from openwmi.wsdclient.statuses import E_ABORT, E_INVALIDARG, S_OK
from openwmi.wsdclient.structures import WSD_EVENT, WSD_OPERATION, WSDXML_TYPE


class GeneratedProxy:
    """A client of a service, in the words of wsdclient.h. What is ours ends in an underscore.

    Args:
        service: the service's proxy; or what carries calls alone (GetEndpointProxy), which knows no events.
    """

    contract_: ClassVar[PortType]

    def __init__(self, service: IWSDServiceProxy | IWSDEndpointProxy | None) -> None:
        self._service = service if isinstance(service, IWSDServiceProxy) else None
        self._endpoint = service.GetEndpointProxy()[1] if isinstance(service, IWSDServiceProxy) else service

    def GetEndpointProxy(self) -> IWSDEndpointProxy | None:
        """What carries calls."""
        return self._endpoint

    @wsd_method(1)
    def begin_(
        self, name: str, parameters: Any, state: Any, callback: IWSDAsyncCallback | None
    ) -> tuple[int, IWSDAsyncResult | None]:
        """(hresult, result) of Begin<Op>. E_ABORT without an endpoint."""
        operation = self.contract_.operation(name)
        body, attachments = _encoded(operation, parameters)
        if self._endpoint is None:
            return E_ABORT, None
        return self._endpoint.SendTwoWayRequestAsync(
            body, kind_of(operation), state, callback, attachments_=attachments
        )

    def end_(self, name: str, result: IWSDAsyncResult | None) -> tuple[int, Any]:
        """(hresult, message) of End<Op>: see `end_operation`."""
        output = self.contract_.operation(name).output

        def decode(answer: Answer) -> Any:
            return None if answer.message.body is None else decode_body(output, answer.message, answer.attachments)

        return end_operation(self._endpoint, result, decode)

    @wsd_method()
    def send_(self, name: str, parameters: Any) -> int:
        """The HRESULT of an operation without an answer. It waits until the message was taken."""
        operation = self.contract_.operation(name)
        body, attachments = _encoded(operation, parameters)
        if self._endpoint is None:
            return E_ABORT
        return self._endpoint.SendOneWayRequest(body, kind_of(operation), attachments_=attachments)

    def follow_(self, name: str, sink: object) -> int:
        """The HRESULT of SubscribeTo<Event>. E_ABORT without a service's proxy, E_INVALIDARG for NULL."""
        event = self.contract_.event(name)
        if self._service is None:
            return E_ABORT
        if not callable(getattr(sink, event.method, None)):
            return E_INVALIDARG
        return self._service.SubscribeToOperation(_kind_of_event(event), sink)[0]

    def leave_(self, name: str) -> int:
        """The same of UnsubscribeTo<Event>."""
        kind = _kind_of_event(self.contract_.event(name))
        return E_ABORT if self._service is None else self._service.UnsubscribeToOperation(kind)


def _kind_of_event(event: WsdlOperation) -> WSD_OPERATION:
    """Its stub calls the method of that name of a sink."""

    def stub(sink: Any, _: object, came: WSD_EVENT) -> int:
        method, soap = getattr(sink, event.method), came.Soap
        if event.output is None:
            method()
        elif soap is not None and soap.Body is not None:
            method(event.output.decode(soap.Body, soap.attachments_))
        return S_OK

    return WSD_OPERATION(None, WSDXML_TYPE(event.output_action or ""), stub)


def _encoded(operation: WsdlOperation, parameters: Any) -> tuple[bytes | None, list[Outbound]]:
    """E_INVALIDARG for a message that does not fit."""
    try:
        return encode_body(operation.input, parameters, operation.name)
    except LocalProtocolError as error:
        raise WbemError(HResult.E_INVALIDARG, str(error)) from None


def kind_of(operation: WsdlOperation) -> WSD_OPERATION:
    """The structure that generated code has for it. Bodies are octets and elements: codecs stand before it."""
    response = None if operation.output_action is None else WSDXML_TYPE(operation.output_action)
    return WSD_OPERATION(WSDXML_TYPE(operation.input_action or ""), response)


__all__ = ["GeneratedProxy", "IWSDAsyncCallback", "IWSDAsyncResult", "kind_of"]
