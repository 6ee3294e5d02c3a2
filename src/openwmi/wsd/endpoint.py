"""Calling a device or a service on it: a message there, and the one that answers it, as an Operation.

    endpoint = Endpoint("http://192.0.2.7:5357/…", to="urn:uuid:…")
    reply = await endpoint.two_way("http://…/GetFileList", body)

A call costs no task: what answers it is read as it comes, on the loop. Of thousands that wait each is one object, which
is its own result and its own exchange of HTTP.
"""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field, replace
from functools import lru_cache, partial
from http import HTTPStatus
from typing import Protocol, Self, TypeVar

from openwmi.base.error import WbemError
from openwmi.base.fault import LocalProtocolError, RemoteProtocolError
from openwmi.base.limits import HTTP_STREAM_OCTETS
from openwmi.base.status import WbemStatus
from openwmi.net.http import Pieces, Request, Response, format_url, parse_url
from openwmi.net.http_client import HttpClient
from openwmi.net.http_exchange import Exchange
from openwmi.net.http_pieces import Inflow
from openwmi.operation import Operation, SingleResult, tasks
from openwmi.soap import (
    DPWS_2006,
    ENVELOPE,
    EndpointReference,
    Headers,
    Limits,
    Message,
    Part,
    Profile,
    encode,
)
from openwmi.wsd.attachments import NONE, Attachments, Outbound, arrived, is_multipart, outflow
from openwmi.wsd.calling import ENVELOPE_TYPE, check_fault, message_name, new_message_number, read_message

R = TypeVar("R")

CALL_SECONDS = 30.0
"""How long a call may take where nobody says it. Windows: the value behind WSDET_RESPONSE_TIMEOUT is not documented."""


@dataclass(frozen=True, slots=True)
class Reply:
    """What answered a call.

    Attributes:
        message: its headers, and the element in its body.
        attachments: what came beside it.
    """

    message: Message
    attachments: Attachments = field(default_factory=lambda: NONE)


class Listening(Protocol):
    """Where answers can come: a Host."""

    def expect(self, take: Callable[[Message, Attachments], object], /) -> str:
        """An address of HTTP; what comes there is taken by `take`. WbemError(INVALID_PARAMETER)."""
        ...

    def forget(self, url: str, /) -> None:
        """Nothing is expected there any more."""
        ...


class Endpoint:
    """A device or one of its services, as a client sees it. Use it on one loop.

    Args:
        url: where it listens.
        to: whom messages are for: the address of an endpoint, or all of it with its parameters; None is the URL.
        profile: the versions that it speaks.
        http: what carries messages, and may be shared; an endpoint without one makes its own, and closes that.
        limits: how much an answer may be.
        reply_to: a device of ours, which has started: two-way messages ask for their answers there, on connections that
            the other side opens. Without one answers come on the connection of their messages.
    """

    def __init__(
        self,
        url: str,
        *,
        to: EndpointReference | str | None = None,
        profile: Profile = DPWS_2006,
        http: HttpClient | None = None,
        limits: Limits = ENVELOPE,
        reply_to: Listening | None = None,
    ) -> None:
        self._url = parse_url(url)
        self._to = to if isinstance(to, EndpointReference) else EndpointReference(to or url)
        self._parameters = self._to.headers(profile)
        self._own = http is None
        self._http = HttpClient() if http is None else http
        self._reply_to = EndpointReference(profile.anonymous)
        self._listening = reply_to
        self._waiting: dict[str, _Elsewhere] = {}
        if reply_to is not None:
            self._reply_to = EndpointReference(reply_to.expect(self._came))
        self._late = 0
        self.url = url
        self.profile = profile
        self.limits = limits

    @property
    def to(self) -> EndpointReference:
        """Whom messages are for."""
        return self._to

    @property
    def late(self) -> int:
        """Answers that came for nobody: to what was not asked, too late, or twice. They were dropped.

        Those on its connections that were no answers at all count for each endpoint that shares them.
        """
        return self._late + self._http.unasked(self._url)

    def two_way(
        self,
        action: str,
        body: Part | bytes | None,
        *,
        reply_action: str | None = None,
        attachments: Sequence[Outbound] = (),
        timeout: float | None = CALL_SECONDS,
        once: bool = False,
    ) -> Operation[Reply]:
        """Sends a message that is answered, and returns at once.

        Args:
            action: what it wants.
            body: the element in its body, or that as octets, complete in itself.
            reply_action: what the answer must say that it is; None takes any.
            attachments: what travels beside it.
            timeout: seconds until the answer's envelope is here; None waits for ever.
            once: it must not be sent a second time, as else it is where a connection that was kept turns out to be
                closed: so it gets a new one.

        Raises, from the operation: Faulted, Timeout, Unreachable; WbemError(FAILED) for what is no answer;
        WbemError(INVALID_PARAMETER) for what cannot be sent. Cancelling it ends the exchange with its connection.
        """
        if self._listening is None:
            direct = _TwoWay(self, action, timeout, reply_action)
            return self._start(direct, action, body, attachments, self._reply_to, once=once)
        call = _Elsewhere(self, action, timeout, reply_action)
        name = call.message_id
        self._waiting[name] = call
        call.when_finished(partial(self._waiting.pop, name, None))
        return self._start(call, action, body, attachments, self._reply_to, once=once)

    def one_way(
        self,
        action: str,
        body: Part | bytes | None,
        *,
        attachments: Sequence[Outbound] = (),
        timeout: float | None = CALL_SECONDS,
    ) -> Operation[None]:
        """The same for a message that nobody answers: it ends once the other side says that it has it."""
        return self._start(_OneWay(self, action, timeout), action, body, attachments, None)

    def beside(self, to: EndpointReference) -> Endpoint:
        """Another endpoint that this one has named, over the same connections. It need not be closed.

        Messages for it go to the machine that this one is on, whatever it says: a device may know itself by another
        address than the one by which it is reached, and may not send us to others.
        """
        url = self._url
        try:
            there = parse_url(to.address)
        except WbemError:  # it has a name, and no place of its own
            pass
        else:
            port = url.port if url.secure and not there.secure else there.port
            url = replace(url, secure=url.secure or there.secure, port=port, target=there.target)
        return Endpoint(format_url(url), to=to, profile=self.profile, http=self._http, limits=self.limits)

    async def aclose(self) -> None:
        """Closes the connections that are its own; calls on them fail, and those whose answers come elsewhere."""
        if self._listening is not None:
            self._listening.forget(self._reply_to.address)
            self._listening = None
        for call in list(self._waiting.values()):
            call.cancel()
        if self._own:
            await self._http.aclose()

    async def __aenter__(self) -> Self:
        return self

    async def __aexit__(self, *_: object) -> None:
        await self.aclose()

    def drop(self) -> None:
        """Counts an answer for nobody."""
        self._late += 1

    def _came(self, message: Message, attachments: Attachments) -> None:
        """An answer on a connection that the other side has opened."""
        call = self._waiting.pop(message.headers.relates_to, None)
        if call is None:
            self.drop()
            attachments.close()
        else:
            call.take(message, attachments)

    def _start(
        self,
        call: _Call[R],
        action: str,
        body: Part | bytes | None,
        attachments: Sequence[Outbound],
        reply_to: EndpointReference | None,
        *,
        once: bool = False,
    ) -> Operation[R]:
        operation = Operation(call)
        if call.finished:  # it had no time at all
            return operation
        try:
            octets = encode(
                self.profile,
                Headers(action, call.message_id, self._to.address, reply_to=reply_to, others=self._parameters),
                body,
            )
            request = Request("POST", self._url.target, _PLAIN, octets)
            if attachments:
                content_type, pieces = outflow(octets, attachments)
                request = Request("POST", self._url.target, (("Content-Type", content_type),), pieces=pieces)
            self._http.begin(call, self._url, request, once=once)
        except LocalProtocolError as error:
            call.fail(WbemError(WbemStatus.INVALID_PARAMETER, f"{self.url} cannot be sent that: {error}"))
        except WbemError as error:
            call.fail(error)
        else:
            call.begin()
        return operation


class _Call(SingleResult[R], Exchange):
    """One call: what to do with its answer."""

    __slots__ = (*Exchange.SLOTS, "_endpoint", "_number")

    def __init__(self, endpoint: Endpoint, action: str, timeout: float | None) -> None:
        super().__init__(_name(action))
        self._endpoint = endpoint
        self._number = new_message_number()
        self.at = None
        if timeout is not None:
            self.expire_at(self.loop.time() + timeout)

    @property
    def message_id(self) -> str:
        """What its message is called."""
        return message_name(self._number)

    def limit(self) -> int:
        return self._endpoint.limits.octets

    def streamed(self, head: Response) -> int:
        return HTTP_STREAM_OCTETS if is_multipart(head.header("content-type")) else 0

    def answered(self, response: Response) -> None:
        if response.pieces is None:
            self._end(response, NONE)
            return
        pieces = response.pieces()
        task = tasks.run(self.loop, self._arrive(response, pieces))
        self.on_stop(partial(_stop, task, pieces))

    def unanswered(self, error: WbemError) -> None:
        self.fail(error)

    def take(self, message: Message | None, attachments: Attachments) -> None:
        """The answer is here."""
        try:
            result = self._conclude(message, attachments)
        except WbemError as error:
            attachments.close()
            self.fail(error)
            return
        self.withdraw()  # from an exchange whose response says nothing any more
        self.finish(result)
        if not attachments.over:
            self.when_cancelled(attachments.close)

    def _read(self, response: Response) -> Message | None:
        """What is in the response; None where that is nothing. WbemError."""
        raise NotImplementedError

    def _conclude(self, message: Message | None, attachments: Attachments) -> R | None:
        """What comes of it. WbemError."""
        raise NotImplementedError

    def _close(self) -> None:
        super()._close()
        if self.cancelled:
            self.withdraw()

    async def _arrive(self, response: Response, pieces: Pieces) -> None:
        """The envelope of a response in several parts."""
        endpoint = self._endpoint
        attachments = NONE
        try:
            attachments = arrived(response.header("content-type"), pieces, endpoint.limits.octets)
            octets = await attachments.root()
        except asyncio.CancelledError:
            attachments.close()
            raise
        except RemoteProtocolError as error:
            self.fail(WbemError(WbemStatus.FAILED, f"{endpoint.url}: {error}"))
        except WbemError as error:
            self.fail(error)
        else:
            self._end(Response(response.status, response.headers, octets), attachments)

    def _end(self, response: Response, attachments: Attachments) -> None:
        try:
            message = self._read(response)
        except WbemError as error:
            attachments.close()
            self.fail(error)
        else:
            self.take(message, attachments)


class _TwoWay(_Call[Reply]):
    __slots__ = ("_reply_action",)

    def __init__(self, endpoint: Endpoint, action: str, timeout: float | None, reply_action: str | None) -> None:
        super().__init__(endpoint, action, timeout)
        self._reply_action = reply_action

    def _read(self, response: Response) -> Message:
        endpoint = self._endpoint
        message = read_message(endpoint.url, response, endpoint.limits, endpoint.profile)
        if message.headers.relates_to not in {self.message_id, ""}:
            endpoint.drop()
            raise WbemError(WbemStatus.FAILED, f"{endpoint.url} answered another message than the one that it was sent")
        return message

    def _conclude(self, message: Message | None, attachments: Attachments) -> Reply:
        assert message is not None, "it is a two-way message"
        url = self._endpoint.url
        check_fault(url, message)
        said = message.headers.action
        if self._reply_action is not None and said != self._reply_action:
            raise WbemError(
                WbemStatus.FAILED, f"{url} answered with {said[:200]!r} where {self._reply_action!r} was expected"
            )
        return Reply(message, attachments)


class _Elsewhere(_TwoWay):
    """One whose answer comes on another connection, as a rule."""

    __slots__ = ()

    def _end(self, response: Response, attachments: Attachments) -> None:
        if not _is_received(response):
            super()._end(response, attachments)


class _OneWay(_Call[None]):
    __slots__ = ()

    def _read(self, response: Response) -> Message | None:
        endpoint = self._endpoint
        if _is_received(response):
            return None
        return read_message(endpoint.url, response, endpoint.limits, endpoint.profile)

    def _conclude(self, message: Message | None, attachments: Attachments) -> None:
        attachments.close()
        if message is not None:
            check_fault(self._endpoint.url, message)


def _is_received(response: Response) -> bool:
    """Whether it says that the message is there, and no more."""
    return not response.body and HTTPStatus.OK <= response.status < HTTPStatus.MULTIPLE_CHOICES


def _stop(task: asyncio.Task[None], pieces: Pieces) -> None:
    """Also where the task has not begun yet."""
    task.cancel()
    if isinstance(pieces, Inflow):
        pieces.close()


@lru_cache(256)
def _name(action: str) -> str:
    """What the operation is called. Programs call a handful of actions again and again."""
    return f"call {action}"


_PLAIN = (("Content-Type", ENVELOPE_TYPE),)
