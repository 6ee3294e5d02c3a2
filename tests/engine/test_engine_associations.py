"""ASSOCIATORS OF and REFERENCES OF over instances. Each rule names its source: [MS-WMI] or a page of the SDK."""

from __future__ import annotations

from contextlib import aclosing

import pytest
from tests.engine.association_world import World, batches, found, objects, status

from openwmi.base.status import WbemStatus
from openwmi.engine.associations import traverse
from openwmi.model import CimClass, CimInstance, ObjectPath
from openwmi.wql import AssociatorsOf, ReferencesOf

DISKS = r"""
[Abstract] class Element { [Key] string Name; };
[Locale(1033)] class Directory : Element { uint32 Size; };
class System : Element { };
class Partition : Element { };
[Dynamic] class Disk : Element { uint64 Size; };
class RamDisk : Disk { };

[Association, Abstract] class Link { };
[Association] class RootDirectory : Link { [Key] Disk ref GroupComponent; [Key] Directory ref PartComponent; };
[Association, Tag(FALSE)] class SystemDevice : Link {
    [Key] System ref GroupComponent; [Key] Disk ref PartComponent; string Note; };
[Association] class SystemRamDevice : SystemDevice { };
[Association] class Basis { [Key] Partition ref Antecedent; [Key] Disk ref Dependent; };

instance of Directory { Name = "C:\\"; Size = 7; };
instance of System { Name = "mycomputer"; };
instance of Partition { Name = "Disk #0, Partition #0"; };
instance of Disk { Name = "C:"; };
instance of RamDisk { Name = "R:"; };
instance of RootDirectory { GroupComponent = "Disk.Name=\"C:\""; PartComponent = "Directory.Name=\"C:\\\\\""; };
instance of SystemDevice {
    GroupComponent = "System.Name=\"mycomputer\""; PartComponent = "Disk.Name=\"C:\""; Note = "n"; };
instance of SystemRamDevice { GroupComponent = "System.Name=\"mycomputer\""; PartComponent = "RamDisk.Name=\"R:\""; };
instance of Basis { Antecedent = "Partition.Name=\"Disk #0, Partition #0\""; Dependent = "Disk.Name=\"C:\""; };
"""
DIRECTORY, SYSTEM, PARTITION = (
    r'Directory.Name="C:\\"',
    'System.Name="mycomputer"',
    'Partition.Name="Disk #0, Partition #0"',
)
OF_DISK = 'ASSOCIATORS OF {Disk.Name="C:"}'
ASSOCIATIONS = {"Link", "RootDirectory", "SystemDevice", "SystemRamDevice", "Basis"}


@pytest.fixture(params=[False, True], ids=["stored", "provided"])
def disks(request: pytest.FixtureRequest) -> World:
    """The examples of the SDK's page, once with stored associations and once with those of providers."""
    return World(DISKS, ASSOCIATIONS if request.param else ())


@pytest.mark.parametrize(
    ("where", "expected"),
    [
        ("", {DIRECTORY, SYSTEM, PARTITION}),
        ("WHERE AssocClass = SystemDevice", {SYSTEM}),
        ("WHERE AssocClass = link", {DIRECTORY, SYSTEM}),
        ("WHERE ClassDefsOnly", {"Directory", "System", "Partition"}),
        ("WHERE RequiredAssocQualifier = Association", {DIRECTORY, SYSTEM, PARTITION}),
        ("WHERE RequiredAssocQualifier = tag", {SYSTEM}),
        ("WHERE RequiredQualifier = locale", {DIRECTORY}),
        ("WHERE ResultClass = directory", {DIRECTORY}),
        ("WHERE ResultClass = Element", {DIRECTORY, SYSTEM, PARTITION}),
        ("WHERE ResultClass = RamDisk", set()),
        ("WHERE ResultRole = groupComponent", {SYSTEM}),
        ("WHERE Role = groupComponent", {DIRECTORY}),
        ("WHERE Role = Antecedent", set()),
        ("WHERE Role = NoSuchRole", set()),
        ("WHERE ResultRole = Note", set()),
        ("WHERE ResultClass = Directory RequiredQualifier = Dynamic", set()),
        ("WHERE AssocClass = Disk", set()),
    ],
)
async def test_associators_as_the_sdk_shows_them(disks: World, where: str, expected: set[str]) -> None:
    """SDK, "ASSOCIATORS OF Statement": its examples in turn, and what they leave out."""
    listed = await found(disks, f"{OF_DISK} {where}")
    assert (set(listed), len(listed)) == (expected, len(expected))


@pytest.mark.parametrize(
    ("where", "expected"),
    [
        ("", {"RootDirectory", "SystemDevice", "Basis"}),
        ("WHERE ResultClass = SystemDevice", {"SystemDevice"}),
        ("WHERE ResultClass = Link", {"RootDirectory", "SystemDevice"}),
        ("WHERE Role = partcomponent", {"SystemDevice"}),
        ("WHERE RequiredQualifier = Tag", {"SystemDevice"}),
        ("WHERE RequiredQualifier = Dynamic", set()),
        ("WHERE ClassDefsOnly", {"RootDirectory", "SystemDevice", "Basis"}),
    ],
)
async def test_references_as_the_sdk_shows_them(disks: World, where: str, expected: set[str]) -> None:
    """SDK, "REFERENCES OF Statement": ResultClass is the association's, and so is RequiredQualifier."""
    listed = await objects(disks, f'REFERENCES OF {{Disk="C:"}} {where}')
    assert {str(one["__CLASS"]) for one in listed} == expected
    assert {one["__GENUS"] for one in listed} <= {1 if "ClassDefs" in where else 2}
    assert disks.got == ['Disk="C:" keys'], "the far ends are nobody's business"


async def test_a_derived_association_has_the_roles_of_its_ancestor(disks: World) -> None:
    """SDK: AssocClass is "the specified class or one of its derived classes"."""
    query = 'ASSOCIATORS OF {Disk.Name="R:"} WHERE AssocClass = SystemDevice Role = PartComponent'
    assert await found(disks, query) == [SYSTEM]


async def test_whole_instances_come_out(disks: World) -> None:
    (directory,) = await objects(disks, f"{OF_DISK} WHERE ResultClass = Directory")
    (device,) = await objects(disks, 'REFERENCES OF {Disk.Name="C:"} WHERE ResultClass = SystemDevice')
    assert isinstance(directory, CimInstance)
    assert (directory.Size, device["Note"]) == (7, "n")
    assert directory["__PATH"] == rf"\\HOST1\root\cimv2:{DIRECTORY}"


async def test_keys_only_leaves_the_keys_and_the_path(disks: World) -> None:
    """[MS-WMI] 2.2.1.1: "only the key properties of resulting CIM instances MUST be populated"."""
    (directory,) = await objects(disks, f"{OF_DISK} WHERE ResultClass = Directory KeysOnly")
    (device,) = await objects(disks, 'REFERENCES OF {Disk.Name="C:"} WHERE ResultClass = SystemDevice KeysOnly')
    assert list(directory) == ["Name"]
    assert directory["__PATH"] == rf"\\HOST1\root\cimv2:{DIRECTORY}"
    assert directory.isa_("Element")
    assert list(device) == ["GroupComponent", "PartComponent"]
    assert 'PartComponent="Disk.Name=\\"C:\\""' in str(device["__RELPATH"])


async def test_keys_only_does_nothing_to_classes(disks: World) -> None:
    listed = await objects(disks, f"{OF_DISK} WHERE KeysOnly ClassDefsOnly")
    assert all(isinstance(one, CimClass) and not one.projected for one in listed)


@pytest.mark.parametrize("verb", ["ASSOCIATORS", "REFERENCES"])
async def test_what_does_not_exist_has_no_associations(disks: World, verb: str) -> None:
    """SDK, "SWbemServices.AssociatorsOf": wbemErrNotFound; an empty collection is no error."""
    assert await status(disks, f'{verb} OF {{Disk.Name="Z:"}}') is WbemStatus.NOT_FOUND
    assert await status(disks, f"{verb} OF {{NoSuchClass}}") is WbemStatus.NOT_FOUND
    assert await status(disks, f"{verb} OF {{NoSuchClass}} WHERE SchemaOnly") is WbemStatus.NOT_FOUND
    assert await found(disks, f"{verb} OF {{Disk}}") == [], "a class that no reference is to"


async def test_classes_in_conditions_must_exist(disks: World) -> None:
    """As everywhere else in a query."""
    for where in ("AssocClass = X", "ResultClass = X", "AssocClass = X SchemaOnly", "ResultClass = X SchemaOnly"):
        path = "Disk" if "Schema" in where else 'Disk.Name="C:"'
        assert await status(disks, f"ASSOCIATORS OF {{{path}}} WHERE {where}") is WbemStatus.INVALID_CLASS
    assert await status(disks, 'REFERENCES OF {Disk.Name="C:"} WHERE ResultClass = X') is WbemStatus.INVALID_CLASS


PAIRS = r"""
class A { [Key] uint32 K; };
class X { [Key] uint32 K; };
[Association] class Pair { [Key] string Id; A ref Left; A ref Right; X ref Third; };
class Note { [Key] uint32 K; X ref About; };
instance of A { K = 1; };
instance of A { K = 2; };
instance of X { K = 1; };
"""


def pairs(*instances: str) -> World:
    lines = [f'instance of Pair {{ Id = "{number}"; {text} }};' for number, text in enumerate(instances)]
    return World(PAIRS + "\n".join(lines))


async def test_an_endpoint_comes_once_for_each_association() -> None:
    """SDK: "Each endpoint is returned as many times as there are associations between it and the source object"."""
    world = pairs('Left = "A=1"; Right = "A=2";', 'Left = "A=2"; Right = "A=1";', 'Left = "A=1"; Right = "A=2";')
    assert await found(world, "ASSOCIATORS OF {A=1}") == ["A.K=2"] * 3
    assert await found(world, "ASSOCIATORS OF {A=1} WHERE KeysOnly") == ["A.K=2"] * 3
    assert await found(world, "ASSOCIATORS OF {A=1} WHERE Role = Right") == ["A.K=2"]
    assert await found(world, "ASSOCIATORS OF {A=1} WHERE ClassDefsOnly") == ["A"]


async def test_an_object_can_be_linked_with_itself() -> None:
    """[MS-WMI] 3.1.4.3.18: "look for all other ref properties in the instance"; one association counts once."""
    world = pairs('Left = "A=1"; Right = "A.K=1";')
    assert await found(world, "ASSOCIATORS OF {A=1}") == ["A.K=1"]
    assert await found(world, "ASSOCIATORS OF {A=1} WHERE Role = Left") == ["A.K=1"]
    assert await found(world, "ASSOCIATORS OF {A=1} WHERE Role = Left ResultRole = Left") == []
    assert await found(world, "REFERENCES OF {A=1}") == ['Pair.Id="0"']


async def test_an_association_can_have_three_ends() -> None:
    world = pairs('Left = "A=1"; Right = "A=2"; Third = "X=1";')
    assert await found(world, "ASSOCIATORS OF {A=1}") == ["A.K=2", "X.K=1"]
    assert await found(world, "ASSOCIATORS OF {X=1}") == ["A.K=1", "A.K=2"]
    assert await found(world, "ASSOCIATORS OF {X=1} WHERE ResultRole = right") == ["A.K=2"]
    assert await found(world, "ASSOCIATORS OF {A=1} WHERE ResultClass = X") == ["X.K=1"]


async def test_an_end_that_is_not_there_is_left_out_and_its_association_is_not() -> None:
    world = pairs('Left = "A=1"; Right = "A=9";', 'Left = "A=1"; Right = "no path";', 'Left = "A=1"; Third = "Gone=1";')
    for where in ("", "WHERE ClassDefsOnly", "WHERE KeysOnly"):
        assert await found(world, f"ASSOCIATORS OF {{A=1}} {where}") == []
    assert len(await found(world, "REFERENCES OF {A=1}")) == 3


@pytest.mark.parametrize("answer", ["NOT_FOUND", "INVALID_OBJECT_PATH", "INVALID_NAMESPACE", "INVALID_CLASS"])
async def test_an_end_that_cannot_be_there_is_not_there(answer: str) -> None:
    world = pairs('Left = "A=1"; Third = "X=1";', 'Left = "A=1"; Right = "A=2";')
    world.refuses["x"] = WbemStatus[answer]
    assert await found(world, "ASSOCIATORS OF {A=1}") == ["A.K=2"]


async def test_other_failures_of_an_end_are_the_query_s() -> None:
    """SDK, "SWbemServices.AssociatorsOf": wbemErrAccessDenied for one of what the call returns."""
    world = pairs('Left = "A=1"; Third = "X=1";')
    world.refuses["x"] = WbemStatus.ACCESS_DENIED
    assert await status(world, "ASSOCIATORS OF {A=1}") is WbemStatus.ACCESS_DENIED


async def test_a_reference_without_the_qualifier_association_counts() -> None:
    """[MS-WMI] 3.1.4.3.18: "classes with properties of type REF"; with one of them there is no endpoint."""
    world = World(PAIRS + 'instance of Note { K = 5; About = "X=1"; };')
    assert await found(world, "REFERENCES OF {X=1}") == ["Note.K=5"]
    assert await found(world, "ASSOCIATORS OF {X=1}") == []


async def test_a_reference_of_another_class_is_no_role() -> None:
    """[MS-WMI] 3.1.4.3.18: the reference's class must be the source's (or an ancestor of it)."""
    world = pairs('Third = "A=1"; Right = "A=2";')
    assert await found(world, "REFERENCES OF {A=1}") == []


async def test_a_qualifier_may_be_the_instance_s_own() -> None:
    """[MS-WMI] 2.2.1.1: "the resulting CIM instances MUST have the CIM qualifier of the given name"."""
    world = World(PAIRS + '[Mine] instance of Pair { Id = "0"; Left = "A=1"; Right = "A=2"; };')
    assert world.all[-1].own_qualifiers_
    assert await found(world, "REFERENCES OF {A=1} WHERE RequiredQualifier = mine") == ['Pair.Id="0"']
    assert await found(world, "ASSOCIATORS OF {A=1} WHERE RequiredQualifier = mine") == []
    assert await found(world, "ASSOCIATORS OF {A=1} WHERE RequiredAssocQualifier = mine") == [], (
        "of the class, [MS-WMI]"
    )


# --------------------------------------------------------------------------------------------- what is not even asked


async def test_providers_that_cannot_have_results_are_not_asked() -> None:
    world = World(DISKS, ASSOCIATIONS)
    await found(world, 'ASSOCIATORS OF {Partition.Name="Disk #0, Partition #0"}')
    assert world.asked == [("Basis", ["Antecedent"], frozenset({"antecedent", "dependent"}))]
    for query in (
        f"{OF_DISK} WHERE AssocClass = Basis",
        f"{OF_DISK} WHERE ResultClass = Partition",
        f"{OF_DISK} WHERE Role = Dependent",
        f"{OF_DISK} WHERE ResultRole = Antecedent",
        'REFERENCES OF {Disk.Name="C:"} WHERE ResultClass = Basis',
    ):
        world.asked.clear()
        await found(world, query)
        assert [name for name, _, _ in world.asked] == ["Basis"], query
    world.asked.clear()
    await found(world, 'REFERENCES OF {Disk.Name="C:"} WHERE RequiredQualifier = Tag')
    assert world.asked == [("SystemDevice", ["PartComponent"], None)]


async def test_both_roles_are_asked_for_at_once() -> None:
    world = World(PAIRS, ["Pair"])
    await found(world, "ASSOCIATORS OF {A=1} WHERE KeysOnly")
    assert world.asked == [("Pair", ["Left", "Right"], frozenset({"id", "left", "right", "third"}))]


async def test_an_end_is_not_fetched_where_its_path_tells_enough() -> None:
    world = World(DISKS)
    await found(world, f"{OF_DISK} WHERE ResultClass = Partition")
    assert len(world.got) == 2, world.got
    world = pairs(*['Left = "A=1"; Right = "A=2";'] * 4)
    assert await found(world, "ASSOCIATORS OF {A=1} WHERE ClassDefsOnly") == ["A"]
    assert world.got == ["A=1 keys", "A=2 keys"], "a class without derived ones is known after the first"


async def test_a_path_by_a_base_class_is_fetched_all_the_same() -> None:
    """Only the object tells of which class it is."""
    world = World(
        DISKS
        + r"""
        instance of Basis {
            Antecedent = "Partition.Name=\"Disk #0, Partition #0\""; Dependent = "Element.Name=\"R:\""; };
        """
    )
    query = f"ASSOCIATORS OF {{{PARTITION}}} WHERE"
    assert await found(world, f"{query} ResultClass = RamDisk") == ['RamDisk.Name="R:"']
    assert await found(world, f"{query} ClassDefsOnly") == ["Disk", "RamDisk"]


async def test_a_provider_is_asked_for_one_association_where_its_class_is_wanted() -> None:
    world = World(
        PAIRS + 'instance of Pair { Id = "0"; Left = "A=1"; }; instance of Pair { Id = "1"; Left = "A=1"; };', ["Pair"]
    )
    async with aclosing(traverse(ReferencesOf(ObjectPath.parse("A=1"), class_defs_only=True), world)) as results:
        assert [len(batch) async for batch in results] == [1]
    assert world.closed == 1


async def test_results_come_as_they_are_found_and_a_provider_is_closed() -> None:
    world = World(
        PAIRS + "".join(f'instance of Pair {{ Id = "{n}"; Left = "A=1"; Right = "A=2"; }};' for n in range(5)), ["Pair"]
    )
    assert await batches(world, "ASSOCIATORS OF {A=1}") == [["A.K=2"]] * 5
    results = traverse(AssociatorsOf(ObjectPath.parse("A=1")), world)
    await anext(results)
    await results.aclose()
    assert world.closed == 2


async def test_many_results_of_one_page_come_in_batches_and_slow_ones_at_once() -> None:
    world = pairs(*['Left = "A=1"; Right = "A=2";'] * 150)
    world.page = 1000
    assert [len(batch) for batch in await batches(world, "ASSOCIATORS OF {A=1}")] == [100, 50]
    assert [len(batch) for batch in await batches(world, "REFERENCES OF {A=1}")] == [100, 50]
    world = pairs(*['Left = "A=1"; Right = "A=2";'] * 3)
    world.page, world.delay = 1000, 1.0
    assert [len(batch) for batch in await batches(world, "ASSOCIATORS OF {A=1}")] == [1, 1, 1]


# ------------------------------------------------------------------------------------------ System.Management's cases

SYSTEM_MANAGEMENT = r"""
class Class1 { [Key] string MyKey; uint32 Value; };
class Class2 : Class1 { };
class Class3 { [Key] string Class3Key; };
class Class4 { [Key] string Class4Key; };
[Association] class AssocA { [Key] Class1 ref One; [Key] Class2 ref Two; };
[Association] class AssocB { [Key] Class3 ref Three; [Key] Class4 ref Four; };
instance of Class1 { MyKey = "One1"; };
instance of Class1 { MyKey = "One2"; };
instance of Class2 { MyKey = "Two1"; };
instance of Class2 { MyKey = "Two2"; };
instance of Class3 { Class3Key = "Three1"; };
instance of Class3 { Class3Key = "Three2"; };
instance of Class4 { Class4Key = "Four1"; };
instance of Class4 { Class4Key = "Four2"; };
instance of AssocA { One = "Class1.MyKey=\"One1\""; Two = "Class2.MyKey=\"Two1\""; };
instance of AssocA { One = "Class1.MyKey=\"One2\""; Two = "Class2.MyKey=\"Two2\""; };
instance of AssocB { Three = "Class3.Class3Key=\"Three1\""; Four = "Class4.Class4Key=\"Four1\""; };
instance of AssocB { Three = "Class3.Class3Key=\"Three2\""; Four = "Class4.Class4Key=\"Four2\""; };
"""


@pytest.mark.parametrize("provided", [(), ("AssocA", "AssocB")], ids=["static", "dynamic"])
async def test_the_cases_of_system_management(provided: tuple[str, ...]) -> None:
    """Its Static_Related_Instances and Static_Relationship_Classes: one of each, and no more."""
    world = World(SYSTEM_MANAGEMENT, provided)
    (related,) = await objects(world, "ASSOCIATORS OF {Class3.Class3Key='Three2'}")
    (relationship,) = await objects(world, "REFERENCES OF {Class1.MyKey='One2'}")
    assert (related["__CLASS"], relationship["__CLASS"]) == ("Class4", "AssocA")
