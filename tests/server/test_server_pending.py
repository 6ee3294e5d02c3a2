"""What a call costs that a client holds and its provider has not answered: a hundred thousand of them have to fit."""

from __future__ import annotations

import asyncio
import gc
from collections.abc import Awaitable, Callable, Iterator

import pytest
from tests.server.devices import Devices
from tests.server.fakes import RETURN_IMMEDIATELY, Services, Things, wmi

from openwmi.base.status import WbemStatus

FEW, MANY = 20, 120


async def method(services: Services) -> object:
    return await services.begun("ExecMethod", "Demo_Device", "Wait", RETURN_IMMEDIATELY, None, None, None)


async def query(services: Services) -> object:
    return await services.query()


Begin = Callable[[Services], Awaitable[object]]

OURS: dict[Begin, dict[str, int]] = {
    # The provider's own: its coroutine, that of its Event, its future and what waits for that.
    method: {"coroutine": 3, "Future": 1, "FutureIter": 1, "builtin_function_or_method": 1}
    # Ours: the task, the call, what was asked and what the client holds of it.
    | {"Task": 1, "Context": 1, "ReferenceType": 1, "SingleResult": 1, "MethodCall": 1}
    | {"CallResult": 1, "Export": 1, "Interface": 1},
    # The same of a generator, which goes through a tuple.
    query: {"coroutine": 2, "async_generator": 1, "async_generator_asend": 1, "tuple_iterator": 1}
    | {"Future": 1, "FutureIter": 1, "builtin_function_or_method": 1}
    | {"Task": 1, "Context": 1, "ReferenceType": 1, "StreamResults": 1, "_Results": 1}
    | {"ForwardOnlyEnumerator": 1, "Export": 1, "Interface": 1},
}


@pytest.fixture
def nothing_older() -> Iterator[None]:
    """What other tests have left behind does not count, nor does its end."""
    gc.collect()
    gc.freeze()
    yield
    gc.unfreeze()


@pytest.mark.usefixtures("nothing_older")
@pytest.mark.parametrize("begin", [method, query], ids=lambda begin: begin.__name__)
async def test_a_call_that_waits_is_these_objects_and_no_more(begin: Begin) -> None:
    devices = Devices()
    async with wmi(devices, Things(devices.gate)) as made:
        services = await made.enter()
        for _ in range(FEW):
            await begin(services)
        await asyncio.sleep(1)
        before = alive()
        for _ in range(MANY - FEW):
            await begin(services)
        await asyncio.sleep(1)
        each = {name: round((count - before.get(name, 0)) / (MANY - FEW)) for name, count in alive().items()}
        each.pop("UUID", None)  # those that were decoded last are kept, here and by the client
        assert {name: count for name, count in each.items() if count} == OURS[begin]
        devices.gate.set()
        await asyncio.sleep(1)


def alive() -> dict[str, int]:
    gc.collect()
    found: dict[str, int] = {}
    for each in gc.get_objects():
        found[type(each).__name__] = found.get(type(each).__name__, 0) + 1
    return found


async def test_an_enumerator_that_was_never_read_is_let_go_and_its_query_ends() -> None:
    things = Things(asyncio.Event())
    async with wmi(things) as made:
        services = await made.enter()
        enumerator = await services.query()
        await asyncio.sleep(1)
        assert (things.reading, things.ended) == (1, 0)
        await enumerator.release(made)
        await asyncio.sleep(1)
        assert (things.reading, things.ended) == (0, 1)


async def test_one_that_was_read_goes_on_from_its_place() -> None:
    gate = asyncio.Event()
    async with wmi(Things([{"Name": "a", "Size": 1}], gate, [{"Name": "b", "Size": 2}])) as made:
        enumerator = await (await made.enter()).query()
        assert await enumerator.next(5, 100) == ([1], WbemStatus.TIMEDOUT)
        gate.set()
        assert await enumerator.next(5) == ([2], WbemStatus.FALSE)
