"""An endpoint in memory: calls are answered when a test says so; and callbacks that write down what they hear."""

from __future__ import annotations

import threading
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from openwmi.base.error import WbemError
from openwmi.base.status import WbemStatus
from openwmi.blocking.runner import runner
from openwmi.operation import Operation, SingleResult
from openwmi.soap import DPWS_2006, Headers, Message, SoapFault
from openwmi.wsd.calling import Faulted
from openwmi.wsdclient.callbacks import IWSDAsyncCallback
from openwmi.wsdclient.endpointproxy import IWSDAsyncResult
from openwmi.wsdclient.structures import WSD_OPERATION, WSDXML_TYPE

GET_LIST = WSD_OPERATION(WSDXML_TYPE("urn:files/GetList"), WSDXML_TYPE("urn:files/GetListResponse"))


@dataclass(frozen=True, slots=True)
class FakeReply:
    message: Message
    attachments: Any = ()


def reply(body: Any = None) -> FakeReply:
    return FakeReply(Message(DPWS_2006, Headers("urn:files/GetListResponse"), body))


def faulted(reason: str = "busy") -> Faulted:
    error = Faulted(WbemStatus.FAILED, f"the device answered with a fault: {reason}")
    error.fault = SoapFault("Receiver", reason=reason)
    return error


class FakeEndpoint:
    """Part of openwmi.wsd.Endpoint. `calls` are the results of what was begun, in order, and `how` with what beside."""

    def __init__(self) -> None:
        self.calls: list[SingleResult[Any]] = []
        self.sent: list[tuple[str, Any]] = []
        self.how: list[tuple[Sequence[Any], float | None]] = []
        self.begun = threading.Event()
        self.stopped = 0

    def two_way(
        self,
        action: str,
        body: Any,
        *,
        reply_action: str | None = None,
        attachments: Sequence[Any] = (),
        timeout: float | None = 30.0,
    ) -> Operation[Any]:
        return self._begin(action, body, attachments, timeout)

    def one_way(
        self, action: str, body: Any, *, attachments: Sequence[Any] = (), timeout: float | None = 30.0
    ) -> Operation[Any]:
        return self._begin(action, body, attachments, timeout)

    def _begin(self, action: str, body: Any, attachments: Sequence[Any], timeout: float | None) -> Operation[Any]:
        results: SingleResult[Any] = SingleResult(action)
        if timeout is not None:
            results.expire_at(results.loop.time() + timeout)
        results.on_stop(self._stop)
        results.begin()
        self.sent.append((action, body))
        self.how.append((attachments, timeout))
        self.calls.append(results)
        self.begun.set()
        return Operation(results)

    def _stop(self) -> None:
        self.stopped += 1

    def cancel(self) -> None:
        """All that have not ended. On the loop's thread."""
        for call in self.calls:
            call.cancel()

    # Of a test on any thread.

    def answer(self, number: int = -1, what: Any = None) -> None:
        """The call ends with a reply, or an error."""
        results = self.calls[number]
        if isinstance(what, WbemError):
            runner().call(results.fail, what)
        else:
            runner().call(results.finish, reply() if what is None else what)


class Heard(IWSDAsyncCallback):
    """Writes down each callback: the state, and what GetEvent gave."""

    def __init__(self) -> None:
        super().__init__()
        self.heard: list[tuple[Any, int, int | None]] = []
        self.threads: list[str] = []
        self.called = threading.Event()
        self.released = 0

    def AsyncOperationComplete(self, pAsyncResult: IWSDAsyncResult, pAsyncState: Any) -> int:
        hr, event = pAsyncResult.GetEvent()
        self.heard.append((pAsyncState, hr, None if event is None else event.EventType))
        self.threads.append(threading.current_thread().name)
        self.called.set()
        return 0x80004005  # "The return value of this method is ignored."

    def _released(self) -> None:
        self.released += 1

    def wait(self) -> None:
        assert self.called.wait(5)
        self.called.clear()
