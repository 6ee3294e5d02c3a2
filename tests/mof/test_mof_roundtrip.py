"""What is written is read back as it was: classes and instances of any shape; and any text is MOF or a MofError."""

from __future__ import annotations

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from openwmi.base.case import fold
from openwmi.base.error import WbemError
from openwmi.base.status import WbemStatus
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
from openwmi.mof import MofError, format, parse, resolve  # noqa: A004

TAKEN = {"cimtype", "embeddedinstance", "embeddedobject", "in", "out", "id", "max", "void", "ref", "enum", "typedef"}
TAKEN |= {"enumeration", *[cim.keyword for cim in CimType]}
names = st.from_regex(r"[A-Za-z_é][A-Za-z_0-9é]{0,6}", fullmatch=True).filter(lambda name: fold(name) not in TAKEN)
class_names = names.map(lambda name: "X" + name)
text = st.text(st.characters(exclude_characters="\0", exclude_categories=["Cs"]), max_size=12)
reals = st.floats(allow_nan=False, allow_infinity=False)


def whole(low: int, high: int) -> st.SearchStrategy[object]:
    return st.integers(low, high)


VALUES: dict[CimType, st.SearchStrategy[object]] = {
    CimType.SINT8: whole(-(2**7), 2**7 - 1),
    CimType.UINT8: whole(0, 2**8 - 1),
    CimType.SINT16: whole(-(2**15), 2**15 - 1),
    CimType.UINT16: whole(0, 2**16 - 1),
    CimType.SINT32: whole(-(2**31), 2**31 - 1),
    CimType.UINT32: whole(0, 2**32 - 1),
    CimType.SINT64: whole(-(2**63), 2**63 - 1),
    CimType.UINT64: whole(0, 2**64 - 1),
    CimType.REAL32: st.floats(allow_nan=False, allow_infinity=False, width=32),
    CimType.REAL64: reals,
    CimType.BOOLEAN: st.booleans(),
    CimType.STRING: text,
    CimType.CHAR16: st.integers(0, 0xFFFF).map(chr),
    CimType.REFERENCE: text,
    CimType.DATETIME: st.sampled_from(
        [CimDateTime.parse("20240131120000.000000+060"), CimInterval.parse("00000001000000.000000:000")]
    ),
}
QUALIFIER_TYPES = (CimType.STRING, CimType.BOOLEAN, CimType.SINT32, CimType.REAL64)
flavors = st.sampled_from([Flavor(bits) for bits in range(256) if not bits & ~0x93])


@st.composite
def typed(draw: st.DrawFn, types: tuple[CimType, ...] = tuple(VALUES)) -> tuple[Type, object]:
    cim = draw(st.sampled_from(types))
    array = draw(st.booleans())
    named = draw(class_names) if cim is CimType.REFERENCE and draw(st.booleans()) else None
    value = st.lists(VALUES[cim], max_size=3).map(tuple) if array else VALUES[cim]
    return Type(cim, array, named), draw(st.none() | value)


@st.composite
def qualifiers(draw: st.DrawFn) -> Qualifiers:
    found = []
    for name in draw(st.lists(names, max_size=3, unique_by=fold)):
        type_, value = draw(typed(QUALIFIER_TYPES))
        if not value and value is not False and type_.cim is not CimType.STRING:
            type_, value = Type(CimType.BOOLEAN), True  # what an empty array or NULL is of cannot be read from it
        if value is None:
            type_ = Type(CimType.STRING)
        found.append(Qualifier(name, value, type_, draw(flavors)))
    return qualifier_set(*found)


@st.composite
def properties(draw: st.DrawFn) -> tuple[Property, ...]:
    found = []
    for name in draw(st.lists(names, max_size=4, unique_by=fold)):
        type_, default = draw(typed())
        found.append(Property(name, type_, type_.check(default), draw(qualifiers())))
    return tuple(found)


@st.composite
def methods(draw: st.DrawFn) -> Method:
    parameters = []
    used = draw(st.lists(names, max_size=3, unique_by=fold))
    places = draw(st.permutations(range(len(used))))
    for name, place in zip(used, places, strict=True):
        type_, default = draw(typed())
        way = draw(st.sampled_from([(True, False), (False, True), (True, True)]))
        at = place * draw(st.integers(1, 2))
        parameters.append(Parameter(name, type_, draw(qualifiers()), *way, at, type_.check(default)))
    if len({each.id for each in parameters}) < len(parameters):
        parameters = parameters[:1]
    returns = draw(st.none() | st.sampled_from([Type(CimType.UINT32), Type(CimType.OBJECT, class_name="XMade")]))
    return Method("M" + draw(names), tuple(parameters), returns, draw(qualifiers()))


@st.composite
def classes(draw: st.DrawFn) -> CimClass:
    members = draw(properties())
    # Members share one name space.
    found = {fold(each.name) for each in members}
    made = draw(st.lists(methods(), max_size=2, unique_by=lambda method: fold(method.name)))
    kept = tuple([each for each in made if fold(each.name) not in found])
    return CimClass(draw(class_names), properties=members, methods=kept, qualifiers=draw(qualifiers()))


def again(what: CimClass | CimInstance, *known: CimClass, superclass: CimClass | None = None) -> object:
    before = {fold(each.name): each for each in known}
    found = resolve(parse(format(what, superclass)), lambda _, name: before.get(fold(name)), "root")
    return (*found.classes, *found.instances)[0]


@given(classes())
@settings(max_examples=60, deadline=None)
def test_a_class(class_: CimClass) -> None:
    found = again(class_)
    assert isinstance(found, CimClass)
    assert (found.name, found.properties, found.methods) == (class_.name, class_.properties, class_.methods)
    assert found.qualifiers == class_.qualifiers


@given(classes(), classes())
@settings(max_examples=40, deadline=None)
def test_a_derived_class(base: CimClass, own: CimClass) -> None:
    parent = CimClass(
        "Parent", properties=base.properties, methods=base.methods, qualifiers=base.qualifiers, namespace="root"
    )
    try:
        class_ = parent.derive(own.name, own.properties, own.methods, own.qualifiers)
    except WbemError:
        return  # two that do not fit
    taken = {fold(each.name) for each in class_.properties} & {fold(each.name) for each in class_.methods}
    if taken:
        return
    assert again(class_, parent, superclass=parent) == class_


@given(classes(), st.data())
@settings(max_examples=60, deadline=None)
def test_an_instance(class_: CimClass, data: st.DataObject) -> None:
    row = []
    for each in class_.properties:
        value = VALUES[each.type.cim]
        kind = st.lists(value, max_size=3).map(tuple) if each.type.array else value
        row.append(each.type.check(data.draw(st.none() | kind)))
    instance = CimInstance(class_, tuple(row), data.draw(qualifiers()))
    found = again(instance, class_)
    assert isinstance(found, CimInstance)
    assert found.values_ == instance.values_
    assert found.own_qualifiers_ == instance.own_qualifiers_


WORDS = (
    "class instance of Qualifier as ref void string uint8 object X Y $a $ { } [ ] ( ) , ; : = #pragma #include include "
    'namespace deleteclass \'a\' "a" "\\q" 1 0x 1.5 08 -1 TRUE NULL ToInstance Scope Flavor // /* */ key in out " \''
).split(" ")


@given(st.lists(st.sampled_from(WORDS), max_size=30).map(" ".join) | st.text(max_size=40))
@settings(max_examples=200, deadline=None)
def test_any_text_is_mof_or_a_fault_with_a_place(text: str) -> None:
    try:
        resolve(parse(text), lambda *_: None)
    except MofError as error:
        assert 1 <= error.line <= text.count("\n") + 1
        assert 1 <= error.column <= len(text) + 1


def test_every_beginning_of_a_text_is_mof_or_a_fault() -> None:
    text = (
        '[A("x")] class B : C { [D : ToInstance] uint8 E[2] = {1}; void F([in] string G); }; instance of B as $h { };'
    )
    for length in range(len(text)):
        try:
            parse(text[:length])
        except MofError as error:
            assert error.column <= length + 1
        else:
            assert text[:length].rstrip().endswith("};") or not text[:length]


def test_what_mof_cannot_say() -> None:
    with pytest.raises(WbemError) as caught:
        format(CimClass("A", properties=(Property("P", Type(CimType.REAL64), float("inf")),)))
    assert caught.value.status is WbemStatus.NOT_SUPPORTED
    with pytest.raises(WbemError) as caught:
        format(CimClass("A", methods=(Method("M", (), Type(CimType.UINT8, True)),)))
    assert caught.value.status is WbemStatus.NOT_SUPPORTED
