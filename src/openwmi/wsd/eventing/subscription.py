"""A subscription as its user has it: an Operation whose objects are events, and that ends when there are none more.

    async with subscribe(endpoint, ["http://…/FileChangeEvent"]) as events:
        async for event in events: …

It is renewed until it is let go, and its source is told then. Where the source ends it, or does not renew it, what is
raised is SubscriptionEnded, which says why.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from contextlib import suppress
from datetime import datetime, timedelta
from typing import Any, Final, Self, TypedDict, TypeVar, Unpack, overload

from openwmi.base.error import WbemError
from openwmi.base.eventing_limits import EVENTS_ASKED_SECONDS, EVENTS_LEAVE_SECONDS
from openwmi.base.fault import LocalProtocolError
from openwmi.base.status import WbemStatus
from openwmi.operation import Operation, ResultSet
from openwmi.soap import Fragment
from openwmi.soap.moment import Expires
from openwmi.wsd.endpoint import Endpoint
from openwmi.wsd.eventing.happenings import Lease, Notification, StatusEvent
from openwmi.wsd.eventing.receiver import Receiver
from openwmi.wsd.eventing.subscriber import Subscriber

T = TypeVar("T")

AT_A_TIME: Final = timedelta(seconds=EVENTS_ASKED_SECONDS)
"""How long a subscription is asked for where nothing else is said."""


class Subscription(Operation[T]):
    """Events, in the order in which their source sent them. `await subscription.started()` until there is one.

    It ends with CALL_CANCELLED when it was cancelled or let go, well when it was unsubscribed or its time was over, and
    with SubscriptionEnded otherwise. In each case its source is told where that does not know.
    """

    __slots__ = ("_subscriber",)

    def __init__(self, subscriber: Subscriber[T]) -> None:
        super().__init__(subscriber.results)
        self._subscriber = subscriber

    @property
    def actions(self) -> tuple[str, ...]:
        """What was subscribed to; none is everything."""
        return self._subscriber.actions

    @property
    def lease(self) -> Lease | None:
        """What the source said last of how long it lasts; None before it has said anything."""
        return self._subscriber.lease

    def renew(self, expires: Expires | None = AT_A_TIME, *, others: Sequence[Fragment] = ()) -> Operation[Lease]:
        """Has it last anew, for so long or until then, and from then on so again and again.

        Raises, from the Operation: RenewalRefused, ExpirationRefused, and as of a call. It goes on in each case.
        """
        _zoned(expires)
        subscriber = self._subscriber

        async def work(results: ResultSet[Lease]) -> Lease:
            results.begin()
            return await subscriber.renew(expires, others)

        return Operation.start(work, f"renew {subscriber.results.name}", single=True)

    def get_status(self, *, others: Sequence[Fragment] = ()) -> Operation[Lease]:
        """Asks the source how long it lasts. RenewalRefused where that does not know it, and as of a call."""
        subscriber = self._subscriber

        async def work(results: ResultSet[Lease]) -> Lease:
            results.begin()
            return await subscriber.status(others)

        return Operation.start(work, f"status of {subscriber.results.name}", single=True)

    def unsubscribe(self, *, others: Sequence[Fragment] = ()) -> Operation[None]:
        """Ends it, and tells the source. Once this has ended, well or not, no event is given out.

        Raises, from the Operation, why the source could not be told; it gives up by itself when the time is over.
        Harmless when it has ended.
        """
        subscriber = self._subscriber

        async def work(results: ResultSet[None]) -> None:
            results.begin()
            await subscriber.unsubscribe(others)

        return Operation.start(work, f"end {subscriber.results.name}", single=True)

    async def aclose(self) -> None:
        """The same, waiting for a short while only, and whether or not the source could be told. It lets go, too."""
        with suppress(WbemError, LocalProtocolError):
            await self._subscriber.unsubscribe(timeout=EVENTS_LEAVE_SECONDS)
        await self._subscriber.parted()
        self.close()

    async def __aenter__(self) -> Self:
        return self

    async def __aexit__(self, *_: object) -> None:
        await self.aclose()


class Subscribing(TypedDict, total=False):
    """How it is subscribed: see `subscribe`."""

    at: Receiver | None
    expires: Expires | None
    renew: bool
    on_status: Callable[[StatusEvent], object] | None
    others: Sequence[Fragment]


@overload
def subscribe(
    endpoint: Endpoint, actions: Sequence[str] = (), **how: Unpack[Subscribing]
) -> Subscription[Notification]: ...


@overload
def subscribe(
    endpoint: Endpoint,
    actions: Sequence[str] = (),
    *,
    decode: Callable[[Notification], T],
    **how: Unpack[Subscribing],
) -> Subscription[T]: ...


def subscribe(
    endpoint: Endpoint,
    actions: Sequence[str] = (),
    *,
    at: Receiver | None = None,
    expires: Expires | None = AT_A_TIME,
    renew: bool = True,
    on_status: Callable[[StatusEvent], object] | None = None,
    others: Sequence[Fragment] = (),
    decode: Callable[[Notification], Any] = lambda notification: notification,
) -> Subscription[Any]:
    """Has a service tell its events from now on, and returns at once.

    Args:
        endpoint: the service. It has to stay open as long as the subscription.
        actions: of the events; a source may demand that they be named. None is all.
        at: where they come; None is a free port at the address from which the service is reached.
        expires: for how long at a time, or until when; None leaves it to the service.
        renew: whether it is renewed until it is let go, or until that moment. Else it ends when the time is over; one
            that the service keeps for ever lasts until it is let go, and nobody notices when it was forgotten.
        on_status: is told, on the loop, that it was renewed, or could not be, or has ended. It must not block.
        others: further elements for the service in the message that asks for it.
        decode: what becomes of a notification. What it raises a RemoteProtocolError for is answered with a fault.

    Raises, from the Operation, before it has started: FilterRefused, ExpirationRefused, SubscriptionRefused; Faulted,
    Timeout, Unreachable, WbemError(FAILED) as of a call; WbemError(INVALID_PARAMETER) for what cannot be asked for.
    """
    _zoned(expires)
    return Subscription(
        Subscriber(
            endpoint,
            (actions,) if isinstance(actions, str) else actions,
            Receiver.shared() if at is None else at,
            decode,
            expires=expires,
            renew=renew,
            on_status=on_status,
            others=others,
        )
    )


def _zoned(expires: Expires | None) -> None:
    if isinstance(expires, datetime) and expires.tzinfo is None:
        raise WbemError(
            WbemStatus.INVALID_PARAMETER, f"{expires} is in no zone of time: nobody would know when that is"
        )
