"""Values, classes and instances of any shape, for hypothesis: what can be sent, and comes back equal."""

from __future__ import annotations

from datetime import UTC, datetime
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


def types(*, objects: bool) -> st.SearchStrategy[Type]:
    cims = st.sampled_from([cim for cim in CimType if objects or cim is not CimType.OBJECT])
    return st.builds(_type, cims, st.booleans(), st.none() | NAMES)


def _type(cim: CimType, array: bool, name: str | None) -> Type:
    return Type(cim, array, name if cim in (CimType.OBJECT, CimType.REFERENCE) else None)


def values(type_: Type, depth: int) -> st.SearchStrategy[Any]:
    one = objects(depth - 1) if type_.cim is CimType.OBJECT else VALUES[type_.cim]
    if type_.array and type_.cim in (CimType.OBJECT, CimType.STRING, CimType.DATETIME, CimType.REFERENCE):
        one = st.none() | one  # an element that is a reference can be NULL
    return st.lists(one, max_size=3).map(tuple) if type_.array else one


def objects(depth: int) -> st.SearchStrategy[CimInstance | CimClass]:
    return instances(depth) | classes(depth, methods=False)


@st.composite
def qualifiers(draw: st.DrawFn) -> Qualifiers:
    found = []
    for name in draw(st.lists(NAMES, max_size=2, unique_by=fold)):
        type_ = draw(types(objects=False).filter(lambda type_: type_.class_name is None))
        nothing = st.none() if type_.array or type_.cim is CimType.STRING else st.nothing()
        found.append(Qualifier(name, draw(values(type_, 0) | nothing), type_, Flavor(draw(st.integers(0, 255)))))
    return qualifier_set(*found)


@st.composite
def methods(draw: st.DrawFn, name: str, chain: list[str]) -> Method:
    names = draw(st.lists(NAMES, max_size=3, unique_by=fold))
    parameters = []
    for position, each in enumerate(names):
        is_in, is_out = draw(st.sampled_from([(True, False), (False, True), (True, True)]))
        type_ = draw(types(objects=True))
        default = draw(st.none() | values(type_, 0)) if type_.cim is not CimType.OBJECT else None
        parameters.append(Parameter(each, type_, draw(qualifiers()), is_in, is_out, position, default))
    returns = draw(st.none() | types(objects=True))
    return Method(name, tuple(parameters), returns, draw(qualifiers()), draw(st.sampled_from(chain)))


@st.composite
def classes(draw: st.DrawFn, depth: int, *, methods: bool = True) -> CimClass:
    chain = draw(st.lists(NAMES, min_size=1, max_size=3, unique_by=fold))  # the topmost class first
    properties = []
    for name in draw(st.lists(NAMES, max_size=9, unique_by=fold)):
        type_ = draw(types(objects=depth > 0))
        default = draw(st.none() | values(type_, depth)) if draw(st.booleans()) else None
        properties.append(
            Property(name, type_, default, draw(qualifiers()), draw(st.sampled_from(chain)), draw(st.booleans()))
        )
    own = [draw(_methods(name, chain)) for name in draw(st.lists(NAMES, max_size=2 if methods else 0, unique_by=fold))]
    return CimClass(
        chain[-1],
        derivation=tuple(reversed(chain[:-1])),
        properties=tuple(properties),
        methods=tuple(own),
        qualifiers=draw(qualifiers()),
        server=draw(st.sampled_from(["", "SRV1", "сервер"])),
        namespace=draw(st.sampled_from(["", r"root\cimv2"])),
    )


_methods = methods


@st.composite
def instances(draw: st.DrawFn, depth: int) -> CimInstance:
    cls = draw(classes(depth, methods=False))
    row = tuple(draw(st.none() | values(prop.type, depth)) for prop in cls.properties)
    if not draw(st.booleans()):
        return CimInstance(cls, row)
    of_properties = [(name, draw(qualifiers())) for name in cls.names if draw(st.booleans())]
    return CimInstance(cls, row, draw(qualifiers()), NameMap((name, each) for name, each in of_properties if each))
