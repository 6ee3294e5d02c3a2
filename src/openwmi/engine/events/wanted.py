"""What a notification query asks for in a namespace, or why it is refused ([MS-WMI] 3.1.4.3.20).

Changes of what is stored are told at once, without WITHIN, since "WMI creates intrinsic events for objects stored in
the WMI repository" (the SDK's "Determining the Type of Event to Receive"). Instances that a provider has are compared
from time to time: that takes WITHIN, or it is REGISTRATION_TOO_PRECISE, and the name of a class, or it is
REGISTRATION_TOO_BROAD. [MS-WMI] would have WITHIN with every intrinsic event.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Final

from openwmi.base.case import fold
from openwmi.base.error import WbemError
from openwmi.base.status import WbemStatus
from openwmi.engine.events.objects import CLASSES, INSTANCES, NAMESPACES, Family
from openwmi.engine.events.timers import INSTRUCTION
from openwmi.engine.selection import Selection
from openwmi.engine.sources import Provided, is_dynamic
from openwmi.engine.view import View
from openwmi.model import CimClass, CimType
from openwmi.repository import Interest
from openwmi.wql import ClassScope, EventQuery, Group, check_inner_names, class_scope, parse_event

EVENT: Final = "__Event"
TIMER_EVENT: Final = "__TimerEvent"
_ROLES: Final = frozenset({"targetinstance", "previousinstance"})


@dataclass(frozen=True, slots=True)
class Wanted:
    """A query that is understood.

    Attributes:
        query: it.
        event: the class of events, as the namespace has it.
        families: the intrinsic events that can match.
        scope: the classes whose instances it is about; None if it is about no instances.
        polled: the names of those that have to be polled, since a provider has their instances.
    """

    query: EventQuery
    event: CimClass
    families: tuple[Family, ...]
    scope: ClassScope | None
    polled: tuple[str, ...] = ()

    @property
    def hears_timers(self) -> bool:
        """Whether the events of timers can match."""
        return self.event.name in (EVENT, TIMER_EVENT)

    @property
    def interest(self) -> Interest:
        """What the repository has to note of changes."""
        scope = ClassScope() if self.scope is None else self.scope
        trees: frozenset[str] | None = None
        if None not in scope.trees:
            roots = [root for root in (*scope.trees, *scope.names) if root is not None]
            trees = frozenset(map(fold, (*roots, INSTRUCTION) if self.hears_timers else roots))
        return Interest(trees, CLASSES in self.families, NAMESPACES in self.families)


def understood(text: str, parameters: Mapping[str, object] | None, view: View) -> Wanted:
    """What a query asks for.

    Errors: those of `parse_event`; INVALID_CLASS for a class that the namespace lacks, after FROM or ISA;
    NOT_EVENT_CLASS; INVALID_QUERY for what the class does not have; REGISTRATION_TOO_PRECISE, REGISTRATION_TOO_BROAD;
    AGGREGATING_BY_OBJECT; NOT_SUPPORTED for GROUP and for calls of methods.
    """
    query = parse_event(text, parameters)
    event = view.find(query.select.class_name, WbemStatus.INVALID_CLASS)
    if not event.isa_(EVENT):
        raise WbemError(
            WbemStatus.NOT_EVENT_CLASS, f"{event.name} is no class of events: it is not derived from {EVENT}"
        )
    Selection(query.select, event)  # says what does not fit
    if query.group is not None:
        _refuse_group(query.group, event)
    if event.isa_("__MethodInvocationEvent"):
        raise WbemError(WbemStatus.NOT_SUPPORTED, "nobody tells of calls of methods yet")
    families = tuple(each for each in (INSTANCES, CLASSES, NAMESPACES) if _tells_of(event, each, view))
    if INSTANCES not in families:
        return Wanted(query, event, families, None)
    scope = class_scope(query.select, event, _ROLES)
    polled = _polled(query, scope, view)
    return Wanted(query, event, families, scope, polled)


def _tells_of(event: CimClass, family: Family, view: View) -> bool:
    """Whether events of a family are events of this class."""
    found = [view.reader.find(name) for name in family.events]
    return any(each is not None and each.isa_(event.name) for each in found)


def _polled(query: EventQuery, scope: ClassScope, view: View) -> tuple[str, ...]:
    """The classes in the scope whose instances a provider has, if the query says how they are to be watched."""
    if None in scope.trees:
        hosted = next((each for name in view.sources.hosted() if (each := view.reader.find(name))), None)
        if hosted is None:
            return ()
        _check_interval(query, hosted.name)
        raise WbemError(
            WbemStatus.REGISTRATION_TOO_BROAD,
            f"every class of {view.namespace} would have to be polled, {hosted.name} among them: name one, as in "
            f'{query.select.class_name} WITHIN 2 WHERE TargetInstance ISA "{hosted.name}"',
        )
    roots = [(view.find(name, WbemStatus.INVALID_CLASS), True) for name in scope.trees if name is not None]
    roots += [(view.find(name, WbemStatus.INVALID_CLASS), False) for name in scope.names]
    check_inner_names(query.select, scope.classes(view.reader.schema), _ROLES)
    found = dict.fromkeys(name for class_, deep in roots for name in _provided(class_, deep, view))
    for name in found:
        _check_interval(query, name)
    return tuple(found)


def _provided(class_: CimClass, deep: bool, view: View) -> Iterator[str]:
    """A class, and with `deep` those below it, if somebody provides them."""
    if view.sources.host(class_.name) is not None or is_dynamic(class_):
        yield class_.name
    if deep:
        for below, source in view.sources.below(class_):
            if isinstance(source, Provided):
                yield below.name


def _check_interval(query: EventQuery, name: str) -> None:
    if query.within is None:
        raise WbemError(
            WbemStatus.REGISTRATION_TOO_PRECISE,
            f"instances of {name} come from a provider, which is polled for changes: say how often, as in "
            f"FROM {query.select.class_name} WITHIN 2 WHERE …",
        )


def _refuse_group(group: Group, event: CimClass) -> None:
    """Where grouping begins: what is wrong with it is said, and what is right is for later."""
    for name in group.by:
        outer, _, inner = name.partition(".")
        if outer not in event:
            raise WbemError(WbemStatus.INVALID_QUERY, f"GROUP … BY {name}: {event.unknown(outer)}")
        if not inner and fold(outer) in event.positions and event.property(outer).type.cim is CimType.OBJECT:
            raise WbemError(
                WbemStatus.AGGREGATING_BY_OBJECT,
                f"GROUP … BY {name}: that is an object; name one of its properties, such as {name}.Name",
            )
    raise WbemError(
        WbemStatus.NOT_SUPPORTED, "GROUP WITHIN is understood, and events cannot be grouped yet: leave it out"
    )
