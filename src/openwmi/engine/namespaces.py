"""Namespaces as instances of `__NAMESPACE` (SDK, "Creating Hierarchies Within WMI"): put and deleted like others."""

from __future__ import annotations

from openwmi.base.case import fold
from openwmi.base.error import WbemError
from openwmi.base.limits import NAMESPACE_CHARS
from openwmi.base.status import WbemStatus
from openwmi.engine.paths import checked_keys
from openwmi.engine.store import CREATE_OR_UPDATE_FLAGS, check_existence, check_flags
from openwmi.model import ChangeFlag, CimInstance, ObjectPath, parse_namespace
from openwmi.repository.transaction import Draft, Transaction


def create_namespace(transaction: Transaction, draft: Draft, given: CimInstance, flags: ChangeFlag) -> ObjectPath:
    """A namespace within that of `draft`; one that is there already stays as it is.

    Errors: INVALID_PARAMETER for flags and for what cannot be a name; ALREADY_EXISTS, NOT_FOUND by the flags; NO_KEY
    without a name; QUOTA_VIOLATION.
    """
    check_flags(flags, CREATE_OR_UPDATE_FLAGS)
    name = given["Name"] if "Name" in given.class_ else None
    if not isinstance(name, str) or not name:
        raise WbemError(WbemStatus.NO_KEY, "a namespace needs a name: __NAMESPACE.Name has no value")
    full = f"{draft.namespace}\\{name}"
    if len(full) > NAMESPACE_CHARS:
        raise WbemError(
            WbemStatus.QUOTA_VIOLATION, f"a namespace of {len(full)} characters; {NAMESPACE_CHARS} are allowed"
        )
    if "\\" in name or "/" in name or not name.strip(".") or not _is_namespace(full):
        raise WbemError(
            WbemStatus.INVALID_PARAMETER, f"{name!r} cannot be the name of a namespace: it is one word without slashes"
        )
    exists = fold(full) in transaction.names
    check_existence(flags, exists, f"the namespace {full}")
    if not exists:
        transaction.create_namespace(full)
    class_ = draft.find("__NAMESPACE")
    assert class_ is not None
    path = class_.instance({"Name": name}).path_
    assert path is not None
    return path


def delete_namespace(transaction: Transaction, draft: Draft, path: ObjectPath) -> None:
    """A namespace and all that is in it. NOT_FOUND; INVALID_OPERATION for one that is always there."""
    class_ = draft.find("__NAMESPACE")
    assert class_ is not None
    full = f"{draft.namespace}\\{checked_keys(path, class_)['Name']}"
    if fold(full) not in transaction.names:
        raise WbemError(WbemStatus.NOT_FOUND, f"there is no namespace {full}")
    if transaction.is_given(full):
        raise WbemError(WbemStatus.INVALID_OPERATION, f"the namespace {full} belongs to the system and stays")
    transaction.delete_namespace(full)


def _is_namespace(full: str) -> bool:
    try:
        full.encode()  # half a character (a surrogate) cannot be stored
        return parse_namespace(full) == (None, full)
    except (WbemError, UnicodeEncodeError):
        return False
