"""The methods of IWbemServices as verbs of a session: what each is asked with, checked, and what it then runs.

For every face that has the header's methods, on the wire or off it: what comes out is a verb that wants to know who
calls and with which flags. INVALID_PARAMETER, QUOTA_VIOLATION and the like, of arguments that cannot be meant, are
raised before there is a verb; what only the namespace can tell is the failure of the call.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, TypeAlias

from openwmi.base.error import WbemError
from openwmi.base.status import WbemStatus
from openwmi.model import CimClass, CimInstance
from openwmi.operation import CallContext, Operation
from openwmi.session.asking import (
    checked_class_name,
    checked_instance_path,
    checked_path,
    checked_query,
    checked_text,
    empty_class,
)
from openwmi.session.modes import Asked
from openwmi.session.verbs import Session

Verb: TypeAlias = Callable[[CallContext, Asked], Operation[Any]]
"""A verb of a session that knows what it is to be asked with, but for who asks; on the loop's thread."""

Model: TypeAlias = CimClass | CimInstance


def opening(session: Session, namespace: str | None, *, has_context: bool) -> Verb:
    """OpenNamespace. `has_context`: whether pCtx, which is reserved, is not NULL."""
    name = checked_text("a namespace", namespace)
    if name.startswith(("\\", "/")):
        raise WbemError(
            WbemStatus.INVALID_PARAMETER, f"a namespace within this one was expected, and {name!r} is absolute"
        )
    if has_context:
        raise WbemError(WbemStatus.INVALID_PARAMETER, "pCtx is reserved here, and must be NULL")
    return lambda context, _: session.open_namespace(name, context)


def getting(session: Session, path: str | None) -> Verb:
    """GetObject: the class or the instance at a path; without one an empty class."""
    if path is None or path == "":
        return lambda _context, _asked: empty_class()
    checked = checked_path(path)
    return lambda context, _: session.get(checked, context)


def putting(session: Session, model: Model, kind: type[Model]) -> Verb:
    """PutClass, PutInstance. INVALID_OBJECT for an object of the other kind."""
    if not isinstance(model, kind):
        what = "a class" if kind is CimClass else "an instance"
        raise WbemError(WbemStatus.INVALID_OBJECT, f"{what} was expected, and this is {model!r}")
    return lambda context, asked: session.put(model, context, asked.changes)


def deleting_class(session: Session, name: str | None) -> Verb:
    """DeleteClass."""
    checked = checked_class_name(name)
    return lambda context, _: session.delete(checked, context)


def deleting_instance(session: Session, path: str | None) -> Verb:
    """DeleteInstance."""
    checked = checked_instance_path(path)
    return lambda context, _: session.delete(checked, context)


def classes(session: Session, superclass: str | None) -> Verb:
    """CreateClassEnum: the classes below one; without one all classes, or those that have no superclass."""
    name = checked_class_name(superclass) if superclass else None
    return lambda context, asked: session.classes(name, deep=not asked.shallow, context=context)


def instances(session: Session, class_name: str | None) -> Verb:
    """CreateInstanceEnum."""
    name = checked_class_name(class_name)
    return lambda context, asked: session.instances(name, deep=not asked.shallow, context=context)


def querying(session: Session, language: str | None, text: str | None) -> Verb:
    """ExecQuery."""
    checked = checked_query(language, text)
    return lambda context, _: session.query(checked, None, context)


def notifying(session: Session, language: str | None, text: str | None) -> Verb:
    """ExecNotificationQuery."""
    checked = checked_query(language, text)
    return lambda context, _: session.events(checked, None, context)


def calling(session: Session, path: str | None, method: str | None, given: Model | None) -> Verb:
    """ExecMethod. INVALID_METHOD_PARAMETERS for in-parameters that are no instance."""
    checked, name = checked_path(path), checked_text("the name of a method", method)
    inputs: dict[str, object] = {}
    if given is not None:
        if not isinstance(given, CimInstance):
            raise WbemError(
                WbemStatus.INVALID_METHOD_PARAMETERS, f"in-parameters are an instance of their class, not {given!r}"
            )
        inputs = {each: given[each] for each in given}
    return lambda context, _: session.call(checked, name, inputs, context)
