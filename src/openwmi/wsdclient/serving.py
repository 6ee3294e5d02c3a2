"""A service of a device host: its requests go to stubs, which answer by IWSDServiceMessaging (wsdhost.h)."""

from __future__ import annotations

import asyncio
import logging
import threading
from collections.abc import Sequence
from typing import Any, Final, Protocol
from uuid import UUID

from openwmi.base.error import WbemError
from openwmi.base.fault import LocalProtocolError, RemoteProtocolError
from openwmi.base.record import log_bug
from openwmi.base.status import SEVERITY
from openwmi.blocking.com.unknown import IUnknown
from openwmi.operation import Workers
from openwmi.soap import QName
from openwmi.wsd import Call, Service
from openwmi.wsdclient import constants as c
from openwmi.wsdclient.addresses import IWSDHttpAddress, IWSDHttpMessageParameters, IWSDMessageParameters
from openwmi.wsdclient.attachments import as_outbound
from openwmi.wsdclient.calling import argument, given_up, pointer, wsd_method
from openwmi.wsdclient.security import IWSDHttpAuthParameters, IWSDSSLClientCertificate
from openwmi.wsdclient.statuses import S_OK
from openwmi.wsdclient.structures import (
    WSD_EVENT,
    WSD_OPERATION,
    WSD_SOAP_FAULT,
    WSD_SOAP_HEADER,
    WSD_SOAP_MESSAGE,
)

log = logging.getLogger("openwmi.wsdclient")


class Owner(Protocol):
    """The device that a service is on.

    Attributes:
        workers_: the threads on which stubs run.
    """

    workers_: Workers

    def object_of_(self, service_id: str) -> Any:
        """The object of a service."""
        ...


class Request(IWSDHttpMessageParameters):
    """Where a request came from; SendResponse and FaultRequest are given it, and so know what they answer."""

    def __init__(self, call: Call) -> None:
        local, remote = IWSDHttpAddress(), IWSDHttpAddress()
        for address, place in ((local, call.local), (remote, call.peer)):
            address.SetTransportAddress(place.host)
            address.SetPort(place.port)
        super().__init__(local, remote)
        self.call_ = call

    def _interface(self, iid: UUID) -> IUnknown | None:
        if iid == IWSDSSLClientCertificate.iid and self.call_.certificate:
            return IWSDSSLClientCertificate(self.call_.certificate)
        if iid == IWSDHttpAuthParameters.iid and self.call_.principal:
            return IWSDHttpAuthParameters(self.call_.principal, self.call_.scheme)
        return super()._interface(iid)


class IWSDServiceMessaging(IUnknown, iid="94974cf4-0cab-460d-a3f6-7a0ad623c0e6"):
    """What a stub answers by. Its methods may be called on any thread, for as long as the other side waits."""

    @wsd_method()
    def SendResponse(
        self,
        pBody: Any,
        pOperation: WSD_OPERATION | None,
        pMessageParameters: IWSDMessageParameters | None,
        *,
        attachments_: Sequence[Any] = (),
    ) -> int:
        """Answers. E_POINTER for NULL; E_ABORT for what has been answered, and for an operation without an answer."""
        pointer(pOperation, "pOperation")
        call = _call_of(pMessageParameters, "pMessageParameters")
        kind = None if pOperation is None else pOperation.ResponseType
        if kind is None:
            raise given_up("the operation has no answer")
        body = pBody if kind.Table is None else kind.Table.encode(pBody)
        try:
            call.respond(body, action=kind.Uri, attachments=[as_outbound(each) for each in attachments_])
        except LocalProtocolError as error:
            raise given_up(str(error)) from None
        return S_OK

    @wsd_method()
    def FaultRequest(
        self,
        pRequestHeader: WSD_SOAP_HEADER | None,
        pMessageParameters: IWSDMessageParameters | None,
        pFault: WSD_SOAP_FAULT | None = None,
    ) -> int:
        """Answers with a fault: wsa:EndpointUnavailable if none is given. E_INVALIDARG for NULL; E_ABORT as above."""
        argument(pRequestHeader is not None and pMessageParameters is not None, "a header and parameters are needed")
        try:
            _call_of(pMessageParameters, "pMessageParameters").fault(pFault)
        except LocalProtocolError as error:
            raise given_up(str(error)) from None
        return S_OK


class _Inside(threading.local):
    stub = False


_inside = _Inside()


def is_in_stub() -> bool:
    """Whether a stub runs on this thread."""
    return _inside.stub


class Served(Service):
    """A service whose operations are carried out by stubs."""

    def __init__(
        self, host: Owner, service_id: str, types: Sequence[QName], operations: Sequence[WSD_OPERATION]
    ) -> None:
        handlers = {
            kind.RequestType.Uri: self._handler(kind)
            for kind in operations
            if kind.RequestType is not None and kind.RequestStubFunction is not None
        }
        events = [each.ResponseType.Uri for each in operations if each.RequestType is None and each.ResponseType]
        super().__init__(service_id, types=types, actions=handlers, events=events)
        self._host = host
        self._running: set[asyncio.Future[None]] = set()

    async def tell(self, action: str, body: Any) -> None:
        """Returns when all who have subscribed to it know of an event."""
        await self.signal(action, body)

    async def quiet(self) -> None:
        """Returns when no stub of it runs any more."""
        if self._running:
            await asyncio.wait(self._running)

    def _handler(self, kind: WSD_OPERATION) -> Any:
        def handle(call: Call) -> None:
            if kind.ResponseType is not None:
                call.later()
            running = self._host.workers_.run(self._carry_out, kind, call)
            self._running.add(running)
            running.add_done_callback(self._running.discard)

        return handle

    def _carry_out(self, kind: WSD_OPERATION, call: Call) -> None:
        _inside.stub = True
        answered = kind.ResponseType is None
        try:
            assert kind.RequestStubFunction is not None
            event = _event_of(kind, call)
            hr = kind.RequestStubFunction(self._host.object_of_(self.service_id), MESSAGING, event)
            answered = answered or not (isinstance(hr, int) and hr & SEVERITY)
        except (WbemError, RemoteProtocolError) as error:
            log.info("%s could not be carried out: %s", call.action, error)
        except Exception as error:  # noqa: BLE001 - a program's own code
            log_bug(log, f"the stub of {call.action} failed", error)
        finally:
            _inside.stub = False
        if not answered:
            MESSAGING.FaultRequest(call.message.headers, Request(call))


def _event_of(kind: WSD_OPERATION, call: Call) -> WSD_EVENT:
    body: Any = call.message.body
    assert kind.RequestType is not None, "events are not requested"
    if body is not None and kind.RequestType.Table is not None:
        body = kind.RequestType.Table.decode(body)
    return WSD_EVENT(
        S_OK,
        c.WSDET_INCOMING_MESSAGE,
        call.action,
        Soap=WSD_SOAP_MESSAGE(call.message.headers, body, kind.RequestType, call.attachments),
        Operation=kind,
        MessageParameters=Request(call),
    )


MESSAGING: Final = IWSDServiceMessaging()
"""The only one: what it answers, it is told."""


def _call_of(parameters: IWSDMessageParameters | None, name: str) -> Call:
    pointer(parameters, name)
    argument(isinstance(parameters, Request), f"{name} is what came with the request")
    assert isinstance(parameters, Request)
    return parameters.call_
