"""Servers that are killed after each PDU of either side in turn: what is said then is true, and said at once."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable
from typing import Any, NamedTuple

import pytest
from tests.client.fakes import THINGS, World, world
from tests.client.test_client_rough import heard

from openwmi.base.error import Unreachable, WbemError
from openwmi.base.status import HResult
from openwmi.client.sinkhost import SinkHosts
from openwmi.model import CimClass, CimInstance
from openwmi.net import Address
from openwmi.operation import CallFlags
from openwmi.server import CallbackPolicy
from openwmi.session import Namespace

AT_ONCE = 0.1
"""Seconds from the end of the connections to the end of the call."""
EVENT = "class Demo_Event : __ExtrinsicEvent { string Text; };"
LATER = CallFlags.RETURN_IMMEDIATELY

Story = Callable[[Namespace, World], Awaitable[None]]


class Killing:
    """A network that breaks all connections in place of the so-manieth thing that either side says.

    Attributes:
        said: how many there were.
        at: when they broke, by the loop's clock.
    """

    def __init__(self, there: World, after: int) -> None:
        self._there = there
        self.after = after
        self.said = 0
        self.at: float | None = None
        self._called_back: list[asyncio.Transport] = []
        there.sinks = SinkHosts(open_port=self.listen)

    async def listen(self, protocol: Callable[[], Any], address: Address, /) -> Any:
        """Where the server calls sinks."""

        def accepted() -> Any:
            inner = protocol()
            inner.data_received = self._counted(inner.data_received)
            connection_made = inner.connection_made

            def made(transport: asyncio.Transport) -> None:
                self._called_back.append(transport)
                connection_made(transport)

            inner.connection_made = made
            return inner

        return await self._there.network.listen(accepted, address)

    async def connect(self, protocol: Callable[[], Any], host: str, port: int, timeout: float, /) -> tuple[Any, Any]:
        def made() -> Any:
            inner = protocol()
            inner.data_received = self._counted(inner.data_received)
            return inner

        transport, inner = await self._there.network.connect(made, host, port)
        transport.write = self._counted(transport.write)  # type: ignore[method-assign, assignment]  # so that it counts
        return transport, inner

    def _counted(self, pass_on: Callable[[Any], None]) -> Callable[[Any], None]:
        def counted(data: Any) -> None:
            self.said += 1
            if self.said == self.after:
                self.at = asyncio.get_running_loop().time()
                self._there.server.disconnect()
                for transport in self._called_back:
                    transport.abort()
            else:
                pass_on(data)

        return counted


async def enumerated(ns: Namespace, _: World) -> None:
    assert len(await ns.instances("Demo_Thing")) == 3, "there is no half of a result"


async def enumerated_to_a_sink(ns: Namespace, _: World) -> None:
    assert len((await heard(ns, lambda it: it.instances("Demo_Thing"))).objects) == 3


async def watched(ns: Namespace, there: World) -> None:
    async with ns.events("SELECT * FROM Demo_Event") as events:
        await events.started()
        own = there.server.namespace()
        class_ = await own.get("Demo_Event")
        assert isinstance(class_, CimClass)
        await own.emit(class_.instance({"Text": "heard"}))
        assert [event.Text for event in await events.next(1, timeout=60)] == ["heard"]


async def put(ns: Namespace, _: World) -> None:
    await ns.put(await made(ns))


async def put_later(ns: Namespace, _: World) -> None:
    await ns.options(flags=LATER).put(await made(ns))


async def put_to_a_sink(ns: Namespace, _: World) -> None:
    new = await made(ns)
    await heard(ns, lambda it: it.put(new))


async def called(ns: Namespace, _: World) -> None:
    assert (await ns.call("Demo_Thing='one'", "Grow", By=4)).ReturnValue == 7


async def called_later(ns: Namespace, _: World) -> None:
    assert (await ns.options(flags=LATER).call("Demo_Thing='one'", "Grow", By=4)).ReturnValue == 7


async def called_to_a_sink(ns: Namespace, _: World) -> None:
    (out,) = (await heard(ns, lambda it: it.call("Demo_Thing='one'", "Grow", By=4))).objects
    assert out.ReturnValue == 7


async def made(ns: Namespace) -> CimInstance:
    thing = await ns.get("Demo_Thing")
    assert isinstance(thing, CimClass)
    return thing.instance({"Name": "new", "Size": 4})


async def put_by_now(there: World) -> int:
    """How many things there are that were not there before."""
    return len(await there.server.namespace().query("SELECT * FROM Demo_Thing")) - 3


READING: list[Story] = [enumerated, enumerated_to_a_sink, watched]
CHANGING: list[Story] = [put, put_later, put_to_a_sink, called, called_later, called_to_a_sink]


class Killed(NamedTuple):
    """What became of a story. `error`: None where it came to its end. `changes`: how often it has changed something."""

    error: WbemError | None
    changes: int


async def each_phase(story: Story) -> list[Killed]:
    """What becomes of it if the server is killed after the first PDU, the second, and so on to none at all."""
    found: list[Killed] = []
    while True:
        grown: list[int] = []

        def grow(_: object, inputs: Any, grown: list[int] = grown) -> int:
            grown.append(inputs["By"])
            return 7

        methods: dict[str, Any] = {"Demo_Thing.Grow": grow}
        async with world(THINGS, EVENT, methods=methods, callbacks=CallbackPolicy(anonymous=True)) as there:
            network, error = Killing(there, len(found) + 1), None
            clock = asyncio.get_running_loop().time
            try:
                async with there.entered(connect=network.connect) as ns:
                    try:
                        await story(ns, there)
                    except WbemError as failure:
                        error = failure
                        assert network.at is not None
                        assert clock() - network.at <= AT_ONCE
                        assert len(await ns.query("SELECT * FROM Demo_Thing WHERE Size < 4")) == 3, "it logs in anew"
            except Unreachable as failure:
                error = failure  # to be let in
            await asyncio.sleep(1)
            found.append(Killed(error, len(grown) + await put_by_now(there)))
        if network.said < network.after:
            return found


@pytest.mark.parametrize("story", READING, ids=lambda story: story.__name__)
async def test_what_is_read(story: Story) -> None:
    found = await each_phase(story)
    assert found[-1].error is None
    failed = [each.error for each in found if each.error is not None]
    assert {error.status for error in failed} == {HResult.RPC_S_CALL_FAILED}
    assert len(failed) >= 10


@pytest.mark.no_cover  # many rounds, which tracing makes several times as long
@pytest.mark.parametrize("story", CHANGING, ids=lambda story: story.__name__)
async def test_what_is_changed_is_changed_once_and_what_may_have_been_is_said_to_be_unknown(story: Story) -> None:
    found = await each_phase(story)
    assert found[-1] == (None, 1)
    failed = [each for each in found if each.error is not None]
    assert {each.error.status for each in failed if each.error} == {HResult.RPC_S_CALL_FAILED}
    assert len(failed) >= 10
    assert all(each.changes == 1 for each in found if each.error is None)
    known = [each for each in failed if "the outcome is unknown" not in str(each.error)]
    unknown = [each for each in failed if each not in known]
    assert {each.changes for each in known} == {0}
    assert {each.changes for each in unknown} <= {0, 1}
    assert any(each.changes for each in unknown), "it was changed, and its answer was lost"
