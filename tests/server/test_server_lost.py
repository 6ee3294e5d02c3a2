"""Clients that vanish, that read nothing, that send garbage: nothing of theirs is left, and others notice nothing."""

from __future__ import annotations

import asyncio
import gc
import logging
import random
from collections.abc import Awaitable, Callable
from dataclasses import replace
from itertools import cycle, islice
from typing import Any

import pytest
from tests.dcom.fakes import YOU, standard
from tests.server.devices import Devices
from tests.server.fakes import (
    ALL,
    RETURN_IMMEDIATELY,
    SEMISYNC,
    Services,
    Things,
    Wmi,
    things,
    wmi,
)
from tests.server.sinks import ClientHost, RecordingSink, with_sinks

from openwmi.base import limits
from openwmi.base.error import Unreachable
from openwmi.base.status import HResult, WbemStatus
from openwmi.dcom import Exporter, Resolver
from openwmi.interfaces import ComplexPingReply, IObjectExporter, IWbemLevel1Login
from openwmi.server.enumerators import PIECE

PER_CONNECTION = 100
TIMEDOUT = WbemStatus.TIMEDOUT
WIDENED = ("EXPORTS_PER_PRINCIPAL", "ENUMERATORS_PER_PRINCIPAL", "ASYNC_CALLS_PER_PRINCIPAL")
"""What one user may have; they are all one."""
PING_TIME = limits.PING_TIMEOUT_SECONDS + limits.PING_PERIOD_SECONDS + 1
EVENTS = "SELECT * FROM __InstanceCreationEvent WITHIN 1 WHERE TargetInstance ISA 'Demo_Device'"
BOTH = "SELECT * FROM Demo_Thing WHERE Size < 3"

Phase = Callable[[Wmi, ClientHost, Services], Awaitable[None]]


async def nothing(made: Wmi, host: ClientHost, services: Services) -> None:
    """It has logged in."""


async def querying(made: Wmi, host: ClientHost, services: Services) -> None:
    await services.query()


async def in_the_middle(made: Wmi, host: ClientHost, services: Services) -> None:
    assert await (await services.query(ALL, RETURN_IMMEDIATELY)).next(1) == ([1], 0)


async def cloned(made: Wmi, host: ClientHost, services: Services) -> None:
    enumerator = await services.query(ALL, RETURN_IMMEDIATELY)
    await enumerator.clone()
    await enumerator.smart(made)


async def waiting(made: Wmi, host: ClientHost, services: Services) -> None:
    """A Next that nobody will hear the answer of."""
    enumerator = await services.query()
    asked = asyncio.ensure_future(enumerator.next(5))
    asked.add_done_callback(lambda task: task.exception())
    await asyncio.sleep(0)


async def by_call_result(made: Wmi, host: ClientHost, services: Services) -> None:
    await services.begun("GetObject", "Demo_Device", RETURN_IMMEDIATELY, None, None)


async def by_sink(made: Wmi, host: ClientHost, services: Services) -> None:
    assert await services.call("ExecQueryAsync", "WQL", ALL, 0, None, host.sink(RecordingSink())) == 0


async def subscribed(made: Wmi, host: ClientHost, services: Services) -> None:
    reply = await services.call("ExecNotificationQuery", "WQL", EVENTS, SEMISYNC, None)
    assert reply.hresult == 0


PHASES: tuple[Phase, ...] = (nothing, querying, in_the_middle, cloned, waiting, by_call_result, by_sink, subscribed)


def left(made: Wmi) -> dict[str, int]:
    """What a server holds for its clients."""
    gc.collect()
    shared = made.server._shared
    return {
        "objects": len(made.server._exporter),
        "connections": len(made.server.endpoint),
        "groups": len(made.server.endpoint.groups),
        "sessions": len(shared.sessions),
        "sinks": len(shared.calls),
        "enumerators": len(shared.allowances.enumerators.open),
        "replies": len(shared.allowances.replies) + len(made.server.endpoint.untaken),
        "results": len(shared.allowances.results.open),
        "asynchronous calls": len(shared.allowances.sinks.open),
    }


async def vanished(sessions: int) -> dict[str, int]:
    """What so many clients leave, of all phases and a hundred on a connection, when the ping time is over."""
    provider = Things(things(1, 2), asyncio.Event())
    async with with_sinks(provider, Devices()) as (made, host):
        phases = cycle(PHASES)
        clients = []
        for _ in range(sessions // PER_CONNECTION):
            client, login = await made.login()
            clients.append(client)
            for phase in islice(phases, PER_CONNECTION):
                reply = await client.call(IWbemLevel1Login, "NTLMLogin", "//./root/cimv2", None, 0, None, target=login)
                await phase(made, host, Services(client, standard(reply.ppNamespace).ipid))
        assert len(made.server._shared.sessions) == sessions
        for number, client in enumerate(clients):
            if number % 2:
                client.transport.close()
            else:
                client.transport.abort()
        await host.shut()
        await asyncio.sleep(PING_TIME)
        return left(made) | {"queries": provider.reading}


@pytest.mark.no_cover  # many rounds, which tracing makes several times as long
@pytest.mark.parametrize("how", ["close", "abort"])
@pytest.mark.parametrize("phase", PHASES)
async def test_a_client_that_vanishes(phase: Phase, how: str) -> None:
    """At every phase, with a sink that goes with it; another client is served all the while."""
    provider, more = Things(things(1, 2), asyncio.Event()), Devices()
    async with with_sinks(provider, more) as (made, host):
        other = await made.enter()
        before = left(made)
        services = await made.enter()
        await phase(made, host, services)
        await asyncio.sleep(1)
        assert left(made) != before
        getattr(services.client.transport, how)()
        await host.shut()
        assert await (await other.query(BOTH)).next(1) == ([1], 0)
        await asyncio.sleep(PING_TIME)
        other.client.transport.close()
        await asyncio.sleep(PING_TIME)
        assert set(left(made).values()) == {0}
        assert provider.reading == 0


@pytest.mark.parametrize("busy", [True, False])
async def test_many_sinks_of_a_machine_that_vanishes_are_one_line_of_the_log(
    busy: bool, caplog: pytest.LogCaptureFixture
) -> None:
    gate = asyncio.Event()
    async with with_sinks(Things(gate, things(1))) as (made, host):
        services = await made.enter()
        for _ in range(20):
            await by_sink(made, host, services)
        services.client.transport.abort()
        await host.shut()
        if busy:
            gate.set()
            await asyncio.sleep(60)
        else:
            await asyncio.sleep(PING_TIME)
        assert len(made.server._shared.calls) == 0
    said = [each.getMessage() for each in caplog.records if each.levelno >= logging.WARNING]
    assert len(said) == 1, said
    assert ("a sink of query failed" if busy else "are given up") in said[0]


class Moody(Resolver):
    """While it is mute its machine hangs: connections stay, and nobody answers."""

    def __init__(self, exporter: Exporter, monkeypatch: pytest.MonkeyPatch) -> None:
        super().__init__(exporter)
        self.speaks = asyncio.Event()
        monkeypatch.setattr(limits, "LOGIN_SECONDS", 1 << 20)  # it does not even close connections that idle

    async def ResolveOxid2(self, pOxid: int, cRequestedProtseqs: int, arRequestedProtseqs: Any) -> Any:
        await self.speaks.wait()
        return await super().ResolveOxid2(pOxid, cRequestedProtseqs, arRequestedProtseqs)

    async def SimplePing(self, pSetId: int) -> int:
        await self.speaks.wait()
        return await super().SimplePing(pSetId)

    async def ComplexPing(self, pSetId: int, SequenceNum: int, *rest: Any) -> ComplexPingReply:
        await self.speaks.wait()
        return await super().ComplexPing(pSetId, SequenceNum, *rest)


IN_VAIN = limits.PING_PERIOD_SECONDS + limits.SILENT_SECONDS
"""Until a ping that nobody answers is over."""


async def test_a_machine_that_hangs_is_given_up_until_it_calls_and_one_that_answers_now_and_then_is_not(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    async with with_sinks(Things(things(1), asyncio.Event())) as (made, host):
        services, back = await made.enter(), RecordingSink()
        await by_sink(made, host, services)
        moody = host.endpoint._services[IObjectExporter.iid] = Moody(host.exporter, monkeypatch)
        for _ in range(3):
            moody.speaks.clear()
            await asyncio.sleep(2 * IN_VAIN)
            moody.speaks.set()
            await asyncio.sleep(limits.PING_PERIOD_SECONDS + 1)
            assert len(made.server._shared.calls) == 1
        moody.speaks.clear()
        await asyncio.sleep(3 * IN_VAIN + 1)
        assert (len(made.server._shared.calls), made.server._shared.callbacks._hosts) == (0, {})
        moody.speaks.set()
        assert await services.call("CreateClassEnumAsync", "Demo_Thing", 0, None, host.sink(back)) == 0
        async with asyncio.timeout(60):
            await back.finished.wait()
        assert back.final.status == 0


async def test_a_machine_that_is_not_found_at_once_is_looked_for_again_for_the_next_who_waits() -> None:
    """Two ask for sinks of one exporter: the first finds nobody there, the second comes after it."""
    async with with_sinks(Things(things(1))) as (made, host):
        callbacks = made.server._shared.callbacks
        first, connect = asyncio.Event(), callbacks.policy.connect

        async def connecting(*arguments: Any, **named: Any) -> Any:
            if not first.is_set():
                await asyncio.sleep(1)
                first.set()
                raise Unreachable(HResult.RPC_S_SERVER_UNAVAILABLE, "nobody is there yet")
            return await connect(*arguments, **named)

        callbacks.policy = replace(callbacks.policy, connect=connecting)
        sinks = [RecordingSink(), RecordingSink()]
        asked = [
            asyncio.create_task((await made.enter()).call("ExecQueryAsync", "WQL", ALL, 0, None, host.sink(sink)))
            for sink in sinks
        ]
        assert await asyncio.gather(*asked) == [HResult.RPC_S_SERVER_UNAVAILABLE, 0]
        await sinks[1].finished.wait()
        assert (sinks[0].heard, sinks[1].final.status) == ([], 0)


async def test_who_waits_for_a_machine_until_it_is_given_up_hears_of_that(monkeypatch: pytest.MonkeyPatch) -> None:
    async with with_sinks(Things(things(1), asyncio.Event())) as (made, host):
        await by_sink(made, host, await made.enter())
        moody = host.endpoint._services[IObjectExporter.iid] = Moody(host.exporter, monkeypatch)
        await asyncio.sleep(3 * IN_VAIN - 3)
        theirs = await made.enter(user=YOU)
        sink = host.sink(RecordingSink())
        asked = asyncio.create_task(theirs.call("ExecQueryAsync", "WQL", ALL, 0, None, sink))
        await asyncio.sleep(5)
        assert not asked.done()
        moody.speaks.set()
        assert await asked == HResult.RPC_S_SERVER_UNAVAILABLE
        assert (len(made.server._shared.calls), made.server._shared.callbacks._hosts) == (0, {})


@pytest.mark.no_cover  # many rounds, which tracing makes several times as long
@pytest.mark.parametrize("sessions", [1000])
async def test_many_sessions_that_vanish(sessions: int, monkeypatch: pytest.MonkeyPatch) -> None:
    """`python -m bench load` does it with ten thousand."""
    for name in WIDENED:
        monkeypatch.setattr(limits, name, 1 << 20)
    assert set((await vanished(sessions)).values()) == {0}


# What may come after a login: noise, texts, and PDUs that are not what they seem.
_noise = random.Random(7)
_request = bytes.fromhex("0500000310000000")
GARBAGE = [
    _noise.randbytes(10_000),
    b"GET / HTTP/1.1\r\nHost: x\r\n\r\n",
    bytes(64),
    _request + (0xFFFF).to_bytes(2, "little") + bytes(6) + _noise.randbytes(0xFFFF),
    _request + (64).to_bytes(2, "little") + (16).to_bytes(2, "little") + _noise.randbytes(52),  # a wrong signature
]


@pytest.mark.parametrize("number", range(len(GARBAGE)))
async def test_garbage_after_a_login_ends_its_connection_alone(number: int) -> None:
    more = asyncio.Event()
    async with wmi(Things(things(1), more, things(2))) as made:
        mine, theirs = await made.enter(), await made.enter()
        waiting = asyncio.create_task((await mine.query()).next(2))
        await theirs.query()
        await asyncio.sleep(1)
        theirs.client.data_received = lambda data: None  # type: ignore[method-assign]  # it does not care
        theirs.client.transport.write(GARBAGE[number])
        await asyncio.sleep(1)
        assert left(made)["connections"] == 1
        assert await (await mine.query()).next(1) == ([1], 0)
        more.set()
        assert await waiting == ([1, 2], 0)
        mine.client.transport.close()
        await asyncio.sleep(PING_TIME)
        assert set(left(made).values()) == {0}


async def test_a_client_that_stops_reading(monkeypatch: pytest.MonkeyPatch) -> None:
    """It asks on and on for objects: what it holds up is its own, and is ended where it reads nothing at all."""
    monkeypatch.setattr(limits, "REPLY_OCTETS", 200_000)
    endless = Things([{"Name": f"{number}" * 3000, "Size": number} for number in range(50)] * 100)
    async with wmi(endless) as made:
        mine, theirs = await made.enter(), await made.enter()
        held = await theirs.query()
        theirs.client.transport.pause_reading()
        asked = [asyncio.ensure_future(held.next(50)) for _ in range(40)]
        for _ in range(10):
            assert await (await mine.query("SELECT Size FROM Demo_Thing WHERE Size = 3")).next(1) == ([3], 0)
            await asyncio.sleep(1)
        assert not asked[-1].done()
        assert endless.reading >= 1
        await asyncio.sleep(3 * limits.STALLED_SECONDS)
        theirs.client.transport.resume_reading()
        outcomes = await asyncio.gather(*asked, return_exceptions=True)
        assert isinstance(outcomes[-1], ConnectionError)
        assert await (await mine.query()).next(1) == ([0], 0)
        mine.client.transport.close()
        await asyncio.sleep(PING_TIME)
        assert set(left(made).values()) == {0}
        assert endless.reading == 0


async def test_replies_that_one_user_does_not_take(monkeypatch: pytest.MonkeyPatch) -> None:
    """Many at once, none of them longer than it may be: together they have an end, which is no other user's."""
    monkeypatch.setattr(limits, "REPLIES_OCTETS", 1_000_000)
    rows: list[dict[str, object]] = [{"Name": f"{number}" * 3000, "Size": number} for number in range(10, 60)]
    gate = asyncio.Event()
    async with wmi(Things(gate, rows)) as made:
        mine, theirs = await made.enter(), await made.enter(user=YOU)
        held = [await theirs.query() for _ in range(20)]
        theirs.client.transport.pause_reading()
        asked = [asyncio.ensure_future(each.next(50)) for each in held]
        await asyncio.sleep(1)
        gate.set()
        await asyncio.sleep(1)
        untaken = made.server.endpoint.untaken
        assert 900_000 < untaken.total() < 1_400_000 < len(held) * 50 * 6_000
        assert await (await mine.query()).next(50) == (list(range(10, 60)), 0)
        theirs.client.transport.resume_reading()
        *_, (sizes, status) = await asyncio.gather(*asked)
        assert (sizes, status) == (list(range(10, 10 + PIECE)), TIMEDOUT)
        assert not untaken
        assert await held[-1].next(50) == (list(range(10 + PIECE, 60)), WbemStatus.FALSE)
        theirs.client.transport.close()
        mine.client.transport.close()
        await asyncio.sleep(PING_TIME)
        assert set(left(made).values()) == {0}
