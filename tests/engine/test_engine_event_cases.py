"""Plays events.test."""

from __future__ import annotations

import asyncio
from pathlib import Path

import pytest
from tests.engine.event_cases import Case, Player, read_cases

CASES = [
    pytest.param(case, kept, id=f"{kept}: {case.title}")
    for case in read_cases(Path(__file__).with_name("events.test"))
    for kept in (("file",) if case.shares_a_file else ("memory", "file"))
]


@pytest.mark.parametrize(("case", "kept"), CASES)
async def test_events(case: Case, kept: str, tmp_path: Path) -> None:
    player = Player(None if kept == "memory" else tmp_path / "repository.db")
    try:
        await player.play(case)
    finally:
        player.close()
    await asyncio.sleep(0.01)
    assert asyncio.all_tasks() == {asyncio.current_task()}, "what was watched is let go"
