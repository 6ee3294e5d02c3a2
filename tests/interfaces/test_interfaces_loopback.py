"""One declaration gives both ends: every call, with any values, through a generic proxy and a generic dispatch."""

from __future__ import annotations

from contextlib import suppress
from typing import Any, NamedTuple, Protocol
from uuid import UUID

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

import openwmi.interfaces
from openwmi.base.error import NotFound, WbemError
from openwmi.base.fault import LocalProtocolError, RemoteProtocolError
from openwmi.base.status import WbemStatus
from openwmi.interfaces import (
    Call,
    CallResultReply,
    CloneReply,
    EnumReply,
    IEnumWbemClassObject,
    Interface,
    IRemUnknown2,
    IWbemServices,
    IWbemWCOSmartEnum,
    NextReply,
    RemQueryInterface2Reply,
    SmartNextReply,
)
from openwmi.ndr import HRESULT, NDR20, NDR64, Cell, NdrReader, NdrWriter, Syntax

INTERFACES = [
    kind
    for kind in vars(openwmi.interfaces).values()
    if isinstance(kind, type) and issubclass(kind, Interface) and kind is not Interface
]
CALLS = [call for kind in INTERFACES for call in kind.calls.values() if str(call).startswith(f"{kind.__name__}.")]
BOTH = pytest.mark.parametrize("syntax", [NDR20, NDR64], ids=["ndr20", "ndr64"])
EVERY = pytest.mark.parametrize("call", CALLS, ids=str)


class Values(Protocol):
    def __call__(self, hints: Any, known: Any) -> st.SearchStrategy[dict[str, Any]]: ...


class Ends(Protocol):
    def __call__(self, interface: Any, target: Any, syntax: Syntax = NDR20) -> Any: ...


def draw_request(data: st.DataObject, values: Values, call: Call) -> dict[str, Any]:
    return data.draw(values(call.request_hints, {}))


def draw_reply(data: st.DataObject, values: Values, call: Call, arguments: dict[str, Any]) -> Any:
    drawn = data.draw(values(call.reply_hints, arguments))
    for name in drawn.keys() & arguments.keys():  # a cell goes back where a cell came in, and nowhere else
        if isinstance(arguments[name], Cell) and drawn[name] is None:
            drawn[name] = Cell(None)
        elif arguments[name] is None and isinstance(drawn[name], Cell):
            drawn[name] = None
    return drawn["hresult"] if len(drawn) == 1 else type(call.failure(0, list(arguments.values())))(**drawn)


def encoded(call: Call, syntax: Syntax, arguments: dict[str, Any], reply: Any = None) -> bytes:
    """The stub of a request, or of a reply to it."""
    writer = NdrWriter(syntax)
    if reply is None:
        call.encode_request(writer, list(arguments.values()))
    else:
        call.encode_reply(writer, reply, list(arguments.values()))
    return bytes(writer)


@EVERY
@BOTH
@settings(max_examples=15)
@given(data=st.data())
def test_any_values_come_back(call: Call, syntax: Syntax, values: Values, data: st.DataObject) -> None:
    arguments = draw_request(data, values, call)
    given_values = tuple(arguments.values())
    stub = encoded(call, syntax, arguments)
    reader = NdrReader(stub + b"\xbf" * 12, syntax=syntax)  # what some clients append is left for the caller
    assert call.decode_request(reader) == given_values
    assert reader.offset == len(stub)

    reply = draw_reply(data, values, call, arguments)
    stub = encoded(call, syntax, arguments, reply)
    reader = NdrReader(stub, syntax=syntax)
    assert call.decode_reply(reader, given_values) == reply
    reader.expect_end()
    assert stub.endswith(int(call.hresult(reply)).to_bytes(4, "little"))  # whatever it is, the HRESULT is last


@EVERY
@settings(max_examples=5)
@given(data=st.data())
def test_truncated_or_changed_octets_are_refused(call: Call, values: Values, data: st.DataObject) -> None:
    arguments = draw_request(data, values, call)
    reply = draw_reply(data, values, call, arguments)
    request_stub, reply_stub = encoded(call, NDR20, arguments), encoded(call, NDR20, arguments, reply)
    for size in range(len(request_stub)):
        with pytest.raises(RemoteProtocolError):
            call.decode_request(NdrReader(request_stub[:size]))
    for size in range(len(reply_stub)):
        with pytest.raises(RemoteProtocolError):
            call.decode_reply(NdrReader(reply_stub[:size]), tuple(arguments.values()))
    for stub, decode in ((request_stub, call.decode_request), (reply_stub, call.decode_reply)):
        if stub:
            changed = bytearray(stub)
            changed[data.draw(st.integers(0, len(stub) - 1))] ^= 1 << data.draw(st.integers(0, 7))
            with suppress(RemoteProtocolError):
                decode(NdrReader(bytes(changed)))


@EVERY
@BOTH
@settings(max_examples=5)
@given(data=st.data())
def test_a_failure_can_always_be_answered(call: Call, syntax: Syntax, values: Values, data: st.DataObject) -> None:
    arguments = draw_request(data, values, call)
    reply = call.failure(WbemStatus.NOT_FOUND, list(arguments.values()))
    stub = encoded(call, syntax, arguments, reply)
    assert call.decode_reply(NdrReader(stub, syntax=syntax), tuple(arguments.values())) == reply
    assert call.hresult(reply) == WbemStatus.NOT_FOUND


class Enumerator(IEnumWbemClassObject):
    """Three objects, the second of which is lost."""

    async def Reset(self) -> HRESULT:
        return 0

    async def Next(self, lTimeout: int, uCount: int) -> NextReply:
        assert (lTimeout, uCount) == (-1, 10)
        return NextReply((b"one", None, b"three"), 3, WbemStatus.FALSE)

    async def NextAsync(self, uCount: int, pSink: bytes | None) -> HRESULT:
        raise WbemError(WbemStatus.NOT_SUPPORTED)

    async def Clone(self) -> CloneReply:
        return CloneReply(b"clone")

    async def Skip(self, lTimeout: int, nCount: int) -> HRESULT:
        return WbemStatus.TIMEDOUT


@BOTH
async def test_a_success_that_means_something_is_in_the_reply(joined: Ends, syntax: Syntax) -> None:
    enum = joined(IEnumWbemClassObject, Enumerator(), syntax)
    assert await enum.Next(-1, uCount=10) == NextReply((b"one", None, b"three"), 3, WbemStatus.FALSE)
    assert await enum.Skip(0, 1) == WbemStatus.TIMEDOUT
    assert (await enum.Clone()).ppEnum == b"clone"
    assert await enum.Reset() == 0


async def test_a_failure_is_raised_at_the_other_end(joined: Ends) -> None:
    enum = joined(IEnumWbemClassObject, Enumerator())
    with pytest.raises(WbemError, match=r"WBEM_E_NOT_SUPPORTED.*IEnumWbemClassObject\.NextAsync"):
        await enum.NextAsync(1, b"sink")


def implementation(kind: type[Interface], **methods: Any) -> Any:
    """An object that has some of the calls, and cannot do the others."""

    async def nothing(self: object, *arguments: object) -> None:
        raise WbemError(WbemStatus.NOT_SUPPORTED)

    names = {call.name: nothing for call in kind.calls.values()}
    return type("Partial", (kind,), {**names, **methods})()


async def test_cells_come_back_where_they_were_given(joined: Ends) -> None:
    seen: list[object] = []

    async def put(self: object, pObject: bytes, lFlags: int, pCtx: object, ppCallResult: object) -> CallResultReply:
        seen.append(ppCallResult)
        return CallResultReply(Cell(b"result") if lFlags else None)

    services = joined(IWbemServices, implementation(IWbemServices, PutClass=put))
    assert (await services.PutClass(b"class", 16, None, Cell(None))).ppCallResult == Cell(b"result")
    assert (await services.PutClass(b"class", 0, None, Cell(None))).ppCallResult == Cell(
        None
    )  # filled in for the method
    assert (await services.PutClass(b"class", 0, None, None)).ppCallResult is None
    with pytest.raises(LocalProtocolError, match="did not ask for ppCallResult"):
        await services.PutClass(b"class", 16, None, None)
    assert seen == [Cell(None), Cell(None), None, None]
    with pytest.raises(NotFound):
        services = joined(IWbemServices, implementation(IWbemServices, PutClass=not_found))
        await services.PutClass(b"class", 0, None, Cell(None))


async def not_found(self: object, *arguments: object) -> None:
    raise WbemError(WbemStatus.NOT_FOUND)


async def test_the_maximum_count_of_next_is_what_was_asked_for() -> None:
    call = IEnumWbemClassObject.calls[4]
    writer = NdrWriter()
    call.encode_reply(writer, NextReply((b"x",), 1), (-1, 10))
    assert bytes(writer) == bytes.fromhex(
        "0a000000 00000000 01000000 00000200 01000000 01000000 78 000000 01000000 00000000"
    )
    with pytest.raises(LocalProtocolError):  # more than the caller has room for
        call.encode_reply(NdrWriter(), NextReply((b"x", b"y"), 2), (-1, 1))


async def test_arrays_are_as_long_as_was_asked_for() -> None:
    call = IRemUnknown2.calls[6]
    iids = (UUID(int=1), UUID(int=2))
    writer = NdrWriter()
    call.encode_reply(writer, RemQueryInterface2Reply((0, 1), (b"a", None)), (UUID(int=9), 2, iids))
    reply = call.decode_reply(NdrReader(bytes(writer)), (UUID(int=9), 2, iids))
    assert reply.ppMIF == (b"a", None)
    with pytest.raises(RemoteProtocolError):
        call.decode_reply(NdrReader(bytes(writer)), (UUID(int=9), 1, iids[:1]))
    assert call.decode_reply(NdrReader(bytes(writer))) == reply  # nobody says how long


def test_a_smart_enumerator_has_nothing_left() -> None:
    call = IWbemWCOSmartEnum.calls[3]
    writer = NdrWriter()
    call.encode_reply(writer, SmartNextReply(0, 0, None, WbemStatus.FALSE), (UUID(int=0), -1, 10))
    assert bytes(writer) == bytes.fromhex("00000000 00000000 00000000 01000000")


class TestQuirksOfOtherClients:
    """Octets that peers send, and that a strict reader would refuse."""

    def test_zeros_behind_each_null_cell(self) -> None:
        """impacket writes four more octets after each NULL pointer in a cell: the second cell is then read as NULL."""
        call = IWbemServices.calls[6]
        stub = bytes.fromhex(
            "17270000 02000000 04000000 02000000 41000000 00000000 00000000"
            "00df0000 00000000 00000000 00740000 00000000 00000000"
        )
        reader = NdrReader(stub)
        assert call.decode_request(reader) == ("A", 0, None, Cell(None), None)
        assert reader.remaining == 12

    def test_the_enumerator_behind_a_request_without_parameters(self) -> None:
        reader = NdrReader(bytes(16))
        assert openwmi.interfaces.IWbemFetchSmartEnum.calls[3].decode_request(reader) == ()
        assert reader.remaining == 16


class WrongReply(NamedTuple):
    ppEnum: bytes
    hresult: int = 0


@pytest.mark.parametrize(
    ("opnum", "reply"),
    [
        (20, WrongReply(b"")),
        (20, 0),
        (20, None),
        (20, EnumReply("text")),  # type: ignore[arg-type]  # the wrong value is the point
        (20, EnumReply(None, -1)),
        (4, EnumReply(None)),
        (4, None),
        (4, 2**32),
    ],
)
def test_replies_that_do_not_fit(opnum: int, reply: Any) -> None:
    call = IWbemServices.calls[opnum]
    arguments = [None, None, 0, None] if opnum == 20 else [None]
    with pytest.raises(LocalProtocolError):
        call.encode_reply(NdrWriter(), reply, arguments)


@pytest.mark.parametrize("arguments", [[], [None] * 5, ["WQL", "q", "flags", None], ["WQL", "q", 2**31, None]])
def test_requests_that_do_not_fit(arguments: list[Any]) -> None:
    with pytest.raises(LocalProtocolError):
        IWbemServices.calls[20].encode_request(NdrWriter(), arguments)
