"""Every method of the headers is there, with the header's parameters in the header's order.

The table is typed from the SDK's pages (sdk-api, wbemcli and wmiutils): `>` before a name is an out parameter, `*` one
that goes in and out, and the rest goes in. A buffer of the caller's is only its length and what comes out.
"""

import inspect
import re
from typing import Any

import pytest

from openwmi.wbemcli import (
    IUnknown,
    IWbemClassObject,
    IWbemContext,
    IWbemPath,
    IWbemPathKeyList,
    IWbemQualifierSet,
    IWbemStatusCodeText,
)

HEADER: dict[type[IUnknown], str] = {
    IWbemClassObject: """
        GetQualifierSet(>ppQualSet)
        Get(wszName, lFlags, >pVal, >pType, >plFlavor)
        Put(wszName, lFlags, pVal, Type)
        Delete(wszName)
        GetNames(wszQualifierName, lFlags, pQualifierVal, >pNames)
        BeginEnumeration(lEnumFlags)
        Next(lFlags, >strName, >pVal, >pType, >plFlavor)
        EndEnumeration()
        GetPropertyQualifierSet(wszProperty, >ppQualSet)
        Clone(>ppCopy)
        GetObjectText(lFlags, >pstrObjectText)
        SpawnDerivedClass(lFlags, >ppNewClass)
        SpawnInstance(lFlags, >ppNewInstance)
        CompareTo(lFlags, pCompareTo)
        GetPropertyOrigin(wszName, >pstrClassName)
        InheritsFrom(strAncestor)
        GetMethod(wszName, lFlags, >ppInSignature, >ppOutSignature)
        PutMethod(wszName, lFlags, pInSignature, pOutSignature)
        DeleteMethod(wszName)
        BeginMethodEnumeration(lEnumFlags)
        NextMethod(lFlags, >pstrName, >ppInSignature, >ppOutSignature)
        EndMethodEnumeration()
        GetMethodQualifierSet(wszMethod, >ppQualSet)
        GetMethodOrigin(wszMethodName, >pstrClassName)
    """,
    IWbemQualifierSet: """
        Get(wszName, lFlags, >pVal, >plFlavor)
        Put(wszName, pVal, lFlavor)
        Delete(wszName)
        GetNames(lFlags, >pNames)
        BeginEnumeration(lFlags)
        Next(lFlags, >pstrName, >pVal, >plFlavor)
        EndEnumeration()
    """,
    IWbemContext: """
        Clone(>ppNewCopy)
        GetNames(lFlags, >pNames)
        BeginEnumeration(lFlags)
        Next(lFlags, >pstrName, >pValue)
        EndEnumeration()
        SetValue(wszName, lFlags, pValue)
        GetValue(wszName, lFlags, >pValue)
        DeleteValue(wszName, lFlags)
        DeleteAll()
    """,
    IWbemStatusCodeText: """
        GetErrorCodeText(hRes, LocaleId, lFlags, >MessageText)
        GetFacilityCodeText(hRes, LocaleId, lFlags, >MessageText)
    """,
    IWbemPath: """
        SetText(uMode, pszPath)
        GetText(lFlags, *puBuffLength, >pszText)
        GetInfo(uRequestedInfo, >puResponse)
        SetServer(Name)
        GetServer(*puNameBufLength, >pName)
        GetNamespaceCount(>puCount)
        SetNamespaceAt(uIndex, pszName)
        GetNamespaceAt(uIndex, *puNameBufLength, >pName)
        RemoveNamespaceAt(uIndex)
        RemoveAllNamespaces()
        GetScopeCount(>puCount)
        SetScope(uIndex, pszClass)
        SetScopeFromText(uIndex, pszText)
        GetScope(uIndex, *puClassNameBufSize, >pszClass, >pKeyList)
        GetScopeAsText(uIndex, *puTextBufSize, >pszText)
        RemoveScope(uIndex)
        RemoveAllScopes()
        SetClassName(Name)
        GetClassName(*puBuffLength, >pszName)
        GetKeyList(>pOut)
        CreateClassPart(lFlags, Name)
        DeleteClassPart(lFlags)
        IsRelative(wszMachine, wszNamespace)
        IsRelativeOrChild(wszMachine, wszNamespace, lFlags)
        IsLocal(wszMachine)
        IsSameClassName(wszClass)
    """,
    IWbemPathKeyList: """
        GetCount(>puKeyCount)
        SetKey(wszName, uFlags, uCimType, pKeyVal)
        SetKey2(wszName, uFlags, uCimType, pKeyVal)
        GetKey(uKeyIx, uFlags, *puNameBufSize, >pszKeyName, *puKeyValBufSize, >pKeyVal, >puApparentCimType)
        GetKey2(uKeyIx, uFlags, *puNameBufSize, >pszKeyName, >pKeyValue, >puApparentCimType)
        RemoveKey(wszName, uFlags)
        RemoveAllKeys(uFlags)
        MakeSingleton(bSet)
        GetInfo(uRequestedInfo, >puResponse)
        GetText(lFlags, *puBuffLength, >pszText)
    """,
}

BOOLEANS = {"IsRelative", "IsRelativeOrChild", "IsLocal", "IsSameClassName"}

METHODS = [
    (face, *re.fullmatch(r"(\w+)\((.*)\)", line.strip()).groups())  # type: ignore[union-attr]  # typed above
    for face, text in HEADER.items()
    for line in text.strip().splitlines()
]


@pytest.mark.parametrize(("face", "name", "parameters"), METHODS, ids=lambda each: getattr(each, "__name__", each))
def test_a_method_is_as_the_header_has_it(face: Any, name: str, parameters: str) -> None:
    method = getattr(face, name)
    declared = parameters.split(", ") if parameters else []
    _, *own = inspect.signature(method).parameters
    assert own == [each.lstrip("*") for each in declared if not each.startswith(">")]
    if name not in BOOLEANS:
        assert method.outs_ == sum(each.startswith((">", "*")) for each in declared)
        assert method.__doc__


@pytest.mark.parametrize("face", HEADER, ids=lambda each: each.__name__)
def test_it_has_no_other_public_methods(face: type[IUnknown]) -> None:
    """What is ours ends in an underscore."""
    names = {name for each, name, _ in METHODS if each is face}
    public = {name for name in vars(face) if not name.startswith("_") and not name.endswith("_")}
    assert public - {"iid"} == names


@pytest.mark.parametrize(("face", "name", "parameters"), METHODS, ids=lambda each: getattr(each, "__name__", each))
def test_its_docstring_names_the_out_parameters(face: Any, name: str, parameters: str) -> None:
    outs = [each.strip("*>") for each in parameters.split(", ") if each.startswith((">", "*"))]
    if outs:
        assert getattr(face, name).__doc__.startswith(f"(hresult, {', '.join(outs)})")
