"""What the generated verbs stand on: how a verb is asked from a thread, and what becomes of its result."""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Iterable
from functools import partial
from typing import Any, TypeVar

from openwmi.base.error import WbemError
from openwmi.base.status import WbemStatus
from openwmi.blocking.operation import Operation
from openwmi.blocking.runner import Runner
from openwmi.model import CimClass, CimInstance
from openwmi.operation import Operation as AskedOperation
from openwmi.operation import ResultSet
from openwmi.session import Namespace as AskedNamespace

T = TypeVar("T")
N = TypeVar("N")


class Face:
    """A namespace of the async API, and the runner by which it is asked."""

    __slots__ = ("_asked", "_runner")

    def __init__(self, asked: AskedNamespace, runner: Runner) -> None:
        self._asked = asked
        self._runner = runner

    @property
    def name(self) -> str:
        """Such as `root\\cimv2`."""
        return self._asked.name

    def _one(self, verb: Callable[..., AskedOperation[T]], /, *arguments: Any, **named: Any) -> T:
        """Waits for the result of a call that has one."""
        result: T = self._runner.complete(partial(verb, *arguments, **named))
        return result

    def _all(self, verb: Callable[..., AskedOperation[T]], /, *arguments: Any, **named: Any) -> list[T]:
        """Waits for all results of a call that has many."""
        results: list[T] = self._runner.complete(partial(verb, *arguments, **named))
        return results

    def _begin(self, verb: Callable[..., AskedOperation[T]], /, *arguments: Any, **named: Any) -> Operation[T]:
        """Waits for nothing."""
        return Operation(self._runner.begin(partial(verb, *arguments, **named)), self._runner)

    def _start(self, verb: Callable[..., AskedOperation[T]], /, *arguments: Any, **named: Any) -> Operation[T]:
        """Waits until it has started."""
        operation = self._begin(verb, *arguments, **named)
        operation.started()
        return operation

    def _opening(self, make: Callable[[AskedNamespace, Runner], N]) -> Callable[[str], AskedOperation[N]]:
        """The verb `namespace`, whose result is a face as well."""

        def opening(name: str) -> AskedOperation[N]:
            asked = self._asked.namespace(name)

            async def opened(_: ResultSet[N]) -> N:
                return make(await asked, self._runner)

            return AskedOperation.start(opened, asked.name, single=True)

        return opening


async def entered(connection: Awaitable[AskedNamespace]) -> AskedNamespace:
    """A coroutine for what can only be awaited."""
    return await connection


def walked(values: Any) -> Any:
    """What can be iterated over, as a tuple: a generator may make calls of its own, and has to run on this thread."""
    if isinstance(values, Iterable) and not isinstance(values, str | CimInstance | CimClass):
        return tuple(values)
    return values


def without_sink(pushes: bool) -> None:
    """INVALID_OPERATION for a call that cannot be pushed."""
    if pushes:
        raise WbemError(
            WbemStatus.INVALID_OPERATION,
            "a namespace is not given to a sink, as there is no OpenNamespaceAsync: open it by `ns.begin.namespace`",
        )
