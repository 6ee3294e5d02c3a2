"""Jobs that start calls: what comes of them, and what becomes of those whose thread gave up."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest
from tests.wbemcli.services_fakes import LIMIT, Gate, Script, failing, things

from openwmi.base.error import WbemError
from openwmi.base.status import WbemStatus
from openwmi.blocking.jobs import Waited
from openwmi.blocking.runner import runner
from openwmi.operation import LOCAL, Enumeration, Operation
from openwmi.wbemcli.starting import Gathered, Started, Taken


def _query(*steps: Any) -> tuple[Script, Callable[[], Operation[Any]]]:
    session = Script(*steps)
    return session, lambda: session.query("SELECT * FROM A", None, LOCAL)


@pytest.mark.parametrize("job", [Started, Gathered])
def test_a_call_that_succeeds(job: type[Started]) -> None:
    _, verb = _query(things(2))
    operation = runner().do(job(verb))
    assert runner().wait(operation, LIMIT)
    assert len(operation.results.whole()) == 2


def test_a_call_that_runs() -> None:
    gate = Gate()
    _, verb = _query(gate, things(2))
    operation = runner().do(Started(verb))
    assert not operation.results.finished
    gate.open()
    assert runner().wait(operation, LIMIT)


@pytest.mark.parametrize("job", [Started, Gathered])
def test_a_call_that_could_not_start(job: type[Started]) -> None:
    _, verb = _query(*failing(WbemStatus.INVALID_QUERY, at_start=True))
    with pytest.raises(WbemError) as caught:
        runner().do(job(verb))
    assert caught.value.status == WbemStatus.INVALID_QUERY


def test_a_call_that_fails_later() -> None:
    steps = failing(WbemStatus.PROVIDER_FAILURE)
    assert runner().do(Started(_query(*steps)[1])) is not None
    with pytest.raises(WbemError) as caught:
        runner().do(Gathered(_query(*steps)[1]))
    assert caught.value.status == WbemStatus.PROVIDER_FAILURE


@pytest.mark.parametrize("job", [Started, Gathered])
def test_what_starts_it_raises(job: type[Started]) -> None:
    def verb() -> Operation[Any]:
        raise ValueError("not like this")

    with pytest.raises(ValueError, match="not like this"):
        runner().do(job(verb))


@pytest.mark.parametrize("job", [Started, Gathered])
def test_a_thread_that_gives_up_cancels_what_it_began(job: type[Started]) -> None:
    session, verb = _query(Gate())
    given_up = job(verb)
    runner().call(given_up.start)
    runner().call(given_up.abandon)
    for _ in range(5):
        runner().call(lambda: None)
    assert session.under_way == 0
    early = job(verb)
    runner().call(early.abandon)
    runner().call(early.start)
    assert len(session.asked) == 1, "what was given up before is not begun"


def test_objects_that_are_there_and_that_are_not() -> None:
    gate = Gate()
    _, verb = _query(things(2), gate, things(1))
    operation = runner().do(Started(verb))
    assert gate.reached.wait(LIMIT)
    rows: Enumeration[Any] = Enumeration(operation, rewindable=True)
    assert len(runner().do(Taken(rows, 2, None))) == 2
    assert runner().do(Taken(rows, 1, 0.0)).status is WbemStatus.TIMEDOUT
    with pytest.raises(WbemError):
        runner().do(Taken(rows, 0, None))
    waiting: Waited = Taken(rows, 1, None)
    runner().call(waiting.start)
    runner().call(waiting.abandon)
    gate.open()
    assert len(runner().do(Taken(rows, 5, LIMIT))) == 1, "who gave up took nothing"
    early: Waited = Taken(rows, 1, None)
    runner().call(early.abandon)
    runner().call(early.start)
