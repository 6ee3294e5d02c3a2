"""IWbemPathKeyList: the keys in a path (wmiutils.h)."""

from __future__ import annotations

import re
from typing import Any, Final

from openwmi.base.case import fold
from openwmi.base.error import WbemError
from openwmi.base.status import WbemStatus
from openwmi.blocking.com.calling import com_method, require
from openwmi.blocking.com.unknown import IUnknown
from openwmi.model import INTEGER_RANGES, CimType, KeyValue, ObjectPath
from openwmi.model.path import NAME
from openwmi.wbemcli import pathconstants as p
from openwmi.wbemcli.buffers import handed_out, length
from openwmi.wbemcli.pathparts import Key, PathParts, info_of_keys
from openwmi.wbemcli.statuses import WBEM_S_NO_ERROR
from openwmi.wbemcli.variant import VARIANT, cim_value, to_variant, type_of_number

_NAME = re.compile(NAME)
_NO_KEYS: Final = frozenset({CimType.REAL32, CimType.REAL64, CimType.OBJECT})


class IWbemPathKeyList(IUnknown, iid="9ae62877-7544-4bb0-aa26-a13824659ed6"):
    """The keys of a path; what is set here is set in the path. Lengths of buffers are those of IWbemPath."""

    def __init__(self, parts: PathParts) -> None:
        self._parts = parts

    @com_method(1)
    def GetCount(self) -> tuple[int, int | None]:
        """(hresult, puKeyCount)."""
        return WBEM_S_NO_ERROR, len(self._parts.keys)

    @com_method()
    def SetKey(self, wszName: str | None, uFlags: int, uCimType: int, pKeyVal: object) -> int:
        """Sets a key to a value of that CIM type; without a name it is the only one. INVALID_PARAMETER."""
        self._set(wszName, uFlags, uCimType, pKeyVal)
        return WBEM_S_NO_ERROR

    @com_method()
    def SetKey2(self, wszName: str | None, uFlags: int, uCimType: int, pKeyVal: VARIANT) -> int:
        """The same with a VARIANT."""
        require(isinstance(pKeyVal, VARIANT), "pKeyVal is a VARIANT")
        self._set(wszName, uFlags, uCimType, pKeyVal)
        return WBEM_S_NO_ERROR

    @com_method(5)
    def GetKey(
        self,
        uKeyIx: int,
        uFlags: int = 0,
        puNameBufSize: int | None = None,
        puKeyValBufSize: int | None = None,
    ) -> tuple[int, int | None, str | None, int | None, Any, int | None]:
        """(hresult, puNameBufSize, pszKeyName, puKeyValBufSize, pKeyVal, puApparentCimType): a key by its place.

        The name is None where the path does not give it. The size of a number is that of its octets. INVALID_PARAMETER.
        """
        key = self._key(uKeyIx, uFlags)
        hr, name_size, name = _name(key, puNameBufSize)
        value: KeyValue | None = key.value
        if isinstance(key.value, str):
            value_hr, size, value = handed_out(key.value, puKeyValBufSize)
            hr = hr or value_hr
        else:
            size = _octets(key)
        return hr, name_size, name, size, value, int(key.cim)

    @com_method(4)
    def GetKey2(
        self, uKeyIx: int, uFlags: int = 0, puNameBufSize: int | None = None
    ) -> tuple[int, int | None, str | None, VARIANT | None, int | None]:
        """(hresult, puNameBufSize, pszKeyName, pKeyValue, puApparentCimType): a key by its place, as a VARIANT."""
        key = self._key(uKeyIx, uFlags)
        return *_name(key, puNameBufSize), to_variant(key.value, int(key.cim)), int(key.cim)

    @com_method()
    def RemoveKey(self, wszName: str | None, uFlags: int = 0) -> int:
        """Takes a key away. NOT_FOUND, INVALID_PARAMETER."""
        _check_flags(uFlags)
        left = [each for each in self._parts.keys if not _is_named(each, wszName)]
        if len(left) == len(self._parts.keys):
            raise WbemError(WbemStatus.NOT_FOUND, f"there is no key {wszName!r}")
        self._parts.keys[:] = left
        return WBEM_S_NO_ERROR

    @com_method()
    def RemoveAllKeys(self, uFlags: int = 0) -> int:
        """Takes all keys away. INVALID_PARAMETER."""
        _check_flags(uFlags)
        self._parts.keys.clear()
        self._parts.singleton = False
        return WBEM_S_NO_ERROR

    @com_method()
    def MakeSingleton(self, bSet: bool) -> int:
        """Whether the path is that of a singleton, `Class=@`, which has no keys."""
        if bSet:
            self._parts.keys.clear()
        self._parts.singleton = bool(bSet)
        return WBEM_S_NO_ERROR

    @com_method(1)
    def GetInfo(self, uRequestedInfo: int = 0) -> tuple[int, int | None]:
        """(hresult, puResponse): WBEMPATH_INFO_ bits of the keys. INVALID_PARAMETER."""
        require(uRequestedInfo == 0, "uRequestedInfo is reserved and must be 0")
        return WBEM_S_NO_ERROR, info_of_keys(self._parts.keys, self._parts.singleton)

    @com_method(2)
    def GetText(self, lFlags: int = 0, puBuffLength: int | None = None) -> tuple[int, int | None, str | None]:
        """(hresult, puBuffLength, pszText): `Id=C:`, with WBEMPATH_QUOTEDTEXT `Id="C:"`; `@` of a singleton.

        INVALID_PARAMETER.
        """
        require(not lFlags & ~(p.WBEMPATH_TEXT | p.WBEMPATH_QUOTEDTEXT), f"lFlags 0x{lFlags:X} has unknown bits")
        if self._parts.singleton:
            return handed_out("@", puBuffLength)
        quoted = bool(lFlags & p.WBEMPATH_QUOTEDTEXT)
        return handed_out(",".join([_text(each, quoted) for each in self._parts.keys]), puBuffLength)

    def _set(self, name: str | None, flags: int, cimtype: int, value: object) -> None:
        _check_flags(flags)
        require(not name or _NAME.fullmatch(name), f"{name!r} is no name of a key")
        try:
            type_ = type_of_number(cimtype)
            checked = cim_value(value, type_)
        except WbemError as error:
            raise WbemError(WbemStatus.INVALID_PARAMETER, error.message) from None
        require(checked is not None, "a key has a value")
        require(not type_.array and type_.cim not in _NO_KEYS, f"{type_} cannot be a key")
        key = Key(name or None, checked if isinstance(checked, str | int) else str(checked), type_.cim)
        keys = self._parts.keys
        if not name:  # "If the name is empty, all existing keys are deleted."
            keys.clear()
        else:
            keys[:] = [each for each in keys if each.name is not None]
        place = next((at for at, each in enumerate(keys) if _is_named(each, name)), None)
        if place is None:
            keys.append(key)
        else:
            keys[place] = key
        self._parts.singleton = False

    def _key(self, index: int, flags: int) -> Key:
        _check_flags(flags)
        require(0 <= index < len(self._parts.keys), f"there is no key {index}")
        return self._parts.keys[index]


def _check_flags(flags: int) -> None:
    require(flags == 0, "uFlags is reserved and must be 0")


def _is_named(key: Key, name: str | None) -> bool:
    return fold(key.name or "") == fold(name or "")


def _name(key: Key, size: int | None) -> tuple[int, int | None, str | None]:
    return (WBEM_S_NO_ERROR, length(""), None) if key.name is None else handed_out(key.name, size)


def _octets(key: Key) -> int:
    """Of a number; a boolean has the two of VARIANT_BOOL."""
    limits = INTEGER_RANGES.get(key.cim)
    return 2 if limits is None else (limits[1] - limits[0]).bit_length() // 8


def _text(key: Key, quoted: bool) -> str:
    if isinstance(key.value, str) and not quoted:
        return key.value if key.name is None else f"{key.name}={key.value}"
    # As a path writes it, without what stands before the keys.
    return str(ObjectPath(None, None, "C", ((key.name, key.value),)))[2:]
