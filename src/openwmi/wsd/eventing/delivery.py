"""Events on their way: to many sinks at once, to each in order, and one that is slow or gone holds up nobody.

Each sink has a lane of its own, on which one message at a time is under way. So many lanes are served at once; one that
takes long gives its place to others and is among the slow ones from then on, until it has caught up. What could not be
delivered is sent again, with the same MessageID, for as long as its sink may take; then the lane is lost. A sink that
says what is wrong with a message has it, and gets the next one.
"""

from __future__ import annotations

import asyncio
import logging
from collections import Counter, OrderedDict, deque
from collections.abc import Callable
from enum import Enum
from http import HTTPStatus
from typing import Final, Protocol

from openwmi.base.error import AccessDenied, WbemError
from openwmi.base.eventing_limits import (
    EVENTING_BACKLOG,
    EVENTING_DELIVERIES,
    EVENTING_DELIVERY_SECONDS,
    EVENTING_LONGEST_PAUSE_SECONDS,
    EVENTING_PAUSE_SECONDS,
    EVENTING_SLOW_DELIVERIES,
    EVENTING_SLOW_SECONDS,
)
from openwmi.base.fault import LocalProtocolError, RemoteProtocolError
from openwmi.base.limits import HTTP_CONNECTIONS_PER_PEER, SOAP_ENVELOPE_OCTETS
from openwmi.base.record import printable
from openwmi.net.http import Request, Response, Url
from openwmi.net.http_client import HttpClient
from openwmi.net.http_exchange import Exchange
from openwmi.soap import SoapFault, decode, fault_of
from openwmi.soap.fault import SENDER
from openwmi.wsd.calling import ENVELOPE_TYPE, message_name, new_message_number
from openwmi.wsd.eventing.eventmessage import Destination, EventMessage

log = logging.getLogger("openwmi.wsd")

# A loop wakes a moment early, and seconds are rounded: who compares exactly is woken again and again.
AS_GOOD_AS_SECONDS: Final = 0.001


class Cargo(Protocol):
    """What goes along a lane.

    Attributes:
        message: what is sent.
    """

    message: EventMessage

    def landed(self) -> None:
        """Its sink has it, or will never have it. Called once for each lane."""
        ...


class State(Enum):
    """Of a lane."""

    IDLE = "idle"
    READY = "ready"  # to be sent when there is a place
    FLYING = "flying"
    PAUSED = "paused"  # until it is tried again
    CLOSED = "closed"


class Lane:
    """The way to one sink.

    Args:
        url: where it is.
        where: as messages name it.
        lost: is told why, once, when the sink could not be reached or does not want more; it is not called where
            somebody closes the lane.
        once: whether nothing is sent a second time.
    """

    __slots__ = (
        "attempts",
        "began",
        "flight",
        "idle",
        "lost",
        "octets",
        "once",
        "pausing",
        "pool",
        "queue",
        "state",
        "timeout",
        "url",
        "where",
    )

    def __init__(self, url: Url, where: Destination, lost: Callable[[str], object], *, once: bool = False) -> None:
        self.url = url
        self.where = where
        self.lost = lost
        self.once = once
        self.queue: deque[Cargo] = deque()
        self.state = State.IDLE
        self.octets = b""  # of the first in the queue, once it was sent
        self.attempts = 0  # that failed, or took long, since the last that did not
        self.began = 0.0
        self.flight: _Flight | None = None
        self.pool: OrderedDict[Lane, None] | None = None
        self.timeout: asyncio.TimerHandle | None = None
        self.pausing: asyncio.TimerHandle | None = None
        self.idle: asyncio.Future[None] | None = None


class Deliveries:
    """All lanes of a device. Use it on one loop.

    Args:
        http: what carries messages, and may be shared; None for one of its own.
    """

    def __init__(
        self,
        http: HttpClient | None = None,
        *,
        at_once: int = EVENTING_DELIVERIES,
        slow: int = EVENTING_SLOW_DELIVERIES,
    ) -> None:
        self._given = http
        self._http = http
        self._connections = HTTP_CONNECTIONS_PER_PEER if http is None else http.connections
        self._at_once = at_once
        self._slow_at_once = slow
        self._ready: deque[Lane] = deque()
        self._suspects: deque[Lane] = deque()
        self._flying: OrderedDict[Lane, None] = OrderedDict()  # in the order in which they began
        self._slow: OrderedDict[Lane, None] = OrderedDict()
        self._slow_of: Counter[str] = Counter()  # how many of those each machine has
        self._tick: asyncio.TimerHandle | None = None
        self._places: Counter[_Place] = Counter()  # lanes of each
        self._busy: Counter[_Place] = Counter()  # and those of them on which something is under way
        self._held: dict[_Place, deque[Lane]] = {}  # and those that wait for a connection

    def open(self, lane: Lane) -> None:
        """It is used from now on, until it is closed."""
        self._places[_place(lane.url)] += 1

    def send(self, lane: Lane, cargo: Cargo) -> None:
        """Returns at once; `cargo` is told what became of it. A sink that is too far behind loses its lane."""
        if lane.state is State.CLOSED:
            cargo.landed()
            return
        lane.queue.append(cargo)
        if lane.state is State.IDLE:
            self._enqueue(lane)
        elif len(lane.queue) > EVENTING_BACKLOG:
            self._lose(lane, f"it is {EVENTING_BACKLOG} events behind")

    def close(self, lane: Lane) -> None:
        """Nothing is sent there any more, not even the rest of what is under way. Harmless when repeated."""
        if lane.state is State.CLOSED:
            return
        key, waited = _place(lane.url), lane.state is State.READY
        lane.state = State.CLOSED
        if lane.flight is not None:
            lane.flight.withdraw()
        self._ground(lane)
        if waited and self._busy[key] < self._connections:  # it had its turn
            self._release(key)
        for timer in (lane.timeout, lane.pausing):
            if timer is not None:
                timer.cancel()
        queue, lane.queue = lane.queue, deque()
        for cargo in queue:
            cargo.landed()
        _settle(lane)
        self._places[key] -= 1
        if not self._places[key]:
            del self._places[key]
            if self._http is not None and self._given is None:
                self._http.forget(lane.url)
        self._pump()

    async def finish(self, lane: Lane, seconds: float, *, all_of_it: bool = False) -> None:
        """Closes it once what is under way there has come, or after so long; with `all_of_it` what waits, too."""
        try:
            if not all_of_it:
                first = 0 if lane.flight is None else 1
                while len(lane.queue) > first:
                    lane.queue.pop().landed()
            if lane.queue and lane.state is not State.CLOSED:
                lane.idle = asyncio.get_running_loop().create_future()
                await asyncio.wait([lane.idle], timeout=seconds)
        finally:
            self.close(lane)

    async def aclose(self) -> None:
        """Closes the connections that are its own."""
        if self._tick is not None:
            self._tick.cancel()
            self._tick = None
        if self._given is None and self._http is not None:
            http, self._http = self._http, None
            await http.aclose()

    # Lanes get their turn.

    def _enqueue(self, lane: Lane) -> None:
        lane.state = State.READY
        if not lane.attempts:
            self._ready.append(lane)
        elif self._has_room(lane):
            self._suspects.appendleft(lane)
        else:
            self._suspects.append(lane)
        self._pump()

    def _pump(self) -> None:
        self._start(self._ready, self._flying, self._at_once)
        self._start(self._suspects, self._slow, self._slow_at_once)

    def _start(self, waiting: deque[Lane], pool: OrderedDict[Lane, None], at_once: int) -> None:
        while waiting and len(pool) < at_once:
            lane = waiting.popleft()
            if lane.state is not State.READY:  # it was closed meanwhile
                continue
            place = _place(lane.url)
            if self._busy[place] < self._connections or lane.octets:
                self._begin(lane, pool)
            else:  # its time does not begin while others have all connections that there may be to that address
                self._held.setdefault(place, deque()).append(lane)

    def _begin(self, lane: Lane, pool: OrderedDict[Lane, None]) -> None:
        loop = asyncio.get_running_loop()
        now = loop.time()
        if not lane.octets:
            lane.octets = lane.queue[0].message.octets(lane.where, message_name(new_message_number()))
            lane.began = now
        lane.state = State.FLYING
        self._enter(lane, pool)
        self._busy[_place(lane.url)] += 1
        if pool is self._flying and self._tick is None:
            self._tick = loop.call_later(EVENTING_SLOW_SECONDS, self._ticked)
        if self._http is None:
            self._http = HttpClient(connections=self._connections)
        lane.flight = flight = _Flight(self, lane)
        try:
            self._http.begin(flight, lane.url, Request("POST", lane.url.target, _SOAP, lane.octets))
        except (WbemError, LocalProtocolError) as error:
            loop.call_soon(self._failed, lane, flight, str(error))

    def _ticked(self) -> None:
        """Those that take long give their places to others."""
        self._tick = None
        loop = asyncio.get_running_loop()
        now = loop.time()
        while self._flying:
            lane = next(iter(self._flying))
            since = lane.began + EVENTING_SLOW_SECONDS
            if since > now + AS_GOOD_AS_SECONDS:
                self._tick = loop.call_at(since, self._ticked)
                break
            self._suspect(lane)
            if self._has_room(lane):
                del self._flying[lane]
                self._enter(lane, self._slow)
            else:
                self._put_off(lane)
        self._pump()

    def _has_room(self, lane: Lane) -> bool:
        """Whether there is a place for one more slow one: else the machine that has most of them gives one away.

        So whoever has many sinks that are gone takes no place from a slow one of somebody else's.
        """
        if len(self._slow) < self._slow_at_once:
            return True
        greedy, places = max(self._slow_of.items(), key=lambda each: each[1])
        if places <= self._slow_of[lane.url.host] + 1:
            return False
        self._put_off(next(each for each in self._slow if each.url.host == greedy))
        return True

    def _put_off(self, lane: Lane) -> None:
        """What is under way there is given up, to be tried again when it is its turn."""
        assert lane.flight is not None, "it is on its way"
        lane.flight.withdraw()
        self._ground(lane)
        lane.state = State.READY
        self._suspects.append(lane)

    def _enter(self, lane: Lane, pool: OrderedDict[Lane, None]) -> None:
        lane.pool = pool
        pool[lane] = None
        if pool is self._slow:
            self._slow_of[lane.url.host] += 1

    def _suspect(self, lane: Lane) -> None:
        """It is one of the slow ones until it has caught up, and has so long for that."""
        lane.attempts += 1
        if lane.timeout is None:
            when = lane.began + EVENTING_DELIVERY_SECONDS
            lane.timeout = asyncio.get_running_loop().call_at(when, self._expired, lane)

    def _ground(self, lane: Lane) -> None:
        """Nothing is under way on it any more. Who calls this sees to it that others get their turn."""
        if lane.pool is not None:
            lane.pool.pop(lane, None)
            if lane.pool is self._slow:
                self._slow_of[lane.url.host] -= 1
                if not self._slow_of[lane.url.host]:
                    del self._slow_of[lane.url.host]
            lane.pool = None
        if lane.flight is None:
            return
        lane.flight = None
        place = _place(lane.url)
        self._busy[place] -= 1
        if not self._busy[place]:
            del self._busy[place]
        self._release(place)

    def _release(self, place: _Place) -> None:
        """One of those that wait for a connection there gets its turn."""
        held = self._held.get(place)
        while held:
            lane = held.popleft()
            if lane.state is State.READY:  # else it was closed meanwhile
                self._ready.appendleft(lane)
                break
        if held is not None and not held:
            del self._held[place]

    # What became of a message.

    def answered(self, lane: Lane, flight: _Flight, response: Response) -> None:
        """Part of an exchange."""
        if lane.flight is not flight:
            return
        if HTTPStatus.OK <= response.status < HTTPStatus.MULTIPLE_CHOICES:
            self._delivered(lane)
        elif (fault := _fault(response)) is not None and _is_of_the_message(fault):
            log.info("%s has not understood an event: %s", lane.url.host, printable(fault.reason))
            self._delivered(lane)
        elif response.status in _BUSY or response.status >= HTTPStatus.INTERNAL_SERVER_ERROR:
            self._failed(lane, flight, f"it answered with HTTP {response.status}")
        else:
            self._lose(lane, f"it answered with HTTP {response.status}")

    def unanswered(self, lane: Lane, flight: _Flight, error: WbemError) -> None:
        """Likewise."""
        if isinstance(error, AccessDenied) and lane.flight is flight:
            self._lose(lane, str(error))
        else:
            self._failed(lane, flight, str(error))

    def _delivered(self, lane: Lane) -> None:
        self._ground(lane)
        lane.octets = b""
        lane.attempts = 0
        if lane.timeout is not None:
            lane.timeout.cancel()
            lane.timeout = None
        cargo = lane.queue.popleft()
        if lane.queue:
            self._enqueue(lane)
        else:
            lane.state = State.IDLE
            _settle(lane)
            self._pump()
        cargo.landed()

    def _failed(self, lane: Lane, flight: _Flight, why: str) -> None:
        if lane.flight is not flight:
            return
        self._ground(lane)
        loop = asyncio.get_running_loop()
        if lane.once or loop.time() >= lane.began + EVENTING_DELIVERY_SECONDS:
            self._lose(lane, why)
            return
        pause = min(EVENTING_PAUSE_SECONDS * 2 ** min(lane.attempts, _DOUBLINGS), EVENTING_LONGEST_PAUSE_SECONDS)
        self._suspect(lane)
        lane.state = State.PAUSED
        lane.pausing = loop.call_later(pause, self._enqueue, lane)
        self._pump()

    def _expired(self, lane: Lane) -> None:
        lane.timeout = None
        self._lose(lane, f"it has not taken an event within {EVENTING_DELIVERY_SECONDS:g} s")

    def _lose(self, lane: Lane, why: str) -> None:
        self.close(lane)
        lane.lost(why)


class _Flight(Exchange):
    """One attempt."""

    __slots__ = (*Exchange.SLOTS, "_deliveries", "_lane")

    def __init__(self, deliveries: Deliveries, lane: Lane) -> None:
        self._deliveries = deliveries
        self._lane = lane
        self.at = None

    def limit(self) -> int:
        return SOAP_ENVELOPE_OCTETS

    def answered(self, response: Response) -> None:
        self._deliveries.answered(self._lane, self, response)

    def unanswered(self, error: WbemError) -> None:
        self._deliveries.unanswered(self._lane, self, error)


def _fault(response: Response) -> SoapFault | None:
    """Why the sink has not taken it, where it says so by SOAP, whose binding has these two for that."""
    if response.status not in _FAULTED or not response.body:
        return None
    try:
        return fault_of(decode(response.body))
    except RemoteProtocolError:
        return None


def _is_of_the_message(fault: SoapFault) -> bool:
    """Whether what is wrong is what that one message says, so that to send it again would be of no use.

    The sink is there, then, and goes on: one notification is lost, and not the subscription. WS-Eventing lets a source
    end it for problems of delivery, and DPWS where it cannot deliver (R3019, which Windows' devices never do): this one
    was delivered. SOAP 1.2 (part 1, 5.4.6) says of the code Sender that the message should not be sent again without a
    change, of Receiver that it may succeed later. There is no such place any more: that is of the subscription.
    """
    gone = fault.subcode is not None and fault.subcode.local == "DestinationUnreachable"
    return fault.code == SENDER and not gone


def _settle(lane: Lane) -> None:
    if lane.idle is not None and not lane.idle.done():
        lane.idle.set_result(None)


_Place = tuple[bool, str, int]


def _place(url: Url) -> _Place:
    return url.secure, url.host, url.port


_SOAP: Final = (("Content-Type", ENVELOPE_TYPE),)
_BUSY: Final = {HTTPStatus.REQUEST_TIMEOUT, HTTPStatus.TOO_MANY_REQUESTS}
_FAULTED: Final = {HTTPStatus.BAD_REQUEST, HTTPStatus.INTERNAL_SERVER_ERROR}
_DOUBLINGS: Final = 8
