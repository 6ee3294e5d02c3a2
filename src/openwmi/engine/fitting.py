"""Defaults and the values of qualifiers, which whoever makes a class in Python may give any value: they have to fit.

What does not fit its type could be stored, and not be read again.
"""

from __future__ import annotations

from dataclasses import replace

from openwmi.base.error import WbemError
from openwmi.base.status import WbemStatus
from openwmi.model import CimType, Method, Parameter, Property, Qualifier, Qualifiers, Type, Value, qualifier_set
from openwmi.repository.class_record import Declared


def fitted(own: Declared, name: str) -> Declared:
    """What the class of that name declares, with arrays as tuples. TYPE_MISMATCH names what does not fit."""
    properties = tuple([_property(each, name) for each in own.properties])
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


_OF_KIND = {bool: Type(CimType.BOOLEAN), str: Type(CimType.STRING)}


def _qualifier(qualifier: Qualifier, where: str) -> Qualifier:
    given = qualifier.value
    try:
        value = qualifier.type.check(given)
    except WbemError as error:
        raise _unfit(f"the qualifier {qualifier.name} of {where}", error) from None
    return qualifier if _same(value, given) else replace(qualifier, value=value)


def _same(checked: Value, given: Value) -> bool:
    """Whether checking has changed nothing; a tuple comes out as another one."""
    return checked is given or (type(given) is tuple and checked == given)


def _property(given: Property, class_name: str) -> Property:
    where = f"{class_name}.{given.name}"
    default = given.default
    if default is not None:
        default = _default(given, where)
    qualifiers = fitted_qualifiers(given.qualifiers, where)
    if _same(default, given.default) and qualifiers is given.qualifiers:
        return given
    return replace(given, default=default, qualifiers=qualifiers)


def _default(given: Property, where: str) -> Value:
    try:
        return given.type.check(given.default)
    except WbemError as error:
        raise _unfit(f"the default of {where}", error) from None


def _method(given: Method, class_name: str) -> Method:
    where = f"{class_name}.{given.name}()"
    qualifiers = fitted_qualifiers(given.qualifiers, where)
    parameters = tuple([_parameter(each, where) for each in given.parameters])
    same = all(new is old for new, old in zip(parameters, given.parameters, strict=True))
    if same and qualifiers is given.qualifiers:
        return given
    return replace(given, qualifiers=qualifiers, parameters=parameters)


def _parameter(given: Parameter, where: str) -> Parameter:
    qualifiers = fitted_qualifiers(given.qualifiers, f"the parameter {given.name} of {where}")
    return given if qualifiers is given.qualifiers else replace(given, qualifiers=qualifiers)


def _unfit(what: str, error: WbemError) -> WbemError:
    return WbemError(WbemStatus.TYPE_MISMATCH, f"{what}: {error.message}")
