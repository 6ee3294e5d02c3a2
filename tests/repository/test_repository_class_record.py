"""A record holds what a class declares itself, and with its superclass gives the same class again."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace

import pytest
from hypothesis import given
from hypothesis import strategies as st
from tests.mof.test_mof_corpus import dmtf
from tests.repository.made import classes, flavors, typed

from openwmi.base.error import WbemError
from openwmi.base.status import WbemStatus
from openwmi.model import (
    CimClass,
    CimInstance,
    CimType,
    Flavor,
    Method,
    Parameter,
    Property,
    Qualifier,
    Qualifiers,
    Type,
    Value,
    is_set,
    qualifier_set,
)
from openwmi.repository import class_record
from openwmi.wmio import decode_object, encode_object

UINT8, STRING, OBJECT = Type(CimType.UINT8), Type(CimType.STRING), Type(CimType.OBJECT)
DOWN = Flavor.PROPAGATE_TO_DERIVED_CLASS
EVERYWHERE = DOWN | Flavor.PROPAGATE_TO_INSTANCE


def text(name: str, value: str, flavor: Flavor = DOWN) -> Qualifiers:
    return qualifier_set(Qualifier(name, value, STRING, flavor))


def again(class_: CimClass, parent: CimClass | None) -> CimClass:
    return class_record.decode(class_record.encode(class_, parent), parent, class_.namespace, class_.server)


def same(found: CimClass, class_: CimClass) -> None:
    """Equal, and in what `==` does not look at: the spelling of the qualifiers' names, and their order."""
    assert found == class_
    for one, other in zip(found.properties, class_.properties, strict=True):
        assert list(one.qualifiers) == list(other.qualifiers)
    assert list(found.qualifiers) == list(class_.qualifiers)


# ------------------------------------------------------------------------------------------------------------- and back


PARENT = CimClass(
    "Parent",
    properties=(
        Property("Id", Type(CimType.UINT32), qualifiers=qualifier_set(Qualifier("key", flavor=EVERYWHERE))),
        Property("Size", UINT8, 7, text("Units", "Octets")),
        Property("Owner", Type(CimType.REFERENCE, class_name="Top")),
        Property("Inner", OBJECT),
        Property("Local", STRING, "x", text("Description", "not handed down", Flavor(0))),
    ),
    methods=(
        Method("Start", (Parameter("How", UINT8, is_in=True),), Type(CimType.UINT32), text("Description", "a")),
        Method("Stop", returns=Type(CimType.UINT32), qualifiers=qualifier_set(Qualifier("Static"))),
    ),
    qualifiers=qualifier_set(
        Qualifier("Version", "1", STRING, DOWN), Qualifier("abstract"), Qualifier("Kept", flavor=DOWN)
    ),
    namespace="root\\cimv2",
    server="host",
)


def child() -> CimClass:
    return PARENT.derive(
        "Child",
        (
            Property("New", Type(CimType.STRING, True), ("a", "b"), text("Units", "Words")),
            Property("size", UINT8, 9, text("UNITS", "Bits")),
            Property("Owner", Type(CimType.REFERENCE, class_name="Narrow")),
            Property("Local", STRING, "x"),
        ),
        (
            Method("stop", (Parameter("B", UINT8, text("Q", "r"), False, True, 5), Parameter("A", OBJECT, id=2))),
            Method("More", (Parameter("C", Type(CimType.UINT8, True), qualifier_set(), True, True, 0, (1, 2)),)),
        ),
        qualifier_set(Qualifier("version", "2", STRING, DOWN), Qualifier("Own", 1.5, Type(CimType.REAL64))),
    )


def test_a_derived_class() -> None:
    class_ = child()
    same(again(class_, PARENT), class_)
    assert [member.inherited_default for member in class_.properties] == [True, False, True, True, False, False]


def test_only_what_it_declares_is_stored() -> None:
    data = class_record.encode(child(), PARENT)
    assert data.isascii()
    for name in (b"Id", b"Start", b"Kept", b"Inner", b"Octets", b"abstract"):
        assert name not in data
    assert class_record.encode(PARENT.derive("Child"), PARENT) == b'["Child","Parent",[],[],[]]'


def test_a_base_class() -> None:
    same(again(PARENT, None), PARENT)
    same(again(CimClass("A"), None), CimClass("A"))


def test_the_superclass_may_be_another_object() -> None:
    twin = again(PARENT, None)
    assert twin is not PARENT
    assert class_record.encode(child(), twin) == class_record.encode(child(), PARENT)


def test_a_class_goes_to_another_namespace_and_server() -> None:
    data = class_record.encode(child(), PARENT)
    found = class_record.decode(data, PARENT, "root\\other", "")
    assert found == replace(child(), namespace="root\\other", server="")
    found = class_record.decode(class_record.encode(PARENT, None), None, "root\\other", "else")
    assert found == replace(PARENT, namespace="root\\other", server="else")


def test_what_the_superclass_says_now_comes_down() -> None:
    """The superclass was changed after its descendant was stored."""
    later = replace(
        PARENT,
        properties=(*PARENT.properties, Property("Added", UINT8, 3)),
        qualifiers=text("Version", "3"),
    )
    found = class_record.decode(class_record.encode(child(), PARENT), later, "root\\cimv2", "host")
    assert found == later.derive("Child", *class_record.declared(child(), PARENT))
    assert found["Added"] == 3
    assert "Kept" not in found.qualifiers


def test_embedded_defaults() -> None:
    inner = CimClass("In", properties=(Property("N", UINT8, 5),))
    class_ = PARENT.derive("Child", (Property("Inner", OBJECT, inner.instance()), Property("Other", OBJECT, inner)))
    found = again(class_, PARENT)
    same(found, class_)
    assert isinstance(found["Inner"], CimInstance)
    assert found["Inner"].class_ == inner


# Declarations of the parent again, each with another default and other qualifiers.
@st.composite
def redefinitions(draw: st.DrawFn, parent: CimClass) -> tuple[list[Property], list[Method]]:
    given = draw(classes(flavors))
    properties = {each.name.lower(): each for each in given.properties}
    for each in parent.properties:
        if draw(st.booleans()):
            own = draw(classes(flavors)).qualifiers
            value = draw(st.sampled_from([None, each.default])) if draw(st.booleans()) else None
            properties[each.name.lower()] = Property(each.name.upper(), each.type, value, own)
    methods = {each.name.lower(): each for each in given.methods}
    for method in parent.methods:
        if draw(st.booleans()):
            again_ = replace(method, name=method.name.upper(), origin="", qualifiers=given.qualifiers)
            methods[method.name.lower()] = again_
    return list(properties.values()), list(methods.values())


@pytest.mark.no_cover  # other tests show that each line is run
@given(classes(), st.data())
def test_any_class_and_any_derived_class(base: CimClass, data: st.DataObject) -> None:
    same(again(base, None), base)
    parent = base
    for name in ("First", "Second"):
        properties, methods = data.draw(redefinitions(parent))
        own = data.draw(classes(flavors)).qualifiers
        try:
            class_ = parent.derive(name, properties, methods, own)
        except WbemError:
            return  # it must not be declared like that
        found = again(class_, parent)
        same(found, class_)
        twin = again(parent, None) if parent.superclass is None else replace(parent)
        same(again(class_, twin), class_)
        parent = class_


@pytest.mark.no_cover  # other tests show that each line is run
def test_the_whole_schema_of_the_dmtf() -> None:
    made: dict[str | None, CimClass | None] = {None: None}
    for class_ in dmtf().classes:
        parent = made[class_.superclass]
        found = again(class_, parent)
        same(found, class_)
        if parent is not None:
            assert parent.derive(class_.name, *class_record.declared(class_, parent)) == class_
        made[class_.name] = found


# ------------------------------------------------------------------------------------------------------------- declared


def through_the_wire(class_: CimClass) -> CimClass:
    found = decode_object(encode_object(class_))
    assert isinstance(found, CimClass)
    return found


def down(class_: CimClass, parent: CimClass) -> CimClass:
    return parent.derive(class_.name, *class_record.declared(class_, parent))


@pytest.mark.parametrize("sent", [lambda class_: class_, through_the_wire, replace], ids=["same", "wire", "copy"])
def test_what_a_class_declares(sent: Callable[[CimClass], CimClass]) -> None:
    class_ = PARENT.derive(
        "Child",
        (Property("Size", UINT8, 9, text("Units", "Bits")), Property("New", UINT8, 1)),
        (Method("Stop", returns=UINT8),),
        text("Version", "2"),
    )
    found = class_record.declared(sent(class_), PARENT)
    assert [(each.name, each.default, dict(each.qualifiers)) for each in found.properties] == [
        ("Size", 9, dict(text("Units", "Bits"))),
        ("New", 1, {}),
    ]
    assert [(each.name, each.returns) for each in found.methods] == [("Stop", UINT8)]
    assert found.qualifiers == text("Version", "2")
    assert down(sent(class_), PARENT) == class_


def test_the_repository_has_another_parent() -> None:
    """What the sender knew of it is left behind, what there is now comes down."""
    here = CimClass(
        "Parent",
        properties=(
            Property("Id", Type(CimType.UINT32), qualifiers=qualifier_set(Qualifier("key", flavor=EVERYWHERE))),
            Property("Size", UINT8, 8, text("Units", "Pages")),
            Property("Extra", STRING, "e"),
        ),
        methods=(Method("Restart"),),
        qualifiers=text("Version", "9"),
        namespace="root\\cimv2",
        server="host",
    )
    class_ = PARENT.derive("Child", (Property("New", UINT8, 1),), (Method("Mine"),), text("Own", "o"))
    for sent in (class_, through_the_wire(class_)):
        found = down(sent, here)
        assert found.names == ("Id", "Size", "Extra", "New")
        assert found["Size"] == 8
        assert found.properties[1].qualifiers["Units"].value == "Pages"
        assert [each.name for each in found.methods] == ["Restart", "Mine"]
        assert {each.name: each.value for each in found.qualifiers.values()} == {"Version": "9", "Own": "o"}
        assert is_set(found.properties[0].qualifiers, "key")


def test_a_class_that_names_its_superclass_and_no_more() -> None:
    """As people write it: only what is its own."""
    given_ = CimClass("Child", "Parent", properties=(Property("New", UINT8), Property("Size", UINT8, 3)))
    found = down(given_, PARENT)
    assert found == PARENT.derive("Child", (Property("New", UINT8), Property("Size", UINT8, 3)))


def test_members_that_came_from_an_unrelated_class_are_declared() -> None:
    copied = PARENT.derive("Child", CimClass("Else", properties=(Property("Copied", UINT8),)).properties)
    assert [(each.name, each.origin) for each in class_record.declared(copied, PARENT).properties] == [
        ("Copied", "Else")
    ]
    same(again(copied, PARENT), copied)


def test_an_inherited_member_that_the_parent_lost_stays_if_it_was_declared_again() -> None:
    class_ = PARENT.derive("Child", (Property("Size", UINT8, 3), Property("Local", STRING)))
    found = down(class_, CimClass("Parent"))
    assert found.names == ("Size",)
    assert found.properties[0].origin == "Child"


def test_another_type_is_refused_by_the_derivation() -> None:
    here = CimClass("Parent", properties=(Property("Size", STRING),))
    with pytest.raises(WbemError) as caught:
        down(CimClass("Child", "Parent", properties=(Property("Size", UINT8),)), here)
    assert caught.value.status is WbemStatus.TYPE_MISMATCH


def test_a_class_without_its_superclass_at_hand() -> None:
    """Then the marks alone say what it declares; its record is read with the superclass again."""
    class_ = child()
    data = class_record.encode(class_, None)
    assert class_record.decode(data, PARENT, class_.namespace, class_.server) == class_
    with pytest.raises(WbemError, match="derived from 'Parent'"):
        class_record.decode(data, None, "root", "")


def test_a_base_class_declares_all_it_has() -> None:
    marked = qualifier_set(Qualifier("Q", flavor=Flavor.ORIGIN_PROPAGATED))
    class_ = CimClass("A", properties=(Property("P", UINT8, 1, marked, "Else"),), qualifiers=marked)
    assert CimClass("A", None, (), *class_record.declared(class_, None)) == class_


# --------------------------------------------------------------------------------------------------------------- damage


@pytest.mark.parametrize(
    "data",
    [
        b"",
        b"[]",
        b"null",
        b'["Child","Parent",[],[]]',
        b'["Child","Other",[],[],[]]',
        b'["Child",null,[],[],[]]',
        b'["Child",7,[],[],[]]',
        b'[null,"Parent",[],[],[]]',
        b'["Child","Parent",[["New"]],[],[]]',
        b'["Child","Parent",[["New","uint8",[],"x"]],[],[]]',
        b'["Child","Parent",[["New","uint99"]],[],[]]',
        b'["Child","Parent",[["Size","string"]],[],[]]',
        b'["Child","Parent",[["New","uint8"],["new","uint8"]],[],[]]',
        b'["Child","Parent",[["New","uint8",[],null,"",0,1]],[],[]]',
        b'["Child","Parent",[],[["M",null]],[]]',
        b'["Child","Parent",[],[["M",null,[["P","uint8",1]]]],[]]',
        b'["Child","Parent",[],[["M",null,[["P","uint8","in",0]]]],[]]',
        b'["Child","Parent",[],[],[["Q",true,"boolean"]]]',
        b'["Child","Parent",[],[],{"a":1}]',
        b"[" * 100_000,
    ],
)
def test_a_damaged_record(data: bytes) -> None:
    with pytest.raises(WbemError, match="is damaged") as caught:
        class_record.decode(data, PARENT, "root", "")
    assert caught.value.status is WbemStatus.CRITICAL_ERROR


WHOLE = class_record.encode(child(), PARENT)


@given(st.integers(0, len(WHOLE) - 1), st.binary(max_size=3), st.integers(0, 3))
def test_a_record_that_was_changed(at: int, octets: bytes, gone: int) -> None:
    try:
        class_record.decode(WHOLE[:at] + octets + WHOLE[at + gone :], PARENT, "root", "")
    except WbemError as error:
        assert error.status is WbemStatus.CRITICAL_ERROR


def test_a_record_that_was_cut() -> None:
    for length in range(len(WHOLE)):
        with pytest.raises(WbemError, match="is damaged"):
            class_record.decode(WHOLE[:length], PARENT, "root", "")


@given(typed())
def test_every_default(given_: tuple[Type, Value]) -> None:
    type_, default = given_
    class_ = CimClass("A", properties=(Property("P", type_, default),))
    assert again(class_, None).defaults == (default,)
