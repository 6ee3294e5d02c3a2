"""What classes and instances use: the objects within them, and whether their qualifiers keep to a declaration."""

from __future__ import annotations

from collections.abc import Iterable, Iterator

from openwmi.base.case import fold
from openwmi.model import CimClass, CimInstance, CimType, Flavor, Qualifier, Value
from openwmi.mof.constants import UnfitError, qualifier_value
from openwmi.mof.formatter import own_qualifiers
from openwmi.mof.qualifiers import SCOPES
from openwmi.mof.tree import QualifierDeclaration


def objects_within(what: CimClass | CimInstance) -> Iterator[CimClass | CimInstance]:
    """The objects that are values of it, or its defaults, and those within them."""
    for value in _values(what):
        for each in value if isinstance(value, tuple) else (value,):
            if isinstance(each, CimClass | CimInstance):
                yield each
                yield from objects_within(each)


def kept_to(declarations: Iterable[QualifierDeclaration], objects: Iterable[CimClass | CimInstance]) -> set[str]:
    """Those declarations, by their folded names, that could stand before the objects without changing what they say."""
    known = {fold(each.name): each for each in declarations}
    for outer in objects:
        for each in (outer, *objects_within(outer)):
            for where, qualifier in _qualifiers(each):
                declaration = known.get(fold(qualifier.name))
                if declaration is not None and not _keeps_to(declaration, qualifier, where):
                    del known[fold(qualifier.name)]
    return set(known)


def _values(what: CimClass | CimInstance) -> Iterator[Value]:
    if isinstance(what, CimInstance):
        yield from what.values_
        return
    yield from what.defaults
    for method in what.methods:
        for parameter in method.parameters:
            yield parameter.default


def _qualifiers(what: CimClass | CimInstance) -> Iterator[tuple[str, Qualifier]]:
    """Those that are written, and what they stand on, one of SCOPES."""
    if isinstance(what, CimInstance):
        for qualifiers in (what.own_qualifiers_, *what.own_property_qualifiers_.values()):
            yield from (("instance", each) for each in own_qualifiers(qualifiers))
        return
    yield from (("class", each) for each in own_qualifiers(what.qualifiers))
    for member in what.properties:
        yield from (("property", each) for each in own_qualifiers(member.qualifiers))
    for method in what.methods:
        yield from (("method", each) for each in own_qualifiers(method.qualifiers))
        for parameter in method.parameters:
            yield from (("parameter", each) for each in parameter.qualifiers.values())


def _keeps_to(declaration: QualifierDeclaration, use: Qualifier, where: str) -> bool:
    if declaration.scopes and SCOPES[where].isdisjoint(declaration.scopes):
        return False
    if declaration.flavor & Flavor.AMENDED and not use.flavor & Flavor.AMENDED:
        return False  # no keyword takes it away
    type_ = declaration.type
    if type_ is None:
        return True
    if use.value is True:
        return declaration.default is None or type_.cim is CimType.BOOLEAN
    try:
        value, kind = qualifier_value(use.value, type_)
    except UnfitError:
        return False
    return bool(value == use.value) and (value is not None or kind == use.type)
