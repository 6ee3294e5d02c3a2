"""How a class that is put differs from the one that there is, and what these differences are to instances and derived
classes.

[MS-WMI] 3.1.4.3.6 speaks of conflicts with instances, and the SDK ("Creating a WMI Derived Class", "Creating and
Declaring an Instance Using C++") lists what cannot be done while there are any: another superclass, properties that
come or go or change their type, and the qualifiers Key, Indexed, Singleton, Dynamic and Abstract.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Final

from openwmi.base.case import fold
from openwmi.engine.class_rules import signature
from openwmi.model import CimClass, Method, Property, Qualifiers


@dataclass(frozen=True, slots=True)
class Differences:
    """What has changed, each in words.

    Attributes:
        binding: what instances do not survive.
        important: that, and what else changes what the class is or does. The rest are unimportant qualifiers, such as
            Description.
    """

    binding: tuple[str, ...]
    important: tuple[str, ...]


def differences(before: CimClass, after: CimClass) -> Differences:
    """Between two complete classes of one name."""
    found = list(_differences(before, after))
    return Differences(
        tuple([text for binds, text in found if binds]),
        tuple([text for _, text in found]),
    )


# "Add or remove": the SDK's list.
_BINDING: Final = frozenset({"abstract", "dynamic", "indexed", "key", "singleton"})
# The SDK gives one example of an unimportant qualifier and no list of important ones. These say how instances come and
# go, how objects are tied together, and whether a method can be called; others describe.
_IMPORTANT: Final = _BINDING | {
    "amendment",
    "association",
    "classcontext",
    "disabled",
    "implemented",
    "indication",
    "instancecontext",
    "not_null",
    "propertycontext",
    "provider",
    "static",
}

_Found = tuple[bool, str]


def _differences(before: CimClass, after: CimClass) -> Iterator[_Found]:
    if fold(before.superclass or "") != fold(after.superclass or ""):
        yield True, f"the superclass is {after.superclass or 'gone'}"
    yield from _of_qualifiers(before.qualifiers, after.qualifiers, "")
    yield from _of_properties(before, after)
    yield from _of_methods(before, after)


def _of_properties(before: CimClass, after: CimClass) -> Iterator[_Found]:
    for each in before.properties:
        if each.name not in after:
            yield True, f"the property {each.name} is gone"
        else:
            yield from _of_property(each, after.property(each.name))
    for each in after.properties:
        if each.name not in before:
            yield True, f"the property {each.name} is new"


def _of_property(before: Property, after: Property) -> Iterator[_Found]:
    if before.type != after.type:
        binds = (before.type.cim, before.type.array) != (after.type.cim, after.type.array)
        yield binds, f"{after.name} is {after.type}"
    if before.default != after.default:
        yield False, f"{after.name} has another default"
    yield from _of_qualifiers(before.qualifiers, after.qualifiers, f" of {after.name}")


def _of_methods(before: CimClass, after: CimClass) -> Iterator[_Found]:
    old = {fold(each.name): each for each in before.methods}
    new = {fold(each.name): each for each in after.methods}
    for name, method in old.items():
        if name not in new:
            yield False, f"the method {method.name} is gone"
        else:
            yield from _of_method(method, new[name])
    for name, method in new.items():
        if name not in old:
            yield False, f"the method {method.name} is new"


def _of_method(before: Method, after: Method) -> Iterator[_Found]:
    if signature(before) != signature(after):
        yield False, f"{after.name}() has another signature"
    yield from _of_qualifiers(before.qualifiers, after.qualifiers, f" of {after.name}()")


def _of_qualifiers(before: Qualifiers, after: Qualifiers, where: str) -> Iterator[_Found]:
    for name in dict.fromkeys([*map(fold, before), *map(fold, after)]):
        if name not in _IMPORTANT:
            continue
        # One that is FALSE or NULL says as much as one that is not there.
        old, new = (each[name].value or None if name in each else None for each in (before, after))
        if old != new:
            spelling = (before if name in before else after)[name].name
            yield name in _BINDING, f"the qualifier {spelling}{where} has changed"
