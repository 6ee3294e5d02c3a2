"""`openwmi.connect`: a namespace path becomes a Namespace."""

from __future__ import annotations

import asyncio
import sys
from collections.abc import Generator, Iterable
from dataclasses import replace
from os import PathLike
from pathlib import Path
from platform import node
from typing import Any
from weakref import WeakKeyDictionary

from openwmi.base.case import fold
from openwmi.base.error import Unreachable, WbemError
from openwmi.base.status import HResult, WbemStatus
from openwmi.engine import Engine, Provider
from openwmi.locator.remote import RESOLVER_PORT, Callbacks, Kerberos, Remote
from openwmi.model import parse_namespace
from openwmi.repository import default_repository
from openwmi.session import Namespace


class Connection:
    """What `connect` returns: use it with `async with`, or `await` it for a Namespace that you close yourself."""

    __slots__ = ("_opened", "_providers", "_remote", "_repository", "_text")

    def __init__(
        self, text: str, providers: tuple[Provider, ...] | None, repository: Path | None, remote: Remote
    ) -> None:
        self._text = text
        self._remote = remote
        self._providers = providers
        self._repository = repository
        self._opened: list[Namespace] = []

    async def __aenter__(self) -> Namespace:
        namespace = await self._open()
        self._opened.append(namespace)
        return namespace

    async def __aexit__(self, *_: object) -> None:
        await self._opened.pop().close()

    def __await__(self) -> Generator[Any, None, Namespace]:
        return self._open().__await__()

    async def _open(self) -> Namespace:
        host, namespace = named_machine(self._text, self._remote)
        if host is not None:
            if self._providers is not None or self._repository is not None:
                raise WbemError(
                    WbemStatus.INVALID_PARAMETER,
                    f"{host} is another machine, and has providers and a repository of its own",
                )
            return Namespace(await self._remote.open(host, namespace))
        if self._providers is None:
            engine = local_engine(self._repository)
        else:
            engine = Engine(this_host(), self._providers, repository=self._repository)
        return Namespace(engine.session(namespace))


def connect(
    namespace: str = r"root\cimv2",
    *,
    host: str | None = None,
    port: int = RESOLVER_PORT,
    user: str | None = None,
    password: str | None = None,
    nt_hash: str | bytes | None = None,
    kerberos: Kerberos = "auto",
    timeout: float | None = None,
    callbacks: Callbacks = "auto",
    providers: Iterable[Provider] | None = None,
    repository: str | PathLike[str] | None = None,
) -> Connection:
    """A connection to a namespace: of this machine, served in process, or of another one, over the network.

    Args:
        namespace: `root/cimv2`, `root\\cimv2`, `\\\\.\\root\\cimv2`; `\\\\srv1\\root\\cimv2` or `//srv1/root/cimv2` of
            another machine.
        host: the other machine, by name or address, where the path does not name it.
        port: of its resolver.
        user: who logs in there: `DOM\\me`, `me@REALM` or `me`; without, whoever the Kerberos cache is of.
        password: the user's.
        nt_hash: the password's NT hash instead, 16 octets or 32 hexadecimal digits.
        kerberos: "auto": Kerberos where there is no password, or the user is written `me@REALM`, and NTLM otherwise;
            True: Kerberos alone; False: NTLM alone.
        timeout: seconds for finding, connecting and logging in together; without, a minute.
        callbacks: how calls with a sink are made: "auto": the other machine calls back where it can reach this one;
            "require": or there is an error that says why not; "never": this machine asks instead.
        providers: instances of your own provider classes, served instead of the built-in ones.
        repository: the file in which what is put is kept; the first write makes it. Without it that is the user's own
            (`default_repository`), or memory where `providers` are given.

    Raises, when it is entered or awaited:
        WbemError: INVALID_NAMESPACE, INVALID_PARAMETER for a path that is none, and for what cannot be meant together;
            NOT_SUPPORTED on Windows, which serves its own WMI; INVALID_PROVIDER_REGISTRATION for providers that cannot
            be. Of another machine: Unreachable; AccessDenied, which says who refused what; Timeout.
    """
    file = None if repository is None else Path(repository)
    remote = Remote(host, port, user, password, nt_hash, kerberos, timeout, callbacks)
    return Connection(namespace, None if providers is None else tuple(providers), file, remote)


def named_machine(text: str, remote: Remote) -> tuple[str | None, str]:
    """(the machine that is meant, the namespace); no machine: this one, in process.

    This one is called over the network, too, if `remote` names it, or says how to get in there. INVALID_PARAMETER for
    two machines, and for a user or a port of none.
    """
    server, namespace = parse_namespace(text)
    remote.check()
    if remote.host is not None:
        if not remote.host or not isinstance(remote.host, str):
            raise WbemError(WbemStatus.INVALID_PARAMETER, f"a host is a name or an address, and not {remote.host!r}")
        if server is not None and fold(server) not in (".", fold(remote.host)):
            raise WbemError(WbemStatus.INVALID_PARAMETER, f"{text} is on {server}, and the host is {remote.host}")
        return remote.host, namespace
    how = replace(remote, timeout=None, callbacks="auto") != Remote()
    if how and server is None:
        raise WbemError(
            WbemStatus.INVALID_PARAMETER,
            "a namespace of this machine is opened as who you are: name the host that the user or the port is of",
        )
    return (server if how or (server is not None and fold(server) not in _own_names()) else None), namespace


def local_namespace(text: str) -> str:
    """The namespace, such as `root\\cimv2`, that a text names on this machine.

    INVALID_NAMESPACE, INVALID_PARAMETER for what is none; Unreachable for another machine.
    """
    server, namespace = parse_namespace(text)
    if server is not None and fold(server) not in _own_names():
        # The status with which Windows says that it finds no such machine.
        raise Unreachable(
            HResult.RPC_S_SERVER_UNAVAILABLE,
            f"{server} is another machine, and not to be reached like this",
        )
    return namespace


def local_engine(repository: Path | None = None) -> Engine:
    """This machine with the built-in providers: one engine for all connections of the running loop to a repository.

    One, so that a provider that hangs holds its few threads once, however often somebody connects anew. Not one for the
    process, since an engine belongs to one loop: what providers wait for cannot be shared between two.
    """
    if sys.platform == "win32":
        raise WbemError(WbemStatus.NOT_SUPPORTED, "Windows serves its own WMI: openwmi serves machines that have none")
    loop = asyncio.get_running_loop()
    engines = _engines.setdefault(loop, {})
    file = (default_repository() if repository is None else repository).absolute()
    engine = engines.get(file)
    if engine is None:
        from openwmi.providers.catalogue import registrations  # noqa: PLC0415 - who brings their own needs none

        engine = engines[file] = Engine(this_host(), registrations(file), repository=file)
    return engine


def this_host() -> str:
    """The name that this machine goes by, without its domain."""
    return node().split(".")[0] or "localhost"


_engines: WeakKeyDictionary[asyncio.AbstractEventLoop, dict[Path, Engine]] = WeakKeyDictionary()


def _own_names() -> set[str]:
    return {"localhost", fold(this_host()), fold(node())}
