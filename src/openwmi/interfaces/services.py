"""IWbemServices, the 23 calls on a namespace ([MS-WMI] 3.1.4.3).

Objects, contexts and sinks are interface pointers: the octets of an OBJREF, or None. An out parameter that the IDL
gives as `[out, in, unique] I**` is a cell: a caller that passes `Cell(None)` wants it, one that passes None does not,
and the reply has a cell exactly where the request has one.
"""

# A declaration has no body.
# mypy: disable-error-code="empty-body"

from __future__ import annotations

from typing import NamedTuple, TypeAlias

from openwmi.interfaces.declaration import call
from openwmi.interfaces.unknown import IUnknown
from openwmi.ndr import BSTR, HRESULT, I32, Cell, InterfacePointer, Unique

InOutPointer: TypeAlias = Unique[Cell[InterfacePointer]]


class OpenNamespaceReply(NamedTuple):
    ppWorkingNamespace: InOutPointer
    ppResult: InOutPointer
    hresult: HRESULT = 0


class QueryObjectSinkReply(NamedTuple):
    ppResponseHandler: InterfacePointer
    hresult: HRESULT = 0


class GetObjectReply(NamedTuple):
    ppObject: InOutPointer
    ppCallResult: InOutPointer
    hresult: HRESULT = 0


class CallResultReply(NamedTuple):
    ppCallResult: InOutPointer
    hresult: HRESULT = 0


class EnumReply(NamedTuple):
    ppEnum: InterfacePointer
    hresult: HRESULT = 0


class ExecMethodReply(NamedTuple):
    ppOutParams: InOutPointer
    ppCallResult: InOutPointer
    hresult: HRESULT = 0


class IWbemServices(IUnknown, iid="9556dc99-828c-11cf-a37e-00aa003240c7"):
    """[MS-WMI] 3.1.4.3: synchronous, semisynchronous and asynchronous calls."""

    @call(3)
    async def OpenNamespace(
        self,
        strNamespace: BSTR,
        lFlags: I32,
        pCtx: InterfacePointer,
        ppWorkingNamespace: InOutPointer,
        ppResult: InOutPointer,
    ) -> OpenNamespaceReply:
        """3.1.4.3.1: the services of a namespace below this one."""

    @call(4)
    async def CancelAsyncCall(self, pSink: InterfacePointer) -> HRESULT:
        """3.1.4.3.2: every asynchronous call that was made with this sink."""

    @call(5)
    async def QueryObjectSink(self, lFlags: I32) -> QueryObjectSinkReply:
        """3.1.4.3.3: a sink through which the client sends events to the server."""

    @call(6)
    async def GetObject(
        self,
        strObjectPath: BSTR,
        lFlags: I32,
        pCtx: InterfacePointer,
        ppObject: InOutPointer,
        ppCallResult: InOutPointer,
    ) -> GetObjectReply:
        """3.1.4.3.4: a class or an instance; an empty path is a class to be filled."""

    @call(7)
    async def GetObjectAsync(
        self,
        strObjectPath: BSTR,
        lFlags: I32,
        pCtx: InterfacePointer,
        pResponseHandler: InterfacePointer,
    ) -> HRESULT:
        """3.1.4.3.5."""

    @call(8)
    async def PutClass(
        self,
        pObject: InterfacePointer,
        lFlags: I32,
        pCtx: InterfacePointer,
        ppCallResult: InOutPointer,
    ) -> CallResultReply:
        """3.1.4.3.6."""

    @call(9)
    async def PutClassAsync(
        self,
        pObject: InterfacePointer,
        lFlags: I32,
        pCtx: InterfacePointer,
        pResponseHandler: InterfacePointer,
    ) -> HRESULT:
        """3.1.4.3.7."""

    @call(10)
    async def DeleteClass(
        self,
        strClass: BSTR,
        lFlags: I32,
        pCtx: InterfacePointer,
        ppCallResult: InOutPointer,
    ) -> CallResultReply:
        """3.1.4.3.8."""

    @call(11)
    async def DeleteClassAsync(
        self,
        strClass: BSTR,
        lFlags: I32,
        pCtx: InterfacePointer,
        pResponseHandler: InterfacePointer,
    ) -> HRESULT:
        """3.1.4.3.9."""

    @call(12)
    async def CreateClassEnum(self, strSuperclass: BSTR, lFlags: I32, pCtx: InterfacePointer) -> EnumReply:
        """3.1.4.3.10: subclasses."""

    @call(13)
    async def CreateClassEnumAsync(
        self,
        strSuperclass: BSTR,
        lFlags: I32,
        pCtx: InterfacePointer,
        pResponseHandler: InterfacePointer,
    ) -> HRESULT:
        """3.1.4.3.11."""

    @call(14)
    async def PutInstance(
        self,
        pInst: InterfacePointer,
        lFlags: I32,
        pCtx: InterfacePointer,
        ppCallResult: InOutPointer,
    ) -> CallResultReply:
        """3.1.4.3.12."""

    @call(15)
    async def PutInstanceAsync(
        self,
        pInst: InterfacePointer,
        lFlags: I32,
        pCtx: InterfacePointer,
        pResponseHandler: InterfacePointer,
    ) -> HRESULT:
        """3.1.4.3.13."""

    @call(16)
    async def DeleteInstance(
        self,
        strObjectPath: BSTR,
        lFlags: I32,
        pCtx: InterfacePointer,
        ppCallResult: InOutPointer,
    ) -> CallResultReply:
        """3.1.4.3.14."""

    @call(17)
    async def DeleteInstanceAsync(
        self,
        strObjectPath: BSTR,
        lFlags: I32,
        pCtx: InterfacePointer,
        pResponseHandler: InterfacePointer,
    ) -> HRESULT:
        """3.1.4.3.15."""

    @call(18)
    async def CreateInstanceEnum(self, strSuperClass: BSTR, lFlags: I32, pCtx: InterfacePointer) -> EnumReply:
        """3.1.4.3.16: instances."""

    @call(19)
    async def CreateInstanceEnumAsync(
        self,
        strSuperClass: BSTR,
        lFlags: I32,
        pCtx: InterfacePointer,
        pResponseHandler: InterfacePointer,
    ) -> HRESULT:
        """3.1.4.3.17."""

    @call(20)
    async def ExecQuery(self, strQueryLanguage: BSTR, strQuery: BSTR, lFlags: I32, pCtx: InterfacePointer) -> EnumReply:
        """3.1.4.3.18: WQL."""

    @call(21)
    async def ExecQueryAsync(
        self,
        strQueryLanguage: BSTR,
        strQuery: BSTR,
        lFlags: I32,
        pCtx: InterfacePointer,
        pResponseHandler: InterfacePointer,
    ) -> HRESULT:
        """3.1.4.3.19."""

    @call(22)
    async def ExecNotificationQuery(
        self,
        strQueryLanguage: BSTR,
        strQuery: BSTR,
        lFlags: I32,
        pCtx: InterfacePointer,
    ) -> EnumReply:
        """3.1.4.3.20: WQL of events."""

    @call(23)
    async def ExecNotificationQueryAsync(
        self,
        strQueryLanguage: BSTR,
        strQuery: BSTR,
        lFlags: I32,
        pCtx: InterfacePointer,
        pResponseHandler: InterfacePointer,
    ) -> HRESULT:
        """3.1.4.3.21."""

    @call(24)
    async def ExecMethod(
        self,
        strObjectPath: BSTR,
        strMethodName: BSTR,
        lFlags: I32,
        pCtx: InterfacePointer,
        pInParams: InterfacePointer,
        ppOutParams: InOutPointer,
        ppCallResult: InOutPointer,
    ) -> ExecMethodReply:
        """3.1.4.3.22: a method of a class or an instance; pInParams holds an instance of its __PARAMETERS."""

    @call(25)
    async def ExecMethodAsync(
        self,
        strObjectPath: BSTR,
        strMethodName: BSTR,
        lFlags: I32,
        pCtx: InterfacePointer,
        pInParams: InterfacePointer,
        pResponseHandler: InterfacePointer,
    ) -> HRESULT:
        """3.1.4.3.23."""
