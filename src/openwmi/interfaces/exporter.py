"""IObjectExporter, the object resolver ([MS-DCOM] 3.1.2.5.1): plain RPC on port 135, not on objects.

What its methods return is an error_status_t, a Win32 code, and not an HRESULT: `openwmi.orpc.error_status` translates.
"""

# A declaration has no body.
# mypy: disable-error-code="empty-body"

from __future__ import annotations

from typing import Annotated, NamedTuple

from openwmi.interfaces.declaration import Interface, call
from openwmi.ndr import GUID, HRESULT, U16, U32, U64, SizeIs, Unique
from openwmi.orpc import ComVersion, DualStringArray


class ResolveOxidReply(NamedTuple):
    ppdsaOxidBindings: Unique[DualStringArray]
    pipidRemUnknown: GUID
    pAuthnHint: U32
    hresult: HRESULT = 0


class ResolveOxid2Reply(NamedTuple):
    ppdsaOxidBindings: Unique[DualStringArray]
    pipidRemUnknown: GUID
    pAuthnHint: U32
    pComVersion: ComVersion
    hresult: HRESULT = 0


class ComplexPingReply(NamedTuple):
    pSetId: U64
    pPingBackoffFactor: U16
    hresult: HRESULT = 0


class ServerAlive2Reply(NamedTuple):
    pComVersion: ComVersion
    ppdsaOrBindings: Unique[DualStringArray]
    pReserved: U32
    hresult: HRESULT = 0


class IObjectExporter(Interface, iid="99fcfec4-5260-101b-bbcb-00aa0021347a"):
    """Where an OXID lives, whether a server is there, and pings."""

    @call(0)
    async def ResolveOxid(
        self,
        pOxid: U64,
        cRequestedProtseqs: U16,
        arRequestedProtseqs: Annotated[tuple[U16, ...], SizeIs("cRequestedProtseqs")],
    ) -> ResolveOxidReply:
        """3.1.2.5.1.1."""

    @call(1)
    async def SimplePing(self, pSetId: U64) -> HRESULT:
        """3.1.2.5.1.2: the objects of the set are still in use."""

    @call(2)
    async def ComplexPing(
        self,
        pSetId: U64,
        SequenceNum: U16,
        cAddToSet: U16,
        cDelFromSet: U16,
        AddToSet: Unique[Annotated[tuple[U64, ...], SizeIs("cAddToSet")]],
        DelFromSet: Unique[Annotated[tuple[U64, ...], SizeIs("cDelFromSet")]],
    ) -> ComplexPingReply:
        """3.1.2.5.1.3: makes a set (pSetId 0) or changes one, and pings it."""

    @call(3)
    async def ServerAlive(self) -> HRESULT:
        """3.1.2.5.1.4."""

    @call(4)
    async def ResolveOxid2(
        self,
        pOxid: U64,
        cRequestedProtseqs: U16,
        arRequestedProtseqs: Annotated[tuple[U16, ...], SizeIs("cRequestedProtseqs")],
    ) -> ResolveOxid2Reply:
        """3.1.2.5.1.5."""

    @call(5)
    async def ServerAlive2(self) -> ServerAlive2Reply:
        """3.1.2.5.1.6: the bindings and the COM version of the resolver; answered without authentication."""
