"""The parts of a path that IWbemPath takes apart: text -> parts -> text, and what can be said of them.

It is more lenient than an object path, since it may be only a server or a namespace, and keeps the types of keys.
"""

from __future__ import annotations

import re
from collections.abc import Iterable
from dataclasses import dataclass, field
from typing import Final

from openwmi.base.error import WbemError
from openwmi.base.status import WbemStatus
from openwmi.model import INTEGER_RANGES, CimType, KeyValue, ObjectPath
from openwmi.model.namespace import NAMESPACE_PART, SERVER
from openwmi.wbemcli import pathconstants as p

LOCAL: Final = "."
PARENT: Final = ".."

_SLASHES = re.compile(r"[\\/]")
_SERVER = re.compile(SERVER)
_PART = re.compile(NAMESPACE_PART)
# What stands before the class; a key may have slashes and colons in its value.
_BEFORE_CLASS = re.compile(r"([^:=\"']*):")
_NO_CLASS = re.compile(r"[^:=\"']*[\\/][^:=\"']*")

_NUMBERS: Final = (CimType.SINT32, CimType.SINT64, CimType.UINT64)


@dataclass(frozen=True, slots=True)
class Key:
    """One key. Without a name it is the only one of its class ("implied")."""

    name: str | None
    value: KeyValue
    cim: CimType


@dataclass(slots=True)
class PathParts:
    """A path in parts. What it does not have is None or empty.

    Attributes:
        server: `.` is one that was given.
        namespaces: the leftmost first.
        class_name: None where there is no class part.
        keys: of the instance.
        singleton: the one instance of its class.
        parent: the path is "..".
    """

    server: str | None = None
    namespaces: list[str] = field(default_factory=list)
    class_name: str | None = None
    keys: list[Key] = field(default_factory=list)
    singleton: bool = False
    parent: bool = False

    @property
    def is_empty(self) -> bool:
        return self.server is None and not self.namespaces and self.class_name is None

    @property
    def is_local(self) -> bool:
        return self.server is None or self.server == LOCAL

    def relative(self) -> str:
        """The class and its keys; empty without a class."""
        if self.class_name is None:
            return ""
        keys = tuple([(each.name, each.value) for each in self.keys])
        return str(ObjectPath(None, None, self.class_name, keys or None, self.singleton))

    def namespace(self) -> str:
        return "\\".join(self.namespaces)

    def located(self) -> str:
        """Server and namespace; a server that was not given is this machine. Empty where there is neither."""
        if self.server is None and not self.namespaces:
            return ""
        return "\\".join([rf"\\{self.server or LOCAL}", *self.namespaces])


def parse(text: str, *, single_is_namespace: bool = False) -> PathParts:
    """Text -> parts. WbemError for what is no path.

    `single_is_namespace`: whether a single name is a namespace, and not a class.
    """
    if text == PARENT:
        return PathParts(parent=True)
    before = _BEFORE_CLASS.match(text)
    if before is not None:
        parts = _place(before[1])
        _set_class(parts, text[before.end() :])
    elif not text or _NO_CLASS.fullmatch(text) or (single_is_namespace and _PART.fullmatch(text)):
        parts = _place(text)
    else:
        parts = PathParts()
        _set_class(parts, text)
    return parts


def joined(left: str, right: str) -> str:
    """Two parts of a path with a colon between, where there are both."""
    return f"{left}:{right}" if left and right else left or right


def info_of_keys(keys: Iterable[Key], singleton: bool) -> int:
    """The WBEMPATH_INFO_ bits of the keys."""
    found = list(keys)
    return (
        (p.WBEMPATH_INFO_IS_COMPOUND if len(found) > 1 else 0)
        | (p.WBEMPATH_INFO_HAS_V2_REF_PATHS if any(each.cim is CimType.REFERENCE for each in found) else 0)
        | (p.WBEMPATH_INFO_HAS_IMPLIED_KEY if any(each.name is None for each in found) else 0)
        | (p.WBEMPATH_INFO_CONTAINS_SINGLETON if singleton else 0)
    )


def info(parts: PathParts) -> int:
    """The WBEMPATH_INFO_ bits of a path.

    Windows: a class is a scope, so that a path with one is not V1_COMPLIANT; NATIVE_PATH is never set; an empty path is
    compliant with nothing.
    """
    bits = p.WBEMPATH_INFO_ANON_LOCAL_MACHINE if parts.is_local else p.WBEMPATH_INFO_HAS_MACHINE_NAME
    if parts.parent:
        bits |= p.WBEMPATH_INFO_IS_PARENT
    if parts.is_empty:
        return bits | p.WBEMPATH_INFO_SERVER_NAMESPACE_ONLY
    bits |= p.WBEMPATH_INFO_V2_COMPLIANT | p.WBEMPATH_INFO_CIM_COMPLIANT
    if parts.server is not None:
        bits |= p.WBEMPATH_INFO_PATH_HAD_SERVER
    if parts.class_name is None:
        return bits | p.WBEMPATH_INFO_SERVER_NAMESPACE_ONLY | p.WBEMPATH_INFO_V1_COMPLIANT
    bits |= p.WBEMPATH_INFO_HAS_SUBSCOPES | info_of_keys(parts.keys, parts.singleton)
    if parts.singleton:
        bits |= p.WBEMPATH_INFO_IS_SINGLETON
    named = parts.keys or parts.singleton
    return bits | (p.WBEMPATH_INFO_IS_INST_REF if named else p.WBEMPATH_INFO_IS_CLASS_REF)


def apparent(value: KeyValue) -> CimType:
    """The CIM type that a key in a text seems to have."""
    if isinstance(value, bool):
        return CimType.BOOLEAN
    if isinstance(value, str):
        return CimType.STRING
    return next((cim for cim in _NUMBERS if INTEGER_RANGES[cim][0] <= value <= INTEGER_RANGES[cim][1]), CimType.UINT64)


def _place(text: str) -> PathParts:
    """`\\\\server\\root\\cimv2`, `/root/cimv2`, `root\\cimv2`, `\\\\server\\`, `\\`."""
    parts = PathParts()
    if text.startswith(("\\\\", "//")):
        server = _SERVER.match(text, 2)
        if server is None:
            raise _malformed(text)
        parts.server = server[0]
        text = text[server.end() :]
    names = _SLASHES.split(text)
    if not names[0]:
        del names[0]  # one slash in front
    if parts.server is not None and names == [""]:
        del names[0]  # and one behind a server
    if any(not _PART.fullmatch(name) for name in names):
        if names != [""]:
            raise _malformed(text)
        names = []
    parts.namespaces = names
    return parts


def _set_class(parts: PathParts, text: str) -> None:
    path = ObjectPath.parse(text)
    if path.namespace is not None:
        raise _malformed(text)
    parts.class_name = path.class_name
    parts.keys = [Key(name, value, apparent(value)) for name, value in path.keys or ()]
    parts.singleton = path.singleton


def _malformed(text: str) -> WbemError:
    return WbemError(WbemStatus.INVALID_PARAMETER, f"{text!r} is no path")
