"""The messages of discovery: round trips in both profiles, and those of Windows and others as they stand."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st
from tests.soap.given import NUMBERS, PROFILE, QNAMES, URIS

from openwmi.base.fault import LocalProtocolError, RemoteProtocolError
from openwmi.soap import DPWS_2006, DPWS_2009, AppSequence, Headers, Profile, QName
from openwmi.soap.namespaces import DPWS_2006 as DEVPROF
from openwmi.wsd.messages import (
    Bye,
    Content,
    Description,
    Discovery,
    Hello,
    Probe,
    ProbeMatches,
    Resolve,
    ResolveMatches,
    decode_discovery,
    encode_discovery,
)

TYPES = st.lists(QNAMES, max_size=3, unique=True).map(tuple)
URI_LISTS = st.lists(URIS, max_size=3).map(tuple)
DESCRIPTIONS = st.builds(Description, URIS, TYPES, URI_LISTS, URI_LISTS, st.none() | NUMBERS)
MATCHES = st.lists(DESCRIPTIONS, max_size=2).map(tuple)
CONTENTS: st.SearchStrategy[Content] = st.one_of(
    st.builds(Hello, DESCRIPTIONS),
    st.builds(Bye, DESCRIPTIONS),
    st.builds(Probe, TYPES, URI_LISTS, st.just("") | URIS),
    st.builds(Resolve, URIS),
    st.builds(ProbeMatches, MATCHES),
    st.builds(ResolveMatches, MATCHES),
)

# Microsoft's "ProbeMatches Message".
PROBE_MATCHES = b"""<?xml version="1.0" encoding="utf-8" ?>
<soap:Envelope
    xmlns:soap="http://www.w3.org/2003/05/soap-envelope"
    xmlns:wsa="http://schemas.xmlsoap.org/ws/2004/08/addressing"
    xmlns:wsd="http://schemas.xmlsoap.org/ws/2005/04/discovery"
    xmlns:wsdp="http://schemas.xmlsoap.org/ws/2006/02/devprof">
<soap:Header>
    <wsa:To>
        http://schemas.xmlsoap.org/ws/2004/08/addressing/role/anonymous
    </wsa:To>
    <wsa:Action>
        http://schemas.xmlsoap.org/ws/2005/04/discovery/ProbeMatches
    </wsa:Action>
    <wsa:MessageID>
        urn:uuid:967d0036-fe69-40ad-8191-dd1fc8ef64ab
    </wsa:MessageID>
    <wsa:RelatesTo>
        urn:uuid:29cf10da-5c41-4d55-b184-5ee15e38ce23
    </wsa:RelatesTo>
    <wsd:AppSequence InstanceId="1"
        SequenceId="urn:uuid:369a7d7b-5f87-48a4-aa9a-189edf2a8772"
        MessageNumber="9">
    </wsd:AppSequence>
</soap:Header>
<soap:Body>
    <wsd:ProbeMatches>
        <wsd:ProbeMatch>
            <wsa:EndpointReference>
                <wsa:Address>
                    urn:uuid:37f86d35-e6ac-4241-964f-1d9ae46fb366
                </wsa:Address>
            </wsa:EndpointReference>
            <wsd:Types>wsdp:Device</wsd:Types>
            <wsd:XAddrs>
                http://192.168.0.2:5357/37f86d35-e6ac-4241-964f-1d9ae46fb366
            </wsd:XAddrs>
            <wsd:MetadataVersion>2</wsd:MetadataVersion>
        </wsd:ProbeMatch>
    </wsd:ProbeMatches>
</soap:Body>
</soap:Envelope>
"""

# As wsdd sends it, with its short prefixes for namespaces of its own choosing.
PROBE_WITH_OTHER_PREFIXES = b"""<ns0:Envelope xmlns:ns0="http://www.w3.org/2003/05/soap-envelope"
 xmlns:a="http://schemas.xmlsoap.org/ws/2004/08/addressing" xmlns:d="http://schemas.xmlsoap.org/ws/2005/04/discovery">
<ns0:Header><a:To>urn:schemas-xmlsoap-org:ws:2005:04:discovery</a:To>
<a:Action>http://schemas.xmlsoap.org/ws/2005/04/discovery/Probe</a:Action>
<a:MessageID>urn:uuid:5</a:MessageID></ns0:Header>
<ns0:Body><d:Probe><d:Types xmlns:dp0="http://schemas.xmlsoap.org/ws/2006/02/devprof">dp0:Device</d:Types>
<d:Scopes MatchBy="http://schemas.xmlsoap.org/ws/2005/04/discovery/uuid">uuid:1 uuid:2</d:Scopes></d:Probe></ns0:Body>
</ns0:Envelope>"""


@given(PROFILE, CONTENTS, st.none() | st.builds(AppSequence, NUMBERS, NUMBERS))
def test_each_message_comes_back_as_it_was(profile: Profile, content: Content, sequence: AppSequence | None) -> None:
    headers = Headers(profile.action(content.name), "urn:m", profile.everybody, app_sequence=sequence)
    octets = encode_discovery(profile, headers, content)
    assert decode_discovery(octets) == Discovery(profile, headers, content)
    assert octets.startswith(b"<soap:Envelope ")
    assert f"<wsd:{content.name}>".encode() in octets


def test_the_answer_of_windows() -> None:
    message = decode_discovery(PROBE_MATCHES)
    assert message.profile is DPWS_2006
    assert message.headers.relates_to == "urn:uuid:29cf10da-5c41-4d55-b184-5ee15e38ce23"
    assert message.headers.app_sequence == AppSequence(1, 9, "urn:uuid:369a7d7b-5f87-48a4-aa9a-189edf2a8772")
    assert message.content == ProbeMatches(
        (
            Description(
                "urn:uuid:37f86d35-e6ac-4241-964f-1d9ae46fb366",
                (QName(DEVPROF, "Device"),),
                (),
                ("http://192.168.0.2:5357/37f86d35-e6ac-4241-964f-1d9ae46fb366",),
                2,
            ),
        )
    )


def test_a_probe_with_prefixes_of_its_own() -> None:
    rule = "http://schemas.xmlsoap.org/ws/2005/04/discovery/uuid"
    message = decode_discovery(PROBE_WITH_OTHER_PREFIXES)
    assert message.content == Probe((QName(DEVPROF, "Device"),), ("uuid:1", "uuid:2"), rule)


def test_truncated_at_each_length_it_is_refused() -> None:
    for length in range(len(PROBE_MATCHES) - 2):
        with pytest.raises(RemoteProtocolError):
            decode_discovery(PROBE_MATCHES[:length])


@given(st.data())
def test_no_damage_makes_anything_but_a_message_or_a_refusal(data: st.DataObject) -> None:
    damaged = bytearray(PROBE_MATCHES)
    for _ in range(data.draw(st.integers(1, 4))):
        damaged[data.draw(st.integers(0, len(damaged) - 1))] = data.draw(st.integers(0, 255))
    try:
        message = decode_discovery(bytes(damaged))
    except RemoteProtocolError:
        return
    assert isinstance(message, Discovery)


@pytest.mark.parametrize(
    ("before", "after"),
    [
        (b"discovery/ProbeMatches", b"discovery/ProbeMatchez"),
        (b"discovery/ProbeMatches", b"discovery/ResolveMatches"),
        (b"wsa:Address>", b"wsa:Addr>"),
        (b"wsa:EndpointReference>", b"wsa:Endpoint>"),
        (b">2<", b">two<"),
        (b">2<", b">-2<"),
        (b">wsdp:Device<", b">" + b"wsdp:Device " * 65 + b"<"),
        (b"http://192", b"http://" + b"x" * 2050),
        (b"http://192", b"u:a " * 65 + b"http://192"),
        (b"<wsd:ProbeMatch>", b"<wsd:ProbeMatch><wsa:EndpointReference/>"),
    ],
)
def test_what_is_no_message_of_discovery(before: bytes, after: bytes) -> None:
    assert before in PROBE_MATCHES
    with pytest.raises(RemoteProtocolError):
        decode_discovery(PROBE_MATCHES.replace(before, after))


def test_a_proxy_that_tells_of_too_many() -> None:
    match = PROBE_MATCHES[PROBE_MATCHES.index(b"<wsd:ProbeMatch>") : PROBE_MATCHES.index(b"</wsd:ProbeMatches>")]
    short = b" ".join(match.split())
    with pytest.raises(RemoteProtocolError):
        decode_discovery(PROBE_MATCHES.replace(match, short * 129))
    message = decode_discovery(PROBE_MATCHES.replace(match, short * 50))
    assert isinstance(message.content, ProbeMatches)
    assert len(message.content.matches) == 50


def test_the_two_profiles_are_not_mixed() -> None:
    """The action of one in the addressing of the other is nobody's."""
    mixed = PROBE_MATCHES.replace(DPWS_2006.addressing.encode(), DPWS_2009.addressing.encode())
    with pytest.raises(RemoteProtocolError):
        decode_discovery(mixed)


@pytest.mark.parametrize(
    "content", [Resolve(""), Hello(Description("urn:a", (QName("urn:b", "no name"),))), Probe((), ("no uri",))]
)
def test_we_send_nothing_that_is_none(content: Content) -> None:
    with pytest.raises(LocalProtocolError):
        encode_discovery(DPWS_2006, Headers("urn:a"), content)
