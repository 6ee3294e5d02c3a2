"""IWbemClassObject over classes: made, derived, changed, with their methods."""

import copy
import pickle

import pytest
from tests.wbemcli.objects_fakes import DEVICE, PUMP, pump

from openwmi.base.error import WbemError
from openwmi.model import CimClass, CimType, Property
from openwmi.wbemcli import (
    CIM_DATETIME,
    CIM_FLAG_ARRAY,
    CIM_OBJECT,
    CIM_SINT32,
    CIM_STRING,
    CIM_UINT8,
    CIM_UINT32,
    S_OK,
    VARIANT,
    VT_ARRAY,
    VT_BSTR,
    VT_NULL,
    VT_UI1,
    WBEM_E_INCOMPLETE_CLASS,
    WBEM_E_INVALID_DUPLICATE_PARAMETER,
    WBEM_E_INVALID_PARAMETER,
    WBEM_E_INVALID_PARAMETER_ID,
    WBEM_E_INVALID_PROPERTY_TYPE,
    WBEM_E_MISSING_PARAMETER_ID,
    WBEM_E_NONCONSECUTIVE_PARAMETER_IDS,
    WBEM_E_NOT_FOUND,
    WBEM_E_PARAMETER_ID_ON_RETVAL,
    WBEM_E_PROPAGATED_METHOD,
    WBEM_E_PROPAGATED_PROPERTY,
    WBEM_E_READ_ONLY,
    WBEM_E_SYSTEM_PROPERTY,
    WBEM_E_TYPE_MISMATCH,
    WBEM_E_UNEXPECTED,
    WBEM_FLAG_CLASS_LOCAL_AND_OVERRIDES,
    WBEM_FLAG_CLASS_OVERRIDES_ONLY,
    WBEM_FLAG_KEYS_ONLY,
    WBEM_FLAG_LOCAL_ONLY,
    WBEM_FLAG_NO_FLAVORS,
    WBEM_FLAG_NONSYSTEM_ONLY,
    WBEM_FLAG_PROPAGATED_ONLY,
    WBEM_FLAVOR_ORIGIN_LOCAL,
    WBEM_FLAVOR_ORIGIN_PROPAGATED,
    WBEM_FLAVOR_ORIGIN_SYSTEM,
    WBEM_S_NO_MORE_DATA,
    WBEM_S_RESET_TO_DEFAULT,
    IWbemClassObject,
)


def model(obj: IWbemClassObject | None) -> CimClass:
    assert obj is not None
    assert isinstance(obj.model_, CimClass)
    return obj.model_


def derived(parent: CimClass = PUMP) -> IWbemClassObject:
    hr, obj = IWbemClassObject(parent).SpawnDerivedClass(0)
    assert hr == S_OK
    assert obj is not None
    return obj


# ------------------------------------------------------------------------------------------------------- a new class


def test_the_empty_class_of_get_object() -> None:
    """GetObject(NULL) and GetObject(""): an empty class, and Put of __CLASS on it works."""
    obj = IWbemClassObject()
    assert obj.Get("__CLASS") == (S_OK, None, CIM_STRING, WBEM_FLAVOR_ORIGIN_SYSTEM)
    assert obj.Get("__GENUS")[1] == 1
    assert obj.Get("__DYNASTY")[1] is None
    assert obj.Get("__RELPATH")[1] is None
    assert obj.GetNames(None, WBEM_FLAG_NONSYSTEM_ONLY) == (S_OK, ())
    with pytest.raises(WbemError) as caught:
        _ = obj.model_
    assert caught.value.status == WBEM_E_INCOMPLETE_CLASS
    assert obj.Put("__CLASS", 0, VARIANT(VT_BSTR, "MyClass"), 0) == S_OK
    assert obj.Get("__CLASS")[1] == "MyClass"
    assert model(obj) == CimClass("MyClass")


def test_a_class_property_by_property() -> None:
    """The SDK's "Creating a Derived Class": the type comes from `Type` where the value is NULL, else from the value."""
    obj = IWbemClassObject()
    obj.Put("__CLASS", 0, "Acme_Tank")
    assert obj.Put("OtherInfo", 0, None, CIM_STRING) == S_OK
    assert obj.Put("Level", 0, VARIANT(VT_NULL), CIM_UINT32) == S_OK
    assert obj.Put("Filled", 0, VARIANT(VT_NULL), CIM_DATETIME | CIM_FLAG_ARRAY) == S_OK
    assert obj.Put("Size", 0, 5) == S_OK
    assert obj.Put("Small", 0, VARIANT(VT_UI1, 5)) == S_OK
    assert obj.Put("Names", 0, ["a", "b"]) == S_OK
    assert obj.Put("Byte", 0, 7, CIM_UINT8) == S_OK
    assert obj.Put("Inner", 0, IWbemClassObject(pump()), CIM_OBJECT) == S_OK
    class_ = model(obj)
    assert [(each.name, str(each.type), each.default) for each in class_.properties] == [
        ("OtherInfo", "string", None),
        ("Level", "uint32", None),
        ("Filled", "datetime[]", None),
        ("Size", "sint32", 5),
        ("Small", "uint8", 5),
        ("Names", "string[]", ("a", "b")),
        ("Byte", "uint8", 7),
        ("Inner", "object", pump()),
    ]
    assert {each.origin for each in class_.properties} == {"Acme_Tank"}


def test_a_new_class_can_get_another_name_and_its_members_follow() -> None:
    obj = IWbemClassObject()
    obj.Put("__CLASS", 0, "First")
    obj.Put("Level", 0, 1)
    obj.PutMethod("Fill")
    obj.Put("__CLASS", 0, "Second")
    assert model(obj).property("Level").origin == "Second"
    assert obj.GetMethodOrigin("Fill") == (S_OK, "Second")
    assert obj.GetPropertyOrigin("Level") == (S_OK, "Second")


@pytest.mark.parametrize(
    ("name", "value", "cimtype", "hr"),
    [
        ("__CLASS", "", 0, WBEM_E_INVALID_PARAMETER),  # "it may not be left blank"
        ("__CLASS", None, 0, WBEM_E_INVALID_PARAMETER),
        ("__CLASS", "two words", 0, WBEM_E_INVALID_PARAMETER),
        ("__SUPERCLASS", "X", 0, WBEM_E_READ_ONLY),
        ("_Level", 1, 0, WBEM_E_INVALID_PARAMETER),  # "names that begin or end with an underscore"
        ("Level_", 1, 0, WBEM_E_INVALID_PARAMETER),
        ("my level", 1, 0, WBEM_E_INVALID_PARAMETER),
        ("", 1, 0, WBEM_E_INVALID_PARAMETER),
        ("Level", None, 0, WBEM_E_INVALID_PROPERTY_TYPE),
        ("Level", None, 0xFFF, WBEM_E_INVALID_PROPERTY_TYPE),
        ("Level", [], 0, WBEM_E_INVALID_PROPERTY_TYPE),
        ("Level", object(), 0, WBEM_E_INVALID_PROPERTY_TYPE),
        ("Level", "much", CIM_UINT32, WBEM_E_TYPE_MISMATCH),
    ],
)
def test_what_a_new_class_does_not_take(name: str, value: object, cimtype: int, hr: int) -> None:
    obj = IWbemClassObject()
    assert obj.Put(name, 0, value, cimtype) == hr
    assert obj.GetNames(None, WBEM_FLAG_NONSYSTEM_ONLY)[1] == ()


def test_an_empty_array_with_the_type_that_it_is_to_have() -> None:
    obj = IWbemClassObject()
    assert obj.Put("Numbers", 0, VARIANT(VT_ARRAY | 12, ()), CIM_UINT32 | CIM_FLAG_ARRAY) == S_OK
    assert obj.Get("Numbers")[1:3] == ((), CIM_UINT32 | CIM_FLAG_ARRAY)


# --------------------------------------------------------------------------------------------------- a registered one


def test_defaults_and_origins() -> None:
    obj = IWbemClassObject(PUMP)
    assert obj.Get("Id") == (S_OK, None, CIM_STRING, WBEM_FLAVOR_ORIGIN_PROPAGATED)
    assert obj.Get("Count") == (S_OK, 5, CIM_UINT32, WBEM_FLAVOR_ORIGIN_PROPAGATED)
    assert obj.Get("COUNT") == obj.Get("Count")
    assert obj.Get("Numbers")[3] == WBEM_FLAVOR_ORIGIN_LOCAL
    assert obj.Get("__SUPERCLASS")[1] == "Acme_Device"
    assert obj.Put("__CLASS", 0, "Other") == WBEM_E_READ_ONLY  # "only writeable during class creation"


def test_names_of_a_class_by_where_they_come_from() -> None:
    obj = IWbemClassObject(PUMP)
    assert obj.GetNames(None, WBEM_FLAG_PROPAGATED_ONLY)[1] == ("Id", "Note", "Count")
    assert obj.GetNames(None, WBEM_FLAG_LOCAL_ONLY)[1] == PUMP.names[3:]
    assert obj.GetNames(None, WBEM_FLAG_CLASS_OVERRIDES_ONLY)[1] == ("Note",)
    assert obj.GetNames(None, WBEM_FLAG_CLASS_LOCAL_AND_OVERRIDES)[1] == ("Note", *PUMP.names[3:])
    assert obj.GetNames(None, WBEM_FLAG_CLASS_OVERRIDES_ONLY | WBEM_FLAG_KEYS_ONLY)[1] == ()
    for flags in (0x300, WBEM_FLAG_CLASS_OVERRIDES_ONLY | WBEM_FLAG_LOCAL_ONLY):
        assert obj.GetNames(None, flags) == (WBEM_E_INVALID_PARAMETER, None)
    assert obj.BeginEnumeration(WBEM_FLAG_CLASS_OVERRIDES_ONLY) == S_OK
    assert obj.Next()[1:3] == ("Note", "a pump")
    assert obj.Next()[0] == WBEM_S_NO_MORE_DATA


def test_put_changes_the_default_of_a_property() -> None:
    obj = IWbemClassObject(PUMP)
    assert obj.Put("Count", 0, 9) == S_OK
    assert obj.GetNames(None, WBEM_FLAG_CLASS_OVERRIDES_ONLY)[1] == ("Note", "Count")
    assert obj.Put("Count", 0, "ten") == WBEM_E_TYPE_MISMATCH
    assert obj.Put("Count", 0, None, CIM_STRING) == WBEM_E_TYPE_MISMATCH  # "the new COM type is different"
    assert obj.Put("Count", 0, 10, CIM_UINT32) == S_OK
    assert model(obj).property("Count").default == 10
    assert PUMP.property("Count").default == 5


def test_the_type_of_a_property_of_its_own_can_change() -> None:
    obj = IWbemClassObject(PUMP)
    assert obj.Put("Uint8", 0, "text", CIM_STRING) == S_OK
    assert obj.Get("Uint8")[:3] == (S_OK, "text", CIM_STRING)


def test_deleting_properties() -> None:
    obj = IWbemClassObject(PUMP)
    assert obj.Delete("Numbers") == S_OK
    assert "Numbers" not in model(obj)
    assert obj.Delete("Numbers") == WBEM_E_NOT_FOUND
    assert obj.Delete("Id") == WBEM_E_PROPAGATED_PROPERTY
    assert obj.Delete("__CLASS") == WBEM_E_SYSTEM_PROPERTY


def test_deleting_an_override_that_was_just_put() -> None:
    obj = IWbemClassObject(PUMP)
    obj.Put("Count", 0, 9)
    assert obj.Delete("Count") == WBEM_S_RESET_TO_DEFAULT
    assert obj.Get("Count") == (S_OK, 5, CIM_UINT32, WBEM_FLAVOR_ORIGIN_PROPAGATED)
    assert obj.Get("COUNT") == obj.Get("Count")
    assert obj.Delete("Count") == WBEM_E_PROPAGATED_PROPERTY
    assert model(obj) == PUMP


def test_deleting_an_override_that_came_with_the_class() -> None:
    """What the superclass has is asked of whoever knows it; who is not asked leaves it to PutClass."""
    asked: list[str] = []

    def superclass(name: str) -> CimClass:
        asked.append(name)
        return DEVICE

    obj = IWbemClassObject(PUMP, superclass)
    assert obj.Delete("Note") == WBEM_S_RESET_TO_DEFAULT
    assert obj.Get("Note")[1] == "none"
    assert asked == ["Acme_Device"]
    alone = IWbemClassObject(PUMP)
    assert alone.Delete("Note") == WBEM_S_RESET_TO_DEFAULT
    assert alone.Get("Note")[1] is None
    assert model(alone).property("Note").inherited_default


def test_a_clone_of_a_class_remembers_what_it_was() -> None:
    obj = IWbemClassObject(PUMP)
    obj.Put("Count", 0, 9)
    hr, copy = obj.Clone()
    assert hr == S_OK
    assert copy is not None
    assert copy.Delete("Count") == WBEM_S_RESET_TO_DEFAULT
    assert copy.Get("Count")[1] == 5
    assert obj.Get("Count")[1] == 9


# ------------------------------------------------------------------------------------------------- what comes of it


def test_a_derived_class() -> None:
    obj = derived()
    assert obj.Get("__CLASS")[1] is None
    assert obj.Get("__SUPERCLASS")[1] == "Acme_Pump"
    assert obj.Get("__DERIVATION")[1] == ("Acme_Pump", "Acme_Device")
    assert obj.GetNames(None, WBEM_FLAG_LOCAL_ONLY)[1] == ()
    assert obj.Put("__CLASS", 0, "Acme_FastPump") == S_OK
    assert obj.Put("TopSpeed", 0, None, CIM_UINT32) == S_OK
    assert obj.Put("Note", 0, "fast") == S_OK
    assert model(obj) == PUMP.derive(
        "Acme_FastPump",
        [
            Property("Note", PUMP.property("Note").type, "fast"),
            Property("TopSpeed", PUMP.property("Uint32").type),
        ],
    )
    assert obj.Delete("Note") == WBEM_S_RESET_TO_DEFAULT
    assert obj.Get("Note")[1] == "a pump"


def test_what_is_not_registered_has_neither_derived_classes_nor_instances() -> None:
    """SpawnDerivedClass: not "from a class that is local to your own client process"."""
    for obj in (IWbemClassObject(), derived()):
        obj.Put("__CLASS", 0, "Acme_New")
        assert obj.SpawnDerivedClass(0) == (WBEM_E_INCOMPLETE_CLASS, None)
        assert obj.SpawnInstance(0) == (WBEM_E_INCOMPLETE_CLASS, None)
    assert IWbemClassObject(PUMP).SpawnDerivedClass(1) == (WBEM_E_INVALID_PARAMETER, None)


def test_an_instance_of_a_class() -> None:
    hr, spawned = IWbemClassObject(PUMP).SpawnInstance(0)
    assert hr == S_OK
    assert spawned is not None
    assert spawned.Get("__GENUS")[1] == 2
    assert spawned.Get("__CLASS")[1] == "Acme_Pump"
    assert spawned.Get("Note")[1] == "a pump"
    # "Some system properties are not set until the object is written", says the page of Get.
    assert spawned.Get("__RELPATH") == (S_OK, None, CIM_STRING, WBEM_FLAVOR_ORIGIN_SYSTEM)
    assert spawned.Put("Id", 0, "p1") == S_OK
    assert spawned.model_ == pump()


def test_what_is_deleted_during_an_enumeration_does_not_come() -> None:
    obj = derived()
    assert obj.Put("First", 0, 1) == S_OK
    assert obj.Put("Second", 0, 2) == S_OK
    assert obj.BeginEnumeration(WBEM_FLAG_LOCAL_ONLY) == S_OK
    assert obj.Delete("First") == S_OK
    assert obj.Next()[:3] == (S_OK, "Second", 2)
    assert obj.Next()[0] == WBEM_S_NO_MORE_DATA


def test_the_text_of_a_class_with_and_without_flavors() -> None:
    obj = IWbemClassObject(DEVICE)
    hr, text = obj.GetObjectText(0)
    assert hr == S_OK
    assert text is not None
    assert text.startswith(
        '[Vendor("Acme") : ToInstance ToSubclass, Local(1)]\nclass Acme_Device\n{\n  [Key] string Id;'
    )
    hr, plain = obj.GetObjectText(WBEM_FLAG_NO_FLAVORS)
    assert hr == S_OK
    assert plain is not None
    assert plain.startswith('[Vendor("Acme"), Local(1)]\nclass Acme_Device\n{\n  [Key] string Id;')
    assert ":" not in plain.replace("class Acme_Device", "")
    inherited = IWbemClassObject(PUMP).GetObjectText(WBEM_FLAG_NO_FLAVORS)[1]
    assert inherited is not None
    assert "Id" not in inherited
    assert "Vendor" not in inherited
    assert IWbemClassObject().GetObjectText() == (WBEM_E_INCOMPLETE_CLASS, None)


# -------------------------------------------------------------------------------------------------------------- methods


def parameter_class(**parameters: int) -> IWbemClassObject:
    """A copy of __PARAMETERS with these sint32 parameters and their IDs; a negative one has none."""
    obj = IWbemClassObject(CimClass("__PARAMETERS"))
    for name, place in parameters.items():
        obj.Put(name, 0, None, CIM_SINT32)
        _, qualifiers = obj.GetPropertyQualifierSet(name)
        assert qualifiers is not None
        if place >= 0:
            assert qualifiers.Put("ID", place, 0) == S_OK
    return obj


def test_the_signatures_of_a_method() -> None:
    hr, inward, outward = IWbemClassObject(PUMP).GetMethod("set", 0)
    assert hr == S_OK
    assert inward is not None
    assert outward is not None
    assert inward.Get("__CLASS")[1] == "__PARAMETERS"
    assert inward.GetNames(None, WBEM_FLAG_NONSYSTEM_ONLY)[1] == ("Speed", "Mode")
    assert outward.GetNames(None, WBEM_FLAG_NONSYSTEM_ONLY)[1] == ("Mode", "Before", "ReturnValue")
    hr, arguments = inward.SpawnInstance(0)
    assert hr == S_OK
    assert arguments is not None
    assert arguments.Get("Mode")[1] == "slow"
    assert arguments.Put("Speed", 0, 3) == S_OK
    assert arguments.model_["Speed"] == 3


def test_a_method_without_parameters_has_no_in_signature() -> None:
    obj = IWbemClassObject(PUMP)
    hr, inward, outward = obj.GetMethod("Reset")
    assert (hr, inward) == (S_OK, None)
    assert outward is not None
    assert obj.GetMethod("Nameless") == (WBEM_E_NOT_FOUND, None, None)
    assert obj.GetMethod(None) == (WBEM_E_INVALID_PARAMETER, None, None)  # type: ignore[arg-type]  # NULL
    assert obj.GetMethod("Reset", 1)[0] == WBEM_E_INVALID_PARAMETER


def test_the_pages_example_of_put_method() -> None:
    """`sint32 ExampleMethod([in] sint32 Param1, [in] uint32 Param2, [out] string Param3)`, and what comes back."""
    inward = parameter_class(Param1=0, Param2=1)
    outward = parameter_class(Param3=2, ReturnValue=-1)
    obj = IWbemClassObject(PUMP)
    assert obj.PutMethod("ExampleMethod", 0, inward, outward) == S_OK
    method = model(obj).method("ExampleMethod")
    assert [(each.name, each.id, each.is_in, each.is_out) for each in method.parameters] == [
        ("Param1", 0, True, False),
        ("Param2", 1, True, False),
        ("Param3", 2, False, True),
    ]
    assert method.returns is not None
    assert method.returns.cim is CimType.SINT32
    assert obj.GetMethodOrigin("ExampleMethod") == (S_OK, "Acme_Pump")
    hr, first, second = obj.GetMethod("ExampleMethod")
    assert hr == S_OK
    again = IWbemClassObject(DEVICE)
    assert again.PutMethod("ExampleMethod", 0, first, second) == S_OK
    assert model(again).method("ExampleMethod").parameters == method.parameters


def test_without_an_out_signature_it_returns_nothing() -> None:
    obj = IWbemClassObject(PUMP)
    assert obj.PutMethod("Stop", 0, None, None) == S_OK
    assert model(obj).method("Stop").returns is None
    assert obj.GetMethod("Stop") == (S_OK, None, None)


def test_a_parameter_that_goes_in_and_out() -> None:
    obj = IWbemClassObject(PUMP)
    assert obj.PutMethod("Turn", 0, parameter_class(By=0), parameter_class(By=0)) == S_OK
    (only,) = model(obj).method("Turn").parameters
    assert only.is_in
    assert only.is_out


@pytest.mark.parametrize(
    ("inward", "outward", "hr"),
    [
        (parameter_class(A=-1), None, WBEM_E_MISSING_PARAMETER_ID),
        (None, parameter_class(A=-1), WBEM_E_MISSING_PARAMETER_ID),
        (parameter_class(A=1), None, WBEM_E_NONCONSECUTIVE_PARAMETER_IDS),
        (parameter_class(A=0, B=2), None, WBEM_E_NONCONSECUTIVE_PARAMETER_IDS),
        (parameter_class(A=0, B=0), None, WBEM_E_NONCONSECUTIVE_PARAMETER_IDS),
        (parameter_class(A=0), parameter_class(B=0), WBEM_E_NONCONSECUTIVE_PARAMETER_IDS),
        (parameter_class(A=0), parameter_class(A=1), WBEM_E_INVALID_DUPLICATE_PARAMETER),
        (None, parameter_class(ReturnValue=0), WBEM_E_PARAMETER_ID_ON_RETVAL),
        ("no object", None, WBEM_E_INVALID_PARAMETER),
    ],
)
def test_signatures_that_are_none(inward: IWbemClassObject | None, outward: IWbemClassObject | None, hr: int) -> None:
    obj = IWbemClassObject(PUMP)
    assert obj.PutMethod("Turn", 0, inward, outward) == hr
    assert model(obj) is PUMP


def test_an_id_that_is_no_number() -> None:
    signature = parameter_class(A=-1)
    _, qualifiers = signature.GetPropertyQualifierSet("A")
    assert qualifiers is not None
    qualifiers.Put("ID", "zero", 0)
    assert IWbemClassObject(PUMP).PutMethod("Turn", 0, signature) == WBEM_E_INVALID_PARAMETER_ID


def test_names_of_methods() -> None:
    obj = IWbemClassObject(PUMP)
    for name in ("_Turn", "Turn_", "", None):
        assert obj.PutMethod(name, 0) == WBEM_E_INVALID_PARAMETER  # type: ignore[arg-type]  # NULL among them
    assert obj.PutMethod("Turn", 1) == WBEM_E_INVALID_PARAMETER


def test_a_method_of_the_superclass_keeps_its_signature() -> None:
    """WBEM_E_PROPAGATED_METHOD: "an attempt was made to reuse an existing method name from a parent class"."""
    obj = IWbemClassObject(PUMP)
    assert obj.PutMethod("Reset", 0, parameter_class(A=0)) == WBEM_E_PROPAGATED_METHOD
    _, inward, outward = obj.GetMethod("Reset")
    assert obj.GetMethodOrigin("Reset") == (S_OK, "Acme_Device")
    assert obj.PutMethod("Reset", 0, inward, outward) == S_OK
    assert obj.GetMethodOrigin("Reset") == (S_OK, "Acme_Pump")
    assert obj.PutMethod("Reset", 0, parameter_class(A=0)) == WBEM_E_PROPAGATED_METHOD


def test_deleting_methods() -> None:
    obj = IWbemClassObject(PUMP)
    assert obj.DeleteMethod("Reset") == WBEM_E_PROPAGATED_METHOD  # "You may not delete methods inherited"
    assert obj.DeleteMethod("Set") == S_OK
    assert obj.DeleteMethod("Set") == WBEM_E_NOT_FOUND
    _, inward, outward = obj.GetMethod("Reset")
    obj.PutMethod("Reset", 0, inward, outward)
    assert obj.DeleteMethod("Reset") == S_OK
    assert obj.GetMethodOrigin("Reset") == (S_OK, "Acme_Device")


def test_an_enumeration_of_methods() -> None:
    obj = IWbemClassObject(PUMP)
    assert obj.NextMethod() == (WBEM_E_UNEXPECTED, None, None, None)
    assert obj.BeginMethodEnumeration(0) == S_OK
    hr, name, inward, outward = obj.NextMethod(0)
    assert (hr, name, inward) == (S_OK, "Reset", None)
    assert outward is not None
    assert obj.BeginMethodEnumeration(WBEM_FLAG_LOCAL_ONLY) == S_OK
    assert obj.NextMethod()[1] == "Set"
    assert obj.NextMethod() == (WBEM_S_NO_MORE_DATA, None, None, None)
    assert obj.EndMethodEnumeration() == S_OK
    assert obj.BeginMethodEnumeration(WBEM_FLAG_PROPAGATED_ONLY) == S_OK
    assert obj.NextMethod()[1] == "Reset"
    assert obj.BeginMethodEnumeration(WBEM_FLAG_KEYS_ONLY) == WBEM_E_INVALID_PARAMETER
    assert obj.NextMethod(1) == (WBEM_E_INVALID_PARAMETER, None, None, None)


def test_copies_change_on_their_own_and_pickles_leave_the_connection_behind() -> None:
    asked: list[str] = []

    def superclass(name: str) -> CimClass:
        asked.append(name)
        return DEVICE

    known = IWbemClassObject(PUMP, superclass)
    for face in (known, known.SpawnDerivedClass()[1], known.SpawnInstance()[1], IWbemClassObject(pump())):
        assert face is not None
        for again in (copy.copy(face), copy.deepcopy(face), pickle.loads(pickle.dumps(face))):
            assert (face.CompareTo(0, again), face.GetNames()) == (S_OK, again.GetNames())
            before = face.GetQualifierSet()[1].GetNames()  # type: ignore[union-attr]
            assert again.GetQualifierSet()[1].Put("Again", 1) == S_OK  # type: ignore[union-attr]
            assert face.GetQualifierSet()[1].GetNames() == before  # type: ignore[union-attr]
    again = pickle.loads(pickle.dumps(known))
    assert (again.Put("__CLASS", 0, "Other"), again.SpawnInstance()[0]) == (WBEM_E_READ_ONLY, S_OK)
    assert asked == []
