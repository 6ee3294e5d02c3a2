"""The events of an engine: subscriptions, and where events come from ([MS-WMI] 3.1.1, 3.1.6.1).

Nothing happens here as long as nobody has subscribed: no poll, no timer, and the repository takes no notes.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from datetime import datetime
from typing import TYPE_CHECKING

from openwmi.base.case import fold
from openwmi.base.error import WbemError
from openwmi.base.status import WbemStatus
from openwmi.engine.events.space import Space
from openwmi.engine.events.subscription import Subscription
from openwmi.engine.events.timers import Once
from openwmi.engine.events.wanted import understood
from openwmi.engine.view import Hosts, View
from openwmi.model import CimInstance
from openwmi.operation import ResultSet
from openwmi.repository import Note, Repository

if TYPE_CHECKING:
    from openwmi.repository.transaction import Changes


class Hub:
    """See the module.

    Args:
        repository, hosts: what the engine has.
        wall: the date and time, aware of its offset.
    """

    def __init__(self, repository: Repository, hosts: Hosts, wall: Callable[[], datetime]) -> None:
        self._repository = repository
        self._hosts = hosts
        self._wall = wall
        self._spaces: dict[str, Space] = {}
        self._fired: dict[str, set[Once]] = {}

    async def subscribe(
        self,
        view: View,
        text: str,
        parameters: Mapping[str, object] | None,
        results: ResultSet[CimInstance],
    ) -> None:
        """Puts the events that a query asks for into a forward-only set; only an error ends it.

        Errors: those of `understood`; those of the first poll; QUOTA_VIOLATION for one poll too many; QUEUE_OVERFLOW;
        INVALID_NAMESPACE when the namespace is deleted.
        """
        row = Subscription(understood(text, parameters, view), results)
        folded = fold(view.namespace)
        space = self._spaces.get(folded)
        if space is None:
            space = self._spaces[folded] = self._space(view.namespace)
        space.add(row)
        self._watch()
        try:
            # A change whose notes were not taken yet has ended when this returns: whoever looks then sees it.
            await self._repository.settled()
            await space.begin(row, view.context)
            await row.run()
        finally:
            space.remove(row)
            if not space:
                self._spaces.pop(folded, None)
            self._watch()

    def emit(self, view: View, events: Sequence[CimInstance]) -> None:
        """Gives extrinsic events to those who subscribed to them, all or none. Errors: those of `checked_event`."""
        space = self._spaces.get(fold(view.namespace))
        if space is None:  # they are checked all the same
            space = self._space(view.namespace)
        space.emit(events, view.context)

    def _space(self, namespace: str) -> Space:
        fired = self._fired.setdefault(fold(namespace), set())
        return Space(namespace, self._repository, self._hosts, self._wall, fired)

    def _watch(self) -> None:
        interests = {folded: space.interest for folded, space in self._spaces.items()}
        self._repository.watch(interests, self._written if interests else None)

    def _written(self, changes: Changes) -> None:
        notes: dict[str, list[Note]] = {}
        for note in changes.notes:
            notes.setdefault(fold(note.namespace), []).append(note)
        for folded, written in notes.items():
            if (space := self._spaces.get(folded)) is not None and changes.schemas.get(folded, _THERE) is not None:
                space.written(written)
        for folded, schema in changes.schemas.items():
            if schema is None and (space := self._spaces.get(folded)) is not None:
                space.close(
                    WbemError(WbemStatus.INVALID_NAMESPACE, "the namespace was deleted, and its events with it")
                )


_THERE = object()
