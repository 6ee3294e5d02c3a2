"""Every test here that runs on a loop runs under the fake clock: no test waits for real time."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Callable, Mapping

import pytest
from tests.wsd.sources import Source

from openwmi.testing import FakeClockLoop


def pytest_asyncio_loop_factories(
    config: pytest.Config, item: pytest.Item
) -> Mapping[str, Callable[[], asyncio.AbstractEventLoop]]:
    return {"fake-clock": FakeClockLoop}


@pytest.fixture
async def source() -> AsyncIterator[Source]:
    """One in memory, whose network a test has for itself."""
    started = await Source().start()
    yield started
    await started.aclose()
