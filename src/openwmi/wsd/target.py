"""The device's side of discovery (Target Service): it announces itself, and answers those who look for it.

    target = Target(Announced("urn:uuid:…", types), instance_id=…, chance=…)
    target.start(interfaces, now)            a Hello on each
    target.receive(datagram, now)            whatever came in
    target.due(now), target.deadline()       what must be sent by now, and when to ask again
    target.stop(now)                         a Bye on each

It answers on-link sources only, a message once, with one match and one address, of the interface that was asked; never
what is malformed; over UDP never with a fault; never more than 1.5 octets for each that came from the source.

Windows: sends no Hello with addresses, and no initial delay before it; the same here. It must not know of sockets.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from random import Random
from uuid import UUID

from openwmi.base.fault import RemoteProtocolError
from openwmi.base.limits import DISCOVERY_WAITING, SOAP_FRAME_OCTETS
from openwmi.net.datagram import DISCOVERY_PORT, GROUP_V4, GROUP_V6, Datagram, Endpoint
from openwmi.net.interfaces import Interface
from openwmi.soap import (
    DPWS_2006,
    AppSequence,
    Headers,
    Message,
    Profile,
    QName,
    SoapFault,
    action_not_supported,
    encode_fault,
    invalid_header,
    missing_header,
    not_understood,
    rule_not_supported,
)
from openwmi.wsd.addresses import format_xaddr, local_address, parse_host
from openwmi.wsd.guard import Guard, Seen
from openwmi.wsd.matching import NO_RULES, Rule, UnknownRule, matches
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
    discovery_in,
    encode_discovery,
)
from openwmi.wsd.outbox import Outbox, Outgoing, Posted

COPY_SECONDS = 0.1
"""What a copy of a Probe may be late on its way."""


@dataclass(frozen=True, slots=True)
class Announced:
    """What a device makes known. That it is a Device is added to its types.

    Attributes:
        address: what it is called for ever: `urn:uuid:…`.
        types, scopes: what it is, and where.
        metadata_version: grows with each change.
        scheme, port, path: where it listens; the host is the address that was asked.
    """

    address: str
    types: tuple[QName, ...] = ()
    scopes: tuple[str, ...] = ()
    metadata_version: int = 1
    scheme: str = "http"
    port: int = 5357
    path: str = "/"

    def types_in(self, profile: Profile) -> tuple[QName, ...]:
        """With Device, which comes first."""
        return tuple(dict.fromkeys((profile.device_type, *self.types)))


class Target:
    """A device on some interfaces. See the module's text.

    Args:
        device: what it makes known.
        instance_id: grows with each start of the device: the seconds since 1970, as a rule.
        chance: for delays and names of messages.
        profiles: those that it speaks.
        rules: further rules for scopes, by their URIs.

    Attributes:
        dropped: why datagrams were not answered, and how many.
    """

    def __init__(
        self,
        device: Announced,
        *,
        instance_id: int,
        chance: Random,
        profiles: Sequence[Profile] = (DPWS_2006,),
        rules: Mapping[str, Rule] = NO_RULES,
    ) -> None:
        self.device = device
        self.profiles = tuple(profiles)
        self.dropped: Counter[str] = Counter()
        self._instance_id = instance_id
        self._chance = chance
        self._rules = rules
        self._number = 0
        self._interfaces: tuple[Interface, ...] = ()
        self._seen = Seen()
        self._guard = Guard()
        self._outbox = Outbox(self.profiles[0].timing, chance, DISCOVERY_WAITING)
        self._running = False

    @property
    def running(self) -> bool:
        """Whether it is there, and answers."""
        return self._running

    # What becomes of the device.

    def start(self, interfaces: Sequence[Interface], now: float) -> None:
        """It is there."""
        self._running = True
        self._interfaces = tuple(interfaces)
        self._hello(self._interfaces, now)

    def stop(self, now: float) -> None:
        """It goes. What `due` still has to say is the Bye, whose last copy comes within a second."""
        if self._running:
            self._running = False
            self._outbox.drop(lambda _: True)
            for profile in self.profiles:
                content = Bye(Description(self.device.address))
                self._announce(profile, content, self._interfaces, now)

    def update(self, device: Announced, now: float) -> None:
        """It has changed: the next version of its metadata, and a Hello that says so."""
        self.device = replace(device, metadata_version=self.device.metadata_version + 1)
        if self._running:
            self._hello(self._interfaces, now)

    def interfaces_changed(self, interfaces: Sequence[Interface], now: float) -> None:
        """It is on these now; a Hello goes out on those that are new or have other addresses."""
        before, self._interfaces = set(self._interfaces), tuple(interfaces)
        gone = before - set(self._interfaces)
        self._outbox.drop(lambda posted: posted.interface in gone)
        if self._running:
            self._hello([each for each in self._interfaces if each not in before], now)

    # What comes in and goes out.

    def receive(self, datagram: Datagram, now: float) -> None:
        """A datagram, whatever it holds. Raises nothing."""
        reason = self._receive(datagram, now)
        if reason:
            self.dropped[reason] += 1

    def due(self, now: float) -> list[Outgoing]:
        """What has to be sent by now."""
        return self._outbox.due(now, self._choose)

    def deadline(self) -> float | None:
        """When `due` has something next; None where nothing waits."""
        return self._outbox.deadline()

    def respond(self, message: Message, host: str) -> tuple[bytes, SoapFault | None]:
        """The answer to a Probe or Resolve over HTTP, and the fault in it if it is one (directed Probe, DPWS R1015).

        Args:
            message: the request, decoded.
            host: our address, as the client used it.
        """
        fault = self._refused(message)
        content: Content | None = None
        if fault is None:
            try:
                request = discovery_in(message)
                content = self._answer(request, self._described(request, host))
            except RemoteProtocolError:
                fault = action_not_supported(message.profile, message.headers.action)
            except UnknownRule:
                fault = rule_not_supported(message.profile, (*message.profile.rules, *self._rules))
        if fault is None and content is None:
            if message.headers.action == message.profile.action(Probe.name):
                content = ProbeMatches()
            else:
                fault = action_not_supported(message.profile, message.headers.action)
        if fault is not None or content is None:
            assert fault is not None
            return encode_fault(message, fault, self._new_id()), fault
        return encode_discovery(message.profile, self._reply_headers(message.profile, message.headers), content), None

    def _receive(self, datagram: Datagram, now: float) -> str:
        """Why it was dropped; empty where it was not."""
        host = datagram.source.host
        address = parse_host(host)
        if not self._running:
            return "not running"
        if address is None or not datagram.interface.reaches(address):
            return "off-link"
        if not self._guard.may_read(host, now, len(datagram.data)):
            return "too many"
        try:
            request = decode_discovery(datagram.data)
        except RemoteProtocolError:
            return "malformed"
        if not isinstance(request.content, Probe | Resolve) or request.profile not in self.profiles:
            return "not for a device"
        headers = request.headers
        if not headers.message_id or headers.not_understood or not headers.is_anonymous(request.profile):
            return "headers"
        self._guard.received(host, len(datagram.data), now)
        if self._seen.before(headers.message_id):
            return "copy"
        own = local_address(datagram.interface, host)
        try:
            content = None if own is None else self._answer(request, self._described(request, own))
        except UnknownRule:
            return "rule"
        if content is None:
            return "no match"
        if not self._guard.may_answer(host, now):
            return "too many answers"
        return self._reply(request, content, datagram, now)

    def _reply(self, request: Discovery, content: ProbeMatches | ResolveMatches, datagram: Datagram, now: float) -> str:
        timing = request.profile.timing
        headers = self._reply_headers(request.profile, request.headers)
        forms = tuple(
            octets
            for octets in (encode_discovery(request.profile, *form) for form in _forms(headers, content, request))
            if len(octets) <= SOAP_FRAME_OCTETS
        )
        source, expires = datagram.source, now + timing.match_timeout
        # A Probe is often half as long as its answer. Its own copy will have come by then.
        worth = not forms or self._guard.is_worth(source.host, len(forms[0]))
        earliest = 0.0 if worth else timing.max_delay + COPY_SECONDS
        latest = timing.answer_delay if isinstance(content, ProbeMatches) else earliest
        delay = self._chance.uniform(earliest, latest)
        posted = Posted(forms, source, datagram.interface, timing.unicast_repeat, expires, source.host)
        return "" if self._outbox.post(now + delay, posted) else "too much to send"

    def _choose(self, posted: Posted) -> bytes | None:
        """The best form that may be sent: an answer must not be worth more than the question."""
        if posted.asker is None:
            return posted.forms[0]
        for octets in posted.forms:
            if self._guard.may_send(posted.asker, len(octets)):
                posted.forms = (octets,)  # a copy is the same
                return octets
        self.dropped["credit"] += 1
        return None

    def _refused(self, message: Message) -> SoapFault | None:
        """Why a request over HTTP cannot be answered as it is."""
        headers = message.headers
        if headers.not_understood:
            return not_understood(headers.not_understood)
        if not headers.message_id:
            return missing_header(message.profile, "MessageID")
        return None if headers.is_anonymous(message.profile) else invalid_header(message.profile, "ReplyTo")

    def _described(self, request: Discovery, host: str) -> Description:
        device = self.device
        xaddr = format_xaddr(device.scheme, host, device.port, device.path)
        types = device.types_in(request.profile)
        return Description(device.address, types, device.scopes, (xaddr,), device.metadata_version)

    def _answer(self, request: Discovery, own: Description) -> ProbeMatches | ResolveMatches | None:
        """None where somebody else is meant."""
        content = request.content
        if isinstance(content, Probe):
            meant = matches(content, request.profile, own.types, own.scopes, self._rules)
            return ProbeMatches((own,)) if meant else None
        if isinstance(content, Resolve) and content.address == own.address:
            return ResolveMatches((own,))
        return None

    def _hello(self, interfaces: Sequence[Interface], now: float) -> None:
        device = self.device
        for profile in self.profiles if interfaces else ():
            types = device.types_in(profile)
            described = Description(device.address, types, device.scopes, (), device.metadata_version)
            self._announce(profile, Hello(described), interfaces, now)

    def _announce(self, profile: Profile, content: Hello | Bye, interfaces: Sequence[Interface], now: float) -> None:
        """The same message on all interfaces."""
        headers = Headers(
            profile.action(content.name), self._new_id(), profile.everybody, app_sequence=self._next_sequence()
        )
        data = encode_discovery(profile, headers, content)
        for interface, group in groups_of(interfaces):
            timing = profile.timing
            expires = now + timing.match_timeout
            self._outbox.post(now, Posted((data,), group, interface, timing.multicast_repeat, expires))

    def _reply_headers(self, profile: Profile, request: Headers) -> Headers:
        action = ProbeMatches.name if request.action == profile.action(Probe.name) else ResolveMatches.name
        return Headers(
            profile.action(action),
            self._new_id(),
            profile.anonymous,
            request.message_id,
            app_sequence=self._next_sequence(),
            others=request.reply_to.parameters if request.reply_to is not None else (),
        )

    def _next_sequence(self) -> AppSequence:
        self._number += 1
        return AppSequence(self._instance_id, self._number)

    def _new_id(self) -> str:
        return new_id(self._chance)


def new_id(chance: Random) -> str:
    """A name for a message."""
    return UUID(int=chance.getrandbits(128), version=4).urn


def groups_of(interfaces: Sequence[Interface]) -> list[tuple[Interface, Endpoint]]:
    """Where everybody on those interfaces listens."""
    groups = {4: Endpoint(GROUP_V4, DISCOVERY_PORT), 6: Endpoint(GROUP_V6, DISCOVERY_PORT)}
    return [
        (interface, groups[version])
        for interface in interfaces
        for version in sorted({each.version for each in interface.addresses})
    ]


def _forms(
    headers: Headers, content: ProbeMatches | ResolveMatches, request: Discovery
) -> list[tuple[Headers, ProbeMatches | ResolveMatches]]:
    """The whole answer; without scopes; with no more types than were asked for; and for who asks in few words, and
    once, as little as one can make use of.
    """
    whole = content.matches[0]
    shorter = replace(whole, scopes=())
    asked = request.content.types if isinstance(request.content, Probe) else ()
    shortest = replace(shorter, types=asked or whole.types[:1])
    forms = [(headers, type(content)((each,))) for each in dict.fromkeys((whole, shorter, shortest))]
    return [*forms, (replace(headers, to=""), type(content)((replace(shortest, types=()),)))]
