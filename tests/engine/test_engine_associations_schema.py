"""ASSOCIATORS OF and REFERENCES OF with SchemaOnly: SDK, "Schema Associations"."""

from __future__ import annotations

import pytest
from tests.engine.association_world import World, batches, found, objects

from openwmi.model import CimClass

ADAPTERS = r"""
class Adapter { [Key] string Name; };
class Ethernet : Adapter { };
class Protocol { [Key] string Name; };
[Dynamic] class Driver { [Key] string Name; };
class Firmware : Driver { };
[Association, Abstract] class AdapterProtocol { [Key] Adapter ref Parent; [Key] Protocol ref Child; };
[Association, Tag] class AdapterDriver { [Key] Adapter ref Parent; [Key] Driver ref Child; };
class OwnDriver : AdapterDriver { };
[Association] class Bridge { [Key] Ethernet ref Here; [Key] Ethernet ref There; };
[Association] class Elsewhere { [Key] Protocol ref A; [Key] Nowhere ref B; };
"""
WORLD = World(ADAPTERS)


@pytest.mark.parametrize(
    ("query", "expected"),
    [
        ("ASSOCIATORS OF {Adapter} WHERE SchemaOnly", ["Protocol", "Driver", "Driver"]),
        ("ASSOCIATORS OF {Adapter} WHERE AssocClass = AdapterDriver SchemaOnly", ["Driver", "Driver"]),
        ("ASSOCIATORS OF {Adapter} WHERE AssocClass = OwnDriver SchemaOnly", ["Driver"]),
        ("ASSOCIATORS OF {adapter} WHERE ResultClass = Protocol SchemaOnly", ["Protocol"]),
        ("ASSOCIATORS OF {Adapter} WHERE ResultClass = Firmware SchemaOnly", []),
        ("ASSOCIATORS OF {Adapter} WHERE RequiredQualifier = dynamic SchemaOnly", ["Driver", "Driver"]),
        ("ASSOCIATORS OF {Adapter} WHERE RequiredAssocQualifier = Tag SchemaOnly", ["Driver"]),
        (
            "ASSOCIATORS OF {Adapter} WHERE Role = parent ResultRole = child SchemaOnly",
            ["Protocol", "Driver", "Driver"],
        ),
        ("ASSOCIATORS OF {Adapter} WHERE Role = Child SchemaOnly", []),
        ("ASSOCIATORS OF {Ethernet} WHERE SchemaOnly", ["Protocol", "Driver", "Driver", "Ethernet"]),
        ("ASSOCIATORS OF {Ethernet} WHERE ResultRole = There SchemaOnly", ["Ethernet"]),
        ("ASSOCIATORS OF {Ethernet} WHERE Role = There ResultRole = There SchemaOnly", []),
        ("ASSOCIATORS OF {Protocol} WHERE SchemaOnly", ["Adapter"]),
        ("ASSOCIATORS OF {AdapterDriver} WHERE SchemaOnly", []),
        ("REFERENCES OF {Adapter} WHERE SchemaOnly", ["AdapterProtocol", "AdapterDriver", "OwnDriver"]),
        ("REFERENCES OF {Ethernet} WHERE Role = Here SchemaOnly", ["Bridge"]),
        ("REFERENCES OF {Firmware} WHERE SchemaOnly", ["AdapterDriver", "OwnDriver"]),
        ("REFERENCES OF {Firmware} WHERE ResultClass = OwnDriver SchemaOnly", ["OwnDriver"]),
        ("REFERENCES OF {Adapter} WHERE RequiredQualifier = Tag SchemaOnly", ["AdapterDriver"]),
    ],
)
async def test_classes_that_may_be_linked(query: str, expected: list[str]) -> None:
    """The page's own examples first: duplicates are allowed, abstract classes count, and so do ancestors."""
    assert await found(WORLD, query) == expected


async def test_the_class_that_the_page_finds_several_times() -> None:
    """The page: "will return the class CIM_ComputerSystem several times"."""
    world = World(
        """
        class Element { [Key] string Name; };
        class CIM_ComputerSystem : Element { };
        class Win32_ComputerSystem : CIM_ComputerSystem { };
        [Association] class A { Element ref Part; CIM_ComputerSystem ref Group; };
        [Association] class B : A { };
        [Association] class C : B { Win32_ComputerSystem ref Part; };
        """
    )
    listed = await found(world, "ASSOCIATORS OF {Win32_ComputerSystem} WHERE SchemaOnly")
    assert listed.count("CIM_ComputerSystem") == 3


async def test_whole_classes_come_out_in_one_batch() -> None:
    """Nothing is asked of the objects, since "a schema query returns class definitions whether or not instances are
    present" (SDK, "Retrieving Class Definitions").
    """
    world = World(ADAPTERS, ["AdapterDriver", "Bridge"])
    listed = await objects(world, "REFERENCES OF {Ethernet} WHERE SchemaOnly")
    assert all(isinstance(one, CimClass) and not one.projected for one in listed)
    assert (world.got, world.asked, world.paths) == ([], [], [])
    assert len(await batches(world, "REFERENCES OF {Ethernet} WHERE SchemaOnly")) == 1
    assert await batches(world, "REFERENCES OF {Elsewhere} WHERE SchemaOnly") == []


async def test_weak_references_name_the_classes_of_their_qualifier() -> None:
    """SDK, "Declaring an Association Class": ClassRef; "References": `object ref` is to any class."""
    world = World(
        """
        class X { [Key] string Name; };
        class Y : X { };
        class Z { [Key] string Name; };
        [Association, HasClassRefs] class Holds {
            [Key, ClassRef{"X"}] object ref Child; [Key, ClassRef{"X", "Z"}] object ref Parent; };
        [Association] class Any { [Key] object ref A; [Key] Z ref B; };
        """
    )
    assert await found(world, "ASSOCIATORS OF {Y} WHERE AssocClass = Holds SchemaOnly") == ["X", "Z"]
    assert await found(world, "ASSOCIATORS OF {Z} WHERE AssocClass = Holds SchemaOnly") == ["X"]
    assert await found(world, "ASSOCIATORS OF {Y} WHERE AssocClass = Any SchemaOnly") == ["Z"]
    assert await found(world, "REFERENCES OF {Y} WHERE SchemaOnly") == ["Holds", "Any"]
