"""Services of a contract send its events by their names, as a WSDL or a generated module has them."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
from tests.wsd.contracts import generated, load
from tests.wsd.events import SinkServer, Watching

from openwmi.base.error import WbemError
from openwmi.base.fault import LocalProtocolError
from openwmi.wsd import Call, Service, Wsdl

SCHEMA = (
    '<xs:element name="Root"><xs:complexType><xs:sequence><xs:element name="Text" type="xs:string"/></xs:sequence>'
    "</xs:complexType></xs:element>"
)
PORT = (
    '<portType name="Port" wse:EventSource="true">'
    '<operation name="Say"><input message="t:Out"/><output message="t:Out"/></operation>'
    '<operation name="Changed"><output wsa:Action="urn:t/Changed" message="t:Out"/></operation>'
    '<operation name="Emptied"><output wsa:Action="urn:t/Emptied" message="t:None"/></operation>'
    "</portType>"
)
MESSAGES = '<message name="Out"><part name="p" element="t:Root"/></message><message name="None"/>'


class Saying:
    def Say(self, parameters: Any, call: Call) -> Any:
        return parameters


@pytest.fixture
def wsdl(tmp_path: Path) -> Wsdl:
    return load(tmp_path, SCHEMA, port_type=PORT, messages=MESSAGES)


async def told(service: Service, root: Any) -> SinkServer:
    """What comes of one event of each kind."""
    watching = Watching(services=[service])
    watching.service = service
    async with watching:
        sink = await watching.sink()
        await watching.subscribe(sink)
        await service.signal("Changed", root(Text="a < b"))
        await service.signal("Emptied")
        await service.signal("urn:t/Changed", b"<n:own xmlns:n='urn:n'/>")
        for wrong in ("text", None):
            with pytest.raises(LocalProtocolError):
                service.signal("Changed", wrong)
        with pytest.raises(LocalProtocolError):
            service.signal("Emptied", root(Text=""))
        with pytest.raises(WbemError, match="sends no event"):
            service.signal("Other")
    return sink


def check(wsdl: Wsdl, sink: SinkServer) -> None:
    changed, emptied, own = sink.came
    assert changed.headers.action == own.headers.action == "urn:t/Changed"
    codec = wsdl.port_types["Port"].events["Changed"].output
    assert codec is not None
    assert changed.body is not None
    assert codec.decode(changed.body) == wsdl.type("Root")(Text="a < b")
    assert (emptied.headers.action, emptied.body) == ("urn:t/Emptied", None)
    assert str(own.name) == "{urn:n}own"


async def test_a_service_of_a_wsdl(wsdl: Wsdl) -> None:
    check(wsdl, await told(wsdl.service("Port", Saying(), "urn:x/made"), wsdl.type("Root")))


async def test_a_service_of_a_generated_module(wsdl: Wsdl, tmp_path: Path) -> None:
    module = generated(wsdl, tmp_path, "openwmi_eventful")
    assert module.PORT.events.keys() == {"Changed", "Emptied"}
    check(wsdl, await told(module.PortService("urn:x/made"), module.Root))
