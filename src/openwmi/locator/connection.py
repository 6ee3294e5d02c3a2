"""`openwmi.connect`: a namespace path becomes a Namespace."""

from __future__ import annotations

import sys
from collections.abc import Generator, Iterable
from platform import node
from typing import Any

from openwmi.base.case import fold
from openwmi.base.error import WbemError
from openwmi.base.status import WbemStatus
from openwmi.engine import Engine, Provider
from openwmi.model import parse_namespace
from openwmi.session import Namespace


class Connection:
    """What `connect` returns: use it with `async with`, or `await` it for a Namespace that you close yourself."""

    __slots__ = ("_engine", "_namespace", "_opened")

    def __init__(self, engine: Engine | None, namespace: str) -> None:
        self._engine = engine
        self._namespace = namespace
        self._opened: Namespace | None = None

    async def __aenter__(self) -> Namespace:
        engine = self._engine or local_engine()
        self._opened = Namespace(engine.session(self._namespace))
        return self._opened

    async def __aexit__(self, *_: object) -> None:
        if self._opened is not None:
            await self._opened.close()

    def __await__(self) -> Generator[Any, None, Namespace]:
        return self.__aenter__().__await__()


def connect(namespace: str = r"root\cimv2", *, providers: Iterable[Provider] | None = None) -> Connection:
    """A connection to a namespace of this machine, served in process.

    Args:
        namespace: `root/cimv2`, `root\\cimv2`, `\\\\.\\root\\cimv2` or `//thishost/root/cimv2`.
        providers: instances of your own provider classes, served instead of the built-in ones.

    Raises, when it is entered or awaited:
        WbemError: INVALID_NAMESPACE, INVALID_PARAMETER for a path that is none; NOT_SUPPORTED for another machine, and on
            Windows, which serves its own WMI.
    """
    engine = None if providers is None else Engine(_this_host(), providers)
    server, path = parse_namespace(namespace)
    if server is not None and fold(server) not in {"localhost", fold(_this_host())}:
        raise WbemError(
            WbemStatus.NOT_SUPPORTED, f"{server} is another machine, and there is no client for other machines yet"
        )
    return Connection(engine, path)


def local_engine() -> Engine:
    """This machine with the built-in providers."""
    if sys.platform == "win32":
        raise WbemError(WbemStatus.NOT_SUPPORTED, "Windows serves its own WMI: openwmi serves machines that have none")
    from openwmi.providers import builtin  # noqa: PLC0415 - it costs tens of milliseconds
    from openwmi.providers.schema import CLASSES  # noqa: PLC0415 - the same

    return Engine(_this_host(), [provider() for provider in builtin()], CLASSES)


def _this_host() -> str:
    return node().split(".")[0] or "localhost"
