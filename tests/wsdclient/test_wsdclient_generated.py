"""Begin<Op> and End<Op> of generated modules, as Microsoft's generator writes them; over an endpoint in memory."""

from __future__ import annotations

import importlib.util
import sys
from collections.abc import Iterator
from types import ModuleType
from typing import Any

import pytest
from tests.wsdclient.fakes import FakeEndpoint, Heard, faulted, reply

from openwmi.base.error import Timeout, WbemError
from openwmi.base.status import WbemStatus
from openwmi.soap.markup import parse_xml
from openwmi.wsd.wsdl import load_wsdl
from openwmi.wsd.wsdl.codegen import format_module
from openwmi.wsdclient import constants as c
from openwmi.wsdclient.endpointproxy import IWSDEndpointProxy
from openwmi.wsdclient.statuses import E_ABORT, E_FAIL, E_INVALIDARG, S_FALSE, S_OK

WSDL = """<definitions xmlns="http://schemas.xmlsoap.org/wsdl/" xmlns:t="urn:t" targetNamespace="urn:t"
  xmlns:xs="http://www.w3.org/2001/XMLSchema"><types><xs:schema targetNamespace="urn:t">
<xs:element name="Ask"><xs:complexType><xs:sequence><xs:element name="what" type="xs:string"/></xs:sequence>
</xs:complexType></xs:element>
<xs:element name="Told"><xs:complexType><xs:sequence><xs:element name="data" type="xs:base64Binary"/></xs:sequence>
</xs:complexType></xs:element></xs:schema></types>
<message name="Ask"><part name="p" element="t:Ask"/></message><message name="Told"><part name="p" element="t:Told"/>
</message><message name="Empty"/><portType name="Port">
<operation name="Ask"><input message="t:Ask"/><output message="t:Told"/></operation>
<operation name="Ping"><input message="t:Empty"/><output message="t:Empty"/></operation>
<operation name="Tell"><input message="t:Ask"/></operation></portType></definitions>"""
TOLD = b'<t:Told xmlns:t="urn:t"><data>aGk=</data></t:Told>'


@pytest.fixture(scope="module")
def module(tmp_path_factory: pytest.TempPathFactory) -> Iterator[ModuleType]:
    folder = tmp_path_factory.mktemp("generated")
    path = folder / "port.wsdl"
    path.write_text(WSDL)
    (folder / "made.py").write_text(format_module(load_wsdl(path)))
    spec = importlib.util.spec_from_file_location("openwmi_port", folder / "made.py")
    assert spec is not None
    assert spec.loader is not None
    made = importlib.util.module_from_spec(spec)
    sys.modules["openwmi_port"] = made
    spec.loader.exec_module(made)
    yield made
    del sys.modules["openwmi_port"]


class Port:
    def __init__(self, module: Any) -> None:
        self.fake = FakeEndpoint()
        self.endpoint = IWSDEndpointProxy(self.fake)
        self.proxy = module.CPortProxy(self.endpoint)
        self.ask = module.Ask(what="it")


@pytest.fixture
def port(module: ModuleType) -> Port:
    return Port(module)


def test_begin_returns_at_once_and_end_gives_the_message(module: ModuleType, port: Port) -> None:
    heard = Heard()
    hr, result = port.proxy.BeginAsk(port.ask, "state", heard)
    assert hr == S_OK
    assert port.fake.sent == [("urn:t:Port:AskRequest", b'<n1:Ask xmlns:n1="urn:t"><what>it</what></n1:Ask>')]
    assert (result.HasCompleted(), port.proxy.EndAsk(result)) == (S_FALSE, (E_FAIL, None))
    port.fake.answer(what=reply(parse_xml(TOLD)))
    heard.wait()
    assert heard.heard == [("state", S_OK, c.WSDET_INCOMING_MESSAGE)]
    assert port.proxy.EndAsk(result) == (S_OK, module.Told(data=b"hi"))
    assert port.proxy.GetEndpointProxy() is port.endpoint


def test_an_end_without_a_result_or_an_endpoint(module: ModuleType, port: Port) -> None:
    assert port.proxy.EndAsk(None) == (E_INVALIDARG, None)
    alone = module.CPortProxy(None)
    assert alone.BeginAsk(port.ask) == (E_ABORT, None)
    _, result = port.proxy.BeginAsk(port.ask)
    port.fake.answer(what=reply(parse_xml(TOLD)))
    assert alone.EndAsk(result) == (E_ABORT, None)
    assert alone.Tell(port.ask) == E_ABORT


def test_a_fault_is_a_failure_that_the_endpoint_keeps(port: Port) -> None:
    _, result = port.proxy.BeginAsk(port.ask)
    port.fake.answer(what=faulted("out of paper"))
    assert port.proxy.EndAsk(result) == (E_FAIL, None)
    hr, fault = port.endpoint.GetFaultInfo()
    assert hr == S_OK
    assert fault is not None
    assert fault.reason == "out of paper"


@pytest.mark.parametrize("error", [Timeout(WbemStatus.TIMED_OUT, "late"), WbemError(WbemStatus.FAILED, "cut")])
def test_what_fails_on_its_way_fails_the_end(port: Port, error: WbemError) -> None:
    _, result = port.proxy.BeginAsk(port.ask)
    port.fake.answer(what=error)
    hr, message = port.proxy.EndAsk(result)
    assert hr & 0x80000000
    assert message is None


def test_an_empty_answer_is_a_success_without_a_message(port: Port) -> None:
    hr, result = port.proxy.BeginPing()
    assert hr == S_OK
    assert port.fake.sent == [("urn:t:Port:PingRequest", None)]
    port.fake.answer(what=reply(None))
    assert port.proxy.EndPing(result) == (S_OK, None)
    _, result = port.proxy.BeginAsk(port.ask)
    port.fake.answer(what=reply(None))
    assert port.proxy.EndAsk(result) == (S_OK, None)


def test_an_answer_of_another_kind_fails_the_end(port: Port) -> None:
    _, result = port.proxy.BeginAsk(port.ask)
    port.fake.answer(what=reply(parse_xml(b"<other/>")))
    hr, message = port.proxy.EndAsk(result)
    assert hr & 0x80000000
    assert message is None


def test_a_message_that_does_not_fit_is_never_sent(module: ModuleType, port: Port) -> None:
    hr, result = port.proxy.BeginAsk(module.Ask(what=5))
    assert hr == E_INVALIDARG
    assert (result, port.fake.sent) == (None, [])
