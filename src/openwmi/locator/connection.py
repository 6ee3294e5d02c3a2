"""`openwmi.connect`: a namespace path becomes a Namespace."""

from __future__ import annotations

import asyncio
import sys
from collections.abc import Generator, Iterable
from os import PathLike
from pathlib import Path
from platform import node
from typing import Any
from weakref import WeakKeyDictionary

from openwmi.base.case import fold
from openwmi.base.error import Unreachable, WbemError
from openwmi.base.status import HResult, WbemStatus
from openwmi.engine import Engine, Provider
from openwmi.model import parse_namespace
from openwmi.repository import default_repository
from openwmi.session import Namespace


class Connection:
    """What `connect` returns: use it with `async with`, or `await` it for a Namespace that you close yourself."""

    __slots__ = ("_opened", "_providers", "_repository", "_text")

    def __init__(self, text: str, providers: tuple[Provider, ...] | None, repository: Path | None) -> None:
        self._text = text
        self._providers = providers
        self._repository = repository
        self._opened: list[Namespace] = []

    async def __aenter__(self) -> Namespace:
        namespace = self._open()
        self._opened.append(namespace)
        return namespace

    async def __aexit__(self, *_: object) -> None:
        await self._opened.pop().close()

    def __await__(self) -> Generator[Any, None, Namespace]:
        yield from ()
        return self._open()

    def _open(self) -> Namespace:
        namespace = local_namespace(self._text)
        if self._providers is None:
            engine = local_engine(self._repository)
        else:
            engine = Engine(this_host(), self._providers, repository=self._repository)
        return Namespace(engine.session(namespace))


def connect(
    namespace: str = r"root\cimv2",
    *,
    providers: Iterable[Provider] | None = None,
    repository: str | PathLike[str] | None = None,
) -> Connection:
    """A connection to a namespace of this machine, served in process.

    Args:
        namespace: `root/cimv2`, `root\\cimv2`, `\\\\.\\root\\cimv2` or `//thishost/root/cimv2`.
        providers: instances of your own provider classes, served instead of the built-in ones.
        repository: the file in which what is put is kept; the first write makes it. Without it that is the user's own
            (`default_repository`), or memory where `providers` are given.

    Raises, when it is entered or awaited:
        WbemError: INVALID_NAMESPACE, INVALID_PARAMETER for a path that is none; Unreachable for another machine;
            NOT_SUPPORTED on Windows, which serves its own WMI; INVALID_PROVIDER_REGISTRATION for providers that cannot
            be.
    """
    file = None if repository is None else Path(repository)
    return Connection(namespace, None if providers is None else tuple(providers), file)


def local_namespace(text: str) -> str:
    """The namespace, such as `root\\cimv2`, that a text names on this machine.

    INVALID_NAMESPACE, INVALID_PARAMETER for what is none; Unreachable for another machine.
    """
    server, namespace = parse_namespace(text)
    if server is not None and fold(server) not in _own_names():
        # The status with which Windows says that it finds no such machine.
        raise Unreachable(
            HResult.RPC_S_SERVER_UNAVAILABLE,
            f"{server} is another machine, and there is no client for other machines yet",
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
