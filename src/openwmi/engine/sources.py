"""Where the instances of a class come from: a provider, the repository, or the engine itself.

Whoever asks for instances gets them as a Selection shows them, and need not know from where.
"""

from __future__ import annotations

import asyncio
from collections.abc import AsyncGenerator, Callable, Coroutine, Iterable, Iterator, Mapping
from contextlib import aclosing
from typing import Any, Protocol

from openwmi.base.case import fold
from openwmi.base.error import WbemError
from openwmi.base.limits import REPOSITORY_PAGE
from openwmi.base.status import WbemStatus
from openwmi.engine import hosting
from openwmi.engine.hosting import ProviderHost
from openwmi.engine.provider import Request, Row
from openwmi.engine.selection import Selection
from openwmi.model import CimClass, CimInstance, is_set
from openwmi.operation import CallContext
from openwmi.repository import Reader

NAMESPACE_CLASS = "__namespace"
"""The folded name of the class whose instances are the namespaces within a namespace."""
SECURITY_CLASS = "__systemsecurity"
"""That of the class whose one instance each namespace has ([MS-WMI] 3.1.3)."""
_OWN = frozenset({NAMESPACE_CLASS, SECURITY_CLASS})


class Outlet(hosting.Outlet, Protocol):
    """Where instances go: rows to be selected from, or what was."""

    async def show(self, found: list[CimInstance]) -> None: ...


class Source(Protocol):
    """The instances of exactly one class."""

    @property
    def waits_for(self) -> str:
        """Whom a caller waits for, for messages about deadlines."""

    def select(self, selection: Selection) -> AsyncGenerator[list[CimInstance], None]:
        """Those that are wanted, as they come."""

    def pour(self, selection: Selection, outlet: Outlet) -> Coroutine[Any, Any, None]:
        """The same into the outlet of this selection."""

    async def find(self, selection: Selection) -> CimInstance | None:
        """The one that a selection with keys wants."""


class Provided:
    """Instances that a provider has."""

    def __init__(self, host: ProviderHost, context: CallContext) -> None:
        self.host = host
        self.waits_for = str(host)
        self._context = context

    async def select(self, selection: Selection) -> AsyncGenerator[list[CimInstance], None]:
        if self._looks_up(selection):
            for keys in selection.lookups or ():
                found = await self._look_up(selection, keys)
                if found:
                    yield found
            return
        async with aclosing(self.host.instances(self._request(selection))) as batches:
            async for rows in batches:
                yield selection.pick(rows)

    def pour(self, selection: Selection, outlet: Outlet) -> Coroutine[Any, Any, None]:
        if self._looks_up(selection):
            return _pour(self.select(selection), outlet)
        return self.host.pour(self._request(selection), outlet)

    async def find(self, selection: Selection) -> CimInstance | None:
        assert selection.keys is not None
        found = await self._look_up(selection, selection.keys)
        return found[0] if found else None

    def _looks_up(self, selection: Selection) -> bool:
        """Whether instances are found by their keys, one after the other."""
        return selection.lookups is not None and (self.host.looks_up or len(selection.lookups) < 2)

    async def _look_up(self, selection: Selection, keys: Mapping[str, object]) -> list[CimInstance]:
        """A list of one or none."""
        request = self._request(selection)
        if self.host.looks_up:
            values = await self.host.get(request, keys)
            return selection.pick([] if values is None else [values])
        async with aclosing(self.host.instances(request)) as batches:
            async for rows in batches:
                if found := selection.pick(rows):
                    return found[:1]
        return []

    def _request(self, selection: Selection) -> Request:
        return selection.request(self._context)


class Stored:
    """Instances in the repository."""

    waits_for = "the repository"

    def __init__(self, reader: Reader) -> None:
        self._reader = reader

    async def select(self, selection: Selection) -> AsyncGenerator[list[CimInstance], None]:
        class_ = selection.cim_class
        if selection.lookups is not None:
            found = [self._reader.get(class_, keys) for keys in selection.lookups]
            yield selection.choose([each for each in found if each is not None])
            return
        after: bytes | None = None
        while True:
            rows, after = self._reader.page(class_, after, REPOSITORY_PAGE)
            yield selection.choose(rows)
            if after is None:
                return
            await asyncio.sleep(0)

    def pour(self, selection: Selection, outlet: Outlet) -> Coroutine[Any, Any, None]:
        return _pour(self.select(selection), outlet)

    async def find(self, selection: Selection) -> CimInstance | None:
        assert selection.keys is not None
        return self._reader.get(selection.cim_class, selection.keys)


class Own:
    """Instances that the engine itself has."""

    waits_for = "the repository"

    def __init__(self, rows: list[Row]) -> None:
        self._rows = rows

    async def select(self, selection: Selection) -> AsyncGenerator[list[CimInstance], None]:
        class_ = selection.cim_class
        yield selection.pick([class_.row(row) for row in self._rows])

    def pour(self, selection: Selection, outlet: Outlet) -> Coroutine[Any, Any, None]:
        return _pour(self.select(selection), outlet)

    async def find(self, selection: Selection) -> CimInstance | None:
        async with aclosing(self.select(selection)) as batches:
            async for found in batches:
                return found[0] if found else None
        return None


class Sources:
    """Who has the instances of which class, in one namespace at one moment.

    Args:
        reader: the namespace.
        hosts: its providers by the folded names of their classes.
        names: gives all namespaces by their folded names.
        context: who asks.
    """

    def __init__(
        self,
        reader: Reader,
        hosts: Mapping[str, ProviderHost],
        names: Callable[[], Mapping[str, str]],
        context: CallContext,
    ) -> None:
        self._reader = reader
        self._hosts = hosts
        self._names = names
        self._context = context

    def host(self, class_name: str) -> ProviderHost | None:
        """The provider of a class."""
        return self._hosts.get(fold(class_name))

    def hosted(self) -> Iterable[str]:
        """The folded names of the classes that have a provider."""
        return self._hosts

    def enumerates(self, class_name: str) -> bool:
        """Whether there is a provider that can list the instances of the class."""
        host = self.host(class_name)
        return host is not None and host.enumerates

    def of(self, class_: CimClass) -> Source | None:
        """Where the instances of exactly this class come from; None if there are none.

        PROVIDER_NOT_FOUND for a dynamic class whose provider is not here.
        """
        key = fold(class_.name)
        host = self._hosts.get(key)
        if host is not None:
            return Provided(host, self._context)
        if key == NAMESPACE_CLASS:
            return Own([{"Name": name} for name in self._within()])
        if key == SECURITY_CLASS and self._reader.get(class_, {}) is None:  # else somebody has put it
            return Own([{}])
        if is_dynamic(class_):
            raise unserved(class_)
        return None if self._reader.schema.stored(key) is None else Stored(self._reader)

    def below(self, class_: CimClass) -> Iterator[tuple[CimClass, Source]]:
        """The derived classes that have instances to give, and where these come from.

        A provider that has methods alone refuses when it is asked for instances of its own class, not of its ancestors;
        neither does a class whose provider is not here keep the others from being seen.
        """
        schema = self._reader.schema
        for key in schema.below(class_.name):
            host = self._hosts.get(key)
            if host is None and key not in _OWN and schema.stored(key) is None:
                continue
            if host is not None and not host.enumerates and not host.looks_up:
                continue
            found = schema.find(key)
            if found is None or (host is None and is_dynamic(found)):
                continue
            source = self.of(found)
            if source is not None:
                yield found, source

    def _within(self) -> Iterator[str]:
        """The names of the namespaces directly within this one."""
        above = fold(self._reader.namespace) + "\\"
        for folded, name in self._names().items():
            if folded.startswith(above) and "\\" not in folded[len(above) :]:
                yield name[len(above) :]

    def serves_below(self, name: str) -> bool:
        """Whether a provider serves a class that is derived from the one of this name."""
        return bool(self._hosts) and any(key in self._hosts for key in self._reader.schema.below(name))


async def _pour(batches: AsyncGenerator[list[CimInstance], None], outlet: Outlet) -> None:
    async with aclosing(batches):
        async for found in batches:
            await outlet.show(found)


def is_dynamic(class_: CimClass) -> bool:
    """Whether its instances come from a provider, as its qualifier says."""
    return is_set(class_.qualifiers, "dynamic")


def unserved(class_: CimClass) -> WbemError:
    """PROVIDER_NOT_FOUND: the class is dynamic, and nobody provides it."""
    named = class_.qualifiers["provider"].value if "provider" in class_.qualifiers else None
    provider = f"its provider {named!r}" if named else "its provider"
    return WbemError(WbemStatus.PROVIDER_NOT_FOUND, f"{class_.name} is dynamic, and {provider} is not here")
