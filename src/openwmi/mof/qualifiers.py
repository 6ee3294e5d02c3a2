"""Qualifiers as they are used -> qualifiers of the model: their types, flavors and scopes."""

from __future__ import annotations

from dataclasses import replace
from typing import Final

from openwmi.base.case import NameMap, fold
from openwmi.base.status import MofStatus, WbemStatus
from openwmi.model import CimType, Flavor, Qualifier, Qualifiers, Type, Value
from openwmi.model.qualifier import NO_QUALIFIERS
from openwmi.mof.constants import UnfitError, qualifier_value
from openwmi.mof.error import MofError, Phase
from openwmi.mof.flavors import UNDECLARED, combined
from openwmi.mof.source import Source
from openwmi.mof.tree import QualifierDeclaration, QualifierUse

# Where a qualifier stands -> the scopes of which its declaration has one. What is an association or a reference is so
# by other qualifiers and by its type; whether a qualifier fits to these is not for a compiler to say.
SCOPES: Final[dict[str, frozenset[str]]] = {
    "class": frozenset({"class", "association", "indication", "schema"}),
    "property": frozenset({"property", "reference"}),
    "method": frozenset({"method"}),
    "parameter": frozenset({"parameter", "property", "reference"}),
    "instance": frozenset({"instance", "class", "association", "indication", "property", "reference"}),
}
_TRUE: Final = (True, Type(CimType.BOOLEAN))


class QualifierTable:
    """The qualifiers that were declared so far; others are known by nothing but their use."""

    def __init__(self) -> None:
        self.declared: dict[str, QualifierDeclaration] = {}

    def declare(self, declaration: QualifierDeclaration) -> None:
        """TYPE_MISMATCH for a default that does not fit. Windows' form changes nothing but flavors."""
        try:
            qualifier_value(declaration.default, declaration.type)
        except UnfitError as unfit:
            raise _error(
                unfit.status, f"{declaration.name}: {unfit.problem}", declaration.source, declaration.at
            ) from None
        before = self.declared.get(fold(declaration.name))
        if declaration.type is None and before is not None:
            declaration = replace(before, flavor=declaration.flavor)
        self.declared[fold(declaration.name)] = declaration

    def made(self, uses: tuple[QualifierUse, ...], where: str, source: Source) -> Qualifiers:
        """The qualifiers of something that is a `where`, one of SCOPES."""
        if not uses:
            return NO_QUALIFIERS
        return NameMap([(use.name, self._one(use, where, source)) for use in uses])

    def _one(self, use: QualifierUse, where: str, source: Source) -> Qualifier:
        key = fold(use.name)
        declaration = self.declared.get(key)
        if declaration is None:
            flavor, type_ = UNDECLARED.get(use.name) or Flavor(0), None
        else:
            flavor, type_ = declaration.flavor, declaration.type
            if declaration.scopes and SCOPES[where].isdisjoint(declaration.scopes):
                problem = f"{use.name} is declared for {', '.join(declaration.scopes)}, and here is a {where}"
                raise _error(MofStatus.QUALIFIER_USED_OUTSIDE_SCOPE, problem, source, use.at)
        if use.flavors:
            flavor = combined(flavor, use.flavors)
        try:
            value, kind = qualifier_value(use.value, type_) if use.given else self._ungiven(declaration)
        except UnfitError as unfit:
            raise _error(unfit.status, f"{use.name}: {unfit.problem}", source, use.at) from None
        return Qualifier(use.name, value, kind, flavor)

    def _ungiven(self, declaration: QualifierDeclaration | None) -> tuple[Value, Type]:
        """Without a value a qualifier is TRUE; one that is declared with another type has its default."""
        if declaration is None or declaration.type is None or declaration.type.cim is CimType.BOOLEAN:
            return _TRUE
        return qualifier_value(declaration.default, declaration.type) if declaration.default is not None else _TRUE


def _error(status: MofStatus | WbemStatus | int, problem: str, source: Source, at: int) -> MofError:
    return MofError(status, problem, source.place(at), Phase.STORING)
