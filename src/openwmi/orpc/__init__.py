"""ORPC, the layer of [MS-DCOM] between DCE/RPC and objects: headers, references, activation, and the tables of both.

Octets and pure state: no I/O, no clock, no randomness of its own. It never hears of what an object is or does.

On the wire, as structures of `openwmi.ndr` (`codec(OrpcThis)`) and for use in declarations of interfaces:
    ComVersion(major, minor)        `OUR_VERSION` 5.7; `.accepts(client)`; `.negotiate(server)`
    OrpcThis, OrpcThat              `OrpcThis.of(cid, version)`, `OrpcThat()`; `.extension(format_id) -> octets | None`
    OrpcExtentArray, OrpcExtent     `OrpcExtentArray.of(extents)`, `OrpcExtent.of(format_id, octets)`
    StdObjRef(flags, public_refs, oxid, oid, ipid)
    DualStringArray                 `.bindings`; a value of it is made by `Bindings(…).array`

    ErrorInfo(…)             `.decode(octets)`, `.encode()`: what the extension ERROR_EXTENSION holds (2.2.21)

Bindings (2.2.19): `Bindings(strings, securities)`, `Bindings.tcp(hosts, port, securities)`, of `StringBinding(tower,
    address)` with `.host`, `.endpoint`, `.port`, and `SecurityBinding(authentication, principal)`.

References (2.2.18): `objref.decode(octets) -> ObjRef`, `objref.encode(reference) -> octets`, the content of an
    MInterfacePointer. An ObjRef is an ObjRefStandard(iid, std, resolver), ObjRefCustom(iid, clsid, data), ObjRefHandler
    or ObjRefExtended.
    A WMI object is `ObjRefCustom(wellknown.IID_IWbemClassObject, wellknown.CLSID_WbemClassObject, octets)`.

Activation (2.2.22): `ActivationRequest.decode(octets)` and `.encode()` for pActProperties, `ActivationReply(results,
    exporter)` likewise for ppActProperties; `InterfaceResult(iid, status, reference)`; `OxidEntry(oxid, bindings,
    ipid_rem_unknown, authn_hint, version)`, which ResolveOxid2 and RemoteActivation answer from as well. Every property
    as it stands: `ActivationProperties` and `openwmi.orpc.properties`. A client's context: `Context(id).reference`.

State, with `now` in seconds as an argument:
    OxidTable                `.add(entry)`, `.remove(oxid)`, `.resolve(oxid) -> OxidEntry | None`
    ExportTable(random)      `.oxid`, `.export(…) -> StdObjRef`, `.lookup(ipid, principal, now) -> Interface | None`,
                             `.query_interface`, `.add_ref`, `.release`, `.receive`, `.withdraw(object)`,
                             `.disconnect(connection, now)`, `.expire(now)`, `.deadline()`, `.close()`
    PingSets(random)         `.complex_ping(…) -> PingReply`, `.simple_ping(…) -> HResult`; an ExportTable's is `.pings`
    HeldReferences           what a client holds of another exporter: `.add(std)`, `.remove(ipids)`, `.pinged`
    error_status(hresult)    the Win32 code that IObjectExporter's methods return

Every decoder raises RemoteProtocolError alone, every encoder LocalProtocolError.
"""

from openwmi.orpc import objref, wellknown
from openwmi.orpc.activation import ActivationReply, ActivationRequest, InterfaceResult
from openwmi.orpc.bindings import Bindings, DualStringArray, SecurityBinding, StringBinding
from openwmi.orpc.blob import ActivationProperties
from openwmi.orpc.context import Context, ContextProperty
from openwmi.orpc.errorinfo import ERROR_EXTENSION, ErrorInfo
from openwmi.orpc.exports import (
    ANYONE,
    NO_REFERENCE,
    PUBLIC_REFS,
    Export,
    ExportTable,
    Interface,
    Lifetime,
    QueryResult,
    Reference,
    Released,
)
from openwmi.orpc.headers import OUR_VERSION, ComVersion, OrpcExtent, OrpcExtentArray, OrpcThat, OrpcThis
from openwmi.orpc.held import HeldReferences
from openwmi.orpc.objref import (
    SORF_NOPING,
    ObjRef,
    ObjRefCustom,
    ObjRefExtended,
    ObjRefHandler,
    ObjRefStandard,
    StdObjRef,
)
from openwmi.orpc.pings import PingReply, PingSets
from openwmi.orpc.resolver import OxidEntry, OxidTable, error_status

__all__ = [
    "ANYONE",
    "ERROR_EXTENSION",
    "NO_REFERENCE",
    "OUR_VERSION",
    "PUBLIC_REFS",
    "SORF_NOPING",
    "ActivationProperties",
    "ActivationReply",
    "ActivationRequest",
    "Bindings",
    "ComVersion",
    "Context",
    "ContextProperty",
    "DualStringArray",
    "ErrorInfo",
    "Export",
    "ExportTable",
    "HeldReferences",
    "Interface",
    "InterfaceResult",
    "Lifetime",
    "ObjRef",
    "ObjRefCustom",
    "ObjRefExtended",
    "ObjRefHandler",
    "ObjRefStandard",
    "OrpcExtent",
    "OrpcExtentArray",
    "OrpcThat",
    "OrpcThis",
    "OxidEntry",
    "OxidTable",
    "PingReply",
    "PingSets",
    "QueryResult",
    "Reference",
    "Released",
    "SecurityBinding",
    "StdObjRef",
    "StringBinding",
    "error_status",
    "objref",
    "wellknown",
]
