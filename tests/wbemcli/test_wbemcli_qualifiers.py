"""IWbemQualifierSet: live on the object that it was got from."""

import pytest
from tests.wbemcli.objects_fakes import DEVICE, PUMP, pump

from openwmi.model import CimClass, CimInstance, Flavor, input_class, output_class
from openwmi.wbemcli import (
    CIM_STRING,
    S_OK,
    VARIANT,
    VT_ARRAY,
    VT_BSTR,
    VT_I2,
    VT_NULL,
    WBEM_E_CANNOT_BE_KEY,
    WBEM_E_INVALID_OPERATION,
    WBEM_E_INVALID_PARAMETER,
    WBEM_E_INVALID_QUALIFIER,
    WBEM_E_INVALID_QUALIFIER_TYPE,
    WBEM_E_NOT_FOUND,
    WBEM_E_OVERRIDE_NOT_ALLOWED,
    WBEM_E_PROPAGATED_QUALIFIER,
    WBEM_E_SYSTEM_PROPERTY,
    WBEM_E_TYPE_MISMATCH,
    WBEM_E_UNEXPECTED,
    WBEM_FLAG_KEYS_ONLY,
    WBEM_FLAG_LOCAL_ONLY,
    WBEM_FLAG_PROPAGATED_ONLY,
    WBEM_FLAVOR_AMENDED,
    WBEM_FLAVOR_FLAG_PROPAGATE_TO_DERIVED_CLASS,
    WBEM_FLAVOR_FLAG_PROPAGATE_TO_INSTANCE,
    WBEM_FLAVOR_NOT_OVERRIDABLE,
    WBEM_FLAVOR_ORIGIN_LOCAL,
    WBEM_FLAVOR_ORIGIN_PROPAGATED,
    WBEM_S_NO_MORE_DATA,
    WBEM_S_RESET_TO_DEFAULT,
    IWbemClassObject,
    IWbemQualifierSet,
)

EVERYWHERE = WBEM_FLAVOR_FLAG_PROPAGATE_TO_INSTANCE | WBEM_FLAVOR_FLAG_PROPAGATE_TO_DERIVED_CLASS
PROPAGATED = WBEM_FLAVOR_ORIGIN_PROPAGATED


def of_object(obj: IWbemClassObject) -> IWbemQualifierSet:
    hr, found = obj.GetQualifierSet()
    assert hr == S_OK
    assert found is not None
    return found


def of_property(obj: IWbemClassObject, name: str) -> IWbemQualifierSet:
    hr, found = obj.GetPropertyQualifierSet(name)
    assert hr == S_OK
    assert found is not None
    return found


def of_method(obj: IWbemClassObject, name: str) -> IWbemQualifierSet:
    hr, found = obj.GetMethodQualifierSet(name)
    assert hr == S_OK
    assert found is not None
    return found


def model(obj: IWbemClassObject) -> CimClass:
    assert isinstance(obj.model_, CimClass)
    return obj.model_


# ----------------------------------------------------------------------------------------------------------------- Get


def test_those_of_a_class_and_of_what_is_derived_from_it() -> None:
    own = of_object(IWbemClassObject(DEVICE))
    assert own.Get("vendor", 0) == (S_OK, "Acme", EVERYWHERE)
    assert own.Get("Local", 0) == (S_OK, 1, WBEM_FLAVOR_ORIGIN_LOCAL)
    handed = of_object(IWbemClassObject(PUMP))
    assert handed.Get("Vendor") == (S_OK, "Acme", EVERYWHERE | PROPAGATED)
    assert handed.Get("Local") == (WBEM_E_NOT_FOUND, None, None)
    assert handed.Get("Vendor", 1) == (WBEM_E_INVALID_PARAMETER, None, None)
    assert handed.Get(None) == (WBEM_E_INVALID_PARAMETER, None, None)  # type: ignore[arg-type]  # NULL


def test_the_type_of_a_property_is_its_qualifier_cimtype() -> None:
    """Get: "that qualifier is the string form of the CIM type"."""
    obj = IWbemClassObject(PUMP)
    for name, text in [
        ("Uint32", "uint32"),
        ("Numbers", "uint32"),
        ("Twin", "ref:Acme_Pump"),
        ("Reference", "ref"),
        ("Object", "object"),
        ("Datetime", "datetime"),
    ]:
        assert of_property(obj, name).Get("CIMTYPE") == (S_OK, text, EVERYWHERE)
    assert of_property(obj, "Id").Get("cimtype") == (S_OK, "string", EVERYWHERE | PROPAGATED)
    assert of_property(IWbemClassObject(pump()), "Twin").Get("CimType")[1] == "ref:Acme_Pump"


def test_those_of_an_instance_are_those_that_its_class_hands_to_it() -> None:
    obj = IWbemClassObject(pump())
    assert of_object(obj).Get("Vendor") == (S_OK, "Acme", EVERYWHERE | PROPAGATED)
    assert of_property(obj, "Note").GetNames() == (S_OK, ("CIMTYPE", "Unit"))
    assert of_property(obj, "Note").GetNames(WBEM_FLAG_LOCAL_ONLY) == (S_OK, ())


def test_the_ids_of_out_parameters() -> None:
    """Out parameters of GetOwner: ID on User and Domain is 0 and 1, a VT_I4, with the flavors of an instance;
    ReturnValue has none.
    """
    outputs = output_class(PUMP.method("Set"))
    assert outputs is not None
    out = IWbemClassObject(outputs.instance({"Mode": "fast", "ReturnValue": 0}))
    flavor = WBEM_FLAVOR_FLAG_PROPAGATE_TO_INSTANCE | WBEM_FLAVOR_NOT_OVERRIDABLE | WBEM_FLAVOR_ORIGIN_PROPAGATED
    assert of_property(out, "Mode").Get("ID", 0) == (S_OK, 1, flavor)
    assert of_property(out, "Before").Get("ID", 0) == (S_OK, 2, flavor)
    assert of_property(out, "ReturnValue").Get("ID", 0) == (WBEM_E_NOT_FOUND, None, None)
    inputs = input_class(PUMP.method("Set"))
    assert inputs is not None
    assert of_property(IWbemClassObject(inputs), "Speed").Get("ID")[2] == flavor & ~WBEM_FLAVOR_ORIGIN_PROPAGATED


def test_what_has_no_qualifiers() -> None:
    obj = IWbemClassObject(PUMP)
    assert obj.GetPropertyQualifierSet("__PATH") == (WBEM_E_SYSTEM_PROPERTY, None)
    assert obj.GetPropertyQualifierSet("Nameless") == (WBEM_E_NOT_FOUND, None)
    assert obj.GetPropertyQualifierSet(None) == (WBEM_E_INVALID_PARAMETER, None)  # type: ignore[arg-type]  # NULL
    assert obj.GetMethodQualifierSet("Nameless") == (WBEM_E_NOT_FOUND, None)
    assert obj.GetMethodQualifierSet(None) == (WBEM_E_INVALID_PARAMETER, None)  # type: ignore[arg-type]  # NULL


# ----------------------------------------------------------------------------------------------------------------- Put


def test_what_is_put_is_put_on_the_object() -> None:
    obj = IWbemClassObject(PUMP)
    assert of_object(obj).Put("Description", "moves water", WBEM_FLAVOR_AMENDED) == S_OK
    assert of_property(obj, "Uint8").Put("Max", 9, EVERYWHERE) == S_OK
    assert of_method(obj, "Set").Put("Implemented", True) == S_OK
    class_ = model(obj)
    assert class_.qualifiers["Description"].value == "moves water"
    assert class_.qualifiers["description"].flavor == Flavor.AMENDED
    assert class_.property("Uint8").qualifiers["Max"].value == 9
    assert class_.method("Set").qualifiers["Implemented"].value is True
    assert "Description" not in PUMP.qualifiers


def test_two_sets_of_one_object_are_the_same_qualifiers() -> None:
    obj = IWbemClassObject(PUMP)
    first, second = of_object(obj), of_object(obj)
    first.Put("Seen", 1)
    assert second.Get("Seen") == (S_OK, 1, 0)
    _, copy = obj.Clone()
    assert copy is not None
    second.Put("Seen", 2)
    assert of_object(copy).Get("Seen")[1] == 1


@pytest.mark.parametrize(
    ("value", "stored", "type_"),
    [
        (True, True, "boolean"),
        (5, 5, "sint32"),
        (0.5, 0.5, "real64"),
        ("text", "text", "string"),
        (["a", "b"], ("a", "b"), "string[]"),
        (VARIANT(VT_ARRAY | VT_BSTR, ()), (), "string[]"),
    ],
)
def test_the_types_that_a_qualifier_can_have(value: object, stored: object, type_: str) -> None:
    obj = IWbemClassObject(PUMP)
    assert of_object(obj).Put("Q", value, 0) == S_OK
    assert of_object(obj).Get("Q")[1] == stored
    assert str(model(obj).qualifiers["Q"].type) == type_


@pytest.mark.parametrize(
    ("value", "hr"),
    [
        (None, WBEM_E_INVALID_PARAMETER),
        (VARIANT(VT_NULL), WBEM_E_INVALID_QUALIFIER_TYPE),
        (VARIANT(VT_I2, 5), WBEM_E_INVALID_QUALIFIER_TYPE),
        (1 << 40, WBEM_E_INVALID_QUALIFIER_TYPE),
        ([], WBEM_E_INVALID_QUALIFIER_TYPE),
        ([1, "a"], WBEM_E_INVALID_QUALIFIER_TYPE),
        (object(), WBEM_E_INVALID_QUALIFIER_TYPE),
        (VARIANT(VT_BSTR, 5), WBEM_E_INVALID_QUALIFIER_TYPE),
    ],
)
def test_values_that_no_qualifier_has(value: object, hr: int) -> None:
    obj = IWbemClassObject(PUMP)
    assert of_object(obj).Put("Q", value, 0) == hr
    assert model(obj) is PUMP


@pytest.mark.parametrize("name", ["_Q", "Q_", "", "two words", None])
def test_names_that_no_qualifier_has(name: str) -> None:
    assert of_object(IWbemClassObject(PUMP)).Put(name, 1) == WBEM_E_INVALID_PARAMETER


@pytest.mark.parametrize("flavor", [0x04, WBEM_FLAVOR_ORIGIN_PROPAGATED, 0x40, 0x100])
def test_flavors_that_cannot_be_given(flavor: int) -> None:
    assert of_object(IWbemClassObject(PUMP)).Put("Q", 1, flavor) == WBEM_E_INVALID_PARAMETER


def test_overriding_what_is_inherited() -> None:
    obj = IWbemClassObject(PUMP)
    vendor = of_object(obj)
    assert vendor.Put("vendor", "Others", EVERYWHERE) == S_OK
    assert vendor.Get("Vendor") == (S_OK, "Others", EVERYWHERE)
    assert list(model(obj).qualifiers) == ["Vendor"]
    note = of_property(obj, "Note")
    assert note.Get("Fixed")[1] == "yes"
    assert note.Put("Fixed", "no") == WBEM_E_OVERRIDE_NOT_ALLOWED
    assert of_property(IWbemClassObject(DEVICE), "Note").Put("Fixed", "no") == S_OK  # where it was set


def test_a_qualifier_on_an_inherited_method_declares_it_again() -> None:
    obj = IWbemClassObject(PUMP)
    assert obj.GetMethodOrigin("Reset") == (S_OK, "Acme_Device")
    assert of_method(obj, "Reset").Put("Description", "again") == S_OK
    assert obj.GetMethodOrigin("Reset") == (S_OK, "Acme_Pump")


def test_keys() -> None:
    """Put: "it is not necessary to specify any flavors". The key of a class goes to all that comes of it."""
    obj = IWbemClassObject()
    obj.Put("__CLASS", 0, "Acme_Tank")
    obj.Put("Id", 0, None, CIM_STRING)
    assert of_property(obj, "Id").Put("Key", True, 0) == S_OK
    assert of_property(obj, "id").Get("key") == (S_OK, True, EVERYWHERE | WBEM_FLAVOR_NOT_OVERRIDABLE)
    assert model(obj).keys == ("Id",)
    assert obj.GetNames(None, WBEM_FLAG_KEYS_ONLY)[1] == ("Id",)
    assert of_property(IWbemClassObject(PUMP), "Numbers").Put("Key", True) == WBEM_E_CANNOT_BE_KEY
    assert of_property(IWbemClassObject(PUMP), "Real64").Put("Key", True) == WBEM_E_CANNOT_BE_KEY
    assert of_property(IWbemClassObject(PUMP), "Object").Put("Key", True) == WBEM_E_CANNOT_BE_KEY
    assert of_property(IWbemClassObject(pump()), "Uint8").Put("Key", True) == WBEM_E_CANNOT_BE_KEY
    assert of_object(IWbemClassObject(PUMP)).Put("Key", True) == WBEM_E_INVALID_QUALIFIER
    assert of_method(IWbemClassObject(PUMP), "Set").Put("Key", True) == WBEM_E_INVALID_QUALIFIER
    assert of_object(IWbemClassObject(pump())).Put("Key", True) == WBEM_E_INVALID_QUALIFIER


def test_a_reference_is_typed_by_its_cimtype() -> None:
    """The SDK's "CIMType Qualifier": "ref:Win32_LogicalDisk" types a reference more exactly."""
    obj = IWbemClassObject(PUMP)
    assert of_property(obj, "Reference").Put("CIMTYPE", "ref:Acme_Device") == S_OK
    assert str(model(obj).property("Reference").type) == "ref:Acme_Device"
    assert of_property(obj, "String").Put("CIMTYPE", "datetime") == S_OK
    assert str(model(obj).property("String").type) == "datetime"
    assert of_property(obj, "Texts").Put("CIMTYPE", "ref:Acme_Pump") == S_OK
    assert str(model(obj).property("Texts").type) == "ref:Acme_Pump[]"
    assert of_property(obj, "Uint8").Put("CIMTYPE", "uint16") == WBEM_E_TYPE_MISMATCH
    assert of_property(obj, "Uint8").Put("CIMTYPE", 17) == WBEM_E_INVALID_QUALIFIER_TYPE
    assert of_property(obj, "Uint8").Delete("CIMTYPE") == WBEM_E_INVALID_OPERATION
    assert of_property(IWbemClassObject(pump()), "Twin").Put("CIMTYPE", "ref:X") == WBEM_E_OVERRIDE_NOT_ALLOWED
    assert of_property(IWbemClassObject(pump()), "Twin").Delete("cimtype") == WBEM_E_OVERRIDE_NOT_ALLOWED


# ------------------------------------------------------------------------------------------------------- of instances


def test_qualifiers_of_an_instance_and_of_its_properties() -> None:
    obj = IWbemClassObject(pump())
    assert of_object(obj).Put("Source", "sensor") == S_OK
    assert of_property(obj, "Count").Put("Exact", True) == S_OK
    instance = obj.model_
    assert isinstance(instance, CimInstance)
    assert instance.own_qualifiers_["Source"].value == "sensor"
    assert instance.own_property_qualifiers_["count"]["Exact"].value is True
    assert obj.Get("Count")[3] == WBEM_FLAVOR_ORIGIN_LOCAL  # "a qualifier was added or modified"
    assert of_object(obj).GetNames(WBEM_FLAG_LOCAL_ONLY) == (S_OK, ("Source",))
    assert of_object(obj).GetNames(WBEM_FLAG_PROPAGATED_ONLY) == (S_OK, ("Vendor",))
    assert obj.Put("Count", 0, 6) == S_OK
    assert of_property(obj, "Count").Get("Exact")[1] is True


def test_overrides_of_an_instance_come_and_go() -> None:
    obj = IWbemClassObject(pump())
    vendor, unit = of_object(obj), of_property(obj, "Note")
    for qualifiers, name, value in ((vendor, "Vendor", "Acme"), (unit, "Unit", "text")):
        assert qualifiers.Put(name, "other") == S_OK
        assert qualifiers.Get(name)[1:] == ("other", 0)
        assert qualifiers.Delete(name) == WBEM_S_RESET_TO_DEFAULT
        assert qualifiers.Get(name)[1:] == (value, EVERYWHERE | PROPAGATED)
        assert qualifiers.Delete(name) == WBEM_E_PROPAGATED_QUALIFIER
        assert qualifiers.Put("Mine", 1) == S_OK
        assert qualifiers.Delete("mine") == S_OK
        assert qualifiers.Delete("mine") == WBEM_E_NOT_FOUND
    assert obj.model_ == pump()


def test_an_instance_has_no_derived_classes_to_propagate_to() -> None:
    flavor = WBEM_FLAVOR_FLAG_PROPAGATE_TO_DERIVED_CLASS
    assert of_object(IWbemClassObject(pump())).Put("Q", 1, flavor) == WBEM_E_INVALID_PARAMETER


# -------------------------------------------------------------------------------------------------------------- Delete


def test_deleting_qualifiers_of_a_class() -> None:
    obj = IWbemClassObject(DEVICE)
    assert of_object(obj).Delete("local") == S_OK
    assert of_object(obj).Delete("local") == WBEM_E_NOT_FOUND
    assert of_object(obj).Delete(None) == WBEM_E_INVALID_PARAMETER  # type: ignore[arg-type]  # NULL
    assert list(model(obj).qualifiers) == ["Vendor"]
    assert of_object(IWbemClassObject(PUMP)).Delete("Vendor") == WBEM_E_PROPAGATED_QUALIFIER


def test_deleting_an_override_that_was_just_put() -> None:
    obj = IWbemClassObject(PUMP)
    of_object(obj).Put("Vendor", "Others")
    of_property(obj, "Note").Put("Unit", "words")
    assert of_object(obj).Delete("vendor") == WBEM_S_RESET_TO_DEFAULT
    assert of_property(obj, "Note").Delete("unit") == WBEM_S_RESET_TO_DEFAULT
    assert of_object(obj).Get("Vendor") == (S_OK, "Acme", EVERYWHERE | PROPAGATED)
    assert of_property(obj, "Note").Get("Unit") == (S_OK, "text", EVERYWHERE | PROPAGATED)


def test_deleting_an_override_that_came_with_the_class() -> None:
    first = IWbemClassObject(PUMP)
    of_object(first).Put("Vendor", "Others")
    given = model(first)
    obj = IWbemClassObject(given, lambda name: DEVICE if name == "Acme_Device" else None)
    assert of_object(obj).Delete("Vendor") == WBEM_S_RESET_TO_DEFAULT
    assert of_object(obj).Get("Vendor")[1] == "Acme"
    assert of_object(IWbemClassObject(given)).Delete("Vendor") == S_OK  # nobody knows that it is an override


# --------------------------------------------------------------------------------------------------------- enumeration


def test_names_and_enumeration() -> None:
    qualifiers = of_property(IWbemClassObject(PUMP), "Note")
    assert qualifiers.GetNames(0) == (S_OK, ("CIMTYPE", "Unit", "Fixed"))
    assert qualifiers.GetNames(WBEM_FLAG_KEYS_ONLY) == (WBEM_E_INVALID_PARAMETER, None)
    assert qualifiers.Next() == (WBEM_E_UNEXPECTED, None, None, None)
    assert qualifiers.BeginEnumeration(0) == S_OK
    assert qualifiers.BeginEnumeration(0) == WBEM_E_UNEXPECTED
    assert qualifiers.Next(1) == (WBEM_E_INVALID_PARAMETER, None, None, None)
    assert qualifiers.Next(0) == (S_OK, "CIMTYPE", "string", EVERYWHERE | PROPAGATED)
    assert qualifiers.Next(0)[1] == "Unit"
    assert qualifiers.Next(0)[1] == "Fixed"
    assert qualifiers.Next(0) == (WBEM_S_NO_MORE_DATA, None, None, None)
    assert qualifiers.EndEnumeration() == S_OK
    assert qualifiers.BeginEnumeration(WBEM_FLAG_LOCAL_ONLY) == S_OK
    assert qualifiers.Next()[0] == WBEM_S_NO_MORE_DATA


def test_a_set_outlives_its_property() -> None:
    obj = IWbemClassObject(PUMP)
    qualifiers = of_property(obj, "Numbers")
    obj.Delete("Numbers")
    assert qualifiers.Get("CIMTYPE") == (WBEM_E_NOT_FOUND, None, None)
    assert qualifiers.Put("Q", 1) == WBEM_E_NOT_FOUND
    assert qualifiers.Delete("Q") == WBEM_E_NOT_FOUND
