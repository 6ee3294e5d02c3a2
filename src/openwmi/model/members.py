"""What properties and methods have in common as the members of a class: declared once, handed on, redefined."""

from __future__ import annotations

from typing import NamedTuple, TypeVar

from openwmi.base.case import fold
from openwmi.base.error import WbemError
from openwmi.base.status import WbemStatus
from openwmi.model.method import Method
from openwmi.model.property import Property
from openwmi.model.qualifier import Qualifiers, inherited

_M = TypeVar("_M", Property, Method)

_TWICE = {Property: WbemStatus.INVALID_PROPERTY, Method: WbemStatus.INVALID_METHOD}


class Heritage(NamedTuple):
    """What a derived class gets of a class."""

    properties: tuple[Property, ...]
    methods: tuple[Method, ...]
    qualifiers: Qualifiers


def heritage(properties: tuple[Property, ...], methods: tuple[Method, ...], qualifiers: Qualifiers) -> Heritage:
    """What a derived class gets of these."""
    return Heritage(
        tuple([member.inherited() for member in properties]),
        tuple([member.inherited() for member in methods]),
        inherited(qualifiers),
    )


def declared(members: tuple[_M, ...], class_name: str) -> tuple[_M, ...]:
    """The members of a class, each with its origin. INVALID_PROPERTY, INVALID_METHOD for a name that is there twice."""
    if len({fold(member.name) for member in members}) < len(members):
        _complain_of_twins(members, class_name)
    if all(member.origin for member in members):
        return members
    return tuple([member if member.origin else member.declared_by(class_name) for member in members])


def redefined(parent: tuple[_M, ...], own: tuple[_M, ...], class_name: str, parent_name: str) -> tuple[_M, ...]:
    """Inherited members with a class's own over them, in their places; new ones come after."""
    if not own:
        return parent
    merged = list(parent)
    positions = {fold(member.name): position for position, member in enumerate(parent)}
    for member in own:
        # Popped, so that a name which is given twice comes after, where it is found to be there twice.
        position = positions.pop(fold(member.name), None)
        if position is None:
            merged.append(member)
        else:
            merged[position] = merged[position].redefined(member, class_name, parent_name)
    return tuple(merged)


def _complain_of_twins(members: tuple[_M, ...], class_name: str) -> None:
    seen: set[str] = set()
    for member in members:
        if fold(member.name) in seen:
            kind = type(member)
            raise WbemError(_TWICE[kind], f"{class_name} declares the {kind.__name__.lower()} {member.name!r} twice")
        seen.add(fold(member.name))
