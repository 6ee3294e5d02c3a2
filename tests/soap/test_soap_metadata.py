"""Metadata: round trips, Microsoft's own sample, what is kept of vendors, and the 32,767 octets."""

from __future__ import annotations

from dataclasses import replace

import pytest
from hypothesis import given, settings
from tests.soap.given import METADATA, PROFILE, told

from openwmi.base.fault import LocalProtocolError, RemoteProtocolError
from openwmi.base.limits import SOAP_ENVELOPE_OCTETS
from openwmi.soap import (
    DPWS_2006,
    GET,
    LARGE_METADATA,
    EndpointReference,
    Fragment,
    Headers,
    LocalizedText,
    Metadata,
    Profile,
    QName,
    Relationship,
    Service,
    ThisDevice,
    ThisModel,
    decode,
    decode_get_response,
    encode,
    encode_get,
    encode_get_response,
    localized,
    plain,
)
from openwmi.soap.namespaces import PUB

# The message of Microsoft's "GetResponse (Metadata Exchange) Message", shortened.
SAMPLE = b"""<?xml version="1.0" encoding="utf-8" ?>
<soap:Envelope xmlns:soap="http://www.w3.org/2003/05/soap-envelope"
    xmlns:wsa="http://schemas.xmlsoap.org/ws/2004/08/addressing"
    xmlns:wsx="http://schemas.xmlsoap.org/ws/2004/09/mex" xmlns:wsdp="http://schemas.xmlsoap.org/ws/2006/02/devprof"
    xmlns:sim="http://schemas.example.org/SimpleService" xmlns:pub="http://schemas.microsoft.com/windows/pub/2005/07">
<soap:Header>
    <wsa:To> http://schemas.xmlsoap.org/ws/2004/08/addressing/role/anonymous </wsa:To>
    <wsa:Action> http://schemas.xmlsoap.org/ws/2004/09/transfer/GetResponse </wsa:Action>
    <wsa:MessageID> urn:uuid:119dcdf5-fc0d-4d40-bf1f-de52dc292744 </wsa:MessageID>
    <wsa:RelatesTo> urn:uuid:027bec45-c37c-466c-936c-68f648abe2bb </wsa:RelatesTo>
</soap:Header>
<soap:Body><wsx:Metadata>
    <wsx:MetadataSection Dialect="http://schemas.xmlsoap.org/ws/2006/02/devprof/ThisDevice"><wsdp:ThisDevice>
        <wsdp:FriendlyName> WSDAPI Basic Interop Server </wsdp:FriendlyName>
        <wsdp:FirmwareVersion>alpha</wsdp:FirmwareVersion><wsdp:SerialNumber>1</wsdp:SerialNumber>
    </wsdp:ThisDevice></wsx:MetadataSection>
    <wsx:MetadataSection Dialect="http://schemas.xmlsoap.org/ws/2006/02/devprof/Relationship">
        <wsdp:Relationship Type="http://schemas.xmlsoap.org/ws/2006/02/devprof/host">
        <wsdp:Host>
            <wsa:EndpointReference>
                <wsa:Address> urn:uuid:37f86d35-e6ac-4241-964f-1d9ae46fb366 </wsa:Address>
            </wsa:EndpointReference>
            <wsdp:Types>sim:SimpleDeviceType pub:Computer</wsdp:Types>
            <wsdp:ServiceId> http://testdevice.interop/SimpleDevice </wsdp:ServiceId>
            <pub:Computer>SRV1/Workgroup:WORKGROUP</pub:Computer>
        </wsdp:Host></wsdp:Relationship>
    </wsx:MetadataSection>
    <wsx:MetadataSection Dialect="http://schemas.xmlsoap.org/wsdl/"><wsx:Location>http://192.0.2.1/w</wsx:Location>
    </wsx:MetadataSection>
</wsx:Metadata></soap:Body></soap:Envelope>"""

DEVICE = Metadata(
    ThisModel(localized("Acme"), (LocalizedText("Modell", "de"), LocalizedText("Model")), "http://192.0.2.1/"),
    ThisDevice(localized("Printer")),
    (Relationship(Service((EndpointReference("urn:uuid:1"),))),),
)


@settings(max_examples=50)
@given(PROFILE, METADATA)
def test_metadata_comes_back_as_it_was(profile: Profile, metadata: Metadata) -> None:
    request = decode(encode_get(profile, "urn:uuid:1", "urn:m"))
    answer = decode(encode_get_response(request, metadata, "urn:n"), LARGE_METADATA)
    assert decode_get_response(answer) == told(metadata, profile)
    assert answer.headers.relates_to == "urn:m"


def test_the_sample_of_windows() -> None:
    metadata = decode_get_response(decode(SAMPLE))
    assert metadata.device == ThisDevice(localized("WSDAPI Basic Interop Server"), "alpha", "1")
    assert metadata.model is None
    host = metadata.host
    assert host is not None
    assert host.types == (QName("http://schemas.example.org/SimpleService", "SimpleDeviceType"), QName(PUB, "Computer"))
    assert host.extensions == (
        Fragment.parse(f'<pub:Computer xmlns:pub="{PUB}">SRV1/Workgroup:WORKGROUP</pub:Computer>'),
    )
    assert metadata.hosted == ()
    assert [(each.dialect, len(each.content)) for each in metadata.others] == [("http://schemas.xmlsoap.org/wsdl/", 1)]


def test_truncated_at_each_length_the_sample_is_refused() -> None:
    for length in range(0, len(SAMPLE) - 1, 7):
        with pytest.raises(RemoteProtocolError):
            decode(SAMPLE[:length])


def test_the_plain_text_is_the_one_without_a_language() -> None:
    assert DEVICE.model is not None
    assert plain(DEVICE.model.model_name) == "Model"
    assert plain((LocalizedText("x", "de"),)) == "x"
    assert plain(()) == ""


@pytest.mark.parametrize("large", [False, True])
def test_long_metadata_is_cut_for_those_who_cannot_take_it(large: bool) -> None:
    services = tuple(
        Service((EndpointReference(f"http://192.0.2.1/{number}"),), (), f"urn:service:{number}")
        for number in range(500)
    )
    one, two = services[:200], services[200:]
    kept = Relationship(DEVICE.relationships[0].host, one), Relationship(None, two)
    request = decode(encode_get(DPWS_2006, "urn:uuid:1", "urn:m", large=large))
    octets = encode_get_response(request, replace(DEVICE, relationships=kept), "urn:n")
    metadata = decode_get_response(decode(octets, LARGE_METADATA))
    assert metadata.host == DEVICE.host
    if large:
        assert metadata.hosted == services
    else:
        count = len(metadata.hosted)
        assert metadata.hosted == services[:count]
        assert SOAP_ENVELOPE_OCTETS - 250 < len(octets) <= SOAP_ENVELOPE_OCTETS


def test_the_request() -> None:
    message = decode(encode_get(DPWS_2006, "urn:uuid:1", "urn:m"))
    assert message.headers == Headers(
        GET, "urn:m", "urn:uuid:1", reply_to=EndpointReference(DPWS_2006.anonymous), large_metadata=True
    )
    assert message.name is None


@pytest.mark.parametrize(
    "model",
    [
        ThisModel((), localized("x")),
        ThisModel(localized("x"), localized("y" * 256)),
        ThisModel(localized("x"), localized("y"), model_number="1" * 256),
        ThisModel(localized("x"), localized("y"), "no uri"),
    ],
)
def test_we_send_nothing_that_dpws_forbids(model: ThisModel) -> None:
    with pytest.raises(LocalProtocolError):
        encode(DPWS_2006, Headers("urn:a"), Metadata(model))


@pytest.mark.parametrize(
    ("before", "after"),
    [
        (b"wsx:Metadata>", b"wsx:Other>"),
        (b"transfer/GetResponse", b"transfer/Get"),
        (b"EndpointReference>", b"Endpoint>"),
        (b">alpha<", b"><b/><"),
    ],
)
def test_what_is_no_metadata(before: bytes, after: bytes) -> None:
    with pytest.raises(RemoteProtocolError):
        decode_get_response(decode(SAMPLE.replace(before, after)))
