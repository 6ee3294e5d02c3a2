"""What became of a call, as a WSD_EVENT: one of five types.

    WSDET_NONE                  it has no event: it has not ended, or was aborted
    WSDET_INCOMING_MESSAGE      the answer
    WSDET_INCOMING_FAULT        a fault in place of an answer
    WSDET_TRANSMISSION_FAILURE  it never came there, or what came back is no answer; Hr says why
    WSDET_RESPONSE_TIMEOUT      there was no answer by the deadline

An event is made of what the Operation knows, each time that it is asked for.
"""

from __future__ import annotations

from typing import Any, Protocol

from openwmi.base.error import Timeout, WbemError
from openwmi.base.fault import RemoteProtocolError
from openwmi.base.status import WbemStatus
from openwmi.soap import Message, SoapFault
from openwmi.wsd.calling import Faulted
from openwmi.wsdclient import constants as c
from openwmi.wsdclient.statuses import E_FAIL, S_OK, hresult
from openwmi.wsdclient.structures import WSD_EVENT, WSD_OPERATION, WSD_SOAP_MESSAGE


class Answer(Protocol):
    """What a call brings: the message, and what came along with it (`openwmi.wsd.Reply`)."""

    @property
    def message(self) -> Message: ...
    @property
    def attachments(self) -> Any: ...


def event_of(
    error: WbemError | None, answer: Answer | None, operation: WSD_OPERATION | None, parameters: Any
) -> WSD_EVENT:
    """The event of a call that has ended, and was not aborted."""
    if error is not None:
        return _failure(error, operation, parameters)
    if answer is None:  # an operation without an answer: that it was sent is all there is to know
        return WSD_EVENT(S_OK, c.WSDET_INCOMING_MESSAGE, Operation=operation, MessageParameters=parameters)
    message = answer.message
    kind = None if operation is None else operation.ResponseType
    body: Any = message.body
    if body is not None and kind is not None and kind.Table is not None:
        try:
            body = kind.Table.decode(body)
        except RemoteProtocolError as problem:
            return _failure(WbemError(WbemStatus.FAILED, f"the answer is not of its type: {problem}"), operation, None)
    soap = WSD_SOAP_MESSAGE(message.headers, body, kind, answer.attachments)
    return WSD_EVENT(
        S_OK,
        c.WSDET_INCOMING_MESSAGE,
        message.headers.action,
        Soap=soap,
        Operation=operation,
        MessageParameters=parameters,
    )


def fault_of(error: BaseException | None) -> SoapFault | None:
    """The fault that a call ended with."""
    return error.fault if isinstance(error, Faulted) else None


def _failure(error: WbemError, operation: WSD_OPERATION | None, parameters: Any) -> WSD_EVENT:
    fault = fault_of(error)
    if fault is not None:
        soap = WSD_SOAP_MESSAGE(None, fault)
        return WSD_EVENT(E_FAIL, c.WSDET_INCOMING_FAULT, Soap=soap, Operation=operation, MessageParameters=parameters)
    kind = c.WSDET_RESPONSE_TIMEOUT if isinstance(error, Timeout) else c.WSDET_TRANSMISSION_FAILURE
    return WSD_EVENT(hresult(error), kind, Operation=operation)
