"""Values, classes and instances of any shape, for hypothesis: what can be sent, and comes back equal.

Strategies are kept: making and checking one anew for each draw takes longer than drawing.
"""

from __future__ import annotations

from datetime import UTC, datetime
from functools import cache
from typing import Any

from hypothesis import strategies as st

from openwmi.base.case import NameMap, fold
from openwmi.model import (
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
    qualifier_set,
)

TEXTS = st.text(st.characters(blacklist_characters="\0", blacklist_categories=()), max_size=12)
NAMES = st.sampled_from(
    "A b Cc D_1 eE Name name2 Straße Ж ЖЖ Ā key read write volatile provider dynamic cimwin32 DWORD CIMTYPE2".split()
)

VALUES: dict[CimType, st.SearchStrategy[Any]] = {
    CimType.SINT8: st.integers(-(2**7), 2**7 - 1),
    CimType.UINT8: st.integers(0, 2**8 - 1),
    CimType.SINT16: st.integers(-(2**15), 2**15 - 1),
    CimType.UINT16: st.integers(0, 2**16 - 1),
    CimType.SINT32: st.integers(-(2**31), 2**31 - 1),
    CimType.UINT32: st.integers(0, 2**32 - 1) | st.sampled_from([0, 2**32 - 1]),
    CimType.SINT64: st.integers(-(2**63), 2**63 - 1),
    CimType.UINT64: st.integers(0, 2**64 - 1),
    CimType.REAL32: st.floats(width=32, allow_nan=False),
    CimType.REAL64: st.floats(allow_nan=False),
    CimType.BOOLEAN: st.booleans(),
    CimType.STRING: TEXTS,
    CimType.REFERENCE: TEXTS,
    CimType.CHAR16: st.characters(max_codepoint=0xFFFF, blacklist_categories=()),
    CimType.DATETIME: st.datetimes(min_value=datetime(1, 1, 2), timezones=st.just(UTC)).map(CimDateTime.from_datetime)  # noqa: DTZ001
    | st.integers(0, 10**15).map(CimInterval)
    | st.just(CimDateTime.parse("20240131******.******+***")),
}


BOOLEANS = st.booleans()
FLAVORS = st.integers(0, 255)
DIRECTIONS = st.sampled_from([(True, False), (False, True), (True, True)])
NULL = st.none()
NULLABLE = (CimType.OBJECT, CimType.STRING, CimType.DATETIME, CimType.REFERENCE)


@cache
def types(*, objects: bool) -> st.SearchStrategy[Type]:
    cims = st.sampled_from([cim for cim in CimType if objects or cim is not CimType.OBJECT])
    return st.builds(_type, cims, BOOLEANS, NULL | NAMES)


def _type(cim: CimType, array: bool, name: str | None) -> Type:
    return Type(cim, array, name if cim in (CimType.OBJECT, CimType.REFERENCE) else None)


@cache
def values(type_: Type, depth: int) -> st.SearchStrategy[Any]:
    one = objects(depth - 1) if type_.cim is CimType.OBJECT else VALUES[type_.cim]
    if type_.array and type_.cim in NULLABLE:
        one = NULL | one  # an element that is a reference can be NULL
    return st.lists(one, max_size=3).map(tuple) if type_.array else one


@cache
def values_or_null(type_: Type, depth: int) -> st.SearchStrategy[Any]:
    return NULL | values(type_, depth)


@cache
def objects(depth: int) -> st.SearchStrategy[CimInstance | CimClass]:
    return instances(depth) | classes(depth, methods=False)


@cache
def names(most: int, least: int = 0) -> st.SearchStrategy[list[str]]:
    return st.lists(NAMES, min_size=least, max_size=most, unique_by=fold)


@cache
def one_of(chain: tuple[str, ...]) -> st.SearchStrategy[str]:
    return st.sampled_from(chain)


@st.composite
def _qualifiers(draw: st.DrawFn) -> Qualifiers:
    found = []
    for name in draw(names(2)):
        type_ = draw(_OF_QUALIFIERS)
        can_be_null = type_.array or type_.cim is CimType.STRING
        value = draw((values_or_null if can_be_null else values)(type_, 0))
        found.append(Qualifier(name, value, type_, Flavor(draw(FLAVORS))))
    return qualifier_set(*found)


_OF_QUALIFIERS = types(objects=False).filter(lambda type_: type_.class_name is None)
_QUALIFIERS = _qualifiers()


def qualifiers() -> st.SearchStrategy[Qualifiers]:
    return _QUALIFIERS


@cache
@st.composite
def _methods(draw: st.DrawFn, name: str, chain: tuple[str, ...]) -> Method:
    parameters = []
    for position, each in enumerate(draw(names(3))):
        is_in, is_out = draw(DIRECTIONS)
        type_ = draw(types(objects=True))
        default = draw(values_or_null(type_, 0)) if type_.cim is not CimType.OBJECT else None
        parameters.append(Parameter(each, type_, draw(_QUALIFIERS), is_in, is_out, position, default))
    returns = draw(_RETURNS)
    return Method(name, tuple(parameters), returns, draw(_QUALIFIERS), draw(one_of(chain)))


_RETURNS = NULL | types(objects=True)


@cache
@st.composite
def classes(draw: st.DrawFn, depth: int, *, methods: bool = True) -> CimClass:
    chain = tuple(draw(names(3, 1)))  # the topmost class first
    properties = []
    for name in draw(names(9)):
        type_ = draw(types(objects=depth > 0))
        default = draw(values_or_null(type_, depth)) if draw(BOOLEANS) else None
        properties.append(Property(name, type_, default, draw(_QUALIFIERS), draw(one_of(chain)), draw(BOOLEANS)))
    own = [draw(_methods(name, chain)) for name in draw(names(2 if methods else 0))]
    return CimClass(
        chain[-1],
        derivation=tuple(reversed(chain[:-1])),
        properties=tuple(properties),
        methods=tuple(own),
        qualifiers=draw(_QUALIFIERS),
        server=draw(_SERVERS),
        namespace=draw(_NAMESPACES),
    )


_SERVERS, _NAMESPACES = st.sampled_from(["", "SRV1", "сервер"]), st.sampled_from(["", r"root\cimv2"])


@cache
@st.composite
def instances(draw: st.DrawFn, depth: int) -> CimInstance:
    cls = draw(classes(depth, methods=False))
    row = tuple([draw(values_or_null(prop.type, depth)) for prop in cls.properties])
    if not draw(BOOLEANS):
        return CimInstance(cls, row)
    of_properties = [(name, draw(_QUALIFIERS)) for name in cls.names if draw(BOOLEANS)]
    return CimInstance(cls, row, draw(_QUALIFIERS), NameMap((name, each) for name, each in of_properties if each))
