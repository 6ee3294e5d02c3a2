"""How results of WMI calls come back: enumerators, call results, sinks ([MS-WMI] 3.1.4.2, 3.1.4.4-7).

Objects are interface pointers that hold an OBJREF_CUSTOM ([MS-WMI] 2.2.4). A time-out of WBEM_INFINITE (0xFFFFFFFF) is
-1 here, since the IDL says `long`.
"""

# A declaration has no body.
# mypy: disable-error-code="empty-body"

from __future__ import annotations

from typing import Annotated, Final, NamedTuple

from openwmi.interfaces.declaration import call
from openwmi.interfaces.unknown import IUnknown
from openwmi.ndr import BSTR, GUID, HRESULT, I32, U32, InterfacePointer, LengthIs, SizeIs, Unique


class NextReply(NamedTuple):
    apObjects: Annotated[tuple[InterfacePointer, ...], SizeIs("uCount"), LengthIs("puReturned")]
    puReturned: U32
    hresult: HRESULT = 0


class CloneReply(NamedTuple):
    ppEnum: InterfacePointer
    hresult: HRESULT = 0


class IEnumWbemClassObject(IUnknown, iid="027947e1-d731-11ce-a357-000000000001"):
    """[MS-WMI] 3.1.4.4."""

    __slots__ = ()

    @call(3)
    async def Reset(self) -> HRESULT:
        """3.1.4.4.1."""

    @call(4)
    async def Next(self, lTimeout: I32, uCount: U32) -> NextReply:
        """3.1.4.4.2. With WBEM_S_FALSE and WBEM_S_TIMEDOUT there may be objects, too."""

    @call(5)
    async def NextAsync(self, uCount: U32, pSink: InterfacePointer) -> HRESULT:
        """3.1.4.4.3."""

    @call(6)
    async def Clone(self) -> CloneReply:
        """3.1.4.4.4."""

    @call(7)
    async def Skip(self, lTimeout: I32, nCount: U32) -> HRESULT:
        """3.1.4.4.5."""


class GetResultObjectReply(NamedTuple):
    ppResultObject: InterfacePointer
    hresult: HRESULT = 0


class GetResultStringReply(NamedTuple):
    pstrResultString: BSTR
    hresult: HRESULT = 0


class GetResultServicesReply(NamedTuple):
    ppServices: InterfacePointer
    hresult: HRESULT = 0


class GetCallStatusReply(NamedTuple):
    plStatus: HRESULT  # `long` in the IDL; what is in it is a status, and those are unsigned here
    hresult: HRESULT = 0


class IWbemCallResult(IUnknown, iid="44aca675-e8fc-11d0-a07c-00c04fb68820"):
    """[MS-WMI] 3.1.4.5."""

    __slots__ = ()

    @call(3)
    async def GetResultObject(self, lTimeout: I32) -> GetResultObjectReply:
        """3.1.4.5.1."""

    @call(4)
    async def GetResultString(self, lTimeout: I32) -> GetResultStringReply:
        """3.1.4.5.2."""

    @call(5)
    async def GetResultServices(self, lTimeout: I32) -> GetResultServicesReply:
        """3.1.4.5.3."""

    @call(6)
    async def GetCallStatus(self, lTimeout: I32) -> GetCallStatusReply:
        """3.1.4.5.4."""


OBJECT_ARRAY: Final = b"\0\0\0\0WBEMDATA"


class IWbemObjectSink(IUnknown, iid="7c857801-7381-11cf-884d-00aa004b2e24"):
    """[MS-WMI] 3.1.4.2, 3.2.4.1: implemented by the client, called by the server."""

    @call(3, packed=OBJECT_ARRAY)
    async def Indicate(
        self,
        lObjectCount: I32,
        apObjArray: Annotated[tuple[InterfacePointer, ...], SizeIs("lObjectCount")],
    ) -> HRESULT:
        """3.1.4.2.1. To who has said WBEM_S_NEW_STYLE, apObjArray may be the octets of an ObjectArray (2.2.14).

        The document does not say how these stand in the request. They begin with four octets that would be a count of
        zero objects, and their signature: so they stand in place of the parameters, and can be told from them.
        """

    @call(4)
    async def SetStatus(self, lFlags: I32, hResult: HRESULT, strParam: BSTR, pObjParam: InterfacePointer) -> HRESULT:
        """3.1.4.2.2."""


class GetSmartEnumReply(NamedTuple):
    ppSmartEnum: InterfacePointer
    hresult: HRESULT = 0


class IWbemFetchSmartEnum(IUnknown, iid="1c1c45ee-4395-11d2-b60b-00104b703efd"):
    """[MS-WMI] 3.1.4.6: an enumerator that has it can be read in ObjectArrays."""

    __slots__ = ()

    @call(3)
    async def GetSmartEnum(self) -> GetSmartEnumReply:
        """3.1.4.6.1."""


class SmartNextReply(NamedTuple):
    puReturned: U32
    pdwBuffSize: U32
    pBuffer: Unique[Annotated[bytes, SizeIs("pdwBuffSize")]]
    hresult: HRESULT = 0


class IWbemWCOSmartEnum(IUnknown, iid="423ec01e-2e35-11d2-b604-00104b703efd"):
    """[MS-WMI] 3.1.4.7."""

    @call(3)
    async def Next(self, proxyGUID: GUID, lTimeout: I32, uCount: U32) -> SmartNextReply:
        """3.1.4.7.1: an ObjectArray ([MS-WMI] 2.2.14), in which a class is described once for each proxyGUID."""
