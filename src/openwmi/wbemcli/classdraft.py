"""A class that can be changed (IWbemClassObject over a class definition)."""

from __future__ import annotations

import re
from dataclasses import replace
from typing import Final

from openwmi.base.case import NameMap, fold
from openwmi.base.error import WbemError
from openwmi.base.status import LocalStatus, WbemStatus
from openwmi.model import (
    SYSTEM_PROPERTIES,
    CimClass,
    CimType,
    Flavor,
    Method,
    Property,
    Qualifiers,
    Type,
    Value,
    qualifier_set,
)
from openwmi.model.path import NAME
from openwmi.wbemcli import qualifying
from openwmi.wbemcli.constants import WBEM_FLAVOR_ORIGIN_LOCAL, WBEM_FLAVOR_ORIGIN_PROPAGATED
from openwmi.wbemcli.draft import CHANGING, Draft, Kind, Place, Superclass
from openwmi.wbemcli.selecting import is_local, is_override
from openwmi.wbemcli.signatures import check_inherited, method_of
from openwmi.wbemcli.variant import as_variant, cim_value, number_of_type, type_of_number, type_of_variant

EMPTY: Final = CimClass("")
"""What GetObject gives for an empty path: a class without a name and without anything."""

_CLASS_NAME = re.compile(NAME)
_NO_KEYS: Final = frozenset({CimType.REAL32, CimType.REAL64, CimType.OBJECT})


class ClassDraft(Draft):
    """A class that can be changed.

    Args:
        class_: as it was given.
        registered: whether it is one that a namespace knows, or is new.
        superclass: where its superclass can be had, which is only asked when an override is deleted.
    """

    __slots__ = ("_class", "_heir", "_original", "_superclass", "registered")

    def __init__(self, class_: CimClass, *, registered: bool, superclass: Superclass | None = None) -> None:
        self._class = self._original = class_
        self._superclass = superclass
        self._heir: CimClass | None = None
        self.registered = registered

    @property
    def model(self) -> CimClass:
        return self._class

    @property
    def class_(self) -> CimClass:
        return self._class

    def copy(self) -> ClassDraft:
        made = ClassDraft(self._original, registered=self.registered, superclass=self._superclass)
        made._class = self._class
        return made

    def __reduce__(self) -> tuple[object, ...]:
        """Where its superclass can be had does not travel: that is a connection of this process."""
        return _unpickled, (self._original, self._class, self.registered)

    # ------------------------------------------------------------------------------------------------------ properties

    def get(self, name: str) -> tuple[Value, int, int]:
        class_ = self._class
        position = class_.positions.get(name)
        if position is None:
            position = class_.positions.get(fold(name))
            if position is None:
                return self._system(name)
        member = class_.properties[position]
        origin = WBEM_FLAVOR_ORIGIN_LOCAL if is_local(member, class_) else WBEM_FLAVOR_ORIGIN_PROPAGATED
        return member.default, number_of_type(member.type), origin

    def put(self, name: str, value: object, cimtype: int) -> None:
        with CHANGING:
            class_ = self._class
            if name in SYSTEM_PROPERTIES:
                self._class = self._renamed(name, value)
            elif fold(name) in class_.positions:
                self._replace_property(_with_default(class_, class_.property(name), value, cimtype))
            else:
                made = _property(qualifying.require_name(name, "property"), value, cimtype)
                self._class = replace(class_, properties=(*class_.properties, made))

    def delete(self, name: str) -> int:
        if name in SYSTEM_PROPERTIES:
            raise WbemError(LocalStatus.SYSTEM_PROPERTY, f"{name} is a system property, which cannot be deleted")
        member = self._property(name)
        inherited = self._inherited_property(member) if is_override(member, self._class) else None
        with CHANGING:
            if is_local(member, self._class):
                others = [each for each in self._class.properties if fold(each.name) != fold(name)]
                self._class = replace(self._class, properties=tuple(others))
                return int(WbemStatus.NO_ERROR)
            if inherited is None:
                raise WbemError(
                    LocalStatus.PROPAGATED_PROPERTY,
                    f"{member.name} is inherited from {member.origin}: it can only be deleted there",
                )
            self._replace_property(inherited)
            return int(LocalStatus.RESET_TO_DEFAULT)

    # --------------------------------------------------------------------------------------------------------- methods

    def put_method(self, name: str, inputs: CimClass | None, outputs: CimClass | None) -> None:
        """IWbemClassObject::PutMethod."""
        given = method_of(qualifying.require_name(name, "method"), inputs, outputs)
        before = self._find_method(name)
        inherited = self._inherited_method(name) if before is not None and self._class.superclass else None
        if inherited is not None:
            check_inherited(given, inherited)
        with CHANGING:
            class_ = self._class
            if before is not None:
                given = replace(given, name=before.name, qualifiers=before.qualifiers)
            others = [each for each in class_.methods if fold(each.name) != fold(name)]
            self._class = replace(class_, methods=(*others, replace(given, origin=class_.name)))

    def delete_method(self, name: str) -> None:
        """IWbemClassObject::DeleteMethod."""
        before = self.method(name)
        if not is_local(before, self._class):
            raise WbemError(
                WbemStatus.PROPAGATED_METHOD,
                f"{before.name} is inherited from {before.origin}: it can only be deleted there",
            )
        inherited = self._inherited_method(name) if self._class.superclass else None
        with CHANGING:
            others = [each for each in self._class.methods if fold(each.name) != fold(name)]
            self._class = replace(self._class, methods=(*others, *([inherited] if inherited else [])))

    def method(self, name: str) -> Method:
        """NOT_FOUND."""
        found = self._find_method(name)
        if found is None:
            raise WbemError(WbemStatus.NOT_FOUND, f"{self._class.name or 'the class'} has no method {name!r}")
        return found

    # ------------------------------------------------------------------------------------------------------ qualifiers

    def qualifiers(self, place: Place) -> Qualifiers:
        if place.kind is Kind.OBJECT:
            return self._class.qualifiers
        if place.kind is Kind.METHOD:
            return self.method(place.name).qualifiers
        member = self._property(place.name)
        return qualifying.of_class_property(member, inherited=not is_local(member, self._class))

    def put_qualifier(self, place: Place, name: str, value: object, flavor: int) -> None:
        with CHANGING:
            if place.kind is Kind.PROPERTY and _is_cimtype(name):
                member = self._property(place.name)
                self._replace_property(replace(member, type=qualifying.retyped(member, value)))
                return
            given = qualifying.made(name, value, flavor, of_an_instance=False)
            if fold(given.name) == qualifying.KEY:
                self._check_key(place)
            self._set_qualifiers(place, qualifying.put(self._declared(place), given))

    def delete_qualifier(self, place: Place, name: str) -> int:
        if place.kind is Kind.PROPERTY and _is_cimtype(name):
            raise WbemError(WbemStatus.INVALID_OPERATION, f"{qualifying.CIMTYPE} says the type, and cannot be deleted")
        inherited = self._inherited_qualifiers(place, name)
        with CHANGING:
            left, status = qualifying.delete(self._declared(place), name, inherited)
            self._set_qualifiers(place, left)
            return status

    # --------------------------------------------------------------------------------------------------------- changes

    def _renamed(self, name: str, value: object) -> CimClass:
        """With another __CLASS, "only writeable during class creation, when it may not be left blank"."""
        if fold(name) != "__class" or self.registered:
            raise WbemError(LocalStatus.READ_ONLY, f"{SYSTEM_PROPERTIES.spelling(name)} is read-only")
        given = as_variant(value).value
        if not isinstance(given, str) or not _CLASS_NAME.fullmatch(given):
            raise WbemError(WbemStatus.INVALID_PARAMETER, f"__CLASS cannot be {given!r}: it is the name of a class")
        class_ = self._class
        # What it declares itself has it for its origin, under whichever name.
        own = [replace(each, origin="") if is_local(each, class_) else each for each in class_.properties]
        methods = [replace(each, origin="") if is_local(each, class_) else each for each in class_.methods]
        return replace(class_, name=given, properties=tuple(own), methods=tuple(methods))

    def _replace_property(self, member: Property) -> None:
        properties = [member if fold(each.name) == fold(member.name) else each for each in self._class.properties]
        self._class = replace(self._class, properties=tuple(properties))

    def _declared(self, place: Place) -> Qualifiers:
        """What the model has there, without CIMTYPE. NOT_FOUND."""
        return self._property(place.name).qualifiers if place.kind is Kind.PROPERTY else self.qualifiers(place)

    def _set_qualifiers(self, place: Place, qualifiers: Qualifiers) -> None:
        if place.kind is Kind.OBJECT:
            self._class = replace(self._class, qualifiers=qualifiers)
        elif place.kind is Kind.PROPERTY:
            self._replace_property(replace(self._property(place.name), qualifiers=qualifiers))
        else:
            # A method with qualifiers of its own is declared again.
            own = replace(self.method(place.name), qualifiers=qualifiers, origin=self._class.name)
            methods = [own if fold(each.name) == fold(own.name) else each for each in self._class.methods]
            self._class = replace(self._class, methods=tuple(methods))

    def _check_key(self, place: Place) -> None:
        if place.kind is not Kind.PROPERTY:
            raise WbemError(WbemStatus.INVALID_QUALIFIER, "Key belongs on a property")
        type_ = self._property(place.name).type
        if type_.array or type_.cim in _NO_KEYS:
            raise WbemError(WbemStatus.CANNOT_BE_KEY, f"{place.name} is {type_}, which no key can be")

    # --------------------------------------------------------------------------------------------------------- finding

    def _property(self, name: str) -> Property:
        class_ = self._class
        if fold(name) not in class_.positions:
            raise WbemError(WbemStatus.NOT_FOUND, class_.unknown(name))
        return class_.property(name)

    def _find_method(self, name: str) -> Method | None:
        wanted = fold(name)
        return next((each for each in self._class.methods if fold(each.name) == wanted), None)

    # ------------------------------------------------------------------------------------------------ what is inherited

    def _inherited_property(self, member: Property) -> Property:
        """The property as it would be without what the class says of it. Where nobody knows, it has no default."""
        original = self._original
        if member.name in original.positions or fold(member.name) in original.positions:
            found = original.property(member.name)
            if not is_local(found, original) and not is_override(found, original):
                return found
        heir = self._undeclared()
        if heir is not None and fold(member.name) in heir.positions:
            return heir.property(member.name)
        return replace(
            member,
            default=None,
            inherited_default=True,
            qualifiers=_handed_down(member.qualifiers),
        )

    def _inherited_method(self, name: str) -> Method | None:
        wanted = fold(name)
        for class_ in (self._original, self._undeclared()):
            for each in class_.methods if class_ is not None else ():
                if fold(each.name) == wanted and (class_ is not self._original or not is_local(each, class_)):
                    return each
        return None

    def _inherited_qualifiers(self, place: Place, name: str) -> Qualifiers:
        """What would be there of that name without what the class says; empty where nobody knows."""
        found = self.qualifiers(place).get(name)
        if found is None or found.flavor & Flavor.ORIGIN_PROPAGATED or not self._class.superclass:
            return qualifier_set()
        for class_ in (self._original, self._undeclared()):
            handed = _handed_down(_at(class_, place)) if class_ is not None else qualifier_set()
            if name in handed:
                return handed
        return qualifier_set()

    def _undeclared(self) -> CimClass | None:
        """The class as it would be if it declared nothing; None where its superclass cannot be had."""
        if self._heir is None and self._superclass is not None and self._class.superclass is not None:
            parent = self._superclass(self._class.superclass)
            self._heir = None if parent is None else parent.derive(self._class.name)
        return self._heir


def _unpickled(original: CimClass, class_: CimClass, registered: bool) -> ClassDraft:
    made = ClassDraft(original, registered=registered)
    made._class = class_  # noqa: SLF001 - of this module
    return made


def _is_cimtype(name: object) -> bool:
    return isinstance(name, str) and fold(name) == fold(qualifying.CIMTYPE)


def _handed_down(qualifiers: Qualifiers) -> Qualifiers:
    return NameMap([(n, each) for n, each in qualifiers.items() if each.flavor & Flavor.ORIGIN_PROPAGATED])


def _at(class_: CimClass, place: Place) -> Qualifiers:
    if place.kind is Kind.OBJECT:
        return class_.qualifiers
    members: tuple[Property | Method, ...] = class_.properties if place.kind is Kind.PROPERTY else class_.methods
    wanted = fold(place.name)
    return next((each.qualifiers for each in members if fold(each.name) == wanted), qualifier_set())


def _property(name: str, value: object, cimtype: int) -> Property:
    """A new one. INVALID_PROPERTY_TYPE where neither its value nor `cimtype` says its type."""
    type_ = type_of_number(cimtype) if cimtype else type_of_variant(as_variant(value))
    if type_ is None:
        raise WbemError(
            LocalStatus.INVALID_PROPERTY_TYPE, f"{name} is new and NULL: the parameter Type has to say its CIM type"
        )
    return Property(name, type_, _checked(name, value, type_))


def _with_default(class_: CimClass, member: Property, value: object, cimtype: int) -> Property:
    type_ = member.type
    if cimtype and cimtype != number_of_type(type_):
        type_ = type_of_number(cimtype)
        if not is_local(member, class_):
            raise WbemError(
                WbemStatus.TYPE_MISMATCH,
                f"{member.name} is {member.type} in {member.origin}, from which it is inherited, and cannot be {type_}",
            )
    return replace(member, type=type_, default=_checked(member.name, value, type_), inherited_default=False)


def _checked(name: str, value: object, type_: Type) -> Value:
    try:
        return cim_value(value, type_)
    except WbemError as error:
        raise WbemError(error.status, f"{name}: {error.message}") from None
