"""kill -9 at random moments: what was acknowledged is there, and what was not is there as a whole or not at all."""

from __future__ import annotations

import os
import random
import select
import signal
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest
from tests.repository.crashing import SAVED, Deed, State, deeds, lamp_class, observed
from tests.repository.lamps import QUICK, put_class, repository

from openwmi.repository import maintenance

pytestmark = pytest.mark.skipif(not hasattr(os, "fork"), reason="children are forked")

KILLS = 500
LINES = 9
ROOT = Path(__file__).parents[2]


class Victim:
    """A child at work."""

    def __init__(self, program: subprocess.Popen[bytes]) -> None:
        assert program.stdin is not None
        assert program.stdout is not None
        self._input, self._output = program.stdin, program.stdout
        self._rest = b""
        self._pace = 0.001

    def run(self, seed: int, has_saved: bool, file: Path, lines: int, moment: float) -> list[list[str]]:
        """What it had said when it died: so many lines, and then what came in as many times the time that one takes."""
        self._input.write(f"{seed} {has_saved} {file}\n".encode())
        self._input.flush()
        begun, process = time.perf_counter(), 0
        heard: list[list[str]] = []
        told = self._lines()
        while not process or len(heard) < lines:
            line = next(told)
            assert line[0] != "failed", line
            if line[0] == "pid":
                process = int(line[1])
            else:
                heard.append(line)
        if heard:
            self._pace += ((time.perf_counter() - begun) / len(heard) - self._pace) / 10
        select.select([], [], [], moment * self._pace)
        os.kill(process, signal.SIGKILL)  # it has that number until the program is told so
        self._input.write(b"\n")
        self._input.flush()
        return heard + list(told)

    def _lines(self) -> Iterator[list[str]]:
        while True:
            while b"\n" not in self._rest:
                self._rest += os.read(self._output.fileno(), 65536)
            line, _, self._rest = self._rest.partition(b"\n")
            if line == b"end":
                return
            yield line.decode().split(" ", 2)


@contextmanager
def victim() -> Iterator[Victim]:
    """One interpreter for all, since starting one takes longer than a run."""
    command = [sys.executable, "-m", "tests.repository.crashing"]
    with subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, cwd=ROOT) as program:
        yield Victim(program)


class Ledger:
    """What must be in the repository, and what may be."""

    def __init__(self, state: State) -> None:
        self.state = state
        self.saved: State | None = None
        self.group = False

    def play(self, seed: int, lines: list[list[str]]) -> list[State]:
        """The states that there may be after a run of which this was heard, the least first."""
        plan = list(zip(deeds(seed, self.saved is not None), range(len(lines) + 1), strict=False))
        begun: Deed | None = None
        put: set[int] = set()
        for what, *rest in lines:
            assert what != "failed", rest
            if what == "begin":
                begun, put = plan[int(rest[0])][0], set()
            elif what == "put":
                put.add(int(rest[1]))
            else:
                assert begun is not None
                self._do(begun)
                begun = None
        return self._possible(begun, put)

    def _do(self, deed: Deed) -> None:
        if deed.kind == "backup":
            self.saved = self.state
        self.state = self.state.after(deed, self.saved or self.state)

    def _possible(self, begun: Deed | None, put: set[int]) -> list[State]:
        self.group = False
        if begun is None:
            return [self.state]
        self.group = begun.kind == "puts"
        if not self.group:
            return [self.state, self.state.after(begun, self.saved or self.state)]
        told = Deed(begun.number, "puts", tuple([each for place, each in enumerate(begun.lamps) if place in put]))
        self.state = self.state.after(told, self.state)
        return [self.state, self.state.after(begun, self.state)]

    def settle(self, found: State, possible: list[State]) -> None:
        """Of a group of single puts any may be there; all else is there or is not."""
        least, most = possible[0], possible[-1]
        if found not in possible:
            assert self.group, "a part of what happens as a whole"
            assert (found.version, found.loaded) == (least.version, least.loaded)
            assert found.lamps.keys() - most.lamps.keys() == set()
            for name in most.lamps:
                assert found.lamps.get(name) in {least.lamps.get(name), most.lamps.get(name)}, name
        self.state = found


@pytest.fixture
def place() -> Iterator[Path]:
    with tempfile.TemporaryDirectory(prefix="openwmi-test-", dir=QUICK) as folder:
        yield Path(folder)


@pytest.mark.no_cover  # other tests show that each line is run; here it would cost minutes
@pytest.mark.timeout(900)  # a slow disk, or one that others use
async def test_what_was_acknowledged_survives_a_kill(place: Path) -> None:
    chance = random.Random(20260101)
    file = place / "repository.db"
    first = repository(file)
    await first.write(lambda transaction: put_class(transaction, lamp_class(0)))
    first.close()
    ledger = Ledger(State())
    heard: dict[str, int] = {}
    with victim() as child:
        for seed in range(KILLS):
            lines = child.run(seed, ledger.saved is not None, file, chance.randrange(LINES), chance.uniform(0, 4))
            for line in lines:
                heard[line[0]] = heard.get(line[0], 0) + 1
            possible = ledger.play(seed, lines)
            assert maintenance.check(file) == []
            where = repository(file)
            ledger.settle(observed(where), possible)
            where.close()
            _look_at_saved(file.with_name(SAVED), ledger)
    assert heard["done"] > KILLS
    assert heard["begin"] - heard["done"] > KILLS / 3, "most of them have to die at work"


def _look_at_saved(file: Path, ledger: Ledger) -> None:
    """What was saved is whole, too; a backup that was under way counts if it is there."""
    if not file.exists():
        assert ledger.saved is None
        return
    assert maintenance.check(file) == []
    where = repository(file)
    found = observed(where)
    where.close()
    assert found in (ledger.saved, ledger.state)
    ledger.saved = found
