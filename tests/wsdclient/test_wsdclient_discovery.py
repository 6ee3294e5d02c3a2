"""IWSDiscoveryProvider over a link in memory: searches and their ends, who comes and goes, detaching."""

from __future__ import annotations

import threading
from collections.abc import Iterator
from contextlib import suppress
from dataclasses import replace
from random import SystemRandom
from typing import Any

import pytest
from tests.wsdclient.world import MODEL, US, World

from openwmi.base.error import WbemError
from openwmi.base.status import WbemStatus
from openwmi.blocking.runner import runner
from openwmi.net import Address
from openwmi.net.datagram import Endpoint
from openwmi.net.http import Response
from openwmi.net.http_server import HttpServer
from openwmi.soap import DPWS_2006, Fragment, QName
from openwmi.wsd import Device
from openwmi.wsdclient import (
    E_ABORT,
    E_ACCESSDENIED,
    E_FAIL,
    E_INVALIDARG,
    E_NOTIMPL,
    E_POINTER,
    S_FALSE,
    S_OK,
    IWSDiscoveredService,
    IWSDiscoveryProvider,
    IWSDiscoveryProviderNotify,
    WSDCreateDeviceProxy,
    WSDCreateDiscoveryProvider,
    WSDCreateDiscoveryProvider2,
    discovery,
)

SECONDS = 0.15


class Soonest(SystemRandom):
    """An answer to a Probe may take 2.5 seconds."""

    def uniform(self, a: float, b: float) -> float:
        return a


DEVICE_TYPE = QName("http://schemas.xmlsoap.org/ws/2006/02/devprof", "Device")


SOMEBODY = Device("urn:uuid:1", (), (), (), 1, DPWS_2006, Endpoint("192.0.2.7", 3702), "eth0")


class Heard(IWSDiscoveryProviderNotify):
    """Writes down what it hears."""

    def __init__(self) -> None:
        super().__init__()
        self.heard: list[tuple[Any, ...]] = []
        self.services: list[IWSDiscoveredService] = []
        self.changed = threading.Condition()

    def note(self, *what: Any) -> int:
        with self.changed:
            self.heard.append(what)
            self.changed.notify_all()
        return S_OK

    def Add(self, pService: IWSDiscoveredService) -> int:
        self.services.append(pService)
        return self.note("Add", pService.GetProbeResolveTag()[1], pService.device_.address)

    def Remove(self, pService: IWSDiscoveredService) -> int:
        return self.note("Remove", pService.device_.address)

    def SearchFailed(self, hr: int, pszTag: str | None) -> int:
        return self.note("SearchFailed", hr, pszTag)

    def SearchComplete(self, pszTag: str | None) -> int:
        return self.note("SearchComplete", pszTag)

    def wait(self, *what: Any) -> None:
        with self.changed:
            assert self.changed.wait_for(lambda: what in self.heard, 5), (what, self.heard)


@pytest.fixture
def world() -> Iterator[World]:
    world = World()
    yield world
    world.close()


@pytest.fixture
def provider(world: World) -> IWSDiscoveryProvider:
    hr, provider = WSDCreateDiscoveryProvider()
    assert hr == S_OK
    assert provider is not None
    provider.network_ = world.there
    provider.seconds_ = SECONDS
    return provider


def test_a_search_by_type(world: World, provider: IWSDiscoveryProvider) -> None:
    world.start()
    assert world.host._host is not None
    world.host._host.target._chance = Soonest()
    heard = Heard()
    assert provider.Attach(heard) == S_OK
    assert provider.SearchByType((DEVICE_TYPE,), ("urn:here",), None, "tag") == S_OK
    heard.wait("SearchComplete", "tag")
    assert [each for each in heard.heard if "tag" in each] == [("Add", "tag", world.address), ("SearchComplete", "tag")]
    assert provider.Detach() == S_OK
    (service,) = (each for each in heard.services if each.GetProbeResolveTag()[1] == "tag")
    assert service.GetEndpointReference()[1].address == world.address  # type: ignore[union-attr]  # it has one
    assert DEVICE_TYPE in (service.GetTypes()[1] or ())
    assert service.GetScopes() == (S_OK, ("urn:here",))
    _, xaddrs = service.GetXAddrs()
    assert xaddrs
    assert service.GetMetadataVersion() == (S_OK, 1)
    assert str(service.GetRemoteTransportAddress()[1]).startswith("127.0.0.1:")
    assert service.GetLocalInterfaceGUID() == service.GetLocalInterfaceGUID()
    assert service.GetExtendedDiscoXML() == (S_OK, None, None)
    assert service.GetInstanceId() == (S_OK, world.host._instance)
    assert service.GetLocalTransportAddress() == (S_OK, None), "it is not available"
    hr, device = WSDCreateDeviceProxy(xaddrs[0], US)
    assert hr == S_OK
    assert device is not None
    assert device.GetThisModelMetadata() == (S_OK, MODEL)


def test_what_a_device_says_beyond_ws_discovery() -> None:
    header, first, second = (Fragment.parse(f'<v:{each} xmlns:v="urn:v"/>') for each in ("header", "first", "second"))
    device = replace(SOMEBODY, headers=(header,), extensions=(first, second))
    assert IWSDiscoveredService(device).GetExtendedDiscoXML() == (S_OK, header, first)
    assert IWSDiscoveredService(device).GetInstanceId() == (S_OK, 0)


def test_searches_that_nobody_answers(provider: IWSDiscoveryProvider) -> None:
    heard = Heard()
    provider.Attach(heard)
    provider.SearchByType((QName("urn:x", "Nothing"),), None, None, "type")
    provider.SearchById("urn:uuid:00000000-0000-0000-0000-000000000000", "id")
    heard.wait("SearchFailed", S_FALSE, "type")
    heard.wait("SearchFailed", S_FALSE, "id")
    provider.Detach()


def test_a_search_by_id(world: World, provider: IWSDiscoveryProvider) -> None:
    world.start()
    heard = Heard()
    provider.Attach(heard)
    assert provider.SearchById(world.address, None) == S_OK
    heard.wait("SearchComplete", None)
    assert heard.heard[0] == ("Add", None, world.address)
    provider.Detach()


def test_a_search_by_address(world: World, provider: IWSDiscoveryProvider) -> None:
    url = world.start()
    provider.seconds_ = None
    heard = Heard()
    provider.Attach(heard)
    provider.SearchByAddress(url, "there")
    provider.SearchByAddress("http://127.0.0.1:1/", "nowhere")
    heard.wait("SearchComplete", "there")
    heard.wait("SearchFailed", 0x800704D0, "nowhere")
    provider.Detach()


def test_devices_that_come_and_go(world: World, provider: IWSDiscoveryProvider) -> None:
    heard = Heard()
    provider.Attach(heard)
    world.start()
    heard.wait("Add", None, world.address)
    world.host.Stop()
    heard.wait("Remove", world.address)
    provider.Detach()


def test_nothing_is_heard_after_detaching(world: World, provider: IWSDiscoveryProvider) -> None:
    heard = Heard()
    provider.Attach(heard)
    provider.seconds_ = 60
    provider.SearchByType(None, None, None, "long")
    assert provider.Detach() == S_OK
    world.start()
    assert heard.heard == []
    assert provider.Attach(heard) == S_OK, "it may be attached again"
    assert provider.Detach() == S_OK


def test_detaching_within_a_callback(world: World, provider: IWSDiscoveryProvider) -> None:
    class Leaving(Heard):
        def Add(self, pService: IWSDiscoveredService) -> int:
            return self.note("detached", provider.Detach())

    leaving = Leaving()
    provider.Attach(leaving)
    world.start()
    leaving.wait("detached", S_OK)
    assert provider.Detach() == E_ABORT


@pytest.mark.parametrize("fails", [False, True])
def test_a_thread_is_in_a_callback_as_long_as_that_runs(fails: bool) -> None:
    """Who is in one waits for none: threads are used again, by those who have to wait."""

    class Inside(Heard):
        def Add(self, pService: IWSDiscoveredService) -> int:
            assert discovery._inside.callback
            if fails:
                raise ValueError
            return self.note("Add")

    relay = discovery._Relay(Inside(), None, search=True)
    with suppress(ValueError):
        relay.indicate([SOMEBODY])
    assert not discovery._inside.callback


def test_searches_that_have_ended_are_forgotten(provider: IWSDiscoveryProvider) -> None:
    provider.seconds_ = 0.01
    heard = Heard()
    provider.Attach(heard)
    for number in range(6):
        provider.SearchById(US, str(number))
        heard.wait("SearchFailed", S_FALSE, str(number))
    assert len(provider._under_way) <= 3, "who comes and goes, the last search, and one that is about to end"
    provider.Detach()


def test_a_sink_that_could_not_be_attached_is_let_go(
    provider: IWSDiscoveryProvider, monkeypatch: pytest.MonkeyPatch
) -> None:
    class Released(Heard):
        released = 0

        def _released(self) -> None:
            self.released += 1

    def fail(*_: object, **__: object) -> None:
        raise WbemError(WbemStatus.FAILED, "no such network")

    sink = Released()
    with monkeypatch.context() as broken:
        broken.setattr("openwmi.wsdclient.discovery.Courier.open", fail)
        assert provider.Attach(sink) == E_FAIL
    assert provider.Attach(sink) == S_OK
    assert provider.Detach() == S_OK
    sink.Release()
    assert sink.released == 1


def test_of_two_profiles_the_first_says_why_there_is_nobody(provider: IWSDiscoveryProvider) -> None:
    statuses = [403, 404]

    async def answer(*_: object) -> Response:
        return Response(statuses.pop(0))

    server = runner().call(lambda: HttpServer(answer))
    where = runner().run(lambda: server.listen(Address("127.0.0.1", 0)))
    heard = Heard()
    provider.seconds_ = None
    provider.Attach(heard)
    provider.SearchByAddress(f"http://127.0.0.1:{where.port}/x", "tag")
    heard.wait("SearchFailed", E_ACCESSDENIED, "tag")
    assert statuses == []
    provider.Detach()
    runner().run(server.close)


def test_what_is_refused(provider: IWSDiscoveryProvider) -> None:
    assert provider.Attach(None) == E_POINTER
    assert provider.Detach() == E_ABORT
    assert provider.SearchByType() == E_ABORT
    assert provider.SearchById("urn:x") == E_ABORT
    assert provider.SearchByAddress("http://x/") == E_ABORT
    heard = Heard()
    provider.Attach(heard)
    assert provider.Attach(heard) == E_ABORT
    assert provider.SetAddressFamily(1) == E_ABORT
    assert provider.SearchById(None) == E_INVALIDARG
    assert provider.SearchByAddress(None) == E_INVALIDARG
    assert provider.SearchById("x" * 9000) == E_INVALIDARG
    assert provider.SearchByType(None, None, "urn:rule") == E_INVALIDARG
    assert provider.SearchByType(None, None, None, "x" * 9000) == E_INVALIDARG
    assert provider.GetXMLContext()[0] == S_OK
    provider.Detach()


@pytest.mark.parametrize(("family", "hr"), [(1, S_OK), (2, S_OK), (3, S_OK), (0, E_INVALIDARG), (4, E_INVALIDARG)])
def test_address_families(provider: IWSDiscoveryProvider, family: int, hr: int) -> None:
    assert provider.SetAddressFamily(family) == hr


def test_options() -> None:
    assert WSDCreateDiscoveryProvider2(None, ())[0] == S_OK
    assert WSDCreateDiscoveryProvider2(None, (object(),)) == (E_NOTIMPL, None)
