"""The client's side of discovery: it looks for devices (Probe), asks where one is (Resolve), hears them come and go.

    client = Client(chance)
    search = client.probe(interfaces, now, types=…)    `due`: what must be sent; `search.ends`: how long to wait
    for event in client.receive(datagram, now): …      Found, Updated, Gone
    search.take()                                      the devices that answered since this was asked last

Answers count only where they relate to a message of a search that still runs. It must not know of sockets.
"""

from __future__ import annotations

from collections import Counter, OrderedDict
from collections.abc import Sequence
from dataclasses import dataclass
from random import Random

from openwmi.base.error import WbemError
from openwmi.base.fault import LocalProtocolError, RemoteProtocolError
from openwmi.base.limits import (
    DISCOVERY_DEVICES,
    DISCOVERY_KNOWN_OCTETS,
    DISCOVERY_QUESTIONS,
    DISCOVERY_SEARCHES,
    DISCOVERY_WAITING,
    SOAP_DATAGRAM_OCTETS,
)
from openwmi.base.status import WbemStatus
from openwmi.net.datagram import Datagram
from openwmi.net.interfaces import Interface
from openwmi.soap import PROFILES, EndpointReference, Headers, Profile, QName
from openwmi.wsd.addresses import parse_host
from openwmi.wsd.device import Device, Event, Found, Gone, Known, Updated, device_of
from openwmi.wsd.guard import Seen
from openwmi.wsd.messages import (
    Bye,
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
from openwmi.wsd.outbox import Outbox, Outgoing, Posted
from openwmi.wsd.target import groups_of, new_id

AGAIN_SECONDS = 3.0
"""After this long, when the first answers have come, a search asks once more: bursts of answers lose some."""


@dataclass(frozen=True, slots=True)
class Question:
    """One message of a search. `wanted` are the types that answers have to have, where it does not ask for them."""

    profile: Profile
    content: Probe | Resolve
    wanted: tuple[QName, ...] = ()


class Search:
    """A Probe or a Resolve, in each profile, until it ends.

    Attributes:
        ends: when nothing more is waited for.
        questions: what is asked.
    """

    def __init__(self, questions: Sequence[Question], ends: float) -> None:
        self.questions = tuple(questions)
        self.ends = ends
        self._found: list[Device] = []
        self._heard: set[str] = set()

    @property
    def has_more(self) -> bool:
        """Whether there is something to take."""
        return bool(self._found)

    def take(self) -> list[Device]:
        """The devices that have answered since this was asked last, each once."""
        found, self._found = self._found, []
        return found

    def add(self, device: Device) -> None:
        """A device has answered."""
        if device.address not in self._heard and len(self._heard) < DISCOVERY_DEVICES:
            self._heard.add(device.address)
            self._found.append(device)


class Client:
    """What one program knows of the devices around it. See the module's text.

    Args:
        chance: for delays and names of messages.
        profiles: those that it speaks.

    Attributes:
        dropped: why datagrams said nothing, and how many.
    """

    def __init__(self, chance: Random, profiles: Sequence[Profile] = PROFILES) -> None:
        self.dropped: Counter[str] = Counter()
        self.profiles = tuple(profiles)
        self._chance = chance
        self._interfaces: tuple[Interface, ...] = ()
        self._seen = Seen()
        self._known: OrderedDict[str, Known] = OrderedDict()
        self._weight = 0  # of them all
        self._outbox = Outbox(self.profiles[0].timing, chance, DISCOVERY_WAITING)
        self._asked: dict[str, tuple[Search, Question]] = {}  # by the name of the message
        self._searches: list[Search] = []
        self._again: list[tuple[float, Search, tuple[Interface, ...]]] = []  # without interfaces: on all there are

    def __len__(self) -> int:
        """How many devices are known."""
        return len(self._known)

    # To ask.

    def probe(
        self,
        interfaces: Sequence[Interface],
        now: float,
        *,
        types: Sequence[QName] = (),
        scopes: Sequence[str] = (),
        match_by: str = "",
        timeout: float | None = None,
    ) -> Search:
        """Looks for devices of all those types, with a match for each scope.

        Without types it is asked both for whatever there is and for devices: some answer the one only, some the other.
        Of other types it is asked for devices, too: some answer that alone, whatever else they are (wsdd).
        """
        questions = [
            Question(profile, Probe(asked, tuple(scopes), _rule_in(match_by, profile)), _types_in(types, profile))
            for profile in self.profiles
            for asked in _asked_in(types, profile)
        ]
        return self._search(questions, interfaces, now, timeout)

    def resolve(
        self, address: str, interfaces: Sequence[Interface], now: float, *, timeout: float | None = None
    ) -> Search:
        """Asks where the device of that address listens."""
        questions = [Question(profile, Resolve(address)) for profile in self.profiles]
        return self._search(questions, interfaces, now, timeout)

    def end(self, search: Search) -> None:
        """Nobody waits for its answers any more. Harmless when repeated."""
        search.ends = float("-inf")
        self._forget_ended(0.0)

    def interfaces_changed(self, interfaces: Sequence[Interface], now: float) -> None:
        """The interfaces are these now: what is being looked for is looked for on the new ones, too."""
        before, self._interfaces = set(self._interfaces), tuple(interfaces)
        gone = before - set(self._interfaces)
        self._outbox.drop(lambda posted: posted.interface in gone)
        self._forget_ended(now)
        new = [each for each in self._interfaces if each not in before]
        for search in self._searches if new else ():
            self._ask(search, new, now)
            self._again.append((now + AGAIN_SECONDS, search, tuple(new)))

    # What comes in and goes out.

    def due(self, now: float) -> list[Outgoing]:
        """What has to be sent by now."""
        self._forget_ended(now)
        while self._again and self._again[0][0] <= now:
            _, search, interfaces = self._again.pop(0)
            there = [each for each in interfaces if each in self._interfaces] if interfaces else self._interfaces
            if search in self._searches and there:
                self._ask(search, there, now)
        return self._outbox.due(now, lambda posted: posted.forms[0])

    def deadline(self) -> float | None:
        """When `due` has something next; None where nothing waits."""
        times = [at for at in (self._outbox.deadline(), self._again[0][0] if self._again else None) if at is not None]
        return min(times, default=None)

    def receive(self, datagram: Datagram, now: float) -> list[Event]:
        """A datagram, whatever it holds: what has changed by it. Raises nothing."""
        try:
            message = decode_discovery(datagram.data)
        except RemoteProtocolError:
            self.dropped["malformed"] += 1
            return []
        # Some answer by the name of the question, and so several of them by the same one.
        name = message.headers.message_id
        if name and self._seen.before(f"{datagram.source.host} {name}"):
            self.dropped["copy"] += 1
            return []
        self._forget_ended(now)
        content = message.content
        if isinstance(content, ProbeMatches | ResolveMatches):
            return self._answered(message, content, datagram)
        if isinstance(content, Hello | Bye):
            return self._announced(message, content, datagram)
        return []  # somebody else's question

    def _answered(self, message: Discovery, answer: ProbeMatches | ResolveMatches, datagram: Datagram) -> list[Event]:
        search, question = self._asked.get(message.headers.relates_to, (None, None))
        if search is None or question is None or question.profile is not message.profile:
            self.dropped["not asked"] += 1
            return []
        events = []
        for described in answer.matches:
            if not _fits(described, question):
                self.dropped["not wanted"] += 1
                continue
            events += self._hear(message, described, datagram)
            known = self._known[described.address]
            if not known.gone:
                search.add(known.device)
        return events

    def _announced(self, message: Discovery, content: Hello | Bye, datagram: Datagram) -> list[Event]:
        source = parse_host(datagram.source.host)
        if not datagram.multicast or source is None or not datagram.interface.reaches(source):
            self.dropped["off-link"] += 1
            return []
        if isinstance(content, Hello):
            return self._hear(message, content.description, datagram)
        return self._left(message, content.description, datagram)

    def _left(self, message: Discovery, described: Description, datagram: Datagram) -> list[Event]:
        """A device goes. It stays known, so that what it said before and comes later does not bring it back."""
        known = self._known.get(described.address)
        sequence = message.headers.app_sequence
        if known is None:
            said = device_of(described, message.headers, message.profile, datagram.source, datagram.interface.name)
            self._remember(Known(said, sequence)).gone = True
            return []
        if known.gone or known.is_stale(sequence):
            self.dropped["stale"] += 1
            return []
        known.gone, known.sequence = True, sequence or known.sequence
        return [Gone(known.device)]

    def _hear(self, message: Discovery, described: Description, datagram: Datagram) -> list[Event]:
        """What a message says of a device."""
        said = device_of(described, message.headers, message.profile, datagram.source, datagram.interface.name)
        sequence = message.headers.app_sequence
        known = self._known.get(said.address)
        if known is None:
            self._remember(Known(said, sequence))
            return [Found(said)]
        self._known.move_to_end(said.address)
        if known.is_stale(sequence):
            self.dropped["stale"] += 1
            return []
        was_gone, weight = known.gone, known.weight
        changed = known.hear(said, sequence, versioned=described.metadata_version is not None)
        self._grow(known.weight - weight)
        if not changed:
            return []
        return [Found(known.device) if was_gone else Updated(known.device)]

    def _remember(self, known: Known) -> Known:
        self._known[known.device.address] = known
        self._grow(known.weight)
        return known

    def _grow(self, weight: int) -> None:
        self._weight += weight
        while len(self._known) > DISCOVERY_DEVICES or self._weight > DISCOVERY_KNOWN_OCTETS:
            self._weight -= self._known.popitem(last=False)[1].weight

    def _search(
        self, questions: Sequence[Question], interfaces: Sequence[Interface], now: float, timeout: float | None
    ) -> Search:
        self._forget_ended(now)
        if len(self._searches) >= DISCOVERY_SEARCHES:
            raise WbemError(
                WbemStatus.QUOTA_VIOLATION, f"{DISCOVERY_SEARCHES} searches run already: wait for one to end"
            )
        timing = self.profiles[0].timing
        search = Search(questions, now + (timing.match_timeout if timeout is None else timeout))
        self._interfaces = tuple(interfaces)
        try:
            self._ask(search, self._interfaces, now)
        except LocalProtocolError as error:
            raise WbemError(WbemStatus.INVALID_PARAMETER, f"that cannot be looked for: {error}") from None
        self._searches.append(search)
        self._again.append((now + AGAIN_SECONDS, search, ()))
        return search

    def _ask(self, search: Search, interfaces: Sequence[Interface], now: float) -> None:
        for question in search.questions:
            profile = question.profile
            name = new_id(self._chance)
            reply_to = EndpointReference(profile.anonymous)
            headers = Headers(profile.action(question.content.name), name, profile.everybody, reply_to=reply_to)
            data = encode_discovery(profile, headers, question.content)
            if len(data) > SOAP_DATAGRAM_OCTETS:
                raise LocalProtocolError(f"it takes {len(data)} octets, and a message has {SOAP_DATAGRAM_OCTETS}")
            self._asked[name] = search, question
            if len(self._asked) > DISCOVERY_QUESTIONS:
                del self._asked[next(iter(self._asked))]
            copies = profile.timing.multicast_repeat
            for interface, group in groups_of(interfaces):
                self._outbox.post(now, Posted((data,), group, interface, copies, search.ends))

    def _forget_ended(self, now: float) -> None:
        if any(search.ends <= now for search in self._searches):
            self._searches = [search for search in self._searches if search.ends > now]
            live = set(map(id, self._searches))
            self._asked = {name: entry for name, entry in self._asked.items() if id(entry[0]) in live}
            self._again = [entry for entry in self._again if id(entry[1]) in live]


_DEVICES = frozenset(profile.device_type for profile in PROFILES)


def _types_in(types: Sequence[QName], profile: Profile) -> tuple[QName, ...]:
    """A Device of the one profile is a Device of the other."""
    return tuple(dict.fromkeys(profile.device_type if each in _DEVICES else each for each in types))


def _asked_in(types: Sequence[QName], profile: Profile) -> list[tuple[QName, ...]]:
    """The types of the Probes that look for devices of these types."""
    device, wanted = (profile.device_type,), _types_in(types, profile)
    return [device] if wanted == device else [wanted, device] if wanted else [device, ()]


def _rule_in(match_by: str, profile: Profile) -> str:
    """The URI of a rule that is given by its name, `uuid`; what is a URI stays."""
    if not match_by or ":" in match_by:
        return match_by
    found = next((uri for uri, name in profile.rules.items() if name == match_by), "")
    if not found:
        known = ", ".join(profile.rules.values())
        raise WbemError(
            WbemStatus.INVALID_PARAMETER, f"{match_by!r} is no rule for scopes: there are {known}, or a URI"
        )
    return found


def _fits(described: Description, question: Question) -> bool:
    """Whether an answer is one. That it is a device need not be said again; and types without a namespace had a prefix
    that the device forgot to declare.
    """
    asked = question.content
    if isinstance(asked, Resolve):
        return described.address == asked.address
    wanted = set(question.wanted) - _DEVICES - set(described.types)
    vague = {each.local for each in described.types if not each.namespace}
    if not described.types:
        return question.wanted == asked.types  # it has none to show, and has heard which ones were asked for
    return not wanted or {each.local for each in wanted} <= vague
