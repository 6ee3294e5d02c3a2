"""Defaults and the values of qualifiers, which whoever makes a class in Python may give any value: they have to fit.

What does not fit its type could be stored, and not be read again; for some that fits, MOF and the wire have no form.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import replace
from math import isfinite
from typing import TypeVar

from openwmi.base.error import WbemError
from openwmi.base.limits import MOF_DEPTH, WMIO_DEPTH
from openwmi.base.status import WbemStatus
from openwmi.model import (
    CimClass,
    CimInstance,
    CimType,
    Method,
    Parameter,
    Property,
    Qualifier,
    Qualifiers,
    Type,
    Value,
    qualifier_set,
)
from openwmi.repository.class_record import Declared

_M = TypeVar("_M", Property, Parameter)


def fitted(own: Declared, name: str) -> Declared:
    """What the class of that name declares, with arrays as tuples. TYPE_MISMATCH, QUOTA_VIOLATION say what is unfit."""
    properties = tuple([_member(each, f"{name}.{each.name}") for each in own.properties])
    methods = tuple([_method(each, name) for each in own.methods])
    return Declared(properties, methods, fitted_qualifiers(own.qualifiers, name))


def fitted_qualifiers(qualifiers: Qualifiers, where: str) -> Qualifiers:
    """The same for those of one thing, which is `where`."""
    others = None
    for each in qualifiers.values():
        if each.type == _OF_KIND.get(type(each.value)) and "\0" not in str(each.value):
            continue  # as nearly all are
        fits = _qualifier(each, where)
        if fits is not each:
            others = [*(others or ()), fits]
    return qualifiers if others is None else qualifier_set(*qualifiers.values(), *others)


def check_storable(value: Value, where: str, depth: int = 0) -> None:
    """Refuses a value that fits its type, and that MOF or the wire cannot say.

    Args:
        where: what has the value: a property with its class.
        depth: in how many objects and arrays it is; MOF counts both, the wire only objects.

    Errors: TYPE_MISMATCH for a number that is not finite; QUOTA_VIOLATION for objects nested too deep.
    """
    if isinstance(value, float):
        if not isfinite(value):
            raise WbemError(WbemStatus.TYPE_MISMATCH, f"{where}: {value} has no form in MOF and cannot be stored")
        return
    if isinstance(value, tuple):
        inner: Iterable[Value] = value
    elif isinstance(value, CimInstance):
        inner = _values_of_instance(value)
    elif isinstance(value, CimClass):
        inner = _values_of_class(value)
    else:
        return
    if depth >= _DEPTH:
        raise WbemError(
            WbemStatus.QUOTA_VIOLATION, f"{where}: objects and arrays nest more than {_DEPTH} deep: nest them less"
        )
    for each in inner:
        check_storable(each, where, depth + 1)


_DEPTH = min(MOF_DEPTH, WMIO_DEPTH)


def _values_of_instance(given: CimInstance) -> Iterable[Value]:
    yield from given.values_
    for qualifiers in (given.own_qualifiers_, *given.own_property_qualifiers_.values()):
        yield from _values_of(qualifiers)


def _values_of_class(given: CimClass) -> Iterable[Value]:
    yield from _values_of(given.qualifiers)
    for each in given.properties:
        yield each.default
        yield from _values_of(each.qualifiers)
    for method in given.methods:
        yield from _values_of(method.qualifiers)
        for parameter in method.parameters:
            yield parameter.default
            yield from _values_of(parameter.qualifiers)


def _values_of(qualifiers: Qualifiers) -> Iterable[Value]:
    return [each.value for each in qualifiers.values()]


_OF_KIND = {bool: Type(CimType.BOOLEAN), str: Type(CimType.STRING)}


def _qualifier(qualifier: Qualifier, where: str) -> Qualifier:
    given = qualifier.value
    try:
        value = qualifier.type.check(given)
    except WbemError as error:
        raise _unfit(f"the qualifier {qualifier.name} of {where}", error) from None
    check_storable(value, f"the qualifier {qualifier.name} of {where}")
    return qualifier if _same(value, given) else replace(qualifier, value=value)


def _same(checked: Value, given: Value) -> bool:
    """Whether checking has changed nothing; a tuple comes out as another one."""
    return checked is given or (type(given) is tuple and checked == given)


def _member(given: _M, where: str) -> _M:
    """A property or a parameter, whose default and qualifiers fit."""
    default = _default(given, where)
    qualifiers = fitted_qualifiers(given.qualifiers, where)
    if _same(default, given.default) and qualifiers is given.qualifiers:
        return given
    return replace(given, default=default, qualifiers=qualifiers)


def _default(given: Property | Parameter, where: str) -> Value:
    if given.default is None:
        return None
    try:
        value = given.type.check(given.default)
    except WbemError as error:
        raise _unfit(f"the default of {where}", error) from None
    check_storable(value, f"the default of {where}")
    return value


def _method(given: Method, class_name: str) -> Method:
    where = f"{class_name}.{given.name}()"
    qualifiers = fitted_qualifiers(given.qualifiers, where)
    parameters = tuple([_member(each, f"the parameter {each.name} of {where}") for each in given.parameters])
    same = all(new is old for new, old in zip(parameters, given.parameters, strict=True))
    if same and qualifiers is given.qualifiers:
        return given
    return replace(given, qualifiers=qualifiers, parameters=parameters)


def _unfit(what: str, error: WbemError) -> WbemError:
    return WbemError(WbemStatus.TYPE_MISMATCH, f"{what}: {error.message}")
