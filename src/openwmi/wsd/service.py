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
from collections.abc import Awaitable, Callable, Mapping, Sequence
from dataclasses import dataclass
from types import MappingProxyType
from typing import Final

from openwmi.base.fault import LocalProtocolError
from openwmi.net.listener import Address
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


class Service:
    """A service: from handlers, or as the base of a class.

    Args:
        service_id: what it is called on its device, an absolute URI by DPWS; any text that is unique.
        types: its port types.
        actions: what answers which action.
        sections: further metadata of its own, such as its WSDL.
    """

    def __init__(
        self,
        service_id: str,
        *,
        types: Sequence[QName] = (),
        actions: Mapping[str, Handler] = NO_ACTIONS,
        sections: Sequence[Section] = (),
    ) -> None:
        self.service_id = service_id
        self.types = tuple(types)
        self.actions = actions
        self.sections = tuple(sections)

    def __repr__(self) -> str:
        return f"<{type(self).__name__} {self.service_id}>"


_GUARD: Final = threading.Lock()
