"""One poll for all who want the same watched as often ([MS-WMI] 3.1.2, EventPollingTimer).

It never overlaps itself: the next one comes an interval after the last one began, and rests for at least as long as
that took, so that it cannot take a processor for itself. One that fails is logged, its subscribers are told, and the
next one goes on. Whoever joins is told of nothing that was there by then: a poll is made for that at once, one for all
who join together.
"""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Callable, Iterable, Sequence
from math import inf
from typing import Protocol

from openwmi.base.error import WbemError, from_exception
from openwmi.base.record import log_bug
from openwmi.base.status import describe
from openwmi.repository import Note

log = logging.getLogger("openwmi.engine")


class Watched(Protocol):
    """What is polled."""

    @property
    def name(self) -> str:
        """For messages, such as `Win32_Process`."""

    async def changes(self) -> Sequence[Note]:
        """What has changed since this was asked last; the first time nothing has. WbemError."""


class Member(Protocol):
    """Who wants to know."""

    def report(self, succeeded: int, made: int, text: str) -> None:
        """How many polls have succeeded, and why the last one has not."""


Tell = Callable[[Sequence[Note], Iterable[Member]], object]


class Poll:
    """See the module. It runs from the first `join` to the last `leave`, and then is done with.

    Args:
        watched: what is polled.
        interval: seconds; infinite for one that is polled only for those who join.
        tell: is given what has changed, and the members.
        gone: is called when the last member has left.
    """

    def __init__(self, watched: Watched, interval: float, tell: Tell, gone: Callable[[], object]) -> None:
        self._watched = watched
        self._interval = interval
        self._tell = tell
        self._gone = gone
        self._members: dict[Member, None] = {}
        self._joining: dict[Member, asyncio.Future[WbemError | None]] = {}
        self._joined = asyncio.Event()
        self._made = self._succeeded = 0
        self._failing = self._slow = False
        self._task: asyncio.Task[None] | None = None

    @property
    def name(self) -> str:
        """Of what is polled."""
        return self._watched.name

    def join(self, member: Member) -> asyncio.Future[WbemError | None]:
        """When the future is done `member` is told of what changes from then on; or it has an error, and is not."""
        loop = asyncio.get_running_loop()
        self._joining[member] = future = loop.create_future()
        self._joined.set()
        if self._task is None:
            self._task = loop.create_task(self._run())
        return future

    def leave(self, member: Member) -> None:
        """It is told of nothing any more. Harmless when it never joined."""
        self._members.pop(member, None)
        future = self._joining.pop(member, None)
        if future is not None:
            future.cancel()
        self._end()

    def _end(self) -> None:
        """Without members, and with nobody who joins, there is nothing to poll for."""
        if self._task is not None and not self._members and not self._joining:
            self._task.cancel()
            self._task = None
            self._gone()

    async def _run(self) -> None:
        loop = asyncio.get_running_loop()
        due, has_come = loop.time(), True
        while True:
            began = loop.time()
            self._joined.clear()
            await self._poll(dict(self._joining))
            ended = loop.time()
            if has_come:
                due = max(due, began) + self._interval
            due = max(due, ended + (ended - began))
            has_come = not self._joining and await self._rest(due)

    async def _rest(self, due: float) -> bool:
        """Until then, or until somebody joins; whether the time has come."""
        try:
            async with asyncio.timeout_at(None if due == inf else due):
                await self._joined.wait()
        except TimeoutError:
            return True
        return False

    async def _poll(self, joining: dict[Member, asyncio.Future[WbemError | None]]) -> None:
        self._made += 1
        slow = None
        if self._interval != inf:
            slow = asyncio.get_running_loop().call_later(self._interval, self._say_slow)
        error: WbemError | None = None
        try:
            self._tell(await self._watched.changes(), tuple(self._members))
        except WbemError as failure:
            error = failure
        except Exception as bug:  # noqa: BLE001 - whatever it is, the next poll goes on
            log_bug(log, f"the poll of {self._watched.name} failed", bug)
            error = from_exception(bug)
        finally:
            if slow is not None:
                slow.cancel()
        if error is None:
            self._succeeded += 1
        self._report(error)
        for member, future in joining.items():
            if self._joining.get(member) is future:
                del self._joining[member]
                if future.done():
                    continue  # whoever waited for it is about to leave
                if error is None:
                    self._members[member] = None
                future.set_result(error)
        self._end()

    def _report(self, error: WbemError | None) -> None:
        """The first failure of several is logged, all of them are reported, and so is the end of them."""
        if error is None and not self._failing:
            return
        if error is None:
            log.info("the poll of %s succeeds again", self._watched.name)
        elif not self._failing:
            # Without the text, which may hold what a caller gave.
            log.warning("the poll of %s failed: %s; it goes on", self._watched.name, describe(error.status))
        self._failing = error is not None
        for member in tuple(self._members):
            member.report(self._succeeded, self._made, "" if error is None else str(error))

    def _say_slow(self) -> None:
        if self._slow:
            return
        self._slow = True
        log.warning("a poll of %s takes longer than the %g s between two", self._watched.name, self._interval)
