"""Calls as other people's clients make them: enumerators of each kind, levels, pings, several clients, one that dies.

Most of it against a server of this process, whose provider's rows are numbered, so that none can be lost unseen.
"""

from __future__ import annotations

import asyncio
import signal
from collections.abc import AsyncIterator, Iterator
from contextlib import AsyncExitStack
from pathlib import Path

import psutil
import pytest
from tests.interop.peer import CLIENTS, Peer, PeerError, logged_in
from tests.interop.serving import in_process

from openwmi.base import limits
from openwmi.base.error import WbemError
from openwmi.base.status import WbemStatus
from openwmi.engine import Engine, Provider, Request, Row
from openwmi.model import CimClass, CimType, Property, Qualifier, Type, qualifier_set
from openwmi.server import Server

FORWARD_ONLY, RETURN_IMMEDIATELY = 0x20, 0x10
COUNT, MANY = 40, 10_000
ATTEMPTS = 200
# The smart enumerator is one that aiowmi gets besides its first, which it never releases.
PLAIN: dict[str, dict[str, object]] = {"impacket": {}, "aiowmi": {"smart": False}}
NUMBER = CimClass(
    "Test_Number",
    properties=(
        Property("N", Type(CimType.UINT32), qualifiers=qualifier_set(Qualifier("key"))),
        Property("Text", Type(CimType.STRING)),
    ),
)
FILLING = "щ" * 3000  # some rows need more than one fragment
ENDLESS = CimClass("Test_Endless", properties=NUMBER.properties)
TARGET = CimClass("Test_Target", properties=NUMBER.properties)
PAIR = CimClass(
    "Test_Pair",
    properties=(
        Property("One", Type(CimType.REFERENCE, class_name="Test_Target"), qualifiers=qualifier_set(Qualifier("key"))),
        Property("Name", Type(CimType.STRING)),
        Property("Sizes", Type(CimType.UINT32, array=True)),
    ),
)
FAILING = CimClass("Test_Failing", properties=NUMBER.properties)


class Numbers(Provider):
    cim_class = NUMBER

    def instances(self, request: Request) -> Iterator[Row]:
        return ({"N": n, "Text": FILLING * (n % 3)} for n in range(COUNT))


class Targets(Provider):
    cim_class = TARGET

    def instances(self, request: Request) -> Iterator[Row]:
        return iter([{"N": 1, "Text": "one"}, {"N": 2, "Text": "two"}])


class Pairs(Provider):
    cim_class = PAIR

    def instances(self, request: Request) -> Iterator[Row]:
        return iter([{"One": "Test_Target.N=1", "Sizes": (1, 2)}])


class Many(Provider):
    cim_class = CimClass("Test_Many", properties=NUMBER.properties)

    def instances(self, request: Request) -> Iterator[Row]:
        return ({"N": n} for n in range(MANY))


class Endless(Provider):
    """Its rows have no end; it sees that nobody wants them any more."""

    cim_class = ENDLESS

    def __init__(self) -> None:
        self.closed = asyncio.Event()

    async def instances(self, request: Request) -> AsyncIterator[Row]:
        try:
            n = 0
            while True:
                yield {"N": n, "Text": FILLING}
                n += 1
                await asyncio.sleep(0)
        finally:
            self.closed.set()


class Failing(Provider):
    """Fails after its third row."""

    cim_class = FAILING

    def instances(self, request: Request) -> Iterator[Row]:
        yield from ({"N": n, "Text": ""} for n in range(3))
        raise WbemError(WbemStatus.PROVIDER_FAILURE, "three are enough")


class Here:
    """A server in this process."""

    def __init__(self, server: Server, port: int, endless: Endless) -> None:
        self.server = server
        self.port = port
        self.endless = endless

    @property
    def held(self) -> tuple[int, int]:
        """Objects that clients hold, and connections."""
        sockets = psutil.Process().net_connections("tcp")
        ours = [each for each in sockets if each.laddr.port == self.port and each.status == psutil.CONN_ESTABLISHED]
        return len(self.server._exporter), len(ours)

    async def until_nothing_is_held(self) -> None:
        """Waits; what clients left behind is collected when nobody pings it."""
        for _ in range(ATTEMPTS):
            if self.held == (0, 0):
                return
            await asyncio.sleep(0.05)
        raise AssertionError(f"objects and connections that are held still: {self.held}")


@pytest.fixture
async def here(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> AsyncIterator[Here]:
    """Its server waits seconds for pings, and not minutes: neither client sends any by itself."""
    monkeypatch.setattr(limits, "PING_PERIOD_SECONDS", 1.0)
    monkeypatch.setattr(limits, "PING_TIMEOUT_SECONDS", 1.0)
    endless = Endless()
    engine = Engine("SRV1", [Numbers(), Many(), Targets(), Pairs(), endless, Failing()])
    async with in_process(engine, tmp_path / "users") as (server, port):
        yield Here(server, port, endless)


async def numbers(client: Peer, query: str = "SELECT * FROM Test_Number", **how: object) -> list[int]:
    rows = await client.instances(query, **how)
    assert all(row.Text == FILLING * (row.N % 3) for row in rows)
    return [row.N for row in rows]


@pytest.mark.parametrize("flags", [FORWARD_ONLY | RETURN_IMMEDIATELY, RETURN_IMMEDIATELY, FORWARD_ONLY, 0])
@pytest.mark.parametrize("package", CLIENTS)
async def test_every_row_in_order_whatever_the_mode(package: str, flags: int, here: Here) -> None:
    async with logged_in(package, here.port) as client:
        assert await numbers(client, flags=flags) == list(range(COUNT))


async def test_aiowmi_with_the_smart_enumerator_and_without(here: Here) -> None:
    async with logged_in("aiowmi", here.port) as client:
        for smart in (True, False):
            assert (await client.do("query", text="SELECT * FROM Test_Number", smart=smart))["smart"] is smart
            assert await numbers(client, smart=smart) == list(range(COUNT))


@pytest.mark.parametrize("smart", [True, False])
async def test_ten_thousand_rows_to_aiowmi(smart: bool, here: Here) -> None:
    """One a call, as it asks for them: that takes seconds."""
    async with logged_in("aiowmi", here.port) as client:
        answer = await client.do("count", text="SELECT N FROM Test_Many", smart=smart)
        assert answer == {"rows": MANY, "sum": sum(range(MANY))}


@pytest.mark.parametrize("smart", [True, False])
async def test_a_hundred_connections_of_aiowmi_at_once(smart: bool, here: Here) -> None:
    async with logged_in("aiowmi", here.port) as client:
        answer = await client.do(
            "together", connections=100, text="SELECT N FROM Test_Number", smart=smart, **client.user()
        )
        assert answer["found"] == [{"rows": COUNT, "sum": sum(range(COUNT))}] * 100
        assert await numbers(client) == list(range(COUNT))
    await here.until_nothing_is_held()


async def test_aiowmi_as_its_page_shows_it(here: Here) -> None:
    """Types, arrays, qualifiers, what is missing, and references, which it follows by queries of its own."""
    async with logged_in("aiowmi", here.port) as client:
        answer = await client.do("by_page", text="SELECT * FROM Test_Pair", load_qualifiers=True)
        [row] = answer["rows"]
        assert row["One"]["refers"] == {"N": 1, "Text": "one"}
        assert (row["One"]["type"], row["Sizes"]["value"], row["Sizes"]["array"]) == ("reference", [1, 2], True)
        assert row["One"]["qualifiers"] == ["CIMTYPE", "key"]
        assert row["Name"]["value"] == ""
        answer = await client.do("by_page", text="SELECT * FROM Test_Pair", ignore_missing=True)
        assert [sorted(each) for each in answer["rows"]] == [["One", "Sizes"]]
        answer = await client.do("by_page", text="SELECT * FROM Test_Pair", ignore_defaults=True)
        assert answer["rows"][0]["Name"]["value"] is None
        assert await numbers(client) == list(range(COUNT))


@pytest.mark.parametrize("flags", [RETURN_IMMEDIATELY, 0])
async def test_reset_gives_the_rows_again(flags: int, here: Here) -> None:
    async with logged_in("impacket", here.port) as client:
        assert await numbers(client, flags=flags) == list(range(COUNT))
        for seen in (0, 7):
            await client.do("reset")
            if seen:
                await client.do("next", count=seen)
                await client.do("reset")
            assert len((await client.do("all"))["rows"]) == COUNT


async def test_a_forward_only_enumerator_cannot_be_reset(here: Here) -> None:
    async with logged_in("impacket", here.port) as client:
        await client.do("query", text="SELECT * FROM Test_Number")
        with pytest.raises(PeerError, match="WBEM_E_INVALID_OPERATION"):
            await client.do("reset")
        assert len((await client.do("all"))["rows"]) == COUNT


async def test_the_last_batch_comes_with_its_end(here: Here) -> None:
    async with logged_in("impacket", here.port) as client:
        await client.do("query", text="SELECT N FROM Test_Number")
        sizes = []
        for _ in range(4):
            answer = await client.do("next", count=15)
            sizes.append((len(answer["rows"]), answer["status"]))
    assert sizes == [(15, ""), (15, ""), (10, "S_FALSE"), (0, "S_FALSE")]


@pytest.mark.parametrize("package", CLIENTS)
async def test_a_provider_that_fails_has_given_its_rows(package: str, here: Here) -> None:
    async with logged_in(package, here.port) as client:
        await client.do("query", text="SELECT * FROM Test_Failing")
        for _ in range(3):
            assert len((await client.do("next"))["rows"]) == 1
        with pytest.raises(PeerError, match="WBEM_E_PROVIDER_FAILURE"):
            await client.do("next")
        assert await numbers(client) == list(range(COUNT))


@pytest.mark.parametrize("package", CLIENTS)
async def test_no_rows_long_queries_and_queries_in_any_script(package: str, here: Here) -> None:
    long = " OR ".join(f"N = {n}" for n in range(0, 800, 2))
    async with logged_in(package, here.port) as client:
        assert await numbers(client, "SELECT * FROM Test_Number WHERE N > 1000") == []
        assert await numbers(client, f"SELECT * FROM Test_Number WHERE {long}") == list(range(0, COUNT, 2))
        assert await numbers(client, f"SELECT * FROM Test_Number WHERE Text = '{FILLING}'") == list(range(1, COUNT, 3))
        assert await numbers(client, "SELECT * FROM Test_Number WHERE Text LIKE 'щщ%' AND N < 3") == [1, 2]
        assert await numbers(client, "select * from TEST_NUMBER where n < 2") == [0, 1]


@pytest.mark.parametrize("package", CLIENTS)
async def test_queries_follow_each_other_on_one_connection(package: str, here: Here) -> None:
    async with logged_in(package, here.port) as client:
        for n in range(10):
            assert await numbers(client, f"SELECT * FROM Test_Number WHERE N = {n}") == [n]
            await client.do("release")
        connections = here.held[1]
        await client.do("query", text="SELECT * FROM Test_Endless", **PLAIN[package])
        await client.do("next")
        await client.do("release")
        await asyncio.wait_for(here.endless.closed.wait(), 20)
        assert await numbers(client) == list(range(COUNT))
        assert here.held[1] == connections


async def test_a_release_is_heard(here: Here) -> None:
    """Of every object: both clients release one reference, however many they were given."""
    for package in CLIENTS:
        async with logged_in(package, here.port) as client:
            held = here.held
            for _ in range(5):
                await client.do("query", text="SELECT * FROM Test_Number", **PLAIN[package])
                await client.do("all", parse=False)
                await client.do("release")
            # aiowmi logs in to the namespace when it first asks.
            assert here.held[0] - held[0] == (package == "aiowmi")


@pytest.mark.parametrize("level", ["integrity", "privacy"])
async def test_impacket_at_both_levels(level: str, here: Here) -> None:
    async with logged_in("impacket", here.port, level=level) as client:
        assert await numbers(client) == list(range(COUNT))


async def test_the_object_resolver(here: Here) -> None:
    async with logged_in("impacket", here.port) as client:
        assert f"127.0.0.1[{here.port}]" in (await client.do("resolve"))["bindings"]
        assert "127.0.0.1" in (await client.do("alive"))["bindings"]
        assert (await client.do("pings"))["status"] == [0, 0, 0]
        assert await numbers(client) == list(range(COUNT))


async def test_several_clients_at_once(here: Here) -> None:
    async with AsyncExitStack() as stack:
        clients = [await stack.enter_async_context(logged_in(each, here.port)) for each in ("impacket", *CLIENTS)]
        found = await asyncio.gather(*map(numbers, clients))
    assert found == [list(range(COUNT))] * 3


@pytest.mark.parametrize("package", CLIENTS)
async def test_a_client_that_is_killed_leaves_nothing_behind(package: str, here: Here) -> None:
    async with logged_in("aiowmi", here.port) as other:
        before = here.held
        async with logged_in(package, here.port) as client:
            await client.do("query", text="SELECT * FROM Test_Endless")
            await client.do("next")
            assert here.held > before
            client.process.send_signal(signal.SIGKILL)
            await client.process.wait()
        await asyncio.wait_for(here.endless.closed.wait(), 20)
        assert await numbers(other) == list(range(COUNT))
    await here.until_nothing_is_held()


@pytest.mark.parametrize("package", CLIENTS)
async def test_a_client_that_disconnects_politely_leaves_nothing_behind(package: str, here: Here) -> None:
    async with logged_in(package, here.port) as client:
        for _ in range(3):
            assert await numbers(client) == list(range(COUNT))
            await client.do("disconnect")
            await here.until_nothing_is_held()
            await client.login()


async def test_quick_reconnects(here: Here) -> None:
    async with logged_in("aiowmi", here.port) as client:
        for _ in range(30):
            await client.do("disconnect")
            await client.login()
        assert await numbers(client) == list(range(COUNT))
    await here.until_nothing_is_held()
