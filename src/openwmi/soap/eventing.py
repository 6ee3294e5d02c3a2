"""WS-Eventing of August 2004 as DPWS has it (2006: 6; 1.1: 5): the messages of both ends, in either profile.

Each is a body: it formats itself, and parses itself from a message. A request that cannot be granted as it stands is
`Refused` with the fault that says so; a response that makes no sense is a RemoteProtocolError. Which subscription is
meant is said by where a message goes, and by a header, Identifier.

It must not know the time, what is subscribed, nor how messages travel.
"""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum
from typing import Final, Self

from openwmi.base.eventing_limits import EVENTING_ACTIONS
from openwmi.base.fault import RemoteProtocolError
from openwmi.soap import namespaces as ns
from openwmi.soap.addressing import EndpointReference, checked_uri, is_long
from openwmi.soap.envelope import Message
from openwmi.soap.fault import RECEIVER, SENDER, SoapFault, destination_unreachable
from openwmi.soap.fragment import Fragment, keep
from openwmi.soap.markup import Element, elements, text_of
from openwmi.soap.moment import Expires, format_expires, parse_expires
from openwmi.soap.name import QName
from openwmi.soap.profile import DPWS_2006, DPWS_2009, Profile
from openwmi.soap.writer import Writer, escape

SUBSCRIBE: Final = f"{ns.EVENTING}/Subscribe"
SUBSCRIBE_RESPONSE: Final = f"{ns.EVENTING}/SubscribeResponse"
RENEW: Final = f"{ns.EVENTING}/Renew"
RENEW_RESPONSE: Final = f"{ns.EVENTING}/RenewResponse"
GET_STATUS: Final = f"{ns.EVENTING}/GetStatus"
GET_STATUS_RESPONSE: Final = f"{ns.EVENTING}/GetStatusResponse"
UNSUBSCRIBE: Final = f"{ns.EVENTING}/Unsubscribe"
UNSUBSCRIBE_RESPONSE: Final = f"{ns.EVENTING}/UnsubscribeResponse"
SUBSCRIPTION_END: Final = f"{ns.EVENTING}/SubscriptionEnd"

PUSH: Final = f"{ns.EVENTING}/DeliveryModes/Push"

Others = tuple[Fragment, ...]

# Who copies a parameter into a header of WS-Addressing 1.0 marks it by an attribute, which WS-Eventing's schema does
# not let Identifier have: sdc11073, which looks at what it sends, too, could renew and end nothing.
_IDENTIFIERS: Final = {
    DPWS_2006: QName(ns.EVENTING, "Identifier"),
    DPWS_2009: QName("urn:uuid:8f0ec7a5-3a0b-4f0c-9d55-6c2f3b1e7a90", "Identifier"),
}
_LANGUAGE: Final = f"{{{ns.XML}}}lang"


class Refusal(StrEnum):
    """Why a request is not granted: WS-Eventing's own faults (its section 5), and DPWS's (FilterActionNotSupported)."""

    DELIVERY_MODE_REQUESTED_UNAVAILABLE = "DeliveryModeRequestedUnavailable"
    INVALID_EXPIRATION_TIME = "InvalidExpirationTime"
    UNSUPPORTED_EXPIRATION_TYPE = "UnsupportedExpirationType"
    FILTERING_NOT_SUPPORTED = "FilteringNotSupported"
    FILTERING_REQUESTED_UNAVAILABLE = "FilteringRequestedUnavailable"
    FILTER_ACTION_NOT_SUPPORTED = "FilterActionNotSupported"
    EVENT_SOURCE_UNABLE_TO_PROCESS = "EventSourceUnableToProcess"
    UNABLE_TO_RENEW = "UnableToRenew"
    INVALID_MESSAGE = "InvalidMessage"

    def fault(self, profile: Profile, reason: str = "") -> SoapFault:
        """As it is sent; without a reason it says that of the document."""
        namespace = profile.devprof if self is Refusal.FILTER_ACTION_NOT_SUPPORTED else ns.EVENTING
        code = RECEIVER if self in _RECEIVERS else SENDER
        detail: tuple[Fragment, ...] = ()
        if self is Refusal.DELIVERY_MODE_REQUESTED_UNAVAILABLE:
            detail = (_named("SupportedDeliveryMode", PUSH),)
        elif self is Refusal.FILTERING_REQUESTED_UNAVAILABLE:
            detail = (_named("SupportedDialect", action_dialect(profile)),)
        return SoapFault(code, QName(namespace, self.value), reason or _REASONS[self], detail)

    @classmethod
    def of(cls, fault: SoapFault) -> Refusal | None:
        """Which of them a fault is, in either profile; None for any other."""
        subcode = fault.subcode
        if subcode is None or subcode.local not in _NAMES or subcode.namespace == ns.SOAP:
            return None
        return cls(subcode.local)


class Refused(RemoteProtocolError):  # noqa: N818 - it is what happened
    """A request that is to be answered with a fault."""

    def __init__(self, fault: SoapFault) -> None:
        super().__init__(fault.reason)
        self.fault = fault


class EndStatus(StrEnum):
    """Why a source ends a subscription."""

    DELIVERY_FAILURE = f"{ns.EVENTING}/DeliveryFailure"
    SOURCE_SHUTTING_DOWN = f"{ns.EVENTING}/SourceShuttingDown"
    SOURCE_CANCELING = f"{ns.EVENTING}/SourceCanceling"


@dataclass(frozen=True, slots=True)
class Subscribe:
    """Asks for events.

    Attributes:
        notify_to: where they go.
        end_to: who is told when the source ends the subscription; None is nobody.
        expires: for how long, or until when; None leaves that to the source.
        actions: which (DPWS's filter by Action, whose URIs mean all that begin with their segments); None is all.
        others: elements that are not of WS-Eventing, as each message may have.
    """

    notify_to: EndpointReference
    end_to: EndpointReference | None = None
    expires: Expires | None = None
    actions: tuple[str, ...] | None = None
    others: Others = ()

    @classmethod
    def parse(cls, message: Message) -> Self:
        """Refused: InvalidMessage, and what it wants that there is not."""
        profile = message.profile
        body = _body(message, "Subscribe")
        delivery = _child(body, "Delivery")
        if delivery is None:
            raise _invalid(profile, "There is no Delivery.")
        if delivery.get("Mode", PUSH).strip() != PUSH:
            raise Refused(Refusal.DELIVERY_MODE_REQUESTED_UNAVAILABLE.fault(profile))
        notify_to = _endpoint(delivery, "NotifyTo", profile)
        if notify_to is None:
            raise _invalid(profile, "There is no NotifyTo.")
        expires, actions = _asked(body, profile), _actions(body, profile)
        return cls(notify_to, _endpoint(body, "EndTo", profile), expires, actions, _others(body))

    def format(self, writer: Writer) -> None:
        """As the body of a message."""
        writer.open(ns.EVENTING, "Subscribe")
        if self.end_to is not None:
            self.end_to.format(writer, ns.EVENTING, "EndTo")
        writer.open(ns.EVENTING, "Delivery", {"Mode": PUSH})
        self.notify_to.format(writer, ns.EVENTING, "NotifyTo")
        writer.close(ns.EVENTING, "Delivery")
        _format_expires(writer, self.expires)
        if self.actions is not None:
            listed = " ".join(checked_uri(each) for each in self.actions)
            writer.text(ns.EVENTING, "Filter", listed, {"Dialect": action_dialect(writer.profile)})
        writer.fragments(self.others)
        writer.close(ns.EVENTING, "Subscribe")


@dataclass(frozen=True, slots=True)
class SubscribeResponse:
    """It is subscribed.

    Attributes:
        manager: where the subscription is renewed and ended, with what has to be sent along.
        expires: for how long, or until when; None where the source did not say.
    """

    manager: EndpointReference
    expires: Expires | None
    others: Others = ()

    @classmethod
    def parse(cls, message: Message) -> Self:
        """RemoteProtocolError."""
        body = _answer(message, "SubscribeResponse")
        manager = _child(body, "SubscriptionManager")
        if manager is None:
            raise RemoteProtocolError("a subscription without a SubscriptionManager")
        return cls(EndpointReference.parse(manager, message.profile), _told(body), _others(body))

    def format(self, writer: Writer) -> None:
        """As the body of a message."""
        writer.open(ns.EVENTING, "SubscribeResponse")
        self.manager.format(writer, ns.EVENTING, "SubscriptionManager")
        _format_expires(writer, self.expires)
        writer.fragments(self.others)
        writer.close(ns.EVENTING, "SubscribeResponse")


@dataclass(frozen=True, slots=True)
class Renew:
    """Asks that a subscription last longer: for how long from now, or until when; None leaves that to the source."""

    expires: Expires | None = None
    others: Others = ()

    @classmethod
    def parse(cls, message: Message) -> Self:
        """Refused."""
        body = _body(message, "Renew")
        return cls(_asked(body, message.profile), _others(body))

    def format(self, writer: Writer) -> None:
        """As the body of a message."""
        _format_lasting(writer, "Renew", self.expires, self.others)


@dataclass(frozen=True, slots=True)
class RenewResponse:
    """How long it lasts now; None where the source did not say."""

    expires: Expires | None = None
    others: Others = ()

    @classmethod
    def parse(cls, message: Message) -> Self:
        """RemoteProtocolError."""
        body = _answer(message, "RenewResponse")
        return cls(_told(body), _others(body))

    def format(self, writer: Writer) -> None:
        """As the body of a message."""
        _format_lasting(writer, "RenewResponse", self.expires, self.others)


@dataclass(frozen=True, slots=True)
class GetStatus:
    """Asks how long a subscription lasts."""

    others: Others = ()

    @classmethod
    def parse(cls, message: Message) -> Self:
        """Refused."""
        return cls(_others(_body(message, "GetStatus")))

    def format(self, writer: Writer) -> None:
        """As the body of a message."""
        _format_lasting(writer, "GetStatus", None, self.others)


@dataclass(frozen=True, slots=True)
class GetStatusResponse:
    """How long; None where the source did not say."""

    expires: Expires | None = None
    others: Others = ()

    @classmethod
    def parse(cls, message: Message) -> Self:
        """RemoteProtocolError."""
        body = _answer(message, "GetStatusResponse")
        return cls(_told(body), _others(body))

    def format(self, writer: Writer) -> None:
        """As the body of a message."""
        _format_lasting(writer, "GetStatusResponse", self.expires, self.others)


@dataclass(frozen=True, slots=True)
class Unsubscribe:
    """Ends a subscription. What answers it has an empty body."""

    others: Others = ()

    @classmethod
    def parse(cls, message: Message) -> Self:
        """Refused."""
        return cls(_others(_body(message, "Unsubscribe")))

    def format(self, writer: Writer) -> None:
        """As the body of a message."""
        _format_lasting(writer, "Unsubscribe", None, self.others)


@dataclass(frozen=True, slots=True)
class SubscriptionEnd:
    """A source has ended a subscription. Nobody answers it.

    Attributes:
        manager: which; None where the source did not say, and it is told by where the message goes.
        status: an EndStatus, or another URI.
        reason: for people, in that language.
    """

    manager: EndpointReference | None
    status: str
    reason: str = ""
    language: str = "en"

    @classmethod
    def parse(cls, message: Message) -> Self:
        """RemoteProtocolError."""
        body = _answer(message, "SubscriptionEnd")
        manager, status, reason = (_child(body, each) for each in ("SubscriptionManager", "Status", "Reason"))
        if status is None:
            raise RemoteProtocolError("a SubscriptionEnd without a Status")
        said = text_of(status)
        return cls(
            None if manager is None else EndpointReference.parse(manager, message.profile),
            _STATUSES.get(_last(said), said),
            "" if reason is None else text_of(reason),
            "en" if reason is None else reason.get(_LANGUAGE, "en"),
        )

    def format(self, writer: Writer) -> None:
        """As the body of a message."""
        writer.open(ns.EVENTING, "SubscriptionEnd")
        if self.manager is not None:
            self.manager.format(writer, ns.EVENTING, "SubscriptionManager")
        writer.text(ns.EVENTING, "Status", checked_uri(self.status))
        if self.reason:
            writer.text(ns.EVENTING, "Reason", self.reason, {"xml:lang": self.language})
        writer.close(ns.EVENTING, "SubscriptionEnd")


def action_dialect(profile: Profile) -> str:
    """The dialect of filters that DPWS has."""
    return f"{profile.devprof}/Action"


def identified(address: str, identifier: str, profile: Profile) -> EndpointReference:
    """An endpoint whose messages say by a header which subscription they mean."""
    name = _IDENTIFIERS[profile]
    text = f'<wse:Identifier xmlns:wse="{name.namespace}">{escape(identifier)}</wse:Identifier>'
    return EndpointReference(address, (Fragment.parse(text),))


def identifier_of(message: Message) -> str:
    """What that header says; empty where there is none, or it is no text."""
    name = _IDENTIFIERS[message.profile]
    found = next((each for each in message.headers.others if each.name == name), None)
    try:
        return "" if found is None else text_of(found.element())
    except RemoteProtocolError:
        return ""


def not_reachable(profile: Profile, address: str) -> Refused:
    """For a NotifyTo or EndTo where nothing is sent to (DPWS R3017, R3018)."""
    return Refused(destination_unreachable(profile, address))


# In.


def _body(message: Message, local: str) -> Element:
    """That of a request."""
    if message.body is None or message.body.tag != f"{{{ns.EVENTING}}}{local}":
        raise _invalid(message.profile, f"The body holds no {local}.")
    return message.body


def _answer(message: Message, local: str) -> Element:
    """That of any other."""
    if message.body is None or message.body.tag != f"{{{ns.EVENTING}}}{local}":
        raise RemoteProtocolError(f"no {local}, but {message.headers.action[:200]!r} with {message.name}")
    return message.body


def _invalid(profile: Profile, why: str) -> Refused:
    return Refused(Refusal.INVALID_MESSAGE.fault(profile, why))


def _child(element: Element, local: str) -> Element | None:
    return next(elements(element, ns.EVENTING, local), None)


def _endpoint(element: Element, local: str, profile: Profile) -> EndpointReference | None:
    found = _child(element, local)
    try:
        return None if found is None else EndpointReference.parse(found, profile)
    except RemoteProtocolError as error:
        raise _invalid(profile, f"{local} is no endpoint: {error}"[:1000]) from None


def _asked(element: Element, profile: Profile) -> Expires | None:
    try:
        return _told(element)
    except RemoteProtocolError:
        raise Refused(Refusal.INVALID_EXPIRATION_TIME.fault(profile)) from None


def _told(element: Element) -> Expires | None:
    found = _child(element, "Expires")
    text = "" if found is None else text_of(found)
    return parse_expires(text) if text else None


def _others(element: Element) -> Others:
    return tuple(keep(child) for child in element if not str(child.tag).startswith(f"{{{ns.EVENTING}}}"))


def _actions(element: Element, profile: Profile) -> tuple[str, ...] | None:
    found = _child(element, "Filter")
    if found is None:
        return None
    # WS-Eventing's own dialect, where none is said, is XPath, which DPWS does not ask for.
    if found.get("Dialect", "").strip() != action_dialect(profile):
        raise Refused(Refusal.FILTERING_REQUESTED_UNAVAILABLE.fault(profile))
    if len(found):
        raise _invalid(profile, "A filter by Action is a list of URIs.")
    actions = tuple(dict.fromkeys((found.text or "").split()))
    if len(actions) > EVENTING_ACTIONS or any(map(is_long, actions)):
        raise _invalid(profile, "The filter is too long.")
    return actions


def _last(status: str) -> str:
    """Windows and others write a URI; some a qualified name."""
    return status.replace(":", "/").rpartition("/")[2]


# Out.


def _format_expires(writer: Writer, expires: Expires | None) -> None:
    if expires is not None:
        writer.text(ns.EVENTING, "Expires", format_expires(expires))


def _format_lasting(writer: Writer, local: str, expires: Expires | None, others: Others) -> None:
    writer.open(ns.EVENTING, local)
    _format_expires(writer, expires)
    writer.fragments(others)
    writer.close(ns.EVENTING, local)


def _named(local: str, text: str) -> Fragment:
    return Fragment.parse(f'<wse:{local} xmlns:wse="{ns.EVENTING}">{escape(text)}</wse:{local}>')


_RECEIVERS: Final = {Refusal.EVENT_SOURCE_UNABLE_TO_PROCESS, Refusal.UNABLE_TO_RENEW}
_NAMES: Final = frozenset(each.value for each in Refusal)
_STATUSES: Final[dict[str, str]] = {
    **{_last(each): each for each in EndStatus},
    "SourceCancelling": EndStatus.SOURCE_CANCELING,  # that is how some spell it
}
_REASONS: Final = {
    Refusal.DELIVERY_MODE_REQUESTED_UNAVAILABLE: "The requested delivery mode is not supported.",
    Refusal.INVALID_EXPIRATION_TIME: "The expiration time requested is invalid.",
    Refusal.UNSUPPORTED_EXPIRATION_TYPE: "Only expiration durations are supported.",
    Refusal.FILTERING_NOT_SUPPORTED: "Filtering is not supported.",
    Refusal.FILTERING_REQUESTED_UNAVAILABLE: "The requested filter dialect is not supported.",
    Refusal.FILTER_ACTION_NOT_SUPPORTED: "No notifications match the supplied filter.",
    Refusal.EVENT_SOURCE_UNABLE_TO_PROCESS: "The event source cannot process the subscription.",
    Refusal.UNABLE_TO_RENEW: "The subscription cannot be renewed.",
    Refusal.INVALID_MESSAGE: "The message is not valid and cannot be processed.",
}
