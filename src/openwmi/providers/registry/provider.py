"""StdRegProv over a registry of this host's own, in root\\cimv2 and root\\default. Pages of the registry provider.

The registry is a file beside the repository. It begins empty but for the keys that every registry has, and nothing of
the host is in it: it is for programs that keep something there.
"""

from __future__ import annotations

import logging
import re
import sqlite3
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Self

from openwmi.base.case import fold
from openwmi.base.limits import REGISTRY_VALUE_NAME_CHARS
from openwmi.engine.provider import MethodCall, Provider, Row, method
from openwmi.providers.host import Host
from openwmi.providers.host.environment import system_variables
from openwmi.providers.reading import this_host
from openwmi.providers.registry import values
from openwmi.providers.registry.failure import Code, RegistryError, code_of
from openwmi.providers.registry.path import FIXED, MACHINE, USERS, Parts, predefined, split
from openwmi.providers.registry.store import Keys, Store
from openwmi.providers.registry.values import Kind
from openwmi.repository import default_repository

log = logging.getLogger("openwmi.providers")

FILE = "registry.db"


class RegistryProvider(Provider):
    """A registry of this host's own, a file beside the repository: `registry.db`, or `demo.registry.db` beside
    `demo.db`. It begins with the keys that every registry has, and nothing of the host is in it. HKEY_CURRENT_USER is
    that of the account that this process runs as.

    Args:
        host: whose registry it is.
        file: where it is. Without it beside the repository of this machine, and below another root in /var/lib.
    """

    cim_class = "StdRegProv"

    def __init__(self, host: Host | None = None, file: Path | None = None) -> None:
        self.host = this_host() if host is None else host
        if file is None and not self.host.is_live:
            file = Path(f"{self.host.root}/var/lib/openwmi", FILE)
        self._file = file

    @classmethod
    def beside(cls, repository: Path) -> Self:
        """The registry that goes with a repository."""
        return cls(file=file_beside(repository))

    # --------------------------------------------------------------------------------------------------------- keys

    @method("CreateKey")
    def create_key(self, call: MethodCall) -> Row:
        """Also of a key that is there. Below the two topmost keys there are only those of the system."""
        return self._change(call, _create)

    @method("DeleteKey")
    def delete_key(self, call: MethodCall) -> Row:
        """A key without keys in it, and none of those that are always there."""
        return self._change(call, _delete)

    @method("EnumKey")
    def enum_key(self, call: MethodCall) -> Row:
        """sNames is NULL where there are none."""

        def read(keys: Keys, key: int | None) -> Row:
            return {"sNames": (None if key is None else tuple(keys.children(key))) or None}

        return self._look(call, read)

    @method("EnumValues")
    def enum_values(self, call: MethodCall) -> Row:
        """sNames and Types are NULL where there are none; the default value has an empty name."""

        def read(keys: Keys, key: int | None) -> Row:
            found = [] if key is None else keys.values(key)
            names, kinds = tuple(name for name, _ in found), tuple(int(kind) for _, kind in found)
            return {"sNames": names or None, "Types": kinds or None}

        return self._look(call, read)

    @method("CheckAccess")
    def check_access(self, call: MethodCall) -> Row:
        """Whoever may call may read. Changes need a file that can be changed; keys have no owners to be set."""
        required = call.inputs.get("uRequired")
        wanted = required if isinstance(required, int) else _QUERY_VALUE | _SET_VALUE

        may = not wanted & ~(_READS | _WRITES) and (not wanted & _WRITES or self._is_writable())

        def read(keys: Keys, key: int | None) -> Row:  # noqa: ARG001 - that there is a key was seen
            if not may:
                raise RegistryError(Code.ACCESS_DENIED, f"{wanted:#x} is not granted")
            return {"bGranted": True}

        answer = self._look(call, read)
        return answer if answer["ReturnValue"] == Code.SUCCESS else {**answer, "bGranted": False}

    # ------------------------------------------------------------------------------------------------------- values

    @method("DeleteValue")
    def delete_value(self, call: MethodCall) -> Row:
        return self._change(call, lambda keys, parts: keys.drop(keys.need(parts), _name(call)))

    @method("SetStringValue")
    def set_string(self, call: MethodCall) -> Row:
        return self._set(call, Kind.STRING, "sValue")

    @method("GetStringValue")
    def get_string(self, call: MethodCall) -> Row:
        return self._get(call, Kind.STRING, "sValue")

    @method("SetExpandedStringValue")
    def set_expanded_string(self, call: MethodCall) -> Row:
        return self._set(call, Kind.EXPANDED_STRING, "sValue")

    @method("GetExpandedStringValue")
    def get_expanded_string(self, call: MethodCall) -> Row:
        """`%NAME%` becomes the value of a variable of Win32_Environment; one that there is not stays as it is."""
        answer = self._get(call, Kind.EXPANDED_STRING, "sValue")
        value = answer.get("sValue")
        return {**answer, "sValue": self._expanded(value)} if isinstance(value, str) and "%" in value else answer

    @method("SetMultiStringValue")
    def set_multi_string(self, call: MethodCall) -> Row:
        return self._set(call, Kind.MULTI_STRING, "sValue")

    @method("GetMultiStringValue")
    def get_multi_string(self, call: MethodCall) -> Row:
        return self._get(call, Kind.MULTI_STRING, "sValue")

    @method("SetDWORDValue")
    def set_dword(self, call: MethodCall) -> Row:
        return self._set(call, Kind.DWORD, "uValue")

    @method("GetDWORDValue")
    def get_dword(self, call: MethodCall) -> Row:
        return self._get(call, Kind.DWORD, "uValue")

    @method("SetQWORDValue")
    def set_qword(self, call: MethodCall) -> Row:
        return self._set(call, Kind.QWORD, "uValue")

    @method("GetQWORDValue")
    def get_qword(self, call: MethodCall) -> Row:
        return self._get(call, Kind.QWORD, "uValue")

    @method("SetBinaryValue")
    def set_binary(self, call: MethodCall) -> Row:
        return self._set(call, Kind.BINARY, "uValue")

    @method("GetBinaryValue")
    def get_binary(self, call: MethodCall) -> Row:
        return self._get(call, Kind.BINARY, "uValue")

    # ------------------------------------------------------------------------------------------------------ helpers

    def _set(self, call: MethodCall, kind: Kind, parameter: str) -> Row:
        def change(keys: Keys, parts: Parts) -> None:
            name, data = _name(call), values.encode(kind, call.inputs.get(parameter))
            keys.put(keys.need(parts), name, kind, data)

        return self._change(call, change)

    def _get(self, call: MethodCall, kind: Kind, parameter: str) -> Row:
        def read(keys: Keys, key: int | None) -> Row:
            found = None if key is None else keys.value(key, _name(call))
            if found is None:
                raise RegistryError(Code.NO_VALUE, "there is no such value")
            if found[0] is not kind:
                raise RegistryError(Code.TYPE_MISMATCH, f"the value is of type {found[0].name}")
            return {parameter: values.decode(*found)}

        return self._look(call, read)

    def _look(self, call: MethodCall, read: Callable[[Keys, int | None], Row]) -> Row:
        """Reads of a key; None stands for a predefined one that nobody has written to."""

        def run() -> Row:
            top, parts = self._place(call)
            with self._store().reading() as keys:
                return read(keys, keys.need(top + parts) if parts else keys.find(top))

        return _answer(run)

    def _change(self, call: MethodCall, change: Callable[[Keys, Parts], object]) -> Row:
        def run() -> Row:
            top, parts = self._place(call)
            with self._store().writing() as keys:
                keys.make(top)
                change(keys, top + parts)
            return {}

        return _answer(run)

    def _place(self, call: MethodCall) -> tuple[Parts, Parts]:
        return predefined(call.inputs.get("hDefKey"), self.host.kernel.uid), split(call.inputs.get("sSubKeyName"))

    def _store(self) -> Store:
        return Store(self._file or file_beside(default_repository()))

    def _is_writable(self) -> bool:
        try:
            with self._store().writing():
                return True
        except _FAILURES:
            return False

    def _expanded(self, value: str) -> str:
        variables = {fold(name): found for name, found in system_variables(self.host).items()}
        return _VARIABLE.sub(lambda found: variables.get(fold(found[1]), found[0]), value)


def file_beside(repository: Path) -> Path:
    """Two repositories in one folder have a registry each."""
    return repository.with_name(FILE if repository.stem == "repository" else f"{repository.stem}.{FILE}")


class DefaultRegistryProvider(RegistryProvider):
    """The same in root\\default, where it was first."""

    cim_class = r"root\default:StdRegProv"


_FAILURES = (RegistryError, OSError, sqlite3.Error)
_VARIABLE = re.compile("%([^%]+)%")

_QUERY_VALUE, _SET_VALUE = 1, 2
_READS = _QUERY_VALUE | 8 | 16 | 0x20000  # to enumerate keys, to be notified, to read the security
_WRITES = _SET_VALUE | 4 | 0x10000  # to create keys, to delete


def _answer(run: Callable[[], Row]) -> Row:
    try:
        found: Mapping[str, object] = run()
    except _FAILURES as error:
        log.debug("StdRegProv: %s", error)
        return {"ReturnValue": int(code_of(error))}
    return {**found, "ReturnValue": int(Code.SUCCESS)}


def _create(keys: Keys, parts: Parts) -> None:
    if parts[:1] in (MACHINE, USERS) and keys.find(parts[:2]) is None:
        raise RegistryError(
            Code.INVALID_PARAMETER, "keys cannot be made directly below HKEY_LOCAL_MACHINE or HKEY_USERS"
        )
    keys.make(parts)


def _delete(keys: Keys, parts: Parts) -> None:
    key = keys.need(parts)
    fixed = {tuple(map(fold, each)) for each in FIXED}
    if len(parts) <= _SYSTEM_DEPTH or tuple(map(fold, parts)) in fixed:
        raise RegistryError(Code.ACCESS_DENIED, "the key is always there")
    keys.remove(key)


_SYSTEM_DEPTH = 2  # a predefined key, or one directly below it


def _name(call: MethodCall) -> str:
    """Of a value; none is the default value. INVALID_PARAMETER."""
    name = str(call.inputs.get("sValueName") or "")
    if len(name) > REGISTRY_VALUE_NAME_CHARS or "\0" in name:
        raise RegistryError(Code.INVALID_PARAMETER, "the name of the value is too long")
    return name
