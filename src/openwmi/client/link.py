"""The connections to one machine, as one user, and what is held there: made when needed, and anew when they are lost.

A login to WMI is an object over there (IWbemLevel1Login, [MS-WMI] 3.2.4.1), and so are the services of each namespace.
They are gone with the connections that they came over; so whoever calls asks for them each time, and may get new ones.
"""

from __future__ import annotations

import asyncio
import logging
import os
from collections import Counter
from collections.abc import Awaitable, Callable, Coroutine
from contextlib import suppress
from copy import copy
from platform import node
from typing import Any, Final, NamedTuple, TypeVar

from openwmi.base import limits
from openwmi.base.error import Timeout, WbemError
from openwmi.base.fault import RemoteProtocolError
from openwmi.base.guid import Guid
from openwmi.base.record import printable
from openwmi.base.status import HResult, WbemStatus
from openwmi.client.failures import GONE, is_gone, refused
from openwmi.client.pushed import Pushing
from openwmi.client.sinkhost import SinkHosts
from openwmi.client.waiting import in_time
from openwmi.dcom import Machine, Means, Pool, RemoteExporter
from openwmi.interfaces import (
    IEnumWbemClassObject,
    IRemUnknown2,
    IWbemCallResult,
    IWbemFetchSmartEnum,
    IWbemLevel1Login,
    IWbemLoginClientID,
    IWbemObjectSink,
    IWbemServices,
    IWbemWCOSmartEnum,
)
from openwmi.net import Address
from openwmi.orpc.wellknown import CLSID_WbemLevel1Login

log = logging.getLogger("openwmi.client")

T = TypeVar("T")

INTERFACES: Final = (
    IWbemLevel1Login,
    IWbemLoginClientID,
    IWbemServices,
    IEnumWbemClassObject,
    IWbemFetchSmartEnum,
    IWbemWCOSmartEnum,
    IWbemCallResult,
    IWbemObjectSink,
    IRemUnknown2,
)
"""All that is ever called there, in one bind."""


def resource_of(host: str, namespace: str) -> str:
    """What NTLMLogin is asked for. An address of IPv6 is no part of a path."""
    return rf"\\{'.' if ':' in host else host}\{namespace}"


class Login:
    """One login, and all that is held by it.

    Attributes:
        machine: where.
        pushing: its asynchronous calls.
    """

    def __init__(self, machine: Machine, exporter: RemoteExporter, ipid: Guid, sinks: SinkHosts) -> None:
        self.machine = machine
        self.pushing = Pushing(machine.ends, sinks)
        if isinstance(exporter.pool, Pool):
            exporter.pool.watch(self.pushing.ended)
        self._exporter = exporter
        self._login = ipid
        self._entered: dict[tuple[str, str], Entered] = {}
        self._releasing: set[asyncio.Task[None]] = set()

    @property
    def lost(self) -> bool:
        """Whether no connection is left: what came over them is gone."""
        return not len(self._exporter.pool)

    def entered(self, namespace: str, locale: str) -> Entered | None:
        """The services of a namespace, where it has been entered."""
        return self._entered.get((namespace, locale))

    async def enter(self, resource: str, namespace: str, locale: str, client_id: Guid | None = None) -> Entered:
        """NTLMLogin: the services of a namespace. Before the first we say who we are, and wait for that if we must."""
        if client_id is not None:
            if isinstance(self._exporter.pool, Pool):
                await self._exporter.pool.bound(IWbemLoginClientID.iid)
            told = asyncio.ensure_future(self._say_who(client_id))
            self._keep(told)
            if self._exporter.multiplexed:
                await asyncio.sleep(0)  # so that it goes first
            else:
                await asyncio.wait([told])
        proxy = self._exporter.proxy(IWbemLevel1Login, self._login)
        reply = await proxy.NTLMLogin(resource, locale or None, 0, None)
        return await self.take(reply.ppNamespace, namespace, locale)

    async def take(self, reference: bytes | None, namespace: str, locale: str) -> Entered:
        """The services of a namespace that came as a reference."""
        exporter, ipid = await self.machine.adopt(reference or b"")
        entered = Entered(self, exporter, exporter.proxy(IWbemServices, ipid), ipid)
        self._entered[namespace, locale] = entered
        return entered

    def let_go(self, exporter: RemoteExporter, *ipids: Guid, after: asyncio.Task[Any] | None = None) -> None:
        """These are not needed any more: the server is told, and nobody waits for that.

        `after`: a call of theirs that nobody needs any more, either. It is given up, unless that would take its
        connection with it: then it is let come to its end first.
        """
        if after is not None and exporter.multiplexed:
            after.cancel()
            after = None
        self._keep(asyncio.ensure_future(_release(exporter, ipids, after)))

    def disown(self, reference: bytes) -> None:
        """An object that came as a reference, and that nobody wants."""
        self._keep(asyncio.ensure_future(self._disown(reference)))

    async def brought(self, asked: Coroutine[Any, Any, T], give_back: Callable[[T], object]) -> T:
        """What brings references. Whoever gives up does not wait for it; it is given back when it comes.

        So the call is not given up with its caller: its answer would be dropped, and what it names be held over there.
        """
        asking = asyncio.ensure_future(asked)
        try:
            await asyncio.wait([asking])
        except asyncio.CancelledError:
            self._keep(asyncio.ensure_future(_give_back(asking, give_back)))
            raise
        return asking.result()

    def forget(self, entered: Entered) -> None:
        """These services are not there any more."""
        self._entered = {key: value for key, value in self._entered.items() if value is not entered}

    def leave(self, namespace: str) -> None:
        """Nobody uses the services of a namespace any more."""
        for key in [key for key in self._entered if key[0] == namespace]:
            entered = self._entered.pop(key)
            self.let_go(entered.exporter, entered.ipid)

    async def close(self) -> None:
        """Gives everything back, where the server still listens."""
        try:
            await self.pushing.close()
            if self._releasing and not self.lost:
                await asyncio.wait(self._releasing, timeout=limits.CLOSE_SECONDS)
        finally:  # whoever closes may be cancelled meanwhile
            for task in self._releasing:
                task.cancel()
            await self.machine.close()

    async def _disown(self, reference: bytes) -> None:
        try:
            exporter, ipid = await in_time(self.machine.adopt(reference))
            await in_time(exporter.release(ipid))
        except (WbemError, RemoteProtocolError) as error:
            log.debug("a reference was not given back: %s", printable(error))

    async def _say_who(self, client_id: Guid) -> None:
        # Servers show it to their owners; whatever they make of it, the login goes on.
        with suppress(WbemError, RemoteProtocolError):
            await self._exporter.proxy(IWbemLoginClientID, client_id).SetClientInfo(node(), os.getpid(), 0)

    def _keep(self, task: asyncio.Task[None]) -> None:
        self._releasing.add(task)
        task.add_done_callback(self._releasing.discard)


class Entered(NamedTuple):
    """A namespace that was entered."""

    login: Login
    exporter: RemoteExporter
    services: IWbemServices
    ipid: Guid


class _Failed(NamedTuple):
    """An attempt to log in that has failed. `way`: for which namespace, in which languages."""

    way: tuple[str, str]
    error: WbemError


class Link:
    """The way to one machine. Sessions share it; the last that closes ends it.

    Args:
        where: its resolver.
        means: how connections are made.
        user: who logs in, for errors.
        sinks: where servers call our sinks; None: where all of this process are called.
        timeout: seconds for connecting, logging in and entering together, each time; None: limits.OPEN_SECONDS.
    """

    def __init__(
        self, where: Address, means: Means, user: str, sinks: SinkHosts | None = None, timeout: float | None = None
    ) -> None:
        self.where = where
        self._means = means
        self._user = user
        self._sinks = sinks
        self._timeout = limits.OPEN_SECONDS if timeout is None else timeout
        self._login: Login | None = None
        self._turn = asyncio.Lock()
        self._failed: _Failed | None = None
        self._users: Counter[str] = Counter()
        self.closed = False

    def hold(self, namespace: str) -> None:
        """One more uses it, for this namespace."""
        self._users[namespace] += 1

    async def release(self, namespace: str) -> None:
        """One less."""
        self._users[namespace] -= 1
        if self._users.total():
            if not self._users[namespace] and self._login is not None:
                self._login.leave(namespace)
            return
        self.closed = True
        login, self._login = self._login, None
        if login is not None:
            await login.close()

    async def reach(self, namespace: str, locale: str) -> Entered:
        """The services of a namespace, held or new. Unreachable, AccessDenied, NotFound, Timeout."""
        login = self._login
        if login is not None and not login.lost:
            entered = login.entered(namespace, locale)
            if entered is not None:
                return entered
        failed = self._failed
        async with self._turn:
            if self._failed is not failed and self._failed is not None and self._failed.way == (namespace, locale):
                # Whoever waited meanwhile has waited for the same: to try once for each would lock an account.
                raise copy(self._failed.error)
            try:
                return await self._enter(namespace, locale)
            except WbemError as error:
                if self._login is None:
                    self._failed = _Failed((namespace, locale), error)
                raise

    async def ask(self, namespace: str, locale: str, call: Callable[[Entered], Awaitable[T]]) -> T:
        """One call on a namespace. Where the services were gone nothing was carried out: it is made on new ones."""
        entered = await self.reach(namespace, locale)
        try:
            return await call(entered)
        except WbemError as error:
            if not is_gone(error):
                raise
            log.info("what was held at %s is gone: asking for it again", self.where)
        entered.login.forget(entered)
        try:
            again = await self.reach(namespace, locale)
        except WbemError as error:
            if error.status not in GONE:
                raise
            if self._login is entered.login:  # it is gone, too
                await self._drop()
            again = await self.reach(namespace, locale)
        return await call(again)

    async def opened(self, namespace: str, locale: str, reference: bytes | None) -> None:
        """The services of a namespace came as the result of a call."""
        if self._login is None:
            return
        if self._login.entered(namespace, locale) is None:
            await in_time(self._login.take(reference, namespace, locale))
        elif reference is not None:  # it was entered before, and those services do
            self._login.disown(reference)

    async def _enter(self, namespace: str, locale: str) -> Entered:
        if self.closed:
            raise WbemError(WbemStatus.INVALID_OPERATION, f"the connection to {self.where} was closed: connect again")
        if self._login is not None and self._login.lost:
            log.info("the connection to %s was lost: logging in again", self.where)
            await self._drop()
        resource = resource_of(self.where.host, namespace)
        try:
            async with asyncio.timeout(self._timeout):
                if self._login is None:
                    return await self._opened(resource, namespace, locale)
                entered = self._login.entered(namespace, locale)
                return entered or await self._entered(self._login, resource, namespace, locale)
        except TimeoutError as error:
            if isinstance(error, WbemError):
                raise
            raise Timeout(None, f"{self.where} did not let us in within {self._timeout:g} s") from None

    async def _opened(self, resource: str, namespace: str, locale: str) -> Entered:
        """Connects, logs in and enters."""
        machine = await Machine.open(self.where, self._means, INTERFACES)
        try:
            try:
                asked = IWbemLevel1Login, IWbemLoginClientID
                exporter, (ipid, client_id) = await machine.activate(CLSID_WbemLevel1Login, *asked)
            except WbemError as error:
                raise refused(error, self.where.host, self._user) from error
            if ipid is None:
                raise WbemError(HResult.E_NOINTERFACE, f"{self.where} has no login to WMI")
            login = Login(machine, exporter, ipid, self._sinks or SinkHosts.of_loop())
            entered = await self._entered(login, resource, namespace, locale, client_id)
        except BaseException:
            await machine.close()
            raise
        self._login = login
        return entered

    async def _entered(
        self, login: Login, resource: str, namespace: str, locale: str, client_id: Guid | None = None
    ) -> Entered:
        try:
            return await login.enter(resource, namespace, locale, client_id)
        except WbemError as error:
            raise refused(error, self.where.host, self._user, namespace) from error

    async def _drop(self) -> None:
        login, self._login = self._login, None
        if login is not None:
            await login.close()


async def _give_back(asking: asyncio.Task[T], give_back: Callable[[T], object]) -> None:
    try:
        await asyncio.wait([asking])
    except asyncio.CancelledError:
        asking.cancel()
        raise
    if not asking.cancelled() and asking.exception() is None:
        give_back(asking.result())


async def _release(exporter: RemoteExporter, ipids: tuple[Guid, ...], after: asyncio.Task[Any] | None) -> None:
    if after is not None:
        await asyncio.wait([after])
        if not after.cancelled():
            after.exception()  # which nobody needs, either
    try:
        await exporter.release(*ipids)
    except (WbemError, RemoteProtocolError) as error:
        log.debug("references were not given back: %s", printable(error))
