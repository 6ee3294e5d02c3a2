"""A device by the header's names, on a link in memory for discovery and on loopback for HTTP; and its service."""

from __future__ import annotations

import threading
from random import Random
from typing import Any
from uuid import uuid4

from openwmi.blocking.runner import runner
from openwmi.net.listener import Address
from openwmi.soap import Fragment, QName, Relationship, Service, ThisDevice, ThisModel, localized
from openwmi.testing import MemoryLink
from openwmi.wsd import Outbound
from openwmi.wsdclient import (
    S_OK,
    WSD_EVENT,
    WSD_OPERATION,
    WSD_PORT_TYPE,
    WSDXML_TYPE,
    IUnknown,
    IWSDDeviceHost,
    IWSDInboundAttachment,
    IWSDServiceMessaging,
    WSDCreateDeviceHost,
)

X = "urn:x"
FILES = QName(X, "Files")
ID = "urn:x:files"
US = f"urn:uuid:{uuid4()}"
MODEL = ThisModel(localized("Maker"), localized("Model"), model_number="1")
DEVICE = ThisDevice(localized("Files"), "1", "1")


class Text:
    """The codec of an element with a text in it."""

    def encode(self, value: Any) -> bytes:
        return Fragment.parse(f"<x:Text xmlns:x='{X}'>{value}</x:Text>").text.encode()

    def decode(self, element: Any) -> str:
        return element.text or ""


def stub(name: str) -> Any:
    """As generated code has it: calls the method of the object, which answers by `messaging`."""

    def carry_out(server: Any, messaging: IWSDServiceMessaging, event: WSD_EVENT) -> int:
        return int(getattr(server, name)(messaging, event))

    return carry_out


def operation(name: str, *, answered: bool = True) -> WSD_OPERATION:
    answer = WSDXML_TYPE(f"{X}/{name}Response", Text()) if answered else None
    return WSD_OPERATION(WSDXML_TYPE(f"{X}/{name}", Text()), answer, stub(name))


ECHO, LATER, REFUSE, BREAK, TELL, COPY = (
    operation("Echo"),
    operation("Later"),
    operation("Refuse"),
    operation("Break"),
    operation("Tell", answered=False),
    operation("Copy"),
)
CHANGED = WSD_OPERATION(None, WSDXML_TYPE(f"{X}/Changed", Text()))
PORT = WSD_PORT_TYPE(FILES, (ECHO, LATER, REFUSE, BREAK, TELL, COPY, CHANGED))


class FilesService(IUnknown):
    """Answers with what it is sent."""

    def __init__(self) -> None:
        super().__init__()
        self.told: list[str] = []
        self.heard = threading.Event()
        self.later: list[tuple[IWSDServiceMessaging, WSD_EVENT]] = []

    def Echo(self, messaging: IWSDServiceMessaging, event: WSD_EVENT) -> int:
        assert event.Soap is not None
        return messaging.SendResponse(event.Soap.Body, event.Operation, event.MessageParameters)

    def Later(self, messaging: IWSDServiceMessaging, event: WSD_EVENT) -> int:
        self.later.append((messaging, event))
        self.heard.set()
        return S_OK

    def Copy(self, messaging: IWSDServiceMessaging, event: WSD_EVENT) -> int:
        """Takes an attachment whose name is in the body, and sends it back in capitals."""
        assert event.Soap is not None
        came, octets = IWSDInboundAttachment.of_(event, event.Soap.Body), b""
        while (read := came.Read(1000))[0] == S_OK:
            octets += read[1] or b""
        back = Outbound("back@x", octets.upper())
        return messaging.SendResponse("cid:back@x", event.Operation, event.MessageParameters, attachments_=[back])

    def Refuse(self, messaging: IWSDServiceMessaging, event: WSD_EVENT) -> int:
        assert event.Soap is not None
        return messaging.FaultRequest(event.Soap.Header, event.MessageParameters)

    def Break(self, messaging: IWSDServiceMessaging, event: WSD_EVENT) -> int:
        raise ValueError("secret")

    def Tell(self, messaging: IWSDServiceMessaging, event: WSD_EVENT) -> int:
        assert event.Soap is not None
        self.told.append(event.Soap.Body)
        self.heard.set()
        return S_OK


class World:
    """The device, and a link on which another machine may look for it."""

    def __init__(self) -> None:
        self.address = f"urn:uuid:{uuid4()}"
        self.link = MemoryLink(Random(7))
        self.there = self.link.machine("127.0.0.2/8", name="lo")
        self.files = FilesService()
        hr, host = WSDCreateDeviceHost(self.address)
        assert hr == S_OK
        assert host is not None
        self.host: IWSDDeviceHost = host
        host.options_ = {
            "network": self.link.machine("127.0.0.1/8", name="lo"),
            "listen": Address("127.0.0.1", 0),
        }
        assert host.RegisterPortType(PORT) == S_OK
        hosted = Relationship(hosted=(Service((), (FILES,), ID),))
        assert host.SetMetadata(MODEL, DEVICE, hosted) == S_OK

    def start(self) -> str:
        """Where it is."""
        assert self.host.Start(7, ("urn:here",), None) == S_OK
        where = self.host.where_
        assert where is not None
        return f"http://127.0.0.1:{where.port}/{self.address.removeprefix('urn:uuid:')}"

    def close(self) -> None:
        self.host.Stop()
        self.host.Terminate()
        runner().call(lambda: None)
