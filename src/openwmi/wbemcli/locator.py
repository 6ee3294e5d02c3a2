"""IWbemLocator: where a program comes in (the SDK's page of ConnectServer)."""

from __future__ import annotations

import re
from collections.abc import Iterable
from os import PathLike
from pathlib import Path
from typing import Final

from openwmi.base.error import WbemError
from openwmi.base.limits import LOCALES_CHARS, NAMESPACE_CHARS
from openwmi.base.status import LocalStatus, WbemStatus
from openwmi.blocking.com.calling import require
from openwmi.blocking.com.unknown import S_OK, IUnknown
from openwmi.blocking.runner import Runner, runner
from openwmi.engine import Engine, Provider
from openwmi.locator import local_engine, local_namespace, this_host
from openwmi.operation import NO_VALUES, CallContext
from openwmi.session import Session
from openwmi.wbemcli.calls import service_method
from openwmi.wbemcli.constants import (
    WBEM_FLAG_CONNECT_PROVIDERS,
    WBEM_FLAG_CONNECT_REPOSITORY_ONLY,
    WBEM_FLAG_CONNECT_USE_MAX_WAIT,
)
from openwmi.wbemcli.context import IWbemContext
from openwmi.wbemcli.services import IWbemServices

# WBEM_CONNECT_OPTIONS; the server's part of them is in [MS-WMI] note 31.
SECURITY_FLAGS: Final = WBEM_FLAG_CONNECT_REPOSITORY_ONLY | WBEM_FLAG_CONNECT_USE_MAX_WAIT | WBEM_FLAG_CONNECT_PROVIDERS

# [MS-WMI] 2.2.29: "MS_xxx" with an LCID, or the name of a locale.
_LOCALE = re.compile(r"ms_[0-9a-f]{1,8}|[a-z]{2,3}(?:-[a-z0-9]{2,8})*", re.IGNORECASE)


class IWbemLocator(IUnknown, iid="dc12a687-737f-11cf-884d-00aa004b2e24"):
    """Makes connections. CoCreateInstance(CLSID_WbemLocator) gives one with nothing said.

    Args:
        providers: instances of your own provider classes, served instead of the built-in ones.
        repository: the file in which what is put is kept. Both are as for `openwmi.connect`; what is put without a file
            is there for all connections of this locator.
    """

    def __init__(
        self, *, providers: Iterable[Provider] | None = None, repository: str | PathLike[str] | None = None
    ) -> None:
        self._providers = None if providers is None else tuple(providers)
        self._repository = None if repository is None else Path(repository)
        self._engine: tuple[Runner, Engine] | None = None

    @service_method(1)
    def ConnectServer(
        self,
        strNetworkResource: str | None,
        strUser: str | None = None,
        strPassword: str | None = None,
        strLocale: str | None = None,
        lSecurityFlags: int = 0,
        strAuthority: str | None = None,
        pCtx: IWbemContext | None = None,
    ) -> tuple[int, IWbemServices | None]:
        """(hresult, ppNamespace): the services of a namespace.

        Args:
            strNetworkResource: `root\\cimv2`, `\\\\.\\root\\cimv2`, `//thishost/root/cimv2`.
            strUser, strPassword, strAuthority: NULL, or empty, for a namespace of this machine:
                WBEM_E_LOCAL_CREDENTIALS otherwise.
            strLocale: `MS_409`, `en-US`; NULL for the neutral one.
            lSecurityFlags: 0, or flags of WBEM_CONNECT_OPTIONS, which change nothing where there is no network.
            pCtx: goes with every call through what is returned.

        WBEM_E_INVALID_NAMESPACE, WBEM_E_INVALID_PARAMETER; RPC_S_SERVER_UNAVAILABLE for another machine.
        """
        resource = _text("strNetworkResource", strNetworkResource)
        require(resource is not None, "strNetworkResource must be given")
        assert resource is not None
        if len(resource) > NAMESPACE_CHARS:
            raise WbemError(
                WbemStatus.QUOTA_VIOLATION, f"the path of a namespace has at most {NAMESPACE_CHARS} characters"
            )
        require(not lSecurityFlags & ~SECURITY_FLAGS, f"0x{lSecurityFlags:X} is no value of lSecurityFlags")
        locale = _text("strLocale", strLocale) or ""
        require(
            not locale or (len(locale) <= LOCALES_CHARS and _LOCALE.fullmatch(locale)),
            f"{locale!r} is no locale: MS_409 or en-US was expected",
        )
        require(pCtx is None or isinstance(pCtx, IWbemContext), f"pCtx is an IWbemContext, or NULL, and not {pCtx!r}")
        given = [_text(*each) for each in _named(strUser, strPassword, strAuthority)]
        session = runner().call(self._session, resource)
        if any(each is not None and each != "" for each in given):
            raise WbemError(
                LocalStatus.LOCAL_CREDENTIALS,
                "a namespace of this machine is opened as who you are: pass no user, password or authority",
            )
        values = NO_VALUES if pCtx is None else pCtx.values_
        return S_OK, IWbemServices(session, CallContext(locale=locale, values=values))

    def _session(self, resource: str) -> Session:
        """On the loop's thread. All connections of one locator are to one engine."""
        namespace = local_namespace(resource)
        if self._providers is None:
            return local_engine(self._repository).session(namespace)
        if self._engine is None or self._engine[0] is not runner():  # that of before a fork is the other process's
            self._engine = runner(), Engine(this_host(), self._providers, repository=self._repository)
        return self._engine[1].session(namespace)


def _named(user: str | None, password: str | None, authority: str | None) -> list[tuple[str, str | None]]:
    return [("strUser", user), ("strPassword", password), ("strAuthority", authority)]


def _text(parameter: str, given: object) -> str | None:
    if given is None or isinstance(given, str):
        return given
    raise WbemError(WbemStatus.INVALID_PARAMETER, f"{parameter} is text, or NULL, and not {given!r}")
