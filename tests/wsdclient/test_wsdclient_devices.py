"""A device host and its proxies by the header's names, over HTTP on loopback: metadata, calls, late answers."""

from __future__ import annotations

import threading
from collections.abc import Iterator
from typing import Any

import pytest
from tests.wsdclient.world import (
    BREAK,
    COPY,
    DEVICE,
    ECHO,
    FILES,
    ID,
    LATER,
    MODEL,
    PORT,
    REFUSE,
    TELL,
    US,
    FilesService,
    World,
)

from openwmi.blocking.runner import runner
from openwmi.net import Address
from openwmi.soap import GET, EndpointReference, Metadata, QName, Relationship, Service, SoapFault
from openwmi.wsd import Call, Computer, Endpoint, Faulted, Host
from openwmi.wsd import Service as Hosted
from openwmi.wsdclient import (
    E_ABORT,
    E_FAIL,
    E_INVALIDARG,
    E_NOTIMPL,
    E_POINTER,
    S_FALSE,
    S_OK,
    WSD_CONFIG_HOSTING_ADDRESSES,
    WSD_CONFIG_MAX_INBOUND_MESSAGE_SIZE,
    WSD_CONFIG_PARAM,
    WSD_OPERATION,
    WSD_SYNCHRONOUS_RESPONSE_CONTEXT,
    IWSDDeviceHostNotify,
    IWSDDeviceProxy,
    IWSDEndpointProxy,
    IWSDHttpAddress,
    IWSDInboundAttachment,
    IWSDOutboundAttachment,
    IWSDUdpAddress,
    WSDCreateDeviceHost,
    WSDCreateDeviceHost2,
    WSDCreateDeviceHostAdvanced,
    WSDCreateDeviceProxy,
    WSDCreateDeviceProxy2,
    WSDCreateDeviceProxyAdvanced,
    end_operation,
)


@pytest.fixture
def world() -> Iterator[World]:
    world = World()
    yield world
    world.close()


@pytest.fixture
def device(world: World) -> IWSDDeviceProxy:
    world.host.RegisterService(ID, world.files)
    hr, device = WSDCreateDeviceProxy(world.start(), US)
    assert hr == S_OK
    assert device is not None
    return device


@pytest.fixture
def endpoint(device: IWSDDeviceProxy) -> IWSDEndpointProxy:
    return endpoint_of(device, ID)


def endpoint_of(device: IWSDDeviceProxy, service_id: str) -> IWSDEndpointProxy:
    hr, service = device.GetServiceProxyById(service_id)
    assert hr == S_OK
    assert service is not None
    endpoint = service.GetEndpointProxy()[1]
    assert endpoint is not None
    return endpoint


def call(endpoint: IWSDEndpointProxy, operation: WSD_OPERATION, body: str = "hello") -> tuple[int, Any]:
    context = WSD_SYNCHRONOUS_RESPONSE_CONTEXT()
    assert endpoint.SendTwoWayRequest(body, operation, context) == S_OK
    return context.hr, context.results


# The device and its metadata.


def test_what_a_device_says_of_itself(device: IWSDDeviceProxy, world: World) -> None:
    assert device.GetThisModelMetadata() == (S_OK, MODEL)
    assert device.GetThisDeviceMetadata() == (S_OK, DEVICE)
    hr, host = device.GetHostMetadata()
    assert hr == S_OK
    assert host is not None
    assert host.host is not None
    assert host.host.endpoints[0].address == world.address
    assert [(each.service_id, each.types) for each in host.hosted] == [(ID, (FILES,))]
    hr, everything = device.GetAllMetadata()
    assert everything is not None
    assert everything.model == MODEL


def test_metadata_without_waiting(world: World) -> None:
    hr, device = WSDCreateDeviceProxy(f"@{world.start()}", US)
    assert hr == S_OK
    assert device is not None
    assert device.GetAllMetadata() == (E_ABORT, None)
    assert device.GetEndpointProxy() == (E_ABORT, None)
    assert device.EndGetMetadata(None) == E_INVALIDARG
    hr, result = device.BeginGetMetadata()
    assert result is not None
    with result.wait_handle_() as handle:
        assert handle.wait(5)
    assert device.EndGetMetadata(result) == S_OK
    assert device.GetThisModelMetadata() == (S_OK, MODEL)
    assert device.GetEndpointProxy()[0] == S_OK


def test_a_device_by_what_it_is_called(world: World) -> None:
    world.start()
    _, device = WSDCreateDeviceProxy(f"@{world.address}", US)
    assert device is not None
    device.network_ = world.there
    _, result = device.BeginGetMetadata()
    assert result is not None
    with result.wait_handle_() as handle:
        assert handle.wait(5)
    assert device.EndGetMetadata(result) == S_OK
    assert device.GetThisModelMetadata() == (S_OK, MODEL)


def test_what_an_uninitialized_proxy_says() -> None:
    assert IWSDDeviceProxy().BeginGetMetadata() == (E_ABORT, None)


def test_metadata_that_were_aborted(world: World) -> None:
    _, device = WSDCreateDeviceProxy(f"@{world.start()}", US)
    assert device is not None
    _, result = device.BeginGetMetadata()
    assert result is not None
    early = device.EndGetMetadata(result)
    assert early in {E_FAIL, S_OK}, "it does not wait"
    _, result = device.BeginGetMetadata()
    assert result is not None
    result.Abort()
    assert device.EndGetMetadata(result) in {E_ABORT, S_OK}


def test_a_device_at_an_address(world: World) -> None:
    address = IWSDHttpAddress()
    assert address.Deserialize(world.start()) == S_OK
    hr, device = WSDCreateDeviceProxyAdvanced(world.address, address, US)
    assert hr == S_OK
    assert device is not None
    other = IWSDDeviceProxy()
    assert other.Init(world.address, address, US, None, device) == S_OK
    assert other.shared_ == device.shared_, "a sponsor's connections"


def test_services_by_type(device: IWSDDeviceProxy) -> None:
    hr, service = device.GetServiceProxyByType(FILES)
    assert hr == S_OK
    assert service is not None
    hr, said = service.GetServiceMetadata()
    assert said is not None
    assert said.service_id == ID
    hr, metadata = service.GetMetadata()
    assert hr == S_OK
    assert metadata is not None
    hr, result = service.BeginGetMetadata()
    assert result is not None
    with result.wait_handle_() as handle:
        assert handle.wait(5)
    assert service.EndGetMetadata(result) == (S_OK, metadata)


def test_a_service_that_knows_get_metadata_alone(world: World) -> None:
    """As those of sdc11073 do."""

    def refuse(call: Call) -> None:
        raise Faulted.of(SoapFault("Sender", reason="invalid action"))

    host = Host(
        US,
        Computer("box").metadata(US),
        instance=1,
        listen=Address("127.0.0.1", 0),
        network=world.there,
        services=[Hosted(ID, types=(FILES,), actions={GET: refuse})],
    )
    runner().run(host.start)
    try:
        _, device = WSDCreateDeviceProxy(f"http://{host.where}/{US.removeprefix('urn:uuid:')}", US)
        assert device is not None
        _, service = device.GetServiceProxyByType(FILES)
        assert service is not None
        hr, metadata = service.GetMetadata()
        assert hr == S_OK
        assert metadata is not None
        assert [each.types for each in metadata.hosted] == [(FILES,)]
    finally:
        runner().run(host.stop)


def test_what_there_is_not(device: IWSDDeviceProxy) -> None:
    assert device.GetServiceProxyById("urn:x:other") == (E_INVALIDARG, None)
    assert device.GetServiceProxyByType(QName("urn:x", "Other")) == (E_INVALIDARG, None)
    assert device.GetServiceProxyByType(None) == (E_POINTER, None)


@pytest.mark.parametrize("arguments", [(None, US), ("urn:uuid:1", None), ("", US), ("x" * 9000, US), ("ftp://x", US)])
def test_arguments_that_are_refused(arguments: tuple[str | None, str | None]) -> None:
    assert WSDCreateDeviceProxy(*arguments) == (E_INVALIDARG, None)


def test_a_device_that_cannot_be_reached() -> None:
    hr, device = WSDCreateDeviceProxy("http://127.0.0.1:1/x", US)
    assert hr == 0x80070000 | 1232
    assert device is None


def test_options() -> None:
    odd = WSD_CONFIG_PARAM(WSD_CONFIG_MAX_INBOUND_MESSAGE_SIZE, 5)
    assert WSDCreateDeviceProxy2("@http://127.0.0.1/", US, None, (odd,)) == (E_NOTIMPL, None)
    assert WSDCreateDeviceHost2("urn:uuid:1", None, (odd,)) == (E_NOTIMPL, None)
    address = IWSDHttpAddress()
    address.Deserialize("http://127.0.0.1:5357/")
    hr, host = WSDCreateDeviceHost2("urn:uuid:1", None, (WSD_CONFIG_PARAM(WSD_CONFIG_HOSTING_ADDRESSES, [address]),))
    assert hr == S_OK
    assert host is not None
    assert host.options_["listen"].port == 5357
    assert WSDCreateDeviceHostAdvanced("urn:uuid:1", None, [address, address]) == (E_INVALIDARG, None)
    assert WSDCreateDeviceHost("https://127.0.0.1:5358/")[0] == E_NOTIMPL, "without a certificate"
    assert WSDCreateDeviceHost("http://127.0.0.1:5357/")[0] == S_OK


# Calls.


def test_a_call_and_its_answer(endpoint: IWSDEndpointProxy) -> None:
    assert call(endpoint, ECHO) == (S_OK, "hello")
    _, result = endpoint.SendTwoWayRequestAsync("again", ECHO)
    assert result is not None
    with result.wait_handle_() as handle:
        assert handle.wait(5)
    assert end_operation(endpoint, result) == (S_OK, "again")


def test_an_answer_that_comes_later_from_elsewhere(endpoint: IWSDEndpointProxy, world: World) -> None:
    _, result = endpoint.SendTwoWayRequestAsync("wait", LATER)
    assert result is not None
    assert world.files.heard.wait(5)
    assert end_operation(endpoint, result) == (E_FAIL, None), "not yet"
    (messaging, event), *_ = world.files.later
    answers: list[int] = []
    thread = threading.Thread(
        target=lambda: answers.extend(
            messaging.SendResponse("now", event.Operation, event.MessageParameters) for _ in range(2)
        )
    )
    thread.start()
    with result.wait_handle_() as handle:
        assert handle.wait(5)
    thread.join()
    assert end_operation(endpoint, result) == (S_OK, "now")
    assert answers == [S_OK, E_ABORT], "a second answer"
    assert messaging.FaultRequest(event.Soap.Header if event.Soap else None, event.MessageParameters) == E_ABORT


def test_an_aborted_call_is_not_waited_for(endpoint: IWSDEndpointProxy, world: World) -> None:
    _, result = endpoint.SendTwoWayRequestAsync("wait", LATER)
    assert result is not None
    assert world.files.heard.wait(5)
    result.Abort()
    assert end_operation(endpoint, result) == (E_ABORT, None)
    (messaging, event), *_ = world.files.later
    assert messaging.SendResponse("late", event.Operation, event.MessageParameters) == S_OK, "nobody hears it"
    assert call(endpoint, ECHO) == (S_OK, "hello")


@pytest.mark.parametrize("operation", [REFUSE, BREAK], ids=["refused", "broken"])
def test_a_fault(endpoint: IWSDEndpointProxy, operation: WSD_OPERATION, caplog: pytest.LogCaptureFixture) -> None:
    hr, fault = call(endpoint, operation)
    assert hr == E_FAIL
    assert fault.subcode.local == "EndpointUnavailable"
    assert endpoint.GetFaultInfo() == (S_OK, fault)
    assert "secret" not in caplog.text


def test_a_message_without_an_answer(endpoint: IWSDEndpointProxy, world: World) -> None:
    assert endpoint.SendOneWayRequest("told", TELL) == S_OK
    assert world.files.heard.wait(5)
    assert world.files.told == ["told"]


def test_where_a_request_came_from(endpoint: IWSDEndpointProxy, world: World) -> None:
    _, result = endpoint.SendTwoWayRequestAsync("wait", LATER)
    assert world.files.heard.wait(5)
    ((messaging, event),) = world.files.later
    hr, remote = event.MessageParameters.GetRemoteAddress()
    assert hr == S_OK
    assert remote.GetTransportAddress() == (S_OK, "127.0.0.1")
    assert messaging.SendResponse("x", None, event.MessageParameters) == E_POINTER
    assert messaging.SendResponse("x", event.Operation, None) == E_POINTER
    assert messaging.SendResponse("x", event.Operation, IWSDUdpAddress()) == E_INVALIDARG  # type: ignore[arg-type]  # the point
    assert messaging.SendResponse("x", TELL, event.MessageParameters) == E_ABORT
    assert messaging.FaultRequest(None, None) == E_INVALIDARG
    assert result is not None
    result.Abort()


def test_attachments_both_ways(endpoint: IWSDEndpointProxy) -> None:
    sent = IWSDOutboundAttachment()
    _, result = endpoint.SendTwoWayRequestAsync(f"cid:{sent.content_id_}", COPY, attachments_=[sent])
    assert result is not None
    for _ in range(100):
        assert sent.Write(b"some octets, " * 1000)[0] == S_OK
    assert sent.Close() == S_OK
    with result.wait_handle_() as handle:
        assert handle.wait(5)
    hr, name = end_operation(endpoint, result)
    assert (hr, name) == (S_OK, "cid:back@x")
    event = result.GetEvent()[1]
    assert event is not None
    came, octets = IWSDInboundAttachment.of_(event, name), b""
    while (read := came.Read())[0] == S_OK:
        octets += read[1] or b""
    assert octets == b"SOME OCTETS, " * 100_000
    assert came.Close() == S_OK


# The host.


def test_the_life_of_a_host(world: World) -> None:
    host = world.host
    assert host.Stop() == E_FAIL, "before Start"
    world.start()
    assert host.Start(0, None, None) == S_FALSE
    assert host.Terminate() == E_FAIL
    assert host.Stop() == S_OK
    assert host.Stop() == S_FALSE
    world.start()
    assert host.Stop() == S_OK
    assert host.Terminate() == S_OK
    assert host.Terminate() == E_FAIL
    assert host.Start(0, None, None) == E_FAIL


def test_a_host_without_metadata() -> None:
    _, host = WSDCreateDeviceHost("urn:uuid:00000000-0000-0000-0000-000000000001")
    assert host is not None
    assert host.Start(0, None, None) == E_ABORT
    assert host.SetMetadata(None, DEVICE) == E_INVALIDARG
    assert host.SetMetadata(MODEL, None) == E_INVALIDARG
    assert host.RegisterPortType(None) == E_INVALIDARG
    assert host.GetServiceUrl_("urn:x:job") == (E_ABORT, None)
    assert WSDCreateDeviceHost(None) == (E_INVALIDARG, None)


def test_a_service_that_is_made_when_somebody_asks(world: World) -> None:
    asked: list[str] = []

    class Notify(IWSDDeviceHostNotify):
        def GetService(self, pszServiceId: str) -> tuple[int, Any]:
            asked.append(pszServiceId)
            return S_OK, FilesService()

    assert world.host.Start(1, None, Notify()) == S_OK
    assert world.host.where_ is not None
    url = f"http://127.0.0.1:{world.host.where_.port}/{world.address.removeprefix('urn:uuid:')}"
    _, device = WSDCreateDeviceProxy(url, US)
    assert device is not None
    endpoint = endpoint_of(device, ID)
    for _ in range(2):
        assert call(endpoint, ECHO) == (S_OK, "hello")
    assert asked == [ID]


def test_a_service_that_could_not_be_made_is_none(world: World) -> None:
    class Notify(IWSDDeviceHostNotify):
        def GetService(self, pszServiceId: str) -> tuple[int, Any]:
            return E_FAIL, FilesService()

    assert world.host.Start(1, None, Notify()) == S_OK
    assert world.host.where_ is not None
    url = f"http://127.0.0.1:{world.host.where_.port}/{world.address.removeprefix('urn:uuid:')}"
    _, device = WSDCreateDeviceProxy(url, US)
    assert device is not None
    assert call(endpoint_of(device, ID), ECHO)[0] == E_FAIL


def test_each_start_is_a_later_instance(world: World) -> None:
    for _ in range(3):
        assert world.host.Start(0, None, None) == S_OK
        assert world.host.Stop() == S_OK
    said = [data.decode() for _, _, data in world.link.sent]
    instances = [int(text.partition('InstanceId="')[2].partition('"')[0]) for text in said if "/Hello<" in text]
    assert sorted(set(instances)) == [*range(instances[0], instances[0] + 3)]


def test_which_of_its_endpoints_a_service_is_called_at() -> None:
    _, device = WSDCreateDeviceProxy("@http://127.0.0.1:1/", US)
    assert device is not None
    host = Service((EndpointReference("urn:uuid:1"),))
    names, both = (EndpointReference("urn:x"),), (EndpointReference("urn:x"), EndpointReference("http://127.0.0.1:2/"))
    hosted = (Service(names, (), "urn:none"), Service(both, (), "urn:both"))
    device._take(("http://127.0.0.1:1/", Metadata(relationships=(Relationship(host, hosted),))))
    _, ours = device.GetEndpointProxy()
    assert ours is not None
    assert (ours.carrier_.url, ours.carrier_.to) == ("http://127.0.0.1:1/", host.endpoints[0])
    assert endpoint_of(device, "urn:both").carrier_.url == "http://127.0.0.1:2/"
    assert device.GetServiceProxyById("urn:none") == (E_FAIL, None)


def test_a_service_that_nobody_registered(world: World) -> None:
    _, device = WSDCreateDeviceProxy(world.start(), US)
    assert device is not None
    endpoint = endpoint_of(device, ID)
    assert call(endpoint, ECHO)[0] == E_FAIL


def test_a_retired_service_is_called_no_more(endpoint: IWSDEndpointProxy, world: World, device: Any) -> None:
    assert world.host.RegisterService(ID, world.files) == E_INVALIDARG, "it is there"
    assert world.host.RetireService("urn:x:other") == E_INVALIDARG
    assert world.host.RetireService(None) == E_POINTER
    assert world.host.RetireService(ID) == S_OK
    assert call(endpoint, ECHO)[0] == E_FAIL
    _, result = device.BeginGetMetadata()
    with result.wait_handle_() as handle:
        assert handle.wait(5)
    assert device.EndGetMetadata(result) == S_OK
    assert device.GetServiceProxyById(ID) == (E_INVALIDARG, None)


def test_a_service_has_retired_when_no_stub_of_it_runs(endpoint: IWSDEndpointProxy, world: World) -> None:
    go_on = threading.Event()

    class Slow(FilesService):
        def Later(self, messaging: Any, event: Any) -> int:
            self.heard.set()
            go_on.wait(5)
            return self.Echo(messaging, event)

    assert world.host.RetireService(ID) == S_OK
    slow = Slow()
    assert world.host.AddDynamicService("urn:x:slow", None, PORT, None, None, slow) == S_OK
    job = IWSDEndpointProxy(runner().call(Endpoint, str(world.host.GetServiceUrl_("urn:x:slow", "127.0.0.1")[1])))
    job.SendTwoWayRequestAsync("wait", LATER)
    assert slow.heard.wait(5)
    found: list[int] = []
    leaving = threading.Thread(target=lambda: found.append(world.host.RemoveDynamicService("urn:x:slow")), daemon=True)
    leaving.start()
    try:
        leaving.join(0.05)
        assert found == []
    finally:
        go_on.set()
    leaving.join(5)
    assert found == [S_OK]


def test_the_id_of_a_dynamic_service_that_went_may_be_another_ones(world: World) -> None:
    host = world.host
    assert host.AddDynamicService("urn:x:job", None, PORT) == S_OK
    assert host.RemoveDynamicService("urn:x:job") == S_OK
    assert host.RegisterService("urn:x:job", world.files) == S_OK
    assert host.RemoveDynamicService("urn:x:job") == E_INVALIDARG
    assert host.RetireService("urn:x:job") == S_OK


def test_a_dynamic_service_is_in_no_metadata(
    device: IWSDDeviceProxy, endpoint: IWSDEndpointProxy, world: World
) -> None:
    host = world.host
    assert host.AddDynamicService("urn:x:job", None, None, FILES, None, world.files) == S_OK
    assert host.AddDynamicService("urn:x:job", None, None, FILES) == E_INVALIDARG
    assert host.AddDynamicService(None) == E_POINTER
    assert host.AddDynamicService("urn:x:two", None, PORT, FILES) == E_INVALIDARG, "one of the two"
    _, url = host.GetServiceUrl_("urn:x:job", "127.0.0.1")
    assert url is not None
    job = IWSDEndpointProxy(runner().call(Endpoint, url))
    assert call(job, ECHO) == (S_OK, "hello")
    assert device.GetServiceProxyById("urn:x:job") == (E_INVALIDARG, None)
    assert host.RetireService("urn:x:job") == E_INVALIDARG
    assert host.RemoveDynamicService("urn:x:job") == S_OK
    assert call(job, ECHO)[0] != S_OK


def test_metadata_that_change(device: IWSDDeviceProxy, world: World) -> None:
    hosted = (Service((), (FILES,), ID), Service((), (FILES,), "urn:x:more"))
    assert world.host.SetMetadata(MODEL, DEVICE, Relationship(hosted=hosted)) == S_OK
    assert world.host.RegisterService("urn:x:more", world.files) == S_OK
    _, result = device.BeginGetMetadata()
    assert result is not None
    with result.wait_handle_() as handle:
        assert handle.wait(5)
    assert device.EndGetMetadata(result) == S_OK
    endpoint = endpoint_of(device, "urn:x:more")
    assert call(endpoint, ECHO) == (S_OK, "hello")
