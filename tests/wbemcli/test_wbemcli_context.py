"""IWbemContext: named values for a provider."""

import pytest
from tests.wbemcli.objects_fakes import pump

from openwmi.wbemcli import (
    S_OK,
    VARIANT,
    VARIANT_TRUE,
    VT_ARRAY,
    VT_BOOL,
    VT_BSTR,
    VT_I2,
    VT_I4,
    VT_I8,
    VT_NULL,
    VT_UNKNOWN,
    WBEM_E_INVALID_PARAMETER,
    WBEM_E_NOT_FOUND,
    WBEM_E_UNEXPECTED,
    WBEM_S_NO_MORE_DATA,
    IWbemClassObject,
    IWbemContext,
)


def test_the_architecture_of_a_provider() -> None:
    """The SDK's "Requesting WMI Data on a 64-bit Platform"."""
    context = IWbemContext()
    assert context.SetValue("__ProviderArchitecture", 0, VARIANT(VT_I4, 32)) == S_OK
    assert context.SetValue("__RequiredArchitecture", 0, VARIANT(VT_BOOL, VARIANT_TRUE)) == S_OK
    assert dict(context.values_) == {"__ProviderArchitecture": 32, "__RequiredArchitecture": True}


@pytest.mark.parametrize(
    ("value", "stored"),
    [
        (5, 5),
        (True, True),
        (0.5, 0.5),
        ("public", "public"),
        (["a", "b"], ("a", "b")),
        ([], ()),
        (VARIANT(VT_NULL), None),
        (VARIANT(VT_I2, 3), 3),
        (VARIANT(VT_ARRAY | VT_BSTR, ["x"]), ("x",)),
    ],
)
def test_values_that_go_along(value: object, stored: object) -> None:
    context = IWbemContext()
    assert context.SetValue("Community", 0, value) == S_OK
    assert context.GetValue("community", 0) == (S_OK, stored)
    assert context.values_["Community"] == stored


@pytest.mark.parametrize("value", [None, object(), 1 << 40, VARIANT(VT_I8, 1), [1, "a"]])
def test_values_that_do_not(value: object) -> None:
    context = IWbemContext()
    assert context.SetValue("Community", 0, value) == WBEM_E_INVALID_PARAMETER
    assert context.GetNames() == (S_OK, ())


def test_an_object_is_copied() -> None:
    obj = IWbemClassObject(pump())
    context = IWbemContext()
    assert context.SetValue("Pump", 0, obj) == S_OK
    assert context.SetValue("Pumps", 0, VARIANT(VT_ARRAY | VT_UNKNOWN, [obj])) == S_OK
    obj.Put("Id", 0, "p2")
    hr, got = context.GetValue("Pump", 0)
    assert hr == S_OK
    assert got.QueryInterface(IWbemClassObject)[0] == S_OK
    assert got.Get("Id")[1] == "p1"
    assert context.GetValue("Pumps")[1][0].Get("Id")[1] == "p1"
    assert context.values_["Pump"] == pump()


def test_names_and_enumeration() -> None:
    context = IWbemContext()
    assert context.Next() == (WBEM_E_UNEXPECTED, None, None)
    context.SetValue("A", 0, 1)
    context.SetValue("B", 0, "two")
    context.SetValue("a", 0, 3)
    assert context.GetNames(0) == (S_OK, ("A", "B"))
    assert context.BeginEnumeration(0) == S_OK
    assert context.Next(0) == (S_OK, "A", 3)
    assert context.BeginEnumeration(0) == S_OK
    assert context.Next(0) == (S_OK, "A", 3)
    assert context.Next(0) == (S_OK, "B", "two")
    assert context.Next(0) == (WBEM_S_NO_MORE_DATA, None, None)
    assert context.EndEnumeration() == S_OK
    assert context.Next(0)[0] == WBEM_E_UNEXPECTED


def test_deleting() -> None:
    context = IWbemContext({"A": 1, "B": 2, "C": 3})
    assert context.DeleteValue("a", 0) == S_OK
    assert context.DeleteValue("a", 0) == WBEM_E_NOT_FOUND
    assert context.GetValue("a", 0) == (WBEM_E_NOT_FOUND, None)
    assert context.GetNames() == (S_OK, ("B", "C"))
    assert context.DeleteAll() == S_OK
    assert dict(context.values_) == {}


def test_a_clone_and_what_a_call_took_along_stay_as_they_are() -> None:
    context = IWbemContext({"A": 1})
    taken = context.values_
    hr, copy = context.Clone()
    assert hr == S_OK
    assert copy is not None
    context.SetValue("A", 0, 2)
    copy.SetValue("B", 0, 3)
    assert dict(taken) == {"A": 1}
    assert dict(context.values_) == {"A": 2}
    assert dict(copy.values_) == {"A": 1, "B": 3}


def test_flags_are_reserved_and_names_needed() -> None:
    context = IWbemContext({"A": 1})
    assert context.GetNames(1) == (WBEM_E_INVALID_PARAMETER, None)
    assert context.BeginEnumeration(1) == WBEM_E_INVALID_PARAMETER
    assert context.Next(1) == (WBEM_E_INVALID_PARAMETER, None, None)
    assert context.SetValue("A", 1, 1) == WBEM_E_INVALID_PARAMETER
    assert context.GetValue("A", 1) == (WBEM_E_INVALID_PARAMETER, None)
    assert context.DeleteValue("A", 1) == WBEM_E_INVALID_PARAMETER
    assert context.SetValue(None, 0, 1) == WBEM_E_INVALID_PARAMETER  # type: ignore[arg-type]  # NULL
    assert context.GetValue(None, 0) == (WBEM_E_INVALID_PARAMETER, None)  # type: ignore[arg-type]  # NULL
    assert context.DeleteValue(None, 0) == WBEM_E_INVALID_PARAMETER  # type: ignore[arg-type]  # NULL
