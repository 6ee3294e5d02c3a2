"""What pragmas mean: the namespace and the flags of what follows them, and what they delete (the SDK's "#pragma")."""

from __future__ import annotations

import re
from collections.abc import Collection
from typing import Final, NoReturn

from openwmi.base.case import fold
from openwmi.base.error import WbemError
from openwmi.base.status import MofStatus
from openwmi.model import ChangeFlag, ObjectPath, parse_namespace
from openwmi.mof.error import MofError, Phase
from openwmi.mof.steps import DeleteClass, DeleteInstance
from openwmi.mof.tree import Pragma

CLASS_FLAGS = {
    "createonly": ChangeFlag.CREATE_ONLY,
    "forceupdate": ChangeFlag.UPDATE_FORCE_MODE,
    "safeupdate": ChangeFlag.UPDATE_SAFE_MODE,
    "updateonly": ChangeFlag.UPDATE_ONLY,
}
_INSTANCE_FLAGS = {word: CLASS_FLAGS[word] for word in ("createonly", "updateonly")}
_EXCLUDE = (
    ChangeFlag.CREATE_ONLY | ChangeFlag.UPDATE_ONLY,
    ChangeFlag.UPDATE_SAFE_MODE | ChangeFlag.UPDATE_FORCE_MODE,
)
# The LCID of a language, in hexadecimal; and the name of the namespace for it.
LOCALE: Final = re.compile("ms_([0-9a-f]{1,5})", re.IGNORECASE)
# What every machine calls itself; `.` is none by the time that it is asked for.
THIS_MACHINE: Final = frozenset({"localhost"})
_FAIL = {"fail": True, "nofail": False}


class PragmaState:
    """What the pragmas so far have set.

    Args:
        namespace: before any has set one.
        servers: the names of this machine, beside `.` and localhost.
    """

    def __init__(self, namespace: str, servers: Collection[str] = ()) -> None:
        self._servers = THIS_MACHINE.union(map(fold, servers))
        self.namespace = namespace
        self.class_flags = ChangeFlag.CREATE_OR_UPDATE
        self.instance_flags = ChangeFlag.CREATE_OR_UPDATE
        self.autorecover = False
        self.amendment: str | None = None

    def apply(self, pragma: Pragma) -> DeleteClass | DeleteInstance | None:
        """Take a pragma in; what it deletes, if it is one that does."""
        match pragma.name:
            case "namespace":
                self.namespace = _namespace(pragma, self._servers)
            case "classflags":
                self.class_flags = _flags(pragma, CLASS_FLAGS)
            case "instanceflags":
                self.instance_flags = _flags(pragma, _INSTANCE_FLAGS)
            case "autorecover":
                self.autorecover = True
            case "amendment":
                if self.amendment is not None:
                    _refuse(pragma, MofStatus.INVALID_DUPLICATE_AMENDMENT, "there are two amendments")
                self.amendment = pragma.arguments[0]
                if LOCALE.fullmatch(self.amendment) is None:
                    problem = f"{self.amendment!r} is no locale: it is like MS_409"
                    _refuse(pragma, MofStatus.INVALID_AMENDMENT_SYNTAX, problem)
            case "deleteclass":
                return self._deleted_class(pragma)
            case "deleteinstance":
                return self._deleted_instance(pragma)
        return None

    def _deleted_class(self, pragma: Pragma) -> DeleteClass:
        name, must_exist = _target(pragma, MofStatus.INVALID_DELETECLASS_SYNTAX)
        return DeleteClass(self.namespace, pragma.source, pragma.at, name, must_exist)

    def _deleted_instance(self, pragma: Pragma) -> DeleteInstance:
        text, must_exist = _target(pragma, MofStatus.INVALID_DELETEINSTANCE_SYNTAX)
        try:
            path = ObjectPath.parse(text)
        except WbemError as error:
            _refuse(pragma, MofStatus.INVALID_DELETEINSTANCE_SYNTAX, error.message)
        if path.keys is None and not path.singleton:
            _refuse(
                pragma, MofStatus.INVALID_DELETEINSTANCE_SYNTAX, f"{text!r} is the path of a class, not an instance"
            )
        return DeleteInstance(self.namespace, pragma.source, pragma.at, path, must_exist)


def _namespace(pragma: Pragma, servers: Collection[str]) -> str:
    try:
        server, namespace = parse_namespace(pragma.arguments[0])
    except WbemError as error:
        _refuse(pragma, MofStatus.INVALID_NAMESPACE_SYNTAX, error.message)
    if server is not None and fold(server) not in servers:
        problem = f"{pragma.arguments[0]!r} is on another server: compile the text there"
        _refuse(pragma, MofStatus.INVALID_NAMESPACE_SPECIFICATION, problem)
    if not namespace:
        _refuse(pragma, MofStatus.INVALID_NAMESPACE_SYNTAX, f"{pragma.arguments[0]!r} names a server and no namespace")
    return namespace


def _flags(pragma: Pragma, known: dict[str, ChangeFlag]) -> ChangeFlag:
    flags = ChangeFlag.CREATE_OR_UPDATE
    for argument in pragma.arguments:
        for word in argument.replace(",", " ").lower().split():
            if word not in known:
                problem = f"#pragma {pragma.name} has {', '.join(known)}, and not {word!r}"
                _refuse(pragma, MofStatus.INVALID_FLAGS_SYNTAX, problem)
            flags |= known[word]
    if any(flags & pair == pair for pair in _EXCLUDE):
        _refuse(pragma, MofStatus.INVALID_FLAGS_SYNTAX, f"two flags of #pragma {pragma.name} exclude each other")
    return flags


def _target(pragma: Pragma, status: MofStatus) -> tuple[str, bool]:
    """What is deleted, and whether it must exist."""
    if len(pragma.arguments) != 2 or pragma.arguments[1].lower() not in _FAIL:
        _refuse(pragma, status, f'expected #pragma {pragma.name}("…", FAIL) or NOFAIL')
    return pragma.arguments[0], _FAIL[pragma.arguments[1].lower()]


def _refuse(pragma: Pragma, status: MofStatus, problem: str) -> NoReturn:
    raise MofError(status, problem, pragma.source.place(pragma.at), Phase.PARSING)
