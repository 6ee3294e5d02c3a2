"""IWSDAsyncResult, each method; the nine holes of Microsoft's contract, each by its name; End of generated code."""

from __future__ import annotations

import asyncio
import select
import threading
from collections.abc import Iterator
from functools import partial
from typing import Any

import pytest
from tests.wsdclient.fakes import GET_LIST, FakeEndpoint, Heard, faulted, reply

from openwmi.base.error import Timeout, Unreachable, WbemError
from openwmi.base.fault import RemoteProtocolError
from openwmi.base.status import WbemStatus
from openwmi.blocking.runner import runner
from openwmi.operation import WaitHandle
from openwmi.soap import SoapFault
from openwmi.wsdclient import constants as c
from openwmi.wsdclient import statuses as s
from openwmi.wsdclient.callbacks import IWSDAsyncCallback
from openwmi.wsdclient.endpointproxy import IWSDAsyncResult, IWSDEndpointProxy, end_operation
from openwmi.wsdclient.structures import WSD_OPERATION, WSD_SYNCHRONOUS_RESPONSE_CONTEXT, WSDXML_TYPE


class Device:
    def __init__(self) -> None:
        self.endpoint = FakeEndpoint()
        self.proxy = IWSDEndpointProxy(self.endpoint)

    def begin(self, state: Any = None, callback: IWSDAsyncCallback | None = None, **more: Any) -> IWSDAsyncResult:
        hr, result = self.proxy.SendTwoWayRequestAsync(None, GET_LIST, state, callback, **more)
        assert hr == s.S_OK
        assert result is not None
        return result


@pytest.fixture
def device() -> Iterator[Device]:
    device = Device()
    yield device
    runner().call(device.endpoint.cancel)


def unreachable() -> WbemError:
    return Unreachable(WbemStatus.TRANSPORT_FAILURE, "nobody there")


def late() -> WbemError:
    return Timeout(WbemStatus.TIMED_OUT, "no answer")


ENDS = [
    (None, s.S_OK, c.WSDET_INCOMING_MESSAGE, s.S_OK),
    (faulted(), s.S_OK, c.WSDET_INCOMING_FAULT, s.E_FAIL),
    (unreachable(), s.S_OK, c.WSDET_TRANSMISSION_FAILURE, s.HRESULT_FROM_WIN32(s.ERROR_HOST_UNREACHABLE)),
    (late(), s.S_OK, c.WSDET_RESPONSE_TIMEOUT, s.HRESULT_FROM_WIN32(s.ERROR_TIMEOUT)),
]


# The methods.


@pytest.mark.parametrize(("end", "hr", "kind", "event_hr"), ENDS, ids=["message", "fault", "failure", "timeout"])
def test_each_way_to_end_has_its_event(device: Device, end: Any, hr: int, kind: int, event_hr: int) -> None:
    result = device.begin()
    assert result.HasCompleted() == s.S_FALSE
    assert result.GetEvent() == (s.E_FAIL, None), "Event is not yet available"
    device.endpoint.answer(what=end)
    assert result.HasCompleted() == s.S_OK, "a failed operation is a completed one"
    got, event = result.GetEvent()
    assert got == hr
    assert event is not None
    assert (event.EventType, event.Hr) == (kind, event_hr)
    assert event.Operation is GET_LIST
    assert result.GetEvent()[1] == event, "it may be asked again"


def test_null_is_refused_where_the_pages_say_so(device: Device) -> None:
    result = device.begin()
    assert result.SetCallback(None) == s.E_INVALIDARG
    assert result.SetWaitHandle(None) == s.E_INVALIDARG
    assert device.proxy.SendTwoWayRequestAsync(None, None) == (s.E_POINTER, None)
    assert device.proxy.SendTwoWayRequest(None, None) == s.E_POINTER
    assert device.proxy.SendOneWayRequest(None, None) == s.E_POINTER
    assert device.proxy.AbortAsyncOperation(None) == s.E_INVALIDARG
    assert device.proxy.ProcessFault(None) == s.E_POINTER
    assert device.proxy.SendTwoWayRequestAsync(None, GET_LIST, None, object()) == (s.E_INVALIDARG, None)  # type: ignore[arg-type]  # the point


def test_the_endpoint_that_made_the_call(device: Device) -> None:
    assert device.begin().GetEndpointProxy() == (s.S_OK, device.proxy)


def test_a_callback_hears_of_the_end_on_a_thread_where_it_may_block(device: Device) -> None:
    heard = Heard()
    device.begin("state", heard)
    device.endpoint.answer()
    heard.wait()
    assert heard.heard == [("state", s.S_OK, c.WSDET_INCOMING_MESSAGE)]
    assert heard.threads == ["openwmi-wsd-callback"]


def test_an_async_callback_runs_on_the_loop(device: Device) -> None:
    called = threading.Event()

    class OnLoop(IWSDAsyncCallback):
        async def AsyncOperationComplete(self, pAsyncResult: IWSDAsyncResult, pAsyncState: Any) -> None:
            await asyncio.sleep(0)
            if runner().on_its_thread:
                called.set()

    device.begin(None, OnLoop())
    device.endpoint.answer()
    assert called.wait(5)


def test_a_callback_that_raises_harms_nobody(device: Device, caplog: pytest.LogCaptureFixture) -> None:
    class Broken(Heard):
        def AsyncOperationComplete(self, pAsyncResult: IWSDAsyncResult, pAsyncState: Any) -> int:
            super().AsyncOperationComplete(pAsyncResult, pAsyncState)
            raise ValueError("secret")

    heard = Broken()
    result = device.begin(None, heard)
    result.Abort()
    assert len(heard.heard) == 1
    assert "AsyncOperationComplete failed: ValueError" in caplog.text
    assert "secret" not in caplog.text


def test_the_handle_can_be_waited_for_by_select(device: Device) -> None:
    result = device.begin()
    with WaitHandle() as handle:
        assert result.SetWaitHandle(handle) == s.S_OK
        assert select.select([handle], [], [], 0) == ([], [], [])
        threading.Thread(target=device.endpoint.answer).start()
        assert select.select([handle], [], [], 5) == ([handle], [], [])
        assert handle.wait(0)


def test_an_event_of_threading_is_a_handle_as_well(device: Device) -> None:
    result, event = device.begin(), threading.Event()
    assert result.SetWaitHandle(event) == s.S_OK  # type: ignore[arg-type]  # whatever has `set`
    device.endpoint.answer()
    assert event.is_set()


def test_a_result_has_a_handle_of_its_own(device: Device) -> None:
    result = device.begin()
    with result.wait_handle_() as handle:
        assert not handle.is_set
        device.endpoint.answer()
        assert handle.wait(5)
    with result.wait_handle_() as handle:
        assert handle.is_set


def test_letting_go_leaves_the_call_alone_and_its_callback_comes(device: Device) -> None:
    heard = Heard()
    result = device.begin(None, heard)
    result.Release()
    del result
    device.endpoint.answer()
    heard.wait()
    assert len(heard.heard) == 1


def test_a_callback_is_released_with_the_result_or_its_successor(device: Device) -> None:
    first, second = Heard(), Heard()
    for heard in (first, second):
        heard.Release()  # of whoever made it
    result = device.begin(None, first)
    result.SetCallback(second)
    assert first.released == 2
    device.endpoint.answer()
    second.wait()
    assert second.released == 1
    result.Release()
    assert second.released == 2


# The holes.


@pytest.mark.parametrize("times", [1, 2])
def test_u1_what_is_set_after_the_end_happens_at_once(device: Device, times: int) -> None:
    result = device.begin()
    device.endpoint.answer()
    for number in range(times):
        heard = Heard()
        assert result.SetCallback(heard, number) == s.S_OK
        heard.wait()
        assert heard.heard == [(number, s.S_OK, c.WSDET_INCOMING_MESSAGE)]
        with WaitHandle() as handle:
            assert result.SetWaitHandle(handle) == s.S_OK
            assert handle.is_set


def test_u1_a_callback_set_in_the_moment_of_the_end_comes_once(device: Device) -> None:
    """Turns of threads take long on a busy machine: so one thread ends them all, and few things are waited for."""
    ready = threading.Barrier(2)

    def end() -> None:
        for _ in range(200):
            ready.wait(30)
            device.endpoint.answer()

    ender = threading.Thread(target=end, daemon=True)
    ender.start()
    calls: list[tuple[IWSDAsyncResult, Heard]] = []
    for _ in range(200):
        result, heard = device.begin(), Heard()
        calls.append((result, heard))
        ready.wait(30)
        result.SetCallback(heard)
        heard.wait()
    ender.join()
    for result, heard in calls:
        result.Abort()
        assert len(heard.heard) == 1


def test_u2_abort_sets_the_handle_calls_back_once_and_is_e_abort(device: Device) -> None:
    heard = Heard()
    result = device.begin("mine", heard)
    with WaitHandle() as handle:
        result.SetWaitHandle(handle)
        for _ in range(2):
            assert result.Abort() == s.S_OK
        assert heard.heard == [("mine", s.E_ABORT, None)], "before Abort returned"
        assert handle.is_set
    assert result.HasCompleted() == s.S_OK
    assert result.GetEvent() == (s.E_ABORT, None)
    assert end_operation(device.proxy, result) == (s.E_ABORT, None)
    assert device.endpoint.stopped == 1
    device.endpoint.answer()  # too late, which the operation leaves alone
    assert result.GetEvent() == (s.E_ABORT, None)
    assert len(heard.heard) == 1


@pytest.mark.parametrize("answered", [False, True])
def test_u2_the_callback_of_abort_waits_for_no_loop(device: Device, answered: bool) -> None:
    """What the loop finds meanwhile changes nothing: it was aborted, for everybody and at all times."""
    heard = Heard()
    result = device.begin("mine", heard)
    pause = runner().pause()
    assert pause is not None
    with WaitHandle() as handle:
        aborting = threading.Thread(target=result.Abort)
        try:
            if answered:
                runner().post(device.endpoint.calls[-1].finish, reply())
            runner().post(result.SetWaitHandle, handle)
            aborting.start()
            heard.wait()
            assert heard.heard == [("mine", s.E_ABORT, None)]
            assert result.HasCompleted() == s.S_OK
            assert end_operation(device.proxy, result) == (s.E_ABORT, None)
        finally:
            pause.over.release()
        aborting.join(5)
        assert handle.wait(5), "that was set when it had ended"
    assert result.GetEvent() == (s.E_ABORT, None)
    assert result.error_ is not None
    assert result.error_ is result.error_, "by which an End knows its own"
    again = Heard()
    result.SetCallback(again, "more")
    again.wait()
    assert [heard.heard, again.heard] == [[("mine", s.E_ABORT, None)], [("more", s.E_ABORT, None)]]
    assert runner().call(lambda: device.endpoint.stopped) == (0 if answered else 1)


def test_u2_a_callback_set_in_the_moment_of_an_abort_comes_once(device: Device) -> None:
    before, heard = Heard(), Heard()
    result = device.begin("mine", before)
    aborting = threading.Thread(target=result.Abort)
    watch: Any = result._watch
    guard = watch.guard

    class Guard:
        """Who sets the callback leaves it to one who aborts, and goes on when that one has called back."""

        def __enter__(self) -> None:
            guard.acquire()

        def __exit__(self, *_: object) -> None:
            guard.release()
            watch.guard = guard
            aborting.start()
            heard.wait()

    watch.guard = Guard()
    assert result.SetCallback(heard, "yours") == s.S_OK
    aborting.join(5)
    assert heard.heard == [("yours", s.E_ABORT, None)]
    assert before.heard == []


def test_u2_abort_after_the_end_changes_nothing(device: Device) -> None:
    result = device.begin()
    device.endpoint.answer()
    assert device.proxy.AbortAsyncOperation(result) == s.S_OK
    assert result.GetEvent()[0] == s.S_OK


def test_u3_abort_from_within_its_own_callback_returns(device: Device) -> None:
    class Aborting(Heard):
        def AsyncOperationComplete(self, pAsyncResult: IWSDAsyncResult, pAsyncState: Any) -> int:
            assert pAsyncResult.Abort() == s.S_OK
            return super().AsyncOperationComplete(pAsyncResult, pAsyncState)

    answered, aborted = Aborting(), Aborting()
    device.begin(None, answered)
    device.endpoint.answer()
    answered.wait()
    device.begin(None, aborted).Abort()
    assert [hr for _, hr, _ in answered.heard + aborted.heard] == [s.S_OK, s.E_ABORT]


def test_u3_callbacks_that_abort_each_other_return(device: Device) -> None:
    both = threading.Barrier(2)

    class Aborting(Heard):
        other: IWSDAsyncResult

        def AsyncOperationComplete(self, pAsyncResult: IWSDAsyncResult, pAsyncState: Any) -> int:
            both.wait(5)
            self.other.Abort()
            return super().AsyncOperationComplete(pAsyncResult, pAsyncState)

    first, second = Aborting(), Aborting()
    one, other = device.begin(None, first), device.begin(None, second)
    first.other, second.other = other, one
    device.endpoint.answer(0)
    device.endpoint.answer(1)
    first.wait()
    second.wait()


def test_u3_abort_waits_for_a_callback_in_whose_midst_another_thread_is(device: Device) -> None:
    inside, go_on = threading.Event(), threading.Event()

    class Slow(Heard):
        def AsyncOperationComplete(self, pAsyncResult: IWSDAsyncResult, pAsyncState: Any) -> int:
            inside.set()
            assert go_on.wait(5)
            return super().AsyncOperationComplete(pAsyncResult, pAsyncState)

    slow = Slow()
    result = device.begin(None, slow)
    device.endpoint.answer()
    assert inside.wait(5)
    after: list[int] = []

    def abort() -> None:
        result.Abort()
        after.append(len(slow.heard))

    aborter = threading.Thread(target=abort)
    aborter.start()
    aborter.join(0.02)
    assert aborter.is_alive()
    go_on.set()
    aborter.join(5)
    assert after == [1]


def test_u3_callbacks_that_hold_all_threads_stop_no_abort(device: Device) -> None:
    go_on = threading.Event()

    class Slow(Heard):
        def AsyncOperationComplete(self, pAsyncResult: IWSDAsyncResult, pAsyncState: Any) -> int:
            go_on.wait(5)
            return 0

    for _ in range(40):
        device.begin(None, Slow())
        device.endpoint.answer()
    heard = Heard()
    result = device.begin(None, heard)
    try:
        device.endpoint.answer()  # its callback waits for a thread
        result.Abort()
        assert heard.heard == [(None, s.S_OK, c.WSDET_INCOMING_MESSAGE)]
        assert heard.threads == [threading.current_thread().name]
    finally:
        go_on.set()  # else all threads of the tests that follow would be taken


def test_u4_each_call_has_a_deadline(device: Device) -> None:
    result = device.begin(timeout_=0.01)
    other = device.begin(timeout_=300)
    with result.wait_handle_() as handle:
        assert handle.wait(5)
    hr, event = result.GetEvent()
    assert hr == s.S_OK
    assert event is not None
    assert event.EventType == c.WSDET_RESPONSE_TIMEOUT
    assert type(result.error_) is Timeout
    assert other.HasCompleted() == s.S_FALSE


def test_u5_a_fault_belongs_to_its_call(device: Device) -> None:
    one, other, good = device.begin(), device.begin(), device.begin()
    device.endpoint.answer(0, faulted("one"))
    device.endpoint.answer(1, faulted("other"))
    device.endpoint.answer(2)
    assert end_operation(device.proxy, one) == (s.E_FAIL, None)
    assert end_operation(device.proxy, other) == (s.E_FAIL, None)
    assert one.fault_ is not None
    assert other.fault_ is not None
    assert (one.fault_.reason, other.fault_.reason, good.fault_) == ("one", "other", None)
    hr, last = device.proxy.GetFaultInfo()
    assert hr == s.S_OK
    assert last is not None
    assert last.reason == "other", "the endpoint has the last that was processed"
    assert "other" in str(device.proxy.GetErrorInfo()[1])


def test_u6_no_end_waits_and_await_does(device: Device) -> None:
    async def wait(number: int) -> tuple[int, int]:
        result = device.begin()
        assert end_operation(device.proxy, result) == (s.E_FAIL, None)
        threading.Timer(0.01, device.endpoint.answer, (number,)).start()
        hr, event = await result
        assert event is not None
        return hr, event.EventType

    assert asyncio.run(wait(0)) == (s.S_OK, c.WSDET_INCOMING_MESSAGE)
    assert asyncio.run_coroutine_threadsafe(wait(1), runner().loop).result(5) == (s.S_OK, c.WSDET_INCOMING_MESSAGE)


def test_u6_giving_up_to_await_aborts(device: Device) -> None:
    result = device.begin()

    async def give_up() -> None:
        async with asyncio.timeout(0.01):
            await result

    with pytest.raises(TimeoutError):
        asyncio.run(give_up())
    assert result.GetEvent() == (s.E_ABORT, None)


def test_u7_a_message_without_an_answer_can_be_sent_without_waiting(device: Device) -> None:
    hr, result = device.proxy.BeginOneWay_(b"<a/>", WSD_OPERATION(WSDXML_TYPE("urn:files/Forget")))
    assert hr == s.S_OK
    assert result is not None
    assert device.endpoint.sent == [("urn:files/Forget", b"<a/>")]
    runner().call(device.endpoint.calls[0].finish)
    assert end_operation(device.proxy, result) == (s.S_OK, None)


def test_u8_the_state_set_last_counts_as_it_is_when_the_call_ends(device: Device) -> None:
    first, second = Heard(), Heard()
    result = device.begin("begun", first)
    assert result.GetAsyncState() == (s.S_OK, "begun")
    result.SetCallback(second, "set")
    assert result.GetAsyncState() == (s.S_OK, "set")
    device.endpoint.answer()
    second.wait()
    assert first.heard == []
    assert [state for state, *_ in second.heard] == ["set"]


@pytest.mark.parametrize("kind", [ConnectionError, TimeoutError], ids=lambda kind: kind.__name__)
def test_u9_a_failure_is_of_its_kind_and_says_why(device: Device, kind: type[Exception]) -> None:
    result = device.begin()
    device.endpoint.answer(what=unreachable() if kind is ConnectionError else late())
    assert isinstance(result.error_, kind)
    hr, _ = end_operation(device.proxy, result)
    assert hr == s.hresult(result.error_)
    assert device.proxy.GetErrorInfo()[1] == str(result.error_)


# What generated code does.


class Upper:
    def encode(self, value: Any) -> bytes:
        return str(value).upper().encode()

    def decode(self, element: Any) -> Any:
        if element == "nonsense":
            raise RemoteProtocolError("no such thing")
        return f"<{element}>"


TYPED = WSD_OPERATION(WSDXML_TYPE("urn:in", Upper()), WSDXML_TYPE("urn:out", Upper()))


@pytest.mark.parametrize(
    ("end", "expected"),
    [
        (reply("files"), (s.S_OK, "<files>")),
        (reply(None), (s.S_OK, None)),
        (reply("nonsense"), (s.E_FAIL, None)),
        (faulted(), (s.E_FAIL, None)),
        (unreachable(), (s.HRESULT_FROM_WIN32(s.ERROR_HOST_UNREACHABLE), None)),
        (late(), (s.HRESULT_FROM_WIN32(s.ERROR_TIMEOUT), None)),
        (WbemError(WbemStatus.FAILED, "nonsense"), (s.E_FAIL, None)),
    ],
    ids=["body", "no body", "nonsense", "fault", "unreachable", "late", "failed"],
)
def test_end_of_generated_code(device: Device, end: Any, expected: tuple[int, Any]) -> None:
    _, result = device.proxy.SendTwoWayRequestAsync("list", TYPED)
    assert result is not None
    assert device.endpoint.sent == [("urn:in", b"LIST")]
    device.endpoint.answer(what=end)
    assert end_operation(device.proxy, result) == expected
    assert end_operation(device.proxy, None) == (s.E_INVALIDARG, None)
    assert end_operation(None, result) == (s.E_ABORT, None)


def test_end_may_decode_the_whole_answer(device: Device) -> None:
    def decode(answer: Any) -> str:
        if answer.message.body == "bad":
            raise RemoteProtocolError("bad")
        return f"{answer.message.body}, {answer.attachments}"

    result, bad = device.begin(), device.begin()
    device.endpoint.answer(0, reply("files"))
    device.endpoint.answer(1, reply("bad"))
    assert end_operation(device.proxy, result, decode) == (s.S_OK, "files, ()")
    assert end_operation(device.proxy, bad, decode) == (s.E_FAIL, None)


@pytest.mark.parametrize(
    ("end", "hr"), [(reply("files"), s.S_OK), (faulted("busy"), s.E_FAIL)], ids=["message", "fault"]
)
def test_a_synchronous_call_fills_its_context(device: Device, end: Any, hr: int) -> None:
    context = WSD_SYNCHRONOUS_RESPONSE_CONTEXT(eventHandle=WaitHandle())

    def answer() -> None:
        device.endpoint.begun.wait()
        device.endpoint.answer(what=end)

    threading.Thread(target=answer, daemon=True).start()
    assert device.proxy.SendTwoWayRequest(b"<a/>", GET_LIST, context) == s.S_OK
    assert context.hr == hr
    assert context.results == "files" if hr == s.S_OK else isinstance(context.results, SoapFault)
    assert context.eventHandle is not None
    assert context.eventHandle.is_set
    context.eventHandle.close()


def test_process_fault_keeps_what_is_one(device: Device) -> None:
    assert device.proxy.GetFaultInfo() == (s.S_FALSE, None)
    assert device.proxy.GetErrorInfo() == (s.S_OK, "")
    assert device.proxy.ProcessFault("no fault") == s.S_FALSE  # type: ignore[arg-type]  # the point
    fault = SoapFault("Sender", reason="no")
    assert device.proxy.ProcessFault(fault) == s.S_OK
    assert device.proxy.GetFaultInfo() == (s.S_OK, fault)


@pytest.mark.parametrize("body", ["text", 5])
def test_a_body_without_a_codec_is_octets(device: Device, body: Any) -> None:
    assert device.proxy.SendTwoWayRequestAsync(body, GET_LIST) == (s.E_INVALIDARG, None)


async def test_faces_of_an_endpoint_of_a_programs_own_loop() -> None:
    endpoint, loop = FakeEndpoint(), asyncio.get_running_loop()
    proxy = IWSDEndpointProxy(endpoint, loop)
    _, result = proxy.SendTwoWayRequestAsync(None, GET_LIST)
    assert result is not None
    loop.call_soon(partial(endpoint.calls[0].finish, reply()))
    hr, event = await result
    assert hr == s.S_OK
    assert event is not None
    _, aborted = proxy.SendTwoWayRequestAsync(None, GET_LIST)
    assert aborted is not None
    assert await asyncio.to_thread(aborted.Abort) == s.S_OK, "from another thread"
    assert aborted.GetEvent() == (s.E_ABORT, None)
