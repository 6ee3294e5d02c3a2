"""What may be put as an instance, and what may be deleted: one test for each rule, with where the rule stands."""

from __future__ import annotations

from collections.abc import Mapping

import pytest
from tests.engine.store_fakes import (
    AMENDED,
    CREATE,
    DEFAULT,
    FORCE,
    NAMESPACE,
    SAFE,
    UPDATE,
    MemoryStore,
    class_,
    of,
    refused,
    text,
)

from openwmi.base.case import NameMap
from openwmi.base.limits import CLASS_KEYS, OBJECT_PATH_CHARS
from openwmi.base.status import WbemStatus
from openwmi.engine.instance_changes import InstanceChange, check_instance_delete, check_instance_put
from openwmi.model import ChangeFlag, CimClass, CimInstance, Flavor, ObjectPath, Qualifier, Value, qualifier_set

DEVICE = class_(
    "Demo_Device", of("Name", "string", "key"), of("Note", "string", default="new"), qualifiers=("abstract",)
)
PUMP = class_("Demo_Pump", of("Speed", "uint32", default=3), of("Tags", "string[]"), below=DEVICE)
FAST = class_("Demo_Fast", of("Gear", "uint8"), below=PUMP)
VALVE = class_("Demo_Valve", below=DEVICE)
ONE = class_("Demo_One", of("Level", "uint8"), qualifiers=("singleton",))
LINK = class_("Demo_Link", of("A", "ref:Demo_Device", "key"), of("B", "ref:Demo_Device", "key"), of("Weight", "uint8"))


@pytest.fixture
def store() -> MemoryStore:
    return MemoryStore(DEVICE, PUMP, FAST, VALVE, ONE, LINK)


def put(
    given: CimInstance,
    store: MemoryStore,
    flags: ChangeFlag = DEFAULT,
    *,
    properties: tuple[str, ...] | None = None,
    context: Mapping[str, object] | None = None,
    amended: bool = False,
) -> InstanceChange:
    change = check_instance_put(
        given,
        flags,
        store,
        properties=properties,
        context=context or {},
        amended=amended,
        new_key=lambda: "{GENERATED}",
    )
    store.apply(change)
    return change


def values(change: InstanceChange) -> dict[str, Value]:
    return change.instance.to_dict_()


# ------------------------------------------------------------------------------------------------ creating and updating


def test_a_new_instance_is_of_the_class_that_is_here(store: MemoryStore) -> None:
    """[MS-WMI] 3.1.4.3.12."""
    change = put(PUMP.instance({"Name": "a", "Speed": 5}), store)
    assert change.is_new
    assert change.instance.class_ is store.find("Demo_Pump")
    assert change.path == ObjectPath.parse('Demo_Pump.Name="a"')
    assert values(change) == {"Name": "a", "Note": "new", "Speed": 5, "Tags": None}


def test_an_instance_that_is_there_is_overwritten(store: MemoryStore) -> None:
    put(PUMP.instance({"Name": "a", "Speed": 5, "Tags": ["x"]}), store)
    change = put(PUMP.instance({"name": "A", "Note": None}), store)
    assert not change.is_new
    assert change.before is not None
    assert change.before.Speed == 5
    assert values(change) == {"Name": "A", "Note": None, "Speed": 3, "Tags": None}


def test_the_instance_of_a_class_whose_parent_is_not_abstract(store: MemoryStore) -> None:
    """Against [MS-WMI] 3.1.4.3.12, which has NOT_FOUND for it: see the module."""
    assert put(FAST.instance({"Name": "a"}), store).is_new


def test_update_only_wants_an_instance_that_exists(store: MemoryStore) -> None:
    """SWbemObject.Put_, wbemErrNotFound."""
    with refused(WbemStatus.NOT_FOUND, 'Demo_Pump.Name="a"', "UPDATE_ONLY"):
        put(PUMP.instance({"Name": "a"}), store, UPDATE)
    put(PUMP.instance({"Name": "a"}), store)
    assert not put(PUMP.instance({"Name": "a"}), store, UPDATE).is_new


def test_create_only_wants_an_instance_that_does_not_exist(store: MemoryStore) -> None:
    """WMI Error Constants, WBEM_E_ALREADY_EXISTS."""
    put(PUMP.instance({"Name": "a"}), store, CREATE)
    with refused(WbemStatus.ALREADY_EXISTS, 'Demo_Pump.Name="A"', "CREATE_ONLY"):
        put(PUMP.instance({"Name": "A"}), store, CREATE)


@pytest.mark.parametrize("flags", [CREATE | UPDATE, SAFE, FORCE, ChangeFlag(0x04), ChangeFlag(0x20000)])
def test_flags_that_an_instance_does_not_have(flags: ChangeFlag, store: MemoryStore) -> None:
    """[MS-WMI] 3.1.4.3.12: the modes are not in its table."""
    with refused(WbemStatus.INVALID_PARAMETER):
        put(PUMP.instance({"Name": "a"}), store, flags)


def test_references_may_point_to_nothing(store: MemoryStore) -> None:
    change = put(LINK.instance({"A": 'Demo_Pump.Name="no"', "B": 'Demo_Valve.Name="none"'}), store)
    assert change.path.keys == (("A", 'Demo_Pump.Name="no"'), ("B", 'Demo_Valve.Name="none"'))


def test_read_is_for_providers(store: MemoryStore) -> None:
    given = class_("Demo_Meter", of("Id", "uint8", "key"), of("Value", "uint32", "read"))
    twin = MemoryStore(given)
    put(given.instance({"Id": 1, "Value": 1}), twin)
    assert put(given.instance({"Id": 1, "Value": 2}), twin).instance.Value == 2


# ------------------------------------------------------------------------------------------------------- which classes


def test_the_class_must_be_there() -> None:
    with refused(WbemStatus.INVALID_CLASS, "Demo_Pump", NAMESPACE):
        put(PUMP.instance({"Name": "a"}), MemoryStore())


def test_an_abstract_class_has_no_instances(store: MemoryStore) -> None:
    """IWbemServices::PutInstance: "on an instance of an abstract class is not allowed"."""
    with refused(WbemStatus.INVALID_OPERATION, "Demo_Device", "abstract"):
        put(DEVICE.instance({"Name": "a"}), store)


def test_an_amendment_has_no_instances() -> None:
    """[MS-WMI] 3.1.1.2."""
    words = class_("Demo_Words", of("Id", "uint8", "key"), qualifiers=("Amendment",))
    with refused(WbemStatus.INVALID_OPERATION, "Demo_Words"):
        put(words.instance({"Id": 1}), MemoryStore(words))


def test_a_class_without_a_key_has_no_instances() -> None:
    """The SDK's "Key Qualifier": "All classes that define more than one instance must specify a key"."""
    loose = class_("Demo_Loose", of("Note", "string"))
    with refused(WbemStatus.NO_KEY, "Demo_Loose"):
        put(loose.instance({"Note": "a"}), MemoryStore(loose))


@pytest.mark.parametrize("name", ["__Win32Provider", "__EventFilter"])
def test_instances_of_system_classes(name: str) -> None:
    """Registrations and filters are instances of theirs; only as classes they cannot be put."""
    store = MemoryStore()
    system = CimClass(name, properties=(of("Name", "string", "key"),), namespace=NAMESPACE)
    store.classes[name.lower()] = system
    assert str(put(system.instance({"Name": "a"}), store).path) == f'{name}.Name="a"'


def test_a_singleton(store: MemoryStore) -> None:
    assert str(put(ONE.instance({"Level": 1}), store).path) == "Demo_One=@"
    change = put(ONE.instance({"Level": 2}), store, UPDATE)
    assert change.before is not None
    with refused(WbemStatus.ALREADY_EXISTS, "Demo_One=@"):
        put(ONE.instance(), store, CREATE)


def test_each_singleton_class_has_an_instance_of_its_own(store: MemoryStore) -> None:
    other = class_("Demo_Other", below=ONE)
    store.classes["demo_other"] = other
    put(other.instance({"Level": 1}), store)
    assert put(ONE.instance({"Level": 2}), store).is_new


# ----------------------------------------------------------------------------------------------------------------- keys


def test_a_string_key_that_is_null_becomes_a_guid(store: MemoryStore) -> None:
    """The SDK's "Creating and Declaring an Instance Using C++", and PutInstanceAsync."""
    change = put(PUMP.instance({"Speed": 1}), store)
    assert values(change)["Name"] == "{GENERATED}"
    first, second = (check_instance_put(PUMP.instance(), DEFAULT, store).instance.Name for _ in range(2))
    assert first != second
    assert (len(first), first[0], first[-1]) == (38, "{", "}")


def test_what_is_updated_has_its_key_already(store: MemoryStore) -> None:
    with refused(WbemStatus.NO_KEY, "Demo_Pump.Name", "NULL"):
        put(PUMP.instance(), store, UPDATE)


@pytest.mark.parametrize("type_", ["uint32", "datetime", "boolean", "ref:Demo_Device", "char16"])
def test_another_key_must_not_be_null(type_: str) -> None:
    """[MS-WMI] 2.2.11, WBEM_E_NO_KEY."""
    given = class_("Demo_X", of("Id", type_, "key"))
    with refused(WbemStatus.NO_KEY, "Demo_X.Id", "NULL"):
        put(given.instance(), MemoryStore(given))


@pytest.mark.parametrize("key", ["a\nb", "\t", "\x1f"])
def test_a_key_has_no_control_characters(key: str, store: MemoryStore) -> None:
    """The SDK's "Key Qualifier"."""
    with refused(WbemStatus.INVALID_OBJECT, "Demo_Pump.Name"):
        put(PUMP.instance({"Name": key}), store)


@pytest.mark.parametrize("key", ["", " ", 'C:\\a "b"', "ключ", "𝒦"])
def test_what_a_key_may_be(key: str, store: MemoryStore) -> None:
    path = put(PUMP.instance({"Name": key}), store).path
    assert ObjectPath.parse(str(path)) == path
    assert check_instance_delete(path, store).Name == key


def test_an_instance_has_256_keys_at_most() -> None:
    """The SDK's "Creating an Instance"."""
    many = class_("Demo_X", *[of(f"K{number}", "uint8", "key") for number in range(CLASS_KEYS + 1)])
    with refused(WbemStatus.QUOTA_VIOLATION, "Demo_X", "256"):
        put(many.instance(dict.fromkeys(many.keys, 1)), MemoryStore(many))


def test_the_path_has_a_limit(store: MemoryStore) -> None:
    """[MS-WMI] 3.1.4.3.12, last paragraph."""
    room = OBJECT_PATH_CHARS - len('Demo_Pump.Name=""')
    put(PUMP.instance({"Name": "n" * room}), store)
    with refused(WbemStatus.QUOTA_VIOLATION, "Demo_Pump", "8192"):
        put(PUMP.instance({"Name": "n" * (room + 1)}), store)


@pytest.mark.parametrize("other", [VALVE, FAST])
def test_an_instance_does_not_move_to_another_class(other: CimClass, store: MemoryStore) -> None:
    """IWbemServices::PutInstance: "It does not support moving instances"."""
    put(PUMP.instance({"Name": "a"}), store)
    for flags in (DEFAULT, CREATE):
        with refused(WbemStatus.ALREADY_EXISTS, f'{other.name}.Name="A"', "Demo_Pump", "Demo_Device"):
            put(other.instance({"Name": "A"}), store, flags)
    with refused(WbemStatus.NOT_FOUND, other.name):
        put(other.instance({"Name": "A"}), store, UPDATE)
    assert put(other.instance({"Name": "b"}), store).is_new


def test_keys_are_shared_below_the_class_that_has_declared_them() -> None:
    """Two classes with keys of the same name, below one without, have nothing to do with each other."""
    root = class_("Demo_Root", qualifiers=("abstract",))
    one, two = (class_(name, of("Id", "uint8", "key"), below=root) for name in ("Demo_A", "Demo_B"))
    store = MemoryStore(root, one, two)
    put(one.instance({"Id": 1}), store)
    assert put(two.instance({"Id": 1}), store).is_new


# --------------------------------------------------------------------------------------------------------------- values


def test_values_count_by_their_names(store: MemoryStore) -> None:
    """The client's class may have another order and other spellings."""
    theirs = class_("DEMO_PUMP", of("tags", "string[]"), of("SPEED", "uint32"), of("name", "string", "key"))
    change = put(theirs.instance({"name": "a", "SPEED": 9}), store)
    assert values(change) == {"Name": "a", "Note": "new", "Speed": 9, "Tags": None}


def test_what_the_given_instance_does_not_have_stays(store: MemoryStore) -> None:
    put(PUMP.instance({"Name": "a", "Note": "mine", "Speed": 5}), store)
    part = PUMP.project(["Name", "Tags"]).instance({"Name": "a", "Tags": ["t"]})
    assert values(put(part, store)) == {"Name": "a", "Note": "mine", "Speed": 5, "Tags": ("t",)}
    assert values(put(PUMP.project(["Name"]).instance({"Name": "b"}), store))["Speed"] == 3


def test_a_key_that_a_query_left_out(store: MemoryStore) -> None:
    with refused(WbemStatus.NO_KEY, "Demo_Pump.Name", "query"):
        put(PUMP.project(["Speed"]).instance({"Speed": 1}), store)


def test_a_property_that_the_class_does_not_have(store: MemoryStore) -> None:
    """IWbemClassObject::Put has NOT_FOUND for it."""
    theirs = class_("Demo_Pump", of("Name", "string", "key"), of("Sped", "uint32"))
    with refused(WbemStatus.NOT_FOUND, "Demo_Pump", "'Sped'", "'Speed'"):
        put(theirs.instance({"Name": "a"}), store)


def test_values_are_of_the_types_of_the_class(store: MemoryStore) -> None:
    theirs = class_("Demo_Pump", of("Name", "string", "key"), of("Speed", "string"))
    with refused(WbemStatus.TYPE_MISMATCH, "Demo_Pump.Speed", "uint32"):
        put(theirs.instance({"Name": "a", "Speed": "fast"}), store)
    theirs = class_("Demo_Pump", of("Name", "uint32", "key"))
    with refused(WbemStatus.TYPE_MISMATCH, "Demo_Pump.Name", "string"):
        put(theirs.instance({"Name": 1}), store)


@pytest.mark.parametrize("qualifier", ["Not_Null", "Indexed"])
def test_what_must_have_a_value(qualifier: str) -> None:
    """The SDK's "Optional Qualifiers"."""
    given = class_(
        "Demo_X", of("Id", "uint8", "key"), of("Server", "string", qualifier), of("Port", "uint16", qualifier)
    )
    store = MemoryStore(given)
    put(given.instance({"Id": 1, "Server": "", "Port": 0}), store)
    with refused(WbemStatus.ILLEGAL_NULL, "Demo_X.Server", qualifier):
        put(given.instance({"Id": 1, "Port": 0}), store)
    with refused(WbemStatus.ILLEGAL_NULL, "Demo_X.Port", qualifier):
        put(given.instance({"Id": 1}), store, UPDATE, properties=("Port",))


# ---------------------------------------------------------------------------------------------------- a part of it only

PART = {"__PUT_EXTENSIONS": True, "__PUT_EXT_CLIENT_REQUEST": True, "__PUT_EXT_PROPERTIES": ["speed"]}


def test_only_the_listed_properties_are_written(store: MemoryStore) -> None:
    """[MS-WMI] 3.1.4.3.12: "The server MUST ignore the properties that are not listed"."""
    put(PUMP.instance({"Name": "a", "Note": "mine", "Speed": 5}), store)
    given = PUMP.instance({"Name": "a", "Note": "other", "Speed": 6})
    assert values(put(given, store, UPDATE, context=PART)) == {"Name": "a", "Note": "mine", "Speed": 6, "Tags": None}
    assert values(put(given, store, properties=("Note",)))["Note"] == "other"
    assert values(put(given, store, properties=("Name",)))["Speed"] == 6


def test_what_is_written_may_be_null(store: MemoryStore) -> None:
    """__PUT_EXT_STRICT_NULLS says that it must; without it NULL is written as well."""
    for strict in (False, True):
        put(PUMP.instance({"Name": "a", "Speed": 5}), store)
        given = PUMP.instance({"Name": "a", "Speed": None})
        assert put(given, store, UPDATE, context={**PART, "__PUT_EXT_STRICT_NULLS": strict}).instance.Speed is None


def test_a_part_needs_an_instance_that_exists(store: MemoryStore) -> None:
    given = PUMP.instance({"Name": "a"})
    with refused(WbemStatus.NOT_FOUND, 'Demo_Pump.Name="a"'):
        put(given, store, UPDATE, context=PART)
    with refused(WbemStatus.NOT_FOUND, 'Demo_Pump.Name="a"'):
        put(given, store, properties=("Speed",))
    with refused(WbemStatus.INVALID_CONTEXT, "UPDATE_ONLY"):
        put(given, store, CREATE, properties=("Speed",))


def test_a_part_names_properties_of_the_class(store: MemoryStore) -> None:
    """[MS-WMI] 2.2.11, WBEM_E_INVALID_PROPERTY: "no longer present"."""
    put(PUMP.instance({"Name": "a"}), store)
    with refused(WbemStatus.INVALID_PROPERTY, "Demo_Pump", "'Sped'", "'Speed'"):
        put(PUMP.instance({"Name": "a"}), store, properties=("Sped",))
    with refused(WbemStatus.INVALID_OBJECT, "Demo_Pump.Speed"):
        put(PUMP.project(["Name"]).instance({"Name": "a"}), store, properties=("Speed",))


# ----------------------------------------------------------------------------------------------------------- qualifiers


def test_an_instance_keeps_its_own_qualifiers(store: MemoryStore) -> None:
    own, of_speed = qualifier_set(text("Source", "x")), NameMap([("Speed", qualifier_set(Qualifier("Dynamic")))])
    row = PUMP.row({"Name": "a"})
    change = put(CimInstance(PUMP, row, own, of_speed), store)
    assert change.instance.own_qualifiers_ == own
    assert change.instance.own_property_qualifiers_ == of_speed
    part = put(PUMP.instance({"Name": "a", "Speed": 1}), store, properties=("Speed",))
    assert part.instance.own_qualifiers_ == own
    assert part.instance.own_property_qualifiers_ == of_speed
    assert not put(PUMP.instance({"Name": "a"}), store).instance.own_qualifiers_


def test_a_qualifier_of_the_class_that_cannot_be_overridden() -> None:
    """The SDK's "Creating and Declaring an Instance Using C++": one with DisableOverride cannot be modified."""
    fixed = Flavor.PROPAGATE_TO_INSTANCE | Flavor.NOT_OVERRIDABLE
    given = class_(
        "Demo_X",
        of("Id", "uint8", "key"),
        of("Size", "uint8", text("Units", "m", fixed)),
        qualifiers=(text("Vendor", "A", fixed),),
    )
    store, row = MemoryStore(given), given.row({"Id": 1})
    put(CimInstance(given, row, qualifier_set(text("Vendor", "A"))), store)
    with refused(WbemStatus.OVERRIDE_NOT_ALLOWED, "Demo_X", "Vendor"):
        put(CimInstance(given, row, qualifier_set(text("Vendor", "B"))), store)
    units = NameMap([("Size", qualifier_set(text("Units", "ft")))])
    with refused(WbemStatus.OVERRIDE_NOT_ALLOWED, "Demo_X.Size", "Units"):
        put(CimInstance(given, row, property_qualifiers=units), store)


def test_an_amended_instance_is_put_as_one(store: MemoryStore) -> None:
    """[MS-WMI] 3.1.4.3, WBEM_E_AMENDED_OBJECT; 3.1.4.3.12 for what is left out."""
    words = qualifier_set(Qualifier("Amended"), text("Description", "x", AMENDED), text("Source", "x"))
    of_note = NameMap([("Note", qualifier_set(text("Description", "x", AMENDED)))])
    given = CimInstance(PUMP, PUMP.row({"Name": "a"}), words, of_note)
    with refused(WbemStatus.AMENDED_OBJECT, "Demo_Pump", "USE_AMENDED_QUALIFIERS"):
        put(given, store)
    assert "Description" in put(given, store, amended=True).instance.own_qualifiers_
    again = put(given, store, amended=True).instance
    assert list(again.own_qualifiers_) == ["Amended", "Source"]
    assert again.own_property_qualifiers_["Note"] == NameMap()


# ------------------------------------------------------------------------------------------------------------- deleting


@pytest.mark.parametrize("path", ['Demo_Pump.Name="A"', 'demo_device.name="a"', 'Demo_Pump="a"'])
def test_an_instance_is_deleted_by_its_path(path: str, store: MemoryStore) -> None:
    """IWbemServices::DeleteInstance: the path may name a class above."""
    stored = put(PUMP.instance({"Name": "a"}), store).instance
    assert check_instance_delete(ObjectPath.parse(path), store) is stored


def test_the_singleton_is_deleted_by_its_path(store: MemoryStore) -> None:
    stored = put(ONE.instance(), store).instance
    assert check_instance_delete(ObjectPath.parse("Demo_One=@"), store) is stored


@pytest.mark.parametrize(
    ("path", "status"),
    [
        ('Demo_None.Name="a"', WbemStatus.NOT_FOUND),
        ('Demo_Pump.Name="b"', WbemStatus.NOT_FOUND),
        ('Demo_Fast.Name="a"', WbemStatus.NOT_FOUND),
        ("Demo_One=@", WbemStatus.NOT_FOUND),
        ("Demo_Pump", WbemStatus.INVALID_OBJECT_PATH),
        ("Demo_Pump.Speed=1", WbemStatus.INVALID_OBJECT_PATH),
        ("Demo_Pump=@", WbemStatus.INVALID_OBJECT_PATH),
    ],
)
def test_paths_of_nothing_that_can_be_deleted(path: str, status: WbemStatus, store: MemoryStore) -> None:
    """[MS-WMI] 3.1.4.3.14: it "MUST contain the class name and the value of the key properties"."""
    put(PUMP.instance({"Name": "a"}), store)
    with refused(status, path.partition(".")[0].partition("=")[0]):
        check_instance_delete(ObjectPath.parse(path), store)
