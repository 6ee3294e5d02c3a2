"""Programs as somebody has them in C++, line by line in Python: from the locator to the last Release.

They are the SDK's examples ("Creating a Class", "Creating a Derived WMI Class", "Creating a Method", "Getting WMI Data
from the Local Computer"), and what other people's tests saw of such programs on Windows.
"""

import os
from collections.abc import Iterator
from pathlib import Path

import pytest

from openwmi.wbemcli import (
    CIM_SINT32,
    CIM_STRING,
    CIM_UINT32,
    FAILED,
    S_OK,
    SUCCEEDED,
    VARIANT,
    VT_BSTR,
    VT_I4,
    VT_NULL,
    WBEM_E_NOT_FOUND,
    WBEM_FLAG_ALWAYS,
    WBEM_FLAG_CREATE_ONLY,
    WBEM_FLAG_FORWARD_ONLY,
    WBEM_FLAG_KEYS_ONLY,
    WBEM_FLAG_LOCAL_ONLY,
    WBEM_FLAG_NONSYSTEM_ONLY,
    WBEM_FLAG_RETURN_IMMEDIATELY,
    WBEM_FLAVOR_FLAG_PROPAGATE_TO_INSTANCE,
    WBEM_FLAVOR_NOT_OVERRIDABLE,
    WBEM_FLAVOR_ORIGIN_PROPAGATED,
    WBEM_INFINITE,
    WBEM_S_NO_ERROR,
    WBEM_S_RESET_TO_DEFAULT,
    CLSID_WbemLocator,
    CoCreateInstance,
    CoInitializeEx,
    CoUninitialize,
    IWbemClassObject,
    IWbemLocator,
    IWbemServices,
    to_variant,
)


@pytest.fixture
def pSvc(tmp_path: Path) -> Iterator[IWbemServices]:
    hr, found = IWbemLocator(repository=tmp_path / "repository.db").ConnectServer(r"root\cimv2")
    assert SUCCEEDED(hr)
    assert found is not None
    yield found
    found.Release()


def got(pSvc: IWbemServices, path: str) -> IWbemClassObject:
    hr, found, _ = pSvc.GetObject(path, 0, None)
    assert hr == WBEM_S_NO_ERROR
    assert found is not None
    return found


def create_example(pSvc: IWbemServices) -> None:
    """`class Example { [Key] string Index; sint32 IntVal = 5; }`."""
    hr, pNewClass, _ = pSvc.GetObject(None, 0, None)
    assert hr == S_OK
    assert pNewClass is not None
    assert pNewClass.Put("__CLASS", 0, VARIANT(VT_BSTR, "Example"), 0) == S_OK
    assert pNewClass.Put("Index", 0, None, CIM_STRING) == S_OK
    hr, pQual = pNewClass.GetPropertyQualifierSet("Index")
    assert pQual is not None
    assert pQual.Put("Key", True, 0) == S_OK
    assert pNewClass.Put("IntVal", 0, VARIANT(VT_I4, 5), CIM_SINT32) == S_OK
    hr, _ = pSvc.PutClass(pNewClass, WBEM_FLAG_CREATE_ONLY, None)
    assert hr == S_OK
    assert pNewClass.Release() == 0


def test_getting_data_from_the_local_computer() -> None:
    assert SUCCEEDED(CoInitializeEx(None, 0))
    hr, pLoc = CoCreateInstance(CLSID_WbemLocator, None, 1, IWbemLocator)
    assert hr == S_OK
    assert isinstance(pLoc, IWbemLocator)
    hr, pSvc = pLoc.ConnectServer(r"ROOT\CIMV2", None, None, None, 0, None, None)
    assert hr == S_OK
    assert pSvc is not None
    hr, pEnumerator = pSvc.ExecQuery(
        "WQL",
        "SELECT * FROM Win32_OperatingSystem",
        WBEM_FLAG_FORWARD_ONLY | WBEM_FLAG_RETURN_IMMEDIATELY,
        None,
    )
    assert hr == S_OK
    assert pEnumerator is not None
    names = []
    while True:
        hr, apObj, uReturn = pEnumerator.Next(WBEM_INFINITE, 1)
        assert not FAILED(hr)
        if not uReturn:
            break
        assert apObj is not None
        hr, vtProp, cimtype, _ = apObj[0].Get("Name", 0)
        assert hr == S_OK
        names.append(to_variant(vtProp, cimtype))
        apObj[0].Release()
    assert [each.vt for each in names] == [VT_BSTR]
    for face in (pEnumerator, pSvc, pLoc):
        assert face.Release() == 0
    CoUninitialize()


def test_the_empty_class_of_a_null_path_and_of_an_empty_one(pSvc: IWbemServices) -> None:
    for path in (None, ""):
        hr, obj, _ = pSvc.GetObject(path, 0, None)
        assert hr == S_OK
        assert obj is not None
        assert obj.Put("__CLASS", 0, VARIANT(VT_BSTR, "test"), 0) == S_OK


def test_creating_a_class_and_an_instance_of_it(pSvc: IWbemServices) -> None:
    create_example(pSvc)
    pClass = got(pSvc, "Example")
    assert pClass.GetNames(None, WBEM_FLAG_KEYS_ONLY) == (S_OK, ("Index",))
    hr, pNewInstance = pClass.SpawnInstance(0)
    assert hr == S_OK
    assert pNewInstance is not None
    assert pNewInstance.Put("Index", 0, VARIANT(VT_BSTR, "IX100"), 0) == S_OK
    assert pNewInstance.Put("IntVal", 0, VARIANT(VT_I4, 101), 0) == S_OK
    hr, _ = pSvc.PutInstance(pNewInstance, 0, None)
    assert hr == S_OK
    stored = got(pSvc, 'Example.Index="IX100"')
    assert stored.Get("IntVal")[:3] == (S_OK, 101, CIM_SINT32)
    assert stored.CompareTo(2, pNewInstance) == S_OK
    hr, _ = pSvc.DeleteInstance('Example.Index="IX100"', 0, None)
    assert hr == S_OK
    assert pSvc.GetObject('Example.Index="IX100"')[:2] == (WBEM_E_NOT_FOUND, None)


def test_creating_a_derived_class(pSvc: IWbemServices) -> None:
    create_example(pSvc)
    hr, pNewDerivedClass = got(pSvc, "Example").SpawnDerivedClass(0)
    assert hr == S_OK
    assert pNewDerivedClass is not None
    pNewDerivedClass.Put("__CLASS", 0, VARIANT(VT_BSTR, "Example2"), 0)
    assert pNewDerivedClass.Put("OtherInfo2", 0, None, CIM_STRING) == S_OK
    assert pNewDerivedClass.Put("IntVal", 0, 7) == S_OK
    hr, _ = pSvc.PutClass(pNewDerivedClass, 0, None)
    assert hr == S_OK
    made = got(pSvc, "Example2")
    assert made.Get("__SUPERCLASS")[1] == "Example"
    assert made.GetNames(None, WBEM_FLAG_LOCAL_ONLY) == (S_OK, ("OtherInfo2",))
    assert made.Get("IntVal")[1] == 7


def test_taking_an_override_back(pSvc: IWbemServices) -> None:
    """Delete: "it is possible to revert to the parent's default value by invoking this method"."""
    create_example(pSvc)
    _, derived = got(pSvc, "Example").SpawnDerivedClass(0)
    assert derived is not None
    derived.Put("__CLASS", 0, "Example2")
    derived.Put("IntVal", 0, 7)
    pSvc.PutClass(derived)
    again = got(pSvc, "Example2")
    assert again.Delete("IntVal") == WBEM_S_RESET_TO_DEFAULT
    assert pSvc.PutClass(again)[0] == S_OK
    assert got(pSvc, "Example2").Get("IntVal")[1:4] == (5, CIM_SINT32, WBEM_FLAVOR_ORIGIN_PROPAGATED)


def test_creating_a_method(pSvc: IWbemServices) -> None:
    """From copies of __PARAMETERS, which the server has."""
    create_example(pSvc)
    pClass = got(pSvc, "Example")
    pInSignature, pOutSignature = got(pSvc, "__PARAMETERS"), got(pSvc, "__PARAMETERS")
    pInSignature.Put("Speed", 0, None, CIM_UINT32)
    _, pQual = pInSignature.GetPropertyQualifierSet("Speed")
    assert pQual is not None
    assert pQual.Put("ID", VARIANT(VT_I4, 0), 0) == S_OK
    assert pQual.Put("In", True, 0) == S_OK
    pOutSignature.Put("ReturnValue", 0, None, CIM_SINT32)
    assert pClass.PutMethod("Turn", 0, pInSignature, pOutSignature) == S_OK
    assert pSvc.PutClass(pClass)[0] == S_OK
    hr, pIn, pOut = got(pSvc, "Example").GetMethod("Turn", 0)
    assert hr == S_OK
    assert pIn is not None
    assert pOut is not None
    assert pIn.Get("__CLASS")[1] == "__PARAMETERS"
    assert pIn.GetNames(None, WBEM_FLAG_NONSYSTEM_ONLY)[1] == ("Speed",)
    assert pOut.Get("ReturnValue")[2] == CIM_SINT32


def test_the_owner_of_a_process_and_the_ids_of_its_out_parameters(pSvc: IWbemServices) -> None:
    path = f'Win32_Process.Handle="{os.getpid()}"'
    hr, out, _ = pSvc.ExecMethod(path, "GetOwner", 0, None, None)
    assert hr == S_OK
    assert out is not None
    hr, retval, cimtype, _ = out.Get("ReturnValue", 0)
    assert to_variant(retval, cimtype) == VARIANT(VT_I4, 0)
    assert cimtype == CIM_UINT32
    flavor = WBEM_FLAVOR_FLAG_PROPAGATE_TO_INSTANCE | WBEM_FLAVOR_NOT_OVERRIDABLE | WBEM_FLAVOR_ORIGIN_PROPAGATED
    for place, name in enumerate(("User", "Domain")):
        assert out.Get(name)[2] == CIM_STRING
        hr, qualifiers = out.GetPropertyQualifierSet(name)
        assert qualifiers is not None
        assert qualifiers.Get("ID", 0) == (S_OK, place, flavor)
    hr, qualifiers = out.GetPropertyQualifierSet("ReturnValue")
    assert qualifiers is not None
    assert qualifiers.Get("ID", 0)[0] == WBEM_E_NOT_FOUND


def test_a_method_without_arguments_is_found_without_signatures(pSvc: IWbemServices) -> None:
    hr, pIn, pOut = got(pSvc, "Win32_Process").GetMethod("GetOwner", 0)
    assert (hr, pIn) == (S_OK, None)
    assert pOut is not None


def test_names_and_missing_properties_of_an_instance(pSvc: IWbemServices) -> None:
    obj = got(pSvc, "Win32_OperatingSystem=@")
    assert obj.GetNames(None, WBEM_FLAG_ALWAYS)[0] == S_OK
    assert obj.GetNames(None, WBEM_FLAG_NONSYSTEM_ONLY)[0] == S_OK
    assert obj.Get("NotAProperty", 0) == (WBEM_E_NOT_FOUND, None, None, None)
    hr, value, cimtype, _ = obj.Get("CSDVersion", 0)  # as IdentificationCode of Win32_BIOS: VT_NULL, of the type string
    assert hr == S_OK
    assert (to_variant(value, cimtype).vt, cimtype) == (VT_NULL, CIM_STRING)


def test_a_projection_knows_its_class_and_not_where_it_is(pSvc: IWbemServices) -> None:
    hr, pEnumerator = pSvc.ExecQuery("WQL", "SELECT CommandLine FROM Win32_Process", WBEM_FLAG_FORWARD_ONLY)
    assert hr == S_OK
    assert pEnumerator is not None
    hr, apObj, _ = pEnumerator.Next(WBEM_INFINITE, 1)
    assert hr == S_OK
    assert apObj is not None
    for name in ("__PATH", "__NAMESPACE", "__RELPATH", "__SERVER"):
        assert apObj[0].Get(name, 0)[1:3] == (None, CIM_STRING)
    assert apObj[0].Get("__CLASS")[1] == "Win32_Process"
    assert apObj[0].Get("__GENUS")[1:3] == (2, CIM_SINT32)
    assert apObj[0].Get("__PROPERTY_COUNT")[1:3] == (1, CIM_SINT32)
    pEnumerator.Release()
