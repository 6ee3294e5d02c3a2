"""The EventBindingTable of one namespace ([MS-WMI] 3.1.1): subscriptions by the class that they ask for."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator
from math import inf

from openwmi.base.case import fold
from openwmi.engine.events.subscription import Subscription
from openwmi.model import CimInstance
from openwmi.repository import Interest


class Bindings:
    """See the module."""

    def __init__(self) -> None:
        self._rows: dict[str, dict[Subscription, None]] = {}
        self._interests: Counter[Interest] = Counter()

    def __len__(self) -> int:
        return sum(map(len, self._rows.values()))

    def __iter__(self) -> Iterator[Subscription]:
        return iter([row for rows in self._rows.values() for row in rows])

    def add(self, row: Subscription) -> None:
        self._rows.setdefault(fold(row.wanted.event.name), {})[row] = None
        self._interests[row.wanted.interest] += 1

    def remove(self, row: Subscription) -> None:
        name = fold(row.wanted.event.name)
        del self._rows[name][row]
        if not self._rows[name]:
            del self._rows[name]
        self._interests[row.wanted.interest] -= 1
        if not self._interests[row.wanted.interest]:
            del self._interests[row.wanted.interest]

    def publish(self, event: CimInstance, timer: str | None = None, number: float = inf) -> bool:
        """Gives an event to all who asked for its class, or for one above it; whether anybody took it."""
        class_, taken = event.class_, False
        for name in (class_.name, *class_.derivation):
            for row in tuple(self._rows.get(fold(name), ())):
                taken = row.give(event, timer, number) or taken
        return taken

    @property
    def interest(self) -> Interest:
        """What the repository has to note for all of them."""
        trees: set[str] | None = set()
        classes = namespaces = False
        for each in self._interests:
            trees = None if trees is None or each.trees is None else trees | each.trees
            classes, namespaces = classes or each.classes, namespaces or each.namespaces
        return Interest(None if trees is None else frozenset(trees), classes, namespaces)
