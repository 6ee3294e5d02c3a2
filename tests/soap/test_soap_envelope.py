"""Envelopes and headers: round trips in both profiles, prefixes in and out, and whatever is no envelope."""

from __future__ import annotations

import pickle
import subprocess
import sys

import pytest
from hypothesis import given
from hypothesis import strategies as st
from tests.soap.given import HEADERS, PROFILE, QNAMES, TEXTS, fragments

from openwmi.base.fault import LocalProtocolError, RemoteProtocolError
from openwmi.base.limits import SOAP_HEADERS
from openwmi.soap import (
    DPWS_2006,
    DPWS_2009,
    PROFILES,
    EndpointReference,
    Fragment,
    Headers,
    Profile,
    QName,
    SoapFault,
    action_not_supported,
    decode,
    destination_unreachable,
    encode,
    encode_fault,
    endpoint_unavailable,
    fault_of,
    invalid_header,
    missing_header,
    not_understood,
    rule_not_supported,
)

# Prefixes of nobody's choosing, comments, white space, and headers that are not known.
FOREIGN = b"""<?xml version="1.0" encoding="utf-8"?>
<!-- a comment --><e:Envelope xmlns:e="http://www.w3.org/2003/05/soap-envelope">
  <e:Header xmlns:zz="http://schemas.xmlsoap.org/ws/2004/08/addressing">
    <zz:Action>
        http://schemas.xmlsoap.org/ws/2004/09/transfer/Get
    </zz:Action><zz:MessageID>urn:uuid:1</zz:MessageID>
    <v:Trace xmlns:v="urn:vendor" e:mustUnderstand="1">7</v:Trace>
    <zz:RelatesTo RelationshipType="zz:Reply">urn:uuid:0</zz:RelatesTo>
    <zz:ReplyTo><zz:Address>http://schemas.xmlsoap.org/ws/2004/08/addressing/role/anonymous</zz:Address>
      <zz:ReferenceProperties><v:Key xmlns:v="urn:vendor">k</v:Key></zz:ReferenceProperties></zz:ReplyTo>
  </e:Header><e:Body/></e:Envelope>"""


@given(PROFILE, HEADERS)
def test_headers_come_back_as_they_were(profile: Profile, headers: Headers) -> None:
    message = decode(encode(profile, headers))
    assert (message.profile, message.headers, message.body) == (profile, headers, None)


@given(PROFILE, st.sampled_from(["Sender", "Receiver"]), st.none() | QNAMES, TEXTS, fragments())
def test_a_fault_comes_back_as_it_was(
    profile: Profile, code: str, subcode: QName | None, reason: str, detail: Fragment
) -> None:
    fault = SoapFault(code, subcode, reason, (detail,))
    assert fault_of(decode(encode(profile, Headers("a:b"), fault))) == fault


def test_what_is_sent_has_the_prefixes_that_peers_look_for() -> None:
    text = encode(DPWS_2006, Headers("urn:a", "urn:m", reply_to=EndpointReference("urn:r"))).decode()
    for tag in ("<soap:Envelope ", "<soap:Header>", "<wsa:Action>", "<wsa:MessageID>", "<wsa:Address>", "<soap:Body>"):
        assert tag in text


def test_any_prefix_is_understood() -> None:
    message = decode(FOREIGN)
    headers = message.headers
    assert message.profile is DPWS_2006
    assert headers.action.endswith("transfer/Get")
    assert (headers.message_id, headers.relates_to) == ("urn:uuid:1", "urn:uuid:0")
    assert headers.not_understood == (QName("urn:vendor", "Trace"),)
    assert headers.is_anonymous(DPWS_2006)
    assert headers.reply_to is not None
    assert [each.text for each in headers.reply_to.parameters] == ['<v:Key xmlns:v="urn:vendor">k</v:Key>']


@pytest.mark.parametrize(
    ("role", "demanded"), [("next", True), ("ultimateReceiver", True), ("none", False), ("/elsewhere", False)]
)
def test_only_what_is_meant_for_us_has_to_be_understood(role: str, demanded: bool) -> None:
    uri = f"http://www.w3.org/2003/05/soap-envelope/role/{role}"
    octets = FOREIGN.replace(b' e:mustUnderstand="1"', f' e:mustUnderstand="true" e:role="{uri}"'.encode())
    assert bool(decode(octets).headers.not_understood) is demanded


def test_a_header_of_an_unusual_name() -> None:
    """Which is a name of XML all the same."""
    octets = FOREIGN.replace(b"v:Trace", "v:a·b".encode())
    assert decode(octets).headers.not_understood == (QName("urn:vendor", "a·b"),)


def test_parameters_are_few() -> None:
    key = b'<v:Key xmlns:v="urn:vendor">k</v:Key>'
    assert decode(FOREIGN.replace(key, SOAP_HEADERS * key)).headers.reply_to is not None
    with pytest.raises(RemoteProtocolError):
        decode(FOREIGN.replace(key, (SOAP_HEADERS + 1) * key))


def test_an_answer_to_somebody_else_is_not_anonymous() -> None:
    elsewhere = Headers("urn:a", reply_to=EndpointReference("http://198.51.100.1/"))
    assert not elsewhere.is_anonymous(DPWS_2006)
    assert Headers("urn:a").is_anonymous(DPWS_2006)
    other_way = Headers("urn:a", fault_to=EndpointReference(DPWS_2009.anonymous))
    assert not other_way.is_anonymous(DPWS_2006)


@pytest.mark.parametrize("encoding", ["utf-16", "utf-16-le", "utf-16-be"])
def test_utf_16_is_understood(encoding: str) -> None:
    text = FOREIGN.decode().replace('encoding="utf-8"', 'encoding="utf-16"')
    assert decode(text.encode(encoding)).headers == decode(FOREIGN).headers


def test_truncated_at_each_length_it_is_refused() -> None:
    for length in range(len(FOREIGN) - 1):
        with pytest.raises(RemoteProtocolError):
            decode(FOREIGN[:length])


@given(st.binary(max_size=300))
def test_no_octets_make_anything_but_a_message_or_a_refusal(octets: bytes) -> None:
    with pytest.raises(RemoteProtocolError):
        decode(octets)


@given(st.data())
def test_no_damage_makes_anything_but_a_message_or_a_refusal(data: st.DataObject) -> None:
    damaged = bytearray(FOREIGN)
    for _ in range(data.draw(st.integers(1, 4))):
        damaged[data.draw(st.integers(0, len(damaged) - 1))] = data.draw(st.integers(0, 255))
    try:
        message = decode(bytes(damaged))
    except RemoteProtocolError:
        return
    assert message.profile in PROFILES


@pytest.mark.parametrize(
    ("before", "after"),
    [
        (b"2003/05/soap-envelope", b"2001/12/soap-envelope"),
        (b"<e:Body/>", b""),
        (b"<e:Body/>", b"<e:Body/><e:Body/>"),
        (b"<e:Body/>", b"<e:Body/><e:Header/>"),
        (b"zz:MessageID>", b"zz:Action>"),
        (b"zz:Action>", b"zz:Nothing>"),
        (b"urn:uuid:1<", b"urn:uuid:1 urn:uuid:2<"),
        (b"urn:uuid:1<", b"urn:" + b"x" * 2045 + b"<"),
        (b"urn:uuid:1<", b"urn:<b/><"),
        (b"<zz:Address>", b"<zz:Adress>"),
    ],
)
def test_what_is_no_envelope_is_refused(before: bytes, after: bytes) -> None:
    assert before in FOREIGN
    with pytest.raises(RemoteProtocolError):
        decode(FOREIGN.replace(before, after))


@pytest.mark.parametrize("number", ["", "-1", "4294967296", "1e3", "٣", "1" * 5000])
def test_a_sequence_of_no_number_is_refused(number: str) -> None:
    sequence = f'<d:AppSequence xmlns:d="{DPWS_2006.discovery}" InstanceId="{number}" MessageNumber="1"/>'
    with pytest.raises(RemoteProtocolError):
        decode(FOREIGN.replace(b"<zz:Action>", sequence.encode() + b"<zz:Action>"))


def test_headers_of_strangers_are_bounded() -> None:
    many = b'<v:T xmlns:v="urn:v"/>' * 33
    with pytest.raises(RemoteProtocolError, match="32 headers"):
        decode(FOREIGN.replace(b"<zz:Action>", many + b"<zz:Action>"))


@pytest.mark.parametrize("text", ["", "two words", " a", "x" * 2049])
def test_we_send_no_uri_that_is_none(text: str) -> None:
    with pytest.raises(LocalProtocolError):
        encode(DPWS_2006, Headers("urn:a", reply_to=EndpointReference(text)))


def test_we_send_no_character_that_xml_cannot_hold() -> None:
    with pytest.raises(LocalProtocolError, match=r"U\+0001"):
        encode(DPWS_2006, Headers("urn:a"), SoapFault("Sender", None, "\1"))


def test_two_namespaces_of_one_prefix_get_two() -> None:
    both = tuple(QName(profile.devprof, "Device") for profile in PROFILES)
    fault = SoapFault("Sender", both[1], "x")
    again = decode(encode(DPWS_2006, Headers("urn:a"), fault))
    assert fault_of(again) == fault
    text = encode(DPWS_2006, Headers(action="urn:a", reply_to=EndpointReference("urn:b", (_typed(both[1]),))), fault)
    assert text.count(b"<wsa:Address>") == 1


@pytest.mark.parametrize("profile", PROFILES, ids=str)
def test_the_faults_that_have_names(profile: Profile) -> None:
    request = decode(encode(profile, Headers("urn:a", "urn:m")))
    addressing, discovery = f"{profile.addressing}/fault", f"{profile.discovery}/fault"
    for fault, local, action in (
        (action_not_supported(profile, "urn:a"), "ActionNotSupported", addressing),
        (destination_unreachable(profile, "urn:d"), "DestinationUnreachable", addressing),
        (endpoint_unavailable(profile), "EndpointUnavailable", addressing),
        (invalid_header(profile, "ReplyTo"), profile.invalid_header, addressing),
        (missing_header(profile, "MessageID"), profile.missing_header, addressing),
        (rule_not_supported(profile, ("urn:r",)), "MatchingRuleNotSupported", discovery),
    ):
        answer = decode(encode_fault(request, fault, "urn:f"))
        assert fault_of(answer) == fault
        assert fault.subcode is not None
        assert (fault.subcode.local, answer.headers.action) == (local, action)
        assert (answer.headers.relates_to, answer.headers.to) == ("urn:m", profile.anonymous)
    understood = not_understood((QName("urn:v", "T"),))
    assert (understood.code, "{urn:v}T" in understood.reason) == ("MustUnderstand", True)


def test_profiles_are_the_same_in_another_process() -> None:
    assert all(pickle.loads(pickle.dumps(profile)) is profile for profile in PROFILES)


def test_without_lxml_it_says_what_to_install() -> None:
    program = (
        "import sys; sys.modules['lxml'] = None\ntry: import openwmi.soap\nexcept ImportError as error: print(error)"
    )
    done = subprocess.run([sys.executable, "-c", program], check=True, capture_output=True, text=True)
    assert done.stdout == "web services for devices need lxml: pip install 'openwmi[wsd]'\n"


def _typed(name: QName) -> Fragment:
    return Fragment.parse(f'<v:T xmlns:v="urn:v" xmlns:x="{name.namespace}">x:{name.local}</v:T>')
