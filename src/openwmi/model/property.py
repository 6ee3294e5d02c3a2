"""The properties of a class, and how a derived class takes them over or redefines them."""

from __future__ import annotations

from dataclasses import dataclass, replace

from openwmi.base.error import WbemError
from openwmi.base.status import WbemStatus
from openwmi.model.cimtype import Type, Value
from openwmi.model.qualifier import NO_QUALIFIERS, Qualifiers, inherited, is_set, overridden


@dataclass(frozen=True, slots=True)
class Property:
    """One property.

    Attributes:
        name: as declared.
        type: of its values.
        default: the value that an instance has until it is given one; None is NULL.
        qualifiers: its own and those handed down to it; CIMTYPE is not among them, `type` says it.
        origin: the class that declared it first. Empty until it is part of a class.
        inherited_default: whether the default came from the parent class ([MS-WMIO] 2.2.27).
    """

    name: str
    type: Type
    default: Value = None
    qualifiers: Qualifiers = NO_QUALIFIERS
    origin: str = ""
    inherited_default: bool = False

    @property
    def is_key(self) -> bool:
        return is_set(self.qualifiers, "key")

    def inherited(self) -> Property:
        """The property as a derived class has it that does not redefine it."""
        qualifiers = inherited(self.qualifiers)
        if self.inherited_default and qualifiers is self.qualifiers:
            return self
        return Property(self.name, self.type, self.default, qualifiers, self.origin, True)

    def declared_by(self, class_name: str) -> Property:
        """The property with this class for its origin."""
        return Property(self.name, self.type, self.default, self.qualifiers, class_name, self.inherited_default)

    def redefined(self, own: Property, class_name: str, parent_name: str) -> Property:
        """This inherited property as `class_name` redefines it by `own`: its place, spelling and origin stay.

        TYPE_MISMATCH for another type; OVERRIDE_NOT_ALLOWED for a qualifier that cannot change. A reference or an
        embedded object may be declared to be of another class: associations narrow their ends that way.
        """
        if (own.type.cim, own.type.array) != (self.type.cim, self.type.array):
            # IWbemClassObject::Put: the default of an inherited property changes "unless the property type does not
            # match the parent class type". PutClass knows no other status for it ([MS-WMI] 2.2.11).
            raise WbemError(
                WbemStatus.TYPE_MISMATCH,
                f"{class_name}.{own.name} is declared as {own.type}, but {parent_name} has it as {self.type}: "
                "a derived class cannot change the type",
            )
        where = f"{class_name}.{self.name}"
        return replace(
            self,
            type=own.type if own.type.class_name else self.type,
            default=self.default if own.default is None else own.default,
            qualifiers=overridden(self.qualifiers, own.qualifiers, where, parent_name),
            inherited_default=own.default is None,
        )
