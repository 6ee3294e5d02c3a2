"""Event objects: which class of events tells of which change, and instances of it ([MS-WMI] 2.2.31, 2.2.4.2).

`__PATH`, `__RELPATH`, `__NAMESPACE` and `__SERVER` of an event are NULL (the SDK's "SELECT Statement for Event
Queries"): it is nowhere. What is in it is where it is.
"""

from __future__ import annotations

import weakref
from collections.abc import Mapping
from dataclasses import dataclass, replace
from datetime import UTC, datetime, timedelta
from typing import Final

from openwmi.model import CimClass, CimInstance
from openwmi.repository import Note, Reader


@dataclass(frozen=True, slots=True)
class Family:
    """The intrinsic events of one kind of object.

    Attributes:
        created, modified, deleted: the classes of the events.
        target, previous: the properties that hold the object.
    """

    created: str
    modified: str
    deleted: str
    target: str
    previous: str

    @property
    def events(self) -> tuple[str, str, str]:
        """The classes of its events."""
        return self.created, self.modified, self.deleted

    def event(self, note: Note) -> str:
        """The class of the event that tells of a change."""
        return self.created if note.before is None else self.deleted if note.after is None else self.modified


INSTANCES: Final = Family(
    "__InstanceCreationEvent",
    "__InstanceModificationEvent",
    "__InstanceDeletionEvent",
    "TargetInstance",
    "PreviousInstance",
)
CLASSES: Final = Family(
    "__ClassCreationEvent", "__ClassModificationEvent", "__ClassDeletionEvent", "TargetClass", "PreviousClass"
)
NAMESPACES: Final = Family(
    "__NamespaceCreationEvent",
    "__NamespaceModificationEvent",
    "__NamespaceDeletionEvent",
    "TargetNamespace",
    "PreviousNamespace",
)


def family_of(note: Note) -> Family:
    """Of which kind the object is that has changed."""
    if isinstance(note.what, CimInstance):
        return INSTANCES
    return CLASSES if isinstance(note.what, CimClass) else NAMESPACES


class EventMaker:
    """Makes the events of one moment in one namespace.

    Args:
        reader: the namespace, which has the classes of events.
        moment: when it is, for TIME_CREATED.
    """

    def __init__(self, reader: Reader, moment: datetime) -> None:
        self._reader = reader
        self._time = filetime(moment)

    def of_note(self, note: Note) -> CimInstance | None:
        """The event that tells of a change. None if the namespace lacks its class."""
        family = family_of(note)
        values = {family.target: self._told(note.what)}
        if note.before is not None and note.after is not None:
            values[family.previous] = self._told(note.before)
        return self.made(family.event(note), values)

    def made(self, class_name: str, values: Mapping[str, object]) -> CimInstance | None:
        """An event of a class with these values, which are not checked. None if the namespace lacks the class."""
        class_ = self._reader.find(class_name)
        if class_ is None:
            return None
        class_ = nowhere(class_)
        row = list(class_.defaults)
        for name, value in {"TIME_CREATED": self._time, **values}.items():
            row[class_.index(name)] = value
        return CimInstance(class_, tuple(row))

    def _told(self, what: object) -> object:
        if not isinstance(what, str):
            return what
        class_ = self._reader.find("__NAMESPACE")
        return None if class_ is None else class_.instance({"Name": what})


def nowhere(class_: CimClass) -> CimClass:
    """The class as events have it: in no namespace and on no server. No class of events has keys, and so none a path.

    The same object for the same class, so that what was made for it is found again.
    """
    key = id(class_)
    entry = _nowhere.get(key)
    if entry is not None and entry[0]() is class_:
        return entry[1]
    made = replace(class_, namespace="", server="")
    _nowhere[key] = weakref.ref(class_, lambda _: _nowhere.pop(key, None)), made
    return made


_nowhere: dict[int, tuple[weakref.ref[CimClass], CimClass]] = {}


def filetime(moment: datetime) -> int:
    """Intervals of 100 ns since 1601, UTC ([MS-WMI] 2.2.4.2)."""
    return (moment - _EPOCH) // timedelta(microseconds=1) * 10


_EPOCH: Final = datetime(1601, 1, 1, tzinfo=UTC)
