"""A WMI server for tests of clients: what it holds, who may log in and what goes wrong is the test's to say.

    with WmiServer("class Acme_Lamp { [key] string Name; };", rows={"Acme_Lamp": lamps}) as server:
        connect_to(server.host, server.port, server.user, server.password)

It runs on a thread of its own, so that a client may block. Where a test has a loop, `async with` runs it there, and in
memory if it is given a MemoryNetwork.
"""

from __future__ import annotations

import asyncio
import threading
from collections.abc import Callable, Coroutine, Iterable, Mapping
from dataclasses import replace
from functools import partial
from typing import Any, Self, TypeVar

from openwmi.base.case import fold
from openwmi.base.error import WbemError
from openwmi.base.fault import LocalProtocolError
from openwmi.dcom import current_caller
from openwmi.engine import Engine
from openwmi.model import CimClass, CimInstance
from openwmi.net import Address, listen
from openwmi.security import ServerNames, User, nt_hash, parse_account
from openwmi.server import CallbackPolicy, Ended, Server, Visit
from openwmi.session import Namespace
from openwmi.testing.contents import DEFAULT_NAMESPACE, Answer, Content, Contents, Rows
from openwmi.testing.faults import Fault, Faults, FaultyEngine
from openwmi.testing.memory import MemoryNetwork

T = TypeVar("T")

LAST_TURNS = 10

USERS: Mapping[str, str] = {r"WORKGROUP\tester": "Passw0rd"}


class WmiServer:
    """Serves as long as its `with` or `async with` lasts. Each test has its own.

    Args:
        contents: texts of MOF with classes and instances, CimClass, CimInstance, and instances of Provider classes.
        rows: functions that give the instances of a class, by its name, each time that they are wanted. They run on
            threads of their own.
        methods: functions that stand for methods, by `Class.Method`: (keys, in-parameters) -> ReturnValue, or
            out-parameters. Instances of such a class are what its function in `rows` gives, or those in `contents`.
        users: passwords by name, `DOM\\me` or `me`.
        admins: who of them may write and call methods; all of them where none are named.
        host, port: where it listens; port 0 is any free one.
        network: where it listens instead of TCP; for `async with` alone.
        callbacks: how the sinks of asynchronous calls are called: with a login, or anonymously, over TCP or by way of
            `network`; without it such calls are refused with ACCESS_DENIED.

    Attributes:
        address: where it listens.
        domain, user, password: of the first user.
        calls: the calls that have ended, in that order.
        sessions: the sessions that have begun.
    """

    def __init__(
        self,
        *contents: Content,
        rows: Mapping[str, Rows] | None = None,
        methods: Mapping[str, Answer] | None = None,
        users: Mapping[str, str] | None = None,
        admins: Iterable[str] | None = None,
        host: str = "127.0.0.1",
        port: int = 0,
        network: MemoryNetwork | None = None,
        callbacks: CallbackPolicy | None = None,
    ) -> None:
        self._contents = Contents(contents, rows or {}, methods or {})
        self._users = _Users(USERS if users is None else users)
        self._admins = tuple(USERS if users is None else users) if admins is None else tuple(admins)
        self._network = network
        self._callbacks = callbacks
        self._faults = Faults(self._cutting)
        self._thread: _Thread | None = None
        self.address = Address(host, port)
        self.domain, self.user, self.password = self._users.first
        self.calls: list[Ended] = []
        self.sessions: list[Visit] = []

    @property
    def host(self) -> str:
        """The address that it listens at."""
        return self.address.host

    @property
    def port(self) -> int:
        """The port."""
        return self.address.port

    def fault(
        self,
        *,
        call: str | None = None,
        of: str | None = None,
        method: str | None = None,
        number: int | None = None,
        delay: float = 0.0,
        error: int | WbemError | None = None,
        disconnect: bool = False,
        rows: int = 0,
    ) -> Fault:
        """From here on something goes wrong: Fault says what each argument means, and counts what fits in `seen`."""
        fault = Fault(call, of, method, number, delay, error, disconnect, rows)
        self._faults.add(fault)
        return fault

    def no_faults(self) -> None:
        """From here on nothing goes wrong."""
        self._faults.clear()

    def disconnect(self) -> None:
        """Every connection breaks, now; clients may connect again."""
        if self._thread is None:
            self._server.endpoint.cut_all()
        else:
            self._thread.call(self._server.endpoint.cut_all)

    def load(self, mof: str, namespace: str = DEFAULT_NAMESPACE) -> None:
        """The classes and instances of a text are there, too. For `with`; `async with` has `namespace`."""
        self.put(*self._contents.compiled(mof, namespace), namespace=namespace)

    def put(self, *objects: CimClass | CimInstance, namespace: str = DEFAULT_NAMESPACE) -> None:
        """Creates or updates classes and instances; likewise."""
        self._blocking(lambda: self._put(objects, namespace))

    def delete(self, path: str, namespace: str = DEFAULT_NAMESPACE) -> None:
        """Deletes an instance or a class; likewise."""
        self._blocking(lambda: self._do(namespace, lambda ns: ns.delete(path)))

    def namespace(self, name: str = DEFAULT_NAMESPACE) -> Namespace:
        """What the server holds, seen by its owner, without faults. For `async with`."""
        if self._thread is not None:
            raise LocalProtocolError("the server runs on a thread of its own: use load, put and delete")
        return Namespace(self._engine.session(name))

    # How it runs.

    def __enter__(self) -> Self:
        if self._network is not None:
            raise LocalProtocolError("a network in memory is of a loop: use `async with`")
        self._thread = _Thread()
        try:
            self._thread.run(self._open())
        except BaseException:
            self._thread.close()
            raise
        return self

    def __exit__(self, *_: object) -> None:
        assert self._thread is not None
        try:
            self._thread.run(self._close())
        finally:
            self._thread.close()

    async def __aenter__(self) -> Self:
        await self._open()
        return self

    async def __aexit__(self, *_: object) -> None:
        await self._close()

    async def _open(self) -> None:
        contents = self._contents
        self._engine = Engine("TESTHOST", contents.providers, contents.classes)
        try:
            await self._put(contents.instances, DEFAULT_NAMESPACE)
            self.address = await self._listening()
        except BaseException:
            self._engine.close()
            raise

    async def _listening(self) -> Address:
        callbacks = self._callbacks
        if callbacks is not None and self._network is not None:
            callbacks = replace(callbacks, connect=partial(self._network.connect, source=self.host))
        self._server = Server(
            FaultyEngine(self._engine, self._faults),
            self._users,
            ServerNames("TESTHOST", "WORKGROUP", "testhost", ""),
            open_port=listen if self._network is None else self._network.listen,
            admins=self._admins,
            callbacks=callbacks,
            observer=self,
            before=self._faults.before,
        )
        return await self._server.listen(self.address)

    async def _close(self) -> None:
        await self._server.stop(0)
        await self._server.close()
        self._engine.close()

    async def _do(self, namespace: str, verb: Callable[[Namespace], Any]) -> None:
        async with Namespace(self._engine.session(namespace)) as ns:
            await verb(ns)

    async def _put(self, objects: Iterable[CimClass | CimInstance], namespace: str) -> None:
        for each in objects:
            where = (each.class_ if isinstance(each, CimInstance) else each).namespace or namespace
            await self._do(where, partial(Namespace.put, what=each))

    def _blocking(self, work: Callable[[], Coroutine[Any, Any, None]]) -> None:
        if self._thread is None:
            raise LocalProtocolError("the server runs on the loop of the test: use `await server.namespace()…`")
        self._thread.run(work())

    def _cutting(self) -> Callable[[], object]:
        group = current_caller().connection
        return lambda: self._server.endpoint.cut(group)

    # What it is told.

    def session_began(self, visit: Visit) -> None:
        """Part of server.Observer."""
        self.sessions.append(visit)

    def session_ended(self, visit: Visit) -> None:
        """Part of server.Observer."""

    def call_ended(self, visit: Visit, call: Ended) -> None:  # noqa: ARG002 - tests count calls, whoever made them
        """Part of server.Observer."""
        self.calls.append(call)

    def login_refused(self, peer: str) -> None:
        """Part of server.Observer."""


class _Users:
    """Who may log in.

    Attributes:
        first: the domain, the name and the password of one of them.
    """

    def __init__(self, passwords: Mapping[str, str]) -> None:
        self._known: list[User] = []
        for account, password in passwords.items():
            domain, name = parse_account(account)
            self._known.append(User(domain, name, nt_hash(password)))
        if not self._known:
            raise LocalProtocolError("a server without users: nobody could log in")
        self.first = self._known[0].domain, self._known[0].name, next(iter(passwords.values()))

    def lookup(self, domain: str, name: str, computer: str) -> User | None:  # noqa: ARG002 - it has no users of its own
        for user in self._known:
            if fold(user.name) == fold(name) and (not user.domain or not domain or fold(user.domain) == fold(domain)):
                return user
        return None


class _Thread:
    """A loop on a thread of its own."""

    def __init__(self) -> None:
        self._loop = asyncio.new_event_loop()
        self._thread = threading.Thread(target=self._loop.run_forever, name="openwmi.testing", daemon=True)
        self._thread.start()

    def run(self, work: Coroutine[Any, Any, T]) -> T:
        """Its result."""
        return asyncio.run_coroutine_threadsafe(work, self._loop).result()

    def call(self, function: Callable[[], object]) -> None:
        """Calls it there, and waits until it has been called."""

        async def calling() -> None:
            function()

        self.run(calling())

    def close(self) -> None:
        """Ends what is left there."""
        self.run(_last_turns())
        self._loop.call_soon_threadsafe(self._loop.stop)
        self._thread.join()
        self._loop.close()


async def _last_turns() -> None:
    """For connections that were accepted when their port was closed: they begin, and end at once."""
    for _ in range(LAST_TURNS):
        await asyncio.sleep(0)
    others = asyncio.all_tasks() - {asyncio.current_task()}
    for task in others:
        task.cancel()
    await asyncio.gather(*others, return_exceptions=True)
    await asyncio.get_running_loop().shutdown_asyncgens()
