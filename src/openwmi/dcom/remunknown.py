"""IRemUnknown and IRemUnknown2: IUnknown of all objects of an exporter, by their IPIDs ([MS-DCOM] 3.1.1.5.6-7)."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import Protocol

from openwmi.base.guid import Guid
from openwmi.base.status import HResult
from openwmi.dcom.caller import current_caller
from openwmi.dcom.served import Served
from openwmi.interfaces import (
    IRemUnknown2,
    RemAddRefReply,
    RemInterfaceRef,
    RemQiResult,
    RemQueryInterface2Reply,
    RemQueryInterfaceReply,
)
from openwmi.orpc import PUBLIC_REFS, Bindings, ObjRefStandard, Reference, objref


class References(Protocol):
    """What an exporter does with the references of the caller whose call is being carried out."""

    def query_interface(self, ipid: Guid, refs: int, iids: Sequence[Guid], /) -> tuple[RemQiResult, ...] | None: ...
    def add_ref(self, references: Iterable[Reference], /) -> tuple[HResult, ...]: ...
    def release(self, references: Iterable[Reference], /) -> None: ...
    def resolver(self, host: str, /) -> Bindings: ...


class RemUnknown(Served, IRemUnknown2):
    """The object whose IPID a resolver tells with an OXID."""

    def __init__(self, exporter: References) -> None:
        self._exporter = exporter

    async def RemQueryInterface(
        self, ripid: Guid, cRefs: int, cIids: int, iids: tuple[Guid, ...]
    ) -> RemQueryInterfaceReply:
        results = self._exporter.query_interface(ripid, max(1, cRefs), iids)
        if results is None:
            return RemQueryInterfaceReply(None, HResult.RPC_E_INVALID_OBJECT)
        return RemQueryInterfaceReply(results, _summary(results))

    async def RemAddRef(self, cInterfaceRefs: int, InterfaceRefs: tuple[RemInterfaceRef, ...]) -> RemAddRefReply:
        return RemAddRefReply(self._exporter.add_ref(map(_reference, InterfaceRefs)))

    async def RemRelease(self, cInterfaceRefs: int, InterfaceRefs: tuple[RemInterfaceRef, ...]) -> int:
        self._exporter.release(map(_reference, InterfaceRefs))
        return HResult.S_OK

    async def RemQueryInterface2(self, ripid: Guid, cIids: int, iids: tuple[Guid, ...]) -> RemQueryInterface2Reply:
        results = self._exporter.query_interface(ripid, PUBLIC_REFS, iids)
        if results is None:
            gone = HResult.RPC_E_INVALID_OBJECT
            return RemQueryInterface2Reply((gone,) * len(iids), (None,) * len(iids), gone)
        resolver = self._exporter.resolver(current_caller().host)
        references = tuple(
            None if result.hResult else objref.encode(ObjRefStandard(iid, result.std, resolver))
            for iid, result in zip(iids, results, strict=True)
        )
        return RemQueryInterface2Reply(tuple(result.hResult for result in results), references, _summary(results))


def _reference(element: RemInterfaceRef) -> Reference:
    return Reference(element.ipid, element.cPublicRefs, element.cPrivateRefs)


def _summary(results: tuple[RemQiResult, ...]) -> int:
    # Windows: where every result is E_NOINTERFACE, the call itself returns that too.
    failed = bool(results) and all(result.hResult for result in results)
    return HResult.E_NOINTERFACE if failed else HResult.S_OK
