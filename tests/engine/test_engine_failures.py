"""A provider that does wrong fails its call, says what it was, and holds up no other call."""

from __future__ import annotations

import asyncio
import logging
import threading
from collections.abc import AsyncIterator, Iterable, Iterator, Mapping
from typing import Any

import pytest
from tests.engine.fakes import DESK, LAMP, LAMPS, Lamps, Rows, names, serve

from openwmi.base.error import NotFound, Timeout, WbemError
from openwmi.base.status import WbemStatus
from openwmi.engine import MethodCall, Provider, Request, Row, method


class OddError(Exception):
    pass


class OddBase(BaseException):
    pass


class SpeechlessError(Exception):
    """Fails once more when it is asked what happened."""

    def __str__(self) -> str:
        raise OddError


ODDITIES: list[BaseException] = [
    OddError("it broke"),
    OddBase("it broke"),
    StopIteration("it broke"),
    StopAsyncIteration("it broke"),
    GeneratorExit("it broke"),
    SystemExit("it broke"),
    asyncio.CancelledError("it broke"),
    TimeoutError("it broke"),
    AssertionError(),
    RecursionError("it broke"),
    SpeechlessError(),
]


async def _fails(call: Any, text: str, status: WbemStatus = WbemStatus.PROVIDER_FAILURE) -> WbemError:
    with pytest.raises(WbemError) as caught:
        await call
    assert caught.value.status == status
    assert text in caught.value.message
    return caught.value


async def _others_go_on(provider: Provider) -> None:
    ns = serve(provider, Rows(DESK, [{"Name": "desk"}]))
    failing, working = ns.instances("Demo_Lamp"), ns.instances("Demo_Desk")
    await _fails(failing, f"provider {type(provider).__name__} of Demo_Lamp failed: ")
    assert names(await working) == ["desk"]
    assert names(await ns.instances("Demo_Desk")) == ["desk"]


@pytest.mark.parametrize("error", [*ODDITIES, KeyboardInterrupt("it broke")], ids=repr)
async def test_whatever_blocking_code_raises_is_its_failure(error: BaseException) -> None:
    """On its thread nobody is at the keyboard, and nothing ends the process."""

    def fail(_: Request) -> list[Row]:
        raise error

    def fail_later(_: Request) -> Iterator[Row]:
        yield LAMPS[0]
        raise error

    class Finder(Provider):
        cim_class = LAMP

        def get(self, request: Request, keys: Mapping[str, object]) -> Row:
            raise error

        @method("Add")
        def add(self, call: MethodCall) -> Row:
            raise error

    await _others_go_on(Lamps(fail))
    await _others_go_on(Lamps(fail_later))
    ns = serve(Finder())
    said = f"{type(error).__name__}: it broke" if error.args else type(error).__name__
    await _fails(ns.get("Demo_Lamp='hall'"), f"provider Finder of Demo_Lamp failed: {said}")
    await _fails(ns.call("Demo_Lamp", "Add"), f"provider Finder of Demo_Lamp failed: {said}")


@pytest.mark.parametrize("error", ODDITIES, ids=repr)
async def test_whatever_a_coroutine_raises_is_its_failure(error: BaseException) -> None:
    class Finder(Provider):
        cim_class = LAMP

        async def instances(self, request: Request) -> Iterable[Row]:
            raise error

        async def get(self, request: Request, keys: Mapping[str, object]) -> Row:
            raise error

        @method("Add")
        async def add(self, call: MethodCall) -> Row:
            raise error

    class Generating(Provider):
        cim_class = LAMP

        async def instances(self, request: Request) -> AsyncIterator[Row]:
            yield LAMPS[0]
            raise error

    class Lazy(Provider):
        """Its coroutine ends well, and what it returned fails when it is read."""

        cim_class = LAMP

        async def instances(self, request: Request) -> Iterable[Row]:
            def rows() -> Iterator[Row]:
                yield LAMPS[0]
                raise error

            return rows()

    for provider in (Finder(), Generating(), Lazy()):
        await _others_go_on(provider)
    await _fails(serve(Finder()).get("Demo_Lamp='hall'"), "provider Finder of Demo_Lamp failed: ")
    await _fails(serve(Finder()).call("Demo_Lamp", "Add"), "provider Finder of Demo_Lamp failed: ")


def test_somebody_at_the_keyboard_ends_the_loop() -> None:
    """On the loop's thread an interrupt may be meant for the whole program, and no provider swallows it."""

    class Interrupted(Provider):
        cim_class = LAMP

        async def instances(self, request: Request) -> Iterable[Row]:
            raise KeyboardInterrupt

    async def ask() -> None:
        await serve(Interrupted()).instances("Demo_Lamp")

    with pytest.raises(KeyboardInterrupt):
        asyncio.run(ask())


async def test_rows_before_the_failure_come_first() -> None:
    def fail_later(_: Request) -> Iterator[Row]:
        yield from LAMPS[:2]
        raise OddError("no more")

    async with serve(Lamps(fail_later)).instances("Demo_Lamp") as call:
        assert names(await call.next(5)) == ["hall", "attic"]
        await _fails(call.next(5), "OddError: no more")


@pytest.mark.parametrize(
    "status", [WbemStatus.ACCESS_DENIED, WbemStatus.NOT_FOUND, WbemStatus.INVALID_PARAMETER, WbemStatus.NOT_AVAILABLE]
)
async def test_a_provider_may_choose_its_status(status: WbemStatus, caplog: pytest.LogCaptureFixture) -> None:
    def refuse(_: Request) -> list[Row]:
        raise WbemError(status, "not today")

    await _fails(serve(Lamps(refuse)).instances("Demo_Lamp"), "not today", status)
    assert caplog.records == [], "what it chose to say is no fault of its"


async def test_the_log_says_where_it_failed(caplog: pytest.LogCaptureFixture) -> None:
    def fail(_: Request) -> list[Row]:
        raise OddError("it broke")

    await _fails(serve(Lamps(fail)).instances("Demo_Lamp"), "it broke")
    (record,) = caplog.records
    assert (record.name, record.levelno) == ("openwmi.engine", logging.ERROR)
    assert record.getMessage().startswith("provider Lamps of Demo_Lamp failed: OddError\n")
    assert "test_engine_failures.py" in record.getMessage()


class Half(dict[str, object]):
    """A mapping that breaks when it is read."""

    def items(self) -> Any:
        raise OddError("half a row")


class Speechless:
    """Fails when it is to be shown."""

    def __repr__(self) -> str:
        raise OddError("no words")


SPEECHLESS: Any = Speechless()


@pytest.mark.parametrize(
    ("row", "said"),
    [
        ({"Name": "x", "Watts": "many"}, "a row: Demo_Lamp.Watts: uint32 takes an integer"),
        ({"Name": "x", "Watts": -1}, "a row: Demo_Lamp.Watts: uint32 takes an integer from 0 to 4294967295"),
        ({"Name": "x", "Watts": True}, "a row: Demo_Lamp.Watts: "),
        ({"Name": 5}, "a row: Demo_Lamp.Name: string takes a str"),
        ({"Name": "x", "Wats": 5}, "Demo_Lamp has no property 'Wats'; did you mean 'Watts'?"),
        ({"Name": "x", "__PATH": "y"}, "__PATH"),
        ({"Name": None}, "a row: Demo_Lamp.Name is a key and has no value"),
        ({"Watts": 5}, "a row: Demo_Lamp.Name is a key and has no value"),
        ({}, "a row: Demo_Lamp.Name is a key and has no value"),
        (None, "a row is NoneType, not a mapping of values"),
        ("Name", "a row is str, not a mapping of values"),
        ([("Name", "x")], "a row is list, not a mapping of values"),
        (5, "a row is int, not a mapping of values"),
        ({5: "x"}, "a row: a property of Demo_Lamp has a str for its name, and this is 5 (int)"),
        ({"Name": "x", "Watts": SPEECHLESS}, "a row: Demo_Lamp.Watts: uint32 takes an integer from 0 to 4294967295"),
        ({"Name": SPEECHLESS}, "a row: Demo_Lamp.Name: string takes a str, and this is one that cannot be shown"),
        ({SPEECHLESS: "x"}, "and this is one that cannot be shown (Speechless)"),
        (Half(), "OddError: half a row"),
    ],
)
async def test_a_row_that_does_not_fit_its_class(row: Any, said: str) -> None:
    class Finder(Provider):
        cim_class = LAMP

        def get(self, request: Request, keys: Mapping[str, object]) -> Row:
            found: Row = row
            return found

    class Generating(Provider):
        cim_class = LAMP

        async def instances(self, request: Request) -> AsyncIterator[Row]:
            yield row

    for provider in (Lamps(lambda _: [row]), Generating()):
        error = await _fails(serve(provider).instances("Demo_Lamp"), said)
        assert f"provider {type(provider).__name__} of Demo_Lamp failed" in error.message
        await _fails(serve(provider).query("SELECT Watts FROM Demo_Lamp WHERE Watts > 3"), said)
    if row is not None:  # which says that there is no such instance
        await _fails(serve(Finder()).get("Demo_Lamp='x'"), said)


@pytest.mark.parametrize("given", [None, 5, _fails])
async def test_what_is_no_list_at_all(given: Any) -> None:
    class Returning(Provider):
        cim_class = LAMP

        async def instances(self, request: Request) -> Iterable[Row]:
            found: Iterable[Row] = given
            return found

    await _fails(serve(Lamps(lambda _: given)).instances("Demo_Lamp"), "TypeError: ")
    await _fails(serve(Returning()).instances("Demo_Lamp"), "TypeError: ")


async def test_a_function_that_is_asynchronous_in_secret_is_refused() -> None:
    """What an ordinary function returns is used on a thread, where no loop can drive it."""

    async def rows() -> AsyncIterator[Row]:
        yield LAMPS[0]

    await _fails(serve(Lamps(lambda _: rows())).instances("Demo_Lamp"), "'async_generator' object is not iterable")


class NeverAsync(Provider):
    cim_class = LAMP

    async def instances(self, request: Request) -> Iterable[Row]:
        await asyncio.Event().wait()
        return []

    @method("Add")
    async def add(self, call: MethodCall) -> Row:
        await asyncio.Event().wait()
        return {}


@pytest.mark.parametrize("blocking", [True, False])
async def test_one_that_hangs_runs_into_the_deadline(blocking: bool, end_of_test: threading.Event) -> None:
    provider = Lamps(lambda _: [] if end_of_test.wait(60) else LAMPS) if blocking else NeverAsync()
    ns = serve(provider, Rows(DESK, [{"Name": "desk"}]))
    call = ns.options(timeout=10).instances("Demo_Lamp")
    with pytest.raises(Timeout, match=f"waiting for provider {type(provider).__name__} of Demo_Lamp"):
        await call
    assert asyncio.get_running_loop().time() == pytest.approx(10, abs=0.1)
    assert names(await ns.instances("Demo_Desk")) == ["desk"]


async def test_a_method_that_hangs_runs_into_the_deadline() -> None:
    ns = serve(NeverAsync()).options(timeout=10)
    with pytest.raises(Timeout, match="waiting for provider NeverAsync of Demo_Lamp"):
        await ns.call("Demo_Lamp", "Add")
    with pytest.raises(Timeout, match="waiting for provider NeverAsync of Demo_Lamp"):
        await ns.get("Demo_Lamp='x'")


async def test_a_provider_is_not_blamed_for_a_slow_reader() -> None:
    """A backlog of rows that nobody reads makes the provider wait, and not the other way round."""
    ns = serve(Lamps(lambda _: ({"Name": str(number)} for number in range(100_000))))
    call = ns.options(timeout=10).instances("Demo_Lamp")
    await asyncio.sleep(11)
    assert await call.status(timeout=0) == WbemStatus.TIMED_OUT
    with pytest.raises(Timeout, match="waiting for whoever reads the results"):
        await call.next(100_000)


async def test_not_found_is_a_lookup_error_like_any_other() -> None:
    with pytest.raises(NotFound):
        await serve(Rows(LAMP, [])).get("Demo_Lamp='x'")
