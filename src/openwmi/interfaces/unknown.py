"""IUnknown, IClassFactory, IRemUnknown and IRemUnknown2: what COM objects have in common ([MS-DCOM] 3.1.1.5.6-7, 6).

IUnknown's three calls are never made on the wire: IRemUnknown, an object of the exporter, does their work by IPID.
"""

# A declaration has no body.
# mypy: disable-error-code="empty-body"

from __future__ import annotations

from dataclasses import dataclass
from typing import Annotated, NamedTuple

from openwmi.interfaces.declaration import Interface, call
from openwmi.ndr import GUID, HRESULT, I32, U16, U32, InterfacePointer, SizeIs, Unique
from openwmi.orpc import StdObjRef


class IUnknown(Interface, iid="00000000-0000-0000-c000-000000000046", unused=range(3)):
    """Base of every ORPC interface."""

    __slots__ = ()

    orpc = True


class CreateInstanceReply(NamedTuple):
    ppvObject: InterfacePointer
    hresult: HRESULT = 0


class IClassFactory(IUnknown, iid="00000001-0000-0000-c000-000000000046"):
    """The class object that RemoteGetClassObject answers with. On the wire its calls have the names of their stubs."""

    @call(3)
    async def RemoteCreateInstance(self, riid: GUID) -> CreateInstanceReply:
        """Makes an object, and returns its interface `riid`."""

    @call(4)
    async def RemoteLockServer(self, fLock: I32) -> HRESULT:
        """Keeps the server running, or no longer does (fLock 0)."""


@dataclass(frozen=True, slots=True)
class RemQiResult:
    """REMQIRESULT ([MS-DCOM] 2.2.24)."""

    hResult: HRESULT
    std: StdObjRef


@dataclass(frozen=True, slots=True)
class RemInterfaceRef:
    """REMINTERFACEREF ([MS-DCOM] 2.2.23)."""

    ipid: GUID
    cPublicRefs: U32
    cPrivateRefs: U32


class RemQueryInterfaceReply(NamedTuple):
    ppQIResults: Unique[Annotated[tuple[RemQiResult, ...], SizeIs("cIids")]]
    hresult: HRESULT = 0


class RemAddRefReply(NamedTuple):
    pResults: Annotated[tuple[HRESULT, ...], SizeIs("cInterfaceRefs")]
    hresult: HRESULT = 0


class IRemUnknown(IUnknown, iid="00000131-0000-0000-c000-000000000046"):
    """[MS-DCOM] 3.1.1.5.6."""

    @call(3)
    async def RemQueryInterface(
        self,
        ripid: GUID,
        cRefs: U32,
        cIids: U16,
        iids: Annotated[tuple[GUID, ...], SizeIs("cIids")],
    ) -> RemQueryInterfaceReply:
        """3.1.1.5.6.1.1: more interfaces of the object that has interface `ripid`, `cRefs` references to each."""

    @call(4)
    async def RemAddRef(
        self,
        cInterfaceRefs: U16,
        InterfaceRefs: Annotated[tuple[RemInterfaceRef, ...], SizeIs("cInterfaceRefs")],
    ) -> RemAddRefReply:
        """3.1.1.5.6.1.2."""

    @call(5)
    async def RemRelease(
        self,
        cInterfaceRefs: U16,
        InterfaceRefs: Annotated[tuple[RemInterfaceRef, ...], SizeIs("cInterfaceRefs")],
    ) -> HRESULT:
        """3.1.1.5.6.1.3."""


class RemQueryInterface2Reply(NamedTuple):
    phr: Annotated[tuple[HRESULT, ...], SizeIs("cIids")]
    ppMIF: Annotated[tuple[InterfacePointer, ...], SizeIs("cIids")]
    hresult: HRESULT = 0


class IRemUnknown2(IRemUnknown, iid="00000143-0000-0000-c000-000000000046"):
    """[MS-DCOM] 3.1.1.5.7."""

    @call(6)
    async def RemQueryInterface2(
        self,
        ripid: GUID,
        cIids: U16,
        iids: Annotated[tuple[GUID, ...], SizeIs("cIids")],
    ) -> RemQueryInterface2Reply:
        """3.1.1.5.7.1.1: as RemQueryInterface, with OBJREFs, so that objects of other exporters can be returned."""
