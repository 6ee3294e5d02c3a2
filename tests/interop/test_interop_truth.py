"""This machine's Win32_* classes beside its own tools: `tests/providers/truths` has the tables."""

from __future__ import annotations

import sys

import pytest
from tests.providers.truth import Truth, tables

import openwmi

pytestmark = pytest.mark.skipif(sys.platform != "linux", reason="the tools are those of Linux")


@pytest.mark.parametrize("truth", tables(), ids=str)
async def test_the_values_are_those_of_another_tool(truth: Truth) -> None:
    async with openwmi.connect() as ns:
        assert await truth.differences(ns) == []
