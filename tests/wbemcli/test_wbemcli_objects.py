"""IWbemClassObject over instances: Get, Put, Delete, GetNames and enumeration, as a program in C++ has them."""

import pytest
from tests.wbemcli.objects_fakes import DEVICE, PUMP, pump

from openwmi.model import CimDateTime, CimInstance
from openwmi.wbemcli import (
    CIM_BOOLEAN,
    CIM_DATETIME,
    CIM_FLAG_ARRAY,
    CIM_OBJECT,
    CIM_REFERENCE,
    CIM_SINT32,
    CIM_STRING,
    CIM_UINT8,
    CIM_UINT32,
    CIM_UINT64,
    FAILED,
    S_OK,
    VARIANT,
    VT_BSTR,
    VT_I2,
    VT_I4,
    VT_NULL,
    VT_UNKNOWN,
    WBEM_E_ILLEGAL_OPERATION,
    WBEM_E_INVALID_PARAMETER,
    WBEM_E_NOT_FOUND,
    WBEM_E_READ_ONLY,
    WBEM_E_SYSTEM_PROPERTY,
    WBEM_E_TYPE_MISMATCH,
    WBEM_E_UNEXPECTED,
    WBEM_FLAG_ALWAYS,
    WBEM_FLAG_CLASS_OVERRIDES_ONLY,
    WBEM_FLAG_KEYS_ONLY,
    WBEM_FLAG_LOCAL_ONLY,
    WBEM_FLAG_NO_FLAVORS,
    WBEM_FLAG_NONSYSTEM_ONLY,
    WBEM_FLAG_ONLY_IF_FALSE,
    WBEM_FLAG_ONLY_IF_IDENTICAL,
    WBEM_FLAG_ONLY_IF_TRUE,
    WBEM_FLAG_PROPAGATED_ONLY,
    WBEM_FLAG_REFS_ONLY,
    WBEM_FLAG_SYSTEM_ONLY,
    WBEM_FLAVOR_FLAG_PROPAGATE_TO_INSTANCE,
    WBEM_FLAVOR_ORIGIN_LOCAL,
    WBEM_FLAVOR_ORIGIN_PROPAGATED,
    WBEM_FLAVOR_ORIGIN_SYSTEM,
    WBEM_GENUS_INSTANCE,
    WBEM_S_FALSE,
    WBEM_S_NO_ERROR,
    WBEM_S_NO_MORE_DATA,
    IWbemClassObject,
    to_variant,
)

SYSTEM = (
    "__GENUS __CLASS __SUPERCLASS __DYNASTY __RELPATH __PROPERTY_COUNT __DERIVATION __SERVER __NAMESPACE __PATH".split()
)


# ------------------------------------------------------------------------------------------------------------------ Get


def test_a_value_with_its_cim_type_and_origin() -> None:
    obj = IWbemClassObject(pump(Uint64=1033, Datetime="20240229120000.000000+060"))
    assert obj.Get("Id", 0) == (S_OK, "p1", CIM_STRING, WBEM_FLAVOR_ORIGIN_LOCAL)
    assert obj.Get("uint64", 0) == (S_OK, 1033, CIM_UINT64, WBEM_FLAVOR_ORIGIN_LOCAL)
    assert obj.Get("Boolean", 0) == (S_OK, None, CIM_BOOLEAN, WBEM_FLAVOR_ORIGIN_PROPAGATED)
    assert obj.Get("Note", 0) == (S_OK, "a pump", CIM_STRING, WBEM_FLAVOR_ORIGIN_PROPAGATED)  # the class's default
    assert obj.Get("Numbers", 0)[1:3] == (None, CIM_UINT32 | CIM_FLAG_ARRAY)
    hr, value, cimtype, _ = obj.Get("Datetime", 0)
    assert hr == S_OK
    assert value == CimDateTime.parse("20240229120000.000000+060")
    assert cimtype == CIM_DATETIME


def test_variants_for_those_who_want_them() -> None:
    """The SDK's "Numbers": uint64 as a string, uint32 as VT_I4."""
    obj = IWbemClassObject(pump(Uint64=1033, Uint32=0xFFFFFFFF))
    _, value, cimtype, _ = obj.Get("Uint64")
    assert cimtype is not None
    assert to_variant(value, cimtype) == VARIANT(VT_BSTR, "1033")
    assert to_variant(*obj.Get("Uint32")[1:3]) == VARIANT(VT_I4, -1)
    assert to_variant(*obj.Get("Sint8")[1:3]) == VARIANT(VT_NULL)


def test_system_properties_of_an_instance() -> None:
    obj = IWbemClassObject(pump())
    system = WBEM_FLAVOR_ORIGIN_SYSTEM
    assert obj.Get("__GENUS", 0) == (S_OK, WBEM_GENUS_INSTANCE, CIM_SINT32, system)
    assert obj.Get("__class", 0) == (S_OK, "Acme_Pump", CIM_STRING, system)
    assert obj.Get("__DERIVATION", 0) == (S_OK, ("Acme_Device",), CIM_STRING | CIM_FLAG_ARRAY, system)
    assert obj.Get("__RELPATH", 0) == (S_OK, 'Acme_Pump.Id="p1"', CIM_STRING, system)
    assert obj.Get("__PATH", 0)[1] == r'\\VALVE\root\acme:Acme_Pump.Id="p1"'
    assert obj.Get("__PROPERTY_COUNT", 0) == (S_OK, len(PUMP.names), CIM_SINT32, system)


def test_a_projection_has_no_path_but_its_class() -> None:
    """`SELECT AdapterRAM FROM …`: __PATH and its kin are VT_NULL of the type string, the others are set."""
    class_ = PUMP.project(["Count"])
    obj = IWbemClassObject(class_.instance({"Count": 3}))
    for name in ("__PATH", "__NAMESPACE", "__RELPATH", "__SERVER"):
        assert obj.Get(name, 0) == (S_OK, None, CIM_STRING, WBEM_FLAVOR_ORIGIN_SYSTEM)
    assert obj.Get("__CLASS", 0)[1] == "Acme_Pump"
    assert obj.Get("__GENUS", 0)[1] == 2
    assert obj.Get("__PROPERTY_COUNT", 0)[1] == 1


def test_the_whole_instance_has_all_of_them() -> None:
    obj = IWbemClassObject(pump())
    for name in ("__CLASS", "__DERIVATION", "__GENUS", "__NAMESPACE", "__PATH", "__RELPATH", "__SERVER"):
        hr, value, _, _ = obj.Get(name, 0)
        assert hr == S_OK
        assert value
    assert to_variant(*obj.Get("__GENUS")[1:3]).vt == VT_I4
    assert to_variant(*obj.Get("__PROPERTY_COUNT")[1:3]).vt == VT_I4
    assert to_variant(*obj.Get("__DERIVATION")[1:3]).vt == CIM_FLAG_ARRAY | VT_BSTR


@pytest.mark.parametrize("name", ["Nameless", "__NAMELESS", ""])
def test_get_of_what_does_not_exist(name: str) -> None:
    assert IWbemClassObject(pump()).Get(name, 0) == (WBEM_E_NOT_FOUND, None, None, None)


def test_parameters_of_get() -> None:
    obj = IWbemClassObject(pump())
    assert obj.Get(None, 0) == (WBEM_E_INVALID_PARAMETER, None, None, None)  # type: ignore[arg-type]  # NULL
    assert obj.Get("Id", 1) == (WBEM_E_INVALID_PARAMETER, None, None, None)


def test_a_null_of_a_string_is_vt_null_with_its_type() -> None:
    """As Win32_BIOS.IdentificationCode is on most machines."""
    obj = IWbemClassObject(pump(Texts=None))
    assert obj.Get("String", 0)[:3] == (S_OK, None, CIM_STRING)


def test_an_embedded_object_is_one_and_a_copy() -> None:
    inner = pump(Id="inner")
    obj = IWbemClassObject(pump(Object=inner, Objects=[inner, DEVICE]))
    hr, embedded, cimtype, _ = obj.Get("Object", 0)
    assert (hr, cimtype) == (S_OK, CIM_OBJECT)
    assert embedded.QueryInterface(IWbemClassObject) == (S_OK, embedded)
    assert embedded.Put("Note", 0, "changed") == S_OK
    assert obj.Get("Object")[1].Get("Note")[1] == "a pump"
    first, second = obj.Get("Objects")[1]
    assert first.Get("Id")[1] == "inner"
    assert second.Get("__GENUS")[1] == 1


# ------------------------------------------------------------------------------------------------------------------ Put


def test_put_and_what_is_written_then() -> None:
    given = pump()
    obj = IWbemClassObject(given)
    assert obj.model_ is given
    assert obj.Put("Count", 0, 7) == S_OK
    assert obj.Put("note", 0, None) == S_OK
    assert obj.Put("Numbers", 0, [1, 2]) == S_OK
    assert obj.Get("Count") == (S_OK, 7, CIM_UINT32, WBEM_FLAVOR_ORIGIN_LOCAL)
    assert obj.Get("Note") == (S_OK, None, CIM_STRING, WBEM_FLAVOR_ORIGIN_LOCAL)
    assert obj.model_ == pump(Count=7, Note=None, Numbers=(1, 2))
    assert given == pump()


def test_a_value_that_was_put_is_local_even_if_it_is_the_default() -> None:
    obj = IWbemClassObject(pump())
    assert obj.Get("Count")[3] == WBEM_FLAVOR_ORIGIN_PROPAGATED
    obj.Put("Count", 0, 5)
    assert obj.Get("Count") == (S_OK, 5, CIM_UINT32, WBEM_FLAVOR_ORIGIN_LOCAL)


def test_the_pages_example_of_a_uint64() -> None:
    """With a BSTR in decimal, and the CIM type although the object is an instance."""
    obj = IWbemClassObject(pump())
    assert obj.Put("Uint64", 0, VARIANT(VT_BSTR, "1033"), CIM_UINT64) == S_OK
    assert obj.Get("Uint64")[1] == 1033
    assert obj.Put("Uint64", 0, "1034") == S_OK
    assert obj.Get("Uint64")[1] == 1034
    assert obj.Put("Uint64", 0, VARIANT(VT_BSTR, "0x409"), CIM_UINT64) == WBEM_E_TYPE_MISMATCH
    assert obj.Put("Uint64", 0, "1033", CIM_UINT32) == WBEM_E_TYPE_MISMATCH


@pytest.mark.parametrize(
    ("name", "value", "hr", "stored"),
    [
        ("Uint32", VARIANT(VT_I4, -1), S_OK, 0xFFFFFFFF),
        ("Uint32", -1, S_OK, 0xFFFFFFFF),
        ("Uint32", VARIANT(VT_I2, 1), WBEM_E_TYPE_MISMATCH, None),
        ("Uint32", 2.0, S_OK, 2),
        ("Uint32", VARIANT(VT_NULL), S_OK, None),
        ("Numbers", [1.0], WBEM_E_TYPE_MISMATCH, None),
        ("Numbers", [], S_OK, ()),
        ("Uint8", 256, WBEM_E_TYPE_MISMATCH, None),
        ("Sint32", "33", S_OK, 33),
        ("String", 5, S_OK, "5"),
        ("String", object(), WBEM_E_TYPE_MISMATCH, None),
        ("Boolean", 1, S_OK, True),
        ("Datetime", "noon", WBEM_E_TYPE_MISMATCH, None),
        ("Twin", 'Acme_Pump.Id="p2"', S_OK, 'Acme_Pump.Id="p2"'),
    ],
)
def test_what_put_coerces(name: str, value: object, hr: int, stored: object) -> None:
    obj = IWbemClassObject(pump())
    assert obj.Put(name, 0, value) == hr
    assert obj.Get(name)[1] == stored


def test_errors_of_put() -> None:
    obj = IWbemClassObject(pump())
    assert obj.Put("Nameless", 0, 1) == WBEM_E_NOT_FOUND  # "Put cannot create a property"
    assert obj.Put(None, 0, 1) == WBEM_E_INVALID_PARAMETER  # type: ignore[arg-type]  # NULL
    assert obj.Put("Count", 1, 1) == WBEM_E_INVALID_PARAMETER
    assert obj.Put("__CLASS", 0, "Other") == WBEM_E_READ_ONLY
    assert obj.Put("__PATH", 0, "x") == WBEM_E_READ_ONLY
    assert obj.model_ == pump()


def test_an_embedded_object_is_copied_when_it_is_put() -> None:
    inner = IWbemClassObject(pump(Id="inner"))
    obj = IWbemClassObject(pump())
    assert obj.Put("Object", 0, inner) == S_OK
    assert obj.Put("Objects", 0, [inner, inner]) == S_OK
    inner.Put("Id", 0, "other")
    assert obj.Get("Object")[1].Get("Id")[1] == "inner"
    assert obj.Put("Object", 0, VARIANT(VT_UNKNOWN, inner)) == S_OK
    assert obj.Get("Object")[1].Get("Id")[1] == "other"
    assert obj.Put("Object", 0, "no object") == WBEM_E_TYPE_MISMATCH


def test_delete_gives_a_property_its_default_again() -> None:
    obj = IWbemClassObject(pump(Note="mine"))
    assert obj.Delete("note") == S_OK
    assert obj.Get("Note")[1:] == ("a pump", CIM_STRING, WBEM_FLAVOR_ORIGIN_PROPAGATED)
    assert obj.Delete("Nameless") == WBEM_E_NOT_FOUND
    assert obj.Delete("__PATH") == WBEM_E_SYSTEM_PROPERTY
    assert obj.Delete(None) == WBEM_E_INVALID_PARAMETER  # type: ignore[arg-type]  # NULL


# ---------------------------------------------------------------------------------------------------------------- names


def names(obj: IWbemClassObject, flags: int, qualifier: str | None = None, value: object = None) -> list[str]:
    hr, found = obj.GetNames(qualifier, flags, value)
    assert hr == S_OK
    assert found is not None
    return list(found)


def test_all_names_and_the_system_alone() -> None:
    obj = IWbemClassObject(pump())
    assert names(obj, WBEM_FLAG_ALWAYS) == [*SYSTEM, *PUMP.names]
    assert names(obj, WBEM_FLAG_SYSTEM_ONLY) == SYSTEM
    assert names(obj, WBEM_FLAG_NONSYSTEM_ONLY) == list(PUMP.names)
    assert obj.GetNames() == obj.GetNames(None, WBEM_FLAG_ALWAYS, None)


def test_keys_references_and_origins() -> None:
    obj = IWbemClassObject(pump())
    assert names(obj, WBEM_FLAG_KEYS_ONLY) == ["Id"]
    assert names(obj, WBEM_FLAG_REFS_ONLY) == ["Reference", "Twin"]
    assert names(obj, WBEM_FLAG_REFS_ONLY | WBEM_FLAG_PROPAGATED_ONLY) == []
    assert names(obj, WBEM_FLAG_PROPAGATED_ONLY) == ["Id", "Note", "Count"]
    assert names(obj, WBEM_FLAG_LOCAL_ONLY) == list(PUMP.names[3:])


def test_names_by_their_qualifiers() -> None:
    obj = IWbemClassObject(pump())
    assert names(obj, WBEM_FLAG_ONLY_IF_TRUE, "key") == ["Id"]
    assert names(obj, WBEM_FLAG_ONLY_IF_TRUE, "Unit") == ["Note"]
    assert names(obj, WBEM_FLAG_ONLY_IF_FALSE | WBEM_FLAG_PROPAGATED_ONLY, "Unit") == ["Id", "Count"]
    assert names(obj, WBEM_FLAG_ONLY_IF_IDENTICAL, "Unit", "text") == ["Note"]
    assert names(obj, WBEM_FLAG_ONLY_IF_IDENTICAL, "Unit", "Text") == []
    assert names(obj, WBEM_FLAG_ONLY_IF_IDENTICAL, "Unit", 5) == []
    assert names(obj, WBEM_FLAG_ONLY_IF_IDENTICAL, "cimtype", "uint8") == ["Uint8"]
    assert names(obj, WBEM_FLAG_ONLY_IF_TRUE, "Fixed") == []  # not handed to instances


@pytest.mark.parametrize(
    ("flags", "qualifier", "value"),
    [
        (WBEM_FLAG_ONLY_IF_TRUE, None, None),
        (WBEM_FLAG_ONLY_IF_FALSE, None, None),
        (WBEM_FLAG_ONLY_IF_IDENTICAL, "Unit", None),
        (WBEM_FLAG_KEYS_ONLY | WBEM_FLAG_REFS_ONLY, None, None),
        (WBEM_FLAG_NONSYSTEM_ONLY | WBEM_FLAG_LOCAL_ONLY, None, None),
        (WBEM_FLAG_CLASS_OVERRIDES_ONLY, None, None),
        (0x400, None, None),
        (0x80, None, None),
    ],
)
def test_flags_that_do_not_go_together(flags: int, qualifier: str | None, value: object) -> None:
    obj = IWbemClassObject(pump())
    assert obj.GetNames(qualifier, flags, value) == (WBEM_E_INVALID_PARAMETER, None)


# ---------------------------------------------------------------------------------------------------------- enumeration


def test_an_enumeration_from_begin_to_end() -> None:
    obj = IWbemClassObject(pump(Count=3))
    assert obj.Next() == (WBEM_E_UNEXPECTED, None, None, None, None)
    assert obj.BeginEnumeration(WBEM_FLAG_NONSYSTEM_ONLY) == WBEM_S_NO_ERROR
    found = {}
    while True:
        hr, name, value, cimtype, flavor = obj.Next(0)
        assert not FAILED(hr)
        if hr == WBEM_S_NO_MORE_DATA:
            break
        assert name is not None
        found[name] = (value, cimtype, flavor)
    assert list(found) == list(PUMP.names)
    assert found["Count"] == (3, CIM_UINT32, WBEM_FLAVOR_ORIGIN_LOCAL)
    assert obj.Next() == (WBEM_S_NO_MORE_DATA, None, None, None, None)
    assert obj.EndEnumeration() == WBEM_S_NO_ERROR
    assert obj.Next()[0] == WBEM_E_UNEXPECTED


def test_two_enumerations_of_one_object() -> None:
    """A second one begins where the first has come to its end, or was ended: the call of EndEnumeration is optional."""
    obj = IWbemClassObject(pump())
    assert obj.BeginEnumeration(WBEM_FLAG_KEYS_ONLY) == S_OK
    assert obj.BeginEnumeration() == WBEM_E_UNEXPECTED
    assert obj.Next()[1] == "Id"
    assert obj.Next()[0] == WBEM_S_NO_MORE_DATA
    assert obj.BeginEnumeration() == S_OK
    assert obj.Next()[1] == "__GENUS"
    obj.EndEnumeration()
    assert obj.BeginEnumeration(WBEM_FLAG_REFS_ONLY) == S_OK
    assert obj.Next()[1:4] == ("Reference", None, CIM_REFERENCE)


def test_what_an_enumeration_selects() -> None:
    """BeginEnumeration: LOCAL_ONLY is what is "defined or modified in the class itself"."""
    obj = IWbemClassObject(pump())
    obj.BeginEnumeration(WBEM_FLAG_LOCAL_ONLY)
    assert obj.Next()[1] == "Note"
    assert obj.Next(1)[0] == WBEM_E_INVALID_PARAMETER
    obj.EndEnumeration()
    for flags in (WBEM_FLAG_ONLY_IF_TRUE, 0x1000, WBEM_FLAG_KEYS_ONLY | WBEM_FLAG_REFS_ONLY):
        assert obj.BeginEnumeration(flags) == WBEM_E_INVALID_PARAMETER


def test_an_enumeration_of_embedded_objects_gives_faces() -> None:
    obj = IWbemClassObject(pump(Object=pump(Id="inner")))
    obj.BeginEnumeration(WBEM_FLAG_LOCAL_ONLY)
    while True:
        hr, name, value, _, _ = obj.Next()
        assert hr == S_OK
        if name == "Object":
            break
    assert value.Get("Id")[1] == "inner"


# ----------------------------------------------------------------------------------------------------------- the object


def test_a_clone_changes_on_its_own() -> None:
    obj = IWbemClassObject(pump())
    obj.Put("Count", 0, 5)
    hr, copy = obj.Clone()
    assert hr == S_OK
    assert copy is not None
    copy.Put("Id", 0, "p2")
    assert obj.Get("Id")[1] == "p1"
    assert copy.Get("Id")[1] == "p2"
    assert copy.Get("Count")[3] == WBEM_FLAVOR_ORIGIN_LOCAL


def test_an_instance_of_an_instance_is_empty() -> None:
    hr, spawned = IWbemClassObject(pump(Count=9)).SpawnInstance(0)
    assert hr == S_OK
    assert spawned is not None
    assert spawned.Get("Id")[1] is None
    assert spawned.Get("Count")[1] == 5
    assert IWbemClassObject(pump()).SpawnInstance(1) == (WBEM_E_INVALID_PARAMETER, None)


def test_what_it_inherits_from() -> None:
    obj = IWbemClassObject(pump())
    assert obj.InheritsFrom("acme_device") == WBEM_S_NO_ERROR
    assert obj.InheritsFrom("Acme_Pump") == WBEM_S_NO_ERROR
    assert obj.InheritsFrom("Acme_Valve") == WBEM_S_FALSE
    assert obj.InheritsFrom(None) == WBEM_E_INVALID_PARAMETER  # type: ignore[arg-type]  # NULL


def test_where_a_property_comes_from() -> None:
    obj = IWbemClassObject(pump())
    assert obj.GetPropertyOrigin("id") == (S_OK, "Acme_Device")
    assert obj.GetPropertyOrigin("Note") == (S_OK, "Acme_Device")
    assert obj.GetPropertyOrigin("Twin") == (S_OK, "Acme_Pump")
    assert obj.GetPropertyOrigin("__PATH") == (S_OK, "Acme_Pump")
    assert obj.GetPropertyOrigin("Nameless") == (WBEM_E_NOT_FOUND, None)
    assert obj.GetPropertyOrigin(None) == (WBEM_E_INVALID_PARAMETER, None)  # type: ignore[arg-type]  # NULL


def test_an_instance_has_no_methods_and_no_derived_classes() -> None:
    """GetMethod and its kin: "not available from IWbemClassObject pointers which point to CIM instances"."""
    obj = IWbemClassObject(pump())
    assert obj.GetMethod("Reset") == (WBEM_E_ILLEGAL_OPERATION, None, None)
    assert obj.PutMethod("Reset") == WBEM_E_ILLEGAL_OPERATION
    assert obj.DeleteMethod("Reset") == WBEM_E_ILLEGAL_OPERATION
    assert obj.BeginMethodEnumeration() == WBEM_E_ILLEGAL_OPERATION
    assert obj.NextMethod() == (WBEM_E_ILLEGAL_OPERATION, None, None, None)
    assert obj.GetMethodQualifierSet("Reset") == (WBEM_E_ILLEGAL_OPERATION, None)
    assert obj.GetMethodOrigin("Reset") == (WBEM_E_ILLEGAL_OPERATION, None)
    assert obj.SpawnDerivedClass() == (WBEM_E_ILLEGAL_OPERATION, None)


def test_the_text_of_an_instance() -> None:
    hr, text = IWbemClassObject(pump(Count=1)).GetObjectText(0)
    assert hr == S_OK
    assert text is not None
    assert text.startswith("instance of Acme_Pump\n{\n")
    assert "Count = 1;" in text
    assert IWbemClassObject(pump()).GetObjectText(2) == (WBEM_E_INVALID_PARAMETER, None)


def test_the_text_of_an_instance_without_the_flavors_of_its_qualifiers() -> None:
    obj = IWbemClassObject(pump(Count=1))
    qualifiers = obj.GetQualifierSet()[1]
    assert qualifiers is not None
    assert qualifiers.Put("Seen", True, WBEM_FLAVOR_FLAG_PROPAGATE_TO_INSTANCE) == S_OK
    text, plain = obj.GetObjectText(0)[1], obj.GetObjectText(WBEM_FLAG_NO_FLAVORS)[1]
    assert text is not None
    assert plain is not None
    assert text.startswith("[Seen : ToInstance]\ninstance of Acme_Pump\n")
    assert plain.startswith("[Seen]\ninstance of Acme_Pump\n")


def test_it_shows_what_it_is() -> None:
    assert repr(IWbemClassObject(pump())) == '<IWbemClassObject of <Acme_Pump.Id="p1">>'


def test_values_of_a_store_are_only_read_when_somebody_asks() -> None:
    class Store:
        asked: list[int] = []  # noqa: RUF012 - of this test

        def __getitem__(self, position: int) -> object:
            self.asked.append(position)
            return None

        def __len__(self) -> int:
            return len(PUMP.names)

    obj = IWbemClassObject(CimInstance(PUMP, Store()))
    obj.GetNames()
    assert Store.asked == []
    assert obj.Get("Uint8") == (S_OK, None, CIM_UINT8, WBEM_FLAVOR_ORIGIN_PROPAGATED)
    assert Store.asked == [PUMP.index("Uint8")]
