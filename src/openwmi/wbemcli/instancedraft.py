"""An instance that can be changed (IWbemClassObject over an instance)."""

from __future__ import annotations

from openwmi.base.case import NameMap, fold
from openwmi.base.error import WbemError
from openwmi.base.status import LocalStatus, WbemStatus
from openwmi.model import SYSTEM_PROPERTIES, CimClass, CimInstance, Qualifiers, Value
from openwmi.model.qualifier import of_instance
from openwmi.wbemcli import qualifying
from openwmi.wbemcli.constants import WBEM_FLAVOR_ORIGIN_LOCAL, WBEM_FLAVOR_ORIGIN_PROPAGATED
from openwmi.wbemcli.draft import CHANGING, Draft, Kind, Place
from openwmi.wbemcli.variant import cim_value, number_of_type, type_of_number


class InstanceDraft(Draft):
    """An instance that can be changed.

    Args:
        instance: as it was given.
        put: the places of the values that somebody put, whatever they are.
    """

    __slots__ = ("_instance", "_put")

    def __init__(self, instance: CimInstance, put: frozenset[int] = frozenset()) -> None:
        self._instance = instance
        self._put = put

    @property
    def model(self) -> CimInstance:
        return self._instance

    @property
    def class_(self) -> CimClass:
        return self._instance.class_

    def copy(self) -> InstanceDraft:
        return InstanceDraft(self._instance, self._put)

    # ------------------------------------------------------------------------------------------------------ properties

    def get(self, name: str) -> tuple[Value, int, int]:
        instance = self._instance
        class_ = instance.class_
        position = class_.positions.get(name)
        if position is None:
            position = class_.positions.get(fold(name))
            if position is None:
                return self._system(name)
        value = instance.store_[position]
        default = class_.defaults[position]
        # Get: "a value was supplied, or a qualifier was added or modified". Whether a value that is the default was
        # supplied by whoever made the instance, nobody can tell.
        supplied = (
            not (value is default or value == default)
            or position in self._put
            or class_.names[position] in instance.own_property_qualifiers_
        )
        origin = WBEM_FLAVOR_ORIGIN_LOCAL if supplied else WBEM_FLAVOR_ORIGIN_PROPAGATED
        return value, number_of_type(class_.properties[position].type), origin

    def put(self, name: str, value: object, cimtype: int) -> None:
        if name in SYSTEM_PROPERTIES:
            raise WbemError(LocalStatus.READ_ONLY, f"{SYSTEM_PROPERTIES.spelling(name)} is read-only")
        class_ = self.class_
        position = self._position(name)
        type_ = class_.properties[position].type
        # "vtType must be 0 when the underlying object is an instance"; but the page's own example gives the type of the
        # property, and that does no harm.
        if cimtype and cimtype != number_of_type(type_):
            problem = f"{class_.name}.{name} is {type_}, and cannot become {type_of_number(cimtype)}"
            raise WbemError(WbemStatus.TYPE_MISMATCH, problem)
        try:
            checked = cim_value(value, type_)
        except WbemError as error:
            raise WbemError(error.status, f"{class_.name}.{class_.names[position]}: {error.message}") from None
        with CHANGING:
            self._set(position, checked)
            self._put |= {position}

    def delete(self, name: str) -> int:
        """The value becomes the default: "rather than removing the value, it is simply reset to the default value"."""
        if name in SYSTEM_PROPERTIES:
            raise WbemError(LocalStatus.SYSTEM_PROPERTY, f"{name} is a system property, which cannot be deleted")
        position = self._position(name)
        with CHANGING:
            self._set(position, self.class_.defaults[position])
            self._put -= {position}
        return int(WbemStatus.NO_ERROR)

    # ------------------------------------------------------------------------------------------------------ qualifiers

    def qualifiers(self, place: Place) -> Qualifiers:
        instance = self._instance
        if place.kind is Kind.OBJECT:
            return instance.qualifiers_
        position = self._position(place.name)
        own = instance.own_property_qualifiers_.get(instance.class_.names[position])
        return qualifying.of_instance_property(instance.class_.properties[position], own)

    def put_qualifier(self, place: Place, name: str, value: object, flavor: int) -> None:
        self._check_type(place, name)
        given = qualifying.made(name, value, flavor, of_an_instance=True)
        if fold(given.name) == qualifying.KEY:
            # "The keys are specified in the class definition for an object and cannot be altered on a per-instance
            # basis"; and "putting [key] on an object instead of a property" is another error.
            status = WbemStatus.CANNOT_BE_KEY if place.kind is Kind.PROPERTY else WbemStatus.INVALID_QUALIFIER
            raise WbemError(status, "the keys of an instance are those of its class")
        with CHANGING:
            qualifying.put(self.qualifiers(place), given)
            own = self._own(place)
            self._set_own(place, NameMap([*own.items(), (given.name, given)]))

    def delete_qualifier(self, place: Place, name: str) -> int:
        self._check_type(place, name)
        with CHANGING:
            handed = self._handed(place)
            own = self._own(place)
            _, status = qualifying.delete(self.qualifiers(place), name, handed)
            self._set_own(place, NameMap([(n, each) for n, each in own.items() if fold(n) != fold(name)]))
            return status

    # ----------------------------------------------------------------------------------------------------------------

    def _position(self, name: str) -> int:
        position = self.class_.positions.get(fold(name))
        if position is None:
            raise WbemError(WbemStatus.NOT_FOUND, self.class_.unknown(name))
        return position

    def _set(self, position: int, value: Value) -> None:
        old = self._instance
        row = list(old.values_)
        row[position] = value
        self._instance = CimInstance(old.class_, tuple(row), old.own_qualifiers_, old.own_property_qualifiers_)

    def _handed(self, place: Place) -> Qualifiers:
        if place.kind is Kind.OBJECT:
            return of_instance(self.class_.qualifiers)
        return qualifying.of_instance_property(self.class_.properties[self._position(place.name)], None)

    def _own(self, place: Place) -> Qualifiers:
        if place.kind is Kind.OBJECT:
            return self._instance.own_qualifiers_
        spelling = self.class_.names[self._position(place.name)]
        return self._instance.own_property_qualifiers_.get(spelling) or NameMap()

    def _set_own(self, place: Place, own: Qualifiers) -> None:
        old = self._instance
        of_object, sets = old.own_qualifiers_, dict(old.own_property_qualifiers_.items())
        if place.kind is Kind.OBJECT:
            of_object = own
        else:
            spelling = self.class_.names[self._position(place.name)]
            sets = {name: each for name, each in sets.items() if fold(name) != fold(spelling)}
            if own:
                sets[spelling] = own
        self._instance = CimInstance(old.class_, old.store_, of_object, NameMap(sets))

    def _check_type(self, place: Place, name: object) -> None:
        if place.kind is Kind.PROPERTY and isinstance(name, str) and fold(name) == fold(qualifying.CIMTYPE):
            # "The CIMType qualifier on instance properties is read-only and inherited from the class object."
            raise WbemError(WbemStatus.OVERRIDE_NOT_ALLOWED, f"{qualifying.CIMTYPE} of {place.name} is its class's")
