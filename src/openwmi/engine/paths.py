"""Object paths against this machine and its classes: which namespace they mean, and whether their keys fit."""

from __future__ import annotations

import re
from functools import lru_cache

from openwmi.base.case import fold
from openwmi.base.error import WbemError
from openwmi.base.limits import OBJECT_PATH_CHARS
from openwmi.base.status import WbemStatus
from openwmi.model import CimClass, CimType, KeyValue, ObjectPath


def located(text: str, server: str, namespace: str) -> ObjectPath:
    """The path that `text` is, within this namespace of this machine.

    Errors: INVALID_NAMESPACE if it names another; INVALID_OBJECT_PATH; QUOTA_VIOLATION ([MS-WMI] notes to 3.1.4).
    """
    if len(text) > OBJECT_PATH_CHARS:
        raise WbemError(
            WbemStatus.QUOTA_VIOLATION, f"the path has {len(text)} characters; {OBJECT_PATH_CHARS} are allowed"
        )
    path = _parsed(text) if len(text) <= _KEPT_CHARS else ObjectPath.parse(text)
    if path.server is not None and not own_server(path.server, server):
        raise WbemError(WbemStatus.INVALID_NAMESPACE, f"{path} is on another machine: connect to {path.server} for it")
    if path.namespace is not None and fold(path.namespace) != fold(namespace):
        raise WbemError(
            WbemStatus.INVALID_NAMESPACE,
            f"{path} is in another namespace: this is {namespace}, connect to {path.namespace}",
        )
    return path


def own_server(name: str, server: str) -> bool:
    """Whether a path that names this server means this machine."""
    return fold(name) in {".", "localhost", fold(server)}


_KEPT_CHARS = 200
_parsed = lru_cache(1024)(ObjectPath.parse)


def checked_keys(path: ObjectPath, class_: CimClass) -> dict[str, object]:
    """The values of the keys by their declared names. INVALID_OBJECT_PATH says which keys the class has."""
    if path.singleton:
        if not class_.is_singleton:
            raise _misfit(path, class_, f"{class_.name} is not a singleton")
        return {}
    given = path.keys or ()
    if class_.is_singleton:
        raise _misfit(path, class_, f"{class_.name} is a singleton: its path is {class_.name}=@")
    if len(given) != len(class_.keys):
        raise _misfit(path, class_, f"{len(given)} keys were given")
    keys: dict[str, object] = {}  # as many as the class has, since a path names none twice
    for name, value in given:
        declared = class_.keys[0] if name is None else _declared(path, class_, name)
        type_ = class_.property(declared).type
        try:
            keys[declared] = type_.check(_as(type_.cim, value))
        except WbemError as error:
            raise _misfit(path, class_, f"{declared}: {error.message}") from None
    return keys


def _as(cim: CimType, value: KeyValue) -> KeyValue:
    """Windows takes Handle=4 where the key is a string, as impacket writes it, and Number='4' where it is a number."""
    if isinstance(value, bool):
        return value
    if isinstance(value, int):
        return str(value) if cim is CimType.STRING else value
    return int(value) if cim in _INTEGERS and _DECIMAL.fullmatch(value) else value


_DECIMAL = re.compile(r"[+-]?[0-9]{1,20}")
_INTEGERS = frozenset(each for each in CimType if each.keyword.startswith(("sint", "uint")))


def _declared(path: ObjectPath, class_: CimClass, name: str) -> str:
    for key in class_.keys:
        if fold(key) == fold(name):
            return key
    raise _misfit(path, class_, f"{name} is no key of it")


def _misfit(path: ObjectPath, class_: CimClass, text: str) -> WbemError:
    keys = ", ".join(class_.keys) or "none"
    return WbemError(WbemStatus.INVALID_OBJECT_PATH, f"{path.relative}: {text} (keys of {class_.name}: {keys})")
