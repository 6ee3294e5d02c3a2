"""The client's side: what it asks, whom it believes, and what it makes of messages that come in any order."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from random import Random
from typing import Any

import pytest
from tests.wsd.world import ETHERNET, PRINTER, SCANNER, came, interface, message, read, sent, urn

from openwmi.base.error import WbemError
from openwmi.base.limits import DISCOVERY_QUESTIONS, DISCOVERY_SEARCHES
from openwmi.base.status import WbemStatus
from openwmi.net.datagram import DISCOVERY_PORT, GROUP_V4, GROUP_V6, Endpoint
from openwmi.soap import DPWS_2006, DPWS_2009, PROFILES, AppSequence, Fragment, Profile, QName
from openwmi.wsd import Client, Device, Event, Found, Gone, Search, Updated
from openwmi.wsd.messages import Bye, Content, Description, Hello, Probe, ProbeMatches, Resolve, ResolveMatches

HOME = Endpoint("192.0.2.7", DISCOVERY_PORT)


class Story:
    """A client, and devices that say things to it."""

    def __init__(self, profiles: Sequence[Profile] = (DPWS_2006,)) -> None:
        self.client = Client(Random(1), profiles)
        self.now = 0.0
        self._number = 0

    def probe(self, **what: Any) -> Search:
        return self.client.probe([ETHERNET], self.now, **what)

    def questions(self) -> dict[str, Content]:
        """The messages that it has sent, by their names."""
        found = (read(each) for each in self.client.due(self.now))
        return {each.headers.message_id: each.content for each in found}

    def says(self, content: Content, sequence: tuple[int, int] | None = None, **headers: Any) -> list[Event]:
        """What comes of a message of a device, with AppSequence's instance and number."""
        self._number += 1
        multicast = isinstance(content, Hello | Bye)
        data = message(
            content,
            f"urn:d{self._number}",
            reply_to=None,
            app_sequence=None if sequence is None else AppSequence(*sequence),
            **headers,
        )
        return self.client.receive(came(data, HOME, multicast=multicast), self.now)

    def answers(self, search: str, described: Description, sequence: tuple[int, int] | None = None) -> list[Event]:
        return self.says(ProbeMatches((described,)), sequence, relates_to=search)


def said(number: int = 1, *xaddrs: str, version: int | None = 1, types: tuple[QName, ...] = (PRINTER,)) -> Description:
    return Description(urn(number), types, (), xaddrs, version)


def only(events: list[Event]) -> Device:
    (event,) = events
    return event.device


def test_what_a_search_asks() -> None:
    story = Story(PROFILES)
    search = story.probe(scopes=("urn:s",), match_by="uuid")
    out = sent(story.client, 2.0)
    groups = {Endpoint(GROUP_V4, DISCOVERY_PORT), Endpoint(GROUP_V6, DISCOVERY_PORT)}
    assert {each.to for _, each in out} == groups
    asked = [read(each) for at, each in out if at == 0 and each.to.host == GROUP_V4]
    assert [(each.profile, each.content) for each in asked] == [
        (profile, Probe(types, ("urn:s",), f"{profile.discovery}/uuid"))
        for profile in PROFILES
        for types in [(profile.device_type,), ()]
    ]
    assert len(out) == 4 * 2 * 2  # questions, groups, copies
    assert search.ends == 10.0
    again = [read(each) for _, each in sent(story.client, 10.0)]
    assert {each.headers.message_id for each in again}.isdisjoint(each.headers.message_id for each in asked)
    assert len(again) == 16


def test_a_device_of_one_profile_is_one_of_the_other() -> None:
    story = Story(PROFILES)
    story.probe(types=(DPWS_2006.device_type, PRINTER))
    asked = [each.types for each in story.questions().values() if isinstance(each, Probe)]
    assert asked[::2] == [(profile.device_type, PRINTER) for profile in PROFILES]
    assert asked[1::2] == [(profile.device_type,) for profile in PROFILES]


def test_a_rule_that_nobody_knows() -> None:
    with pytest.raises(WbemError, match="rfc2396, uuid, ldap, strcmp0, none") as caught:
        Story().probe(match_by="regex")
    assert caught.value.status == WbemStatus.INVALID_PARAMETER
    Story().probe(match_by="urn:my-own")


@pytest.mark.parametrize(
    "what",
    [
        {"scopes": ("two words",)},
        {"types": (QName("urn:x", "no name"),)},
        {"scopes": ("urn:" + "x" * 2000,) * 20},  # no datagram holds it
    ],
)
def test_what_cannot_be_asked(what: dict[str, Any]) -> None:
    story = Story()
    with pytest.raises(WbemError, match="cannot be looked for") as caught:
        story.probe(**what)
    assert caught.value.status == WbemStatus.INVALID_PARAMETER
    assert story.client.deadline() is None


def test_each_device_is_found_once() -> None:
    story = Story()
    search = story.probe()
    first, second = story.questions()
    assert only(story.answers(first, said(1, "http://192.0.2.7/a"))).xaddrs == ("http://192.0.2.7/a",)
    story.answers(second, said(1, "http://192.0.2.7/a"))
    story.answers(first, said(2))
    assert [each.address for each in search.take()] == [urn(1), urn(2)]
    assert search.take() == []
    assert len(story.client) == 2


def test_devices_whose_answers_have_the_name_of_the_question() -> None:
    """Some cheap cameras do that: each is found, and its copies are copies."""
    client = Client(Random(1), (DPWS_2006,))
    search = client.probe([ETHERNET], 0.0)
    name = read(client.due(0.0)[0]).headers.message_id
    for number in (1, 2, 1, 2):
        data = message(ProbeMatches((said(number),)), name, relates_to=name, reply_to=None)
        client.receive(came(data, Endpoint(f"192.0.2.{number}", 3702), multicast=False), 1.0)
    assert [each.address for each in search.take()] == [urn(1), urn(2)]
    assert client.dropped["copy"] == 2


def test_what_is_known_takes_no_more_than_so_much(monkeypatch: pytest.MonkeyPatch) -> None:
    """Devices that tell as much as they can: the oldest are forgotten."""
    monkeypatch.setattr("openwmi.wsd.client.DISCOVERY_KNOWN_OCTETS", 100_000)
    story = Story()
    for number in range(200):
        scopes = tuple(f"urn:{number}:{each}" for each in range(number % 250))
        story.says(Hello(Description(urn(number % 150), (PRINTER,), scopes, (), number)))
        assert sum(each.weight for each in story.client._known.values()) == story.client._weight <= 100_000
    assert 1 < len(story.client) < 20
    assert urn(49) in story.client._known


def test_answers_that_nobody_asked_for_say_nothing() -> None:
    story = Story(PROFILES)
    search = story.probe()
    questions = story.questions()
    assert story.answers("urn:nothing", said()) == []
    assert story.says(ProbeMatches((said(),)), relates_to="") == []
    old = next(name for name, each in questions.items() if each == Probe((DPWS_2006.device_type,)))
    data = message(ProbeMatches((said(),)), "urn:x", DPWS_2009, relates_to=old)
    assert story.client.receive(came(data, HOME), 1.0) == []
    assert story.client.dropped["not asked"] == 3
    story.now = search.ends
    assert story.answers(old, said()) == []
    assert search.take() == []


def test_a_device_that_is_not_what_was_asked_for() -> None:
    story = Story()
    search = story.probe(types=(PRINTER,))
    name, _ = story.questions()
    story.answers(name, said(1, types=(SCANNER,)))
    assert search.take() == []
    story.answers(name, said(2, types=(QName("", PRINTER.local),)))
    story.answers(name, said(3, types=()))
    assert [each.address for each in search.take()] == [urn(2), urn(3)]


def test_a_device_that_answers_only_who_asks_for_devices() -> None:
    """It counts where it says that it is what was wanted."""
    story = Story()
    search = story.probe(types=(PRINTER,))
    _, name = story.questions()
    story.answers(name, said(1, types=(DPWS_2006.device_type, SCANNER)))
    story.answers(name, said(2, types=()))
    assert search.take() == []
    story.answers(name, said(3, types=(DPWS_2006.device_type, PRINTER)))
    assert [each.address for each in search.take()] == [urn(3)]
    story.probe(types=(DPWS_2006.device_type,))
    assert [each.types for each in story.questions().values() if isinstance(each, Probe)] == [(DPWS_2006.device_type,)]


def test_resolve() -> None:
    story = Story()
    search = story.client.resolve(urn(1), [ETHERNET], 0.0)
    ((name, content),) = story.questions().items()
    assert content == Resolve(urn(1))
    story.says(ResolveMatches((said(2, "http://192.0.2.7/b"),)), relates_to=name)
    assert search.take() == []
    story.says(ResolveMatches((said(1, "http://192.0.2.7/a"),)), relates_to=name)
    assert [each.xaddrs for each in search.take()] == [("http://192.0.2.7/a",)]


def test_copies_are_heard_once() -> None:
    story = Story()
    data = message(Hello(said()), "urn:h")
    assert len(story.client.receive(came(data, HOME), 0.0)) == 1
    assert story.client.receive(came(data, HOME), 0.1) == []
    assert story.client.dropped["copy"] == 1


@pytest.mark.parametrize("data", [b"", b"<a>" * 20_000, b"\xff" * 65_000, message(Probe(), "urn:p")])
def test_what_says_nothing_of_a_device(data: bytes) -> None:
    assert Story().client.receive(came(data, HOME), 0.0) == []


@pytest.mark.parametrize(("host", "multicast"), [("198.51.100.1", True), ("192.0.2.7", False), ("x", True)])
def test_announcements_from_elsewhere_say_nothing(host: str, multicast: bool) -> None:
    client = Story().client
    assert client.receive(came(message(Hello(said()), "urn:h"), Endpoint(host, 3702), multicast=multicast), 0.0) == []
    assert client.dropped["off-link"] == 1


def test_a_device_comes_changes_and_goes() -> None:
    story = Story()
    assert story.says(Hello(said()), (1, 1)) == [Found(_device(()))]
    assert story.says(Hello(said()), (1, 2)) == []
    changed = story.says(Hello(said(1, "http://192.0.2.7/a", version=2)), (1, 3))
    assert changed == [Updated(_device(("http://192.0.2.7/a",), 2))]
    gone = story.says(Bye(Description(urn(1))), (1, 4))
    assert gone == [Gone(_device(("http://192.0.2.7/a",), 2))]
    assert story.says(Bye(Description(urn(1))), (1, 5)) == []
    assert story.says(Bye(Description(urn(2))), (1, 1)) == []
    assert story.says(Hello(said()), (2, 1)) == [Found(_device(()))]


def test_a_message_that_is_older_than_the_last_one_is_dropped() -> None:
    story = Story()
    story.says(Hello(said(1, "http://192.0.2.7/new", version=3)), (5, 10))
    assert story.says(Hello(said(1, "http://192.0.2.7/old", version=4)), (5, 9)) == []
    assert story.says(Bye(Description(urn(1))), (5, 8)) == []
    assert story.says(Hello(said(1, "http://192.0.2.7/old", version=4)), (4, 99)) == []
    assert story.client.dropped["stale"] == 3


@pytest.mark.parametrize("profile", PROFILES, ids=str)
def test_a_proxy_that_wants_to_be_asked_instead_is_passed_over(profile: Profile) -> None:
    """Its Hello to us alone relates to our Probe. The group goes on being asked."""
    client = Client(Random(1), (profile,))
    search = client.probe([ETHERNET], 0.0)
    name = read(client.due(0.0)[0]).headers.message_id
    proxy = Description(urn(9), (QName(profile.discovery, "DiscoveryProxy"),), (), ("http://192.0.2.9/",), 1)
    hello = message(Hello(proxy), "urn:p", profile, relates_to=name, reply_to=None)
    suppression = b'<wsa:RelatesTo RelationshipType="wsd:Suppression">'
    for data in (hello, hello.replace(b"urn:p", b"urn:q").replace(b"<wsa:RelatesTo>", suppression)):
        assert client.receive(came(data, HOME, multicast=False), 0.1) == []
    assert client.dropped["off-link"] == 2
    assert search.take() == []
    assert sent(client, 2.0) != []


def test_a_signature_is_passed_over() -> None:
    """Windows can sign what it says (compact signatures); a Hello of it is a Hello."""
    signature = Fragment.parse(
        f'<d:Security xmlns:d="{DPWS_2006.discovery}"><d:Sig Scheme="urn:s" Refs="a b" Sig="AAAA"/></d:Security>'
    )
    assert only(Story().says(Hello(said()), others=(signature,))).address == urn(1)


def test_what_a_device_says_beyond_ws_discovery_is_kept_and_no_change() -> None:
    story = Story()
    header, *more = (Fragment.parse(f'<v:Odd xmlns:v="urn:v">{number}</v:Odd>') for number in range(40))
    device = only(story.says(Hello(replace(said(), extensions=tuple(more))), (4, 1), others=(header,)))
    assert (device.instance, device.headers, device.extensions) == (4, (header,), tuple(more[:16]))
    assert story.says(Hello(said()), (4, 2)) == []
    assert story.says(Hello(replace(said(), extensions=(more[20],))), (5, 1), others=(more[21],)) == []
    device = only(story.says(Bye(Description(urn(1))), (5, 2)))
    assert (device.instance, device.headers, device.extensions) == (5, (more[21],), (more[20],))
    silent = only(story.says(Hello(said(2))))
    assert (silent.instance, silent.headers, silent.extensions) == (None, (), ())
    chatty = only(story.says(Hello(said(3)), others=tuple(more[:20])))
    assert chatty.headers == tuple(more[:16])


def test_what_devices_add_to_their_messages_counts_for_how_many_are_known(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("openwmi.wsd.client.DISCOVERY_KNOWN_OCTETS", 100_000)
    story = Story()
    long = tuple(Fragment.parse(f'<v:Odd xmlns:v="urn:v">{"x" * 1500}</v:Odd>') for _ in range(16))
    story.says(Hello(said(0)))
    for number in range(50):
        story.says(Hello(replace(said(number), extensions=long)))
    assert len(story.client) == 3
    assert story.client._weight == sum(each.weight for each in story.client._known.values())


def test_a_hello_that_comes_after_its_bye_does_not_bring_the_device_back() -> None:
    story = Story()
    story.says(Hello(said()), (5, 1))
    assert len(story.says(Bye(Description(urn(1))), (5, 3))) == 1
    assert story.says(Hello(said(version=2)), (5, 2)) == []


def test_addresses_of_an_older_version_are_dropped() -> None:
    story = Story()
    story.says(Hello(said(1, "http://192.0.2.7/new", version=3)), (5, 10))
    assert story.says(Hello(said(1, "http://192.0.2.7/old", version=2)), (5, 11)) == []
    restarted = story.says(Hello(said(1, "http://192.0.2.7/reset", version=1)), (6, 1))
    assert only(restarted).xaddrs == ("http://192.0.2.7/reset",)


def test_addresses_of_several_interfaces_are_gathered() -> None:
    story = Story()
    story.probe()
    first, second = story.questions()
    story.answers(first, said(1, "http://192.0.2.7/"), (5, 1))
    both = story.answers(second, said(1, "http://[fe80::7]/"), (5, 2))
    assert only(both).xaddrs == ("http://192.0.2.7/", "http://[fe80::7]/")
    assert story.says(Hello(said(1)), (5, 3)) == []  # Windows' own says none
    for number in range(100):
        story.says(Hello(said(1, f"http://192.0.2.7/{number}")), (5, 4 + number))
    known = story.says(Hello(said(1, version=2)), (5, 200))
    assert only(known).xaddrs == ()


def test_a_new_sequence_in_each_message_is_never_stale() -> None:
    """wsdd makes a new SequenceId for each."""
    story = Story()
    search = story.probe()
    first, second = story.questions()
    for number, name in ((2, first), (1, second)):
        sequence = AppSequence(1, number, f"urn:sequence:{number}")
        data = message(ProbeMatches((said(number),)), f"urn:w{number}", relates_to=name, app_sequence=sequence)
        story.client.receive(came(data, HOME, multicast=False), 0.1)
    assert len(search.take()) == 2
    assert story.client.dropped["stale"] == 0


def test_an_answer_that_was_overtaken_still_finds_the_device_for_its_search() -> None:
    story = Story()
    one = story.probe()
    first = next(iter(story.questions()))
    other = story.probe()
    second = next(iter(story.questions()))
    story.answers(second, said(1, "http://192.0.2.7/new", version=2), (5, 2))
    story.answers(first, said(1, "http://192.0.2.7/old", version=1), (5, 1))
    assert [each.xaddrs for each in (*one.take(), *other.take())] == [("http://192.0.2.7/new",)] * 2


def test_a_new_interface_is_asked_on_too() -> None:
    story = Story()
    story.probe(timeout=5.0)
    sent(story.client, 1.0)
    second = interface("198.51.100.1/24", name="eth1", index=3)
    story.client.interfaces_changed([ETHERNET, second], 1.5)
    assert {each.interface for each in story.client.due(1.5)} == {second}
    story.client.interfaces_changed([second], 1.6)
    assert {each.interface for _, each in sent(story.client, 4.0)} == {second}
    story.client.interfaces_changed([ETHERNET, second], 6.0)
    assert story.client.deadline() is None


def test_searches_are_bounded_and_end() -> None:
    story = Story()
    searches = [story.probe(timeout=1.0) for _ in range(DISCOVERY_SEARCHES)]
    with pytest.raises(WbemError, match="256 searches") as caught:
        story.probe()
    assert caught.value.status == WbemStatus.QUOTA_VIOLATION
    story.client.end(searches[0])
    story.client.end(searches[0])
    story.probe(timeout=1.0)
    story.now = 2.0
    story.probe(timeout=1.0)
    sent(story.client, 100.0)
    assert story.client.deadline() is None


def test_a_message_without_a_version_keeps_the_one_before() -> None:
    story = Story()
    story.says(Hello(said(1, "http://192.0.2.7/a", version=4)), (5, 1))
    assert story.says(Hello(said(1, version=None)), (5, 2)) == []
    assert story.says(Hello(said(1, "http://192.0.2.7/b", version=4))) != []


def _device(xaddrs: tuple[str, ...], version: int = 1) -> Device:
    return Device(urn(1), (PRINTER,), (), xaddrs, version, DPWS_2006, HOME, "eth0")


def test_an_interface_that_comes_is_asked_twice_and_alone() -> None:
    story = Story()
    story.client.probe([ETHERNET], 0.0, types=(DPWS_2006.device_type,), timeout=float("inf"))
    sent(story.client, 100.0)
    new = interface("198.51.100.1/24", name="eth1", index=3)
    story.client.interfaces_changed([ETHERNET, new], 100.0)
    asked = sent(story.client, 200.0)
    assert {each.interface for _, each in asked} == {new}
    assert len({read(each).headers.message_id for _, each in asked}) == 2
    story.client.interfaces_changed([ETHERNET], 200.0)
    story.client.interfaces_changed([ETHERNET, new], 200.0)
    story.client.interfaces_changed([ETHERNET], 200.1)
    assert {each.interface for at, each in sent(story.client, 300.0) if at > 200.1} == set()


def test_a_search_that_goes_on_while_interfaces_come_and_go() -> None:
    """It does not grow."""
    story = Story()
    search = story.client.probe([ETHERNET], 0.0, timeout=float("inf"))
    for flap in range(DISCOVERY_QUESTIONS):
        story.client.interfaces_changed([], float(flap))
        story.client.interfaces_changed([ETHERNET], float(flap))
        story.client.due(float(flap))
    assert len(story.client._asked) == DISCOVERY_QUESTIONS
    *_, name = story.client._asked
    story.now = float(DISCOVERY_QUESTIONS)
    story.answers(name, said(1))
    assert [each.address for each in search.take()] == [urn(1)]
