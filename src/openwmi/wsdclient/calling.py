"""How a method of these faces is written: as in `openwmi.blocking.com.calling`, with WSDAPI's HRESULTs.

Also where it is carried out. An Operation belongs to one event loop: as a rule that of `openwmi.blocking.runner`, and a
method asks its thread, from whichever it is called on. Faces over an endpoint of a program's own loop are made with
that loop; there a method is carried out at once, and none waits.
"""

from __future__ import annotations

import asyncio
import socket
from collections.abc import Callable, Collection
from concurrent.futures import Future
from typing import Any, Final, TypeVar

from openwmi.base.error import WbemError
from openwmi.base.status import HResult
from openwmi.blocking.com.calling import P, R, com_method
from openwmi.blocking.runner import runner
from openwmi.wsdclient.constants import (
    WSD_MAX_TEXT_LENGTH,
    WSDAPI_ADDRESSFAMILY_IPV4,
    WSDAPI_ADDRESSFAMILY_IPV6,
)
from openwmi.wsdclient.statuses import HRESULT_FROM_WIN32, STG_E_INVALIDFUNCTION, WSAESOCKTNOSUPPORT, hresult

T = TypeVar("T")

_FAMILIES: Final = {
    WSDAPI_ADDRESSFAMILY_IPV4: (4,),
    WSDAPI_ADDRESSFAMILY_IPV6: (6,),
    WSDAPI_ADDRESSFAMILY_IPV4 | WSDAPI_ADDRESSFAMILY_IPV6: (4, 6),
}

running_loop = asyncio._get_running_loop  # noqa: SLF001 - it is documented, for event loops
"""The loop that runs on this thread, or None: what asyncio has for the makers of event loops."""


def wsd_method(outs: int = 0) -> Callable[[Callable[P, R]], Callable[P, R]]:
    """Decorates a method that returns its HRESULT alone (`outs` 0), or a tuple of it and so many out parameters."""
    return com_method(outs, hresult)


def on_loop(loop: asyncio.AbstractEventLoop | None, function: Callable[..., T], *arguments: Any) -> T:
    """Calls a function on the thread of a loop, and waits for it: its result, or what it raised. None: the runner's."""
    if loop is None:
        return runner().call(function, *arguments)
    if running_loop() is loop:
        return function(*arguments)
    if not runner().owns(loop):
        return _elsewhere(loop, function, *arguments)
    return runner().call(function, *arguments)


def soon_on_loop(loop: asyncio.AbstractEventLoop, function: Callable[[], object]) -> None:
    """Has a function called on the thread of a loop, and does not wait for it."""
    if runner().owns(loop):
        runner().post(function)
    else:
        loop.call_soon_threadsafe(function)


def pointer(given: object, name: str) -> None:
    """E_POINTER for None."""
    if given is None:
        raise WbemError(HResult.E_POINTER, f"{name} is NULL")


def argument(condition: object, problem: str) -> None:
    """E_INVALIDARG with that text, unless the condition holds."""
    if not condition:
        raise WbemError(HResult.E_INVALIDARG, problem)


def short(text: str | None, name: str) -> None:
    """E_INVALIDARG for a text that is longer than WSD_MAX_TEXT_LENGTH, or none."""
    argument(text is None or isinstance(text, str), f"{name} is a text, and not {text!r}")
    argument(
        text is None or len(text) <= WSD_MAX_TEXT_LENGTH, f"{name} has more than {WSD_MAX_TEXT_LENGTH:,} characters"
    )


def versions_of(family: int, before: Collection[int] | None) -> tuple[int, ...]:
    """The versions of IP of an address family, for SetAddressFamily. `before` are those that were set already.

    E_INVALIDARG for what is no family, STG_E_INVALIDFUNCTION where one was set, and Windows' WSAESOCKTNOSUPPORT where
    this machine has not got it.
    """
    argument(family in _FAMILIES, f"{family!r} is no address family")
    if before is not None:
        raise WbemError(STG_E_INVALIDFUNCTION, "an address family can be set once")
    if 6 in _FAMILIES[family] and not has_ipv6():
        raise WbemError(HRESULT_FROM_WIN32(WSAESOCKTNOSUPPORT), "this machine has no IPv6")
    return _FAMILIES[family]


def has_ipv6() -> bool:
    """Whether this machine can open a socket of IPv6."""
    try:
        socket.socket(socket.AF_INET6, socket.SOCK_DGRAM).close()
    except OSError:
        return False
    return True


def not_here(what: str) -> WbemError:
    """E_NOTIMPL."""
    return WbemError(HResult.E_NOTIMPL, what)


def given_up(why: str) -> WbemError:
    """E_ABORT: "The method could not be completed", and why."""
    return WbemError(HResult.E_ABORT, why)


def _elsewhere(loop: asyncio.AbstractEventLoop, function: Callable[..., T], *arguments: Any) -> T:
    done: Future[T] = Future()

    def call() -> None:
        try:
            done.set_result(function(*arguments))
        except BaseException as error:  # noqa: BLE001 - it belongs to the one who waits
            done.set_exception(error)

    loop.call_soon_threadsafe(call)
    return done.result()
