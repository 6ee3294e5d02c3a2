"""What a service's proxy is subscribed to, and how its program hears of it: IWSDEventingStatus, and stubs of events.

It is a face of `openwmi.wsd.Subscription`: whether a subscription goes on, and how long, is looked up there. One
message subscribes to all operations of a call, so that they share a subscription; it ends with the last of them.

A stub is called as generated code has it, `stub(pUnknown, messaging, event)`, on a thread of its subscription's own:
one call after the other, in the order of the source, which has to wait while a stub takes its time; one that takes more
than 30 s ends its subscription. An event for which a stub fails is logged, and the next one comes. Status callbacks
come on another thread.
"""

from __future__ import annotations

import asyncio
import logging
import threading
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any, Final

from openwmi.base.record import log_bug
from openwmi.blocking.com.unknown import IUnknown
from openwmi.operation import Operation, ResultSet, Sink, Workers
from openwmi.soap import Fragment, Message
from openwmi.soap.moment import Expires
from openwmi.wsd import Endpoint, Notification, Receiver, RenewalFailed, Renewed, StatusEvent, Subscription, subscribe
from openwmi.wsd.eventing.happenings import Lease
from openwmi.wsd.eventing.subscription import AT_A_TIME
from openwmi.wsdclient import constants as c
from openwmi.wsdclient.calling import argument, pointer
from openwmi.wsdclient.serving import MESSAGING
from openwmi.wsdclient.statuses import S_OK, hresult
from openwmi.wsdclient.structures import (
    WSD_EVENT,
    WSD_EVENTING_EXPIRES,
    WSD_HANDLER_CONTEXT,
    WSD_OPERATION,
    WSD_SOAP_MESSAGE,
    WSDXML_ELEMENT,
)

log = logging.getLogger("openwmi.wsdclient")

Operations = Sequence[WSD_OPERATION | None]


class IWSDEventingStatus(IUnknown, iid="49b17f52-637a-407a-ae99-fbe82a4d38c0"):
    """Derive from this to hear what becomes of subscriptions: of each operation by its action."""

    def SubscriptionRenewed(self, pszSubscriptionAction: str) -> None:
        """It goes on, without anybody having to ask."""

    def SubscriptionRenewalFailed(self, pszSubscriptionAction: str, hr: int) -> None:
        """It could not be renewed, and has ended. While there is time it is tried again, and this is not called."""

    def SubscriptionEnded(self, pszSubscriptionAction: str) -> None:
        """The device has ended it, and said so."""


@dataclass(frozen=True, slots=True)
class Granted:
    """What came of a call of IWSDServiceProxyEventing: how long subscriptions last, and what the service added.

    `message` is the answer of the first of them that there were.
    """

    message: Message
    expires: Expires | None
    others: tuple[Fragment, ...] = ()
    attachments: tuple[()] = ()

    @property
    def told(self) -> tuple[WSD_EVENTING_EXPIRES, WSDXML_ELEMENT | None]:
        """As the header has it."""
        expires = self.expires
        moment = expires if isinstance(expires, datetime) else None
        seconds = expires.total_seconds() if isinstance(expires, timedelta) else None
        return WSD_EVENTING_EXPIRES(seconds, moment), self.others[0] if self.others else None


class Subscriptions:
    """Those of one proxy, by the actions of their operations. Its methods are called on the loop's thread.

    Args:
        receiver: makes what they are received by, when there is one.
    """

    def __init__(self, receiver: Callable[[], Receiver | None]) -> None:
        self.status: IWSDEventingStatus | None = None
        self._receiver = receiver
        self._groups: dict[str, _Group] = {}
        self._workers = Workers("openwmi-wsd-eventing", 1)

    def tell(self, status: IWSDEventingStatus | None) -> IWSDEventingStatus | None:
        """Who is told from now on; returns who was."""
        before, self.status = self.status, status
        return before

    def close(self) -> None:
        """All of them end, and nobody is told any more. Harmless when repeated."""
        for group in set(self._groups.values()):
            group.of.cancel()
        self._groups.clear()
        status = self.tell(None)
        if status is not None:
            status.Release()

    def subscribe(
        self,
        endpoint: Endpoint,
        operations: Operations,
        unknown: Any,
        expires: WSD_EVENTING_EXPIRES | None,
        anything: WSDXML_ELEMENT | None,
    ) -> Operation[Granted]:
        """E_INVALIDARG where one is subscribed to already, or has nothing that could be called."""
        kinds: dict[str, WSD_OPERATION] = {}
        for each in operations:
            action = action_of(each)
            argument(action not in kinds and self._group(action) is None, f"{action} is subscribed to already")
            assert each is not None
            argument(each.RequestStubFunction is not None, f"{action} has no stub that could be called")
            kinds[action] = each
        argument(kinds, "pOperations is empty")
        group = _Group(kinds, unknown, self._said)
        group.subscription = subscribe(
            endpoint,
            tuple(kinds),
            at=self._receiver(),
            expires=_asked(expires),
            on_status=group.told,
            others=_others(anything),
            decode=group.decode,
        )
        self._groups.update(dict.fromkeys(kinds, group))
        group.subscription.deliver(group)
        return Operation.start(lambda results: _begun(group, results), "subscribe to operations", single=True)

    def unsubscribe(
        self, operations: Operations, anything: WSDXML_ELEMENT | None, *, inside: Sequence[object] = ()
    ) -> Operation[None]:
        """E_INVALIDARG where one is not subscribed to. `inside` are the stubs' groups in whose midst the caller is."""
        others, chosen = _others(anything), self._chosen(operations)
        for group, actions in chosen:
            for action in actions:
                del group.kinds[action], self._groups[action]

        async def work(results: ResultSet[None]) -> None:
            results.begin()
            ending = [each.leave(others, wait=each not in inside) for each, _ in chosen]
            _raise_first(await asyncio.gather(*ending, return_exceptions=True))

        return Operation.start(work, "unsubscribe from operations", single=True)

    def renew(
        self, operations: Operations, expires: WSD_EVENTING_EXPIRES | None, anything: WSDXML_ELEMENT | None
    ) -> Operation[Granted]:
        """The same. Operations that share a subscription are renewed together, whichever of them are given."""
        asked, others = _asked(expires), _others(anything)
        return self._each(operations, "renew operations", lambda group: group.of.renew(asked, others=others))

    def get_status(self, operations: Operations, anything: WSDXML_ELEMENT | None) -> Operation[Granted]:
        """The same."""
        others = _others(anything)
        return self._each(operations, "status of operations", lambda group: group.of.get_status(others=others))

    def _each(self, operations: Operations, name: str, ask: Callable[[_Group], Operation[Lease]]) -> Operation[Granted]:
        groups = [group for group, _ in self._chosen(operations)]

        async def one(group: _Group) -> Lease:
            lease: Lease = await ask(group)
            return lease

        async def work(results: ResultSet[Granted]) -> Granted:
            results.begin()
            found = await asyncio.gather(*map(one, groups), return_exceptions=True)
            return _granted(_raise_first(found))

        return Operation.start(work, name, single=True)

    def _chosen(self, operations: Operations) -> list[tuple[_Group, list[str]]]:
        """The subscriptions of those operations, each with the actions that are meant."""
        found: dict[_Group, list[str]] = {}
        for each in operations:
            action = action_of(each)
            group = self._group(action)
            argument(group is not None, f"{action} is not subscribed to")
            assert group is not None
            actions = found.setdefault(group, [])
            argument(action not in actions, f"{action} is given twice")
            actions.append(action)
        argument(found, "pOperations is empty")
        return list(found.items())

    def _group(self, action: str) -> _Group | None:
        """What goes on; what has ended is not subscribed to."""
        group = self._groups.get(action)
        if group is not None and group.of.results.finished:
            del self._groups[action]
            group = None
        return group

    def _said(self, actions: Sequence[str], event: StatusEvent) -> None:
        status = self.status
        if status is None:
            return
        for action in actions:
            if isinstance(event, Renewed):
                self._workers.run(_called, status.SubscriptionRenewed, action)
            elif isinstance(event, RenewalFailed):
                self._workers.run(_called, status.SubscriptionRenewalFailed, action, hresult(event.error))
            elif event.error.end is not None:
                self._workers.run(_called, status.SubscriptionEnded, action)


class _Group(Sink[WSD_EVENT]):
    """One subscription, for some operations.

    Attributes:
        kinds: those that somebody wants to hear of.
    """

    def __init__(
        self,
        kinds: dict[str, WSD_OPERATION],
        unknown: Any,
        said: Callable[[Sequence[str], StatusEvent], None],
    ) -> None:
        self.kinds = kinds
        self.subscription: Subscription[WSD_EVENT] | None = None
        self._unknown = unknown
        self._said = said
        self._calling = threading.Lock()

    @property
    def of(self) -> Subscription[WSD_EVENT]:
        """The subscription."""
        assert self.subscription is not None, "it is made together with its group"
        return self.subscription

    def told(self, event: StatusEvent) -> None:
        """Something has become of it."""
        self._said(tuple(self.kinds), event)

    def decode(self, notification: Notification) -> WSD_EVENT:
        """What a stub is given. RemoteProtocolError."""
        action, body = notification.action, notification.body
        kind = next(
            (self.kinds[each] for each in (action, *self.kinds) if each in self.kinds and action.startswith(each)), None
        )
        type_ = None if kind is None else kind.ResponseType
        decoded: Any = body
        if type_ is not None and type_.Table is not None and body is not None:
            decoded = type_.Table.decode(body)
        return WSD_EVENT(
            S_OK,
            c.WSDET_INCOMING_MESSAGE,
            action,
            HandlerContext=WSD_HANDLER_CONTEXT(None, None, self._unknown),
            Soap=WSD_SOAP_MESSAGE(notification.message.headers, decoded, type_, notification.attachments),
            Operation=kind,
        )

    def indicate(self, objects: Sequence[WSD_EVENT]) -> None:
        """On a thread of its own."""
        _inside.groups = (*inside(), self)
        try:
            for event in objects:
                kind = event.Operation
                with self._calling:
                    # Meanwhile it may have been unsubscribed, alone or with all others.
                    if kind is not None and action_of(kind) in self.kinds and kind.RequestStubFunction is not None:
                        _called(kind.RequestStubFunction, self._unknown, MESSAGING, event)
        finally:
            _inside.groups = inside()[:-1]

    async def leave(self, others: Sequence[Fragment], *, wait: bool) -> None:
        """It ends, if nobody wants to hear of it any more; with `wait` this returns when no stub runs for those who do
        not.
        """
        try:
            if not self.kinds:
                await self.of.unsubscribe(others=others)
        finally:
            if wait:
                waiting = Workers("openwmi-wsd-eventing", 1)
                done = waiting.run(self._quiet)
                waiting.close()
                await done

    def _quiet(self) -> None:
        """Returns when the call that was under way is over; those that follow look first whether they are wanted."""
        with self._calling:
            pass


class _Inside(threading.local):
    groups: tuple[object, ...] = ()


_inside: Final = _Inside()


def inside() -> tuple[object, ...]:
    """The subscriptions in whose stubs' midst this thread is."""
    return _inside.groups


def action_of(kind: WSD_OPERATION | None) -> str:
    """Of an event: that of what the device sends. E_POINTER for NULL, E_INVALIDARG for what is no event."""
    pointer(kind, "pOperation")
    argument(isinstance(kind, WSD_OPERATION) and kind.ResponseType is not None, "pOperation has no ResponseType")
    assert kind is not None
    assert kind.ResponseType is not None
    return kind.ResponseType.Uri


async def _begun(group: _Group, results: ResultSet[Granted]) -> Granted:
    results.begin()
    try:
        await group.of.started()
    except asyncio.CancelledError:
        group.of.cancel()
        raise
    lease = group.of.lease
    assert lease is not None, "a source has granted it"
    return _granted([lease])


def _granted(leases: Sequence[Lease]) -> Granted:
    """Of several the one that ends first, as far as they can be compared."""
    lasting = [each for each in leases if isinstance(each.expires, timedelta)]
    shortest = min(lasting, key=lambda each: each.expires, default=leases[0])  # type: ignore[arg-type,return-value]  # they were chosen so
    return Granted(leases[0].message, shortest.expires, leases[0].others)


def _raise_first(found: Sequence[Any]) -> list[Any]:
    for each in found:
        if isinstance(each, BaseException):
            raise each
    return list(found)


def _asked(expires: WSD_EVENTING_EXPIRES | None) -> Expires:
    """E_INVALIDARG for one that says nothing, or that is in no zone of time."""
    if expires is None:
        return AT_A_TIME
    if expires.DateTime is not None:
        aware = getattr(expires.DateTime, "tzinfo", None) is not None
        argument(aware, f"DateTime is a datetime with its zone, and not {expires.DateTime!r}")
        return expires.DateTime
    seconds: Any = expires.Duration
    argument(isinstance(seconds, int | float) and 0 < seconds < _LONGEST, f"Duration is seconds, and not {seconds!r}")
    return timedelta(seconds=seconds)


def _others(anything: WSDXML_ELEMENT | None) -> tuple[Fragment, ...]:
    argument(anything is None or isinstance(anything, Fragment), f"pAny is a WSDXML_ELEMENT, and not {anything!r:.80}")
    return () if anything is None else (anything,)


def _called(function: Callable[..., Any], *arguments: Any) -> None:
    """A program's own code."""
    try:
        function(*arguments)
    except Exception as error:  # noqa: BLE001 - nobody is there to tell
        log_bug(log, f"{getattr(function, '__name__', 'a callback of events')} failed", error)


_LONGEST: Final = timedelta.max.total_seconds()
