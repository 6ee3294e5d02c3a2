"""Updates of classes that have derived classes or instances, in each mode.

The modes are WBEM_CHANGE_FLAG_TYPE of the SDK and the flags of [MS-WMI] 3.1.4.3.6; where the two differ it is said.
"""

from __future__ import annotations

from collections.abc import Iterable

import pytest
from tests.engine.store_fakes import DEFAULT, FIXED, FORCE, SAFE, MemoryStore, class_, of, refused, text

from openwmi.base.status import WbemStatus
from openwmi.engine.class_changes import ClassChange, check_class_put
from openwmi.model import ChangeFlag, CimClass, Method, Parameter, Property, Qualifier, Type

NUMBER = Type.parse("uint32")
ID = of("Id", "uint32", "key")
MODES = [DEFAULT, SAFE, FORCE]


def base(*members: Property | Method, qualifiers: Iterable[str | Qualifier] = ()) -> CimClass:
    return class_("Demo_Base", ID, of("Note", "string"), *members, qualifiers=tuple(qualifiers))


def child(*members: Property | Method, qualifiers: Iterable[str | Qualifier] = ()) -> CimClass:
    return class_("Demo_Child", *members, below=base(), qualifiers=tuple(qualifiers))


def put(given: CimClass, flags: ChangeFlag, store: MemoryStore) -> ClassChange:
    change = check_class_put(given, flags, store)
    store.apply(change)
    return change


WITHOUT_NOTE = class_("Demo_Base", ID)
OTHER_TYPE = class_("Demo_Base", ID, of("Note", "uint32"))
OTHER_KEY = class_("Demo_Base", ID, of("Note", "string", "key"))
NOT_BINDING = [
    base(Method("Run")),
    class_("Demo_Base", ID, of("Note", "string", default="?")),
    class_("Demo_Base", ID, of("Note", "string", "not_null")),
    base(qualifiers=[text("Provider", "X")]),
]
BINDING = [
    base(of("Extra", "string")),
    WITHOUT_NOTE,
    OTHER_TYPE,
    OTHER_KEY,
    class_("Demo_Base", ID, of("Note", "string", "indexed")),
    base(qualifiers=["abstract"]),
    base(qualifiers=["dynamic"]),
]


# ----------------------------------------------------------------------------------------------------------- compatible


@pytest.mark.parametrize("given", [*BINDING, *NOT_BINDING])
@pytest.mark.parametrize("flags", MODES)
def test_alone_a_class_may_become_anything(given: CimClass, flags: ChangeFlag) -> None:
    store = MemoryStore(base())
    change = put(given, flags, store)
    assert change.before is not None
    assert change.class_.properties == given.properties
    assert store.find("Demo_Base") == change.class_


@pytest.mark.parametrize("given", [*BINDING, *NOT_BINDING])
def test_compatible_wants_no_derived_classes(given: CimClass) -> None:
    with refused(WbemStatus.CLASS_HAS_CHILDREN, "Demo_Base", "Demo_Child", "UPDATE_SAFE_MODE"):
        put(given, DEFAULT, MemoryStore(base(), child()))


@pytest.mark.parametrize("given", [*BINDING, *NOT_BINDING])
def test_compatible_wants_no_instances(given: CimClass) -> None:
    store = MemoryStore(base())
    store.add("Demo_Base", Id=1)
    with refused(WbemStatus.CLASS_HAS_INSTANCES, "Demo_Base"):
        put(given, DEFAULT, store)


@pytest.mark.parametrize("flags", MODES)
def test_unimportant_qualifiers_change_in_all_cases(flags: ChangeFlag) -> None:
    """WBEM_FLAG_UPDATE_COMPATIBLE: "the change is just to nonimportant qualifiers (for example, Description)"."""
    store = MemoryStore(base(), child())
    store.add("Demo_Base", Id=1)
    store.add("Demo_Child", Id=2)
    given = class_(
        "Demo_Base", ID, of("Note", "string", text("Units", "words")), qualifiers=(text("Description", "x"),)
    )
    change = put(given, flags, store)
    assert change.class_.qualifiers["Description"].value == "x"
    assert [each.name for each in change.derived] == ["Demo_Child"]
    assert change.derived[0].property("Note").qualifiers["Units"].value == "words"


def test_a_method_goes_or_takes_other_parameters() -> None:
    store = MemoryStore(
        base(Method("Run"), Method("Stop")), class_("Demo_Child", below=base(Method("Run"), Method("Stop")))
    )
    given = base(Method("Run", (Parameter("To", NUMBER),)))
    with refused(WbemStatus.CLASS_HAS_CHILDREN, "Stop is gone", "Run() has another signature"):
        put(given, DEFAULT, store)
    assert [method.name for method in put(given, SAFE, store).derived[0].methods] == ["Run"]


def test_a_qualifier_that_is_false_says_as_much_as_none() -> None:
    store = MemoryStore(base())
    store.add("Demo_Base", Id=1)
    put(base(qualifiers=[Qualifier("Abstract", False)]), DEFAULT, store)


@pytest.mark.parametrize("given", NOT_BINDING)
@pytest.mark.parametrize("flags", [SAFE, FORCE])
def test_instances_hinder_only_what_they_do_not_survive(given: CimClass, flags: ChangeFlag) -> None:
    """[MS-WMI]: "conflicts with … instances"; the SDK refuses every update then."""
    store = MemoryStore(base(), child())
    store.add("Demo_Base", Id=1)
    store.add("Demo_Child", Id=2)
    put(given, flags, store)


@pytest.mark.parametrize("given", BINDING)
@pytest.mark.parametrize("flags", [SAFE, FORCE])
def test_instances_hinder_what_they_do_not_survive(given: CimClass, flags: ChangeFlag) -> None:
    """The SDK's "Creating a WMI Derived Class": what can be done when all instances are gone. No mode deletes them."""
    store = MemoryStore(base())
    store.add("Demo_Base", Id=1)
    with refused(WbemStatus.CLASS_HAS_INSTANCES, "Demo_Base", "delete them first"):
        put(given, flags, store)


@pytest.mark.parametrize("given", [base(of("Extra", "string")), WITHOUT_NOTE, OTHER_TYPE])
@pytest.mark.parametrize("flags", [SAFE, FORCE])
def test_instances_of_a_derived_class_hinder_what_reaches_them(given: CimClass, flags: ChangeFlag) -> None:
    """`#pragma classflags`: "If the child class has instances, the update fails"."""
    store = MemoryStore(base(), child())
    store.add("Demo_Child", Id=1)
    with refused(WbemStatus.CLASS_HAS_INSTANCES, "Demo_Child", "delete them first"):
        put(given, flags, store)
    put(class_("Demo_Base", ID, of("Note", "string", "indexed")), flags, store)  # Indexed is not handed down


# ----------------------------------------------------------------------------------------------------------------- safe


@pytest.mark.parametrize("flags", [SAFE, FORCE])
def test_a_property_that_no_derived_class_mentions(flags: ChangeFlag) -> None:
    """WBEM_FLAG_UPDATE_SAFE_MODE: the SDK's own example."""
    grandchild = class_("Demo_Grandchild", of("Mine", "string"), below=child())
    store = MemoryStore(base(), child(), grandchild)
    change = put(base(of("Extra", "string", default="e")), flags, store)
    assert [each.name for each in change.derived] == ["Demo_Child", "Demo_Grandchild"]
    made = store.find("Demo_Grandchild")
    assert made is not None
    assert made.names == ("Id", "Note", "Extra", "Mine")
    assert made["Extra"] == "e"
    assert made.property("Extra").origin == "Demo_Base"


def test_derived_classes_that_stay_as_they_are_are_not_among_the_changed() -> None:
    store = MemoryStore(base(), child())
    assert put(base(qualifiers=[Qualifier("Version", "1", Type.parse("string"))]), SAFE, store).derived == ()


@pytest.mark.parametrize("type_", ["string", "uint32"])
def test_safe_mode_refuses_a_property_that_a_derived_class_mentions(type_: str) -> None:
    store = MemoryStore(base(), child(of("Extra", "string")))
    with refused(WbemStatus.CLASS_HAS_CHILDREN, "Demo_Child", "Extra", "UPDATE_FORCE_MODE"):
        put(base(of("extra", type_)), SAFE, store)


@pytest.mark.parametrize("given", [WITHOUT_NOTE, OTHER_TYPE])
def test_safe_mode_refuses_to_take_away_what_a_derived_class_declares_again(given: CimClass) -> None:
    store = MemoryStore(base(), child(of("Note", "string", default="mine")))
    with refused(WbemStatus.CLASS_HAS_CHILDREN, "Demo_Child", "Note"):
        put(given, SAFE, store)
    put(given, SAFE, MemoryStore(base(), child()))


def test_safe_mode_refuses_other_keys() -> None:
    """WMI Error Constants: "change a key when instances or subclasses are already using the key"."""
    with refused(WbemStatus.CLASS_HAS_CHILDREN, "Demo_Child", "keys"):
        put(OTHER_KEY, SAFE, MemoryStore(base(), child()))


@pytest.mark.parametrize("flags", [DEFAULT, SAFE])
def test_a_qualifier_in_conflict_with_a_derived_class(flags: ChangeFlag) -> None:
    """Even one that is unimportant: a derived class would break it."""
    store = MemoryStore(base(), child(qualifiers=[text("Vendor", "B")]))
    with refused(WbemStatus.CLASS_HAS_CHILDREN, "Demo_Child", "Vendor"):
        put(base(qualifiers=[text("Vendor", "A", FIXED)]), flags, store)
    put(base(qualifiers=[text("Vendor", "A")]), flags, store)  # it may be overridden, and is


# ---------------------------------------------------------------------------------------------------------------- force


def test_force_mode_deletes_the_qualifier_of_the_derived_class() -> None:
    """WBEM_FLAG_UPDATE_FORCE_MODE: the SDK's own example."""
    store = MemoryStore(base(), child(qualifiers=[text("Vendor", "B"), text("Kind", "C")]))
    (made,) = put(base(qualifiers=[text("Vendor", "A", FIXED)]), FORCE, store).derived
    assert (made.qualifiers["Vendor"].value, made.qualifiers["Kind"].value) == ("A", "C")


def test_force_mode_deletes_qualifiers_of_members() -> None:
    note = of("Note", "string", text("Units", "B"))
    run = Method("Run", qualifiers=class_("X", qualifiers=(text("Units", "B"),)).qualifiers)
    old = base(Method("Run"))
    store = MemoryStore(old, class_("Demo_Child", note, run, below=old))
    fixed = class_("X", qualifiers=(text("Units", "A", FIXED),)).qualifiers
    given = class_("Demo_Base", ID, of("Note", "string", text("Units", "A", FIXED)), Method("Run", qualifiers=fixed))
    (made,) = put(given, FORCE, store).derived
    assert made.property("Note").qualifiers["Units"].value == "A"
    assert made.method("Run").qualifiers["Units"].value == "A"


def test_force_mode_takes_the_property_of_the_update() -> None:
    store = MemoryStore(base(), child(of("Extra", "string", default="x"), of("Mine", "uint8")))
    (made,) = put(base(of("Extra", "uint32", default=7)), FORCE, store).derived
    assert (made.property("Extra").type, made["Extra"]) == (NUMBER, 7)
    assert made.names == ("Id", "Note", "Extra", "Mine")


def test_force_mode_leaves_a_derived_class_what_is_not_in_conflict() -> None:
    store = MemoryStore(base(), child(of("Note", "string", default="mine"), of("Extra", "string", default="x")))
    (made,) = put(class_("Demo_Base", ID, of("Extra", "string")), FORCE, store).derived
    assert (made["Note"], made["Extra"]) == ("mine", "x")
    assert (made.property("Note").origin, made.property("Extra").origin) == ("Demo_Child", "Demo_Base")


def test_force_mode_takes_the_method_of_the_update() -> None:
    """WMI Error Constants, WBEM_E_UPDATE_PROPAGATED_METHOD is what the conflict is called."""
    store = MemoryStore(base(), child(Method("Run"), Method("Stop")))
    given = base(Method("Run", (Parameter("To", NUMBER),)))
    with refused(WbemStatus.CLASS_HAS_CHILDREN, "Demo_Child", "Run"):
        put(given, SAFE, store)
    (made,) = put(given, FORCE, store).derived
    assert made.method("Run").origin == "Demo_Base"
    assert len(made.method("Run").parameters) == 1
    assert made.method("Stop").origin == "Demo_Child"


def test_force_mode_changes_keys() -> None:
    (made,) = put(OTHER_KEY, FORCE, MemoryStore(base(), child())).derived
    assert made.keys == ("Id", "Note")


ROOT = class_("Demo_Root", of("Note", "string"), qualifiers=("abstract",))


def below_root(*members: Property, qualifiers: tuple[str, ...] = ()) -> CimClass:
    return class_("Demo_Leaf", *members, below=ROOT, qualifiers=qualifiers)


@pytest.mark.parametrize(
    ("leaf", "given", "keys"),
    [
        (below_root(of("Id", "uint8", "key")), class_("Demo_Root", of("Note", "string", "key")), ("Note",)),
        (below_root(of("Id", "uint8", "key")), class_("Demo_Root", of("Note", "string")), ()),
        (below_root(of("Id", "uint8", "key")), class_("Demo_Root", qualifiers=("singleton",)), ()),
        (below_root(of("Id", "uint8", "key")), class_("Demo_Root", qualifiers=("abstract", "singleton")), ()),
        (below_root(qualifiers=("abstract",)), class_("Demo_Root", of("Note", "string")), ()),
        (below_root(qualifiers=("singleton",)), class_("Demo_Root", of("Note", "string")), ()),
    ],
)
def test_force_mode_takes_away_what_the_new_superclass_does_not_allow(
    leaf: CimClass, given: CimClass, keys: tuple[str, ...]
) -> None:
    with refused(WbemStatus.CLASS_HAS_CHILDREN, "Demo_Leaf"):
        put(given, SAFE, MemoryStore(ROOT, leaf))
    (made,) = put(given, FORCE, MemoryStore(ROOT, leaf)).derived
    assert made.keys == keys
    assert not made.is_abstract
    assert made.is_singleton == given.is_singleton


def test_force_mode_keeps_a_key_that_is_still_allowed() -> None:
    leaf = below_root(of("Id", "uint8", "key"))
    given = class_("Demo_Root", of("Note", "string"), of("Extra", "string"), qualifiers=("abstract",))
    (made,) = put(given, FORCE, MemoryStore(ROOT, leaf)).derived
    assert made.keys == ("Id",)


def test_force_mode_cannot_make_a_derived_class_dynamic() -> None:
    with refused(WbemStatus.CLASS_HAS_CHILDREN, "Demo_Child", "dynamic"):
        put(base(qualifiers=["dynamic"]), FORCE, MemoryStore(base(), child()))


# --------------------------------------------------------------------------------------------------- another superclass


OTHER = class_("Demo_Other", ID, of("Site", "string"))


@pytest.mark.parametrize("flags", MODES)
def test_another_superclass(flags: ChangeFlag) -> None:
    """The SDK's "Creating a WMI Derived Class": "Change the parent class of your derived class"."""
    store = MemoryStore(base(), OTHER, child(of("Mine", "string")))
    moved = class_("Demo_Child", of("Mine", "string"), below=OTHER)
    assert put(moved, flags, store).class_.names == ("Id", "Site", "Mine")

    store = MemoryStore(base(), OTHER, child(of("Mine", "string")))
    store.add("Demo_Child", Id=1)
    with refused(WbemStatus.CLASS_HAS_INSTANCES, "Demo_Child", "superclass"):
        put(moved, flags, store)


def test_another_superclass_with_derived_classes() -> None:
    store = MemoryStore(base(), OTHER, child())
    store.apply(check_class_put(class_("Demo_Grandchild", below=child()), DEFAULT, store))
    moved = class_("Demo_Child", below=OTHER)
    with refused(WbemStatus.CLASS_HAS_CHILDREN, "Demo_Child", "Demo_Grandchild"):
        put(moved, DEFAULT, store)
    (made,) = put(moved, SAFE, store).derived
    assert made.derivation == ("Demo_Child", "Demo_Other")
    assert made.names == ("Id", "Site")
