"""What a provider may be: functions of each kind, what they are asked, and where they run."""

from __future__ import annotations

import asyncio
import threading
from collections.abc import AsyncIterator, Callable, Iterable, Iterator, Mapping

import pytest
from tests.engine.fakes import CLOCK, DESK, LAMP, LAMPS, KeyedRows, Lamps, Rows, names, serve

from openwmi.base.error import NotFound, WbemError
from openwmi.base.limits import PROVIDER_BATCH, PROVIDER_THREADS
from openwmi.base.status import WbemStatus
from openwmi.engine import MethodCall, Provider, Request, Row, method
from openwmi.operation import CallFlags

THREADS: list[str] = []
"""Where the functions below have run."""


def _note() -> None:
    THREADS.append(threading.current_thread().name)


class Ordinary(Provider):
    cim_class = LAMP

    def instances(self, request: Request) -> list[Row]:
        _note()
        return LAMPS

    def get(self, request: Request, keys: Mapping[str, object]) -> Row | None:
        _note()
        return LAMPS[0] if keys == {"Name": "hall"} else None

    @method("Add")
    def add(self, call: MethodCall) -> Row:
        _note()
        return {"Name": "new", "ReturnValue": 7}


class Generating(Ordinary):
    def instances(self, request: Request) -> Iterator[Row]:  # type: ignore[override]
        _note()
        yield from LAMPS


class Coroutines(Provider):
    cim_class = LAMP

    async def instances(self, request: Request) -> Iterable[Row]:
        _note()
        await asyncio.sleep(1)
        return iter(LAMPS)

    async def get(self, request: Request, keys: Mapping[str, object]) -> Row | None:
        _note()
        await asyncio.sleep(1)
        return LAMPS[0] if keys == {"Name": "hall"} else None

    @method("Add")
    async def add(self, call: MethodCall) -> Row:
        _note()
        await asyncio.sleep(1)
        return {"Name": "new", "ReturnValue": 7}


class AsyncGenerating(Coroutines):
    async def instances(self, request: Request) -> AsyncIterator[Row]:  # type: ignore[override]
        _note()
        for row in LAMPS:
            await asyncio.sleep(1)
            yield row


KINDS: list[tuple[type[Provider], bool]] = [
    (Ordinary, True),
    (Generating, True),
    (Coroutines, False),
    (AsyncGenerating, False),
]


@pytest.fixture(autouse=True)
def _nowhere_yet() -> None:
    THREADS.clear()


@pytest.mark.parametrize(("kind", "threaded"), KINDS)
async def test_each_kind_of_function_serves(kind: Callable[[], Provider], threaded: bool) -> None:
    ns = serve(kind())
    assert names(await ns.instances("Demo_Lamp")) == ["hall", "attic", "Cellar"]
    assert names(await ns.query("SELECT * FROM Demo_Lamp WHERE Watts > 50")) == ["attic"]
    assert (await ns.get("Demo_Lamp.Name='hall'")).Watts == 40
    with pytest.raises(NotFound, match=r"there is no Demo_Lamp\.Name="):
        await ns.get("Demo_Lamp.Name='nowhere'")
    out = await ns.call("Demo_Lamp", "Add", Watts=5)
    assert (out.Name, out.ReturnValue) == ("new", 7)
    own, main = f"openwmi-provider-{kind.__name__}", threading.current_thread().name
    assert set(THREADS) == {own if threaded else main}


async def test_an_instance_knows_its_class_its_place_and_its_path() -> None:
    (lamp,) = await serve(Lamps(lambda _: LAMPS[:1])).instances("demo_lamp")
    assert lamp["__CLASS"] == "Demo_Lamp"
    assert lamp["__DERIVATION"] == ("Demo_Element",)
    assert lamp["__NAMESPACE"] == r"root\cimv2"
    assert lamp["__SERVER"] == "HOST1"
    assert lamp["__PATH"] == r'\\HOST1\root\cimv2:Demo_Lamp.Name="hall"'
    assert lamp["Note"] is None, "a property that the provider does not give is NULL"


async def test_a_provider_hears_which_properties_will_be_read() -> None:
    provider = Rows(LAMP, LAMPS)
    ns = serve(provider)
    await ns.query("SELECT watts FROM Demo_Lamp WHERE On = TRUE")
    request = provider.requests[-1]
    assert request.properties == frozenset({"watts", "on", "name"}), "what is shown, what is compared, and the keys"
    assert request.wants("WATTS")
    assert request.wants("Note", "on")
    assert not request.wants("Note")
    await ns.query("SELECT * FROM Demo_Lamp WHERE On = TRUE")
    assert provider.requests[-1].properties is None
    assert provider.requests[-1].wants("Note")
    await ns.instances("Demo_Lamp")
    assert provider.requests[-1].properties is None
    await ns.query("SELECT __PATH FROM Demo_Lamp")
    assert provider.requests[-1].properties == frozenset({"name"})


async def test_a_provider_hears_who_asks_and_how() -> None:
    provider = Rows(LAMP, LAMPS)
    ns = serve(provider).options(timeout=5, locale="ms_409", flags=CallFlags.DIRECT_READ)
    await ns.instances("Demo_Lamp")
    request = provider.requests[-1]
    assert request.cim_class.name == "Demo_Lamp"
    assert request.context.locale == "ms_409"
    assert CallFlags.DIRECT_READ in request.context.flags
    assert request.context.deadline.at == 5


@pytest.mark.parametrize(
    ("wql", "keys", "found"),
    [
        ("SELECT * FROM Demo_Lamp WHERE Name = 'HALL'", [{"Name": "HALL"}], ["hall"]),
        ("SELECT * FROM Demo_Lamp WHERE 'hall' = Name AND Watts > 50", [{"Name": "hall"}], []),
        ("SELECT * FROM Demo_Lamp WHERE Name = 'hall' AND Name = 'attic'", [], []),
        ("SELECT * FROM Demo_Lamp WHERE Name = 'nowhere'", [{"Name": "nowhere"}], []),
        ("SELECT * FROM Demo_Lamp WHERE Name = 'hall' OR Watts = 60", [], ["hall", "attic"]),
        ("SELECT * FROM Demo_Lamp WHERE Name <> 'hall'", [], ["attic", "Cellar"]),
    ],
)
async def test_a_query_that_fixes_the_keys_looks_them_up(
    wql: str, keys: list[dict[str, object]], found: list[str]
) -> None:
    provider = KeyedRows(LAMP, LAMPS)
    assert names(await serve(provider).query(wql)) == found
    assert provider.looked_up == keys
    listing = Rows(LAMP, LAMPS)
    assert names(await serve(listing).query(wql)) == found, "a provider that cannot look up answers the same"


async def test_without_a_look_up_the_engine_searches_as_a_query_would() -> None:
    ns = serve(Lamps(lambda _: iter(LAMPS)))
    assert (await ns.get("Demo_Lamp.Name='cELLAR'")).Name == "Cellar"
    assert (await ns.get("demo_element='ATTIC'")).Watts == 60


async def test_a_search_ends_with_what_it_has_found() -> None:
    taken = []

    async def endless(self: Provider, request: Request) -> AsyncIterator[Row]:
        for number in range(1_000_000):
            taken.append(number)
            yield {"Name": str(number)}

    class Endless(Provider):
        cim_class = LAMP
        instances = endless

    assert (await serve(Endless()).get("Demo_Lamp.Name='5'")).Name == "5"
    assert len(taken) == 6


async def test_a_provider_that_only_looks_up_cannot_list() -> None:
    class Finder(Provider):
        cim_class = LAMP

        def get(self, request: Request, keys: Mapping[str, object]) -> Row | None:
            return {"Name": str(keys["Name"]).lower()}

    ns = serve(Finder(), Rows(DESK, [{"Name": "desk"}]))
    assert (await ns.get("Demo_Lamp='X'")).Name == "x"
    assert names(await ns.query("SELECT * FROM Demo_Lamp WHERE Name = 'X'")) == ["x"]
    with pytest.raises(WbemError, match="provider Finder of Demo_Lamp does not list") as caught:
        await ns.instances("Demo_Lamp")
    assert caught.value.status == WbemStatus.PROVIDER_NOT_CAPABLE


async def test_a_provider_that_lists_nothing_is_no_obstacle_to_its_ancestors() -> None:
    """As one of all the files of a host, which are elements too."""

    class Choosy(Provider):
        cim_class = LAMP

        def instances(self, request: Request) -> Iterable[Row]:
            if "Watts" not in request.equalities:
                raise WbemError(WbemStatus.PROVIDER_NOT_CAPABLE, "ask by Watts")
            return [{"Name": "lamp", "Watts": 40}]

    ns = serve(Choosy(), Rows(DESK, [{"Name": "desk"}]))
    assert names(await ns.instances("Demo_Element")) == ["desk"]
    assert names(await ns.query("SELECT * FROM Demo_Element WHERE Name LIKE '%'")) == ["desk"]
    assert names(await ns.query("SELECT * FROM Demo_Lamp WHERE Watts = 40")) == ["lamp"]
    for call in (ns.instances("Demo_Lamp"), ns.query("SELECT * FROM Demo_Lamp")):
        with pytest.raises(WbemError, match="ask by Watts"):
            await call


async def test_a_provider_of_methods_alone_is_no_obstacle_to_its_ancestors() -> None:
    class Adder(Provider):
        cim_class = LAMP

        @method("add")
        def add(self, call: MethodCall) -> Row:
            return {"ReturnValue": 0}

    ns = serve(Adder(), Rows(DESK, [{"Name": "desk"}]))
    assert (await ns.call("Demo_Lamp", "Add")).ReturnValue == 0
    assert names(await ns.instances("Demo_Element")) == ["desk"]
    assert (await ns.get("Demo_Element.Name='desk'")).path_.class_name == "Demo_Desk"
    for call in (ns.instances("Demo_Lamp"), ns.get("Demo_Lamp='x'"), ns.query("SELECT * FROM Demo_Lamp")):
        with pytest.raises(WbemError) as caught:
            await call
        assert caught.value.status == WbemStatus.PROVIDER_NOT_CAPABLE


@pytest.mark.parametrize("count", [0, 1, PROVIDER_BATCH - 1, PROVIDER_BATCH, PROVIDER_BATCH + 1, 5 * PROVIDER_BATCH])
@pytest.mark.parametrize("lazy", [True, False])
async def test_rows_come_complete_and_in_order(count: int, lazy: bool) -> None:
    def rows(_: Request) -> Iterable[Row]:
        made: Iterator[Row] = ({"Name": str(number)} for number in range(count))
        return made if lazy else tuple(made)

    found = await serve(Lamps(rows)).instances("Demo_Lamp")
    assert names(found) == [str(number) for number in range(count)]


async def test_rows_before_a_slow_one_do_not_wait_for_it() -> None:
    """A semisynchronous reader gets what there is when its time is over ([MS-WMI] 3.1.4.4.2)."""
    go_on = threading.Event()

    def slow(_: Request) -> Iterator[Row]:
        yield from LAMPS[:2]
        go_on.wait(60)
        yield LAMPS[2]

    async with serve(Lamps(slow)).instances("Demo_Lamp") as call:
        first = await call.next(3, timeout=1)
        assert names(first) == ["hall", "attic"]
        assert first.status == WbemStatus.TIMEDOUT
        go_on.set()
        assert names(await call.next(1)) == ["Cellar"]
        assert await call.next(1) == []


async def test_a_provider_that_hangs_starves_nobody_else() -> None:
    go_on, entered = threading.Event(), threading.Semaphore(0)
    hanging = 0

    def hang(_: Request) -> list[Row]:
        nonlocal hanging
        hanging += 1
        entered.release()
        go_on.wait(60)
        return LAMPS

    class Busy(Rows):
        """A namesake's threads are not shared either."""

    ns = serve(Lamps(hang), Busy(DESK, [{"Name": "desk"}]))
    stuck = [ns.instances("Demo_Lamp") for _ in range(PROVIDER_THREADS + 2)]
    assert names(await ns.instances("Demo_Desk")) == ["desk"]
    for _ in range(PROVIDER_THREADS):
        assert entered.acquire(timeout=10)
    assert hanging == PROVIDER_THREADS, "the others wait for a thread"
    go_on.set()
    assert [len(await call) for call in stuck] == [3] * len(stuck)


async def test_a_singleton_has_one_instance_without_keys() -> None:
    provider = KeyedRows(CLOCK, [{"Time": "noon"}])
    assert (await serve(provider).get("Demo_Clock=@")).Time == "noon"
    assert provider.looked_up == [{}]
    listing = await serve(Rows(CLOCK, [{"Time": "noon"}])).get("Demo_Clock=@")
    assert str(listing.path_) == r"\\HOST1\root\cimv2:Demo_Clock=@"
