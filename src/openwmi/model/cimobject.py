"""CimObject: what classes and instances have in common, as IWbemClassObject is one interface for both.

What it adds ends in an underscore, so that it never stands in the way of a property ("a user cannot create properties
with names that begin or end with an underscore", IWbemClassObject::Put).
"""

from __future__ import annotations

from openwmi.model.path import ObjectPath


class CimObject:
    """Base of CimClass and CimInstance: what a property of the type `object` can hold."""

    __slots__ = ()

    @property
    def path_(self) -> ObjectPath | None:
        """Where the object is; None for an instance without a key, or with a key that is NULL or was not selected."""
        raise NotImplementedError

    def isa_(self, class_name: str) -> bool:
        """Whether this is `class_name` or derived from it, or an instance of such a class."""
        raise NotImplementedError
