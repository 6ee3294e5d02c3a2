"""The properties of an activation, each one NDR structure ([MS-DCOM] 2.2.22.2), in the document's names and order.

`openwmi.orpc.blob` puts them together; what a request or a reply needs of them is in `openwmi.orpc.activation`.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Annotated, Final, TypeAlias

from openwmi.base import guid
from openwmi.base.guid import Guid
from openwmi.ndr import (
    GUID,
    HRESULT,
    I32,
    LPWSTR,
    U16,
    U32,
    U64,
    Fixed,
    InterfacePointer,
    SizeIs,
    Unique,
)
from openwmi.orpc import wellknown
from openwmi.orpc.bindings import DualStringArray
from openwmi.orpc.headers import ComVersion

MAX_REQUESTED_INTERFACES: Final = 0x8000
MAX_REQUESTED_PROTSEQS: Final = 0x8000


@dataclass(frozen=True, slots=True)
class InstantiationInfoData:
    """2.2.22.2.1: what to make, and which interfaces of it. `this_size` counts octets with both headers."""

    class_id: GUID
    class_ctx: U32
    actv_flags: U32
    is_surrogate: I32
    iid_count: U32
    inst_flag: U32
    iids: Unique[Annotated[tuple[GUID, ...], SizeIs("iid_count")]]
    this_size: U32
    client_com_version: ComVersion


@dataclass(frozen=True, slots=True)
class SpecialPropertiesData:
    """2.2.22.2.2. A client that has no wishes sends the defaults."""

    session_id: U32 = 0xFFFFFFFF  # any
    remote_this_session_id: I32 = 0
    client_impersonating: I32 = 0
    partition_id_present: I32 = 0
    default_authn_level: U32 = 5  # PKT_INTEGRITY
    partition: GUID = guid.NULL
    prt_flags: U32 = 0
    orig_clsctx: U32 = 0
    flags: U32 = 0
    reserved1: U32 = 0
    reserved2: U64 = 0
    reserved3: Annotated[tuple[U32, ...], Fixed(5)] = (0,) * 5


@dataclass(frozen=True, slots=True)
class SpecialPropertiesDataAlternate:
    """The form of 2.2.22.2.2 that Windows 2000 to Server 2003 send: eight octets shorter, for want of alignment."""

    session_id: U32
    remote_this_session_id: I32
    client_impersonating: I32
    partition_id_present: I32
    default_authn_level: U32
    partition: GUID
    prt_flags: U32
    orig_clsctx: U32
    flags: U32
    reserved3: Annotated[tuple[U32, ...], Fixed(8)]


@dataclass(frozen=True, slots=True)
class InstanceInfoData:
    """2.2.22.2.3: what the new object is initialized from."""

    file_name: LPWSTR
    mode: U32
    rot: InterfacePointer
    storage: InterfacePointer


@dataclass(frozen=True, slots=True)
class RemoteRequestScmInfo:
    """customREMOTE_REQUEST_SCM_INFO (2.2.22.2.4.1)."""

    client_imp_level: U32
    protseq_count: U16
    protseqs: Unique[Annotated[tuple[U16, ...], SizeIs("protseq_count")]]


@dataclass(frozen=True, slots=True)
class ScmRequestInfoData:
    """2.2.22.2.4: by which protocols the client can call."""

    reserved: Unique[U32]
    remote_request: Unique[RemoteRequestScmInfo]


@dataclass(frozen=True, slots=True)
class ActivationContextInfoData:
    """2.2.22.2.5: contexts (2.2.20), each an OBJREF_CUSTOM."""

    client_ok: I32
    reserved1: I32
    reserved2: U32
    reserved3: U32
    client_context: InterfacePointer
    prototype_context: InterfacePointer


@dataclass(frozen=True, slots=True)
class LocationInfoData:
    """2.2.22.2.6: must be there, and is ignored."""

    machine_name: LPWSTR = None
    process_id: U32 = 0
    apartment_id: U32 = 0
    context_id: U32 = 0


@dataclass(frozen=True, slots=True)
class CoServerInfo:
    """COSERVERINFO (2.2.22.2.7.1). Windows: `name` is the server's name as the user gave it."""

    reserved1: U32
    name: LPWSTR
    auth_info: Unique[U32]
    reserved2: U32


@dataclass(frozen=True, slots=True)
class SecurityInfoData:
    """2.2.22.2.7: sent by Windows, ignored by servers."""

    authn_flags: U32
    server_info: Unique[CoServerInfo]
    reserved: Unique[U32]


@dataclass(frozen=True, slots=True)
class RemoteReplyScmInfo:
    """customREMOTE_REPLY_SCM_INFO (2.2.22.2.8.1)."""

    oxid: U64
    oxid_bindings: Unique[DualStringArray]
    ipid_rem_unknown: GUID
    authn_hint: U32
    server_version: ComVersion


@dataclass(frozen=True, slots=True)
class ScmReplyInfoData:
    """2.2.22.2.8: the exporter of the new object."""

    reserved: Unique[U32]
    remote_reply: Unique[RemoteReplyScmInfo]


@dataclass(frozen=True, slots=True)
class PropsOutInfo:
    """2.2.22.2.9: for each interface asked for a status, and an OBJREF where it is 0."""

    count: U32
    iids: Unique[Annotated[tuple[GUID, ...], SizeIs("count")]]
    results: Unique[Annotated[tuple[HRESULT, ...], SizeIs("count")]]
    interfaces: Unique[Annotated[tuple[InterfacePointer, ...], SizeIs("count")]]


@dataclass(frozen=True, slots=True)
class UnknownProperty:
    """A property whose CLSID the document does not have: kept as octets, to be ignored."""

    clsid: Guid
    octets: bytes


Property: TypeAlias = (
    InstantiationInfoData
    | SpecialPropertiesData
    | SpecialPropertiesDataAlternate
    | InstanceInfoData
    | ScmRequestInfoData
    | ActivationContextInfoData
    | LocationInfoData
    | SecurityInfoData
    | ScmReplyInfoData
    | PropsOutInfo
)

CLSID_OF: Final[dict[type[Property], Guid]] = {
    InstantiationInfoData: wellknown.CLSID_InstantiationInfo,
    SpecialPropertiesData: wellknown.CLSID_SpecialSystemProperties,
    SpecialPropertiesDataAlternate: wellknown.CLSID_SpecialSystemProperties,
    InstanceInfoData: wellknown.CLSID_InstanceInfo,
    ScmRequestInfoData: wellknown.CLSID_ScmRequestInfo,
    ActivationContextInfoData: wellknown.CLSID_ActivationContextInfo,
    LocationInfoData: wellknown.CLSID_ServerLocationInfo,
    SecurityInfoData: wellknown.CLSID_SecurityInfo,
    ScmReplyInfoData: wellknown.CLSID_ScmReplyInfo,
    PropsOutInfo: wellknown.CLSID_PropsOutInfo,
}
