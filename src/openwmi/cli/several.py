"""Work at several machines at the same time: a limit, and what is said of those that failed."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable, Sequence
from typing import Final

import click

from openwmi.base.error import WbemError
from openwmi.cli.access import Target
from openwmi.cli.failure import DONE, FAILED, NO_ENTRY, USAGE, NoEntry, complain, exit_status, line_of
from openwmi.cli.values import one_line

_WORST_FIRST: Final = (NO_ENTRY, FAILED, USAGE)


class Several:
    """The machines of one command, and how far they are.

    Args:
        targets: in the order in which failures are told.
        at_once: how many are worked at.
        told_at_once: whether a failure is told when it happens: the work of others may have no end.
    """

    def __init__(self, targets: Sequence[Target], at_once: int, *, told_at_once: bool) -> None:
        self._targets = targets
        self._at_once = at_once
        self._told_at_once = told_at_once
        self._failures: dict[Target, Exception] = {}
        self._ended = 0

    @property
    def progress(self) -> str:
        """How many have ended, of how many."""
        return f" from {self._ended} of {len(self._targets)} hosts"

    @property
    def any_answered(self) -> bool:
        """Whether there is one that did not fail."""
        return self._ended > len(self._failures)

    async def work(self, work: Callable[[Target], Awaitable[None]]) -> None:
        """Does it at each; whatever is no failure of one machine ends it for all, and is raised."""
        waiting = iter(self._targets)

        async def worker() -> None:
            for target in waiting:  # each takes the next one that nobody has taken
                try:
                    await work(target)
                except (WbemError, NoEntry, click.UsageError) as error:
                    self._failures[target] = error
                    if self._told_at_once:
                        _tell(target, error)
                self._ended += 1

        try:
            async with asyncio.TaskGroup() as group:
                for _ in range(min(self._at_once, len(self._targets))):
                    group.create_task(worker())
        except BaseExceptionGroup as raised:
            raise raised.exceptions[0] from None

    def report(self) -> int:
        """Tells what failed and was not told yet, and returns the exit status: the worst of all."""
        failed = [target for target in self._targets if target in self._failures]
        if not failed:
            return DONE
        if not self._told_at_once:
            for target in failed:
                _tell(target, self._failures[target])
        complain(f"{len(failed)} of {len(self._targets)} hosts failed")
        statuses = {exit_status(error) for error in self._failures.values()}
        return next(status for status in _WORST_FIRST if status in statuses)


def _tell(target: Target, error: Exception) -> None:
    text = line_of(error) if isinstance(error, WbemError | NoEntry) else str(error)
    complain(one_line(f"{target.name}: {text}"))
