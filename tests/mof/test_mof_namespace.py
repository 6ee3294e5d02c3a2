"""Whole namespaces and whole compilations as MOF: in whatever order, what is written compiles to the same."""

from __future__ import annotations

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from tests.mof.fakes import compiled
from tests.mof.test_mof_roundtrip import VALUES, class_names, classes, qualifiers

from openwmi.base.case import NameMap, fold
from openwmi.base.error import WbemError
from openwmi.base.status import WbemStatus
from openwmi.model import (
    ChangeFlag,
    CimClass,
    CimInstance,
    CimType,
    Flavor,
    Method,
    Parameter,
    Property,
    Qualifier,
    Type,
)
from openwmi.model import qualifier_set as set_of
from openwmi.mof import (
    Compilation,
    PutClass,
    QualifierDeclaration,
    Source,
    Stored,
    format_compilation,
    format_namespace,
    parse,
    resolve,
)

NAMESPACE = "root\\été"
STRING, OBJECT = Type(CimType.STRING), Type(CimType.OBJECT)


def again(objects: list[Stored], namespace: str = NAMESPACE) -> Compilation:
    return resolve(parse(format_namespace(namespace, objects)), lambda *_: None, "root")


def by_name(found: Compilation) -> dict[str, CimClass]:
    return {fold(class_.name): class_ for class_ in found.classes}


def same(mine: CimInstance, theirs: CimInstance) -> bool:
    """Equal, with what equality does not ask for; objects within are compared by it."""
    return (
        mine == theirs
        and mine.own_qualifiers_ == theirs.own_qualifiers_
        and mine.own_property_qualifiers_ == theirs.own_property_qualifiers_
    )


@st.composite
def hierarchies(draw: st.DrawFn) -> list[CimClass]:
    """Classes, each derived from an earlier one or from none; some hold an object of an earlier one by default."""
    made: dict[str, CimClass] = {}
    for drawn in draw(st.lists(classes(), min_size=1, max_size=4, unique_by=lambda class_: fold(class_.name))):
        own = drawn
        holding: bool = draw(st.booleans())
        if made and holding:
            within = draw(st.sampled_from(list(made.values())))
            whole: bool = draw(st.booleans())
            holder = Property("X0", OBJECT, within if whole else within.instance())
            own = CimClass(own.name, properties=(*own.properties, holder), methods=own.methods)
        parent: CimClass | None = draw(st.sampled_from([None, *made.values()]))
        try:
            if parent is None:
                class_ = CimClass(
                    own.name,
                    properties=own.properties,
                    methods=own.methods,
                    qualifiers=own.qualifiers,
                    namespace=NAMESPACE,
                )
            else:
                class_ = parent.derive(own.name, own.properties, own.methods, own.qualifiers)
        except WbemError:
            continue  # two that do not fit
        if {fold(each.name) for each in own.properties}.isdisjoint(fold(each.name) for each in class_.methods) and {
            fold(each.name) for each in class_.properties
        }.isdisjoint(fold(each.name) for each in own.methods):
            made[fold(class_.name)] = class_
    return list(made.values())


@st.composite
def instances(draw: st.DrawFn, known: list[CimClass], depth: int = 1) -> CimInstance:
    class_ = draw(st.sampled_from(known))
    row = []
    for each in class_.properties:
        if each.type.cim is CimType.OBJECT:
            row.append(draw(instances(known, depth - 1)) if depth else None)
            continue
        value = VALUES[each.type.cim]
        kind = st.lists(value, max_size=3).map(tuple) if each.type.array else value
        row.append(each.type.check(draw(st.none() | kind)))
    sets = NameMap({name: draw(qualifiers()) for name in class_.names if draw(st.integers(0, 4)) == 0})
    return CimInstance(class_, tuple(row), draw(qualifiers()), NameMap({name: q for name, q in sets.items() if q}))


@st.composite
def declarations(draw: st.DrawFn, names: list[str]) -> QualifierDeclaration:
    name = draw(st.sampled_from(names))
    type_ = draw(st.none() | st.sampled_from([STRING, Type(CimType.SINT32, True), Type(CimType.BOOLEAN)]))
    scopes = draw(st.sampled_from([(), ("class",), ("property", "method")])) if type_ is not None else ()
    flavor = draw(st.sampled_from([Flavor(0), Flavor(0x82), Flavor(0x93)]))
    return QualifierDeclaration(Source("", ""), name, type_, None, scopes, flavor, 0)


@pytest.mark.no_cover  # other tests show that each line is run
@given(hierarchies(), st.data())
@settings(max_examples=60, deadline=None)
def test_a_namespace(known: list[CimClass], data: st.DataObject) -> None:
    objects = data.draw(st.lists(instances(known), max_size=3)) if known else []
    used = [q.name for class_ in known for q in class_.qualifiers.values()]
    used += [q.name for class_ in known for member in class_.properties for q in member.qualifiers.values()]
    declared = data.draw(st.lists(declarations(used), max_size=3)) if used else []
    declared = list({fold(each.name): each for each in declared}.values())
    everything: list[Stored] = [*known, *objects, *declared]
    text = format_namespace(NAMESPACE, data.draw(st.permutations(everything)))
    assert text == format_namespace(NAMESPACE, everything)
    found = resolve(parse(text), lambda *_: None, "root")
    assert by_name(found) == {fold(class_.name): class_ for class_ in known}
    assert {step.namespace for step in found.steps} <= {NAMESPACE}
    left = list(objects)
    for instance in found.instances:
        left.pop(next(place for place, each in enumerate(left) if same(each, instance)))
    assert not left
    assert {name: (each.type, each.scopes, each.flavor) for name, each in found.qualifiers.items()} == {
        each.name: (each.type, each.scopes, each.flavor) for each in declared
    }


def test_what_is_needed_comes_first() -> None:
    base = CimClass("Z", properties=(Property("Id", STRING, qualifiers=set_of(Qualifier("key"))),))
    derived = base.derive("Y")
    inner = derived.derive("N", [Property("Y", Type(CimType.REFERENCE, class_name="Y"), 'Y.Id="1"')])
    holder = CimClass("A", properties=(Property("P", OBJECT, inner.instance({"Id": "1"})),))
    asked = CimClass("B", methods=(Method("F", (Parameter("P", OBJECT, default=derived.derive("Q")),)),))
    text = format_namespace("root", [base.instance({"Id": "2"}), asked, holder, inner, derived, base])
    order = [class_.name for class_ in compiled(text).classes]
    assert order.index("Z") < order.index("Y") < order.index("N") < order.index("A")
    assert order.index("Y") < order.index("B")


def test_a_namespace_with_references_and_objects() -> None:
    text = """#pragma namespace("\\\\\\\\.\\\\root\\\\cimv2")

class Base
{
  [Key] string Id;
};

[Association]
class Link
{
  [Key] Base ref From;
  [Key] Base ref To;
  Base Within[];
};

class Derived : Base
{
  [Override("Id")] string Id;
};

instance of Base
{
  Id = "1";
};

instance of Derived
{
  Id = "2";
};

instance of Link
{
  From = "Base.Id=\\"1\\"";
  To = "\\\\\\\\.\\\\root\\\\cimv2:Derived.Id=\\"2\\"";
  Within = {
  instance of Derived
  {
    Id = "in";
  }};
};
"""
    found = compiled(text)
    assert format_namespace("root\\cimv2", [*found.instances, *found.classes]) == text


def test_nothing_is_a_namespace_as_well() -> None:
    assert format_namespace("root", []) == '#pragma namespace("\\\\\\\\.\\\\root")\n'
    assert not compiled(format_namespace("root", [])).steps


def test_classes_that_hold_each_other_have_no_order() -> None:
    one, other = CimClass("A"), CimClass("B")
    one = CimClass("A", properties=(Property("P", OBJECT, other.instance()),))
    other = CimClass("B", properties=(Property("P", OBJECT, CimClass("A").instance()),))
    with pytest.raises(WbemError, match=r"A -> B -> A|B -> A -> B") as caught:
        format_namespace("root", [one, other])
    assert caught.value.status is WbemStatus.NOT_SUPPORTED


def test_of_two_classes_of_one_name_the_last_counts() -> None:
    text = format_namespace("root", [CimClass("A"), CimClass("a", qualifiers=set_of(Qualifier("X")))])
    assert [(class_.name, list(class_.qualifiers)) for class_ in compiled(text).classes] == [("a", ["X"])]


@pytest.mark.parametrize(
    ("declaration", "use"),
    [
        ("Qualifier Q : string, Scope(method);", Qualifier("Q", "x", STRING)),
        ("Qualifier Q : string, Flavor(Translatable);", Qualifier("Q", "x", STRING)),
        ("Qualifier Q : sint32;", Qualifier("Q", "x", STRING)),
        ("Qualifier Q : string[];", Qualifier("Q", "x", STRING)),
        ('Qualifier Q : string = "y";', Qualifier("Q")),
    ],
)
def test_a_declaration_that_a_use_does_not_keep_to_comes_last(declaration: str, use: Qualifier) -> None:
    declared = compiled(declaration).qualifiers["Q"]
    class_ = CimClass("A", qualifiers=set_of(use), namespace="root")
    text = format_namespace("root", [declared, class_])
    assert text.index("class A") < text.index("Qualifier Q")
    assert compiled(text).classes == (class_,)
    fitting = CimClass("B", namespace="root")
    text = format_namespace("root", [fitting, declared])
    assert text.index("Qualifier Q") < text.index("class B")


def test_an_abstract_class_below_one_that_is_not_is_forced() -> None:
    abstract = set_of(Qualifier("abstract"))
    top = CimClass("A", namespace="root")
    forced = top.derive("B", qualifiers=abstract)
    classes = [top, forced, forced.derive("C", qualifiers=abstract), top.derive("D")]
    text = format_namespace("root", classes)
    assert text.count("#pragma classflags") == 2
    puts = [step for step in compiled(text).steps if isinstance(step, PutClass)]
    assert {step.class_.name: step.flags for step in puts if step.flags} == {"B": ChangeFlag.UPDATE_FORCE_MODE}
    assert {step.class_.name for step in puts} == {"A", "B", "C", "D"}


def test_a_compilation_goes_out_and_in_again() -> None:
    text = """Qualifier Note : string;
        class A { [key, Note("x")] string Id; };
        instance of A { Id = "1"; };
        #pragma namespace("root/other")
        #pragma classflags("updateonly", "forceupdate")
        #pragma instanceflags("createonly")
        #pragma deleteclass("Old", NOFAIL)
        #pragma deleteinstance("A.Id=\\"2\\"", FAIL)
        class A { [key] uint8 Id; };
        #pragma classflags("")
        class B : A { };
        instance of A { Id = 3; };"""
    found = compiled(text)
    written = format_compilation(found)
    copied = compiled(written)
    assert format_compilation(copied) == written

    def facts(of: Compilation) -> list[object]:
        left_out = {"source", "at"}
        return [
            {name: getattr(step, name) for name in type(step).__match_args__ if name not in left_out}
            for step in of.steps
        ]

    assert facts(copied) == facts(found)
    assert [type(step) for step in copied.steps] == [type(step) for step in found.steps]
    assert list(copied.qualifiers) == ["Note"]


def test_a_declaration_that_came_after_its_use_stays_behind_it() -> None:
    found = compiled('[Q("x")] class A { };\nQualifier Q : sint32;')
    text = format_compilation(found)
    assert text.index("class A") < text.index("Qualifier Q")
    assert compiled(text).classes == found.classes


@given(class_names)
@settings(max_examples=20, deadline=None)
def test_the_pragma_names_the_namespace(name: str) -> None:
    text = format_namespace(f"root\\{name}", [CimClass("A")])
    assert compiled(text).steps[0].namespace == f"root\\{name}"
