"""IWbemLocator: where a program comes in (the SDK's page of ConnectServer)."""

from __future__ import annotations

import re
from collections.abc import Iterable
from dataclasses import replace
from os import PathLike
from pathlib import Path
from typing import Final

from openwmi.base.case import fold
from openwmi.base.error import Unreachable, WbemError
from openwmi.base.limits import LOCALES_CHARS, NAMESPACE_CHARS
from openwmi.base.status import HResult, LocalStatus, WbemStatus
from openwmi.blocking.com.calling import require
from openwmi.blocking.com.unknown import S_OK, IUnknown
from openwmi.blocking.runner import Runner, runner
from openwmi.engine import Engine, Provider
from openwmi.locator import RESOLVER_PORT, Remote, local_engine, local_namespace, named_machine, this_host
from openwmi.model import parse_namespace
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

MAX_WAIT_SECONDS: Final = 120.0

# [MS-WMI] 2.2.29: "MS_xxx" with an LCID, or the name of a locale.
_LOCALE = re.compile(r"ms_[0-9a-f]{1,8}|[a-z]{2,3}(?:-[a-z0-9]{2,8})*", re.IGNORECASE)


class IWbemLocator(IUnknown, iid="dc12a687-737f-11cf-884d-00aa004b2e24"):
    """Makes connections. CoCreateInstance(CLSID_WbemLocator) gives one with nothing said.

    Args:
        providers: instances of your own provider classes, served instead of the built-in ones.
        repository: the file in which what is put is kept. Both are as for `openwmi.connect`; what is put without a file
            is there for all connections of this locator.
        port: of other machines' resolvers, where it is not 135.
    """

    def __init__(
        self,
        *,
        providers: Iterable[Provider] | None = None,
        repository: str | PathLike[str] | None = None,
        port: int | None = None,
    ) -> None:
        self._port = port
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
            strUser: of another machine: `DOM\\me`, `me@REALM` or `me`; NULL for whoever the Kerberos cache is of. For a
                namespace of this machine this and the next two are NULL, or empty: WBEM_E_LOCAL_CREDENTIALS otherwise.
            strPassword: the user's; NULL for the ticket of the Kerberos cache.
            strAuthority: `Kerberos:host/srv1` for Kerberos alone, with the server's principal; `NTLMDOMAIN:DOM` for
                NTLM with the user's domain, which strUser does not name, then. NULL: Kerberos without a password, and
                with one for `me@REALM`; NTLM otherwise.
            strLocale: `MS_409`, `en-US`; NULL for the neutral one.
            lSecurityFlags: 0, or flags of WBEM_CONNECT_OPTIONS, which change nothing where there is no network.
            pCtx: goes with every call through what is returned.

        WBEM_E_INVALID_NAMESPACE, WBEM_E_INVALID_PARAMETER; of another machine RPC_S_SERVER_UNAVAILABLE where it is not
        reached, and E_ACCESSDENIED where it refuses the login. With WBEM_FLAG_CONNECT_USE_MAX_WAIT it returns within
        two minutes, and without within one.
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
        values = NO_VALUES if pCtx is None else pCtx.values_
        caller = CallContext(locale=locale, values=values)
        server, namespace = parse_namespace(resource)
        if server is not None and self._is_another(resource, server):
            remote = self._remote(*given, patient=bool(lSecurityFlags & WBEM_FLAG_CONNECT_USE_MAX_WAIT))
            return S_OK, IWbemServices(runner().run(remote.open, server, namespace), caller, remote.user or "")
        session = runner().call(self._session, resource)
        if any(each is not None and each != "" for each in given):
            raise WbemError(
                LocalStatus.LOCAL_CREDENTIALS,
                "a namespace of this machine is opened as who you are: pass no user, password or authority",
            )
        return S_OK, IWbemServices(session, caller)

    def _is_another(self, resource: str, server: str) -> bool:
        """Whether it is reached over the network, as this machine is where a port was given."""
        if server == ".":
            return False
        return self._port is not None or named_machine(resource, Remote())[0] is not None

    def _remote(self, user: str | None, password: str | None, authority: str | None, *, patient: bool) -> Remote:
        """INVALID_PARAMETER for what cannot be meant; Unreachable for a locator that serves this machine alone."""
        if self._providers is not None or self._repository is not None:
            raise Unreachable(
                HResult.RPC_S_SERVER_UNAVAILABLE,
                "another machine has providers and a repository of its own: a locator that was given some reaches none",
            )
        # An empty password is one; that of nobody is none.
        remote = Remote(
            port=RESOLVER_PORT if self._port is None else self._port,
            user=user or None,
            password=password if user or password else None,
            timeout=MAX_WAIT_SECONDS if patient else None,
        )
        remote.check()
        kind, _, value = (authority or "").partition(":")
        if not authority:
            return remote
        if fold(kind) == "kerberos":
            return replace(remote, kerberos=True, spn_host=_host_of(value))
        require(
            fold(kind) == "ntlmdomain" and value, "strAuthority is Kerberos:PRINCIPAL or NTLMDOMAIN:DOMAIN, or NULL"
        )
        require(user and not set(user) & set("\\@"), "with NTLMDOMAIN strUser is a name, and names no domain itself")
        return replace(remote, user=f"{value}\\{user}", kerberos=False)

    def _session(self, resource: str) -> Session:
        """On the loop's thread. All connections of one locator are to one engine."""
        namespace = local_namespace(resource)
        if self._providers is None:
            return local_engine(self._repository).session(namespace)
        if self._engine is None or self._engine[0] is not runner():  # that of before a fork is the other process's
            self._engine = runner(), Engine(this_host(), self._providers, repository=self._repository)
        return self._engine[1].session(namespace)


def _host_of(principal: str) -> str:
    """`host/srv1.example.org@EXAMPLE.ORG`, `DOM\\SRV1$` or `srv1` -> the name that Kerberos knows the machine by."""
    name = principal.rpartition("\\")[2].partition("@")[0]
    host = name.rpartition("/")[2]
    require(
        host.removesuffix("$"), "Kerberos: wants the principal of the server, such as Kerberos:host/srv1.example.org"
    )
    return host.removesuffix("$")


def _named(user: str | None, password: str | None, authority: str | None) -> list[tuple[str, str | None]]:
    return [("strUser", user), ("strPassword", password), ("strAuthority", authority)]


def _text(parameter: str, given: object) -> str | None:
    if given is None or isinstance(given, str):
        return given
    raise WbemError(WbemStatus.INVALID_PARAMETER, f"{parameter} is text, or NULL, and not {given!r}")
