"""Events of a device by the header's names: subscribed, heard, renewed and left; one operation, and several at once."""

from __future__ import annotations

import socket
import threading
from collections.abc import Callable, Iterator
from datetime import UTC, datetime, timedelta
from queue import SimpleQueue
from typing import Any

import pytest
from tests.wsd import kinds
from tests.wsd.sources import FORGOTTEN, Source, body
from tests.wsdclient.fakes import Heard
from tests.wsdclient.world import CHANGED, ID, US, World

from openwmi import wsdclient as w
from openwmi.base.fault import RemoteProtocolError
from openwmi.blocking.runner import runner
from openwmi.soap import DPWS_2006, Fragment, Service
from openwmi.soap import eventing as wse
from openwmi.wsdclient.eventing import Granted

ANYTHING = Fragment.parse('<v:More xmlns:v="urn:v">x</v:More>')
S_OK, BAD, FAIL = w.S_OK, w.E_INVALIDARG, w.E_FAIL


class Number:
    """The codec of what a source tells."""

    def encode(self, value: Any) -> bytes:
        return body(value)

    def decode(self, element: Any) -> int:
        try:
            return int(element.text)
        except ValueError as error:
            raise RemoteProtocolError(str(error)) from None


def heard_by(sink: Any, messaging: w.IWSDServiceMessaging, event: w.WSD_EVENT) -> int:
    """As generated code has it."""
    assert event.Soap is not None
    sink(event.DispatchTag, event.Soap.Body)
    return S_OK


def operation(name: str) -> w.WSD_OPERATION:
    return w.WSD_OPERATION(None, w.WSDXML_TYPE(f"urn:x/{name}", Number()), heard_by)


ONE, TWO = operation("One"), operation("Two")


class Statuses(w.IWSDEventingStatus):
    def __init__(self) -> None:
        super().__init__()
        self.told: SimpleQueue[tuple[Any, ...]] = SimpleQueue()
        self.released = threading.Event()

    def SubscriptionRenewed(self, pszSubscriptionAction: str) -> None:
        self.told.put(("renewed", pszSubscriptionAction))

    def SubscriptionRenewalFailed(self, pszSubscriptionAction: str, hr: int) -> None:
        self.told.put(("failed", pszSubscriptionAction, hr))

    def SubscriptionEnded(self, pszSubscriptionAction: str) -> None:
        self.told.put(("ended", pszSubscriptionAction))

    def _released(self) -> None:
        self.released.set()


class Device:
    """A source on this machine's loopback, its service by the header's names, and what is heard."""

    def __init__(self) -> None:
        self.source: Source = runner().call(lambda: Source(tcp=True))
        runner().run(self.source.start)
        self.endpoint = w.IWSDEndpointProxy(runner().call(self.source.endpoint))
        self.service = w.IWSDServiceProxyEventing(
            self.endpoint, Service((), (), "urn:x:events"), lambda: self.source.receiver
        )
        self.heard: SimpleQueue[tuple[str, int]] = SimpleQueue()
        self.source.lease = timedelta(minutes=10)

    def sink(self, action: str, number: int) -> None:
        self.heard.put((action, number))

    def tell(self, number: int, name: str = "One") -> int:
        return runner().run(lambda: self.source.tell(body(number), f"urn:x/{name}"))[0]

    def asked(self, action: str) -> int:
        return len(runner().call(self.source.times, action))

    def next(self) -> tuple[str, int]:
        return self.heard.get(timeout=5)

    def close(self) -> None:
        self.service.Release()
        runner().run(self.source.aclose)


@pytest.fixture
def device() -> Iterator[Device]:
    made = Device()
    yield made
    made.close()


# One operation.


def test_one_event(device: Device) -> None:
    device.source.others = (ANYTHING,)
    assert device.service.SubscribeToOperation(ONE, device.sink, ANYTHING) == (S_OK, ANYTHING)
    asked = device.source.subscribes[0]
    assert (asked.actions, asked.others) == (("urn:x/One",), (ANYTHING,))
    assert device.service.SubscribeToOperation(ONE, device.sink) == (BAD, None), "already"
    for number in range(3):
        assert device.tell(number) == 202
    assert [device.next() for _ in range(3)] == [("urn:x/One", number) for number in range(3)]
    assert device.tell(1, "Other") == 400
    assert runner().run(lambda: device.source.tell(b'<x:C xmlns:x="urn:x">bad</x:C>', "urn:x/One"))[0] == 400
    assert device.service.UnsubscribeToOperation(ONE) == S_OK
    assert device.service.UnsubscribeToOperation(ONE) == BAD
    assert device.asked(wse.UNSUBSCRIBE) == 1
    assert device.service.SubscribeToOperation(ONE, device.sink) == (S_OK, ANYTHING), "again"


def test_what_a_stub_is_given(device: Device) -> None:
    came: SimpleQueue[Any] = SimpleQueue()

    def stub(sink: Any, messaging: Any, event: w.WSD_EVENT) -> int:
        came.put((sink, messaging, event, threading.current_thread().name))
        return FAIL

    kind = w.WSD_OPERATION(None, w.WSDXML_TYPE("urn:x/One"), stub)
    assert device.service.SubscribeToOperation(kind, "mine")[0] == S_OK
    assert device.tell(7) == 202
    sink, messaging, event, thread = came.get(timeout=5)
    assert sink == event.HandlerContext.Unknown == "mine"
    assert isinstance(messaging, w.IWSDServiceMessaging)
    assert (event.Hr, event.EventType, event.Operation) == (S_OK, w.WSDET_INCOMING_MESSAGE, kind)
    assert event.Soap.Body.text == "7", "without a codec it is the element"
    assert event.Soap.Header.action == "urn:x/One"
    assert thread.startswith("openwmi-sink")
    assert messaging.SendResponse(None, kind, event.MessageParameters) == w.E_POINTER, "nobody waits for an answer"


def test_a_stub_that_fails_hears_the_next(device: Device, caplog: pytest.LogCaptureFixture) -> None:
    def sink(action: str, number: int) -> None:
        if number == 1:
            raise ValueError("secret")
        device.sink(action, number)

    assert device.service.SubscribeToOperation(ONE, sink)[0] == S_OK
    assert [device.tell(number) for number in (1, 2)] == [202, 202]
    assert device.next() == ("urn:x/One", 2)
    assert "ValueError" in caplog.text
    assert "secret" not in caplog.text


def test_when_unsubscribe_has_returned_no_stub_is_called(device: Device) -> None:
    entered, go_on = threading.Event(), threading.Event()

    def sink(action: str, number: int) -> None:
        device.sink(action, number)
        entered.set()
        assert go_on.wait(5)

    assert device.service.SubscribeToOperation(ONE, sink)[0] == S_OK
    assert [device.tell(number) for number in (1, 2, 3)] == [202] * 3
    assert entered.wait(5)
    hr, result = device.service.BeginUnsubscribeToMultipleOperations([ONE])
    assert result is not None
    assert (hr, device.service.SubscribeToOperation(ONE, sink)[0]) == (S_OK, S_OK), "the name is free at once"
    assert result.HasCompleted() == w.S_FALSE, "a stub runs"
    go_on.set()
    handle = result.wait_handle_()
    assert handle.wait(5)
    handle.close()
    assert device.service.EndUnsubscribeToMultipleOperations([ONE], result) == S_OK
    assert device.next() == ("urn:x/One", 1)
    assert device.heard.empty()


def test_nor_for_one_of_several_that_share_a_subscription(device: Device) -> None:
    entered, go_on = threading.Event(), threading.Event()

    def sink(action: str, number: int) -> None:
        device.sink(action, number)
        entered.set()
        assert go_on.wait(5)

    assert device.service.SubscribeToMultipleOperations([ONE, TWO], sink)[0] == S_OK
    assert [device.tell(1), device.tell(2), device.tell(3, "Two")] == [202] * 3
    assert entered.wait(5)
    hr, result = device.service.BeginUnsubscribeToMultipleOperations([ONE])
    assert result is not None
    assert (hr, result.HasCompleted()) == (S_OK, w.S_FALSE), "a stub runs"
    go_on.set()
    ended(result)
    assert [device.next(), device.next()] == [("urn:x/One", 1), ("urn:x/Two", 3)]
    assert device.asked(wse.UNSUBSCRIBE) == 0


def test_a_stub_may_unsubscribe(device: Device) -> None:
    found: SimpleQueue[int] = SimpleQueue()

    def sink(action: str, number: int) -> None:
        found.put(device.service.UnsubscribeToOperation(ONE))

    assert device.service.SubscribeToOperation(ONE, sink)[0] == S_OK
    assert device.tell(1) == 202
    assert found.get(timeout=5) == S_OK
    assert device.asked(wse.UNSUBSCRIBE) == 1


def test_a_proxy_that_is_released_is_subscribed_to_nothing(device: Device) -> None:
    statuses = Statuses()
    assert device.service.SetEventingStatusCallback(statuses) == S_OK
    assert statuses.Release() == 1, "it is held"
    assert device.service.SubscribeToOperation(ONE, device.sink)[0] == S_OK
    gone = threading.Event()

    async def noticed() -> None:
        gone.set()

    device.source.before_answer = noticed
    device.service.Release()
    assert gone.wait(5)
    assert device.asked(wse.UNSUBSCRIBE) == 1
    assert statuses.released.wait(5)


# Faults.


def test_what_a_device_refuses_is_a_fault_of_the_endpoint(device: Device) -> None:
    fault = wse.Refusal.FILTER_ACTION_NOT_SUPPORTED.fault(DPWS_2006)
    device.source.faults[wse.SUBSCRIBE] = fault
    assert device.service.SubscribeToOperation(ONE, device.sink) == (FAIL, None)
    assert device.endpoint.GetFaultInfo() == (S_OK, fault)
    hr, text = device.endpoint.GetErrorInfo()
    assert text is not None
    assert (hr, "FilterActionNotSupported" in text) == (S_OK, True)
    assert device.service.UnsubscribeToOperation(ONE) == BAD, "it is not subscribed to"
    hr, result = device.service.BeginSubscribeToMultipleOperations([ONE, TWO], device.sink)
    assert result is not None
    ended(result)
    assert device.service.EndSubscribeToMultipleOperations([ONE, TWO], result) == (FAIL, None, None)
    assert result.fault_ == fault
    _, event = result.GetEvent()
    assert event is not None
    assert event.EventType == w.WSDET_INCOMING_FAULT


def ended(result: w.IWSDAsyncResult) -> None:
    handle = result.wait_handle_()
    assert handle.wait(5)
    handle.close()


# Several operations.


def test_several_events_by_one_message(device: Device) -> None:
    service, both = device.service, [ONE, TWO]
    device.source.others = (ANYTHING,)
    asked = w.WSD_EVENTING_EXPIRES(600.0)
    assert service.SubscribeToMultipleOperations(both, device.sink, asked, ANYTHING) == (S_OK, asked, ANYTHING)
    assert device.source.subscribes[0].actions == ("urn:x/One", "urn:x/Two")
    assert device.source.subscribes[0].expires == timedelta(seconds=600)
    assert service.SubscribeToMultipleOperations([TWO], device.sink) == (BAD, None, None), "already"
    assert (device.tell(1, "Two"), device.tell(2, "One")) == (202, 202)
    assert [device.next(), device.next()] == [("urn:x/Two", 1), ("urn:x/One", 2)]
    device.source.as_asked = True
    assert service.RenewMultipleOperations(both, w.WSD_EVENTING_EXPIRES(60.0), ANYTHING) == (
        S_OK,
        w.WSD_EVENTING_EXPIRES(60.0),
        ANYTHING,
    )
    device.source.lease = timedelta(seconds=59)
    assert service.GetStatusForMultipleOperations([TWO], ANYTHING)[1] == w.WSD_EVENTING_EXPIRES(59.0)
    assert (device.asked(wse.SUBSCRIBE), device.asked(wse.RENEW), device.asked(wse.GET_STATUS)) == (1, 1, 1)
    assert service.UnsubscribeToMultipleOperations([ONE], ANYTHING) == S_OK
    assert (device.asked(wse.UNSUBSCRIBE), service.UnsubscribeToOperation(ONE)) == (0, BAD)
    assert (device.tell(3, "One"), device.tell(4, "Two")) == (202, 202)
    assert device.next() == ("urn:x/Two", 4), "the other one is heard of no more"
    assert service.UnsubscribeToMultipleOperations(both) == BAD, "all or none"
    assert service.UnsubscribeToOperation(TWO) == S_OK
    assert device.asked(wse.UNSUBSCRIBE) == 1


@pytest.mark.parametrize("seconds", [0, -1, 1e300, "60"])
def test_a_time_that_is_none_is_refused(device: Device, seconds: Any) -> None:
    asked = w.WSD_EVENTING_EXPIRES(seconds)
    assert device.service.SubscribeToMultipleOperations([ONE], device.sink, asked)[0] == BAD
    assert device.source.subscribes == []


def test_a_failed_call_is_of_the_endpoint_and_one_that_goes_on_is_not(device: Device) -> None:
    service = device.service
    assert service.SubscribeToOperation(ONE, device.sink)[0] == S_OK
    device.source.mute = True
    _, result = service.BeginRenewMultipleOperations([ONE])
    assert service.EndRenewMultipleOperations([ONE], result)[0] == FAIL
    assert service.EndRenewMultipleOperations([ONE], None)[0] == BAD
    assert device.endpoint.GetErrorInfo() == (S_OK, "")
    assert result is not None
    result.Abort()
    device.source.mute = False
    device.source.faults[wse.RENEW] = FORGOTTEN
    callback = Heard()
    _, result = service.BeginRenewMultipleOperations([ONE], None, None, None, callback)
    callback.wait()
    assert service.EndRenewMultipleOperations([ONE], result)[0] == FAIL
    assert device.endpoint.GetFaultInfo() == (S_OK, FORGOTTEN)


def test_several_subscriptions_at_once(device: Device) -> None:
    for each in (ONE, TWO):
        assert device.service.SubscribeToOperation(each, device.sink)[0] == S_OK
    device.source.as_asked = True
    until = datetime(2199, 1, 1, tzinfo=UTC)
    assert device.service.RenewMultipleOperations([ONE, TWO], w.WSD_EVENTING_EXPIRES(None, until)) == (
        S_OK,
        w.WSD_EVENTING_EXPIRES(None, until),
        None,
    )
    assert device.asked(wse.RENEW) == 2
    device.source.faults[wse.GET_STATUS] = FORGOTTEN
    assert device.service.GetStatusForMultipleOperations([ONE, TWO]) == (FAIL, None, None)
    assert device.service.UnsubscribeToMultipleOperations([TWO, ONE]) == S_OK
    assert device.asked(wse.UNSUBSCRIBE) == 2


def test_begin_returns_at_once_and_end_does_not_wait(device: Device) -> None:
    service, both = device.service, [ONE, TWO]
    begun: list[tuple[str, Callable[..., Any], Callable[..., Any]]] = [
        (
            wse.SUBSCRIBE,
            lambda *how: service.BeginSubscribeToMultipleOperations(both, device.sink, None, None, *how),
            service.EndSubscribeToMultipleOperations,
        ),
        (
            wse.RENEW,
            lambda *how: service.BeginRenewMultipleOperations(both, None, None, *how),
            service.EndRenewMultipleOperations,
        ),
        (
            wse.GET_STATUS,
            lambda *how: service.BeginGetStatusForMultipleOperations(both, None, *how),
            service.EndGetStatusForMultipleOperations,
        ),
    ]
    for action, begin, end in begun:
        callback = Heard()
        hr, result = begin("state", callback)
        assert hr == S_OK
        assert end(both, result)[0] in {FAIL, S_OK}
        callback.wait()
        assert callback.heard == [("state", S_OK, w.WSDET_INCOMING_MESSAGE)]
        assert end(both, result) == (S_OK, w.WSD_EVENTING_EXPIRES(600.0), None)
        assert isinstance(result.results_.whole(), Granted)
        assert result.GetEvent()[1].DispatchTag == f"{action}Response"
        assert service.EndUnsubscribeToMultipleOperations(both, result) == S_OK
    callback = Heard()
    hr, result = service.BeginUnsubscribeToMultipleOperations(both, ANYTHING, None, callback)
    callback.wait()
    assert result is not None
    assert service.EndUnsubscribeToMultipleOperations(both, result) == S_OK
    assert service.EndRenewMultipleOperations(both, result) == (BAD, None, None), "of another call"


def test_an_aborted_subscribe_leaves_nothing(device: Device) -> None:
    device.source.mute = True
    callback = Heard()
    _, result = device.service.BeginSubscribeToMultipleOperations([ONE], device.sink, None, None, None, callback)
    assert result is not None
    assert result.Abort() == S_OK
    callback.wait()
    assert result.GetEvent() == (w.E_ABORT, None)
    assert device.service.EndSubscribeToMultipleOperations([ONE], result) == (w.E_ABORT, None, None)
    device.source.mute = False
    assert device.service.UnsubscribeToOperation(ONE) == BAD
    assert device.service.SubscribeToOperation(ONE, device.sink)[0] == S_OK


# Generated proxies, and where events come.


def test_a_generated_proxy_subscribes_its_sink(device: Device) -> None:
    class Sink(kinds.IShape_EventNotify):
        def Wanted(self, parameters: str) -> None:
            device.heard.put(("Wanted", int(parameters)))

    event = kinds.SHAPE_.event("Wanted")
    codec, action = event.output, event.output_action
    assert codec is not None
    assert action is not None
    proxy = kinds.CShape_Proxy(device.service)
    assert proxy.GetEndpointProxy() is device.endpoint
    assert proxy.SubscribeToWanted(Sink()) == S_OK
    assert proxy.SubscribeToWanted(Sink()) == BAD
    assert runner().run(lambda: device.source.tell(codec.encode("7"), action)) == (202, None)
    assert device.next() == ("Wanted", 7)
    assert proxy.UnsubscribeToWanted() == S_OK
    nothing: Any = None
    assert proxy.SubscribeToWanted(nothing) == BAD
    alone = kinds.CShape_Proxy(device.endpoint)
    assert (alone.SubscribeToWanted(Sink()), alone.UnsubscribeToWanted()) == (w.E_ABORT, w.E_ABORT)


def test_events_come_where_the_proxy_says_that_it_is(device: Device) -> None:
    def proxy(local_id: str, **options: Any) -> w.IWSDServiceProxyEventing:
        hr, made = w.WSDCreateDeviceProxy("@http://127.0.0.1:1/", local_id)
        assert hr == S_OK
        assert made is not None
        made.event_options_.update(options)
        return w.IWSDServiceProxyEventing(device.endpoint, Service((), (), "urn:x"), made._receiving)

    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]
    ours = proxy(f"http://127.0.0.1:{port}/")
    assert ours.SubscribeToOperation(ONE, device.sink)[0] == S_OK
    assert device.source.subscribes[-1].notify_to.address.startswith(f"http://127.0.0.1:{port}/")
    assert device.tell(1) == 202
    assert device.next() == ("urn:x/One", 1)
    nobodys = proxy(US, admit=lambda host: False)
    assert nobodys.SubscribeToOperation(ONE, device.sink)[0] == S_OK
    assert device.tell(2) == 403
    assert proxy(f"https://127.0.0.1:{port}/").SubscribeToOperation(ONE, device.sink) == (FAIL, None)
    for each in (ours, nobodys):
        assert each.UnsubscribeToOperation(ONE) == S_OK


# Statuses.


def test_each_operation_hears_that_it_is_renewed_and_that_it_ends(device: Device) -> None:
    statuses = Statuses()
    assert device.service.SetEventingStatusCallback(statuses) == S_OK
    device.source.lease = timedelta(seconds=0.5)
    assert device.service.SubscribeToMultipleOperations([ONE, TWO], device.sink)[0] == S_OK
    told = [statuses.told.get(timeout=5) for _ in range(2)]
    assert told == [("renewed", "urn:x/One"), ("renewed", "urn:x/Two")]
    device.source.faults[wse.RENEW] = FORGOTTEN
    while told[-1][0] == "renewed":
        told.append(statuses.told.get(timeout=5))
    assert [told[-1], statuses.told.get(timeout=5)] == [("failed", f"urn:x/{each}", FAIL) for each in ("One", "Two")]
    assert device.service.UnsubscribeToOperation(ONE) == BAD, "it has ended"
    del device.source.faults[wse.RENEW]
    device.source.lease = timedelta(minutes=10)
    assert device.service.SubscribeToOperation(TWO, device.sink)[0] == S_OK
    runner().run(device.source.end)
    assert statuses.told.get(timeout=5) == ("ended", "urn:x/Two"), "and that it could not be renewed was no such end"
    assert device.service.SetEventingStatusCallback(None) == S_OK
    assert statuses.Release() == 0
    assert statuses.released.is_set()
    assert device.service.SubscribeToOperation(TWO, device.sink)[0] == S_OK
    runner().run(device.source.end)
    assert device.service.SubscribeToOperation(TWO, device.sink)[0] == S_OK, "nobody is told, and it has ended"


def test_a_device_host_of_ours_and_its_proxy() -> None:
    world = World()
    assert world.host.RegisterService(ID, world.files) == S_OK
    where = world.start()
    heard: SimpleQueue[str] = SimpleQueue()
    statuses = Statuses()

    def stub(sink: Any, messaging: Any, event: w.WSD_EVENT) -> int:
        assert event.Soap is not None
        heard.put(event.Soap.Body)
        return S_OK

    kind = w.WSD_OPERATION(None, CHANGED.ResponseType, stub)
    hr, device = w.WSDCreateDeviceProxy(where, US)
    assert (hr, device is not None) == (S_OK, True)
    assert device is not None
    hr, service = device.GetServiceProxyById(ID)
    assert isinstance(service, w.IWSDServiceProxyEventing)
    assert service.SetEventingStatusCallback(statuses) == S_OK
    hr, expires, _ = service.SubscribeToMultipleOperations([kind], None, w.WSD_EVENTING_EXPIRES(60.0))
    assert (hr, expires) == (S_OK, w.WSD_EVENTING_EXPIRES(60.0))
    for text in ("one", "two"):
        assert world.host.SignalEvent(ID, text, CHANGED) == S_OK
    assert [heard.get(timeout=5) for _ in range(2)] == ["one", "two"]
    assert service.UnsubscribeToOperation(kind) == S_OK
    assert world.host.SignalEvent(ID, "three", CHANGED) == S_OK
    assert service.SubscribeToOperation(kind, None)[0] == S_OK
    assert world.host.Stop() == S_OK
    assert statuses.told.get(timeout=5) == ("ended", CHANGED.ResponseType.Uri if CHANGED.ResponseType else "")
    assert heard.empty()
    world.host.Terminate()
