"""Which properties, methods and qualifiers a flag of WBEM_CONDITION_FLAG_TYPE selects (IWbemClassObject::GetNames,
BeginEnumeration, BeginMethodEnumeration, IWbemQualifierSet::GetNames).

"You can combine one flag from each group with any flag from any other group. However, flags from the same group are
mutually exclusive."
"""

from __future__ import annotations

from collections.abc import Callable, Iterable
from typing import Final, TypeAlias, TypeVar

from openwmi.base.case import fold
from openwmi.base.error import WbemError
from openwmi.base.status import WbemStatus
from openwmi.model import SYSTEM_PROPERTIES, CimClass, CimType, Flavor, Method, Property, Qualifier, Qualifiers
from openwmi.wbemcli import constants as c

_T = TypeVar("_T")

Condition: TypeAlias = Callable[[str], bool]
"""Whether the property of that name is wanted."""

_ORIGINS: Final = frozenset(
    {0, c.WBEM_FLAG_LOCAL_ONLY, c.WBEM_FLAG_PROPAGATED_ONLY, c.WBEM_FLAG_SYSTEM_ONLY, c.WBEM_FLAG_NONSYSTEM_ONLY}
)
_CLASS_CONDITIONS: Final = frozenset({0, c.WBEM_FLAG_CLASS_OVERRIDES_ONLY, c.WBEM_FLAG_CLASS_LOCAL_AND_OVERRIDES})
_MEMBERS: Final = c.WBEM_FLAG_KEYS_ONLY | c.WBEM_FLAG_REFS_ONLY
_SYSTEM_TOO: Final = frozenset({0, c.WBEM_FLAG_SYSTEM_ONLY})
_ENUMERATED: Final = _MEMBERS | c.WBEM_MASK_CONDITION_ORIGIN | c.WBEM_MASK_CLASS_CONDITION
_NAMED: Final = _ENUMERATED | c.WBEM_MASK_PRIMARY_CONDITION


def is_local(member: Property | Method, class_: CimClass) -> bool:
    """Whether the class itself declared the member, and no class above it."""
    return not member.origin or fold(member.origin) == fold(class_.name)


def is_override(member: Property, class_: CimClass) -> bool:
    """Whether the class inherits the property and gives it a default or qualifiers of its own."""
    return not is_local(member, class_) and (
        not member.inherited_default
        or any(not qualifier.flavor & Flavor.ORIGIN_PROPAGATED for qualifier in member.qualifiers.values())
    )


def named(class_: CimClass, flags: int, fits: Condition | None, *, of_class: bool) -> list[str]:
    """The names for GetNames. INVALID_PARAMETER for flags that do not go together.

    Args:
        class_: of the object.
        flags: all of GetNames; of the primary condition only whether it is allowed is looked at.
        fits: what the primary condition says of a property; None for WBEM_FLAG_ALWAYS.
        of_class: whether the object is the class.
    """
    _check(flags, _NAMED, of_class)
    # "Return only property names that belong to the derived-most class."
    found = _selected(class_, flags, is_local)
    return found if fits is None else [name for name in found if fits(name)]


def enumerated(class_: CimClass, flags: int, *, of_class: bool) -> list[str]:
    """The names for BeginEnumeration. INVALID_PARAMETER as before."""
    _check(flags, _ENUMERATED, of_class)
    # "Limit the enumeration to properties that are defined or modified in the class itself."
    return _selected(class_, flags, lambda member, class_: is_local(member, class_) or is_override(member, class_))


def methods(class_: CimClass, flags: int) -> list[Method]:
    """The methods for BeginMethodEnumeration. INVALID_PARAMETER."""
    return _by_origin(class_.methods, flags, lambda each: is_local(each, class_))


def qualifiers(shown: Qualifiers, flags: int) -> list[Qualifier]:
    """Those for IWbemQualifierSet::GetNames and BeginEnumeration. INVALID_PARAMETER."""
    return _by_origin(shown.values(), flags, lambda each: not each.flavor & Flavor.ORIGIN_PROPAGATED)


def _by_origin(items: Iterable[_T], flags: int, is_local: Callable[[_T], bool]) -> list[_T]:
    if flags == 0:
        return list(items)
    if flags == c.WBEM_FLAG_LOCAL_ONLY:
        return [each for each in items if is_local(each)]
    if flags == c.WBEM_FLAG_PROPAGATED_ONLY:
        return [each for each in items if not is_local(each)]
    raise _refused(flags, "0, WBEM_FLAG_LOCAL_ONLY and WBEM_FLAG_PROPAGATED_ONLY are allowed here")


def _check(flags: int, allowed: int, of_class: bool) -> None:
    if flags & ~allowed:
        raise _refused(flags, "there are bits that have no meaning here")
    if flags & _MEMBERS == _MEMBERS:
        raise _refused(flags, "KEYS_ONLY and REFS_ONLY exclude each other")
    origin, condition = flags & c.WBEM_MASK_CONDITION_ORIGIN, flags & c.WBEM_MASK_CLASS_CONDITION
    if origin not in _ORIGINS or condition not in _CLASS_CONDITIONS or (origin and condition):
        raise _refused(flags, "only one flag can say where properties come from")
    if condition and not of_class:
        raise _refused(flags, "WBEM_FLAG_CLASS_… are for classes, and this is an instance")


def _selected(class_: CimClass, flags: int, local: Callable[[Property, CimClass], bool]) -> list[str]:
    origin = flags & (c.WBEM_MASK_CONDITION_ORIGIN | c.WBEM_MASK_CLASS_CONDITION)
    members = [each for each in class_.properties if _is_of(origin, each, class_, local)]
    if flags & c.WBEM_FLAG_KEYS_ONLY:
        return [each.name for each in members if each.is_key]
    if flags & c.WBEM_FLAG_REFS_ONLY:
        return [each.name for each in members if each.type.cim is CimType.REFERENCE]
    names = [each.name for each in members]
    return [*SYSTEM_PROPERTIES, *names] if origin in _SYSTEM_TOO else names


def _is_of(origin: int, member: Property, class_: CimClass, local: Callable[[Property, CimClass], bool]) -> bool:
    if origin == c.WBEM_FLAG_LOCAL_ONLY:
        return local(member, class_)
    if origin == c.WBEM_FLAG_PROPAGATED_ONLY:
        return not is_local(member, class_)
    if origin == c.WBEM_FLAG_CLASS_OVERRIDES_ONLY:
        return is_override(member, class_)
    if origin == c.WBEM_FLAG_CLASS_LOCAL_AND_OVERRIDES:
        return is_local(member, class_) or is_override(member, class_)
    return origin != c.WBEM_FLAG_SYSTEM_ONLY


def _refused(flags: int, why: str) -> WbemError:
    return WbemError(WbemStatus.INVALID_PARAMETER, f"lFlags 0x{flags:X}: {why}")
