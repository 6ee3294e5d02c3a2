"""Opnums, names, order, direction and types of all parameters, against the IDL in the appendices of the documents.

The listing is their content in short: `name:type` is an in parameter, `>` out, `=` both; `[]` is an array, `[*]` one of
interface pointers, `*[]` a pointer to an array, `I*` an interface pointer, `I**` one in a cell.
"""

from __future__ import annotations

from typing import Annotated, Any, get_args, get_origin

import pytest

import openwmi.interfaces
from openwmi.base import guid
from openwmi.interfaces import IEndpointMapper, Interface, IUnknown, LookupHandle
from openwmi.interfaces.services import InOutPointer
from openwmi.ndr import (
    BSTR,
    GUID,
    HRESULT,
    I32,
    LPWSTR,
    U16,
    U32,
    U64,
    InterfacePointer,
    SizeIs,
    Unique,
)
from openwmi.ndr.types import Mark
from openwmi.orpc import ComVersion, DualStringArray, OrpcThat, OrpcThis

IDL = """
# [MS-DCOM] 6
interface IActivation 4d9f4ab8-7d1c-11cf-861e-0020af6e7c57 -
  0 RemoteActivation ORPCthis:ORPCTHIS >ORPCthat:ORPCTHAT Clsid:GUID pwszObjectName:wstr pObjectStorage:I*
      ClientImpLevel:DWORD Mode:DWORD Interfaces:DWORD pIIDs:*[] cRequestedProtseqs:ushort aRequestedProtseqs:[]
      >pOxid:OXID >ppdsaOxidBindings:DUALSTRINGARRAY* >pipidRemUnknown:IPID >pAuthnHint:DWORD
      >pServerVersion:COMVERSION >phr:HRESULT >ppInterfaceData:[*] >pResults:[]
interface IRemoteSCMActivator 000001a0-0000-0000-c000-000000000046 -
  3 RemoteGetClassObject orpcthis:ORPCTHIS >orpcthat:ORPCTHAT pActProperties:I* >ppActProperties:I*
  4 RemoteCreateInstance orpcthis:ORPCTHIS >orpcthat:ORPCTHAT pUnkOuter:I* pActProperties:I* >ppActProperties:I*
interface IObjectExporter 99fcfec4-5260-101b-bbcb-00aa0021347a -
  0 ResolveOxid pOxid:OXID cRequestedProtseqs:ushort arRequestedProtseqs:[] >ppdsaOxidBindings:DUALSTRINGARRAY*
      >pipidRemUnknown:IPID >pAuthnHint:DWORD
  1 SimplePing pSetId:SETID
  2 ComplexPing =pSetId:SETID SequenceNum:ushort cAddToSet:ushort cDelFromSet:ushort AddToSet:*[] DelFromSet:*[]
      >pPingBackoffFactor:ushort
  3 ServerAlive
  4 ResolveOxid2 pOxid:OXID cRequestedProtseqs:ushort arRequestedProtseqs:[] >ppdsaOxidBindings:DUALSTRINGARRAY*
      >pipidRemUnknown:IPID >pAuthnHint:DWORD >pComVersion:COMVERSION
  5 ServerAlive2 >pComVersion:COMVERSION >ppdsaOrBindings:DUALSTRINGARRAY* >pReserved:DWORD
# [MS-RPCE] 2.2.1.2
interface IEndpointMapper e1af8308-5d1f-11c9-91a4-08002b14a0fa -
  3 ept_map obj:GUID* map_tower:TOWER* =entry_handle:HANDLE max_towers:ulong >num_towers:ulong >ITowers:[]
interface IUnknown 00000000-0000-0000-c000-000000000046 -
interface IRemUnknown 00000131-0000-0000-c000-000000000046 IUnknown
  3 RemQueryInterface ripid:REFIPID cRefs:ulong cIids:ushort iids:[] >ppQIResults:*[]
  4 RemAddRef cInterfaceRefs:ushort InterfaceRefs:[] >pResults:[]
  5 RemRelease cInterfaceRefs:ushort InterfaceRefs:[]
interface IRemUnknown2 00000143-0000-0000-c000-000000000046 IRemUnknown
  6 RemQueryInterface2 ripid:REFIPID cIids:ushort iids:[] >phr:[] >ppMIF:[*]
# [MS-WMI] 6
interface IWbemObjectSink 7c857801-7381-11cf-884d-00aa004b2e24 IUnknown
  3 Indicate lObjectCount:long apObjArray:[*]
  4 SetStatus lFlags:long hResult:HRESULT strParam:BSTR pObjParam:I*
interface IEnumWbemClassObject 027947e1-d731-11ce-a357-000000000001 IUnknown
  3 Reset
  4 Next lTimeout:long uCount:ULONG >apObjects:[*] >puReturned:ULONG
  5 NextAsync uCount:ULONG pSink:I*
  6 Clone >ppEnum:I*
  7 Skip lTimeout:long nCount:ULONG
interface IWbemCallResult 44aca675-e8fc-11d0-a07c-00c04fb68820 IUnknown
  3 GetResultObject lTimeout:long >ppResultObject:I*
  4 GetResultString lTimeout:long >pstrResultString:BSTR
  5 GetResultServices lTimeout:long >ppServices:I*
  6 GetCallStatus lTimeout:long >plStatus:long
interface IWbemServices 9556dc99-828c-11cf-a37e-00aa003240c7 IUnknown
  3 OpenNamespace strNamespace:BSTR lFlags:long pCtx:I* =ppWorkingNamespace:I** =ppResult:I**
  4 CancelAsyncCall pSink:I*
  5 QueryObjectSink lFlags:long >ppResponseHandler:I*
  6 GetObject strObjectPath:BSTR lFlags:long pCtx:I* =ppObject:I** =ppCallResult:I**
  7 GetObjectAsync strObjectPath:BSTR lFlags:long pCtx:I* pResponseHandler:I*
  8 PutClass pObject:I* lFlags:long pCtx:I* =ppCallResult:I**
  9 PutClassAsync pObject:I* lFlags:long pCtx:I* pResponseHandler:I*
  10 DeleteClass strClass:BSTR lFlags:long pCtx:I* =ppCallResult:I**
  11 DeleteClassAsync strClass:BSTR lFlags:long pCtx:I* pResponseHandler:I*
  12 CreateClassEnum strSuperclass:BSTR lFlags:long pCtx:I* >ppEnum:I*
  13 CreateClassEnumAsync strSuperclass:BSTR lFlags:long pCtx:I* pResponseHandler:I*
  14 PutInstance pInst:I* lFlags:long pCtx:I* =ppCallResult:I**
  15 PutInstanceAsync pInst:I* lFlags:long pCtx:I* pResponseHandler:I*
  16 DeleteInstance strObjectPath:BSTR lFlags:long pCtx:I* =ppCallResult:I**
  17 DeleteInstanceAsync strObjectPath:BSTR lFlags:long pCtx:I* pResponseHandler:I*
  18 CreateInstanceEnum strSuperClass:BSTR lFlags:long pCtx:I* >ppEnum:I*
  19 CreateInstanceEnumAsync strSuperClass:BSTR lFlags:long pCtx:I* pResponseHandler:I*
  20 ExecQuery strQueryLanguage:BSTR strQuery:BSTR lFlags:long pCtx:I* >ppEnum:I*
  21 ExecQueryAsync strQueryLanguage:BSTR strQuery:BSTR lFlags:long pCtx:I* pResponseHandler:I*
  22 ExecNotificationQuery strQueryLanguage:BSTR strQuery:BSTR lFlags:long pCtx:I* >ppEnum:I*
  23 ExecNotificationQueryAsync strQueryLanguage:BSTR strQuery:BSTR lFlags:long pCtx:I* pResponseHandler:I*
  24 ExecMethod strObjectPath:BSTR strMethodName:BSTR lFlags:long pCtx:I* pInParams:I* =ppOutParams:I**
      =ppCallResult:I**
  25 ExecMethodAsync strObjectPath:BSTR strMethodName:BSTR lFlags:long pCtx:I* pInParams:I* pResponseHandler:I*
interface IWbemWCOSmartEnum 423ec01e-2e35-11d2-b604-00104b703efd IUnknown
  3 Next proxyGUID:REFGUID lTimeout:long uCount:ULONG >puReturned:ULONG >pdwBuffSize:ULONG >pBuffer:*[]
interface IWbemFetchSmartEnum 1c1c45ee-4395-11d2-b60b-00104b703efd IUnknown
  3 GetSmartEnum >ppSmartEnum:I*
interface IWbemLoginClientID d4781cd6-e5d3-44df-ad94-930efe48a887 IUnknown
  3 SetClientInfo wszClientMachine:wstr lClientProcId:long lReserved:long
interface IWbemLevel1Login f309ad18-d86a-11d0-a075-00c04fb68820 IUnknown
  3 EstablishPosition reserved1:wstr reserved2:DWORD >LocaleVersion:DWORD
  4 RequestChallenge reserved1:wstr reserved2:wstr >reserved3:[]
  5 WBEMLogin reserved1:wstr reserved2:*[] reserved3:long reserved4:I* >reserved5:I*
  6 NTLMLogin wszNetworkResource:wstr wszPreferredLocale:wstr lFlags:long pCtx:I* >ppNamespace:I*
"""

DualStrings = Unique[DualStringArray]
TYPES: dict[str, object] = {
    "BSTR": BSTR,
    "COMVERSION": ComVersion,
    "DUALSTRINGARRAY*": DualStrings,
    "DWORD": U32,
    "GUID": GUID,
    "GUID*": IEndpointMapper.calls[3].request_hints["obj"],
    "HANDLE": LookupHandle,
    "HRESULT": HRESULT,
    "I*": InterfacePointer,
    "I**": InOutPointer,
    "IPID": GUID,
    "ORPCTHAT": OrpcThat,
    "ORPCTHIS": OrpcThis,
    "OXID": U64,
    "REFGUID": GUID,
    "REFIPID": GUID,
    "SETID": U64,
    "TOWER*": IEndpointMapper.calls[3].request_hints["map_tower"],
    "ULONG": U32,
    "long": I32,
    "ulong": U32,
    "ushort": U16,
    "wstr": LPWSTR,
}
# `long` in the IDL, but what is in it is a status, and those are unsigned here.
STATUSES = {"plStatus"}


def listed() -> dict[str, tuple[str, str, dict[int, list[str]]]]:
    """Interface -> its IID, its base, and the words of each call by opnum."""
    found: dict[str, tuple[str, str, dict[int, list[str]]]] = {}
    words: list[str] = []
    for line in IDL.splitlines():
        match line.split():
            case ["interface", name, iid, base]:
                found[name] = (iid, base, {})
            case [number, *rest] if number.isdigit():
                words = rest
                found[name][2][int(number)] = words
            case [first, *_] if first != "#":
                words += line.split()
    return found


LISTED = listed()


def is_array(hint: Any) -> bool:
    return get_origin(hint) is Annotated and any(isinstance(mark, SizeIs) for mark in get_args(hint)[1:])


def spelled(name: str, hint: Any) -> str:
    """`name:type` as in the listing, with a type that fits the hint."""
    if is_array(hint):
        pointers = get_args(get_args(hint)[0])[:1] == (InterfacePointer,)
        return f"{name}:{'[*]' if pointers else '[]'}"
    if get_args(hint)[1:] == (Mark.UNIQUE,) and is_array(get_args(get_args(hint)[0])[0]):
        return f"{name}:*[]"
    return f"{name}:{[key for key, value in TYPES.items() if value == hint]}"


@pytest.mark.parametrize("name", LISTED)
def test_calls(name: str) -> None:
    iid, base, calls = LISTED[name]
    kind: type[Interface] = getattr(openwmi.interfaces, name)
    assert kind.iid == guid.parse(iid)
    assert kind.__base__ is (Interface if base == "-" else getattr(openwmi.interfaces, base))
    inherited = {} if base == "-" else getattr(openwmi.interfaces, base).calls
    assert kind.calls.keys() - inherited.keys() == calls.keys()
    for opnum, (method, *parameters) in calls.items():
        call = kind.calls[opnum]
        assert call.name == method
        given = [word.lstrip("=") for word in parameters if word[0] != ">"]
        returned = [word.lstrip("=>") for word in parameters if word[0] in "=>"]
        for words, hints in ((given, call.request_hints), (returned, dict(list(call.reply_hints.items())[:-1]))):
            assert [word.split(":")[0] for word in words] == list(hints)
            for word, hint in zip(words, hints.values(), strict=True):
                parameter, kind_of = word.split(":")
                if kind_of in TYPES:
                    assert hint == (HRESULT if parameter in STATUSES else TYPES[kind_of]), word
                else:
                    assert spelled(parameter, hint) == word


def test_which_interfaces_have_orpc_headers() -> None:
    for name, (_, base, _) in LISTED.items():
        kind = getattr(openwmi.interfaces, name)
        assert kind.orpc is (name == "IUnknown" or base != "-") is issubclass(kind, IUnknown)


def test_what_is_in_no_appendix() -> None:
    """IClassFactory is in none of these documents, and IWbemLoginClientIDEx in no document at all."""
    declared = {
        name
        for name, kind in vars(openwmi.interfaces).items()
        if isinstance(kind, type) and issubclass(kind, Interface) and kind is not Interface
    }
    assert declared - LISTED.keys() == {"IClassFactory", "IWbemLoginClientIDEx"}
    assert LISTED.keys() <= declared
