"""Looking for devices, as Operations: they come as they answer, and the search ends by time or when it is cancelled."""

from __future__ import annotations

import asyncio
import logging
from collections import deque
from collections.abc import Collection, Iterable, Sequence
from math import inf
from random import SystemRandom
from typing import Self

from openwmi.base.error import WbemError
from openwmi.base.limits import DISCOVERY_EVENTS
from openwmi.base.status import WbemStatus
from openwmi.net.datagram import Datagram, DatagramNetwork
from openwmi.net.interfaces import Interface
from openwmi.operation import Operation, ResultSet
from openwmi.soap import PROFILES, Profile, QName
from openwmi.wsd.client import Client, Search
from openwmi.wsd.courier import Courier
from openwmi.wsd.device import Device, Event

log = logging.getLogger("openwmi.wsd")


def find(
    types: Sequence[QName] = (),
    scopes: Sequence[str] = (),
    *,
    match_by: str = "",
    interfaces: Collection[str] | None = None,
    timeout: float | None = None,
    profiles: Sequence[Profile] = PROFILES,
    network: DatagramNetwork | None = None,
) -> Operation[Device]:
    """The devices that answer, each once, as they do.

    Args:
        types: those that a device must all be of.
        scopes: those that it must all be in, by the rule `match_by`; the profile's own where none is given.
        interfaces: the names of those to look on; None for all that reach others.
        timeout: seconds after which no answer is waited for any more; None for the profile's ten.
        profiles: whom to ask.
        network: another than this machine's.

    Raises: WbemError(INVALID_PARAMETER) for an interface that is not there; WbemError(FAILED) without any socket.
    """

    async def work(results: ResultSet[Device]) -> None:
        async with _Searching(profiles, network, interfaces) as searching:
            results.begin()
            search = searching.probe(types, scopes, match_by, timeout)
            while await searching.answered(search):
                await results.put(search.take())

    return Operation.start(work, f"find {' '.join(map(str, types))}".strip())


def resolve(
    address: str,
    *,
    interfaces: Collection[str] | None = None,
    timeout: float | None = None,
    profiles: Sequence[Profile] = PROFILES,
    network: DatagramNetwork | None = None,
) -> Operation[Device]:
    """The device of that address, `urn:uuid:…`, and where it listens. Arguments as of `find`. NotFound."""

    async def work(results: ResultSet[Device]) -> Device:
        async with _Searching(profiles, network, interfaces) as searching:
            results.begin()
            search = searching.resolve(address, timeout)
            while await searching.answered(search):
                for device in search.take():
                    return device
        raise WbemError(WbemStatus.NOT_FOUND, f"no device of the address {address} has answered: is it switched on?")

    return Operation.start(work, f"resolve {address}", single=True)


def watch(
    *,
    interfaces: Collection[str] | None = None,
    profiles: Sequence[Profile] = PROFILES,
    network: DatagramNetwork | None = None,
) -> Operation[Event]:
    """Found, Updated and Gone: the devices that are there, and from then on what they say when they come and go.

    It ends when it is cancelled. Who reads too slowly misses the oldest events. Arguments as of `find`.
    """

    async def work(results: ResultSet[Event]) -> None:
        async with _Searching(profiles, network, interfaces, group=True) as searching:
            results.begin()
            around = searching.probe((), (), "", inf)  # for ever: an interface that comes is asked, too
            while True:
                await searching.news()
                around.take()
                await results.put(searching.take_events())

    return Operation.start(work, "watch")


class _Searching:
    """A client of discovery with its sockets, for one Operation."""

    def __init__(
        self,
        profiles: Sequence[Profile],
        network: DatagramNetwork | None,
        interfaces: Collection[str] | None,
        *,
        group: bool = False,
    ) -> None:
        self._loop = asyncio.get_running_loop()
        self._client = Client(SystemRandom(), profiles)
        self._courier = Courier(self._client, self._received)
        self._network = network
        self._names = interfaces
        self._group = group
        self._events: deque[Event] = deque(maxlen=DISCOVERY_EVENTS)
        self._wake = asyncio.Event()
        self._interfaces: Sequence[Interface] = ()

    async def __aenter__(self) -> Self:
        self._interfaces = await self._courier.open(self._network, self._names, group=self._group)
        if not self._interfaces:
            log.warning("no network interface is up that reaches others: nobody is asked until there is one")
        return self

    async def __aexit__(self, *_: object) -> None:
        self._courier.close()

    def probe(self, types: Sequence[QName], scopes: Sequence[str], match_by: str, timeout: float | None) -> Search:
        now = self._loop.time()
        search = self._client.probe(
            self._interfaces, now, types=types, scopes=scopes, match_by=match_by, timeout=timeout
        )
        self._courier.turn()
        return search

    def resolve(self, address: str, timeout: float | None) -> Search:
        search = self._client.resolve(address, self._interfaces, self._loop.time(), timeout=timeout)
        self._courier.turn()
        return search

    async def answered(self, search: Search) -> bool:
        """Returns when there is something to take, or, with False, when nothing more is waited for."""
        while not search.has_more:
            self._wake.clear()
            try:
                async with asyncio.timeout_at(search.ends):
                    await self._wake.wait()
            except TimeoutError:
                return False
        return True

    async def news(self) -> None:
        """Returns when there are events."""
        while not self._events:
            self._wake.clear()
            await self._wake.wait()

    def take_events(self) -> list[Event]:
        taken = list(self._events)
        self._events.clear()
        return taken

    def _received(self, datagram: Datagram, now: float) -> None:
        events: Iterable[Event] = self._client.receive(datagram, now)
        if self._group:
            self._events.extend(events)
        self._wake.set()
