"""What comes of a subscription: notifications, changes of its state, and the errors that say why there is none more."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Final

from openwmi.base.error import WbemError
from openwmi.base.record import printable
from openwmi.base.status import WbemStatus
from openwmi.soap import Fragment, Message
from openwmi.soap.eventing import EndStatus, Refusal, SubscriptionEnd
from openwmi.soap.markup import Element
from openwmi.soap.moment import Expires
from openwmi.wsd.attachments import NONE, Attachments
from openwmi.wsd.calling import Faulted


@dataclass(frozen=True, slots=True)
class Notification:
    """An event, as its source sent it.

    Attributes:
        action: what it is.
        message: its headers, and the element in its body.
        attachments: what came beside it. They come as long as this is the event that was read last; the source waits.
    """

    action: str
    message: Message
    attachments: Attachments = field(default_factory=lambda: NONE)

    @property
    def body(self) -> Element | None:
        """The element in its body."""
        return self.message.body


@dataclass(frozen=True, slots=True)
class Lease:
    """What a source said of how long a subscription lasts: for how long, or until when; None is for ever.

    `message` is the one in which it said so, and `others` is what it added.
    """

    expires: Expires | None
    message: Message
    others: tuple[Fragment, ...] = ()


@dataclass(frozen=True, slots=True)
class Renewed:
    """A subscription was renewed, without anybody having to ask."""

    actions: tuple[str, ...]
    lease: Lease


@dataclass(frozen=True, slots=True)
class RenewalFailed:
    """A subscription could not be renewed, and ends: its source will not, or was not reached while it lasted."""

    actions: tuple[str, ...]
    error: WbemError


@dataclass(frozen=True, slots=True)
class Ended:
    """A subscription has ended, and not because it was unsubscribed: its source has said so, or it was not renewed."""

    actions: tuple[str, ...]
    error: SubscriptionEnded


StatusEvent = Renewed | RenewalFailed | Ended


class SubscriptionEnded(WbemError):  # noqa: N818 - it is what happened
    """There are no more events: the source has ended the subscription, or it could not be renewed.

    Attributes:
        end: what the source said; None where it said nothing, and `__cause__` says why it was not renewed.
    """

    end: SubscriptionEnd | None = None

    @classmethod
    def by_source(cls, end: SubscriptionEnd) -> SubscriptionEnded:
        """SHUTTING_DOWN; TRANSPORT_FAILURE where the source could not reach us; else NOT_AVAILABLE."""
        status = _STATUSES.get(end.status, WbemStatus.NOT_AVAILABLE)
        why = printable(end.status.rpartition("/")[2])
        made = cls(
            status, f"the source has ended the subscription: {why}{printable(f': {end.reason}' * bool(end.reason))}"
        )
        made.end = end
        return made

    @classmethod
    def not_renewed(cls, cause: WbemError) -> SubscriptionEnded:
        """With the status of why."""
        made = cls(cause.status, f"the subscription could not be renewed: {cause.message}")
        made.__cause__ = cause
        return made


_STATUSES: Final[dict[str, WbemStatus]] = {
    EndStatus.SOURCE_SHUTTING_DOWN: WbemStatus.SHUTTING_DOWN,
    EndStatus.DELIVERY_FAILURE: WbemStatus.TRANSPORT_FAILURE,
}


class SubscriptionRefused(Faulted):
    """A source does not grant what it was asked for: `refusal` says which of the faults of WS-Eventing it gave."""

    refusal: Refusal


class FilterRefused(SubscriptionRefused):
    """It has no such events, or does not filter by Action."""


class ExpirationRefused(SubscriptionRefused):
    """It does not give that much time, or not until a moment."""


class RenewalRefused(SubscriptionRefused):
    """It does not know the subscription any more, or will not renew it."""


_REFUSED: Final[dict[Refusal, type[SubscriptionRefused]]] = {
    Refusal.FILTERING_NOT_SUPPORTED: FilterRefused,
    Refusal.FILTERING_REQUESTED_UNAVAILABLE: FilterRefused,
    Refusal.FILTER_ACTION_NOT_SUPPORTED: FilterRefused,
    Refusal.INVALID_EXPIRATION_TIME: ExpirationRefused,
    Refusal.UNSUPPORTED_EXPIRATION_TYPE: ExpirationRefused,
    Refusal.UNABLE_TO_RENEW: RenewalRefused,
}


def refused(error: Faulted, who: str, *, known: bool = False) -> Faulted:
    """The same as an error of its kind. With `known` it was about a subscription that the source had granted."""
    refusal = Refusal.of(error.fault)
    if refusal is None:
        return error
    kind = _REFUSED.get(refusal, SubscriptionRefused)
    if known and refusal is Refusal.INVALID_MESSAGE:
        # 2004's text has no fault for a subscription that is not known: this is what sources answer.
        kind = RenewalRefused
    made = kind.of(error.fault, who, error.envelope)
    made.refusal = refusal
    return made
