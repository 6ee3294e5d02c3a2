"""When a reference refers to an object: SDK, "References (WMI)" and "Describing the Location of a WMI Object"."""

from __future__ import annotations

import gc

import pytest
from tests.engine.association_world import World, found, status

from openwmi.base.status import WbemStatus
from openwmi.engine.associations.roles import _FACTS, facts_of
from openwmi.engine.associations.target import Target
from openwmi.model import CimClass, CimType, ObjectPath, Property, Type

SCHEMA = r"""
class Top { string Caption; };
class Base : Top { [Key] string Name; };
class Derived : Base { };
class Other : Base { };
class Two { [Key] string Left; [Key] uint32 Right; };
class Number { [Key] sint32 K; };
class Truth { [Key] boolean K; };
class Moment { [Key] datetime K; };
class Letter { [Key] char16 K; };
[Singleton] class One { uint32 Value; };
class Plain { };
class Deep { [Key] Tie ref T; };
[Association] class Tie { [Key] Derived ref A; [Key] Number ref B; };
class Mark { [Key] string Id; object ref To; };
instance of Derived { Name = "It's a \"C:\\x\""; };
instance of Derived { Name = "Déjà vu"; };
instance of Derived { Name = "12"; };
instance of Two { Left = "a=b,c"; Right = 7; };
instance of Number { K = -5; };
instance of Truth { K = TRUE; };
instance of Moment { K = "20240102030405.000000+060"; };
instance of Letter { K = '7'; };
instance of One { Value = 1; };
instance of Tie { A = "Derived.Name=\"12\""; B = "Number.K=-5"; };
"""
WORLD = World(SCHEMA)


def target(index: int) -> Target:
    return Target(WORLD.all[index], WORLD, WORLD.namespace)


TIE = r'Tie.A="Derived.Name=\"12\"",B="Number.K=-5"'


@pytest.mark.parametrize(
    ("index", "reference", "meant"),
    [
        (1, 'Derived.Name="Déjà vu"', True),
        (1, "derived='DÉJÀ VU'", True),
        (1, 'Base.Name="Déjà vu"', True),
        (1, 'Other.Name="Déjà vu"', False),
        (1, 'Derived.Nome="Déjà vu"', False),
        (1, 'Derived.Name="Déjà v"', False),
        (1, "Derived", False),
        (1, "Derived=@", False),
        (1, "no path: Déjà vu", False),
        (1, r'root\cimv2:Derived.Name="Déjà vu"', True),
        (1, r'\\host1\ROOT\CIMV2:Derived.Name="Déjà vu"', True),
        (1, '//./root/cimv2:Derived.Name="Déjà vu"', True),
        (1, r'\\localhost\root\cimv2:Derived.Name="Déjà vu"', True),
        (1, r'\\host2\root\cimv2:Derived.Name="Déjà vu"', False),
        (1, r'root\other:Derived.Name="Déjà vu"', False),
        (0, r"""Derived.Name="It's a \"C:\\x\"" """.strip(), True),
        (0, r"""Derived='It\'s a "C:\\x"'""", True),
        (0, r"""Derived='It\'s a "C:\x"'""", True),
        (2, 'Derived.Name="12"', True),
        (2, "Derived.Name=12", True),
        (2, "Derived=012", True),
        (2, "Derived.Name=TRUE", False),
        (3, 'Two.Left="a=b,c",Right=7', True),
        (3, 'two.right="7",left="A=B,C"', True),
        (3, 'Two.Left="a=b,c",Right=8', False),
        (3, 'Two.Left="a=b,c"', False),
        (3, 'Two="a=b,c"', False),
        (4, "Number.K=-5", True),
        (4, 'Number="-5"', True),
        (4, "Number.K=5", False),
        (4, 'Number="five"', False),
        (4, 'Number="1_0"', False),
        (4, "Number=99999999999", False),
        (4, "Number=TRUE", False),
        (5, "Truth.K=TRUE", True),
        (5, 'Truth="true"', True),
        (5, "Truth=FALSE", False),
        (5, "Truth=1", False),
        (6, 'Moment.K="20240102030405.000000+060"', True),
        (6, 'Moment.K="20240102020405.000000+000"', True),
        (6, 'Moment.K="20240102030405.000000+000"', False),
        (6, 'Moment.K="then"', False),
        (7, 'Letter.K="7"', True),
        (7, "Letter.K=7", True),
        (8, "One=@", True),
        (8, "One", False),
        (8, "One.Value=1", False),
        (9, TIE, True),
        (9, r"""Tie.B='number="-5"',A='\\\\.\\root\\cimv2:base="12"'""", True),
        (9, r"""Tie.A='Derived.Name=12',B='Number.K=-5'""", True),
        (9, r"""Tie.A='Other.Name="12"',B='Number.K=-5'""", False),
        (9, r"""Tie.A='Nothing.Name="12"',B='Number.K=-5'""", False),
        (9, r"""Tie.A='root\\other:Derived.Name="12"',B='Number.K=-5'""", False),
        (9, r"""Tie.A='Derived.Nome="12"',B='Number.K=-5'""", False),
        (9, r"""Tie.A='Derived.Name="12",L=1',B='Number.K=-5'""", False),
        (9, r"""Tie.A='Derived=@',B='Number.K=-5'""", False),
        (9, "Tie.A='Derived',B='Number.K=-5'", False),
        (9, "Tie.A='Base',B='Number.K=-5'", False),
        (9, "Tie.A='?',B='Number.K=-5'", False),
        (9, "Tie.A=1,B='Number.K=-5'", False),
        (9, "Tie.A='Derived.Name=12',B='Derived=5'", False),
        (9, r"""Tie.A='\\host2\root\cimv2:Derived="12"',B='Number=-5'""", False),
        (9, r"""Tie.A='root\other:Base="12"',B='Number=-5'""", False),
    ],
)
def test_references_compare_as_paths(index: int, reference: str, meant: bool) -> None:
    one = target(index)
    assert one.is_meant(reference) is meant
    assert one.is_meant(reference) is meant, "the same when it is remembered"


def test_references_inside_references_inside_references() -> None:
    inner = ObjectPath.parse(r"Tie.A='Derived.Name=\"12\"',B='Number=-5'")
    deep = WORLD.known["deep"].instance({"T": inner})
    one = Target(deep, WORLD, WORLD.namespace)
    same, other = ObjectPath.parse("Tie.B='Number=-5',A='base=12'"), ObjectPath.parse("Tie.B='Number=-6',A='base=12'")
    assert one.is_meant(str(WORLD.known["deep"].instance({"T": same}).path_))
    assert not one.is_meant(str(WORLD.known["deep"].instance({"T": other}).path_))


def test_null_refers_to_nothing() -> None:
    assert not target(0).is_meant(None)


def test_a_class_is_meant_by_its_own_name_alone() -> None:
    one = Target(WORLD.known["derived"], WORLD, WORLD.namespace)
    assert one.is_meant(r"\\.\root\cimv2:derived")
    assert not one.is_meant("Base")
    assert not one.is_meant('Derived="12"')


def test_a_relative_reference_means_its_own_namespace() -> None:
    """SDK, "References": "a relative path to another object in the same namespace"."""
    one = Target(WORLD.all[4], WORLD, r"root\interop")
    assert not one.is_meant("Number.K=-5")
    assert one.is_meant(r"root\cimv2:Number.K=-5")


@pytest.mark.parametrize(
    ("index", "paths"),
    [(2, ['Derived.Name="12"', 'Base.Name="12"']), (4, ["Number.K=-5"]), (8, ["One=@"]), (9, [TIE])],
)
def test_all_paths_of_an_object(index: int, paths: list[str]) -> None:
    """Those of ancestors that have no keys are none."""
    assert [str(path.relative) for path in target(index).paths()] == paths


def test_a_derived_singleton_is_reached_by_each_ancestor() -> None:
    world = World("[Singleton] class A {}; class B : A {}; instance of B {};")
    one = Target(world.all[0], world, world.namespace)
    assert [str(path.relative) for path in one.paths()] == ["B=@", "A=@"]


async def test_stored_references_are_looked_for_by_all_paths() -> None:
    world = World(
        SCHEMA
        + r"""
        instance of Mark { Id = "own"; To = "Derived.Name=\"12\""; };
        instance of Mark { Id = "base"; To = "//HOST1/root/cimv2:base=12"; };
        instance of Mark { Id = "other"; To = "Other=12"; };
        """
    )
    expected = ['Mark.Id="own"', 'Mark.Id="base"']
    assert await found(world, "REFERENCES OF {base.name='12'} WHERE ResultClass = Mark") == expected
    assert world.paths == ['Derived.Name="12"', 'Base.Name="12"']


# ---------------------------------------------------------------------------------------------- classes at the ends

CLASS_ENDS = r"""
class Root { [Key] string Name; };
class Leaf : Root { };
[Association, HasClassRefs] class Holds {
    [Key, ClassRef{"Root"}] object ref Child; [Key, ClassRef{"Root"}] object ref Parent; };
[Association] class Loose { [Key] object ref A; [Key] object ref B; };
[Association] class Strict { [Key] Root ref A; [Key] Root ref B; };
instance of Root { Name = "r"; };
instance of Holds { Child = "Leaf"; Parent = "Root"; };
instance of Loose { A = "Leaf"; B = "Root.Name=\"r\""; };
instance of Strict { A = "Leaf"; B = "Root.Name=\"r\""; };
"""


async def test_weak_references_may_be_to_classes() -> None:
    """SDK, "Declaring an Association Class": HasClassRefs, and one end an instance, the other one a class."""
    world = World(CLASS_ENDS)
    assert await found(world, "ASSOCIATORS OF {Leaf}") == ["Root", 'Root.Name="r"']
    assert await found(world, "ASSOCIATORS OF {Leaf} WHERE KeysOnly AssocClass = Holds") == ["Root"]
    assert await found(world, "ASSOCIATORS OF {Leaf} WHERE ClassDefsOnly") == ["Root"]
    assert await found(world, "ASSOCIATORS OF {Root.Name='r'}") == ["Leaf"]
    assert await found(world, "ASSOCIATORS OF {Root.Name='r'} WHERE ResultClass = Leaf") == ["Leaf"]
    assert len(await found(world, "REFERENCES OF {Leaf}")) == 2


async def test_providers_are_asked_for_references_to_classes_where_the_class_says_so() -> None:
    world = World(CLASS_ENDS, ["Holds", "Loose", "Strict"])
    assert await found(world, "ASSOCIATORS OF {Leaf}") == ["Root"]
    assert [name for name, _, _ in world.asked] == ["Holds"]
    world.asked.clear()
    await found(world, "ASSOCIATORS OF {Loose}")
    assert world.asked == [], "ClassRef lists another class"


# ---------------------------------------------------------------------------------------------------- other namespaces

PROFILES = r"""
class Profile { [Key] string Id; };
[Association] class Conforms {
    [Key] Profile ref Standard; [Key, MSFT_TargetNamespace("root\\cimv2")] Thing ref Managed; };
instance of Profile { Id = "Process"; };
instance of Conforms {
    Standard = "\\\\.\\root\\interop:Profile.Id=\"Process\""; Managed = "\\\\.\\root\\cimv2:Thing.Id=1"; };
instance of Conforms { Standard = "Profile.Id=\"Process\""; Managed = "\\\\.\\root\\cimv2:Thing.Id=9"; };
instance of Conforms { Standard = "Profile.Id=\"Process\""; Managed = "\\\\far\\root\\cimv2:Thing.Id=1"; };
instance of Conforms { Standard = "Profile=\"Process\""; Managed = "\\\\far\\root\\interop:Thing.Id=1"; };
"""
THINGS = "class Base { [Key] uint32 Id; }; class Thing : Base { }; instance of Thing { Id = 1; };"


@pytest.mark.parametrize("provided", [(), ("Conforms",)])
async def test_associations_lead_to_other_namespaces(provided: tuple[str, ...]) -> None:
    """SDK, "Cross-Namespace Association Traversal" and "Writing an Association Provider for Interop"."""
    world = World(PROFILES, provided, r"root\interop", beside=World(THINGS))
    query = "ASSOCIATORS OF {Profile.Id='Process'}"
    assert await found(world, query) == ["Thing.Id=1"]
    assert await found(world, f"{query} WHERE ResultClass = Thing") == ["Thing.Id=1"]
    assert await found(world, f"{query} WHERE ResultClass = Base") == ["Thing.Id=1"]
    assert await found(world, f"{query} WHERE ResultClass = Profile") == []
    assert await found(world, f"{query} WHERE ResultClass = Neither") == [], "it may be a class of the other namespace"
    assert await found(world, f"{query} WHERE ClassDefsOnly") == ["Thing"]
    assert await status(world, "REFERENCES OF {Profile='Process'} WHERE ResultClass = X") is WbemStatus.INVALID_CLASS


# --------------------------------------------------------------------------------------------------------- what is kept


def test_what_is_kept_of_a_class_goes_with_it() -> None:
    class_ = CimClass("Gone", properties=(Property("R", Type(CimType.REFERENCE)),))
    assert facts_of(class_) is facts_of(class_)
    key = id(class_)
    assert key in _FACTS
    del class_
    gc.collect()
    assert key not in _FACTS
