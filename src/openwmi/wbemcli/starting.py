"""Jobs for the loop's thread: a call is started, and waited for until it runs or has brought everything; it is read.

Each is one round trip, and no task where nothing has to be waited for but the call itself.
"""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from typing import Any

from openwmi.base.error import WbemError
from openwmi.blocking.jobs import Run, Waited
from openwmi.blocking.runner import runner
from openwmi.operation import Batch, Enumeration, Operation, State


class Started(Waited):
    """Until the call has started: the operation. Or it could not start, and that is raised."""

    __slots__ = ("_arguments", "_function", "_operation")

    def __init__(self, function: Callable[..., Operation[Any]], *arguments: Any) -> None:
        super().__init__()
        self._function = function
        self._arguments = arguments
        self._operation: Operation[Any] | None = None

    def start(self) -> None:
        if self.abandoned:
            return
        try:
            self._operation = self._function(*self._arguments)
        except BaseException as error:  # noqa: BLE001 - it belongs to the one who waits
            self.refuse(error)
        else:
            runner().keep(self._operation)
            self._watch(self._operation)

    def abandon(self) -> None:
        super().abandon()
        operation = self._operation or self._result
        if operation is not None:
            operation.cancel()

    def _watch(self, operation: Operation[Any]) -> None:
        results = operation.results
        if results.state is State.STARTING:
            results.waiter(0).add_done_callback(self._changed)
        else:
            self._settle(operation, results.began)

    def _changed(self, _: asyncio.Future[None]) -> None:
        assert self._operation is not None
        self._watch(self._operation)

    def _settle(self, operation: Operation[Any], good: bool) -> None:
        self._operation = None
        if good:
            self._result = operation
        else:
            try:
                operation.results.check()
            except WbemError as error:
                self._error = error
            operation.close()
        self.done.release()


class Gathered(Started):
    """Until the call has ended well, and all that it brought is kept: the operation. Or its failure is raised."""

    __slots__ = ()

    def _watch(self, operation: Operation[Any]) -> None:
        operation.results.when_finished(self._ended)

    def _ended(self) -> None:
        assert self._operation is not None
        self._settle(self._operation, self._operation.results.failure is None)


class Taken(Run):
    """The next objects of an enumerator: a Batch."""

    __slots__ = ("_count", "_rows")

    def __init__(self, rows: Enumeration[Any], count: int, timeout: float | None) -> None:
        super().__init__(rows.next, (count, timeout))
        self._rows = rows
        self._count = count

    def start(self) -> None:
        if self.abandoned:
            return
        try:
            batch: Batch[Any] | None = self._rows.poll(self._count)
        except BaseException as error:  # noqa: BLE001 - it belongs to the one who waits
            self.refuse(error)
            return
        if batch is None:
            super().start()
        else:
            self._result = batch
            self.done.release()
