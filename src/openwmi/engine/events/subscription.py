"""One row of the EventBindingTable: who wants which events, and where they go ([MS-WMI] 3.1.1).

A permanent subscription (`__FilterToConsumerBinding`) would be another kind of row: the same query, and a consumer of
its own in place of the queue.
"""

from __future__ import annotations

import logging
from math import inf

from openwmi.base.error import WbemError, from_exception
from openwmi.base.record import log_bug
from openwmi.base.status import describe
from openwmi.engine.events.access import may_see
from openwmi.engine.events.objects import nowhere
from openwmi.engine.events.queue import EventQueue
from openwmi.engine.events.wanted import Wanted
from openwmi.engine.selection import Selection
from openwmi.model import CimClass, CimInstance
from openwmi.operation import ResultSet

log = logging.getLogger("openwmi.engine")


class Subscription:
    """See the module.

    Attributes:
        wanted: what it asks for.
    """

    def __init__(self, wanted: Wanted, results: ResultSet[CimInstance]) -> None:
        self.wanted = wanted
        self._since: int | None = None
        self._results = results
        self._principal = results.context.principal
        self._queue = EventQueue(results, self._shown)
        self._selections: dict[int, tuple[CimClass, Selection | None]] = {}
        self._selection(nowhere(wanted.event))

    def give(self, event: CimInstance, timer: str | None = None, number: float = inf) -> bool:
        """An event of the class that was asked for, or of one derived from it; whether it was asked for.

        Args:
            event: it.
            timer: as for the queue.
            number: of a change that this process has written. Those before it began are not taken.
        """
        if self._since is None or number < self._since:
            return False
        try:
            return self._taken(event, timer)
        except Exception as bug:  # noqa: BLE001 - what is wrong with one must not keep others from theirs
            log_bug(log, "an event cannot be told", bug)
            self.fail(from_exception(bug))
            return False

    def report(self, succeeded: int, made: int, text: str) -> None:
        """How many of the polls for it have succeeded, and why the last one has not."""
        self._results.report(succeeded, made, text)

    def waits_for(self, what: str) -> None:
        """What keeps it from beginning, for messages about deadlines."""
        self._results.waits_for = what

    def fail(self, error: WbemError) -> None:
        """Ends it."""
        self._queue.fail(error)

    def begin(self, since: int) -> None:
        """It takes events from now on, and of written changes those from the number `since` on."""
        self._since = since
        self._results.waits_for = "events"
        self._results.begin()

    async def run(self) -> None:
        """Until it fails, which is raised, or is cancelled."""
        await self._queue.run()

    def _taken(self, event: CimInstance, timer: str | None) -> bool:
        selection = self._selection(event.class_)
        if selection is None or not selection.matches(event) or not may_see(event, self._principal):
            return False
        self._queue.give(event, timer)
        return True

    def _shown(self, event: CimInstance) -> CimInstance:
        if self.wanted.query.select.columns is None:
            return event
        selection = self._selection(event.class_)
        assert selection is not None, "it matched"
        return selection.show([event.values_])[0]

    def _selection(self, class_: CimClass) -> Selection | None:
        """The query for events of exactly this class; None if it does not fit what that class has become."""
        known = self._selections.get(id(class_))
        if known is not None:
            return known[1]
        if len(self._selections) >= _CLASSES_KEPT:
            self._selections.clear()
        made: Selection | None = None
        try:
            made = Selection(self.wanted.query.select, class_)
        except WbemError as error:
            log.warning(
                "a query for events does not fit the class %s any more: %s", class_.name, describe(error.status)
            )
        self._selections[id(class_)] = class_, made
        return made


_CLASSES_KEPT = 64
