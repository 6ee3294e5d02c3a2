"""What the tests of declarations share: values for any declared call, and both ends of a call joined in memory.

The proxy and the dispatch here are the generic pair that a runtime needs, without its channels, headers and objects.
"""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Iterator, Mapping
from dataclasses import fields, is_dataclass
from types import NoneType
from typing import Annotated, Any, Protocol, TypeVar, get_args, get_origin, get_type_hints

import pytest
from hypothesis import strategies as st

from openwmi.base.error import WbemError
from openwmi.interfaces import Call, Interface
from openwmi.ndr import NDR20, Cell, Fixed, LengthIs, NdrReader, NdrWriter, SizeIs, Syntax
from openwmi.ndr.types import Mark, Scalar

I = TypeVar("I", bound=Interface)  # noqa: E741 - the type of an interface
Channel = Callable[[int, bytes], Awaitable[bytes]]

TEXTS = st.text(st.characters(exclude_characters="\0"), max_size=5)
OF_MARK: dict[Mark, st.SearchStrategy[Any]] = {
    Mark.GUID: st.uuids(allow_nil=True),
    Mark.ENUM: st.integers(0, 2**15 - 1),
    Mark.WIDE_STRING: TEXTS,
    Mark.STRING: st.text(st.characters(max_codepoint=255, exclude_characters="\0"), max_size=5),
    Mark.BSTR: st.none() | TEXTS,
    Mark.INTERFACE: st.binary(max_size=9),
}


class Values(Protocol):
    """Draws the values of hints; `known` are those beside them, whose numbers they have to agree with."""

    def __call__(self, hints: Mapping[str, object], known: Mapping[str, Any]) -> st.SearchStrategy[dict[str, Any]]: ...


@pytest.fixture(scope="session")
def values() -> Values:
    return record


@st.composite
def record(draw: st.DrawFn, hints: Mapping[str, object], known: Mapping[str, Any]) -> dict[str, Any]:
    """Counts first, small and in agreement, then everything else."""
    made: dict[str, Any] = {}
    for size, length in (pair for hint in hints.values() for pair in counts(hint)):
        for name in (size, length):
            if isinstance(name, str) and name not in known and name not in made:
                limit = {**known, **made}.get(str(size), 3) if name == length else 3
                made[name] = draw(st.integers(0, min(limit, 3)))
    scope = {**known, **made}
    return {name: made[name] if name in made else draw(of(hint, scope)) for name, hint in hints.items()}


def counts(hint: object) -> Iterator[tuple[object, object]]:
    """What the arrays in a hint take their size and their length from. Structures have counts of their own."""
    if get_origin(hint) is Annotated:
        marks = get_args(hint)[1:]
        sizes = [mark.size for mark in marks if isinstance(mark, SizeIs)]
        lengths = [mark.length for mark in marks if isinstance(mark, LengthIs)]
        if sizes or lengths:
            yield next(iter(sizes), None), next(iter(lengths), None)
    for inner in get_args(hint):
        yield from counts(inner)


def of(hint: Any, scope: Mapping[str, Any]) -> st.SearchStrategy[Any]:
    """The values of one hint."""
    if isinstance(hint, type) and is_dataclass(hint):
        hints = get_type_hints(hint, include_extras=True)
        own = {field.name: hints[field.name] for field in fields(hint)}
        return record(own, {}).map(lambda made: hint(**made))
    if get_origin(hint) is Cell:
        return of(get_args(hint)[0], scope).map(Cell)
    base, *marks = get_args(hint)
    mark = marks[-1]
    if isinstance(mark, Scalar):
        bits = 8 * {"b": 1, "B": 1, "h": 2, "H": 2, "i": 4, "I": 4, "q": 8, "Q": 8}[mark.letter]
        return (
            st.integers(0, 2**bits - 1)
            if mark.letter.isupper()
            else st.integers(-(2 ** (bits - 1)), 2 ** (bits - 1) - 1)
        )
    if mark in {Mark.UNIQUE, Mark.FULL}:
        (pointee,) = (inner for inner in get_args(base) if inner is not NoneType)
        return st.none() | of(pointee, scope)
    if isinstance(mark, Fixed | SizeIs | LengthIs):
        return array(base, marks, scope)
    return OF_MARK[mark]


def array(base: Any, marks: list[Any], scope: Mapping[str, Any]) -> st.SearchStrategy[Any]:
    *_, size = [mark for mark in marks if isinstance(mark, Fixed | SizeIs)]
    lengths = [mark.length for mark in marks if isinstance(mark, LengthIs)]
    source = lengths[0] if lengths else size.count if isinstance(size, Fixed) else size.size
    count = scope[source] if isinstance(source, str) else source
    if isinstance(size, SizeIs) and not lengths:
        count = size.rounded(count)
    if base is bytes:
        return st.binary(min_size=count, max_size=count)
    return st.lists(of(get_args(base)[0], scope), min_size=count, max_size=count).map(tuple)


class Ends(Protocol):
    """An implementation -> a proxy of it, whose every call crosses the wire's octets."""

    def __call__(self, interface: type[I], target: I, syntax: Syntax = NDR20) -> I: ...


@pytest.fixture(scope="session")
def joined() -> Ends:
    def join(interface: type[I], target: I, syntax: Syntax = NDR20) -> I:
        async def channel(opnum: int, stub: bytes) -> bytes:
            return await dispatch(interface, target, opnum, stub, syntax)

        return proxy(interface, channel, syntax)

    return join


def proxy(interface: type[I], channel: Channel, syntax: Syntax) -> I:
    """An object with the interface's methods, each of which encodes, sends, decodes, and raises what failed."""

    def method(call: Call) -> Callable[..., Awaitable[Any]]:
        async def method(self: object, *arguments: Any, **named: Any) -> Any:
            arguments += tuple(named[name] for name in call.parameters[len(arguments) :])
            writer = NdrWriter(syntax)
            call.encode_request(writer, arguments)
            reader = NdrReader(await channel(call.opnum, bytes(writer)), syntax=syntax)
            reply = call.decode_reply(reader, arguments)
            reader.expect_end()
            if call.hresult(reply) & 0x80000000:
                raise WbemError(call.hresult(reply), operation=str(call))
            return reply

        return method

    methods = {call.name: method(call) for call in interface.calls.values()}
    made: I = type(f"{interface.__name__}Proxy", (interface,), methods)()
    return made


async def dispatch(interface: type[I], target: I, opnum: int, stub: bytes, syntax: Syntax) -> bytes:
    """Decodes, calls, encodes; a WbemError becomes a reply of zeros with its status."""
    call = interface.calls[opnum]
    arguments = call.decode_request(NdrReader(stub, syntax=syntax))
    try:
        reply = await getattr(target, call.name)(*arguments)
    except WbemError as error:
        reply = call.failure(int(error.status), arguments)
    writer = NdrWriter(syntax)
    call.encode_reply(writer, reply, arguments)
    return bytes(writer)
