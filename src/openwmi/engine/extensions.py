"""Parts of instances: what the values of a context ask for, in puts and in gets.

Puts: [MS-WMI] 3.1.4.3.12 and the SDK's "Updating Part of an Instance". Gets: the SDK's "Retrieving part of a WMI
instance". What a provider makes of them is not known here.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Final

from openwmi.base.case import NameMap
from openwmi.base.error import WbemError
from openwmi.base.status import WbemStatus
from openwmi.model import ChangeFlag, CimClass, nearest

Values = Mapping[str, object]
"""The named values of a context."""


def put_properties(context: Values, flags: ChangeFlag) -> tuple[str, ...] | None:
    """The names of the properties that a put is to write; None for all of them.

    __PUT_EXT_ATOMIC and __PUT_EXT_STRICT_NULLS ask for nothing that is not done anyway: a put is done whole or not at
    all, and NULL is written like any value.

    Errors: INVALID_CONTEXT for a value of the wrong kind; for __PUT_EXTENSIONS without any of the values that it
    announces; and without UPDATE_ONLY, as "Updating Part of an Instance" has it.
    """
    values = NameMap(context)
    if not _switch(values, "__PUT_EXTENSIONS"):
        return None
    _switch(values, "__PUT_EXT_CLIENT_REQUEST")
    announced = [_switch(values, name) for name in ("__PUT_EXT_STRICT_NULLS", "__PUT_EXT_ATOMIC")]
    names = _names(values, "__PUT_EXT_PROPERTIES")
    if names is None:
        if not any(announced):
            raise _invalid("__PUT_EXTENSIONS is TRUE: give __PUT_EXT_PROPERTIES, a list of names, as well")
        return None
    if ChangeFlag.UPDATE_ONLY not in flags:
        raise _invalid("a part of an instance can only be put with UPDATE_ONLY")
    return names


def requested_properties(context: Values, class_: CimClass) -> tuple[str, ...] | None:
    """The properties of a class that a get or an enumeration is to bring, its keys first; None for all of them.

    The others are NULL in what is returned, which keeps its class ("FileSystem … null - expected"). Where
    __GET_EXT_CLIENT_REQUEST is missing nothing is asked for: the values then came down from another call ("Supporting
    Partial-Instance Operations").

    Errors: INVALID_CONTEXT for a value of the wrong kind and for the name `*`; INVALID_PROPERTY for another name that
    the class does not have.
    """
    values = NameMap(context)
    # Both are looked at, whatever the first says, so that a value of the wrong kind is always refused.
    asked = [_switch(values, name) for name in ("__GET_EXTENSIONS", "__GET_EXT_CLIENT_REQUEST")]
    if not all(asked):
        return None
    if _switch(values, "__GET_EXT_KEYS_ONLY"):
        return class_.keys
    names = _names(values, "__GET_EXT_PROPERTIES")
    if names is None:
        return None
    if "*" in names:
        raise _invalid("__GET_EXT_PROPERTIES cannot have *: leave __GET_EXTENSIONS out to get all properties")
    return tuple(dict.fromkeys([*class_.keys, *declared_names(class_, names)]))


def declared_names(class_: CimClass, names: tuple[str, ...]) -> list[str]:
    """These names of properties as the class spells them. INVALID_PROPERTY for one that it does not have."""
    unknown = next((name for name in names if name not in class_.names and _place(class_, name) is None), None)
    if unknown is not None:
        near = nearest(unknown, class_.names)
        guess = f"; did you mean {near!r}?" if near else ""
        raise WbemError(WbemStatus.INVALID_PROPERTY, f"{class_.name} has no property {unknown!r}{guess}")
    return [class_.names[class_.index(name)] for name in names]


_WHAT: Final = "the context of the call: "


def _place(class_: CimClass, name: str) -> int | None:
    try:
        return class_.index(name)
    except KeyError:
        return None


def _switch(values: NameMap[object], name: str) -> bool:
    value = values.get(name)
    if value is not None and not isinstance(value, bool):
        raise _invalid(f"{name} is TRUE or FALSE, and not {value!r}")
    return bool(value)


def _names(values: NameMap[object], name: str) -> tuple[str, ...] | None:
    value = values.get(name)
    if value is None:
        return None
    if not isinstance(value, list | tuple):
        raise _invalid(f"{name} is a list of names, and not {value!r}")
    for each in value:
        if not isinstance(each, str):
            raise _invalid(f"{name} is a list of names, and {each!r} is none")
    return tuple(value)


def _invalid(why: str) -> WbemError:
    return WbemError(WbemStatus.INVALID_CONTEXT, _WHAT + why)
