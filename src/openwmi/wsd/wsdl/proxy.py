"""Clients of a service: its operations as methods, each of which returns an Operation at once.

files = wsdl.proxy("FileServiceSecure", endpoint)      or a class of a generated module: FileServiceSecure(endpoint)
listed = await files.GetFileList()
call = files.GetFile(filePath="report.txt")            it runs; poll it, cancel it, await it later
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from functools import partial
from typing import Any, ClassVar, Final, Protocol, Unpack

from openwmi.base.error import WbemError
from openwmi.base.fault import LocalProtocolError, RemoteProtocolError
from openwmi.base.status import WbemStatus
from openwmi.operation import Operation, SingleResult
from openwmi.soap import Message, Part
from openwmi.wsd.attachments import Outbound
from openwmi.wsd.endpoint import Endpoint
from openwmi.wsd.eventing.happenings import Notification
from openwmi.wsd.eventing.subscription import Subscribing, Subscription, subscribe
from openwmi.wsd.wsdl.contract import PortType, WsdlOperation
from openwmi.wsd.wsdl.decoding import Beside
from openwmi.wsd.wsdl.types import Codec

CALL_SECONDS: Final = 30.0


class Answer(Protocol):
    """What an endpoint answers with: `openwmi.wsd.Reply`."""

    @property
    def message(self) -> Message: ...
    @property
    def attachments(self) -> Any: ...


class Caller(Protocol):
    """What carries calls: `openwmi.wsd.Endpoint`."""

    def two_way(
        self,
        action: str,
        body: Part | bytes | None,
        *,
        reply_action: str | None = None,
        attachments: Sequence[Outbound] = (),
        timeout: float | None = CALL_SECONDS,
    ) -> Operation[Any]: ...

    def one_way(
        self,
        action: str,
        body: Part | bytes | None,
        *,
        attachments: Sequence[Outbound] = (),
        timeout: float | None = CALL_SECONDS,
    ) -> Operation[None]: ...


class Proxy:
    """The base of generated clients, whose methods are the operations. What is ours ends in an underscore.

    Args:
        endpoint: what carries calls.
        timeout: seconds for each of them, until the envelope of its answer is here; None waits for ever.
    """

    contract_: ClassVar[PortType]

    def __init__(self, endpoint: Caller, *, timeout: float | None = CALL_SECONDS) -> None:
        self.endpoint_ = endpoint
        self.timeout_ = timeout

    def start_(self, operation: str, parameters: Any = None) -> Operation[Any]:
        """Calls an operation by its name.

        Raises, from the Operation: what `Endpoint.two_way` does; WbemError(FAILED) for an answer that is not what the
        contract says. LocalProtocolError, at once, for parameters that are not.
        """
        return start(self.endpoint_, self.contract_.operation(operation), parameters, self.timeout_)

    def subscribe_(self, *events: str, **how: Unpack[Subscribing]) -> Subscription[Any]:
        """Events by their names, as messages of the contract, until it is let go. Arguments as of `openwmi.wsd`'s
        `subscribe`, which says what is raised; WbemError(NOT_FOUND) for an event that the contract does not have.
        """
        return follow(self.endpoint_, self.contract_, events, how)


class DynamicProxy(Proxy):
    """The same for a contract that was just read: `proxy.GetFile(filePath="report.txt")`.

    A method takes a message of the operation's own class, or the fields of one by name.
    """

    def __init__(self, contract: PortType, endpoint: Caller, *, timeout: float | None = CALL_SECONDS) -> None:
        super().__init__(endpoint, timeout=timeout)
        self._contract = contract
        self._operations = {each.method: each for each in contract.operations.values()}

    def __getattr__(self, name: str) -> Callable[..., Operation[Any]]:
        if name.startswith("__") or name not in self._operations:
            known = ", ".join(self._operations) or "none"
            raise AttributeError(f"{self._contract.name.local} has no operation {name}; it has {known}")
        return partial(self._call, self._operations[name])

    def __dir__(self) -> list[str]:
        return [*super().__dir__(), *self._operations]

    @property
    def start(self) -> DynamicProxy:
        """Itself: each method starts a call, and returns it."""
        return self

    def start_(self, operation: str, parameters: Any = None) -> Operation[Any]:
        """As of Proxy."""
        return start(self.endpoint_, self._contract.operation(operation), parameters, self.timeout_)

    def subscribe_(self, *events: str, **how: Unpack[Subscribing]) -> Subscription[Any]:
        """As of Proxy."""
        return follow(self.endpoint_, self._contract, events, how)

    @property
    def subscribe(self) -> Callable[..., Any]:
        """The same; of a contract that has an operation of that name, that."""
        operation = self._operations.get("subscribe")
        return self.subscribe_ if operation is None else partial(self._call, operation)

    def _call(self, operation: WsdlOperation, /, *messages: Any, **named: Any) -> Operation[Any]:
        if len(messages) + bool(named) > 1:
            raise TypeError(f"{operation.name} takes one message, or its fields by name")
        message = messages[0] if messages else None
        if named or (operation.input is not None and message is None):
            if operation.input is None or operation.input.type is object:
                raise TypeError(f"the message of {operation.name} has no fields")
            message = operation.input.type(**named)
        return start(self.endpoint_, operation, message, self.timeout_)


def start(endpoint: Caller, operation: WsdlOperation, parameters: Any, timeout: float | None) -> Operation[Any]:
    """Begins a call of an operation of a contract. It costs no task: its end is that of the exchange."""
    body, attachments = encode_body(operation.input, parameters, operation.name)
    if operation.input_action is None:
        raise LocalProtocolError(f"{operation.name} is an event, which nobody can call")
    if operation.output_action is None:
        return endpoint.one_way(operation.input_action, body, attachments=attachments, timeout=timeout)
    inner = endpoint.two_way(
        operation.input_action,
        body,
        reply_action=operation.output_action,
        attachments=attachments,
        timeout=timeout,
    )
    results: SingleResult[Any] = SingleResult(operation.name)
    results.on_stop(inner.cancel)
    results.begin()
    inner.results.when_finished(lambda: _end(operation, inner, results))
    return Operation(results)


def follow(endpoint: Caller, contract: PortType, names: Sequence[str], how: Subscribing) -> Subscription[Any]:
    """Subscribes to events of a contract by their names; to all of them where there are none.

    Raises as `openwmi.wsd.subscribe`, and WbemError(NOT_FOUND) for an event that the contract does not have;
    WbemError(INVALID_PARAMETER) for an endpoint that is no Endpoint.
    """
    if not isinstance(endpoint, Endpoint):
        raise WbemError(WbemStatus.INVALID_PARAMETER, f"an Endpoint can be subscribed to, and not {endpoint!r:.80}")
    events = {
        event.output_action: event
        for event in (contract.event(name) for name in names or contract.events)
        if event.output_action is not None
    }

    def decode(notification: Notification) -> Any:
        event = events.get(notification.action)
        if event is None:
            raise RemoteProtocolError(f"the contract has no event of the action {notification.action[:200]!r}")
        return decode_body(event.output, notification.message, notification.attachments)

    return subscribe(endpoint, tuple(events), **how, decode=decode)


def encode_body(codec: Codec[Any] | None, value: Any, name: str) -> tuple[bytes | None, list[Outbound]]:
    """The body of a message, None for an empty one, and what goes beside the envelope."""
    attachments: list[Outbound] = []
    if codec is not None:
        return codec.encode(value, attachments), attachments
    if value is not None:
        raise LocalProtocolError(f"the message of {name} is empty: there is no place for {value!r:.80}")
    return None, attachments


def decode_body(codec: Codec[Any] | None, message: Message, attachments: Beside) -> Any:
    """What the body of a message says; None for one that is to be empty. RemoteProtocolError."""
    if codec is None:
        return None
    if message.body is None:
        raise RemoteProtocolError(f"the body is empty, where {codec.element.name} is expected")
    return codec.decode(message.body, attachments)


def _end(operation: WsdlOperation, inner: Operation[Any], results: SingleResult[Any]) -> None:
    """The exchange has ended: so does the call."""
    inner.results.status  # noqa: B018 - whoever has asked hears of its failure
    error = inner.results.error
    if error is not None:
        results.fail(error)
        return
    answer: Answer = inner.results.whole()
    try:
        results.finish(decode_body(operation.output, answer.message, answer.attachments))
    except RemoteProtocolError as problem:
        text = f"the answer to {operation.name} is not what the contract says: {problem}"
        results.fail(WbemError(WbemStatus.FAILED, text))
