"""Who has subscribed to the events of a service, and until when. State alone: the time is passed in.

Subscriptions that are over are found by a heap, so that a tick costs what it finds and nothing for the others.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Collection, Iterator
from datetime import datetime
from heapq import heapify, heappop, heappush
from typing import Final, Generic, TypeVar

from openwmi.base.eventing_limits import (
    EVENTING_LEAST_SECONDS,
    EVENTING_LONGEST_SECONDS,
    EVENTING_SECONDS,
    EVENTING_SUBSCRIPTIONS,
    EVENTING_SUBSCRIPTIONS_PER_PEER,
)
from openwmi.soap import Expires, Profile, Refusal, Refused
from openwmi.wsd.matching import rfc2396

T = TypeVar("T")

# Entries of the heap that mean nothing any more are as many as those that do, and these, before it is made anew.
STALE: Final = 64


class Room:
    """How many subscriptions there may be on a device, in all and of one address."""

    def __init__(self, in_all: int = EVENTING_SUBSCRIPTIONS, per_peer: int = EVENTING_SUBSCRIPTIONS_PER_PEER) -> None:
        self._in_all = in_all
        self._per_peer = per_peer
        self._taken = 0
        self._peers: Counter[str] = Counter()

    def take(self, peer: str) -> bool:
        """Whether there is room for one more."""
        if self._taken >= self._in_all or self._peers[peer] >= self._per_peer:
            return False
        self._taken += 1
        self._peers[peer] += 1
        return True

    def give(self, peer: str) -> None:
        """One is over."""
        self._taken -= 1
        self._peers[peer] -= 1
        if not self._peers[peer]:
            del self._peers[peer]


class Subscription(Generic[T]):
    """One of them.

    Attributes:
        identifier: by which it is renewed and ended; nobody can guess it.
        peer: the address of who has subscribed.
        actions: of the events that it is told.
        ends: when it is over.
        sink: what is known of where its events go.
        asked: what the message was called that has asked for it; empty where that is not known.
    """

    __slots__ = ("actions", "asked", "ends", "entry", "identifier", "peer", "sink")

    def __init__(self, identifier: str, peer: str, actions: tuple[str, ...], sink: T, asked: str = "") -> None:
        self.identifier = identifier
        self.peer = peer
        self.actions = actions
        self.sink = sink
        self.asked = asked
        self.ends = 0.0
        self.entry = 0


class Subscriptions(Generic[T]):
    """Those of one service.

    Args:
        events: the actions of the events that it sends.
        room: of the device that it is on.
    """

    def __init__(self, events: Collection[str], room: Room) -> None:
        self.events = tuple(events)
        self._room = room
        self._all: dict[str, Subscription[T]] = {}
        self._asked: dict[tuple[str, str], Subscription[T]] = {}
        self._of: dict[str, dict[str, Subscription[T]]] = {action: {} for action in self.events}
        self._heap: list[tuple[float, int, Subscription[T]]] = []
        self._entries = 0

    def __len__(self) -> int:
        return len(self._all)

    def chosen(self, filtered: tuple[str, ...] | None, profile: Profile) -> tuple[str, ...]:
        """The events that a filter means: those whose actions begin with the segments of one of its URIs.

        Refused (FilterActionNotSupported) where it means none.
        """
        if filtered is None:
            return self.events
        found = tuple(each for each in self.events if any(_means(uri, each) for uri in filtered))
        if not found:
            raise Refused(Refusal.FILTER_ACTION_NOT_SUPPORTED.fault(profile))
        return found

    def add(self, subscription: Subscription[T], ends: float, profile: Profile) -> None:
        """One more. Refused (EventSourceUnableToProcess) where there are too many."""
        if not self._room.take(subscription.peer):
            reason = "There are too many subscriptions."
            raise Refused(Refusal.EVENT_SOURCE_UNABLE_TO_PROCESS.fault(profile, reason))
        self._all[subscription.identifier] = subscription
        if subscription.asked:
            self._asked[subscription.peer, subscription.asked] = subscription
        for action in subscription.actions:
            self._of[action][subscription.identifier] = subscription
        self.renew(subscription, ends)

    def renew(self, subscription: Subscription[T], ends: float) -> None:
        """It is over then, and not when it would have been."""
        later = bool(subscription.entry) and ends >= subscription.ends
        subscription.ends = ends
        if later:
            return  # its entry comes up before that, and is put back
        self._entries += 1
        subscription.entry = self._entries
        heappush(self._heap, (ends, self._entries, subscription))
        if len(self._heap) > 2 * len(self._all) + STALE:
            self._heap = [each for each in self._heap if each[1] == each[2].entry]
            heapify(self._heap)

    def remove(self, subscription: Subscription[T]) -> bool:
        """It is over. Whether it was there."""
        if self._all.pop(subscription.identifier, None) is None:
            return False
        name = subscription.peer, subscription.asked
        if self._asked.get(name) is subscription:
            del self._asked[name]
        for action in subscription.actions:
            del self._of[action][subscription.identifier]
        self._room.give(subscription.peer)
        subscription.entry = 0
        return True

    def find(self, identifier: str, now: float) -> Subscription[T] | None:
        """By its identifier, if it is not over."""
        found = self._all.get(identifier)
        return found if found is not None and found.ends > now else None

    def find_asked(self, peer: str, asked: str, now: float) -> Subscription[T] | None:
        """By the message that has asked for it: who had no answer may have sent that again."""
        found = self._asked.get((peer, asked))
        return found if found is not None and found.ends > now else None

    def of(self, action: str) -> Collection[Subscription[T]]:
        """Those that are told such an event; some may be over. KeyError for no event of the service."""
        return self._of[action].values()

    def due(self, now: float) -> list[Subscription[T]]:
        """Those that are over now, which are removed."""
        over = []
        while self._heap and self._heap[0][0] <= now:
            _, entry, subscription = heappop(self._heap)
            if entry != subscription.entry:
                continue
            if subscription.ends > now:
                heappush(self._heap, (subscription.ends, entry, subscription))
                continue
            self.remove(subscription)
            over.append(subscription)
        return over

    def deadline(self) -> float | None:
        """When to call `due`."""
        while self._heap and self._heap[0][1] != self._heap[0][2].entry:
            heappop(self._heap)
        return self._heap[0][0] if self._heap else None

    def __iter__(self) -> Iterator[Subscription[T]]:
        return iter(list(self._all.values()))


def granted(asked: Expires | None, wall: datetime, profile: Profile) -> float:
    """For how many whole seconds there is a subscription. Refused (InvalidExpirationTime) for none, and for the past.

    Not every peer reads parts of a second. A moment is told by the clock of this machine; from then on the subscription
    goes by a clock that nobody sets.
    """
    if asked is None:
        return EVENTING_SECONDS
    seconds = (asked - wall if isinstance(asked, datetime) else asked).total_seconds()
    if seconds <= 0:
        raise Refused(Refusal.INVALID_EXPIRATION_TIME.fault(profile))
    return min(max(seconds // 1, EVENTING_LEAST_SECONDS), EVENTING_LONGEST_SECONDS)


def _means(wanted: str, action: str) -> bool:
    """By WS-Discovery's rule for URIs, as DPWS has it: so one filter may mean all that a port type sends."""
    return wanted == action or rfc2396(wanted, action)
