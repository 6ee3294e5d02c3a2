"""A request's stub -> the call that its interface declares -> the reply's stub.

Nothing here knows which object is called, who calls, or what an interface is for.
"""

from __future__ import annotations

import logging
from collections.abc import Awaitable, Callable
from functools import cache

from openwmi import ndr
from openwmi.base.error import WbemError
from openwmi.base.fault import LocalProtocolError, RemoteProtocolError
from openwmi.base.record import log_bug
from openwmi.base.status import HResult, describe
from openwmi.dcom.caller import set_causality
from openwmi.interfaces import Call, Interface
from openwmi.ndr import NDR20, NdrReader, NdrWriter, Syntax, codec
from openwmi.orpc import ERROR_EXTENSION, OUR_VERSION, OrpcExtent, OrpcExtentArray, OrpcThat, OrpcThis
from openwmi.rpc import NDR, NDR64, FaultStatus, RequestReceived, check_trailer

log = logging.getLogger("openwmi.dcom")

_SYNTAXES = {NDR: NDR20, NDR64: ndr.NDR64}

Explain = Callable[[WbemError], bytes | None]
"""What there is to say of a failure besides its status: an OBJREF ([MS-DCOM] 2.2.21.1), or nothing."""

Before = Callable[[str], Awaitable[None]]
"""Is told of a call by its name, such as "Next", before it is carried out."""


class Fault(Exception):  # noqa: N818 - the protocol's word
    """The call fails below its interface. `executed` False: nothing of it was carried out."""

    def __init__(self, status: int, text: str, *, executed: bool = False) -> None:
        super().__init__(text)
        self.status = status
        self.executed = executed


class ErrorInformation(Exception):  # noqa: N818 - not raised by itself
    """The cause of a WbemError: what there is to say besides its status, as an OBJREF ([MS-DCOM] 2.2.21.1)."""

    def __init__(self, reference: bytes) -> None:
        super().__init__()
        self.reference = reference


async def dispatch(
    interface: type[Interface],
    target: Interface,
    request: RequestReceived,
    *,
    header_signing: bool,
    explain: Explain | None = None,
    before: Before | None = None,
) -> bytes:
    """Carries out one call of `target` and returns the stub of its reply. Raises Fault.

    A WbemError becomes the reply's HRESULT. Anything else that a method raises is a bug: it is logged, and the client
    is told no more than that. `explain` says what the client is sent of a failure besides its status. `before` is
    waited for first, and may fail the call as the method may.
    """
    call = interface.calls.get(request.opnum)
    if call is None:
        raise Fault(FaultStatus.OP_RANGE_ERROR, f"{interface.__name__} has no call {request.opnum}")
    said: bytes | None = None
    # Nearly all clients speak the first of the two, and to look it up takes longer than to see it.
    syntax = NDR20 if request.transfer is NDR else _SYNTAXES[request.transfer]
    arguments = _arguments(call, request, syntax, orpc=interface.orpc, header_signing=header_signing)
    try:
        if before is not None:
            await before(call.name)
        reply = await getattr(target, call.name)(*arguments)
    except WbemError as error:
        log.debug("%s: %s", call, describe(error.status))  # its text may hold a query or a path
        reply = _failed(call, int(error.status), arguments)
        if explain is not None:
            said = explain(error)
    except Exception as error:
        log_bug(log, f"{call} failed", error)
        raise Fault(HResult.RPC_E_SERVERFAULT, f"{call} failed", executed=True) from error
    writer = NdrWriter(syntax)
    if interface.orpc:
        _put_that(writer, said)
    call.encode_reply(writer, reply, arguments)
    return bytes(writer)


def _put_that(writer: NdrWriter, said: bytes | None) -> None:
    if said is None:  # of nearly all calls
        writer.octets(_nothing_to_say(writer.syntax))
        return
    that = OrpcThat(0, OrpcExtentArray.of([OrpcExtent.of(ERROR_EXTENSION, said)]))
    codec(OrpcThat, writer.syntax).encode(writer, that)


@cache
def _nothing_to_say(syntax: Syntax) -> bytes:
    return ndr.encode(OrpcThat, OrpcThat(), syntax)


def _arguments(
    call: Call, request: RequestReceived, syntax: Syntax, *, orpc: bool, header_signing: bool
) -> tuple[object, ...]:
    reader = NdrReader(request.stub, syntax=syntax)
    try:
        if orpc:
            this = codec(OrpcThis, syntax).decode(reader)
            if not OUR_VERSION.accepts(this.version):
                raise Fault(HResult.RPC_E_VERSION_MISMATCH, f"COM {this.version}, where {OUR_VERSION} is spoken")
            set_causality(this.cid)
        arguments = call.decode_request(reader)
    except RemoteProtocolError as error:
        raise Fault(FaultStatus.BAD_STUB_DATA, f"{call}: {error}") from error
    # What follows the parameters is a verification trailer, or what some clients send for no reason.
    try:
        if reader.remaining:
            check_trailer(request, reader.offset, header_signing=header_signing)
    except RemoteProtocolError as error:
        raise Fault(FaultStatus.ACCESS_DENIED, f"{call}: {error}") from error
    return arguments


def _failed(call: Call, status: int, arguments: tuple[object, ...]) -> object:
    try:
        return call.failure(status, arguments)
    except LocalProtocolError as error:  # the answer repeats a count of the request that cannot be right
        raise Fault(FaultStatus.BAD_STUB_DATA, f"{call}: {error}", executed=True) from error
