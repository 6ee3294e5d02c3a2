"""Proxies: an object with an interface's methods, each of which is a call over a channel."""

from __future__ import annotations

import logging
from collections.abc import Callable, Coroutine
from functools import cache
from typing import Any, Protocol, TypeVar, cast

from openwmi.base.error import WbemError
from openwmi.base.fault import RemoteProtocolError
from openwmi.base.guid import Guid
from openwmi.base.record import printable
from openwmi.base.status import SEVERITY
from openwmi.dcom.caller import causality
from openwmi.dcom.dispatch import ErrorInformation
from openwmi.interfaces import Call, Interface
from openwmi.ndr import NdrReader, NdrWriter, codec
from openwmi.orpc import ERROR_EXTENSION, ComVersion, ErrorInfo, OrpcThat, OrpcThis

log = logging.getLogger("openwmi.dcom")

I = TypeVar("I", bound=Interface)  # noqa: E741 - the type of an interface

_THIS = codec(OrpcThis)
_THAT = codec(OrpcThat)
_NOTHING = OrpcThat()


class Requester(Protocol):
    """What carries a call; a Channel does."""

    version: ComVersion

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
            _THIS.encode(writer, OrpcThis.of(causality(), self._channel.version))
        call.encode_request(writer, arguments)
        reader = NdrReader(await self._channel.request(interface.iid, call.opnum, bytes(writer), self._ipid))
        that = _THAT.decode(reader) if interface.orpc else _NOTHING
        reply = call.decode_reply(reader, arguments)
        hresult = call.hresult(reply)
        if hresult & SEVERITY:
            raise _failure(hresult, that, call)
        return reply

    return method


def _failure(hresult: int, that: OrpcThat, call: Call) -> WbemError:
    """With what the server says of it, if it says something that can be understood."""
    octets = that.extension(ERROR_EXTENSION)
    if octets is None:
        return WbemError(hresult, operation=str(call))
    try:
        info = ErrorInfo.decode(octets)
    except RemoteProtocolError as error:
        log.debug("%s: its error information makes no sense: %s", call, printable(error))
        return WbemError(hresult, operation=str(call))
    made = WbemError(hresult, printable(info.description) if info and info.description else "", operation=str(call))
    made.__cause__ = ErrorInformation(octets)
    return made
