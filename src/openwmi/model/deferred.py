"""DeferredClass: a class of which nothing is made before somebody asks for something of it.

Who reads a class from octets that they keep need not make hundreds of objects of them that nobody may look at.
"""

from __future__ import annotations

from dataclasses import fields
from typing import Any, Final, Protocol

from openwmi.model.members import Heritage
from openwmi.model.objects import CimClass


class ClassSource(Protocol):
    """Of what a class is made."""

    def decode(self, what: CimClass) -> CimClass:
        """The class; `what` is the object that becomes it. Does not fail. Several threads may ask for the same one."""


class DeferredClass(CimClass):
    """A CimClass to be. The first attribute that is asked for makes it one, and from then on it is nothing else."""

    __slots__ = ()

    def __init__(self, source: ClassSource) -> None:
        _set_source(self, source)

    def __getattr__(self, name: str) -> Any:
        if name not in _FIELDS:
            raise AttributeError(f"CimClass has no attribute {name!r}", name=name, obj=self)
        return object.__getattribute__(_made(self), name)

    def __eq__(self, other: object) -> bool:
        return bool(_made(self) == other)

    def __hash__(self) -> int:
        return hash(_made(self))

    def _inheritance(self) -> Heritage:
        return _made(self)._inheritance()  # noqa: SLF001 - that of the class which this is by then


def source_of(class_: CimClass) -> ClassSource | None:
    """Of what a class will be made; None if it is made."""
    source = _source(class_) if isinstance(class_, DeferredClass) else None
    return None if isinstance(source, Heritage) else source


_FIELDS: Final = frozenset(field.name for field in fields(CimClass)) - {"_heritage"}

# The source is where a class has something that is made of it, and that is asked for in one place only.
_source: Any = CimClass.__dict__["_heritage"].__get__
_set_source: Any = CimClass.__dict__["_heritage"].__set__

# Classes that are being made, by the identity of what becomes them, and that, so that no other object gets it.
_pending: dict[int, tuple[CimClass, CimClass]] = {}


def _made(class_: CimClass) -> CimClass:
    """The same, once it is a CimClass. Other threads may be about to make it one, or have done so in the meantime."""
    source = source_of(class_)
    if source is not None:
        _, made = _pending.setdefault(id(class_), (class_, source.decode(class_)))
        # Whoever was first has put its fields in before it is not pending any more: an attribute stays the same object.
        if source_of(class_) is not None:
            for field in _FIELDS:
                object.__setattr__(class_, field, getattr(made, field))
            _set_source(class_, None)
        _pending.pop(id(class_), None)
    object.__setattr__(class_, "__class__", CimClass)
    return class_
