"""HRESULTs as Microsoft's pages have them: a row for each situation that a page names, and that needs no device.

A page is that of a method, nf-<header>-<interface>-<method>, or of a function: what it says in "Return value" and in
its remarks. An out parameter that is NULL has no row: there are none. Nor has E_OUTOFMEMORY.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from random import Random
from typing import Any

import pytest
from tests.wsdclient.fakes import GET_LIST, FakeEndpoint
from tests.wsdclient.world import CHANGED, DEVICE, MODEL, PORT, US, World

from openwmi import wsdclient as w
from openwmi.blocking.runner import runner
from openwmi.soap import QName, Relationship, Service, ThisDevice, ThisModel, localized
from openwmi.testing import MemoryLink
from openwmi.wsd import Endpoint
from openwmi.wsd.messages import Probe
from openwmi.wsdclient import calling, constants

Row = tuple[str, str, Callable[[], Any], int]
LONG = "x" * (constants.WSD_MAX_TEXT_LENGTH + 1)
URN = "urn:uuid:00000000-0000-0000-0000-000000000001"
HTTPS, OTHER = "https://127.0.0.1:5358/", "https://127.0.0.1:5359/"
BAD, POINTER, ABORT, FAIL = w.E_INVALIDARG, w.E_POINTER, w.E_ABORT, w.E_FAIL
UNSTARTED = w.HRESULT_FROM_WIN32(w.ERROR_INVALID_OPERATION)


def checked(rows: list[Row]) -> pytest.MarkDecorator:
    """As parameters of a test. Each names a method that there is."""
    for page, *_ in rows:
        face, _, method = page.partition("::")
        assert callable(getattr(getattr(w, face), method or "__call__")), page
    return pytest.mark.parametrize(
        ("situation", "hr"), [(each[2], each[3]) for each in rows], ids=[f"{each[0]} {each[1]}" for each in rows]
    )


def returned(answer: Any) -> int:
    """The HRESULT of what a method returned."""
    hr = answer[0] if isinstance(answer, tuple) else answer
    return int(hr)


# ------------------------------------------------------------------------------------- addresses, parameters: wsdbase.h


HEADERS = w.IWSDHttpMessageParameters


def http(text: str = "") -> w.IWSDHttpAddress:
    address = w.IWSDHttpAddress()
    assert not text or address.Deserialize(text) == w.S_OK
    return address


@checked(
    [
        ("IWSDAddress::Deserialize", "NULL", lambda: http().Deserialize(None), BAD),
        ("IWSDAddress::Deserialize", "too long", lambda: http().Deserialize(f"http://x/{LONG}"), BAD),
        ("IWSDAddress::Deserialize", "no address", lambda: http().Deserialize("ftp://x/"), BAD),
        ("IWSDAddress::Deserialize", "an address", lambda: http().Deserialize("http://x/"), w.S_OK),
        ("IWSDAddress::Serialize", "no room", lambda: http("http://x/").Serialize(3), ABORT),
        ("IWSDAddress::Serialize", "room", lambda: http("http://x/").Serialize(30), w.S_OK),
        ("IWSDTransportAddress::GetTransportAddress", "not set", lambda: http().GetTransportAddress(), w.S_FALSE),
        (
            "IWSDTransportAddress::GetTransportAddressEx",
            "not set",
            lambda: http().GetTransportAddressEx(True),
            w.S_FALSE,
        ),
        ("IWSDTransportAddress::GetTransportAddressEx", "set", lambda: http(HTTPS).GetTransportAddressEx(True), w.S_OK),
        ("IWSDTransportAddress::SetTransportAddress", "NULL", lambda: http().SetTransportAddress(None), BAD),
        ("IWSDTransportAddress::SetTransportAddress", "too long", lambda: http().SetTransportAddress(LONG), BAD),
        ("IWSDTransportAddress::SetTransportAddress", "no address", lambda: http().SetTransportAddress("a/b"), BAD),
        ("IWSDHttpAddress::SetPath", "too long", lambda: http().SetPath(LONG), BAD),
        ("IWSDHttpAddress::GetSecure", "with TLS", lambda: http(HTTPS).GetSecure(), w.S_OK),
        ("IWSDHttpAddress::GetSecure", "without", lambda: http("http://x/").GetSecure(), w.S_FALSE),
        ("IWSDUdpAddress::SetSockaddr", "NULL", lambda: w.IWSDUdpAddress().SetSockaddr(None), BAD),
        ("IWSDUdpAddress::SetSockaddr", "a name", lambda: w.IWSDUdpAddress().SetSockaddr(("box", 1)), 0x80072726),
        ("IWSDUdpAddress::SetSockaddr", "no port", lambda: w.IWSDUdpAddress().SetSockaddr(("::1", -1)), 0x80072726),
        ("IWSDUdpAddress::SetSockaddr", "one", lambda: w.IWSDUdpAddress().SetSockaddr(("fe80::1%eth0", 1)), w.S_OK),
        ("IWSDUdpAddress::GetSockaddr", "not set", lambda: w.IWSDUdpAddress().GetSockaddr(), FAIL),
        ("IWSDUdpAddress::SetTTL", "above 255", lambda: w.IWSDUdpAddress().SetTTL(256), BAD),
        ("IWSDUdpAddress::GetExclusive", "it is not", lambda: w.IWSDUdpAddress().GetExclusive(), w.S_FALSE),
        ("IWSDMessageParameters::GetLowerParameters", "always", lambda: HEADERS().GetLowerParameters(), w.E_NOTIMPL),
        (
            "IWSDHttpMessageParameters::SetInboundHttpHeaders",
            "long",
            lambda: HEADERS().SetInboundHttpHeaders(LONG),
            BAD,
        ),
        ("IWSDHttpMessageParameters::GetInboundHttpHeaders", "none", lambda: HEADERS().GetInboundHttpHeaders(), FAIL),
        (
            "IWSDHttpMessageParameters::SetOutboundHttpHeaders",
            "long",
            lambda: HEADERS().SetOutboundHttpHeaders(LONG),
            BAD,
        ),
        ("IWSDHttpMessageParameters::GetOutboundHttpHeaders", "none", lambda: HEADERS().GetOutboundHttpHeaders(), FAIL),
        ("IWSDHttpMessageParameters::SetID", "NULL", lambda: HEADERS().SetID(None), BAD),
        ("IWSDHttpMessageParameters::SetID", "too long", lambda: HEADERS().SetID(LONG), BAD),
        ("IWSDHttpMessageParameters::GetID", "not set", lambda: HEADERS().GetID(), FAIL),
        ("IWSDHttpMessageParameters::GetContext", "not set", lambda: HEADERS().GetContext(), FAIL),
        ("IWSDHttpMessageParameters::Clear", "always", lambda: HEADERS().Clear(), w.S_OK),
    ]
)
def test_addresses_and_parameters(situation: Callable[[], Any], hr: int) -> None:
    assert returned(situation()) == hr


# ------------------------------------------------------------------------------------------- wsdattachment.h, wsdutil.h


@checked(
    [
        ("IWSDOutboundAttachment::Close", "before Write", lambda: w.IWSDOutboundAttachment().Close(), UNSTARTED),
        ("IWSDOutboundAttachment::Abort", "before Write", lambda: w.IWSDOutboundAttachment().Abort(), UNSTARTED),
        ("IWSDOutboundAttachment::Write", "NULL", lambda: w.IWSDOutboundAttachment().Write(None), BAD),  # type: ignore[arg-type]  # the point
        ("WSDGenerateFault", "no code", lambda: w.WSDGenerateFault(None, None, "why"), BAD),
        ("WSDGenerateFault", "no reason", lambda: w.WSDGenerateFault("Sender"), BAD),
        ("WSDGenerateFaultEx", "no code", lambda: w.WSDGenerateFaultEx(None, None, [w.WSD_LOCALIZED_STRING("x")]), BAD),
        ("WSDGenerateFaultEx", "no reasons", lambda: w.WSDGenerateFaultEx(QName("", "Sender")), BAD),
    ]
)
def test_attachments_and_faults(situation: Callable[[], Any], hr: int) -> None:
    assert returned(situation()) == hr


# ---------------------------------------------------------------------------------------------------------- wsddisco.h


class Sink(w.IWSDiscoveryPublisherNotify):
    """Answers nobody."""


MESSAGE, QUESTION = w.WSD_SOAP_MESSAGE(None, Probe()), w.IWSDUdpMessageParameters()
TOLD = (URN, 1, 1, 1)
ADDRESSES = {"pXAddrsList": ("http://192.0.2.1:8080/",)}
NO_SINK = w.HRESULT_FROM_WIN32(w.ERROR_NO_CALLBACK_ACTIVE)
PUBLISHER, PROVIDER = w.IWSDiscoveryPublisher, w.IWSDiscoveryProvider


def publisher(*, left: bool = False) -> w.IWSDiscoveryPublisher:
    """One that has started, or whose only sink has left."""
    made, sink = PUBLISHER(), Sink()
    made.network_ = MemoryLink(Random(7)).machine("192.0.2.1/24")
    assert made.RegisterNotificationSink(sink) == w.S_OK
    STARTED.append((made, sink))
    if left:
        assert made.UnRegisterNotificationSink(sink) == w.S_OK
    return made


STARTED: list[tuple[w.IWSDiscoveryPublisher, Sink]] = []


@pytest.fixture(autouse=True)
def _stopped() -> Iterator[None]:
    yield
    while STARTED:
        made, sink = STARTED.pop()
        made.UnRegisterNotificationSink(sink)


def twice(face: Any) -> int:
    """SetAddressFamily, the second time."""
    made = face()
    assert made.SetAddressFamily(1) == w.S_OK
    return int(made.SetAddressFamily(1))


def matched(name: str, *arguments: Any, **named: Any) -> Row:
    """A row of one of the four Match methods, of a publisher that has not started."""
    *given, situation, hr = arguments
    return (f"IWSDiscoveryPublisher::{name}", situation, lambda: getattr(PUBLISHER(), name)(*given, **named), hr)


def matches(name: str) -> list[Row]:
    named = ADDRESSES if "Resolve" in name else {}
    return [
        matched(name, None, QUESTION, *TOLD, "no message", BAD, **named),
        matched(name, MESSAGE, QUESTION, None, 1, 1, 1, "no id", BAD, **named),
        matched(name, MESSAGE, QUESTION, LONG, 1, 1, 1, "a long id", BAD, **named),
        matched(name, MESSAGE, QUESTION, *TOLD, LONG, "a long session", BAD, **named),
        matched(name, MESSAGE, QUESTION, URN, 1, 1, 1 << 32, "a large number", BAD, **named),
        matched(name, MESSAGE, QUESTION, *TOLD, "not started", ABORT, **named),
    ]


@checked(
    [
        ("IWSDiscoveryProvider::Attach", "NULL", lambda: PROVIDER().Attach(None), POINTER),
        ("IWSDiscoveryProvider::Detach", "no sink", lambda: PROVIDER().Detach(), ABORT),
        ("IWSDiscoveryProvider::SearchById", "NULL", lambda: PROVIDER().SearchById(None), BAD),
        ("IWSDiscoveryProvider::SearchById", "too long", lambda: PROVIDER().SearchById(LONG), BAD),
        ("IWSDiscoveryProvider::SearchById", "a long tag", lambda: PROVIDER().SearchById(URN, LONG), BAD),
        ("IWSDiscoveryProvider::SearchById", "no sink", lambda: PROVIDER().SearchById(URN), ABORT),
        ("IWSDiscoveryProvider::SearchByAddress", "NULL", lambda: PROVIDER().SearchByAddress(None), BAD),
        ("IWSDiscoveryProvider::SearchByAddress", "too long", lambda: PROVIDER().SearchByAddress(LONG), BAD),
        ("IWSDiscoveryProvider::SearchByAddress", "a long tag", lambda: PROVIDER().SearchByAddress(HTTPS, LONG), BAD),
        ("IWSDiscoveryProvider::SearchByAddress", "no sink", lambda: PROVIDER().SearchByAddress(HTTPS), ABORT),
        ("IWSDiscoveryProvider::SearchByType", "a long rule", lambda: PROVIDER().SearchByType((), ("u:x",), LONG), BAD),
        ("IWSDiscoveryProvider::SearchByType", "a long tag", lambda: PROVIDER().SearchByType(pszTag=LONG), BAD),
        ("IWSDiscoveryProvider::SearchByType", "a rule alone", lambda: PROVIDER().SearchByType((), (), "u:x"), BAD),
        ("IWSDiscoveryProvider::SearchByType", "no sink", lambda: PROVIDER().SearchByType(), ABORT),
        ("IWSDiscoveryProvider::SetAddressFamily", "none", lambda: PROVIDER().SetAddressFamily(0), BAD),
        ("IWSDiscoveryProvider::SetAddressFamily", "another", lambda: PROVIDER().SetAddressFamily(4), BAD),
        ("IWSDiscoveryProvider::SetAddressFamily", "twice", lambda: twice(PROVIDER), w.STG_E_INVALIDFUNCTION),
        ("IWSDiscoveryPublisher::SetAddressFamily", "none", lambda: PUBLISHER().SetAddressFamily(0), BAD),
        ("IWSDiscoveryPublisher::SetAddressFamily", "another", lambda: PUBLISHER().SetAddressFamily(4), BAD),
        ("IWSDiscoveryPublisher::SetAddressFamily", "twice", lambda: twice(PUBLISHER), w.STG_E_INVALIDFUNCTION),
        (
            "IWSDiscoveryPublisher::RegisterNotificationSink",
            "NULL",
            lambda: PUBLISHER().RegisterNotificationSink(None),
            BAD,
        ),
        (
            "IWSDiscoveryPublisher::UnRegisterNotificationSink",
            "NULL",
            lambda: PUBLISHER().UnRegisterNotificationSink(None),
            BAD,
        ),
        (
            "IWSDiscoveryPublisher::UnRegisterNotificationSink",
            "another",
            lambda: PUBLISHER().UnRegisterNotificationSink(Sink()),
            FAIL,
        ),
        (
            "IWSDiscoveryPublisher::RegisterScopeMatchingRule",
            "NULL",
            lambda: PUBLISHER().RegisterScopeMatchingRule(None),
            BAD,
        ),
        (
            "IWSDiscoveryPublisher::UnRegisterScopeMatchingRule",
            "NULL",
            lambda: PUBLISHER().UnRegisterScopeMatchingRule(None),
            BAD,
        ),
        ("IWSDiscoveryPublisher::GetXMLContext", "not started", lambda: PUBLISHER().GetXMLContext(), ABORT),
        ("IWSDiscoveryPublisher::Publish", "no id", lambda: PUBLISHER().Publish(None, 1, 1, 1), BAD),
        ("IWSDiscoveryPublisher::Publish", "a long id", lambda: PUBLISHER().Publish(LONG, 1, 1, 1), BAD),
        ("IWSDiscoveryPublisher::Publish", "a long session", lambda: PUBLISHER().Publish(*TOLD, LONG), BAD),
        ("IWSDiscoveryPublisher::Publish", "a large version", lambda: PUBLISHER().Publish(URN, 1 << 32, 1, 1), BAD),
        ("IWSDiscoveryPublisher::Publish", "a large instance", lambda: PUBLISHER().Publish(URN, 1, 1 << 32, 1), BAD),
        ("IWSDiscoveryPublisher::Publish", "a large number", lambda: PUBLISHER().Publish(URN, 1, 1, 1 << 32), BAD),
        ("IWSDiscoveryPublisher::Publish", "not started", lambda: PUBLISHER().Publish(*TOLD), ABORT),
        ("IWSDiscoveryPublisher::Publish", "no sink left", lambda: publisher(left=True).Publish(*TOLD), NO_SINK),
        ("IWSDiscoveryPublisher::Publish", "started", lambda: publisher().Publish(*TOLD), w.S_OK),
        ("IWSDiscoveryPublisher::PublishEx", "no id", lambda: PUBLISHER().PublishEx(None, 1, 1, 1), BAD),
        ("IWSDiscoveryPublisher::PublishEx", "not started", lambda: PUBLISHER().PublishEx(*TOLD), ABORT),
        ("IWSDiscoveryPublisher::PublishEx", "no sink left", lambda: publisher(left=True).PublishEx(*TOLD), NO_SINK),
        ("IWSDiscoveryPublisher::UnPublish", "no id", lambda: PUBLISHER().UnPublish(None, 1, 1), BAD),
        ("IWSDiscoveryPublisher::UnPublish", "a long id", lambda: PUBLISHER().UnPublish(LONG, 1, 1), BAD),
        ("IWSDiscoveryPublisher::UnPublish", "a long session", lambda: PUBLISHER().UnPublish(URN, 1, 1, LONG), BAD),
        ("IWSDiscoveryPublisher::UnPublish", "not started", lambda: PUBLISHER().UnPublish(URN, 1, 1), ABORT),
        *(row for name in ("MatchProbe", "MatchProbeEx", "MatchResolve", "MatchResolveEx") for row in matches(name)),
        matched("MatchResolve", MESSAGE, QUESTION, *TOLD, "no XAddrs", BAD),
        matched("MatchResolveEx", MESSAGE, QUESTION, *TOLD, "no XAddrs", BAD),
        ("WSDCreateDiscoveryProvider", "always", w.WSDCreateDiscoveryProvider, w.S_OK),
        ("WSDCreateDiscoveryPublisher", "always", w.WSDCreateDiscoveryPublisher, w.S_OK),
    ]
)
def test_discovery(situation: Callable[[], Any], hr: int) -> None:
    assert returned(situation()) == hr


@pytest.mark.parametrize("face", [PROVIDER, PUBLISHER])
def test_a_machine_without_ipv6(face: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(calling, "has_ipv6", lambda: False)
    assert face().SetAddressFamily(w.WSDAPI_ADDRESSFAMILY_IPV6) == w.HRESULT_FROM_WIN32(w.WSAESOCKTNOSUPPORT)
    assert face().SetAddressFamily(w.WSDAPI_ADDRESSFAMILY_IPV4) == w.S_OK


# ----------------------------------------------------------------------------------------------------------- wsdhost.h


BARE, JOB = w.IWSDDeviceHost, "urn:x:job"


def host() -> w.IWSDDeviceHost:
    """One that is initialized, and has no metadata."""
    made = BARE()
    assert made.Init(URN) == w.S_OK
    return made


def then(made: Any, *calls: str) -> int:
    """The last of those calls of methods without arguments, after the others."""
    return int([getattr(made, each)() for each in calls][-1])


def again(made: Any, name: str, *arguments: Any) -> int:
    """The second call of a method."""
    assert getattr(made, name)(*arguments) == w.S_OK
    return int(getattr(made, name)(*arguments))


def blank(model: ThisModel = MODEL, device: ThisDevice = DEVICE) -> int:
    """SetMetadata of a device that does not say all."""
    return host().SetMetadata(model, device)


def described() -> w.IWSDDeviceHost:
    """One whose metadata name a service."""
    made = host()
    assert made.SetMetadata(MODEL, DEVICE, Relationship(hosted=(Service((), (), JOB),))) == w.S_OK
    return made


ANY: Any = object()
ONE_WAY = w.WSD_OPERATION(w.WSDXML_TYPE("urn:x/Tell"))
FACE = w.IWSDServiceMessaging
TEXTS = localized("x")


@checked(
    [
        ("WSDCreateDeviceHost", "no id", lambda: w.WSDCreateDeviceHost(None), BAD),
        ("WSDCreateDeviceHost", "a long id", lambda: w.WSDCreateDeviceHost(LONG), BAD),
        ("WSDCreateDeviceHost2", "no id", lambda: w.WSDCreateDeviceHost2(None), BAD),
        ("WSDCreateDeviceHost2", "a long id", lambda: w.WSDCreateDeviceHost2(LONG), BAD),
        ("WSDCreateDeviceHostAdvanced", "no id", lambda: w.WSDCreateDeviceHostAdvanced(None), BAD),
        ("WSDCreateDeviceHostAdvanced", "a long id", lambda: w.WSDCreateDeviceHostAdvanced(LONG), BAD),
        (
            "WSDCreateDeviceHostAdvanced",
            "HTTPS",
            lambda: w.WSDCreateDeviceHostAdvanced(HTTPS, None, [http(OTHER)]),
            BAD,
        ),
        (
            "WSDCreateDeviceHostAdvanced",
            "HTTPS alone",
            lambda: w.WSDCreateDeviceHostAdvanced(URN, None, [http(OTHER)]),
            BAD,
        ),
        ("IWSDDeviceHost::Init", "no id", lambda: BARE().Init(None), BAD),
        ("IWSDDeviceHost::Init", "a long id", lambda: BARE().Init(LONG), BAD),
        ("IWSDDeviceHost::Init", "two addresses", lambda: BARE().Init(URN, None, [http(), http()]), BAD),
        ("IWSDDeviceHost::Init", "twice", lambda: host().Init(URN), FAIL),
        ("IWSDDeviceHost::Start", "before Init", lambda: BARE().Start(), FAIL),
        ("IWSDDeviceHost::Start", "no metadata", lambda: host().Start(), ABORT),
        ("IWSDDeviceHost::Start", "a large instance", lambda: described().Start(1 << 32), BAD),
        ("IWSDDeviceHost::Stop", "before Init", lambda: BARE().Stop(), FAIL),
        ("IWSDDeviceHost::Stop", "before Start", lambda: described().Stop(), FAIL),
        ("IWSDDeviceHost::Terminate", "before Init", lambda: BARE().Terminate(), FAIL),
        ("IWSDDeviceHost::Terminate", "not started", lambda: host().Terminate(), w.S_OK),
        ("IWSDDeviceHost::Terminate", "twice", lambda: then(host(), "Terminate", "Terminate"), FAIL),
        ("IWSDDeviceHost::RegisterPortType", "twice", lambda: again(host(), "RegisterPortType", PORT), w.S_FALSE),
        ("IWSDDeviceHost::SetMetadata", "no model", lambda: host().SetMetadata(None, DEVICE), BAD),
        ("IWSDDeviceHost::SetMetadata", "no device", lambda: host().SetMetadata(MODEL, None), BAD),
        ("IWSDDeviceHost::SetMetadata", "no maker", lambda: blank(ThisModel((), TEXTS, model_number="1")), BAD),
        (
            "IWSDDeviceHost::SetMetadata",
            "no name",
            lambda: blank(ThisModel(TEXTS, localized(" "), model_number="1")),
            BAD,
        ),
        ("IWSDDeviceHost::SetMetadata", "no number", lambda: blank(ThisModel(TEXTS, TEXTS)), BAD),
        ("IWSDDeviceHost::SetMetadata", "not called", lambda: blank(MODEL, ThisDevice((), "1", "1")), BAD),
        ("IWSDDeviceHost::SetMetadata", "no firmware", lambda: blank(MODEL, ThisDevice(TEXTS, "", "1")), BAD),
        ("IWSDDeviceHost::SetMetadata", "no serial", lambda: blank(MODEL, ThisDevice(TEXTS, "1")), BAD),
        ("IWSDDeviceHost::RegisterService", "no id", lambda: host().RegisterService(None, 1), BAD),
        ("IWSDDeviceHost::RegisterService", "a long id", lambda: host().RegisterService(LONG, 1), BAD),
        ("IWSDDeviceHost::RegisterService", "twice", lambda: again(host(), "RegisterService", JOB, 1), BAD),
        ("IWSDDeviceHost::RetireService", "no id", lambda: host().RetireService(None), POINTER),
        ("IWSDDeviceHost::RetireService", "a long id", lambda: host().RetireService(LONG), BAD),
        ("IWSDDeviceHost::RetireService", "another", lambda: host().RetireService(JOB), BAD),
        ("IWSDDeviceHost::RetireService", "before Init", lambda: BARE().RetireService(JOB), FAIL),
        ("IWSDDeviceHost::AddDynamicService", "no id", lambda: host().AddDynamicService(None), POINTER),
        ("IWSDDeviceHost::AddDynamicService", "a long id", lambda: host().AddDynamicService(LONG), BAD),
        ("IWSDDeviceHost::AddDynamicService", "a long address", lambda: host().AddDynamicService(JOB, LONG), BAD),
        (
            "IWSDDeviceHost::AddDynamicService",
            "both",
            lambda: host().AddDynamicService(JOB, None, PORT, QName("", "x")),
            BAD,
        ),
        ("IWSDDeviceHost::AddDynamicService", "a known id", lambda: described().AddDynamicService(JOB), BAD),
        ("IWSDDeviceHost::AddDynamicService", "twice", lambda: again(host(), "AddDynamicService", JOB), BAD),
        ("IWSDDeviceHost::AddDynamicService", "before Init", lambda: BARE().AddDynamicService(JOB), FAIL),
        ("IWSDDeviceHost::RemoveDynamicService", "no id", lambda: host().RemoveDynamicService(None), BAD),
        ("IWSDDeviceHost::RemoveDynamicService", "a long id", lambda: host().RemoveDynamicService(LONG), BAD),
        ("IWSDDeviceHost::RemoveDynamicService", "another", lambda: host().RemoveDynamicService(JOB), BAD),
        ("IWSDDeviceHost::RemoveDynamicService", "before Init", lambda: BARE().RemoveDynamicService(JOB), FAIL),
        ("IWSDDeviceHost::SetServiceDiscoverable", "no id", lambda: host().SetServiceDiscoverable(None, True), BAD),
        ("IWSDDeviceHost::SetServiceDiscoverable", "a long id", lambda: host().SetServiceDiscoverable(LONG, True), BAD),
        ("IWSDDeviceHost::SetServiceDiscoverable", "another", lambda: host().SetServiceDiscoverable(JOB, True), BAD),
        ("IWSDDeviceHost::SignalEvent", "no id", lambda: host().SignalEvent(None, None, GET_LIST), BAD),
        ("IWSDDeviceHost::SignalEvent", "a long id", lambda: host().SignalEvent(LONG, None, GET_LIST), BAD),
        ("IWSDDeviceHost::SignalEvent", "no operation", lambda: host().SignalEvent(JOB, None, None), BAD),
        ("IWSDDeviceHost::SignalEvent", "no type", lambda: host().SignalEvent(JOB, None, ONE_WAY), BAD),
        ("IWSDDeviceHost::SignalEvent", "not started", lambda: host().SignalEvent(JOB, None, GET_LIST), FAIL),
        (
            "IWSDServiceMessaging::SendResponse",
            "no operation",
            lambda: FACE().SendResponse(None, None, HEADERS()),
            POINTER,
        ),
        (
            "IWSDServiceMessaging::SendResponse",
            "no parameters",
            lambda: FACE().SendResponse(None, GET_LIST, None),
            POINTER,
        ),
        ("IWSDServiceMessaging::FaultRequest", "no header", lambda: FACE().FaultRequest(None, HEADERS()), BAD),
        ("IWSDServiceMessaging::FaultRequest", "no parameters", lambda: FACE().FaultRequest(ANY, None), BAD),
    ]
)
def test_hosts(situation: Callable[[], Any], hr: int) -> None:
    assert returned(situation()) == hr


def test_a_host_that_runs() -> None:
    world = World()
    try:
        assert world.host.AddDynamicService(JOB, None, PORT, None, None, world.files) == w.S_OK, "before Start too"
        assert world.host.GetServiceUrl_(JOB) == (ABORT, None)
        world.start()
        assert world.host.GetServiceUrl_(JOB)[0] == w.S_OK
        assert world.host.Start() == w.S_FALSE
        assert world.host.SetServiceDiscoverable(JOB, False) == w.S_OK
        assert world.host.SetServiceDiscoverable(JOB, True) == w.E_NOTIMPL
        assert world.host.SignalEvent(JOB, None, GET_LIST) == BAD, "no event of the service"
        assert world.host.SignalEvent("another", None, CHANGED) == BAD
        assert world.host.SignalEvent(JOB, "x", CHANGED) == w.S_OK
        assert world.host.Terminate() == FAIL, "before Stop"
        assert then(world.host, "Stop", "Stop") == w.S_FALSE
    finally:
        world.close()


# --------------------------------------------------------------------------------------------------------- wsdclient.h


def endpoint() -> w.IWSDEndpointProxy:
    return w.IWSDEndpointProxy(runner().call(FakeEndpoint))


def begun() -> w.IWSDAsyncResult:
    """A call that has not ended."""
    hr, result = endpoint().SendTwoWayRequestAsync(None, GET_LIST)
    assert hr == w.S_OK
    assert result is not None
    return result


def proxy() -> w.IWSDDeviceProxy:
    """One that has asked for no metadata."""
    hr, made = w.WSDCreateDeviceProxy("@http://127.0.0.1:1/", US)
    assert hr == w.S_OK
    assert made is not None
    return made


NOBODY = w.IWSDDeviceProxy


@checked(
    [
        ("IWSDAsyncResult::SetCallback", "NULL", lambda: begun().SetCallback(None), BAD),
        ("IWSDAsyncResult::SetWaitHandle", "NULL", lambda: begun().SetWaitHandle(None), BAD),
        ("IWSDAsyncResult::HasCompleted", "before the end", lambda: begun().HasCompleted(), w.S_FALSE),
        ("IWSDAsyncResult::GetEvent", "before the end", lambda: begun().GetEvent(), FAIL),
        ("IWSDAsyncResult::GetAsyncState", "none", lambda: begun().GetAsyncState(), w.S_OK),
        ("IWSDAsyncResult::GetEndpointProxy", "one", lambda: begun().GetEndpointProxy(), w.S_OK),
        ("IWSDAsyncResult::Abort", "twice", lambda: then(begun(), "Abort", "Abort"), w.S_OK),
        ("IWSDAsyncResult::HasCompleted", "aborted", lambda: then(begun(), "Abort", "HasCompleted"), w.S_OK),
        ("IWSDEndpointProxy::SendOneWayRequest", "NULL", lambda: endpoint().SendOneWayRequest(None, None), POINTER),
        ("IWSDEndpointProxy::SendTwoWayRequest", "NULL", lambda: endpoint().SendTwoWayRequest(None, None), POINTER),
        (
            "IWSDEndpointProxy::SendTwoWayRequestAsync",
            "NULL",
            lambda: endpoint().SendTwoWayRequestAsync(None, None),
            POINTER,
        ),
        ("IWSDEndpointProxy::AbortAsyncOperation", "NULL", lambda: endpoint().AbortAsyncOperation(None), BAD),
        ("IWSDEndpointProxy::AbortAsyncOperation", "no result", lambda: endpoint().AbortAsyncOperation(ANY), BAD),
        ("IWSDEndpointProxy::ProcessFault", "NULL", lambda: endpoint().ProcessFault(None), POINTER),
        ("IWSDEndpointProxy::ProcessFault", "no fault", lambda: endpoint().ProcessFault(ANY), w.S_FALSE),
        ("IWSDEndpointProxy::GetErrorInfo", "no error", lambda: endpoint().GetErrorInfo(), w.S_OK),
        ("IWSDDeviceProxy::Init", "no id", lambda: NOBODY().Init(None, None, US), BAD),
        ("IWSDDeviceProxy::Init", "no id of ours", lambda: NOBODY().Init(URN, None, None), BAD),
        ("IWSDDeviceProxy::Init", "a long id", lambda: NOBODY().Init(LONG, None, US), BAD),
        ("IWSDDeviceProxy::Init", "a long id of ours", lambda: NOBODY().Init(URN, None, LONG), BAD),
        ("IWSDDeviceProxy::BeginGetMetadata", "before Init", lambda: NOBODY().BeginGetMetadata(), ABORT),
        ("IWSDDeviceProxy::EndGetMetadata", "NULL", lambda: proxy().EndGetMetadata(None), BAD),
        ("IWSDDeviceProxy::EndGetMetadata", "before the end", lambda: proxy().EndGetMetadata(begun()), FAIL),
        ("IWSDDeviceProxy::GetServiceProxyById", "too long", lambda: proxy().GetServiceProxyById(LONG), BAD),
        ("IWSDDeviceProxy::GetServiceProxyById", "no metadata", lambda: proxy().GetServiceProxyById(JOB), BAD),
        ("IWSDDeviceProxy::GetServiceProxyByType", "NULL", lambda: proxy().GetServiceProxyByType(None), POINTER),
        (
            "IWSDDeviceProxy::GetServiceProxyByType",
            "no metadata",
            lambda: proxy().GetServiceProxyByType(QName("", "x")),
            BAD,
        ),
        ("WSDCreateDeviceProxy", "no id", lambda: w.WSDCreateDeviceProxy(None, US), BAD),
        ("WSDCreateDeviceProxy", "no id of ours", lambda: w.WSDCreateDeviceProxy(URN, None), BAD),
        ("WSDCreateDeviceProxy", "a long id", lambda: w.WSDCreateDeviceProxy(LONG, US), BAD),
        ("WSDCreateDeviceProxy", "a long id of ours", lambda: w.WSDCreateDeviceProxy(URN, LONG), BAD),
        ("WSDCreateDeviceProxy2", "no id", lambda: w.WSDCreateDeviceProxy2(None, US), BAD),
        ("WSDCreateDeviceProxy2", "a long id of ours", lambda: w.WSDCreateDeviceProxy2(URN, LONG), BAD),
        ("WSDCreateDeviceProxyAdvanced", "no id", lambda: w.WSDCreateDeviceProxyAdvanced(None, None, US), BAD),
        ("WSDCreateDeviceProxyAdvanced", "a long id", lambda: w.WSDCreateDeviceProxyAdvanced(LONG, None, US), BAD),
        (
            "WSDCreateDeviceProxyAdvanced",
            "HTTPS",
            lambda: w.WSDCreateDeviceProxyAdvanced(f"@{HTTPS}", None, OTHER),
            BAD,
        ),
        (
            "WSDCreateDeviceProxyAdvanced",
            "HTTPS alone",
            lambda: w.WSDCreateDeviceProxyAdvanced(f"@{HTTPS}", None, US),
            BAD,
        ),
        (
            "WSDCreateDeviceProxyAdvanced",
            "the same",
            lambda: w.WSDCreateDeviceProxyAdvanced(f"@{HTTPS}", None, HTTPS),
            w.S_OK,
        ),
    ]
)
def test_proxies(situation: Callable[[], Any], hr: int) -> None:
    assert returned(situation()) == hr


# ------------------------------------------------------------------------------------------------- events: wsdclient.h


NEWS = w.WSD_OPERATION(None, w.WSDXML_TYPE("urn:x/Changed"), lambda sink, messaging, event: w.S_OK)
UNHEARD = w.WSD_OPERATION(None, w.WSDXML_TYPE("urn:x/Changed"))
PROXY = "IWSDServiceProxyEventing"
NOWHERE = w.HRESULT_FROM_WIN32(w.ERROR_HOST_UNREACHABLE)


def service() -> w.IWSDServiceProxyEventing:
    """Of a device that is not there."""
    made = runner().call(lambda: Endpoint("http://127.0.0.1:1/"))
    return w.IWSDServiceProxyEventing(w.IWSDEndpointProxy(made), Service((), (), JOB))


def several(name: str, *more: Any) -> Iterator[Row]:
    """What all of the four calls for several operations say alike."""
    for begin in ("", "Begin"):
        for what, given, hr in (
            ("none", (), BAD),
            ("NULL", (None,), POINTER),
            ("no event", (ONE_WAY,), BAD),
            ("twice", (NEWS, NEWS), BAD),
            ("no extension", (NEWS,), BAD),
        ):
            extension = (ANY,) if what == "no extension" else ()
            yield f"{PROXY}::{begin}{name}", what, _call(f"{begin}{name}", given, *more, *extension), hr
        if "Unsubscribe" not in name and "Status" not in name:
            last = (*more[:-1], w.WSD_EVENTING_EXPIRES(-1.0))
            yield f"{PROXY}::{begin}{name}", "no time", _call(f"{begin}{name}", (NEWS,), *last), BAD
        if "Subscribe" not in name:
            yield f"{PROXY}::{begin}{name}", "not subscribed", _call(f"{begin}{name}", (NEWS,), *more), BAD
    end = f"End{name}"
    yield f"{PROXY}::{end}", "NULL", _call(end, (NEWS,), None), BAD
    yield f"{PROXY}::{end}", "before the end", lambda: getattr(service(), end)((NEWS,), begun()), FAIL


def _call(name: str, *arguments: Any) -> Callable[[], Any]:
    return lambda: getattr(service(), name)(*arguments)


@checked(
    [
        ("IWSDServiceProxy::SubscribeToOperation", "NULL", lambda: service().SubscribeToOperation(None, None), POINTER),
        ("IWSDServiceProxy::SubscribeToOperation", "one-way", lambda: service().SubscribeToOperation(ONE_WAY, 1), BAD),
        ("IWSDServiceProxy::SubscribeToOperation", "no stub", lambda: service().SubscribeToOperation(UNHEARD, 1), BAD),
        ("IWSDServiceProxy::SubscribeToOperation", "gone", lambda: service().SubscribeToOperation(NEWS, 1), NOWHERE),
        ("IWSDServiceProxy::UnsubscribeToOperation", "NULL", lambda: service().UnsubscribeToOperation(None), POINTER),
        ("IWSDServiceProxy::UnsubscribeToOperation", "not", lambda: service().UnsubscribeToOperation(NEWS), BAD),
        (f"{PROXY}::SetEventingStatusCallback", "NULL", lambda: service().SetEventingStatusCallback(None), w.S_OK),
        (f"{PROXY}::SetEventingStatusCallback", "no such one", lambda: service().SetEventingStatusCallback(ANY), BAD),
        *several("SubscribeToMultipleOperations", None, None),
        *several("RenewMultipleOperations", None),
        *several("GetStatusForMultipleOperations"),
        *several("UnsubscribeToMultipleOperations"),
    ]
)
def test_events(situation: Callable[[], Any], hr: int) -> None:
    assert returned(situation()) == hr
