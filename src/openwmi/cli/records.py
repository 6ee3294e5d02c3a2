"""What a row shows: names and values, in the order that its reader expects.

The order is that of the SELECT list, since whoever names columns says how to see them; WMI itself answers in the order
in which the class declares its properties, and so does this where none were named.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Final, NamedTuple

from openwmi.model import CimClass, CimInstance, Method

HOST: Final = "__HOST"
"""The column of the machine that a row is of, where there are several. No class may call a property like that."""


class Record(NamedTuple):
    """One row: the class of its object, if it is one, and its values by name."""

    class_name: str | None
    values: Mapping[str, object]

    def of(self, host: str) -> Record:
        """The same with the machine in front."""
        return Record(self.class_name, {HOST: host, **self.values})


class Picker:
    """Makes records of instances.

    Args:
        columns: the properties to show, in order, however they are spelt, with the system's (`__PATH`) where named;
            None for all of the instance's own.
    """

    def __init__(self, columns: Sequence[str] | None = None) -> None:
        self.columns = columns
        self._spelt: dict[CimClass, list[tuple[str, bool]]] = {}

    def record(self, instance: CimInstance) -> Record:
        """A property that the instance does not have is NULL."""
        class_ = instance.class_
        if self.columns is None:
            return Record(class_.name, instance.to_dict_())
        spelt = self._spelt.get(class_)
        if spelt is None:
            spelt = self._spelt[class_] = [_spelt(class_, name) for name in self.columns]
        return Record(class_.name, {name: instance[name] if there else None for name, there in spelt})


def _spelt(class_: CimClass, name: str) -> tuple[str, bool]:
    """The name as the class spells it, and whether there is such a property."""
    there = name in class_
    if not there or name.startswith("__"):
        return (name.upper() if there else name), there
    return class_.names[class_.index(name)], there


def class_record(class_: CimClass) -> Record:
    """A class as a row among classes."""
    return Record(None, {"Class": class_.name, "Superclass": class_.superclass, "Kind": kind_of(class_) or None})


def class_document(class_: CimClass) -> Record:
    """A class with all its members, nested."""
    return Record(
        class_.name,
        {
            "superclass": class_.superclass,
            "derivation": class_.derivation,
            "kind": kind_of(class_) or None,
            "properties": [
                {"name": p.name, "type": str(p.type), "key": p.is_key, "origin": p.origin} for p in class_.properties
            ],
            "methods": [_method_document(method) for method in class_.methods],
        },
    )


def member_records(class_: CimClass) -> list[Record]:
    """A class as rows: its properties, then its methods."""
    properties = [
        Record(None, {"Member": "property", "Name": p.name, "Type": str(p.type), "Key": p.is_key, "Origin": p.origin})
        for p in class_.properties
    ]
    methods = [
        Record(None, {"Member": "method", "Name": m.name, "Type": returned(m), "Key": False, "Origin": m.origin})
        for m in class_.methods
    ]
    return properties + methods


def kind_of(class_: CimClass) -> str:
    """What its qualifiers make of the class: `abstract`, `association`, `singleton`, or nothing."""
    said = (
        ("abstract", class_.is_abstract),
        ("association", class_.is_association),
        ("singleton", class_.is_singleton),
    )
    return ", ".join(word for word, applies in said if applies)


def is_system(class_name: str) -> bool:
    """Whether the class is the system's, which every namespace has."""
    return class_name.startswith("__")


def signature(method: Method) -> str:
    """`static uint32 Create(in string CommandLine, …, out uint32 ProcessId)`."""
    parameters = ", ".join(
        f"{'in, out' if p.is_in and p.is_out else 'in' if p.is_in else 'out'} {p.type} {p.name}"
        for p in method.parameters
    )
    return f"{'static ' if method.static else ''}{returned(method)} {method.name}({parameters})"


def returned(method: Method) -> str:
    """The type of the return value."""
    return "void" if method.returns is None else str(method.returns)


def is_implemented(method: Method) -> bool:
    """Whether its class says that a provider has code for it."""
    found = method.qualifiers.get("Implemented")
    return found is not None and found.value is True


def _method_document(method: Method) -> dict[str, object]:
    return {
        "name": method.name,
        "static": method.static,
        "implemented": is_implemented(method),
        "returns": None if method.returns is None else str(method.returns),
        "parameters": [
            {"name": p.name, "type": str(p.type), "in": p.is_in, "out": p.is_out} for p in method.parameters
        ],
        "origin": method.origin,
    }
