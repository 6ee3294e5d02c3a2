"""The services on a device of our own: where each is, who answers what, and how an answer is written.

It is the part of `host` that knows of services and nothing of discovery.
"""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Callable
from dataclasses import replace
from functools import partial
from http import HTTPStatus
from urllib.parse import quote, unquote

from openwmi.base.error import WbemError
from openwmi.base.record import log_bug
from openwmi.base.status import WbemStatus
from openwmi.net.http import Response
from openwmi.soap import (
    GET,
    GET_METADATA,
    EndpointReference,
    EndStatus,
    Headers,
    Message,
    Metadata,
    Relationship,
    SoapFault,
    action_not_supported,
    encode,
    encode_get_response,
    endpoint_unavailable,
    invalid_header,
    missing_header,
    not_understood,
)
from openwmi.soap import Service as Hosted
from openwmi.wsd.addresses import format_xaddr
from openwmi.wsd.attachments import outflow
from openwmi.wsd.calling import Faulted, new_message_id
from openwmi.wsd.eventing.source import EventSource, Outlet
from openwmi.wsd.intake import faulted, response
from openwmi.wsd.service import Answer, Call, Handler, Service

log = logging.getLogger("openwmi.wsd")

Missing = Callable[[str], Service | None]
"""Makes a service that somebody asks for by its id, and that is not there (IWSDDeviceHostNotify::GetService)."""


class Services:
    """Those of one device.

    Args:
        path: of the device; each service is below it.
        scheme: `http` or `https`.
        outlet: how their events are sent; it knows which profiles are spoken.
        missing: makes services when somebody asks for them.
    """

    def __init__(self, path: str, scheme: str, outlet: Outlet, missing: Missing | None) -> None:
        self.path = path
        self.port = 0
        self.profiles = outlet.profiles
        self._outlet = outlet
        self._sources: dict[Service, EventSource] = {}
        self.missing = missing
        self._scheme = scheme
        self._services: dict[str, Service] = {}
        self._listed: set[str] = set()
        self._retiring: set[asyncio.Task[object]] = set()
        self._running: dict[Service, set[asyncio.Task[object]]] = {}

    def add(self, service: Service, *, listed: bool) -> None:
        """WbemError(ALREADY_EXISTS) where there is one of that id, INVALID_PARAMETER without one."""
        if not service.service_id:
            raise WbemError(WbemStatus.INVALID_PARAMETER, "a service needs an id")
        if service.service_id in self._services:
            raise WbemError(WbemStatus.ALREADY_EXISTS, f"there is a service {service.service_id} on this device")
        self._services[service.service_id] = service
        self._equip(service)
        if listed:
            self._listed.add(service.service_id)

    async def retire(self, service: Service) -> bool:
        """No handler of it runs once this has returned; says whether metadata listed it. Harmless when repeated."""
        if self._services.get(service.service_id) is service:
            del self._services[service.service_id]
        listed = service.service_id in self._listed
        self._listed.discard(service.service_id)
        ours = asyncio.current_task()
        running = [task for task in self._running.get(service, ()) if task is not ours]
        for task in running:
            self._retiring.add(task)
            task.cancel()
        if running:
            await asyncio.wait(running)
        source = self._sources.pop(service, None)
        if source is not None:
            service.source = None
            await source.end(EndStatus.SOURCE_CANCELING, "The service is gone.")
        return listed

    async def stop(self) -> None:
        """Whoever has subscribed to something is told that it is over; who is not reached soon is not told."""
        sources, self._sources = self._sources, {}
        why = "The device is shutting down."
        await asyncio.gather(*(source.end(EndStatus.SOURCE_SHUTTING_DOWN, why) for source in sources.values()))
        await self._outlet.deliveries.aclose()

    def start(self) -> None:
        """Somebody may subscribe, again."""
        for service in self._services.values():
            if service not in self._sources:
                self._equip(service)

    def find(self, path: str) -> Service | None:
        """The one at that path; one that was missing is made."""
        start = f"{self.path}/"
        if not path.startswith(start):
            return None
        service_id = unquote(path[len(start) :])
        service = self._services.get(service_id)
        if service is None and self.missing is not None and service_id:
            service = self.missing(service_id)
            if service is not None:
                self._services[service_id] = service
                self._equip(service)
        return service

    def url(self, service: Service, host: str) -> str:
        """Where it is, at that address of ours."""
        return self._at(service.service_id, host)

    def hosted(self, service: Service, host: str) -> Hosted:
        """As metadata describe it."""
        return Hosted((EndpointReference(self.url(service, host)),), service.types, service.service_id)

    def within(self, metadata: Metadata, host: str) -> Metadata:
        """A device's metadata with the services that they list; those that it lists itself without saying where they
        are, since they are made when somebody asks for them, are said to be here.
        """
        relationships = [
            replace(each, hosted=tuple(one if one.endpoints else self._placed(one, host) for one in each.hosted))
            for each in metadata.relationships or (Relationship(),)
        ]
        ours = tuple(self.hosted(self._services[each], host) for each in self._services if each in self._listed)
        relationships[0] = replace(relationships[0], hosted=(*relationships[0].hosted, *ours))
        return replace(metadata, relationships=tuple(each for each in relationships if each != Relationship()))

    def _at(self, service_id: str, host: str) -> str:
        return format_xaddr(self._scheme, host, self.port, f"{self.path}/{quote(service_id, safe='')}")

    def _placed(self, service: Hosted, host: str) -> Hosted:
        return replace(service, endpoints=(EndpointReference(self._at(service.service_id, host)),))

    async def answer(self, service: Service, call: Call, metadata: Metadata) -> Response:
        """The answer to a message for a service; `metadata` are the device's."""
        message = call.message
        fault = self._refusal(message)
        if fault is not None:
            return faulted(message, fault)
        handler = service.actions.get(message.headers.action)
        if handler is None and service.source is not None:
            handler = service.source.handlers.get(message.headers.action)
        if handler is None:
            if message.headers.action not in {GET, GET_METADATA}:
                return faulted(message, action_not_supported(message.profile, message.headers.action))
            mine = Relationship(metadata.host, (self.hosted(service, call.local.host),))
            said = Metadata(relationships=(mine,), others=service.sections)
            return response(encode_get_response(message, said, new_message_id()))
        answer = await self._carry_out(service, handler, call)
        if answer is None:
            return Response(HTTPStatus.ACCEPTED)
        if answer.fault is not None:
            return faulted(message, answer.fault)
        return self._encoded(message, answer)

    def _equip(self, service: Service) -> None:
        if service.events:
            where = partial(self._at, service.service_id)
            service.source = self._sources[service] = EventSource(
                service.events, self._outlet, where, service.service_id
            )

    def _refusal(self, message: Message) -> SoapFault | None:
        profile, headers = message.profile, message.headers
        if headers.not_understood:
            return not_understood(headers.not_understood)
        if profile not in self.profiles or not headers.action:
            return action_not_supported(profile, headers.action)
        if not headers.is_anonymous(profile):
            return invalid_header(profile, "ReplyTo")
        if headers.reply_to is not None and not headers.message_id:
            return missing_header(profile, "MessageID")
        return None

    async def _carry_out(self, service: Service, handler: Handler, call: Call) -> Answer | None:
        task = asyncio.current_task()
        assert task is not None, "requests are answered by tasks"
        running = self._running.setdefault(service, set())
        running.add(task)
        try:
            return await call.answer(handler)
        except asyncio.CancelledError:
            if task not in self._retiring:
                raise
            task.uncancel()
            return Answer(fault=endpoint_unavailable(call.message.profile))
        except Faulted as error:
            return Answer(fault=error.fault)
        except Exception as error:  # noqa: BLE001 - it is the service's own code; the client gets a fault
            log_bug(log, "a handler of a service failed", error)
            return Answer(fault=endpoint_unavailable(call.message.profile))
        finally:
            running.discard(task)
            self._retiring.discard(task)
            if not running:
                self._running.pop(service, None)

    def _encoded(self, request: Message, answer: Answer) -> Response:
        asked = request.headers
        headers = Headers(
            answer.action or f"{asked.action}Response",
            new_message_id(),
            request.profile.anonymous,
            asked.message_id,
            others=() if asked.reply_to is None else asked.reply_to.parameters,
        )
        octets = encode(request.profile, headers, answer.body)
        if not answer.attachments:
            return response(octets)
        content_type, pieces = outflow(octets, answer.attachments)
        return Response(HTTPStatus.OK, (("Content-Type", content_type),), pieces=pieces)
