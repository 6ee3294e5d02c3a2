"""Values, qualifiers, members and whole classes as JSON, and the rows of instances as records of octets.

A record is ASCII, so that any string of a value survives in it. A list takes the place of each object of the model, and
leaves out what stands at its end and is as usual. An embedded object brings its whole class with it, as the class need
not be in the repository. Who keeps the records, and which class a row is of, is not known here.

Every reader takes whatever octets it is given: CRITICAL_ERROR is all that comes of a damaged record.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Iterable, Sequence
from functools import lru_cache
from itertools import repeat
from typing import Any, Final, TypeAlias

from openwmi.base.case import NameMap
from openwmi.base.error import WbemError
from openwmi.base.fault import LocalProtocolError
from openwmi.base.status import WbemStatus
from openwmi.model import (
    INTEGER_RANGES,
    CimClass,
    CimDateTime,
    CimInstance,
    CimInterval,
    CimType,
    Flavor,
    Method,
    Parameter,
    Property,
    Qualifier,
    Qualifiers,
    Type,
    Value,
    parse_datetime,
    qualifier_set,
)

Plain: TypeAlias = Any
"""What JSON has: None, bool, int, float, str, and lists of these. NaN and infinity are as Python's json has them."""

NO_QUALIFIERS: Final = qualifier_set()

PropertyQualifiers: TypeAlias = NameMap[Qualifiers]
"""The qualifiers that an instance has on its properties, by their names."""

Decoded: TypeAlias = tuple[tuple[Value, ...], Qualifiers, PropertyQualifiers | None]
"""What a row holds."""


class RowCodec:
    """The rows of one class. A row that was written under another list of properties is damaged to this one."""

    def __init__(self, class_: CimClass) -> None:
        types = [member.type for member in class_.properties]
        self._name = class_.name
        self._count = len(types)
        self._readers = tuple([(_reader(type_), type_) for type_ in types])
        self._columns = tuple([_column(type_) for type_ in types])

    def encode(
        self,
        values: Sequence[Value],
        own_qualifiers: Qualifiers = NO_QUALIFIERS,
        own_property_qualifiers: PropertyQualifiers | None = None,
    ) -> bytes:
        """The record of a row whose values fit the class (`CimClass.row` checks them), in the order of its properties.

        Errors: QUOTA_VIOLATION for objects that nest beyond reason.
        """
        row = values if isinstance(values, tuple) else [values[at] for at in range(len(values))]
        if len(row) != self._count:
            raise LocalProtocolError(f"{self._name} has {self._count} properties, and the row has {len(row)} values")
        return dumps([*row, *_plain_own(own_qualifiers, own_property_qualifiers)])

    def decode(self, data: bytes) -> Decoded:
        """The values, the qualifiers that the instance alone has, and those that it has on its properties, if any."""
        try:
            row = loads(data)
            count = self._count
            if type(row) is not list or not count <= len(row) <= count + 2:
                raise ValueError(f"no row of {count} values")
            values = tuple([read(type_, each) for (read, type_), each in zip(self._readers, row, strict=False)])
            return values, *_own(row[count:])
        except UNREADABLE as error:
            raise damaged(f"an instance of {self._name}", error) from None

    def decode_many(self, records: Sequence[bytes]) -> list[Decoded]:
        """What `decode` gives for each; column by column, which is many times as fast."""
        try:
            # A line feed keeps what one record lacks at its end from being found at the beginning of the next.
            rows = loads(b"[" + b"\n,".join(records) + b"]")
            if self._count and len(rows) == len(records) and set(map(type, rows)) == {list}:
                columns = list(zip(*rows, strict=True))
                if len(columns) == self._count:
                    read = [read(column) for read, column in zip(self._columns, columns, strict=True)]
                    return list(zip(zip(*read, strict=True), repeat(NO_QUALIFIERS), repeat(None)))
        except UNREADABLE:
            pass  # one by one it is found which is damaged
        return [self.decode(record) for record in records]


# -------------------------------------------------------------------------------------------------------------- values


def plain(value: Value) -> Plain:
    """A value as JSON has it; `value` makes it of that again."""
    if type(value) is tuple:
        return [plain(element) for element in value]
    return value if value is None or isinstance(value, bool | int | float | str) else _object(value)


def value(type_: Type, plain: Plain) -> Value:
    """The value of this type that `plain` made that of. CRITICAL_ERROR if it never did."""
    try:
        return _reader(type_)(type_, plain)
    except UNREADABLE as error:
        raise damaged(f"a value of type {type_}", error) from None


def dumps(plain: Plain) -> bytes:
    """The record of this, in which values of the model may stand as they are. QUOTA_VIOLATION if it nests too deep."""
    try:
        return _ENCODER.encode(plain).encode("ascii")
    except RecursionError:
        raise WbemError(WbemStatus.QUOTA_VIOLATION, "objects nest too deep within objects to be stored") from None


def loads(data: bytes) -> Plain:
    """Raises what UNREADABLE has."""
    return json.loads(str(data, "ascii"))


UNREADABLE: Final = (ValueError, TypeError, LookupError, AttributeError, RecursionError, WbemError)
"""What reading a damaged record may raise, before `damaged` makes one thing of it."""


def damaged(what: str, why: BaseException) -> WbemError:
    """CRITICAL_ERROR: the stored record of `what` is not what was once written."""
    if isinstance(why, WbemError):
        reason = why.message
    else:
        reason = "it nests too deep" if isinstance(why, RecursionError) else f"{type(why).__name__}: {why}"
    shown = reason if len(reason) <= _REASON_CHARS else f"{reason[:_REASON_CHARS]}…"
    return WbemError(WbemStatus.CRITICAL_ERROR, f"the stored record of {what} is damaged ({shown})")


_REASON_CHARS = 200


def _object(value: Value) -> Plain:
    """What the encoder asks about what JSON has not."""
    if isinstance(value, CimDateTime | CimInterval):
        return str(value)
    if isinstance(value, CimInstance):
        own = _plain_own(value.own_qualifiers_, value.own_property_qualifiers_)
        return [plain_class(value.class_), plain(value.values_), *own]
    if isinstance(value, CimClass):
        return [plain_class(value)]
    raise LocalProtocolError(f"a {type(value).__name__} is no value of the model")


_ENCODER = json.JSONEncoder(separators=(",", ":"), check_circular=False, default=_object)

_Read: TypeAlias = Callable[[Type, Plain], Value]


def _reader(type_: Type) -> _Read:
    return _read_array if type_.array else _READERS[type_.cim]


def _read_array(type_: Type, plain: Plain) -> Value:
    if plain is None:
        return None
    read = _READERS[type_.cim]
    return tuple([read(type_, element) for element in _list(plain)])


def _exactly(kind: type) -> _Read:
    """For types all of whose values JSON has, and nothing but those."""

    def read(type_: Type, plain: Plain) -> Value:
        if type(plain) is kind or plain is None:
            return plain
        raise TypeError(f"no {type_}")

    return read


def _checked(kind: type) -> _Read:
    """The same with a range to be checked."""

    def read(type_: Type, plain: Plain) -> Value:
        if plain is None:
            return None
        if type(plain) is not kind:
            raise TypeError(f"no {type_}")
        return (Type(type_.cim) if type_.array else type_).check(plain)

    return read


def _read_datetime(_: Type, plain: Plain) -> Value:
    return None if plain is None else parse_datetime(_text(plain))


def _read_object(_: Type, plain: Plain) -> Value:
    if plain is None:
        return None
    class_, *rest = _list(plain)
    found = whole_class(class_)
    if not rest:
        return found
    row, *own = rest
    values = tuple(
        [_reader(member.type)(member.type, each) for member, each in zip(found.properties, _list(row), strict=True)]
    )
    return CimInstance(found, values, *_own(own))


_READERS: Final[dict[CimType, _Read]] = {
    **dict.fromkeys(INTEGER_RANGES, _checked(int)),
    CimType.REAL32: _checked(float),
    CimType.REAL64: _exactly(float),
    CimType.BOOLEAN: _exactly(bool),
    CimType.STRING: _exactly(str),
    CimType.REFERENCE: _exactly(str),
    CimType.CHAR16: _checked(str),
    CimType.DATETIME: _read_datetime,
    CimType.OBJECT: _read_object,
}

_Column: TypeAlias = Callable[[Sequence[Plain]], Iterable[Value]]
_KINDS: Final = {CimType.REAL64: float, CimType.BOOLEAN: bool, CimType.STRING: str, CimType.REFERENCE: str}


def _column(type_: Type) -> _Column:
    """What reads the values of one property in many rows at once."""
    if not type_.array and type_.cim in INTEGER_RANGES:
        return _integers(*INTEGER_RANGES[type_.cim])
    if not type_.array and type_.cim in _KINDS:
        return _as_they_are(_KINDS[type_.cim])
    read = _reader(type_)
    if not type_.array and type_.cim is CimType.DATETIME:
        # Many instances share a time: when the machine was started, or nothing was installed yet.
        return lambda column: list(map(dict(_times(set(column))).__getitem__, column))
    return lambda column: [read(type_, each) for each in column]


def _times(texts: Iterable[Plain]) -> Iterable[tuple[Plain, Value]]:
    return [(text, None if text is None else parse_datetime(_text(text))) for text in texts]


def _as_they_are(kind: type) -> _Column:
    allowed = {kind, type(None)}

    def read(column: Sequence[Plain]) -> Sequence[Value]:
        if set(map(type, column)) <= allowed:
            return column
        raise TypeError

    return read


def _integers(low: int, high: int) -> _Column:
    def read(column: Sequence[Plain]) -> Sequence[Value]:
        kinds = set(map(type, column))
        given = [each for each in column if each is not None] if type(None) in kinds else column
        if kinds <= {int, type(None)} and (not given or (low <= min(given) and max(given) <= high)):
            return column
        raise TypeError

    return read


# -------------------------------------------------------------------------------------------------- parts of a class


def plain_qualifiers(qualifiers: Qualifiers) -> Plain:
    """What `qualifiers` reads."""
    return [
        [each.name, each.value, _plain_type(each.type), int(each.flavor), *([name] if name != each.name else [])]
        for name, each in qualifiers.items()
    ]


def qualifiers(plain: Plain) -> Qualifiers:
    """Raises what UNREADABLE has, as all that follow do."""
    return NameMap([_qualifier(*each) for each in plain]) if _list(plain) else NO_QUALIFIERS


def _plain_own(own: Qualifiers, of_properties: PropertyQualifiers | None) -> list[Plain]:
    """What stands behind the values of an instance; usually nothing."""
    if of_properties:
        return [plain_qualifiers(own), [[name, plain_qualifiers(each)] for name, each in of_properties.items()]]
    return [plain_qualifiers(own)] if own else []


def _own(plain: list[Plain]) -> tuple[Qualifiers, PropertyQualifiers | None]:
    """Of what `_plain_own` made."""
    if not plain:
        return NO_QUALIFIERS, None
    if len(plain) == 1:
        return qualifiers(plain[0]), None
    own, of_properties = plain
    return qualifiers(own), NameMap([(_text(name), qualifiers(each)) for name, each in _list(of_properties)])


def plain_property(member: Property) -> Plain:
    """What `property_` reads."""
    return _cut(
        [
            member.name,
            _plain_type(member.type),
            plain_qualifiers(member.qualifiers),
            member.default,
            member.origin,
            int(member.inherited_default),
        ],
        _PROPERTY_REST,
    )


def property_(plain: Plain) -> Property:
    """A property."""
    name, type_, own, default, origin, inherited = _filled(plain, 2, _PROPERTY_REST)
    found = _type(_text(type_))
    read = _reader(found)(found, default)
    return Property(_text(name), found, read, qualifiers(own), _text(origin), _whole(inherited) != 0)


def plain_method(method: Method) -> Plain:
    """What `method` reads."""
    returns = None if method.returns is None else _plain_type(method.returns)
    parameters = [_plain_parameter(each) for each in method.parameters]
    return _cut([method.name, returns, parameters, plain_qualifiers(method.qualifiers), method.origin], _METHOD_REST)


def method(plain: Plain) -> Method:
    """A method."""
    name, returns, parameters, own, origin = _filled(plain, 3, _METHOD_REST)
    found = None if returns is None else _type(_text(returns))
    return Method(_text(name), tuple(map(_parameter, _list(parameters))), found, qualifiers(own), _text(origin))


def plain_class(class_: CimClass) -> Plain:
    """What `whole_class` reads."""
    return [
        class_.name,
        class_.superclass,
        class_.derivation,
        [plain_property(each) for each in class_.properties],
        [plain_method(each) for each in class_.methods],
        plain_qualifiers(class_.qualifiers),
        class_.namespace,
        class_.server,
        class_.projected,
        class_.lost_keys,
    ]


def whole_class(plain: Plain) -> CimClass:
    """A class with all that it inherits."""
    name, superclass, derivation, properties, methods, own, namespace, server, projected, lost_keys = _list(plain)
    return CimClass(
        _text(name),
        None if superclass is None else _text(superclass),
        tuple(map(_text, _list(derivation))),
        tuple(map(property_, _list(properties))),
        tuple(map(method, _list(methods))),
        qualifiers(own),
        _text(namespace),
        _text(server),
        projected is True,
        lost_keys is True,
    )


# The usual values of what stands last: left out where all that follows is as usual, too.
_PROPERTY_REST: Final[list[Plain]] = [[], None, "", 0]
_METHOD_REST: Final[list[Plain]] = [[], ""]
_PARAMETER_REST: Final[list[Plain]] = [[], None]

_IN, _OUT = 1, 2
_flavor = lru_cache(256)(Flavor)


def _plain_type(type_: Type) -> str:
    """As MOF has it, but with the class last, since any name may stand there: `ref[]:CIM_Disk`."""
    array = "[]" if type_.array else ""
    named = "" if type_.class_name is None else f":{type_.class_name}"
    return f"{_KEYWORDS[type_.cim]}{array}{named}"


_KEYWORDS: Final = {cim: cim.keyword for cim in CimType}
_OF_KEYWORD: Final = {cim.keyword: cim for cim in CimType}


@lru_cache(1024)
def _type(text: str) -> Type:
    kind, colon, class_name = text.partition(":")
    array = kind.endswith("[]")
    return Type(_OF_KEYWORD[kind[:-2] if array else kind], array, class_name if colon else None)


def _qualifier(name: Plain, value: Plain, type_: Plain, flavor: Plain, spelling: Plain = None) -> tuple[str, Qualifier]:
    short = type(value) is bool or (type(value) is str and len(value) <= _KEPT_CHARS)
    made = (_known_qualifier if short else _made_qualifier)(name, value, type_, flavor)
    return made.name if spelling is None else _text(spelling), made


def _made_qualifier(name: Plain, value: Plain, type_: Plain, flavor: Plain) -> Qualifier:
    found = _type(_text(type_))
    bits = _whole(flavor)
    return Qualifier(_text(name), _reader(found)(found, value), found, _flavor(bits))


# Classes share most of theirs, all but what describes something.
_KEPT_CHARS: Final = 40
_known_qualifier = lru_cache(4096)(_made_qualifier)


def _plain_parameter(parameter: Parameter) -> Plain:
    ways = _IN * parameter.is_in | _OUT * parameter.is_out
    head = [parameter.name, _plain_type(parameter.type), ways, parameter.id]
    return _cut([*head, plain_qualifiers(parameter.qualifiers), parameter.default], _PARAMETER_REST)


def _parameter(plain: Plain) -> Parameter:
    name, type_, ways, place, own, default = _filled(plain, 4, _PARAMETER_REST)
    found, both = _type(_text(type_)), _whole(ways)
    read = _reader(found)(found, default)
    return Parameter(_text(name), found, qualifiers(own), bool(both & _IN), bool(both & _OUT), _whole(place), read)


def _cut(full: list[Plain], usual: list[Plain]) -> list[Plain]:
    """Without what stands last and is as usual. `is` and types count: FALSE and 0 are different values."""
    for rest in reversed(usual):
        last = full[-1]
        if last is not rest and (type(last) is not type(rest) or last != rest):
            break
        full.pop()
    return full


def _filled(plain: Plain, needed: int, usual: list[Plain]) -> list[Plain]:
    given = _list(plain)
    if len(given) < needed:
        raise ValueError(f"{len(given)} of {needed} fields")
    return given + usual[len(given) - needed :] if len(given) < needed + len(usual) else given


def _list(plain: Plain) -> list[Plain]:
    if type(plain) is list:
        return plain
    raise TypeError("no list")


def _text(plain: Plain) -> str:
    if type(plain) is str:
        return plain
    raise TypeError("no text")


def _whole(plain: Plain) -> int:
    if type(plain) is int:
        return plain
    raise TypeError("no number")
