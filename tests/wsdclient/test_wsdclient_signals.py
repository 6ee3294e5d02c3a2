"""SignalEvent by the header's names: all who have subscribed know when it returns, and one that is gone is left out."""

from __future__ import annotations

import threading
from collections.abc import Iterator
from datetime import timedelta

import pytest
from tests.wsdclient.world import CHANGED, ECHO, ID, World

from openwmi.blocking.runner import runner
from openwmi.net import Address
from openwmi.net.http import Request, Response
from openwmi.net.http_server import HttpServer
from openwmi.soap import DPWS_2006, EndpointReference, Headers, Message, decode
from openwmi.soap import eventing as e
from openwmi.wsd import Endpoint, Lease, Notification
from openwmi.wsdclient import E_INVALIDARG, S_OK, IWSDEndpointProxy
from openwmi.wsdclient.eventing import _granted, _Group
from openwmi.wsdclient.structures import WSD_OPERATION, WSDXML_TYPE


@pytest.fixture
def world() -> Iterator[World]:
    world = World()
    yield world
    world.close()


class Subscriber:
    """A machine on loopback that takes events; subscribes when it is made."""

    def __init__(self, where: str, status: int = 202) -> None:
        self.heard: list[str] = []
        self.status = status
        self.server = HttpServer(self.answer)
        runner().run(self.subscribe, where)

    async def answer(self, request: Request, peer: Address, local: Address) -> Response:
        body = decode(request.body).body
        assert body is not None
        self.heard.append(body.text or "")
        return Response(self.status)

    async def subscribe(self, where: str) -> None:
        at = await self.server.listen(Address("127.0.0.1", 0))
        async with Endpoint(where) as endpoint:
            wanted = e.Subscribe(EndpointReference(f"http://127.0.0.1:{at.port}/"))
            await endpoint.two_way(e.SUBSCRIBE, wanted)

    def close(self) -> None:
        runner().run(self.server.close)


def test_all_who_have_subscribed_know(world: World) -> None:
    world.host.RegisterService(ID, world.files)
    world.start()
    assert world.host.SignalEvent(ID, "nobody", CHANGED) == S_OK
    _, url = world.host.GetServiceUrl_(ID, "127.0.0.1")
    assert url is not None
    one, other = Subscriber(url), Subscriber(url, 404)
    try:
        for text in ("first", "second"):
            assert world.host.SignalEvent(ID, text, CHANGED) == S_OK
            assert one.heard[-1] == text
        assert one.heard == ["first", "second"]
        assert other.heard == ["first"]  # and that it wants no more
        threads = [threading.Thread(target=world.host.SignalEvent, args=(ID, "x", CHANGED)) for _ in range(5)]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()
        assert one.heard[2:] == ["x"] * 5
    finally:
        one.close()
        other.close()


def test_what_is_no_event_of_the_service(world: World) -> None:
    world.start()
    assert world.host.SignalEvent(ID, "x", ECHO) == E_INVALIDARG
    assert world.host.SignalEvent("urn:another", "x", CHANGED) == E_INVALIDARG


def test_an_event_cannot_be_called() -> None:
    async def made() -> IWSDEndpointProxy:
        return IWSDEndpointProxy(Endpoint("http://127.0.0.1:1/"))

    proxy = runner().run(made)
    assert proxy.SendOneWayRequest("x", CHANGED) == E_INVALIDARG
    assert proxy.SendTwoWayRequest("x", CHANGED, None) == E_INVALIDARG


def test_of_several_subscriptions_the_first_to_end_counts() -> None:
    message = Message(DPWS_2006, Headers("urn:x"), None)
    leases = [Lease(timedelta(seconds=each), message) for each in (9, 5, 7)]
    assert _granted([*leases, Lease(None, message)]).expires == timedelta(seconds=5)


def test_an_event_is_given_to_the_stub_of_its_own_action() -> None:
    """Though what a filter names means all that begins with it, too."""
    short, long = (WSD_OPERATION(None, WSDXML_TYPE(each), print) for each in ("urn:x/A", "urn:x/AB"))
    group = _Group({"urn:x/A": short, "urn:x/AB": long}, None, lambda actions, event: None)
    for action, kind in (("urn:x/A", short), ("urn:x/AB", long), ("urn:x/A/b", short)):
        event = group.decode(Notification(action, Message(DPWS_2006, Headers(action), None)))
        assert event.Operation is kind
