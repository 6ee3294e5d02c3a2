"""What two implementations made of the same MOF, class by class, and where they differ.

A class is told in a form that belongs to neither: its superclass, its properties and methods by name, with those it
inherits, types in the spelling of `Type`, and qualifiers by their names in small letters. The order of members, the
types of qualifiers and their flavors are not compared: CIM gives members no order, Windows has only four types for
qualifiers, and pywbem keeps no flavor that nobody spelt out.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any, Final, TypeAlias

from openwmi.model import CimClass, Method, Parameter, Property, Qualifiers, Value

Described: TypeAlias = dict[str, Any]

ABSENT: Final = "(nothing)"


@dataclass(frozen=True, slots=True)
class Difference:
    """One value that is not the same. ABSENT stands for what one of the two does not have at all."""

    path: tuple[str, ...]
    ours: Any
    theirs: Any

    def __str__(self) -> str:
        return f"{'.'.join(self.path)}: {_shown(self.ours)} here, {_shown(self.theirs)} there"


def described(class_: CimClass) -> Described:
    """A class of ours, in that form."""
    return {
        "superclass": class_.superclass,
        "qualifiers": _qualifiers(class_.qualifiers),
        "properties": {member.name: _property(member) for member in class_.properties},
        "methods": {member.name: _method(member) for member in class_.methods},
    }


def plain(value: Value) -> Any:
    """A value as JSON has it."""
    if isinstance(value, tuple):
        return [plain(element) for element in value]
    return value if value is None or isinstance(value, bool | int | float | str) else str(value)


def differences(ours: Any, theirs: Any, path: tuple[str, ...] = ()) -> Iterator[Difference]:
    """All of them, in the order of the names."""
    if isinstance(ours, Mapping) and isinstance(theirs, Mapping):
        for name in sorted(ours.keys() | theirs.keys()):
            yield from differences(ours.get(name, ABSENT), theirs.get(name, ABSENT), (*path, name))
    elif type(ours) is not type(theirs) or ours != theirs:  # 1, 1.0 and true are three values
        yield Difference(path, ours, theirs)


def _property(member: Property) -> Described:
    return {
        "type": str(member.type),
        "origin": member.origin,
        "default": plain(member.default),
        "qualifiers": _qualifiers(member.qualifiers),
    }


def _method(member: Method) -> Described:
    return {
        "returns": None if member.returns is None else str(member.returns),
        "origin": member.origin,
        "qualifiers": _qualifiers(member.qualifiers),
        "parameters": {each.name: _parameter(each) for each in member.parameters},
    }


def _parameter(parameter: Parameter) -> Described:
    return {
        "type": str(parameter.type),
        "directions": [name for name, there in (("in", parameter.is_in), ("out", parameter.is_out)) if there],
        "qualifiers": _qualifiers(parameter.qualifiers),
    }


def _qualifiers(qualifiers: Qualifiers) -> Described:
    return {name.lower(): plain(each.value) for name, each in qualifiers.items()}


def _shown(value: object) -> str:
    text = repr(value) if value is not ABSENT else ABSENT
    return text if len(text) <= 80 else f"{text[:80]}..."
