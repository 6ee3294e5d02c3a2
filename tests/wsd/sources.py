"""A source of events that a test holds in its hand: it answers as it is told, and tells what it is told to tell."""

from __future__ import annotations

import asyncio
from collections.abc import Sequence
from datetime import timedelta
from itertools import count
from typing import Any

import pytest
from tests.wsd.devices import OURS

from openwmi.base.error import WbemError
from openwmi.net import Address
from openwmi.net.http import Request, Response, parse_url
from openwmi.net.http_client import HttpClient
from openwmi.net.http_server import HttpServer
from openwmi.soap import (
    DPWS_2006,
    EndpointReference,
    Fragment,
    Headers,
    Message,
    Profile,
    SoapFault,
    decode,
    encode,
    encode_fault,
    fault_of,
)
from openwmi.soap import eventing as wse
from openwmi.soap.moment import Expires
from openwmi.testing import MemoryNetwork
from openwmi.wsd import Endpoint, Outbound
from openwmi.wsd.attachments import outflow
from openwmi.wsd.calling import ENVELOPE_TYPE
from openwmi.wsd.eventing import subscription as made
from openwmi.wsd.eventing.receiver import Receiver
from openwmi.wsd.eventing.subscription import Subscription

ACTION = "urn:x/Changed"
SINK = "192.0.2.100"
FORGOTTEN = SoapFault(
    "Receiver", wse.Refusal.INVALID_MESSAGE.fault(DPWS_2006).subcode, "unknown Subscription identifier"
)


def body(number: object) -> bytes:
    return f'<x:Changed xmlns:x="urn:x">{number}</x:Changed>'.encode()


class Source:
    """One service with events, at 192.0.2.7, and a sink at 192.0.2.100; with `tcp` on this machine's loopback.

    Attributes:
        lease: how long it gives; with `as_asked` as long as it is asked for.
        faults: what it answers instead, by action.
        mute: it takes requests, and does not answer; curt: it says that it has them, and no more.
        asked: messages that came, with the time.
    """

    def __init__(self, profile: Profile = DPWS_2006, *, tcp: bool = False) -> None:
        self.profile = profile
        self.web = MemoryNetwork()
        self.tcp = tcp
        self.server = HttpServer(self.answer)
        connect = None if tcp else self.web.connect
        self.http = HttpClient(connect=connect)
        self.theirs = HttpClient(connect=connect)
        self.lease: Expires | None = timedelta(seconds=60)
        self.as_asked = False
        self.faults: dict[str, SoapFault] = {}
        self.mute = False
        self.curt = False
        self.manager = ""
        self.others: tuple[Fragment, ...] = ()
        self.asked: list[tuple[float, Message]] = []
        self.subscribes: list[wse.Subscribe] = []
        self.before_answer: Any = None
        self.receiver = Receiver(None if tcp else Address(SINK, 0), listen_with=None if tcp else self.web.listen)
        self.url = ""
        self._numbers = count()

    async def start(self) -> Source:
        where = Address("127.0.0.1", 0) if self.tcp else Address(OURS, 5357)
        found = await self.server.listen(where, listen_with=None if self.tcp else self.web.listen)
        self.url = f"http://{found.host}:{found.port}/events"
        return self

    async def stop(self) -> None:
        await self.server.close()

    async def aclose(self) -> None:
        await self.stop()
        await self.receiver.aclose()
        await self.http.aclose()
        await self.theirs.aclose()

    def endpoint(self) -> Endpoint:
        return Endpoint(self.url, http=self.theirs, profile=self.profile)

    def times(self, action: str) -> list[float]:
        """When it was asked that."""
        return [at for at, message in self.asked if message.headers.action == action]

    async def answer(self, request: Request, peer: Address, local: Address) -> Response:
        message = decode(request.body)
        action = message.headers.action
        self.asked.append((asyncio.get_running_loop().time(), message))
        if self.mute:
            await asyncio.Event().wait()
        if self.curt:
            return Response(202)
        fault = self.faults.get(action)
        if fault is not None:
            return self._response(encode_fault(message, fault, self._name()))
        made = self._granted(action, message)
        if self.before_answer is not None:
            await self.before_answer()
        headers = Headers(f"{action}Response", self._name(), self.profile.anonymous, message.headers.message_id)
        return self._response(encode(self.profile, headers, made))

    def _granted(self, action: str, message: Message) -> Any:
        if action == wse.SUBSCRIBE:
            asked = wse.Subscribe.parse(message)
            self.subscribes.append(asked)
            manager = wse.identified(self.manager or f"{self.url}/manager", "the one", self.profile)
            return wse.SubscribeResponse(manager, asked.expires if self.as_asked else self.lease, self.others)
        if action == wse.RENEW:
            return wse.RenewResponse(wse.Renew.parse(message).expires if self.as_asked else self.lease, self.others)
        return None if action == wse.UNSUBSCRIBE else wse.GetStatusResponse(self.lease, self.others)

    async def tell(
        self, content: bytes, action: str = ACTION, *, to: str = "", name: str = "", beside: Sequence[Outbound] = ()
    ) -> tuple[int, SoapFault | None]:
        """Sends a notification: the status of HTTP, and the fault that came instead."""
        url = to or self.subscribes[-1].notify_to.address
        octets = encode(self.profile, Headers(action, name or self._name(), url), content)
        request = Request("POST", parse_url(url).target, (("Content-Type", ENVELOPE_TYPE),), octets)
        if beside:
            content_type, pieces = outflow(octets, beside)
            request = Request("POST", parse_url(url).target, (("Content-Type", content_type),), pieces=pieces)
        response = await self.http.send(parse_url(url), request, timeout=300, limit=1 << 15)
        return response.status, fault_of(decode(response.body)) if response.body else None

    async def end(self, status: str = wse.EndStatus.SOURCE_SHUTTING_DOWN, reason: str = "") -> int:
        """Sends SubscriptionEnd, with a manager that makes no sense, as sdc11073 does."""
        to = self.subscribes[-1].end_to
        assert to is not None
        part = wse.SubscriptionEnd(EndpointReference("http:192.0.2.7:1/x"), status, reason)
        octets = encode(self.profile, Headers(wse.SUBSCRIPTION_END, self._name(), to.address), part)
        request = Request("POST", parse_url(to.address).target, (("Content-Type", ENVELOPE_TYPE),), octets)
        return (await self.http.send(parse_url(to.address), request, timeout=50, limit=1 << 15)).status

    def _name(self) -> str:
        return f"urn:m:{next(self._numbers)}"

    def _response(self, octets: bytes) -> Response:
        return Response(200, (("Content-Type", ENVELOPE_TYPE),), octets)


class Hearing:
    """A subscription, and what became of it."""

    def __init__(self, source: Source, **how: Any) -> None:
        self.told: list[Any] = []
        self.endpoint = source.endpoint()
        self.events: Subscription[Any] = made.subscribe(
            self.endpoint,
            how.pop("actions", [ACTION]),
            at=source.receiver,
            on_status=self.told.append,
            **how,
        )

    def kinds(self) -> list[type]:
        return [type(each) for each in self.told]

    async def texts(self, count: int) -> list[str]:
        return [each.body.text for each in await self.events.next(count)]

    async def ended(self) -> BaseException:
        """Why it ended, when it has."""
        with pytest.raises(WbemError) as caught:
            await self.events.next()
        return caught.value


async def hearing(source: Source, **how: Any) -> Hearing:
    heard = Hearing(source, **how)
    await heard.events.started()
    return heard
