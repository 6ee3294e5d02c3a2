"""Instances of one class as they were at one moment, and what has become of them ([MS-WMI] 3.1.5, EventPollingTimer).

They are kept as bare rows of values by their keys: PrevInstances, without an object for each.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable
from typing import TypeAlias

from openwmi.base.case import fold
from openwmi.model import CimClass, CimInstance, Value
from openwmi.repository import Note
from openwmi.repository.keys import KeyPlan

Row: TypeAlias = tuple[Value, ...]
Comparison: TypeAlias = Callable[[Row, Row], bool]


class Snapshot:
    """See the module. Two instances are the same if their paths are, whatever the case of their keys.

    Those of a class without keys are the same if all of their values are: they come and go, and are never modified.

    Attributes:
        class_: the class as it was then.
    """

    __slots__ = ("_keyless", "_keys", "_rows", "class_")

    def __init__(self, class_: CimClass) -> None:
        self.class_ = class_
        self._keys = KeyPlan(class_)
        self._keyless = not class_.keys and not class_.is_singleton
        self._rows: dict[bytes, Row] = {}

    def add(self, instances: Iterable[CimInstance]) -> None:
        """Of two that are the same the later one counts."""
        for each in instances:
            self._rows[self._key(each)] = each.values_

    def learn(self, note: Note) -> Snapshot:
        """Takes in a change of an instance. If its class has other properties by now, another snapshot has it: the
        class was made anew, and had no instances then.
        """
        what = note.what
        assert isinstance(what, CimInstance)
        if what.class_.names != self.class_.names:
            return Snapshot(what.class_).learn(note)
        if note.after is None:
            self._rows.pop(self._key(what), None)
        else:
            self.add((what,))
        return self

    def since(self, before: Snapshot, namespace: str) -> list[Note]:
        """What has happened between `before` and now, in the order of [MS-WMI] 3.1.5: new, gone, changed.

        Who was deleted and made anew in between is there in both: it has changed, if it is another one now.
        """
        then, now = before._rows, self._rows
        same = _same_row if before.class_.names == self.class_.names else self._same_values(before)
        created = [Note(namespace, None, self._instance(row)) for key, row in now.items() if key not in then]
        deleted = [Note(namespace, before._instance(row), None) for key, row in then.items() if key not in now]
        modified = [
            Note(namespace, before._instance(then[key]), self._instance(row))
            for key, row in now.items()
            if key in then and not same(then[key], row)
        ]
        return created + deleted + modified

    def _key(self, instance: CimInstance) -> bytes:
        """By which it is the same as another one."""
        if self._keyless:
            return repr(instance.values_).encode("utf-8", "backslashreplace")
        return self._keys.of_row(instance.values_)

    def _instance(self, row: Row) -> CimInstance:
        return CimInstance(self.class_, row)

    def _same_values(self, before: Snapshot) -> Comparison:
        """For a class that has other properties now: those that it had before and has now count."""
        here, there = self.class_.positions, before.class_.positions
        shared = [(there[fold(name)], here[fold(name)]) for name in self.class_.names if fold(name) in there]
        return lambda then, now: all(then[old] == now[new] for old, new in shared)


def _same_row(then: Row, now: Row) -> bool:
    return then == now
