"""The log of a server: nobody fills a disk with it, and nobody forges a record."""

from __future__ import annotations

import logging
import os
import sys

import pytest

from openwmi.base import limits
from openwmi.cli.journal import Flood, OneLine, StandardError


def record(text: str, line: int = 1) -> logging.LogRecord:
    return logging.LogRecord("openwmi.security", logging.WARNING, "logins.py", line, "%s", (text,), None)


def test_a_flood_is_cut_and_counted() -> None:
    now = 0.0
    flood = Flood(lambda: now)
    passed = [number for number in range(1000) if flood.filter(record(f"refused {number}"))]
    assert passed == list(range(limits.LOG_RECORDS))
    assert flood.filter(record("of another kind", line=2))
    now = limits.LOG_PERIOD_SECONDS
    first, second = record("refused again"), record("and again")
    assert flood.filter(first)
    assert flood.filter(second)
    assert first.getMessage() == f"refused again (and {1000 - limits.LOG_RECORDS} more like it before)"
    assert second.getMessage() == "and again"


def test_what_is_rare_is_left_alone() -> None:
    now = 0.0
    flood = Flood(lambda: now)
    for number in range(100):
        now = number * limits.LOG_PERIOD_SECONDS
        said = record("refused 100 %")
        assert flood.filter(said)
        assert said.getMessage() == "refused 100 %"


def test_a_record_is_one_line_and_shows_what_it_holds() -> None:
    said = OneLine("%(levelname)s %(message)s").format(record("user \x1b[2J\nERROR forged"))
    first, second = said.split("\n")
    assert first.startswith("WARNING user ")
    assert "\x1b" not in said
    assert second == "    ERROR forged"


def test_nobody_waits_for_a_reader_that_has_stopped(monkeypatch: pytest.MonkeyPatch) -> None:
    reading, writing = os.pipe()
    try:
        with os.fdopen(writing, "w") as pipe:
            monkeypatch.setattr(sys, "stderr", pipe)
            handler = StandardError()
            for number in range(2000):
                handler.handle(record(f"{number:099}"))
            written = os.read(reading, 1 << 20).count(b"\n")
            handler.handle(record("read again"))
            missing, last = os.read(reading, 1 << 20).decode().splitlines()
            monkeypatch.undo()
    finally:
        os.close(reading)
    assert 0 < written < 2000
    assert missing == f"standard error was not read: {2000 - written} records before this one are missing"
    assert last == "read again"
