"""A device of our own: it is found (WS-Discovery) and says what it is (WS-Transfer's Get, directed Probes) over HTTP.

    async with Host(address, metadata, types=…, instance=…) as host: …

It says Hello when it starts and on each interface that comes, and Bye when it ends. Rules of the protocol are the
Target's; here is what connects it with the network.
"""

from __future__ import annotations

import logging
import ssl
from collections.abc import Callable, Collection, Mapping, Sequence
from dataclasses import replace
from http import HTTPStatus
from random import SystemRandom
from typing import Self
from uuid import UUID, uuid4

from openwmi.base.error import WbemError
from openwmi.base.fault import LocalProtocolError
from openwmi.base.limits import HOST_BYE_SECONDS
from openwmi.base.status import WbemStatus
from openwmi.net.datagram import DatagramNetwork
from openwmi.net.http import Request, Response, parse_url
from openwmi.net.http_client import HttpClient
from openwmi.net.http_login import Gate
from openwmi.net.http_server import EVERY_ADDRESS, HttpServer, Listen
from openwmi.net.interfaces import list_interfaces
from openwmi.net.listener import Address
from openwmi.soap import (
    DPWS_2006,
    GET,
    Message,
    Metadata,
    Profile,
    QName,
    SoapFault,
    action_not_supported,
    destination_unreachable,
    encode_get_response,
    invalid_header,
    not_understood,
)
from openwmi.wsd.addresses import format_xaddr
from openwmi.wsd.attachments import Attachments
from openwmi.wsd.calling import new_message_id
from openwmi.wsd.courier import Courier
from openwmi.wsd.eventing.delivery import Deliveries
from openwmi.wsd.eventing.sinks import AllowedSinks
from openwmi.wsd.eventing.source import Outlet
from openwmi.wsd.hosting import Missing, Services
from openwmi.wsd.intake import faulted, response, streamed, taken_in
from openwmi.wsd.matching import NO_RULES, Rule
from openwmi.wsd.messages import Probe, Resolve
from openwmi.wsd.service import Call, Service
from openwmi.wsd.target import Announced, Target

log = logging.getLogger("openwmi.wsd")

PORT = 5357
"""Windows' own, which firewalls know by name."""
EVERYWHERE = Address(EVERY_ADDRESS, PORT)


class Host:
    """A device on the network.

    Args:
        address: what it is called for ever, `urn:uuid:…`; see `openwmi.wsd.identity`.
        metadata: what it says of itself. Services in it that have an id and no address are those of `on_missing`.
        types, scopes: by which it is found.
        instance: grows with each start of the device.
        listen: where it serves HTTP; without a host at every address of this machine.
        interfaces: the names of those on which it is found; None for all that reach others. Where it listens at one
            address, it is the interface that has it.
        profiles: those that it speaks.
        rules: further rules for scopes, by their URIs.
        services: those on it; see `add`.
        on_missing: makes a service that somebody asks for by its id, when it does; None where there is no such one.
        tls: to serve HTTPS instead; it says whether clients need a certificate, and whose are trusted.
        sinks: where events may be sent beside the machine that subscribes to them: names of machines, addresses, and
            networks (`192.0.2.0/24`).
        http: what sends them, and may be shared; a device without one makes its own, and closes that.
        gate: what clients have to log in by, such as `openwmi.wsd.login.LoginGate`; None where they need not.
        network, listen_with: others than this machine's.

    Attributes:
        where: where it listens, once it has started.
        target: its side of discovery, which counts what it did not answer.
    """

    def __init__(
        self,
        address: str,
        metadata: Metadata,
        *,
        instance: int,
        types: Sequence[QName] = (),
        scopes: Sequence[str] = (),
        listen: Address = EVERYWHERE,
        interfaces: Collection[str] | None = None,
        profiles: Sequence[Profile] = (DPWS_2006,),
        rules: Mapping[str, Rule] = NO_RULES,
        services: Sequence[Service] = (),
        on_missing: Missing | None = None,
        tls: ssl.SSLContext | None = None,
        gate: Gate | None = None,
        sinks: Collection[str] = (),
        http: HttpClient | None = None,
        network: DatagramNetwork | None = None,
        listen_with: Listen | None = None,
    ) -> None:
        self.where = listen
        self._metadata = metadata
        self._profiles = tuple(profiles)
        self._path = f"/{_uuid_of(address)}"
        self._expected: dict[str, Callable[[Message, Attachments], object]] = {}
        self._own_paths = {self._path, *(each.directed_path for each in self._profiles)}
        device = Announced(
            address, tuple(types), tuple(scopes), scheme="http" if tls is None else "https", path=self._path
        )
        self.target = Target(device, instance_id=instance, chance=SystemRandom(), profiles=self._profiles, rules=rules)
        self._interfaces = interfaces
        self._tls = tls
        self._network = network
        self._listen_with = listen_with
        self._server = HttpServer(self._answer, streams=self._streamed, gate=gate)
        outlet = Outlet(self._profiles, Deliveries(http), AllowedSinks(sinks))
        self._services = Services(self._path, device.scheme, outlet, on_missing)
        self._services.port = listen.port
        for service in services:
            self._services.add(service, listed=True)
        self._courier: Courier | None = None

    async def start(self) -> Address:
        """It is there: whoever looks for it finds it. Returns where it listens.

        Raises what `openwmi.net.listen` does, WbemError(INVALID_PARAMETER) for an interface that is not there, and
        WbemError(FAILED) where nobody could find it.
        """
        if self._courier is not None:
            raise LocalProtocolError("this host has started already")
        names = self._names()
        courier = Courier(self.target, self.target.receive)
        try:
            self.where = await self._server.listen(self.where, tls=self._tls, listen_with=self._listen_with)
            interfaces = await courier.open(self._network, names, group=True)
        except BaseException:
            courier.close()
            await self._server.close()
            raise
        self._courier = courier
        self._services.start()
        self._services.port = self.where.port
        self.target.device = replace(self.target.device, port=self.where.port)
        self.target.start(interfaces, courier.now())
        courier.turn()
        if not interfaces:
            log.warning("no interface is up on which %s could be found; it waits for one", self.target.device.address)
        return self.where

    async def stop(self) -> None:
        """It tells whoever has subscribed to something, says Bye, and is gone. Harmless when repeated."""
        courier, self._courier = self._courier, None
        if courier is None:
            return
        try:
            await self._services.stop()
            self.target.stop(courier.now())
            await courier.emptied(HOST_BYE_SECONDS)
        finally:
            courier.close()
            await self._server.close()

    def update(self, metadata: Metadata) -> None:
        """It says something else of itself from now on, and that it does (DPWS R2030)."""
        self._metadata = metadata
        if self._courier is not None:
            self.target.update(self.target.device, self._courier.now())
            self._courier.turn()

    def add(self, service: Service, *, listed: bool = True) -> None:
        """One more service. Where it is not `listed` metadata do not tell of it: whoever is to use it is told its
        `url`. WbemError(ALREADY_EXISTS) where there is one of that id.
        """
        self._services.add(service, listed=listed)
        if listed:
            self.update(self._metadata)

    async def retire(self, service: Service) -> None:
        """It is gone: no handler of it runs once this has returned, and who still waits for an answer gets none.

        Harmless when repeated.
        """
        if await self._services.retire(service):
            self.update(self._metadata)

    def url(self, service: Service, host: str = "") -> str:
        """Where a service is, at that address of this machine; that at which it listens if none is said."""
        return self._services.url(service, host or self.where.host)

    def expect(self, take: Callable[[Message, Attachments], object]) -> str:
        """An address for answers that others send; each that comes is taken by `take`. For `Endpoint(reply_to=…)`.

        WbemError(INVALID_PARAMETER) where it listens at every address: nobody could be told which.
        """
        if self.where.host == EVERY_ADDRESS:
            raise WbemError(
                WbemStatus.INVALID_PARAMETER, "answers can only come to a host that listens at one address of its own"
            )
        path = f"{self._path}/-/{uuid4().hex}"  # no path of a service has so many slashes
        self._expected[path] = take
        return format_xaddr(self.target.device.scheme, self.where.host, self.where.port, path)

    def forget(self, url: str) -> None:
        """Nothing is expected there any more. Harmless when repeated."""
        self._expected.pop(parse_url(url).target, None)

    async def __aenter__(self) -> Self:
        await self.start()
        return self

    async def __aexit__(self, *_: object) -> None:
        await self.stop()

    def _names(self) -> Collection[str] | None:
        """The interfaces: with an address of its own, nobody could reach it at another one."""
        if self._interfaces is not None or self.where.host == EVERY_ADDRESS or self._network is not None:
            return self._interfaces
        for interface in list_interfaces():
            if any(str(own.ip) == self.where.host for own in interface.addresses):
                return (interface.name,)
        return None

    # What comes over HTTP.

    async def _answer(self, request: Request, peer: Address, local: Address) -> Response:
        path = request.target.partition("?")[0]
        expected = self._expected.get(path)
        service = None if path in self._own_paths or expected is not None else self._services.find(path)
        if service is None and expected is None and path not in self._own_paths:
            return Response(HTTPStatus.NOT_FOUND)
        came = await taken_in(request, peer.host)
        if isinstance(came, Response):
            return came
        message, attachments = came
        if expected is not None:
            expected(message, attachments)
            await attachments.finished()
            return Response(HTTPStatus.ACCEPTED)
        if service is not None:
            who = {"principal": request.principal, "scheme": request.scheme}
            call = Call(message, peer, local, attachments, **who, certificate=request.certificate)
            return await self._services.answer(service, call, self._metadata)
        return self._carry_out(message, path, local)

    def _streamed(self, head: Request) -> int:
        """What is read in pieces: a message with attachments, for a service."""
        return 0 if head.target.partition("?")[0] in self._own_paths else streamed(head)

    def _carry_out(self, message: Message, path: str, local: Address) -> Response:
        profile, headers = message.profile, message.headers
        if headers.action in {profile.action(Probe.name), profile.action(Resolve.name)} and profile in self._profiles:
            octets, fault = self.target.respond(message, local.host)
            return response(octets, fault)
        fault = self._fault(message, path)
        if fault is not None:
            return faulted(message, fault)
        said = self._services.within(self._metadata, local.host)
        return response(encode_get_response(message, said, new_message_id()))

    def _fault(self, message: Message, path: str) -> SoapFault | None:
        """Why there is no metadata for it."""
        profile, headers = message.profile, message.headers
        if headers.not_understood:
            return not_understood(headers.not_understood)
        if headers.action != GET or path != self._path or profile not in self._profiles:
            return action_not_supported(profile, headers.action)
        if not headers.is_anonymous(profile):
            return invalid_header(profile, "ReplyTo")
        if headers.to.startswith("urn:") and headers.to.lower() != self.target.device.address.lower():
            return destination_unreachable(profile, headers.to)
        return None


def _uuid_of(address: str) -> str:
    """Its digits name the path: WbemError(INVALID_PARAMETER) for an address of another kind (DPWS R0004)."""
    try:
        return str(UUID(address)) if address.startswith("urn:uuid:") else str(UUID(""))
    except ValueError:
        raise WbemError(WbemStatus.INVALID_PARAMETER, f"{address!r} is no address of a device: urn:uuid:…") from None
