"""Activation: what a client asks for and what it is told, as RemoteCreateInstance and RemoteGetClassObject carry them.

[MS-DCOM] 3.1.2.5.2.3 and 2.2.22. Both travel as OBJREF octets (the content of pActProperties and ppActProperties). The
parameters of IActivation::RemoteActivation are plain ones: they are declared with the interface. Nothing is made here.
"""

from __future__ import annotations

from dataclasses import dataclass, replace

from openwmi.base.fault import RemoteProtocolError
from openwmi.base.guid import Guid
from openwmi.base.status import SEVERITY
from openwmi.ndr import encode_type
from openwmi.orpc import objref
from openwmi.orpc.bindings import TOWER_TCP
from openwmi.orpc.blob import ActivationProperties
from openwmi.orpc.headers import OUR_VERSION, ComVersion
from openwmi.orpc.objref import ObjRef, ObjRefCustom
from openwmi.orpc.properties import (
    MAX_REQUESTED_INTERFACES,
    ActivationContextInfoData,
    CoServerInfo,
    InstantiationInfoData,
    LocationInfoData,
    PropsOutInfo,
    RemoteReplyScmInfo,
    RemoteRequestScmInfo,
    ScmReplyInfoData,
    ScmRequestInfoData,
    SecurityInfoData,
    SpecialPropertiesData,
)
from openwmi.orpc.resolver import OxidEntry
from openwmi.orpc.wellknown import (
    CLSID_ActivationPropertiesIn,
    CLSID_ActivationPropertiesOut,
    IID_IActivationPropertiesIn,
    IID_IActivationPropertiesOut,
)

CLSCTX_REMOTE = 0x14  # a local server, here or on another machine


@dataclass(frozen=True, slots=True)
class ActivationRequest:
    """An object of `clsid` is wanted, with references to these interfaces of it.

    Attributes:
        protseqs: the protocol sequences that the client can call by; 7 is TCP.
        flags: ACTVFLAGS (2.2.22.2.1), such as 0x20: do not log a failure.
        context: the OBJREF of the client's context, or None (some clients send none).
        server_name: the server's name as the user typed it, if it was sent.
    """

    clsid: Guid
    iids: tuple[Guid, ...]
    protseqs: tuple[int, ...] = (TOWER_TCP,)
    flags: int = 0
    class_context: int = CLSCTX_REMOTE
    context: bytes | None = None
    server_name: str | None = None
    version: ComVersion = OUR_VERSION

    @classmethod
    def decode(cls, octets: bytes) -> ActivationRequest:
        """The OBJREF in pActProperties. RemoteProtocolError if it is none, or says not what to make.

        Only InstantiationInfoData must be there: the document requires more, but a server has no use for it.
        """
        properties = _decode_properties(octets, CLSID_ActivationPropertiesIn)
        wanted = properties.find(InstantiationInfoData)
        if wanted is None or not wanted.iids or wanted.iid_count > MAX_REQUESTED_INTERFACES:
            raise RemoteProtocolError("an activation request that names no interface")
        scm = properties.find(ScmRequestInfoData)
        context = properties.find(ActivationContextInfoData)
        security = properties.find(SecurityInfoData)
        protseqs = scm.remote_request.protseqs if scm is not None and scm.remote_request is not None else None
        return cls(
            clsid=wanted.class_id,
            iids=wanted.iids,
            protseqs=(TOWER_TCP,) if protseqs is None else protseqs,
            flags=wanted.actv_flags,
            class_context=wanted.class_ctx,
            context=context.client_context if context is not None else None,
            server_name=security.server_info.name if security is not None and security.server_info else None,
            version=wanted.client_com_version,
        )

    def encode(self) -> bytes:
        """The OBJREF for pActProperties: the properties that Windows sends, in its order."""
        instantiation = InstantiationInfoData(
            self.clsid, self.class_context, self.flags, 0, len(self.iids), 0, self.iids, 0, self.version
        )
        size = len(encode_type(InstantiationInfoData, instantiation))
        items = (
            SpecialPropertiesData(orig_clsctx=self.class_context),
            replace(instantiation, this_size=size),
            ActivationContextInfoData(0, 0, 0, 0, self.context, None),
            SecurityInfoData(0, CoServerInfo(0, self.server_name, None, 0), None),
            LocationInfoData(),
            ScmRequestInfoData(None, RemoteRequestScmInfo(2, len(self.protseqs), self.protseqs)),
        )
        blob = ActivationProperties(items).encode()
        return objref.encode(ObjRefCustom(IID_IActivationPropertiesIn, CLSID_ActivationPropertiesIn, blob))


@dataclass(frozen=True, slots=True)
class InterfaceResult:
    """One interface of the new object: a reference where `status` is 0, else None."""

    iid: Guid
    status: int
    reference: ObjRef | None = None


@dataclass(frozen=True, slots=True)
class ActivationReply:
    """An object was made: a result for each interface asked for, in order, and the exporter that holds it."""

    results: tuple[InterfaceResult, ...]
    exporter: OxidEntry

    @classmethod
    def decode(cls, octets: bytes) -> ActivationReply:
        """The OBJREF in ppActProperties. RemoteProtocolError where a property is missing or contradicts itself."""
        properties = _decode_properties(octets, CLSID_ActivationPropertiesOut)
        made, scm = properties.find(PropsOutInfo), properties.find(ScmReplyInfoData)
        remote = scm.remote_reply if scm is not None else None
        if made is None or remote is None or remote.oxid_bindings is None:
            raise RemoteProtocolError("an activation reply without interfaces or without an exporter")
        if made.iids is None or made.results is None or made.interfaces is None or not made.count:
            raise RemoteProtocolError("an activation reply of no interfaces")
        exporter = OxidEntry(
            remote.oxid,
            remote.oxid_bindings.bindings,
            remote.ipid_rem_unknown,
            remote.authn_hint,
            remote.server_version,
        )
        results = map(_decode_result, made.iids, made.results, made.interfaces)
        return cls(tuple(results), exporter)

    def encode(self) -> bytes:
        """The OBJREF for ppActProperties. PropsOutInfo comes first: clients take the two by their position."""
        count = len(self.results)
        made = PropsOutInfo(
            count,
            tuple(result.iid for result in self.results),
            tuple(result.status for result in self.results),
            tuple(objref.encode(r.reference) if r.reference is not None else None for r in self.results),
        )
        exporter = self.exporter
        remote = RemoteReplyScmInfo(
            exporter.oxid,
            exporter.bindings.array,
            exporter.ipid_rem_unknown,
            exporter.authn_hint,
            exporter.version,
        )
        blob = ActivationProperties((made, ScmReplyInfoData(None, remote))).encode()
        return objref.encode(ObjRefCustom(IID_IActivationPropertiesOut, CLSID_ActivationPropertiesOut, blob))


def _decode_properties(octets: bytes, clsid: Guid) -> ActivationProperties:
    reference = objref.decode(octets)
    if not isinstance(reference, ObjRefCustom) or reference.clsid != clsid:
        raise RemoteProtocolError(f"activation properties come in an OBJREF_CUSTOM of {clsid}")
    return ActivationProperties.decode(reference.data)


def _decode_result(iid: Guid, status: int, octets: bytes | None) -> InterfaceResult:
    if (octets is None) is not bool(status & SEVERITY):
        raise RemoteProtocolError(
            f"interface {iid}: status 0x{status:08X} {'without' if octets is None else 'with'} one"
        )
    return InterfaceResult(iid, status, objref.decode(octets) if octets is not None else None)
