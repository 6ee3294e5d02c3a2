"""A server under load: many clients at once, calls that wait, a stream that is longer than memory.

All of it in one run on one machine, clients included: what else the machine does is in these numbers, too, and would be
most of the tails. So where tails are measured the server and its clients go before other programs, if that is allowed,
on cores that are kept awake.
"""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager
from functools import cache, partial
from statistics import median, quantiles
from typing import Any, NamedTuple

import psutil
import pytest
from tests.server import test_server_lost

from bench.figure import Figure, Goal, Printed
from bench.loading import Process, ask, kept_awake, serve, serve_observed, started
from openwmi.base import limits
from openwmi.testing import FakeClockLoop

CLIENTS = 500
ALONE_SECONDS, CLOSED_SECONDS, OPEN_SECONDS = 1, 2, 2
ROUNDS = 15
WAYS = {"even": "evenly", "phased": "each evenly", "random": "at random"}
PENDING, USERS = 100_000, 100
OBSERVED_CLIENTS = 20
OBSERVED_TURNS = 9
MEGABYTE = 1e6

Answer = dict[str, Any]


class Round(NamedTuple):
    """What 500 clients of one process see in a few seconds, and what one of them sees alone.

    Attributes:
        alone: seconds of a query, one after the other: the median.
        counts: queries of each client, all in a loop.
        even: what is seen at half of that rate, asked at equal intervals.
        phased: the same, where each client asks at equal intervals, from a random moment on.
        random: the same, asked at random moments.
    """

    alone: float
    counts: list[int]
    even: Late
    phased: Late
    random: Late


class Late(NamedTuple):
    """What is asked when its time has come, whether or not the one before was answered.

    Attributes:
        taken: seconds that the 99th of a hundred takes, from when it should have been asked.
        lateness: seconds that the 99th of a hundred was asked late: the measurement's own part of that.
        busy: the share of its time that the process of clients worked; where that is near 1, it is what waits.
    """

    taken: float
    lateness: float
    busy: float


@cache
def loaded() -> list[Round]:
    """Rounds, each with all of it: a machine that others use is for minutes at a time half as fast as it was."""
    with started(serve) as server, started(ask) as clients:
        clients.do("open", port=server.heard()["port"], count=CLIENTS)
        clients.do("closed", seconds=1)  # each has bound what it calls
        return [_round(server, clients, number) for number in range(ROUNDS)]


def _round(server: Process, clients: Process, number: int) -> Round:
    _place(server, clients, apart=False)
    together = _checked(clients.do("closed", seconds=CLOSED_SECONDS))
    rate = sum(len(each) / sum(each) for each in together) / 2  # the last ones ended a little later than the others
    _place(server, clients, apart=True)
    with _awake():
        (alone,) = _checked(clients.do("closed", seconds=ALONE_SECONDS, clients=1))
        found = {how: _late(clients, rate, seed=number, how=how) for how in WAYS}
    return Round(median(alone), list(map(len, together)), **found)


def _place(server: Process, clients: Process, *, apart: bool) -> None:
    """Apart, the server has a core, and who asks another: one that waits for a core tells nothing of itself.

    For the same reason both go before other programs then. The capacity is measured without that: it is as high as it
    can be.
    """
    for process, core in zip((server, clients), _two_cores(), strict=True):
        process.keep_to([core] if apart else psutil.Process().cpu_affinity())
        try:
            process.go_first(apart)
        except PermissionError:
            _tell_once("the tails under load hold the moments of other programs: this user may not go before them")


@contextmanager
def _awake() -> Iterator[None]:
    with ExitStack() as stack:
        try:
            stack.enter_context(kept_awake(_two_cores()))
        except OSError as error:
            _tell_once(f"the tails under load hold what cores need to wake up: {error}")
        yield


def _two_cores() -> tuple[int, int]:
    """The server's and the clients'; one and the same where there is no other."""
    cores = psutil.Process().cpu_affinity()
    return cores[0], cores[-1]


@cache
def _tell_once(what: str) -> None:
    print(what, flush=True)


def _late(clients: Process, rate: float, *, seed: int, how: str) -> Late:
    answer = clients.do("opened", seconds=OPEN_SECONDS, rate=rate, seed=seed, how=how)
    taken = [each for one in _checked(answer) for each in one]
    return Late(_p99(taken), _p99(answer["late"]), answer["busy"])


def _p99(seconds: list[float]) -> float:
    return quantiles(seconds, n=100)[98]


def _checked(answer: Answer) -> list[list[float]]:
    """Seconds of each client's queries; the end of the measurement where one has failed."""
    failures = answer["failures"]
    if failures:
        raise SystemExit(f"{len(failures)} clients failed, the first with {failures[0]}")
    taken: list[list[float]] = answer["taken"]
    return taken


def late(how: str) -> tuple[float, float]:
    """Milliseconds from when a query should have been asked, and of one alone, in the round in the middle."""
    rounds = sorted((getattr(each, how).taken / each.alone, each) for each in loaded())
    found = rounds[len(rounds) // 2][1]
    return getattr(found, how).taken * 1e3, found.alone * 1e3


def generator() -> tuple[float, float]:
    """Milliseconds that queries were asked late, and how busy the clients were."""
    found = [late for each in loaded() for late in (each.even, each.phased, each.random)]
    return median(late.lateness for late in found) * 1e3, median(late.busy for late in found) * 100


def fair(pick: Callable[[list[int]], int]) -> tuple[float, float]:
    """Queries of the client with the fewest or the most of them, and the fair share."""
    counts = [sum(each) for each in zip(*(each.counts for each in loaded()), strict=True)]
    return pick(counts), sum(counts) / len(counts)


def pending(method: str) -> tuple[float, float]:
    """Megabytes of a server with so many calls that wait, of a hundred users."""
    with started(serve) as server, started(ask) as clients:
        clients.do("open", port=server.heard()["port"], count=USERS, users=USERS)
        before = server.do("look")
        clients.do("begin", method=method, count=PENDING // USERS)
        after = server.do("look")
        if after["objects"] - before["objects"] != PENDING:
            raise SystemExit(f"{after['objects'] - before['objects']} calls are pending, and not {PENDING}")
        return after["rss"] / MEGABYTE, 0.0


def flat() -> tuple[float, float]:
    """Megabytes of a server that has sent a million rows, and those that it had after a tenth of them."""
    with started(serve) as server, started(ask) as clients:
        clients.do("open", port=server.heard()["port"], count=1)
        text = "SELECT * FROM Bench_Many"
        clients.do("read", text=text, until=100_000)
        before = server.do("look")["rss"]
        read = clients.do("read", text=text, until=1_000_000)["read"]
        if read != 1_000_000:
            raise SystemExit(f"{read} rows came, and not a million")
        return server.do("look")["rss"] / MEGABYTE, before / MEGABYTE


def observed() -> tuple[float, float]:
    """Microseconds of its CPU that a query costs a server with an observer, and one without; the two in turns."""
    with ExitStack() as stack:
        pairs = [
            (stack.enter_context(started(how)), stack.enter_context(started(ask))) for how in (serve_observed, serve)
        ]
        for server, clients in pairs:
            clients.do("open", port=server.heard()["port"], count=OBSERVED_CLIENTS)
        found: tuple[list[float], list[float]] = [], []
        for _ in range(OBSERVED_TURNS):
            for (server, clients), costs in zip(pairs, found, strict=True):
                before = server.do("look")["seconds"]
                queries = sum(map(len, _checked(clients.do("closed", seconds=1))))
                costs.append((server.do("look")["seconds"] - before) / queries * 1e6)
    return median(found[0]), median(found[1])


def vanished() -> tuple[float, float]:
    """What is left of 10,000 sessions, in all phases, when the ping time is over; by a fake clock, in memory."""
    with pytest.MonkeyPatch.context() as patch, asyncio.Runner(loop_factory=FakeClockLoop) as runner:
        for name in test_server_lost.WIDENED:
            patch.setattr(limits, name, 1 << 20)
        logging.disable()  # each sink that is gone is told of
        left = runner.run(test_server_lost.vanished(10_000))
        logging.disable(logging.NOTSET)
    return float(sum(left.values())), 0.0


FIGURES = [
    *(
        Figure(
            f"500 clients at half the capacity, {words}, p99",
            "one client, p50",
            "ms",
            Goal("<=", 5),
            partial(late, how),
        )
        for how, words in WAYS.items()
    ),
    Figure("the same clients ask so much late, p99", "% of a core that they take", "ms", Printed(), generator),
    Figure("500 clients in a loop, the one with the most", "a fair share", "", Goal("<=", 2), partial(fair, max)),
    Figure("500 clients in a loop, the one with the fewest", "a fair share", "", Goal(">=", 0.5), partial(fair, min)),
    *(
        Figure(f"a server with {PENDING:,} {what} that wait", "", "MB", Goal("<=", 300, "MB"), partial(pending, method))
        for what, method in (("methods", "begin_method"), ("queries", "begin_query"))
    ),
    Figure("a query of a server with an observer, its CPU time", "without", "us", Printed(), observed),
    Figure("10,000 sessions that vanish leave", "", "", Goal("<=", 0, "objects"), vanished),
    Figure("a server that has sent 1,000,000 rows", "after 100,000", "MB", Goal("<=", 1.05), flat),
]
