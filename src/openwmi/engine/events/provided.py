"""Instances that a provider has: all of one class, compared from poll to poll.

The provider is asked for all instances and all of their values. Conditions of the query are not handed to it: one
answer is for all subscribers, and an instance whose value has changed away from a condition would look deleted.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from contextlib import aclosing

from openwmi.base.status import WbemStatus
from openwmi.engine.events.snapshot import Snapshot
from openwmi.engine.selection import Selection
from openwmi.engine.view import View
from openwmi.repository import Note


class ProvidedInstances:
    """See the module.

    Args:
        view: the namespace as it is when this is called.
        name: the class.
    """

    def __init__(self, view: Callable[[], View], name: str) -> None:
        self._view = view
        self._before: Snapshot | None = None
        self.name = name

    async def changes(self) -> Sequence[Note]:
        """WbemError: those of the provider; INVALID_CLASS, PROVIDER_NOT_FOUND."""
        view = self._view()
        class_ = view.find(self.name, WbemStatus.INVALID_CLASS)
        now = Snapshot(class_)
        source = view.sources.of(class_)
        if source is not None:
            async with aclosing(source.select(Selection(None, class_))) as batches:
                async for found in batches:
                    now.add(found)
        before, self._before = self._before, now
        return () if before is None else now.since(before, view.namespace)
