"""The structures of wsdtypes.h and wsdxmldom.h as far as a program meets them.

Their lists, which C++ links by `Next`, are tuples here; a WSDXML_NAME is a `QName`, a WSDXML_ELEMENT a `Fragment` or,
in the body of a message that came in, an element of lxml. Memory is nobody's: WSDFreeLinkedMemory has nothing to do.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any, Protocol, TypeAlias

from openwmi.operation import WaitHandle
from openwmi.soap import AppSequence, EndpointReference, Fragment, Headers, Part, QName, Section, SoapFault
from openwmi.soap.metadata import LocalizedText, Relationship, Service, ThisDevice, ThisModel
from openwmi.wsdclient.constants import WSD_PT_HTTP
from openwmi.wsdclient.statuses import S_OK

WSDXML_NAME: TypeAlias = QName
WSDXML_ELEMENT: TypeAlias = Fragment
WSD_APP_SEQUENCE: TypeAlias = AppSequence
WSD_ENDPOINT_REFERENCE: TypeAlias = EndpointReference
WSD_LOCALIZED_STRING: TypeAlias = LocalizedText
WSD_SOAP_FAULT: TypeAlias = SoapFault
WSD_SOAP_HEADER: TypeAlias = Headers
WSD_SERVICE_METADATA: TypeAlias = Service
WSD_THIS_DEVICE_METADATA: TypeAlias = ThisDevice
WSD_THIS_MODEL_METADATA: TypeAlias = ThisModel
WSD_HOST_METADATA: TypeAlias = Relationship
WSD_METADATA_SECTION: TypeAlias = Section


class Codec(Protocol):
    """What turns the body of a message into values, and back: `Table` of a WSDXML_TYPE."""

    def encode(self, value: Any) -> bytes | Part:
        """The body's element."""
        ...

    def decode(self, element: Any) -> Any:
        """What the body's element says. RemoteProtocolError for another one."""
        ...


@dataclass(frozen=True, slots=True)
class WSDXML_TYPE:
    """A message: its action, and what is in it.

    Attributes:
        Uri: the action.
        Table: its codec; without one a body is a Part, octets, or an element, as it stands.
    """

    Uri: str
    Table: Codec | None = None


@dataclass(frozen=True, slots=True)
class WSD_OPERATION:
    """An operation of a port type. ResponseType is None for one without an answer, and RequestType for an event.

    A device's is carried out by `RequestStubFunction(server, messaging, event) -> HRESULT`, as generated code has it; a
    client's is called so with an event that has come.
    """

    RequestType: WSDXML_TYPE | None
    ResponseType: WSDXML_TYPE | None = None
    RequestStubFunction: Callable[[Any, Any, WSD_EVENT], int | None] | None = None


@dataclass(frozen=True, slots=True)
class WSD_PORT_TYPE:
    """A port type: its name, which C++ has as an index into its context, and its operations."""

    EncodedName: QName
    Operations: tuple[WSD_OPERATION, ...] = ()
    ProtocolType: int = WSD_PT_HTTP


@dataclass(frozen=True, slots=True)
class WSD_HANDLER_CONTEXT:
    """Who is to hear of an event; of the answer to a call nobody is."""

    Handler: Callable[..., int] | None = None
    PVoid: object = None
    Unknown: object = None


@dataclass(frozen=True, slots=True)
class WSD_SOAP_MESSAGE:
    """A message that came in.

    Attributes:
        Header: its headers.
        Body: what its type's codec made of it; without one its element, or None. Of a fault, a WSD_SOAP_FAULT.
        BodyType: its type.
        attachments_: what came along, by content id.
    """

    Header: WSD_SOAP_HEADER | None
    Body: Any
    BodyType: WSDXML_TYPE | None = None
    attachments_: Any = None


@dataclass(frozen=True, slots=True)
class WSD_EVENT:
    """What became of a call (GetEvent), or a request that came in (a stub function).

    Attributes:
        Hr: of a call that failed on its way, why.
        EventType: one of the five WSDET_ constants.
        DispatchTag: the action.
        Soap: the answer, or the request.
        Operation: which one it is.
        MessageParameters: where it came from.
    """

    Hr: int
    EventType: int
    DispatchTag: str = ""
    HandlerContext: WSD_HANDLER_CONTEXT = WSD_HANDLER_CONTEXT()
    Soap: WSD_SOAP_MESSAGE | None = None
    Operation: WSD_OPERATION | None = None
    MessageParameters: Any = None


@dataclass(slots=True)
class WSD_SYNCHRONOUS_RESPONSE_CONTEXT:
    """Filled by SendTwoWayRequest, which returns when it is, and has then set `eventHandle`, if there is one.

    Attributes:
        hr: S_OK, or why there is no answer.
        results: the body of the answer; of a fault, the WSD_SOAP_FAULT.
    """

    hr: int = S_OK
    eventHandle: WaitHandle | None = None
    messageParameters: Any = None
    results: Any = None


@dataclass(frozen=True, slots=True)
class WSD_EVENTING_EXPIRES:
    """How long a subscription lasts: seconds, or until when; of one that lasts for ever both are None."""

    Duration: float | None = None
    DateTime: datetime | None = None


@dataclass(frozen=True, slots=True)
class WSD_CONFIG_PARAM:
    """An option of WSDCreate…2: one of the constants WSD_CONFIG_ and WSD_SECURITY_, and its value."""

    configParamType: int
    pConfigData: Any = field(default=None, repr=False)


def WSDFreeLinkedMemory(pVoid: object) -> None:
    """Nothing: Python frees what nobody holds. It is here for who ports a program."""
