"""Runs a provider: each function on the loop or on the provider's own threads, as it was written.

A provider that raises, or gives what its class does not declare, fails its call with PROVIDER_FAILURE, which names the
provider, the class and the property. What it holds up when it hangs is its own threads.
"""

from __future__ import annotations

import asyncio
import inspect
import logging
import sys
from collections.abc import AsyncGenerator, Awaitable, Callable, Coroutine, Iterable, Iterator, Mapping
from contextlib import aclosing
from functools import partial
from itertools import islice
from typing import Any, NoReturn, Protocol, TypeVar

from openwmi.base.error import WbemError
from openwmi.base.limits import PROVIDER_BATCH, PROVIDER_BATCH_SECONDS, PROVIDER_THREADS
from openwmi.base.record import log_bug
from openwmi.base.status import WbemStatus
from openwmi.engine.provider import MethodCall, MethodTable, Provider, PutCall, Request, Row
from openwmi.engine.pulling import Puller
from openwmi.model import CimClass, Value
from openwmi.operation import Workers

T = TypeVar("T")
Values = tuple[Value, ...]

log = logging.getLogger("openwmi.engine")


class Outlet(Protocol):
    """Where rows go."""

    async def put(self, rows: list[Values]) -> None: ...


class ProviderHost:
    """One provider, and the threads on which its blocking functions run.

    Args:
        class_name: the class that it serves.
        name: the provider's own, for messages.
        load: makes it, when it is first needed.
    """

    def __init__(self, class_name: str, name: str, load: Callable[[], Provider]) -> None:
        self.class_name = class_name
        self._name = f"provider {name} of {class_name}"
        self._load = load
        self._loaded: tuple[Provider, MethodTable] | None = None
        self._workers = Workers(f"openwmi-provider-{name}", PROVIDER_THREADS)

    @classmethod
    def of(cls, class_name: str, provider: Provider) -> ProviderHost:
        """The host of a provider that is there."""
        return cls(class_name, type(provider).__name__, lambda: provider)

    def __str__(self) -> str:
        return self._name

    @property
    def enumerates(self) -> bool:
        """Whether it can list its instances; not if it cannot be loaded."""
        return self._overrides("instances")

    @property
    def looks_up(self) -> bool:
        """Whether it can find one by its keys without listing all; not if it cannot be loaded."""
        return self._overrides("get")

    async def instances(self, request: Request) -> AsyncGenerator[list[Values], None]:
        """All instances, as they come, as checked values in the order of the class's properties."""
        if not self._is_able("instances"):
            raise WbemError(WbemStatus.PROVIDER_NOT_CAPABLE, f"{self} does not list instances")
        class_, function = request.cim_class, self._provider.instances
        if inspect.isasyncgenfunction(function):
            rows = function(request)
            try:
                while (row := await self._guarded(anext(rows, _END))) is not _END:
                    yield [self._checked(class_, row)]
            finally:
                await self._guarded(rows.aclose())
        elif inspect.iscoroutinefunction(function):
            iterator = await self._guarded(_iterated(function(request)))
            while batch := await self._guarded(_next_of(iterator)):
                yield [self._checked(class_, row) for row in batch]
        else:
            # The type is that of all three kinds; this is the one that blocks.
            pulled: Any = partial(function, request)
            async with aclosing(self._pulled(Puller(pulled, self._log))) as batches:
                async for batch in batches:
                    yield [self._checked(class_, row) for row in batch]

    def pour(self, request: Request, outlet: Outlet) -> Coroutine[Any, Any, None]:
        """The same into an outlet."""
        # The type is that of all three kinds.
        function: Any = self._provider.instances
        if inspect.isasyncgenfunction(function):
            return self._pour_generated(function(request), request.cim_class, outlet)
        return self._pour_batches(request, outlet)

    async def get(self, request: Request, keys: Mapping[str, object]) -> Values | None:
        """One instance by its keys, or None. Only where it `looks_up`."""
        row = await self._run(self._provider.get, request, keys)
        return None if row is None else self._checked(request.cim_class, row)

    async def put(self, call: PutCall) -> Row | None:
        """Creates or updates an instance; the keys that the provider chose, if it chose some. PROVIDER_NOT_CAPABLE."""
        if not self._is_able("put"):
            raise WbemError(WbemStatus.PROVIDER_NOT_CAPABLE, f"{self} does not write instances")
        row: Row | None = await self._run(self._provider.put, call)
        return row

    async def delete(self, request: Request, keys: Mapping[str, object]) -> None:
        """Deletes an instance. PROVIDER_NOT_CAPABLE, NOT_FOUND."""
        if not self._is_able("delete"):
            raise WbemError(WbemStatus.PROVIDER_NOT_CAPABLE, f"{self} does not delete instances")
        await self._run(self._provider.delete, request, keys)

    def call(self, name: str, call: MethodCall) -> Awaitable[Row]:
        """Runs a method. METHOD_NOT_IMPLEMENTED if the provider has no function for it.

        To be awaited at once; what it raises, `reraise` makes this call's failure. No coroutine of its own: a hundred
        thousand calls may wait in here.
        """
        provider, methods = self._ready()
        function = methods.find(name)
        if function is None:
            raise WbemError(
                WbemStatus.METHOD_NOT_IMPLEMENTED,
                f"{call.request.cim_class.name}.{name} is declared; {self} has no code for it",
            )
        if inspect.iscoroutinefunction(function):
            made: Awaitable[Row] = function(provider, call)
            return made
        return self._workers.run(self._outcome, function, provider, call)

    def reraise(self, error: BaseException) -> NoReturn:
        """What code of the provider raised is its failure, unless it is this call that was ended."""
        if isinstance(error, asyncio.CancelledError):
            task = asyncio.current_task()
            own = task is None or task.cancelling() > 0  # else it awaited something that somebody else had cancelled
        else:
            own = isinstance(error, KeyboardInterrupt)  # somebody at the keyboard: this is the main thread
        raised = error if own else self._translated(error)
        if raised is error:
            raise error
        raise raised from error

    def fitted(self, class_: CimClass, row: Row, what: str) -> Values:
        """What the provider gave as values of the class. PROVIDER_FAILURE says that `what` does not fit, and why."""
        try:
            return class_.row(row)
        except WbemError as error:
            raise self._failure(f"{what}: {error.message}") from None
        except Exception as error:
            if not isinstance(row, Mapping):
                raise self._failure(f"{what} is {type(row).__name__}, not a mapping of values") from None
            raise self._translated(error) from error

    @property
    def _provider(self) -> Provider:
        return self._ready()[0]

    def _ready(self) -> tuple[Provider, MethodTable]:
        """The provider, loaded by now. PROVIDER_LOAD_FAILURE."""
        if self._loaded is None:
            try:
                provider = self._load()
            except Exception as error:
                log_bug(log, f"{self} cannot be loaded", error)
                problem = f"{self} cannot be loaded: {type(error).__name__}: {error}"
                raise WbemError(WbemStatus.PROVIDER_LOAD_FAILURE, problem) from error
            self._loaded = provider, MethodTable(type(provider))
        return self._loaded

    def _is_able(self, name: str) -> bool:
        """Whether the provider has this function of its own. PROVIDER_LOAD_FAILURE."""
        return getattr(type(self._provider), name) is not getattr(Provider, name)

    def _overrides(self, name: str) -> bool:
        """The same, where one that cannot be loaded must not keep others from being asked."""
        try:
            return self._is_able(name)
        except WbemError:
            return False

    async def _pulled(self, puller: Puller[Row]) -> AsyncGenerator[list[Row], None]:
        """Rows of an ordinary function or generator, which is only ever touched on the provider's threads."""
        taking: asyncio.Future[None] | None = None
        try:
            while not puller.ended:
                taking = self._workers.run(puller.take)
                await asyncio.wait([taking], timeout=PROVIDER_BATCH_SECONDS)
                # What came before a slow row must not wait for it: somebody may want what there is so far.
                if not taking.done() and (rows := puller.hurry()):
                    yield rows
                await taking
                if rows := puller.taken():
                    yield rows
            if puller.error is not None:
                raise self._translated(puller.error) from puller.error
        finally:
            if taking is not None:
                taking.cancel()
            if puller.stop():
                self._workers.run(puller.close)

    async def _pour_generated(self, rows: AsyncGenerator[Row, None], class_: CimClass, outlet: Outlet) -> None:
        # One frame and one generator, for as long as the provider waits: a hundred thousand queries may.
        step = _first(rows)
        try:
            while True:
                try:
                    row = await step
                except StopAsyncIteration:
                    return
                except BaseException as error:  # noqa: BLE001 - it is raised again
                    self.reraise(error)
                await outlet.put([self._checked(class_, row)])
                step = rows.__anext__()
        finally:
            await self._guarded(rows.aclose())

    async def _pour_batches(self, request: Request, outlet: Outlet) -> None:
        async with aclosing(self.instances(request)) as batches:
            async for rows in batches:
                await outlet.put(rows)

    def _run(self, function: Callable[..., Any], *arguments: object) -> Awaitable[Any]:
        """To be awaited at once."""
        if inspect.iscoroutinefunction(function):
            return self._guarded(function(*arguments))
        return self._guarded(self._workers.run(self._outcome, function, *arguments))

    def _outcome(self, function: Callable[..., T], *arguments: object) -> T:
        """On a thread, where KeyboardInterrupt and its like are the provider's own doing."""
        try:
            return function(*arguments)
        except BaseException as error:
            raise self._translated(error) from error

    async def _guarded(self, awaitable: Awaitable[T]) -> T:
        """Waits for code of the provider; see `reraise`."""
        try:
            return await awaitable
        except BaseException as error:  # noqa: BLE001 - it is raised again
            self.reraise(error)

    def _checked(self, class_: CimClass, row: Row) -> Values:
        values = self.fitted(class_, row, "a row")
        for key in class_.keys:
            if values[class_.positions[key]] is None:
                raise self._failure(f"a row: {class_.name}.{key} is a key and has no value")
        return values

    def _translated(self, error: BaseException) -> WbemError:
        """What a provider raised, for its caller: a status that it chose, or PROVIDER_FAILURE."""
        if isinstance(error, WbemError):
            return error
        self._log(error)
        try:
            text = str(error)
        except Exception:  # noqa: BLE001 - this is code of the provider, too
            text = ""
        return self._failure(f"{type(error).__name__}: {text}" if text else type(error).__name__)

    def _failure(self, text: str) -> WbemError:
        return WbemError(WbemStatus.PROVIDER_FAILURE, f"{self} failed: {text}")

    def _log(self, error: BaseException) -> None:
        # Without its text, which may hold what the caller gave: a command line with a password. The caller sees it.
        log_bug(log, f"{self} failed", error)


_END: Any = object()
"""Comes after the last row, in place of one."""


def _first(rows: AsyncGenerator[T, None]) -> Awaitable[T]:
    """The first step of a generator that is closed in any case: so the loop need not watch over it as well."""
    hooks = sys.get_asyncgen_hooks()
    sys.set_asyncgen_hooks(None, None)
    try:
        return rows.__anext__()
    finally:
        sys.set_asyncgen_hooks(*hooks)


async def _iterated(found: Awaitable[Iterable[Row]]) -> Iterator[Row]:
    return iter(await found)


async def _next_of(iterator: Iterator[Row]) -> list[Row]:
    return list(islice(iterator, PROVIDER_BATCH))
