"""What stands behind an IWbemClassObject and its IWbemQualifierSets: an object that can be changed.

The model never changes. A draft has a class or an instance of it, and puts another in its place with each change, so
that whoever reads at the same time sees the one or the other. What a draft has of its own is what the model does not
tell: whether a class was ever registered, what it would inherit, which values of an instance somebody put.

Everything here raises WbemError. HRESULTs, and faces for embedded objects, are others' business.
"""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Callable
from enum import Enum
from threading import RLock
from typing import Final, NamedTuple, TypeAlias

from openwmi.base.error import WbemError
from openwmi.base.status import WbemStatus
from openwmi.model import SYSTEM_PROPERTIES, CimClass, CimInstance, Qualifiers, Value
from openwmi.wbemcli.constants import WBEM_FLAVOR_ORIGIN_SYSTEM
from openwmi.wbemcli.variant import number_of_type

Superclass: TypeAlias = Callable[[str], CimClass | None]
"""The superclass of a class by its name; None where it cannot be had. It may take its time."""

CHANGING: Final = RLock()
"""Held while a draft changes, which takes microseconds: one for all."""


class Kind(Enum):
    """What has qualifiers."""

    OBJECT = "object"
    PROPERTY = "property"
    METHOD = "method"


class Place(NamedTuple):
    """Whose qualifiers: of the object itself, or of its property or method of that name."""

    kind: Kind
    name: str = ""


class Draft(ABC):
    """One object that can be changed."""

    __slots__ = ()

    @property
    @abstractmethod
    def model(self) -> CimClass | CimInstance:
        """The object as it is now."""

    @property
    @abstractmethod
    def class_(self) -> CimClass:
        """The class, or that of the instance."""

    @abstractmethod
    def copy(self) -> Draft:
        """Another one, which changes on its own."""

    @abstractmethod
    def get(self, name: str) -> tuple[Value, int, int]:
        """(value, CIM type, origin) of a property, a system property too. NOT_FOUND."""

    @abstractmethod
    def put(self, name: str, value: object, cimtype: int) -> None:
        """IWbemClassObject::Put."""

    @abstractmethod
    def delete(self, name: str) -> int:
        """IWbemClassObject::Delete; returns the status."""

    @abstractmethod
    def qualifiers(self, place: Place) -> Qualifiers:
        """All qualifiers there, the inherited ones and CIMTYPE too. NOT_FOUND for a property or method that is gone."""

    @abstractmethod
    def put_qualifier(self, place: Place, name: str, value: object, flavor: int) -> None:
        """IWbemQualifierSet::Put."""

    @abstractmethod
    def delete_qualifier(self, place: Place, name: str) -> int:
        """IWbemQualifierSet::Delete; returns the status."""

    def _system(self, name: str) -> tuple[Value, int, int]:
        """The same of a system property. NOT_FOUND for what is none."""
        if name not in SYSTEM_PROPERTIES:
            raise WbemError(WbemStatus.NOT_FOUND, self.class_.unknown(name))
        value = self.model[name]
        # What has no name yet has an empty one in the model.
        return None if value == "" else value, number_of_type(SYSTEM_PROPERTIES[name]), WBEM_FLAVOR_ORIGIN_SYSTEM
