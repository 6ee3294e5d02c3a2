"""Connections that end in the midst: every call ends at once, says what it knows, and the next one logs in anew."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from typing import Any

import pytest
from tests.client.fakes import THINGS, World, world

from openwmi.base.error import Timeout, Unreachable, WbemError
from openwmi.base.status import WbemStatus
from openwmi.operation import CallFlags

ALL = "SELECT * FROM Demo_Thing"
LATE = 20.0
"""Seconds that a call takes longer than anybody waits."""

AT_ONCE = 0.1
"""Seconds from the reset to the end of every call."""


class Cutting:
    """A network that breaks all connections when the client has spoken so many times; 0 is never.

    Attributes:
        spoken: how many times it has.
        at: when they broke, by the loop's clock.
    """

    def __init__(self, there: World, after: int = 0) -> None:
        self._there = there
        self.after = after
        self.spoken = 0
        self.at: float | None = None
        self._transports: list[Any] = []

    async def connect(self, protocol: Callable[[], Any], host: str, port: int, timeout: float, /) -> tuple[Any, Any]:
        transport, made = await self._there.network.connect(protocol, host, port)
        self._transports.append(transport)
        write = transport.write

        def counted(data: bytes | bytearray | memoryview[Any]) -> None:
            self.spoken += 1
            if self.spoken == self.after:
                self.cut()
            else:
                write(data)

        transport.write = counted  # type: ignore[method-assign]  # so that it counts
        return transport, made

    @property
    def opened(self) -> int:
        """How many connections have been."""
        return len(self._transports)

    def cut(self) -> None:
        """Now."""
        self.at = asyncio.get_running_loop().time()
        self._there.server.disconnect()


async def test_in_each_phase_of_a_query() -> None:
    """From the first octet that is sent to the last."""
    outcomes = []
    for after in range(1, 20):
        async with world() as there:
            network = Cutting(there, after)
            try:
                async with there.entered(connect=network.connect) as ns:
                    outcomes.append(len(await ns.query(ALL)))
            except Unreachable:
                outcomes.append(-1)
                assert network.at is not None
                assert asyncio.get_running_loop().time() - network.at <= AT_ONCE
            if network.spoken < after:
                break
    assert outcomes[0] == -1
    assert outcomes[-1] == 3
    assert set(outcomes) == {-1, 3}, "there is no half of a result"
    assert outcomes.count(-1) >= 8


async def test_every_pending_call_ends_and_the_next_logs_in_anew() -> None:
    rows = {"Demo_Slow": lambda: [{"Name": "x"}]}
    async with world(THINGS, "class Demo_Slow { [key] string Name; };", rows=rows) as there:
        network = Cutting(there)
        async with there.entered(connect=network.connect) as ns:
            fault = there.server.fault(of="Demo_Slow", delay=LATE)
            pending = [
                ns.query("SELECT * FROM Demo_Slow"),
                ns.options(flags=CallFlags.RETURN_IMMEDIATELY).get("Demo_Slow='x'"),
                ns.get("Demo_Slow='x'"),
                ns.events("SELECT * FROM __InstanceCreationEvent WHERE TargetInstance ISA 'Demo_Thing'"),
            ]
            for each in pending:
                await each.started()
            await asyncio.sleep(0.5)
            assert fault.seen >= 3
            network.cut()
            for each in pending:
                await each.status(AT_ONCE)
                assert isinstance(each.results.error, Unreachable), each.name
            there.server.no_faults()
            assert len(await ns.query(ALL)) == 3
            assert [visit.user for visit in there.server.sessions] == [r"WORKGROUP\tester"] * 2
            await asyncio.sleep(LATE)  # what goes on over there comes to its end


@pytest.mark.parametrize("flags", [CallFlags.NONE, CallFlags.RETURN_IMMEDIATELY])
async def test_nobody_knows_whether_a_change_was_made(flags: CallFlags) -> None:
    async with world(methods={"Demo_Thing.Grow": lambda keys, inputs: 0}) as there:
        network = Cutting(there)
        async with there.entered(connect=network.connect) as face:
            ns = face.options(flags=flags)
            one = await ns.get("Demo_Thing='one'")
            changes: list[Callable[[], Any]] = [
                lambda: ns.put(one),
                lambda: ns.delete("Demo_Thing='two'"),
                lambda: ns.call("Demo_Thing='one'", "Grow", By=1),
            ]
            await changes[2]()
            for change in changes:
                there.server.fault(of="Demo_Thing", delay=LATE)
                operation = change()
                await asyncio.sleep(0.5)
                network.cut()
                with pytest.raises(Unreachable, match="the outcome is unknown"):
                    await operation
                there.server.no_faults()
                await ns.get("Demo_Thing")
                there.server.fault(of="Demo_Thing", delay=LATE)
                operation = change()
                await operation.started()
                operation.cancel()
                with pytest.raises(WbemError, match="the outcome is unknown") as cancelled:
                    await operation
                assert cancelled.value.status == WbemStatus.CALL_CANCELLED
                there.server.no_faults()
                await ns.get("Demo_Thing")
                await asyncio.sleep(LATE)


async def test_what_was_never_asked_has_changed_nothing() -> None:
    async with world() as there:
        network = Cutting(there)
        async with there.entered(connect=network.connect) as ns:
            one = await ns.get("Demo_Thing='one'")
            network.cut()
            await asyncio.sleep(0.1)
            there.server.fault(call="RemoteCreateInstance", delay=LATE)
            waiting = [ns.put(one), ns.delete("Demo_Thing='one'")]
            await asyncio.sleep(0.1)
            waiting[0].cancel()
            await asyncio.sleep(0.1)  # the other has begun to log in meanwhile
            network.cut()
            for each in waiting:
                with pytest.raises(WbemError) as failure:
                    await each
                assert "unknown" not in failure.value.message
            await asyncio.sleep(LATE)


async def test_a_deadline_is_told_by_the_server_or_by_us() -> None:
    async with world() as there, there.entered() as face:
        there.server.fault(of="Demo_Thing", delay=LATE)
        ns = face.options(timeout=2)
        began = asyncio.get_running_loop().time()
        for operation in (ns.get("Demo_Thing='one'"), ns.query(ALL), ns.delete("Demo_Thing='one'")):
            with pytest.raises(TimeoutError):
                await operation
        assert asyncio.get_running_loop().time() - began == pytest.approx(2, abs=0.1)
        there.server.no_faults()
        assert (await ns.get("Demo_Thing='two'")).Size == 2
        await asyncio.sleep(LATE)


async def test_a_synchronous_call_waits_as_long_as_a_live_server_takes_unless_it_was_given_a_time() -> None:
    async with world() as there, there.entered() as ns:
        clock = asyncio.get_running_loop().time
        one = await ns.get("Demo_Thing='one'")
        there.server.fault(of="Demo_Thing", delay=3600.0)
        began = clock()
        assert (await ns.get("Demo_Thing='two'")).Size == 2
        assert clock() - began == pytest.approx(3600, abs=1)
        with pytest.raises(Timeout, match="the outcome is unknown"):
            await ns.options(timeout=30).put(one)
        assert clock() - began == pytest.approx(3630, abs=1)
        there.server.no_faults()
        await asyncio.sleep(3600)


async def test_nobody_is_asked_to_take_back_what_was_lost() -> None:
    """The next login is not kept waiting by a server that is gone, nor is the end."""
    async with world() as there:
        network = Cutting(there)
        session = await there.enter(connect=network.connect)
        opened = network.opened
        network.cut()
        await asyncio.sleep(0.1)
        await session.close()
        assert network.opened == opened
