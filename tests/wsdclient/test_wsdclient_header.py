"""Every method of the headers is there, with its identifier, and with the header's parameters in the header's order.

The table is typed from wsdclient.h and its neighbours, with wsdxml.h among them: `>` before a name is an out
parameter. The lengths of arrays and buffers are left out, since Python's have their own.
"""

from __future__ import annotations

import inspect
import re
from typing import Any

import pytest

from openwmi import wsdclient as w

TOLD = "pszId, ullMetadataVersion, ullInstanceId, ullMessageNumber, pszSessionId, pTypesList, pScopesList, pXAddrsList"
EXTENSIONS = "pHeaderAny, pReferenceParameterAny, pPolicyAny, pEndpointReferenceAny, pAny"
HEADER: dict[str, tuple[str, str]] = {
    "IWSDAsyncResult": (
        "11a9852a-8dd8-423e-b537-9356db4fbfb8",
        """
        SetCallback(pCallback, pAsyncState)
        SetWaitHandle(hWaitHandle)
        HasCompleted()
        GetAsyncState(>ppAsyncState)
        Abort()
        GetEvent(>pEvent)
        GetEndpointProxy(>ppEndpoint)
        """,
    ),
    "IWSDMetadataExchange": ("06996d57-1d67-4928-9307-3d7833fdb846", "GetMetadata(>MetadataOut)"),
    "IWSDEndpointProxy": (
        "1860d430-b24c-4975-9f90-dbb39baa24ec",
        """
        SendOneWayRequest(pBody, pOperation)
        SendTwoWayRequest(pBody, pOperation, pResponseContext)
        SendTwoWayRequestAsync(pBody, pOperation, pAsyncState, pCallback, >pResult)
        AbortAsyncOperation(pAsyncResult)
        ProcessFault(pFault)
        GetErrorInfo(>ppszErrorInfo)
        GetFaultInfo(>ppFault)
        """,
    ),
    "IWSDDeviceProxy": (
        "eee0c031-c578-4c0e-9a3b-973c35f409db",
        """
        Init(pszDeviceId, pDeviceAddress, pszLocalId, pContext, pSponsor)
        BeginGetMetadata(>ppResult)
        EndGetMetadata(pResult)
        GetHostMetadata(>ppHostMetadata)
        GetThisModelMetadata(>ppManufacturerMetadata)
        GetThisDeviceMetadata(>ppThisDeviceMetadata)
        GetAllMetadata(>ppMetadata)
        GetServiceProxyById(pszServiceId, >ppServiceProxy)
        GetServiceProxyByType(pType, >ppServiceProxy)
        GetEndpointProxy(>ppProxy)
        """,
    ),
    "IWSDServiceProxy": (
        "d4c7fb9c-03ab-4175-9d67-094fafebf487",
        """
        GetMetadata(>MetadataOut)
        BeginGetMetadata(>ppResult)
        EndGetMetadata(pResult, >ppMetadata)
        GetServiceMetadata(>ppServiceMetadata)
        SubscribeToOperation(pOperation, pUnknown, pAny, >ppAny)
        UnsubscribeToOperation(pOperation)
        SetEventingStatusCallback(pStatus)
        GetEndpointProxy(>ppProxy)
        """,
    ),
    "IWSDServiceProxyEventing": (
        "f9279d6d-1012-4a94-b8cc-fd35d2202bfe",
        """
        SubscribeToMultipleOperations(pOperations, pUnknown, pExpires, pAny, >ppExpires, >ppAny)
      BeginSubscribeToMultipleOperations(pOperations, pUnknown, pExpires, pAny, pAsyncState, pAsyncCallback, >ppResult)
        EndSubscribeToMultipleOperations(pOperations, pResult, >ppExpires, >ppAny)
        UnsubscribeToMultipleOperations(pOperations, pAny)
        BeginUnsubscribeToMultipleOperations(pOperations, pAny, pAsyncState, pAsyncCallback, >ppResult)
        EndUnsubscribeToMultipleOperations(pOperations, pResult)
        RenewMultipleOperations(pOperations, pExpires, pAny, >ppExpires, >ppAny)
        BeginRenewMultipleOperations(pOperations, pExpires, pAny, pAsyncState, pAsyncCallback, >ppResult)
        EndRenewMultipleOperations(pOperations, pResult, >ppExpires, >ppAny)
        GetStatusForMultipleOperations(pOperations, pAny, >ppExpires, >ppAny)
        BeginGetStatusForMultipleOperations(pOperations, pAny, pAsyncState, pAsyncCallback, >ppResult)
        EndGetStatusForMultipleOperations(pOperations, pResult, >ppExpires, >ppAny)
        """,
    ),
    "IWSDiscoveryProvider": (
        "8ffc8e55-f0eb-480f-88b7-b435dd281d45",
        """
        SetAddressFamily(dwAddressFamily)
        Attach(pSink)
        Detach()
        SearchById(pszId, pszTag)
        SearchByAddress(pszAddress, pszTag)
        SearchByType(pTypesList, pScopesList, pszMatchBy, pszTag)
        GetXMLContext(>ppContext)
        """,
    ),
    "IWSDiscoveredService": (
        "4bad8a3b-b374-4420-9632-aac945b374aa",
        """
        GetEndpointReference(>ppEndpointReference)
        GetTypes(>ppTypesList)
        GetScopes(>ppScopesList)
        GetXAddrs(>ppXAddrsList)
        GetMetadataVersion(>pullMetadataVersion)
        GetExtendedDiscoXML(>ppHeaderAny, >ppBodyAny)
        GetProbeResolveTag(>ppszTag)
        GetRemoteTransportAddress(>ppszRemoteTransportAddress)
        GetLocalTransportAddress(>ppszLocalTransportAddress)
        GetLocalInterfaceGUID(>pGuid)
        GetInstanceId(>pullInstanceId)
        """,
    ),
    "IWSDiscoveryPublisher": (
        "ae01e1a8-3ff9-4148-8116-057cc616fe13",
        f"""
        SetAddressFamily(dwAddressFamily)
        RegisterNotificationSink(pSink)
        UnRegisterNotificationSink(pSink)
        Publish({TOLD})
        UnPublish(pszId, ullInstanceId, ullMessageNumber, pszSessionId, pAny)
        MatchProbe(pProbeMessage, pMessageParameters, {TOLD})
        MatchResolve(pResolveMessage, pMessageParameters, {TOLD})
        PublishEx({TOLD}, {EXTENSIONS})
        MatchProbeEx(pProbeMessage, pMessageParameters, {TOLD}, {EXTENSIONS})
        MatchResolveEx(pResolveMessage, pMessageParameters, {TOLD}, {EXTENSIONS})
        RegisterScopeMatchingRule(pScopeMatchingRule)
        UnRegisterScopeMatchingRule(pScopeMatchingRule)
        GetXMLContext(>ppContext)
        """,
    ),
    "IWSDDeviceHost": (
        "917fe891-3d13-4138-9809-934c8abeb12c",
        """
        Init(pszLocalId, pContext, ppHostAddresses)
        Start(ullInstanceId, pScopeList, pNotificationSink)
        Stop()
        Terminate()
        RegisterPortType(pPortType)
        SetMetadata(pThisModelMetadata, pThisDeviceMetadata, pHostMetadata, pCustomMetadata)
        RegisterService(pszServiceId, pService)
        RetireService(pszServiceId)
        AddDynamicService(pszServiceId, pszEndpointAddress, pPortType, pPortName, pAny, pService)
        RemoveDynamicService(pszServiceId)
        SetServiceDiscoverable(pszServiceId, fDiscoverable)
        SignalEvent(pszServiceId, pBody, pOperation)
        """,
    ),
    "IWSDServiceMessaging": (
        "94974cf4-0cab-460d-a3f6-7a0ad623c0e6",
        """
        SendResponse(pBody, pOperation, pMessageParameters)
        FaultRequest(pRequestHeader, pMessageParameters, pFault)
        """,
    ),
    "IWSDXMLContext": (
        "75d8f3ee-3e5a-43b4-a15a-bcf6887460c0",
        """
        AddNamespace(pszUri, pszSuggestedPrefix, >ppNamespace)
        AddNameToNamespace(pszUri, pszName, >ppName)
        SetNamespaces(pNamespaces, bLayerNumber)
        SetTypes(pTypes, bLayerNumber)
        """,
    ),
    "IWSDAddress": (
        "b9574c6c-12a6-4f74-93a1-3318ff605759",
        "Serialize(cchLength, fSafe, >pszBuffer)\nDeserialize(pszBuffer)",
    ),
    "IWSDTransportAddress": (
        "70d23498-4ee6-4340-a3df-d845d2235467",
        """
        GetPort(>pwPort)
        SetPort(wPort)
        GetTransportAddress(>ppszAddress)
        GetTransportAddressEx(fSafe, >ppszAddress)
        SetTransportAddress(pszAddress)
        """,
    ),
    "IWSDHttpAddress": (
        "d09ac7bd-2a3e-4b85-8605-2737ff3e4ea0",
        "GetSecure()\nSetSecure(fSecure)\nGetPath(>ppszPath)\nSetPath(pszPath)",
    ),
    "IWSDUdpAddress": (
        "74d6124a-a441-4f78-a1eb-97a8d1996893",
        """
        SetSockaddr(pSockAddr)
        GetSockaddr(>pSockAddr)
        SetExclusive(fExclusive)
        GetExclusive()
        SetMessageType(messageType)
        GetMessageType(>pMessageType)
        SetTTL(dwTTL)
        GetTTL(>pdwTTL)
        SetAlias(pAlias)
        GetAlias(>pAlias)
        """,
    ),
    "IWSDMessageParameters": (
        "1fafe8a2-e6fc-4b80-b6cf-b7d45c416d7c",
        """
        GetLocalAddress(>ppAddress)
        SetLocalAddress(pAddress)
        GetRemoteAddress(>ppAddress)
        SetRemoteAddress(pAddress)
        GetLowerParameters(>ppTxParams)
        """,
    ),
    "IWSDUdpMessageParameters": (
        "9934149f-8f0c-447b-aa0b-73124b0ca7f0",
        "SetRetransmitParams(pParams)\nGetRetransmitParams(>pParams)",
    ),
    "IWSDHttpMessageParameters": (
        "540bd122-5c83-4dec-b396-ea62a2697fdf",
        """
        SetInboundHttpHeaders(pszHeaders)
        GetInboundHttpHeaders(>ppszHeaders)
        SetOutboundHttpHeaders(pszHeaders)
        GetOutboundHttpHeaders(>ppszHeaders)
        SetID(pszId)
        GetID(>ppszId)
        SetContext(pContext)
        GetContext(>ppContext)
        Clear()
        """,
    ),
    "IWSDSSLClientCertificate": (
        "de105e87-a0da-418e-98ad-27b9eed87bdc",
        "GetClientCertificate(>ppCertContext)\nGetMappedAccessToken(>phToken)",
    ),
    "IWSDHttpAuthParameters": (
        "0b476df0-8dac-480d-b05c-99781a5884aa",
        "GetClientAccessToken(>phToken)\nGetAuthType(>pAuthType)",
    ),
    "IWSDInboundAttachment": (
        "5bd6ca65-233c-4fb8-9f7a-2641619655c9",
        "Read(dwBytesToRead, >pBuffer, >pdwNumberOfBytesRead)\nClose()",
    ),
    "IWSDOutboundAttachment": (
        "aa302f8d-5a22-4ba5-b392-aa8486f4c15d",
        "Write(pBuffer, >pdwNumberOfBytesWritten)\nClose()\nAbort()",
    ),
}
HEARD = {
    "IWSDAsyncCallback": ("a63e109d-ce72-49e2-ba98-e845f5ee1666", "AsyncOperationComplete(pAsyncResult, pAsyncState)"),
    "IWSDEventingStatus": (
        "49b17f52-637a-407a-ae99-fbe82a4d38c0",
        """
        SubscriptionRenewed(pszSubscriptionAction)
        SubscriptionRenewalFailed(pszSubscriptionAction, hr)
        SubscriptionEnded(pszSubscriptionAction)
        """,
    ),
    "IWSDiscoveryProviderNotify": (
        "73ee3ced-b6e6-4329-a546-3e8ad46563d2",
        "Add(pService)\nRemove(pService)\nSearchFailed(hr, pszTag)\nSearchComplete(pszTag)",
    ),
    "IWSDiscoveryPublisherNotify": (
        "e67651b0-337a-4b3c-9758-733388568251",
        "ProbeHandler(pSoap, pMessageParameters)\nResolveHandler(pSoap, pMessageParameters)",
    ),
    "IWSDScopeMatchingRule": (
        "fcafe424-fef5-481a-bd9f-33ce0574256f",
        "GetScopeRule(>ppszScopeMatchingRule)\nMatchScopes(pszScope1, pszScope2, >pfMatch)",
    ),
    "IWSDDeviceHostNotify": ("b5bee9f9-eeda-41fe-96f7-f45e14990fb0", "GetService(pszServiceId, >ppService)"),
    "IWSDAttachment": ("5d55a616-9df8-4b09-b156-9ba351a48b76", ""),
}
EVERY = HEADER | HEARD


def _methods(table: dict[str, tuple[str, str]]) -> list[tuple[str, str, str]]:
    return [
        (face, *re.fullmatch(r"(\w+)\((.*)\)", line.strip()).groups())  # type: ignore[union-attr]  # typed above
        for face, (_, text) in table.items()
        for line in text.strip().splitlines()
    ]


@pytest.mark.parametrize("face", EVERY)
def test_its_identifier(face: str) -> None:
    assert str(getattr(w, face).iid) == EVERY[face][0]
    assert face in w.__all__  # type: ignore[attr-defined]  # made at run time


@pytest.mark.parametrize(("face", "name", "parameters"), _methods(EVERY))
def test_a_method_is_as_the_header_has_it(face: str, name: str, parameters: str) -> None:
    method: Any = getattr(getattr(w, face), name)
    declared = parameters.split(", ") if parameters else []
    _, *own = inspect.signature(method).parameters
    assert [each for each in own if not each.endswith("_")] == [each for each in declared if not each.startswith(">")]


@pytest.mark.parametrize(("face", "name", "parameters"), _methods(HEADER))
def test_its_out_parameters(face: str, name: str, parameters: str) -> None:
    method: Any = getattr(getattr(w, face), name)
    outs = [each.strip(">") for each in parameters.split(", ") if each.startswith(">")]
    assert method.outs_ == len(outs)
    if outs:
        assert method.__doc__.startswith(f"(hresult, {', '.join(outs)})")


@pytest.mark.parametrize("face", EVERY)
def test_it_has_no_other_public_methods(face: str) -> None:
    """What is ours ends in an underscore."""
    kind = getattr(w, face)
    names = {name for each, name, _ in _methods(EVERY) if each == face}
    inherited = {name for each, name, _ in _methods(EVERY) if issubclass(kind, getattr(w, each))}
    public = {name for name in dir(kind) if not name.startswith("_") and not name.endswith("_")}
    assert names <= public
    assert public - names - inherited == {"iid", "QueryInterface", "AddRef", "Release"}


def test_a_star_takes_names_and_no_modules() -> None:
    assert "asyncresult" not in w.__all__  # type: ignore[attr-defined]  # the same
    assert {"S_OK", "WSDET_INCOMING_FAULT", "WSDCreateDeviceProxy", "WaitHandle"} <= set(w.__all__)  # type: ignore[attr-defined]
