"""The verbs that write: what goes to a provider, what into the repository, and what makes a namespace.

What the repository gets is decided and written inside one transaction, on the thread that writes; a list is written as
a whole or not at all.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from openwmi.base.case import fold
from openwmi.base.error import WbemError
from openwmi.base.status import WbemStatus
from openwmi.engine.class_changes import check_class_delete, check_class_put
from openwmi.engine.extensions import put_properties
from openwmi.engine.finding import find
from openwmi.engine.hosting import ProviderHost
from openwmi.engine.instance_changes import check_instance_delete, check_instance_put, chosen_values
from openwmi.engine.namespaces import create_namespace, delete_namespace
from openwmi.engine.paths import checked_keys, located
from openwmi.engine.plain_puts import PlainPuts
from openwmi.engine.provider import PutCall, Request
from openwmi.engine.sources import NAMESPACE_CLASS, is_dynamic, unserved
from openwmi.engine.store import CREATE_OR_UPDATE_FLAGS, check_flags
from openwmi.engine.view import View
from openwmi.model import ChangeFlag, CimClass, CimInstance, ObjectPath
from openwmi.operation import CallContext, CallFlags, ResultSet
from openwmi.repository import Repository
from openwmi.repository.transaction import Draft, Transaction


async def put(
    repository: Repository,
    view: View,
    objects: Sequence[CimClass | CimInstance],
    flags: ChangeFlag,
    results: ResultSet[Any],
) -> tuple[ObjectPath, ...]:
    """Creates or updates these, all or none; their paths."""
    results.waits_for = "the repository"
    for each in objects:
        host = view.sources.host(each.class_.name) if isinstance(each, CimInstance) else None
        if host is not None and isinstance(each, CimInstance):
            if len(objects) > 1:
                raise WbemError(
                    WbemStatus.NOT_SUPPORTED,
                    f"{each!r} goes to {host}, which takes one instance at a time: put it alone",
                )
            results.waits_for = str(host)
            return (await _provide(view, host, each, flags),)

    def change(transaction: Transaction) -> tuple[ObjectPath, ...]:
        return store_all(transaction, view.namespace, objects, flags, view.context)

    return await repository.write(change)


async def delete(repository: Repository, view: View, text: str, results: ResultSet[Any]) -> None:
    """Deletes the instance at a path, or a class."""
    results.waits_for = "the repository"
    path = located(text, view.server, view.namespace)
    class_ = None if path.is_class else await _provided(view, path, results)
    host = None if class_ is None else view.sources.host(class_.name)
    if host is not None and class_ is not None:
        results.waits_for = str(host)
        await host.delete(Request(view.context, class_), checked_keys(path, class_))
        return
    await repository.write(lambda transaction: remove(transaction, view.namespace, path, view.context))


def store_all(
    transaction: Transaction,
    namespace: str,
    objects: Sequence[CimClass | CimInstance],
    flags: ChangeFlag,
    context: CallContext,
) -> tuple[ObjectPath, ...]:
    """Writes objects into the repository, in this order; their paths."""
    draft = transaction.namespace(namespace)
    plain = None if flags or context.values or context.flags & CallFlags.USE_AMENDED_QUALIFIERS else PlainPuts(draft)
    paths = []
    for each in objects:
        made = plain.add(each) if plain is not None and isinstance(each, CimInstance) else None
        if made is None:
            if plain is not None:
                plain.write()
            paths.append(store(transaction, draft, each, flags, context))
            if plain is not None:
                plain.forget()
        else:
            path = made.path_
            assert path is not None
            paths.append(path)
    if plain is not None:
        plain.write()
    return tuple(paths)


def store(
    transaction: Transaction,
    draft: Draft,
    what: CimClass | CimInstance,
    flags: ChangeFlag,
    context: CallContext,
) -> ObjectPath:
    """Writes one object into the repository; its path."""
    amended = CallFlags.USE_AMENDED_QUALIFIERS in context.flags
    if isinstance(what, CimClass):
        changed = check_class_put(what, flags, draft, amended=amended)
        draft.put_class(changed.class_, changed.derived)
        return changed.class_.path_
    if fold(what.class_.name) == NAMESPACE_CLASS:
        return create_namespace(transaction, draft, what, flags)
    change = check_instance_put(what, flags, draft, context=context.values, amended=amended)
    if is_dynamic(change.instance.class_):
        raise unserved(change.instance.class_)
    draft.put_instance(change.instance, change.before)
    path = change.instance.path_
    assert path is not None
    return path


def remove(transaction: Transaction, namespace: str, path: ObjectPath, context: CallContext) -> None:
    """Deletes one object from the repository."""
    draft = transaction.namespace(namespace)
    if path.is_class:
        amended = CallFlags.USE_AMENDED_QUALIFIERS in context.flags
        deleted = check_class_delete(path.class_name, draft, amended=amended)
        for class_ in reversed(deleted.derived):
            draft.delete_class(class_.name, along=True)
        draft.delete_class(deleted.class_.name)
        return
    if fold(path.class_name) == NAMESPACE_CLASS:
        delete_namespace(transaction, draft, path)
        return
    draft.delete_instance(check_instance_delete(path, draft))


async def _provided(view: View, path: ObjectPath, results: ResultSet[Any]) -> CimClass | None:
    """The class of the instance at a path if a provider has it: the one that is named, or one derived from it.

    NOT_FOUND for the class; INVALID_OBJECT_PATH; PROVIDER_NOT_FOUND.
    """
    class_ = view.find(path.class_name, WbemStatus.NOT_FOUND)
    host = view.sources.host(class_.name)
    if host is None and is_dynamic(class_):
        raise unserved(class_)
    lists = host is None or host.enumerates or host.looks_up
    if lists and view.sources.serves_below(class_.name):
        found = await find(view, path, results, keys_only=True)
        if found is not None:
            return found.class_
    return None if host is None else class_


async def _provide(
    view: View,
    host: ProviderHost,
    instance: CimInstance,
    flags: ChangeFlag,
) -> ObjectPath:
    """Hands an instance to its provider."""
    check_flags(flags, CREATE_OR_UPDATE_FLAGS)
    class_ = view.find(instance.class_.name, WbemStatus.INVALID_CLASS)
    names = put_properties(view.context.values, flags)
    given = instance.to_dict_()
    if names is not None:
        names = tuple(chosen_values(instance, class_, names))
        given = {name: value for name, value in given.items() if name in class_}
    row = class_.row(given)
    values = dict(zip(class_.names, row, strict=True))
    chosen: object = await host.put(PutCall(Request(view.context, class_), values, flags, names))
    if chosen is not None:
        keys: Any = {**values, **chosen} if isinstance(chosen, Mapping) else chosen
        row = host.fitted(class_, keys, f"the keys that {host} chose")
    path = CimInstance(class_, row).path_
    if path is None:
        raise WbemError(WbemStatus.NO_KEY, f"{class_.name}: keys without a value, and {host} chose none")
    return path
