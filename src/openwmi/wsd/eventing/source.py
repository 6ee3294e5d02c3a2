"""The events of a service of ours: who asks for them is answered, and they are sent to all who did (WS-Eventing, 3).

Whoever is told that its subscription is over (by the answer to Unsubscribe) is told nothing more. A sink that could not
be reached, or does not want more, loses its subscription, and EndTo is told once; so it is when the device ends. Who
lets its subscription run out is told nothing, as WS-Eventing has it.
"""

from __future__ import annotations

import asyncio
import logging
import uuid
from collections.abc import Awaitable, Callable, Collection, Mapping
from datetime import UTC, datetime, timedelta
from functools import partial

from openwmi.base.error import WbemError
from openwmi.base.eventing_limits import EVENTING_END_SECONDS, EVENTING_UNSUBSCRIBE_SECONDS
from openwmi.base.fault import LocalProtocolError, RemoteProtocolError
from openwmi.base.record import printable
from openwmi.base.status import WbemStatus
from openwmi.net.http import Url
from openwmi.operation import Operation, SingleResult
from openwmi.soap import EndpointReference, EndStatus, Message, Part, Profile, Refusal, Refused
from openwmi.soap import eventing as e
from openwmi.wsd.calling import Faulted
from openwmi.wsd.eventing.delivery import AS_GOOD_AS_SECONDS, Deliveries, Lane
from openwmi.wsd.eventing.eventmessage import Destination, EventMessage
from openwmi.wsd.eventing.sinks import AllowedSinks
from openwmi.wsd.eventing.subscriptions import Room, Subscription, Subscriptions, granted
from openwmi.wsd.service import Call, Handler

log = logging.getLogger("openwmi.wsd")

REASON_CHARS = 1000
# Names of messages that are longer are not remembered: a UUID has 45 characters.
NAME_CHARS = 256


class Outlet:
    """What the services of one device share that send events.

    Args:
        deliveries: what sends.
        sinks: where to.
        room: how many subscriptions there may be.
        profiles: those that the device speaks.
        wall: the date and time.
    """

    def __init__(
        self,
        profiles: Collection[Profile],
        deliveries: Deliveries,
        sinks: AllowedSinks,
        room: Room | None = None,
        wall: Callable[[], datetime] = lambda: datetime.now(UTC),
    ) -> None:
        self.profiles = tuple(profiles)
        self.deliveries = deliveries
        self.sinks = sinks
        self.room = room or Room()
        self.wall = wall


class Sink:
    """Where the events of one subscription go.

    Attributes:
        lane: the way there.
        manager: where the subscription is renewed and ended.
        profile: the versions that are spoken.
        end: tells why it ended; does nothing where nobody wants to know.
    """

    __slots__ = ("end", "lane", "manager", "profile")

    def __init__(self, lane: Lane, manager: EndpointReference, profile: Profile) -> None:
        self.lane = lane
        self.manager = manager
        self.profile = profile
        self.end: Callable[[EndStatus, str], Lane | None] = lambda status, why: None  # noqa: ARG005 - nobody wants it


class EventSource:
    """The events of one service.

    Args:
        events: the actions of those that it sends.
        outlet: of the device that it is on.
        where: the address of the service, at one of the machine.
        name: of the service, for logs.

    Attributes:
        lost: subscriptions that ended since their sinks could not be reached, or did not want more.
    """

    def __init__(self, events: Collection[str], outlet: Outlet, where: Callable[[str], str], name: str = "") -> None:
        self._outlet = outlet
        self._where = where
        self._name = name
        self._subscriptions: Subscriptions[Sink] = Subscriptions(events, outlet.room)
        self._timer: asyncio.TimerHandle | None = None
        self._ending: set[Lane] = set()
        self._ended = False
        self.lost = 0
        self.handlers: Mapping[str, Handler] = {
            e.SUBSCRIBE: partial(_granting, self._subscribe),
            e.RENEW: partial(_granting, self._renew),
            e.GET_STATUS: partial(_granting, self._status),
            e.UNSUBSCRIBE: partial(_granting, self._unsubscribe),
        }

    def __len__(self) -> int:
        """How many subscriptions there are."""
        return len(self._subscriptions)

    def signal(self, action: str, body: Part | bytes | None) -> Operation[None]:
        """Sends an event to all who have subscribed to it, and returns at once.

        The operation ends when each sink has it, or has lost its subscription; what becomes of a sink is no failure.
        Cancelling it takes nothing back.

        Args:
            action: of the event, one of the service's. WbemError(INVALID_PARAMETER).
            body: the element in its body, or that as octets. WbemError(INVALID_PARAMETER), by the operation, for what
                cannot be sent.
        """
        try:
            told = list(self._subscriptions.of(action))
        except KeyError:
            known = ", ".join(self._subscriptions.events) or "none"
            raise WbemError(
                WbemStatus.INVALID_PARAMETER, f"{self._name} sends no event {action!r}; its events are {known}"
            ) from None
        signal = _Signal(f"signal {action}")
        operation = Operation(signal)
        try:
            signal.message = EventMessage(action, body, self._outlet.profiles)
        except LocalProtocolError as error:
            signal.fail(WbemError(WbemStatus.INVALID_PARAMETER, f"{action} cannot be sent: {error}"))
            return operation
        now = asyncio.get_running_loop().time()
        lanes = [each.sink.lane for each in told if each.ends > now]
        signal.left = 1 + len(lanes)
        for lane in lanes:
            self._outlet.deliveries.send(lane, signal)
        signal.landed()
        return operation

    async def end(self, status: EndStatus, why: str, seconds: float = EVENTING_END_SECONDS) -> None:
        """All subscriptions are over: each gets what was signalled before, and is told why. After so long it is cut.

        Nobody can subscribe any more.
        """
        self._ended = True
        if self._timer is not None:
            self._timer.cancel()
            self._timer = None
        over = list(self._subscriptions)
        for subscription in over:
            self._subscriptions.remove(subscription)
        try:
            async with asyncio.timeout(seconds):
                await asyncio.gather(*(self._part(each.sink, status, why, seconds) for each in over))
        except TimeoutError:
            log.info("%s has ended before all of its subscribers knew", printable(self._name))
        finally:
            for lane in [*self._ending, *(each.sink.lane for each in over)]:
                self._outlet.deliveries.close(lane)

    # What subscribers ask.

    async def _subscribe(self, call: Call) -> Part:
        profile = call.message.profile
        if self._ended:
            raise Refused(Refusal.EVENT_SOURCE_UNABLE_TO_PROCESS.fault(profile))
        wanted = e.Subscribe.parse(call.message)
        peer, asked = call.peer.host, call.message.headers.message_id
        actions = self._subscriptions.chosen(wanted.actions, profile)
        place = partial(self._outlet.sinks.place, peer=peer, profile=profile)
        notify_at = place(wanted.notify_to)
        end_at = None if wanted.end_to is None else place(wanted.end_to)
        where = Destination(wanted.notify_to, profile)
        known = self._subscriptions.find_asked(peer, asked, self._now()) if asked else None
        # A client of HTTP sends a message again where a connection was closed before the answer; one that counts its
        # messages begins anew with its program, and means another sink.
        if known is not None and known.actions == actions and known.sink.lane.where.is_same(where):
            return e.SubscribeResponse(known.sink.manager, self._remaining(known))
        seconds = granted(wanted.expires, self._outlet.wall(), profile)
        identifier = uuid.uuid4().urn
        manager = e.identified(self._where(call.local.host), identifier, profile)
        lane = Lane(notify_at, where, lambda why: self._lose(subscription, why))
        asked = asked if len(asked) <= NAME_CHARS else ""
        subscription = Subscription(identifier, peer, actions, Sink(lane, manager, profile), asked)
        if wanted.end_to is not None and end_at is not None:
            subscription.sink.end = partial(self._tell, subscription.sink, end_at, Destination(wanted.end_to, profile))
        self._subscriptions.add(subscription, self._now() + seconds, profile)
        self._outlet.deliveries.open(lane)
        self._wait()
        return e.SubscribeResponse(manager, timedelta(seconds=seconds))

    async def _renew(self, call: Call) -> Part:
        profile = call.message.profile
        wanted = e.Renew.parse(call.message)
        subscription = self._meant(call.message, Refusal.UNABLE_TO_RENEW)
        seconds = granted(wanted.expires, self._outlet.wall(), profile)
        self._subscriptions.renew(subscription, self._now() + seconds)
        self._wait()
        return e.RenewResponse(timedelta(seconds=seconds))

    async def _status(self, call: Call) -> Part:
        e.GetStatus.parse(call.message)
        subscription = self._meant(call.message, Refusal.INVALID_MESSAGE)
        return e.GetStatusResponse(self._remaining(subscription))

    async def _unsubscribe(self, call: Call) -> None:
        e.Unsubscribe.parse(call.message)
        subscription = self._meant(call.message, Refusal.INVALID_MESSAGE)
        self._subscriptions.remove(subscription)
        self._wait()
        await self._outlet.deliveries.finish(subscription.sink.lane, EVENTING_UNSUBSCRIBE_SECONDS)
        call.respond(None)

    def _meant(self, message: Message, refusal: Refusal) -> Subscription[Sink]:
        found = self._subscriptions.find(e.identifier_of(message), self._now())
        if found is None:
            raise Refused(refusal.fault(message.profile, "There is no such subscription, or it is over."))
        return found

    # What becomes of subscriptions.

    def _remaining(self, subscription: Subscription[Sink]) -> timedelta:
        return timedelta(seconds=max(1, int(subscription.ends - self._now())))

    def _now(self) -> float:
        return asyncio.get_running_loop().time()

    def _wait(self) -> None:
        """Until the next one is over."""
        deadline = self._subscriptions.deadline()
        if self._timer is not None:
            if deadline is not None and self._timer.when() <= deadline:
                return  # it looks again
            self._timer.cancel()
        self._timer = None if deadline is None else asyncio.get_running_loop().call_at(deadline, self._tick)

    def _tick(self) -> None:
        self._timer = None
        for subscription in self._subscriptions.due(self._now() + AS_GOOD_AS_SECONDS):
            log.debug("a subscription of %s to %s has run out", subscription.peer, printable(self._name))
            self._outlet.deliveries.close(subscription.sink.lane)
        self._wait()

    def _lose(self, subscription: Subscription[Sink], why: str) -> None:
        """Its sink is gone."""
        if not self._subscriptions.remove(subscription):
            return
        self._wait()
        self.lost += 1
        log.warning(
            "%s lost its subscription to the events of %s: %s",
            printable(subscription.peer),
            printable(self._name),
            printable(why),
        )
        subscription.sink.end(EndStatus.DELIVERY_FAILURE, "An event could not be delivered.")

    async def _part(self, sink: Sink, status: EndStatus, why: str, seconds: float) -> None:
        await self._outlet.deliveries.finish(sink.lane, seconds / 2, all_of_it=True)
        lane = sink.end(status, why)
        if lane is not None:
            await self._outlet.deliveries.finish(lane, seconds, all_of_it=True)

    def _tell(self, sink: Sink, url: Url, where: Destination, status: EndStatus, why: str) -> Lane:
        """SubscriptionEnd, once."""
        deliveries = self._outlet.deliveries
        lane = Lane(url, where, self._missed, once=True)
        self._ending.add(lane)
        deliveries.open(lane)
        body = e.SubscriptionEnd(sink.manager, status, why)
        deliveries.send(lane, _End(EventMessage(e.SUBSCRIPTION_END, body, (sink.profile,)), partial(self._told, lane)))
        return lane

    def _missed(self, why: str) -> None:
        log.debug("nobody was told that a subscription to %s is over: %s", printable(self._name), printable(why))

    def _told(self, lane: Lane) -> None:
        self._ending.discard(lane)
        self._outlet.deliveries.close(lane)


class _Signal(SingleResult[None]):
    """One event, and how many sinks have still to have it."""

    __slots__ = ("left", "message")

    message: EventMessage
    left: int

    def landed(self) -> None:
        self.left -= 1
        if not self.left and not self.finished:
            self.finish(None)


class _End:
    """A SubscriptionEnd on its way."""

    __slots__ = ("_landed", "message")

    def __init__(self, message: EventMessage, landed: Callable[[], object]) -> None:
        self.message = message
        self._landed = landed

    def landed(self) -> None:
        self._landed()


async def _granting(handle: Callable[[Call], Awaitable[Part | None]], call: Call) -> Part | None:
    """What is refused is answered with its fault."""
    try:
        return await handle(call)
    except Refused as error:
        fault = error.fault
    except RemoteProtocolError as error:
        fault = Refusal.INVALID_MESSAGE.fault(call.message.profile, str(error)[:REASON_CHARS])
    raise Faulted.of(fault)
