"""What a class must be to be stored: its names, its keys, and what it may be below its superclass.

From [MS-WMI] 3.1.4.3.6 and the SDK's pages of the qualifiers. How a class differs from what it was is not known here.
"""

from __future__ import annotations

import re
from collections.abc import Callable
from typing import Final

from openwmi.base.case import fold
from openwmi.base.error import WbemError
from openwmi.base.limits import CLASS_NAME_CHARS, CLASS_PROPERTIES
from openwmi.base.status import WbemStatus
from openwmi.model import CimClass, Method, Property, abstract_problem, is_set, key_problem
from openwmi.model.path import NAME

Signature = tuple[object, ...]


def check_class_name(name: str) -> None:
    """Refuses a name that a class put by a user cannot have ([MS-WMI] 3.1.4.3.6, last part).

    QUOTA_VIOLATION for too long a one; INVALID_OPERATION for an underscore in front, by which system classes are known;
    INVALID_OBJECT for one at the end; INVALID_PARAMETER for what is no CLASS-NAME ([MS-WMI] 2.2.1.1).
    """
    if len(name) > CLASS_NAME_CHARS:
        raise WbemError(
            WbemStatus.QUOTA_VIOLATION,
            f"the class name has {len(name)} characters; {CLASS_NAME_CHARS} are allowed",
        )
    _check_name(name, f"the class name {_shown(name)}")


def check_class(class_: CimClass, parent: CimClass | None, *, forced: bool = False) -> None:
    """Refuses a class that cannot be what it says below its superclass. `class_` is complete; None is no superclass.

    With `forced` it may be abstract below one that is not, as CIM_PolicyInSystem of the DMTF is: nothing depends on it.
    """
    for rule in _RULES:
        if not (forced and rule is _abstract):
            rule(class_, parent)


def signature(method: Method) -> Signature:
    """What has to be the same where a method is declared again: its return value and its parameters."""
    parameters = [
        (fold(each.name), each.type.cim, each.type.array, each.is_in, each.is_out, each.id)
        for each in method.parameters
    ]
    returns = method.returns
    return (None if returns is None else (returns.cim, returns.array), *parameters)


# --------------------------------------------------------------------------------------------------------------- rules

_NAME: Final = re.compile(NAME)


def _shown(name: str) -> str:
    return repr(name if len(name) <= 60 else name[:60] + "…")


def _raise(problem: WbemError | None) -> None:
    if problem is not None:
        raise problem


def _check_name(name: str, what: str) -> None:
    if name.startswith("_"):
        raise WbemError(
            WbemStatus.INVALID_OPERATION,
            f"{what} begins with an underscore, which only names of the system do: choose another",
        )
    if name.endswith("_"):
        raise WbemError(WbemStatus.INVALID_OBJECT, f"{what} ends with an underscore: choose another")
    if _NAME.fullmatch(name) is None or any("\ud800" <= character <= "\udfff" for character in name):
        raise WbemError(
            WbemStatus.INVALID_PARAMETER,
            f"{what} is not valid: a name is a letter, and then letters, digits and underscores",
        )


def _names(class_: CimClass, _: CimClass | None) -> None:
    """IWbemClassObject::Put: no user's property begins or ends with an underscore. The statuses are a class's."""
    members: tuple[Property | Method, ...] = (*class_.properties, *class_.methods)
    for each in members:
        if fold(each.origin) == fold(class_.name):
            kind = "method" if isinstance(each, Method) else "property"
            _check_name(each.name, f"the {kind} name {_shown(each.name)} of {class_.name}")


def _size(class_: CimClass, _: CimClass | None) -> None:
    """The SDK's "Creating a Base Class"."""
    if len(class_.names) > CLASS_PROPERTIES:
        raise WbemError(
            WbemStatus.TOO_MANY_PROPERTIES,
            f"{class_.name} has {len(class_.names)} properties; {CLASS_PROPERTIES} are allowed",
        )


def _places(class_: CimClass, _: CimClass | None) -> None:
    """WMI Error Constants, WBEM_E_INVALID_QUALIFIER: "putting [key] on an object instead of a property"."""
    for where, qualifiers in (
        (class_.name, class_.qualifiers),
        *((f"{class_.name}.{method.name}()", method.qualifiers) for method in class_.methods),
    ):
        if "key" in qualifiers:
            raise WbemError(
                WbemStatus.INVALID_QUALIFIER, f"{where} has the qualifier Key, which only a property can have"
            )


def _keys(class_: CimClass, parent: CimClass | None) -> None:
    """The SDK's "Key Qualifier"; CANNOT_BE_SINGLETON by [MS-WMI] 3.1.4.3.6.

    That wants a superclass which is a singleton, too. But CIM_Setting and __SystemClass, below which Windows has
    singletons, are none: they are abstract, so that there can be no instances beside the one.
    """
    _raise(key_problem(class_, parent))
    if parent is not None and parent.is_singleton:
        for name in class_.keys:
            if name not in parent or not parent.property(name).is_key:
                raise WbemError(
                    WbemStatus.CANNOT_BE_SINGLETON,
                    f"{class_.name} is a singleton, as {parent.name} is, and cannot have the key {name}",
                )


def _abstract(class_: CimClass, parent: CimClass | None) -> None:
    """[MS-WMI] 3.1.4.3."""
    problem = abstract_problem(class_, parent)
    if problem is not None:
        raise WbemError(int(problem.status), f"{problem.message}: it can be put with UPDATE_FORCE_MODE alone")


def _dynamic(class_: CimClass, parent: CimClass | None) -> None:
    """The SDK's "Dynamic Qualifier": "You cannot derive a static class from a dynamic class." It names no status."""
    if parent is not None and is_set(parent.qualifiers, "dynamic") and not is_set(class_.qualifiers, "dynamic"):
        raise WbemError(
            WbemStatus.INVALID_SUPERCLASS,
            f"{class_.name} has to be dynamic, as {parent.name} is: add the qualifier Dynamic, and Provider",
        )


def _signatures(class_: CimClass, parent: CimClass | None) -> None:
    """WMI Error Constants, WBEM_E_PROPAGATED_METHOD."""
    for before in parent.methods if parent is not None else ():
        if signature(class_.method(before.name)) != signature(before):
            raise WbemError(
                WbemStatus.PROPAGATED_METHOD,
                f"{class_.name}.{before.name}() has another signature than in {before.origin}: declare it with the "
                "same parameters and the same return value, or give it another name",
            )


def _final(class_: CimClass, parent: CimClass | None) -> None:
    """Namespaces are listed by their class and those below it, and only instances of that class itself make one."""
    if parent is not None and parent.isa_("__NAMESPACE"):
        raise WbemError(
            WbemStatus.INVALID_OPERATION,
            f"{class_.name} cannot be derived from {parent.name}, whose instances are the namespaces: derive it from "
            "another class",
        )


def _return_values(class_: CimClass, _: CimClass | None) -> None:
    """What a method gives is one object ([MS-WMIO] 2.3.3), in which no name can be there twice."""
    for method in class_.methods:
        for each in method.outputs if method.returns is not None else ():
            if fold(each.name) == _RETURN_VALUE:
                raise WbemError(
                    WbemStatus.INVALID_METHOD_PARAMETERS,
                    f"{class_.name}.{method.name}() returns a value and has the out-parameter {each.name} beside it: "
                    "give the parameter another name",
                )


_RETURN_VALUE: Final = fold("ReturnValue")

_RULES: Final[tuple[Callable[[CimClass, CimClass | None], None], ...]] = (
    _names,
    _size,
    _places,
    _keys,
    _abstract,
    _dynamic,
    _signatures,
    _final,
    _return_values,
)
