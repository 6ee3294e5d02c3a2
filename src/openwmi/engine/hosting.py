"""Runs providers: each function on the loop or on the provider's own threads, as it was written, and all failures alike.

A provider that raises, or gives what its class does not declare, fails its call with PROVIDER_FAILURE, which names the
provider, the class and the property. What it holds up when it hangs is its own threads.
"""

from __future__ import annotations

import inspect
import logging
import threading
import time
from collections.abc import AsyncIterator, Awaitable, Callable, Iterable, Iterator, Mapping
from contextlib import aclosing
from itertools import islice
from typing import Any, TypeVar, cast

from openwmi.base.error import WbemError
from openwmi.base.limits import PROVIDER_BATCH, PROVIDER_BATCH_SECONDS, PROVIDER_THREADS
from openwmi.base.status import WbemStatus
from openwmi.engine.provider import MethodCall, MethodTable, Provider, Request, Row
from openwmi.model import CimClass, Value
from openwmi.operation import Workers

T = TypeVar("T")
Values = tuple[Value, ...]

log = logging.getLogger("openwmi.engine")


class ProviderHost:
    """One provider, and the threads on which its blocking functions run."""

    def __init__(self, provider: Provider) -> None:
        self._provider = provider
        self._name = type(provider).__name__
        self._methods = MethodTable(type(provider))
        self._workers = Workers(f"openwmi-provider-{self._name}", PROVIDER_THREADS)

    def __str__(self) -> str:
        return f"provider {self._name} of {self._provider.cim_class.name}"

    async def instances(self, request: Request) -> AsyncIterator[list[Values]]:
        """All instances, as they come, as checked values in the order of the class's properties."""
        async with aclosing(self._rows(request)) as batches:
            async for rows in batches:
                yield [self._checked(request.cim_class, row) for row in rows]

    async def get(self, request: Request, keys: Mapping[str, object]) -> Values | None:
        """One instance by its keys, or None."""
        if type(self._provider).get is Provider.get:
            return await self._search(request, keys)
        row = await self._run(self._provider.get, request, keys)
        return None if row is None else self._checked(request.cim_class, row)

    async def call(self, name: str, call: MethodCall) -> Row:
        """Runs a method. METHOD_NOT_IMPLEMENTED if the provider has no function for it."""
        function = self._methods.find(name)
        if function is None:
            raise WbemError(
                WbemStatus.METHOD_NOT_IMPLEMENTED,
                f"{call.request.cim_class.name}.{name} is declared; {self} has no code for it",
            )
        row = await self._run(function.__get__(self._provider), call)
        if not isinstance(row, Mapping):
            raise self._failure(f"{name} returned {type(row).__name__}, not a mapping of out-parameters")
        return row

    async def _rows(self, request: Request) -> AsyncIterator[list[Row]]:
        function = self._provider.instances
        try:
            if inspect.isasyncgenfunction(function):
                async with aclosing(function(request)) as rows:
                    async for row in rows:
                        yield [row]
            elif inspect.iscoroutinefunction(function):
                iterator = iter(await function(request))
                while batch := list(islice(iterator, PROVIDER_BATCH)):
                    yield batch
            else:
                async with aclosing(self._pulled(function, request)) as pulled:
                    async for batch in pulled:
                        yield batch
        except GeneratorExit:
            raise
        except Exception as error:
            raise self._translated(error) from error

    async def _pulled(self, function: Callable[..., Any], request: Request) -> AsyncIterator[list[Row]]:
        """Rows of an ordinary function or generator, which is only ever touched on the provider's threads."""
        iterator = await self._workers.run(lambda: iter(cast(Iterable[Row], function(request))))
        puller = _Puller(iterator)
        try:
            while True:
                batch, ended = await self._workers.run(puller.take)
                if batch:
                    yield batch
                if ended:
                    return
        finally:
            if puller.close_now():
                self._workers.run(puller.close)

    async def _search(self, request: Request, keys: Mapping[str, object]) -> Values | None:
        wanted = {request.cim_class.index(name): value for name, value in keys.items()}
        async with aclosing(self.instances(request)) as batches:
            async for rows in batches:
                for row in rows:
                    if all(_same(row[position], value) for position, value in wanted.items()):
                        return row
        return None

    async def _run(self, function: Callable[..., T | Awaitable[T]], *arguments: object) -> T:
        try:
            if inspect.iscoroutinefunction(function):
                return cast(T, await function(*arguments))
            return cast(T, await self._workers.run(function, *arguments))
        except Exception as error:
            raise self._translated(error) from error

    def _checked(self, class_: CimClass, row: Row) -> Values:
        try:
            values = class_.row(row)
        except WbemError as error:
            raise self._failure(error.message) from None
        except (AttributeError, TypeError):
            raise self._failure(f"a row is {type(row).__name__}, not a mapping of values") from None
        for key in class_.keys:
            if values[class_.positions[key] if key in class_.positions else class_.index(key)] is None:
                raise self._failure(f"{class_.name}.{key} is a key and has no value")
        return values

    def _translated(self, error: Exception) -> WbemError:
        """What a provider raised, for its caller: a status that it chose, or PROVIDER_FAILURE."""
        if isinstance(error, WbemError):
            return error
        log.error("%s failed", self, exc_info=error)
        return self._failure(f"{type(error).__name__}: {error}")

    def _failure(self, text: str) -> WbemError:
        return WbemError(WbemStatus.PROVIDER_FAILURE, f"{self} failed: {text}")


class _Puller:
    """Takes rows from an iterator in batches; closes it where nobody else is using it."""

    def __init__(self, iterator: Iterator[Row]) -> None:
        self._iterator = iterator
        self._lock = threading.Lock()
        self._busy = False
        self._closing = False

    def take(self) -> tuple[list[Row], bool]:
        """The next rows, as many as come in a moment, and whether they were the last. On a worker's thread."""
        with self._lock:
            if self._closing:
                return [], True
            self._busy = True
        rows: list[Row] = []
        ended = True
        try:
            until = time.monotonic() + PROVIDER_BATCH_SECONDS
            for row in self._iterator:
                rows.append(row)
                if self._closing or len(rows) >= PROVIDER_BATCH or time.monotonic() >= until:
                    ended = False
                    break
        finally:
            with self._lock:
                self._busy = False
                closing = self._closing
            if closing:
                self.close()
        return rows, ended

    def close_now(self) -> bool:
        """No more rows are wanted. Whether `close` must be called, on a thread: else a `take` under way does it."""
        with self._lock:
            self._closing = True
            return not self._busy

    def close(self) -> None:
        close = getattr(self._iterator, "close", None)
        if close is not None:
            close()


def _same(value: Value, wanted: object) -> bool:
    """Keys compare as paths do: text without regard to case."""
    if isinstance(value, str) and isinstance(wanted, str):
        return value.lower() == wanted.lower()
    return value == wanted
