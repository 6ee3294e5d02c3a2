"""IWbemPath: an object path in parts (wmiutils.h)."""

from __future__ import annotations

import re
from typing import Final

from openwmi.base.case import fold
from openwmi.base.error import WbemError
from openwmi.base.status import HResult, WbemStatus
from openwmi.blocking.com.calling import com_method, require, require_no_flags
from openwmi.blocking.com.unknown import IUnknown
from openwmi.model.namespace import NAMESPACE_PART
from openwmi.model.path import NAME
from openwmi.wbemcli import pathconstants as p
from openwmi.wbemcli.buffers import handed_out
from openwmi.wbemcli.pathkeys import IWbemPathKeyList
from openwmi.wbemcli.pathparts import LOCAL, PathParts, info, joined, parse
from openwmi.wbemcli.statuses import WBEM_S_NO_ERROR

_ACCEPT: Final = p.WBEMPATH_CREATE_ACCEPT_RELATIVE | p.WBEMPATH_CREATE_ACCEPT_ABSOLUTE | p.WBEMPATH_CREATE_ACCEPT_ALL
_PART = re.compile(NAMESPACE_PART)
_CLASS = re.compile(NAME)


class IWbemPath(IUnknown, iid="3bc15af2-736c-477e-9e51-238af8667dcc"):
    """An object path, which can be parsed, or put together part by part.

    A text that C++ copies into a buffer is returned. The length of the buffer, in characters with the null character,
    goes in and comes out: 0 asks for the length alone, and without one the buffer is large enough; BUFFER_TOO_SMALL.
    """

    def __init__(self) -> None:
        self._parts = PathParts()
        self._original = ""

    # ------------------------------------------------------------------------------------------------- text and info

    @com_method()
    def SetText(self, uMode: int, pszPath: str) -> int:
        """Parses a path. INVALID_PARAMETER for what is none, and then the old one stays.

        uMode: WBEMPATH_CREATE_ACCEPT_RELATIVE, _ABSOLUTE (there must be a server), or _ALL (also an empty one, and a
        server alone); and WBEMPATH_TREAT_SINGLE_IDENT_AS_NS for a single name that is a namespace and no class.
        """
        require(isinstance(pszPath, str), "pszPath is a path")
        require(
            uMode & _ACCEPT and not uMode & ~(_ACCEPT | p.WBEMPATH_TREAT_SINGLE_IDENT_AS_NS),
            f"uMode 0x{uMode:X} does not say which paths are accepted",
        )
        try:
            parts = parse(pszPath, single_is_namespace=bool(uMode & p.WBEMPATH_TREAT_SINGLE_IDENT_AS_NS))
        except WbemError as error:
            raise WbemError(WbemStatus.INVALID_PARAMETER, error.message) from None
        if not uMode & p.WBEMPATH_CREATE_ACCEPT_ALL:
            require(parts.namespaces or parts.class_name, f"{pszPath!r} has neither namespace nor class")
            absolute_only = not uMode & p.WBEMPATH_CREATE_ACCEPT_RELATIVE
            require(parts.server is not None or not absolute_only, f"{pszPath!r} has no server")
        self._parts = parts
        self._original = pszPath
        return WBEM_S_NO_ERROR

    @com_method(2)
    def GetText(self, lFlags: int = 0, puBuffLength: int | None = None) -> tuple[int, int | None, str | None]:
        """(hresult, puBuffLength, pszText): with 0 namespace, class and keys; else what WBEMPATH_GET_… says.

        INVALID_PARAMETER for more than one of them.
        """
        write = _TEXTS.get(lFlags)
        if write is None:
            raise WbemError(WbemStatus.INVALID_PARAMETER, f"lFlags 0x{lFlags:X} is none of WBEMPATH_GET_…")
        text = self._original if lFlags == p.WBEMPATH_GET_ORIGINAL else write(self._parts)
        return handed_out(text, puBuffLength)

    @com_method(1)
    def GetInfo(self, uRequestedInfo: int = 0) -> tuple[int, int | None]:
        """(hresult, puResponse): WBEMPATH_INFO_ bits. INVALID_PARAMETER."""
        require(uRequestedInfo == 0, "uRequestedInfo is reserved and must be 0")
        return WBEM_S_NO_ERROR, info(self._parts)

    # ---------------------------------------------------------------------------------------------- server, namespaces

    @com_method()
    def SetServer(self, Name: str | None) -> int:
        """Sets the server; None or an empty name takes it away."""
        require(Name is None or isinstance(Name, str), "Name is the name of a server, or None")
        self._parts.server = Name or None
        return WBEM_S_NO_ERROR

    @com_method(2)
    def GetServer(self, puNameBufLength: int | None = None) -> tuple[int, int | None, str | None]:
        """(hresult, puNameBufLength, pName). NOT_AVAILABLE if there is none."""
        if self._parts.server is None:
            raise WbemError(WbemStatus.NOT_AVAILABLE, "the path has no server")
        return handed_out(self._parts.server, puNameBufLength)

    @com_method(1)
    def GetNamespaceCount(self) -> tuple[int, int | None]:
        """(hresult, puCount): of the names with slashes between: 2 for root\\cimv2."""
        return WBEM_S_NO_ERROR, len(self._parts.namespaces)

    @com_method()
    def SetNamespaceAt(self, uIndex: int, pszName: str) -> int:
        """Puts a name in front of that one, or behind the last one. INVALID_PARAMETER.

        Windows: the names from there on move to the right.
        """
        require(0 <= uIndex <= len(self._parts.namespaces), f"there is no place {uIndex}")
        require(isinstance(pszName, str), "pszName is the name of a namespace")
        require(_PART.fullmatch(pszName), f"{pszName!r} is no name of a namespace")
        self._parts.namespaces.insert(uIndex, pszName)
        return WBEM_S_NO_ERROR

    @com_method(2)
    def GetNamespaceAt(self, uIndex: int, puNameBufLength: int | None = None) -> tuple[int, int | None, str | None]:
        """(hresult, puNameBufLength, pName). INVALID_PARAMETER."""
        self._check_namespace(uIndex)
        return handed_out(self._parts.namespaces[uIndex], puNameBufLength)

    @com_method()
    def RemoveNamespaceAt(self, uIndex: int) -> int:
        """Takes one name away. INVALID_PARAMETER."""
        self._check_namespace(uIndex)
        del self._parts.namespaces[uIndex]
        return WBEM_S_NO_ERROR

    @com_method()
    def RemoveAllNamespaces(self) -> int:
        """Takes all of them away."""
        self._parts.namespaces.clear()
        return WBEM_S_NO_ERROR

    # --------------------------------------------------------------------------------------------------------- scopes

    @com_method(1)
    def GetScopeCount(self) -> tuple[int, int | None]:
        """(hresult, puCount): 1 with a class, "basically the class or key portion of the path", else 0."""
        return WBEM_S_NO_ERROR, int(self._parts.class_name is not None)

    @com_method()
    def SetScope(self, uIndex: int, pszClass: str) -> int:
        """Sets the class; "the index is always 0". INVALID_PARAMETER."""
        require(uIndex == 0, "uIndex is always 0")
        self._set_class(pszClass)
        return WBEM_S_NO_ERROR

    @com_method()
    def SetScopeFromText(self, uIndex: int, pszText: str) -> int:
        """E_NOTIMPL: the page says "Not implemented"."""
        raise WbemError(HResult.E_NOTIMPL, "SetScopeFromText is not implemented: use SetText")

    @com_method(3)
    def GetScope(
        self, uIndex: int, puClassNameBufSize: int | None = None
    ) -> tuple[int, int | None, str | None, IWbemPathKeyList | None]:
        """(hresult, puClassNameBufSize, pszClass, pKeyList). INVALID_PARAMETER."""
        hr, size, name = handed_out(self._scope(uIndex), puClassNameBufSize)
        return hr, size, name, IWbemPathKeyList(self._parts)

    @com_method(2)
    def GetScopeAsText(self, uIndex: int, puTextBufSize: int | None = None) -> tuple[int, int | None, str | None]:
        """(hresult, puTextBufSize, pszText): class and keys. INVALID_PARAMETER."""
        self._scope(uIndex)
        return handed_out(self._parts.relative(), puTextBufSize)

    @com_method()
    def RemoveScope(self, uIndex: int) -> int:
        """Takes class and keys away. INVALID_PARAMETER."""
        self._scope(uIndex)
        self._remove_class()
        return WBEM_S_NO_ERROR

    @com_method()
    def RemoveAllScopes(self) -> int:
        """Takes class and keys away, if there are any."""
        self._remove_class()
        return WBEM_S_NO_ERROR

    # ---------------------------------------------------------------------------------------------------------- class

    @com_method()
    def SetClassName(self, Name: str) -> int:
        """Sets the class and leaves the keys; an empty name takes both away. INVALID_PARAMETER."""
        require(isinstance(Name, str), "Name is the name of a class")
        if Name:
            self._set_class(Name)
        else:
            self._remove_class()
        return WBEM_S_NO_ERROR

    @com_method(2)
    def GetClassName(self, puBuffLength: int | None = None) -> tuple[int, int | None, str | None]:
        """(hresult, puBuffLength, pszName). INVALID_OBJECT_PATH if there is none."""
        if self._parts.class_name is None:
            raise WbemError(WbemStatus.INVALID_OBJECT_PATH, "the path has no class")
        return handed_out(self._parts.class_name, puBuffLength)

    @com_method(1)
    def GetKeyList(self) -> tuple[int, IWbemPathKeyList | None]:
        """(hresult, pOut): the keys; what is set there is set in this path. INVALID_PARAMETER without a class."""
        require(self._parts.class_name is not None, "the path has no class, and so no keys")
        return WBEM_S_NO_ERROR, IWbemPathKeyList(self._parts)

    @com_method()
    def CreateClassPart(self, lFlags: int, Name: str) -> int:
        """Begins with a class that has no keys. INVALID_PARAMETER."""
        require_no_flags(lFlags)
        self._set_class(Name)
        self._parts.keys.clear()
        self._parts.singleton = False
        return WBEM_S_NO_ERROR

    @com_method()
    def DeleteClassPart(self, lFlags: int = 0) -> int:
        """Takes class and keys away, if there are any. INVALID_PARAMETER."""
        require_no_flags(lFlags)
        self._remove_class()
        return WBEM_S_NO_ERROR

    # ------------------------------------------------------------------------------------------------------ questions

    def IsRelative(self, wszMachine: str, wszNamespace: str) -> bool:
        """Whether the path leads into that namespace of that machine: where it does not say, it does."""
        parts = self._parts
        return self.IsLocal(wszMachine) and (not parts.namespaces or _same(parts.namespaces, _names(wszNamespace)))

    def IsRelativeOrChild(self, wszMachine: str, wszNamespace: str, lFlags: int = 0) -> bool:
        """Whether the path leads into that namespace of that machine, or into one below it."""
        parts, above = self._parts, _names(wszNamespace)
        return self.IsLocal(wszMachine) and (not parts.namespaces or _same(parts.namespaces[: len(above)], above))

    def IsLocal(self, wszMachine: str) -> bool:
        """Whether the path has no server, "." or that one."""
        return self._parts.is_local or fold(self._parts.server or LOCAL) == fold(wszMachine)

    def IsSameClassName(self, wszClass: str) -> bool:
        """Whether the path has this class."""
        name = self._parts.class_name
        return name is not None and fold(name) == fold(wszClass)

    # ----------------------------------------------------------------------------------------------------------------

    def _check_namespace(self, index: int) -> None:
        require(0 <= index < len(self._parts.namespaces), f"there is no namespace {index}")

    def _scope(self, index: int) -> str:
        require(index == 0 and self._parts.class_name is not None, f"there is no scope {index}")
        return self._parts.class_name or ""

    def _set_class(self, name: str) -> None:
        require(isinstance(name, str), "a class has a str for its name")
        require(_CLASS.fullmatch(name), f"{name!r} is no name of a class")
        self._parts.class_name = name

    def _remove_class(self) -> None:
        self._parts.class_name = None
        self._parts.keys.clear()
        self._parts.singleton = False


def _everything(parts: PathParts) -> str:
    return joined(parts.located(), parts.relative())


def _without_server(parts: PathParts) -> str:
    return joined(parts.namespace(), parts.relative())


_TEXTS: Final = {
    0: _without_server,
    p.WBEMPATH_COMPRESSED: _without_server,
    p.WBEMPATH_GET_RELATIVE_ONLY: PathParts.relative,
    p.WBEMPATH_GET_SERVER_TOO: _everything,
    p.WBEMPATH_GET_SERVER_AND_NAMESPACE_ONLY: PathParts.located,
    p.WBEMPATH_GET_NAMESPACE_ONLY: PathParts.namespace,
    p.WBEMPATH_GET_ORIGINAL: _without_server,
}


def _names(namespace: str) -> list[str]:
    return [name for name in namespace.replace("/", "\\").split("\\") if name]


def _same(mine: list[str], theirs: list[str]) -> bool:
    return list(map(fold, mine)) == list(map(fold, theirs))
