"""Every test here runs under the fake clock: no test waits for real time."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Mapping

import pytest

from openwmi.testing import FakeClockLoop


def pytest_asyncio_loop_factories(
    config: pytest.Config, item: pytest.Item
) -> Mapping[str, Callable[[], asyncio.AbstractEventLoop]]:
    return {"fake-clock": FakeClockLoop}
