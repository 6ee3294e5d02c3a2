"""A service on a device of our own, and a request as it sees it.

    class Files(Service):
        def __init__(self) -> None:
            super().__init__("files", types=(FILE_SERVICE,), actions={GET_LIST: self.get_list})

        async def get_list(self, call: Call) -> Part:
            return FileList(…)

An answer may come later, and from any thread: the handler says `call.later()`, and somebody calls `call.respond`.
"""

from __future__ import annotations

import asyncio
import threading
from collections.abc import Awaitable, Callable, Collection, Mapping, Sequence
from dataclasses import dataclass
from types import MappingProxyType
from typing import Any, Final, Protocol

from openwmi.base.error import WbemError
from openwmi.base.fault import LocalProtocolError
from openwmi.base.status import WbemStatus
from openwmi.net.listener import Address
from openwmi.operation import Operation
from openwmi.soap import Message, Part, QName, Section, SoapFault, endpoint_unavailable
from openwmi.wsd.attachments import NONE, Attachments, Outbound


@dataclass(frozen=True, slots=True)
class Answer:
    """What a request is answered with: a body, or a fault; `action` empty is that of the request with `Response`."""

    body: Part | bytes | None = None
    action: str = ""
    attachments: tuple[Outbound, ...] = ()
    fault: SoapFault | None = None


class Call:
    """One request.

    Attributes:
        action: what it wants.
        message: its headers, and the element in its body.
        attachments: what came beside it.
        peer: who sent it; local: at which of our addresses.
        principal: who has logged in, where clients have to; scheme: by which scheme he did, in lower case.
        certificate: that of the client, in DER; empty where it has shown none.
        dropped: whether an answer came when nobody waited for it any more.
    """

    __slots__ = (
        "_answer",
        "_answered",
        "_late",
        "_loop",
        "_thread",
        "action",
        "attachments",
        "certificate",
        "dropped",
        "local",
        "message",
        "peer",
        "principal",
        "scheme",
    )

    def __init__(
        self,
        message: Message,
        peer: Address,
        local: Address,
        attachments: Attachments = NONE,
        *,
        principal: str = "",
        scheme: str = "",
        certificate: bytes = b"",
    ) -> None:
        self._loop = asyncio.get_running_loop()
        self._answer: asyncio.Future[Answer | None] = self._loop.create_future()
        self._thread = threading.get_ident()
        self._answered = self._late = False
        self.action = message.headers.action
        self.message = message
        self.attachments = attachments
        self.peer = peer
        self.local = local
        self.principal = principal
        self.scheme = scheme
        self.certificate = certificate
        self.dropped = False

    def later(self) -> None:
        """The handler returns without an answer, and one comes all the same."""
        self._late = True

    def respond(
        self, body: Part | bytes | None, *, action: str | None = None, attachments: Sequence[Outbound] = ()
    ) -> None:
        """Answers, now or later, on any thread.

        Args:
            body: the element in the body, or that as octets; None is an answer with an empty body.
            action: what the answer is; None is the request's action with `Response`.
            attachments: what travels beside it.

        LocalProtocolError where there was an answer. To a client that went away meanwhile it is `dropped`.
        """
        self._give(Answer(body, action or "", tuple(attachments)))

    def fault(self, fault: SoapFault | None = None) -> None:
        """The same with a fault; None says that the service cannot answer just now (wsa:EndpointUnavailable)."""
        self._give(Answer(fault=fault or endpoint_unavailable(self.message.profile)))

    async def answer(self, handler: Handler) -> Answer | None:
        """What the handler answers, whenever that comes; None for nothing at all. Raises what it raises."""
        made = handler(self)
        body = await made if isinstance(made, Awaitable) else made
        if body is not None and not self._answered:
            self.respond(body)
        elif not self._answered and not self._late:
            return None
        return await self._answer

    def _give(self, answer: Answer) -> None:
        with _GUARD:
            if self._answered:
                raise LocalProtocolError(f"a second answer to {self.action}")
            self._answered = True
        if threading.get_ident() == self._thread:
            self._settle(answer)
            return
        try:
            self._loop.call_soon_threadsafe(self._settle, answer)
        except RuntimeError:  # the loop has ended, and with it whoever asked
            self.dropped = True

    def _settle(self, answer: Answer) -> None:
        if self._answer.done():
            self.dropped = True
        else:
            self._answer.set_result(answer)


Handler = Callable[[Call], Awaitable[Part | bytes | None] | Part | bytes | None]
"""Answers a request: returns the body; or None, and there is no answer (it was a one-way message), unless it has said
that one comes later. It may raise Faulted, too."""

NO_ACTIONS: Final[Mapping[str, Handler]] = MappingProxyType({})


class Source(Protocol):
    """What sends events to those who have subscribed: see `openwmi.wsd.eventing.source`."""

    handlers: Mapping[str, Handler]

    def signal(self, action: str, body: Part | bytes | None, /) -> Operation[None]:
        """Sends one."""
        ...


class Service:
    """A service: from handlers, or as the base of a class.

    Args:
        service_id: what it is called on its device, an absolute URI by DPWS; any text that is unique.
        types: its port types.
        actions: what answers which action.
        events: the actions of the events that it sends to those who subscribe (WS-Eventing).
        sections: further metadata of its own, such as its WSDL.

    Attributes:
        source: what sends its events, once it is on a device.
    """

    def __init__(
        self,
        service_id: str,
        *,
        types: Sequence[QName] = (),
        actions: Mapping[str, Handler] = NO_ACTIONS,
        events: Collection[str] = (),
        sections: Sequence[Section] = (),
    ) -> None:
        self.service_id = service_id
        self.types = tuple(types)
        self.actions = actions
        self.events = tuple(events)
        self.sections = tuple(sections)
        self.source: Source | None = None

    def signal(self, action: str, body: Any = None) -> Operation[None]:
        """Tells all who have subscribed to it that something has happened, and returns at once.

        The operation ends when each of them knows, or has lost its subscription: what becomes of one holds up no other,
        and is no failure. The events of one service come to each in order.

        Args:
            action: of the event, one of `events`. WbemError(INVALID_PARAMETER).
            body: the element in its body, or that as octets, complete in itself; None is an empty body.

        WbemError(INVALID_OPERATION) where the service is on no device, or sends no events.
        """
        if self.source is None:
            raise WbemError(WbemStatus.INVALID_OPERATION, f"{self.service_id} is on no device, or sends no events")
        return self.source.signal(action, body)

    def __repr__(self) -> str:
        return f"<{type(self).__name__} {self.service_id}>"


_GUARD: Final = threading.Lock()
