"""What an update of a class makes of the classes derived from it, and where it is in conflict with them.

From the SDK's WBEM_CHANGE_FLAG_TYPE: in safe mode a conflict refuses the update; force mode resolves it for the updated
class, against the derived one.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import replace

from openwmi.base.case import NameMap, fold
from openwmi.base.error import WbemError
from openwmi.base.status import WbemStatus
from openwmi.engine.class_rules import check_class, signature
from openwmi.model import CimClass, Flavor, Method, Property, Qualifier, Qualifiers, abstract_problem
from openwmi.repository.class_record import Declared, declared


def rederived(
    before: CimClass, after: CimClass, derived: Iterable[CimClass], *, force: bool
) -> list[tuple[CimClass, CimClass]]:
    """(as it is, as it becomes) for each derived class that changes, each before its own.

    Args:
        before, after: the class that is updated.
        derived: all classes below it, each before its own.
        force: whether what is in conflict with the update is taken out of the derived class.

    Errors: CLASS_HAS_CHILDREN names the derived class and the conflict.
    """
    known = {fold(before.name): (before, after)}
    changed: list[tuple[CimClass, CimClass]] = []
    for child in derived:
        parent_before, parent_after = known[fold(child.superclass or "")]
        own = declared(child, parent_before)
        if force:
            own = _yielding(own, child, parent_after)
        else:
            _check_mentions(own, child, parent_before, parent_after)
        try:
            becomes = parent_after.derive(child.name, *own)
            check_class(becomes, parent_after, forced=abstract_problem(child, parent_before) is not None)
        except WbemError as error:
            raise _conflict(child, error.message, force) from None
        if not force and set(map(fold, becomes.keys)) != set(map(fold, child.keys)):
            raise _conflict(child, f"its keys would be {', '.join(becomes.keys) or 'none'}")
        known[fold(child.name)] = (child, becomes)
        if becomes != child:
            changed.append((child, becomes))
    return changed


def _conflict(child: CimClass, why: str, force: bool = False) -> WbemError:
    return WbemError(
        WbemStatus.CLASS_HAS_CHILDREN,
        f"the update is in conflict with the derived class {child.name}: {why}. Change {child.name} first"
        + ("" if force else ", or use UPDATE_FORCE_MODE"),
    )


def _check_mentions(own: Declared, child: CimClass, before: CimClass, after: CimClass) -> None:
    """Safe mode allows "a new property … that was not previously mentioned in any of the child classes"."""
    for members, old, new in (
        (own.properties, before.properties, after.properties),
        (own.methods, before.methods, after.methods),
    ):
        mentioned = {fold(each.name): each.name for each in members}
        was, becomes = {fold(each.name) for each in old}, {fold(each.name) for each in new}
        for name in (becomes ^ was) & mentioned.keys():
            what = "has a declaration of its own for" if name in becomes else "declares again"
            raise _conflict(child, f"it {what} {mentioned[name]}")


# ---------------------------------------------------------------------------------------------------------- force mode


def _yielding(own: Declared, child: CimClass, parent: CimClass) -> Declared:
    """What a derived class declares, without what the updated parent does not allow."""
    base = parent.derive(child.name)
    properties = {fold(each.name): each for each in base.properties}
    methods = {fold(each.name): each for each in base.methods}
    return Declared(
        tuple(_yielding_properties(own.properties, properties, parent)),
        tuple(_yielding_methods(own.methods, methods)),
        _yielding_class(own.qualifiers, base.qualifiers, parent),
    )


def _yielding_properties(
    own: Iterable[Property], inherited: dict[str, Property], parent: CimClass
) -> Iterator[Property]:
    keys_allowed = not parent.keys and parent.is_abstract and not parent.is_singleton
    for each in own:
        above = inherited.get(fold(each.name))
        if above is not None and (above.type.cim, above.type.array) != (each.type.cim, each.type.array):
            continue
        lost = _overruled(each.qualifiers, above.qualifiers if above is not None else NameMap())
        if each.is_key and not keys_allowed and (above is None or not above.is_key):
            lost.add("key")
        yield replace(each, qualifiers=_without(each.qualifiers, lost))


def _yielding_methods(own: Iterable[Method], inherited: dict[str, Method]) -> Iterator[Method]:
    for each in own:
        above = inherited.get(fold(each.name))
        if above is None:
            yield each
        elif signature(above) == signature(each):
            yield replace(each, qualifiers=_without(each.qualifiers, _overruled(each.qualifiers, above.qualifiers)))


def _yielding_class(own: Qualifiers, inherited: Qualifiers, parent: CimClass) -> Qualifiers:
    lost = _overruled(own, inherited)
    if not parent.is_abstract:
        lost.add("abstract")
        if not parent.is_singleton:
            lost.add("singleton")
    return _without(own, lost)


def _overruled(own: Qualifiers, inherited: Qualifiers) -> set[str]:
    """Of these, the ones that say otherwise than what cannot be overridden."""
    return {fold(name) for name, qualifier in own.items() if _is_overruled(qualifier, inherited.get(name))}


def _is_overruled(qualifier: Qualifier, above: Qualifier | None) -> bool:
    return above is not None and Flavor.NOT_OVERRIDABLE in Flavor(above.flavor) and above.value != qualifier.value


def _without(qualifiers: Qualifiers, lost: set[str]) -> Qualifiers:
    if lost.isdisjoint(map(fold, qualifiers)):
        return qualifiers
    return NameMap([(name, each) for name, each in qualifiers.items() if fold(name) not in lost])
