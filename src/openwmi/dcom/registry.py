"""The exporters of a machine's other processes: they share its resolver, which is at port 135 ([MS-DCOM] 1.3.2).

Each keeps a connection open, over a Unix socket, and says line by line what there is to know:

    {"oxid": hex, "ipid": text, "port": number, "names": [text], "hint": number}     first of all, and once
    {"add": [hex], "collect": bool}     objects, which clients may ping; collected where nobody does
    {"discard": [hex]}                  they are gone

and is told {"due": [hex]}: objects that nobody pings any more. A process that ends takes its exporter with it. It can
speak for its own exporter and objects, and for nobody else's.
"""

from __future__ import annotations

import asyncio
import json
import logging
from collections.abc import Callable
from typing import Any, cast

from openwmi.base import guid, limits
from openwmi.base.record import printable
from openwmi.orpc import Bindings, OxidEntry, PingSets, SecurityBinding

log = logging.getLogger("openwmi.dcom")

RegistryError = (ValueError, TypeError, KeyError, OverflowError, RecursionError)
"""What a line that makes no sense makes Python raise."""


NAME_CHARS = 255
"""Of the longest name that DNS has."""


class Registry:
    """The processes that share a resolver.

    Args:
        random: octets that nobody can guess.
        securities: the security providers that clients are told of.

    Attributes:
        pings: of all objects of the machine: the resolver's own exporter gets them, too.
        changed: called when there may be something else to wait for; the exporter's `watch`.
    """

    def __init__(
        self, random: Callable[[int], bytes], securities: tuple[SecurityBinding, ...] = (SecurityBinding(10),)
    ) -> None:
        self._securities = securities
        self._processes: dict[int, _Process] = {}  # by OXID
        self._connected = 0
        self.owners: dict[int, _Process] = {}  # of OIDs
        self.pings: PingSets = _SharedPings(self, random)
        self.changed: Callable[[], None] = lambda: None

    def __len__(self) -> int:
        """How many exporters there are."""
        return len(self._processes)

    def __call__(self) -> asyncio.Protocol:
        """A protocol for the next process, as `net.listen_unix` wants one."""
        return _Process(self)

    def entry(self, oxid: int, host: str) -> OxidEntry | None:
        """Where an exporter is, for a client that reached this machine at `host`."""
        found = self._processes.get(oxid)
        if found is None:
            return None
        bindings = Bindings.tcp((host, *found.names), found.port, self._securities)
        return OxidEntry(oxid, bindings, found.ipid, found.hint)

    def enter(self) -> bool:
        """Whether one more process is taken."""
        self._connected += 1
        return self._connected <= limits.REGISTRY_PROCESSES

    def register(self, process: _Process) -> None:
        if process.oxid in self._processes:
            raise ValueError(f"exporter {process.oxid:016x} is somebody else's")
        self._processes[process.oxid] = process

    def leave(self, process: _Process) -> None:
        """Its exporter and its objects are gone."""
        self._connected -= 1
        if self._processes.get(process.oxid) is process:
            del self._processes[process.oxid]
        for oid in process.oids:
            self.owners.pop(oid, None)
            self.pings.discard(oid)

    def due(self, oids: tuple[int, ...]) -> tuple[int, ...]:
        """Tells the processes of those that are theirs; returns the others."""
        theirs: dict[_Process, list[int]] = {}
        for oid in oids:
            if (owner := self.owners.get(oid)) is not None:
                theirs.setdefault(owner, []).append(oid)
        for process, found in theirs.items():
            process.tell(found)
        return tuple(oid for oid in oids if oid not in self.owners)


class _SharedPings(PingSets):
    """Ping sets whose due objects may be another process's."""

    def __init__(self, registry: Registry, random: Callable[[int], bytes]) -> None:
        super().__init__(random)
        self._registry = registry

    def expire(self, now: float) -> tuple[int, ...]:
        return self._registry.due(super().expire(now))


class _Process(asyncio.Protocol):
    """A process, and what it has said of itself."""

    def __init__(self, registry: Registry) -> None:
        self._registry = registry
        self._buffer = b""
        self.oxid = 0
        self.ipid = guid.NULL
        self.port = 0
        self.names: tuple[str, ...] = ()
        self.hint = 0
        self.oids: set[int] = set()

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        """Part of asyncio.Protocol."""
        self._transport = cast(asyncio.Transport, transport)
        self._loop = asyncio.get_running_loop()
        if not self._registry.enter():
            log.warning("a process cannot share the resolver: %d do", limits.REGISTRY_PROCESSES)
            self._transport.abort()

    def connection_lost(self, _: Exception | None) -> None:
        """Part of asyncio.Protocol."""
        self._registry.leave(self)

    def data_received(self, data: bytes) -> None:
        """Part of asyncio.Protocol."""
        *lines, self._buffer = (self._buffer + data).split(b"\n")
        try:
            for line in lines:
                self._hear(json.loads(line))
            if len(self._buffer) > limits.REGISTRY_LINE_OCTETS:
                raise ValueError("a line that does not end")
        except RegistryError as error:
            log.warning("a process that shares the resolver makes no sense: %s", printable(error))
            self._transport.abort()

    def tell(self, oids: list[int]) -> None:
        """Nobody pings these any more."""
        if not self._transport.is_closing():
            self._transport.write(line({"due": [f"{oid:x}" for oid in oids]}))

    def _hear(self, said: dict[str, Any]) -> None:
        if not self.oxid:
            self._introduce(said)
        elif "add" in said:
            for oid in numbers(said["add"]):
                self._add(oid, collect=bool(said["collect"]))
        else:
            for oid in numbers(said["discard"]):
                self._discard(oid)
        self._registry.changed()

    def _introduce(self, said: dict[str, Any]) -> None:
        (oxid,) = numbers([said["oxid"]])
        port, hint, names = int(said["port"]), int(said["hint"]), tuple(map(str, said["names"]))
        if not oxid or not 0 < port < 1 << 16 or not 0 < hint <= 6 or len(names) > limits.BINDINGS_TRIED:
            raise ValueError("no exporter")
        if not all(name.isprintable() and 0 < len(name) <= NAME_CHARS for name in names):
            raise ValueError("names that no client could be told")
        self.ipid, self.port, self.hint, self.names = guid.parse(str(said["ipid"])), port, hint, names
        self.oxid = oxid
        self._registry.register(self)

    def _add(self, oid: int, *, collect: bool) -> None:
        owners, pings = self._registry.owners, self._registry.pings
        # What is pinged and has no owner among the processes belongs to the exporter whose resolver this is.
        theirs = owners.get(oid) is not self if oid in owners else pings.knows(oid)
        if theirs or (oid not in self.oids and len(self.oids) >= limits.REGISTRY_OIDS):
            raise ValueError(f"object {oid:016x} is somebody else's, or one too many")
        owners[oid] = self
        self.oids.add(oid)
        self._registry.pings.add(oid, self._loop.time(), collect=collect)

    def _discard(self, oid: int) -> None:
        if oid in self.oids:
            self.oids.remove(oid)
            del self._registry.owners[oid]
            self._registry.pings.discard(oid)


def line(said: dict[str, Any]) -> bytes:
    """As it travels."""
    return json.dumps(said).encode() + b"\n"


def numbers(texts: list[Any]) -> list[int]:
    """OIDs from hexadecimal. ValueError."""
    found = [int(str(text), 16) for text in texts]
    if any(not 0 <= number < 1 << 64 for number in found):
        raise ValueError("a number of more than 64 bits")
    return found
