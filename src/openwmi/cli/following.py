"""Events of a service as rows: which service is meant, what it is subscribed to, and what each event says."""

from __future__ import annotations

import asyncio
import re
import ssl
from collections.abc import AsyncIterable, Awaitable, Callable, Sequence
from contextlib import AsyncExitStack
from dataclasses import dataclass, field
from pathlib import Path
from typing import Final, TypeVar

import click

from openwmi.base.error import Timeout, WbemError
from openwmi.base.status import WbemStatus
from openwmi.cli.messages import one_having, record_of, wsdl_within
from openwmi.cli.output import Writer
from openwmi.cli.records import Record
from openwmi.cli.stream import ClosedPipe
from openwmi.net.http_client import HttpClient
from openwmi.soap import DPWS_2006, Profile, Service
from openwmi.soap.fragment import keep
from openwmi.wsd import (
    Account,
    Endpoint,
    Notification,
    Wsdl,
    load_wsdl,
    metadata,
    metadata_at,
    resolve,
    subscribe,
)
from openwmi.wsd.wsdl import PortType, WsdlOperation
from openwmi.wsd.wsdl.proxy import decode_body

T = TypeVar("T")

_URL: Final = ("http://", "https://")
_UUID: Final = re.compile(r"[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}", re.IGNORECASE)


@dataclass(frozen=True, slots=True)
class Wanted:
    """What was asked for.

    Attributes:
        service: its URL, or the address of the device that it is on.
        events: names of the contract, or URIs of actions; none is all.
        wsdl_file: the contract; None is that which the service has in its metadata, if any.
        folder: where attachments go.
        tls, account: whom to trust, and who to be.
        seconds: how long answers are waited for.
        profile: the versions that are spoken, unless the device says it.
        interfaces: on which a device is looked for.
    """

    service: str
    events: tuple[str, ...] = ()
    wsdl_file: Path | None = None
    port_type: str | None = None
    folder: Path | None = None
    tls: ssl.SSLContext | None = None
    account: Account | None = None
    seconds: float = 10.0
    profile: Profile = DPWS_2006
    interfaces: tuple[str, ...] | None = None


@dataclass(frozen=True, slots=True)
class _Source:
    """Where events come from, and what they are: operations of the contract, by their actions."""

    url: str
    profile: Profile
    actions: tuple[str, ...]
    events: dict[str, WsdlOperation] = field(default_factory=dict)


async def follow(writer: Writer, wanted: Wanted, count: int | None, seconds: float | None) -> None:
    """Writes the events of a service as they come. SubscriptionEnded when it has no more; see `write_until`."""
    source = await _source(wanted)

    def decode(notification: Notification) -> tuple[Notification, object]:
        event = source.events.get(notification.action)
        if event is None:
            return notification, None
        return notification, decode_body(event.output, notification.message, notification.attachments)

    async def record(came: tuple[Notification, object]) -> Record:
        notification, said = came
        event = source.events.get(notification.action)
        if event is None:
            body = None if notification.body is None else keep(notification.body).text
            return Record(None, {"Action": notification.action, "Body": body})
        values = {} if said is None else (await record_of(said, event, wanted.folder)).values
        return Record(None, {"Event": event.name, **values})

    async with AsyncExitStack() as stack:
        http = await stack.enter_async_context(HttpClient(tls=wanted.tls, authenticator=wanted.account))
        endpoint = await stack.enter_async_context(Endpoint(source.url, http=http, profile=source.profile))
        events = await stack.enter_async_context(subscribe(endpoint, source.actions, decode=decode))
        await events.started()
        writer.note(f"subscribed to {' '.join(source.actions) or 'all events'} of {source.url}")
        await write_until(writer, events, record, count, seconds)


async def write_until(
    writer: Writer,
    rows: AsyncIterable[T],
    record: Callable[[T], Awaitable[Record]],
    count: int | None,
    seconds: float | None,
) -> None:
    """Writes rows as they come, until there are so many, or that time is over: with both, too few are a Timeout.

    ClosedPipe when nobody reads them any more.
    """
    ours = asyncio.current_task()
    assert ours is not None, "it runs in a task"
    closed = False

    def reader_gone() -> None:
        nonlocal closed
        closed = True
        ours.cancel()

    limit = asyncio.timeout(seconds)
    try:
        with writer.out.reader_watched(reader_gone):
            async with limit:
                async for row in rows:
                    writer.write([await record(row)])
                    if writer.count == count:
                        return
    except asyncio.CancelledError:
        if not closed:
            writer.close()  # Ctrl-C: what was written is whole all the same
            raise
        ours.uncancel()
        raise ClosedPipe from None
    except TimeoutError:
        if not limit.expired():
            raise
        if count is not None:
            raise Timeout(WbemStatus.TIMED_OUT, f"{writer.count} of {count} events came within {seconds:g} s") from None


async def _source(wanted: Wanted) -> _Source:
    """UsageError for a device with several services; otherwise as of discovery, metadata and contracts."""
    given = None if wanted.wsdl_file is None else load_wsdl(wanted.wsdl_file)
    if wanted.service.lower().startswith(_URL):
        return await _source_at(wanted, wanted.service, wanted.profile, given)
    if _UUID.fullmatch(wanted.service.lower().removeprefix("urn:uuid:")) is None:
        raise click.UsageError(f"{wanted.service!r} is neither the URL of a service nor the address of a device")
    address = f"urn:uuid:{wanted.service.lower().removeprefix('urn:uuid:')}"
    device = await resolve(address, timeout=wanted.seconds, interfaces=wanted.interfaces)
    hosted = (await metadata(device, timeout=wanted.seconds, tls=wanted.tls)).hosted
    service = _chosen(hosted, given, wanted)
    return await _source_at(wanted, service.endpoints[0].address, device.profile, given)


def _chosen(hosted: Sequence[Service], wsdl: Wsdl | None, wanted: Wanted) -> Service:
    """The service of a device that sends the events; the only one, where no contract says more."""
    placed = [each for each in hosted if each.endpoints]
    if wsdl is not None:
        sources = {each.name for each in wsdl.port_types.values() if each.events}
        placed = [each for each in placed if not sources.isdisjoint(each.types)]
    if len(placed) == 1:
        return placed[0]
    known = ", ".join(f"{each.endpoints[0].address} ({each.service_id})" for each in placed) or "none"
    raise click.UsageError(f"which service of {wanted.service} is meant? Give its URL: {known}")


async def _source_at(wanted: Wanted, url: str, profile: Profile, wsdl: Wsdl | None) -> _Source:
    named = [each for each in wanted.events if ":" not in each]
    if wsdl is None:
        try:
            said = await metadata_at(
                url, timeout=wanted.seconds, profiles=(profile,), tls=wanted.tls, authenticator=wanted.account
            )
            wsdl = wsdl_within(said, url)
        except WbemError:
            if named:  # only a contract says what a name means
                raise
            return _Source(url, profile, wanted.events)
    contracts = [each for each in wsdl.port_types.values() if each.events]
    if wanted.port_type is not None:
        contracts = [wsdl.port_types[wanted.port_type]]
    events = {each.output_action or "": each for one in contracts for each in one.events.values()}
    chosen = tuple(_action(each, contracts, wsdl) if each in named else each for each in wanted.events)
    return _Source(url, profile, chosen, events)


def _action(name: str, contracts: Sequence[PortType], wsdl: Wsdl) -> str:
    """That of the event of this name. UsageError where several port types have one; NotFound says what there is."""
    contract = one_having(name, contracts, lambda each: each.events)
    if contract is not None:
        return contract.events[name].output_action or ""
    known = ", ".join(each for one in contracts for each in one.events) or "none"
    raise WbemError(WbemStatus.NOT_FOUND, f"{wsdl.name} has no event {name}; it has {known}")
