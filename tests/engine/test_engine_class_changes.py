"""What may be put as a class, and what may be deleted: one test for each rule, with where the rule stands."""

from __future__ import annotations

import pytest
from tests.engine.store_fakes import (
    AMENDED,
    CREATE,
    DEFAULT,
    FIXED,
    FORCE,
    NAMESPACE,
    SAFE,
    SERVER,
    UPDATE,
    MemoryStore,
    class_,
    of,
    refused,
    text,
)

from openwmi.base.limits import CLASS_NAME_CHARS, CLASS_PROPERTIES
from openwmi.base.status import WbemStatus
from openwmi.engine.class_changes import check_class_delete, check_class_put
from openwmi.model import ChangeFlag, CimClass, Method, ObjectPath, Parameter, Qualifier, Type

DEVICE = class_("Demo_Device", of("Note", "string"), qualifiers=("abstract",))
PUMP = class_("Demo_Pump", of("Name", "string", "key"), of("Speed", "uint32", default=3), below=DEVICE)


def put(given: CimClass, store: MemoryStore, flags: ChangeFlag = DEFAULT) -> CimClass:
    change = check_class_put(given, flags, store)
    store.apply(change)
    return change.class_


# -------------------------------------------------------------------------------------------------- what comes of a put


def test_a_base_class_becomes_one_of_the_namespace() -> None:
    change = check_class_put(DEVICE, DEFAULT, MemoryStore())
    assert change.is_new
    assert change.before is None
    assert change.derived == ()
    assert (change.class_.namespace, change.class_.server) == (NAMESPACE, SERVER)
    assert change.class_.property("Note").origin == "Demo_Device"


def test_a_derived_class_is_put_below_the_superclass_that_is_here() -> None:
    """[MS-WMI] 3.1.4.3.6: DerivedClassTable points to the superclass; what a client has seen of it may be older."""
    here = class_("Demo_Device", of("Note", "string"), of("Site", "string"), qualifiers=("abstract",))
    store = MemoryStore(here)
    made = put(PUMP, store)
    assert made.names == ("Note", "Site", "Name", "Speed")
    assert made.superclass == "Demo_Device"
    assert made.property("Site").origin == "Demo_Device"
    assert made.property("Name").origin == "Demo_Pump"
    assert (made.namespace, made.server) == (NAMESPACE, SERVER)


def test_what_the_superclass_has_lost_is_not_put_again() -> None:
    store = MemoryStore(class_("Demo_Device", qualifiers=("abstract",)))
    assert put(PUMP, store).names == ("Name", "Speed")


def test_the_same_class_again_changes_nothing() -> None:
    store = MemoryStore(DEVICE, PUMP)
    store.add("Demo_Pump", Name="a")
    change = check_class_put(PUMP, DEFAULT, store)
    assert change.class_ == change.before
    assert not change.is_new
    assert change.derived == ()


# ---------------------------------------------------------------------------------------------------------------- flags


def test_update_only_wants_a_class_that_exists() -> None:
    """SWbemObject.Put_, wbemErrNotFound."""
    with refused(WbemStatus.NOT_FOUND, "Demo_Device", "UPDATE_ONLY"):
        check_class_put(DEVICE, UPDATE, MemoryStore())
    assert not check_class_put(DEVICE, UPDATE, MemoryStore(DEVICE)).is_new


def test_create_only_wants_a_class_that_does_not_exist() -> None:
    """[MS-WMI] 3.1.4.3.6; WMI Error Constants, WBEM_E_ALREADY_EXISTS."""
    assert check_class_put(DEVICE, CREATE, MemoryStore()).is_new
    with refused(WbemStatus.ALREADY_EXISTS, "demo_DEVICE", "CREATE_ONLY"):
        check_class_put(class_("demo_DEVICE"), CREATE, MemoryStore(DEVICE))


@pytest.mark.parametrize("flags", [CREATE | UPDATE, SAFE | FORCE])
def test_flags_that_exclude_each_other(flags: ChangeFlag) -> None:
    """[MS-WMI] 3.1.4.3.6: mutually exclusive."""
    with refused(WbemStatus.INVALID_PARAMETER, "exclude each other"):
        check_class_put(DEVICE, flags, MemoryStore())


@pytest.mark.parametrize("bit", [0x04, 0x10, 0x80, 0x10000, 0x20000])
def test_flags_that_are_unknown(bit: int) -> None:
    """[MS-WMI] 3.1.4.3.6: "Any other DWORD value … MUST be treated as not valid"."""
    with refused(WbemStatus.INVALID_PARAMETER, f"0x{bit:X}"):
        check_class_put(DEVICE, ChangeFlag(bit), MemoryStore())


# ---------------------------------------------------------------------------------------------------------------- names


@pytest.mark.parametrize(
    ("name", "status"),
    [
        ("_Demo", WbemStatus.INVALID_OPERATION),
        ("__Demo", WbemStatus.INVALID_OPERATION),
        ("__NAMESPACE", WbemStatus.INVALID_OPERATION),
        ("Demo_", WbemStatus.INVALID_OBJECT),
        ("", WbemStatus.INVALID_PARAMETER),
        ("4Demo", WbemStatus.INVALID_PARAMETER),
        ("De mo", WbemStatus.INVALID_PARAMETER),
        ("De-mo", WbemStatus.INVALID_PARAMETER),
        ("Demo\n", WbemStatus.INVALID_PARAMETER),
        ("Demo\ud800", WbemStatus.INVALID_PARAMETER),
        ("D" * (CLASS_NAME_CHARS + 1), WbemStatus.QUOTA_VIOLATION),
    ],
)
def test_names_of_classes(name: str, status: WbemStatus) -> None:
    """[MS-WMI] 3.1.4.3.6, at its end; CLASS-NAME in 2.2.1.1."""
    with refused(status, "class name"):
        check_class_put(CimClass(name), DEFAULT, MemoryStore())


@pytest.mark.parametrize("name", ["D", "Demo_1", "D__x", "Straße", "Ключ_1", "類", "𐐷𝒟", "D" * CLASS_NAME_CHARS])
def test_names_are_letters_of_all_alphabets(name: str) -> None:
    """DSP0004 5.1. What can be put can be found by its path."""
    given = class_(name, of(name, "string", "key"))
    assert put(given, MemoryStore()).name == name
    assert ObjectPath.parse(f'{NAMESPACE}:{name}.{name}="x"').keys == ((name, "x"),)


@pytest.mark.parametrize(
    ("name", "status"),
    [
        ("_Speed", WbemStatus.INVALID_OPERATION),
        ("__PATH", WbemStatus.INVALID_OPERATION),
        ("Speed_", WbemStatus.INVALID_OBJECT),
        ("Top Speed", WbemStatus.INVALID_PARAMETER),
    ],
)
def test_names_of_members(name: str, status: WbemStatus) -> None:
    """IWbemClassObject::Put: "A user cannot create properties with names that begin or end with an underscore"."""
    with refused(status, "property name", name, "Demo_X"):
        check_class_put(class_("Demo_X", of(name, "uint32")), DEFAULT, MemoryStore())
    with refused(status, "method name", name, "Demo_X"):
        check_class_put(class_("Demo_X", Method(name)), DEFAULT, MemoryStore())


def test_inherited_members_keep_their_names() -> None:
    system = CimClass("__Thing", properties=(of("__Inner", "string"),), qualifiers=DEVICE.qualifiers)
    store = MemoryStore()
    store.classes["__thing"] = system
    assert put(class_("Demo_X", below=system), store).names == ("__Inner",)


def test_a_class_has_1024_properties_at_most() -> None:
    """The SDK's "Creating a WMI Base Class"."""
    members = [of(f"P{number}", "uint8") for number in range(CLASS_PROPERTIES)]
    put(class_("Demo_Wide", *members), MemoryStore())
    with refused(WbemStatus.TOO_MANY_PROPERTIES, "Demo_Wide", "1025", "1024"):
        put(class_("Demo_Wide", *members, of("One", "uint8")), MemoryStore())


def test_a_class_from_a_query_is_not_whole() -> None:
    with refused(WbemStatus.INVALID_OBJECT, "Demo_Pump", "query"):
        check_class_put(PUMP.project(["Name"]), DEFAULT, MemoryStore(DEVICE))


# ----------------------------------------------------------------------------------------------------------- superclass


def test_the_superclass_must_be_there() -> None:
    """[MS-WMI] 3.1.4.3.6: "MUST fail with WBEM_E_NOT_FOUND"."""
    with refused(WbemStatus.NOT_FOUND, "Demo_Device", "Demo_Pump", NAMESPACE):
        check_class_put(PUMP, DEFAULT, MemoryStore())


def test_the_name_of_the_superclass_has_a_limit() -> None:
    with refused(WbemStatus.QUOTA_VIOLATION, "superclass"):
        check_class_put(CimClass("Demo_X", "D" * (CLASS_NAME_CHARS + 1)), DEFAULT, MemoryStore())


@pytest.mark.parametrize("superclass", ["Demo_Device", "demo_pump"])
def test_a_class_is_not_derived_from_itself(superclass: str) -> None:
    """WMI Error Constants, WBEM_E_CIRCULAR_REFERENCE."""
    with refused(WbemStatus.CIRCULAR_REFERENCE, "Demo_Device", superclass):
        check_class_put(CimClass("Demo_Device", superclass), FORCE, MemoryStore(DEVICE, PUMP))


def test_a_property_keeps_its_type() -> None:
    """IWbemClassObject::Put."""
    other = CimClass("Demo_Valve", "Demo_Device", properties=(of("Note", "uint32"),))
    with refused(WbemStatus.TYPE_MISMATCH, "Demo_Valve.Note", "Demo_Device"):
        check_class_put(other, DEFAULT, MemoryStore(DEVICE))


def test_a_qualifier_that_cannot_be_overridden() -> None:
    """WMI Error Constants, WBEM_E_OVERRIDE_NOT_ALLOWED."""
    store = MemoryStore(class_("Demo_Device", qualifiers=("abstract", text("Vendor", "A", FIXED))))
    given = CimClass("Demo_Pump", "Demo_Device", qualifiers=class_("X", qualifiers=(text("Vendor", "B"),)).qualifiers)
    with refused(WbemStatus.OVERRIDE_NOT_ALLOWED, "Demo_Pump", "Vendor"):
        check_class_put(given, DEFAULT, store)


def test_a_method_keeps_its_signature() -> None:
    """WMI Error Constants, WBEM_E_PROPAGATED_METHOD."""
    number, words = Type.parse("uint32"), Type.parse("string")
    base = class_("Demo_Base", Method("Set", (Parameter("To", number),), number))
    store = MemoryStore(base)
    put(class_("Demo_Same", Method("set", (Parameter("TO", number),), number), below=base), store)
    for other in (
        Method("Set", (Parameter("To", words),), number),
        Method("Set", (Parameter("To", number, is_out=True),), number),
        Method("Set", (Parameter("To", number),)),
        Method("Set", (), number),
    ):
        with refused(WbemStatus.PROPAGATED_METHOD, "Demo_Other.Set()", "Demo_Base"):
            put(class_("Demo_Other", other, below=base), store)


def test_what_is_below_a_dynamic_class_is_dynamic() -> None:
    """The SDK's "Dynamic Qualifier"."""
    base = class_("Demo_Live", of("Id", "uint32", "key"), qualifiers=("dynamic", text("Provider", "X")))
    store = MemoryStore(base)
    put(class_("Demo_LiveToo", below=base, qualifiers=("dynamic",)), store)
    with refused(WbemStatus.INVALID_SUPERCLASS, "Demo_Static", "Demo_Live", "Dynamic"):
        put(class_("Demo_Static", below=base), store)


# ----------------------------------------------------------------------------------- keys, singletons, abstract classes


@pytest.mark.parametrize("type_", ["string[]", "real32", "real64", "object"])
def test_types_that_are_no_key(type_: str) -> None:
    """The SDK's "Key Qualifier"."""
    with refused(WbemStatus.CANNOT_BE_KEY, "Demo_X", "Id"):
        put(class_("Demo_X", of("Id", type_, "key")), MemoryStore())


@pytest.mark.parametrize("type_", ["string", "uint64", "boolean", "char16", "datetime", "ref:Demo_Device"])
def test_types_that_can_be_a_key(type_: str) -> None:
    assert put(class_("Demo_X", of("Id", type_, "key")), MemoryStore()).keys == ("Id",)


def test_keys_come_with_the_first_class_that_has_instances() -> None:
    """The SDK's "Key Qualifier": derived classes "cannot alter the inherited key or define any new key property"."""
    plain = class_("Demo_Plain", of("Note", "string"))
    store = MemoryStore(DEVICE, PUMP, plain)
    with refused(WbemStatus.CANNOT_BE_KEY, "Demo_Fast.Gear", "Demo_Pump"):
        put(class_("Demo_Fast", of("Gear", "uint8", "key"), below=PUMP), store)
    with refused(WbemStatus.CANNOT_BE_KEY, "Demo_Late.Id", "Demo_Plain"):
        put(class_("Demo_Late", of("Id", "uint8", "key"), below=plain), store)
    with refused(WbemStatus.CANNOT_BE_KEY, "Demo_Loose.Name"):
        put(class_("Demo_Loose", of("Name", "string", Qualifier("key", False)), below=PUMP), store)
    again = class_("Demo_Again", of("Name", "string", "key"), below=PUMP)
    assert put(again, store).keys == ("Name",)


def test_a_class_or_method_is_no_key() -> None:
    """WMI Error Constants, WBEM_E_INVALID_QUALIFIER."""
    with refused(WbemStatus.INVALID_QUALIFIER, "Demo_X ", "Key"):
        put(class_("Demo_X", qualifiers=("key",)), MemoryStore())
    method = Method("Run", qualifiers=class_("X", qualifiers=("Key",)).qualifiers)
    with refused(WbemStatus.INVALID_QUALIFIER, "Demo_X.Run()", "Key"):
        put(class_("Demo_X", method), MemoryStore())


def test_a_singleton_has_no_keys_and_no_superclass_that_is_none() -> None:
    """[MS-WMI] 3.1.4.3.6."""
    plain = class_("Demo_Plain")
    with refused(WbemStatus.CANNOT_BE_SINGLETON, "Demo_One", "Id"):
        put(class_("Demo_One", of("Id", "uint8", "key"), qualifiers=("singleton",)), MemoryStore())
    with refused(WbemStatus.CANNOT_BE_SINGLETON, "Demo_One", "Demo_Plain"):
        put(class_("Demo_One", below=plain, qualifiers=("singleton",)), MemoryStore(plain))


def test_a_singleton_hands_down_that_it_has_no_keys() -> None:
    only = class_("Demo_Only", qualifiers=("abstract", "singleton"))
    with refused(WbemStatus.CANNOT_BE_SINGLETON, "Demo_One", "Demo_Only", "Id"):
        put(class_("Demo_One", of("Id", "uint8", "key"), below=only), MemoryStore(only))


def test_a_singleton_may_be_below_an_abstract_class() -> None:
    """Win32_WMISetting, below CIM_Setting, is one."""
    store = MemoryStore(DEVICE)
    one = put(class_("Demo_One", below=DEVICE, qualifiers=("singleton",)), store)
    assert put(class_("Demo_Other", below=one), store).is_singleton


def test_an_abstract_class_is_below_abstract_ones() -> None:
    """[MS-WMI] 3.1.4.3, WBEM_E_CANNOT_BE_ABSTRACT."""
    store = MemoryStore(DEVICE, PUMP)
    put(class_("Demo_Kind", below=DEVICE, qualifiers=("abstract",)), store)
    with refused(WbemStatus.CANNOT_BE_ABSTRACT, "Demo_Sort", "Demo_Pump"):
        put(class_("Demo_Sort", below=PUMP, qualifiers=("abstract",)), store)


# --------------------------------------------------------------------------------------------------- amended qualifiers


def test_amended_qualifiers_stay_unless_an_update_leaves_them_out() -> None:
    """[MS-WMI] 3.1.1.2: when a class is created they "MUST not be stripped"."""
    words = text("Description", "a lamp", AMENDED)
    method = Method(
        "Run", (Parameter("To", Type.parse("string")),), qualifiers=class_("X", qualifiers=(words,)).qualifiers
    )
    given = class_("Demo_Lamp", of("Id", "uint8", "key", words), method, qualifiers=(words,))
    store = MemoryStore()
    change = check_class_put(given, DEFAULT, store, amended=True)
    assert "Description" in change.class_.qualifiers
    store.apply(change)
    assert check_class_put(given, DEFAULT, store).class_ == change.class_

    neutral = check_class_put(given, DEFAULT, store, amended=True).class_
    assert "Description" not in neutral.qualifiers
    assert "Description" not in neutral.method("Run").qualifiers
    assert list(neutral.property("Id").qualifiers) == ["key"]


# ------------------------------------------------------------------------------------------------------------- deleting


def test_a_class_goes_with_those_derived_from_it() -> None:
    """[MS-WMI] 3.1.4.3.8: "recursively delete all the derived classes"; its instances do not hinder it."""
    fast = class_("Demo_Fast", below=PUMP)
    store = MemoryStore(DEVICE, PUMP, fast)
    store.add("Demo_Fast", Name="a")
    deletion = check_class_delete("DEMO_device", store)
    assert deletion.class_.name == "Demo_Device"
    assert [each.name for each in deletion.derived] == ["Demo_Pump", "Demo_Fast"]
    assert check_class_delete("Demo_Fast", store).derived == ()


@pytest.mark.parametrize("name", ["Demo_None", "", "no name"])
def test_a_class_that_is_deleted_must_exist(name: str) -> None:
    """[MS-WMI] 3.1.4.3.8."""
    with refused(WbemStatus.NOT_FOUND, name, NAMESPACE):
        check_class_delete(name, MemoryStore())


def test_system_classes_cannot_be_deleted() -> None:
    """IWbemServices::DeleteClass."""
    store = MemoryStore()
    store.classes["__systemclass"] = CimClass("__SystemClass")
    with refused(WbemStatus.INVALID_OPERATION, "__SystemClass"):
        check_class_delete("__SystemClass", store)


def test_what_else_a_deletion_does_not_take() -> None:
    with refused(WbemStatus.QUOTA_VIOLATION, "4097"):
        check_class_delete("D" * (CLASS_NAME_CHARS + 1), MemoryStore())
    with refused(WbemStatus.INVALID_PARAMETER, "USE_AMENDED_QUALIFIERS"):  # [MS-WMI] 3.1.1.2
        check_class_delete("Demo_Device", MemoryStore(DEVICE), amended=True)
