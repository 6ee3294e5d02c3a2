"""One subscription, from Subscribe to Unsubscribe: what goes out, what comes in, and its renewal meanwhile.

It is the producer of an Operation, and knows nothing of who reads. It ends by the first of: its source says so; it
could not be renewed; the time is over that it was asked for; it is unsubscribed; its Operation is cancelled.
"""

from __future__ import annotations

import asyncio
import logging
from collections import OrderedDict, deque
from collections.abc import Awaitable, Callable, Sequence
from contextlib import suppress
from datetime import UTC, datetime, timedelta
from typing import Any, Generic, TypeVar

from openwmi.base.error import Timeout, Unreachable, WbemError, from_exception
from openwmi.base.eventing_limits import EVENTS_ASKED_SECONDS, EVENTS_BACKLOG, EVENTS_LEAVE_SECONDS, EVENTS_SEEN
from openwmi.base.fault import LocalProtocolError, RemoteProtocolError
from openwmi.base.record import log_bug, printable
from openwmi.base.status import WbemStatus
from openwmi.net.http import parse_url
from openwmi.operation import Operation, StreamResults, tasks
from openwmi.operation.results import EVERYTHING
from openwmi.soap import (
    EndpointReference,
    Fragment,
    Message,
    Part,
    SoapFault,
    action_not_supported,
    destination_unreachable,
)
from openwmi.soap import eventing as wse
from openwmi.soap.fault import SENDER
from openwmi.soap.moment import Expires
from openwmi.wsd.attachments import Attachments
from openwmi.wsd.calling import Faulted
from openwmi.wsd.endpoint import CALL_SECONDS, Endpoint, Reply
from openwmi.wsd.eventing.happenings import (
    Ended,
    Lease,
    Notification,
    RenewalFailed,
    RenewalRefused,
    Renewed,
    StatusEvent,
    SubscriptionEnded,
    refused,
)
from openwmi.wsd.eventing.lifetime import Lifetime
from openwmi.wsd.eventing.receiver import Receiver

T = TypeVar("T")

log = logging.getLogger("openwmi.wsd")

SLACK_SECONDS = 1.0
"""A source that gives a moment rounds it, as a rule to whole seconds."""
REASON_CHARS = 1000


class Events(StreamResults[T]):
    """What has come and was not read, with what comes beside each as long as its reader asks for no other."""

    __slots__ = ("_beside",)

    def __init__(self, name: str) -> None:
        super().__init__(name)
        self.room = EVENTS_BACKLOG
        self._beside: deque[tuple[int, Attachments]] = deque()

    def put_in(self, value: T, attachments: Attachments) -> None:
        """One more; there was room for it."""
        if not attachments.over:
            self._beside.append((self.total, attachments))
        self.add((value,))

    def leave(self) -> None:
        """Nothing more of it is given out; it ends well, unless it has ended before."""
        self.total -= len(self._backlog)
        self._free()
        if not self.finished:
            self.finish()

    def waiter(self, wanted: int) -> asyncio.Future[None]:
        if wanted != EVERYTHING:
            self._pass_over()
        return super().waiter(wanted)

    def read(self, position: int, count: int) -> list[T]:
        self._pass_over()
        return super().read(position, count)

    def _pass_over(self) -> None:
        """Who asks for the next does not read what came beside those that he has."""
        given = self.total - len(self._backlog)
        while self._beside and self._beside[0][0] < given:
            self._beside.popleft()[1].close()

    def _free(self) -> None:
        super()._free()
        while self._beside:
            self._beside.popleft()[1].close()


class Subscriber(Generic[T]):
    """See the module's text.

    Args:
        endpoint: the source.
        actions: which events; none is all.
        receiver: where they come.
        expires: for how long at a time, or until when; None leaves that to the source.
        renew: whether it goes on until it is unsubscribed, or until that moment.
        on_status: is told of changes, on the loop.
        decode: what a notification becomes. RemoteProtocolError for one that makes no sense.
        others: further elements for the message Subscribe.
        wall: what time it is, for moments; they are looked at once each, so that a clock may be set meanwhile.
    """

    def __init__(
        self,
        endpoint: Endpoint,
        actions: Sequence[str],
        receiver: Receiver,
        decode: Callable[[Notification], T],
        *,
        expires: Expires | None,
        renew: bool,
        on_status: Callable[[StatusEvent], object] | None,
        others: Sequence[Fragment] = (),
        wall: Callable[[], datetime] = lambda: datetime.now(UTC),
    ) -> None:
        self.results: Events[T] = Events(f"subscribe {' '.join(actions)}".strip())
        self.actions = tuple(actions)
        self.lease: Lease | None = None
        self.ended: SubscriptionEnded | None = None
        self._loop = self.results.loop
        self._life = Lifetime(self._loop.time())
        self._source = endpoint
        self._manager: Endpoint | None = None
        self._receiver = receiver
        self._decode = decode
        self._asked = expires
        self._until = None if not isinstance(expires, datetime) else self._at(expires, wall)
        self._renews = renew
        self._tell = on_status
        self._others = tuple(others)
        self._wall = wall
        self._url = ""
        self._turn = asyncio.Lock()  # one notification after the other
        self._asking = asyncio.Lock()  # one renewal after the other
        self._changed = asyncio.Event()
        self._seen: OrderedDict[str, None] = OrderedDict()
        self._farewell: asyncio.Task[None] | None = None
        self._task = tasks.run(self._loop, self._run())
        self.results.on_stop(self._stop)

    # What its user asks for.

    async def renew(self, expires: Expires | None, others: Sequence[Fragment] = (), *, again: bool = True) -> Lease:
        """It lasts anew. With `again` that is also how it is renewed from then on. RenewalRefused, and as of a call."""
        async with self._asking:
            if again:
                self._asked = expires
                self._until = None if not isinstance(expires, datetime) else self._at(expires, self._wall)
            manager, sent = self._managed(), self._loop.time()
            patience = CALL_SECONDS if again else self._life.patience(sent, CALL_SECONDS)
            body = wse.Renew(expires, others=tuple(others))
            message = await self._ask(manager, wse.RENEW, body, wse.RENEW_RESPONSE, patience)
            return self._granted(_parsed(wse.RenewResponse.parse, message), message, sent)

    async def status(self, others: Sequence[Fragment] = ()) -> Lease:
        """How long it lasts, as the source says. RenewalRefused where that does not know it, and as of a call."""
        manager, sent = self._managed(), self._loop.time()
        body = wse.GetStatus(others=tuple(others))
        message = await self._ask(manager, wse.GET_STATUS, body, wse.GET_STATUS_RESPONSE, CALL_SECONDS)
        return self._granted(_parsed(wse.GetStatusResponse.parse, message), message, sent)

    async def unsubscribe(self, others: Sequence[Fragment] = (), timeout: float = CALL_SECONDS) -> None:
        """The source is told, and nothing is given out any more once this has returned, however it does.

        Raises why the source could not be told; not that it did not know the subscription any more.
        """
        if self.results.finished:
            self.results.leave()
            return
        self._task.cancel()
        try:
            if self._manager is not None:
                await self._leave(self._manager, others, timeout)
        finally:
            self._forget()
            self.results.leave()

    async def parted(self) -> None:
        """Returns when its source has been told that it ended, if that was begun; soon, in any case."""
        if self._farewell is not None:
            await asyncio.wait([self._farewell], timeout=EVENTS_LEAVE_SECONDS)

    # What its source says.

    async def take(self, message: Message, attachments: Attachments) -> SoapFault | None:
        """A message for it; returns when it has its place. A fault is why it is not taken."""
        action = message.headers.action
        try:
            if action == wse.SUBSCRIPTION_END:
                end = wse.SubscriptionEnd.parse(message)
                async with self._turn:  # what came before it is given out
                    self._end(SubscriptionEnded.by_source(end))
                return None
            if not self._wanted(action):
                return action_not_supported(message.profile, action)
            value = self._decode(Notification(action, message, attachments))
        except RemoteProtocolError as error:
            # SOAP wants what makes no sense to be faulted (part 1, 2.6), one-way messages too: WSDAPI sends such faults
            # back on the connection of the request. 202 would tell the source that its event was heard.
            return SoapFault(SENDER, reason=str(error)[:REASON_CHARS])
        async with self._turn:
            return await self._add(value, message, attachments)

    async def _add(self, value: T, message: Message, attachments: Attachments) -> SoapFault | None:
        name = message.headers.message_id
        if name and name in self._seen:
            attachments.close()
            return None
        if not self.results.finished:
            await self.results.put(())  # returns when there is room: what has none is not taken, and can come again
        if self.results.finished:
            return destination_unreachable(message.profile, message.headers.to or self._url)
        self.results.put_in(value, attachments)
        if name:
            self._seen[name] = None
            if len(self._seen) > EVENTS_SEEN:
                self._seen.popitem(last=False)
        return None

    def _wanted(self, action: str) -> bool:
        """A filter by Action means what it names, and what begins with that."""
        return not self.actions or any(action.startswith(each) for each in self.actions)

    # Its life.

    async def _run(self) -> None:
        results = self.results
        try:
            await self._subscribe()
            if not results.began:  # a notification may have been quicker than the answer
                results.begin()
            await self._last()
            results.finish()
        except asyncio.CancelledError:
            if not results.finished and not self._task.cancelling():
                results.fail(WbemError(WbemStatus.CALL_CANCELLED, "the task of the subscription was cancelled"))
            raise
        except SubscriptionEnded as error:
            self._end(error)
        except WbemError as error:
            self._fail(error)
        except Exception as error:  # noqa: BLE001 - whatever it is, it is the end of this
            log_bug(log, "a subscription failed", error)
            self._fail(from_exception(error))
        finally:
            if results.finished:
                self._forget()

    async def _subscribe(self) -> None:
        self._url = await self._receiver.expect(parse_url(self._source.url), self.take)
        here, sent = EndpointReference(self._url), self._loop.time()
        body = wse.Subscribe(here, here, self._asked, self.actions or None, others=self._others)
        # A source that has it twice makes two subscriptions, and nobody would know of the first.
        asking = self._source.two_way(wse.SUBSCRIBE, body, reply_action=wse.SUBSCRIBE_RESPONSE, once=True)
        answering = asyncio.ensure_future(asking)
        try:
            message = await _answer(asyncio.shield(answering), self._source, known=False)
        except asyncio.CancelledError:  # what is granted all the same is given back
            answering.add_done_callback(_seen)
            asking.add_done_callback(self._give_back)
            raise
        response = _parsed(wse.SubscribeResponse.parse, message)
        self._manager = self._source.beside(response.manager)
        self._granted(response, message, sent)

    def _give_back(self, asked: Operation[Reply]) -> None:
        results = asked.results
        if results.status == WbemStatus.NO_ERROR:
            with suppress(RemoteProtocolError):
                manager = self._source.beside(wse.SubscribeResponse.parse(results.whole().message).manager)
                tasks.run(self._loop, self._bid_farewell(manager))

    async def _last(self) -> None:
        """Renews it in time; returns when it has lasted as long as it should."""
        while True:
            self._changed.clear()
            end = self._planned()
            # Who wants no renewals has none sent, also where the source keeps it for ever. Such a one is renewed for
            # others to find out whether it was forgotten; here that would make of it one that ends.
            at = self._life.at if end is None and self._renews else end
            try:
                async with asyncio.timeout_at(at):
                    await self._changed.wait()
            except TimeoutError:
                if end is not None:
                    return
                await self._renew()

    def _planned(self) -> float | None:
        """When it is to end; None where it is to be renewed before."""
        ends, until = self._life.ends, self._until
        if until is not None and (ends is None or ends >= until - SLACK_SECONDS):
            return until
        return None if self._renews else ends

    async def _renew(self) -> None:
        """One attempt. SubscriptionEnded where there is to be no other."""
        try:
            lease = await self.renew(self._asked, again=False)
        except WbemError as error:
            if _is_final(error) or not self._life.retry(self._loop.time()):
                self._say(RenewalFailed(self.actions, error))
                raise SubscriptionEnded.not_renewed(error) from error
            log.info("a subscription at %s was not renewed yet: %s", self._source.url, printable(error.message))
        else:
            self._say(Renewed(self.actions, lease))

    def _granted(self, said: Granting, message: Message, sent: float) -> Lease:
        self.lease = Lease(said.expires, message, said.others)
        self._life.grant(self._seconds(said.expires), sent)
        if self._until is not None and self._life.ends is not None:
            # It may have counted from any moment between the request and its answer: if from one of these it is what it
            # was asked for, it is that.
            late = self._loop.time() - sent
            if self._life.ends <= self._until <= self._life.ends + late:
                self._life.ends = self._until
        self._changed.set()
        return self.lease

    def _seconds(self, expires: Expires | None) -> float | None:
        if not isinstance(expires, datetime):
            return None if expires is None else max(0.0, expires.total_seconds())
        seconds = (expires - self._wall()).total_seconds()
        if seconds > 0:
            return seconds
        # Its clock is behind ours by more than that. It has given what it was asked for, as far as can be known.
        return self._asked.total_seconds() if isinstance(self._asked, timedelta) else EVENTS_ASKED_SECONDS

    def _at(self, moment: datetime, wall: Callable[[], datetime]) -> float:
        return self._loop.time() + (moment - wall()).total_seconds()

    # How it ends.

    def _end(self, error: SubscriptionEnded) -> None:
        """Without our having asked for it."""
        if not self.results.finished:
            self.ended = error
            self._fail(error)
            self._say(Ended(self.actions, error))

    def _fail(self, error: WbemError) -> None:
        if self.results.finished:
            return
        self.results.fail(error)
        self._forget()
        if asyncio.current_task() is not self._task:
            self._task.cancel()
        if self._manager is not None and self.ended is not None and _may_go_on(self.ended):
            self._farewell = tasks.run(self._loop, self._bid_farewell(self._manager))

    def _stop(self) -> None:
        """Its Operation was cancelled."""
        self._task.cancel()
        self._forget()
        if self._manager is not None:
            self._farewell = tasks.run(self._loop, self._bid_farewell(self._manager))

    def _forget(self) -> None:
        if self._url:
            self._receiver.forget(self._url)

    async def _bid_farewell(self, manager: Endpoint) -> None:
        try:
            await self._leave(manager, (), EVENTS_LEAVE_SECONDS)
        except (WbemError, LocalProtocolError) as error:
            log.info("%s was not told that a subscription ends: %s", manager.url, printable(error))

    async def _leave(self, manager: Endpoint, others: Sequence[Fragment], timeout: float) -> None:
        body = wse.Unsubscribe(others=tuple(others))
        try:
            await self._ask(manager, wse.UNSUBSCRIBE, body, wse.UNSUBSCRIBE_RESPONSE, timeout)
        except WbemError as error:
            if error.status != WbemStatus.FAILED:
                raise
            # It has heard of it, whatever it says: as a rule, that it did not know the subscription any more.
            log.debug("%s was told that a subscription ends, and: %s", manager.url, printable(error.message))

    def _say(self, event: StatusEvent) -> None:
        try:
            if self._tell is not None:
                self._tell(event)
        except Exception as error:  # noqa: BLE001 - it is somebody else's code
            log_bug(log, "what is told of a subscription's state failed", error)

    # What goes out.

    def _managed(self) -> Endpoint:
        if self._manager is None or self.results.finished:
            raise WbemError(WbemStatus.INVALID_OPERATION, "the subscription has not begun, or has ended")
        return self._manager

    async def _ask(self, whom: Endpoint, action: str, body: Part, reply_action: str, timeout: float) -> Message:
        return await _answer(whom.two_way(action, body, reply_action=reply_action, timeout=timeout), whom, known=True)


async def _answer(asked: Awaitable[Reply], whom: Endpoint, *, known: bool) -> Message:
    """Raises what a source refuses as an error of its kind."""
    try:
        reply = await asked
    except Faulted as error:
        raise refused(error, whom.url, known=known) from None
    reply.attachments.close()
    return reply.message


def _is_final(error: WbemError) -> bool:
    """Whether a renewal that failed so is not to be tried again: the source has answered, and it will not."""
    if isinstance(error, Faulted):
        subcode = error.fault.subcode
        busy = subcode is not None and subcode.local == "EndpointUnavailable"
        return not busy and (hasattr(error, "refusal") or error.fault.code != "Receiver")
    return not isinstance(error, Timeout | Unreachable) and error.status == WbemStatus.INVALID_OPERATION


def _seen(answered: asyncio.Future[Any]) -> None:
    """Nobody else looks at how it ended, and asyncio would complain."""
    if not answered.cancelled():
        answered.exception()


def _may_go_on(error: SubscriptionEnded) -> bool:
    """Whether its source may have it still."""
    cause = error.__cause__
    forgotten = isinstance(cause, RenewalRefused) and cause.refusal is wse.Refusal.INVALID_MESSAGE
    return error.end is None and not forgotten


Granting = wse.SubscribeResponse | wse.RenewResponse | wse.GetStatusResponse
R = TypeVar("R")


def _parsed(parse: Callable[[Message], R], message: Message) -> R:
    """WbemError(FAILED) for an answer that makes no sense."""
    try:
        return parse(message)
    except RemoteProtocolError as error:
        raise WbemError(WbemStatus.FAILED, f"an answer makes no sense: {error}") from None
