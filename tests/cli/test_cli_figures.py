"""What a server counts and logs of its sessions, and how it is shown."""

from __future__ import annotations

import asyncio
import io
import json
import logging
import re
from typing import Any, cast

import pytest

from openwmi.base.limits import METRICS_CONNECTIONS, METRICS_REQUEST_OCTETS, METRICS_SECONDS
from openwmi.base.status import WbemStatus
from openwmi.cli.figures import Figures
from openwmi.cli.journal import Flood, JsonLine, OneLine
from openwmi.cli.metrics import Metrics
from openwmi.cli.watcher import Watcher
from openwmi.net import Address
from openwmi.server import Ended, Visit
from openwmi.testing import FakeClockLoop, MemoryNetwork

FAILED = Ended("ExecQuery", WbemStatus.INVALID_CLASS, 0.5)


def visit() -> Visit:
    return Visit(7, "DOM\\me", "192.0.2.7", r"root\cimv2", 10.0)


@pytest.fixture
def figures() -> Figures:
    """Of a server that began at second 100, and is at second 104 now."""
    times = iter([100.0])
    made = Figures(lambda: 5, lambda: next(times, 104.0), lambda: 1_800_000_000.0)
    watcher = Watcher(made, lambda: 13.0)
    someone = visit()
    watcher.session_began(someone)
    for call in (Ended("ExecQuery", 0, 0.25, 40), FAILED, Ended("GetObject", 0, 0.001, 1), Ended("GetObject", 0, 0, 1)):
        watcher.call_ended(someone, call)
    watcher.call_ended(someone, Ended("ExecMethod", 0x80071234, 1.0))
    watcher.session_began(someone)
    watcher.session_ended(someone)
    watcher.login_refused("192.0.2.66")
    return made


def test_a_line_of_it(figures: Figures) -> None:
    assert figures.line() == "1 session, 5 calls, 2 failed, 1.2 calls/s"
    assert figures.line() == "1 session, 5 calls, 2 failed, 0.0 calls/s", "no time has passed"


def test_a_table_of_it(figures: Figures) -> None:
    assert [re.sub(" +", " ", line) for line in figures.table().splitlines()] == [
        "up 4 s, 5 connections, 1 sessions of 2 ever, 1 logins refused, 5 calls",
        "method calls mean ms objects ended with",
        "ExecMethod 1 1,000.00 0 0x80071234 1",
        "ExecQuery 2 375.00 40 WBEM_S_NO_ERROR 1, WBEM_E_INVALID_CLASS 1",
        "GetObject 2 0.50 2 WBEM_S_NO_ERROR 2",
    ]


def test_the_text_for_prometheus(figures: Figures) -> None:
    """Each sample follows the TYPE of its name, has a number, and names nobody."""
    text = figures.prometheus()
    assert text.endswith("\n")
    types: dict[str, str] = {}
    samples: dict[str, float] = {}
    for line in text.splitlines():
        if line.startswith("# TYPE "):
            _, _, name, kind = line.split(" ")
            types[name] = kind
        elif not line.startswith("# HELP "):
            found = re.fullmatch(r'(openwmi_[a-z_]+)(\{(?:[a-z]+="[^"\\]*",?)+\})? (\S+)', line)
            assert found, line
            assert found[1] in types or found[1].removesuffix("_sum").removesuffix("_count") in types
            samples[f"{found[1]}{found[2] or ''}"] = float(found[3])
    assert samples['openwmi_calls_total{method="ExecQuery",status="WBEM_E_INVALID_CLASS"}'] == 1
    assert samples['openwmi_call_seconds_sum{method="ExecQuery"}'] == 0.75
    assert samples['openwmi_call_seconds_count{method="GetObject"}'] == 2
    assert samples["openwmi_sessions"] == samples["openwmi_logins_refused_total"] == 1
    assert samples["openwmi_sessions_total"] == 2
    assert samples["openwmi_connections"] == 5
    assert samples["openwmi_start_time_seconds"] == 1_800_000_000
    assert types["openwmi_calls_total"] == "counter"
    assert types["openwmi_call_seconds"] == "summary"
    assert not re.search(r"192\.0|DOM|cimv2", text)


# --------------------------------------------------------------------------------------------------------- over HTTP


class Browser(asyncio.Protocol):
    def __init__(self) -> None:
        self.got = b""
        self.closed = asyncio.Event()

    def data_received(self, data: bytes) -> None:
        self.got += data

    def connection_lost(self, _: Exception | None) -> None:
        self.closed.set()


async def ask(*pieces: bytes) -> tuple[bytes, float]:
    """The answer, and how long it took until the connection was closed."""
    network, metrics, loop = MemoryNetwork(chunk=7), Metrics(lambda: "figures 1\n"), asyncio.get_running_loop()
    await network.listen(metrics, Address("127.0.0.1", 9135))
    transport, browser = await network.connect(Browser, "127.0.0.1", 9135)
    began = loop.time()
    for piece in pieces:
        transport.write(piece)
        await asyncio.sleep(0)
    await browser.closed.wait()
    return browser.got, loop.time() - began


@pytest.mark.parametrize(
    ("request_line", "status", "body"),
    [
        (b"GET /metrics HTTP/1.1", b"200 OK", b"figures 1\n"),
        (b"GET /metrics?x=1 HTTP/1.0", b"200 OK", b"figures 1\n"),
        (b"HEAD /metrics HTTP/1.1", b"200 OK", b""),
        (b"GET / HTTP/1.1", b"404 Not Found", b"The figures are at /metrics.\n"),
        (b"POST /metrics HTTP/1.1", b"405 Method Not Allowed", b"GET is what there is.\n"),
        (b"\xff\x00", b"405 Method Not Allowed", b"GET is what there is.\n"),
    ],
)
def test_what_a_browser_gets(request_line: bytes, status: bytes, body: bytes) -> None:
    with asyncio.Runner(loop_factory=FakeClockLoop) as runner:
        answer, took = runner.run(ask(request_line, b"\r\nHost: x\r\n", b"\r\n"))
    head, _, got = answer.partition(b"\r\n\r\n")
    assert head.startswith(b"HTTP/1.1 " + status + b"\r\n")
    assert (got, took) == (body, 0)
    length = b"10" if body.startswith(b"fig") or not body else str(len(body)).encode()
    assert b"\r\nContent-Length: " + length + b"\r\n" in head


@pytest.mark.parametrize(("sent", "seconds"), [(b"GET /metrics", METRICS_SECONDS), (b"x" * 9000, 0), (b"", 10)])
def test_who_asks_nothing_or_too_much_is_cut_off(sent: bytes, seconds: float) -> None:
    assert len(sent) <= METRICS_REQUEST_OCTETS or seconds == 0
    with asyncio.Runner(loop_factory=FakeClockLoop) as runner:
        assert runner.run(ask(sent)) == (b"", seconds)


def test_few_may_ask_at_once_and_all_end_with_the_server() -> None:
    async def many() -> None:
        network, metrics = MemoryNetwork(), Metrics(lambda: "")
        await network.listen(metrics, Address("127.0.0.1", 9135))
        browsers = [(await network.connect(Browser, "127.0.0.1", 9135))[1] for _ in range(METRICS_CONNECTIONS + 1)]
        await asyncio.wait_for(browsers[-1].closed.wait(), 1)
        assert not any(browser.closed.is_set() for browser in browsers[:-1])
        metrics.close()
        for browser in browsers:
            await asyncio.wait_for(browser.closed.wait(), 1)

    with asyncio.Runner(loop_factory=FakeClockLoop) as runner:
        runner.run(many())


# ------------------------------------------------------------------------------------------------------------ records


def test_the_keys_of_each_event() -> None:
    stream = io.StringIO()
    handler = logging.StreamHandler(stream)
    handler.setFormatter(JsonLine())
    journal = logging.getLogger("openwmi.serve")
    journal.addHandler(handler)
    journal.setLevel(logging.INFO)
    try:
        watcher, someone = Watcher(Figures(), lambda: 13.5), visit()
        watcher.session_began(someone)
        someone.calls, someone.failures, someone.objects = 3, 1, 40
        watcher.call_ended(someone, FAILED)
        watcher.call_ended(someone, Ended("ExecQuery", WbemStatus.CALL_CANCELLED, 0.5))
        watcher.session_ended(someone)
        journal.info("%s\n", "\x1b[2J")
    finally:
        journal.removeHandler(handler)
        journal.setLevel(logging.NOTSET)
    began, failed, ended, other = map(json.loads, stream.getvalue().splitlines())
    who = {"session": 7, "user": "DOM\\me", "peer": "192.0.2.7", "namespace": r"root\cimv2", "level": "info"}
    text = r"session 7, DOM\me from 192.0.2.7 in root\cimv2"
    assert rest(began) == {**who, "event": "session_began", "message": f"{text} logged in"}
    assert rest(failed) == {
        **who,
        "event": "call_failed",
        "message": f"{text}: ExecQuery failed after 0.500 s: WBEM_E_INVALID_CLASS (0x80041010)",
        "call": "ExecQuery",
        "status": "WBEM_E_INVALID_CLASS",
        "code": 0x80041010,
        "seconds": 0.5,
    }
    assert rest(ended) == {
        **who,
        "event": "session_ended",
        "message": f"{text} left after 3.5 s: 3 calls, 1 failed, 40 objects",
        "seconds": 3.5,
        "calls": 3,
        "failures": 1,
        "objects": 40,
    }
    assert rest(other) == {"level": "info", "event": "log", "logger": "openwmi.serve", "message": "\x1b[2J\n"}
    assert stream.getvalue().replace("\n", "").isascii()
    assert stream.getvalue().replace("\n", "").isprintable()


def rest(record: dict[str, Any]) -> dict[str, Any]:
    assert re.fullmatch(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{3}\+00:00", record.pop("time"))
    return record


def test_a_traceback_is_in_the_object() -> None:
    try:
        raise KeyError("x")
    except KeyError as error:
        record = logging.LogRecord("a", logging.ERROR, "a.py", 1, "broke", None, (KeyError, error, error.__traceback__))
    said = json.loads(JsonLine().format(record))
    assert said["traceback"].endswith("KeyError: 'x'")
    assert len(OneLine("%(message)s").format(record).splitlines()) > 2


def test_sessions_are_told_in_full_and_failures_not() -> None:
    flood, passed = Flood(lambda: 0.0), {"session_began": 0, "session_ended": 0, "call_failed": 0}
    for event in passed:
        for number in range(1000):
            record = logging.LogRecord("openwmi.serve", logging.INFO, "a.py", 1, str(number), None, None)
            cast(Any, record).event = event
            passed[event] += flood.filter(record)
    assert passed == {"session_began": 1000, "session_ended": 1000, "call_failed": 20}
