"""What `#pragma amendment` asks for: one compilation in two parts, one of which is for people of one language.

The SDK's "Compiling Localized MOF Files". A class without its amended qualifiers stays where it is; those that it
declares are put into a class of the same name in a namespace below, as MS_409 for the English of the United States.

Windows: writes two files, to be compiled later; here both parts are ready to be carried out, and to be written.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import replace
from functools import cache
from typing import Final

from openwmi.base.case import NameMap, fold
from openwmi.base.error import WbemError
from openwmi.base.status import WbemStatus
from openwmi.model import (
    ChangeFlag,
    CimClass,
    CimInstance,
    CimType,
    Flavor,
    Method,
    Parameter,
    Property,
    Qualifier,
    Qualifiers,
    Type,
    qualifier_set,
)
from openwmi.mof.pragmas import LOCALE
from openwmi.mof.steps import Compilation, DeleteClass, DeleteInstance, PutClass, PutInstance


def split(compilation: Compilation, locale: str) -> tuple[Compilation, Compilation]:
    """The part without a language, and the part in the language of `locale`, such as MS_409; to be carried out in this
    order.

    The second has, for each class that declares amended qualifiers, a class without a superclass: with these, the
    properties, methods and parameters that have some, their keys, and the qualifiers Amendment and Locale. What it
    does not declare but inherits is in the class from which it inherits. Before them stand their namespaces.

    INVALID_PARAMETER for a locale that is none.
    """
    match = LOCALE.fullmatch(locale)
    if match is None:
        raise WbemError(WbemStatus.INVALID_PARAMETER, f"{locale!r} is no locale: it is like MS_409")
    neutral = cache(_neutral)
    steps: list[PutClass | PutInstance | DeleteClass | DeleteInstance] = []
    for step in compilation.steps:
        if isinstance(step, PutClass):
            steps.append(replace(step, class_=neutral(step.class_)))
        elif isinstance(step, PutInstance):
            steps.append(replace(step, instance=_of_class(step.instance, neutral)))
        else:
            steps.append(step)
    marks = (Qualifier("Amendment"), Qualifier("Locale", int(match[1], 16), Type(CimType.SINT32)))
    localized = tuple(_localized(compilation, locale.lower(), marks))
    return (
        replace(compilation, steps=tuple(steps), amendment=None),
        Compilation(localized, compilation.qualifiers, compilation.autorecover),
    )


_NAMESPACE: Final = CimClass(
    "__NAMESPACE", properties=(Property("Name", Type(CimType.STRING), qualifiers=qualifier_set(Qualifier("key"))),)
)


def _localized(compilation: Compilation, name: str, marks: tuple[Qualifier, ...]) -> Iterator[PutClass | PutInstance]:
    there: set[str] = set()
    for step in compilation.steps:
        class_ = _amendment(step.class_, marks) if isinstance(step, PutClass) else None
        if class_ is None or not isinstance(step, PutClass):
            continue
        if step.namespace.lower() not in there:
            there.add(step.namespace.lower())
            child = replace(_NAMESPACE, namespace=step.namespace).instance({"Name": name})
            yield PutInstance(step.namespace, step.source, step.at, child, ChangeFlag.CREATE_OR_UPDATE)
        namespace = f"{step.namespace}\\{name}"
        yield replace(step, namespace=namespace, class_=replace(class_, namespace=namespace))


def _amendment(class_: CimClass, marks: tuple[Qualifier, ...]) -> CimClass | None:
    """What a class declares for people of one language; None where that is nothing."""
    properties = [_amended_property(member) for member in class_.properties if _has_own(member.qualifiers)]
    methods = [_amended_method(method) for method in class_.methods if _says_something(method, class_.name)]
    own = _own(class_.qualifiers)
    if not (properties or methods or own):
        return None
    return CimClass(
        class_.name, properties=tuple(properties), methods=tuple(methods), qualifiers=qualifier_set(*own, *marks)
    )


def _amended_property(member: Property) -> Property:
    key = [member.qualifiers["key"]] if member.is_key else []
    return Property(member.name, member.type, qualifiers=qualifier_set(*_own(member.qualifiers), *key))


def _amended_method(method: Method) -> Method:
    parameters = tuple([_with(each, qualifier_set(*_own(each.qualifiers))) for each in method.parameters])
    return Method(method.name, parameters, method.returns, qualifier_set(*_own(method.qualifiers)))


def _says_something(method: Method, class_name: str) -> bool:
    if fold(method.origin) != fold(class_name):
        return False
    return _has_own(method.qualifiers) or any(_has_own(each.qualifiers) for each in method.parameters)


def _own(qualifiers: Qualifiers) -> list[Qualifier]:
    """The amended ones that were not handed down."""
    return [
        each
        for each in qualifiers.values()
        if each.flavor & Flavor.AMENDED and not each.flavor & Flavor.ORIGIN_PROPAGATED
    ]


def _has_own(qualifiers: Qualifiers) -> bool:
    return bool(qualifiers) and bool(_own(qualifiers))


# ------------------------------------------------------------------------------------------------- without a language


def _neutral(class_: CimClass) -> CimClass:
    methods = [
        replace(
            method,
            qualifiers=_plain(method.qualifiers),
            parameters=tuple([_with(each, _plain(each.qualifiers)) for each in method.parameters]),
        )
        for method in class_.methods
    ]
    return replace(
        class_,
        qualifiers=_plain(class_.qualifiers),
        properties=tuple([replace(member, qualifiers=_plain(member.qualifiers)) for member in class_.properties]),
        methods=tuple(methods),
    )


def _plain(qualifiers: Qualifiers) -> Qualifiers:
    if not any(each.flavor & Flavor.AMENDED for each in qualifiers.values()):
        return qualifiers
    return NameMap([(name, each) for name, each in qualifiers.items() if not each.flavor & Flavor.AMENDED])


def _with(parameter: Parameter, qualifiers: Qualifiers) -> Parameter:
    return replace(parameter, qualifiers=qualifiers)


def _of_class(instance: CimInstance, neutral: Callable[[CimClass], CimClass]) -> CimInstance:
    return CimInstance(
        neutral(instance.class_), instance.values_, instance.own_qualifiers_, instance.own_property_qualifiers_
    )
