"""IWSDiscoveryPublisher over a link in memory: Hello and Bye, Probes and Resolves that a program answers, own rules."""

from __future__ import annotations

import threading
from collections.abc import Iterator
from random import Random, SystemRandom
from typing import Any

import pytest

from openwmi.blocking.runner import runner
from openwmi.soap import Fragment, QName
from openwmi.testing import MemoryLink
from openwmi.wsd import find, resolve
from openwmi.wsd.messages import Probe
from openwmi.wsdclient import (
    E_ABORT,
    E_FAIL,
    E_INVALIDARG,
    E_NOTIMPL,
    E_POINTER,
    ERROR_NO_CALLBACK_ACTIVE,
    HRESULT_FROM_WIN32,
    S_OK,
    WSD_SOAP_MESSAGE,
    IWSDiscoveryPublisher,
    IWSDiscoveryPublisherNotify,
    IWSDMessageParameters,
    IWSDScopeMatchingRule,
    IWSDUdpMessageParameters,
    WSDCreateDiscoveryPublisher,
    WSDCreateDiscoveryPublisher2,
    publisher,
)

ADDRESS = "urn:uuid:00000000-0000-0000-0000-000000000009"
LAMP = QName("urn:x", "Lamp")
Told = tuple[int, int, int, str | None, tuple[QName, ...], tuple[str, ...], tuple[str, ...]]
TOLD: Told = (
    1,
    1,
    1,
    None,
    (LAMP,),
    ("urn:here",),
    ("http://192.0.2.1:8080/lamp",),
)


class Soonest(SystemRandom):
    """An answer to a Probe may take 2.5 seconds."""

    def uniform(self, a: float, b: float) -> float:
        return a


class Lamps(IWSDiscoveryPublisherNotify):
    """Answers for a lamp."""

    def __init__(self, made: IWSDiscoveryPublisher) -> None:
        super().__init__()
        self.made = made
        self.heard: list[tuple[str, int]] = []
        self.called = threading.Event()

    def ProbeHandler(self, pSoap: WSD_SOAP_MESSAGE, pMessageParameters: IWSDMessageParameters) -> None:
        assert isinstance(pSoap.Body, Probe)
        self.heard.append(("Probe", self.made.MatchProbe(pSoap, pMessageParameters, ADDRESS, *TOLD)))
        self.called.set()

    def ResolveHandler(self, pSoap: WSD_SOAP_MESSAGE, pMessageParameters: IWSDMessageParameters) -> None:
        self.heard.append(("Resolve", self.made.MatchResolve(pSoap, pMessageParameters, ADDRESS, *TOLD)))
        self.called.set()


class World:
    def __init__(self) -> None:
        self.link = MemoryLink(Random(7))
        self.there = self.link.machine("192.0.2.8/24")
        hr, made = WSDCreateDiscoveryPublisher()
        assert hr == S_OK
        assert made is not None
        self.publisher = made
        made.network_ = self.link.machine("192.0.2.1/24")
        self.lamps = Lamps(made)

    def find(self, *types: QName, seconds: float = 0.4, **how: Any) -> list[Any]:
        found: list[Any] = runner().complete(lambda: find(types, timeout=seconds, network=self.there, **how))
        return found

    def said(self, kind: str) -> list[str]:
        return [text for _, _, data in self.link.sent if f"/{kind}<" in (text := data.decode())]


@pytest.fixture
def world(monkeypatch: pytest.MonkeyPatch) -> Iterator[World]:
    monkeypatch.setattr(publisher, "SystemRandom", Soonest)
    world = World()
    yield world
    if world.publisher._sinks:
        world.publisher.UnRegisterNotificationSink(world.lamps)


def test_a_probe_that_a_program_answers(world: World) -> None:
    assert world.publisher.RegisterNotificationSink(world.lamps) == S_OK
    (device,) = world.find(LAMP)
    assert (device.address, device.types[-1], device.xaddrs) == (ADDRESS, LAMP, ("http://192.0.2.1:8080/lamp",))
    assert set(world.lamps.heard) == {("Probe", S_OK)}
    assert world.find(QName("urn:x", "Other"), seconds=0.1) == []
    assert world.said("Hello") == [], "it is not published"


def test_a_resolve_that_a_program_answers(world: World) -> None:
    world.publisher.RegisterNotificationSink(world.lamps)
    device = runner().complete(lambda: resolve(ADDRESS, timeout=5, network=world.there))
    assert device.xaddrs == ("http://192.0.2.1:8080/lamp",)
    assert world.lamps.called.wait(5), "the answer may be here before who gave it has returned"
    assert ("Resolve", S_OK) in world.lamps.heard


def test_hello_and_bye(world: World) -> None:
    world.publisher.RegisterNotificationSink(world.lamps)
    for number in range(2):
        assert world.publisher.Publish(ADDRESS, *TOLD) == S_OK
        assert world.publisher.PublishEx(ADDRESS, number + 2, 1, 1) == S_OK
    assert world.publisher.UnPublish(ADDRESS, 1, 1) == S_OK
    world.publisher.UnRegisterNotificationSink(world.lamps)
    said = [data.decode() for _, _, data in world.link.sent]
    assert all(ADDRESS in text for text in said)
    kinds = ["Hello" if "/Hello<" in text else "Bye" for text in said if "/Hello<" in text or "/Bye<" in text]
    assert kinds == sorted(kinds, reverse=True), "first Hello, with each change, and at last Bye"
    assert {"Hello", "Bye"} == set(kinds)
    assert any("MetadataVersion>3<" in text for text in said)


def test_one_that_is_published_anew_was_gone_before(world: World) -> None:
    world.publisher.RegisterNotificationSink(world.lamps)
    for instance in (1, 2):
        assert world.publisher.Publish(ADDRESS, 1, instance, 1) == S_OK
    assert any('InstanceId="1"' in text for text in world.said("Bye"))
    assert not any('InstanceId="2"' in text for text in world.said("Bye"))
    assert any('InstanceId="2"' in text for text in world.said("Hello"))


def test_a_device_has_the_version_that_its_program_says_and_none_that_is_not_later(world: World) -> None:
    world.publisher.RegisterNotificationSink(world.lamps)
    for said, told in ((1, 1), (5, 5), (5, 6), (2, 7)):
        assert world.publisher.Publish(ADDRESS, said, 1, 1) == S_OK
        assert world.publisher._devices is not None
        (target,) = world.publisher._devices.targets.values()
        assert target.device.metadata_version == told


def test_a_publisher_that_stopped_and_starts_again(world: World) -> None:
    made = world.publisher
    assert made.RegisterNotificationSink(world.lamps) == S_OK
    assert made.Publish(ADDRESS, *TOLD) == S_OK
    assert made.UnRegisterNotificationSink(world.lamps) == S_OK
    assert len(world.said("Bye")) == 2, "it has not stopped before the repetition was sent"
    assert made.Publish(ADDRESS, *TOLD) == HRESULT_FROM_WIN32(ERROR_NO_CALLBACK_ACTIVE)
    assert made.RegisterNotificationSink(world.lamps) == S_OK
    assert made.Publish(ADDRESS, *TOLD) == S_OK


def test_a_rule_of_its_own(world: World) -> None:
    class Ends(IWSDScopeMatchingRule):
        def GetScopeRule(self) -> tuple[int, str]:
            return S_OK, "urn:x:ends"

        def MatchScopes(self, pszScope1: str, pszScope2: str) -> tuple[int, bool]:
            return S_OK, pszScope2.endswith(pszScope1.rpartition(":")[2])

    rule = Ends()
    assert world.publisher.RegisterScopeMatchingRule(rule) == S_OK
    assert world.publisher.RegisterScopeMatchingRule(rule) == E_INVALIDARG
    world.publisher.RegisterNotificationSink(world.lamps)
    assert len(world.find(LAMP, scopes=("x:ere",), match_by="urn:x:ends")) == 1
    assert world.publisher.UnRegisterScopeMatchingRule(rule) == S_OK
    assert world.publisher.UnRegisterScopeMatchingRule(rule) == E_INVALIDARG
    assert world.publisher.RegisterScopeMatchingRule(None) == E_INVALIDARG


def test_what_is_refused(world: World) -> None:
    made, lamps = world.publisher, world.lamps
    assert made.Publish(ADDRESS, *TOLD) == made.UnPublish(ADDRESS, 1, 1) == E_ABORT
    assert made.RegisterNotificationSink(None) == made.UnRegisterNotificationSink(None) == E_INVALIDARG
    assert made.UnRegisterNotificationSink(lamps) == E_FAIL
    made.RegisterNotificationSink(lamps)
    assert made.SetAddressFamily(1) == E_ABORT
    assert made.Publish(None, *TOLD) == made.UnPublish(None, 1, 1) == E_INVALIDARG
    assert made.Publish(ADDRESS, 1 << 32, 1, 1) == E_INVALIDARG
    assert made.Publish("x" * 9000, 1, 1, 1) == E_INVALIDARG
    message = WSD_SOAP_MESSAGE(None, Probe())
    assert made.MatchProbe(None, None, ADDRESS, *TOLD) == E_INVALIDARG
    assert made.MatchProbe(message, None, ADDRESS, *TOLD) == E_POINTER
    assert made.MatchResolve(message, IWSDUdpMessageParameters(), ADDRESS, *TOLD) == E_INVALIDARG
    odd = Fragment.parse("<a xmlns='urn:x'/>")
    assert made.PublishEx(ADDRESS, *TOLD, pHeaderAny=odd) == E_NOTIMPL
    assert made.MatchProbeEx(message, None, ADDRESS, *TOLD, pAny=odd) == E_NOTIMPL
    assert made.MatchResolveEx(message, None, ADDRESS, *TOLD, pEndpointReferenceAny=odd) == E_NOTIMPL
    assert made.PublishEx(ADDRESS, *TOLD, pPolicyAny=odd) == S_OK, "it is not used"
    assert made.UnPublish(ADDRESS, 1, 1, pAny=odd) == E_NOTIMPL
    assert made.MatchProbeEx(message, None, ADDRESS, *TOLD) == made.MatchResolveEx(message, None, ADDRESS, *TOLD)
    assert made.GetXMLContext()[0] == S_OK
    assert WSDCreateDiscoveryPublisher2(None, (object(),)) == (E_NOTIMPL, None)  # type: ignore[arg-type]  # the point
    assert WSDCreateDiscoveryPublisher2()[0] == S_OK


@pytest.mark.parametrize(("family", "hr"), [(3, S_OK), (0, E_INVALIDARG)])
def test_address_families(family: int, hr: int) -> None:
    assert IWSDiscoveryPublisher().SetAddressFamily(family) == hr
