"""Under which keys an instance is put, and what is stored under them already.

The SDK says that PutInstance does not move an instance to another class, and elsewhere ("Changing the Inheritance of an
Instance") that it would delete the one there is. Here it refuses: nothing is deleted that nobody asked to delete.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from typing import Final
from uuid import uuid4

from openwmi.base.case import fold
from openwmi.base.error import WbemError
from openwmi.base.limits import OBJECT_PATH_CHARS
from openwmi.base.status import WbemStatus
from openwmi.engine.store import Store, check_existence
from openwmi.model import ChangeFlag, CimClass, CimInstance, CimType, ObjectPath, Value, key_value_problem

_HALVES: Final = re.compile("[\ud800-\udfff]")


def generated_key() -> str:
    """What a string key becomes that is NULL: a new GUID in braces."""
    return f"{{{uuid4()}}}".upper()


def put_keys(given: CimInstance, class_: CimClass, new_key: Callable[[], str] | None) -> dict[str, Value]:
    """The values of the keys by their declared names; of none for a singleton.

    Args:
        new_key: for a string key that is NULL; None where there must be an instance already.

    Errors: NO_KEY for a class without keys, and for a key that is NULL or was left out by a query; TYPE_MISMATCH;
    INVALID_OBJECT for a value that no path can hold; QUOTA_VIOLATION for too many keys.
    """
    if class_.is_singleton:
        return {}
    keys: dict[str, Value] = {}
    for name in class_.keys:
        if name not in given.class_:
            raise WbemError(
                WbemStatus.NO_KEY,
                f"{class_.name}.{name} is a key, and the instance that was given does not have it: query it as well",
            )
        value = class_.row({name: given[name]})[class_.index(name)]
        if value is None and new_key is not None and class_.property(name).type.cim is CimType.STRING:
            value = new_key()
        keys[name] = value
    problem = key_value_problem(CimInstance(class_, class_.row(keys)))
    if problem is not None:
        raise problem
    for name, value in keys.items():
        if isinstance(value, str) and _HALVES.search(value):
            raise WbemError(
                WbemStatus.INVALID_OBJECT,
                f"{class_.name}.{name} is a key, and {value!r} has half a character (a surrogate): no path can hold it",
            )
    return keys


def checked_path(class_: CimClass, keys: Mapping[str, Value]) -> ObjectPath:
    """The path within the namespace. QUOTA_VIOLATION for too long a one ([MS-WMI] 3.1.4.3.12, last paragraph)."""
    path = CimInstance(class_, class_.row(keys)).path_
    assert path is not None  # it has all its keys
    length = len(str(path.relative))
    if length > OBJECT_PATH_CHARS:
        raise WbemError(
            WbemStatus.QUOTA_VIOLATION,
            f"the path of the {class_.name} would have {length} characters; {OBJECT_PATH_CHARS} are allowed",
        )
    return path.relative


def stored_before(
    class_: CimClass, keys: Mapping[str, Value], path: ObjectPath, flags: ChangeFlag, store: Store
) -> CimInstance | None:
    """The instance that there is already; None if it is new.

    ALREADY_EXISTS, NOT_FOUND by the flags; ALREADY_EXISTS, too, where another class below the one that has declared the
    keys has an instance with these.
    """
    top = class_ if class_.is_singleton else _top_with_keys(class_, store)
    found = store.instance(top, keys)
    same = found is not None and fold(found.class_.name) == fold(class_.name)
    check_existence(flags, same, str(path))
    if found is not None and not same and not class_.is_singleton:
        raise WbemError(
            WbemStatus.ALREADY_EXISTS,
            f"{path} cannot be put: an instance of {found.class_.name} has these keys, which come from {top.name} and "
            "are there once for all classes below it. Delete that one first",
        )
    return found if same else None


def _top_with_keys(class_: CimClass, store: Store) -> CimClass:
    for name in reversed(class_.derivation):
        ancestor = store.find(name)
        if ancestor is not None and ancestor.keys:
            return ancestor
    return class_
