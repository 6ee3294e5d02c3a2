"""This machine's Win32_* classes beside its own tools: `tests/providers/truths` has the tables."""

from __future__ import annotations

import os
import shutil
import sys

import pytest
from tests.providers.truth import Truth, tables

import openwmi

pytestmark = pytest.mark.skipif(sys.platform != "linux", reason="the tools are those of Linux")


def _name(truth: Truth) -> str:
    """The same in each process of a run."""
    return str(truth).replace(str(os.getpid()), "PID")


@pytest.mark.parametrize("truth", tables(), ids=_name)
async def test_the_values_are_those_of_another_tool(truth: Truth) -> None:
    async with openwmi.connect() as ns:
        assert (await truth.compared(ns)).differences == []


async def test_much_of_this_machine_is_known_and_true() -> None:
    """At least 150 properties of 25 classes are not NULL, and are what one of its own tools says of them."""
    same: set[tuple[str, str]] = set()
    async with openwmi.connect() as ns:
        for truth in tables():
            if shutil.which(truth.command[0]) is not None:
                same |= {(truth.class_name, name) for name in (await truth.compared(ns)).same}
    assert len(same) >= 150
    assert len({class_name for class_name, _ in same}) >= 25


def test_the_tools_are_those_that_everybody_has() -> None:
    asked = {truth.command[0] for truth in tables()}
    assert asked >= {"lsblk", "ip", "df", "free", "ps", "getent", "uname", "date", "dpkg-query"}
    assert any(argument.startswith("/proc/") for truth in tables() for argument in truth.command)
