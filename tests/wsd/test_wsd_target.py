"""The device's side: what it announces, whom it answers and with what, and what it never does."""

from __future__ import annotations

from random import Random
from typing import Any

import pytest
from tests.wsd.world import ASKER, ETHERNET, PRINTER, SCANNER, came, device, interface, message, read, sent, urn

from openwmi.base.limits import DISCOVERY_AMPLIFICATION, SOAP_FRAME_OCTETS
from openwmi.net.datagram import DISCOVERY_PORT, GROUP_V4, GROUP_V6, Endpoint
from openwmi.soap import DPWS_2006, DPWS_2009, PROFILES, EndpointReference, Fragment, Message, Profile, decode, fault_of
from openwmi.wsd import Announced, Target
from openwmi.wsd.matching import Rule
from openwmi.wsd.messages import (
    Bye,
    Content,
    Hello,
    Probe,
    ProbeMatches,
    Resolve,
    ResolveMatches,
    decode_discovery,
)
from openwmi.wsd.outbox import Outgoing

ANY = Probe()


def running(announced: Announced | None = None, profiles: tuple[Profile, ...] = (DPWS_2006,), **rules: Rule) -> Target:
    """A device that has said Hello."""
    chosen = {uri.replace("_", ":"): rule for uri, rule in rules.items()}
    target = Target(announced or device(), instance_id=7, chance=Random(1), profiles=profiles, rules=chosen)
    target.start([ETHERNET], 0.0)
    sent(target, 1.0)
    return target


def answers(
    target: Target, *contents: Content, copies: int = 2, source: Endpoint = ASKER, **headers: Any
) -> list[Content]:
    """What it answers to each, sent as often as clients do."""
    for number, content in enumerate(contents):
        data = message(content, f"urn:m{number}", **headers)
        for _ in range(copies):
            target.receive(came(data, source), 10.0)
    found = {each.headers.message_id: each.content for each in map(read, _out(target))}
    return list(found.values())


def _out(target: Target) -> list[Outgoing]:
    return [outgoing for _, outgoing in sent(target, 100.0)]


def test_hello_on_each_interface_and_kind_of_address() -> None:
    target = Target(device(), instance_id=7, chance=Random(1), profiles=PROFILES)
    second = interface("198.51.100.1/24", name="eth1", index=3)
    target.start([ETHERNET, second], 5.0)
    out = sent(target, 10.0)
    first = [outgoing for at, outgoing in out if at == 5.0]
    places = [(each.to, each.interface.name) for each in first]
    groups = Endpoint(GROUP_V4, DISCOVERY_PORT), Endpoint(GROUP_V6, DISCOVERY_PORT)
    assert places == [(groups[0], "eth0"), (groups[1], "eth0"), (groups[0], "eth1")] * 2
    messages = [read(each) for each in first]
    assert [each.profile for each in messages] == [DPWS_2006] * 3 + [DPWS_2009] * 3
    assert len({(each.headers.message_id, each.headers.app_sequence) for each in messages}) == 2
    for each in messages:
        assert isinstance(each.content, Hello)
        assert each.headers.to == each.profile.everybody
        described = each.content.description
        assert described.types == (each.profile.device_type, PRINTER)
        assert (described.address, described.xaddrs, described.metadata_version) == (urn(1), (), 1)
    copies = [(at, outgoing) for at, outgoing in out if at > 5.0]
    assert sorted(each.data for _, each in copies) == sorted(each.data for each in first)
    assert all(5.05 <= at <= 5.25 for at, _ in copies)


def test_bye_is_the_last_word() -> None:
    target = running()
    target.receive(came(message(ANY, "urn:m")), 1.0)
    target.stop(1.0)
    target.receive(came(message(ANY, "urn:n")), 1.1)
    out = sent(target, 100.0)
    assert [type(read(each).content) for _, each in out] == [Bye] * 4
    assert read(out[0][1]).headers.app_sequence is not None
    target.stop(2.0)
    assert target.deadline() is None


def test_a_change_says_hello_with_the_next_version() -> None:
    target = running()
    target.update(device(types=(SCANNER,)), 20.0)
    contents = [read(each).content for _, each in sent(target, 100.0)]
    assert all(isinstance(each, Hello) and each.description.metadata_version == 2 for each in contents)
    assert target.device.types == (SCANNER,)


def test_interfaces_come_and_go() -> None:
    target = running()
    target.receive(came(message(ANY, "urn:m")), 20.0)
    second = interface("198.51.100.1/24", name="eth1", index=3)
    target.interfaces_changed([second], 20.0)
    out = [each for _, each in sent(target, 100.0)]
    assert {each.interface for each in out} == {second}
    assert {type(read(each).content) for each in out} == {Hello}
    target.interfaces_changed([second], 30.0)
    assert target.deadline() is None


def test_an_answer_has_one_address_of_the_interface_that_was_asked() -> None:
    (found,) = answers(running(), ANY)
    assert isinstance(found, ProbeMatches)
    (match,) = found.matches
    assert match.xaddrs == ("http://192.0.2.1:5357/d",)
    assert (match.types, match.scopes) == ((DPWS_2006.device_type, PRINTER), device().scopes)
    (found,) = answers(running(), ANY, source=Endpoint("fe80::99", 40_000))
    assert isinstance(found, ProbeMatches)
    assert found.matches[0].xaddrs == ("http://[fe80::1]:5357/d",)


def test_an_answer_relates_to_its_question_and_goes_back_where_it_came_from() -> None:
    target = running()
    parameter = Fragment.parse('<v:Key xmlns:v="urn:v">k</v:Key>')
    reply_to = EndpointReference(DPWS_2006.anonymous, (parameter,))
    for _ in range(3):
        target.receive(came(message(ANY, "urn:m", reply_to=reply_to)), 10.0)
    out = sent(target, 100.0)
    assert {each.to for _, each in out} == {ASKER}
    answer = read(out[0][1])
    assert (answer.headers.relates_to, answer.headers.to) == ("urn:m", DPWS_2006.anonymous)
    assert answer.headers.others == (parameter,)
    assert len({each.data for _, each in out}) == 1
    assert len(out) == 2  # with the copy that the profile wants
    assert 10.0 <= out[0][0] <= 12.5


def test_answers_are_spread_over_the_time_that_there_is() -> None:
    times = []
    for seed in range(200):
        target = Target(device(), instance_id=7, chance=Random(seed))
        target.start([ETHERNET], 0.0)
        sent(target, 1.0)
        for _ in range(3):
            target.receive(came(message(ANY, "urn:m")), 10.0)
        times.append(sent(target, 100.0)[0][0] - 10.0)
    assert 0.35 <= min(times) < 0.5  # after the copies of the question, since it was short
    assert 2.3 < max(times) <= 2.5
    assert len(set(times)) == 200


@pytest.mark.parametrize("profile", PROFILES, ids=str)
def test_each_profile_is_answered_in_its_own_words(profile: Profile) -> None:
    target = running(profiles=PROFILES)
    for _ in range(2):
        target.receive(came(message(Probe((profile.device_type,)), "urn:m", profile)), 10.0)
    answer = read(sent(target, 100.0)[0][1])
    assert answer.profile is profile
    alone = running(profiles=(DPWS_2006,))
    alone.receive(came(message(ANY, "urn:m", DPWS_2009)), 10.0)
    assert sent(alone, 100.0) == []


def test_resolve_is_answered_at_once_by_whom_it_means() -> None:
    target = running()
    for _ in range(2):
        target.receive(came(message(Resolve(urn(1)), "urn:m")), 10.0)
        target.receive(came(message(Resolve(urn(2)), "urn:n")), 10.0)
    at, outgoing = sent(target, 100.0)[0]
    assert at < 10.5
    found = read(outgoing).content
    assert isinstance(found, ResolveMatches)
    assert found.matches[0].xaddrs == ("http://192.0.2.1:5357/d",)
    assert target.dropped["no match"] == 1


@pytest.mark.parametrize(
    ("probe", "count"),
    [
        (ANY, 1),
        (Probe((PRINTER,)), 1),
        (Probe((DPWS_2006.device_type, PRINTER)), 1),
        (Probe((SCANNER,)), 0),
        (Probe((), ("http://example.org/floor1",)), 1),
        (Probe((), ("http://example.org/floor2",)), 0),
        (Probe((), ("x",), "urn:unknown"), 0),
        (Probe((), ("x",), "urn:own"), 1),
    ],
)
def test_only_who_is_meant_answers(probe: Probe, count: int) -> None:
    assert len(answers(running(urn_own=lambda _, __: True), probe)) == count


@pytest.mark.parametrize(
    ("name", "headers"),
    [
        ("urn:m", {"reply_to": EndpointReference("http://198.51.100.7/")}),
        ("urn:m", {"fault_to": EndpointReference("http://198.51.100.7/")}),
        ("", {}),
    ],
)
def test_what_is_not_for_us_gets_no_answer(name: str, headers: dict[str, Any]) -> None:
    target = running()
    target.receive(came(message(ANY, name, **headers)), 10.0)
    assert sent(target, 100.0) == []
    assert target.dropped["headers"] == 1


@pytest.mark.parametrize("multicast", [True, False])
@pytest.mark.parametrize("host", ["198.51.100.9", "2001:db8::1", "not-a-number", "203.0.113.1"])
def test_off_link_sources_get_nothing(host: str, multicast: bool) -> None:
    target = running()
    for number in range(20):
        target.receive(came(message(ANY, f"urn:{number}"), Endpoint(host, 3702), multicast=multicast), 10.0)
    assert sent(target, 100.0) == []
    assert target.dropped["off-link"] == 20


@pytest.mark.parametrize(
    "data",
    [
        b"",
        b"<:/>",
        b"\0" * 60_000,
        b"<a>" * 20_000,
        message(ANY, "urn:m")[:-1],
        message(ANY, "urn:m") + b" " * 40_000,
        message(ANY, "urn:m").replace(b"discovery/Probe<", b"discovery/Hello<"),
        b"<!DOCTYPE a>" + message(ANY, "urn:m"),
        message(ANY, "urn:m").replace(b"urn:m", "é".encode() * 1500),  # we could not send it back
    ],
)
def test_malformed_octets_get_nothing(data: bytes) -> None:
    target = running()
    target.receive(came(data), 10.0)
    assert sent(target, 100.0) == []
    assert target.dropped["malformed"] == 1


def test_copies_are_answered_once() -> None:
    target = running()
    assert len(answers(target, ANY, copies=20)) == 1
    assert target.dropped["copy"] == 19


def test_one_probe_alone_is_worth_no_more_than_one_and_a_half_of_it() -> None:
    """607 octets, as often measured elsewhere: whoever sends it once gets the short form, and no copy."""
    data = message(Probe((DPWS_2006.device_type,)), "urn:uuid:29cf10da-5c41-4d55-b184-5ee15e38ce23", reply_to=None)
    data += b" " * (607 - len(data))
    target = running()
    target.receive(came(data), 10.0)
    out = [each for _, each in sent(target, 100.0)]
    assert [type(read(each).content) for each in out] == [ProbeMatches]
    assert sum(len(each.data) for each in out) <= DISCOVERY_AMPLIFICATION * 607
    content = read(out[0]).content
    assert isinstance(content, ProbeMatches)
    assert content.matches[0].xaddrs == ("http://192.0.2.1:5357/d",)


def test_what_is_longer_than_a_frame_leaves_its_scopes_out() -> None:
    target = running(device(scopes=tuple(f"onvif://www.onvif.org/{number:040}" for number in range(30))))
    for _ in range(4):
        target.receive(came(message(ANY, "urn:m")), 10.0)
    out = [each for _, each in sent(target, 100.0)]
    assert all(len(each.data) <= SOAP_FRAME_OCTETS for each in out)
    content = read(out[0]).content
    assert isinstance(content, ProbeMatches)
    assert (content.matches[0].types, content.matches[0].scopes) == ((DPWS_2006.device_type, PRINTER), ())


def test_a_scanner_driver_that_asks_fourteen_times_is_served() -> None:
    """sane-airscan: a new message each 100 to 250 ms for two and a half seconds, and never a Resolve."""
    chance = Random(3)
    target = running(device(types=(SCANNER,)))
    now = 10.0
    for number in range(14):
        target.receive(came(message(Probe((DPWS_2006.device_type,)), f"urn:{number}")), now)
        now += chance.uniform(0.1, 0.25)
    out = [(at, read(each).content) for at, each in sent(target, 100.0)]
    useful = [
        content
        for at, content in out
        if at < 12.5 and isinstance(content, ProbeMatches) and SCANNER in content.matches[0].types
    ]
    assert len(useful) >= 5
    assert target.dropped["too many answers"] == 0


def test_a_hundred_probes_a_second_are_answered_within_limits() -> None:
    target = running()
    octets_in = octets_out = 0
    answered = set()
    for number in range(1000):
        now = 10.0 + number / 100
        data = message(Probe((DPWS_2006.device_type,)), f"urn:{number}")
        octets_in += len(data)
        target.receive(came(data), now)
        for each in target.due(now):
            octets_out += len(each.data)
            answered.add(read(each).headers.relates_to)
    assert 28 <= len(answered) <= 28 + 10 * 6 + 1
    assert octets_out <= DISCOVERY_AMPLIFICATION * octets_in
    assert target.dropped["too many answers"] > 800


def test_all_sources_together_have_a_limit_and_leave_nothing_behind() -> None:
    target = running()
    wide = interface("10.0.0.1/8")
    for number in range(1300):
        source = Endpoint(f"10.1.{number >> 8}.{number & 255}", 3702)
        data = message(ANY, f"urn:{number}")
        for _ in range(3):
            target.receive(came(data, source, by=wide), 10.0)
    out = sent(target, 100.0)
    assert len({each.to for _, each in out}) <= 400
    assert target.dropped["too many answers"] >= 900
    assert target.deadline() is None


def test_a_clock_that_jumps() -> None:
    """Backwards nothing breaks; after a long sleep nobody is sent answers that nobody waits for."""
    target = running()
    target.receive(came(message(ANY, "urn:m")), 10.0)
    assert target.due(3.0) == []
    target.receive(came(message(ANY, "urn:n")), 3.0)
    assert target.due(100_000.0) == []
    assert target.deadline() is None
    target.update(device(), 5.0)
    assert [type(read(each).content) for each in target.due(5.0)] == [Hello] * 2


def respond(target: Target, data: bytes, host: str = "192.0.2.1") -> tuple[Message, Content | None]:
    octets, fault = target.respond(decode(data), host)
    answer = decode(octets)
    assert fault_of(answer) == fault
    return answer, decode_discovery(octets).content if fault is None else None


def test_a_directed_probe_is_answered_over_http_even_with_nothing() -> None:
    target = running()
    answer, content = respond(target, message(Probe((PRINTER,)), "urn:m"), "fe80::1%eth0")
    assert isinstance(content, ProbeMatches)
    assert content.matches[0].xaddrs == ("http://[fe80::1]:5357/d",)
    assert answer.headers.relates_to == "urn:m"
    assert respond(target, message(Probe((SCANNER,)), "urn:m"))[1] == ProbeMatches()
    assert isinstance(respond(target, message(Resolve(urn(1)), "urn:m"))[1], ResolveMatches)


@pytest.mark.parametrize(
    ("data", "subcode"),
    [
        (message(Probe((), ("x",), "urn:unknown"), "urn:m"), "MatchingRuleNotSupported"),
        (message(Resolve(urn(2)), "urn:m"), "ActionNotSupported"),
        (message(ProbeMatches(), "urn:m"), "ActionNotSupported"),
        (message(ANY, "urn:m").replace(b"discovery/Probe<", b"discovery/Prob<"), "ActionNotSupported"),
        (message(ANY, ""), "MessageInformationHeaderRequired"),
        (message(ANY, "urn:m", reply_to=EndpointReference("urn:x")), "InvalidMessageInformationHeader"),
    ],
)
def test_what_is_wrong_over_http_is_told(data: bytes, subcode: str) -> None:
    answer, _ = respond(running(), data)
    fault = fault_of(answer)
    assert fault is not None
    assert fault.subcode is not None
    assert fault.subcode.local == subcode


def test_headers_that_must_be_understood_and_are_not() -> None:
    vendor = '<v:T xmlns:v="urn:v" xmlns:s="http://www.w3.org/2003/05/soap-envelope" s:mustUnderstand="true"></v:T>'
    data = message(ANY, "urn:m", others=(Fragment.parse(vendor),))
    target = running()
    target.receive(came(data), 10.0)
    assert sent(target, 100.0) == []
    answer, _ = respond(target, data)
    fault = fault_of(answer)
    assert fault is not None
    assert fault.code == "MustUnderstand"
