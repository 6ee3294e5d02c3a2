"""Proxies: an object with an interface's methods, each of which is a call over a channel."""

from __future__ import annotations

import uuid
from collections.abc import Callable, Coroutine
from functools import cache
from typing import Any, Protocol, TypeVar, cast

from openwmi.base.error import WbemError
from openwmi.base.guid import Guid
from openwmi.base.status import SEVERITY
from openwmi.interfaces import Call, Interface
from openwmi.ndr import NdrReader, NdrWriter, codec
from openwmi.orpc import OrpcThat, OrpcThis

I = TypeVar("I", bound=Interface)  # noqa: E741 - the type of an interface

_THIS = codec(OrpcThis)
_THAT = codec(OrpcThat)


class Requester(Protocol):
    """What carries a call; a Channel does."""

    async def request(self, interface: Guid, opnum: int, stub: bytes, target: Guid | None, /) -> bytes: ...


def proxy(interface: type[I], channel: Requester, ipid: Guid | None = None) -> I:
    """The object behind `ipid`, or the service of that interface.

    Its methods take the in parameters and return what the declaration says. A failure is raised as WbemError; a success
    that carries meaning (S_FALSE, WBEM_S_TIMEDOUT) is in the reply. RemoteProtocolError for a reply that is none.
    """
    made = _proxy_class(interface)()
    made.__dict__["_channel"] = channel
    made.__dict__["_ipid"] = ipid
    return cast(I, made)


@cache
def _proxy_class(interface: type[Interface]) -> type[Interface]:
    methods = {call.name: _method(interface, call) for call in interface.calls.values()}
    return type(f"{interface.__name__}Proxy", (interface,), methods)


def _method(interface: type[Interface], call: Call) -> Callable[..., Coroutine[Any, Any, Any]]:
    async def method(self: Any, *arguments: Any) -> Any:
        writer = NdrWriter()
        if interface.orpc:
            _THIS.encode(writer, OrpcThis.of(uuid.uuid4()))
        call.encode_request(writer, arguments)
        reader = NdrReader(await self._channel.request(interface.iid, call.opnum, bytes(writer), self._ipid))
        if interface.orpc:
            _THAT.decode(reader)
        reply = call.decode_reply(reader, arguments)
        hresult = call.hresult(reply)
        if hresult & SEVERITY:
            raise WbemError(hresult, operation=str(call))
        return reply

    return method
