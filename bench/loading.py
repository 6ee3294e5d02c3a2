"""A server and its clients, in processes of their own: each is told what to do in lines of JSON, and answers in such.

The clients are ours, at INTEGRITY, each with a login, a session and connections of its own. They come from several
addresses of this host, since a server takes so many connections from one and no more.
"""

from __future__ import annotations

import asyncio
import gc
import json
import os
import select
import selectors
import subprocess
import sys
from collections.abc import AsyncIterator, Callable, Coroutine, Iterator, Sequence
from contextlib import ExitStack, contextmanager
from functools import partial
from random import Random
from time import process_time
from typing import Any

import psutil

from openwmi.dcom import Machine, Means
from openwmi.dcom.channel import Connect
from openwmi.engine import Engine, MethodCall, Provider, Request, Row, method
from openwmi.interfaces import IEnumWbemClassObject, IWbemLevel1Login, IWbemServices
from openwmi.model import CimClass, CimType, Method, Property, Qualifier, Type, qualifier_set
from openwmi.ndr import Cell
from openwmi.net import Address, listen
from openwmi.orpc.wellknown import CLSID_WbemLevel1Login
from openwmi.security import NtlmInitiator, ServerNames, User, nt_hash
from openwmi.server import Ended, Observer, Server, Visit, short_pauses

PASSWORD = "Passw0rd"  # noqa: S105 - of users that are made up
SEMISYNC, NOW, FALSE, INFINITE = 0x30, 0x10, 1, -1
BATCH = 1000
ROWS_OF_A_QUERY = 5
ADDRESSES = [f"127.0.0.{number}" for number in range(2, 10)]
NAMESPACE = "//./root/cimv2"

PROPERTIES = (
    Property("N", Type(CimType.UINT32), qualifiers=qualifier_set(Qualifier("key"))),
    Property("Text", Type(CimType.STRING)),
)
STATIC = qualifier_set(Qualifier("static"))


class Few(Provider):
    """What a monitor asks for."""

    cim_class = CimClass("Bench_Few", properties=PROPERTIES)

    async def instances(self, request: Request) -> AsyncIterator[Row]:  # noqa: ARG002 - of any provider
        for n in range(ROWS_OF_A_QUERY):
            yield {"N": n, "Text": "a text of an ordinary length"}


class Many(Provider):
    """A million rows."""

    cim_class = CimClass("Bench_Many", properties=PROPERTIES)

    def instances(self, request: Request) -> Iterator[Row]:  # noqa: ARG002 - of any provider
        return ({"N": n, "Text": "a text of an ordinary length"} for n in range(1_000_000))


class Waiting(Provider):
    """Queries and methods that wait."""

    cim_class = CimClass(
        "Bench_Waiting", properties=PROPERTIES, methods=(Method("Wait", (), Type(CimType.UINT32), STATIC),)
    )

    def __init__(self) -> None:
        self.gate = asyncio.Event()

    async def instances(self, request: Request) -> AsyncIterator[Row]:  # noqa: ARG002 - of any provider
        await self.gate.wait()
        yield {"N": 1}

    @method("Wait")
    async def wait(self, call: MethodCall) -> Row:  # noqa: ARG002 - of any method
        await self.gate.wait()
        return {"ReturnValue": 0}


class Users:
    """Whoever knows the password."""

    def lookup(self, domain: str, name: str, computer: str) -> User | None:  # noqa: ARG002 - of any lookup
        return User("", name, nt_hash(PASSWORD))


class Seen:
    """An observer as cheap as one can be: what it costs is the server's own part."""

    def session_began(self, visit: Visit) -> None: ...
    def session_ended(self, visit: Visit) -> None: ...
    def call_ended(self, visit: Visit, call: Ended) -> None: ...
    def login_refused(self, peer: str) -> None: ...


async def _serve(observer: Observer | None = None) -> None:
    process = psutil.Process()
    names = ServerNames.of_host("bench.example.org")
    admins = [f"user{number}" for number in range(1000)]
    engine = Engine("BENCH", [Few(), Many(), Waiting()])
    server = Server(engine, Users(), names, admins=admins, open_port=listen, observer=observer)
    address = await server.listen(Address("127.0.0.1", 0))

    async def look(_: Any) -> object:
        times = process.cpu_times()
        return {
            "rss": process.memory_info().rss,
            "objects": len(server._exporter),  # noqa: SLF001 - a measurement looks inside
            "seconds": times.user + times.system,
        }

    print(json.dumps({"port": address.port}), flush=True)
    with short_pauses():  # as `openwmi serve` does
        await _answer({"look": look})
    await server.close()


class Client:
    """One session."""

    def __init__(self, machine: Machine, services: IWbemServices) -> None:
        self._machine = machine
        self._services = services
        self._held: list[object] = []

    @classmethod
    async def open(cls, port: int, user: str, connect: Connect) -> Client:
        means = Means(partial(NtlmInitiator, user, PASSWORD), timeout=300, connect=connect)
        machine = await Machine.open(Address("127.0.0.1", port), means)
        exporter, (login,) = await machine.activate(CLSID_WbemLevel1Login, IWbemLevel1Login)
        assert login is not None
        entered = await exporter.proxy(IWbemLevel1Login, login).NTLMLogin(NAMESPACE, None, 0, None)
        exporter, ipid = await machine.adopt(entered.ppNamespace or b"")
        return cls(machine, exporter.proxy(IWbemServices, ipid))

    async def query(self) -> None:
        """A query of a few rows from its call to its release."""
        reply = await self._services.ExecQuery("WQL", "SELECT * FROM Bench_Few", SEMISYNC, None)
        exporter, ipid = await self._machine.adopt(reply.ppEnum or b"")
        rows = await exporter.proxy(IEnumWbemClassObject, ipid).Next(INFINITE, BATCH)
        assert (rows.puReturned, rows.hresult) == (ROWS_OF_A_QUERY, FALSE)
        await exporter.release(ipid)

    async def read(self, text: str) -> AsyncIterator[int]:
        """How many rows have come, batch by batch."""
        reply = await self._services.ExecQuery("WQL", text, SEMISYNC, None)
        exporter, ipid = await self._machine.adopt(reply.ppEnum or b"")
        rows, read, status = exporter.proxy(IEnumWbemClassObject, ipid), 0, 0
        while status != FALSE:
            got = await rows.Next(INFINITE, BATCH)
            read, status = read + got.puReturned, got.hresult
            yield read
        await exporter.release(ipid)

    async def begin_query(self) -> None:
        """One that waits."""
        reply = await self._services.ExecQuery("WQL", "SELECT * FROM Bench_Waiting", SEMISYNC, None)
        self._held.append(await self._machine.adopt(reply.ppEnum or b""))

    async def begin_method(self) -> None:
        """One that waits."""
        reply = await self._services.ExecMethod("Bench_Waiting", "Wait", NOW, None, None, None, Cell(None))
        assert reply.ppCallResult is not None
        self._held.append(await self._machine.adopt(reply.ppCallResult.value or b""))


class Clients:
    """What the process of clients can do."""

    def __init__(self) -> None:
        self._clients: list[Client] = []

    async def open(self, asked: Any) -> object:
        for number in range(asked["count"]):
            user = f"user{number % asked.get('users', 1)}"
            self._clients.append(await Client.open(asked["port"], user, self._way(number)))
        return {}

    def _way(self, number: int) -> Connect:
        source = ADDRESSES[number % len(ADDRESSES)]

        async def connect(protocol: Callable[[], Any], host: str, port: int, timeout: float) -> tuple[Any, Any]:
            async with asyncio.timeout(timeout):
                loop = asyncio.get_running_loop()
                return await loop.create_connection(protocol, host, port, local_addr=(source, 0))

        return connect

    async def closed(self, asked: Any) -> object:
        """Each asks as soon as it was answered: seconds of each query by client."""
        clock = asyncio.get_running_loop().time
        ends = clock() + asked["seconds"]

        async def loop(client: Client) -> list[float]:
            taken = []
            while (began := clock()) < ends:
                await client.query()
                taken.append(clock() - began)
            return taken

        return await _all(map(loop, self._clients[: asked.get("clients")]))

    async def opened(self, asked: Any) -> object:
        """Each asks when its time has come, answered or not: seconds from then.

        Each client at equal intervals, with its first query in turn with the others' ("even") or at a random moment
        ("phased"); or all at random moments ("random"). These two bring bursts.
        """
        how, random = asked["how"], Random(asked["seed"])  # noqa: S311 - seeded is what is wanted
        period: float = len(self._clients) / asked["rate"]
        clock = asyncio.get_running_loop().time
        begins = clock() + 0.5

        late: list[float] = []

        async def one(client: Client, due: float) -> float:
            late.append(clock() - due)
            await client.query()
            return clock() - due

        def pause() -> float:
            return random.expovariate(1 / period) if how == "random" else period

        def first(number: int) -> float:
            if how == "phased":
                return random.random() * period
            return pause() if how == "random" else number * period / len(self._clients)

        async def loop(number: int, client: Client) -> list[float]:
            under_way, due = [], begins + first(number)
            while due < begins + asked["seconds"]:
                await asyncio.sleep(max(0.0, due - clock()))
                under_way.append(asyncio.create_task(one(client, due)))
                due += pause()
            return await asyncio.gather(*under_way)

        begun = process_time()
        found = await _all(loop(number, client) for number, client in enumerate(self._clients))
        return found | {"late": sorted(late), "busy": (process_time() - begun) / (clock() - begins)}

    async def begin(self, asked: Any) -> object:
        """So many calls that wait, at once on each client, and all at last."""
        for _ in range(asked["count"]):
            await asyncio.gather(*(getattr(client, asked["method"])() for client in self._clients))
        return {}

    async def read(self, asked: Any) -> object:
        """So many rows of a query further."""
        if not hasattr(self, "_reading"):
            self._reading = self._clients[0].read(asked["text"])
        read = 0
        async for read in self._reading:
            if read >= asked["until"]:
                break
        return {"read": read}


async def _all(loops: Iterator[Coroutine[Any, Any, list[float]]]) -> dict[str, object]:
    found = await asyncio.gather(*loops, return_exceptions=True)
    return {
        "taken": [each for each in found if not isinstance(each, BaseException)],
        "failures": [repr(each) for each in found if isinstance(each, BaseException)],
    }


async def _answer(can: dict[str, Callable[[Any], Coroutine[Any, Any, object]]]) -> None:
    while line := await asyncio.to_thread(sys.stdin.readline):
        asked = json.loads(line)
        print(json.dumps(await can[asked["do"]](asked)), flush=True)


async def _clients() -> None:
    clients = Clients()
    gc.set_threshold(100_000, 100, 1000)  # no pauses of our own in what we measure
    await _answer({name: getattr(clients, name) for name in ("open", "closed", "opened", "begin", "read")})


def serve() -> None:
    asyncio.run(_serve())


def serve_observed() -> None:
    """As `serve`, with an observer."""
    asyncio.run(_serve(Seen()))


class Punctual(selectors.EpollSelector):
    """Of a loop whose timers are not late: epoll waits for whole milliseconds, as long as many a query takes."""

    def select(self, timeout: float | None = None) -> list[tuple[selectors.SelectorKey, int]]:
        if timeout is not None and timeout > 0:
            select.select([self.fileno()], [], [], timeout)
            timeout = 0
        return super().select(timeout)


def ask() -> None:
    with asyncio.Runner(loop_factory=lambda: asyncio.SelectorEventLoop(Punctual())) as runner:
        runner.run(_clients())


@contextmanager
def kept_awake(cores: Sequence[int]) -> Iterator[None]:
    """These cores do not sleep while it lasts: a program on each is busy whenever no other wants to run; OSError.

    On a virtual machine one that sleeps is somebody else's until it is woken, and its caches are theirs: a query was
    seen to need half as long again. Linux alone has programs that run only when no other does.
    """
    command = [sys.executable, "-I", "-c", _BUSY]
    with ExitStack() as stack:
        for core in cores:
            made = subprocess.Popen([*command, str(core), str(os.getpid())], stdout=subprocess.PIPE)
            process = stack.enter_context(made)
            stack.callback(process.kill)
            assert process.stdout is not None
            if not process.stdout.readline():
                raise OSError(f"nothing keeps core {core} awake")
        yield


_BUSY = """
import os, sys
core, parent = map(int, sys.argv[1:])
os.sched_setaffinity(0, [core])
os.sched_setscheduler(0, os.SCHED_IDLE, os.sched_param(0))
print(flush=True)
while os.getppid() == parent:
    for _ in range(100_000):
        pass
"""


class Process:
    """One of the two, from outside."""

    def __init__(self, process: subprocess.Popen[str]) -> None:
        self._process = process

    def keep_to(self, cores: list[int]) -> None:
        """Runs on these cores alone, from now on."""
        psutil.Process(self._process.pid).cpu_affinity(cores)

    def go_first(self, first: bool) -> None:
        """Runs before all programs that are not in such a hurry, or among them again; PermissionError."""
        policy = os.SCHED_RR if first else os.SCHED_OTHER
        os.sched_setscheduler(self._process.pid, policy, os.sched_param(int(first)))

    def tell(self, what: str, **how: object) -> None:
        assert self._process.stdin is not None
        self._process.stdin.write(json.dumps({"do": what, **how}) + "\n")
        self._process.stdin.flush()

    def heard(self) -> Any:
        assert self._process.stdout is not None
        line = self._process.stdout.readline()
        if not line:
            raise SystemExit("a process of the measurement is gone")
        return json.loads(line)

    def do(self, what: str, **how: object) -> Any:
        self.tell(what, **how)
        return self.heard()


@contextmanager
def started(what: Callable[[], None]) -> Iterator[Process]:
    """`serve` or `ask`, in a process of its own."""
    command = [sys.executable, "-c", f"from bench.loading import {what.__name__} as run; run()"]
    with subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True) as process:
        try:
            yield Process(process)
        finally:
            process.kill()
