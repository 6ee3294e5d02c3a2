"""The instance at a path, wherever it comes from, and the part of an instance that a partial get asks for."""

from __future__ import annotations

from typing import Any

from openwmi.base.case import fold
from openwmi.base.error import WbemError
from openwmi.base.status import WbemStatus
from openwmi.engine.extensions import requested_properties
from openwmi.engine.paths import checked_keys
from openwmi.engine.selection import Selection
from openwmi.engine.view import View
from openwmi.model import CimClass, CimInstance, ObjectPath
from openwmi.operation import CallContext, CallFlags, ResultSet

Part = frozenset[str]
"""The folded names of the properties that are wanted of an instance; the others are NULL."""


async def find(
    view: View, path: ObjectPath, results: ResultSet[Any] | None = None, *, keys_only: bool = False
) -> CimInstance | None:
    """The instance at a path of this namespace: of the class that it names, or of one derived from it.

    With `keys_only` a provider is told that nothing else will be read. NOT_FOUND for the class; INVALID_OBJECT_PATH.
    """
    class_ = view.find(path.class_name, WbemStatus.NOT_FOUND)
    if not keys_only:
        check_part(class_, view.context)
    keys = checked_keys(path, class_)  # a path that cannot be right says so, rather than that nothing was found
    for concrete, source in view.sources_of(class_, deep=CallFlags.DIRECT_READ not in view.context.flags):
        if concrete is not class_:
            try:
                keys = checked_keys(path, concrete)
            except WbemError:
                continue  # a derived class that has become a singleton, say: none of its instances has this path
        if results is not None:
            results.waits_for = source.waits_for
        selection = Selection.of_keys(concrete, keys)
        if keys_only:
            selection.properties = frozenset(map(fold, concrete.keys))
            part = None
        else:
            part = part_of(selection, view.context)
        found = await source.find(selection)
        if found is not None:
            return found if part is None else only(found, part)
    return None


def check_part(class_: CimClass, context: CallContext) -> None:
    """What a partial get names, the class that was asked for has, whichever of those below it have instances.

    Errors: those of `requested_properties`.
    """
    if context.values:
        requested_properties(context.values, class_)


def part_of(selection: Selection, context: CallContext) -> Part | None:
    """What a partial get asks for, which the selection then brings; None: all."""
    if not context.values:
        return None
    asked = requested_properties(context.values, selection.cim_class)
    if asked is None:
        return None
    part = frozenset(map(fold, asked))
    selection.properties = part if selection.properties is None else selection.properties | part
    return part


def only(instance: CimInstance, part: Part) -> CimInstance:
    """The instance with NULL for all other values (SDK, "Retrieving Part of a WMI Instance")."""
    values = [
        value if fold(name) in part else None
        for name, value in zip(instance.class_.names, instance.values_, strict=True)
    ]
    return CimInstance(instance.class_, tuple(values), instance.own_qualifiers_)
