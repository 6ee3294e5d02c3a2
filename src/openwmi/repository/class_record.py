"""A class as a record of octets that holds what it declares itself: the rest comes from its superclass again.

So a change of a class reaches its descendants without touching their records, and thousands of classes stay small.
Which classes there are, and what may be put, is not known here.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import replace
from typing import NamedTuple

from openwmi.base.case import NameMap, fold
from openwmi.model import CimClass, Flavor, Method, Property, Qualifier, Qualifiers
from openwmi.repository.value_record import (
    NO_QUALIFIERS,
    UNREADABLE,
    damaged,
    dumps,
    loads,
    method,
    plain_method,
    plain_property,
    plain_qualifiers,
    property_,
    qualifiers,
)


class Declared(NamedTuple):
    """What `derive` takes beside the name."""

    properties: tuple[Property, ...]
    methods: tuple[Method, ...]
    qualifiers: Qualifiers


def encode(class_: CimClass, parent: CimClass | None) -> bytes:
    """The record of a class; `decode` with an equal parent gives an equal class.

    Args:
        class_: one that `parent.derive` may have made, or a base class.
        parent: None for a base class. A class that has a superclass may also come without it: then the record holds
            what `declared` finds.
    """
    if parent is None and class_.superclass is not None:
        found = declared(class_, None)
    else:
        found = _difference(class_, parent, _differs)
    return dumps(
        [
            class_.name,
            class_.superclass if parent is None else parent.name,
            [plain_property(each) for each in found.properties],
            [plain_method(each) for each in found.methods],
            plain_qualifiers(found.qualifiers),
        ]
    )


def decode(data: bytes, parent: CimClass | None, namespace: str, server: str) -> CimClass:
    """The class, complete, in this namespace on this server.

    CRITICAL_ERROR for a damaged record, and for one that does not fit the parent: of another superclass, or with
    members that cannot be declared below it.
    """
    name, superclass, found = read(data)
    try:
        if (superclass is None) != (parent is None) or (
            superclass is not None and parent is not None and fold(superclass) != fold(parent.name)
        ):
            raise ValueError(f"it is derived from {superclass!r}, and not from {parent!r}")
        if parent is None:
            return CimClass(name, None, (), *found, namespace, server)
        class_ = parent.derive(name, *found)
        if (class_.namespace, class_.server) == (namespace, server):
            return class_
        return replace(class_, namespace=namespace, server=server)
    except UNREADABLE as error:
        raise damaged(f"the class {name}", error) from None


def read(data: bytes) -> tuple[str, str | None, Declared]:
    """The name of a class, that of its superclass, and what it declares. CRITICAL_ERROR for a damaged record."""
    name: object = None
    try:
        name, superclass, properties, methods, own = loads(data)
        if type(name) is not str or not isinstance(superclass, str | None):
            raise TypeError("no name")
        found = Declared(tuple(map(property_, properties)), tuple(map(method, methods)), qualifiers(own))
    except UNREADABLE as error:
        raise damaged(f"the class {name}" if type(name) is str else "a class", error) from None
    return name, superclass, found


def declared(class_: CimClass, parent: CimClass | None) -> Declared:
    """What a class declares itself, wherever it came from and whatever its superclass was like there.

    `parent.derive(class_.name, *declared(class_, parent))` is the class below the parent that there is here. What the
    class inherited there, and this parent has not, is not among it; what only this parent has does no harm.

    What is inherited is known by its marks: the origin of a member that is one of the class's ancestors, the flavor
    ORIGIN_PROPAGATED, and inherited_default. Where there is nothing to inherit from, all is the class's own.

    Args:
        parent: None for a base class, or where the parent is not known; then the marks alone count.
    """
    return _difference(class_, parent, _is_own)


# --------------------------------------------------------------------------------------------------------- differences

_Own = Callable[[Qualifier, Qualifier | None], bool]
"""(qualifier, the inherited one of that name) -> whether the class itself declares it."""

_PROPAGATED = int(Flavor.ORIGIN_PROPAGATED)


def _differs(qualifier: Qualifier, inherited: Qualifier | None) -> bool:
    return qualifier is not inherited and qualifier != inherited


def _is_own(qualifier: Qualifier, inherited: Qualifier | None) -> bool:
    return not int(qualifier.flavor) & _PROPAGATED and qualifier != inherited


def _difference(class_: CimClass, parent: CimClass | None, own: _Own) -> Declared:
    """What `class_` has beyond `parent`: by comparing alone for `_differs`, and by the marks as well for `_is_own`."""
    if parent is None and class_.superclass is None:
        return Declared(
            tuple([_new_property(each, class_) for each in class_.properties]),
            tuple([_new_method(each, class_) for each in class_.methods]),
            class_.qualifiers,
        )
    # The parent as a derived class has it that declares nothing.
    base = CimClass(class_.name) if parent is None else parent.derive(class_.name)
    ancestors = frozenset(map(fold, class_.derivation)) if own is _is_own else frozenset()
    marks = _Marks(own, ancestors, parent is not None)
    return Declared(
        tuple(_own_properties(class_, base, marks)),
        tuple(_own_methods(class_, base, marks)),
        _own_qualifiers(class_.qualifiers, base.qualifiers, own),
    )


class _Marks(NamedTuple):
    """How it is told what a class declares itself; without ancestors, by comparing alone."""

    own: _Own
    ancestors: frozenset[str]
    parent_is_known: bool

    def narrowed(self, member: Property, before: Property | None) -> bool:
        """Whether the class names another class for its objects. Nothing marks that; in doubt it does."""
        named = member.type.class_name
        if named is None:
            return False
        return not self.parent_is_known if before is None else named != before.type.class_name


def _own_properties(class_: CimClass, base: CimClass, marks: _Marks) -> Iterator[Property]:
    positions = base.positions
    for member in class_.properties:
        position = positions.get(member.name)
        if position is None:
            position = positions.get(fold(member.name))
        before = None if position is None else base.properties[position]
        if member is before or member == before:
            continue
        inherited = fold(member.origin) in marks.ancestors
        if before is None and not inherited:
            yield _new_property(member, class_)
            continue
        default = None if member.inherited_default else member.default
        inherited_ones = NO_QUALIFIERS if before is None else before.qualifiers
        changes = _own_qualifiers(member.qualifiers, inherited_ones, marks.own)
        if not inherited or changes or default is not None or marks.narrowed(member, before):
            yield Property(member.name, member.type, default, changes)


def _own_methods(class_: CimClass, base: CimClass, marks: _Marks) -> Iterator[Method]:
    known = {each.name: each for each in base.methods} if class_.methods else {}
    known.update([(fold(name), each) for name, each in known.items()])
    for member in class_.methods:
        before = known.get(member.name) or known.get(fold(member.name))
        if member is before or member == before or fold(member.origin) in marks.ancestors:
            continue
        if before is None:
            yield _new_method(member, class_)
        else:
            changes = _own_qualifiers(member.qualifiers, before.qualifiers, marks.own)
            yield Method(member.name, member.parameters, member.returns, changes)


def _own_qualifiers(mine: Qualifiers, inherited: Qualifiers, own: _Own) -> Qualifiers:
    if mine is inherited or not mine:
        return NO_QUALIFIERS
    found = [(name, each) for name, each in mine.items() if own(each, inherited.get(name))]
    return NameMap(found) if found else NO_QUALIFIERS


def _new_property(member: Property, class_: CimClass) -> Property:
    """Without an origin, where that is the class itself."""
    if member.origin != class_.name:
        return member
    return Property(member.name, member.type, member.default, member.qualifiers, "", member.inherited_default)


def _new_method(member: Method, class_: CimClass) -> Method:
    if member.origin != class_.name:
        return member
    return Method(member.name, member.parameters, member.returns, member.qualifiers)
