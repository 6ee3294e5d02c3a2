"""All events of one namespace: who subscribed, what is polled for them, and its timers."""

from __future__ import annotations

import asyncio
from collections import deque
from collections.abc import Callable, Hashable, Iterable, Iterator, Sequence
from datetime import datetime
from functools import partial
from math import inf
from typing import Final

from openwmi.base.case import fold
from openwmi.base.error import WbemError
from openwmi.base.limits import EVENT_POLLS, EVENT_TIMER_POLL_SECONDS, EVENT_TURN
from openwmi.base.status import WbemStatus
from openwmi.engine.events.bindings import Bindings
from openwmi.engine.events.extrinsic import checked_event
from openwmi.engine.events.objects import CLASSES, NAMESPACES, EventMaker, filetime
from openwmi.engine.events.poll import Member, Poll, Tell, Watched
from openwmi.engine.events.provided import ProvidedInstances
from openwmi.engine.events.stored import Learner, StoredInstances
from openwmi.engine.events.structure import StoredClasses, StoredNamespaces
from openwmi.engine.events.subscription import Subscription
from openwmi.engine.events.timers import INSTRUCTION, Once, Timers
from openwmi.engine.events.wanted import TIMER_EVENT, Wanted
from openwmi.engine.view import Hosts, View
from openwmi.model import CimInstance
from openwmi.operation import CallContext
from openwmi.repository import Interest, Note, Repository
from openwmi.wql import ClassScope

_INSTRUCTIONS: Final = ClassScope(trees=(INSTRUCTION,))


class Space:
    """See the module.

    Args:
        name: of the namespace.
        repository, hosts: what the engine has.
        wall: the date and time, aware of its offset.
        fired: the absolute timers of the namespace that have fired.
    """

    def __init__(
        self, name: str, repository: Repository, hosts: Hosts, wall: Callable[[], datetime], fired: set[Once]
    ) -> None:
        self._name = name
        self._repository = repository
        self._hosts = hosts
        self._wall = wall
        self._bindings = Bindings()
        self._polls: dict[Hashable, Poll] = {}
        self._learners: dict[Hashable, Learner] = {}
        self._timers = Timers(self._fire, wall, fired)
        self._waiting: deque[tuple[int, EventMaker, Note]] = deque()
        self._written = 0

    def __len__(self) -> int:
        """How many subscriptions there are."""
        return len(self._bindings)

    @property
    def interest(self) -> Interest:
        """What the repository has to note for them."""
        return self._bindings.interest

    # ------------------------------------------------------------------------------------------------------ subscribers

    def add(self, row: Subscription) -> None:
        """One more, which has still to begin."""
        self._bindings.add(row)

    async def begin(self, row: Subscription, context: CallContext) -> None:
        """It takes events when all that has to be polled for it has been, once. Raises what that failed with.

        QUOTA_VIOLATION if there are too many polls.
        """
        for poll, ready in [(poll, poll.join(row)) for poll in self._polls_for(row.wanted, context)]:
            row.waits_for(poll.name)
            error = await ready
            if error is not None:
                raise error
        row.begin(self._written)
        if row.wanted.hears_timers:
            self._timers.offer()

    def remove(self, row: Subscription) -> None:
        """One less."""
        for poll in tuple(self._polls.values()):
            poll.leave(row)
        self._bindings.remove(row)

    def close(self, error: WbemError) -> None:
        """Ends all subscriptions."""
        for row in self._bindings:
            row.fail(error)

    # ----------------------------------------------------------------------------------------------------- what happens

    def written(self, notes: Sequence[Note]) -> None:
        """This process has written something in this namespace.

        Who asked for it is told at once, but for what is too much to be told at one go.
        """
        for note in notes:
            for learner in self._learners.values():
                learner.learn(note)
            self._timers.learn(note)
        maker, idle = self._maker(), not self._waiting
        self._waiting.extend((number, maker, note) for number, note in enumerate(notes, self._written))
        self._written += len(notes)
        if idle:
            self._tell_some()

    def emit(self, events: Sequence[CimInstance], context: CallContext) -> None:
        """Somebody sends events: all of them, or none. Errors: those of `checked_event`."""
        view, now = self._view(context), filetime(self._wall())
        for event in [checked_event(each, view, now) for each in events]:
            self._bindings.publish(event)

    def _tell_some(self) -> None:
        for _ in range(min(EVENT_TURN, len(self._waiting))):
            number, maker, note = self._waiting.popleft()
            event = maker.of_note(note)
            if event is not None:
                self._bindings.publish(event, number=number)
        if self._waiting:
            asyncio.get_running_loop().call_soon(self._tell_some)

    def _fire(self, timer_id: str, firings: int) -> bool:
        event = self._maker().made(TIMER_EVENT, {"TimerId": timer_id, "NumFirings": firings})
        return event is not None and self._bindings.publish(event, timer_id)

    # --------------------------------------------------------------------------------------------------- what is polled

    def _polls_for(self, wanted: Wanted, context: CallContext) -> Iterator[Poll]:
        if wanted.hears_timers:
            interval = inf if self._repository.file is None else EVENT_TIMER_POLL_SECONDS
            yield self._poll("timers", interval, self._instructions, self._instruct)
        within = wanted.query.within
        if within is None:
            return
        caller = CallContext(principal=context.principal, locale=context.locale)
        for name in wanted.polled:
            view = partial(self._view, caller)
            key = "provided", fold(name), within, caller.principal, caller.locale
            yield self._poll(key, within, partial(ProvidedInstances, view, name), self._tell)
        if self._repository.file is None:
            return  # nobody else writes there
        if (scope := wanted.scope) is not None:
            stored = partial(StoredInstances, self._repository, self._name, scope)
            yield self._poll(("stored", scope.trees, scope.names, within), within, stored, self._tell)
        if CLASSES in wanted.families:
            yield self._poll(("classes", within), within, self._classes, self._tell)
        if NAMESPACES in wanted.families:
            yield self._poll(("namespaces", within), within, self._namespaces, self._tell)

    def _poll(self, key: Hashable, interval: float, make: Callable[[], Watched], tell: Tell) -> Poll:
        poll = self._polls.get(key)
        if poll is None:
            if len(self._polls) >= EVENT_POLLS:
                raise WbemError(
                    WbemStatus.QUOTA_VIOLATION,
                    f"{EVENT_POLLS} polls are made in {self._name} already: use an interval that others use",
                )
            watched = make()
            if not isinstance(watched, ProvidedInstances):
                self._learners[key] = watched  # type: ignore[assignment]  # all others learn
            poll = self._polls[key] = Poll(watched, interval, tell, partial(self._forget, key))
        return poll

    def _forget(self, key: Hashable) -> None:
        del self._polls[key]
        self._learners.pop(key, None)
        if key == "timers":
            self._timers.stop()

    def _tell(self, notes: Sequence[Note], members: Iterable[Member]) -> None:
        """What a poll has found goes to those for whom it is made."""
        if not notes:
            return
        maker, rows = self._maker(), [row for row in members if isinstance(row, Subscription)]
        for event in filter(None, map(maker.of_note, notes)):
            for row in rows:
                if event.isa_(row.wanted.event.name):
                    row.give(event)

    def _instructions(self) -> StoredInstances:
        return StoredInstances(self._repository, self._name, _INSTRUCTIONS, as_new=True)

    def _instruct(self, notes: Sequence[Note], _: Iterable[Member]) -> None:
        for note in notes:
            self._timers.learn(note)

    def _classes(self) -> StoredClasses:
        return StoredClasses(self._repository, self._name)

    def _namespaces(self) -> StoredNamespaces:
        return StoredNamespaces(self._repository, self._name)

    def _maker(self) -> EventMaker:
        return EventMaker(self._repository.reader(self._name), self._wall())

    def _view(self, context: CallContext) -> View:
        return View(self._repository, self._hosts, self._name, context)
