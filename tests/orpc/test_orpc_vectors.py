"""Clear messages of real Windows decode to their last octet, and encode to the same octets again."""

from __future__ import annotations

import json
from dataclasses import dataclass
from pathlib import Path
from typing import Annotated, Any, TypeAlias

import pytest

from openwmi.ndr import (
    GUID,
    HRESULT,
    LPWSTR,
    NDR20,
    U16,
    U32,
    U64,
    InterfacePointer,
    NdrReader,
    NdrWriter,
    Parameters,
    SizeIs,
    Unique,
    codec,
)
from openwmi.orpc import (
    ActivationProperties,
    ActivationReply,
    ActivationRequest,
    Bindings,
    ComVersion,
    Context,
    DualStringArray,
    ObjRefCustom,
    ObjRefHandler,
    ObjRefStandard,
    OrpcThat,
    OrpcThis,
    StdObjRef,
    objref,
)
from openwmi.orpc.properties import ActivationContextInfoData, PropsOutInfo, ScmReplyInfoData
from openwmi.orpc.wellknown import CLSID_ActivationPropertiesIn, CLSID_ActivationPropertiesOut, CLSID_ContextMarshaler

VECTORS = Path(__file__).parents[2] / "../shared/vectors/orpc.jsonl"
MESSAGES: list[dict[str, Any]] = (
    [json.loads(line) for line in VECTORS.read_text().splitlines()] if VECTORS.is_file() else []
)
CLEAR = [message for message in MESSAGES if message["stub_hex"] is not None]

pytestmark = pytest.mark.skipif(not MESSAGES, reason="the recorded messages are not beside this checkout")


@dataclass(frozen=True, slots=True)
class RemQiResult:
    status: HRESULT
    std: StdObjRef


Iids = Annotated[tuple[GUID, ...], SizeIs("count")]
Protseqs = Annotated[tuple[U16, ...], SizeIs("count")]
Array: TypeAlias = Unique[DualStringArray]
Results: TypeAlias = Unique[Annotated[tuple[RemQiResult, ...], SizeIs("count")]]
RESOLVED: dict[str, object] = {"bindings": Array, "ipid": GUID, "hint": U32, "version": ComVersion}
ALIVE: dict[str, object] = {"version": ComVersion, "bindings": Array, "reserved": U32}

# The parameters of each message that carries something of this room, without ORPCTHIS, ORPCTHAT and the final status.
PARAMETERS: dict[tuple[str, str, str], dict[str, object]] = {
    ("IObjectExporter", "SimplePing", "request"): {"set": U64},
    ("IObjectExporter", "SimplePing", "response"): {},
    ("IObjectExporter", "ServerAlive2", "request"): {},
    ("IObjectExporter", "ServerAlive2", "response"): ALIVE,
    ("IObjectExporter", "ResolveOxid2", "request"): {"oxid": U64, "count": U16, "protseqs": Protseqs},
    ("IObjectExporter", "ResolveOxid2", "response"): RESOLVED,
    ("IRemoteSCMActivator", "RemoteGetClassObject", "request"): {"properties": InterfacePointer},
    ("IRemoteSCMActivator", "RemoteGetClassObject", "response"): {"properties": InterfacePointer},
    ("IRemoteSCMActivator", "RemoteCreateInstance", "request"): {
        "outer": InterfacePointer,
        "properties": InterfacePointer,
    },
    ("IRemoteSCMActivator", "RemoteCreateInstance", "response"): {"properties": InterfacePointer},
    ("IClassFactory", "CreateInstance", "request"): {"iid": GUID},
    ("IClassFactory", "CreateInstance", "response"): {"object": InterfacePointer},
    ("IRemUnknown2", "RemQueryInterface", "request"): {"ipid": GUID, "refs": U32, "count": U16, "iids": Iids},
    ("IRemUnknown2", "RemQueryInterface", "response"): {"results": Results},
    ("IWbemLevel1Login", "NTLMLogin", "request"): {
        "resource": LPWSTR,
        "locale": LPWSTR,
        "flags": U32,
        "context": InterfacePointer,
    },
    ("IWbemLevel1Login", "NTLMLogin", "response"): {"services": InterfacePointer},
}
CALLS = [m for m in CLEAR if m["interface"] != "IObjectExporter"]  # that one is not ORPC: it has no headers
CARRIERS = [m for m in CLEAR if (m["interface"], m["method"], m["kind"]) in PARAMETERS]


def stub_of(message: dict[str, Any]) -> bytes:
    """The stub without the verification trailer, which is not part of it."""
    return bytes.fromhex(message["stub_hex"])[: message.get("stub_len_without_trailer")]


def declaration(message: dict[str, Any]) -> Parameters:
    hints: dict[str, object] = {}
    if message["interface"] != "IObjectExporter":
        hints["header"] = OrpcThis if message["kind"] == "request" else OrpcThat
    hints |= PARAMETERS[message["interface"], message["method"], message["kind"]]
    if message["kind"] == "response":
        hints["status"] = U32
    return Parameters(message["id"], hints, {"count": U16}, NDR20)


def decoded(message: dict[str, Any]) -> dict[str, Any]:
    parameters = declaration(message)
    reader = NdrReader(stub_of(message))
    values = parameters.decode(reader, None)
    reader.expect_end()
    return dict(zip(parameters.names, values, strict=True))


def test_all_of_them_are_here() -> None:
    assert len(CLEAR) == 200
    assert len(CALLS) == 188
    assert len(CARRIERS) == 124


@pytest.mark.parametrize("message", CARRIERS, ids=[message["id"] for message in CARRIERS])
def test_message_decodes_and_encodes_again(message: dict[str, Any]) -> None:
    values = decoded(message)
    writer = NdrWriter()
    given = {"count": len(values["results"] or ())} if "results" in values else {}
    declaration(message).encode(writer, list(values.values()), given)
    assert bytes(writer) == stub_of(message)


@pytest.mark.parametrize("message", CALLS, ids=[message["id"] for message in CALLS])
def test_header_of_every_call(message: dict[str, Any]) -> None:
    reader = NdrReader(stub_of(message))
    if message["kind"] == "request":
        this = codec(OrpcThis).decode(reader)
        assert str(this.version) == message["decoded"]["orpcthis"]["version"]
        assert str(this.cid) == message["decoded"]["orpcthis"]["cid"]
        assert this.flags == message["decoded"]["orpcthis"]["flags"]
        assert this.extension(CLSID_ContextMarshaler) is None
        assert reader.offset == 32
    else:
        assert codec(OrpcThat).decode(reader).flags == message["decoded"]["orpcthat"]["flags"]
        assert reader.offset == 8


def check_reference(octets: bytes) -> int:
    """Decodes and encodes an OBJREF and all that is in it; how many references there were."""
    reference = objref.decode(octets)
    assert objref.encode(reference) == octets
    if not isinstance(reference, ObjRefCustom):
        assert isinstance(reference, ObjRefStandard | ObjRefHandler)
        assert [binding.port for binding in reference.resolver.strings] == [None] * len(reference.resolver.strings)
        assert reference.resolver.securities
        return 1
    if reference.clsid == CLSID_ContextMarshaler:
        context = Context.decode(reference.data)
        assert context.encode() == reference.data
        assert objref.encode(context.reference) == octets
        return 1
    properties = ActivationProperties.decode(reference.data)
    assert properties.encode() == reference.data
    if reference.clsid == CLSID_ActivationPropertiesIn:
        assert [type(item).__name__ for item in properties.items] == [
            "SpecialPropertiesData",
            "InstantiationInfoData",
            "ActivationContextInfoData",
            "SecurityInfoData",
            "LocationInfoData",
            "ScmRequestInfoData",
        ]
        activation = properties.find(ActivationContextInfoData)
        assert activation is not None
        assert activation.client_context is not None
        return 1 + check_reference(activation.client_context)
    assert reference.clsid == CLSID_ActivationPropertiesOut
    assert [type(item) for item in properties.items] == [PropsOutInfo, ScmReplyInfoData]
    made = properties.find(PropsOutInfo)
    assert made is not None
    assert made.interfaces
    return 1 + sum(check_reference(interface) for interface in made.interfaces if interface is not None)


def test_every_reference_and_what_it_holds() -> None:
    references = [value for message in CARRIERS for value in decoded(message).values() if isinstance(value, bytes)]
    # 8 activations with two references each way, 2 objects from class factories, 5 logins
    assert len(references) == 8 * 2 + 2 + 5
    assert sum(map(check_reference, references)) == 8 * 4 + 2 + 5


def test_every_array_of_bindings() -> None:
    arrays = [value for m in CARRIERS for value in decoded(m).values() if isinstance(value, DualStringArray)]
    assert len(arrays) == 5
    for array in arrays:
        assert array.bindings.array == array
        packet = array.bindings.encode()
        assert Bindings.decode(packet) == array.bindings


def test_activation_of_wmi_says_what_it_wants_and_gets() -> None:
    """One request and its reply, field by field, against what was recorded of them."""
    request, reply = (
        decoded(message)["properties"]
        for message in CARRIERS
        if message["id"] in {"wmic_os_get-0003", "wmic_os_get-0004"}
    )
    wanted = ActivationRequest.decode(request)
    assert str(wanted.clsid) == "8bc3f05e-d86b-11d0-a075-00c04fb68820"
    assert [str(iid) for iid in wanted.iids] == ["f309ad18-d86a-11d0-a075-00c04fb68820"]
    assert (wanted.protseqs, wanted.flags, wanted.class_context) == ((7,), 0, 20)
    assert wanted.server_name == "WORKSTATION6"
    assert wanted.context is not None
    assert Context.decode(objref_data(wanted.context)).properties == ()

    got = ActivationReply.decode(reply)
    assert got.encode() == reply  # nothing else is in it
    (result,) = got.results
    assert (result.iid, result.status) == (wanted.iids[0], 0)
    assert isinstance(result.reference, ObjRefStandard)
    assert (result.reference.std.flags, result.reference.std.public_refs) == (0, 5)
    assert [binding.address for binding in result.reference.resolver.strings] == ["WORKSTATION6", "172.18.39.6"]
    assert [(b.host, b.port) for b in got.exporter.bindings.strings] == [
        ("WORKSTATION6", 55833),
        ("172.18.39.6", 55833),
    ]
    assert [b.authentication for b in got.exporter.bindings.securities] == [10, 30, 16, 9, 22, 31]
    assert got.exporter.bindings.securities[0].principal == r"NT AUTHORITY\SYSTEM"
    assert (got.exporter.authn_hint, str(got.exporter.version)) == (4, "5.7")


def objref_data(octets: bytes) -> bytes:
    reference = objref.decode(octets)
    assert isinstance(reference, ObjRefCustom)
    return reference.data


def test_our_reply_has_the_layout_that_clients_count_on() -> None:
    """PropsOutInfo first, ScmReplyInfoData second, a header of 112 octets: as in every recorded reply."""
    replies = [
        objref_data(decoded(m)["properties"])
        for m in CARRIERS
        if m["interface"] == "IRemoteSCMActivator" and m["kind"] == "response"
    ]
    assert len(replies) == 8
    for octets in replies:
        assert int.from_bytes(octets[28:32], "little") == 112
