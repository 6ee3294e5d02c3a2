"""DCE/RPC: what a fragment costs, what a call costs beside a bare echo, and what connections cost that do nothing."""

from __future__ import annotations

import asyncio
import gc
import hashlib
import os
import shutil
import subprocess
import sys
import tracemalloc
from collections import deque
from collections.abc import Callable, Coroutine
from functools import partial
from pathlib import Path
from tempfile import TemporaryDirectory
from time import perf_counter
from typing import Any, cast

import psutil
import spnego
from cryptography.hazmat.decrepit.ciphers.algorithms import ARC4
from cryptography.hazmat.primitives.ciphers import Cipher
from spnego.iov import BufferType

from bench.figure import Absent, Figure, Goal, in_fresh_process, in_turns
from bench.peer import printed
from openwmi.base import limits
from openwmi.base.guid import Guid
from openwmi.dcom import Channel, Endpoint, Exporter, Resolver, proxy
from openwmi.interfaces import IObjectExporter
from openwmi.net import Address, listen
from openwmi.rpc import AuthLevel, AuthOffer, AuthType, Role, RpcAssociation, SyntaxId, TokenNeeded
from openwmi.security import Logins, NtlmContext, NtlmInitiator, ServerNames, User, nt_hash
from openwmi.security.ntlm_message import NtlmFlags

FLAGS = (
    NtlmFlags.EXTENDED_SESSION_SECURITY
    | NtlmFlags.KEY_128
    | NtlmFlags.KEY_EXCHANGE
    | NtlmFlags.SIGN
    | NtlmFlags.SEAL
    | NtlmFlags.UNICODE
)
FIRST = SyntaxId(Guid("99fcfec4-5260-101b-bbcb-00aa0021347a"))
PASSWORD = "secret"  # noqa: S105 - nobody else's
NAMES = ServerNames.of_host("srv1.example")
HEADER, TRAILER = bytes(24), bytes(8)
CALLS = 256
SHORT_TURNS = 60
"""Many short turns: others on the machine leave some of each side's alone, as they would not leave long ones."""


class Users:
    """One user, of any domain."""

    def lookup(self, domain: str, name: str, computer: str) -> User | None:  # noqa: ARG002 - as it is asked
        return User("DOM", name, HASH)


HASH = nt_hash(PASSWORD)


def sealed(size: int) -> tuple[float, float]:
    """Microseconds to seal and sign one PDU."""
    body = bytes(size)
    ours = NtlmContext("me", bytes(16), FLAGS, server=False)
    pdu = HEADER + body + TRAILER
    peer, _ = _spnego_pair()
    kinds = ((BufferType.sign_only, HEADER), body, (BufferType.sign_only, TRAILER), BufferType.header)
    count = 100

    def mine() -> None:
        for _ in range(count):
            ours.seal(pdu, len(HEADER), len(HEADER) + size, sign_header=True)

    def theirs() -> None:
        for _ in range(count):
            peer.wrap_iov(kinds)

    seconds = in_turns(mine, theirs, repeats=SHORT_TURNS, pick=min)
    return count / seconds[0], count / seconds[1]


def sealed_at_most(size: int) -> tuple[float, float]:
    """The same beside what its two algorithms take one after the other: what nobody who seals can be faster than."""
    ours = NtlmContext("me", bytes(16), FLAGS, server=False)
    pdu = HEADER + bytes(size) + TRAILER
    rc4 = Cipher(ARC4(bytes(16)), mode=None).encryptor()
    count = 100

    def mine() -> None:
        for _ in range(count):
            ours.seal(pdu, len(HEADER), len(HEADER) + size, sign_header=True)

    def algorithms() -> None:
        for _ in range(count):
            rc4.update(pdu)
            hashlib.md5(pdu, usedforsecurity=False).digest()

    seconds = in_turns(mine, algorithms, repeats=SHORT_TURNS, pick=min)
    return count / seconds[0], count / seconds[1]


def sealed_by_octets(size: int) -> tuple[float, float]:
    """Both where OpenSSL keeps the state of RC4 in octets, as it does if bit 20 of its settings says so.

    It keeps it in words by itself, which takes Intel's processors of today nearly twice as long (OPENSSL_ia32cap(3)).
    """
    program = f"from bench.rpc import sealed; print(*sealed({size}))"
    settings = os.environ | {"OPENSSL_ia32cap": _settings_with(1 << 20)}
    done = subprocess.run([sys.executable, "-c", program], check=True, stdout=subprocess.PIPE, text=True, env=settings)
    ours, theirs = map(float, done.stdout.split())
    return ours, theirs


def _settings_with(bit: int) -> str:
    if shutil.which("openssl") is None:
        raise Absent("openssl is not installed, and tells nothing of this processor")
    command = ["openssl", "info", "-cpusettings"]
    told = subprocess.run(command, check=True, stdout=subprocess.PIPE, text=True).stdout.strip()
    name, _, value = told.partition("=")
    if name != "OPENSSL_ia32cap":
        raise Absent("this processor is none of those where OpenSSL has two kinds of RC4")
    first, *others = value.split(":")
    return ":".join([hex(int(first, 16) | bit), *others])


def _spnego_pair() -> tuple[Any, Any]:
    client = spnego.client("DOM\\me", PASSWORD, protocol="ntlm", options=spnego.NegotiateOptions.use_ntlm)
    logins = _Answers()
    token = client.step() or b""
    while token:
        token = client.step(logins.step(token)) or b""
        if client.complete:
            break
    return client, logins


class _Answers:
    """The server's end, which only has to challenge."""

    def __init__(self) -> None:
        self._challenge = b""
        self._logins = Logins(Users(), NAMES)

    def step(self, token: bytes) -> bytes:
        verdict = self._logins.check(TokenNeeded(0, AuthType.WINNT, AuthLevel.PRIVACY, token))
        assert verdict.step is not None
        return bytes(verdict.step.token)


def unsealed() -> tuple[float, float]:
    """Responses of 4 KiB a second: parsed, unsealed and verified."""
    count = 200
    with TemporaryDirectory() as folder:
        file = Path(folder) / "response"
        file.write_text(_responses(1)[1][0].hex(), encoding="ascii")
        theirs = float(printed("impacket", "rpc_impacket.py", file, count))
    best = 1e9
    for _ in range(9):
        client, octets = _responses(count)
        gc.collect()
        began = perf_counter()
        for one in octets:
            client.receive(one)
            client.next_event()
        best = min(best, (perf_counter() - began) / count)
        assert not client.pending
    return 1 / best, 1 / theirs


def _responses(count: int) -> tuple[RpcAssociation, list[bytes]]:
    """A client that waits for so many answers, and these."""
    server, client = _associations()
    for _ in range(count):
        client.send_request(0, 3, b"", auth_context_id=0)
    server.receive(client.data_to_send())
    octets = []
    while (event := server.next_event()) is not None:
        server.send_response(cast(Any, event).call_id, bytes(4096))
        octets.append(server.data_to_send())
    return client, octets


def _associations() -> tuple[RpcAssociation, RpcAssociation]:
    server = RpcAssociation(Role.SERVER, interfaces={FIRST})
    client = RpcAssociation(Role.CLIENT)
    client.bind([FIRST], auth=AuthOffer(AuthType.WINNT, AuthLevel.PRIVACY, b"hello"))
    server.receive(client.data_to_send())
    server.next_event()
    server.accept_token(0, b"challenge")
    client.receive(server.data_to_send())
    client.next_event()
    client.next_event()
    client.accept_token(0, b"proof", NtlmContext("me", bytes(16), FLAGS, server=False))
    server.receive(client.data_to_send())
    server.next_event()
    server.accept_token(0, b"", NtlmContext("me", bytes(16), FLAGS, server=True))
    return server, client


class Echo:
    """Frames that come back: four octets of length, and as many; by asyncio's streams, as one writes it in a minute."""

    def __init__(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        self._reader = reader
        self._writer = writer
        self._waiting: deque[asyncio.Future[bytes]] = deque()
        self._receiving = asyncio.get_running_loop().create_task(self._receive())

    async def ask(self, frame: bytes) -> bytes:
        answer: asyncio.Future[bytes] = asyncio.get_running_loop().create_future()
        self._waiting.append(answer)
        self._writer.write(len(frame).to_bytes(4, "little") + frame)
        return await answer

    async def _receive(self) -> None:
        while True:
            frame = await _frame(self._reader)
            self._waiting.popleft().set_result(frame)

    def close(self) -> None:
        self._receiving.cancel()
        self._writer.close()


async def _frame(reader: asyncio.StreamReader) -> bytes:
    size = int.from_bytes(await reader.readexactly(4), "little")
    return await reader.readexactly(size)


async def _echo(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
    try:
        while True:
            frame = await _frame(reader)
            writer.write(len(frame).to_bytes(4, "little") + frame)
    except asyncio.IncompleteReadError:
        writer.close()


def calls(level: AuthLevel, in_flight: int) -> tuple[float, float]:
    """Calls a second over loopback to another process, ours at a level and bare frames, `in_flight` at once."""
    command = [sys.executable, "-c", "from bench.rpc import serve; serve()"]
    with subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True) as served:
        assert served.stdout is not None
        ours, bare = map(int, served.stdout.readline().split())
        rates = asyncio.run(_calls(ours, bare, level, in_flight))
        served.communicate()  # the end of its input is its end
    return rates


async def _calls(ours: int, bare: int, level: AuthLevel, in_flight: int) -> tuple[float, float]:
    login = None if level is AuthLevel.NONE else NtlmInitiator("me", PASSWORD)
    channel = await Channel.open("127.0.0.1", ours, login=login, level=level)
    echo = Echo(*await asyncio.open_connection("127.0.0.1", bare))
    asked = proxy(IObjectExporter, channel).ServerAlive, partial(echo.ask, bytes(24))
    best = [1e9, 1e9]
    for _ in range(SHORT_TURNS):
        for at, ask in enumerate(asked):
            began = perf_counter()
            await _asked(cast(Callable[[], Coroutine[Any, Any, object]], ask), CALLS, in_flight)
            best[at] = min(best[at], (perf_counter() - began) / CALLS)
    echo.close()
    channel.close()
    return 1 / best[0], 1 / best[1]


def serve() -> None:
    """The other ends, ours and the bare one: prints their ports, and ends with its input."""
    asyncio.run(_serve())


async def _serve() -> None:
    exporter, endpoint = _served()
    bare = await asyncio.start_server(_echo, "127.0.0.1", 0)
    listener = await listen(endpoint, Address("127.0.0.1", 0))
    print(listener.address.port, bare.sockets[0].getsockname()[1], flush=True)
    await asyncio.to_thread(sys.stdin.read)
    bare.close()
    await listener.close()
    await endpoint.close()
    exporter.close()


async def _asked(ask: Callable[[], Coroutine[Any, Any, object]], count: int, in_flight: int) -> None:
    async def some(number: int) -> None:
        for _ in range(number):
            await ask()

    if in_flight == 1:
        await some(count)
    else:
        await asyncio.gather(*(some(count // in_flight) for _ in range(in_flight)))


def _served() -> tuple[Exporter, Endpoint]:
    exporter = Exporter(["localhost"], lambda: 0)
    return exporter, Endpoint(exporter, [Resolver(exporter)], [], lambda peer: Logins(Users(), NAMES, peer=peer))


def idle_connection(count: str = "1000") -> float:
    """Kilobytes of the server for each connection that has logged in and waits; the clients are sockets alone."""
    return asyncio.run(_idle(int(count)))


async def _idle(count: int) -> float:
    limits.CONNECTIONS_PER_PEER = limits.CONNECTIONS = 1 << 20  # type: ignore[misc]  # all are from here
    exporter, endpoint = _served()
    listener = await listen(endpoint, Address("127.0.0.1", 0))
    process = psutil.Process()
    clients = [await _bare_login(listener.address.port) for _ in range(20)]
    gc.collect()
    before = process.memory_info().rss
    clients += [await _bare_login(listener.address.port) for _ in range(count)]
    gc.collect()
    used = process.memory_info().rss - before
    for writer in clients:
        writer.close()
    await listener.close()
    await endpoint.close()
    exporter.close()
    return used / count / 1024


async def _bare_login(port: int) -> asyncio.StreamWriter:
    """A client that costs as little as can be, and stays."""
    reader, writer = await asyncio.open_connection("127.0.0.1", port, limit=1 << 10)
    client, login = RpcAssociation(Role.CLIENT), NtlmInitiator("me", PASSWORD)
    client.bind([FIRST], auth=AuthOffer(AuthType.WINNT, AuthLevel.PRIVACY, login.step().token))
    asked = False
    while True:
        writer.write(client.data_to_send())
        client.receive(await reader.read(1 << 16))
        while (event := client.next_event()) is not None:
            if isinstance(event, TokenNeeded):
                step = login.step(event.token)
                client.accept_token(event.auth_context_id, step.token, step.context)
        if asked:
            return writer
        client.send_request(0, 3, b"", auth_context_id=0)
        asked = True


def left_behind(count: str = "10000") -> float:
    """Kilobytes that are held after so many connects and logins, and were not after a tenth of them."""
    return asyncio.run(_left_behind(int(count)))


async def _left_behind(count: int) -> float:
    exporter, endpoint = _served()
    listener = await listen(endpoint, Address("127.0.0.1", 0))
    before = 0
    for number in range(count):
        writer = await _bare_login(listener.address.port)
        writer.close()
        await writer.wait_closed()
        if number == count // 10:
            tracemalloc.start()
        if number == 2 * count // 10:
            before = await _held(endpoint)
    grown = await _held(endpoint) - before
    assert len(endpoint.groups) == 0
    await listener.close()
    await endpoint.close()
    exporter.close()
    return grown / 1024


async def _held(endpoint: Endpoint) -> int:
    """Octets, but for those that pyspnego keeps of each login: it plays the client here."""
    while len(endpoint):  # noqa: ASYNC110 - nothing tells
        await asyncio.sleep(0)
    gc.collect()
    mine = tracemalloc.take_snapshot().filter_traces(
        [tracemalloc.Filter(False, "*/spnego/*"), tracemalloc.Filter(False, tracemalloc.__file__)]
    )
    return sum(each.size for each in mine.statistics("filename"))


FIGURES = [
    Figure("seal and sign 4 KiB", "pyspnego", "/s", Goal(">=", 2.5), partial(sealed, 4096)),
    Figure(
        "seal and sign 4 KiB, RC4 in octets", "pyspnego, too", "/s", Goal(">=", 2.5), partial(sealed_by_octets, 4096)
    ),
    Figure("seal and sign 256 B", "pyspnego", "/s", Goal(">=", 7), partial(sealed, 256)),
    Figure(
        "seal and sign 4 KiB, all in all", "RC4 and MD5 alone", "/s", Goal(">=", 0.85), partial(sealed_at_most, 4096)
    ),
    Figure("a response of 4 KiB, unsealed and verified", "impacket", "/s", Goal(">=", 12), unsealed),
    *(
        Figure(f"a small call, {how}, {whose}", "a bare echo of streams", "/s", goal, partial(calls, level, in_flight))
        for in_flight, how, goal in ((1, "one after the other", Goal(">=", 0.5)), (64, "64 at once", Goal(">=", 0.15)))
        for level, whose in ((AuthLevel.NONE, "nobody's"), (AuthLevel.PRIVACY, "sealed"))
    ),
    Figure(
        "1,000 idle connections, each",
        "",
        "KB",
        Goal("<=", 40, "KB"),
        lambda: (in_fresh_process(idle_connection), 0.0),
    ),
    Figure(
        "10,000 connects and logins leave behind",
        "",
        "KB",
        Goal("<=", 16, "KB"),
        lambda: (in_fresh_process(left_behind), 0.0),
    ),
]
