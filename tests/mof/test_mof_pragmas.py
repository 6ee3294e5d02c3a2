"""Pragmas, includes, and what comes out of a compilation beside classes and instances."""

from __future__ import annotations

import pickle

import pytest
from tests.mof.fakes import compiled

from openwmi.base.error import WbemError
from openwmi.base.limits import MOF_DEPTH, MOF_INCLUDE_DEPTH
from openwmi.base.status import MofStatus, WbemStatus
from openwmi.model import ChangeFlag, CimClass, Flavor, ObjectPath, Qualifier
from openwmi.mof import (
    DeleteClass,
    DeleteInstance,
    MofError,
    Phase,
    Place,
    PutClass,
    PutInstance,
    Source,
    format,  # noqa: A004
    parse,
    resolve,
)


def test_a_namespace_is_for_what_follows() -> None:
    text = r"""class A { [key] string Id; };
        #pragma namespace("\\\\.\\root\\test")
        class A { [key] string Id; };
        instance of A { Id = "x"; };"""
    found = compiled(text)
    assert [step.namespace for step in found.steps] == ["root\\cimv2", "root\\test", "root\\test"]
    assert [class_.namespace for class_ in found.classes] == ["root\\cimv2", "root\\test"]
    assert str(found.instances[0].path_) == '\\\\.\\root\\test:A.Id="x"'.removeprefix("\\\\.\\")


@pytest.mark.parametrize("server", [".", "localhost", "LOCALHOST", "srv1", "SRV1.example.org"])
def test_a_namespace_may_name_this_machine(server: str) -> None:
    text = f'#pragma namespace("//{server}/root/x")\ninstance of A as $a {{ Id = "1"; }}; class B {{ A ref R = $a; }};'
    known = compiled("class A { [key] string Id; };").classes[0]
    found = resolve(parse(text), lambda *_: known, "root", ["Srv1", "srv1.example.org"])
    assert {step.namespace for step in found.steps} == {"root\\x"}


@pytest.mark.parametrize("text", ["//srv2/root/x", "//localhost", "//localhost.example.org/root"])
def test_another_machine_and_no_namespace(text: str) -> None:
    with pytest.raises(MofError) as caught:
        resolve(parse(f'\n#pragma namespace("{text}")'), lambda *_: None, "root", ["srv1"])
    assert caught.value.line == 2
    wrong = MofStatus.INVALID_NAMESPACE_SYNTAX if text == "//localhost" else MofStatus.INVALID_NAMESPACE_SPECIFICATION
    assert caught.value.status is wrong


def test_a_class_of_one_namespace_is_not_known_in_another() -> None:
    with pytest.raises(MofError) as caught:
        compiled('class A { };\n#pragma namespace("root/other")\nclass B : A { };')
    assert caught.value.status is WbemStatus.INVALID_SUPERCLASS


def test_a_derived_class_is_in_its_own_namespace() -> None:
    def find(namespace: str, name: str) -> CimClass:
        return CimClass(name, namespace="root", server="elsewhere")

    class_ = resolve(parse("class B : A { };"), find, "root\\test").classes[0]
    assert (class_.namespace, class_.server, class_.derivation) == ("root\\test", "", ("A",))


def test_flags_are_for_what_follows() -> None:
    text = """class A { };
        #pragma classflags("updateonly", "forceupdate")
        #pragma instanceflags(createonly)
        class B { };
        instance of B { };
        #pragma classflags("SafeUpdate, CreateOnly")
        class C { };"""
    flags = [step.flags for step in compiled(text).steps if isinstance(step, PutClass | PutInstance)]
    assert flags == [
        ChangeFlag.CREATE_OR_UPDATE,
        ChangeFlag.UPDATE_ONLY | ChangeFlag.UPDATE_FORCE_MODE,
        ChangeFlag.CREATE_ONLY,
        ChangeFlag.UPDATE_SAFE_MODE | ChangeFlag.CREATE_ONLY,
    ]


def test_what_is_deleted() -> None:
    one, other = compiled('#pragma deleteclass("A", FAIL)\n#pragma deleteinstance("A.Id=\'x\'", nofail)').steps
    assert isinstance(one, DeleteClass)
    assert (one.class_name, one.must_exist, one.place.line) == ("A", True, 1)
    assert isinstance(other, DeleteInstance)
    assert (other.path, other.must_exist) == (ObjectPath.parse('A.Id="x"'), False)


def test_what_a_text_says_of_itself() -> None:
    found = compiled('#pragma autorecover\n#pragma amendment("MS_409")\n#pragma locale("en_US")')
    assert (found.autorecover, found.amendment, found.steps) == (True, "MS_409", ())
    assert not compiled("class A { };").autorecover


def test_declarations_of_qualifiers_come_out_and_go_in_again() -> None:
    text = (
        'Qualifier A : string = "x", Scope(class, property), Flavor(DisableOverride);\n'
        "Qualifier B : sint32[] = {1, 2};\nQualifier C : ToInstance Amended;\nQualifier D : Restricted;\n"
    )
    found = compiled(text).qualifiers
    assert found["a"].flavor == Flavor.PROPAGATE_TO_DERIVED_CLASS | Flavor.NOT_OVERRIDABLE
    assert "".join([format(each) for each in found.values()]) == text


def test_flavors_alone_leave_type_and_scope_of_an_earlier_declaration() -> None:
    found = compiled("Qualifier A : string, Scope(class); Qualifier a : ToInstance;").qualifiers["A"]
    assert found.type is not None
    assert (found.scopes, found.flavor) == (("class",), Flavor.PROPAGATE_TO_INSTANCE)


def test_a_default_of_a_qualifier_must_fit() -> None:
    with pytest.raises(MofError) as caught:
        compiled('Qualifier A : uint8 = "x";')
    assert caught.value.status is MofStatus.TYPE_MISMATCH


def test_qualifiers_of_the_properties_of_an_instance() -> None:
    text = 'class A { string P; string Q; };\ninstance of A { [PropertyContext("x"), Dynamic] P; Q = "q"; };'
    step = compiled(text).steps[1]
    assert isinstance(step, PutInstance)
    found = step.instance.own_property_qualifiers_
    assert list(found) == ["P"]
    assert found["p"]["propertycontext"].value == "x"
    assert list(step.instance.values_) == [None, "q"]


def test_what_is_written_follows_the_declarations_before_it() -> None:
    text = 'Qualifier A : string;\n\n[A("x")]\nclass B\n{\n};\n'
    found = compiled(text)
    assert format([*found.qualifiers.values(), *found.classes]) == text


def test_one_qualifier_alone() -> None:
    assert format(Qualifier("Key")) == "Key : NotToInstance NotToSubclass EnableOverride"
    with pytest.raises(WbemError):
        format([Qualifier("Key")])


# --------------------------------------------------------------------------------------------------------- includes


FILES = {
    "a.mof": '#pragma include("b.mof")\nclass A : B { };',
    "b.mof": '\ufeff#include ("c.mof")\nclass B : C { };',
    "c.mof": "class C { };",
    "loop.mof": '#pragma include("loop.mof")',
    "bad.mof": "class D { };\nclass E { string };",
}


def included(name: str, where: str) -> Source:
    if name not in FILES:
        raise FileNotFoundError(f"no {name} beside {where}")
    return Source(name, FILES[name])


def test_an_include_stands_where_it_is_included() -> None:
    found = resolve(parse('#include "a.mof"', "main.mof", included), lambda *_: None)
    assert [class_.name for class_ in found.classes] == ["C", "B", "A"]
    assert [str(step.place) for step in found.steps] == ["c.mof:1:1", "b.mof:2:1", "a.mof:2:1"]


@pytest.mark.parametrize(
    ("name", "message"),
    [("none.mof", "no none.mof beside main.mof"), ("loop.mof", "'loop.mof' includes itself")],
)
def test_what_cannot_be_included(name: str, message: str) -> None:
    with pytest.raises(MofError) as caught:
        parse(f'#pragma include("{name}")', "main.mof", included)
    assert caught.value.status is MofStatus.ERROR_INVALID_INCLUDE_FILE
    assert message in caught.value.message


def test_a_fault_says_in_which_file_it_is() -> None:
    with pytest.raises(MofError) as caught:
        parse('#pragma include("bad.mof")', "main.mof", included)
    error = caught.value
    assert (error.file, error.line, error.column, error.phase) == ("bad.mof", 2, 18, Phase.PARSING)
    assert str(error).startswith("WBEMMOF_E_EXPECTED_PROPERTY_NAME (0x8004400C): bad.mof:2:18: expected the name")


def test_includes_do_not_go_on_for_ever() -> None:
    def endless(name: str, _: str) -> Source:
        return Source(name, f'#pragma include("{name}x")')

    with pytest.raises(MofError) as caught:
        parse('#pragma include("x")', "main.mof", endless)
    assert caught.value.status is WbemStatus.QUOTA_VIOLATION
    assert len(caught.value.file) == MOF_INCLUDE_DEPTH


# ------------------------------------------------------------------------------------------------------------ errors


def test_a_fault_of_what_is_asked_for_has_another_phase() -> None:
    with pytest.raises(MofError) as caught:
        compiled("class A : B { };")
    assert caught.value.phase is Phase.STORING


def test_a_fault_survives_pickling() -> None:
    error = MofError(MofStatus.EXPECTED_SEMI, "expected ';'", Place("a.mof", 3, 4), Phase.PARSING)
    again = pickle.loads(pickle.dumps(error))
    assert (again.status, again.message, again.place, again.phase) == (
        error.status,
        "a.mof:3:4: expected ';'",
        error.place,
        error.phase,
    )


def test_nesting_ends_somewhere() -> None:
    deep = "{" * (MOF_DEPTH + 1)
    with pytest.raises(MofError) as caught:
        parse(f"instance of A {{ P = {deep}")
    assert caught.value.status is WbemStatus.QUOTA_VIOLATION


def test_a_number_that_is_too_long() -> None:
    with pytest.raises(MofError) as caught:
        parse(f"instance of A {{ P = {'9' * 5000}; }};")
    assert caught.value.status is MofStatus.ILLEGAL_CONSTANT_VALUE


@pytest.mark.parametrize(
    ("count", "status"), [(9, None), (25, MofStatus.OUT_OF_RANGE), (99, MofStatus.UNEXPECTED_ALIAS)]
)
def test_keys_that_refer_to_keys_end_somewhere(count: int, status: MofStatus | None) -> None:
    links = [f"instance of A as $a{n} {{ K = $a{n + 1}; }};" for n in range(count)]
    text = "\n".join(["class A { [key] A ref K; };", *links, f'instance of A as $a{count} {{ K = "x"; }};'])
    if status is None:
        assert len(compiled(text).instances) == count + 1
        return
    with pytest.raises(MofError) as caught:
        compiled(text)
    assert caught.value.status is status
