"""WS-Eventing's messages: round trips in both profiles, what others write, and which fault answers which nonsense."""

from __future__ import annotations

from contextlib import suppress
from datetime import UTC, timedelta
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from tests.soap.given import ENDPOINTS, FRAGMENTS, MAYBE_ENDPOINTS, PROFILE, TEXTS, URIS

from openwmi.base.fault import RemoteProtocolError
from openwmi.soap import (
    DPWS_2006,
    DPWS_2009,
    PROFILES,
    EndpointReference,
    Fragment,
    Headers,
    Message,
    Profile,
    QName,
    SoapFault,
    decode,
    encode,
    encode_fault,
    fault_of,
)
from openwmi.soap import eventing as e
from openwmi.soap.fault import endpoint_unavailable, fault_action
from openwmi.soap.namespaces import EVENTING

EXPIRES = st.none() | st.timedeltas() | st.datetimes(timezones=st.just(UTC))
ACTIONS = st.none() | st.lists(URIS, max_size=3, unique=True).map(tuple)
MESSAGES = st.one_of(
    st.builds(e.Subscribe, ENDPOINTS, MAYBE_ENDPOINTS, EXPIRES, ACTIONS, FRAGMENTS),
    st.builds(e.SubscribeResponse, ENDPOINTS, EXPIRES, FRAGMENTS),
    st.builds(e.Renew, EXPIRES, FRAGMENTS),
    st.builds(e.RenewResponse, EXPIRES, FRAGMENTS),
    st.builds(e.GetStatus, FRAGMENTS),
    st.builds(e.GetStatusResponse, EXPIRES, FRAGMENTS),
    st.builds(e.Unsubscribe, FRAGMENTS),
    st.builds(
        e.SubscriptionEnd, MAYBE_ENDPOINTS, st.sampled_from([*e.EndStatus]) | URIS, TEXTS, st.sampled_from(["en", "de"])
    ).filter(lambda each: not each.status.endswith(tuple("gen"))),
    st.builds(e.SubscriptionEnd, st.none(), st.sampled_from([*e.EndStatus])),
)
PARTS: tuple[Any, ...] = (
    e.Subscribe,
    e.SubscribeResponse,
    e.Renew,
    e.RenewResponse,
    e.GetStatus,
    e.GetStatusResponse,
    e.Unsubscribe,
    e.SubscriptionEnd,
)

# After the example of WS-Eventing's 3.1, with DPWS's filter and the prefixes of nobody.
SAMPLE = """<q:Envelope xmlns:q="http://www.w3.org/2003/05/soap-envelope" xmlns:v="{eventing}" xmlns:w="{addressing}">
<q:Header><w:Action>{eventing}/Subscribe</w:Action><w:MessageID>urn:m</w:MessageID></q:Header>
<q:Body><v:Subscribe>{start}
    <v:EndTo><w:Address>http://192.0.2.8/end</w:Address></v:EndTo>
    <v:Delivery{mode}>{notify}</v:Delivery>
    <v:Expires> {expires} </v:Expires>
    <v:Filter{dialect}> urn:x/a
        urn:x/b urn:x/a </v:Filter>
</v:Subscribe></q:Body></q:Envelope>"""
NOTIFY = (
    "<v:NotifyTo><w:Address>http://192.0.2.8/sink</w:Address>"
    "<w:ReferenceParameters><s:My xmlns:s='urn:s'>2597</s:My></w:ReferenceParameters></v:NotifyTo>"
)


def message(body: Any, profile: Profile = DPWS_2006) -> Message:
    return decode(encode(profile, Headers("urn:action", "urn:m"), body))


def sample(profile: Profile = DPWS_2006, **changes: str) -> bytes:
    values = {
        "eventing": EVENTING,
        "addressing": profile.addressing,
        "start": "",
        "mode": "",
        "notify": NOTIFY,
        "expires": "PT1H",
        "dialect": f' Dialect="{profile.devprof}/Action"',
    }
    return SAMPLE.format(**(values | changes)).encode()


@settings(max_examples=200)
@given(PROFILE, MESSAGES)
def test_each_comes_back(profile: Profile, body: Any) -> None:
    assert type(body).parse(message(body, profile)) == body


@pytest.mark.parametrize("profile", PROFILES)
def test_a_subscription_as_others_write_it(profile: Profile) -> None:
    said = e.Subscribe.parse(decode(sample(profile)))
    assert said.notify_to.address == "http://192.0.2.8/sink"
    assert [each.name for each in said.notify_to.parameters] == [QName("urn:s", "My")]
    assert said.end_to == EndpointReference("http://192.0.2.8/end")
    assert said.expires == timedelta(hours=1)
    assert said.actions == ("urn:x/a", "urn:x/b")


WRONG = [
    ({"mode": ' Mode="urn:pull"'}, e.Refusal.DELIVERY_MODE_REQUESTED_UNAVAILABLE),
    ({"dialect": ""}, e.Refusal.FILTERING_REQUESTED_UNAVAILABLE),
    ({"dialect": ' Dialect="urn:x"'}, e.Refusal.FILTERING_REQUESTED_UNAVAILABLE),
    ({"expires": "soon"}, e.Refusal.INVALID_EXPIRATION_TIME),
    ({"expires": "<v:In/>"}, e.Refusal.INVALID_EXPIRATION_TIME),
    ({"notify": ""}, e.Refusal.INVALID_MESSAGE),
    ({"notify": "<v:NotifyTo/>"}, e.Refusal.INVALID_MESSAGE),
    ({"start": "<v:EndTo>here</v:EndTo>"}, e.Refusal.INVALID_MESSAGE),
    ({"start": f"<v:Filter Dialect='{DPWS_2006.devprof}/Action'><v:x/></v:Filter>"}, e.Refusal.INVALID_MESSAGE),
    (
        {"start": f"<v:Filter Dialect='{DPWS_2006.devprof}/Action'>{' '.join(map(str, range(300)))}</v:Filter>"},
        e.Refusal.INVALID_MESSAGE,
    ),
]


@pytest.mark.parametrize(("changes", "refusal"), WRONG)
def test_which_fault_answers_what(changes: dict[str, str], refusal: e.Refusal) -> None:
    with pytest.raises(e.Refused) as caught:
        e.Subscribe.parse(decode(sample(DPWS_2006, **changes)))
    assert e.Refusal.of(caught.value.fault) is refusal


def test_what_a_subscription_need_not_say() -> None:
    said = e.Subscribe.parse(decode(sample(mode=f' Mode="{e.PUSH}"', expires="")))
    assert said.expires is None
    only = b'<v:Subscribe xmlns:v="%s"><v:Delivery>%s</v:Delivery></v:Subscribe>'
    notify = NOTIFY.replace("<v:NotifyTo>", f'<v:NotifyTo xmlns:w="{DPWS_2006.addressing}">').encode()
    said = e.Subscribe.parse(message(only % (EVENTING.encode(), notify)))
    assert (said.end_to, said.expires, said.actions) == (None, None, None)


@pytest.mark.parametrize("part", PARTS)
def test_another_body_is_none_of_them(part: Any) -> None:
    for body in (None, b"<x/>", b'<y xmlns="%s"/>' % EVENTING.encode()):
        with pytest.raises(RemoteProtocolError):
            part.parse(message(body))


def test_a_message_that_ends_early_is_no_message() -> None:
    octets = sample()
    for length in range(len(octets)):
        with pytest.raises(RemoteProtocolError):
            e.Subscribe.parse(decode(octets[:length]))


@settings(max_examples=100)
@given(st.data())
def test_nothing_else_comes_out_of_a_damaged_message(data: st.DataObject) -> None:
    octets = bytearray(sample())
    for _ in range(data.draw(st.integers(1, 4))):
        octets[data.draw(st.integers(0, len(octets) - 1))] = data.draw(st.integers(0, 255))
    with suppress(RemoteProtocolError):
        e.Subscribe.parse(decode(bytes(octets)))


def test_a_response_needs_its_manager_and_an_end_its_status() -> None:
    start = f'xmlns="{EVENTING}"'
    for part, body in ((e.SubscribeResponse, "SubscribeResponse"), (e.SubscriptionEnd, "SubscriptionEnd")):
        with pytest.raises(RemoteProtocolError):
            part.parse(message(f"<{body} {start}/>".encode()))


@pytest.mark.parametrize(
    ("said", "status"),
    [
        (f"{EVENTING}/SourceShuttingDown", e.EndStatus.SOURCE_SHUTTING_DOWN),
        ("wse:DeliveryFailure", e.EndStatus.DELIVERY_FAILURE),
        ("SourceCancelling", e.EndStatus.SOURCE_CANCELING),
        ("urn:tired", "urn:tired"),
    ],
)
def test_why_it_ended(said: str, status: str) -> None:
    body = f'<SubscriptionEnd xmlns="{EVENTING}"><Status>{said}</Status></SubscriptionEnd>'.encode()
    assert e.SubscriptionEnd.parse(message(body)) == e.SubscriptionEnd(None, status)


@pytest.mark.parametrize("profile", PROFILES)
@pytest.mark.parametrize("refusal", e.Refusal)
def test_faults_by_name(refusal: e.Refusal, profile: Profile) -> None:
    request = message(e.GetStatus(), profile)
    answer = decode(encode_fault(request, refusal.fault(profile), "urn:f"))
    fault = fault_of(answer)
    assert fault == refusal.fault(profile)
    assert fault is not None
    assert e.Refusal.of(fault) is refusal
    ours = refusal is not e.Refusal.FILTER_ACTION_NOT_SUPPORTED
    assert fault_action(profile, fault) == (f"{EVENTING}/fault" if ours else f"{profile.devprof}/fault")
    assert refusal.fault(profile, "no").reason == "no"


def test_other_faults_are_none_of_them() -> None:
    for fault in (SoapFault("Sender"), endpoint_unavailable(DPWS_2006), e.not_reachable(DPWS_2009, "urn:x").fault):
        assert e.Refusal.of(fault) is None


@pytest.mark.parametrize("profile", [DPWS_2006, DPWS_2009])
def test_which_subscription_is_meant(profile: Profile) -> None:
    """In 1.1 by no Identifier of WS-Eventing: its schema does not let that have the mark of a parameter."""
    manager = e.identified("http://192.0.2.7/s", "a<b", profile)
    said = decode(encode(profile, Headers("urn:a", others=manager.headers(profile)), e.Renew()))
    (header,) = said.headers.others
    assert e.identifier_of(said) == "a<b"
    assert ('IsReferenceParameter="true"' in header.text) == (profile is DPWS_2009)
    assert (header.name == QName(EVENTING, "Identifier")) == (profile is DPWS_2006)
    assert e.identifier_of(message(e.Renew())) == ""


def test_an_identifier_that_is_none() -> None:
    wrong = Fragment.parse(f"<Identifier xmlns='{EVENTING}'><x/></Identifier>")
    assert e.identifier_of(decode(encode(DPWS_2006, Headers("urn:a", others=(wrong,)), e.Renew()))) == ""
