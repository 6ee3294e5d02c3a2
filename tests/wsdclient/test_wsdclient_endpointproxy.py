"""IWSDEndpointProxy, and a service's proxy over one: what goes along with a call, and which failure is remembered."""

from __future__ import annotations

from typing import Any

import pytest
from tests.wsdclient.fakes import GET_LIST, FakeEndpoint, faulted, reply

from openwmi.base.error import Unreachable
from openwmi.base.fault import RemoteProtocolError
from openwmi.base.status import WbemStatus
from openwmi.blocking.runner import runner
from openwmi.soap import GET, GET_METADATA, Service, SoapFault
from openwmi.wsd import Faulted, Outbound
from openwmi.wsdclient import (
    E_FAIL,
    S_OK,
    WSD_EVENT,
    WSD_OPERATION,
    WSDET_TRANSMISSION_FAILURE,
    WSDXML_TYPE,
    IWSDAsyncResult,
    IWSDEndpointProxy,
    IWSDServiceProxy,
    end_operation,
)

FORGET = WSD_OPERATION(WSDXML_TYPE("urn:files/Forget"))


@pytest.fixture
def endpoint() -> FakeEndpoint:
    return FakeEndpoint()


@pytest.fixture
def proxy(endpoint: FakeEndpoint) -> IWSDEndpointProxy:
    return IWSDEndpointProxy(endpoint)


def sender(reason: str) -> Faulted:
    return Faulted.of(SoapFault("Sender", reason=reason))


def test_the_deadline_of_the_endpoint_is_that_of_each_call_that_has_none(
    endpoint: FakeEndpoint, proxy: IWSDEndpointProxy
) -> None:
    proxy.timeout_ = 7
    beside = Outbound("picture@x", b"octets")
    proxy.SendTwoWayRequestAsync(None, GET_LIST, attachments_=[beside])
    proxy.SendTwoWayRequestAsync(None, GET_LIST, timeout_=3)
    proxy.BeginOneWay_(None, FORGET, attachments_=[beside])
    proxy.begin_(lambda: proxy.two_way_(GET, None, GET))
    assert endpoint.how == [([beside], 7), ([], 3), ([beside], 7), ((), 7)]


def test_a_failure_that_is_no_fault_leaves_the_last_fault(endpoint: FakeEndpoint, proxy: IWSDEndpointProxy) -> None:
    for error in (faulted("busy"), Unreachable(WbemStatus.TRANSPORT_FAILURE, "nobody there")):
        _, result = proxy.SendTwoWayRequestAsync(None, GET_LIST)
        endpoint.answer(what=error)
        assert end_operation(proxy, result)[0] != S_OK
    assert proxy.GetFaultInfo() == (S_OK, faulted("busy").fault)
    assert "nobody there" in str(proxy.GetErrorInfo()[1])


def test_an_answer_that_cannot_be_read_is_a_failure_of_the_endpoint(
    endpoint: FakeEndpoint, proxy: IWSDEndpointProxy
) -> None:
    def decode(answer: Any) -> str:
        raise RemoteProtocolError("no such list")

    _, result = proxy.SendTwoWayRequestAsync(None, GET_LIST)
    endpoint.answer(what=reply("files"))
    assert end_operation(proxy, result, decode) == (E_FAIL, None)
    assert proxy.GetErrorInfo() == (S_OK, "no such list")


def test_a_failure_is_never_a_success(proxy: IWSDEndpointProxy) -> None:
    assert proxy.complete_(WSD_EVENT(S_OK, WSDET_TRANSMISSION_FAILURE)) == (E_FAIL, None)
    assert proxy.complete_(WSD_EVENT(0x80070005, WSDET_TRANSMISSION_FAILURE)) == (0x80070005, None)


class Asking:
    """A service that is asked for its metadata."""

    def __init__(self, endpoint: FakeEndpoint, proxy: IWSDEndpointProxy) -> None:
        self.endpoint = endpoint
        self.service = IWSDServiceProxy(proxy, Service((), (), "urn:files"))
        hr, result = self.service.BeginGetMetadata()
        assert hr == S_OK
        assert result is not None
        self.result: IWSDAsyncResult = result
        self.settle()

    def settle(self) -> None:
        """What the loop has to do is done."""
        for _ in range(5):
            runner().call(lambda: None)

    def answer(self, what: Any) -> None:
        self.endpoint.answer(what=what)
        self.settle()


@pytest.mark.parametrize(
    ("fault", "asked"), [(sender("what is Get?"), [GET, GET_METADATA]), (faulted("what is Get?"), [GET])]
)
def test_a_service_that_knows_neither_request_has_refused_the_first(
    endpoint: FakeEndpoint, proxy: IWSDEndpointProxy, fault: Faulted, asked: list[str]
) -> None:
    asking = Asking(endpoint, proxy)
    asking.answer(fault)
    assert [action for action, _ in endpoint.sent] == asked
    if len(asked) > 1:
        asking.answer(sender("nor that"))
    with asking.result.wait_handle_() as handle:
        assert handle.wait(5)
    assert asking.result.fault_ == fault.fault
    assert asking.service.EndGetMetadata(asking.result) == (E_FAIL, None)
