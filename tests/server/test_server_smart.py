"""IWbemFetchSmartEnum and IWbemWCOSmartEnum ([MS-WMI] 3.1.4.6-7): each class is described once to each proxy."""

from __future__ import annotations

import asyncio

import pytest
from tests.dcom.fakes import Refused
from tests.server.fakes import ALL, FORWARD_ONLY, RETURN_IMMEDIATELY, Things, things, wmi

from openwmi.base import guid, limits
from openwmi.base.fault import LocalProtocolError
from openwmi.base.guid import Guid
from openwmi.base.status import HResult, WbemStatus
from openwmi.server.enumerators import SmartEnumerator
from openwmi.wmio import ObjectArrayEncoder

A, B = Guid("6d6d1f5a-6a0e-4a1c-9d3c-1b7c1c1d000a"), Guid("6d6d1f5a-6a0e-4a1c-9d3c-1b7c1c1d000b")
OK, FALSE, TIMEDOUT = WbemStatus.NO_ERROR, WbemStatus.FALSE, WbemStatus.TIMEDOUT


async def test_the_class_is_described_once() -> None:
    async with wmi(Things(things(*range(8)))) as made:
        smart = await (await (await made.enter()).query()).smart(made)
        first = await smart.raw(A, 1)
        second = await smart.raw(A, 1)
        assert len(second.pBuffer) < len(first.pBuffer)
        assert b"Demo_Thing" in first.pBuffer
        assert second.pBuffer.count(b"Demo_Thing") < first.pBuffer.count(b"Demo_Thing")


@pytest.mark.parametrize("proxy", [A, guid.NULL])
async def test_objects_statuses_and_time_outs(proxy: Guid) -> None:
    gate = asyncio.Event()
    async with wmi(Things(things(*range(7)), gate, things(7, 8))) as made:
        smart = await (await (await made.enter()).query()).smart(made)
        assert await smart.next(proxy, 5) == ([0, 1, 2, 3, 4], OK)
        assert await smart.next(proxy, 5, timeout=1000) == ([5, 6], TIMEDOUT)
        assert await smart.next(proxy, 5, timeout=0) == ([], TIMEDOUT)
        gate.set()
        assert await smart.next(proxy, 5) == ([7, 8], FALSE)
        assert await smart.next(proxy, 5) == ([], FALSE)


async def test_each_proxy_is_told_of_each_class() -> None:
    async with wmi(Things(things(*range(9)))) as made:
        smart = await (await (await made.enter()).query()).smart(made)
        for index, proxy in enumerate((A, guid.NULL, B, A, B, guid.NULL)):
            assert await smart.next(proxy, 1) == ([index], OK)


async def test_so_many_proxies_and_no_more() -> None:
    async with wmi(Things(things(*range(40)))) as made:
        smart = await (await (await made.enter()).query()).smart(made)
        for number in range(limits.SMART_PROXIES):
            assert await smart.next(Guid(int=number), 1) == ([number], OK)
        assert await smart.next(Guid(int=99), 1) == ([], WbemStatus.QUOTA_VIOLATION)
        assert (await smart.next(Guid(int=0), 1))[1] == OK


async def test_a_reply_has_an_end(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(limits, "REPLY_OCTETS", 10_000)
    numbers = list(range(500))
    async with wmi(Things(things(*numbers))) as made:
        smart = await (await (await made.enter()).query()).smart(made)
        found, status = await smart.next(A, 1000)
        assert 0 < len(found) < 500
        assert status == TIMEDOUT
        while status != FALSE:
            more, status = await smart.next(A, 1000)
            found = found + more
        assert found == numbers


async def test_it_shares_its_place_with_the_enumerator() -> None:
    async with wmi(Things(things(*range(6)))) as made:
        enumerator = await (await made.enter()).query(ALL, RETURN_IMMEDIATELY)
        first, second = await enumerator.smart(made), await enumerator.smart(made)
        assert await first.next(A, 1) == ([0], OK)
        assert await enumerator.next(1) == ([1], OK)
        assert await second.next(A, 1) == ([2], OK)
        assert await enumerator.call("Reset") == 0
        assert await first.next(A, 2) == ([0, 1], OK)
        clone = await (await enumerator.clone()).smart(made)
        assert await clone.next(A, 100) == ([2, 3, 4, 5], FALSE)
        assert await second.next(A, 100) == ([2, 3, 4, 5], FALSE)


async def test_either_of_them_keeps_the_objects() -> None:
    provider = Things(things(1, 2), asyncio.Event())
    async with wmi(provider) as made:
        services = await made.enter()
        for smart_last in (True, False):
            enumerator = await services.query()
            smart = await enumerator.smart(made)
            await (enumerator if smart_last else smart).release(made)
            assert await (smart.next(A, 1) if smart_last else enumerator.next(1)) == ([1], OK)
            assert provider.reading == 1
            await (smart if smart_last else enumerator).release(made)
            await asyncio.sleep(1)
            assert provider.reading == 0


async def test_one_that_could_not_be_handed_out_keeps_nothing(monkeypatch: pytest.MonkeyPatch) -> None:
    provider = Things(things(1), asyncio.Event())
    async with wmi(provider) as made:
        enumerator = await (await made.enter()).query()
        with monkeypatch.context() as patched:
            patched.setattr(limits, "EXPORTS_PER_PRINCIPAL", 0)
            with pytest.raises(AssertionError):  # there is no reference in the answer
                await enumerator.smart(made)
        await enumerator.release(made)
        await asyncio.sleep(1)
        assert provider.reading == 0


async def test_after_a_failure_every_class_is_described_again(monkeypatch: pytest.MonkeyPatch) -> None:
    """What was described in a reply that was never sent is not known to the client."""
    encoders: list[ObjectArrayEncoder] = []
    packet = ObjectArrayEncoder.packet

    def fail_once(self: ObjectArrayEncoder, row: object) -> bytes:
        octets = packet(self, row)  # type: ignore[arg-type]  # whatever it is, it is passed on
        encoders.append(self)
        if len(encoders) == 2:
            raise LocalProtocolError("this one cannot be sent")
        return octets

    monkeypatch.setattr(ObjectArrayEncoder, "packet", fail_once)
    async with wmi(Things(things(*range(4)), things(4, 5))) as made:
        smart = await (await (await made.enter()).query(ALL, FORWARD_ONLY)).smart(made)
        with pytest.raises(Refused) as caught:
            await smart.next(A, 3)
        assert caught.value.status == HResult.RPC_E_SERVERFAULT
        found, status = await smart.next(A, 100)
        assert (found[-1], status) == (5, FALSE)
        assert encoders[2] is not encoders[0]


async def test_a_next_that_is_given_up_leaves_a_reader_that_works() -> None:
    gate = asyncio.Event()
    async with wmi(Things(things(*range(70)), gate, things(70, 71))) as made:
        enumerator = await (await made.enter()).query()
        smart = await enumerator.smart(made)
        waiting = asyncio.create_task(smart.raw(A, 100))
        await asyncio.sleep(1)
        exported = [
            each.object
            for each in made.server._exporter._table._exports.values()
            if isinstance(each.object, SmartEnumerator)
        ]
        (call,) = [call.task for each in made.server.endpoint._connections for call in each._calls.values()]
        call.cancel()
        with pytest.raises(Refused):
            await waiting
        assert exported[0]._encoders == {}
        gate.set()
        assert (await smart.next(A, 100))[1] == FALSE
