"""The qualifiers of a class, an instance, a property or a method: which there are, and what a put and a delete make of
them (IWbemQualifierSet::Put and Delete, the SDK's "Qualifier Flavors" and "CIMType Qualifier").

Everything here is a function of immutable values. Whose qualifiers they are, and who sees the change, others know.
"""

from __future__ import annotations

import re
from typing import Final

from openwmi.base.case import NameMap, fold
from openwmi.base.error import WbemError
from openwmi.base.status import LocalStatus, WbemStatus
from openwmi.model import CimType, Flavor, Property, Qualifier, Qualifiers, Type, Value
from openwmi.model.path import NAME
from openwmi.model.qualifier import of_instance
from openwmi.wbemcli import constants as c
from openwmi.wbemcli.variant import VARIANT, as_variant, cim_value, type_of_variant

CIMTYPE: Final = "CIMTYPE"
KEY: Final = "key"

_IDENTIFIER = re.compile(NAME)
_STRING: Final = Type(CimType.STRING)
_EVERYWHERE: Final = Flavor.PROPAGATE_TO_INSTANCE | Flavor.PROPAGATE_TO_DERIVED_CLASS
_PROPAGATED: Final = Flavor.ORIGIN_PROPAGATED
_OF_KEY: Final = _EVERYWHERE | Flavor.NOT_OVERRIDABLE

# IWbemQualifierSet::Put: "Only variants and arrays of type VT_I4, VT_R8, VT_BSTR, VT_BOOL are supported."
_TYPES: Final = {
    c.VT_I4: CimType.SINT32,
    c.VT_R8: CimType.REAL64,
    c.VT_BSTR: CimType.STRING,
    c.VT_BOOL: CimType.BOOLEAN,
}
_FLAVORS: Final = (
    c.WBEM_FLAVOR_FLAG_PROPAGATE_TO_INSTANCE
    | c.WBEM_FLAVOR_FLAG_PROPAGATE_TO_DERIVED_CLASS
    | c.WBEM_FLAVOR_NOT_OVERRIDABLE
    | c.WBEM_FLAVOR_AMENDED
)
_AS_TEXT: Final = frozenset({CimType.STRING, CimType.DATETIME, CimType.REFERENCE})


def require_name(name: object, what: str) -> str:
    """The name of something that is made; INVALID_PARAMETER if it is none.

    "The user may not create …s with names that begin or end with an underscore."
    """
    if not isinstance(name, str) or not _IDENTIFIER.fullmatch(name) or name.startswith("_") or name.endswith("_"):
        raise WbemError(
            WbemStatus.INVALID_PARAMETER,
            f"{name!r} is no name for a {what}: letters, digits and underscores, and none of these at either end",
        )
    return name


def of_class_property(member: Property, *, inherited: bool) -> Qualifiers:
    """What the set of a property of a class shows: CIMTYPE, and its qualifiers."""
    flavor = _EVERYWHERE | _PROPAGATED if inherited else _EVERYWHERE
    return NameMap([(CIMTYPE, Qualifier(CIMTYPE, _cimtype(member.type), _STRING, flavor)), *member.qualifiers.items()])


def of_instance_property(member: Property, own: Qualifiers | None) -> Qualifiers:
    """What the set of a property of an instance shows: what its class hands to it, and the instance's own over it."""
    handed = of_instance(of_class_property(member, inherited=True))
    return NameMap([*handed.items(), *own.items()]) if own else handed


def made(name: object, value: object, flavor: int, *, of_an_instance: bool) -> Qualifier:
    """The qualifier that a put asks for. INVALID_PARAMETER for name, flavor and NULL, INVALID_QUALIFIER_TYPE."""
    checked = require_name(name, "qualifier")
    if flavor & ~_FLAVORS:
        raise WbemError(WbemStatus.INVALID_PARAMETER, f"lFlavor of {checked}: {flavor!r} has bits that are no flavor")
    if of_an_instance and flavor & c.WBEM_FLAVOR_FLAG_PROPAGATE_TO_DERIVED_CLASS:
        # "This flavor … cannot be attached to a qualifier describing a class instance."
        raise WbemError(
            WbemStatus.INVALID_PARAMETER, f"lFlavor of {checked}: an instance has no derived classes to propagate to"
        )
    if value is None:
        raise WbemError(WbemStatus.INVALID_PARAMETER, f"{checked}: pVal cannot be NULL")
    type_, checked_value = _typed(checked, as_variant(value))
    if fold(checked) == KEY and not flavor:
        # "When using the Key qualifier, it is not necessary to specify any flavors or propagation rules."
        return Qualifier(checked, checked_value, type_, _OF_KEY)
    return Qualifier(checked, checked_value, type_, Flavor(flavor))


def put(qualifiers: Qualifiers, given: Qualifier) -> Qualifiers:
    """These with that one. OVERRIDE_NOT_ALLOWED if one that was handed down must not be overridden."""
    before = qualifiers.get(given.name)
    if before is not None and before.flavor & _PROPAGATED and before.flavor & Flavor.NOT_OVERRIDABLE:
        raise WbemError(
            WbemStatus.OVERRIDE_NOT_ALLOWED,
            f"the qualifier {before.name} was handed down with DisableOverride and stays {before.value!r}",
        )
    if before is not None:
        given = Qualifier(before.name, given.value, given.type, given.flavor)
    return NameMap([*qualifiers.items(), (given.name, given)])


def delete(qualifiers: Qualifiers, name: str, inherited: Qualifiers) -> tuple[Qualifiers, int]:
    """These without that one, and the status: RESET_TO_DEFAULT where an inherited one counts again.

    NOT_FOUND; PROPAGATED_QUALIFIER for one that was only handed down.
    """
    found = qualifiers.get(name)
    if found is None:
        raise WbemError(WbemStatus.NOT_FOUND, f"there is no qualifier {name!r}")
    if found.flavor & _PROPAGATED:
        # The page has INVALID_OPERATION ("Deleting this qualifier is illegal"); the SDK's list of statuses has one for
        # just this, and [MS-WMI] 8 says that it is in use.
        raise WbemError(
            LocalStatus.PROPAGATED_QUALIFIER, f"the qualifier {found.name} was handed down: delete it where it was set"
        )
    others = [(each, qualifier) for each, qualifier in qualifiers.items() if fold(each) != fold(name)]
    before = inherited.get(name)
    if before is None:
        return NameMap(others), int(WbemStatus.NO_ERROR)
    return NameMap([*others, (before.name, before)]), int(LocalStatus.RESET_TO_DEFAULT)


def retyped(member: Property, value: object) -> Type:
    """The type of a property whose CIMTYPE is put: the same, of another class, or datetime or ref for a string.

    INVALID_QUALIFIER_TYPE for what is no text, TYPE_MISMATCH for another type.
    """
    text = as_variant(value).value
    if not isinstance(text, str):
        raise WbemError(LocalStatus.INVALID_QUALIFIER_TYPE, f"{CIMTYPE} of {member.name} is a string")
    said = Type.parse(text)
    if said.array or (said.cim is not member.type.cim and not {said.cim, member.type.cim} <= _AS_TEXT):
        raise WbemError(
            WbemStatus.TYPE_MISMATCH, f"{CIMTYPE} of {member.name} cannot be {text!r}: the property is {member.type}"
        )
    return Type(said.cim, member.type.array, said.class_name)


def _cimtype(type_: Type) -> str:
    return str(Type(type_.cim, class_name=type_.class_name))


def _typed(name: str, variant: VARIANT) -> tuple[Type, Value]:
    vt = variant.vt & ~c.VT_ARRAY
    if vt not in _TYPES:
        raise WbemError(
            LocalStatus.INVALID_QUALIFIER_TYPE,
            f"{name}: a qualifier is a VT_I4, VT_R8, VT_BSTR, VT_BOOL or an array of these, and not {variant.value!r} "
            f"(VT_ {variant.vt})",
        )
    type_ = type_of_variant(variant)
    assert type_ is not None
    try:
        return type_, cim_value(variant, type_)
    except WbemError as error:
        raise WbemError(LocalStatus.INVALID_QUALIFIER_TYPE, f"{name}: {error.message}") from None
