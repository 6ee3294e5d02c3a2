"""Activation: a client names a class and gets a reference to a new object of it ([MS-DCOM] 3.1.2.5.2.3)."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping

from openwmi.base.error import WbemError
from openwmi.base.fault import RemoteProtocolError
from openwmi.base.guid import Guid
from openwmi.base.status import HResult
from openwmi.dcom.caller import current_caller, set_causality
from openwmi.dcom.exporter import Exporter
from openwmi.dcom.served import Served, interfaces_of
from openwmi.interfaces import (
    CreateInstanceReply,
    IActivation,
    IClassFactory,
    IRemoteSCMActivator,
    IUnknown,
    RemoteActivationReply,
    RemoteCreateInstanceReply,
    RemoteGetClassObjectReply,
)
from openwmi.orpc import OUR_VERSION, ActivationReply, ActivationRequest, InterfaceResult, OrpcThat, OrpcThis, objref
from openwmi.orpc.properties import MAX_REQUESTED_INTERFACES

CLASS_OBJECT = 0xFFFFFFFF
"""RemoteActivation's Mode for the class object."""

Factory = Callable[[], Served]


class ClassTable:
    """The classes that can be activated, and how their objects are made."""

    def __init__(self, exporter: Exporter, factories: Mapping[Guid, Factory]) -> None:
        self.exporter = exporter
        self._factories = dict(factories)

    def create(self, clsid: Guid, iids: Iterable[Guid]) -> tuple[InterfaceResult, ...]:
        """A new object's interfaces, a result each. WbemError: REGDB_E_CLASSNOTREG, E_NOINTERFACE where it has none."""
        return self.references(self._factory(clsid)(), iids)

    def class_object(self, clsid: Guid, iids: Iterable[Guid]) -> tuple[InterfaceResult, ...]:
        """The same of the class object, which is an IClassFactory."""
        return self.references(_ClassObject(self, self._factory(clsid)), iids)

    def references(self, obj: Served, iids: Iterable[Guid]) -> tuple[InterfaceResult, ...]:
        """An object's interfaces, a result each; E_NOINTERFACE where it has none of them."""
        asked = tuple(iids)
        known = interfaces_of(type(obj)).keys() | {IUnknown.iid}
        if known.isdisjoint(asked):
            obj.released()  # nobody ever held it
            raise WbemError(HResult.E_NOINTERFACE, f"{type(obj).__name__} has none of the interfaces asked for")
        try:
            return tuple(
                InterfaceResult(iid, HResult.S_OK, self.exporter.reference(obj, iid))
                if iid in known
                else InterfaceResult(iid, HResult.E_NOINTERFACE)
                for iid in asked
            )
        except WbemError:  # no room for one more object: only the first reference to it can meet that
            obj.released()
            raise

    def _factory(self, clsid: Guid) -> Factory:
        factory = self._factories.get(clsid)
        if factory is None:
            raise WbemError(HResult.REGDB_E_CLASSNOTREG, f"class {clsid} is not served here")
        return factory


class Activator(IRemoteSCMActivator):
    """Activation with properties, as all clients of today ask for it."""

    def __init__(self, classes: ClassTable) -> None:
        self._classes = classes

    async def RemoteGetClassObject(self, orpcthis: OrpcThis, pActProperties: bytes | None) -> RemoteGetClassObjectReply:
        _check_version(orpcthis)
        return RemoteGetClassObjectReply(OrpcThat(), self._activate(pActProperties, self._classes.class_object))

    async def RemoteCreateInstance(
        self, orpcthis: OrpcThis, pUnkOuter: bytes | None, pActProperties: bytes | None
    ) -> RemoteCreateInstanceReply:
        _check_version(orpcthis)
        return RemoteCreateInstanceReply(OrpcThat(), self._activate(pActProperties, self._classes.create))

    def _activate(
        self, properties: bytes | None, make: Callable[[Guid, Iterable[Guid]], tuple[InterfaceResult, ...]]
    ) -> bytes:
        try:
            request = ActivationRequest.decode(properties or b"")
        except RemoteProtocolError as error:
            raise WbemError(HResult.E_INVALIDARG, str(error)) from error
        results = make(request.clsid, request.iids)
        return ActivationReply(results, self._classes.exporter.entry(current_caller().host)).encode()


class OldActivator(IActivation):
    """Activation with plain parameters."""

    def __init__(self, classes: ClassTable) -> None:
        self._classes = classes

    async def RemoteActivation(
        self,
        ORPCthis: OrpcThis,
        Clsid: Guid,
        pwszObjectName: str | None,
        pObjectStorage: bytes | None,
        ClientImpLevel: int,
        Mode: int,
        Interfaces: int,
        pIIDs: tuple[Guid, ...] | None,
        cRequestedProtseqs: int,
        aRequestedProtseqs: tuple[int, ...],
    ) -> RemoteActivationReply:
        _check_version(ORPCthis)
        entry = self._classes.exporter.entry(current_caller().host)
        make = self._classes.class_object if Mode == CLASS_OBJECT else self._classes.create
        iids = pIIDs or ()
        status: int = HResult.S_OK
        try:
            if not 0 < len(iids) <= MAX_REQUESTED_INTERFACES:
                raise WbemError(HResult.E_INVALIDARG, f"an activation asks for {len(iids)} interfaces")
            results = make(Clsid, iids)
        except WbemError as error:
            status = int(error.status)
            results = tuple(InterfaceResult(iid, status) for iid in iids)
        return RemoteActivationReply(
            OrpcThat(),
            entry.oxid,
            entry.bindings.array,
            entry.ipid_rem_unknown,
            entry.authn_hint,
            entry.version,
            status,
            tuple(None if result.reference is None else objref.encode(result.reference) for result in results),
            tuple(result.status for result in results),
        )


class _ClassObject(Served, IClassFactory):
    """Makes objects of one class."""

    def __init__(self, classes: ClassTable, factory: Factory) -> None:
        self._classes = classes
        self._factory = factory

    async def RemoteCreateInstance(self, riid: Guid) -> CreateInstanceReply:
        (result,) = self._classes.references(self._factory(), [riid])
        assert result.reference is not None, "an object without any of the interfaces is no result"
        return CreateInstanceReply(objref.encode(result.reference))

    async def RemoteLockServer(self, fLock: int) -> int:
        return HResult.S_OK  # this server runs as long as its owner wants


def _check_version(this: OrpcThis) -> None:
    """[MS-DCOM] 3.1.2.5.2.3: a client has to speak our version of COM, or a lower one."""
    if not OUR_VERSION.accepts(this.version):
        raise WbemError(HResult.RPC_E_VERSION_MISMATCH, f"COM {this.version}, where {OUR_VERSION} is spoken")
    set_causality(this.cid)
