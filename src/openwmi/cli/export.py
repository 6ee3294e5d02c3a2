"""What `openwmi mof export` writes: classes with those that they need, and stored instances."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence

from openwmi.base.case import fold
from openwmi.base.error import WbemError
from openwmi.base.status import WbemStatus
from openwmi.cli.records import is_system
from openwmi.cli.running import Caller
from openwmi.model import CimClass, CimInstance, is_set
from openwmi.mof.uses import objects_within


async def collect(caller: Caller, names: Sequence[str], *, instances: bool) -> list[CimClass | CimInstance]:
    """The classes of these names, or all; their instances if they are wanted; and the classes that these need.

    INVALID_CLASS for a class of the system, which is in every namespace and never written.
    """
    wanted: list[CimClass]
    if names:
        for name in names:
            if is_system(name):
                raise WbemError(WbemStatus.INVALID_CLASS, f"{name} is a class of the system, which is not exported")
        wanted = [await caller.fetch_class(name) for name in names]
    else:
        wanted = await caller.fetch(lambda ns: ns.classes())
    stored: list[CimInstance] = []
    if instances:
        for class_ in wanted:
            stored += await _stored(caller, class_)
    classes = {fold(class_.name): class_ for class_ in wanted if not is_system(class_.name)}
    if names:
        await _add_needed(caller, classes, [*wanted, *stored])
    return [*classes.values(), *stored]


_OF_THE_MACHINE = frozenset({"__namespace", "__systemsecurity"})


async def _stored(caller: Caller, class_: CimClass) -> list[CimInstance]:
    """Those of exactly this class; namespaces, and who may do what in one, are not in what is written of it."""
    if class_.is_abstract or is_set(class_.qualifiers, "dynamic") or fold(class_.name) in _OF_THE_MACHINE:
        return []
    return await caller.fetch(lambda ns: ns.instances(class_.name, deep=False))


async def _add_needed(caller: Caller, classes: dict[str, CimClass], objects: Iterable[CimClass | CimInstance]) -> None:
    pending = list(objects)
    while pending:
        for name in _needs(pending.pop()):
            if fold(name) not in classes and not is_system(name):
                classes[fold(name)] = await caller.fetch_class(name)
                pending.append(classes[fold(name)])


def _needs(what: CimClass | CimInstance) -> Iterator[str]:
    """The names of classes without which the text of an object cannot be compiled."""
    for each in (what, *objects_within(what)):
        if isinstance(each, CimInstance):
            yield each.class_.name
        elif each.superclass:
            yield each.superclass
