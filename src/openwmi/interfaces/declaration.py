"""How an interface is declared, once, and what comes of it: the codecs of its calls, generic over all of them.

An interface is an abstract class; a call is a coroutine method with its opnum and annotated parameters. The request is
the parameters, the reply is what the method returns: HRESULT alone, or a NamedTuple of the out parameters whose last
field is `hresult`. So every reply ends in the HRESULT, as on the wire, and a success that carries meaning (S_FALSE,
WBEM_S_TIMEDOUT) is part of it; a failure is raised by the method as WbemError and made a reply of zeros by `failure`.

Nothing here knows of channels, objects and headers: for an ORPC interface the ORPCTHIS and ORPCTHAT stand before what
is encoded here, in the same stream.
"""

from __future__ import annotations

from abc import ABC
from collections.abc import Callable, Iterable, Mapping, Sequence
from functools import cached_property
from inspect import Parameter, iscoroutinefunction, signature
from types import FunctionType, MappingProxyType
from typing import Any, ClassVar, TypeVar, get_type_hints

from openwmi.base import guid
from openwmi.base.fault import LocalProtocolError
from openwmi.ndr import HRESULT, NDR20, Cell, NdrReader, NdrWriter, Parameters, Syntax

F = TypeVar("F", bound=Callable[..., Any])

_OPNUM = "__opnum__"
_PACKED = "__packed__"


def call(opnum: int, *, packed: bytes = b"") -> Callable[[F], F]:
    """Declares the method below as the call with this number.

    `packed`: what a request begins with that has octets of another kind instead of its parameters. They are then the
    last argument, as bytes, and the others are None.
    """

    def declare(function: F) -> F:
        setattr(function, _OPNUM, opnum)
        setattr(function, _PACKED, packed)
        setattr(function, "__isabstractmethod__", True)  # noqa: B010 - a function has no such attribute for a type checker
        return function

    return declare


class Interface(ABC):
    """Base of all interfaces. `class IX(Interface, iid="…")` declares one; a subclass without `iid` implements it.

    Attributes:
        iid: its identifier.
        orpc: ORPCTHIS and ORPCTHAT stand before its requests and replies ([MS-DCOM] 2.2.13); else it is plain RPC.
        version: of the interface, in a presentation context; 0.0 for all of DCOM.
        calls: by opnum, inherited ones included. Opnums that are not used on the wire are not in it.
    """

    __slots__ = ()

    iid: ClassVar[guid.Guid]
    orpc: ClassVar[bool] = False
    version: ClassVar[tuple[int, int]] = (0, 0)
    calls: ClassVar[Mapping[int, Call]] = MappingProxyType({})
    _unused: ClassVar[frozenset[int]] = frozenset()

    def __init_subclass__(
        cls, *, iid: str | None = None, version: tuple[int, int] = (0, 0), unused: Iterable[int] = (), **kwargs: Any
    ) -> None:
        """Collects the calls. `unused`: opnums that the declaration leaves out.

        Raises TypeError for a declaration that is wrong, the forms on the wire of all parameters included.
        """
        super().__init_subclass__(**kwargs)
        declared = [value for value in vars(cls).values() if isinstance(value, FunctionType) and hasattr(value, _OPNUM)]
        if iid is None:
            if declared or unused:
                raise TypeError(f"{cls.__name__}: calls are declared by an interface, which has an iid")
            return
        cls.iid, cls.version = guid.parse(iid), version
        cls._unused = cls._unused | frozenset(unused)
        calls = dict(cls.calls)
        for function in declared:
            made = Call(cls.__name__, function)
            if made.opnum in calls:
                raise TypeError(f"{made}: {calls[made.opnum]} has opnum {made.opnum} already")
            made.compile()
            calls[made.opnum] = made
        numbers = calls.keys() | cls._unused
        if numbers != set(range(len(numbers))) or calls.keys() & cls._unused:
            raise TypeError(f"{cls.__name__}: opnums are {sorted(calls)} and {sorted(cls._unused)}, with gaps or twice")
        cls.calls = MappingProxyType(dict(sorted(calls.items())))


class Call:
    """One declared call.

    Attributes:
        opnum: its number.
        name: of the method.
        parameters: names of the in and in-out parameters, in order.
    """

    def __init__(self, interface: str, function: FunctionType) -> None:
        self.opnum: int = getattr(function, _OPNUM)
        self.name = function.__name__
        self._packed: bytes = getattr(function, _PACKED)
        self._interface = interface
        self._function = function
        self._codecs: dict[Syntax, tuple[Parameters, Parameters]] = {}
        if not iscoroutinefunction(function):
            raise TypeError(f"{self}: a call is a coroutine function")
        _, *declared = signature(function).parameters.values()
        for parameter in declared:
            plain = parameter.kind is Parameter.POSITIONAL_OR_KEYWORD and parameter.default is Parameter.empty
            if not plain or parameter.annotation is Parameter.empty:
                raise TypeError(f"{self}: {parameter.name} is to have a hint, no default and no star")
        if "return" not in function.__annotations__:
            raise TypeError(f"{self}: what it returns is missing")
        self.parameters = tuple(parameter.name for parameter in declared)

    def compile(self) -> None:
        """Makes the codecs now. TypeError that says what has no form on the wire."""
        try:
            self._codec(NDR20)
        except NameError as error:
            raise TypeError(f"{self}: {error}: a hint has to be there before the interface") from error

    def __repr__(self) -> str:
        return f"{self._interface}.{self.name}"

    @property
    def results(self) -> tuple[str, ...]:
        """Names of the out and in-out parameters, in order, without the HRESULT."""
        return tuple(self.reply_hints)[:-1]

    @cached_property
    def request_hints(self) -> Mapping[str, object]:
        """The hint of each parameter. TypeError if a name in them does not exist."""
        hints = self._hints
        return {name: hints[name] for name in self.parameters}

    @cached_property
    def reply_hints(self) -> Mapping[str, object]:
        """The hint of each out parameter, and of `hresult`, which is last."""
        if self._reply_type is None:
            return {"hresult": HRESULT}
        hints = get_type_hints(self._reply_type, include_extras=True)
        if not hints or list(hints)[-1] != "hresult" or hints["hresult"] != HRESULT:
            raise TypeError(f"{self}: the last field of {self._reply_type.__name__} is not hresult: HRESULT")
        return hints

    def encode_request(self, writer: NdrWriter, arguments: Sequence[Any]) -> None:
        """Appends the in parameters. LocalProtocolError if they do not fit the declaration."""
        if len(arguments) != len(self.parameters):
            raise LocalProtocolError(f"{self} takes {len(self.parameters)} arguments, not {len(arguments)}")
        if self._packed and isinstance(arguments[-1], bytes):
            writer.octets(arguments[-1])
            return
        self._codec(writer.syntax)[0].encode(writer, arguments, {})

    def decode_request(self, reader: NdrReader) -> tuple[Any, ...]:
        """The in parameters; the reader stands behind the last. RemoteProtocolError.

        What is left over is for the caller: a verification trailer, and what some clients send for no reason.
        """
        if self._packed and reader.data[reader.offset : reader.offset + len(self._packed)] == self._packed:
            return (*(None,) * (len(self.parameters) - 1), bytes(reader.rest()))
        return tuple(self._codec(reader.syntax)[0].decode(reader, None))

    def encode_reply(self, writer: NdrWriter, reply: Any, arguments: Sequence[Any]) -> None:
        """Appends the out parameters and the HRESULT. LocalProtocolError if they do not fit the declaration.

        `arguments` are those of the request: replies repeat some of their counts, and have a cell where they have one.
        """
        given: Mapping[str, Any] = {} if self._reply_type is None else self._named(arguments)
        if self._reply_type is None:
            values: Sequence[Any] = (reply,)
        elif isinstance(reply, self._reply_type):
            values = [self._in_cell(name, value, given) for name, value in zip(self.reply_hints, reply, strict=True)]
        else:
            raise LocalProtocolError(f"{self} returns {self._reply_type.__name__}, not {type(reply).__name__}")
        self._codec(writer.syntax)[1].encode(writer, values, given)

    def decode_reply(self, reader: NdrReader, arguments: Sequence[Any] | None = None) -> Any:
        """What the method returns, whether it succeeded or not. RemoteProtocolError.

        With the `arguments` of the request, arrays are checked to be as long as was asked for.
        """
        if self._reply_type is None:
            return self._codec(reader.syntax)[1].decode(reader, None)[0]
        given = None if arguments is None else self._named(arguments)
        return self._reply_type(*self._codec(reader.syntax)[1].decode(reader, given))

    def failure(self, hresult: int, arguments: Sequence[Any]) -> Any:
        """The reply of a call that failed: pointers NULL, numbers 0, what came in as it came, and the HRESULT."""
        *values, _ = self._codec(NDR20)[1].zero(self._named(arguments))
        return hresult if self._reply_type is None else self._reply_type(*values, hresult)

    def hresult(self, reply: Any) -> int:
        """The HRESULT in a reply, unsigned."""
        return int(reply if self._reply_type is None else reply.hresult)

    @cached_property
    def _hints(self) -> Mapping[str, object]:
        return get_type_hints(self._function, include_extras=True)

    @cached_property
    def _reply_type(self) -> type[Any] | None:
        """The NamedTuple that the method returns; None if it returns the HRESULT alone."""
        hint = self._hints["return"]
        if hint == HRESULT:
            return None
        if not (isinstance(hint, type) and issubclass(hint, tuple) and hasattr(hint, "_fields")):
            raise TypeError(f"{self} returns {hint}, which is neither HRESULT nor a NamedTuple")
        return hint

    def _codec(self, syntax: Syntax) -> tuple[Parameters, Parameters]:
        """The request's and the reply's. TypeError if a hint has no form on the wire."""
        made = self._codecs.get(syntax)
        if made is None:
            request, reply = self.request_hints, self.reply_hints
            made = self._codecs[syntax] = (
                Parameters(f"{self} request", request, {}, syntax),
                Parameters(f"{self} reply", reply, request, syntax),
            )
        return made

    def _in_cell(self, name: str, value: Any, given: Mapping[str, Any]) -> Any:
        """A result as it goes out: where the caller gave a cell there is one, and where it gave NULL there is none."""
        if isinstance(value, Cell) and given.get(name) is None:
            raise LocalProtocolError(f"{self}: the caller did not ask for {name}")
        return Cell(None) if value is None and isinstance(given.get(name), Cell) else value

    def _named(self, arguments: Sequence[Any]) -> Mapping[str, Any]:
        return dict(zip(self.parameters, arguments, strict=True))
