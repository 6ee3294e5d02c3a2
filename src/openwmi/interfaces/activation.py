"""IActivation and IRemoteSCMActivator: making objects ([MS-DCOM] 3.1.2.5.2).

Plain RPC on port 135, whose first parameters are nevertheless an ORPCTHIS and an ORPCTHAT: here they are declared.
"""

# A declaration has no body.
# mypy: disable-error-code="empty-body"

from __future__ import annotations

from typing import Annotated, NamedTuple

from openwmi.interfaces.declaration import Interface, call
from openwmi.ndr import GUID, HRESULT, LPWSTR, U16, U32, U64, InterfacePointer, SizeIs, Unique
from openwmi.orpc import ComVersion, DualStringArray, OrpcThat, OrpcThis


class RemoteActivationReply(NamedTuple):
    ORPCthat: OrpcThat
    pOxid: U64
    ppdsaOxidBindings: Unique[DualStringArray]
    pipidRemUnknown: GUID
    pAuthnHint: U32
    pServerVersion: ComVersion
    phr: HRESULT
    ppInterfaceData: Annotated[tuple[InterfacePointer, ...], SizeIs("Interfaces")]
    pResults: Annotated[tuple[HRESULT, ...], SizeIs("Interfaces")]
    hresult: HRESULT = 0


class IActivation(Interface, iid="4d9f4ab8-7d1c-11cf-861e-0020af6e7c57"):
    """Activation as DCOM 5.1 and older clients ask for it."""

    @call(0)
    async def RemoteActivation(
        self,
        ORPCthis: OrpcThis,
        Clsid: GUID,
        pwszObjectName: LPWSTR,
        pObjectStorage: InterfacePointer,
        ClientImpLevel: U32,
        Mode: U32,
        Interfaces: U32,
        pIIDs: Unique[Annotated[tuple[GUID, ...], SizeIs("Interfaces")]],
        cRequestedProtseqs: U16,
        aRequestedProtseqs: Annotated[tuple[U16, ...], SizeIs("cRequestedProtseqs")],
    ) -> RemoteActivationReply:
        """3.1.2.5.2.3.1. Mode 0xFFFFFFFF asks for the class object."""


class RemoteGetClassObjectReply(NamedTuple):
    orpcthat: OrpcThat
    ppActProperties: InterfacePointer
    hresult: HRESULT = 0


class RemoteCreateInstanceReply(NamedTuple):
    orpcthat: OrpcThat
    ppActProperties: InterfacePointer
    hresult: HRESULT = 0


class IRemoteSCMActivator(Interface, iid="000001a0-0000-0000-c000-000000000046", unused=range(3)):
    """Activation with properties, which `openwmi.orpc.ActivationRequest` and `ActivationReply` read and write."""

    @call(3)
    async def RemoteGetClassObject(
        self,
        orpcthis: OrpcThis,
        pActProperties: InterfacePointer,
    ) -> RemoteGetClassObjectReply:
        """3.1.2.5.2.3.2."""

    @call(4)
    async def RemoteCreateInstance(
        self,
        orpcthis: OrpcThis,
        pUnkOuter: InterfacePointer,
        pActProperties: InterfacePointer,
    ) -> RemoteCreateInstanceReply:
        """3.1.2.5.2.3.3. pUnkOuter is NULL: objects are not aggregated over the network."""
