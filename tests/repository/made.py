"""Values, qualifiers and classes of any shape, for hypothesis."""

from __future__ import annotations

from hypothesis import strategies as st

from openwmi.base.case import fold
from openwmi.model import (
    CimClass,
    CimDateTime,
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
    qualifier_set,
)

names = st.from_regex(r"[A-Za-zé][A-Za-z_0-9é]{0,3}", fullmatch=True)
# A lead surrogate before a trail one is the same string to WMI as the character that both make.
texts = st.text(st.characters(exclude_characters="\0", exclude_categories=["Cs"]), max_size=8) | st.just("a\ud800")
INTEGERS = {
    CimType[f"{kind}{bits}"]: st.integers(-(1 << bits - 1), (1 << bits - 1) - 1)
    if kind == "SINT"
    else st.integers(0, (1 << bits) - 1)
    for kind in ("SINT", "UINT")
    for bits in (8, 16, 32, 64)
}
VALUES: dict[CimType, st.SearchStrategy[Value]] = {
    **INTEGERS,
    CimType.REAL32: st.floats(allow_nan=False, width=32),
    CimType.REAL64: st.floats(allow_nan=False),
    CimType.BOOLEAN: st.booleans(),
    CimType.STRING: texts,
    CimType.CHAR16: st.integers(0, 0xFFFF).map(chr),
    CimType.REFERENCE: texts,
    CimType.DATETIME: st.sampled_from(
        [
            CimDateTime.parse("20240131120000.000000+060"),
            CimDateTime.parse("2024**********.******+***"),
            CimInterval.parse("00000001000000.000000:000"),
        ]
    ),
}
QUALIFIER_TYPES = (CimType.STRING, CimType.BOOLEAN, CimType.SINT32, CimType.REAL64)
flavors = st.integers(0, 255).map(Flavor)


@st.composite
def typed(draw: st.DrawFn, types: tuple[CimType, ...] = tuple(VALUES)) -> tuple[Type, Value]:
    cim = draw(st.sampled_from(types))
    array = draw(st.booleans())
    named = draw(names) if cim is CimType.REFERENCE and draw(st.booleans()) else None
    values = st.lists(VALUES[cim], max_size=3).map(tuple) if array else VALUES[cim]
    return Type(cim, array, named), draw(st.none() | values)


@st.composite
def qualifier_sets(draw: st.DrawFn, taken: st.SearchStrategy[Flavor] = flavors) -> Qualifiers:
    found = []
    for name in draw(st.lists(names | st.sampled_from(["key", "Static"]), max_size=3, unique_by=fold)):
        type_, value = draw(typed(QUALIFIER_TYPES))
        found.append(Qualifier(name, value, type_, draw(taken)))
    return qualifier_set(*found)


@st.composite
def properties(draw: st.DrawFn, taken: st.SearchStrategy[Flavor] = flavors) -> Property:
    type_, default = draw(typed())
    return Property(draw(names), type_, default, draw(qualifier_sets(taken)))


@st.composite
def methods(draw: st.DrawFn, taken: st.SearchStrategy[Flavor] = flavors) -> Method:
    parameters = []
    for name in draw(st.lists(names, max_size=3, unique_by=fold)):
        type_, default = draw(typed())
        way = draw(st.sampled_from([(True, False), (False, True), (True, True)]))
        place = draw(st.integers(0, 9))
        parameters.append(Parameter(name, type_, draw(qualifier_sets(taken)), *way, place, default))
    returns = draw(st.none() | st.sampled_from([Type(CimType.UINT32), Type(CimType.OBJECT, class_name="X y")]))
    return Method(draw(names), tuple(parameters), returns, draw(qualifier_sets(taken)))


@st.composite
def classes(draw: st.DrawFn, taken: st.SearchStrategy[Flavor] = flavors) -> CimClass:
    """Base classes."""
    return CimClass(
        draw(names),
        properties=tuple(draw(st.lists(properties(taken), max_size=3, unique_by=lambda each: fold(each.name)))),
        methods=tuple(draw(st.lists(methods(taken), max_size=2, unique_by=lambda each: fold(each.name)))),
        qualifiers=draw(qualifier_sets(taken)),
        namespace=draw(st.sampled_from(["", "root\\cimv2"])),
        server=draw(st.sampled_from(["", "host"])),
    )
